/** Weak SSH: version 1 of the protocol, or algorithms that are broken and were agreed on. What is merely offered besides better ones is left alone. */
import * as z from 'zod';
import { sshBannerMessage, type SshBannerMessage, sshKexInitMessage, type SshKexInitMessage } from '../../pcap/dissectors/ssh.ts';
import { coverage, examinedAll, unreadableFrames } from '../coverage.ts';
import { plural } from '../describe.ts';
import { defineDetector, type FindingDraft } from '../detector.ts';
import { safeText } from '../exports/safeText.ts';
import { SEVERITIES, type Severity } from '../report.ts';
import { addressFilter, confidenceOf, endsOf, Evidence, Watched, type Ends } from './watched.ts';

const options = z.object({
  sha1: z
    .boolean()
    .default(false)
    .describe(
      'Also tell of algorithms that rest on SHA-1 and that old systems still need: ssh-rsa host keys, diffie-hellman-group14-sha1 (yes or no)',
    ),
  sessions: z.int().min(1).default(1).describe('Sessions with one server that must agree on it before it is told (sessions)'),
});
type Options = z.output<typeof options>;
type Collected = Pick<Options, 'sha1'>;

const MOST_SERVERS = 5000;
/** Sessions whose second offer has not come yet. */
const MOST_OPEN = 4096;

interface Weakness {
  readonly pattern: RegExp;
  readonly severity: Severity;
  readonly why: string;
  readonly isSha1?: boolean;
}

/** RFC 9142 for key exchanges, RFC 8758 for RC4, RFC 4253 section 6.3 for none, CVE-2008-5161 for CBC, RFC 8332 for ssh-rsa. */
const KEX: readonly Weakness[] = [
  {
    pattern: /^diffie-hellman-group1-sha1$|^rsa1024-sha1$/,
    severity: 'low',
    why: 'its group of 1024 bits can be broken by those who prepare for it (Logjam)',
  },
  { pattern: /-sha1$/, severity: 'low', why: 'it rests on SHA-1', isSha1: true },
];
const HOST_KEYS: readonly Weakness[] = [
  { pattern: /^ssh-dss/, severity: 'low', why: 'DSA keys of 1024 bits and SHA-1 can be forged' },
  { pattern: /^ssh-rsa$/, severity: 'low', why: 'it signs with SHA-1', isSha1: true },
];
const CIPHERS: readonly Weakness[] = [
  { pattern: /^none$/, severity: 'high', why: 'nothing is encrypted' },
  { pattern: /^arcfour|^des-cbc/, severity: 'low', why: 'the cipher is broken' },
  { pattern: /-cbc(?:@|$)/, severity: 'low', why: 'CBC in SSH lets pieces of the text be recovered' },
];
const MACS: readonly Weakness[] = [
  { pattern: /^none$/, severity: 'high', why: 'nothing proves that the data is unchanged' },
  { pattern: /^hmac-md5|-96(?:-etm@|@|$)/, severity: 'low', why: 'its hash is weak or cut short' },
];
/** Ciphers that need no code of their own for authentication. */
const AUTHENTICATED = /gcm|poly1305/;

interface Agreed {
  readonly what: string;
  readonly name: string;
  readonly severity: Severity;
  readonly why: string;
}

interface Server {
  readonly technique: string;
  readonly ends: Ends;
  readonly evidence: Evidence;
  readonly agreed: Map<string, Agreed>;
  readonly software: string;
}

export const weakSsh = defineDetector({
  id: 'weak-ssh',
  title: 'Weak SSH',
  tier: 1,
  deed: 'used weak SSH with {whom}',
  description:
    'An SSH session uses version 1 of the protocol, or client and server agree on an algorithm that is broken. Old network devices know no better, without anybody attacking.',
  options,
  messages: [sshBannerMessage.kind, sshKexInitMessage.kind],
  collecting: ['sha1'],
  create(collecting, state) {
    const servers = new Watched<string, Server>(MOST_SERVERS),
      offers = new Map<number, SshKexInitMessage>(),
      banners = new Map<number, string>(),
      /** What the server can, and the client that asks for version 1 of a server that has not spoken yet. */
      versions = new Map<number, string>(),
      asking = new Map<number, string>();
    const remember = <T>(map: Map<number, T>, flow: number, value: T): void => {
      // The oldest makes room: its other half was not captured.
      if (map.size >= MOST_OPEN)
        for (const oldest of map.keys()) {
          map.delete(oldest);
          break;
        }
      map.set(flow, value);
    };
    const server = (flow: number, technique: string): Server | undefined => {
      const ends = endsOf(state, flow);
      return servers.of(`${ends.server} ${ends.serverPort} ${technique}`, () => ({
        technique,
        ends,
        evidence: new Evidence(),
        agreed: new Map(),
        software: banners.get(flow) ?? '',
      }));
    };
    return {
      onMessage(message, flow, p) {
        if (flow < 0) return;
        if (sshBannerMessage.is(message)) {
          if (message.fromServer) {
            remember(banners, flow, message.software);
            remember(versions, flow, message.version);
          }
          const version = versionInUse(message, versions.get(flow), asking.get(flow));
          if (version === null) {
            if (!message.fromServer && ONLY_FIRST.test(message.version) && !versions.has(flow)) remember(asking, flow, message.version);
            return;
          }
          const one = server(flow, 'version-1');
          one?.evidence.add(p, flow);
          one?.agreed.set('version', {
            what: 'version',
            name: `SSH ${safeText(version, 16)}`,
            severity: 'medium',
            why: 'version 1 lets data be inserted and sessions be taken over (CVE-2001-0361)',
          });
          return;
        }
        if (!sshKexInitMessage.is(message)) return;
        const other = offers.get(flow);
        if (other === undefined || other.fromServer === message.fromServer) {
          remember(offers, flow, message);
          return;
        }
        offers.delete(flow);
        const found = agreedOn(collecting, message.fromServer ? other : message, message.fromServer ? message : other);
        if (found.length === 0) return;
        const one = server(flow, 'algorithms');
        one?.evidence.add(p, flow);
        for (const agreed of found) if (one !== undefined && one.agreed.size < 16) one.agreed.set(agreed.what + agreed.name, agreed);
      },
      evaluate: (values) => ({
        findings: [...servers.values].filter(({ evidence }) => evidence.framesTotal >= values.sessions).map((one) => draft(values, one)),
        coverage: coverage(examinedAll(state), [...unreadableFrames(state), ...servers.limits('servers with weak SSH')]),
      }),
    };
  },
});

