/** TLS connections that came to nothing: of bytes written by RFC 5246 and RFC 8446, which tshark reads as well, and of a capture of our own. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { failedConnections, type Service } from '../../../src/analysis/engineApi.ts';
import { sample } from '../../support/analyzeCapture.ts';
import { ACK, FIN, PacketBuilder, PSH, RST } from '../../support/packetBuilder.ts';
import { connection, HANDSHAKE, SERVER, servicesOf, type Step } from '../../support/services.ts';
import { tsharkFields, tsharkVersion } from '../../support/tshark.ts';

/** A record: content type, version 3.3, length. */
const record = (type: number, ...content: readonly number[]): number[] => [type, 3, 3, content.length >> 8, content.length & 0xff, ...content];
const random: readonly number[] = new Array<number>(32).fill(0x5a);
/** RFC 5246 section 7.4.1.2: version, random, no session, one suite, no compression. */
const CLIENT_HELLO = Uint8Array.from(record(22, 1, 0, 0, 41, 3, 3, ...random, 0, 0, 2, 0xc0, 0x2f, 1, 0)),
  SERVER_HELLO = Uint8Array.from(record(22, 2, 0, 0, 38, 3, 3, ...random, 0, 0xc0, 0x2f, 0)),
  /** With supported_versions: 0x0304 (RFC 8446 section 4.2.1). */
  SERVER_HELLO_1_3 = Uint8Array.from(record(22, 2, 0, 0, 46, 3, 3, ...random, 0, 0x13, 1, 0, 0, 6, 0, 43, 0, 2, 3, 4)),
  CHANGE_CIPHER_SPEC = Uint8Array.from(record(20, 1)),
  sealed = (type: number, bytes: number): Uint8Array => Uint8Array.from(record(type, ...new Array<number>(bytes).fill(0xee))),
  alert = (level: number, description: number): Uint8Array => Uint8Array.from(record(21, level, description));

const client = (bytes: Uint8Array, wait = 0.01): Step => ['client', PSH | ACK, bytes, wait],
  server = (bytes: Uint8Array, wait = 0.01): Step => ['server', PSH | ACK, bytes, wait];
const CLOSED: readonly Step[] = [
  ['server', FIN | ACK, 0, 0.01],
  ['client', FIN | ACK, 0, 0.01],
];

const tls = (...steps: readonly Step[]): PacketBuilder => connection(new PacketBuilder(), 443, [...HANDSHAKE, ...steps]);
async function only(builder: PacketBuilder, filter = ''): Promise<Service> {
  const { rows } = await servicesOf(builder.bytes(), filter);
  expect(rows.length).toBe(1);
  return rows[0]!;
}
const told = ({ failedTls, outcomes }: Service): unknown => [failedTls, outcomes.map(({ what, frame }) => [what, frame])];

// RFC 8446 section 6.2: unknown_ca(48), protocol_version(70). The first of our data is frame 4.
test('a client that does not trust the certificate, and a server that wants another version', async () => {
  const untrusted = await only(tls(client(CLIENT_HELLO), server(SERVER_HELLO), client(alert(2, 48)), ...CLOSED));
  expect(told(untrusted)).toEqual([1, [['TLS alert of the client: Unknown CA (48)', 6]]]);
  expect(failedConnections(untrusted)).toBe(1);
  const refused = await only(tls(client(CLIENT_HELLO), server(alert(2, 70)), ...CLOSED));
  expect(told(refused)).toEqual([1, [['TLS alert of the server: Protocol Version (70)', 5]]]);
  // The alert is no answer.
  expect([refused.answer, refused.slowest]).toEqual([null, []]);
});

test('the first alert is the reason, and a reset behind it counts no second time', async () => {
  const row = await only(tls(client(CLIENT_HELLO), server(alert(2, 40)), client(alert(2, 80)), ['server', RST | ACK, 0, 0]));
  expect(told(row)).toEqual([1, [['TLS alert of the server: Handshake Failure (40)', 5]]]);
  expect([row.reset, failedConnections(row)]).toEqual([0, 1]);
});

