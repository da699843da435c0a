/** Numbers and facts in plain words: the sentences that the report, the command line and the editor share. */
import type { CaptureInfo } from './report.ts';

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'] as const;

/** `1.2 MB`: powers of 1000, three significant digits at most. */
export function bytesText(bytes: number): string {
  let value = bytes,
    unit = 0;
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 || value >= 99.95 ? Math.round(value) : value.toFixed(1)} ${UNITS[unit]}`;
}

/** `12 m 04 s`, `350 ms`, `1.6 ms`, `554 µs`, `2 d 03 h`. */
export function durationText(seconds: number): string {
  if (seconds < 0.0009995) return `${Math.round(seconds * 1e6)} µs`;
  if (seconds < 0.00995) return `${Number((seconds * 1000).toFixed(1))} ms`;
  if (seconds < 0.9995) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds),
    pad = (n: number): string => String(n).padStart(2, '0');
  if (whole < 3600) return `${Math.floor(whole / 60)} m ${pad(whole % 60)} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 1440) return `${Math.floor(minutes / 60)} h ${pad(minutes % 60)} m`;
  const hours = Math.round(seconds / 3600);
  return `${Math.floor(hours / 24)} d ${pad(hours % 24)} h`;
}

/** A share in whole per cent, 100 only for all of it: 99.6 % is not everything. */
export function wholePercent(part: number, whole: number): number {
  const percent = whole <= 0 ? 0 : (part / whole) * 100;
  return percent < 100 ? Math.min(99, Math.round(percent)) : Math.round(percent);
}

/** `45 %`; `< 1 %` for what is there but rounds to nothing. */
export function shareText(part: number, whole: number): string {
  const percent = wholePercent(part, whole);
  return percent === 0 && part > 0 ? '< 1 %' : `${percent} %`;
}

export function countText(n: number): string {
  return n.toLocaleString('en-US');
}

/** `1 packet`, `2 packets`. */
export function plural(n: number, one: string, many = `${one}s`): string {
  return `${countText(n)} ${n === 1 ? one : many}`;
}

/** `SSH`, `SSH and FTP`, `SSH, FTP and LDAP`. */
export function listText(texts: readonly string[]): string {
  return texts.length < 2 ? texts.join('') : `${texts.slice(0, -1).join(', ')} and ${texts.at(-1)!}`;
}

/** What people call the services they meet most; anything else keeps its protocol name. */
const ACTIVITIES: Readonly<Record<string, string>> = {
  http: 'web browsing',
  http2: 'web browsing',
  tls: 'encrypted web and application traffic',
  dtls: 'encrypted datagrams (DTLS)',
  quic: 'encrypted web traffic (QUIC)',
  capwap: 'Wi-Fi access points (CAPWAP)',
  'capwap.data': 'Wi-Fi by way of its controller',
  dns: 'name lookups',
  mdns: 'local name lookups',
  llmnr: 'local name lookups',
  nbns: 'local name lookups (NetBIOS)',
  ssh: 'SSH sessions',
  telnet: 'Telnet sessions',
  vnc: 'VNC sessions',
  ftp: 'file transfer (FTP)',
  'ftp-data': 'file transfer (FTP)',
  smb: 'Windows file sharing',
  smb2: 'Windows file sharing',
  nbss: 'Windows file sharing',
  rdp: 'Remote Desktop sessions',
  icmp: 'ping and ICMP',
  icmpv6: 'IPv6 neighbour discovery and ping',
  arp: 'address lookups (ARP)',
  smtp: 'mail',
  imap: 'mail',
  pop: 'mail',
  dhcp: 'address assignment (DHCP)',
  ntp: 'time synchronisation',
  sip: 'telephony signalling',
  rtp: 'voice or video',
  snmp: 'network management (SNMP)',
  modbus: 'Modbus control traffic',
  mbtcp: 'Modbus control traffic',
  s7comm: 'Siemens control traffic (S7comm)',
  dnp3: 'control traffic (DNP3)',
  iec60870_asdu: 'control traffic (IEC 60870-5-104)',
  enip: 'control traffic (EtherNet/IP)',
  cip: 'control traffic (EtherNet/IP)',
  bvlc: 'building control (BACnet)',
  bacapp: 'building control (BACnet)',
  mqtt: 'MQTT messages',
  kerberos: 'Windows log-ons (Kerberos)',
  ldap: 'directory queries (LDAP)',
  mysql: 'database queries (MySQL)',
  pgsql: 'database queries (PostgreSQL)',
  tds: 'database queries (SQL Server)',
  ssdp: 'device discovery (SSDP)',
  syslog: 'log messages (syslog)',
};

/** Words for a breakdown name, `web browsing`; null where the protocol name says it best. */
export function activityOf(name: string): string | null {
  return ACTIVITIES[name] ?? null;
}

/** How people write a protocol: `HTTP`, `TLS`, `ICMPv6`. */
export function protocolLabel(id: string): string {
  const special: Readonly<Record<string, string>> = {
    icmpv6: 'ICMPv6',
    ipv6: 'IPv6',
    http2: 'HTTP/2',
    mdns: 'mDNS',
    eth: 'Ethernet',
    'ipv6.hopopts': 'IPv6 hop-by-hop',
    quic: 'QUIC',
    other: 'Other',
    pppoes: 'PPPoE',
    llc: 'LLC',
    data: 'Data',
    geneve: 'Geneve',
    wlan: '802.11',
    'ftp-data': 'FTP data',
    'capwap.data': 'CAPWAP data',
    kerberos: 'Kerberos',
    mysql: 'MySQL',
    pgsql: 'PostgreSQL',
    resp: 'Redis',
    stratum: 'Stratum',
    modbus: 'Modbus',
    mbtcp: 'Modbus/TCP',
    telnet: 'Telnet',
    wg: 'WireGuard',
    s7comm: 'S7comm',
    iec60870_104: 'IEC 104',
    iec60870_asdu: 'IEC 104 ASDU',
    enip: 'EtherNet/IP',
    bvlc: 'BACnet/IP',
    bacnet: 'BACnet',
    bacapp: 'BACnet APDU',
    cippccc: 'CIP PCCC',
    teredo: 'Teredo',
    websocket: 'WebSocket',
    memcache: 'memcached',
  };
  return special[id] ?? id.toUpperCase();
}

/** What is wrong between the files of a capture that is read from several: at most five sentences. */
export function partNotes({ parts = [] }: Pick<CaptureInfo, 'parts'>): string[] {
  const overlapping = parts.filter(({ overlapSeconds }) => overlapSeconds > 0);
  return [
    ...overlapping
      .slice(0, 4)
      .map(({ file, overlapSeconds }) => `${file} begins ${durationText(overlapSeconds)} before the files before it end: times go back there.`),
    ...(overlapping.length > 4
      ? [`${plural(overlapping.length - 4, 'more file')} of this recording ${overlapping.length === 5 ? 'begins' : 'begin'} too early.`]
      : []),
  ];
}
