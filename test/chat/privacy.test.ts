/** What leaves this machine in each mode, and that the reader sees the originals. Forms of addresses are those of the RFCs named in internalAddresses.ts. */
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { answerRequest } from '../../src/chat/answerRequest.ts';
import { ownAddress } from '../../src/chat/internalAddresses.ts';
import { ledger } from '../../src/chat/ledger.ts';
import { pseudonyms } from '../../src/chat/pseudonyms.ts';
import { seenCaptures } from '../../src/chat/seenCaptures.ts';
import { FakeCaptureStore } from '../support/fakeCaptureStore.ts';
import { growth, IN_PROPORTION } from '../support/growth.ts';
import { MockClaude } from './support/mockClaude.ts';
import { TestHost } from './support/testHost.ts';

const SHARED = path.resolve(import.meta.dirname, '../../../shared/captures');
const KEY = { value: 'sk-ant-test-0123456789abcdef', from: 'environment' } as const;
let mock: MockClaude;
beforeEach(async () => {
  mock = await new MockClaude().start();
});
afterEach(() => mock.stop());

test.each([
  '10.1.2.3',
  '172.31.0.1',
  '192.168.1.1',
  '100.64.0.1',
  '169.254.7.7',
  'fe80::1',
  'fd00:1::5',
  '::ffff:10.0.0.1',
  '2001:db8::211:22ff:fe33:4455',
  '64:ff9b::10.0.0.1',
])('%s is internal', (address) => {
  expect(ownAddress({})(address)).toBe(true);
  const hidden = pseudonyms().hide(`x ${address}, "${address}" (${address}).`);
  expect(hidden).toBe('x HOST_1, "HOST_1" (HOST_1).');
});

test.each(['8.8.8.8', '172.32.0.1', '100.128.0.1', '2001:db8::1', '1.2.3', '09:11:40', 'TLS 1.3'])('%s stays', (text) => {
  expect(pseudonyms().hide(`x ${text} y`)).toBe(`x ${text} y`);
});

test.each([
  ['ip.addr == 10.0.0.5 && tcp.port == 443', 'ip.addr == HOST_1 && tcp.port == 443'],
  ['10.0.0.5:443 → 10.0.0.5', 'HOST_1:443 → HOST_1'],
  ['5.0.0.10.in-addr.arpa', 'HOST_1'],
  ['00:11:22:aa:bb:cc and 00-11-22-AA-BB-CC', 'MAC_1 and MAC_2'],
  ['anna@corp.example', 'MAIL_1'],
  ['GET /find?q=anna&x=1 HTTP/1.1', 'GET /find?QUERY_1 HTTP/1.1'],
  ['srv-7.corp.local asked dns.qry.name', 'NAME_1 asked dns.qry.name'],
  ['open my-office.pcapng.gz', 'open FILE_1'],
  ['C: USER anna', 'C: USER USER_1'],
  ['dhcp.option.hostname: alice', 'dhcp.option.hostname: NAME_1'],
  ['it answered filesrv, printr with it', 'it answered NAME_1, NAME_2 with it'],
])('%j becomes %j, and is restored', (text, hidden) => {
  const names = pseudonyms();
  expect(names.hide(text)).toBe(hidden);
  expect(names.restore(hidden)).toBe(text);
});

test('names are learned, kept, and the same in every case', () => {
  const names = pseudonyms();
  names.learn('NAME', 'DESKTOP-7');
  names.learn('USER', 'anna');
  expect(names.hide('Did anna use desktop-7? Not annabel.')).toBe('Did USER_1 use NAME_1? Not annabel.');
  const again = pseudonyms({}, names.table);
  expect(again.hide('ANNA 10.0.0.1')).toBe('USER_1 HOST_1');
});

test('the user adds networks', () => {
  expect(pseudonyms({ also: ['203.0.113.0/24', '2001:db8:1::/48', 'nonsense'] }).hide('203.0.113.9 2001:db8:1::7 203.0.114.1')).toBe(
    'HOST_2 HOST_1 203.0.114.1',
  );
});

