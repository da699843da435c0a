/** Which files were transferred? What HTTP, SMB, FTP, TFTP and mail carried. */
import { bytesText, plural, protocolLabel } from '../../analysis/describe.ts';
import { inline } from '../../analysis/exports/markdown.ts';
import { hideSecrets } from '../../analysis/hideSecrets.ts';
import type { FileRow } from '../../analysis/engineApi.ts';
import { joined, named, section, verdictLine } from '../layout.ts';
import type { PlainQuestion } from './question.ts';

const ROWS = 12,
  LOOKED_AT = 1000;

export const transferredFiles: PlainQuestion = {
  example: 'which files were downloaded?',
  meaning: 'which files were transferred in clear, or opened with keys',
  isAsked: (words) =>
    /\b(?:files?|documents?|attachments?|pictures?|images?|programs?|executables?|archives?)\b/.test(words) &&
    /\b(?:download\w*|upload\w*|transfer\w*|sen[dt]\w*|receiv\w*|cop(?:y|ied|ies)|fetch\w*|mov(?:ed?|ing)|shar(?:ed?|ing)|extract\w*|carve\w*|got|list|show|what|which|any|there)\b/.test(
      words,
    ),
  async answer({ words, narrowed }, opened, { signal }) {
    const { rows, total, limits } = await opened.call('files', { selection: narrowed, search: '', sort: null, offset: 0, limit: LOOKED_AT }, signal);
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
            ? 'None that could be seen: no file was transferred over HTTP, SMB, FTP, TFTP or mail in clear.'
            : `${plural(total, 'file')} ${total === 1 ? 'was' : 'were'} transferred${programs.length === 0 ? '' : `; ${plural(programs.length, 'file')}${of} can run`}${listed.length === 0 ? '' : `; ${plural(listed.length, 'file')}${of} ${listed.length === 1 ? 'is' : 'are'} on your own lists`}.`,
        ),
        section('Files', [...shown.map(fileLine), ...(more > 0 ? [`${plural(more, 'more file')} in the capture's Files view.`] : [])]),
        section('To be kept in mind', ['What TLS, SSH and QUIC carry is not seen without their keys.', ...limits]),
      ]),
    };
  },
};

function fileLine({ frame, name, kind, bytes, carrier, sender, receiver, isProgram, isComplete, sha256, listed }: FileRow): string {
  const facts = [
    `${inline(kind)}${isProgram ? ', **can run**' : ''}`,
    `${bytesText(bytes)}${isComplete ? '' : ', not all of it seen'}`,
    `from ${named(sender, 60)} to ${named(receiver, 60)} over ${inline(protocolLabel(carrier))}`,
    ...(listed === null ? [] : [`on your list ${named(listed, 100)}`]),
    ...(sha256 === null ? [] : [`SHA-256 ${named(sha256, 64)}`]),
  ];
  return `${named(hideSecrets(name), 120)}: ${facts.join('; ')} [frame ${frame}]`;
}
