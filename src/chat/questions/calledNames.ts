/** Which websites were visited? Names that were asked of DNS, and those called over TLS, QUIC and HTTP. */
import { countText, listText, plural } from '../../analysis/describe.ts';
import type { Inventory } from '../../analysis/inventory.ts';
import { joined, named, section, shortened, verdictLine } from '../layout.ts';
import type { PlainQuestion } from './question.ts';

const ROWS = 10;

export const calledNames: PlainQuestion = {
  order: 30,
  example: 'which websites were visited?',
  meaning: 'which names were asked of DNS, and which were called over TLS and HTTP',
  isAsked: (words) =>
    /\b(?:web ?sites?|web ?pages?|sites?|domains?|domain names?|urls?|host ?names?|server names?|sni|lookups?|names? (?:was|were|is|are|did)|quer(?:y|ies)|brows(?:ed?|ing)|visit(?:ed|s)?|surf\w*)\b/.test(
      words,
    ) ||
    /\b(?:look(?:ed|s|ing)? up|resolv(?:e[ds]?|ing)|ask(?:ed|s)? (?:of )?(?:the )?dns|dns (?:requests?|questions?|names?|traffic|records?|answers?))\b/.test(
      words,
    ),
  async answer({ narrowed }, opened, { signal }) {
    const found = await opened.call('inventory', { selection: narrowed }, signal),
      { lookups, called, limits } = found;
    return {
      markdown: joined([
        verdictLine(verdictOf(found)),
        section(
          'Called',
          shortened(
            called.map(
              ({ name, how, servers, times, frame }) =>
                `${named(name)}, ${plural(times, 'time')} over ${listText(how)} at ${addressesText(servers)} [frame ${frame}]`,
            ),
            ROWS,
            'name',
          ),
        ),
        section(
          'Asked of DNS',
          shortened(
            lookups.map(
              ({ name, questions, outcome, addresses, frame }) =>
                `${named(name)}, ${questions === 0 ? 'answered unasked' : `asked ${plural(questions, 'time')}`}: ${outcome === 'answered' && addresses.length > 0 ? addressesText(addresses) : outcome} [frame ${frame}]`,
            ),
            ROWS,
            'name',
          ),
        ),
        section('To be kept in mind', [...LIMITS, ...limits]),
      ]),
    };
  },
};

const LIMITS = ['A name that hides within Encrypted Client Hello or encrypted DNS is not seen, nor is a page beneath a name over TLS.'];

function verdictOf({ lookups, called }: Inventory): string {
  if (lookups.length === 0 && called.length === 0) return 'None that could be seen: no name was asked of DNS or called over TLS, QUIC or HTTP.';
  const failed = lookups.filter(({ outcome }) => outcome !== 'answered').length,
    asked =
      lookups.length === 0
        ? ''
        : `${plural(lookups.length, 'name')} ${lookups.length === 1 ? 'was' : 'were'} asked of DNS${failed === 0 ? '' : `, ${countText(failed)} of them without an answer of use`}`;
  return (
    [called.length === 0 ? '' : `${plural(called.length, 'name')} ${called.length === 1 ? 'was' : 'were'} called`, asked]
      .filter((text) => text !== '')
      .join('; ') + '.'
  );
}

function addressesText(addresses: readonly string[]): string {
  return addresses.length === 0 ? 'an address that is not known' : listText(addresses.map((address) => named(address, 60)));
}
