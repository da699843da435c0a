/** Takes out of what the dissectors say only what one filter asks for, and answers whether the frame matches. */
import type { Dissector, Field, FieldSink, FieldValue } from '../../pcap/dissector.ts';
import { tcp } from '../../pcap/dissectors/tcp.ts';
import { frameFields, type FrameContext } from '../../pcap/frameFields.ts';
import { readUnsigned, readValue } from '../../pcap/fieldValue.ts';
import type { Packet } from '../../pcap/packet.ts';
import { formatIpv4, formatIpv6 } from '../../pcap/addresses.ts';
import { malformed } from './catalog.ts';
import { createColumns, type Column } from './columns.ts';
import type { SecretGuard } from './secretGuard.ts';
import type { Predicate } from './compile.ts';
import { MAX_VALUES, type Slot } from './slots.ts';

function toBigint(value: FieldValue): bigint {
  return typeof value === 'bigint' ? value : typeof value === 'number' && Number.isFinite(value) ? BigInt(Math.trunc(value)) : 0n;
}

/** What HTTP's Upgrade leads to (RFC 9110, 7.8), and HTTP itself, which ends there. */
const UPGRADED: ReadonlySet<string> = new Set(['http', 'http2', 'websocket']);

const UNKNOWN = 0,
  NO = 1,
  YES = 2;

/** Attach it to the packet of a pass, walk a frame with `sink`, then ask `matches()`, which also makes ready for the next frame. */
export class FieldCollector implements FieldSink {
  readonly wantsText = false;
  readonly wantsRelated: boolean;
  /** A field is asked for that an earlier pass must find out. */
  readonly wantsLater: boolean;
  /** What to hand to the pass: null when the packet's own numbers answer the filter. */
  readonly sink: FieldSink | null;
  #packet: Packet | null = null;
  readonly #predicate: Predicate;
  readonly #onMatch: (() => void) | undefined;
  readonly #slots: readonly Slot[];
  /** Slots that dissectors fill, by field; a field may be in several (`ip.src`, `ip.addr`). */
  readonly #byField = new Map<Field, Slot[]>();
  readonly #byProtocol = new Map<Dissector, Slot>();
  /** Protocol of a field, for the number of the layer it is in. */
  readonly #layers = new Map<Dissector, number>();
  readonly #wantsLayers: boolean;
  /** Protocols with wanted fields, when those are said in their own layers only; null when any layer may say one. */
  readonly #owners: ReadonlySet<Dissector> | null;
  /** Whether something is taken of what a dissector says, as met. */
  readonly #taken = new Map<Dissector, boolean>();
  /** Ids of the protocols whose fields or presence are asked for; null where any protocol's may matter. */
  readonly #asked: ReadonlySet<string> | null;
  /** The open layer can say a wanted field: most layers cannot, and have many fields. */
  #isOpen = true;
  readonly #columns: { readonly fill: Column; readonly slot: Slot }[] = [];
  /** Protocols whose presence alone counts: per path whether it has them, as met. */
  readonly #presence: { readonly slot: Slot; readonly known: number[] }[] = [];

  readonly #guard: SecretGuard | null;

