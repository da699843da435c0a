/** A bounds-checked walk over the lengths and numbers of TLS and SSH. Beyond the end it reads zeros and remembers having been short. */
export class Reader {
  readonly bytes: Uint8Array;
  at: number;
  readonly end: number;
  /** More was asked for than there is. */
  short = false;

  constructor(bytes: Uint8Array, offset: number, end: number) {
    this.bytes = bytes;
    this.at = offset;
    this.end = Math.min(end, bytes.length);
  }

  get left(): number {
    return this.end - this.at;
  }

  #number(length: number): number {
    if (this.left < length) {
      this.short = true;
      this.at = this.end;
      return 0;
    }
    let value = 0;
    for (let i = 0; i < length; i++) value = value * 256 + this.bytes[this.at++]!;
    return value;
  }

  u8(): number {
    return this.#number(1);
  }

  u16(): number {
    return this.#number(2);
  }

  u24(): number {
    return this.#number(3);
  }

  u32(): number {
    return this.#number(4);
  }

  /** The next `length` bytes as a reader of their own, fewer if there are fewer. */
  take(length: number): Reader {
    if (this.left < length) this.short = true;
    const to = Math.min(this.end, this.at + length),
      inner = new Reader(this.bytes, this.at, to);
    this.at = to;
    return inner;
  }

  skip(length: number): void {
    if (this.left < length) this.short = true;
    this.at = Math.min(this.end, this.at + length);
  }
}
