/** What stands in a sentence of `answerGrammar.ts`: how people write a number, a time, a name, and what each would be if it were wrong. */
export const ERRORS = ['count', 'unit', 'other', 'address', 'roles', 'direction', 'port', 'frame', 'time', 'name', 'severity', 'protocol'] as const;
export type ErrorOf = (typeof ERRORS)[number];
export type Random = () => number;

export interface Slot {
  readonly text: string;
  /** The text with an error in it; null where this makes none. */
  readonly wrong: Readonly<Partial<Record<ErrorOf, (random: Random) => string | null>>>;
}

const ONES =
  'zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen'.split(' ');
const TENS = ['', '', 'twenty', 'thirty', 'forty', 'fifty', 'sixty', 'seventy', 'eighty', 'ninety'];
const MONTHS = 'January February March April May June July August September October November December'.split(' ');
const commas = (n: number): string => n.toLocaleString('en-US');
const two = (n: number): string => String(n).padStart(2, '0');
export const pick = <T>(from: readonly T[], random: Random): T => from[Math.floor(random() * from.length)]!;

function inWords(n: number): string {
  if (n < 20) return ONES[n]!;
  if (n < 100) return `${TENS[Math.floor(n / 10)]!}${n % 10 === 0 ? '' : `-${ONES[n % 10]!}`}`;
  if (n < 1000) return `${ONES[Math.floor(n / 100)]!} hundred${n % 100 === 0 ? '' : ` and ${inWords(n % 100)}`}`;
  return commas(n);
}

/** Ways to write a count; each may say of a number that it is not its way. */
const COUNTS: readonly ((n: number) => string | null)[] = [
  commas,
  commas,
  String,
  (n) => (n > 1 && n < 1000 ? inWords(n) : null),
  (n) => (n >= 120 ? `about ${commas(Number(n.toPrecision(2)))}` : null),
  (n) => (n >= 1500 ? `about ${Math.round(n / 1000)} thousand` : null),
  (n) => (n >= 1500 ? `${(n / 1000).toFixed(1)}k` : null),
  (n) => (n >= 110 ? `more than ${commas(Math.floor(n / 100 - 0.01) * 100)}` : null),
  (n) => (n >= 110 && n % 100 > 60 ? `nearly ${commas(Math.ceil(n / 100) * 100)}` : null),
  (n) => (n >= 2500 ? `~${(n / 1000).toFixed(1)} thousand` : null),
  (n) => `**${commas(n)}**`,
];
const SIZES: readonly ((n: number) => readonly [string, string] | null)[] = [
  (n) => [commas(n), 'bytes'],
  (n) => (n >= 1000 ? [(n / 1000).toFixed(1), 'kB'] : null),
  (n) => (n >= 2048 ? [(n / 1024).toFixed(1), 'KiB'] : null),
  (n) => (n >= 1e5 ? [(n / 1e6).toFixed(2), 'MB'] : null),
  (n) => (n >= 10_000 ? [`about ${Math.round(n / 1000)}`, 'kilobytes'] : null),
  (n) => (n >= 2e6 ? [`roughly ${(n / 1e6).toFixed(1)}`, 'megabytes'] : null),
  (n) => (n >= 10_000 ? [`~${Math.round(n / 1000)}`, 'KB'] : null),
  (n) => [String(n), 'B'],
];
const SPANS: readonly ((s: number) => readonly [string, string] | null)[] = [
  (s) => [s.toFixed(s < 10 ? 2 : 1), 's'],
  (s) => [s.toFixed(1), 'seconds'],
  (s) => (s < 10 ? [commas(Math.round(s * 1000)), 'ms'] : null),
  (s) => (s >= 90 ? [`about ${(s / 60).toFixed(1)}`, 'minutes'] : null),
  (s) => (s >= 120 && s < 3600 ? [`${Math.floor(s / 60)} min ${Math.floor(s % 60)}`, 's'] : null),
  (s) => (s >= 4000 ? [(s / 3600).toFixed(1), 'hours'] : null),
  (s) => (s >= 10 && s < 100 ? [`around ${inWords(Math.round(s))}`, 'seconds'] : null),
];

