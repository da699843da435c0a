/**
 * Hosts of two captures held against each other, by address; and by device where both captures say which device has which address (ARP, DHCP, neighbour discovery).
 * A host is taken for the same under another address only where that cannot be mistaken: its MAC address, or the name it gives DHCP, has one IPv4 address in each, and
 * neither of the two is in the other capture. A name, and a MAC address that software made up, count only where both captures are of one link: some device has the same
 * address in both.
 */
import { differencesOf, NOWHERE, type Change, type Differences, type Weighed } from './comparedLists.ts';
import type { ComparedSide } from './comparison.ts';
import { bytesText, listText, plural } from './describe.ts';
import type { Endpoint } from './report.ts';
import { hostFilter } from './hostFilter.ts';
import type { DeviceSeen, Inventory } from './inventory.ts';

/** A host is told of when it had so many times the bytes, and so many more. */
const MUCH_MORE = 10,
  MORE_BYTES = 100_000;
const MOST_TOLD = 20;

export const HOST_RULES: readonly string[] = [
  `IP addresses: ${MUCH_MORE} times the bytes (per second, where both captures last a second) and ${bytesText(MORE_BYTES)} more; another MAC address; another address of the same host.`,
];

export interface AddressMatches {
  /** An address of the second capture, and the one that its host has in the first. */
  readonly alias: ReadonlyMap<string, string>;
  /** By address of the first: how that is known. */
  readonly by: ReadonlyMap<string, string>;
  /** How hosts were matched, for people. */
  readonly sentences: readonly string[];
  /** The only MAC address of an address, where there is one. */
  readonly macs: { readonly first: ReadonlyMap<string, string>; readonly second: ReadonlyMap<string, string> };
}

export function addressMatches(first: ComparedSide, second: ComparedSide): AddressMatches {
  const [a, b] = [devicesOf(first.inventory), devicesOf(second.inventory)];
  const macs = { first: a.macOf, second: b.macOf };
  if (a.macOf.size === 0 || b.macOf.size === 0)
    return {
      alias: new Map(),
      by: new Map(),
      macs,
      sentences: [
        'Hosts were matched by their addresses alone: not in both captures is it said (ARP, DHCP, neighbour discovery) which device has which. A host that got another address counts as another.',
      ],
    };
  const isOneLink = [...a.macOf].some(([address, mac]) => b.macOf.get(address) === mac);
  const present = { first: addressesIn(first), second: addressesIn(second) };
  const alias = new Map<string, string>(),
    by = new Map<string, string>(),
    reused: string[] = [];
  const match = (from: string | undefined, to: string | undefined, how: string): void => {
    if (from === undefined || to === undefined || from === to || alias.has(to) || by.has(from)) return;
    if (present.second.has(from) || present.first.has(to)) {
      reused.push(`${from}, then ${to} (${how})`);
      return;
    }
    alias.set(to, from);
    by.set(from, how);
  };
  for (const [mac, address] of a.ipv4Of) if (isOneLink || !isMadeUp(mac)) match(address, b.ipv4Of.get(mac), `MAC address ${mac}`);
  if (isOneLink)
    for (const [name, address] of a.named) {
      const other = b.named.get(name);
      if (other === undefined) continue;
      const [mine, theirs] = [a.macOf.get(address), b.macOf.get(other)];
      if (mine === undefined || theirs === undefined || mine === theirs) match(address, other, `the DHCP name ${name}`);
    }
  const told = (list: readonly string[]): string =>
    `${list.slice(0, MOST_TOLD).join('; ')}${list.length > MOST_TOLD ? `; ${list.length - MOST_TOLD} more` : ''}`;
  return {
    alias,
    by,
    macs,
    sentences: [
      `Hosts were matched by their addresses${alias.size === 0 ? '; none that both captures know by its MAC address has another address now' : ''}.`,
      ...(alias.size === 0
        ? []
        : [
            `${plural(alias.size, 'host')} with another address ${alias.size === 1 ? 'was' : 'were'} taken for the same: ${told([...alias].map(([to, from]) => `${from}, then ${to} (${by.get(from) ?? ''})`))}.`,
          ]),
      ...(reused.length === 0 ? [] : [`Not matched, because one of the addresses is somebody's in both: ${told(reused)}.`]),
      ...(isOneLink ? [] : ['No device has the same address in both, so they may be of different networks.']),
    ],
  };
}

