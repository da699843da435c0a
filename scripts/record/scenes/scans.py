"""Port scans, one technique per file, and the traffic that looks like one and is not."""

import services
from lab import Capture, Lab
from office import MACS, NAMES
from registry import Sample, scene

OPEN = [22, 80, 443, 631, 3306, 8080]
FILTERED = '135-139'
SCANNER, TARGET = '192.168.10.66', '192.168.10.30'


def range_with_target(lab: Lab, *, ipv6: bool = False):
    """A scanner and a printer-like target: a few open ports, five that drop everything, the rest closed."""
    switch = lab.switch()
    scanner, target = lab.host('scanner', ipv6), lab.host('target', ipv6)
    lab.plug(scanner, switch, '08:00:27:5e:66:66')
    lab.plug(target, switch, MACS['printer'])
    scanner.address(f'{SCANNER}/24', *(['fd00:10::66/64'] if ipv6 else []))
    target.address(f'{TARGET}/24', *(['fd00:10::30/64'] if ipv6 else []))
    target.sysctl('net.ipv4.icmp_ratelimit', '0')
    target.sysctl('net.ipv4.icmp_msgs_per_sec', '10000')
    services.listeners(target, OPEN)
    services.listeners(target, [161], udp=True)
    services.dnsmasq(target, '--no-daemon', *NAMES)
    for family in ('ip', 'ip6'):
        target.quiet('nft', f'table {family} filter {{ chain input {{ type filter hook input priority 0; tcp dport {FILTERED} drop; udp dport 67-69 drop; }}; }}')
    return switch, scanner, target


def scan_scene(name: str, technique: str, options: list[str], story: str, answer: str, look: list[str], *, target: str = TARGET, ipv6: bool = False, also: tuple[str, ...] = (),
               seconds: int = 120, retries: str = '1'):
    def run(lab: Lab) -> None:
        switch, scanner, _ = range_with_target(lab, ipv6=ipv6)
        with Capture(switch, f'{name}.pcap', 'tcpdump', '-i', 'br0', seconds=seconds):
            scanner.run('nmap', '-n', '--max-retries', retries, *options, target, timeout=seconds - 10)
    run.__name__ = name
    ports = options[options.index('-p') + 1] if '-p' in options else ''
    source = 'fd00:10::66' if ipv6 else SCANNER
    scene(Sample(f'{name}.pcap', story,
                 f'One nmap run from {source} against {target}, ports {ports}. {answer} Plus the address resolution before it.',
                 [f'`port-scan`, technique `{technique}`, attacker {source}, victim {target} (ATT&CK T1046)',
                  *(['`scanner-software`: Nmap, by the window of 1,024 and the lone segment size of its SYNs'] if '-sS' in options and not ipv6 and '-f' not in options else []),
                  *also, 'no `syn-flood`, no `host-sweep`'], look))(run)


TCP_PORTS = '1-120,135-139,443,631,3306,8080'
TCP_STATE = f'Open: 22, 53, 80, 443, 631, 3306, 8080. Silent (filtered): {FILTERED}. The rest is closed.'
RESET = 'tcp.flags.reset == 1 | closed ports say so'
scan_scene('scan-syn', 'syn', ['-sS', '-p', TCP_PORTS], 'A SYN scan of 129 ports: half-open probes, never completed.', TCP_STATE,
           ['tcp.flags.syn == 1 && tcp.flags.ack == 0 | the probes', 'tcp.flags.syn == 1 && tcp.flags.ack == 1 | open ports', RESET])
scan_scene('scan-connect', 'connect', ['-sT', '-p', TCP_PORTS], 'A connect scan of 129 ports: open ones are completed and reset at once.', TCP_STATE,
           ['tcp.flags.syn == 1 && tcp.flags.ack == 1 | open ports', RESET])
scan_scene('scan-fin', 'fin', ['-sF', '-p', TCP_PORTS], 'A FIN scan of 129 ports: a lone FIN to connections that never existed.',
           f'Closed ports answer with RST; open and filtered ones ({FILTERED} and the open ones) are silent.', ['tcp.flags == 0x001 | the probes', RESET])
