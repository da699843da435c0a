/** Marking a finding as expected: the rules that would fit it, from the narrowest to the widest, and the way back. */
import { html, type TemplateResult } from 'lit';
import type { AllowConditions } from '../../src/analysis/engineApi.ts';
import type { Finding } from '../../src/analysis/report.ts';
import { icon } from '../components/bits.ts';
import { openMenu } from '../components/contextMenu.ts';
import type { Menu, MenuItem } from '../menu.ts';
import type { Store } from '../store.ts';
import { actorOf } from './findingGroups.ts';

/** The /24 or /64 an address lies in; null for what is no IP address, or is written in a way we do not cut. */
function networkOf(address: string): string | null {
  const v4 = /^(\d+\.\d+\.\d+)\.\d+$/.exec(address);
  if (v4 !== null) return `${v4[1] ?? ''}.0/24`;
  const [head = ''] = address.split('::');
  const groups = head.split(':');
  if (!address.includes(':') || /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i.test(address)) return null;
  if (groups.length >= 4) return `${groups.slice(0, 4).join(':')}::/64`;
  return address.includes('::') ? `${head}::/64` : null;
}

export function expectMenu(store: Store, finding: Finding): Menu {
  const { detector } = finding;
  const actor = actorOf(finding);
  const mark = (what: string, conditions: AllowConditions): MenuItem => ({
    label: `Expect ${what}`,
    run: () => {
      store.engine.call('markExpected', { conditions, what }).then(
        (marked) => {
          if (marked) store.say('Marked as expected in .netsec/allow.yaml');
        },
        (error: unknown) => store.say(error instanceof Error ? error.message : String(error)),
      );
    },
  });
  if (actor === undefined) return [[mark(`${detector} always`, { detector })]];
  const { address } = actor;
  // Without it a rule looks only at those who act.
  const role = actor.role === 'victim' ? { role: actor.role } : {};
  const network = networkOf(address);
  const name = actor.name ?? store.nameOf(address);
  return [
    [
      mark(`${detector} by ${address}`, { detector, address, ...role }),
      ...(name === '' ? [] : [mark(`${detector} by ${name}`, { detector, name, ...role })]),
      ...(network === null ? [] : [mark(`${detector} by ${network}`, { detector, network, ...role })]),
    ],
    [mark(`everything by ${address}`, { address, ...role }), mark(`${detector} by anybody`, { detector })],
  ];
}

export function expectButton(store: Store, finding: Finding): TemplateResult {
  if (finding.expected === null)
    return html`<button
      class="btn"
      aria-haspopup="menu"
      data-testid="mark-expected"
      @click=${(event: MouseEvent) => openMenu(expectMenu(store, finding), event.currentTarget as HTMLElement)}
    >
      ${icon('bell-slash')}Mark expected
    </button>`;
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
