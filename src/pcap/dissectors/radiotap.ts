/** Headers that capture drivers put before 802.11 frames: radiotap (radiotap.org), PPI, Prism and AVS. Signal and channel, and whether a checksum follows the frame. */
import { defineFields, type Dissector, type FieldSink } from '../dissector.ts';
import type { Packet } from '../packet.ts';
import { findByte } from '../text.ts';

const f = defineFields({
  version: { name: 'radiotap.version', label: 'Header revision', type: 'uint' },
  length: { name: 'radiotap.length', label: 'Header length', type: 'uint' },
  present: { name: 'radiotap.present.word', label: 'Present flags word', type: 'uint', base: 'hex' },
  flags: { name: 'radiotap.flags', label: 'Flags', type: 'uint', base: 'hex' },
  rate: { name: 'radiotap.datarate', label: 'Data Rate', type: 'float', unit: 'Mb/s' },
  frequency: { name: 'radiotap.channel.freq', label: 'Channel frequency', type: 'uint', unit: 'MHz' },
  signal: { name: 'radiotap.dbm_antsignal', label: 'Antenna signal', type: 'int', unit: 'dBm' },
  noise: { name: 'radiotap.dbm_antnoise', label: 'Antenna noise', type: 'int', unit: 'dBm' },
});

const HEADER = 8,
  MORE_WORDS = 0x80000000,
  FLAG_FCS = 0x10;
/** Bits of the present word, in the order of their values. */
const TSFT = 1,
  FLAGS = 2,
  RATE = 4,
  CHANNEL = 8,
  FHSS = 16,
  SIGNAL = 32,
  NOISE = 64;

export const radiotap: Dissector = {
  id: 'radiotap',
  name: 'IEEE 802.11 Radiotap Capture header',
  fields: f,
  on: [{ table: 'linktype', value: 127 }],
  dissect(p, offset, end, sink) {
    if (!p.has(HEADER, offset, end)) return;
    const view = p.view,
      length = view.getUint16(offset + 2, true);
    if (length < HEADER) {
      p.malformed(`radiotap header of ${length} bytes`, offset, end);
      return;
    }
    if (!p.has(length, offset, end)) return;
    if (sink !== null) {
      sink.layer(radiotap, offset, length);
      sink.add(f.version, offset, 1);
      sink.add(f.length, offset + 2, 2, length);
    }
    const payload = offset + length;
    carryWlan(p, payload, end, (readFields(p, offset, payload, sink) & FLAG_FCS) !== 0);
  },
};

/** Hands on the frame, without its checksum if it has one. */
function carryWlan(p: Packet, offset: number, end: number, hasFcs: boolean): void {
  if (hasFcs && p.wireEnd - offset >= 4) p.wireEnd -= 4;
  p.nextById('wlan', offset, Math.min(end, p.wireEnd));
}

/** Reads the first values, each at a multiple of its size; returns the flags. */
function readFields(p: Packet, offset: number, end: number, sink: FieldSink | null): number {
  const view = p.view,
    present = view.getUint32(offset + 4, true);
  let at = offset + 4;
  for (let more = true; more && at + 4 <= end; at += 4) {
    const word = view.getUint32(at, true);
    more = (word & MORE_WORDS) !== 0;
    sink?.add(f.present, at, 4, word);
  }
  if ((present & TSFT) !== 0) at = offset + ((at - offset + 7) & ~7) + 8;
  let flags = 0;
  if ((present & FLAGS) !== 0 && at < end) {
    flags = view.getUint8(at);
    sink?.add(f.flags, at, 1);
    at += 1;
  }
  if (sink === null) return flags;
  if ((present & RATE) !== 0 && at < end) {
    sink.add(f.rate, at, 1, view.getUint8(at) / 2);
    at += 1;
  }
  if ((present & CHANNEL) !== 0) {
    at = offset + ((at - offset + 1) & ~1);
    if (at + 4 <= end) sink.add(f.frequency, at, 2, view.getUint16(at, true));
    at += 4;
  }
  if ((present & FHSS) !== 0) at += 2;
  if ((present & SIGNAL) !== 0 && at < end) sink.add(f.signal, at, 1, view.getInt8(at++));
  if ((present & NOISE) !== 0 && at < end) sink.add(f.noise, at, 1, view.getInt8(at));
  return flags;
}

