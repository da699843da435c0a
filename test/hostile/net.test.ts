/** The net that the other tests here rely on has no holes: each kind of mistake in a dissector is caught by it. */
import { afterEach, expect, test, vi } from 'vitest';
import type { FieldSink } from '../../src/pcap/dissector.ts';
import { udp } from '../../src/pcap/dissectors/udp.ts';
import type { Packet } from '../../src/pcap/packet.ts';
import { ethernet, ipv4, pcapFile, udp as datagram } from '../support/syntheticSource.ts';
import { clear, examineBytes } from './support/examine.ts';

const capture = pcapFile([ethernet(0x0800, ipv4(17, datagram(1000, 2000, new Uint8Array(8))))]);
let spy: ReturnType<typeof sabotage> | undefined;
afterEach(() => spy?.mockRestore());

function sabotage(dissect: (p: Packet, offset: number, end: number, sink: FieldSink | null) => void) {
  return vi.spyOn(udp as { dissect: typeof dissect }, 'dissect').mockImplementation(dissect);
}

test('nothing is wrong with a good capture', async () => {
  await expect(examineBytes('good.pcap', capture)).resolves.toMatchObject({ ok: true, report: { capture: { packets: 1 } } });
});
test('a dissector that throws', async () => {
  spy = sabotage(() => {
    throw new RangeError('Offset is outside the bounds of the DataView');
  });
  await expect(examineBytes('throws.pcap', capture)).rejects.toThrow('a dissector failed (Offset is outside');
});
test('a dissector that throws only when somebody looks', async () => {
  spy = sabotage((_p, _offset, _end, sink) => {
    if (sink !== null) throw new Error('only then');
  });
  await expect(examineBytes('throws.pcap', capture)).rejects.toThrow('only then');
});
test('a dissector that never stops', async () => {
  spy = sabotage((_p, offset, _end, sink) => {
    for (; sink !== null;) sink.add({ name: 'udp.x', label: '', type: 'uint' }, offset, 1);
  });
  await expect(examineBytes('endless.pcap', capture)).rejects.toThrow('far more than there are bytes');
});
test.each([
  '',
  'No',
  'The value is undefined and that is why it cannot be read.',
  'TypeError: x is not a function\n    at f (file.ts:1:1).',
  'no full stop at the end',
])('%j is no clear sentence', (message) => {
  expect(() => clear(message)).toThrow('not a clear sentence');
});
