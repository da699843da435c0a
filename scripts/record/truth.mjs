#!/usr/bin/env node
/**
 * Writes what tshark says of each sample to test/golden/samples/<file>.json: the expected values of the truth test.
 *
 *     node scripts/record/truth.mjs [capture ...]          all of captures/ without arguments
 *     node scripts/record/truth.mjs --out DIR capture ...
 *
 * `truth`, `conv` and `apps` have the shape of the three files that the shared captures' truth folder documents:
 *   truth  totals, times, frames and bytes per protocol at any layer   tshark -n -T fields (one line per frame, summed here)
 *   conv   conversations and endpoints per layer, exact                sharkd taps conv:* and endpt:* (tshark -z conv rounds bytes from 10 kB);
 *          rows [a, aPort, b, bPort, packets a>b, bytes a>b, packets b>a, bytes b>a] and [address, port, sent packets, bytes, received packets, bytes]
 *   apps   HTTP requests and responses, TLS hellos, DNS messages, banners and commands, with frame numbers
 * Preferences are the defaults: a private, empty configuration folder is used.
 */

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const project = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const profile = mkdtempSync(join(tmpdir(), 'truth-'));
const environment = { ...process.env, HOME: profile, XDG_CONFIG_HOME: profile, WIRESHARK_CONFIG_DIR: profile, TZ: 'UTC', LC_ALL: 'C.UTF-8' };
const MOST_ROWS = 400;
const TCP_ANALYSIS = [
  'retransmission',
  'fast_retransmission',
  'spurious_retransmission',
  'lost_segment',
  'duplicate_ack',
  'out_of_order',
  'zero_window',
  'window_full',
  'keep_alive',
  'ack_lost_segment',
  'reused_ports',
];
const LAYERS = { eth: 'Ethernet', wlan: 'IEEE 802.11', ip: 'IPv4', ipv6: 'IPv6', tcp: 'TCP', udp: 'UDP', sctp: 'SCTP' };

function run(program, args, input) {
  const done = spawnSync(program, args, { encoding: 'utf8', env: environment, maxBuffer: 1 << 30, input: input ?? '', timeout: 300_000 });
  if (done.error) throw new Error(`${program}: ${done.error.message}`);
  return done;
}

/** One array of columns per frame that matches `filter`; a field that occurs several times in a frame is joined with '|'. */
function fields(file, names, { filter, occurrence = 'a' } = {}) {
  const args = [
    '-n',
    '-r',
    file,
    ...(filter ? ['-Y', filter] : []),
    '-T',
    'fields',
    '-E',
    'separator=/t',
    '-E',
    `occurrence=${occurrence}`,
    '-E',
    'aggregator=|',
  ];
  const { stdout, stderr, status } = run('tshark', [...args, ...names.flatMap((name) => ['-e', name])]);
  const rows = stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split('\t'));
  return { rows, status, error: stderr.split('\n').find((line) => /^tshark: /.test(line)) ?? null };
}

/** Epoch text with nine decimals as a BigInt of nanoseconds, so that no digit is lost. */
function nanoseconds(text) {
  const [seconds = '0', fraction = ''] = text.split('.');
  return BigInt(seconds) * 1_000_000_000n + BigInt(fraction.padEnd(9, '0').slice(0, 9));
}

function secondsText(ns) {
  return `${ns / 1_000_000_000n}.${String(ns % 1_000_000_000n).padStart(9, '0')}`;
}

