/** One question of the command line: @netsec with a terminal on the other side of it. */
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { nodeCaptureStore } from '../analysis/captureStore.node.ts';
import type { CaptureStore } from '../analysis/captureStore.ts';
import { usersReportCache } from '../analysis/reportCache.node.ts';
import { VERSION } from '../analysis/version.ts';
import { answerRequest, type ChatHost } from '../chat/answerRequest.ts';
import { ANTHROPIC_URL, claudeClient } from '../chat/claudeClient.ts';
import type { SaveFile } from '../chat/command.ts';
import { consent, type Memory } from '../chat/consent.ts';
import { keyNote, keyStore } from '../chat/keyStore.ts';
import { AT_NOTHING } from '../chat/looking.ts';
import type { AnsweringModel } from '../chat/modelClient.ts';
import type { Privacy } from '../chat/privacy.ts';
import type { ExplainFor } from '../chat/prompt.ts';
import { pseudonyms } from '../chat/pseudonyms.ts';
import { BUILT_IN } from '../chat/summary.ts';
import { reportsFolder } from '../mcp/reportsFolder.node.ts';
import { EXIT, UsageError, type ExitCode } from './command.ts';
import { capturesFolder } from './inputs.ts';
import type { Terminal } from './terminal.ts';
import { terminalMarkdown } from './terminalMarkdown.ts';

export interface Asking {
  readonly question: string;
  /** A path, or `latest`. */
  readonly file: string;
  readonly json: boolean;
  /** That something is sent. */
  readonly agreed: boolean;
  readonly privacy: Privacy;
  readonly hide: readonly string[];
  readonly reader: ExplainFor;
  readonly model: string;
  readonly corrects: boolean;
  readonly cache: boolean;
  readonly folder?: string;
  readonly baseUrl?: string;
}

export async function askQuestion(asking: Asking, terminal: Terminal): Promise<ExitCode> {
  const { question, file, json, privacy, hide, reader, model, corrects, cache } = asking,
    baseUrl = addressOf(asking.baseUrl ?? ANTHROPIC_URL),
    isNamed = file !== 'latest';
  if (isNamed && (await fs.stat(file).catch(() => null)) === null) {
    terminal.say(`There is no file ${file}.`);
    return EXIT.UNREADABLE;
  }
  const folder = isNamed ? path.dirname(file) : capturesFolder(asking.folder),
    store = nodeCaptureStore({ folders: [folder], version: VERSION, ...(cache ? { cache: usersReportCache() } : {}) }),
    name = path.basename(file),
    // Of a file that is named nobody means the newest beside it.
    captures: CaptureStore = !isNamed ? store : { ...store, resolve: (which) => store.resolve(/^(?:latest)?$/i.test(which.trim()) ? name : which) };
  const ending = new AbortController(),
    { signal } = ending;
  terminal.signal.addEventListener('abort', () => ending.abort(), { once: true });
  if (terminal.signal.aborted) ending.abort();
  let answer = '',
    written: Promise<void> = Promise.resolve();
  const out = terminalMarkdown(terminal.style, (text) => {
    written = written.then(() => terminal.out(text));
    written.catch(() => ending.abort());
  });
  const sent = { requests: 0, bytes: 0 };
  const names = privacy === 'full' ? null : pseudonyms({ all: privacy === 'metadata', also: hide });
  const saveFile = fileSaver(folder, terminal);
  const host: ChatHost = {
    captures,
    looking: { ...AT_NOTHING, capture: isNamed ? name : null },
    reader,
    corrects,
    privacy,
    names: () => names,
    signal,
    show(markdown) {
      answer += markdown;
      if (!json) out.write(markdown);
    },
    progress: (text) => (terminal.progress === null ? undefined : terminal.say(`${text} ...`)),
    howToHaveModel: 'put a key of Anthropic into the environment as `ANTHROPIC_API_KEY`',
    model: () => claude(baseUrl, model, asking, terminal, sent),
    ...(saveFile === null ? {} : { saveFile, writesFiles: true }),
  };
  try {
    const result = await answerRequest({ command: undefined, prompt: question, history: [] }, host);
    if (signal.aborted) return EXIT.INTERRUPTED;
    out.end();
    await written;
    if (json) {
      const answeredBy = sent.requests > 0 && !answer.includes(BUILT_IN) ? 'claude' : 'netsec';
      await terminal.out(`${JSON.stringify({ question, capture: result.capture?.name ?? (isNamed ? name : null), answeredBy, answer, file: result.file?.location ?? null, privacy, sent })}\n`); // prettier-ignore
    } else await terminal.out('\n');
    return EXIT.DONE;
  } catch (error) {
    if (signal.aborted) return EXIT.INTERRUPTED;
    throw error;
  } finally {
    await store.dispose();
  }
}

