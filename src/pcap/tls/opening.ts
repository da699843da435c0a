/**
 * Opens the records of a connection whose secrets a key log holds, as its handshake goes on: with TLS 1.3 the secrets of early data, handshake and traffic
 * follow one another (RFC 8446 section 7.1), before it the master secret counts from each Change Cipher Spec on.
 */
import type { Direction } from '../dissector.ts';
import type { Packet } from '../packet.ts';
import { sameBytes } from '../sameBytes.ts';
import { parseClientHello, type ServerHello } from './hello.ts';
import type { SecretLabel } from './keyLog.ts';
import { cipherOf, nextSecret, opener12, opener13, type OpenedRecord, type RecordOpener, type SuiteCipher } from './recordCipher.ts';
import { TLS_1_3 } from './fields.ts';
import type { TlsState } from './records.ts';

/** A connection whose secrets are known: what keys are made with besides them. */
export interface KeyedConnection {
  readonly clientRandom: Uint8Array;
  serverRandom: Uint8Array;
  /** In force; 0 before a ServerHello. */
  version: number;
  cipher: SuiteCipher | null;
  encryptThenMac: boolean;
  /** Of QUIC: the protocols that the client offers, then the one that the server took. */
  alpn: readonly string[];
}

/** Opens what one side sends. */
export interface SideOpener {
  /** In use, and those that may follow without a sign: a server that refuses early data is sent the handshake next. */
  readonly openers: RecordOpener[];
  /** Of TLS 1.3 traffic keys, for a KeyUpdate. */
  secret: Uint8Array | null;
  /** Bytes before the next record are missing: some records may be. */
  isBehindGap: boolean;
  /** Records that did not open before the first that did. */
  passedOver: number;
}

const RANDOM_AT = 2,
  RANDOM_BYTES = 32;
const TLS_1_0 = 0x0301,
  TLS_1_2 = 0x0303;
/** Records that may be missing in a gap: as many numbers are tried for the first behind it. */
const MOST_MISSING = 64;
/** Of early data: servers take a few dozen KiB at most. */
const MOST_PASSED_OVER = 256;
/** Suites of TLS 1.3: which of them early data are sealed with is said elsewhere, in an earlier connection. */
export const EARLY_SUITES = [0x1301, 0x1302, 0x1303];

const ENCRYPT_THEN_MAC = 22;
const END_OF_EARLY_DATA = 5,
  FINISHED = 20,
  KEY_UPDATE = 24;

/** A ClientHello whose body begins at `body`. */
export function keyClientHello(p: Packet, body: number, end: number, direction: Direction, state: TlsState): void {
  if (p.keys === null || p.keys.size === 0 || end - body < RANDOM_AT + RANDOM_BYTES) return;
  const clientRandom = p.bytes.slice(body + RANDOM_AT, body + RANDOM_AT + RANDOM_BYTES);
  // With a cookie, or lost on its way, the same hello comes again.
  if (state.transport === 'd' && state.keyed !== null && sameBytes(state.keyed.clientRandom, clientRandom)) return;
  state.keyed = null;
  if (!p.keys.knows(clientRandom)) return;
  // In clear after a HelloRetryRequest; within a connection, what is in use goes on until the next Change Cipher Spec.
  const alpn = state.transport === 'q' ? parseClientHello(p.bytes, body, end).alpn : [];
  state.keyed = { clientRandom, serverRandom: clientRandom, version: 0, cipher: null, encryptThenMac: false, alpn };
  // What is not a stream of records is opened elsewhere.
  if (state.transport !== 't') return;
  const early = p.keys.find('CLIENT_EARLY_TRAFFIC_SECRET', clientRandom);
  if (early === null || state.sides[direction].opener !== null) return;
  const openers = EARLY_SUITES.flatMap((suite) => {
    const cipher = cipherOf(suite);
    return cipher === null || early.length !== (cipher.hash === 'sha384' ? 48 : 32) ? [] : (opener13(cipher, early) ?? []);
  });
  if (openers.length > 0) state.sides[direction].opener = { openers, secret: null, isBehindGap: false, passedOver: 0 };
}

