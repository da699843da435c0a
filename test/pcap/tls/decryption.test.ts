/**
 * Connections opened with the secrets of a key log. What they carry and their secrets come from OpenSSL, within Node: one connection for each kind of suite, its bytes
 * recorded on their way. TLS 1.3, changes of keys and Decryption Secrets are in the sample `web-tls-keys.pcapng`, whose frames are told by tshark.
 */
import { once } from 'node:events';
import fs from 'node:fs';
import net from 'node:net';
import { Duplex } from 'node:stream';
import tls from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Analysis } from '../../../src/analysis/engine.ts';
import { EVERYTHING } from '../../../src/analysis/engineApi.ts';
import { CaptureSession } from '../../../src/analysis/session.ts';
import { bufferSource } from '../../../src/pcap/byteSource.ts';
import { formats } from '../../../src/pcap/openCapture.ts';
import { installPlatform } from '../../../src/pcap/platform.ts';
import { nodePlatform } from '../../../src/pcap/platform.node.ts';
import { httpRequestMessage, httpResponseMessage } from '../../../src/pcap/http/messages.ts';
import { KeyLog } from '../../../src/pcap/tls/keyLog.ts';
import { analyzeCapture, sample } from '../../support/analyzeCapture.ts';
import { dialogue } from '../../support/dialogue.ts';
import { leaf, leafKey } from '../../support/certificates.ts';
import { random } from '../../support/random.ts';

beforeAll(() => installPlatform(nodePlatform));
afterAll(() => installPlatform(null));

type Line = readonly [from: 'client' | 'server', text: string];
interface Recorded {
  readonly lines: Line[];
  readonly keyLog: string;
}

const REQUEST = 'GET /hidden?n=1 HTTP/1.1\r\nHost: www.example.com\r\n\r\n',
  // Over several records.
  ANSWER = `HTTP/1.1 200 OK\r\nContent-Length: 40000\r\n\r\n${'x'.repeat(40_000)}`,
  SECOND = 'GET /second HTTP/1.1\r\nHost: www.example.com\r\n\r\n';
const PSK = Buffer.from('00112233445566778899aabbccddeeff', 'hex');
/** SSL_OP_NO_ENCRYPT_THEN_MAC of OpenSSL. */
const NO_ENCRYPT_THEN_MAC = 1 << 19;

