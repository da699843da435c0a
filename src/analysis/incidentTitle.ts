/**
 * The title of an incident, as somebody would say it: "10.0.0.5 scanned 10.0.0.9 with Nmap, then guessed SSH passwords and got in; 10.0.0.9 then
 * sent 12.0 MB to 203.0.113.7". Each detector says in its `deed` how its findings are told.
 */
import { listText, plural } from './describe.ts';
import { parseIpv4 } from '../pcap/addressText.ts';

/** How the findings of one detector are told. The texts know `{whom}`, who suffered it or else served it, and `{what}`, which is `FindingDraft.what`. */
export interface Deed {
  /** A verb phrase in the past. A part in brackets falls away where it says nothing new: `guessed {what} passwords[ of {whom}]`. */
  readonly deed: string;
  /** Told instead of `deed`, as the end of what the same address did to the same hosts, where one of these detectors found that: `and got in`. */
  readonly ending?: { readonly of: readonly string[]; readonly text: string };
}

/** One finding on its way into the title. */
export interface Told extends Deed {
  readonly detector: string;
  readonly what?: string | undefined;
  readonly actors: readonly string[];
  /** Victims, or else servers. */
  readonly whom: readonly string[];
  /** Milliseconds. */
  readonly from: number;
  readonly to: number;
  /** Greater is graver. */
  readonly rank: number;
}

/** Deeds in one title: nobody reads on. */
const MOST_DEEDS = 4;
const MOST_WHATS = 4;
/** Longest word that comes from a finding; addresses and names of ours are far shorter. */
const MOST_LETTERS = 60;

interface Part {
  readonly detector: string;
  readonly deed: string;
  readonly actors: readonly string[];
  readonly whom: Set<string>;
  readonly what: Set<string>;
  readonly from: number;
  to: number;
  rank: number;
  /** By their text: what ends this part, and about what. */
  readonly endings: Map<string, Set<string>>;
}

/** `steps` in order of time. */
export function incidentTitle(steps: readonly Told[]): string {
  const parts = partsOf(steps);
  const told = [...parts].sort((a, b) => b.rank - a.rank || a.from - b.from).slice(0, MOST_DEEDS);
  let text = '',
    who: string | null = null,
    whom = '',
    until = 0;
  for (const part of parts.filter((one) => told.includes(one))) {
    const actor = listed(part.actors, 'address', 'addresses'),
      isSame = actor === who;
    const suffered = key(part.whom);
    const phrase = phraseOf(part, isSame && suffered === whom);
    if (who === null) text = `${actor === '' ? 'Somebody' : actor} ${phrase}`;
    else if (isSame)
      // What lasted from before until after it is no step before it.
      text += part.to < until ? ` and ${phrase}` : `, then ${phrase}`;
    else text += `; ${actor === '' ? 'somebody' : actor} then ${phrase}`;
    who = actor;
    until = Math.max(until, part.to);
    if (suffered !== '') whom = suffered;
  }
  return told.length < parts.length ? `${text}, among other things` : text;
}

/** What one address did in one way is told once, where it began; endings go to the nearest deed that they can end. */
function partsOf(steps: readonly Told[]): Part[] {
  const parts: Part[] = [],
    known = new Map<string, Part>();
  const ends: Told[] = [];
  for (const step of steps) {
    const { ending } = step;
    if (ending !== undefined && steps.some((other) => canEnd(ending.of, step, other))) ends.push(step);
    else add(step);
  }
  for (const step of ends) {
    const { of, text } = step.ending!;
    let nearest: Part | undefined,
      least = Infinity;
    for (const part of parts) {
      if (!canEnd(of, step, { ...part, whom: [...part.whom] })) continue;
      const distance = Math.max(0, part.from - step.from, step.from - part.to);
      if (distance < least) [nearest, least] = [part, distance];
    }
    if (nearest === undefined) continue;
    nearest.rank = Math.max(nearest.rank, step.rank);
    const whats = nearest.endings.get(text) ?? new Set<string>();
    if (step.what !== undefined) whats.add(step.what);
    nearest.endings.set(text, whats);
  }
  return parts;

  function add(step: Told): void {
    const id = [step.detector, step.deed, key(step.actors)].join('\n');
    let part = known.get(id);
    if (part === undefined) {
      part = { ...step, whom: new Set(), what: new Set(), endings: new Map() };
      known.set(id, part);
      parts.push(part);
    }
    part.to = Math.max(part.to, step.to);
    part.rank = Math.max(part.rank, step.rank);
    for (const one of step.whom) part.whom.add(one);
    if (step.what !== undefined) part.what.add(step.what);
  }
}

function canEnd(of: readonly string[], step: Told, other: Pick<Told, 'detector' | 'actors' | 'whom'>): boolean {
  return (
    of.includes(other.detector) &&
    key(step.actors) === key(other.actors) &&
    (step.whom.length === 0 || other.whom.length === 0 || step.whom.some((one) => other.whom.includes(one)))
  );
}

function phraseOf(part: Part, isSameWhom: boolean): string {
  const whom = isSameWhom && part.whom.size > 0 ? (part.whom.size === 1 ? 'it' : 'them') : listed([...part.whom], 'host'),
    what = spoken([...part.what]);
  let text = filled(part.deed, whom, isSameWhom, what, false);
  for (const [ending, whats] of part.endings) {
    const about = spoken([...whats]);
    text += ` ${filled(ending, whom, true, about, about === what)}`;
  }
  return text;
}

/** `isSaid...`: then a part in brackets adds nothing. What is not known leaves no gap. */
function filled(template: string, whom: string, isSaidWhom: boolean, what: string, isSaidWhat: boolean): string {
  return template
    .replace(/\[([^\]]*)\]/g, (_, inner: string) =>
      (inner.includes('{whom}') && (isSaidWhom || whom === '')) || (inner.includes('{what}') && (isSaidWhat || what === '')) ? '' : inner,
    )
    .replace(/\{(whom|what)\}/g, (_, name: string) => (name === 'what' ? what : whom === '' ? 'others' : whom))
    .replace(/ {2,}/g, ' ')
    .trim();
}

/** `10.0.0.9`, `10.0.0.8 and 10.0.0.9`, `12 hosts in 10.0.0.0/24`, `12 hosts`. */
function listed(all: readonly string[], one: string, many = `${one}s`): string {
  if (all.length <= 2) return all.map((text) => text.slice(0, MOST_LETTERS)).join(' and ');
  const networks = new Set(all.map((address) => (parseIpv4(address) === null ? null : address.slice(0, address.lastIndexOf('.'))))),
    [network] = networks;
  return `${plural(all.length, one, many)}${networks.size === 1 && typeof network === 'string' ? ` in ${network}.0/24` : ''}`;
}

/** `SSH`, `SSH and FTP`, `SSH, FTP and LDAP`. */
function spoken(all: readonly string[]): string {
  const texts = all.slice(0, MOST_WHATS).map((text) => text.slice(0, MOST_LETTERS));
  if (all.length > MOST_WHATS) texts.push('others');
  return listText(texts);
}

function key(addresses: Iterable<string>): string {
  return [...addresses].sort().join(' ');
}
