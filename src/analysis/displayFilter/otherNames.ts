/** Names that people type and that are none here: what Wireshark called otherwise once, what others call so, and protocols that are not read. */

/** What each is here. */
const RENAMED: Readonly<Record<string, string>> = {
  'http.content': 'http.file_data',
  'http.body': 'http.file_data',
  'http.data': 'http.file_data',
  'http.useragent': 'http.user_agent',
  'http.agent': 'http.user_agent',
  'http.url': 'http.request.full_uri',
  'http.uri': 'http.request.uri',
  'http.method': 'http.request.method',
  'http.status': 'http.response.code',
  'http.status_code': 'http.response.code',
  'dns.name': 'dns.qry.name',
  'dns.query': 'dns.qry.name',
  'dns.qname': 'dns.qry.name',
  'dns.rcode': 'dns.flags.rcode',
  'tls.sni': 'tls.handshake.extensions_server_name',
  'tls.server_name': 'tls.handshake.extensions_server_name',
  'tls.ja3': 'tls.handshake.ja3',
  'ip.source': 'ip.src',
  'ip.destination': 'ip.dst',
  'ip.protocol': 'ip.proto',
  'tcp.sport': 'tcp.srcport',
  'tcp.dport': 'tcp.dstport',
  'udp.sport': 'udp.srcport',
  'udp.dport': 'udp.dstport',
  'tcp.flags.rst': 'tcp.flags.reset',
  'tcp.flags.psh': 'tcp.flags.push',
  'tcp.flags.tcp_syn': 'tcp.flags.syn',
  'tcp.analysis': 'tcp.analysis.flags',
  'tcp.retransmission': 'tcp.analysis.retransmission',
  'smb.filename': 'smb.file',
  'eth.mac': 'eth.addr',
  host: 'ip.addr',
  port: 'tcp.port',
  xml: 'http.content_type',
  'x509sat.utf8string': 'x509af.subject',
  'x509sat.printablestring': 'x509af.subject',
  'wlan_radio.channel': 'radiotap.channel.freq',
  mailslot: 'browser',
};

/** Protocols that Wireshark reads, and by which filter their packets are found. */
const UNREAD: Readonly<Record<string, string>> = {
  amqp: 'tcp.port == 5672',
  bgp: 'tcp.port == 179',
  bluetooth: '',
  diameter: 'tcp.port == 3868 or sctp.port == 3868',
  drda: 'tcp.port == 50000',
  h225: 'tcp.port == 1720',
  irc: 'tcp.port in {6660..6669, 7000}',
  mgcp: 'udp.port == 2427',
  nfs: 'tcp.port == 2049 or udp.port == 2049',
  openvpn: 'udp.port == 1194 or tcp.port == 1194',
  portmap: 'tcp.port == 111 or udp.port == 111',
  rlogin: 'tcp.port == 513',
  rpc: 'tcp.port == 111 or udp.port == 111',
  rsync: 'tcp.port == 873',
  tacplus: 'tcp.port == 49',
  usb: '',
  x11: 'tcp.port in {6000..6063}',
  xmpp: 'tcp.port == 5222 or tcp.port == 5269',
};

/** The name that such a one has here. */
export function renamed(name: string): string | undefined {
  const known = name.toLowerCase();
  return Object.hasOwn(RENAMED, known) ? RENAMED[known] : undefined;
}

/** For the name of a protocol that is not read, or of one of its fields: which protocol, and a filter for its packets, empty where there is none. */
export function unread(name: string): { readonly protocol: string; readonly filter: string } | null {
  const [protocol = ''] = name.toLowerCase().split('.'),
    filter = Object.hasOwn(UNREAD, protocol) ? UNREAD[protocol] : undefined;
  return filter === undefined ? null : { protocol, filter };
}
