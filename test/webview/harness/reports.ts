/** The Report and the rows of the made-up capture, counted from its columns. */
import type { Conversation, Endpoint, Finding, Report } from '../../../src/analysis/report.ts';
import { DURATION, LAPTOP, NAMES, NAS, SNAP, START_MS, type Traffic } from './traffic.ts';

/** Of the services of fakeEngine.ts. */
const TROUBLES: Report['troubles'] = [
  {
    ...{ id: 'tcp 10.0.0.9 80', layer: 'tcp', address: '10.0.0.9', port: 80, title: 'HTTP at 10.0.0.9 port 80', names: ['shop.example.com'] },
    service: 'http',
    problems: [
      { kind: 'errors', times: 3, of: 21, text: '3 of 21 requests were answered with an error (503)', frame: 412 },
      { kind: 'slow', times: 1, of: 20, text: '5 % of 20 answers took 1.25 s or longer, the slowest 2.75 s', frame: 412 },
    ],
  },
  {
    ...{ id: 'udp 10.0.0.53 53', layer: 'udp', address: '10.0.0.53', port: 53, title: 'DNS at 10.0.0.53 port 53', names: [], service: 'dns' },
    problems: [{ kind: 'unanswered', times: 2, of: 20, text: '2 of 20 requests got no answer', frame: null }],
  },
];

export function timestamp(seconds: number): string {
  const ns = Math.round(seconds * 1e9);
  const ms = START_MS + Math.floor(ns / 1e6);
  return new Date(ms).toISOString().replace('Z', `${String(ns % 1e6).padStart(6, '0')}Z`);
}

export function scanFinding(traffic: Traffic, frames: readonly number[]): Finding {
  const ports = traffic.flows.filter((flow) => flow.scan).length;
  return {
    id: 'port-scan-7f3a19c2',
    detector: 'port-scan',
    severity: 'high',
    confidence: 93,
    title: `Port scan: ${LAPTOP} tried ${String(ports)} ports on ${NAS}`,
    description: `${LAPTOP} sent one SYN to each of ${String(ports)} ports on ${NAS} in 41.1 s. 388 were never answered, 21 refused, 3 answered: 22, 80 and 445. It hung up on those 3 without sending a byte. It was looking for open services.`,
    subjects: [
      { role: 'attacker', address: LAPTOP, name: 'laptop-3' },
      { role: 'victim', address: NAS, name: 'nas' },
    ],
    firstSeen: timestamp(traffic.timeOf[(frames[0] ?? 1) - 1] ?? 0),
    lastSeen: timestamp(traffic.timeOf[(frames.at(-1) ?? 1) - 1] ?? 0),
    indicators: [
      { name: 'Ports without success', value: 409, threshold: 20 },
      { name: 'Share that failed', value: 99.3, threshold: 80, unit: '%' },
      { name: 'Ports per second', value: 10, threshold: 0.01 },
      { name: 'Bytes sent after connecting', value: 0, threshold: 64, unit: 'bytes' },
      { name: 'Technique', value: 'syn, half-open' },
      { name: 'confidence: 20 times the threshold of ports', value: 45, unit: 'points' },
      { name: 'confidence: nearly all failed or were not answered', value: 38, unit: 'points' },
      { name: 'confidence: ports visited in random order', value: 10, unit: 'points' },
      { name: 'confidence: no mark of a known scanner', value: 0, unit: 'points' },
    ],
    alternatives: [
      'An inventory or vulnerability scanner of your own. It would look the same; mark 10.0.0.5 as expected.',
      'A broken client that retries. Unlikely: it would return to a few ports, not try 412 once.',
    ],
    evidence: {
      frames: frames.slice(0, 100),
      framesTotal: frames.length,
      filter: `ip.addr == ${LAPTOP} and ip.addr == ${NAS} and tcp`,
      flows: traffic.flows.flatMap((flow, i) => (flow.scan ? [`${flow.layer}:${String(i)}`] : [])),
    },
    attack: ['T1046'],
    tactics: [],
    expected: null,
    recommendation:
      'Ask who used laptop-3 at 09:17. If nobody did, take it off the network and look for what ran. On nas, close 22 and 445 to devices that do not need them.',
  };
}

