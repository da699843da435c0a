/** Secure Shell, RFC 4253: version banners and the algorithms of the key exchange, then ciphertext. HASSH as Salesforce defined it. */
import {
  defineFields,
  messageKind,
  NEED_MORE,
  NOT_MINE,
  type Direction,
  type Dissector,
  type Field,
  type FieldSink,
  type Message,
} from '../dissector.ts';
import { markSegment } from '../handOver.ts';
import type { Packet } from '../packet.ts';
import { md5OfFingerprint } from '../platform.ts';
import { fromServer as isFromServer } from '../roles.ts';
import { afterLine, lineTextEnd, matchPrefix, textAt } from '../text.ts';
import { Reader } from '../tls/reader.ts';

const MESSAGES: Readonly<Record<number, string>> = {
  1: 'Disconnect',
  2: 'Ignore',
  3: 'Unimplemented',
  4: 'Debug',
  5: 'Service Request',
  6: 'Service Accept',
  7: 'Extension Information',
  20: 'Key Exchange Init',
  21: 'New Keys',
  30: 'Key Exchange (30)',
  31: 'Key Exchange (31)',
  32: 'Key Exchange (32)',
  33: 'Key Exchange (33)',
  34: 'Key Exchange (34)',
};

const f = defineFields({
  protocol: { name: 'ssh.protocol', label: 'Protocol', type: 'string' },
  packetLength: { name: 'ssh.packet_length', label: 'Packet Length', type: 'uint' },
  paddingLength: { name: 'ssh.padding_length', label: 'Padding Length', type: 'uint' },
  messageCode: { name: 'ssh.message_code', label: 'Message Code', type: 'uint', values: MESSAGES },
  cookie: { name: 'ssh.cookie', label: 'Cookie', type: 'bytes' },
  kex: { name: 'ssh.kex_algorithms', label: 'kex_algorithms', type: 'string' },
  hostKey: { name: 'ssh.server_host_key_algorithms', label: 'server_host_key_algorithms', type: 'string' },
  encryptionToServer: { name: 'ssh.encryption_algorithms_client_to_server', label: 'encryption_algorithms_client_to_server', type: 'string' },
  encryptionToClient: { name: 'ssh.encryption_algorithms_server_to_client', label: 'encryption_algorithms_server_to_client', type: 'string' },
  macToServer: { name: 'ssh.mac_algorithms_client_to_server', label: 'mac_algorithms_client_to_server', type: 'string' },
  macToClient: { name: 'ssh.mac_algorithms_server_to_client', label: 'mac_algorithms_server_to_client', type: 'string' },
  compressionToServer: { name: 'ssh.compression_algorithms_client_to_server', label: 'compression_algorithms_client_to_server', type: 'string' },
  compressionToClient: { name: 'ssh.compression_algorithms_server_to_client', label: 'compression_algorithms_server_to_client', type: 'string' },
  hassh: { name: 'ssh.kex.hassh', label: 'hassh', type: 'string' },
  hasshAlgorithms: { name: 'ssh.kex.hassh_algorithms', label: 'hasshAlgorithms', type: 'string' },
  hasshServer: { name: 'ssh.kex.hasshserver', label: 'hasshServer', type: 'string' },
  hasshServerAlgorithms: { name: 'ssh.kex.hasshserver_algorithms', label: 'hasshServerAlgorithms', type: 'string' },
  encrypted: { name: 'ssh.encrypted_packet', label: 'Encrypted Packet', type: 'bytes' },
});

/** A side's first line. */
export interface SshBannerMessage extends Message {
  readonly kind: 'ssh-banner';
  readonly fromServer: boolean;
  /** `SSH-2.0-OpenSSH_9.6p1 Ubuntu-3` */
  readonly text: string;
  /** `2.0`; `1.99` is a server that speaks both. */
  readonly version: string;
  readonly software: string;
}
export const sshBannerMessage = messageKind<SshBannerMessage>('ssh-banner');