  /** `onMatch` is called for each frame that matches, while the slots still hold what it says; with a guard they hold what it lets through. */
  constructor(slots: readonly Slot[], predicate: Predicate, onMatch?: () => void, guard: SecretGuard | null = null) {
    this.#slots = slots;
    this.#guard = guard;
    this.#predicate = predicate;
    this.#onMatch = onMatch;
    this.wantsRelated = slots.some(({ entry }) => entry.fields.some(({ related }) => related !== undefined));
    this.wantsLater = slots.some(({ entry }) => entry.fields.some(({ related }) => related === 'later'));
    this.#wantsLayers = slots.some((slot) => slot.wantsLayers);
    const columns = createColumns();
    for (const slot of slots) {
      const fill = slot.wantsLayers ? undefined : columns.get(slot.entry.name);
      if (slot.presenceOnly && fill === undefined && slot.entry.protocol.isOffPath !== true) this.#presence.push({ slot, known: [] });
      else if (fill !== undefined) this.#columns.push({ fill, slot });
      else if (slot.entry.kind === 'protocol') this.#byProtocol.set(slot.entry.protocol, slot);
      else for (const field of slot.entry.fields) this.#byField.set(field, [...(this.#byField.get(field) ?? []), slot]);
    }
    const filled = slots.filter((slot) => slot.entry.fields.some((field) => this.#byField.has(field)));
    this.#owners = filled.every(({ entry }) => entry.depth === 'headers') ? new Set(filled.flatMap(({ entry }) => entry.protocols)) : null;
    // Which protocols a frame has, whether one of them is malformed, and what is a secret, any of them may say.
    this.#asked =
      guard !== null || slots.some(({ entry }) => entry.protocol === malformed || entry.name === frameFields.protocols.name)
        ? null
        : new Set(slots.flatMap(({ entry }) => entry.protocols.map(({ id }) => id)));
    // A connection that changes to HTTP/2 or WebSocket does so in what HTTP says, which nobody reads otherwise.
    const changes = this.#presence.some(({ slot }) => UPGRADED.has(slot.entry.protocol.id));
    this.sink = this.#byField.size > 0 || this.#byProtocol.size > 0 || guard !== null || changes ? this : null;
  }

  /** The packet that the pass refills for every frame. */
  attach(packet: Packet): this {
    this.#packet = packet;
    return this;
  }

  readonly wantsCostly = (wanted: Field | Dissector): boolean => ('fields' in wanted ? this.#byProtocol.has(wanted) : this.#byField.has(wanted));

  takes(dissector: Dissector): boolean {
    const known = this.#taken.get(dissector);
    if (known !== undefined) return known;
    const { id, says } = dissector,
      taken = this.#asked === null || says === undefined || this.#asked.has(id) || says.some((other) => this.#asked?.has(other) === true);
    this.#taken.set(dissector, taken);
    return taken;
  }

  layer(protocol: Dissector, offset: number, length: number): void {
    this.#guard?.layer(this.#packet!, offset);
    if (this.#wantsLayers) this.#layers.set(protocol, (this.#layers.get(protocol) ?? 0) + 1);
    this.#isOpen = this.#owners === null || this.#owners.has(protocol);
    const slot = this.#byProtocol.get(protocol);
    if (slot === undefined || slot.count >= MAX_VALUES) return;
    const p = this.#packet!,
      end = offset + length;
    if (slot.wantsLayers) slot.layers[slot.count] = this.#layers.get(protocol) ?? 1;
    // A header's protocol reaches over what it carries: up to where its dissector may read.
    const carried = protocol.stream === undefined && p.pendingEnd >= end && p.pendingEnd <= p.bytes.length ? p.pendingEnd : end;
    // Wireshark's own TCP item never ends: slices and len() reach into its payload too.
    slot.pushRange(p.bytes, offset, protocol === tcp ? carried : end, carried);
  }

  add(field: Field, offset: number, length: number, value?: FieldValue): void {
    this.#guard?.see(this.#packet!, field, offset, length, value);
    if (!this.#isOpen) return;
    const slots = this.#byField.get(field);
    if (slots === undefined) return;
    for (let i = 0; i < slots.length; i++) this.#fill(slots[i]!, field, offset, length, value);
  }

  #fill(slot: Slot, field: Field, offset: number, length: number, value: FieldValue | undefined): void {
    if (slot.count >= MAX_VALUES) return;
    const { bytes } = this.#packet!,
      { entry } = slot;
    if (slot.wantsLayers) slot.layers[slot.count] = this.#layers.get(entry.protocol) ?? 1;
    slot.widths[slot.count] = length;
    switch (entry.kind) {
      case 'bytes':
      case 'ipv6':
      case 'protocol':
        if (value instanceof Uint8Array) slot.pushRange(value, 0, value.length, value.length);
        else slot.pushRange(bytes, offset, offset + length, offset + length);
        return;
      case 'ether':
        slot.push(value instanceof Uint8Array ? readUnsigned(value, 0, 6) : readUnsigned(bytes, offset, 6));
        return;
      case 'ipv4':
        slot.push(typeof value === 'number' ? value >>> 0 : readUnsigned(bytes, offset, 4));
        return;
      case 'string':
        slot.push(this.#text(field, offset, length, value));
        return;
      case 'duration':
        slot.push(Math.round(Number(value ?? readValue(field, bytes, offset, length)) * 1e9));
        return;
      case 'time':
        slot.push(toBigint(value ?? readValue(field, bytes, offset, length)));
        return;
      case 'number': {
        const read =
          value ??
          (field.type === 'uint' || field.type === 'boolean' ? readUnsigned(bytes, offset, length) : readValue(field, bytes, offset, length));
        slot.push(field.type === 'boolean' ? (Number(read) === 0 ? 0 : 1) : typeof read === 'bigint' ? read : Number(read));
        return;
      }
      case 'none':
        slot.push(1);
    }
  }

  /** Text of a string field, or of an address asked for as text (`ip.host`). */
  #text(field: Field, offset: number, length: number, value: FieldValue | undefined): string {
    const { bytes } = this.#packet!;
    if (field.type === 'ipv4') return formatIpv4(typeof value === 'number' ? value : readUnsigned(bytes, offset, 4));
    if (field.type === 'ipv6') return value instanceof Uint8Array ? formatIpv6(value, 0) : formatIpv6(bytes, offset);
    return String(value ?? readValue(field, bytes, offset, length));
  }

  reopen(protocol: Dissector): void {
    this.#isOpen = this.#owners === null || this.#owners.has(protocol);
  }

  open(): void {
    /* values count, not where they are */
  }
  close(): void {
    /* values count, not where they are */
  }
  info(): void {
    /* not asked for */
  }
  note(): void {
    /* not asked for */
  }

  /** Whether the frame that was just walked matches. */
  matches(context: FrameContext): boolean {
    const p = this.#packet!;
    for (let i = 0; i < this.#columns.length; i++) {
      const { fill, slot } = this.#columns[i]!;
      fill(p, slot, context);
    }
    for (let i = 0; i < this.#presence.length; i++) {
      const { slot, known } = this.#presence[i]!,
        { path } = p;
      let has = known[path] ?? UNKNOWN;
      if (has === UNKNOWN) known[path] = has = p.tables.paths.protocolsOf(path).includes(slot.entry.protocol) ? YES : NO;
      slot.count = has === YES ? 1 : 0;
    }
    this.#guard?.hide(p, this.#slots);
    const matched = this.#predicate();
    if (matched) this.#onMatch?.();
    for (let i = 0; i < this.#slots.length; i++) this.#slots[i]!.count = 0;
    if (this.#wantsLayers) this.#layers.clear();
    return matched;
  }
}
