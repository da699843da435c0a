/**
 * Twins, clones, access points that say yes to everybody, handshakes begun for their keys, and floods of wireless networks; and the ordinary traffic that resembles
 * them. The frames are put together by Scapy's layers and as mdk4's source sends them.
 */
import { describe, expect, test } from 'vitest';
import { checkFilter } from '../../../src/analysis/filtering.ts';
import { analyzeCapture, findingsOf, indicator } from '../../support/analyzeCapture.ts';
import { confidenceSum } from '../../support/messageDriver.ts';
import {
  announce,
  associate,
  authenticate,
  clearToSend,
  deauthenticate,
  handshake,
  logoff,
  probe,
  wlanCapture,
  type Announced,
  type WlanFrame,
} from '../../support/wlanFrames.ts';

const AP = '00:11:22:33:44:55',
  OTHER = '00:c0:ca:33:44:66',
  SAME_MAKER = '02:11:22:33:44:99',
  PHONE = 'a4:5e:60:01:02:03';
const run = async (frames: Iterable<WlanFrame>, gap = 0.1) => findingsOf(await analyzeCapture(wlanCapture(frames, gap)), 'wifi-attack');
const times = <T>(count: number, make: (i: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i));
/** Beacons a tenth of a second apart, whose clock goes as it should. */
const beacons = (count: number, bssid: string, more: Announced): WlanFrame[] =>
  times(count, (i) => announce(bssid, { ...more, clock: (more.clock ?? 1e6) + i / 10 }));
const numbered = (i: number): string => `a4:5e:60:${[i >> 16, i >> 8, i].map((byte) => (byte & 255).toString(16).padStart(2, '0')).join(':')}`;

describe('an access point that says yes to every name (Karma)', () => {
  const NAMES = ['home', 'cafe', 'airport', 'hotel', 'office'];
  const asks = NAMES.flatMap((ssid) => [probe(PHONE, ssid), announce(OTHER, { ssid, isOpen: true, to: PHONE })]);

  test('is told', async () => {
    const [finding, ...others] = await run(asks);
    expect(others).toEqual([]);
    expect(finding).toMatchObject({ severity: 'medium', subjects: [{ role: 'attacker', address: OTHER }] });
    expect(finding!.evidence.frames).toEqual([2, 4, 6, 8, 10]);
    expect(indicator(finding!, 'names that stations asked for')).toBe(5);
    expect(finding!.confidence).toBe(confidenceSum(finding!));
    expect(checkFilter(finding!.evidence.filter)).toMatchObject({ ok: true });
  });
  test('and is worse where somebody joins', async () =>
    expect(await run([...asks, authenticate(PHONE, OTHER), associate(PHONE, OTHER, 'hotel')])).toMatchObject([
      {
        severity: 'high',
        subjects: [
          { role: 'attacker', address: OTHER },
          { role: 'victim', address: PHONE },
        ],
      },
    ]));
  test('without questions, where its names come again', async () =>
    expect(await run([...NAMES, ...NAMES].map((ssid) => announce(OTHER, { ssid, isOpen: true, to: PHONE })))).toHaveLength(1));
  test.each([
    ['a hidden network that answers to its name', times(20, (i) => announce(AP, i % 2 === 0 ? { ssid: '' } : { ssid: 'home', to: PHONE }))],
    ['a network under a new name', times(20, (i) => announce(AP, { ssid: i < 10 ? 'home' : 'new home' }))],
    ['names that noise made', times(20, (i) => announce(AP, { ssid: i % 4 === 0 ? `ho${String.fromCharCode(97 + i)}e` : 'home' }))],
    ['stations that ask for many names', times(20, (i) => probe(PHONE, `net ${i}`))],
    ['many networks, each at an address of its own', times(40, (i) => announce(`00:11:22:33:44:${(i % 8) + 10}`, { ssid: `net ${i % 8}` }))],
  ] satisfies readonly (readonly [string, readonly WlanFrame[]])[])('silent on %s', async (_what, frames) => expect(await run(frames)).toEqual([]));
});

