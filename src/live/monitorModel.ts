/** What the monitor has seen, file by file, out of the events of `netsec watch`; and which of it is news. */
import { baseName } from '../analysis/engineApi.ts';
import { SEVERITIES, type Severity } from '../analysis/report.ts';
import type { MonitorEvent } from './monitor.node.ts';
import { seen, type SeenFinding } from './seenFinding.ts';

export interface MonitoredFile {
  readonly file: string;
  readonly state: 'reading' | 'read' | 'failed';
  /** Why it could not be read. */
  readonly problem: string | null;
  readonly packets: number;
  /** Worst first; at most MOST_FINDINGS. */
  readonly findings: readonly SeenFinding[];
  readonly findingsTotal: number;
  /** When something new was seen in it. */
  readonly newsMs: number;
}

/** A finding that was not known before. */
export interface News {
  readonly file: string;
  readonly finding: SeenFinding;
  /** It lay there already when the monitor began. */
  readonly isBacklog: boolean;
}

/** Of each file, and files altogether: those that had news longest ago make room. */
const MOST_FINDINGS = 200,
  MOST_FILES = 1000;

export class MonitorModel {
  readonly #files = new Map<string, MonitoredFile>();
  #hasCaughtUp = false;

  /** Newest news first. */
  files(): MonitoredFile[] {
    return [...this.#files.values()].sort((a, b) => b.newsMs - a.newsMs || (a.file < b.file ? -1 : 1));
  }

  get hasCaughtUp(): boolean {
    return this.#hasCaughtUp;
  }

  /** Takes an event in; gives the finding when it is one that nobody expects. */
  take(event: MonitorEvent, nowMs: number): News | null {
    switch (event.kind) {
      case 'caught-up':
        this.#hasCaughtUp = true;
        return null;
      case 'gone':
        this.#files.delete(event.file);
        return null;
      case 'reading':
        this.#set(event.file, { state: 'reading' }, nowMs);
        return null;
      case 'problem':
        this.#set(event.file, { state: 'failed', problem: event.message, newsMs: nowMs }, nowMs);
        return null;
      case 'file': {
        const { file, packets, seen: before, withdrawn = [] } = event,
          kept = before ?? (this.#files.get(file)?.findings ?? []).filter(({ id }) => !withdrawn.includes(id));
        if (event.state === 'replaced') this.#files.delete(file);
        const newsMs = before === undefined ? {} : { newsMs: Math.max(0, ...before.map(({ seenMs }) => seenMs)) };
        this.#set(
          file,
          {
            state: event.state === 'replaced' ? 'reading' : 'read',
            problem: null,
            packets,
            findingsTotal: event.findings,
            findings: event.state === 'replaced' ? [] : worstFirst(kept),
            ...newsMs,
          },
          nowMs,
        );
        return null;
      }
      case 'finding': {
        const finding = seen(event.finding, event.seenMs),
          others = (this.#files.get(event.file)?.findings ?? []).filter(({ id }) => id !== finding.id);
        this.#set(event.file, { findings: worstFirst([...others, finding]), packets: event.packets, newsMs: event.seenMs }, nowMs);
        return event.finding.expected === null ? { file: event.file, finding, isBacklog: !this.#hasCaughtUp } : null;
      }
    }
  }

  #set(file: string, change: Partial<MonitoredFile>, nowMs: number): void {
    const before = this.#files.get(file) ?? {
      file,
      state: 'reading',
      problem: null,
      packets: 0,
      findings: [],
      findingsTotal: 0,
      newsMs: nowMs,
    };
    this.#files.set(file, { ...before, ...change });
    if (this.#files.size <= MOST_FILES) return;
    const oldest = this.files().at(-1);
    if (oldest !== undefined) this.#files.delete(oldest.file);
  }
}

function worstFirst(findings: readonly SeenFinding[]): SeenFinding[] {
  return [...findings].sort((a, b) => SEVERITIES.indexOf(b.severity) - SEVERITIES.indexOf(a.severity) || a.seenMs - b.seenMs).slice(0, MOST_FINDINGS);
}

export type NotifyFrom = Severity | 'never';

/** Of `news` what a person is to be told at once: severe enough, not muted, and not told before (`told` is added to). */
export function worthTelling(
  news: readonly News[],
  { from, muted, told }: { readonly from: NotifyFrom; readonly muted: ReadonlySet<string>; readonly told: Set<string> },
): News[] {
  if (from === 'never') return [];
  return news.filter(({ file, finding }) => {
    const key = `${file}\n${finding.id}`;
    if (SEVERITIES.indexOf(finding.severity) < SEVERITIES.indexOf(from) || muted.has(finding.detector) || told.has(key)) return false;
    told.add(key);
    return true;
  });
}

/** One sentence for what belongs into one notification; the news of one file, or of all that lay there before. */
export function newsInWords(news: readonly News[]): string {
  const files = new Set(news.map(({ file }) => file)),
    [worst, ...others] = [...news].sort((a, b) => SEVERITIES.indexOf(b.finding.severity) - SEVERITIES.indexOf(a.finding.severity)),
    where = files.size === 1 ? baseName(worst?.file ?? '') : `${files.size} captures`;
  if (worst === undefined) return '';
  const more = others.length === 0 ? '' : ` and ${others.length} more ${others.length === 1 ? 'finding' : 'findings'}`;
  return inANotification(`${worst.finding.title} (${worst.finding.severity})${more}, in ${where}.`);
}

/** VS Code makes links of `[text](target)` in notifications, and titles hold what packets say. */
export function inANotification(text: string): string {
  return text.replaceAll('[', '(').replaceAll(']', ')').slice(0, 500);
}
