/**
 * Data in DNS names that is spread over many domains, so that no single one is asked for much: below each there are a few long names like random, and
 * nobody goes where they lead.
 */
import type { CaptureState } from '../captureState.ts';
import { bytesText, countText } from '../describe.ts';
import type { FindingDraft } from '../detector.ts';
import { safeText } from '../exports/safeText.ts';
import type { Domain } from './dnsDomains.ts';
import { MOST_EVIDENCE } from './measures.ts';
import { addressFilter, confidenceOf } from './watched.ts';

export interface SpreadOptions {
  readonly spreadNames: number;
  readonly spreadDomains: number;
  readonly spreadLength: number;
}

/** Bits per character: hexadecimal digits reach 4, base 32 reaches 5; words of people stay near 3.5. */
const LEAST_BITS = 3.6,
  /** Names below each domain, on average: somebody has to own the domains, so that there are fewer of them than of names. */
  LEAST_EACH = 3,
  MOST_NAMED = 5;

interface Spread {
  readonly domains: Domain[];
  names: number;
  characters: number;
}

export function spreadFindings(
  values: SpreadOptions,
  state: CaptureState,
  domains: Iterable<Domain>,
  areUsed: (answers: ReadonlySet<string>) => boolean,
): FindingDraft[] {
  const clients = new Map<string, Spread>();
  for (const domain of domains) {
    const { queries, characters, entropy, clients: askers, services, lookedAt, coded } = domain;
    if (askers.size !== 1 || characters < queries * values.spreadLength || entropy < queries * LEAST_BITS || services > 0) continue;
    if (lookedAt === 0 || coded * 10 < lookedAt * 8) continue;
    const [client = ''] = askers;
    let spread = clients.get(client);
    if (spread === undefined) clients.set(client, (spread = { domains: [], names: 0, characters: 0 }));
    spread.domains.push(domain);
    spread.names += domain.differentNames;
    spread.characters += characters;
  }
  return [...clients]
    .filter(([, { domains: all, names }]) => all.length >= values.spreadDomains && names >= Math.max(values.spreadNames, LEAST_EACH * all.length))
    .filter(([, { domains: all }]) => !areUsed(new Set(all.flatMap(({ addresses }) => [...addresses]))))
    .map(([client, spread]) => draft(values, state, client, spread));
}

function draft(values: SpreadOptions, state: CaptureState, client: string, { domains, names, characters }: Spread): FindingDraft {
  const busiest = [...domains].sort((a, b) => b.queries - a.queries),
    queries = domains.reduce((sum, one) => sum + one.queries, 0),
    length = characters / queries,
    proofs = busiest.map(({ evidence }) => evidence.resolve(state.flows).proof),
    times = (which: 'firstSeen' | 'lastSeen'): string[] => proofs.flatMap((one) => one[which] ?? []).sort(),
    named = busiest.slice(0, MOST_NAMED).map(({ name }) => safeText(name, 60)),
    { confidence, indicators } = confidenceOf([
      ['long names like random below many domains, each asked for a little', 55],
      ['many times the threshold', Math.min(15, 5 * Math.log2(names / values.spreadNames))],
      ['names longer than people choose', length >= 40 ? 10 : 0],
    ]);
  return {
    technique: 'spread',
    severity: 'medium',
    confidence,
    title: `${client} may carry data in DNS names spread over ${countText(domains.length)} domains: ${countText(names)} different ones`,
    description: `${countText(queries)} queries asked for ${countText(names)} different names (threshold ${values.spreadNames}) below ${countText(domains.length)} domains (threshold ${values.spreadDomains}), ${length.toFixed(0)} characters long on average (threshold ${values.spreadLength}) and like random; no other host asked below these domains. ${bytesText(characters)} of names went out.`,
    subjects: [{ role: 'client', address: client }],
    firstSeen: times('firstSeen')[0] ?? null,
    lastSeen: times('lastSeen').at(-1) ?? null,
    frames: [...new Set(proofs.flatMap(({ frames }) => frames.slice(0, 20)))].sort((a, b) => a - b).slice(0, MOST_EVIDENCE),
    framesTotal: queries,
    flows: [...new Set(proofs.flatMap(({ flows }) => flows))].slice(0, MOST_EVIDENCE),
    indicators: [
      { name: 'different names', value: names, threshold: values.spreadNames, unit: 'names' },
      { name: 'domains', value: domains.length, threshold: values.spreadDomains },
      { name: 'mean length', value: Number(length.toFixed(1)), threshold: values.spreadLength, unit: 'characters' },
      { name: 'asked for most', value: named.join(', ') },
      ...indicators,
    ],
    alternatives: ['Look-ups of an antivirus or of reputation in many lists at once, or a crawler on pages whose hosts have names made by programs.'],
    filter: `${addressFilter(client)} && dns.flags.response == 0`,
    attack: ['T1071.004', 'T1048.003'],
    recommendation: `Find out which program on ${client} asks for these names, and keep the queries: what was carried can often be decoded. Look at who owns ${named.join(', ')}.`,
  };
}
