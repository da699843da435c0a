/** /report: the report of a capture as a file, and a word about it. */
import { EVERYTHING } from '../../analysis/engineApi.ts';
import { bytesText } from '../../analysis/describe.ts';
import type { ChatCommand } from '../command.ts';
import { named } from '../layout.ts';
import type { Looking } from '../looking.ts';
import { summary } from '../summary.ts';
import { aboutOf, captureOf, followUpsOf, inCapture, wholeReport } from './oneCapture.ts';

/** What people say, and the format it means; Markdown where nothing is said. */
const FORMATS = [
  { word: /\bjson\b/i, format: 'json', ending: 'json' },
  { word: /\bcsv\b/i, format: 'csv', ending: 'csv' },
  { word: /\bhtml?\b/i, format: 'html', ending: 'html' },
  { word: /\bsarif\b/i, format: 'sarif', ending: 'sarif' },
  { word: /\b(?:plain )?te?xt\b/i, format: 'text', ending: 'txt' },
] as const;

/** Rows of each list that a summary can show. */
const ROWS = 50;

export const report: ChatCommand = {
  id: 'report',
  description: 'Write the report of a capture into a file: Markdown, or as html, json, csv, text, sarif',
  argumentIn(text) {
    const match =
      /^(?:please )?(?:(?:write|create|make|save|export)(?: me)?(?: a| the)? report|report)((?: (?:of|for|on|about|as|in) .+?)?)[.!?]?$/i.exec(text);
    return match === null ? null : match[1]!.trim().replace(/^(?:on|about) /i, 'of ');
  },
  async first(argument, context) {
    const { capture, format: wanted } = asked(argument, context.looking),
      { saveFile } = context;
    let step = { markdown: '', file: null as { name: string; location: string } | null, goOn: false };
    if (saveFile === undefined)
      return { ...step, markdown: 'No file can be written from here; *Netsec: Export Report* does it in the editor.', goOn: true };
    const { format, ending } = FORMATS.find(({ word }) => word.test(wanted)) ?? { format: 'markdown', ending: 'md' };
    const answer = await inCapture(capture, context, async (opened, { name }) => {
      const content = await opened.call('exportReport', { selection: EVERYTHING, format }, context.signal);
      context.signal.throwIfAborted();
      const file = await saveFile(`${stemOf(name)}-report.${ending}`, content);
      step = { markdown: '', file, goOn: file !== null };
      return {
        markdown:
          file === null
            ? 'Nothing was written.'
            : `**The report of ${named(name)} was written to ${named(file.name)}** (${bytesText(new TextEncoder().encode(content).length)}).`,
        followUps: [],
      };
    });
    return { ...step, markdown: answer.markdown };
  },
  question(argument, looking) {
    const { capture } = asked(argument, looking);
    return `The report of the capture ${JSON.stringify(capture)} was just written to a file. Sum it up, with analyze_network, for somebody who decides what to do: the verdict, what was found with its frames, and what to do first. Ten sentences at most; do not repeat the whole report.`;
  },
  builtIn(argument, context) {
    return inCapture(asked(argument, context.looking).capture, context, async (opened) => {
      const whole = await wholeReport(opened, context, ROWS);
      return { markdown: summary(whole, context.reader), followUps: followUpsOf(whole, ['report']) };
    });
  },
};

interface Asked {
  readonly capture: string;
  /** As people call it; empty for the usual one. */
  readonly format: string;
}

/** `of a.pcap as html`, `a.pcap html`, `as html`. */
function asked(argument: string, looking: Looking): Asked {
  const text = argument.trim(),
    found = /(?:^|\s)(?:as |in )?(?:an? )?(html?|json|csv|sarif|(?:plain )?te?xt|markdown|md)(?: file)?$/i.exec(text),
    rest = found === null ? text : text.slice(0, found.index).trim();
  return {
    format: found?.[1] ?? '',
    capture: rest === '' || /^(?:of|for|in|from) /i.test(rest) ? aboutOf(rest, looking).capture : captureOf(rest, looking),
  };
}

/** Letters and figures only, whatever the capture is called: it can neither leave the folder nor hide. */
function stemOf(name: string): string {
  const stem = name
    .replace(/\.(?:pcap|pcapng|cap|snoop)(?:\.\w+)?$/i, '')
    .replace(/[^\p{L}\p{N}_-]+/gu, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 80);
  return stem === '' ? 'capture' : stem;
}
