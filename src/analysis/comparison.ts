/**
 * Two captures side by side: what an engineer asks whose network worked yesterday, and an analyst who wants to know what is new. Pure: made from what two
 * sessions answer. Nothing is said to be gone or new that was not looked at; `notes` say what may be absent only because a capture is shorter, cut or filtered.
 */
import { compareFindings, FINDING_RULES } from './comparedFindings.ts';
import { addressMatches, compareDevices, compareHosts, HOST_RULES } from './comparedHosts.ts';
import { differencesOf, NOWHERE, shareText, type Change, type ComparedItem, type Differences } from './comparedLists.ts';
import { compareServices, SERVICE_RULES } from './comparedServices.ts';
import { bytesText, countText, listText, plural, protocolLabel } from './describe.ts';
import type { EngineMethods, Selection, Service } from './engineApi.ts';
import { notesOf, notesOfBoth, verdictOf } from './comparisonNotes.ts';
import type { Inventory } from './inventory.ts';
import type { Endpoint, Report, Timestamp } from './report.ts';

/** Hosts of each kind that are looked at, the largest. */
const MOST_HOSTS = 50_000,
  PAGE = 10_000;
/** Points by which a share of packets or bytes must have moved. */
const SHARE_POINTS = 5;

/** What is known of one of the two. */
export interface ComparedSide {
  /** Untrusted text. */
  readonly name: string;
  readonly report: Report;
  readonly services: readonly Service[];
  readonly inventory: Inventory;
  /** By IP address and by MAC address, those with most bytes first; a row for each depth of tunnels. */
  readonly hosts: readonly Endpoint[];
  readonly devices: readonly Endpoint[];
  /** Sentences about what was not followed or kept. */
  readonly limits: readonly string[];
}

export interface ComparedCapture {
  readonly name: string;
  readonly headline: string;
  readonly statusText: string;
  readonly riskScore: number;
  readonly packets: number;
  readonly originalBytes: number;
  readonly startTime: Timestamp;
  readonly endTime: Timestamp;
  readonly durationSeconds: number | null;
}

/** A number of both; null where a capture cannot say. */
export interface Figure {
  readonly name: string;
  readonly unit: 'count' | 'bytes' | 'seconds' | 'per second' | 'bytes per second' | 'percent' | 'score';
  readonly first: number | null;
  readonly second: number | null;
}

/** What is compared, in the order in which it is told. */
export const COMPARED_LISTS = ['findings', 'services', 'lookups', 'serverNames', 'hosts', 'devices', 'software', 'protocols'] as const;
export type ComparedList = (typeof COMPARED_LISTS)[number];

export interface Comparison {
  readonly schema: 1;
  readonly first: ComparedCapture;
  readonly second: ComparedCapture;
  /** The display filter that both were looked at through; empty for none. */
  readonly filter: string;
  /** One sentence, without names. */
  readonly verdict: string;
  readonly figures: readonly Figure[];
  readonly lists: Readonly<Record<ComparedList, Differences>>;
  /** How hosts of one were found in the other. */
  readonly matching: readonly string[];
  /** Why something may be absent without being gone: where the two were not looked at in the same way. */
  readonly notes: readonly string[];
  /** What could be examined of neither. */
  readonly notesOfBoth: readonly string[];
  /** When a difference is worth saying. */
  readonly rules: readonly string[];
}

export const COMPARISON_RULES: readonly string[] = [
  ...FINDING_RULES,
  ...SERVICE_RULES,
  ...HOST_RULES,
  `Protocols: those in one only, and those whose share of packets or bytes moved by ${SHARE_POINTS} points. Each packet counts once.`,
];

type Call = <M extends keyof EngineMethods>(method: M, params: EngineMethods[M][0], signal?: AbortSignal) => Promise<EngineMethods[M][1]>;

