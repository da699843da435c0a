/** Services of two captures held against each other: which are in one only, and which answer slower, fail more, have more errors or more retransmissions. */
import { differencesOf, NOWHERE, shareText, type Change, type Differences, type Place } from './comparedLists.ts';
import { bytesText, countText, durationText, plural, protocolLabel } from './describe.ts';
import { failedConnections, type Service, type ServiceTimes } from './engineApi.ts';
import { hostFilter } from './hostFilter.ts';

/** Times of both, before the middle one is compared, and before the one that 95 of 100 do not exceed is. */
const LEAST_TIMES = 10,
  LEAST_FOR_P95 = 20;
/** So many times as long, and so much longer. */
const SLOWER_MEDIAN = 1.5,
  SLOWER_P95 = 2,
  SLOWER_SECONDS = 0.001;
/** Connections or requests of both, before shares that failed are compared, and the points between these. */
const LEAST_TRIES = 5,
  FAILING_POINTS = 10;
/** Packets of both, before shares that were sent again are compared, the points between these, and how many times as many. */
const LEAST_PACKETS = 100,
  AGAIN_POINTS = 1,
  AGAIN_TIMES = 2;

export const SERVICE_RULES: readonly string[] = [
  `Times: the middle one ${SLOWER_MEDIAN} times as long, from ${LEAST_TIMES} answers in both; the one that 95 of 100 do not exceed ${SLOWER_P95} times as long, from ${LEAST_FOR_P95}; by ${durationText(SLOWER_SECONDS)} at least.`,
  `Failed connections, unanswered requests and errors: their share differs by ${FAILING_POINTS} points, from ${LEAST_TRIES} tries in both; or in one nobody got in at all, and in the other somebody did.`,
  `Retransmissions: their share of the packets differs by ${AGAIN_POINTS} point and ${AGAIN_TIMES} times, from ${LEAST_PACKETS} packets in both.`,
];

/** `alias` gives an address of the second capture the address that its host has in the first. */
export function compareServices(first: readonly Service[], second: readonly Service[], alias: ReadonlyMap<string, string>): Differences {
  return differencesOf(first, second, {
    key: ({ layer, address, port }, side) => `${layer} ${(side === 'second' ? alias.get(address) : undefined) ?? address} ${port}`,
    item: (row) => ({ what: serviceName(row), detail: detailOf(row), place: placeOf(row), weight: row.packets }),
    changes: changesOf,
  });
}

/** `10.0.0.1:443`, `[::1]:53 UDP`. */
export function serviceName({ layer, address, port }: Pick<Service, 'layer' | 'address' | 'port'>): string {
  return `${address.includes(':') ? `[${address}]` : address}:${port}${layer === 'udp' ? ' UDP' : ''}`;
}

function detailOf(row: Service): string {
  const { service, layer, connections, clients, bytes, requests, names } = row,
    failed = failedConnections(row);
  return [
    service === null ? layer.toUpperCase() : protocolLabel(service),
    ...(names[0] === undefined ? [] : [names[0]]),
    ...(connections === null ? [] : [plural(connections, 'connection')]),
    ...(failed === 0 ? [] : [failed === connections ? 'all failed' : `${countText(failed)} failed`]),
    ...(connections === null && requests !== null ? [plural(requests, 'request')] : []),
    plural(clients, 'client'),
    bytesText(bytes),
  ].join(', ');
}

function placeOf({ layer, address, port }: Service, frame: number | null = null): Place {
  const of = hostFilter(address);
  return { ...NOWHERE, frame, filter: of === null ? '' : `${of} && ${layer}.port == ${port}` };
}

