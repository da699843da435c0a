/**
 * Responses of NTLM in clear: who hears one can try passwords against it at home. To a host outside that is theft, by a link or a picture that makes Windows
 * log on there; NTLMv1 gives the hash away whatever the password. NTLMv2 inside a network is how Windows logs on without Kerberos. Who answers with the
 * challenge of another server relays the log-on (`ntlmChallenges.ts`).
 */
import * as z from 'zod';
import { ntlmChallengeMessage, ntlmMessage } from '../../pcap/dissectors/ntlmssp.ts';
import { coverage, examinedAll, unreadableFrames } from '../coverage.ts';
import { plural, protocolLabel } from '../describe.ts';
import { defineDetector, type FindingDraft } from '../detector.ts';
import { safeText } from '../exports/safeText.ts';
import { NtlmChallenges } from './ntlmChallenges.ts';
import { addressFilter, confidenceOf, endsOf, Evidence, isLocalAddress, isLoopback, Watched, type Ends } from './watched.ts';

const options = z.object({
  responses: z.int().min(1).default(1).describe('Responses of one client to one server from which they are told (responses)'),
  insideToo: z.boolean().default(true).describe('Also tell of NTLMv2 inside the network, as information (yes or no)'),
});
type Options = z.output<typeof options>;

const MOST_PAIRS = 10_000,
  MOST_USERS = 50;

interface Pair {
  readonly ends: Ends;
  readonly carrier: string;
  readonly version: 1 | 2;
  readonly evidence: Evidence;
  readonly users: Set<string>;
  count: number;
  bare: number;
}

export const ntlmHashExposure = defineDetector({
  id: 'ntlm-hash-exposure',
  title: 'NTLM responses in clear',
  tier: 2,
  deed: 'sent NTLM responses to {whom}',
  description:
    'A client proves a password by NTLM where it can be heard: passwords can be tried against the response, and NTLMv1 gives the hash away. Old devices, and hosts outside the domain, know nothing better.',
  options,
  messages: [ntlmMessage.kind, ntlmChallengeMessage.kind],
  create(_, state) {
    const pairs = new Watched<string, Pair>(MOST_PAIRS),
      challenges = new NtlmChallenges(state);
    return {
      onMessage(message, flow, p) {
        if (ntlmChallengeMessage.is(message)) {
          if (flow >= 0) challenges.add(message, flow, p);
          return;
        }
        // What only keys from outside open was not heard by anybody.
        if (!ntlmMessage.is(message) || flow < 0 || message.version === 0 || p.isOpened) return;
        const { version, carrier } = message,
          ends = endsOf(state, flow);
        if (isLoopback(ends.server)) return;
        const pair = pairs.of(`${ends.client} ${ends.server} ${version}`, () => ({
          ends,
          carrier,
          version,
          evidence: new Evidence(),
          users: new Set(),
          count: 0,
          bare: 0,
        }));
        if (pair === undefined) return;
        pair.count++;
        if (version === 1 && !message.sessionSecurity) pair.bare++;
        pair.evidence.add(p, flow);
        if (pair.users.size < MOST_USERS) pair.users.add(message.domain === '' ? message.user : `${message.domain}\\${message.user}`);
      },
      evaluate: (values) => ({
        findings: [
          ...[...pairs.values]
            .filter(({ count, version, ends }) => count >= values.responses && (values.insideToo || version === 1 || isOutside(ends)))
            .map((pair) => draft(values, pair)),
          ...challenges.findings(),
        ],
        coverage: coverage(examinedAll(state), [
          ...unreadableFrames(state),
          ...pairs.limits('pairs of clients and servers with NTLM'),
          ...challenges.limits(),
        ]),
      }),
    };
  },
});

const isOutside = ({ client, server }: Ends): boolean => isLocalAddress(client) && !isLocalAddress(server);

function usersText(users: ReadonlySet<string>): string {
  const named = [...users].slice(0, 5).map((user) => safeText(user, 60));
  return `${named.join(', ')}${users.size > 5 ? ' and others' : ''}`;
}

const riskText = (version: 1 | 2): string =>
  version === 1
    ? 'NTLMv1 can be turned back into the hash of the password, which logs on like the password itself.'
    : 'Passwords can be tried against it by whoever heard it; a weak one is found.';

function draft(values: Options, { ends, carrier, version, evidence, users, count, bare }: Pair): FindingDraft {
  const { client, server, serverPort } = ends,
    outside = isOutside(ends);
  const { confidence, indicators } = confidenceOf([
    ['the response is in the capture', 80],
    ['NTLMv1 without anything of the client in it', bare > 0 ? 10 : 0],
    ['to a host outside', outside ? 10 : 0],
  ]);
  return {
    technique: `ntlmv${version}${outside ? '-outside' : ''}`,
    // With session security (the "NTLM2" of Windows XP) no ready-made tables help.
    severity: version === 1 ? (outside ? 'high' : bare > 0 ? 'medium' : 'low') : outside ? 'medium' : 'info',
    confidence,
    title: `${client} sends NTLMv${version} responses to ${server}${outside ? ', outside the network' : ''}`,
    description: `${plural(count, 'response')} (threshold ${values.responses}) over ${protocolLabel(carrier)} for ${usersText(users)}. ${riskText(version)} The response itself is not kept here.`,
    subjects: [
      { role: 'client', address: client },
      { role: 'server', address: server, port: serverPort },
    ],
    ...evidence.proof,
    indicators: [
      { name: 'responses', value: count, threshold: values.responses, unit: 'responses' },
      { name: 'version', value: `NTLMv${version}` },
      { name: 'users', value: users.size },
      ...indicators,
    ],
    alternatives: outside
      ? ['A file server or a cloud service of your own with a public address.']
      : ['A host that is addressed by its number, or is in no domain: Windows then falls back to NTLM.'],
    filter: `${addressFilter(client, server)} && ntlmssp.messagetype == 3`,
    attack: outside ? ['T1187', 'T1557.001'] : ['T1557.001'],
    recommendation: outside
      ? `Block SMB (ports 139 and 445) to the outside, find out what made ${client} log on at ${server}, and change the passwords of these users.`
      : version === 1
        ? `Set LmCompatibilityLevel to 5 on ${client} and ${server}, so that NTLMv1 is neither sent nor taken.`
        : `Prefer Kerberos: address ${server} by its name. Require SMB signing, so that responses cannot be relayed.`,
    together: {
      // Inside it is a fact about the network; outside, or in version 1, it is about who does so.
      key: `${version} ${outside ? `outside ${client}` : version === 1 ? client : ''}`,
      label: `${client} to ${server}`,
      note: `${plural(count, 'response')} for ${usersText(users)}`,
      words: (all) => ({
        title: `${all.hosts('client')} ${all.parts.some(({ subjects }) => subjects[0]?.address !== client) ? 'send' : 'sends'} NTLMv${version} responses to ${all.hosts('server')}${outside ? ', outside the network' : ''}`,
        description: `${riskText(version)} The responses themselves are not kept here.`,
        recommendation: outside
          ? `Block SMB (ports 139 and 445) to the outside, find out what made ${client} log on there, and change the passwords of these users.`
          : version === 1
            ? `Set LmCompatibilityLevel to 5 on ${client} and these servers, so that NTLMv1 is neither sent nor taken.`
            : 'Prefer Kerberos: address servers by their names. Require SMB signing, so that responses cannot be relayed.',
      }),
    },
  };
}
