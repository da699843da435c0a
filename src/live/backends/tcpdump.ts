/** tcpdump, on nearly every Unix. Its lists come from libpcap (`-D`), its counts from `pcap_stats`: three lines at the end, one line on SIGUSR1. */
import type { Backend, BackendCounts, CaptureInterface } from '../backend.ts';

export const tcpdump: Backend = {
  id: 'tcpdump',
  program: 'tcpdump',
  formats: ['pcap'],
  listArguments: ['-D'],
  parseInterfaces: parseTcpdumpInterfaces,
  // -U: each packet is handed on when it arrives. -n: no name is looked up. -- : a filter is never an option.
  captureArguments: ({ interface: name, filter }) => ['-n', '-U', '-B', '16384', '-i', name, '-w', '-', ...(filter === '' ? [] : ['--', filter])],
  checkFilterArguments: (filter) => ['-d', '-y', 'EN10MB', '--', filter],
  parseCounts: parseTcpdumpCounts,
  countsSignal: 'SIGUSR1',
};

/** `1.eth0 [Up, Running, Connected]`, `2.any (Pseudo-device that captures on all interfaces) [Up, Running]`. */
export function parseTcpdumpInterfaces(output: string): CaptureInterface[] {
  return output.split(/\r?\n/).flatMap((line) => {
    const match = /^\d+\.(\S+)(?: \((.*)\))?(?: \[([^\]]*)\])?$/.exec(line);
    if (match === null) return [];
    const [, name = '', description = '', flags = ''] = match;
    return [{ name, description, addresses: [], loopback: flags.split(', ').includes('Loopback') }];
  });
}

/** At the end `3 packets dropped by kernel` on a line of its own; on SIGUSR1 all three counts in one line. */
export function parseTcpdumpCounts(line: string): BackendCounts | null {
  const received = /(\d{1,15}) packets? received by filter/.exec(line),
    dropped = /(\d{1,15}) packets? dropped by kernel/.exec(line);
  if (received === null && dropped === null) return null;
  return { received: received === null ? null : Number(received[1]), dropped: dropped === null ? null : Number(dropped[1]) };
}
