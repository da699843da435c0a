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
/** Commands whose argument is a user or a password. */
const COMMANDS: readonly { readonly filter: string; readonly fields: readonly string[] }[] = [
  { filter: 'ftp.request.command in {"USER","PASS"}', fields: ['ftp.request.command', 'ftp.request.arg'] },
  { filter: 'pop.request.command in {"USER","PASS"}', fields: ['pop.request.command', 'pop.request.parameter'] },
];

export type Kind = 'address' | 'mac' | 'name' | 'user' | 'secret' | 'mail';
export type Told = Readonly<Record<Kind, ReadonlySet<string>>>;

function tshark(file: string, filter: string, fields: readonly string[]): string[][] {
  // What it can read of a damaged file counts, too.
  const { stdout: output } = spawnSync(
    'tshark',
    [
      '-r',
      file,
      '-n',
      ...(filter === '' ? [] : ['-Y', filter]),
      '-T',
      'fields',
      '-E',
      'separator=/t',
      '-E',
      'aggregator=\u0001',
      ...fields.flatMap((field) => ['-e', field]),
    ],
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

export function toldBy(file: string): Told {
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
  for (const row of tshark(
    file,
    '',
    asked.map(({ field }) => field),
  ))
    for (const [i, cell] of row.entries())
      for (const value of cell.split('\u0001'))
        if (value.trim() !== '' && asked[i] !== undefined && !isServiceClass(asked[i].field, cell, value)) told[asked[i].kind].add(value.trim());
  for (const { filter, fields } of COMMANDS)
    for (const [command, value = ''] of tshark(file, filter, fields))
      if (value !== '') told[command === 'USER' ? 'user' : 'secret'].add(value.trim());
  return told;
}

/** The part before the host in the name of a Kerberos service says what it is, `http`, and not where. */
function isServiceClass(field: string, cell: string, value: string): boolean {
  const parts = cell.split('\u0001');
  return field === 'kerberos.SNameString' && parts.some((part, i) => part === value && (i === 0 || parts[i + 1]?.includes('.') === true));
}
