/** Whether the first bytes of a file can be anything but encrypted: text, and everything with a head, repeats itself and begins with what it is. */

/** Of as many bytes, so many are different ones: of random bytes 162 in the mean, with a deviation of 6; of text and programs less than 100. */
const LOOKED_AT = 256,
  DIFFERENT = 135;
/** What compressed and encrypted formats with a head begin with; the others do not look random. */
const HEADS = [
  'PK',
  '%PDF',
  '\xff\xd8\xff',
  '\x89PNG',
  'GIF8',
  '\x1f\x8b',
  '\x1f\x9d',
  'BZh',
  '\xfd7zXZ',
  '7z\xbc\xaf',
  'Rar!',
  '\x28\xb5\x2f\xfd',
  '\x04\x22\x4d\x18',
  'MSCF',
  'MZ',
  '\x7fELF',
  '\xd0\xcf\x11\xe0',
  'RIFF',
  'OggS',
  'fLaC',
  'ID3',
  '\xff\xfb',
  '\xff\xfa',
  '\xff\xf3',
  '\xff\xf2',
  '\x00\x00\x01\xba',
  '\x30\x26\xb2\x75',
  '8BPS',
  'LUKS',
  '\xff\xf1',
  '\x1aE\xdf\xa3',
  'AES',
  'Salted__',
  'age-encryption',
  'SQLite',
  '\x78\x01',
  '\x78\x5e',
  '\x78\x9c',
  '\x78\xda',
  'wOF',
  'PAR1',
  '\x00\x00\x01\x00',
  'II*\x00',
  'MM\x00*',
  '{',
  '<',
] as const;
/** Boxes that films and pictures of the MPEG-4 family begin with. */
const BOX = new Set(['ftyp', 'moov', 'mdat', 'wide', 'free', 'skip', 'jP  ']);
/** Types whose content has a head that everybody knows. */
const FORMED =
  /\.(?:docx|docm|xls[xm]|ppt[xm]|doc|xls|ppt|od[tspg]|pdf|rtf|jpe?g|png|gif|bmp|tiff?|psd|zip|7z|rar|gz|txt|csv|log|xml|html?|json|sql|md|ini|py|js|java|c|cpp|h|php|mp[34]|mov|avi|mkv|wav|exe|dll|msi|mdb|accdb|pst|vsdx?|dwg|one)$/i;

/** Random from the first byte on: neither text nor anything that begins with a head. Too little to tell is not. */
export function isScrambled(start: string): boolean {
  if (start.length < LOOKED_AT || HEADS.some((head) => start.startsWith(head)) || BOX.has(start.slice(4, 8))) return false;
  const seen = new Uint8Array(256);
  let different = 0;
  for (let i = 0; i < LOOKED_AT; i++) {
    const byte = start.charCodeAt(i) & 255;
    if (seen[byte] === 0) different++;
    seen[byte] = 1;
  }
  return different >= DIFFERENT;
}

export function hasKnownForm(path: string): boolean {
  return FORMED.test(path);
}
