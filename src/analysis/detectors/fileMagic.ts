/** What a file is by its first bytes, where it can run: the formats of systems, scripts, installers, and documents with macros. Bytes come as text, one character each. */

export interface FileKind {
  readonly id: string;
  readonly name: string;
  /** Runs by itself when it is opened; a script or a document needs its program. */
  readonly native: boolean;
  /** How the bytes are written, where that hides what they are. */
  readonly written?: string;
  /** A script that fetches or unpacks a program and runs it. */
  readonly loads?: boolean;
  /** Runs nothing itself; what is sent in it opens without the mark of the web, as those who send harmful files like it. */
  readonly carries?: boolean;
}

const PE: FileKind = { id: 'pe', name: 'Windows program (PE)', native: true },
  ELF: FileKind = { id: 'elf', name: 'Linux program (ELF)', native: true },
  MACHO: FileKind = { id: 'mach-o', name: 'macOS program (Mach-O)', native: true },
  DEX: FileKind = { id: 'dex', name: 'Android program (DEX)', native: true },
  CLASS: FileKind = { id: 'java-class', name: 'Java class', native: true },
  SCRIPT: FileKind = { id: 'script', name: 'script', native: false },
  MACROS: FileKind = { id: 'macro-document', name: 'Office document with macros', native: false },
  LINK: FileKind = { id: 'shortcut', name: 'Windows shortcut', native: false },
  BASE64: FileKind = { id: 'pe-base64', name: 'Windows program (PE) in base 64', native: true, written: 'base 64' },
  DIGITS: FileKind = { id: 'pe-digits', name: 'Windows program (PE) in digits', native: true, written: 'digits' },
  LOADER: FileKind = { id: 'loader-script', name: 'script that loads a program', native: false, loads: true },
  INSTALLER: FileKind = { id: 'msi', name: 'Windows installer (MSI)', native: true },
  ARCHIVE: FileKind = { id: 'archive-of-program', name: 'archive that begins with a program', native: false },
  IMAGE: FileKind = { id: 'disk-image', name: 'disk image (ISO)', native: false, carries: true },
  ONENOTE: FileKind = { id: 'onenote', name: 'OneNote section', native: false, carries: true },
  JAR: FileKind = { id: 'jar', name: 'Java archive (JAR)', native: false };

/** First bytes of what may run, behind a byte order mark and a few blanks. */
const FIRST = new Uint8Array(256);
for (const character of 'M\x7f\xcf\xce\xfe\xcad#L\xd0PpIi$@T47SODcw\xe4') FIRST[character.charCodeAt(0)] = 1;

/** Whether `[from, to)` could be something that runs: nearly every page and picture is turned away before a text is made of it. */
export function mayRun(bytes: Uint8Array, from: number, to: number): boolean {
  let at = from;
  if (bytes[at] === 0xef && bytes[at + 1] === 0xbb && bytes[at + 2] === 0xbf) at += 3;
  // Blanks as a regular expression has them; 0xa0 is one.
  for (const end = Math.min(to, at + 8); at < end; at++) {
    const byte = bytes[at]!;
    if (byte !== 32 && byte !== 0xa0 && (byte < 9 || byte > 13)) break;
  }
  return at < to && FIRST[bytes[at]!] === 1;
}

/** Null for everything that does not run. A script that loads a program is told as that. */
export function fileKind(start: string): FileKind | null {
  const kind = plainKind(start);
  return (kind === null || kind === SCRIPT) && LOADS.test(start) ? LOADER : kind;
}

/**
 * What PowerShell of Cobalt Strike, Empire and loaders begins with; scripts for Windows' own hosts that start programs; shell scripts of botnets, which fetch from a
 * bare address, make it run and run it. In base 64, packed code, programs and machine code begin so.
 */
