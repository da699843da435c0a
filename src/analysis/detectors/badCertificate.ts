/** Bad certificate: what a server shows as its identity does not prove it, judged at the time of the capture and not of today. */
import * as z from 'zod';
import { tlsCertificateMessage, type TlsCertificateMessage } from '../../pcap/tls/messages.ts';
import type { Certificate } from '../../pcap/tls/x509.ts';
import { coverage, examinedAll, unreadableFrames } from '../coverage.ts';
import { durationText, plural } from '../describe.ts';
import { defineDetector, type FindingDraft } from '../detector.ts';
import { safeText } from '../exports/safeText.ts';
import type { Severity } from '../report.ts';
import { addressFilter, confidenceOf, endsOf, Evidence, isLocalAddress, Watched, speaksDtls, type Ends } from './watched.ts';

const options = z.object({
  rsaBits: z.int().min(512).max(16_384).default(2048).describe('Shortest RSA or DSA key that is not called weak (bits)'),
  ecBits: z.int().min(112).max(521).default(224).describe('Shortest elliptic-curve key that is not called weak (bits)'),
  graceHours: z.number().min(0).default(1).describe('How far clocks may be apart before a certificate counts as expired or not yet valid (hours)'),
  longestDays: z.number().positive().default(3650).describe('Validity from which a certificate of a server is called too long (days)'),
});
type Options = z.output<typeof options>;
type Collected = Pick<Options, 'ecBits' | 'graceHours' | 'longestDays' | 'rsaBits'>;

const MOST_CERTIFICATES = 5000;
const DAY = 86_400;
/** From when nobody should have issued or trusted them: the CA/Browser Forum's Baseline Requirements, in seconds since the epoch. */
const SHORT_KEYS_END = Date.UTC(2014, 0, 1) / 1000,
  SHA1_END = Date.UTC(2017, 0, 1) / 1000;

interface Problem {
  readonly technique: string;
  readonly severity: Severity;
  readonly title: string;
  readonly text: string;
  readonly value: string | number;
  readonly threshold?: number;
  /** What the value has to be compared with, if not a threshold. */
  readonly against?: readonly [name: string, value: string];
  readonly unit?: string;
  readonly points: number;
  readonly alternative: string;
}

interface Shown {
  readonly problem: Problem;
  readonly certificate: Certificate;
  readonly ends: Ends;
  readonly sni: string | null;
  readonly isDatagram: boolean;
  readonly evidence: Evidence;
}

export const badCertificate = defineDetector({
  id: 'bad-certificate',
  title: 'Bad certificate',
  tier: 1,
  deed: 'was shown a bad certificate by {whom}',
  description:
    'A server shows a certificate that was expired, not yet valid, self-signed, for another name or with a weak key when it was captured. Internal devices and test servers do so every day; so do impostors and the servers of malware.',
  options,
  messages: [tlsCertificateMessage.kind],
  collecting: ['ecBits', 'graceHours', 'longestDays', 'rsaBits'],
  create(collecting, state) {
    const shown = new Watched<string, Shown>(MOST_CERTIFICATES);
    return {
      onMessage(message, flow, p) {
        if (!tlsCertificateMessage.is(message) || !message.fromServer || flow < 0) return;
        const certificate = message.chain[0];
        if (certificate === undefined) return;
        const ends = endsOf(state, flow),
          isDatagram = speaksDtls(p);
        for (const { technique, told } of problemsOf(collecting, certificate, message, p.hasTime ? p.timeSeconds : null, ends)) {
          const key = `${ends.server} ${ends.serverPort} ${isDatagram} ${technique} ${certificate.issuer} ${certificate.serialNumber}`;
          shown
            .of(key, () => ({ problem: { technique, ...told() }, certificate, ends, sni: message.sni, isDatagram, evidence: new Evidence() }))
            ?.evidence.add(p, flow);
        }
      },
      evaluate: () => ({
        findings: drafts([...shown.values]),
        coverage: coverage(examinedAll(state), [...unreadableFrames(state), ...shown.limits('certificates with a problem')]),
      }),
    };
  },
});

/** A problem, whose texts are made when it is new. */
interface Seen {
  readonly technique: string;
  readonly told: () => Omit<Problem, 'technique'>;
}

