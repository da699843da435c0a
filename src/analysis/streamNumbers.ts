/** Wireshark's stream numbers, per protocol in order of first frame; only kept while fields are asked for. */
export class StreamNumbers {
  readonly #numbers = new Map<number, number>();
  readonly #next = new Map<number, number>();

  /** The number of the flow in this row. */
  of(row: number, protocol: number): number {
    let number = this.#numbers.get(row);
    if (number === undefined) {
      number = this.#next.get(protocol) ?? 0;
      this.#next.set(protocol, number + 1);
      this.#numbers.set(row, number);
    }
    return number;
  }

  /** Takes a number over that another pass gave. */
  set(row: number, number: number): void {
    this.#numbers.set(row, number);
  }
}
