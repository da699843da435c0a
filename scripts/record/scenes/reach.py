"""Is it there, and by which way? ping, traceroute, and all of it over IPv6."""

import time

import services
from lab import Capture, Lab
from office import Office
from registry import Sample, scene
from scenes.web import curl


@scene(Sample(
    'ping-traceroute.pcap', 'A person wonders why a server is slow: pings of several sizes, one too large for the way, and two traceroutes.',
    'ICMP echo and reply, fragmented echo of 4,000 bytes (three fragments each way), "fragmentation needed", time exceeded from the router, port unreachable from the server, '
    'host unreachable for an address that nobody has, UDP and ICMP traceroute, a record-route and a timestamp option.',
    ['no `port-scan`: traceroute asks many UDP ports, but its TTLs rise and it stops', 'no `icmp-tunnel`, no `fragment-attack`', 'perhaps `traceroute` (info): only one router is on the way'],
    ['ip.flags.mf == 1 || ip.frag_offset > 0 | the fragments', 'icmp.type == 11 | time exceeded: the router on the way', 'icmp.type == 3 | what cannot be reached, and why', 'ip.ttl < 5 | the rising TTL of a traceroute']))
def ping_traceroute(lab: Lab) -> None:
    office = Office(lab, ('alice', 'bob'), ('web',))
    office.router.quiet('ip', 'link', 'set', 'wan0', 'mtu', '1400')
    office.web.quiet('ip', 'link', 'set', 'eth0', 'mtu', '1400')
    alice = office.alice
    with Capture(office.switch, 'ping-traceroute.pcap', 'tcpdump', '-i', 'br0'):
        alice.run('ping', '-c', '3', '-i', '0.3', 'www.example.com')
        alice.run('ping', '-c', '2', '-i', '0.3', '-s', '4000', '192.168.10.22')
        alice.run('ping', '-c', '2', '-i', '0.3', '-s', '2500', '10.20.0.10')
        alice.run('ping', '-c', '2', '-i', '0.3', '-M', 'do', '-s', '1440', '10.20.0.11')
        alice.run('ping', '-c', '2', '-i', '0.3', '-R', '10.20.0.10')
        alice.run('ping', '-c', '1', '-T', 'tsandaddr', '10.20.0.10')
        alice.run('ping', '-c', '1', '-W', '4', '10.20.0.99')
        alice.run('traceroute', '-n', '-q', '2', '-w', '1', '10.20.0.10')
        alice.run('traceroute', '-n', '-I', '-q', '1', '-w', '1', '10.20.0.12')
        office.bob.run('ping', '-c', '2', '-i', '0.3', '192.168.10.21')


@scene(Sample(
    'ipv6.pcap', 'A machine joins an IPv6 network: it finds router and addresses by itself, then pings, resolves and browses.',
    'Duplicate address detection, multicast listener reports, router solicitation and advertisement (SLAAC prefix, DNS server), neighbour discovery, DHCPv6 information request, '
    'ping6 with and without fragments, time exceeded, port unreachable, DNS (AAAA) and HTTP/HTTPS over IPv6, traceroute6.',
    ['no `port-scan`', 'no `rogue-router`: one router advertises', 'no `host-sweep`: neighbour solicitations are answered'],
    ['icmpv6.type == 134 | the router introduces itself', 'icmpv6.type == 135 | who has this address? (from :: while it checks its own)', 'ipv6.fraghdr | fragments carry their own header',
     'icmpv6.type == 143 | multicast groups joined', 'http && ipv6 | browsing as usual']))
def ipv6(lab: Lab) -> None:
    office = Office(lab, ('alice', 'bob'), ('web',), ipv6=True, addresses=False, ra=True)
    authority = services.web(office.web)
    for host in (office.alice, office.bob):
        host.resolver('fd00:10::1')
        host.quiet('ip', 'link', 'set', 'eth0', 'down')
    time.sleep(2.5)
    with Capture(office.switch, 'ipv6.pcap', 'tcpdump', '-i', 'br0'):
        for host in (office.alice, office.bob):
            host.run('ip', 'link', 'set', 'eth0', 'up')
        time.sleep(4.5)
        alice = office.alice
        alice.run('rdisc6', '-1', 'eth0')
        alice.run('ping', '-6', '-c', '2', '-i', '0.3', 'www.example.com')
        alice.run('ping', '-6', '-c', '1', '-s', '3000', 'fd00:20::10')
        alice.run('ping', '-6', '-c', '2', '-i', '0.3', 'ff02::1%eth0')
        curl(alice, 'http://www.example.com/', 'http://www.example.com/about.html', options=('-6',))
        curl(office.bob, 'https://www.example.com/', options=('-6', '--cacert', authority))
        alice.run('traceroute', '-6', '-n', '-q', '1', '-w', '1', 'fd00:20::10')
        alice.run('dig', '+tries=1', '+time=1', '@fd00:20::10', 'www.example.com', 'AAAA')
        alice.run('ping', '-6', '-c', '1', '-W', '2', 'fd00:20::dead')


@scene(Sample(
    'traceroute.pcap', 'A person asks which way packets take to a server behind four routers, with UDP and with ICMP.',
    'Two traceroutes: three probes for each hop, time exceeded from four routers in turn, then the answer of the server itself.',
    ['`traceroute` (info): 192.168.10.21 to 10.4.0.10', 'no `port-scan`, no `host-sweep`, no `udp-flood`'],
    ['icmp.type == 11 | one router after the other', 'ip.ttl < 6 && ip.src == 192.168.10.21 | the rising TTL']))
def traceroute(lab: Lab) -> None:
    alice = lab.host('alice')
    routers = [lab.host(f'r{n}') for n in range(1, 5)]
    server = lab.host('server')
    chain = [alice, *routers, server]
    nets = ['192.168.10', '10.1.0', '10.2.0', '10.3.0', '10.4.0']
    for n, (left, right) in enumerate(zip(chain, chain[1:])):
        lab.cable(left, f'd{n}', right, f'u{n}')
        left.address(f'{nets[n]}.{21 if n == 0 else 1}/24', port=f'd{n}')
        right.address(f'{nets[n]}.{10 if right is server else 2}/24', port=f'u{n}')
    for n, router in enumerate(routers):
        router.sysctl('net.ipv4.ip_forward', '1')
        router.sysctl('net.ipv4.icmp_ratelimit', '0')
        for far in range(n + 2, 5):
            router.route(f'{nets[n + 1]}.2', f'{nets[far]}.0/24')
        for near in range(0, n):
            router.route(f'{nets[n]}.1' if n > 0 else '192.168.10.21', f'{nets[near]}.0/24')
    alice.route('192.168.10.2')
    server.route('10.4.0.1')
    with Capture(alice, 'traceroute.pcap', 'tcpdump', '-i', 'd0'):
        alice.run('traceroute', '-n', '10.4.0.10')
        alice.run('traceroute', '-n', '-I', '10.4.0.10')
