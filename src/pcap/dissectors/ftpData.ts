/** Data connections of FTP (RFC 959 section 3.2): files and listings, as they were announced on the control connection. What is in them may be anything. */
import { defineFields, NEED_MORE, type Direction, type Dissector, type FieldSink, type StreamDissector } from '../dissector.ts';
import type { FtpSetup } from '../ftpDataEnds.ts';
import type { Packet } from '../packet.ts';
import { isReadable, sayPlainStream } from '../plainStream.ts';

const f = defineFields({
  setupFrame: { name: 'ftp-data.setup-frame', label: 'Setup frame', type: 'uint' },
  setupMethod: { name: 'ftp-data.setup-method', label: 'Setup method', type: 'string' },
  command: { name: 'ftp-data.command', label: 'Command', type: 'string' },
  commandFrame: { name: 'ftp-data.command-frame', label: 'Command frame', type: 'uint' },
});

/** Segments of a text that are told after its first, as of any stream in no known protocol. */
const MAX_TALK = 24;

interface FtpDataState {
  setup: FtpSetup | null;
  /** Segments that are still to be told of each direction, -1 before the first. */
  readonly left: [number, number];
}

const stream: StreamDissector<FtpDataState> = {
  // Only the control connection tells.
  recognise: () => 'no',
  open: () => ({ setup: null, left: [-1, -1] }),
  keepBytes: 0,
  step(p, _bytes, offset, end) {
    if (offset >= end) return NEED_MORE;
    p.pduComplete = true;
    return end - offset;
  },
  dissect: dissectFtpData,
  bulk: {
    ready: (p, direction, { left }) => left[direction] === 0 || !p.hears('plain-stream'),
    passOver: (_bytes, _offset, end) => end,
  },
  cut: () => true,
  resume: () => true,
};

export const ftpData: Dissector = { id: 'ftp-data', name: 'FTP Data', fields: f, says: [], on: [], application: true, stream };

/** Behind a gap, too. */
const announced: StreamDissector<FtpDataState> = { ...stream, recognise: () => 'yes' };

/** How a stream that was announced is read. */
export function readAnnounced(setup: FtpSetup): { readonly dissector: StreamDissector; readonly state: unknown } {
  return { dissector: announced, state: { ...announced.open(), setup } };
}

function dissectFtpData(p: Packet, offset: number, end: number, direction: Direction, state: FtpDataState, sink: FieldSink | null): void {
  const { left } = state;
  if (left[direction] !== 0) {
    left[direction] = left[direction] > 0 ? left[direction] - 1 : isReadable(p.bytes, offset, end) ? MAX_TALK : 0;
    sayPlainStream(p, direction, p.bytes, offset, end);
  }
  if (sink !== null) describeFtpData(offset, end, state.setup, sink);
}

/** Says one segment. */
export function describeFtpData(offset: number, end: number, setup: FtpSetup | null, sink: FieldSink): void {
  sink.layer(ftpData, offset, end - offset);
  if (setup !== null) {
    sink.add(f.setupFrame, offset, 0, setup.frame);
    sink.add(f.setupMethod, offset, 0, setup.method);
    if (setup.commandFrame > 0) {
      sink.add(f.command, offset, 0, setup.command);
      sink.add(f.commandFrame, offset, 0, setup.commandFrame);
    }
  }
  if (!sink.wantsText) return;
  const how = setup === null ? '' : ` (${setup.method})${setup.command === '' ? '' : ` (${setup.command})`}`;
  sink.info('FTP-DATA', `FTP Data: ${end - offset} bytes${how}`);
}