function otherFindings(traffic: Traffic, snapped: readonly number[]): readonly Finding[] {
  const base = { subjects: [], alternatives: [], attack: [], indicators: [] } as const;
  return [
    {
      ...base,
      id: 'expired-certificate-11aa22bb',
      detector: 'expired-certificate',
      severity: 'low',
      confidence: 98,
      title: `Expired certificate on ${NAS}, port 443`,
      description: 'The certificate ended 41 days before it was shown.',
      subjects: [{ role: 'server', address: NAS, port: 443 }],
      firstSeen: timestamp(487),
      lastSeen: timestamp(487),
      evidence: { frames: [Math.floor(traffic.count * 0.67)], framesTotal: 1, filter: `ip.addr == ${NAS} and tls`, flows: [] },
      tactics: [],
      expected: null,
      recommendation: 'Renew it.',
    },
    {
      ...base,
      id: 'capture-quality-00000001',
      detector: 'capture-quality',
      severity: 'info',
      confidence: 100,
      title: `${String(snapped.length)} frames cut at 8,192 bytes`,
      description: 'The capture was made with a snap length of 8,192 bytes.',
      firstSeen: timestamp(50),
      lastSeen: timestamp(700),
      evidence: { frames: snapped.slice(0, 100), framesTotal: snapped.length, filter: 'frame.cap_len < frame.len', flows: [] },
      tactics: [],
      expected: null,
      recommendation: 'Capture with -s 0.',
    },
  ];
}

export interface Counted {
  readonly conversations: readonly Conversation[];
  readonly endpoints: readonly Endpoint[];
  readonly frames: Uint32Array;
}

export function count(traffic: Traffic, frames: Uint32Array): Counted {
  const stats = traffic.flows.map(() => ({ ab: 0, ba: 0, abBytes: 0, baBytes: 0, from: Infinity, to: 0 }));
  for (const i of frames) {
    const s = stats[traffic.flowOf[i]!]!;
    const length = traffic.lengthOf[i]!;
    if (traffic.forward[i] === 1) {
      s.ab++;
      s.abBytes += length;
    } else {
      s.ba++;
      s.baBytes += length;
    }
    s.from = Math.min(s.from, traffic.timeOf[i]!);
    s.to = Math.max(s.to, traffic.timeOf[i]!);
  }
  const row = (
    layer: Conversation['layer'],
    id: string,
    flow: { a: string; b: string },
    ports: readonly [number, number] | null,
    s: (typeof stats)[0],
    service: string | null,
    state: string | null,
  ): Conversation => ({
    id,
    layer,
    depth: 0,
    via: [],
    a: flow.a,
    b: flow.b,
    aPort: ports?.[0] ?? null,
    bPort: ports?.[1] ?? null,
    packetsAToB: s.ab,
    packetsBToA: s.ba,
    bytesAToB: s.abBytes,
    bytesBToA: s.baBytes,
    startTime: timestamp(s.from),
    endTime: timestamp(s.to),
    durationSeconds: s.to - s.from,
    service,
    connState: state,
    history: state === null ? null : state === 'SF' ? 'ShADadFf' : 'S',
  });
  const conversations: Conversation[] = [];
  const pairs = new Map<string, { a: string; b: string; s: (typeof stats)[0] }>();
  traffic.flows.forEach((flow, i) => {
    const s = stats[i]!;
    if (s.ab + s.ba === 0) return;
    conversations.push(
      row(
        flow.layer,
        `${flow.layer}:${String(i)}`,
        flow,
        [flow.aPort, flow.bPort],
        s,
        flow.service,
        flow.layer === 'udp' ? null : flow.scan ? 'S0' : 'SF',
      ),
    );
    const key = [flow.a, flow.b].sort().join(' ');
    let pair = pairs.get(key);
    if (pair === undefined) pairs.set(key, (pair = { a: flow.a, b: flow.b, s: { ab: 0, ba: 0, abBytes: 0, baBytes: 0, from: Infinity, to: 0 } }));
    const turned = pair.a !== flow.a;
    pair.s.ab += turned ? s.ba : s.ab;
    pair.s.ba += turned ? s.ab : s.ba;
    pair.s.abBytes += turned ? s.baBytes : s.abBytes;
    pair.s.baBytes += turned ? s.abBytes : s.baBytes;
    pair.s.from = Math.min(pair.s.from, s.from);
    pair.s.to = Math.max(pair.s.to, s.to);
  });
  const outer = [...pairs.values()].map((pair, i) => row('ip', `ip:${String(i)}`, pair, null, pair.s, null, null));
  const hosts = new Map<string, { sent: number; received: number; sentBytes: number; receivedBytes: number }>();
  for (const { a, b, packetsAToB, packetsBToA, bytesAToB, bytesBToA } of outer) {
    for (const [address, sent, received, sentBytes, receivedBytes] of [
      [a, packetsAToB, packetsBToA, bytesAToB, bytesBToA],
      [b, packetsBToA, packetsAToB, bytesBToA, bytesAToB],
    ] as const) {
      const host = hosts.get(address) ?? { sent: 0, received: 0, sentBytes: 0, receivedBytes: 0 };
      hosts.set(address, {
        sent: host.sent + sent,
        received: host.received + received,
        sentBytes: host.sentBytes + sentBytes,
        receivedBytes: host.receivedBytes + receivedBytes,
      });
    }
  }
  const endpoints = [...hosts].map(([address, h]): Endpoint => ({
    layer: 'ip',
    depth: 0,
    address,
    port: null,
    names: NAMES[address] === undefined ? [] : [NAMES[address]],
    packets: h.sent + h.received,
    bytes: h.sentBytes + h.receivedBytes,
    packetsSent: h.sent,
    bytesSent: h.sentBytes,
    packetsReceived: h.received,
    bytesReceived: h.receivedBytes,
  }));
  return { conversations: [...outer, ...conversations], endpoints: endpoints.sort((x, y) => y.bytes - x.bytes), frames };
}

