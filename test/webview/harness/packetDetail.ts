/** Rows, details and bytes of single packets of the made-up capture. Headers are true, payload is text. */
import type { FieldNode, PacketDetail, PacketRow } from '../../../src/analysis/engineApi.ts';
import { timestamp } from './reports.ts';
import { LAPTOP, SNAP, type Traffic } from './traffic.ts';

const LABELS: Readonly<Record<string, string>> = { http: 'HTTP', tls: 'TLSv1.2', dns: 'DNS', ntp: 'NTP', smb2: 'SMB2' };

export function packetRow(traffic: Traffic, i: number): PacketRow {
  const flow = traffic.flows[traffic.flowOf[i]!]!;
  const forward = traffic.forward[i] === 1;
  const [source, destination, from, to] = forward ? [flow.a, flow.b, flow.aPort, flow.bPort] : [flow.b, flow.a, flow.bPort, flow.aPort];
  const info = flow.scan
    ? `${String(from)} → ${String(to)} [SYN] Seq=0 Win=1024 Len=0 MSS=1460`
    : flow.service === 'http'
      ? forward
        ? 'GET /assets/site.css HTTP/1.1'
        : 'HTTP/1.1 200 OK'
      : flow.service === 'dns'
        ? `Standard query${forward ? '' : ' response'} 0x${(i & 0xffff).toString(16)} A news.example.com`
        : `${String(from)} → ${String(to)} Len=${String(traffic.lengthOf[i]! - 54)} <img src=x onerror=alert(1)>`;
  return {
    frame: i + 1,
    time: timestamp(traffic.timeOf[i]!),
    relativeSeconds: traffic.timeOf[i]!,
    source,
    destination,
    protocol: LABELS[flow.service ?? ''] ?? flow.layer.toUpperCase(),
    length: traffic.lengthOf[i]!,
    info,
    flow: `${flow.layer}:${String(traffic.flowOf[i])}`,
    severity: flow.scan ? 'high' : null,
    malformed: false,
  };
}

export function packetDetail(traffic: Traffic, i: number): PacketDetail {
  const row = packetRow(traffic, i);
  const bytes: number[] = [];
  const field = (name: string, label: string, text: string, values: readonly number[], filter = ''): FieldNode => {
    const start = bytes.length;
    bytes.push(...values);
    return { name, label, text, source: 0, start, length: values.length, children: [], filter };
  };
  const layer = (name: string, label: string, text: string, children: () => readonly FieldNode[]): FieldNode => {
    const start = bytes.length;
    const fields = children();
    return { name, label, text, source: 0, start, length: bytes.length - start, children: fields, filter: name };
  };
  const u16 = (value: number): readonly number[] => [(value >> 8) & 255, value & 255];
  const ip = (address: string): readonly number[] => address.split('.').map(Number);
  const text = (value: string): readonly number[] => Array.from(new TextEncoder().encode(value));
  const flow = traffic.flows[traffic.flowOf[i]!]!;
  const forward = traffic.forward[i] === 1;
  const tree: FieldNode[] = [
    layer('eth', 'Ethernet II', row.source === LAPTOP ? '3c:a9:f4:1c:52:0b → 78:8a:20:44:0e:91' : '78:8a:20:44:0e:91 → 3c:a9:f4:1c:52:0b', () => [
      field('eth.dst', 'Destination', '78:8a:20:44:0e:91', [0x78, 0x8a, 0x20, 0x44, 0x0e, 0x91]),
      field('eth.src', 'Source', '3c:a9:f4:1c:52:0b', [0x3c, 0xa9, 0xf4, 0x1c, 0x52, 0x0b]),
      field('eth.type', 'Type', 'IPv4 (0x0800)', [8, 0]),
    ]),
    layer('ip', 'Internet Protocol Version 4', `${row.source} → ${row.destination}`, () => [
      field('ip.hdr_len', 'Header length', '20 bytes', [0x45, 0]),
      field('ip.len', 'Total length', String(row.length - 14), u16(row.length - 14)),
      field('ip.id', 'Identification', '0x1234', [0x12, 0x34]),
      field('ip.flags', 'Flags', "Don't fragment", [0x40, 0]),
      field('ip.ttl', 'Time to live', '64', [64], 'ip.ttl == 64'),
      field('ip.proto', 'Protocol', flow.layer === 'tcp' ? 'TCP (6)' : 'UDP (17)', [flow.layer === 'tcp' ? 6 : 17]),
      field('ip.checksum', 'Header checksum', 'good', [0xab, 0xcd]),
      field('ip.src', 'Source', row.source, ip(row.source), `ip.src == ${row.source}`),
      field('ip.dst', 'Destination', row.destination, ip(row.destination), `ip.dst == ${row.destination}`),
    ]),
    layer(
      flow.layer,
      flow.layer === 'tcp' ? 'Transmission Control Protocol' : 'User Datagram Protocol',
      `${String(flow.aPort)} → ${String(flow.bPort)}`,
      () => [
        field(`${flow.layer}.srcport`, 'Source port', String(forward ? flow.aPort : flow.bPort), u16(forward ? flow.aPort : flow.bPort)),
        field(`${flow.layer}.dstport`, 'Destination port', String(forward ? flow.bPort : flow.aPort), u16(forward ? flow.bPort : flow.aPort)),
        field(`${flow.layer}.rest`, 'Rest of the header', '', new Array<number>(flow.layer === 'tcp' ? 16 : 4).fill(7)),
      ],
    ),
  ];
  if (flow.service === 'http' && forward)
    tree.push(
      layer('http', 'Hypertext Transfer Protocol', 'GET', () => [
        field('http.request.line', 'Request line', row.info, text(`${row.info}\r\n`)),
        field('http.host', 'Host', 'news.example.com', text('Host: news.example.com\r\n'), 'http.host == "news.example.com"'),
        field(
          'http.user_agent',
          'User-Agent',
          'Mozilla/5.0 (X11; Linux x86_64; rv:131.0) Gecko/20100101 Firefox/131.0',
          text('User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:131.0) Gecko/20100101 Firefox/131.0\r\n'),
        ),
      ]),
    );
  const left = Math.min(row.length, SNAP) - bytes.length;
  if (left > 0)
    tree.push(
      layer('data', 'Data', `${String(left)} bytes`, () => [
        field(
          'data.data',
          'Data',
          '',
          Array.from({ length: left }, (_, k) => (k * 7 + i) & 255),
        ),
      ]),
    );
  return { row, tree, sources: [{ name: 'Frame', bytes: Uint8Array.from(bytes) }] };
}
