/** `netsec ask`: a question in plain words. Claude answers with the tools, the privacy and the checks of @netsec; without a key the analysis alone does. */
import { choiceOption, NO_CACHE, textOption, textOptions, UsageError, type Command } from '../command.ts';

/** As `PRIVACY` and `EXPLAIN_FOR` of src/chat, which is loaded only when something is asked. */
const PRIVACY = ['full', 'pseudonyms', 'metadata'] as const,
  READERS = ['everyone', 'engineer', 'analyst'] as const;

export const ask: Command = {
  name: 'ask',
  summary: 'ask a question in plain words; Claude answers, or without a key the analysis alone',
  usage: '"QUESTION" [FILE | latest] [options]',
  options: {
    json: { type: 'boolean', description: 'as JSON: the answer, who gave it, and how much was sent' },
    yes: { type: 'boolean', description: 'agree that the question and results of the analysis are sent to Claude' },
    privacy: { type: 'string', value: 'MODE', description: `what is sent: ${PRIVACY.join(', ')} (pseudonyms)` },
    hide: { type: 'string', value: 'NETWORK', multiple: true, description: 'more networks that pseudonyms stand for, such as 203.0.113.0/24' },
    'explain-for': { type: 'string', value: 'READER', description: `${READERS.join(', ')} (everyone)` },
    model: { type: 'string', value: 'ID', description: 'a model of Claude (the newest Sonnet)' },
    'base-url': { type: 'string', value: 'URL', description: 'another address of the Messages API, https:// or this machine' },
    'no-correction': { type: 'boolean', description: 'do not send back once what no result bears out' },
    folder: { type: 'string', value: 'DIR', description: 'where captures are (captures/, else here)' },
    'no-cache': NO_CACHE,
  },
  examples: [
    'netsec ask "who talks most?"',
    'netsec ask "is this beaconing?" office.pcapng --yes',
    'netsec ask "analyze latest" --json',
    'netsec ask "write the report" office.pcapng',
  ],
  async run(args, terminal) {
    const [question = '', file = 'latest', ...more] = args.positionals;
    if (question.trim() === '') throw new UsageError('What do you want to know? Put the question in quotes: netsec ask "who talks most?"');
    if (more.length > 0) throw new UsageError('ask takes one question and one capture. Put the question in quotes.');
    const { askQuestion } = await import('../askQuestion.ts');
    const folder = textOption(args, 'folder'),
      baseUrl = textOption(args, 'base-url');
    return askQuestion(
      {
        question,
        file,
        json: args.values['json'] === true,
        agreed: args.values['yes'] === true,
        privacy: choiceOption(args, 'privacy', PRIVACY) ?? 'pseudonyms',
        hide: textOptions(args, 'hide'),
        reader: choiceOption(args, 'explain-for', READERS) ?? 'everyone',
        model: textOption(args, 'model') ?? '',
        corrects: args.values['no-correction'] !== true,
        cache: args.values['no-cache'] !== true,
        ...(folder === undefined ? {} : { folder }),
        ...(baseUrl === undefined ? {} : { baseUrl }),
      },
      terminal,
    );
  },
};