const ppiFields = defineFields({
  version: { name: 'ppi.version', label: 'Version', type: 'uint' },
  length: { name: 'ppi.length', label: 'Header length', type: 'uint' },
  linkType: { name: 'ppi.dlt', label: 'DLT', type: 'uint' },
});

const PPI_COMMON = 2,
  PPI_COMMON_LENGTH = 20,
  LINKTYPE_WLAN = 105;

/** Per-Packet Information, CACE Technologies. */
export const ppi: Dissector = {
  id: 'ppi',
  name: 'PPI Packet Header',
  fields: ppiFields,
  on: [{ table: 'linktype', value: 192 }],
  dissect(p, offset, end, sink) {
    if (!p.has(HEADER, offset, end)) return;
    const view = p.view,
      length = view.getUint16(offset + 2, true),
      linkType = view.getUint32(offset + 4, true);
    if (length < HEADER) {
      p.malformed(`PPI header of ${length} bytes`, offset, end);
      return;
    }
    if (!p.has(length, offset, end)) return;
    if (sink !== null) {
      sink.layer(ppi, offset, length);
      sink.add(ppiFields.version, offset, 1);
      sink.add(ppiFields.length, offset + 2, 2, length);
      sink.add(ppiFields.linkType, offset + 4, 4, linkType);
    }
    const payload = offset + length;
    if (linkType === LINKTYPE_WLAN) carryWlan(p, payload, end, ppiHasFcs(p, offset + HEADER, payload));
    else p.carryData(payload, end);
  },
};

/** The field "802.11-Common" says in its flags whether a checksum follows. */
function ppiHasFcs(p: Packet, offset: number, end: number): boolean {
  for (let at = offset; at + 4 <= end; at += 4 + p.view.getUint16(at + 2, true)) {
    if (p.view.getUint16(at, true) === PPI_COMMON && at + 4 + PPI_COMMON_LENGTH <= end) return (p.view.getUint16(at + 12, true) & 1) !== 0;
  }
  return false;
}

const prismFields = defineFields({
  messageLength: { name: 'prism.msglen', label: 'Message Length', type: 'uint' },
  device: { name: 'prism.devname', label: 'Device', type: 'string' },
});

const PRISM_LENGTH = 144,
  AVS_COOKIE = 0x80211000,
  AVS_LENGTH_AT = 4;

/** Prism II driver header; the same link type also carries AVS headers. */
export const prism: Dissector = {
  id: 'prism',
  name: 'Prism capture header',
  fields: prismFields,
  on: [{ table: 'linktype', value: 119 }],
  dissect(p, offset, end, sink) {
    if (!p.has(HEADER, offset, end)) return;
    if ((p.view.getUint32(offset) & 0xfffff000) >>> 0 === AVS_COOKIE) {
      p.nextById('wlancap', offset, end);
      return;
    }
    if (!p.has(PRISM_LENGTH, offset, end)) return;
    if (sink !== null) {
      sink.layer(prism, offset, PRISM_LENGTH);
      sink.add(prismFields.messageLength, offset + 4, 4, p.view.getUint32(offset + 4, true));
      sink.add(prismFields.device, offset + 8, findByte(p.bytes, 0, offset + 8, offset + 24) - offset - 8);
    }
    p.nextById('wlan', offset + PRISM_LENGTH, end);
  },
};

const avsFields = defineFields({
  length: { name: 'wlancap.length', label: 'Header length', type: 'uint' },
});

export const avs: Dissector = {
  id: 'wlancap',
  name: 'AVS WLAN Capture header',
  fields: avsFields,
  on: [{ table: 'linktype', value: 163 }],
  dissect(p, offset, end, sink) {
    if (!p.has(HEADER, offset, end)) return;
    const length = p.view.getUint32(offset + AVS_LENGTH_AT);
    if (length < HEADER) {
      p.malformed(`AVS header of ${length} bytes`, offset, end);
      return;
    }
    if (!p.has(length, offset, end)) return;
    if (sink !== null) {
      sink.layer(avs, offset, length);
      sink.add(avsFields.length, offset + AVS_LENGTH_AT, 4);
    }
    p.nextById('wlan', offset + length, end);
  },
};
