/** Starvation of DHCP: invented clients ask for addresses until none is left. What was asked, and the finding of it; the detector is rogueDhcp.ts. */
import { formatMac } from '../../pcap/addresses.ts';
import type { Packet } from '../../pcap/packet.ts';
import type { CaptureState } from '../captureState.ts';
import { countText, durationText } from '../describe.ts';
import type { FindingDraft } from '../detector.ts';
import type { Indicator, Subject } from '../report.ts';
import { SLOW_SECONDS, type IdleClients } from './dhcpClients.ts';
import { Burst, confidenceOf, MOST_EVIDENCE, overThreshold, packetTime, Span } from './measures.ts';

const MOST_CLIENTS = 50_000,
  MOST_NAMED = 5,
  /** So many that use their leases show that the capture sees who does. */
  LEAST_USERS = 3;

/** What part of the clients suffices where one card names them all. */
export const FORGED_SHARE = 4;

/** How many clients within how many seconds are starvation. */
interface StarvationOptions {
  readonly clients: number;
  readonly windowSeconds: number;
}

/** Who asks for an address of IPv6, by DUID. */
export class DuidClients {
  isBounded = false;
  readonly known = new Set<string>();
  readonly fresh: Burst;
  readonly frames: number[] = [];
  readonly flows: number[] = [];
  readonly span = new Span();
  questions = 0;
  readonly #state: CaptureState;

  constructor(windowSeconds: number, state: CaptureState) {
    this.#state = state;
    this.fresh = new Burst(windowSeconds);
  }

