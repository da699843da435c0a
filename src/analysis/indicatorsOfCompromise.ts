/** Addresses, names and hashes that findings give to look for elsewhere, defanged so that nothing makes a link of them. */
import { isAddress } from './allowRules.ts';
import { SEVERITIES, type Finding, type IndicatorOfCompromise, type IndicatorType } from './report.ts';

/** What a detector names beside the addresses of its subjects. */
export interface Observable {
  readonly type: IndicatorType;
  readonly value: string;
}

const MOST = 1000,
  LONGEST = 500;
/** This very machine, or none: nowhere else to be looked for. */
const NOBODY_ELSE = /^(?:127\.|0\.0\.0\.0$|::1?$|00:00:00:00:00:00$)/;
const CALLING_HOME = new Set(['Command and Control', 'Exfiltration']);

/** Of findings from medium on that nobody expects: attackers, servers that were called home, and what the detectors name. In order of the findings. */
export function indicatorsOfCompromise(
  findings: readonly Finding[],
  observables: ReadonlyMap<string, readonly Observable[]>,
): IndicatorOfCompromise[] {
  const all = new Map<string, { type: IndicatorType; value: string; findings: Set<string> }>();
  for (const finding of findings) {
    if (finding.expected !== null || SEVERITIES.indexOf(finding.severity) < SEVERITIES.indexOf('medium')) continue;
    const callsHome = finding.tactics.some((tactic) => CALLING_HOME.has(tactic));
    const addresses = finding.subjects
      .filter(({ role, address }) => (role === 'attacker' || (role === 'server' && callsHome)) && isAddress(address) && !NOBODY_ELSE.test(address))
      .map(({ address }): Observable => ({ type: typeOf(address), value: address }));
    for (const { type, value } of [...addresses, ...(observables.get(finding.id) ?? [])]) {
      const text = value.slice(0, LONGEST),
        key = `${type} ${text}`;
      let one = all.get(key);
      if (one === undefined) {
        if (all.size >= MOST) continue;
        all.set(key, (one = { type, value: text, findings: new Set() }));
      }
      one.findings.add(finding.id);
    }
  }
  return [...all.values()].map(({ type, value, findings: ids }) => ({ type, value, defanged: defang(type, value), findings: [...ids] }));
}

function typeOf(address: string): IndicatorType {
  if (/^[0-9a-f]{2}(?::[0-9a-f]{2}){5}$/i.test(address)) return 'mac';
  return address.includes(':') ? 'ipv6' : 'ipv4';
}

/** `192.0.2[.]1`, `2001:db8[:]1`, `hxxps://bad[.]example/x`. */
export function defang(type: IndicatorType, value: string): string {
  if (type === 'ipv4' || type === 'domain') return value.replaceAll('.', '[.]');
  if (type === 'ipv6') return value.replaceAll(':', '[:]');
  if (type === 'url')
    return value.replace(/^([a-z]*?)tt(p)/i, '$1xx$2').replace(/:\/\/([^/?#]*)/, (_, host: string) => `[://]${host.replaceAll('.', '[.]')}`);
  return value;
}
