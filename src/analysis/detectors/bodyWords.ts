/** The words that any detector looks for in the beginning of a body, met in one walk over it whoever asks first. */
import type { HttpRequestMessage, HttpResponseMessage } from '../../pcap/http/messages.ts';
import { BEYOND_ASCII, WordScan } from '../wordScan.ts';
import { PROMPT_WORDS } from './promptInjectionMarks.ts';

/** A page's title, and the names of well-known web shells. */
const TITLE = 1 << PROMPT_WORDS.length,
  SHELL_NAME = TITLE << 1;
const words = new WordScan([
  ...PROMPT_WORDS,
  ['itle'],
  ['wso ', '99sh', '57sh', '374k', 'esma', 'doxp', 'alfa', 'wny ', 'mini', 'pxsp', 'spsp', 'hpsp'],
]);

let last: HttpRequestMessage | HttpResponseMessage | null = null,
  met = 0;

/** What was met, as `mayHoldInjection` and `mayHoldShellTitle` take it. */
export function bodyWords(message: HttpRequestMessage | HttpResponseMessage): number {
  if (message !== last) {
    met = words.body(message);
    last = message;
  }
  return met;
}

/** Whether a page could have the title of a web shell. A percent sign may have hidden the beginning of its name as a byte beyond ASCII. */
export function mayHoldShellTitle(bits: number): boolean {
  return (bits & TITLE) !== 0 && (bits & (SHELL_NAME | BEYOND_ASCII)) !== 0;
}