/** What a side offers for the key exchange, in its order of preference. */
export interface SshKexInitMessage extends Message {
  readonly kind: 'ssh-kexinit';
  readonly fromServer: boolean;
  readonly kex: readonly string[];
  readonly hostKeys: readonly string[];
  /** In this side's own direction of sending. */
  readonly encryption: readonly string[];
  readonly macs: readonly string[];
  readonly compression: readonly string[];
  /** HASSH of a client, hasshServer of a server; null without a platform that hashes. */
  readonly hassh: string | null;
}
export const sshKexInitMessage = messageKind<SshKexInitMessage>('ssh-kexinit');

/** From here on this side's packets are encrypted: what follows is logging in and the session. */
export interface SshNewKeysMessage extends Message {
  readonly kind: 'ssh-newkeys';
  readonly fromServer: boolean;
}
export const sshNewKeysMessage = messageKind<SshNewKeysMessage>('ssh-newkeys');

/** One of the first encrypted segments: while logging in, their lengths tell what they are. */
export interface SshEncryptedMessage extends Message {
  readonly kind: 'ssh-encrypted';
  readonly fromServer: boolean;
  readonly bytes: number;
}
export const sshEncryptedMessage = messageKind<SshEncryptedMessage>('ssh-encrypted');

const BANNER = 0,
  PACKETS = 1,
  ENCRYPTED = 2;
/** RFC 4253 section 4.2 allows 255 bytes; servers may write other lines before. */
const MAX_BANNER = 1024,
  MAX_LINES_BEFORE = 32;
/** RFC 4253 section 6.1 asks implementations for 35,000 bytes. */
const MAX_PACKET = 35_000,
  KEXINIT = 20,
  NEWKEYS = 21;
const PORT = 22;
/** Segments of a session that are told of: its login is over by then. */
const MAX_TOLD = 56;

interface SshSide {
  phase: number;
  linesBefore: number;
}
interface SshState {
  readonly sides: readonly [SshSide, SshSide];
  /** Encrypted segments that were told of. */
  told: number;
  /** As Wireshark's column has it; without a number before a banner was seen. */
  column: 'SSH' | 'SSHv1' | 'SSHv2';
}

export const ssh: Dissector = {
  id: 'ssh',
  name: 'SSH Protocol',
  fields: f,
  says: [],
  on: [{ table: 'tcp.port', value: PORT }],
  encrypted: true,
  application: true,
  stream: {
    recognise(bytes, offset, end, _direction, sourcePort, destinationPort, isBeginning) {
      const answer = matchPrefix(bytes, offset, end, 'SSH-');
      if (answer !== 'no' || (sourcePort !== PORT && destinationPort !== PORT) || end === offset) return answer;
      // In the middle of a session there are no marks: its port says what it is. Before its banner only a server may say something (RFC 4253 section 4.2).
      if (isBeginning !== true) return 'yes';
      return sourcePort === PORT ? bannerBehind(bytes, offset, end) : 'no';
    },
    open: (): SshState => ({
      sides: [
        { phase: BANNER, linesBefore: 0 },
        { phase: BANNER, linesBefore: 0 },
      ],
      told: 0,
      column: 'SSH',
    }),
    keepBytes: MAX_PACKET + 4,
    step: stepSsh,
    dissect: dissectSsh,
    // Packets tell their lengths until the keys are new, and from then on nothing has to be whole: what was not captured takes nothing with it.
    cut: () => false,
    resume: () => true,
  },
};

/** Whether lines of text before it lead to a banner. */
function bannerBehind(bytes: Uint8Array, offset: number, end: number): 'yes' | 'no' | 'more' {
  if (!isText(bytes, offset, end)) return 'no';
  for (let at = offset, lines = 0; at >= 0 && at < end && lines <= MAX_LINES_BEFORE; at = afterLine(bytes, at, end), lines++) {
    const answer = matchPrefix(bytes, at, end, 'SSH-');
    if (answer === 'yes') return 'yes';
  }
  return 'more';
}

