/**
 * Numbers, bytes, durations and times as people read them: `1,250`, `1.2 MB`, `12 m 04 s`, local time of day.
 * Bytes are decimal (1 kB = 1000 B). The exact value belongs in the tooltip and in what is copied.
 */
import type { Timestamp } from '../src/analysis/report.ts';

let locale = 'en';
/** Asking Intl for it costs more than everything else about a row. */
let zoneName: string | null = null;
let integers = new Intl.NumberFormat(locale);
let dates = new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'short', year: 'numeric' });
let days = new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'short' });
/** How far the capture reaches: a time of day says enough within one day, with its day within one year. */
let reach: 'day' | 'year' | 'years' = 'day';

/** Language for digits, grouping and dates. An unknown tag leaves English in place. */
export function setLocale(tag: string): void {
  try {
    integers = new Intl.NumberFormat(tag);
    dates = new Intl.DateTimeFormat(tag, { day: 'numeric', month: 'short', year: 'numeric' });
    days = new Intl.DateTimeFormat(tag, { day: 'numeric', month: 'short' });
    locale = tag;
  } catch {
    // A display language Intl has never heard of must not cost the page.
  }
}

/** From when to when the capture is, so that times of it are told apart. */
export function setReach(start: Timestamp, end: Timestamp): void {
  const from = parseTimestamp(start),
    to = parseTimestamp(end);
  if (from === null || to === null) reach = 'day';
  else {
    const first = new Date(from.ms),
      last = new Date(to.ms);
    reach = first.getFullYear() !== last.getFullYear() ? 'years' : first.toDateString() !== last.toDateString() ? 'year' : 'day';
  }
}

/** Whether a time of day alone would not say which day. */
export const spansDays = (): boolean => reach !== 'day';

/** Pixels for a column of times: those that it takes without the day, and the day where it is said. */
export const timeWidth = (withoutDay: number): number => withoutDay + (reach === 'day' ? 0 : reach === 'year' ? 48 : 84);

/** `Nov 25`, of years `Nov 25, 2026`, of a date whose UTC is what local clocks show. */
export function axisDay(date: Date): string {
  return (reach === 'years' ? dates : days).format(date.getTime() + date.getTimezoneOffset() * 60_000);
}

/** `Nov 25 ` before a time of day, where it takes the day to tell it. */
function dayBefore(ms: number): string {
  return reach === 'day' ? '' : `${(reach === 'year' ? days : dates).format(ms)} `;
}

export function formatCount(value: number): string {
  return integers.format(value);
}

