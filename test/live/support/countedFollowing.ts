/** Writes a capture part by part while another process follows it; how long each part took to be shown, and how much was read in all. */
import { fork } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { sample } from '../../support/analyzeCapture.ts';

export interface Counted {
  readonly parts: number;
  readonly bytes: number;
  readonly expectedPackets: number;
  readonly packets: number;
  /** Of the parts, not of the reading of the program itself. */
  readonly readBytes: number;
  readonly delaysMs: readonly number[];
}

const PARTS = 12;
/** 300 kB each. */
const COPIES = 8;
/** capinfos -c capture_20261123_022453.pcap */
const PACKETS = 1183;

export async function followAndCount(folder: string, host: string): Promise<Counted> {
  const bytes = fs.readFileSync(sample('capture_20261123_022453.pcap')),
    part = Buffer.concat(Array.from({ length: COPIES }, () => bytes.subarray(24))),
    file = path.join(folder, 'growing.pcap');
  fs.writeFileSync(file, bytes.subarray(0, 24));
  const child = fork(host, [file, path.join(folder, 'worker.cjs')]);
  let told = { packets: -1, readBytes: 0 };
  child.on('message', (message) => (told = message as typeof told));
  const until = async (packets: number): Promise<void> => {
    for (const end = performance.now() + 15_000; told.packets < packets; await sleep(5))
      if (performance.now() > end) throw new Error(`waited in vain for ${packets} packets; there are ${told.packets}`);
  };
  try {
    await until(0);
    const before = told.readBytes,
      delaysMs: number[] = [];
    for (let i = 1; i <= PARTS; i++) {
      fs.appendFileSync(file, part);
      const writtenMs = performance.now();
      await until(i * COPIES * PACKETS);
      delaysMs.push(performance.now() - writtenMs);
      await sleep(100);
    }
    return {
      parts: PARTS,
      bytes: PARTS * part.length,
      expectedPackets: PARTS * COPIES * PACKETS,
      packets: told.packets,
      readBytes: told.readBytes - before,
      delaysMs,
    };
  } finally {
    child.kill();
  }
}