function stepSsh(p: Packet, bytes: Uint8Array, offset: number, end: number, direction: Direction, state: SshState): number {
  const side = state.sides[direction];
  markSegment(p, 'ssh');
  p.pduComplete = true;
  if (side.phase === BANNER) return stepBanner(bytes, offset, end, side);
  if (side.phase === ENCRYPTED) return end - offset;
  if (end - offset < 6) return NEED_MORE;
  const length = ((bytes[offset]! << 24) | (bytes[offset + 1]! << 16) | (bytes[offset + 2]! << 8) | bytes[offset + 3]!) >>> 0;
  const padding = bytes[offset + 4]!;
  // SSH 1 has another layout; and ciphertext gives lengths like these only by chance.
  if (length < 2 || length > MAX_PACKET || padding + 1 >= length) {
    side.phase = ENCRYPTED;
    return end - offset;
  }
  if (bytes[offset + 5] === NEWKEYS) side.phase = ENCRYPTED;
  return 4 + length;
}

function stepBanner(bytes: Uint8Array, offset: number, end: number, side: SshSide): number {
  const mine = matchPrefix(bytes, offset, end, 'SSH-');
  if (mine === 'more') return NEED_MORE;
  const after = afterLine(bytes, offset, Math.min(end, offset + MAX_BANNER));
  if (after < 0 && end - offset < MAX_BANNER && mine === 'yes') return NEED_MORE;
  if (mine === 'yes') {
    if (after < 0) return NOT_MINE;
    side.phase = PACKETS;
    return after - offset;
  }
  // Text before a server's banner (RFC 4253 section 4.2), else the middle of a session.
  if (side.linesBefore < MAX_LINES_BEFORE && isText(bytes, offset, after < 0 ? Math.min(end, offset + MAX_BANNER) : after)) {
    if (after < 0 && end - offset < MAX_BANNER) return NEED_MORE;
    side.linesBefore += 1;
    if (after > 0) return after - offset;
  }
  side.phase = ENCRYPTED;
  return end - offset;
}

function isText(bytes: Uint8Array, from: number, to: number): boolean {
  for (let at = from; at < to; at++) {
    const byte = bytes[at]!;
    if (byte < 9 || (byte > 13 && byte < 32) || byte === 127) return false;
  }
  return true;
}

function dissectSsh(p: Packet, offset: number, end: number, direction: Direction, state: SshState, sink: FieldSink | null): void {
  const { bytes } = p,
    { phase } = state.sides[direction];
  sink?.layer(ssh, offset, end - offset);
  if (phase !== ENCRYPTED && matchPrefix(bytes, offset, end, 'SSH-') === 'yes') dissectBanner(p, offset, end, direction, state, sink);
  else if (phase === PACKETS || (phase === ENCRYPTED && isNewKeys(bytes, offset, end))) dissectPacket(p, offset, end, direction, state, sink);
  else if (phase === ENCRYPTED) {
    if (state.told < MAX_TOLD && p.hears('ssh-encrypted')) {
      state.told++;
      p.emit({
        kind: 'ssh-encrypted',
        frame: p.frame,
        fromServer: isFromServer(p, direction, PORT),
        bytes: end - offset + cutBytes(p, end),
      } satisfies SshEncryptedMessage);
    }
    if (sink === null) return;
    sink.add(f.encrypted, offset, end - offset);
    sink.info(state.column, `${isFromServer(p, direction, PORT) ? 'Server' : 'Client'}: Encrypted packet (len=${end - offset})`);
  }
}

/** Bytes of a segment behind those that were captured, where the snap length cut it at `end`. */
function cutBytes(p: Packet, end: number): number {
  return p.bytes === p.frameBytes && end === p.start + p.capturedLength ? Math.max(0, p.originalLength - p.capturedLength) : 0;
}

/** The packet that ends the clear part: its phase is over already when it is dissected. */
function isNewKeys(bytes: Uint8Array, offset: number, end: number): boolean {
  const length = bytes[offset + 2]! * 256 + bytes[offset + 3]!;
  return (
    end - offset >= 12 &&
    bytes[offset] === 0 &&
    bytes[offset + 1] === 0 &&
    length === end - offset - 4 &&
    bytes[offset + 5] === NEWKEYS &&
    bytes[offset + 4] === length - 2
  );
}

