"""Services for busy hosts: greeter.py tcp|udp PORT... greets on every port, answers one line, closes."""

import socketserver
import sys
import threading


class Greeter(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        self.wfile.write(b'hello from port %d\r\n' % self.server.server_address[1])
        line = self.rfile.readline(200)
        self.wfile.write(b'you said: ' + line)


class Echo(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        data, sock = self.request
        sock.sendto(b'echo: ' + data[:100], self.client_address)


class Tcp(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 64


kind = sys.argv[1]
servers = []
for port in map(int, sys.argv[2:]):
    server = Tcp(('', port), Greeter) if kind == 'tcp' else socketserver.ThreadingUDPServer(('', port), Echo)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    servers.append(server)
threading.Event().wait(600)
