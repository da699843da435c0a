/** What resource records hold: as fields for the details, and as one line of text for lists and messages. */
import { formatIpv4, formatIpv6 } from '../addresses.ts';
import type { Field, FieldSink } from '../dissector.ts';
import type { Packet } from '../packet.ts';
import { textAt } from '../text.ts';
import { dataFields as f, recordFields } from './fields.ts';
import { nameAt, skipName } from './names.ts';
import * as T from './recordTypes.ts';

/** Types of one name that are told. */
const MOST_TYPES = 500;
/** Longest text of one record. */
const MAX_DATA_TEXT = 512;

/** Adds the fields of the data `[at, end)` of a record in the message that begins at `start`. */
export function describeData(p: Packet, start: number, type: number, at: number, end: number, sink: FieldSink): void {
  const length = end - at,
    name = NAME_FIELDS[type];
  if (name !== undefined) sink.add(name, at, length, nameAt(p.bytes, start, at, end));
  else if (type === T.TYPE_A && length === 4) sink.add(f.a, at, 4);
  else if (type === T.TYPE_AAAA && length === 16) sink.add(f.aaaa, at, 16);
  else if (type === T.TYPE_TXT || type === T.TYPE_SPF) describeStrings(p, at, end, type === T.TYPE_TXT ? f.txt : f.spf, sink);
  else if (type === T.TYPE_MX && length >= 3) {
    sink.add(f.mxPreference, at, 2);
    sink.add(f.mxExchange, at + 2, length - 2, nameAt(p.bytes, start, at + 2, end));
  } else if (type === T.TYPE_SRV && length >= 7) {
    sink.add(f.srvPriority, at, 2);
    sink.add(f.srvWeight, at + 2, 2);
    sink.add(f.srvPort, at + 4, 2);
    sink.add(f.srvTarget, at + 6, length - 6, nameAt(p.bytes, start, at + 6, end));
  } else if (type === T.TYPE_SOA) describeSoa(p, start, at, end, sink);
  else if (type === T.TYPE_SVCB || type === T.TYPE_HTTPS) describeService(p, start, at, end, sink);
  else if (type === T.TYPE_OPT) describeOptions(p, at, end, sink);
  else if (type === T.TYPE_NULL) sink.add(f.null, at, length);
  else if (type === T.TYPE_CAA && length >= 2) {
    const tag = at + 2,
      tagEnd = Math.min(end, tag + p.view.getUint8(at + 1));
    sink.add(f.caaFlags, at, 1);
    sink.add(f.caaTag, tag, tagEnd - tag);
    sink.add(f.caaValue, tagEnd, end - tagEnd);
  } else if (!describeSecurity(p, start, type, at, end, sink)) sink.add(f.data, at, length);
}

const NAME_FIELDS: Readonly<Record<number, Field>> = { [T.TYPE_NS]: f.ns, [T.TYPE_CNAME]: f.cname, [T.TYPE_PTR]: f.ptr, [T.TYPE_DNAME]: f.dname };

/** The types that a name has, RFC 4034 section 4.1.2: blocks of a number, a length and a bit for each type, the highest first. */
function describeTypes(bytes: Uint8Array, from: number, end: number, sink: FieldSink): void {
  let left = MOST_TYPES;
  for (let at = from; at + 2 <= end;) {
    const to = Math.min(end, at + 2 + bytes[at + 1]!);
    for (let byte = at + 2; byte < to; byte++)
      for (let bit = 0; bit < 8; bit++)
        if ((bytes[byte]! & (0x80 >> bit)) !== 0 && left-- > 0) sink.add(recordFields.type, byte, 1, bytes[at]! * 256 + (byte - at - 2) * 8 + bit);
    at = to;
  }
}