function dissectBanner(p: Packet, offset: number, end: number, direction: Direction, state: SshState, sink: FieldSink | null): void {
  const to = lineTextEnd(p.bytes, offset, end),
    text = textAt(p.bytes, offset, to),
    fromServer = isFromServer(p, direction, PORT);
  // A server that says 1.99 speaks both (RFC 4253 section 5.1).
  state.column = /^SSH-1\.(?!99)/.test(text) ? 'SSHv1' : 'SSHv2';
  if (p.hears('ssh-banner')) {
    const [, version = '', software = ''] = /^SSH-([^-]*)-?(.*)$/s.exec(text) ?? [];
    p.emit({ kind: 'ssh-banner', frame: p.frame, fromServer, text, version, software } satisfies SshBannerMessage);
  }
  if (sink === null) return;
  sink.add(f.protocol, offset, to - offset, text);
  sink.info(state.column, `${fromServer ? 'Server' : 'Client'}: Protocol (${text})`);
}

function dissectPacket(p: Packet, offset: number, end: number, direction: Direction, state: SshState, sink: FieldSink | null): void {
  const code = p.bytes[offset + 5] ?? 0,
    fromServer = isFromServer(p, direction, PORT);
  if (sink !== null) {
    sink.add(f.packetLength, offset, 4);
    sink.add(f.paddingLength, offset + 4, 1);
    sink.add(f.messageCode, offset + 5, 1);
    sink.info(state.column, `${fromServer ? 'Server' : 'Client'}: ${MESSAGES[code] ?? `Message ${code}`}`);
  }
  if (code === NEWKEYS && p.hears('ssh-newkeys')) p.emit({ kind: 'ssh-newkeys', frame: p.frame, fromServer } satisfies SshNewKeysMessage);
  if (code === KEXINIT) readKexInit(p, offset, end, fromServer, sink);
}

const LISTS: readonly Field[] = [
  f.kex,
  f.hostKey,
  f.encryptionToServer,
  f.encryptionToClient,
  f.macToServer,
  f.macToClient,
  f.compressionToServer,
  f.compressionToClient,
];

/** RFC 4253 section 7.1. */
function readKexInit(p: Packet, offset: number, end: number, fromServer: boolean, sink: FieldSink | null): void {
  if (sink === null && !p.hears('ssh-kexinit')) return;
  const r = new Reader(p.bytes, offset + 6, end);
  sink?.add(f.cookie, r.at, Math.min(16, r.left));
  r.skip(16);
  const lists = LISTS.map((field) => {
    const list = r.take(r.u32()),
      text = textAt(p.bytes, list.at, list.end, 8192);
    sink?.add(field, list.at, list.left, text);
    return text;
  });
  if (r.short) {
    // What the snap length or a lost segment took away is nobody's mistake.
    if (end - offset >= 4 + p.view.getUint32(offset)) p.malformed('SSH key exchange lists are longer than their packet', offset, end);
    return;
  }
  const own = fromServer ? 1 : 0,
    [kex = '', hostKeys = ''] = lists;
  const encryption = lists[2 + own]!,
    macs = lists[4 + own]!,
    compression = lists[6 + own]!;
  const algorithms = [kex, encryption, macs, compression].join(';'),
    hassh = md5OfFingerprint(algorithms);
  if (sink !== null) {
    sink.add(fromServer ? f.hasshServerAlgorithms : f.hasshAlgorithms, offset, 0, algorithms);
    if (hassh !== null) sink.add(fromServer ? f.hasshServer : f.hassh, offset, 0, hassh);
  }
  if (!p.hears('ssh-kexinit')) return;
  const names = (text: string): string[] => (text === '' ? [] : text.split(','));
  p.emit({
    kind: 'ssh-kexinit',
    frame: p.frame,
    fromServer,
    kex: names(kex),
    hostKeys: names(hostKeys),
    encryption: names(encryption),
    macs: names(macs),
    compression: names(compression),
    hassh,
  } satisfies SshKexInitMessage);
}
