/** `netsec list`: the captures of a folder, newest first. Nothing is opened. */
import { listCaptureFiles } from '../../analysis/captureFiles.node.ts';
import { recordedMs } from '../../analysis/captureFiles.ts';
import { bytesText, plural } from '../../analysis/engine.ts';
import { safeText } from '../../analysis/exports/safeText.ts';
import { columns, paint } from '../../analysis/exports/textLayout.ts';
import { EXIT, textOption, UsageError, type Command } from '../command.ts';
import { capturesFolder } from '../inputs.ts';

export const list: Command = {
  name: 'list',
  summary: 'the captures of a folder, newest first',
  usage: '[options]',
  options: {
    json: { type: 'boolean', description: 'as JSON' },
    folder: { type: 'string', value: 'DIR', description: 'which folder (captures/, else here)' },
  },
  examples: ['netsec list', 'netsec list --folder /var/captures --json'],
  async run(args, terminal) {
    if (args.positionals.length > 0) throw new UsageError('list takes no file names; name a folder with --folder.');
    const folder = capturesFolder(textOption(args, 'folder')),
      listing = await listCaptureFiles(folder);
    if (!listing.ok) {
      terminal.say(listing.message);
      return EXIT.UNREADABLE;
    }
    const { files } = listing,
      { style } = terminal;
    if (args.values['json'] === true) {
      const rows = files.map((file) => ({
        name: file.name,
        path: file.location,
        bytes: file.bytes,
        recorded: new Date(recordedMs(file)).toISOString(),
      }));
      await terminal.out(`${JSON.stringify(rows)}\n`);
      return EXIT.DONE;
    }
    if (files.length === 0) {
      terminal.say(`There are no captures in ${folder === '.' ? 'this folder' : folder}.`);
      return EXIT.DONE;
    }
    const rows = files.map((file) => [
      new Date(recordedMs(file)).toISOString().slice(0, 16).replace('T', ' '),
      bytesText(file.bytes),
      safeText(file.name, 300),
    ]);
    await terminal.out(
      `${paint(style, `${plural(files.length, 'capture')} in ${safeText(folder)}`, 'bold')} ${paint(style, '(UTC)', 'dim')}\n${columns(style, [{}, { align: 'right' }, { min: 20 }], rows).join('\n')}\n`,
    );
    return EXIT.DONE;
  },
};
