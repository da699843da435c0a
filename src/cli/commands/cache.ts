/** `netsec cache`: what is kept on this machine of captures that were read before, and how to be rid of it. */
import { reportCacheFolder, reportCacheUse, clearReportCache } from '../../analysis/reportCache.node.ts';
import { bytesText, plural } from '../../analysis/engine.ts';
import { safeText } from '../../analysis/exports/safeText.ts';
import { EXIT, UsageError, type Command } from '../command.ts';

export const cache: Command = {
  name: 'cache',
  summary: 'the reports that are kept of captures read before: how many, where, and away with them',
  usage: '[options]',
  options: {
    clear: { type: 'boolean', description: 'remove them all' },
    json: { type: 'boolean', description: 'as JSON' },
  },
  examples: ['netsec cache', 'netsec cache --clear'],
  async run(args, terminal) {
    if (args.positionals.length > 0) throw new UsageError('cache takes no names; NETSEC_CACHE names another folder.');
    const folder = reportCacheFolder();
    if (folder === null) {
      terminal.say('Nothing is kept: NETSEC_CACHE=off.');
      return EXIT.DONE;
    }
    const isCleared = args.values['clear'] === true,
      { reports, bytes, mostBytes } = isCleared ? await clearReportCache(folder) : await reportCacheUse(folder);
    if (args.values['json'] === true) await terminal.out(`${JSON.stringify({ folder, reports, bytes, mostBytes, cleared: isCleared })}\n`);
    else
      await terminal.out(
        isCleared
          ? `${plural(reports, 'report')} removed from ${safeText(folder)} (${bytesText(bytes)}).\n`
          : `${plural(reports, 'report')} in ${safeText(folder)}: ${bytesText(bytes)} of at most ${bytesText(mostBytes)}.\n`,
      );
    return EXIT.DONE;
  },
};
