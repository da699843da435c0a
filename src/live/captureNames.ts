/** Names of the files that we record: `capture_YYYYMMDD_HHMMSS.pcap`, local time, as `analysis/captureFiles.ts` reads them. */

/** `number` counts the files of a ring from 1; `attempt` those that were already there under the same name, from 0. */
export function captureName(at: Date, extension: 'pcap' | 'pcapng', number: number | null, attempt = 0): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = `${String(at.getFullYear()).padStart(4, '0')}${two(at.getMonth() + 1)}${two(at.getDate())}`,
    time = `${two(at.getHours())}${two(at.getMinutes())}${two(at.getSeconds())}`;
  return `capture_${day}_${time}${suffix(number, attempt)}.${extension}`;
}

/** The same for a name that somebody chose: `office.pcap`, `office_00002.pcap`. */
export function numberedName(name: string, number: number | null): string {
  if (number === null) return name;
  const dot = name.lastIndexOf('.');
  return dot <= 0 ? `${name}${suffix(number, 0)}` : `${name.slice(0, dot)}${suffix(number, 0)}${name.slice(dot)}`;
}

function suffix(number: number | null, attempt: number): string {
  return `${attempt === 0 ? '' : `_${String.fromCharCode(97 + ((attempt - 1) % 26))}${attempt > 26 ? attempt : ''}`}${number === null ? '' : `_${String(number).padStart(5, '0')}`}`;
}
