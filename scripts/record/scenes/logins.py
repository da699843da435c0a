"""Logins that can be read on the way, and passwords guessed until one fits."""

import directories
import services
from lab import Capture, Lab
from office import Office
from registry import Sample, scene

ALICE = 'uid=alice,dc=example,dc=com'


@scene(Sample(
    'logins-in-clear.pcap', 'An administrator visits a directory, three databases and a screen, none of which encrypts anything.',
    'LDAP simple bind and search, PostgreSQL with its password in clear, MariaDB with a hashed one, Redis AUTH, each once with a wrong and once with the right password; a VNC server that asks for none.',
    ['`cleartext-credentials`: LDAP, PostgreSQL and Redis; not MariaDB, whose password is hashed', '`insecure-protocol`: LDAP, VNC without a password',
     'no `brute-force`: one wrong password each'],
    ['ldap.bindRequest_element | binds, the password in them', 'ldap.resultCode == 49 | the refused bind', 'pgsql.authtype == 3 | PostgreSQL asks for the password as it is',
     'mysql.error_code == 1045 | MariaDB refuses', 'resp.error | Redis refuses', 'vnc.security_type == 1 | VNC asks for nothing']))
def logins_in_clear(lab: Lab) -> None:
    office = Office(lab, ('alice',), ('files',), delay_ms=1)
    for start in (directories.ldap, directories.postgres, directories.mariadb, directories.redis, directories.screen):
        start(office.files)
    alice, host = office.alice, 'files.example.com'
    with Capture(office.switch, 'logins-in-clear.pcap', 'tcpdump', '-i', 'br0'):
        for password in ('mistyped', services.PASSWORD):
            alice.run('ldapsearch', '-x', '-H', f'ldap://{host}', '-D', ALICE, '-w', password, '-b', 'dc=example,dc=com', '(&(objectClass=inetOrgPerson)(uid=al*))',
                      show=f'ldapsearch -x -H ldap://{host} -D {ALICE} -w *** -b dc=example,dc=com "(&(objectClass=inetOrgPerson)(uid=al*))"')
            alice.run('psql', f'postgresql://alice:{password}@{host}/postgres?sslmode=disable', '-c', 'SELECT 6 * 7',
                      show=f'psql "postgresql://alice:***@{host}/postgres?sslmode=disable" -c "SELECT 6 * 7"')
            alice.run('mariadb', '--no-defaults', '--skip-ssl', '-h', host, '-u', 'alice', f'-p{password}', 'shop', '-e', 'SELECT 6 * 7', show=f'mariadb --skip-ssl -h {host} -u alice -p*** shop -e "SELECT 6 * 7"')
            alice.run('redis-cli', '-h', host, '-a', password, 'SET', 'lunch', 'noon', show=f'redis-cli -h {host} -a *** SET lunch noon')
        alice.run('nmap', '-n', '-Pn', '-p', '5900', '--script', 'vnc-title', '10.20.0.20')


@scene(Sample(
    'guessed-passwords.pcap', 'A kiosk tries thirty passwords at PostgreSQL, Redis, the directory and FTP of a server; the last but one fits each time.',
    'hydra with a list of thirty passwords against four services, a few connections at a time; 28 of them are refused, then one login is accepted.',
    ['`brute-force` of the kiosk over PostgreSQL, Redis, LDAP and FTP', '`brute-force-success` over PostgreSQL, LDAP and FTP, and Redis', '`cleartext-credentials`', '`insecure-protocol`: LDAP and FTP'],
    ['pgsql.code == "28P01" | PostgreSQL refuses', 'resp.error | Redis refuses', 'ldap.resultCode == 49 | the directory refuses', 'ftp.response.code == 230 | the password that fits over FTP']))
def guessed_passwords(lab: Lab) -> None:
    office = Office(lab, ('kiosk',), ('files',), delay_ms=1)
    for start in (directories.ldap, directories.postgres, directories.redis, services.files):
        start(office.files)
    words = lab.folder / 'words.txt'
    words.write_text('\n'.join([f'guess-{number:02}' for number in range(28)] + [services.PASSWORD, 'guess-28']) + '\n')
    with Capture(office.switch, 'guessed-passwords.pcap', 'tcpdump', '-i', 'br0'):
        for user, target in (('alice', 'postgres://10.20.0.20/postgres'), ('', 'redis://10.20.0.20'), (ALICE, 'ldap3://10.20.0.20'), ('alice', 'ftp://10.20.0.20')):
            office.kiosk.run('hydra', '-I', '-f', '-t', '2', *(['-l', user] if user else []), '-P', str(words), target,
                             show=' '.join(['hydra -f -t 2', *([f'-l {user}'] if user else []), '-P words.txt', target]))


@scene(Sample(
    'logins-from-many.pcap', 'Five machines try four passwords each for one account of a directory; and each of them has a user who mistypes once.',
    'LDAP simple binds as alice from five addresses, twenty of them refused; before, everybody binds to PostgreSQL with a wrong and then with the right password.',
    ['`brute-force` over LDAP by five addresses at one login (ATT&CK T1110.001)', 'no `brute-force` over PostgreSQL', '`cleartext-credentials`', '`insecure-protocol`: LDAP'],
    ['ldap.resultCode == 49 | refused, four times for each address', 'pgsql.code == "28P01" | somebody mistypes']))
def logins_from_many(lab: Lab) -> None:
    office = Office(lab, ('alice', 'bob', 'carol', 'kiosk', 'printer'), ('files',), delay_ms=1)
    directories.ldap(office.files)
    directories.postgres(office.files)
    with Capture(office.switch, 'logins-from-many.pcap', 'tcpdump', '-i', 'br0'):
        for name, host in office.people.items():
            for password in (f'mistyped-{name}', services.PASSWORD):
                host.run('psql', f'postgresql://alice:{password}@10.20.0.20/postgres?sslmode=disable', '-c', 'SELECT 6 * 7', show='psql "postgresql://alice:***@10.20.0.20/postgres?sslmode=disable" -c "SELECT 6 * 7"')
        for turn in range(4):
            for name, host in office.people.items():
                host.run('ldapwhoami', '-x', '-H', 'ldap://10.20.0.20', '-D', ALICE, '-w', f'guess-{name}-{turn}', show=f'ldapwhoami -x -H ldap://10.20.0.20 -D {ALICE} -w ***')
