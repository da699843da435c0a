/**
 * What hosts of a capture asked for and said of themselves, for who compares two captures: names asked of DNS and what became of them, names called over TLS and
 * HTTP, programs, and which MAC address said that it has which IP address. Heard in a pass of its own. All text is untrusted.
 */
import { formatIpv4, formatMac } from '../pcap/addresses.ts';
import { dhcpMessage, type DhcpMessage } from '../pcap/dhcp/message.ts';
import type { Message } from '../pcap/dissector.ts';
import { arpMessage } from '../pcap/dissectors/arp.ts';
import { neighbourMessage } from '../pcap/dissectors/icmpv6.ts';
import { sshBannerMessage } from '../pcap/dissectors/ssh.ts';
import { dnsMessage, type DnsMessage } from '../pcap/dns/message.ts';
import { RESPONSE_CODES, TYPE_A, TYPE_AAAA } from '../pcap/dns/recordTypes.ts';
import { httpRequestMessage, httpResponseMessage } from '../pcap/http/messages.ts';
import type { Packet } from '../pcap/packet.ts';
import { tlsServerNameMessage } from '../pcap/tls/messages.ts';
import type { CaptureState } from './captureState.ts';
import { datagramEnds, endsOf } from './detectors/watched.ts';
import { safeText } from './exports/safeText.ts';

/** Different ones of each kind that are kept. */
const MOST_OF_A_KIND = 20_000,
  /** Addresses of one name, hosts of one program. */
  MOST_ADDRESSES = 4,
  LONGEST = 255;

const DHCP_ACK = 5,
  NAME_ERROR = 3;

export const INVENTORY_MESSAGES: readonly string[] = [
  arpMessage,
  dhcpMessage,
  dnsMessage,
  httpRequestMessage,
  httpResponseMessage,
  neighbourMessage,
  sshBannerMessage,
  tlsServerNameMessage,
].map(({ kind }) => kind);

export interface Inventory {
  /** Names asked of DNS, most often asked first. */
  readonly lookups: readonly LookedUp[];
  /** Names called over TLS, QUIC and HTTP, most often called first. */
  readonly called: readonly CalledName[];
  readonly software: readonly SoftwareSeen[];
  /** Which MAC address said that it has which IP address. */
  readonly devices: readonly DeviceSeen[];
  /** Sentences about what was not kept. */
  readonly limits: readonly string[];
}

/** What became of a name: `answered` when there was an address or another record, else `none` (the name is there, what was asked for is not), `no such name`, the name of the error, or `not answered`. */
export interface LookedUp {
  readonly name: string;
  readonly questions: number;
  readonly outcome: string;
  /** Of its answers, the first few. */
  readonly addresses: readonly string[];
  /** Of the first question, else of the first answer. */
  readonly frame: number;
}

export interface CalledName {
  readonly name: string;
  /** `TLS` (DTLS and QUIC, too), `HTTP`. */
  readonly how: readonly string[];
  readonly servers: readonly string[];
  readonly times: number;
  readonly frame: number;
}

export interface SoftwareSeen {
  readonly text: string;
  /** `HTTP user agent`, `HTTP server`, `SSH client`, `SSH server`. */
  readonly source: string;
  /** Who says it, the first few. */
  readonly hosts: readonly string[];
  readonly times: number;
  readonly frame: number;
}

export interface DeviceSeen {
  readonly mac: string;
  readonly address: string;
  /** What DHCP calls it; empty where it says nothing. */
  readonly name: string;
  readonly source: 'ARP' | 'DHCP' | 'neighbour discovery';
  readonly frame: number;
}

type Kept<T> = { -readonly [K in keyof T]: T[K] extends readonly (infer Each)[] ? Each[] : T[K] };

export class InventoryWatch {
  readonly #state: CaptureState;
  readonly #lookups = new Map<string, Kept<LookedUp>>();
  readonly #called = new Map<string, Kept<CalledName>>();
  readonly #software = new Map<string, Kept<SoftwareSeen>>();
  readonly #devices = new Map<string, Kept<DeviceSeen>>();
  readonly #full = new Set<string>();

  constructor(state: CaptureState) {
    this.#state = state;
  }

