/** The slash commands without a model. Ports, frames and counts are those of the packets that testHost.ts builds: 60 SYNs from 10.0.0.66 to 10.0.0.30. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { EVERYTHING } from '../../src/analysis/engineApi.ts';
import { answerRequest, commandOf, type ChatResult } from '../../src/chat/answerRequest.ts';
import { cluesOf } from '../../src/chat/commands/huntWords.ts';
import { aboutOf } from '../../src/chat/commands/oneCapture.ts';
import { AT_NOTHING, type Looking } from '../../src/chat/looking.ts';
import { EXPLAIN_FOR } from '../../src/chat/prompt.ts';
import { sample } from '../support/analyzeCapture.ts';
import { FakeCaptureStore } from '../support/fakeCaptureStore.ts';
import { FIN, PacketBuilder, SYN } from '../support/packetBuilder.ts';
import { TestHost } from './support/testHost.ts';

async function say(
  command: string | undefined,
  prompt = '',
  looking: Partial<Looking> = {},
): Promise<{ text: string; result: ChatResult; host: TestHost }> {
  const host = new TestHost().lookAt(null, looking);
  const result = await answerRequest({ command, prompt, history: [] }, host);
  expect(host.captures.givenOut).toBe(0);
  return { text: host.text, result, host };
}

const breakIn = (): Uint8Array => gunzipSync(readFileSync(sample('break-in.pcap.gz')));

const findingId = async (): Promise<string> => /\[finding (port-scan-[0-9a-f]{8})\]/.exec((await say('analyze', 'latest')).text)![1]!;

describe('/explain', () => {
  test('a finding: what happened, who, what was measured, what else it could be, what to do', async () => {
    const id = await findingId();
    const { text, result } = await say('explain', id);
    expect(text).toMatch(/^\*\*10\.0\.0\.66 tried 60 TCP ports on 10\.0\.0\.30/);
    expect(text).toMatch(
      /\*\*How serious\.\*\* medium: a real attempt\.[\s\S]*\*\*What happened\*\*[\s\S]*frames 1, 2[\s\S]*\*\*Who\*\*[\s\S]*attacker: `10\.0\.0\.66`[\s\S]*\*\*What was measured\*\*[\s\S]*reported from[\s\S]*\*\*What to do\*\*[\s\S]*built-in summary/,
    );
    expect(result.followUps.map(({ command }) => command)).toEqual(['timeline', 'report']);
    expect((await say('explain', `finding ${id} of Scan.pcap`)).text).toBe(text);
    expect((await say('explain', 'the port scan in Scan.pcap')).text).toBe(text);
  });

  test.each(['the worst finding', 'the most serious problem', 'the first finding', 'finding 1', 'finding #1'])(
    '%s is one of the list',
    async (which) => {
      expect(commandOf({ command: undefined, prompt: `explain ${which} of Scan.pcap` })).toMatchObject({ command: { id: 'explain' } });
      expect((await say('explain', `${which} of Scan.pcap`)).text).toMatch(/^\*\*10\.0\.0\.66 tried 60 TCP ports on 10\.0\.0\.30/);
    },
  );
  test('the twelfth finding of one is none', async () => {
    expect((await say('explain', 'finding 12 of Scan.pcap')).text).not.toMatch(/^\*\*10\.0\.0\.66/);
  });

  test('an incident: what happened in order, who, and what it is made of', async () => {
    // Port scans of two kinds by one, within seconds: one incident of two findings.
    const packets = new PacketBuilder();
    for (const [target, flags] of [
      ['10.0.0.30', SYN],
      ['10.0.0.31', FIN],
    ] as const)
      for (let port = 1; port <= 40; port++)
        packets.tcp({ from: '10.0.0.66', to: target, sourcePort: 50_000, destinationPort: port, flags }).wait(0.1);
    const captures = new FakeCaptureStore({ 'two.pcap': packets.bytes() });
    const opened = await captures.open({ location: 'two.pcap', name: 'two.pcap', bytes: 0, modifiedMs: 0 });
    if (!opened.ok) throw new Error(opened.message);
    const { incidents } = await opened.capture.call('report', { selection: EVERYTHING, limit: Infinity });
    expect(incidents).toHaveLength(1);
    const host = new TestHost('', captures);
    await answerRequest({ command: 'explain', prompt: incidents[0]!.id, history: [] }, host);
    expect(host.text).toMatch(
      /\*\*How serious\.\*\* \w+, \d+ % sure: 2 findings that belong together[\s\S]*in order of time[\s\S]*\[frame 1\][\s\S]*\[frame 41\][\s\S]*`10\.0\.0\.66`: attacker[\s\S]*What it is made of[\s\S]*What to do/,
    );
  });

  test('without a word what is chosen in the editor, else the gravest finding', async () => {
    const id = await findingId();
    const gravest = (await say('explain')).text;
    expect(gravest).toContain('tried 60 TCP ports');
    expect((await say('explain', '', { capture: 'Scan.pcap', finding: id })).text).toBe(gravest);
    expect((await say('explain', 'this packet', { capture: 'Scan.pcap', frame: 7 })).text).toMatch(/^\*\*Frame 7 is a packet/);
    expect((await say('explain', '', { capture: 'Scan.pcap', flow: 'tcp:3' })).text).toMatch(
      /^\*\*`10\.0\.0\.66` port 50000 talked to `10\.0\.0\.30` port 4/,
    );
    expect((await say('explain', '', { capture: 'quiet.pcap', host: '10.0.0.2' })).text).toMatch(/^\*\*`10\.0\.0\.2`: nothing was found against it/);
  });

  test('a packet: what it says, its conversation, its findings', async () => {
    const { text, result } = await say('explain', 'frame 12');
    expect(text).toMatch(/^\*\*Frame 12 is a packet of \d+ B from `10\.0\.0\.66` to `10\.0\.0\.30`: `TCP`\.\*\*/);
    expect(text).toMatch(/50000[\s\S]*12[\s\S]*SYN[\s\S]*\[flow tcp:11\][\s\S]*Findings it is evidence of[\s\S]*\[finding port-scan-/);
    expect(result.capture?.name).toBe('Scan.pcap');
    expect((await say('explain', 'frame 999')).text).toContain('holds frames 1 to 60');
  });

  test('a conversation and an address', async () => {
    expect((await say('explain', 'flow tcp:0')).text).toMatch(/sent 1 packet[\s\S]*it was tried and never answered[\s\S]*Findings about it/);
    expect((await say('explain', 'tcp:99')).text).toContain('there are tcp:0 to tcp:59');
    expect((await say('explain', '10.0.0.66')).text).toMatch(
      /1 finding, as attacker[\s\S]*60 packets: sent[\s\S]*Whom it talked to[\s\S]*`10\.0\.0\.30`, contacted by it/,
    );
    expect((await say('explain', '10.9.9.9')).text).toContain('does not appear in');
  });

  test('what is not there is answered with what is', async () => {
    expect((await say('explain', 'the dragon')).text).toMatch(
      /There is no finding `dragon` in `Scan\.pcap`\.[\s\S]*There is 1 finding[\s\S]*port-scan-/,
    );
    expect((await say('explain', 'anything of quiet.pcap')).text).toContain('There is no finding to explain.');
    expect((await say('explain', 'frame 1 of nothing.pcap')).text).toContain('Scan.pcap, quiet.pcap');
  });

  test('passwords in a packet stay hidden', async () => {
    const packets = new PacketBuilder().tcp({
      from: '10.0.0.1',
      to: '10.0.0.2',
      sourcePort: 40_000,
      destinationPort: 21,
      flags: 0x18,
      payload: new TextEncoder().encode('PASS hunter2-secret\r\n'),
    });
    const host = new TestHost('', new FakeCaptureStore({ 'ftp.pcap': packets.bytes() }));
    await answerRequest({ command: 'explain', prompt: 'frame 1', history: [] }, host);
    expect(host.text).toContain('Frame 1 is a packet');
    expect(host.text).not.toContain('hunter2');
  });
});

