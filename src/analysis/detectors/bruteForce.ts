/**
 * Brute force: one address tries passwords until one fits. Where the protocol says in clear that a login failed, it is counted; SSH hides it, but a
 * session that ends after a few encrypted bytes of the server was one whose password did not fit: a shell begins with more than that.
 */
import * as z from 'zod';
import { sshNewKeysMessage } from '../../pcap/dissectors/ssh.ts';
import { httpCredentialsMessage } from '../../pcap/http/messages.ts';
import { loginMessage } from '../../pcap/login.ts';
import type { CaptureState } from '../captureState.ts';
import { coverage, examinedAll, unreadableFrames } from '../coverage.ts';
import { durationText, plural, protocolLabel } from '../describe.ts';
import { defineDetector, type FindingDraft } from '../detector.ts';
import { safeText } from '../exports/safeText.ts';
import * as F from '../flowTable.ts';
import { addressFilter, confidenceOf, endsOf, Evidence, Watched, type Ends } from './watched.ts';

const options = z.object({
  failures: z.int().min(3).default(10).describe('Failed logins of one client at one server from which it is called brute force (logins)'),
  sshSessions: z.int().min(3).default(6).describe('SSH sessions of one client with one server that end right after the password (sessions)'),
  sshBytes: z
    .int()
    .min(100)
    .default(600)
    .describe(
      'Encrypted bytes of an SSH server up to which a session ended with the password: the rejections of some attempts, less than what a shell begins with (bytes)',
    ),
  windowMinutes: z.number().positive().default(30).describe('Time within which the failures must come (minutes)'),
  failedSharePercent: z
    .number()
    .min(0)
    .max(100)
    .default(60)
    .describe('Share of the logins that must fail, so that a program that logs in often is left alone (percent)'),
});
type Options = z.output<typeof options>;

const MOST_PAIRS = 10_000,
  MOST_SESSIONS = 100_000,
  MOST_USERS = 100,
  MOST_TIMES = 1000;
/** What a client must have sent encrypted to have tried anything: a service request and one attempt. */
const LEAST_CLIENT_BYTES = 150;
/** Beyond this many times the threshold it is no longer a forgotten password in some program. */
const MANY = 5;

interface Pair {
  readonly protocol: string;
  readonly ends: Ends;
  readonly evidence: Evidence;
  readonly users: Set<string>;
  /** Seconds of the failures, the first of them. */
  readonly times: number[];
  failed: number;
  accepted: number;
}

const newPair = (protocol: string, ends: Ends): Pair => ({
  protocol,
  ends,
  evidence: new Evidence(),
  users: new Set(),
  times: [],
  failed: 0,
  accepted: 0,
});

export const bruteForce = defineDetector({
  id: 'brute-force',
  title: 'Password guessing',
  tier: 1,
  description:
    'One address fails to log in over and over: FTP, mail, Telnet, MQTT and HTTP say so, SSH sessions end right after the password. A program with an old password does the same, evenly and with one user.',
  options,
  // Results of logins over HTTP are told where their credentials are asked for.
  messages: [loginMessage.kind, sshNewKeysMessage.kind, httpCredentialsMessage.kind],
  create(values, state) {
    const pairs = new Watched<string, Pair>(MOST_PAIRS);
    /** Bytes of payload that client and server had sent when their keys came into force, by flow. */
    const keyed = new Watched<number, { client: number; server: number }>(MOST_SESSIONS);
    return {
      onMessage(message, flow, p) {
        if (flow < 0) return;
        if (sshNewKeysMessage.is(message)) {
          const session = keyed.of(flow, () => ({ client: -1, server: -1 })),
            at = flow * F.DOUBLES,
            { doubles } = state.flows;
          if (session === undefined) return;
          if (message.fromServer) session.server = doubles[at + F.PAYLOAD_B]!;
          else session.client = doubles[at + F.PAYLOAD_A]!;
          return;
        }
        if (!loginMessage.is(message) || message.result === 'sent') return;
        const ends = endsOf(state, flow),
          pair = pairs.of(`${ends.client} ${ends.server} ${ends.serverPort} ${message.protocol}`, () => newPair(message.protocol, ends));
        if (pair === undefined) return;
        if (message.result === 'accepted') {
          pair.accepted++;
          return;
        }
        pair.failed++;
        pair.evidence.add(p, flow);
        if (p.hasTime && pair.times.length < MOST_TIMES) pair.times.push(p.timeSeconds + p.timeNanoseconds / 1e9);
        if (message.user !== null && pair.users.size < MOST_USERS) pair.users.add(message.user);
      },
      evaluate() {
        const ssh = sshPairs(values, state, keyed),
          findings: FindingDraft[] = [];
        for (const pair of pairs.values) if (isGuessing(values, pair, values.failures)) findings.push(draft(values, pair, values.failures));
        for (const pair of ssh.values) if (isGuessing(values, pair, values.sshSessions)) findings.push(draft(values, pair, values.sshSessions));
        return {
          findings,
          coverage: coverage(examinedAll(state), [
            ...unreadableFrames(state),
            ...pairs.limits('pairs of clients and servers with logins'),
            ...keyed.limits('SSH sessions'),
            ...ssh.limits('pairs with SSH sessions'),
          ]),
        };
      },
    };
  },
});

