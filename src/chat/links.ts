/**
 * Frames, flows, addresses, findings and captures in an answer become links that open the editor there. What comes in is safe Markdown, in which no
 * link is left; each link made here runs our one command with arguments of closed forms, so neither a model nor a packet can choose where it leads.
 */
import { isIP } from 'node:net';
import { MARK } from './verify.ts';

/** The one command that an answer may run. */
export const EVIDENCE_COMMAND = 'netsec.openEvidence';

/** What a link opens: a capture, and perhaps one place in it. */
export interface EvidencePlace {
  /** URI of the capture. */
  readonly capture: string;
  readonly frame?: number;
  readonly finding?: string;
  readonly host?: string;
  readonly flow?: string;
  /** A display filter. */
  readonly filter?: string;
}

export interface LinkTargets {
  /** Where a capture of this name lies; undefined for one that this answer has nothing to do with. */
  locationOf(name: string): string | undefined;
  /** Captures that may be named. */
  names(): readonly string[];
  /** Those that the answer is about. */
  opened(): readonly string[];
  /** The capture that is meant where that does not say it. */
  readonly current: string | null;
}

export interface LinkedStream {
  write(markdown: string): void;
  /** Shows what was held back. */
  end(): void;
}

const LIST = String.raw`\d{1,10}(?:(?:,\s?|\s?(?:and|or|to|–|-)\s|[–-])\d{1,10}){0,100}(?![\d.,]?\d|\s?%)`;
const FRAMES = new RegExp(String.raw`\[(?:frames?|packet)\s(${LIST})\]|\b(?:frames?|packet)\s(${LIST})`, 'gi');
const FINDING_ID = String.raw`[a-z][a-z0-9]{0,30}(?:-[a-z0-9]{1,30}){0,6}-[0-9a-f]{8}`;
const FINDING = new RegExp(String.raw`\[finding\s(${FINDING_ID})\]|(?<![\w-])(${FINDING_ID})(?![\w-])`, 'g');
const FLOW_ID = String.raw`(?:tcp|udp|sctp|ip|ipv6|eth|wlan):\d{1,9}`;
const FLOW = new RegExp(String.raw`\[(?:(?:flow|conversation|stream)\s)?(${FLOW_ID})\]|\b(?:flow|conversation|stream)\s(${FLOW_ID})(?![\w:])`, 'gi');
const ADDRESS =
  /(?<![\w.:/-])(?:\d{1,3}(?:\.\d{1,3}){3}(?![\w/]|\.\d)|[0-9a-f]{2}(?::[0-9a-f]{2}){5}(?![\w:])|[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7}(?![\w:.]))/gi;
