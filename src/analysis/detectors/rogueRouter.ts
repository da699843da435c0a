/**
 * Somebody who poses as the way out: router advertisements of IPv6 from a second router, in floods or in the name of the first; a DHCPv6 server that makes itself the
 * resolver (mitm6); ICMP redirects to oneself in the name of the gateway; and take-overs of VRRP and HSRP. Second routers are often honest: those are told as a fact.
 */
import * as z from 'zod';
import { formatIpv4, formatMac } from '../../pcap/addresses.ts';
import { arpMessage } from '../../pcap/dissectors/arp.ts';
import { dhcpv6Message } from '../../pcap/dissectors/dhcpv6.ts';
import { redirectMessage } from '../../pcap/dissectors/icmp.ts';
import { routerAdvertisementMessage } from '../../pcap/dissectors/icmpv6.ts';
import { redundancyMessage } from '../../pcap/dissectors/redundancy.ts';
import { NET_SRC, NET_STRIDE, NET_VERSION, type Packet } from '../../pcap/packet.ts';
import type { CaptureState } from '../captureState.ts';
import { coverage, examinedAll, unreadableFrames } from '../coverage.ts';
import { countText, plural } from '../describe.ts';
import { defineDetector, type FindingDraft } from '../detector.ts';
import { Burst, packetTime } from './measures.ts';
import { redirected, takeOvers, type GroupMember, type Redirects } from './routerTakeOvers.ts';
import { linkSource, wordedDraft } from './sightings.ts';
import { addressFilter, Evidence, Watched } from './watched.ts';

const options = z.object({
  routers: z.int().min(3).default(20).describe('Routers or prefixes that are first announced within ten seconds (routers)'),
  establishedSeconds: z
    .number()
    .min(1)
    .default(30)
    .describe('Time for which a router must have been known before another one is a newcomer (seconds)'),
});
type Options = z.output<typeof options>;

const WINDOW_SECONDS = 10,
  MOST_ROUTERS = 5000,
  MOST_SHOWN = 4;

