/**
 * What the tool results of a conversation say, as facts that claims can be held against: numbers with their unit and the record they stand in,
 * addresses and names, frames, ports and times of records, and who did what to whom. Text out of packets proves that it was said, and no count.
 */
import { claimsIn, type Unit } from './claims.ts';
import { bareAddress, endsOf, epochOf, momentOf, ownerIn, portOf, relateRoles, roleList, senseOf, timeOf, unitsOf } from './factKeys.ts';
import { nounsOfKey, type Noun } from './nouns.ts';
import { relationsIn, type Relation } from './relations.ts';

/** Addresses, names, ids, protocols that a record is about, in lower case. Empty: the capture as a whole. */
export type About = ReadonlySet<string>;

export interface NumberFact {
  readonly value: number;
  readonly unit: Unit;
  readonly about: About;
  /** What is counted, as far as it is said. */
  readonly nouns: readonly Noun[];
  /** Whose traffic it counts, where it has a direction. */
  readonly direction?: readonly [from: string, to: string];
  readonly sense: 'sent' | 'received' | 'total' | 'confidence' | 'score' | 'step' | 'offset' | null;
  /** Of the capture or the whole result, of a record, of one step, or only said in a packet. */
  readonly level: 'whole' | 'record' | 'part' | 'packet';
  /** The one address, name or protocol that a record of its own counts: not a conversation of it, nor a finding about it. */
  readonly own?: string;
  /** Of the result, or the words in a text. */
  readonly key: string;
}

/** How bad a record is said to be. */
export interface SeverityFact {
  readonly value: string;
  readonly about: About;
}

export interface TimeFact {
  readonly date: string;
  readonly seconds: number;
  readonly about: About;
  readonly end: 'start' | 'end' | null;
}

export interface PortFact {
  readonly value: number;
  readonly about: About;
  /** The address it belongs to, where that is known. */
  readonly owner: string | null;
  /** Of who began. */
  readonly isOriginator?: boolean;
}

export interface FrameFact {
  readonly value: number;
  readonly about: About;
  /** The record is this one packet. */
  readonly isPacket: boolean;
}

export interface Facts {
  readonly numbers: readonly NumberFact[];
  /** Addresses and names, in the form of `claimsIn`, and the records that hold them. */
  readonly words: ReadonlyMap<string, readonly About[]>;
  readonly times: readonly TimeFact[];
  readonly severities: readonly SeverityFact[];
  /** `low`, `critical`: of the risk of captures. */
  readonly risks: ReadonlySet<string>;
  /** What two addresses or a conversation by its id talk in: `a b`, `tcp:3`. */
  readonly services: ReadonlyMap<string, ReadonlySet<string>>;
  readonly frames: ReadonlyMap<number, readonly FrameFact[]>;
  readonly ports: ReadonlyMap<number, readonly PortFact[]>;
  /** `attacker victim`. */
  readonly acts: ReadonlySet<string>;
  /** `a b`: a began it. */
  readonly talks: ReadonlySet<string>;
  /** `a b`: something went from a to b. */
  readonly moves: ReadonlySet<string>;
  readonly roles: ReadonlyMap<string, ReadonlySet<string>>;
  /** Everything that is the subject of a record. */
  readonly subjects: ReadonlySet<string>;
  /** Those of more than one word. */
  readonly phrases: readonly string[];
  /** All that was said, for names that have no form of their own. */
  readonly said: ReadonlySet<string>;
}

const ABOUT_KEYS =
  /^(?:address|a|b|name|names|protocol|service|id|detector|path|file|peer|host|value|capture|source|destination|title|flow|finding|layer|severity|type|hosts)$/;
/** Texts that came out of packets as they are. */
const PACKET_TEXT = /^(?:info|fields|text|chunks|names?|value|interfaces)$/;
const MOST_FACTS = 200_000;
const MOST_PHRASES = 5000;

type Row = Readonly<Record<string, unknown>>;
const isRow = (value: unknown): value is Row => typeof value === 'object' && value !== null && !Array.isArray(value);
const NOTHING: About = new Set();

