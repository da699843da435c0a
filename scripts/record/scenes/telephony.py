"""Telephones that log in at their exchange, and somebody who guesses the password of one."""

import shlex

import services
from lab import Capture, Host, Lab
from office import LAN_ADDRESS, Office
from registry import Sample, scene

EXCHANGE = '10.20.0.20'
KAMAILIO = """#!KAMAILIO
debug=0
log_stderror=yes
fork=no
children=1
listen=udp:10.20.0.20:5060
{modules}
request_route {{
  if (!is_method("REGISTER")) {{ sl_send_reply("200", "OK"); exit; }}
  if (!pv_auth_check("office.example.test", "{password}", "0", "0")) {{ auth_challenge("office.example.test", "0"); exit; }}
  save("location");
}}
"""


def exchange(host: Host) -> None:
    """Kamailio as a registrar; every extension has the same password."""
    modules = '\n'.join(f'loadmodule "{name}.so"' for name in ('sl', 'tm', 'pv', 'textops', 'auth', 'usrloc', 'registrar'))
    config = host.lab.folder / 'kamailio.cfg'
    config.write_text(KAMAILIO.format(modules=modules, password=services.PASSWORD))
    host.spawn('kamailio', '-f', str(config), '-DD', '-E', '-m', '64', '-M', '8', '-Y', str(host.lab.folder))
    host.wait_for_port(5060, 20)


def register(host: Host, extension: int) -> None:
    """sipsak wants a full name for its own address: it gets one in a namespace of its own."""
    address = LAN_ADDRESS[host.name]
    command = ['sipsak', '-U', '-n', '-x', '60', '-s', f'sip:{extension}@{EXCHANGE}', '-u', str(extension), '-C', f'sip:{extension}@{address}']
    host.run('unshare', '--uts', 'sh', '-c', f'hostname phone.office.example.test; exec {shlex.join([*command, "-a", services.PASSWORD])}', show=f'{shlex.join(command)} -a ***')


@scene(Sample(
    'sip-guessed.pcap', 'svcrack guesses the password of a telephone, while three others register as they do every minute.',
    'Telephones register with Kamailio over UDP: each is asked for a digest first, then let in. svcrack (SIPVicious) tries thirty passwords for extension 104; none fits.',
    ['`brute-force` over SIP by 192.168.10.24 (ATT&CK T1110.001)', '`scanner-software`: svcrack calls itself friendly-scanner', 'nothing of the telephones, whose first requests are answered with 401, too'],
    ['sip.Status-Code == 401 | questions, and refusals', 'sip.auth.username contains "104" | the guesses', 'sip.Status-Code == 200 | telephones that are let in']))
def sip_guessed(lab: Lab) -> None:
    office = Office(lab, ('alice', 'bob', 'carol', 'kiosk'), ('files',), delay_ms=1)
    exchange(office.files)
    for name in ('alice', 'bob', 'carol'):
        with open(f'/etc/netns/{name}/hosts', 'w') as hosts:
            hosts.write(f'127.0.0.1 localhost\n{LAN_ADDRESS[name]} phone.office.example.test phone\n')
    words = lab.folder / 'words.txt'
    words.write_text('\n'.join(f'guess-{n:02}' for n in range(30)) + '\n')
    with Capture(office.switch, 'sip-guessed.pcap', 'tcpdump', '-i', 'br0'):
        for extension, name in ((101, 'alice'), (102, 'bob'), (103, 'carol')):
            register(office.people[name], extension)
        office.kiosk.run('svcrack', '-u', '104', '-d', str(words), EXCHANGE, show=f'svcrack -u 104 -d words.txt {EXCHANGE}')
        for extension, name in ((101, 'alice'), (102, 'bob'), (103, 'carol')):
            register(office.people[name], extension)
