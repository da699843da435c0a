/**
 * A third source of sentences, in the voices that models fall into: notes with emphasis, prose with rounded numbers, tables, lists of ports and frames, sums,
 * differences and averages, what is not there. Its errors are also of the kind "right number, wrong thing". It shares nothing with the other two.
 */
import { address, count, ERRORS, frame, name, percent, pick, port, protocol, severity, size, span, time, words, type ErrorOf, type Random, type Slot } from './answerSlots.ts'; // prettier-ignore

type Row = Readonly<Record<string, unknown>>;
type Slots = Readonly<Record<string, Slot>>;

export interface Said {
  readonly text: string;
  error(kind: ErrorOf, random: Random): string | null;
}

function said(shape: string, slots: Slots, swap?: readonly [kind: 'roles' | 'direction', a: string, b: string]): Said {
  const fill = (replaced: Readonly<Record<string, string>>): string =>
    shape.replace(/\{(\w+)\}/g, (_, key: string) => replaced[key] ?? slots[key]!.text);
  return {
    text: fill({}),
    error(kind, random) {
      if (kind === swap?.[0]) {
        const [, a, b] = swap;
        return slots[a]!.text === slots[b]!.text ? null : fill({ [a]: slots[b]!.text, [b]: slots[a]!.text });
      }
      const able = Object.entries(slots).filter(([key, slot]) => slot.wrong[kind] !== undefined && shape.includes(`{${key}}`));
      if (able.length === 0) return null;
      const [key, slot] = pick(able, random),
        wrong = slot.wrong[kind]!(random);
      return wrong === null || wrong === slot.text ? null : fill({ [key]: wrong });
    },
  };
}

/** "Hosts" is no other unit of devices. */
function addressesOf(totals: Readonly<Record<string, number>>, random: Random): Slot {
  const { text, wrong } = count(totals['endpoints.ip'] ?? totals['endpoints.eth'] ?? 0, 'devices', random);
  return { text, wrong: { count: wrong.count!, unit: (r) => wrong.unit!(r)?.replace('hosts', 'packets') ?? null } };
}

/** Several things said one after the other, one of which may be wrong. */
export function together(parts: readonly Said[], before = '', between = '\n'): Said {
  const text = (of: readonly string[]): string =>
    before + of.map((each) => (between !== ' ' || /[.:|]$/.test(each) ? each : `${each}.`)).join(between);
  return {
    text: text(parts.map((part) => part.text)),
    error(kind, random) {
      for (let tries = 0; tries < 4 && parts.length > 0; tries++) {
        const at = Math.floor(random() * parts.length),
          wrong = parts[at]!.error(kind, random);
        if (wrong !== null) return text(parts.map((part, i) => (i === at ? wrong : part.text)));
      }
      return null;
    },
  };
}

const bare = (end: unknown): string => /^\[(.+)\]:\d+$/.exec(String(end))?.[1] ?? /^(\d+(?:\.\d+){3}):\d+$/.exec(String(end))?.[1] ?? String(end);

