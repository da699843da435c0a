/** Dates and times of day in a text, as people and as ISO 8601 write them. */

export interface TimeOfDay {
  /** `2026-11-23`; null where none is said. */
  readonly date: string | null;
  /** 3/4/2026 is either. */
  readonly orDate?: string;
  /** Since midnight; null for a date alone. */
  readonly seconds: number | null;
  /** What the last digit that is written stands for: 60, 1, 0.001 ... */
  readonly precision: number;
}

export interface FoundTime {
  readonly from: number;
  readonly to: number;
  readonly word: string;
  readonly time: TimeOfDay;
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const MONTH =
  '(Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)';
const CLOCK = String.raw`(\d{1,2}):(\d\d)(?::(\d\d)(\.\d{1,9})?)?(?!\d|:[\da-f]{1,2}\b)(?:\s?([ap])\.?m\b\.?)?`;
const ISO = new RegExp(String.raw`(?<![\w.-])[+-]?(\d{4,6}-\d\d-\d\d)(?:(?:[T ]|,? at )${CLOCK})?(?:\s?(?:Z|UTC)\b)?(?![\w-])`, 'gi');
const WORDS = new RegExp(
  String.raw`\b(?:(\d{1,2})(?:st|nd|rd|th)? ${MONTH}\b|${MONTH}\.? (\d{1,2})(?:st|nd|rd|th)?\b)(?:,? (\d{4})\b)?(?:(?: at|,)? ${CLOCK})?(?:\s?(?:Z|UTC)\b)?`,
  'gi',
);
/** 27.11.2026, 27/11/2026, 11/27/2026. */
const FIGURES = new RegExp(String.raw`(?<![\w.:/-])(\d{1,2})([./])(\d{1,2})\2(\d{4})(?:(?: at|,)? ${CLOCK})?(?:\s?(?:Z|UTC)\b)?(?![\w/-])`, 'gi');
const TIME = new RegExp(String.raw`(?<![\w:.\]/-])${CLOCK}(?:\s?(?:Z|UTC)\b)?`, 'gi');

export function timesIn(text: string): FoundTime[] {
  const found: FoundTime[] = [];
  const add = (match: RegExpExecArray, date: string | null, clock: readonly (string | undefined)[], orDate?: string): void => {
    const from = match.index,
      to = from + match[0].length;
    if (found.some((other) => from < other.to && other.from < to)) return;
    const time = timeOf(date, clock);
    if (time !== null) found.push({ from, to, word: match[0].toLowerCase(), time: orDate === undefined ? time : { ...time, orDate } });
  };
  for (const match of text.matchAll(ISO)) add(match, match[1]!.toLowerCase(), match.slice(2, 7));
  for (const match of text.matchAll(FIGURES)) {
    const [, a = '', sign, b = '', year = ''] = match,
      isMonthFirst = Number(b) > 12 && sign === '/';
    const [day, month] = isMonthFirst ? [b, a] : [a, b];
    if (Number(month) < 1 || Number(month) > 12 || Number(day) < 1 || Number(day) > 31) continue;
    const [m, d] = [month.padStart(2, '0'), day.padStart(2, '0')];
    add(match, `${year}-${m}-${d}`, match.slice(5, 10), sign === '/' && Number(day) <= 12 ? `${year}-${d}-${m}` : undefined);
  }
  for (const match of text.matchAll(WORDS)) {
    const [, day1, month1, month2, day2, year] = match,
      month = MONTHS.indexOf((month1 ?? month2 ?? '').slice(0, 3).toLowerCase()) + 1;
    const two = (n: number | string): string => String(n).padStart(2, '0');
    const day = two(day1 ?? day2 ?? '');
    // "May 5" alone may be a name and a number; a year or a time makes it a date.
    if (year === undefined && match[6] === undefined) continue;
    add(match, year === undefined ? `-${two(month)}-${day}` : `${year}-${two(month)}-${day}`, match.slice(6, 11));
  }
  for (const match of text.matchAll(TIME)) {
    const [, hour = '', , seconds, , half] = match;
    // 1:2 is a ratio, 9:30 a time only where more says so.
    if (hour.length < 2 && seconds === undefined && half === undefined) continue;
    add(match, null, match.slice(1, 6));
  }
  return found;
}

function timeOf(date: string | null, [hour, minute, second, fraction, half]: readonly (string | undefined)[]): TimeOfDay | null {
  if (hour === undefined || minute === undefined) return date === null ? null : { date, seconds: null, precision: 86_400 };
  let hours = Number(hour);
  if (half !== undefined) hours = (hours % 12) + (half.toLowerCase() === 'p' ? 12 : 0);
  if (hours > 24 || Number(minute) > 59 || Number(second ?? 0) > 60) return null;
  const digits = (fraction?.length ?? 1) - 1;
  return {
    date,
    seconds: hours * 3600 + Number(minute) * 60 + Number(`${second ?? 0}${fraction ?? ''}`),
    precision: second === undefined ? 60 : 10 ** -digits,
  };
}

/** Whether a moment is what a text says, cut or rounded to the digits that are written. */
export function isTime(said: TimeOfDay, { date, seconds }: { readonly date: string; readonly seconds: number }): boolean {
  if (said.date !== null && !(said.date.startsWith('-') ? date.endsWith(said.date) : said.date === date || said.orDate === date)) return false;
  if (said.seconds === null) return true;
  const ahead = seconds - said.seconds;
  return ahead > -0.5001 * said.precision && ahead < 1.0001 * said.precision;
}
