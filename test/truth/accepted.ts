/** Where our numbers differ from tshark's on purpose: each with its reason, in this one place. A difference that is gone must leave the list. */

export interface Accepted {
  readonly capture: string;
  /** As the test's table names it; a pattern where several belong together. */
  readonly what: string | RegExp;
  readonly why: string;
}

const CUSTOM_BLOCKS = 'tshark 4 lists the three pcapng Custom Blocks as frames; they hold no packets, and capinfos counts none of them';

export const ACCEPTED: readonly Accepted[] = [
  { capture: 'format__test102.pcapng', what: /^(?:packets|bytes on the wire|bytes captured)$/, why: CUSTOM_BLOCKS },
  { capture: 'format__test202.pcapng', what: /^(?:packets|bytes on the wire|bytes captured)$/, why: CUSTOM_BLOCKS },
  {
    capture: 'format__test202.pcapng',
    what: 'packets per interface',
    why: 'tshark numbers the interfaces of each section from 0 and adds up different ones; ours keep their own number',
  },
  {
    capture: 'os-detection.pcap',
    what: 'tcp.analysis.duplicate_ack',
    why: 'nmap repeats a probe without any flag; tshark calls it a duplicate ACK, and ours wants the ACK flag for that (RFC 5681 section 2)',
  },
];
