/** What one address says of itself and asks for, heard in a pass over its own frames: names looked up, systems and programs, accounts, MAC addresses. */
import { formatIpv4, formatMac } from '../pcap/addresses.ts';
import type { Message } from '../pcap/dissector.ts';
import { dhcpMessage, type DhcpMessage } from '../pcap/dhcp/message.ts';
import { arpMessage } from '../pcap/dissectors/arp.ts';
import { ntlmMessage } from '../pcap/dissectors/ntlmssp.ts';
import { sshBannerMessage } from '../pcap/dissectors/ssh.ts';
import * as F from './flowTable.ts';
import { dnsMessage, type DnsMessage } from '../pcap/dns/message.ts';
import { typeName } from '../pcap/dns/recordTypes.ts';
import { httpRequestMessage, httpResponseMessage } from '../pcap/http/messages.ts';
import { loginMessage } from '../pcap/login.ts';
import type { Packet } from '../pcap/packet.ts';
import { tlsServerNameMessage } from '../pcap/tls/messages.ts';
import type { CaptureState } from './captureState.ts';
import { protocolLabel } from './describe.ts';
import { datagramEnds, endsOf, speaksDtls } from './detectors/watched.ts';
import type { HostFact, HostLookup, HostVisit } from './hostStory.ts';
import { safeText } from './exports/safeText.ts';
import { systemInUserAgent } from './userAgentSystem.ts';

/** Different things of one kind that are kept; what is beyond is counted. */
const MOST_FACTS = 20,
  MOST_NAMES = 1000,
  MOST_ANSWERS = 3,
  LONGEST = 160;

const DHCP_ACK = 5,
  NAME_ERROR = 3;

export const HOST_MESSAGES: readonly string[] = [
  arpMessage,
  dhcpMessage,
  dnsMessage,
  httpRequestMessage,
  httpResponseMessage,
  loginMessage,
  ntlmMessage,
  sshBannerMessage,
  tlsServerNameMessage,
].map(({ kind }) => kind);

/** Of these, those that say which addresses belong together. */
export const LINKING_MESSAGES: ReadonlySet<string> = new Set([arpMessage.kind, dhcpMessage.kind]);

type Counted<T> = { -readonly [K in keyof T]: T[K] };

export class HostFacts {
  readonly #address: string;
  readonly #state: CaptureState;
  readonly #facts = new Map<string, Counted<HostFact>>();
  readonly #perKind = new Map<HostFact['kind'], number>();
  readonly #asked = new Map<string, Counted<HostLookup>>();
  readonly #visited = new Map<string, Counted<HostVisit>>();
  /** Names that were asked for or called beyond those kept. */
  askedMore = 0;

  constructor(address: string, state: CaptureState) {
    this.#address = address;
    this.#state = state;
  }

