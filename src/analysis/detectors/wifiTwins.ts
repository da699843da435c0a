/**
 * Access points that pass for others: one that says yes to every name that stations ask for (Karma, MANA), a second network of the same name that wants no
 * encryption or shows up while stations are thrown out of the first, and a second sender under the address of an access point, on another channel or with a clock of
 * its own. Many access points of one owner bear the same name; that alone says nothing.
 */
import type { CaptureState } from '../captureState.ts';
import { countText, plural } from '../describe.ts';
import type { FindingDraft } from '../detector.ts';
import { safeText } from '../exports/safeText.ts';
import { wordedDraft } from './sightings.ts';
import type { WifiOptions } from './wifiAttack.ts';
import { filterOf, nameOf, type Point } from './wifiPoint.ts';

const NAMES_SHOWN = 6,
  /** Changes to and fro, and beacons of the rarer sender, from which on there are two. */
  LEAST_CHANGES = 10,
  LEAST_BEACONS = 6,
  /** Channels of 2.4 GHz; one address may serve both bands. */
  LAST_LOW_CHANNEL = 14;

/** One access point that bears many names: each of them is heard again, or was asked for by a station; noise makes names that are neither. */
export function manyNames(values: WifiOptions, state: CaptureState, points: readonly Point[], wanted: ReadonlySet<string>): FindingDraft[] {
  return points.flatMap((point) => {
    const { bssid, names, answers, joined } = point,
      sure = [...names].filter(([name, times]) => times > 1 || wanted.has(name)).map(([name]) => name),
      asked = sure.filter((name) => wanted.has(name)).length;
    if (sure.length < values.names) return [];
    const shown = sure.slice(0, NAMES_SHOWN).map((name) => `"${safeText(name, 40)}"`);
    return [
      wordedDraft(
        state,
        [{ role: 'attacker', address: bssid }, ...[...joined].slice(0, NAMES_SHOWN).map((address) => ({ role: 'victim' as const, address }))],
        answers,
        `wlan.bssid == ${bssid} && wlan.fc.type_subtype in {5, 8}`,
        {
          technique: 'karma',
          deed: 'said yes to the name of every wireless network',
          severity: joined.size > 0 ? 'high' : 'medium',
          parts: [
            ['one access point under many names', 60],
            ['many times the threshold', Math.min(15, 5 * Math.log2(sure.length / values.names))],
            ['names that stations had asked for', asked >= 2 ? 12 : 0],
            ['stations join it', joined.size > 0 ? 8 : 0],
          ],
          title: `${bssid} says yes to ${countText(sure.length)} names of wireless networks: ${shown.slice(0, 3).join(', ')}${sure.length > 3 ? ' ...' : ''}`,
          description: `One access point announced or answered to ${countText(sure.length)} names (threshold ${values.names}): ${shown.join(', ')}; stations had asked for ${countText(asked)} of them. ${
            joined.size === 0 ? 'No station was seen to join.' : `${plural(joined.size, 'station')} asked to join.`
          } Phones and laptops join networks that they know by themselves.`,
          indicators: [
            { name: 'names', value: sure.length, threshold: values.names },
            { name: 'names that stations asked for', value: asked },
            { name: 'stations that joined', value: joined.size },
          ],
          alternatives: ['A laboratory, or an access point whose name is being changed again and again.'],
          attack: ['T1557', 'T1557.004'],
          recommendation: `Look for the sender ${bssid} by its signal. Remove open networks from what your devices know, and look at what ${joined.size === 0 ? 'they' : [...joined].slice(0, 3).join(', ')} sent.`,
        },
      ),
    ];
  });
}

/** Networks of one name, of which some want encryption and others do not; or of which one comes from another maker, after stations were thrown out of the first. */
export function twins(values: WifiOptions, state: CaptureState, points: readonly Point[]): FindingDraft[] {
  const names = new Map<string, Point[]>();
  for (const point of points) if (point.ssid !== '' && point.beacons >= 2) names.set(point.ssid, [...(names.get(point.ssid) ?? []), point]);
  return [...names.values()].flatMap((same) => {
    const open = same.find(({ isPrivate }) => !isPrivate),
      closed = same.find(({ isPrivate }) => isPrivate);
    if (open !== undefined && closed !== undefined) return [twin(state, open, closed, true)];
    const first = same.find(({ leaving }) => leaving.most >= values.deauthentications),
      other =
        first &&
        same.find(
          (one) =>
            one.leaving.most < values.deauthentications && one.firstHeard > first.firstHeard + LATER_SECONDS && makerOf(one) !== makerOf(first),
        );
    return first === undefined || other === undefined ? [] : [twin(state, other, first, false)];
  });
}

