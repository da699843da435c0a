/** `netsec capture` between two network namespaces: built, started, listened to, and fed with counted datagrams. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { build } from 'esbuild';
import type { RecordingStatus } from '../../../src/live/record.node.ts';
import { hasProgram, makeNamespaces, namespacesMissing, type Namespaces } from '../../support/networkNamespaces.ts';

const ROOT = path.resolve(import.meta.dirname, '../../..');
const SENDER = path.join(ROOT, 'test/support/udpSender.cjs');

/** Why it cannot be done here, said aloud; null when it can. `.ci/run` installs what is needed and is root: there it throws. */
export function recordingMissing(what: string, programs: readonly string[] = ['tcpdump', 'dumpcap']): string | null {
  const missing = namespacesMissing() ?? (programs.every(hasProgram) ? null : `${programs.join(' and ')} are needed`);
  if (missing === null) return null;
  console.warn(`NOT RUN: ${what}: ${missing}`);
  if (process.env['CI'] !== undefined) throw new Error(`${what} could not be tested: ${missing}`);
  return missing;
}

export interface Run {
  readonly child: ChildProcess;
  readonly statuses: RecordingStatus[];
  said(): string;
  readonly done: Promise<number | null>;
}

export interface LiveNetwork {
  readonly folder: string;
  /** Path of the command line. */
  readonly cli: string;
  readonly net: Namespaces;
  /** `netsec capture` in the right namespace, or as `command` says. */
  start(args: readonly string[], command?: readonly string[], env?: Readonly<Record<string, string>>): Run;
  /** A new folder of the output, with the slash that says so. */
  out(): string;
  /** Datagrams from left to right, so many a second; resolves with how many were sent. */
  send(count: number, rate: number): Promise<number>;
  dispose(): void;
}

export async function liveNetwork(): Promise<LiveNetwork> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'netsec-live-'));
  // nobody has to reach the folder, too.
  fs.chmodSync(folder, 0o755);
  const cli = await bundleInto(folder, 'src/cli/main.node.ts', 'cli.mjs'),
    net = makeNamespaces();
  return {
    folder,
    cli,
    net,
    start: (args, command = ['ip', 'netns', 'exec', net.right], env = {}) => {
      const [file = '', ...rest] = [...command, process.execPath, cli, 'capture', '--json', '--keep-free', '0', ...args];
      const child = spawn(file, rest, { stdio: ['pipe', 'pipe', 'pipe'], env: { ...process.env, ...env } }),
        statuses: RecordingStatus[] = [];
      let said = '',
        out = '';
      child.stdout.on('data', (text: Buffer) => {
        const lines = `${out}${text.toString()}`.split('\n');
        out = lines.pop() ?? '';
        statuses.push(...lines.map((line) => JSON.parse(line) as RecordingStatus));
      });
      child.stderr.on('data', (text: Buffer) => (said += text.toString()));
      return { child, statuses, said: () => said, done: new Promise((resolve) => child.on('close', resolve)) };
    },
    out: () => `${fs.mkdtempSync(path.join(folder, 'out-'))}/`,
    async send(count, rate) {
      const child = net.run(net.left, [process.execPath, SENDER, String(count), String(rate)]);
      let text = '';
      child.stdout!.on('data', (part: Buffer) => (text += part.toString()));
      await new Promise((resolve) => child.on('close', resolve));
      return Number(text);
    },
    dispose() {
      net.dispose();
      fs.rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** One of our programs as it is shipped; gives its path. */
export async function bundleInto(folder: string, entry: string, name: string): Promise<string> {
  const outfile = path.join(folder, name),
    isModule = name.endsWith('.mjs');
  await build({
    entryPoints: [path.join(ROOT, entry)],
    outfile,
    bundle: true,
    platform: 'node',
    format: isModule ? 'esm' : 'cjs',
    target: 'node20',
    define: { NETSEC_VERSION: '"test"' },
    ...(isModule
      ? {
          banner: {
            js: "import { createRequire as netsecCreateRequire } from 'node:module'; const require = netsecCreateRequire(import.meta.url);",
          },
        }
      : {}),
    logLevel: 'error',
  });
  return outfile;
}

export async function until(what: () => boolean, timeoutMs = 20_000): Promise<void> {
  const end = Date.now() + timeoutMs;
  while (!what()) {
    if (Date.now() > end) throw new Error('waited in vain');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** A program that records has opened the interface when it has written the file's header. */
export async function listening(run: Run): Promise<void> {
  await until(() => (run.statuses.at(-1)?.bytes ?? 0) > 0);
}

/** As capinfos -c counts them. */
export const packetsIn = (file: string): number => Number(/(\d+)\s*$/.exec(execFileSync('capinfos', ['-Mc', file], { encoding: 'utf8' }))?.[1]);