/** Null without a key. */
async function claude(
  baseUrl: string,
  model: string,
  { agreed, privacy }: Asking,
  terminal: Terminal,
  sent: { requests: number; bytes: number },
): Promise<AnsweringModel | null> {
  const nothing = { get: () => Promise.resolve(undefined), store: () => Promise.resolve(), delete: () => Promise.resolve() };
  const key = await keyStore(nothing, process.env).key();
  if (key === null) return null;
  const consents = consent(await consentFile(), async (title, detail) => {
    if (terminal.confirm === undefined) {
      terminal.say('Claude was not asked, because nobody is there to agree: read netsec ask --help, and add --yes.');
      return false;
    }
    return terminal.confirm(`${detail}\n\n${title}`);
  });
  return {
    name: 'Claude',
    note: keyNote(key),
    client: claudeClient({ apiKey: key.value, baseUrl, model }),
    consent: () => (agreed ? Promise.resolve(true) : consents.toSendTo(`Claude at ${new URL(baseUrl).host}`, privacy)),
    onSent({ system, messages }) {
      sent.requests++;
      sent.bytes += Buffer.byteLength(JSON.stringify([system, messages.map(({ parts }) => parts)]));
    },
  };
}

/** Encrypted, or on this machine. */
function addressOf(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url?.protocol === 'https:' || (url?.protocol === 'http:' && /^(?:127\.0\.0\.1|localhost|\[::1\])$/.test(url.hostname))) return text;
  throw new UsageError('--base-url wants an address that begins with https://.');
}

/** Into `reports` beside the captures, after asking; null where nobody can be asked. */
function fileSaver(folder: string, { confirm }: Terminal): SaveFile | null {
  if (confirm === undefined) return null;
  const reports = reportsFolder(folder);
  return async (name, content) => {
    if (!(await confirm(`Write ${name} (${Buffer.byteLength(content).toLocaleString('en-US')} bytes) into ${reports.place}?`))) return null;
    const location = await reports.write(name, content);
    return { name: path.basename(location), location };
  };
}

/** What was agreed to, for this user of this machine. What cannot be read was not agreed to; what cannot be kept is asked again. */
async function consentFile(): Promise<Memory> {
  const folder = path.join(process.env['XDG_CONFIG_HOME'] ?? path.join(os.homedir(), '.config'), 'netsec'),
    file = path.join(folder, 'consent.json');
  let kept: Readonly<Record<string, unknown>> = {};
  try {
    const value: unknown = JSON.parse(await fs.readFile(file, 'utf8'));
    if (typeof value === 'object' && value !== null) kept = value as Readonly<Record<string, unknown>>;
  } catch {
    // Nothing was agreed to.
  }
  return {
    get: (name) => kept[name],
    async update(name, value) {
      kept = { ...kept, [name]: value };
      try {
        await fs.mkdir(folder, { recursive: true, mode: 0o700 });
        await fs.writeFile(file, JSON.stringify(kept), { mode: 0o600 });
      } catch {
        // Then the next question asks again.
      }
    },
  };
}
