/** `netsec compare`: two captures side by side. */
import path from 'node:path';
import { readAllowList } from '../../analysis/allowFile.node.ts';
import { compareSides, limitComparison, readSide, type ComparedSide } from '../../analysis/comparison.ts';
import { comparisonMarkdown, comparisonText } from '../../analysis/exports/comparisonText.ts';
import { readIntelFolder } from '../../analysis/intelFolder.node.ts';
import { choiceOption, EXIT, gravest, KEY_LOG, rowsOption, textOption, UsageError, type Command, type ExitCode } from '../command.ts';
import { capturesFolder, findInputs } from '../inputs.ts';
import { withSession } from '../openSession.ts';
import { isUnderstood } from './packets.ts';

const DEFAULT_ROWS = 20;
const FORMATS = ['text', 'markdown', 'json'] as const;

export const compare: Command = {
  name: 'compare',
  summary: 'two captures side by side: what is new, gone, slower or failing',
  usage: '<first> <second> [options]',
  options: {
    filter: { type: 'string', short: 'f', value: 'EXPR', description: "display filter in Wireshark's syntax, for both" },
    limit: { type: 'string', short: 'n', value: 'N|all', description: `most rows of each list (${DEFAULT_ROWS}); totals stay true` },
    format: { type: 'string', value: 'FORMAT', description: `${FORMATS.join(', ')} (text)` },
    json: { type: 'boolean', description: 'as JSON, the same as --format json' },
    keylog: KEY_LOG,
    folder: { type: 'string', value: 'DIR', description: 'where "latest" looks (captures/, else here)' },
  },
  examples: [
    'netsec compare yesterday.pcap today.pcap',
    'netsec compare baseline.pcapng latest --filter "ip.addr == 10.0.0.0/8"',
    'netsec compare before.pcap after.pcap --format markdown > difference.md',
  ],
  async run(args, terminal) {
    const limit = rowsOption(args, DEFAULT_ROWS),
      asked = choiceOption(args, 'format', FORMATS),
      format = args.values['json'] === true ? 'json' : (asked ?? 'text'),
      filter = textOption(args, 'filter') ?? '';
    if (args.values['json'] === true && asked !== undefined && asked !== 'json') throw new UsageError('Either --json or another --format.');
    const [one, other, ...more] = args.positionals;
    if (one === undefined || other === undefined || one === 'all' || other === 'all')
      throw new UsageError('Which two captures? Name the first and the second.');
    if (more.length > 0) throw new UsageError(`Two captures at a time: what is ${JSON.stringify(more[0])}?`);
    if (!isUnderstood(filter, terminal)) return EXIT.USAGE;
    const sides: ComparedSide[] = [],
      files: string[] = [],
      codes: ExitCode[] = [];
    for (const word of [one, other]) {
      const inputs = await findInputs([word], capturesFolder(textOption(args, 'folder')), terminal.signal);
      if (!inputs.ok) {
        terminal.say(inputs.message);
        return EXIT.UNREADABLE;
      }
      const file = inputs.paths[0]!;
      files.push(file);
      // As analyze does: what is expected and what is bad are those beside or above each capture.
      const allowed = readAllowList(file);
      if (!allowed.ok) {
        terminal.say(allowed.message);
        return EXIT.UNREADABLE;
      }
      const code = await withSession(
        file,
        textOption(args, 'keylog'),
        terminal,
        async ({ handlers }) => {
          const { signal } = terminal;
          await handlers.setAllowRules({ rules: allowed.file.rules }, signal);
          sides.push(
            await readSide(
              path.basename(file),
              filter,
              (method, params) => Promise.resolve((handlers[method] as (params: unknown, signal: AbortSignal) => never)(params, signal)),
              signal,
            ),
          );
          return EXIT.DONE;
        },
        { judges: true, intel: readIntelFolder(file).entries },
      );
      codes.push(code);
      // Half a comparison is none.
      if (code !== EXIT.DONE && code !== EXIT.DAMAGED) return code;
    }
    const isSame = path.resolve(files[0]!) === path.resolve(files[1]!),
      // Two captures of one name are told apart by their folders.
      [first, second] = (sides[0]!.name === sides[1]!.name && !isSame ? sides.map((side, i) => ({ ...side, name: files[i]! })) : sides) as [
        ComparedSide,
        ComparedSide,
      ];
    const comparison = limitComparison(compareSides(first, second, { filter, isSame }), limit);
    const written = {
      json: () => `${JSON.stringify(comparison)}\n`,
      markdown: () => comparisonMarkdown(comparison),
      text: () => comparisonText(comparison, terminal.style),
    } satisfies Record<(typeof FORMATS)[number], () => string>;
    await terminal.out(written[format]());
    return gravest(codes);
  },
};
