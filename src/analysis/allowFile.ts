/**
 * `.netsec/allow.yaml`: the allow-list as people review it. What cannot be understood is told with its line, and the other rules still hold.
 *
 *     rules:
 *       - reason: our own inventory, every Monday
 *         detector: port-scan
 *         address: 10.0.0.5
 *         expires: 2027-01-31
 *       - reason: the old storage
 *         detector: smbv1
 *         address:
 *           - 10.0.0.8
 *           - 10.0.0.9
 */
import { Document, isMap, isScalar, isSeq, LineCounter, parseDocument, YAMLSeq } from 'yaml';
import { isAddress, isHostName, parseNetwork, type AllowRule } from './allowRules.ts';

export interface AllowProblem {
  /** From 1. */
  readonly line: number;
  readonly message: string;
}

export interface AllowFile {
  readonly rules: readonly AllowRule[];
  readonly problems: readonly AllowProblem[];
}

const MOST_RULES = 5000,
  MOST_ADDRESSES = 1000,
  MOST_CHARACTERS = 1_000_000;

const ROLES = ['attacker', 'victim', 'client', 'server', 'spoofed', 'gateway'] as const;

/** What each key must look like; null when it does, else a sentence. */
const KEYS: Readonly<Record<string, (value: string) => string | null>> = {
  id: (value) => (/^[\w.-]{1,60}$/.test(value) ? null : 'id wants letters, digits, dots and hyphens, at most 60.'),
  reason: (value) => (value.trim() === '' ? 'reason is empty: say why this is expected.' : null),
  detector: (value) => (/^[a-z\d-]{1,60}$/.test(value) ? null : noDetector(value)),
  address: (value) => (isAddress(value) ? null : `${JSON.stringify(value.slice(0, 60))} is no IPv4, IPv6 or MAC address.`),
  network: (value) => (parseNetwork(value) === null ? `${JSON.stringify(value.slice(0, 60))} is no network such as 10.0.0.0/8.` : null),
  name: (value) => (isHostName(value) ? null : 'name wants a host name, or *.example.com.'),
  role: (value) => (ROLES.some((role) => role === value) ? null : `role wants one of ${ROLES.join(', ')}.`),
  expires: (value) => (/^\d{4}-\d\d-\d\d$/.test(value) && !Number.isNaN(Date.parse(value)) ? null : 'expires wants a day such as 2027-01-31.'),
};
const CONDITIONS = ['detector', 'address', 'network', 'name'];

const noDetector = (id: string): string => `there is no detector ${JSON.stringify(id.slice(0, 60))}.`;

/**
 * Never throws. A rule with a mistake does not hold at all: half a condition would allow too much. Who asks says which detectors there are: the editor's
 * host knows them from its settings, and need not hold them all.
 */
export function parseAllowFile(text: string, detectors: ReadonlySet<string>): AllowFile {
  if (text.length > MOST_CHARACTERS) return { rules: [], problems: [{ line: 1, message: 'The file is larger than a million characters.' }] };
  const lines = new LineCounter(),
    rules: AllowRule[] = [],
    problems: AllowProblem[] = [];
  const lineOf = (offset: number | undefined): number => Math.max(1, lines.linePos(offset ?? 0).line);
  const document = parseDocument(text, { lineCounter: lines, schema: 'failsafe', uniqueKeys: true });
  for (const { pos, message } of document.errors) problems.push({ line: lineOf(pos[0]), message: message.split('\n')[0] ?? message });
  const root = document.contents;
  // Nothing but comments.
  if (problems.length > 0 || root === null || (isScalar(root) && root.value === '')) return { rules, problems };
  const list = isMap(root) ? (root.get('rules', true) as unknown) : null;
  if (isMap(root) && root.items.length > 0) {
    for (const { key } of root.items)
      if (!(isScalar(key) && key.value === 'rules'))
        problems.push({ line: lineOf(isScalar(key) ? key.range?.[0] : 0), message: 'Only "rules" is known here.' });
  }
  if (isScalar(list) && (list.value === '' || list.value === null)) return { rules, problems };
  if (!isSeq(list)) return { rules, problems: [...problems, { line: 1, message: 'A list called "rules" is wanted.' }] };
  for (const [i, item] of list.items.entries()) {
    if (i >= MOST_RULES) {
      problems.push({ line: lineOf((item as { range?: readonly number[] }).range?.[0]), message: `Only the first ${MOST_RULES} rules hold.` });
      break;
    }
    const start = lineOf((item as { range?: readonly number[] } | null)?.range?.[0]);
    if (!isMap(item)) {
      problems.push({ line: start, message: 'A rule is a list of names and values, such as "detector: port-scan".' });
      continue;
    }
    const before = problems.length,
      values: Record<string, string | readonly string[]> = {};
    for (const { key, value } of item.items) {
      const name = isScalar(key) ? String(key.value) : '',
        line = isScalar(key) ? lineOf(key.range?.[0]) : start,
        check = Object.hasOwn(KEYS, name) ? KEYS[name] : undefined;
      if (check === undefined)
        problems.push({ line, message: `${JSON.stringify(name.slice(0, 60))} is not known; a rule has ${Object.keys(KEYS).join(', ')}.` });
      else if (name === 'address' && isSeq(value)) {
        const { addresses, wrong } = addressList(value);
        if (wrong === null) values[name] = addresses;
        else problems.push({ line: wrong.offset === undefined ? line : lineOf(wrong.offset), message: wrong.message });
      } else if (!isScalar(value) || typeof value.value !== 'string') problems.push({ line, message: `${name} wants one text.` });
      else {
        const problem = check(value.value) ?? (name === 'detector' && !detectors.has(value.value) ? noDetector(value.value) : null);
        if (problem === null) values[name] = value.value;
        else problems.push({ line, message: problem });
      }
    }
    if (problems.length > before) continue;
    if (values['reason'] === undefined) problems.push({ line: start, message: 'The rule has no reason: say why this is expected.' });
    else if (!CONDITIONS.some((name) => values[name] !== undefined))
      problems.push({ line: start, message: `The rule names none of ${CONDITIONS.join(', ')}.` });
    else rules.push({ ...values, id: values['id'] ?? `rule-${i + 1}` } as unknown as AllowRule);
  }
  return { rules, problems };
}

