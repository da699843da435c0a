/** NetBIOS session service, RFC 1002 section 4.3, and SMB directly over TCP (MS-SMB2 section 2.1): a length, and the messages of SMB behind it. */
import { NEED_MORE, NOT_MINE, defineFields, type Direction, type Dissector, type FieldSink } from '../dissector.ts';
import { enterLayer } from '../handOver.ts';
import type { Packet } from '../packet.ts';
import { newSmbState, type SmbState } from '../smbMessages.ts';
import { isBulk1, readSmb1 } from './smb.ts';
import { isBulk2, readSmb2, smb2 } from './smb2.ts';

const TYPES: Readonly<Record<number, string>> = {
  0: 'Session message',
  0x81: 'Session request',
  0x82: 'Positive session response',
  0x83: 'Negative session response',
  0x84: 'Retarget session response',
  0x85: 'Session keep-alive',
};

const f = defineFields({
  type: { name: 'nbss.type', label: 'Message Type', type: 'uint', base: 'hex', values: TYPES },
  length: { name: 'nbss.length', label: 'Length', type: 'uint' },
});

const HEADER = 4,
  KEEP_BYTES = 4096,
  /** Of a message that carries a file's content, or RPC in a pipe: its head. */
  KEEP_BULK_BYTES = 512,
  SMALL = 1024,
  LEAST_HEAD = 20;

export const nbss: Dissector = {
  id: 'nbss',
  name: 'NetBIOS Session Service',
  fields: f,
  on: [
    { table: 'tcp.port', value: 139 },
    { table: 'tcp.port', value: 445 },
  ],
  application: true,
  givesWayTo: ['smb', 'smb2'],
  stream: {
    recognise(bytes, offset, end, _direction, sourcePort, destinationPort) {
      if (end - offset < 8) return end > offset && TYPES[bytes[offset]!] === undefined ? 'no' : 'more';
      if (smbVersion(bytes, offset + HEADER, end) > 0) return bytes[offset] === 0 ? 'yes' : 'no';
      // A session request is a called and a calling name, 34 bytes each.
      return [sourcePort, destinationPort].includes(139) && TYPES[bytes[offset]!] !== undefined && bytes[offset] !== 0 ? 'yes' : 'no';
    },
    open: newSmbState,
    keepBytes: KEEP_BYTES,
    step(p, bytes, offset, end) {
      if (end - offset < HEADER) return NEED_MORE;
      if (TYPES[bytes[offset]!] === undefined) return NOT_MINE;
      // Seventeen bits of length in NetBIOS, twenty-four directly over TCP.
      const length = (bytes[offset + 1]! << 16) + (bytes[offset + 2]! << 8) + bytes[offset + 3]!;
      if (length > SMALL) {
        if (end - offset < HEADER + LEAST_HEAD) return NEED_MORE;
        const at = offset + HEADER,
          version = smbVersion(bytes, at, end);
        // Who takes files wants what they hold.
        if (p.files !== null) p.pduKeep = version > 2 ? KEEP_BULK_BYTES : HEADER + length;
        else if (version > 2 || (version === 2 ? isBulk2(bytes, at) : version === 1 && isBulk1(bytes, at))) p.pduKeep = KEEP_BULK_BYTES;
      }
      p.pduComplete = true;
      return HEADER + length;
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

function dissectNbss(p: Packet, offset: number, end: number, _direction: Direction, state: SmbState, sink: FieldSink | null): void {
  const { bytes } = p,
    at = offset + HEADER,
    version = smbVersion(bytes, at, end);
  if (sink !== null) {
    sink.layer(nbss, offset, HEADER);
    sink.add(f.type, offset, 1);
    sink.add(f.length, offset + 1, 3);
    sink.info('NBSS', TYPES[bytes[offset]!] ?? '');
  }
  if (version === 1 && end - at >= 32) readSmb1(p, at, end, state, sink);
  else if (version === 2) readSmb2(p, at, end, state, sink);
  else if (version > 2) {
    enterLayer(p, smb2.id);
    sink?.layer(smb2, at, end - at, version === 3 ? 'Encrypted SMB3' : 'Compressed SMB3');
    sink?.info('SMB2', version === 3 ? 'Encrypted SMB3' : 'Compressed SMB3');
  }
}
