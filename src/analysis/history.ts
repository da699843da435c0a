/**
 * Zeek's `history` of a connection (`ShADadFf`) as one integer per flow: a trie of the letters in the order they first appeared.
 * Upper case is the originator. https://docs.zeek.org/en/current/scripts/base/protocols/conn/main.zeek.html
 */

/** Letters by number; the originator's number is the letter's, the responder's is 16 more. */
export const SYN = 0,
  SYN_ACK = 1,
  ACK = 2,
  DATA = 3,
  FIN = 4,
  RST = 5,
  GAP = 6,
  RETRANSMISSION = 7,
  ZERO_WINDOW = 8,
  INCONSISTENT = 9,
  MULTI_FLAG = 10,
  FLIPPED = 11;
const LETTERS = 'SHADFRGTWIQ^';
const SYMBOLS = 32;
/** Orders seen in real captures number in the hundreds; a fuzzer's stop growing here and keep their prefix. */
const MAX_NODES = 8192;

export class HistoryTrie {
  #children = new Uint16Array(64 * SYMBOLS);
  readonly #parents: number[] = [0];
  readonly #symbols: number[] = [-1];

  /** The history with one more letter. `symbol` is the letter's number, plus 16 for the responder. */
  append(history: number, symbol: number): number {
    const known = this.#children[history * SYMBOLS + symbol]!;
    if (known !== 0) return known;
    const next = this.#parents.length;
    if (next >= MAX_NODES) return history;
    if ((next + 1) * SYMBOLS > this.#children.length) {
      const grown = new Uint16Array(this.#children.length * 2);
      grown.set(this.#children);
      this.#children = grown;
    }
    this.#children[history * SYMBOLS + symbol] = next;
    this.#parents.push(history);
    this.#symbols.push(symbol);
    return next;
  }

  textOf(history: number): string {
    let text = '';
    for (let at = history; at !== 0; at = this.#parents[at] ?? 0) {
      const symbol = this.#symbols[at] ?? 0,
        letter = LETTERS[symbol & 15] ?? '?';
      text = (symbol < 16 ? letter : letter.toLowerCase()) + text;
    }
    return text;
  }
}
