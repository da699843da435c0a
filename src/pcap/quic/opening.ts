/**
 * Opens what follows the Initial packets of a connection whose secrets a key log holds (RFC 9001 section 5): early data, the handshake, and what is said after it, whose
 * keys change when one side says so in a bit of its headers (section 6).
 */
import type { KeyLog, SecretLabel } from '../tls/keyLog.ts';
import { EARLY_SUITES, type KeyedConnection } from '../tls/opening.ts';
import { cipherOf } from '../tls/recordCipher.ts';
import { openPacket, openUnmasked, packetCipherOf, packetKeys, unmask, updatedSecret, type OpenedPacket, type PacketKeys } from './protection.ts';

/** How many times keys may have changed in packets that are missing. */
const MOST_UPDATES = 4;
const KEY_PHASE = 0x04,
  /** Packets in a row that do not open before nobody looks ahead any more: they are not of this connection, or damaged. */
  MOST_FAILURES = 64;

/** Of one side. What is null has no keys; what is undefined was not asked for yet. */
export class SideOpening {
  #handshake: PacketKeys | null | undefined;
  #phases: KeyPhases | null | undefined;
  #early: readonly PacketKeys[] | undefined;

  /** Opens a Handshake packet; see `openPacket`. */
  openHandshake(tls: KeyedConnection, keys: KeyLog, fromServer: boolean, version: number, ...packet: PacketPlace): OpenedPacket | null {
    this.#handshake ??= keysOf(tls, keys, fromServer ? 'SERVER_HANDSHAKE_TRAFFIC_SECRET' : 'CLIENT_HANDSHAKE_TRAFFIC_SECRET', version);
    return this.#handshake === null ? null : openPacket(this.#handshake, ...packet);
  }

  /** Opens a 0-RTT packet. What it is sealed with was agreed on in an earlier connection. */
  openEarly(tls: KeyedConnection, keys: KeyLog, version: number, ...packet: PacketPlace): OpenedPacket | null {
    if (this.#early === undefined) {
      const secret = keys.find('CLIENT_EARLY_TRAFFIC_SECRET', tls.clientRandom);
      this.#early = EARLY_SUITES.flatMap((suite) => {
        const cipher = packetCipherOf(cipherOf(suite));
        return cipher === null || secret?.length !== (cipher.hash === 'sha384' ? 48 : 32) ? [] : (packetKeys(version, cipher, secret) ?? []);
      });
    }
    for (const one of this.#early) {
      const opened = openPacket(one, ...packet);
      if (opened === null) continue;
      this.#early = [one];
      return opened;
    }
    return null;
  }

  /** Opens a 1-RTT packet. */
  openShort(tls: KeyedConnection, keys: KeyLog, fromServer: boolean, version: number, ...packet: PacketPlace): OpenedPacket | null {
    if (this.#phases === undefined) {
      const label: SecretLabel = fromServer ? 'SERVER_TRAFFIC_SECRET_0' : 'CLIENT_TRAFFIC_SECRET_0',
        secret = keys.find(label, tls.clientRandom),
        first = keysOf(tls, keys, label, version);
      this.#phases = first === null || secret === null ? null : new KeyPhases(tls, version, secret, first);
    }
    return this.#phases?.open(...packet) ?? null;
  }
}

type PacketPlace = [bytes: Uint8Array, offset: number, numberAt: number, end: number, largest: number];

function keysOf(tls: KeyedConnection, keys: KeyLog, label: SecretLabel, version: number): PacketKeys | null {
  const cipher = packetCipherOf(tls.cipher),
    secret = keys.find(label, tls.clientRandom);
  return cipher === null || secret === null ? null : packetKeys(version, cipher, secret);
}

class KeyPhases {
  readonly #tls: KeyedConnection;
  readonly #version: number;
  #bit = 0;
  #current: PacketKeys;
  /** Of the phase before, for packets that come late. */
  #previous: PacketKeys | null = null;
  /** The lowest number that was opened in this phase: what is lower and has another bit is of the phase before. */
  #from = 0;
  /** What may follow, made once somebody seems to use it. `#secret` is the last one's. */
  readonly #following: PacketKeys[] = [];
  #secret: Uint8Array | null;
  #failures = 0;

  constructor(tls: KeyedConnection, version: number, secret: Uint8Array, first: PacketKeys) {
    this.#tls = tls;
    this.#version = version;
    this.#secret = secret;
    this.#current = first;
  }

  open(bytes: Uint8Array, offset: number, numberAt: number, end: number, largest: number): OpenedPacket | null {
    // The header's key stays the same in all phases.
    const unmasked = unmask(this.#current, bytes, offset, numberAt, end, largest);
    if (unmasked === null) return null;
    const isCurrent = ((unmasked.first & KEY_PHASE) === 0 ? 0 : 1) === this.#bit,
      { packetNumber } = unmasked;
    if (isCurrent) {
      const opened = openUnmasked(this.#current, unmasked, bytes, offset, end);
      if (opened !== null) {
        this.#from = Math.min(this.#from, packetNumber);
        this.#failures = 0;
        return opened;
      }
    } else if (this.#previous !== null && packetNumber < this.#from) return openUnmasked(this.#previous, unmasked, bytes, offset, end);
    if (this.#failures >= MOST_FAILURES) return null;
    // Bits alternate: every second of those that follow can be meant.
    for (let ahead = isCurrent ? 1 : 0; ahead < MOST_UPDATES; ahead += 2) {
      const keys = this.#followingAt(ahead),
        opened = keys === null ? null : openUnmasked(keys, unmasked, bytes, offset, end);
      if (keys === null) return null;
      if (opened === null) continue;
      this.#previous = ahead === 0 ? this.#current : this.#following[ahead - 1]!;
      this.#current = keys;
      this.#following.splice(0, ahead + 1);
      this.#bit = (this.#bit + ahead + 1) & 1;
      this.#from = packetNumber;
      this.#failures = 0;
      return opened;
    }
    this.#failures++;
    return null;
  }

  #followingAt(place: number): PacketKeys | null {
    const cipher = packetCipherOf(this.#tls.cipher);
    while (this.#following.length <= place) {
      this.#secret = cipher === null || this.#secret === null ? null : updatedSecret(this.#version, cipher, this.#secret);
      const keys = cipher === null || this.#secret === null ? null : packetKeys(this.#version, cipher, this.#secret, this.#current.hp);
      if (keys === null) return null;
      this.#following.push(keys);
    }
    return this.#following[place]!;
  }
}
