/**
 * Questions and their answers, whatever the protocol: which frame answers which, and how long that took. A dissector says that something asks or answers, and by
 * what the two are known as a pair; nothing is kept unless somebody wants `related` fields.
 */
import type { Field, FieldSink } from './dissector.ts';
import { NET_DST, NET_DST_PORT, NET_SRC, NET_SRC_PORT, NET_STRIDE, NET_VERSION, type Packet } from './packet.ts';
import { secondsBetween } from './timeSpan.ts';

/** Questions that are remembered, and answers for a second pass; the oldest are forgotten. */
const MOST_QUESTIONS = 100_000,
  MOST_ANSWERS = 500_000;

/** What a protocol calls the frames of a pair, and the time between them. */
export interface ExchangeFields {
  /** Of the question. Its answer comes later: it is told where an earlier pass met it. */
  readonly responseIn?: Field;
  readonly responseTo: Field;
  readonly time: Field;
}

export interface Question {
  readonly frame: number;
  readonly seconds: number;
  readonly nanoseconds: number;
  /** Frame of its answer, 0 before. */
  answeredIn: number;
  /** What a question that is sent again is known by, where its name does not say. */
  readonly content: string;
}

export class Exchanges {
  /** Where questions were answered, as a pass before this one met it; null in a first pass. */
  known: ReadonlyMap<string, number> | null = null;
  readonly answers = new Map<string, number>();
  /** Frame of the question met last. */
  lastAsked = 0;
  readonly #questions = new Map<string, Question>();

  /** The question asked last by that name between the two ends of the frame, whether or not it is answered. */
  find(p: Packet, name: string, isAnswer: boolean): Question | undefined {
    return this.#questions.get(keyOf(p, name, isAnswer));
  }

  /** The frame as a question, for who remembers it in a place of its own. */
  questionOf(p: Packet, content = ''): Question {
    return { frame: p.frame, seconds: p.hasTime ? p.timeSeconds : NaN, nanoseconds: p.timeNanoseconds, answeredIn: 0, content };
  }

  /** Remembers a question, instead of one before it of the same name, and says where it is answered if that is known. */
  ask(p: Packet, name: string, fields: ExchangeFields, offset: number, sink: FieldSink, content = ''): void {
    if (!sink.wantsRelated || p.quoted) return;
    const key = keyOf(p, name, false);
    this.#questions.delete(key);
    if (this.#questions.size >= MOST_QUESTIONS) forgetOldest(this.#questions);
    this.#questions.set(key, this.questionOf(p, content));
    if (fields.responseIn !== undefined) this.sayAnswer(name, p.frame, fields.responseIn, offset, sink);
  }

  /** Says which question this answers and how long that took. Of several answers the first counts, as far as it goes in its frame. */
  answer(p: Packet, name: string, fields: ExchangeFields, offset: number, sink: FieldSink): Question | undefined {
    if (!sink.wantsRelated || p.quoted) return undefined;
    const question = this.find(p, name, true);
    if (question === undefined || (question.answeredIn > 0 && question.answeredIn !== p.frame)) return question;
    question.answeredIn = p.frame;
    this.note(name, question.frame, p.frame);
    this.say(p, question, fields, offset, sink);
    return question;
  }

  /** As `answer`, of protocols in which each of several answers counts. One that only says to wait leaves the question open. */
  answerAgain(p: Packet, name: string, fields: ExchangeFields, offset: number, sink: FieldSink, isLast = true): void {
    if (!sink.wantsRelated || p.quoted) return;
    const question = this.find(p, name, true);
    if (question === undefined) return;
    if (isLast && question.answeredIn === 0) {
      question.answeredIn = p.frame;
      this.note(name, question.frame, p.frame);
    }
    this.say(p, question, fields, offset, sink);
  }

  /** Frame of the question, and the time since then in the unit of its field. */
  say(p: Packet, question: Question, { responseTo, time }: ExchangeFields, offset: number, sink: FieldSink): void {
    sink.add(responseTo, offset, 0, question.frame);
    const seconds = sinceQuestion(p, question);
    if (Number.isNaN(seconds)) return;
    const milliseconds = Math.round(seconds * 1e9) / 1e6;
    sink.add(time, offset, 0, time.unit !== 'ms' ? seconds : time.type === 'uint' ? Math.max(0, Math.trunc(milliseconds)) : milliseconds);
  }

  /** Keeps where a question is answered, for who passes again. */
  note(name: string, asked: number, answered: number): void {
    const key = `${name} ${asked}`;
    if (this.answers.has(key)) return;
    if (this.answers.size >= MOST_ANSWERS) forgetOldest(this.answers);
    this.answers.set(key, answered);
  }

  /** Says where a question is answered, if that is known. */
  sayAnswer(name: string, asked: number, field: Field, offset: number, sink: FieldSink): void {
    this.lastAsked = asked;
    const answered = this.known?.get(`${name} ${asked}`);
    if (answered !== undefined) sink.add(field, offset, 0, answered);
  }
}

/** Seconds from the question to this frame; NaN where one of them has no time. */
export function sinceQuestion(p: Packet, { seconds, nanoseconds }: Question): number {
  return p.hasTime ? secondsBetween(seconds, nanoseconds, p.timeSeconds, p.timeNanoseconds) : NaN;
}

/** The name and who asks whom. */
function keyOf({ net, netCount }: Packet, name: string, isAnswer: boolean): string {
  const at = (netCount - 1) * NET_STRIDE;
  if (at < 0) return name;
  const source = `${net[at + NET_SRC]!} ${net[at + NET_SRC_PORT]!}`,
    destination = `${net[at + NET_DST]!} ${net[at + NET_DST_PORT]!}`;
  return `${name} ${net[at + NET_VERSION]!} ${isAnswer ? destination : source} ${isAnswer ? source : destination}`;
}

function forgetOldest(map: Map<string, unknown>): void {
  for (const key of map.keys()) {
    map.delete(key);
    return;
  }
}
