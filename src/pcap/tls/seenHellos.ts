/** Hellos of TLS as messages: what most listeners want is at hand, and fingerprints are made when somebody asks. */
import type { Direction } from '../dissector.ts';
import { ja3sText } from '../ja3.ts';
import { md5OfFingerprint } from '../platform.ts';
import { suiteName } from './fields.ts';
import { fingerprintsOf } from './fingerprints.ts';
import { newestVersion, type ClientHello, type ServerHello, type Transport } from './hello.ts';
import type { TlsClientHelloMessage, TlsServerHelloMessage } from './messages.ts';

export class SeenClientHello implements TlsClientHelloMessage {
  readonly kind = 'tls-client-hello';
  readonly frame: number;
  readonly direction: Direction;
  readonly sni: string | null;
  readonly alpn: readonly string[];
  readonly legacyVersion: number;
  readonly versions: readonly number[];
  readonly suites: readonly number[];
  readonly extensions: readonly number[];
  readonly groups: readonly number[];
  readonly signatureAlgorithms: readonly number[];
  readonly #hello: ClientHello;
  /** Null for hellos that have no fingerprints. */
  readonly #transport: Transport | null;

  constructor(frame: number, direction: Direction, hello: ClientHello, transport: Transport | null) {
    this.frame = frame;
    this.direction = direction;
    this.sni = hello.sni;
    this.alpn = hello.alpn;
    this.legacyVersion = hello.legacyVersion;
    this.versions = hello.versions;
    this.suites = hello.suites;
    this.extensions = hello.extensions;
    this.groups = hello.groups;
    this.signatureAlgorithms = hello.signatureAlgorithms;
    this.#hello = hello;
    this.#transport = transport;
  }

  get maxVersion(): number {
    return this.versions.length > 0 ? newestVersion(this.versions) : this.legacyVersion;
  }

  get ja3(): string | null {
    return this.#transport === null ? null : fingerprintsOf(this.#hello, this.#transport).ja3;
  }

  get ja4(): string | null {
    return this.#transport === null ? null : fingerprintsOf(this.#hello, this.#transport).ja4;
  }
}

export class SeenServerHello implements TlsServerHelloMessage {
  readonly kind = 'tls-server-hello';
  readonly frame: number;
  readonly direction: Direction;
  readonly version: number;
  readonly suite: number;
  readonly alpn: string | null;
  readonly helloRetryRequest: boolean;
  readonly sni: string | null;
  readonly #hello: ServerHello;

  constructor(frame: number, direction: Direction, hello: ServerHello, sni: string | null) {
    this.frame = frame;
    this.direction = direction;
    this.version = hello.version;
    this.suite = hello.suite;
    this.alpn = hello.alpn;
    this.helloRetryRequest = hello.helloRetryRequest;
    this.sni = sni;
    this.#hello = hello;
  }

  get suiteName(): string {
    return suiteName(this.suite);
  }

  get ja3s(): string | null {
    return md5OfFingerprint(ja3sText(this.#hello));
  }
}
