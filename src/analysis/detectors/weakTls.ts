/** Weak TLS: a server agrees to a version or a cipher suite that can be broken. Only what the server chose counts: what a client merely offers harms nobody. */
import * as z from 'zod';
import { DTLS_1_0, DTLS_1_0_DRAFT, DTLS_1_2, DTLS_1_3 } from '../../pcap/tls/fields.ts';
import { tlsServerHelloMessage } from '../../pcap/tls/messages.ts';
import { coverage, examinedAll, unreadableFrames } from '../coverage.ts';
import { plural } from '../describe.ts';
import { defineDetector, type FindingDraft } from '../detector.ts';
import { safeText } from '../exports/safeText.ts';
import { SEVERITIES, type Severity } from '../report.ts';
import { checksumTrustOf } from './checksumTrust.ts';
import { addressFilter, confidenceOf, endsOf, Evidence, Watched, type Ends } from './watched.ts';

const VERSIONS = { 'TLS 1.0': 0x0301, 'TLS 1.1': 0x0302, 'TLS 1.2': 0x0303, 'TLS 1.3': 0x0304 } as const;

const options = z.object({
  oldestVersion: z
    .enum(['TLS 1.0', 'TLS 1.1', 'TLS 1.2', 'TLS 1.3'])
    .default('TLS 1.2')
    .describe('Oldest version that a server may choose (protocol version)'),
  handshakes: z.int().min(1).default(1).describe('Handshakes of one server that must end so before it is told (handshakes)'),
});
type Options = z.output<typeof options>;
type Collected = Pick<Options, 'oldestVersion'>;

const MOST_SERVERS = 5000;

interface Weakness {
  readonly technique: string;
  readonly severity: Severity;
  /** Behind "The server chose": what it is. */
  readonly name: string;
  readonly why: string;
  /** Of a suite, what to look for in the handshake; else the version. */
  readonly isSuite: boolean;
}

/** Words of suite names, worst first: RFC 7465, RFC 9325 section 4.1, Sweet32 (CVE-2016-2183), FREAK (CVE-2015-0204). */
const SUITES: readonly (readonly [RegExp, Omit<Weakness, 'isSuite' | 'name'>])[] = [
  [/(?:_|^)NULL(?:_|$)/, { technique: 'null-cipher', severity: 'high', why: 'It does not encrypt at all: everything can be read' }],
  [
    /EXPORT|_40_|DES40|_56_/,
    { technique: 'export-cipher', severity: 'medium', why: 'Its keys of 40 or 56 bits were made to be broken, and are within hours (FREAK, Logjam)' },
  ],
  [/anon/i, { technique: 'anonymous', severity: 'medium', why: 'Neither side proves who it is: anybody in between can read and change everything' }],
  [/_DES_CBC/, { technique: 'des', severity: 'medium', why: 'Its key of 56 bits can be found by trying' }],
  [/RC4/, { technique: 'rc4', severity: 'low', why: 'The stream of RC4 is biased, and secrets that repeat can be found (RFC 7465 forbids it)' }],
  [/3DES|RC2/, { technique: '3des', severity: 'low', why: 'Its blocks of 64 bits repeat in long sessions and then tell of their content (Sweet32)' }],
];

/** What the suites of a technique have in common, in a title. */
const SUITE_WORDS: Readonly<Record<string, string>> = {
  'null-cipher': 'no encryption',
  'export-cipher': 'export keys',
  anonymous: 'anonymous',
  des: 'DES',
  rc4: 'RC4',
  '3des': '3DES or RC2',
};

/** What DTLS was made from: it is as good as that. */
const AS_TLS: Readonly<Record<number, number>> = { [DTLS_1_0_DRAFT]: 0x0302, [DTLS_1_0]: 0x0302, [DTLS_1_2]: 0x0303, [DTLS_1_3]: 0x0304 };

function isDtls(version: number): boolean {
  return AS_TLS[version] !== undefined;
}

