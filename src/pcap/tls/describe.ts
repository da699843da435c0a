/** The fields of TLS hellos and certificates, for whoever looks at them. */
import type { Field, FieldSink } from '../dissector.ts';
import { ja3sText, ja3Text } from '../ja3.ts';
import { ja4 } from '../ja4.ts';
import type { Packet } from '../packet.ts';
import { md5OfFingerprint } from '../platform.ts';
import { textAt } from '../text.ts';
import { tlsFields as f } from './fields.ts';
import { EXTENSION, eachExtension, type ClientHello, type ServerHello } from './hello.ts';
import { Reader } from './reader.ts';
import type { Certificate } from './x509.ts';

export function describeClientHello(p: Packet, offset: number, end: number, hello: ClientHello, transport: 't' | 'q', sink: FieldSink): void {
  const r = new Reader(p.bytes, offset, end);
  describeBeginning(r, sink);
  const suites = r.take(r.u16());
  sink.add(f.suites, suites.at, suites.left, undefined, `Cipher Suites (${hello.suites.length} suites)`);
  sink.open();
  each(suites, 2, f.suite, sink);
  sink.close();
  each(r.take(r.u8()), 1, f.compression, sink);
  describeExtensions(r, true, sink);
  const text = ja3Text(hello);
  addText(f.ja3Full, text, offset, sink);
  addText(f.ja3, md5OfFingerprint(text), offset, sink);
  addText(f.ja4, ja4(hello, transport), offset, sink);
}

export function describeServerHello(p: Packet, offset: number, end: number, hello: ServerHello, sink: FieldSink): void {
  const r = new Reader(p.bytes, offset, end);
  describeBeginning(r, sink);
  if (r.left < 3) return;
  sink.add(f.suite, r.at, 2);
  sink.add(f.compression, r.at + 2, 1);
  r.skip(3);
  describeExtensions(r, false, sink);
  const text = ja3sText(hello);
  addText(f.ja3sFull, text, offset, sink);
  addText(f.ja3s, md5OfFingerprint(text), offset, sink);
}

function addText(field: Field, text: string | null, offset: number, sink: FieldSink): void {
  if (text !== null) sink.add(field, offset, 0, text);
}

/** What both hellos begin with: version, random, session id. */
function describeBeginning(r: Reader, sink: FieldSink): void {
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
}

function each(list: Reader, width: 1 | 2, field: Field, sink: FieldSink): void {
  for (; list.left >= width; list.skip(width)) sink.add(field, list.at, width);
}

export function describeExtensions(r: Reader, client: boolean, sink: FieldSink): void {
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
    else sink.add(f.extensionData, start, length);
    sink.close();
  });
}

export function describeCertificates(chain: readonly Certificate[], places: readonly (readonly [number, number])[], sink: FieldSink): void {
  chain.forEach((certificate, index) => {
    const [at, end] = places[index]!,
      length = end - at;
    sink.add(f.certificateLength, at - 3, 3);
    sink.add(f.certificate, at, length, undefined, sink.wantsText ? `Certificate: ${certificate.subject}` : undefined);
    sink.open();
    sink.add(f.serialNumber, at, length, certificate.serialNumber);
    sink.add(f.certificateSignature, at, length, certificate.signatureAlgorithm);
    sink.add(f.issuer, at, length, certificate.issuer);
    if (certificate.notBefore !== null) sink.add(f.notBefore, at, length, BigInt(certificate.notBefore) * 1_000_000_000n);
    if (certificate.notAfter !== null) sink.add(f.notAfter, at, length, BigInt(certificate.notAfter) * 1_000_000_000n);
    sink.add(f.subject, at, length, certificate.subject);
    sink.add(
      f.keyAlgorithm,
      at,
      length,
      `${certificate.keyAlgorithm}${certificate.curve === null ? '' : ` ${certificate.curve}`}${certificate.keyBits > 0 ? ` (${certificate.keyBits} bits)` : ''}`,
    );
    for (const name of certificate.names) sink.add(f.dnsName, at, length, name);
    sink.close();
  });
}
