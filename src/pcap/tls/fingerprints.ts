/**
 * JA3 and JA4 of hellos. Thousands of hellos of one capture offer the same in the same order: what was offered lately is known by its numbers, and
 * the texts and digests are made once.
 */
import { ja3Text } from '../ja3.ts';
import { ja4 } from '../ja4.ts';
import { md5OfFingerprint } from '../platform.ts';
import type { ClientHello, Transport } from './hello.ts';

export interface Fingerprints {
  /** Null without a platform that hashes. */
  readonly ja3: string | null;
  readonly ja4: string | null;
}

const MOST = 1024,
  LONGEST = 512;
/** By transport, which JA4 begins with. */
const KNOWN = { t: new Map<string, Fingerprints>(), q: new Map<string, Fingerprints>(), d: new Map<string, Fingerprints>() } as const,
  /** The same by the suites of hellos that offer what one before did (`clientHelloAt`): they share them. */
  OF_SUITES = {
    t: new WeakMap<readonly number[], Fingerprints>(),
    q: new WeakMap<readonly number[], Fingerprints>(),
    d: new WeakMap<readonly number[], Fingerprints>(),
  } as const;
const offered = new Uint16Array(LONGEST);

export function fingerprintsOf(hello: ClientHello, transport: Transport): Fingerprints {
  const ofSuites = OF_SUITES[transport];
  let prints = ofSuites.get(hello.suites);
  if (prints === undefined) {
    prints = made(hello, transport);
    if (prints.ja3 !== null && prints.ja4 !== null) ofSuites.set(hello.suites, prints);
  }
  return prints;
}

function made(hello: ClientHello, transport: Transport): Fingerprints {
  const known = KNOWN[transport],
    key = keyOf(hello),
    before = key === null ? undefined : known.get(key);
  if (before !== undefined) return before;
  const prints = { ja3: md5OfFingerprint(ja3Text(hello)), ja4: ja4(hello, transport) };
  if (key === null || prints.ja3 === null || prints.ja4 === null) return prints;
  if (known.size >= MOST) known.clear();
  known.set(key, prints);
  return prints;
}

/** All that the fingerprints depend on, each list with its length before it; null for more than is kept. */
function keyOf({ legacyVersion, suites, extensions, groups, pointFormats, versions, signatureAlgorithms, firstAlpn }: ClientHello): string | null {
  let at = 0;
  if (suites.length + extensions.length + groups.length + pointFormats.length + versions.length + signatureAlgorithms.length + 16 > LONGEST)
    return null;
  const add = (values: readonly number[]): void => {
    offered[at++] = values.length;
    for (let i = 0; i < values.length; i++) offered[at++] = values[i]!;
  };
  offered[at++] = legacyVersion;
  add(suites);
  add(extensions);
  add(groups);
  add(pointFormats);
  add(versions);
  add(signatureAlgorithms);
  const length = firstAlpn?.length ?? 0;
  offered[at++] = length;
  // Of the first protocol's name JA4 takes the first and the last byte.
  if (firstAlpn !== null && length > 0) offered[at++] = firstAlpn[0]! * 256 + firstAlpn[length - 1]!;
  return String.fromCharCode.apply(null, offered.subarray(0, at) as unknown as number[]);
}
