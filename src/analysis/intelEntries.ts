/**
 * Lists of what is known to be bad, as people keep them: one entry a line, or CSV with other columns beside it. Addresses, networks, names, URLs, hashes (SHA-256,
 * SHA-1, MD5), JA3 and JA4; also defanged (`hxxp://bad[.]example`) and as a hosts file (`0.0.0.0 bad.example`). What cannot be understood is told with its line.
 */
import type { FileHash } from '../pcap/platform.ts';
import { parseNetwork } from './allowRules.ts';
import { parseIpv4, parseIpv6 } from '../pcap/addressText.ts';

/** `md5` may be a JA3 as well, which is one: 32 digits do not say. `ja3` only where the list says so. */
export type IntelType = 'address' | 'network' | 'domain' | 'url' | FileHash | 'ja3' | 'ja4';

/** The surest first. */
export const FILE_HASHES: readonly FileHash[] = ['sha256', 'sha1', 'md5'];

/** Plain values: they cross threads. */
export interface IntelEntry {
  readonly type: IntelType;
  /** In the form that captures are compared in: lower case but for the path of a URL, without scheme and default port. */
  readonly value: string;
  /** Name of the list and line, `feodo.csv:12`. */
  readonly from: string;
  /** The other columns of its line. */
  readonly note: string;
}

export interface IntelProblem {
  /** From 1. */
  readonly line: number;
  readonly message: string;
}

export interface IntelList {
  readonly entries: readonly IntelEntry[];
  /** The first hundred. */
  readonly problems: readonly IntelProblem[];
  readonly problemsTotal: number;
}

export const MOST_ENTRIES = 200_000;
const MOST_PROBLEMS = 100,
  LONGEST_LINE = 8192,
  LONGEST_NOTE = 160,
  MOST_COLUMNS = 64;
/** Networks wider than these hold half the world: a slip of the pen, and a finding for every flow. */
const WIDEST_V4 = 8,
  WIDEST_V6 = 16;