interface Router {
  readonly address: string;
  readonly since: number;
  readonly macs: Set<string>;
  readonly prefixes: Set<string>;
  readonly servers: Set<string>;
  readonly evidence: Evidence;
  isPreferred: boolean;
  /** It wants to be a way out: a lifetime that is not 0. */
  isWay: boolean;
  /** It tells hosts to ask by DHCPv6, for addresses or other things. */
  isManaged: boolean;
}
export const rogueRouter = defineDetector({
  id: 'rogue-router',
  title: 'Rogue routers',
  tier: 2,
  deed: 'posed as a router',
  description:
    'A station announces itself as router or resolver of an IPv6 network that has one, redirects traffic to itself, or takes over the address that routers share. A second router or a fail-over does the same honestly.',
  options,
  judgesHeaders: true,
  messages: [routerAdvertisementMessage.kind, dhcpv6Message.kind, redirectMessage.kind, redundancyMessage.kind, arpMessage.kind],
  create(_, state) {
    const routers = new Watched<string, Router>(MOST_ROUTERS),
      newcomers = new Burst(WINDOW_SECONDS),
      known = new Watched<string, true>(MOST_ROUTERS),
      flood = new Evidence(),
      servers = new Watched<string, AddressServer>(MOST_ROUTERS),
      redirects = new Watched<string, Redirects>(MOST_ROUTERS),
      groups = new Watched<string, Map<string, GroupMember>>(MOST_ROUTERS),
      owners = new Watched<string, string>(MOST_ROUTERS);
    return {
      onMessage(message, _flow, p) {
        if (arpMessage.is(message)) {
          if (message.senderIp !== 0) owners.of(formatIpv4(message.senderIp), () => formatMac(message.senderMacHigh, message.senderMacLow));
          return;
        }
        const source = sourceOf(p),
          now = packetTime(state, p);
        if (source === '') return;
        if (routerAdvertisementMessage.is(message)) {
          for (const thing of [source, ...message.prefixes])
            if (known.get(thing) === undefined && known.of(thing, () => true) === true) {
              newcomers.add(now);
              flood.add(p, -1);
            }
          const router = routers.of(source, () => newRouter(source, now));
          if (router === undefined) return;
          router.evidence.add(p, -1);
          if (router.macs.size < MOST_SHOWN) router.macs.add(linkSource(p));
          for (const prefix of message.prefixes) if (router.prefixes.size < MOST_SHOWN) router.prefixes.add(prefix);
          for (const server of message.nameServers) if (router.servers.size < MOST_SHOWN) router.servers.add(server);
          router.isPreferred ||= message.preference === 1;
          router.isWay ||= message.lifetimeSeconds > 0;
          router.isManaged ||= message.isManaged;
        } else if (dhcpv6Message.is(message)) {
          if (message.type === DHCPV6_SOLICIT) return;
          const server = servers.of(source, () => ({
            address: source,
            evidence: new Evidence(),
            isResolver: false,
            leases: new Set(),
            nameServers: new Set(),
          }));
          if (server === undefined) return;
          server.evidence.addDatagram(p);
          server.isResolver ||= message.nameServers.includes(source);
          for (const lease of message.addresses) if (server.leases.size < MOST_SHOWN) server.leases.add(lease);
          for (const name of message.nameServers) if (server.nameServers.size < MOST_SHOWN) server.nameServers.add(name);
        } else if (redirectMessage.is(message)) {
          const one = redirects.of(source, () => ({ source, gateways: new Set(), evidence: new Evidence(), mac: '' }));
          if (one === undefined) return;
          one.evidence.add(p, -1);
          if (one.gateways.size < MOST_SHOWN) one.gateways.add(message.gateway);
          one.mac ||= linkSource(p);
        } else if (redundancyMessage.is(message) && (message.isActive || message.isCoup)) {
          const members = groups.of(`${message.protocol} ${message.group}`, () => new Map<string, GroupMember>());
          let member = members?.get(source);
          if (member === undefined && members !== undefined && members.size < MOST_SHOWN)
            members.set(source, (member = { address: source, since: now, evidence: new Evidence(), priority: 0, isCoup: false }));
          if (member === undefined) return;
          member.evidence.add(p, -1);
          member.priority = Math.max(member.priority, message.priority);
          member.isCoup ||= message.isCoup;
        }
      },
      evaluate(values) {
        const all = [...routers.values],
          findings: FindingDraft[] = [],
          isFlood = newcomers.most >= values.routers;
        if (isFlood) findings.push(flooded(values, state, flood, newcomers.most, all[0]?.address ?? ''));
        else findings.push(...secondRouters(values, state, all));
        for (const router of all) {
          const macs = [...router.macs].filter((mac) => !mac.startsWith('00:00:5e:00:02'));
          if (macs.length > 1 && !isFlood) findings.push(twoFaces(state, router, macs));
        }
        findings.push(...addressServers(state, [...servers.values], all));
        for (const one of redirects.values) {
          // The frames come from whom they point to, or from another station than their address belongs to.
          const owner = owners.get(one.source),
            isForged =
              one.mac !== '' && ((owner !== undefined && owner !== one.mac) || [...one.gateways].some((gateway) => owners.get(gateway) === one.mac));
          findings.push(redirected(state, one, isForged, owner !== undefined && owner === one.mac));
        }
        for (const [group, members] of groups.entries) findings.push(...takeOvers(values.establishedSeconds, state, group, [...members.values()]));
        return { findings, coverage: coverage(examinedAll(state), [...unreadableFrames(state), ...routers.limits('routers')]) };
      },
    };
  },
});

function sourceOf({ net, netCount, netAboveMac, ipv6 }: Packet): string {
  // Errors and redirects quote a header of their own behind it; headers that carry the whole frame come before.
  const at = netAboveMac * NET_STRIDE,
    source = net[at + NET_SRC]!;
  return netAboveMac >= netCount ? '' : net[at + NET_VERSION] === 6 ? ipv6.textOf(source) : formatIpv4(source);
}

