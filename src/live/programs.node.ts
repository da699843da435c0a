/** Which recording programs this machine has, which interfaces, and what it takes to record here. No shell anywhere: arguments are arrays. */
import { execFile } from 'node:child_process';
import { constants, readFileSync, existsSync } from 'node:fs';
import { access } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { Backend, CaptureInterface } from './backend.ts';
import * as registry from './backends/registry.ts';
import type { MachineFacts } from './remedy.ts';

export interface FoundProgram {
  readonly backend: Backend;
  readonly path: string;
  /** False for a program that this user may not start: Debian gives dumpcap to the group wireshark only. */
  readonly executable: boolean;
}

/** Best first. */
export const backends: readonly Backend[] = [registry.dumpcap, registry.tcpdump, registry.tshark];

/** Where they lie when PATH does not say: a desktop's PATH often misses sbin. */
const USUAL_FOLDERS: Readonly<Record<string, readonly string[]>> = {
  win32: ['C:\\Program Files\\Wireshark', 'C:\\Program Files (x86)\\Wireshark'],
  darwin: ['/usr/sbin', '/opt/homebrew/bin', '/usr/local/bin', '/Applications/Wireshark.app/Contents/MacOS'],
  linux: ['/usr/bin', '/usr/sbin', '/sbin', '/usr/local/bin', '/usr/local/sbin'],
};
const RUN_TIMEOUT_MS = 10_000;

export async function findPrograms(): Promise<FoundProgram[]> {
  const found: FoundProgram[] = [];
  // Only absolute folders: a capture tool lying in the current folder is somebody's trap.
  const folders = [...(process.env['PATH'] ?? '').split(path.delimiter), ...(USUAL_FOLDERS[process.platform] ?? [])].filter((folder) =>
    path.isAbsolute(folder),
  );
  for (const backend of backends) {
    const program = await locate(process.platform === 'win32' ? `${backend.program}.exe` : backend.program, folders);
    if (program !== null) found.push({ backend, ...program });
  }
  return found;
}

/** Path of Windows' pktmon; null where there is none, as everywhere else. */
export async function findPktmon(): Promise<string | null> {
  if (process.platform !== 'win32') return null;
  const file = path.join(process.env['SystemRoot'] ?? 'C:\\Windows', 'System32', 'pktmon.exe');
  return (await allowed(file, constants.X_OK)) ? file : null;
}

async function locate(name: string, folders: readonly string[]): Promise<{ readonly path: string; readonly executable: boolean } | null> {
  let refused: string | null = null;
  for (const folder of folders) {
    const file = path.join(folder, name);
    if (await allowed(file, constants.X_OK)) return { path: file, executable: true };
    if (await allowed(file, constants.F_OK)) refused ??= file;
  }
  return refused === null ? null : { path: refused, executable: false };
}

async function allowed(file: string, mode: number): Promise<boolean> {
  try {
    await access(file, mode);
    return true;
  } catch {
    return false;
  }
}

export interface Ran {
  readonly ok: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a short command to its end. Never throws. */
export function runProgram(file: string, args: readonly string[], timeoutMs = RUN_TIMEOUT_MS): Promise<Ran> {
  return new Promise((resolve) => {
    execFile(file, [...args], { timeout: timeoutMs, maxBuffer: 4 << 20, windowsHide: true, encoding: 'utf8' }, (error, stdout, stderr) =>
      resolve({ ok: error === null, stdout, stderr: stderr === '' && error !== null ? error.message : stderr }),
    );
  });
}

/** The interfaces a program can record on, with the addresses that the system knows. */
export async function listInterfaces({ backend, path: file }: FoundProgram): Promise<CaptureInterface[]> {
  const { stdout } = await runProgram(file, backend.listArguments),
    system = os.networkInterfaces();
  return backend.parseInterfaces(stdout).map((each) => {
    // Windows: the system knows the friendly name, the program the device.
    const known = system[each.name] ?? system[each.description] ?? [];
    return { ...each, addresses: [...new Set([...each.addresses, ...known.map(({ address }) => address)])] };
  });
}

/** The first interface with an address that is not only for this machine: what somebody who names none means. */
export function usualInterface(interfaces: readonly CaptureInterface[]): CaptureInterface | undefined {
  const outside = interfaces.filter(({ loopback }) => !loopback);
  return (
    outside.find(({ addresses }) => addresses.some((address) => !/^(?:fe80:|169\.254\.)/i.test(address))) ??
    outside.find(({ name }) => name !== 'any') ??
    interfaces[0]
  );
}

/** By its name, what people call it, or its number in the list, from 1; the usual one when none is named. */
export function interfaceNamed(interfaces: readonly CaptureInterface[], asked: string | undefined): CaptureInterface | undefined {
  if (asked === undefined) return usualInterface(interfaces);
  return (
    interfaces.find(({ name, description }) => name === asked || (description !== '' && description === asked)) ??
    (/^\d+$/.test(asked) ? interfaces[Number(asked) - 1] : undefined)
  );
}

const MAX_FILTER = 4096;

/** Null for a filter that can be used, else what is wrong with it in the compiler's words. Empty is no filter. */
export async function checkCaptureFilter(filter: string, programs: readonly FoundProgram[]): Promise<string | null> {
  if (filter.length > MAX_FILTER) return `the filter is longer than ${MAX_FILTER} characters`;
  if (/[\u0000-\u001f\u007f]/.test(filter)) return 'the filter holds control characters';
  if (filter.trim() === '') return null;
  const checker = programs.find(({ backend, executable }) => executable && backend.checkFilterArguments !== null);
  if (checker === undefined) return null;
  const { ok, stderr } = await runProgram(checker.path, checker.backend.checkFilterArguments!(filter));
  return ok ? null : (stderr.trim().split(/\r?\n/)[0] ?? '').replace(/^tcpdump: /, '').slice(0, 300);
}

export function machineFacts(): MachineFacts {
  return {
    platform: process.platform,
    debian: existsSync('/etc/debian_version'),
    wiresharkMembers: groupMembers('wireshark'),
    user: userName(),
  };
}

function userName(): string {
  try {
    return os.userInfo().username;
  } catch {
    // A user id without an entry in the password file, as in containers.
    return '';
  }
}

function groupMembers(group: string): string[] | null {
  try {
    const line = readFileSync('/etc/group', 'utf8')
      .split('\n')
      .find((each) => each.startsWith(`${group}:`));
    return line === undefined ? null : (line.split(':')[3] ?? '').split(',').filter((name) => name !== '');
  } catch {
    return null;
  }
}
