/**
 * OS fingerprinting: one host sends another the odd packets by whose answers nmap and xprobe tell operating systems apart (Fyodor, "Remote OS detection
 * via TCP/IP stack fingerprinting": tests T2, T3, T7, U1, IE). ATT&CK T1592, Gather Victim Host Information.
 */
import * as z from 'zod';
import { NET_SRC, NET_STRIDE, TCP_FIN, TCP_PSH, TCP_SYN, TCP_URG, type Packet } from '../../pcap/packet.ts';
import type { CaptureState } from '../captureState.ts';
import { flowAddress } from '../conversations.ts';
import { coverage, examinedAll, unreadableFrames } from '../coverage.ts';
import { plural } from '../describe.ts';
import { defineDetector, type FindingDraft } from '../detector.ts';
import * as F from '../flowTable.ts';
import { confidenceOf, MOST_EVIDENCE, Span } from './measures.ts';

const options = z.object({
  kinds: z
    .int()
    .min(2)
    .max(5)
    .default(3)
    .describe(
      'Kinds of probe, of those that no ordinary system sends, that one host must send to another before this is called fingerprinting (kinds)',
    ),
  ports: z
    .int()
    .min(1)
    .default(8)
    .describe('Most ports of the target that odd TCP segments may go to: with more it is a port scan by such segments (ports)'),
});
type Options = z.output<typeof options>;

/** What is sent, and as the display filter that finds it. `telling`: no scan and no broken device sends it. */
const KINDS = [
  { name: 'SYN together with FIN', filter: 'tcp.flags.syn == 1 && tcp.flags.fin == 1', telling: true },
  { name: 'a segment without flags', filter: 'tcp.flags == 0', telling: false },
  { name: 'FIN, PSH and URG', filter: 'tcp.flags == 0x029', telling: false },
  { name: 'a datagram of 300 bytes to a closed port', filter: 'udp.length == 308', telling: false },
  {
    name: 'an echo, mask or information request no ping sends',
    filter: '(icmp.type == 8 && icmp.code != 0) || icmp.type in {15, 17} || (icmpv6.type == 128 && icmpv6.code != 0)',
    telling: true,
  },
] as const;
const SYN_FIN = 0,
  NO_FLAGS = 1,
  XMAS = 2,
  UDP_300 = 3,
  ODD_ICMP = 4;

const MOST_PAIRS = 4096,
  MOST_PORTS = 64;
const TCP = 6,
  UDP = 17,
  U1_BYTES = 300;
/** `icmp` of Packet: type * 256 + code. Echo, information and mask requests (RFC 792, RFC 950); echo over IPv6. */
const ECHO = 8 << 8,
  INFORMATION = 15 << 8,
  MASK = 17 << 8,
  ECHO_V6 = 128 << 8;

interface Pair {
  /** A flow between the two, and which of its ends sends the probes. */
  readonly flow: number;
  readonly end: number;
  readonly kinds: Map<number, number>;
  readonly ports: Set<number>;
  readonly frames: number[];
  readonly flows: number[];
  readonly span: Span;
  probes: number;
}

export const osFingerprinting = defineDetector({
  id: 'os-fingerprinting',
  title: 'OS fingerprinting',
  tier: 2,
  deed: 'probed the operating system of {whom}',
  description:
    'One host sends another several kinds of malformed or odd packets, whose answers give away the operating system. A single kind of them also comes from broken devices and odd stacks, which is why several are wanted.',
  options,
  create(_, state) {
    const oddEchoes = new OddEchoes(state);
    return {
      onOtherPacket(p, flow) {
        if (p.icmp > ECHO) oddEchoes.add(p, flow);
      },
      evaluate(values) {
        const limits = unreadableFrames(state),
          { pairs, isBounded } = gather(state, oddEchoes);
        if (isBounded) limits.push(`More than ${MOST_PAIRS} pairs of hosts exchanged odd packets; the others were left out.`);
        const findings = [...pairs.values()].flatMap((pair) => judge(values, state, pair) ?? []);
        return { findings, coverage: coverage(examinedAll(state), limits) };
      },
    };
  },
});

/** ICMP requests with a code where there is none, and requests of a kind that nobody sends any more; a flow sums ICMP up, so they are noted one by one. */
class OddEchoes {
  readonly seen: { readonly flow: number; readonly end: number; readonly frame: number }[] = [];
  isBounded = false;
  readonly #perFlow = new Map<number, number>();
  readonly #state: CaptureState;

  constructor(state: CaptureState) {
    this.#state = state;
  }