/** Asks one session for all it takes. The filter must have been checked. */
export async function readSide(name: string, filter: string, call: Call, signal?: AbortSignal): Promise<ComparedSide> {
  // What is compared is shown to agents, too.
  const selection: Selection = { filter, timeRange: null, hidesSecrets: true },
    query = { selection, search: '', sort: null, offset: 0 };
  const report = await call('report', { selection, limit: Infinity }, signal);
  const endpoints = async (layer: 'ip' | 'ipv6' | 'eth'): Promise<readonly Endpoint[]> => {
    const rows: Endpoint[] = [];
    for (let total = Infinity; rows.length < Math.min(total, MOST_HOSTS);) {
      const page = await call('endpoints', { ...query, layer, offset: rows.length, limit: PAGE }, signal);
      rows.push(...page.rows);
      total = page.rows.length === 0 ? 0 : page.total;
    }
    return rows;
  };
  const hosts = [...(await endpoints('ip')), ...(await endpoints('ipv6'))],
    devices = await endpoints('eth'),
    services = await call('services', { ...query, limit: PAGE }, signal),
    inventory = await call('inventory', { selection }, signal);
  const total = (layer: string): number => report.totals[`endpoints.${layer}`] ?? 0;
  return {
    name,
    report,
    hosts,
    devices,
    services: services.rows,
    inventory,
    limits: [
      ...services.limits,
      ...inventory.limits,
      ...(['ip', 'ipv6', 'eth'] as const).flatMap((layer) =>
        total(layer) > MOST_HOSTS
          ? [`Of ${countText(total(layer))} addresses (${layer}) the ${countText(MOST_HOSTS)} with most bytes were compared.`]
          : [],
      ),
    ],
  };
}

export interface ComparisonOptions {
  readonly filter?: string;
  /** Both are the same file. */
  readonly isSame?: boolean;
}

export function compareSides(first: ComparedSide, second: ComparedSide, { filter = '', isSame = false }: ComparisonOptions = {}): Comparison {
  const matches = addressMatches(first, second);
  const lists: Comparison['lists'] = {
    findings: compareFindings(first, second, matches.alias),
    services: compareServices(first.services, second.services, matches.alias),
    lookups: compareLookups(first, second),
    serverNames: compareServerNames(first, second),
    hosts: compareHosts(first, second, matches),
    devices: compareDevices(first, second),
    software: compareSoftware(first, second),
    protocols: compareProtocols(first.report, second.report),
  };
  return {
    schema: 1,
    first: captureOf(first),
    second: captureOf(second),
    filter,
    verdict: verdictOf(lists, first, second),
    figures: figuresOf(first, second),
    lists,
    matching: matches.sentences,
    notes: notesOf(first, second, filter, isSame),
    notesOfBoth: notesOfBoth(first, second),
    rules: COMPARISON_RULES,
  };
}

/** What there is to compare of one capture, by itself. */
export interface CaptureFacts {
  readonly capture: ComparedCapture;
  readonly linkTypes: readonly string[];
  /** Why it could not be read to its end; null where it was. */
  readonly damage: string | null;
  readonly figures: readonly Figure[];
  readonly lists: Readonly<Record<ComparedList, readonly ComparedItem[]>>;
}

/** What one capture has that a capture of nothing has not. */
export function captureFacts(side: ComparedSide): CaptureFacts {
  const { report } = side,
    nothing: ComparedSide = {
      ...side,
      // Nothing that it lacks is in doubt.
      report: { ...report, findings: [], breakdown: [], coverage: report.coverage.map((one) => ({ ...one, status: 'clean' })) },
      services: [],
      inventory: { lookups: [], called: [], software: [], devices: [], limits: [] },
      hosts: [],
      devices: [],
    };
  const { lists, figures, second } = compareSides(nothing, side);
  return {
    capture: second,
    linkTypes: report.capture.linkTypes,
    damage: report.capture.truncated?.message ?? null,
    figures,
    lists: Object.fromEntries(COMPARED_LISTS.map((name) => [name, lists[name].onlySecond])) as CaptureFacts['lists'],
  };
}