  add(client: string, flow: number, p: Packet): void {
    this.questions++;
    if (this.known.has(client)) return;
    if (this.known.size >= MOST_CLIENTS) {
      this.isBounded = true;
      return;
    }
    this.known.add(client);
    this.fresh.add(packetTime(this.#state, p));
    this.span.addPacket(p);
    if (this.frames.length < MOST_EVIDENCE) this.frames.push(p.frame);
    if (flow >= 0 && this.flows.length < MOST_EVIDENCE && !this.flows.includes(flow)) this.flows.push(flow);
  }
}

/**
 * Of clients that never use their leases, which somebody must have invented: as many within the window as ask in vain or have made-up addresses; as many within an
 * hour that are named in frames of others, that ask on when the server has no more, or that hold leases where others are seen to use theirs.
 */
export function starvationByMac(values: StarvationOptions, idle: IdleClients): FindingDraft[] {
  const { count, most, mostSlow, disguised, local, relayed, confirmed, inVain, users, sender } = idle,
    isDisguised = disguised * 2 >= count,
    isRandom = local * 4 >= count,
    isUnused = confirmed * 2 >= count && users >= LEAST_USERS,
    isFast = most >= values.clients && (isDisguised || inVain > 0 || isUnused || confirmed * 2 < count || (isRandom && relayed * 2 < count)),
    isSlow = mostSlow >= values.clients && (isDisguised || inVain > 0 || isUnused),
    // One card that asks in the names of others, who then do nothing, need not do so often: a bridge that puts its own address on frames has clients that go on.
    isForged = isDisguised && sender !== null && relayed * 2 < count && confirmed * 2 < count && most * FORGED_SHARE >= values.clients;
  if (!isFast && !isSlow && !isForged) return [];
  const macText = (mac: number): string => formatMac(Math.floor(mac / 4_294_967_296), mac | 0);
  return [
    draftStarvation(
      isFast || isSlow ? values : { ...values, clients: Math.ceil(values.clients / FORGED_SHARE) },
      { ...idle, most: isFast || !isSlow ? most : mostSlow },
      {
        technique: 'starvation',
        protocol: 'DHCP',
        kind: 'MAC addresses',
        named: idle.named.map(macText),
        windowSeconds: isFast || !isSlow ? values.windowSeconds : SLOW_SECONDS,
        isSevere: isDisguised || inVain > 0 || (isRandom && confirmed * 2 < count),
        subjects: isDisguised && sender !== null ? [{ role: 'attacker', address: macText(sender) }] : [],
        marks: [
          { name: 'the frames come from other MAC addresses than they name', value: isDisguised ? 20 : 0 },
          { name: 'the server has no addresses left', value: inVain > 0 ? 15 : 0 },
          { name: 'nobody uses the leases, where others use theirs', value: isUnused ? 15 : 0 },
          { name: 'addresses of no manufacturer', value: isRandom ? 10 : 0 },
        ],
        indicators: [
          { name: 'clients that frames of other MAC addresses name', value: disguised, unit: 'clients' },
          { name: 'leases that nobody uses', value: confirmed, unit: 'leases' },
          { name: 'clients that use their lease', value: users, unit: 'clients' },
          ...(inVain === 0 ? [] : [{ name: 'new clients that got nothing at the end', value: inVain, unit: 'clients' }]),
        ],
        filter: 'dhcp.option.dhcp == 1',
      },
    ),
  ];
}

export function starvationByDuid(values: StarvationOptions, clients: DuidClients): FindingDraft {
  const { known, fresh, questions, span, frames, flows } = clients;
  return draftStarvation(
    values,
    { count: known.size, most: fresh.most, questions, span, frames, flows },
    {
      technique: 'starvation-v6',
      protocol: 'DHCPv6',
      kind: 'identifiers (DUID)',
      named: [...known].slice(0, MOST_NAMED),
      windowSeconds: values.windowSeconds,
      isSevere: false,
      subjects: [],
      marks: [],
      indicators: [],
      filter: 'dhcpv6.msgtype == 1',
    },
  );
}

function draftStarvation(
  values: StarvationOptions,
  { count, most, questions, span, frames, flows }: Pick<IdleClients, 'count' | 'most' | 'questions' | 'span' | 'frames' | 'flows'>,
  {
    technique,
    protocol,
    kind,
    named,
    windowSeconds,
    isSevere,
    subjects,
    marks,
    indicators,
    filter,
  }: {
    readonly technique: string;
    readonly protocol: string;
    readonly kind: string;
    readonly named: readonly string[];
    readonly windowSeconds: number;
    readonly isSevere: boolean;
    readonly subjects: readonly Subject[];
    readonly marks: readonly { readonly name: string; readonly value: number }[];
    readonly indicators: readonly Indicator[];
    readonly filter: string;
  },
): FindingDraft {
  const within = durationText(windowSeconds),
    { confidence, parts } = confidenceOf([{ name: 'over the threshold', value: 40 }, overThreshold(most, values.clients), ...marks]);
  return {
    technique,
    deed: `asked for addresses by ${protocol} in many names`,
    severity: isSevere || most >= values.clients * 3 ? 'high' : 'medium',
    confidence,
    title: `${countText(count)} different clients ask for an address by ${protocol}, ${countText(most)} of them within ${within}`,
    description: `${countText(most)} new client ${kind} within ${within} (threshold ${values.clients}) use up the addresses of the server, so that real clients get none - or another server's.`,
    subjects,
    firstSeen: span.from,
    lastSeen: span.to,
    indicators: [
      { name: 'new clients in a window', value: most, threshold: values.clients, unit: 'clients' },
      { name: 'clients', value: count, unit: 'clients' },
      { name: 'questions', value: questions, unit: 'messages' },
      ...indicators,
      { name: 'first of the clients', value: named.join(', ') },
      ...parts,
    ],
    alternatives: [
      'Many machines that start at once: a class room, an office after a power cut, phones with private MAC addresses at an event.',
      'A load test of the DHCP server.',
    ],
    frames,
    framesTotal: count,
    flows,
    filter,
    attack: ['T1557.003', 'T1499.002'],
    recommendation:
      'Limit the number of MAC addresses and of DHCP questions per port of the switches (port security, DHCP snooping), find the port that they come from, and free the addresses they took.',
  };
}
