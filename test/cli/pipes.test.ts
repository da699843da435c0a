/** Captures through a pipe: standard input, a named pipe, and what is none. */
import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { buildCli } from './support/buildCli.ts';
import { netsec, SAMPLES } from './support/capture.ts';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'netsec-pipes-'));
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));
const DNS = path.join(SAMPLES, 'dns.pcap');

interface Piped {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Writes the pieces one after the other into the command's standard input. */
async function piped(args: readonly string[], pieces: readonly Uint8Array[]): Promise<Piped> {
  const child = spawn(process.execPath, [await buildCli(), ...args], { env: { ...process.env, TMPDIR: folder }, stdio: 'pipe' });
  let stdout = '',
    stderr = '';
  child.stdout.on('data', (data: Buffer) => (stdout += data.toString()));
  child.stderr.on('data', (data: Buffer) => (stderr += data.toString()));
  child.stdin.on('error', () => undefined);
  for (const piece of pieces) {
    child.stdin.write(piece);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  child.stdin.end();
  const status = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { status, stdout, stderr };
}

test('standard input says what the file says, whole or packed, in one piece or many, and nothing is left behind', async () => {
  const bytes = fs.readFileSync(DNS),
    rows = ['packets', '--limit', 'all', '--json'];
  const file = await netsec([...rows, DNS]);
  for (const pieces of [[bytes], [bytes.subarray(0, 10), bytes.subarray(10, 3000), bytes.subarray(3000)]]) {
    const ran = await piped([...rows, '-'], pieces);
    expect(ran.status).toBe(0);
    expect(ran.stdout).toBe(file.stdout);
  }
  const packed = await piped([...rows, '-'], [fs.readFileSync(path.join(SAMPLES, 'break-in.pcap.gz'))]);
  expect(packed.stdout).toBe((await netsec([...rows, path.join(SAMPLES, 'break-in.pcap.gz')])).stdout);
  expect(fs.readdirSync(folder)).toEqual([]);
});

test('a report of it has no name of a file, and is not kept', async () => {
  const ran = await piped(['analyze', '-', '--json'], [fs.readFileSync(DNS)]);
  expect(JSON.parse(ran.stdout)).toMatchObject({ capture: { file: 'stdin', packets: 72 } });
  expect(fs.readdirSync(folder)).toEqual([]);
});

test('nothing, and what is no capture, are refused in one sentence', async () => {
  expect(await piped(['analyze', '-'], [])).toMatchObject({ status: 3, stderr: expect.stringMatching(/^stdin is empty/) as string });
  expect(await piped(['analyze', '-'], [Buffer.from('hello')])).toMatchObject({
    status: 3,
    stderr: expect.stringMatching(/^stdin is not a packet capture/) as string,
  });
});

test.skipIf(process.platform === 'win32')('a named pipe is read to its end', async () => {
  const pipe = path.join(folder, 'pipe');
  execFileSync('mkfifo', [pipe]);
  const reads = netsec(['packets', pipe, '--limit', '1', '--json'], { env: { TMPDIR: folder } });
  await fs.promises.writeFile(pipe, fs.readFileSync(DNS));
  expect(JSON.parse((await reads).stdout)).toMatchObject({ total: 72 });
  fs.rmSync(pipe);
  expect(fs.readdirSync(folder)).toEqual([]);
});
