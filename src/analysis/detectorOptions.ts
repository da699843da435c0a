/** The registered detectors with their options: defaults, overridden by what the user has set. */
import type { AnalysisOptions, RunningDetector } from './analyze.ts';
import type { Detector } from './detector.ts';
import * as registry from './detectors/registry.ts';

export const detectors: readonly Detector[] = Object.values(registry);

/** Options by detector id; values that do not validate fall back to the defaults of that detector. */
export function detectorsWithDefaults(overrides: Readonly<Record<string, unknown>> = {}): NonNullable<AnalysisOptions['detectors']> {
  return detectors.map((detector) => ({ detector, options: optionsOf(detector, overrides) }));
}

/** What of these options by detector id is not in force, a sentence each: checks and options that do not exist, and values that mean nothing. */
export function optionProblems(overrides: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(overrides).flatMap(([id, set]) => {
    const detector = detectors.find((each) => each.id === id);
    if (detector === undefined) return [`There is no check ${JSON.stringify(id)}.`];
    if (set == null) return [];
    const parsed = detector.options.safeParse(set);
    if (!parsed.success) {
      const { path, message } = parsed.error.issues[0]!;
      return [`${id} keeps its usual thresholds: ${[...path.map(String), message].join(': ')}.`];
    }
    return Object.keys(set)
      .filter((name) => !Object.hasOwn(parsed.data, name))
      .map((name) => `${id} has no threshold ${JSON.stringify(name)}; it has ${Object.keys(defaultsOf(detector)).join(', ')}.`);
  });
}

const defaults = new Map<Detector, Readonly<Record<string, unknown>>>();

function optionsOf(detector: Detector, overrides: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const set = overrides[detector.id],
    parsed = set == null ? undefined : detector.options.safeParse(set);
  return parsed?.success === true ? parsed.data : defaultsOf(detector);
}

/** Validated once: reading a small capture takes less time than validating the options of a hundred detectors. */
function defaultsOf(detector: Detector): Readonly<Record<string, unknown>> {
  const known = defaults.get(detector) ?? Object.freeze(detector.options.parse({}));
  defaults.set(detector, known);
  return known;
}

/** The values to evaluate with: the new ones, but what was collected stays as it was; `needsReading` names the options which that keeps back. */
export function optionsInForce(
  { detector, options }: Pick<RunningDetector, 'detector' | 'options'>,
  overrides: Readonly<Record<string, unknown>> | undefined,
): { readonly values: Readonly<Record<string, unknown>>; readonly needsReading: readonly string[] } {
  if (overrides === undefined) return { values: options, needsReading: [] };
  const values = { ...optionsOf(detector, overrides) },
    needsReading: string[] = [];
  for (const name of detector.collecting ?? []) {
    if (JSON.stringify(values[name]) === JSON.stringify(options[name])) continue;
    needsReading.push(name);
    values[name] = options[name];
  }
  return { values, needsReading };
}
