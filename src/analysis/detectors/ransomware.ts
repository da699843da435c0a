/**
 * Ransomware over SMB: one client goes through a share, writes what nobody can read into file after file, and gives all of them one new ending; a note is left in
 * many folders. Backup, rsync, unpacking, builds and Office write and rename as well, but what they write has a form, and their endings are known. ATT&CK T1486.
 */
import * as z from 'zod';
import { smbFileMessage, smbWriteMessage } from '../../pcap/smbMessages.ts';
import type { Packet } from '../../pcap/packet.ts';
import { coverage, examinedAll, unreadableFrames } from '../coverage.ts';
import { countText, plural } from '../describe.ts';
import { defineDetector, type FindingDraft } from '../detector.ts';
import { safeText } from '../exports/safeText.ts';
import type { Severity } from '../report.ts';
import { hasKnownForm, isScrambled } from './fileForm.ts';
import { Burst } from './measures.ts';
import { originalPath, renamedEnding } from './newEnding.ts';
import { addressFilter, confidenceOf, endsOf, Evidence, Watched, type Ends } from './watched.ts';

const options = z.object({
  files: z
    .int()
    .min(5)
    .default(20)
    .describe('Files of one server that a client made unreadable or renamed to one new ending within the window (files)'),
  notes: z.int().min(3).default(5).describe('Folders into which a client wrote the same note about getting files back (folders)'),
  windowMinutes: z.number().positive().default(10).describe('Time within which the files must be changed (minutes)'),
});
type Options = z.output<typeof options>;

const MOST_PAIRS = 2000,
  MOST_PATHS = 5000,
  MOST_ENDINGS = 200,
  MOST_SHOWN = 3;
/** Words of notes; `readme` alone is a part of every program. */
const NOTE =
    /decrypt|ransom|(?:recover|restore|unlock|return|get)[-_ .]?(?:your|my|all)?[-_ .]?files|files?[-_ .]?(?:recover|encrypt|back)|how[-_ .]?to[-_ .]?(?:recover|restore|back|unlock)|^!+|_?recovery_?instructions?/i,
  NOTE_TYPE = /\.(?:txt|html?|hta|rtf|url|bmp|png|jpg)$/i;

/** Files that were changed in one way: to one new ending, or where they stand. */
interface Change {
  /** Empty for files that kept their names. */
  readonly ending: string;
  readonly burst: Burst;
  readonly evidence: Evidence;
  readonly examples: string[];
  count: number;
  written: number;
  scrambled: number;
}

interface Pair {
  readonly ends: Ends;
  readonly changes: Map<string, Change>;
  /** What was written, and whether nobody can read it; by lower-case path. */
  readonly written: Map<string, boolean>;
  /** Written under a new ending while the original is still there: by the path without it. */
  readonly besides: Map<string, { readonly path: string; readonly ending: string }>;
  /** Files that were renamed before they are written. */
  readonly renamed: Map<string, Change>;
  readonly notes: Map<string, Set<string>>;
  readonly noteEvidence: Evidence;
  isFull: boolean;
}

