/**
 * Guessing within TLS, at mail and FTP servers: nothing can be read, but servers make whoever failed to log in wait, and then say the same short thing each time. Who
 * got in goes on; who guesses tries another password, or leaves. What was asked is as long as the password: lengths that differ are different passwords.
 */
import { tlsRecordMessage, type TlsRecordMessage } from '../../pcap/tls/messages.ts';
import type { Packet } from '../../pcap/packet.ts';
import type { CaptureState } from '../captureState.ts';
import { durationText, plural, protocolLabel } from '../describe.ts';
import type { FindingDraft } from '../detector.ts';
import { isEnough, isEven, type GuessingOptions } from './guessing.ts';
import { addressFilter, confidenceOf, endsOf, Evidence, Watched, type Ends } from './watched.ts';

export const TLS_GUESSING_MESSAGES: readonly string[] = [tlsRecordMessage.kind];

const MOST_SESSIONS = 20_000,
  MOST_TURNS = 40;
/** Servers make whoever failed wait (vsftpd a second, Dovecot two, Courier five, PAM parts of one or more), and answer everything else at once. */
const LEAST_WAIT_SECONDS = 0.7,
  SLOWER = 5;
/** A refusal names the command it belongs to, whose number has more digits in time. */
const SAME_LENGTH = 3,
  LONGEST_REFUSAL = 250;
/** What a client says that gives up: farewell, and the server's answer to it. */
const TURNS_AFTER = 2,
  BYTES_AFTER = 400;
const DIFFERENT_LENGTHS = 3;

const PROTOCOLS: Readonly<Record<number, string>> = {
  21: 'ftp',
  25: 'smtp',
  110: 'pop',
  143: 'imap',
  465: 'smtp',
  587: 'smtp',
  990: 'ftp',
  993: 'imap',
  995: 'pop',
};

/** What the client asked, how long the server took to begin its answer, and the bytes of that: of its first record, and of all. */
interface Turn {
  asked: number;
  first: number;
  answered: number;
  readonly at: number;
  wait: number;
  frame: number;
}

interface Refusals {
  readonly ends: Ends;
  readonly evidence: Evidence;
  readonly times: number[];
  readonly lengths: Set<number>;
  refused: number;
  sessions: number;
  others: number;
}

export class TlsGuessing {
  readonly #sessions = new Watched<number, Turn[]>(MOST_SESSIONS);
  readonly #state: CaptureState;

  constructor(state: CaptureState) {
    this.#state = state;
  }

  onRecord({ fromClient, bytes }: TlsRecordMessage, flow: number, p: Packet): void {
    if (flow < 0 || !p.hasTime) return;
    const turns = this.#sessions.of(flow, () => []),
      last = turns?.at(-1),
      now = p.timeSeconds + p.timeNanoseconds / 1e9;
    if (turns === undefined) return;
    if (!fromClient) {
      if (last === undefined) return;
      if (last.answered === 0) {
        last.wait = now - last.at;
        last.first = bytes;
      }
      last.answered += bytes;
      last.frame = p.frame;
    } else if (last?.answered === 0) last.asked += bytes;
    else if (turns.length < MOST_TURNS) turns.push({ asked: bytes, first: 0, answered: 0, at: now, wait: 0, frame: p.frame });
  }

