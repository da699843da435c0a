/**
 * `npm run test:mcp-clients`: the MCP server of dist/ against clients that others wrote. The MCP Inspector lists everything, with its strict look at schemas, and calls every
 * tool, reads every resource and gets every prompt over standard input and output; the protocol's conformance suite runs over HTTP. Both are fetched from npm into .cache/ when
 * they are missing, since they are 140 MB that nobody else needs. Ends with `N passed, N failed`.
 */
import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { bundleOf } from './bundled.mts';

const ROOT = path.resolve(import.meta.dirname, '..'),
  CLIENTS = path.join(ROOT, '.cache/mcp-clients'),
  CAPTURES = path.join(ROOT, 'captures'),
  SERVER = path.join(ROOT, 'dist/mcp.mjs'),
  STORY = 'capture_20261123_022453.pcap';
const INSPECTOR = '2.12.0',
  CONFORMANCE = '0.1.16';

/** Where nobody can be asked nothing is written or recorded, and so there is nothing to stop. */
const REFUSED: Readonly<Record<string, RegExp>> = {
  write_report: /this client cannot ask/,
  capture_status: /Nothing has been recorded here yet/,
  start_capture: /this client cannot ask/,
  stop_capture: /this client cannot ask|Nothing is being recorded/,
};

let passed = 0,
  failed = 0;
function check(what: string, problem: string | null): void {
  if (problem === null) passed++;
  else failed++;
  console.log(`${problem === null ? '✓' : '✗'} ${what}${problem === null ? '' : `: ${problem}`}`);
}

