/** The frames that a filter selects are those that tshark 4.0 selects with it. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { openCaptureFile } from '../../src/analysis/captureFile.node.ts';
import { checkFilter, filterCatalog, selectFrames } from '../../src/analysis/filtering.ts';
import { framesMatching, framesMatchingEach, tsharkVersion } from '../support/tshark.ts';
import { HEADER_EXPRESSIONS, REFUSED, STREAM_EXPRESSIONS } from './expressions.ts';

const root = path.join(import.meta.dirname, '../..');
const version = tsharkVersion();

const SAMPLES = [
  'web-browsing.pcap',
  'dns.pcap',
  'dhcp-ntp.pcap',
  'ftp.pcap',
  'ipv6.pcap',
  'ping-traceroute.pcap',
  'vlan-qinq.pcap',
  'vxlan.pcap',
  'gre.pcap',
  'lossy-download.pcap',
  'two-interfaces.pcapng',
  'snapped-96.pcap',
  'linux-cooked-v1.pcap',
  'scan-syn.pcap',
  'tcp-endings.pcap',
  'land-attack.pcap',
  'one-way.pcap',
].map((name) => path.join(root, 'captures', name));
/** Of others' making, read where they are present. */
const SHARED = [
  'frag__frag-1.pcap',
  'frag__teardrop.pcap',
  'tls__tls-expired-cert.pcap',
  'format__ipv6-http-atomic-frag.pcap',
  'format__simple_http_sll2.pcap',
  'creds__http-basicauth.pcap',
].map((name) => path.join(root, '../shared/captures', name));
const captures = [...SAMPLES, ...SHARED].filter((file) => existsSync(file));

/** Where we differ on purpose, or where the difference is not the filter's. */
const ACCEPTED: readonly { readonly capture: RegExp; readonly expression: RegExp; readonly reason: string }[] = [
  {
    capture: /snapped-96/,
    expression: /^(?:upper\(|lower\(|len\()?(?:http|tls)/,
    reason: 'tshark reads on in segments that the snap length cut; our streams stop there',
  },
  {
    capture: /snapped-96/,
    expression: /^dns\.(?:time|response_to)/,
    reason: 'tshark gives up where the snap length cut a response, before it says what that answers',
  },
  {
    capture: /lossy-download|two-interfaces|vlan-qinq|tcp-endings/,
    expression: /http|tls/,
    reason: 'a segment sent twice: tshark dissects the copy again, we each byte of a stream once',
  },
  {
    capture: /tcp-endings/,
    expression: /^tcp\.seq > 1000$/,
    reason: 'tshark gives the raw sequence number of a header quoted in an ICMP error the name of the relative one',
  },
  {
    capture: /tcp-endings/,
    expression: /^tcp\.time_/,
    reason: 'a header that is quoted in an ICMP error belongs to no stream here',
  },
];

/** Expressions over protocols that are registered. */
function known(expressions: readonly string[]): string[] {
  return expressions.filter((expression) => !/\bdns\b/.test(expression) || filterCatalog().find('dns') !== undefined);
}

if (version === null) {
  it('needs tshark to compare with', () => {
    console.warn('\n*** tshark is not installed: that filters select the frames Wireshark selects was NOT checked. ***\n');
    expect(process.env['CI'], 'CI must install tshark').toBeUndefined();
  });
} else {
  describe(`display filter like ${version}`, () => {
    const expressions = [...HEADER_EXPRESSIONS, ...known(STREAM_EXPRESSIONS)];

    it('compares enough', () => {
      expect(expressions.length).toBeGreaterThanOrEqual(60);
      expect(captures.length).toBeGreaterThanOrEqual(10);
    });

    it.each(captures.map((file) => [path.basename(file), file] as const))(
      'selects the same frames of %s',
      async (name, file) => {
        const theirs = framesMatchingEach(file, expressions);
        const opened = await openCaptureFile({ kind: 'path', path: file });
        if (!opened.ok) throw new Error(opened.message);
        const differences: string[] = [];
        for (const [i, expression] of expressions.entries()) {
          const ours = [...(await selectFrames(opened.capture.source, opened.capture.format, expression, undefined, {})).frames()];
          const want = theirs[i];
          if (want === null || want === undefined) differences.push(`${expression}: tshark refuses it`);
          else if (ours.join() !== want.join() && !ACCEPTED.some((accepted) => accepted.capture.test(name) && accepted.expression.test(expression))) {
            const extra = ours.filter((frame) => !want.includes(frame)),
              missing = want.filter((frame) => !ours.includes(frame));
            differences.push(
              `${expression}: ours alone ${extra.slice(0, 10).join(' ') || '-'}, tshark's alone ${missing.slice(0, 10).join(' ') || '-'}`,
            );
          }
        }
        await opened.capture.close();
        expect(differences).toEqual([]);
      },
      120_000,
    );

    it('reads the same with -Y', async () => {
      const file = captures[0]!,
        opened = await openCaptureFile({ kind: 'path', path: file });
      if (!opened.ok) throw new Error(opened.message);
      for (const expression of ['ip.addr != 10.0.0.0/8', 'tcp.flags & 0x12 == 0x12', 'http.host contains "example"']) {
        expect([...(await selectFrames(opened.capture.source, opened.capture.format, expression, undefined, {})).frames()], expression).toEqual(
          framesMatching(file, expression),
        );
      }
      await opened.capture.close();
    });

    it.each(
      ['captures/web-http2.pcap', '../shared/captures/format__http2-range.pcap']
        .map((file) => path.join(root, file))
        .filter((file) => existsSync(file)),
    )('finds HTTP/2 that HTTP has changed to: %s', async (file) => {
      const opened = await openCaptureFile({ kind: 'path', path: file });
      if (!opened.ok) throw new Error(opened.message);
      expect([...(await selectFrames(opened.capture.source, opened.capture.format, 'http2', undefined, {})).frames()]).toEqual(
        framesMatching(file, 'http2'),
      );
      await opened.capture.close();
    });

    it('refuses what tshark refuses', () => {
      const theirs = framesMatchingEach(captures[0]!, REFUSED);
      expect(
        REFUSED.filter((_, i) => theirs[i] !== null),
        'accepted by tshark',
      ).toEqual([]);
      expect(
        REFUSED.filter((expression) => checkFilter(expression).ok),
        'accepted by us',
      ).toEqual([]);
    });
  });
}
