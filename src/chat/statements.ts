/** A text cut into statements, each with what it is about by its place: the heading above it, the item it belongs to, the columns of its table. */

import type { Language } from './otherLanguages.ts';

/** Kept from one piece of a text to the next, where it comes in pieces. */
export interface Surroundings {
  /** Of what was said before, by how far it is indented; the sentence before is the last. */
  readonly leads: { indent: number; about: readonly string[] }[];
  /** Cells of the head of the table that is open. */
  head: readonly string[] | null;
  /** The last row, as long as it may turn out to be a head. */
  row: readonly string[] | null;
  /** Of the last piece that told one. */
  language: Language;
}

export function surroundings(): Surroundings {
  return { leads: [], head: null, row: null, language: 'english' };
}

export interface Statement {
  readonly text: string;
  readonly kind: 'row' | 'item' | 'heading' | 'sentence';
  /** Subjects of what stands above and before it. */
  readonly lead: readonly string[];
  /** The column's title of a place in a row. */
  titleAt(at: number): string;
  /** Says what it was about, for those that follow. */
  about(subjects: readonly string[]): void;
}

/** All of the text, in order: joined, the statements are the text. */
export function* statementsOf(text: string, around: Surroundings): Generator<Statement> {
  for (const line of text.split(/(?<=\n)/)) {
    const isRow = line.length <= LONGEST_ROW && (/^\s*\|.*\|\s*$/.test(line) || (around.head !== null && line.includes('|')));
    if (isRow) {
      yield row(line, around);
      continue;
    }
    around.head = around.row = null;
    if (line.trim() === '') {
      // A new paragraph begins anew; what stands under a heading stays under it.
      around.leads.splice(0, around.leads.length, ...around.leads.filter(({ indent }) => indent < 0));
      yield plain(line, 'sentence', [], () => undefined);
      continue;
    }
    const heading = /^\s{0,3}#{1,6}\s|^\s*(?:\*\*|__)[^*_]+(?:\*\*|__):?\s*$/.test(line),
      item = /^(\s*)(?:[-*+•]|\d{1,2}[.)])\s/.exec(line),
      indent = heading ? -1 : item === null ? 0 : item[1]!.length + 1;
    const leads = around.leads.filter((each) => each.indent < indent || (indent === 0 && each.indent === 0));
    around.leads.splice(0, around.leads.length, ...leads);
    for (const sentence of sentencesOf(line)) {
      const lead = around.leads.at(-1)?.about ?? [];
      yield plain(sentence, heading ? 'heading' : item === null ? 'sentence' : 'item', lead, (about) => {
        if (about.length === 0) return;
        around.leads.splice(0, around.leads.length, ...around.leads.filter((each) => each.indent < indent), { indent, about });
      });
    }
  }
}

function plain(text: string, kind: Statement['kind'], lead: readonly string[], about: Statement['about']): Statement {
  return { text, kind, lead, titleAt: () => '', about };
}

function row(line: string, around: Surroundings): Statement {
  const cells = line.split('|');
  if (/^[\s|:-]+$/.test(line) && line.includes('-')) {
    around.head = around.row;
    return plain(line, 'row', [], () => undefined);
  }
  const { head } = around;
  around.row = cells;
  const lead = around.leads.at(-1)?.about ?? [];
  return {
    text: line,
    kind: 'row',
    lead,
    titleAt(at) {
      if (head === null) return '';
      let column = 0,
        end = cells[0]!.length;
      while (column + 1 < cells.length && at > end) end += cells[++column]!.length + 1;
      return head[column]?.trim() ?? '';
    },
    about: () => undefined,
  };
}

/** Kept whole, so that together they are the text. "e.g. 10.0.0.5" and "10.0.0.5. 7" are told by what follows. */
function sentencesOf(line: string): string[] {
  return line.split(/(?<=[.!?;][)"'*_`]{0,3}\s)(?<!\b(?:e\.g|i\.e|approx|ca|vs|no|nos|nr|incl|resp|etc)\.\s)(?=\S)/i).flatMap(inParts);
}

/** Each claim is held against its statement: what goes on for ever is no sentence, and would take for ever. */
const LONGEST = 800;
const LONGEST_ROW = 4000;

function inParts(sentence: string): string[] {
  return sentence.length <= LONGEST ? [sentence] : (sentence.match(/[\s\S]{1,800}(?:\s|$)|[\s\S]{1,800}/g) ?? [sentence]);
}