function problemsOf(values: Collected, certificate: Certificate, { sni, isOfSrtp }: TlsCertificateMessage, now: number | null, ends: Ends): Seen[] {
  const { notBefore, notAfter, keyAlgorithm, keyBits, signatureAlgorithm } = certificate,
    problems: Seen[] = [],
    grace = values.graceHours * 3600;
  const isOutside = !isLocalAddress(ends.server);
  if (now !== null && notAfter !== null && now > notAfter + grace) {
    problems.push({
      technique: 'expired',
      told: () => ({
        severity: 'low',
        title: `shows a certificate that had expired ${durationText(now - notAfter)} before`,
        text: `It was valid until ${dateText(notAfter)} and shown on ${dateText(now)}`,
        value: dateText(notAfter),
        against: ['captured on', dateText(now)],
        points: 90,
        alternative: 'Somebody forgot to renew it; or the clock of the capturing machine was wrong.',
      }),
    });
  }
  if (now !== null && notBefore !== null && now < notBefore - grace) {
    problems.push({
      technique: 'not-yet-valid',
      told: () => ({
        severity: 'low',
        title: `shows a certificate that becomes valid only ${durationText(notBefore - now)} later`,
        text: `It is valid from ${dateText(notBefore)} and was shown on ${dateText(now)}`,
        value: dateText(notBefore),
        against: ['captured on', dateText(now)],
        points: 80,
        alternative: 'The clock of the server or of the capturing machine was wrong.',
      }),
    });
  }
  if (certificate.selfSigned && !isOfSrtp) {
    problems.push({
      technique: 'self-signed',
      told: () => ({
        severity: 'low',
        title: 'shows a certificate that it signed itself',
        text: 'Nobody else vouches for who the server is: whoever stands in between can show one as good',
        value: safeText(certificate.subject, 120),
        points: isOutside ? 85 : 80,
        alternative: 'A device or test server with the certificate it was delivered with.',
      }),
    });
  }
  // An address is no name for a server (RFC 6066 section 3): clients that send one do not compare it either.
  if (sni !== null && !isAddress(sni) && !certificate.selfSigned && !coversName(certificate, sni)) {
    problems.push({
      technique: 'name-mismatch',
      told: () => ({
        severity: 'low',
        title: `shows a certificate for other names than ${safeText(sni, 80)}`,
        text: `The client asked for ${safeText(sni, 120)}; the certificate is for ${namesText(certificate)}`,
        value: namesText(certificate),
        against: ['name asked for', safeText(sni, 120)],
        points: 75,
        alternative: 'A server that answers with its default certificate for names it does not know, or a captive portal.',
      }),
    });
  }
  const isCurve = keyAlgorithm === 'EC',
    leastBits = isCurve ? values.ecBits : values.rsaBits;
  if (
    keyBits > 0 &&
    keyBits < leastBits &&
    (isCurve || /^(?:RSA|DSA)/.test(keyAlgorithm)) &&
    (keyBits < leastBits / 2 || now === null || now >= SHORT_KEYS_END)
  ) {
    problems.push({
      technique: 'weak-key',
      told: () => ({
        severity: 'low',
        title: `shows a certificate with a ${keyAlgorithm} key of ${keyBits} bits`,
        text: 'Keys this short can be broken with enough computers',
        value: keyBits,
        threshold: leastBits,
        unit: 'bits',
        points: 90,
        alternative: 'An old device that cannot do better.',
      }),
    });
  }
  const isMd5 = /md[25]/i.test(signatureAlgorithm);
  if (!certificate.selfSigned && (isMd5 || (/sha-?1(?!\d)/i.test(signatureAlgorithm) && now !== null && now >= SHA1_END))) {
    problems.push({
      technique: 'weak-signature',
      told: () => ({
        severity: 'low',
        title: `shows a certificate signed with ${safeText(signatureAlgorithm, 60)}`,
        text: 'Collisions of this hash are known: a forged certificate can carry the same signature',
        value: safeText(signatureAlgorithm, 60),
        against: ['at least', 'SHA-256'],
        points: 85,
        alternative: 'An authority of the organisation itself that was set up long ago.',
      }),
    });
  }
  if (notBefore !== null && notAfter !== null && (notAfter - notBefore) / DAY > values.longestDays + 31) {
    problems.push({
      technique: 'too-long',
      told: () => ({
        severity: 'info',
        title: 'shows a certificate that is valid for decades',
        text: `From ${dateText(notBefore)} to ${dateText(notAfter)}: whoever steals the key can use it that long`,
        value: Math.round((notAfter - notBefore) / DAY),
        threshold: values.longestDays,
        unit: 'days',
        points: 80,
        alternative: 'A device with a certificate made for its whole life.',
      }),
    });
  }
  return problems;
}

/** RFC 6125 section 6.4.3: a star stands for one label, the leftmost. Without alternative names the common name counts. */
function coversName({ names, commonName }: Certificate, asked: string): boolean {
  const name = asked.toLowerCase().replace(/\.$/, ''),
    rest = name.slice(name.indexOf('.') + 1);
  const candidates = names.length > 0 ? names : commonName === null ? [] : [commonName];
  return candidates.some((candidate) => {
    const one = candidate.toLowerCase().replace(/\.$/, '');
    return one === name || (one.startsWith('*.') && name.includes('.') && one.slice(2) === rest);
  });
}

function isAddress(name: string): boolean {
  return name.includes(':') || /^[\d.]+$/.test(name);
}

function namesText({ names, commonName }: Certificate): string {
  const all = names.length > 0 ? names : commonName === null ? [] : [commonName];
  return all.length === 0
    ? 'no name'
    : `${all
        .slice(0, 5)
        .map((name) => safeText(name, 60))
        .join(', ')}${all.length > 5 ? ` and ${all.length - 5} more` : ''}`;
}