test('/explain of an upload has the conversation and the file', async () => {
  const host = new TestHost(undefined, new FakeCaptureStore({ 'break-in.pcap': breakIn() }));
  await answerRequest({ command: 'explain', prompt: 'data-exfiltration', history: [] }, host);
  // As tshark counts the stream and exports the file; see test/analysis/carriedFiles.test.ts.
  expect(host.text).toMatch(
    /\*\*Conversations\*\*\n\n- \[flow tcp:274\], `10\.20\.0\.20` port 40058 to `203\.0\.113\.80` port 80, HTTP: 11\.5 MB in 8,931 packets/,
  );
  expect(host.text).toMatch(/\*\*What they carried\*\*\n\n- `customers\.csv`: /);
});

describe('/hunt', () => {
  test('says what speaks for it, and which checks looked', async () => {
    const { text, result } = await say('hunt', 'somebody scanned our network');
    expect(text).toMatch(/^\*\*1 finding speaks for it; the most serious is of medium severity: 10\.0\.0\.66 tried 60 TCP ports/);
    expect(text).toMatch(
      /Checks that look for it[\s\S]*`host-sweep`: found nothing[\s\S]*`port-scan`: found something[\s\S]*What was looked at[\s\S]*60 packets[\s\S]*built-in summary/,
    );
    expect(result.followUps[0]).toMatchObject({
      command: 'explain',
      prompt: expect.stringMatching(/^port-scan-[0-9a-f]{8} of Scan\.pcap$/) as string,
    });
  });

  test('about an address counts only what is about it', async () => {
    expect((await say('hunt', '10.0.0.30 was attacked')).text).toMatch(/^\*\*1 finding speaks for it/);
    const { text } = await say('hunt', '10.0.0.99 was scanned');
    expect(text).toMatch(/^\*\*Nothing was found about `10\.0\.0\.99` by the \d checks/);
    expect(text).toMatch(/Of this kind, but about other addresses[\s\S]*10\.0\.0\.66/);
  });

  test('takes what often goes with a thing for no proof of it', async () => {
    // One request of curl in break-in, and nothing regular.
    const host = new TestHost(undefined, new FakeCaptureStore({ 'break-in.pcap': breakIn() }));
    await answerRequest({ command: 'hunt', prompt: 'beacons', history: [] }, host);
    expect(host.text).toMatch(/^\*\*Nothing was found by the \d checks that look for such a thing/);
    expect(host.text).toMatch(/\*\*Perhaps related\*\*\n\n- [^\n]*name of a library or a command-line tool/);
  });

  test('that no check is for says so, and asks for words where there are none', async () => {
    expect((await say('hunt', 'the moon is made of cheese')).text).toMatch(
      /^\*\*No check looks for such a thing, and nothing here has such a name\./,
    );
    expect((await say('hunt')).text).toContain('Say what you suspect');
  });

  test('knows what people call things', () => {
    const coverage = ['beaconing', 'dns-tunnel', 'port-scan', 'bad-certificate', 'data-exfiltration'].map((detector) => ({ detector }) as never);
    const checksOf = (text: string): string[] => [...cluesOf(text, { coverage }).checks].sort();
    expect(checksOf('is a host phoning home?')).toEqual(['beaconing', 'dns-tunnel']);
    expect(checksOf('Exfiltration over DNS')).toEqual(['data-exfiltration', 'dns-tunnel']);
    expect(checksOf('a port scan')).toEqual(['port-scan']);
    expect(checksOf('the port was closed')).toEqual([]);
    expect(cluesOf('did fe80::1 or 10.0.0.5:443 talk?', { coverage }).addresses).toEqual(['fe80::1', '10.0.0.5']);
  });
});

