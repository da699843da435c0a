/**
 * A second source of sentences, made by seed from results of every tool: other words and other shapes than `claimGrammar.ts` (paragraphs, lists, tables,
 * ranges, rounded and spelled-out numbers, clock times). Each sentence can be told with one error of a kind in it.
 */
export const ERROR_KINDS = ['count', 'address', 'roles', 'unit', 'port', 'time', 'frame', 'name'] as const;
export type ErrorKind = (typeof ERROR_KINDS)[number];
export interface Prose {
  readonly text: string;
  /** Null where a sentence has nothing that could be wrong in this way. */
  error(kind: ErrorKind, random: () => number): string | null;
}
type Row = Readonly<Record<string, unknown>>;
type Random = () => number;
type SlotKind = 'packets' | 'bytes' | 'seconds' | 'percent' | 'things' | 'address' | 'name' | 'port' | 'time' | 'frame' | 'text';
interface Slot {
  readonly kind: SlotKind;
  readonly value: number | string;
  /** How it is written, the same for the truth and for an error. */
  readonly style: number;
  /** `hosts`, for things. */
  readonly noun?: string;
}
type Slots = Readonly<Record<string, Slot>>;

const ONES =
  'zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen'.split(' ');
const TENS = ['', '', 'twenty', 'thirty', 'forty', 'fifty', 'sixty', 'seventy', 'eighty', 'ninety'];
const commas = (n: number): string => n.toLocaleString('en-US');
const spelled = (n: number): string => (n < 20 ? ONES[n]! : `${TENS[Math.floor(n / 10)]!}${n % 10 === 0 ? '' : `-${ONES[n % 10]!}`}`);
const pick = <T>(from: readonly T[], random: Random): T => from[Math.floor(random() * from.length)]!;
const MONTHS = 'January February March April May June July August September October November December'.split(' ');
const WRONG_UNITS: Readonly<Partial<Record<SlotKind, readonly string[]>>> = {
  packets: ['bytes', 'seconds', 'hosts', 'MB', '%'],
  things: ['packets', 'seconds', 'kB', 'minutes'],
  percent: ['packets', 'ms', 'kB'],
};

/** Number and unit, apart. */
function figure({ kind, value, style, noun = '' }: Slot): readonly [string, string] {
  const n = Number(value);
  switch (kind) {
    case 'packets':
    case 'things': {
      const unit = kind === 'packets' ? 'packets' : noun;
      if (style % 5 === 1 && n >= 2 && n < 100 && Number.isInteger(n)) return [spelled(n), unit];
      if (style % 5 === 2 && n >= 1000) return [`${(n / 1000).toFixed(1)}k`, unit];
      if (style % 5 === 3 && n >= 200) return [`about ${commas(Number(n.toPrecision(2)))}`, unit];
      if (style % 5 === 4 && n >= 1000) return [`roughly ${(n / 1000).toFixed(1)} thousand`, unit];
      return [commas(n), unit];
    }
    case 'bytes': {
      if (n < 1000 || style % 4 === 0) return [commas(n), 'bytes'];
      const [scale, unit] = style % 4 === 1 ? (n >= 2 ** 20 ? [2 ** 20, 'MiB'] : [1024, 'KiB']) : n >= 1e6 ? [1e6, 'MB'] : [1e3, 'kB'];
      return [`${style % 4 === 2 ? 'about ' : ''}${(n / scale).toFixed(style % 3 === 0 ? 2 : 1)}`, unit];
    }
    case 'seconds':
      if (n < 1 && style % 2 === 0) return [String(Math.round(n * 1000)), 'ms'];
      if (n >= 60 && style % 3 === 0) return [`${Math.floor(n / 60)} m ${String(Math.floor(n % 60)).padStart(2, '0')}`, 's'];
      if (n >= 120 && style % 3 === 1) return [`about ${Math.round(n / 60)}`, 'minutes'];
      return [n.toFixed(n < 1 ? 3 : 1), style % 2 === 0 ? 's' : 'seconds'];
    case 'percent':
      if (style % 3 === 1 && Math.abs(n - 50) < 2) return ['half', ''];
      if (style % 3 === 1 && Math.abs(n - 33.3) < 2) return ['about a third', ''];
      return [n.toFixed(style % 2), style % 3 === 0 ? 'percent' : '%'];
    default:
      return [String(value), ''];
  }
}

