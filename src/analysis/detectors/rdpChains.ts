/** Remote Desktop from one host to a second, and from there on to a third while the first session lasts: a jump host, or somebody who moves on. */
import type { CaptureState } from '../captureState.ts';
import type { FindingDraft } from '../detector.ts';
import * as F from '../flowTable.ts';
import { addressFilter, confidenceOf, endsOf, Evidence } from './watched.ts';

const RDP = 3389,
  TCP = 6,
  MOST_SESSIONS = 1000,
  MOST_CHAINS = 20;

/** One finding for each chain of two sessions; information, as jump hosts are made for it. */
export function rdpChains(state: CaptureState): FindingDraft[] {
  const { flows } = state,
    { ints, doubles } = flows,
    sessions: { readonly row: number; readonly client: string; readonly server: string; readonly from: number; readonly to: number }[] = [];
  for (let row = 0; row < flows.count && sessions.length < MOST_SESSIONS; row++) {
    const at = row * F.INTS,
      talks = F.DATA_A | F.DATA_B | F.HAS_TIME;
    if ((ints[at + F.PORTS]! & 0xffff) !== RDP || (ints[at + F.META]! & F.META_PROTOCOL) !== TCP || (ints[at + F.FLAGS]! & talks) !== talks) continue;
    const { client, server } = endsOf(state, row);
    sessions.push({ row, client, server, from: doubles[row * F.DOUBLES + F.START]!, to: doubles[row * F.DOUBLES + F.END]! });
  }
  const drafts = new Map<string, FindingDraft>();
  for (const first of sessions) {
    for (const second of sessions) {
      if (second.client !== first.server || second.server === first.client || second.from < first.from || second.from > first.to) continue;
      const key = `${first.client} ${first.server} ${second.server}`;
      if (drafts.has(key) || drafts.size >= MOST_CHAINS) continue;
      const evidence = new Evidence();
      for (const { row } of [first, second]) evidence.addRow(flows, row);
      drafts.set(key, draft(first.client, first.server, second.server, evidence));
    }
  }
  return [...drafts.values()];
}

function draft(from: string, through: string, to: string, evidence: Evidence): FindingDraft {
  const { confidence, indicators } = confidenceOf([['the second session began while the first lasted', 60]]);
  return {
    technique: 'rdp-chain',
    severity: 'info',
    confidence,
    title: `Remote Desktop from ${from} by way of ${through} to ${to}`,
    description: `${through} opened Remote Desktop to ${to} while ${from} had a session on it.`,
    subjects: [
      { role: 'attacker', address: from },
      { role: 'victim', address: through, port: RDP },
      { role: 'victim', address: to, port: RDP },
    ],
    ...evidence.proof,
    indicators: [{ name: 'sessions one after the other', value: 2, threshold: 2 }, ...indicators],
    alternatives: ['A jump host, which is there for that.', 'A terminal server with many users, one of whom works elsewhere too.'],
    filter: `${addressFilter(through)} && tcp.port == ${RDP}`,
    attack: ['T1021.001'],
    recommendation: `If ${through} is no jump host, ask who worked there.`,
  };
}
