/**
 * JA4, the client fingerprint of FoxIO (licensed BSD 3-clause): what is offered in words, then truncated SHA-256 of the sorted
 * suites and of the sorted extensions with the signature algorithms as sent. GREASE never counts.
 */
import { sha256OfFingerprint } from './platform.ts';
import { EXTENSION, isGrease, newestVersion, type ClientHello, type Transport } from './tls/hello.ts';

const VERSIONS: Readonly<Record<number, string>> = {
  0x0304: '13',
  0x0303: '12',
  0x0302: '11',
  0x0301: '10',
  0x0300: 's3',
  0x0002: 's2',
  0xfeff: 'd1',
  0xfefd: 'd2',
  0xfefc: 'd3',
};

/** The fingerprint, or null without a platform that hashes. */
export function ja4(hello: ClientHello, transport: Transport): string | null {
  const text = ja4Text(hello, transport),
    suites = hash(text[1]),
    extensions = hash(text[2]);
  return suites === null || extensions === null ? null : `${text[0]}_${suites}_${extensions}`;
}

/** The three parts before hashing (JA4_r's, but for its order). */
export function ja4Text(hello: ClientHello, transport: Transport): readonly [string, string, string] {
  const suites = hello.suites.filter((value) => !isGrease(value)),
    extensions = hello.extensions.filter((value) => !isGrease(value));
  const version = VERSIONS[newestVersion(hello.versions) || hello.legacyVersion] ?? '00';
  const sni = hello.extensions.includes(EXTENSION.serverName) ? 'd' : 'i';
  const first = `${transport}${version}${sni}${two(suites.length)}${two(extensions.length)}${alpnMark(hello.firstAlpn)}`;
  const hashed = extensions
    .filter((value) => value !== EXTENSION.serverName && value !== EXTENSION.alpn)
    .map(hex4)
    .sort();
  const signatures = hello.signatureAlgorithms.filter((value) => !isGrease(value)).map(hex4);
  // Without signature algorithms the string ends without an underscore.
  return [first, suites.map(hex4).sort().join(','), hashed.join(',') + (signatures.length > 0 ? `_${signatures.join(',')}` : '')];
}

function hash(text: string): string | null {
  return text === '' ? '000000000000' : (sha256OfFingerprint(text)?.slice(0, 12) ?? null);
}

function two(count: number): string {
  return String(Math.min(count, 99)).padStart(2, '0');
}

function hex4(value: number): string {
  return value.toString(16).padStart(4, '0');
}

/** First and last character of the first ALPN name; of its hexadecimal form if either is no letter or digit. */
function alpnMark(name: Uint8Array | null): string {
  if (name === null || name.length === 0) return '00';
  const first = name[0]!,
    last = name[name.length - 1]!;
  if (isAlphanumeric(first) && isAlphanumeric(last)) return String.fromCharCode(first, last);
  return `${(first >> 4).toString(16)}${(last & 15).toString(16)}`;
}

function isAlphanumeric(byte: number): boolean {
  return (byte >= 48 && byte <= 57) || (byte >= 65 && byte <= 90) || (byte >= 97 && byte <= 122);
}
