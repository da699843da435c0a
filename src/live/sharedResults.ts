/** What the monitor found in each file, told to others once it rests: a folder of captures comes as hundreds of news. */
import type { Severity } from '../analysis/report.ts';
import type { MonitoredFile } from './monitorModel.ts';

export interface MonitorResult {
  readonly packets: number;
  /** Those that nobody expects. */
  readonly findings: number;
  readonly worst: Severity | null;
}

export interface SharedResults {
  /** There is news of this file; without one, of all. */
  changed(file?: string): void;
  dispose(): void;
}

const SETTLE_MS = 1000;

export interface SharingContext {
  readonly files: () => readonly MonitoredFile[];
  readonly resultOf: (about: MonitoredFile) => Promise<MonitorResult>;
  readonly share: (file: string, result: MonitorResult) => Promise<void>;
}

export function shareResults({ files, resultOf, share }: SharingContext, settleMs = SETTLE_MS): SharedResults {
  let news = new Set<string>(),
    timer: NodeJS.Timeout | undefined,
    working: Promise<void> = Promise.resolve();

  async function tell(changed: ReadonlySet<string>): Promise<void> {
    for (const about of files()) {
      // Of one that is being read the end is news again.
      if (!changed.has(about.file) || about.state !== 'read') continue;
      // Gone meanwhile, perhaps; the others are not.
      await resultOf(about)
        .then((result) => share(about.file, result))
        .catch(() => undefined);
    }
  }

  return {
    changed(file) {
      for (const each of file === undefined ? files().map((about) => about.file) : [file]) news.add(each);
      timer ??= setTimeout(() => {
        timer = undefined;
        const now = news;
        news = new Set();
        working = working.then(() => tell(now));
      }, settleMs);
    },
    dispose: () => clearTimeout(timer),
  };
}