interface Devices {
  /** The one MAC address of an address, the one IPv4 address of a MAC address, and of a name that DHCP was told. */
  readonly macOf: ReadonlyMap<string, string>;
  readonly ipv4Of: ReadonlyMap<string, string>;
  readonly named: ReadonlyMap<string, string>;
}

function devicesOf({ devices }: Inventory): Devices {
  const real = devices.filter(({ mac }) => !isShared(mac)),
    ipv4 = real.filter(({ address }) => !address.includes(':'));
  return {
    macOf: single(
      real,
      ({ address }) => address,
      ({ mac }) => mac,
    ),
    ipv4Of: single(
      ipv4,
      ({ mac }) => mac,
      ({ address }) => address,
    ),
    named: single(
      ipv4.filter(({ name }) => name !== ''),
      ({ name }) => name.toLowerCase(),
      ({ address }) => address,
    ),
  };
}

/** Keys that have one value, whatever said so. */
function single(rows: readonly DeviceSeen[], key: (row: DeviceSeen) => string, value: (row: DeviceSeen) => string): Map<string, string> {
  const found = new Map<string, string | null>();
  for (const row of rows) {
    const name = key(row),
      known = found.get(name);
    found.set(name, known === undefined || known === value(row) ? value(row) : null);
  }
  return new Map([...found].flatMap(([name, one]) => (one === null ? [] : [[name, one] as const])));
}

/** Groups, nobody, and the addresses that routers share (VRRP, RFC 9568 section 7.3; HSRP). */
const isShared = (mac: string): boolean =>
  (parseInt(mac.slice(0, 2), 16) & 1) === 1 || mac === '00:00:00:00:00:00' || /^00:00:5e:00:0[12]:|^00:00:0c:(?:07:ac|9f:f)/.test(mac);

/** The bit that says: administered locally. Containers and phones have such, and the same may be elsewhere. */
const isMadeUp = (mac: string): boolean => (parseInt(mac.slice(0, 2), 16) & 2) === 2;

const addressesIn = ({ hosts }: ComparedSide): Set<string> => new Set(hosts.map(({ address }) => address));

interface Host {
  readonly address: string;
  readonly name: string;
  readonly bytes: number;
  readonly sent: number;
  readonly perSecond: number | null;
}

/** A row for each address, whatever it was carried in. */
function hostRows({ report }: ComparedSide, endpoints: readonly Endpoint[], isGroup: (address: string) => boolean): Host[] {
  const rows = new Map<string, { address: string; name: string; bytes: number; sent: number }>();
  for (const { address, names, bytes, packetsSent } of endpoints) {
    if (isGroup(address)) continue;
    const known = rows.get(address);
    if (known === undefined) rows.set(address, { address, name: names[0] ?? '', bytes, sent: packetsSent });
    else {
      known.bytes += bytes;
      known.sent += packetsSent;
    }
  }
  const seconds = report.capture.durationSeconds ?? 0;
  return [...rows.values()].map((row) => ({ ...row, perSecond: seconds >= 1 ? row.bytes / seconds : null }));
}

const isGroupAddress = (address: string): boolean => /^(?:2(?:2[4-9]|3\d)\.|255\.255\.255\.255$|0\.0\.0\.0$|ff[0-9a-f]{2}:|::$)/i.test(address),
  isGroupMac = (address: string): boolean => (parseInt(address.slice(0, 2), 16) & 1) === 1;

