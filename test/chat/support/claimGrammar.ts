/** Sentences made by seed from real tool results, true ones and ones with one error each: what verification is measured with. */
import { bareAddress } from '../../../src/chat/factKeys.ts';

export type ErrorKind = 'count' | 'address' | 'roles' | 'unit';
type Row = Readonly<Record<string, unknown>>;
export interface Template {
  readonly error: (kind: ErrorKind, random: () => number) => string | null;
  readonly text: string;
}

/** Mulberry32: the same numbers for the same seed everywhere. */
export function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const words = (value: number): string => value.toLocaleString('en-US');
const otherCount = (value: number, random: () => number): number => value + 1 + Math.floor(random() * (value + 40));
const invented = (random: () => number): string => `203.0.113.${1 + Math.floor(random() * 250)}`;

function counted(before: string, value: number, unit: string, wrongUnit: string, after = '.', name?: string): Template {
  return {
    text: `${before}${words(value)} ${unit}${after}`,
    error: (kind, random) => {
      if (kind === 'count') return `${before}${words(otherCount(value, random))} ${unit}${after}`;
      if (kind === 'unit') return `${before}${words(value)} ${wrongUnit}${after}`;
      if (kind === 'address' && name !== undefined) return `${before.replace(name, invented(random))}${words(value)} ${unit}${after}`;
      return null;
    },
  };
}

function size(before: string, bytes: number, after = '.'): Template {
  const [scale, unit, wrong] = bytes >= 1e6 ? [1e6, 'MB', 'kB'] : [1e3, 'kB', 'MB'];
  const told = (value: number): string => (value / scale).toFixed(1);
  return {
    text: `${before}${told(bytes)} ${unit}${after}`,
    error: (kind, random) =>
      kind === 'unit'
        ? `${before}${told(bytes)} ${wrong}${after}`
        : kind === 'count'
          ? `${before}${told(otherCount(bytes, random) * 1.5 + 1000)} ${unit}${after}`
          : null,
  };
}

function act(from: string, verb: string, passive: string, to: string, after: string, isPassive: boolean): Template {
  const say = (a: string, b: string): string => (isPassive ? `${b} ${passive} by ${a}${after}` : `${a} ${verb} ${b}${after}`);
  return {
    text: say(from, to),
    error: (kind, random) =>
      kind === 'roles' ? say(to, from) : kind === 'address' ? say(random() < 0.5 ? invented(random) : from, invented(random)) : null,
  };
}

export function templates(report: Row): Template[] {
  const made: Template[] = [];
  const rows = (key: string): Row[] => (report[key] ?? []) as Row[];
  const capture = report['capture'] as { packets: number; originalBytes: number; durationSeconds: number | null };
  made.push(counted('The capture holds ', capture.packets, 'packets', 'bytes'), size('In all it carries ', capture.originalBytes));
  if (capture.durationSeconds !== null && capture.durationSeconds > 1)
    made.push({
      text: `It lasts ${capture.durationSeconds.toFixed(2)} s.`,
      error: (kind, random) =>
        kind === 'unit'
          ? `It lasts ${capture.durationSeconds!.toFixed(2)} minutes.`
          : kind === 'count'
            ? `It lasts ${(capture.durationSeconds! * (1.2 + random())).toFixed(2)} s.`
            : null,
    });
  for (const row of rows('breakdown')) {
    const share = (Number(row['packets']) / capture.packets) * 100;
    made.push(counted(`- ${String(row['name'])}: `, Number(row['packets']), 'packets', 'bytes'), {
      text: `${String(row['name'])} makes up ${share.toFixed(1)} % of the packets.`,
      error: (kind, random) =>
        kind === 'count'
          ? `${String(row['name'])} makes up ${((share + 7 + random() * 40) % 100).toFixed(1)} % of the packets.`
          : kind === 'unit'
            ? `${String(row['name'])} makes up ${share.toFixed(1)} MB of the packets.`
            : null,
    });
  }
  for (const row of rows('endpoints').filter(({ port }) => port === null)) {
    const address = String(row['address']);
    made.push(
      counted(`\`${address}\` exchanged `, Number(row['packets']), 'packets', 'kB', ' in all.', address),
      size(`${address} received `, Number(row['bytesReceived'])),
    );
  }
  for (const row of rows('conversations')) {
    const a = bareAddress(String(row['a'])),
      b = bareAddress(String(row['b']));
    made.push(counted(`${a} sent ${b} `, Number(row['packetsAToB']), 'packets', 'seconds', '.', b));
    if (row['aPort'] !== null)
      made.push(act(a, 'connected to', 'was contacted', b, ` on port ${String(row['bPort'])}.`, Number(row['packetsAToB']) % 2 === 0));
  }
  for (const finding of rows('findings')) {
    const of = (role: string): string | undefined =>
      (finding['subjects'] as { role: string; address: string }[]).find((each) => each.role === role)?.address;
    const attacker = of('attacker'),
      victim = of('victim'),
      evidence = finding['evidence'] as { frames: number[]; framesTotal: number };
    if (attacker !== undefined && victim !== undefined) {
      made.push(
        act(attacker, 'attacked', 'was attacked', victim, ` [frame ${evidence.frames[0]}].`, false),
        act(attacker, 'probed', 'was probed', victim, '.', true),
      );
      made.push({
        text: `The attacker is ${attacker}.`,
        error: (kind, random) =>
          kind === 'roles' ? `The attacker is ${victim}.` : kind === 'address' ? `The attacker is ${invented(random)}.` : null,
      });
    }
    made.push(counted(`${String(finding['title'])}, shown by `, evidence.framesTotal, 'packets', 'seconds'));
  }
  return made;
}
