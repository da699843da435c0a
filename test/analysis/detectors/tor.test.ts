/** Relays of Tor are told by their names, directories by their paths; names of that form which people use are not. tor-spec.txt section 2. */
import { describe, expect, test } from 'vitest';
import { tor } from '../../../src/analysis/detectors/registry.ts';
import { looksRandom } from '../../../src/analysis/detectors/randomNames.ts';
import { checkFilter } from '../../../src/analysis/filtering.ts';
import { analyzeCapture, findingsOf } from '../../support/analyzeCapture.ts';
import { clientHello, dialogue, lookUps, SERVER, shownCertificate, web } from '../../support/dialogue.ts';
import { confidenceSum, MessageDriver } from '../../support/messageDriver.ts';

const run = async (capture: Uint8Array) => findingsOf(await analyzeCapture(capture), 'tor');

function relay(sni: string, port: number, certificate?: readonly [string, string]): MessageDriver {
  const driver = new MessageDriver(tor),
    flow = driver.flow('10.0.0.5', SERVER, port, 'tls');
  driver.say(flow, clientHello({ sni }));
  if (certificate !== undefined)
    driver.say(flow, shownCertificate({ commonName: certificate[0], subject: `CN=${certificate[0]}`, issuer: `CN=${certificate[1]}` }));
  return driver;
}

describe('is told', () => {
  test('a relay that shows its certificate', () => {
    const [finding, ...others] = relay('www.6bvlqkzx2t.com', 9001, ['www.q4cyamnh2kfx.net', 'www.4oit3xjzzl5.com']).findings;
    expect(others).toEqual([]);
    expect(finding).toMatchObject({ technique: 'relay', severity: 'medium' });
    expect(finding!.confidence).toBe(confidenceSum(finding!));
    expect(checkFilter(finding!.filter)).toMatchObject({ ok: true });
  });
  test('a random name on a port of relays; on the port of the web it is little', () => {
    expect(relay('www.6bvlqkzx2t.com', 9001).findings).toMatchObject([{ technique: 'name', severity: 'medium' }]);
    expect(relay('www.6bvlqkzx2t.com', 443).findings).toMatchObject([{ technique: 'name', severity: 'low' }]);
  });
  test('a directory', async () =>
    expect(await run(dialogue(web('/tor/status-vote/current/consensus-microdesc'), { port: 9030 }).bytes())).toMatchObject([{ severity: 'medium' }]));
  test('a name below .onion, and the pages as a fact', async () => {
    expect(await run(lookUps(['expyuzz4wqqyqhjn.onion']).bytes())).toMatchObject([{ severity: 'low' }]);
    expect(await run(lookUps(['www.torproject.org']).bytes())).toMatchObject([{ severity: 'info' }]);
  });
});
describe('is silent on', () => {
  test.each(['www.facebook.com', 'www.wikipedia.com', 'www.stackoverflow.com', 'cdn.6bvlqkzx2t.com'])('%s', (name) =>
    expect(relay(name, 443).findings).toEqual([]),
  );
  test('certificates of companies', () => expect(relay('www.google.com', 443, ['www.google.com', 'Thawte SGC CA']).findings).toEqual([]));
});
test('random labels are told from words', () => {
  for (const label of ['xkqzjvwbtm', '6bvlqkzx2t', 'q4cyamnh2kfx', 'mphtfrlxyv']) expect(looksRandom(label), label).toBe(true);
  for (const label of ['stackoverflow', 'googleapis', 'microsoft', 'wikipedia', 'update', 'bundesregierung', 'windows-update', 'elasticsearch'])
    expect(looksRandom(label), label).toBe(false);
});
