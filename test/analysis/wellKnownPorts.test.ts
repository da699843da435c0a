/** Whatever listens behind a well-known port, an attacker chooses: what the bytes say counts, and a port alone only where the beginning was not captured. */
import { describe, expect, test } from 'vitest';
import { analyzeCapture } from '../support/analyzeCapture.ts';
import { bytesOf, CLIENT, dialogue, SERVER, web } from '../support/dialogue.ts';
import { ACK, PacketBuilder, PSH } from '../support/packetBuilder.ts';

const PORTS = [21, 22, 23, 25, 110, 143];

type Line = readonly [from: 'client' | 'server', text: string];

async function serviceOf(lines: readonly Line[], port: number): Promise<string | null> {
  const report = await analyzeCapture(dialogue(lines, { port }).bytes());
  return report.conversations.find(({ layer }) => layer === 'tcp')!.service;
}

describe('the handshake is in the capture', () => {
  test.each(PORTS)('HTTP on port %i is HTTP', async (port) => {
    expect(await serviceOf(web('/payload.bin', { answer: 'x' }), port)).toBe('http');
  });

  test.each(PORTS)('SSH on port %i is SSH', async (port) => {
    expect(
      await serviceOf(
        [
          ['server', 'SSH-2.0-OpenSSH_9.2\r\n'],
          ['client', 'SSH-2.0-libssh_0.10\r\n'],
        ],
        port,
      ),
    ).toBe('ssh');
  });

  test.each(PORTS.filter((port) => port !== 23))('a shell that calls port %i is none of the protocols of it', async (port) => {
    expect(
      await serviceOf(
        [
          ['client', 'bash: no job control in this shell\nroot@web:/# '],
          ['server', 'id\n'],
          ['client', 'uid=0(root) gid=0(root) groups=0(root)\n'],
        ],
        port,
      ),
    ).toBeNull();
  });

  const sessions: readonly (readonly [service: string, port: number, lines: readonly Line[]])[] = [
    ['ftp', 21, [['server', '220 Ready\r\n'], ['client', 'USER a\r\n']]],
    ['ftp', 21, [['server', '220-Welcome\r\n220 Ready\r\n']]],
    ['ftp', 21, [['client', 'AUTH TLS\r\n']]],
    ['smtp', 25, [['server', '220 mail.example.org\r\n'], ['client', 'EHLO a\r\n']]],
    ['smtp', 25, [['server', '554 no\r\n']]],
    ['smtp', 25, [['client', 'ehlo a\r\n']]],
    ['pop', 110, [['server', '+OK\r\n'], ['client', 'USER a\r\n']]],
    ['pop', 110, [['client', 'CAPA\r\n']]],
    ['imap', 143, [['server', '* OK ready\r\n']]],
    ['imap', 143, [['client', 'a1 LOGIN a b\r\n']]],
    // RFC 4253 section 4.2: a server may say something before its banner.
    ['ssh', 22, [['server', 'Go away.\r\nSSH-2.0-x\r\n']]],
    ['telnet', 23, [['server', 'login: '], ['client', 'alice\r\n']]],
    ['telnet', 23, [['server', '\xff\xfd\x18']]],
    // Telling greetings on a port of another.
    ['smtp', 21, [['server', '220 mail.example.org ESMTP\r\n']]],
    ['ftp', 25, [['server', '220 ProFTPD FTP Server ready\r\n']]],
  ]; // prettier-ignore
  test.each(sessions)('%s on port %i begins with %j', async (service, port, lines) => {
    expect(await serviceOf(lines, port)).toBe(service);
  });

  test('a word in pieces waits for its end', async () => {
    expect(await serviceOf([['client', 'U'], ['client', 'SER a\r\n']], 21)).toBe('ftp'); // prettier-ignore
    expect(await serviceOf([['client', 'G'], ['client', 'ET / HTTP/1.1\r\nHost: a\r\n\r\n']], 23)).toBe('http'); // prettier-ignore
  });
});

test.each([
  ['ssh', 22],
  ['telnet', 23],
  ['imap', 143],
])('of a conversation that was under way %s is told by its port', async (service, port) => {
  const packets = new PacketBuilder().tcp({
    from: CLIENT,
    to: SERVER,
    sourcePort: 40_000,
    destinationPort: port,
    flags: PSH | ACK,
    sequence: 7,
    payload: bytesOf('zZ/q+14'),
  });
  const report = await analyzeCapture(packets.bytes());
  expect(report.conversations.find(({ layer }) => layer === 'tcp')!.service).toBe(service);
});
