/** The engine's platform where Node runs it. */
import { createHash } from 'node:crypto';
import { constants, unzipSync } from 'node:zlib';
import type { Platform } from './platform.ts';

export const nodePlatform: Platform = {
  md5: (data) => createHash('md5').update(data).digest('hex'),
  sha256: (data) => createHash('sha256').update(data).digest('hex'),
  inflateStart: (data) => {
    // A few hundred bytes cannot inflate to more than some hundred thousand; longer input would be a mistake of ours.
    try {
      return unzipSync(data.subarray(0, 4096), { finishFlush: constants.Z_SYNC_FLUSH });
    } catch {
      return null;
    }
  },
};
