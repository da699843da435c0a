/** service-enumeration of a web server that answers everything alike: what ffuf was seen to ask such a server, and applications that ask for much and get the same. */
import { describe, expect, test } from 'vitest';
import { checkFilter } from '../../../src/analysis/filtering.ts';
import { analyzeCapture, findingsOf, indicator } from '../../support/analyzeCapture.ts';
import { CLIENT, dialogue, SERVER, web, type RequestOptions } from '../../support/dialogue.ts';

/** From SecLists' common.txt, as ffuf asked for them. */
const LIST = [
    'admin',
    'backup',
    '.git/HEAD',
    'wp-login.php',
    'phpmyadmin',
    '.env',
    'server-status',
    '.svn/entries',
    'dump.sql',
    'id_rsa',
    '.htpasswd',
  ],
  asked = [...LIST, ...Array.from({ length: 20 }, (_, i) => `path${i}`)];
const run = async (paths: readonly string[], options: (path: string) => RequestOptions) =>
  findingsOf(
    await analyzeCapture(
      dialogue(
        paths.flatMap((path) => web(`/${path}`, options(path))),
        { gap: 0.005 },
      ).bytes(),
    ),
    'service-enumeration',
  );

describe('pages are guessed at a server that answers', () => {
  test.each<[string, (path: string) => RequestOptions, string]>([
    ['everything with its one page', () => ({ answer: '<div id=app></div>' }), '200 with 18 bytes'],
    ['that a page was not found, with 200', (path) => ({ answer: `There is no /${path} here.` }), '200 with 18 bytes beside the name of the page'],
    [
      'everybody with its login',
      (path) => ({ status: '302 Found', answerHeaders: `Location: /login?next=/${path}\r\n`, answer: path }),
      '302 to /login',
    ],
    [
      'with the same over TLS',
      (path) => ({ status: '301 Moved', answerHeaders: `Location: https://example.org/${path}\r\n`, answer: path }),
      '301 to the same at https://example.org',
    ],
    ['that one has to log in', () => ({ status: '401 Unauthorized' }), '401 with 0 bytes'],
  ])('%s', async (_, options, answer) => {
    const [finding, ...others] = await run(asked, options);
    expect(others).toEqual([]);
    expect(finding).toMatchObject({
      severity: 'medium',
      subjects: [
        { role: 'attacker', address: CLIENT },
        { role: 'victim', address: SERVER, port: 80 },
      ],
      evidence: { framesTotal: asked.length },
      attack: ['T1595.003'],
    });
    expect([indicator(finding!, 'pages'), indicator(finding!, 'the answer to all of them')]).toEqual([asked.length, answer]);
    expect(checkFilter(finding!.evidence.filter)).toMatchObject({ ok: true });
  });

  test('also where every other page has an answer of its own', async () => {
    const pages = asked.flatMap((path, i) => [path, ...Array.from({ length: 30 }, (_, n) => `own${i}-${n}`)]);
    expect(await run(pages, (path) => ({ answer: path.startsWith('own') ? 'x'.repeat(500 + pages.indexOf(path)) : 'none' }))).toHaveLength(1);
  });
});

describe('silent on', () => {
  // An administrator's console that saves its settings: names of lists, but of what an application has.
  const console = ['users', 'config', 'stats', 'backup', 'uploads', 'dev', 'logs', 'setup', 'manager', 'test', 'shell', 'database'].map(
    (name) => `api/${name}`,
  );
  test.each<[string, readonly string[], (path: string) => RequestOptions]>([
    ['a console whose calls all end well', [...console, ...Array.from({ length: 20 }, (_, i) => `api/item${i}`)], () => ({ answer: '{"ok":true}' })],
    ['pages that a browser has already', asked, () => ({ status: '304 Not Modified' })],
    ['a scan whose answers differ', asked, (path) => ({ answer: 'x'.repeat(asked.indexOf(path) * 500) })],
    [
      'a single page that is asked for under many names',
      Array.from({ length: 200 }, (_, i) => `item/${i}`),
      () => ({ answer: '<div id=app></div>' }),
    ],
    ['forms', asked, () => ({ method: 'POST', body: 'a=1', answer: 'ok' })],
  ])('%s', async (_, paths, options) => expect(await run(paths, options)).toEqual([]));
});

test('guesses are not forgotten for a thousand pages with answers of their own', async () => {
  const pages = [...asked, ...Array.from({ length: 1000 }, (_, i) => `news/${i}`)];
  expect(await run(pages, (path) => ({ answer: path.startsWith('news') ? 'x'.repeat(100 + Number(path.slice(5))) : 'none' }))).toHaveLength(1);
});
