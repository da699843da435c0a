/** What `npm run scorecard` runs: every labelled capture that is here, one after the other. */
import { TIER_1_CHECKS } from '../../src/analysis/checks.ts';
import { detectors } from '../../src/analysis/detectorOptions.ts';
import { judgeForeign, judgeOwn, MANIFEST, ownCaptures } from './judgeCaptures.ts';
import type { Judged } from './scorecard.ts';
import { writeScorecard, type Scorecard } from './writeScorecard.ts';

export async function runScorecard(): Promise<Scorecard & { readonly foreign: number }> {
  const judged: Judged[] = [];
  for (const name of MANIFEST.keys()) judged.push(await judgeForeign(name));
  for (const name of ownCaptures) judged.push(await judgeOwn(name));
  return { ...writeScorecard(judged, detectors, TIER_1_CHECKS), foreign: MANIFEST.size };
}
