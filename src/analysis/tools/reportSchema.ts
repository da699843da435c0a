/** The Report contract as a schema, for tools that return it and for tests: strict, so that a field nobody wrote down fails. A test holds it to report.ts. */
import * as z from 'zod';
import { CONVERSATION_LAYERS, INDICATOR_TYPES, PROBLEM_KINDS, SEVERITIES } from '../report.ts';

const count = z.int().min(0);
const percent = z.int().min(0).max(100);
const time = z
  .string()
  .regex(/^[+-]?\d{4,6}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/)
  .nullable()
  .describe('UTC, ISO 8601 with nanoseconds; null where the capture has no time');
const duration = z.number().min(0).nullable();
const counts = { packets: count, bytes: count };
const layer = z.enum(CONVERSATION_LAYERS);
const port = z.int().min(0).max(65535).nullable();
const sentence = z.string().min(1);
const role = z.enum(['attacker', 'victim', 'client', 'server', 'spoofed', 'gateway']);

const capture = z.strictObject({
  file: z.string().min(1),
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .nullable(),
  format: z.string().min(1),
  compression: z.string().nullable(),
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
  parts: z
    .array(
      z.strictObject({
        file: z.string(),
        firstFrame: count.nullable(),
        packets: count,
        startTime: time,
        endTime: time,
        overlapSeconds: z.number().min(0),
        problem: sentence.nullable(),
      }),
    )
    .exactOptional(),
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
  openedConversations: count,
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

const trouble = z.strictObject({
  id: z.string(),
  layer: z.enum(['tcp', 'udp']),
  address: z.string(),
  port: z.int().min(0).max(65535),
  title: sentence,
  names: z.array(z.string()),
  service: z.string().nullable(),
  problems: z.array(z.strictObject({ kind: z.enum(PROBLEM_KINDS), times: count, of: count, text: sentence, frame: count.nullable() })).min(1),
});

const subjects = z.array(
  z.strictObject({
    role,
    address: z.string(),
    port: z.exactOptional(z.int()),
    name: z.exactOptional(z.string()),
  }),
);
const findingId = z.string().regex(/^[a-z0-9-]+-[0-9a-f]{8}$/);

const finding = z.strictObject({
  id: findingId,
  detector: z.string().regex(/^[a-z0-9-]+$/),
  severity: z.enum(SEVERITIES),
  confidence: percent,
  title: sentence,
  description: sentence,
  subjects,
  firstSeen: time,
  lastSeen: time,
  indicators: z.array(
    z.strictObject({
      name: sentence,
      value: z.union([z.number(), z.string()]),
      threshold: z.exactOptional(z.number()),
      unit: z.exactOptional(z.string()),
    }),
  ),
  alternatives: z.array(sentence),
  evidence: z.strictObject({
    frames: z.array(z.int().min(1)).max(100),
    framesTotal: count,
    filter: z.string().describe('Display filter that selects the evidence'),
    flows: z.array(z.string()),
  }),
  attack: z.array(z.string().regex(/^T\d{4}(?:\.\d{3})?$/)).describe('MITRE ATT&CK technique ids'),
  tactics: z.array(z.string()).describe('Names of the ATT&CK tactics'),
  recommendation: z.string(),
  expected: z
    .strictObject({ rule: sentence, reason: z.string() })
    .nullable()
    .describe('The rule of the allow-list that expects it: then it does not count'),
  parts: z
    .array(z.strictObject({ id: findingId, label: sentence, severity: z.enum(SEVERITIES), confidence: percent, subjects, frame: count.nullable() }))
    .min(2)
    .max(50)
    .exactOptional()
    .describe('Those that are told together in this finding'),
});

const incident = z.strictObject({
  id: z.string().regex(/^incident-[0-9a-f]{8}$/),
  title: sentence,
  severity: z.enum(SEVERITIES),
  confidence: percent,
  hosts: z.array(z.strictObject({ address: z.string(), roles: z.array(role), name: z.string().nullable() })),
  findings: z.array(z.string()).min(2),
  firstSeen: time,
  lastSeen: time,
  tactics: z.array(z.string()).describe('In the order of ATT&CK'),
  timeline: z.array(
    z.strictObject({
      time,
      frame: count.nullable(),
      finding: z.string(),
      severity: z.enum(SEVERITIES),
      title: sentence,
      tactics: z.array(z.string()),
    }),
  ),
});

const indicatorOfCompromise = z.strictObject({
  type: z.enum(INDICATOR_TYPES),
  value: z.string(),
  defanged: z.string(),
  findings: z.array(z.string()),
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
  headline: sentence.describe('One plain sentence: what this capture is'),
  status: z.enum(['clean', 'findings', 'incomplete']),
  statusText: sentence.describe('The security status in words'),
  protocols: z
    .array(z.strictObject({ protocol: z.string().min(1), ...counts }))
    .describe('Frames that hold the protocol at any layer; they overlap, so never make shares of them'),
  hierarchy: z.array(z.strictObject({ path: z.string().min(1), ...counts })),
  breakdown: z.array(z.strictObject({ name: z.string().min(1), ...counts })).describe('Every frame once; use this for percentages'),
  totals: z.record(z.string(), count).describe('True number of rows of each list, however many are shown'),
  timeline: z.strictObject({
    startTime: time,
    stepSeconds: z.number().positive(),
    series: z.array(z.strictObject({ name: z.string(), packets: z.array(count), bytes: z.array(count) })),
  }),
  quality,
  conversations: z.array(conversation),
  endpoints: z.array(endpoint),
  troubles: z.array(trouble).describe('Services that did not work or not well; no threats'),
  findings: z.array(finding),
  incidents: z.array(incident).describe('Findings that belong together'),
  indicatorsOfCompromise: z.array(indicatorOfCompromise).describe('What to look for elsewhere'),
  coverage: z.array(coverage).describe('What each check examined, and why it could not see more'),
  risk: z.strictObject({ score: percent, level: z.enum(['none', 'low', 'medium', 'high', 'critical']), because: z.array(z.string()) }),
});
