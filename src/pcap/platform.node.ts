/** The engine's platform where Node runs it. */
import { createHash } from 'node:crypto';
import type { Platform } from './platform.ts';

export const nodePlatform: Platform = {
  md5: (data) => createHash('md5').update(data).digest('hex'),
  sha256: (data) => createHash('sha256').update(data).digest('hex'),
};
