/** Which of the files that passed were carried by a conversation: between its ends, while it lasted. */
import type { FileRow } from './passRows.ts';
import type { Conversation } from './report.ts';

export function carriedFiles(conversations: readonly Conversation[], files: readonly FileRow[]): FileRow[] {
  const byEnds = new Map<string, Conversation[]>();
  for (const one of conversations) {
    const key = ends(one.a, one.aPort, one.b, one.bPort),
      known = byEnds.get(key);
    if (known === undefined) byEnds.set(key, [one]);
    else known.push(one);
  }
  return files.filter((file) =>
    byEnds.get(ends(file.sender, file.senderPort, file.receiver, file.receiverPort))?.some(
      // Ports are used again: another connection of the same ends has its own time. Times of one capture are texts of one form, in their order.
      ({ startTime, endTime }) => file.time === null || startTime === null || endTime === null || (file.time >= startTime && file.time <= endTime),
    ),
  );
}

const ends = (a: string, aPort: number | null, b: string, bPort: number | null): string =>
  [`${a} ${String(aPort)}`, `${b} ${String(bPort)}`].sort().join(' ');
