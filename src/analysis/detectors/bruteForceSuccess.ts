/** A login that works right behind many that failed: the guessing has found a password. Whoever remembers it at the eleventh try looks the same, only slower. */
import { coverage, examinedAll, unreadableFrames } from '../coverage.ts';
import { plural, protocolLabel } from '../describe.ts';
import { defineDetector, type FindingDraft } from '../detector.ts';
import { safeText } from '../exports/safeText.ts';
import { guessingOptions, loginFilter, SUCCESS_OPTIONS, type GuessingOptions } from './guessing.ts';
import type { LoginPair } from './loginPair.ts';
import { LoginTally } from './loginTally.ts';
import { addressFilter, confidenceOf } from './watched.ts';

/** Failures a minute that nobody types. */
const QUICK_PER_MINUTE = 6;

export const bruteForceSuccess = defineDetector({
  id: 'brute-force-success',
  title: 'Password found by guessing',
  tier: 2,
  deed: 'logged in to {whom} with a guessed {what} password',
  ending: { of: ['brute-force'], text: 'and got in[ over {what}]' },
  description:
    'After many failed logins of one address at one server, one works: somebody has guessed a password. A user who remembers it late does the same, slowly.',
  options: guessingOptions,
  messages: LoginTally.messages,
  collecting: SUCCESS_OPTIONS,
  create(collecting, state) {
    const tally = new LoginTally(collecting, state);
    return {
      onMessage: (message, flow, p) => tally.onMessage(message, flow, p),
      evaluate(values) {
        const { pairs, limits } = tally.pairs(values);
        return {
          findings: pairs
            .filter(({ successes, failed, accepted }) => successes.length > 0 && (100 * failed) / (failed + accepted) >= values.failedSharePercent)
            .map((pair) => draft(values, pair, state.flows)),
          coverage: coverage(examinedAll(state), [...unreadableFrames(state), ...limits]),
        };
      },
    };
  },
});

function draft(values: GuessingOptions, pair: LoginPair, flows: Parameters<LoginPair['evidence']['resolve']>[0]): FindingDraft {
  const { protocol, ends, bySize, evidence, successEvidence, users, successes, failed, accepted } = pair,
    isSsh = protocol === 'ssh',
    { client, server, serverPort } = ends,
    label = protocolLabel(protocol),
    { failedBefore, sessionsBefore, meanwhile, threshold, unit } = successes[0]!,
    guesses = failedBefore + meanwhile,
    { seconds } = evidence,
    isQuick = seconds !== null && failed >= (QUICK_PER_MINUTE * Math.max(seconds, 1)) / 60,
    names = [...new Set(successes.map(({ user }) => user).filter((user) => user !== null))].slice(0, 5).map((user) => safeText(user, 40));
  const { confidence, indicators } = confidenceOf([
    [bySize ? 'a session larger than all that failed' : 'the server accepted a login', bySize ? 50 : 70],
    ['failures quicker than somebody types', isQuick ? 15 : -10],
    ['many times the threshold', Math.min(10, 5 * Math.log2((unit === 'sessions' ? sessionsBefore : guesses) / threshold))],
    ['many users tried', users.size >= 3 ? 5 : 0],
  ]);
  return {
    technique: protocol,
    what: label,
    // Nobody types that quickly: then it is no user who remembered.
    severity: isQuick && !bySize ? 'critical' : 'high',
    confidence,
    title: `${client} logs in at ${server} over ${label} ${meanwhile > 0 ? 'among' : 'after'} ${plural(guesses, 'failed attempt')}`,
    description: `${plural(guesses, isSsh ? 'password' : 'login')} of ${client} at ${server} port ${serverPort} failed (threshold ${threshold}${unit === 'sessions' ? ' sessions' : ''} within ${values.windowMinutes} minutes)${meanwhile > 0 ? `, ${meanwhile} of them while` : ', then'} ${
      bySize ? 'a session went on, as they do when the password fits' : `${successes.length === 1 ? 'one was' : `${successes.length} were`} accepted`
    }${names.length > 0 ? `, as ${names.join(', ')}` : ''}. Treat the account as taken over.`,
    subjects: [
      { role: 'attacker', address: client },
      { role: 'victim', address: server, port: serverPort },
    ],
    ...successEvidence.resolve(flows).proof,
    indicators: [
      unit === 'sessions'
        ? { name: meanwhile > 0 ? 'sessions that failed' : 'sessions that failed before', value: sessionsBefore, threshold, unit }
        : { name: meanwhile > 0 ? 'failed' : 'failed before', value: guesses, threshold, unit: bySize && !isSsh ? 'sessions' : unit },
      { name: 'logins that worked behind them', value: successes.length },
      { name: 'logins that worked at all', value: accepted },
      ...(names.length > 0 ? [{ name: 'users', value: names.join(', ') }] : []),
      ...indicators,
    ],
    alternatives: [
      'A user who forgot the password and remembered it, or had it reset.',
      'A program whose password was changed in the end.',
      ...(bySize ? ['Another user behind the same address.'] : []),
    ],
    filter: loginFilter(addressFilter(client, server), protocol, serverPort),
    attack: ['T1110', 'T1078'],
    recommendation: `Lock ${names.length > 0 ? `the account${names.length > 1 ? 's' : ''} ${names.join(', ')}` : 'the account that was used'} at ${server}, end its sessions, and look at what ${client} did there since.`,
  };
}