function versionWeakness(version: number, oldest: number): Weakness | null {
  const asTls = AS_TLS[version];
  if (asTls !== undefined) {
    const number = version === DTLS_1_2 ? '1.2' : '1.0';
    return asTls >= oldest
      ? null
      : {
          technique: `dtls${number}`,
          severity: 'low',
          name: `DTLS ${number}`,
          why:
            number === '1.0'
              ? 'DTLS 1.0 rests on MD5 and SHA-1 and lacks authenticated encryption (RFC 8996 retires it)'
              : 'It is older than what was asked for',
          isSuite: false,
        };
  }
  if (version >= oldest || (version > 0x0304 && version !== 0x0002)) return null;
  if (version === 0x0002)
    return {
      technique: 'sslv2',
      severity: 'medium',
      name: 'SSL 2.0',
      why: 'Handshake and keys of SSL 2.0 can be forged, and its presence endangers newer versions with the same key (DROWN)',
      isSuite: false,
    };
  if (version === 0x0300)
    return {
      technique: 'sslv3',
      severity: 'medium',
      name: 'SSL 3.0',
      why: 'Its padding lets somebody in between read secrets byte by byte (POODLE; RFC 7568 forbids it)',
      isSuite: false,
    };
  if (version < 0x0300) return null;
  const name = `TLS 1.${version - 0x0301}`;
  return {
    technique: `tls1.${version - 0x0301}`,
    severity: 'low',
    name,
    why:
      version < 0x0303
        ? `${name} rests on MD5 and SHA-1 and lacks authenticated encryption (RFC 8996 retires it)`
        : 'It is older than what was asked for',
    isSuite: false,
  };
}

interface Choice {
  readonly weakness: Weakness;
  readonly ends: Ends;
  readonly evidence: Evidence;
  readonly suites: Set<string>;
  readonly names: Set<string>;
  version: number;
  suite: number;
}

export const weakTls = defineDetector({
  id: 'weak-tls',
  title: 'Weak TLS',
  tier: 1,
  deed: 'used weak TLS with {whom}',
  description:
    'A server agrees to SSL, TLS 1.0 or 1.1, or to a cipher suite that is broken. Old devices and servers kept for old clients do so without anybody attacking.',
  options,
  messages: [tlsServerHelloMessage.kind],
  collecting: ['oldestVersion'],
  create(collecting, state) {
    const choices = new Watched<string, Choice>(MOST_SERVERS);
    const weak = new Map<number, readonly Weakness[]>(),
      trust = checksumTrustOf(state);
    return {
      onMessage(message, flow, p) {
        if (!tlsServerHelloMessage.is(message) || message.helloRetryRequest || trust.isDamaged(p)) return;
        // The few versions and suites of a capture are judged once each.
        const key = message.version * 65_536 + message.suite;
        let found = weak.get(key);
        if (found === undefined) weak.set(key, (found = weaknesses(collecting, message.version, message.suiteName)));
        if (found.length === 0 || flow < 0) return;
        const ends = endsOf(state, flow);
        for (const weakness of found) {
          const choice = choices.of(`${ends.server} ${ends.serverPort} ${isDtls(message.version)} ${weakness.technique}`, () => ({
            weakness,
            ends,
            evidence: new Evidence(),
            suites: new Set(),
            names: new Set(),
            version: message.version,
            suite: message.suite,
          }));
          if (choice === undefined) continue;
          choice.evidence.add(p, flow);
          if (choice.suites.size < 8) choice.suites.add(message.suiteName);
          if (message.sni !== null && choice.names.size < 8) choice.names.add(message.sni);
        }
      },
      evaluate: (values) => ({
        findings: told([...choices.values].filter(({ evidence }) => evidence.framesTotal >= values.handshakes)).map(([choice, suites]) =>
          draft(values, choice, suites),
        ),
        coverage: coverage(examinedAll(state), [...unreadableFrames(state), ...choices.limits('servers with weak TLS')]),
      }),
    };
  },
});

function weaknesses(values: Collected, version: number, suiteName: string): Weakness[] {
  const found: Weakness[] = [],
    old = versionWeakness(version, VERSIONS[values.oldestVersion]);
  if (old !== null) found.push(old);
  const suite = SUITES.find(([pattern]) => pattern.test(suiteName));
  if (suite !== undefined) found.push({ ...suite[1], name: safeText(suiteName, 80), isSuite: true });
  return found;
}