function styled<T>(ways: readonly ((n: number) => T | null)[], n: number, random: Random): (of: number) => T {
  const able = ways.filter((way) => way(n) !== null),
    way = pick(able, random);
  return (of) => way(of) ?? (ways[0]!(of) as T);
}

const otherCount = (n: number, random: Random): number =>
  random() < 0.6 || n < 8
    ? n + Math.max(2, Math.ceil(n * (0.4 + random()))) + Math.floor(random() * 9)
    : Math.max(1, Math.floor(n * (0.2 + 0.3 * random())));

/** `others`: what the same is of other things. */
export function count(n: number, noun: string, random: Random, others: readonly number[] = []): Slot {
  const way = styled(COUNTS, n, random),
    text = (of: number): string => `${way(of)}${noun === '' ? '' : ` ${of === 1 ? noun.replace(/s$/, '') : noun}`}`;
  return {
    text: text(n),
    wrong: {
      count: (r) => text(otherCount(n, r)),
      unit: (r) =>
        noun === '' || n < 2
          ? null
          : `${way(n)} ${pick(
              ['bytes', 'seconds', 'packets', 'MB', 'hosts', 'minutes'].filter((each) => each !== noun && !noun.endsWith(each)),
              r,
            )}`,
      ...otherOf(n, others, text),
    },
  };
}

export function size(n: number, random: Random, others: readonly number[] = []): Slot {
  const way = styled(SIZES, n, random),
    text = (of: number): string => way(of).join(' ');
  return {
    text: text(n),
    wrong: {
      count: (r) => text(Math.round((n + 600) * (r() < 0.5 ? 1.6 + r() * 3 : 0.5)) + (n < 1000 ? 400 : 0)),
      unit: (r) => {
        const [digits, unit] = way(n);
        if (n < 10) return null;
        const of: Readonly<Record<string, readonly string[]>> = {
          bytes: ['kB', 'MB', 'packets'],
          B: ['kB', 'MB'],
          kB: ['MB', 'bytes', 'GB'],
          KB: ['MB', 'packets'],
          KiB: ['MiB', 'bytes'],
          MB: ['kB', 'GB'],
          kilobytes: ['megabytes', 'bytes'],
          megabytes: ['kilobytes', 'packets'],
        };
        return `${digits} ${pick(of[unit]!, r)}`;
      },
      ...otherOf(n, others, text),
    },
  };
}

export function span(s: number, random: Random): Slot {
  const way = styled(SPANS, s, random),
    text = (of: number): string => way(of).join(' ');
  return {
    text: text(s),
    wrong: {
      count: (r) => text((s + 0.2) * (1.7 + r() * 3)),
      unit: (r) => {
        const [digits, unit] = way(s);
        return unit === 's' && digits.includes(' min ')
          ? null
          : `${digits} ${pick(
              ['ms', 'seconds', 'minutes', 'hours'].filter((each) => each[0] !== unit[0]),
              r,
            )}`;
      },
    },
  };
}

export function percent(p: number, random: Random): Slot {
  const way = pick(
    [(of: number) => `${of.toFixed(1)} %`, (of: number) => `${of.toFixed(0)}%`, (of: number) => `about ${of.toFixed(0)} percent`],
    random,
  );
  return {
    text: way(p),
    wrong: { count: (r) => way((p + 12 + r() * 60) % 100), unit: (r) => `${p.toFixed(0)} ${pick(['packets', 'kB', 'seconds'], r)}` },
  };
}

function otherOf(n: number, others: readonly number[], text: (of: number) => string): Slot['wrong'] {
  const able = others.filter((each) => Math.abs(each - n) > 0.15 * n + 2 && text(each) !== text(n));
  return able.length === 0 ? {} : { other: (r) => text(pick(able, r)) };
}