  add(p: Packet, flow: number): void {
    const type = p.icmp & 0xff00;
    if (flow < 0 || !(((type === ECHO || type === ECHO_V6) && p.icmp !== type) || p.icmp === INFORMATION || p.icmp === MASK)) return;
    const known = this.#perFlow.get(flow) ?? 0;
    if (known >= 10) return;
    if (this.seen.length >= MOST_PAIRS) {
      this.isBounded = true;
      return;
    }
    this.#perFlow.set(flow, known + 1);
    const sender = p.net[(p.netCount - 1) * NET_STRIDE + NET_SRC]!;
    this.seen.push({ flow, end: this.#state.flows.ints[flow * F.INTS + F.A] === sender ? F.A : F.B, frame: p.frame });
  }
}

/** The kind of probe that a flow began with, or null. Later segments of a connection are not looked at: a probe is a packet out of nowhere. */
function kindOf({ ints, doubles }: F.FlowTable, row: number): number | null {
  const at = row * F.INTS,
    protocol = ints[at + F.META]! & F.META_PROTOCOL;
  if (protocol === TCP) {
    const flags = (ints[at + F.FLAGS]! >>> F.FIRST_TCP_FLAGS_SHIFT) & 0xff;
    if ((ints[at + F.FLAGS]! & F.FIRST_FROM_B) !== 0) return null;
    if ((flags & (TCP_SYN | TCP_FIN)) === (TCP_SYN | TCP_FIN)) return SYN_FIN;
    if (flags === 0) return NO_FLAGS;
    return flags === (TCP_FIN | TCP_PSH | TCP_URG) ? XMAS : null;
  }
  if (protocol !== UDP || ints[at + F.ICMP_ERROR] === 0 || ints[at + F.PACKETS_B] !== 0) return null;
  return doubles[row * F.DOUBLES + F.PAYLOAD_A] === U1_BYTES * ints[at + F.PACKETS_A]! ? UDP_300 : null;
}

function gather(state: CaptureState, odd: OddEchoes): { readonly pairs: ReadonlyMap<string, Pair>; readonly isBounded: boolean } {
  const pairs = new Map<string, Pair>(),
    { flows } = state,
    { ints } = flows;
  let { isBounded } = odd;
  const note = (row: number, end: number, kind: number, frame: number): void => {
    const at = row * F.INTS,
      key = `${ints[at + F.META]! & F.META_IPV6} ${ints[at + end]} ${ints[at + (end === F.A ? F.B : F.A)]}`;
    let pair = pairs.get(key);
    if (pair === undefined) {
      if (pairs.size >= MOST_PAIRS) {
        isBounded = true;
        return;
      }
      pair = { flow: row, end, kinds: new Map(), ports: new Set(), frames: [], flows: [], span: new Span(), probes: 0 };
      pairs.set(key, pair);
    }
    pair.probes++;
    pair.kinds.set(kind, (pair.kinds.get(kind) ?? 0) + 1);
    if (kind <= XMAS && pair.ports.size < MOST_PORTS) pair.ports.add(ints[at + F.PORTS]! & 0xffff);
    if (pair.frames.length < MOST_EVIDENCE) pair.frames.push(frame);
    if (pair.flows.length < MOST_EVIDENCE && !pair.flows.includes(row)) pair.flows.push(row);
    pair.span.addFlow(flows, row);
  };
  for (let row = 0; row < flows.count; row++) {
    const kind = kindOf(flows, row);
    if (kind !== null) note(row, F.A, kind, ints[row * F.INTS + F.FIRST_FRAME]!);
  }
  for (const { flow, end, frame } of odd.seen) note(flow, end, ODD_ICMP, frame);
  return { pairs, isBounded };
}

function judge(values: Options, state: CaptureState, pair: Pair): FindingDraft | null {
  const { kinds, ports, span } = pair,
    known = [...kinds.keys()].sort((a, b) => a - b).map((kind) => KINDS[kind]!);
  if (known.length < values.kinds || ports.size > values.ports || !known.some(({ telling }) => telling)) return null;
  const attacker = flowAddress(state, pair.flow, pair.end),
    victim = flowAddress(state, pair.flow, pair.end === F.A ? F.B : F.A),
    names = known.map(({ name }) => name).join('; ');
  const { confidence, parts } = confidenceOf([
    { name: 'kinds of probe', value: 15 * known.length },
    { name: 'SYN together with FIN, which nothing legitimate sends', value: kinds.has(SYN_FIN) ? 20 : 0 },
  ]);
  const network = victim.includes(':') ? 'ipv6' : 'ip';
  return {
    technique: 'stack-probes',
    severity: 'medium',
    confidence,
    title: `${attacker} probes which operating system ${victim} runs`,
    description: `${attacker} sent ${victim} ${plural(pair.probes, 'odd packet')} of ${known.length} kinds (threshold ${values.kinds}): ${names}. Systems answer these differently, which tells them apart.`,
    subjects: [
      { role: 'attacker', address: attacker },
      { role: 'victim', address: victim },
    ],
    firstSeen: span.from,
    lastSeen: span.to,
    indicators: [
      { name: 'kinds of probe', value: known.length, threshold: values.kinds, unit: 'kinds' },
      { name: 'probes', value: pair.probes, unit: 'packets' },
      { name: 'what was sent', value: names },
      ...parts,
    ],
    alternatives: [
      'An inventory or a vulnerability scanner of your own that recognises systems this way.',
      'A test of how robust a network stack is.',
    ],
    frames: [...new Set(pair.frames)].sort((a, b) => a - b),
    framesTotal: pair.probes,
    flows: pair.flows,
    filter: `${network}.src == ${attacker} && ${network}.dst == ${victim} && (${known.map(({ filter }) => `(${filter})`).join(' || ')})`,
    attack: ['T1592', 'T1595'],
    together: {
      key: attacker,
      label: victim,
      note: plural(pair.probes, 'odd packet'),
      words: (all) => ({
        title: `${attacker} probes which operating systems ${all.hosts('victim', 'host')} run`,
        description: `Packets that no ordinary system sends, of at least ${values.kinds} kinds, went to one host after the other; systems answer them differently, which tells them apart:`,
        recommendation: `Find out who runs ${attacker}. If it is no scanner of yours, look for what it does next: whoever knows the system picks the exploit. A firewall that drops impossible flag combinations takes most of these answers away.`,
      }),
    },
    recommendation: `Find out who runs ${attacker}. If it is no scanner of yours, look for what it does next: whoever knows the system picks the exploit. A firewall that drops impossible flag combinations takes most of these answers away.`,
  };
}
