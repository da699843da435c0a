/**
 * Attacks on Kerberos that its own messages betray: tickets for many service accounts in RC4, whose passwords can then be found offline (Kerberoasting); logins
 * answered without proof of the password (AS-REP roasting); and names tried until the server knows them. Old domains that know only RC4 come near the first.
 */
import * as z from 'zod';
import {
  KERBEROS_AS_REP,
  KERBEROS_AS_REQ,
  KERBEROS_ERROR,
  KERBEROS_TGS_REP,
  KERBEROS_TGS_REQ,
  kerberosMessage,
  type KerberosMessage,
} from '../../pcap/dissectors/kerberos.ts';
import type { Packet } from '../../pcap/packet.ts';
import type { CaptureState } from '../captureState.ts';
import { flowAddress } from '../conversations.ts';
import { coverage, examinedAll, unreadableFrames } from '../coverage.ts';
import { durationText, plural } from '../describe.ts';
import { defineDetector, type FindingDraft } from '../detector.ts';
import { safeText } from '../exports/safeText.ts';
import * as F from '../flowTable.ts';
import { addressFilter, confidenceOf, datagramEnds, endsOf, Evidence, Watched } from './watched.ts';

/** Who logs on gets a handful at once, and then one for each service that a person goes to. */
const AES_SECONDS = 5,
  /** By when whoever wants a service has called it. */
  CALL_SECONDS = 60;

const options = z.object({
  services: z
    .int()
    .min(2)
    .default(5)
    .describe('Different service accounts for which one client gets tickets in RC4 before it is called Kerberoasting (services)'),
  aesServices: z
    .int()
    .min(5)
    .default(10)
    .describe(
      `Different service accounts for which one client gets tickets in AES within ${AES_SECONDS} seconds, and calls few of them, before it is called Kerberoasting (services)`,
    ),
  users: z.int().min(1).default(1).describe('Users whose login is answered in RC4 without proof before it is called AS-REP roasting (users)'),
  unknownNames: z
    .int()
    .min(3)
    .default(10)
    .describe('Different names unknown to the server that one client tries before it is called enumeration (names)'),
  windowMinutes: z.number().positive().default(10).describe('Time within which they must come (minutes)'),
});
type Options = z.output<typeof options>;

const MOST_CLIENTS = 5000,
  MOST_NAMES = 500,
  MOST_OPEN = 10_000;
/** DES and RC4: quick to try passwords against (RFC 6649, RFC 8429). */
const WEAK = new Set([1, 2, 3, 23, 24]),
  isAes = (etype: number): boolean => etype >= 17 && etype <= 20,
  isRc4 = (etype: number): boolean => etype === 23 || etype === 24;
const UNKNOWN = 6,
  PREAUTH_REQUIRED = 25;
/** Classes that belong to machines, whose passwords are long and random, and to the server itself. */
const OF_MACHINES = new Set(
  'host cifs ldap gc dns rpcss rpc wsman termsrv krbtgt kadmin netlogon nfs restrictedkrbhost protectedstorage e3514235-4b06-11d1-ab04-00c04fc2dcd2'.split(
    ' ',
  ),
);

type Technique = 'kerberoasting' | 'kerberoasting-aes' | 'weak-service-ticket' | 'as-rep-roasting' | 'user-enumeration';

/** Names, each with the time it first came. */
interface Seen {
  readonly names: Map<string, number | null>;
  readonly evidence: Evidence;
}

interface Client {
  readonly client: string;
  readonly server: string;
  readonly weakTickets: Seen;
  readonly aesTickets: Seen;
  readonly unproven: Seen;
  readonly unknown: Seen;
  /** Names that the server knows, met while others were tried. */
  readonly known: Set<string>;
  /** Its login was followed by a request for a service, as that of a program with the password is; who takes an answer home needs none. */
  goesOn: boolean;
  /** Requests that left out AES although the domain has it. */
  rc4Only: boolean;
  /** The domain gives out AES: RC4 is a choice then. */
  hasAes: boolean;
}

const seen = (): Seen => ({ names: new Map(), evidence: new Evidence() });