/** The addresses of one rule, or the first mistake among them with its place in the text. */
function addressList(list: YAMLSeq): { readonly addresses: readonly string[]; readonly wrong: Wrong | null } {
  const addresses: string[] = [],
    wrong = (message: string, item: unknown): ReturnType<typeof addressList> => ({
      addresses: [],
      wrong: { offset: isScalar(item) ? item.range?.[0] : undefined, message },
    });
  if (list.items.length === 0 || list.items.length > MOST_ADDRESSES)
    return wrong(`address wants one address, or a list of 1 to ${MOST_ADDRESSES.toLocaleString('en-US')}.`, null);
  for (const item of list.items) {
    if (!isScalar(item) || typeof item.value !== 'string') return wrong('A list of addresses holds one address per line.', item);
    const problem = KEYS['address']!(item.value);
    if (problem !== null) return wrong(problem, item);
    addresses.push(item.value);
  }
  return { addresses, wrong: null };
}

interface Wrong {
  readonly offset: number | undefined;
  readonly message: string;
}

const HEADING = ` What is expected in this network. Findings that match stay visible, and do not count.`;

/** The text with one more rule at its end; comments and order of what is there stay. Throws where the file cannot be understood: it is not ours to overwrite. */
export function addAllowRule(text: string, rule: Omit<AllowRule, 'id'> & { readonly id?: string }): string {
  const document = text.trim() === '' ? new Document({ rules: [] }) : parseDocument(text, { schema: 'failsafe' });
  if (text.trim() === '') document.commentBefore = HEADING;
  if (document.errors.length > 0) throw new Error(`The allow-list has a mistake: ${document.errors[0]?.message.split('\n')[0] ?? ''}`);
  if (document.contents === null) document.contents = document.createNode({ rules: [] });
  let list = document.get('rules', true);
  if (isScalar(list) && (list.value === '' || list.value === null)) document.set('rules', (list = new YAMLSeq()));
  if (list === undefined) document.set('rules', (list = new YAMLSeq()));
  if (!isSeq(list)) throw new Error('The allow-list has no list called "rules".');
  list.flow = false;
  list.add(document.createNode(Object.fromEntries(Object.entries(rule).filter(([, value]) => value !== undefined))));
  return document.toString({ lineWidth: 0 });
}

/** The text without the rule of that id; the same text when it has none. Rules without an id are called by their place, and keep that name. */
export function removeAllowRule(text: string, id: string): string {
  const document = parseDocument(text, { schema: 'failsafe' });
  if (document.errors.length > 0) throw new Error(`The allow-list has a mistake: ${document.errors[0]?.message.split('\n')[0] ?? ''}`);
  const list = document.get('rules', true);
  if (!isSeq(list)) return text;
  const idOf = (item: unknown, i: number): string => {
    const own = isMap(item) ? item.get('id') : undefined;
    return typeof own === 'string' ? own : `rule-${i + 1}`;
  };
  const index = list.items.findIndex((item, i) => idOf(item, i) === id);
  if (index === -1) return text;
  list.items.forEach((item, i) => {
    if (i > index && isMap(item) && !item.has('id')) item.set('id', idOf(item, i));
  });
  list.delete(index);
  return document.toString({ lineWidth: 0 });
}
