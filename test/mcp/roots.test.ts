/** Names that are refused before any file is looked at. */
import { expect, test } from 'vitest';
import { pathProblem } from '../../src/mcp/roots.node.ts';

test.each(['CON', 'aux.pcap', 'captures\\nul', 'COM1.pcap', 'lpt9', 'a.pcap:stream', 'C:a.pcap', '\\\\?\\C:\\a.pcap', 'captures\\..\\a.pcap'])(
  'Windows would not find a capture behind %j',
  (name) => {
    expect(pathProblem(name, 'win32')).not.toBeNull();
  },
);

test.each(['latest', 'office.pcap', 'inner/deep.pcap', 'C:\\captures\\a.pcap', 'console.pcap', 'a..b.pcap', '...pcap'])(
  '%j is an ordinary name',
  (name) => {
    expect(pathProblem(name, 'win32')).toBeNull();
  },
);

test('elsewhere a capture may be called what Windows keeps for devices', () => {
  expect(pathProblem('aux.pcap', 'linux')).toBeNull();
  expect(pathProblem('12:30.pcap', 'linux')).toBeNull();
});
