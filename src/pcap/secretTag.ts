/** Numbers that stand for secrets, so that different ones can be counted while none is kept. */

/** Chance, so that a tag cannot be looked up in a table. */
const SALT = (Math.random() * 2 ** 32) >>> 0;

/** The same number for the same secret while this program runs, and 32 bits that say nothing else of it: FNV-1a over a salt and the text. */
export function secretTag(text: string): number {
  let h = 0x811c9dc5 ^ SALT;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return h >>> 0;
}
