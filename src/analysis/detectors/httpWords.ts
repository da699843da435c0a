/** The words that any detector looks for in header lines and in the beginning of a body, met in one walk over each whoever asks first. */
import type { HttpRequestMessage, HttpResponseMessage } from '../../pcap/http/messages.ts';
import { BEYOND_ASCII, WordScan } from '../wordScan.ts';
import { PROMPT_WORDS } from './promptInjectionMarks.ts';

type HttpMessage = HttpRequestMessage | HttpResponseMessage;

/** A page's title, the names of well-known web shells, and what the marks of harmful objects and documents cannot do without. */
const TITLE = 1 << PROMPT_WORDS.length,
  SHELL_NAME = TITLE << 1,
  OBJECT = TITLE << 2;
const words = new WordScan([
  ...PROMPT_WORDS,
  ['itle'],
  ['wso ', '99sh', '57sh', '374k', 'esma', 'doxp', 'alfa', 'wny ', 'mini', 'pxsp', 'spsp', 'hpsp'],
  ['pach', 'rmer', 'esim', 'eexp', 'ava ', 'etim', 'xthi', 'apro', 'wsid', 'enti', 'ro0a', 'rmi:', 'dap:', 'aps:', 'iop:', 'wset'],
]);

let last: HttpMessage | null = null,
  met = 0;

/** What was met in the beginning of a body, as `mayHoldInjection` and the like take it. */
export function bodyWords(message: HttpMessage): number {
  if (message !== last) {
    met = words.body(message);
    last = message;
  }
  return met;
}

/** What is met in a text, such as a body that was unpacked. */
export function textWords(text: string): number {
  return words.text(text);
}

/** What was met in the header lines. */
export function headWords(message: HttpMessage): number {
  return words.head(message);
}

/** Whether a page could have the title of a web shell. A percent sign may have hidden the beginning of its name as a byte beyond ASCII. */
export function mayHoldShellTitle(bits: number): boolean {
  return (bits & TITLE) !== 0 && (bits & (SHELL_NAME | BEYOND_ASCII)) !== 0;
}

/** Whether a body could hold a class of the chains that `deserialisation` knows, or a document that names entities. */
export function mayHoldObject(bits: number): boolean {
  return (bits & OBJECT) !== 0;
}
