/** One line that says how far reading is: bar, per cent, bytes, time left. Drawn at most ten times a second, erased when done. */
import { bytesText, durationText } from '../analysis/engine.ts';
import { safeText } from '../analysis/exports/safeText.ts';
import { bar, clip } from '../analysis/exports/textLayout.ts';
import type { Terminal } from './terminal.ts';

const INTERVAL_MS = 100;
/** What is done before this needs no bar. */
const PATIENCE_MS = 250;

export interface ProgressBar {
  update(phase: string, bytesDone: number, bytesTotal: number): void;
  /** Leaves an empty line behind. */
  end(): void;
}

export function createProgressBar(terminal: Terminal, name: string, now: () => number = () => performance.now()): ProgressBar {
  const { progress } = terminal;
  if (progress === null) return { update: () => undefined, end: () => undefined };
  const style = { width: progress.columns, unicode: progress.unicode, color: false };
  let started = now(),
    phaseNow = '',
    drawnAt = started + PATIENCE_MS - INTERVAL_MS,
    drawn = false;
  return {
    update(phase, bytesDone, bytesTotal) {
      const time = now();
      if (phase !== phaseNow) {
        phaseNow = phase;
        started = time;
      }
      if (time - drawnAt < INTERVAL_MS) return;
      drawnAt = time;
      drawn = true;
      terminal.draw(
        `\r\u001b[K${clip(style, progressLine(style, `${phase} ${safeText(name, 40)}`, bytesDone, bytesTotal, time - started), style.width - 1)}`,
      );
    },
    end() {
      if (drawn) terminal.draw('\r\u001b[K');
      drawn = false;
    },
  };
}

export function progressLine(
  style: { readonly width: number; readonly unicode: boolean; readonly color: boolean },
  what: string,
  done: number,
  total: number,
  elapsedMs: number,
): string {
  const part = total > 0 ? Math.min(1, done / total) : 1;
  const left = part > 0.02 && part < 1 ? `, ${durationText(Math.max(1, (elapsedMs / 1000) * (1 / part - 1)))} left` : '';
  return `${what} [${bar(style, part, 20)}] ${Math.floor(part * 100)} % of ${bytesText(total)}${left}`;
}
