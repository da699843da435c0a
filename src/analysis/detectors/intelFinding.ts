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
  readonly how: 'spoke with' | 'said' | 'asked for' | 'passed';
  /** What passed, where a file matched. */
  readonly file: ListedFile | null;
  /** What matched, as the capture has it. */
  readonly seen: Set<string>;
  readonly evidence: Evidence;
  isAnswered: boolean;
  /** Null where a message matched. */
  packets: number | null;
}

export interface ListedFile {
  readonly sender: string;
  readonly receiver: string;
  readonly name: string;
  /** Wireshark's name of the protocol. */
  readonly carrier: string;
}

const WHAT: Readonly<Record<IntelType, string>> = {
  address: 'the address',
  network: 'the network',
  domain: 'the name',
  url: 'the URL',
  sha256: 'the SHA-256',
  sha1: 'the SHA-1',
  md5: 'the MD5',
  ja3: 'the JA3',
  ja4: 'the JA4',
};

export function draftMatch(match: Match, state: CaptureState): FindingDraft {
  const { entry, client, server, port, seen, evidence, isAnswered, packets } = match,
    value = safeText(entry.value, 200),
    isFingerprint = isFingerprintOf(entry);
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
    description: `${safeText(entry.from, 80)} lists ${WHAT[entry.type]} ${value}${entry.note === '' ? '' : ` (${safeText(entry.note, 160)})`}. ${outcomeOf(match)}`,
    subjects: subjectsOf(match),
    ...evidence.resolve(state.flows).proof,
    indicators: [
      { name: 'listed', value },
      { name: 'list', value: safeText(entry.from, 80) },
      ...[...seen].map((text) => ({ name: 'seen', value: safeText(text, 200) })),
      ...(packets === null ? [] : [{ name: 'packets', value: packets }]),
      ...indicators,
    ],
    alternatives: alternativesOf(match),
    filter: filterOf(client, server, port, match, state),
    attack: [],
    recommendation: recommendationOf(match),
    observables: observablesOf(match),
  };
}

function outcomeOf({ how, isAnswered, file }: Match): string {
  if (file !== null) return `All of it passed from ${file.sender} to ${file.receiver} (${file.carrier}).`;
  if (isAnswered) return 'There was an answer.';
  return how === 'asked for' ? 'The name was looked up; whether it was called is another matter.' : 'Nobody answered.';
}

const isFingerprintOf = ({ type }: IntelEntry): boolean => type === 'ja3' || type === 'ja4';

function alternativesOf({ entry, listed, how, file }: Match): string[] {
  if (file !== null) return ['It is there for a reason: lists also hold tools of administrators, and samples that somebody studies.'];
  const why =
    how === 'asked for'
      ? 'A resolver asks on behalf of others, or a mail or security program checks a name.'
      : isFingerprintOf(entry)
        ? 'Other programs with the same TLS library have the same fingerprint.'
        : listed === 'client'
          ? 'Scanners of the whole Internet knock on every door.'
          : 'Many names share one address of a hosting company.';
  return ['The list is old: addresses and names change hands.', why];
}

function recommendationOf({ listed, client, file }: Match): string {
  if (file !== null)
    return `Find the file on ${file.receiver} and see whether it was opened there, and where ${file.sender} has it from; look for its hash elsewhere.`;
  return listed === 'client'
    ? `See what ${client} wanted and got, and block it if it has no business here.`
    : `Find out which program on ${client} did this, and look for the same elsewhere.`;
}

function severityOf({ entry, listed, how, isAnswered }: Match): Severity {
  if (isFingerprintOf(entry) || how === 'asked for') return 'medium';
  if (listed === 'client') return isAnswered ? 'medium' : 'low';
  return isAnswered ? 'high' : 'medium';
}

function titleOf({ entry, listed, client, server, how, file }: Match, value: string): string {
  if (file !== null)
    return `${file.sender} sent ${file.receiver} ${safeText(file.name, 60)}, whose ${WHAT[entry.type].replace('the ', '')} a list names`;
  if (how === 'asked for') return `${client} looks up ${value}, which a list names`;
  if (listed === 'client') return `${client}, which a list names, calls ${server ?? ''}`;
  if (listed === 'server') return `${client} calls ${server ?? ''}, which a list names`;
  return `${client} and ${server ?? ''}: a list names ${WHAT[entry.type]} ${value}`;
}

function deedOf({ listed, how, client, file }: Match): string {
  if (file !== null) return file.receiver === client ? 'fetched a file that a list has[ from {whom}]' : 'sent a file that a list has[ to {whom}]';
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