test('warnings, and ends behind a completed handshake, are no failures', async () => {
  const done = [client(CHANGE_CIPHER_SPEC), client(sealed(22, 40)), server(CHANGE_CIPHER_SPEC), server(sealed(22, 40))];
  // unrecognized_name(112) as a warning, RFC 6066 section 3.
  const warned = tls(
    client(CLIENT_HELLO),
    server(alert(1, 112)),
    server(SERVER_HELLO),
    ...done,
    client(sealed(21, 26)),
    server(sealed(21, 26)),
    ...CLOSED,
  );
  const row = await only(warned);
  expect(told(row)).toEqual([0, []]);
  // The hello and the Finished of the server; closing alerts answer each other, which is no answer.
  expect(row.answer?.count).toBe(2);
  // Also where the frame in which the handshake ends is left out.
  expect(told(await only(warned, 'not tls.change_cipher_spec'))).toEqual([0, []]);
});

test('of what TLS 1.3 seals nothing is said, an alert in clear is told', async () => {
  const begun = [client(CLIENT_HELLO), server(SERVER_HELLO_1_3), server(sealed(23, 60))];
  // 24 bytes with the header: an alert as likely as anything.
  expect(told(await only(tls(...begun, client(sealed(23, 19)), ...CLOSED)))).toEqual([0, []]);
  expect(told(await only(tls(...begun, client(alert(2, 48)), ...CLOSED)))).toEqual([1, [['TLS alert of the client: Unknown CA (48)', 7]]]);
});

test('a handshake that the server breaks off, or that a client waited for in vain; a client that closes at once had no need of it', async () => {
  expect(told(await only(tls(client(CLIENT_HELLO), ...CLOSED)))).toEqual([1, [['TLS handshake broken off by the server', 5]]]);
  expect(told(await only(tls(client(CLIENT_HELLO, 1.5), ['server', ACK, 0, 0], ['client', FIN | ACK, 0, 0])))).toEqual([
    1,
    [['TLS hello without an answer', 6]],
  ]);
  expect(told(await only(tls(client(CLIENT_HELLO, 0.2), ['server', ACK, 0, 0], ['client', FIN | ACK, 0, 0])))).toEqual([0, []]);
  // It ends with the capture: nobody broke it off.
  expect(told(await only(tls(client(CLIENT_HELLO), server(SERVER_HELLO))))).toEqual([0, []]);
  // A server that resets counts as such.
  const reset = await only(tls(client(CLIENT_HELLO), ['server', RST | ACK, 0, 0]));
  expect([reset.reset, reset.failedTls]).toEqual([1, 0]);
});

test('where segments may be missing nothing is made of how a handshake ended', async () => {
  const builder = tls(client(CLIENT_HELLO), server(SERVER_HELLO));
  builder.tcp({ from: SERVER, to: '10.0.0.2', sourcePort: 443, destinationPort: 40_000, flags: FIN | ACK, sequence: 9000, acknowledgment: 1047 });
  expect(told(await only(builder))).toEqual([0, []]);
});

// tshark -r web-browsing.pcap -Y tls.alert_message.level==2: frame 277, of the client, to 10.20.0.11.
test('in a capture of our own', async () => {
  const { rows } = await servicesOf(sample('web-browsing.pcap'));
  expect(rows.filter(({ failedTls }) => failedTls > 0).map((row) => [row.id, told(row)])).toEqual([
    [
      'tcp 10.20.0.11 443',
      [
        1,
        [
          ['400', 288],
          ['TLS alert of the client: Unknown CA (48)', 277],
        ],
      ],
    ],
  ]);
});

test.runIf(tsharkVersion() !== null)('tshark reads these bytes as alerts', () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'netsec-tls-')),
    file = path.join(folder, 'alerts.pcap');
  fs.writeFileSync(file, tls(client(CLIENT_HELLO), server(SERVER_HELLO), client(alert(2, 48)), server(alert(2, 70)), ...CLOSED).bytes());
  const alerts = tsharkFields(file, ['frame.number', 'tls.handshake.type', 'tls.alert_message.level', 'tls.alert_message.desc']);
  fs.rmSync(folder, { recursive: true });
  expect(alerts.filter((fields) => fields.slice(1).some((value) => value !== ''))).toEqual([
    ['4', '1', '', ''],
    ['5', '2', '', ''],
    ['6', '', '2', '48'],
    ['7', '', '2', '70'],
  ]);
});
