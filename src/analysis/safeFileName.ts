/** Names that files may be saved under, whatever a capture calls them. */

const LONGEST = 120,
  /** Names of devices of Windows, with any extension. */
  DEVICE = /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/i;

/** The name without anything that would make it a path, hide its end, or be refused by a file system; `instead` where nothing is left. */
export function safeFileName(name: string, instead = 'netsec.txt'): string {
  const safe = name
    // Control characters, and those that turn the direction of a text or have no width.
    .replace(/[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff<>:"/\\|?*]/g, '_')
    .replace(/^[.\s]+/, '');
  const cut = shortened(safe)
    .replace(/\p{Surrogate}/gu, '_')
    .replace(/[.\s]+$/, '');
  return cut === '' ? instead : DEVICE.test(cut) ? `_${cut}` : cut;
}

/**
 * Names for many files in one folder, by id: each with the frame that completed it before its own name, as lists show it; where two would be called the
 * same, their ids stand between.
 */
export function savedNames(files: readonly { readonly id: string; readonly frame: number; readonly name: string }[]): ReadonlyMap<string, string> {
  const plain = new Map(files.map(({ id, frame, name }) => [id, `${frame}-${safeFileName(name)}`])),
    times = new Map<string, number>();
  // File systems there are that do not tell A from a.
  for (const name of plain.values()) times.set(name.toLowerCase(), (times.get(name.toLowerCase()) ?? 0) + 1);
  return new Map(
    files.map(({ id, frame, name }) => {
      const own = plain.get(id)!;
      return [id, times.get(own.toLowerCase()) === 1 ? own : `${frame}-${id.replace('/', '-')}-${safeFileName(name)}`];
    }),
  );
}

/** What is too long keeps its end, which says what it is. */
function shortened(name: string): string {
  if (name.length <= LONGEST) return name;
  const end = /\.[A-Za-z0-9]{1,8}$/.exec(name)?.[0] ?? '';
  return name.slice(0, LONGEST - end.length) + end;
}