/** A ServerHello whose body begins at `body`. */
export function keyServerHello(p: Packet, body: number, hello: ServerHello, direction: Direction, state: TlsState): void {
  const { keyed } = state;
  if (keyed === null || hello.short || hello.helloRetryRequest) return;
  keyed.serverRandom = p.bytes.slice(body + RANDOM_AT, body + RANDOM_AT + RANDOM_BYTES);
  keyed.version = hello.version;
  keyed.cipher = cipherOf(hello.suite);
  keyed.encryptThenMac = hello.extensions.includes(ENCRYPT_THEN_MAC);
  if (hello.version !== TLS_1_3 || state.transport !== 't') return;
  useSecret(p, state, direction, 'SERVER_HANDSHAKE_TRAFFIC_SECRET', false);
  useSecret(p, state, (1 - direction) as Direction, 'CLIENT_HANDSHAKE_TRAFFIC_SECRET', state.sides[1 - direction]!.opener !== null);
}

/** From here on this side seals with what the handshake agreed on: a Change Cipher Spec before TLS 1.3. */
export function keyChangeCipherSpec(p: Packet, direction: Direction, state: TlsState): void {
  const { keyed } = state;
  if (keyed === null || keyed.version < TLS_1_0 || keyed.version > TLS_1_2 || keyed.cipher === null || state.client < 0) return;
  const master = p.keys?.find('CLIENT_RANDOM', keyed.clientRandom) ?? null,
    opener = master === null ? null : opener12(keyed.cipher, master, keyed, direction !== state.client);
  state.sides[direction].opener = opener === null ? null : { openers: [opener], secret: null, isBehindGap: false, passedOver: 0 };
}

/** A handshake message that came out of an opened record of this side may end the use of its keys. */
export function keyMessage(p: Packet, type: number, direction: Direction, state: TlsState): void {
  const { keyed } = state,
    side = state.sides[direction];
  if (side.opener === null || keyed?.version !== TLS_1_3 || keyed.cipher === null) return;
  const isClient = direction === state.client;
  if (type === FINISHED) useSecret(p, state, direction, isClient ? 'CLIENT_TRAFFIC_SECRET_0' : 'SERVER_TRAFFIC_SECRET_0', false);
  else if (type === END_OF_EARLY_DATA) useSecret(p, state, direction, 'CLIENT_HANDSHAKE_TRAFFIC_SECRET', false);
  else if (type === KEY_UPDATE && side.opener.secret !== null) use(state, direction, nextSecret(keyed.cipher, side.opener.secret), false);
}

function useSecret(p: Packet, state: TlsState, direction: Direction, label: SecretLabel, isBesides: boolean): void {
  use(state, direction, state.keyed === null ? null : (p.keys?.find(label, state.keyed.clientRandom) ?? null), isBesides);
}

/** With `isBesides` after the keys in use, else instead of them. */
function use(state: TlsState, direction: Direction, secret: Uint8Array | null, isBesides: boolean): void {
  const side = state.sides[direction],
    cipher = state.keyed?.cipher ?? null,
    opener = secret === null || cipher === null ? null : opener13(cipher, secret);
  if (isBesides && side.opener !== null) {
    if (opener !== null) side.opener.openers.push(opener);
  } else side.opener = opener === null ? null : { openers: [opener], secret, isBehindGap: false, passedOver: 0 };
}

/**
 * What is in the record at `offset`, whose content is `[content, end)`; null where its keys are not known. After one that does not open the side is closed, but for early
 * data whose secret is not in the key log: what comes behind them opens.
 */
export function openRecord(
  bytes: Uint8Array,
  offset: number,
  content: number,
  end: number,
  direction: Direction,
  state: TlsState,
): OpenedRecord | null {
  const side = state.sides[direction],
    { opener } = side;
  if (opener === null) return null;
  const { openers, isBehindGap } = opener;
  for (let i = 0; i < openers.length; i++) {
    const one = openers[i]!,
      from = one.sequence;
    for (let missing = 0; missing <= (isBehindGap ? MOST_MISSING : 0); missing++) {
      one.sequence = from + missing;
      const opened = one.open(bytes, offset, content, end);
      if (opened === null) continue;
      if (i > 0) openers.splice(0, i);
      opener.isBehindGap = false;
      return opened;
    }
    one.sequence = from;
  }
  if (openers.some(({ sequence }) => sequence > 0) || ++opener.passedOver > MOST_PASSED_OVER) side.opener = null;
  return null;
}
