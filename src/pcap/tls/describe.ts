/** The fields of TLS hellos and certificates, for whoever looks at them. */
import type { Field, FieldSink } from '../dissector.ts';
import { ja3sText, ja3Text } from '../ja3.ts';
import { ja4 } from '../ja4.ts';
import type { Packet } from '../packet.ts';
import { md5OfFingerprint } from '../platform.ts';
import { textAt } from '../text.ts';
import { certificateFields as x, dtlsFields, type CommonFields } from './fields.ts';
import { EXTENSION, eachExtension, type ClientHello, type ServerHello, type Transport } from './hello.ts';
import { Reader } from './reader.ts';
import type { Certificate } from './x509.ts';

const NAMED_CURVE = 3;

export function describeClientHello(
  p: Packet,
  offset: number,
  end: number,
  hello: ClientHello,
  transport: Transport,
  f: CommonFields,
  sink: FieldSink,
): void {
  const r = new Reader(p.bytes, offset, end);
  describeBeginning(r, true, f, sink);
  const suites = r.take(r.u16());
  sink.add(f.suites, suites.at, suites.left, undefined, `Cipher Suites (${hello.suites.length} suites)`);
  sink.open();
  each(suites, 2, f.suite, sink);
  sink.close();
  each(r.take(r.u8()), 1, f.compression, sink);
  describeExtensions(r, true, f, sink);
  const text = ja3Text(hello);
  addText(f.ja3Full, text, offset, sink);
  addText(f.ja3, md5OfFingerprint(text), offset, sink);
  addText(f.ja4, ja4(hello, transport), offset, sink);
}

export function describeServerHello(p: Packet, offset: number, end: number, hello: ServerHello, f: CommonFields, sink: FieldSink): void {
  const r = new Reader(p.bytes, offset, end);
  describeBeginning(r, false, f, sink);
  if (r.left < 3) return;
  sink.add(f.suite, r.at, 2);
  sink.add(f.compression, r.at + 2, 1);
  r.skip(3);
  describeExtensions(r, false, f, sink);
  const text = ja3sText(hello);
  addText(f.ja3sFull, text, offset, sink);
  addText(f.ja3s, md5OfFingerprint(text), offset, sink);
}

function addText(field: Field, text: string | null, offset: number, sink: FieldSink): void {
  if (text !== null) sink.add(field, offset, 0, text);
}

/** What a HelloVerifyRequest holds, RFC 6347 section 4.2.1. */
export function describeHelloVerifyRequest(r: Reader, sink: FieldSink): void {
  if (r.left < 3) return;
  sink.add(dtlsFields.version, r.at, 2);
  r.skip(2);
  describeCookie(r, sink);
}

function describeCookie(r: Reader, sink: FieldSink): void {
  const cookie = r.take(r.u8());
  sink.add(dtlsFields.cookieLength, cookie.at - 1, 1);
  if (cookie.left > 0) sink.add(dtlsFields.cookie, cookie.at, cookie.left);
}

/** What both hellos begin with: version, random, session id; with DTLS the client's has a cookie, too. */
function describeBeginning(r: Reader, client: boolean, f: CommonFields, sink: FieldSink): void {
  if (r.left < 35) {
    r.skip(35);
    return;
  }
  sink.add(f.version, r.at, 2);
  sink.add(f.random, r.at + 2, 32);
  r.skip(34);
  const session = r.take(r.u8());
  sink.add(f.sessionIdLength, session.at - 1, 1);
  if (session.left > 0) sink.add(f.sessionId, session.at, session.left);
  if (client && f === dtlsFields) describeCookie(r, sink);
}

function each(list: Reader, width: 1 | 2, field: Field, sink: FieldSink): void {
  for (; list.left >= width; list.skip(width)) sink.add(field, list.at, width);
}

