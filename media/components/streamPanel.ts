/** Follow Stream: both directions of a TCP or UDP conversation as text, hex or raw, with search and saving. Beneath any view. */
import { html, nothing, render } from 'lit';
import type { StreamChunk, StreamPage } from '../../src/analysis/engineApi.ts';
import type { Store } from '../store.ts';
import { exactTime, formatBytes, formatCount, plural } from '../format.ts';
import { icon, segments } from './bits.ts';
import { splitMatches, streamText, type StreamMode } from './streamText.ts';

export interface StreamConfig {
  readonly store: Store;
  readonly flow: string;
}

type Direction = 'both' | StreamChunk['direction'];

const PAGE_BYTES = 128 * 1024;
/** Saving joins the stream in memory; a page should not hold more. */
const SAVE_BYTES = 64 * 1024 * 1024;

export class NetsecStream extends HTMLElement {
  private current: StreamConfig | null = null;
  private page: StreamPage | null = null;
  private chunks: readonly StreamChunk[] = [];
  private next: number | null = null;
  private problem = '';
  private mode: StreamMode = 'text';
  private direction: Direction = 'both';
  /** Whether keys open it, and whether it is shown sealed all the same. */
  private isOpened = false;
  private asSent = false;
  private search = '';
  private hit = 0;
  private loading: AbortController | null = null;

  set config(config: StreamConfig) {
    const other = this.current?.flow !== config.flow;
    this.current = config;
    if (!other) return;
    this.isOpened = this.asSent = false;
    this.restart();
  }

  private restart(): void {
    this.page = null;
    this.chunks = [];
    this.problem = '';
    this.next = 0;
    void this.more();
  }

  disconnectedCallback(): void {
    this.loading?.abort();
  }

  private async more(): Promise<void> {
    const config = this.current;
    if (config === null || this.next === null) return;
    this.loading?.abort();
    const controller = new AbortController();
    this.loading = controller;
    this.draw();
    try {
      const page = await config.store.engine.call(
        'followStream',
        { flow: config.flow, offset: this.next, maxBytes: PAGE_BYTES, asSent: this.asSent },
        controller.signal,
      );
      if (page === null) this.problem = 'This conversation carries no stream to follow.';
      else {
        this.page = page;
        this.isOpened ||= page.isOpened;
        this.chunks = [...this.chunks, ...page.chunks];
        this.next = page.nextOffset;
      }
    } catch (error) {
      if (controller.signal.aborted) return;
      this.problem = error instanceof Error ? error.message : String(error);
    }
    this.loading = null;
    this.draw();
  }

  private get visible(): readonly StreamChunk[] {
    return this.direction === 'both' ? this.chunks : this.chunks.filter((chunk) => chunk.direction === this.direction);
  }

