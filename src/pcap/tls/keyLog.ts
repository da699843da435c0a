/**
 * Secrets of TLS connections as programs write them to SSLKEYLOGFILE (draft-ietf-tls-keylogfile; the format of NSS), from a file or from a pcapng's Decryption
 * Secrets Blocks. They open what they are for and are never shown.
 */
import { hexBytes } from '../fieldValue.ts';

/** What a line can be the secret of. `CLIENT_RANDOM` is the master secret of TLS 1.2 and older. */
export const SECRET_LABELS = [
  'CLIENT_RANDOM',
  'CLIENT_EARLY_TRAFFIC_SECRET',
  'CLIENT_HANDSHAKE_TRAFFIC_SECRET',
  'SERVER_HANDSHAKE_TRAFFIC_SECRET',
  'CLIENT_TRAFFIC_SECRET_0',
  'SERVER_TRAFFIC_SECRET_0',
] as const;
export type SecretLabel = (typeof SECRET_LABELS)[number];

const LABELS: ReadonlySet<string> = new Set(SECRET_LABELS);
/** A browser left running for a week writes some tens of thousands. */
const MOST_SECRETS = 500_000;
const RANDOM_BYTES = 32;

export class KeyLog {
  readonly #secrets = new Map<string, string>();
  readonly #randoms = new Set<string>();
  get size(): number {
    return this.#secrets.size;
  }

  /** Takes the secrets out of a key log; returns how many lines held one. Comments, other labels and damaged lines are passed over. */
  add(text: string): number {
    let found = 0;
    for (const [, label, random, secret] of text.matchAll(
      /^[ \t]*([A-Z][A-Z0-9_]{3,39})[ \t]+([0-9a-fA-F]{64})[ \t]+((?:[0-9a-fA-F]{2}){16,64})[ \t]*\r?$/gm,
    )) {
      if (!LABELS.has(label!)) continue;
      found++;
      const of = random!.toLowerCase(),
        name = `${label!} ${of}`;
      if (this.#secrets.size >= MOST_SECRETS && !this.#secrets.has(name)) continue;
      // Text, not bytes: half a million small arrays would be much more memory, and few are ever asked for.
      this.#secrets.set(name, secret!);
      this.#randoms.add(of);
    }
    return found;
  }

  /** Whether any secret of the connection whose ClientHello sent this random is known. */
  knows(clientRandom: Uint8Array): boolean {
    return this.#randoms.has(hexBytes(clientRandom, ''));
  }

  /** The secret of the connection whose ClientHello sent this random (32 bytes); null where it is not known. */
  find(label: SecretLabel, clientRandom: Uint8Array): Uint8Array | null {
    if (this.#secrets.size === 0 || clientRandom.length !== RANDOM_BYTES) return null;
    const secret = this.#secrets.get(`${label} ${hexBytes(clientRandom, '')}`);
    return secret === undefined ? null : Uint8Array.from(secret.match(/../g) ?? [], (pair) => parseInt(pair, 16));
  }
}
