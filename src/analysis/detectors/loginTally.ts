/**
 * Logins by client, server and protocol: how many failed, how many worked, and which worked right behind many failures. What protocols say in clear is
 * taken at its word; SSH and Remote Desktop hide it, and their sessions are told by size. Shared by the detectors of guessing and of its success.
 */
import * as z from 'zod';
import type { Message } from '../../pcap/dissector.ts';
import { snmpMessage, type SnmpMessage } from '../../pcap/dissectors/snmp.ts';
import { sshEncryptedMessage, sshNewKeysMessage } from '../../pcap/dissectors/ssh.ts';
import { rdpRequestMessage } from '../../pcap/dissectors/tpkt.ts';
import { httpCredentialsMessage } from '../../pcap/http/messages.ts';
import { loginMessage, type LoginMessage } from '../../pcap/login.ts';
import type { Packet } from '../../pcap/packet.ts';
import type { CaptureState } from '../captureState.ts';
import * as F from '../flowTable.ts';
import { SshLogin } from './sshLogin.ts';
import { datagramEnds, endsOf, Evidence, Watched, type Ends } from './watched.ts';

export const guessingOptions = z.object({
  failures: z.int().min(3).default(10).describe('Failed logins of one client at one server from which it is called brute force (logins)'),
  sshSessions: z.int().min(3).default(5).describe('SSH sessions of one client with one server in which no password fitted (sessions)'),
  sshBytes: z
    .int()
    .min(100)
    .default(600)
    .describe(
      'Encrypted bytes of an SSH server up to which a session ended with the password: the rejections of some attempts, less than what a shell begins with (bytes)',
    ),
  rdpBytes: z
    .int()
    .min(1000)
    .default(8000)
    .describe('Bytes of a Remote Desktop server up to which a session ended with the login: its certificate and a refusal, no picture (bytes)'),
  windowMinutes: z.number().positive().default(30).describe('Time within which the failures must come (minutes)'),
  failedSharePercent: z
    .number()
    .min(0)
    .max(100)
    .default(60)
    .describe('Share of the logins that must fail, so that a program that logs in often is left alone (percent)'),
});
export type GuessingOptions = z.output<typeof guessingOptions>;

/** Options of what has to be noted while reading: that a login worked behind so many failures. */
export const SUCCESS_OPTIONS = ['failures', 'windowMinutes', 'failedSharePercent'] as const;
type SuccessOptions = Pick<GuessingOptions, (typeof SUCCESS_OPTIONS)[number]>;

const MOST_PAIRS = 10_000,
  MOST_SESSIONS = 100_000,
  MOST_USERS = 100,
  MOST_TIMES = 1000,
  MOST_SUCCESSES = 20,
  MOST_SECRETS = 12,
  MOST_ASKING = 10_000;
/** What a client must have sent encrypted to have tried anything: over SSH a service request and one attempt; over RDP its part of TLS and one. */
const LEAST_SSH_BYTES = 150,
  /** A check that only hears the server's name over NTLM sends 800 at most; who proves a password sends 300 more. */
  LEAST_RDP_BYTES = 850;
/** How much larger than the refused ones of the same client a session is that went on, though it ended at once: tools leave when they are in. */
const MORE_FROM_CLIENT = 1.6,
  MORE_FROM_SERVER = 1.3;
/** Longer sessions are somebody who looks at a login screen. */
const RDP_SECONDS = 30;
/** Bytes of a server that has shown a desktop. */
const RDP_DESKTOP_BYTES = 50_000;

export interface LoginPair {
  readonly protocol: string;
  readonly ends: Ends;
  /** Told by the size of sessions, not by an answer. */
  readonly bySize: boolean;
  /** Told by different passwords in posted forms: pages say in words of their own whether one fits. */
  readonly byForms?: true;
  /** One password of many users, as JSON that nobody refused: devices of one kind and tests of load log in so, too. */
  readonly mayBeDevices?: boolean;
  readonly evidence: Evidence;
  readonly users: Set<string>;
  /** Seconds of the failures, the first of them. */
  readonly times: number[];
  /** Seconds of the sessions in which something failed, where a session has several attempts: the first of them. */
  readonly sessionTimes: number[];
  sessions: number;
  /** Tags of the first different users and secrets that failed; null where one cannot be told from another. */
  secrets: Set<string> | null;
  /** The same number of attempts in every session, each of which may have been a key instead of a password: those a client has are always the same. */
  mayBeKeys: boolean;
  failed: number;
  accepted: number;
  /** Seconds of the last failures, as many as make a brute force. */
  readonly recent: number[];
  /** Logins that worked right behind so many failures. */
  readonly successes: { readonly user: string | null; readonly failedBefore: number }[];
  readonly successEvidence: Evidence;
}

