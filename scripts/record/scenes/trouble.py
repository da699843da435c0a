"""Networks that misbehave: loss, disorder, slow readers, resets."""

import time

import services
from lab import Capture, Lab
from office import Office
from registry import Sample, scene
from scenes.web import curl


@scene(Sample(
    'lossy-download.pcap', 'A download over a cable that loses, doubles and reorders frames: what a bad line looks like from the client.',
    'One HTTP download of 160 kB through a cable (scripts/record/wire.py, fixed seed) that loses 3 % of the data frames, delays 4 % and doubles 2 %, with 12 ms each way; then the same page over a good hour.',
    ['`capture-quality`: clean as a capture (tshark sees no segment that the capture itself missed, or few); the loss belongs to the network', 'no `port-scan`, no `tcp-anomaly`: the repeated data is identical'],
    ['tcp.analysis.retransmission | sent again', 'tcp.analysis.out_of_order | arrived late', 'tcp.analysis.duplicate_ack | the client asks for what is missing', 'tcp.options.sack_le | and says what it already has']))
def lossy_download(lab: Lab) -> None:
    office = Office(lab, ('alice',), ('web',), delay_ms=12, wire=('--loss', '0.03', '--reorder', '0.04', '--duplicate', '0.02', '--seed', '11'))
    services.web(office.web)
    with Capture(office.switch, 'lossy-download.pcap', 'tcpdump', '-i', 'br0'):
        curl(office.alice, 'http://www.example.com/report.bin')
        curl(office.alice, 'http://www.example.com/about.html')


SLOW = '''
import socket, sys, time
s = socket.socket()
s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
s.connect((sys.argv[1], 80))
s.sendall(b"GET /report.bin HTTP/1.1\\r\\nHost: www.example.com\\r\\nUser-Agent: slow-reader\\r\\nConnection: close\\r\\n\\r\\n")
time.sleep(2.5)                      # the receive buffer fills, the window closes, the sender probes
while s.recv(6000):
    time.sleep(0.02)
'''


@scene(Sample(
    'slow-reader.pcap', 'A client that reads too slowly: its window closes, the server waits and probes until it opens again.',
    'One HTTP download into a receive buffer of a few kilobytes that nobody empties for two and a half seconds: zero windows, window probes, window updates, a full window.',
    ['no `slow-dos`: one connection', '`capture-quality`: clean'],
    ['tcp.analysis.zero_window | the client has no room', 'tcp.analysis.keep_alive | the server asks whether that changed (without data, so Wireshark calls it a keep-alive)', 'tcp.analysis.window_update | it did']))
def slow_reader(lab: Lab) -> None:
    office = Office(lab, ('alice',), ('web',), delay_ms=2)
    services.web(office.web)
    with Capture(office.switch, 'slow-reader.pcap', 'tcpdump', '-i', 'br0'):
        office.alice.run('/usr/bin/python3', '-c', SLOW, '10.20.0.10', show='python3: GET /report.bin with SO_RCVBUF 8192, reading after 2.5 s')


ABORT = '''
import socket, struct, sys
s = socket.create_connection((sys.argv[1], 80))
s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
s.sendall(b"GET /report.bin HTTP/1.1\\r\\nHost: www.example.com\\r\\nUser-Agent: aborter\\r\\n\\r\\n")
s.recv(4000)
s.close()                            # linger 0: the kernel sends RST instead of FIN
'''


@scene(Sample(
    'tcp-endings.pcap', 'The ways a TCP connection can end: politely, refused, aborted, forgotten.',
    'A normal end with FIN; a refused port; three connections aborted by the client with RST in mid-transfer; an idle connection kept alive by probes; '
    'a server that disappears (its SYN repeated into silence, then host unreachable).',
    ['no `port-scan`: two refused ports', 'no `tcp-anomaly`: every reset comes from an end of the connection'],
    ['tcp.flags.reset == 1 | aborted or refused', 'tcp.analysis.keep_alive | still there?', 'tcp.analysis.retransmission | nobody answers any more']))
def tcp_endings(lab: Lab) -> None:
    office = Office(lab, ('alice',), ('web', 'files'), delay_ms=3)
    services.web(office.web)
    alice, files = office.alice, office.files
    listener = files.spawn('socat', 'TCP-LISTEN:7000,reuseaddr,fork', 'PIPE')
    files.wait_for_port(7000)
    with Capture(office.switch, 'tcp-endings.pcap', 'tcpdump', '-i', 'br0'):
        curl(alice, 'http://www.example.com/about.html')
        curl(alice, 'http://www.example.com:81/')
        for _ in range(3):
            alice.run('/usr/bin/python3', '-c', ABORT, '10.20.0.10', show='python3: GET /report.bin, then close with SO_LINGER 0')
        talker = alice.spawn('socat', 'EXEC:sleep 6', 'TCP:10.20.0.20:7000,keepalive,keepidle=1,keepintvl=1', show='socat - TCP:10.20.0.20:7000,keepalive,keepidle=1')
        time.sleep(3.2)
        for process in (talker, listener):
            process.terminate()
        time.sleep(0.3)
        curl(alice, 'http://10.20.0.20:7000/')
        office.web.note('ip link set eth0 down')
        office.web.quiet('ip', 'link', 'set', 'eth0', 'down')
        alice.run('curl', '-s', '--connect-timeout', '4', 'http://10.20.0.12/')
