/**
 * What the ten standard questions cost over our samples, and the table of docs/thrift.md, which `npm run thrift` writes: ours beside what two peers
 * answer the same with.
 */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import type { CaptureFile } from '../../../src/analysis/captureFiles.ts';
import type { CaptureStore, Opened } from '../../../src/analysis/captureStore.ts';
import { FakeCaptureStore } from '../../support/fakeCaptureStore.ts';
import { costsOf, STANDARD_QUESTIONS, toolListBytes, type Cost } from './standardQuestions.ts';

export const MOST_TOKENS = 6000;

/** The captures of a folder, uncompressed ones. */
export const samplesIn = (folder: string): readonly string[] => fs.readdirSync(folder).filter((name) => name.endsWith('.pcap'));

/** Each capture is read once. */
class ReadOnce implements CaptureStore {
  readonly #store: FakeCaptureStore;
  readonly #opened = new Map<string, Promise<Opened>>();
  constructor(folder: string, names: readonly string[]) {
    this.#store = new FakeCaptureStore(Object.fromEntries(names.map((name) => [name, fs.readFileSync(path.join(folder, name))])));
  }
  list = (): ReturnType<CaptureStore['list']> => this.#store.list();
  resolve = (which: string): ReturnType<CaptureStore['resolve']> => this.#store.resolve(which);
  open(file: CaptureFile): Promise<Opened> {
    const known = this.#opened.get(file.location) ?? this.#store.open(file);
    this.#opened.set(file.location, known);
    return known;
  }
}

/** By capture, in the order of the questions. */
export async function costsOfSamples(folder: string): Promise<ReadonlyMap<string, readonly Cost[]>> {
  const names = samplesIn(folder),
    store = new ReadOnce(folder, names),
    costs = new Map<string, readonly Cost[]>();
  for (const [i, name] of names.entries()) costs.set(name, await costsOf(store, name, names[(i + 1) % names.length]!));
  return costs;
}

export const total = (of: readonly Cost[]): number => of.reduce((sum, { tokens }) => sum + tokens, 0);

/** What two peers answer the same with, from their sources: their calls of tshark made here, cut as they cut. */
const PEERS: Readonly<Record<string, { readonly shark: readonly string[]; readonly wireshark: readonly string[] | null }>> = {
  'what is this?': { shark: [], wireshark: ['-q', '-z', 'io,phs'] },
  'who talks most?': { shark: [], wireshark: ['-q', '-z', 'endpoints,ip'] },
  'any threats?': { shark: [], wireshark: ['-q', '-z', 'expert'] },
  'what did 10.0.0.5 do?': { shark: ['-Y', 'ip.addr == HOST'], wireshark: ['-q', '-z', 'conv,ip,ip.addr == HOST'] },
  'which DNS names failed?': { shark: ['-Y', 'dns.flags.rcode != 0'], wireshark: null },
  'is this beaconing?': { shark: [], wireshark: ['-q', '-z', 'io,stat,1'] },
  'what was downloaded?': { shark: ['-Y', 'http'], wireshark: null },
  'which TLS is weak?': { shark: ['-Y', 'tls.handshake'], wireshark: null },
};

/** Samples of all sizes: each question is a run of tshark. */
const EACH = 8;

function tshark(file: string, args: readonly string[]): string {
  return execFileSync('tshark', ['-n', '-r', file, ...args], { encoding: 'utf8', maxBuffer: 1 << 28, stdio: ['ignore', 'pipe', 'ignore'] });
}

/** docs/thrift.md; takes tshark. */
export async function thriftMarkdown(folder: string): Promise<string> {
  const names = samplesIn(folder),
    costs = await costsOfSamples(folder),
    PLAYED = names.filter((_, i) => i % EACH === 0),
    SAMPLES = folder;
  const tokens = (text: string): number => Math.ceil(Buffer.byteLength(text) / 3);
  const middle = (of: readonly number[]): number => of.toSorted((a, b) => a - b)[Math.floor(of.length / 2)] ?? 0;
  const n = (value: number): string => value.toLocaleString('en-US');
  const rows = STANDARD_QUESTIONS.map(({ question }, i) => {
    const ours = [...costs.values()].map((of) => of[i]!),
      peer = PEERS[question];
    const played = (args: readonly string[] | null | undefined, most: (text: string) => string): string => {
      if (args === undefined || args === null) return '-';
      const each = PLAYED.map((name) => {
        const file = path.join(SAMPLES, name),
          host =
            tshark(file, ['-T', 'fields', '-e', 'ip.src', '-c', '20'])
              .split('\n')
              .find((line) => /^[\d.]+$/.test(line)) ?? '10.0.0.5';
        return tokens(
          most(
            tshark(
              file,
              args.map((arg) => arg.replace('HOST', host)),
            ),
          ),
        );
      });
      return `${n(middle(each))} to ${n(Math.max(...each))}`;
    };
    const shark = played(peer?.shark, (text) => text.slice(0, 720_000)),
      wireshark = played(peer?.wireshark, (text) => text.split('\n').slice(0, 56).join('\n'));
    return `| ${question} | ${ours[0]!.calls} | ${n(middle(ours.map((each) => each.tokens)))} to ${n(Math.max(...ours.map((each) => each.tokens)))} | ${wireshark} | ${shark} |`;
  });
  const all = [...costs.values()].map(total),
    { tools, bytes } = toolListBytes();
  return `# What a question costs

A language model is paid by the token and forgets what does not fit, so results are small. The ten questions that people ask first, played over our ${names.length} samples
(\`test/chat/thrift.test.ts\`): tokens of the tool results that answer them, the usual and the most. A token is three bytes of UTF-8.

| Question | Our calls | Netsec | Wireshark-MCP | SharkMCP |
| --- | --- | --- | --- | --- |
${rows.join('\n')}
| all ten | at most 3 each | ${n(middle(all))} to ${n(Math.max(...all))} | | |
| the list of tools | ${tools} tools | ${n(bytes)} bytes | 51 tools, about 17 kB | 4 tools, about 4 kB |

The test fails when all ten together reach ${n(MOST_TOKENS)} tokens for one of the samples, when a question takes more than three calls, or when the list of tools, as a client gets it but
for the schemas of results, reaches 10 kB.

## The peers

Their figures are of their own calls of tshark, as their sources have them, made here on ${PLAYED.length} of the samples and cut where they cut; the words around them are not counted. A dash: no
call of theirs answers the question alone, or we did not find it.

- **Wireshark-MCP** (bx33661/Wireshark-MCP, \`tools/stats.py\`): \`-z io,phs\`, \`endpoints,ip\`, \`expert\`, \`conv,ip\`, \`io,stat\`; rows beyond 50 are summarised there, so 56 lines are counted. Its list of tools was
  not run: 51 tools, times the about 330 bytes of name, description and schema that the six of \`stats.py\` take.
- **SharkMCP** (kriztalz/SharkMCP, \`src/tools/analyze-pcap-file.ts\`): one tool reads files, \`tshark -r FILE -Y FILTER\`, up to 720,000 characters as text. Its list was not run either: names and descriptions of
  its four tools, and the parameters of the two that we read, twice.

What a peer's answer is worth is another matter: "any threats?" is answered there by Wireshark's expert notes, or by the packets themselves.
`;
}