export const kerberosAttack = defineDetector({
  id: 'kerberos-attack',
  title: 'Attack on Kerberos',
  tier: 2,
  deed: 'attacked Kerberos[ at {whom}]',
  description:
    'One client collects tickets of many service accounts in RC4, gets logins answered without proof, or tries names until the server knows them. Domains of old systems use RC4 for everything, without anybody attacking.',
  options,
  messages: [kerberosMessage.kind],
  create(_, state) {
    const clients = new Watched<string, Client>(MOST_CLIENTS),
      /** The last request of a conversation: errors do not name the client, replies not what was offered. */
      open = new Map<string, KerberosMessage>();
    return {
      onMessage(message, flow, p) {
        if (!kerberosMessage.is(message)) return;
        const { type } = message,
          isRequest = type === KERBEROS_AS_REQ || type === KERBEROS_TGS_REQ,
          ends = endsOfMessage(state, isRequest, flow, p);
        if (ends === null) return;
        if (isRequest) {
          if (open.size >= MOST_OPEN) for (const oldest of open.keys()) if (open.delete(oldest)) break;
          open.set(ends.conversation, message);
          if (type === KERBEROS_TGS_REQ) {
            const one = clients.get(`${ends.client} ${ends.server}`);
            if (one !== undefined && one.unproven.names.size > 0) one.goesOn = true;
          }
          return;
        }
        const request = open.get(ends.conversation);
        open.delete(ends.conversation);
        const one = clients.of(`${ends.client} ${ends.server}`, () => ({
          client: ends.client,
          server: ends.server,
          weakTickets: seen(),
          aesTickets: seen(),
          unproven: seen(),
          unknown: seen(),
          known: new Set(),
          goesOn: false,
          rc4Only: false,
          hasAes: false,
        }));
        if (one !== undefined) judge(one, message, request, flow, p);
      },
      evaluate(values) {
        const findings: FindingDraft[] = [];
        for (const one of clients.values) {
          one.weakTickets.evidence.resolve(state.flows);
          one.aesTickets.evidence.resolve(state.flows);
          one.unproven.evidence.resolve(state.flows);
          one.unknown.evidence.resolve(state.flows);
          const seconds = values.windowMinutes * 60,
            services = within(one.weakTickets, seconds),
            inAes = within(one.aesTickets, AES_SECONDS);
          if (services >= values.services) findings.push(draft(values, one, 'kerberoasting'));
          else if (services > 0 && one.hasAes) findings.push(draft(values, one, 'weak-service-ticket'));
          if (inAes >= values.aesServices && services < values.services) {
            const called = hostsCalled(state, one);
            if (called * 2 < inAes) findings.push(draft(values, one, 'kerberoasting-aes', called));
          }
          if (within(one.unproven, seconds) >= values.users) findings.push(draft(values, one, 'as-rep-roasting'));
          if (within(one.unknown, seconds) >= values.unknownNames) findings.push(draft(values, one, 'user-enumeration'));
        }
        return { findings, coverage: coverage(examinedAll(state), [...unreadableFrames(state), ...clients.limits('clients of Kerberos')]) };
      },
    };
  },
});

interface MessageEnds {
  readonly client: string;
  readonly server: string;
  readonly conversation: string;
}

function endsOfMessage(state: CaptureState, isRequest: boolean, flow: number, p: Packet): MessageEnds | null {
  if (flow >= 0) {
    const { client, server } = endsOf(state, flow);
    return { client, server, conversation: `tcp ${flow}` };
  }
  const ends = datagramEnds(p);
  if (ends === null) return null;
  const [client, server, port] = isRequest ? [ends.source, ends.destination, ends.sourcePort] : [ends.destination, ends.source, ends.destinationPort];
  return { client, server, conversation: `${client} ${port} ${server}` };
}

function judge(one: Client, message: KerberosMessage, request: KerberosMessage | undefined, flow: number, p: Packet): void {
  const { type, ticketEtype, replyEtype, service } = message;
  one.hasAes ||= isAes(replyEtype) || isAes(ticketEtype);
  if (type === KERBEROS_TGS_REP && WEAK.has(ticketEtype) && isAccount(service)) {
    note(one.weakTickets, service, flow, p);
    if (request !== undefined && request.offered.length > 0 && !request.offered.some(isAes)) one.rc4Only = true;
  } else if (type === KERBEROS_TGS_REP && isAes(ticketEtype) && isAccount(service)) note(one.aesTickets, service, flow, p);
  else if (type === KERBEROS_AS_REP && request?.type === KERBEROS_AS_REQ && !request.proven && WEAK.has(replyEtype)) {
    note(one.unproven, message.client ?? request.client ?? '', flow, p);
    // Rubeus and GetNPUsers ask for RC4; a client of the age of DES knows nothing better.
    if (request.offered.some(isRc4) && !request.offered.some(isAes)) one.rc4Only = true;
  } else if (type === KERBEROS_ERROR && request?.type === KERBEROS_AS_REQ && request.client !== null) {
    if (message.error === UNKNOWN) note(one.unknown, request.client.toLowerCase(), flow, p);
    else if (message.error === PREAUTH_REQUIRED && one.known.size < MOST_NAMES) one.known.add(request.client.toLowerCase());
  }
}

