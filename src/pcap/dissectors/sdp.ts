/** Session Description Protocol, RFC 8866: which media a call or a broadcast has, and where they go. RTP is known by what is said here. */
import { parseIpv4, parseIpv6 } from '../addressText.ts';
import { defineFields, type Dissector, type Field, type FieldSink } from '../dissector.ts';
import type { Packet } from '../packet.ts';
import { RTP_PAYLOADS } from '../rtpPayloads.ts';
import { afterLine, decimalAt, findByte, lineTextEnd, skipBlanks, SPACE, textAt } from '../text.ts';

const f = defineFields({
  version: { name: 'sdp.version', label: 'Session Description Protocol Version (v)', type: 'string' },
  owner: { name: 'sdp.owner', label: 'Owner/Creator, Session Id (o)', type: 'string' },
  ownerName: { name: 'sdp.owner.username', label: 'Owner Username', type: 'string' },
  ownerSession: { name: 'sdp.owner.sessionid', label: 'Session ID', type: 'string' },
  ownerVersion: { name: 'sdp.owner.version', label: 'Session Version', type: 'string' },
  ownerNetwork: { name: 'sdp.owner.network_type', label: 'Owner Network Type', type: 'string' },
  ownerAddressType: { name: 'sdp.owner.address_type', label: 'Owner Address Type', type: 'string' },
  ownerAddress: { name: 'sdp.owner.address', label: 'Owner Address', type: 'string' },
  sessionName: { name: 'sdp.session_name', label: 'Session Name (s)', type: 'string' },
  sessionInfo: { name: 'sdp.session_info', label: 'Session Information (i)', type: 'string' },
  uri: { name: 'sdp.uri', label: 'URI of Description (u)', type: 'string' },
  email: { name: 'sdp.email', label: 'E-mail Address (e)', type: 'string' },
  phone: { name: 'sdp.phone', label: 'Phone Number (p)', type: 'string' },
  connection: { name: 'sdp.connection_info', label: 'Connection Information (c)', type: 'string' },
  connectionNetwork: { name: 'sdp.connection_info.network_type', label: 'Connection Network Type', type: 'string' },
  connectionAddressType: { name: 'sdp.connection_info.address_type', label: 'Connection Address Type', type: 'string' },
  connectionAddress: { name: 'sdp.connection_info.address', label: 'Connection Address', type: 'string' },
  connectionTtl: { name: 'sdp.connection_info.ttl', label: 'Connection TTL', type: 'string' },
  connectionCount: { name: 'sdp.connection_info.num_addr', label: 'Connection Number of Addresses', type: 'string' },
  bandwidth: { name: 'sdp.bandwidth', label: 'Bandwidth Information (b)', type: 'string' },
  bandwidthModifier: { name: 'sdp.bandwidth.modifier', label: 'Bandwidth Modifier', type: 'string' },
  bandwidthValue: { name: 'sdp.bandwidth.value', label: 'Bandwidth Value', type: 'string' },
  time: { name: 'sdp.time', label: 'Time Description, active time (t)', type: 'string' },
  timeStart: { name: 'sdp.time.start', label: 'Session Start Time', type: 'string' },
  timeStop: { name: 'sdp.time.stop', label: 'Session Stop Time', type: 'string' },
  repeat: { name: 'sdp.repeat_time', label: 'Repeat Time (r)', type: 'string' },
  timezone: { name: 'sdp.timezone', label: 'Time Zone Adjustments (z)', type: 'string' },
  key: { name: 'sdp.encryption_key', label: 'Encryption Key (k)', type: 'string' },
  sessionAttribute: { name: 'sdp.session_attr', label: 'Session Attribute (a)', type: 'string' },
  sessionAttributeField: { name: 'sdp.session_attr.field', label: 'Session Attribute Fieldname', type: 'string' },
  sessionAttributeValue: { name: 'sdp.session_attr.value', label: 'Session Attribute Value', type: 'string' },
  media: { name: 'sdp.media', label: 'Media Description, name and address (m)', type: 'string' },
  mediaType: { name: 'sdp.media.media', label: 'Media Type', type: 'string' },
  mediaPort: { name: 'sdp.media.port', label: 'Media Port', type: 'uint' },
  mediaPortText: { name: 'sdp.media.port_string', label: 'Media Port', type: 'string' },
  mediaPortCount: { name: 'sdp.media.portcount', label: 'Media Port Count', type: 'string' },
  mediaProtocol: { name: 'sdp.media.proto', label: 'Media Protocol', type: 'string' },
  mediaFormat: { name: 'sdp.media.format', label: 'Media Format', type: 'string' },
  mediaTitle: { name: 'sdp.media_title', label: 'Media Title (i)', type: 'string' },
  mediaAttribute: { name: 'sdp.media_attr', label: 'Media Attribute (a)', type: 'string' },
  mediaAttributeField: { name: 'sdp.media_attribute.field', label: 'Media Attribute Fieldname', type: 'string' },
  mediaAttributeValue: { name: 'sdp.media_attribute.value', label: 'Media Attribute Value', type: 'string' },
  mimeType: { name: 'sdp.mime.type', label: 'MIME Type', type: 'string' },
  sampleRate: { name: 'sdp.sample_rate', label: 'Sample Rate', type: 'string' },
  formatParameter: { name: 'sdp.fmtp.parameter', label: 'Media format specific parameters', type: 'string' },
  cryptoTag: { name: 'sdp.crypto.tag', label: 'tag', type: 'uint' },
  cryptoSuite: { name: 'sdp.crypto.crypto_suite', label: 'Crypto suite', type: 'string' },
  candidateFoundation: { name: 'sdp.ice_candidate.foundation', label: 'Foundation', type: 'string' },
  candidateComponent: { name: 'sdp.ice_candidate.componentid', label: 'Component ID', type: 'string' },
  candidateTransport: { name: 'sdp.ice_candidate.transport', label: 'Transport', type: 'string' },
  candidatePriority: { name: 'sdp.ice_candidate.priority', label: 'Priority', type: 'string' },
  candidateAddress: { name: 'sdp.ice_candidate.address', label: 'Connection Address', type: 'string' },
  candidatePort: { name: 'sdp.ice_candidate.port', label: 'Candidate Port', type: 'string' },
  candidateType: { name: 'sdp.ice_candidate.type', label: 'Candidate Type', type: 'string' },
  unknown: { name: 'sdp.unknown', label: 'Unknown', type: 'string' },
  invalid: { name: 'sdp.invalid', label: 'Invalid line', type: 'string' },
});