function newRouter(address: string, since: number): Router {
  return {
    address,
    since,
    macs: new Set(),
    prefixes: new Set(),
    servers: new Set(),
    evidence: new Evidence(),
    isPreferred: false,
    isWay: false,
    isManaged: false,
  };
}

/** A server of DHCPv6: what it gave and named. */
interface AddressServer {
  readonly address: string;
  readonly evidence: Evidence;
  readonly leases: Set<string>;
  readonly nameServers: Set<string>;
  /** It named itself. */
  isResolver: boolean;
}
const DHCPV6_SOLICIT = 1,
  LINK_LOCAL = /^fe[89ab]/i;

const ADVERTISEMENTS = 'icmpv6.type == 134';

function flooded(values: Options, state: CaptureState, evidence: Evidence, most: number, example: string): FindingDraft {
  return wordedDraft(state, [{ role: 'spoofed', address: example }], evidence, ADVERTISEMENTS, {
    technique: 'advertisement-flood',
    deed: 'flooded the network with router advertisements',
    severity: 'high',
    parts: [
      ['more routers and prefixes than a network has', 70],
      ['many times the threshold', Math.min(15, 5 * Math.log2(most / values.routers))],
    ],
    title: `Router advertisements flood the network: ${countText(most)} new routers and prefixes within ${WINDOW_SECONDS} s`,
    description: `${countText(most)} routers and prefixes were announced for the first time within ${WINDOW_SECONDS} s (threshold ${values.routers}); hosts that make an address of each come to a stop.`,
    indicators: [{ name: 'new routers and prefixes', value: most, threshold: values.routers }],
    alternatives: ['A test of the network.'],
    attack: ['T1499', 'T1557'],
    recommendation: 'Turn on RA guard at the switches, and find the port that these came from.',
  });
}

/** Routers that appear where one was known for a while. */
function secondRouters(values: Options, state: CaptureState, all: readonly Router[]): FindingDraft[] {
  const ways = all.filter(({ isWay }) => isWay).sort((a, b) => a.since - b.since),
    [first, ...others] = ways;
  if (first === undefined) return [];
  return others.flatMap((router) => {
    const isNew = router.since - first.since >= values.establishedSeconds && first.evidence.framesTotal >= 2,
      isOwnResolver = router.servers.has(router.address) || [...router.servers].some((server) => !first.servers.has(server)),
      isPreferred = router.isPreferred && !first.isPreferred,
      hasOtherPrefix = [...router.prefixes].some((prefix) => !first.prefixes.has(prefix));
    if (!isNew && !isPreferred) return [];
    return [
      wordedDraft(
        state,
        [
          { role: 'attacker', address: router.address },
          { role: 'gateway', address: first.address },
        ],
        router.evidence,
        `${addressFilter(router.address)} && ${ADVERTISEMENTS}`,
        {
          technique: 'second-router',
          severity: isNew && (isPreferred || (isOwnResolver && hasOtherPrefix)) ? 'medium' : 'low',
          parts: [
            ['a second router', 30],
            ['it came when the first had been known for a while', isNew ? 12 : 0],
            ['it asks to be preferred', isPreferred ? 20 : 0],
            ['it names resolvers of its own', isOwnResolver ? 10 : 0],
            ['it names prefixes of its own', hasOtherPrefix ? 8 : 0],
          ],
          title: `${router.address} announces itself as a second router, beside ${first.address}`,
          description: `${plural(router.evidence.framesTotal, 'advertisement')} of ${router.address} began ${Math.round(router.since - first.since)} s after those of ${first.address} (threshold ${values.establishedSeconds} s), with the prefixes ${[...router.prefixes].join(', ') || 'of none'}.`,
          alternatives: ['A second router that was set up, or a telephone or computer that shares its connection by mistake.'],
          attack: ['T1557'],
          recommendation: `Find out what ${router.address} is; turn on RA guard where stations are connected.`,
        },
      ),
    ];
  });
}

