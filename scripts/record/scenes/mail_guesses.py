"""Guessing the passwords of mailboxes within TLS, at a server that makes whoever failed wait; and programs that fetch their mail."""

import time

import services
from lab import LAB, Capture, Lab
from office import Office
from registry import Sample, scene

WORDS = ('secret', 'password', 'letmein1', 'sunshine', 'qwertyuiop', 'football', '123456', 'alice2026', 'monkey', 'iloveyou2', 'dragon', 'superman', 'trustno1',
         'welcome-1', 'summer26', 'admin')


def dovecot(host) -> None:
    folder = LAB / 'dovecot'
    (folder / 'run').mkdir(parents=True, exist_ok=True)
    chain, key, _ = services.certificate(LAB / 'mailbox-tls', ['mail.example.com'])
    (folder / 'passwords').write_text(f'alice:{{PLAIN}}{services.PASSWORD}\nbob:{{PLAIN}}{services.PASSWORD}\n')
    (folder / 'dovecot.conf').write_text(f'''protocols = imap pop3
listen = *
base_dir = {folder}/run
log_path = {folder}/log
ssl = yes
ssl_cert = <{chain}
ssl_key = <{key}
mail_location = maildir:{folder}/mail/%u
passdb {{
 driver = passwd-file
 args = {folder}/passwords
}}
userdb {{
 driver = static
 args = uid=nobody gid=nogroup home={folder}/mail/%u
}}
''')
    (folder / 'mail').mkdir(exist_ok=True)
    (folder / 'mail').chmod(0o777)
    host.spawn('dovecot', '-F', '-c', str(folder / 'dovecot.conf'))
    host.lab.packages.add('dovecot-imapd')
    host.wait_for_port(993, 20)


@scene(
    Sample('imaps-guessed.pcap', 'hydra guesses the password of a mailbox over IMAPS, within TLS from the first byte on.',
           'Sixteen words over IMAPS, four at once; Dovecot answers each that fails after a while.',
           ['`brute-force` over IMAP within TLS by 192.168.10.24 (medium), judged by lengths and times alone (ATT&CK T1110)'],
           ['tcp.port == 993 | the connections', 'tls.app_data | what can be seen of them']),
    Sample('imaps-polled.pcap', 'Three programs fetch mail over IMAPS and POP3S every second, a monitor logs in and leaves, bob mistypes once. Near miss of guessing within TLS.',
           'curl over IMAPS and POP3S, each with the right password; one with a wrong one.',
           ['no `brute-force`'],
           ['tcp.port in {993, 995} | the connections']))
def mailboxes(lab: Lab) -> None:
    office = Office(lab, ('alice', 'bob', 'kiosk'), ('files',), delay_ms=1)
    dovecot(office.files)
    words = lab.folder / 'words.txt'
    words.write_text('\n'.join(WORDS) + '\n')
    curl = ('curl', '-s', '-k', '-m', '9')
    with Capture(office.switch, 'imaps-guessed.pcap', 'tcpdump', '-i', 'br0', 'tcp', 'port', '993'):
        office.kiosk.run('hydra', '-I', '-t', '4', '-l', 'alice', '-P', str(words), 'imaps://10.20.0.20', timeout=115, show='hydra -l alice -P words.txt imaps://10.20.0.20')
    with Capture(office.switch, 'imaps-polled.pcap', 'tcpdump', '-i', 'br0', 'tcp', 'port', '993', 'or', 'tcp', 'port', '995'):
        office.bob.run(*curl, 'imaps://10.20.0.20/INBOX', '-u', 'bob:typo', show='curl -k imaps://10.20.0.20/INBOX -u bob:***   # mistyped')
        for n in range(12):
            office.alice.run(*curl, 'imaps://10.20.0.20/INBOX?NEW', '-u', f'alice:{services.PASSWORD}', show='curl -k imaps://10.20.0.20/INBOX?NEW -u alice:***   # twelve times')
            office.bob.run(*curl, 'pop3s://10.20.0.20/', '-u', f'bob:{services.PASSWORD}', show='curl -k pop3s://10.20.0.20/ -u bob:***   # twelve times')
            office.bob.run(*curl, 'imaps://10.20.0.20/', '-X', 'NOOP', '-u', f'bob:{services.PASSWORD}', show='curl -k imaps://10.20.0.20/ -X NOOP -u bob:***   # twelve times')
            time.sleep(0.3)