scan_scene('scan-null', 'null', ['-sN', '-p', TCP_PORTS], 'A null scan of 129 ports: segments without a single flag.',
           'Closed ports answer with RST; open and filtered ones are silent.', ['tcp.flags == 0x000 | the probes', RESET])
scan_scene('scan-xmas', 'xmas', ['-sX', '-p', TCP_PORTS], 'An Xmas scan of 129 ports: FIN, PSH and URG lit together.',
           'Closed ports answer with RST; open and filtered ones are silent.', ['tcp.flags == 0x029 | the probes', RESET])
scan_scene('scan-ack', 'ack', ['-sA', '-p', TCP_PORTS], 'An ACK scan of 129 ports: not which are open, but which a firewall hides.',
           f'Every unfiltered port answers with RST, open or not; {FILTERED} are silent.', ['tcp.flags == 0x010 | the probes', RESET])
scan_scene('scan-maimon', 'maimon', ['-sM', '-p', TCP_PORTS], 'A Maimon scan of 129 ports: FIN and ACK without a connection.',
           'A Linux host answers RST from every unfiltered port, open ones too.', ['tcp.flags == 0x011 | the probes', RESET])
scan_scene('scan-udp', 'udp', ['-sU', '-p', '40-120,123,137,161,500,514,1900,5353'], 'A UDP scan of 88 ports: closed ones answer with ICMP errors.',
           'Open: 53 (DNS answers its probe) and 161 (a program that echoes). Silent: 67-69. The rest answers port unreachable.',
           ['icmp.type == 3 && icmp.code == 3 | closed ports', 'udp.length == 8 | probes without a payload', 'udp.port == 161 | nmap sends real questions to well-known ports'])
scan_scene('scan-ip-proto', 'ip-proto', ['-sO', '-p', '0-140'], 'An IP protocol scan: which of 141 protocols does the host speak, not which ports.',
           'The host answers for ICMP, TCP and UDP; protocol unreachable for most others; some are silent.',
           ['icmp.type == 3 && icmp.code == 2 | protocols the host does not speak', '!(ip.proto in {1, 6, 17}) | empty packets of odd protocols'])
scan_scene('scan-syn-ipv6', 'syn', ['-6', '-sS', '-p', '1-100,443,631,3306,8080'], 'A SYN scan over IPv6.', TCP_STATE,
           ['ipv6 && tcp.flags.syn == 1 | probes and open ports', 'icmpv6.type == 135 | neighbour discovery before the scan'], target='fd00:10::30', ipv6=True)
scan_scene('scan-slow', 'syn', ['-sS', '--scan-delay', '1500ms', '-p', '1-5,21-25,79-83,110-113,135-139,443,445,631,3306,3389,8080'],
           'A patient SYN scan: 30 ports at one probe in one and a half seconds.', 'Few packets in 50 seconds: a detector that counts per second sees nothing.',
           ['tcp.flags.syn == 1 && tcp.flags.ack == 0 | the probes; look at their times', RESET])
scan_scene('scan-decoys', 'syn', ['-sS', '-D', '192.168.10.67,192.168.10.68,ME', '-p', '1-60,443,8080'],
           'A SYN scan with two decoys: three addresses seem to scan, one MAC sends everything.',
           'Three source addresses send the same probes from one MAC; .67 and .68 do not exist, so the target asks for them in vain.',
           ['eth.src == 08:00:27:5e:66:66 && tcp | one card behind three addresses', 'arp | nobody answers for the decoys'])


CHAT = '''
import socket, sys
for port in map(int, sys.argv[2:]):
    with socket.create_connection((sys.argv[1], port), timeout=5) as s:
        s.recv(200); s.sendall(b"status %d\\r\\n" % port); s.recv(200)
'''


