/** Two network namespaces joined by a veth pair, made and removed by a test; traffic in them reaches nothing else. Root and iproute2 are needed. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';

export interface Namespaces {
  /** Names of the namespaces; the interface is `ve0` in both, 10.77.0.1 in the first and 10.77.0.2 in the second. */
  readonly left: string;
  readonly right: string;
  run(namespace: string, command: readonly string[]): ChildProcess;
  runSync(namespace: string, command: readonly string[]): string;
  dispose(): void;
}

/** Why it cannot be done here, null when it can. */
export function namespacesMissing(): string | null {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'network namespaces need root on Linux';
  try {
    execFileSync('ip', ['netns', 'list'], { stdio: 'pipe' });
    const probe = `nsprobe${process.pid}`;
    execFileSync('ip', ['netns', 'add', probe], { stdio: 'pipe' });
    execFileSync('ip', ['netns', 'del', probe], { stdio: 'pipe' });
    return null;
  } catch {
    return 'ip netns does not work here';
  }
}

export function hasProgram(name: string): boolean {
  return ['/usr/bin', '/usr/sbin', '/sbin', '/bin', '/usr/local/bin'].some((folder) => existsSync(`${folder}/${name}`));
}

export function makeNamespaces(): Namespaces {
  const left = `nsl${process.pid}`,
    right = `nsr${process.pid}`;
  const ip = (...args: string[]): void => {
    execFileSync('ip', args, { stdio: 'pipe' });
  };
  const dispose = (): void => {
    for (const name of [left, right]) {
      try {
        ip('netns', 'del', name);
      } catch {
        // Was not made.
      }
    }
  };
  try {
    ip('netns', 'add', left);
    ip('netns', 'add', right);
    ip('link', 'add', 've0', 'netns', left, 'type', 'veth', 'peer', 'name', 've0', 'netns', right);
    for (const [name, address] of [
      [left, '10.77.0.1/24'],
      [right, '10.77.0.2/24'],
    ] as const) {
      ip('-n', name, 'addr', 'add', address, 'dev', 've0');
      ip('-n', name, 'link', 'set', 've0', 'up');
      ip('-n', name, 'link', 'set', 'lo', 'up');
    }
  } catch (error) {
    dispose();
    throw error;
  }
  return {
    left,
    right,
    run: (namespace, command) => spawn('ip', ['netns', 'exec', namespace, ...command], { stdio: ['pipe', 'pipe', 'pipe'] }),
    runSync: (namespace, command) => execFileSync('ip', ['netns', 'exec', namespace, ...command], { encoding: 'utf8', stdio: 'pipe' }),
    dispose,
  };
}
