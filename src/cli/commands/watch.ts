/** `netsec watch`: analyses what appears and grows in a folder, a line per finding. */
import os from 'node:os';
import path from 'node:path';
import { countText } from '../../analysis/engine.ts';
import { optionProblems } from '../../analysis/detectorOptions.ts';
import { SEVERITIES } from '../../analysis/report.ts';
import { VERSION } from '../../analysis/version.ts';
import { safeText } from '../../analysis/exports/safeText.ts';
import { KnownCaptures } from '../../live/knownCaptures.node.ts';
import { monitorFolders, type MonitorEvent } from '../../live/monitor.node.ts';
import { choiceOption, EXIT, textOption, UsageError, type Command } from '../command.ts';

/** Below what people do at the same machine. */
const LOW_PRIORITY = 10;

export const watch: Command = {
  name: 'watch',
  summary: 'analyse captures as they appear and grow in a folder, a line per finding',
  usage: 'DIR... [options]',
  options: {
    json: { type: 'boolean', description: 'JSON lines: findings, and what was read' },
    severity: { type: 'string', value: 'LEVEL', description: `only findings at least this severe: ${SEVERITIES.join(', ')}` },
    index: { type: 'string', value: 'FILE', description: 'remember here what was analysed, and do not read it again next time' },
    detectors: {
      type: 'string',
      value: 'JSON',
      description: 'thresholds by check, {"port-scan":{"burstPorts":20}}; those of the settings netsec.detectors',
    },
    once: { type: 'boolean', description: 'end when everything that is there has been read' },
    'until-stdin-closes': { type: 'boolean', description: 'end when standard input is closed' },
  },
  examples: ['netsec watch captures', 'netsec watch /var/captures --severity medium --json --index /var/captures/.known.json'],
  async run(args, terminal) {
    const folders = args.positionals;
    if (folders.length === 0) throw new UsageError('Which folder? Name one, or several.');
    const least = SEVERITIES.indexOf(choiceOption(args, 'severity', SEVERITIES) ?? 'info'),
      json = args.values['json'] === true,
      detectorOptions = thresholds(textOption(args, 'detectors')),
      ending = new AbortController();
    for (const problem of optionProblems(detectorOptions)) terminal.say(`--detectors: ${problem}`);
    if (args.values['until-stdin-closes'] === true) {
      process.stdin.on('end', () => ending.abort());
      process.stdin.on('error', () => ending.abort());
      process.stdin.resume();
    }
    try {
      os.setPriority(LOW_PRIORITY);
    } catch {
      // Then it runs as it is.
    }
    let written: Promise<void> = Promise.resolve(),
      unreadable = false;
    const write = (text: string): void => {
      written = written.then(() => terminal.out(text));
      written.catch(() => ending.abort());
    };
    const onEvent = (event: MonitorEvent): void => {
      if (event.kind === 'finding' && SEVERITIES.indexOf(event.finding.severity) < least) return;
      if (event.kind === 'problem') unreadable = true;
      // A program that reads this is told all, a person what they do not expect.
      if (json) write(`${JSON.stringify(event)}\n`);
      else if (event.kind === 'finding' && event.finding.expected === null) write(`${findingLine(event)}\n`);
      else if (event.kind === 'problem') terminal.say(event.message);
    };
    await monitorFolders(folders, {
      // Other thresholds find other things.
      known: await KnownCaptures.open(textOption(args, 'index') ?? null, `${VERSION} ${JSON.stringify(detectorOptions)}`),
      detectorOptions,
      signal: AbortSignal.any([terminal.signal, ending.signal]),
      onEvent,
      once: args.values['once'] === true,
    });
    await written;
    process.stdin.destroy();
    return unreadable && args.values['once'] === true ? EXIT.UNREADABLE : EXIT.DONE;
  },
};

function thresholds(text: string | undefined): Readonly<Record<string, unknown>> {
  if (text === undefined) return {};
  const wrong = new UsageError('--detectors wants a JSON object, {"port-scan":{"burstPorts":20}}.');
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {
    throw wrong;
  }
  throw wrong;
}

function findingLine({ file, finding }: Extract<MonitorEvent, { kind: 'finding' }>): string {
  const [frame] = finding.evidence.frames;
  return `${finding.severity.padEnd(8)} ${safeText(path.basename(file), 200)}${frame === undefined ? '' : ` frame ${countText(frame)}`}: ${safeText(finding.title, 400)}`;
}
