"""Names, addresses and time: DNS, DHCP, NTP."""

import signal
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
                      ['_ldap._tcp.example.com', 'SRV'], ['-x', '10.20.0.10'], ['-x', 'fd00:20::10'], ['nothing-here.example.com'], ['shop.example.com', 'MX'],
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


def dhcp_client(host) -> list[str]:
    script = LAB / 'lease.sh'
    script.write_text(LEASE_SCRIPT)
    script.chmod(0o755)
    return ['udhcpc', '-f', '-n', '-t', '3', '-T', '1', '-i', 'eth0', '-s', str(script), '-x', f'hostname:{host.name}']


def lease(host, *options: str) -> None:
    """`host` fetches an address for eth0; its client leaves when it has one."""
    host.run(*dhcp_client(host), '-q', *options, show=' '.join(['udhcpc', '-q', '-i', 'eth0', '-x', f'hostname:{host.name}', *options]))


@scene(Sample(
    'dhcp-ntp.pcap', 'Three machines start up: each fetches an address, finds its neighbours and sets its clock.',
    'DHCP discover, offer, request, ack with host names and requested addresses; a renewal; a release; announcements and look-ups over ARP; '
    'NTP questions and answers (client and server mode, stratum 3).',
    ['no `rogue-dhcp`: one server', 'no `arp-spoofing`: every address has one MAC, announced by its owner', 'no `beaconing`', 'no `port-scan`'],
    ['dhcp.option.dhcp == 7 | the release', 'dhcp.option.hostname | names the machines give themselves', 'arp.isgratuitous == 1 | carol announces her address', 'ntp.flags.mode == 4 | the answers of the time server']))
def dhcp_ntp(lab: Lab) -> None:
    office = Office(lab, ('alice', 'bob', 'carol'), (), addresses=False, dhcp=True)
    services.clock(office.router, '192.168.10.0/24')
    with Capture(office.switch, 'dhcp-ntp.pcap', 'tcpdump', '-i', 'br0'):
        lease(office.alice)
        lease(office.bob, '-r', '192.168.10.77')
        staying = office.carol.spawn(*dhcp_client(office.carol), show='udhcpc -i eth0 -x hostname:carol  # later renewed and released with signals')
        time.sleep(1)
        office.carol.run('busybox', 'arping', '-U', '-c', '2', '-I', 'eth0', '192.168.10.23')
        for host in (office.alice, office.bob, office.carol):
            host.run('ntpdig', '-t', '2', 'time.example.com')
        office.alice.run('ping', '-c', '2', '-n', '192.168.10.22')
        for wanted in (signal.SIGUSR1, signal.SIGUSR2):  # renew, release
            staying.send_signal(wanted)
            time.sleep(0.8)
        office.bob.run('ntpdig', '-t', '2', '-p', '3', 'time.example.com')