/** Bytes of payload that client and server had sent when their keys came into force, and how they took turns since. */
interface SshSession {
  client: number;
  server: number;
  readonly login: SshLogin;
}

/** How a session ended that is told by its size. */
interface Outcome {
  readonly failed: number;
  /** Of the failed, those that may have been the offer of a key. */
  readonly unsure?: number;
  readonly accepted: boolean;
}
const FAILED: Outcome = { failed: 1, accepted: false },
  ACCEPTED: Outcome = { failed: 0, accepted: true };

type DatagramEnds = Ends & { readonly user?: string | null };

const newPair = (protocol: string, ends: Ends, bySize: boolean): LoginPair => ({
  protocol,
  ends,
  bySize,
  evidence: new Evidence(),
  users: new Set(),
  times: [],
  sessionTimes: [],
  sessions: 0,
  secrets: new Set(),
  mayBeKeys: false,
  failed: 0,
  accepted: 0,
  recent: [],
  successes: [],
  successEvidence: new Evidence(),
});

/** What one client posted into login forms of one server. Passwords are counted by their tags. */
interface Forms {
  readonly pair: LoginPair;
  readonly passwords: Map<string, Set<number>>;
  readonly users: Map<number, Set<string>>;
  mostPasswords: number;
  mostUsers: number;
  /** Pairs of user and password that had come before: who guesses has no use for them. */
  repeated: number;
  isJson: boolean;
}

/** The communities that one client tried at one device, and whether it answered. */
interface Communities {
  readonly pair: LoginPair;
  readonly isRight: Map<number, boolean>;
}
const SNMP_RESPONSE = 2,
  /** get, get-next, set, get-bulk. */
  SNMP_REQUESTS = new Set([0, 1, 3, 5]);

export class LoginTally {
  // Results of logins over HTTP are told where their credentials are asked for.
  static readonly messages: readonly string[] = [
    loginMessage.kind,
    sshNewKeysMessage.kind,
    sshEncryptedMessage.kind,
    rdpRequestMessage.kind,
    httpCredentialsMessage.kind,
    snmpMessage.kind,
  ];
  readonly #noting: SuccessOptions | null;
  readonly #state: CaptureState;
  readonly #pairs = new Watched<string, LoginPair>(MOST_PAIRS);
  readonly #keyed = new Watched<number, SshSession>(MOST_SESSIONS);
  readonly #forms = new Watched<string, Forms>(MOST_PAIRS);
  readonly #communities = new Watched<string, Communities>(MOST_PAIRS);
  readonly #rdp = new Watched<number, string | null>(MOST_SESSIONS);
  /** Who logs in over UDP or SIP, by address, port and what else tells exchanges apart: the refusal does not say it. */
  readonly #asking = new Map<string, string>();

  /** `noting`: under what a login that works is noted as guessed, while reading; null for those who do not ask. */
  constructor(noting: SuccessOptions | null, state: CaptureState) {
    this.#noting = noting;
    this.#state = state;
  }

  onMessage(message: Message, flow: number, p: Packet): void {
    if (sshNewKeysMessage.is(message)) {
      if (flow < 0) return;
      const session = this.#keyed.of(flow, () => ({ client: -1, server: -1, login: new SshLogin() })),
        at = flow * F.DOUBLES,
        { doubles } = this.#state.flows;
      if (session === undefined) return;
      if (message.fromServer) session.server = doubles[at + F.PAYLOAD_B]!;
      else session.client = doubles[at + F.PAYLOAD_A]!;
    } else if (sshEncryptedMessage.is(message)) {
      if (flow >= 0) this.#keyed.get(flow)?.login.add(message.fromServer, message.bytes);
    } else if (snmpMessage.is(message)) this.#onCommunity(message, p);
    else if (rdpRequestMessage.is(message)) {
      if (flow >= 0) this.#rdp.of(flow, () => message.user);
    } else if (httpCredentialsMessage.is(message)) {
      if (flow >= 0 && message.scheme === 'form' && message.passwordTag !== undefined)
        this.#onForm(message.user ?? '', message.passwordTag, message.isJson === true, flow, p);
    } else if (loginMessage.is(message)) this.#onLogin(message, flow, p);
  }