test('a token that a packet made up is not restored as ours', () => {
  const names = pseudonyms();
  names.hide('10.0.0.5');
  expect(names.restore(names.hide('HOST_7 says hi'))).toBe('host-7 says hi');
});

test('a stream is restored however it is cut', () => {
  const names = pseudonyms();
  for (let i = 1; i <= 12; i++) names.hide(`10.0.0.${i}`);
  const text = 'HOST_1 and HOST_12: H, HOST, HOST_x, USER_9 (HOST_3).';
  for (let cut = 1; cut < text.length; cut++) {
    let shown = '';
    const stream = names.restoring((piece) => (shown += piece));
    stream.write(text.slice(0, cut));
    stream.write(text.slice(cut));
    stream.end();
    expect(shown).toBe('10.0.0.1 and 10.0.0.12: H, HOST, HOST_x, USER_9 (10.0.0.3).');
  }
});

test.each(['a.', 'a@', '10.', 'a:', '::', 'ff:', '?x', 'USER ', 'a-b.', 'HOST_'])('hiding takes time in proportion to the text: %j', (piece) => {
  expect(growth((size) => pseudonyms().hide(piece.repeat(size)))).toBeLessThan(IN_PROPORTION);
});

describe('a question', () => {
  test('leaves with tokens only; tools and the reader get the originals', async () => {
    const host = new TestHost(mock.url);
    host.apiKey = KEY;
    host.privacy = 'pseudonyms';
    host.table = pseudonyms();
    mock.turn = (n) => {
      const sent = JSON.stringify(mock.messageRequests().at(-1)?.body.messages);
      const file = /FILE_\d+/.exec(sent)?.[0] ?? 'FILE_0';
      if (n === 1) return { tools: [{ name: 'list_findings', input: { capture: file } }] };
      const attacker = /attacker (HOST_\d+)/.exec(sent)?.[1] ?? 'nobody';
      if (n === 2) return { tools: [{ name: 'list_packets', input: { capture: file, filter: `ip.src == ${attacker}`, limit: 1 } }] };
      return { text: `It was ${attacker} in ${file}.` };
    };
    await answerRequest({ command: undefined, prompt: 'who scanned 10.0.0.30 in Scan.pcap?', history: [] }, host);
    const sent = JSON.stringify(mock.messageRequests().map(({ body }) => body));
    expect(sent).not.toMatch(/10\.0\.0\.|Scan\.pcap/i);
    expect(sent).toContain('\\"total\\":60');
    expect(host.text).toContain('It was 10.0.0.66 in Scan.pcap.');
  });

  test('about another capture than the one in front: what is read for its names is not what the answer is about, and no attached name leaves', async () => {
    const host = new TestHost(mock.url).lookAt('quiet.pcap', { attached: ['quiet.pcap', 'Anna private notes'] });
    host.apiKey = KEY;
    host.privacy = 'pseudonyms';
    host.table = pseudonyms();
    const seen = seenCaptures(host.captures, [{ location: 'quiet.pcap', name: 'Anna private notes', bytes: 1, modifiedMs: 1 }]);
    mock.turn = (n) => (n === 1 ? { tools: [{ name: 'list_findings', input: { capture: 'Scan.pcap' } }] } : { text: 'See [frame 1].' });
    const wrapped = Object.assign(Object.create(host) as TestHost, { captures: seen.captures, quiet: seen.quiet });
    await answerRequest({ command: undefined, prompt: 'and the scan?', history: [] }, wrapped);
    expect(seen.opened()).toEqual(['Scan.pcap']);
    expect(JSON.stringify(mock.messageRequests().map(({ body }) => body.messages))).not.toMatch(/Anna private|quiet\.pcap/);
  });

  test('with metadata gets no tool that quotes packets', async () => {
    const host = new TestHost(mock.url);
    host.apiKey = KEY;
    host.privacy = 'metadata';
    host.table = pseudonyms({ all: true });
    await answerRequest({ command: undefined, prompt: 'is 8.8.8.8 busy?', history: [] }, host);
    const [request] = mock.messageRequests();
    expect(request!.body.tools!.map(({ name }) => name)).not.toContain('get_packet');
    expect(JSON.stringify(request!.body.messages)).not.toContain('8.8.8.8');
  });
});