function dateText(seconds: number): string {
  return Math.abs(seconds) < 8.64e12 ? new Date(seconds * 1000).toISOString().slice(0, 10) : 'a date beyond the calendar';
}

/** What the certificates with a problem have in common, behind "servers show certificates that". */
const IN_COMMON: Readonly<Record<string, string>> = {
  expired: 'had expired',
  'not-yet-valid': 'are not valid yet',
  'self-signed': 'they signed themselves',
  'name-mismatch': 'are for other names',
  'weak-key': 'have weak keys',
  'weak-signature': 'have weak signatures',
  'too-long': 'are valid for decades',
};

/** All problems of one certificate are told together, and all certificates with the same ones. */
function drafts(all: readonly Shown[]): FindingDraft[] {
  const problems = new Map<string, string[]>();
  for (const one of all) {
    const id = certificateOf(one),
      known = problems.get(id);
    if (known === undefined) problems.set(id, [one.problem.technique]);
    else known.push(one.problem.technique);
  }
  return all.map((one) => {
    const { server, serverPort } = one.ends,
      { technique, title } = one.problem,
      techniques = problems.get(certificateOf(one)) ?? [technique];
    return {
      ...draft(one),
      together: {
        key: [...techniques].sort().join(' '),
        label: `${server} port ${serverPort}`,
        note: title.replace(/^shows a certificate /, '').replace(/^that /, ''),
        words: (several) => {
          const isOne = several.parts.length === techniques.length && several.parts.every(({ subjects }) => subjects[1]?.address === server);
          const own = several.parts.map((part) => part.title.replace(/^\S+ port \d+ shows a certificate /, ''));
          return {
            title: isOne
              ? `${server} port ${serverPort} shows a certificate ${own.join(' and ')}`
              : `${several.hosts('server')} show certificates that ${techniques.map((each) => IN_COMMON[each] ?? each).join(' and ')}`,
            description: isOne
              ? several.parts
                  .map(({ description }, i) => (i === several.parts.length - 1 ? description : description.replace(/\. Subject .*$/s, '.')))
                  .join(' ')
              : 'A certificate is to prove who a server is; these do not:',
            isListed: !isOne,
            recommendation: isOne
              ? (several.parts[0]?.recommendation ?? '')
              : 'Compare the fingerprints with those that the owners of these servers know. What is theirs should be renewed by an authority that clients trust; of the others, look at what else the servers do.',
          };
        },
      },
    };
  });
}

const certificateOf = ({ ends, certificate, isDatagram }: Shown): string =>
  `${ends.server} ${ends.serverPort} ${isDatagram} ${certificate.issuer} ${certificate.serialNumber}`;

function draft({ problem, certificate, ends, sni, isDatagram, evidence }: Shown): FindingDraft {
  const { server, serverPort } = ends,
    { confidence, indicators } = confidenceOf([
      ['read in the certificate itself', problem.points],
      ['in more than one handshake', evidence.framesTotal > 1 ? 5 : 0],
    ]);
  return {
    technique: problem.technique,
    severity: problem.severity,
    confidence,
    title: `${server} port ${serverPort} ${problem.title}`,
    description: `${problem.text}. Subject ${safeText(certificate.subject, 200) || 'empty'}, issued by ${safeText(certificate.issuer, 200) || 'nobody'}; shown in ${plural(evidence.framesTotal, 'handshake')}${sni === null ? '' : ` to clients that asked for ${safeText(sni, 120)}`}.`,
    subjects: [
      { role: 'client', address: ends.client },
      { role: 'server', address: server, port: serverPort },
    ],
    ...evidence.proof,
    indicators: [
      {
        name: problem.technique,
        value: problem.value,
        ...(problem.threshold === undefined ? {} : { threshold: problem.threshold }),
        ...(problem.unit === undefined ? {} : { unit: problem.unit }),
      },
      ...(problem.against === undefined ? [] : [{ name: problem.against[0], value: problem.against[1] }]),
      { name: 'serial number', value: certificate.serialNumber.slice(0, 64) },
      ...(certificate.sha256 === null ? [] : [{ name: 'SHA-256', value: certificate.sha256 }]),
      { name: 'handshakes', value: evidence.framesTotal, threshold: 1, unit: 'handshakes' },
      ...indicators,
    ],
    alternatives: [problem.alternative, 'Somebody in between, or software that inspects TLS, who shows a certificate of its own.'],
    filter: `${addressFilter(server)} && ${isDatagram ? 'udp' : 'tcp'}.port == ${serverPort} && ${isDatagram ? 'dtls' : 'tls'}.handshake.type == 11`,
    attack: problem.technique === 'self-signed' || problem.technique === 'name-mismatch' ? ['T1557', 'T1587.003'] : ['T1557'],
    recommendation: `Compare the fingerprint with the one the owner of ${server} knows. If it is theirs, have it renewed by an authority that clients trust; if not, look at what else the server does.`,
  };
}