/** A connection over loopback, as its client sent and got it. */
async function record(options: tls.SecureContextOptions & { readonly secureOptions?: number }): Promise<Recorded> {
  const server = tls.createServer({ ...options, pskCallback: () => PSK }, (socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => {
      socket.write(ANSWER);
      socket.once('data', () => socket.end('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n'));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const lines: Line[] = [],
    wire = net.connect((server.address() as net.AddressInfo).port, '127.0.0.1'),
    tap = new Duplex({
      read: () => undefined,
      write: (chunk: Buffer, _, done) => {
        lines.push(['client', chunk.toString('latin1')]);
        wire.write(chunk, () => done());
      },
      final: (done) => {
        wire.end(() => done());
      },
    });
  wire.on('data', (chunk) => {
    lines.push(['server', chunk.toString('latin1')]);
    tap.push(chunk);
  });
  wire.on('end', () => tap.push(null));
  const client = tls.connect({
    socket: tap,
    ...options,
    rejectUnauthorized: false,
    checkServerIdentity: () => undefined,
    pskCallback: () => ({ psk: PSK, identity: 'test' }),
  });
  let keyLog = '',
    received = 0;
  client.on('keylog', (line: Buffer) => (keyLog += line.toString('latin1')));
  client.write(REQUEST);
  client.on('data', (chunk: Buffer) => {
    received += chunk.length;
    if (received === ANSWER.length) client.write(SECOND);
  });
  await once(client, 'end');
  client.destroy();
  wire.destroy();
  server.close();
  return { lines, keyLog };
}

/** Requests and answers that were said in a capture, in order, and whether all of them had been opened. */
async function saidIn(capture: Uint8Array, keyLog = ''): Promise<string[]> {
  const said: string[] = [],
    source = bufferSource(capture),
    format = formats.find((each) => each.sniff(capture))!;
  source.keys = new KeyLog();
  source.keys.add(keyLog);
  const analysis = new Analysis(source, format, {
    listen: {
      messages: [httpRequestMessage.kind, httpResponseMessage.kind],
      to: () => ({
        onMessage(message, _, p) {
          const how = p.isOpened ? '' : ' in clear';
          if (httpRequestMessage.is(message)) said.push(`${message.method} ${message.uri ?? ''}${how}`);
          else if (httpResponseMessage.is(message)) said.push(`${message.status}, ${message.bodyLength} bytes${how}`);
        },
      }),
    },
  });
  await analysis.advance();
  return said;
}

const ALL = ['GET /hidden?n=1', '200, 40000 bytes', 'GET /second', '404, 0 bytes'];

describe.each([
  ['TLSv1.2', 'PSK-AES128-GCM-SHA256', 0],
  ['TLSv1.2', 'PSK-AES256-GCM-SHA384', 0],
  ['TLSv1.2', 'PSK-CHACHA20-POLY1305', 0],
  ['TLSv1.2', 'PSK-AES128-CCM', 0],
  ['TLSv1.2', 'PSK-AES256-CCM8', 0],
  ['TLSv1.2', 'PSK-AES128-CBC-SHA', 0],
  ['TLSv1.2', 'PSK-AES128-CBC-SHA', NO_ENCRYPT_THEN_MAC],
  ['TLSv1.2', 'PSK-AES256-CBC-SHA384', 0],
  ['TLSv1.2', 'PSK-AES256-CBC-SHA384', NO_ENCRYPT_THEN_MAC],
  ['TLSv1.2', 'PSK-CAMELLIA128-SHA256', 0],
  ['TLSv1.2', 'PSK-NULL-SHA256', 0],
  ['TLSv1.1', 'PSK-AES256-CBC-SHA', 0],
  ['TLSv1.1', 'PSK-AES128-CBC-SHA', NO_ENCRYPT_THEN_MAC],
  ['TLSv1', 'PSK-AES128-CBC-SHA', 0],
  ['TLSv1', 'PSK-AES256-CBC-SHA', NO_ENCRYPT_THEN_MAC],
] as const)('%s %s (options %d)', (version, suite, secureOptions) => {
  let recorded: Recorded;
  beforeAll(async () => {
    recorded = await record({ minVersion: version, maxVersion: version, ciphers: `${suite}:@SECLEVEL=0`, secureOptions });
  });

  it('says what it carries to who has its secrets, and to nobody else', async () => {
    const capture = dialogue(recorded.lines, { port: 443 }).bytes();
    expect(await saidIn(capture, recorded.keyLog)).toEqual(ALL);
    expect(await saidIn(capture)).toEqual([]);
    expect(await saidIn(capture, recorded.keyLog.replace(/[0-9a-f]{8}$/m, '00000000'))).toEqual([]);
  });
});

/** `leaf` and its key as Node wants them. */
const pem = (what: string, der: Buffer): string => `-----BEGIN ${what}-----\n${der.toString('base64')}\n-----END ${what}-----\n`;
const CERTIFICATE = { cert: pem('CERTIFICATE', leaf), key: pem('PRIVATE KEY', leafKey) };

describe('TLS 1.3', () => {
  let recorded: Recorded, capture: Uint8Array;
  beforeAll(async () => {
    recorded = await record({ minVersion: 'TLSv1.3', ciphers: 'TLS_AES_128_CCM_SHA256', ...CERTIFICATE });
    capture = dialogue(recorded.lines, { port: 443 }).bytes();
  });

  it('is opened with the secrets of its traffic', async () => {
    expect(await saidIn(capture, recorded.keyLog)).toEqual(ALL);
    expect(await saidIn(capture)).toEqual([]);
  });

  it('is opened as far as secrets are known', async () => {
    const without = (label: string): string => recorded.keyLog.replace(new RegExp(`^${label}.*$`, 'm'), '');
    expect(await saidIn(capture, without('SERVER_TRAFFIC_SECRET_0'))).toEqual(['GET /hidden?n=1', 'GET /second']);
    expect(await saidIn(capture, without('CLIENT_TRAFFIC_SECRET_0'))).toEqual(['200, 40000 bytes', '404, 0 bytes']);
    // Without those of the handshake nobody knows where the traffic begins.
    expect(await saidIn(capture, without('CLIENT_HANDSHAKE_TRAFFIC_SECRET'))).toEqual(['200, 40000 bytes', '404, 0 bytes']);
  });

  it('is opened behind packets that are missing', async () => {
    // The answer of 40,000 bytes goes over many segments: one from its middle.
    const said = await saidIn(withoutRecord(capture, 20), recorded.keyLog);
    expect(said).toContain('GET /second');
    expect(said.at(-1)).toBe('404, 0 bytes');
  });

  it('has the line of a frame for the message in it, whatever record comes behind', async () => {
    // The second answer and the end of the connection, sent at once.
    const asked = recorded.lines.findLastIndex(([who], i) => who === 'server' && recorded.lines[i - 1]?.[0] === 'client'),
      last = recorded.lines.slice(asked).filter(([who]) => who === 'server');
    const lines: Line[] = [...recorded.lines.slice(0, asked), ['server', last.map(([, text]) => text).join('')]],
      bytes = dialogue(lines, { port: 443 }).bytes(),
      keys = new KeyLog(),
      about = { name: 'tls.pcap', fileBytes: bytes.length, format: 'pcap', compression: null, sha256: null, inflateStopped: null };
    keys.add(recorded.keyLog);
    const session = new CaptureSession(
      { ...bufferSource(bytes), keys },
      formats.find(({ id }) => id === 'pcap')!,
      about,
      { version: 'test', emit: () => undefined },
    );
    await session.read();
    const { rows } = await session.handlers.packets({ selection: EVERYTHING, sort: null, offset: 0, limit: 1000 }, new AbortController().signal);
    expect(rows.at(-1)).toMatchObject({ protocol: 'HTTP', info: expect.stringContaining('404 Not Found') as string });
  });

  it('stays within its bytes when they are damaged', async () => {
    const { below } = random(13);
    for (let i = 0; i < 150; i++) {
      const damaged = capture.slice();
      for (let n = 0; n < 4; n++) damaged[24 + below(damaged.length - 24)] = below(256);
      for (const what of await saidIn(damaged, recorded.keyLog)) expect(what).not.toMatch(/in clear/);
    }
  });
});

/** A pcap file without its record of that number, from 0. */
function withoutRecord(capture: Uint8Array, number: number): Uint8Array {
  const view = new DataView(capture.buffer, capture.byteOffset, capture.byteLength),
    isLittle = capture[0] === 0xd4 || capture[0] === 0x4d;
  let at = 24;
  for (let i = 0; i < number; i++) at += 16 + view.getUint32(at + 8, isLittle);
  return Uint8Array.from([...capture.subarray(0, at), ...capture.subarray(at + 16 + view.getUint32(at + 8, isLittle))]);
}

describe('KeyLog', () => {
  const random32 = Buffer.alloc(32, 0xab),
    line = (label: string, secret = '11'.repeat(32)): string => `${label} ${random32.toString('hex')} ${secret}\n`;

  it.each([
    ['a comment before it', `# made by a program\n${line('CLIENT_RANDOM')}`],
    ['lines of Windows', line('CLIENT_RANDOM').replace('\n', '\r\n')],
    ['capitals', line('CLIENT_RANDOM').toUpperCase()],
    ['no end of line', line('CLIENT_RANDOM').trimEnd()],
    ['junk around it', `\0\x01 ${'f'.repeat(70_000)}\n${line('CLIENT_RANDOM')}CLIENT_RANDOM 12 34\n`],
  ])('reads a line with %s', (_, text) => {
    const keys = new KeyLog();
    expect(keys.add(text)).toBe(1);
    expect(keys.find('CLIENT_RANDOM', random32)).toEqual(new Uint8Array(32).fill(0x11));
    expect(keys.find('CLIENT_TRAFFIC_SECRET_0', random32)).toBeNull();
    expect(keys.knows(Buffer.alloc(32))).toBe(false);
  });

  it.each([
    '',
    'GET / HTTP/1.1\n',
    line('EXPORTER_SECRET'),
    line('RSA'),
    line('CLIENT_RANDOM', '1'),
    line('CLIENT_RANDOM', 'zz'.repeat(32)),
    '\u0000'.repeat(1000),
  ])('takes nothing from %j', (text) => expect(new KeyLog().add(text)).toBe(0));
});

describe('the sample with Decryption Secrets', () => {
  it('tells what was done within TLS, and no secret of it', async () => {
    const report = await analyzeCapture(sample('web-tls-keys.pcapng'));
    expect(report.quality.openedConversations).toBe(11);
    expect(report.findings.map(({ detector }) => detector)).toEqual(['exploit-attempt']);
    const text = JSON.stringify(report),
      secrets = fs.readFileSync(sample('web-tls-keys.pcapng'), 'latin1').match(/[0-9a-f]{64}/g)!;
    expect(secrets.length).toBeGreaterThan(40);
    for (const secret of secrets) expect(text).not.toContain(secret.slice(0, 16));
  });
});
