/** Did these two addresses talk? */
import { bytesText, plural } from '../../analysis/describe.ts';
import { joined, named, section, verdictLine } from '../layout.ts';
import { addressesIn } from '../commands/huntWords.ts';
import type { PlainQuestion } from './question.ts';
import { conversationLine } from './talkers.ts';

const ROWS = 10;

export const betweenHosts: PlainQuestion = {
  order: 50,
  example: 'what did 10.0.0.5 and 10.0.0.6 talk about?',
  meaning: 'what passed between these two addresses',
  isAsked: (words) => addressesIn(words).length === 2,
  async answer({ words, narrowed }, opened, { signal }) {
    const [a = '', b = ''] = addressesIn(words),
      { capture } = await opened.call('report', { selection: narrowed, limit: 1 }, signal);
    if (capture.packets === 0)
      return { markdown: verdictLine(`No packet of ${named(a, 60)} and ${named(b, 60)} with each other is in this capture.`) };
    const sort = { column: 'bytes', descending: true };
    const pages = await Promise.all(
      (['tcp', 'udp', 'sctp', 'ip', 'ipv6', 'eth'] as const).map((layer) =>
        opened.call('conversations', { layer, selection: narrowed, search: '', sort, offset: 0, limit: ROWS }, signal),
      ),
    );
    const transports = pages.slice(0, 3),
      used = transports.some(({ total }) => total > 0) ? transports : pages.slice(3),
      rows = used.flatMap((page) => page.rows).sort((x, y) => y.bytesAToB + y.bytesBToA - x.bytesAToB - x.bytesBToA),
      total = used.reduce((sum, page) => sum + page.total, 0),
      shown = rows.slice(0, ROWS);
    return {
      markdown: joined([
        verdictLine(`${named(a, 60)} and ${named(b, 60)}: ${plural(capture.packets, 'packet')}, ${bytesText(capture.originalBytes)}.`),
        section('Conversations', [
          ...shown.map(conversationLine),
          ...(total > shown.length ? [`${plural(total - shown.length, 'more conversation')}.`] : []),
        ]),
      ]),
    };
  },
};
