/** Hosts that answer every name are found; hosts that answer for themselves are not. */
import { describe, expect, test } from 'vitest';
import { checkFilter } from '../../../src/analysis/filtering.ts';
import { analyzeCapture, findingsOf, hasShared, indicator, sample, shared } from '../../support/analyzeCapture.ts';
import { PacketBuilder } from '../../support/packetBuilder.ts';

const EVIL = '10.0.0.66',
  CLIENT = '10.0.0.30',
  UNIQUE = 0x80;
const run = async (capture: string | Uint8Array) => findingsOf(await analyzeCapture(capture), 'name-poisoning');
const octets = (address: string): number[] => address.split('.').map(Number);
const labels = (name: string): number[] => [...name.split('.').flatMap((label) => [label.length, ...Buffer.from(label)]), 0];

/** A DNS message with one question, and one A record in the answer; RFC 1035. `recordClass`: 0x80 before the class says that the name has one owner (RFC 6762 section 10.2). */
function dns(name: string, address: string | null, recordClass = 0): Uint8Array {
  const question = [...labels(name), 0, 1, 0, 1],
    answer = address === null ? [] : [...labels(name), 0, 1, recordClass, 1, 0, 0, 0, 30, 0, 4, ...octets(address)];
  return Uint8Array.from([0, 7, address === null ? 0 : 0x80, 0, 0, 1, 0, address === null ? 0 : 1, 0, 0, 0, 0, ...question, ...answer]);
}

function llmnr(builder: PacketBuilder, name: string, from: string, address = from): PacketBuilder {
  builder.udp({ from: CLIENT, to: '224.0.0.252', sourcePort: 50_000, destinationPort: 5355, payload: dns(name, null) });
  return builder.udp({ from, to: CLIENT, sourcePort: 5355, destinationPort: 50_000, payload: dns(name, address) }).wait(1);
}

function mdns(builder: PacketBuilder, name: string, from: string, address = from, isAsked = true, recordClass = 0): PacketBuilder {
  if (isAsked) builder.udp({ from: CLIENT, to: '224.0.0.251', sourcePort: 5353, destinationPort: 5353, payload: dns(name, null) });
  return builder.udp({ from, to: '224.0.0.251', sourcePort: 5353, destinationPort: 5353, payload: dns(name, address, recordClass) }).wait(1);
}

/** A positive name query response; RFC 1002 section 4.2.13. */
function nbns(builder: PacketBuilder, name: string, type: number, from: string, address = from, isGroup = false): PacketBuilder {
  const padded = [...Buffer.from(name.padEnd(15)), type],
    encoded = padded.flatMap((byte) => [65 + (byte >> 4), 65 + (byte & 15)]);
  const payload = [
    0,
    7,
    0x85,
    0x80,
    0,
    0,
    0,
    1,
    0,
    0,
    0,
    0,
    32,
    ...encoded,
    0,
    0,
    32,
    0,
    1,
    0,
    0,
    0,
    165,
    0,
    6,
    isGroup ? 0x80 : 0,
    0,
    ...octets(address),
  ];
  return builder.udp({ from, to: CLIENT, sourcePort: 137, destinationPort: 137, payload: Uint8Array.from(payload) }).wait(1);
}

