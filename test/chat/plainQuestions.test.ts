/** Free questions without a model. Bytes and counts are those of the packets that are built here, names those that they say. */
import fs from 'node:fs';
import { describe, expect, test } from 'vitest';
import { answerRequest } from '../../src/chat/answerRequest.ts';
import type { Looking } from '../../src/chat/looking.ts';
import { plainQuestionIn, plainQuestions } from '../../src/chat/plainQuestions.ts';
import * as questions from '../../src/chat/questions/registry.ts';
import { sample } from '../support/analyzeCapture.ts';
import { bytesOf, CLIENT, dialogue, SERVER, web } from '../support/dialogue.ts';
import { FakeCaptureStore } from '../support/fakeCaptureStore.ts';
import { ACK, PacketBuilder, PSH, RST, SYN } from '../support/packetBuilder.ts';
import { connection, HANDSHAKE } from '../support/services.ts';
import { TestHost } from './support/testHost.ts';

/** A page after 1.5 seconds, one that is not there, a file, a service that refuses, a name that is not, and one large datagram to a quiet host. */
function office(): PacketBuilder {
  const packets = new PacketBuilder();
  packets.udp({ from: CLIENT, to: '10.0.0.1', sourcePort: 5353, destinationPort: 53, payload: question(0x0100) });
  packets.wait(0.01).udp({ from: '10.0.0.1', to: CLIENT, sourcePort: 53, destinationPort: 5353, payload: question(0x8183) });
  dialogue(web('/slow.html', { answer: 'well' }), { builder: packets, gap: 1.5 });
  dialogue(web('/gone.html', { answer: 'no', status: '404 Not Found' }), { builder: packets, clientPort: 40_001 });
  dialogue(web('/tool.exe', { answer: `MZ${'\0'.repeat(58)}\x40\0\0\0PE\0\0${'x'.repeat(400)}` }), { builder: packets, clientPort: 40_002 });
  const refused = { from: CLIENT, to: '10.0.0.9', sourcePort: 40_003, destinationPort: 8443 };
  packets.tcp({ ...refused, flags: SYN, sequence: 1 });
  packets.tcp({ from: refused.to, to: CLIENT, sourcePort: 8443, destinationPort: 40_003, flags: RST | ACK, acknowledgment: 2 });
  return packets.udp({ from: '10.0.0.2', to: '10.0.0.3', sourcePort: 6000, destinationPort: 7000, payload: new Uint8Array(1400) });
}

/** nowhere.example.org, A; `flags` say whether it is a question, or that there is no such name. */
function question(flags: number): Uint8Array {
  return bytesOf(`\x12\x34${String.fromCharCode(flags >> 8, flags & 0xff)}\0\x01\0\0\0\0\0\0\x07nowhere\x07example\x03org\0\0\x01\0\x01`);
}

async function say(prompt: string, looking: Partial<Looking> = {}): Promise<string> {
  const host = new TestHost('http://127.0.0.1:9', new FakeCaptureStore({ 'office.pcap': office().bytes() })).lookAt(null, looking);
  await answerRequest({ command: undefined, prompt, history: [] }, host);
  expect(host.captures.givenOut).toBe(0);
  return host.text;
}

test('the order in which questions are tried is their own: in a bundle a registry has none', () => {
  const orders = plainQuestions.map(({ order }) => order);
  expect(orders).toEqual([...new Set(orders)].sort((a, b) => a - b));
});

