"""Logins and transfers: SSH, FTP, SMTP."""

import services
from lab import Capture, Lab
from office import Office
from registry import Sample, scene

SSH = ['ssh', '-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null', '-o', 'PreferredAuthentications=password', '-o', 'LogLevel=ERROR']


@scene(Sample(
    'ssh-session.pcap', 'An administrator logs in over SSH, types for a while, copies a file, and once mistypes the password.',
    'Banner and key exchange in clear, then encrypted: one failed and three successful password logins, an interactive shell (small packets both ways), a command, a copy with sftp.',
    ['no `brute-force`: one wrong password', 'no `weak-ssh`: modern algorithms on both sides', 'no `port-scan`'],
    ['ssh.protocol | the banners', 'ssh.message_code == 20 | algorithms offered by both sides', 'tcp.len > 0 && tcp.len < 100 | keystrokes and their echo']))
def ssh_session(lab: Lab) -> None:
    office = Office(lab, ('alice',), ('files',))
    services.shell(office.files)
    alice, own = office.alice, lab.folder / 'report.txt'
    own.write_text(services.prose(900, 2))
    with Capture(office.switch, 'ssh-session.pcap', 'tcpdump', '-i', 'br0'):
        login = ['sshpass', '-p', services.PASSWORD, *SSH, 'alice@files.example.com']
        alice.run('sshpass', '-p', 'mistyped', *SSH, '-o', 'NumberOfPasswordPrompts=1', 'alice@files.example.com', 'true', show='ssh alice@files.example.com  # wrong password')
        alice.run('bash', '-c', '''for line in "uname -s" "ls -l" "head -3 table.csv" "wc notes.txt" "exit"; do
            for ((i = 0; i < ${#line}; i++)); do printf %s "${line:i:1}"; sleep 0.04; done; echo; sleep 0.3; done | "$@"''',
                  'bash', *login[:3], *SSH, '-tt', 'alice@files.example.com', show='ssh -tt alice@files.example.com  # typed, key by key')
        alice.run(*login, 'sha256sum firmware.bin', show='ssh alice@files.example.com sha256sum firmware.bin')
        alice.run('sshpass', '-p', services.PASSWORD, 'sftp', *SSH[1:], 'alice@files.example.com', stdin=f'ls\nget notes.txt /dev/null\nput {own} copy.txt\n', show='sftp alice@files.example.com')


def ftp(host, *options: str, user: str = 'alice', password: str = services.PASSWORD, url: str = 'ftp://files.example.com/') -> None:
    shown = ' '.join(['curl', '-s', '-u', f'{user}:***', *options, url])
    host.run('curl', '-sS', '--max-time', '15', '-u', f'{user}:{password}', *options, url, show=shown)


@scene(Sample(
    'ftp.pcap', 'A client lists, downloads and uploads over FTP, in passive and in active mode.',
    'Logins in clear (one refused with 530), PASV, EPSV, PORT and EPRT data connections, LIST, RETR, STOR, a resumed download, rename and delete, an active-mode connection that '
    'the server opens towards the client.',
    ['`cleartext-credentials` and `insecure-protocol` (once they exist): user alice, password masked', 'no `brute-force`: one refused login',
     'no `port-scan`: data connections to many ports all complete'],
    ['ftp.request.command == "PASS" | passwords in clear', 'ftp.response.code == 530 | the refused login', 'ftp-data | the files themselves', 'ftp.request.command in {"PORT", "EPRT"} | active mode: the server connects back']))