function hostItem({ address, name, bytes, sent }: Host, ...more: readonly string[]): Weighed {
  return {
    what: address,
    detail: [...(name === '' ? [] : [name]), ...more, bytesText(bytes), ...(sent === 0 ? ['sent nothing'] : [])].join(', '),
    place: { ...NOWHERE, host: address, filter: hostFilter(address) ?? '' },
    // Addresses that were only tried come last.
    weight: sent === 0 ? bytes / 1e15 : bytes,
  };
}

export function compareHosts(first: ComparedSide, second: ComparedSide, { alias, by, macs }: AddressMatches): Differences {
  return differencesOf(hostRows(first, first.hosts, isGroupAddress), hostRows(second, second.hosts, isGroupAddress), {
    key: ({ address }, side) => (side === 'second' ? alias.get(address) : undefined) ?? address,
    item: (row) => hostItem(row),
    changes: (a, b) => {
      const found: Change[] = [];
      if (a.address !== b.address)
        found.push({
          measure: 'address',
          text: `the same host with another address, by ${by.get(a.address) ?? 'its MAC address'}`,
          first: a.address,
          second: b.address,
          unit: '',
          worse: null,
          weight: 1000,
        });
      const [x, y] = [macs.first.get(a.address), macs.second.get(b.address)];
      if (x !== undefined && y !== undefined && x !== y)
        found.push({
          measure: 'MAC address',
          text: `another MAC address: ${x}, then ${y}`,
          first: x,
          second: y,
          unit: '',
          worse: null,
          weight: 2000,
        });
      return [...found, ...moreBytes(a, b)];
    },
  });
}

/** Per second, where both captures last long enough to say that. */
function moreBytes(a: Host, b: Host): Change[] {
  const isRate = a.perSecond !== null && b.perSecond !== null,
    [x, y] = isRate ? [a.perSecond, b.perSecond] : [a.bytes, b.bytes];
  const times = Math.max(x, y) / Math.max(Math.min(x, y), Number.EPSILON);
  if (times < MUCH_MORE || Math.abs(a.bytes - b.bytes) < MORE_BYTES) return [];
  const of = (value: number): string => `${bytesText(value)}${isRate ? ' per second' : ''}`;
  return [
    {
      measure: isRate ? 'bytes per second' : 'bytes',
      text: `${x < y ? 'more' : 'less'} traffic: ${of(x)}, then ${of(y)}`,
      first: x,
      second: y,
      unit: isRate ? 'B/s' : 'B',
      worse: null,
      weight: Math.min(900, times),
    },
  ];
}

/** Network cards by MAC address. Behind a router there are none, so what is missing here may still be there. */
export function compareDevices(first: ComparedSide, second: ComparedSide): Differences {
  const addresses = { first: addressesOf(first.inventory), second: addressesOf(second.inventory) };
  const item = (row: Host, side: 'first' | 'second'): Weighed => {
    const known = addresses[side].get(row.address) ?? [],
      named = known.find(({ name }) => name !== '')?.name;
    const told = hostItem(
      row,
      ...(named === undefined ? [] : [named]),
      ...(known.length === 0 ? [] : [listText(known.slice(0, 3).map(({ address }) => address)) + (known.length > 3 ? ' and more' : '')]),
    );
    return { ...told, place: { ...told.place, frame: known[0]?.frame ?? null } };
  };
  return differencesOf(hostRows(first, first.devices, isGroupMac), hostRows(second, second.devices, isGroupMac), {
    key: ({ address }) => address,
    item,
    changes: () => [],
  });
}

function addressesOf({ devices }: Inventory): Map<string, DeviceSeen[]> {
  const map = new Map<string, DeviceSeen[]>();
  for (const one of devices) {
    const known = map.get(one.mac);
    if (known === undefined) map.set(one.mac, [one]);
    else known.push(one);
  }
  return map;
}