/** Keys, signatures and fingerprints; false if the type is none of them. */
function describeSecurity(p: Packet, start: number, type: number, at: number, end: number, sink: FieldSink): boolean {
  const length = end - at;
  if ((type === T.TYPE_DS || type === T.TYPE_CDS) && length >= 4) {
    sink.add(f.dsKeyId, at, 2);
    sink.add(f.dsAlgorithm, at + 2, 1);
    sink.add(f.dsDigestType, at + 3, 1);
    sink.add(f.dsDigest, at + 4, length - 4);
  } else if ((type === T.TYPE_DNSKEY || type === T.TYPE_CDNSKEY) && length >= 4) {
    sink.add(f.keyFlags, at, 2);
    sink.add(f.keyProtocol, at + 2, 1);
    sink.add(f.keyAlgorithm, at + 3, 1);
    sink.add(f.keyPublic, at + 4, length - 4);
  } else if (type === T.TYPE_RRSIG && length >= 19) {
    sink.add(f.rrsigType, at, 2);
    sink.add(f.rrsigAlgorithm, at + 2, 1);
    sink.add(f.rrsigLabels, at + 3, 1);
    sink.add(f.rrsigOriginalTtl, at + 4, 4);
    sink.add(f.rrsigKeyTag, at + 16, 2);
    const after = skipName(p.bytes, at + 18, end);
    sink.add(f.rrsigSigner, at + 18, Math.max(0, after - at - 18), nameAt(p.bytes, start, at + 18, end));
    if (after >= 0) sink.add(f.rrsigSignature, after, end - after);
  } else if (type === T.TYPE_NSEC) {
    const behind = skipName(p.bytes, at, end);
    sink.add(f.nsecNext, at, behind < 0 ? length : behind - at, nameAt(p.bytes, start, at, end));
    if (behind >= 0) describeTypes(p.bytes, behind, end, sink);
  } else if (type === T.TYPE_SSHFP && length >= 2) {
    sink.add(f.sshfpAlgorithm, at, 1);
    sink.add(f.sshfpType, at + 1, 1);
    sink.add(f.sshfpFingerprint, at + 2, length - 2);
  } else if (type === T.TYPE_TLSA && length >= 3) {
    sink.add(f.tlsaUsage, at, 1);
    sink.add(f.tlsaSelector, at + 1, 1);
    sink.add(f.tlsaMatching, at + 2, 1);
  } else if (type === T.TYPE_NAPTR && length >= 4) {
    sink.add(f.naptrOrder, at, 2);
    sink.add(f.naptrPreference, at + 2, 2);
  } else if (type === T.TYPE_HINFO && length >= 2) {
    const cpuEnd = Math.min(end, at + 1 + p.view.getUint8(at));
    sink.add(f.hinfoCpu, at + 1, cpuEnd - at - 1);
    if (cpuEnd + 1 < end) sink.add(f.hinfoOs, cpuEnd + 1, end - cpuEnd - 1);
  } else return false;
  return true;
}

function describeStrings(p: Packet, from: number, end: number, field: Field, sink: FieldSink): void {
  for (let at = from; at < end;) {
    const length = Math.min(p.view.getUint8(at), end - at - 1);
    sink.add(f.txtLength, at, 1);
    if (length > 0) sink.add(field, at + 1, length);
    at += 1 + length;
  }
}

function describeSoa(p: Packet, start: number, at: number, end: number, sink: FieldSink): void {
  const mailbox = skipName(p.bytes, at, end),
    numbers = mailbox < 0 ? -1 : skipName(p.bytes, mailbox, end);
  if (mailbox < 0 || numbers < 0) return;
  sink.add(f.soaServer, at, mailbox - at, nameAt(p.bytes, start, at, end));
  sink.add(f.soaMailbox, mailbox, numbers - mailbox, nameAt(p.bytes, start, mailbox, end));
  if (end - numbers < 20) return;
  [f.soaSerial, f.soaRefresh, f.soaRetry, f.soaExpire, f.soaMinimum].forEach((field, i) => sink.add(field, numbers + i * 4, 4));
}

const ALPN = 1,
  PORT = 3,
  IPV4_HINT = 4,
  IPV6_HINT = 6;

