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
  USERS_LISTED = 3;

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
        // What only keys from outside open did not travel in clear.
        if (p.isOpened) return;
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
          else if (message.result === 'rejected') one.rejected++;
          return;
        }
        one.sent++;
        if (datagram === null) one.evidence.add(p, flow);
        else one.evidence.addDatagram(p);
        if (user !== null && user !== '' && one.users.size < MOST_USERS) one.users.add(safeText(user, 60));
        if (one.mechanisms.size < MOST_USERS) one.mechanisms.add(safeText(mechanism, 30));
      },
      evaluate: (values) => ({
        findings: [...exposed.values].filter(({ sent }) => sent >= values.logins).map((one) => draft(values, one, state)),
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

// A password that the server did not take opens nothing, as far as was seen.
function severityOf({ kind, ends, accepted, rejected }: Exposed): Severity {
  return isLoopback(ends.server) || kind === 'anonymous' ? 'info' : accepted === 0 && rejected > 0 ? 'low' : SEVERITY[kind];
}

function draft(values: Options, one: Exposed, state: CaptureState): FindingDraft {
  one.evidence.resolve(state.flows);
  const { protocol, kind, ends, evidence, users, mechanisms, sent, accepted, rejected } = one,
    { client, server, serverPort } = ends,
    label = protocolLabel(protocol),
    severity = severityOf(one),
    isRefused = accepted === 0 && rejected > 0,
    messages = kind === 'community' ? 'message' : 'login';
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
    severity,
    confidence,
    title: `${server} port ${serverPort} ${verb} over ${label}`,
    description: `${plural(sent, messages)} (threshold ${values.logins}) carried ${WHAT[kind]} over ${label}, readable by anybody on the way${accepted + rejected > 0 ? `; the server accepted ${accepted} and refused ${rejected}` : ''}. The secret is not part of this report.`,
    subjects: [
      { role: 'client', address: client },
      { role: 'server', address: server, port: serverPort },
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
    filter: `${addressFilter(server)} && ${protocol === 'snmp' ? 'udp' : 'tcp'}.port == ${serverPort} && ${FILTERS[protocol] ?? 'tcp'}`,
    attack: ['T1040', 'T1552'],
    recommendation: recommendationOf(kind, server, server, label),
    // Whoever watches over a network asks all its devices alike.
    together: {
      key: `${client} ${serverPort} ${protocol} ${kind} ${severity}`,
      label: server,
      note: `${plural(sent, messages)}${users.size > 0 ? ` of ${[...users].slice(0, USERS_LISTED).join(', ')}${users.size > USERS_LISTED ? ', ...' : ''}` : ''}`,
      words: ({ hosts }) => ({
        title: `${client} ${kind === 'community' ? 'asks' : 'logs in to'} ${hosts('server')} at port ${serverPort}: each ${verb} over ${label}`,
        description: `What it sent to each carried ${WHAT[kind]} over ${label}, readable by anybody on the way. The secrets are not part of this report. It sent to`,
        recommendation: recommendationOf(kind, 'each of them', 'these servers', label),
      }),
    },
  };
}

function recommendationOf(kind: Kind, each: string, all: string, label: string): string {
  return kind === 'anonymous'
    ? `Nothing, if ${each} is meant to be open to everybody.`
    : `Treat the ${SECRETS[kind]} seen here as known, and change them. Switch ${all} to the encrypted form of ${label}, and close the open one.`;
}
