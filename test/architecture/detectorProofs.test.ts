/** No detector without proof: each of the registry has a row in test/analysis/detectorProofs.ts, and what the row names is there. */
import fs from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { detectors } from '../../src/analysis/detectorOptions.ts';
import { DETECTOR_PROOFS, type Built, type FiresOn, type SilentOn } from '../analysis/detectorProofs.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
const isBuilt = (proof: FiresOn | SilentOn | Built): proof is Built => 'built' in proof;

test('every detector of the registry has a proof that it fires and one that it stays silent', () => {
  // Add a row: a sample of captures/ with its subjects and frames, or the title of a test that builds the traffic; and a near miss.
  expect(detectors.map(({ id }) => id).filter((id) => DETECTOR_PROOFS[id] === undefined)).toEqual([]);
});

test('no proof is left of a detector that is gone', () => {
  const registered = new Set(detectors.map(({ id }) => id));
  expect(Object.keys(DETECTOR_PROOFS).filter((id) => !registered.has(id))).toEqual([]);
});

test.each(Object.entries(DETECTOR_PROOFS))('what proves %s is there', (_, { fires, silent }) => {
  for (const proof of [fires, silent]) {
    if (isBuilt(proof)) {
      const text = fs.readFileSync(path.join(ROOT, 'test/analysis/detectors', proof.built), 'utf8');
      expect(text, proof.built).toContain(`('${proof.test}',`);
    } else {
      const page = path.join(ROOT, 'captures', proof.capture.replace(/\.pcap.*$/, '.md'));
      expect([proof.capture, fs.existsSync(path.join(ROOT, 'captures', proof.capture)) && fs.existsSync(page)]).toEqual([proof.capture, true]);
    }
  }
  if (!isBuilt(fires)) expect(fires.frames.length).toBeGreaterThan(0);
});
