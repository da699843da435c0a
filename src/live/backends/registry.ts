/** The programs that record, best first. One file each; one line here admits it. */
export { dumpcap } from './dumpcap.ts';
export { tcpdump } from './tcpdump.ts';
export { tshark } from './tshark.ts';
