/** What tshark says about names, addresses and secrets in a capture: what must not leave. Nothing of our own code has a part in it. */
import { execFileSync, spawnSync } from 'node:child_process';

/** Fields of Wireshark that hold what people would not have told. */
const FIELDS: Readonly<Record<Kind, readonly string[]>> = {
  address: [
    'ip.src',
    'ip.dst',
    'ipv6.src',
    'ipv6.dst',
    'arp.src.proto_ipv4',
    'arp.dst.proto_ipv4',
    'dns.a',
    'dns.aaaa',
    'dhcp.ip.your',
    'dhcp.option.requested_ip_address',
  ],
  mac: ['eth.src', 'eth.dst', 'arp.src.hw_mac', 'dhcp.hw.mac_addr', 'wlan.sa', 'wlan.da', 'wlan.bssid'],
  name: [
    'dns.qry.name',
    'dns.resp.name',
    'dns.ptr.domain_name',
    'dhcp.option.hostname',
    'dhcp.fqdn.name',
    'http.host',
    'tls.handshake.extensions_server_name',
    'nbns.name',
    'browser.server',
    'ntlmssp.auth.hostname',
    'ntlmssp.auth.domain',
    'kerberos.SNameString',
    'kerberos.realm',
    'smb.native_lanman',
    'cdp.deviceid',
    'lldp.tlv.system.name',
    'radius.NAS_Identifier',
  ],
  user: [
    'ntlmssp.auth.username',
    'kerberos.CNameString',
    'tds7login.user_name',
    'pgsql.parameter_value',
    'mysql.user',
    'radius.User_Name',
    'sip.from.user',
    'sip.to.user',
  ],
  secret: ['http.authbasic', 'http.cookie', 'snmp.community', 'http.authorization', 'mysql.passwd', 'radius.User_Password', 'rtsp.session'],
  mail: ['imf.from', 'imf.to', 'smtp.req.parameter', 'sip.from.addr', 'sip.to.addr'],
};
/** Commands whose argument is a user or a password, and the fields of both. */
const COMMANDS = [
  ['ftp.request.command', 'ftp.request.arg'],
  ['pop.request.command', 'pop.request.parameter'],
] as const;

export type Kind = 'address' | 'mac' | 'name' | 'user' | 'secret' | 'mail';
export type Told = Readonly<Record<Kind, ReadonlySet<string>>>;

function tshark(file: string, fields: readonly string[]): string[][] {
  // What it can read of a damaged file counts, too.
  const { stdout: output } = spawnSync(
    'tshark',
    ['-r', file, '-n', '-T', 'fields', '-E', 'separator=/t', '-E', 'aggregator=\u0001', ...fields.flatMap((field) => ['-e', field])],
    { encoding: 'utf8', maxBuffer: 1 << 29, stdio: ['ignore', 'pipe', 'ignore'] },
  );
  return output.split('\n').map((line) => line.split('\t'));
}

let known: ReadonlySet<string> | undefined;

/** Fields that this tshark has: releases differ. */
function knownFields(): ReadonlySet<string> {
  return (known ??= new Set(
    execFileSync('tshark', ['-G', 'fields'], { encoding: 'utf8', maxBuffer: 1 << 29, stdio: ['ignore', 'pipe', 'ignore'] })
      .split('\n')
      .flatMap((line) => (line.startsWith('F\t') ? [line.split('\t')[2]!] : [])),
  ));
}

const toldOf = new Map<string, Told>();

/** One run of tshark for each file. */
export function toldBy(file: string): Told {
  const before = toldOf.get(file);
  if (before !== undefined) return before;
  const told = {
    address: new Set<string>(),
    mac: new Set<string>(),
    name: new Set<string>(),
    user: new Set<string>(),
    secret: new Set<string>(),
    mail: new Set<string>(),
  };
  const kinds = Object.keys(FIELDS) as Kind[],
    asked = kinds.flatMap((kind) => FIELDS[kind].filter((field) => knownFields().has(field)).map((field) => ({ kind, field })));
  const words = [...asked.map(({ field }) => field), ...COMMANDS.flat()];
  for (const row of tshark(file, words)) {
    for (const [i, cell] of row.slice(0, asked.length).entries())
      for (const value of cell.split('\u0001'))
        if (value.trim() !== '' && !isServiceClass(asked[i]!.field, cell, value)) told[asked[i]!.kind].add(value.trim());
    for (const at of COMMANDS.keys()) {
      const [commands, values] = row.slice(asked.length + 2 * at, asked.length + 2 * at + 2).map((cell) => cell.split('\u0001'));
      for (const [i, command] of (commands ?? []).entries()) {
        const value = values?.[i]?.trim() ?? '';
        if (value !== '' && /^(?:USER|PASS)$/.test(command)) told[command === 'USER' ? 'user' : 'secret'].add(value);
      }
    }
  }
  toldOf.set(file, told);
  return told;
}

/** The part before the host in the name of a Kerberos service says what it is, `http`, and not where. */
function isServiceClass(field: string, cell: string, value: string): boolean {
  const parts = cell.split('\u0001');
  return field === 'kerberos.SNameString' && parts.some((part, i) => part === value && (i === 0 || parts[i + 1]?.includes('.') === true));
}
