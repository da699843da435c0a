/** SIP, RFC 3261: logins of section 22, where a question for a password is no refusal and one after its proof is; users who are looked for; messages over TCP. */
import { describe, expect, test } from 'vitest';
import { checkFilter } from '../../../src/analysis/filtering.ts';
import { sip } from '../../../src/pcap/dissectors/sip.ts';
import { sipMessage } from '../../../src/pcap/sipMessage.ts';
import { analyzeCapture, findingsOf } from '../../support/analyzeCapture.ts';
import { bytesOf, dialogue } from '../../support/dialogue.ts';
import { PacketBuilder } from '../../support/packetBuilder.ts';
import { conversation, feed, feedEveryWay } from '../../support/streamDriver.ts';

const PHONE = '10.0.0.66',
  REGISTRAR = '10.0.0.20';

interface Exchange {
  readonly user?: string;
  readonly code: string;
  /** Without, the registrar is asked for the first time and asks back. */
  readonly proof?: boolean;
  readonly id: number;
  readonly answer?: string;
  readonly method?: string;
}

/** Messages as svcrack 0.3.3 and Kamailio 5.6.3 exchange them; headers in their short forms where RFC 3261 has some. */
function exchange(builder: PacketBuilder, { user = '101', code, proof = true, id, answer = '', method = 'REGISTER' }: Exchange): void {
  const shared = `Via: SIP/2.0/UDP ${PHONE}:5062;branch=z9hG4bK${id};rport\r\nFrom: "${user}"<sip:${user}@${REGISTRAR}>;tag=1\r\nTo: <sip:${user}@${REGISTRAR}>\r\n${id % 2 === 0 ? 'i' : 'Call-ID'}: ${id}\r\nCSeq: 2 ${method}\r\n`;
  const authorization = `Authorization: Digest username="${user}",realm="lab.test",nonce="n${id}",uri="sip:${REGISTRAR}",response="0123456789abcdef0123456789abcdef",algorithm=MD5\r\n`;
  builder.udp({
    from: PHONE,
    to: REGISTRAR,
    sourcePort: 5062,
    destinationPort: 5060,
    payload: bytesOf(`${method} sip:${REGISTRAR} SIP/2.0\r\n${shared}${proof ? authorization : ''}Content-Length: 0\r\n\r\n`),
  });
  if (code !== '')
    builder.wait(0.01).udp({
      from: REGISTRAR,
      to: PHONE,
      sourcePort: 5060,
      destinationPort: 5062,
      payload: bytesOf(`SIP/2.0 ${code}\r\n${shared}${answer}Content-Length: 0\r\n\r\n`),
    });
  builder.wait(1);
}

async function run(exchanges: readonly Exchange[]) {
  const builder = new PacketBuilder();
  for (const one of exchanges) exchange(builder, one);
  const report = await analyzeCapture(builder.bytes());
  return { guessed: findingsOf(report, 'brute-force'), success: findingsOf(report, 'brute-force-success'), report };
}
const many = (count: number, one: (i: number) => Omit<Exchange, 'id'>): Exchange[] => Array.from({ length: count }, (_, i) => ({ id: i, ...one(i) }));
const REFUSED = '401 Unauthorized';

describe('passwords of one user', () => {
  test('refused, are counted with their user, and the one that fits', async () => {
    const { guessed, success } = await run([...many(25, () => ({ code: REFUSED })), { id: 99, code: '200 OK' }]);
    expect(guessed).toMatchObject([
      {
        title: expect.stringContaining('SIP: 25 times') as string,
        subjects: [{ address: PHONE }, { address: REGISTRAR, port: 5060 }],
        evidence: { framesTotal: 25, filter: `ip.addr == ${PHONE} && ip.addr == ${REGISTRAR} && sip` },
      },
    ]);
    // The last ten that were refused, and the one that was not.
    expect(success).toMatchObject([
      { description: expect.stringContaining('as 101') as string, evidence: { frames: Array.from({ length: 11 }, (_, i) => 32 + 2 * i) } },
    ]);
  });
  test('one for many users, as spraying', async () =>
    expect((await run(many(25, (i) => ({ user: `2${i}`, code: '403 Forbidden' })))).guessed).toMatchObject([{ attack: ['T1110.003', 'T1110'] }]));
});

test.each([
  ['phones that register every minute and are asked first', many(60, (i) => (i % 2 === 0 ? { code: REFUSED, proof: false } : { code: '200 OK' }))],
  ['calls that are asked for a password first', many(40, () => ({ method: 'INVITE', code: '407 Proxy Authentication Required', proof: false }))],
  ['proofs that are too old', many(40, () => ({ code: REFUSED, answer: 'WWW-Authenticate: Digest realm="lab.test", nonce="m", stale=TRUE\r\n' }))],
  ['a registrar that is down', many(40, () => ({ code: '' }))],
  ['acknowledgements, which carry the proof again', many(40, () => ({ method: 'ACK', code: REFUSED }))],
] as const)('nothing in %s', async (_what, exchanges) => {
  const { guessed, success } = await run(exchanges);
  expect(guessed).toEqual([]);
  expect(success).toEqual([]);
});

