/** The capture file formats. One file each; one line here admits it. */
export { pcap } from './pcap.ts';
export { pcapng } from './pcapng.ts';
export { snoop } from './snoop.ts';
