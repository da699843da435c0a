/** The values of named fields, frame by frame, as `tshark -T fields` has them: what the display filter compares, as text. One pass, nothing is kept. */
import type { ByteSource } from '../pcap/byteSource.ts';
import type { CaptureFormat } from '../pcap/captureFormat.ts';
import type { Dissector, Field, FieldSink, FieldValue } from '../pcap/dissector.ts';
import { FieldTree } from '../pcap/fieldTree.ts';
import { formatSeconds, hexBytes } from '../pcap/fieldValue.ts';
import { frameFields } from '../pcap/frameFields.ts';
import type { Packet } from '../pcap/packet.ts';
import { formatAbsoluteTime, formatEpochSeconds } from '../pcap/timeText.ts';
import type { CatalogEntry } from './displayFilter/catalog.ts';
import type { Slot } from './displayFilter/slots.ts';
import { nearestNames } from './displayFilter/suggestion.ts';
import { asText, ByteRange, toText, type Value } from './displayFilter/values.ts';
import { filterCatalog, knownFilter, walkMatches, type SelectOptions, type WalkEnd, type Witness } from './filtering.ts';
import { HIDDEN, hideSecrets, isAnyPayload, isSecretField, lettersOf, secretsOf } from './hideSecrets.ts';

export interface FieldsRow {
  readonly frame: number;
  /** Of each field that was asked for, in that order: all its values in this frame, in the order in which the frame says them. */
  readonly values: readonly (readonly string[])[];
}

export type WantedFields =
  | { readonly ok: true; readonly entries: readonly CatalogEntry[] }
  /** One sentence. */
  | { readonly ok: false; readonly message: string };

const MOST_NEAR = 3,
  /** Of one value; what is longer ends in an ellipsis. */
  MOST_CHARACTERS = 65_536;

/** Fields and protocols by Wireshark's names, as the display filter knows them. */
export function wantedFields(names: readonly string[]): WantedFields {
  const catalog = filterCatalog(),
    entries: CatalogEntry[] = [];
  for (const name of names) {
    const entry = catalog.find(name);
    if (entry === undefined) {
      const near = nearestNames(name, catalog, MOST_NEAR),
        hint = near.length === 0 ? '' : `; near to it ${near.length === 1 ? 'is' : 'are'} ${near.join(', ').replace(/, (?=[^,]*$)/, ' and ')}`;
      return { ok: false, message: `${JSON.stringify(name.slice(0, 100))} is neither a field nor a protocol name${hint}.` };
    }
    entries.push(entry);
  }
  return { ok: true, entries };
}

export interface ReadFieldsOptions extends SelectOptions {
  /** A display filter that is known to be one; empty for all frames. */
  readonly filter: string;
  readonly fields: readonly CatalogEntry[];
  /** Passwords and tokens as they are; hidden otherwise. */
  readonly showSecrets: boolean;
  /** Awaited between blocks of the file: whoever takes rows away does it here. */
  readonly pace: () => Promise<void>;
}

/** Calls `onRow` for each frame that passes, in order, until the end or until aborted. */
export async function readFields(
  source: ByteSource,
  format: CaptureFormat,
  { filter, showSecrets, ...options }: ReadFieldsOptions,
  onRow: (row: FieldsRow) => void,
): Promise<WalkEnd> {
  const witness = !showSecrets && options.fields.some(mayBeSecret) ? new WholeFrame() : null;
  return walkMatches(source, format, knownFilter(filter), { ...options, witness }, (p, slots) => {
    const texts = slots.map(textsOf),
      holdsSecrets = witness !== null && slots.some(({ count, entry }) => count > 0 && mayBeSecret(entry));
    onRow({ frame: p.frame, values: holdsSecrets ? withoutSecrets(slots, texts, witness.secrets(p)) : texts });
  });
}

/** Whether values of a field can be added up and compared: numbers, and lengths of time. */
export function isMeasured({ kind }: CatalogEntry): boolean {
  return kind === 'number' || kind === 'duration';
}

/** What `isMeasured` as a number; lengths of time in seconds, NaN for what is none. */
export function numberOf({ entry, items }: Slot, i: number): number {
  const value = items[i];
  if (typeof value !== 'number' && typeof value !== 'bigint') return NaN;
  // Whole nanoseconds.
  return entry.kind === 'duration' ? Number(value) / 1e9 : Number(value);
}

function mayBeSecret({ kind }: CatalogEntry): boolean {
  return kind === 'string' || kind === 'bytes';
}

