/**
 * A display filter, such as that for all views. Checked while typing, applied with Enter; an error underlines its characters and leaves the
 * last filter that worked in force. Completion popup as an ARIA combobox.
 */
import { html, nothing, render } from 'lit';
import type { FilterCheck, FilterCompletion } from '../../src/analysis/engineApi.ts';
import type { Engine } from '../engine.ts';
import { expandShorthand } from '../filters.ts';
import { icon } from './bits.ts';

export interface FilterConfig {
  /** What tells it from others of the page, `filter` by default. */
  readonly name?: string;
  readonly label?: string;
  readonly placeholder?: string;
  readonly engine: Engine;
  readonly applied: string;
  readonly recent: readonly string[];
  readonly disabled: boolean;
  readonly onApply: (filter: string) => void;
}

interface Popup {
  readonly kind: 'completions' | 'recent';
  readonly from: number;
  readonly items: readonly FilterCompletion[];
  /** -1: none chosen, Enter applies what is typed. */
  readonly chosen: number;
}

const TYPING_PAUSE = 120;
/** A half-typed filter is wrong most of the time: the message waits until the typing has stopped, the underline does not. */
const MESSAGE_PAUSE = 700;
const SHOWN = 60;

export class NetsecFilter extends HTMLElement {
  private current: FilterConfig | null = null;
  private text = '';
  private failed: { readonly text: string; readonly check: Extract<FilterCheck, { ok: false }> } | null = null;
  private popup: Popup | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private asked = 0;
  private messageShown = false;
  private messageTimer: ReturnType<typeof setTimeout> | undefined;

  set config(config: FilterConfig) {
    const before = this.current;
    this.current = config;
    if (before === null || before.applied !== config.applied) {
      this.text = config.applied;
      this.failed = null;
      this.popup = null;
      clearTimeout(this.timer);
    }
    this.draw();
  }

  disconnectedCallback(): void {
    clearTimeout(this.timer);
    clearTimeout(this.messageTimer);
  }

  private get input(): HTMLInputElement | null {
    return this.querySelector('input');
  }

  override focus(): void {
    this.input?.focus();
    this.input?.select();
  }

  private draw(): void {
    const config = this.current;
    if (config === null) return;
    const { failed, popup, text } = this;
    const { name = 'filter', label = 'Filter, for all views', placeholder = 'Filter: an address, a port, or ip.addr == 10.0.0.5' } = config;
    const bad = failed !== null && failed.text === text ? failed.check : null;
    const column = bad?.column ?? 0;
    // An error at the end of the text still needs a character to underline.
    const wrong = bad === null ? '' : text.slice(column, column + Math.max(1, bad.length)) || ' ';
    render(
      html`<div class="fbox ${bad === null ? '' : 'bad'} ${config.applied === '' ? '' : 'on'}">
          ${icon(config.applied === '' ? 'filter' : 'filter-filled')}
          <div class="ed">
            ${bad === null ? nothing : html`<div class="echo" aria-hidden="true">${text.slice(0, column)}<u data-testid="${name}-underline">${wrong}</u></div>`}
            <input
              data-testid="${name}-input"
              role="combobox"
              aria-label=${label}
              aria-autocomplete="list"
              aria-expanded=${popup !== null}
              aria-controls="${name}-popup"
              aria-activedescendant=${popup !== null && popup.chosen >= 0 ? `${name}-option-${String(popup.chosen)}` : nothing}
              aria-invalid=${bad !== null}
              aria-describedby=${bad === null || !this.messageShown ? nothing : `${name}-message`}
              placeholder=${placeholder}
              spellcheck="false"
              autocomplete="off"
              dir="ltr"
              ?disabled=${config.disabled}
              .value=${text}
              @input=${this.onInput}
              @keydown=${this.onKey}
              @scroll=${this.onInputScroll}
              @blur=${() => this.close()}
            />
          </div>
          ${
            text === '' && config.applied === ''
              ? nothing
              : html`<button class="act" title="Clear filter" aria-label="Clear filter" data-testid="${name}-clear" @click=${() => this.apply('')}>
                  ${icon('close')}
                </button>`
          }
          <button
            class="act"
            title="Recent filters"
            aria-label="Recent filters"
            aria-haspopup="listbox"
            aria-expanded=${popup?.kind === 'recent'}
            ?disabled=${config.disabled || config.recent.length === 0}
            @pointerdown=${(event: Event) => event.preventDefault()}
            @click=${this.showRecent}
          >
            ${icon('chevron-down')}
          </button>
        </div>
        ${
          bad === null || !this.messageShown || popup !== null
            ? nothing
            : html`<div class="ferr" id="${name}-message" role="alert" data-testid="${name}-error">
                ${/[?!]$/.test(bad.message) ? bad.message : `${bad.message.replace(/[.]$/, '')}.`}${config.applied === text ? nothing : html`<span> ${config.applied === '' ? 'Nothing is filtered yet.' : 'The views still show the last filter that worked.'}</span>`}
              </div>`
        }
        <div
          id="${name}-popup"
          class="popup ${popup === null ? 'closed' : ''}"
          role="listbox"
          aria-label=${popup?.kind === 'recent' ? 'Recent filters' : 'Fields'}
        >
          ${(popup?.items ?? []).slice(0, SHOWN).map(
            (item, index) =>
              html`<div
                id="${name}-option-${index}"
                role="option"
                aria-selected=${index === popup?.chosen}
                class=${index === popup?.chosen ? 'sel' : ''}
                @pointerdown=${(event: Event) => {
                  event.preventDefault();
                  this.take(index);
                }}
              >
                <span class="mono">${item.name}</span><span class="muted ell">${item.label}</span><span class="muted">${item.type}</span>
              </div>`,
          )}
        </div>`,
      this,
    );
    this.querySelector('.popup [aria-selected=true]')?.scrollIntoView({ block: 'nearest' });
  }

