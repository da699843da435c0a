/**
 * A web shell: a page that an intruder left on a server and that runs what it is sent. Told by the words of the tools that drive them (China Chopper,
 * AntSword, Godzilla, Behinder), by the titles of the well-known ones, and by a command in a request whose output stands in the answer.
 */
import * as z from 'zod';
import { UriJudge } from '../../pcap/http/knownUris.ts';
import {
  exchangeOf,
  httpRequestMessage,
  httpResponseMessage,
  MAX_BODY_START,
  unmaskedBody,
  type HttpRequestMessage,
  type HttpResponseMessage,
} from '../../pcap/http/messages.ts';
import type { CaptureState } from '../captureState.ts';
import { coverage, examinedAll, unreadableFrames } from '../coverage.ts';
import { plural } from '../describe.ts';
import { defineDetector, type FindingDraft } from '../detector.ts';
import { bodyWords, mayHoldShellTitle } from './httpWords.ts';
import { remembered } from './remembered.ts';
import { isLocalAddress } from './watched.ts';
import { Sightings, sightingDraft, type Sighting } from './sightings.ts';

const options = z.object({
  requests: z.int().min(1).default(1).describe('Requests of a client to a shell on a server (requests)'),
});
type Options = z.output<typeof options>;

const MOST_WAITING = 10_000;

interface Shell {
  readonly id: string;
  readonly name: string;
  readonly points: number;
  readonly isCertain: boolean;
}
const CHOPPER: Shell = { id: 'china-chopper', name: 'China Chopper or AntSword', points: 85, isCertain: true },
  GODZILLA: Shell = { id: 'godzilla', name: 'Godzilla', points: 75, isCertain: true },
  BEHINDER: Shell = { id: 'behinder', name: 'Behinder', points: 65, isCertain: false },
  WEEVELY: Shell = { id: 'weevely', name: 'Weevely', points: 80, isCertain: true },
  PAGE: Shell = { id: 'page', name: 'a well-known web shell', points: 85, isCertain: true },
  UPLOAD: Shell = { id: 'upload', name: 'a page that runs commands, as it is uploaded', points: 75, isCertain: false },
  CALL: Shell = { id: 'call-back', name: 'a page that is told to call back with a shell', points: 70, isCertain: false },
  OUTPUT: Shell = { id: 'command-output', name: 'a page that runs commands', points: 80, isCertain: true };

