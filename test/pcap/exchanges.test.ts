/** Which question an answer belongs to, of protocols that no sample capture has, and within what bounds. */
import { expect, test } from 'vitest';
import { openCaptureFile } from '../../src/analysis/captureFile.node.ts';
import { selectFrames } from '../../src/analysis/filtering.ts';
import { readFields, wantedFields } from '../../src/analysis/readFields.ts';
import { ACK, PacketBuilder, PSH, SYN } from '../support/packetBuilder.ts';

const CLIENT = '10.0.0.5',
  SERVER = '10.0.0.9';

async function read(builder: PacketBuilder, names: readonly string[], filter = ''): Promise<string[][]> {
  const opened = await openCaptureFile({ kind: 'bytes', name: 'built.pcap', bytes: builder.bytes() }),
    wanted = wantedFields(names),
    rows: string[][] = [];
  if (!opened.ok) throw new Error(opened.message);
  if (!wanted.ok) throw new Error(wanted.message);
  const { source, format } = opened.capture;
  await readFields(source, format, { filter, fields: wanted.entries, showSecrets: true, pace: () => Promise.resolve() }, ({ values }) =>
    rows.push(values.map((said) => said.join(','))),
  );
  return rows;
}

const asks = { from: CLIENT, to: SERVER, sourcePort: 40_000 },
  answers = { from: SERVER, to: CLIENT, destinationPort: 40_000 };

/** RFC 2865 section 3: code, identifier, length, authenticator. */
const radius = (code: number, id: number, authenticator: number): Uint8Array =>
  Uint8Array.from([code, id, 0, 20, ...new Array<number>(16).fill(authenticator)]);

test('a request of RADIUS that was sent again is answered since the first time', async () => {
  const builder = new PacketBuilder()
    .udp({ ...asks, destinationPort: 1812, payload: radius(1, 7, 0xaa) })
    .wait(2)
    .udp({ ...asks, destinationPort: 1812, payload: radius(1, 7, 0xaa) })
    .wait(0.25)
    .udp({ ...answers, sourcePort: 1812, payload: radius(2, 7, 0xbb) })
    .wait(1)
    .udp({ ...asks, destinationPort: 1812, payload: radius(1, 7, 0xcc) })
    .wait(0.5)
    .udp({ ...answers, sourcePort: 1812, payload: radius(3, 7, 0xdd) });
  expect(await read(builder, ['radius.rspframe', 'radius.reqframe', 'radius.time'])).toEqual([
    ['3', '', ''],
    ['', '', ''],
    ['', '1', '2.250000000'],
    ['5', '', ''],
    ['', '4', '0.500000000'],
  ]);
});

/** Modbus over TCP: transaction, protocol 0, length, unit, function and content. */
const modbus = (transaction: number, code: number): Uint8Array => Uint8Array.of(0, transaction, 0, 0, 0, 3, 1, code, 0);

test('an exception of Modbus answers its query, of several under way each its own', async () => {
  const query = { ...asks, destinationPort: 502, flags: PSH | ACK },
    answer = { ...answers, sourcePort: 502, flags: PSH | ACK };
  const builder = new PacketBuilder()
    .tcp({ ...query, flags: SYN, sequence: 99 })
    .tcp({ ...answer, flags: SYN | ACK, sequence: 199, acknowledgment: 100 })
    .tcp({ ...query, sequence: 100, acknowledgment: 200, payload: modbus(1, 3) })
    .wait(0.1)
    .tcp({ ...query, sequence: 109, acknowledgment: 200, payload: modbus(2, 3) })
    .wait(0.1)
    .tcp({ ...answer, sequence: 200, acknowledgment: 118, payload: modbus(2, 0x83) })
    .wait(0.1)
    .tcp({ ...answer, sequence: 209, acknowledgment: 118, payload: modbus(1, 3) });
  expect(await read(builder, ['frame.number', 'modbus.request_frame', 'modbus.response_time'], 'modbus.response_time >= 0.1')).toEqual([
    ['5', '4', '0.100000000'],
    ['6', '3', '0.300000000'],
  ]);
});

/** RFC 1035 section 4.1.1, and a question for the root. */
const dns = (id: number, isResponse: boolean): Uint8Array =>
  Uint8Array.of(id >> 8, id & 0xff, isResponse ? 0x80 : 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1);

test('of a flood of questions the last hundred thousand are answered', { timeout: 30_000 }, async () => {
  const builder = new PacketBuilder();
  // Each client port has its own questions: 65,536 ids are too few.
  for (let i = 0; i < 100_001; i++) builder.udp({ ...asks, sourcePort: 40_000 + (i >> 16), destinationPort: 53, payload: dns(i & 0xffff, false) });
  builder.udp({ ...answers, sourcePort: 53, destinationPort: 40_000, payload: dns(0, true) });
  builder.udp({ ...answers, sourcePort: 53, destinationPort: 40_000, payload: dns(1, true) });
  expect(await read(builder, ['frame.number', 'dns.response_to'], 'dns.flags.response == 1')).toEqual([
    ['100002', ''],
    ['100003', '2'],
  ]);
});

test('a filter by where a question is answered finds the question', async () => {
  const builder = new PacketBuilder()
      .udp({ ...asks, destinationPort: 53, payload: dns(1, false) })
      .udp({ ...asks, destinationPort: 53, payload: dns(2, false) })
      .udp({ ...answers, sourcePort: 53, payload: dns(1, true) }),
    opened = await openCaptureFile({ kind: 'bytes', name: 'built.pcap', bytes: builder.bytes() });
  if (!opened.ok) throw new Error(opened.message);
  const frames = async (filter: string): Promise<number[]> => [
    ...(await selectFrames(opened.capture.source, opened.capture.format, filter, undefined, {})).frames(),
  ];
  expect(await frames('dns.response_in == 3')).toEqual([1]);
  // Who got no answer.
  expect(await frames('dns.flags.response == 0 && !dns.response_in')).toEqual([2]);
});
