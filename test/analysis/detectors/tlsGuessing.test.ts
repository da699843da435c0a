/** brute-force within TLS: told by how late and how alike a mail server answers; and those who fetch, send and check. */
import { describe, expect, test } from 'vitest';
import { bruteForce } from '../../../src/analysis/detectors/registry.ts';
import { checkFilter } from '../../../src/analysis/filtering.ts';
import type { TlsRecordMessage } from '../../../src/pcap/tls/messages.ts';
import { analyzeCapture, findingsOf, sample } from '../../support/analyzeCapture.ts';
import { confidenceSum, MessageDriver } from '../../support/messageDriver.ts';

const A = '10.0.0.66',
  B = '10.0.0.25';
/** Bytes that the client asks with, bytes of the answer, and the seconds it takes. */
type Said = readonly [asked: number, answered: number, seconds: number];
const GREETING: readonly Said[] = [
  [74, 160, 0.002],
  [36, 105, 0.002],
];
function sessions(count: number, said: (i: number) => readonly Said[], gap: number | ((i: number) => number), port = 993): MessageDriver {
  const driver = new MessageDriver(bruteForce);
  for (let i = 0; i < count; i++) {
    const flow = driver.flow(A, B, port, 'tls');
    for (const [asked, answered, seconds] of [...GREETING, ...said(i)]) {
      driver.say<TlsRecordMessage>(flow, { kind: 'tls-record', fromClient: true, bytes: asked }).wait(seconds);
      driver.say<TlsRecordMessage>(flow, { kind: 'tls-record', fromClient: false, bytes: answered }).wait(0.01);
    }
    driver.wait(typeof gap === 'number' ? gap : gap(i));
  }
  return driver;
}
const uneven = (i: number): number => (i * 7) % 5;

describe('guessing within TLS', () => {
  // tshark: tcp.port == 993 && tls.app_data shows eight connections, sixteen late answers of 74 bytes; hydra says "16 login tries".
  test('recorded with hydra and Dovecot', async () => {
    const [finding, ...others] = findingsOf(await analyzeCapture(sample('imaps-guessed.pcap')), 'brute-force');
    expect(others).toEqual([]);
    expect(finding).toMatchObject({
      severity: 'medium',
      subjects: [
        { role: 'attacker', address: '192.168.10.24' },
        { role: 'victim', address: '10.20.0.20', port: 993 },
      ],
      evidence: { framesTotal: 8 },
    });
    expect(finding!.indicators).toContainEqual(expect.objectContaining({ name: 'requests that look like refused logins', value: 16 }));
    expect(finding!.title).toContain('seems to');
    expect(checkFilter(finding!.evidence.filter)).toMatchObject({ ok: true });
  });
  test('one try per connection, passwords of different lengths', () => {
    const [finding, ...others] = sessions(15, (i) => [[50 + (i % 6), 74, 2]], 0).findings;
    expect(others).toEqual([]);
    expect(finding).toMatchObject({ technique: 'imap-tls', severity: 'medium' });
    expect(finding!.confidence).toBeLessThan(75);
    expect(confidenceSum(finding!)).toBe(finding!.confidence);
  });
  test('the same length each time has less weight', () =>
    expect(sessions(15, () => [[50, 74, 2]], uneven).findings).toMatchObject([{ severity: 'low' }]));

  test('is silent on programs that fetch mail, recorded with curl', async () =>
    expect(findingsOf(await analyzeCapture(sample('imaps-polled.pcap')), 'brute-force')).toEqual([]));
  test.each([
    ['a monitor with an old password, every minute', sessions(30, () => [[50, 74, 2]], 58)],
    ['webmail: slow logins of many users, who go on', sessions(30, (i) => [[50 + (i % 9), 74, 1.5], [40, 300, 0.01], [44, 900, 0.01], [30, 40, 0.01]], 1)], // prettier-ignore
    ['programs that check passwords at a quick server', sessions(30, (i) => [[50 + (i % 9), 74, 0.05], [30, 40, 0.01]], 1)], // prettier-ignore
    ['a letter to many, each looked up', sessions(2, () => [...Array.from({ length: 20 }, (_, i): Said => [45 + (i % 9), 40, 1.2]), [30, 60, 0.01], [4000, 70, 0.3], [28, 40, 0.01]], 5, 465)], // prettier-ignore
    ['letters that are deleted one by one', sessions(2, () => Array.from({ length: 30 }, (_, i): Said => [i < 9 ? 30 : 31, 45, 0.01]), 5, 995)],
    ['a few mistakes', sessions(6, (i) => [[50 + i, 74, 2]], 3)],
  ])('is silent on %s', (_, driver) => expect(driver.findings).toEqual([]));
});
