/**
 * Names and addresses of people's own networks replaced by tokens (HOST_3, USER_1) before anything is sent, and put back in what comes. The same thing
 * has the same token for as long as its table is kept. Addresses, e-mail, file names and query strings are known by their form; host and user names
 * without one are learned from the analysis before they are met in a text.
 */
import { isFieldName } from './fieldNames.ts';
import { hiddenAddresses, MAC_FORMS, type AddressRules } from './internalAddresses.ts';

export type TokenKind = 'HOST' | 'MAC' | 'NAME' | 'USER' | 'MAIL' | 'FILE' | 'QUERY';

const TOKEN = /(?<![A-Za-z0-9])(?:HOST|MAC|NAME|USER|MAIL|FILE|QUERY)_\d{1,7}(?!\d)/g;
/** The beginning of a token at the end of what has come so far. */
const CUT_TOKEN =
  /(?:^|[^A-Za-z0-9])((?:H|HO|HOS|M|MA|N|NA|NAM|U|US|USE|MAI|F|FI|FIL|Q|QU|QUE|QUER|HOST|MAC|NAME|USER|MAIL|FILE|QUERY)(?:_\d{0,7})?)$/;
const MOST_TOKENS = 100_000;

const MAIL = /[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){0,8}/g;
const QUERY = /(?<=[\w/.%~-])\?([^\s"'<>`\\)|]{1,4000})/g;
const HOST_NAME = /(?<![\w.@-])[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,62})(?:\.[A-Za-z0-9_-]{1,63}){1,20}\.?(?![\w-])/g;
const CAPTURE_NAME = /[^\s"'`/\\,;:()[\]{}<>|]{1,200}\.(?:pcapng|pcap|cap|snoop|dmp)(?:\.(?:gz|zst))?(?![\w.])/gi;
/** `USER anna`, `Name query NB DESKTOP-1<00>`: what protocols say right before a name. */
const SAID_NAMES: readonly { readonly find: RegExp; readonly kind: TokenKind }[] = [
  { find: /\bUSER[ \t]{1,3}([^\s\r\n]{2,100})/g, kind: 'USER' },
  { find: /\bLOGIN[ \t]{1,3}"?([^\s"\r\n]{2,100})/g, kind: 'USER' },
  { find: /\b(?:user(?:name)?|login|account)[=:][ \t]{0,3}"?([^\s"'&,;\r\n]{2,100})/gi, kind: 'USER' },
  {
    find: /\b(?:kerberos\.CNameString|ntlmssp\.auth\.username|kerberos\.SNameString)"?:\s?"?([\w$.-]{2,63}(?:, [\w$.-]{2,63}){0,20})/gi,
    kind: 'USER',
  },
  // Fields whose value is a name, as our tools write them, and what a finding lists of NetBIOS.
  {
    find: /\b(?:dhcp\.option\.hostname|dns\.qry\.name|nbns\.name|browser\.server|ntlmssp\.auth\.(?:hostname|domain)|ntlmssp\.challenge\.target_name)"?:\s?"?([\w$-]{2,63})(?![\w.$-])/gi,
    kind: 'NAME',
  },
  { find: /\bit answered ([\w$-]{2,63}(?:, [\w$-]{2,63}){0,40}) with\b/gi, kind: 'NAME' },
  // In a tool result `<` stands as \u003c.
  { find: /\b(?:NB|NBSTAT)[ \t]{1,3}([^\s<\\]{2,40})(?=<|\\u003c)/g, kind: 'NAME' },
  { find: /\b(?:Host|Local Master|Domain\/Workgroup|Workgroup) Announcement ([\w$-]{2,63})/g, kind: 'NAME' },
  {
    find: /\b(?:query|response)(?: 0x[0-9a-f]{1,4})?(?: No such name| Refused| Server failure)? (?:A|AAAA|ANY|TXT|SRV|MX|NULL) ([\w-]{2,63})(?![\w.-])/g,
    kind: 'NAME',
  },
  // DOMAIN\user and \\server\share; in JSON a backslash is two, and a space stands behind them (privateClient.ts).
  { find: /([A-Za-z][\w.-]{1,62})\\\\? ?[A-Za-z][\w.$-]{1,63}/g, kind: 'NAME' },
  { find: /[A-Za-z][\w.-]{1,62}\\\\ ([A-Za-z][\w.$-]{1,63})/g, kind: 'USER' },
  // What people write.
  {
    find: /\b(?:users?|accounts?|user ?names?)[ \t]{1,3}["'`“]?(?!(?:agents?|interface|data|names?|accounts?|is|was|were|are|did|does|do|has|have|had|who|whose|that|which|and|or|of|in|on|at|to|from|for|with|by|can|could|may|not|logged|logs|agreed|asks?|input|that|the|this|these|groups?|list|manager|space|mode|id|ids|passwords?|sessions?|service|database)\b)([\p{L}\p{N}_][\p{L}\p{N}_.$-]{1,62}[\p{L}\p{N}_$])/giu,
    kind: 'USER',
  },
];
/** Nobody is told anything by these, and they stand in every capture. */
const NO_NAME = /^(?:anonymous|guest|ftp|user|name|host|none|null|true|false|unknown|hidden|\(hidden\)|\d+|\*|-)$/i;

export interface Pseudonyms {
  /** Names that have no form of their own. Short and common words are not taken: replacing them would break sentences. */
  learn(kind: TokenKind, name: string): void;
  hide(text: string): string;
  restore(text: string): string;
  /** Restores text that comes in pieces; what may be the beginning of a token is held back. */
  restoring(show: (text: string) => void): { write(text: string): void; end(): void };
  /** The same for every text inside of a JSON value, its keys excepted. */
  restoreValue(value: unknown): unknown;
  /** To be kept, and given to `pseudonyms` again. */
  readonly table: ReadonlyMap<string, string>;
}

export function pseudonyms(rules: AddressRules = {}, kept: Iterable<readonly [token: string, original: string]> = []): Pseudonyms {
  const originals = new Map<string, string>(kept),
    tokens = new Map<string, string>([...originals].map(([token, original]) => [keyOf(original), token])),
    counts = new Map<string, number>(),
    learned = new Map<string, TokenKind>();
  for (const [token, original] of originals) {
    const [kind = '', number = '0'] = token.split('_');
    counts.set(kind, Math.max(counts.get(kind) ?? 0, Number(number)));
    if (kind === 'NAME' || kind === 'USER' || kind === 'FILE') learned.set(keyOf(original), kind);
  }
  let pattern: RegExp | null | undefined;

  function tokenOf(kind: TokenKind, original: string): string {
    const key = keyOf(original),
      known = tokens.get(key);
    if (known !== undefined) return known;
    // More than that is an attack on memory: they stay hidden, and are told apart no more.
    if (originals.size >= MOST_TOKENS) return `${kind}_0`;
    const number = (counts.get(kind) ?? 0) + 1,
      token = `${kind}_${number}`;
    counts.set(kind, number);
    originals.set(token, original);
    tokens.set(key, token);
    return token;
  }

  /** One alternation of everything learned, longest first. */
  function learnedPattern(): RegExp | null {
    if (pattern === undefined) {
      const words = [...learned.keys()].sort((a, b) => b.length - a.length).slice(0, 20_000);
      pattern = words.length === 0 ? null : new RegExp(`(?<![\\p{L}\\p{N}_])(?:${words.map(escapeRegex).join('|')})(?![\\p{L}\\p{N}_])`, 'giu');
    }
    return pattern;
  }

  function learn(kind: TokenKind, name: string): void {
    const word = name.trim();
    if (word.length < 2 || word.length > 255 || NO_NAME.test(word) || TOKEN_ONLY.test(word)) return;
    if (isFieldName(word.toLowerCase())) return;
    if (learned.has(keyOf(word)) || learned.size >= 20_000) return;
    learned.set(keyOf(word), kind);
    pattern = undefined;
  }

  function hide(text: string): string {
    // What looks like a token already, but is none of ours, was written by somebody who wants it replaced.
    let safe = text.replace(TOKEN, (token) => (originals.has(token) ? token : token.toLowerCase().replace('_', '-')));
    for (const { find, kind } of SAID_NAMES) for (const match of safe.matchAll(find)) for (const name of match[1]!.split(', ')) learn(kind, name);
    // The bytes of an option are its name once more.
    safe = safe.replace(/(\bdhcp\.option\.value: ?)[0-9a-f]{4,4000}/gi, '$1(hidden)');
    safe = safe.replace(CAPTURE_NAME, (name) => tokenOf('FILE', name));
    safe = safe.replace(MAIL, (mail) => tokenOf('MAIL', mail));
    safe = safe.replace(QUERY, (_all, query: string) => `?${tokenOf('QUERY', query)}`);
    for (const form of MAC_FORMS) safe = safe.replace(form, (mac) => tokenOf('MAC', mac));
    safe = hiddenAddresses(safe, rules, (address) => tokenOf('HOST', address));
    safe = safe.replace(HOST_NAME, (name) => (isHostName(name) ? tokenOf('NAME', name) : name));
    const known = learnedPattern();
    if (known !== null) safe = safe.replace(known, (name) => tokenOf(learned.get(keyOf(name)) ?? 'NAME', name));
    return safe;
  }

  const restore = (text: string): string => text.replace(TOKEN, (token) => originals.get(token) ?? token);

  return {
    learn,
    hide,
    restore,
    restoring(show) {
      let held = '';
      return {
        write(text) {
          held += text;
          const cut = CUT_TOKEN.exec(held.slice(-20)),
            upTo = held.length - (cut?.[1]?.length ?? 0);
          if (upTo === 0) return;
          show(restore(held.slice(0, upTo)));
          held = held.slice(upTo);
        },
        end() {
          if (held !== '') show(restore(held));
          held = '';
        },
      };
    },
    restoreValue: (value) => mapTexts(value, restore),
    table: originals,
  };
}

const TOKEN_ONLY = /^(?:HOST|MAC|NAME|USER|MAIL|FILE|QUERY)_\d+$/;

/** The same name in another case is the same thing. */
function keyOf(name: string): string {
  return name.toLowerCase();
}

/** Fields of filters look like host names, and have to stay; versions and numbers do, too. */
function isHostName(text: string): boolean {
  const last = text.replace(/\.$/, '').split('.').at(-1) ?? '';
  if (!/^(?:[a-z]{2,24}|xn--[a-z0-9-]{2,59})$/i.test(last)) return false;
  return !isFieldName(text.toLowerCase());
}

function mapTexts(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === 'string') return change(value);
  if (Array.isArray(value)) return value.map((item) => mapTexts(item, change));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mapTexts(item, change)]));
}

function escapeRegex(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
}