export const ransomware = defineDetector({
  id: 'ransomware',
  title: 'Files made unreadable',
  tier: 3,
  deed: 'made files unreadable on {whom}',
  description:
    'One client writes unreadable content into many files of a share, or renames them all to one new ending, or leaves a note in many folders. Encrypting backups and programs that encrypt for their users can look like it; what SMB 3 encrypts cannot be seen.',
  options,
  messages: [smbWriteMessage.kind, smbFileMessage.kind],
  collecting: ['windowMinutes'],
  create({ windowMinutes }, state) {
    const pairs = new Watched<string, Pair>(MOST_PAIRS);
    const changed = (pair: Pair, ending: string, path: string, flow: number, p: Packet, isScrambledThere: boolean | undefined): Change | null => {
      let change = pair.changes.get(ending);
      if (change === undefined) {
        if (pair.changes.size >= MOST_ENDINGS) {
          pair.isFull = true;
          return null;
        }
        pair.changes.set(
          ending,
          (change = { ending, burst: new Burst(windowMinutes * 60), evidence: new Evidence(), examples: [], count: 0, written: 0, scrambled: 0 }),
        );
      }
      change.count++;
      change.burst.add(p.hasTime ? p.timeSeconds : NaN);
      change.evidence.add(p, flow);
      if (change.examples.length < MOST_SHOWN) change.examples.push(safeText(path, 100));
      if (isScrambledThere !== undefined) change.written++;
      if (isScrambledThere === true) change.scrambled++;
      return change;
    };
    return {
      onMessage(message, flow, p) {
        if (flow < 0) return;
        if (smbWriteMessage.is(message)) {
          const { share, path, start } = message,
            pair = pairOf(flow);
          if (pair === undefined || path === '') return;
          const key = `${share}\\${path}`.toLowerCase(),
            scrambled = isScrambled(start),
            before = pair.renamed.get(key);
          if (before !== undefined) {
            before.written++;
            if (scrambled) before.scrambled++;
            pair.renamed.delete(key);
          }
          noteOf(pair, path, key, flow, p);
          if (pair.written.size >= MOST_PATHS) {
            pair.isFull = true;
            return;
          }
          const isNew = !pair.written.has(key);
          pair.written.set(key, scrambled);
          const original = originalPath(path);
          if (original !== null && pair.besides.size < MOST_PATHS)
            pair.besides.set(`${share}\\${original.path}`.toLowerCase(), { path, ending: original.ending });
          // Documents and pictures begin with what they are, if they are what their name says.
          if (isNew && scrambled && hasKnownForm(path)) changed(pair, '', path, flow, p, true);
        } else if (smbFileMessage.is(message)) {
          const { share, path, to } = message,
            pair = pairOf(flow);
          if (pair === undefined) return;
          const key = `${share}\\${path}`.toLowerCase();
          if (to === null) {
            // The original goes, its copy with a new ending stays.
            const copy = pair.besides.get(key);
            if (copy === undefined) return;
            pair.besides.delete(key);
            changed(pair, copy.ending, path, flow, p, pair.written.get(`${share}\\${copy.path}`.toLowerCase()));
            return;
          }
          const ending = renamedEnding(path, to);
          if (ending === null) return;
          const now = `${share}\\${to}`.toLowerCase(),
            content = pair.written.get(key) ?? pair.written.get(now),
            change = changed(pair, ending, path, flow, p, content);
          if (change !== null && content === undefined && pair.renamed.size < MOST_PATHS) pair.renamed.set(now, change);
        }
      },
      evaluate(values) {
        const findings: FindingDraft[] = [];
        let isFull = false;
        for (const pair of pairs.values) {
          isFull ||= pair.isFull;
          const draft = judge(values, pair);
          if (draft !== null) findings.push(draft);
        }
        return {
          findings,
          coverage: coverage(examinedAll(state), [
            ...unreadableFrames(state),
            ...pairs.limits('clients and servers with files'),
            ...(isFull ? [`More files of one server than the ${MOST_PATHS} that are followed: some were left out.`] : []),
          ]),
        };
      },
    };

    function pairOf(flow: number): Pair | undefined {
      const ends = endsOf(state, flow);
      return pairs.of(`${ends.client} ${ends.server}`, () => ({
        ends,
        changes: new Map(),
        written: new Map(),
        besides: new Map(),
        renamed: new Map(),
        notes: new Map(),
        noteEvidence: new Evidence(),
        isFull: false,
      }));
    }
  },
});

function noteOf(pair: Pair, path: string, key: string, flow: number, p: Packet): void {
  const name = path.slice(path.lastIndexOf('\\') + 1);
  if (!NOTE_TYPE.test(name) || !NOTE.test(name)) return;
  let folders = pair.notes.get(name);
  if (folders === undefined) {
    if (pair.notes.size >= MOST_ENDINGS) return;
    pair.notes.set(name, (folders = new Set()));
  }
  if (folders.size >= MOST_PATHS) return;
  folders.add(key.slice(0, key.lastIndexOf('\\')));
  pair.noteEvidence.add(p, flow);
}

function judge(values: Options, pair: Pair): FindingDraft | null {
  const [change] = [...pair.changes.values()].filter(({ burst }) => burst.most >= values.files).sort(byWeight),
    [note, folders] = [...pair.notes].sort((a, b) => b[1].size - a[1].size)[0] ?? ['', new Set<string>()],
    hasNotes = folders.size >= values.notes;
  return change === undefined && !hasNotes ? null : draft(values, pair, change ?? null, note, folders.size, hasNotes);
}

/** What cannot be read weighs more than what was renamed, and renamed more than what kept its name. */
const byWeight = (a: Change, b: Change): number =>
  Number(isUnreadable(b)) - Number(isUnreadable(a)) || Number(b.ending !== '') - Number(a.ending !== '') || b.count - a.count;

