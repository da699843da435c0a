/** What a slash command is. One file in commands/ defines it, one line in commands/registry.ts admits it, package.json is held to it by a test. */
import type { CaptureStore } from '../analysis/captureStore.ts';
import type { Looking } from './looking.ts';
import type { ExplainFor } from './prompt.ts';

/** Writes a file where the user allows it, asking where it must; gives where it is, or null when the user does not want it. */
export type SaveFile = (name: string, content: string) => Promise<{ readonly name: string; readonly location: string } | null>;

export interface CommandContext {
  readonly captures: CaptureStore;
  readonly looking: Looking;
  readonly reader: ExplainFor;
  readonly signal: AbortSignal;
  readonly onProgress: (text: string) => void;
  /** Absent where no file can be written. */
  readonly saveFile?: SaveFile;
}

export interface FollowUp {
  readonly command: string;
  readonly prompt: string;
  readonly label: string;
}

export interface Answer {
  /** Safe to render: whatever came out of packets stands in code or is plain words. */
  readonly markdown: string;
  /** Location of the capture it is about, to be opened by a button. */
  readonly capture: { readonly name: string; readonly location: string } | null;
  readonly followUps: readonly FollowUp[];
  /** It has nothing that has to do with what was asked. */
  readonly isEmpty?: boolean;
}

export interface FirstStep {
  readonly markdown: string;
  /** The file that was written, to be opened by a button. */
  readonly file: { readonly name: string; readonly location: string } | null;
  /** Whether there is still something to be asked. */
  readonly goOn: boolean;
}

export interface ChatCommand {
  /** As it is typed, without the slash. */
  readonly id: string;
  readonly description: string;
  /** The argument of plain words that mean this command, such as "analyze latest"; null when they mean something else. */
  argumentIn(words: string): string | null;
  /** What is done before anything is asked, by code alone: the file that is written. */
  first?(argument: string, context: CommandContext): Promise<FirstStep>;
  /** The same as a question for a model; null for what a model would only slow down. */
  question(argument: string, looking: Looking): string | null;
  /** The answer without any model. */
  builtIn(argument: string, context: CommandContext): Promise<Answer>;
}
