/** Sizes, times and counts as people read them, in the language of VS Code. */

const UNITS = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'] as const;

/** `1.2 MB`, `22 B`: powers of 1000, one decimal below ten. */
export function bytesInWords(bytes: number, language: string): string {
  let unit = 0;
  let value = bytes;
  // 999.6 kB would round to 1,000 kB.
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const maximumFractionDigits = unit === 0 || value >= 10 ? 0 : 1;
  // The short name of the smallest unit is a word without a plural, "0 byte".
  if (unit === 0) return `${value.toLocaleString(language)} B`;
  return new Intl.NumberFormat(language, { style: 'unit', unit: UNITS[unit]!, unitDisplay: 'short', maximumFractionDigits }).format(value);
}

export function timeInWords(ms: number, language: string): string {
  return new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'short' }).format(ms);
}

/** As short as it can be told apart: the time for today, the day for this year, else the date. */
export function shortTime(ms: number, nowMs: number, language: string): string {
  const then = new Date(ms);
  const now = new Date(nowMs);
  const options: Intl.DateTimeFormatOptions =
    then.toDateString() === now.toDateString()
      ? { timeStyle: 'short' }
      : { day: 'numeric', month: 'short', ...(then.getFullYear() === now.getFullYear() ? {} : { year: 'numeric' }) };
  return new Intl.DateTimeFormat(language, options).format(ms);
}

export function countInWords(count: number, one: string, many: string, language: string): string {
  return `${count.toLocaleString(language)} ${count === 1 ? one : many}`;
}