describe('is poisoning', () => {
  test('one host answers whatever is called by LLMNR and NetBIOS', async () => {
    const builder = new PacketBuilder();
    for (const name of ['filesrv', 'prinetr', 'intranett']) nbns(llmnr(builder, name, EVIL), name.toUpperCase(), 0x20, EVIL);
    const [finding, ...others] = await run(builder.bytes());
    expect(others).toEqual([]);
    expect(finding).toMatchObject({
      severity: 'high',
      attack: ['T1557.001'],
      subjects: [
        { role: 'attacker', address: EVIL },
        { role: 'victim', address: CLIENT },
      ],
    });
    expect(indicator(finding!, 'names answered with one address')).toBe(3);
    expect(indicator(finding!, 'protocols')).toBe('llmnr, nbns');
    expect(finding!.evidence.frames).toEqual([2, 3, 5, 6, 8, 9]);
    expect(checkFilter(finding!.evidence.filter).ok).toBe(true);
  });

  test('by multicast DNS, wpad among a few others: all of them are counted', async () => {
    const builder = new PacketBuilder();
    for (const name of ['wpad.local', 'fileservr.local', 'intranett.local', 'printr.local']) mdns(builder, name, EVIL);
    const [finding] = await run(builder.bytes());
    expect(finding!.title).toBe(`${EVIL} answers 4 different names with ${EVIL}`);
    expect(indicator(finding!, 'names')).toBe('wpad, fileservr, intranett, printr');
    expect(finding!.evidence.framesTotal).toBe(4);
  });
  test('one answer for wpad is enough', async () => {
    for (const capture of [
      llmnr(new PacketBuilder(), 'wpad', EVIL),
      nbns(new PacketBuilder(), 'WPAD', 0, EVIL),
      mdns(new PacketBuilder(), 'wpad.local', EVIL),
    ])
      expect(await run(capture.bytes())).toHaveLength(1);
  });

  // Responder 3.1 answers so (packets.py, MDNS_Ans: class 1).
  test('many names asked for by multicast DNS, said as no owner says it', async () => {
    const builder = new PacketBuilder();
    for (const name of ['a1', 'b2', 'c3', 'd4', 'e5']) mdns(builder, `${name}.local`, EVIL);
    const [finding] = await run(builder.bytes());
    expect(finding?.severity).toBe('medium');
    expect(checkFilter(finding!.evidence.filter).ok).toBe(true);
  });

  test('names of others, as their owner would say them', async () => {
    const builder = new PacketBuilder();
    for (const [i, name] of ['a1', 'b2', 'c3', 'd4', 'e5'].entries()) {
      if (i < 2) mdns(builder, `${name}.local`, `10.0.0.${i + 1}`, undefined, false, UNIQUE);
      mdns(builder, `${name}.local`, EVIL, EVIL, true, UNIQUE);
    }
    expect(await run(builder.bytes())).toMatchObject([{ severity: 'medium', subjects: [{ role: 'attacker', address: EVIL }] }]);
  });

  test('names that are called by LLMNR, too', async () => {
    const builder = new PacketBuilder();
    for (const name of ['filesrv', 'prinetr', 'intranett', 'sharepont', 'wiki']) {
      builder.udp({ from: CLIENT, to: '224.0.0.252', sourcePort: 50_000, destinationPort: 5355, payload: dns(name, null) });
      mdns(builder, `${name}.local`, EVIL, EVIL, true, UNIQUE);
    }
    expect(await run(builder.bytes())).toMatchObject([{ severity: 'medium' }]);
  });
});

