/** Columns, bars, line breaks and colours for a terminal of a given width. Everything that is laid out here was made safe before. */

export interface TextStyle {
  /** Columns of the terminal. */
  readonly width: number;
  readonly color: boolean;
  /** False where only ASCII can be shown. */
  readonly unicode: boolean;
}

/** For files and pipes. */
export const PLAIN: TextStyle = { width: 80, color: false, unicode: true };

const COLORS = { bold: '1', dim: '2', red: '31', green: '32', yellow: '33', blue: '34', magenta: '35', cyan: '36' } as const;
export type Color = keyof typeof COLORS;

export function paint(style: TextStyle, text: string, ...colors: readonly Color[]): string {
  return style.color && colors.length > 0 && text !== '' ? `\u001b[${colors.map((color) => COLORS[color]).join(';')}m${text}\u001b[0m` : text;
}

/** East Asian Wide and Fullwidth, and emoji: the ranges of UAX #11 that terminals draw two columns wide. */
const WIDE =
  /[\u1100-\u115e\u231a\u231b\u2329\u232a\u23e9-\u23ec\u23f0\u23f3\u25fd\u25fe\u2614\u2615\u2648-\u2653\u267f\u2693\u26a1\u26aa\u26ab\u26bd\u26be\u26c4\u26c5\u26ce\u26d4\u26ea\u26f2\u26f3\u26f5\u26fa\u26fd\u2705\u270a\u270b\u2728\u274c\u274e\u2753-\u2755\u2757\u2795-\u2797\u27b0\u27bf\u2b1b\u2b1c\u2b50\u2b55\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{16fe0}-\u{18cff}\u{1b000}-\u{1b2ff}\u{1f004}\u{1f0cf}\u{1f18e}\u{1f191}-\u{1f19a}\u{1f200}-\u{1f64f}\u{1f680}-\u{1f6ff}\u{1f900}-\u{1f9ff}\u{1fa70}-\u{1faff}\u{20000}-\u{3fffd}]/u;
const ZERO_WIDTH = /\p{Mn}|\p{Me}/u;

/** Columns a terminal needs. */
export function displayWidth(text: string): number {
  if (/^[\u0020-\u007e]*$/.test(text)) return text.length;
  let width = 0;
  for (const character of text) width += ZERO_WIDTH.test(character) ? 0 : WIDE.test(character) ? 2 : 1;
  return width;
}

/** At most `width` columns, with an ellipsis where something was left out. */
export function clip(style: TextStyle, text: string, width: number): string {
  if (displayWidth(text) <= width) return text;
  const mark = style.unicode ? '…' : '~';
  let kept = '',
    used = 0;
  for (const character of text) {
    const next = used + displayWidth(character);
    if (next > width - 1) break;
    kept += character;
    used = next;
  }
  return width > 0 ? kept + mark : '';
}

export function padEnd(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - displayWidth(text)));
}

export function padStart(text: string, width: number): string {
  return ' '.repeat(Math.max(0, width - displayWidth(text))) + text;
}

const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'] as const;

/** A bar of `width` columns for a part between 0 and 1; what is there at all shows at least a sliver. */
export function bar(style: TextStyle, part: number, width: number): string {
  const share = Math.min(1, Math.max(0, part));
  if (!style.unicode) return padEnd('#'.repeat(share > 0 ? Math.max(1, Math.round(share * width)) : 0), width);
  const eighths = share > 0 ? Math.max(1, Math.round(share * width * 8)) : 0;
  return padEnd('█'.repeat(eighths >> 3) + EIGHTHS[eighths & 7]!, width);
}

/** Breaks at spaces; a word longer than a line is broken anywhere. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    let rest = word;
    const joined = line === '' ? rest : `${line} ${rest}`;
    if (displayWidth(joined) <= width) {
      line = joined;
      continue;
    }
    if (line !== '') lines.push(line);
    while (displayWidth(rest) > width) {
      let head = '';
      for (const character of rest) {
        if (head !== '' && displayWidth(head + character) > width) break;
        head += character;
      }
      lines.push(head);
      rest = rest.slice(head.length);
    }
    line = rest;
  }
  return line === '' ? lines : [...lines, line];
}

/** A paragraph whose first line begins with `first` and whose others are indented as far. */
export function hang(first: string, text: string, width: number): string[] {
  const indent = displayWidth(first);
  return wrap(text, Math.max(20, width - indent)).map((line, i) => (i === 0 ? first : ' '.repeat(indent)) + line);
}

export interface Column {
  readonly align?: 'left' | 'right';
  /** Gives up columns when the line is too long, down to `min`; at 0 it goes altogether. */
  readonly min?: number;
  /** Goes altogether when the line is still too long. */
  readonly optional?: boolean;
  readonly paint?: readonly Color[];
}

const GAP = 2;

/** Rows of text in columns two spaces apart, no longer than the terminal is wide. */
export function columns(style: TextStyle, layout: readonly Column[], rows: readonly (readonly string[])[], indent = 2): string[] {
  const widths = layout.map((_, c) => Math.max(0, ...rows.map((row) => displayWidth(row[c] ?? ''))));
  const excess = (): number => indent - GAP + widths.reduce((total, width) => total + (width > 0 ? width + GAP : 0), 0) - style.width;
  layout.forEach(({ min }, c) => {
    const width = widths[c] ?? 0;
    if (min !== undefined && excess() > 0) widths[c] = Math.max(Math.min(min, width), width - excess());
  });
  layout.forEach(({ optional }, c) => {
    if (optional === true && excess() > 0) widths[c] = 0;
  });
  const shown = layout.flatMap((column, c) => ((widths[c] ?? 0) > 0 ? [{ ...column, c, width: widths[c] ?? 0 }] : []));
  return rows.map((row) => {
    const cells = shown.map(({ align, paint: colors = [], c, width }) => {
      const text = clip(style, row[c] ?? '', width);
      return paint(style, align === 'right' ? padStart(text, width) : padEnd(text, width), ...colors);
    });
    return (' '.repeat(indent) + cells.join(' '.repeat(GAP))).trimEnd();
  });
}
