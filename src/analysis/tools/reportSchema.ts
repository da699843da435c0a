/** The Report contract as a schema, for tools that return it. A test holds it to report.ts. */
import * as z from 'zod';
import { CONVERSATION_LAYERS, SEVERITIES } from '../report.ts';

const timestamp = z.string().nullable().describe('UTC, ISO 8601 with nanoseconds; null where the capture has no time');
const count = z.number();
const layer = z.enum(CONVERSATION_LAYERS);
const counted = { packets: count, bytes: count };

const capture = z.object({
  file: z.string(),
  sha256: z.string().nullable(),
  format: z.string(),
  compression: z.string().nullable(),
  linkTypes: z.array(z.string()),
  interfaces: z.array(
    z.object({ id: count, name: z.string().nullable(), linkType: z.string(), snapLength: count, packets: count, dropped: count.nullable() }),
  ),
  packets: count,
  snappedPackets: count,
  capturedBytes: count,
  originalBytes: count,
  fileBytes: count,
  startTime: timestamp,
  endTime: timestamp,
  durationSeconds: count.nullable(),
  timeOrdered: z.boolean(),
  truncated: z.object({ afterFrame: count, offset: count, message: z.string() }).nullable(),
});

const quality = z.object({
  snappedPackets: count,
  missingBytes: count,
  malformedPackets: count,
  unknown: z.array(z.object({ what: z.string(), packets: count })),
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
  boundsReached: z.array(z.string()),
});

const conversation = z.object({
  id: z.string(),
  layer,
  depth: count,
  via: z.array(z.string()),
  a: z.string(),
  b: z.string(),
  aPort: count.nullable(),
  bPort: count.nullable(),
  packetsAToB: count,
  packetsBToA: count,
  bytesAToB: count,
  bytesBToA: count,
  startTime: timestamp,
  endTime: timestamp,
  durationSeconds: count.nullable(),
  service: z.string().nullable(),
  connState: z.string().nullable(),
  history: z.string().nullable(),
});

const endpoint = z.object({
  layer,
  depth: count,
  address: z.string(),
  port: count.nullable(),
  names: z.array(z.string()),
  ...counted,
  packetsSent: count,
  bytesSent: count,
  packetsReceived: count,
  bytesReceived: count,
});

const finding = z.object({
  id: z.string(),
  detector: z.string(),
  severity: z.enum(SEVERITIES),
  confidence: z.number().describe('0 to 100'),
  title: z.string(),
  description: z.string(),
  subjects: z.array(
    z.object({
      role: z.enum(['attacker', 'victim', 'client', 'server', 'spoofed', 'gateway']),
      address: z.string(),
      port: z.exactOptional(count),
      name: z.exactOptional(z.string()),
    }),
  ),
  firstSeen: timestamp,
  lastSeen: timestamp,
  indicators: z.array(
    z.object({ name: z.string(), value: z.union([count, z.string()]), threshold: z.exactOptional(count), unit: z.exactOptional(z.string()) }),
  ),
  alternatives: z.array(z.string()),
  evidence: z.object({
    frames: z.array(count),
    framesTotal: count,
    filter: z.string().describe('Display filter that selects the evidence'),
    flows: z.array(z.string()),
  }),
  attack: z.array(z.string()).describe('MITRE ATT&CK technique ids'),
  recommendation: z.string(),
});

const coverage = z.object({
  detector: z.string(),
  examined: z.object({ packets: count, flows: count, bytes: count, from: timestamp, to: timestamp, ipv4: count, ipv6: count }),
  status: z.enum(['clean', 'found', 'partial', 'skipped']),
  why: z.string(),
});

export const reportSchema = z.object({
  schema: z.literal(1),
  producer: z.object({ name: z.literal('netsec'), version: z.string(), options: z.record(z.string(), z.unknown()) }),
  capture,
  headline: z.string().describe('One plain sentence: what this capture is'),
  status: z.enum(['clean', 'findings', 'incomplete']),
  statusText: z.string().describe('The security status in words'),
  protocols: z
    .array(z.object({ protocol: z.string(), ...counted }))
    .describe('Frames that hold the protocol at any layer; they overlap, so never make shares of them'),
  hierarchy: z.array(z.object({ path: z.string(), ...counted })),
  breakdown: z.array(z.object({ name: z.string(), ...counted })).describe('Every frame once; use this for percentages'),
  totals: z.record(z.string(), count).describe('True number of rows of each list, however many are shown'),
  timeline: z.object({
    startTime: timestamp,
    stepSeconds: count,
    series: z.array(z.object({ name: z.string(), packets: z.array(count), bytes: z.array(count) })),
  }),
  quality,
  conversations: z.array(conversation),
  endpoints: z.array(endpoint),
  findings: z.array(finding),
  coverage: z.array(coverage).describe('What each check examined, and why it could not see more'),
  risk: z.object({ score: count, level: z.enum(['none', 'low', 'medium', 'high', 'critical']), because: z.array(z.string()) }),
});