@scene(Sample(
    'busy-services.pcap', 'A monitoring program visits 28 services of one host, and each of them answers. Near miss of a port scan.',
    '28 complete TCP conversations from one client to 28 different open ports of one host within a second, each with greeting, question, answer and orderly end; then a second round.',
    ['no `port-scan`: no port failed', 'no `brute-force`, no `beaconing` from two rounds'],
    ['tcp.flags.syn == 1 && tcp.flags.ack == 1 | every port accepts', 'tcp.flags.reset == 1 | none']))
def busy_services(lab: Lab) -> None:
    switch, client, target = range_with_target(lab)
    ports = [*range(9000, 9016), 2049, 5000, 5432, 5672, 6379, 7000, 8000, 8443, 9042, 9200, 11211, 27017]
    services.listeners(target, ports)
    with Capture(switch, 'busy-services.pcap', 'tcpdump', '-i', 'br0'):
        for _ in range(2):
            client.run('/usr/bin/python3', '-c', CHAT, TARGET, *map(str, ports), show=f'python3: connect, greet, ask, close; ports {" ".join(map(str, ports))}')


@scene(Sample(
    'dead-port-retries.pcap', 'A program keeps trying a service that is down, and another behind a firewall that drops. Near miss of a port scan.',
    '40 connections to one closed port, each refused with RST; then one connection attempt to a filtered port with its SYN retransmissions.',
    ['no `port-scan`: many failures, but one closed and one filtered port', 'no `syn-flood`'],
    ['tcp.flags.reset == 1 | refused, again and again', 'tcp.dstport == 137 | the same SYN, repeated by the kernel']))
def dead_port_retries(lab: Lab) -> None:
    switch, client, _ = range_with_target(lab)
    with Capture(switch, 'dead-port-retries.pcap', 'tcpdump', '-i', 'br0'):
        for _ in range(40):
            client.run('curl', '-s', '--max-time', '2', f'http://{TARGET}:8443/')
        client.run('curl', '-s', '--connect-timeout', '4', f'http://{TARGET}:137/')


scan_scene('scan-fragments', 'syn', ['-sS', '-f', '-p', '1-60,443,8080'], 'A SYN scan whose probes come in fragments of eight bytes, so that simple filters see no TCP header.',
           'Each probe is three IP fragments; the target puts them together and answers as always.',
           ['ip.flags.mf == 1 || ip.frag_offset > 0 | the pieces', RESET],
           also=('`fragment-attack`, technique `tiny`: eight bytes hold no TCP header (RFC 1858)',))
scan_scene('scan-udp-ipv6', 'udp', ['-6', '-sU', '-p', '1001-1060'], 'A UDP scan over IPv6.', 'Closed ports answer with ICMPv6 port unreachable.',
           ['icmpv6.type == 1 && icmpv6.code == 4 | closed ports'], target='fd00:10::30', ipv6=True)
scan_scene('scan-fin-ipv6', 'fin', ['-6', '-sF', '-p', '1-60,443,8080'], 'A FIN scan over IPv6.', TCP_STATE, ['tcp.flags == 0x001 | the probes', RESET],
           target='fd00:10::30', ipv6=True)


def flood_scene(name: str, detector: str, options: list[str], story: str, holds: str, look: list[str]):
    """hping3 with a fixed number of packets: bounded in count, and in a network of its own."""
    def run(lab: Lab) -> None:
        switch, scanner, _ = range_with_target(lab)
        with Capture(switch, f'{name}.pcap', 'tcpdump', '-i', 'br0', '-s', '96'):
            scanner.run('hping3', '-q', '-n', *options, TARGET, timeout=40)
    run.__name__ = name
    scene(Sample(f'{name}.pcap', story, holds, [f'`{detector}`, victim {TARGET}', 'no `port-scan`: one port is hit again and again'], look))(run)


flood_scene('flood-syn', 'syn-flood', ['-S', '-p', '80', '-i', 'u4000', '-c', '1200'], 'A SYN flood from one address: 1,200 half-open connections to one web server.',
            'hping3 sends a SYN every four milliseconds from ever new ports; the kernel of the sender resets what the server answers.', ['tcp.flags.syn == 1 && tcp.flags.ack == 0 | the flood'])
