"""A long cable between two interfaces: delays every frame, and loses, duplicates or reorders some, always the same ones for a seed.

    wire.py LEFT RIGHT --delay-ms 10 --loss 0.03 --reorder 0.02 --duplicate 0.01 --seed 7

Kernels without netem record lossy samples too, and the same seed loses the same frames.
"""

import argparse
import heapq
import random
import select
import socket
import time

parser = argparse.ArgumentParser()
parser.add_argument('left')
parser.add_argument('right')
parser.add_argument('--delay-ms', type=float, default=0)
parser.add_argument('--loss', type=float, default=0)
parser.add_argument('--reorder', type=float, default=0, help='share of frames held back by three more delays')
parser.add_argument('--duplicate', type=float, default=0)
parser.add_argument('--seed', type=int, default=1)
options = parser.parse_args()

ETH_P_ALL = 3
ends = []
for name in (options.left, options.right):
    end = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    end.bind((name, ETH_P_ALL))
    end.setblocking(False)
    ends.append(end)

chance = random.Random(options.seed)
waiting: list[tuple[float, int, int, bytes]] = []
count = 0

while True:
    now = time.monotonic()
    timeout = max(0.0, waiting[0][0] - now) if waiting else None
    ready, _, _ = select.select(ends, [], [], timeout)
    for end in ready:
        frame, origin = end.recvfrom(65535)
        if origin[2] == socket.PACKET_OUTGOING:
            continue  # our own transmission, seen again on the way out
        copies = 1
        # Only frames that carry data are spoilt, or the handshakes of a small sample would be all it shows.
        if len(frame) > 200:
            if chance.random() < options.loss:
                copies = 0
            elif chance.random() < options.duplicate:
                copies = 2
        due = time.monotonic() + options.delay_ms / 1000
        if len(frame) > 200 and chance.random() < options.reorder:
            due += 3 * options.delay_ms / 1000
        for _ in range(copies):
            count += 1
            heapq.heappush(waiting, (due, count, 1 - ends.index(end), frame))
    now = time.monotonic()
    while waiting and waiting[0][0] <= now:
        _, _, side, frame = heapq.heappop(waiting)
        try:
            ends[side].send(frame)
        except OSError:
            pass  # a full queue or a frame too long for the far end: dropped, as on a real cable
