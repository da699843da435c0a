/** Each detector fires where its proof says, about whom and in which frames (which tshark selects, too), and stays silent on its near miss. */
import { describe, expect, test } from 'vitest';
import type { Report } from '../../src/analysis/report.ts';
import { analyzeCapture, findingsOf, sample } from '../support/analyzeCapture.ts';
import { framesMatching, tsharkVersion } from '../support/tshark.ts';
import { DETECTOR_PROOFS, type Built, type FiresOn, type SilentOn } from './detectorProofs.ts';

const isCapture = <T extends FiresOn | SilentOn>(proof: T | Built): proof is T => 'capture' in proof;
const hasTshark = tsharkVersion() !== null;
if (!hasTshark) console.warn('tshark is not here: the frames of the proofs were not held against it.');
if (!hasTshark && process.env['CI'] !== undefined) throw new Error('tshark is needed for the frames of the proofs');

const reports = new Map<string, Promise<Report>>();
function reportOf(capture: string): Promise<Report> {
  const known = reports.get(capture) ?? analyzeCapture(sample(capture));
  reports.set(capture, known);
  return known;
}

const RANK = { info: 0, low: 1, medium: 2, high: 3, critical: 4 } as const;

// Those whose traffic is built are proven by the tests they name, which run beside this one.
const recorded = Object.entries(DETECTOR_PROOFS).filter(([, { fires, silent }]) => isCapture(fires) || isCapture(silent));

describe.each(recorded)('%s', (detector, { fires, silent }) => {
  if (isCapture(fires)) {
    test(`fires on ${fires.capture}, about the right ones`, async () => {
      const findings = findingsOf(await reportOf(fires.capture), detector),
        about = findings.map(({ subjects }) =>
          subjects.map(({ role, address, port }) => `${role} ${address}${port === undefined ? '' : `:${port}`}`),
        );
      expect(about).toContainEqual(fires.subjects);
      const shown = findings.filter((_, i) => about[i]!.join() === fires.subjects.join()).map(({ evidence }) => evidence.frames);
      expect(shown.some((frames) => fires.frames.every((frame) => frames.includes(frame)))).toBe(true);
    });
    test.runIf(hasTshark)('shows frames that tshark selects', () => {
      expect(framesMatching(sample(fires.capture), fires.tshark)).toEqual(expect.arrayContaining([...fires.frames]));
    });
  }
  if (isCapture(silent))
    test(`is silent on ${silent.capture}: ${silent.miss}`, async () => {
      const findings = findingsOf(await reportOf(silent.capture), detector),
        wrong = findings.filter(({ severity }) => silent.below === undefined || RANK[severity] >= RANK[silent.below]);
      expect(wrong.map(({ severity, title }) => `${severity}: ${title}`)).toEqual([]);
    });
});
