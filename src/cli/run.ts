/** Understands the arguments and runs one command. Every failure ends as one sentence and an exit code. */
import { parseArgs } from 'node:util';
import * as registry from './commands/registry.ts';
import { EXIT, UsageError, type Arguments, type Command, type ExitCode } from './command.ts';
import { commandHelp, COMMON_OPTIONS, generalHelp } from './help.ts';
import { OutputClosed, OutputFailed, type Terminal } from './terminal.ts';
import { VERSION } from '../analysis/version.ts';

export const commands: readonly Command[] = Object.values(registry);

export async function run(argv: readonly string[], terminal: Terminal): Promise<ExitCode> {
  try {
    return await dispatch(argv, terminal);
  } catch (error) {
    if (error instanceof OutputClosed) return EXIT.DONE;
    if (error instanceof OutputFailed) {
      terminal.say(`The output could not be written: ${error.message}.`);
      return EXIT.UNREADABLE;
    }
    if (error instanceof UsageError) {
      terminal.say(error.message);
      return EXIT.USAGE;
    }
    terminal.say(`netsec failed: ${error instanceof Error ? error.message : String(error)}. This is a mistake in netsec; please report it.`);
    return EXIT.FAILED;
  }
}

async function dispatch(argv: readonly string[], terminal: Terminal): Promise<ExitCode> {
  const [name = 'help', ...rest] = argv;
  if (name === '--version' || name === 'version') {
    await terminal.out(`netsec ${VERSION}\n`);
    return EXIT.DONE;
  }
  if (name === 'help' || name === '--help' || name === '-h') {
    const about = rest[0] === undefined ? undefined : commandNamed(rest[0]);
    await terminal.out(about === undefined ? generalHelp(terminal.style, commands) : commandHelp(terminal.style, about));
    return EXIT.DONE;
  }
  const command = commandNamed(name),
    args = parse(command, rest);
  if (args.values['help'] === true) {
    await terminal.out(commandHelp(terminal.style, command));
    return EXIT.DONE;
  }
  if (args.values['version'] === true) {
    await terminal.out(`netsec ${VERSION}\n`);
    return EXIT.DONE;
  }
  const code = await command.run(args, args.values['quiet'] === true ? { ...terminal, progress: null } : terminal);
  return terminal.signal.aborted && code === EXIT.UNREADABLE ? EXIT.INTERRUPTED : code;
}

function commandNamed(name: string): Command {
  const found = commands.find((command) => command.name === name);
  if (found !== undefined) return found;
  const hint = /[./\\]/.test(name) ? ` Did you mean: netsec analyze ${name}` : '';
  throw new UsageError(
    `There is no command ${JSON.stringify(name)}; there are ${commands.map((command) => command.name).join(', ')} and help.${hint}`,
  );
}

/** Who gives two means both. Of other options the last counts, so that a script's own can be overridden. */
const ONCE: ReadonlySet<string> = new Set(['filter', 'interface']);

function parse(command: Command, args: readonly string[]): Arguments {
  const options = Object.fromEntries(
    Object.entries({ ...command.options, ...COMMON_OPTIONS }).map(([name, { type, short, multiple = false }]) => [
      name,
      short === undefined ? { type, multiple } : { type, short, multiple },
    ]),
  );
  try {
    const { values, positionals, tokens } = parseArgs({ args: [...args], options, allowPositionals: true, strict: true, tokens: true });
    const given = new Set<string>();
    for (const token of tokens) {
      if (token.kind !== 'option' || !ONCE.has(token.name)) continue;
      if (given.has(token.name)) throw new UsageError(`--${token.name} was given twice. See netsec ${command.name} --help.`);
      given.add(token.name);
    }
    return { values, positionals };
  } catch (error) {
    if (error instanceof UsageError) throw error;
    // Node's message goes on with advice for programmers.
    const [first = ''] = (error instanceof Error ? error.message : String(error)).split(/\. |\n/);
    throw new UsageError(`${first.replace(/\.$/, '')}. See netsec ${command.name} --help.`);
  }
}
