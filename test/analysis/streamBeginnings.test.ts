/** Streams whose first segment comes late, as tshark 4.0.17 reads the same capture with tcp.reassemble_out_of_order, or never, as it reads it without. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { httpRequestMessage, httpResponseMessage } from '../../src/pcap/http/messages.ts';
import { bytesOf, CLIENT, SERVER } from '../support/dialogue.ts';
import { messagesOf } from '../support/messagesOf.ts';
import { ACK, PacketBuilder, PSH, SYN } from '../support/packetBuilder.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'netsec-streams-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const REQUEST = 'GET /one HTTP/1.1\r\nHost: h.example\r\n\r\n',
  AGAIN = REQUEST.replace('one', 'two'),
  RESPONSE = `HTTP/1.1 200 OK\r\nContent-Length: 60\r\n\r\n${'x'.repeat(60)}`,
  REFUSAL = 'HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n';

/** A connection to port 80 after its handshake (three frames); each segment is who sends, from where in its stream, what. */
async function read(name: string, segments: readonly (readonly ['client' | 'server', number, string, number])[]) {
  const there = { from: CLIENT, to: SERVER, sourcePort: 40_000, destinationPort: 80 },
    back = { from: SERVER, to: CLIENT, sourcePort: 80, destinationPort: 40_000 };
  const builder = new PacketBuilder()
    .tcp({ ...there, flags: SYN, sequence: 1000 })
    .tcp({ ...back, flags: SYN | ACK, sequence: 5000, acknowledgment: 1001 })
    .tcp({ ...there, flags: ACK, sequence: 1001, acknowledgment: 5001 });
  for (const [who, at, text, acknowledged] of segments) {
    const [ends, own, other] = who === 'client' ? [there, 1001, 5001] : [back, 5001, 1001];
    builder.wait(0.01).tcp({ ...ends, flags: PSH | ACK, sequence: own + at, acknowledgment: other + acknowledged, payload: bytesOf(text) });
  }
  const file = path.join(folder, `${name}.pcap`);
  writeFileSync(file, builder.bytes());
  return {
    requests: (await messagesOf(file, httpRequestMessage)).map(({ frame, uri }) => `${frame} ${uri}`),
    responses: (await messagesOf(file, httpResponseMessage)).map(({ frame, status }) => `${frame} ${status}`),
  };
}

describe('a stream whose first segment', () => {
  test('is overtaken by the second is read from its beginning', async () => {
    expect(
      await read('overtaken', [
        ['client', 0, REQUEST, 0],
        ['server', 50, RESPONSE.slice(50), REQUEST.length],
        ['server', 0, RESPONSE.slice(0, 50), REQUEST.length],
        ['client', REQUEST.length, AGAIN, RESPONSE.length],
        ['server', RESPONSE.length, REFUSAL, REQUEST.length + AGAIN.length],
      ]),
    ).toEqual({ requests: ['4 /one', '7 /two'], responses: ['6 200', '8 404'] });
  });

  test('was never captured goes on with what follows, once that is acknowledged', async () => {
    expect(
      await read('missing', [
        ['client', REQUEST.length, AGAIN, 0],
        ['server', 50, RESPONSE.slice(50), REQUEST.length + AGAIN.length],
        ['client', REQUEST.length + AGAIN.length, REQUEST, RESPONSE.length],
        ['server', RESPONSE.length, REFUSAL, 2 * REQUEST.length + AGAIN.length],
      ]),
    ).toEqual({ requests: ['5 /two', '6 /one'], responses: ['7 404'] });
  });

  test('was never captured goes on at once where it was acknowledged before: a message is told in the frame that holds it', async () => {
    // tshark 4.0.17 with its defaults: http.request in 4, 5 and 7, http.response in 6 and 8.
    expect(
      await read('missing-and-acknowledged', [
        ['client', 0, REQUEST, 0],
        ['client', REQUEST.length, AGAIN, RESPONSE.length],
        ['server', RESPONSE.length, REFUSAL, REQUEST.length + AGAIN.length],
        ['client', REQUEST.length + AGAIN.length, REQUEST, RESPONSE.length + REFUSAL.length],
        ['server', RESPONSE.length + REFUSAL.length, REFUSAL, 2 * REQUEST.length + AGAIN.length],
      ]),
    ).toEqual({ requests: ['4 /one', '5 /two', '7 /one'], responses: ['6 404', '8 404'] });
  });
});
