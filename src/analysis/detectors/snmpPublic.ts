/** SNMP devices that answer to the communities everybody knows: `public` gives away what the device is and does, `private` mostly lets it be changed. */
import * as z from 'zod';
import { snmpMessage } from '../../pcap/dissectors/snmp.ts';
import type { CaptureState } from '../captureState.ts';
import { coverage, examinedAll, unreadableFrames } from '../coverage.ts';
import { plural } from '../describe.ts';
import { defineDetector, type FindingDraft } from '../detector.ts';
import { addressFilter, confidenceOf, datagramEnds, Evidence, isLocalAddress, Watched } from './watched.ts';

const options = z.object({
  answers: z.int().min(1).default(1).describe('Answers with a community that everybody knows before a device is told (messages)'),
});

const MOST_DEVICES = 5000,
  PORT = 161;
/** PDU types of RFC 3416. */
const GET_RESPONSE = 2,
  SET_REQUEST = 3,
  BULK_REQUEST = 5;

interface Device {
  readonly address: string;
  readonly manager: string;
  readonly community: 'public' | 'private';
  readonly evidence: Evidence;
  version: number;
  answers: number;
  /** Answers that nobody asked for are a flood through the device, and "amplification" tells of them. */
  requests: number;
  sets: number;
}

export const snmpPublic = defineDetector({
  id: 'snmp-public',
  title: 'SNMP with a well-known community',
  tier: 1,
  deed: 'used a well-known SNMP community at {whom}',
  description:
    'A device answers to SNMP requests with the community "public" or "private", which it was delivered with. Printers and switches nobody configured do; monitoring inside a closed network may rely on it.',
  options,
  messages: [snmpMessage.kind],
  create(_, state) {
    const devices = new Watched<string, Device>(MOST_DEVICES);
    return {
      onMessage(message, _flow, p) {
        if (!snmpMessage.is(message) || message.community === 'other') return;
        const { pdu, community, version } = message;
        if (pdu > SET_REQUEST && pdu !== BULK_REQUEST) return;
        const ends = datagramEnds(p);
        if (ends === null) return;
        const isAnswer = pdu === GET_RESPONSE,
          address = isAnswer ? ends.source : ends.destination,
          manager = isAnswer ? ends.destination : ends.source;
        const device = devices.of(`${address} ${community}`, () => ({
          address,
          manager,
          community,
          evidence: new Evidence(),
          version,
          answers: 0,
          requests: 0,
          sets: 0,
        }));
        if (device === undefined) return;
        if (pdu === GET_RESPONSE) {
          device.answers++;
          device.evidence.addDatagram(p);
        } else device.requests++;
        if (pdu === SET_REQUEST) device.sets++;
      },
      evaluate: (values) => ({
        findings: [...devices.values]
          .filter(({ answers, requests }) => requests > 0 && answers >= values.answers)
          .map((one) => draft(values.answers, one, state)),
        coverage: coverage(examinedAll(state), [...unreadableFrames(state), ...devices.limits('devices with a well-known community')]),
      }),
    };
  },
});

function draft(threshold: number, { address, manager, community, evidence, version, answers, sets }: Device, state: CaptureState): FindingDraft {
  const isOutside = !isLocalAddress(address) || !isLocalAddress(manager),
    name = version === 0 ? 'SNMPv1' : 'SNMPv2c';
  const { confidence, indicators } = confidenceOf([
    ['the device itself answered', 88],
    ['more than once', answers > 1 ? 5 : 0],
    ['it was changed with it', sets > 0 ? 5 : 0],
  ]);
  return {
    technique: community,
    severity: sets > 0 || (community === 'private' && isOutside) ? 'high' : 'medium',
    confidence,
    title: `${address} answers to SNMP with the community "${community}"`,
    description: `${plural(answers, 'answer')} (threshold ${threshold}) over ${name} to ${manager}${sets > 0 ? `, and ${plural(sets, 'request')} to change something` : ''}. Everybody knows this community; whoever reaches the device can read ${community === 'private' || sets > 0 ? 'and mostly change ' : ''}its configuration, and use it to amplify attacks.`,
    subjects: [
      { role: 'client', address: manager },
      { role: 'server', address, port: PORT },
    ],
    ...evidence.resolve(state.flows).proof,
    indicators: [
      { name: 'answers', value: answers, threshold, unit: 'messages' },
      { name: 'requests to change', value: sets },
      { name: 'version', value: name },
      ...indicators,
    ],
    alternatives: ['A printer or switch as it was delivered, asked by your own monitoring.'],
    filter: `${addressFilter(address)} && snmp.community == "${community}"`,
    attack: ['T1602.001', 'T1078.001'],
    together: {
      key: `${community} ${sets > 0 ? `set ${manager}` : ''} ${isOutside ? 'outside' : ''}`,
      label: address,
      note: plural(answers, 'answer'),
      words: (all) => ({
        title: `${all.hosts('server', 'device')} answer to SNMP with the community "${community}"`,
        description: `Everybody knows this community; whoever reaches a device can read ${community === 'private' || sets > 0 ? 'and mostly change ' : ''}its configuration, and use it to amplify attacks. These answered:`,
        recommendation: 'Give these devices SNMPv3 with a password, or at least another community, and let only the monitoring ask them.',
      }),
    },
    recommendation: `Give ${address} SNMPv3 with a password, or at least another community, and let only the monitoring ask it.`,
  };
}
