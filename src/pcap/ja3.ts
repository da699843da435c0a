/** JA3 and JA3S fingerprints of TLS hellos: decimal numbers of the fields in the order sent, without GREASE. The digest is MD5 of it. */
import { isGrease, type ClientHello, type ServerHello } from './tls/hello.ts';

export function ja3Text(hello: ClientHello): string {
  return [String(hello.legacyVersion), join(hello.suites), join(hello.extensions), join(hello.groups), hello.pointFormats.join('-')].join(',');
}

export function ja3sText(hello: ServerHello): string {
  return `${hello.legacyVersion},${hello.suite},${hello.extensions.join('-')}`;
}

function join(values: readonly number[]): string {
  return values.filter((value) => !isGrease(value)).join('-');
}
