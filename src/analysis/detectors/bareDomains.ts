/**
 * Domains of one client that nobody registered, asked for by their bare name: what a program asks for that puts them together from a list of words (Suppobox, Matsnu,
 * Gozi), so that their letters say nothing. Such a program knows few endings and writes plain letters; hardly any of what it tries exists; and its words come back.
 * A page whose advertisements are blocked asks for hosts below domains; a mail server asks for mail exchangers, too; typing errors are few.
 */
import { Burst } from './measures.ts';
import { ownedDomain } from './dynamicDns.ts';
import { remembered } from './remembered.ts';
import { Evidence } from './watched.ts';

export const BURST_MINUTES = 10;
const MOST_DOMAINS = 2000,
  /** Share of bare names asked for that do not exist. */
  MISSING_PERCENT = 80,
  PLAIN_PERCENT = 90,
  FEW_ENDINGS = 2,
  ENDINGS_PERCENT = 90,
  LEAST_LETTERS = 9,
  /** Letters at the beginning or the end that two names share when they share a word. */
  WORD = 5,
  REUSED_PERCENT = 15;

/** What is said of them, at the end. */
export interface BareSummary {
  readonly domains: readonly string[];
  /** Percent of bare names that do not exist. */
  readonly missingPercent: number;
  readonly endings: readonly string[];
  readonly reusedPercent: number;
  readonly hasReusedWords: boolean;
}

export class BareDomains {
  readonly missing = new Set<string>();
  readonly evidence = new Evidence();
  readonly burst = new Burst(BURST_MINUTES * 60);
  readonly #found = new Set<string>();

  /** Whether it is new. */
  addMissing(domain: string, seconds: number): boolean {
    if (this.missing.has(domain) || this.missing.size >= MOST_DOMAINS) return false;
    this.missing.add(domain);
    this.burst.add(seconds);
    return true;
  }

  addFound(name: string): void {
    if (this.#found.size < MOST_DOMAINS) this.#found.add(name);
  }

  /** Null unless these are a program's: nearly all in vain, plain letters, few endings or the same words again. */
  get summary(): BareSummary | null {
    const domains = [...this.missing],
      labels = domains.map((domain) => domain.slice(0, domain.indexOf('.'))),
      missingPercent = (100 * domains.length) / (domains.length + this.#found.size),
      plain = labels.filter((label) => /^[a-z]+$/.test(label)).length,
      letters = labels.reduce((sum, label) => sum + label.length, 0);
    if (missingPercent < MISSING_PERCENT || plain * 100 < domains.length * PLAIN_PERCENT || letters < LEAST_LETTERS * domains.length) return null;
    const perEnding = new Map<string, number>();
    for (const domain of domains) {
      const ending = domain.slice(domain.indexOf('.'));
      perEnding.set(ending, (perEnding.get(ending) ?? 0) + 1);
    }
    const endings = [...perEnding].sort((a, b) => b[1] - a[1]),
      main = endings.slice(0, FEW_ENDINGS).reduce((sum, [, count]) => sum + count, 0),
      reusedPercent = shareOfReused(labels),
      hasReusedWords = reusedPercent >= REUSED_PERCENT;
    if (main * 100 < domains.length * ENDINGS_PERCENT && !hasReusedWords) return null;
    return { domains, missingPercent, endings: endings.map(([ending]) => ending), reusedPercent, hasReusedWords };
  }
}

/** Percent of the labels that begin or end as another one does. */
function shareOfReused(labels: readonly string[]): number {
  const parts = new Map<string, number>(),
    ends = (label: string): readonly string[] => [`${label.slice(0, WORD)}*`, `*${label.slice(-WORD)}`],
    count = (part: string): number => parts.get(part) ?? 0;
  for (const label of labels) for (const part of ends(label)) parts.set(part, count(part) + 1);
  return (100 * labels.filter((label) => ends(label).some((part) => count(part) > 1)).length) / labels.length;
}

/** Whether a name is what one can register, with nothing before it. Small letters. */
export const isBare = remembered((name) => ownedDomain(name) === name);
