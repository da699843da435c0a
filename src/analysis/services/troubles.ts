/**
 * What did not work, service by service, for people who look after services: no threats, and judged from the same rows as Services show. Left out is what
 * somebody brought about who is accused of something else (a scan is refused by whoever it asks), and what may only look so because the capture has not seen it.
 */
import { countText, durationText, plural, protocolLabel } from '../describe.ts';
import type { Service, ServiceOutcome } from '../engineApi.ts';
import type { Finding, ServiceProblem, ServiceTrouble } from '../report.ts';
import type { ServicesFound } from './serviceTally.ts';

/** Seconds from which people feel that they wait: https://www.nngroup.com/articles/response-times-3-important-limits/ */
export const SLOW_SECONDS = 1;
/** One alone is told from here on. */
const VERY_SLOW_SECONDS = 3;
/** So many answers say what is usual, and so many how many are not. */
const FEW_ANSWERS = 3,
  USUAL_ANSWERS = 20;
/** Packets that were sent again, and their share, from which a connection is felt to be slow. */
const MANY_SENT_AGAIN = 10,
  LARGE_SHARE_SENT_AGAIN = 0.03;
const MANY_ZERO_WINDOWS = 5;
/** Answers that blame the client say that a service does not work for it where they are at least so many, and half of all. */
const MANY_CLIENT_ERRORS = 4;
/** A log-in that is asked for: 401 comes before most of them. */
const ASKS_FOR_LOGIN: ReadonlySet<string> = new Set(['401', '407']);
/** Protocols in which a client waits for the answer to what it has asked; in others it may be silent for as long as it likes. */
const WAITS: ReadonlySet<string> = new Set([
  ...[
    'http',
    'dns',
    'smb',
    'smb2',
    'mysql',
    'pgsql',
    'tds',
    'ldap',
    'cldap',
    'kerberos',
    'radius',
    'snmp',
    'ntp',
    'redis',
    'resp',
    'memcache',
    'mongo',
    'dhcp',
    'dhcpv6',
  ],
]);
const MOST_REASONS = 3;

/** Worst first: those of whom most did not get what they wanted. */
export function troublesOf(
  { services, clients }: ServicesFound,
  findings: readonly Finding[],
  { isOneWay }: { readonly isOneWay: boolean },
): readonly ServiceTrouble[] {
  const attacked = new Set(
    findings.flatMap(({ subjects }) =>
      subjects.flatMap(({ role, address, port }) => (role === 'victim' ? [port === undefined ? address : `${address} ${port}`] : [])),
    ),
  );
  /** What comes of an attack is told by its finding: closed ports, a full backlog, answers that nobody asked for. */
  const isToldElsewhere = ({ address, port }: Service, { kind }: ServiceProblem): boolean =>
    (kind === 'failed' || kind === 'unanswered') && (attacked.has(address) || attacked.has(`${address} ${port}`));
  const accused = new Set(
    findings.flatMap(({ subjects }) => subjects.flatMap(({ role, address }) => (role === 'attacker' || role === 'spoofed' ? [address] : []))),
  );
  const isBroughtAbout = (id: string): boolean => {
    const all = [...(clients.get(id) ?? [])],
      ofAccused = all.filter((client) => accused.has(client)).length;
    return ofAccused > 0 && ofAccused * 2 >= all.length;
  };
  return services
    .filter(({ id }) => !isBroughtAbout(id))
    .flatMap((service): { readonly weight: number; readonly trouble: ServiceTrouble }[] => {
      const problems = problemsOf(service, isOneWay).filter((problem) => !isToldElsewhere(service, problem));
      if (problems.length === 0) return [];
      const { id, layer, address, port, names, service: protocol } = service;
      const title = `${protocol === null ? layer.toUpperCase() : protocolLabel(protocol)} at ${address} port ${port}`;
      return [{ weight: weightOf(problems), trouble: { id, layer, address, port, title, names: names.slice(0, 3), service: protocol, problems } }];
    })
    .sort((a, b) => b.weight - a.weight)
    .map(({ trouble }) => trouble);
}

/** How many were let down, weighed by which share of all they are: one of one is worse than ten of a thousand. */
const weightOf = (problems: readonly ServiceProblem[]): number => Math.max(...problems.map(({ times, of }) => (times * times) / Math.max(1, of)));

/** Where many connections were captured from one side, silence says nothing. */
function problemsOf(service: Service, isOneWay: boolean): ServiceProblem[] {
  return [
    failures(service, isOneWay),
    isOneWay ? null : silence(service),
    errors(service),
    slowness(service),
    losses(service),
    fullBuffers(service),
  ].filter((problem) => problem !== null);
}

function failures(service: Service, isOneWay: boolean): ServiceProblem | null {
  const { connections, refused, unreachable, failedTls, mayBeAnswered, unansweredRequests } = service,
    // Of what may have been answered requests are taken first: what is left was a connection.
    unanswered = isOneWay ? 0 : Math.max(0, service.unanswered - Math.max(0, mayBeAnswered - unansweredRequests));
  const ways = [
      { times: refused, how: 'refused' },
      { times: unreachable, how: 'unreachable' },
      { times: unanswered, how: 'not answered' },
      { times: failedTls, how: 'failed in TLS' },
    ].filter(({ times }) => times > 0),
    times = ways.reduce((sum, way) => sum + way.times, 0);
  if (times === 0) return null;
  const of = connections ?? times,
    what = connections === null ? plural(times, 'datagram') : share(times, of, 'connection');
  return {
    kind: 'failed',
    times,
    of,
    text: `${what} ${wayText(ways, times)}${because(service)}`,
    frame: firstFrame(service, 'trouble'),
  };
}

