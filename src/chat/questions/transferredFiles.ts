/** Which files were transferred? What HTTP, SMB, FTP, TFTP and mail carried. */
import { bytesText, plural, protocolLabel } from '../../analysis/describe.ts';
import { inline } from '../../analysis/exports/markdown.ts';
import { hideSecrets } from '../../analysis/hideSecrets.ts';
import type { OpenCapture } from '../../analysis/captureStore.ts';
import type { FileRow, Selection } from '../../analysis/engineApi.ts';
import type { Conversation } from '../../analysis/report.ts';
import { addressesIn } from '../commands/huntWords.ts';
import { joined, named, section, verdictLine } from '../layout.ts';
import type { PlainQuestion } from './question.ts';

const ROWS = 12,
  LOOKED_AT = 1000;

export const transferredFiles: PlainQuestion = {
  order: 10,
  example: 'which files were downloaded?',
  meaning: 'which files were transferred in clear, or opened with keys',
  isAsked: (words) =>
    // "What did 10.0.0.5 upload?" names none.
    /\bwhat\b.*\b(?:(?:up|down)load(?:s|ed)?)\b/.test(words) ||
    (/\b(?:files?|documents?|attachments?|pictures?|images?|programs?|executables?|archives?)\b/.test(words) &&
      /\b(?:download\w*|upload\w*|transfer\w*|sen[dt]\w*|receiv\w*|cop(?:y|ied|ies)|fetch\w*|mov(?:ed?|ing)|shar(?:ed?|ing)|extract\w*|carve\w*|got|list|show|what|which|any|there)\b/.test(
        words,
      )),
  async answer({ words, narrowed }, opened, { signal }) {
    const page = await opened.call('files', { selection: narrowed, search: '', sort: null, offset: 0, limit: LOOKED_AT }, signal),
      { limits } = page,
      way = wayOf(words),
      // Of one address the largest first: what somebody would look for.
      rows = way === null ? page.rows : page.rows.filter((row) => row[way.end] === way.address).sort((x, y) => y.bytes - x.bytes),
      total = way === null || page.total > page.rows.length ? page.total : rows.length,
      flows = way === null ? [] : await largestOf(way, narrowed, opened, signal);
    const programs = rows.filter(({ isProgram }) => isProgram),
      listed = rows.filter((row) => row.listed !== null),
      wanted = /\b(?:programs?|executables?)\b/.test(words) ? programs : [...new Set([...listed, ...programs, ...rows])],
      shown = wanted.slice(0, ROWS),
      more = (wanted === programs ? programs.length : total) - shown.length;
    const of = total > rows.length ? ` of the first ${rows.length}` : '';
    return {
      markdown: joined([
        verdictLine(
          total === 0
            ? `None that could be seen: no file was transferred${way === null ? '' : ` ${way.end === 'sender' ? 'from' : 'to'} ${named(way.address, 60)}`} over HTTP, SMB, FTP, TFTP or mail in clear.`
            : `${way === null ? `${plural(total, 'file')} ${total === 1 ? 'was' : 'were'} transferred` : `${named(way.address, 60)} ${way.end === 'sender' ? 'sent' : 'received'} ${plural(total, 'file')}`}${programs.length === 0 ? '' : `; ${plural(programs.length, 'file')}${of} can run`}${listed.length === 0 ? '' : `; ${plural(listed.length, 'file')}${of} ${listed.length === 1 ? 'is' : 'are'} on your own lists`}.`,
        ),
        section('Files', [...shown.map(fileLine), ...(more > 0 ? [`${plural(more, 'more file')} in the capture's Files view.`] : [])]),
        ...(way === null
          ? []
          : [section(way.end === 'sender' ? `Where ${named(way.address, 60)} sent most` : `Where ${named(way.address, 60)} received most`, flows)]),
        section('To be kept in mind', ['What TLS, SSH and QUIC carry is not seen without their keys.', ...limits]),
      ]),
    };
  },
};

interface Way {
  readonly address: string;
  /** Which end of a transfer it is. */
  readonly end: 'sender' | 'receiver';
}

/** Of one address: what it sent, or what it received; null where no way is meant. */
function wayOf(words: string): Way | null {
  const [address, ...others] = addressesIn(words);
  if (address === undefined || others.length > 0) return null;
  const before = /\b(from|to)\s+$/.exec(words.slice(0, words.indexOf(address)))?.[1];
  if (before !== undefined) return { address, end: before === 'from' ? 'sender' : 'receiver' };
  if (/\b(?:upload\w*|sen[dt]\w*)\b/.test(words)) return { address, end: 'sender' };
  return /\b(?:download\w*|receiv\w*|fetch\w*|got|get)\b/.test(words) ? { address, end: 'receiver' } : null;
}

const FLOWS = 3,
  FLOWS_LOOKED_AT = 200;

/** The conversations in which it sent or received most, also where nobody can see what. */
async function largestOf({ address, end }: Way, selection: Selection, opened: OpenCapture, signal: AbortSignal): Promise<readonly string[]> {
  const query = { selection, search: '', sort: { column: 'bytes', descending: true }, offset: 0, limit: FLOWS_LOOKED_AT },
    pages = await Promise.all((['tcp', 'udp'] as const).map((layer) => opened.call('conversations', { layer, ...query }, signal)));
  const of = ({ a, b, bytesAToB, bytesBToA }: Conversation): number =>
    (end === 'sender') === (a === address) ? bytesAToB : a === address || b === address ? bytesBToA : 0;
  return pages
    .flatMap(({ rows }) => rows)
    .sort((x, y) => of(y) - of(x))
    .slice(0, FLOWS)
    .filter((row) => of(row) > 0)
    .map((row) => {
      const peer = row.a === address ? `${named(row.b, 60)} port ${row.bPort ?? 0}` : `${named(row.a, 60)} port ${row.aPort ?? 0}`;
      return `${bytesText(of(row))} ${end === 'sender' ? 'to' : 'from'} ${peer} over ${row.service === null ? row.layer.toUpperCase() : inline(protocolLabel(row.service))} [flow ${row.id}]`;
    });
}

/** In one line, with the frame that completed it as a link. */
export function fileLine({ frame, name, kind, bytes, carrier, sender, receiver, isProgram, isComplete, sha256, listed }: FileRow): string {
  const facts = [
    `${inline(kind)}${isProgram ? ', **can run**' : ''}`,
    `${bytesText(bytes)}${isComplete ? '' : ', not all of it seen'}`,
    `from ${named(sender, 60)} to ${named(receiver, 60)} over ${inline(protocolLabel(carrier))}`,
    ...(listed === null ? [] : [`on your list ${named(listed, 100)}`]),
    ...(sha256 === null ? [] : [`SHA-256 ${named(sha256, 64)}`]),
  ];
  return `${named(hideSecrets(name), 120)}: ${facts.join('; ')} [frame ${frame}]`;
}