describe('forged DNS answers', () => {
  const SERVER = '10.0.0.1';
  /** One question, and as many answers to it; by ids of their own. */
  function asked(builder: PacketBuilder, id: number, name: string, answers: readonly (string | null)[], times = 1): PacketBuilder {
    const withId = (bytes: Uint8Array): Uint8Array => Uint8Array.from([0, id, ...bytes.subarray(2)]);
    for (let i = 0; i < times; i++)
      builder.udp({ from: CLIENT, to: SERVER, sourcePort: 50_000 + id, destinationPort: 53, payload: withId(dns(name, null)) });
    for (const address of answers) {
      const payload = withId(dns(name, address ?? '0.0.0.0'));
      // "No such name" (RFC 1035 section 4.1.1), with no record behind the question.
      const told =
        address === null
          ? Uint8Array.from([...payload.subarray(0, 2), 0x80, 3, 0, 1, 0, 0, 0, 0, 0, 0, ...payload.subarray(12, payload.length - 16 - name.length)])
          : payload;
      builder.udp({ from: SERVER, to: CLIENT, sourcePort: 53, destinationPort: 50_000 + id, payload: told });
    }
    return builder.wait(1);
  }

  test('questions that are asked once and answered twice, led to one address', async () => {
    const builder = new PacketBuilder();
    for (const [id, name] of ['www.bank.example', 'mail.example', 'intranet.example'].entries()) asked(builder, id, name, [`10.9.0.${id + 1}`, EVIL]);
    const findings = await run(builder.bytes());
    expect(findings).toMatchObject([
      {
        severity: 'high',
        title: `${CLIENT} gets forged DNS answers in the name of ${SERVER}: 3 names led to ${EVIL}`,
        subjects: [
          { role: 'attacker', address: EVIL },
          { role: 'victim', address: CLIENT },
          { role: 'spoofed', address: SERVER },
        ],
        attack: ['T1557'],
        evidence: { frames: [1, 2, 3, 4, 5, 6, 7, 8, 9], framesTotal: 9 },
      },
    ]);
    expect(checkFilter(findings[0]!.evidence.filter).ok).toBe(true);
  });

  test('questions that somebody in the middle passes on are not asked again', async () => {
    const builder = new PacketBuilder();
    for (let id = 0; id < 3; id++) {
      const question = asked(new PacketBuilder(), id, `name${id}.example`, [])
        .bytes()
        .slice(24 + 16);
      builder.frame(question);
      // The source address of Ethernet.
      question.set([2, 0, 0, 0, 0, 0x66], 6);
      builder.frame(question);
      asked(builder, id, `name${id}.example`, [`10.9.0.${id + 1}`, EVIL], 0);
    }
    expect(await run(builder.bytes())).toHaveLength(1);
  });

  test('a name that does not exist, and does', async () => {
    const builder = new PacketBuilder();
    for (let id = 0; id < 3; id++) asked(builder, id, 'ads.example', [null, EVIL]);
    expect(await run(builder.bytes())).toMatchObject([{ subjects: [{ role: 'victim' }, { role: 'spoofed' }] }]);
  });

  test.each<[string, readonly (string | null)[], number, number]>([
    ['two contradictions', ['10.9.0.1', EVIL], 1, 2],
    ['who asks twice and is answered twice, from a ring of servers', ['10.9.0.1', '10.9.0.2'], 2, 9],
    ['the same answer twice, as a mirror port shows it', ['10.9.0.1', '10.9.0.1'], 1, 9],
    ['one answer each', ['10.9.0.1'], 1, 9],
  ])('not: %s', async (_, answers, times, questions) => {
    const builder = new PacketBuilder();
    for (let id = 0; id < questions; id++) asked(builder, id, `name${id}.example`, answers, times);
    expect(await run(builder.bytes())).toEqual([]);
  });
});

// Kaminsky's attack on caches (CVE-2008-1447): a name that nobody asked for yet, and answers with all ids that can be had before the server's comes (RFC 5452 section 4).
describe('guessed DNS answers', () => {
  const SERVER = '198.51.100.53';
  const withId = (id: number, bytes: Uint8Array): Uint8Array => Uint8Array.from([id >> 8, id & 255, ...bytes.subarray(2)]);
  const ask = (builder: PacketBuilder, id: number, name: string): PacketBuilder =>
    builder.udp({ from: CLIENT, to: SERVER, sourcePort: 33_333, destinationPort: 53, payload: withId(id, dns(name, null)) }).wait(0.001);
  const answer = (builder: PacketBuilder, id: number, name: string, address = EVIL, port = 33_333): PacketBuilder =>
    builder.udp({ from: SERVER, to: CLIENT, sourcePort: 53, destinationPort: port, payload: withId(id, dns(name, address)) }).wait(0.0001);
  const all = async (builder: PacketBuilder) => (await analyzeCapture(builder.bytes())).findings;

  test('are told, and no amplification of the server whose name they bear', async () => {
    const builder = new PacketBuilder();
    for (let turn = 0; turn < 5; turn++) {
      ask(builder, 4000 + turn, `r${turn}.bank.example`);
      for (let i = 0; i < 200; i++) answer(builder, 10_000 + i, `r${turn}.bank.example`);
      answer(builder, 4000 + turn, `r${turn}.bank.example`, '10.9.0.1').wait(2);
    }
    const findings = await all(builder),
      [finding] = findings;
    expect(findings.map(({ detector }) => detector)).toEqual(['name-poisoning']);
    expect(finding).toMatchObject({
      severity: 'medium',
      title: `${CLIENT} gets guessed DNS answers in the name of ${SERVER}: 1,000 with wrong ids (cache poisoning)`,
      subjects: [
        { role: 'victim', address: CLIENT },
        { role: 'spoofed', address: SERVER },
      ],
    });
    expect(checkFilter(finding!.evidence.filter).ok).toBe(true);
  });

  test('weigh more where one of them was right, also at random ports', async () => {
    const builder = ask(new PacketBuilder(), 77, 'r.bank.example');
    for (let i = 0; i < 100; i++) answer(builder, i, 'r.bank.example', EVIL, i === 77 ? 33_333 : 20_000 + i);
    const findings = await run(builder.bytes());
    expect(findings).toMatchObject([{ severity: 'high' }]);
    expect(indicator(findings[0]!, 'answers with wrong ids')).toBe(99);
  });

  test('not: retries with new ids, each answered, answers that come late, and those to questions that are not in the capture', async () => {
    const builder = new PacketBuilder();
    for (let i = 0; i < 60; i++) {
      const name = `name${i}.example`;
      answer(answer(ask(ask(builder, 2 * i, name), 2 * i + 1, name), 2 * i, name, '10.9.0.1'), 2 * i + 1, name, '10.9.0.1');
      answer(builder, 500 + i, `other${i}.example`, '10.9.0.1');
      answer(ask(builder, i, `late${i}.example`).wait(6), 900 + i, `late${i}.example`, '10.9.0.1');
    }
    expect(await run(builder.bytes())).toEqual([]);
  });
});

