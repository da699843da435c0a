/**
 * Regular expressions of `matches`: PCRE's notation without what needs backtracking (back references, look-around, possessive
 * quantifiers), so that matching takes time linear in the bytes. A pattern from a person, a link or a model runs over bytes from
 * an attacker: with a backtracking engine, `(a+)+$` on one crafted packet would hang the session.
 * Patterns are over bytes and, as in Wireshark, without regard to ASCII case unless they begin with `(?-i)`.
 */

/** A set of bytes, 256 flags. */
export type ByteSet = Uint8Array;

/** Zero-width conditions. `end` is the very end, `lineStart` and `lineEnd` are `^` and `$` under `(?m)`. */
export type Condition = 'start' | 'end' | 'lineStart' | 'lineEnd' | 'wordBoundary' | 'notWordBoundary';

export type Pattern =
  | { readonly type: 'set'; readonly set: ByteSet }
  | { readonly type: 'condition'; readonly condition: Condition }
  | { readonly type: 'sequence' | 'choice'; readonly items: readonly Pattern[] }
  /** `max` is Infinity for no bound. */
  | { readonly type: 'repeat'; readonly item: Pattern; readonly min: number; readonly max: number };

/** A mistake in a pattern. */
export class RegexError extends Error {}

interface Flags {
  readonly ignoreCase: boolean;
  readonly dotAll: boolean;
  readonly multiline: boolean;
}

const MAX_REPEAT = 1000,
  MAX_DEPTH = 100;
const encoder = new TextEncoder();

function setOf(test: (byte: number) => boolean): ByteSet {
  return Uint8Array.from({ length: 256 }, (_, byte) => (test(byte) ? 1 : 0));
}

function ofCharacters(characters: string): ByteSet {
  return setOf((byte) => characters.includes(String.fromCharCode(byte)));
}

function inverse(set: ByteSet): ByteSet {
  return set.map((flag) => 1 - flag);
}

export const isWordByte = (byte: number): boolean =>
  (byte >= 48 && byte <= 57) || (byte >= 65 && byte <= 90) || byte === 95 || (byte >= 97 && byte <= 122);
const DIGIT = setOf((byte) => byte >= 48 && byte <= 57),
  WORD = setOf(isWordByte),
  SPACE = ofCharacters(' \t\n\r\f\v'),
  HORIZONTAL = ofCharacters(' \t\xa0'),
  VERTICAL = ofCharacters('\n\v\f\r\x85');
const CLASSES: Readonly<Record<string, ByteSet>> = {
  d: DIGIT,
  D: inverse(DIGIT),
  w: WORD,
  W: inverse(WORD),
  s: SPACE,
  S: inverse(SPACE),
  h: HORIZONTAL,
  H: inverse(HORIZONTAL),
  v: VERTICAL,
  V: inverse(VERTICAL),
  N: setOf((byte) => byte !== 10),
};
const CONTROLS: Readonly<Record<string, number>> = { n: 10, r: 13, t: 9, f: 12, a: 7, e: 27 };
const CONDITIONS: Readonly<Record<string, Condition>> = { A: 'start', z: 'end', b: 'wordBoundary', B: 'notWordBoundary' };
const isLetter = (byte: number): boolean => (byte | 32) >= 97 && (byte | 32) <= 122;
const POSIX: Readonly<Record<string, ByteSet>> = {
  alpha: setOf(isLetter),
  digit: DIGIT,
  alnum: setOf((byte) => isLetter(byte) || DIGIT[byte] === 1),
  word: WORD,
  space: SPACE,
  blank: ofCharacters(' \t'),
  lower: setOf((byte) => byte >= 97 && byte <= 122),
  upper: setOf((byte) => byte >= 65 && byte <= 90),
  xdigit: setOf((byte) => DIGIT[byte] === 1 || ((byte | 32) >= 97 && (byte | 32) <= 102)),
  punct: setOf((byte) => byte > 32 && byte < 127 && !isLetter(byte) && DIGIT[byte] !== 1),
  cntrl: setOf((byte) => byte < 32 || byte === 127),
  print: setOf((byte) => byte >= 32 && byte < 127),
  graph: setOf((byte) => byte > 32 && byte < 127),
  ascii: setOf((byte) => byte < 128),
};

const LINE_FEED = setOf((byte) => byte === 10);
const END: Pattern = { type: 'condition', condition: 'end' };
/** The end, or right before a line feed that is the last byte. The line feed is consumed: nothing that may follow `$` wants it. */
const END_OR_LAST_LINE: Pattern = { type: 'choice', items: [END, { type: 'sequence', items: [{ type: 'set', set: LINE_FEED }, END] }] };

