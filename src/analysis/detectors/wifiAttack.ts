/**
 * Attacks on wireless networks (IEEE 802.11): floods of deauthentications that throw stations out, twins of a network (`wifiTwins.ts`), handshakes that are begun for
 * their keys (`wifiHandshakes.ts`), floods of made-up networks, of logins or of reserved air, networks that still use WEP, and those whose WEP key somebody is
 * breaking. A single deauthentication is how stations leave.
 */
import * as z from 'zod';
import { eapolMessage } from '../../pcap/dissectors/eapol.ts';
import { wlanMessage } from '../../pcap/wlan/messages.ts';
import type { CaptureState } from '../captureState.ts';
import { coverage, examinedAll, unreadableFrames } from '../coverage.ts';
import { countText, plural } from '../describe.ts';
import { defineDetector, type FindingDraft } from '../detector.ts';
import { Burst, packetTime } from './measures.ts';
import { wordedDraft } from './sightings.ts';
import { Evidence, Watched } from './watched.ts';
import { Handshakes } from './wifiHandshakes.ts';
import { ASSOCIATE, EVERYBODY, filterOf, nameOf, Point, PROBE_REQUEST, REASSOCIATE, WINDOW_SECONDS } from './wifiPoint.ts';
import { clones, manyNames, twins } from './wifiTwins.ts';

const options = z.object({
  deauthentications: z
    .int()
    .min(3)
    .default(20)
    .describe('Deauthentications and disassociations in the name of one access point within ten seconds (frames)'),
  networks: z.int().min(20).default(200).describe('Networks that announce themselves once or twice and never again (networks)'),
  stations: z.int().min(10).default(100).describe('Stations that log in to one access point, or ask to join it, within ten seconds (stations)'),
  names: z
    .int()
    .min(3)
    .default(4)
    .describe('Names of networks to which one access point answers from which it is one that says yes to everybody (names)'),
  pmkids: z.int().min(2).default(3).describe('Handshakes that one station begins, gets the identifier of a key in, and leaves (handshakes)'),
  reservedSeconds: z
    .number()
    .positive()
    .max(10)
    .default(3)
    .describe('Time within ten seconds for which control frames that are longer than any exchange keep all stations silent (seconds)'),
  repeats: z.int().min(100).default(1000).describe('Short broadcasts of one size that a network with WEP sends within ten seconds (frames)'),
});
export type WifiOptions = z.output<typeof options>;
type Options = WifiOptions;

const MOST_POINTS = 10_000,
  MOST_WANTED = 2000,
  LEAST_WEP = 20,
  /** Clocks that began so lately: networks stand for months. */
  YOUNG_SECONDS = 3600,
  YOUNG_NETWORKS = 50;

/** What control frames reserve: nobody may send meanwhile. */
class Reserved {
  readonly burst = new Burst(WINDOW_SECONDS);
  readonly evidence = new Evidence();
  readonly receivers = new Set<string>();
}

export const wifiAttack = defineDetector({
  id: 'wifi-attack',
  title: 'Attacks on wireless networks',
  tier: 2,
  deed: 'attacked a wireless network',
  description:
    'Stations are thrown out of a wireless network by floods of frames that anybody can forge, a second network bears the name of the first or says yes to every name, handshakes are begun only for their keys, or made-up networks and logins flood the air. A single deauthentication is ordinary.',
  options,
  judgesHeaders: true,
  messages: [wlanMessage.kind, eapolMessage.kind],
  create(_, state) {
    const points = new Watched<string, Point>(MOST_POINTS),
      handshakes = new Handshakes(),
      reserved = new Reserved(),
      /** Names of networks that stations ask for. */
      wanted = new Set<string>();
    return {
      onMessage(message, _flow, p) {
        if (eapolMessage.is(message)) {
          handshakes.add(message, p, packetTime(state, p));
          return;
        }
        if (!wlanMessage.is(message)) return;
        const { bssid, subtype, ssid } = message;
        if (message.reserved > 0) {
          reserved.burst.add(packetTime(state, p), message.reserved);
          reserved.evidence.add(p, -1);
          if (reserved.receivers.size < MOST_POINTS) reserved.receivers.add(message.receiver);
          return;
        }
        if (subtype === PROBE_REQUEST && ssid !== null && ssid !== '' && wanted.size < MOST_WANTED) wanted.add(ssid);
        if (bssid === EVERYBODY) return;
        if (subtype === ASSOCIATE || subtype === REASSOCIATE) handshakes.joins(message, p);
        points.of(bssid, () => new Point(bssid))?.add(message, p, packetTime(state, p));
      },
      evaluate(values) {
        const all = [...points.values];
        return {
          findings: [
            ...all.filter(({ leaving }) => leaving.most >= values.deauthentications).map((one) => thrownOut(values, state, one)),
            ...all.filter(({ logins }) => logins.most >= values.stations).map((one) => loginFlood(values, state, one)),
            ...all
              .filter(({ logins, joins }) => logins.most < values.stations && joins.most >= values.stations)
              .map((one) => joinFlood(values, state, one)),
            ...twins(values, state, all),
            ...manyNames(values, state, all, wanted),
            ...clones(state, all),
            ...handshakes.findings(values, state),
            ...airReserved(values, state, reserved),
            ...madeUp(values, state, all),
            ...all.filter(usesWep).map((one) => wep(state, one)),
            ...all.flatMap((one) => wepBroken(values, state, one)),
          ],
          coverage: coverage(examinedAll(state), [...unreadableFrames(state), ...points.limits('access points'), ...handshakes.limits()]),
        };
      },
    };
  },
});