function truth(file) {
  const content = readFileSync(file);
  const names = [
    'frame.time_epoch',
    'frame.len',
    'frame.cap_len',
    'frame.protocols',
    'frame.interface_id',
    'frame.encap_type',
    '_ws.malformed',
    ...TCP_ANALYSIS.map((flag) => `tcp.analysis.${flag}`),
  ];
  const { rows, status, error } = fields(file, names);
  const times = rows
    .map((row) => row[0])
    .filter((time) => time !== '')
    .map(nanoseconds);
  const protocols = new Map();
  const tally = {
    interfaces: new Map(),
    encapTypes: new Map(),
    bytes: 0,
    captured: 0,
    snapped: 0,
    malformed: 0,
    analysis: TCP_ANALYSIS.map(() => 0),
  };
  for (const [, length, capturedLength, layers, interfaceId, encapsulation, malformed, ...analysis] of rows) {
    if (malformed) tally.malformed += 1;
    TCP_ANALYSIS.forEach((_, n) => {
      if (analysis[n]) tally.analysis[n] += 1;
    });
    tally.bytes += Number(length);
    tally.captured += Number(capturedLength);
    if (Number(capturedLength) < Number(length)) tally.snapped += 1;
    tally.interfaces.set(interfaceId, (tally.interfaces.get(interfaceId) ?? 0) + 1);
    tally.encapTypes.set(encapsulation, (tally.encapTypes.get(encapsulation) ?? 0) + 1);
    for (const protocol of new Set(layers.split(':'))) {
      const count = protocols.get(protocol) ?? [0, 0];
      protocols.set(protocol, [count[0] + 1, count[1] + Number(length)]);
    }
  }
  const minimum = times.reduce((a, b) => (b < a ? b : a), times[0]);
  const maximum = times.reduce((a, b) => (b > a ? b : a), times[0]);
  return {
    sha256: createHash('sha256').update(content).digest('hex'),
    size: content.length,
    tshark_rc: status,
    read_error: error,
    packets: rows.length,
    bytes_on_wire: tally.bytes,
    bytes_captured: tally.captured,
    first_time: secondsText(times[0]),
    last_time: secondsText(times.at(-1)),
    min_time: secondsText(minimum),
    max_time: secondsText(maximum),
    duration: secondsText(maximum - minimum),
    time_ordered: times.every((time, n) => n === 0 || time >= times[n - 1]),
    truncated_packets: tally.snapped,
    interfaces: Object.fromEntries(tally.interfaces),
    encap_types: Object.fromEntries(tally.encapTypes),
    protocols_any_layer: Object.fromEntries([...protocols].sort((a, b) => b[1][0] - a[1][0] || (a[0] < b[0] ? -1 : 1))),
    tcp_analysis: Object.fromEntries(TCP_ANALYSIS.map((flag, n) => [flag, tally.analysis[n]])),
    malformed_packets: tally.malformed,
  };
}

/** Exact rows of sharkd's conversation and endpoint taps; most bytes first. */
function conversations(file) {
  const kinds = Object.entries(LAYERS);
  const taps = Object.fromEntries(
    kinds.flatMap(([, tap], n) => [
      [`tap${2 * n}`, `conv:${tap}`],
      [`tap${2 * n + 1}`, `endpt:${tap}`],
    ]),
  );
  const requests = [
    { jsonrpc: '2.0', id: 1, method: 'load', params: { file: resolve(file) } },
    { jsonrpc: '2.0', id: 2, method: 'tap', params: taps },
  ];
  const { stdout } = run('sharkd', ['-'], requests.map((request) => JSON.stringify(request)).join('\n') + '\n');
  const answers = stdout
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line));
  const result = answers.find((answer) => answer.id === 2)?.result?.taps;
  if (!result) throw new Error(`sharkd gave no taps for ${file}: ${stdout.slice(0, 300)}`);
  const out = { conversations: {}, endpoints: {} };
  const sum = (rows, columns) => rows.reduce((total, row) => total + columns.reduce((part, column) => part + row[column], 0), 0);
  // sharkd writes vendor names into hardware addresses, so of those layers only the sums are kept.
  const listed = (layer, rows) => (layer === 'eth' || layer === 'wlan' ? {} : { rows: rows.slice(0, MOST_ROWS) });
  for (const [layer, tap] of kinds) {
    const conv = result.find((entry) => entry.tap === `conv:${tap}`)?.convs ?? [];
    const hosts = result.find((entry) => entry.tap === `endpt:${tap}`)?.hosts ?? [];
    if (conv.length > 0) {
      const rows = conv.map((c) => [c.saddr, c.sport ?? null, c.daddr, c.dport ?? null, c.txf, c.txb, c.rxf, c.rxb]);
      rows.sort((a, b) => b[5] + b[7] - (a[5] + a[7]) || b[4] + b[6] - (a[4] + a[6]));
      out.conversations[layer] = { total: rows.length, packets: sum(rows, [4, 6]), bytes: sum(rows, [5, 7]), ...listed(layer, rows) };
    }
    if (hosts.length > 0) {
      const rows = hosts.map((h) => [h.host, h.port ?? null, h.txf, h.txb, h.rxf, h.rxb]);
      rows.sort((a, b) => b[3] + b[5] - (a[3] + a[5]) || b[2] + b[4] - (a[2] + a[4]));
      out.endpoints[layer] = { total: rows.length, ...listed(layer, rows) };
    }
  }
  return out;
}

