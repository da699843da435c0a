/** How results are written: what a key counts or measures, times, ends of conversations, roles. */
import type { About, NumberFact, PortFact } from './facts.ts';
import type { Unit } from './numberClaims.ts';

type Row = Readonly<Record<string, unknown>>;

export function unitsOf(key: string): Unit[] {
  if (/percent|^%$/i.test(key)) return ['percent'];
  if (/bytes|^length$|snapLength/i.test(key)) return ['bytes'];
  if (/packets|framesTotal|^examined$/i.test(key)) return ['packets'];
  if (/PerSecond/i.test(key)) return ['count'];
  if (/seconds|^s$|\bduration\b/i.test(key)) return ['seconds'];
  if (/^m?s$|milliseconds/.test(key)) return ['seconds'];
  if (/^minutes?$/i.test(key)) return ['seconds'];
  if (/confidence|score|points/i.test(key)) return ['percent', 'count'];
  return key === 'total' ? ['count', 'packets'] : ['count'];
}

export function senseOf(key: string): NumberFact['sense'] {
  if (/Sent$/.test(key)) return 'sent';
  if (/Received$/.test(key)) return 'received';
  if (/confidence/.test(key)) return 'confidence';
  if (/score/i.test(key)) return 'score';
  return key === 'stepSeconds' ? 'step' : null;
}

export function timeOf(value: unknown): { date: string; seconds: number } | null {
  if (typeof value !== 'string') return null;
  const match = /^[+-]?(\d{4,6}-\d\d-\d\d)T(\d\d):(\d\d):(\d\d(?:\.\d{1,9})?)Z$/.exec(value);
  return match === null ? null : { date: match[1]!, seconds: Number(match[2]) * 3600 + Number(match[3]) * 60 + Number(match[4]) };
}

export function momentOf(epoch: number): { date: string; seconds: number } {
  const days = Math.floor(epoch / 86_400);
  return { date: new Date(days * 86_400_000).toISOString().slice(0, 10), seconds: epoch - days * 86_400 };
}

/** Exact enough for differences inside of a capture. */
export function epochOf({ date, seconds }: { readonly date: string; readonly seconds: number }): number {
  return Date.parse(`${date}T00:00:00Z`) / 1000 + seconds;
}

/** `10.0.0.5:80`, `[fe80::1]:80` without their port. */
export function bareAddress(text: string): string {
  return /^\[([0-9a-f:.]+)\](?::\d+)?$/.exec(text)?.[1] ?? /^(\d+(?:\.\d+){3}):\d+$/.exec(text)?.[1] ?? text;
}

export function portOf(end: unknown): number | null {
  const port = typeof end === 'string' ? (/^\[[0-9a-fA-F:.]+\]:(\d+)$/.exec(end)?.[1] ?? /^\d+(?:\.\d+){3}:(\d+)$/.exec(end)?.[1]) : undefined;
  return port === undefined ? null : Number(port);
}

/** The address right before a port in a sentence: `10.0.0.5 port 80`. */
export function ownerIn(text: string, at: number): string | null {
  return (
    /(?<![\w.:])(\d{1,3}(?:\.\d{1,3}){3}|[0-9a-f:]*:[0-9a-f:.]+)\]?(?:,? (?:on|at))?[ :]*$/i
      .exec(text.slice(Math.max(0, at - 60), at))?.[1]
      ?.toLowerCase() ?? null
  );
}

/** Both ends of a range. */
export function endsOf({ value, last }: { readonly value: number; readonly last?: number }): number[] {
  return last === undefined ? [value] : [value, last];
}

interface RoleOf {
  readonly role: string;
  readonly address: string;
}

/** Subjects as records, or as list_findings writes them: `attacker 10.0.0.66 port 80`. */
export function roleList(
  listed: readonly unknown[],
  role: (address: string, name: string) => void,
  port: (value: number, fact: PortFact) => void,
  about: About,
): RoleOf[] {
  const found: RoleOf[] = [];
  for (const each of listed) {
    const [name, address, , number] =
      typeof each === 'string' ? each.split(' ') : [(each as Row)['role'], (each as Row)['address'], '', (each as Row)['port']];
    if (typeof name !== 'string' || typeof address !== 'string') continue;
    const one = { role: name.toLowerCase(), address: address.toLowerCase() };
    found.push(one);
    role(one.address, one.role);
    if (number !== undefined && Number(number) > 0) port(Number(number), { value: Number(number), about, owner: one.address });
  }
  return found;
}

export function relateRoles(list: readonly RoleOf[], acts: Set<string>, talks: Set<string>): void {
  const of = (role: string): string[] => list.filter((each) => each.role === role).map(({ address }) => address);
  for (const from of of('attacker')) for (const to of [...of('victim'), ...of('server')]) acts.add(`${from} ${to}`);
  for (const from of of('client')) for (const to of of('server')) talks.add(`${from} ${to}`);
}
