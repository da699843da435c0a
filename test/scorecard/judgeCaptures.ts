/** Runs all detectors with their defaults over the labelled captures that are present: those of others, and our own by what their pages expect. */
import fs from 'node:fs';
import path from 'node:path';
import { installPlatform } from '../../src/pcap/platform.ts';
import { nodePlatform } from '../../src/pcap/platform.node.ts';
import { analyzeCapture, hasShared, ROOT, shared } from '../support/analyzeCapture.ts';
import { LABELS, type Label } from './labels.ts';
import type { Judged } from './scorecard.ts';

// As every shell does: without it nothing is hashed, and nothing is opened.
installPlatform(nodePlatform);

const OWN = path.join(ROOT, 'captures');
export const ownCaptures = fs.readdirSync(OWN).filter((name) => /\.pcap(?:ng)?(?:\.gz|\.zst)?$/.test(name));

/** What the folder of others says of each capture: its kind and the detectors it expects. */
export const MANIFEST: ReadonlyMap<string, { readonly kind: Label['kind']; readonly expected: string }> = new Map(
  !hasShared
    ? []
    : fs
        .readFileSync(shared('MANIFEST.tsv'), 'utf8')
        .trim()
        .split('\n')
        .slice(1)
        .map((line) => line.split('\t'))
        // What cannot be read at all is a matter of the reader's tests.
        .filter(([name]) => name !== 'format__solaris.snoop')
        .map((row) => [row[0]!, { kind: row[7] as Label['kind'], expected: row.at(-1)! }]),
);

/** Ours where we looked ourselves, else what the folder says. */
function labelOf(name: string): Label {
  const { kind, expected } = MANIFEST.get(name)!;
  return LABELS[name] ?? { kind, must: expected === '-' ? {} : { [expected]: 'the label of the collection' } };
}

/** Detectors named under "Expected findings" of a sample's page; lines that begin with "no" say what must stay silent, and so does "clean"; "perhaps" what is right if it fires. */
function labelOfOwn(name: string): Label {
  const text = fs.readFileSync(path.join(OWN, name.replace(/\.pcap.*$/, '.md')), 'utf8');
  const must: Record<string, string> = {},
    may: Record<string, string> = {};
  for (const line of (/\*\*Expected findings\*\*:?([\s\S]*?)(?:\n\*\*|$)/.exec(text)?.[1] ?? '').split('\n'))
    if (line.startsWith('- perhaps `')) may[/`([a-z0-9-]+)`/.exec(line)![1]!] = line.slice(2);
    else if (line.startsWith('- `') && !line.includes('`: clean'))
      for (const [, id] of (/^- ((?:`[a-z0-9-]+`(?:, | and )?)+)/.exec(line)?.[1] ?? '').matchAll(/`([a-z0-9-]+)`/g)) must[id!] = line.slice(2);
  return { kind: Object.keys(must).length === 0 ? 'benign' : 'attack', must, may };
}

async function judge(capture: string, file: string, own: boolean, label: Label): Promise<Judged> {
  const { findings, totals } = await analyzeCapture(file, { limit: 5000 });
  const flows = ['tcp', 'udp', 'sctp'].reduce((sum, layer) => sum + (totals[`conversations.${layer}`] ?? 0), 0);
  return {
    capture,
    own,
    label,
    flows,
    findings: findings.map(({ id, detector, severity, title, evidence }) => ({ id, detector, severity, title, filter: evidence.filter })),
  };
}

export const judgeForeign = (name: string): Promise<Judged> => judge(name, shared(name), false, labelOf(name));
export const judgeOwn = (name: string): Promise<Judged> => judge(name, path.join(OWN, name), true, labelOfOwn(name));
