"""Protocols where others live, tools that call outside, and two more that only look bad: a crawler, and a DHCP relay."""

import time

import services
from lab import LAB, Capture, Lab, sh
from office import MACS, NAMES, Office
from registry import Sample, scene
from scenes.covert import OUTSIDE, with_outside


@scene(Sample(
    'odd-ports.pcap', 'A kiosk leaves the network by the ports that are open for something else: SSH over 443, HTTP over 53.',
    'An SSH login to port 443 of an address outside, a web page from its port 53, and the same page properly from port 80.',
    [f'`odd-port`: SSH with {OUTSIDE} on port 443, HTTP on port 53 (ATT&CK T1571)', 'no `dns-tunnel`, no `brute-force`'],
    ['tcp.port == 443 && tcp contains "SSH-2.0-OpenSSH" | SSH, which Wireshark does not look for there', 'tcp.port == 53 | no DNS']))
def odd_ports(lab: Lab) -> None:
    office = with_outside(lab, ('kiosk',), delay_ms=2)
    services.account()
    key = lab.folder / 'ssh_host_ed25519'
    sh('ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', str(key))
    office.files.spawn('/usr/sbin/sshd', '-D', '-e', '-f', '/dev/null', '-p', '443', '-h', str(key), '-o', 'UsePAM=no', '-o', 'PasswordAuthentication=yes', '-o', 'PidFile=/run/sshd-443.pid',
                       '-o', 'UseDNS=no', show='sshd -p 443')
    folder = LAB / 'odd'
    folder.mkdir(exist_ok=True)
    (folder / 'index.html').write_text(f'<!doctype html><title>Files</title><p>{services.prose(60, 2)}</p>\n')
    config = lab.folder / 'odd.conf'
    config.write_text(f'pid /run/nginx-odd.pid; error_log /var/log/odd.log; daemon off; events {{ }} http {{ access_log off; server {{ listen 53; listen 80; root {folder}; }} }}\n')
    sh('chmod', '-R', 'a+rX', str(folder))
    office.files.spawn('nginx', '-c', str(config), show='nginx   # listen 53; listen 80')
    office.files.wait_for_port(443)
    office.files.wait_for_port(53)
    with Capture(office.switch, 'odd-ports.pcap', 'tcpdump', '-i', 'br0'):
        office.kiosk.run('sshpass', '-p', services.PASSWORD, 'ssh', '-F', '/dev/null', '-p', '443', '-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null', f'alice@{OUTSIDE}', 'uptime',
                         show=f'ssh -p 443 alice@{OUTSIDE} uptime')
        office.kiosk.run('curl', '-s', '-o', '/dev/null', f'http://{OUTSIDE}:53/')
        office.kiosk.run('curl', '-s', '-o', '/dev/null', f'http://{OUTSIDE}/')


@scene(Sample(
    'tool-user-agents.pcap', 'Programs that are no browsers call outside, and say so.',
    'curl with the user agents of PowerShell, certutil and a bot, and with its own; then one that claims to be a browser.',
    ['`suspicious-user-agent`: a bot (medium), PowerShell and certutil (low), curl (info)', 'no `beaconing`, no `scanner-software`'],
    ['http.user_agent | who calls']))
def tool_user_agents(lab: Lab) -> None:
    office = with_outside(lab, ('kiosk',), delay_ms=2)
    services.web(office.web)
    office.web.address(f'{OUTSIDE}/32')
    office.files.quiet('ip', 'address', 'del', f'{OUTSIDE}/32', 'dev', 'eth0')
    office.router.quiet('ip', 'route', 'replace', f'{OUTSIDE}/32', 'via', '10.20.0.10')
    with Capture(office.switch, 'tool-user-agents.pcap', 'tcpdump', '-i', 'br0'):
        for agent in ('Hello, World', 'Mozilla/5.0 (Windows NT; Windows NT 10.0; en-US) WindowsPowerShell/5.1.19041.1', 'CertUtil URL Agent', '',
                      'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0'):
            office.kiosk.run('curl', '-s', '-o', '/dev/null', *(['-A', agent] if agent else []), f'http://{OUTSIDE}/login')


