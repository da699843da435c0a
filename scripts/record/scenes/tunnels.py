"""Frames inside frames: VLAN tags, GRE, VXLAN, Geneve.

VXLAN comes from the Linux kernel; tags, GRE and Geneve from Open vSwitch with its userspace datapath, since not every kernel has them built in.
"""

import os
import pathlib
import time

import services
from lab import LAB, Capture, Host, Lab
from registry import Sample, scene
from scenes.web import curl


class OpenSwitch:
    """One Open vSwitch (database and switch daemon, userspace datapath) on a host."""

    def __init__(self, host: Host):
        self.host = host
        self.folder = LAB / 'ovs' / host.name
        self.folder.mkdir(parents=True, exist_ok=True)
        self.socket = self.folder / 'db.sock'
        database = self.folder / 'conf.db'
        database.unlink(missing_ok=True)
        os.environ['OVS_RUNDIR'] = str(self.folder)
        host.quiet('ovsdb-tool', 'create', str(database), '/usr/share/openvswitch/vswitch.ovsschema')
        host.spawn('ovsdb-server', str(database), f'--remote=punix:{self.socket}', f'--unixctl={self.folder}/db.ctl')
        self._wait(self.socket)
        host.spawn('ovs-vswitchd', f'unix:{self.socket}', f'--unixctl={self.folder}/switch.ctl')
        self._wait(self.folder / 'switch.ctl')

    @staticmethod
    def _wait(path: pathlib.Path) -> None:
        deadline = time.monotonic() + 8
        while not path.exists():
            if time.monotonic() > deadline:
                raise TimeoutError(f'{path} did not appear')
            time.sleep(0.05)

    def configure(self, *words: str) -> None:
        self.host.note('ovs-vsctl ' + ' '.join(words))
        self.host.quiet('ovs-vsctl', f'--db=unix:{self.socket}', '--timeout=8', *words)



def person(lab: Lab, name: str, switch: Host, address: str, mac: str, port: str) -> Host:
    host = lab.host(name)
    lab.cable(host, 'eth0', switch, port, a_mac=mac)
    host.address(address)
    return host


@scene(Sample('vlan-qinq.pcap', 'A trunk between two switches: two VLANs, and a provider that wraps one customer in a second tag.',
              'ARP, ping and HTTP in VLAN 10 and VLAN 20 with the same IP addresses in both (two customers, one plan), and frames with two tags: 802.1ad VLAN 100 around VLAN 10.',
              ['no findings', 'no `vlan-hopping`: double tags come from the provider port, both ways', 'no `arp-spoofing`: the same address in two VLANs is two machines'],
              ['vlan.id == 20 | one customer', 'ieee8021ad.id == 100 | the provider\'s outer tag', 'vlan && arp | address look-ups inside the tags']))
def vlan_qinq(lab: Lab) -> None:
    left, right = lab.host('left'), lab.host('right')
    lab.cable(left, 'trunk', right, 'trunk')
    clients = [person(lab, 'alice', left, '192.168.10.21/24', '3c:07:54:21:aa:21', 'p10'), person(lab, 'bob', left, '192.168.10.21/24', '00:1b:21:5c:b0:22', 'p20')]
    servers = [person(lab, 'webten', right, '192.168.10.80/24', '00:0c:29:9e:b0:10', 'p10'), person(lab, 'webtwenty', right, '192.168.10.80/24', '00:0c:29:9e:b0:20', 'p20')]
    # The provider's customer: a switch whose tagged frames get a second tag on the provider's port.
    for switch in (left, right):
        ovs = OpenSwitch(switch)
        ovs.configure('--no-wait', 'set', 'Open_vSwitch', '.', 'other_config:vlan-limit=2')
        for bridge in ('core', 'cust'):
            ovs.configure('add-br', bridge, '--', 'set', 'bridge', bridge, 'datapath_type=netdev')
        ovs.configure('add-port', 'core', 'trunk', '--', 'set', 'port', 'trunk', 'vlan_mode=trunk')
        ovs.configure('add-port', 'core', 'p20', 'tag=20')
        ovs.configure('add-port', 'core', 'p10', 'tag=10')
        ovs.configure('add-port', 'core', 'q1', '--', 'set', 'port', 'q1', 'vlan_mode=dot1q-tunnel', 'tag=100', 'other_config:qinq-ethtype=802.1ad', '--', 'set', 'interface', 'q1', 'type=patch', 'options:peer=q2')
        ovs.configure('add-port', 'cust', 'q2', '--', 'set', 'interface', 'q2', 'type=patch', 'options:peer=q1')
        name = 'carol' if switch is left else 'webcarol'
        person(lab, name, switch, '192.168.10.23/24' if switch is left else '192.168.10.81/24', 'f0:18:98:0c:a0:23' if switch is left else '00:0c:29:9e:b0:81', 'c10')
        ovs.configure('add-port', 'cust', 'c10', 'tag=10')
    for server in (*servers, lab.hosts['webcarol']):
        services.listeners(server, [8080])
    with Capture(left, 'vlan-qinq.pcap', 'tcpdump', '-i', 'trunk'):
        for client, address in ((clients[0], '192.168.10.80'), (clients[1], '192.168.10.80'), (lab.hosts['carol'], '192.168.10.81')):
            client.run('ping', '-n', '-c', '3', '-i', '0.3', address)
            client.run('curl', '-s', '--http0.9', '--max-time', '3', f'http://{address}:8080/hello')


