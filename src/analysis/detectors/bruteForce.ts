/**
 * Brute force: one address tries passwords until one fits. Where the protocol says in clear that a login failed, it is counted; SSH hides it, but the
 * lengths of what it encrypts tell (`sshLogin.ts`).
 */
import { coverage, examinedAll, unreadableFrames } from '../coverage.ts';
import { durationText, plural, protocolLabel } from '../describe.ts';
import { defineDetector, type FindingDraft } from '../detector.ts';
import { safeText } from '../exports/safeText.ts';
import { crowdFindings } from './loginCrowds.ts';
import { sprayFindings } from './loginSprays.ts';
import { TLS_GUESSING_MESSAGES, TlsGuessing } from './tlsGuessing.ts';
import { httpResponseMessage } from '../../pcap/http/messages.ts';
import { tlsRecordMessage } from '../../pcap/tls/messages.ts';
import { guessingOptions, guessingThreshold, isGuessing, isStale, loginFilter, type GuessingOptions } from './guessing.ts';
import type { LoginPair } from './loginPair.ts';
import { LoginTally } from './loginTally.ts';
import { addressFilter, confidenceOf, MOST_FRAMES, type Evidence } from './watched.ts';

/** Beyond this many times the threshold it is no longer a forgotten password in some program. */
const MANY = 5;

export const bruteForce = defineDetector({
  id: 'brute-force',
  title: 'Password guessing',
  tier: 1,
  deed: 'guessed {what} passwords[ of {whom}]',
  description:
    'One address fails to log in over and over: FTP, mail, Telnet, MQTT, HTTP, SIP, Kerberos, LDAP, VNC, Redis and databases say so, SNMP does not answer, SSH and Remote Desktop sessions end right after the password, mail and FTP servers within TLS keep whoever failed waiting. Web pages, LDAP and databases within TLS cannot be judged. A program with an old password does the same, evenly and with one user.',
  options: guessingOptions,
  messages: [...LoginTally.messages, httpResponseMessage.kind, ...TLS_GUESSING_MESSAGES],
  create(_, state) {
    const tally = new LoginTally(null, state),
      withinTls = new TlsGuessing(state);
    return {
      onMessage(message, flow, p) {
        if (tlsRecordMessage.is(message)) withinTls.onRecord(message, flow, p);
        else tally.onMessage(message, flow, p);
      },
      evaluate(values) {
        const { pairs, limits } = tally.pairs(values);
        return {
          findings: [
            ...pairs.filter((pair) => isGuessing(values, pair)).map((pair) => draft(values, pair, guessingThreshold(values, pair))),
            ...sprayFindings(values, pairs),
            ...crowdFindings(values, pairs),
            ...withinTls.findings(values),
          ],
          coverage: coverage(examinedAll(state), [...unreadableFrames(state), ...limits, ...withinTls.limits]),
        };
      },
    };
  },
});

