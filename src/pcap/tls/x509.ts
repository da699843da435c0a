/** X.509 certificates, RFC 5280 section 4: what an analyst asks of one. Damaged ones give what could be read. */
import { formatIpv6 } from '../addresses.ts';
import { sha1, sha256 } from '../platform.ts';
import { textAt } from '../text.ts';
import { DER, oidText, readElement, readElements, type Element } from './der.ts';

export interface Certificate {
  /** `C=US, O=Example, CN=www.example.org`, in the order written. */
  readonly subject: string;
  readonly issuer: string;
  readonly commonName: string | null;
  /** Upper-case hexadecimal without leading zero bytes, as OpenSSL prints it. */
  readonly serialNumber: string;
  /** Seconds since the epoch; null if unreadable. */
  readonly notBefore: number | null;
  readonly notAfter: number | null;
  /** DNS names and addresses of subjectAltName, at most 256. */
  readonly names: readonly string[];
  /** `RSA`, `EC`, `Ed25519` ..., else the dotted identifier. */
  readonly keyAlgorithm: string;
  /** 0 if not known. */
  readonly keyBits: number;
  readonly curve: string | null;
  /** `sha256WithRSAEncryption`, else the dotted identifier. */
  readonly signatureAlgorithm: string;
  readonly isCertificateAuthority: boolean;
  /** Issuer and subject are the same name, and the key identifiers, where given, too. */
  readonly selfSigned: boolean;
  /** Lower-case hexadecimal; null without a platform that hashes. */
  readonly sha1: string | null;
  readonly sha256: string | null;
}

const MAX_NAMES = 256,
  MAX_NAME = 1024;

const ATTRIBUTES: Readonly<Record<string, string>> = {
  '2.5.4.3': 'CN',
  '2.5.4.4': 'SN',
  '2.5.4.5': 'serialNumber',
  '2.5.4.6': 'C',
  '2.5.4.7': 'L',
  '2.5.4.8': 'ST',
  '2.5.4.9': 'street',
  '2.5.4.10': 'O',
  '2.5.4.11': 'OU',
  '2.5.4.12': 'title',
  '2.5.4.15': 'businessCategory',
  '2.5.4.17': 'postalCode',
  '2.5.4.42': 'GN',
  '2.5.4.97': 'organizationIdentifier',
  '1.2.840.113549.1.9.1': 'emailAddress',
  '0.9.2342.19200300.100.1.25': 'DC',
  '0.9.2342.19200300.100.1.1': 'UID',
  '1.3.6.1.4.1.311.60.2.1.3': 'jurisdictionC',
  '1.3.6.1.4.1.311.60.2.1.2': 'jurisdictionST',
  '1.3.6.1.4.1.311.60.2.1.1': 'jurisdictionL',
};
const KEYS: Readonly<Record<string, string>> = {
  '1.2.840.113549.1.1.1': 'RSA',
  '1.2.840.113549.1.1.10': 'RSA-PSS',
  '1.2.840.10040.4.1': 'DSA',
  '1.2.840.10045.2.1': 'EC',
  '1.3.101.110': 'X25519',
  '1.3.101.112': 'Ed25519',
  '1.3.101.113': 'Ed448',
};
const CURVES: Readonly<Record<string, readonly [string, number]>> = {
  '1.2.840.10045.3.1.1': ['secp192r1', 192],
  '1.3.132.0.33': ['secp224r1', 224],
  '1.2.840.10045.3.1.7': ['secp256r1', 256],
  '1.3.132.0.34': ['secp384r1', 384],
  '1.3.132.0.35': ['secp521r1', 521],
  '1.3.132.0.10': ['secp256k1', 256],
};
const SIGNATURES: Readonly<Record<string, string>> = {
  '1.2.840.113549.1.1.2': 'md2WithRSAEncryption',
  '1.2.840.113549.1.1.4': 'md5WithRSAEncryption',
  '1.2.840.113549.1.1.5': 'sha1WithRSAEncryption',
  '1.2.840.113549.1.1.10': 'rsassaPss',
  '1.2.840.113549.1.1.11': 'sha256WithRSAEncryption',
  '1.2.840.113549.1.1.12': 'sha384WithRSAEncryption',
  '1.2.840.113549.1.1.13': 'sha512WithRSAEncryption',
  '1.2.840.113549.1.1.14': 'sha224WithRSAEncryption',
  '1.2.840.10040.4.3': 'dsa-with-sha1',
  '2.16.840.1.101.3.4.3.2': 'dsa-with-sha256',
  '1.2.840.10045.4.1': 'ecdsa-with-SHA1',
  '1.2.840.10045.4.3.1': 'ecdsa-with-SHA224',
  '1.2.840.10045.4.3.2': 'ecdsa-with-SHA256',
  '1.2.840.10045.4.3.3': 'ecdsa-with-SHA384',
  '1.2.840.10045.4.3.4': 'ecdsa-with-SHA512',
  '1.3.101.112': 'Ed25519',
  '1.3.101.113': 'Ed448',
  '1.3.14.3.2.29': 'sha1WithRSA',
};

