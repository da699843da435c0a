/** SHA-256 of short texts, FIPS 180-4 section 6.2: finding ids need it wherever the engine runs, and a few lines beat a dependency on the host. */

const K = new Uint32Array(64),
  INITIAL = new Uint32Array(8);
{
  // The constants are the fractional parts of square and cube roots of the first primes (FIPS 180-4 sections 4.2.2 and 5.3.3).
  const fraction = (x: number): number => Math.floor((x - Math.floor(x)) * 4294967296);
  let n = 2;
  for (let found = 0; found < 64; n++) {
    let prime = true;
    for (let d = 2; d * d <= n && prime; d++) prime = n % d !== 0;
    if (!prime) continue;
    if (found < 8) INITIAL[found] = fraction(Math.sqrt(n));
    K[found++] = fraction(Math.cbrt(n));
  }
}

const rotate = (x: number, n: number): number => (x >>> n) | (x << (32 - n));

const encoder = new TextEncoder();

export function sha256Hex(text: string): string {
  const message = encoder.encode(text),
    blocks = (message.length + 9 + 63) >> 6;
  const padded = new Uint8Array(blocks * 64),
    view = new DataView(padded.buffer);
  padded.set(message);
  padded[message.length] = 0x80;
  view.setUint32(padded.length - 4, message.length * 8);
  const hash = INITIAL.slice(),
    w = new Uint32Array(64);
  for (let block = 0; block < blocks; block++) {
    for (let i = 0; i < 16; i++) w[i] = view.getUint32(block * 64 + i * 4);
    for (let i = 16; i < 64; i++) {
      const x = w[i - 15]!,
        y = w[i - 2]!;
      w[i] = w[i - 16]! + (rotate(x, 7) ^ rotate(x, 18) ^ (x >>> 3)) + w[i - 7]! + (rotate(y, 17) ^ rotate(y, 19) ^ (y >>> 10));
    }
    compress(hash, w);
  }
  let hex = '';
  for (let i = 0; i < 8; i++) hex += hash[i]!.toString(16).padStart(8, '0');
  return hex;
}

/** One round of 64 steps over the schedule `w`. */
function compress(hash: Uint32Array, w: Uint32Array): void {
  let a = hash[0]! | 0,
    b = hash[1]! | 0,
    c = hash[2]! | 0,
    d = hash[3]! | 0,
    e = hash[4]! | 0,
    f = hash[5]! | 0,
    g = hash[6]! | 0,
    h = hash[7]! | 0;
  for (let i = 0; i < 64; i++) {
    const t1 = (h + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) + ((e & f) ^ (~e & g)) + K[i]! + w[i]!) | 0,
      t2 = ((rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + t1) | 0;
    d = c;
    c = b;
    b = a;
    a = (t1 + t2) | 0;
  }
  hash[0]! += a;
  hash[1]! += b;
  hash[2]! += c;
  hash[3]! += d;
  hash[4]! += e;
  hash[5]! += f;
  hash[6]! += g;
  hash[7]! += h;
}
