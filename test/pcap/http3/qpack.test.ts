/** QPACK: the examples of RFC 9204 appendix B, one after the other, then what a hostile or half captured peer makes of it. */
import { describe, expect, it } from 'vitest';
import { BLOCKED, QpackDecoder } from '../../../src/pcap/http3/qpack.ts';
import { random } from '../../support/random.ts';
import { hex } from '../../support/streamDriver.ts';

const text = (bytes: Uint8Array | null): string => (bytes === null ? '?' : Buffer.from(bytes).toString('latin1'));

/** `name: value` of each field, `blocked`, or the mistake. */
function section(decoder: QpackDecoder, block: string): string[] | string {
  const bytes = hex(block),
    read = decoder.decode(bytes, 0, bytes.length);
  if (read === BLOCKED) return BLOCKED;
  return read.error === null ? read.fields.map(({ name, value }) => `${text(name)}: ${text(value)}`) : read.error.text;
}

/** How many bytes of the encoder's stream are whole instructions, -1 for a mistake. */
function instruct(decoder: QpackDecoder, stream: string): number {
  const bytes = hex(stream);
  return decoder.readInstructions(bytes, 0, bytes.length);
}

function decoderOf220(): QpackDecoder {
  const decoder = new QpackDecoder();
  decoder.allow(220);
  return decoder;
}

describe('RFC 9204 appendix B', () => {
  const decoder = decoderOf220();

  it('B.1: a literal with a name of the static table', () =>
    expect(section(decoder, '0000 510b 2f69 6e64 6578 2e68 746d 6c')).toEqual([':path: /index.html']));

  it('B.2: entries that come behind the section that needs them', () => {
    expect(section(decoder, '0381 10 11')).toBe(BLOCKED);
    expect(instruct(decoder, '3fbd01 c00f 7777 772e 6578 616d 706c 652e 636f 6d c10c 2f73 616d 706c 652f 7061 7468')).toBe(34);
    expect(section(decoder, '0381 10 11')).toEqual([':authority: www.example.com', ':path: /sample/path']);
  });

  it('B.3 and B.4: a literal name, a duplicate, and a base of its own', () => {
    expect(instruct(decoder, '4a63 7573 746f 6d2d 6b65 790c 6375 7374 6f6d 2d76 616c 7565')).toBe(24);
    expect(section(decoder, '0500 80 c1 81')).toBe(BLOCKED);
    expect(instruct(decoder, '02')).toBe(1);
    expect(section(decoder, '0500 80 c1 81')).toEqual([':authority: www.example.com', ':path: /', 'custom-key: custom-value']);
  });

  it('B.5: what makes room is gone', () => {
    expect(instruct(decoder, '810d 6375 7374 6f6d 2d76 616c 7565 32')).toBe(15);
    // Five inserts, base 5: the newest, the one before, and the oldest that is left; then one more.
    expect(section(decoder, '0600 80 81 83')).toEqual(['custom-key: custom-value2', ':authority: www.example.com', ':path: /sample/path']);
    expect(section(decoder, '0600 84')).toMatch(/not in the table/);
  });
});

describe('the encoder’s stream', () => {
  it('is read at the same places however it is cut', () => {
    const whole = hex('3fbd01 c00f 7777 772e 6578 616d 706c 652e 636f 6d c10c 2f73 616d 706c 652f 7061 7468');
    for (let cut = 0; cut <= whole.length; cut++) {
      const decoder = decoderOf220(),
        done = decoder.readInstructions(whole, 0, cut);
      expect(done).toBe(cut < 3 ? 0 : cut < 20 ? 3 : cut < 34 ? 20 : 34);
      if (done < cut) expect(done + decoder.missing + cut - done).toBeLessThanOrEqual(done === 0 ? 3 : done === 3 ? 20 : 34);
      expect(decoder.readInstructions(whole, done, whole.length)).toBe(34);
      expect(section(decoder, '0381 10 11')).toEqual([':authority: www.example.com', ':path: /sample/path']);
    }
  });

  it('with a mistake ends there, and what needs it is not made up', () => {
    const decoder = decoderOf220();
    expect(instruct(decoder, '3fbd01 c00f 7777 772e 6578 616d 706c 652e 636f 6d')).toBe(20);
    // A duplicate of an entry that never was.
    expect(instruct(decoder, '1f 10')).toBe(-1);
    expect(section(decoder, '0200 80 d1')).toEqual(['?: ?', ':method: GET']);
  });

  it('of which bytes are missing leaves what the static table says', () => {
    const decoder = decoderOf220();
    decoder.lose();
    expect(section(decoder, '0381 10 11 d1 d7')).toEqual(['?: ?', '?: ?', ':method: GET', ':scheme: https']);
  });

  it('fills no more than the capacity, and of that no more than 65,536 bytes', () => {
    const decoder = new QpackDecoder();
    decoder.allow(1 << 20);
    // A capacity of a million.
    expect(instruct(decoder, '3f e1ff3f')).toBeGreaterThan(0);
    const entry = hex(`41 61 7f81 06 ${'62'.repeat(896)}`);
    expect(decoder.readInstructions(entry, 0, entry.length)).toBe(entry.length);
    for (let i = 1; i < 200; i++) decoder.readInstructions(entry, 0, entry.length);
    // Two hundred were put in; the 71st from the end is there (71 * 929 bytes are more than 65,536), older ones are not known.
    const at = (index: number): string[] | string =>
      section(decoder, `c9 00 ${index < 63 ? (0x80 + index).toString(16) : `bf ${(index - 63).toString(16).padStart(2, '0')}`}`);
    expect(at(0)).toEqual([`a: ${'b'.repeat(896)}`]);
    expect(at(69)).toEqual([`a: ${'b'.repeat(896)}`]);
    expect(at(71)).toEqual(['?: ?']);
  });
});

describe('any bytes', () => {
  it('give fields or a mistake', () => {
    const { below } = random(9204);
    for (let round = 0; round < 3000; round++) {
      const decoder = decoderOf220();
      instruct(decoder, '3fbd01 c00f 7777 772e 6578 616d 706c 652e 636f 6d c10c 2f73 616d 706c 652f 7061 7468');
      const bytes = Uint8Array.from({ length: 1 + below(40) }, () => below(256));
      const done = decoder.readInstructions(bytes, 0, bytes.length);
      expect(done === -1 || (done >= 0 && done <= bytes.length)).toBe(true);
      const read = decoder.decode(bytes, 0, bytes.length);
      if (read !== BLOCKED && read.error === null) for (const field of read.fields) expect(field.to).toBeLessThanOrEqual(bytes.length);
    }
  });
});
