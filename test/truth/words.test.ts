/** Words for numbers, which are shown and which filters take, against `tshark -G values`: what Wireshark shows can be pasted here. */
import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { filterCatalog } from '../../src/analysis/filtering.ts';
import { tsharkVersion } from '../support/tshark.ts';

const SHORT = 'the short name, without what it stands for',
  NEWER = 'tshark 4.0 does not know it yet',
  OTHERS = 'tshark has one field for several tables, of which this is another',
  OTHER_NUMBERS = 'tshark has numbers of its own file format here, we those of IANA or the system';

/** Fields whose words differ, and why that is accepted; of some only these numbers. */
const ACCEPTED: readonly (readonly [field: RegExp, reason: string, numbers?: readonly number[]])[] = [
  [/^dns\.svcb\.svcparam\.key$/, 'RFC 9848 calls it ech', [5]],
  [/^dns\.(?:qry\.type|resp\.type|rrsig\.type_covered|flags\.rcode|opt\.code|flags\.opcode)$/, SHORT],
  [/^ip\.proto$|^ipv6\..*nxt$|^ah\.next_header$/, SHORT],
  [/^syslog\.facility$/, SHORT],
  [/^ssh\.message_code$|^d?tls\.handshake\.type$/, OTHERS],
  [/^d?tls\./, NEWER],
  [/^frame\.encap_type$/, OTHER_NUMBERS],
  [/^sll\.hatype$/, SHORT],
  [/^capwap\.message_element\.type$/, 'without the blank at its end'],
  [/^cip\.class$|^enip\.command$|^ripng\.cmd$|^juniper\.|^(?:enc|nflog)\.(?:af|family)$|^pflog\./, 'tshark 4.0 has none of these'],
  [/^dhcpv6\.option\.type$/, 'without "Client", which the server says as well', [39]],
  [/^ntp\.flags\.mode$/, SHORT, [6, 7]],
  [/^telnet\.cmd$/, 'RFC 854 calls it Erase Character', [247]],
];

test.runIf(tsharkVersion()?.includes(' 4.0.') === true)('words for numbers are those of tshark', { timeout: 60_000 }, () => {
  const lines = execFileSync('tshark', ['-G', 'values'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 512 << 20 }).split('\n'),
    theirs = new Map<string, Map<number, string>>();
  for (const line of lines) {
    const [kind, name = '', value = '', text = ''] = line.split('\t');
    if (kind !== 'V') continue;
    const words = theirs.get(name) ?? new Map<number, string>();
    if (!words.has(Number(value))) theirs.set(name, words.set(Number(value), text));
  }
  const differ: string[] = [],
    needed = new Set<unknown>();
  let same = 0;
  for (const field of new Set([...filterCatalog().entries].flatMap(({ fields }) => fields))) {
    const their = theirs.get(field.name);
    if (their === undefined) continue;
    for (const [number, word] of Object.entries(field.values ?? {})) {
      if (their.get(Number(number)) === word) same++;
      else {
        const accepted = ACCEPTED.find(([name, , numbers]) => name.test(field.name) && numbers?.includes(Number(number)) !== false);
        if (accepted === undefined) differ.push(`${field.name} ${number}: ${word} instead of ${their.get(Number(number)) ?? 'nothing'}`);
        needed.add(accepted);
      }
    }
  }
  expect(differ).toEqual([]);
  expect(ACCEPTED.filter((one) => !needed.has(one)).map(([name, reason]) => `${name.source}: ${reason}`)).toEqual([]);
  expect(same).toBeGreaterThan(1500);
});
