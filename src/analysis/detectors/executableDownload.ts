/**
 * A program, a script or a document with macros that crosses the network in clear, told by its first bytes and not by its name. Updates and packages come
 * that way too; a program that pretends to be a picture, or comes from a bare address, does not.
 */
import * as z from 'zod';
import {
  httpRequestMessage,
  httpResponseMessage,
  MAX_BODY_START,
  unmaskedBody,
  type MessagePlace,
  type HttpRequestMessage,
  type HttpResponseMessage,
  unpackedStart,
} from '../../pcap/http/messages.ts';
import { fileStartMessage } from '../../pcap/fileStart.ts';
import { plainStreamMessage } from '../../pcap/plainStream.ts';
import { coverage, examinedAll, unreadableFrames } from '../coverage.ts';
import { countText, listText, plural } from '../describe.ts';
import { defineDetector, type FindingDraft } from '../detector.ts';
import { safeText } from '../exports/safeText.ts';
import type { CaptureState } from '../captureState.ts';
import { contradicts, fileKind, fileKindOf, mayRun, type FileKind } from './fileMagic.ts';
import { addressFilter, confidenceOf, datagramEnds, endsOf, Evidence, isLocalAddress, Watched } from './watched.ts';

const options = z.object({
  files: z.int().min(1).default(1).describe('Files of one kind from one server to one client from which they are told (files)'),
});
type Options = z.output<typeof options>;

const MOST_SUBJECTS = 5000,
  MOST_SHOWN = 5,
  MOST_INFLATED = 2000;
