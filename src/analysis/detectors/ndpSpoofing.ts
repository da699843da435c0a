/**
 * NDP spoofing: what ARP spoofing is to IPv4, by the neighbour advertisements and solicitations of IPv6 (RFC 4861; threats: RFC 3756 section 4.1). The
 * sender overrides what hosts know of an address, or tells each host that the address it wants is taken. ATT&CK T1557, Adversary-in-the-Middle.
 */
import { neighbourMessage } from '../../pcap/dissectors/icmpv6.ts';
import { redundancyMessage } from '../../pcap/dissectors/redundancy.ts';
import { coverage, examinedAll, unreadableFrames } from '../coverage.ts';
import { defineDetector } from '../detector.ts';
import { NeighbourClaims, neighbourOf, NO_ADDRESS } from './neighbourClaims.ts';
import { ANNOUNCE_SECONDS, claimFindings, claimOptions, type ClaimWords } from './neighbourSpoofing.ts';

/** Types of Neighbor Discovery, 133 to 137, as `Packet.icmp`. */
const ROUTER_SOLICITATION = 133 * 256,
  AFTER_REDIRECT = 138 * 256;

export const ndpSpoofing = defineDetector({
  id: 'ndp-spoofing',
  title: 'NDP spoofing',
  tier: 2,
  deed: 'posed as {whom} by Neighbor Discovery',
  description:
    'A machine claims an IPv6 address of another by Neighbor Discovery: both claim it in turn, it advertises itself unasked, or it tells hosts that the addresses they want are taken. Fail-over without a shared MAC address and routers that answer for others can look like it.',
  options: claimOptions,
  judgesHeaders: true,
  messages: [neighbourMessage.kind, redundancyMessage.kind],
  collecting: ['windowSeconds'],
  create(collecting, state) {
    const claims = new NeighbourClaims(state, 6, collecting.windowSeconds, ANNOUNCE_SECONDS),
      words: ClaimWords = {
        protocol: 'NDP',
        reply: 'advertisements',
        announcement: 'unsolicited neighbour advertisements',
        addressText: (ip) => state.packet.ipv6.textOf(ip - 1),
        claimFilter: (addresses, mac) =>
          `icmpv6.nd.na.target_address in {${addresses.join(', ')}} || (icmpv6.type == 135 && icmpv6.opt.linkaddr == ${mac})`,
        macFilter: (mac) => `icmpv6.type in {135, 136} && eth.src == ${mac}`,
        attack: 'T1557',
        guard: 'ND inspection (with DHCPv6 and RA guard)',
      };
    let flows = 0;
    return {
      // The first packet of a conversation, as for ARP.
      onPacket(p, flow) {
        if (flow < flows) {
          if (claims.isWatching) claims.goesOn(p);
          return;
        }
        flows = flow + 1;
        // What it claims by these messages proves nothing of where it is.
        if (p.icmp < ROUTER_SOLICITATION || p.icmp >= AFTER_REDIRECT) claims.began(p);
      },
      onMessage(message, _flow, p) {
        if (redundancyMessage.is(message)) claims.share(message.ipv6Addresses.map((one) => neighbourOf(6, one)));
        else if (neighbourMessage.is(message)) {
          const { isQuestion, mac, source, target } = message;
          // Without the override flag it claims nothing that somebody else has: anycast, and routers that answer for others.
          if (!isQuestion && !message.isOverride) return;
          claims.add(
            {
              isQuestion,
              isAnnouncement: !isQuestion && !message.isSolicited && message.isToGroup,
              mac,
              sender: !isQuestion ? neighbourOf(6, target) : source === null ? NO_ADDRESS : neighbourOf(6, source),
              target: isQuestion ? neighbourOf(6, target) : NO_ADDRESS,
            },
            p,
          );
        }
      },
      evaluate(values) {
        const limits = unreadableFrames(state);
        if (claims.isBounded) limits.push('More addresses were claimed by Neighbor Discovery than are followed; some were left out.');
        return { findings: claimFindings(values, claims, words), coverage: coverage(examinedAll(state), limits) };
      },
    };
  },
});
