/** Logins that are encrypted, told by the size of their sessions: over SSH and Remote Desktop a refused one ends small, and one that worked goes on. */
import type { Message } from '../../pcap/dissector.ts';
import { sshEncryptedMessage, sshNewKeysMessage } from '../../pcap/dissectors/ssh.ts';
import { rdpRequestMessage } from '../../pcap/dissectors/tpkt.ts';
import type { Packet } from '../../pcap/packet.ts';
import type { CaptureState } from '../captureState.ts';
import * as F from '../flowTable.ts';
import type { GuessingOptions } from './guessing.ts';
import { countAccepted, countFailed, MOST_TIMES, MOST_USERS, newPair, type LoginPair, type UnderWay } from './loginPair.ts';
import { SshLogin } from './sshLogin.ts';
import { endsOf, Watched } from './watched.ts';

const MOST_PAIRS = 10_000,
  MOST_SESSIONS = 100_000,
  /** No tool has as many tries under way at once. */
  MOST_UNDER_WAY = 100;
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
  /** Frames that say so, where single ones do. */
  readonly failedAt?: readonly number[];
  readonly acceptedAt?: number | null;
}
/** A session that says something of a login, and its first frame. */
interface Session {
  readonly row: number;
  readonly seconds: number | null;
  readonly user: string | null;
  readonly result: Outcome;
  readonly first: number;
}

/** One login of a session; `isFirst` of those that failed in it. */
interface Step {
  readonly session: Session;
  readonly frame: number;
  readonly isIn: boolean;
  readonly isFirst: boolean;
}

/** The logins in the order in which they were answered: tools guess in several sessions at once, and some end behind the one that is let in. */
function stepsOf(sessions: readonly Session[]): readonly Step[] {
  const steps = sessions.flatMap((session): Step[] => {
    const { result, first } = session,
      failed = Array.from({ length: result.failed }, (_, i) => ({ session, frame: result.failedAt?.[i] ?? first, isIn: false, isFirst: i === 0 }));
    return result.accepted ? [...failed, { session, frame: result.acceptedAt ?? first, isIn: true, isFirst: false }] : failed;
  });
  return steps.sort((a, b) => a.frame - b.frame);
}

/** What fails behind this login that worked, in sessions that had begun before it. */
function underWayAt(steps: readonly Step[], at: number): UnderWay {
  const { frame } = steps[at]!,
    after = steps.slice(at + 1, at + 1 + MOST_UNDER_WAY).filter(({ session, isIn }) => !isIn && session.first < frame);
  return { frames: after.map((step) => step.frame), sessions: after.filter(({ isFirst }) => isFirst).length };
}

const FAILED: Outcome = { failed: 1, accepted: false },
  ACCEPTED: Outcome = { failed: 0, accepted: true };

export class SizedLogins {
  static readonly messages: readonly string[] = [sshNewKeysMessage.kind, sshEncryptedMessage.kind, rdpRequestMessage.kind];
  readonly #state: CaptureState;
  readonly #keyed = new Watched<number, SshSession>(MOST_SESSIONS);
  readonly #rdp = new Watched<number, string | null>(MOST_SESSIONS);

  constructor(state: CaptureState) {
    this.#state = state;
  }

  onMessage(message: Message, flow: number, { frame }: Packet): void {
    if (flow < 0) return;
    if (sshNewKeysMessage.is(message)) {
      const session = this.#keyed.of(flow, () => ({ client: -1, server: -1, login: new SshLogin() })),
        at = flow * F.DOUBLES,
        { doubles } = this.#state.flows;
      if (session === undefined) return;
      if (message.fromServer) session.server = doubles[at + F.PAYLOAD_B]!;
      else session.client = doubles[at + F.PAYLOAD_A]!;
    } else if (sshEncryptedMessage.is(message)) this.#keyed.get(flow)?.login.add(message.fromServer, message.bytes, frame);
    else if (rdpRequestMessage.is(message)) this.#rdp.of(flow, () => message.user);
  }

