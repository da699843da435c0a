/** The time range for all views: a chip that says it, and a small form to type it. Times are local times of day or seconds from the start. */
import { html, nothing, render } from 'lit';
import type { Timestamp } from '../../src/analysis/report.ts';
import { exactTime, formatDuration, timeOfDayAfter } from '../format.ts';
import { parseMoment } from '../moments.ts';
import { icon } from './bits.ts';
import type { TimeRange } from './timeSurface.ts';

export interface TimeRangeConfig {
  readonly start: Timestamp;
  readonly duration: number | null;
  readonly range: TimeRange | null;
  readonly onApply: (range: TimeRange | null) => void;
}

export class NetsecTimeRange extends HTMLElement {
  private current: TimeRangeConfig | null = null;
  private open = false;
  private problem = '';

  set config(config: TimeRangeConfig) {
    this.current = config;
    this.draw();
  }

  connectedCallback(): void {
    this.addEventListener('focusout', (event) => {
      if (this.open && !this.contains(event.relatedTarget as Node | null)) this.show(false);
    });
    this.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape' || !this.open) return;
      event.stopPropagation();
      this.show(false);
      this.querySelector<HTMLElement>('.chip')?.focus();
    });
  }

  private show(open: boolean): void {
    this.open = open;
    this.problem = '';
    this.draw();
    if (open) this.querySelector('input')?.focus();
  }

  private draw(): void {
    const config = this.current;
    if (config === null) return;
    const { range, start, duration } = config;
    const digits = range !== null && range.to - range.from < 10 ? 3 : 0;
    const words =
      range === null
        ? `All ${formatDuration(duration)}`
        : `${timeOfDayAfter(start, range.from, digits)} – ${timeOfDayAfter(start, range.to, digits)}`;
    render(
      html`<span class="chipbox"
          ><button
            class="chip ${range === null ? '' : 'on'}"
            data-testid="time-range"
            aria-haspopup="dialog"
            aria-expanded=${this.open}
            aria-label="Time range, for all views: ${words}"
            title="Time range, for all views. Starts ${exactTime(start)}"
            ?disabled=${start === null || duration === null}
            @click=${() => this.show(!this.open)}
          >
            ${icon('clockface')}<span class="z">${words}</span>${range === null ? icon('chevron-down') : nothing}</button
          >${
            range === null
              ? nothing
              : html`<button
                  class="act"
                  aria-label="Clear time range"
                  title="Clear time range"
                  data-testid="time-range-clear"
                  @click=${() => config.onApply(null)}
                >
                  ${icon('close')}
                </button>`
          }</span
        >${this.open ? this.form(config) : nothing}`,
      this,
    );
  }

  private form(config: TimeRangeConfig) {
    const { start, range } = config;
    const duration = config.duration ?? 0;
    const { from, to } = range ?? { from: 0, to: duration };
    return html`<form class="popup trange" role="dialog" aria-label="Time range" tabindex="-1" @submit=${this.submit}>
      <label>From <input name="from" .value=${timeOfDayAfter(start, from, 3)} autocomplete="off" spellcheck="false" /></label>
      <label>To, not included <input name="to" .value=${timeOfDayAfter(start, to, 3)} autocomplete="off" spellcheck="false" /></label>
      <p class="muted">Local time of day, or seconds from the start.</p>
      ${this.problem === '' ? nothing : html`<p class="problem" role="alert">${this.problem}</p>`}
      <div class="acts">
        <button class="btn pri" type="submit">Apply</button><button class="btn" type="button" @click=${() => this.finish(null)}>All of it</button>
      </div>
    </form>`;
  }

  private readonly submit = (event: SubmitEvent): void => {
    event.preventDefault();
    const config = this.current;
    if (config === null) return;
    const data = new FormData(event.currentTarget as HTMLFormElement);
    const read = (name: string): number | null => {
      const value = data.get(name);
      return typeof value === 'string' ? parseMoment(value, config.start) : null;
    };
    const from = read('from');
    const to = read('to');
    if (from === null || to === null) this.problem = 'Write times as 09:12:30 or as seconds, 75.5.';
    else if (to <= from) this.problem = 'The range ends before it begins.';
    else {
      this.finish({ from, to });
      return;
    }
    this.draw();
  };

  private finish(range: TimeRange | null): void {
    this.open = false;
    this.current?.onApply(range);
    this.draw();
  }
}

customElements.define('netsec-time-range', NetsecTimeRange);