/** Reads the certificate in `[offset, end)`; null if that is not even the outline of one. */
export function parseCertificate(bytes: Uint8Array, offset: number, end: number): Certificate | null {
  const outer = readElement(bytes, offset, end);
  if (outer === null || outer.tag !== DER.sequence) return null;
  const [tbs, algorithm] = readElements(bytes, outer.start, outer.end, 3);
  if (tbs === undefined || tbs.tag !== DER.sequence) return null;
  const fields = readElements(bytes, tbs.start, tbs.end, 12);
  // An explicit version, [0], is there from version 2 on.
  if (fields[0]?.tag === 0xa0) fields.shift();
  const [serial, , issuer, validity, subject, key] = fields;
  if (serial === undefined || issuer === undefined || subject === undefined) return null;
  const [notBefore, notAfter] = validity === undefined ? [] : readElements(bytes, validity.start, validity.end, 2);
  const extensions = readExtensions(
    bytes,
    fields.find((field) => field.tag === 0xa3),
  );
  const keyParts = readKey(bytes, key);
  const sameName = equal(bytes, issuer, subject) && subject.end > subject.start;
  return {
    subject: nameText(bytes, subject),
    issuer: nameText(bytes, issuer),
    commonName: commonName(bytes, subject),
    serialNumber: integerHex(bytes, serial),
    notBefore: notBefore === undefined ? null : timeSeconds(bytes, notBefore),
    notAfter: notAfter === undefined ? null : timeSeconds(bytes, notAfter),
    names: extensions.names,
    ...keyParts,
    signatureAlgorithm: algorithmName(bytes, algorithm, SIGNATURES),
    isCertificateAuthority: extensions.isCertificateAuthority,
    selfSigned: sameName && (extensions.subjectKey === '' || extensions.authorityKey === '' || extensions.subjectKey === extensions.authorityKey),
    sha1: sha1(bytes.subarray(outer.header, outer.end)),
    sha256: sha256(bytes.subarray(outer.header, outer.end)),
  };
}

/** Relative distinguished names in the order written, at most 32. */
function attributes(bytes: Uint8Array, name: Element): [string, string][] {
  const pairs: [string, string][] = [];
  for (const set of readElements(bytes, name.start, name.end, 32)) {
    for (const sequence of readElements(bytes, set.start, set.end, 8)) {
      const [type, value] = readElements(bytes, sequence.start, sequence.end, 2);
      if (type === undefined || value === undefined || type.tag !== DER.oid) continue;
      const oid = oidText(bytes, type);
      pairs.push([ATTRIBUTES[oid] ?? oid, stringText(bytes, value)]);
    }
  }
  return pairs;
}

function nameText(bytes: Uint8Array, name: Element): string {
  return attributes(bytes, name)
    .map(([type, value]) => `${type}=${value}`)
    .join(', ')
    .slice(0, MAX_NAME);
}

function commonName(bytes: Uint8Array, name: Element): string | null {
  return attributes(bytes, name).findLast(([type]) => type === 'CN')?.[1] ?? null;
}

/** A string of any of the kinds that names use, X.680 section 41. */
export function stringText(bytes: Uint8Array, element: Element): string {
  const end = Math.min(element.end, element.start + MAX_NAME);
  if (element.tag === DER.bmpString || element.tag === DER.universalString) {
    const width = element.tag === DER.bmpString ? 2 : 4;
    let text = '';
    for (let at = element.start; at + width <= end; at += width) text += String.fromCharCode((bytes[at + width - 2]! << 8) | bytes[at + width - 1]!);
    return text;
  }
  if (element.tag === DER.teletexString) return String.fromCharCode(...bytes.subarray(element.start, end));
  return textAt(bytes, element.start, end);
}

function integerHex(bytes: Uint8Array, element: Element): string {
  let text = '';
  for (let at = element.start; at < Math.min(element.end, element.start + 64); at++) text += bytes[at]!.toString(16).padStart(2, '0');
  return text.replace(/^(?:00)+/, '').toUpperCase() || '0';
}

/** UTCTime `YYMMDDHHMMSSZ`, GeneralizedTime `YYYYMMDDHHMMSSZ` (RFC 5280 section 4.1.2.5). */
function timeSeconds(bytes: Uint8Array, element: Element): number | null {
  const text = textAt(bytes, element.start, element.end, 32),
    match = /^(\d{2}|\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})?(?:\.\d+)?Z?$/.exec(text);
  if (match === null || (element.tag !== DER.utcTime && element.tag !== DER.generalizedTime)) return null;
  const year = Number(match[1]),
    full = match[1]!.length === 4 ? year : year + (year >= 50 ? 1900 : 2000);
  const date = new Date(0);
  date.setUTCFullYear(full, Number(match[2]) - 1, Number(match[3]));
  date.setUTCHours(Number(match[4]), Number(match[5]), Number(match[6] ?? 0));
  return date.getTime() / 1000;
}

