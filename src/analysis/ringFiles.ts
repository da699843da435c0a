/** Names of the files of one recording: `name_00001.pcap` as we number them, `name_00001_20261123022410.pcap` as dumpcap and editcap do. */

const NUMBERED = /^(.+)_(\d{5})(?:_\d{14})?(\.(?:pcap|pcapng|cap)(?:\.(?:gz|zst))?)$/i;

/** What the names of all files of the recording have in common, `name.pcap`; null for a name without a number. */
export function ringStem(name: string): string | null {
  const match = NUMBERED.exec(name);
  return match === null ? null : `${match[1] ?? ''}${match[3] ?? ''}`;
}