/** Throws RegexError. */
export function parseRegex(source: string): Pattern {
  const parser = new Parser(source);
  return parser.parse();
}

class Parser {
  #at = 0;
  #depth = 0;
  #flags: Flags = { ignoreCase: true, dotAll: false, multiline: false };
  readonly #source: string;

  constructor(source: string) {
    this.#source = source;
  }

  parse(): Pattern {
    const pattern = this.#choice();
    if (this.#at < this.#source.length) throw new RegexError('unmatched closing parenthesis');
    return pattern;
  }

  #peek(text: string): boolean {
    return this.#source.startsWith(text, this.#at);
  }

  #take(text: string): boolean {
    if (!this.#peek(text)) return false;
    this.#at += text.length;
    return true;
  }

  #match(expression: RegExp): RegExpExecArray | null {
    expression.lastIndex = this.#at;
    const found = expression.exec(this.#source);
    if (found !== null) this.#at += found[0].length;
    return found;
  }

  #choice(): Pattern {
    if (++this.#depth > MAX_DEPTH) throw new RegexError('nested too deeply');
    const before = this.#flags,
      items = [this.#sequence()];
    while (this.#take('|')) items.push(this.#sequence());
    this.#flags = before;
    this.#depth--;
    return items.length === 1 ? items[0]! : { type: 'choice', items };
  }

  #sequence(): Pattern {
    const items: Pattern[] = [];
    while (this.#at < this.#source.length && !this.#peek('|') && !this.#peek(')')) {
      const atom = this.#atom();
      if (atom !== null) items.push(...this.#repeated(atom));
    }
    return { type: 'sequence', items };
  }

  /** The atom under its quantifier; of several bytes (`ä+`) only the group is repeated, as nobody means the last byte. */
  #repeated(atom: Pattern): Pattern[] {
    const quantifier = this.#match(/[*+?]|\{(\d{1,5})(,)?(\d{1,5})?\}/y);
    if (quantifier === null) return [atom];
    const [text, low, comma, high] = quantifier;
    const min = low === undefined ? (text === '+' ? 1 : 0) : Number(low);
    const max = low === undefined ? (text === '?' ? 1 : Infinity) : comma === undefined ? min : high === undefined ? Infinity : Number(high);
    if (max < min) throw new RegexError(`numbers out of order in ${text}`);
    if (min > MAX_REPEAT || (max > MAX_REPEAT && max !== Infinity)) throw new RegexError(`number too big in ${text}, at most ${MAX_REPEAT}`);
    if (this.#take('+')) throw new RegexError(`possessive quantifiers (${text}+) are not supported`);
    // Whether as few or as many as possible are taken does not change whether there is a match.
    this.#take('?');
    if (this.#match(/[*+]|\{\d/y) !== null) throw new RegexError('quantifier does not follow a repeatable item');
    return [{ type: 'repeat', item: atom, min, max }];
  }

  /** Null for what only sets flags. */
  #atom(): Pattern | null {
    if (this.#take('(')) return this.#group();
    if (this.#take('[')) return { type: 'set', set: this.#class() };
    if (this.#take('.')) return { type: 'set', set: this.#flags.dotAll ? setOf(() => true) : inverse(LINE_FEED) };
    if (this.#take('^')) return { type: 'condition', condition: this.#flags.multiline ? 'lineStart' : 'start' };
    if (this.#take('$')) return this.#flags.multiline ? { type: 'condition', condition: 'lineEnd' } : END_OR_LAST_LINE;
    if (this.#take('\\')) return this.#escape();
    if (this.#match(/[*+?]/y) !== null) throw new RegexError('quantifier does not follow a repeatable item');
    return this.#literal(String.fromCodePoint(this.#source.codePointAt(this.#at)!));
  }

  #literal(character: string): Pattern {
    this.#at += character.length;
    const items = [...encoder.encode(character)].map((byte): Pattern => ({ type: 'set', set: this.#byte(byte) }));
    return items.length === 1 ? items[0]! : { type: 'sequence', items };
  }

  #byte(byte: number): ByteSet {
    const both = this.#flags.ignoreCase && isLetter(byte);
    return setOf((other) => other === byte || (both && other === (byte ^ 32)));
  }

  #group(): Pattern | null {
    const before = this.#flags;
    if (this.#take('?')) {
      if (this.#match(/#[^)]*\)/y) !== null) return null;
      const flags = this.#match(/([imsnJU]*)(?:-([imsnJU]*))?([:)])/y);
      if (flags !== null) {
        this.#setFlags(flags[1] ?? '', flags[2] ?? '');
        if (flags[3] === ')') return null;
      } else if (this.#match(/P?<[A-Za-z_]\w*>|'[A-Za-z_]\w*'|\|/y) === null) {
        throw new RegexError(
          this.#match(/<?[=!]/y) !== null
            ? 'look-ahead and look-behind are not supported: they cannot be matched in bounded time'
            : 'this kind of group is not supported',
        );
      }
    }
    const pattern = this.#choice();
    if (!this.#take(')')) throw new RegexError('missing closing parenthesis');
    this.#flags = before;
    return pattern;
  }

  #setFlags(on: string, off: string): void {
    const flag = (letter: string, now: boolean): boolean => (on.includes(letter) ? true : off.includes(letter) ? false : now);
    this.#flags = {
      ignoreCase: flag('i', this.#flags.ignoreCase),
      dotAll: flag('s', this.#flags.dotAll),
      multiline: flag('m', this.#flags.multiline),
    };
  }

  #escape(): Pattern {
    const letter = this.#source[this.#at];
    if (letter === undefined) throw new RegexError('\\ at end of pattern');
    const condition = CONDITIONS[letter],
      set = CLASSES[letter];
    if (condition !== undefined || set !== undefined || letter === 'Z') {
      this.#at++;
      return condition !== undefined ? { type: 'condition', condition } : set !== undefined ? { type: 'set', set } : END_OR_LAST_LINE;
    }
    if (this.#match(/[1-9](?![0-7]{2})|[gk]/y) !== null)
      throw new RegexError('back references are not supported: they cannot be matched in bounded time');
    const byte = this.#byteEscape();
    return byte !== null ? { type: 'set', set: this.#byte(byte) } : this.#literal(this.#plainEscape());
  }

  /** What stands for one byte after a backslash. */
  #byteEscape(): number | null {
    const letter = this.#source[this.#at] ?? '',
      control = CONTROLS[letter];
    if (control !== undefined) {
      this.#at++;
      return control;
    }
    const digits = this.#match(/x(?:\{([0-9a-f]{1,2})\}|([0-9a-f]{0,2}))|o\{([0-7]{1,3})\}|([0-7]{1,3})/iy);
    if (digits === null) return null;
    return digits[3] !== undefined || digits[4] !== undefined
      ? parseInt(digits[3] ?? digits[4] ?? '', 8) & 255
      : parseInt(`0${digits[1] ?? digits[2] ?? ''}`, 16);
  }

  #plainEscape(): string {
    const character = String.fromCodePoint(this.#source.codePointAt(this.#at)!);
    if (/[A-Za-z]/.test(character)) throw new RegexError(`\\${character} is not supported`);
    return character;
  }

  #class(): ByteSet {
    const set = new Uint8Array(256),
      negated = this.#take('^');
    for (let first = true; first || !this.#peek(']'); first = false) {
      if (this.#at >= this.#source.length) throw new RegexError('missing terminating ] for character class');
      const item = this.#classItem();
      if (typeof item !== 'number') {
        item.forEach((flag, byte) => (set[byte]! |= flag));
        continue;
      }
      let last = item;
      if (this.#peek('-') && !this.#peek('-]') && this.#at + 1 < this.#source.length) {
        this.#at++;
        const end = this.#classItem();
        if (typeof end !== 'number' || end < item) throw new RegexError('range out of order in character class');
        last = end;
      }
      for (let byte = item; byte <= last; byte++) this.#byte(byte).forEach((flag, other) => (set[other]! |= flag));
    }
    this.#at++;
    return negated ? inverse(set) : set;
  }

  /** One byte, or a class inside of the class. */
  #classItem(): number | ByteSet {
    const posix = this.#match(/\[:(\^?)([a-z]+):\]/y);
    if (posix !== null) {
      let named = POSIX[posix[2] ?? ''];
      if (named === undefined) throw new RegexError('unknown POSIX class name');
      if (this.#flags.ignoreCase && (posix[2] === 'lower' || posix[2] === 'upper')) named = setOf(isLetter);
      return posix[1] === '^' ? inverse(named) : named;
    }
    if (this.#take('\\')) {
      const letter = this.#source[this.#at] ?? '';
      const set = CLASSES[letter];
      if (set !== undefined || letter === 'b') this.#at++;
      if (set !== undefined) return set;
      if (letter === 'b') return 8;
      const byte = this.#byteEscape();
      if (byte !== null) return byte;
    }
    const code = this.#source.codePointAt(this.#at);
    if (code === undefined) throw new RegexError('missing terminating ] for character class');
    if (code > 127) throw new RegexError('only ASCII characters can be in a class; write other bytes as \\xNN');
    this.#at++;
    return code;
  }
}