function written(slot: Slot): string {
  const { kind, value, style } = slot;
  if (kind === 'time') return timeText(String(value), style);
  if (kind === 'address' || kind === 'name') return style % 2 === 0 ? `\`${value}\`` : String(value);
  if (kind === 'frame') return [`[frame ${value}]`, `frame ${value}`, `packet #${value}`][style % 3]!;
  if (kind === 'port' || kind === 'text') return String(value);
  const [digits, unit] = figure(slot);
  if (kind === 'percent' && unit === '') return `${digits} of the`;
  return kind === 'percent' ? `${digits}${unit === '%' && style % 2 === 0 ? '' : ' '}${unit} of the` : `${digits} ${unit}`;
}

function timeText(iso: string, style: number): string {
  const [date = '', clock = ''] = iso.replace('Z', '').split('T');
  const [year, month, day] = date.split('-').map(Number);
  switch (style % 5) {
    case 0:
      return `${date}T${clock.slice(0, 8)}Z`;
    case 1:
      return clock.slice(0, 8);
    case 2:
      return `${date} ${clock.slice(0, 12)}`;
    case 3:
      return clock.slice(0, 5);
    default:
      return `${day} ${MONTHS[month! - 1]!} ${year}, ${clock.slice(0, 8)} UTC`;
  }
}

function laterBy(iso: string, seconds: number): string {
  return `${new Date(Date.parse(iso) + seconds * 1000).toISOString().slice(0, 19)}.000000000Z`;
}

/** A value that is not the true one, as different as a reader would mind. */
function wrongValue(slot: Slot, random: Random): number | string {
  const n = Number(slot.value);
  switch (slot.kind) {
    case 'packets':
    case 'things':
      return random() < 0.6 || n < 8
        ? n + Math.max(2, Math.ceil(n * (0.3 + random()))) + Math.floor(random() * 20)
        : Math.max(0, Math.floor(n * (0.2 + 0.4 * random())));
    case 'bytes':
      return Math.round((n + 700) * (random() < 0.5 ? 1.5 + random() * 3 : 0.6)) + (n < 1000 ? 300 : 0);
    case 'seconds':
      return (n + 0.05) * (1.6 + random() * 3) + (n >= 60 ? 60 : 0);
    case 'percent':
      return (n + 9 + random() * 60) % 100;
    case 'address':
      return String(slot.value).includes(':')
        ? `2001:db8:77::${Math.floor(1 + random() * 9999).toString(16)}`
        : `198.51.100.${1 + Math.floor(random() * 250)}`;
    case 'name':
      return `${pick(['mail', 'files', 'backup', 'intra'], random)}${Math.floor(random() * 90)}.invented-${pick(['corp', 'lab', 'shop'], random)}.example`;
    case 'port':
      return 1025 + Math.floor(random() * 60_000);
    case 'frame':
      return n + 1 + Math.floor(random() * 5000);
    case 'time':
      return laterBy(String(slot.value), (random() < 0.5 ? -1 : 1) * (180 + random() * 30_000));
    default:
      return slot.value;
  }
}

const OF_ERROR: Readonly<Record<ErrorKind, readonly SlotKind[]>> = {
  count: ['packets', 'bytes', 'seconds', 'percent', 'things'],
  unit: ['packets', 'bytes', 'seconds', 'percent', 'things'],
  address: ['address'],
  roles: [],
  port: ['port'],
  time: ['time'],
  frame: ['frame'],
  name: ['name'],
};

