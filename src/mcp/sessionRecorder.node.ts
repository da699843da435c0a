/** Records for the tools of one session, beside this process, into the captures folder of the first root. What is recorded ends with the session. */
import fs from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { PlainRecorder } from '../live/askingRecorder.ts';
import { OneRecording } from '../live/oneRecording.node.ts';
import { requestOf } from '../live/recordingStates.ts';
import { wouldRecord } from '../live/wouldRecord.node.ts';

export interface SessionRecorder extends PlainRecorder {
  /** Asks what is under way to end. */
  dispose(): void;
}

/** Lies beside whatever this is bundled into. */
const CLI = fileURLToPath(new URL('cli.mjs', import.meta.url));

export function sessionRecorder(root: () => Promise<string>): SessionRecorder {
  const recording = new OneRecording(CLI);
  return {
    async prepare(wish) {
      const folder = await recordedInto(await root());
      return { wish: await wouldRecord(wish), folder };
    },
    begin: ({ wish, folder }) => recording.start(requestOf(wish, folder)),
    get isRecording() {
      return recording.isRunning;
    },
    end: () => recording.stop(),
    status: () => recording.state,
    dispose: () => recording.dispose(),
  };
}

/** The folder `captures` of the root where there is one, which must really lie there; else the root. */
async function recordedInto(root: string): Promise<string> {
  const folder = path.join(root, 'captures');
  if ((await fs.stat(folder).catch(() => null))?.isDirectory() !== true) return root;
  if ((await fs.realpath(folder)) !== path.join(await fs.realpath(root), 'captures'))
    throw new Error(`${folder} is a link that leads elsewhere; nothing is recorded through it.`);
  return folder;
}
