/**
 * Text that speaks to a language model instead of to a program or a person: orders to forget its instructions, tags of its own protocol, verdicts it should give.
 * Each kind of mark has points; prose about such things has one of them, an attack has the order itself or several.
 */

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
const MOST_TEXT = 1024;

export interface Injection {
  readonly points: number;
  readonly says: readonly string[];
}

/** Null for text without marks. Names of hosts come with hyphens, dots and underscores for blanks, addresses with percent and plus signs. */
export function injectionIn(text: string): Injection | null {
  if (text.length < 16) return null;
  let plain = text.slice(0, MOST_TEXT);
  if (plain.includes('%')) plain = plain.replace(/%([\da-f]{2})/gi, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
  // Without what hides between letters.
  plain = plain.replaceAll(HIDDEN, '');
  if (!HINT.test(plain)) return null;
  const spoken = plain.includes(' ') ? plain.replace(/\\n/g, '\n') : plain.replace(/[-_.+]+/g, ' ');
  const met = MARKS.filter(({ pattern }) => pattern.test(spoken));
  return met.length === 0 ? null : { points: met.reduce((sum, { points }) => sum + points, 0), says: met.map(({ says }) => says) };
}
