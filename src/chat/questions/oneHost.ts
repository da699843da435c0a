/** Who is this address, and with whom did it talk? */
import { addressesIn } from '../commands/huntWords.ts';
import { explainedHost } from '../commands/explainHost.ts';
import type { PlainQuestion } from './question.ts';

export const oneHost: PlainQuestion = {
  order: 60,
  example: 'with whom did 10.0.0.5 talk?',
  meaning: 'what this address is and did',
  isAsked: (words) => addressesIn(words).length === 1,
  async answer({ words, selection, report }, opened, { signal }) {
    const [address = ''] = addressesIn(words);
    const { markdown } = await explainedHost(address, selection, report, opened, signal);
    return { markdown };
  },
};
