/** A scan in words: who, how, what it learned, how sure, what else it could be, and what to do. */
import { countText, durationText, plural } from '../describe.ts';
import type { FindingDraft } from '../detector.ts';
import type { Indicator, Severity, Timestamp } from '../report.ts';
import { numberRanges } from '../coverage.ts';
import { probeFilter, TECHNIQUES, type Technique } from './portScanTechniques.ts';

/** What was measured of one scan; port lists are sorted. */
export interface Scan {
  readonly technique: Technique;
  readonly source: string;
  /** Who sent the probes in the source's name; null where that is not known, or the source itself. */
  readonly sender: { readonly address: string; readonly mac: string } | null;
  readonly target: string;
  /** Ports that failed or were abandoned. */
  readonly failed: number;
  readonly threshold: number;
  /** The time the threshold is about, in words. */
  readonly window: string;
  readonly severity: Severity;
  /** Percent of the tried ports that failed or were abandoned: an open one that is left half-open is. */
  readonly share: number;
  readonly open: readonly number[];
  readonly closed: readonly number[];
  readonly filtered: readonly number[];
  /** Attempts, repetitions included. */
  readonly probes: number;
  readonly frames: readonly number[];
  readonly framesTotal: number;
  readonly flows: readonly number[];
  readonly from: Timestamp;
  readonly to: Timestamp;
  readonly seconds: number | null;
  /** The target said something to the source. */
  readonly targetAnswers: boolean;
  /** The capture as a whole holds one direction of many connections. */
  readonly oneWay: boolean;
  /** The same ports again and again, as a program that checks services does. */
  readonly isRounds: boolean;
}

export function draftScan(scan: Scan): FindingDraft {
  const { technique, source, sender, target, failed, threshold, seconds, open, closed, filtered } = scan,
    scanner = sender?.address ?? source,
    text = TECHNIQUES[technique];
  const during = seconds === null ? '' : ` in ${durationText(seconds)}`;
  const learned = [
    `${countText(open.length)} ${technique === 'ip-proto' ? 'spoken' : 'open'}`,
    `${countText(closed.length)} ${text.refused}`,
    `${countText(filtered.length)} ${text.silent}`,
  ].join(', ');
  const tried = failed + (technique === 'syn' ? 0 : open.filter((port) => !closed.includes(port)).length),
    unit = technique === 'ip-proto' ? 'protocols' : 'ports';
  const parts = confidenceParts(scan),
    confidence = Math.max(
      5,
      Math.min(
        99,
        parts.reduce((sum, { value }) => sum + value, 0),
      ),
    );
  return {
    technique,
    severity: scan.severity,
    confidence,
    title: `${scanner} tried ${countText(tried)} ${text.of} on ${target}${sender === null ? '' : ` in the name of ${source}`}${during}`,
    description: `${text.how}. ${countText(failed)} ${text.of} failed or were left at once (threshold ${threshold} within ${scan.window}): ${learned}.${rateText(scan)}${sender === null ? '' : ` Their frames were sent by the card of ${scanner} (${sender.mac}), not by that of ${source}, which they name: a scan by way of an idle host (nmap -sI), or with decoys.`}`,
    subjects: [
      { role: 'attacker', address: scanner },
      ...(sender === null ? [] : [{ role: 'spoofed' as const, address: source }]),
      { role: 'victim', address: target },
    ],
    firstSeen: scan.from,
    lastSeen: scan.to,
    indicators: [
      { name: 'technique', value: technique },
      { name: `${unit} failed or abandoned`, value: failed, threshold, unit },
      { name: `${unit} tried`, value: tried, unit },
      { name: `share of tried ${unit} that failed or were abandoned`, value: shareInWords(scan.share), unit: '%' },
      ...portIndicators('open', open),
      ...portIndicators(text.refused, closed),
      ...portIndicators(text.silent, filtered),
      { name: 'attempts', value: scan.probes, unit: 'probes' },
      ...(seconds === null ? [] : [{ name: 'duration', value: seconds, unit: 's' }]),
      ...(seconds === null || seconds === 0 ? [] : [{ name: 'rate', value: Number((scan.probes / seconds).toPrecision(3)), unit: 'probes/s' }]),
      ...parts.map(({ name, value }) => ({ name: `confidence: ${name}`, value, unit: 'points' })),
    ],
    alternatives: alternativesOf(scan),
    frames: scan.frames,
    framesTotal: scan.framesTotal,
    filter: probeFilter(technique, source, target),
    flows: scan.flows,
    attack: ['T1046'],
    together: {
      key: `${scanner} ${technique}${sender === null ? '' : ` ${source}`}`,
      label: target,
      note: `${countText(tried)} ${text.of}${open.length > 0 ? `, ${technique === 'ip-proto' ? 'spoken' : 'open'} ${numberRanges(open, 10)}` : ''}`,
      words: (all) => ({
        title: `${scanner} tried ${triedOn(all.parts, unit)} ${text.of} on ${all.parts.length === 2 ? '' : 'each of '}${all.hosts('victim', 'host')}`,
        description: `${text.how}. One host after the other was scanned so (threshold ${threshold} failed within ${scan.window} at each):`,
        recommendation: `Find out who runs ${scanner} and whether this scan was agreed. If it was not, block ${scanner}, look for what it did next on the open ports, and close what these hosts need not offer.`,
      }),
    },
    recommendation: `Find out who runs ${scanner} and whether this scan was agreed. If it was not, block ${scanner}, look for what it did next${open.length > 0 ? ` on the open ports (${numberRanges(open, 10)})` : ''}, and close what ${target} need not offer.`,
  };
}

