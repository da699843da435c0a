/** Find in Packets: one line above the list. Enter and F3 go on, Shift goes back, Escape gives the focus to the rows. */
import { html, nothing } from 'lit';
import { icon, segments } from '../components/bits.ts';
import { formatCount } from '../format.ts';
import type { PacketFinding } from '../packetFinding.ts';

export const WAYS = [
  { id: 'text', title: 'Text', placeholder: 'Find in the rows: an address, a protocol, a word of the info' },
  { id: 'filter', title: 'Filter', placeholder: 'Find by a display filter: tcp.flags.reset == 1' },
  { id: 'bytes', title: 'Bytes', placeholder: 'Find bytes of the frame: 47 45 54, or "GET"' },
] as const;

export type Way = (typeof WAYS)[number]['id'];

export interface FindBar {
  readonly finding: PacketFinding;
  readonly text: string;
  readonly by: Way;
  readonly onText: (text: string) => void;
  readonly onWay: (by: Way) => void;
  readonly onNext: (backwards: boolean) => void;
  readonly onClose: () => void;
}

function words({ finding, text }: FindBar): string {
  const { found, problem, progress } = finding;
  if (finding.isBusy)
    return progress === null ? 'Finding…' : `Finding… ${String(Math.floor((progress.bytesDone / Math.max(1, progress.bytesTotal)) * 100))} %`;
  if (problem !== '') return problem;
  if (found === 'none') return 'No packet has it';
  if (found !== null) return `${formatCount(found.place)} of ${formatCount(found.count)}`;
  return text === '' ? '' : 'Enter to find';
}

export function findBar(bar: FindBar) {
  const { by, finding, text } = bar,
    isBad = !finding.isBusy && (finding.problem !== '' || finding.found === 'none');
  const onKey = (event: KeyboardEvent): void => {
    if (event.key === 'Enter') bar.onNext(event.shiftKey);
    else if (event.key === 'Escape') bar.onClose();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return html`<div class="findbar" role="search" aria-label="Find in packets" data-testid="find-bar" @keydown=${onKey}>
    <span class="searchbox ${isBad ? 'bad' : ''}"
      >${icon('search')}<input
        type="text"
        spellcheck="false"
        autocomplete="off"
        aria-label="Find in packets"
        aria-invalid=${isBad}
        placeholder=${WAYS.find(({ id }) => id === by)?.placeholder ?? ''}
        data-testid="find-input"
        .value=${text}
        @input=${(event: InputEvent) => bar.onText((event.currentTarget as HTMLInputElement).value)}
    /></span>
    ${segments('Find by', WAYS, by, bar.onWay, 'find-by')}
    <span class="muted ell found" role="status" data-testid="find-words" title=${words(bar)}
      >${finding.isBusy ? icon('loading') : nothing}${words(bar)}</span
    >
    <button class="act" title="Previous (Shift+F3)" aria-label="Previous match" data-testid="find-previous" @click=${() => bar.onNext(true)}>
      ${icon('arrow-up')}
    </button>
    <button class="act" title="Next (F3)" aria-label="Next match" data-testid="find-next" @click=${() => bar.onNext(false)}>
      ${icon('arrow-down')}
    </button>
    <button class="act" title="Close (Escape)" aria-label="Close find" data-testid="find-close" @click=${() => bar.onClose()}>
      ${icon('close')}
    </button>
  </div>`;
}
