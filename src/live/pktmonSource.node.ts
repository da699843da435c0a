/**
 * Windows' own pktmon, where neither Npcap nor Wireshark is installed. It writes a log of its own kind, which it converts to pcapng once it is stopped: until then
 * there is nothing to see. Arguments as in Microsoft's reference of `pktmon start`, `pktmon stop` and `pktmon etl2pcap`, answers as others recorded them
 * (pktmonWords.ts); not run by us.
 */
import { createReadStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { CaptureSource } from './captureSource.node.ts';
import { eventsLost, hasPacketFilters } from './pktmonWords.ts';
import { runProgram } from './programs.node.ts';

/** A log of half a gigabyte, which is the most that it keeps, takes its time. */
const CONVERT_TIMEOUT_MS = 10 * 60 * 1000;

/** `program` is its path. It records on all adapters, and whole packets. */
export function pktmonSource(program: string): CaptureSource {
  const stream = new PassThrough();
  let asked = (): void => undefined;
  const stopping = new Promise<void>((resolve) => (asked = resolve)),
    told: Told = { filtered: false, lost: null };
  return {
    get title() {
      return `pktmon on all adapters${told.filtered ? ', only what the packet filters of this machine let through (pktmon filter list)' : ''}`;
    },
    stream,
    pid: null,
    counts: () => ({ received: null, dropped: told.lost }),
    askCounts: () => undefined,
    stop: () => asked(),
    ended: recordAndConvert(program, { stream, stopping, told }).catch(
      (error: unknown) => `pktmon stopped: ${error instanceof Error ? error.message : String(error)}.`,
    ),
  };
}

/** What it has said so far. */
interface Told {
  filtered: boolean;
  lost: number | null;
}

interface Recording {
  readonly stream: PassThrough;
  readonly stopping: Promise<void>;
  readonly told: Told;
}

async function recordAndConvert(program: string, { stream, stopping, told }: Recording): Promise<string | null> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'netsec-')),
    log = path.join(folder, 'pktmon.etl'),
    converted = path.join(folder, 'pktmon.pcapng');
  try {
    const started = await runProgram(program, ['start', '--capture', '--comp', 'nics', '--pkt-size', '0', '--file-name', log]);
    if (!started.ok) {
      // Somebody else's may be running, which is theirs to stop.
      stream.end();
      return `pktmon could not be started: ${inOneLine(started.stdout, started.stderr)}. It needs an Administrator, and records for one at a time.`;
    }
    told.filtered = hasPacketFilters(started.stdout);
    await stopping;
    const stopped = await runProgram(program, ['stop'], CONVERT_TIMEOUT_MS);
    told.lost = eventsLost(stopped.stdout);
    const made = stopped.ok ? await runProgram(program, ['etl2pcap', log, '--out', converted], CONVERT_TIMEOUT_MS) : stopped;
    if (!made.ok) {
      stream.end();
      return `pktmon gave no capture: ${inOneLine(made.stdout, made.stderr)}.`;
    }
    await pipeline(createReadStream(converted), stream);
    return null;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** It complains on standard output; what is on the other is ours where it said nothing there. */
function inOneLine(stdout: string, stderr: string): string {
  return (stdout.trim() === '' ? stderr : stdout).replace(/\s+/g, ' ').trim().replace(/\.$/, '').slice(0, 300);
}
