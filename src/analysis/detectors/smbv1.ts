/** SMB version 1 in use: a server goes on speaking it after the negotiation. It has neither encryption nor a signature worth the name, and it is what EternalBlue came through. */
import * as z from 'zod';
import { NET_SRC_PORT, NET_STRIDE, type Packet } from '../../pcap/packet.ts';
import type { CaptureState } from '../captureState.ts';
import { coverage, examinedAll, unreadableFrames } from '../coverage.ts';
import { plural } from '../describe.ts';
import { defineDetector, type FindingDraft } from '../detector.ts';
import * as F from '../flowTable.ts';
import { addressFilter, confidenceOf, endsOf, Evidence, Watched, type Ends } from './watched.ts';

const options = z.object({
  answers: z
    .int()
    .min(1)
    .default(2)
    .describe('Messages in version 1 that a server must send: the first answer may still lead to a newer version (messages)'),
});

const MOST_SERVERS = 5000,
  PROTOCOL_TCP = 6;

interface Server {
  readonly ends: Ends;
  readonly evidence: Evidence;
  readonly clients: Set<number>;
}

export const smbv1 = defineDetector({
  id: 'smbv1',
  title: 'SMB version 1',
  tier: 1,
  description:
    'A server answers in version 1 of the Windows file-sharing protocol beyond the first negotiation. Old printers, scanners and storage boxes still need it; worms and attackers look for it.',
  options,
  create(_, state) {
    const servers = new Watched<number, Server>(MOST_SERVERS),
      smb = state.tables.byId('smb')?.index ?? -2;
    return {
      onPacket(p, flow) {
        if (p.application === smb && flow >= 0) note(state, servers, p, flow);
      },
      evaluate: (values) => ({
        findings: [...servers.values].filter(({ evidence }) => evidence.framesTotal >= values.answers).map((one) => draft(values.answers, one)),
        coverage: coverage(examinedAll(state), [...unreadableFrames(state), ...servers.limits('servers with SMB version 1')]),
      }),
    };
  },
});

function note(state: CaptureState, servers: Watched<number, Server>, p: Packet, flow: number): void {
  const { ints } = state.flows,
    at = flow * F.INTS,
    meta = ints[at + F.META]!;
  // Browser announcements over UDP are in version 1 by definition.
  if ((meta & F.META_PROTOCOL) !== PROTOCOL_TCP) return;
  const port = ints[at + F.PORTS]! & 0xffff;
  if (p.net[(p.netCount - 1) * NET_STRIDE + NET_SRC_PORT] !== port || ints[at + F.PORTS]! >>> 16 === port) return;
  const key = ints[at + F.B]! * 2 + ((meta & F.META_IPV6) !== 0 ? 1 : 0);
  const server = servers.get(key) ?? servers.of(key, () => ({ ends: endsOf(state, flow), evidence: new Evidence(), clients: new Set() }));
  if (server === undefined) return;
  server.evidence.add(p, flow);
  if (server.clients.size < 1000) server.clients.add(ints[at + F.A]!);
}

function draft(threshold: number, { ends, evidence, clients }: Server): FindingDraft {
  const { server, serverPort } = ends,
    { confidence, indicators } = confidenceOf([
      ['the server itself speaks it', 90],
      ['more than a negotiation', evidence.framesTotal > 2 ? 5 : 0],
    ]);
  return {
    technique: 'smb1',
    severity: 'medium',
    confidence,
    title: `${server} still speaks SMB version 1`,
    description: `It sent ${plural(evidence.framesTotal, 'message')} in version 1 (threshold ${threshold}) to ${plural(clients.size, 'client')}. Version 1 protects nothing against listening and changing, and holes like EternalBlue (MS17-010) are in it.`,
    subjects: [{ role: 'server', address: server, port: serverPort }],
    ...evidence.proof,
    indicators: [
      { name: 'messages of the server in version 1', value: evidence.framesTotal, threshold, unit: 'messages' },
      { name: 'clients', value: clients.size },
      ...indicators,
    ],
    alternatives: [
      'An old printer, scanner, storage box or Windows XP that knows nothing newer.',
      'An attacker who chose version 1 on purpose: look for exploit attempts from the same client.',
    ],
    filter: `${addressFilter(server)} && smb && smb.flags.response == 1`,
    attack: ['T1210', 'T1021.002'],
    recommendation: `Switch version 1 off on ${server} (and on the clients), or shut it away where it cannot be replaced. Check that it has the update MS17-010.`,
  };
}