const CODE = /(?<!`)(`{1,20})(?!`)([^\n]+?)(?<!`)\1(?!`)/g;
/** Where something may begin that has to be seen whole. */
const MAY_BEGIN = /[`[~\d:.]|\b(?:frame|packet|flow|conversation|stream|finding)/i;

/** All of `markdown`; for a stream, see `linkedStream`. */
export function linked(markdown: string, targets: LinkTargets): string {
  let text = '';
  const stream = linkedStream((piece) => (text += piece), targets);
  stream.write(markdown);
  stream.end();
  return text;
}

/** The text without the links that were made here, which hold paths of this machine: what is kept of an answer for the next question. */
export function unlinked(markdown: string): string {
  return markdown.replace(/\[([^\]\n]{1,400})\]\(command:[^)\s]{1,8000}(?:\s"[^"\n]{0,100}")?\)/g, '$1');
}

/** Shows words as they come, and the rest of a line, from the first that may become a part of a link, when the line is whole. */
export function linkedStream(show: (markdown: string) => void, targets: LinkTargets): LinkedStream {
  const line = lineLinker(targets);
  let held = '',
    inFence = false,
    /** Whether the beginning of the line was shown already. */
    begun = false;
  const flush = (upTo: number, whole: boolean): void => {
    const text = held.slice(0, upTo);
    held = held.slice(upTo);
    const isFence = !begun && /^\s{0,3}(?:```|~~~)/.test(text);
    if (isFence) inFence = !inFence;
    begun = !whole;
    if (text !== '') show(isFence || inFence ? text : line(text));
  };
  return {
    write(markdown) {
      held += markdown;
      for (let end = held.indexOf('\n'); end >= 0; end = held.indexOf('\n')) flush(end + 1, true);
      const first = held.search(MAY_BEGIN),
        upTo = first === 0 ? 0 : held.lastIndexOf(' ', first < 0 ? held.length : first - 1) + 1;
      if (upTo > 0) flush(upTo, false);
    },
    end: () => flush(held.length, true),
  };
}

interface Stretch {
  /** In the line, half-open. */
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

function lineLinker(targets: LinkTargets): (line: string) => string {
  /** The capture that was named last: "In a.pcap ... frame 3" means frame 3 of a.pcap. */
  let named: string | null = null;

  function link(label: string, place: Omit<EvidencePlace, 'capture'>, capture: string | null, title: string): string {
    const location = capture === null ? undefined : targets.locationOf(capture);
    if (location === undefined) return label;
    const argument = encodeURIComponent(JSON.stringify([{ capture: location, ...place } satisfies EvidencePlace])).replace(
      /[!'()*]/g,
      (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
    );
    return `[${label}](command:${EVIDENCE_COMMAND}?${argument} "${title}")`;
  }

  return (line) => {
    const stretches: Stretch[] = [],
      taken = new Uint8Array(line.length),
      names = namesIn(line, targets.names()),
      opened = targets.opened();
    /** `frame 3 of b.pcap`; else the capture named before; else what the answer is about. */
    const meantAt = (from: number, to: number): string | null => {
      if (opened.length === 1) return opened[0]!;
      const after = names.find((each) => each.from > to && /^\s(?:of|in|from)\s[`*"]?$/.test(line.slice(to, each.from)));
      const before = names.findLast((each) => each.to <= from && opened.includes(each.text));
      const current = targets.current !== null && (opened.length === 0 || opened.includes(targets.current)) ? targets.current : null;
      return after?.text ?? before?.text ?? named ?? current ?? opened[0] ?? null;
    };
    const add = (from: number, to: number, text: string): void => {
      if (taken.subarray(from, to).some((each) => each === 1)) return;
      taken.fill(1, from, to);
      // What could not be checked leads nowhere.
      if (!line.startsWith(MARK, to)) stretches.push({ from, to, text });
    };
    const each = (pattern: RegExp, use: (match: RegExpExecArray, capture: string | null) => string): void => {
      for (const match of line.matchAll(pattern)) {
        const to = match.index + match[0].length,
          capture = meantAt(match.index, to),
          isKnown = capture !== null && targets.locationOf(capture) !== undefined;
        add(match.index, to, isKnown || pattern === CODE ? use(match, capture) : match[0]);
      }
    };
    const toHost = (label: string, host: string, capture: string | null): string => link(label, { host }, capture, 'Show this address');
    const toFinding = (label: string, finding: string, capture: string | null): string => link(label, { finding }, capture, 'Show this finding');
    const toFlow = (label: string, flow: string, capture: string | null): string =>
      link(label, { flow: flow.toLowerCase() }, capture, 'Show this conversation');
    each(CODE, ([all, , inner = ''], capture) => {
      const word = inner.trim();
      if (/[[\]]/.test(word)) return all;
      if (targets.locationOf(word) !== undefined) return link(all, {}, word, 'Open this capture');
      if (isAddress(word)) return toHost(all, word, capture);
      if (IS_FINDING.test(word)) return toFinding(all, word, capture);
      return IS_FLOW.test(word) ? toFlow(all, word, capture) : all;
    });
    /** What a model put in brackets stands in the middle of its sentence. */
    const aside = (bracketed: string | undefined, text: string): string => (bracketed === undefined ? text : `(${text})`);
    each(FRAMES, ([all, bracketed, bare], capture) =>
      aside(
        bracketed,
        frameLinks(all, bracketed ?? bare ?? '', (label, frame) => link(label, { frame }, capture, 'Show this packet')),
      ),
    );
    each(FINDING, ([all, bracketed, bare], capture) =>
      aside(bracketed, toFinding(bracketed === undefined ? all : 'open finding', bracketed ?? bare ?? '', capture)),
    );
    each(FLOW, ([all, bracketed, bare], capture) => aside(bracketed, toFlow(all.replace(/[[\]]/g, ''), bracketed ?? bare ?? '', capture)));
    each(ADDRESS, ([all], capture) => (isAddress(all) ? toHost(all, all, capture) : all));
    for (const { from, to, text } of names) if (!/[[\]*_`\\<>]/.test(text)) add(from, to, link(text, {}, text, 'Open this capture'));
    named = names.findLast(({ text }) => opened.includes(text))?.text ?? named;
    let at = 0,
      made = '';
    for (const { from, to, text } of stretches.sort((a, b) => a.from - b.from)) {
      made += line.slice(at, from) + text;
      at = to;
    }
    return made + line.slice(at);
  };
}

const IS_FINDING = new RegExp(`^${FINDING_ID}$`),
  IS_FLOW = new RegExp(`^${FLOW_ID}$`);

/** `[frames 1, 2 and 3]`: each number leads to its frame, the first with the word before it. */
function frameLinks(all: string, list: string, link: (label: string, frame: number) => string): string {
  const numbers = [...list.matchAll(/\d+/g)].map(([digits]) => Number(digits));
  if (numbers.some((frame) => frame < 1)) return all;
  const word = /[a-z]+/i.exec(all)?.[0] ?? 'frame',
    between = numbers.length === 2 && /\bto\b|[–-]/.test(list) ? '–' : ', ';
  return numbers.map((frame, i) => link(i === 0 ? `${word} ${frame}` : String(frame), frame)).join(between);
}

const MOST_NAMES = 500,
  LONGEST_FILTER = 4000;

/** Where captures are named, the longest name first where one holds another. */
function namesIn(line: string, names: readonly string[]): Stretch[] {
  const found: Stretch[] = [];
  for (const text of names.slice(0, MOST_NAMES).toSorted((a, b) => b.length - a.length)) {
    if (text.length < 3) continue;
    for (let from = line.indexOf(text); from >= 0; from = line.indexOf(text, from + text.length)) {
      const to = from + text.length,
        isInside = /[\w./-]/.test(line[from - 1] ?? '') || /[\w/-]/.test(line[to] ?? '');
      if (!isInside && !found.some((other) => from < other.to && to > other.from)) found.push({ from, to, text });
    }
  }
  return found.sort((a, b) => a.from - b.from);
}

function isAddress(text: string): boolean {
  return isIP(text) !== 0 || /^[0-9a-f]{2}(?::[0-9a-f]{2}){5}$/i.test(text);
}

/** The argument of the command, if it is one that a link of ours can have. */
export function evidencePlace(value: unknown): EvidencePlace | null {
  if (typeof value !== 'object' || value === null) return null;
  const { capture, frame, finding, host, flow, filter } = value as Readonly<Record<string, unknown>>;
  if (typeof capture !== 'string' || capture === '' || capture.length > 8000) return null;
  if (typeof frame === 'number') return Number.isSafeInteger(frame) && frame >= 1 ? { capture, frame } : null;
  if (typeof finding === 'string') return IS_FINDING.test(finding) ? { capture, finding } : null;
  if (typeof host === 'string') return isAddress(host) ? { capture, host } : null;
  if (typeof flow === 'string') return IS_FLOW.test(flow) ? { capture, flow } : null;
  if (typeof filter === 'string') return filter !== '' && filter.length <= LONGEST_FILTER ? { capture, filter } : null;
  return { capture };
}
