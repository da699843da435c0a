/** The frames that prove findings, in their order and each once. A finding names at most 100 of them. */
import type { Finding } from './report.ts';

export function evidenceFrames(findings: readonly Pick<Finding, 'evidence'>[]): Uint32Array {
  return Uint32Array.from(new Set(findings.flatMap(({ evidence }) => evidence.frames))).sort();
}
