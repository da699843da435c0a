const ENDING = /(?:\.(?:pcap|pcapng|cap|snoop))?(?:\.(?:gz|zst))?$/i;

/**
 * The one of these captures that a question names, as it is called or without its ending: "what happened in break-in?". Null for none, or several. A name that is
 * a word, such as dns.pcap, has to be said with its ending: "which DNS names failed" names no capture.
 */
export function namedCapture(question: string, names: readonly string[]): string | null {
  const words = question.toLowerCase(),
    found = names.filter((name) => {
      const whole = name.toLowerCase(),
        stem = whole.replace(ENDING, '');
      return isSaid(whole, words) || (/[\d_-]/.test(stem) && isSaid(stem, words));
    });
  return found.length === 1 ? found[0]! : null;
}

function isSaid(name: string, words: string): boolean {
  for (let at = words.indexOf(name); name !== '' && at >= 0; at = words.indexOf(name, at + 1))
    if (
      !/[\p{L}\d_./\\-]$/u.test(words.slice(Math.max(0, at - 2), at)) &&
      !/^(?:[\p{L}\d_-]|\.[\p{L}\d])/u.test(words.slice(at + name.length, at + name.length + 2))
    )
      return true;
  return false;
}
