/** Takes the TLS key log out of a pcapng. */
import fs from 'node:fs';

const DECRYPTION_SECRETS = 10;

/** A little-endian pcapng without its Decryption Secrets Blocks, and the key log that was in them. */
export function splitSecrets(file: string): { readonly capture: Uint8Array; readonly keyLog: string } {
  const bytes = fs.readFileSync(file),
    blocks: Buffer[] = [];
  let keyLog = '';
  for (let at = 0; at < bytes.length; at += bytes.readUInt32LE(at + 4)) {
    if (bytes.readUInt32LE(at) === DECRYPTION_SECRETS) keyLog += bytes.toString('latin1', at + 16, at + 16 + bytes.readUInt32LE(at + 12));
    else blocks.push(bytes.subarray(at, at + bytes.readUInt32LE(at + 4)));
  }
  return { capture: Buffer.concat(blocks), keyLog };
}
