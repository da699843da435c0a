/** A fingerprint of malware weighs as much as what else is odd about the connection. Hashes: abuse.ch SSLBL and FoxIO's JA4 list. */
import { expect, test } from 'vitest';
import { knownBadFingerprint } from '../../../src/analysis/detectors/registry.ts';
import { checkFilter } from '../../../src/analysis/filtering.ts';
import { clientHello, SERVER, shownCertificate } from '../../support/dialogue.ts';
import { confidenceSum, MessageDriver } from '../../support/messageDriver.ts';

const TRICKBOT = '534ce2dbc413c68e908363b5df0ae5e0',
  WINDOWS = '51c64c77e60f3980eea90869b68c58a8';

function met(ja3: string, { sni = null as string | null, port = 443, selfSigned = false, options = {} } = {}) {
  const driver = new MessageDriver(knownBadFingerprint, options),
    flow = driver.flow('10.0.0.5', SERVER, port, 'tls');
  return driver.say(flow, clientHello({ ja3, sni })).say(flow, shownCertificate({ selfSigned })).findings;
}

test('with a certificate of the server’s own making, or on an odd port and without a name, it is an alarm', () => {
  const [finding, ...others] = met(TRICKBOT, { selfSigned: true });
  expect(others).toEqual([]);
  expect(finding).toMatchObject({ severity: 'medium', what: 'TrickBot', technique: TRICKBOT });
  expect(finding!.confidence).toBe(confidenceSum(finding!));
  expect(checkFilter(finding!.filter)).toMatchObject({ ok: true });
  expect(met(TRICKBOT, { port: 449 })).toMatchObject([{ severity: 'medium' }]);
});
test('alone it is little, and what Windows itself has is a fact', () => {
  expect(met(TRICKBOT, { sni: 'www.example.org' })).toMatchObject([{ severity: 'low' }]);
  expect(met(WINDOWS, { sni: 'v10.events.data.microsoft.com' })).toMatchObject([{ severity: 'info' }]);
  expect(met(WINDOWS, { options: { shared: false } })).toEqual([]);
});
test('silent on others', () => expect(met('ada70206e40642a3e4461f35503241d5', { selfSigned: true })).toEqual([]));