// avahi-publish -a -R grafana.local 10.0.0.10 and its like: containers whose names one server publishes.
test('a server with many names of multicast DNS is a note, and no attacker', async () => {
  const builder = new PacketBuilder();
  for (const name of ['grafana', 'nextcloud', 'vault', 'gitea', 'sonarr', 'jellyfin', 'home', 'pihole', 'portainer', 'wiki'])
    mdns(builder, `${name}.local`, '10.0.0.10', '10.0.0.10', true, UNIQUE);
  const [finding, ...others] = await run(builder.bytes());
  expect(others).toEqual([]);
  expect(finding).toMatchObject({ severity: 'low', subjects: [{ role: 'server', address: '10.0.0.10' }] });
  expect(finding!.confidence).toBeLessThan(40);
  // Who asks from a port of its own gets plain DNS, without the mark (RFC 6762 section 6.7).
  builder
    .udp({ from: CLIENT, to: '224.0.0.251', sourcePort: 40_000, destinationPort: 5353, payload: dns('cloud.local', null) })
    .udp({ from: '10.0.0.10', to: CLIENT, sourcePort: 5353, destinationPort: 40_000, payload: dns('cloud.local', '10.0.0.10') });
  expect(await run(builder.bytes())).toMatchObject([{ severity: 'low', subjects: [{ role: 'server' }, { role: 'client', address: CLIENT }] }]);
});

describe('is silent on', () => {
  test('hosts that answer for themselves, by every protocol', async () => {
    const builder = new PacketBuilder();
    for (let i = 1; i <= 20; i++) {
      const name = `host${i}`,
        from = `10.0.1.${i}`;
      mdns(nbns(nbns(llmnr(llmnr(builder, name, from), name.toUpperCase(), from), name, 0x20, from), name, 0, from), `${name}.local`, from);
      nbns(builder, 'WORKGROUP', 0, from, from, true);
    }
    expect(await run(builder.bytes())).toEqual([]);
  });

  test('a name server of NetBIOS and a sleep proxy: many names, each with its own address; and names that a host announces', async () => {
    const builder = new PacketBuilder();
    for (let i = 1; i <= 20; i++) {
      nbns(builder, `HOST${i}`, 0x20, EVIL, `10.0.1.${i}`);
      mdns(builder, `host${i}.local`, EVIL, `10.0.1.${i}`);
      mdns(builder, `service${i}.local`, '10.0.0.7', '10.0.0.7', false);
    }
    expect(await run(builder.bytes())).toEqual([]);
  });

  test.each(['dns.pcap', 'web-browsing.pcap', 'ipv6.pcap'])('%s', async (name) => {
    expect(await run(sample(name))).toEqual([]);
  });

  test.skipIf(!hasShared).each(['benign__wikipedia.pcap', 'benign__smb2.pcap', 'benign__sumstat.pcap', 'benign__teams.pcap', 'l2__arppoison.pcapng'])(
    '%s',
    async (name) => {
      expect(await run(shared(name))).toEqual([]);
    },
  );
});
