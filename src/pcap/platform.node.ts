/** The engine's platform where Node runs it. */
import { createCipheriv, createDecipheriv, createHash, createHmac } from 'node:crypto';
import { brotliDecompressSync, constants, inflateRawSync, unzipSync } from 'node:zlib';
import type { Platform } from './platform.ts';

/** A Buffer's `slice` is a view, a Uint8Array's a copy: the engine knows only the latter. */
const plain = ({ buffer, byteOffset, length }: Buffer): Uint8Array => new Uint8Array(buffer, byteOffset, length);

export const nodePlatform: Platform = {
  md5: (data) => createHash('md5').update(data).digest('hex'),
  sha1: (data) => createHash('sha1').update(data).digest('hex'),
  sha256: (data) => createHash('sha256').update(data).digest('hex'),
  hmac: (hash, key, data) => plain(createHmac(hash, key).update(data).digest()),
  headerMask: (cipher, key, sample) =>
    // ChaCha20 takes the sample as counter and nonce.
    cipher === 'chacha20'
      ? plain(createCipheriv(cipher, key, sample).update(new Uint8Array(5)))
      : plain(createCipheriv(cipher, key, null).setAutoPadding(false).update(sample)),
  aeadOpen: (cipher, key, nonce, additional, sealed, tagLength) => {
    const tagAt = sealed.length - tagLength;
    if (tagAt < 0) return null;
    try {
      // The types of Node name the ciphers of each mode apart; all take these calls, and CCM needs the length beforehand.
      const open = createDecipheriv(cipher as 'aes-128-ccm', key, nonce, { authTagLength: tagLength });
      open.setAuthTag(sealed.subarray(tagAt));
      open.setAAD(additional, { plaintextLength: tagAt });
      const opened = open.update(sealed.subarray(0, tagAt));
      open.final();
      return plain(opened);
    } catch {
      return null;
    }
  },
  cbcDecipher: (cipher, key, iv, data) => {
    try {
      return plain(createDecipheriv(cipher, key, iv).setAutoPadding(false).update(data));
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
  unpack: (data, encoding, mostBytes) => {
    const options = { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: mostBytes };
    try {
      if (encoding === 'br') return plain(brotliDecompressSync(data, { finishFlush: constants.BROTLI_OPERATION_FLUSH, maxOutputLength: mostBytes }));
      return plain(unzipSync(data, options));
    } catch {
      // Some servers send `deflate` without the frame of zlib that it should have.
      if (encoding !== 'deflate') return null;
    }
    try {
      return plain(inflateRawSync(data, options));
    } catch {
      return null;
    }
  },
  inflateMessage: (data, window, mostBytes) => {
    try {
      return plain(
        inflateRawSync(data, {
          finishFlush: constants.Z_SYNC_FLUSH,
          maxOutputLength: mostBytes,
          ...(window.length > 0 ? { dictionary: window } : {}),
        }),
      );
    } catch {
      return null;
    }
  },
  digests: (wanted) => {
    const running = wanted.map((name) => [name, createHash(name)] as const);
    return {
      update: (data) => {
        for (const [, hash] of running) hash.update(data);
      },
      finish: () => Object.fromEntries(running.map(([name, hash]) => [name, hash.digest('hex')])),
    };
  },
};