/** `shape` writes the slots; `swap` are two of them whose exchange is a lie. */
function prose(slots: Slots, shape: (written: Readonly<Record<string, string>>) => string, swap?: readonly [string, string]): Prose {
  const say = (of: Slots, replace: Readonly<Record<string, string>> = {}): string =>
    shape({ ...Object.fromEntries(Object.entries(of).map(([name, slot]) => [name, written(slot)])), ...replace });
  const text = say(slots);
  return {
    text,
    error(kind, random) {
      if (kind === 'roles') {
        if (swap === undefined) return null;
        const [a, b] = swap;
        return slots[a]!.value === slots[b]!.value
          ? null
          : say({ ...slots, [a]: { ...slots[a]!, value: slots[b]!.value }, [b]: { ...slots[b]!, value: slots[a]!.value } });
      }
      const able = Object.entries(slots).filter(([, slot]) => OF_ERROR[kind].includes(slot.kind) && !(kind === 'unit' && Number(slot.value) === 0));
      if (able.length === 0) return null;
      const [name, slot] = pick(able, random);
      if (kind !== 'unit') {
        const wrong = say({ ...slots, [name]: { ...slot, value: wrongValue(slot, random) } });
        return wrong === text ? null : wrong;
      }
      const [digits, unit] = figure(slot);
      if (unit === '') return null;
      const others =
        slot.kind === 'bytes'
          ? ['bytes', 'kB', 'MB', 'packets'].filter(
              (each) => each !== unit && !(unit === 'KiB' && each === 'kB') && !(unit === 'MiB' && each === 'MB'),
            )
          : slot.kind === 'seconds'
            ? ['ms', 'minutes', 'hours', 'packets'].filter((each) => each !== unit && !digits.includes(' m '))
            : WRONG_UNITS[slot.kind]!;
      return others.length === 0 ? null : say(slots, { [name]: `${digits} ${pick(others, random)}${slot.kind === 'percent' ? ' of the' : ''}` });
    },
  };
}

const bare = (end: unknown): string => /^\[(.+)\]:\d+$/.exec(String(end))?.[1] ?? /^(\d+\.\d+\.\d+\.\d+):\d+$/.exec(String(end))?.[1] ?? String(end);
const portOf = (end: unknown): number | null => {
  const port = /^\[.+\]:(\d+)$/.exec(String(end))?.[1] ?? /^\d+\.\d+\.\d+\.\d+:(\d+)$/.exec(String(end))?.[1];
  return port === undefined ? null : Number(port);
};

