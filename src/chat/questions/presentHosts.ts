/** Which devices are there? Addresses with their names, cards and programs. */
import { bytesText, plural } from '../../analysis/describe.ts';
import { isLocalAddress } from '../../analysis/detectors/watched.ts';
import type { Inventory } from '../../analysis/inventory.ts';
import { inline } from '../../analysis/exports/markdown.ts';
import type { Endpoint } from '../../analysis/report.ts';
import { joined, named, section, shortened, verdictLine } from '../layout.ts';
import type { PlainQuestion } from './question.ts';
import { sendersBy } from './senders.ts';

const ROWS = 15,
  PROGRAMS = 8;

export const presentHosts: PlainQuestion = {
  order: 90,
  example: 'which devices are there?',
  meaning: 'which addresses are there, with their names, network cards and programs',
  isAsked: (words) =>
    /\b(?:which|what|list|show|all|how many|any)\b.*\b(?:hosts?|devices?|machines?|computers?|clients?|stations?|ips?|ip addresses|addresses|mac addresses|operating systems?|os(?:es)?|browsers?|user.?agents?|software|programs?|versions?)\b/.test(
      words,
    ) && !/\b(?:protocols?|ports?|services?|files?)\b/.test(words),
  async answer({ narrowed }, opened, { signal }) {
    const [found, { rows, isIp, isCut }] = await Promise.all([
      opened.call('inventory', { selection: narrowed }, signal),
      sendersBy('bytes', narrowed, opened, signal),
    ]);
    const inside = rows.filter(({ address }) => isIp && isLocalAddress(address)),
      outside = rows.filter((row) => !inside.includes(row)),
      lines = (of: readonly Endpoint[]): string[] =>
        shortened(
          of.map((row) => hostLine(row, found)),
          ROWS,
          'address',
          'addresses',
        );
    return {
      markdown: joined([
        verdictLine(
          rows.length === 0
            ? 'None that sent anything.'
            : `${plural(rows.length, 'address', 'addresses')}${isCut ? ' or more' : ''} sent something${isIp ? `: ${inside.length} of this network, ${outside.length} from outside` : ''}.`,
        ),
        section('Of this network', lines(inside)),
        section(isIp ? 'From outside' : 'Stations', lines(outside)),
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