const EQUALS = 0x3d,
  COLON = 0x3a,
  SLASH = 0x2f,
  SEMICOLON = 0x3b;
/** Descriptions have a handful of media; what an attacker adds is shown, and not learned. */
const MOST_MEDIA = 16,
  MOST_PAYLOADS = 32,
  LONGEST_NAME = 32,
  OWNER = [f.ownerName, f.ownerSession, f.ownerVersion, f.ownerNetwork, f.ownerAddressType, f.ownerAddress],
  CANDIDATE = [f.candidateFoundation, f.candidateComponent, f.candidateTransport, f.candidatePriority, f.candidateAddress, f.candidatePort];

/** Lines that are what they are, before the first media and behind. */
const PLAIN: Readonly<Record<string, Field>> = {
  v: f.version,
  s: f.sessionName,
  u: f.uri,
  e: f.email,
  p: f.phone,
  r: f.repeat,
  z: f.timezone,
  k: f.key,
};

/** What is to be learned of one `m=` and the lines below it. */
interface Media {
  readonly port: number;
  readonly isRtp: boolean;
  readonly isSecure: boolean;
  /** Its own `c=`; null where the one of the session counts. */
  address: string | null;
  /** RFC 3605; 0 for the port behind. */
  rtcpPort: number;
  rtcpAddress: string | null;
  readonly payloads: Map<number, string>;
}

export const sdp: Dissector = {
  id: 'sdp',
  name: 'Session Description Protocol',
  fields: f,
  on: [],
  dissect(p, offset, end, sink) {
    const { bytes } = p;
    sink?.layer(sdp, offset, end - offset);
    const medias: Media[] = [];
    let sessionAddress: string | null = null,
      inMedia = false,
      media: Media | null = null;
    for (let at = offset; at < end;) {
      const found = afterLine(bytes, at, end),
        after = found < 0 ? end : found,
        lineEnd = lineTextEnd(bytes, at, after),
        from = at + 2;
      if (lineEnd - at < 2 || bytes[at + 1] !== EQUALS) {
        if (lineEnd > at) sink?.add(f.invalid, at, lineEnd - at);
      } else {
        const type = String.fromCharCode(bytes[at]!);
        inMedia ||= type === 'm';
        if (type === 'm') {
          media = medias.length < MOST_MEDIA ? mediaOf(bytes, from, lineEnd) : null;
          if (media !== null) medias.push(media);
        } else if (type === 'c' && !inMedia) sessionAddress ??= addressOf(bytes, from, lineEnd);
        else if (type === 'c' && media !== null) media.address ??= addressOf(bytes, from, lineEnd);
        else if (type === 'a' && media !== null) readAttribute(bytes, from, lineEnd, media);
        if (sink !== null) describeLine(bytes, type, at, lineEnd, inMedia, sink);
      }
      at = after;
    }
    for (const each of medias) learn(p, each, sessionAddress);
  },
};

