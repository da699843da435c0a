/**
 * Floods of DHCP refusals (NAK), which make clients give up their addresses. Clients only believe the server they chose (RFC 2131 section 3.1), so whoever
 * wants to harm them refuses in its name; the packet or the frame says who that was. The detector is rogueDhcp.ts.
 */
import { formatIpv4, formatMac } from '../../pcap/addresses.ts';
import type { DhcpMessage } from '../../pcap/dhcp/message.ts';
import { MAC_SRC_HIGH, MAC_SRC_LOW, MAC_STRIDE, NET_SRC, NET_STRIDE, type Packet } from '../../pcap/packet.ts';
import type { CaptureState } from '../captureState.ts';
import { countText, plural } from '../describe.ts';
import type { FindingDraft } from '../detector.ts';
import type { Subject } from '../report.ts';
import { Burst, confidenceOf, MOST_EVIDENCE, overThreshold, packetTime, Span } from './measures.ts';

const NAK = 6,
  MOST_SPEAKERS = 200;

/** How many refusals within how many seconds are a flood. */
interface RefusalOptions {
  readonly refusals: number;
  readonly windowSeconds: number;
}

/** Who speaks for a server: the server itself, or another. */
interface Speaker {
  readonly server: number;
  /** Of the packet; that of the server where a relay passes on its answers. */
  readonly address: number;
  /** Empty where there is a relay, or no MAC address in the capture. */
  readonly mac: string;
  readonly span: Span;
  readonly frames: number[];
  readonly flows: number[];
  readonly burst: Burst;
  refused: number;
  /** Offers and confirmations. */
  gave: number;
}

export class DhcpRefusals {
  isBounded = false;
  readonly #speakers = new Map<string, Speaker>();
  readonly #windowSeconds: number;
  readonly #state: CaptureState;

  constructor(windowSeconds: number, state: CaptureState) {
    this.#windowSeconds = windowSeconds;
    this.#state = state;
  }

  /** An offer, a confirmation or a refusal. */
  answer({ messageType, serverId, relayIp }: DhcpMessage, flow: number, p: Packet): void {
    const from = p.netCount > 0 ? p.net[(p.netCount - 1) * NET_STRIDE + NET_SRC]! : 0,
      isRelayed = relayIp !== 0 && serverId !== 0,
      speaker = this.#speaker(serverId === 0 ? from : serverId, isRelayed ? serverId : from, isRelayed ? '' : senderMac(p));
    if (speaker === undefined) return;
    if (messageType !== NAK) {
      speaker.gave++;
      return;
    }
    speaker.refused++;
    speaker.burst.add(packetTime(this.#state, p));
    speaker.span.addPacket(p);
    if (speaker.frames.length < MOST_EVIDENCE) speaker.frames.push(p.frame);
    if (flow >= 0 && speaker.flows.length < MOST_EVIDENCE && !speaker.flows.includes(flow)) speaker.flows.push(flow);
  }

  findings(values: RefusalOptions): FindingDraft[] {
    const speakers = [...this.#speakers.values()];
    return speakers
      .filter(({ burst }) => burst.most >= values.refusals)
      .map((speaker) =>
        draft(
          values,
          speaker,
          speakers.some(
            ({ server, address, mac, gave }) => server === speaker.server && gave > 0 && (address !== speaker.address || mac !== speaker.mac),
          ),
        ),
      );
  }

  #speaker(server: number, address: number, mac: string): Speaker | undefined {
    const key = `${server} ${address} ${mac}`;
    let speaker = this.#speakers.get(key);
    if (speaker === undefined) {
      if (this.#speakers.size >= MOST_SPEAKERS) {
        this.isBounded = true;
        return undefined;
      }
      speaker = { server, address, mac, span: new Span(), frames: [], flows: [], burst: new Burst(this.#windowSeconds), refused: 0, gave: 0 };
      this.#speakers.set(key, speaker);
    }
    return speaker;
  }
}

function senderMac({ mac, macCount }: Packet): string {
  const at = (macCount - 1) * MAC_STRIDE;
  return macCount === 0 ? '' : formatMac(mac[at + MAC_SRC_HIGH]!, mac[at + MAC_SRC_LOW]!);
}

/** `othersGive`: another sender gives addresses in the name of the same server. */
function draft(values: RefusalOptions, speaker: Speaker, othersGive: boolean): FindingDraft {
  const { mac, gave, refused, span, burst } = speaker,
    address = formatIpv4(speaker.address),
    server = formatIpv4(speaker.server);
  // A server with several addresses also gives in another's name.
  const isForeign = gave === 0 && speaker.address !== speaker.server,
    isOtherCard = gave === 0 && !isForeign && mac !== '' && othersGive;
  const name = isOtherCard ? mac : address,
    card = mac === '' || isOtherCard ? '' : ` (${mac})`,
    inName = isForeign || isOtherCard ? ` in the name of ${server}` : '';
  const { confidence, parts } = confidenceOf([
    { name: 'over the threshold', value: 45 },
    overThreshold(burst.most, values.refusals),
    { name: 'it gives no addresses', value: gave === 0 ? 15 : 0 },
    { name: "it refuses in another server's name", value: isForeign || isOtherCard ? 20 : 0 },
    { name: 'another gives addresses under that name', value: (isForeign || isOtherCard) && othersGive ? 10 : 0 },
  ]);
  const subjects: Subject[] = [{ role: 'attacker', address: name }];
  if (inName !== '') subjects.push({ role: 'spoofed', address: server });
  return {
    technique: 'refusals',
    deed: 'refused addresses to DHCP clients',
    severity: 'medium',
    confidence,
    title: `${name} refuses DHCP clients${inName}: ${plural(refused, 'refusal')}`,
    description: `${countText(burst.most)} refusals (NAK) of ${name}${card} within ${values.windowSeconds} s (threshold ${values.refusals}) make clients give up their addresses; it sent ${plural(gave, 'offer or confirmation', 'offers or confirmations')}.${inName === '' ? '' : ` They name ${server} as their server, which did not send them.`}`,
    subjects,
    firstSeen: span.from,
    lastSeen: span.to,
    indicators: [
      { name: 'refusals in a window', value: burst.most, threshold: values.refusals, unit: 'refusals' },
      { name: 'refusals', value: refused, unit: 'refusals' },
      { name: 'offers and confirmations', value: gave, unit: 'messages' },
      { name: 'server that the refusals name', value: server },
      ...(mac === '' ? [] : [{ name: 'MAC address of the sender', value: mac }]),
      ...parts,
    ],
    alternatives: [
      isForeign
        ? `A server that has ${server} as a second address and answers from ${address}.`
        : isOtherCard
          ? 'Two machines that stand in for each other under one address.'
          : 'A server whose range of addresses was changed, or that was set up anew, refuses what its clients had before.',
    ],
    frames: speaker.frames,
    framesTotal: refused,
    flows: speaker.flows,
    filter: `dhcp.option.dhcp == 6 && ${isForeign ? `ip.src == ${address}` : `dhcp.option.dhcp_server_id == ${server}${isOtherCard ? ` && eth.src == ${mac}` : ''}`}`,
    attack: ['T1557.003', 'T1499.004'],
    recommendation:
      inName === ''
        ? `Check whether ${address}${card} is a server of yours and what changed on it; if not, find it by its MAC address and take it off the network.`
        : `Find ${name}${card} by its MAC address on the switches and take it off the network; ${server} need not be touched. DHCP snooping on the switches stops this.`,
  };
}
