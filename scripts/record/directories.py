"""Servers that people log in to: a directory, databases, a cache, a remote screen. All without encryption, as they are found inside networks."""

import pathlib

import services
from lab import LAB, Host, sh


def folder(name: str, owner: str) -> pathlib.Path:
    """An empty data folder: scenes of one recording do not see what others left."""
    path = LAB / name
    sh('rm', '-rf', str(path))
    path.mkdir()
    sh('chown', f'{owner}:', str(path))
    return path


def postgres(host: Host) -> None:
    """User alice, whose password goes over the wire as it is (`password` in pg_hba.conf)."""
    data = folder('postgres', 'postgres')
    programs = sorted(pathlib.Path('/usr/lib/postgresql').glob('*/bin'))[-1]
    words = LAB / 'postgres-words'
    words.write_text(services.PASSWORD + '\n')
    words.chmod(0o644)
    sh('runuser', '-u', 'postgres', '--', str(programs / 'initdb'), '-D', str(data / 'data'), '-U', 'alice', f'--pwfile={words}', '--auth=password')
    with (data / 'data' / 'pg_hba.conf').open('a') as rules:
        rules.write('host all all 0.0.0.0/0 password\n')
    host.spawn('runuser', '-u', 'postgres', '--', str(programs / 'postgres'), '-D', str(data / 'data'), '-c', 'listen_addresses=*',
               '-c', f'unix_socket_directories={data}')
    host.lab.packages.add('postgresql')
    host.wait_for_port(5432, 20)


def mariadb(host: Host) -> None:
    """User alice, with mysql_native_password."""
    data = folder('mariadb', 'mysql')
    sh('mariadb-install-db', '--no-defaults', '--user=mysql', f'--datadir={data}/data', '--auth-root-authentication-method=normal', '--skip-test-db')
    first = LAB / 'mariadb-first.sql'
    first.write_text(f"CREATE DATABASE shop;\nCREATE USER 'alice'@'%' IDENTIFIED BY '{services.PASSWORD}';\nGRANT ALL ON shop.* TO 'alice'@'%';\n")
    first.chmod(0o644)
    host.spawn('mariadbd', '--no-defaults', '--user=mysql', f'--datadir={data}/data', f'--socket={data}/socket', f'--pid-file={data}/pid',
               '--bind-address=0.0.0.0', '--skip-name-resolve', f'--init-file={first}')
    host.wait_for_port(3306, 30)


def redis(host: Host) -> None:
    host.spawn('redis-server', '--bind', '0.0.0.0', '--protected-mode', 'no', '--requirepass', services.PASSWORD, '--save', '', '--dir', str(folder('redis', 'root')))
    host.wait_for_port(6379)


def ldap(host: Host) -> None:
    """dc=example,dc=com with uid=alice; classic configuration."""
    data = folder('slapd', 'openldap')
    (data / 'db').mkdir(exist_ok=True)
    configuration, entries = data / 'slapd.conf', data / 'first.ldif'
    configuration.write_text(f'''include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile {data}/pid
database mdb
suffix "dc=example,dc=com"
rootdn "cn=admin,dc=example,dc=com"
directory {data}/db
''')
    entries.write_text(f'''dn: dc=example,dc=com
objectClass: dcObject
objectClass: organization
o: Example
dc: example

dn: uid=alice,dc=example,dc=com
objectClass: inetOrgPerson
cn: Alice
sn: Example
uid: alice
userPassword: {services.PASSWORD}
''')
    sh('slapadd', '-f', str(configuration), '-l', str(entries))
    sh('chown', '-R', 'openldap:', str(data))
    host.spawn('slapd', '-f', str(configuration), '-h', 'ldap://0.0.0.0/', '-u', 'openldap', '-d', '0')
    host.wait_for_port(389)


def screen(host: Host) -> None:
    """A VNC server that asks for nothing."""
    host.spawn('Xtigervnc', ':0', '-SecurityTypes', 'None', '-geometry', '320x200', '-rfbport', '5900', '-desktop', 'till', '-nolisten', 'unix')
    host.wait_for_port(5900, 15)
