/** What we read of HTTP, TLS, SSH, FTP and SMTP in the shared captures, frame by frame against tshark's lists. Accepted differences, each with its reason, are below. */
import fs from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { Analysis } from '../../src/analysis/analyze.ts';
import { defineDetector } from '../../src/analysis/detector.ts';
import { openFile } from '../../src/pcap/byteSource.node.ts';
import type { Message } from '../../src/pcap/dissector.ts';
import { ftpCommandMessage } from '../../src/pcap/dissectors/ftp.ts';
import { smtpCommandMessage } from '../../src/pcap/dissectors/smtp.ts';
import { sshBannerMessage } from '../../src/pcap/dissectors/ssh.ts';
import { httpRequestMessage, httpResponseMessage } from '../../src/pcap/http/messages.ts';
import { sniff } from '../../src/pcap/openCapture.ts';
import { installPlatform } from '../../src/pcap/platform.ts';
import { nodePlatform } from '../../src/pcap/platform.node.ts';
import { tlsClientHelloMessage, tlsServerHelloMessage } from '../../src/pcap/tls/messages.ts';
import { plainMessage } from '../support/plainMessage.ts';

const SHARED = path.resolve(import.meta.dirname, '../../../shared');
const CAPTURES = path.join(SHARED, 'captures'),
  TRUTH = path.join(SHARED, 'truth');

/** Rows as text, so that lists compare as sets: `frame value value`. */
type Lists = Readonly<
  Record<
    'http requests' | 'http responses' | 'tls client hellos' | 'tls server hellos' | 'ssh banners' | 'ftp commands' | 'smtp commands',
    readonly string[]
  >
>;

interface Accepted {
  readonly list: keyof Lists;
  /** Rows of tshark's that we do not have, and of ours that it does not have. */
  readonly missing?: readonly string[];
  readonly extra?: number;
  readonly why: string;
}

const OUT_OF_ORDER = 'segments came out of order, and tshark puts them in order only with tcp.reassemble_out_of_order (its count is then ours)';
const ACCEPTED: Readonly<Record<string, readonly Accepted[]>> = {
  'benign__example.pcap': [
    { list: 'http requests', extra: 1, why: 'tshark 4.0 shows SUBSCRIBE as HTTP but does not count it as a request' },
    { list: 'http responses', extra: 2, why: OUT_OF_ORDER },
  ],
  'benign__http.pcap': [{ list: 'http responses', extra: 4, why: OUT_OF_ORDER }],
  'benign__netflix.pcap': [
    {
      list: 'http responses',
      extra: 13,
      why: 'segments within bodies were never captured; tshark then waits for ever, we pass over what the receiver acknowledged',
    },
  ],
  'benign__sumstat.pcap': [{ list: 'http responses', extra: 1, why: OUT_OF_ORDER }],
  'benign__teams.pcap': [{ list: 'tls server hellos', extra: 16, why: OUT_OF_ORDER }],
  'format__gtp1_gn_normal_incl_fragmentation.pcap': [
    {
      list: 'http responses',
      extra: 1,
      why: 'segments of the body are cut by the snap length; tshark stops reassembling there, we pass over what is known to be missing',
    },
  ],
  'l2__week5_shadow_device_arp_spoof.pcap': [{ list: 'ftp commands', extra: 2, why: 'tshark reads only the first of the commands in a segment' }],
  'scan__nmap_80_all.pcap': [{ list: 'http requests', extra: 1, why: 'nmap invents a method, XFOC, that tshark does not know' }],
};

