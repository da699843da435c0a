/** The Report contract as a schema: strict, so that a field nobody wrote down fails; with the relations that hold between its numbers. */
import * as z from 'zod';
import { CONVERSATION_LAYERS, SEVERITIES, type Report } from '../../src/analysis/report.ts';

const count = z.int().min(0);
const percent = z.int().min(0).max(100);
const time = z
  .string()
  .regex(/^[+-]?\d{4,6}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/)
  .nullable();
const duration = z.number().min(0).nullable();
const counts = { packets: count, bytes: count };
const layer = z.enum(CONVERSATION_LAYERS);
const port = z.int().min(0).max(65535).nullable();
const sentence = z.string().min(1);

const capture = z.strictObject({
  file: z.string().min(1),
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .nullable(),
  format: z.enum(['pcap', 'pcapng', 'snoop']),
  compression: z.enum(['gzip', 'zstd']).nullable(),
  linkTypes: z.array(z.string()),
  interfaces: z.array(
    z.strictObject({ id: count, name: z.string().nullable(), linkType: z.string(), snapLength: count, packets: count, dropped: count.nullable() }),
  ),
  packets: count,
  snappedPackets: count,
  capturedBytes: count,
  originalBytes: count,
  fileBytes: count,
  startTime: time,
  endTime: time,
  durationSeconds: duration,
  timeOrdered: z.boolean(),
  truncated: z.strictObject({ afterFrame: count, offset: count, message: sentence }).nullable(),
});

const quality = z.strictObject({
  snappedPackets: count,
  missingBytes: count,
  malformedPackets: count,
  unknown: z.array(z.strictObject({ what: sentence, packets: count })),
  timeJumpsBack: count,
  duplicatePackets: count,
  tcpRetransmissions: count,
  tcpOutOfOrder: count,
  tcpGaps: count,
  tcpGapBytes: count,
  tcpZeroWindows: count,
  tcpResets: count,
  oneWayConversations: count,
  incompleteFragments: count,
  encryptedBytes: count,
  droppedByCapture: count.nullable(),
  boundsReached: z.array(sentence),
});

const conversation = z.strictObject({
  id: z.string().regex(/^(?:eth|wlan|ip|ipv6|tcp|udp|sctp):\d+$/),
  layer,
  depth: count,
  via: z.array(z.string()),
  a: z.string(),
  b: z.string(),
  aPort: port,
  bPort: port,
  packetsAToB: count,
  packetsBToA: count,
  bytesAToB: count,
  bytesBToA: count,
  startTime: time,
  endTime: time,
  durationSeconds: duration,
  service: z.string().nullable(),
  connState: z.string().nullable(),
  history: z.string().nullable(),
});

const endpoint = z.strictObject({
  layer,
  depth: count,
  address: z.string(),
  port,
  names: z.array(z.string()),
  ...counts,
  packetsSent: count,
  bytesSent: count,
  packetsReceived: count,
  bytesReceived: count,
});

const finding = z.strictObject({
  id: z.string().regex(/^[a-z0-9-]+-[0-9a-f]{8}$/),
  detector: z.string().regex(/^[a-z0-9-]+$/),
  severity: z.enum(SEVERITIES),
  confidence: percent,
  title: sentence,
  description: sentence,
  subjects: z.array(
    z.strictObject({
      role: z.enum(['attacker', 'victim', 'client', 'server', 'spoofed', 'gateway']),
      address: z.string(),
      port: z.int().optional(),
      name: z.string().optional(),
    }),
  ),
  firstSeen: time,
  lastSeen: time,
  indicators: z.array(
    z.strictObject({ name: sentence, value: z.union([z.number(), z.string()]), threshold: z.number().optional(), unit: z.string().optional() }),
  ),
  alternatives: z.array(sentence),
  evidence: z.strictObject({ frames: z.array(z.int().min(1)).max(100), framesTotal: count, filter: z.string(), flows: z.array(z.string()) }),
  attack: z.array(z.string().regex(/^T\d{4}(?:\.\d{3})?$/)),
  recommendation: z.string(),
});