test('the ledger holds what was sent, and how much', () => {
  const kept = ledger(() => new Date(0));
  expect(kept.text()).toContain('Nothing was sent');
  kept.to('api.example', 'pseudonyms')({ system: 'S', messages: [{ role: 'user', parts: [{ kind: 'text', text: 'about HOST_1' }] }], tools: 3 });
  expect(kept.text()).toMatch(
    /1 requests?, \d+ bytes[\s\S]*1970-01-01T00:00:00\.000Z to api\.example, privacy: pseudonyms, 3 tools[\s\S]*about HOST_1/,
  );
});

test.skipIf(!fs.existsSync(SHARED))(
  'of no sample an internal address, a MAC address, a name or its file leaves',
  async () => {
    const samples = fs.readdirSync(SHARED).filter((each) => !/\.(?:md|tsv)$/.test(each) && fs.statSync(path.join(SHARED, each)).size < 300_000);
    const leaks: string[] = [];
    for (const name of samples) {
      const captures = new FakeCaptureStore({ [name]: fs.readFileSync(path.join(SHARED, name)) });
      const host = new TestHost(mock.url, captures);
      host.apiKey = KEY;
      host.privacy = 'pseudonyms';
      host.table = pseudonyms();
      mock.requests.length = 0;
      const calls = [
        { name: 'analyze_network', input: { limit: 20 } },
        { name: 'list_findings', input: {} },
        { name: 'list_packets', input: { limit: 100 } },
        { name: 'get_packet', input: { frame: 1, limit: 300 } },
        { name: 'get_packet', input: { frame: 5, limit: 300 } },
        { name: 'list_conversations', input: { layer: 'eth' } },
        { name: 'get_statistics', input: { of: 'hosts', limit: 100 } },
        { name: 'get_statistics', input: { of: 'services', limit: 100 } },
        { name: 'get_statistics', input: { of: 'files', limit: 100 } },
        { name: 'query_protocol', input: { protocol: 'dns' } },
        { name: 'query_protocol', input: { protocol: 'http' } },
        { name: 'query_protocol', input: { protocol: 'nbns' } },
      ];
      mock.turn = (n) => (n === 1 ? { tools: calls } : { text: 'Done.' });
      await answerRequest({ command: undefined, prompt: `what is ${name}?`, history: [] }, host);
      const sent = JSON.stringify(mock.messageRequests().map(({ body }) => body.messages));
      const own = ownAddress({});
      for (const [address] of sent.matchAll(/(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])|(?<![\w:])(?:fe80|f[cd][0-9a-f]{2}):[0-9a-f:]+/g))
        if (own(address)) leaks.push(`${name}: ${address}`);
      for (const [mac] of sent.matchAll(/(?<![\w:])[0-9a-f]{2}(?::[0-9a-f]{2}){5}(?![\w:])/gi)) leaks.push(`${name}: ${mac}`);
      if (sent.includes(name)) leaks.push(`${name}: its name`);
      const [file] = await captures.list().then((listed) => (listed.ok ? listed.files : []));
      const opened = await captures.open(file!);
      if (!opened.ok) continue;
      const report = await opened.capture.call('report', { selection: { filter: '', timeRange: null }, limit: Infinity });
      for (const { names } of report.endpoints)
        for (const each of names)
          if (each.length > 3 && new RegExp(`(?<![\\w.-])${each.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}(?![\\w-])`, 'i').test(sent))
            leaks.push(`${name}: ${each}`);
    }
    expect([...new Set(leaks)].slice(0, 40)).toEqual([]);
  },
  120_000,
);
