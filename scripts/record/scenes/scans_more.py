"""The other techniques over IPv6, scans that take their time, other scanners, and sweeps over many hosts."""

from lab import Capture, Lab
from registry import Sample, scene
from scenes.scans import RESET, SCANNER, TARGET, range_with_target, scan_scene

PORTS6 = '1-60,443,8080'
V6 = {'target': 'fd00:10::30', 'ipv6': True}
SILENT6 = 'Closed ports answer with RST; open ones are silent.'

scan_scene('scan-connect-ipv6', 'connect', ['-6', '-sT', '-p', PORTS6], 'A connect scan over IPv6.', 'Open ports are completed and reset at once, the rest is refused.',
           ['tcp.flags.syn == 1 && tcp.flags.ack == 1 | open ports', RESET], **V6)
scan_scene('scan-null-ipv6', 'null', ['-6', '-sN', '-p', PORTS6], 'A null scan over IPv6.', SILENT6, ['tcp.flags == 0x000 | the probes', RESET], **V6)
scan_scene('scan-xmas-ipv6', 'xmas', ['-6', '-sX', '-p', PORTS6], 'An Xmas scan over IPv6.', SILENT6, ['tcp.flags == 0x029 | the probes', RESET], **V6)
scan_scene('scan-ack-ipv6', 'ack', ['-6', '-sA', '-p', PORTS6], 'An ACK scan over IPv6.', 'Every port answers with RST, open or not.', ['tcp.flags == 0x010 | the probes', RESET], **V6)
scan_scene('scan-maimon-ipv6', 'maimon', ['-6', '-sM', '-p', PORTS6], 'A Maimon scan over IPv6.', 'Every port answers with RST.', ['tcp.flags == 0x011 | the probes', RESET], **V6)
scan_scene('scan-ip-proto-ipv6', 'ip-proto', ['-6', '-sO', '-p', '3,5-40,45,46,48,49,52-57,61-87,89-96,98-100'], 'An IP protocol scan over IPv6: which next headers does the host speak.',
           'ICMPv6 parameter problem (unrecognised next header) for protocols the host does not speak.', ['icmpv6.type == 4 && icmpv6.code == 1 | next headers the host does not speak'], **V6)
scan_scene('scan-window', 'ack', ['-sW', '-p', PORTS6], 'A window scan: the probes of an ACK scan, the answers read by their window.',
           'On the wire this is an ACK scan; only nmap knows that it looks at the window of each RST.', ['tcp.flags == 0x010 | the probes', RESET])
scan_scene('scan-window-ipv6', 'ack', ['-6', '-sW', '-p', PORTS6], 'A window scan over IPv6.', 'On the wire this is an ACK scan.', ['tcp.flags == 0x010 | the probes', RESET], **V6)
scan_scene('scan-every-second', 'syn', ['-Pn', '-sS', '--scan-delay', '1s', '-p', '1-40,443,8080'], 'A SYN scan of one probe per second.',
           'Few packets a second: a detector that counts per second sees nothing.', ['tcp.flags.syn == 1 && tcp.flags.ack == 0 | the probes; look at their times', RESET], retries='0')
scan_scene('scan-every-30s', 'syn', ['-Pn', '-sS', '--scan-delay', '30s', '-p', '1-18,443,8080'], 'A SYN scan of one probe per half minute: twenty ports in ten minutes.',
           'Two packets a minute and their answers.', ['tcp.flags.syn == 1 && tcp.flags.ack == 0 | the probes; look at their times', RESET], retries='0', seconds=780)


@scene(Sample(
    'scan-masscan.pcap', 'masscan asks 60 ports of one host without the kernel: raw SYNs from one source port.',
    'masscan with its own TCP stack: window 1024, no options, a cookie as sequence number, the kernel of the scanner silent (a firewall keeps its RST back).',
    [f'`port-scan`, technique `syn`, attacker {SCANNER}, victim {TARGET}', '`scanner-software`: masscan, by the IP id that it computes from target and sequence number', 'no `syn-flood`, no `host-sweep`'],
    ['tcp.flags.syn == 1 && tcp.flags.ack == 0 | the probes: no TCP option at all', RESET]))
def scan_masscan(lab: Lab) -> None:
    switch, scanner, target = range_with_target(lab)
    mac = target.quiet('cat', '/sys/class/net/eth0/address').strip()
    with Capture(switch, 'scan-masscan.pcap', 'tcpdump', '-i', 'br0'):
        scanner.run('ping', '-c', '1', TARGET)
        scanner.run('masscan', TARGET, '-p', '1-58,443,8080', '--rate', '100', '--wait', '2', '-e', 'eth0', '--source-ip', SCANNER, '--source-port', '61000',
                    '--router-mac', mac, timeout=60)


def sweep_scene(name: str, port: str, options: list[str], story: str, holds: str, look: list[str], *, ipv6: bool = False):
    """Most of the network is empty: the target and three more addresses of it are there."""
    def run(lab: Lab) -> None:
        switch, scanner, target = range_with_target(lab, ipv6=ipv6)
        target.address(*[f'192.168.10.{last}/24' for last in (31, 40, 55)])
        with Capture(switch, f'{name}.pcap', 'tcpdump', '-i', 'br0'):
            scanner.run('nmap', '-n', '--max-retries', '1', *options, timeout=100)
    run.__name__ = name
    scene(Sample(f'{name}.pcap', story, holds, [f'`host-sweep` of {port}, attacker {SCANNER} (ATT&CK T1018)', 'no `port-scan`, no `syn-flood`, no `arp-spoofing`'], look))(run)


RANGE = '192.168.10.1-60'
sweep_scene('sweep-arp', 'ARP', ['-sn', RANGE], 'Who is there: nmap asks sixty neighbours by ARP.', 'An ARP request for each address, four of them answered.', ['arp.opcode == 1 | the questions', 'arp.opcode == 2 | who is there'])


def routed(lab: Lab):
    """The scanner behind a router, so that a sweep is packets and not only ARP: each empty address is answered by the router, or by nobody."""
    from office import Office
    office = Office(lab, ('kiosk',), ('web', 'files'), delay_ms=1)
    return office


def routed_sweep(name: str, what: str, options: list[str], story: str, holds: str, look: list[str]):
    def run(lab: Lab) -> None:
        office = routed(lab)
        with Capture(office.switch, f'{name}.pcap', 'tcpdump', '-i', 'br0'):
            office.kiosk.run('nmap', '-n', '--max-retries', '1', '--host-timeout', '60s', *options, '10.20.0.1-50', timeout=100)
    run.__name__ = name
    scene(Sample(f'{name}.pcap', story, holds, [f'`host-sweep` of {what}, attacker 192.168.10.24 (ATT&CK T1018)', *(['`scanner-software`: Nmap'] if '-sS' in options else []), 'no `port-scan`, no `syn-flood`'], look))(run)


routed_sweep('sweep-smb', 'port 445', ['-Pn', '-sS', '-p', '445'], 'Which of fifty servers shares files: one SYN to port 445 of each.',
             'Few addresses exist; those refuse the port, the others are silent.',
             ['tcp.dstport == 445 | the probes', 'tcp.flags.reset == 1 | there, and refusing'])
routed_sweep('sweep-ping', 'ICMP echo', ['-sn', '-PE'], 'Which of fifty servers is there: an echo request to each.', 'Six addresses answer.', ['icmp.type == 8 | the questions', 'icmp.type == 0 | who is there'])
