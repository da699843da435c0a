/** Filters the page writes must mean what was clicked, also when one was there already. */
import { describe, expect, test } from 'vitest';
import type { Conversation } from '../../src/analysis/report.ts';
import { addressFilter, both, conversationFilter, excluding, expandShorthand } from '../../media/filters.ts';
import { toCsv } from '../../media/menu.ts';
import { splitMatches, streamText } from '../../media/components/streamText.ts';

const tcp = { layer: 'tcp', a: '10.0.0.5', b: '10.0.0.9', aPort: 51544, bPort: 22 } as Conversation;

describe('conversations', () => {
  test('addresses and both ports', () =>
    expect(conversationFilter(tcp)).toBe('ip.addr == 10.0.0.5 and ip.addr == 10.0.0.9 and tcp.port == 51544 and tcp.port == 22'));
  test('IPv6 and hardware addresses use their own fields', () => {
    expect(conversationFilter({ ...tcp, a: 'fe80::1', b: 'ff02::1', aPort: null, bPort: null })).toBe(
      'ipv6.addr == fe80::1 and ipv6.addr == ff02::1',
    );
    expect(addressFilter('eth', '00:11:22:33:44:55')).toBe('eth.addr == 00:11:22:33:44:55');
    expect(addressFilter('udp', '10.0.0.1', 53)).toBe('ip.addr == 10.0.0.1 and udp.port == 53');
  });
});

describe('combining', () => {
  test('an or keeps its meaning', () => expect(both('tcp or udp', 'ip.addr == 10.0.0.5')).toBe('(tcp or udp) and ip.addr == 10.0.0.5'));
  test('nothing adds nothing', () => {
    expect(both('', 'tcp')).toBe('tcp');
    expect(both('tcp', '')).toBe('tcp');
    expect(both('tcp', 'tcp')).toBe('tcp');
  });
  test('exclusion', () => expect(excluding('tcp', 'ip.addr == 10.0.0.5')).toBe('tcp and not (ip.addr == 10.0.0.5)'));
});

describe('shorthand in the filter box', () => {
  test.each([
    ['10.0.0.5', 'ip.addr == 10.0.0.5'],
    ['10.0.0.0/24', 'ip.addr == 10.0.0.0/24'],
    ['fe80::1', 'ipv6.addr == fe80::1'],
    ['00:11:22:33:44:55', 'eth.addr == 00:11:22:33:44:55'],
    ['443', 'tcp.port == 443 or udp.port == 443'],
    ['70000', '70000'],
    ['tcp and udp', 'tcp and udp'],
    ['dns', 'dns'],
  ])('%s means %s', (typed, filter) => expect(expandShorthand(typed)).toBe(filter));
});

describe('copying', () => {
  test('CSV quotes commas and disarms formulas', () => {
    expect(toCsv([{ name: '=HYPERLINK("http://x")', packets: -3, note: 'a,b\n"c"' }])).toBe(
      'name,packets,note\r\n"\'=HYPERLINK(""http://x"")",-3,"a,b\n""c"""\r\n',
    );
  });
});

describe('streams', () => {
  test('text hides control and direction characters, hex shows offsets', () => {
    expect(streamText(new TextEncoder().encode('a\u0000b\u202ec\n'), 'text')).toBe('a·b·c\n');
    expect(streamText(Uint8Array.from([0xff, 0x41]), 'text')).toBe('·A');
    expect(streamText(Uint8Array.from([0x47, 0x45, 0x54]), 'hex')).toBe('00000000  47 45 54                                           GET');
    expect(streamText(Uint8Array.from([0x47, 0x0a]), 'raw')).toBe('470a');
  });
  test('search finds all, whatever the case', () => expect(splitMatches('GET get', 'get')).toEqual(['', 'GET', ' ', 'get', '']));
});
