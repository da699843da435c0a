/** Passwords sent over a protocol that hides nothing: whoever sees the packets, as this capture does, can log in with them. The secret itself is never kept. */
import * as z from 'zod';
import { httpCredentialsMessage } from '../../pcap/http/messages.ts';
import { loginMessage } from '../../pcap/login.ts';
import { snmpMessage } from '../../pcap/dissectors/snmp.ts';
import type { Message } from '../../pcap/dissector.ts';
import type { CaptureState } from '../captureState.ts';
import { coverage, examinedAll, unreadableFrames } from '../coverage.ts';
import { plural, protocolLabel } from '../describe.ts';
import { defineDetector, type FindingDraft } from '../detector.ts';
import { safeText } from '../exports/safeText.ts';
import type { Severity } from '../report.ts';
import { addressFilter, confidenceOf, datagramEnds, endsOf, Evidence, isLoopback, Watched, type Ends } from './watched.ts';

const options = z.object({
  logins: z.int().min(1).default(1).describe('Logins to one server in clear before it is told (logins)'),
  anonymous: z.boolean().default(true).describe('Also note logins that need no secret, like anonymous FTP, as information (yes or no)'),
});
type Options = z.output<typeof options>;

const MOST_SERVERS = 5000,
  MOST_USERS = 20,
  MOST_SERVERS_TOLD = 20,
  FRAMES_OF_EACH = 5;

/** Display filter of each protocol's secrets. */
const FILTERS: Readonly<Record<string, string>> = {
  ftp: 'ftp',
  pop: 'pop',
  imap: 'imap',
  smtp: 'smtp',
  telnet: 'telnet',
  mqtt: 'mqtt',
  http: 'http',
  snmp: 'snmp',
  ldap: 'ldap',
  mysql: 'mysql',
  pgsql: 'pgsql',
  tds: 'tds',
  resp: 'resp',
};
const ANONYMOUS = /^(?:anonymous|ftp|guest)$/i;

/** get, get-next, set, get-bulk; answers say it again. */
const SNMP_REQUESTS = new Set([0, 1, 3, 5]);

type Kind = 'password' | 'derived' | 'token' | 'key' | 'community' | 'anonymous';

interface Login {
  readonly protocol: string;
  readonly kind: Kind;
  readonly user: string | null;
  readonly mechanism: string;
}

interface Exposed {
  readonly protocol: string;
  readonly kind: Kind;
  readonly ends: Ends;
  readonly evidence: Evidence;
  readonly users: Set<string>;
  readonly mechanisms: Set<string>;
  sent: number;
  accepted: number;
  rejected: number;
}

export const cleartextCredentials = defineDetector({
  id: 'cleartext-credentials',
  title: 'Credentials in clear text',
  tier: 1,
  deed: 'sent {what} credentials in clear to {whom}',
  description:
    'Somebody logs in over FTP, Telnet, mail, MQTT, HTTP, LDAP, Redis, a database or SNMP without encryption, so that the password can be read on the way. Old devices and internal tools do so without harm being meant.',
  options,
  messages: [loginMessage.kind, httpCredentialsMessage.kind, snmpMessage.kind],
  collecting: ['anonymous'],
  create(collecting, state) {
    const exposed = new Watched<string, Exposed>(MOST_SERVERS);
    return {
      onMessage(message, flow, p) {
        const login = loginOf(message);
        if (login === null || (login.kind === 'anonymous' && !collecting.anonymous)) return;
        const datagram = login.kind === 'community' ? datagramEnds(p) : null;
        if (flow < 0 && datagram === null) return;
        const ends =
            datagram === null ? endsOf(state, flow) : { client: datagram.source, server: datagram.destination, serverPort: datagram.destinationPort },
          { protocol, kind, user, mechanism } = login;
        const one = exposed.of(`${ends.server} ${ends.serverPort} ${protocol} ${kind}`, () => ({
          protocol,
          kind,
          ends,
          evidence: new Evidence(),
          users: new Set(),
          mechanisms: new Set(),
          sent: 0,
          accepted: 0,
          rejected: 0,
        }));
        if (one === undefined) return;
        if (loginMessage.is(message) && message.result !== 'sent') {
          if (message.result === 'accepted') one.accepted++;
          else one.rejected++;
          return;
        }
        one.sent++;
        if (datagram === null) one.evidence.add(p, flow);
        else one.evidence.addDatagram(p);
        if (user !== null && user !== '' && one.users.size < MOST_USERS) one.users.add(safeText(user, 60));
        if (one.mechanisms.size < MOST_USERS) one.mechanisms.add(safeText(mechanism, 30));
      },
      evaluate: (values) => ({
        findings: together([...exposed.values].filter(({ sent }) => sent >= values.logins)).map((same) => draft(values, same, state)),
        coverage: coverage(examinedAll(state), [...unreadableFrames(state), ...exposed.limits('servers with logins in clear')]),
      }),
    };
  },
});

