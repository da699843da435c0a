/** The ways to ask a port whether it is open, as nmap names them: https://nmap.org/book/man-port-scanning-techniques.html */

export type Technique = 'syn' | 'connect' | 'fin' | 'null' | 'xmas' | 'ack' | 'maimon' | 'udp' | 'sctp' | 'odd-flags' | 'answers' | 'ip-proto';

export interface TechniqueText {
  /** What is asked, and what the answers mean. */
  readonly how: string;
  /** What to call the probed numbers. */
  readonly of: 'TCP ports' | 'UDP ports' | 'SCTP ports' | 'IP protocols';
  /** What a refusal and what silence say of a port. */
  readonly refused: string;
  readonly silent: string;
  /** Display filter that tells the probes of this technique from the source's other packets to the target. */
  readonly probes: string;
  /** Points of confidence for packets that ordinary programs do not send. */
  readonly oddity: number;
}

export const TECHNIQUES: Readonly<Record<Technique, TechniqueText>> = {
  syn: {
    how: 'Half-open connections: a SYN to each port, and none of them was completed',
    of: 'TCP ports',
    refused: 'closed',
    silent: 'filtered',
    probes: 'tcp.flags.syn == 1 && tcp.flags.ack == 0',
    oddity: 10,
  },
  connect: {
    how: 'Ordinary connection attempts by the operating system, one after the other',
    of: 'TCP ports',
    refused: 'closed',
    silent: 'filtered',
    probes: 'tcp.flags.syn == 1 && tcp.flags.ack == 0',
    oddity: 5,
  },
  fin: {
    how: 'A lone FIN to connections that never existed: open ports keep silent, closed ones answer RST',
    of: 'TCP ports',
    refused: 'closed',
    silent: 'open or filtered',
    probes: 'tcp.flags == 0x001',
    oddity: 20,
  },
  null: {
    how: 'Segments without any flag: open ports keep silent, closed ones answer RST',
    of: 'TCP ports',
    refused: 'closed',
    silent: 'open or filtered',
    probes: 'tcp.flags == 0x000',
    oddity: 20,
  },
  xmas: {
    how: 'Segments with FIN, PSH and URG lit at once: open ports keep silent, closed ones answer RST',
    of: 'TCP ports',
    refused: 'closed',
    silent: 'open or filtered',
    probes: 'tcp.flags.fin == 1 && tcp.flags.ack == 0 && tcp.flags.syn == 0 && tcp.flags.urg == 1',
    oddity: 20,
  },
  ack: {
    how: 'ACKs to connections that never existed: an RST shows that no firewall stands before the port',
    of: 'TCP ports',
    refused: 'unfiltered',
    silent: 'filtered',
    probes: 'tcp.flags.ack == 1 && tcp.flags.fin == 0 && tcp.flags.syn == 0 && tcp.flags.reset == 0 && tcp.len == 0',
    oddity: 10,
  },
  maimon: {
    how: 'FIN and ACK to connections that never existed: some systems drop them where a port is open',
    of: 'TCP ports',
    refused: 'closed',
    silent: 'open or filtered',
    probes: 'tcp.flags.ack == 1 && tcp.flags.fin == 1 && tcp.flags.syn == 0 && tcp.len == 0',
    oddity: 10,
  },
  udp: {
    how: 'Small datagrams to each port: a closed one answers with an ICMP error, an open one often not at all',
    of: 'UDP ports',
    refused: 'closed',
    silent: 'open or filtered',
    probes: 'udp',
    oddity: 5,
  },
  sctp: {
    how: 'Chunks of SCTP that ask for an association, or pretend to go on with one: a closed port aborts it, and none came about',
    of: 'SCTP ports',
    refused: 'closed',
    silent: 'open or filtered',
    probes: 'sctp',
    oddity: 15,
  },
  'odd-flags': {
    how: 'Segments with flags that no connection begins with, chosen by hand (nmap --scanflags): a port answers RST, or keeps silent',
    of: 'TCP ports',
    refused: 'answered RST',
    silent: 'silent',
    probes: '((tcp.flags.syn == 1 && tcp.flags.ack == 1) || (tcp.flags.reset == 1 && tcp.flags.fin == 1))',
    oddity: 10,
  },
  answers: {
    how: 'Refusals (RST) of attempts that the capture does not hold, from one port after the other',
    of: 'TCP ports',
    refused: 'closed',
    silent: 'filtered',
    probes: 'tcp.flags.reset == 1 && tcp.flags.fin == 0',
    oddity: -10,
  },
  'ip-proto': {
    how: 'Packets of one IP protocol after the other, to learn which of them the host speaks',
    of: 'IP protocols',
    refused: 'not spoken',
    silent: 'spoken or filtered',
    probes: '',
    oddity: 20,
  },
};

/** Display filter for the probes from one address to another; errors that quote them are answers, not probes. */
export function probeFilter(technique: Technique, source: string, target: string): string {
  const isIpv6 = source.includes(':'),
    ip = isIpv6 ? 'ipv6' : 'ip';
  // Of these the answers were captured, and nothing else.
  if (technique === 'answers') return `${ip}.src == ${target} && ${ip}.dst == ${source} && ${TECHNIQUES.answers.probes}`;
  const between = `${ip}.src == ${source} && ${ip}.dst == ${target}`;
  if (technique === 'ip-proto') return isIpv6 ? `${between} && !tcp && !udp && !icmpv6` : `${between} && !(ip.proto in {1, 6, 17})`;
  return `${between} && ${TECHNIQUES[technique].probes} && !${isIpv6 ? 'icmpv6' : 'icmp'}`;
}
