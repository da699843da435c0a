/** What a file is by its bytes, whatever its name and its sender say: what runs is told as the detectors tell it, the rest by the marks that its format begins with. */
import { latin1 } from '../pcap/http/messages.ts';
import { fileKindOf } from './detectors/fileMagic.ts';

/** Bytes that are looked at. */
export const LONGEST_START = 4096;

export interface KnownKind {
  /** `PNG picture` */
  readonly name: string;
  /** As files of this kind usually end, without the dot; empty where none is usual. */
  readonly extension: string;
  /** It can run, or make something run. */
  readonly isProgram: boolean;
}

/** Name, extension, mark, and where it stands. */
type Mark = readonly [name: string, extension: string, mark: string, at?: number];

const MARKS: readonly Mark[] = [
  ['PNG picture', 'png', '\x89PNG\r\n\x1a\n'],
  ['JPEG picture', 'jpg', '\xff\xd8\xff'],
  ['GIF picture', 'gif', 'GIF87a'],
  ['GIF picture', 'gif', 'GIF89a'],
  ['WebP picture', 'webp', 'WEBP', 8],
  ['AVIF picture', 'avif', 'ftypavif', 4],
  ['HEIC picture', 'heic', 'ftyphei', 4],
  ['TIFF picture', 'tif', 'II*\0'],
  ['TIFF picture', 'tif', 'MM\0*'],
  ['Photoshop picture', 'psd', '8BPS'],
  ['PDF document', 'pdf', '%PDF-'],
  ['PostScript document', 'ps', '%!PS'],
  ['RTF document', 'rtf', '{\\rtf'],
  ['Windows help (CHM)', 'chm', 'ITSF'],
  ['7-Zip archive', '7z', '7z\xbc\xaf\x27\x1c'],
  ['RAR archive', 'rar', 'Rar!\x1a\x07'],
  ['gzip data', 'gz', '\x1f\x8b\x08'],
  ['bzip2 data', 'bz2', 'BZh'],
  ['xz data', 'xz', '\xfd7zXZ\0'],
  ['Zstandard data', 'zst', '\x28\xb5\x2f\xfd'],
  ['LZ4 data', 'lz4', '\x04\x22\x4d\x18'],
  ['Windows cabinet', 'cab', 'MSCF'],
  ['tar archive', 'tar', 'ustar', 257],
  ['Debian package', 'deb', '!<arch>\ndebian'],
  ['static library', 'a', '!<arch>\n'],
  ['RPM package', 'rpm', '\xed\xab\xee\xdb'],
  ['QCOW disk image', 'qcow2', 'QFI\xfb'],
  ['VMware disk image', 'vmdk', 'KDMV'],
  ['SquashFS file system', 'squashfs', 'hsqs'],
  ['U-Boot image', 'img', '\x27\x05\x19\x56'],
  ['WebAssembly module', 'wasm', '\0asm'],
  ['MPEG-4 video', 'mp4', 'ftyp', 4],
  ['Matroska or WebM video', 'mkv', '\x1a\x45\xdf\xa3'],
  ['AVI video', 'avi', 'AVI ', 8],
  ['Flash video', 'flv', 'FLV\x01'],
  ['Flash film', 'swf', 'FWS'],
  ['Flash film', 'swf', 'CWS'],
  ['MPEG transport stream', 'ts', 'G', 188],
  ['WAVE sound', 'wav', 'WAVE', 8],
  ['Ogg sound or video', 'ogg', 'OggS'],
  ['FLAC sound', 'flac', 'fLaC'],
  ['MP3 sound', 'mp3', 'ID3'],
  ['MIDI music', 'mid', 'MThd'],
  ['WOFF font', 'woff', 'wOFF'],
  ['WOFF2 font', 'woff2', 'wOF2'],
  ['OpenType font', 'otf', 'OTTO\0'],
  ['TrueType font', 'ttf', '\0\x01\0\0\0'],
  ['Windows icon', 'ico', '\0\0\x01\0'],
  ['SQLite database', 'sqlite', 'SQLite format 3\0'],
  ['Windows registry hive', 'hiv', 'regf'],
  ['Windows event log', 'evtx', 'ElfFile\0'],
  ['Windows memory dump', 'dmp', 'MDMP'],
  ['Active Directory database (ESE)', 'dit', '\xef\xcd\xab\x89', 4],
  ['KeePass database', 'kdbx', '\x03\xd9\xa2\x9a'],
  ['Outlook mailbox (PST)', 'pst', '!BDN'],
  ['Office document or installer (OLE)', '', '\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1'],
  ['packet capture (pcap)', 'pcap', '\xd4\xc3\xb2\xa1'],
  ['packet capture (pcap)', 'pcap', '\xa1\xb2\xc3\xd4'],
  ['packet capture (pcapng)', 'pcapng', '\x0a\x0d\x0d\x0a'],
  ['private key', 'pem', '-----BEGIN OPENSSH PRIVATE KEY'],
  ['private key', 'pem', '-----BEGIN RSA PRIVATE KEY'],
  ['private key', 'pem', '-----BEGIN PRIVATE KEY'],
  ['private key', 'pem', '-----BEGIN EC PRIVATE KEY'],
  ['private key', 'pem', '-----BEGIN ENCRYPTED PRIVATE KEY'],
  ['certificate', 'pem', '-----BEGIN CERTIFICATE'],
  ['PGP message', 'asc', '-----BEGIN PGP'],
  ['BitTorrent metadata', 'torrent', 'd8:announce'],
  ['Python bytecode', 'pyc', '\x0d\x0d\x0a', 1],
  ['Chrome extension', 'crx', 'Cr24'],
  ['XML property list', 'plist', 'bplist00'],
  ['Java object', '', '\xac\xed\0\x05'],
];