/** Reads one list; `name` is what its entries are called by. */
export function parseIntel(text: string, name: string, most = MOST_ENTRIES): IntelList {
  const entries: IntelEntry[] = [],
    problems: IntelProblem[] = [];
  let problemsTotal = 0,
    isFirst = true,
    isOfJa3 = false;
  const problem = (line: number, message: string): void => {
    problemsTotal++;
    if (problems.length < MOST_PROBLEMS) problems.push({ line, message });
  };
  let line = 0;
  for (let at = 0; at < text.length;) {
    let end = text.indexOf('\n', at);
    if (end < 0) end = text.length;
    line++;
    const isLong = end - at > LONGEST_LINE,
      row = text
        .slice(at, Math.min(end, at + LONGEST_LINE))
        .replace(/^\uFEFF/, '')
        .trim();
    at = end + 1;
    if (row === '') continue;
    // A heading says what the 32 digits of a list are: `ja3_md5,first_seen,...`, mostly as a comment.
    if (entries.length === 0 && /\bja3s?(?:_md5|_hash)?\b/i.test(row) && !/\bmd5/i.test(row)) isOfJa3 = true;
    if (/^(?:[#;]|\/\/)/.test(row)) continue;
    if (isLong) {
      problem(line, `The line is longer than ${LONGEST_LINE} characters.`);
      continue;
    }
    const columns = columnsOf(row),
      wasFirst = isFirst;
    isFirst = false;
    let found: Understood | null = null,
      column = 0;
    for (; column < columns.length && (found === null || 'problem' in found); column++) {
      const next = understand(columns[column]!, isOfJa3);
      // The first reason stays, unless a later column is an entry.
      if (next !== null && (found === null || !('problem' in next))) found = next;
    }
    if (found !== null && !('problem' in found)) {
      if (entries.length >= most) {
        problem(line, `The lists hold more than ${MOST_ENTRIES} entries: the rest is left out.`);
        break;
      }
      const note = columns.filter((other, i) => i !== column - 1 && other !== '').join(', ');
      entries.push({ ...found, from: `${name}:${line}`, note: note.slice(0, LONGEST_NOTE) });
    } else if (found !== null) problem(line, found.problem);
    // The heading of a CSV file is no mistake.
    else if (!(wasFirst && columns.length > 1))
      problem(line, `${JSON.stringify(row.slice(0, 60))} is no address, network, name, URL, hash, JA3 or JA4.`);
  }
  return { entries, problems, problemsTotal };
}

/** Columns by comma, semicolon or tab; quotes as in RFC 4180. A line without them may have a comment behind its entry, or be one of a hosts file. */
function columnsOf(row: string): string[] {
  if (!/[,;\t]/.test(row) || /^\S+\s+[#;]/.test(row)) {
    const words = row.replace(/\s[#;].*$/, '').split(/\s+/, MOST_COLUMNS),
      comment = /\s[#;]\s*(.*)$/.exec(row)?.[1] ?? '';
    const isHosts = words.length > 1 && /^(?:0\.0\.0\.0|127\.0\.0\.1|::1?)$/.test(words[0]!);
    return [...(isHosts ? words.slice(1) : words), comment].map(unquoted);
  }
  const separator = row.includes('\t') ? '\t' : /^[^"]*;/.test(row) && !/^[^;]*,/.test(row) ? ';' : ',',
    columns: string[] = [];
  let column = '',
    isQuoted = false;
  for (const character of row) {
    if (character === '"') isQuoted = !isQuoted;
    else if (character === separator && !isQuoted) {
      columns.push(column.trim());
      column = '';
      if (columns.length >= MOST_COLUMNS) break;
    } else column += character;
  }
  columns.push(column.trim());
  return columns;
}

const unquoted = (text: string): string => text.replace(/^"(.*)"$/, '$1');

type Understood = Pick<IntelEntry, 'type' | 'value'> | { readonly problem: string };

/** Null when it is nothing of a list: a date, a number, a comment. */
function understand(text: string, isOfJa3: boolean): Understood | null {
  const value = text
    .replaceAll(/\[:\/\/\]/g, '://')
    .replaceAll(/[[({](\.|:|dot)[\])}]/gi, (_, mark: string) => (mark === ':' ? ':' : '.'))
    .replace(/^hxxp/i, 'http');
  if (value === '' || value.length > 4096 || /\s/.test(value)) return null;
  if (/^https?:\/\//i.test(value)) {
    const url = urlKey(value);
    return url === null ? null : { type: 'url', value: url };
  }
  if (/^[0-9a-f]{64}$/i.test(value)) return { type: 'sha256', value: value.toLowerCase() };
  if (/^[0-9a-f]{32}$/i.test(value)) return { type: isOfJa3 ? 'ja3' : 'md5', value: value.toLowerCase() };
  if (/^[0-9a-f]{40}$/i.test(value)) return { type: 'sha1', value: value.toLowerCase() };
  // FoxIO's JA4: protocol, version, SNI, two counts, ALPN; two truncated hashes.
  if (/^[tqd](?:\d\d|s\d|d\d)[di]\d{4}[0-9a-z]{2}_[0-9a-f]{12}_[0-9a-f]{12}$/i.test(value)) return { type: 'ja4', value: value.toLowerCase() };
  const network = parseNetwork(value);
  if (network !== null) {
    const full = network.bytes.length * 8;
    if (network.bits === full) return understand(value.slice(0, value.indexOf('/')), isOfJa3);
    if (network.bits < (full === 32 ? WIDEST_V4 : WIDEST_V6))
      return { problem: `${value} is too wide: networks down to /${full === 32 ? WIDEST_V4 : WIDEST_V6} are compared.` };
    return { type: 'network', value };
  }
  // `192.0.2.1:443`, as lists of command-and-control servers write it.
  const host = /^(\d{1,3}(?:\.\d{1,3}){3}):\d{1,5}$/.exec(value)?.[1] ?? value;
  if (parseIpv4(host) !== null && host.includes('.'))
    return host === '0.0.0.0' || host === '255.255.255.255' ? { problem: `${host} is everybody.` } : { type: 'address', value: host };
  if (host.includes(':') && parseIpv6(host) !== null) return { type: 'address', value: host.toLowerCase() };
  const name = domainKey(host.replace(/^\*\./, ''));
  return name === null ? null : { type: 'domain', value: name };
}

/** A name with at least one dot, in lower case and without the last dot; null for anything else. */
export function domainKey(text: string): string | null {
  const name = text.toLowerCase().replace(/\.$/, '');
  return name.length <= 253 && /^(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+(?:[a-z][a-z0-9-]*[a-z0-9])$/.test(name) ? name : null;
}

/** `http://Bad.example:80/x#y` -> `bad.example/x`: what two spellings of one URL share. */
export function urlKey(text: string): string | null {
  const match = /^(https?):\/\/(?:[^/?#@]*@)?([^/?#]+)([^#]*)/i.exec(text);
  if (match === null) return null;
  const [, scheme, host, rest] = match,
    port = scheme!.toLowerCase() === 'http' ? /:80$/ : /:443$/;
  return `${host!.toLowerCase().replace(port, '')}${rest!.startsWith('/') ? rest! : `/${rest!}`}`;
}
