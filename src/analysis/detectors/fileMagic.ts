/** What a file is by its first bytes, where it can run: the formats of systems, scripts, installers, and documents with macros. Bytes come as text, one character each. */

export interface FileKind {
  readonly id: string;
  readonly name: string;
  /** Runs by itself when it is opened; a script or a document needs its program. */
  readonly native: boolean;
}

const PE: FileKind = { id: 'pe', name: 'Windows program (PE)', native: true },
  ELF: FileKind = { id: 'elf', name: 'Linux program (ELF)', native: true },
  MACHO: FileKind = { id: 'mach-o', name: 'macOS program (Mach-O)', native: true },
  DEX: FileKind = { id: 'dex', name: 'Android program (DEX)', native: true },
  CLASS: FileKind = { id: 'java-class', name: 'Java class', native: true },
  SCRIPT: FileKind = { id: 'script', name: 'script', native: false },
  MACROS: FileKind = { id: 'macro-document', name: 'Office document with macros', native: false },
  LINK: FileKind = { id: 'shortcut', name: 'Windows shortcut', native: false };

/** First bytes of what may run, behind a byte order mark and a few blanks. */
const FIRST = new Uint8Array(256);
for (const character of 'M\x7f\xcf\xce\xfe\xcad#L\xd0PpIi$@') FIRST[character.charCodeAt(0)] = 1;

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

/** Null for everything that does not run. */
export function fileKind(start: string): FileKind | null {
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
    case '\xd0\xcf':
      return /V\0B\0A\0|_\0V\0B\0A\0|Attribut\0e VB_/.test(start) ? MACROS : null;
    case 'PK':
      return /word\/vbaProject\.bin|xl\/vbaProject\.bin|ppt\/vbaProject\.bin/.test(start) ? MACROS : null;
    default:
      return /^(?:\xef\xbb\xbf)?\s{0,8}(?:powershell(?:\.exe)? -|\$\w+ ?= ?New-Object |IEX ?\(|@echo off\b)/i.test(start) ? SCRIPT : null;
  }
}

/** Declared types and names that promise something harmless. */
export function contradicts(kind: FileKind, contentType: string | null, name: string): string | null {
  const type = contentType?.split(';')[0]?.trim().toLowerCase() ?? '';
  if (/^(?:image|audio|video|font)\//.test(type) || (kind.native && /^text\/(?:html|css|plain|javascript)$|^application\/(?:pdf|json)$/.test(type)))
    return `the server calls it ${/^[\w.+/-]{1,60}$/.test(type) ? type : 'something else'}`;
  const extension = /\.(jpe?g|png|gif|bmp|ico|webp|svg|mp[34]|pdf|txt|css|html?|docx?|xlsx?|woff2?)$/i.exec(name)?.[1];
  return extension === undefined || (!kind.native && /^(?:txt|docx?|xlsx?)$/i.test(extension))
    ? null
    : `its name ends in .${extension.toLowerCase()}`;
}
