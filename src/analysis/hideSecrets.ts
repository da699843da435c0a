/**
 * Passwords and tokens out of what tools say about packets. An agent has no use for them, and what it is told leaves this machine. Fields are known by
 * their names; in texts, by the words that protocols put before a secret; and a value that is known as one is hidden wherever else it appears.
 */
import type { FieldNode, PacketDetail } from './engineApi.ts';

export const HIDDEN = '(hidden)';

/** Names of fields whose values are secrets, or hold some. */
const SECRET_FIELD =
  /(?:^|[._])(?:passw(?:or)?d|pass|pwd|secret|authbasic|authorization|cookie|set_cookie|community|credentials?|simple|token|auth_data|username_password)$|^telnet\.data$|^http\.file_data$|^sdp\.encryption_key$|^snmp\.community|^radius\.user_password|^(?:tcp|udp|http)\.(?:payload|segment_data)$/i;
/** Named like secrets, and none. */
const NO_SECRET_FIELD = /^(?:stun|dhcp|ssh|pptp|quic|dtls|sctp)\./i;

interface Pattern {
  readonly find: RegExp;
  /** The group that is the secret; what stands before it is kept. */
  readonly keep: number;
}

/** Every pattern is linear: no repetition inside of a repetition. */
const PATTERNS: readonly Pattern[] = [
  { find: /(\b(?:proxy-)?authorization\s{0,3}:\s{0,3}(?:[a-z]{1,16}\s{1,3})?)([^\r\n]+)/gi, keep: 1 },
  { find: /(\b(?:set-)?cookie2?\s{0,3}:\s{0,3})([^\r\n]+)/gi, keep: 1 },
  {
    find: /(\b(?:x-[\w-]{0,40}(?:token|key|secret|auth)[\w-]{0,20}|(?:private|deploy|job)-token|api-?key)\s{0,3}:\s{0,3})([^\r\n"]+)/gi,
    keep: 1,
  },
  // FTP, POP, IRC; the answers to PASS speak of a password and keep their words.
  { find: /((?:^|[\s:"'])PASS(?:WORD)?[ \t]{1,3}:?)([^\r\n]+)/g, keep: 1 },
  { find: /((?:^|\n)\s{0,8}PASS(?:WORD)?[ \t]{1,3})([^\r\n]+)/gi, keep: 1 },
  { find: /(\bAPOP[ \t]{1,3}\S{1,200}[ \t]{1,3})(\S+)/gi, keep: 1 },
  // IMAP: LOGIN user password.
  { find: /(\bLOGIN[ \t]{1,3}(?:"[^"\r\n]{0,200}"|[^\s"]{1,200})[ \t]{1,3})("[^"\r\n]*"|\S+)/g, keep: 1 },
  { find: /(\bAUTH(?:ENTICATE)?[ \t]{1,3}(?:PLAIN|LOGIN|CRAM-MD5|XOAUTH2|NTLM|OAUTHBEARER)[ \t]{1,3})(\S+)/gi, keep: 1 },
  // Redis: AUTH password, AUTH user password.
  {
    find: /((?:^|\n|: )\s{0,4}AUTH[ \t]{1,3})(?!PLAIN\b|LOGIN\b|CRAM-MD5\b|XOAUTH2\b|NTLM\b|TLS\b|SSL\b|OAUTHBEARER\b|GSSAPI\b)([^\r\n]+)/gi,
    keep: 1,
  },
  // Redis on the wire: each word of a command after its length.
  { find: /(\bAUTH\r?\n\$\d{1,9}\r?\n)([^\r\n]+(?:\r?\n\$\d{1,9}\r?\n[^\r\n]+)?)/gi, keep: 1 },
  { find: /(\bC: (?:User|Pass|User\/Pass): )(\S+)/g, keep: 1 },
  { find: /(\bcommunity\s{0,3}[:=]\s{0,3})("[^"\r\n]*"|\S+)/gi, keep: 1 },
  // A directory that gives out userPassword (RFC 4519), with the marks of BER between name and value.
  { find: /(\b(?:userPassword|unicodePwd|sambaNTPassword)1?[^\w]{1,8})([\x21-\x7e]{2,200})/gi, keep: 1 },
  // The name and password of a URL.
  { find: /(\b[a-z][a-z0-9+.-]{1,20}:\/\/[^\s:/@]{1,100}:)([^\s@/]{1,200})(?=@)/gi, keep: 1 },
  // Forms, URLs and JSON. The name of a wireless network (SSID, BSSID, ESSID) is no session's.
  {
    find: /((?:^|[?&;\s"'{,])["']?[\w.-]{0,30}(?:passw(?:or)?d|passphrase|pwd|passwd|secret|token|api[_-]?key|apikey|session(?:id)?|(?<!\b[be]?s)sid|jwt|auth|credential)[\w.-]{0,20}["']?\s{0,2}(?:=|:\s{0,3}(?="))\s{0,2}["']?)([^&\s"';,}]{1,4000})/gi,
    keep: 1,
  },
  { find: /((?:^|[?&;\s])(?:pass|pw|psw|key|code)=)([^&\s"';]{1,4000})/gi, keep: 1 },
  // Who has such an address may fetch what it names (AWS, Google Cloud, Azure).
  { find: /([?&](?:x-(?:amz|goog)-(?:signature|security-token)|signature|sig)=)([^&\s"']{1,4000})/gi, keep: 1 },
  // One field of a form in parts (RFC 7578), with a few lines of its own between its name and its value.
  {
    find: /(\bname="[^"\r\n]{0,40}(?:passw(?:or)?d|passphrase|pwd|secret|token|api[_-]?key)[^"\r\n]{0,40}"[^\r\n]{0,200}\r?\n(?:[\w-]{1,40}:[^\r\n]{0,200}\r?\n){0,4}\r?\n)([^\r\n]+)/gi,
    keep: 1,
  },
  // XML: WS-Security, configurations.
  {
    find: /(<(?:[\w-]{1,30}:)?(?:password|passwd|passphrase|pwd|secret|token|apikey|binarysecuritytoken)(?:\s[^<>]{0,300})?>)([^<]{1,4000})/gi,
    keep: 1,
  },
  // Redis: what it is told to ask for, in words and on the wire.
  { find: /(\b(?:requirepass|masterauth)(?:[ \t]{1,3}|\r?\n\$\d{1,9}\r?\n))([^\s]+)/gi, keep: 1 },
  // Browsers, which cannot set a header of their own for a WebSocket.
  {
    find: /(\bsec-websocket-protocol\s{0,3}:\s{0,3}[^\r\n]{0,100}?\b(?:bearer|authorization|access[_-]?token|jwt)[\w.]{0,40}[,.]\s{0,3})([^\s,]+)/gi,
    keep: 1,
  },
  // SDP: the key of the voice (RFC 4568), and of its forerunners.
  { find: /(\binline:)([\w+/=]{16,400})/g, keep: 1 },
  { find: /((?:^|\n)k=(?:clear|base64):)([^\r\n]{1,400})/g, keep: 1 },
];

/** The text with its secrets hidden; `known` are secrets from elsewhere. */
export function hideSecrets(text: string, known: ReadonlySet<string> = NONE): string {
  let safe = text;
  for (const { find } of PATTERNS) safe = safe.replace(find, (_all, before: string) => `${before}${HIDDEN}`);
  for (const secret of known) if (secret.length >= 3 && safe.includes(secret)) safe = safe.replaceAll(secret, HIDDEN);
  return safe;
}

const NONE: ReadonlySet<string> = new Set();

/** A word of at least one is before every secret that a pattern finds: most frames are searched for these alone. */
const BEFORE_A_SECRET =
  /auth|cookie|token|key|secret|pass|pwd|apop|login|c: user|community|unicodepwd|:\/\/|api|session|sid|jwt|credential|sig|bearer|pw=|psw=|code=|inline:|k=/i;

/** Where secrets are in bytes, one letter for each. */
export function secretPlaces(letters: string): (readonly [start: number, end: number])[] {
  if (!BEFORE_A_SECRET.test(letters)) return [];
  return PATTERNS.flatMap(({ find }) =>
    Array.from(letters.matchAll(find), (match) => {
      const start = match.index + (match[1] ?? '').length;
      return [start, start + (match[2] ?? '').length] as const;
    }),
  );
}

export function isSecretField(name: string): boolean {
  return SECRET_FIELD.test(name) && !NO_SECRET_FIELD.test(name);
}

/** What of a packet tells its secrets. */
export interface Said {
  readonly row: { readonly info: string };
  readonly tree: readonly FieldNode[];
  readonly sources: readonly { readonly bytes: Uint8Array }[];
}

/** The values in one packet that must not be repeated anywhere. */
export function secretsOf({ row, tree, sources }: Said): ReadonlySet<string> {
  const secrets = new Set<string>();
  const add = (value: string): void => {
    if (value.length >= 3 && secrets.size < 200) secrets.add(value);
  };
  const visit = (nodes: readonly FieldNode[]): void => {
    for (const node of nodes) {
      // What holds whatever was sent is no secret as a whole.
      if (isSecretField(node.name) && !isAnyPayload(node.name)) {
        add(node.text);
        add(node.text.replace(/^"|"$/g, ''));
      }
      for (const secret of [...secretsOfHeader(node), ...secretsOfPair(node)]) add(secret);
      visit(node.children);
    }
  };
  visit(tree);
  for (const { find } of PATTERNS) for (const match of row.info.matchAll(find)) add(match[2] ?? '');
  // A frame may hold several commands, of which its line in the list names one. Short values are words of their own, too.
  for (const { bytes } of sources) {
    const said = lettersOf(bytes);
    for (const [start, end] of secretPlaces(said)) if (end - start >= SURE_LENGTH) add(said.slice(start, end));
  }
  return secrets;
}

/** HTTP/2 and HTTP/3 have names and values of header fields apart, and their bytes packed: what the whole line says is a secret is one in each of its parts. */
function secretsOfHeader({ name, text }: FieldNode): string[] {
  return name === 'http2.header' || name === 'http3.headers.header'
    ? PATTERNS.flatMap(({ find }) => [...text.matchAll(find)].map((match) => match[2] ?? ''))
    : [];
}

/** Names whose values are told apart from them. */
const PAIR_NAMES: ReadonlySet<string> = new Set(['json.member', 'urlencoded-form.key', 'xml.tag']),
  PAIR_VALUES: ReadonlySet<string> = new Set(['json.value.string', 'json.value.number', 'urlencoded-form.value', 'xml.cdata']);

export const isPairName = (field: string): boolean => PAIR_NAMES.has(field);
export const isPairValue = (field: string): boolean => PAIR_VALUES.has(field);

/** What stands behind the name of a secret in JSON, in a form, or within a tag of XML, with its escapes read. */
function secretsOfPair({ name, text, children }: FieldNode): string[] {
  return PAIR_NAMES.has(name) && isSecretName(text) ? children.filter((child) => isPairValue(child.name)).map((child) => child.text) : [];
}

/** Whether what a program calls so is a secret: `password`, `api_key`. */
export function isSecretName(name: string): boolean {
  // A tag: `<wsse:Password Type="...">`.
  const element = /^<\s{0,9}(?:[\w.-]{1,60}:)?([\w.-]{1,100})/.exec(name)?.[1] ?? name,
    pair = `"${element.slice(0, 100)}":"x"`;
  return hideSecrets(pair) !== pair;
}

const SURE_LENGTH = 6;

/** One letter for each byte, so that a place in the text is a place in the bytes. */
export function lettersOf(bytes: Uint8Array): string {
  let letters = '';
  for (let i = 0; i < bytes.length; i += MOST_ARGUMENTS) letters += String.fromCharCode(...bytes.subarray(i, i + MOST_ARGUMENTS));
  return letters;
}

const MOST_ARGUMENTS = 8192;

const ANY_PAYLOAD =
  /^(?:(?:tcp|udp|http)\.(?:payload|segment_data|file_data)|http2\.(?:headers|data\.data|push_promise\.header|continuation\.header)|http3\.frame_payload|quic\.(?:stream_data|dg))$/i;

/** Fields that hold whatever was sent: secret only where a secret was found in them. */
export function isAnyPayload(name: string): boolean {
  return ANY_PAYLOAD.test(name);
}
const ASTERISK = 0x2a;

/** The packet with its secrets hidden in texts, and their bytes made asterisks; `hidden` says whether there were any. */
export function withoutSecrets(detail: PacketDetail): { readonly detail: PacketDetail; readonly hidden: boolean } {
  const secrets = secretsOf(detail),
    places = new SecretPlaces(detail, secrets);
  let hidden = places.count > 0;
  const safe = (text: string): string => {
    const written = hideSecrets(text, secrets);
    if (written !== text) hidden = true;
    return written;
  };
  const visit = (nodes: readonly FieldNode[]): FieldNode[] =>
    nodes.map((node) => {
      const isSecret = isAnyPayload(node.name) ? places.touch(node) : isSecretField(node.name),
        text = isSecret && node.text !== '' ? HIDDEN : safe(node.text);
      return { ...node, label: safe(node.label), text, filter: isSecret || text !== node.text ? '' : node.filter, children: visit(node.children) };
    });
  const tree = visit(detail.tree);
  return { detail: { row: { ...detail.row, info: safe(detail.row.info) }, tree, sources: places.sources }, hidden };
}

/** Where in the bytes of a packet its secrets are; its `sources` have asterisks there. */
class SecretPlaces {
  readonly sources: readonly { readonly name: string; readonly bytes: Uint8Array }[];
  readonly #ranges: { readonly source: number; readonly start: number; readonly end: number }[] = [];

  constructor(detail: PacketDetail, secrets: ReadonlySet<string>) {
    this.sources = detail.sources.map(({ name, bytes }) => ({ name, bytes: bytes.slice() }));
    this.#addFields(detail.tree);
    detail.sources.forEach(({ bytes }, source) => {
      const said = lettersOf(bytes);
      for (const [start, end] of secretPlaces(said)) this.#add(source, start, end - start);
      for (const secret of secrets)
        for (let at = said.indexOf(secret); at >= 0; at = said.indexOf(secret, at + secret.length)) this.#add(source, at, secret.length);
    });
  }

  get count(): number {
    return this.#ranges.length;
  }

  touch({ source, start, length }: FieldNode): boolean {
    return this.#ranges.some((range) => range.source === source && range.start < start + length && range.end > start);
  }

  #addFields(nodes: readonly FieldNode[]): void {
    for (const node of nodes) {
      const { name, source, start, length, children } = node;
      if ((isSecretField(name) && !isAnyPayload(name)) || secretsOfHeader(node).length > 0) this.#add(source, start, length);
      this.#addFields(children);
    }
  }

  #add(source: number, start: number, length: number): void {
    const bytes = this.sources[source]?.bytes;
    if (bytes === undefined || length <= 0 || start >= bytes.length) return;
    bytes.fill(ASTERISK, start, start + length);
    this.#ranges.push({ source, start, end: start + length });
  }
}

/** What two ends said in a terminal, with what was typed after a question for a password hidden. Chunks in their order. */
export function hideTypedSecrets(chunks: readonly { readonly fromClient: boolean; readonly text: string }[]): string[] {
  let isAsked = false,
    said = '';
  return chunks.map(({ fromClient, text }) => {
    if (!fromClient) {
      // Telnet echoes what is typed in between; a prompt may come in pieces.
      said = (said + text).slice(-200);
      if (/(?:password|passphrase|passcode|pin|secret)[^\n]{0,40}[:?>]\s*$/i.test(said)) isAsked = true;
      // SMTP's 334 (RFC 4954) and the + of IMAP and POP: the next line goes on with a login, whatever it looks like.
      if (/(?:^|\n)(?:334\b|\+)[^\n]{0,150}\r?\n$/.test(said)) isAsked = true;
      return hideSecrets(text);
    }
    said = '';
    if (!isAsked) return hideSecrets(text);
    const end = text.search(/[\r\n]/);
    if (end < 0) return text === '' ? '' : HIDDEN;
    isAsked = false;
    return `${HIDDEN}${hideSecrets(text.slice(end))}`;
  });
}
