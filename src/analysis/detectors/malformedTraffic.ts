/**
 * Packets that contradict themselves: headers that promise more than there is. Programs that search for faults (fuzzers) and exploits of network stacks send
 * them; broken devices do, too. Packets that were cut in capturing are not among them, nor copies that a mirror port
 * cut.
 */
import * as z from 'zod';
import { routerAdvertisementMessage } from '../../pcap/dissectors/icmpv6.ts';
import type { Packet } from '../../pcap/packet.ts';
import type { CaptureState } from '../captureState.ts';
import { coverage, examinedAll, unreadableFrames } from '../coverage.ts';
import { countText, plural } from '../describe.ts';
import { defineDetector, type FindingDraft } from '../detector.ts';
import { linkSource, wordedDraft } from './sightings.ts';
import { addressFilter, datagramEnds, Evidence, Watched } from './watched.ts';

const options = z.object({
  frames: z.int().min(1).default(3).describe('Malformed frames of one protocol from one sender (frames)'),
  floodFrames: z.int().min(2).default(20).describe('Malformed frames from which a sender does it on purpose (frames)'),
});
type Options = z.output<typeof options>;

const MOST_SENDERS = 5000;

interface Sender {
  readonly source: string;
  readonly destination: string;
  readonly protocol: string;
  readonly evidence: Evidence;
}

export const malformedTraffic = defineDetector({
  id: 'malformed-traffic',
  title: 'Malformed packets',
  tier: 2,
  deed: 'sent malformed packets[ to {whom}]',
  description:
    'Packets contradict their own headers, as those of fuzzers and of attacks on network stacks do. Broken devices and protocols that were taken for others look the same.',
  options,
  judgesHeaders: true,
  messages: [routerAdvertisementMessage.kind],
  create(_, state) {
    const senders = new Watched<string, Sender>(MOST_SENDERS),
      neighbours = new Watched<string, Sender>(MOST_SENDERS);
    return {
      onOtherPacket(p) {
        if (!p.isMalformed || state.lastCutCopy === p.frame) return;
        const protocol = state.tables.paths.protocolsOf(p.path).findLast(({ id }) => id !== 'data')?.id ?? 'frame',
          ends = endsOf(p);
        // A frame too short to say who sent it tells of the recording; the number of such frames is in the report's quality.
        if (ends.source === '') return;
        senders.of(`${ends.source} ${protocol}`, () => ({ ...ends, protocol, evidence: new Evidence() }))?.evidence.add(p, -1);
      },
      onMessage(message, _flow, p) {
        if (!routerAdvertisementMessage.is(message) || !message.hasEvenNameServers) return;
        const ends = endsOf(p);
        neighbours.of(ends.source, () => ({ ...ends, protocol: 'icmpv6', evidence: new Evidence() }))?.evidence.add(p, -1);
      },
      evaluate: (values) => ({
        findings: [
          ...[...neighbours.values].map((one) => badNeighbour(state, one)),
          ...[...senders.values].filter(({ evidence }) => evidence.framesTotal >= values.frames).map((one) => draft(values, state, one)),
        ],
        coverage: coverage(examinedAll(state), [...unreadableFrames(state), ...senders.limits('senders')]),
      }),
    };
  },
});

function endsOf(p: Packet): { readonly source: string; readonly destination: string } {
  const ends = datagramEnds(p);
  return ends === null ? { source: linkSource(p), destination: '' } : { source: ends.source, destination: ends.destination };
}

function filterOf(source: string): string {
  return source === '' ? '' : /^[0-9a-f]{2}(?::[0-9a-f]{2}){5}$/.test(source) ? `eth.addr == ${source} && ` : `${addressFilter(source)} && `;
}

function draft(values: Options, state: CaptureState, { source, destination, protocol, evidence }: Sender): FindingDraft {
  const { framesTotal } = evidence,
    isMuch = framesTotal >= values.floodFrames;
  return wordedDraft(
    state,
    [{ role: 'client', address: source }, ...(destination === '' ? [] : [{ role: 'server' as const, address: destination }])],
    evidence,
    `${filterOf(source)}${protocol}`,
    {
      technique: protocol,
      severity: isMuch ? 'low' : 'info',
      parts: [
        ['headers that promise more than there is', 40],
        ['many of them', Math.min(20, 4 * Math.log2(framesTotal / values.frames))],
      ],
      title: `${source} sends ${plural(framesTotal, 'malformed packet')} of ${protocol.toUpperCase()}`,
      description: `${countText(framesTotal)} packets (threshold ${values.frames}) of ${protocol.toUpperCase()} end before their headers say, though nothing was cut in capturing.`,
      indicators: [{ name: 'malformed packets', value: framesTotal, threshold: values.frames }],
      alternatives: ['A broken device or driver, or another protocol on this port.'],
      attack: ['T1499.004'],
      recommendation: `Look at the first of these packets; if ${source} is no tester, see what it sends them to.`,
    },
  );
}

/** RFC 8106: an option for name servers has 8 bytes and 16 for each. One of an even length runs over the stack of Windows 10, CVE-2020-16898. */
function badNeighbour(state: CaptureState, { source, destination, evidence }: Sender): FindingDraft {
  return wordedDraft(
    state,
    [
      { role: 'attacker', address: source },
      { role: 'victim', address: destination },
    ],
    evidence,
    `${addressFilter(source)} && icmpv6.type == 134`,
    {
      technique: 'bad-neighbor',
      deed: 'tried Bad Neighbor (CVE-2020-16898) on {whom}',
      severity: 'high',
      parts: [['an option for name servers of an even length, which no resolver needs', 85]],
      title: `${source} tried Bad Neighbor (CVE-2020-16898) on ${destination}`,
      description: `${plural(evidence.framesTotal, 'router advertisement')} of ${source} ${evidence.framesTotal === 1 ? 'has' : 'have'} an option for name servers whose length is even, as the attack on Windows needs it.`,
      alternatives: ['A router whose software is faulty.'],
      attack: ['T1210'],
      recommendation: 'Install the updates of October 2020, or turn off RFC 8106 in Windows; find the sender.',
    },
  );
}