/** How many hosts the client calls once it has the tickets in AES, beside the server that gave them out; without times nobody can tell. */
function hostsCalled(state: CaptureState, { client, server, aesTickets }: Client): number {
  const times = [...aesTickets.names.values()].filter((time) => time !== null);
  if (times.length < aesTickets.names.size) return Infinity;
  const from = Math.min(...times),
    to = Math.max(...times) + CALL_SECONDS,
    { flows } = state,
    called = new Set<string>();
  for (let row = 0; row < flows.count; row++) {
    const start = flows.doubles[row * F.DOUBLES + F.START]!;
    if (start < from || start > to || flowAddress(state, row, F.A) !== client) continue;
    const other = flowAddress(state, row, F.B);
    if (other !== server) called.add(other);
  }
  return called.size;
}

/** Whether a person may have chosen the password behind this service. */
function isAccount(service: string): boolean {
  return service !== '' && !service.endsWith('$') && !OF_MACHINES.has(service.split('/')[0]!.toLowerCase());
}

function note({ names, evidence }: Seen, name: string, flow: number, p: Packet): void {
  if (names.size < MOST_NAMES && !names.has(name)) names.set(name, p.hasTime ? p.timeSeconds : null);
  if (flow < 0) evidence.addDatagram(p);
  else evidence.add(p, flow);
}

/** Most names that came within so many seconds. */
function within({ names }: Seen, seconds: number): number {
  const times = [...names.values()].filter((time) => time !== null).sort((a, b) => a - b);
  if (times.length < names.size) return names.size;
  let most = 0,
    from = 0;
  times.forEach((time, i) => {
    while (time - times[from]! > seconds) from++;
    most = Math.max(most, i - from + 1);
  });
  return most;
}

const TEXTS = {
  kerberoasting: {
    title: (one: Client, count: number): string => `${one.client} collects tickets of ${plural(count, 'service account')} in RC4: Kerberoasting`,
    deed: 'collected RC4 service tickets[ of {whom}]',
    what: 'service accounts with tickets in RC4',
    why: 'Such tickets are encrypted with the password of the account, and can be taken home to try passwords against, without the server noticing',
    attack: ['T1558.003', 'T1558'],
    advice:
      'Change the passwords of these accounts to long random ones (or make them managed accounts), switch them to AES, and find out what runs at',
  },
  'kerberoasting-aes': {
    title: (one: Client, count: number): string =>
      `${one.client} collects tickets of ${plural(count, 'service account')} in AES: perhaps Kerberoasting`,
    deed: 'collected service tickets[ of {whom}]',
    what: 'service accounts with tickets in AES',
    why: 'Passwords can be tried offline against tickets in AES, too, though slowly; tools ask for them where RC4 would be noticed',
    attack: ['T1558.003', 'T1558'],
    advice: 'Give these accounts long random passwords (or make them managed accounts), and find out what runs at',
  },
  'weak-service-ticket': {
    title: (one: Client): string => `${one.client} got a service ticket in RC4 in a domain that has AES`,
    deed: 'got an RC4 service ticket[ of {whom}]',
    what: 'service accounts with tickets in RC4',
    why: 'The account is not set up for AES or the client asked for less, so that the ticket can be used to try passwords offline; a single one is no attack yet',
    attack: ['T1558.003'],
    advice: 'Switch the account of this service to AES with a long random password, and look whether more tickets went to',
  },
  'as-rep-roasting': {
    title: (one: Client, count: number): string =>
      one.goesOn && count === 1
        ? `${one.client} got a login answered in a weak cipher without proof of a password`
        : `${one.client} got ${plural(count, 'login')} answered in a weak cipher without proof of a password: AS-REP roasting`,
    deed: 'got logins answered without proof[ by {whom}]',
    what: 'users whose login needs no proof',
    why: 'Their answers are encrypted with the password of the user, and anybody may ask for them and try passwords offline',
    attack: ['T1558.004', 'T1558'],
    advice: 'Require pre-authentication for these users, change their passwords, and find out what runs at',
  },
  'user-enumeration': {
    title: (one: Client, count: number): string => `${one.client} tries ${plural(count, 'name')} that ${one.server} does not know: user enumeration`,
    deed: 'tried user names[ at {whom}]',
    what: 'unknown names tried',
    why: 'The server answers differently for names it knows, so that a list of users can be made without any password',
    attack: ['T1087.002', 'T1589.003'],
    advice: 'Watch the accounts whose names were found for password guessing, and find out what runs at',
  },
} satisfies Record<Technique, unknown>;

