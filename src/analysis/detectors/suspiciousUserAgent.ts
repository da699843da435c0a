/**
 * User agents of tools, scripts and malware. Libraries name themselves in many honest programs, so that alone is a fact and no alarm; what malware is known to send,
 * and what no browser would, is one.
 */
import * as z from 'zod';
import { httpRequestMessage } from '../../pcap/http/messages.ts';
import { coverage, examinedAll, unreadableFrames } from '../coverage.ts';
import { plural } from '../describe.ts';
import { defineDetector, type FindingDraft } from '../detector.ts';
import { safeText } from '../exports/safeText.ts';
import type { Severity } from '../report.ts';
import { HttpVersions } from './httpOver.ts';
import { remembered } from './remembered.ts';
import { addressFilter, confidenceOf, endsOf, Evidence, isLocalAddress, Watched } from './watched.ts';

const options = z.object({
  requests: z.int().min(1).default(1).describe('Requests of one client with such a user agent (requests)'),
  libraries: z.boolean().default(true).describe('Whether libraries and command-line tools that call outside are told too, as a fact (yes or no)'),
});
type Options = z.output<typeof options>;

const MOST_PAIRS = 5000,
  MOST_SHOWN = 3;

interface Kind {
  readonly id: string;
  readonly what: string;
  readonly severity: Severity;
  readonly points: number;
  readonly pattern: RegExp;
}

const KINDS: readonly Kind[] = [
  {
    id: 'malware',
    what: 'a user agent that malware is known by',
    severity: 'medium',
    points: 75,
    // Mirai and Hajime descendants, AgentTesla-like loaders, Sality, njRAT's loader: from public reports of each.
    pattern:
      /^(?:Hello,? World|Hakai\/|Owari|LMAO\/|b3astmode|XTC BOTNET|r00ts3c-owned-you|Demon\/|Damien\/|KUKU v|Sosiska|Testing|WSHRAT)|\|WSHRAT\||^Mozilla\/4\.08 \(Charon; Inferno\)/i,
  },
  {
    id: 'host-data',
    what: 'a user agent that tells of its host, as some remote-access tools do',
    severity: 'medium',
    points: 70,
    pattern: /^[^|]{1,40}(?:\|[^|]{0,60}){4,}|^[^<]{1,40}(?:<\|>[^<]{0,60}){4,}/,
  },
  {
    id: 'powershell',
    what: 'PowerShell',
    severity: 'low',
    points: 60,
    pattern: /WindowsPowerShell\/|PowerShell\/\d/i,
  },
  {
    id: 'transfer',
    what: 'a Windows tool that malware borrows to fetch files',
    severity: 'low',
    points: 60,
    pattern: /^(?:CertUtil URL Agent|Microsoft-CryptoAPI-certutil|AutoIt$|WinHttp\.WinHttpRequest|mshta)/i,
  },
  {
    id: 'library',
    what: 'a library or a command-line tool',
    severity: 'info',
    points: 80,
    pattern:
      /^(?:curl|Wget|python-requests|Python-urllib|Python\/[\d.]+ aiohttp|Go-http-client|libwww-perl|Java\/|okhttp|axios|node-fetch|Ruby|PHP|Apache-HttpClient|aria2|lwp-)/i,
  },
];

function kindOfAgent(whole: string): Kind | undefined {
  const agent = whole.slice(0, 512);
  // Browsers are turned away first.
  if (/^Mozilla\/5\.0 \((?:Windows|X11|Macintosh|iPhone|iPad|Linux)/.test(agent) && !/PowerShell/i.test(agent)) return undefined;
  return KINDS.find(({ pattern }) => pattern.test(agent));
}

interface User {
  readonly kind: Kind;
  readonly client: string;
  readonly server: string;
  readonly port: number;
  readonly evidence: Evidence;
  readonly texts: Set<string>;
  /** Some came over HTTP/2. */
  readonly versions: HttpVersions;
  count: number;
}

export const suspiciousUserAgent = defineDetector({
  id: 'suspicious-user-agent',
  title: 'User agents of tools and malware',
  tier: 2,
  deed: 'asked {whom} over HTTP with a suspicious user agent',
  description:
    'A request over HTTP says that a tool, a script or known malware sent it. Honest programs use the same libraries, and updates are fetched by scripts.',
  options,
  messages: [httpRequestMessage.kind],
  create(_, state) {
    const users = new Watched<string, User>(MOST_PAIRS),
      kindOf = remembered(kindOfAgent);
    return {
      onMessage(message, flow, p) {
        if (!httpRequestMessage.is(message) || flow < 0 || message.userAgent === null || message.userAgent === '') return;
        const agent = message.userAgent,
          kind = kindOf(agent);
        if (kind === undefined) return;
        const { client, server, serverPort } = endsOf(state, flow);
        if (kind.severity === 'info' && (isLocalAddress(server) || !isLocalAddress(client))) return;
        const user = users.of(`${kind.id} ${client} ${server} ${serverPort}`, () => ({
          kind,
          client,
          server,
          port: serverPort,
          evidence: new Evidence(),
          texts: new Set(),
          versions: new HttpVersions(),
          count: 0,
        }));
        if (user === undefined) return;
        user.count++;
        user.versions.add(message);
        user.evidence.add(p, flow);
        if (user.texts.size < MOST_SHOWN) user.texts.add(safeText(agent, 120));
      },
      evaluate(values) {
        const findings: FindingDraft[] = [];
        for (const user of users.values)
          if (user.count >= values.requests && (values.libraries || user.kind.severity !== 'info')) findings.push(draft(values, user));
        return { findings, coverage: coverage(examinedAll(state), [...unreadableFrames(state), ...users.limits('clients and servers')]) };
      },
    };
  },
});

function draft(values: Options, { kind, client, server, port, evidence, texts, versions, count }: User): FindingDraft {
  const { confidence, indicators } = confidenceOf([
    [kind.what, kind.points],
    ['more than once', Math.min(5, count - 1)],
  ]);
  return {
    technique: kind.id,
    severity: kind.severity,
    confidence,
    title: `${client} asks ${server} over HTTP with the name of ${kind.what}`,
    description: `${plural(count, 'request')} (threshold ${values.requests}) to ${server} port ${port} came from ${kind.what}, says the user agent.`,
    subjects: [
      { role: 'client', address: client },
      { role: 'server', address: server, port },
    ],
    ...evidence.proof,
    indicators: [
      { name: 'requests', value: count, threshold: values.requests },
      ...[...texts].map((text) => ({ name: 'user agent', value: text })),
      ...indicators,
    ],
    alternatives: ['A script of an administrator, an installer or an update.', 'A program that was built on that library.'],
    filter: `${addressFilter(client, server)} && ${versions.requestsTo(port)}`,
    attack: ['T1071.001'],
    together: {
      key: `${kind.id} ${client}`,
      label: `${server} port ${port}`,
      note: `${plural(count, 'request')}, ${[...texts].join(', ')}`,
      words: (all) => ({
        title: `${client} asks ${all.hosts('server')} over HTTP with the name of ${kind.what}`,
        description: `Requests came from ${kind.what}, says the user agent:`,
        recommendation: `Find out which program at ${client} asks these servers, and whether somebody put it there.`,
      }),
    },
    recommendation: `Find out which program at ${client} asks ${server}, and whether somebody put it there.`,
  };
}
