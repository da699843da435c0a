/** What is counted: words of people and keys of results as one of a few kinds, so that 60 ports are not taken for 60 hosts. */

const WORDS = {
  host: 'host device machine computer address endpoint peer system server client victim target attacker node participant partner ip source destination',
  port: 'port',
  conversation: 'conversation connection flow session stream dialogue dialog talk',
  finding: 'finding alert issue problem detection event incident threat',
  capture: 'capture recording trace file',
  message: 'message query question lookup request response answer reply record',
  name: 'name domain hostname value',
  attempt: 'attempt try login logon log-in sign-in guess password failure user account',
  protocol: 'protocol service application',
  check: 'check detector rule',
  step: 'step interval bin bucket slot',
  packet: 'packet frame datagram segment pkt',
  byte: 'byte octet',
  second: 'second',
} as const;

export type Noun = keyof typeof WORDS;

const OF_WORD = new Map<string, Noun>(
  Object.entries(WORDS).flatMap(([noun, words]) => words.split(' ').map((word) => [word, noun as Noun] as const)),
);

/** Null for a word that is none of these. */
export function nounOf(word: string): Noun | null {
  const lower = word.toLowerCase();
  return (
    OF_WORD.get(lower) ??
    OF_WORD.get(lower.replace(/s$/, '')) ??
    OF_WORD.get(lower.replace(/(?<=ss|sh|ch|x)es$/, '')) ??
    OF_WORD.get(lower.replace(/ies$/, 'y')) ??
    null
  );
}

/** Of a key of a result: `conversations.tcp`, `peersTotal`, `failed before`. */
export function nounsOfKey(key: string): Noun[] {
  return key
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .split(/[^A-Za-z-]+/)
    .flatMap((word) => nounOf(word) ?? []);
}
