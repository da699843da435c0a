/** Remote Desktop without network level authentication: the server takes the standard security of old, whose key is known, or TLS before anybody has said who they are. */
import * as z from 'zod';
import { rdpResponseMessage } from '../../pcap/dissectors/tpkt.ts';
import { coverage, examinedAll, unreadableFrames } from '../coverage.ts';
import { plural } from '../describe.ts';
import { defineDetector, type FindingDraft } from '../detector.ts';
import { addressFilter, confidenceOf, endsOf, Evidence, Watched, type Ends } from './watched.ts';

const options = z.object({
  connections: z.int().min(1).default(1).describe('Connections of one server that settle on weak security before it is told (connections)'),
  tlsWithoutNla: z
    .boolean()
    .default(true)
    .describe('Also tell of TLS without network level authentication: the login screen is shown to everybody (yes or no)'),
});
type Options = z.output<typeof options>;

const MOST_SERVERS = 5000,
  STANDARD = 0,
  TLS = 1;

interface Server {
  readonly ends: Ends;
  readonly isStandard: boolean;
  readonly evidence: Evidence;
  count: number;
  /** Of these, how many clients would have taken NLA. */
  couldDoBetter: number;
}

export const weakRdp = defineDetector({
  id: 'weak-rdp',
  title: 'Weak Remote Desktop',
  tier: 1,
  deed: 'used weak Remote Desktop at {whom}',
  description:
    'A Remote Desktop server settles on standard RDP security, or on TLS without network level authentication. Old servers, and thin clients that cannot do better, do so without anybody attacking.',
  options,
  messages: [rdpResponseMessage.kind],
  collecting: ['tlsWithoutNla'],
  create(collecting, state) {
    const servers = new Watched<string, Server>(MOST_SERVERS);
    return {
      onMessage(message, flow, p) {
        if (!rdpResponseMessage.is(message) || flow < 0) return;
        const { selected, requested } = message;
        if (selected !== STANDARD && !(selected === TLS && collecting.tlsWithoutNla)) return;
        const ends = endsOf(state, flow),
          isStandard = selected === STANDARD;
        const server = servers.of(`${ends.server} ${ends.serverPort} ${selected}`, () => ({
          ends,
          isStandard,
          evidence: new Evidence(),
          count: 0,
          couldDoBetter: 0,
        }));
        if (server === undefined) return;
        server.count++;
        if ((requested & 0b1010) !== 0) server.couldDoBetter++;
        server.evidence.add(p, flow);
      },
      evaluate: (values) => ({
        findings: [...servers.values].filter(({ count }) => count >= values.connections).map((server) => draft(values, server)),
        coverage: coverage(examinedAll(state), [...unreadableFrames(state), ...servers.limits('Remote Desktop servers')]),
      }),
    };
  },
});

const whatText = (isStandard: boolean): string =>
  isStandard
    ? 'standard RDP security: RC4 with a server key that anybody has ([MS-RDPBCGR] section 5.3.3.1.2), so that whoever is in between reads passwords and screens'
    : 'TLS alone: a session and its login screen are opened for everybody who connects, before any password, which is where flaws like BlueKeep were';

function draft(values: Options, { ends, isStandard, evidence, count, couldDoBetter }: Server): FindingDraft {
  const { client, server, serverPort } = ends;
  const { confidence, indicators } = confidenceOf([
    ['the server said so itself', 90],
    ['clients that offered better', couldDoBetter > 0 ? 5 : 0],
  ]);
  return {
    technique: isStandard ? 'standard-security' : 'tls-without-nla',
    severity: 'low',
    confidence,
    title: isStandard
      ? `${server} takes Remote Desktop with standard RDP security`
      : `${server} takes Remote Desktop without network level authentication`,
    description: `${plural(count, 'connection')} (threshold ${values.connections}) settled on ${whatText(isStandard)}. ${couldDoBetter === 0 ? 'The clients offered nothing better.' : `In ${couldDoBetter} of them the client offered network level authentication.`}`,
    subjects: [
      { role: 'client', address: client },
      { role: 'server', address: server, port: serverPort },
    ],
    ...evidence.proof,
    indicators: [
      { name: 'connections', value: count, threshold: values.connections, unit: 'connections' },
      { name: 'chosen by the server', value: isStandard ? 'standard RDP security' : 'TLS' },
      { name: 'clients that offered NLA', value: couldDoBetter },
      ...indicators,
    ],
    alternatives: ['A client that can do no better, or a gateway in front that asks who somebody is.', 'A decoy, which takes everything.'],
    filter: `${addressFilter(server)} && tcp.port == ${serverPort} && rdp.negReq.selectedProtocol == ${isStandard ? STANDARD : TLS}`,
    attack: ['T1021.001', 'T1557'],
    together: {
      key: isStandard ? 'standard' : 'tls',
      label: `${server} port ${serverPort}`,
      note: plural(count, 'connection'),
      words: (all) => ({
        title: `${all.hosts('server')} take Remote Desktop ${isStandard ? 'with standard RDP security' : 'without network level authentication'}`,
        description: `Connections settled on ${whatText(isStandard)}. At`,
        recommendation:
          'Require network level authentication and TLS at these servers (security layer "SSL", "UserAuthentication" 1), and reach them through a gateway or VPN only.',
      }),
    },
    recommendation: `Require network level authentication and TLS at ${server} (security layer "SSL", "UserAuthentication" 1), and reach it through a gateway or VPN only.`,
  };
}
