/** Damages bytes in the ways that find mistakes: flipped bits, lengths at their extremes, parts added, removed, swapped or taken from elsewhere. */
import type { Random } from '../../support/random.ts';

const EXTREMES = [0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff];
const INTERESTING_BYTES = [0, 1, 3, 4, 5, 0x0f, 0x40, 0x45, 0x60, 0x7f, 0x80, 0xc0, 0xff];

type Mutation = (bytes: Uint8Array, at: number, random: Random, other: Uint8Array) => Uint8Array;

function join(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(parts));
}

const flip: Mutation = (bytes, at, { below }) => {
  bytes[at] = bytes[at]! ^ (1 << below(8));
  return bytes;
};
const overwrite: Mutation = (bytes, at, { pick, below }) => {
  bytes.fill(pick(INTERESTING_BYTES), at, at + 1 + below(4));
  return bytes;
};
const length: Mutation = (bytes, at, { pick, below }) => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength),
    value = pick(EXTREMES),
    little = below(2) === 0;
  if (below(2) === 0 && at + 4 <= bytes.length) view.setUint32(at, value, little);
  else if (at + 2 <= bytes.length) view.setUint16(at, value & 0xffff, little);
  return bytes;
};
const noise: Mutation = (bytes, at, { below }) => {
  for (let i = at; i < Math.min(bytes.length, at + 64); i++) bytes[i] = below(256);
  return bytes;
};
const fromElsewhere: Mutation = (bytes, at, { below }, other) => {
  const from = below(other.length);
  bytes.set(other.subarray(from, from + Math.min(1 + below(200), bytes.length - at)), at);
  return bytes;
};
const insert: Mutation = (bytes, at, { below, pick }) =>
  join(bytes.subarray(0, at), new Uint8Array(1 + below(64)).fill(pick(INTERESTING_BYTES)), bytes.subarray(at));
const remove: Mutation = (bytes, at, { below }) => join(bytes.subarray(0, at), bytes.subarray(at + 1 + below(64)));
const repeat: Mutation = (bytes, at, { below }) => join(bytes.subarray(0, at), bytes.subarray(at, at + 1 + below(512)), bytes.subarray(at));
const swap: Mutation = (bytes, at, { below }) => {
  const size = 1 + below(128),
    second = Math.min(bytes.length, at + size + below(512));
  return join(
    bytes.subarray(0, at),
    bytes.subarray(second, second + size),
    bytes.subarray(at + size, second),
    bytes.subarray(at, at + size),
    bytes.subarray(second + size),
  );
};

/** Those in place come often: they leave the records whole, so that the damage reaches the dissectors. */
const MUTATIONS: readonly Mutation[] = [
  flip,
  flip,
  flip,
  overwrite,
  overwrite,
  length,
  length,
  length,
  noise,
  fromElsewhere,
  fromElsewhere,
  insert,
  remove,
  repeat,
  swap,
];

export function mutate(bytes: Uint8Array, random: Random, other: Uint8Array): Uint8Array {
  let mutated: Uint8Array = Uint8Array.from(bytes);
  for (let count = 1 + random.below(24); count > 0; count--) {
    if (mutated.length < 2) break;
    mutated = random.pick(MUTATIONS)(mutated, random.below(mutated.length), random, other);
  }
  return mutated;
}
