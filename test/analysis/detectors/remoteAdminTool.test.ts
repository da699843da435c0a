/** Programs for remote support are told by their servers and first words; the pages of their makers are not. */
import { describe, expect, test } from 'vitest';
import { checkFilter } from '../../../src/analysis/filtering.ts';
import { analyzeCapture, findingsOf } from '../../support/analyzeCapture.ts';
import { dialogue, lookUps, web } from '../../support/dialogue.ts';

const run = async (capture: Uint8Array, options = {}) =>
  findingsOf(await analyzeCapture(capture, { detectors: { 'remote-admin-tool': options } }), 'remote-admin-tool');
// TeamViewer's protocol on port 5938 begins 17 24; see nDPI's teamviewer.c.
const teamViewer = dialogue([['client', `\x17\x24\x0a\x20${'\0'.repeat(40)}`]], { port: 5938 }).bytes();

describe('is told', () => {
  test('TeamViewer by its first words', async () => {
    const [finding, ...others] = await run(teamViewer);
    expect(others).toEqual([]);
    expect(finding).toMatchObject({ severity: 'low', title: '10.0.0.5 uses TeamViewer by way of 203.0.113.9 port 5938' });
    expect(checkFilter(finding!.evidence.filter)).toMatchObject({ ok: true });
  });
  test('a question for its relay, as a fact', async () =>
    expect(await run(lookUps(['relay-1a2b.net.anydesk.com']).bytes())).toMatchObject([{ severity: 'info' }]));
  test('NetSupport over the Internet', async () =>
    expect(
      await run(
        dialogue(
          web('http://203.0.113.9/fakeurl.htm', {
            method: 'POST',
            headers: 'User-Agent: NetSupport Manager/1.3\r\nHost: 203.0.113.9\r\n',
            body: 'CMD=POLL\nINFO=1\nACK=1\n',
          }),
        ).bytes(),
      ),
    ).toMatchObject([{ severity: 'medium' }]));
});
describe('is silent on', () => {
  test('the pages of a maker', async () =>
    expect(await run(lookUps(['www.teamviewer.com', 'community.anydesk.com', 'notanydesk.com']).bytes())).toEqual([]));
  test('what is used on purpose', async () => expect(await run(teamViewer, { allowedTools: ['teamviewer'] })).toEqual([]));
});