  private draw(): void {
    const config = this.current;
    if (config === null) return;
    const { page } = this;
    const conversation = page?.conversation;
    const end = (address: string, port: number | null): string => (port === null ? address : `${address}:${String(port)}`);
    const a = conversation === undefined ? '' : end(conversation.a, conversation.aPort);
    const b = conversation === undefined ? '' : end(conversation.b, conversation.bPort);
    let hits = 0;
    const blocks = this.visible.map((chunk) => {
      const parts = splitMatches(streamText(chunk.bytes, this.mode), this.search);
      const body = parts.map((part, i) => (i % 2 === 0 ? part : html`<mark class=${hits++ === this.hit ? 'now' : ''}>${part}</mark>`));
      return html`${chunk.missingBefore > 0 ? html`<p class="gap">${icon('debug-disconnect')}${formatBytes(chunk.missingBefore)} missing here: not captured.</p>` : nothing}
        <div class="chunk ${chunk.direction}">
          <button class="lk" title="Go to frame ${chunk.frame}, ${exactTime(chunk.time)}" @click=${() => config.store.showPacket(chunk.frame)}>
            ${icon(chunk.direction === 'a-to-b' ? 'arrow-right' : 'arrow-left')}<span class="vh"
              >${chunk.direction === 'a-to-b' ? 'A to B, frame' : 'B to A, frame'} </span
            >${formatCount(chunk.frame)}
          </button>
          <pre>${body}</pre>
        </div>`;
    });
    render(
      html`<section class="stream" aria-label="Stream ${config.flow}" data-testid="stream-panel">
        <div class="sub">
          <h2>Stream</h2>
          <span class="ell">${conversation === undefined ? config.flow : html`${a} <span class="muted">→</span> ${b}`}</span>
          ${segments<StreamMode>(
            'Show as',
            [
              { id: 'text', title: 'Text' },
              { id: 'hex', title: 'Hex' },
              { id: 'raw', title: 'Raw' },
            ],
            this.mode,
            (mode) => {
              this.mode = mode;
              this.draw();
            },
            'stream',
          )}
          ${segments<Direction>(
            'Direction',
            [
              { id: 'both', title: 'Both' },
              { id: 'a-to-b', title: html`A → B${page === null ? nothing : html` <span class="muted">${formatBytes(page.bytesAToB)}</span>`}` },
              { id: 'b-to-a', title: html`B → A${page === null ? nothing : html` <span class="muted">${formatBytes(page.bytesBToA)}</span>`}` },
            ],
            this.direction,
            (direction) => {
              this.direction = direction;
              this.draw();
            },
          )}
          ${
            this.isOpened
              ? segments<'opened' | 'sent'>(
                  'Content',
                  [
                    { id: 'opened', title: 'Opened' },
                    { id: 'sent', title: 'As sent' },
                  ],
                  this.asSent ? 'sent' : 'opened',
                  (which) => {
                    this.asSent = which === 'sent';
                    this.restart();
                  },
                  'stream',
                )
              : nothing
          }
          <span class="sp"></span>
          <span class="searchbox"
            >${icon('search')}<input
              type="search"
              aria-label="Search in this stream"
              placeholder="Search"
              data-testid="stream-search"
              .value=${this.search}
              @input=${(event: Event) => {
                this.search = (event.target as HTMLInputElement).value;
                this.hit = 0;
                this.draw();
                this.showHit();
              }}
              @keydown=${(event: KeyboardEvent) => {
                if (event.key === 'Enter') this.step(event.shiftKey ? -1 : 1, hits);
              }}
            /><span class="muted" role="status"
              >${this.search === '' ? '' : hits === 0 ? 'none' : `${formatCount(Math.min(this.hit + 1, hits))} of ${formatCount(hits)}`}</span
            ></span
          >
          <button class="act" title="Save what is shown" aria-label="Save stream" data-testid="stream-save" @click=${() => void this.save()}>
            ${icon('save')}
          </button>
          <button
            class="act"
            title="Close stream"
            aria-label="Close stream"
            data-testid="stream-close"
            @click=${() => config.store.go({ stream: null })}
          >
            ${icon('close')}
          </button>
        </div>
        <div class="chunks ${this.mode}" tabindex="0" role="region" aria-label="Content of the stream" data-testid="stream-content">
          ${blocks} ${this.problem === '' ? nothing : html`<p class="gap">${this.problem}</p>`}
          ${page !== null && this.chunks.length === 0 ? html`<p class="gap">No payload: this conversation opened and closed without sending any.</p>` : nothing}
          ${this.loading === null ? nothing : html`<p class="gap" role="status">Reading…</p>`}
          ${this.next === null || this.loading !== null || this.problem !== '' ? nothing : html`<p class="gap"><button class="btn" @click=${() => void this.more()}>Show more</button> ${plural(this.chunks.length, 'part')} so far.</p>`}
        </div>
      </section>`,
      this,
    );
  }

  private step(by: number, hits: number): void {
    if (hits === 0) return;
    this.hit = (this.hit + by + hits) % hits;
    this.draw();
    this.showHit();
  }

  private showHit(): void {
    this.querySelector('mark.now')?.scrollIntoView({ block: 'nearest' });
  }

  /** The whole of it, not only what has been shown: raw bytes, or the text of the chosen form. */
  private async save(): Promise<void> {
    const config = this.current;
    if (config === null) return;
    const { store, flow } = config;
    try {
      const chunks: StreamChunk[] = [];
      let size = 0;
      for (let offset: number | null = 0; offset !== null;) {
        const page: StreamPage | null = await store.engine.call('followStream', { flow, offset, maxBytes: 1024 * 1024, asSent: this.asSent });
        if (page === null) break;
        chunks.push(...page.chunks.filter((chunk) => this.direction === 'both' || chunk.direction === this.direction));
        size = chunks.reduce((sum, chunk) => sum + chunk.bytes.length, 0);
        if (size > SAVE_BYTES) throw new Error(`the stream is larger than ${formatBytes(SAVE_BYTES)}; save one direction`);
        offset = page.nextOffset;
      }
      const name = `${flow.replace(':', '-')}${this.direction === 'both' ? '' : `-${this.direction}`}`;
      if (this.mode === 'raw') {
        const bytes = new Uint8Array(size);
        let at = 0;
        for (const chunk of chunks) {
          bytes.set(chunk.bytes, at);
          at += chunk.bytes.length;
        }
        await store.engine.call('saveFile', { suggestedName: `${name}.bin`, content: bytes });
      } else {
        const { mode } = this;
        const content = chunks
          .map((chunk) =>
            mode === 'text' ? streamText(chunk.bytes, mode) : `${chunk.direction} frame ${String(chunk.frame)}\n${streamText(chunk.bytes, mode)}\n`,
          )
          .join('');
        await store.engine.call('saveFile', { suggestedName: `${name}.txt`, content });
      }
    } catch (error) {
      this.problem = `Could not save: ${error instanceof Error ? error.message : String(error)}`;
      this.draw();
    }
  }
}

customElements.define('netsec-stream', NetsecStream);