test('/timeline is in order of time, with the frames', async () => {
  const { text, result } = await say('timeline', 'of Scan.pcap');
  expect(text).toMatch(/^\*\*\d{4}-\d\d-\d\d \d\d:\d\d:\d\d to \d\d:\d\d:\d\d UTC, 5\.9 s: 1 finding\.\*\*/);
  expect(text).toMatch(
    /First packet\.\n- [\d:.]+ to [\d:.]+ \*\*medium\*\*, \d+ % sure: 10\.0\.0\.66 tried[^\n]*\[frame 1\] \[finding port-scan-[0-9a-f]{8}\]\n[\s\S]*Last packet\.[\s\S]*60 packets in all/,
  );
  expect(result.followUps.map(({ command }) => command)).toEqual(['explain', 'report']);
});

describe('/compare', () => {
  test('says which needs attention, and what only one has', async () => {
    const { text, result } = await say('compare', 'quiet.pcap and Scan.pcap');
    expect(text).toMatch(/^\*\*`Scan\.pcap` needs attention first: risk \d+ of 100, against 0 of `quiet\.pcap`\.\*\*/);
    expect(text).toMatch(
      /Only in `quiet\.pcap`[\s\S]*`10\.0\.0\.1`, `10\.0\.0\.2`[\s\S]*Only in `Scan\.pcap`[\s\S]*Finding, medium: 10\.0\.0\.66 tried[\s\S]*In both/,
    );
    expect(result.followUps.map(({ prompt }) => prompt)).toEqual(['quiet.pcap', 'Scan.pcap']);
  });

  test('takes what is attached, what is looked at, else the two newest', async () => {
    const asked = (await say('compare', 'quiet.pcap and Scan.pcap')).text;
    expect((await say('compare', '', { attached: ['quiet.pcap', 'Scan.pcap'] })).text).toBe(asked);
    expect((await say('compare', 'Scan.pcap', { capture: 'quiet.pcap' })).text).toBe(asked);
    expect((await say('compare', 'this with Scan.pcap', { capture: 'quiet.pcap' })).text).toBe(asked);
    expect((await say('compare')).text).toContain('Only in `quiet.pcap`');
    expect((await say('compare', 'a.pcap and Scan.pcap')).text).toContain('There is no capture called');
  });
});

