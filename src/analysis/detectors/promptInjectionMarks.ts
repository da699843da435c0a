/**
 * Text that speaks to a language model instead of to a program or a person: orders to forget its instructions, tags of its own protocol, verdicts it should give.
 * Each kind of mark has points; prose about such things has one of them, an attack has the order itself or several.
 */
import { BEYOND_ASCII, WordScan } from '../wordScan.ts';

interface Mark {
  /** In our words: the text itself is never shown, for a model may read the finding. */
  readonly says: string;
  readonly points: number;
  readonly pattern: RegExp;
}

const MARKS: readonly Mark[] = [
  {
    says: 'an order to ignore instructions',
    points: 80,
    pattern:
      /\b(?:ignore|disregard|forget|override|bypass)\b.{0,30}\b(?:previous|prior|above|earlier|preceding|all|any|your|system|other)\b.{0,30}\b(?:instructions?|prompts?|guidelines?|directions?|directives?)\b/i,
  },
  {
    says: 'tags of a model’s own protocol',
    points: 70,
    pattern:
      /<\|(?:im_start|im_end|system|user|assistant|endoftext|begin_of_text|start_header_id|eot_id)\|>|\[\/?INST\]|<<\/?SYS>>|<\/?(?:tool_result|tool_results|function_results|function_calls|tool_use|tool_call|antml:[a-z_]+|system[-_](?:prompt|message|reminder))>|\n\n(?:Human|Assistant):/i,
  },
  {
    says: 'a verdict that should be given',
    points: 45,
    pattern:
      /\b(?:report|say|state|conclude|respond|reply|answer|tell|output|classify|mark|label|treat|consider|declare)\b.{0,50}\b(?:no (?:threats?|attacks?|findings?|anomal\w+|malicious|suspicious|issues?|alerts?)|(?:is|are|as|was) (?:benign|safe|clean|harmless|normal|legitimate))\b/i,
  },
  {
    says: 'an address to a model or an analyst of that kind',
    points: 35,
    pattern:
      /\b(?:you are (?:now |an? )|dear |attention |note to |hey |hello |message (?:to|for) (?:the |any |an )?|instructions? (?:to|for) (?:the |any |an )?).{0,15}\b(?:ai|llms?|language models?|assistants?|copilot|claude|chatgpt|gpt|gemini|agents?)\b/i,
  },
  {
    says: 'a demand for secrets or its instructions',
    points: 45,
    pattern:
      /\b(?:reveal|print|show|send|repeat|leak|exfiltrate|upload)\b.{0,30}\b(?:system prompt|your (?:instructions|prompt)|api keys?|credentials|environment variables)\b/i,
  },
  {
    says: 'a demand to use a tool',
    points: 30,
    pattern: /\b(?:call|use|run|execute|invoke)\b.{0,15}\b(?:tools?|function|terminal|shell|command)\b.{0,60}(?:\bto\b|:|\bwith\b)/i,
  },
  {
    says: 'a new role',
    points: 40,
    pattern:
      /\byou are now\b|\bnew (?:system )?(?:instructions|prompt|role)\s*:|\bfrom now on,? you\b|\bdo anything now\b|\b(?:developer|god|debug) mode (?:enabled|on)\b/i,
  },
  {
    says: 'a heading as of the system',
    points: 35,
    pattern: /(?:^|[\n\]"])\s{0,4}(?:#{1,4} ?)?(?:system|assistant|developer)(?: (?:prompt|message|override|note))?\s?:/i,
  },
];

/** What nearly every text lacks. */
const HINT =
  /ignore|disregard|forget|overrid|bypass|instruction|prompt|<\||inst\]|<<|tool|function|assistant|human:|you are|\bai\b|llm|from now|do anything|report|classify|conclude|benign|threat/i;
/** Soft hyphens and blanks of no width, as characters and as the bytes of UTF-8. */
const HIDDEN = /[\u00ad\u200b-\u200f\u2060\ufeff]|\xe2\x80[\x8b-\x8f]|\xe2\x81\xa0/g;
const MOST_TEXT = 1024,
  SHORTEST = 16;

export interface Injection {
  readonly points: number;
  readonly says: readonly string[];
}

/**
 * Words that the marks cannot do without, as `WordScan` takes them; `mayHold` says which must come together. Words of three letters stand with the sign behind
 * them, and count as met where something beyond ASCII may be that sign.
 */
