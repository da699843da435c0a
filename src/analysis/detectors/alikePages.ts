/**
 * Pages that are guessed at a server which answers everything alike: with its one page (applications of a single page, pages that say 'not found' with 200), or by
 * leading everybody to its login. What is asked for tells then, not the answer: names that lists for guessing begin with, of several families. Who follows links meets none.
 */
import type { HttpResponseMessage } from '../../pcap/http/messages.ts';
import { headerValue } from '../../pcap/http/messages.ts';
import type { Packet } from '../../pcap/packet.ts';
import type { CaptureState } from '../captureState.ts';
import { countText, plural } from '../describe.ts';
import type { FindingDraft } from '../detector.ts';
import { safeText } from '../exports/safeText.ts';
import { familiesOf, guessesAmong, LEAST_LIST_WORDS, listWordsAmong } from './pathWords.ts';
import { sightingDraft } from './sightings.ts';
import { endsOf, Evidence, Watched, type Ends, type Sighting } from './watched.ts';

const MOST_CLIENTS = 5000,
  /** Different answers of one server to one client that are told apart at once. */
  MOST_ANSWERS = 64,
  MOST_TURNS = 8,
  MOST_PAGES = 2000,
  MOST_PAGES_OF_ALL = 20_000,
  MOST_PATH = 200,
  LEAST_FAMILIES = 3,
  NOT_MODIFIED = 304,
  NO_CONTENT = 204;

/** What was answered: `length` bytes, those beside the name of the page, a redirection to `place`, or one to the same page at it. */
type Kind = 'page' | 'beside' | 'led' | 'led along';

/** One answer, and the pages that got it. Most are got by one page: no more than that and its frame is kept then. */
class Alike {
  readonly #kind: Kind;
  readonly #status: number;
  readonly #length: number;
  readonly #place: string;
  readonly #first: string;
  readonly #seen: Sighting;
  readonly #flow: number;
  #pages: Set<string> | null = null;
  #evidence: Evidence | null = null;

  constructor(kind: Kind, status: number, length: number, place: string, first: string, p: Packet, flow: number) {
    this.#kind = kind;
    this.#status = status;
    this.#length = length;
    this.#place = place;
    this.#first = first;
    this.#seen = { frame: p.frame, hasTime: p.hasTime, timeSeconds: p.timeSeconds, timeNanoseconds: p.timeNanoseconds };
    this.#flow = flow;
  }

  get count(): number {
    return this.#pages?.size ?? 1;
  }

  get pages(): ReadonlySet<string> {
    return this.#pages ?? new Set([this.#first]);
  }

  get evidence(): Evidence {
    if (this.#evidence === null) {
      this.#evidence = new Evidence();
      this.#evidence.add(this.#seen, this.#flow);
    }
    return this.#evidence;
  }

