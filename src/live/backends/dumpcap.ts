/** Wireshark's recorder. Machine-readable lists: `dumpcap -D -M`, tab-separated since Wireshark 1.6 (dumpcap.c, print_machine_readable_interfaces). */
import type { Backend, BackendCounts, CaptureInterface } from '../backend.ts';

export const dumpcap: Backend = {
  id: 'dumpcap',
  program: 'dumpcap',
  formats: ['pcap', 'pcapng'],
  listArguments: ['-D', '-M'],
  parseInterfaces: parseDumpcapInterfaces,
  // -q: no counter on every packet; the recorder counts what arrives.
  captureArguments: ({ interface: name, filter, format }) => [
    '-q',
    ...(format === 'pcap' ? ['-P'] : ['-n']),
    '-B',
    '16',
    '-i',
    name,
    ...(filter === '' ? [] : ['-f', filter]),
    '-w',
    '-',
  ],
  // -d opens the interface, and so needs rights; a wrong filter is said when recording starts.
  checkFilterArguments: null,
  parseCounts: parseDumpcapCounts,
  countsSignal: null,
};

/** Fields: number and name, vendor, friendly name, type, addresses, `loopback` or `network`. Newer versions add columns behind. */
export function parseDumpcapInterfaces(output: string): CaptureInterface[] {
  return output.split(/\r?\n/).flatMap((line) => {
    const [numbered = '', vendor = '', friendly = '', , addresses = '', kind = ''] = line.split('\t');
    const name = /^\d+\. (.+)$/.exec(numbered)?.[1];
    if (name === undefined) return [];
    return [
      {
        name,
        description: friendly !== '' ? friendly : vendor,
        addresses: addresses.split(',').filter((address) => address !== ''),
        loopback: kind === 'loopback',
      },
    ];
  });
}

/** `Packets received/dropped on interface 'lo': 12/3 (pcap:3/dumpcap:0/flushed:0/ps_ifdrop:0) (80.0%)`. */
export function parseDumpcapCounts(line: string): BackendCounts | null {
  const match = /^Packets received\/dropped on interface .*: (\d{1,15})\/(\d{1,15}) \(/.exec(line);
  return match === null ? null : { received: Number(match[1]), dropped: Number(match[2]) };
}
