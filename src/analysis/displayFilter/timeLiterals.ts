/** Points in time as people write them in a filter: ISO 8601, Wireshark's older `Sep 26, 2004 23:18:04.954`, or seconds since 1970. */

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const ISO = /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?)? ?(Z|UTC|[+-]\d{2}:?\d{2})?$/;
const LEGACY = /^([A-Za-z]{3}) +(\d{1,2}), (\d{4}) +(\d{1,2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))? ?(UTC)?$/;

/** Nanoseconds since the epoch. Without a zone the time is local, as in Wireshark. */
export function parseTime(text: string): bigint | null {
  const epoch = /^(\d{1,12})(?:\.(\d{1,9}))?$/.exec(text);
  if (epoch !== null) return BigInt(epoch[1] ?? '0') * 1_000_000_000n + fraction(epoch[2]);
  const iso = ISO.exec(text);
  if (iso !== null)
    return join(Number(iso[1]), Number(iso[2]) - 1, Number(iso[3]), Number(iso[4] ?? 0), Number(iso[5] ?? 0), Number(iso[6] ?? 0), iso[7], iso[8]);
  const legacy = LEGACY.exec(text);
  if (legacy === null) return null;
  return join(
    Number(legacy[3]),
    MONTHS.indexOf((legacy[1] ?? '').toLowerCase()),
    Number(legacy[2]),
    Number(legacy[4]),
    Number(legacy[5]),
    Number(legacy[6]),
    legacy[7],
    legacy[8],
  );
}

function fraction(digits: string | undefined): bigint {
  return BigInt((digits ?? '').padEnd(9, '0'));
}

function join(
  year: number,
  month: number,
  day: number,
  hour: number,
  minute: number,
  second: number,
  digits: string | undefined,
  zone: string | undefined,
): bigint | null {
  if (month < 0 || month > 11 || day < 1 || day > 31 || hour > 23 || minute > 59 || second > 60) return null;
  const milliseconds =
    zone === undefined
      ? new Date(year, month, day, hour, minute, second).getTime()
      : Date.UTC(year, month, day, hour, minute, second) - offsetMilliseconds(zone);
  return Number.isFinite(milliseconds) ? BigInt(milliseconds) * 1_000_000n + fraction(digits) : null;
}

function offsetMilliseconds(zone: string): number {
  const offset = /^([+-])(\d{2}):?(\d{2})$/.exec(zone);
  if (offset === null) return 0;
  return (offset[1] === '-' ? -1 : 1) * (Number(offset[2]) * 60 + Number(offset[3])) * 60_000;
}