const LOADS =
  /^\s{0,8}Set-StrictMode -Version 2\s+(?:\$eicar|\$DoIt = @|function func_)|\b(?:IEX|Invoke-Expression)\b[^]{0,200}(?:DownloadString|FromBase64String|GzipStream)|(?:DownloadString|FromBase64String|GzipStream)[^]{0,300}\b(?:IEX|Invoke-Expression)\b|FromBase64String\(\s?["'](?:H4sI|TV[qrop]|f0VMR|\/OiC|\/EiD)|AmsiUtils|(?:CreateObject|ActiveXObject)\s*\(\s*["'](?:WScript\.Shell|Shell\.Application|ADODB\.Stream)["'][^]{0,400}(?:\.Run\b|\.Exec\b|ShellExecute|SaveToFile|powershell|cmd(?:\.exe)? \/c)|(?:wget|curl|tftp|ftpget)\b[^\n]{0,80}?(?:https?:\/\/)?\d{1,3}(?:\.\d{1,3}){3}[^]{0,200}?(?:chmod\s+(?:\+x|[0-7]{3,4})|\|\s*(?:ba)?sh\b|;\s*sh\s)/i;

/** With the help of the name and type that the server gives, for what is not told by its first bytes alone. */
export function fileKindOf(start: string, contentType: string | null, name: string): FileKind | null {
  const kind = fileKind(start);
  if (kind !== null) return kind;
  if (isDiskImage(start, contentType, name)) return IMAGE;
  if (start.startsWith('\xd0\xcf\x11\xe0')) return /\.msi$/i.test(name) || /x-msi\b/i.test(contentType ?? '') ? INSTALLER : null;
  return SCRIPT_NAME.test(name) && /^[\s\x20-\x7e\xef\xbb\xbf]+$/.test(start) && (!/^\s*<(?:!doctype|html)/i.test(start) || /\.hta$/i.test(name))
    ? SCRIPT
    : null;
}

/**
 * ISO 9660 leaves its first 32 KiB to whoever boots from it (ECMA-119 section 7.2.1): images of systems begin with a boot sector, those that only carry files with zeros.
 * The mark of the format comes too late to be seen, so its name or type has to say it.
 */
function isDiskImage(start: string, contentType: string | null, name: string): boolean {
  return (/\.(?:iso|img)$/i.test(name) || /x-(?:iso9660|cd)-image/i.test(contentType ?? '')) && start.length >= LEAST_ZEROS && /^\0+$/.test(start);
}
const LEAST_ZEROS = 256;

/** Scripts that only Windows' own hosts run; a web page asks for none of them. */
const SCRIPT_NAME = /\.(?:vb[se]|jse|ws[fh]|hta|ps1|psm1|bat)$/i;

function plainKind(start: string): FileKind | null {
  switch (start.slice(0, 2)) {
    case 'MZ': {
      // The offset of the PE header stands at 60; text that begins with MZ has none there.
      if (start.length < 64) return null;
      const at = start.charCodeAt(60) | (start.charCodeAt(61) << 8) | (start.charCodeAt(62) << 16);
      if (start.charCodeAt(63) !== 0 || at < 64 || at > 4096) return null;
      return at + 4 > start.length || start.startsWith('PE\0\0', at) ? PE : null;
    }
    case '\x7fE':
      return start.startsWith('\x7fELF') && /^[\x01\x02]$/.test(start[4] ?? '') ? ELF : null;
    case '\xcf\xfa':
    case '\xce\xfa':
      return start.startsWith('\xed\xfe', 2) ? MACHO : null;
    case '\xfe\xed':
      return /^\xfe\xed\xfa[\xce\xcf]/.test(start) ? MACHO : null;
    case '\xca\xfe':
      // Universal Mach-O counts its parts where a class has its version, 45 and more.
      if (!start.startsWith('\xca\xfe\xba\xbe') || start.length < 8) return null;
      return start.charCodeAt(7) >= 45 ? CLASS : MACHO;
    case 'de':
      return /^dex\n0\d\d\0/.test(start) ? DEX : null;
    case '#!':
      return /^#!\s{0,4}\/\S{0,60}(?:sh|bash|python[\d.]*|perl|php|ruby|node|env\s+\w+)\s/.test(start) ? SCRIPT : null;
    case 'L\0':
      return start.startsWith('L\0\0\0\x01\x14\x02\0') ? LINK : null;
    case '\xe4R':
      // The GUID of a section (MS-ONESTORE section 2.3.1).
      return start.startsWith('\\{\x8c\xd8\xa7M\xae\xb1Sx\xd0)\x96\xd3', 2) ? ONENOTE : null;
    case '\xd0\xcf':
      return /V\0B\0A\0|_\0V\0B\0A\0|Attribut\0e VB_/.test(start) ? MACROS : null;
    case 'PK':
      if (/^PK\x03\x04[^]{22}[^]{4}META-INF\//.test(start)) return JAR;
      if (start.startsWith('PK\x03\x04') && hasFirstName(start)) return ARCHIVE;
      return /word\/vbaProject\.bin|xl\/vbaProject\.bin|ppt\/vbaProject\.bin/.test(start) ? MACROS : null;
    case 'TV':
      // The first bytes of what linkers write: 4d 5a 90 00 03, 50 00 02, 00 00 00, 41 52 55 48 (reflective loaders).
      return /^TV(?:qQAAMAAAAEAAAA|pQAAIAAAAEAA8A|oAAAAAAAAAAAAA|pBUlVIieV|roAAAAA)[A-Za-z0-9+/\r\n]{40}/.test(start) ? BASE64 : null;
    case '4d':
    case '4D':
      return /^4d5a(?:90|50|00|e8|41)[\da-f]{200}/i.test(start) ? DIGITS : null;
    case '77':
      return /^77, ?90, ?(?:144|80), ?0, ?[23], ?0, ?0, ?0/.test(start) ? DIGITS : null;
    default:
      return /^(?:\xef\xbb\xbf)?\s{0,8}(?:powershell(?:\.exe)? -|\$\w+ ?= ?New-Object |IEX ?\(|@echo off\b)/i.test(start) ? SCRIPT : null;
  }
}

/** Whether the name of the first file of an archive ends in that of a program: its length stands at 26. */
function hasFirstName(start: string): boolean {
  const length = start.charCodeAt(26) | (start.charCodeAt(27) << 8);
  return /\.(?:exe|scr|com|pif|lnk|hta|vb[se]|jse|wsf|bat|cmd|ps1|msi)$/i.test(start.slice(30, 30 + length));
}

/** Declared types and names that promise something harmless. */
export function contradicts(kind: FileKind, contentType: string | null, name: string): string | null {
  if (kind.written !== undefined) return `it is written in ${kind.written}`;
  const type = contentType?.split(';')[0]?.trim().toLowerCase() ?? '';
  if (/^(?:image|audio|video|font)\//.test(type) || (kind.native && /^text\/(?:html|css|plain|javascript)$|^application\/(?:pdf|json)$/.test(type)))
    return `the server calls it ${/^[\w.+/-]{1,60}$/.test(type) ? type : 'something else'}`;
  const extension = /\.(jpe?g|png|gif|bmp|ico|webp|svg|mp[34]|pdf|txt|css|html?|docx?|xlsx?|woff2?)$/i.exec(name)?.[1];
  return extension === undefined || (!kind.native && /^(?:txt|docx?|xlsx?)$/i.test(extension))
    ? null
    : `its name ends in .${extension.toLowerCase()}`;
}
