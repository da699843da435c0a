/**
 * Handshakes of wireless networks that are begun for what the first message tells (hcxdumptool): a station joins, the access point names the key by an identifier (PMKID),
 * from which its password can be guessed at home, and the station never answers. And logoffs in the name of stations, which end their sessions (mdk4).
 */
import type { EapolMessage } from '../../pcap/dissectors/eapol.ts';
import type { WlanMessage } from '../../pcap/wlan/messages.ts';
import type { Packet } from '../../pcap/packet.ts';
import type { CaptureState } from '../captureState.ts';
import { countText, plural } from '../describe.ts';
import type { FindingDraft } from '../detector.ts';
import { Burst } from './measures.ts';
import { wordedDraft } from './sightings.ts';
import { Evidence, Watched } from './watched.ts';
import type { WifiOptions } from './wifiAttack.ts';
import { filterOf, WINDOW_SECONDS } from './wifiPoint.ts';

const MOST_PAIRS = 20_000,
  LOGOFF = 2,
  KEY = 3,
  /** Logoffs within ten seconds: a session has one. */
  LEAST_LOGOFFS = 20,
  MOST_SHOWN = 5;

/** One station and one access point. */
class Pair {
  readonly station: string;
  readonly point: string;
  readonly evidence = new Evidence();
  joins = 0;
  /** First messages with the identifier of a key. */
  pmkids = 0;
  /** Either side went on. */
  isAnswered = false;

  constructor(station: string, point: string) {
    this.station = station;
    this.point = point;
  }
}

class Logoffs {
  readonly burst = new Burst(WINDOW_SECONDS);
  readonly evidence = new Evidence();
  readonly stations = new Set<string>();
}

export class Handshakes {
  readonly #pairs = new Watched<string, Pair>(MOST_PAIRS);
  readonly #logoffs = new Watched<string, Logoffs>(MOST_PAIRS);

  /** A station asks to join. */
  joins({ transmitter, bssid }: WlanMessage, p: Packet): void {
    if (transmitter === bssid) return;
    const pair = this.#pair(transmitter, bssid);
    if (pair === undefined) return;
    pair.joins++;
    pair.evidence.add(p, -1);
  }

  add({ type, number, source, destination, hasPmkid }: EapolMessage, p: Packet, seconds: number): void {
    if (type === LOGOFF) {
      const one = this.#logoffs.of(destination, () => new Logoffs());
      one?.burst.add(seconds);
      one?.evidence.add(p, -1);
      if (one !== undefined && one.stations.size < MOST_PAIRS) one.stations.add(source);
    }
    if (type !== KEY) return;
    // The odd messages are the access point's.
    const isFromPoint = number % 2 === 1,
      pair = isFromPoint ? this.#pairs.get(`${destination} ${source}`) : this.#pairs.get(`${source} ${destination}`);
    if (pair === undefined) return;
    if (number > 1) pair.isAnswered = true;
    else if (hasPmkid) {
      pair.pmkids++;
      pair.evidence.add(p, -1);
    }
  }

  #pair(station: string, point: string): Pair | undefined {
    return this.#pairs.of(`${station} ${point}`, () => new Pair(station, point));
  }

  findings(values: WifiOptions, state: CaptureState): FindingDraft[] {
    const byStation = new Map<string, Pair[]>();
    for (const pair of this.#pairs.values) {
      if (pair.isAnswered || pair.pmkids === 0) continue;
      const others = byStation.get(pair.station);
      if (others === undefined) byStation.set(pair.station, [pair]);
      else others.push(pair);
    }
    return [
      ...[...byStation.values()].map((pairs) => harvest(values, state, pairs)),
      ...[...this.#logoffs.entries]
        .filter(([, { burst }]) => burst.most >= LEAST_LOGOFFS)
        .map(([point, logoffs]) => logoffFlood(state, point, logoffs)),
    ];
  }

  limits(): string[] {
    return [...this.#pairs.limits('stations and access points'), ...this.#logoffs.limits('access points that stations leave')];
  }
}

function harvest(values: WifiOptions, state: CaptureState, pairs: readonly Pair[]): FindingDraft {
  const { station } = pairs[0]!,
    points = pairs.map(({ point }) => point),
    begun = pairs.reduce((sum, { joins }) => sum + joins, 0),
    isMany = begun >= values.pmkids,
    evidence = new Evidence();
  for (const pair of pairs) evidence.include(pair.evidence, 20);
  return wordedDraft(
    state,
    [{ role: 'attacker', address: station }, ...points.slice(0, MOST_SHOWN).map((address) => ({ role: 'victim' as const, address }))],
    evidence,
    `${filterOf(station)} && (wlan.fc.type_subtype in {0, 2} || wlan_rsna_eapol.keydes.msgnr)`,
    {
      technique: 'pmkid',
      deed: 'began handshakes with {whom} for their keys',
      // A handshake may break off once, where the radio is weak.
      severity: isMany ? 'medium' : 'low',
      parts: [
        ['handshakes that are left after the identifier of the key', isMany ? 55 : 35],
        ['many times the threshold', isMany ? Math.min(12, 5 * Math.log2(begun / values.pmkids)) : 0],
        ['with several access points', points.length >= 2 ? 12 : 0],
      ],
      title: `${station} begins ${plural(begun, 'handshake')} with ${points.length === 1 ? points[0]! : plural(points.length, 'access point')} and leaves with the identifier of the key`,
      description: `${station} asked ${plural(points.length, 'access point')} to join ${countText(begun)} times (threshold ${values.pmkids}). Each time the first message of the handshake named the key by an identifier (PMKID), and no second one came. A password can be guessed from it without anybody near.`,
      indicators: [
        { name: 'handshakes begun and left', value: begun, threshold: values.pmkids },
        { name: 'access points', value: points.length },
      ],
      alternatives: ['A station at the edge of the network, or a capture that misses what stations send.'],
      attack: ['T1040', 'T1110.002'],
      recommendation:
        'Use WPA3 (SAE), where such an identifier tells nothing, or a long random password; switch off fast roaming for networks with a password where it is not needed.',
    },
  );
}

function logoffFlood(state: CaptureState, point: string, { burst, evidence, stations }: Logoffs): FindingDraft {
  return wordedDraft(
    state,
    [{ role: 'victim', address: point }, ...[...stations].slice(0, MOST_SHOWN).map((address) => ({ role: 'spoofed' as const, address }))],
    evidence,
    `${filterOf(point)} && eapol.type == ${LOGOFF}`,
    {
      technique: 'logoff-flood',
      deed: 'was told again and again that stations log off',
      severity: 'medium',
      parts: [
        ['many logoffs, where a session has one', 60],
        ['many times the threshold', Math.min(15, 5 * Math.log2(burst.most / LEAST_LOGOFFS))],
      ],
      title: `${countText(evidence.framesTotal)} logoffs (802.1X) reach ${point} in the name of ${plural(stations.size, 'station')}`,
      description: `${countText(burst.most)} logoffs came within ${WINDOW_SECONDS} s (threshold ${LEAST_LOGOFFS}). They are not protected: whoever sends them in the name of a station ends its session.`,
      indicators: [
        { name: 'logoffs within 10 s', value: burst.most, threshold: LEAST_LOGOFFS },
        { name: 'stations', value: stations.size },
      ],
      alternatives: ['Many stations of one switch that are shut down at the same time.'],
      attack: ['T1499'],
      recommendation: `Look for the sender; let ${point} ignore logoffs, as WPA2 and WPA3 allow.`,
    },
  );
}