/** Files that a ZIP archive holds where it is a document of another kind: what the first entries are called. */
const ZIPPED: readonly (readonly [name: string, extension: string, find: RegExp])[] = [
  ['Word document', 'docx', /word\/(?:document|_rels|styles|settings)/],
  ['Excel workbook', 'xlsx', /xl\/(?:workbook|worksheets|_rels|styles)/],
  ['PowerPoint presentation', 'pptx', /ppt\/(?:presentation|slides|_rels)/],
  ['OpenDocument file', 'odt', /^PK[^]{28}mimetypeapplication\/vnd\.oasis/],
  ['EPUB book', 'epub', /^PK[^]{28}mimetypeapplication\/epub/],
  ['Android package', 'apk', /AndroidManifest\.xml|classes\.dex/],
  ['Office document', '', /\[Content_Types\]\.xml/],
];

/** Texts, by how they begin. */
const TEXTS: readonly (readonly [name: string, extension: string, find: RegExp])[] = [
  ['web page', 'html', /^\s{0,64}(?:<!--[^>]{0,256}-->\s{0,64})?<(?:!doctype\s+html|html|head|body)\b/i],
  ['SVG picture', 'svg', /^\s{0,64}(?:<\?xml[^>]{0,200}\?>\s{0,64})?(?:<!--[^>]{0,256}-->\s{0,64})?(?:<!DOCTYPE\s+svg[^>]{0,200}>\s{0,64})?<svg\b/i],
  ['XML', 'xml', /^\s{0,64}<\?xml\b/i],
  ['JSON', 'json', /^\s{0,64}(?:\{\s{0,64}(?:"|\}\s{0,64}$)|\[\s{0,64}(?:[{["\d\]]|true|false|null))/],
  ['mail', 'eml', /^(?:Received|Return-Path|From|Delivered-To|Date|Message-ID|MIME-Version|DKIM-Signature|X-[\w-]{1,40}|Subject|To): /i],
  ['form that was posted', '', /^[\w.%[\]-]{1,80}=[^\s&]{0,4000}(?:&[\w.%[\]-]{1,80}=[^\s&]{0,4000}){0,200}$/],
];