function changesOf(a: Service, b: Service): Change[] {
  return [
    ...failing('connections', 'failed', [a.connections ?? 0, failedConnections(a)], [b.connections ?? 0, failedConnections(b)], true),
    ...failing('requests', 'not answered', [a.requests ?? 0, a.unansweredRequests], [b.requests ?? 0, b.unansweredRequests], a.connections === null),
    ...failing('requests', 'answered with an error', [a.requests ?? 0, a.errors], [b.requests ?? 0, b.errors], false),
    ...slower('answers', a.answer, b.answer),
    ...slower('connecting', a.connect, b.connect),
    ...sentAgain(a, b),
    ...(a.service !== null && b.service !== null && a.service !== b.service
      ? [
          {
            measure: 'protocol',
            text: `speaks ${protocolLabel(a.service)}, then ${protocolLabel(b.service)}`,
            first: a.service,
            second: b.service,
            unit: '',
            worse: null,
            weight: 10,
          },
        ]
      : []),
  ];
}

/** `allCounts`: that nobody succeeds is told of few tries, too. */
function failing(
  tries: string,
  how: string,
  [triesA, failedA]: readonly [number, number],
  [triesB, failedB]: readonly [number, number],
  allCounts: boolean,
): Change[] {
  if (triesA === 0 || triesB === 0) return [];
  const [a, b] = [Math.min(1, failedA / triesA) * 100, Math.min(1, failedB / triesB) * 100],
    isAll = allCounts && (a === 100) !== (b === 100),
    isMore = Math.min(triesA, triesB) >= LEAST_TRIES && Math.abs(a - b) >= FAILING_POINTS;
  if (!isAll && !isMore) return [];
  const of = (count: number, all: number, percent: number): string => `${countText(count)} of ${countText(all)} (${shareText(percent)})`;
  return [
    {
      measure: `${tries} ${how}`,
      text: `${tries} ${how}: ${of(failedA, triesA, a)}, then ${of(failedB, triesB, b)}`,
      first: a,
      second: b,
      unit: '%',
      worse: a < b ? 'second' : 'first',
      weight: 1000 + Math.abs(a - b) + (isAll ? 1000 : 0),
    },
  ];
}

function slower(what: string, a: ServiceTimes | null, b: ServiceTimes | null): Change[] {
  if (a === null || b === null) return [];
  const count = Math.min(a.count, b.count),
    kinds = [
      { key: 'median', words: 'in the middle', least: LEAST_TIMES, factor: SLOWER_MEDIAN },
      { key: 'p95', words: 'for 95 of 100', least: LEAST_FOR_P95, factor: SLOWER_P95 },
    ] as const;
  const found = kinds.flatMap(({ key, words, least, factor }): Change[] => {
    const [x, y] = [a[key], b[key]],
      times = Math.max(x, y) / Math.max(Math.min(x, y), Number.EPSILON);
    if (count < least || times < factor || Math.abs(x - y) < SLOWER_SECONDS) return [];
    return [
      {
        measure: `${what}, ${key}`,
        text: `${what} ${x < y ? 'slower' : 'faster'} ${words}: ${durationText(x)}, then ${durationText(y)} (${countText(a.count)} and ${countText(b.count)} measured)`,
        first: x,
        second: y,
        unit: 's',
        worse: x < y ? 'second' : 'first',
        weight: 100 + Math.min(800, times),
      },
    ];
  });
  // Once is enough, unless the two say the opposite.
  return found.length === 2 && found[0]!.worse === found[1]!.worse ? found.slice(0, 1) : found;
}

function sentAgain(a: Service, b: Service): Change[] {
  if (Math.min(a.packets, b.packets) < LEAST_PACKETS) return [];
  const [x, y] = [(a.retransmissions / a.packets) * 100, (b.retransmissions / b.packets) * 100];
  if (Math.abs(x - y) < AGAIN_POINTS || Math.max(x, y) < Math.min(x, y) * AGAIN_TIMES) return [];
  return [
    {
      measure: 'retransmissions',
      text: `retransmissions: ${countText(a.retransmissions)} (${shareText(x)} of packets), then ${countText(b.retransmissions)} (${shareText(y)})`,
      first: x,
      second: y,
      unit: '%',
      worse: x < y ? 'second' : 'first',
      weight: 50 + Math.abs(x - y),
    },
  ];
}