function thrownOut(values: Options, state: CaptureState, point: Point): FindingDraft {
  const { bssid, leaving, thrown, victims, reasons, frames, toEverybody } = point,
    [victim = EVERYBODY] = victims;
  return wordedDraft(
    state,
    [
      { role: 'spoofed', address: bssid },
      { role: 'victim', address: victim },
    ],
    thrown,
    `${filterOf(bssid)} && (wlan.fc.type_subtype == 0x0c || wlan.fc.type_subtype == 0x0a)`,
    {
      technique: 'deauthentication',
      deed: 'threw {whom} out of a wireless network',
      severity: 'high',
      parts: [
        ['many frames that throw stations out', 60],
        ['many times the threshold', Math.min(15, 5 * Math.log2(leaving.most / values.deauthentications))],
        ['to everybody', toEverybody > 0 ? 8 : 0],
        ['always for the same reason', reasons.size === 1 ? 6 : 0],
      ],
      title: `Stations are thrown out of the wireless network ${nameOf(point)}: ${countText(frames)} frames`,
      description: `${countText(leaving.most)} deauthentications and disassociations in the name of ${bssid} came within ${WINDOW_SECONDS} s (threshold ${values.deauthentications}), ${countText(frames)} in all, to ${plural(victims.size, 'address', 'addresses')}.`,
      indicators: [
        { name: 'frames within 10 s', value: leaving.most, threshold: values.deauthentications },
        { name: 'reasons', value: [...reasons].join(', ') },
      ],
      alternatives: ['An access point that restarts, or defends the network against others by design.'],
      attack: ['T1499', 'T1557'],
      recommendation: `Use protected management frames (802.11w, WPA3) for ${nameOf(point)}; look for the sender by its signal.`,
    },
  );
}

function loginFlood(values: Options, state: CaptureState, point: Point): FindingDraft {
  const { bssid, logins, loginEvidence, stations } = point;
  return wordedDraft(state, [{ role: 'victim', address: bssid }], loginEvidence, `${filterOf(bssid)} && wlan.fc.type_subtype == 0x0b`, {
    technique: 'authentication-flood',
    deed: 'was flooded with wireless logins',
    severity: 'medium',
    parts: [
      ['more stations than there are people', 60],
      ['many times the threshold', Math.min(15, 5 * Math.log2(logins.most / values.stations))],
    ],
    title: `The access point ${nameOf(point)} is flooded with logins of ${countText(stations.size)} stations`,
    description: `${countText(logins.most)} addresses that were not seen before began to log in within ${WINDOW_SECONDS} s (threshold ${values.stations}).`,
    indicators: [{ name: 'stations within 10 s', value: logins.most, threshold: values.stations }],
    alternatives: ['A stadium or a train at rush hour.'],
    attack: ['T1499'],
    recommendation: `Look whether ${nameOf(point)} still serves its stations.`,
  });
}

