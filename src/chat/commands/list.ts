/** /list: the captures, newest first. A model would add nothing to it. */
import { recordedMs } from '../../analysis/captureFiles.ts';
import { bytesText, plural } from '../../analysis/describe.ts';
import { code, inline } from '../../analysis/exports/markdown.ts';
import { safeText } from '../../analysis/exports/safeText.ts';
import type { ChatCommand } from '../command.ts';

const MOST_SHOWN = 50;

export const list: ChatCommand = {
  id: 'list',
  description: 'List the captures of this workspace, newest first',
  argumentIn: (words) => (/^(?:please )?(?:list|show)(?: me)?(?: all)?(?: the)?(?: my)?(?: packet)? captures?[.!?]?$/i.test(words) ? '' : null),
  question: () => null,
  async builtIn(argument, { captures }) {
    const listed = await captures.list();
    if (!listed.ok) return { markdown: inline(listed.message), capture: null, followUps: [] };
    const part = argument.trim().toLowerCase(),
      found = listed.files.filter(({ name }) => name.toLowerCase().includes(part));
    if (found.length === 0) {
      const markdown =
        part === ''
          ? 'There are no captures in the captures folders. Put a `.pcap` or `.pcapng` file there, or open one with *Netsec: Open Capture*.'
          : `No capture has ${code(safeText(part, 100))} in its name.`;
      return { markdown, capture: null, followUps: [] };
    }
    const rows = found
      .slice(0, MOST_SHOWN)
      .map(
        (file) =>
          `- ${code(safeText(file.name))}, ${bytesText(file.bytes)}, ${new Date(recordedMs(file)).toISOString().slice(0, 16).replace('T', ' ')} UTC`,
      );
    const more = found.length > rows.length ? `\n\n${plural(found.length - rows.length, 'older capture')} not shown.` : '';
    return {
      markdown: `**${plural(found.length, 'capture')}, newest first**\n\n${rows.join('\n')}${more}`,
      capture: null,
      followUps: [{ command: 'analyze', prompt: 'latest', label: 'Analyze the latest' }],
    };
  },
};