export function makeReport(traffic: Traffic, counted: Counted, limit: number): Report {
  const { frames } = counted;
  const nameOf = (i: number): string => {
    const flow = traffic.flows[traffic.flowOf[i]!]!;
    return flow.service ?? flow.layer;
  };
  const breakdown = new Map<string, { packets: number; bytes: number }>();
  const step = 6;
  const steps = Math.ceil(DURATION / step) + 1;
  const series = new Map<string, { packets: number[]; bytes: number[] }>();
  const snapped: number[] = [];
  const scan: number[] = [];
  let bytes = 0;
  let captured = 0;
  for (const i of frames) {
    const name = nameOf(i);
    const length = traffic.lengthOf[i]!;
    bytes += length;
    captured += Math.min(length, SNAP);
    if (length > SNAP) snapped.push(i + 1);
    if (traffic.flows[traffic.flowOf[i]!]!.scan) scan.push(i + 1);
    const b = breakdown.get(name) ?? { packets: 0, bytes: 0 };
    breakdown.set(name, { packets: b.packets + 1, bytes: b.bytes + length });
    let s = series.get(name);
    if (s === undefined) series.set(name, (s = { packets: new Array<number>(steps).fill(0), bytes: new Array<number>(steps).fill(0) }));
    const at = Math.floor(traffic.timeOf[i]! / step);
    s.packets[at]!++;
    s.bytes[at]! += length;
  }
  const parts = [...breakdown].map(([name, b]) => ({ name, ...b })).sort((x, y) => y.bytes - x.bytes);
  const layer = (names: readonly string[]) =>
    parts
      .filter((part) => names.includes(part.name))
      .reduce((sum, part) => ({ packets: sum.packets + part.packets, bytes: sum.bytes + part.bytes }), { packets: 0, bytes: 0 });
  const tcp = layer(['http', 'tls', 'smb2', 'tcp']);
  const udp = layer(['dns', 'ntp', 'udp']);
  const total = { packets: frames.length, bytes };
  const findings = [...(scan.length > 0 ? [scanFinding(traffic, scan)] : []), ...(frames.length > 0 ? otherFindings(traffic, snapped) : [])];
  const first = frames.length === 0 ? null : timestamp(traffic.timeOf[frames[0]!]!);
  const last = frames.length === 0 ? null : timestamp(traffic.timeOf[frames.at(-1)!]!);
  const perLayer = Object.fromEntries(
    ['ip', 'tcp', 'udp'].map((one) => [`conversations.${one}`, counted.conversations.filter((row) => row.layer === one).length]),
  );
  const check = (detector: string, status: 'clean' | 'found' | 'partial' | 'skipped', why = '') => ({
    detector,
    status,
    why,
    examined: {
      packets: status === 'skipped' ? 0 : frames.length,
      flows: 0,
      bytes: status === 'skipped' ? 0 : captured,
      from: first,
      to: last,
      ipv4: frames.length,
      ipv6: 0,
    },
  });
  return {
    schema: 1,
    producer: { name: 'netsec', version: '0.0.0', options: { 'port-scan': { failedPorts: 20, windowHours: 24 } } },
    capture: {
      file: 'office-2025-10-14.pcapng',
      sha256: null,
      format: 'pcapng',
      compression: null,
      linkTypes: ['EN10MB'],
      interfaces: [],
      packets: frames.length,
      snappedPackets: snapped.length,
      capturedBytes: captured,
      originalBytes: bytes,
      fileBytes: captured + 16 * frames.length,
      startTime: first,
      endTime: last,
      durationSeconds: frames.length === 0 ? null : traffic.timeOf[frames.at(-1)!]! - traffic.timeOf[frames[0]!]!,
      timeOrdered: true,
      truncated: null,
    },
    headline: '12 minutes from 4 devices, mostly web browsing. One of them tried 412 ports on another.',
    status: findings.length > 0 ? 'findings' : 'clean',
    statusText: 'Found 3 things; 4 of 30 checks run.',
    protocols: [
      { protocol: 'eth', ...total },
      { protocol: 'ip', ...total },
      { protocol: 'tcp', ...tcp },
      { protocol: 'udp', ...udp },
      ...parts.filter((part) => part.name !== 'tcp' && part.name !== 'udp').map(({ name, ...rest }) => ({ protocol: name, ...rest })),
    ],
    hierarchy:
      frames.length === 0
        ? []
        : [
            { path: 'eth', ...total },
            { path: 'eth/ip', ...total },
            { path: 'eth/ip/tcp', ...tcp },
            { path: 'eth/ip/udp', ...udp },
            ...parts.flatMap(({ name, ...rest }) =>
              name === 'tcp' || name === 'udp' ? [] : [{ path: `eth/ip/${name === 'dns' || name === 'ntp' ? 'udp' : 'tcp'}/${name}`, ...rest }],
            ),
          ],
    breakdown: parts,
    totals: {
      conversations: counted.conversations.length,
      endpoints: counted.endpoints.length,
      troubles: 2,
      findings: findings.length,
      ...perLayer,
      'endpoints.ip': counted.endpoints.length,
    },
    timeline: { startTime: timestamp(0), stepSeconds: step, series: parts.map(({ name }) => ({ name, ...series.get(name)! })) },
    quality: {
      snappedPackets: snapped.length,
      missingBytes: bytes - captured,
      malformedPackets: 0,
      unknown: [],
      timeJumpsBack: 0,
      duplicatePackets: 0,
      tcpRetransmissions: 3,
      tcpOutOfOrder: 0,
      tcpGaps: 0,
      tcpGapBytes: 0,
      tcpZeroWindows: 0,
      tcpResets: 0,
      oneWayConversations: 0,
      incompleteFragments: 0,
      encryptedBytes: layer(['tls']).bytes,
      openedConversations: 0,
      droppedByCapture: null,
      boundsReached: [],
    },
    conversations: counted.conversations.slice(0, limit),
    endpoints: counted.endpoints.slice(0, limit),
    troubles: TROUBLES,
    findings: findings.slice(0, limit),
    incidents: findings
      .filter(({ detector }) => detector === 'port-scan')
      .map((finding) => ({
        id: 'incident-0000aaaa',
        title: `${LAPTOP} explored ${NAS}`,
        severity: finding.severity,
        confidence: finding.confidence,
        hosts: [
          { address: LAPTOP, roles: ['attacker'], name: 'laptop-3' },
          { address: NAS, roles: ['victim'], name: 'nas' },
        ],
        findings: [finding.id],
        firstSeen: finding.firstSeen,
        lastSeen: finding.lastSeen,
        tactics: ['Discovery'],
        timeline: [
          {
            time: finding.firstSeen,
            frame: finding.evidence.frames[0] ?? null,
            finding: finding.id,
            severity: finding.severity,
            title: finding.title,
            tactics: ['Discovery'],
          },
        ],
      })),
    indicatorsOfCompromise: scan.length === 0 ? [] : [{ type: 'ipv4', value: LAPTOP, defanged: '10[.]0[.]0[.]5', findings: ['port-scan-7f3a19c2'] }],
    coverage: [
      check('port-scan', scan.length > 0 ? 'found' : 'clean'),
      check('expired-certificate', 'found'),
      check('capture-quality', 'found'),
      check('arp-spoofing', 'clean'),
      check('dns-tunnel', 'partial', 'Frames are cut at 8,192 bytes.'),
      check('beaconing', 'skipped', 'Not part of this version yet.'),
    ],
    risk:
      scan.length > 0
        ? { score: 71, level: 'high', because: ['66 from the port scan', '5 from the expired certificate'] }
        : { score: 9, level: 'low', because: ['9 from the expired certificate'] },
  };
}
