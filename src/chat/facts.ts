/**
 * What the tool results of a conversation say, as facts that claims can be held against: numbers with their unit and the record they stand in,
 * addresses and names, and who did what to whom.
 */
import { claimsIn, type Unit } from './claims.ts';

export interface NumberFact {
  readonly value: number;
  readonly unit: Unit;
  /** What its record is about: addresses, names, ids, protocols, in lower case. Empty: about the capture as a whole. */
  readonly about: ReadonlySet<string>;
  /** Whose traffic it counts, where it has a direction. */
  readonly direction?: readonly [from: string, to: string];
}

export interface Facts {
  readonly numbers: readonly NumberFact[];
  /** Addresses, times, names, in the form of `claimsIn`. */
  readonly words: ReadonlySet<string>;
  readonly frames: ReadonlySet<number>;
  readonly ports: ReadonlySet<number>;
  /** `attacker victim`. */
  readonly acts: ReadonlySet<string>;
  /** `a b`: a began it. */
  readonly talks: ReadonlySet<string>;
  readonly roles: ReadonlyMap<string, ReadonlySet<string>>;
  /** Everything that is the subject of a record. */
  readonly subjects: ReadonlySet<string>;
}

const ABOUT_KEYS = /^(?:address|a|b|name|names|protocol|service|id|detector|path|file|peer|host|value|capture)$/;
const MOST_FACTS = 200_000;

/** What the question names may be named in the answer; its numbers prove nothing. */
export function factsOf(results: readonly unknown[], question = ''): Facts {
  const numbers: NumberFact[] = [],
    words = new Set<string>(),
    frames = new Set<number>(),
    ports = new Set<number>(),
    acts = new Set<string>(),
    talks = new Set<string>(),
    roles = new Map<string, Set<string>>(),
    subjects = new Set<string>();
  const number = (value: number, unit: Unit, about: ReadonlySet<string>, direction?: readonly [string, string]): void => {
    if (numbers.length < MOST_FACTS) numbers.push({ value, unit, about, ...(direction === undefined ? {} : { direction }) });
  };

  function text(value: string, about: ReadonlySet<string>): void {
    words.add(value.toLowerCase());
    for (const claim of claimsIn(value)) {
      if (claim.kind === 'number') number(claim.value, claim.unit, about);
      else if (claim.kind === 'frame') frames.add(claim.value);
      else if (claim.kind === 'port') ports.add(claim.value);
      else if ('word' in claim) words.add(claim.word);
    }
  }

  function walk(value: unknown, key: string, about: ReadonlySet<string>, depth: number): void {
    if (depth > 40) return;
    if (typeof value === 'number') scalar(value, key, about);
    else if (typeof value === 'string') text(value, about);
    else if (Array.isArray(value)) {
      number(value.length, 'count', about);
      for (const item of value) walk(item, key, about, depth + 1);
    } else if (typeof value === 'object' && value !== null) record(value as Readonly<Record<string, unknown>>, key, about, depth);
  }

  function scalar(value: number, key: string, about: ReadonlySet<string>, direction?: readonly [string, string]): void {
    if (/^frames?$|afterFrame/.test(key)) frames.add(value);
    else if (/port$/i.test(key)) ports.add(value);
    else number(value, unitOfKey(key), about, direction);
  }

  function record(value: Readonly<Record<string, unknown>>, key: string, outer: ReadonlySet<string>, depth: number): void {
    const about = new Set(key === 'capture' ? [] : outer);
    if (key !== 'capture' && key !== '')
      for (const [name, item] of Object.entries(value))
        if (ABOUT_KEYS.test(name))
          for (const each of Array.isArray(item) ? item : [item])
            if (typeof each === 'string' && each !== '') {
              const bare = bareAddress(each.toLowerCase());
              about.add(bare);
              subjects.add(bare);
            }
    const listed: unknown = value['subjects'];
    if (Array.isArray(listed)) {
      const found = roleList(listed, roles);
      for (const { address } of found) {
        about.add(address);
        subjects.add(address);
      }
      relate(found, acts, talks);
    }
    const a = typeof value['a'] === 'string' ? bareAddress(value['a'].toLowerCase()) : null,
      b = typeof value['b'] === 'string' ? bareAddress(value['b'].toLowerCase()) : null;
    if (a !== null && b !== null) talks.add(`${a} ${b}`);
    if (a !== null && b !== null && typeof value['bytesAToB'] === 'number' && typeof value['bytesBToA'] === 'number') {
      number(value['bytesAToB'] + value['bytesBToA'], 'bytes', about);
      number(Number(value['packetsAToB']) + Number(value['packetsBToA']), 'packets', about);
    }
    for (const [name, item] of Object.entries(value)) {
      const direction = a === null || b === null ? undefined : directionOf(name, a, b);
      if (typeof item === 'number' && direction !== undefined) scalar(item, name, about, direction);
      else if (typeof item === 'number' && name === 'value' && typeof value['unit'] === 'string') number(item, unitOfKey(value['unit']), about);
      else walk(item, name, about, depth + 1);
    }
    shares(value);
  }

  /** Percentages are not in the results: they are made from "breakdown". */
  function shares({ breakdown, capture }: Readonly<Record<string, unknown>>): void {
    if (!Array.isArray(breakdown) || typeof capture !== 'object' || capture === null) return;
    const { packets, originalBytes } = capture as { readonly packets?: number; readonly originalBytes?: number };
    for (const row of breakdown as { readonly name?: string; readonly packets?: number; readonly bytes?: number }[]) {
      const about = new Set([String(row.name).toLowerCase()]);
      if (packets !== undefined && packets > 0) number((Number(row.packets) / packets) * 100, 'percent', about);
      if (originalBytes !== undefined && originalBytes > 0) number((Number(row.bytes) / originalBytes) * 100, 'percent', about);
    }
  }

  for (const result of results) walk(result, '', new Set(), 0);
  for (const claim of claimsIn(question.slice(0, 20_000))) if ('word' in claim) words.add(claim.word);
  return { numbers, words, frames, ports, acts, talks, roles, subjects };
}