test('eight refusals among eight questions are too few', async () => {
  const builder = new PacketBuilder();
  for (let id = 0; id < 8; id++) {
    exchange(builder, { id, code: REFUSED });
    exchange(builder, { id: id + 1000, code: REFUSED, proof: false });
  }
  expect(findingsOf(await analyzeCapture(builder.bytes()), 'brute-force')).toEqual([]);
});

/** A request and its answer as sipp 3.6.1 and Kamailio 5.6.3 exchange them over TCP. */
function overTcp(user: string, id: number, code: string, proof: boolean): readonly (readonly ['client' | 'server', string])[] {
  const shared = `Via: SIP/2.0/TCP ${PHONE}:5060;branch=z9hG4bK-${id}\r\nFrom: <sip:${user}@office.example.test>;tag=${id}\r\nTo: <sip:${user}@office.example.test>\r\nCall-ID: ${id}@${PHONE}\r\nCSeq: ${proof ? 2 : 1} REGISTER\r\n`;
  const authorization = `Authorization: Digest username="${user}",realm="office.example.test",uri="sip:${REGISTRAR}:5060",nonce="n${id}",response="0123456789abcdef0123456789abcdef",algorithm=MD5\r\n`;
  return [
    ['client', `REGISTER sip:${REGISTRAR} SIP/2.0\r\n${shared}${proof ? authorization : ''}Content-Length: 0\r\n\r\n`],
    ['server', `SIP/2.0 ${code}\r\n${shared}Content-Length: 0\r\n\r\n`],
  ];
}
const attempt = (user: string, id: number, code: string) => [...overTcp(user, id, REFUSED, false), ...overTcp(user, id, code, true)];
const spoken = async (lines: readonly (readonly ['client' | 'server', string])[]) =>
  (await analyzeCapture(dialogue(lines, { client: PHONE, server: REGISTRAR, port: 5060 }).bytes())).findings;

describe('over TCP', () => {
  // tshark of what sipp sent in one connection: 66 REGISTER, 63 answers of 401, three of 200; thirty of the refusals came after a proof.
  test('guessing in one connection is told by what was proved, not by the questions', async () => {
    const phones = ['101', '102', '103'].flatMap((user, i) => attempt(user, i, '200 OK')),
      guesses = Array.from({ length: 30 }, (_, i) => attempt('104', 100 + i, REFUSED)).flat();
    const [finding, ...others] = (await spoken([...phones, ...guesses])).filter(({ severity }) => severity !== 'info');
    expect(others).toEqual([]);
    expect(finding).toMatchObject({
      detector: 'brute-force',
      title: expect.stringContaining('SIP: 30 times') as string,
      subjects: [{ address: PHONE }, { address: REGISTRAR, port: 5060 }],
    });
    expect(await spoken(phones)).toEqual([]);
  });

  test('messages are cut out of the stream by the length of their bodies, with empty lines between them', () => {
    const body = 'v=0\r\no=- 1 1 IN IP4 10.0.0.66\r\n\r\n';
    const turns = conversation(
      ['>', `\r\n\r\nINVITE sip:200@${REGISTRAR} SIP/2.0\r\nTo: <sip:200@${REGISTRAR}>\r\nCSeq: 1 INVITE\r\nUser-Agent: phone\r\nl: ${body.length}\r\n\r\n${body}OPTIONS sip:nm SIP/2.0\r\nContent-Length: 0\r\n\r\n`],
      ['<', '\r\n'],
      ['<', `SIP/2.0 180 Ringing\r\nt: "200" <sip:200@${REGISTRAR};transport=tcp>\r\nCSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n`],
    ); // prettier-ignore
    const fed = feedEveryWay(sip, turns, { ports: [40_000, 5060] });
    expect(fed.messages.filter((message) => sipMessage.is(message)).map(({ method, status, uri, user, userAgent }) => [method, status, uri, user, userAgent])).toEqual([
      ['INVITE', 0, `sip:200@${REGISTRAR}`, '200', 'phone'],
      ['OPTIONS', 0, 'sip:nm', '', ''],
      ['INVITE', 180, '', '200', ''],
    ]); // prettier-ignore
    expect(feed(sip, turns, { look: true }).fields.filter((each) => /^sip\.(?:Method|Status-Code)/.test(each))).toEqual([
      'sip.Method=INVITE',
      'sip.Method=OPTIONS',
      'sip.Status-Code=180',
    ]);
  });

  test.each([
    'GET / HTTP/1.1\r\nHost: x\r\n\r\n',
    'OPTIONS * HTTP/1.1\r\n\r\n',
    'DESCRIBE rtsp://10.0.0.1/ RTSP/1.0\r\n\r\n',
    'NICK somebody\r\n',
    '\x16\x03\x01\x02\0',
  ])('other protocols are left to others: %j', (said) => expect(feedEveryWay(sip, conversation(['>', said])).recognised).toBe(false));

  test('a head without an end, and a body without a measure, are given up', () => {
    expect(feed(sip, conversation(['>', `INVITE sip:1@x SIP/2.0\r\nX: ${'y'.repeat(20_000)}`])).dropped[0]).toBe(true);
    expect(feed(sip, conversation(['>', 'INVITE sip:1@x SIP/2.0\r\nContent-Length: 99999999999\r\n\r\n'])).dropped[0]).toBe(true);
  });
});

