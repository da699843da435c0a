/** Payload of a stream as a person reads it: text, hex dump or plain hex; and where a search matches in it. */
export type StreamMode = 'text' | 'hex' | 'raw';

const CELLS = Array.from({ length: 256 }, (_, value) => value.toString(16).padStart(2, '0'));
const UTF8 = new TextDecoder('utf-8', { fatal: true });

function ascii(bytes: Uint8Array): string {
  let text = '';
  for (const value of bytes) text += (value > 31 && value < 127) || value === 9 || value === 10 || value === 13 ? String.fromCharCode(value) : '·';
  return text;
}

function readable(bytes: Uint8Array): string {
  let text: string;
  try {
    text = UTF8.decode(bytes);
  } catch {
    // Not UTF-8 as a whole (binary, or a character cut between two packets): byte by byte.
    return ascii(bytes);
  }
  // Control characters, and those that would reverse the direction of what follows, are shown as dots.

  return text.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, '·');
}

function dump(bytes: Uint8Array): string {
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += 16) {
    const line = bytes.subarray(at, at + 16);
    const cells = Array.from(line, (value) => CELLS[value] ?? '');
    const half = `${cells.slice(0, 8).join(' ')}  ${cells.slice(8).join(' ')}`;
    const text = Array.from(line, (value) => (value > 31 && value < 127 ? String.fromCharCode(value) : '·')).join('');
    lines.push(`${at.toString(16).padStart(8, '0')}  ${half.padEnd(49)}  ${text}`);
  }
  return lines.join('\n');
}

export function streamText(bytes: Uint8Array, mode: StreamMode): string {
  if (mode === 'text') return readable(bytes);
  return mode === 'hex' ? dump(bytes) : Array.from(bytes, (value) => CELLS[value] ?? '').join('');
}

/** Text cut at the matches: odd places are matches. Case does not matter. */
export function splitMatches(text: string, search: string): readonly string[] {
  if (search === '') return [text];
  const parts: string[] = [];
  const lower = text.toLowerCase();
  // Lower case can be longer than the original (İ); then places would shift, so the search is exact.
  const [haystack, needle] = lower.length === text.length ? [lower, search.toLowerCase()] : [text, search];
  let from = 0;
  for (let at = haystack.indexOf(needle); at >= 0; at = haystack.indexOf(needle, from)) {
    parts.push(text.slice(from, at), text.slice(at, at + needle.length));
    from = at + needle.length;
  }
  parts.push(text.slice(from));
  return parts;
}
