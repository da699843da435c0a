/**
 * Attacks on wireless networks (IEEE 802.11): floods of deauthentications that throw stations out, a network of the same name without encryption, floods of
 * made-up networks or of logins, networks that still use WEP, and those whose WEP key somebody is breaking. A single deauthentication is how stations leave.
 */
import * as z from 'zod';
import { wlanMessage, type WlanMessage } from '../../pcap/dissectors/wlan.ts';
import type { Packet } from '../../pcap/packet.ts';
import type { CaptureState } from '../captureState.ts';
import { coverage, examinedAll, unreadableFrames } from '../coverage.ts';
import { countText, plural } from '../describe.ts';
import { defineDetector, type FindingDraft } from '../detector.ts';
import { safeText } from '../exports/safeText.ts';
import { Burst, packetTime } from './measures.ts';
import { wordedDraft } from './sightings.ts';
import { Evidence, Watched } from './watched.ts';

const options = z.object({
  deauthentications: z
    .int()
    .min(3)
    .default(20)
    .describe('Deauthentications and disassociations in the name of one access point within ten seconds (frames)'),
  networks: z.int().min(20).default(200).describe('Networks that announce themselves once or twice and never again (networks)'),
  stations: z.int().min(10).default(100).describe('Stations that log in to one access point within ten seconds (stations)'),
  repeats: z.int().min(100).default(1000).describe('Short broadcasts of one size that a network with WEP sends within ten seconds (frames)'),
});
type Options = z.output<typeof options>;

const WINDOW_SECONDS = 10,
  MOST_POINTS = 20_000,
  MOST_TEXTS = 8,
  /** An ARP request has 36 bytes and 8 of WEP around them; some stations fill it up to the least frame of Ethernet. */
  MOST_REPEATED = 80,
  LEAST_WEP = 20,
  BEACON = 8,
  DISASSOCIATE = 10,
  AUTHENTICATE = 11,
  DEAUTHENTICATE = 12,
  EVERYBODY = 'ff:ff:ff:ff:ff:ff';

/** What was heard in the name of one access point. */
class Point {
  readonly leaving = new Burst(WINDOW_SECONDS);
  readonly thrown = new Evidence();
  readonly victims = new Set<string>();
  readonly reasons = new Set<number>();
  readonly logins = new Burst(WINDOW_SECONDS);
  readonly loginEvidence = new Evidence();
  readonly stations = new Set<string>();
  readonly heard = new Evidence();
  readonly bssid: string;
  ssid = '';
  beacons = 0;
  isPrivate = false;
  isModern = false;
  /** Frames of data that WEP encrypts, and the short broadcasts among them, by their size. */
  readonly wepData = new Evidence();
  readonly repeated = new Map<number, { readonly burst: Burst; readonly evidence: Evidence }>();
  frames = 0;
  toEverybody = 0;

  constructor(bssid: string) {
    this.bssid = bssid;
  }

  add(m: WlanMessage, p: Packet, seconds: number): void {
    if (m.wepBytes > 0) this.#wep(m, p, seconds);
    else this.#manages(m, p, seconds);
  }

  #wep(m: WlanMessage, p: Packet, seconds: number): void {
    this.wepData.add(p, -1);
    if (m.receiver !== EVERYBODY || m.wepBytes > MOST_REPEATED) return;
    let same = this.repeated.get(m.wepBytes);
    if (same === undefined) this.repeated.set(m.wepBytes, (same = { burst: new Burst(WINDOW_SECONDS), evidence: new Evidence() }));
    same.burst.add(seconds);
    same.evidence.add(p, -1);
  }

  #manages(m: WlanMessage, p: Packet, seconds: number): void {
    if (m.subtype === DEAUTHENTICATE || m.subtype === DISASSOCIATE) {
      this.frames++;
      this.leaving.add(seconds);
      this.thrown.add(p, -1);
      const victim = m.receiver === this.bssid ? m.transmitter : m.receiver;
      if (victim === EVERYBODY) this.toEverybody++;
      if (this.victims.size < MOST_TEXTS) this.victims.add(victim);
      if (this.reasons.size < MOST_TEXTS) this.reasons.add(m.reason);
    } else if (m.subtype === AUTHENTICATE) {
      if (m.transmitter === this.bssid || this.stations.has(m.transmitter) || this.stations.size >= MOST_POINTS) return;
      this.stations.add(m.transmitter);
      this.logins.add(seconds);
      this.loginEvidence.add(p, -1);
    } else if (m.subtype === BEACON) {
      this.beacons++;
      this.heard.add(p, -1);
      if (m.ssid !== null && !/^\0*$/.test(m.ssid)) this.ssid = m.ssid;
      this.isPrivate = m.isPrivate;
      this.isModern = m.isModern;
    }
  }
}