/** The words of `[from, to)`, where each begins and ends. */
function wordsOf(bytes: Uint8Array, from: number, to: number, most: number): (readonly [from: number, to: number])[] {
  const words: (readonly [number, number])[] = [];
  for (let at = skipBlanks(bytes, from, to); at < to && words.length < most;) {
    const end = findByte(bytes, SPACE, at, to);
    words.push([at, end]);
    at = skipBlanks(bytes, end, to);
  }
  return words;
}

/** `audio 49170/2 RTP/AVP 0 96` */
function mediaOf(bytes: Uint8Array, from: number, to: number): Media {
  const [, port = [to, to], protocol = [to, to]] = wordsOf(bytes, from, to, 3),
    name = textAt(bytes, protocol[0], protocol[1], LONGEST_NAME).toUpperCase();
  return {
    port: decimalAt(bytes, port[0], findByte(bytes, SLASH, port[0], port[1])),
    isRtp: /^(?:UDP\/TLS\/)?RTP\/S?AVPF?$/.test(name),
    isSecure: name.includes('SAVP'),
    address: null,
    rtcpPort: 0,
    rtcpAddress: null,
    payloads: new Map(),
  };
}

/** The address of `IN IP4 10.0.0.1/127`, without what follows it. */
function addressOf(bytes: Uint8Array, from: number, to: number): string | null {
  const address = wordsOf(bytes, from, to, 3)[2];
  return address === undefined ? null : textAt(bytes, address[0], findByte(bytes, SLASH, address[0], address[1]));
}

function readAttribute(bytes: Uint8Array, from: number, to: number, media: Media): void {
  const colon = findByte(bytes, COLON, from, to),
    name = textAt(bytes, from, colon, LONGEST_NAME),
    value = Math.min(colon + 1, to);
  if (name === 'rtcp') {
    media.rtcpPort = Math.max(0, decimalAt(bytes, value, findByte(bytes, SPACE, value, to)));
    media.rtcpAddress = addressOf(bytes, findByte(bytes, SPACE, value, to), to);
  } else if (name === 'rtpmap' && media.payloads.size < MOST_PAYLOADS) {
    const space = findByte(bytes, SPACE, value, to),
      encoding = skipBlanks(bytes, space, to),
      type = decimalAt(bytes, value, space);
    if (type >= 0) media.payloads.set(type, textAt(bytes, encoding, findByte(bytes, SLASH, encoding, to), LONGEST_NAME));
  }
}

/** RTCP comes at the port behind (RFC 3550 section 11), if it does not say another. Port 0 refuses the media, and no address holds them. */
function learn(p: Packet, media: Media, sessionAddress: string | null): void {
  const { port, isRtp, isSecure, payloads } = media,
    address = media.address ?? sessionAddress;
  if (!isRtp || p.quoted || address === null || port <= 0 || port > 65_535) return;
  learnEnd(p, address, port, { protocol: 'rtp', isSecure, payloads, method: 'SDP' });
  const rtcpPort = media.rtcpPort > 0 ? media.rtcpPort : port + 1;
  if (rtcpPort !== port && rtcpPort <= 65_535)
    learnEnd(p, media.rtcpAddress ?? address, rtcpPort, { protocol: 'rtcp', isSecure, payloads, method: 'SDP' });
}

function learnEnd(p: Packet, text: string, port: number, end: Parameters<Packet['media']['learn']>[4]): void {
  const ipv4 = parseIpv4(text);
  if (ipv4 !== null) {
    if (ipv4 !== 0) p.media.learn(p.frame, 4, ipv4, port, end);
    return;
  }
  const ipv6 = parseIpv6(text);
  if (ipv6 !== null && ipv6.some((byte) => byte !== 0)) p.media.learn(p.frame, 6, p.ipv6.idOf(new DataView(ipv6.buffer), 0), port, end);
}

/** One line, `type=` at `at`, and what Wireshark takes it apart into. */
function describeLine(bytes: Uint8Array, type: string, at: number, end: number, inMedia: boolean, sink: FieldSink): void {
  const from = at + 2,
    plain = type === 'i' ? (inMedia ? f.mediaTitle : f.sessionInfo) : PLAIN[type];
  const parts = (fields: readonly Field[], words: readonly (readonly [number, number])[]): void =>
    fields.forEach((field, i) => {
      const word = words[i];
      if (word !== undefined) sink.add(field, word[0], word[1] - word[0]);
    });
  const whole = (field: Field): void => {
    sink.add(field, from, end - from);
    sink.open();
  };
  if (plain !== undefined) sink.add(plain, from, end - from);
  else if (type === 'o') {
    whole(f.owner);
    parts(OWNER, wordsOf(bytes, from, end, OWNER.length));
    sink.close();
  } else if (type === 'c') {
    whole(f.connection);
    const words = wordsOf(bytes, from, end, 3),
      address = words[2] === undefined ? [] : splitAt(bytes, SLASH, ...words[2]);
    parts([f.connectionNetwork, f.connectionAddressType], words);
    parts([f.connectionAddress, f.connectionTtl, f.connectionCount], address);
    sink.close();
  } else if (type === 't') {
    whole(f.time);
    parts([f.timeStart, f.timeStop], wordsOf(bytes, from, end, 2));
    sink.close();
  } else if (type === 'b') {
    whole(f.bandwidth);
    parts([f.bandwidthModifier, f.bandwidthValue], splitAt(bytes, COLON, from, end));
    sink.close();
  } else if (type === 'm') describeMedia(bytes, from, end, sink);
  else if (type === 'a') describeAttribute(bytes, from, end, inMedia, sink);
  else sink.add(f.unknown, at, end - at);
}

