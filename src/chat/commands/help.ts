/** /help: what can be asked, with and without a key. */
import type { ChatCommand } from '../command.ts';
import * as registry from './registry.ts';

export const help: ChatCommand = {
  id: 'help',
  description: 'What you can ask, and what leaves this machine',
  argumentIn: (words) => (/^(?:help|what can you do)[.!?]?$/i.test(words) ? '' : null),
  question: () => null,
  builtIn() {
    const commands: readonly ChatCommand[] = Object.values(registry);
    const lines = commands.map(({ id, description }) => `- \`/${id}\`: ${description}.`);
    const markdown = `${lines.join('\n')}

Plain words work too: *analyze latest*, *analyze all*, *list captures*.

With an Anthropic API key (*Netsec: Set Anthropic API Key*) Claude answers any question about your captures, with the results of this analysis. Before the first request you are asked, and told what is sent. Without a key nothing leaves this machine.`;
    return Promise.resolve({
      markdown,
      capture: null,
      followUps: [
        { command: 'list', prompt: '', label: 'List captures' },
        { command: 'analyze', prompt: 'latest', label: 'Analyze the latest' },
      ],
    });
  },
};
