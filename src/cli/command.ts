/** What a command of the command line is. One file under `commands/` defines it, one line in `commands/registry.ts` admits it. */
import type { Terminal } from './terminal.ts';

/** Of several captures the first of these that happened counts, in this order: INTERRUPTED, UNREADABLE, DAMAGED, FOUND. */
export const EXIT = {
  /** Everything was read and written. */
  DONE: 0,
  /** A mistake of our own. */
  FAILED: 1,
  /** The command line was not understood. */
  USAGE: 2,
  /** A capture could not be read at all, or what was asked for not be written. */
  UNREADABLE: 3,
  /** A capture ended early or is damaged; what came before was reported. */
  DAMAGED: 4,
  /** `--fail-on`: a finding at least that severe. */
  FOUND: 5,
  /** Ctrl+C: what had been read was reported. */
  INTERRUPTED: 130,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

const GRAVEST: readonly ExitCode[] = [EXIT.FAILED, EXIT.INTERRUPTED, EXIT.UNREADABLE, EXIT.DAMAGED, EXIT.FOUND, EXIT.DONE];

export function gravest(codes: readonly ExitCode[]): ExitCode {
  return GRAVEST.find((code) => codes.includes(code)) ?? EXIT.DONE;
}

export interface CommandOption {
  readonly type: 'boolean' | 'string';
  readonly short?: string;
  /** May be given several times; its value is a list. */
  readonly multiple?: true;
  /** Name of the value in the help, `DIR`. */
  readonly value?: string;
  readonly description: string;
}

/** Of the commands that keep reports. */
export const KEY_LOG: CommandOption = {
  type: 'string',
  value: 'FILE',
  description: 'TLS key log (SSLKEYLOGFILE) that opens encrypted connections, besides those in .netsec/keys',
};

export const NO_CACHE: CommandOption = {
  type: 'boolean',
  description: 'neither use nor keep reports of captures that were read before (so does NETSEC_CACHE=off)',
};

export interface Arguments {
  readonly positionals: readonly string[];
  readonly values: Readonly<Record<string, string | boolean | readonly (string | boolean)[] | undefined>>;
}

export interface Command {
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** What follows `netsec <name>`. */
  readonly usage: string;
  readonly options: Readonly<Record<string, CommandOption>>;
  readonly examples: readonly string[];
  run(args: Arguments, terminal: Terminal): Promise<ExitCode>;
}

/** The person asked for something that does not exist; the message says what does. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export function textOption(args: Arguments, name: string): string | undefined {
  const value = args.values[name];
  return typeof value === 'string' ? value : undefined;
}

/** All values of an option that may be given several times. */
export function textOptions(args: Arguments, name: string): string[] {
  return [args.values[name] ?? []].flat().filter((value) => typeof value === 'string');
}

/** A whole number of at least `least`. */
export function countOption(args: Arguments, name: string, least: number): number | undefined {
  const text = textOption(args, name);
  return text === undefined ? undefined : wholeNumber(`--${name}`, text, least);
}

export function wholeNumber(what: string, text: string, least: number): number {
  const value = /^\d{1,15}$/.test(text) ? Number(text) : NaN;
  if (!(value >= least)) throw new UsageError(`${what} wants a whole number of at least ${least}, not ${JSON.stringify(text)}.`);
  return value;
}

/** `--limit N|all`: how many rows, `without` the option so many. */
export function rowsOption(args: Arguments, without: number): number {
  const text = textOption(args, 'limit');
  return text === undefined ? without : text === 'all' ? Infinity : wholeNumber('--limit', text, 0);
}

/** One of a closed set of words. */
export function choiceOption<T extends string>(args: Arguments, name: string, choices: readonly T[]): T | undefined {
  const text = textOption(args, name);
  if (text === undefined) return undefined;
  const found = choices.find((choice) => choice === text);
  if (found === undefined) throw new UsageError(`--${name} wants one of ${choices.join(', ')}, not ${JSON.stringify(text)}.`);
  return found;
}
