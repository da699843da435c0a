/** What tshark says of a capture, from the truth folder that comes with the shared captures, or from our own samples' golden files of the same shape. */
import fs from 'node:fs';
import path from 'node:path';
import * as z from 'zod';
import { ROOT, SHARED } from '../support/analyzeCapture.ts';

const port = z.string().nullable();
const conversations = z.object({
  total: z.number(),
  packets: z.number(),
  bytes: z.number(),
  rows: z.array(z.tuple([z.string(), port, z.string(), port, z.number(), z.number(), z.number(), z.number()])).optional(),
});
const endpoints = z.object({
  total: z.number(),
  rows: z.array(z.tuple([z.string(), port, z.number(), z.number(), z.number(), z.number()])).optional(),
});

const truthSchema = z.object({
  packets: z.number(),
  bytes_on_wire: z.number(),
  bytes_captured: z.number(),
  first_time: z.string().nullish(),
  last_time: z.string().nullish(),
  min_time: z.string().nullish(),
  max_time: z.string().nullish(),
  duration: z.string().nullish(),
  time_ordered: z.boolean().nullish(),
  truncated_packets: z.number(),
  interfaces: z.record(z.string(), z.number()),
  tcp_analysis: z.record(z.string(), z.number()),
});
const convSchema = z.object({ conversations: z.record(z.string(), conversations), endpoints: z.record(z.string(), endpoints) });
const goldenSchema = z.object({ truth: truthSchema, conv: convSchema });

export type Truth = z.infer<typeof truthSchema>;
export type Conv = z.infer<typeof convSchema>;

export interface Expected {
  readonly name: string;
  readonly file: string;
  readonly truth: Truth;
  readonly conv: Conv;
}

const json = (...parts: string[]): unknown => JSON.parse(fs.readFileSync(path.join(...parts), 'utf8'));

export function sharedExpectations(): Expected[] {
  const folder = path.join(SHARED, 'captures');
  if (!fs.existsSync(folder)) return [];
  return fs
    .readdirSync(folder)
    .sort()
    .flatMap((name) => {
      const truth = path.join(SHARED, 'truth', name, 'truth.json');
      return fs.existsSync(truth)
        ? [
            {
              name,
              file: path.join(folder, name),
              truth: truthSchema.parse(json(truth)),
              conv: convSchema.parse(json(path.dirname(truth), 'conv.json')),
            },
          ]
        : [];
    });
}

/** What scripts/record/truth.mjs wrote of a capture. */
export function goldenExpectation(file: string, golden: string): Expected {
  return { name: path.basename(file), file, ...goldenSchema.parse(json(golden)) };
}

/** Samples with a golden file; scripts/record/truth.mjs writes these with tshark. */
export function sampleExpectations(): Expected[] {
  const folder = path.join(ROOT, 'test/golden/samples');
  return fs
    .readdirSync(folder)
    .sort()
    .map((golden) => goldenExpectation(path.join(ROOT, 'captures', golden.replace(/\.json$/, '')), path.join(folder, golden)));
}

/** Samples that nobody has asked tshark about. */
export function samplesWithoutTruth(): string[] {
  const golden = new Set(sampleExpectations().map(({ name }) => name));
  return fs
    .readdirSync(path.join(ROOT, 'captures'))
    .filter((name) => /\.(?:pcap|pcapng|cap|snoop)(?:\.(?:gz|zst))?$/.test(name) && !golden.has(name));
}
