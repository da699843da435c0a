/** The engine's platform where Node runs it. */
import { createCipheriv, createDecipheriv, createHash, createHmac } from 'node:crypto';
import { constants, unzipSync } from 'node:zlib';
import type { Platform } from './platform.ts';

const TAG = 16;

/** A Buffer's `slice` is a view, a Uint8Array's a copy: the engine knows only the latter. */
const plain = ({ buffer, byteOffset, length }: Buffer): Uint8Array => new Uint8Array(buffer, byteOffset, length);

export const nodePlatform: Platform = {
  md5: (data) => createHash('md5').update(data).digest('hex'),
  sha256: (data) => createHash('sha256').update(data).digest('hex'),
  hmacSha256: (key, data) => plain(createHmac('sha256', key).update(data).digest()),
  aes128Block: (key, block) => plain(createCipheriv('aes-128-ecb', key, null).setAutoPadding(false).update(block)),
  aes128GcmOpen: (key, nonce, additional, sealed) => {
    const tagAt = sealed.length - TAG,
      open = createDecipheriv('aes-128-gcm', key, nonce, { authTagLength: TAG }).setAAD(additional).setAuthTag(sealed.subarray(tagAt));
    const opened = open.update(sealed.subarray(0, tagAt));
    try {
      open.final();
      return plain(opened);
    } catch {
      return null;
    }
  },
  inflateStart: (data) => {
    // A few hundred bytes cannot inflate to more than some hundred thousand; longer input would be a mistake of ours.
    try {
      return unzipSync(data.subarray(0, 4096), { finishFlush: constants.Z_SYNC_FLUSH });
    } catch {
      return null;
    }
  },
};
