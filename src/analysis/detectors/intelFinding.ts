/** What a match of a list is told as. */
import type { CaptureState } from '../captureState.ts';
import type { FindingDraft } from '../detector.ts';
import { safeText } from '../exports/safeText.ts';
import type { Observable } from '../indicatorsOfCompromise.ts';
import type { IntelEntry, IntelType } from '../intelEntries.ts';
import type { Severity, Subject } from '../report.ts';
import { addressFilter, confidenceOf, type Evidence } from './watched.ts';

export interface Match {
  readonly entry: IntelEntry;
  /** Which end of the flow is listed; null where a message matched. */
  readonly listed: 'client' | 'server' | null;
  readonly client: string;
  /** Null for a look-up: whoever answered it has no part in it. */
  readonly server: string | null;
  readonly port: number;
  readonly how: 'spoke with' | 'said' | 'asked for';
  /** What matched, as the capture has it. */
  readonly seen: Set<string>;
  readonly evidence: Evidence;
  isAnswered: boolean;
  /** Null where a message matched. */
  packets: number | null;
}

const WHAT: Readonly<Record<IntelType, string>> = {
  address: 'the address',
  network: 'the network',
  domain: 'the name',
  url: 'the URL',
  sha256: 'the SHA-256',
  ja3: 'the JA3',
  ja4: 'the JA4',
};

export function draftMatch(match: Match, state: CaptureState): FindingDraft {
  const { entry, listed, client, server, port, seen, evidence, isAnswered, packets } = match,
    value = safeText(entry.value, 200),
    isFingerprint = entry.type === 'ja3' || entry.type === 'ja4';
  const { confidence, indicators } = confidenceOf([
    [`in the list ${safeText(entry.from, 80)}`, isFingerprint ? 50 : 60],
    ['named exactly, not as part of a network', entry.type === 'network' || isFingerprint ? 0 : 10],
    ['answered', isAnswered ? 10 : 0],
  ]);
  return {
    technique: `${entry.type} ${entry.value}`,
    deed: deedOf(match),
    severity: severityOf(match),
    confidence,
    title: titleOf(match, value),
    description: `${safeText(entry.from, 80)} lists ${WHAT[entry.type]} ${value}${entry.note === '' ? '' : ` (${safeText(entry.note, 160)})`}. ${isAnswered ? 'There was an answer.' : match.how === 'asked for' ? 'The name was looked up; whether it was called is another matter.' : 'Nobody answered.'}`,
    subjects: subjectsOf(match),
    ...evidence.resolve(state.flows).proof,
    indicators: [
      { name: 'listed', value },
      { name: 'list', value: safeText(entry.from, 80) },
      ...[...seen].map((text) => ({ name: 'seen', value: safeText(text, 200) })),
      ...(packets === null ? [] : [{ name: 'packets', value: packets }]),
      ...indicators,
    ],
    alternatives: [
      'The list is old: addresses and names change hands.',
      match.how === 'asked for'
        ? 'A resolver asks on behalf of others, or a mail or security program checks a name.'
        : isFingerprint
          ? 'Other programs with the same TLS library have the same fingerprint.'
          : listed === 'client'
            ? 'Scanners of the whole Internet knock on every door.'
            : 'Many names share one address of a hosting company.',
    ],
    filter: filterOf(client, server, port, match, state),
    attack: [],
    recommendation:
      listed === 'client'
        ? `See what ${client} wanted and got, and block it if it has no business here.`
        : `Find out which program on ${client} did this, and look for the same elsewhere.`,
    observables: observablesOf(match),
  };
}

function severityOf({ entry, listed, how, isAnswered }: Match): Severity {
  if (entry.type === 'ja3' || entry.type === 'ja4' || how === 'asked for') return 'medium';
  if (listed === 'client') return isAnswered ? 'medium' : 'low';
  return isAnswered ? 'high' : 'medium';
}

function titleOf({ entry, listed, client, server, how }: Match, value: string): string {
  if (how === 'asked for') return `${client} looks up ${value}, which a list names`;
  if (listed === 'client') return `${client}, which a list names, calls ${server ?? ''}`;
  if (listed === 'server') return `${client} calls ${server ?? ''}, which a list names`;
  return `${client} and ${server ?? ''}: a list names ${WHAT[entry.type]} ${value}`;
}

function deedOf({ listed, how }: Match): string {
  if (how === 'asked for') return 'looked up a name that a list has';
  return listed === 'client' ? 'called {whom} from an address that a list has' : 'called what a list has[: {whom}]';
}

function subjectsOf({ listed, client, server, port }: Match): Subject[] {
  const other = server === null ? [] : [{ address: server, ...(port === 0 ? {} : { port }) }];
  if (listed === 'client') return [{ role: 'attacker', address: client }, ...other.map((one) => ({ role: 'victim' as const, ...one }))];
  return [{ role: 'client', address: client }, ...other.map((one) => ({ role: 'server' as const, ...one }))];
}

function filterOf(client: string, server: string | null, port: number, { listed, entry }: Match, state: CaptureState): string {
  if (server === null) return `${addressFilter(client)} && dns.qry.name contains "${entry.value}"`;
  const ends = addressFilter(client, server);
  return listed !== null || port === 0 || state.packets === 0 ? ends : `${ends} && (tcp.port == ${port} || udp.port == ${port})`;
}

function observablesOf({ entry, listed, client, server, seen }: Match): Observable[] {
  const { type, value } = entry;
  switch (type) {
    case 'address':
    case 'network': {
      const address = (listed === 'client' ? client : server) ?? '';
      return [{ type: address.includes(':') ? 'ipv6' : 'ipv4', value: address }];
    }
    case 'domain':
      return [...seen].map((name) => ({ type: 'domain', value: name }));
    case 'url':
      return [{ type: 'url', value: `http://${value}` }];
    default:
      return [{ type, value }];
  }
}