  findings(values: GuessingOptions): FindingDraft[] {
    const servers = new Map<string, { readonly ends: Ends; readonly sessions: (readonly [number, readonly Turn[]])[] }>();
    for (const [row, turns] of this.#sessions.entries) {
      const ends = endsOf(this.#state, row),
        key = `${ends.client} ${ends.server} ${ends.serverPort}`;
      let server = servers.get(key);
      if (server === undefined) servers.set(key, (server = { ends, sessions: [] }));
      server.sessions.push([row, turns]);
    }
    return [...servers.values()].flatMap(({ ends, sessions }) => {
      const refusals = this.#refusals(ends, sessions);
      return refusals !== null && isGuessing(values, refusals) ? [draft(values, refusals)] : [];
    });
  }

  /** The answer of one length that came late to the most different requests, then most often, and behind which nothing went on. */
  #refusals(ends: Ends, sessions: readonly (readonly [number, readonly Turn[]])[]): Refusals | null {
    const late = new Map<number, number[]>();
    for (const [, turns] of sessions)
      for (const turn of turns) {
        if (!isLate(turn, turns)) continue;
        const asked = late.get(turn.first);
        if (asked === undefined) late.set(turn.first, [turn.asked]);
        else asked.push(turn.asked);
      }
    const [length] = [...late].sort(([, a], [, b]) => new Set(b).size - new Set(a).size || b.length - a.length)[0] ?? [];
    if (length === undefined) return null;
    const found: Refusals = { ends, evidence: new Evidence(), times: [], lengths: new Set(), refused: 0, sessions: 0, others: 0 };
    for (const [row, turns] of sessions) {
      const refused = turns.filter((turn) => isLate(turn, turns) && Math.abs(turn.first - length) <= SAME_LENGTH),
        last = refused.at(-1),
        after = last === undefined ? [] : turns.slice(turns.indexOf(last) + 1);
      if (
        last === undefined ||
        after.length > TURNS_AFTER ||
        after.reduce((sum, { answered }) => sum + answered, last.answered - last.first) > BYTES_AFTER
      ) {
        found.others++;
        continue;
      }
      found.sessions++;
      found.evidence.addRow(this.#state.flows, row);
      for (const turn of refused) {
        found.refused++;
        found.times.push(turn.at);
        found.lengths.add(turn.asked);
      }
    }
    return found;
  }

  get limits(): string[] {
    return this.#sessions.limits('connections with logins within TLS');
  }
}

function isLate({ wait, first }: Turn, turns: readonly Turn[]): boolean {
  return (
    wait >= LEAST_WAIT_SECONDS && first > 0 && first <= LONGEST_REFUSAL && turns.some((other) => other.answered > 0 && other.wait * SLOWER <= wait)
  );
}

/** With one and the same length at even distances it is a monitor, or a program with an old password that nobody minds. */
function isGuessing(values: GuessingOptions, { refused, sessions, others, times, lengths }: Refusals): boolean {
  return (
    (100 * sessions) / (sessions + others) >= values.failedSharePercent &&
    isEnough(values, values.failures, refused, times) &&
    (lengths.size >= DIFFERENT_LENGTHS || !isEven([...times].sort((a, b) => a - b)))
  );
}

function draft(values: GuessingOptions, { ends, evidence, times, lengths, refused, sessions, others }: Refusals): FindingDraft {
  const { client, server, serverPort } = ends,
    protocol = PROTOCOLS[serverPort] ?? 'tls',
    label = `${protocolLabel(protocol)} within TLS`,
    isMany = lengths.size >= DIFFERENT_LENGTHS,
    seconds = Math.max(...times) - Math.min(...times),
    perMinute = seconds > 0 ? (60 * refused) / seconds : 0;
  const { confidence, indicators } = confidenceOf([
    ['the server kept each waiting and then said the same', 40],
    ['what was sent had different lengths, as different passwords have', isMany ? 15 : 0],
    ['quicker than somebody types', perMinute >= 6 ? 8 : 0],
    ['many times the threshold', Math.min(10, 5 * Math.log2(refused / values.failures))],
    ['always of one length: perhaps one password', isMany ? 0 : -10],
  ]);
  return {
    technique: `${protocol}-tls`,
    what: label,
    severity: isMany ? 'medium' : 'low',
    confidence,
    title: `${client} seems to guess passwords at ${server} over ${label}: ${refused} times${seconds > 0 ? ` in ${durationText(seconds)}` : ''}`,
    description: `${plural(refused, 'request')} of ${client} in ${plural(sessions, 'connection')} ${refused === 1 ? 'was' : 'were'} answered late, each time with about the same few bytes, and nothing went on behind (threshold ${values.failures} within ${values.windowMinutes} minutes): that is how refused logins look. TLS hides what was said; this is judged by lengths and times alone.`,
    subjects: [
      { role: 'attacker', address: client },
      { role: 'victim', address: server, port: serverPort },
    ],
    ...evidence.proof,
    indicators: [
      { name: 'requests that look like refused logins', value: refused, threshold: values.failures, unit: 'logins' },
      { name: 'different lengths of them', value: lengths.size, threshold: DIFFERENT_LENGTHS },
      { name: 'other connections', value: others },
      ...indicators,
    ],
    alternatives: [
      'A program with a password that was changed.',
      'A program that only checks the passwords of its users at a slow mail server, and leaves.',
    ],
    filter: `${addressFilter(client, server)} && tcp.port == ${serverPort} && tls`,
    attack: ['T1110.001', 'T1110'],
    recommendation: `Look into the log of ${server} for failed logins of ${client}: what TLS hides here stands there. Let it slow down or lock out after failures.`,
  };
}
