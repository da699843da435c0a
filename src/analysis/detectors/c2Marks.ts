/**
 * Marks of remote-control programs: certificates of their installers, the first words of their protocols, their default pages. Held against a source:
 * the certificates of AsyncRAT, Cobalt Strike, DcRat, Metasploit, Orcus, PoshC2, Quasar and Sliver (its channel for operators), the pages of Covenant and Empire
 * (its listener's default profile), Havoc's magic number (its Defines.h), DarkComet's first words, and of github.com/silence-is-best/c2db AgentTesla's mail, Amadey,
 * SectopRAT, Ave Maria, AZORult, NetWire and Remcos' `[DataStart]`. All others are common knowledge that was written down from memory and not yet held against
 * traffic or a source: whoever does it says so here. Whoever changes the defaults goes unseen; beacons are told by their rhythm.
 */
import { UriJudge } from '../../pcap/http/knownUris.ts';
import type { HttpRequestMessage, HttpResponseMessage } from '../../pcap/http/messages.ts';
import type { Severity } from '../report.ts';

export interface C2Mark {
  readonly id: string;
  readonly name: string;
  /** Points of confidence. */
  readonly points: number;
  readonly severity: Severity;
  readonly attack: readonly string[];
}

const mark = (name: string, points = 85, severity: Severity = 'high', attack: readonly string[] = ['T1071']): C2Mark => ({
  id: name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-'),
  name,
  points,
  severity,
  attack,
});

/** Parts of a certificate's subject or issuer. */
const CERTIFICATES: readonly (readonly [RegExp, C2Mark])[] = [
  [/CN=Major Cobalt Strike\b|O=cobaltstrike\b/, mark('Cobalt Strike')],
  [/CN=AsyncRAT Server\b/, mark('AsyncRAT')],
  [/CN=DcRat\b|CN=DcRat Server\b|OU=qwqdanchun/, mark('DcRat')],
  [/CN=Quasar Server CA\b/, mark('QuasarRAT')],
  [/CN=Orcus Server\b/, mark('Orcus RAT')],
  [/CN=BitRAT\b/, mark('BitRAT')],
  [/CN=VenomRAT|OU=VenomRAT/, mark('VenomRAT')],
  [/CN=P18055077\b|O=Pajfds\b/, mark('PoshC2')],
  [/CN=MetasploitSelfSignedCA\b/, mark('Metasploit')],
  [/(?:^|, )CN=(?:multiplayer|operators)(?:$|,)/, mark('Sliver', 80)],
  [/O=Mythic\b.*|CN=Mythic\b/, mark('Mythic', 80)],
];

export function certificateMark(name: string): C2Mark | null {
  return CERTIFICATES.find(([pattern]) => pattern.test(name))?.[1] ?? null;
}

const SHELL = mark('a remote shell', 75, 'high', ['T1059', 'T1095']),
  STAGE = mark('a program that loads itself into memory, as Meterpreter and Cobalt Strike are delivered', 80, 'high', ['T1105', 'T1071']);

/** Orders of Gafgyt's server (its source: SCANNER, HOLD, JUNK, UDP, TCP, and an address). */
const GAFGYT = mark('Gafgyt', 85, 'high', ['T1071', 'T1498']);
const IRC_BOT = mark('a bot on IRC', 75, 'medium', ['T1071']);

