/**
 * A question in plain words that the analysis answers without a language model, as people without a key ask about their captures.
 * One file in questions/ defines it, one line in questions/registry.ts admits it.
 */
import type { OpenCapture } from '../../analysis/captureStore.ts';
import type { Selection } from '../../analysis/engineApi.ts';
import type { Report } from '../../analysis/report.ts';
import type { Answer, CommandContext } from '../command.ts';

/** What it is asked of. */
export interface AskedOf {
  /** In lower case, with single spaces. */
  readonly words: string;
  /** All of the capture, or what the user has selected of it. */
  readonly selection: Selection;
  /** Of that, the packets of all addresses that are named. */
  readonly narrowed: Selection;
  /** Of all of the capture, with its findings. */
  readonly report: Report;
}

export interface PlainQuestion {
  /** Those with less are tried first: what is asked of an address says more than that it is named. A bundle has no order of its own. */
  readonly order: number;
  /** As somebody would ask it; /help shows it. */
  readonly example: string;
  /** What is told, completing "This tells ...". */
  readonly meaning: string;
  /** Whether these words ask it; in lower case, with single spaces. */
  isAsked(words: string): boolean;
  answer(of: AskedOf, opened: OpenCapture, context: CommandContext): Promise<Pick<Answer, 'markdown'>>;
}
