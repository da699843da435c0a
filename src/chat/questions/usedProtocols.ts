/** Which protocols and services are used? */
import { bytesText, countText, plural, protocolLabel } from '../../analysis/describe.ts';
import { inline } from '../../analysis/exports/markdown.ts';
import { protocolShares } from '../../analysis/exports/overview.ts';
import { joined, meaningText, named, section, verdictLine } from '../layout.ts';
import type { PlainQuestion } from './question.ts';

const SERVICES = 8;

export const usedProtocols: PlainQuestion = {
  order: 40,
  example: 'which protocols and services are used?',
  meaning: 'which protocols there are, and which services were used most',
  isAsked: (words) => /\b(?:protocols?|services?|ports?|kinds? of traffic|types? of traffic|traffic types?)\b/.test(words),
  async answer({ narrowed }, opened, { signal }) {
    const report = await opened.call('report', { selection: narrowed, limit: 500 }, signal),
      sort = { column: 'bytes', descending: true },
      services = await opened.call('services', { selection: narrowed, search: '', sort, offset: 0, limit: SERVICES }, signal);
    const shares = protocolShares(report),
      [first] = shares;
    return {
      markdown: joined([
        verdictLine(
          first === undefined
            ? 'None: there are no packets.'
            : `${plural(report.breakdown.length, 'protocol')}; ${inline(first.label)} has most of the bytes, ${first.byteShare.replace('<', '&lt;')}.`,
        ),
        section(
          'Protocols',
          shares.map(
            ({ label, meaning, packets, packetShare, bytes }) =>
              `${inline(label)}${meaningText({ label, meaning })}: ${plural(packets, 'packet')} (${packetShare.replace('<', '&lt;')}), ${bytesText(bytes)}`,
          ),
        ),
        section('Services used most', [
          ...services.rows.map(
            ({ address, port, layer, service, names: [name], clients, connections, bytes }) =>
              `${named(address)} port ${port}${name === undefined ? '' : ` (${inline(name)})`}, ${service === null ? layer.toUpperCase() : inline(protocolLabel(service))}: ${plural(clients, 'client')}${connections === null ? '' : `, ${plural(connections, 'connection')}`}, ${bytesText(bytes)}`,
          ),
          ...(services.total > services.rows.length ? [`${countText(services.total - services.rows.length)} more services.`] : []),
        ]),
      ]),
    };
  },
};