describe('what is meant', () => {
  test.each(plainQuestions.map((one) => [one.example, one] as const))('%s', (example, one) => {
    expect(plainQuestionIn(example)).toBe(one);
  });

  test.each([
    ['Who is the top talker?', 'talkers'],
    ['which host used the most bandwidth', 'talkers'],
    ['What are the largest conversations?', 'talkers'],
    ['who is hogging the bandwidth?', 'talkers'],
    ['who talks to whom', 'talkers'],
    ['what domains were looked up', 'calledNames'],
    ['show all DNS queries', 'calledNames'],
    ['Which URLs did people visit?', 'calledNames'],
    ['why is the application so slow', 'troubles'],
    ['Are there any TCP retransmissions?', 'troubles'],
    ['which DNS queries failed', 'troubles'],
    ['my server doesn’t respond', 'troubles'],
    ['what went wrong?', 'troubles'],
    ['why do I get a 502', 'troubles'],
    ['were any documents uploaded?', 'transferredFiles'],
    ['list the files', 'transferredFiles'],
    ['what did 10.20.0.20 upload?', 'transferredFiles'],
    ['what was downloaded by 10.0.0.5', 'transferredFiles'],
    ['how long is this capture', 'size'],
    ['when was it recorded?', 'size'],
    ['which ports are open', 'usedProtocols'],
    ['what kinds of traffic are there', 'usedProtocols'],
    ['list all hosts', 'presentHosts'],
    ['what operating systems are used', 'presentHosts'],
    ['how many devices are on this network', 'presentHosts'],
    ['who is 10.0.0.5?', 'oneHost'],
    ['is fe80::1:2 a printer', 'oneHost'],
    ['what happened between 10.0.0.5 and 10.0.0.9?', 'betweenHosts'],
    ['why is 10.0.0.5 so slow', 'troubles'],
    ['which websites did 10.0.0.5 visit', 'calledNames'],
  ] as const)('%j is answered by %s', (words, name) => {
    expect(Object.entries(questions).find(([, one]) => one === plainQuestionIn(words))?.[0]).toBe(name);
  });

  test.each([
    'was 10.0.0.5 attacked?',
    'which host is infected',
    'were files stolen?',
    'is there a port scan',
    'who guessed passwords',
    'tell me a story',
    '',
    'is telnet used',
  ])('%j is none of them', (words) => {
    expect(plainQuestionIn(words)).toBeNull();
  });
});

