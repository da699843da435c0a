/** /compare: what one capture has that another has not. */
import type * as z from 'zod';
import { bytesText, countText, durationText, plural } from '../../analysis/describe.ts';
import { inline, words } from '../../analysis/exports/markdown.ts';
import { clock } from '../../analysis/exports/overview.ts';
import { ToolFailure } from '../../analysis/tool.ts';
import { compareCaptures } from '../../analysis/tools/compareCaptures.ts';
import type { ChatCommand, CommandContext } from '../command.ts';
import { joined, named, section, verdictLine } from '../layout.ts';
import type { Looking } from '../looking.ts';
import { plainAnswer } from './oneCapture.ts';

type Compared = z.output<typeof compareCaptures.output>;
const ROWS = 10;

export const compare: ChatCommand = {
  id: 'compare',
  description: 'Two captures side by side: a.pcap and b.pcap, or two that are attached with #',
  argumentIn(text) {
    if (/^(?:please )?compare (?:these|the) (?:two )?captures[.!?]?$|^(?:please )?compare these two[.!?]?$/i.test(text)) return '';
    const pair =
      /^(?:please )?compare (?:the )?(?:captures? )?(\S+\.\S+|latest|this)(?: capture)?,? (?:and|with|to|against|vs\.?) (?:the )?(?:capture )?(\S+\.\S+?|latest|this)(?: capture)?[.!?]?$/i.exec(
        text,
      );
    return pair === null ? null : `${pair[1]} and ${pair[2]}`;
  },
  question(argument, looking) {
    const pair = pairOf(argument, looking);
    return pair === null
      ? 'Compare the two newest captures with list_captures and compare_captures: what one has that the other has not, and which needs attention.'
      : `Compare the captures ${JSON.stringify(pair[0])} and ${JSON.stringify(pair[1])} with compare_captures: what one has that the other has not, and which needs attention.`;
  },
  async builtIn(argument, context) {
    const pair = pairOf(argument, context.looking) ?? (await twoNewest(context));
    if (typeof pair === 'string') return plainAnswer(pair);
    for (const name of pair) {
      const found = await context.captures.resolve(name);
      if (!found.ok) return plainAnswer(inline(found.message));
    }
    context.onProgress('Comparing');
    try {
      const input = compareCaptures.input.parse({ first: pair[0], second: pair[1], limit: ROWS });
      const compared = compareCaptures.output.parse(await compareCaptures.run(input, { captures: context.captures, signal: context.signal }));
      const { first, second } = compared;
      return {
        markdown: comparedText(compared),
        capture: null,
        followUps: [first, second].map(({ name }) => ({ command: 'analyze', prompt: name, label: `Analyze ${name}` })),
      };
    } catch (error) {
      if (error instanceof ToolFailure) return plainAnswer(inline(error.message));
      throw error;
    }
  },
};

/** The two that are named, else one that is named and the one being looked at, else the two that are attached; null where that are not two. */
function pairOf(argument: string, { capture, attached }: Looking): readonly [string, string] | null {
  const text = argument.trim().slice(0, 2000),
    split = /^(?:capture )?(\S.*?)(?:\s+(?:and|with|to|against|vs\.?)\s+|\s*,\s*)(\S.*)$/i.exec(text) ?? /^(\S+\.\S+)\s+(\S+)$/.exec(text);
  const nameOf = (word: string): string => (/^this$/i.test(word) ? (capture ?? 'latest') : word.trim());
  if (split !== null) return [nameOf(split[1]!), nameOf(split[2]!)];
  const [first, second] = text === '' ? attached : [attached[0] ?? capture, nameOf(text)];
  return typeof first === 'string' && typeof second === 'string' && first !== second ? [first, second] : null;
}

async function twoNewest({ captures, looking }: CommandContext): Promise<readonly [string, string] | string> {
  const listed = await captures.list();
  if (!listed.ok) return inline(listed.message);
  const names = [
    ...(looking.capture === null ? [] : [looking.capture]),
    ...listed.files.map(({ name }) => name).filter((name) => name !== looking.capture),
  ];
  const [first, second] = names;
  return first === undefined || second === undefined ? 'To compare there have to be two captures: `/compare a.pcap and b.pcap`.' : [first, second];
}

/** What is told of each list, and what one of it is called. */
const LISTS = [
  { list: 'findings', title: 'Findings', one: 'finding', many: 'findings' },
  { list: 'services', title: 'Services', one: 'service', many: 'services' },
  { list: 'lookups', title: 'Names asked of DNS', one: 'name asked of DNS', many: 'names asked of DNS' },
  { list: 'serverNames', title: 'Names called', one: 'name called', many: 'names called' },
  { list: 'hosts', title: 'Addresses', one: 'address', many: 'addresses' },
  { list: 'devices', title: 'MAC addresses', one: 'MAC address', many: 'MAC addresses' },
  { list: 'software', title: 'Programs', one: 'program', many: 'programs' },
  { list: 'protocols', title: 'Protocols', one: 'protocol', many: 'protocols' },
] as const satisfies readonly { readonly list: keyof Compared; readonly title: string; readonly one: string; readonly many: string }[];

function comparedText(compared: Compared): string {
  const { first, second } = compared;
  const only = (side: 'inFirst' | 'inSecond'): string[] =>
    LISTS.flatMap(({ list, title }) => {
      const rows = compared[list][side] ?? [];
      if (rows.length === 0) return [];
      if (list === 'findings') return rows.map((text) => `Finding, ${words(text)}`);
      return [`${title}: ${rows.map((each) => (list === 'protocols' ? inline(each) : named(each))).join(', ')}`];
    });
  const changed = LISTS.flatMap(({ list }) => (compared[list].changed ?? []).map((text) => words(text))),
    leftOut = LISTS.reduce((total, { list }) => total + (compared[list].leftOut ?? 0), 0);
  return joined([
    verdictLine(verdictOf(first, second)),
    inline(compared.verdict),
    section('What these are', [sideText(first), sideText(second)]),
    section('In both, but changed', changed),
    section(`Only in ${named(first.name)}`, only('inFirst')),
    section(`Only in ${named(second.name)}`, only('inSecond')),
    section('In both', [
      `${
        LISTS.filter(({ list }) => compared[list].inBoth > 0)
          .map(({ list, one, many }) => plural(compared[list].inBoth, one, many))
          .join(', ') || 'Nothing'
      }.`,
      ...(leftOut > 0 ? [`${plural(leftOut, 'more difference')} not shown.`] : []),
    ]),
    section('To be kept in mind', [...compared.matching, ...compared.notes].map(words)),
  ]);
}

function verdictOf(first: Compared['first'], second: Compared['second']): string {
  if (first.riskScore === second.riskScore)
    return first.riskScore === 0
      ? 'In neither capture was anything of risk found, as far as they could be examined.'
      : `Both captures have the same risk, ${first.riskScore} of 100.`;
  const [worse, better] = first.riskScore > second.riskScore ? [first, second] : [second, first];
  return `${named(worse.name)} needs attention first: risk ${worse.riskScore} of 100, against ${better.riskScore} of ${named(better.name)}.`;
}

function sideText({ name, headline, statusText, packets, originalBytes, startTime, durationSeconds }: Compared['first']): string {
  const time = startTime === null ? '' : ` from ${clock(startTime)} UTC${durationSeconds === null ? '' : ` (${durationText(durationSeconds)})`}`;
  return `${named(name)}: ${words(headline)} ${countText(packets)} packets, ${bytesText(originalBytes)}${time}. ${words(statusText)}.`;
}
