/** Whether a file gets an ending that no program is known by: `plan.docx` becomes `plan.docx.locked` or `plan.x7gq2`. */

const LONGEST = 80;
/** What programs call copies, parts, old files, packed ones and those they work on; types of documents, pictures, sources. Numbers are a rotation. */
const KNOWN =
  /^(?:bak|backup|old|orig|new|copy|save?|tmp|temp|part|partial|crdownload|download|filepart|opdownload|lock|lck|swp|swo|log|err|out|done|ok|processed|imported|archived?|disabled|deleted|rej|diff|patch|gz|bz2|xz|zst|lz4|lzma|br|z|7z|zip|rar|tar|tgz|cab|iso|img|vhdx?|vmdk|qcow2|docx?|docm|dotx?|xls[xmb]?|ppt[xm]?|odt|ods|odp|pdf|rtf|txt|md|csv|tsv|json|xml|ya?ml|html?|css|js|mjs|ts|jsx|tsx|map|py|pyc|java|class|jar|war|c|h|cpp|hpp|cs|go|rs|rb|php|pl|sh|ps1|bat|cmd|sql|db|sqlite|mdb|accdb|dbf|jpe?g|png|gif|bmp|tiff?|webp|heic|svg|psd|ai|eps|mp[34]|m4[av]|wav|flac|ogg|avi|mkv|mov|wmv|eml|msg|pst|ost|ics|vcf|exe|dll|msi|sys|obj|o|a|so|lib|pdb|ini|cfg|conf|inf|reg|lnk|url|ttf|woff2?|dwg|dxf|rvt|sig|asc|sha\d*|md5|torrent|srt|torrent|sync|stfolder|dropbox|~.*|\d.*)$/i;

const nameAt = (path: string): number => path.lastIndexOf('\\') + 1;

/** The new ending, `.locked`, where a file in its folder gets one that is not known; null for all other names. */
export function renamedEnding(from: string, to: string): string | null {
  const at = nameAt(from);
  if (nameAt(to) !== at || from.slice(0, at) !== to.slice(0, at)) return null;
  const old = from.slice(at),
    name = to.slice(at);
  if (name.startsWith(old)) return endingOf(name.slice(old.length));
  const dot = old.lastIndexOf('.');
  // The ending is replaced, the name before it stays.
  if (dot <= 0 || !name.startsWith(old.slice(0, dot + 1))) return null;
  return endingOf(name.slice(dot));
}

/** A file whose name says that it was another one: `plan.docx.locked`, with an ending that is not known behind one that is. */
export function originalPath(path: string): { readonly path: string; readonly ending: string } | null {
  const at = nameAt(path),
    name = path.slice(at),
    first = /^.+?\.(?:[a-z]\w{1,4})(?=[._-])/i.exec(name)?.[0];
  if (first === undefined) return null;
  const ending = endingOf(name.slice(first.length));
  return ending === null ? null : { path: path.slice(0, at) + first, ending };
}

function endingOf(text: string): string | null {
  if (text.length < 3 || text.length > LONGEST || !/^[._-]/.test(text)) return null;
  const last = text.slice(Math.max(text.lastIndexOf('.'), 0) + 1);
  return KNOWN.test(last) || last === '' ? null : text.toLowerCase();
}