  get facts(): readonly HostFact[] {
    return [...this.#facts.values()];
  }

  /** Names asked of DNS, most often asked first. */
  get asked(): readonly HostLookup[] {
    return [...this.#asked.values()].sort((a, b) => b.questions - a.questions || a.frame - b.frame);
  }

  /** Names called over TLS and HTTP, the first first. */
  get visited(): readonly HostVisit[] {
    return [...this.#visited.values()].sort((a, b) => b.times - a.times || a.frame - b.frame);
  }

  onMessage(message: Message, flow: number, p: Packet): void {
    if (dnsMessage.is(message)) this.#dns(message, p);
    else if (dhcpMessage.is(message)) this.#dhcp(message);
    else if (arpMessage.is(message)) {
      if (message.senderIp !== 0)
        this.#link(formatIpv4(message.senderIp), formatMac(message.senderMacHigh, message.senderMacLow), 'ARP', message.frame);
    } else if (flow >= 0) this.#inStream(message, flow, p);
  }

  #inStream(message: Message, flow: number, p: Packet): void {
    const { client, server } = endsOf(this.#state, flow),
      isClient = client === this.#address;
    if (!isClient && server !== this.#address) return;
    const { frame } = message;
    if (tlsServerNameMessage.is(message)) {
      if (isClient)
        this.#visit(
          message.name,
          speaksDtls(p) ? 'DTLS' : (this.#state.flows.ints[flow * F.INTS + F.META]! & F.META_PROTOCOL) === F.PROTOCOL_UDP ? 'QUIC' : 'TLS',
          server,
          frame,
        );
    } else if (httpRequestMessage.is(message)) {
      if (!isClient) return;
      if (message.host !== null) this.#visit(message.host, 'HTTP', server, frame);
      if (message.userAgent === null) return;
      this.#add('software', message.userAgent, 'HTTP user agent', frame);
      const system = systemInUserAgent(message.userAgent);
      if (system !== null) this.#add('system', system, 'HTTP user agent', frame);
    } else if (httpResponseMessage.is(message)) {
      if (!isClient && message.server !== null) this.#add('software', message.server, 'HTTP server', frame);
    } else if (sshBannerMessage.is(message)) {
      if (message.fromServer !== isClient) this.#add('software', message.software, message.fromServer ? 'SSH server' : 'SSH client', frame);
    } else if (loginMessage.is(message)) {
      if (isClient && message.result === 'accepted' && message.user !== null && message.user !== '')
        this.#add('account', `${message.user} at ${server}`, protocolLabel(message.protocol), frame);
    } else if (ntlmMessage.is(message) && isClient) {
      if (message.user !== '') this.#add('account', message.domain === '' ? message.user : `${message.domain}\\${message.user}`, 'NTLM', frame);
      if (message.workstation !== '') this.#add('name', message.workstation, 'NTLM', frame);
    }
  }

  #dns(message: DnsMessage, p: Packet): void {
    const { isResponse, qname, qtype, rcode, answers, frame, protocol } = message,
      ends = datagramEnds(p);
    if (ends === null || qname === '' || (isResponse ? ends.destination : ends.source) !== this.#address) return;
    const name = safeText(qname, LONGEST),
      key = `${name} ${qtype}`;
    let lookup = this.#asked.get(key);
    if (lookup === undefined) {
      if (this.#asked.size >= MOST_NAMES) {
        if (!isResponse) this.askedMore++;
        return;
      }
      lookup = { name, type: typeName(qtype), protocol: protocolLabel(protocol), questions: 0, answers: [], isMissing: false, frame };
      this.#asked.set(key, lookup);
    }
    if (!isResponse) {
      lookup.questions++;
      return;
    }
    if (rcode === NAME_ERROR) lookup.isMissing = true;
    lookup.answers = [
      ...new Set([...lookup.answers, ...answers.filter(({ type }) => type === qtype).map(({ data }) => safeText(data, LONGEST))]),
    ].slice(0, MOST_ANSWERS);
  }

  #dhcp({
    isReply,
    messageType,
    yourIp,
    clientIp,
    requestedIp,
    clientMacHigh,
    clientMacLow,
    hostName,
    fullName,
    vendorClass,
    frame,
  }: DhcpMessage): void {
    const given = isReply ? (messageType === DHCP_ACK ? yourIp : 0) : requestedIp !== 0 ? requestedIp : clientIp;
    if (given === 0) return;
    const mac = formatMac(clientMacHigh, clientMacLow);
    this.#link(formatIpv4(given), mac, 'DHCP', frame);
    if (formatIpv4(given) !== this.#address && mac !== this.#address) return;
    const name = fullName === '' ? hostName : fullName;
    if (name !== '') this.#add('name', name, 'DHCP', frame);
    if (!isReply && vendorClass !== '') this.#add('system', vendorClass, 'DHCP vendor class', frame);
  }

  #link(ip: string, mac: string, source: string, frame: number): void {
    if (ip === this.#address) this.#add('mac', mac, source, frame);
    else if (mac === this.#address) this.#add('address', ip, source, frame);
  }

  #add(kind: HostFact['kind'], text: string, source: string, frame: number): void {
    const shown = safeText(text, LONGEST),
      key = `${kind} ${shown}`,
      known = this.#facts.get(key);
    if (known !== undefined) {
      known.times++;
      if (!known.source.includes(source)) known.source += `, ${source}`;
      return;
    }
    const count = this.#perKind.get(kind) ?? 0;
    if (shown === '' || count >= MOST_FACTS) return;
    this.#perKind.set(kind, count + 1);
    this.#facts.set(key, { kind, text: shown, source, times: 1, frame });
  }

  #visit(name: string, how: HostVisit['how'], server: string, frame: number): void {
    const shown = safeText(name, LONGEST),
      key = `${how} ${shown} ${server}`,
      known = this.#visited.get(key);
    if (known !== undefined) known.times++;
    else if (shown !== '' && this.#visited.size < MOST_NAMES) this.#visited.set(key, { name: shown, how, server, times: 1, frame });
  }
}