/** What the question names may be named in the answer; its numbers prove nothing. */
export function factsOf(results: readonly unknown[], question = ''): Facts {
  const numbers: NumberFact[] = [],
    words = new Map<string, About[]>(),
    times: TimeFact[] = [],
    severities: SeverityFact[] = [],
    risks = new Set<string>(),
    services = new Map<string, Set<string>>(),
    wholes: Row[] = [],
    parts: { readonly row: Row; readonly about: About; readonly own: string }[] = [],
    frames = new Map<number, FrameFact[]>(),
    ports = new Map<number, PortFact[]>(),
    acts = new Set<string>(),
    talks = new Set<string>(),
    moves = new Set<string>(),
    roles = new Map<string, Set<string>>(),
    subjects = new Set<string>(),
    said = new Set<string>();
  let left = MOST_FACTS,
    began: number | null = null;

  const put = <K, V>(map: Map<K, V[]>, key: K, value: V): void => {
    if (left-- <= 0) return;
    const known = map.get(key);
    if (known === undefined) map.set(key, [value]);
    else if (known.length < 2000) known.push(value);
  };
  const number = (fact: Partial<NumberFact> & Pick<NumberFact, 'value' | 'unit' | 'about'>): void => {
    if (left-- <= 0) return;
    numbers.push({ nouns: [], sense: null, key: '', level: fact.about.size === 0 ? 'whole' : 'record', ...fact });
  };
  const role = (address: string, name: string): void => {
    if (!roles.has(address)) roles.set(address, new Set());
    roles.get(address)!.add(name);
  };
  const relate = ({ kind, from, to }: Relation): void => {
    if (kind === 'act') {
      acts.add(`${from} ${to}`);
      role(from, 'attacker');
      role(to, 'victim');
    } else if (kind === 'begin') talks.add(`${from} ${to}`);
    else if (kind === 'move') moves.add(`${from} ${to}`);
  };

  function text(value: string, key: string, about: About, isPacketText: boolean): void {
    const lower = value.toLowerCase();
    if (said.size < MOST_FACTS) for (const word of lower.split(/[^\p{L}\p{N}_.$@\\:-]+/u)) said.add(word);
    put(words, lower, about);
    const time = timeOf(value);
    if (time !== null) {
      const end = /last|until|end/i.test(key) ? 'end' : /first|start|^time$/i.test(key) ? 'start' : null;
      if (left-- > 0) times.push({ ...time, about, end });
      if (key === 'startTime' && (about.size === 0 || began === null)) began = epochOf(time);
      else if (began !== null) number({ value: Math.abs(epochOf(time) - began), unit: 'seconds', about, sense: 'offset' });
      return;
    }
    const claims = claimsIn(value.slice(0, 20_000));
    for (const claim of claims) {
      if (claim.kind === 'number') {
        if (!isPacketText || /bytes?\b/.test(value.slice(claim.from, claim.to)))
          number({ value: claim.value, unit: claim.unit, about, key: value.slice(Math.max(0, claim.from - 30), claim.to + 40), nouns: claim.noun === null ? [] : [claim.noun], level: isPacketText ? 'packet' : about.size === 0 ? 'whole' : 'record' }); // prettier-ignore
        else number({ value: claim.value, unit: 'count', about, level: 'packet' });
      } else if (claim.kind === 'frame') {
        for (const each of endsOf(claim)) put(frames, each, { value: each, about, isPacket: false });
      } else if (claim.kind === 'port') {
        if (!isPacketText && !/^[ab]$/.test(key))
          for (const each of endsOf(claim)) put(ports, each, { value: each, about, owner: ownerIn(value, claim.from) });
      } else if (claim.kind === 'time') {
        if (claim.time.date !== null && claim.time.seconds !== null && left-- > 0)
          times.push({ date: claim.time.date, seconds: claim.time.seconds, about, end: null });
      } else if (claim.kind === 'address' || claim.kind === 'name') put(words, claim.word, about);
    }
    // "50000 → 443 [SYN]": what our own dissectors write, at the beginning of a line of the packet list.
    const pair = key === 'info' ? /^(\d{1,5}) → (\d{1,5})\b/.exec(value) : null;
    if (pair !== null) for (const port of pair.slice(1)) put(ports, Number(port), { value: Number(port), about, owner: null });
    const value0 = /^\s*[\w.]*(?:port|srcport|dstport): (\d{1,5})$/.exec(value);
    if (value0 !== null && key === 'fields') put(ports, Number(value0[1]), { value: Number(value0[1]), about, owner: null });
    if (!isPacketText) for (const relation of relationsIn(value, claims)) relate(relation);
  }

  function scalar(value: number, key: string, about: About, extra: Partial<NumberFact>): void {
    if (/^frames?$|^firstFrame$/.test(key)) put(frames, value, { value, about, isPacket: key === 'frame' });
    else if (/^[ab]Port$/.test(key)) return;
    else if (/port$/i.test(key)) put(ports, value, { value, about, owner: null });
    else if (key === 'afterFrame') {
      put(frames, value, { value, about, isPacket: false });
      number({ value, unit: 'packets', about });
    } else for (const unit of unitsOf(key)) number({ value, unit, about, key, nouns: nounsOfKey(key), sense: senseOf(key), ...extra });
  }

  function walk(value: unknown, key: string, about: About, depth: number, isPacketText = false): void {
    if (depth > 40) return;
    if (typeof value === 'number') scalar(value, key, about, {});
    else if (typeof value === 'string') text(value, key, about, isPacketText);
    else if (Array.isArray(value)) list(value, key, about, depth, isPacketText);
    else if (isRow(value)) record(value, key, about, depth, isPacketText);
  }

  /** `all`: how many there are, where more than those that are listed. */
  function list(items: readonly unknown[], key: string, about: About, depth: number, isPacketText: boolean, all = 0): void {
    const nouns = nounsOfKey(key);
    if (!isPacketText && nouns.length > 0 && all <= items.length) number({ value: items.length, unit: 'count', about, nouns, key });
    const groups = new Map<string, number>();
    for (const item of items) {
      if (typeof item === 'number' && !/frame|port/i.test(key)) scalar(item, key, about, { level: 'part' });
      else walk(item, key, about, depth + 1, isPacketText);
      if (isRow(item) && !isPacketText)
        for (const name of ['severity', 'service', 'protocol', 'connState', 'status', 'detector', 'layer', 'role'])
          if (typeof item[name] === 'string') groups.set(item[name].toLowerCase(), (groups.get(item[name].toLowerCase()) ?? 0) + 1);
    }
    // How many of the rows are "high", or "http".
    for (const [word, count] of groups) number({ value: count, unit: 'count', about: new Set([...about, word]), nouns, key: `${word} ${key}` });
  }

  function record(value: Row, key: string, outer: About, depth: number, isPacketText: boolean): void {
    // The overview of get_statistics is of the capture, too.
    const isWhole = key === 'capture' || ('headline' in value && 'totals' in value),
      about = new Set(isWhole ? NOTHING : outer);
    const isTop = depth === 0,
      isOne = typeof value['frame'] === 'number';
    if (!isWhole && !(isTop && isRow(value['capture'])))
      for (const [name, item] of Object.entries(value))
        if (ABOUT_KEYS.test(name) && !(name === 'name' && 'value' in value))
          for (const each of Array.isArray(item) ? item : [item])
            if (typeof each === 'string' && each !== '') {
              const bare = bareAddress(each.toLowerCase());
              about.add(bare);
              subjects.add(bare);
            }
    if (isOne) {
      about.add(`frame ${String(value['frame'])}`);
      subjects.add(`frame ${String(value['frame'])}`);
    }
    const listed: unknown = value['subjects'];
    if (Array.isArray(listed)) {
      const found = roleList(listed, role, (port, fact) => put(ports, port, fact), about);
      for (const { address } of found) {
        about.add(address);
        subjects.add(address);
      }
      relateRoles(found, acts, talks);
    }
    ends(value, about);
    const own = outer.size === 0 && !isWhole ? ownOf(value) : null;
    if (own !== null) parts.push({ row: value, about, own });
    if (isWhole && typeof value['packets'] === 'number') wholes.push(value);
    const { severity, level } = value;
    if (typeof severity === 'string') severities.push({ value: severity, about });
    if (key === 'risk' && typeof level === 'string') risks.add(level);
    for (const [name, item] of Object.entries(value)) {
      const isText = isPacketText || (PACKET_TEXT.test(name) && !(name === 'value' && typeof item === 'number'));
      if (typeof item === 'number' && name === 'value' && !isPacketText) {
        const word = (of: unknown): string => (typeof of === 'string' ? of : ''),
          nouns = nounsOfKey(`${word(value['unit'])} ${word(value['name'])}`);
        for (const unit of unitsOf(word(value['unit']) === '' ? word(value['name']) : word(value['unit'])))
          number({ value: item, unit, about, nouns, key: word(value['name']) });
      } else if (typeof item === 'number') scalar(item, name, about, { ...extraOf(value, name, depth), ...(own === null ? {} : { own }) });
      else if (Array.isArray(item)) list(item, name, about, depth + 1, isText, allOf(value, name));
      else walk(item, name, about, depth + 1, isText);
    }
    shares(value, about);
  }

  /** Who the two ends of a row are, and what went between them. */
  function ends(value: Row, about: ReadonlySet<string>): void {
    const end = (name: string): string | null => (typeof value[name] === 'string' ? bareAddress(value[name].toLowerCase()) : null);
    const a = end('a'),
      b = end('b'),
      source = end('source'),
      destination = end('destination'),
      address = end('address');
    if (source !== null && destination !== null) {
      moves.add(`${source} ${destination}`);
      role(source, 'source');
      role(destination, 'destination');
    }
    for (const name of ['a', 'b'] as const) {
      const address = end(name),
        port = typeof value[`${name}Port`] === 'number' ? (value[`${name}Port`] as number) : portOf(value[name]);
      if (address !== null && port !== null) put(ports, port, { value: port, about, owner: address, isOriginator: name === 'a' });
    }
    if (address !== null && typeof value['port'] === 'number') put(ports, value['port'], { value: value['port'], about, owner: address });
    if (a !== null && b !== null) {
      if (typeof value['service'] === 'string')
        for (const each of [`${a} ${b}`, `${b} ${a}`, String(value['id'])]) {
          if (!services.has(each)) services.set(each, new Set());
          services.get(each)!.add(value['service'].toLowerCase());
        }
      talks.add(`${a} ${b}`);
      role(a, 'client');
      role(b, 'server');
      const [there, back] = [Number(value['packetsAToB'] ?? value['bytesAToB']), Number(value['packetsBToA'] ?? value['bytesBToA'])];
      if (there > 0) moves.add(`${a} ${b}`);
      if (back > 0) moves.add(`${b} ${a}`);
      for (const unit of ['bytes', 'packets'] as const) {
        const [to, from] = [value[`${unit}AToB`], value[`${unit}BToA`]];
        if (typeof to === 'number' && typeof from === 'number') number({ value: to + from, unit, about, sense: 'total' });
        if (typeof value['durationSeconds'] === 'number' && value['durationSeconds'] > 0 && typeof to === 'number' && typeof from === 'number')
          number({ value: (to + from) / value['durationSeconds'], unit: `${unit}PerSecond`, about });
      }
      if (Array.isArray(value['chunks']))
        for (const chunk of value['chunks'] as readonly Row[]) moves.add(chunk['from'] === 'a' ? `${a} ${b}` : `${b} ${a}`);
    }
    // The peers of get_host say which side began.
    if (Array.isArray(value['peers']) && address !== null)
      for (const peer of value['peers'] as readonly Row[]) {
        const other = String(peer['address']).toLowerCase(),
          isClient = /contacted by/.test(String(peer['role']));
        talks.add(isClient ? `${address} ${other}` : `${other} ${address}`);
        moves.add(`${address} ${other}`).add(`${other} ${address}`);
      }
    if (Array.isArray(value['findings']) && address !== null)
      for (const each of value['findings'] as readonly Row[]) if (typeof each['role'] === 'string') role(address, each['role']);
    const seconds = Number(value['durationSeconds'] ?? NaN);
    if (seconds > 0 && typeof value['originalBytes'] === 'number') {
      number({ value: value['originalBytes'] / seconds, unit: 'bytesPerSecond', about });
      number({ value: Number(value['packets']) / seconds, unit: 'packetsPerSecond', about });
    }
    const start = timeOf(value['startTime']);
    if (start !== null && seconds > 0 && value['endTime'] === undefined && left-- > 0)
      times.push({ ...momentOf(epochOf(start) + seconds), about, end: 'end' });
    const [first, last] = [timeOf(value['firstSeen'] ?? value['time']), timeOf(value['lastSeen'] ?? value['until'])];
    if (first !== null && last !== null) number({ value: epochOf(last) - epochOf(first), unit: 'seconds', about });
  }

  /** How many of what is listed there are in all. */
  function allOf(value: Row, name: string): number {
    const { totals, total } = value;
    const listed = Object.entries(value).filter(([, item]) => Array.isArray(item) && item.length > 0);
    if (isRow(totals) && typeof totals[name] === 'number') return totals[name];
    if (typeof value[`${name}Total`] === 'number') return value[`${name}Total`] as number;
    return typeof total === 'number' && listed[0]?.[0] === name ? total : 0;
  }

  function extraOf(value: Row, name: string, depth: number): Partial<NumberFact> {
    const end = (key: string): string => bareAddress(String(value[key]).toLowerCase());
    if (typeof value['a'] === 'string' && typeof value['b'] === 'string') {
      if (name.endsWith('AToB')) return { direction: [end('a'), end('b')] };
      if (name.endsWith('BToA')) return { direction: [end('b'), end('a')] };
    }
    if (name === 'bytes' && (value['from'] === 'a' || value['from'] === 'b')) return {};
    // "total" counts what the list beside it holds.
    if (name === 'total' && depth <= 1) {
      const beside = Object.entries(value).find(([, item]) => Array.isArray(item) && item.length > 0)?.[0] ?? '';
      return { nouns: nounsOfKey(beside) };
    }
    return /^(?:packets|bytes)$/.test(name) && ('bytesSent' in value || 'packetsSent' in value) ? { sense: 'total' } : {};
  }

  /** Percentages are not in the results: they are made from "breakdown", or from the services of a host. */
  function shares(value: Row, about: About): void {
    const { breakdown, capture, services, packets } = value;
    const make = (rows: unknown, wholePackets: unknown, wholeBytes: unknown): void => {
      if (!Array.isArray(rows)) return;
      for (const row of rows as readonly Row[]) {
        const own = String(row['name']).toLowerCase(),
          of = new Set([...about, own]);
        if (Number(wholePackets) > 0) number({ value: (Number(row['packets']) / Number(wholePackets)) * 100, unit: 'percent', about: of, own });
        if (Number(wholeBytes) > 0 && row['bytes'] !== undefined)
          number({ value: (Number(row['bytes']) / Number(wholeBytes)) * 100, unit: 'percent', about: of, own });
      }
    };
    if (isRow(capture)) make(breakdown, capture['packets'], capture['originalBytes']);
    if (services !== undefined) make(services, packets, undefined);
    // How much of its traffic a host sent.
    const [sent, received] = [Number(value['bytesSent'] ?? NaN), Number(value['bytesReceived'] ?? NaN)];
    if (sent + received > 0)
      for (const [part, sense] of [[sent, 'sent'], [received, 'received']] as const) number({ value: (part / (sent + received)) * 100, unit: 'percent', about, sense }); // prettier-ignore
  }

  for (const result of results) walk(result, '', NOTHING, 0);
  // Which part of all each of them is.
  const [whole] = wholes;
  if (whole !== undefined && wholes.every((each) => each['packets'] === whole['packets']))
    for (const { row, about, own } of parts)
      for (const [name, all] of [
        ['packets', 'packets'],
        ['bytes', 'originalBytes'],
        ['packetsSent', 'packets'],
        ['packetsReceived', 'packets'],
        ['bytesSent', 'originalBytes'],
        ['bytesReceived', 'originalBytes'],
      ] as const) {
        // prettier-ignore
        const [part, of] = [row[name], Number(whole[all])];
        if (typeof part === 'number' && of > 0) number({ value: (part / of) * 100, unit: 'percent', about, own, key: name, sense: senseOf(name) });
      }
  for (const claim of claimsIn(question.slice(0, 20_000))) if (claim.kind === 'address' || claim.kind === 'name') put(words, claim.word, ANYTHING);
  const phrases = [...subjects].filter((each) => /\s/.test(each) && !each.startsWith('frame ')).slice(0, MOST_PHRASES);
  return { numbers, words, times, severities, risks, services, frames, ports, acts, talks, moves, roles, subjects, phrases, said };
}

/** The address, name or protocol that is all a record counts. */
function ownOf(value: Row): string | null {
  const { address, port, name, protocol, packets, frame } = value;
  if (typeof packets !== 'number' || frame !== undefined || 'a' in value) return null;
  if (typeof address === 'string') return port === undefined || port === null ? address.toLowerCase() : null;
  const own = name ?? protocol;
  return typeof own === 'string' ? own.toLowerCase() : null;
}

/** The user said it: it may stand anywhere. */
export const ANYTHING: About = new Set(['*']);