  onMessage(message: Message, flow: number, p: Packet): void {
    if (dnsMessage.is(message)) {
      if (message.protocol === 'dns') this.#dns(message);
    } else if (arpMessage.is(message)) {
      if (message.senderIp !== 0)
        this.#device(formatMac(message.senderMacHigh, message.senderMacLow), formatIpv4(message.senderIp), 'ARP', '', message.frame);
    } else if (dhcpMessage.is(message)) this.#dhcp(message);
    else if (neighbourMessage.is(message)) {
      const { mac, target, isQuestion, frame } = message;
      if (!isQuestion && mac !== 0)
        this.#device(formatMac(Math.floor(mac / 2 ** 32), mac | 0), p.ipv6.textOf(target), 'neighbour discovery', '', frame);
    } else if (tlsServerNameMessage.is(message)) {
      // Of a hello in QUIC the flow is not said; who sends it is the client.
      const server = flow >= 0 ? endsOf(this.#state, flow).server : (datagramEnds(p)?.destination ?? '');
      this.#call(message.name, 'TLS', server, message.frame);
    } else if (flow >= 0) this.#inStream(message, flow);
  }

  #inStream(message: Message, flow: number): void {
    const { frame } = message;
    if (httpRequestMessage.is(message)) {
      const { client, server } = endsOf(this.#state, flow);
      if (message.host !== null) this.#call(message.host, 'HTTP', server, frame);
      if (message.userAgent !== null) this.#says(message.userAgent, 'HTTP user agent', client, frame);
    } else if (httpResponseMessage.is(message)) {
      if (message.server !== null) this.#says(message.server, 'HTTP server', endsOf(this.#state, flow).server, frame);
    } else if (sshBannerMessage.is(message)) {
      const { client, server } = endsOf(this.#state, flow);
      this.#says(message.software, message.fromServer ? 'SSH server' : 'SSH client', message.fromServer ? server : client, frame);
    }
  }

  #dns({ isResponse, qname, rcode, answers, frame }: DnsMessage): void {
    // Resolvers spell names in mixed case to be sure of the answer.
    const name = safeText(qname, LONGEST).toLowerCase();
    if (name === '') return;
    const lookup = this.#keep(this.#lookups, name, 'names asked of DNS', () => ({
      name,
      questions: 0,
      outcome: 'not answered',
      addresses: [],
      frame,
    }));
    if (lookup === null) return;
    if (!isResponse) {
      lookup.questions++;
      return;
    }
    const outcome =
      rcode === NAME_ERROR
        ? 'no such name'
        : rcode !== 0
          ? (RESPONSE_CODES[rcode] ?? `error ${rcode}`).toLowerCase()
          : answers.length > 0
            ? 'answered'
            : 'none';
    // One of several kinds of record, or of several servers, is enough to reach it.
    if (lookup.outcome !== 'answered') lookup.outcome = outcome;
    for (const { type, data } of answers) if (type === TYPE_A || type === TYPE_AAAA) add(lookup.addresses, data);
  }

  #dhcp({ isReply, messageType, yourIp, clientMacHigh, clientMacLow, hostName, fullName, requestedIp, clientIp, frame }: DhcpMessage): void {
    const mac = formatMac(clientMacHigh, clientMacLow);
    if (isReply) {
      if (messageType === DHCP_ACK && yourIp !== 0) this.#device(mac, formatIpv4(yourIp), 'DHCP', '', frame);
      return;
    }
    // A client names itself in the request for the address it will have.
    const given = requestedIp !== 0 ? requestedIp : clientIp,
      name = safeText(fullName === '' ? hostName : fullName, LONGEST);
    if (given !== 0 && name !== '') this.#device(mac, formatIpv4(given), 'DHCP', name, frame);
  }

  #device(mac: string, address: string, source: DeviceSeen['source'], name: string, frame: number): void {
    const device = this.#keep(this.#devices, `${mac} ${address}`, 'devices', () => ({ mac, address, name, source, frame }));
    if (device !== null && device.name === '') device.name = name;
  }

  #call(called: string, how: string, server: string, frame: number): void {
    const name = safeText(called, LONGEST).toLowerCase();
    if (name === '') return;
    const kept = this.#keep(this.#called, name, 'names that were called', () => ({ name, how: [], servers: [], times: 0, frame }));
    if (kept === null) return;
    kept.times++;
    add(kept.how, how);
    add(kept.servers, server);
  }

  #says(said: string, source: string, host: string, frame: number): void {
    const text = safeText(said, LONGEST);
    if (text === '') return;
    const kept = this.#keep(this.#software, `${source} ${text}`, 'programs', () => ({ text, source, hosts: [], times: 0, frame }));
    if (kept === null) return;
    kept.times++;
    add(kept.hosts, host);
  }

  #keep<T>(map: Map<string, T>, key: string, what: string, make: () => T): T | null {
    const known = map.get(key);
    if (known !== undefined) return known;
    if (map.size >= MOST_OF_A_KIND) {
      this.#full.add(what);
      return null;
    }
    const made = make();
    map.set(key, made);
    return made;
  }

  found(): Inventory {
    const byTimes = (a: { readonly times: number; readonly frame: number }, b: { readonly times: number; readonly frame: number }): number =>
      b.times - a.times || a.frame - b.frame;
    return {
      lookups: [...this.#lookups.values()].sort((a, b) => b.questions - a.questions || a.frame - b.frame),
      called: [...this.#called.values()].sort(byTimes),
      software: [...this.#software.values()].sort(byTimes),
      devices: [...this.#devices.values()].sort((a, b) => a.frame - b.frame),
      limits: [...this.#full].map((what) => `Of the ${what} only the first ${MOST_OF_A_KIND.toLocaleString('en-US')} were kept.`),
    };
  }
}

function add(list: string[], text: string): void {
  if (text !== '' && list.length < MOST_ADDRESSES && !list.includes(text)) list.push(text);
}
