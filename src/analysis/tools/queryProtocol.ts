/** query_protocol: the messages of one protocol as rows of their telling fields, or how often each value of a field occurs. */
import * as z from 'zod';
import type { FieldNode } from '../engineApi.ts';
import { HIDDEN, hideSecrets, isSecretField, secretsOf } from '../hideSecrets.ts';
import { messagesFilter, tellingFields, type TellingField } from '../tellingFields.ts';
import { defineTool, ToolFailure } from '../tool.ts';
import { captureInput, filterInput, limitInput, selectionOf, withCapture } from '../toolCapture.ts';
import { cursorInput, pageOf, pageOutput } from '../toolPages.ts';

/** Packets whose fields are read for one count: each is taken apart whole. */
const MOST_COUNTED = 500;
const LONGEST_VALUE = 120;
const MOST_FIELDS = 8;

export const queryProtocol = defineTool({
  name: 'query_protocol',
  title: 'Query protocol',
  description:
    'Messages of one protocol (dns, http, tls, dhcp, smb2 ...) as rows of their main fields; or, with count_by, how often each value of a field occurs, e.g. dns.qry.name with filter dns.flags.rcode != 0.',
  input: z.strictObject({
    capture: captureInput,
    protocol: z
      .string()
      .regex(/^[a-z][a-z0-9_.-]{0,39}$/)
      .describe("Wireshark's name"),
    filter: filterInput,
    count_by: z.string().max(80).default('').describe('A field name'),
    cursor: cursorInput,
    limit: limitInput(100, 15),
  }),
  output: z.object({
    messages: z.array(z.object({ frame: z.number(), source: z.string(), destination: z.string(), fields: z.record(z.string(), z.string()) })),
    counts: z.array(z.object({ value: z.string(), packets: z.number(), firstFrame: z.number() })),
    examined: z.number().describe('Packets whose fields were read; below "packets", counts are of the first ones only'),
    packets: z.number(),
    packetsOfProtocol: z.exactOptional(z.number()).describe('Where the filter selects none: how many there are without it'),
    ...pageOutput,
  }),
  async run(input, context) {
    const { capture, protocol, filter, count_by, limit } = input;
    const own = messagesFilter(protocol);
    return withCapture(capture, context, async (opened, file) => {
      const pages = pageOf('query_protocol', input, file),
        { offset } = pages;
      const { signal } = context,
        selection = await selectionOf(opened, filter.trim() === '' ? own : `(${own}) && (${filter})`, signal),
        isCount = count_by !== '';
      const page = await opened.call(
        'packets',
        { selection, sort: null, offset: isCount ? 0 : offset, limit: isCount ? MOST_COUNTED : limit },
        signal,
      );
      const messages: { frame: number; source: string; destination: string; fields: Record<string, string> }[] = [],
        counts = new Map<string, { packets: number; firstFrame: number }>();
      if (isCount && !(await opened.call('checkFilter', { text: count_by }, signal)).ok)
        throw new ToolFailure(`There is no field ${count_by.slice(0, 80)}. Call without "count_by" to see the fields of ${protocol}.`);
      if (isCount && isSecretField(count_by)) throw new ToolFailure('The values of this field are secrets and are not counted.');
      for (const { frame, source, destination } of page.rows) {
        signal?.throwIfAborted();
        const detail = await opened.call('packet', { frame }, signal);
        if (detail === null) continue;
        const secrets = secretsOf(detail),
          found = fieldsOf(detail.tree, isCount ? count_by : `${protocol}.`, secrets);
        if (!isCount) messages.push({ frame, source, destination, fields: telling(found, tellingFields(protocol)) });
        else
          for (const value of new Set(found.get(count_by) ?? [])) {
            const count = counts.get(value);
            if (count === undefined) counts.set(value, { packets: 1, firstFrame: frame });
            else count.packets++;
          }
      }
      const sorted = [...counts].sort(([, a], [, b]) => b.packets - a.packets),
        shown = sorted.slice(offset, offset + limit);
      const total = isCount ? sorted.length : page.total;
      // None of many is another answer than none at all.
      const all =
        page.total > 0 || filter.trim() === ''
          ? null
          : (await opened.call('packets', { selection: { ...selection, filter: own }, sort: null, offset: 0, limit: 0 }, signal)).total;
      return {
        ...(all === null ? {} : { packetsOfProtocol: all }),
        messages,
        counts: shown.map(([value, count]) => ({ value, ...count })),
        examined: page.rows.length,
        packets: page.total,
        total,
        next: pages.next(isCount ? shown.length : page.rows.length, total),
      };
    });
  },
});

/** Values by field, in their order. */
function fieldsOf(tree: readonly FieldNode[], wanted: string, secrets: ReadonlySet<string>): Map<string, string[]> {
  const found = new Map<string, string[]>();
  const visit = (nodes: readonly FieldNode[]): void => {
    for (const { name, text, children } of nodes) {
      if ((name === wanted || (wanted.endsWith('.') && name.startsWith(wanted))) && text !== '') {
        const value = isSecretField(name) ? HIDDEN : hideSecrets(text, secrets).slice(0, LONGEST_VALUE),
          values = found.get(name);
        if (values === undefined) found.set(name, [value]);
        else if (values.length < 20) values.push(value);
      }
      visit(children);
    }
  };
  visit(tree);
  return found;
}

/** What tells most; of other protocols the first fields. */
function telling(found: ReadonlyMap<string, readonly string[]>, fields: readonly TellingField[]): Record<string, string> {
  const said = (name: string): boolean => found.has(name),
    chosen =
      fields.length === 0 ? [...found.keys()] : fields.flatMap(({ names, all = false }) => names.filter(said).slice(0, all ? names.length : 1));
  return Object.fromEntries(chosen.slice(0, MOST_FIELDS).map((name) => [name, [...new Set(found.get(name))].slice(0, 4).join(', ')]));
}
