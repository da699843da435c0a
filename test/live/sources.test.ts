/** `netsec capture` over SSH, from a pipe, and into rings by time. The ssh of these tests is a stand-in that notes its arguments and lets a shell run the last, as sshd does. */
import fs from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sample } from '../support/analyzeCapture.ts';
import { processesWith } from '../support/processes.ts';
import { listening, liveNetwork, packetsIn, recordingMissing, until, type LiveNetwork, type Run } from './support/liveNetwork.ts';

const missing = recordingMissing('recording over SSH and into rings', ['tcpdump', 'capinfos']);

let live: LiveNetwork, ssh: string, log: string;

beforeAll(async () => {
  if (missing !== null) return;
  live = await liveNetwork();
  ssh = path.join(live.folder, 'bin');
  log = path.join(live.folder, 'ssh.log');
  fs.mkdirSync(ssh);
  fs.writeFileSync(
    path.join(ssh, 'ssh'),
    `#!/bin/sh
for word; do printf '%s\\n' "$word" >> "$NETSEC_SSH_LOG"; done
[ "$3" = unreachable ] && { echo 'ssh: connect to host unreachable port 22: No route to host' >&2; exit 255; }
for last; do :; done
exec sh -c "$last"
`,
    { mode: 0o755 },
  );
});
afterAll(() => live?.dispose());

function overSsh(args: readonly string[]): Run {
  fs.rmSync(log, { force: true });
  return live.start(args, undefined, { PATH: `${ssh}:${process.env['PATH'] ?? ''}`, NETSEC_SSH_LOG: log });
}

const told = (): string[] => (fs.existsSync(log) ? fs.readFileSync(log, 'utf8').trimEnd().split('\n') : []);
describe.skipIf(missing !== null)('over SSH', () => {
  test('tcpdump of the other machine is run with each word as it is, and what it sends is all there', async () => {
    const run = overSsh(['--ssh', 'admin@router', '-i', 've0', '-f', 'udp port 9999', '-o', live.out()]);
    await listening(run);
    await live.send(300, 1000);
    await until(() => (run.statuses.at(-1)?.packets ?? 0) === 300);
    run.child.kill('SIGINT');
    expect(await run.done).toBe(0);
    expect(told().slice(0, -1)).toEqual(['-T', '--', 'admin@router']);
    // As the shell there reads it: a script in quotes, in which each word is in quotes.
    expect(told().at(-1)!.replaceAll("'\\''", "'")).toContain("'tcpdump' '-n' '-U' '-B' '16384' '-i' 've0' '-w' '-' '--' 'udp port 9999'");
    expect(packetsIn(run.statuses.at(-1)!.file!)).toBe(300);
    // It was asked to end, and said what it had lost.
    expect(run.statuses.at(-1)!.dropped).toBe(0);
    expect(processesWith('udp port 9999')).toEqual([]);
    expect(run.said()).toContain('Recording: tcpdump on ve0 of admin@router');
  });

  test('nothing is left behind there when the recorder is killed', async () => {
    const run = overSsh(['--ssh', 'router', '-i', 've0', '-f', 'udp port 9998', '-o', live.out()]);
    await listening(run);
    expect(processesWith('udp port 9998').length).toBeGreaterThan(0);
    run.child.kill('SIGKILL');
    await run.done;
    await until(() => processesWith('udp port 9998').length === 0);
  });

  test('without a filter its own packets are left out', async () => {
    const run = overSsh(['--ssh', 'router', '-i', 've0', '-o', live.out(), '--duration', '1']);
    expect(await run.done).toBe(0);
    expect(told().at(-1)!.replaceAll("'\\''", "'")).toContain("'--' 'not tcp port 22'");
  });

  test.each(['-oProxyCommand=touch PWNED', '-F/etc/passwd', 'a;touch PWNED', '$(touch PWNED)', 'a b', ''])(
    'a host %j is refused before ssh is run',
    async (host) => {
      const run = overSsh([`--ssh=${host}`, '-i', 've0', '-o', live.out()]);
      expect([await run.done, told()]).toEqual([2, []]);
      expect(run.said()).toContain('--ssh wants a host');
    },
  );

  test('neither an interface nor a filter is a command or an option there', async () => {
    const trap = path.join(live.folder, 'PWNED');
    for (const args of [
      ['-i', `ve0; touch ${trap}`],
      ['-i', 've0', '-f', `udp'; touch ${trap}; '`],
      ['-i', 've0', `--filter=-w${trap}`],
      ['-i', 've0', '-f', `$(touch ${trap})`],
    ]) {
      const run = overSsh(['--ssh', 'router', ...args, '-o', live.out()]);
      expect(await run.done).toBe(3);
      expect(run.said()).toMatch(/could not be started: /);
    }
    expect(fs.existsSync(trap)).toBe(false);
  });

  test('one that does not end when it is asked to is ended, and what it gave is kept', { timeout: 30_000 }, async () => {
    // An ssh that hears nothing, and whose tcpdump outlives it.
    const deaf = path.join(live.folder, 'deaf');
    fs.mkdirSync(deaf);
    fs.writeFileSync(path.join(deaf, 'ssh'), `#!/bin/sh\ntrap '' INT TERM\ntcpdump -n -U -i ve0 -w - udp port 9997 &\nwhile :; do sleep 1; done\n`, {
      mode: 0o755,
    });
    const run = live.start(['--ssh', 'router', '-i', 've0', '-o', live.out()], undefined, { PATH: `${deaf}:${process.env['PATH'] ?? ''}` });
    await listening(run);
    run.child.kill('SIGINT');
    expect(await run.done).toBe(0);
    expect(packetsIn(run.statuses.at(-1)!.file!)).toBe(0);
    for (const pid of processesWith('udp port 9997')) process.kill(Number(pid), 'SIGKILL');
  });

  test('a host that is not reached is said in the words of ssh', async () => {
    const run = overSsh(['--ssh', 'unreachable', '-o', live.out()]);
    expect(await run.done).toBe(3);
    expect(run.said()).toContain('connect to host unreachable port 22: No route to host.');
  });
});

