/**
 * Shells over UDP are told, whoever called; talk of people, logs that tell of shells and other texts are not. What they say is as ncat 7.93, socat 1.7 and bash 5.2 sent
 * it between two hosts of ours (`ncat -u -l -e /bin/sh`, `socat UDP:... EXEC:'bash -i',pty`, `bash -i >& /dev/udp/...`).
 */
import { expect, test } from 'vitest';
import { checkFilter } from '../../../src/analysis/filtering.ts';
import { analyzeCapture, findingsOf } from '../../support/analyzeCapture.ts';
import { bytesOf, CLIENT, SERVER } from '../../support/dialogue.ts';
import { PacketBuilder } from '../../support/packetBuilder.ts';

type Lines = readonly (readonly ['client' | 'server', string])[];
async function run(lines: Lines, port = 4444) {
  const builder = new PacketBuilder();
  for (const [who, text] of lines) {
    const isClient = who === 'client';
    builder
      .udp({
        from: isClient ? CLIENT : SERVER,
        to: isClient ? SERVER : CLIENT,
        sourcePort: isClient ? 40_000 : port,
        destinationPort: isClient ? port : 40_000,
        payload: bytesOf(text),
      })
      .wait(0.5);
  }
  return findingsOf(await analyzeCapture(builder.bytes()), 'c2-framework');
}

test.each<[string, number, number, Lines]>([
  [
    'ncat -e that listens',
    4444,
    2,
    [
      ['client', 'id\n'],
      ['server', 'uid=0(root) gid=0(root) groups=0(root)\n'],
    ],
  ],
  [
    'socat with a terminal that calls',
    5556,
    4,
    [
      ['client', '\x1b[?2004hroot@web01:/root# '],
      ['server', 'id\n'],
      ['client', 'id\r\n\x1b[?2004l\r'],
      ['client', 'uid=0(root) gid=0(root) groups=0(root)\r\n'],
    ],
  ],
  [
    'bash that calls the port of DNS',
    53,
    2,
    [
      ['client', 'bash: cannot set terminal process group (291): Inappropriate ioctl for device\n'],
      ['client', 'bash: no job control in this shell\n'],
      ['client', 'root@web01:/var/www# '],
      ['server', 'id\n'],
      ['client', 'i'],
    ],
  ],
])('%s', async (_what, port, frame, lines) => {
  const [finding, ...others] = await run(lines, port);
  expect(others).toEqual([]);
  expect(finding).toMatchObject({
    subjects: [
      { role: 'client', address: CLIENT },
      { role: 'server', address: SERVER, port },
    ],
  });
  expect(finding!.evidence.frames).toContain(frame);
  expect(finding!.evidence.flows).toEqual(['udp:0']);
  expect(finding!.title).toContain('a remote shell');
  expect(checkFilter(finding!.evidence.filter).ok).toBe(true);
});

test.each<[string, number, Lines]>([
  [
    'two people',
    4444,
    [
      ['client', 'hello\n'],
      ['server', 'hi, how are you?\n'],
      ['client', 'id\n'],
      ['server', 'which one?\n'],
    ],
  ],
  ['a log line about a shell', 514, [['client', '<13>Jan  1 00:00:00 web01 sh: bash: no job control in this shell\n']]],
  ['a log line about a shell, on a port of its own', 5140, [['client', '<13>Jan  1 00:00:00 web01 sh: bash: no job control in this shell\n']]],
  [
    'measurements',
    8125,
    [
      ['client', 'web01.requests:1|c\n'],
      ['client', 'uid=5:1|c\n'],
    ],
  ],
])('silent on %s', async (_what, port, lines) => expect(await run(lines, port)).toEqual([]));