/** The parts of `[from, to)` between bytes of one kind, at most three. */
function splitAt(bytes: Uint8Array, separator: number, from: number, to: number): (readonly [from: number, to: number])[] {
  const parts: (readonly [number, number])[] = [];
  for (let at = from; at < to && parts.length < 3;) {
    const end = findByte(bytes, separator, at, to);
    parts.push([at, end]);
    at = end + 1;
  }
  return parts;
}

function describeMedia(bytes: Uint8Array, from: number, to: number, sink: FieldSink): void {
  const [type, port, protocol, ...formats] = wordsOf(bytes, from, to, 256);
  sink.add(f.media, from, to - from);
  sink.open();
  if (type !== undefined) sink.add(f.mediaType, type[0], type[1] - type[0]);
  if (port !== undefined) {
    const [number = port, count] = splitAt(bytes, SLASH, ...port),
      value = decimalAt(bytes, ...number);
    sink.add(f.mediaPortText, number[0], number[1] - number[0]);
    if (value >= 0) sink.add(f.mediaPort, number[0], number[1] - number[0], value);
    if (count !== undefined) sink.add(f.mediaPortCount, count[0], count[1] - count[0]);
  }
  if (protocol !== undefined) {
    sink.add(f.mediaProtocol, protocol[0], protocol[1] - protocol[0]);
    const isRtp = textAt(bytes, ...protocol, LONGEST_NAME).includes('RTP/');
    for (const [start, end] of formats) {
      const payload = isRtp ? RTP_PAYLOADS[decimalAt(bytes, start, end)] : undefined;
      sink.add(f.mediaFormat, start, end - start, payload ?? textAt(bytes, start, end));
    }
  }
  sink.close();
}

function describeAttribute(bytes: Uint8Array, from: number, to: number, inMedia: boolean, sink: FieldSink): void {
  const colon = findByte(bytes, COLON, from, to),
    value = colon + 1;
  sink.add(inMedia ? f.mediaAttribute : f.sessionAttribute, from, to - from);
  if (colon === to) return;
  sink.open();
  sink.add(inMedia ? f.mediaAttributeField : f.sessionAttributeField, from, colon - from);
  const name = inMedia ? textAt(bytes, from, colon, LONGEST_NAME) : '';
  if (name === 'rtpmap' || name === 'fmtp') {
    const format = findByte(bytes, SPACE, value, to),
      rest = skipBlanks(bytes, format, to);
    sink.add(f.mediaFormat, value, format - value);
    if (name === 'rtpmap') {
      const [encoding, rate] = splitAt(bytes, SLASH, rest, to);
      if (encoding !== undefined) sink.add(f.mimeType, encoding[0], encoding[1] - encoding[0]);
      if (rate !== undefined) sink.add(f.sampleRate, rate[0], rate[1] - rate[0]);
    } else
      for (let at = rest; at < to;) {
        const end = findByte(bytes, SEMICOLON, at, to);
        sink.add(f.formatParameter, at, end - at);
        at = skipBlanks(bytes, end + 1, to);
      }
  } else if (name === 'crypto') {
    // What follows is the key itself.
    const [tag, suite] = wordsOf(bytes, value, to, 2);
    if (tag !== undefined) sink.add(f.cryptoTag, tag[0], tag[1] - tag[0], Math.max(0, decimalAt(bytes, ...tag)));
    if (suite !== undefined) sink.add(f.cryptoSuite, suite[0], suite[1] - suite[0]);
  } else if (name === 'candidate') {
    const words = wordsOf(bytes, value, to, 8),
      type = words[7];
    CANDIDATE.forEach((field, i) => {
      const word = words[i];
      if (word !== undefined) sink.add(field, word[0], word[1] - word[0]);
    });
    if (type !== undefined) sink.add(f.candidateType, type[0], type[1] - type[0]);
  } else sink.add(inMedia ? f.mediaAttributeValue : f.sessionAttributeValue, value, to - value);
  sink.close();
}
