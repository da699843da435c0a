/** What TLS says in clear, as detectors and statistics consume it. */
import { messageKind, type Direction, type Message } from '../dissector.ts';
import type { Certificate } from './x509.ts';

export interface TlsClientHelloMessage extends Message {
  readonly kind: 'tls-client-hello';
  readonly direction: Direction;
  readonly sni: string | null;
  readonly alpn: readonly string[];
  /** The hello's own field, and the highest version offered. */
  readonly legacyVersion: number;
  readonly maxVersion: number;
  readonly versions: readonly number[];
  /** As sent, GREASE included. */
  readonly suites: readonly number[];
  readonly extensions: readonly number[];
  readonly groups: readonly number[];
  readonly signatureAlgorithms: readonly number[];
  /** Null without a platform that hashes, and for SSLv2 hellos. */
  readonly ja3: string | null;
  readonly ja4: string | null;
}
export const tlsClientHelloMessage = messageKind<TlsClientHelloMessage>('tls-client-hello');

export interface TlsServerHelloMessage extends Message {
  readonly kind: 'tls-server-hello';
  readonly direction: Direction;
  /** The version and suite in force from here on. */
  readonly version: number;
  readonly suite: number;
  readonly suiteName: string;
  readonly alpn: string | null;
  readonly helloRetryRequest: boolean;
  readonly ja3s: string | null;
  /** Name the client asked for. */
  readonly sni: string | null;
}
export const tlsServerHelloMessage = messageKind<TlsServerHelloMessage>('tls-server-hello');

export interface TlsCertificateMessage extends Message {
  readonly kind: 'tls-certificate';
  readonly direction: Direction;
  readonly fromServer: boolean;
  /** Leaf first; at most 16. */
  readonly chain: readonly Certificate[];
  /** The certificate is known by its fingerprint from the signalling, as that of a call in a browser: nobody needs to have signed it (RFC 5763). */
  readonly isOfSrtp: boolean;
  /** Name the client asked for. */
  readonly sni: string | null;
}
export const tlsCertificateMessage = messageKind<TlsCertificateMessage>('tls-certificate');

export interface TlsAlertMessage extends Message {
  readonly kind: 'tls-alert';
  readonly direction: Direction;
  /** 1 warning, 2 fatal. */
  readonly level: number;
  readonly description: number;
}
export const tlsAlertMessage = messageKind<TlsAlertMessage>('tls-alert');

/** Both sides have changed to their keys: the handshake is over. Told once in a connection. */
export interface TlsEstablishedMessage extends Message {
  readonly kind: 'tls-established';
}
export const tlsEstablishedMessage = messageKind<TlsEstablishedMessage>('tls-established');

/** A heartbeat, RFC 6520. One in clear that promises more payload than its record holds is Heartbleed (CVE-2014-0160). */
export interface TlsHeartbeatMessage extends Message {
  readonly kind: 'tls-heartbeat';
  readonly direction: Direction;
  readonly encrypted: boolean;
  readonly recordLength: number;
  /** 1 request, 2 response; 0 where encrypted. */
  readonly type: number;
  readonly payloadLength: number;
}
export const tlsHeartbeatMessage = messageKind<TlsHeartbeatMessage>('tls-heartbeat');

/** One of the first encrypted records of a connection in which one logs in, to mail or FTP: their lengths and times tell how that went. */
export interface TlsRecordMessage extends Message {
  readonly kind: 'tls-record';
  readonly fromClient: boolean;
  readonly bytes: number;
}
export const tlsRecordMessage = messageKind<TlsRecordMessage>('tls-record');

/** The name a client asks for; all that naming a server needs, without the cost of fingerprints. */
export interface TlsServerNameMessage extends Message {
  readonly kind: 'tls-server-name';
  readonly name: string;
}
export const tlsServerNameMessage = messageKind<TlsServerNameMessage>('tls-server-name');
