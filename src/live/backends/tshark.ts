/** tshark, where dumpcap itself cannot be started: it runs dumpcap and hands its packets on. */
import type { Backend, CaptureInterface } from '../backend.ts';

export const tshark: Backend = {
  id: 'tshark',
  program: 'tshark',
  formats: ['pcap', 'pcapng'],
  listArguments: ['-D'],
  parseInterfaces: parseTsharkInterfaces,
  captureArguments: ({ interface: name, filter, format }) => [
    '-n',
    '-q',
    '-l',
    '-F',
    format,
    '-i',
    name,
    ...(filter === '' ? [] : ['-f', filter]),
    '-w',
    '-',
  ],
  checkFilterArguments: null,
  // tshark(1): "12 packets dropped from eth0" when there were any.
  parseCounts: (line) => {
    const match = /^(\d{1,15}) packets? dropped from /.exec(line);
    return match === null ? null : { received: null, dropped: Number(match[1]) };
  },
  countsSignal: null,
};

/** `1. eth0`, `4. \Device\NPF_{GUID} (Wi-Fi)`. */
export function parseTsharkInterfaces(output: string): CaptureInterface[] {
  return output.split(/\r?\n/).flatMap((line) => {
    const match = /^\d+\. (\S+)(?: \((.*)\))?$/.exec(line);
    if (match === null) return [];
    const [, name = '', description = ''] = match;
    return [{ name, description, addresses: [], loopback: /^lo0?$|NPF_Loopback$/.test(name) }];
  });
}
