"""A throw-away network laboratory: hosts are network namespaces, cables are veth pairs, a switch is a Linux bridge.

`enter()` re-executes the program in private mount, pid and network namespaces with its own /etc and /run. Everything the
recording creates (users, daemons, interfaces, certificates) lives in there and vanishes with it; no packet can reach another network.
"""

import os
import pathlib
import shlex
import signal
import subprocess
import sys
import time

LAB = pathlib.Path('/run/lab')
INSIDE = 'NETSEC_RECORD_INSIDE'


def enter() -> None:
    """Continue inside private namespaces; returns only there."""
    if os.environ.get(INSIDE) == str(os.stat('/proc/self/ns/net').st_ino):
        prepare_private_filesystem()
        return
    if INSIDE in os.environ:
        sys.exit('record: refusing to run: this is not a network namespace of our own')
    if os.geteuid() != 0:
        sys.exit('record: needs root, to create network namespaces')
    inner = f'{INSIDE}=$(stat -L -c %i /proc/self/ns/net) exec "$@"'
    os.execvp('unshare', ['unshare', '--mount', '--net', '--pid', '--fork', '--kill-child', '--mount-proc', '--propagation', 'private',
                          'sh', '-c', inner, 'sh', sys.executable, *sys.argv])


def prepare_private_filesystem() -> None:
    subprocess.run(['mount', '-t', 'tmpfs', 'lab', '/run'], check=True)
    for folder in ('netns', 'sshd', 'vsftpd/empty', 'openvswitch', 'chrony', 'lab/var-log', 'lab/home'):
        (pathlib.Path('/run') / folder).mkdir(parents=True)
    subprocess.run(['cp', '-a', '/etc', str(LAB / 'etc')], check=True)
    subprocess.run(['mount', '--bind', str(LAB / 'etc'), '/etc'], check=True)
    subprocess.run(['mount', '--bind', str(LAB / 'var-log'), '/var/log'], check=True)
    os.chmod(LAB, 0o755)


class Lab:
    """The hosts of one scene, the commands that were run (for the sample's .md), and everything to be undone."""

    def __init__(self, title: str):
        self.title = title
        self.hosts: dict[str, 'Host'] = {}
        self.commands: list[str] = []
        self.processes: list[subprocess.Popen] = []
        self.packages: set[str] = set()
        self.folder = LAB / 'work'
        self.folder.mkdir(exist_ok=True)

    def host(self, name: str, ipv6: bool = False) -> 'Host':
        host = Host(self, name)
        self.hosts[name] = host
        sh('ip', 'netns', 'add', name)
        pathlib.Path(f'/etc/netns/{name}').mkdir(parents=True, exist_ok=True)
        host.quiet('ip', 'link', 'set', 'lo', 'up')
        for scope in ('all', 'default'):
            host.sysctl(f'net.ipv6.conf.{scope}.disable_ipv6', '0' if ipv6 else '1')
        return host

    def cable(self, a: 'Host', a_name: str, b: 'Host', b_name: str, a_mac: str = '', b_mac: str = '') -> None:
        """A veth pair with every offload off, so that frames look as they would on a wire."""
        sh('ip', 'link', 'add', a_name, 'netns', a.name, *(['address', a_mac] if a_mac else []),
           'type', 'veth', 'peer', 'name', b_name, *(['address', b_mac] if b_mac else []), 'netns', b.name)
        for host, name in ((a, a_name), (b, b_name)):
            host.quiet('ethtool', '-K', name, 'tx', 'off', 'rx', 'off', 'tso', 'off', 'gso', 'off', 'gro', 'off', 'sg', 'off')
            host.quiet('ip', 'link', 'set', name, 'up')

    def switch(self, name: str = 'switch') -> 'Host':
        """A bridge; capturing on its `br0` is a mirror port that sees every frame once."""
        switch = self.host(name)
        switch.quiet('ip', 'link', 'add', 'br0', 'type', 'bridge', 'mcast_snooping', '0', 'stp_state', '0')
        switch.quiet('ip', 'link', 'set', 'br0', 'up', 'promisc', 'on')
        return switch

    def plug(self, host: 'Host', switch: 'Host', mac: str, port: str = 'eth0') -> None:
        outlet = f'p{len(self.hosts)}{host.name}{port}'[:15]
        self.cable(host, port, switch, outlet, a_mac=mac)
        switch.quiet('ip', 'link', 'set', outlet, 'master', 'br0')

    def close(self) -> None:
        for process in reversed(self.processes):
            if process.poll() is None:
                process.terminate()
        for process in self.processes:
            try:
                process.wait(3)
            except subprocess.TimeoutExpired:
                process.kill()
        if os.environ.get('RECORD_VERBOSE'):
            for log in (LAB / 'var-log').glob('*.txt'):
                print(f'  {log.name}: {log.read_text(errors="replace")[-800:]}', file=sys.stderr)
                log.unlink()
        for name in self.hosts:
            # Daemons that forked away: only namespaces of ours are listed, and this pid namespace holds nothing else.
            for pid in subprocess.run(['ip', 'netns', 'pids', name], capture_output=True, text=True).stdout.split():
                os.kill(int(pid), signal.SIGKILL)
            sh('ip', 'netns', 'del', name)
        sh('rm', '-rf', str(self.folder))


