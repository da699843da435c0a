/**
 * Of no sample an internal address, a hardware address, a name, a user or a secret leaves in the modes `pseudonyms` and `metadata`; in `metadata` no public
 * address and nothing out of packets, either. What there is to be hidden is said by
 * tshark, and searched for in the bytes that a server on loopback received.
 */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CaptureFile } from '../../src/analysis/captureFiles.ts';
import type { CaptureStore, Opened } from '../../src/analysis/captureStore.ts';
import { answerRequest } from '../../src/chat/answerRequest.ts';
import { pseudonyms } from '../../src/chat/pseudonyms.ts';
import { FakeCaptureStore } from '../support/fakeCaptureStore.ts';
import { MockClaude } from './support/mockClaude.ts';
import { toldBy } from './support/oracle.ts';
import { TestHost } from './support/testHost.ts';

const FOLDERS = ['../../captures', '../../../shared/captures'].map((each) => path.resolve(import.meta.dirname, each));
const SAMPLES = FOLDERS.flatMap((folder) =>
  fs.existsSync(folder)
    ? fs
        .readdirSync(folder)
        .filter((name) => /\.(?:pcap|pcapng|cap|snoop)$/.test(name))
        .map((name) => path.join(folder, name))
    : [],
);
const hasTshark = ((): boolean => {
  try {
    execFileSync('tshark', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();
if (!hasTshark) console.warn('tshark is not installed: that nothing private of the samples leaves was NOT tested.');
if (!hasTshark && process.env['CI'] !== undefined) throw new Error('tshark is needed to test that nothing private leaves');

/** RFC 1918, 6598, 3927, 4193, 4291, and what the "user" of this test adds. Written here once more, so that a mistake of ours is seen. */
const internal = new net.BlockList();
for (const [address, bits] of [['10.0.0.0', 8], ['172.16.0.0', 12], ['192.168.0.0', 16], ['100.64.0.0', 10], ['169.254.0.0', 16], ['131.202.240.0', 21]] as const) internal.addSubnet(address, bits, 'ipv4'); // prettier-ignore
for (const [address, bits] of [
  ['fc00::', 7],
  ['fe80::', 10],
  ['2001:470:e5bf::', 48],
] as const)
  internal.addSubnet(address, bits, 'ipv6');
const ADDED = ['131.202.240.0/21', '2001:470:e5bf::/48'];
const isInternal = (address: string): boolean => net.isIP(address) > 0 && internal.check(address, net.isIP(address) === 6 ? 'ipv6' : 'ipv4');

/** Of groups, of all, of none: they tell of nobody. */
const isNobodys = (address: string): boolean => /^(?:0\.|127\.|22[4-9]\.|23\d\.|255\.|ff|::1?$)/.test(address);

/** Words that stand in every capture, and tell of nobody. */
const PUBLIC =
  /^(?:anonymous|guest|public|localhost(?::\d+)?|local|workgroup|domain|krbtgt|host|cifs|ldap|http|https|test|user|users|admin|root|none|null|unknown|server|client|example|invalid|<root>|\*|_?msdcs|mdns|version|utf-?8|unicode|sql_ascii|iso|mdy|iso, mdy|on|off|psql|basic|negotiate|ntlm|to|from|mail|rcpt|size|www|ftp|com|org|net|files|ignore all previous .*)$/i;

/** One capture, read once, its engine asked once for each thing: what comes of the same answer is what differs between the modes. */
class ReadOnce implements CaptureStore {
  readonly #store: FakeCaptureStore;
  #opened: Promise<Opened> | undefined;
  readonly file: string;
  constructor(file: string) {
    this.file = file;
    this.#store = new FakeCaptureStore({ [path.basename(file)]: fs.readFileSync(file) });
  }
  list = (): ReturnType<CaptureStore['list']> => this.#store.list();
  resolve = (which: string): ReturnType<CaptureStore['resolve']> => this.#store.resolve(which);
  open = (file: CaptureFile): Promise<Opened> => (this.#opened ??= this.#read(file));

  async #read(file: CaptureFile): Promise<Opened> {
    const opened = await this.#store.open(file);
    if (!opened.ok) return opened;
    const { capture } = opened,
      answers = new Map<string, Promise<unknown>>();
    const call: typeof capture.call = (method, params, signal) => {
      const key = `${method} ${JSON.stringify(params)}`,
        known = answers.get(key) ?? capture.call(method, params, signal);
      answers.set(key, known);
      return known as ReturnType<typeof capture.call<typeof method>>;
    };
    return { ok: true, capture: { ...capture, call } };
  }
}

let reading: ReadOnce | undefined;

/** The modes of a capture are tested one after the other. */
function readOnce(file: string): ReadOnce {
  if (reading?.file !== file) reading = new ReadOnce(file);
  return reading;
}

const mock = new MockClaude();
beforeAll(() => mock.start());
afterAll(() => mock.stop());

/** Everything that a model may ask for, and more of it than it would. */
const CALLS = [
  { name: 'list_captures', input: {} },
  { name: 'analyze_network', input: {} },
  { name: 'analyze_network', input: { limit: 30 } },
  { name: 'list_findings', input: { limit: 50 } },
  { name: 'get_timeline', input: {} },
  { name: 'list_packets', input: { limit: 200 } },
  ...[1, 2, 3, 4, 5, 8, 12, 20].map((frame) => ({ name: 'get_packet', input: { frame, limit: 500 } })),
  ...['eth', 'ip', 'ipv6', 'tcp', 'udp'].map((layer) => ({ name: 'list_conversations', input: { layer, limit: 50 } })),
  { name: 'get_statistics', input: { of: 'hosts', limit: 100 } },
  { name: 'get_statistics', input: { of: 'files', limit: 100 } },
  ...['dns', 'http', 'nbns', 'tls', 'smb2', 'smb', 'ntlmssp', 'kerberos', 'ftp', 'pop', 'imap', 'smtp', 'dhcp', 'sip', 'snmp', 'telnet', 'mdns', 'arp', 'http2', 'ldap', 'pgsql', 'mqtt'].map((protocol) => ({ name: 'query_protocol', input: { protocol, limit: 100 } })), // prettier-ignore
  { name: 'follow_stream', input: { flow: 'tcp:0' } },
];

async function sentAbout(
  file: string,
  privacy: 'pseudonyms' | 'metadata',
): Promise<{ readonly sent: string; readonly shown: string; readonly first: string | null }> {
  const name = path.basename(file),
    host = new TestHost(mock.url, readOnce(file) as unknown as FakeCaptureStore);
  host.apiKey = { value: 'sk-ant-test-0123456789abcdef', from: 'environment' };
  host.privacy = privacy;
  host.table = pseudonyms({ also: ADDED, all: privacy === 'metadata' });
  const told = toldBy(file),
    mine = [...told.address].filter(isInternal).slice(0, 3),
    who = [...mine, ...[...told.user].slice(0, 2).map((user) => `user ${user}`), ...[...told.mac].slice(0, 1)];
  mock.bodies.length = 0;
  const prompt = `What did ${who.join(' and ')} do in ${name}?`;
  for (let at = 0; at < CALLS.length; at += 16) {
    mock.requests.length = 0;
    mock.turn = (n) => {
      if (n === 1) return { tools: CALLS.slice(at, at + 16) };
      return { text: `It is about ${/HOST_\d+/.exec(JSON.stringify(mock.messageRequests().at(-1)?.body.messages))?.[0] ?? 'nothing'}.` };
    };
    await answerRequest({ command: undefined, prompt, history: [] }, host);
  }
  return { sent: mock.bodies.join('\n'), shown: host.text, first: mine[0] ?? null };
}

describe.skipIf(!hasTshark)('nothing private leaves of', () => {
  test.each(SAMPLES.flatMap((file) => (['pseudonyms', 'metadata'] as const).map((privacy) => [path.basename(file), privacy, file] as const)))(
    '%s: %s',
    async (name, privacy, file) => {
      const told = toldBy(file),
        { sent, shown, first } = await sentAbout(file, privacy),
        lower = sent.toLowerCase();
      expect(mock.bodies.length).toBeGreaterThan(5);
      const leaks: string[] = [];
      const look = (kind: string, value: string, edge = '[\\w.-]'): void => {
        const wanted = value.toLowerCase();
        if (!lower.includes(JSON.stringify(wanted).slice(1, -1))) return;
        const escaped = JSON.stringify(wanted)
          .slice(1, -1)
          .replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
        const found = new RegExp(`(?<!${edge})${escaped}(?!${edge})`).exec(lower);
        if (found !== null) leaks.push(`${kind} ${value}: …${sent.slice(Math.max(0, found.index - 80), found.index + value.length + 30)}…`);
      };
      look('file', name);
      for (const address of told.address)
        if (net.isIP(address) > 0 && (isInternal(address) || (privacy === 'metadata' && !isNobodys(address)))) look('address', address, '[\\w:]');
      for (const mac of told.mac) if (!/^(?:ff:){5}ff$|^00:00:00:00:00:00$|^01:00:5e|^33:33/.test(mac)) look('mac', mac, '[\\w:]');
      for (const each of told.name)
        if (each.length >= 4 && !PUBLIC.test(each) && !/^[\d.]+$/.test(each) && /[a-z]/i.test(each)) look('name', each.replace(/<..>$/, '').trim());
      for (const each of told.user) if (each.length >= 3 && !PUBLIC.test(each) && !/^\d+$/.test(each)) look('user', each);
      for (const each of told.secret) if (each.length >= 4 && !PUBLIC.test(each)) look('secret', each);
      for (const each of told.mail) if (each.includes('@')) look('mail', /[^\s<>:;"]+@[^\s<>:;"]+/.exec(each)?.[0] ?? each, '\\w');
      expect([...new Set(leaks)].slice(0, 12)).toEqual([]);
      // The reader is told the original.
      if (first !== null) expect(shown).not.toMatch(/HOST_\d/);
    },
    120_000,
  );
});