const coverage = z.strictObject({
  detector: z.string(),
  examined: z.strictObject({ packets: count, flows: count, bytes: count, from: time, to: time, ipv4: count, ipv6: count }),
  status: z.enum(['clean', 'found', 'partial', 'skipped']),
  why: z.string(),
});

export const reportSchema = z.strictObject({
  schema: z.literal(1),
  producer: z.strictObject({ name: z.literal('netsec'), version: z.string().min(1), options: z.record(z.string(), z.unknown()) }),
  capture,
  headline: sentence,
  status: z.enum(['clean', 'findings', 'incomplete']),
  statusText: sentence,
  protocols: z.array(z.strictObject({ protocol: z.string().min(1), ...counts })),
  hierarchy: z.array(z.strictObject({ path: z.string().min(1), ...counts })),
  breakdown: z.array(z.strictObject({ name: z.string().min(1), ...counts })),
  totals: z.record(z.string(), count),
  timeline: z.strictObject({
    startTime: time,
    stepSeconds: z.number().positive(),
    series: z.array(z.strictObject({ name: z.string(), packets: z.array(count), bytes: z.array(count) })),
  }),
  quality,
  conversations: z.array(conversation),
  endpoints: z.array(endpoint),
  findings: z.array(finding),
  coverage: z.array(coverage),
  risk: z.strictObject({ score: percent, level: z.enum(['none', 'low', 'medium', 'high', 'critical']), because: z.array(z.string()) }),
});

/** A field of ours that the schema does not know, or the other way round, does not compile. */
type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : never) : never;
const DESCRIBES_THE_CONTRACT: readonly [
  Same<keyof Report, keyof z.output<typeof reportSchema>>,
  Same<keyof Report['quality'], keyof z.output<typeof quality>>,
  Same<keyof Report['capture'], keyof z.output<typeof capture>>,
] = [true, true, true];

/** Everything that is wrong with a report, one line each. It is looked at as a program sees it: after JSON. */
export function reportProblems(report: Report): string[] {
  if (DESCRIBES_THE_CONTRACT.includes(false as never)) throw new Error('the schema is not that of the contract');
  const seen: unknown = JSON.parse(JSON.stringify(report));
  const parsed = reportSchema.safeParse(seen);
  const problems = parsed.success ? [] : parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  const sum = (rows: readonly { readonly packets: number; readonly bytes: number }[], key: 'packets' | 'bytes'): number =>
    rows.reduce((total, row) => total + row[key], 0);
  const { capture: file, breakdown, endpoints, totals } = report;
  if (sum(breakdown, 'packets') !== file.packets) problems.push(`the breakdown counts ${sum(breakdown, 'packets')} of ${file.packets} packets`);
  if (sum(breakdown, 'bytes') !== file.originalBytes) problems.push(`the breakdown counts ${sum(breakdown, 'bytes')} of ${file.originalBytes} bytes`);
  const byInterface = file.interfaces.reduce((total, { packets }) => total + packets, 0);
  if (byInterface !== file.packets) problems.push(`the interfaces count ${byInterface} of ${file.packets} packets`);
  for (const row of endpoints) {
    if (row.packets !== row.packetsSent + row.packetsReceived || row.bytes !== row.bytesSent + row.bytesReceived) {
      problems.push(`endpoint ${row.layer} ${row.address}: the sum is not what was sent and received`);
    }
  }
  for (const list of ['conversations', 'endpoints', 'findings'] as const) {
    if ((totals[list] ?? -1) < report[list].length)
      problems.push(`totals.${list} is ${totals[list] ?? 'missing'}, and ${report[list].length} are listed`);
  }
  for (const { id, evidence } of report.findings) {
    if (evidence.frames.some((frame, i) => frame > file.packets || frame <= (evidence.frames[i - 1] ?? 0))) {
      problems.push(`${id}: evidence frames must ascend and exist`);
    }
  }
  return problems;
}