describe('a twin', () => {
  test('of another maker, that shows up while stations are thrown out', async () => {
    const flood = times(40, () => deauthenticate(AP)),
      all = [...beacons(40, AP, { ssid: 'office' }), ...flood, ...beacons(40, OTHER, { ssid: 'office', clock: 5000 })];
    const found = await run(all);
    expect(found).toMatchObject([
      { severity: 'high', subjects: [{ role: 'spoofed', address: AP }, {}] },
      {
        severity: 'medium',
        subjects: [
          { role: 'attacker', address: OTHER },
          { role: 'victim', address: AP },
        ],
      },
    ]);
    for (const one of found) {
      expect(one.confidence).toBe(confidenceSum(one));
      expect(checkFilter(one.evidence.filter)).toMatchObject({ ok: true });
    }
    // Without the flood, and from the same maker, it is a second access point.
    expect(await run([...beacons(40, AP, { ssid: 'office' }), ...beacons(40, OTHER, { ssid: 'office' })])).toEqual([]);
    expect(await run([...beacons(40, AP, { ssid: 'office' }), ...flood, ...beacons(40, SAME_MAKER, { ssid: 'office' })])).toHaveLength(1);
  });
});

describe('a second sender under one address', () => {
  const on = (channel: number, clock: number, i: number): WlanFrame => announce(AP, { ssid: 'office', channel, clock: clock + i / 10 });

  test('on another channel, with a clock of its own, as a man in the middle of two channels needs it', async () => {
    const [finding, ...others] = await run(times(60, (i) => (i % 3 === 0 ? on(11, 40, i) : on(1, 90_000, i))));
    expect(others).toEqual([]);
    expect(finding).toMatchObject({ severity: 'medium', subjects: [{ role: 'spoofed', address: AP }] });
    expect(indicator(finding!, 'channels')).toBe('11, 1');
    expect(finding!.confidence).toBe(confidenceSum(finding!));
    expect(checkFilter(finding!.evidence.filter)).toMatchObject({ ok: true });
  });
  test('on the same channel is a remark: some makers have virtual cells', async () =>
    expect(await run(times(60, (i) => (i % 2 === 0 ? on(1, 40, i) : on(1, 90_000, i))))).toMatchObject([{ severity: 'low' }]));
  test('in two bands is a remark: one device may serve both', async () =>
    expect(await run(times(60, (i) => (i % 2 === 0 ? on(1, 40, i) : on(36, 90_000, i))))).toMatchObject([{ severity: 'low' }]));
  test.each([
    ['an access point that goes to another channel', times(60, (i) => on(i < 30 ? 1 : 11, 90_000, i))],
    ['one that restarts, twice', times(60, (i) => on(1, i < 20 ? 90_000 : i < 40 ? -1 : -3, i))],
    ['beacons that are heard late', times(60, (i) => on(1, 90_000 + ((i * 7) % 5) / 50, i))],
  ])('silent on %s', async (_what, frames) => expect(await run(frames)).toEqual([]));
});

