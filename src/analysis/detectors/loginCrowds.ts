/** A few passwords from each of many addresses at one login: one who knows that a server locks out addresses, or a botnet. */
import { durationText, plural, protocolLabel } from '../describe.ts';
import type { FindingDraft } from '../detector.ts';
import { safeText } from '../exports/safeText.ts';
import { isEnough, isGuessing, isStale, loginFilter, type GuessingOptions } from './guessing.ts';
import type { LoginPair } from './loginPair.ts';
import { addressFilter, confidenceOf, proofOfAll } from './watched.ts';

/** Fewer are the devices of one person. */
const LEAST_CLIENTS = 5,
  /** More are needed where failures are told by the size of sessions, and who logs in is encrypted. */
  LEAST_BY_SIZE = 10,
  /** Users that a client must have tried where each has its own: a person is one. */
  LEAST_USERS = 2,
  MOST_NAMED = 10;

/** One login, or one server where every client tries several. */
interface Crowd {
  readonly user: string | null;
  readonly pairs: readonly LoginPair[];
}

export function crowdFindings(values: GuessingOptions, pairs: readonly LoginPair[]): FindingDraft[] {
  const servers = new Map<string, LoginPair[]>();
  for (const pair of pairs) {
    // Whoever got in has mistyped, and who guesses alone is told already.
    if (pair.failed === 0 || pair.accepted > 0 || isGuessing(values, pair)) continue;
    // Over SSH keys that a server does not take fail, too; over Remote Desktop whoever only looks at the login.
    if (pair.bySize && (pair.protocol !== 'ssh' || pair.mayBeKeys)) continue;
    const key = `${pair.ends.server} ${pair.ends.serverPort} ${pair.protocol}`,
      at = servers.get(key);
    if (at === undefined) servers.set(key, [pair]);
    else at.push(pair);
  }
  return [...servers.values()].filter((at) => at.length >= LEAST_CLIENTS).flatMap((at) => crowdsAt(at).flatMap((crowd) => told(values, crowd)));
}

function crowdsAt(pairs: readonly LoginPair[]): Crowd[] {
  const single = new Map<string, LoginPair[]>();
  for (const pair of pairs) {
    if (pair.users.size > 1) continue;
    const [user = ''] = pair.users,
      same = single.get(user);
    if (same === undefined) single.set(user, [pair]);
    else same.push(pair);
  }
  return [...[...single].map(([user, of]) => ({ user, pairs: of })), { user: null, pairs: pairs.filter(({ users }) => users.size >= LEAST_USERS) }];
}

function told(values: GuessingOptions, crowd: Crowd): FindingDraft[] {
  const { pairs } = crowd,
    failed = pairs.reduce((sum, one) => sum + one.failed, 0),
    times = pairs.flatMap((one) => one.times);
  return pairs.length >= leastOf(pairs) && isEnough(values, values.failures, failed, times) ? [draft(values, crowd, failed, times)] : [];
}

const leastOf = (pairs: readonly LoginPair[]): number => (pairs[0]?.bySize === true ? LEAST_BY_SIZE : LEAST_CLIENTS);

/** Programs on many machines that share an account whose password was changed: the same from all of them, or each over and over. */
function arePrograms(pairs: readonly LoginPair[]): boolean {
  const known = new Set(pairs.flatMap(({ secrets }) => (secrets === null || secrets.size === 0 ? [''] : [...secrets])));
  return (known.size === 1 && !known.has('')) || pairs.every((pair) => pair.failed > 1 && isStale(pair));
}

function draft(values: GuessingOptions, { user, pairs }: Crowd, failed: number, times: readonly number[]): FindingDraft {
  const { protocol, ends } = pairs[0]!,
    { server, serverPort } = ends,
    label = protocolLabel(protocol),
    areStale = arePrograms(pairs),
    isHidden = pairs[0]!.bySize,
    least = leastOf(pairs),
    who = isHidden ? 'users that SSH encrypts' : user === null ? 'several users each' : user === '' ? 'the same login' : safeText(user, 40),
    sorted = [...times].sort((a, b) => a - b),
    seconds = sorted.length === 0 ? null : sorted.at(-1)! - sorted[0]!;
  const { confidence, indicators } = confidenceOf([
    ['refused from many addresses', 60],
    ['many times the threshold', Math.min(10, 5 * Math.log2(failed / values.failures))],
    ['more addresses than it takes', Math.min(10, 5 * Math.log2(pairs.length / least))],
    ['failures told by the size of sessions', isHidden ? -15 : 0],
    ['every address tries several users', user === null ? 8 : 0],
    ['the same from everywhere: perhaps a program on many machines', areStale ? -30 : 0],
  ]);
  return {
    technique: `${protocol}-many-clients`,
    what: label,
    severity: areStale ? 'low' : 'medium',
    confidence,
    title: `${plural(pairs.length, 'address', 'addresses')} guess passwords at ${server} over ${label}: ${who}, ${failed} times${seconds === null ? '' : ` in ${durationText(seconds)}`}`,
    description: `${plural(failed, `${label} login`)} from ${plural(pairs.length, 'address', 'addresses')} failed (threshold ${values.failures} from ${least} within ${values.windowMinutes} minutes), none of them worked${
      user === null ? '; each tried several users' : user === '' ? '' : `, all as ${safeText(user, 40)}`
    }. None of the addresses has failed often enough to be told by itself.${isHidden ? ' What SSH encrypts was told by its length.' : ''}`,
    subjects: [
      { role: 'victim', address: server, port: serverPort },
      ...pairs.slice(0, MOST_NAMED).map((pair) => ({ role: 'attacker' as const, address: pair.ends.client })),
    ],
    ...proofOfAll(pairs.map(({ evidence }) => evidence)),
    indicators: [
      { name: 'failed logins', value: failed, threshold: values.failures, unit: 'logins' },
      { name: 'addresses', value: pairs.length, threshold: least },
      { name: 'logins that worked', value: 0 },
      ...indicators,
    ],
    alternatives: ['Programs on many machines that share an account whose password was changed.', 'A user who is logged in on many machines.'],
    filter: loginFilter(addressFilter(server), protocol, serverPort),
    attack: [user === null ? 'T1110.003' : 'T1110.001', 'T1110'],
    recommendation: `Look at ${user === null || user === '' ? 'the accounts' : `the account ${safeText(user, 40)}`} at ${server}: whether somebody got in since, and from where. Ask for a second factor, and let ${server} count failures by account, not only by address.`,
  };
}