/** Both are heard from the beginning, if they were there. */
const LATER_SECONDS = 2;

/** The three bytes of an address that name who made the card; whether the address was changed by its owner is left aside. */
function makerOf({ bssid }: Point): string {
  return (parseInt(bssid.slice(0, 2), 16) & 0xfc).toString(16) + bssid.slice(2, 8);
}

function twin(state: CaptureState, fake: Point, real: Point, isOpen: boolean): FindingDraft {
  const how = isOpen ? 'without encryption' : 'while stations are thrown out of it';
  return wordedDraft(
    state,
    [
      { role: 'attacker', address: fake.bssid },
      { role: 'victim', address: real.bssid },
    ],
    fake.heard,
    filterOf(fake.bssid),
    {
      technique: 'evil-twin',
      deed: `announced the wireless network of {whom} ${how}`,
      severity: 'medium',
      parts: [
        isOpen
          ? ['the same name, with encryption and without', 65]
          : ['the same name from another maker, after stations were thrown out of the first', 65],
      ],
      title: `${fake.bssid} announces the wireless network ${nameOf(real)} ${how}`,
      description: `${plural(fake.beacons, 'beacon')} of ${fake.bssid} bear the name of a network that ${real.bssid} announces${isOpen ? ' with encryption' : `, out of which ${countText(real.frames)} frames throw stations`}: stations may take one for the other.`,
      alternatives: [
        isOpen
          ? 'A network of guests under the same name, or an access point that is being set up.'
          : 'A second access point of the same owner, which was started meanwhile.',
      ],
      attack: ['T1557', 'T1557.004'],
      recommendation: `Find out whether ${fake.bssid} is one of yours.`,
    },
  );
}

/** Two senders under one address. On two channels they stand between a station and its access point (the key reinstallation attacks need that); on one, the clocks give them away. */
export function clones(state: CaptureState, points: readonly Point[]): FindingDraft[] {
  return points.flatMap((point) => {
    const { senders, bssid } = point,
      { channelChanges, clockChanges, evidence } = senders,
      channels = [...senders.channels].filter(([, beacons]) => beacons >= LEAST_BEACONS).map(([channel]) => channel),
      isOnTwo = channelChanges >= LEAST_CHANGES && channels.length >= 2,
      hasTwoClocks = clockChanges >= LEAST_CHANGES && senders.beaconsOfSecond >= LEAST_BEACONS;
    if (!isOnTwo && !hasTwoClocks) return [];
    const isInTwoBands = isOnTwo && channels.some((one) => one <= LAST_LOW_CHANNEL) && channels.some((one) => one > LAST_LOW_CHANNEL);
    return [
      wordedDraft(state, [{ role: 'spoofed', address: bssid }], evidence, `wlan.bssid == ${bssid} && wlan.fc.type_subtype == 8`, {
        technique: 'cloned-access-point',
        deed: 'had a second sender under its address',
        severity: isOnTwo && hasTwoClocks && !isInTwoBands ? 'medium' : 'low',
        parts: [
          ['the channel changes to and fro', isOnTwo ? 40 : 0],
          ['two clocks take turns', hasTwoClocks ? 40 : 0],
          ['one channel in each band, as one device may have it', isInTwoBands ? -20 : 0],
          ['many times', Math.min(10, 3 * Math.log2(Math.max(channelChanges, clockChanges) / LEAST_CHANGES))],
        ],
        title: `Two senders announce the wireless network ${nameOf(point)} under one address`,
        description: `The beacons of ${bssid} ${[
          isOnTwo ? `name channels ${channels.join(' and ')} in turn, with ${countText(channelChanges)} changes` : '',
          hasTwoClocks ? `show two clocks in turn, with ${countText(clockChanges)} changes` : '',
        ]
          .filter((text) => text !== '')
          .join(', and ')} (threshold ${LEAST_CHANGES}). One access point has one clock and one channel at a time.`,
        indicators: [
          { name: 'changes of channel', value: channelChanges, threshold: LEAST_CHANGES },
          { name: 'changes of clock', value: clockChanges, threshold: LEAST_CHANGES },
          ...(channels.length > 0 ? [{ name: 'channels', value: channels.join(', ') }] : []),
        ],
        alternatives: ['Access points that share one address by design (virtual cells), or one that serves two bands under one address.'],
        attack: ['T1557', 'T1557.004'],
        recommendation: `Compare the signals of both senders, and switch off the access point ${nameOf(point)} for a moment: what is still heard is the other one.`,
      }),
    ];
  });
}