const isUnreadable = ({ count, scrambled }: Change): boolean => 2 * scrambled >= count;

function draft(values: Options, pair: Pair, change: Change | null, note: string, folders: number, hasNotes: boolean): FindingDraft {
  const { client, server, serverPort } = pair.ends,
    unreadable = change !== null && isUnreadable(change),
    isRenamed = change !== null && change.ending !== '',
    // Renaming alone is what programs do that mark what they have worked on.
    severity: Severity = unreadable ? (isRenamed || hasNotes ? 'critical' : 'high') : hasNotes ? (change === null ? 'medium' : 'high') : 'low';
  const count = change?.count ?? 0,
    evidence = new Evidence();
  if (change !== null) evidence.include(change.evidence, hasNotes ? 80 : 100);
  if (hasNotes) evidence.include(pair.noteEvidence);
  const { confidence, indicators } = confidenceOf([
    ['what is written has no form and cannot be read', unreadable ? 55 : 0],
    ['many files get one new ending', isRenamed ? 25 : 0],
    ['many times the threshold', change === null ? 0 : Math.max(0, Math.min(10, 5 * Math.log2(change.burst.most / values.files)))],
    ['one note in many folders', hasNotes ? 45 : 0],
    ['nothing else was seen of the files', change === null ? 0 : change.written === 0 ? -5 : 0],
  ]);
  const what =
      change === null ? '' : isRenamed ? `${countText(count)} files to the ending ${safeText(change.ending, 40)}` : `${countText(count)} files`,
    done =
      change === null
        ? `leaves a note in ${plural(folders, 'folder')} of ${server}`
        : unreadable
          ? `makes ${countText(count)} files of ${server} unreadable${isRenamed ? ` and ends them in ${safeText(change.ending, 40)}` : ''}`
          : `renames ${what} on ${server}`;
  return {
    technique: change === null ? 'notes' : isRenamed ? 'new-ending' : 'in-place',
    what: what === '' ? `${folders} notes` : what,
    ...(unreadable
      ? {}
      : change === null
        ? { deed: 'left a note in many folders of {whom}' }
        : { deed: 'renamed many files on {whom} to one ending' }),
    severity,
    confidence,
    title: `${client} ${done}`,
    description: `${change === null ? '' : `${plural(count, 'file')} were ${isRenamed ? `given the ending ${safeText(change.ending, 40)}` : 'overwritten in place'}, ${countText(change.burst.most)} of them within ${values.windowMinutes} minutes (threshold ${values.files}); into ${countText(change.scrambled)} of them content was written that has no known form and looks random from its first byte on. `}${
      hasNotes ? `A note called ${safeText(note, 60)} was written into ${plural(folders, 'folder')} (threshold ${values.notes}). ` : ''
    }${unreadable ? 'That is what ransomware does to a share.' : 'Whether their content can still be read was not seen here.'}`,
    subjects: [
      { role: 'attacker', address: client },
      { role: 'victim', address: server, port: serverPort },
    ],
    ...evidence.proof,
    indicators: [
      ...(change === null
        ? []
        : [
            { name: 'files changed', value: change.burst.most, threshold: values.files, unit: 'files' },
            { name: 'with unreadable content', value: change.scrambled, unit: 'files' },
            ...(isRenamed ? [{ name: 'new ending', value: safeText(change.ending, 60) }] : []),
            ...change.examples.map((value) => ({ name: 'file', value })),
          ]),
      ...(folders > 0
        ? [
            { name: 'folders with the same note', value: folders, threshold: values.notes, unit: 'folders' },
            { name: 'note', value: safeText(note, 60) },
          ]
        : []),
      ...indicators,
    ],
    alternatives: unreadable
      ? ['A program that encrypts files for their user, in the folder where they are.', 'A backup that encrypts what it replaces.']
      : ['A program that marks what it has worked on with an ending.', 'Somebody who renames files in bulk.'],
    filter: `${addressFilter(client, server)} && (smb2.cmd in {9, 17} || smb)`,
    attack: ['T1486', 'T1021.002'],
    recommendation: `Take ${client} off the network at once, without switching it off. Close its sessions at ${server}, see under which account it wrote, and look for the same ending${hasNotes ? ' and note' : ''} on other shares before anything is restored.`,
  };
}