/** SSH sessions by client and server: those that ended with the password, and the others. */
function sshPairs(values: Options, state: CaptureState, keyed: Watched<number, { client: number; server: number }>): Watched<string, Pair> {
  const pairs = new Watched<string, Pair>(MOST_PAIRS),
    { flows } = state,
    { ints, doubles } = flows;
  for (const [row, { client, server }] of keyed.entries) {
    const at = row * F.INTS,
      dat = row * F.DOUBLES,
      flags = ints[at + F.FLAGS]!;
    if (client < 0 || server < 0) continue;
    const ends = endsOf(state, row),
      pair = pairs.of(`${ends.client} ${ends.server} ${ends.serverPort}`, () => newPair('ssh', ends));
    if (pair === undefined) continue;
    const fromClient = doubles[dat + F.PAYLOAD_A]! - client,
      fromServer = doubles[dat + F.PAYLOAD_B]! - server;
    if (fromServer > values.sshBytes) pair.accepted++;
    // One that goes on may still become a session.
    else if (fromClient >= LEAST_CLIENT_BYTES && (flags & (F.FIN_A | F.FIN_B | F.RST_A | F.RST_B)) !== 0) {
      pair.failed++;
      pair.evidence.addRow(flows, row);
      if ((flags & F.HAS_TIME) !== 0 && pair.times.length < MOST_TIMES) pair.times.push(doubles[dat + F.START]! + ints[at + F.START_NS]! / 1e9);
    }
  }
  return pairs;
}

function isGuessing(values: Options, { failed, accepted, times }: Pair, threshold: number): boolean {
  if (failed < threshold || (100 * failed) / (failed + accepted) < values.failedSharePercent) return false;
  if (times.length < failed && times.length < MOST_TIMES) return true;
  const sorted = [...times].sort((a, b) => a - b);
  return sorted.some((time, i) => i >= threshold - 1 && time - sorted[i - threshold + 1]! <= values.windowMinutes * 60);
}

function draft(values: Options, { protocol, ends, evidence, users, failed, accepted }: Pair, threshold: number): FindingDraft {
  const { client, server, serverPort } = ends,
    isSsh = protocol === 'ssh',
    label = protocolLabel(protocol),
    seconds = evidence.seconds,
    rate = seconds === null || seconds <= 0 ? null : (60 * failed) / seconds;
  const { confidence, indicators } = confidenceOf([
    [isSsh ? 'sessions of the size of a refused password' : 'the server refused each', isSsh ? 50 : 65],
    ['many times the threshold', Math.min(15, 5 * Math.log2(failed / threshold))],
    ['quicker than somebody types', rate !== null && rate >= 6 ? 12 : 0],
    ['no login worked', accepted === 0 ? 8 : 0],
    ['many users tried', users.size >= 3 ? 8 : 0],
    ['one user only, evenly: perhaps a program', users.size === 1 && failed < threshold * MANY && rate !== null && rate < 6 ? -10 : 0],
  ]);
  const what = isSsh ? 'SSH sessions that end right after the password' : `failed ${label} logins`;
  return {
    technique: protocol,
    severity: 'medium',
    confidence,
    title: `${client} guesses passwords at ${server} over ${label}: ${failed} times${seconds === null ? '' : ` in ${durationText(seconds)}`}`,
    description: `${plural(failed, isSsh ? 'SSH session' : `${label} login`)} of ${client} failed (threshold ${threshold} within ${values.windowMinutes} minutes), ${accepted} worked.${
      users.size > 0
        ? ` ${plural(users.size, 'user')} tried: ${[...users]
            .slice(0, 5)
            .map((user) => safeText(user, 40))
            .join(', ')}${users.size > 5 ? ' and others' : ''}.`
        : ''
    }${isSsh ? ` They were told by their size: the server sent at most ${values.sshBytes} encrypted bytes.` : ''}`,
    subjects: [
      { role: 'attacker', address: client },
      { role: 'victim', address: server, port: serverPort },
    ],
    ...evidence.proof,
    indicators: [
      { name: what, value: failed, threshold, unit: isSsh ? 'sessions' : 'logins' },
      { name: 'logins that worked', value: accepted },
      { name: 'users tried', value: isSsh ? 'encrypted' : users.size },
      ...(rate === null ? [] : [{ name: 'rate', value: Number(rate.toPrecision(3)), unit: '1/min' }]),
      ...indicators,
    ],
    alternatives: [
      'A program or a device with a password that was changed.',
      ...(isSsh ? ['A check that connects and leaves, or keys that are offered in vain before every session.'] : ['A user who forgot the password.']),
    ],
    filter: `${addressFilter(client, server)} && tcp.port == ${serverPort}${isSsh ? ' && ssh' : ` && ${protocol}`}`,
    attack: [users.size >= 3 && users.size * 2 > failed ? 'T1110.003' : 'T1110.001', 'T1110'],
    recommendation: `Find out what ${client} is. If it is not yours, block it; look whether one of its logins at ${server} worked, and let ${server} slow down or lock out after failures${isSsh ? ' and take keys instead of passwords' : ''}.`,
  };
}
