/** NetBIOS session service, RFC 1002 section 4.3, and SMB directly over TCP (MS-SMB2 section 2.1): a length, and the messages of SMB behind it. */
import { NEED_MORE, NOT_MINE, defineFields, messageKind, type Direction, type Dissector, type FieldSink, type Message } from '../dissector.ts';
import { enterLayer } from '../handOver.ts';
import type { Packet } from '../packet.ts';
import { dissectSmbDatagram } from '../smbDatagram.ts';

const TYPES: Readonly<Record<number, string>> = {
  0: 'Session message',
  0x81: 'Session request',
  0x82: 'Positive session response',
  0x83: 'Negative session response',
  0x84: 'Retarget session response',
  0x85: 'Session keep-alive',
};
const SMB_COMMANDS: Readonly<Record<number, string>> = {
  0x00: 'Create Directory',
  0x02: 'Open',
  0x04: 'Close',
  0x06: 'Delete',
  0x07: 'Rename',
  0x08: 'Query Information',
  0x0a: 'Read',
  0x0b: 'Write',
  0x10: 'Check Directory',
  0x1d: 'Write Raw',
  0x24: 'Locking AndX',
  0x25: 'Trans',
  0x2b: 'Echo',
  0x2d: 'Open AndX',
  0x2e: 'Read AndX',
  0x2f: 'Write AndX',
  0x32: 'Trans2',
  0x33: 'Trans2 Secondary',
  0x34: 'Find Close2',
  0x71: 'Tree Disconnect',
  0x72: 'Negotiate Protocol',
  0x73: 'Session Setup AndX',
  0x74: 'Logoff AndX',
  0x75: 'Tree Connect AndX',
  0xa0: 'NT Trans',
  0xa1: 'NT Trans Secondary',
  0xa2: 'NT Create AndX',
  0xa4: 'NT Cancel',
};
const SMB2_COMMANDS: Readonly<Record<number, string>> = {
  0: 'Negotiate Protocol',
  1: 'Session Setup',
  2: 'Session Logoff',
  3: 'Tree Connect',
  4: 'Tree Disconnect',
  5: 'Create',
  6: 'Close',
  7: 'Flush',
  8: 'Read',
  9: 'Write',
  10: 'Lock',
  11: 'Ioctl',
  12: 'Cancel',
  13: 'KeepAlive',
  14: 'Find',
  15: 'Notify',
  16: 'GetInfo',
  17: 'SetInfo',
  18: 'Break',
};

const f = defineFields({
  type: { name: 'nbss.type', label: 'Message Type', type: 'uint', base: 'hex', values: TYPES },
  length: { name: 'nbss.length', label: 'Length', type: 'uint' },
});
const smbFields = defineFields({
  command: { name: 'smb.cmd', label: 'SMB Command', type: 'uint', base: 'hex', values: SMB_COMMANDS },
  status: { name: 'smb.nt_status', label: 'NT Status', type: 'uint', base: 'hex' },
  response: { name: 'smb.flags.response', label: 'Request/Response', type: 'boolean' },
  treeId: { name: 'smb.tid', label: 'Tree ID', type: 'uint' },
  userId: { name: 'smb.uid', label: 'User ID', type: 'uint' },
  multiplexId: { name: 'smb.mid', label: 'Multiplex ID', type: 'uint' },
});
const smb2Fields = defineFields({
  command: { name: 'smb2.cmd', label: 'Command', type: 'uint', values: SMB2_COMMANDS },
  status: { name: 'smb2.nt_status', label: 'NT Status', type: 'uint', base: 'hex' },
  response: { name: 'smb2.flags.response', label: 'Response', type: 'boolean' },
  signed: { name: 'smb2.flags.signature', label: 'Signing', type: 'boolean' },
  treeId: { name: 'smb2.tid', label: 'Tree Id', type: 'uint', base: 'hex' },
});

/** The header of an SMB message; `version` 1, 2 (and 3), `encrypted` where only that much can be seen. */
export interface SmbMessage extends Message {
  readonly kind: 'smb';
  readonly version: 1 | 2;
  readonly command: number;
  readonly response: boolean;
  /** NT status of a response. */
  readonly status: number;
  readonly signed: boolean;
}
export const smbMessage = messageKind<SmbMessage>('smb');

const HEADER = 4,
  KEEP_BYTES = 256;

export const smb: Dissector = {
  id: 'smb',
  name: 'SMB (Server Message Block Protocol)',
  fields: smbFields,
  on: [],
  application: true,
  dissect: (p, offset, end, sink) => dissectSmbDatagram(p, smb, smbFields, offset, end, sink),
};
export const smb2: Dissector = { id: 'smb2', name: 'SMB2 (Server Message Block Protocol version 2)', fields: smb2Fields, on: [], application: true };

