/** One address, told in words: who it is, what it did, and what was found about it. */
import type { OpenCapture } from '../../analysis/captureStore.ts';
import { bytesText, countText, plural, protocolLabel } from '../../analysis/describe.ts';
import { EVERYTHING } from '../../analysis/engineApi.ts';
import { inline, words } from '../../analysis/exports/markdown.ts';
import { clock } from '../../analysis/exports/overview.ts';
import type { Report } from '../../analysis/report.ts';
import type { Answer, CommandContext } from '../command.ts';
import { findingLine, joined, named, section, shortened, verdictLine } from '../layout.ts';
import { followUpsOf } from './oneCapture.ts';

const MOST_PEERS = 8;

/** `address` in lower case. */
export async function explainedHost(
  address: string,
  report: Report,
  opened: OpenCapture,
  { signal }: CommandContext,
): Promise<Omit<Answer, 'capture'>> {
  const layer = /^[0-9a-f]{2}(?::[0-9a-f]{2}){5}$/.test(address) ? 'eth' : address.includes(':') ? 'ipv6' : 'ip',
    mine = report.endpoints.filter((row) => row.layer === layer && row.address.toLowerCase() === address);
  if (mine.length === 0)
    return { markdown: verdictLine(`${named(address, 60)} does not appear in ${named(report.capture.file)}.`), followUps: followUpsOf(report) };
  const under = await opened.call('report', { selection: { ...EVERYTHING, filter: `${layer}.addr == ${address}` }, limit: 1 }, signal);
  const peers = report.conversations.filter((row) => row.layer === layer && [row.a, row.b].some((one) => one.toLowerCase() === address)),
    found = report.findings.filter(({ subjects }) => subjects.some((each) => each.address.toLowerCase() === address)),
    names = [...new Set(mine.flatMap((row) => row.names))],
    sum = (of: 'bytesSent' | 'bytesReceived' | 'packets'): number => mine.reduce((total, row) => total + row[of], 0);
  const roles = [
    ...new Set(found.flatMap(({ subjects }) => subjects.filter((each) => each.address.toLowerCase() === address).map(({ role }) => role))),
  ];
  const verdict =
    found.length === 0
      ? 'nothing was found against it'
      : `${plural(found.length, 'finding')}, as ${roles.join(' and ')}; the most serious: ${words(found[0]!.title)}`;
  const told = joined([
    verdictLine(`${named(address)}${names[0] === undefined ? '' : ` (${inline(names[0])})`}: ${verdict}.`),
    section('What it did', [
      `${countText(sum('packets'))} packets: sent ${bytesText(sum('bytesSent'))}, received ${bytesText(sum('bytesReceived'))}.`,
      ...(under.capture.startTime === null ? [] : [`From ${clock(under.capture.startTime)} to ${clock(under.capture.endTime)} UTC.`]),
      ...(under.breakdown.length === 0
        ? []
        : [
            `Protocols: ${under.breakdown
              .slice(0, 6)
              .map(({ name }) => inline(protocolLabel(name)))
              .join(', ')}.`,
          ]),
      ...(names.length < 2
        ? []
        : [
            `Names: ${names
              .slice(0, 6)
              .map((name) => inline(name))
              .join(', ')}.`,
          ]),
    ]),
    section('Findings about it', shortened(found.map(findingLine), 8, 'finding')),
    section(
      'Whom it talked to',
      shortened(
        peers.map((row) => {
          const isA = row.a.toLowerCase() === address;
          return `${named(isA ? row.b : row.a)}, ${isA ? 'contacted by it' : 'which contacted it'}: ${plural(row.packetsAToB + row.packetsBToA, 'packet')}, ${bytesText(row.bytesAToB + row.bytesBToA)}`;
        }),
        MOST_PEERS,
        'address',
      ),
    ),
  ]);
  return { markdown: told, followUps: followUpsOf(report) };
}