/** The same with shorter lists; totals stay true. */
export function limitComparison(comparison: Comparison, limit: number): Comparison {
  const cut = (list: Differences): Differences => ({
    ...list,
    onlyFirst: list.onlyFirst.slice(0, limit),
    onlySecond: list.onlySecond.slice(0, limit),
    changed: list.changed.slice(0, limit),
  });
  const lists = Object.fromEntries(COMPARED_LISTS.map((name) => [name, cut(comparison.lists[name])])) as Comparison['lists'];
  return { ...comparison, lists };
}

/** How many rows of a list are not there. */
export const leftOut = ({ onlyFirst, onlySecond, changed, totals }: Differences): number =>
  totals.onlyFirst - onlyFirst.length + totals.onlySecond - onlySecond.length + totals.changed - changed.length;

function captureOf({ name, report: { capture, headline, statusText, risk } }: ComparedSide): ComparedCapture {
  const { packets, originalBytes, startTime, endTime, durationSeconds } = capture;
  return { name, headline, statusText, riskScore: risk.score, packets, originalBytes, startTime, endTime, durationSeconds };
}

function figuresOf(first: ComparedSide, second: ComparedSide): Figure[] {
  const figure = (name: string, unit: Figure['unit'], of: (side: ComparedSide) => number | null): Figure => ({
    name,
    unit,
    first: of(first),
    second: of(second),
  });
  const perSecond = (count: number, { report }: ComparedSide): number | null => {
    const { durationSeconds } = report.capture;
    return durationSeconds === null || durationSeconds <= 0 ? null : count / durationSeconds;
  };
  const ofTcp = (count: number, { report }: ComparedSide): number | null => {
    const tcp = report.protocols.find(({ protocol }) => protocol === 'tcp')?.packets ?? 0;
    return tcp === 0 ? null : (count / tcp) * 100;
  };
  return [
    figure('Packets', 'count', ({ report }) => report.capture.packets),
    figure('Bytes on the wire', 'bytes', ({ report }) => report.capture.originalBytes),
    figure('Time span', 'seconds', ({ report }) => report.capture.durationSeconds),
    figure('Packets per second', 'per second', (side) => perSecond(side.report.capture.packets, side)),
    figure('Bytes per second', 'bytes per second', (side) => perSecond(side.report.capture.originalBytes, side)),
    figure('IP addresses that sent', 'count', ({ hosts }) => new Set(hosts.flatMap((one) => (one.packetsSent > 0 ? [one.address] : []))).size),
    figure('TCP conversations', 'count', ({ report }) => report.totals['conversations.tcp'] ?? 0),
    figure('UDP conversations', 'count', ({ report }) => report.totals['conversations.udp'] ?? 0),
    figure('Services', 'count', ({ services }) => services.length),
    figure('TCP retransmissions', 'count', ({ report }) => report.quality.tcpRetransmissions),
    figure('TCP retransmissions, of all TCP packets', 'percent', (side) => ofTcp(side.report.quality.tcpRetransmissions, side)),
    figure('TCP resets', 'count', ({ report }) => report.quality.tcpResets),
    figure('Closed TCP windows', 'count', ({ report }) => report.quality.tcpZeroWindows),
    figure('TCP bytes never captured', 'bytes', ({ report }) => report.quality.tcpGapBytes),
    figure('Malformed packets', 'count', ({ report }) => report.quality.malformedPackets),
    figure('Findings', 'count', ({ report }) => report.findings.filter(({ expected }) => expected === null).length),
    figure('Risk, of 100', 'score', ({ report }) => report.risk.score),
  ].filter((one) => !((one.first ?? 0) === 0 && (one.second ?? 0) === 0) || one.name === 'Packets');
}

