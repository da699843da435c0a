/**
 * DTLS opened with key logs: the sample `dtls-keys.pcapng`, recorded from openssl. What its frames hold is told by tshark, but for ChaCha20, which tshark 4.0 opens in TLS
 * alone; what the client was given to say stands in `captures/dtls-keys.md`.
 */
import fs from 'node:fs';
import path from 'node:path';
import os from 'node:os';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openCaptureFile } from '../../../src/analysis/captureFile.node.ts';
import { selectFrames } from '../../../src/analysis/filtering.ts';
import { installPlatform } from '../../../src/pcap/platform.ts';
import { nodePlatform } from '../../../src/pcap/platform.node.ts';
import { analyzeCapture, sample } from '../../support/analyzeCapture.ts';
import { splitSecrets } from '../../support/splitSecrets.ts';

const FILE = sample('dtls-keys.pcapng');

beforeAll(() => installPlatform(nodePlatform));
afterAll(() => installPlatform(null));

async function framesOf(file: string, filter: string): Promise<number[]> {
  const opened = await openCaptureFile({ kind: 'path', path: file });
  if (!opened.ok) throw new Error(opened.message);
  const { source, format } = opened.capture,
    frames = [...(await selectFrames(source, format, filter, undefined, {})).frames()];
  await opened.capture.close();
  return frames;
}

describe('DTLS with Decryption Secrets', () => {
  // tshark: 13 and 43; 28 is the same line in ChaCha20.
  it.each([
    ['AES-128-GCM', 4433, 13],
    ['ChaCha20', 4434, 28],
    ['AES-256-CBC', 4435, 43],
  ])('shows what was sent with %s', async (_, port, frame) => expect(await framesOf(FILE, `data.data contains "reading ${port}"`)).toEqual([frame]));

  it('shows the ends of the handshakes and the good-byes', async () => {
    // tshark: 10, 12, 40, 42; 25 and 27 are those of the connection with ChaCha20.
    expect(await framesOf(FILE, 'dtls.handshake.type == 20')).toEqual([10, 12, 25, 27, 40, 42]);
    expect(await framesOf(FILE, 'dtls.alert_message.desc == 0')).toEqual([14, 15, 29, 30, 44, 45]);
  });

  it('opens three conversations of four', async () => {
    const { quality, findings } = await analyzeCapture(FILE);
    expect(quality.openedConversations).toBe(3);
    expect(findings.map(({ detector }) => detector)).toEqual([]);
  });

  it('shows none of it without the secrets', async () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'netsec-dtls-')),
      file = path.join(folder, 'dtls.pcapng');
    fs.writeFileSync(file, splitSecrets(FILE).capture);
    expect(await framesOf(file, 'data || dtls.handshake.type == 20')).toEqual([]);
    fs.rmSync(folder, { recursive: true });
  });
});
