/** How much is sent: `netsec.privacy`, and what follows from it. */
import type { CaptureStore, OpenCapture } from '../analysis/captureStore.ts';
import { EVERYTHING } from '../analysis/engineApi.ts';
import type { Tool } from '../analysis/tool.ts';
import type { Pseudonyms } from './pseudonyms.ts';

export const PRIVACY = ['full', 'pseudonyms', 'metadata'] as const;
export type Privacy = (typeof PRIVACY)[number];

/** Tools that quote packets: of no use where only counts may be told. */
const QUOTING = new Set(['list_packets', 'get_packet', 'query_protocol', 'follow_stream']);

export function toolsFor(privacy: Privacy, tools: readonly Tool[]): readonly Tool[] {
  return privacy === 'metadata' ? tools.filter(({ name }) => !QUOTING.has(name)) : tools;
}

/** The same store. Names that have no form of their own are learned from each capture before anything about it can be told. */
export function learning(captures: CaptureStore, names: Pseudonyms): CaptureStore {
  const learnFiles = (files: readonly { readonly name: string }[]): void => {
    for (const { name } of files) names.learn('FILE', name);
  };
  return {
    async list() {
      const listed = await captures.list();
      if (listed.ok) learnFiles(listed.files);
      return listed;
    },
    async resolve(which) {
      const listed = await captures.resolve(which);
      if (listed.ok) learnFiles(listed.files);
      return listed;
    },
    async open(file, signal) {
      const opened = await captures.open(file, signal);
      if (!opened.ok) return opened;
      try {
        await learnNames(opened.capture, names, signal);
      } catch (error) {
        opened.capture.release();
        throw error;
      }
      return opened;
    },
  };
}

async function learnNames(capture: OpenCapture, names: Pseudonyms, signal: AbortSignal | undefined): Promise<void> {
  const report = await capture.call('report', { selection: EVERYTHING, limit: Infinity }, signal);
  names.learn('FILE', report.capture.file);
  for (const { names: given } of report.endpoints)
    for (const name of given) {
      names.learn('NAME', name);
      // A computer is also called by the first part of its name.
      const first = name.split('.')[0] ?? '';
      if (first.length >= 6 && /\d|-/.test(first)) names.learn('NAME', first);
    }
  for (const { subjects, indicators } of report.findings) {
    for (const { name } of subjects) if (name !== undefined) names.learn('NAME', name);
    for (const { name, value } of indicators)
      if (/user|login|account/i.test(name) && typeof value === 'string') for (const user of value.split(/,\s*/)) names.learn('USER', user);
  }
}
