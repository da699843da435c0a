/** What is heard of one access point of a wireless network (IEEE 802.11): who is thrown out in its name, who logs in, what it announces, and whether two senders speak for it. */
import type { WlanMessage } from '../../pcap/wlan/messages.ts';
import type { Packet } from '../../pcap/packet.ts';
import { safeText } from '../exports/safeText.ts';
import { Burst } from './measures.ts';
import { Evidence } from './watched.ts';

export const WINDOW_SECONDS = 10,
  EVERYBODY = 'ff:ff:ff:ff:ff:ff',
  ASSOCIATE = 0,
  REASSOCIATE = 2,
  PROBE_REQUEST = 4,
  PROBE_RESPONSE = 5;
const MOST_STATIONS = 2000,
  MOST_TEXTS = 8,
  MOST_NAMES = 256,
  /** An ARP request has 36 bytes and 8 of WEP around them; some stations fill it up to the least frame of Ethernet. */
  MOST_REPEATED = 80,
  BEACON = 8,
  DISASSOCIATE = 10,
  AUTHENTICATE = 11,
  DEAUTHENTICATE = 12;

/** Seconds by which a clock may go otherwise than that of the capture from one beacon to the next. */
const CLOCK_SLACK = 0.3;

/**
 * Whether beacons of one address come from two senders: the channel that they name changes to and fro, or so does the clock that they show. A channel is
 * changed once, and a clock jumps once when its access point restarts.
 */
export class Senders {
  channelChanges = 0;
  readonly channels = new Map<number, number>();
  clockChanges = 0;
  /** Beacons of the clock that was less often seen. */
  readonly evidence = new Evidence();
  #channel = 0;
  /** When each clock began, in seconds of the capture, as its last beacon says; and how many beacons it had. */
  readonly #began: [number, number] = [NaN, NaN];
  readonly #beacons: [number, number] = [0, 0];
  #clock: 0 | 1 = 0;

  add({ channel, clock }: WlanMessage, p: Packet, seconds: number): void {
    const isOtherChannel = channel !== 0 && this.#channel !== 0 && channel !== this.#channel;
    if (channel !== 0) {
      if (isOtherChannel) this.channelChanges++;
      this.#channel = channel;
      if (this.channels.has(channel) || this.channels.size < MOST_TEXTS) this.channels.set(channel, (this.channels.get(channel) ?? 0) + 1);
    }
    const isOtherClock = !Number.isNaN(seconds) && this.#addClock(seconds - clock / 1e6);
    if (isOtherChannel || isOtherClock) this.evidence.add(p, -1);
  }

  /** True when it is another clock than before. */
  #addClock(began: number): boolean {
    const now = this.#clock,
      other = now === 0 ? 1 : 0;
    if (Number.isNaN(this.#began[now]) || Math.abs(began - this.#began[now]) <= CLOCK_SLACK) {
      this.#began[now] = began;
      this.#beacons[now]++;
      return false;
    }
    // A third clock takes the place of the second: it is no return to one that was known.
    const isKnown = Math.abs(began - this.#began[other]) <= CLOCK_SLACK;
    this.#beacons[other] = isKnown ? this.#beacons[other] + 1 : 1;
    this.#began[other] = began;
    this.#clock = other;
    if (isKnown) this.clockChanges++;
    return isKnown;
  }

  /** Beacons of the rarer one of two clocks. */
  get beaconsOfSecond(): number {
    return Math.min(...this.#beacons);
  }
}

/** What was heard in the name of one access point. */
export class Point {
  readonly leaving = new Burst(WINDOW_SECONDS);
  readonly thrown = new Evidence();
  readonly victims = new Set<string>();
  readonly reasons = new Set<number>();
  readonly logins = new Burst(WINDOW_SECONDS);
  readonly loginEvidence = new Evidence();
  readonly stations = new Set<string>();
  /** Stations that ask to join, after the login; from new ones, and all of them. */
  readonly joins = new Burst(WINDOW_SECONDS);
  readonly joinEvidence = new Evidence();
  readonly joined = new Set<string>();
  readonly heard = new Evidence();
  readonly bssid: string;
  ssid = '';
  /** Names that it announced or answered to, and how often. */
  readonly names = new Map<string, number>();
  readonly answers = new Evidence();
  readonly senders = new Senders();
  /** Of its first beacon, microseconds; and whether a later one said another time. */
  firstClock = 0;
  isClockRunning = false;
  /** Seconds since the capture began. */
  firstHeard = NaN;
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
      if (m.transmitter === this.bssid || this.stations.has(m.transmitter) || this.stations.size >= MOST_STATIONS) return;
      this.stations.add(m.transmitter);
      this.logins.add(seconds);
      this.loginEvidence.add(p, -1);
    } else if (m.subtype === ASSOCIATE || m.subtype === REASSOCIATE) {
      if (m.transmitter === this.bssid || this.joined.has(m.transmitter) || this.joined.size >= MOST_STATIONS) return;
      this.joined.add(m.transmitter);
      this.joins.add(seconds);
      this.joinEvidence.add(p, -1);
    } else if (m.subtype === PROBE_RESPONSE) {
      this.#named(m.ssid, p);
    } else if (m.subtype === BEACON) this.#announces(m, p, seconds);
  }

  #named(ssid: string | null, p: Packet): void {
    if (ssid === null || ssid === '' || isHidden(ssid)) return;
    const times = this.names.get(ssid);
    if (times === undefined && this.names.size >= MOST_NAMES) return;
    if (times === undefined) this.answers.add(p, -1);
    this.names.set(ssid, (times ?? 0) + 1);
  }

  #announces(m: WlanMessage, p: Packet, seconds: number): void {
    this.beacons++;
    this.heard.add(p, -1);
    if (this.beacons === 1) {
      this.firstClock = m.clock;
      this.firstHeard = seconds;
    } else if (m.clock !== this.firstClock) this.isClockRunning = true;
    if (m.ssid !== null && !isHidden(m.ssid)) this.ssid = m.ssid;
    this.#named(m.ssid, p);
    this.isPrivate = m.isPrivate;
    this.isModern = m.isModern;
    this.senders.add(m, p, seconds);
  }
}

const isHidden = (ssid: string): boolean => /^\0*$/.test(ssid);

export const filterOf = (bssid: string): string => `wlan.addr == ${bssid}`;
export const nameOf = ({ ssid, bssid }: Point): string => (ssid === '' ? bssid : `"${safeText(ssid, 40)}" (${bssid})`);