function twoFaces(state: CaptureState, router: Router, macs: readonly string[]): FindingDraft {
  return wordedDraft(
    state,
    [
      { role: 'attacker', address: macs[1] ?? '' },
      { role: 'gateway', address: router.address },
    ],
    router.evidence,
    `${addressFilter(router.address)} && ${ADVERTISEMENTS}`,
    {
      technique: 'spoofed-advertisement',
      deed: 'announced itself as the router {whom}',
      severity: 'medium',
      parts: [['one router speaks from two stations', 65]],
      title: `Router advertisements of ${router.address} come from ${plural(macs.length, 'station')}`,
      description: `Advertisements of ${router.address} came from ${macs.join(' and ')}: one of them is not the router.`,
      alternatives: ['A fail-over between two routers that share the address.'],
      attack: ['T1557'],
      recommendation: `Find out which of ${macs.join(' and ')} is the router.`,
    },
  );
}

/** Servers of DHCPv6 that nobody told stations to ask, and those that make themselves the resolver without being a way out. */
function addressServers(state: CaptureState, servers: readonly AddressServer[], routers: readonly Router[]): FindingDraft[] {
  const ways = routers.filter(({ isWay }) => isWay),
    isUnasked = ways.length > 0 && !ways.some(({ isManaged }) => isManaged);
  return servers.flatMap((server) => {
    if (ways.some(({ address }) => address === server.address)) return [];
    const isOwnResolver = server.isResolver && LINK_LOCAL.test(server.address),
      hasLinkLocalLeases = [...server.leases].some((lease) => LINK_LOCAL.test(lease)),
      isStranger = isUnasked && server.leases.size > 0 && server.nameServers.size > 0;
    return isOwnResolver || hasLinkLocalLeases || isStranger
      ? [addressServer(state, server, { isOwnResolver, hasLinkLocalLeases, isUnasked, hasRouters: routers.length > 0 })]
      : [];
  });
}

function addressServer(
  state: CaptureState,
  { address, evidence, leases, nameServers }: AddressServer,
  marks: { readonly isOwnResolver: boolean; readonly hasLinkLocalLeases: boolean; readonly isUnasked: boolean; readonly hasRouters: boolean },
): FindingDraft {
  const { isOwnResolver, hasLinkLocalLeases, isUnasked, hasRouters } = marks;
  return wordedDraft(state, [{ role: 'attacker', address }], evidence, `${addressFilter(address)} && dhcpv6`, {
    technique: 'dhcpv6-resolver',
    deed: isOwnResolver ? 'made itself the resolver by DHCPv6' : 'gave addresses by DHCPv6 unasked',
    severity: hasLinkLocalLeases || (isOwnResolver && hasRouters) ? 'medium' : 'low',
    parts: [
      ['a server of DHCPv6 that is no router makes itself the resolver', isOwnResolver ? (hasRouters ? 70 : 45) : 0],
      ['it gives out link-local addresses, which hosts make themselves', hasLinkLocalLeases ? (isOwnResolver ? 20 : 60) : 0],
      ['no router told hosts to ask for addresses', isUnasked ? (isOwnResolver || hasLinkLocalLeases ? 8 : 45) : 0],
    ],
    title: isOwnResolver
      ? `${address} makes itself the resolver of the network by DHCPv6`
      : `${address} gives addresses by DHCPv6 ${hasLinkLocalLeases ? 'that hosts make themselves' : 'though no router told hosts to ask'}`,
    description: `${address} answers DHCPv6, is no way out of the network, and names ${isOwnResolver ? 'its own link-local address' : [...nameServers].join(', ') || 'nobody'} as resolver${leases.size > 0 ? ` with the addresses ${[...leases].join(', ')}` : ''}${isUnasked ? '; the routers did not tell hosts to ask (flags M and O)' : ''}: mitm6 does so to answer all names.`,
    alternatives: [
      'A small server that is resolver and DHCPv6 server at once.',
      ...(hasRouters ? [] : ['A router whose advertisements were not captured.']),
    ],
    attack: ['T1557.003', 'T1557'],
    recommendation: `Find out what ${address} is, and which answers it gave; block DHCPv6 servers at the ports of stations.`,
  });
}
