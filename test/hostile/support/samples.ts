/** The captures that are broken here: our own samples, and the shared ones where they are present beside the repository. */
import fs from 'node:fs';
import path from 'node:path';
import { isCaptureName } from '../../../src/analysis/captureFiles.ts';

const ROOT = path.resolve(import.meta.dirname, '../../..');

export interface Sample {
  readonly name: string;
  readonly bytes: Uint8Array;
}

function samplesIn(folder: string, maxBytes: number): Sample[] {
  if (!fs.existsSync(folder)) return [];
  const files = fs.readdirSync(folder).filter(isCaptureName).sort();
  return files
    .map((name) => path.join(folder, name))
    .filter((file) => fs.statSync(file).size <= maxBytes)
    .map((file) => ({ name: path.basename(file), bytes: fs.readFileSync(file) }));
}

export const ownSamples = samplesIn(path.join(ROOT, 'captures'), 8 << 20);
export const sharedSamples = samplesIn(path.join(ROOT, '../shared/captures'), 256 << 10);