function decimals(value: number, digits: number): string {
  return value.toLocaleString(locale, { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** `1 packet`, `1,250 packets`. */
export function plural(value: number, one: string, many = `${one}s`): string {
  return `${formatCount(value)} ${value === 1 ? one : many}`;
}

const BYTE_UNITS = ['B', 'kB', 'MB', 'GB', 'TB'] as const;

/** Number and unit apart, so that tables can align the number: `['1.2', 'MB']`. Three digits at most. */
export function byteParts(bytes: number): readonly [string, string] {
  let value = bytes;
  let unit = 0;
  while (unit < BYTE_UNITS.length - 1 && Math.round(value) >= 1000) {
    value /= 1000;
    unit++;
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : 1;
  return [decimals(value, digits), BYTE_UNITS[unit] ?? 'B'];
}

export function formatBytes(bytes: number): string {
  return byteParts(bytes).join(' ');
}

/** `1,204,000 bytes`, for tooltips. */
export function exactBytes(bytes: number): string {
  return plural(bytes, 'byte');
}

/** `45 %`; `< 1 %` for what is there but rounds to nothing. */
export function formatShare(part: number, whole: number): string {
  if (whole <= 0) return '0 %';
  const percent = (part / whole) * 100;
  if (percent > 0 && percent < 0.5) return '< 1 %';
  // 99.6 % must not claim to be everything.
  return `${String(percent < 100 && percent >= 99.5 ? 99 : Math.round(percent))} %`;
}

const two = (value: number): string => String(value).padStart(2, '0');

/** `0.4 ms`, `12.3 s`, `12 m 04 s`, `3 h 05 m`, `2 d 04 h`. */
export function formatDuration(seconds: number | null): string {
  if (seconds === null) return 'unknown';
  if (seconds === 0) return '0 s';
  if (seconds < 0.001) return `${decimals(seconds * 1e6, 0)} µs`;
  if (seconds < 1) return `${decimals(seconds * 1e3, seconds < 0.01 ? 1 : 0)} ms`;
  if (seconds < 59.95) return `${decimals(seconds, 1)} s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return `${String(Math.floor(whole / 60))} m ${two(whole % 60)} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 1440) return `${String(Math.floor(minutes / 60))} h ${two(minutes % 60)} m`;
  const hours = Math.round(seconds / 3600);
  return `${String(Math.floor(hours / 24))} d ${two(hours % 24)} h`;
}

/** A time stamp taken apart: milliseconds of the epoch for Date, and the nine decimals a Date cannot hold. */
export function parseTimestamp(time: Timestamp): { readonly ms: number; readonly fraction: string } | null {
  if (time === null) return null;
  const match = /^(.{19})(?:\.(\d{1,9}))?Z$/.exec(time);
  if (match === null) return null;
  const ms = Date.parse(`${match[1] ?? ''}Z`);
  return Number.isNaN(ms) ? null : { ms, fraction: (match[2] ?? '').padEnd(9, '0') };
}

const clockOf = (date: Date): string => `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;

/** Local time of day with so many decimals, `09:11:02.114`, of a capture of several days with the day, `Nov 25 09:11:02.114`; a dash where there is no time. */
export function timeOfDay(time: Timestamp, digits = 0): string {
  const parsed = parseTimestamp(time);
  if (parsed === null) return '–';
  const clock = `${dayBefore(parsed.ms)}${clockOf(new Date(parsed.ms))}`;
  return digits === 0 ? clock : `${clock}.${parsed.fraction.slice(0, digits)}`;
}

/** Time of day of a moment so many seconds after another. */
export function timeOfDayAfter(start: Timestamp, seconds: number, digits = 0): string {
  const parsed = parseTimestamp(start);
  if (parsed === null) return formatDuration(seconds);
  const total = Number(`0.${parsed.fraction}`) + seconds;
  const scale = 10 ** digits;
  // A time that is not reached yet is not said; a ten thousandth is what a double may be off by.
  const ticks = Math.floor(total * scale + 1e-4);
  const date = new Date(parsed.ms + Math.floor(ticks / scale) * 1000);
  const clock = `${dayBefore(date.getTime())}${clockOf(date)}`;
  return digits === 0 ? clock : `${clock}.${String(((ticks % scale) + scale) % scale).padStart(digits, '0')}`;
}

/** `14 Oct 2025, 09:11`, local. */
export function formatDate(time: Timestamp): string {
  const parsed = parseTimestamp(time);
  return parsed === null ? 'no time' : `${dates.format(parsed.ms)}, ${clockOf(new Date(parsed.ms)).slice(0, 5)}`;
}

/** The whole truth about a moment, for tooltips: local date, nanoseconds, zone, and UTC. */
export function exactTime(time: Timestamp): string {
  const parsed = parseTimestamp(time);
  if (parsed === null) return 'This packet carries no time';
  const offset = -new Date(parsed.ms).getTimezoneOffset();
  const sign = offset < 0 ? '−' : '+';
  const hours = Math.floor(Math.abs(offset) / 60);
  const minutes = Math.abs(offset) % 60;
  zoneName ??= Intl.DateTimeFormat().resolvedOptions().timeZone;
  const zone = `${zoneName} (UTC${sign}${String(hours)}${minutes === 0 ? '' : `:${two(minutes)}`})`;
  return `${dates.format(parsed.ms)}, ${clockOf(new Date(parsed.ms))}.${parsed.fraction} ${zone} · ${time ?? ''}`;
}

/** Seconds from one time stamp to another, keeping nanoseconds apart from the large epoch. */
export function secondsBetween(from: Timestamp, to: Timestamp): number | null {
  const a = parseTimestamp(from);
  const b = parseTimestamp(to);
  if (a === null || b === null) return null;
  return (b.ms - a.ms) / 1000 + (Number(b.fraction) - Number(a.fraction)) / 1e9;
}

/** How words of detectors' ids are written that are no words of their own. */
const NAMES: Readonly<Record<string, string>> = { smbv1: 'SMBv1', tor: 'Tor', wifi: 'Wi-Fi' };
const ABBREVIATIONS = /^(?:ai|arp|c2|dga|dhcp|dns|http|icmp|ics|ntlm|os|rdp|snmp|ssh|stp|syn|tcp|tls|udp|vlan|mac)$/;

/** The id of a detector as words: `port-scan` reads `Port scan`, `weak-tls` reads `Weak TLS`. */
export function detectorLabel(detector: string): string {
  const words = detector.split('-').map((word) => NAMES[word] ?? (ABBREVIATIONS.test(word) ? word.toUpperCase() : word));
  return capitalized(words.join(' '));
}

export function capitalized(text: string): string {
  return `${text[0]?.toUpperCase() ?? ''}${text.slice(1)}`;
}

/** Names as people write them, for shares and tables: `http` is shown as `HTTP`. */
const SPELLED: Readonly<Record<string, string>> = {
  dns: 'DNS',
  http: 'HTTP',
  http2: 'HTTP/2',
  tls: 'TLS',
  ssl: 'TLS',
  dtls: 'DTLS',
  quic: 'QUIC',
  ssh: 'SSH',
  ftp: 'FTP',
  'ftp-data': 'FTP data',
  smtp: 'SMTP',
  ntp: 'NTP',
  dhcp: 'DHCP',
  dhcpv6: 'DHCPv6',
  mdns: 'mDNS',
  llmnr: 'LLMNR',
  nbns: 'NBNS',
  arp: 'ARP',
  icmp: 'ICMP',
  icmpv6: 'ICMPv6',
  igmp: 'IGMP',
  tcp: 'TCP',
  udp: 'UDP',
  sctp: 'SCTP',
  ip: 'IPv4',
  ipv6: 'IPv6',
  eth: 'Ethernet',
  wlan: 'Wi-Fi',
  smb: 'SMB',
  smb2: 'SMB2',
  stp: 'STP',
  gre: 'GRE',
  vlan: 'VLAN',
  llc: 'LLC',
  ppp: 'PPP',
  pppoes: 'PPPoE',
  mpls: 'MPLS',
  vxlan: 'VXLAN',
  capwap: 'CAPWAP',
  'capwap.data': 'CAPWAP data',
  gtp: 'GTP-U',
  frame: 'Frame',
  sll: 'Linux cooked',
  other: 'Other',
  data: 'Data',
  radiotap: 'Radiotap',
  teredo: 'Teredo',
  ssdp: 'SSDP',
  snmp: 'SNMP',
  sip: 'SIP',
  rtp: 'RTP',
  imap: 'IMAP',
  pop: 'POP',
  telnet: 'Telnet',
  tftp: 'TFTP',
  kerberos: 'Kerberos',
  browser: 'Browser',
  ntlmssp: 'NTLMSSP',
  dcerpc: 'DCE/RPC',
  mysql: 'MySQL',
  pgsql: 'PostgreSQL',
  resp: 'Redis',
  stratum: 'Stratum',
  websocket: 'WebSocket',
  memcache: 'memcached',
  wg: 'WireGuard',
  'bt-dht': 'BitTorrent DHT',
  modbus: 'Modbus',
  mbtcp: 'Modbus/TCP',
  s7comm: 'S7comm',
  iec60870_104: 'IEC 104',
  iec60870_asdu: 'IEC 104 ASDU',
  enip: 'EtherNet/IP',
  bvlc: 'BACnet/IP',
  bacnet: 'BACnet',
  bacapp: 'BACnet APDU',
  syslog: 'Syslog',
  geneve: 'Geneve',
};

export function protocolLabel(name: string): string {
  // What is not listed is an abbreviation, if it is short.
  return Object.hasOwn(SPELLED, name) ? (SPELLED[name] ?? name) : /^[a-z\d]{2,6}$/.test(name) ? name.toUpperCase() : name;
}
