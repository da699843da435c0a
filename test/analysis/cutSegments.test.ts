/**
 * Streams in captures whose snap length cut segments. Expected: what tshark 4.0.17 finds in copies of the samples made with `editcap -s`; where it finds less, because it
 * reads no further in a head that was cut, what it finds in the whole sample.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { openCaptureFile } from '../../src/analysis/captureFile.node.ts';
import { selectFrames } from '../../src/analysis/filtering.ts';
import { httpRequestMessage, httpResponseMessage } from '../../src/pcap/http/messages.ts';
import { sample } from '../support/analyzeCapture.ts';
import { messagesOf } from '../support/messagesOf.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'netsec-cut-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** As `editcap -s`: a copy whose frames have at most `length` bytes. The samples are little-endian pcap files. */
function cutAt(name: string, length: number): string {
  const whole = readFileSync(sample(name)),
    parts = [whole.subarray(0, 24)];
  for (let at = 24; at + 16 <= whole.length;) {
    const captured = whole.readUInt32LE(at + 8),
      header = Buffer.from(whole.subarray(at, at + 16));
    header.writeUInt32LE(Math.min(captured, length), 8);
    parts.push(header, whole.subarray(at + 16, at + 16 + Math.min(captured, length)));
    at += 16 + captured;
  }
  const file = path.join(folder, `${length}-${name}`);
  writeFileSync(file, Buffer.concat(parts));
  return file;
}

async function framesOf(file: string, filter: string): Promise<number[]> {
  const opened = await openCaptureFile({ kind: 'path', path: file });
  if (!opened.ok) throw new Error(opened.message);
  try {
    return [...(await selectFrames(opened.capture.source, opened.capture.format, filter, undefined, {})).frames()];
  } finally {
    await opened.capture.close();
  }
}

describe('in segments that the snap length cut', () => {
  test.each([
    ['dirb.pcap', 300, 224, 224],
    ['dirb.pcap', 600, 224, 224],
    ['web-attacks.pcap', 300, 10, 10],
    ['web-attacks.pcap', 600, 10, 10],
    ['web-browsing.pcap', 600, 16, 16],
    // Of the copy tshark says 15 and 14: it stops in two heads that the whole sample has.
    ['web-browsing.pcap', 300, 16, 16],
  ])('requests and responses of HTTP are told: %s at %i bytes', async (name, length, requests, responses) => {
    const file = cutAt(name, length);
    expect(await messagesOf(file, httpRequestMessage)).toHaveLength(requests);
    const told = await messagesOf(file, httpResponseMessage);
    expect(told).toHaveLength(responses);
    // Each answers one of the requests, although bytes are missing between them.
    expect(told.filter(({ requestFrame }) => requestFrame > 0)).toHaveLength(responses);
  });

  test('messages of DNS over TCP are told, as far as they go, and are not malformed', async () => {
    const file = cutAt('dns.pcap', 120);
    // As in the whole sample; the answer in 34 and 35 goes as far as the cut in 34.
    expect(await framesOf(file, 'dns and tcp')).toEqual([32, 35, 44, 46, 60, 62]);
    expect(await framesOf(file, 'dns.qry.name and tcp')).toEqual([32, 35, 44, 46, 60, 62]);
    expect(await framesOf(file, 'dns.txt contains "datagram" and tcp')).toEqual([]);
    expect(await framesOf(file, '_ws.malformed')).toEqual([]);
  });

  test('messages of SMB 2 are such, with their command, though their header is cut', async () => {
    // tshark 4.0.17 of the same copy.
    const file = cutAt('smb-session.pcap', 96);
    expect(await framesOf(file, 'smb2')).toHaveLength(58);
    expect(await framesOf(file, 'smb2.cmd == 5 && smb2.flags.response == 1')).toEqual([26, 34, 40, 50, 56, 64]);
  });

  test('what is too short to be read is of its protocol all the same', async () => {
    expect(await framesOf(cutAt('ftp.pcap', 96), 'ftp')).toHaveLength(131);
    // The hellos of the clients, of which tshark shows TLS without a version.
    const file = cutAt('weak-tls.pcap', 96),
      hellos = [6, 21, 35, 49, 63, 77, 91];
    expect((await framesOf(file, 'tls')).filter((frame) => hellos.includes(frame))).toEqual(hellos);
    expect(await framesOf(file, '_ws.malformed')).toEqual([]);
  });

  test('values of a line that was cut are not read', async () => {
    const [first] = await messagesOf(cutAt('web-browsing.pcap', 96), httpRequestMessage);
    // "Host: www.exam" in tshark's `http.host`.
    expect([first?.uri, first?.host]).toEqual(['/', null]);
  });
});