function algorithmName(bytes: Uint8Array, algorithm: Element | undefined, names: Readonly<Record<string, string>>): string {
  const oid = algorithm === undefined ? null : readElement(bytes, algorithm.start, algorithm.end);
  if (oid === null || oid.tag !== DER.oid) return '';
  const text = oidText(bytes, oid);
  return names[text] ?? text;
}

function readKey(bytes: Uint8Array, key: Element | undefined): { keyAlgorithm: string; keyBits: number; curve: string | null } {
  const [algorithm, bits] = key === undefined ? [] : readElements(bytes, key.start, key.end, 2);
  const keyAlgorithm = algorithmName(bytes, algorithm, KEYS);
  if (algorithm === undefined || bits === undefined) return { keyAlgorithm, keyBits: 0, curve: null };
  const parameters = readElements(bytes, algorithm.start, algorithm.end, 2)[1];
  if (keyAlgorithm === 'EC') {
    const oid = parameters?.tag === DER.oid ? oidText(bytes, parameters) : '',
      known = CURVES[oid];
    return { keyAlgorithm, keyBits: known?.[1] ?? 0, curve: known?.[0] ?? (oid === '' ? null : oid) };
  }
  // RSA: a bit string around SEQUENCE { modulus, exponent }; DSA: the prime is in the parameters.
  const modulus = keyAlgorithm.startsWith('RSA')
    ? firstInteger(bytes, readElement(bytes, bits.start + 1, bits.end))
    : keyAlgorithm === 'DSA'
      ? firstInteger(bytes, parameters ?? null)
      : null;
  return { keyAlgorithm, keyBits: modulus === null ? 0 : bitLength(bytes, modulus), curve: null };
}

function firstInteger(bytes: Uint8Array, sequence: Element | null): Element | null {
  const integer = sequence === null ? null : readElement(bytes, sequence.start, sequence.end);
  return integer?.tag === DER.integer ? integer : null;
}

function bitLength(bytes: Uint8Array, integer: Element): number {
  let at = integer.start;
  while (at < integer.end && bytes[at] === 0) at += 1;
  return at === integer.end ? 0 : (integer.end - at - 1) * 8 + (32 - Math.clz32(bytes[at]!));
}

interface Extensions {
  readonly names: string[];
  isCertificateAuthority: boolean;
  subjectKey: string;
  authorityKey: string;
}

function readExtensions(bytes: Uint8Array, wrapper: Element | undefined): Extensions {
  const result: Extensions = { names: [], isCertificateAuthority: false, subjectKey: '', authorityKey: '' };
  const list = wrapper === undefined ? null : readElement(bytes, wrapper.start, wrapper.end);
  if (list === null) return result;
  for (const extension of readElements(bytes, list.start, list.end, 64)) {
    const parts = readElements(bytes, extension.start, extension.end, 3),
      oid = parts[0],
      wrapped = parts.at(-1);
    if (oid?.tag !== DER.oid || wrapped?.tag !== DER.octetString) continue;
    const value = readElement(bytes, wrapped.start, wrapped.end);
    if (value === null) continue;
    switch (oidText(bytes, oid)) {
      case '2.5.29.14':
        result.subjectKey = integerHex(bytes, value);
        break;
      case '2.5.29.35': {
        const identifier = readElements(bytes, value.start, value.end, 3).find((element) => element.tag === 0x80);
        if (identifier !== undefined) result.authorityKey = integerHex(bytes, identifier);
        break;
      }
      case '2.5.29.19': {
        const flag = readElement(bytes, value.start, value.end);
        result.isCertificateAuthority = flag?.tag === DER.boolean && bytes[flag.start] !== 0;
        break;
      }
      case '2.5.29.17':
        for (const name of readElements(bytes, value.start, value.end, MAX_NAMES)) {
          if (name.tag === 0x82) result.names.push(textAt(bytes, name.start, name.end, 255));
          else if (name.tag === 0x87) result.names.push(addressText(bytes.subarray(name.start, name.end)));
        }
    }
  }
  return result;
}

function addressText(address: Uint8Array): string {
  return address.length === 16 ? formatIpv6(address, 0) : address.subarray(0, 4).join('.');
}

function equal(bytes: Uint8Array, a: Element, b: Element): boolean {
  if (a.end - a.start !== b.end - b.start) return false;
  for (let i = 0; i < a.end - a.start; i++) if (bytes[a.start + i] !== bytes[b.start + i]) return false;
  return true;
}