/** What a message gives away; null when it is nothing. */
function loginOf(message: Message): Login | null {
  if (loginMessage.is(message)) {
    const { protocol, user, mechanism, secretInClear } = message,
      isAnonymous = /^anonymous$/i.test(mechanism) || (protocol === 'ftp' && user !== null && ANONYMOUS.test(user));
    return secretInClear ? { protocol, kind: isAnonymous ? 'anonymous' : 'password', user, mechanism } : null;
  }
  if (httpCredentialsMessage.is(message)) {
    const scheme = message.scheme.toLowerCase();
    if (!message.passwordPresent) return null;
    const kind: Kind | null =
      scheme === 'basic' || scheme === 'form'
        ? 'password'
        : scheme === 'digest'
          ? 'derived'
          : scheme === 'bearer' || scheme === 'token'
            ? 'token'
            : scheme === 'key'
              ? 'key'
              : null;
    return kind === null
      ? null
      : {
          protocol: 'http',
          kind,
          user: message.user,
          mechanism: scheme === 'form' ? 'login form' : scheme === 'key' ? 'header of its own' : message.scheme,
        };
  }
  // Communities that everybody knows are no secret; "snmp-public" tells of them.
  if (snmpMessage.is(message) && message.community === 'other' && SNMP_REQUESTS.has(message.pdu))
    return { protocol: 'snmp', kind: 'community', user: null, mechanism: `SNMPv${message.version === 0 ? '1' : '2c'}` };
  return null;
}

const SEVERITY: Readonly<Record<Kind, Severity>> = {
  password: 'medium',
  token: 'medium',
  key: 'medium',
  derived: 'low',
  community: 'low',
  anonymous: 'info',
};
const SECRETS: Readonly<Record<Kind, string>> = {
  password: 'passwords',
  derived: 'passwords',
  token: 'tokens',
  key: 'keys',
  community: 'communities',
  anonymous: 'logins',
};
const WHAT: Readonly<Record<Kind, string>> = {
  password: 'a password',
  token: 'a token that opens the session',
  key: 'the key by which a program may ask',
  derived: 'an answer from which the password can be found by trying',
  community: 'the community, which is the password of SNMP',
  anonymous: 'a login that needs no secret',
};

/** Servers from which on what one client does at all of them is told as one: whoever watches over a network asks all its devices alike. */
const MANY_SERVERS = 4;

/** What is told as one finding: the devices that one client asks with a community, or logs in to alike; else each server for itself. */
function together(all: readonly Exposed[]): (readonly Exposed[])[] {
  const groups = new Map<string, Exposed[]>();
  for (const one of all) {
    const { client, serverPort } = one.ends,
      key = `${client} ${serverPort} ${one.protocol} ${one.kind} ${severityOf(one)}`,
      same = groups.get(key);
    if (same === undefined) groups.set(key, [one]);
    else same.push(one);
  }
  return [...groups.values()].flatMap((same) => (same.length >= MANY_SERVERS ? [same] : same.map((one) => [one])));
}

// A password that the server did not take opens nothing, as far as was seen.
function severityOf({ kind, ends, accepted, rejected }: Exposed): Severity {
  return isLoopback(ends.server) || kind === 'anonymous' ? 'info' : accepted === 0 && rejected > 0 ? 'low' : SEVERITY[kind];
}

