/** Stands for `undefined`, which would look like no answer: most names are nothing to most judges. */
const NOTHING = Symbol('nothing');

/**
 * `judge`, which depends on nothing but the text, with its last answers kept: clients say the same user agents, headers and names in every message.
 * Texts longer than `longest` are judged each time; when `most` are kept, all are forgotten.
 */
export function remembered<T>(judge: (text: string) => T, most = 1024, longest = 256): (text: string) => T {
  const answers = new Map<string, T | typeof NOTHING>();
  return (text) => {
    const known = answers.get(text);
    if (known !== undefined) return known === NOTHING ? (undefined as T) : known;
    const answer = judge(text);
    if (text.length <= longest) {
      if (answers.size >= most) answers.clear();
      answers.set(text, answer === undefined ? NOTHING : answer);
    }
    return answer;
  };
}