export function address(value: string, random: Random): Slot {
  const way = pick([(of: string) => of, (of: string) => `\`${of}\``, (of: string) => `**${of}**`], random);
  const invented = (r: Random): string =>
    value.includes(':') && !/^..:..:..:..:..:..$/.test(value)
      ? `2001:db8:${Math.floor(16 + r() * 9000).toString(16)}::${Math.floor(2 + r() * 200).toString(16)}`
      : value.includes(':')
        ? `02:1b:${two(Math.floor(r() * 99))}:44:9c:${two(Math.floor(r() * 99))}`
        : pick([`198.51.100.${2 + Math.floor(r() * 250)}`, `10.77.${Math.floor(r() * 250)}.${2 + Math.floor(r() * 250)}`], r);
  return { text: way(value), wrong: { address: (r) => way(invented(r)) } };
}

export function port(value: number, others: readonly number[] = []): Slot {
  const able = others.filter((each) => each !== value);
  return {
    text: String(value),
    wrong: { port: (r) => String(1200 + Math.floor(r() * 60_000)), ...(able.length === 0 ? {} : { other: (r) => String(pick(able, r)) }) },
  };
}

export function frame(value: number): Slot {
  return { text: String(value), wrong: { frame: (r) => String(value + 1 + Math.floor(r() * 4000)) } };
}

export function name(value: string, random: Random): Slot {
  const way = pick([(of: string) => of, (of: string) => `\`${of}\``, (of: string) => `"${of}"`], random);
  return {
    text: way(value),
    wrong: { name: (r) => way(`${pick(['intranet', 'nas', 'mail', 'vpn'], r)}-${Math.floor(r() * 90)}.made-up.example`) },
  };
}

export function time(iso: string, random: Random): Slot {
  const way = pick(
    [
      (of: string) => `${of.slice(0, 19)}Z`,
      (of: string) => of.slice(11, 19),
      (of: string) => `${of.slice(0, 10)} ${of.slice(11, 23)}`,
      (of: string) => `${of.slice(11, 16)} UTC`,
      (of: string) => `${MONTHS[Number(of.slice(5, 7)) - 1]!} ${Number(of.slice(8, 10))}, ${of.slice(0, 4)} at ${of.slice(11, 19)}`,
      (of: string) => `${Number(of.slice(8, 10))} ${MONTHS[Number(of.slice(5, 7)) - 1]!.slice(0, 3)} ${of.slice(0, 4)} ${of.slice(11, 16)}`,
      (of: string) => `${of.slice(8, 10)}.${of.slice(5, 7)}.${of.slice(0, 4)} ${of.slice(11, 19)}`,
      (of: string) => `${Number(of.slice(11, 13)) % 12 || 12}:${of.slice(14, 16)} ${Number(of.slice(11, 13)) < 12 ? 'AM' : 'PM'}`,
    ],
    random,
  );
  if (!/^\d{4}-/.test(iso)) return { text: iso, wrong: {} };
  const moved = (seconds: number): string => `${new Date(Date.parse(`${iso.slice(0, 19)}Z`) + seconds * 1000).toISOString().slice(0, 19)}.000Z`;
  return { text: way(iso), wrong: { time: (r) => way(moved((r() < 0.5 ? -1 : 1) * (600 + r() * 20_000))) } };
}

export function severity(value: string, random: Random): Slot {
  const way = pick([(of: string) => of, (of: string) => `**${of}**`, (of: string) => of.toUpperCase()], random);
  return {
    text: way(value),
    wrong: {
      severity: (r) =>
        way(
          pick(
            ['critical', 'high', 'medium', 'low', 'info'].filter((each) => each !== value),
            r,
          ),
        ),
    },
  };
}

export function protocol(value: string, others: readonly string[], random: Random): Slot {
  const way = random() < 0.7 ? (of: string) => of.toUpperCase() : (of: string) => `\`${of}\``,
    able = [...others, 'smtp', 'rdp', 'mqtt', 'modbus'].filter((each) => each !== value);
  return { text: way(value), wrong: { protocol: (r) => way(pick(able, r)) } };
}

export function words(text: string): Slot {
  return { text, wrong: {} };
}
