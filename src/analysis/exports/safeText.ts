/**
 * Packet text made harmless for a terminal or a file that people open: whatever moves the cursor, changes colours, hides itself or
 * turns the direction of writing is shown as an escape, `\x1b`, and so stays visible as what it is.
 */

/**
 * C0 and C1 controls, soft hyphen, marks and overrides of direction (Trojan Source, CVE-2021-42574), zero-width and other invisible characters, line
 * and paragraph separators, the fillers of Hangul and Braille, variation selectors, tags, private use, lone surrogates and non-characters.
 */
const UNSAFE =
  /[\u0000-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff\u{1d173}-\u{1d17a}\u{e0000}-\u{e0fff}\ue000-\uf8ff\u{f0000}-\u{10ffff}]|\p{Cs}/gu;

/** One line, whatever it was; at most `maxCharacters` of it, with an ellipsis where it was longer. */
export function safeText(text: string, maxCharacters = 2000): string {
  // Bounded before it is searched: a name of a megabyte must not cost one.
  const bounded = text.length > maxCharacters * 2 ? text.slice(0, maxCharacters * 2) : text;
  const safe = bounded.replace(UNSAFE, escape);
  if (safe.length <= maxCharacters && bounded.length === text.length) return safe;
  return `${Array.from(safe)
    .slice(0, Math.max(0, maxCharacters - 1))
    .join('')}…`;
}

function escape(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x100) return `\\x${code.toString(16).padStart(2, '0')}`;
  return code < 0x10000 ? `\\u${code.toString(16).padStart(4, '0')}` : `\\u{${code.toString(16)}}`;
}