/** What servers compress as a matter of course, and names that programs go by. */
const PAGE_TYPES = /^\s*(?:text\/|application\/(?:json|javascript|x-javascript|xml|xhtml|rss|atom)|image\/svg)/i,
  PROGRAM_NAME = /\.(?:exe|dll|iso|img|scr|com|msi|bat|cmd|psm?1|vb[se]|jse|ws[fh]|hta|jar|apk|sh|elf|bin|doc[mx]?|xls[mx]?|ppt[mx]?)(?:$|[?#])/i;
/** Servers that packages and updates come from, by the name the client asked for; and programs that fetch them. */
const REPOSITORY =
  /(?:^|\.)(?:windowsupdate\.com|update\.microsoft\.com|delivery\.mp\.microsoft\.com|download\.microsoft\.com|debian\.org|ubuntu\.com|fedoraproject\.org|centos\.org|archlinux\.org|opensuse\.org|kali\.org|alpinelinux\.org|apple\.com|gvt1\.com|dl\.google\.com|mozilla\.net|adobe\.com)$/i;

/** What installs a system is larger; what hides a program in an image is not. */
const SYSTEM_BYTES = 200_000_000;
const ON_A_BLOG = /\/wp-(?:content|includes|admin)\//i;

type Carrier = 'http' | 'tcp' | 'tftp' | 'smtp' | 'smb2';

interface Downloads {
  readonly kind: FileKind;
  readonly from: string;
  readonly to: string;
  readonly port: number;
  /** Protocol of a display filter. */
  readonly protocol: Carrier;
  readonly evidence: Evidence;
  readonly names: Set<string>;
  readonly hashes: Set<string>;
  readonly lies: Set<string>;
  readonly hosts: Set<string>;
  count: number;
  bytes: number;
  /** Bytes of the smallest. */
  smallest: number;
  /** It lay among the files of WordPress, where programs have no business: a site that was broken into. */
  isOnBlog: boolean;
  /** Over TLS whose keys are known. */
  readonly isOpened: boolean;
}

export const executableDownload = defineDetector({
  id: 'executable-download',
  title: 'Programs in clear',
  tier: 1,
  deed: 'downloaded {what} from {whom}',
  description:
    'A program, a script or a document with macros is transferred in clear, told by its first bytes, also where type or name say otherwise. Packages and updates often come that way, and are checked by signatures of their own. Of what is inside archives the first name is looked at. Disk images and OneNote sections, which harmful files are sent in, are told, too; images that a system starts from are not.',
  options,
  messages: [httpResponseMessage.kind, httpRequestMessage.kind, plainStreamMessage.kind, fileStartMessage.kind],
  create(_, state) {
    const subjects = new Watched<string, Downloads>(MOST_SUBJECTS),
      inflated: Inflated = { count: 0, left: 0 };
    const of = (kind: FileKind, from: string, to: string, port: number, protocol: Carrier, isOpened: boolean): Downloads | undefined =>
      subjects.of(`${kind.id} ${from} ${to} ${port} ${isOpened}`, () => ({
        kind,
        from,
        to,
        port,
        protocol,
        evidence: new Evidence(),
        names: new Set(),
        hashes: new Set(),
        lies: new Set(),
        hosts: new Set(),
        count: 0,
        bytes: 0,
        smallest: Infinity,
        isOnBlog: false,
        isOpened,
      }));
    return {
      onMessage(message, flow, p) {
        if (fileStartMessage.is(message)) {
          const kind = fileKind(message.start);
          if (kind === null) return;
          const sent = flow >= 0 ? endsOf(state, flow) : null,
            ends = datagramEnds(p),
            isMail = message.carrier === 'smtp';
          // Mail goes to the server, and what is read from a share to the client; TFTP sends its files as datagrams, either way.
          const downloads =
            sent !== null
              ? isMail
                ? of(kind, sent.client, sent.server, sent.serverPort, 'smtp', p.isOpened)
                : of(kind, sent.server, sent.client, sent.serverPort, 'smb2', p.isOpened)
              : ends === null
                ? undefined
                : of(kind, ends.source, ends.destination, 0, 'tftp', false);
          if (downloads === undefined) return;
          downloads.count++;
          if (message.name !== null) {
            const lie = contradicts(kind, null, message.name);
            if (lie !== null && downloads.lies.size < MOST_SHOWN) downloads.lies.add(lie);
            if (downloads.names.size < MOST_SHOWN) downloads.names.add(safeText(message.name, 80));
          }
          if (flow >= 0) downloads.evidence.add(p, flow);
          else downloads.evidence.addDatagram(p);
          return;
        }
        if (flow < 0) return;
        if (plainStreamMessage.is(message)) {
          const kind = fileKind(message.start);
          if (kind === null || !kind.native) return;
          const { client, server, serverPort } = endsOf(state, flow),
            up = message.direction === 0,
            downloads = of(kind, up ? client : server, up ? server : client, serverPort, 'tcp', p.isOpened);
          if (downloads === undefined) return;
          downloads.count++;
          downloads.evidence.add(p, flow);
          return;
        }
        const isResponse = httpResponseMessage.is(message);
        if (!isResponse && !httpRequestMessage.is(message)) return;
        if (message.bodyLength === 0 || (isResponse && message.status >= 400)) return;
        const { place } = message;
        const part = isResponse ? null : uploadedPart(message);
        if (
          part === null &&
          place !== undefined &&
          !isCompressed(place) &&
          !mayRun(place.bytes, place.bodyFrom, place.bodyTo) &&
          !PROGRAM_NAME.test(message.uri ?? '')
        )
          return;
        if (place === undefined ? message.bodyStart === '' : place.bodyTo <= place.bodyFrom) return;
        const start = part?.start ?? plainStart(message, inflated);
        if (start === null) return;
        const path = (message.uri ?? '').split('?')[0]!,
          name = part?.name ?? path.slice(path.lastIndexOf('/') + 1),
          contentType = part === null ? message.contentType : null,
          kind = fileKindOf(start, contentType, name);
        if (kind === null) return;
        const { client, server, serverPort } = endsOf(state, flow),
          downloads = isResponse
            ? of(kind, server, client, serverPort, 'http', p.isOpened)
            : of(kind, client, server, serverPort, 'http', p.isOpened);
        if (downloads === undefined) return;
        downloads.count++;
        if (isResponse && ON_A_BLOG.test(path)) downloads.isOnBlog = true;
        downloads.bytes += message.bodyLength;
        downloads.smallest = Math.min(downloads.smallest, message.bodyLength);
        downloads.evidence.add(p, flow);
        const lie = contradicts(kind, contentType, name);
        if (lie !== null && downloads.lies.size < MOST_SHOWN) downloads.lies.add(lie);
        if (downloads.names.size < MOST_SHOWN && name !== '') downloads.names.add(safeText(name, 80));
        if (message.host !== null && downloads.hosts.size < MOST_SHOWN) downloads.hosts.add(message.host.replace(/:\d+$/, '').slice(0, 253));
        if (part === null && message.bodySha256 !== null && downloads.hashes.size < MOST_SHOWN) downloads.hashes.add(message.bodySha256);
      },
      evaluate(values) {
        const findings: FindingDraft[] = [];
        for (const downloads of subjects.values) if (downloads.count >= values.files) findings.push(draft(values, downloads, state));
        return {
          findings,
          coverage: coverage(examinedAll(state), [
            ...unreadableFrames(state),
            ...subjects.limits('pairs with programs in clear'),
            ...(inflated.left > 0
              ? [`${plural(inflated.left, 'compressed page')} after the first ${countText(MOST_INFLATED)} were not inflated.`]
              : []),
          ]),
        };
      },
    };
  },
});

/** The first file of a form that is posted, as browsers send it (RFC 7578). */
function uploadedPart(message: HttpRequestMessage): { readonly name: string; readonly start: string } | null {
  if (message.contentType?.startsWith('multipart/') !== true) return null;
  const text = unmaskedBody(message),
    head = /filename="([^"\r\n]{1,255})"[^]{0,200}?\r\n\r\n/i.exec(text);
  return head === null ? null : { name: head[1]!, start: text.slice(head.index + head[0].length).slice(0, MAX_BODY_START) };
}

