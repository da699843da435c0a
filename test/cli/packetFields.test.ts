/** `netsec packets --fields` from outside; its values are compared with tshark's in test/analysis/readFields.test.ts. */
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { buildCli } from './support/buildCli.ts';
import { netsec, SAMPLES } from './support/capture.ts';

beforeAll(async () => {
  await buildCli();
});

describe('packets --fields', () => {
  // tshark -r ftp.pcap -Y ftp -T fields -e frame.number -e ip.src -e tcp.port -e ftp.request.command -e ftp.response.code -c 3
  test('prints the values of fields that are named, one line per frame, and stops at the limit', async () => {
    const fields = ['packets', path.join(SAMPLES, 'ftp.pcap'), '-f', 'ftp', '--fields'];
    const { status, stdout, stderr } = await netsec([...fields, 'frame.number,ip.src,tcp.port,ftp.request.command,ftp.response.code', '-n', '3']);
    expect(status).toBe(0);
    expect(stdout).toBe('10\t10.20.0.20\t21,49950\t\t220\n12\t192.168.10.21\t49950,21\tUSER\t\n14\t10.20.0.20\t21,49950\t\t331\n');
    expect(stderr).toBe('3 packets; there are more, which --limit and --offset show.\n');
    const json = await netsec([...fields, ' ftp.request.command , ftp.request.arg', '--json', '--offset', '1', '-n', '1']);
    expect(JSON.parse(json.stdout)).toEqual({
      fields: ['ftp.request.command', 'ftp.request.arg'],
      offset: 1,
      rows: [{ frame: 12, fields: { 'ftp.request.command': ['USER'], 'ftp.request.arg': ['alice'] } }],
      more: true,
    });
    for (const [names, message] of [
      ['ip.scr', '"ip.scr" is neither a field nor a protocol name; near to it are ip.src and cip.sc.'],
      [',', '--fields wants names of fields'],
    ] as const) {
      const wrong = await netsec([...fields, names]);
      expect([wrong.status, wrong.stdout]).toEqual([2, '']);
      expect(wrong.stderr).toContain(message);
    }
  });
  // Frame 110 logs in with a password, captures/web-http2.md: HTTP/2 packs it, so that it stands nowhere in letters.
  test('hides the bytes that pack a secret, and those only', async () => {
    const { stdout } = await netsec([
      'packets',
      path.join(SAMPLES, 'web-http2.pcap'),
      '-f',
      'http2.headers',
      '--fields',
      'frame.number,http2.headers,tcp.payload',
    ]);
    const rows = stdout
      .trimEnd()
      .split('\n')
      .map((line) => line.split('\t'));
    expect(rows.filter(([, , payload]) => payload === '(hidden)').map(([frame]) => frame)).toEqual(['110', '131']);
    expect(rows.filter(([, headers]) => headers === '(hidden)').map(([frame]) => frame)).toEqual(['110', '131']);
    expect(rows.length).toBeGreaterThan(10);
  });
  // captures/hostile-text.md
  test('prints hostile text of fields as text', async () => {
    const { stdout } = await netsec([
      'packets',
      path.join(SAMPLES, 'hostile-text.pcap'),
      '--fields',
      'http.user_agent,http.request.line,http.request.uri,dns.qry.name,tcp.payload',
    ]);
    expect(stdout).toMatch(/\\r\\n/);
    expect(stdout).not.toMatch(/[^\P{Cc}\n\t]/u);
    expect(
      stdout
        .split('\n')
        .slice(0, -1)
        .every((line) => line.split('\t').length === 5),
    ).toBe(true);
  });
});