const WORDS = {
  ignore: ['igno', 'disr', 'forg', 'verr', 'bypa'],
  orders: ['stru', 'romp', 'guid', 'irec'],
  tags: [
    '<|im',
    '<|sy',
    '<|us',
    '<|as',
    '<|en',
    '<|be',
    '<|st',
    '<|eo',
    '[ins',
    '/ins',
    '<<sy',
    '<</s',
    '<too',
    '</to',
    '<fun',
    '</fu',
    'ntml',
    '<sys',
    '</sy',
  ],
  speakers: ['man:', 'ant:', 'tem:', 'per:', 'em :', 'nt :', 'er :'],
  no: ['no t', 'no a', 'no f', 'no m', 'no s', 'no i'],
  threats: ['hrea', 'ttac', 'ndin', 'noma', 'lici', 'spic', 'issu', 'aler'],
  is: ['s be', 's sa', 's cl', 's ha', 's no', 's le', 'e be', 'e sa', 'e cl', 'e ha', 'e no', 'e le'],
  benign: ['enig', 'safe', 'clea', 'harm', 'norm', 'egit'],
  address: ['ou a', 'dear', 'atte', 'te t', 'hey ', 'llo ', 'sage', 'stru', 'm no', 'nyth'],
  reveal: ['reve', 'prin', 'show', 'send', 'repe', 'leak', 'exfi', 'uplo'],
  secrets: ['stru', 'romp', 'i ke', 'eden', 'nvir'],
  use: ['call', 'use ', 'use<', 'use[', 'use|', 'use/', 'use:', 'run ', 'run<', 'run[', 'run|', 'run/', 'run:', 'xecu', 'nvok'],
  tools: ['tool', 'func', 'term', 'shel', 'comm'],
  new: ['new '],
  role: ['stru', 'romp', 'role'],
  ofMode: ['r mo', 'd mo', 'g mo'],
  mode: ['mode'],
  system: ['syst', 'ssis', 'deve'],
  heading: ['m pr', 'm me', 'm ov', 'm no', 't pr', 't me', 't ov', 't no', 'r pr', 'r me', 'r ov', 'r no'],
} as const;
/** In the order of the bits that `mayHoldInjection` takes. */
export const PROMPT_WORDS: readonly (readonly string[])[] = Object.values(WORDS);
export const promptWords = new WordScan(PROMPT_WORDS);
const W = Object.fromEntries(Object.keys(WORDS).map((group, bit) => [group, 1 << bit])) as Record<keyof typeof WORDS, number>;
/** What must come together for each mark, in their order. */
const TOGETHER: readonly number[] = [
  W.ignore | W.orders,
  W.tags,
  W.speakers,
  W.no | W.threats,
  W.is | W.benign,
  W.address,
  W.reveal | W.secrets,
  W.use | W.tools,
  W.new | W.role,
  W.ofMode | W.mode,
  W.system | W.heading,
];

/** Whether a text in which `promptWords` met these could have a mark: nearly none can, and they are not made texts of. */
export function mayHoldInjection(met: number): boolean {
  const all = (met & BEYOND_ASCII) === 0 ? met : met | W.use;
  for (const words of TOGETHER) if ((all & words) === words) return true;
  return false;
}

/** Null for text without marks. Names of hosts come with hyphens, dots and underscores for blanks, addresses with percent and plus signs. */
export function injectionIn(text: string): Injection | null {
  if (text.length < SHORTEST || !mayHoldInjection(promptWords.text(text))) return null;
  return judgeInjection(text);
}

/** As `injectionIn`, where the words were met already. */
export function judgeInjection(text: string): Injection | null {
  if (text.length < SHORTEST) return null;
  let plain = text.slice(0, MOST_TEXT);
  if (plain.includes('%')) plain = plain.replace(/%([\da-f]{2})/gi, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
  // Without what hides between letters.
  plain = plain.replaceAll(HIDDEN, '');
  if (!HINT.test(plain)) return null;
  const spoken = plain.includes(' ') ? plain.replace(/\\n/g, '\n') : plain.replace(/[-_.+]+/g, ' ');
  const met = MARKS.filter(({ pattern }) => pattern.test(spoken));
  return met.length === 0 ? null : { points: met.reduce((sum, { points }) => sum + points, 0), says: met.map(({ says }) => says) };
}
