"""Writes captures/<name>.md from what the scene says and the commands it really ran, and the index of all samples."""

import pathlib
import re
import subprocess

from registry import Sample

PACKAGES = {'tcpdump': 'tcpdump', 'dumpcap': 'wireshark-common', 'nmap': 'nmap', 'curl': 'curl', 'nginx': 'nginx', 'dnsmasq': 'dnsmasq-base', 'ssh': 'openssh-server',
            'vsftpd': 'vsftpd', 'hping3': 'hping3', 'ping': 'iputils-ping', 'chronyd': 'chrony', 'ntpdig': 'ntpsec-ntpdig', 'udhcpc': 'udhcpc', 'dig': 'bind9-dnsutils',
            'swaks': 'swaks', 'lftp': 'lftp', 'traceroute': 'traceroute', 'wget': 'wget', 'ovs-vsctl': 'openvswitch-switch', 'hydra': 'hydra', 'zstd': 'zstd', 'gzip': 'gzip',
            'editcap': 'wireshark-common', 'mergecap': 'wireshark-common', 'rdisc6': 'ndisc6', 'mailserver': 'python3-aiosmtpd', 'sshd': 'openssh-server', 'nft': 'nftables', 'busybox': 'busybox', 'ovs-vswitchd': 'openvswitch-switch', 'unbound': 'unbound',
            'smbd': 'samba', 'smbclient': 'smbclient', 'rpcclient': 'smbclient', 'dovecot': 'dovecot-imapd', 'kamailio': 'kamailio', 'svcrack': 'sipvicious', 'sipsak': 'sipsak',
            'slapd': 'slapd', 'ldapsearch': 'ldap-utils', 'krb5kdc': 'krb5-kdc', 'kinit': 'krb5-user', 'psql': 'postgresql', 'mariadbd': 'mariadb-server',
            'mariadb': 'mariadb-client', 'redis-server': 'redis-server', 'in.tftpd': 'tftpd-hpa', 'tftp': 'tftp-hpa', 'socat': 'socat', 'snmpget': 'snmp', 'snmpd': 'snmpd',
            'ptunnel-ng': 'ptunnel-ng', 'iodine': 'iodine', 'tinyproxy': 'tinyproxy', 'xrdp': 'xrdp', 'Xvfb': 'xvfb', 'Xtigervnc': 'tigervnc-standalone-server',
            'slowhttptest': 'slowhttptest', 'masscan': 'masscan', 'macof': 'dsniff', 'arpspoof': 'dsniff', 'ettercap': 'ettercap-text-only', 'dirb': 'dirb',
            'atk6-dos-new-ip6': 'thc-ipv6', 'arping': 'arping', 'aria2c': 'aria2', 'ab': 'apache2-utils', 'telnetd': 'inetutils-telnetd',
            'websockets': 'python3-websockets', 'caddy': 'caddy', 'gtlsclient': 'ngtcp2-client', 'chromium': 'chromium'}
LONGEST_COMMAND = 170
MOST_COMMANDS = 14


def version(package: str) -> str:
    found = subprocess.run(['dpkg-query', '-W', '-f', '${Version}', package], capture_output=True, text=True).stdout
    return re.sub(r'^\d+:|[-+][^-]*$', '', found)


def base_name(file: str) -> str:
    return re.sub(r'\.(pcapng|pcap)(\.gz|\.zst)?$', '', file)


def write(target: pathlib.Path, sample: Sample, commands: list[str], servers: set[str]) -> None:
    words = set(re.findall(r'[\w-]+', ' '.join(commands))) | servers
    tools = sorted({f'{package} {version(package)}' for tool, package in PACKAGES.items() if tool in words})
    readable = [c.replace('/run/lab/work/', '').replace('/run/lab/tls/', '') for c in commands]
    shown = list(dict.fromkeys(c if len(c) <= LONGEST_COMMAND else c[:LONGEST_COMMAND - 4] + ' ...' for c in readable))
    # A long story keeps its point: what scans is named even when the rest is cut.
    if len(shown) > MOST_COMMANDS:
        shown.sort(key=lambda c: '$ nmap ' not in c and '-w ' not in c)
    more = [f'# and {len(shown) - MOST_COMMANDS} more commands; see scripts/record/scenes'] if len(shown) > MOST_COMMANDS else []
    lines = [f'# {target.name}', '', sample.title, '',
             f'**Origin**: recorded by `scripts/record/record.py` between network namespaces of our own, with real programs ({", ".join(tools)}):', '',
             '```', *shown[:MOST_COMMANDS], *more, '```', '',
             f'**Holds**: {sample.holds}', '', '**Expected findings**:', *[f'- {line}' for line in sample.findings], '',
             '**Worth a look** (display filters):', *[f'- `{line.split(" | ")[0]}`: {line.split(" | ")[1]}' for line in sample.look], '']
    target.with_name(base_name(target.name) + '.md').write_text('\n'.join(lines))


def facts(file: pathlib.Path) -> tuple[int, float]:
    table = subprocess.run(['capinfos', '-TmMcu', str(file)], capture_output=True, text=True).stdout.splitlines()
    row = dict(zip(*(line.split(',') for line in table[:2]), strict=True))
    if row['Number of packets'] == '0':
        return 0, 0.0
    return int(row['Number of packets']), float(row['Capture duration (seconds)'])


def unmet_promises(file: pathlib.Path, sample: Sample) -> list[str]:
    """The page's display filters that select nothing, though the page promises something to look at."""
    empty = []
    for line in sample.look:
        wanted, meaning = line.split(' | ')
        found = subprocess.run(['tshark', '-n', '-r', str(file), '-Y', wanted], capture_output=True, text=True, errors='replace').stdout
        if (found == '') != (meaning == 'none'):
            empty.append(wanted)
    return empty


INTRODUCTION = """# Sample captures

Small captures of our own making: real programs talking over network namespaces that the recording script created, nothing from any other network.
Addresses are private or for documentation, names end in example.com, .net or .test, people and passwords are made up, certificates came from a throw-away authority.
`capture_YYYYMMDD_HHMMSS.pcap` is the one that `npm start` shows: the newest of those with a time in their names. (All others are as new as the checkout; `latest` goes by that.)

Each file has a page that says how it came to be, what is in it and what the product should find; `test/golden/samples/<file>.json` says what tshark counts.
`sudo python3 scripts/record/record.py [scene ...]` records again, `node scripts/record/truth.mjs` writes the truth again. On Debian 12 the recording wants:
`%s`.

| Sample | Packets | Seconds | KB | In one line |
|---|---:|---:|---:|---|
"""


def write_index(folder: pathlib.Path) -> None:
    rows = []
    for file in sorted(folder.iterdir(), key=lambda f: (not f.name.startswith('capture_'), f.name)):
        if not re.search(r'\.(pcap|pcapng)(\.gz|\.zst)?$', file.name):
            continue
        page = file.with_name(base_name(file.name) + '.md')
        title = page.read_text().splitlines()[2] if page.exists() else ''
        packets, seconds = facts(file)
        rows.append(f'| [{file.name}]({page.name}) | {packets:,} | {seconds:.1f} | {file.stat().st_size / 1024:.0f} | {title} |')
    packages = ' '.join(sorted(set(PACKAGES.values()) | {'ethtool', 'nftables', 'libnet-ssleay-perl', 'iproute2', 'openssl', 'tshark', 'sshpass'}))
    (folder / 'README.md').write_text(INTRODUCTION % packages + '\n'.join(rows) + '\n')