/** What is told of each server: a suite that it chose in handshakes of an old version only, and that is no worse, is told with the version. */
function told(choices: readonly Choice[]): (readonly [Choice, readonly Choice[]])[] {
  const versions = new Map(choices.filter(({ weakness }) => !weakness.isSuite).map((choice) => [serverOf(choice), choice])),
    withVersion = (choice: Choice): Choice | null => {
      const other = choice.weakness.isSuite ? versions.get(serverOf(choice)) : undefined;
      if (other === undefined || SEVERITIES.indexOf(choice.weakness.severity) > SEVERITIES.indexOf(other.weakness.severity)) return null;
      const { evidence } = other;
      return choice.evidence.framesTotal <= evidence.framesTotal && choice.evidence.frames.every((frame) => evidence.frames.includes(frame))
        ? other
        : null;
    };
  return choices
    .filter((choice) => withVersion(choice) === null)
    .map((choice) => [choice, choice.weakness.isSuite ? [] : choices.filter((other) => withVersion(other) === choice)]);
}

const serverOf = ({ ends, version }: Choice): string => `${ends.server} ${ends.serverPort} ${isDtls(version)}`;

function draft(values: Options, { weakness, ends, evidence, suites, names, version, suite }: Choice, alsoSuites: readonly Choice[]): FindingDraft {
  const { server, serverPort } = ends,
    protocol = isDtls(version) ? 'dtls' : 'tls',
    wanted = isDtls(version) ? `D${values.oldestVersion}` : values.oldestVersion,
    count = evidence.framesTotal,
    name = names.size > 0 ? ` (${[...names].map((one) => safeText(one, 60)).join(', ')})` : '';
  const { confidence, indicators } = confidenceOf([
    ['the server itself chose it', 90],
    ['in more than one handshake', count > 1 ? 5 : 0],
  ]);
  return {
    technique: weakness.technique,
    severity: weakness.severity,
    confidence,
    title: `${server} port ${serverPort} agrees to ${weakness.isSuite ? 'the weak cipher suite ' : ''}${weakness.name}${alsoSuites.map((also) => ` and the weak cipher suite ${also.weakness.name}`).join('')}`,
    description: `In ${plural(count, 'handshake')} (threshold ${values.handshakes}) the server${name} chose ${weakness.name}. ${weakness.why}.${alsoSuites.map((also) => ` In ${plural(also.evidence.framesTotal, 'of these', 'of these')} it chose ${also.weakness.name}. ${also.weakness.why}.`).join('')}`,
    subjects: [{ role: 'server', address: server, port: serverPort }],
    ...evidence.proof,
    indicators: [
      { name: weakness.isSuite ? 'cipher suite' : 'version', value: weakness.name },
      ...(weakness.isSuite ? [] : [{ name: 'oldest version wanted', value: wanted }]),
      { name: 'handshakes', value: count, threshold: values.handshakes, unit: 'handshakes' },
      ...(weakness.isSuite ? [] : [{ name: 'cipher suites', value: [...suites].map((one) => safeText(one, 80)).join(', ') }]),
      ...indicators,
    ],
    alternatives: [
      'An old device, or a server that has to serve old clients: then no attack, but a risk that somebody should have accepted.',
      'Somebody in between who talks the two sides down to the oldest version they share.',
    ],
    filter: `${addressFilter(server)} && ${isDtls(version) ? 'udp' : 'tcp'}.port == ${serverPort} && ${protocol}.handshake.type == 2 && ${protocol}.handshake.${weakness.isSuite ? 'ciphersuite' : 'version'} == 0x${(weakness.isSuite ? suite : version).toString(16).padStart(4, '0')}`,
    attack: weakness.technique === 'null-cipher' ? ['T1040', 'T1600'] : ['T1557', 'T1600'],
    recommendation: `Configure ${server} to accept ${wanted} or newer with authenticated encryption (AES-GCM, ChaCha20) only, or replace what cannot.`,
    together: {
      key: weakness.technique,
      label: `${server} port ${serverPort}${name}`,
      note: weakness.isSuite ? weakness.name : [weakness, ...alsoSuites.map((also) => also.weakness)].map((one) => one.name).join(' with '),
      words: (all) => ({
        title: `${all.hosts('server')} ${all.parts.some(({ subjects }) => subjects[0]?.address !== server) ? 'agree' : `agrees on ${plural(all.parts.length, 'port')}`} to ${weakness.isSuite ? `weak cipher suites (${SUITE_WORDS[weakness.technique] ?? weakness.technique})` : weakness.name}`,
        description: `${weakness.why}. These chose it:`,
        recommendation: `Configure these servers to accept ${wanted} or newer with authenticated encryption (AES-GCM, ChaCha20) only, or replace what cannot.`,
      }),
    },
  };
}