describe('/report', () => {
  test('writes the file, says where, and sums it up', async () => {
    const { text, result, host } = await say('report');
    expect([...host.saved!.keys()]).toEqual(['Scan-report.md']);
    expect(host.saved!.get('Scan-report.md')).toContain('# Netsec report: Scan.pcap');
    expect(text).toMatch(
      /^\*\*The report of `Scan\.pcap` was written to `reports\/Scan-report\.md`\*\*[\s\S]*\*\*Security status\.\*\*[\s\S]*built-in summary/,
    );
    expect(result).toMatchObject({ file: { location: 'file:///reports/Scan-report.md' }, capture: { name: 'Scan.pcap' } });
  });

  test.each([
    ['of quiet.pcap as json', 'quiet-report.json'],
    ['quiet.pcap html', 'quiet-report.html'],
    ['as csv', 'Scan-report.csv'],
    ['of the latest capture', 'Scan-report.md'],
    ['quiet', 'quiet-report.md'],
  ])('%j writes %s', async (prompt, name) => {
    expect([...(await say('report', prompt)).host.saved!.keys()]).toEqual([name]);
  });

  test('writes nothing when the user does not want it, and says no more', async () => {
    const host = new TestHost();
    host.saved = null;
    const result = await answerRequest({ command: 'report', prompt: '', history: [] }, host);
    expect(host.text.trim()).toBe('Nothing was written.');
    expect(result.file).toBeNull();
  });
});

test('/analyze tells what is in the selection, too', async () => {
  const { text } = await say('analyze', '', { capture: 'Scan.pcap', filter: 'tcp.dstport == 22', timeRange: { from: 0, to: 5 } });
  expect(text).toMatch(/In your selection \(`tcp\.dstport == 22`, 0\.000 s to 5\.000 s\)\*\*\n\n- 1 packet of 60/);
  expect((await say('analyze', 'Scan.pcap', { capture: 'quiet.pcap', filter: 'tcp' })).text).not.toContain('In your selection');
});