describe('what is answered', () => {
  test('who talks most: the address with most bytes on the wire, and the largest conversation', async () => {
    const text = await say('who talks most?');
    expect(text).toMatch(new RegExp(`^\\*\\*\`${CLIENT}\` talks most: `));
    // 14 + 20 + 8 + 1400
    expect(text).toContain('`10.0.0.2`: sent 1.4 kB, received 0 B, in 1 packet');
    expect(text).toMatch(/\*\*Conversations\*\*\n\n- \[flow udp:1\], `10\.0\.0\.2` port 6000 to `10\.0\.0\.3` port 7000, UDP: 1\.4 kB in 1 packet$/m);
    expect(text).toMatch(/This tells which addresses[^\n]*Set Anthropic API Key[\s\S]*without a language model/);
  });

  test('who sends most is not who receives most', async () => {
    expect(await say('who sends most data?')).toMatch(/^\*\*`10\.0\.0\.2` sends most: 1\.4 kB\.\*\*/);
    expect(await say('who receives most?')).toMatch(/^\*\*`10\.0\.0\.3` receives most: 1\.4 kB\.\*\*/);
  });

  test('what failed: the refused connection, the missing page and name, and the page that took 1.5 seconds', async () => {
    const text = await say('what is slow, and what failed?');
    expect(text).toMatch(
      /^\*\*1 service failed at times; 1 service answered with errors; 1 service kept somebody waiting for 1 second or more; 1 name could not be had from DNS\.\*\*/,
    );
    expect(text).toMatch(/- `10\.0\.0\.9` port 8443, TCP: of 1 connection 1 refused/);
    expect(text).toMatch(new RegExp(`- \`${SERVER}\` port 80[^\\n]*HTTP: 1 of 3 requests \\([^)]*404 1 time`));
    expect(text).toMatch(/1\.5 s to `GET example\.org\/slow\.html` \[frame 7\]/);
    expect(text).toMatch(/- `nowhere\.example\.org`: no such name, asked 1 time \[frame 1\]/);
  });

  // tshark -r web-browsing.pcap -Y tls.alert_message.level==2: frame 277, Unknown CA (48).
  test('what failed in TLS: which side said what', async () => {
    const web = fs.readFileSync(sample('web-browsing.pcap')),
      host = new TestHost('http://127.0.0.1:9', new FakeCaptureStore({ 'web.pcap': web }));
    await answerRequest({ command: undefined, prompt: 'which TLS handshakes did not work?', history: [] }, host);
    expect(host.text).toMatch(
      /`10\.20\.0\.11` port 443[^\n]*: of 4 connections 1 failed in TLS \(TLS alert of the client: Unknown CA \(48\) 1 time \[frame 277\]\)/,
    );
  });

  test('what hangs: requests without a whole answer, over TCP as over UDP', async () => {
    const packets = connection(new PacketBuilder(), 8080, [
      ...HANDSHAKE,
      ['client', PSH | ACK, bytesOf('GET /big HTTP/1.1\r\nHost: shop.example\r\n\r\n'), 0.001],
      ['server', PSH | ACK, bytesOf('HTTP/1.1 200 OK\r\nContent-Length: 50000\r\n\r\n'), 7],
    ]);
    packets.udp({ from: CLIENT, to: '10.0.0.1', sourcePort: 5353, destinationPort: 53, payload: question(0x0100) });
    const host = new TestHost('http://127.0.0.1:9', new FakeCaptureStore({ 'hangs.pcap': packets.bytes() }));
    await answerRequest({ command: undefined, prompt: 'why does the download hang?', history: [] }, host);
    expect(host.text).toMatch(/^\*\*2 services left requests without a whole answer; /);
    expect(host.text).toMatch(/`10\.0\.0\.9` port 8080[^\n]*: 1 of 1 request, of which 1 had begun to be answered/);
    expect(host.text).toMatch(/`10\.0\.0\.1` port 53, DNS: 1 of 1 request\n/);
  });

  test('which websites: what was called and what was asked of DNS', async () => {
    const text = await say('which websites were visited?');
    expect(text).toMatch(/^\*\*1 name was called; 1 name was asked of DNS, 1 of them without an answer of use\.\*\*/);
    expect(text).toContain(`\`example.org\`, 3 times over HTTP at \`${SERVER}\` [frame 6]`);
  });

  test('which files: the program first', async () => {
    const text = await say('which files were downloaded?');
    expect(text).toMatch(/^\*\*3 files were transferred; 1 file can run\.\*\*\n\n\*\*Files\*\*\n\n- `tool\.exe`: [^\n]*\*\*can run\*\*; 468 B/);
    expect(await say('was any program downloaded?')).not.toContain('slow.html');
  });

  test('what one address uploaded: the file and the conversation, and nothing that it received', async () => {
    const text = await say(`what did ${SERVER} upload?`);
    // The three answers of the server, of which one is a program.
    expect(text).toMatch(/^\*\*`203\.0\.113\.9` sent 3 files; 1 file can run\.\*\*\n\n\*\*Files\*\*\n\n- `tool\.exe`/);
    expect(text).toMatch(/\*\*Where `203\.0\.113\.9` sent most\*\*\n\n- [\d.]+ k?B to `10\.0\.0\.5` port 40002 over HTTP \[flow tcp:2\]/);
    const none = await say(`what did ${CLIENT} upload?`);
    expect(none).toMatch(/^\*\*None that could be seen: no file was transferred from `10\.0\.0\.5` over/);
    expect(none).toMatch(/\*\*Where `10\.0\.0\.5` sent most\*\*\n\n- /);
    expect(await say(`which files did ${CLIENT} download?`)).toContain('`tool.exe`');
    expect(await say(`which files were downloaded from ${SERVER}?`)).toContain('`tool.exe`');
    expect(await say(`what was uploaded to ${SERVER}?`)).toContain(`no file was transferred to \`${SERVER}\``);
  });

  test('how many, and when', async () => {
    const text = await say('how many packets are there, and when?');
    expect(text).toMatch(/^\*\*20 packets, /);
    expect(text).toContain('From 2026-01-01 00:00:00');
    expect(text).toMatch(/- TCP: 4 conversations, \d+ endpoints\n- UDP: 2 conversations, 4 endpoints/);
  });

  test('one address: what it is, whom it talked to, what it called', async () => {
    const text = await say(`with whom did ${CLIENT} talk?`);
    expect(text).toMatch(/\*\*Whom it talked to\*\*\n\n- `203\.0\.113\.9`/);
    expect(text).toMatch(/\*\*Names it called\*\*\n\n- `example\.org` at `203\.0\.113\.9` over HTTP, 3 times \[frame 6\]/);
    expect(text).toMatch(/`nowhere\.example\.org` \(A, DNS\), 1 time: there is no such name \[frame 1\]/);
    expect(await say('who is 10.9.9.9?')).toMatch(/^\*\*`10\.9\.9\.9` does not appear in `office\.pcap`\.\*\*/);
  });

  test('two addresses: what passed between them', async () => {
    const text = await say(`what did ${CLIENT} and 10.0.0.9 talk about?`);
    expect(text).toMatch(/^\*\*`10\.0\.0\.5` and `10\.0\.0\.9`: 2 packets, 108 B\.\*\*/);
    expect(text).toMatch(/- \[flow tcp:3\]/);
    expect(await say(`did ${CLIENT} and 10.0.0.3 speak?`)).toContain('No packet of `10.0.0.5` and `10.0.0.3` with each other');
  });

  test('which protocols, and which devices', async () => {
    expect(await say('which protocols and services are used?')).toMatch(
      /\*\*Services used most\*\*\n\n- `203\.0\.113\.9` port 80[^\n]*, HTTP: 1 client, 3 connections/,
    );
    expect(await say('which devices are there?')).toMatch(/^\*\*5 addresses sent something: 4 of this network, 1 from outside\.\*\*/);
  });

  test('what is narrowed to an address is of its packets alone', async () => {
    const text = await say('which services of 10.0.0.9 failed?');
    expect(text).toContain('`10.0.0.9` port 8443');
    expect(text).not.toContain('slow.html');
  });

  test('what the user has selected in the editor is what is asked about, and that is said', async () => {
    const text = await say('how many packets are there?', { capture: 'office.pcap', filter: 'udp' });
    expect(text).toMatch(/^Of what you have selected \(`udp`\):\n\n\*\*3 packets, /);
    expect(await say('how many packets are there?', { capture: 'office.pcap', filter: 'udp and' })).toMatch(/^\*\*20 packets/);
  });

  test('an empty capture is answered, too', async () => {
    const captures = new FakeCaptureStore({ 'empty.pcap': new PacketBuilder().bytes() });
    for (const { example } of plainQuestions) {
      const host = new TestHost('http://127.0.0.1:9', captures);
      await answerRequest({ command: undefined, prompt: example, history: [] }, host);
      expect(host.text, example).toMatch(/^\*\*\S/);
      expect(host.text).not.toMatch(/NaN|undefined|Infinity/);
    }
  });

  test('what packets say stays text, and what is secret stays hidden', async () => {
    const bad = '![x](https://evil.example/?q=1)<img src=x>[click](command:quit)';
    const packets = dialogue(
      web(`/${encodeURIComponent('a')}.txt?password=hunter2secret`, {
        headers: `Host: ${bad}\r\nUser-Agent: ${bad}\r\n`,
        answer: 'text',
        answerHeaders: `Server: ${bad}\r\n`,
      }),
      { gap: 2 },
    );
    for (const { example } of plainQuestions) {
      const host = new TestHost('http://127.0.0.1:9', new FakeCaptureStore({ 'bad.pcap': packets.bytes() }));
      await answerRequest({ command: undefined, prompt: example.replaceAll('10.0.0.6', SERVER), history: [] }, host);
      expect(host.text).not.toContain('hunter2secret');
      const outsideOfCode = host.text.replace(/(`+)[\s\S]*?\1/g, '');
      expect(outsideOfCode, example).not.toMatch(/\]\(|https?:|<img|^#/m);
    }
  });
});

test('/help names the questions', async () => {
  const host = new TestHost();
  await answerRequest({ command: 'help', prompt: '', history: [] }, host);
  for (const { example } of plainQuestions) expect(host.text).toContain(`*${example}*`);
});
