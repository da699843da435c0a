/** The registered detectors with their options: defaults, overridden by what the user has set. */
import type { AnalysisOptions } from './analyze.ts';
import type { Detector } from './detector.ts';
import * as registry from './detectors/registry.ts';

export const detectors: readonly Detector[] = Object.values(registry);

/** Options by detector id; values that do not validate fall back to the defaults of that detector. */
export function detectorsWithDefaults(overrides: Readonly<Record<string, unknown>> = {}): NonNullable<AnalysisOptions['detectors']> {
  return detectors.map((detector) => {
    const parsed = detector.options.safeParse(overrides[detector.id] ?? {});
    return { detector, options: parsed.success ? parsed.data : detector.options.parse({}) };
  });
}