/** In whole per cent; never 100 where one of them worked. */
function shareInWords(share: number): number {
  return share < 100 && share >= 99.5 ? Math.min(99.9, Math.floor(share * 10) / 10) : Math.round(share);
}

/** `1,000`, or `12 to 1,000` where it was not as many on each. */
function triedOn(parts: readonly FindingDraft[], unit: string): string {
  const counts = parts.map(({ indicators }) => Number(indicators.find(({ name }) => name === `${unit} tried`)?.value ?? 0)),
    least = Math.min(...counts),
    most = Math.max(...counts);
  return least === most ? countText(most) : `${countText(least)} to ${countText(most)}`;
}

function portIndicators(state: string, ports: readonly number[]): Indicator[] {
  const count: Indicator = { name: `${state} count`, value: ports.length };
  return ports.length === 0 ? [count] : [count, { name: state, value: numberRanges(ports) }];
}

function rateText({ seconds, probes }: Scan): string {
  if (seconds === null || seconds === 0) return '';
  const rate = probes / seconds;
  return rate >= 1
    ? ` ${plural(Math.round(rate), 'probe')} per second.`
    : ` Slowly: one probe every ${durationText(1 / rate)}, below what counts per second or minute would notice.`;
}

/** What the confidence is the sum of. */
function confidenceParts({
  technique,
  failed,
  threshold,
  share,
  closed,
  probes,
  targetAnswers,
  oneWay,
  severity,
  isRounds,
}: Scan): { name: string; value: number }[] {
  const isShort = severity === 'low' && !isRounds,
    parts = [{ name: isShort ? 'a short burst' : 'over the threshold', value: isShort ? 35 : 45 }];
  const add = (name: string, value: number): void => {
    if (value !== 0) parts.push({ name, value });
  };
  add('the same ports again and again, as checks of services do', isRounds ? -20 : 0);
  add('many times the threshold', Math.min(20, Math.round(8 * Math.log2(failed / threshold))));
  add('few of the tried ports worked', share >= 90 ? 12 : share >= 60 ? 6 : 0);
  add(
    technique === 'answers' ? 'nothing but the answers was captured' : 'packets that programs do not send by themselves',
    TECHNIQUES[technique].oddity,
  );
  add('hardly a port tried twice or more', probes <= failed * 4 ? 5 : 0);
  add('the target refused', closed.length > 0 ? 5 : 0);
  // An ordinary UDP program may talk to nobody for long; and nothing came back that would show the target is there.
  add('nothing came back at all', targetAnswers ? 0 : technique === 'udp' ? -10 : -3);
  add('the capture holds one direction only', oneWay && !targetAnswers ? -20 : 0);
  return parts;
}

function alternativesOf({ technique, source, sender, target, closed, filtered, open, isRounds }: Scan): string[] {
  const alternatives = [`A vulnerability scanner or inventory of your own, if ${sender?.address ?? source} is known to run one.`];
  if (isRounds) alternatives.unshift(`A program on ${source} that checks again and again which services of ${target} are up.`);
  const highest = [...closed, ...filtered].filter((port) => port > 1023).length * 2 > closed.length + filtered.length;
  if (technique === 'udp') alternatives.push('A program that looks for a service over many ports, or media streams whose receiver was gone.');
  else if (technique === 'ack' || technique === 'maimon')
    alternatives.push(`Remains of connections that began before the capture, if ${target} or a firewall was restarted.`);
  else if (technique === 'answers')
    alternatives.push(`Answers to attempts that somebody made in the name of ${source}, as floods do: ${source} may know nothing of them.`);
  else if (technique === 'odd-flags')
    alternatives.push(`Answers of ${source} to packets that somebody sent in the name of ${target}, which were not captured.`);
  else if ((technique === 'syn' || technique === 'connect') && highest)
    alternatives.push('Peer-to-peer software, or passive FTP through a firewall that blocks its data ports: the ports are mostly above 1023.');
  if (technique === 'syn' && open.length > 0) alternatives.push('A load balancer that checks ports with half-open connections.');
  if (sender !== null) alternatives.push(`One machine with two cards, ${sender.address} and ${source}, or a gateway that sends on for ${source}.`);
  else if (technique !== 'connect' && technique !== 'answers')
    alternatives.push(`A decoy: scanners can send probes in the name of other addresses, so ${source} may not be the one who reads the answers.`);
  return alternatives;
}