/** What each is told by, and its threshold. */
const COLLECTED = {
    kerberoasting: 'weakTickets',
    'kerberoasting-aes': 'aesTickets',
    'weak-service-ticket': 'weakTickets',
    'as-rep-roasting': 'unproven',
    'user-enumeration': 'unknown',
  } as const satisfies Record<Technique, keyof Client>,
  THRESHOLDS = {
    kerberoasting: 'services',
    'kerberoasting-aes': 'aesServices',
    'weak-service-ticket': 'services',
    'as-rep-roasting': 'users',
    'user-enumeration': 'unknownNames',
  } as const satisfies Record<Technique, keyof Options>;

function draft(values: Options, one: Client, technique: Technique, called = 0): FindingDraft {
  const { client, server, rc4Only, goesOn, hasAes, known } = one,
    { names, evidence } = one[COLLECTED[technique]],
    count = names.size,
    texts = TEXTS[technique],
    threshold = values[THRESHOLDS[technique]],
    isSlow = technique === 'kerberoasting-aes',
    isWeak = technique === 'kerberoasting' || technique === 'as-rep-roasting',
    isSingle = technique === 'weak-service-ticket',
    isNames = technique === 'user-enumeration',
    { seconds } = evidence;
  const { confidence, indicators } = confidenceOf([
    ['behaviour', isSlow ? 25 : isSingle ? 30 : technique === 'as-rep-roasting' ? 50 : 60],
    ['AES was left out of the request', !isNames && rc4Only ? 20 : 0],
    ['the domain has AES', isWeak && hasAes ? 10 : 0],
    ['nothing but RC4 was ever given out here: perhaps an old domain', !isNames && !hasAes && !rc4Only ? -25 : 0],
    ['the client went on to ask for a service, as after a login of its own', technique === 'as-rep-roasting' && goesOn ? -20 : 0],
    ['no other host is called in the capture, though it got their tickets', isSlow && called === 0 ? 10 : 0],
    ['many times the threshold', isSingle ? 0 : Math.max(0, Math.min(15, 5 * Math.log2(count / threshold)))],
    ['faster than anybody types', isNames && seconds !== null && count > seconds ? 15 : 0],
  ]);
  return {
    technique,
    deed: texts.deed,
    severity:
      isSingle || isSlow
        ? 'low'
        : technique === 'as-rep-roasting'
          ? count === 1 && goesOn
            ? 'low'
            : count >= 3 || rc4Only
              ? 'high'
              : 'medium'
          : technique === 'kerberoasting' && (hasAes || rc4Only)
            ? 'high'
            : 'medium',
    confidence,
    title: texts.title(one, count),
    description: `${plural(count, 'name')} (threshold ${threshold} within ${isSlow ? `${AES_SECONDS} seconds` : `${values.windowMinutes} minutes`})${seconds === null || seconds === 0 ? '' : ` in ${durationText(seconds)}`}: ${[
      ...names.keys(),
    ]
      .slice(0, 5)
      .map((name) => safeText(name, 60))
      .join(', ')}${count > 5 ? ' and others' : ''}. ${texts.why}.${
      isNames && known.size > 0 ? ` ${plural(known.size, 'name')} of those tried ${known.size === 1 ? 'is' : 'are'} known to the server.` : ''
    }`,
    subjects: [
      { role: isSingle ? 'client' : 'attacker', address: client },
      { role: isSingle ? 'server' : 'victim', address: server, port: 88 },
    ],
    ...evidence.proof,
    indicators: [
      { name: texts.what, value: count, threshold },
      ...(isSlow
        ? [{ name: 'other hosts called', value: called }]
        : isNames
          ? [{ name: 'names the server knows', value: known.size }]
          : [{ name: 'requests without AES', value: rc4Only ? 'yes' : 'no' }]),
      ...indicators,
    ],
    alternatives: isSlow
      ? ['A server or a proxy that opens many services at once, whose connections are not in the capture.', 'A test of your own domain.']
      : isNames
        ? ['A program with a list of users that is out of date.', 'A test of your own domain.']
        : ['A domain or client so old that it knows only RC4.', 'Service accounts that were never switched to AES.', 'A test of your own domain.'],
    filter: `${addressFilter(client, server)} && kerberos.${isNames ? `error_code == ${UNKNOWN}` : `msg_type == ${technique === 'as-rep-roasting' ? KERBEROS_AS_REP : KERBEROS_TGS_REP}`}`,
    attack: [...texts.attack],
    recommendation: `${texts.advice} ${client}.`,
  };
}