  /** All pairs so far, and what could not be followed. May be called again as the capture grows. */
  pairs(values: GuessingOptions): { readonly pairs: readonly LoginPair[]; readonly limits: readonly string[] } {
    const ssh = this.#bySize('ssh', this.#keyed.entries, values, (row, session) => this.#sshOutcome(values, row, session)),
      usual = this.#usualRdp(values),
      rdp = this.#bySize('rdp', this.#rdp.entries, values, (row) => this.#rdpOutcome(values, row, usual));
    return {
      pairs: [...ssh.values, ...rdp.values],
      limits: [
        ...this.#keyed.limits('SSH sessions'),
        ...this.#rdp.limits('Remote Desktop sessions'),
        ...ssh.limits('pairs with SSH sessions'),
        ...rdp.limits('pairs with Remote Desktop sessions'),
      ],
    };
  }

  /** Sessions by client and server: those that ended with the login, and the others. */
  #bySize<T>(
    protocol: string,
    sessions: Iterable<[number, T]>,
    values: GuessingOptions,
    outcome: (row: number, session: T) => Outcome | null,
  ): Watched<string, LoginPair> {
    const pairs = new Watched<string, LoginPair>(MOST_PAIRS),
      told = new Map<LoginPair, Session[]>(),
      { flows } = this.#state,
      { ints, doubles } = flows;
    for (const [row, session] of sessions) {
      const result = outcome(row, session);
      if (result === null) continue;
      const ends = endsOf(this.#state, row),
        pair = pairs.of(this.#pairKey(row), () => newPair(protocol, ends, true));
      if (pair === undefined) continue;
      const at = row * F.INTS,
        seconds = (ints[at + F.FLAGS]! & F.HAS_TIME) === 0 ? null : doubles[row * F.DOUBLES + F.START]! + ints[at + F.START_NS]! / 1e9,
        user = typeof session === 'string' ? session : null;
      if (user !== null && pair.users.size < MOST_USERS) pair.users.add(user);
      const all = told.get(pair) ?? [];
      if (all.length === 0) told.set(pair, all);
      all.push({ row, seconds, user, result, first: ints[at + F.FIRST_FRAME]! });
    }
    for (const [pair, all] of told) {
      const steps = stepsOf(all);
      for (const [i, step] of steps.entries()) this.#count(pair, step, values, step.isIn ? underWayAt(steps, i) : undefined);
      const failing = all.filter(({ result }) => result.failed > 0);
      for (const { row, result, first } of failing) pair.evidence.addRow(flows, row, result.failedAt ?? [first]);
      pair.mayBeKeys =
        failing.length > 0 && failing.every(({ result }) => result.unsure === result.failed && result.failed === failing[0]!.result.failed);
    }
    return pairs;
  }

  #count(pair: LoginPair, { session, frame, isIn, isFirst }: Step, values: GuessingOptions, underWay: UnderWay | undefined): void {
    const { row, seconds, user, result } = session;
    if (isIn) {
      const at = typeof result.acceptedAt === 'number' ? [result.acceptedAt] : undefined;
      countAccepted(pair, seconds, values, values.failures, {
        user,
        prove: () => pair.successEvidence.addRow(this.#state.flows, row, at),
        sessions: pair.protocol === 'ssh' ? values.sshSessions : undefined,
        underWay,
      });
      return;
    }
    countFailed(pair, { seconds, frame }, values.failures);
    if (!isFirst) return;
    pair.sessions++;
    if (seconds !== null && pair.sessionTimes.length < MOST_TIMES) pair.sessionTimes.push(seconds);
  }

  #sshOutcome(values: GuessingOptions, row: number, { client, server, login }: SshSession): Outcome | null {
    const { outcome } = login;
    if (outcome !== null)
      return outcome.refused > 0 || outcome.isIn
        ? { failed: outcome.refused, unsure: outcome.unsure, accepted: outcome.isIn, failedAt: outcome.refusedAt, acceptedAt: outcome.inAt }
        : null;
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
