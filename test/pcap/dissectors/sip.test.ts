/** Logins over SIP, RFC 3261 section 22: a question for a password is no refusal, one after its proof is. */
import { describe, expect, test } from 'vitest';
import { analyzeCapture, findingsOf } from '../../support/analyzeCapture.ts';
import { bytesOf } from '../../support/dialogue.ts';
import { PacketBuilder } from '../../support/packetBuilder.ts';

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
    expect(success).toMatchObject([{ description: expect.stringContaining('as 101') as string, evidence: { frames: [52] } }]);
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