install();
await inspect();
await conform();
console.log(`\n${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);

function install(): void {
  const version = (name: string): unknown => {
    const file = path.join(CLIENTS, 'node_modules/@modelcontextprotocol', name, 'package.json');
    return fs.existsSync(file) ? (JSON.parse(fs.readFileSync(file, 'utf8')) as { version: unknown }).version : undefined;
  };
  if (version('inspector') === INSPECTOR && version('conformance') === CONFORMANCE) return;
  fs.mkdirSync(CLIENTS, { recursive: true });
  fs.writeFileSync(path.join(CLIENTS, 'package.json'), '{"private":true}\n');
  const packages = [`@modelcontextprotocol/inspector@${INSPECTOR}`, `@modelcontextprotocol/conformance@${CONFORMANCE}`];
  const { status } = spawnSync('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', '--save-exact', ...packages], {
    cwd: CLIENTS,
    stdio: 'inherit',
  });
  if (status !== 0) throw new Error('the clients could not be installed');
}

interface InputSchema {
  readonly properties?: Readonly<Record<string, unknown>>;
  readonly required?: readonly string[];
}

interface Listed {
  readonly tools: readonly { readonly name: string; readonly inputSchema: InputSchema }[];
  readonly resources: readonly { readonly uri: string }[];
  readonly resourceTemplates: readonly { readonly uriTemplate: string }[];
  readonly prompts: readonly { readonly name: string; readonly arguments?: readonly { readonly name: string; readonly required?: boolean }[] }[];
}

async function inspect(): Promise<void> {
  const lists: Readonly<Record<string, unknown>>[] = [];
  await together([['tools/list', '--strict'], ['resources/list'], ['resources/templates/list'], ['prompts/list']], async ([method = '', ...args]) => {
    lists.push(await inspector(method, ...args));
  });
  const listed = Object.assign({}, ...lists) as Listed;
  check(
    'inspector lists tools, resources, templates and prompts',
    listed.tools.length > 0 && listed.prompts.length > 0 && listed.resources.length > 1 ? null : 'something is missing',
  );
  const { address, finding, flow } = await found();
  const typical: Readonly<Record<string, string>> = {
    address,
    finding,
    id: finding,
    flow,
    n: '1',
    frame: '1',
    protocol: 'dns',
    capture: STORY,
    name: STORY,
    first: STORY,
    second: 'dns.pcap',
    hypothesis: 'a host is scanned',
  };
  await together(listed.tools, async ({ name, inputSchema }) => {
    const takesCapture = inputSchema.properties?.['capture'] !== undefined,
      wanted = [...new Set([...(takesCapture ? ['capture'] : []), ...(inputSchema.required ?? [])])];
    const result = await inspector('tools/call', '--tool-name', name, ...wanted.flatMap((each) => ['--tool-arg', `${each}=${typical[each] ?? ''}`]));
    const refusal = REFUSED[name],
      said = JSON.stringify(result);
    check(
      `inspector calls ${name}`,
      (
        refusal === undefined
          ? result['isError'] !== true && result['structuredContent'] !== undefined
          : result['isError'] === true && refusal.test(said)
      )
        ? null
        : said.slice(0, 300),
    );
  });
  const uris = [
    ...listed.resources.slice(0, 3).map(({ uri }) => uri),
    ...listed.resourceTemplates.map(({ uriTemplate }) =>
      uriTemplate.replaceAll(/\{(\w+)\}/g, (_all, name: string) =>
        encodeURIComponent(typical[name === 'id' && uriTemplate.includes('/flow/') ? 'flow' : name] ?? ''),
      ),
    ),
  ];
  await together(uris, async (uri) => {
    const { contents } = (await inspector('resources/read', '--uri', uri)) as { contents?: readonly { readonly text?: string }[] };
    check(`inspector reads ${uri}`, contents?.[0]?.text?.includes('<capture-data>') === true ? null : JSON.stringify(contents).slice(0, 300));
  });
  await together(listed.prompts, async ({ name, arguments: args = [] }) => {
    const { messages } = await inspector(
      'prompts/get',
      '--prompt-name',
      name,
      '--prompt-args',
      ...args.map((each) => `${each.name}=${typical[each.name] ?? ''}`),
    );
    check(`inspector gets ${name}`, Array.isArray(messages) && messages.length > 0 ? null : JSON.stringify(messages));
  });
}

/** A call for each, as many at a time as there are processors: every one starts the inspector and a server of its own. */
async function together<T>(all: readonly T[], call: (one: T) => Promise<void>): Promise<void> {
  const waiting = [...all];
  const inTurn = async (): Promise<void> => {
    for (let one = waiting.shift(); one !== undefined; one = waiting.shift()) await call(one);
  };
  await Promise.all(Array.from({ length: Math.max(2, os.availableParallelism()) }, inTurn));
}

/** An address, a finding and a conversation that are really there. */
async function found(): Promise<{ readonly address: string; readonly finding: string; readonly flow: string }> {
  const rows = async (tool: string, list: string, ...args: string[]): Promise<readonly Readonly<Record<string, unknown>>[]> => {
    const { structuredContent } = (await inspector(
      'tools/call',
      '--tool-name',
      tool,
      ...['capture', ...args].flatMap((each) => ['--tool-arg', each === 'capture' ? `capture=${STORY}` : each]),
    )) as {
      structuredContent: Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>>;
    };
    return structuredContent[list] ?? [];
  };
  return {
    address: String((await rows('get_statistics', 'rows', 'of=hosts'))[0]?.['address']),
    finding: String((await rows('list_findings', 'findings'))[0]?.['id']),
    flow: String((await rows('list_conversations', 'conversations', 'layer=tcp'))[0]?.['id']),
  };
}

/** One run of the inspector's command line. What it could not do, or what it found wrong with schemas, fails the check of that name. */
async function inspector(method: string, ...args: string[]): Promise<Readonly<Record<string, unknown>>> {
  const { status, stdout, stderr } = await run(process.execPath, [
    path.join(CLIENTS, 'node_modules/.bin/mcp-inspector'),
    '--cli',
    process.execPath,
    SERVER,
    '--root',
    CAPTURES,
    '--method',
    method,
    ...args,
  ]);
  // A tool that answers with an error is an answer, too.
  if (status !== 0 && method !== 'tools/call') check(`inspector ${[method, ...args].join(' ')}`, `exit code ${status}: ${stderr.slice(-500)}`);
  try {
    return JSON.parse(stdout) as Readonly<Record<string, unknown>>;
  } catch {
    return { isError: true, problem: `no JSON: ${stdout.slice(0, 200)} ${stderr.slice(-300)}` };
  }
}

/**
 * Our server, with the suite's fixtures beside its own tools, at an address that needs no token: the suite has none to send. Only the script's own proxy knows it.
 */
async function conform(): Promise<void> {
  const token = randomBytes(32).toString('hex'),
    server = spawn(process.execPath, [await bundleOf('test/mcp/support/conformanceServer.ts'), CAPTURES], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, NETSEC_MCP_TOKEN: token, NETSEC_CACHE: 'off' },
    });
  const port = await new Promise<string>((resolve, reject) => {
    let said = '';
    server.stderr.on('data', (data: Buffer) => {
      const at = /http:\/\/127\.0\.0\.1:(\d+)/.exec((said += data.toString()));
      if (at !== null) resolve(at[1]!);
    });
    server.on('close', () => reject(new Error(said)));
  });
  const proxy = http.createServer((request, response) => {
    const { port: own } = proxy.address() as AddressInfo,
      headers: http.OutgoingHttpHeaders = { ...request.headers, authorization: `Bearer ${token}` };
    for (const name of ['host', 'origin']) if (typeof headers[name] === 'string') headers[name] = headers[name].replace(`:${own}`, `:${port}`);
    const onward = http.request({ host: '127.0.0.1', port, path: request.url, method: request.method, headers, setHost: false }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    onward.on('error', () => response.destroy());
    response.on('close', () => onward.destroy());
    request.pipe(onward);
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}/mcp`,
    baseline = path.join(ROOT, 'test/mcp/conformance-baseline.yml');
  const { status, stdout } = await run(process.execPath, [
    path.join(CLIENTS, 'node_modules/.bin/conformance'),
    'server',
    '--suite',
    'all',
    '--url',
    url,
    '--expected-failures',
    baseline,
    '--output-dir',
    path.join(CLIENTS, 'results'),
  ]);
  for (const line of stdout.split('\n')) if (/^(?:✓|✗|Total:|Unexpected|Stale|Baseline)/.test(line)) console.log(`  ${line}`);
  check('conformance passes but for the fixtures of the baseline', status === 0 ? null : stdout.slice(-1500));
  proxy.close();
  proxy.closeAllConnections();
  server.kill();
}

function run(
  program: string,
  args: readonly string[],
): Promise<{ readonly status: number | null; readonly stdout: string; readonly stderr: string }> {
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: 300_000,
      env: { ...process.env, NETSEC_CACHE: 'off' },
    });
    let stdout = '',
      stderr = '';
    child.stdout.on('data', (data: Buffer) => (stdout += data.toString()));
    child.stderr.on('data', (data: Buffer) => (stderr += data.toString()));
    child.on('close', (status) => resolve({ status, stdout, stderr }));
  });
}
