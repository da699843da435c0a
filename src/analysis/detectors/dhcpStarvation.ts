/** Starvation of DHCP: invented clients ask for addresses until none is left. What was asked, and the finding of it; the detector is rogueDhcp.ts. */
import { formatMac } from '../../pcap/addresses.ts';
import type { Packet } from '../../pcap/packet.ts';
import type { CaptureState } from '../captureState.ts';
import { countText } from '../describe.ts';
import type { FindingDraft } from '../detector.ts';
import type { Indicator } from '../report.ts';
import { Burst, confidenceOf, MOST_EVIDENCE, overThreshold, packetTime, Span } from './measures.ts';

const MOST_CLIENTS = 50_000,
  MOST_NAMED = 5;

/** How many clients within how many seconds are starvation. */
interface StarvationOptions {
  readonly clients: number;
  readonly windowSeconds: number;
}

/** Who asks for an address: by MAC address, or for IPv6 by DUID. */
export class Clients<Id extends number | string> {
  isBounded = false;
  readonly known = new Set<Id>();
  readonly fresh: Burst;
  readonly frames: number[] = [];
  readonly flows: number[] = [];
  readonly span = new Span();
  questions = 0;
  /** Questions whose frame came from another MAC address than they name, without a relay between. */
  disguised = 0;
  readonly #state: CaptureState;

  constructor(windowSeconds: number, state: CaptureState) {
    this.#state = state;
    this.fresh = new Burst(windowSeconds);
  }

  add(client: Id, isDisguised: boolean, flow: number, p: Packet): void {
    this.questions++;
    if (isDisguised) this.disguised++;
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

export function starvationByMac(values: StarvationOptions, clients: Clients<number>): FindingDraft {
  const named = [...clients.known].slice(0, MOST_NAMED).map((mac) => formatMac(Math.floor(mac / 4_294_967_296), mac | 0));
  let local = 0;
  for (const mac of clients.known) if ((Math.floor(mac / 1_099_511_627_776) & 2) !== 0) local++;
  const isDisguised = clients.disguised * 2 >= clients.questions,
    isRandom = local * 4 >= clients.known.size;
  return draftStarvation(values, clients, {
    technique: 'starvation',
    protocol: 'DHCP',
    kind: 'MAC addresses',
    named,
    isSevere: isDisguised || isRandom,
    marks: [
      { name: 'the frames come from other MAC addresses than they name', value: isDisguised ? 20 : 0 },
      { name: 'addresses of no manufacturer', value: isRandom ? 10 : 0 },
    ],
    indicators: [{ name: 'questions from other MAC addresses than they name', value: clients.disguised, unit: 'messages' }],
    filter: 'dhcp.option.dhcp == 1',
  });
}

export function starvationByDuid(values: StarvationOptions, clients: Clients<string>): FindingDraft {
  return draftStarvation(values, clients, {
    technique: 'starvation-v6',
    protocol: 'DHCPv6',
    kind: 'identifiers (DUID)',
    named: [...clients.known].slice(0, MOST_NAMED),
    isSevere: false,
    marks: [],
    indicators: [],
    filter: 'dhcpv6.msgtype == 1',
  });
}

function draftStarvation(
  values: StarvationOptions,
  { known, fresh, questions, span, frames, flows }: Clients<number> | Clients<string>,
  {
    technique,
    protocol,
    kind,
    named,
    isSevere,
    marks,
    indicators,
    filter,
  }: {
    readonly technique: string;
    readonly protocol: string;
    readonly kind: string;
    readonly named: readonly string[];
    readonly isSevere: boolean;
    readonly marks: readonly { readonly name: string; readonly value: number }[];
    readonly indicators: readonly Indicator[];
    readonly filter: string;
  },
): FindingDraft {
  const { most } = fresh,
    clients = known.size,
    { confidence, parts } = confidenceOf([{ name: 'over the threshold', value: 40 }, overThreshold(most, values.clients), ...marks]);
  return {
    technique,
    deed: `asked for addresses by ${protocol} in many names`,
    severity: isSevere || most >= values.clients * 3 ? 'high' : 'medium',
    confidence,
    title: `${countText(clients)} different clients ask for an address by ${protocol}, ${countText(most)} of them within ${values.windowSeconds} s`,
    description: `${countText(most)} new client ${kind} within ${values.windowSeconds} s (threshold ${values.clients}) use up the addresses of the server, so that real clients get none - or another server's.`,
    subjects: [],
    firstSeen: span.from,
    lastSeen: span.to,
    indicators: [
      { name: 'new clients in a window', value: most, threshold: values.clients, unit: 'clients' },
      { name: 'clients', value: clients, unit: 'clients' },
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
    framesTotal: clients,
    flows,
    filter,
    attack: ['T1557.003', 'T1499.002'],
    recommendation:
      'Limit the number of MAC addresses and of DHCP questions per port of the switches (port security, DHCP snooping), find the port that they come from, and free the addresses they took.',
  };
}