function textsOf(slot: Slot): string[] {
  const texts: string[] = [];
  for (let i = 0; i < slot.count; i++) texts.push(textOf(slot, i));
  return texts;
}

function textOf(slot: Slot, i: number): string {
  const { entry, items, widths } = slot;
  const value = items[i]!;
  switch (entry.kind) {
    case 'protocol':
      return entry.label;
    case 'none':
      return '1';
    case 'string':
      return clip(asText(value));
    case 'bytes':
      return hexOf(value);
    case 'duration':
      return formatSeconds(numberOf(slot, i));
    case 'time':
      return entry.name === frameFields.timeEpoch.name ? formatEpochSeconds(value as bigint) : formatAbsoluteTime(value as bigint);
    case 'number':
      return entry.fields[0]?.base === 'hex' && (typeof value === 'number' || typeof value === 'bigint')
        ? `0x${value.toString(16).padStart(2 * Math.max(1, widths[i] ?? 1), '0')}`
        : (toText(value, 'number') ?? '');
    case 'ether':
    case 'ipv4':
    case 'ipv6':
      return toText(value, entry.kind) ?? '';
  }
}

function hexOf(value: Value): string {
  if (!(value instanceof ByteRange)) return '';
  const { bytes, start, end } = value,
    most = start + MOST_CHARACTERS / 2;
  return `${hexBytes(bytes.subarray(start, Math.min(end, most)), '')}${end > most ? '…' : ''}`;
}

function clip(text: string): string {
  return text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS)}…` : text;
}

function withoutSecrets(slots: readonly Slot[], texts: readonly (readonly string[])[], known: ReadonlySet<string>): readonly (readonly string[])[] {
  return slots.map(({ entry, items }, field) => {
    const of = texts[field]!;
    if (!mayBeSecret(entry)) return of;
    return of.map((text, i) => {
      const value = items[i];
      if (value instanceof ByteRange) {
        // A secret is not always there in letters: HTTP/2 packs them.
        if (isAnyPayload(entry.name) && known.size > 0) return text === '' ? '' : HIDDEN;
        const { bytes, start, end } = value,
          said = lettersOf(bytes.subarray(start, Math.min(end, start + MOST_CHARACTERS / 2)));
        return hideSecrets(said, known) === said && (!isSecretField(entry.name) || isAnyPayload(entry.name)) ? text : HIDDEN;
      }
      return isSecretField(entry.name) && !isAnyPayload(entry.name) && text !== '' ? HIDDEN : hideSecrets(text, known);
    });
  });
}

/** All that a frame says, beside what was asked for: which of it is secret is known by other fields. */
class WholeFrame implements FieldSink, Witness {
  readonly wantsText = true;
  #tree: FieldTree | null = null;
  #other: FieldSink | null = null;

  readonly takes = (): boolean => true;

  get wantsRelated(): boolean {
    return this.#other?.wantsRelated ?? false;
  }

  readonly wantsCostly = (wanted: Field | Dissector): boolean => this.#other?.wantsCostly?.(wanted) === true;

  beside(other: FieldSink | null): this {
    this.#other = other;
    return this;
  }

  /** Of the next frame. */
  begin(p: Packet): void {
    this.#tree = new FieldTree(p);
  }

  secrets(p: Packet): ReadonlySet<string> {
    const tree = this.#tree;
    if (tree === null) return new Set();
    return secretsOf({
      row: { info: tree.infoText },
      tree: tree.nodes,
      sources: [{ bytes: p.frameBytes.subarray(p.start, p.end) }, ...p.sources],
    });
  }

  layer(protocol: Dissector, offset: number, length: number, text?: string): void {
    this.#tree?.layer(protocol, offset, length, text);
    this.#other?.layer(protocol, offset, length, text);
  }

  add(field: Field, offset: number, length: number, value?: FieldValue, text?: string): void {
    this.#tree?.add(field, offset, length, value, text);
    this.#other?.add(field, offset, length, value, text);
  }

  reopen(protocol: Dissector): void {
    this.#tree?.reopen(protocol);
    this.#other?.reopen(protocol);
  }

  open(): void {
    this.#tree?.open();
    this.#other?.open();
  }

  close(): void {
    this.#tree?.close();
    this.#other?.close();
  }

  info(protocol: string, text: string): void {
    this.#tree?.info(protocol, text);
    this.#other?.info(protocol, text);
  }

  note(severity: 'note' | 'warning' | 'error', text: string, offset: number, length: number): void {
    this.#tree?.note(severity, text, offset, length);
    this.#other?.note(severity, text, offset, length);
  }
}