function wayText(ways: readonly { readonly times: number; readonly how: string }[], times: number): string {
  if (ways.length > 1) return `came to nothing: ${ways.map((way) => `${countText(way.times)} ${way.how}`).join(', ')}`;
  const { how } = ways[0]!;
  return how.startsWith('failed') ? how : `${times === 1 ? 'was' : 'were'} ${how}`;
}

function silence(service: Service): ServiceProblem | null {
  const { requests, unansweredRequests, unfinishedAnswers, mayBeAnswered } = service,
    times = Math.max(0, unansweredRequests - mayBeAnswered);
  if (times === 0) return null;
  const of = requests ?? times,
    isBegun = unfinishedAnswers >= unansweredRequests,
    begun = !isBegun ? '' : `, ${times === 1 ? 'though the answer' : 'though the answers'} had begun`;
  return {
    kind: 'unanswered',
    times,
    of,
    text: `${share(times, of, 'request')} got no ${unfinishedAnswers === 0 ? '' : 'whole '}answer${begun}${because(service)}`,
    frame: firstFrame(service, 'trouble'),
  };
}

function errors(service: Service): ServiceProblem | null {
  const said = service.outcomes.filter(({ kind }) => kind === 'error'),
    asked = timesAsked(service),
    ofServer = said.filter(({ isOfClient }) => isOfClient !== true),
    ofClient = said.filter(({ isOfClient, what }) => isOfClient === true && !ASKS_FOR_LOGIN.has(what)),
    blamed = sum(ofClient) >= MANY_CLIENT_ERRORS && sum(ofClient) * 2 >= asked ? ofClient : [],
    told = [...ofServer, ...blamed].sort((a, b) => b.times - a.times),
    times = sum(told);
  if (times === 0) return null;
  const of = Math.max(times, asked);
  return {
    kind: 'errors',
    times,
    of,
    text: `${errorShare(service, times, of)} (${told
      .slice(0, MOST_REASONS)
      .map(({ what, times: often }) => (told.length === 1 ? what : `${what}: ${countText(often)}`))
      .join(', ')})`,
    frame: Math.min(...told.map(({ frame }) => frame)),
  };
}

/** Where requests are not read each answer is to one. */
const timesAsked = ({ requests, answer }: Service): number => requests ?? answer?.count ?? 0;

/** `3 of 12 requests were answered with an error`, `3 of 40 answers were errors` */
function errorShare({ requests }: Service, times: number, of: number): string {
  if (requests !== null) return `${share(times, of, 'request')} ${times === 1 ? 'was' : 'were'} answered with an error`;
  return `${share(times, of, 'answer')} ${times === 1 ? 'was an error' : 'were errors'}`;
}

function slowness({ service, answer }: Service): ServiceProblem | null {
  if (answer === null || service === null || !WAITS.has(service)) return null;
  const { median, p95, max, maxFrame, count } = answer;
  if (median >= SLOW_SECONDS && (count >= FEW_ANSWERS || max >= VERY_SLOW_SECONDS))
    return {
      kind: 'slow',
      times: Math.ceil(count / 2),
      of: count,
      text:
        count === 1
          ? `the only answer took ${durationText(max)}`
          : `the median of ${plural(count, 'answer')} is ${durationText(median)}, the slowest took ${durationText(max)}`,
      frame: maxFrame,
    };
  if (p95 < SLOW_SECONDS || count < USUAL_ANSWERS) {
    if (max < VERY_SLOW_SECONDS) return null;
    return { kind: 'slow', times: 1, of: count, text: `the slowest of ${plural(count, 'answer')} took ${durationText(max)}`, frame: maxFrame };
  }
  return {
    kind: 'slow',
    times: Math.ceil(count / 20),
    of: count,
    text: `5 % of ${plural(count, 'answer')} took ${durationText(p95)} or longer, the slowest ${durationText(max)}`,
    frame: maxFrame,
  };
}

function losses({ retransmissions, packets, layer }: Service): ServiceProblem | null {
  if (layer !== 'tcp' || retransmissions < MANY_SENT_AGAIN || retransmissions < packets * LARGE_SHARE_SENT_AGAIN) return null;
  const text = `${share(retransmissions, packets, 'packet')} ${retransmissions === 1 ? 'was' : 'were'} sent again: lost, or late, on the way`;
  return { kind: 'loss', times: retransmissions, of: packets, text, frame: null };
}

function fullBuffers({ zeroWindows, packets }: Service): ServiceProblem | null {
  if (zeroWindows < MANY_ZERO_WINDOWS) return null;
  const text = `one side could take no more data ${countText(zeroWindows)} times (zero window): a program did not read what had come for it`;
  return { kind: 'full', times: zeroWindows, of: packets, text, frame: null };
}

/** What was said about it, in brackets; nothing where nobody said anything. */
function because({ outcomes }: Service): string {
  const said = outcomes.filter(({ kind }) => kind === 'trouble').slice(0, MOST_REASONS);
  return said.length === 0 ? '' : ` (${said.map(({ what }) => what).join(', ')})`;
}

const firstFrame = ({ outcomes }: Service, kind: ServiceOutcome['kind']): number | null => {
  const frames = outcomes.flatMap((outcome) => (outcome.kind === kind ? [outcome.frame] : []));
  return frames.length === 0 ? null : Math.min(...frames);
};

const sum = (outcomes: readonly ServiceOutcome[]): number => outcomes.reduce((total, { times }) => total + times, 0);

/** `3 of 12 requests`, `all 12 requests`, `the only request` */
function share(times: number, of: number, what: string): string {
  if (times < of) return `${countText(times)} of ${plural(of, what)}`;
  return of === 1 ? `the only ${what}` : of === 2 ? `both ${what}s` : `all ${plural(of, what)}`;
}
