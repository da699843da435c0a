/**
 * One proof per detector: where it fires, about whom, in which frames; and a near miss on which it stays silent (the column "silent on" of the catalogue; benign
 * traffic of the same protocol where that names none). A detector without a row here fails the architecture test.
 *
 * Of a capture in captures/ the frames come from tshark, by the filter beside them. `built` names a test that makes the traffic itself, by its title in
 * test/analysis/detectors/. A row may stand here before its detector does: the traffic was recorded first.
 */

export interface FiresOn {
  readonly capture: string;
  /** `role address[:port]`, all subjects of the finding in their order. */
  readonly subjects: readonly string[];
  /** Some of the frames that the finding must show. */
  readonly frames: readonly number[];
  /** Display filter with which tshark selects those frames. */
  readonly tshark: string;
}
export interface SilentOn {
  readonly capture: string;
  /** Findings of lower severity are allowed, and argued for on the page of the capture; all are forbidden otherwise. */
  readonly below?: 'low' | 'medium';
  /** What the near miss is. */
  readonly miss: string;
}
export interface Built {
  readonly built: string;
  readonly test: string;
}

export interface DetectorProof {
  readonly fires: FiresOn | Built;
  readonly silent: SilentOn | Built;
}

const built = (file: string, test: string): Built => ({ built: `${file}.test.ts`, test });

const SCANNER = 'attacker 192.168.10.66',
  KIOSK = 'attacker 192.168.10.24',
  TARGET = 'victim 192.168.10.30';