describe('users of an exchange', () => {
  const enumerated = async (exchanges: readonly Exchange[]) => findingsOf((await run(exchanges)).report, 'service-enumeration');
  // svwar 0.3.3 against Kamailio, which has 100 to 109: 62 REGISTER, ten answers of 401, 52 of 404 (tshark).
  test('that are looked for are told, with who has a name for it', async () => {
    const { report } = await run(many(62, (i) => ({ user: String(99 + i), proof: false, code: i >= 1 && i <= 10 ? REFUSED : '404 Not Found' })));
    expect(findingsOf(report, 'service-enumeration')).toMatchObject([
      {
        severity: 'low',
        title: `${PHONE} asks ${REGISTRAR} port 5060 for users of a telephone exchange: 62 users`,
        subjects: [{ role: 'attacker', address: PHONE }, { role: 'victim', address: REGISTRAR, port: 5060 }],
        evidence: { framesTotal: 62, frames: expect.arrayContaining([2, 124]) as number[] },
      },
    ]); // prettier-ignore
    for (const { evidence } of report.findings) expect(checkFilter(evidence.filter)).toMatchObject({ ok: true });
  });
  test.each([
    ['forty telephones behind one address that are asked first', many(80, (i) => ({ user: String(100 + (i >> 1)), proof: i % 2 === 1, code: i % 2 === 0 ? REFUSED : '200 OK' }))],
    ['a gateway that dials some wrong numbers', many(100, (i) => ({ user: String(3000 + i), method: 'INVITE', proof: false, code: i % 4 === 0 ? '404 Not Found' : '180 Ringing' }))],
    ['presence of many who have none', many(60, (i) => ({ user: String(100 + i), method: 'SUBSCRIBE', proof: false, code: '404 Not Found' }))],
    ['one telephone whose user is gone', many(60, () => ({ proof: false, code: '404 Not Found' }))],
  ] as const)('are not looked for by %s', async (_what, exchanges) => expect(await enumerated(exchanges)).toEqual([])); // prettier-ignore
});

describe('programs that scan exchanges', () => {
  const sent = async (userAgent: string, uri = `sip:100@${REGISTRAR}`) => {
    const builder = new PacketBuilder().udp({ from: PHONE, to: REGISTRAR, sourcePort: 5061, destinationPort: 5060, payload: bytesOf(`OPTIONS ${uri} SIP/2.0\r\nTo: <${uri}>\r\nUser-Agent: ${userAgent}\r\nContent-Length: 0\r\n\r\n`) }); // prettier-ignore
    return findingsOf(await analyzeCapture(builder.bytes()), 'scanner-software');
  };
  // The names that SIPVicious 0.3.3 sends, and the request of nmap-service-probes.
  test('are told by their names', async () => {
    for (const [agent, uri, tool] of [
      ['friendly-scanner', undefined, 'SIPVicious'],
      ['x', 'sip:nm', 'Nmap'],
    ] as const) {
      // prettier-ignore
      const [finding, ...others] = await sent(agent, uri);
      expect(others).toEqual([]);
      expect(finding).toMatchObject({
        title: `${PHONE} uses ${tool} against ${REGISTRAR} port 5060 (UDP)`,
        subjects: [{ address: PHONE }, { address: REGISTRAR, port: 5060 }],
      });
      expect(finding!.evidence).toMatchObject({ frames: [1], flows: ['udp:0'] });
      expect(checkFilter(finding!.evidence.filter)).toMatchObject({ ok: true });
    }
  });
  test.each(['Asterisk PBX 18.9', 'sipsak 0.9.8.1', 'Linphone/5.0'])('silent on %s', async (agent) => expect(await sent(agent)).toEqual([]));
});
