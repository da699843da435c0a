/** /help: what can be asked, with and without a key. */
import type { ChatCommand } from '../command.ts';
import { plainQuestions } from '../plainQuestions.ts';
import * as registry from './registry.ts';

export const help: ChatCommand = {
  id: 'help',
  description: 'What you can ask, and what leaves this machine',
  argumentIn: (words) => (/^(?:help|what can you do)[.!?]?$/i.test(words) ? '' : null),
  question: () => null,
  builtIn() {
    const commands: readonly ChatCommand[] = Object.values(registry);
    const lines = commands.map(({ id, description }) => `- \`/${id}\`: ${description}.`);
    const questions = plainQuestions.map(({ example }) => `*${example}*`).join(', ');
    const markdown = `${lines.join('\n')}

Plain words work too: *analyze latest*, *analyze all*, *list captures*, *explain frame 12*, *compare a.pcap and b.pcap*, *write the report*. So do questions, in your own words: ${questions}. Add *of a.pcap* to name a capture, or attach one with #; else it is the one you are looking at, or the newest.

With an Anthropic API key (*Netsec: Set Anthropic API Key*) Claude answers any question about your captures, with the results of this analysis; without one, the model chosen in Chat does. Before the first request you are asked, and told what is sent. Without a model nothing leaves this machine, and all of these answer all the same.`;
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
