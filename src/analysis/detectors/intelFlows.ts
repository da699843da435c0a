/** Flows with a listed address at one end, by entry and pair of addresses. */
import type { CaptureState } from '../captureState.ts';
import { flowAddress } from '../conversations.ts';
import * as F from '../flowTable.ts';
import type { IntelEntry } from '../intelEntries.ts';
import type { IntelIndex } from '../intelIndex.ts';
import type { Match } from './intelFinding.ts';
import { Evidence, Watched } from './watched.ts';

const TCP = 6;

export function flowMatches(
  state: CaptureState,
  index: IntelIndex,
  most: number,
): { readonly matches: readonly Match[]; readonly isBounded: boolean } {
  const found = new Watched<string, Match>(most);
  if (!index.hasAddresses) return { matches: [], isBounded: false };
  const { flows } = state,
    { ints } = flows,
    v6 = new Map<number, IntelEntry | null>();
  const entryOf = (row: number, end: typeof F.A | typeof F.B): IntelEntry | undefined => {
    const at = row * F.INTS,
      value = ints[at + end]!;
    if ((ints[at + F.META]! & F.META_IPV6) === 0) return index.ofIpv4(value);
    let known = v6.get(value);
    if (known === undefined) v6.set(value, (known = index.ofIpv6(flowAddress(state, row, end)) ?? null));
    return known ?? undefined;
  };
  for (let row = 0; row < flows.count; row++) {
    const callee = entryOf(row, F.B);
    if (callee !== undefined) add(state, found, callee, row, 'server');
    const caller = entryOf(row, F.A);
    if (caller !== undefined) add(state, found, caller, row, 'client');
  }
  return { matches: [...found.values], isBounded: found.isFull };
}

function add(state: CaptureState, found: Watched<string, Match>, entry: IntelEntry, row: number, listed: 'client' | 'server'): void {
  const { ints } = state.flows,
    at = row * F.INTS,
    client = flowAddress(state, row, F.A),
    server = flowAddress(state, row, F.B),
    protocol = ints[at + F.META]! & F.META_PROTOCOL,
    flags = ints[at + F.FLAGS]!;
  const match = found.of(`${listed} ${client} ${server}`, () => ({
    entry,
    listed,
    client,
    server,
    port: protocol === 0 ? 0 : ints[at + F.PORTS]! & 0xffff,
    how: 'spoke with',
    file: null,
    seen: new Set([listed === 'client' ? client : server]),
    evidence: new Evidence(),
    isAnswered: false,
    packets: 0,
  }));
  if (match === undefined) return;
  match.evidence.addRow(state.flows, row);
  match.packets = (match.packets ?? 0) + ints[at + F.PACKETS_A]! + ints[at + F.PACKETS_B]!;
  // A reset is no answer: nobody was let in.
  if (protocol === TCP ? (flags & (F.SYN_ACK_B | F.DATA_B)) !== 0 : ints[at + F.PACKETS_B]! > 0) match.isAnswered = true;
}