function directionOf(key: string, a: string, b: string): readonly [string, string] | undefined {
  if (key.endsWith('AToB')) return [a, b];
  return key.endsWith('BToA') ? [b, a] : undefined;
}

function unitOfKey(key: string): Unit {
  if (/bytes/i.test(key)) return 'bytes';
  if (/packets|framesTotal/i.test(key)) return 'packets';
  if (/seconds|^s$/i.test(key)) return 'seconds';
  if (/percent|confidence|score|points|^%$/i.test(key)) return 'percent';
  return 'count';
}

/** `10.0.0.5:80`, `[fe80::1]:80` without their port. */
export function bareAddress(text: string): string {
  return /^\[([0-9a-f:.]+)\](?::\d+)?$/.exec(text)?.[1] ?? /^(\d+(?:\.\d+){3}):\d+$/.exec(text)?.[1] ?? text;
}

interface RoleOf {
  readonly role: string;
  readonly address: string;
}

/** Subjects as records, or as list_findings writes them: `attacker 10.0.0.66 port 80`. */
function roleList(listed: readonly unknown[], roles: Map<string, Set<string>>): RoleOf[] {
  const found: RoleOf[] = [];
  for (const each of listed) {
    const [role, address] = typeof each === 'string' ? each.split(' ') : [(each as { role?: unknown }).role, (each as { address?: unknown }).address];
    if (typeof role !== 'string' || typeof address !== 'string') continue;
    const one = { role: role.toLowerCase(), address: address.toLowerCase() };
    found.push(one);
    if (!roles.has(one.address)) roles.set(one.address, new Set());
    roles.get(one.address)!.add(one.role);
  }
  return found;
}

function relate(list: readonly RoleOf[], acts: Set<string>, talks: Set<string>): void {
  const of = (role: string): string[] => list.filter((each) => each.role === role).map(({ address }) => address);
  for (const from of of('attacker')) for (const to of [...of('victim'), ...of('server')]) acts.add(`${from} ${to}`);
  for (const from of of('client')) for (const to of of('server')) talks.add(`${from} ${to}`);
}
