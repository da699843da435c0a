/**
 * Tells whether a regular expression matches somewhere, in one walk over the bytes: states of a deterministic automaton are made
 * as they are met and kept up to a bound. Worst case per byte is the size of the pattern, which is bounded too.
 */
import { isWordByte, parseRegex, RegexError, type ByteSet, type Condition, type Pattern } from './regexParser.ts';

/** Nodes of the automaton with alternatives. */
type Node =
  | { readonly type: 'set'; readonly set: ByteSet; readonly next: number }
  | { readonly type: 'split'; readonly next: readonly number[] }
  | { readonly type: 'condition'; readonly condition: Condition; readonly next: number }
  | { readonly type: 'match' };

const MAX_NODES = 2000;
/** Kept states; at this many they are forgotten and made anew. */
const MAX_STATES = 500;

/** What came before the current position: nothing, a word byte, a line feed, another byte. */
const AT_START = 0,
  AFTER_WORD = 1,
  AFTER_LINE_FEED = 2,
  AFTER_OTHER = 3;
const UNKNOWN = -1,
  MATCHED = -2;

const encoder = new TextEncoder();

export class Regex {
  readonly #nodes: Node[] = [{ type: 'match' }];
  readonly #start: number;
  /** Bytes that no part of the pattern tells apart share a class; the last class is the end of the bytes. */
  readonly #classOf = new Uint8Array(256);
  readonly #representatives: number[] = [];
  readonly #stride: number;
  #transitions: Int32Array<ArrayBuffer>;
  #states: { readonly nodes: readonly number[]; readonly before: number }[] = [];
  readonly #stateIds = new Map<string, number>();
  readonly #mark: Uint8Array;

  /** Throws RegexError when the pattern is wrong, unsupported or too large. */
  constructor(source: string) {
    this.#start = this.#compile(parseRegex(source), 0);
    this.#makeClasses();
    this.#stride = this.#representatives.length + 1;
    this.#transitions = new Int32Array(16 * this.#stride).fill(UNKNOWN);
    this.#mark = new Uint8Array(this.#nodes.length);
    this.#state([], AT_START);
  }