export function proseOf(tool: string, result: Row, random: Random): Prose[] {
  const made: Prose[] = [];
  const style = (): number => Math.floor(random() * 60);
  const slot = (kind: SlotKind, value: unknown, noun?: string): Slot => ({
    kind,
    value: value as number,
    style: style(),
    ...(noun === undefined ? {} : { noun }),
  });
  const rows = (key: string, of: Row = result): Row[] =>
    (Array.isArray(of[key]) ? (of[key] as Row[]) : []).filter((each) => typeof each === 'object').slice(0, 12);
  const add = (slots: Slots, shapes: readonly ((w: Readonly<Record<string, string>>) => string)[], swap?: readonly [string, string]): void =>
    void made.push(prose(slots, pick(shapes, random), swap));

  const conversation = (row: Row): void => {
    const a = slot('address', bare(row['a'])),
      b = slot('address', bare(row['b'])),
      aPort = row['aPort'] ?? portOf(row['a']),
      bPort = row['bPort'] ?? portOf(row['b']);
    if (a.value === b.value) return;
    add({ a, b, n: slot('packets', Number(row['packetsAToB']) + Number(row['packetsBToA'])) }, [
      (w) => `${w['a']} and ${w['b']} swapped ${w['n']} with each other.`,
      (w) => `Between ${w['a']} and ${w['b']} we count ${w['n']}.`,
      (w) => `The exchange ${w['a']} ↔ ${w['b']} runs to ${w['n']}.`,
    ]);
    if (Number(row['bytesAToB']) !== Number(row['bytesBToA']))
      add({ a, b, x: slot('bytes', row['bytesAToB']), y: slot('bytes', row['bytesBToA']) }, [
        (w) => `${w['a']} sent ${w['x']} to ${w['b']}, and received ${w['y']} in return.`,
        (w) => `From ${w['a']} to ${w['b']} went ${w['x']}; the other way round it was ${w['y']}.`,
        (w) => `${w['b']} got ${w['x']} from ${w['a']}.`,
      ], ['a', 'b']); // prettier-ignore
    if (row['durationSeconds'] !== null && Number(row['durationSeconds']) > 0.002)
      add({ a, b, d: slot('seconds', row['durationSeconds']) }, [
        (w) => `The talk of ${w['a']} with ${w['b']} went on for ${w['d']}.`,
        (w) => `It took ${w['d']} between ${w['a']} and ${w['b']}.`,
      ]);
    if (typeof bPort === 'number' && bPort !== aPort)
      add({ a, b, p: slot('port', bPort) }, [
        (w) => `${w['a']} dialled port ${w['p']} of ${w['b']}.`,
        (w) => `${w['a']} opened a connection to ${w['b']} (port ${w['p']}).`,
        (w) => `Client ${w['a']} reached out to ${w['b']}, TCP or UDP port ${w['p']}.`,
        (w) => `${w['b']}:${w['p']} was approached by ${w['a']}.`.replace(/`:/, '`:'),
      ], ['a', 'b']); // prettier-ignore
    if (row['startTime'] !== null)
      add({ a, b, t: slot('time', row['startTime']) }, [
        (w) => `${w['a']} first spoke to ${w['b']} at ${w['t']}.`,
        (w) => `At ${w['t']}, ${w['a']} began talking to ${w['b']}.`,
      ]);
  };
  const endpoint = (row: Row): void => {
    const address = slot('address', row['address']);
    if (row['bytesSent'] !== undefined && row['bytesSent'] !== row['bytesReceived'])
      add({ h: address, s: slot('bytes', row['bytesSent']), r: slot('bytes', row['bytesReceived']) }, [
        (w) => `${w['h']} uploaded ${w['s']} and downloaded ${w['r']}.`,
        (w) => `- ${w['h']}: sent ${w['s']}, received ${w['r']}`,
        (w) => `| Host | Sent | Received |\n|---|---|---|\n| ${w['h']} | ${w['s']} | ${w['r']} |`,
        (w) => `**${String(row['address'])}**\n- outgoing: ${w['s']}\n- incoming: ${w['r']}`,
      ], ['s', 'r']); // prettier-ignore
    if (row['packets'] !== undefined)
      add({ h: address, n: slot('packets', row['packets']) }, [
        (w) => `${w['h']} shows up in ${w['n']}.`,
        (w) => `We saw ${w['n']} of ${w['h']}.`,
        (w) => `The device ${w['h']} is a busy one. It accounts for ${w['n']}.`,
        (w) => `### ${w['h']}\n\n* seen in ${w['n']}`,
      ]);
    const name = (row['names'] as string[] | undefined)?.find((each) => /^[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}$/i.test(each));
    if (name !== undefined)
      add({ h: address, k: slot('name', name) }, [(w) => `${w['h']} goes by the name ${w['k']}.`, (w) => `${w['k']} is ${w['h']}.`]);
  };
  const whole = (row: Row): void => {
    add({ n: slot('packets', row['packets']) }, [
      (w) => `All told, the capture is ${w['n']} long.`,
      (w) => `There are ${w['n']} in this file.`,
      (w) => `Packets: ${w['n']!.replace(/ packets$/, '')}`,
      (w) => `The recording consists of ${w['n']}.`,
    ]);
    add({ b: slot('bytes', row['originalBytes']) }, [(w) => `Altogether ${w['b']} crossed the wire.`, (w) => `The traffic adds up to ${w['b']}.`]);
    if (row['durationSeconds'] !== null && Number(row['durationSeconds']) > 0.01)
      add({ d: slot('seconds', row['durationSeconds']) }, [
        (w) => `The trace spans ${w['d']}.`,
        (w) => `From the first to the last packet it takes ${w['d']}.`,
      ]);
    if (row['startTime'] !== null && row['endTime'] !== null && row['endTime'] !== undefined)
      add({ t: slot('time', row['startTime']), u: slot('time', row['endTime']) }, [
        (w) => `It was recorded from ${w['t']} to ${w['u']}.`,
        (w) => `The capture starts at ${w['t']} and ends at ${w['u']}.`,
      ]);
  };
  const finding = (row: Row): void => {
    const subjects = ((row['subjects'] ?? []) as (Row | string)[]).map((each) =>
      typeof each === 'string' ? { role: each.split(' ')[0], address: each.split(' ')[1], port: each.split(' ')[3] } : each,
    ) as { role?: string; address?: string; port?: string | number }[];
    const of = (...names: string[]): { address?: string; port?: string | number } | undefined =>
      subjects.find(({ role }) => names.includes(role ?? ''));
    const bad = of('attacker'),
      good = of('victim');
    const evidence = (row['evidence'] ?? row) as { frames?: number[]; framesTotal?: number };
    const frame = evidence.frames?.[0];
    if (bad?.address !== undefined && good?.address !== undefined && bad.address !== good.address) {
      const a = slot('address', bad.address),
        b = slot('address', good.address);
      add({ a, b }, [
        (w) => `The aggressor is ${w['a']}; the victim is ${w['b']}.`,
        (w) => `${w['b']} came under attack from ${w['a']}.`,
        (w) => `${w['a']} went after ${w['b']}.`,
        (w) => `| Attacker | Victim |\n| --- | --- |\n| ${w['a']} | ${w['b']} |`,
        (w) => `${w['a']} (attacker) against ${w['b']} (victim)`,
        (w) => `The target of ${w['a']} was ${w['b']}.`,
      ], ['a', 'b']); // prettier-ignore
      if (frame !== undefined)
        add(
          { a, b, f: slot('frame', frame) },
          [(w) => `That ${w['a']} attacked ${w['b']} can be seen in ${w['f']}.`, (w) => `${w['a']} assailed ${w['b']} (${w['f']}).`],
          ['a', 'b'],
        );
      if (good.port !== undefined)
        add({ a, b, p: slot('port', good.port) }, [
          (w) => `${w['a']} attacked ${w['b']} on port ${w['p']}.`,
          (w) => `Attacked was port ${w['p']} of ${w['b']}, by ${w['a']}.`,
        ]);
    }
    if (row['firstSeen'] !== null && subjects[0]?.address !== undefined)
      add({ h: slot('address', subjects[0].address), t: slot('time', row['firstSeen']) }, [
        (w) => `The trouble with ${w['h']} started at ${w['t']}.`,
      ]);
    const title = String(row['title']);
    if (evidence.framesTotal !== undefined && frame !== undefined) {
      add({ n: slot('packets', evidence.framesTotal), f: slot('frame', frame) }, [
        (w) => `*${title}*: ${w['n']} prove it, the first is ${w['f']}.`,
        (w) => `- ${title} — evidence: ${w['n']}, beginning with ${w['f']}`,
      ]);
      if (typeof row['confidence'] === 'number' && row['severity'] !== undefined)
        add({ c: slot('things', row['confidence'], '% sure') }, [
          (w) =>
            `${title}: ${String(row['confidence'])} % sure, ${String(row['severity'])}.`.replace(
              `${String(row['confidence'])} % sure`,
              w['c']!.replace(/^(about|roughly) /, ''),
            ),
        ]);
    }
  };
  const share = (row: Row, percent: number): void => {
    add({ p: slot('percent', percent) }, [
      (w) => `${String(row['name'])} is ${w['p']} packets.`,
      (w) => `${w['p']} packets belong to ${String(row['name'])}.`,
    ]);
    add({ n: slot('packets', row['packets']) }, [
      (w) => `| Protocol | Amount |\n|---|---:|\n| ${String(row['name'])} | ${w['n']} |`,
      (w) => `With ${w['n']}, ${String(row['name'])} has its part.`,
    ]);
  };
  const packet = (row: Row): void => {
    const source = String(row['source']),
      destination = String(row['destination']);
    if (source === '' || destination === '' || source === destination) return;
    const base = { f: slot('frame', row['frame']), s: slot('address', source), d: slot('address', destination) };
    if (row['length'] !== undefined)
      add({ ...base, n: { ...slot('bytes', row['length']), style: 0 } }, [
        (w) => `In ${w['f']}, ${w['s']} sends ${w['n']} to ${w['d']}.`,
        (w) => `${w['f']!.replace(/^f/, 'F')}: ${w['s']} → ${w['d']}, ${w['n']}.`,
        (w) => `| No. | From | To | Length |\n|---|---|---|---|\n| ${w['f']} | ${w['s']} | ${w['d']} | ${w['n']} |`,
      ]);
    if (row['time'] !== null && row['time'] !== undefined)
      add({ ...base, t: slot('time', row['time']) }, [(w) => `At ${w['t']} something went from ${w['s']} to ${w['d']} (${w['f']}).`]);
  };

  switch (tool) {
    case 'analyze_network': {
      whole(result['capture'] as Row);
      for (const row of rows('breakdown')) share(row, (Number(row['packets']) / Number((result['capture'] as Row)['packets'])) * 100);
      for (const row of rows('conversations')) conversation(row);
      for (const row of rows('endpoints').filter((each) => each['port'] === null)) endpoint(row);
      for (const row of rows('findings')) finding(row);
      const findings = (result['totals'] as Row)['findings'];
      if (findings !== undefined)
        add({ n: slot('things', findings, 'findings') }, [
          (w) => `The checks came up with ${w['n']}.`,
          (w) => `${w['n']!.replace(/^./, (c) => c.toUpperCase())} in all.`,
        ]);
      break;
    }
    case 'list_conversations':
      for (const row of rows('conversations')) conversation(row);
      add({ n: slot('things', result['total'], 'connections') }, [
        (w) => `There were ${w['n']}.`,
        (w) => `Number of connections: ${w['n']!.split(' connections')[0]}`,
      ]);
      break;
    case 'list_findings':
      for (const row of rows('findings')) finding(row);
      add({ n: slot('things', result['total'], 'findings') }, [(w) => `${w['n']} are on the list.`, (w) => `The list has ${w['n']}.`]);
      break;
    case 'explain_finding':
      finding(result['finding'] as Row);
      break;
    case 'get_host':
      endpoint(result);
      for (const row of rows('peers')) {
        const isServer = /contacted by/.test(String(row['role']));
        const [a, b] = isServer ? [result['address'], row['address']] : [row['address'], result['address']];
        add(
          { a: slot('address', a), b: slot('address', b), n: slot('packets', row['packets']) },
          [(w) => `${w['a']} contacted ${w['b']}, which made ${w['n']}.`, (w) => `${w['b']} was visited by ${w['a']}: ${w['n']}.`],
          ['a', 'b'],
        );
      }
      if (result['firstSeen'] !== null)
        add({ h: slot('address', result['address']), t: slot('time', result['firstSeen']), u: slot('time', result['lastSeen']) }, [
          (w) => `${w['h']} was active from ${w['t']} until ${w['u']}.`,
        ]);
      add({ h: slot('address', result['address']), n: slot('things', result['peersTotal'], 'peers') }, [(w) => `${w['h']} had ${w['n']}.`]);
      break;
    case 'get_statistics':
      for (const row of rows('rows')) {
        if (row['address'] !== undefined && row['port'] === undefined) endpoint(row);
        else if (row['address'] !== undefined)
          add({ h: slot('address', row['address']), p: slot('port', row['port']), n: slot('packets', row['packets']) }, [
            (w) => `Port ${w['p']} on ${w['h']} handled ${w['n']}.`,
            (w) => `${w['h']} port ${w['p']}: ${w['n']}`,
          ]);
        else if (row['percentOfPackets'] !== undefined) share(row, Number(row['percentOfPackets']));
        else if (row['originalBytes'] !== undefined) whole(row);
      }
      break;
    case 'list_packets':
      for (const row of rows('packets')) packet(row);
      add({ n: slot('packets', result['total']) }, [(w) => `The filter lets ${w['n']} through.`, (w) => `${w['n']} match.`]);
      break;
    case 'get_packet':
      packet(result);
      break;
    case 'query_protocol':
      for (const row of rows('messages')) {
        packet(row);
        const name = Object.values((row['fields'] ?? {}) as Record<string, string>).find((each) =>
          /^[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,}$/i.test(each),
        );
        if (name !== undefined)
          add({ s: slot('address', row['source']), d: slot('address', row['destination']), k: slot('name', name), f: slot('frame', row['frame']) }, [
            (w) => `${w['s']} and ${w['d']} dealt with ${w['k']} in ${w['f']}.`,
            (w) => `A message about ${w['k']} went from ${w['s']} to ${w['d']} (${w['f']}).`,
          ]);
      }
      for (const row of rows('counts'))
        if (/^[a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.[a-z]{2,}$/i.test(String(row['value'])))
          add({ k: slot('name', row['value']), n: slot('packets', row['packets']), f: slot('frame', row['firstFrame']) }, [
            (w) => `${w['k']} occurs in ${w['n']}, for the first time in ${w['f']}.`,
            (w) => `| Name | Packets | First |\n|---|---|---|\n| ${w['k']} | ${w['n']!.replace(/ packets$/, '')} | ${w['f']} |`,
          ]);
      break;
    case 'get_timeline':
      for (const row of rows('events'))
        add({ t: slot('time', row['time']) }, [(w) => `${w['t']}: ${String(row['title'])}`, (w) => `"${String(row['title'])}" began at ${w['t']}.`]);
      if (result['startTime'] !== null) add({ s: { ...slot('seconds', result['stepSeconds']), style: 1 } }, [(w) => `Each step covers ${w['s']}.`]);
      break;
    case 'compare_captures': {
      const [a, b] = [result['first'] as Row, result['second'] as Row];
      if (a['packets'] !== b['packets'])
        add(
          { a: slot('name', a['name']), b: slot('name', b['name']), n: slot('packets', a['packets']), m: slot('packets', b['packets']) },
          [
            (w) => `${w['a']} has ${w['n']}, ${w['b']} has ${w['m']}.`,
            (w) => `| Capture | Size |\n|---|---|\n| ${w['a']} | ${w['n']} |\n| ${w['b']} | ${w['m']} |`,
          ],
          ['a', 'b'],
        );
      break;
    }
    case 'list_captures':
      for (const row of rows('captures'))
        add({ k: slot('name', row['name']), n: slot('bytes', row['bytes']) }, [
          (w) => `${w['k']} takes ${w['n']} on disk.`,
          (w) => `* ${w['k']} (${w['n']})`,
        ]);
      add({ n: slot('things', result['total'], 'captures') }, [(w) => `We have ${w['n']} here.`]);
      break;
    case 'follow_stream':
      if (Number(result['bytesAToB']) > 0 && result['a'] !== result['b'])
        add({ a: slot('address', bare(result['a'])), b: slot('address', bare(result['b'])), n: slot('bytes', result['bytesAToB']) }, [
          (w) => `${w['a']} typed ${w['n']} to ${w['b']}.`,
          (w) => `What ${w['a']} sent to ${w['b']} comes to ${w['n']}.`,
        ]);
      for (const row of rows('chunks'))
        add({ f: slot('frame', row['frame']), n: { ...slot('bytes', row['bytes']), style: 0 } }, [
          (w) => `${w['f']!.replace(/^f/, 'F')} carries ${w['n']} of it.`,
        ]);
      break;
  }
  return made;
}
