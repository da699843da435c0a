/** A few passwords at each of many servers: one who knows that a server locks out after some failures, or a worm that tries what devices were delivered with. */
import { durationText, plural, protocolLabel } from '../describe.ts';
import type { FindingDraft } from '../detector.ts';
import { isEnough, isGuessing, type GuessingOptions } from './guessing.ts';
import type { LoginPair } from './loginPair.ts';
import { addressFilter, confidenceOf, proofOfAll } from './watched.ts';

/** Fewer are somebody who looks for the server that takes the password. */
const LEAST_SERVERS = 5,
  MOST_NAMED = 10;

export function sprayFindings(values: GuessingOptions, pairs: readonly LoginPair[]): FindingDraft[] {
  const groups = new Map<string, LoginPair[]>();
  for (const pair of pairs) {
    if (isGuessing(values, pair)) continue;
    const key = `${pair.ends.client} ${pair.protocol}`,
      group = groups.get(key);
    if (group === undefined) groups.set(key, [pair]);
    else group.push(pair);
  }
  return [...groups.values()].flatMap((group) => {
    const failing = group.filter(({ failed }) => failed > 0),
      failed = failing.reduce((sum, one) => sum + one.failed, 0),
      accepted = group.reduce((sum, one) => sum + one.accepted, 0),
      times = failing.flatMap((one) => one.times);
    if (
      failing.length < LEAST_SERVERS ||
      100 * failed < values.failedSharePercent * (failed + accepted) ||
      !isEnough(values, values.failures, failed, times)
    )
      return [];
    return [draft(values, failing, failed, accepted, times)];
  });
}

/** Whether the same user and password, or keys, were tried everywhere: what a program for many machines does whose own were changed. */
function isOneForAll(pairs: readonly LoginPair[]): boolean {
  const known = new Set(pairs.flatMap(({ secrets }) => (secrets === null || secrets.size === 0 ? [''] : [...secrets])));
  return pairs.every(({ mayBeKeys }) => mayBeKeys) || (known.size === 1 && !known.has(''));
}

function draft(values: GuessingOptions, pairs: readonly LoginPair[], failed: number, accepted: number, times: readonly number[]): FindingDraft {
  const { protocol, ends } = pairs[0]!,
    label = protocolLabel(protocol),
    users = new Set(pairs.flatMap((pair) => [...pair.users])),
    isProgram = isOneForAll(pairs),
    sorted = [...times].sort((a, b) => a - b),
    seconds = sorted.length === 0 ? null : sorted.at(-1)! - sorted[0]!;
  const { confidence, indicators } = confidenceOf([
    ['refused by many servers', 60],
    ['many times the threshold', Math.min(15, 5 * Math.log2(failed / values.failures))],
    ['quicker than somebody types', seconds !== null && failed >= seconds / 10 ? 8 : 0],
    ['no login worked', accepted === 0 ? 5 : 0],
    ['the same everywhere: perhaps a program for many machines', isProgram ? -30 : 0],
  ]);
  return {
    technique: `${protocol}-many-servers`,
    what: label,
    severity: isProgram ? 'low' : 'medium',
    confidence,
    title: `${ends.client} is refused over ${label} by ${plural(pairs.length, 'server')}: a few passwords at each`,
    description: `${plural(failed, `${label} login`)} of ${ends.client} at ${plural(pairs.length, 'server')} failed (threshold ${values.failures} at ${LEAST_SERVERS} within ${values.windowMinutes} minutes)${seconds === null ? '' : ` in ${durationText(seconds)}`}, ${accepted} worked.`,
    subjects: [
      { role: 'attacker', address: ends.client },
      ...pairs.slice(0, MOST_NAMED).map((pair) => ({ role: 'victim' as const, address: pair.ends.server, port: pair.ends.serverPort })),
    ],
    ...proofOfAll(pairs.map(({ evidence }) => evidence)),
    indicators: [
      { name: 'failed logins', value: failed, threshold: values.failures, unit: 'logins' },
      { name: 'servers', value: pairs.length, threshold: LEAST_SERVERS },
      { name: 'logins that worked', value: accepted },
      { name: 'users tried', value: protocol === 'ssh' ? 'encrypted' : users.size },
      ...indicators,
    ],
    alternatives: ['A program that looks after many machines, with a password that was changed.', 'A test of your own network.'],
    filter: `${addressFilter(ends.client)} && ${protocol === 'rdp' ? 'tcp.port == 3389' : protocol}`,
    attack: ['T1110.003', 'T1110'],
    recommendation: `Find out what ${ends.client} is; if it is not yours, block it, and look whether one of the servers let it in.`,
  };
}
