/** compare_captures: what one capture has that the other has not, and what both have differently. */
import * as z from 'zod';
import type { ComparedChange, ComparedItem, Differences, Place } from '../comparedLists.ts';
import { compareSides, leftOut, limitComparison, readSide, type ComparedCapture, type ComparedList, type ComparedSide } from '../comparison.ts';
import { defineTool, type ToolContext } from '../tool.ts';
import { captureInput, limitInput, withCapture } from '../toolCapture.ts';

const side = z.object({
  name: z.string(),
  headline: z.string(),
  statusText: z.string(),
  riskScore: z.number(),
  packets: z.number(),
  originalBytes: z.number(),
  startTime: z.string().nullable(),
  durationSeconds: z.number().nullable(),
});
/** Lists of nothing are left out: a model pays for each word. */
const part = z.object({
  inFirst: z.array(z.string()).optional(),
  inSecond: z.array(z.string()).optional(),
  changed: z.array(z.string()).optional(),
  inBoth: z.number(),
  leftOut: z.number().optional(),
});
const parts = { findings: part, services: part, lookups: part, serverNames: part, hosts: part, devices: part, software: part, protocols: part };
type Part = z.input<typeof part>;

export const compareCaptures = defineTool({
  name: 'compare_captures',
  title: 'Compare captures',
  description: 'Two captures side by side: what is new, gone, slower or failing.',
  input: z.strictObject({ first: captureInput, second: z.string().min(1).max(1000), limit: limitInput(100, 10) }),
  output: z.object({ first: side, second: side, verdict: z.string(), ...parts, matching: z.array(z.string()), notes: z.array(z.string()) }),
  async run({ first, second, limit }, context) {
    const a = await look(first, context),
      b = await look(second, context, a);
    const compared = limitComparison(compareSides(a.side, b.side, { isSame: a.location === b.location }), limit),
      partOf = (list: ComparedList): Part => shortened(compared.lists[list], SHORT[list]);
    return {
      first: sideOf(compared.first),
      second: sideOf(compared.second),
      verdict: compared.verdict,
      findings: partOf('findings'),
      services: partOf('services'),
      lookups: partOf('lookups'),
      serverNames: partOf('serverNames'),
      hosts: partOf('hosts'),
      devices: partOf('devices'),
      software: partOf('software'),
      protocols: partOf('protocols'),
      matching: [...compared.matching],
      notes: [...compared.notes],
    };
  },
});

interface Looked {
  readonly side: ComparedSide;
  readonly location: string;
}

/** A capture that is compared with itself is read once. */
function look(which: string, context: ToolContext, known?: Looked): Promise<Looked> {
  return withCapture(which, context, async (opened, { name, location }) =>
    known?.location === location
      ? known
      : { side: await readSide(name, '', (method, params, signal) => opened.call(method, params, signal), context.signal), location },
  );
}

function sideOf({ endTime: _end, ...capture }: ComparedCapture): z.input<typeof side> {
  return capture;
}

const withDetail = ({ what, detail }: ComparedItem): string => `${what} (${detail})`,
  bare = ({ what }: ComparedItem): string => what;
/** How an item of each list reads. */
const SHORT: Readonly<Record<ComparedList, (item: ComparedItem) => string>> = {
  // `medium: 10.0.0.66 tried 60 ports`, with its frame.
  findings: ({ what, detail, place }) => `${detail.split(',')[0] ?? ''}: ${what}${framesText(place)}`,
  services: withDetail,
  lookups: withDetail,
  serverNames: bare,
  hosts: bare,
  devices: bare,
  software: bare,
  protocols: bare,
};

function shortened(list: Differences, short: (item: ComparedItem) => string): Part {
  const more = leftOut(list),
    { onlyFirst, onlySecond, changed, inBoth } = list;
  return {
    ...(onlyFirst.length > 0 ? { inFirst: onlyFirst.map(short) } : {}),
    ...(onlySecond.length > 0 ? { inSecond: onlySecond.map(short) } : {}),
    ...(changed.length > 0 ? { changed: changed.map(changeText) } : {}),
    inBoth,
    ...(more > 0 ? { leftOut: more } : {}),
  };
}

function changeText({ what, changes, first, second }: ComparedChange): string {
  return `${what}: ${changes.map(({ text }) => text).join('; ')}${framesText(first, second)}`;
}

function framesText(first: Place, second?: Place): string {
  if (second === undefined) return first.frame === null ? '' : `, frame ${first.frame}`;
  return first.frame === null || second.frame === null ? '' : ` (frame ${first.frame}, then frame ${second.frame})`;
}
