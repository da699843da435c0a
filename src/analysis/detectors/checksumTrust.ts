/**
 * Whether the checksums of a capture mean something: where those of an odd packet are wrong and others' are right it was damaged, and proves nothing. Where all are wrong,
 * as in captures with other addresses put in, or of a host whose card makes them, they say nothing.
 */
import { checked, type Checked } from '../../pcap/checksums.ts';
import type { CaptureState } from '../captureState.ts';
import type { Packet } from '../../pcap/packet.ts';

/** The first packets of a capture that are looked at. */
const MOST_SAMPLED = 64,
  /** One that is right by chance is one in 65,536; of large packets of which one byte in a hundred was changed hardly any is right. */
  MOST_WRONG = 200;

const trusts = new WeakMap<CaptureState, ChecksumTrust>();

/** That of a capture, which its detectors share; `fragment-attack`, which sees every packet, shows it the first ones. */
export function checksumTrustOf(state: CaptureState): ChecksumTrust {
  let trust = trusts.get(state);
  if (trust === undefined) trusts.set(state, (trust = new ChecksumTrust()));
  return trust;
}

export class ChecksumTrust {
  #sampled = 0;
  #right = 0;
  #wrong = 0;

  get isSampling(): boolean {
    return this.#sampled < MOST_SAMPLED;
  }

  /** Looks at one of the first packets. */
  sample(p: Packet): void {
    this.#sampled++;
    this.#count(checked(p));
  }

  /** Whether this packet is no evidence. */
  isDamaged(p: Packet): boolean {
    const result = checked(p);
    this.#count(result);
    return result === 'wrong' && this.#right > 0 && this.#wrong <= this.#right * MOST_WRONG;
  }

  #count(result: Checked): void {
    if (result === 'right') this.#right++;
    else if (result === 'wrong') this.#wrong++;
  }
}
