/**
 * ARP spoofing: a machine says that somebody else's address is its own, so that what is meant for the other comes to it first. ATT&CK T1557.002,
 * ARP Cache Poisoning. How it is told: neighbourSpoofing.ts; the same by IPv6: ndpSpoofing.ts.
 */
import { formatIpv4 } from '../../pcap/addresses.ts';
import { arpMessage } from '../../pcap/dissectors/arp.ts';
import { redundancyMessage } from '../../pcap/dissectors/redundancy.ts';
import { coverage, examinedAll, unreadableFrames } from '../coverage.ts';
import { defineDetector } from '../detector.ts';
import { NeighbourClaims, NO_ADDRESS } from './neighbourClaims.ts';
import { ANNOUNCE_SECONDS, claimFindings, claimOptions, type ClaimWords } from './neighbourSpoofing.ts';

const REQUEST = 1,
  REPLY = 2;

const WORDS: ClaimWords = {
  protocol: 'ARP',
  reply: 'replies',
  announcement: 'gratuitous ARP frames',
  addressText: formatIpv4,
  claimFilter: (addresses, mac) => `arp.src.proto_ipv4 in {${addresses.join(', ')}} || (arp.src.hw_mac == ${mac} && arp.opcode == 1)`,
  macFilter: (mac) => `arp && arp.src.hw_mac == ${mac}`,
  attack: 'T1557.002',
  guard: 'ARP inspection (with DHCP snooping)',
};

export const arpSpoofing = defineDetector({
  id: 'arp-spoofing',
  title: 'ARP spoofing',
  tier: 1,
  deed: 'posed as {whom} by ARP',
  description:
    'A machine claims an address of another by ARP: both claim it in turn, it answers unasked, or it asks for an address that it says is its own. Two machines set to one address by mistake, a second network card and fail-over without a shared MAC address can look like it.',
  options: claimOptions,
  judgesHeaders: true,
  messages: [arpMessage.kind, redundancyMessage.kind],
  collecting: ['windowSeconds'],
  create(collecting, state) {
    const claims = new NeighbourClaims(state, 4, collecting.windowSeconds, ANNOUNCE_SECONDS);
    let flows = 0;
    return {
      // The first packet of a conversation: enough to know who has an address, without ARP.
      onPacket(p, flow) {
        if (flow < flows) {
          if (claims.isWatching) claims.goesOn(p);
          return;
        }
        flows = flow + 1;
        claims.began(p);
      },
      onMessage(message, _flow, p) {
        if (redundancyMessage.is(message)) claims.share(message.addresses);
        else if (arpMessage.is(message) && (message.opcode === REQUEST || message.opcode === REPLY)) {
          if (message.opcode === REPLY && message.targetIp !== NO_ADDRESS && message.targetIp !== message.senderIp)
            claims.addressed(message.targetIp, p);
          claims.add(
            {
              isQuestion: message.opcode === REQUEST,
              isAnnouncement: message.senderIp === message.targetIp,
              mac: (message.senderMacHigh & 0xffff) * 4_294_967_296 + (message.senderMacLow >>> 0),
              sender: message.senderIp,
              target: message.opcode === REQUEST ? message.targetIp : NO_ADDRESS,
            },
            p,
          );
        }
      },
      evaluate(values) {
        const limits = unreadableFrames(state);
        if (claims.isBounded) limits.push('More addresses were claimed by ARP than are followed; some were left out.');
        return { findings: claimFindings(values, claims, WORDS), coverage: coverage(examinedAll(state), limits) };
      },
    };
  },
});