export const DETECTOR_PROOFS: Readonly<Record<string, DetectorProof>> = {
  'ai-prompt-injection': {
    fires: {
      capture: 'hostile-text.pcap',
      subjects: ['attacker 192.168.10.21', 'victim 10.20.0.10', 'victim 192.168.10.1', 'victim 10.20.0.20'],
      frames: [114, 124],
      tshark: 'http.request && (http.user_agent contains "Ignore all" || http.referer contains "Ignore all")',
    },
    silent: { capture: 'attack-handbook.pcap', miss: 'pages about attacks' },
  },
  amplification: {
    fires: {
      capture: 'dns-amplification.pcap',
      subjects: ['victim 192.168.10.21', 'server 192.168.10.1:53'],
      frames: [6],
      tshark: 'dns.flags.response == 1 && udp.dstport == 5353',
    },
    silent: { capture: 'dns.pcap', miss: 'large answers that were asked for' },
  },
  'arp-spoofing': {
    fires: {
      capture: 'arp-spoofing.pcap',
      subjects: ['attacker 08:00:27:5e:66:66', 'victim 192.168.10.1', 'victim 192.168.10.21'],
      frames: [25, 26, 55, 56],
      tshark: 'arp.opcode == 2 && eth.src == 08:00:27:5e:66:66',
    },
    silent: { capture: 'arp-new-card.pcap', miss: 'a host that changed its card' },
  },
  'bad-certificate': {
    fires: {
      capture: 'weak-tls.pcap',
      subjects: ['client 192.168.10.21', 'server 10.20.0.20:8004'],
      frames: [51],
      tshark: 'tls.handshake.type == 11 && tcp.srcport == 8004',
    },
    silent: { capture: 'web-browsing.pcap', miss: 'certificates that are valid' },
  },
  beaconing: {
    fires: {
      capture: 'beacon-http.pcap',
      subjects: ['client 192.168.10.24', 'server 203.0.113.7:80'],
      frames: [3, 13, 25],
      tshark: 'tcp.flags.syn == 1 && tcp.flags.ack == 0 && ip.dst == 203.0.113.7',
    },
    silent: { capture: 'polling.pcap', below: 'medium', miss: 'NTP, a monitor, a program that asks for updates' },
  },
  'broadcast-storm': {
    fires: built('broadcastStorm', 'a loop between switches'),
    silent: built('broadcastStorm', 'a network that announces itself'),
  },
  'brute-force': {
    fires: {
      capture: 'smb-guessed.pcap',
      subjects: [KIOSK, 'victim 10.20.0.20:445'],
      frames: [21, 36, 50],
      tshark: 'smb2.nt_status == 0xc000006d',
    },
    silent: { capture: 'logins-in-clear.pcap', miss: 'one wrong password at each of four services' },
  },
  'brute-force-success': {
    fires: {
      capture: 'smb-guessed.pcap',
      subjects: [KIOSK, 'victim 10.20.0.20:445'],
      frames: [338],
      tshark: 'smb2.cmd == 1 && smb2.nt_status == 0 && smb2.flags.response == 1',
    },
    silent: { capture: 'logins-in-clear.pcap', miss: 'the right password after one typo' },
  },
  'c2-framework': { fires: built('c2Framework', 'a command, and what it says'), silent: { capture: 'web-browsing.pcap', miss: 'ordinary HTTP' } },
  'capture-quality': {
    fires: { capture: 'snapped-96.pcap', subjects: [], frames: [6, 7, 8], tshark: 'frame.cap_len < frame.len' },
    silent: { capture: 'slow-reader.pcap', miss: 'zero windows and probes, and nothing missing' },
  },
  'cleartext-credentials': {
    fires: {
      capture: 'ftp.pcap',
      subjects: ['client 192.168.10.21', 'server 10.20.0.20:21'],
      frames: [15, 33, 72],
      tshark: 'ftp.request.command == "PASS"',
    },
    silent: { capture: 'ssh-session.pcap', miss: 'a password that is encrypted' },
  },
  cryptomining: {
    fires: built('cryptomining', 'Stratum is told, with what was handed in'),
    silent: { capture: 'polling.pcap', miss: 'small regular requests' },
  },
  'data-exfiltration': {
    fires: {
      capture: 'upload-outside.pcap',
      subjects: ['client 192.168.10.24', 'server 203.0.113.7'],
      frames: [20, 24],
      tshark: 'tcp.len > 0 && ip.src == 192.168.10.24 && ip.dst == 203.0.113.7',
    },
    silent: { capture: 'bittorrent.pcap', miss: 'a file that goes from one neighbour to the other' },
  },
  dga: { fires: built('dga', 'sixty of them'), silent: built('dga', 'a wrong search suffix') },
  'distributed-scan': {
    fires: {
      capture: 'scan-decoys.pcap',
      subjects: ['spoofed 192.168.10.67', 'spoofed 192.168.10.68', SCANNER, TARGET],
      frames: [5, 7, 9],
      tshark: 'tcp.flags.syn == 1 && tcp.flags.ack == 0 && eth.src == 08:00:27:5e:66:66',
    },
    silent: { capture: 'busy-services.pcap', miss: 'a busy server' },
  },
  'dns-tunnel': {
    fires: {
      capture: 'dns-tunnel-iodine.pcap',
      subjects: ['client 192.168.10.21'],
      frames: [3, 5, 7],
      tshark: 'dns.flags.response == 0 && ip.src == 192.168.10.21',
    },
    silent: { capture: 'dns.pcap', miss: 'all usual kinds of question, one answer too large for UDP' },
  },
  'encrypted-dns': {
    fires: built('encryptedDns', 'over TLS, HTTPS and DNSCrypt'),
    silent: { capture: 'dns.pcap', miss: 'DNS that is not encrypted' },
  },
  'executable-download': {
    fires: {
      capture: 'executable-download.pcap',
      subjects: ['server 10.20.0.10:80', 'client 192.168.10.24'],
      frames: [89],
      tshark: 'http.content_type == "image/png"',
    },
    silent: { capture: 'web-browsing.pcap', miss: 'pictures that are pictures' },
  },
  'exploit-attempt': {
    fires: {
      capture: 'web-attacks.pcap',
      subjects: [KIOSK, 'victim 10.20.0.10:80'],
      frames: [22, 32],
      tshark: 'http.request && http contains "dap://"',
    },
    silent: { capture: 'attack-handbook.pcap', miss: 'the same words in the body of a page' },
  },
  'fast-flux': { fires: built('fastFlux', 'a name that moves around the world'), silent: built('fastFlux', 'a content network') },
  'fragment-attack': {
    fires: { capture: 'scan-fragments.pcap', subjects: [SCANNER, TARGET], frames: [5, 6], tshark: 'ip.flags.mf == 1 || ip.frag_offset > 0' },
    silent: { capture: 'ping-traceroute.pcap', miss: 'pings that are too large for the way' },
  },
  'host-sweep': {
    fires: {
      capture: 'sweep-smb.pcap',
      subjects: [KIOSK],
      frames: [3, 4, 5],
      tshark: 'tcp.dstport == 445 && tcp.flags.syn == 1 && tcp.flags.ack == 0',
    },
    silent: { capture: 'polling.pcap', miss: 'a monitor whose hosts answer' },
  },
  'http-flood': {
    fires: { capture: 'http-flood.pcap.gz', subjects: [KIOSK, 'victim 10.20.0.10:80'], frames: [8, 31], tshark: 'http.request' },
    silent: { capture: 'web-crawler.pcap', miss: 'a crawler, and long polling' },
  },
  'icmp-flood': {
    fires: { capture: 'flood-icmp.pcap', subjects: [TARGET, SCANNER], frames: [3, 5, 7], tshark: 'icmp.type == 8' },
    silent: { capture: 'ping-traceroute.pcap', miss: 'pings' },
  },
  'icmp-tunnel': {
    fires: { capture: 'icmp-tunnel.pcap', subjects: ['client 192.168.10.21', 'server 10.20.0.20'], frames: [3, 4, 5], tshark: 'icmp' },
    silent: { capture: 'ping-traceroute.pcap', miss: 'pings of several sizes, and one that probes the way' },
  },
  'ics-write': {
    fires: built('webAndWays', 'a write, and more so by a second master that only writes'),
    silent: built('webAndWays', 'silent on reads'),
  },
  'insecure-protocol': {
    fires: {
      capture: 'telnet-session.pcap',
      subjects: ['client 192.168.10.21', 'server 10.20.0.20:23'],
      frames: [3],
      tshark: 'tcp.flags.syn == 1 && tcp.flags.ack == 0 && tcp.dstport == 23',
    },
    silent: { capture: 'ssh-session.pcap', miss: 'SSH' },
  },
  'intel-match': {
    fires: built('intelMatch', 'the indicators of compromise hold the listed address and the name that was asked for'),
    silent: built('intelMatch', 'without a list it is skipped'),
  },
  'kerberos-attack': {
    fires: { capture: 'kerberoast.pcap', subjects: [KIOSK, 'victim 10.20.0.20:88'], frames: [30, 41, 52], tshark: 'kerberos.msg_type == 13' },
    silent: { capture: 'kerberos-tickets.pcap', miss: 'a login and two services, in AES' },
  },
  'ip-flood': {
    fires: { capture: 'flood-ip.pcap', subjects: [TARGET, SCANNER], frames: [3, 5, 7], tshark: 'ip.proto == 253 && !icmp' },
    silent: { capture: 'scan-ip-proto.pcap', miss: 'a scan of IP protocols' },
  },
  'known-bad-fingerprint': {
    fires: built('knownBadFingerprint', 'with a certificate of the server’s own making, or on an odd port and without a name, it is an alarm'),
    silent: { capture: 'web-browsing.pcap', miss: 'ordinary TLS' },
  },
  'land-attack': {
    fires: {
      capture: 'land-attack.pcap',
      subjects: ['victim 192.168.10.30:80'],
      frames: [7, 8],
      tshark: 'ip.src == 192.168.10.30 && ip.dst == 192.168.10.30',
    },
    silent: { capture: 'two-interfaces.pcapng', miss: 'a host that talks to itself on loopback' },
  },
  'lateral-movement': {
    fires: {
      capture: 'psexec-attempt.pcap',
      subjects: [KIOSK, 'victim 10.20.0.20:445'],
      frames: [117, 158],
      tshark: 'svcctl.opnum == 12 || svcctl.opnum == 24',
    },
    silent: { capture: 'smb-session.pcap', miss: 'files fetched from and stored on a share' },
  },
  'long-connection': {
    fires: built('longConnection', 'five hours with a few bytes a minute'),
    silent: built('longConnection', 'silent on an hour, on a busy connection, and where nobody answers'),
  },
  'mac-flood': {
    fires: { capture: 'mac-flood.pcap', subjects: ['spoofed 7e:7b:c2:12:00:d9'], frames: [7, 8, 9], tshark: 'ip.len == 20' },
    silent: { capture: 'sweep-arp.pcap', miss: 'sixty neighbours that are asked for' },
  },
  'malformed-traffic': {
    fires: built('webAndWays', 'headers that end too early'),
    silent: built('webAndWays', 'silent on frames that were cut in capturing'),
  },
  'name-poisoning': {
    fires: {
      capture: 'nbns-poisoning.pcap',
      subjects: [SCANNER, 'victim 192.168.10.21', 'victim 192.168.10.22', 'victim 192.168.10.23'],
      frames: [2, 4, 6],
      tshark: 'nbns.flags.response == 1 && ip.src == 192.168.10.66',
    },
    silent: { capture: 'nbns-names.pcap', miss: 'machines that answer for themselves' },
  },
  'ndp-spoofing': {
    fires: {
      capture: 'ndp-spoofing.pcap',
      subjects: ['attacker 08:00:27:5e:66:66', 'victim fd00:10::1'],
      frames: [15, 24, 33],
      tshark: 'icmpv6.type == 136 && icmpv6.nd.na.target_address == fd00:10::1 && icmpv6.opt.linkaddr == 08:00:27:5e:66:66',
    },
    silent: { capture: 'ndp-new-card.pcap', miss: 'a host that changed its card, and one that defends its address' },
  },
  'ntlm-hash-exposure': {
    fires: {
      capture: 'smb1-session.pcap',
      subjects: ['client 192.168.10.21', 'server 10.20.0.20:445'],
      frames: [15],
      tshark: 'ntlmssp.messagetype == 3',
    },
    silent: built('lateralMovement', 'is silent on anonymous users'),
  },
  'odd-port': {
    fires: {
      capture: 'odd-ports.pcap',
      subjects: ['client 192.168.10.24', 'server 203.0.113.7:443'],
      frames: [3],
      tshark: 'tcp.flags.syn == 1 && tcp.flags.ack == 0 && tcp.dstport == 443',
    },
    silent: { capture: 'web-browsing.pcap', miss: 'HTTP that was sent to the port of TLS by mistake' },
  },
  'os-fingerprinting': {
    fires: {
      capture: 'os-detection.pcap',
      subjects: [SCANNER, TARGET],
      frames: [28, 32],
      tshark: 'tcp.flags == 0x02b || udp.length == 308 || tcp.flags == 0 || icmp.code == 9',
    },
    silent: { capture: 'scan-syn.pcap', miss: 'a scan that does not guess the system' },
  },
  'port-scan': {
    fires: { capture: 'scan-syn.pcap', subjects: [SCANNER, TARGET], frames: [5, 8, 11], tshark: 'tcp.flags.syn == 1 && tcp.flags.ack == 0' },
    silent: { capture: 'busy-services.pcap', miss: '28 services of one host, each of which answers' },
  },
  ransomware: {
    fires: {
      capture: 'share-encrypted.pcap',
      subjects: [KIOSK, 'victim 10.20.0.20:445'],
      frames: [39, 59, 79],
      tshark: 'smb2.cmd == 17 && smb2.flags.response == 1 && smb2.nt_status == 0',
    },
    silent: { capture: 'share-work.pcap', miss: 'saving as Office does, packing, marking' },
  },
  'remote-admin-tool': { fires: built('remoteAdminTool', 'TeamViewer by its first words'), silent: built('remoteAdminTool', 'the pages of a maker') },
  'rogue-dhcp': {
    fires: {
      capture: 'dhcp-two-servers.pcap',
      subjects: ['server 192.168.10.1', 'server 192.168.10.66'],
      frames: [6, 7],
      tshark: 'dhcp.option.dhcp == 2',
    },
    silent: { capture: 'dhcp-relay.pcap', miss: 'one server, heard directly and through its relay' },
  },
  'rogue-router': {
    fires: {
      capture: 'fake-router-ipv6.pcap',
      subjects: ['attacker fe80::a00:27ff:fe5e:6666', 'gateway fd00:10::1'],
      frames: [46, 49],
      tshark: 'icmpv6.type == 134 && eth.src == 08:00:27:5e:66:66',
    },
    silent: { capture: 'ipv6.pcap', miss: 'the router of an IPv6 network' },
  },
  'scanner-software': {
    fires: { capture: 'sqlmap.pcap', subjects: [KIOSK, 'victim 10.20.0.10:80'], frames: [21, 29], tshark: 'http.user_agent contains "sqlmap"' },
    silent: { capture: 'web-browsing.pcap', miss: 'browsers' },
  },
  'service-enumeration': {
    fires: { capture: 'dirb.pcap', subjects: [KIOSK, 'victim 10.20.0.10:80'], frames: [12, 15], tshark: 'http.response.code == 404 || http.request' },
    silent: { capture: 'web-crawler.pcap', miss: 'a crawler whose pages are there' },
  },
  'slow-dos': {
    fires: {
      capture: 'slow-headers.pcap',
      subjects: [KIOSK, 'victim 10.20.0.10:80'],
      frames: [24, 29],
      tshark: 'tcp.flags.syn == 1 && tcp.flags.ack == 0',
    },
    silent: { capture: 'slow-reader.pcap', miss: 'one client that reads slowly' },
  },
  smbv1: {
    fires: { capture: 'smb1-session.pcap', subjects: ['server 10.20.0.20:445'], frames: [11, 14], tshark: 'smb && ip.src == 10.20.0.20' },
    silent: { capture: 'smb-session.pcap', below: 'medium', miss: 'SMB 3, whose server does not insist on signatures' },
  },
  smurf: {
    fires: { capture: 'smurf.pcap', subjects: [TARGET], frames: [13, 14], tshark: 'icmp && ip.addr == 192.168.10.30' },
    silent: { capture: 'ping-traceroute.pcap', miss: 'pings to one host' },
  },
  'snmp-public': {
    fires: {
      capture: 'snmp-walk.pcap',
      subjects: ['client 192.168.10.21', 'server 10.20.0.20:161'],
      frames: [4, 6],
      tshark: 'snmp.community == "public" && ip.src == 10.20.0.20',
    },
    silent: built('snmpPublic', 'version 3'),
  },
  'stp-attack': {
    fires: {
      capture: 'stp-root-claim.pcap',
      subjects: ['attacker c6:7c:1d:cd:39:ce', 'victim c6:7c:1d:ce:39:ce'],
      frames: [13, 14],
      tshark: 'stp.root.hw == c6:7c:1d:cd:39:ce',
    },
    silent: built('localNetwork', 'silent on a tree at rest, and on two switches that start at once'),
  },
  'suspicious-user-agent': {
    fires: {
      capture: 'tool-user-agents.pcap',
      subjects: ['client 192.168.10.24', 'server 203.0.113.7:80'],
      frames: [6],
      tshark: 'http.user_agent == "Hello, World"',
    },
    silent: { capture: 'web-browsing.pcap', miss: 'browsers' },
  },
  'syn-flood': {
    fires: {
      capture: 'flood-syn-spoofed.pcap',
      subjects: ['victim 192.168.10.30:80'],
      frames: [3, 4, 5],
      tshark: 'ip.addr == 192.168.10.30 && tcp.flags.syn == 1',
    },
    silent: { capture: 'scan-syn.pcap', miss: 'a port scan' },
  },
  'tcp-anomaly': {
    fires: built('webAndWays', 'a reset from elsewhere'),
    silent: built('webAndWays', 'silent on data of the same host on its way, and on how connections end'),
  },
  tor: { fires: built('tor', 'a relay that shows its certificate'), silent: built('tor', 'certificates of companies') },
  traceroute: {
    fires: { capture: 'traceroute.pcap', subjects: ['client 192.168.10.21', 'server 10.4.0.10'], frames: [4, 6], tshark: 'icmp.type == 11' },
    silent: { capture: 'tcp-endings.pcap', miss: 'errors of a host that is gone' },
  },
  'udp-flood': {
    fires: { capture: 'flood-udp.pcap', subjects: ['victim 192.168.10.30:9', SCANNER], frames: [3, 5, 7], tshark: 'udp.dstport == 9 && !icmp' },
    silent: { capture: 'scan-udp.pcap', miss: 'a UDP scan' },
  },
  'vlan-hopping': {
    fires: { capture: 'vlan-double-tag.pcap', subjects: ['attacker 08:00:27:5e:66:66'], frames: [37, 40], tshark: 'vlan.id == 20' },
    silent: { capture: 'vlan-qinq.pcap', miss: 'a provider that tags all frames of a link twice' },
  },
  'weak-rdp': {
    fires: {
      capture: 'rdp-without-nla.pcap',
      subjects: ['client 192.168.10.21', 'server 10.20.0.20:3389'],
      frames: [8],
      tshark: 'cotp.type == 0x0d',
    },
    silent: built('weakRdp', 'NLA'),
  },
  'weak-ssh': {
    fires: { capture: 'weak-ssh.pcap', subjects: ['server 10.20.0.20:22'], frames: [11], tshark: 'ssh.kex_algorithms && ip.src == 10.20.0.20' },
    silent: { capture: 'ssh-session.pcap', miss: 'algorithms of today' },
  },
  'weak-tls': {
    fires: { capture: 'weak-tls.pcap', subjects: ['server 10.20.0.20:8003'], frames: [37], tshark: 'tls.handshake.type == 2 && tcp.srcport == 8003' },
    silent: { capture: 'web-browsing.pcap', miss: 'TLS 1.2 and 1.3, other suites only offered' },
  },
  'web-shell': {
    fires: built('webShell', 'a command and its output'),
    silent: { capture: 'attack-handbook.pcap', miss: 'commands in the text of a page' },
  },
  'wifi-attack': {
    fires: built('localNetwork', 'a flood of deauthentications'),
    silent: built('localNetwork', 'silent on stations that leave now and then'),
  },
};
