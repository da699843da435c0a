/**
 * What a server answers to the passwords that somebody tries in a form. Pages say in words of their own whether one fits, and nobody knows these words; but where all
 * answers are alike and one is not, that one is what an analyst looks at first. It may be the password that fits, a lock-out, or the first page of a session.
 */
import type { HttpResponseMessage } from '../../pcap/http/messages.ts';
import type { Packet } from '../../pcap/packet.ts';
import { plural } from '../describe.ts';
import { safeText } from '../exports/safeText.ts';
import { Watched, type Ends } from './watched.ts';

const MOST_FORMS = 10_000,
  MOST_WAITING = 10_000,
  /** Answers that are told apart: where there are more, none is odd. */
  MOST_KINDS = 4,
  LEAST_ERROR = 400;

/** The one answer that is not like the others. */
export interface OddAnswer {
  readonly frame: number;
  readonly text: string;
  /** How many there are of the others, and what they are. */
  readonly others: number;
  readonly usual: string;
}

interface Kind {
  count: number;
  readonly frame: number;
  readonly status: number;
  readonly text: string;
}

/** Answers of one form, by status and address they lead to, and by their length as well. */
interface Form {
  readonly byStatus: Map<string, Kind>;
  readonly byLength: Map<string, Kind>;
}

export class FormAnswers {
  readonly #forms = new Map<string, Watched<string, Form>>();
  /** Whose answer is awaited, by flow and frame of the request; null where one frame has several. */
  readonly #waiting = new Map<string, string | null>();

  /** A password was sent that had not been sent before. */
  asked(ends: Ends, flow: number, frame: number): void {
    const key = `${flow} ${frame}`;
    if (this.#waiting.size >= MOST_WAITING) this.#waiting.delete(this.#waiting.keys().next().value!);
    this.#waiting.set(key, this.#waiting.has(key) ? null : keyOf(ends));
  }

  answered(message: HttpResponseMessage, flow: number, p: Packet): void {
    if (this.#waiting.size === 0) return;
    const request = `${flow} ${message.requestFrame}`,
      pair = this.#waiting.get(request);
    if (pair === undefined || message.status < 200) return;
    this.#waiting.delete(request);
    if (pair === null || message.uri === null) return;
    let forms = this.#forms.get(pair);
    if (forms === undefined && this.#forms.size < MOST_FORMS) this.#forms.set(pair, (forms = new Watched(MOST_KINDS)));
    const form = forms?.of(`${message.host ?? ''}${message.uri.split('?', 1)[0]!}`, () => ({ byStatus: new Map(), byLength: new Map() }));
    if (form === undefined) return;
    const { status, bodyLength } = message,
      location = status >= 300 && status < LEAST_ERROR ? (message.location ?? 'nowhere') : '',
      text = location === '' ? String(status) : `${status} to ${withoutValues(location)}`,
      key = `${status} ${location}`;
    note(form.byStatus, key, { count: 1, frame: p.frame, status, text });
    note(form.byLength, `${key} ${bodyLength}`, { count: 1, frame: p.frame, status, text: `${text} with ${plural(bodyLength, 'byte')}` });
  }

  /** The odd one among at least `least` that are alike; null where there is none. */
  odd(ends: Ends, least: number): OddAnswer | null {
    for (const { byStatus, byLength } of this.#forms.get(keyOf(ends))?.values ?? []) {
      const odd = oddOf(byStatus, least) ?? oddOf(byLength, least);
      if (odd !== null) return odd;
    }
    return null;
  }
}

const keyOf = ({ client, server, serverPort }: Ends): string => `${client} ${server} ${serverPort}`;

function note(kinds: Map<string, Kind>, key: string, kind: Kind): void {
  const known = kinds.get(key);
  if (known !== undefined) known.count++;
  else if (kinds.size < MOST_KINDS) kinds.set(key, kind);
}

/** The values of an address may be the key of the session. */
function withoutValues(location: string): string {
  return safeText(location.replace(/=[^&#]*/g, '=...'), 80);
}

/** Errors are odd, too, and say nothing of a password. */
function oddOf(kinds: ReadonlyMap<string, Kind>, least: number): OddAnswer | null {
  const [usual, odd, ...more] = [...kinds.values()].sort((a, b) => b.count - a.count);
  return usual === undefined || odd === undefined || more.length > 0 || odd.count > 1 || usual.count < least || odd.status >= LEAST_ERROR
    ? null
    : { frame: odd.frame, text: odd.text === usual.text ? `${odd.text} with another value` : odd.text, others: usual.count, usual: usual.text };
}