def ftp_session(lab: Lab) -> None:
    office = Office(lab, ('alice',), ('files',))
    services.files(office.files)
    alice, own = office.alice, lab.folder / 'report.txt'
    own.write_text(services.prose(900, 2))
    with Capture(office.switch, 'ftp.pcap', 'tcpdump', '-i', 'br0'):
        ftp(alice, password='wrong')
        ftp(alice)
        ftp(alice, '--disable-epsv', '-o', '/dev/null', url='ftp://files.example.com/notes.txt')
        ftp(alice, '-P', '-', '-o', '/dev/null', url='ftp://files.example.com/table.csv')
        ftp(alice, '-P', '-', '--disable-eprt', url='ftp://files.example.com/')
        ftp(alice, '-T', str(own), url='ftp://files.example.com/report.txt')
        ftp(alice, '-C', '20000', '-o', '/dev/null', url='ftp://files.example.com/firmware.bin')
        ftp(alice, '-Q', 'RNFR report.txt', '-Q', 'RNTO old.txt', '-Q', 'DELE old.txt')


@scene(Sample(
    'ftp-many-files.pcap', 'A backup program fetches 40 files over passive FTP: forty ports on one server, each answered. Near miss of a port scan.',
    'One FTP control connection and about 40 data connections to 40 different high ports of one server, all of which complete and carry data.',
    ['no `port-scan`: every port was announced by the server and completed', '`cleartext-credentials` and `insecure-protocol`: FTP'],
    ['ftp.response.code in {227, 229} | the server names each port before it is used', 'tcp.flags.syn == 1 && tcp.flags.ack == 1 | every one accepted']))
def ftp_many_files(lab: Lab) -> None:
    office = Office(lab, ('alice',), ('files',), delay_ms=1)
    services.files(office.files)
    home = services.LAB / 'home' / 'alice' / 'archive'
    home.mkdir(exist_ok=True)
    for number in range(40):
        (home / f'page{number:02}.txt').write_text(services.prose(30, number))
    services.sh('chown', '-R', 'alice:', str(home))
    with Capture(office.switch, 'ftp-many-files.pcap', 'tcpdump', '-i', 'br0'):
        office.alice.run('lftp', '-u', f'alice,{services.PASSWORD}', '-e', 'set ftp:ssl-allow no; set net:max-retries 1; set net:timeout 5; mirror archive /run/lab/work/copy; quit',
                         'files.example.com', show='lftp -u alice,*** -e "set ftp:ssl-allow no; mirror archive" files.example.com')


@scene(Sample(
    'smtp.pcap', 'A mail program logs in to a mail server in clear, mistypes once, sends two messages, then does it properly with STARTTLS.',
    'SMTP banner, EHLO, AUTH PLAIN and AUTH LOGIN in clear (one refused with 535), MAIL, RCPT, DATA with a multi-part message, and a session that turns to TLS 1.3 with STARTTLS.',
    ['`cleartext-credentials` (once it exists): alice over AUTH PLAIN and AUTH LOGIN, password masked; silent on the STARTTLS session', 'no `brute-force`: one refused login'],
    ['smtp.req.command == "AUTH" | logins, base64 is no protection', 'smtp.response.code == 535 | the mistyped password', 'smtp contains "STARTTLS" | offered, and once taken up: from there on encrypted', 'imf | the messages as the reader gets them']))
def smtp(lab: Lab) -> None:
    office = Office(lab, ('alice',), ('files',))
    services.mail(office.files)
    attachment = lab.folder / 'note.txt'
    attachment.write_text(services.prose(150, 8))
    with Capture(office.switch, 'smtp.pcap', 'tcpdump', '-i', 'br0'):
        def send(*options: str, password: str = services.PASSWORD, server: str = 'mail.example.com') -> None:
            common = ['swaks', '--server', server, '--from', 'alice@example.com', '--to', 'bob@example.com', '--helo', 'alice.office.example.test',
                      '--header', 'Subject: lunch on Thursday', '--header', 'X-Mailer: sample recorder']
            office.alice.run(*common, '--auth-user', 'alice', '--auth-password', password, *options,
                             show=' '.join([*common[:7], '--auth-user', 'alice', *options]))
        send('--auth', 'PLAIN', password='mistyped')
        send('--auth', 'PLAIN', '--body', 'The usual place at noon?')
        send('--auth', 'LOGIN', '--body', 'Here is the note.', '--attach', f'@{attachment}')
        send('--tls', '--auth', 'PLAIN', '--body', 'And this one nobody on the way can read.')