export const wifiAttack = defineDetector({
  id: 'wifi-attack',
  title: 'Attacks on wireless networks',
  tier: 2,
  deed: 'attacked a wireless network',
  description:
    'Stations are thrown out of a wireless network by floods of frames that anybody can forge, a second network bears the name of the first without its encryption, or made-up networks and logins flood the air. A single deauthentication is ordinary.',
  options,
  messages: [wlanMessage.kind],
  create(_, state) {
    const points = new Watched<string, Point>(MOST_POINTS);
    return {
      onMessage(message, _flow, p) {
        if (!wlanMessage.is(message) || message.bssid === EVERYBODY) return;
        points.of(message.bssid, () => new Point(message.bssid))?.add(message, p, packetTime(state, p));
      },
      evaluate(values) {
        const all = [...points.values];
        return {
          findings: [
            ...all.filter(({ leaving }) => leaving.most >= values.deauthentications).map((one) => thrownOut(values, state, one)),
            ...all.filter(({ logins }) => logins.most >= values.stations).map((one) => loginFlood(values, state, one)),
            ...twins(state, all),
            ...madeUp(values, state, all),
            ...all.filter(usesWep).map((one) => wep(state, one)),
            ...all.flatMap((one) => wepBroken(values, state, one)),
          ],
          coverage: coverage(examinedAll(state), [...unreadableFrames(state), ...points.limits('access points')]),
        };
      },
    };
  },
});

const filterOf = (bssid: string): string => `wlan.addr == ${bssid}`;
const nameOf = ({ ssid, bssid }: Point): string => (ssid === '' ? bssid : `"${safeText(ssid, 40)}" (${bssid})`);

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

/** Networks of one name, of which some want encryption and others do not. */
function twins(state: CaptureState, points: readonly Point[]): FindingDraft[] {
  const names = new Map<string, Point[]>();
  for (const point of points) if (point.ssid !== '' && point.beacons >= 2) names.set(point.ssid, [...(names.get(point.ssid) ?? []), point]);
  return [...names.values()].flatMap((same) => {
    const open = same.find(({ isPrivate }) => !isPrivate),
      closed = same.find(({ isPrivate }) => isPrivate);
    if (open === undefined || closed === undefined) return [];
    return [
      wordedDraft(
        state,
        [
          { role: 'attacker', address: open.bssid },
          { role: 'victim', address: closed.bssid },
        ],
        open.heard,
        filterOf(open.bssid),
        {
          technique: 'evil-twin',
          deed: 'announced the wireless network of {whom} without encryption',
          severity: 'medium',
          parts: [['the same name, with encryption and without', 65]],
          title: `${open.bssid} announces the wireless network ${nameOf(closed)} without encryption`,
          description: `${plural(open.beacons, 'beacon')} of ${open.bssid} bear the name of a network that ${closed.bssid} announces with encryption: stations may take one for the other.`,
          alternatives: ['A network of guests under the same name, or an access point that is being set up.'],
          attack: ['T1557'],
          recommendation: `Find out whether ${open.bssid} is one of yours.`,
        },
      ),
    ];
  });
}

/** Many networks that nobody hears of again. A normal one announces itself ten times a second. */
function madeUp(values: Options, state: CaptureState, points: readonly Point[]): FindingDraft[] {
  const announced = points.filter(({ beacons }) => beacons > 0),
    fleeting = announced.filter(({ beacons }) => beacons <= 2);
  if (fleeting.length < values.networks || fleeting.length * 10 < announced.length * 8) return [];
  const evidence = new Evidence();
  for (const { heard } of fleeting.slice(0, 100)) evidence.frames.push(...heard.frames.slice(0, 1));
  evidence.framesTotal = fleeting.length;
  return [
    wordedDraft(state, [{ role: 'spoofed', address: fleeting[0]!.bssid }], evidence, 'wlan.fc.type_subtype == 0x08', {
      technique: 'beacon-flood',
      deed: 'flooded the air with made-up networks',
      severity: 'medium',
      parts: [['networks that come once and never again', 70]],
      title: `${countText(fleeting.length)} wireless networks announce themselves once and never again`,
      description: `Of ${plural(announced.length, 'network')}, ${countText(fleeting.length)} sent no more than two beacons (threshold ${values.networks}); real ones send ten a second.`,
      indicators: [{ name: 'fleeting networks', value: fleeting.length, threshold: values.networks }],
      alternatives: ['A capture taken on the move, or one that hops between channels.'],
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