flood_scene('flood-syn-spoofed', 'syn-flood', ['-S', '-p', '80', '--rand-source', '-i', 'u4000', '-c', '1200'],
            'A SYN flood from invented addresses: nobody is there to complete a connection.',
            'Every SYN names another source; the server answers into the void.', ['tcp.flags.syn == 1 && tcp.flags.ack == 0 | the flood'])
flood_scene('flood-udp', 'udp-flood', ['--udp', '-s', '20000', '-p', '9', '-d', '20', '-i', 'u700', '-c', '1500'], 'A UDP flood against one closed port.',
            'Datagrams of 20 bytes at more than a thousand a second; the server refuses by ICMP.', ['udp.dstport == 9 | the flood'])
flood_scene('flood-icmp', 'icmp-flood', ['--icmp', '-d', '16', '-i', 'u700', '-c', '1900'], 'An ICMP echo flood.',
            'More than a thousand echo requests a second, each of them answered.', ['icmp.type == 8 | the flood'])
flood_scene('flood-ip', 'ip-flood', ['--rawip', '-H', '253', '-d', '20', '-i', 'u700', '-c', '1300'], 'A flood of an IP protocol that nobody uses: it passes filters that know only ports.',
            'More than a thousand packets a second of protocol 253 (RFC 3692 leaves it to experiments); the target refuses some of them by ICMP.', ['ip.proto == 253 && !icmp | the flood', 'icmp.type == 3 && icmp.code == 2 | the refusals'])


@scene(Sample(
    'os-detection.pcap', 'nmap guesses the operating system: sixteen odd packets and their answers.',
    'nmap -O against one host with an open and a closed port: SYNs with odd options, segments without flags or with SYN, FIN, PSH and URG at once, two odd echo requests, a UDP datagram of 300 letters C.',
    [f'`os-fingerprinting`, attacker {SCANNER}, victim {TARGET} (ATT&CK T1592)', 'no `port-scan`: two ports only'],
    ['tcp.flags == 0x02b | SYN, FIN, PSH and URG together', 'udp.length == 308 | 300 letters C', 'icmp.type == 8 && icmp.code == 9 | an echo request with a code']))
def os_detection(lab: Lab) -> None:
    switch, scanner, _ = range_with_target(lab)
    with Capture(switch, 'os-detection.pcap', 'tcpdump', '-i', 'br0'):
        scanner.run('nmap', '-n', '-Pn', '-O', '--max-os-tries', '1', '-p', '80,81', TARGET, timeout=60)


PEERS = '''
import socket, sys, random
chance = random.Random(7)
for n in range(40):                  # a torrent client asks many peers on ports of their own; about half are there
    s = socket.socket(); s.settimeout(0.4)
    try:
        s.connect((f"192.168.10.{100 + n % 20}", 6881 + chance.randrange(60)))
        s.sendall(b"\\x13BitTorrent protocol" + bytes(8) + chance.randbytes(40)); s.recv(100)
    except OSError: pass
    s.close()
'''


@scene(Sample(
    'peers.pcap', 'A file-sharing program asks forty peers, each on a port of its own; half of them are there. Near miss of a port scan.',
    'Forty connections to twenty addresses on ports between 6881 and 6940, two per address; ten addresses belong to nobody, the others accept some and refuse some.',
    ['no `port-scan`: few ports of each host', 'no `host-sweep`: no port is tried on many hosts'],
    ['tcp.flags.syn == 1 && tcp.flags.ack == 0 | who is asked', 'tcp.flags.reset == 1 | and is not there']))
def peers(lab: Lab) -> None:
    switch, client, target = range_with_target(lab)
    target.address(*[f'192.168.10.{100 + n}/24' for n in range(10)])
    services.listeners(target, list(range(6881, 6941, 2)))
    with Capture(switch, 'peers.pcap', 'tcpdump', '-i', 'br0'):
        client.run('/usr/bin/python3', '-c', PEERS, show='python3: forty BitTorrent handshakes, to twenty addresses and sixty ports')