export const nbss: Dissector = {
  id: 'nbss',
  name: 'NetBIOS Session Service',
  fields: f,
  on: [
    { table: 'tcp.port', value: 139 },
    { table: 'tcp.port', value: 445 },
  ],
  application: true,
  stream: {
    recognise(bytes, offset, end, _direction, sourcePort, destinationPort) {
      if (end - offset < 8) return end > offset && TYPES[bytes[offset]!] === undefined ? 'no' : 'more';
      if (smbVersion(bytes, offset + HEADER, end) > 0) return bytes[offset] === 0 ? 'yes' : 'no';
      // A session request is a called and a calling name, 34 bytes each.
      return [sourcePort, destinationPort].includes(139) && TYPES[bytes[offset]!] !== undefined && bytes[offset] !== 0 ? 'yes' : 'no';
    },
    open: () => null,
    keepBytes: KEEP_BYTES,
    step(p, bytes, offset, end) {
      if (end - offset < HEADER) return NEED_MORE;
      if (TYPES[bytes[offset]!] === undefined) return NOT_MINE;
      p.pduComplete = true;
      // Seventeen bits of length in NetBIOS, twenty-four directly over TCP.
      return HEADER + (bytes[offset + 1]! << 16) + (bytes[offset + 2]! << 8) + bytes[offset + 3]!;
    },
    dissect: dissectNbss,
  },
};

/** 1 for `\xffSMB`, 2 for `\xfeSMB`, 3 for encrypted (`\xfdSMB`) and 4 for compressed (`\xfcSMB`) messages of version 3; else 0. */
function smbVersion(bytes: Uint8Array, at: number, end: number): number {
  if (end - at < 4 || bytes[at + 1] !== 83 || bytes[at + 2] !== 77 || bytes[at + 3] !== 66) return 0;
  const first = bytes[at]!;
  return first >= 0xfc ? 0x100 - first : 0;
}

function dissectNbss(p: Packet, offset: number, end: number, _direction: Direction, _state: null, sink: FieldSink | null): void {
  const { bytes, view } = p,
    at = offset + HEADER,
    version = smbVersion(bytes, at, end);
  if (sink !== null) {
    sink.layer(nbss, offset, HEADER);
    sink.add(f.type, offset, 1);
    sink.add(f.length, offset + 1, 3);
    sink.info('NBSS', TYPES[bytes[offset]!] ?? '');
  }
  if (version === 1 && end - at >= 32) {
    enterLayer(p, 'smb');
    const command = bytes[at + 4]!,
      response = (bytes[at + 9]! & 0x80) !== 0,
      status = view.getUint32(at + 5, true);
    if (p.hears('smb'))
      p.emit({
        kind: 'smb',
        frame: p.frame,
        version: 1,
        command,
        response,
        status: response ? status : 0,
        signed: (view.getUint16(at + 10, true) & 4) !== 0,
      } satisfies SmbMessage);
    if (sink === null) return;
    sink.layer(smb, at, end - at);
    sink.add(smbFields.command, at + 4, 1);
    sink.add(smbFields.status, at + 5, 4, status);
    sink.add(smbFields.response, at + 9, 1, response);
    sink.add(smbFields.treeId, at + 24, 2, view.getUint16(at + 24, true));
    sink.add(smbFields.userId, at + 28, 2, view.getUint16(at + 28, true));
    sink.add(smbFields.multiplexId, at + 30, 2, view.getUint16(at + 30, true));
    sink.info('SMB', `${SMB_COMMANDS[command] ?? `command 0x${command.toString(16)}`} ${response ? 'Response' : 'Request'}`);
  } else if (version === 2 && end - at >= 64) {
    enterLayer(p, 'smb2');
    const command = view.getUint16(at + 12, true),
      flags = view.getUint32(at + 16, true),
      response = (flags & 1) !== 0,
      status = view.getUint32(at + 8, true);
    if (p.hears('smb'))
      p.emit({
        kind: 'smb',
        frame: p.frame,
        version: 2,
        command,
        response,
        status: response ? status : 0,
        signed: (flags & 8) !== 0,
      } satisfies SmbMessage);
    if (sink === null) return;
    sink.layer(smb2, at, end - at);
    sink.add(smb2Fields.command, at + 12, 2, command);
    if (response) sink.add(smb2Fields.status, at + 8, 4, status);
    sink.add(smb2Fields.response, at + 16, 4, response);
    sink.add(smb2Fields.signed, at + 16, 4, (flags & 8) !== 0);
    if ((flags & 2) === 0) sink.add(smb2Fields.treeId, at + 36, 4, view.getUint32(at + 36, true));
    sink.info('SMB2', `${SMB2_COMMANDS[command] ?? `command ${command}`} ${response ? 'Response' : 'Request'}`);
  } else if (version > 2) {
    enterLayer(p, 'smb2');
    sink?.layer(smb2, at, end - at, version === 3 ? 'Encrypted SMB3' : 'Compressed SMB3');
    sink?.info('SMB2', version === 3 ? 'Encrypted SMB3' : 'Compressed SMB3');
  }
}
