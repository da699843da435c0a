/**
 * Weak Windows file sharing. SMB version 1 in use: a server goes on speaking it after the negotiation; it has neither encryption nor a signature worth the name,
 * and EternalBlue came through it. And servers of any version that do not require signatures: whoever stands between can act with somebody's log-on.
 */
import * as z from 'zod';
import { smbNegotiatedMessage } from '../../pcap/smbMessages.ts';
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
  unsigned: z.boolean().default(true).describe('Also tell of servers that do not require signatures (yes or no)'),
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
  title: 'Weak Windows file sharing (SMB)',
  tier: 1,
  deed: 'used weak SMB with {whom}',
  description:
    'A server answers in version 1 of the Windows file-sharing protocol beyond the first negotiation, or does not require signatures. Old printers, scanners and storage boxes need version 1; most Windows versions do not require signatures unless told to.',
  options,
  messages: [smbNegotiatedMessage.kind],
  create(_, state) {
    const servers = new Watched<number, Server>(MOST_SERVERS),
      unsigned = new Watched<string, Server>(MOST_SERVERS),
      smb = state.tables.byId('smb')?.index ?? -2;
    /** Frame of the last answer that says, in version 1, that version 1 is not spoken: scanners ask for it again and again. */
    let refusal = 0;
    return {
      onMessage(message, flow, p) {
        if (!smbNegotiatedMessage.is(message) || message.signingRequired || flow < 0) return;
        if (message.dialect === 0) {
          refusal = p.frame;
          return;
        }
        const ends = endsOf(state, flow),
          server = unsigned.of(`${ends.server} ${ends.serverPort}`, () => ({ ends, evidence: new Evidence(), clients: new Set() }));
        if (server === undefined) return;
        server.evidence.add(p, flow);
        if (server.clients.size < 1000) server.clients.add(state.flows.ints[flow * F.INTS + F.A]!);
      },
      onPacket(p, flow) {
        if (p.application === smb && flow >= 0 && p.frame !== refusal) note(state, servers, p, flow);
      },
      evaluate: (values) => ({
        findings: [
          ...[...servers.values].filter(({ evidence }) => evidence.framesTotal >= values.answers).map((one) => draft(values.answers, one)),
          ...(values.unsigned ? [...unsigned.values].map(draftUnsigned) : []),
        ],
        coverage: coverage(examinedAll(state), [
          ...unreadableFrames(state),
          ...servers.limits('servers with SMB version 1'),
          ...unsigned.limits('servers that do not require signatures'),
        ]),
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
  const ends = endsOf(state, flow),
    ports = ints[at + F.PORTS]!,
    isTurned = ends.serverPort !== (ports & 0xffff);
  if (p.net[(p.netCount - 1) * NET_STRIDE + NET_SRC_PORT] !== ends.serverPort || ports >>> 16 === (ports & 0xffff)) return;
  const key = ints[at + (isTurned ? F.A : F.B)]! * 2 + ((meta & F.META_IPV6) !== 0 ? 1 : 0);
  const server = servers.get(key) ?? servers.of(key, () => ({ ends, evidence: new Evidence(), clients: new Set() }));
  if (server === undefined) return;
  server.evidence.add(p, flow);
  if (server.clients.size < 1000) server.clients.add(ints[at + (isTurned ? F.B : F.A)]!);
}

function draft(threshold: number, { ends, evidence, clients }: Server): FindingDraft {
  const { server, serverPort } = ends,
    { confidence, indicators } = confidenceOf([
      ['the server itself speaks it', 90],
      ['more than a negotiation', evidence.framesTotal > 2 ? 5 : 0],
    ]);
  return {
    technique: 'smb1',
    severity: 'low',
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
    together: {
      key: 'smb1',
      label: server,
      note: plural(evidence.framesTotal, 'message'),
      words: (all) => ({
        title: `${all.hosts('server')} still speak SMB version 1`,
        description:
          'Version 1 protects nothing against listening and changing, and holes like EternalBlue (MS17-010) are in it. These answered in it:',
        recommendation:
          'Switch version 1 off on these servers (and on the clients), or shut them away where they cannot be replaced. Check that they have the update MS17-010.',
      }),
    },
  };
}

function draftUnsigned({ ends, evidence, clients }: Server): FindingDraft {
  const { server, serverPort } = ends,
    { confidence, indicators } = confidenceOf([['the server said so itself', 95]]);
  return {
    technique: 'signing',
    severity: 'low',
    confidence,
    title: `${server} does not require signatures in SMB`,
    description: `It said so in ${plural(evidence.framesTotal, 'negotiation')} with ${plural(clients.size, 'client')}. Who stands between can pass on somebody's log-on and act in their name (NTLM relay).`,
    subjects: [{ role: 'server', address: server, port: serverPort }],
    ...evidence.proof,
    indicators: [
      { name: 'negotiations without required signatures', value: evidence.framesTotal, threshold: 1 },
      { name: 'clients', value: clients.size },
      ...indicators,
    ],
    alternatives: ['The default of Windows before Windows 11 24H2 and Server 2025, domain controllers apart.'],
    filter: `${addressFilter(server)} && (smb2.sec_mode.sign_required == 0 || smb.sm.sig_required == 0)`,
    attack: ['T1557.001'],
    recommendation: `Require SMB signing on ${server} ("Microsoft network server: Digitally sign communications (always)").`,
    together: {
      key: 'signing',
      label: server,
      words: (all) => ({
        title: `${all.hosts('server')} do not require signatures in SMB`,
        description:
          "Who stands between can pass on somebody's log-on and act in their name (NTLM relay). These said in their negotiations that they do without:",
        recommendation:
          'Require SMB signing on these servers, best by group policy ("Microsoft network server: Digitally sign communications (always)").',
      }),
    },
  };
}
