/**
 * The Huffman code of HPACK, RFC 7541 section 5.2 and appendix B. The code is canonical: the lengths of its words say all of it, one digit in base 36 for each byte,
 * and the last for the end of a string.
 */
const LENGTHS =
  'dnsssssssoussussssssssusssssssss6aacd68baa8b8666555666666678f6cad67777777777777777777777878djde6f56565666577666567655677777fbedsk' +
  'mkkmmmnmnnnnnonoomnonnnnlmnmnnomlkmmnnlnmmolmnnllmlnmnnkmmmnmmnqqkjmnmpqqqrrqopjlqrrqrollqqsrrrkoklmllnmmppooqnqrqqrrrrrsrrrrrqu';
const EOS = 256,
  LONGEST = 30,
  /** Words up to this length, which are nearly all in use, are found in one step. */
  QUICK = 9;

/** The bytes in the order of their words. */
const symbols = new Uint16Array(EOS + 1),
  /** By length: how many words are as long, the first of them, and its place in `symbols`. */
  counts = new Uint16Array(LONGEST + 1),
  firstWords = new Uint32Array(LONGEST + 1),
  firstPlaces = new Uint16Array(LONGEST + 1),
  /** What the next bits begin with: byte * 16 + length of its word, 0 where that is longer. */
  quick = new Uint16Array(1 << QUICK);

for (let length = 1, word = 0, place = 0; length <= LONGEST; length++, word <<= 1) {
  firstWords[length] = word;
  firstPlaces[length] = place;
  for (let symbol = 0; symbol <= EOS; symbol++) {
    if (parseInt(LENGTHS[symbol]!, 36) !== length) continue;
    symbols[place++] = symbol;
    counts[length]! += 1;
    if (length <= QUICK) quick.fill((symbol << 4) | length, word << (QUICK - length), (word + 1) << (QUICK - length));
    word++;
  }
}

/** Most bytes that as many bytes of code stand for: the shortest word has five bits. */
export const mostDecoded = (length: number): number => Math.floor((length * 8) / 5);

/** Decodes `[from, to)` into `out` from `at` on, where there must be room for `mostDecoded`. Returns the end of it, or -1 if that is no Huffman code. */
export function decodeHuffman(bytes: Uint8Array, from: number, to: number, out: Uint8Array, at: number): number {
  const end = to * 8;
  for (let bit = from * 8; ;) {
    const next = bit >> 3,
      pair = next + 1 < to ? (bytes[next]! << 8) | bytes[next + 1]! : next < to ? bytes[next]! << 8 : 0,
      found = quick[(pair >> (16 - QUICK - (bit & 7))) & (quick.length - 1)]!,
      length = found & 15;
    if (length > 0 && bit + length <= end) {
      out[at++] = found >> 4;
      bit += length;
      continue;
    }
    let word = 0,
      reached = bit,
      symbol = -1;
    while (symbol < 0 && reached < end && reached - bit < LONGEST) {
      word = (word << 1) | ((bytes[reached >> 3]! >> (7 - (reached & 7))) & 1);
      reached++;
      const place = word - firstWords[reached - bit]!;
      if (place >= 0 && place < counts[reached - bit]!) symbol = symbols[firstPlaces[reached - bit]! + place]!;
    }
    // What is left fills up the last byte with ones, the beginning of the word for the end.
    if (symbol < 0) return end - bit < 8 && word === (1 << (end - bit)) - 1 ? at : -1;
    if (symbol === EOS) return -1;
    out[at++] = symbol;
    bit = reached;
  }
}
