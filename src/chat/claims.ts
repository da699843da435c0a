/** Claims in a text that can be held against data: numbers with units, addresses, names, ports, times, frames. Pure; takes time in proportion to the text. */

export type Unit = 'bytes' | 'packets' | 'seconds' | 'percent' | 'count';

interface Place {
  /** In the text, half-open. */
  readonly from: number;
  readonly to: number;
}
export type Claim = Place &
  (
    | { readonly kind: 'number'; readonly value: number; readonly unit: Unit; readonly tolerance: number }
    | { readonly kind: 'frame' | 'port'; readonly value: number }
    | { readonly kind: 'address' | 'name' | 'time'; readonly word: string }
  );

const SCALE: Readonly<Record<string, readonly [unit: Unit, scale: number]>> = {
  byte: ['bytes', 1],
  bytes: ['bytes', 1],
  b: ['bytes', 1],
  kb: ['bytes', 1e3],
  mb: ['bytes', 1e6],
  gb: ['bytes', 1e9],
  kib: ['bytes', 1024],
  mib: ['bytes', 1024 ** 2],
  gib: ['bytes', 1024 ** 3],
  packet: ['packets', 1],
  packets: ['packets', 1],
  frames: ['packets', 1],
  ms: ['seconds', 1e-3],
  milliseconds: ['seconds', 1e-3],
  s: ['seconds', 1],
  sec: ['seconds', 1],
  second: ['seconds', 1],
  seconds: ['seconds', 1],
  min: ['seconds', 60],
  minute: ['seconds', 60],
  minutes: ['seconds', 60],
  h: ['seconds', 3600],
  hour: ['seconds', 3600],
  hours: ['seconds', 3600],
  '%': ['percent', 1],
  percent: ['percent', 1],
};

const TIME = /\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?Z?|(?<![\d:.])\d\d:\d\d:\d\d(?:\.\d{1,9})?(?![\d:])/g;
const MAC = /(?<![\w:-])[0-9a-f]{2}(?:([:-])[0-9a-f]{2})(?:\1[0-9a-f]{2}){4}(?![\w:-])/gi;
const IPV4 = /(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w]|\.\d)/g;
const IPV6 =
  /(?<![\w:.])(?:[0-9a-f]{1,4}:){2,7}[0-9a-f]{0,4}(?::[0-9a-f]{1,4}){0,6}(?![\w:])|(?<![\w:.])(?:[0-9a-f]{1,4}(?::[0-9a-f]{1,4}){0,6})?::(?:[0-9a-f]{1,4}(?::[0-9a-f]{1,4}){0,6})?(?![\w:])/gi;
const NAME = /(?<![\w.@-])[a-z0-9_](?:[a-z0-9_-]{0,62})(?:\.[a-z0-9_-]{1,63}){0,10}\.[a-z]{2,24}(?![\w-]|\.\w)/gi;
const FRAME = /\bframes?\s+(\d{1,3}(?:,\d{3})+|\d{1,9})/gi;
const PORT = /\b(?:ports?)\s+(\d{1,5})\b|(?<=\d\.\d{1,3}|\]):(\d{1,5})\b/gi;
const NUMBER = /(?<![\w.,])(\d{1,3}(?:,\d{3})+|\d{1,15})(\.\d{1,9})?(?:\s?(%|[a-z]+))?(?![\d])/gi;
/** Numbers in these are no measurements. */
const NO_NUMBER = /\bT\d{4}(?:\.\d{3})?\b|\b(?:TLS|SSL|HTTP|SMB|SNMP|IPv|version|v|RFC|SHA|MD|step)[ /-]?v?\d+(?:\.\d+)*\b|^\s*\d{1,2}[.)]\s/gim;

export function claimsIn(text: string): Claim[] {
  const claims: Claim[] = [],
    taken = new Uint8Array(text.length);
  const free = (from: number, to: number): boolean => {
    for (let i = from; i < to; i++) if (taken[i] === 1) return false;
    return true;
  };
  const each = (pattern: RegExp, use: (match: RegExpExecArray) => Claim | null): void => {
    for (const match of text.matchAll(pattern)) {
      const to = match.index + match[0].length;
      if (!free(match.index, to)) continue;
      const claim = use(match);
      if (claim !== null) claims.push(claim);
      taken.fill(1, match.index, to);
    }
  };
  const place = (match: RegExpExecArray): Place => ({ from: match.index, to: match.index + match[0].length });
  each(NO_NUMBER, () => null);
  each(TIME, (m) => ({ ...place(m), kind: 'time', word: m[0].toLowerCase().replace('t', ' ').replace('z', '') }));
  each(MAC, (m) => ({ ...place(m), kind: 'address', word: m[0].toLowerCase().replaceAll('-', ':') }));
  each(IPV6, (m) => (m[0].length < 3 ? null : { ...place(m), kind: 'address', word: m[0].toLowerCase() }));
  each(IPV4, (m) => ({ ...place(m), kind: 'address', word: m[0] }));
  each(NAME, (m) => ({ ...place(m), kind: 'name', word: m[0].toLowerCase() }));
  each(FRAME, (m) => ({ ...place(m), kind: 'frame', value: plain(m[1]!) }));
  each(PORT, (m) => ({ ...place(m), kind: 'port', value: Number(m[1] ?? m[2]) }));
  each(NUMBER, (m) => {
    const [unit, scale] = SCALE[(m[3] ?? '').toLowerCase()] ?? ['count', 1],
      decimals = (m[2]?.length ?? 1) - 1,
      isScaled = scale !== 1 || unit === 'seconds' || unit === 'percent';
    return {
      ...place(m),
      kind: 'number',
      unit,
      value: Number(`${plain(m[1]!)}${m[2] ?? ''}`) * scale,
      tolerance: decimals > 0 || isScaled ? 0.5001 * 10 ** -decimals * scale : 0,
    };
  });
  return claims.sort((a, b) => a.from - b.from);
}

function plain(digits: string): number {
  return Number(digits.replaceAll(',', ''));
}
