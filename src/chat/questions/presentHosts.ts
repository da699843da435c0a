/** Which devices are there? Addresses with their names, cards and programs. */
import { bytesText, plural } from '../../analysis/describe.ts';
import { isLocalAddress } from '../../analysis/detectors/watched.ts';
import type { Inventory } from '../../analysis/inventory.ts';
import { inline } from '../../analysis/exports/markdown.ts';
import type { Endpoint } from '../../analysis/report.ts';
import { joined, named, section, shortened, verdictLine } from '../layout.ts';
import type { PlainQuestion } from './question.ts';

const ROWS = 15,
  LOOKED_AT = 1000,
  PROGRAMS = 8;

export const presentHosts: PlainQuestion = {
  example: 'which devices are there?',
  meaning: 'which addresses are there, with their names, network cards and programs',
  isAsked: (words) =>
    /\b(?:which|what|list|show|all|how many|any)\b.*\b(?:hosts?|devices?|machines?|computers?|clients?|stations?|ips?|ip addresses|addresses|mac addresses|operating systems?|os(?:es)?|browsers?|user.?agents?|software|programs?|versions?)\b/.test(
      words,
    ) && !/\b(?:protocols?|ports?|services?|files?)\b/.test(words),
  async answer({ narrowed }, opened, { signal }) {
    const [found, ...pages] = await Promise.all([
      opened.call('inventory', { selection: narrowed }, signal),
      ...(['ip', 'ipv6', 'eth', 'wlan'] as const).map((layer) =>
        opened.call(
          'endpoints',
          { layer, selection: narrowed, search: '', sort: { column: 'bytes', descending: true }, offset: 0, limit: LOOKED_AT },
          signal,
        ),
      ),
    ]);
    const [ip, ipv6, ...cards] = pages,
      hasIp = (ip?.total ?? 0) + (ipv6?.total ?? 0) > 0,
      used = hasIp ? [ip, ipv6] : cards;
    const sending = used
      .flatMap((page) => page?.rows ?? [])
      .filter(({ depth, packetsSent }) => depth === 0 && packetsSent > 0)
      .sort((a, b) => b.bytes - a.bytes);
    const inside = sending.filter(({ address }) => hasIp && isLocalAddress(address)),
      outside = sending.filter((row) => !inside.includes(row)),
      cut = used.some((page) => (page?.total ?? 0) > LOOKED_AT) ? ' or more' : '';
    const lines = (rows: readonly Endpoint[]): string[] =>
      shortened(
        rows.map((row) => hostLine(row, found)),
        ROWS,
        'address',
      ).map((line) => line.replace('more addresss', 'more addresses'));
    return {
      markdown: joined([
        verdictLine(
          sending.length === 0
            ? 'None that sent anything.'
            : `${plural(sending.length, 'address', 'addresses')}${cut} sent something${hasIp ? `: ${inside.length} of this network, ${outside.length} from outside` : ''}.`,
        ),
        section('Of this network', lines(inside)),
        section(hasIp ? 'From outside' : 'Stations', lines(outside)),
        section(
          'Programs',
          shortened(
            found.software.map(
              ({ text, source, hosts, frame }) =>
                `${named(text, 120)}, ${source} of ${hosts.map((host) => named(host, 60)).join(', ')} [frame ${frame}]`,
            ),
            PROGRAMS,
            'program',
          ),
        ),
        section('To be kept in mind', [...found.limits]),
      ]),
    };
  },
};

function hostLine({ address, names, bytes }: Endpoint, { devices }: Inventory): string {
  const cards = devices.filter((one) => one.address === address),
    called = [...new Set([...cards.map(({ name }) => name), ...names])].filter((name) => name !== '').slice(0, 3),
    macs = [...new Set(cards.map(({ mac }) => mac))].slice(0, 3);
  return `${named(address)}${called.length === 0 ? '' : ` (${called.map((name) => inline(name)).join(', ')})`}${macs.length === 0 ? '' : `, card ${macs.map((mac) => named(mac, 20)).join(', ')}`}: ${bytesText(bytes)}`;
}
