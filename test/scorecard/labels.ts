/**
 * What a careful analyst says of each labelled capture, from tshark and from where the capture came, never from what our code says.
 * `must`: the detector (or one of those joined by `|`) has to fire; `may`: it is right if it does. Whatever else fires from `low` on is
 * wrong. The text is the evidence; on a benign capture it is also the argument for a finding of medium severity or higher.
 */

export interface Label {
  readonly kind: 'attack' | 'finding' | 'benign' | 'format';
  readonly must?: Readonly<Record<string, string>>;
  readonly may?: Readonly<Record<string, string>>;
}

/** Captures of others, by file name in `../shared/captures`. */
export const LABELS: Readonly<Record<string, Label>> = {
  'ad__kerberoast.pcap': {
    kind: 'attack',
    must: { 'kerberos-attack': 'the ticket of the TGS-REP is encrypted with RC4 (etype 23), as suricata-verify wants' },
  },
  'benign__example.pcap': {
    kind: 'benign',
    must: { 'weak-tls': 'two servers choose TLS 1.0 with RC4 (0x0301, cipher 0x0005)' },
  },
  'benign__http.pcap': { kind: 'benign' },
  'benign__http2-nghttp2.pcap': { kind: 'benign' },
  'benign__modbus_test_data_part1.pcap': {
    kind: 'benign',
    may: {
      'ics-write':
        'eight Modbus writes: function codes 5 (4 frames), 6 (2) and 16; and 10.0.0.57, which reads nothing, asks the device three times to listen only (frames 8, 10, 12) and three times to restart its communications (15, 17, 20; tshark: modbus.diagnostic_code 4 and 1), which is denial of service wherever it is not a test',
    },
  },
  'benign__mqtt.pcap': {
    kind: 'benign',
    must: {
      'cleartext-credentials':
        'frames 2 and 9 are MQTT CONNECTs without TLS, each with a user name and a password (one a shared access signature of a cloud) that anybody on the way can read',
    },
  },
  'benign__netflix.pcap': { kind: 'benign' },
  'benign__quic-mvfst-22.pcap': { kind: 'benign' },
  'benign__reddit.pcap': { kind: 'benign' },
  'benign__sip.pcap': {
    kind: 'benign',
    may: { 'cleartext-credentials': 'SIP Digest over UDP: the hash can be guessed offline' },
  },
  'benign__smb2.pcap': { kind: 'benign', may: { 'ntlm-hash-exposure': 'three frames of NTLMSSP in clear' } },
  'benign__sumstat.pcap': { kind: 'benign' },
  'benign__teams.pcap': { kind: 'benign' },
  'benign__tls2.pcap': { kind: 'benign' },
  'benign__wikipedia.pcap': { kind: 'benign' },
  'brute__bruteforce.pcap': {
    kind: 'attack',
    must: {
      'brute-force': '30 logins, each answered 530; Zeek raises FTP::Bruteforcing',
      'insecure-protocol': 'FTP in use',
      'cleartext-credentials': 'user names and passwords in clear (tshark -z credentials)',
    },
  },
  'brute__kali-password-attack_hydra.pcap': {
    kind: 'attack',
    must: {
      'brute-force': 'hydra, 7 SSH connections in 17 s',
      'brute-force-success':
        'frame 163: the answer to the password has 48 bytes (tcp.len), which only "success" has; those of the other sessions have 80',
    },
    may: { 'scanner-software': 'every client says SSH-2.0-libssh-0.7.3, as hydra does' },
  },
  'brute__sshguess.pcap': {
    kind: 'attack',
    must: { 'brute-force': '11 SSH connections in 70 s; Zeek raises SSH::Password_Guessing' },
  },
  'c2__09ffabf7-774a-43a3-8c97-68f2046fd385.pcap': {
    kind: 'attack',
    must: {
      beaconing: '77 connections to 86.136.67.231:1337, 3.6 s apart',
      'bad-certificate': 'the server on port 1337 shows a certificate of its own making',
    },
    may: {
      'known-bad-fingerprint': 'QuasarRAT',
      'c2-framework': 'QuasarRAT',
      'odd-port': 'TLS on port 1337',
    },
  },
  'c2__strrat-4423258f-59bc-4a88-bfec-d8ac08c88538.pcap': {
    kind: 'attack',
    must: { 'beaconing|c2-framework|suspicious-user-agent': 'STRRAT: one connection to port 8219 in which 7 bytes go out every 5 s for 177 s' },
  },
  'creds__http-basicauth.pcap': { kind: 'finding', must: { 'cleartext-credentials': 'Authorization: Basic in frame 4' } },
  'creds__imap.pcap': {
    kind: 'finding',
    must: { 'cleartext-credentials': 'IMAP LOGIN in frame 8', 'insecure-protocol': 'IMAP without TLS in use' },
  },
  'creds__pop3-02-bug-7709.pcap': {
    kind: 'finding',
    must: { 'cleartext-credentials': 'POP3 USER and PASS, frames 5 to 7', 'insecure-protocol': 'POP3 without TLS in use' },
  },
  'creds__telnet.pcap': {
    kind: 'finding',
    must: { 'cleartext-credentials': 'login and password typed over Telnet', 'insecure-protocol': 'Telnet in use' },
  },
  'creds__var-services-std-ports.pcap': {
    kind: 'finding',
    must: {
      'cleartext-credentials': 'FTP USER and PASS, frames 180 to 186',
      'insecure-protocol': 'FTP in use',
      'weak-ssh': 'both SSH connections agree on hmac-md5, the first of the client that the server has (RFC 4253 section 7.1)',
    },
  },
  'dns__dns-tunnel-iodine.pcap': { kind: 'attack', must: { 'dns-tunnel': '222 unique names below pirate.sea, NULL records' } },
  'dns__log4j-dns_exfil.pcap': {
    kind: 'attack',
    must: {
      'exploit-attempt': 'the user agent is ${jndi:dns://10.10.10.31/${env:...}}',
      'dns-tunnel|data-exfiltration|exploit-attempt': 'the value of an environment variable leaves as a DNS name',
    },
    may: { 'dns-tunnel': 'that DNS name', 'data-exfiltration': 'that DNS name', 'suspicious-user-agent': 'that user agent' },
  },
  'dos__amp.UDP.snmp.src161.pcapng': {
    kind: 'attack',
    must: { amplification: '4,079 SNMP answers in 23 ms that nobody asked for' },
    may: { 'udp-flood': 'the same packets, seen as a rate', 'snmp-public': '4,218 answers name the community public' },
  },
  'dos__pkt.TCP.synflood.spoofed.pcap': { kind: 'attack', must: { 'syn-flood': '37,841 SYNs from 37,623 addresses to port 25565 in 24 s' } },
  // The origin calls it a failed EternalBlue, but `tshark -Y tcp` is empty: pings, NetBIOS broadcasts, DHCP and ARP. Nothing can be said of an exploit.
  'exploit__eternalblue-failed-patched-win7.pcap': { kind: 'format' },
  'exploit__eternalblue-success-unpatched-win7.pcap': {
    kind: 'attack',
    must: {
      'exploit-attempt': 'MS17-010: Trans2 SESSION_SETUP (0x000e) answered STATUS_NOT_IMPLEMENTED, large pool grooming',
      smbv1: 'SMB 1 in use',
    },
    may: { 'lateral-movement': 'an exploit between two neighbours' },
  },
  'exploit__log4j-attack.pcap': {
    kind: 'attack',
    must: {
      'exploit-attempt': '${jndi:ldap://...} in the bodies of frames 14 and 26',
      'executable-download': 'frames 44 to 47: Exploit.class, application/java-vm, 1,362 bytes over plain HTTP',
      'cleartext-credentials': 'frame 4 posts uname and password in clear',
    },
    may: {
      'odd-port': 'LDAP on port 1389',
      'suspicious-user-agent': 'curl and Java',
      'c2-framework': 'a shell on port 9001: "ls -l" comes in, a listing goes out',
      'web-shell': 'the same shell',
      'data-exfiltration': 'the same shell',
      'insecure-protocol': 'LDAP without TLS',
    },
  },
  'format__80211http.pcap': { kind: 'format', must: { 'cleartext-credentials': 'frames 21 and 24 post a form with the fields Username and Passwd' } },
  'format__Teredo.pcap': { kind: 'format' },
  'format__geneve.pcap': { kind: 'format', must: { 'weak-ssh': 'hmac-md5 is the first MAC of the client, and the server has it' } },
  'format__gre-within-gre.pcap': { kind: 'format' },
  'format__gtp1_gn_normal_incl_fragmentation.pcap': { kind: 'format' },
  'format__hdlc-http_1tx.pcap': { kind: 'format' },
  'format__http2-range.pcap': { kind: 'format' },
  'format__ipv6-http-atomic-frag.pcap': { kind: 'format' },
  'format__mixed-vlan-mpls.pcap': {
    kind: 'format',
    must: { 'insecure-protocol': 'five frames of Telnet data and their acknowledgements, one direction only' },
  },
  'format__modified-format.pcap': { kind: 'format' },
  'format__nanosecs_big_endian.pcap': { kind: 'format' },
  'format__nflog.pcap': { kind: 'format' },
  'format__pppoe-over-qinq.pcap': { kind: 'format' },
  'format__pptp.pcap': { kind: 'format' },
  'format__quic-interop-retry.pcap': { kind: 'format' },
  'format__raw_ip.pcap': { kind: 'format' },
  'format__simple_http_sll2.pcap': { kind: 'format' },
  'format__tcp-handshake-nano.pcap': { kind: 'format' },
  'format__test010.pcapng': { kind: 'format' },
  'format__test102.pcapng': { kind: 'format' },
  'format__test202.pcapng': { kind: 'format' },
  'format__timestamp.pcap': { kind: 'format' },
  'format__truncated_dns_2.pcap': { kind: 'format' },
  'format__vxlan.pcap': { kind: 'format' },
  'frag__frag-1.pcap': {
    kind: 'attack',
    must: {
      'fragment-attack':
        'fragments of one IPv6 datagram begin at 0, 408 and 408 with 408 and 400 bytes; one echo request is sent in pieces that overlap',
    },
  },
  'frag__teardrop.pcap': { kind: 'attack', must: { 'fragment-attack': 'frame 9 lies inside what frame 8 brought (the teardrop of 1997)' } },
  'l2__arppoison.pcapng': { kind: 'attack', must: { 'arp-spoofing': 'frame 56 claims the gateway 172.16.0.1 for a second card' } },
  'l2__week5_shadow_device_arp_spoof.pcap': {
    kind: 'attack',
    must: {
      'arp-spoofing': '10.0.1.11 is claimed by two cards',
      'cleartext-credentials': 'frame 41 holds FTP USER and PASS, frame 71 IMAP LOGIN',
      'insecure-protocol': 'Telnet (frame 53), FTP and IMAP in use',
    },
  },
  'lateral__empire_psexec_dcerpc_tcp_svcctl_WORKSTATION5_2020-09-20121608.cap': {
    kind: 'attack',
    must: {
      'lateral-movement': 'svcctl over DCE/RPC, a service is created and started (OTRF metadata, T1569.002)',
      'beaconing|c2-framework': 'Empire: 32 requests in one connection, 5.1 s apart but for two',
    },
    may: { beaconing: 'the same requests', 'c2-framework': 'the same requests' },
  },
  'mining__mining.pcapng': { kind: 'attack', must: { cryptomining: 'four Stratum sessions' }, may: { 'long-connection': 'three last 18 minutes' } },
  'scan__445_scan.pcap': { kind: 'attack', must: { 'host-sweep': 'one source tries port 445 of at least nine hosts' } },
  'scan__nmap_80_all.pcap': {
    kind: 'attack',
    must: { 'scanner-software': '27 requests of the Nmap Scripting Engine, /nmaplowercheck and /HNAP1 among them' },
    may: { 'port-scan': 'two ports only', 'suspicious-user-agent': 'Nmap', 'service-enumeration': '34 requests for a handful of paths' },
  },
  'scan__port_scan.pcap': { kind: 'attack', must: { 'port-scan': 'at least five ports of one host in less than a second' } },
  'scan__synscan.pcap': { kind: 'attack', must: { 'port-scan': '1,000 ports, 12 of them answer' }, may: { 'scanner-software': 'nmap' } },
  'scan__tcp_0_1000_20190821.pcap': { kind: 'attack', must: { 'port-scan': 'SYNs to 1,001 ports' }, may: { 'scanner-software': 'masscan' } },
  'scan__udp_0_1000_20190821.pcap': {
    kind: 'attack',
    must: { 'port-scan': 'datagrams to 1,001 ports' },
    may: { 'scanner-software': 'masscan', 'snmp-public': 'the probe of port 161 asks for the community public' },
  },
  'tls__openssl-ssl3.pcap': { kind: 'finding', must: { 'weak-tls': 'the server chooses SSL 3.0 with RC4 (0x0300, cipher 0xc011)' } },
  'tls__selfsigned.pcap': {
    kind: 'finding',
    must: { 'bad-certificate': 'issuer and subject are both ntop.org; it expired on 2016-10-09 and was captured in May 2020' },
  },
  'tls__tls-expired-cert.pcap': {
    kind: 'finding',
    must: {
      'bad-certificate': 'one server shows a certificate that expired on 2014-03-04, captured on 2014-03-13',
      'weak-tls': 'both servers choose TLS 1.0',
    },
  },
  'tunnel__icmp-tunnel.pcap': { kind: 'attack', must: { 'icmp-tunnel': 'IP packets in the payload of echoes, of 67 sizes' } },
  'web__WebattackSQLinj.pcap': {
    kind: 'attack',
    must: { 'exploit-attempt': "nine requests, id=1' and 1=1# among them" },
    may: { 'scanner-software': 'an attack by hand or tool' },
  },
};

/** Misses of detectors that exist, `capture detector`, with the reason. Recall is what it is in docs/scorecard.md; no new one may join unseen. */
export const KNOWN_MISSES: Readonly<Record<string, string>> = {};