/** 1.99 is a server that speaks both versions (RFC 4253 section 5.1). */
const ONLY_FIRST = /^1\.(?!99)/;

/** Version 1 is used where the server knows nothing else, or knows both and the client wants it. Who asks a server of version 2 for it is sent away: scanners do so. */
function versionInUse(message: SshBannerMessage, ofServer: string | undefined, ofClient: string | undefined): string | null {
  if (message.fromServer) {
    if (ONLY_FIRST.test(message.version)) return message.version;
    return message.version.startsWith('1.') && ofClient !== undefined ? ofClient : null;
  }
  return ONLY_FIRST.test(message.version) && ofServer?.startsWith('1.') === true ? message.version : null;
}

/** RFC 4253 section 7.1: the first of the client's that the server has too. */
function agreedOn(values: Collected, client: SshKexInitMessage, server: SshKexInitMessage): Agreed[] {
  const found: Agreed[] = [];
  const look = (what: string, offered: readonly string[], accepted: readonly string[], weaknesses: readonly Weakness[]): string => {
    const name = offered.find((one) => accepted.includes(one)) ?? '',
      weakness = weaknesses.find(({ pattern }) => pattern.test(name));
    if (weakness !== undefined && (values.sha1 || weakness.isSha1 !== true))
      found.push({ what, name: safeText(name, 64), severity: weakness.severity, why: weakness.why });
    return name;
  };
  look('key exchange', client.kex, server.kex, KEX);
  look('host key', client.hostKeys, server.hostKeys, HOST_KEYS);
  const cipher = look('cipher', client.encryption, server.encryption, CIPHERS);
  if (!AUTHENTICATED.test(cipher)) look('authentication code', client.macs, server.macs, MACS);
  return found;
}

function draft(values: Options, { technique, ends, evidence, agreed, software }: Server): FindingDraft {
  const { server, serverPort } = ends,
    all = [...agreed.values()],
    isVersion = technique === 'version-1';
  const worst = all.reduce<Severity>((so, { severity }) => (SEVERITIES.indexOf(severity) > SEVERITIES.indexOf(so) ? severity : so), 'info');
  const { confidence, indicators } = confidenceOf([
    [isVersion ? 'the side itself says so' : 'both sides prefer it by the rules of the protocol', isVersion ? 90 : 85],
    ['in more than one session', evidence.framesTotal > 1 ? 5 : 0],
  ]);
  return {
    technique,
    severity: worst,
    confidence,
    title: isVersion
      ? `${server} port ${serverPort} is used with version 1 of SSH`
      : `${server} port ${serverPort} agrees to weak SSH algorithms: ${all
          .map(({ name }) => name)
          .slice(0, 4)
          .join(', ')}`,
    description: `In ${plural(evidence.framesTotal, 'session')} (threshold ${values.sessions})${software === '' ? '' : ` with ${safeText(software, 80)}`}: ${all.map(({ what, name, why }) => `${what} ${name}, ${why}`).join('; ')}.`,
    subjects: [{ role: 'server', address: server, port: serverPort }],
    ...evidence.proof,
    indicators: [
      ...all.map(({ what, name }) => ({ name: what, value: name })),
      { name: 'sessions', value: evidence.framesTotal, threshold: values.sessions, unit: 'sessions' },
      ...indicators,
    ],
    alternatives: ['An old device or program that knows nothing better.', 'Somebody in between who removed the better algorithms from the offers.'],
    filter: `${addressFilter(server)} && tcp.port == ${serverPort} && ${isVersion ? 'ssh.protocol' : 'ssh.kex_algorithms'}`,
    attack: ['T1557', 'T1600'],
    together: {
      key: `${technique} ${worst}`,
      label: `${server} port ${serverPort}`,
      note: all.map(({ name }) => name).join(', '),
      words: (those) => ({
        title: isVersion ? `${those.hosts('server')} are used with version 1 of SSH` : `${those.hosts('server')} agree to weak SSH algorithms`,
        description: `${[...new Set(those.parts.map(({ description }) => description.replace(/^[^:]*: /, '')))].slice(0, 3).join(' ')} In use at`,
        recommendation:
          'Update these servers or their configuration (KexAlgorithms, Ciphers, MACs, HostKeyAlgorithms), and the clients that still ask for these.',
      }),
    },
    recommendation: `Update ${server} or its configuration (KexAlgorithms, Ciphers, MACs, HostKeyAlgorithms), and the clients that still ask for these.`,
  };
}
