/**
 * Any bytes give layers and anomalies, never an exception: every prefix of many frames, frames with bytes changed, and noise handed to each dissector
 * directly. Fields lie within the bytes they are read from.
 */
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { decode, dissectors, runLayers } from '../../../src/pcap/decode.ts';
import type { FieldSink } from '../../../src/pcap/dissector.ts';
import { readValue } from '../../../src/pcap/fieldValue.ts';
import type { Packet } from '../../../src/pcap/packet.ts';
import { ROOT } from '../../support/analyzeCapture.ts';
import { newPacket } from '../../support/dissectFrame.ts';
import { random } from '../../support/random.ts';
import { hex } from '../../support/streamDriver.ts';
import { controlFrames } from './frames/control.ts';
import { datagramsFrames } from './frames/datagrams.ts';
import { linkLayersFrames } from './frames/linkLayers.ts';
import { namesFrames } from './frames/names.ts';
import { tunnelsFrames } from './frames/tunnels.ts';

interface Frame {
  readonly linkType: number;
  readonly bytes: Uint8Array;
}

const OWN: readonly Frame[] = [...linkLayersFrames, ...tunnelsFrames, ...namesFrames, ...datagramsFrames, ...controlFrames].map(
  ({ linkType = 1, frame }) => ({
    linkType,
    bytes: hex(frame),
  }),
);

/** Frames of the samples, few of each: little-endian pcap files only, which is what they mostly are. */
function sampleFrames(perFile: number): Frame[] {
  const folder = path.join(ROOT, 'captures');
  return fs
    .readdirSync(folder)
    .filter((name) => name.endsWith('.pcap'))
    .flatMap((name) => {
      const file = fs.readFileSync(path.join(folder, name)),
        frames: Frame[] = [];
      if (![0xa1b2c3d4, 0xa1b23c4d].includes(file.readUInt32LE(0))) return [];
      for (let at = 24; at + 16 <= file.length && frames.length < perFile; at += 16 + file.readUInt32LE(at + 8)) {
        frames.push({ linkType: file.readUInt32LE(20), bytes: Uint8Array.from(file.subarray(at + 16, at + 16 + file.readUInt32LE(at + 8))) });
      }
      return frames;
    });
}

/** Says no field may lie outside of the bytes at hand, nor its value be unreadable; collects what went wrong. */
function checkingSink(p: Packet, failures: string[]): FieldSink {
  let depth = 0;
  const inside = (what: string, offset: number, length: number): void => {
    if (!(offset >= 0 && length >= 0 && offset + length <= p.bytes.length)) failures.push(`${what} at [${offset}, +${length}) of ${p.bytes.length}`);
  };
  return {
    wantsText: true,
    wantsRelated: true,
    wantsCostly: () => true,
    takes: () => true,
    reopen: () => undefined,
    layer: (protocol, offset, length) => {
      if (depth !== 0) failures.push(`${protocol.id} begins within an open field`);
      inside(protocol.id, offset, length);
    },
    add: (field, offset, length, value) => {
      inside(field.name, offset, length);
      readValue(field, p.bytes, offset, length);
      if (typeof value === 'number' && Number.isNaN(value) && field.type !== 'int') failures.push(`${field.name} is not a number`);
    },
    open: () => {
      depth += 1;
    },
    close: () => {
      depth -= 1;
      if (depth < 0) failures.push('more closed than opened');
    },
    info: () => undefined,
    note: (_severity, text) => {
      if (text.includes('a dissector failed')) failures.push(text);
    },
  };
}

/** Dissects with and without somebody looking; the frame lies at the end of its buffer, so that a read too far throws. */
function probe(p: Packet, { linkType, bytes }: Frame, originalLength: number, failures: string[]): void {
  const paths: number[] = [];
  for (const look of [true, false]) {
    p.bytes = bytes;
    p.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    p.frame = 1;
    p.linkType = linkType;
    p.start = 0;
    p.end = p.capturedLength = bytes.length;
    p.originalLength = originalLength;
    decode(p, look ? checkingSink(p, failures) : null);
    paths.push(p.path);
  }
  // Reassembly and learning remember; else looking changes nothing.
  if (paths[0] !== paths[1] && p.fragments.incomplete === 0 && p.learned.isEmpty) failures.push('looking changes the layers');
}

describe('dissectors', () => {
  const p = newPacket();
  p.onMessage = (message) => expect(message.kind).toMatch(/\w/);

  it('take every prefix of a frame, cut in capturing or never whole', () => {
    const failures: string[] = [];
    for (const frame of [...OWN, ...sampleFrames(12)]) {
      for (let length = 0; length <= Math.min(frame.bytes.length, 400); length++) {
        const bytes = frame.bytes.slice(0, length);
        probe(p, { ...frame, bytes }, frame.bytes.length, failures);
        probe(p, { ...frame, bytes }, length, failures);
      }
    }
    expect([...new Set(failures)].slice(0, 20)).toEqual([]);
  });

  it('take frames with changed bytes', () => {
    const failures: string[] = [],
      chance = random(20_261_123),
      frames = [...OWN, ...sampleFrames(20)];
    for (let i = 0; i < 40_000; i++) {
      const frame = chance.pick(frames),
        bytes = frame.bytes.slice(0, chance.below(10) === 0 ? chance.below(frame.bytes.length + 1) : frame.bytes.length);
      for (let changes = 1 + chance.below(4); changes > 0 && bytes.length > 0; changes--)
        bytes[chance.below(bytes.length)] = chance.pick([0, 1, 0x7f, 0x80, 0xff, chance.below(256)]);
      probe(p, { ...frame, bytes }, bytes.length, failures);
    }
    expect([...new Set(failures)].slice(0, 20)).toEqual([]);
  });

  it('take noise that was handed to them directly', () => {
    const failures: string[] = [],
      chance = random(1987);
    for (const bound of p.tables.all) {
      if (bound.dissector.dissect === undefined) continue;
      for (let i = 0; i < 300; i++) {
        const bytes = Uint8Array.from({ length: chance.below(120) }, () => chance.pick([0, 0, 1, 4, 0x45, 0x60, 0xc0, 0xff, chance.below(256)]));
        p.bytes = bytes;
        p.view = new DataView(bytes.buffer);
        p.start = 0;
        p.end = p.capturedLength = p.originalLength = bytes.length;
        const sink = checkingSink(p, failures);
        p.reset(sink);
        // Who says what it takes is handed nothing else, except by a conversation that is known to be its own.
        const { recognise, belongs } = bound.dissector;
        if (recognise?.call(bound.dissector, p, 0, bytes.length) === false && belongs?.call(bound.dissector, p, 0, bytes.length) !== true) continue;
        p.nextBound(bound, 0, bytes.length);
        runLayers(p, sink);
      }
    }
    expect([...new Set(failures)].slice(0, 20)).toEqual([]);
  });

  it('have each its own id', () => {
    expect(new Set(dissectors.map(({ id }) => id)).size).toBe(dissectors.length);
  });
});
