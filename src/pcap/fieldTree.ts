/** What a packet's dissectors say of it, as the tree that a person opens: each node with its bytes, its text and a filter that finds more like it. */
import type { Dissector, Field, FieldSink, FieldValue } from './dissector.ts';
import { filterFor, formatValue, readValue } from './fieldValue.ts';
import { frame } from './frameFields.ts';
import type { Packet } from './packet.ts';

/** One node of the details tree. */
export interface FieldNode {
  /** Wireshark's field name, `ip.ttl`; empty for a plain text line. */
  readonly name: string;
  readonly label: string;
  /** The value as a person reads it. */
  readonly text: string;
  /** 0 for the frame, then counts what was reassembled: an index into the packet's sources. */
  readonly source: number;
  /** Bytes `[start, start + length)` of that source. */
  readonly start: number;
  readonly length: number;
  readonly children: readonly FieldNode[];
  /** Display filter that selects packets with this field's value; empty where there is none. */
  readonly filter: string;
  /** Set on nodes that report an anomaly. */
  readonly severity?: 'note' | 'warning' | 'error';
}

interface GrowingNode extends FieldNode {
  readonly children: GrowingNode[];
}

/** An attacker can make a frame of 256 KiB say a field per byte; nobody reads so many, and the page must not hold them. */
const MAX_NODES = 20_000;
const MAX_DEPTH = 64;
const MAX_TEXT = 4096;

/** Collects the tree of one packet; make a new one per packet. */
export class FieldTree implements FieldSink {
  readonly wantsText = true;
  readonly wantsRelated = true;
  readonly wantsCostly = (): boolean => true;
  readonly takes = (): boolean => true;
  /** The line of the packet list. */
  infoProtocol = '';
  infoText = '';
  readonly #packet: Packet;
  readonly #roots: GrowingNode[] = [];
  #frame: GrowingNode | null = null;
  /** Nodes that are open, outermost first. */
  #open: GrowingNode[] = [];
  #last: GrowingNode | null = null;
  /** Levels opened beyond the deepest that is kept, or before there was anything to open. */
  #ignoredDepth = 0;
  #count = 0;

  constructor(packet: Packet) {
    this.#packet = packet;
  }

  /** The layers from the outside in, the frame's own first. */
  get nodes(): readonly FieldNode[] {
    return this.#frame === null ? this.#roots : [this.#frame, ...this.#roots];
  }

  layer(protocol: Dissector, offset: number, length: number, text?: string): void {
    // `Transmission Control Protocol, Src Port: 80`: the name is the label already.
    const rest = text?.startsWith(`${protocol.name}, `) === true ? text.slice(protocol.name.length + 2) : (text ?? '');
    const node = this.#node(protocol.id, protocol.name, rest, offset, length, protocol.id);
    this.#open = [node];
    this.#last = node;
    this.#ignoredDepth = 0;
    if (protocol === frame) this.#frame = node;
    else if (this.#count++ < MAX_NODES) this.#roots.push(node);
  }

  add(field: Field, offset: number, length: number, value?: FieldValue, text?: string): void {
    if (!this.#admit()) return;
    const shown = value ?? readValue(field, this.#packet.bytes, offset, length);
    // A line is shown without what ends it; its value and its bytes have it.
    const words = text ?? formatValue(field, shown, length).replace(/\r?\n$/, '');
    this.#append(this.#node(field.name, field.label, words, offset, length, filterFor(field, shown, length)));
  }

  reopen(protocol: Dissector): void {
    const node = this.#roots.findLast(({ name }) => name === protocol.id);
    if (node === undefined) return;
    this.#open = [node];
    this.#last = node;
    this.#ignoredDepth = 0;
  }

  open(): void {
    if (this.#last === null || this.#ignoredDepth > 0 || this.#open.length >= MAX_DEPTH) this.#ignoredDepth++;
    else this.#open.push(this.#last);
  }

  close(): void {
    if (this.#ignoredDepth > 0) this.#ignoredDepth--;
    else if (this.#open.length > 1) this.#last = this.#open.pop()!;
  }

  info(protocol: string, text: string): void {
    // What an ICMP error quotes was said by another.
    if (this.#packet.quoted) return;
    this.infoProtocol = protocol;
    this.infoText = clip(text);
  }

  note(severity: 'note' | 'warning' | 'error', text: string, offset: number, length: number): void {
    if (this.#admit()) this.#append({ ...this.#node('', text, '', offset, length, ''), severity });
  }

  #admit(): boolean {
    this.#count++;
    if (this.#count === MAX_NODES)
      this.#append({
        ...this.#node('', `Only the first ${MAX_NODES.toLocaleString('en-US')} fields are shown`, '', this.#packet.start, 0, ''),
        severity: 'note',
      });
    return this.#count < MAX_NODES;
  }

  #append(node: GrowingNode): void {
    const parent = this.#open.at(-1);
    (parent === undefined ? this.#roots : parent.children).push(node);
    this.#last = node;
  }

  #node(name: string, label: string, text: string, offset: number, length: number, filter: string): GrowingNode {
    const { source, start, end, bytes } = this.#packet;
    // Source 0 is shown as the frame alone, while dissectors see it inside the reader's block.
    const from = source === 0 ? offset - start : offset,
      size = source === 0 ? end - start : bytes.length;
    const clamped = Math.min(Math.max(from, 0), size);
    return {
      name,
      label: clip(label),
      text: clip(text),
      source,
      start: clamped,
      length: Math.max(0, Math.min(length, size - clamped)),
      children: [],
      filter,
    };
  }
}

function clip(text: string): string {
  return text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text;
}
