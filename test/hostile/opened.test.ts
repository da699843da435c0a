/** What keys open is as hostile as what is sent in clear: the samples of QUIC and DTLS with keys, their packets changed behind their seals. */
import fs from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { nodePlatform } from '../../src/pcap/platform.node.ts';
import { installPlatform, type Platform } from '../../src/pcap/platform.ts';
import { sample } from '../support/analyzeCapture.ts';
import { random } from '../support/random.ts';
import { examineBytes } from './support/examine.ts';

/** A platform whose opened packets are changed by `damage`. */
function damaging(damage: (opened: Uint8Array) => Uint8Array): Platform {
  return {
    ...nodePlatform,
    aeadOpen: (...sealed) => {
      const opened = nodePlatform.aeadOpen(...sealed);
      return opened === null ? null : damage(opened);
    },
  };
}

afterEach(() => installPlatform(nodePlatform));

describe.each(['web-http3-keys.pcapng', 'dtls-keys.pcapng'])('%s, changed behind the seals', (name) => {
  const bytes = new Uint8Array(fs.readFileSync(sample(name)));

  it.each(Array.from({ length: 24 }, (_, seed) => seed))('in some bytes of each packet (seed %d)', { timeout: 60_000 }, async (seed) => {
    let changed = 0;
    installPlatform(
      damaging((opened) => {
        // The same packet is changed in the same way whenever it is read: who looks again sees what was listed.
        const { below } = random(opened.reduce((hash, byte) => Math.imul(hash ^ byte, 0x01000193), seed + 1));
        // The first packets are mostly left as they are, so that there is something to open.
        if (below(8) < 2) return opened;
        changed++;
        const other = opened.slice();
        for (let count = 1 + below(3); count > 0; count--) other[below(seed % 2 === 0 ? Math.min(48, other.length) : other.length)] = below(256);
        return other;
      }),
    );
    expect(await examineBytes(name, bytes)).toMatchObject({ ok: true });
    expect(changed).toBeGreaterThan(3);
  });

  it.each([1, 5, 20, 60])('cut off after %d bytes', { timeout: 60_000 }, async (length) => {
    installPlatform(damaging((opened) => (opened.length > 700 ? opened : opened.slice(0, length))));
    expect(await examineBytes(name, bytes)).toMatchObject({ ok: true });
  });
});
