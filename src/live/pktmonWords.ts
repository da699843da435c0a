/**
 * What pktmon says on its standard output. As printed on Windows 10 to Windows Server 2025 and published by those who ran it; only numbers and signs are read,
 * since the words are in the language of the system.
 */

/** Whether `pktmon start` lists packet filters: they are set once for the whole machine, and Microsoft Defender sets its own. */
export function hasPacketFilters(said: string): boolean {
  return /^\s*1\s+\S/m.test(said);
}

/** Of `pktmon stop`: `Log file: C:\x.etl (No events lost)`. Null where it does not say. */
export function eventsLost(said: string): number | null {
  const [, bracket] = /\.etl\s*\(([^()]*)\)\s*$/im.exec(said) ?? [];
  if (bracket === undefined) return null;
  return Number(/\d[\d.,\u00A0\u202F ]*/.exec(bracket)?.[0].replace(/\D/g, '') ?? 0);
}
