/** What reaches the page of a capture: texts that show what they are, and filters that still find them. */
import { expect, test } from 'vitest';
import { EVERYTHING, type EngineMethods, type EngineSession } from '../../src/analysis/engineApi.ts';
import { engineHandlers } from '../../src/editor/engineHandlers.ts';
import { dialogue, web } from '../support/dialogue.ts';
import { withSession } from '../support/withSession.ts';

test('a name that turns the direction of writing is shown with its escape, in rows and details, and its filter finds it', async () => {
  const { signal } = new AbortController();
  // U+202E, as UTF-8
  await withSession(dialogue(web('/\xe2\x80\xaegnp.exe', { answer: 'MZ' })).bytes(), async (session) => {
    const call = <M extends keyof EngineMethods>(method: M, params: EngineMethods[M][0]): Promise<EngineMethods[M][1]> =>
      Promise.resolve((session.handlers[method] as (params: unknown, signal: AbortSignal) => EngineMethods[M][1])(params, signal));
    const page = engineHandlers({ call, onEvent: () => () => undefined, dispose: () => undefined } satisfies EngineSession);
    const all = [
      await page.packets({ selection: EVERYTHING, sort: null, offset: 0, limit: 10 }, signal),
      await page.packet({ frame: 4 }, signal),
      await page.files({ selection: EVERYTHING, search: '', sort: null, offset: 0, limit: 10 }, signal),
      await page.report({ selection: EVERYTHING, limit: 10 }, signal),
    ];
    const text = JSON.stringify(all);
    expect(text).not.toContain('\u202e');
    expect(text).toContain('\\\\u202egnp.exe');
    const [filter] = JSON.stringify(all[1]).match(/http\.request\.uri == \\".*?\\"(?=")/)!;
    const found = await page.packets(
      { selection: { ...EVERYTHING, filter: JSON.parse(`"${filter}"`) as string }, sort: null, offset: 0, limit: 10 },
      signal,
    );
    expect(found.rows.map(({ frame }) => frame)).toEqual([4]);
  });
});
