/**
 * Bytes as hex and text, linked with the details: the selected field is marked, its layer tinted, and a byte that is
 * clicked (or reached with the arrow keys) selects its field. Only the lines that are seen are drawn.
 */
import { html, nothing, render } from 'lit';
import { css } from './css.ts';

export interface ByteRange {
  readonly start: number;
  readonly length: number;
}

export interface HexConfig {
  readonly bytes: Uint8Array;
  readonly field: ByteRange | null;
  readonly layer: ByteRange | null;
  readonly label: string;
  readonly onByte: (offset: number) => void;
}

const LINE = 20;
/** Around and between the columns of a line, and the scroll bar, in pixels. */
const PADDING = 66;
/** Pixels; until one is drawn and can be measured. */
const TYPICAL_CHARACTER = 7.3;
const CELLS = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'] as const;
const hex = (value: number): string => (CELLS[value >> 4] ?? '') + (CELLS[value & 15] ?? '');
const printable = (value: number): string => (value > 31 && value < 127 ? String.fromCharCode(value) : '·');

function within(range: ByteRange | null, at: number): boolean {
  return range !== null && at >= range.start && at < range.start + range.length;
}

export class NetsecHex extends HTMLElement {
  private current: HexConfig | null = null;
  private cursor = 0;
  private scroller: HTMLElement | null = null;
  private readonly resizing = new ResizeObserver(() => this.draw());

  set config(config: HexConfig) {
    const moved = this.current?.field !== config.field || this.current?.bytes !== config.bytes;
    this.current = config;
    if (moved) {
      // Keep the byte cursor inside the field, where the arrow keys go on from.
      if (config.field !== null && !within(config.field, this.cursor)) this.cursor = config.field.start;
      this.cursor = Math.max(0, Math.min(this.cursor, config.bytes.length - 1));
    }
    this.draw();
    if (moved && config.field !== null) this.reveal(config.field.start);
  }

  connectedCallback(): void {
    this.resizing.observe(this);
  }

  disconnectedCallback(): void {
    this.resizing.disconnect();
  }

  private get digits(): number {
    return (this.current?.bytes.length ?? 0) > 0xffff ? 8 : 4;
  }

  /** Sixteen where they fit with their text, in the reader's font. */
  private get perLine(): number {
    const character = this.querySelector('.t s')?.getBoundingClientRect().width ?? TYPICAL_CHARACTER;
    const needed = (this.digits + 3 * 16 + 1 + 16) * character + PADDING;
    return this.clientWidth > 0 && this.clientWidth < needed ? 8 : 16;
  }

  private draw(): void {
    const config = this.current;
    if (config === null) return;
    const { bytes } = config;
    const lines = Math.ceil(bytes.length / this.perLine);
    const top = this.scroller?.scrollTop ?? 0;
    const from = Math.max(0, Math.floor(top / LINE) - 8);
    const to = Math.min(lines, from + Math.ceil((this.clientHeight || 400) / LINE) + 17);
    const shown = Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i);
    render(
      html`<div
        class="hex"
        tabindex="0"
        role="application"
        aria-roledescription="hex view"
        aria-label=${config.label}
        data-testid="hex-view"
        @scroll=${() => this.draw()}
        @click=${this.onClick}
        @keydown=${this.onKey}
      >
        <div class="hex-pad" style=${css({ height: `${String(lines * LINE)}px` })}>
          ${shown.map(
            (line) =>
              html`<div class="hex-line" style=${css({ top: `${String(line * LINE)}px` })}>
                <span class="o">${(line * this.perLine).toString(16).padStart(this.digits, '0')}</span
                ><span class="h">${this.cells(config, line, hex)}</span><span class="t">${this.cells(config, line, printable)}</span>
              </div>`,
          )}
        </div>
      </div>`,
      this,
    );
    this.scroller ??= this.querySelector('.hex');
  }

  private cells(config: HexConfig, line: number, show: (value: number) => string) {
    const { bytes, field, layer } = config;
    return Array.from({ length: this.perLine }, (_, i) => {
      const at = line * this.perLine + i;
      const value = bytes[at];
      const half = i === this.perLine / 2 ? ' half' : '';
      if (value === undefined) return show === hex ? html`<s class=${half}></s>` : nothing;
      const mark = within(field, at) ? 'on' : within(layer, at) ? 'ly' : '';
      return html`<s class="${mark}${half}${at === this.cursor ? ' cur' : ''}" data-at=${at}>${show(value)}</s>`;
    });
  }

  private reveal(at: number): void {
    if (this.scroller === null) return;
    const top = Math.floor(at / this.perLine) * LINE;
    const { scrollTop, clientHeight } = this.scroller;
    if (top < scrollTop || top + LINE > scrollTop + clientHeight) {
      this.scroller.scrollTop = Math.max(0, top - LINE * 2);
      this.draw();
    }
  }

  private move(to: number): void {
    const config = this.current;
    if (config === null || config.bytes.length === 0) return;
    this.cursor = Math.max(0, Math.min(to, config.bytes.length - 1));
    this.reveal(this.cursor);
    config.onByte(this.cursor);
    this.draw();
  }

  private readonly onClick = (event: MouseEvent): void => {
    const at = (event.target as Element).closest<HTMLElement>('[data-at]')?.dataset['at'];
    if (at !== undefined) this.move(Number(at));
  };

  private readonly onKey = (event: KeyboardEvent): void => {
    const config = this.current;
    if (config === null) return;
    const line = this.perLine;
    const page = Math.max(1, Math.floor((this.clientHeight || 200) / LINE) - 1) * line;
    const step = {
      ArrowRight: 1,
      ArrowLeft: -1,
      ArrowDown: line,
      ArrowUp: -line,
      PageDown: page,
      PageUp: -page,
      Home: -this.cursor,
      End: config.bytes.length,
    }[event.key];
    if (step !== undefined) this.move(this.cursor + step);
    else return;
    event.preventDefault();
  };
}

customElements.define('netsec-hex', NetsecHex);