export function answersAbout(report: Row, random: Random): Said[] {
  const made: Said[] = [];
  const rows = (key: string): Row[] => ((report[key] ?? []) as Row[]).slice(0, 8);
  const add = (shapes: readonly string[], slots: Slots, swap?: Parameters<typeof said>[2]): void => {
    made.push(said(pick(shapes, random), slots, swap));
  };
  const capture = report['capture'] as Row,
    packets = Number(capture['packets']),
    bytes = Number(capture['originalBytes']),
    seconds = Number(capture['durationSeconds'] ?? 0),
    totals = report['totals'] as Readonly<Record<string, number>>,
    quality = report['quality'] as Readonly<Record<string, number>>;

  // The capture.
  const whole = { n: count(packets, 'packets', random), b: size(bytes, random), f: name(String(capture['file']), random) };
  add(['**Size:** {n}, {b}', 'In total, {n} ({b}) were recorded.', '{f} holds {n} and {b} of traffic.', 'We have {n} to look at, which make {b}.', '| What | How much |\n|:--|--:|\n| Packets | {n} |\n| Volume | {b} |', '- Packets: {n}\n- Volume: {b}'], whole); // prettier-ignore
  if (seconds > 0.05) {
    add(['The recording covers {s}.', '**Duration:** {s}', 'All this happened within {s}.', 'It is {s} long, with {n}.'], {
      s: span(seconds, random),
      n: whole.n,
    });
    if (seconds > 1 && packets / seconds > 1) add(['That is an average of {r} per second.', 'On average {r} went by each second.', 'Rate: about {r}/s.'], { r: count(Math.max(1, Math.round(packets / seconds)), 'packets', random) }); // prettier-ignore
    add(['An average packet has {a}.', 'Packets are {a} long on average.'], { a: { ...size(Math.round(bytes / packets), random) } });
  }
  const [start, end] = [String(capture['startTime']), String(capture['endTime'])];
  if (/^\d{4}-/.test(start))
    add(['It was taken from {s} to {e}.', 'The first packet is of {s}.', 'Recording started at {s} and stopped at {e}.', '**From** {s}'], { s: time(start, random), e: time(end, random) }); // prettier-ignore

  // Protocols.
  const breakdown = rows('breakdown').filter((row) => Number(row['packets']) > 0),
    names = breakdown.map((row) => String(row['name']));
  for (const row of breakdown) {
    const own = Number(row['packets']),
      others = breakdown.filter((each) => each !== row).map((each) => Number(each['packets']));
    const slots = { p: protocol(String(row['name']), names, random), n: count(own, 'packets', random, others), b: size(Number(row['bytes'] ?? 0), random, breakdown.filter((each) => each !== row).map((each) => Number(each['bytes']))), q: percent((own / packets) * 100, random) }; // prettier-ignore
    add(['{p} accounts for {n}.', '- **{p}** – {n} ({q})', 'About {p}: {n}, {b}.', '{q} of all packets are {p}.', '{n} are {p}, or {q} of the capture.', '| Protocol | Packets | Volume | Share |\n|---|---|---|---|\n| {p} | {n} | {b} | {q} |', '{p} makes up {b}.'], slots); // prettier-ignore
  }
  const [first, second] = breakdown;
  if (first !== undefined && second !== undefined) {
    const [x, y] = [Number(first['packets']), Number(second['packets'])];
    add(['{p} and {q} together make {n}.', 'Taken together, {p} and {q} are {n}.'], { p: words(String(first['name']).toUpperCase()), q: words(String(second['name']).toUpperCase()), n: count(x + y, 'packets', random) }); // prettier-ignore
    if (x > y + 5) add(['{p} has {n} more than {q}.', '{p} leads {q} by {n}.'], { p: words(String(first['name']).toUpperCase()), q: words(String(second['name']).toUpperCase()), n: count(x - y, 'packets', random) }); // prettier-ignore
    add(['The most used protocol is {p}, with {n}; the second is {q}, with {m}.', '1. {p} ({n})\n2. {q} ({m})'], { p: words(names[0]!.toUpperCase()), q: words(names[1]!.toUpperCase()), n: count(x, 'packets', random, [y]), m: count(y, 'packets', random, [x]) }); // prettier-ignore
  }

  // Devices.
  const devices = rows('endpoints').filter((row) => row['port'] === null);
  for (const row of devices) {
    const others = devices.filter((each) => each !== row);
    const of = (key: string): number[] => others.map((each) => Number(each[key]));
    const slots = {
      h: address(String(row['address']), random),
      n: count(Number(row['packets']), 'packets', random, of('packets')),
      s: size(Number(row['bytesSent']), random, of('bytesSent')),
      r: size(Number(row['bytesReceived']), random, of('bytesReceived')),
      i: count(Number(row['packetsSent']), 'packets', random, of('packetsSent')),
      o: count(Number(row['packetsReceived']), 'packets', random, of('packetsReceived')),
    };
    const isEven = Math.abs(Number(row['bytesSent']) - Number(row['bytesReceived'])) < 0.15 * Number(row['bytes']) + 20;
    const swap = isEven ? undefined : (['direction', 's', 'r'] as const);
    add(['{h} sent {s} and received {r}.', '- {h}: {s} out, {r} in', 'From {h} came {s}; it got {r}.', '| Device | Sent | Received |\n|---|---|---|\n| {h} | {s} | {r} |', '{h} uploaded {s}, while downloading {r}.', '* **{h}**: upload {s}, download {r}'], slots, swap); // prettier-ignore
    add(['{h} took part in {n}.', '{h} was involved in {n}.', '- {h} – {n}', 'With {n}, {h} is among the busiest.', '{h} sent {i} and received {o}.', 'For {h} I count {n}: {i} sent and {o} received.'], slots); // prettier-ignore
    const [label] = row['names'] as string[];
    if (label !== undefined)
      add(['{h} is known as {k}.', 'The device {k} ({h}) sent {s}.', '{k} has the address {h}.'], { ...slots, k: name(label, random) });
  }
  const [busy, next] = devices;
  if (busy !== undefined && next !== undefined) {
    add(['The busiest device is {h}, followed by {g}.', 'Most traffic involves {h} ({n}), then {g} ({m}).'], { h: address(String(busy['address']), random), g: address(String(next['address']), random), n: count(Number(busy['packets']), 'packets', random, [Number(next['packets'])]), m: count(Number(next['packets']), 'packets', random, [Number(busy['packets'])]) }); // prettier-ignore
    add(['{h} and {g} sent {b} between them.', 'Together, {h} and {g} sent {b}.'], { h: address(String(busy['address']), random), g: address(String(next['address']), random), b: size(Number(busy['bytesSent']) + Number(next['bytesSent']), random) }); // prettier-ignore
  }
  add(['{n} have an IP address here.', 'I see {n} on the network layer.'], { n: addressesOf(totals, random) });

  // Conversations.
  const talks = rows('conversations').filter((row) => row['aPort'] !== null);
  for (const row of talks) {
    const others = talks.filter((each) => each !== row && (each['a'] !== row['a'] || each['b'] !== row['b']));
    const [there, back] = [Number(row['bytesAToB']), Number(row['bytesBToA'])];
    const slots = {
      a: address(bare(row['a']), random),
      b: address(bare(row['b']), random),
      p: port(Number(row['bPort']), others.filter((each) => each['b'] !== row['b']).map((each) => Number(each['bPort']))),
      q: port(Number(row['aPort'])),
      t: size(there, random, others.map((each) => Number(each['bytesAToB']))),
      u: size(back, random, others.map((each) => Number(each['bytesBToA']))),
      x: size(there + back, random),
      n: count(Number(row['packetsAToB']) + Number(row['packetsBToA']), 'packets', random),
      s: span(Number(row['durationSeconds']), random),
      i: words(String(row['id'])),
      w: time(String(row['startTime']), random),
      k: words(String(row['layer']).toUpperCase()),
    }; // prettier-ignore
    const reverse = talks.some((each) => each['a'] === row['b'] && each['b'] === row['a']);
    add(['{a} connected to {b} on port {p}.', '{a} opened a connection to {b}:{p}.', 'The client {a} talked to the server {b} (port {p}).', '{b} was contacted by {a} on {k} port {p}.', '{a}:{q} → {b}:{p}', 'Server: {b}, client: {a}.', '{a} reached out to {b}, port {p}.'], slots, reverse ? undefined : ['roles', 'a', 'b']); // prettier-ignore
    if (Math.abs(there - back) > 0.3 * (there + back))
      add(['{a} sent {t} to {b} and got {u} back.', '{a} → {b}: {t}; {b} → {a}: {u}', 'In [flow {i}], {a} sent {t} and received {u}.'], slots, ['direction', 't', 'u']); // prettier-ignore
    add(['[flow {i}] moved {x} in {n}.', '{i} carried {x}.', 'The conversation {i} between {a} and {b} has {n}.', '| Flow | Client | Server | Port | Bytes |\n|---|---|---|---|---|\n| {i} | {a} | {b} | {p} | {x} |', 'Flow {i} began at {w}.'], slots); // prettier-ignore
    if (Number(row['durationSeconds']) > 0.5) add(['{i} lasted {s}.', 'Conversation {i} went on for {s}.'], slots);
  }

  // Findings.
  const findings = rows('findings');
  for (const row of findings) {
    const subjects = row['subjects'] as Row[],
      evidence = row['evidence'] as { readonly frames: readonly number[]; readonly framesTotal: number };
    const of = (role: string): string | undefined => subjects.find((each) => each['role'] === role)?.['address'] as string | undefined;
    const frames = evidence.frames.slice(0, 3).map(frame),
      title = words(String(row['title']));
    const slots: Slots = {
      t: title,
      v: severity(String(row['severity']), random),
      c: percent(Number(row['confidence']), () => 0.4),
      f: frames[0] ?? words(''),
      g: frames[1] ?? words(''),
      z: count(evidence.framesTotal, 'packets', random, findings.filter((each) => each !== row).map((each) => (each['evidence'] as typeof evidence).framesTotal)),
      w: time(String(row['firstSeen']), random),
      e: time(String(row['lastSeen']), random),
      i: words(String(row['id'])),
    }; // prettier-ignore
    add(['{t} (severity {v}).', '- {v}: {t} [finding {i}]', '### {t}\n\nSeverity: {v}. Confidence: {c}.', '{t}. I rate this {v}; it is {c} certain.', '[finding {i}] is of {v} severity.', '| Finding | Severity |\n|---|---|\n| {t} | {v} |'], slots); // prettier-ignore
    if (frames.length > 0) add(['{t}, see [frame {f}].', '{t}: {z} show it, the first of them is frame {f}.', 'Evidence for [finding {i}]: [frame {f}].', '**{t}** – evidence: packet {f}.'], slots); // prettier-ignore
    if (frames.length > 1) add(['{t} [frames {f}, {g}].', '{t}; look at packets {f} and {g}.', '**{t}**\n- Evidence: frames {f}, {g}'], slots);
    if (/^\d{4}-/.test(String(row['firstSeen'])))
      add(['{t}; first seen at {w}.', '{w} – {t}', '**{t}**\n\nIt began at {w} and ended at {e}.'], slots);
    const numbers = [...String(row['description']).matchAll(/(\d+) (open|closed|filtered)/g)].map((match) => ({
      n: Number(match[1]),
      what: match[2]!,
    }));
    if (numbers.length > 1 && numbers.every(({ n }) => n > 1))
      add(['{t}.\n- {o} were {p}, {m} {q}; see [frame {f}]', 'Of the ports tried, {o} were {p} and {m} were {q}.'], { ...slots, o: count(numbers[0]!.n, '', random), m: count(numbers[1]!.n, '', random), p: words(numbers[0]!.what), q: words(numbers[1]!.what) }); // prettier-ignore
    const open = /open ports \(([\d, ]+)\)/.exec(String(row['recommendation']))?.[1]?.split(', ').map(Number);
    if (open !== undefined && open.length > 2)
      add(['{t}. Ports {x}, {y} and {u} were open.', 'Open ports: {x}, {y}, {u}'], {
        ...slots,
        x: port(open[0]!),
        y: port(open[1]!),
        u: port(open[2]!),
      });
    const attacker = of('attacker'),
      victim = of('victim');
    if (attacker !== undefined && victim !== undefined && !subjects.some((each) => each['role'] === 'attacker' && each['address'] === victim))
      add(['The attacker is {a} and the victim {b}.', '{a} attacked {b} [frame {f}].', '- Attacker: {a}\n- Victim: {b}', '{b} was targeted by {a}.', '| Role | Address |\n|---|---|\n| Attacker | {a} |\n| Victim | {b} |', 'An attack on {b} came from {a}.', '{a} went after {b}.'], { ...slots, a: address(attacker, random), b: address(victim, random) }, ['roles', 'a', 'b']); // prettier-ignore
    const client = of('client'),
      server = subjects.find((each) => each['role'] === 'server');
    if (client !== undefined && server !== undefined && client !== server['address'])
      add(['The client {a} used the server {b}.', '{a} contacted {b}.', '{b} (server) was asked by {a} (client).'], { ...slots, a: address(client, random), b: address(String(server['address']), random) }, ['roles', 'a', 'b']); // prettier-ignore
    if (server?.['port'] !== undefined && server['port'] !== null) add(['{b} listens on port {p}.', '{t}, on port {p} of {b}.'], { ...slots, b: address(String(server['address']), random), p: port(Number(server['port'])) }); // prettier-ignore
  }
  const number = totals['findings'] ?? findings.length;
  if (number > 0) {
    add(['The analysis has {n}.', 'There are {n}.', '**{n}**', 'It came up with {n} in total.'], {
      n: count(number, 'findings', () => random() * 0.35),
    });
    const worst = String(findings[0]!['severity']),
      same = findings.filter((row) => row['severity'] === worst).length;
    if (findings.length === number)
      add(['{n} of them {v}.', '{n} of {v} severity.', 'Findings: {n} {v}'], { n: count(same, '', () => 0.3), v: words(worst) });
    add(['The worst finding is of {v} severity.', 'Highest severity: {v}'], { v: severity(worst, random) });
  }
  const risk = report['risk'] as Row;
  add(['Risk: {r}/100 ({v}).', 'The risk score is {r} of 100.', 'Overall risk is {v}, {r} out of 100.'], {
    r: count(Number(risk['score']), '', () => 0),
    v: words(String(risk['level'])),
  });

  // Quality, and what is not there.
  for (const [key, noun] of [['tcpRetransmissions', 'retransmissions'], ['tcpResets', 'resets'], ['malformedPackets', 'malformed packets'], ['tcpOutOfOrder', 'segments out of order']] as const) {
    const n = quality[key] ?? 0;
    if (n > 1) add(['There were {n}.', '- {n}', 'I count {n} in TCP.'], { n: { ...count(n, noun, random), wrong: { count: count(n, noun, random).wrong.count! } } });
    else if (n === 0) made.push({ text: pick([`There were no ${noun}.`, `No ${noun} at all.`, `Zero ${noun} were seen.`], random), error: () => null });
  } // prettier-ignore
  for (const each of ['No FTP and no Telnet were seen.', 'There was no malware found.', 'Nothing else stands out.', 'Use TLS 1.2 or later.', 'Block it at the firewall within 24 hours if you do not know it.', 'This is a common first step of an attack.', 'Look at the second finding first.'])
    made.push({ text: each, error: () => null }); // prettier-ignore

  // Whole answers.
  const some = (n: number): Said[] => Array.from({ length: n }, () => pick(made, random));
  for (let i = 0; i < 6; i++)
    made.push(
      i % 2 === 0
        ? together(some(3), `## ${pick(['Summary', 'What I see', 'Details'], random)}\n\n`, '\n\n')
        : together(some(3).filter((each) => !each.text.includes('\n')), '', ' '),
    ); // prettier-ignore
  return made.filter(({ text }) => text.trim() !== '' && !/null|NaN|undefined/.test(text));
}

export { ERRORS };
