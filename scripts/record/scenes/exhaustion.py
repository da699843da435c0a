"""Services that are kept busy by next to nothing: connections without a word."""

import time

import services
from lab import Capture, Lab
from office import Office
from registry import Sample, scene

HOLD = '''import socket, sys, time
held = [socket.create_connection(("10.20.0.10", 80)) for _ in range(int(sys.argv[1]))]
time.sleep(float(sys.argv[2]))
'''


@scene(Sample(
    'idle-connections.pcap', 'A kiosk opens 150 connections to a web server and says nothing in any of them, while alice browses.',
    'Handshakes, 25 seconds of silence, and their ends; alice fetches pages meanwhile.',
    ['`slow-dos`, technique idle: 150 connections of 192.168.10.24 to 10.20.0.10 port 80 (ATT&CK T1499.002)', 'no `syn-flood`, no `port-scan`'],
    ['tcp.flags.syn == 1 && ip.src == 192.168.10.24 | the connections', 'http | what alice asks for']))
def idle_connections(lab: Lab) -> None:
    office = Office(lab, ('alice', 'kiosk'), ('web',), delay_ms=1)
    services.web(office.web)
    with Capture(office.switch, 'idle-connections.pcap', 'tcpdump', '-i', 'br0'):
        office.kiosk.spawn('/usr/bin/python3', '-c', HOLD, '150', '25', show='python3 -c "150 sockets to 10.20.0.10 port 80, held for 25 s"')
        for _ in range(4):
            office.alice.run('curl', '-s', '-o', '/dev/null', 'http://www.example.com/about.html')
            time.sleep(2)
        time.sleep(20)
