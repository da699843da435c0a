/** Names of hosts that may be somebody's guesses: a word of a list below a domain that one can register. */
import { registeredDomain } from './dnsDomains.ts';
import { looksRandom } from './randomNames.ts';
import { remembered } from './remembered.ts';

/** Words of lists; what programs compute is longer. */
const MOST_LABEL = 20;

/** `mail.example.com`, where `example.com` is what one can register: block lists and search suffixes put more in front, resolvers of viruses' names stranger things. */
const guessable = remembered((name) => {
  const dot = name.indexOf('.'),
    parent = name.slice(dot + 1);
  return dot > 0 && dot <= MOST_LABEL && !parent.endsWith('.arpa') && registeredDomain(parent) === parent && !looksRandom(name.slice(0, dot));
});
export const isGuessable = (name: string): boolean => guessable(name.toLowerCase());

/** How many hosts of one domain are among them; of one that is flooded with invented names none. */
export function mostOfOneDomain(names: ReadonlySet<string>, isFlooded: (domain: string) => boolean): number {
  const perDomain = new Map<string, number>();
  for (const name of names) {
    const parent = name.slice(name.indexOf('.') + 1);
    perDomain.set(parent, (perDomain.get(parent) ?? 0) + 1);
  }
  return Math.max(0, ...[...perDomain].filter(([domain]) => !isFlooded(domain)).map(([, count]) => count));
}
