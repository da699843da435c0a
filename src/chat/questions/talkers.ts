/** Who talks most? The busiest addresses and conversations. */
import type { OpenCapture } from '../../analysis/captureStore.ts';
import { bytesText, plural, protocolLabel } from '../../analysis/describe.ts';
import type { Selection } from '../../analysis/engineApi.ts';
import { inline } from '../../analysis/exports/markdown.ts';
import type { Conversation, Endpoint } from '../../analysis/report.ts';
import { joined, named, section, shortened, verdictLine } from '../layout.ts';
import type { PlainQuestion } from './question.ts';
import { sendersBy } from './senders.ts';

const ROWS = 5;
const MOST =
    /\b(?:most|top|main|biggest|largest|busiest|heaviest|noisiest|chattiest|loudest|(?:hog|eat|us)(?:s|g?ing)? (?:up )?(?:all )?(?:the |my |our )?bandwidth)\b/,
  TALK =
    /\b(?:talk\w*|speak\w*|traffic|bandwidth|bytes?|data|volume|sen[dt]\w*|receiv\w*|upload\w*|download\w*|active|activity|packets|convers\w*|connections?|flows?|streams?|hosts?|address\w*|ips?|devices?|machines?|clients?|endpoints?|network|users?)\b/,
  OTHER = /\b(?:protocols?|services?|ports?|names?|domains?|sites?|errors?|fail\w*|slow\w*|retrans\w*|files?)\b/;

/** What is counted, and which column sorts by it. */
const MEASURES = [
  { words: /\b(?:sen[dt]s?|sender|sending|upload\w*)\b/, column: 'bytesSent', does: 'sends most' },
  { words: /\b(?:receiv\w*|download\w*)\b/, column: 'bytesReceived', does: 'receives most' },
  { words: /\bpackets\b/, column: 'packets', does: 'has the most packets' },
] as const;
const ANY = { column: 'bytes', does: 'talks most' } as const;

export const talkers: PlainQuestion = {
  order: 70,
  example: 'who talks most?',
  meaning: 'which addresses and conversations have most traffic',
  isAsked: (words) =>
    (MOST.test(words) && TALK.test(words) && !OTHER.test(words)) ||
    /\bwho (?:is|are|was|were)? ?talk\w* (?:to|with) (?:whom?|each other)\b/.test(words),
  async answer({ words, selection }, opened, { signal }) {
    const { column, does } = MEASURES.find((one) => one.words.test(words)) ?? ANY;
    const { rows, isCut } = await sendersBy(column, selection, opened, signal),
      [first] = rows;
    if (first === undefined) return { markdown: verdictLine('Nobody does: there are no packets with addresses.') };
    const report = await opened.call('report', { selection, limit: 1 }, signal);
    return {
      markdown: joined([
        verdictLine(`${hostText(first)} ${does}: ${figure(first, column)}${shareText(first, report.capture.originalBytes, column)}.`),
        section(
          'Addresses',
          shortened(
            rows.map(
              (row) =>
                `${hostText(row)}: sent ${bytesText(row.bytesSent)}, received ${bytesText(row.bytesReceived)}, in ${plural(row.packets, 'packet')}`,
            ),
            ROWS,
            'address',
            isCut ? 'addresses, at least' : 'addresses',
          ),
        ),
        section('Conversations', await conversationLines(selection, opened, signal)),
      ]),
    };
  },
};

function figure(row: Endpoint, column: 'bytes' | 'bytesSent' | 'bytesReceived' | 'packets'): string {
  return column === 'packets' ? plural(row.packets, 'packet') : bytesText(row[column]);
}

/** Each byte counts for its sender and for its receiver, so shares of several addresses do not add up. */
function shareText(row: Endpoint, all: number, column: string): string {
  if (column !== 'bytes' || all === 0 || row.bytes > all) return '';
  return `, ${Math.round((row.bytes / all) * 100)} % of all ${bytesText(all)}`;
}

function hostText({ address, names: [name] }: Endpoint): string {
  return `${named(address)}${name === undefined ? '' : ` (${inline(name)})`}`;
}

/** The largest, whatever carries them. */
async function conversationLines(selection: Selection, opened: OpenCapture, signal: AbortSignal): Promise<string[]> {
  const sort = { column: 'bytes', descending: true };
  const pages = await Promise.all(
    (['tcp', 'udp', 'sctp'] as const).map((layer) =>
      opened.call('conversations', { layer, selection, search: '', sort, offset: 0, limit: ROWS }, signal),
    ),
  );
  return pages
    .flatMap(({ rows }) => rows)
    .sort((a, b) => bytesOf(b) - bytesOf(a))
    .slice(0, ROWS)
    .map((row) => conversationLine(row));
}

const bytesOf = (row: Conversation): number => row.bytesAToB + row.bytesBToA;

/** In one line, with its name as a link. */
export function conversationLine(row: Conversation): string {
  const end = (address: string, port: number | null): string => `${named(address)}${port === null ? '' : ` port ${port}`}`;
  return `[flow ${row.id}], ${end(row.a, row.aPort)} to ${end(row.b, row.bPort)}, ${row.service === null ? row.layer.toUpperCase() : inline(protocolLabel(row.service))}: ${bytesText(bytesOf(row))} in ${plural(row.packetsAToB + row.packetsBToA, 'packet')}`;
}
