/** get_timeline: traffic over time in a few steps, and the findings in the order in which they began. */
import * as z from 'zod';
import { defineTool } from '../tool.ts';
import { captureInput, filterInput, reportWithFindings, selectionOf, withCapture } from '../toolCapture.ts';

const MOST_EVENTS = 50;

export const getTimeline = defineTool({
  name: 'get_timeline',
  title: 'Get timeline',
  description: 'Traffic over time in equal steps, and what was found in the order in which it began. Steps count from startTime.',
  input: z.strictObject({ capture: captureInput, filter: filterInput, steps: z.int().min(1).max(200).default(20) }),
  output: z.object({
    startTime: z.string().nullable(),
    endTime: z.string().nullable(),
    stepSeconds: z.number(),
    packets: z.array(z.number()),
    bytes: z.array(z.number()),
    events: z.array(z.object({ time: z.string().nullable(), until: z.string().nullable(), severity: z.string(), title: z.string(), id: z.string() })),
    eventsTotal: z.number(),
  }),
  async run({ capture, filter, steps }, context) {
    return withCapture(capture, context, async (opened) => {
      const selection = await selectionOf(opened, filter, context.signal);
      const { timeline, capture: info, findings } = await reportWithFindings(opened, selection, context.signal);
      const fine = Math.max(0, ...timeline.series.map(({ packets }) => packets.length)),
        join = Math.max(1, Math.ceil(fine / steps)),
        count = Math.ceil(fine / join);
      const sums = (of: 'packets' | 'bytes'): number[] =>
        Array.from({ length: count }, (_, i) =>
          timeline.series.reduce((sum, series) => sum + series[of].slice(i * join, (i + 1) * join).reduce((a, b) => a + b, 0), 0),
        );
      const events = findings.toSorted((a, b) => (a.firstSeen ?? '').localeCompare(b.firstSeen ?? ''));
      return {
        startTime: timeline.startTime,
        endTime: info.endTime,
        stepSeconds: timeline.stepSeconds * join,
        packets: sums('packets'),
        bytes: sums('bytes'),
        events: events
          .slice(0, MOST_EVENTS)
          .map(({ firstSeen, lastSeen, severity, title, id }) => ({ time: firstSeen, until: lastSeen, severity, title, id })),
        eventsTotal: events.length,
      };
    });
  },
});