/** Bodies that were inflated, and that were not although they were compressed. */
interface Inflated {
  count: number;
  left: number;
}

/** Whether a body begins as gzip (RFC 1952) or zlib (RFC 1950) does. */
function isCompressed({ bytes, bodyFrom, bodyTo }: MessagePlace): boolean {
  if (bodyTo - bodyFrom < 2) return false;
  const first = bytes[bodyFrom]!,
    second = bytes[bodyFrom + 1]!;
  return (first === 0x1f && second === 0x8b) || ((first & 15) === 8 && ((first << 8) | second) % 31 === 0);
}

/** The first bytes as the receiver sees them; null where they are compressed and would have to be inflated beyond the bound. */
function plainStart(message: HttpRequestMessage | HttpResponseMessage, inflated: Inflated): string | null {
  const encoding = message.contentEncoding;
  if (encoding === null || !/gzip|deflate/i.test(encoding)) return message.bodyStart;
  // Inflating costs more than all else about a page. Servers compress text: what is said to be none, or has a program's name, is always looked at.
  const isPage = PAGE_TYPES.test(message.contentType ?? '') && !PROGRAM_NAME.test(message.uri ?? '');
  if (isPage && inflated.count >= MOST_INFLATED) {
    inflated.left++;
    return null;
  }
  if (isPage) inflated.count++;
  return unpackedStart(message);
}