class Host:
    def __init__(self, lab: Lab, name: str):
        self.lab = lab
        self.name = name

    def _inside(self, command: tuple[str, ...]) -> list[str]:
        return ['ip', 'netns', 'exec', self.name, *command]

    def quiet(self, *command: str) -> str:
        """Set-up work: not part of what is recorded. Fails loudly."""
        return sh(*self._inside(command))

    def run(self, *command: str, timeout: float = 90, stdin: str | None = None, show: str = '') -> str:
        """A command whose traffic is recorded. Its exit code may be anything: a refused connection is a result."""
        self.note(show or shlex.join(command))
        done = subprocess.run(self._inside(command), capture_output=True, text=True, errors='replace', timeout=timeout, input=stdin,
                              stdin=subprocess.DEVNULL if stdin is None else None)
        if os.environ.get('RECORD_VERBOSE'):
            print(f'  {self.name}$ {shlex.join(command)[:150]} -> {done.returncode}\n{(done.stdout + done.stderr)[-600:]}', file=sys.stderr)
        return done.stdout + done.stderr

    def note(self, command: str) -> None:
        self.lab.commands.append(f'{self.name}$ {command}')

    def spawn(self, *command: str, show: str = '') -> subprocess.Popen:
        """A background program that lives until the scene ends."""
        if show:
            self.note(show)
        words = [word for word in command if word != 'env' and '=' not in word]
        self.lab.packages.add(pathlib.Path(words[1] if words[0].endswith('python3') else words[0]).stem)
        log = open(LAB / 'var-log' / f'{self.name}-{pathlib.Path(command[0]).name}.txt', 'w')
        process = subprocess.Popen(self._inside(command), stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.lab.processes.append(process)
        return process

    def sysctl(self, key: str, value: str) -> None:
        self.quiet('sysctl', '-qw', f'{key}={value}')

    def address(self, *addresses: str, port: str = 'eth0') -> None:
        for address in addresses:
            self.quiet('ip', 'address', 'add', address, 'dev', port, *(['nodad'] if ':' in address else []))

    def route(self, via: str, to: str = 'default') -> None:
        self.quiet('ip', *(['-6'] if ':' in via else []), 'route', 'add', to, 'via', via)

    def resolver(self, server: str, search: str = '') -> None:
        text = f'nameserver {server}\n' + (f'search {search}\n' if search else '')
        pathlib.Path(f'/etc/netns/{self.name}/resolv.conf').write_text(text)

    def wait_for_port(self, port: int, seconds: float = 5) -> None:
        deadline = time.monotonic() + seconds
        while f':{port} ' not in self.quiet('ss', '-Hltnu'):
            if time.monotonic() > deadline:
                raise TimeoutError(f'{self.name}: nothing listens on port {port}')
            time.sleep(0.05)


class Capture:
    """`with Capture(host, 'web.pcap', 'tcpdump', '-i', 'br0'):` records until the block ends, at most two minutes unless told otherwise."""

    def __init__(self, host: Host, file: str, *command: str, settle: float = 1.6, seconds: int = 120):
        # libpcap hands packets over once a second: ending sooner would lose the last ones.
        self.host, self.file, self.command, self.settle, self.seconds = host, host.lab.folder / file, command, settle, seconds

    def __enter__(self) -> 'Capture':
        tool, *options = self.command
        extra = ['-U', '-Z', 'root'] if tool == 'tcpdump' else ['-q', '-a', f'duration:{self.seconds}']
        self.host.note(shlex.join([tool, *options, '-w', self.file.name]))
        self.process = subprocess.Popen(['ip', 'netns', 'exec', self.host.name, 'timeout', '-s', 'INT', str(self.seconds), tool, *extra, '-w', str(self.file), *options],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self.host.lab.processes.append(self.process)
        if tool == 'tcpdump':
            while 'listening on' not in (line := self.process.stderr.readline()):
                if not line:
                    raise RuntimeError(f'{tool} did not start')
        else:
            time.sleep(1.5)
        return self

    def __exit__(self, *_: object) -> None:
        time.sleep(self.settle)
        for pid in subprocess.run(['pgrep', '-P', str(self.process.pid)], capture_output=True, text=True).stdout.split():
            os.kill(int(pid), signal.SIGINT)
        self.process.wait(10)


def sh(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f'{shlex.join(command)}: {done.stderr.strip() or done.stdout.strip()}')
    return done.stdout