  testText(text: string): boolean {
    for (let i = 0, state = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code > 127) {
        const bytes = encoder.encode(text);
        return this.test(bytes, 0, bytes.length);
      }
      state = this.#step(state, this.#classOf[code]!);
      if (state === MATCHED) return true;
      if (i === text.length - 1) return this.#step(state, this.#stride - 1) === MATCHED;
    }
    return this.#step(0, this.#stride - 1) === MATCHED;
  }

  /** Whether the pattern matches somewhere in `[from, to)`. */
  test(bytes: Uint8Array, from: number, to: number): boolean {
    let state = 0,
      transitions = this.#transitions;
    const classOf = this.#classOf,
      stride = this.#stride;
    for (let i = from; i < to; i++) {
      const byteClass = classOf[bytes[i]!]!;
      let next = transitions[state * stride + byteClass]!;
      if (next < 0) {
        if (next === UNKNOWN) next = this.#step(state, byteClass);
        if (next === MATCHED) return true;
        transitions = this.#transitions;
      }
      state = next;
    }
    return this.#step(state, stride - 1) === MATCHED;
  }

  #step(state: number, byteClass: number): number {
    const known = this.#transitions[state * this.#stride + byteClass]!;
    if (known !== UNKNOWN) return known;
    if (this.#states.length >= MAX_STATES) {
      const { nodes, before } = this.#states[state]!;
      this.#forget();
      state = this.#state(nodes, before);
    }
    const next = this.#move(state, byteClass);
    this.#transitions[state * this.#stride + byteClass] = next;
    return next;
  }

  #forget(): void {
    this.#states = [];
    this.#stateIds.clear();
    this.#transitions.fill(UNKNOWN);
    this.#state([], AT_START);
  }

  #state(nodes: readonly number[], before: number): number {
    const key = `${before} ${nodes.join(' ')}`;
    const known = this.#stateIds.get(key);
    if (known !== undefined) return known;
    const id = this.#states.push({ nodes, before }) - 1;
    this.#stateIds.set(key, id);
    if ((id + 1) * this.#stride > this.#transitions.length) {
      const grown = new Int32Array(this.#transitions.length * 2).fill(UNKNOWN);
      grown.set(this.#transitions);
      this.#transitions = grown;
    }
    return id;
  }

  /** The state after a byte of a class, or at the end; MATCHED when the pattern has matched before it. */
  #move(state: number, byteClass: number): number {
    const { nodes, before } = this.#states[state]!;
    const byte = this.#representatives[byteClass] ?? -1,
      mark = this.#mark.fill(0);
    const next = new Set<number>(),
      stack = [this.#start];
    for (let i = nodes.length - 1; i >= 0; i--) stack.push(nodes[i]!);
    while (stack.length > 0) {
      const index = stack.pop()!;
      if (mark[index] === 1) continue;
      mark[index] = 1;
      const node = this.#nodes[index]!;
      switch (node.type) {
        case 'match':
          return MATCHED;
        case 'set':
          if (byte >= 0 && node.set[byte] === 1) next.add(node.next);
          break;
        case 'split':
          stack.push(...node.next);
          break;
        case 'condition':
          if (holds(node.condition, before, byte)) stack.push(node.next);
      }
    }
    return this.#state(
      [...next].sort((a, b) => a - b),
      isWordByte(byte) ? AFTER_WORD : byte === 10 ? AFTER_LINE_FEED : AFTER_OTHER,
    );
  }

  #add(node: Node): number {
    if (this.#nodes.length >= MAX_NODES) throw new RegexError('regular expression is too large');
    return this.#nodes.push(node) - 1;
  }

  #steps = 0;

  /** Adds a pattern that goes on at `next`; returns where it begins. */
  #compile(pattern: Pattern, next: number): number {
    // Repetitions of nothing in repetitions of nothing add no nodes, but take their time.
    if (++this.#steps > MAX_NODES * 10) throw new RegexError('regular expression is too large');
    switch (pattern.type) {
      case 'set':
        return this.#add({ type: 'set', set: pattern.set, next });
      case 'condition':
        return this.#add({ type: 'condition', condition: pattern.condition, next });
      case 'sequence':
        return pattern.items.reduceRight((after, item) => this.#compile(item, after), next);
      case 'choice':
        return this.#add({ type: 'split', next: pattern.items.map((item) => this.#compile(item, next)) });
      case 'repeat': {
        let at = next;
        if (pattern.max === Infinity) {
          const back: number[] = [next];
          at = this.#add({ type: 'split', next: back });
          back.push(this.#compile(pattern.item, at));
        } else for (let i = pattern.min; i < pattern.max; i++) at = this.#add({ type: 'split', next: [this.#compile(pattern.item, at), next] });
        for (let i = 0; i < pattern.min; i++) at = this.#compile(pattern.item, at);
        return at;
      }
    }
  }

  #makeClasses(): void {
    const sets = new Set(this.#nodes.flatMap((node) => (node.type === 'set' ? [node.set] : []))),
      classes = new Map<string, number>();
    for (let byte = 0; byte < 256; byte++) {
      let key = `${isWordByte(byte) ? 1 : 0}${byte === 10 ? 1 : 0}`;
      for (const set of sets) key += set[byte] === 1 ? '1' : '0';
      let index = classes.get(key);
      if (index === undefined) {
        index = this.#representatives.push(byte) - 1;
        classes.set(key, index);
      }
      this.#classOf[byte] = index;
    }
  }
}

/** `byte` comes next, -1 for the end. */
function holds(condition: Condition, before: number, byte: number): boolean {
  switch (condition) {
    case 'start':
      return before === AT_START;
    case 'end':
      return byte < 0;
    case 'lineStart':
      return before === AT_START || before === AFTER_LINE_FEED;
    case 'lineEnd':
      return byte < 0 || byte === 10;
    case 'wordBoundary':
      return (before === AFTER_WORD) !== (byte >= 0 && isWordByte(byte));
    case 'notWordBoundary':
      return (before === AFTER_WORD) === (byte >= 0 && isWordByte(byte));
  }
}