function draft(values: Options, downloads: Downloads, state: CaptureState): FindingDraft {
  const { kind, from, to, port, protocol, evidence, names, hashes, lies, hosts, count, bytes, isOnBlog, isOpened, smallest } = downloads;
  const bare = [...hosts].some((host) => /^\d{1,3}(?:\.\d{1,3}){3}$/.test(host)),
    repository = hosts.size > 0 && [...hosts].every((host) => REPOSITORY.test(host)),
    outside = !isLocalAddress(from),
    isSystem = kind.carries === true && smallest >= SYSTEM_BYTES && smallest < Infinity,
    named = `${/^(?!one)[aeio]/i.test(kind.name) ? 'an' : 'a'} ${kind.name}`,
    how = isOpened ? 'over TLS' : 'in clear',
    advice = isOpened ? '' : ' Fetch programs over HTTPS.';
  const { confidence, indicators } = confidenceOf([
    [kind.carries === true ? 'a form that harmful files are sent in' : 'first bytes of a program', kind.native ? 70 : 60],
    ['type or name say something else', lies.size > 0 ? 20 : 0],
    ['from an address without a name', bare && outside ? 10 : 0],
    ['a script that fetches or unpacks a program', kind.loads === true ? 10 : 0],
    ['among the files of a blog', isOnBlog ? 10 : 0],
    ['not over HTTP', protocol !== 'http' && protocol !== 'smb2' ? 5 : 0],
    ['from a share, as programs of an office often are', protocol === 'smb2' && !outside ? -20 : 0],
    ['TFTP is how devices fetch what they start from', protocol === 'tftp' ? -20 : 0],
    ['a well-known place for packages and updates', repository ? -35 : 0],
    ['as large as the image of a system', isSystem ? -35 : 0],
  ]);
  const severity =
    lies.size > 0
      ? 'high'
      : repository || isSystem
        ? 'info'
        : (kind.native && (bare || isOnBlog || (protocol === 'smb2' && outside) || protocol === 'tcp' || protocol === 'smtp')) ||
            ((kind.loads === true || (kind.carries === true && outside)) && bare)
          ? 'medium'
          : 'low';
  return {
    technique: kind.id,
    what: named,
    severity,
    confidence,
    title: `${to} got ${named} from ${from} ${how}${lies.size > 0 ? `, and ${[...lies][0]!}` : ''}`,
    description: `${plural(count, 'file')} (threshold ${values.files}) with the first bytes of a ${kind.name}${bytes > 0 ? `, ${countText(bytes)} bytes together` : ''}${
      names.size > 0 ? `: ${[...names].join(', ')}` : ''
    }. ${isOpened ? 'TLS carried it; the keys at hand opened it.' : `Anybody on the way could read and change ${count === 1 ? 'it' : 'them'}.`}`,
    subjects: [
      { role: protocol === 'smtp' ? 'client' : 'server', address: from, ...(port > 0 && protocol !== 'smtp' ? { port } : {}) },
      { role: protocol === 'smtp' ? 'server' : 'client', address: to, ...(protocol === 'smtp' ? { port } : {}) },
    ],
    ...evidence.resolve(state.flows).proof,
    indicators: [
      { name: 'files', value: count, threshold: values.files },
      { name: 'kind', value: kind.name },
      ...(bytes > 0 ? [{ name: 'bytes', value: bytes, unit: 'bytes' }] : []),
      ...[...names].map((name) => ({ name: 'name', value: name })),
      ...[...hosts].map((host) => ({ name: 'host', value: safeText(host, 100) })),
      ...[...lies].map((lie) => ({ name: 'contradiction', value: lie })),
      ...[...hashes].map((hash) => ({ name: 'SHA-256', value: hash })),
      ...indicators,
    ],
    alternatives: ['A package or an update, which its program checks by a signature.', 'A tool that an administrator fetched.'],
    filter: `${addressFilter(from, to)} && ${protocol === 'tftp' ? 'tftp' : `${protocol === 'tcp' ? '' : `${protocol} && `}tcp.port == ${port}`}`,
    attack: lies.size > 0 ? ['T1105', 'T1036.008'] : ['T1105'],
    together: {
      // What lies about itself stands alone.
      key: `${from} ${to} ${port} ${how} ${severity} ${lies.size > 0 ? kind.id : ''}`,
      label: kind.name,
      note: `${plural(count, 'file')}${names.size > 0 ? `: ${[...names].join(', ')}` : ''}`,
      words: ({ parts }) => ({
        title: `${to} got ${listText([...new Set(parts.map(({ what = '' }) => what))])} from ${from} ${how}`,
        description: isOpened ? 'TLS carried them; the keys at hand opened it:' : 'Anybody on the way could read and change them:',
        recommendation: `Find out what ${to} did with these files, and look up their hashes.${advice}`,
        what: listText([...new Set(parts.map(({ what = '' }) => what))]),
      }),
    },
    recommendation: `Find out what ${to} did with the file${hashes.size > 0 ? ', and look up its hash' : ''}.${advice}`,
  };
}
