/**
 * Packet text made harmless for a terminal or a file that people open: whatever moves the cursor, changes colours, hides itself or
 * turns the direction of writing is shown as an escape, `\x1b`, and so stays visible as what it is.
 */

/**
 * Controls, everything that Unicode calls a format character (soft hyphen, marks and overrides of direction of Trojan Source, CVE-2021-42574), line
 * and paragraph separators, the fillers of Hangul and Braille, variation selectors, tags, private use, lone surrogates and non-characters.
 */
const UNSAFE =
  /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\ufff0-\ufff8\ufffe\uffff\u{e0000}-\u{e0fff}\u{10ffff}]/gu;

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

/**
 * The same value where nothing in it is unsafe, else a copy in which all texts are safe, however deep they lie. Bytes and numbers are left alone,
 * and so are keys. Display filters keep their meaning: the escapes are those of their strings.
 */
export function withSafeTexts<T>(value: T): T {
  if (typeof value === 'string') return safeLines(value) as T;
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return value;
  if (Array.isArray(value)) {
    // A list of numbers may be long, and is nothing but numbers.
    if (typeof value[0] === 'number') return value;
    let copy: unknown[] | null = null;
    for (const [i, each] of (value as unknown[]).entries()) {
      const safe = withSafeTexts(each);
      if (safe !== each) (copy ??= [...(value as unknown[])])[i] = safe;
    }
    return (copy ?? value) as T;
  }
  let copy: Record<string, unknown> | null = null;
  for (const [key, each] of Object.entries(value as Readonly<Record<string, unknown>>)) {
    const safe = withSafeTexts(each);
    if (safe !== each) (copy ??= { ...(value as Record<string, unknown>) })[key] = safe;
  }
  return (copy ?? value) as T;
}

function safeLines(text: string): string {
  return text.search(UNSAFE) < 0
    ? text
    : text.replace(UNSAFE, (character) => (character === '\n' || character === '\t' ? character : escape(character)));
}
