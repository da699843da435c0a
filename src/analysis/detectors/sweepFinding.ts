/** A sweep in words: who asked how many hosts for what, how sure, what else it could be, and what to do. */
import { formatIpv4 } from '../../pcap/addresses.ts';
import { countText, durationText, plural } from '../describe.ts';
import type { FindingDraft } from '../detector.ts';
import { confidenceOf, overThreshold, type Span } from './measures.ts';
import type { SweepTargets } from './sweepTargets.ts';

const MOST_WAYS = 6;

/** What was measured of one sweep. */
export interface Sweep {
  readonly how: string;
  readonly technique: string;
  readonly source: string;
  readonly targets: SweepTargets;
  readonly threshold: number;
  readonly span: Span;
  readonly frames: readonly number[];
  readonly framesTotal: number;
  readonly flows: readonly number[];
  readonly filter: string;
  readonly isIpv6: boolean;
  readonly isRaw: boolean;
  readonly inOrder: number;
  readonly isSought: boolean;
  /** Nearly all of these hosts talk with the source on other ports, and it came back to them: as monitoring does, with a port that is closed. */
  readonly isAcquainted?: boolean;
  readonly port?: number;
  /** Who asks for the source, and how many hosts it sent the source's packets to meanwhile. */
  readonly gateway?: { readonly address: string; readonly hosts: number; readonly port?: number };
}

/** Whether so many of the hosts, and so large a share of them, refused or did not answer. */
export function isSweep(failedSharePercent: number, targets: SweepTargets, least: number): boolean {
  return targets.silent >= least && targets.silent * 100 >= targets.asked * failedSharePercent;
}

export function draftSweep(sweep: Sweep, failedSharePercent: number, isOneWay: boolean): FindingDraft {
  const { how, technique, source, targets, threshold, span, isIpv6, isRaw, inOrder, gateway } = sweep,
    asker = gateway?.address ?? source,
    near = isIpv6 ? 0 : Math.round(targets.nearPercent),
    seconds = span.seconds,
    share = Math.round((100 * targets.silent) / targets.asked);
  const { confidence, parts } = confidenceOf([
    { name: 'over the threshold', value: 45 },
    overThreshold(targets.silent, threshold),
    { name: 'the hosts lie side by side', value: near >= 50 ? 15 : 0 },
    { name: 'asked in numerical order', value: inOrder * 2 >= targets.asked ? 10 : 0 },
    { name: 'attempts without the options that systems send', value: isRaw ? 10 : 0 },
    { name: 'a port that worms and intruders look for', value: sweep.isSought ? 10 : 0 },
    { name: 'hardly anybody answered', value: share >= 90 ? 5 : 0 },
    { name: 'a gateway may ask for somebody else', value: (technique === 'arp' || technique === 'ndp') && gateway === undefined ? -5 : 0 },
    { name: 'most of these hosts talk with it on other ports, again and again', value: sweep.isAcquainted === true ? -25 : 0 },
    { name: 'the capture holds one direction only', value: isOneWay ? -20 : 0 },
  ]);
  const [low, high] = isIpv6 ? [0, 0] : targets.range,
    range = isIpv6 ? '' : `${formatIpv4(low | 0)} to ${formatIpv4(high | 0)}`;
  return {
    technique,
    what: isIpv6 ? plural(targets.asked, 'host') : networkOf(low, high, targets.asked),
    severity: (isOneWay && share === 100) || sweep.isAcquainted === true ? 'low' : 'medium',
    confidence,
    title: `${source} swept ${countText(targets.asked)} hosts${gateway === undefined ? '' : ` by way of ${asker}`} for ${how === 'ARP' || how === 'neighbour discovery' ? `their presence (${how})` : how === 'ping' ? 'an answer to ping' : how}${seconds === null ? '' : ` in ${durationText(seconds)}`}`,
    description: `${asker} asked ${plural(targets.asked, 'host')} by ${how}${range === '' ? '' : ` from ${range}`}; ${countText(targets.silent)} of them (${share} %) refused or did not answer (threshold ${threshold} hosts and ${failedSharePercent} %).${sweep.isAcquainted === true ? ' It came back to them, and most of them exchange data with it on other ports: that is how monitoring looks when it checks a port that is closed.' : ''}${gateway === undefined ? '' : ` Meanwhile it sent ${plural(gateway.hosts, 'of them', 'of them')} packets of ${source}${gateway.port === undefined ? '' : ` to port ${gateway.port}`}: it is a gateway that asks for ${source}.`}`,
    subjects: [{ role: 'attacker', address: source }, ...(gateway === undefined ? [] : [{ role: 'gateway' as const, address: asker }])],
    firstSeen: span.from,
    lastSeen: span.to,
    indicators: [
      { name: 'technique', value: how },
      { name: 'hosts that refused or did not answer', value: targets.silent, threshold, unit: 'hosts' },
      { name: 'share of hosts asked', value: share, threshold: failedSharePercent, unit: '%' },
      { name: 'hosts asked', value: targets.asked, unit: 'hosts' },
      { name: 'hosts that answered', value: targets.answered, unit: 'hosts' },
      ...(range === ''
        ? []
        : [
            { name: 'range', value: range },
            { name: 'hosts with a neighbour among them', value: near, unit: '%' },
          ]),
      ...parts,
    ],
    alternatives: [
      `An inventory, monitoring or vulnerability scanner of your own, if ${source} is known to run one.`,
      ...((technique === 'arp' || technique === 'ndp') && gateway === undefined
        ? [`${source} is a gateway that passes on what somebody beyond it looks for; or answers, which go to one host only, were not captured.`]
        : []),
      ...(how.startsWith('TCP') || how.startsWith('UDP')
        ? ['A program whose list of peers or servers is out of date, or a firewall that began to block it.']
        : []),
    ],
    frames: sweep.frames,
    framesTotal: sweep.framesTotal,
    flows: sweep.flows,
    filter: sweep.filter,
    attack: ['T1018', 'T1595.001'],
    together: {
      key: source,
      label: how,
      note: `${plural(targets.asked, 'host')}${range === '' ? '' : ` from ${range}`}`,
      words: ({ parts: all }) => {
        const hows = all.map((one) => one.together?.label ?? '');
        return {
          title: `${source} swept the network in ${plural(all.length, 'way')}: ${hows.slice(0, MOST_WAYS).join(', ')}${all.length > MOST_WAYS ? ` and ${all.length - MOST_WAYS} more` : ''}`,
          description: `Most of the hosts refused or did not answer (threshold ${threshold} hosts and ${failedSharePercent} %). ${source} looked for`,
          recommendation: `Find out who runs ${source} and whether this was agreed. If it was not, isolate it, look for malware that spreads, and check what it did with the hosts that answered.`,
        };
      },
    },
    recommendation:
      gateway === undefined
        ? `Find out who runs ${source} and whether this was agreed. If it was not, isolate it, look for malware that spreads, and check what it did with the ${plural(targets.answered, 'host')} that answered.`
        : `Find out who runs ${source} and whether this was agreed. If it was not, block it at ${asker}, and check what it did with the hosts that it reached.`,
  };
}

/** `10.0.0.0/24`, the least network around all of them; `600 hosts` where that would be no network of anybody. */
function networkOf(low: number, high: number, hosts: number): string {
  const bits = Math.min(24, Math.clz32(low ^ high));
  return bits < 16 ? plural(hosts, 'host') : `${formatIpv4(low & (-1 << (32 - bits)))}/${bits}`;
}