  /** Whether this page is another one. */
  add(path: string, p: Packet, flow: number): boolean {
    if (this.#pages === null ? path === this.#first : this.#pages.has(path) || this.#pages.size >= MOST_PAGES) return false;
    (this.#pages ??= new Set([this.#first])).add(path);
    this.evidence.add(p, flow);
    return true;
  }

  get answer(): string {
    switch (this.#kind) {
      case 'page':
        return `${this.#status} with ${plural(this.#length, 'byte')}`;
      case 'beside':
        return `${this.#status} with ${plural(Math.max(0, this.#length), 'byte')} beside the name of the page`;
      case 'led':
        return `${this.#status} to ${safeText(this.#place, 80)}`;
      case 'led along':
        return `${this.#status} to the same at ${safeText(this.#place, 80)}`;
    }
  }
}

interface Asked {
  readonly ends: Ends;
  readonly answers: Map<number | string, Alike>;
  /** Keys of `answers`, and which of them is looked at next when room is needed. */
  turns: (number | string)[];
  next: number;
}

export class AlikePages {
  readonly #state: CaptureState;
  readonly #all = new Watched<string, Asked>(MOST_CLIENTS);
  #pages = 0;
  #isFull = false;
  /** Whom the last flow was of, null where there was no room: most are asked several times in a row. */
  #last: { readonly flow: number; readonly asked: Asked | undefined } = { flow: -1, asked: undefined };

  constructor(state: CaptureState) {
    this.#state = state;
  }

  add(message: HttpResponseMessage, flow: number, p: Packet): void {
    const { method, status, uri } = message;
    if (uri === null || status < 200 || status === NOT_MODIFIED || status === NO_CONTENT) return;
    // The answer to HEAD says how long it would be, or nothing.
    const length = method === 'GET' ? message.bodyLength : method === 'HEAD' ? Number(headerValue(message.headers, 'content-length') ?? NaN) : NaN;
    if (Number.isNaN(length)) return;
    const asked = this.#askedOf(flow);
    if (asked === undefined) return;
    const query = uri.indexOf('?'),
      path = (query < 0 ? uri : uri.slice(0, query)).slice(0, MOST_PATH),
      location = status >= 300 && status < 400 ? message.location : null;
    if (location !== null) {
      const end = location.search(/[?#]/),
        whither = end < 0 ? location : location.slice(0, end);
      this.#note(asked, `${status} ${whither}`, 'led', status, 0, whither, path, flow, p);
      // `https://example.org/a` for `/a`: all are led to where they wanted, at another server.
      if (path.length > 1 && whither.endsWith(path)) {
        const site = whither.slice(0, -path.length);
        this.#note(asked, `${status} ${site}/*`, 'led along', status, 0, site, path, flow, p);
      }
      return;
    }
    this.#note(asked, length * 1000 + status, 'page', status, length, '', path, flow, p);
    // Pages that say once what was not found; negative, so that both kinds have numbers of their own.
    this.#note(asked, -((length + MOST_PATH - path.length) * 1000 + status), 'beside', status, length - path.length, '', path, flow, p);
  }

  #askedOf(flow: number): Asked | undefined {
    if (this.#last.flow !== flow) {
      const ends = endsOf(this.#state, flow),
        asked = this.#all.of(ends.key, () => ({ ends, answers: new Map(), turns: [], next: 0 }));
      this.#last = { flow, asked };
    }
    return this.#last.asked;
  }

  #note(asked: Asked, key: number | string, kind: Kind, status: number, length: number, place: string, path: string, flow: number, p: Packet): void {
    if (this.#isFull) return;
    const { answers } = asked,
      alike = answers.get(key);
    if (alike === undefined) {
      if (answers.size < MOST_ANSWERS) asked.turns.push(key);
      else this.#forgetOne(asked, key);
      answers.set(key, new Alike(kind, status, length, place, path, p, flow));
    } else if (!alike.add(path, p, flow)) return;
    if (++this.#pages > MOST_PAGES_OF_ALL) this.#makeRoom();
  }

  /** Of those whose turn it is the one that the fewest pages got makes room; the others have another turn. A list, as a map is slow to tell its oldest once many are gone. */
  #forgetOne(asked: Asked, key: number | string): void {
    const { answers, turns, next } = asked;
    let least = next;
    for (let turn = 1; turn < MOST_TURNS; turn++) {
      const at = (next + turn) % MOST_ANSWERS;
      if (answers.get(turns[at]!)!.count < answers.get(turns[least]!)!.count) least = at;
    }
    this.#pages -= answers.get(turns[least]!)!.count;
    answers.delete(turns[least]!);
    turns[least] = key;
    asked.next = (next + MOST_TURNS) % MOST_ANSWERS;
  }

  /** Answers that few pages got, and none of lists, are forgotten. */
  #makeRoom(): void {
    for (const asked of this.#all.values) {
      const { answers } = asked;
      for (const [key, alike] of answers)
        if (alike.count === 1 || familiesOf(listWordsAmong(alike.pages)) < 2) {
          answers.delete(key);
          this.#pages -= alike.count;
        }
      asked.turns = [...answers.keys()];
      asked.next = 0;
    }
    this.#isFull = this.#pages > MOST_PAGES_OF_ALL / 2;
  }

  /** `isTold`: whether this client's guesses at this server are told already. */
  findings(threshold: number, isTold: (ends: Ends) => boolean): FindingDraft[] {
    const found: FindingDraft[] = [];
    for (const { ends, answers } of this.#all.values) {
      let most: Alike | null = null;
      for (const alike of answers.values()) if (alike.count > (most?.count ?? 0)) most = alike;
      if (most === null || most.count < threshold || isTold(ends)) continue;
      const words = listWordsAmong(most.pages);
      if (words.size < LEAST_LIST_WORDS || familiesOf(words) < LEAST_FAMILIES || !guessesAmong(most.pages, 0).arePages) continue;
      found.push(draft(this.#state, ends, most, words, threshold));
    }
    return found;
  }

  get limits(): string[] {
    return [
      ...this.#all.limits('clients of web servers'),
      ...(this.#isFull ? [`Of more than ${countText(MOST_PAGES_OF_ALL)} pages with answers alike, some were left out.`] : []),
    ];
  }
}

function draft(state: CaptureState, ends: Ends, { pages, evidence, answer }: Alike, words: ReadonlySet<string>, threshold: number): FindingDraft {
  const { client, server, serverPort } = ends,
    seconds = evidence.seconds ?? 0;
  return sightingDraft(
    state,
    {
      ...ends,
      mark: null,
      evidence,
      texts: new Set(
        [...pages]
          .filter((page) => listWordsAmong([page]).size > 0)
          .slice(0, 4)
          .map((page) => safeText(page, 120)),
      ),
      protocol: 'tcp',
      count: pages.size,
    },
    {
      technique: 'web-pages',
      what: 'pages by guessing their names',
      severity: 'medium',
      parts: [
        ['many different pages with one answer', 35],
        ['many times the threshold', Math.max(0, Math.min(20, 5 * Math.log2(pages.size / threshold)))],
        ['faster than people', seconds > 0 && pages.size / seconds >= 5 ? 12 : 0],
        ['paths that lists for guessing begin with, and no page links to', Math.min(20, words.size + 5)],
      ],
      roles: ['attacker', 'victim'],
      title: `${client} asks ${server} port ${serverPort} for pages by guessing their names: ${plural(pages.size, 'page')}`,
      description: `${plural(pages.size, 'different page')} (threshold ${threshold}) were asked for and got one and the same answer, ${answer}: what is there and what is not is not told by it. ${plural(words.size, 'name')} among them (threshold ${LEAST_LIST_WORDS}) are those that lists for guessing begin with, of several families: ${[...words].slice(0, 8).join(', ')}.`,
      indicators: [
        { name: 'pages', value: pages.size, threshold },
        { name: 'the answer to all of them', value: answer },
        { name: 'words of lists for guessing among them', value: words.size, threshold: LEAST_LIST_WORDS, unit: 'words' },
      ],
      alternatives: ['A vulnerability scan that was ordered.', 'A crawler that follows broken links, or a site that was moved.'],
      attack: ['T1595.003'],
      recommendation: `Find out who asks at ${client}, and whether ${server} has any of it: the answers do not tell.`,
    },
  );
}
