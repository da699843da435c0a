"""The sample that a newcomer sees first: a morning in a small office, and one machine that does what it should not."""

import threading
import time

import services
from lab import Capture, Lab
from office import Office
from registry import Sample, scene
from scenes.names import lease
from scenes.web import FIREFOX, SAFARI, curl

PHONE = 'Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1'


@scene(Sample(
    'capture_%Y%m%d_%H%M%S.pcap', 'Forty seconds in a small office: three people browse, a kiosk scans the file server. The sample that `npm start` shows.',
    'Four machines fetch addresses (DHCP), look up names (DNS, one name does not exist), browse six sites over HTTP and HTTPS (TLS 1.2 and 1.3), ping, set their clocks (NTP); '
    'alice stays logged in over SSH; then the kiosk 192.168.10.24 probes 200 ports of the file server 10.20.0.20 with nmap -sS.',
    ['`port-scan`, technique `syn`, attacker 192.168.10.24, victim 10.20.0.20, open ports 21 and 22 (ATT&CK T1046)', '`scanner-software`: Nmap, by the marks of its SYNs', 'nothing else above low: the browsing, SSH, DHCP and NTP are ordinary',
     '`capture-quality`: clean'],
    ['ip.addr == 192.168.10.24 && tcp.flags.syn == 1 | the scan and the two open ports', 'dhcp | four machines join', 'tls.handshake.extensions_server_name | which sites were visited',
     'dns.flags.rcode == 3 | the name that does not exist', 'http.response.code >= 400 | pages that failed'], recorded_as='story.pcap'))
def story(lab: Lab) -> None:
    people = ('alice', 'bob', 'carol', 'kiosk')
    office = Office(lab, people, ('web', 'files'), addresses=False, dhcp=True, delay_ms=7)
    authority = services.web(office.web)
    services.clock(office.router, '192.168.10.0/24')
    services.shell(office.files)
    services.files(office.files)
    trusted = ('--cacert', authority, '--compressed')

    def alice() -> None:
        host = office.alice
        host.run('ntpdig', '-t', '2', 'time.example.com')
        host.spawn('bash', '-c', 'for line in uptime "ls -l" "tail -5 table.csv" exit; do sleep 6; echo "$line"; done | "$@"', 'bash', 'sshpass', '-p', services.PASSWORD,
                   'ssh', '-tt', '-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null', '-o', 'LogLevel=ERROR', 'alice@files.example.com', show='ssh alice@files.example.com')
        for page in ('/', '/about.html', '/old', '/photo.png'):
            curl(host, f'https://www.example.com{page}', 'https://www.example.com/style.css', 'https://www.example.com/logo.png', agent=FIREFOX, options=trusted)
            time.sleep(4)
        curl(host, 'https://shop.example.com/', 'https://shop.example.com/products.json', 'https://shop.example.com/photo.png', options=trusted)
        time.sleep(8)
        curl(host, 'https://api.example.com/api/orders', options=(*trusted, '-d', '{"item":12}'))
        time.sleep(6)
        curl(host, 'https://legacy.example.com/about.html', options=trusted)

    def bob() -> None:
        host = office.bob
        time.sleep(2)
        host.run('ping', '-c', '4', '-n', 'www.example.com')
        for page in ('/', '/about.html', '/missing.html', '/app.js'):
            curl(host, f'http://intranet.example.test{page}', 'http://intranet.example.test/logo.png', agent=SAFARI, options=('--compressed',))
            time.sleep(5)
        host.run('ntpdig', '-t', '2', 'time.example.com')
        curl(host, 'https://cdn.example.net/photo.png', 'https://cdn.example.net/app.js', agent=SAFARI, options=trusted)
        time.sleep(7)
        curl(host, 'http://intranet.example.test/report.bin', agent=SAFARI, options=('-r', '0-60000'))
        host.run('ping', '-c', '3', '-n', '192.168.10.1')

    def carol() -> None:
        host = office.carol
        time.sleep(5)
        curl(host, 'http://www.example.com/old', agent=PHONE, options=('-L',))
        curl(host, 'https://www.exmaple.com/', agent=PHONE)
        curl(host, 'http://typo.example.com/', agent=PHONE)
        for name in ('shop.example.com', 'www.example.com', 'cdn.example.net'):
            time.sleep(6)
            curl(host, f'https://{name}/', f'https://{name}/style.css', f'https://{name}/logo.png', agent=PHONE, options=trusted)
        host.run('ntpdig', '-t', '2', 'time.example.com')
        time.sleep(12)
        curl(host, 'https://shop.example.com/photo.png', agent=PHONE, options=trusted)

    def kiosk() -> None:
        host = office.kiosk
        time.sleep(8)
        curl(host, 'http://www.example.com/', agent=FIREFOX)
        time.sleep(20)
        host.run('nmap', '-n', '-Pn', '-sS', '--max-retries', '1', '--scan-delay', '15ms', '-p', '1-180,389,443,445,631,1433,1521,2049,3000,3306,3389,5000,5432,5900,5985,6379,8000,8080,8443,9000,9200',
                 'files.example.com')
        time.sleep(6)
        curl(host, 'http://www.example.com/about.html', agent=FIREFOX)

    with Capture(office.switch, 'story.pcap', 'tcpdump', '-i', 'br0'):
        for name in people:
            lease(getattr(office, name))
            time.sleep(0.4)
        threads = [threading.Thread(target=work) for work in (alice, bob, carol, kiosk)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