export function describeExtensions(r: Reader, client: boolean, f: CommonFields, sink: FieldSink): void {
  eachExtension(r, (type, body) => {
    sink.add(f.extensionType, body.at - 4, 2, type);
    sink.open();
    sink.add(f.extensionLength, body.at - 2, 2, body.left);
    const start = body.at,
      length = body.left;
    if (length === 0) {
      sink.close();
      return;
    }
    if (type === EXTENSION.serverName) {
      const list = body.take(body.u16());
      while (list.left >= 3) {
        const kind = list.u8(),
          name = list.take(list.u16());
        if (kind === 0) sink.add(f.serverName, name.at, name.left, textAt(name.bytes, name.at, name.end, 255));
      }
    } else if (type === EXTENSION.alpn) {
      const list = body.take(body.u16());
      while (list.left > 0) {
        const name = list.take(list.u8());
        sink.add(f.alpn, name.at, name.left, textAt(name.bytes, name.at, name.end, 255));
      }
    } else if (type === EXTENSION.supportedVersions) each(client ? body.take(body.u8()) : body, 2, f.supportedVersion, sink);
    else if (type === EXTENSION.supportedGroups) each(body.take(body.u16()), 2, f.group, sink);
    else if (type === EXTENSION.pointFormats) each(body.take(body.u8()), 1, f.pointFormat, sink);
    else if (type === EXTENSION.signatureAlgorithms) each(body.take(body.u16()), 2, f.signatureAlgorithm, sink);
    else if (f === dtlsFields && type === EXTENSION.useSrtp) each(body.take(body.u16()), 2, dtlsFields.srtpProfile, sink);
    else if (f === dtlsFields && type === EXTENSION.connectionId) {
      const id = body.take(body.u8());
      sink.add(dtlsFields.connectionIdLength, start, 1);
      if (id.left > 0) sink.add(dtlsFields.connectionId, id.at, id.left);
    } else sink.add(f.extensionData, start, length);
    sink.close();
  });
}

/** The signature algorithm of a ServerKeyExchange with curves (RFC 8422 section 5.4) or with a prime (RFC 5246 section 7.4.3): it stands behind them from TLS 1.2 on. */
export function describeServerKeyExchange(r: Reader, f: CommonFields, sink: FieldSink): void {
  const { bytes, at, end } = r;
  for (const isCurve of [true, false]) {
    const one = new Reader(bytes, at, end);
    if (isCurve) {
      if (one.u8() !== NAMED_CURVE) continue;
      one.skip(2);
      one.skip(one.u8());
    } else for (let vectors = 0; vectors < 3; vectors++) one.skip(one.u16());
    const algorithmAt = one.at;
    one.skip(2);
    one.skip(one.u16());
    // Without a signature, or in older versions, the lengths do not end where the message does.
    if (one.short || one.left > 0) continue;
    sink.add(f.signatureAlgorithm, algorithmAt, 2);
    return;
  }
}

/** What a NewSessionTicket of TLS 1.3 holds beside the ticket, RFC 8446 section 4.6.1. */
export function describeNewSessionTicket(r: Reader, f: CommonFields, sink: FieldSink): void {
  // Lifetime, and what is added to its age.
  r.skip(8);
  r.skip(r.u8());
  r.skip(r.u16());
  if (r.left >= 2) describeExtensions(r, false, f, sink);
}

/** Signature algorithms that a server takes from its client, RFC 5246 section 7.4.4. */
export function describeCertificateRequest(r: Reader, f: CommonFields, sink: FieldSink): void {
  r.skip(r.u8());
  each(r.take(r.u16()), 2, f.signatureAlgorithm, sink);
}

export function describeCertificates(
  chain: readonly Certificate[],
  places: readonly (readonly [number, number])[],
  f: CommonFields,
  sink: FieldSink,
): void {
  chain.forEach((certificate, index) => {
    const [at, end] = places[index]!,
      length = end - at;
    sink.add(f.certificateLength, at - 3, 3);
    sink.add(f.certificate, at, length, undefined, sink.wantsText ? `Certificate: ${certificate.subject}` : undefined);
    sink.open();
    sink.add(x.serialNumber, at, length, certificate.serialNumber);
    sink.add(x.certificateSignature, at, length, certificate.signatureAlgorithm);
    sink.add(x.issuer, at, length, certificate.issuer);
    if (certificate.notBefore !== null) sink.add(x.notBefore, at, length, BigInt(certificate.notBefore) * 1_000_000_000n);
    if (certificate.notAfter !== null) sink.add(x.notAfter, at, length, BigInt(certificate.notAfter) * 1_000_000_000n);
    sink.add(x.subject, at, length, certificate.subject);
    sink.add(
      x.keyAlgorithm,
      at,
      length,
      `${certificate.keyAlgorithm}${certificate.curve === null ? '' : ` ${certificate.curve}`}${certificate.keyBits > 0 ? ` (${certificate.keyBits} bits)` : ''}`,
    );
    for (const name of certificate.names) sink.add(x.dnsName, at, length, name);
    sink.close();
  });
}
