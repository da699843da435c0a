"""The same kind of traffic in every file format and link type that recorders write."""


import services
from lab import Capture, Lab
from office import Office
from registry import Sample, scene
from scenes.web import curl


def small_talk(office: Office) -> None:
    """A little of everything, so that each format shows DNS, HTTP, ICMP and ARP."""
    office.alice.run('ping', '-c', '2', '-i', '0.2', 'www.example.com')
    curl(office.alice, 'http://www.example.com/', 'http://www.example.com/missing.html')
    curl(office.alice, 'http://shop.example.com/logo.png')


QUIET = ['no findings', '`capture-quality`: clean']


@scene(
    Sample('rotated.pcap.gz', 'A small capture in gzip, as log rotation leaves it.', 'DNS, ping, three HTTP requests; the same packets as archived.pcapng.zst.', QUIET,
           ['http | read without unpacking by hand']),
    Sample('archived.pcapng.zst', 'The packets of rotated.pcap.gz as pcapng, compressed with Zstandard.', 'The packets of rotated.pcap.gz, converted with editcap and compressed with zstd -19.', QUIET,
           ['http | the same frames as in the .gz']))
def compressed(lab: Lab) -> None:
    office = Office(lab)
    services.web(office.web)
    plain = lab.folder / 'rotated.pcap'
    with Capture(office.switch, 'rotated.pcap', 'tcpdump', '-i', 'br0'):
        small_talk(office)
    office.switch.run('editcap', '-F', 'pcapng', str(plain), str(lab.folder / 'archived.pcapng'), show='editcap -F pcapng rotated.pcap archived.pcapng')
    office.switch.run('gzip', '-9n', '-k', str(plain), show='gzip -9n rotated.pcap')
    office.switch.run('zstd', '-q', '-19', str(lab.folder / 'archived.pcapng'), show='zstd -19 archived.pcapng')


@scene(Sample('nanoseconds.pcap', 'A capture with nanosecond times (magic number a1b23c4d).', 'DNS, ping and HTTP; every time has nine decimals.', QUIET,
              ['frame.time_delta < 0.0001 | gaps that microseconds would round away']))
def nanoseconds(lab: Lab) -> None:
    office = Office(lab)
    services.web(office.web)
    with Capture(office.switch, 'nanoseconds.pcap', 'tcpdump', '-i', 'br0', '--nano'):
        small_talk(office)


@scene(
    Sample('linux-cooked-v2.pcap', 'Captured on "any" of a router: Linux cooked v2 headers instead of Ethernet, each forwarded packet seen twice.',
           'DNS, ping and HTTP as the router sees them, once on its LAN side and once on its WAN side, with interface numbers in the cooked header.',
           ['no `port-scan`', '`capture-quality`: notes duplicates, since each forwarded packet was captured on two interfaces'], ['sll.ifindex | which interface', 'sll.pkttype == 4 | sent by the router itself']),
    Sample('linux-cooked-v1.pcap', 'The same traffic with the older Linux cooked header (v1).', 'As linux-cooked-v2.pcap, recorded at the same time; the header has no interface number.',
           ['as linux-cooked-v2.pcap'], ['sll.pkttype == 4 | sent by the router itself']))
def linux_cooked(lab: Lab) -> None:
    office = Office(lab)
    services.web(office.web)
    with Capture(office.router, 'linux-cooked-v2.pcap', 'tcpdump', '-i', 'any', '-y', 'LINUX_SLL2'), \
         Capture(office.router, 'linux-cooked-v1.pcap', 'tcpdump', '-i', 'any', '-y', 'LINUX_SLL'):
        small_talk(office)


@scene(Sample('snapped-96.pcap', 'Only the first 96 bytes of every packet: headers whole, contents cut.',
              'DNS, ping and HTTP, and a TLS page; packets longer than 96 bytes are cut there, their original length is recorded.',
              ['`capture-quality` (info): packets are cut at 96 bytes, so contents cannot be judged', 'byte counts must come from the original length'],
              ['frame.cap_len < frame.len | the packets that were cut', 'http.request | request lines are cut too']))
def snapped(lab: Lab) -> None:
    office = Office(lab)
    authority = services.web(office.web)
    with Capture(office.switch, 'snapped-96.pcap', 'tcpdump', '-i', 'br0', '-s', '96'):
        small_talk(office)
        curl(office.alice, 'https://www.example.com/', options=('--cacert', authority))


@scene(Sample('one-way.pcap', 'A tap with one broken fibre: only what the client sends was recorded.',
              'The client half of DNS, ping and HTTP; no answer is in the file, though every request was answered.',
              ['`capture-quality` (info): one direction only; it must lower the confidence of others', 'no `port-scan`: unanswered here means unseen, and few ports are asked'],
              ['ip.src == 192.168.10.21 | all of it', 'tcp.ack > 1 | acknowledges data that the capture never saw']))
def one_way(lab: Lab) -> None:
    office = Office(lab)
    services.web(office.web)
    with Capture(office.switch, 'one-way.pcap', 'tcpdump', '-i', 'br0', 'ether src 3c:07:54:21:aa:21'):
        small_talk(office)


@scene(Sample('two-interfaces.pcapng', 'A router recorded on both sides and on loopback at once: three interfaces in one file.',
              'dumpcap on lan0, wan0 and lo: each forwarded packet appears twice with a TTL one lower on the second, a name look-up over loopback once. Interface names, capture filters and statistics blocks are in the file.',
              ['no `port-scan`', '`capture-quality`: notes that packets appear on two interfaces'],
              ['frame.interface_name == "wan0" | the outer side', 'frame.interface_name == "lo" | the router talking to itself', 'ip.ttl == 63 | after the router']))
def two_interfaces(lab: Lab) -> None:
    office = Office(lab)
    services.web(office.web)
    services.listeners(office.router, [9100])
    with Capture(office.router, 'two-interfaces.pcapng', 'dumpcap', '-i', 'lan0', '-i', 'wan0', '-i', 'lo', settle=2.5):
        small_talk(office)
        office.router.run('curl', '-s', '--http0.9', '--max-time', '2', 'http://127.0.0.1:9100/')
