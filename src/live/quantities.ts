/** What people write for a time or a size: `90`, `90s`, `5m`, `1h`; `500k`, `20M`, `1G` (decimal, as in the names of disks). Null for anything else. */

export function secondsOf(text: string): number | null {
  const match = /^(\d{1,9})(s|m|h)?$/i.exec(text.trim());
  return match === null ? null : positive(Number(match[1]) * { s: 1, m: 60, h: 3600 }[(match[2] ?? 's').toLowerCase() as 's' | 'm' | 'h']);
}

export function bytesOf(text: string): number | null {
  const match = /^(\d{1,9})(k|m|g)?b?$/i.exec(text.trim());
  return match === null
    ? null
    : positive(Number(match[1]) * { '': 1, k: 1e3, m: 1e6, g: 1e9 }[(match[2] ?? '').toLowerCase() as '' | 'k' | 'm' | 'g']);
}

function positive(value: number): number | null {
  return value > 0 ? value : null;
}
