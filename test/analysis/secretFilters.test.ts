/** A filter of an agent compares what the agent is told: whether a frame matches says nothing of a password. */
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { EVERYTHING } from '../../src/analysis/engineApi.ts';
import { runTool, type Tool } from '../../src/analysis/tool.ts';
import * as registry from '../../src/analysis/tools/registry.ts';
import { FakeCaptureStore } from '../support/fakeCaptureStore.ts';
import { withSession } from '../support/withSession.ts';

const CAPTURES = path.resolve(import.meta.dirname, '../../captures');

async function matching(name: string, filter: string, hidesSecrets: boolean): Promise<number[]> {
  return withSession(path.join(CAPTURES, name), async ({ handlers }) => {
    const selection = { ...EVERYTHING, filter, ...(hidesSecrets ? { hidesSecrets: true as const } : {}) },
      page = await handlers.packets({ selection, sort: null, offset: 0, limit: 1000 }, new AbortController().signal);
    return page.rows.map(({ frame }) => frame);
  });
}

/** As `tshark -Y` has them; of those the frames in which it is no password that matches: 85 and 87 are about the file notes.txt. */
describe('a password of FTP', () => {
  const PASSWORDS = [33, 72, 115, 168, 208, 255, 302];
  test.each([
    ['ftp.request.arg == "wrong"', [15], []],
    ['ftp.request.arg matches "^not"', [33, 72, 85, 87, 115, 168, 208, 255, 302], [85, 87]],
    ['frame contains "not-a-real"', PASSWORDS, []],
    ['tcp.payload contains "a-real"', PASSWORDS, []],
    ['ftp contains "real-password"', PASSWORDS, []],
    ['frame[71:3] == 6e:6f:74 and ftp.request.command == "PASS"', PASSWORDS, []],
    ['ftp.request.command == "PASS" and ftp.request.arg[0:1] == "w"', [15], []],
    ['ftp.request.command == "PASS" and not (ftp.request.arg != "wrong")', [15], []],
  ])('%s', async (filter, all, told) => {
    expect(await matching('ftp.pcap', filter, false)).toEqual(all);
    expect(await matching('ftp.pcap', filter, true)).toEqual(told);
  });
});

test('what is no secret is found as ever, in the same frames and in others', async () => {
  for (const [name, filter] of [
    ['ftp.pcap', 'ftp.request.command == "PASS"'],
    ['ftp.pcap', 'frame contains "PASS "'],
    ['ftp.pcap', 'ftp.request.command == "USER" and ftp.request.arg matches "."'],
    ['ftp.pcap', 'ftp.response.arg contains "230" or ftp.response.code == 230'],
    ['dns.pcap', 'dns.qry.name contains "example"'],
    ['dns.pcap', 'frame contains 07:65:78:61:6d:70:6c:65'],
    ['web-browsing.pcap', 'http.request.uri matches "png$" or http.host'],
    ['web-browsing.pcap', 'http.user_agent contains "curl" && ip.addr == 10.0.0.0/8'],
    ['capture_20261123_022453.pcap', 'tls.handshake.extensions_server_name contains "example"'],
    ['capture_20261123_022453.pcap', 'tcp.port == 443 and frame.len > 200'],
  ] as const) {
    const frames = await matching(name, filter, false);
    expect([filter, await matching(name, filter, true)]).toEqual([filter, frames]);
  }
});

/** The attack: halving what a letter may be, by what list_packets, graphs and reports count. */
test('no tool counts otherwise for a right guess than for a wrong one', async () => {
  const captures = new FakeCaptureStore({ 'ftp.pcap': fs.readFileSync(path.join(CAPTURES, 'ftp.pcap')) });
  const asked = async (tool: unknown, input: Readonly<Record<string, unknown>>): Promise<string> => {
    const result = await runTool(tool as Tool, input, { captures, maxCharacters: 1_000_000 });
    return JSON.stringify(result.ok ? result.output : result.message);
  };
  const right = 'frame.number == 33 && ftp.request.arg matches "^not[a-m-]"',
    wrong = 'frame.number == 33 && ftp.request.arg matches "^not[n-z]"';
  for (const [tool, input] of [
    [registry.listPackets, (filter: string) => ({ filter })],
    [registry.listConversations, (filter: string) => ({ filter })],
    [registry.getTimeline, (filter: string) => ({ filter })],
    [registry.getStatistics, (filter: string) => ({ of: 'protocols', filter })],
    [registry.getStatistics, (filter: string) => ({ of: 'graph', filter })],
    [registry.getStatistics, (filter: string) => ({ of: 'graph', filter: `COUNT(frame.number)${filter}` })],
    [registry.queryProtocol, (filter: string) => ({ protocol: 'ftp', filter })],
    [registry.analyzeNetwork, (filter: string) => ({ filter })],
    [registry.writeReport, (filter: string) => ({ filter, format: 'json' })],
  ] as const) {
    const answers = [await asked(tool, input(right)), await asked(tool, input(wrong))].map((answer) =>
      answer.replaceAll('[a-m-]', '[n-z]').replace(/"next":"[^"]*"/g, ''),
    );
    expect(answers[0], (tool as Tool).name).toBe(answers[1]);
  }
});
