/** Marking a finding as expected, and the way back. What of it, and why, is asked by the editor. */
import { html, type TemplateResult } from 'lit';
import type { Finding } from '../../src/analysis/report.ts';
import { icon } from '../components/bits.ts';
import type { Store } from '../store.ts';

function mark(store: Store, { detector, subjects, parts }: Finding): void {
  store.engine.call('markExpected', { finding: { detector, subjects, ...(parts === undefined ? {} : { parts }) } }).then(
    (marked) => {
      if (marked) store.say('Marked as expected in .netsec/allow.yaml');
    },
    (error: unknown) => store.say(error instanceof Error ? error.message : String(error)),
  );
}

export function expectButton(store: Store, finding: Finding): TemplateResult {
  if (finding.expected === null)
    return html`<button class="btn" data-testid="mark-expected" @click=${() => mark(store, finding)}>${icon('bell-slash')}Mark expected…</button>`;
  const { rule } = finding.expected;
  return html`<button
    class="btn"
    data-testid="unmark-expected"
    title="Takes ${rule} out of .netsec/allow.yaml"
    @click=${() => void store.engine.call('unmarkExpected', { rule }).catch((error: unknown) => store.say(error instanceof Error ? error.message : String(error)))}
  >
    ${icon('bell')}No longer expected
  </button>`;
}