function compareProtocols(first: Report, second: Report): Differences {
  const share = (part: number, all: number): number => (all === 0 ? 0 : (part / all) * 100);
  const rows = ({ breakdown, capture }: Report) =>
    breakdown.map((row) => ({ ...row, ofPackets: share(row.packets, capture.packets), ofBytes: share(row.bytes, capture.originalBytes) }));
  return differencesOf(rows(first), rows(second), {
    key: ({ name }) => name,
    item: ({ name, packets, bytes, ofPackets }) => ({
      what: protocolLabel(name),
      detail: `${plural(packets, 'packet')} (${shareText(ofPackets)}), ${bytesText(bytes)}`,
      place: NOWHERE,
      weight: bytes,
    }),
    changes: (a, b) => {
      const found: Change[] = [];
      for (const [what, key] of [
        ['packets', 'ofPackets'],
        ['bytes', 'ofBytes'],
      ] as const) {
        const moved = Math.abs(a[key] - b[key]);
        if (moved >= SHARE_POINTS)
          found.push({
            measure: `share of ${what}`,
            text: `${shareText(a[key])} of all ${what}, then ${shareText(b[key])}`,
            first: a[key],
            second: b[key],
            unit: '%',
            worse: null,
            weight: moved,
          });
      }
      return found;
    },
  });
}

function compareLookups(first: ComparedSide, second: ComparedSide): Differences {
  return differencesOf(first.inventory.lookups, second.inventory.lookups, {
    key: ({ name }) => name,
    item: ({ name, questions, outcome, addresses, frame }) => ({
      what: name,
      detail: [
        questions === 0 ? 'only an answer' : `asked ${times(questions)}`,
        outcome === 'answered' && addresses.length > 0 ? listText(addresses) : outcomeText(outcome),
      ].join(', '),
      place: { ...NOWHERE, frame, filter: nameFilter('dns.qry.name', name) },
      weight: questions,
    }),
    changes: (a, b) => {
      if (a.outcome !== b.outcome)
        return [
          {
            measure: 'answer',
            text: `${outcomeText(a.outcome)}, then ${outcomeText(b.outcome)}`,
            first: a.outcome,
            second: b.outcome,
            unit: '',
            worse: a.outcome === 'answered' ? 'second' : b.outcome === 'answered' ? 'first' : null,
            weight: 100,
          },
        ];
      const isElsewhere = a.addresses.length > 0 && b.addresses.length > 0 && !a.addresses.some((one) => b.addresses.includes(one));
      if (!isElsewhere) return [];
      const [from, to] = [listText(a.addresses), listText(b.addresses)];
      return [{ measure: 'addresses', text: `other addresses: ${from}, then ${to}`, first: from, second: to, unit: '', worse: null, weight: 1 }];
    },
  });
}

const outcomeText = (outcome: string): string => (outcome === 'none' ? 'nothing of that kind' : outcome);

function compareServerNames(first: ComparedSide, second: ComparedSide): Differences {
  return differencesOf(first.inventory.called, second.inventory.called, {
    key: ({ name }) => name,
    item: ({ name, how, servers, times: count, frame }) => ({
      what: name,
      detail: `${listText(how)}, ${times(count)}${servers.length === 0 ? '' : `, at ${listText(servers)}`}`,
      place: { ...NOWHERE, frame, filter: nameFilter(how.includes('TLS') ? 'tls.handshake.extensions_server_name' : 'http.host', name) },
      weight: count,
    }),
    changes: (a, b) => {
      if (a.how.some((one) => b.how.includes(one))) return [];
      const [from, to] = [listText(a.how), listText(b.how)];
      return [{ measure: 'protocol', text: `called over ${from}, then over ${to}`, first: from, second: to, unit: '', worse: null, weight: 1 }];
    },
  });
}

function compareSoftware(first: ComparedSide, second: ComparedSide): Differences {
  return differencesOf(first.inventory.software, second.inventory.software, {
    key: ({ text, source }) => `${source} ${text}`,
    item: ({ text, source, hosts, times: count, frame }) => ({
      what: text,
      detail: `${source}, ${times(count)}, said by ${listText(hosts)}`,
      place: { ...NOWHERE, frame },
      weight: count,
    }),
    changes: () => [],
  });
}

const times = (count: number): string => (count === 1 ? 'once' : `${countText(count)} times`);

/** Names of plain letters only: what else a sender writes is no part of a filter that somebody pastes. */
const nameFilter = (field: string, name: string): string => (/^[a-z0-9._:-]{1,255}$/.test(name) ? `lower(${field}) == "${name}"` : '');
