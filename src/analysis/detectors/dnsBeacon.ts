/**
 * A beacon in DNS: a program asks for an ever new name of its own making below one domain, at an even pace, and nobody goes where the answer leads: the name says "I am here",
 * and the answer whether there is anything to do. Cobalt Strike does so once a minute; the names are too short and too few for a tunnel. ATT&CK T1071.004.
 */
import type { CaptureState } from '../captureState.ts';
import { countText, durationText } from '../describe.ts';
import type { FindingDraft } from '../detector.ts';
import { safeText } from '../exports/safeText.ts';
import { beaconScore } from './beaconScore.ts';
import type { Domain } from './dnsDomains.ts';
import { wordedDraft } from './sightings.ts';

interface DnsBeaconOptions {
  readonly beaconNames: number;
}

/** Programs that people use ask more often, or less evenly. */
const SHORTEST_SECONDS = 5,
  /** Half of the interval added or taken off by chance, which is the most that such programs are told to. */
  LEAST_TIMING = 0.75,
  LEAST_HISTOGRAM = 0.5,
  /** Of the interval: a program that varies its pace takes off half at most, and chance leaves some that are next to nothing. */
  LEAST_PART = 0.45,
  /** With the next name comes the same one for IPv6. */
  MOST_ASKED = 2,
  /** Whoever says "nothing to do" says it with the same address; machines have one each. */
  FEW_ANSWERS = 2;

export function dnsBeacon(
  values: DnsBeaconOptions,
  state: CaptureState,
  domain: Domain,
  isCalled: (address: string) => boolean,
  filter: string,
): FindingDraft | null {
  const { name, queries, clients, lookedAt, coded, services, responses, failed, addresses, times, evidence } = domain,
    names = domain.differentNames;
  if (names < values.beaconNames || queries > names * MOST_ASKED * 1.1 || clients.size > 2 || services > 0) return null;
  if (coded * 10 < lookedAt * 8 || failed * 2 > responses || addresses.size > FEW_ANSWERS) return null;
  // Lists of senders and files answer in 127.0.0.0/8 (RFC 5782 section 2.1).
  if ([...addresses].some((address) => address.startsWith('127.') || isCalled(address))) return null;
  const score = beaconScore(
    times,
    times.map(() => 0),
    times.at(-1)! - times[0]!,
  );
  if (score.beats < values.beaconNames || score.interval < SHORTEST_SECONDS) return null;
  if (score.timing < LEAST_TIMING || score.histogram < LEAST_HISTOGRAM || score.short < LEAST_PART * score.interval) return null;
  const [client = ''] = clients,
    shown = safeText(name, 80);
  return wordedDraft(state, [{ role: 'client', address: client }], evidence, filter, {
    technique: `beacon ${name}`,
    deed: 'called home by DNS',
    severity: 'medium',
    parts: [
      ['ever new names of a program’s making, at an even pace', 45],
      ['hardly any jitter', score.deviation * 10 <= score.interval ? 8 : 0],
      ['the same answer whatever the name', addresses.size > 0 ? 10 : 0],
      ['many times the threshold', Math.min(10, Math.round(4 * Math.log2(names / values.beaconNames)))],
    ],
    title: `${client} asks for a new name below ${shown} every ${durationText(score.interval)}, ${countText(names)} in all`,
    description: `${countText(names)} different names below ${shown} (threshold ${values.beaconNames}), of which nearly all look random, were asked for ${durationText(score.interval)} apart (half of them within ${durationText(score.deviation)} of that). ${addresses.size === 0 ? 'No address came back.' : `All answers led to ${[...addresses].join(' or ')}, which nobody called.`}`,
    indicators: [
      { name: 'different names', value: names, threshold: values.beaconNames, unit: 'names' },
      { name: 'timing', value: Math.round(score.timing * 100), threshold: LEAST_TIMING * 100, unit: '%' },
      { name: 'interval', value: Number(score.interval.toFixed(1)), unit: 's' },
      { name: 'domain', value: shown },
    ],
    alternatives: [
      'A probe that measures DNS, or the way to a service, with names that no cache knows.',
      'A program that looks something up in a list of its maker: add the domain to "allowedDomains".',
    ],
    attack: ['T1071.004'],
    recommendation: `Find out who owns ${shown} and which program on ${client} asks for these names. If nobody knows, block the domain at the resolver.`,
  });
}