describe.skipIf(missing !== null)('from a pipe', () => {
  async function piped(bytes: Uint8Array, args: readonly string[] = []): Promise<{ readonly run: Run; readonly code: number | null }> {
    const run = live.start(['-', '-o', live.out(), ...args]);
    run.child.stdin!.on('error', () => undefined);
    run.child.stdin!.end(bytes);
    return { run, code: await run.done };
  }

  test.each(['dns.pcap', 'two-interfaces.pcapng', 'nanoseconds.pcap'])('%s is the same file behind it', async (name) => {
    const bytes = fs.readFileSync(sample(name)),
      { run, code } = await piped(bytes),
      { file, reason } = run.statuses.at(-1)!;
    expect([code, reason, path.extname(file!)]).toEqual([0, 'ended', path.extname(name)]);
    expect(fs.readFileSync(file!).equals(bytes)).toBe(true);
  });

  test('what is cut in the middle of a record ends before it', async () => {
    const bytes = fs.readFileSync(sample('dns.pcap')),
      { run, code } = await piped(bytes.subarray(0, bytes.length - 5));
    // capinfos -c dns.pcap: 72.
    expect([code, packetsIn(run.statuses.at(-1)!.file!)]).toEqual([0, 71]);
  });

  test('stops at so many packets, though more would come', async () => {
    const { run, code } = await piped(fs.readFileSync(sample('dns.pcap')), ['--packets', '10']);
    expect([code, run.statuses.at(-1)!.reason, packetsIn(run.statuses.at(-1)!.file!)]).toEqual([0, 'packets', 10]);
  });

  test('what is no capture is said, and leaves no file', async () => {
    const { run, code } = await piped(Buffer.from('HTTP/1.1 200 OK\r\n\r\n'));
    expect(code).toBe(3);
    expect(run.said()).toContain('these bytes are not a pcap or pcapng stream');
  });

  test('an empty pipe is no capture either', async () => {
    const { run, code } = await piped(new Uint8Array(0));
    expect([code, run.statuses.at(-1)!.file]).toEqual([3, null]);
  });
});

test.skipIf(missing !== null)(
  'a ring by time begins a new file each second and keeps the last three, with every packet in its place',
  { timeout: 30_000 },
  async () => {
    const out = live.out(),
      run = live.start(['-i', 've0', '-f', 'udp port 9999', '-o', out, '--ring', '3:1s', '--backend', 'tcpdump']);
    await listening(run);
    await live.send(600, 100);
    await until(() => (run.statuses.at(-1)?.packets ?? 0) === 600);
    run.child.kill('SIGINT');
    expect(await run.done).toBe(0);
    const { files, packets } = run.statuses.at(-1)!;
    expect([packets, files.length]).toEqual([600, 3]);
    expect(fs.readdirSync(out).sort()).toEqual(files.map((file) => path.basename(file)));
    const numbers = files.map((file) => Number(/_(\d{5})\.pcap$/.exec(file)?.[1]));
    // Six seconds are about six files, fewer where the machine stands still for one; numbers go on, and none is reused.
    expect(numbers[0]).toBeGreaterThanOrEqual(2);
    expect(numbers).toEqual([numbers[0]!, numbers[0]! + 1, numbers[0]! + 2]);
    const kept = files.map(packetsIn);
    expect(kept.every((count) => count > 0)).toBe(true);
    expect(kept.reduce((sum, count) => sum + count, 0)).toBeLessThan(600);
  },
);