  private readonly onInput = (): void => {
    this.text = this.input?.value ?? '';
    this.messageShown = false;
    this.draw();
    clearTimeout(this.timer);
    clearTimeout(this.messageTimer);
    this.messageTimer = setTimeout(() => {
      this.messageShown = true;
      this.draw();
    }, MESSAGE_PAUSE);
    this.timer = setTimeout(() => void this.think(), TYPING_PAUSE);
  };

  /** The echo that carries the underline follows the text. */
  private readonly onInputScroll = (): void => {
    const echo = this.querySelector<HTMLElement>('.echo');
    if (echo !== null) echo.scrollLeft = this.input?.scrollLeft ?? 0;
  };

  /** Checks and completes what is typed; answers to older text are dropped. */
  private async think(): Promise<void> {
    const config = this.current;
    if (config === null) return;
    const number = ++this.asked;
    const { text } = this;
    const cursor = this.input?.selectionStart ?? text.length;
    if (text.trim() === '') {
      this.failed = null;
      this.popup = null;
      this.draw();
      return;
    }
    try {
      const expanded = expandShorthand(text);
      const [check, completion] = await Promise.all([
        config.engine.call('checkFilter', { text: expanded }),
        config.engine.call('completeFilter', { text, cursor }),
      ]);
      if (number !== this.asked || text !== this.text) return;
      // A shorthand's columns are not those of what was typed.
      this.failed = check.ok ? null : { text, check: expanded === text.trim() ? check : { ...check, column: 0, length: text.length } };
      const word = text.slice(completion.from, cursor);
      const useful = completion.items.length > 0 && word !== '' && !(completion.items.length === 1 && completion.items[0]?.name === word);
      this.popup =
        useful && document.activeElement === this.input ? { kind: 'completions', from: completion.from, items: completion.items, chosen: -1 } : null;
      this.draw();
    } catch {
      // The engine went away; the page's failed state says so.
    }
  }

  private readonly onKey = (event: KeyboardEvent): void => {
    const { popup } = this;
    const count = Math.min(popup?.items.length ?? 0, SHOWN);
    if (popup !== null && (event.key === 'ArrowDown' || event.key === 'ArrowUp')) {
      const next = popup.chosen + (event.key === 'ArrowDown' ? 1 : -1);
      this.popup = { ...popup, chosen: next >= count ? 0 : next < 0 ? count - 1 : next };
      this.draw();
    } else if (popup === null && event.key === 'ArrowDown') {
      if (this.text === '') this.showRecent();
      else void this.think();
    } else if (popup !== null && (event.key === 'Tab' || (event.key === 'Enter' && popup.chosen >= 0))) this.take(Math.max(0, popup.chosen));
    else if (event.key === 'Enter') void this.submit();
    else if (event.key === 'Escape' && popup !== null) this.close();
    else if (event.key === 'Escape' && this.text !== this.current?.applied) {
      this.text = this.current?.applied ?? '';
      this.failed = null;
      this.draw();
    } else return;
    event.preventDefault();
  };

  private close(): void {
    if (this.popup === null) return;
    this.popup = null;
    this.draw();
  }

  private readonly showRecent = (): void => {
    const recent = this.current?.recent ?? [];
    this.input?.focus();
    this.popup =
      this.popup?.kind === 'recent' || recent.length === 0
        ? null
        : { kind: 'recent', from: 0, chosen: 0, items: recent.map((name) => ({ name, label: '', type: '' })) };
    this.draw();
  };

  private take(index: number): void {
    const { popup } = this;
    const item = popup?.items[index];
    if (popup === null || item === undefined) return;
    if (popup.kind === 'recent') {
      void this.apply(item.name);
      return;
    }
    const cursor = this.input?.selectionStart ?? this.text.length;
    this.text = this.text.slice(0, popup.from) + item.name + this.text.slice(cursor);
    this.popup = null;
    this.draw();
    const end = popup.from + item.name.length;
    this.input?.focus();
    this.input?.setSelectionRange(end, end);
    void this.think();
  }

  private submit(): Promise<void> {
    return this.apply(expandShorthand(this.text));
  }

  private async apply(filter: string): Promise<void> {
    const config = this.current;
    if (config === null) return;
    clearTimeout(this.timer);
    this.messageShown = true;
    const typed = this.text;
    this.asked++;
    this.popup = null;
    const check: FilterCheck = filter === '' ? { ok: true, fields: [] } : await config.engine.call('checkFilter', { text: filter });
    if (!check.ok) {
      this.failed = { text: typed, check: filter === typed ? check : { ...check, column: 0, length: typed.length } };
      this.draw();
      return;
    }
    this.text = filter;
    this.failed = null;
    this.draw();
    if (filter !== config.applied) config.onApply(filter);
  }
}

customElements.define('netsec-filter', NetsecFilter);