function sumOf(same: readonly Exposed[]): Exposed {
  const [one] = same;
  if (one === undefined || same.length === 1) return one!;
  const sum = { ...one, evidence: new Evidence(), users: new Set<string>(), mechanisms: new Set<string>(), sent: 0, accepted: 0, rejected: 0 };
  for (const { evidence, users, mechanisms, sent, accepted, rejected } of same) {
    sum.evidence.include(evidence, FRAMES_OF_EACH);
    for (const user of users) if (sum.users.size < MOST_USERS) sum.users.add(user);
    for (const mechanism of mechanisms) if (sum.mechanisms.size < MOST_USERS) sum.mechanisms.add(mechanism);
    sum.sent += sent;
    sum.accepted += accepted;
    sum.rejected += rejected;
  }
  return sum;
}

function draft(values: Options, same: readonly Exposed[], state: CaptureState): FindingDraft {
  for (const { evidence } of same) evidence.resolve(state.flows);
  const all = sumOf(same),
    { protocol, kind, ends, evidence, users, mechanisms, sent, accepted, rejected } = all,
    isMany = same.length > 1,
    { client, server, serverPort } = ends,
    label = protocolLabel(protocol),
    isRefused = accepted === 0 && rejected > 0;
  const { confidence, indicators } = confidenceOf([
    ['read in the packets', 85],
    ['the server accepted it', accepted > 0 ? 10 : 0],
    ['the server refused every one', isRefused ? -10 : 0],
    ['names that look like a login form only', mechanisms.has('login form') ? -15 : 0],
    ['a key may be meant for everybody', kind === 'key' ? -15 : 0],
  ]);
  const verb =
    kind === 'anonymous'
      ? 'takes logins without a secret'
      : kind === 'community'
        ? 'is asked with a community in clear'
        : kind === 'derived'
          ? 'gets hashed passwords in clear'
          : kind === 'token'
            ? 'gets access tokens in clear'
            : kind === 'key'
              ? 'gets keys of programs in clear'
              : 'gets passwords in clear';
  return {
    technique: `${protocol}-${kind}`,
    what: label,
    severity: severityOf(all),
    confidence,
    title: isMany
      ? `${client} ${kind === 'community' ? 'asks' : 'logs in to'} ${plural(same.length, 'server')} at port ${serverPort}: each ${verb} over ${label}`
      : `${server} port ${serverPort} ${verb} over ${label}`,
    description: `${plural(sent, kind === 'community' ? 'message' : 'login')} (threshold ${values.logins})${isMany ? ` to ${plural(same.length, 'server')}` : ''} carried ${WHAT[kind]} over ${label}, readable by anybody on the way${accepted + rejected > 0 ? `; the server accepted ${accepted} and refused ${rejected}` : ''}. The secret is not part of this report.`,
    subjects: [
      { role: 'client', address: client },
      ...same.slice(0, MOST_SERVERS_TOLD).map((one) => ({ role: 'server' as const, address: one.ends.server, port: one.ends.serverPort })),
    ],
    ...evidence.proof,
    indicators: [
      { name: kind === 'community' ? 'messages' : 'logins in clear', value: sent, threshold: values.logins },
      { name: 'by', value: [...mechanisms].join(', ') },
      { name: 'accepted', value: accepted },
      { name: 'refused', value: rejected },
      ...(users.size > 0 ? [{ name: 'users', value: [...users].join(', ') }] : []),
      ...(kind === 'anonymous' ? [] : [{ name: 'secret', value: '********' }]),
      ...indicators,
    ],
    alternatives:
      kind === 'anonymous'
        ? ['A public download, as it is meant to be.']
        : [
            'A test account, or a device that can do nothing else inside a closed network.',
            ...(mechanisms.has('login form') ? ['A form whose field is called like a password but holds none.'] : []),
            ...(kind === 'key' ? ['A key that only counts whose page it is, and stands in that page for everybody to read.'] : []),
            ...(protocol === 'http' ? ['A proxy before the server that talks TLS to the outside, captured behind it.'] : []),
          ],
    filter: `${addressFilter(isMany ? client : server)} && ${protocol === 'snmp' ? 'udp' : 'tcp'}.port == ${serverPort} && ${FILTERS[protocol] ?? 'tcp'}`,
    attack: ['T1040', 'T1552'],
    recommendation:
      kind === 'anonymous'
        ? `Nothing, if ${isMany ? 'each of them' : server} is meant to be open to everybody.`
        : `Treat the ${SECRETS[kind]} seen here as known, and change them. Switch ${isMany ? 'these servers' : server} to the encrypted form of ${label}, and close the open one.`,
  };
}