const TEXT: KnownKind = { name: 'text', extension: 'txt', isProgram: false },
  DATA: KnownKind = { name: 'data', extension: '', isProgram: false },
  UNSEEN: KnownKind = { name: 'its beginning is not in the capture', extension: '', isProgram: false },
  ENCRYPTED: KnownKind = { name: 'password-protected or encrypted data', extension: '', isProgram: false };

/** Scripts and styles look like any text: of these the sender says what they are. */
const SAID: readonly (readonly [name: string, extension: string, type: RegExp])[] = [
  ['JavaScript', 'js', /\b(?:java|ecma)script\b/i],
  ['style sheet', 'css', /^text\/css\b/i],
  ['comma-separated values', 'csv', /^text\/csv\b/i],
];

const PROGRAM_EXTENSIONS: Readonly<Record<string, string>> = {
  pe: 'exe',
  elf: 'elf',
  'mach-o': 'macho',
  dex: 'dex',
  'java-class': 'class',
  shortcut: 'lnk',
  msi: 'msi',
  jar: 'jar',
  'archive-of-program': 'zip',
  'disk-image': 'iso',
  onenote: 'one',
};

/** `start` is how it begins, up to `LONGEST_START` bytes; `contentType` and `name` are what its sender says. */
export function kindOfFile(start: Uint8Array, contentType: string | null, name: string): KnownKind {
  if (start.length === 0) return UNSEEN;
  const text = latin1(start, 0, start.length, LONGEST_START),
    program = fileKindOf(text, contentType, name);
  if (program !== null) return { name: program.name, extension: PROGRAM_EXTENSIONS[program.id] ?? '', isProgram: true };
  for (const [known, extension, mark, at = 0] of MARKS)
    if (text.startsWith(mark, at) && isSure(mark, text)) return { name: known, extension, isProgram: false };
  if (text.startsWith('PK\x03\x04')) return ofZip(text);
  if (text.startsWith('BM') && start.length > 6 && start[6] === 0 && start[7] === 0)
    return { name: 'BMP picture', extension: 'bmp', isProgram: false };
  if (start.length > 1 && start[0] === 0xff && (start[1]! & 0xe6) === 0xe2) return { name: 'MP3 sound', extension: 'mp3', isProgram: false };
  if (!isText(start)) return DATA;
  for (const [known, extension, find] of TEXTS) if (find.test(text)) return { name: known, extension, isProgram: false };
  for (const [known, extension, type] of SAID)
    if (contentType !== null && type.test(contentType)) return { name: known, extension, isProgram: false };
  return TEXT;
}

/** A single letter says nothing by itself: packets of a transport stream begin with it every 188 bytes. */
const isSure = (mark: string, text: string): boolean => mark.length > 1 || (text.startsWith(mark) && text.startsWith(mark, 376));

function ofZip(text: string): KnownKind {
  // The first bit of the flags says that the first file is encrypted.
  if ((text.charCodeAt(6) & 1) !== 0) return { ...ENCRYPTED, name: 'ZIP archive with a password', extension: 'zip' };
  for (const [name, extension, find] of ZIPPED) if (find.test(text)) return { name, extension, isProgram: false };
  return { name: 'ZIP archive', extension: 'zip', isProgram: false };
}

/** Neither control characters nor broken UTF-8, or UTF-16 with a mark. */
function isText(start: Uint8Array): boolean {
  if ((start[0] === 0xff && start[1] === 0xfe) || (start[0] === 0xfe && start[1] === 0xff)) return true;
  for (const byte of start) if (byte < 9 || (byte > 13 && byte < 32 && byte !== 27) || byte === 127) return false;
  // A character may be cut at the end.
  return !utf8.decode(start).slice(0, -3).includes('\ufffd') || !start.some((byte) => byte >= 0x80 && byte < 0xa0);
}

const utf8 = new TextDecoder();