/** Pages that run on the server. */
const SCRIPT = /^[^?#]{1,300}\.(?:php\d?|phtml|jspx?|aspx?|ashx|cfm|cgi|pl)(?:$|[?/])/i;
const CODE =
  /(?:^|[=&])\s*@?(?:eval|assert|ini_set|system|shell_exec|passthru)\s*\(|=\s*(?:Response\.Write|Execute)\s*\(|base64_decode\(\$_(?:POST|GET|REQUEST)\[|@set_time_limit\(0\)|@set_magic_quotes_runtime\(0\)/i;
/** A parameter whose whole value is a command to look around. */
const COMMAND =
  /(?:^|[?&])\w{1,16}=(?:(?:system|passthru|shell_exec|exec)\(['"])?(?:cmd(?:\.exe)? ?\/c ?)?(?:whoami|id|ls|dir|pwd|hostname|ipconfig|ifconfig|uname|net user|netstat|cat \/etc\/\w+|ps|tasklist|systeminfo|type [\w:\\.]+)(?: ?[-/][\w/ -]{0,40}| [\w/.:\\-]{1,80})?(?:$|[&;|'"])/i;
/** Parameters that are named after what they do, on pages of any name. */
const COMMAND_NAME = /[?&](?:c|cmd|command|exec|execute|run|shell)=/i;
/** A way to call back that no search asks for: with an address and a port. */
const CALL_BACK =
  /[?&](?!(?:q|query|search|s|keywords?|text)=)\w{1,16}=[^]{0,200}?(?:\/dev\/tcp\/\d{1,3}(?:\.\d{1,3}){3}\/\d|\bnc(?:at)?(?:\.exe)? (?:-\w{1,6} ){0,3}-e ?\S{1,40} \d{1,3}(?:\.\d{1,3}){3} \d|\bnc(?:at)?(?:\.exe)? \d{1,3}(?:\.\d{1,3}){3} \d{1,5} -e|socket\.socket\([^]{0,120}connect\(\(|mkfifo \/tmp\/[^]{0,80}\bnc )/i;
/** Code of pages that run what they are sent: PHP, JSP, ASP and ASP.NET. */
const PAGE_CODE =
  /<\?(?:php|=)?[^]{0,300}?(?:\b(?:system|shell_exec|exec|passthru|popen|proc_open|eval|assert)\s*\(\s*@?(?:\$_(?:GET|POST|REQUEST|COOKIE|SERVER)\b|base64_decode|gzinflate|str_rot13)|`\s*\$_(?:GET|POST|REQUEST))|<\?php \/\*\*\/ error_reporting\(0\)|php-reverse-shell - A Reverse Shell|<%[^]{0,400}?(?:Runtime\.getRuntime\(\)\.exec|new ProcessBuilder|\.defineClass\(|eval\s*\(?\s*Request|Execute\s*\(?\s*Request|WScript\.Shell|Diagnostics\.Process)/i;
const COMMAND_OUTPUT =
  /uid=\d+\([\w.-]+\) gid=\d+|\bnt authority\\\w+|\b[\w-]{1,15}\\[\w.$-]{1,20}\r?\n?\s*<?\/?|Windows IP Configuration|Volume Serial Number|root:[x*]:0:0:|\bLinux [\w.-]+ \d+\.\d+|Directory of [A-Z]:\\|total \d+\n[-d][rwx-]{9}|Image Name {5,}PID|(?:^|>)\s*(?:www-data|apache|nobody|nginx|tomcat\d*|root)\s*(?:$|[\r\n<])/i;
const WEEVELY_ANSWER = /^[^]{16}(?:[^]{8})?[\da-f]{12}(?=[a-z\d+/]{0,500}[A-Z])[A-Za-z\d+/]{8,500}={0,2}[\da-f]{12}$/;
const TITLES =
  /<title>[^<]{0,60}(?:\bWSO \d|c99shell|r57shell|\bb374k\b|FilesMan\b|IndoXploit|Alfa ?(?:Team|Shell)|p0wny@shell|Mini Shell|ASPXSpy|JspSpy|phpspy)/i;
export const webShell = defineDetector({
  id: 'web-shell',
  title: 'Web shells',
  tier: 2,
  deed: 'ran commands on {whom} by a web shell',
  description:
    'A page on a web server runs what it is sent: the requests are those of a tool for web shells, or a command goes in and its output comes back. Administration pages that run commands do the same on purpose.',
  options,
  messages: [httpRequestMessage.kind, httpResponseMessage.kind],
  create(_, state) {
    const seen = new Sightings<Shell>(state),
      hasCommand = remembered(commandIn),
      /** Commands that wait for their output, by flow and frame. */
      waiting = new Map<string, string>();
    return {
      onMessage(message, flow, p) {
        if (flow < 0) return;
        if (httpRequestMessage.is(message)) {
          const shell = shellOf(message);
          if (shell !== null) seen.add(shell, flow, p, `${message.method} ${message.uri}`);
          else if (!isPlainPage(message) && waiting.size < MOST_WAITING) {
            const query = message.uri.indexOf('?'),
              command = (query > 0 ? hasCommand(message.uri.slice(query)) : '') || (message.method === 'POST' ? hasCommand(bodyOf(message)) : '');
            if (command !== '') waiting.set(`${flow} ${exchangeOf(message)}`, `${message.uri.slice(0, 80)}: ${command}`);
          }
        } else if (httpResponseMessage.is(message) && message.status < 400) {
          const found = answerOf(message);
          if (found !== null) seen.add(found, flow, p, message.uri ?? '');
          if (waiting.size === 0 || message.status < 200) return;
          const key = `${flow} ${exchangeOf(message)}`,
            command = waiting.get(key);
          waiting.delete(key);
          if (command !== undefined && COMMAND_OUTPUT.test(message.bodyStart)) seen.add(OUTPUT, flow, p, command);
        }
      },
      evaluate: (values) => ({
        findings: [...seen.values].filter(({ count }) => count >= values.requests).map((one) => draft(values, state, one)),
        coverage: coverage(examinedAll(state), [...unreadableFrames(state), ...seen.limits('clients and servers')]),
      }),
    };
  },
});

function commandIn(text: string): string {
  return COMMAND.exec(decoded(text))?.[0].slice(0, 80) ?? '';
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text.slice(0, 1024).replaceAll('+', ' '));
  } catch {
    return text.slice(0, 1024);
  }
}

/** With the values of passwords: `pass` is what many shells call the field for their code. Never shown. */
function bodyOf(request: HttpRequestMessage): string {
  return unmaskedBody(request).slice(0, MAX_BODY_START);
}

const uriJudge = new UriJudge();

/** Whether the address names no script, and no command for one. */
function isPlainPage(request: HttpRequestMessage): boolean {
  if (uriJudge.knows(request)) return true;
  if (SCRIPT.test(request.uri) || COMMAND_NAME.test(request.uri)) return false;
  uriJudge.clear(request);
  return true;
}

function shellOf(request: HttpRequestMessage): Shell | null {
  const { method, uri } = request;
  if (request.userAgent?.startsWith('antSword/') === true) return CHOPPER;
  const { contentType, bodyLength, referer, headers } = request;
  if ((method === 'POST' && contentType?.startsWith('multipart/form-data') === true) || (method === 'PUT' && bodyLength > 0)) {
    const sent = bodyOf(request);
    // A file, and no text of a wiki that quotes one.
    if ((method === 'PUT' ? SCRIPT.test(uri) : /filename="[^"]/.test(sent)) && PAGE_CODE.test(sent)) return UPLOAD;
  }
  if (isPlainPage(request) || !SCRIPT.test(uri)) return null;
  if (uri.length > 30 && CALL_BACK.test(decoded(uri))) return CALL;
  if (method !== 'POST' || bodyLength === 0) return null;
  const bodyStart = bodyOf(request);
  const text = decoded(bodyStart);
  if (CODE.test(text) && /^\w{1,32}=/.test(text)) return CHOPPER;
  if (/^[\w-]{1,16}=(?:QGluaV9zZXQo|QGV2YWwo|ZXZhbCg)/.test(text) || /[&?]z0=(?:QGluaV9zZXQo|QGV2YWwo)/.test(text)) return CHOPPER;
  // Base 64 alone, and a lot of it, to a page that nobody came from: no form does that.
  const isFormType = contentType === null || /x-www-form-urlencoded|octet-stream/i.test(contentType);
  return isFormType && referer === null && bodyLength >= 500 && headers.length <= 12 && /^[A-Za-z0-9+/]{500,512}={0,2}$/.test(bodyStart)
    ? BEHINDER
    : null;
}

function answerOf(response: HttpResponseMessage): Shell | null {
  const { bodyLength, method } = response;
  if (method !== 'POST' && !mayHoldShellTitle(bodyWords(response))) return null;
  const { bodyStart } = response;
  if (TITLES.test(bodyStart)) return PAGE;
  if (method !== 'POST') return null;
  if (/^->\|[^]*\|<-$/.test(bodyStart)) return CHOPPER;
  // Weevely (bd/agents/obfpost_php.tpl of github.com/epinna/weevely3): 16 or 24 characters at random, then two parts of a hash around what was encrypted.
  if (bodyLength <= MAX_BODY_START && WEEVELY_ANSWER.test(bodyStart) && SCRIPT.test(response.uri ?? '')) return WEEVELY;
  // The halves of a hash around what was encrypted, which is more than hexadecimal: tokens are hashes too.
  return bodyLength <= 512 &&
    /^(?:[0-9a-f]{16}(?=[0-9a-f]{0,500}[G-Zg-z+/A-F])[A-Za-z0-9+/]{12,}={0,2}[0-9a-f]{16}|[0-9A-F]{16}(?=[0-9A-F]{0,500}[G-Zg-z+/a-f])[A-Za-z0-9+/]{12,}={0,2}[0-9A-F]{16})$/.test(
      bodyStart,
    )
    ? GODZILLA
    : null;
}

function draft(values: Options, state: CaptureState, one: Sighting<Shell>): FindingDraft {
  const { mark, client, server, serverPort, count } = one,
    // Shells are driven from outside; from inside the same may be data that a program sends away.
    isOutward = mark === BEHINDER && isLocalAddress(client) && !isLocalAddress(server);
  return sightingDraft(state, one, {
    technique: mark.id,
    severity: mark.isCertain ? 'high' : isOutward ? 'low' : 'medium',
    parts: [
      [`marks of ${mark.name}`, mark.points],
      ['more than once', Math.min(10, count - 1)],
      ['from inside to outside, as data goes that a program sends away', isOutward ? -15 : 0],
    ],
    roles: isOutward ? ['client', 'server'] : ['attacker', 'victim'],
    title: isOutward
      ? `${client} sends encoded data to a page of ${server} port ${serverPort}, as to a web shell`
      : mark === UPLOAD
        ? `${client} uploads a web shell to ${server} port ${serverPort}`
        : mark === CALL
          ? `${client} tells a page of ${server} port ${serverPort} to call back with a shell`
          : `${client} runs commands on ${server} port ${serverPort} by a web shell`,
    description: `${plural(count, 'message')} (threshold ${values.requests}) between ${client} and ${server} port ${serverPort} ${count === 1 ? 'bears' : 'bear'} the marks of ${mark.name}.`,
    indicators: [{ name: 'shell', value: mark.name }],
    alternatives: [
      ...(isOutward ? [`A program on ${client} that sends data away in base 64: look at what it read before.`] : []),
      'A page for administration that runs commands on purpose, or a test that was ordered.',
    ],
    attack: isOutward ? ['T1505.003', 'T1041'] : ['T1505.003'],
    recommendation: isOutward
      ? `Find the program on ${client} that sends this, and who runs ${server}.`
      : `Take ${server} for compromised: find the page, who put it there and how, and what it ran.`,
  });
}
