/** The messages of a protocol in the columns that tell most of it, and packets with fields of one's own, as tshark has these fields. */
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { EVERYTHING, type MessagesPage, type Selection } from '../../src/analysis/engineApi.ts';
import { CaptureSession } from '../../src/analysis/session.ts';
import { bufferSource } from '../../src/pcap/byteSource.ts';
import { pcap } from '../../src/pcap/formats/pcap.ts';

const FILE = { name: 'a.pcap', fileBytes: 0, format: 'pcap', compression: null, sha256: null, inflateStopped: null } as const;
const { signal } = new AbortController();

async function sessionOf(sample: string): Promise<CaptureSession> {
  const bytes = fs.readFileSync(path.resolve(import.meta.dirname, '../../captures', sample)),
    session = new CaptureSession(bufferSource(bytes), pcap, FILE, { version: 'test', emit: () => undefined });
  await session.read();
  return session;
}

async function messages(sample: string, protocol: string, selection: Selection = EVERYTHING, limit = 100): Promise<MessagesPage> {
  return (await sessionOf(sample)).handlers.messages({ protocol, selection, sort: null, offset: 0, limit }, signal);
}

const lines = ({ rows }: MessagesPage): unknown[] => rows.map(({ frame, values }) => [frame, ...values.map((texts) => texts.join(' '))]);

// tshark -r captures/dns.pcap -Y 'frame.number in {3,8,12}' -T fields -e frame.number -e ip.ttl -e dns.qry.name -e dns.a -e tcp.port
test('packets say what they say in any field that is asked for', async () => {
  const session = await sessionOf('dns.pcap');
  const { rows, total } = await session.handlers.packets(
    {
      selection: { filter: 'frame.number in {3, 8, 12}', timeRange: null },
      sort: { column: 'number', descending: true },
      offset: 0,
      limit: 10,
      fields: ['ip.ttl', 'dns.qry.name', 'dns.a', 'tcp.port', 'no.such.field'],
    },
    signal,
  );
  expect(total).toBe(3);
  expect(rows.map(({ frame, values }) => [frame, values])).toEqual([
    [12, [['64'], ['example.com'], ['10.20.0.21', '10.20.0.20'], [], []]],
    [8, [['64'], ['shop.example.com'], ['10.20.0.11'], [], []]],
    [3, [['64'], ['www.example.com'], [], [], []]],
  ]);
});

describe('messages of a protocol', () => {
  // tshark -r captures/dns.pcap -Y dns -T fields -e frame.number -e dns.flags.response -e dns.qry.name -e dns.qry.type -e dns.flags.rcode -e dns.a -e dns.aaaa -e dns.cname -e dns.mx.mail_exchange
  test('DNS: what was asked, and what the answer was', async () => {
    const page = await messages('dns.pcap', 'dns', EVERYTHING, 10);
    expect(page.columns).toEqual(['Kind', 'Name', 'Type', 'Result', 'Answer']);
    const told = page.rows.map(({ frame, values: [kind, name, , , answer] }) => [frame, kind?.join(' '), name?.join(' '), answer?.join(' ')]);
    expect(told).toEqual([
      [3, 'Query', 'www.example.com', ''],
      [4, 'Response', 'www.example.com', '10.20.0.10'],
      [5, 'Query', 'www.example.com', ''],
      [6, 'Response', 'www.example.com', 'fd00:20::10'],
      [7, 'Query', 'shop.example.com', ''],
      [8, 'Response', 'shop.example.com', 'web2.example.com 10.20.0.11'],
      [9, 'Query', 'cdn.example.net', ''],
      [10, 'Response', 'cdn.example.net', 'edge.example.net fd00:20::10'],
      [11, 'Query', 'example.com', ''],
      [12, 'Response', 'example.com', 'mail2.example.com mail.example.com 10.20.0.21 10.20.0.20'],
    ]);
  });

  // tshark -r captures/web-browsing.pcap -Y http -T fields -e frame.number -e http.request.method -e http.response.code -e http.host -e http.request.uri -e http.response_for.uri -e http.content_type -e http.content_length -e http.user_agent -e http.server
  test('HTTP: a request says what it asks for, an answer what was asked', async () => {
    const page = await messages('web-browsing.pcap', 'http', EVERYTHING, 2),
      firefox = 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0';
    expect(page.columns).toEqual(['Method', 'Status', 'Host', 'Address', 'Content', 'Bytes', 'Program']);
    expect(lines(page)).toEqual([
      [10, 'GET', '', 'www.example.com', '/', '', '', firefox],
      [12, '', '200', 'www.example.com', '/', 'text/html', '', 'nginx'],
    ]);
    expect(page.total).toBe(32);
  });

  // tshark -r captures/capture_20261123_022453.pcap -Y 'tls.handshake || tls.alert_message' | wc -l
  test('TLS: handshakes and alerts, not every record', async () => {
    const page = await messages('capture_20261123_022453.pcap', 'tls');
    expect(page.total).toBe(27);
    expect(page.filter).toBe('tls.handshake || tls.alert_message');
    expect(page.rows.slice(0, 2).map(({ frame, values }) => [frame, values[0]])).toEqual([
      [40, ['www.example.com']],
      [43, []],
    ]);
  });

  // tshark -r captures/kerberoast.pcap -Y 'frame.number in {28,30}' -T fields -e kerberos.msg_type -e kerberos.CNameString -e kerberos.SNameString -e kerberos.ENCTYPE -e kerberos.etype
  // (which prints those of the ticket within a request, too: 14, krbtgt and 18)
  test('Kerberos: whose ticket for which service, and how it is encrypted', async () => {
    const page = await messages('kerberoast.pcap', 'kerberos', { filter: 'frame.number in {28, 30}', timeRange: null });
    expect(page.columns).toEqual(['Message', 'Client', 'Service', 'Realm', 'Encryption', 'Error']);
    const told = page.rows.map(({ values: [message, client, service, , encryption] }) => [
      message?.map((text) => parseInt(text, 10)),
      client,
      service,
      encryption?.map((text) => parseInt(text, 10)),
    ]);
    expect(told).toEqual([
      [[12], [], ['mssql', 'files.example.com'], [23]],
      [[13], ['alice'], ['mssql', 'files.example.com'], [23, 18]],
    ]);
  });

  test('the filter of the page holds, and what it is not of is not listed', async () => {
    const page = await messages('dns.pcap', 'dns', { filter: 'dns.qry.name == "cdn.example.net" or ip', timeRange: null });
    // Frame 70 is an ICMP error that quotes an answer, which tshark's `dns` passes, too.
    expect(page.rows.filter(({ protocol }) => protocol !== 'DNS').map(({ frame, protocol }) => [frame, protocol])).toEqual([[70, 'ICMP']]);
    const few = await messages('dns.pcap', 'dns', { filter: 'dns.qry.name == "cdn.example.net"', timeRange: null });
    expect(few.rows.map(({ frame }) => frame)).toEqual([9, 10]);
  });

  test('a protocol whose info line says enough has no columns; a name that filters do not know is refused', async () => {
    const page = await messages('dns.pcap', 'udp', EVERYTHING, 1);
    expect([page.columns, page.rows[0]!.values]).toEqual([[], []]);
    await expect(messages('dns.pcap', 'toString')).rejects.toThrow(/toString/);
    await expect(messages('dns.pcap', 'dns) or (ip')).rejects.toThrow();
  });
});
