/** Every icon that the page asks for has a line in icons.css, and every line a sign in the part of the font that is shipped: one without draws nothing. */
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { expect, test } from 'vitest';
import { chromiumIsHere, startHarness } from './harness/serve.ts';

const MEDIA = path.resolve(import.meta.dirname, '../../media');
const codicons = fs.readFileSync(createRequire(import.meta.url).resolve('@vscode/codicons/dist/codicon.css'), 'utf8');
const codes = (css: string): Map<string, string> =>
  new Map([...css.matchAll(/\.codicon-([a-z0-9-]+)::?before\s*\{\s*content:\s*['"]\\([0-9a-f]+)['"]/g)].map((m) => [m[1]!, m[2]!]));
const known = codes(codicons),
  drawn = codes(fs.readFileSync(path.join(MEDIA, 'icons.css'), 'utf8'));

test('icons that are asked for are drawn, with the sign of their name', () => {
  const sources = fs
    .readdirSync(MEDIA, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => fs.readFileSync(path.join(MEDIA, name), 'utf8'))
    .join('\n');
  // Names stand in calls, some with a choice inside, in lists of buttons, and in tables by name.
  const places = [...sources.matchAll(/\bicon\(([^()]*)\)|\bicon: ('[^']*')|\bICONS = (\{[^}]*\})/g)].map((m) => m.slice(1).join(' '));
  const asked = new Set(
    places.flatMap((place) => [...place.matchAll(/(?<!=== )'([a-z0-9-]+)'/g)].map((m) => m[1]!)).filter((name) => known.has(name)),
  );
  expect(asked.size).toBeGreaterThan(20);
  expect([...asked].filter((name) => drawn.get(name) !== known.get(name))).toEqual([]);
});

test.runIf(chromiumIsHere || process.env['CI'] !== undefined)('the part of the font that is shipped has them all', async () => {
  const harness = await startHarness();
  try {
    const { page } = await harness.open();
    const [nothing, ...signs] = await page.evaluate(
      async (wanted) => {
        await document.fonts.load('48px codicon');
        // A sign that no font of icons has, then those that are drawn.
        return ['e000', ...wanted].map((code) => {
          const canvas = new OffscreenCanvas(64, 64),
            context = canvas.getContext('2d')!;
          context.font = '48px codicon';
          context.fillText(String.fromCodePoint(Number.parseInt(code, 16)), 4, 52);
          return context.getImageData(0, 0, 64, 64).data.join();
        });
      },
      [...drawn.values()],
    );
    expect(new Set(signs).size).toBe(new Set(drawn.values()).size);
    expect([...drawn.keys()].filter((_, i) => signs[i] === nothing || !/[1-9]/.test(signs[i] ?? ''))).toEqual([]);
  } finally {
    await harness.close();
  }
});