function joinFlood(values: Options, state: CaptureState, point: Point): FindingDraft {
  const { bssid, joins, joinEvidence, joined } = point;
  return wordedDraft(state, [{ role: 'victim', address: bssid }], joinEvidence, `${filterOf(bssid)} && wlan.fc.type_subtype in {0, 2}`, {
    technique: 'association-flood',
    deed: 'was flooded with stations that want to join',
    severity: 'medium',
    parts: [
      ['more stations than there are people', 60],
      ['many times the threshold', Math.min(15, 5 * Math.log2(joins.most / values.stations))],
    ],
    title: `The access point ${nameOf(point)} is flooded with ${countText(joined.size)} stations that want to join`,
    description: `${countText(joins.most)} addresses that were not seen before asked to join within ${WINDOW_SECONDS} s (threshold ${values.stations}).`,
    indicators: [{ name: 'stations within 10 s', value: joins.most, threshold: values.stations }],
    alternatives: ['A stadium or a train at rush hour.'],
    attack: ['T1499'],
    recommendation: `Look whether ${nameOf(point)} still serves its stations.`,
  });
}

function airReserved(values: Options, state: CaptureState, { burst, evidence, receivers }: Reserved): FindingDraft[] {
  // What is reserved again before it ends is counted twice.
  const seconds = Math.min(WINDOW_SECONDS, burst.most / 1e6),
    [receiver = ''] = receivers;
  if (seconds < values.reservedSeconds) return [];
  return [
    wordedDraft(state, [{ role: 'spoofed', address: receiver }], evidence, 'wlan.fc.type_subtype in {0x1b, 0x1c} && wlan.duration >= 15000', {
      technique: 'air-reserved',
      deed: 'had the air reserved so that nobody could speak',
      severity: 'medium',
      parts: [
        ['control frames that reserve the air for longer than any exchange takes', 60],
        ['many times the threshold', Math.min(15, 5 * Math.log2(seconds / values.reservedSeconds))],
        ['for one address', receivers.size === 1 ? 5 : 0],
      ],
      title: `${countText(evidence.framesTotal)} control frames keep all stations silent, up to ${seconds.toFixed(1)} s of 10`,
      description: `Requests and permissions to send (RTS, CTS) reserved the air for ${seconds.toFixed(1)} s within ${WINDOW_SECONDS} s (threshold ${values.reservedSeconds} s), at least 15 ms each; an exchange takes 5 ms. They bear ${plural(receivers.size, 'address', 'addresses')}, ${receiver} first: anybody can send them.`,
      indicators: [
        { name: 'reserved within 10 s', value: Number(seconds.toFixed(2)), threshold: values.reservedSeconds, unit: 's' },
        { name: 'addresses', value: receivers.size },
      ],
      alternatives: ['A station that makes room for Bluetooth or for a search of other channels, more often than it should.'],
      attack: ['T1499'],
      recommendation: 'Look for the sender by its signal; another channel or band may be free of it.',
    }),
  ];
}

/**
 * Many networks that nobody hears of again, or whose clocks have just begun. A normal one announces itself ten times a second and stands for months; programs that make
 * them up count from zero.
 */
function madeUp(values: Options, state: CaptureState, points: readonly Point[]): FindingDraft[] {
  const announced = points.filter(({ beacons }) => beacons > 0),
    isYoung = ({ firstClock, isClockRunning, beacons }: Point): boolean => firstClock < YOUNG_SECONDS * 1e6 || (beacons > 2 && !isClockRunning),
    young = announced.filter(isYoung),
    areYoung = young.length >= YOUNG_NETWORKS && young.length * 2 >= announced.length,
    fleeting = areYoung ? young : announced.filter(({ beacons }) => beacons <= 2);
  if (!areYoung && (fleeting.length < values.networks || fleeting.length * 10 < announced.length * 8)) return [];
  const evidence = new Evidence();
  for (const { heard } of fleeting.slice(0, 100)) evidence.frames.push(...heard.frames.slice(0, 1));
  evidence.framesTotal = fleeting.length;
  return [
    wordedDraft(state, [{ role: 'spoofed', address: fleeting[0]!.bssid }], evidence, 'wlan.fc.type_subtype == 0x08', {
      technique: 'beacon-flood',
      deed: 'flooded the air with made-up networks',
      severity: 'medium',
      parts: [
        areYoung ? ['networks whose clocks have just begun, or stand still', 65] : ['networks that come once and never again', 70],
        ['many times the threshold', Math.min(10, 5 * Math.log2(fleeting.length / (areYoung ? YOUNG_NETWORKS : values.networks)))],
      ],
      title: areYoung
        ? `${countText(fleeting.length)} wireless networks appear at once, whose clocks have just begun`
        : `${countText(fleeting.length)} wireless networks announce themselves once and never again`,
      description: areYoung
        ? `Of ${plural(announced.length, 'network')}, ${countText(fleeting.length)} (threshold ${YOUNG_NETWORKS}) show a clock that began within the last hour, or that does not run; that of a real one began when its access point was started.`
        : `Of ${plural(announced.length, 'network')}, ${countText(fleeting.length)} sent no more than two beacons (threshold ${values.networks}); real ones send ten a second.`,
      indicators: [
        {
          name: areYoung ? 'networks with young clocks' : 'fleeting networks',
          value: fleeting.length,
          threshold: areYoung ? YOUNG_NETWORKS : values.networks,
        },
      ],
      alternatives: [
        areYoung ? 'All access points of a building after its power failed.' : 'A capture taken on the move, or one that hops between channels.',
      ],
      attack: ['T1499'],
      recommendation: 'Look for the sender by its signal.',
    }),
  ];
}

