/** Walks JSON text as it lies in bytes, RFC 8259. Nothing is made of it but what is told; a depth that an attacker would need is refused. */
import { textAt } from '../text.ts';

/** Told in the order of the text. Those that return false end the walk. `at` and `length` are in the bytes walked. */
export interface JsonListener {
  begin(isArray: boolean, at: number): boolean;
  end(isArray: boolean): void;
  member(key: string, at: number, length: number): void;
  memberEnd(key: string, at: number, length: number): void;
  text(text: string, at: number, length: number): boolean;
  /** A number, `true`, `false` or `null`. */
  word(text: string, at: number, length: number): boolean;
}

const MOST_DEPTH = 100,
  /** Of a string that is told. */
  LONGEST = 65_536;

const SILENT: JsonListener = {
  begin: () => true,
  end: () => undefined,
  member: () => undefined,
  memberEnd: () => undefined,
  text: () => true,
  word: () => true,
};

/** Offset behind the JSON in `[from, to)`: an object or an array, or several of them as some programs send them; -1 where there is none. */
export function jsonEnd(bytes: Uint8Array, from: number, to: number): number {
  return new JsonWalk(bytes, from, to, SILENT, false).run();
}

const QUOTE = 0x22,
  BACKSLASH = 0x5c,
  COMMA = 0x2c,
  COLON = 0x3a,
  OPEN_OBJECT = 0x7b,
  CLOSE_OBJECT = 0x7d,
  OPEN_ARRAY = 0x5b,
  CLOSE_ARRAY = 0x5d;
const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/,
  /** Longer than any number that a program reads. */
  LONGEST_WORD = 400;

export class JsonWalk {
  readonly #bytes: Uint8Array;
  readonly #to: number;
  readonly #listener: JsonListener;
  readonly #makesTexts: boolean;
  #at: number;

  constructor(bytes: Uint8Array, from: number, to: number, listener: JsonListener, makesTexts = true) {
    this.#bytes = bytes;
    this.#at = from;
    this.#to = to;
    this.#listener = listener;
    this.#makesTexts = makesTexts;
  }

  /** Offset behind the last value, -1 where something is no JSON or the listener had enough. */
  run(): number {
    let behind = -1;
    for (;;) {
      const first = this.#next();
      if (first !== OPEN_OBJECT && first !== OPEN_ARRAY) return behind;
      if (!this.#value(0)) return -1;
      behind = this.#at;
    }
  }

  /** The next byte that is no blank, -1 at the end. */
  #next(): number {
    for (; this.#at < this.#to; this.#at++) {
      const byte = this.#bytes[this.#at]!;
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return byte;
    }
    return -1;
  }

  #value(depth: number): boolean {
    switch (this.#next()) {
      case OPEN_OBJECT:
        return depth < MOST_DEPTH && this.#members(depth, false, CLOSE_OBJECT);
      case OPEN_ARRAY:
        return depth < MOST_DEPTH && this.#members(depth, true, CLOSE_ARRAY);
      case QUOTE: {
        const at = this.#at,
          text = this.#string();
        return text !== null && this.#listener.text(text, at, this.#at - at);
      }
      default:
        return this.#word();
    }
  }

  /** The members of an object, or the values of an array. */
  #members(depth: number, isArray: boolean, close: number): boolean {
    if (!this.#listener.begin(isArray, this.#at)) return false;
    this.#at++;
    if (this.#next() !== close)
      for (;;) {
        if (!(isArray ? this.#value(depth + 1) : this.#member(depth))) return false;
        const byte = this.#next();
        if (byte === close) break;
        if (byte !== COMMA) return false;
        this.#at++;
      }
    this.#at++;
    this.#listener.end(isArray);
    return true;
  }

  #member(depth: number): boolean {
    if (this.#next() !== QUOTE) return false;
    const at = this.#at,
      key = this.#string(),
      length = this.#at - at;
    if (key === null || this.#next() !== COLON) return false;
    this.#at++;
    this.#listener.member(key, at, length);
    if (!this.#value(depth + 1)) return false;
    this.#listener.memberEnd(key, at, length);
    return true;
  }

  /** The string that begins here; null where it is none. */
  #string(): string | null {
    const bytes = this.#bytes,
      from = this.#at + 1;
    let hasEscapes = false;
    for (let at = from; at < this.#to; at++) {
      const byte = bytes[at]!;
      if (byte === QUOTE) {
        this.#at = at + 1;
        if (!this.#makesTexts) return '';
        const text = textAt(bytes, from, at, LONGEST);
        return hasEscapes ? unescaped(text) : text;
      }
      if (byte < 0x20) return null;
      if (byte !== BACKSLASH) continue;
      hasEscapes = true;
      const length = escapeLength(bytes, at, this.#to);
      if (length === 0) return null;
      at += length - 1;
    }
    return null;
  }

  #word(): boolean {
    const from = this.#at,
      most = Math.min(this.#to, from + LONGEST_WORD);
    let at = from;
    while (at < most && isWordByte(this.#bytes[at]!)) at++;
    const text = textAt(this.#bytes, from, at, LONGEST_WORD);
    if (text !== 'true' && text !== 'false' && text !== 'null' && !NUMBER.test(text)) return false;
    this.#at = at;
    return this.#listener.word(text, from, at - from);
  }
}

function isWordByte(byte: number): boolean {
  const lower = byte | 32;
  return (lower >= 0x61 && lower <= 0x7a) || (byte >= 0x30 && byte <= 0x39) || byte === 0x2b || byte === 0x2d || byte === 0x2e;
}

/** Bytes of the escape at `at`, 0 where it is none. */
function escapeLength(bytes: Uint8Array, at: number, to: number): number {
  const kind = bytes[at + 1];
  if (at + 1 >= to || kind === undefined) return 0;
  if (kind === 0x75) {
    if (at + 6 > to) return 0;
    for (let i = at + 2; i < at + 6; i++) {
      const byte = bytes[i]!,
        lower = byte | 32;
      if (!((byte >= 0x30 && byte <= 0x39) || (lower >= 0x61 && lower <= 0x66))) return 0;
    }
    return 6;
  }
  return '"\\/bfnrt'.includes(String.fromCharCode(kind)) ? 2 : 0;
}

const SHORT: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' };

function unescaped(text: string): string {
  return text.replace(/\\(?:u([0-9a-fA-F]{4})|(.))/g, (_all, code: string | undefined, short: string) =>
    code === undefined ? (SHORT[short] ?? short) : String.fromCharCode(parseInt(code, 16)),
  );
}