test.each([
  ['frame 12 of a.pcap', 'frame 12', 'a.pcap'],
  ['frame 12', 'frame 12', 'looked.pcap'],
  ['in "my office.pcapng"', '', 'my office.pcapng'],
  ['of this capture', '', 'looked.pcap'],
  ['the scan in the latest capture', 'the scan', 'latest'],
  ['data went out of the network', 'data went out of the network', 'looked.pcap'],
])('%j is about %j in %s', (text, what, capture) => {
  expect(aboutOf(text, { ...AT_NOTHING, capture: 'looked.pcap' })).toEqual({ what, capture });
});

test.each([
  ['explain frame 12', 'explain', 'frame 12'],
  ['what is frame 12 of a.pcap?', 'explain', 'frame 12 of a.pcap'],
  ['Explain this packet.', 'explain', 'this packet'],
  ['explain 10.0.0.5', 'explain', '10.0.0.5'],
  ['what is this?', 'analyze', ''],
  ['What happened in this capture, and is anything in it dangerous?', 'analyze', ''],
  ['What did 10.0.0.5 do?', 'explain', '10.0.0.5'],
  ['What is frame 12 doing in this capture, and is it a problem?', 'explain', 'frame 12'],
  ['What happened in the conversation tcp:3 between 10.0.0.5:1 and 10.0.0.9:80?', 'explain', 'tcp:3'],
  ['Explain the finding port-scan-0123abcd (10.0.0.5 tried 9 ports). Is it real, and what should I do?', 'explain', 'port-scan-0123abcd'],
  ['Tell the story of the incident incident-0123abcd (A scan) step by step. What should I do first?', 'explain', 'incident-0123abcd'],
  ['what is the server doing?', undefined, 'what is the server doing?'],
  ['explain why TLS is slow', undefined, 'explain why TLS is slow'],
  ['what is DNS?', undefined, 'what is DNS?'],
  ['hunt for beacons', 'hunt', 'beacons'],
  ['show me the timeline', 'timeline', ''],
  ['timeline of a.pcap', 'timeline', 'of a.pcap'],
  ['compare a.pcap and b.pcap', 'compare', 'a.pcap and b.pcap'],
  ['compare these two', 'compare', ''],
  ['compare the upload rates of both hosts', undefined, 'compare the upload rates of both hosts'],
  ['write the report', 'report', ''],
  ['write a report of a.pcap as html', 'report', 'of a.pcap as html'],
  ['report any DNS failures', undefined, 'report any DNS failures'],
])('%j means /%s', (words, id, argument) => {
  const meant = commandOf({ command: undefined, prompt: words });
  expect([meant.command?.id, meant.argument]).toEqual([id, argument]);
});

test('what packets and file names say cannot become a link, an image or a heading in any answer', async () => {
  const bad = '![x](https://evil.example/?q=1) [click](command:workbench.action.quit) <img src=x>.pcap';
  const packets = new PacketBuilder().tcp({
    from: '10.0.0.1',
    to: '10.0.0.2',
    sourcePort: 40_000,
    destinationPort: 80,
    flags: 0x18,
    payload: new TextEncoder().encode(`GET /![x](https://evil.example/) HTTP/1.1\r\nHost: [click](command:x)\r\nUser-Agent: <img src=x>\r\n\r\n`),
  });
  for (const reader of EXPLAIN_FOR)
    for (const [command, prompt] of [
      ['explain', 'frame 1'],
      ['explain', bad],
      ['explain', 'tcp:0'],
      ['explain', '10.0.0.1'],
      ['hunt', bad],
      ['timeline', ''],
      ['report', ''],
      ['list', ''],
      ['analyze', ''],
      ['compare', bad],
    ] as const) {
      const host = new TestHost('', new FakeCaptureStore({ [bad]: packets.bytes(), 'b.pcap': packets.bytes() })).lookAt(bad);
      host.reader = reader;
      await answerRequest({ command, prompt, history: [] }, host);
      const outsideOfCode = host.text.replace(/(`+)[\s\S]*?\1/g, '');
      expect(outsideOfCode, `${command} ${prompt}`).not.toMatch(/\]\(|https?:|<img|^#/m);
    }
});
