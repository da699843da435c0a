/** The time range for all views: a chip that says it, and a small form to type it. Times are local times of day or seconds from the start. */
import { html, nothing, render } from 'lit';
import type { Timestamp } from '../../src/analysis/report.ts';
import { exactTime, formatDuration, spansDays, timeOfDayAfter } from '../format.ts';
import { parseMoment, typedMoment } from '../moments.ts';
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
    const { from, to } = this.typed(config);
    return html`<form class="popup trange" role="dialog" aria-label="Time range" tabindex="-1" @submit=${this.submit}>
      <label>From <input name="from" .value=${from} autocomplete="off" spellcheck="false" /></label>
      <label>To, not included <input name="to" .value=${to} autocomplete="off" spellcheck="false" /></label>
      <p class="muted">Local time of day${spansDays() ? ' with its date' : ''}, or seconds from the start.</p>
      ${this.problem === '' ? nothing : html`<p class="problem" role="alert">${this.problem}</p>`}
      <div class="acts">
        <button class="btn pri" type="submit">Apply</button><button class="btn" type="button" @click=${() => this.finish(null)}>All of it</button>
      </div>
    </form>`;
  }

  /** What stands in the form at first: of everything an end behind the last packet, as ends are not included. */
  private typed({ start, range, duration }: TimeRangeConfig): { readonly from: string; readonly to: string } {
    const { from, to } = range ?? { from: 0, to: duration ?? 0 };
    return { from: typedMoment(start, from, 'below'), to: typedMoment(start, to, range === null ? 'above' : 'below') };
  }

  private readonly submit = (event: SubmitEvent): void => {
    event.preventDefault();
    const config = this.current;
    if (config === null) return;
    const data = new FormData(event.currentTarget as HTMLFormElement);
    const typed = this.typed(config);
    const read = (name: 'from' | 'to'): number | null => {
      const value = data.get(name);
      // A range that was drawn is more exact than what is written of it.
      if (value === typed[name] && config.range !== null) return config.range[name];
      return typeof value === 'string' ? parseMoment(value, config.start) : null;
    };
    const from = read('from');
    const to = read('to');
    if (from === null || to === null)
      this.problem = `Write times as ${spansDays() ? '2026-11-25 09:12:30, as 09:12:30 for the first after the start,' : '09:12:30'} or as seconds, 75.5.`;
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
