/** What if a threshold were another: moved here for this capture and this window, judged again from what was collected, and put back with one click. */
import { html, nothing, type TemplateResult } from 'lit';
import type { Report } from '../../src/analysis/report.ts';
import { emptyState, heading, icon, severityIcon } from '../components/bits.ts';
import { capitalized, plural } from '../format.ts';
import type { Store } from '../store.ts';

type Values = Readonly<Record<string, unknown>>;
interface Moved {
  /** Options by detector id: those in force before, with the moved ones changed. */
  readonly values: Readonly<Record<string, Values>>;
  /** Options by detector id as they were. */
  readonly before: Readonly<Record<string, Values>>;
  /** Number of findings by detector as it was. */
  readonly counts: Readonly<Record<string, number>>;
  readonly needsReading: readonly string[];
}

const NOTHING_MOVED: Moved = { values: {}, before: {}, counts: {}, needsReading: [] };

const moved = (store: Store): Moved => store.remembered('whatIf', NOTHING_MOVED);

export function movedDetectors(store: Store): readonly string[] {
  return Object.keys(moved(store).before);
}

function optionsOf(report: Report, detector: string): Values {
  const values = (report.producer.options as Readonly<Record<string, unknown>> | undefined)?.[detector];
  return typeof values === 'object' && values !== null ? (values as Values) : {};
}

const countOf = (report: Report, detector: string): number => report.findings.filter((finding) => finding.detector === detector).length;

/** `failedPorts` reads "Failed ports". */
const wordsOf = (name: string): string => capitalized(name.replace(/([a-z0-9])([A-Z])/g, '$1 $2').toLowerCase());

export function movable(report: Report, detector: string): boolean {
  return Object.values(optionsOf(report, detector)).some((value) => typeof value === 'number');
}

function move(store: Store, report: Report, detector: string, name: string, value: number): void {
  const was = moved(store);
  const now = optionsOf(report, detector);
  // The others keep what is in force for them.
  const all = Object.fromEntries(Object.entries(report.producer.options).filter(([, each]) => typeof each === 'object' && each !== null)) as Record<
    string,
    Values
  >;
  const values = { ...all, ...was.values, [detector]: { ...now, ...was.values[detector], [name]: value } };
  store.engine.call('setDetectorOptions', { values }).then(
    ({ needsReading }) =>
      store.remember('whatIf', {
        values,
        before: { [detector]: now, ...was.before },
        counts: { [detector]: countOf(report, detector), ...was.counts },
        needsReading,
      }),
    (error: unknown) => store.say(`Could not judge again: ${String(error)}`),
  );
}

function putBack(store: Store): void {
  store.engine.call('setDetectorOptions', { values: null }).then(
    () => store.remember('whatIf', NOTHING_MOVED),
    (error: unknown) => store.say(`Could not judge again: ${String(error)}`),
  );
}

export function whatIfDetail(store: Store, report: Report, detector: string): TemplateResult {
  const { before, counts, needsReading, values } = moved(store);
  const inForce = { ...optionsOf(report, detector), ...values[detector] };
  const numbers = Object.entries(inForce).filter((entry): entry is [string, number] => typeof entry[1] === 'number');
  const now = report.findings.filter((finding) => finding.detector === detector);
  const was = counts[detector];
  if (numbers.length === 0) return emptyState('Nothing to move.', `${detector} has no threshold that is a number.`);
  return html`<article class="det" tabindex="0" aria-label="What if: ${detector}" data-testid="whatif-detail">
    <h1>What if: ${detector}</h1>
    <p class="lead">Move a threshold and see what would be found. Nothing is read again, and nothing is kept: settings stay as they are.</p>
    <div class="acts">
      <button class="btn" data-testid="whatif-reset" ?disabled=${Object.keys(before).length === 0} @click=${() => putBack(store)}>
        ${icon('discard')}Put all back
      </button>
    </div>
    <section class="sec">
      ${heading('h-thresholds', 'Thresholds')}
      <ul class="whatif">
        ${numbers.map(([name, value]) => {
          const old = before[detector]?.[name];
          return html`<li>
            <label for="whatif-${name}">${wordsOf(name)}</label
            ><input
              id="whatif-${name}"
              type="number"
              step="any"
              min="0"
              data-testid="whatif-${name}"
              .value=${String(value)}
              @change=${(event: Event) => {
                const typed = (event.currentTarget as HTMLInputElement).valueAsNumber;
                if (Number.isFinite(typed) && typed >= 0) move(store, report, detector, name, typed);
              }}
            /><span class="muted"
              >${typeof old === 'number' && old !== value ? `was ${String(old)}` : ''}${needsReading.includes(`${detector}.${name}`) ? ' · takes effect when the capture is opened anew' : ''}</span
            >
          </li>`;
        })}
      </ul>
    </section>
    <section class="sec">
      ${heading('h-would', 'What would be found', plural(now.length, 'finding'), was === undefined ? nothing : html`<span class="muted" data-testid="whatif-before">${plural(was, 'finding')} before</span>`)}
      ${
        now.length === 0
          ? html`<p class="none">Nothing by this detector.</p>`
          : html`<ul class="rows">
              ${now.slice(0, 50).map((finding) => html`<li class="wf">${severityIcon(finding.severity)}<button class="lk quiet" @click=${() => store.showFinding(finding.id)}>${finding.title}</button></li>`)}
            </ul>`
      }
    </section>
  </article>`;
}
