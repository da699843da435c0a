"""The servers of the laboratory: web, names and addresses, time, shell, files, mail. Each function starts one on a host."""

import base64
import hashlib
import pathlib
import random
import struct
import subprocess
import sys
import zlib

from lab import LAB, Host, sh

HERE = pathlib.Path(__file__).parent
# Made up for these recordings; no account anywhere has it.
PASSWORD = 'not-a-real-password'


def certificate(folder: pathlib.Path, names: list[str], days: int = 90) -> tuple[str, str, str]:
    """A throw-away authority and a server certificate for `names`; returns (chain, key, authority). Keys die with the laboratory."""
    folder.mkdir(parents=True, exist_ok=True)
    ca, ca_key, key, request, leaf = (str(folder / n) for n in ('ca.pem', 'ca.key', 'server.key', 'server.csr', 'server.pem'))
    extensions = folder / 'ext.cnf'
    extensions.write_text(f'subjectAltName={",".join("DNS:" + n for n in names)}\nbasicConstraints=CA:FALSE\nextendedKeyUsage=serverAuth\n')
    sh('openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', ca_key, '-out', ca,
       '-days', '365', '-subj', '/O=Example Lab/CN=Example Lab Root CA')
    sh('openssl', 'req', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', request, '-subj', f'/O=Example Lab/CN={names[0]}')
    sh('openssl', 'x509', '-req', '-in', request, '-CA', ca, '-CAkey', ca_key, '-CAcreateserial', '-out', leaf, '-days', str(days),
       '-extfile', str(extensions))
    return leaf, key, ca


SITES = ['www.example.com', 'shop.example.com', 'api.example.com', 'legacy.example.com', 'cdn.example.net', 'intranet.example.test']
WORDS = ('lab switch router packet window server client answer question morning garden river paper letter yellow '
         'quiet bridge signal measure number column market harbour winter').split()


def prose(count: int, seed: int) -> str:
    chance = random.Random(seed)
    return ' '.join(chance.choice(WORDS) for _ in range(count))


def picture(width: int, height: int, seed: int) -> bytes:
    """A valid PNG of noise, so that a page has images of a chosen weight."""
    chance = random.Random(seed)
    rows = b''.join(b'\0' + bytes(chance.randrange(256) for _ in range(width)) for _ in range(height))

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack('>I', len(data)) + kind + data + struct.pack('>I', zlib.crc32(kind + data))
    header = struct.pack('>IIBBBBB', width, height, 8, 0, 0, 0, 0)
    return b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', header) + chunk(b'IDAT', zlib.compress(rows)) + chunk(b'IEND', b'')


def website(folder: pathlib.Path) -> None:
    for site in SITES:
        root = folder / site
        root.mkdir(parents=True, exist_ok=True)
        text = prose(260, len(site))
        (root / 'index.html').write_text(f'<!doctype html><html><head><title>{site}</title><link rel="stylesheet" href="/style.css"></head>'
                                         f'<body><h1>{site}</h1><img src="/logo.png"><p>{text}</p></body></html>\n')
        (root / 'about.html').write_text(f'<!doctype html><title>About {site}</title><p>{prose(120, 3)}</p>\n')
        (root / 'style.css').write_text('body { font-family: sans-serif; margin: 2rem }\n' * 24)
        (root / 'app.js').write_text('"use strict";\n' + ''.join(f'export const word{n} = "{w}";\n' for n, w in enumerate(prose(90, 9).split())))
        (root / 'logo.png').write_bytes(picture(64, 48, 1))
        (root / 'photo.png').write_bytes(picture(128, 90, 2))
        (root / 'report.bin').write_bytes(random.Random(5).randbytes(160_000))
        (root / 'products.json').write_text('[' + ','.join(f'{{"id":{n},"name":"{w}"}}' for n, w in enumerate(prose(40, 4).split())) + ']\n')


NGINX = """
user www-data; worker_processes 1; error_log {log}; pid {pid}; daemon off;
events {{ worker_connections 256; }}
http {{
  include /etc/nginx/mime.types; access_log off; server_tokens off; keepalive_timeout 65; root {root}/$host;
  gzip on; gzip_min_length 300; gzip_types text/css application/javascript application/json;
  ssl_certificate {chain}; ssl_certificate_key {key}; ssl_session_tickets on;
  server {{
    listen 80; listen [::]:80; server_name _;
    location = /old {{ return 301 http://$host/about.html; }}
    location = /login {{ default_type text/plain; return 303 http://$host/about.html; }}
    location = /api/orders {{ default_type application/json; return 201 '{{"order":1042,"state":"accepted"}}'; }}
    location /upload/ {{ dav_methods PUT; client_max_body_size 64m; root {root}; }}
    location = /private {{ default_type text/plain; return 403 "not for you\\n"; }}
  }}
  server {{
    listen 443 ssl http2; listen [::]:443 ssl http2; server_name www.example.com shop.example.com api.example.com cdn.example.net intranet.example.test;
    ssl_protocols TLSv1.2 TLSv1.3;
    location = /api/orders {{ default_type application/json; return 201 '{{"order":1043,"state":"accepted"}}'; }}
  }}
  # An address of its own: OpenSSL settles the version before the name is known.
  server {{ listen 10.20.0.13:443 ssl; server_name legacy.example.com; ssl_protocols TLSv1.2; ssl_ciphers ECDHE-RSA-AES128-GCM-SHA256; }}
}}
"""


def web(host: Host) -> str:
    """nginx with several name-based sites on 80 and 443; returns the authority's certificate for `curl --cacert`."""
    root = LAB / 'www'
    website(root)
    sh('chmod', '-R', 'a+rX', str(root))
    (root / 'upload').mkdir(exist_ok=True)
    (root / 'upload').chmod(0o777)
    chain, key, authority = certificate(LAB / 'tls', SITES)
    pathlib.Path('/var/log/nginx').mkdir(exist_ok=True)
    config = host.lab.folder / 'nginx.conf'
    config.write_text(NGINX.format(log=f'/var/log/nginx/{host.name}.log', pid=f'/run/nginx-{host.name}.pid', root=root, chain=chain, key=key))
    host.sysctl('net.ipv4.ip_nonlocal_bind', '1')
    host.spawn('nginx', '-c', str(config))
    host.wait_for_port(443)
    return authority


def web3(host: Host) -> str:
    """Caddy with the same sites over HTTP/1.1, HTTP/2 and HTTP/3 on 443; returns its key's digest for browsers that shall trust it."""
    root = LAB / 'www'
    website(root)
    sh('chmod', '-R', 'a+rX', str(root))
    chain, key, _ = certificate(LAB / 'tls', SITES)
    config = host.lab.folder / 'Caddyfile'
    sites = ', '.join(f'https://{site}' for site in SITES)
    config.write_text(f'{{\n admin off\n auto_https disable_redirects\n}}\n{sites} {{\n bind 10.20.0.10\n tls {chain} {key}\n root * {root}/{{host}}\n file_server\n}}\n')
    host.spawn('env', f'HOME={host.lab.folder}', 'caddy', 'run', '--config', str(config), '--adapter', 'caddyfile')
    host.wait_for_port(443)
    public = subprocess.run(['openssl', 'x509', '-in', str(chain), '-noout', '-pubkey'], capture_output=True, check=True).stdout
    der = subprocess.run(['openssl', 'pkey', '-pubin', '-outform', 'der'], input=public, capture_output=True, check=True).stdout
    return base64.b64encode(hashlib.sha256(der).digest()).decode()


def web3_tables(host: Host) -> None:
    """One of the sites once more with the server of ngtcp2 and nghttp3, on 4433: its header fields build up a table. After `web3`."""
    chain, key, _ = certificate(LAB / 'tls', SITES)
    host.spawn('gtlsserver', '-q', '--max-gso-dgrams=1', '-d', str(LAB / 'www/www.example.com'), '10.20.0.10', '4433', str(key), str(chain))


def web2(host: Host) -> None:
    """Caddy with one of the sites over HTTP/1.1 and HTTP/2 in clear on 80, a page for alice alone, and a form that leads to a welcome."""
    root = LAB / 'www'
    website(root)
    sh('chmod', '-R', 'a+rX', str(root))
    secret = subprocess.run(['caddy', 'hash-password', '--plaintext', PASSWORD], capture_output=True, check=True, text=True).stdout.strip()
    config = host.lab.folder / 'Caddyfile'
    config.write_text(f'{{\n admin off\n auto_https off\n servers {{\n  protocols h1 h2c\n }}\n}}\nhttp://www.example.com {{\n bind 10.20.0.10\n root * {root}/www.example.com\n'
                      f' basicauth /private {{\n  alice {secret}\n }}\n respond /private "For alice alone."\n redir /login /welcome.html 302\n file_server\n}}\n')
    host.spawn('env', f'HOME={host.lab.folder}', 'caddy', 'run', '--config', str(config), '--adapter', 'caddyfile')
    host.wait_for_port(80)


def dnsmasq(host: Host, *options: str) -> None:
    """Names (and, with `--dhcp-range`, addresses and router advertisements), knowing only what `options` say."""
    host.spawn('dnsmasq', '--keep-in-foreground', '--conf-file=/dev/null', '--no-resolv', '--no-hosts', '--bind-dynamic', '--user=root', '--no-ping',
               f'--pid-file=/run/dnsmasq-{host.name}.pid', f'--dhcp-leasefile={LAB}/leases-{host.name}', '--log-facility=-', *options)
    host.wait_for_port(53)


def clock(host: Host, allow: str) -> None:
    """An NTP server at stratum 3. `-x`: it must never touch the machine's own clock."""
    config = host.lab.folder / f'chrony-{host.name}.conf'
    config.write_text(f'local stratum 3\nallow {allow}\ncmdport 0\nbindcmdaddress /run/chrony/{host.name}.sock\npidfile /run/chrony-{host.name}.pid\n')
    host.spawn('chronyd', '-x', '-d', '-u', 'root', '-f', str(config))
    host.wait_for_port(123)


def account(name: str = 'alice') -> None:
    """A user of the laboratory's private /etc."""
    home = LAB / 'home' / name
    if subprocess.run(['id', name], capture_output=True).returncode != 0:
        sh('useradd', '--create-home', '--home-dir', str(home), '--shell', '/bin/bash', name)
        subprocess.run(['chpasswd'], input=f'{name}:{PASSWORD}', text=True, check=True)
    # Files that FTP and SSH users look at; nothing of the machine, or of an earlier scene, shows in listings.
    sh('find', str(home), '-mindepth', '1', '-delete')
    (home / 'notes.txt').write_text(prose(400, 11) + '\n')
    (home / 'table.csv').write_text('\n'.join(f'{n},{n * n}' for n in range(900)) + '\n')
    (home / 'firmware.bin').write_bytes(random.Random(6).randbytes(24_000))
    sh('chown', '-R', f'{name}:', str(home))


def shell(host: Host) -> None:
    account()
    key = host.lab.folder / 'ssh_host_ed25519'
    sh('ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', str(key))
    host.spawn('/usr/sbin/sshd', '-D', '-e', '-f', '/dev/null', '-h', str(key), '-o', 'UsePAM=no', '-o', 'PasswordAuthentication=yes',
               '-o', f'PidFile=/run/sshd-{host.name}.pid', '-o', 'UseDNS=no', '-o', 'Subsystem=sftp internal-sftp', '-o', 'MaxStartups=50')
    host.wait_for_port(22)


def files(host: Host) -> None:
    account()
    config = host.lab.folder / 'vsftpd.conf'
    config.write_text('listen=YES\nbackground=NO\nlocal_enable=YES\nwrite_enable=YES\nanonymous_enable=NO\nseccomp_sandbox=NO\nchroot_local_user=YES\n'
                      'allow_writeable_chroot=YES\nsecure_chroot_dir=/run/vsftpd/empty\npam_service_name=vsftpd\npasv_min_port=40000\npasv_max_port=40100\n'
                      'connect_from_port_20=YES\nftpd_banner=Example Lab FTP\nxferlog_enable=NO\n')
    host.spawn('vsftpd', str(config))
    host.wait_for_port(21)


def mail(host: Host) -> None:
    chain, key, _ = certificate(LAB / 'mail-tls', ['mail.example.com'])
    host.spawn('/usr/bin/python3', str(HERE / 'mailserver.py'), chain, key)
    host.wait_for_port(25)


def listeners(host: Host, ports: list[int], *, udp: bool = False) -> None:
    """One small program that greets and answers on every port of the list."""
    host.spawn(sys.executable, str(HERE / 'greeter.py'), 'udp' if udp else 'tcp', *map(str, ports))
    host.wait_for_port(ports[-1])


def samba(host: Host, name: str = 'FILES', *, shares: bool = True, oldest: str = 'SMB2_02', newest: str = 'SMB3') -> None:
    """Samba as a lone server: nmbd, and smbd with one share of alice's files."""
    folder = LAB / f'samba-{host.name}'
    (folder / 'ncalrpc').mkdir(parents=True, exist_ok=True)
    for place in ('/var/log/samba', '/run/samba'):
        pathlib.Path(place).mkdir(exist_ok=True)
    config = folder / 'smb.conf'
    config.write_text(f'''[global]
netbios name = {name}
workgroup = OFFICE
server role = standalone server
server min protocol = {oldest}
server max protocol = {newest}
admin users = alice
ntlm auth = yes
disable spoolss = yes
{chr(10).join(f'{kind} directory = {folder}' for kind in ('private', 'lock', 'state', 'cache', 'pid'))}
ncalrpc dir = {folder}/ncalrpc
log file = {folder}/log
[team]
path = {LAB}/home/alice
read only = no
''')
    host.spawn('nmbd', '--foreground', '--no-process-group', f'--configfile={config}')
    host.wait_for_port(137, 30)
    if shares:
        account()
        subprocess.run(['smbpasswd', '-c', str(config), '-s', '-a', 'alice'], input=f'{PASSWORD}\n{PASSWORD}\n', text=True, check=True, capture_output=True)
        host.spawn('smbd', '--foreground', '--no-process-group', f'--configfile={config}')
        host.wait_for_port(445, 30)