function usesWep({ beacons, isPrivate, isModern, wepData }: Point): boolean {
  return !isModern && ((beacons >= 2 && isPrivate) || wepData.framesTotal >= LEAST_WEP);
}

/** What breaks WEP is tens of thousands of packets. Who breaks it makes the network send them, by sending one of its own ARP requests again and again. */
function wepBroken(values: Options, state: CaptureState, point: Point): FindingDraft[] {
  return [...point.repeated]
    .filter(([, { burst }]) => burst.most >= values.repeats)
    .map(([bytes, { burst, evidence }]) =>
      wordedDraft(
        state,
        [{ role: 'victim', address: point.bssid }],
        evidence,
        `${filterOf(point.bssid)} && wlan.fc.protected == 1 && wlan.da == ${EVERYBODY}`,
        {
          technique: 'wep-replay',
          deed: 'had its WEP key broken',
          severity: 'medium',
          parts: [
            ['short broadcasts of one size at a rate that no network has', 60],
            ['many times the threshold', Math.min(15, 5 * Math.log2(burst.most / values.repeats))],
          ],
          title: `Somebody seems to break the WEP key of the wireless network ${nameOf(point)}: it repeats one packet ${countText(evidence.framesTotal)} times`,
          description: `${point.bssid} sent ${countText(burst.most)} broadcasts of ${bytes} bytes within ${WINDOW_SECONDS} s (threshold ${values.repeats}), ${countText(evidence.framesTotal)} in all. Tools that find a WEP key (aireplay-ng) send an ARP request of the network again and again, so that it is sent on each time under another initialisation vector.`,
          indicators: [
            { name: 'broadcasts of one size within 10 s', value: burst.most, threshold: values.repeats, unit: 'frames' },
            { name: 'size', value: bytes, unit: 'bytes' },
          ],
          alternatives: ['A loop in the wired network behind the access point, which broadcasts end in.'],
          attack: ['T1557', 'T1040'],
          recommendation: `Take the key of ${nameOf(point)} for known: change to WPA2 or WPA3, and look at who joined the network since.`,
        },
      ),
    );
}

function wep(state: CaptureState, point: Point): FindingDraft {
  const isAnnounced = point.beacons >= 2;
  return wordedDraft(state, [{ role: 'server', address: point.bssid }], isAnnounced ? point.heard : point.wepData, filterOf(point.bssid), {
    technique: 'wep',
    deed: 'announced a network with WEP',
    severity: 'low',
    parts: [
      [isAnnounced ? 'encryption is asked for, and nothing better than WEP is named' : 'data that is encrypted as WEP does it', 80],
      ['data is encrypted as WEP does it, too', isAnnounced && point.wepData.framesTotal >= LEAST_WEP ? 10 : 0],
    ],
    title: `The wireless network ${nameOf(point)} uses WEP`,
    description: `${isAnnounced ? 'Its beacons ask for encryption and name neither WPA nor RSN (WPA2, WPA3)' : `${plural(point.wepData.framesTotal, 'frame')} of data (threshold ${LEAST_WEP}) bear the initialisation vector of WEP`}: WEP is broken within minutes.`,
    alternatives: [isAnnounced ? 'Beacons that were cut short in capturing.' : 'Frames that a driver recorded with padding it does not tell of.'],
    attack: ['T1557'],
    recommendation: `Set ${nameOf(point)} to WPA2 or WPA3.`,
  });
}