function draft(values: GuessingOptions, pair: LoginPair, threshold: number): FindingDraft {
  const {
      protocol,
      ends,
      bySize,
      byForms,
      mayBeDevices = false,
      evidence,
      users,
      secrets,
      mayBeKeys,
      failed,
      accepted,
      failedBeforeFirst,
      odd,
    } = pair,
    stale = isStale(pair),
    { client, server, serverPort } = ends,
    isSsh = protocol === 'ssh',
    label = protocolLabel(protocol),
    seconds = evidence.seconds,
    rate = seconds === null || seconds <= 0 ? null : (60 * failed) / seconds;
  const { confidence, indicators } = confidenceOf([
    byForms
      ? ['different passwords, one after the other', 60]
      : [
          bySize ? 'sessions of the size of a refused password' : protocol === 'snmp' ? 'the device left each unanswered' : 'the server refused each',
          bySize ? 50 : 65,
        ],
    ['many times the threshold', Math.min(15, 5 * Math.log2(failed / threshold))],
    ['quicker than somebody types', rate !== null && rate >= 6 ? 12 : 0],
    ['no login worked', accepted === 0 && byForms === undefined ? 8 : 0],
    ['many users tried', users.size >= 3 ? 8 : 0],
    ['one password for all, and nobody was refused: perhaps devices of one kind', mayBeDevices ? -20 : 0],
    ['each may have been a key that the server does not take', mayBeKeys ? -20 : 0],
    [secrets === null ? 'one user, as evenly as a clock: a program' : 'one and the same password each time', stale ? -30 : 0],
    ['one user only, evenly: perhaps a program', users.size === 1 && failed < threshold * MANY && rate !== null && rate < 6 ? -10 : 0],
  ]);
  const what = byForms
    ? protocol === 'http'
      ? 'users and passwords tried in login forms'
      : 'users and passwords sent'
    : bySize
      ? isSsh
        ? 'SSH passwords refused'
        : `${label} sessions that end right after the password`
      : `failed ${label} logins`;
  return {
    technique: protocol,
    what: label,
    severity: mayBeKeys || stale || mayBeDevices ? 'low' : 'medium',
    confidence,
    ...(stale ? { deed: `was refused ${secrets === null ? 'as one user' : 'with one password'} over and over[ by {whom}]` } : {}),
    title: `${client} ${stale ? `is refused ${secrets === null ? 'evenly as one user' : 'with one and the same password'}` : 'guesses passwords'} at ${server} over ${label}: ${failed} times${seconds === null ? '' : ` in ${durationText(seconds)}`}`,
    description: `${
      byForms && protocol !== 'http'
        ? `${client} sent ${failed} different pairs of user and password (threshold ${threshold} passwords for one user, or users with one password, within ${values.windowMinutes} minutes). The capture holds its side alone: what the server answered is not known.`
        : byForms
          ? `${client} posted ${failed} different pairs of user and password into login forms (threshold ${threshold} passwords for one user, or users with one password, within ${values.windowMinutes} minutes). Whether one fits, such pages say in words of their own.${odd === undefined ? '' : ` One answer differs, in frame ${odd.frame}: ${odd.text}, where the ${odd.others} others are ${odd.usual}. What that means is for you to look at.`}`
          : `${plural(failed, isSsh ? 'password' : `${label} ${bySize ? 'session' : 'login'}`)} of ${client} ${isSsh ? 'were refused over SSH' : 'failed'} (threshold ${threshold} within ${values.windowMinutes} minutes), ${accepted} worked${failedBeforeFirst > 0 && failedBeforeFirst < failed ? `, the first behind ${failedBeforeFirst} of them` : ''}.${stale ? ` ${secrets === null ? 'They came as evenly as a clock' : 'The password was the same each time'}: that of a program which was not told of a new one, rather than a guess.` : ''}`
    }${
      users.size > 0
        ? ` ${plural(users.size, 'user')} tried: ${[...users]
            .slice(0, 5)
            .map((user) => safeText(user, 40))
            .join(', ')}${users.size > 5 ? ' and others' : ''}.`
        : ''
    }${isSsh ? ' What SSH encrypts was told by its length.' : bySize ? ` They were told by their size: the server sent at most ${values.rdpBytes} bytes.` : ''}`,
    subjects: [
      { role: 'attacker', address: client },
      { role: 'victim', address: server, port: serverPort },
    ],
    ...withFrame(evidence.proof, odd?.frame),
    indicators: [
      { name: what, value: failed, threshold, unit: bySize && !isSsh ? 'sessions' : 'logins' },
      ...(byForms ? [] : [{ name: 'logins that worked', value: accepted }]),
      { name: 'users tried', value: isSsh ? 'encrypted' : users.size },
      ...(odd === undefined ? [] : [{ name: 'one answer differs', value: `${odd.text} (frame ${odd.frame}); ${odd.others} are ${odd.usual}` }]),
      ...(rate === null ? [] : [{ name: 'rate', value: Number(rate.toPrecision(3)), unit: '1/min' }]),
      ...indicators,
    ],
    alternatives: [
      'A program or a device with a password that was changed.',
      ...(isSsh ? ['A check that connects and leaves, or keys that are offered in vain before every session.'] : ['A user who forgot the password.']),
    ],
    filter: loginFilter(addressFilter(client, server), protocol, serverPort),
    attack: [users.size >= 3 && users.size * 2 > failed ? 'T1110.003' : 'T1110.001', 'T1110'],
    together: {
      key: `${client} ${protocol} ${stale ? 'stale' : mayBeKeys ? 'keys' : ''}`,
      label: `${server} port ${serverPort}`,
      note: `${failed} times${seconds === null ? '' : ` in ${durationText(seconds)}`}`,
      words: (all) => ({
        title: `${client} ${stale ? `is refused ${secrets === null ? 'evenly as one user' : 'with one and the same password'}` : 'guesses passwords'} at ${all.hosts('victim', 'host')} over ${label}`,
        description: `The same was tried at several hosts (threshold ${threshold} within ${values.windowMinutes} minutes at each):`,
        recommendation: `Find out what ${client} is. If it is not yours, block it; look whether one of its logins worked, and let these hosts slow down or lock out after failures${isSsh ? ' and take keys instead of passwords' : ''}.`,
      }),
    },
    recommendation: `Find out what ${client} is. If it is not yours, block it; look whether one of its logins at ${server} worked${odd === undefined ? '' : `, first at the answer in frame ${odd.frame}`}, and let ${server} slow down or lock out after failures${isSsh ? ' and take keys instead of passwords' : ''}.`,
  };
}

/** The proof with one more frame in its place, which has to be among those that are listed. */
function withFrame(proof: Evidence['proof'], frame: number | undefined): Evidence['proof'] {
  if (frame === undefined || proof.frames.includes(frame)) return proof;
  return { ...proof, frames: [...proof.frames.slice(0, MOST_FRAMES - 1), frame].sort((a, b) => a - b), framesTotal: proof.framesTotal + 1 };
}
