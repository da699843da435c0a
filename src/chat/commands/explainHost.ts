/** One address, told in words: who it is, what it did, and what was found about it. */
import type { OpenCapture } from '../../analysis/captureStore.ts';
import { bytesText, countText, plural, protocolLabel } from '../../analysis/describe.ts';
import type { Selection } from '../../analysis/engineApi.ts';
import { hideSecrets } from '../../analysis/hideSecrets.ts';
import type { HostFact, HostService, HostStory } from '../../analysis/hostStory.ts';
import { inline, words } from '../../analysis/exports/markdown.ts';
import { clock } from '../../analysis/exports/overview.ts';
import type { Report } from '../../analysis/report.ts';
import type { Answer } from '../command.ts';
import { findingLine, joined, named, section, shortened, verdictLine } from '../layout.ts';
import { followUpsOf } from './oneCapture.ts';

const ROWS = 8,
  FACTS: readonly (readonly [kind: HostFact['kind'], title: string])[] = [
    ['mac', 'Network card'],
    ['address', 'Other addresses'],
    ['system', 'System'],
    ['software', 'Programs'],
    ['account', 'Accounts'],
  ];

/** `address` in lower case; `report` has the findings. */
export async function explainedHost(
  address: string,
  selection: Selection,
  report: Report,
  opened: OpenCapture,
  signal: AbortSignal,
): Promise<Omit<Answer, 'capture'>> {
  const story = await opened.call('host', { address, selection, limit: ROWS }, signal);
  if (story === null)
    return { markdown: verdictLine(`${named(address, 60)} does not appear in ${named(report.capture.file)}.`), followUps: followUpsOf(report) };
  const found = report.findings.filter(({ id }) => story.findings.some((one) => one.id === id)),
    roles = [...new Set(story.findings.map(({ role }) => role))],
    names = story.names.map(({ name }) => name);
  const verdict =
    found.length === 0
      ? 'nothing was found against it'
      : `${plural(found.length, 'finding')}, as ${roles.join(' and ')}; the most serious: ${words(found[0]!.title)}`;
  const told = joined([
    verdictLine(`${named(address)}${names[0] === undefined ? '' : ` (${inline(names[0])})`}: ${verdict}.`),
    section('What it is', [words(story.summary), ...factLines(story, names)]),
    section('What it did', [
      `${plural(story.packets, 'packet')}: sent ${bytesText(story.bytesSent)}, received ${bytesText(story.bytesReceived)}.`,
      ...(story.firstSeen === null ? [] : [`From ${clock(story.firstSeen)} to ${clock(story.lastSeen)} UTC.`]),
      ...serviceLines('Offers', 'client', story.offers, story.totals.offers),
      ...serviceLines('Uses', 'host', story.uses, story.totals.uses),
    ]),
    section('Findings about it', shortened(found.map(findingLine), ROWS, 'finding')),
    section('Whom it talked to', shortened(story.peers.map(peerLine), ROWS, 'address', 'addresses', story.totals.peers)),
    section(
      'Names it called',
      shortened(
        story.visited.map(
          ({ name, how, server, times, frame }) => `${named(name)} at ${named(server, 60)} over ${how}, ${plural(times, 'time')} [frame ${frame}]`,
        ),
        ROWS,
        'name',
        'names',
        story.totals.visited,
      ),
    ),
    section(
      'Names it asked for',
      shortened(
        story.asked.map(
          ({ name, type, protocol, questions, answers, isMissing, frame }) =>
            `${named(name)} (${inline(type)}, ${inline(protocol)}), ${plural(questions, 'time')}: ${isMissing ? 'there is no such name' : answers.length === 0 ? 'no answer seen' : answers.map((answer) => named(answer, 100)).join(', ')} [frame ${frame}]`,
        ),
        ROWS,
        'name',
        'names',
        story.totals.asked,
      ),
    ),
  ]);
  return { markdown: told, followUps: followUpsOf(report) };
}

function factLines({ facts }: HostStory, names: readonly string[]): string[] {
  const listed = (title: string, texts: readonly string[]): string[] =>
    texts.length === 0 ? [] : [`${title}: ${shortened(texts, ROWS, 'of them').join(', ')}`];
  return [
    ...listed(
      'Other names',
      names.slice(1).map((name) => inline(name)),
    ),
    ...FACTS.flatMap(([kind, title]) =>
      listed(
        title,
        facts
          .filter((fact) => fact.kind === kind)
          .map(({ text, source, frame }) => `${named(hideSecrets(text), 120)} (${inline(source)}) [frame ${frame}]`),
      ),
    ),
  ];
}

function serviceLines(does: string, who: string, services: readonly HostService[], total: number): string[] {
  if (services.length === 0) return [];
  const texts = services.map(
    ({ transport, port, service, hosts, connections, silent }) =>
      `${service === null ? transport.toUpperCase() : inline(protocolLabel(service))} on port ${port} (${plural(hosts, who)}, ${plural(connections, 'conversation')}${silent === 0 ? '' : `, ${countText(silent)} more in which nothing was said`})`,
  );
  return [`${does} ${texts.join('; ')}${total > texts.length ? `; ${countText(total - texts.length)} more` : ''}.`];
}

function peerLine({ address, name, begunBy, packets, bytesSent, bytesReceived, services }: HostStory['peers'][number]): string {
  const began = { host: 'contacted by it', peer: 'which contacted it', both: 'each contacted the other' }[begunBy],
    spoke =
      services.length === 0
        ? ''
        : `, ${services
            .slice(0, 4)
            .map((one) => inline(protocolLabel(one)))
            .join(', ')}`;
  return `${named(address)}${name === null ? '' : ` (${inline(name)})`}, ${began}${spoke}: ${plural(packets, 'packet')}, ${bytesText(bytesSent)} to it, ${bytesText(bytesReceived)} from it`;
}