/** SVCB and HTTPS, RFC 9460. */
function describeService(p: Packet, start: number, from: number, end: number, sink: FieldSink): void {
  const params = end - from >= 3 ? skipName(p.bytes, from + 2, end) : -1;
  if (params < 0) return;
  sink.add(f.svcPriority, from, 2);
  sink.add(f.svcTarget, from + 2, params - from - 2, nameAt(p.bytes, start, from + 2, end));
  for (let at = params; at + 4 <= end;) {
    const key = p.view.getUint16(at),
      length = p.view.getUint16(at + 2),
      value = at + 4,
      to = value + length;
    if (to > end) return;
    sink.add(f.svcKey, at, 2);
    sink.open();
    if (key === ALPN)
      for (let word = value; word < to; word += 1 + p.view.getUint8(word))
        sink.add(f.svcAlpn, word + 1, Math.min(p.view.getUint8(word), to - word - 1));
    else if (key === PORT && length === 2) sink.add(f.svcPort, value, 2);
    else if (key === IPV4_HINT) for (let ip = value; ip + 4 <= to; ip += 4) sink.add(f.svcIpv4, ip, 4);
    else if (key === IPV6_HINT) for (let ip = value; ip + 16 <= to; ip += 16) sink.add(f.svcIpv6, ip, 16);
    else sink.add(f.svcValue, value, length);
    sink.close();
    at = to;
  }
}

const CLIENT_SUBNET = 8,
  EXTENDED_ERROR = 15;

/** EDNS options, RFC 6891 section 6.1.2. */
function describeOptions(p: Packet, from: number, end: number, sink: FieldSink): void {
  for (let at = from; at + 4 <= end;) {
    const code = p.view.getUint16(at),
      length = p.view.getUint16(at + 2),
      value = at + 4;
    if (value + length > end) return;
    sink.add(f.optCode, at, 2);
    sink.open();
    sink.add(f.optLength, at + 2, 2);
    sink.add(f.optData, value, length);
    if (code === CLIENT_SUBNET && length === 8 && p.view.getUint16(value) === 1) sink.add(f.optClient, value + 4, 4);
    else if (code === EXTENDED_ERROR && length >= 2) {
      sink.add(f.optErrorCode, value, 2);
      if (length > 2) sink.add(f.optErrorText, value + 2, length - 2);
    }
    sink.close();
    at = value + length;
  }
}

/** The data of a record as one line: an address, a name, text; `3 bytes` of what is neither. */
export function dataText(p: Packet, start: number, type: number, at: number, end: number): string {
  const length = end - at,
    { bytes, view } = p;
  if (type === T.TYPE_A && length === 4) return formatIpv4(view.getInt32(at));
  if (type === T.TYPE_AAAA && length === 16) return formatIpv6(bytes, at);
  if (NAME_FIELDS[type] !== undefined) return nameAt(bytes, start, at, end);
  if (type === T.TYPE_TXT || type === T.TYPE_SPF) return stringsText(p, at, end);
  if (type === T.TYPE_MX && length >= 3) return `${view.getUint16(at)} ${nameAt(bytes, start, at + 2, end)}`;
  if (type === T.TYPE_SRV && length >= 7)
    return `${view.getUint16(at)} ${view.getUint16(at + 2)} ${view.getUint16(at + 4)} ${nameAt(bytes, start, at + 6, end)}`;
  if (type === T.TYPE_SOA) return nameAt(bytes, start, at, end);
  if ((type === T.TYPE_SVCB || type === T.TYPE_HTTPS) && length >= 3) return `${view.getUint16(at)} ${nameAt(bytes, start, at + 2, end)}`;
  return `${length} bytes`;
}

function stringsText(p: Packet, from: number, end: number): string {
  let text = '';
  for (let at = from; at < end && text.length < MAX_DATA_TEXT;) {
    const length = Math.min(p.view.getUint8(at), end - at - 1);
    text += textAt(p.bytes, at + 1, at + 1 + length, MAX_DATA_TEXT);
    at += 1 + length;
  }
  return text;
}