/** SSDP: HTTP's syntax over UDP, which tshark counts as HTTP requests. */
const isSsdp = (row: string): boolean => /^\d+ (?:M-SEARCH|NOTIFY) (?:239\.255\.255\.250|\[ff0)/i.test(row);

const KINDS = [
  httpRequestMessage,
  httpResponseMessage,
  tlsClientHelloMessage,
  tlsServerHelloMessage,
  sshBannerMessage,
  ftpCommandMessage,
  smtpCommandMessage,
];

async function read(file: string): Promise<Lists> {
  const messages: Message[] = [];
  const collector = defineDetector({
    id: 'collector',
    title: '',
    tier: 3,
    deed: 'spoke',
    description: '',
    options: z.object({}),
    messages: KINDS.map(({ kind }) => kind),
    create: () => ({
      // A message is a view of memory that is taken again.
      onMessage: (message) => messages.push(plainMessage(message)),
      evaluate: () => ({
        findings: [],
        coverage: { examined: { packets: 0, flows: 0, bytes: 0, from: null, to: null, ipv4: 0, ipv6: 0 }, status: 'clean', why: '' },
      }),
    }),
  });
  const source = await openFile(file);
  try {
    const sniffed = await sniff(source);
    if (sniffed.kind !== 'capture') throw new Error(`${file}: ${sniffed.kind}`);
    await new Analysis(source, sniffed.format, { detectors: [{ detector: collector, options: {} }] }).advance();
  } finally {
    await source.close();
  }
  // tshark's lists of HTTP are of version 1.
  const isListed = (message: Message): boolean => !((httpRequestMessage.is(message) || httpResponseMessage.is(message)) && message.version === '2');
  const rows = <M extends Message>(kind: { is(message: Message): message is M }, text: (message: M) => string): string[] =>
    messages
      .filter(isListed)
      .filter((message) => kind.is(message))
      .map((message) => `${message.frame} ${text(message)}`);
  return {
    'http requests': rows(httpRequestMessage, (m) => `${m.method} ${m.host ?? ''} ${m.uri}`),
    'http responses': rows(httpResponseMessage, (m) => String(m.status)),
    'tls client hellos': rows(tlsClientHelloMessage, (m) => `${m.sni ?? ''} ${m.ja3 ?? ''}`),
    'tls server hellos': rows(tlsServerHelloMessage, (m) => `0x${m.suite.toString(16).padStart(4, '0')} ${m.ja3s ?? ''}`),
    'ssh banners': rows(sshBannerMessage, (m) => m.text),
    'ftp commands': rows(ftpCommandMessage, (m) => m.command),
    'smtp commands': rows(smtpCommandMessage, (m) => m.command),
  };
}

const appsSchema = z.object({
  'http.requests': z.array(z.tuple([z.string(), z.string(), z.string(), z.string()]).rest(z.string())),
  'http.responses': z.array(z.tuple([z.string(), z.string()]).rest(z.string())),
  'tls.client_hello': z.array(z.tuple([z.string(), z.string(), z.string()])),
  'tls.server_hello': z.array(z.tuple([z.string(), z.string(), z.string(), z.string()])),
  'ssh.banner': z.array(z.tuple([z.string(), z.string()])),
  'ftp.request': z.array(z.tuple([z.string(), z.string()])),
  'smtp.request': z.array(z.tuple([z.string(), z.string()])),
});

function truthOf(name: string): Lists {
  const apps = appsSchema.parse(JSON.parse(fs.readFileSync(path.join(TRUTH, name, 'apps.json'), 'utf8')));
  // Several commands of one frame are one row, with bars between them.
  const each = (rows: readonly (readonly [string, string])[]): string[] =>
    rows.flatMap(([frame, values]) => values.split('|').map((value) => `${frame} ${value.toUpperCase()}`));
  return {
    'http requests': apps['http.requests'].map(([frame, method, host, uri]) => `${frame} ${method} ${host} ${uri}`).filter((row) => !isSsdp(row)),
    'http responses': apps['http.responses'].map(([frame, status]) => `${frame} ${status}`),
    'tls client hellos': apps['tls.client_hello'].map(([frame, sni, ja3]) => `${frame} ${sni} ${ja3}`),
    'tls server hellos': apps['tls.server_hello'].map(([frame, , suite, ja3s]) => `${frame} ${suite} ${ja3s}`),
    'ssh banners': apps['ssh.banner'].map(([frame, banner]) => `${frame} ${banner}`),
    'ftp commands': each(apps['ftp.request']),
    'smtp commands': each(apps['smtp.request']),
  };
}

const names =
  fs.existsSync(TRUTH) && fs.existsSync(CAPTURES) ? fs.readdirSync(TRUTH).filter((name) => fs.existsSync(path.join(TRUTH, name, 'apps.json'))) : [];

describe.runIf(names.length > 0)('applications of the shared captures', () => {
  const table: string[] = [];
  beforeAll(() => installPlatform(nodePlatform));
  afterAll(() => {
    installPlatform(null);
    console.log(`${'capture'.padEnd(60)} what                 rows  accepted difference\n${table.join('\n')}`);
  });

  it.each(names)('%s', async (name) => {
    const ours = await read(path.join(CAPTURES, name)),
      truth = truthOf(name);
    for (const list of Object.keys(truth) as (keyof Lists)[]) {
      const known = new Set(truth[list]),
        found = new Set(ours[list]);
      const missing = truth[list].filter((row) => !found.has(row)),
        extra = ours[list].filter((row) => !known.has(row));
      const accepted = (ACCEPTED[name] ?? []).find((one) => one.list === list);
      expect({ list, missing }).toEqual({ list, missing: accepted?.missing ?? [] });
      expect({ list, extra: extra.length, first: extra[0] }).toEqual({ list, extra: accepted?.extra ?? 0, first: extra[0] });
      if (truth[list].length > 0 || accepted !== undefined)
        table.push(`${name.padEnd(60)} ${list.padEnd(18)} ${String(ours[list].length).padStart(6)}  ${accepted?.why ?? ''}`);
    }
  });
});
