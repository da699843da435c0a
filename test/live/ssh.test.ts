/** `netsec capture --ssh` with OpenSSH at both ends, between two namespaces: what a stand-in cannot show of a real session and its end. */
import { execFileSync, type ChildProcess } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { childrenOf, processesWith } from '../support/processes.ts';
import { listening, liveNetwork, packetsIn, recordingMissing, until, type LiveNetwork, type Run } from './support/liveNetwork.ts';

const missing = recordingMissing('recording over a real SSH', ['tcpdump', 'capinfos', 'sshd', 'ssh', 'ssh-keygen']);

let live: LiveNetwork, sshd: ChildProcess, bin: string;

beforeAll(async () => {
  if (missing !== null) return;
  live = await liveNetwork();
  const folder = path.join(live.folder, 'ssh'),
    file = (name: string): string => path.join(folder, name);
  bin = path.join(live.folder, 'bin');
  fs.mkdirSync(folder, { mode: 0o700 });
  fs.mkdirSync(bin);
  for (const key of ['host', 'user']) execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', file(key)]);
  fs.writeFileSync(
    file('sshd_config'),
    `ListenAddress 10.77.0.2\nHostKey ${file('host')}\nAuthorizedKeysFile ${file('user.pub')}\nPidFile none\nStrictModes no\nUsePAM no\nPermitRootLogin prohibit-password\nPasswordAuthentication no\n`,
  );
  fs.writeFileSync(file('known_hosts'), `10.77.0.2 ${fs.readFileSync(file('host.pub'), 'utf8')}`);
  fs.writeFileSync(
    file('config'),
    `Host router\n  HostName 10.77.0.2\n  User root\n  IdentityFile ${file('user')}\n  UserKnownHostsFile ${file('known_hosts')}\n  BatchMode yes\n  ConnectTimeout 10\n`,
  );
  // As somebody's ~/.ssh/config would be read, which is not ours to touch.
  fs.writeFileSync(path.join(bin, 'ssh'), `#!/bin/sh\nexec ${program('ssh')} -F ${file('config')} "$@"\n`, { mode: 0o755 });
  // Where sshd wants an empty folder to be.
  fs.mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
  sshd = live.net.run(live.net.right, [program('sshd'), '-D', '-e', '-f', file('sshd_config')]);
  let said = '';
  sshd.stderr!.on('data', (text: Buffer) => (said += text.toString()));
  await until(() => said.includes('Server listening'));
});
afterAll(() => {
  sshd?.kill();
  live?.dispose();
});

function program(name: string): string {
  return ['/usr/bin', '/usr/sbin'].map((folder) => path.join(folder, name)).find((file) => fs.existsSync(file))!;
}

const overSsh = (filter: string): Run =>
  live.start(['--ssh', 'router', '-i', 've0', ...(filter === '' ? [] : ['-f', filter]), '-o', live.out()], ['ip', 'netns', 'exec', live.net.left], {
    PATH: `${bin}:${process.env['PATH'] ?? ''}`,
  });

describe.skipIf(missing !== null)('over a real SSH', () => {
  test('what the other machine sees is all here, and it is asked to end and says what it lost', async () => {
    const run = overSsh('udp port 9999');
    await listening(run);
    await live.send(2000, 1000);
    await until(() => (run.statuses.at(-1)?.packets ?? 0) === 2000);
    run.child.kill('SIGINT');
    expect(await run.done).toBe(0);
    const last = run.statuses.at(-1)!;
    expect([last.dropped, last.message, packetsIn(last.file!)]).toEqual([0, null, 2000]);
    await until(() => processesWith('udp port 9999').length === 0);
  });

  test('nothing is left behind there when the recorder is killed', async () => {
    const run = overSsh('udp port 9996');
    await listening(run);
    expect(processesWith('udp port 9996').length).toBeGreaterThan(0);
    run.child.kill('SIGKILL');
    await run.done;
    await until(() => processesWith('udp port 9996').length === 0);
  });

  test('without a filter it does not record itself', async () => {
    const run = overSsh('');
    await listening(run);
    await live.send(200, 1000);
    await until(() => (run.statuses.at(-1)?.packets ?? 0) >= 200);
    run.child.kill('SIGINT');
    await run.done;
    expect(execFileSync('tshark', ['-r', run.statuses.at(-1)!.file!, '-Y', 'tcp.port == 22'], { encoding: 'utf8' })).toBe('');
  });

  test('a connection that is cut keeps what came, and says so', async () => {
    const run = overSsh('udp port 9995 or udp port 9999');
    await listening(run);
    await live.send(300, 1000);
    await until(() => (run.statuses.at(-1)?.packets ?? 0) === 300);
    for (const pid of childrenOf(sshd.pid!)) process.kill(Number(pid), 'SIGKILL');
    // Some of it is there: the exit code of partial results.
    expect(await run.done).toBe(4);
    const last = run.statuses.at(-1)!;
    expect([last.reason, packetsIn(last.file!)]).toEqual(['failed', 300]);
    expect(run.said()).toMatch(/tcpdump on ve0 of router stopped by itself: .*(?:closed|reset|broken)/i);
  });
});