  #onLogin(message: LoginMessage, flow: number, p: Packet): void {
    const ends: DatagramEnds | null = flow >= 0 && message.exchange === undefined ? endsOf(this.#state, flow) : this.#datagramLogin(message, p);
    if (ends === null || message.result === 'sent') return;
    const user = message.user ?? ends.user ?? null;
    const pair = this.#pairs.of(`${ends.client} ${ends.server} ${ends.serverPort} ${message.protocol}`, () => newPair(message.protocol, ends, false));
    if (pair === undefined) return;
    const seconds = p.hasTime ? p.timeSeconds + p.timeNanoseconds / 1e9 : null;
    if (message.result === 'accepted') {
      this.#accepted(pair, seconds, this.#noting, this.#noting?.failures ?? 0, user, () =>
        flow < 0 ? pair.successEvidence.addDatagram(p) : pair.successEvidence.add(p, flow),
      );
      return;
    }
    this.#failed(pair, seconds, this.#noting?.failures ?? 0);
    if (message.secretTag === undefined) pair.secrets = null;
    else if (pair.secrets !== null && pair.secrets.size < MOST_SECRETS) pair.secrets.add(`${message.secretTag} ${user ?? ''}`);
    if (flow < 0) pair.evidence.addDatagram(p);
    else pair.evidence.add(p, flow);
    if (user !== null && pair.users.size < MOST_USERS) pair.users.add(user);
  }

  /** A community that is not right is not answered: each new one is a failure until it is. */
  #onCommunity({ pdu, communityTag }: SnmpMessage, p: Packet): void {
    const isAnswer = pdu === SNMP_RESPONSE,
      ends = isAnswer || SNMP_REQUESTS.has(pdu) ? datagramEnds(p) : null;
    if (ends === null) return;
    const [client, server, serverPort] = isAnswer
        ? [ends.destination, ends.source, ends.sourcePort]
        : [ends.source, ends.destination, ends.destinationPort],
      key = `${client} ${server} ${serverPort} snmp`;
    if (isAnswer && this.#communities.get(key) === undefined) return;
    const tried = this.#communities.of(key, () => ({ pair: newPair('snmp', { client, server, serverPort }, false), isRight: new Map() }));
    if (tried === undefined) return;
    const { pair, isRight } = tried,
      seconds = p.hasTime ? p.timeSeconds + p.timeNanoseconds / 1e9 : null;
    pair.secrets = null;
    if (!isAnswer) {
      if (isRight.has(communityTag) || isRight.size >= MOST_TIMES) return;
      isRight.set(communityTag, false);
      this.#failed(pair, seconds, this.#noting?.failures ?? 0);
      pair.evidence.addDatagram(p);
    } else if (isRight.get(communityTag) === false) {
      isRight.set(communityTag, true);
      pair.failed--;
      this.#accepted(pair, seconds, this.#noting, this.#noting?.failures ?? 0, null, () => pair.successEvidence.addDatagram(p));
    }
  }

  /** Many passwords for one user, or one password for many users. Whoever stands behind a proxy has a password of his own. */
  #onForm(user: string, password: number, isJson: boolean, flow: number, p: Packet): void {
    const ends = endsOf(this.#state, flow),
      forms = this.#forms.of(`${ends.client} ${ends.server} ${ends.serverPort}`, () => ({
        pair: { ...newPair('http', ends, false), byForms: true },
        passwords: new Map(),
        users: new Map(),
        mostPasswords: 0,
        mostUsers: 0,
        repeated: 0,
        isJson,
      }));
    if (forms === undefined) return;
    const passwords = setOf(forms.passwords, user),
      users = setOf(forms.users, password);
    if (passwords === undefined || users === undefined || passwords.size >= MOST_TIMES) return;
    forms.isJson &&= isJson;
    if (passwords.has(password)) {
      forms.repeated++;
      return;
    }
    passwords.add(password);
    if (users.size < MOST_USERS) users.add(user);
    forms.mostPasswords = Math.max(forms.mostPasswords, passwords.size);
    forms.mostUsers = Math.max(forms.mostUsers, users.size);
    this.#failed(forms.pair, p.hasTime ? p.timeSeconds + p.timeNanoseconds / 1e9 : null, 0);
    forms.pair.evidence.add(p, flow);
    if (user !== '' && forms.pair.users.size < MOST_USERS) forms.pair.users.add(user);
  }

  /** Ends of a login over UDP, or of one among many on a connection, and its user: requests are noted, their answers looked up. */
  #datagramLogin(message: LoginMessage, p: Packet): DatagramEnds | null {
    const ends = datagramEnds(p);
    if (ends === null) return null;
    const { source, destination, sourcePort, destinationPort } = ends;
    const { exchange } = message,
      keyOf = (client: string, port: number, server: string): string => `${client} ${port} ${server}${exchange === undefined ? '' : ` ${exchange}`}`;
    if (message.result === 'sent') {
      if (message.user === null) return null;
      // Those that were never answered leave first.
      if (this.#asking.size >= MOST_ASKING) this.#asking.delete(this.#asking.keys().next().value!);
      this.#asking.set(keyOf(source, sourcePort, destination), message.user);
      return null;
    }
    const key = keyOf(destination, destinationPort, source),
      user = this.#asking.get(key) ?? null;
    this.#asking.delete(key);
    // Who was asked for a password, and had proved none, has not failed.
    return user === null && exchange !== undefined ? null : { client: destination, server: source, serverPort: sourcePort, user };
  }

  #failed(pair: LoginPair, seconds: number | null, threshold: number): void {
    pair.failed++;
    if (seconds === null) return;
    if (pair.times.length < MOST_TIMES) pair.times.push(seconds);
    pair.recent.push(seconds);
    if (pair.recent.length > threshold) pair.recent.shift();
  }

  /** Counts a login that worked, and notes it when it came behind enough failures. */
  #accepted(
    pair: LoginPair,
    seconds: number | null,
    noting: SuccessOptions | null,
    threshold: number,
    user: string | null,
    prove: () => void,
    sessions?: number,
  ): void {
    const first = pair.recent.length >= threshold ? pair.recent[0] : sessions === undefined ? undefined : pair.sessionTimes.at(-sessions);
    if (
      noting !== null &&
      seconds !== null &&
      first !== undefined &&
      seconds - first <= noting.windowMinutes * 60 &&
      mostlyFails(noting, pair) &&
      pair.successes.length < MOST_SUCCESSES
    ) {
      pair.successes.push({ user, failedBefore: pair.failed });
      prove();
    }
    pair.accepted++;
  }

  /** All pairs so far, and what could not be followed. May be called again as the capture grows. */
  pairs(values: GuessingOptions): { readonly pairs: readonly LoginPair[]; readonly limits: readonly string[] } {
    const ssh = this.#bySize('ssh', this.#keyed.entries, values, (row, session) => this.#sshOutcome(values, row, session)),
      usual = this.#usualRdp(values),
      rdp = this.#bySize('rdp', this.#rdp.entries, values, (row) => this.#rdpOutcome(values, row, usual));
    const communities = [...this.#communities.values].map(({ pair }) => pair);
    for (const pair of [...this.#pairs.values, ...communities]) pair.evidence.resolve(this.#state.flows);
    return {
      pairs: [...this.#pairs.values, ...communities, ...ssh.values, ...rdp.values, ...this.#guessedForms(values)],
      limits: [
        ...this.#pairs.limits('pairs of clients and servers with logins'),
        ...this.#forms.limits('pairs with login forms'),
        ...this.#communities.limits('pairs with SNMP communities'),
        ...this.#keyed.limits('SSH sessions'),
        ...this.#rdp.limits('Remote Desktop sessions'),
        ...ssh.limits('pairs with SSH sessions'),
        ...rdp.limits('pairs with Remote Desktop sessions'),
      ],
    };
  }

  /** Pairs whose forms say enough by themselves, unless the server refused them in so many words and they are counted so. */
  #guessedForms(values: GuessingOptions): LoginPair[] {
    const told: LoginPair[] = [];
    for (const { pair, mostPasswords, mostUsers, repeated, isJson } of this.#forms.values) {
      const { client, server, serverPort } = pair.ends,
        refused = this.#pairs.get(`${client} ${server} ${serverPort} http`),
        isOne = mostPasswords < values.failures;
      if (Math.max(mostPasswords, mostUsers) < values.failures || (isOne && repeated >= pair.failed)) continue;
      if (refused === undefined || !isGuessing(values, refused)) told.push({ ...pair, mayBeDevices: isOne && isJson });
    }
    return told;
  }

  /** Sessions by client and server: those that ended with the login, and the others. */
  #bySize<T>(
    protocol: string,
    sessions: Iterable<[number, T]>,
    values: GuessingOptions,
    outcome: (row: number, session: T) => Outcome | null,
  ): Watched<string, LoginPair> {
    const pairs = new Watched<string, LoginPair>(MOST_PAIRS),
      { flows } = this.#state,
      { ints, doubles } = flows;
    for (const [row, session] of sessions) {
      const result = outcome(row, session);
      if (result === null) continue;
      const ends = endsOf(this.#state, row),
        pair = pairs.of(this.#pairKey(row), () => newPair(protocol, ends, true));
      if (pair === undefined) continue;
      const at = row * F.INTS,
        seconds = (ints[at + F.FLAGS]! & F.HAS_TIME) === 0 ? null : doubles[row * F.DOUBLES + F.START]! + ints[at + F.START_NS]! / 1e9;
      if (typeof session === 'string' && pair.users.size < MOST_USERS) pair.users.add(session);
      if (result.failed > 0) {
        for (let i = 0; i < result.failed; i++) this.#failed(pair, seconds, values.failures);
        pair.mayBeKeys =
          result.unsure === result.failed && (pair.sessions === 0 || (pair.mayBeKeys && pair.failed === result.failed * (pair.sessions + 1)));
        pair.sessions++;
        if (seconds !== null && pair.sessionTimes.length < MOST_TIMES) pair.sessionTimes.push(seconds);
        pair.evidence.addRow(flows, row);
      }
      if (result.accepted)
        this.#accepted(
          pair,
          seconds,
          values,
          values.failures,
          typeof session === 'string' ? session : null,
          () => pair.successEvidence.addRow(flows, row),
          protocol === 'ssh' ? values.sshSessions : undefined,
        );
    }
    return pairs;
  }

  #sshOutcome(values: GuessingOptions, row: number, { client, server, login }: SshSession): Outcome | null {
    const { outcome } = login;
    if (outcome !== null)
      return outcome.refused > 0 || outcome.isIn ? { failed: outcome.refused, unsure: outcome.unsure, accepted: outcome.isIn } : null;
    if (client < 0 || server < 0) return null;
    const { doubles } = this.#state.flows,
      at = row * F.DOUBLES;
    if (doubles[at + F.PAYLOAD_B]! - server > values.sshBytes) return ACCEPTED;
    // One that goes on may still become a session.
    return doubles[at + F.PAYLOAD_A]! - client >= LEAST_SSH_BYTES && this.#hasEnded(row) ? FAILED : null;
  }

  /** Bytes that the client and the server send in a refused session, in the middle of enough of them; by client and server. */
  #usualRdp(values: GuessingOptions): ReadonlyMap<string, readonly [client: number, server: number]> {
    const rows = new Map<string, number[]>(),
      { doubles } = this.#state.flows,
      none = new Map<string, readonly [number, number]>();
    for (const [row] of this.#rdp.entries) {
      if (this.#rdpOutcome(values, row, none)?.failed !== 1) continue;
      const key = this.#pairKey(row),
        known = rows.get(key);
      if (known === undefined) rows.set(key, [row]);
      else known.push(row);
    }
    const middle = (all: readonly number[], column: number): number =>
      all.map((row) => doubles[row * F.DOUBLES + column]!).sort((a, b) => a - b)[all.length >> 1]!;
    return new Map(
      [...rows].filter(([, all]) => all.length >= values.failures).map(([key, all]) => [key, [middle(all, F.PAYLOAD_A), middle(all, F.PAYLOAD_B)]]),
    );
  }

  #pairKey(row: number): string {
    const { client, server, serverPort } = endsOf(this.#state, row);
    return `${client} ${server} ${serverPort}`;
  }

  #rdpOutcome(values: GuessingOptions, row: number, usual: ReadonlyMap<string, readonly [client: number, server: number]>): Outcome | null {
    const { doubles } = this.#state.flows,
      at = row * F.DOUBLES,
      fromServer = doubles[at + F.PAYLOAD_B]!;
    if (fromServer > RDP_DESKTOP_BYTES) return ACCEPTED;
    const isShort = doubles[at + F.END]! - doubles[at + F.START]! <= RDP_SECONDS;
    if (!isShort || fromServer > values.rdpBytes || doubles[at + F.PAYLOAD_A]! < LEAST_RDP_BYTES || !this.#hasEnded(row)) return null;
    const refused = usual.size === 0 ? undefined : usual.get(this.#pairKey(row));
    return refused !== undefined && doubles[at + F.PAYLOAD_A]! >= MORE_FROM_CLIENT * refused[0] && fromServer >= MORE_FROM_SERVER * refused[1]
      ? ACCEPTED
      : FAILED;
  }

  #hasEnded(row: number): boolean {
    return (this.#state.flows.ints[row * F.INTS + F.FLAGS]! & (F.FIN_A | F.FIN_B | F.RST_A | F.RST_B)) !== 0;
  }
}

function setOf<Key, Value>(sets: Map<Key, Set<Value>>, key: Key): Set<Value> | undefined {
  let set = sets.get(key);
  if (set === undefined && sets.size < MOST_TIMES) sets.set(key, (set = new Set()));
  return set;
}

/** How many failures of this pair make a brute force. */
function mostlyFails({ failedSharePercent }: SuccessOptions, { failed, accepted }: LoginPair): boolean {
  return (100 * failed) / Math.max(1, failed + accepted) >= failedSharePercent;
}

/** SSH sessions may have many attempts each: few sessions suffice, or the attempts of fewer. */
export function guessingThreshold(values: GuessingOptions, { protocol, failed }: LoginPair): number {
  return protocol === 'ssh' && failed < values.failures ? values.sshSessions : values.failures;
}

/** Attempts at each password from which it is a program that repeats what it knows: who guesses tries each once. */
const REPEATS = 5;
/** A program that comes back so rarely, and so evenly, is a service, not a guesser in a hurry: seconds, and parts of them. */
const SERVICE_SECONDS = 30,
  EVEN = 0.1,
  EVEN_SHARE = 0.8;

/**
 * Who tries a password or two over and over guesses nothing: they were changed, and a program does not know. Where passwords cannot be told apart,
 * as over NTLM and Kerberos, a program is told by its clock: one user, every few minutes, to the second.
 */
export function isStale({ protocol, secrets, failed, users, times }: LoginPair): boolean {
  if (secrets !== null) return secrets.size === 1 || (secrets.size > 0 && secrets.size < MOST_SECRETS && failed >= REPEATS * secrets.size);
  return protocol !== 'snmp' && users.size === 1 && isEven(times);
}

/** Whether these times, in order, are as far apart as a clock's. */
export function isEven(times: readonly number[]): boolean {
  const gaps = times.slice(1).map((time, i) => time - times[i]!),
    median = [...gaps].sort((a, b) => a - b)[gaps.length >> 1] ?? 0;
  return median >= SERVICE_SECONDS && gaps.filter((gap) => Math.abs(gap - median) <= EVEN * median).length >= EVEN_SHARE * gaps.length;
}

/** Protocols that log in by datagrams, too: their frames need have no port of TCP. */
const DATAGRAMS: ReadonlySet<string> = new Set(['kerberos', 'snmp', 'sip']);

/** The logins of a pair, or of all clients at a server, as a display filter; `addresses` says whose. */
export function loginFilter(addresses: string, protocol: string, serverPort: number): string {
  return `${addresses} && ${DATAGRAMS.has(protocol) ? '' : `tcp.port == ${serverPort} && `}${protocol === 'rdp' ? 'tcp' : protocol}`;
}

/** Times the threshold from which many different passwords, or users, are guessing however slowly they come. */
const PATIENT = 2;

/** Enough failures, close enough together, and few logins that worked; or twice as many in any time, each with something new. */
export function isGuessing(
  values: GuessingOptions,
  { protocol, failed, accepted, times, sessions, sessionTimes, users, secrets }: LoginPair,
): boolean {
  if ((100 * failed) / Math.max(1, failed + accepted) < values.failedSharePercent) return false;
  return (
    isEnough(values, values.failures, failed, times) ||
    (protocol === 'ssh' && isEnough(values, values.sshSessions, sessions, sessionTimes)) ||
    (failed >= PATIENT * values.failures && Math.max(users.size, secrets?.size ?? 0) >= values.failures)
  );
}

export function isEnough({ windowMinutes }: GuessingOptions, threshold: number, count: number, times: readonly number[]): boolean {
  if (count < threshold) return false;
  if (times.length < count && times.length < MOST_TIMES) return true;
  const sorted = [...times].sort((a, b) => a - b);
  return sorted.some((time, i) => i >= threshold - 1 && time - sorted[i - threshold + 1]! <= windowMinutes * 60);
}
