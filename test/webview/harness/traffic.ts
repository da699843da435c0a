/** A made-up capture of any size, the same every time: hosts, conversations and packets as columns, so that every answer of the fake engine counts the same frames. */
export interface Flow {
  readonly a: string;
  readonly b: string;
  readonly aPort: number;
  readonly bPort: number;
  readonly layer: 'tcp' | 'udp';
  readonly service: string | null;
  readonly scan: boolean;
}

export const LAPTOP = '10.0.0.5';
export const DESK = '10.0.0.7';
export const NAS = '10.0.0.9';
export const GATEWAY = '10.0.0.1';

export const NAMES: Readonly<Record<string, string>> = {
  [LAPTOP]: 'laptop-3',
  [DESK]: 'desk-2',
  [NAS]: 'nas',
  [GATEWAY]: 'gateway',
  '203.0.113.24': 'mirror.example.org',
  '198.51.100.17': 'news.example.com',
  '198.51.100.80': 'www.example.com',
  '192.0.2.44': 'mail.example.net',
  '203.0.113.61': 'updates.example.org',
  '192.0.2.123': 'time.example.net',
};

/** 14 October 2025, 09:11:02.114 in the zone tests run in, which is UTC. */
export const START_MS = Date.UTC(2025, 9, 14, 9, 11, 2, 114);
export const DURATION = 724;
export const SNAP = 8192;

export interface Traffic {
  readonly flows: readonly Flow[];
  readonly count: number;
  readonly flowOf: Uint32Array;
  readonly lengthOf: Uint16Array;
  /** 1 where the packet goes from a to b. */
  readonly forward: Uint8Array;
  readonly timeOf: Float64Array;
}

function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 4294967296;
  };
}

const SERVICES = [
  { service: 'http', layer: 'tcp', port: 80, weight: 0.3, servers: ['203.0.113.24', '198.51.100.17'] },
  { service: 'tls', layer: 'tcp', port: 443, weight: 0.32, servers: ['198.51.100.80', '192.0.2.44', '203.0.113.61'] },
  { service: 'dns', layer: 'udp', port: 53, weight: 0.28, servers: [GATEWAY] },
  { service: 'ntp', layer: 'udp', port: 123, weight: 0.02, servers: ['192.0.2.123'] },
  { service: 'smb2', layer: 'tcp', port: 445, weight: 0.04, servers: [NAS] },
  { service: null, layer: 'udp', port: 40001, weight: 0.04, servers: [NAS] },
] as const;

export function makeTraffic(count: number, conversations: number): Traffic {
  const next = random(11);
  const scanned = Math.min(412, Math.floor(conversations / 3));
  const flows: Flow[] = [];
  for (let i = 0; i < conversations - scanned; i++) {
    let pick = next();
    const kind = SERVICES.find((one) => (pick -= one.weight) < 0) ?? SERVICES[0];
    flows.push({
      a: [LAPTOP, DESK, NAS][Math.floor(next() * 2.4)] ?? LAPTOP,
      b: kind.servers[Math.floor(next() * kind.servers.length)] ?? GATEWAY,
      aPort: 40000 + (i % 20000),
      bPort: kind.port,
      layer: kind.layer,
      service: kind.service,
      scan: false,
    });
  }
  const scanFrom = flows.length;
  for (let i = 0; i < scanned; i++) flows.push({ a: LAPTOP, b: NAS, aPort: 51544, bPort: 1 + i * 3, layer: 'tcp', service: null, scan: true });
  const traffic: Traffic = {
    flows,
    count,
    flowOf: new Uint32Array(count),
    lengthOf: new Uint16Array(count),
    forward: new Uint8Array(count),
    timeOf: new Float64Array(count),
  };
  let scan = 0;
  const scanAt = Math.floor(count * 0.52);
  for (let i = 0; i < count; i++) {
    const probing = i >= scanAt && scan < scanned && (i - scanAt) % 2 === 0;
    const flow = probing ? scanFrom + scan++ : i < scanFrom ? i : Math.floor(next() ** 2 * scanFrom);
    const { service } = flows[flow]!;
    traffic.flowOf[i] = flow;
    traffic.forward[i] = probing || i < scanFrom || next() < 0.4 ? 1 : 0;
    traffic.lengthOf[i] = probing
      ? 60
      : service === 'dns'
        ? 80 + Math.floor(next() * 300)
        : traffic.forward[i] === 1
          ? 66 + Math.floor(next() * 500)
          : next() < 0.004
            ? 8754
            : 600 + Math.floor(next() * 914);
    // Waves, so that the chart has a shape.
    const t = i / Math.max(1, count - 1);
    traffic.timeOf[i] = DURATION * (t + 0.035 * Math.sin(t * Math.PI * 6) * Math.sin(t * Math.PI));
  }
  traffic.timeOf.sort();
  return traffic;
}
