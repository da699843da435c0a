"""Names, addresses and time: DNS, DHCP, NTP."""

import time

import services
from lab import LAB, Capture, Lab
from office import Office
from registry import Sample, scene


def dig(host, *words: str) -> None:
    host.run('dig', '+tries=1', '+time=2', *words, show=' '.join(['dig', *words]))


@scene(Sample(
    'dns.pcap', 'One client asks its name server all the usual kinds of question, one answer too large for UDP.',
    'A, AAAA, CNAME chains, MX, TXT, SRV, SOA, PTR (v4 and v6), ANY, NXDOMAIN, an empty answer, EDNS and a question without it, DNS cookies, a truncated answer and its '
    'repeat over TCP, a REFUSED question, and a question to a host that runs no name server (ICMP port unreachable).',
    ['no `port-scan`: one closed port, asked once', 'no `dns-tunnel`: few names, all short'],
    ['dns.flags.truncated == 1 | the answer that did not fit; the TCP connection after it carries the whole', 'dns.flags.rcode == 3 | names that do not exist',
     'dns.cname | aliases', 'dns.opt | EDNS and its cookie', 'icmp.type == 3 | the question nobody listens to, quoted back']))
def dns(lab: Lab) -> None:
    office = Office(lab, ('alice', 'printer'), ())
    alice = office.alice
    with Capture(office.switch, 'dns.pcap', 'tcpdump', '-i', 'br0'):
        for words in (['www.example.com'], ['www.example.com', 'AAAA'], ['shop.example.com'], ['cdn.example.net', 'AAAA'], ['example.com', 'MX'], ['example.com', 'TXT'],
                      ['_ldap._tcp.example.com', 'SRV'], ['-x', '10.20.0.10'], ['-x', 'fd00:20::10'], ['nothing-here.example.com'], ['legacy.example.com', 'MX'],
                      ['+noedns', 'files.example.com'], ['+nocookie', '+bufsize=512', 'big.example.com', 'TXT'], ['+tcp', 'mail.example.com'], ['+dnssec', 'mail.example.com'],
                      ['outside.example.org'], ['example.com', 'SOA'], ['example.com', 'ANY'], ['@192.168.10.30', 'www.example.com']):
            dig(alice, *words)
        alice.run('getent', 'ahosts', 'intranet.example.test')


LEASE_SCRIPT = '''#!/bin/sh
# What a DHCP client does with its lease, reduced to addresses.
case "$1" in
  deconfig) ip address flush dev "$interface" scope global ;;
  bound|renew) ip address replace "$ip/24" dev "$interface"; ip route replace default via "$router" ;;
esac
'''


def lease(host, *options: str, show: str = '') -> None:
    """`host` fetches an address for eth0, and leaves its client when it has one."""
    script = LAB / 'lease.sh'
    script.write_text(LEASE_SCRIPT)
    script.chmod(0o755)
    host.run('udhcpc', '-f', '-n', '-q', '-t', '3', '-T', '1', '-i', 'eth0', '-s', str(script), '-x', f'hostname:{host.name}', *options,
             show=show or ' '.join(['udhcpc', '-q', '-i', 'eth0', '-x', f'hostname:{host.name}', *options]))


@scene(Sample(
    'dhcp-ntp.pcap', 'Three machines start up: each fetches an address, finds its neighbours and sets its clock.',
    'DHCP discover, offer, request, ack; a request for an old address that is refused (NAK) and asked again; a release; address probes and announcements over ARP; '
    'NTP questions and answers (client and server mode, stratum 3).',
    ['no `rogue-dhcp`: one server, and the NAK is its own', 'no `arp-spoofing`: every address has one MAC', 'no `beaconing`'],
    ['dhcp.option.dhcp == 6 | the refused address', 'dhcp.option.hostname | names the machines give themselves', 'arp | who has which address', 'ntp.flags.mode == 4 | the answers of the time server']))
def dhcp_ntp(lab: Lab) -> None:
    office = Office(lab, ('alice', 'bob', 'carol'), (), addresses=False, dhcp=True)
    services.clock(office.router, '192.168.10.0/24')
    with Capture(office.switch, 'dhcp-ntp.pcap', 'tcpdump', '-i', 'br0'):
        lease(office.alice)
        lease(office.bob, '-r', '192.168.10.77')
        lease(office.carol, '-r', '172.16.5.9')
        office.carol.run('arping', '-U', '-c', '2', '-I', 'eth0', '192.168.10.23')
        for host in (office.alice, office.bob, office.carol):
            host.run('ntpdig', '-t', '2', 'time.example.com')
        office.alice.run('ping', '-c', '2', '-n', '192.168.10.22')
        time.sleep(0.5)
        lease(office.carol, '-R')
        office.bob.run('ntpdig', '-t', '2', '-s', '3', 'time.example.com')