function applications(file, protocols) {
  const table = (filter, names) => fields(file, ['frame.number', ...names], { filter }).rows;
  const count = (protocol) => protocols[protocol]?.[0] ?? 0;
  return {
    'http.requests': table('http.request', ['http.request.method', 'http.host', 'http.request.uri', 'http.user_agent']),
    'http.responses': table('http.response', ['http.response.code', 'http.content_type']),
    'tls.client_hello': table('tls.handshake.type == 1', ['tls.handshake.extensions_server_name', 'tls.handshake.ja3']),
    'tls.server_hello': table('tls.handshake.type == 2', ['tls.handshake.version', 'tls.handshake.ciphersuite', 'tls.handshake.ja3s']),
    dns: table('dns', ['dns.id', 'dns.flags.response', 'dns.qry.name', 'dns.qry.type', 'dns.flags.rcode']),
    dhcp: count('dhcp'),
    ntp: count('ntp'),
    arp: count('arp'),
    icmp: count('icmp'),
    icmpv6: count('icmpv6'),
    'ssh.banner': table('ssh.protocol', ['ssh.protocol']),
    'ftp.request': table('ftp.request.command', ['ftp.request.command']),
    'smtp.request': table('smtp.req.command', ['smtp.req.command']),
  };
}

/** Indented for people to a depth of three; deeper rows stay on one line each. */
function print(value, depth = 0) {
  if (depth >= 4 || value === null || typeof value !== 'object' || Object.values(value).every((part) => part === null || typeof part !== 'object'))
    return JSON.stringify(value);
  const inner = Array.isArray(value)
    ? value.map((part) => print(part, depth + 1))
    : Object.entries(value).map(([key, part]) => `${JSON.stringify(key)}: ${print(part, depth + 1)}`);
  if (inner.length === 0) return Array.isArray(value) ? '[]' : '{}';
  const pad = ' '.repeat(depth + 1);
  const [open, close] = Array.isArray(value) ? '[]' : '{}';
  return `${open}\n${pad}${inner.join(`,\n${pad}`)}\n${' '.repeat(depth)}${close}`;
}

const args = process.argv.slice(2);
const outIndex = args.indexOf('--out');
const outFolder = outIndex >= 0 ? resolve(args.splice(outIndex, 2)[1]) : join(project, 'test/golden/samples');
const samples = join(project, 'captures');
const all = () =>
  readdirSync(samples)
    .filter((name) => /\.(pcap|pcapng)(\.gz|\.zst)?$/.test(name))
    .map((name) => join(samples, name));
const wanted = args.length > 0 ? args : all();

mkdirSync(outFolder, { recursive: true });
if (args.length === 0) for (const old of readdirSync(outFolder)) rmSync(join(outFolder, old));
const version = /\d+\.\d+\.\d+/.exec(run('tshark', ['-v']).stdout)?.[0];
for (const file of wanted) {
  const totals = truth(file);
  const value = {
    tshark: version,
    file: basename(file),
    truth: totals,
    conv: conversations(file),
    apps: applications(file, totals.protocols_any_layer),
  };
  writeFileSync(join(outFolder, `${basename(file)}.json`), `${print(value)}\n`);
  process.stderr.write(`${basename(file)}: ${value.truth.packets} packets\n`);
}
rmSync(profile, { recursive: true });
