/**
 * What somebody expects in a network: rules that mark findings as expected. They hide nothing: the finding stays, with the rule and its reason, and
 * only stops to count for the status, the risk and the incidents.
 */
import { parseIpv4, parseIpv6 } from '../pcap/addressText.ts';
import type { Expected, Finding, FindingPart, Subject } from './report.ts';

/** All conditions that a rule names must hold; a rule without any holds for nothing. */
export interface AllowRule {
  /** What findings call it: its `id` in the file, or `rule-<n>`. */
  readonly id: string;
  readonly reason: string;
  /** Id of a detector. */
  readonly detector?: string;
  /** IPv4, IPv6 or MAC address; any of them where there are several. */
  readonly address?: string | readonly string[];
  /** CIDR, `10.0.0.0/8`. */
  readonly network?: string;
  /** Name of a host as the capture gives it; `*.example.com` for all below. Names come from packets: an attacker can choose them. */
  readonly name?: string;
  /** Whose address or name it is. Without it: whoever acts - every attacker, else any of those named. */
  readonly role?: Subject['role'];
  /** Last day on which it holds, `2027-01-31`, UTC. */
  readonly expires?: string;
}

/** What a rule asks for, before it has an id and a reason. */
export type AllowConditions = Omit<AllowRule, 'id' | 'reason'>;

/** The addresses a rule is about; none where it asks for no address. */
export function addressesOf({ address = [] }: Pick<AllowRule, 'address'>): readonly string[] {
  return typeof address === 'string' ? [address] : address;
}

/** The first rule that expects this finding, on the day `today` (`2026-11-27`); null when none does. */
export function expectedBy(finding: Pick<Finding, 'detector' | 'subjects'>, rules: readonly AllowRule[], today: string): Expected | null {
  const rule = rules.find((one) => holds(one, finding, today));
  return rule === undefined ? null : { rule: rule.id, reason: rule.reason };
}

/** What rules say of a finding that is made already: of each of its parts, where it tells of several. */
export interface ExpectedParts<P> {
  /** Of the whole: null while one of its parts is expected by none. */
  readonly expected: Expected | null;
  /** Those that no rule expects; none of a finding without parts. */
  readonly open: readonly P[];
  readonly covered: readonly { readonly part: P; readonly expected: Expected }[];
}

export function expectedParts<P extends Pick<FindingPart, 'subjects'>>(
  finding: Pick<Finding, 'detector' | 'subjects'> & { readonly parts?: readonly P[] | undefined },
  rules: readonly AllowRule[],
  today: string,
): ExpectedParts<P> {
  const { detector, parts = [] } = finding;
  if (parts.length === 0) return { expected: expectedBy(finding, rules, today), open: [], covered: [] };
  const open: P[] = [],
    covered: { part: P; expected: Expected }[] = [];
  for (const part of parts) {
    const expected = expectedBy({ detector, subjects: part.subjects }, rules, today);
    if (expected === null) open.push(part);
    else covered.push({ part, expected });
  }
  return { expected: open.length === 0 ? (covered[0]?.expected ?? null) : null, open, covered };
}

function holds(rule: AllowRule, { detector, subjects }: Pick<Finding, 'detector' | 'subjects'>, today: string): boolean {
  const { address, network, name } = rule,
    addresses = addressesOf(rule),
    asksSubject = address !== undefined || network !== undefined || name !== undefined;
  if (rule.expires !== undefined && rule.expires < today) return false;
  if (rule.detector !== undefined && rule.detector !== detector) return false;
  if (!asksSubject) return rule.detector !== undefined;
  const fits = (subject: Subject): boolean =>
    (address === undefined || addresses.some((one) => sameAddress(one, subject.address))) &&
    (network === undefined || inNetwork(subject.address, network)) &&
    (name === undefined || (subject.name !== undefined && nameMatches(name, subject.name)));
  if (rule.role !== undefined) {
    const asked = subjects.filter(({ role }) => role === rule.role);
    return asked.length > 0 && asked.every(fits);
  }
  // That somebody attacks a known host is not expected because the host is known.
  const attackers = subjects.filter(({ role }) => role === 'attacker');
  if (attackers.length > 0) return attackers.every(fits);
  return subjects.some((subject) => subject.role !== 'victim' && fits(subject));
}

function sameAddress(a: string, b: string): boolean {
  const left = bytesOf(a),
    right = bytesOf(b);
  return left === null || right === null ? a.toLowerCase() === b.toLowerCase() : left.join() === right.join();
}

function bytesOf(text: string): readonly number[] | null {
  const v4 = parseIpv4(text);
  if (v4 !== null) return [Math.floor(v4 / 0x1000000), (v4 >>> 16) & 255, (v4 >>> 8) & 255, v4 & 255];
  const v6 = text.includes(':') ? parseIpv6(text) : null;
  return v6 === null ? null : [...v6];
}

/** `10.0.0.0/8` in parts; null when it is none. */
export function parseNetwork(text: string): { readonly bytes: readonly number[]; readonly bits: number } | null {
  const match = /^([^/]+)\/(\d{1,3})$/.exec(text),
    bytes = match === null ? null : bytesOf(match[1]!),
    bits = Number(match?.[2]);
  return bytes === null || bits > bytes.length * 8 ? null : { bytes, bits };
}

/** A name a rule can ask for: `host.example.com`, or `*.example.com` for all below. */
export function isHostName(text: string): boolean {
  return /^(?:\*\.)?[^\s*]{1,253}$/.test(text);
}

export function isAddress(text: string): boolean {
  return bytesOf(text) !== null || /^[0-9a-f]{2}(?::[0-9a-f]{2}){5}$/i.test(text);
}

function inNetwork(address: string, network: string): boolean {
  const parsed = parseNetwork(network),
    bytes = bytesOf(address);
  if (parsed === null || bytes?.length !== parsed.bytes.length) return false;
  for (let bit = 0; bit < parsed.bits; bit += 8) {
    const mask = parsed.bits - bit >= 8 ? 255 : (0xff00 >> (parsed.bits - bit)) & 255;
    if (((bytes[bit / 8]! ^ parsed.bytes[bit / 8]!) & mask) !== 0) return false;
  }
  return true;
}

function nameMatches(pattern: string, name: string): boolean {
  const wanted = pattern.toLowerCase(),
    seen = name.toLowerCase().replace(/\.$/, '');
  return wanted.startsWith('*.') ? seen.endsWith(wanted.slice(1)) : seen === wanted;
}
