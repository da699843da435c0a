/** Whether bytes are the elements of BER that must follow one another in a message: so protocols are told by their content that have no other mark. */
import { BER_INTEGER, berElement, readBer } from './ber.ts';
import type { Recognised } from './dissector.ts';

/** Numbers of messages and limits have no more; a signed number of 32 bits has a fifth where it is written without a sign. */
const MOST_NUMBER_BYTES = 5;

const element = berElement();

/** Goes on as long as each element is there and as it should be. Of the content of the last one nothing need be there. */
export class BerWalk {
  /** `more`: the bytes end too early to say. */
  answer: Recognised = 'yes';
  #bytes: Uint8Array = new Uint8Array(0);
  #at = 0;
  #end = 0;
  #to = 0;

  /** Begins at `at`, with what there is of it up to `end`; `to` is where that ends in which the elements are. */
  start(bytes: Uint8Array, at: number, end: number, to: number): this {
    this.answer = 'yes';
    this.#bytes = bytes;
    this.#at = at;
    this.#end = end;
    this.#to = to;
    return this;
  }

  /** The tag of the next element; -1 where there is none, or an answer already. */
  get tag(): number {
    if (this.answer !== 'yes') return -1;
    if (this.#at >= this.#to) this.answer = 'no';
    else if (this.#at >= this.#end) this.answer = 'more';
    return this.answer === 'yes' ? this.#bytes[this.#at]! : -1;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#to;
  }

  /** Goes into the next element. */
  enter(tag: number): this {
    if (this.#head(tag)) {
      this.#at = element.from;
      this.#to = element.to;
    }
    return this;
  }

  /** Goes into the next element, which is the last in this one. */
  enterLast(tag: number): this {
    const to = this.#to;
    if (this.enter(tag).answer === 'yes' && this.#to !== to) this.answer = 'no';
    return this;
  }

  /** Passes over the next element. */
  over(tag: number): this {
    if (this.#head(tag)) this.#at = element.to;
    return this;
  }

  /** Passes over one of these elements. */
  oneOf(tags: ReadonlySet<number>): this {
    const { tag } = this;
    if (tag >= 0 && !tags.has(tag)) this.answer = 'no';
    return tag < 0 ? this : this.over(tag);
  }

  /** Passes over an INTEGER. */
  number(): this {
    if (!this.#head(BER_INTEGER)) return this;
    const length = element.to - element.from;
    if (length < 1 || length > MOST_NUMBER_BYTES) this.answer = 'no';
    this.#at = element.to;
    return this;
  }

  /** Passes over a value of one byte, `[least, most]`. */
  value(tag: number, least: number, most: number): this {
    if (!this.#head(tag)) return this;
    const { from, to } = element;
    if (to - from !== 1) this.answer = 'no';
    else if (from >= this.#end) this.answer = 'more';
    else if (this.#bytes[from]! < least || this.#bytes[from]! > most) this.answer = 'no';
    this.#at = to;
    return this;
  }

  /** Passes over an element that holds nothing but digits and dots, at least `least` of them. */
  digits(tag: number, least: number): this {
    if (!this.#head(tag)) return this;
    if (element.to - element.from < least) this.answer = 'no';
    for (this.#at = element.from; this.#at < element.to && this.answer === 'yes'; this.#at++) {
      const byte = this.#bytes[this.#at]!;
      if (this.#at >= this.#end) this.answer = 'more';
      else if (byte !== 0x2e && (byte < 0x30 || byte > 0x39)) this.answer = 'no';
    }
    return this;
  }

  /** Passes over these very bytes. */
  exactly(bytes: readonly number[]): this {
    for (let i = 0; i < bytes.length && this.answer === 'yes'; i++) {
      if (this.#at >= this.#end) this.answer = 'more';
      else if (this.#bytes[this.#at++] !== bytes[i]) this.answer = 'no';
    }
    return this;
  }

  /** There is nothing more. */
  close(): this {
    if (this.answer === 'yes' && !this.isAtEnd) this.answer = 'no';
    return this;
  }

  #head(tag: number): boolean {
    const found = this.tag;
    if (found < 0) return false;
    if (found !== tag) this.answer = 'no';
    else if (readBer(this.#bytes, this.#at, Math.min(this.#end, this.#to), element)) {
      if (element.to > this.#to) this.answer = 'no';
    } else {
      const length = this.#at + 1 < this.#end ? this.#bytes[this.#at + 1]! : 0;
      this.answer = this.#to <= this.#end || length === 0x80 || length > 0x84 ? 'no' : 'more';
    }
    return this.answer === 'yes';
  }
}