describe('handshakes begun for the identifier of a key (PMKID)', () => {
  const begin = (station: string, bssid: string): WlanFrame[] => [
    authenticate(station, bssid),
    associate(station, bssid, 'office'),
    // An access point that gets no answer says it again.
    ...times(3, () => handshake(bssid, station, 1, true)),
  ];
  const points = ['00:11:22:33:44:55', '00:11:22:33:44:66', '00:11:22:33:44:77'];

  test('with several access points', async () => {
    const [finding, ...others] = await run(points.flatMap((bssid) => begin(PHONE, bssid)));
    expect(others).toEqual([]);
    expect(finding).toMatchObject({ severity: 'medium', subjects: [{ role: 'attacker', address: PHONE }, {}, {}, {}] });
    // What joins, and the first messages: the logins are frames 1, 6 and 11.
    expect(finding!.evidence.frames).toEqual([2, 3, 4, 5, 7, 8, 9, 10, 12, 13, 14, 15]);
    expect(finding!.confidence).toBe(confidenceSum(finding!));
    expect(checkFilter(finding!.evidence.filter)).toMatchObject({ ok: true });
  });
  test('again and again with one', async () => expect(await run(times(3, () => begin(PHONE, AP)).flat())).toMatchObject([{ severity: 'medium' }]));
  test('once is a remark', async () => expect(await run(begin(PHONE, AP))).toMatchObject([{ severity: 'low' }]));
  test.each([
    ['a handshake that goes on', [...begin(PHONE, AP), handshake(AP, PHONE, 2), handshake(AP, PHONE, 3), handshake(AP, PHONE, 4)]],
    ['one whose second message the capture misses', [...begin(PHONE, AP), handshake(AP, PHONE, 3)]],
    ['a wrong password: the second message comes each time', times(3, () => [...begin(PHONE, AP), handshake(AP, PHONE, 2)]).flat()],
    ['first messages that name no key', times(3, () => [associate(PHONE, AP, 'office'), handshake(AP, PHONE, 1)]).flat()],
  ])('silent on %s', async (_what, frames) => expect(await run(frames)).toEqual([]));
});

describe('floods', () => {
  test.each([
    ['logins', (i: number) => authenticate(numbered(i), AP)],
    ['stations that join', (i: number) => associate(numbered(i), AP, 'office')],
  ])('of %s', async (_what, frame) => {
    expect(await run(times(300, frame), 0.01)).toMatchObject([{ severity: 'medium', subjects: [{ role: 'victim', address: AP }] }]);
    expect(await run(times(300, frame), 1)).toEqual([]);
  });
  test('of logoffs in the name of stations', async () => {
    expect(
      await run(
        times(60, (i) => logoff(AP, numbered(i % 3))),
        0.05,
      ),
    ).toMatchObject([{ severity: 'medium', subjects: [{ role: 'victim', address: AP }, {}, {}, {}] }]);
    expect(
      await run(
        times(60, (i) => logoff(AP, numbered(i))),
        5,
      ),
    ).toEqual([]);
  });
  test('of reserved air', async () => {
    const found = await run(
      times(300, () => clearToSend(PHONE, 32_000)),
      0.03,
    );
    expect(found).toMatchObject([{ severity: 'medium', subjects: [{ role: 'spoofed', address: PHONE }], evidence: { framesTotal: 300 } }]);
    expect(checkFilter(found[0]!.evidence.filter)).toMatchObject({ ok: true });
    // A busy network: exchanges of 5 ms, and some room for Bluetooth.
    expect(
      await run(
        times(3000, () => clearToSend(PHONE, 5484)),
        0.005,
      ),
    ).toEqual([]);
    expect(
      await run(
        times(60, () => clearToSend(PHONE, 20_000)),
        0.5,
      ),
    ).toEqual([]);
  });
  test('of networks that somebody makes up', async () => {
    // mdk4: one clock for all, a tenth of a second further in each; Scapy: a clock of zeros, the same networks again and again.
    expect(
      await run(
        times(120, (i) => announce(numbered(i), { ssid: `net ${i}`, clock: i / 10, isOpen: i % 2 === 0 })),
        0.02,
      ),
    ).toMatchObject([{ severity: 'medium' }]);
    expect(
      await run(
        times(600, (i) => announce(numbered(i % 60), { ssid: `net ${i % 60}`, clock: 0 })),
        0.02,
      ),
    ).toMatchObject([{ severity: 'medium' }]);
    // A city: networks that stand for days, heard twice in passing.
    expect(
      await run(
        times(240, (i) => announce(numbered(i >> 1), { ssid: `net ${i >> 1}`, clock: 90_000 + i * 977 })),
        0.1,
      ),
    ).toEqual([]);
  });
});