/** The first bytes that one side says in no known protocol. */
const STREAMS: readonly (readonly [RegExp, C2Mark])[] = [
  [/^.{0,12}ping\|STRRAT\|/s, mark('STRRAT', 95)],
  [/^(?:\d{1,7}\0)?(?:ll|lv|inf|act)\|'\|'\||^\d{1,7}\0ll[^\w\s]{1,9}[\w+/]{4,}=*[^\w\s]/, mark('njRAT', 90)],
  // A name of five letters, two lengths, and what zlib begins with.
  [/^[A-Za-z0-9]{5}[^]{2}\0\0[^]{2}\0\0x\x9c/, mark('Gh0st RAT', 90)],
  [/^BF7CAB464EFB|^8EA4AB05FA7E/, mark('DarkComet', 90)],
  [/^\[DataStart\][^]{4}|^\x24\x04\xff\0[^]{3}\0/, mark('Remcos', 80)],
  [/^\x41\0\0\0\x99[^]{60}/, mark('NetWire', 80)],
  [/^[^]{0,9}\{"Type":"ConnectionType","ConnectionType":"Client","SessionID":"[^"]*","BotName":/, mark('SectopRAT', 90)],
  [/^con\|\d{13}\|\d+\|[\w+/=]{40,}/, mark('Ave Maria', 85)],
  [/^NICK [^\r\n]{0,20}(?:[[{|][A-Z]{2,3}[|\]}]|\|(?:XP|W7|WIN|2K|LNX)a?[|\]}])/, IRC_BOT],
  // Orders to SDBot, rBot, Agobot and Kaiten, and what the first two report (The Honeynet Project, "Know your Enemy: Tracking Botnets"; Kaiten's source).
  [
    /(?:^|\n)(?::\S{1,200} )?(?:PRIVMSG|NOTICE|TOPIC|332) [^\r\n:]{1,100}:(?:[.!@~\x60-]{1,2}(?:adv\.?scan \w|asc \w|ipscan [\w.]|ddos\.\w{2,12} |(?:syn|udp|ack|icmp|tcp|http)flood |(?:http\.)?(?:download|dl|update|execute) https?:\/\/|scan(?:stop|all)\b|bot(?:killer)?\.\w)|!\S{1,30} (?:UDP|PAN|TSUNAMI|UNKNOWN) \d{1,3}\.\d|!\S{1,30} (?:SH|GET) \S|\[(?:SCAN|DDoS|SYN|UDP|DOWNLOAD|KEYLOG|TFTP|SOCKS4)\]: )/,
    IRC_BOT,
  ],
  [/^!\*? ?(?:SCANNER (?:ON|OFF)\b|(?:HOLD|JUNK|UDP|TCP|STD|CNC|VSE|XMAS|STOMP) \d{1,3}(?:\.\d{1,3}){3} \d)/, GAFGYT],
  // The preamble of .NET's message framing ([MC-NMF] section 2.2.3) to a bare address: honest services are named.
  [
    /^\0\x01\0\x01\x02\x02[^]net\.tcp:\/\/\d{1,3}(?:\.\d{1,3}){3}:\d{1,5}\//,
    mark('RedLine, which speaks net.tcp to an address without a name', 65, 'medium'),
  ],
  [/net\.tcp:\/\/[^]{0,400}tempuri\.org\/(?:Entity|Endpoint)\//, mark('RedLine', 80)],
  [/^[^]{0,5}(?:MZARUH\x89\xe5|MZ\xe8\0\0\0\0[\x58-\x5f]|MZ.{0,3}REU\x89\xe5)/s, STAGE],
  // Staged Meterpreter: the length of a library, then the library.
  [/^[^]{2}[\0-\x1f]\0MZ[^]{20}/, STAGE],
  [/^(?:\r?\n)?Microsoft Windows \[[^\]\r\n]{4,30}\]\r?\n/, SHELL],
  [/^Windows PowerShell running as user|^(?:\r?\n)?PS [A-Z]:\\[^\r\n]*> /, SHELL],
  [/bash: (?:no job control in this shell|cannot set terminal process group)|^(?:\/bin\/)?(?:ba|da)?sh: (?:\d+: )?can't access tty/, SHELL],
  [/^uid=\d+\([\w.-]+\) gid=\d+\([\w.-]+\)/, SHELL],
  [/^(?:root|www-data|\w{2,20})@[\w.-]{1,40}:[~/][^\r\n]{0,40}[$#] $/, SHELL],
];

export function streamMark(start: string): C2Mark | null {
  return STREAMS.find(([pattern]) => pattern.test(start))?.[1] ?? null;
}

/** A shell that was seen at work, told by `ShellTalks`. */
export const SHELL_TALK = mark('a remote shell', 88, 'high', ['T1059', 'T1095']);

const EMPIRE_PAGES = /^\/(?:admin\/get|news|login\/process)\.php$/,
  EMPIRE_AGENT = 'Mozilla/5.0 (Windows NT 6.1; WOW64; Trident/7.0; rv:11.0) like Gecko';
const COBALT_PAGES =
  /^\/(?:ca|dpixel|__utm\.gif|pixel\.gif|g\.pixel|dot\.gif|updates\.rss|fwlink|cm|cx|pixel|match|visit\.js|load|push|ptj|j\.ad|ga\.js|en_US\/all\.js|activity|IE9CompatViewList\.xml)$/;
const PLAIN_HEADERS = new Set(['accept', 'cookie', 'user-agent', 'host', 'connection', 'cache-control']);

const EMPIRE = mark('Empire', 80),
  COBALT_STRIKE = mark('Cobalt Strike', 80);

/** Requests by their target alone, method before it. */
const TARGETS: readonly (readonly [RegExp, C2Mark])[] = [
  [/^POST \/submit\.php\?id=\d{2,10}$/, COBALT_STRIKE],
  [/^(?:GET|POST) \/[a-z]{2,8}\d{1,4}[a-z]{0,3}\/[^/]{2,60}_W\d{5,8}\.[0-9A-F]{32}\/\d{1,3}\//, mark('TrickBot', 95)],
  // What base 64 has for + and /, percent signs written as low lines, and slashes put in at random.
  [/^GET \/\w{4,12}\/(?=[\w/]*_2[BF])[\w/]{100,2000}\.(?:avi|gif|jpeg|bmp|crw)$/, mark('Ursnif', 85)],
  [/^POST \/(?:\S{0,80}\/)?fre\.php$/, mark('LokiBot', 85)],
  // GNU httptunnel numbers its requests by the time of day, so that no cache answers them (recorded).
  [/^(?:GET|POST|PUT) \/index\.html\?crap=\d{9,11}$/, mark('httptunnel', 85, 'medium', ['T1572', 'T1071.001'])],
  [/^POST \/is-ready$/, mark('Houdini', 60, 'medium')],
  [/^POST \/Vre$/, mark('Vjw0rm', 65, 'medium')],
];
/** The beginning of what is posted. */
const BODIES: readonly (readonly [RegExp, C2Mark])[] = [
  [/^[^]{4}\xde\xad\xbe\xef/, mark('Havoc', 85)],
  [/session=75db-99b1-25fe4e9afbe58696-320bea73/, mark('Covenant', 95)],
  [/^GUID=\d{5,20}&BUILD=[^&]*&INFO=/, mark('Hancitor', 95)],
  [/^id=\d{8,14}&(?:sd=\w*&vs=[\d.]+|vs=[\d.]+&sd=\w*)&/, mark('Amadey', 95)],
  [/^machineId=[^&|]+\|[^&]*&configId=/, mark('Raccoon', 95)],
  // What Vidar, RedLine, Raccoon and Lumma pack first (their reports at VirusTotal and any.run).
  [
    /PK\x03\x04[^]{26}(?:[\w -]{1,40}\/)?(?:(?:All )?Passwords|PasswordsList|UserInformation|System Info|information|ImportantAutofills|DomainDetects|InstalledSoftware)\.txt(?!\.)/i,
    mark('a password thief that reports by HTTP', 85, 'high', ['T1041', 'T1555']),
  ],
  [/^(?:J\/|N\/)[./:<>?A-Z0-9;()]{30}/, mark('AZORult', 80)],
];

/** They know addresses that no request of their method is told by. */
const getJudge = new UriJudge(),
  postJudge = new UriJudge();

export function requestMark(m: HttpRequestMessage): C2Mark | null {
  const isGet = m.method === 'GET',
    agent = m.userAgent;
  if (isGet ? !getJudge.knows(m) : !postJudge.knows(m)) {
    if (agent === EMPIRE_AGENT && EMPIRE_PAGES.test(m.uri)) return EMPIRE;
    const target = `${m.method} ${m.uri}`,
      named = TARGETS.find(([pattern]) => pattern.test(target))?.[1];
    if (named !== undefined) return named;
    if (isGet && !EMPIRE_PAGES.test(m.uri) && !COBALT_PAGES.test(m.uri) && !isFormbook(m.uri)) getJudge.clear(m);
    else if (m.method === 'POST' && !EMPIRE_PAGES.test(m.uri)) postJudge.clear(m);
  } else if (isGet) return null;
  if (isGet) {
    if (COBALT_PAGES.test(m.uri) && agent?.includes('MSIE') === true && hasOnly(m, PLAIN_HEADERS) && has(m, 'cookie')) return COBALT_STRIKE;
    if (agent === null && m.headers.length <= 2 && isFormbook(m.uri)) return FORMBOOK;
    return null;
  }
  if (
    m.headers.some(
      ([name, value]) =>
        name.toLowerCase() === 'soapaction' &&
        /tempuri\.org\/(?:Entity\/Id\d|Endpoint\/(?:CheckConnect|EnvironmentSettings|SetEnvironment|GetUpdates))/.test(value),
    )
  )
    return REDLINE;
  if (isEmotet(m)) return EMOTET;
  return BODIES.find(([pattern]) => pattern.test(m.bodyStart))?.[1] ?? null;
}

const FORMBOOK = mark('FormBook', 75),
  REDLINE = mark('RedLine', 90),
  EMOTET = mark('Emotet', 70, 'medium');

function hasOnly({ headers }: HttpRequestMessage, names: ReadonlySet<string>): boolean {
  return headers.every(([name]) => names.has(name.toLowerCase()));
}
function has({ headers }: HttpRequestMessage, wanted: string): boolean {
  return headers.some(([name]) => name.toLowerCase() === wanted);
}
/** Two parameters, the first long and in base 64, on a page of a short name, asked by nobody. */
function isFormbook(uri: string): boolean {
  return /^\/[a-z0-9]{2,6}\/\?[\w-]{2,16}=[\w+/-]{50,}={0,2}&[\w-]{2,16}=[\w-]{4,24}$/.test(uri);
}
/**
 * A form posted to a bare address on a path of random words, with that path as the page it came from: with a file, or (2019) with one field of a lot of base 64.
 * The page it names has no port, though the server has an odd one.
 */
function isEmotet(request: HttpRequestMessage): boolean {
  const { host, uri, referer, contentType } = request;
  return (
    host !== null &&
    /^\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?$/.test(host) &&
    /^(?:\/[A-Za-z0-9]{2,20}){1,8}\/?$/.test(uri) &&
    referer !== null &&
    referer.replace(/^https?:\/\//, '').startsWith(host.replace(/:\d+$/, '')) &&
    referer.endsWith(uri) &&
    (contentType?.startsWith('multipart/form-data') === true ||
      (contentType?.startsWith('application/x-www-form-urlencoded') === true &&
        /^\w{2,32}=(?:[\w+/]|%2[BbFf]){200,}(?:=|%3[Dd]){0,2}/.test(request.bodyStart)))
  );
}

/** A program that comes for a request of four letters whose sum names it: how Metasploit and Cobalt Strike deliver (URI checksum 92 and 93). */
export function responseMark(response: HttpResponseMessage): C2Mark | null {
  const { uri, status, bodyLength, place } = response;
  if (status === 101) return upgradeMark(response);
  if (status !== 200) return null;
  // The first byte turns nearly every answer away before a text is made of it.
  if ((place === undefined || place.bytes[place.bodyFrom] === 0x4d) && /^(?:MZARUH\x89\xe5|MZ\xe8\0\0\0\0[\x58-\x5f])/.test(response.bodyStart))
    return STAGE;
  if (uri === null || bodyLength < 50_000 || !/^\/\w{4}$/.test(uri)) return null;
  const { contentType } = response;
  if (contentType !== null && !/octet-stream/.test(contentType)) return null;
  let sum = 0;
  for (let i = 1; i < uri.length; i++) sum += uri.charCodeAt(i);
  return sum % 256 === 92 || sum % 256 === 93 ? STAGER : null;
}
/** Tunnels in WebSocket, by the protocol on which both sides agree: chisel's `share/version.go`, and the README of erebe's wstunnel. */
function upgradeMark({ headers, uri }: HttpResponseMessage): C2Mark | null {
  const agreed = headers.find(([name]) => name.toLowerCase() === 'sec-websocket-protocol')?.[1] ?? '';
  if (agreed.startsWith('chisel-v')) return CHISEL;
  return agreed === 'v1' && uri !== null && /^\/[\w-]{1,40}\/events$/.test(uri) ? WSTUNNEL : null;
}
const CHISEL = mark('chisel, a tunnel in WebSocket', 95, 'high', ['T1572', 'T1071.001']),
  WSTUNNEL = mark('wstunnel', 65, 'medium', ['T1572', 'T1071.001']);

const STAGER = mark('a stager of Metasploit or Cobalt Strike', 75);

const KEYLOGGER = mark('a password thief that reports by mail', 85, 'high', ['T1048.003', 'T1056']),
  KEYLOGGER_FTP = mark('a password thief that reports by FTP', 85, 'high', ['T1048.003', 'T1056']);

/** Subjects as AgentTesla, Snake, HawkEye and their kin write them. */
export function subjectMark(subject: string): C2Mark | null {
  return /^(?:PW|KL|SC|CO|CC|PD)_[^/\r\n]{1,60}\/[^/\r\n]{1,60}$|^[^/\r\n]{1,40}\/[^/\r\n]{1,40} (?:Recovered|Screen Capture|Keystrokes|Keylog)|Pc Name: .{1,60}\| ?Snake|Snake Keylogger|HawkEye (?:Keylogger|- ?Reborn)|^Passwords? ?- ?[\w.-]+\\|404 ?Keylogger/i.test(
    subject,
  )
    ? KEYLOGGER
    : null;
}
/** Names of files as they upload them. */
export function uploadMark(name: string): C2Mark | null {
  return /(?:^|\/)(?:PW|KL|SC|CO|CC)_[^/]{1,80}_\d{4}_\d\d_\d\d[^/]{0,30}\.(?:html|zip|jpe?g|txt)$|Passwords? ID - \S+ ?(?:\.txt)?$/i.test(name)
    ? KEYLOGGER_FTP
    : null;
}

const COBALT_DNS = mark('Cobalt Strike over DNS', 80, 'high', ['T1071.004']),
  DNSCAT = mark('dnscat2', 85, 'high', ['T1071.004', 'T1572']);

/** The names that WannaCry asks for before it starts, May 2017: while they exist it stops (Kryptos Logic, "WannaCry: Two Weeks and 16 Million Averted Ransoms Later"). */
const KILL_SWITCH = /(?:^|\.)(?:iuqerfsodp9ifjaposdfjhgosurijfaewrwergwea|ifferfsodp9ifjaposdfjhgosurijfaewrwergwea)\.com$/,
  WANNACRY = mark('WannaCry', 95, 'high', ['T1486', 'T1210']);

/** Those that stand in names that are asked for. */
export const DNS_MARKS: ReadonlySet<C2Mark> = new Set([COBALT_DNS, DNSCAT, WANNACRY]);

export function dnsMark(name: string): C2Mark | null {
  if (KILL_SWITCH.test(name)) return WANNACRY;
  if (/^(?:aaa|baa|caa)\.stage\.\d+\./.test(name)) return COBALT_DNS;
  return name.startsWith('dnscat.') ? DNSCAT : null;
}
