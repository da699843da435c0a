/**
 * How often a password was refused in an SSH session, and whether one fitted, read from the lengths of what is encrypted. Until somebody is in, client and server
 * take turns (RFC 4252): the service is asked for and accepted, then every refusal is as long as the one before, and the message that lets in, of one byte, is
 * shorter than any. Zeek tells logins by the same lengths.
 */

/** A server that takes twenty tries, its service accepted, and asking for none at first. */
const MOST_TURNS = 24;
/** How much longer a refusal can be than the accepted service: it lists the methods that are left. More is a banner before it, or a key taken for now. */
const LONGEST_METHODS = 96;
/** How much longer than an attempt without anything ("none") one with the shortest key there is may be (76 bytes), and one with a password, which OpenSSH fills up. */
const SHORTEST_KEY = 64,
  LONGEST_PASSWORD = 96;
/** How much longer than the request for the service an attempt with a password is; one without anything is less. */
const SHORTEST_PASSWORD = 32;
/** How much longer than that request one with a key and its signature is: those who do not ask before sign at once. */
const SHORTEST_SIGNED = 128;

export interface SshOutcome {
  /** Passwords that were refused. Keys that are offered in vain are none: who has several offers them one after the other. */
  readonly refused: number;
  /** Of these, how many may have been a short key as well. */
  readonly unsure: number;
  readonly isIn: boolean;
  /** Frames that refused a password, and the one that let in. */
  readonly refusedAt: readonly number[];
  readonly inAt: number | null;
}

export class SshLogin {
  /** Bytes that the client asked with, and of the first and the last segment that answered: OpenSSH tells its other keys right behind the message that lets in. */
  readonly #asked: number[] = [];
  readonly #answeredFirst: number[] = [];
  readonly #answeredFirstAt: number[] = [];
  readonly #answered: number[] = [];
  readonly #answeredAt: number[] = [];
  #isAsking = false;

  /** An encrypted segment. What a server says before it is asked belongs to the exchange of keys. */
  add(fromServer: boolean, bytes: number, frame: number): void {
    const last = this.#asked.length - 1;
    if (!fromServer) {
      if (this.#isAsking) this.#asked[last]! += bytes;
      else if (this.#asked.length < MOST_TURNS) {
        this.#asked.push(bytes);
        this.#isAsking = true;
      }
    } else if (last >= 0) {
      this.#answeredFirst[last] ??= bytes;
      this.#answeredFirstAt[last] ??= frame;
      this.#answered[last] = bytes;
      this.#answeredAt[last] = frame;
      this.#isAsking = false;
    }
  }

  /** Null where too little was seen to tell. */
  get outcome(): SshOutcome | null {
    const [service = 0, first = 0] = this.#asked,
      [accepted = 0, answer = 0, next = 0] = this.#answered;
    if (accepted === 0 || answer === 0) return null;
    const refusal = answer > accepted + LONGEST_METHODS ? next : answer,
      tries: { readonly asked: number; readonly frame: number }[] = [];
    let inAt: number | null = null,
      inAsked = 0;
    for (let turn = 1; turn < this.#answered.length && inAt === null; turn++) {
      const bytes = this.#answered[turn]!,
        asked = this.#asked[turn]!,
        frame = this.#answeredAt[turn]!;
      if (this.#answeredFirst[turn]! < accepted) inAt = this.#answeredFirstAt[turn]!;
      else if (bytes < accepted) inAt = frame;
      // Some ask for the service before every attempt.
      else if (!(bytes === accepted && asked === service) && (bytes === refusal || (turn === 1 && refusal === next))) tries.push({ asked, frame });
      if (inAt !== null) inAsked = asked;
    }
    const isIn = inAt !== null,
      others = tries.slice(1).map(({ asked }) => asked),
      // Who asks with nothing first, to hear which ways there are, asks shorter than with anything.
      isNone =
        tries.length > 0 && (others.length > 0 ? first <= Math.min(...others) && first < Math.max(...others) : first - service < SHORTEST_PASSWORD),
      mostPassword = isNone ? first + LONGEST_PASSWORD : service + SHORTEST_SIGNED,
      passwords = tries.filter(({ asked }) => asked < mostPassword && !(isNone && asked === first)),
      sure = isNone ? passwords.filter(({ asked }) => asked < first + SHORTEST_KEY) : passwords,
      // Who fills up passwords, and got in, sent nothing shorter for one: it asked which ways there are, and whether it is asked for more (keyboard-interactive).
      isFilled = isIn && isNone && inAsked >= first + SHORTEST_KEY,
      // Where something fitted in the end, the others were keys before the one that fits.
      refused = !isIn ? passwords : isFilled ? [] : sure;
    return { refused: refused.length, unsure: refused.length - sure.length, isIn, refusedAt: refused.map(({ frame }) => frame), inAt };
  }
}
