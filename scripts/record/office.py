"""The network most scenes use: an office LAN behind a router, and servers behind a long cable.

    alice .21  bob .22  carol .23  kiosk .24           web   10.20.0.10  (nginx, also .11 .12 .13)
        \\       |       |       /                       files 10.20.0.20  (ftp, ssh)
         switch (br0: mirror port)  -- router -- wire -- servers
         192.168.10.0/24, fd00:10::/64   .1   .1       10.20.0.0/24, fd00:20::/64
"""

import sys

import services
from lab import Host, Lab
from services import HERE

MACS = {'router': '00:1e:bd:7a:10:01', 'alice': '3c:07:54:21:aa:21', 'bob': '00:1b:21:5c:b0:22', 'carol': 'f0:18:98:0c:a0:23',
        'kiosk': 'b8:27:eb:6b:10:24', 'printer': '00:80:77:3f:20:30', 'web': '00:0c:29:9e:b0:10', 'files': '00:0c:29:f1:1e:20'}
LAN_ADDRESS = {'alice': '192.168.10.21', 'bob': '192.168.10.22', 'carol': '192.168.10.23', 'kiosk': '192.168.10.24', 'printer': '192.168.10.30'}
SERVER_ADDRESS = {'web': ['10.20.0.10', '10.20.0.11', '10.20.0.12', '10.20.0.13'], 'files': ['10.20.0.20']}
DOMAIN = 'office.example.test'
NAMES = ['--domain=' + DOMAIN, '--local=/example.com/', '--local=/example.net/', '--local=/example.test/', '--local=/in-addr.arpa/', '--local=/ip6.arpa/',
         '--host-record=www.example.com,10.20.0.10,fd00:20::10', '--host-record=intranet.example.test,10.20.0.10,fd00:20::10',
         '--host-record=web2.example.com,10.20.0.11', '--host-record=edge.example.net,10.20.0.12,fd00:20::10',
         '--cname=shop.example.com,web2.example.com', '--cname=api.example.com,web2.example.com', '--host-record=legacy.example.com,10.20.0.13',
         '--cname=cdn.example.net,edge.example.net', '--host-record=files.example.com,10.20.0.20', '--host-record=mail.example.com,10.20.0.20',
         '--host-record=time.example.com,192.168.10.1', '--mx-host=example.com,mail.example.com,10', '--mx-host=example.com,mail2.example.com,20',
         '--host-record=mail2.example.com,10.20.0.21', '--txt-record=example.com,v=spf1 mx -all', '--srv-host=_ldap._tcp.example.com,files.example.com,389',
         '--txt-record=big.example.com,' + ','.join(f'part {n} of a record that does not fit into one small datagram' for n in range(24)), '--neg-ttl=30',
         '--txt-record=wide.example.com,' + ','.join(f'part {n} of a record that just fits into one small datagram' for n in range(18))]


class Office:
    def __init__(self, lab: Lab, people: tuple[str, ...] = ('alice',), servers: tuple[str, ...] = ('web',), *, ipv6: bool = False,
                 delay_ms: float = 6, wire: tuple[str, ...] = (), addresses: bool = True, dhcp: bool = False, ra: bool = False, names: tuple[str, ...] = ()):
        self.lab = lab
        self.switch = lab.switch()
        self.router = lab.host('router', ipv6)
        lab.plug(self.router, self.switch, MACS['router'], 'lan0')
        self.router.sysctl('net.ipv4.ip_forward', '1')
        if ipv6:
            self.router.sysctl('net.ipv6.conf.all.forwarding', '1')
        self.router.address('192.168.10.1/24', *(['fd00:10::1/64'] if ipv6 else []), port='lan0')
        self.people = {name: self._person(name, ipv6, addresses) for name in people}
        self.servers: dict[str, Host] = {}
        if servers:
            self._server_side(servers, ipv6, delay_ms, wire)
        options = list(NAMES)
        if dhcp:
            options += ['--dhcp-range=192.168.10.50,192.168.10.99,255.255.255.0,8h', '--dhcp-authoritative', '--dhcp-option=option:ntp-server,192.168.10.1',
                        *[f'--dhcp-host={MACS[n]},{a},{n}' for n, a in LAN_ADDRESS.items()]]
        if ra:
            options += ['--enable-ra', '--dhcp-range=fd00:10::,ra-stateless,ra-names', '--dhcp-option=option6:dns-server,[fd00:10::1]']
        # Servers ask for names too where the scene has more of them.
        services.dnsmasq(self.router, '--interface=lan0', *(['--interface=wan0', *names] if names else []), *options)

    def _person(self, name: str, ipv6: bool, addresses: bool) -> Host:
        host = self.lab.host(name, ipv6)
        self.lab.plug(host, self.switch, MACS[name])
        host.resolver('192.168.10.1', DOMAIN)
        if addresses:
            host.address(f'{LAN_ADDRESS[name]}/24')
            host.route('192.168.10.1')
        return host

    def _server_side(self, names: tuple[str, ...], ipv6: bool, delay_ms: float, wire: tuple[str, ...]) -> None:
        """The servers sit on their own switch; between it and the router is a cable with a delay, and trouble if asked for."""
        cable, rack = self.lab.host('wire'), self.lab.switch('rack')
        self.rack = rack
        self.lab.cable(self.router, 'wan0', cable, 'w0', a_mac='00:1e:bd:7a:10:02')
        self.lab.cable(cable, 'w1', rack, 'uplink')
        rack.quiet('ip', 'link', 'set', 'uplink', 'master', 'br0')
        for end in ('w0', 'w1'):
            cable.quiet('ip', 'link', 'set', end, 'promisc', 'on')
        cable.spawn(sys.executable, str(HERE / 'wire.py'), 'w0', 'w1', '--delay-ms', str(delay_ms), *wire)
        self.router.address('10.20.0.1/24', *(['fd00:20::1/64'] if ipv6 else []), port='wan0')
        for name in names:
            host = self.lab.host(name, ipv6)
            self.lab.plug(host, rack, MACS[name])
            host.address(*[f'{a}/24' for a in SERVER_ADDRESS[name]], *(['fd00:20::10/64'] if ipv6 and name == 'web' else []))
            host.route('10.20.0.1')
            if ipv6:
                host.route('fd00:20::1')
            self.servers[name] = host

    def __getattr__(self, name: str) -> Host:
        for group in ('people', 'servers'):
            if name in self.__dict__.get(group, {}):
                return self.__dict__[group][name]
        raise AttributeError(name)
