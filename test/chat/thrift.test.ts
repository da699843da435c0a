/**
 * What the ten standard questions cost a model: over each of our samples the results of all ten together stay under 6,000 tokens, at most three calls each, and
 * the list of tools is under 10 kB. `npm run thrift` writes docs/thrift.md anew.
 */
import fs from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { STANDARD_QUESTIONS, toolListBytes, type Cost } from './support/standardQuestions.ts';
import { costsOfSamples, MOST_TOKENS, samplesIn, total } from './support/thriftTable.ts';

const SAMPLES = path.resolve(import.meta.dirname, '../../captures'),
  DOCS = path.resolve(import.meta.dirname, '../../docs/thrift.md');
const names = samplesIn(SAMPLES);

let costs: ReadonlyMap<string, readonly Cost[]>;
beforeAll(async () => {
  costs = await costsOfSamples(SAMPLES);
}, 240_000);

describe('the ten standard questions', () => {
  test('are ten', () => expect(STANDARD_QUESTIONS).toHaveLength(10));
  test('take at most three calls each', () => {
    for (const of of costs.values()) for (const { question, calls } of of) expect(calls, question).toBeLessThanOrEqual(3);
  });
  test.each(names)('about %s together cost a model under 6,000 tokens', (name) => {
    const of = costs.get(name)!;
    expect(total(of), of.map(({ question, tokens }) => `${question} ${tokens}`).join(', ')).toBeLessThan(MOST_TOKENS);
  });
});

test('the list of tools is under 10 kB', () => {
  const { tools, bytes } = toolListBytes();
  expect(tools).toBeLessThanOrEqual(17);
  expect(bytes).toBeLessThan(10_000);
});

test('docs/thrift.md names each question', () => {
  const text = fs.readFileSync(DOCS, 'utf8');
  for (const { question } of STANDARD_QUESTIONS) expect(text).toContain(`| ${question} |`);
});
