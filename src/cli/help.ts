/** The help, made of what the commands say of themselves. */
import { paint, type TextStyle } from '../analysis/exports/textLayout.ts';
import type { Command, CommandOption } from './command.ts';
import { VERSION } from '../analysis/version.ts';

/** Understood by every command. */
export const COMMON_OPTIONS: Readonly<Record<string, CommandOption>> = {
  help: { type: 'boolean', short: 'h', description: 'this help' },
  version: { type: 'boolean', description: 'the version' },
  quiet: { type: 'boolean', short: 'q', description: 'no progress' },
};

const EXIT_CODES: readonly (readonly [string, string])[] = [
  ['0', 'done, whatever was found'],
  ['1', 'a mistake of our own'],
  ['2', 'the command line was not understood'],
  ['3', 'a capture could not be read at all, or the result not be written'],
  ['4', 'a capture is damaged or ends early; what came before was reported'],
  ['5', '--fail-on: a finding at least that severe'],
  ['130', 'interrupted; what had been read was reported'],
];

export function generalHelp(style: TextStyle, commands: readonly Command[]): string {
  return sections([
    [
      `${paint(style, 'netsec', 'bold')} ${VERSION}: open a packet capture and understand it. Nothing leaves this machine but what you agree to with ask.`,
    ],
    [paint(style, 'Commands', 'bold'), ...pairs(commands.map(({ name, summary }) => [name, summary]))],
    [paint(style, 'Options of every command', 'bold'), ...pairs(optionRows(COMMON_OPTIONS))],
    [paint(style, 'Exit codes', 'bold'), ...pairs(EXIT_CODES)],
    ['netsec <command> --help says more about one command. It reads pcap, pcapng and snoop, also inside gzip or zstd.'],
  ]);
}

export function commandHelp(style: TextStyle, command: Command): string {
  return sections([
    [`${paint(style, `netsec ${command.name}`, 'bold')} ${command.usage}`, `  ${command.summary}`],
    [paint(style, 'Options', 'bold'), ...pairs(optionRows({ ...command.options, ...COMMON_OPTIONS }))],
    [paint(style, 'Examples', 'bold'), ...command.examples.map((example) => `  ${example}`)],
  ]);
}

function sections(parts: readonly (readonly string[])[]): string {
  return `${parts.map((part) => part.join('\n')).join('\n\n')}\n`;
}

function optionRows(options: Readonly<Record<string, CommandOption>>): (readonly [string, string])[] {
  return Object.entries(options).map(([name, { short, value, description }]) => [
    `${short === undefined ? '' : `-${short}, `}--${name}${value === undefined ? '' : ` ${value}`}`,
    description,
  ]);
}

function pairs(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`);
}