@scene(Sample(
    'web-crawler.pcap', 'wget copies a small web site: page after page, in a hurry, all of them there; and a program waits long for its answer. Near miss of web enumeration, floods and slow attacks.',
    'wget --recursive over sixty linked pages, answered 200; three requests that the server holds for six seconds each, as long polling does.',
    ['no `http-flood`, no `slow-dos`, no `service-enumeration`: what is asked for is there', 'no `beaconing`, no `port-scan`'],
    ['http.response.code == 200 | page after page', 'http.time > 3 | a long poll']))
def web_crawler(lab: Lab) -> None:
    office = Office(lab, ('alice', 'bob'), ('web',), delay_ms=2)
    services.web(office.web)
    root = LAB / 'www/www.example.com/book'
    root.mkdir(parents=True, exist_ok=True)
    for n in range(60):
        (root / f'page{n}.html').write_text(f'<!doctype html><title>Page {n}</title><p>{services.prose(40, n)}</p><a href="page{(n + 1) % 60}.html">on</a> <a href="page{(n * 7 + 3) % 60}.html">elsewhere</a>\n')
    sh('chmod', '-R', 'a+rX', str(root))
    office.web.spawn('socat', 'TCP-LISTEN:8080,reuseaddr,fork', 'SYSTEM:"read line; sleep 6; printf \'HTTP/1.1 200 OK\\r\\nContent-Length: 3\\r\\nConnection: close\\r\\n\\r\\nok\\n\'"', show='socat   # answers after six seconds')
    office.web.wait_for_port(8080)
    with Capture(office.switch, 'web-crawler.pcap', 'tcpdump', '-i', 'br0', '-s', '400'):
        office.alice.run('wget', '-q', '-r', '-l', '70', '-P', str(lab.folder / 'copy'), 'http://www.example.com/book/page0.html', show='wget --recursive http://www.example.com/book/page0.html')
        for _ in range(3):
            office.bob.run('curl', '-s', '-o', '/dev/null', 'http://www.example.com:8080/updates')


@scene(Sample(
    'dhcp-relay.pcap', 'A relay carries the questions of one network to the DHCP server of another, which also answers neighbours of its own. Near miss of a rogue DHCP server.',
    'Two clients behind a dnsmasq relay; what the relay and the server say to each other crosses the same wire.',
    ['no `rogue-dhcp`: one server, heard directly and through its relay'],
    ['dhcp.option.dhcp == 2 | offers', 'dhcp.ip.relay != 0.0.0.0 | through the relay']))
def dhcp_relay(lab: Lab) -> None:
    office = Office(lab, ('alice',), (), addresses=False, dhcp=True)
    branch = lab.switch('branch')
    relay = lab.host('relay')
    lab.plug(relay, office.switch, '00:1e:bd:7a:20:01', 'up0')
    lab.plug(relay, branch, '00:1e:bd:7a:20:02', 'down0')
    relay.sysctl('net.ipv4.ip_forward', '1')
    relay.address('192.168.10.2/24', port='up0')
    relay.address('192.168.30.1/24', port='down0')
    office.router.quiet('ip', 'route', 'add', '192.168.30.0/24', 'via', '192.168.10.2')
    for process in list(lab.processes):
        if 'dnsmasq' in ' '.join(map(str, process.args)):
            process.terminate()
            process.wait(3)
    services.dnsmasq(office.router, '--interface=lan0', *NAMES, '--dhcp-authoritative', '--dhcp-range=192.168.10.50,192.168.10.99,255.255.255.0,8h', '--dhcp-range=192.168.30.50,192.168.30.99,255.255.255.0,8h')
    relay.spawn('dnsmasq', '--keep-in-foreground', '--conf-file=/dev/null', '--port=0', '--user=root', '--pid-file=/run/dnsmasq-relay.pid', '--dhcp-relay=192.168.30.1,192.168.10.1',
                show='dnsmasq --dhcp-relay=192.168.30.1,192.168.10.1')
    people = []
    for name in ('bob', 'carol'):
        host = lab.host(name)
        lab.plug(host, branch, MACS[name])
        people.append(host)
    time.sleep(1)
    lease = ('busybox', 'udhcpc', '-i', 'eth0', '-n', '-q', '-f', '-t', '3', '-T', '2', '-s', '/bin/true')
    with Capture(office.switch, 'dhcp-relay.pcap', 'tcpdump', '-i', 'br0'):
        office.alice.run(*lease)
        for host in people:
            host.run(*lease)