def overlay(lab: Lab, kind: str, *options: str) -> tuple[Host, Host, Host]:
    """Two sites joined by a tunnel of `kind` between their gateways, across a router; returns router, client, server."""
    router = lab.host('router')
    router.sysctl('net.ipv4.ip_forward', '1')
    ends = []
    for side, (name, mac, port_mac) in enumerate((('alice', '3c:07:54:21:aa:21', '00:1e:bd:7a:20:01'), ('web', '00:0c:29:9e:b0:10', '00:1e:bd:7a:20:02'))):
        gateway = lab.host(f'gate{side}')
        lab.cable(gateway, 'uplink', router, f'r{side}', a_mac=port_mac, b_mac=f'00:1e:bd:7a:30:0{side + 1}')
        router.address(f'10.30.{side}.1/24', port=f'r{side}')
        client = person(lab, name, gateway, f'172.16.5.{10 + side}/24', mac, 'local')
        client.quiet('ip', 'link', 'set', 'eth0', 'mtu', '1400')
        remote = f'10.30.{1 - side}.2'
        if kind == 'vxlan':
            gateway.address(f'10.30.{side}.2/24', port='uplink')
            gateway.route(f'10.30.{side}.1')
            gateway.run('ip', 'link', 'add', 'vx0', 'type', 'vxlan', 'id', '42', 'remote', remote, 'local', f'10.30.{side}.2', 'dstport', '4789')
            gateway.quiet('ip', 'link', 'add', 'br0', 'type', 'bridge', 'mcast_snooping', '0')
            for port in ('vx0', 'local'):
                gateway.quiet('ip', 'link', 'set', port, 'master', 'br0')
            for port in ('vx0', 'br0'):
                gateway.quiet('ip', 'link', 'set', port, 'up')
        else:
            ovs = OpenSwitch(gateway)
            ovs.configure('add-br', 'phys', '--', 'set', 'bridge', 'phys', 'datapath_type=netdev', f'other_config:hwaddr={port_mac}', '--', 'add-port', 'phys', 'uplink')
            ovs.configure('add-br', 'inner', '--', 'set', 'bridge', 'inner', 'datapath_type=netdev', '--', 'add-port', 'inner', 'local')
            # The kernel of the gateway hears the tunnel too, and knows no such protocol: only the switch may answer.
            gateway.quiet('nft', 'table ip filter { chain output { type filter hook output priority 0; icmp type destination-unreachable drop; }; }')
            gateway.quiet('ip', 'link', 'set', 'phys', 'up')
            gateway.quiet('ip', 'link', 'set', 'inner', 'up')
            gateway.address(f'10.30.{side}.2/24', port='phys')
            gateway.route(f'10.30.{side}.1')
            ovs.configure('add-port', 'inner', 'tunnel', '--', 'set', 'interface', 'tunnel', f'type={kind}', f'options:remote_ip={remote}', *options)
        ends.append(client)
    return router, ends[0], ends[1]


def through(lab: Lab, file: str, kind: str, *options: str) -> None:
    router, client, server = overlay(lab, kind, *options)
    services.web(server)
    client.run('ping', '-n', '-c', '2', '-i', '0.5', '172.16.5.11')  # the first packets find the way, before the recording
    lab.commands.pop()
    client.quiet('ip', 'neighbour', 'flush', 'dev', 'eth0')
    with Capture(router, file, 'tcpdump', '-i', 'r0'):
        client.run('ping', '-n', '-c', '3', '-i', '0.3', '172.16.5.11')
        curl(client, 'http://172.16.5.11/about.html', options=('-H', 'Host: www.example.com'))
        curl(client, 'http://172.16.5.11/photo.png', options=('-H', 'Host: www.example.com'))


TUNNEL_FINDINGS = ['no findings', 'conversations list the outer row (depth 0) and the inner ones (depth 1)']


@scene(Sample('vxlan.pcap', 'A VXLAN overlay: an Ethernet of one site carried in UDP to another.', 'Outer 10.30.0.2 and 10.30.1.2, UDP 4789, VNI 42; inside Ethernet, ARP, ping and HTTP between 172.16.5.10 and .11.',
              TUNNEL_FINDINGS, ['vxlan.vni == 42 | the tunnel', 'vxlan && http | browsing inside']))
def vxlan(lab: Lab) -> None:
    through(lab, 'vxlan.pcap', 'vxlan')


@scene(Sample('gre.pcap', 'A GRE tunnel that carries Ethernet (with a key).', 'Outer 10.30.0.2 and 10.30.1.2, GRE with key 7 and Transparent Ethernet Bridging; inside ARP, ping and HTTP between 172.16.5.10 and .11.',
              TUNNEL_FINDINGS, ['gre.key == 7 | the tunnel', 'gre && http | browsing inside']))
def gre(lab: Lab) -> None:
    through(lab, 'gre.pcap', 'gre', 'options:key=7')


@scene(Sample('geneve.pcap', 'A Geneve overlay, as cloud networks use it.', 'Outer 10.30.0.2 and 10.30.1.2, UDP 6081, VNI 99; inside ARP, ping and HTTP between 172.16.5.10 and .11.',
              TUNNEL_FINDINGS, ['geneve.vni == 99 | the tunnel', 'geneve && http | browsing inside']))
def geneve(lab: Lab) -> None:
    through(lab, 'geneve.pcap', 'geneve', 'options:key=99')
