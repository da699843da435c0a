/**
 * DNS that nobody on the way can read: over TLS (RFC 7858), DTLS (RFC 8094), HTTPS (RFC 8484), QUIC (RFC 9250), or DNSCrypt, to a resolver that is known by its name or port.
 * A fact, not an alarm: browsers do it by themselves; rules of the network do not see these questions, and neither do the other checks.
 */
import * as z from 'zod';
import { dnsMessage } from '../../pcap/dns/message.ts';
import { tlsClientHelloMessage, tlsServerNameMessage } from '../../pcap/tls/messages.ts';
import { NET_DST_PORT, NET_PROTOCOL, NET_STRIDE, type Packet } from '../../pcap/packet.ts';
import type { CaptureState } from '../captureState.ts';
import { coverage, examinedAll, unreadableFrames } from '../coverage.ts';
import { bytesText, plural } from '../describe.ts';
import { defineDetector, type FindingDraft } from '../detector.ts';
import * as F from '../flowTable.ts';
import { remembered } from './remembered.ts';
import { Sightings, sightingDraft, wordedDraft, type Sighting } from './sightings.ts';
import { addressFilter, endsOf, Evidence, speaksDtls, Watched, type Ends } from './watched.ts';

const options = z.object({
  connections: z.int().min(1).default(1).describe('Connections of a client to such a resolver (connections)'),
  bulkKilobytes: z
    .number()
    .positive()
    .default(1000)
    .describe('Payload that one connection to port 853 carries one way in full segments from which it is no DNS, but a tunnel (thousand bytes)'),
  allowedResolvers: z.array(z.string()).default([]).describe('Names of resolvers that the network chose (names)'),
});
type Options = z.output<typeof options>;

/**
 * Names of public resolvers over HTTPS; those below them count too. Written from memory, not complete: github.com/curl/curl/wiki/DNS-over-HTTPS has more to
 * compare with.
 */
const RESOLVERS =
  'dns.google dns.google.com dns64.dns.google cloudflare-dns.com one.one.one.one dns.quad9.net dns9.quad9.net dns10.quad9.net dns11.quad9.net doh.opendns.com doh.familyshield.opendns.com dns.adguard.com dns.adguard-dns.com doh.cleanbrowsing.org dns.nextdns.io doh.dns.sb dns.mullvad.net doh.mullvad.net doh.xfinity.com dns.alidns.com doh.pub doh.360.cn odvr.nic.cz doh.li dns.switch.ch doh.libredns.gr dns.digitale-gesellschaft.ch doh.applied-privacy.net dnsforge.de freedns.controld.com dns.controld.com dns0.eu doh.dns.apple.com doh.tiar.app jp.tiar.app dns.twnic.tw dns.rubyfish.cn doh.ffmuc.net ordns.he.net doh.powerdns.org dns.aa.net.uk doh.appliedprivacy.net'.split(
    ' ',
  );
const DOT_PORT = 853,
  PROTOCOL_UDP = 17;

interface Way {
  readonly id: string;
  readonly name: string;
}
const TLS: Way = { id: 'dot', name: 'DNS over TLS' },
  DTLS: Way = { id: 'dod', name: 'DNS over DTLS' },
  HTTPS: Way = { id: 'doh', name: 'DNS over HTTPS' },
  QUIC: Way = { id: 'doq', name: 'DNS over QUIC' },
  DNSCRYPT: Way = { id: 'dnscrypt', name: 'DNSCrypt' };

export const encryptedDns = defineDetector({
  id: 'encrypted-dns',
  title: 'Encrypted DNS',
  tier: 3,
  deed: 'asked {whom} by {what}',
  description:
    'A host puts its DNS questions to a public resolver where nobody can read them. Browsers and phones do so for privacy; malware does it to hide which masters it looks for.',
  options,
  messages: [tlsServerNameMessage.kind, tlsClientHelloMessage.kind, dnsMessage.kind],
  create(_, state) {
    const seen = new Sightings<Way>(state),
      isResolver = remembered((name) => RESOLVERS.some((one) => name === one || name.endsWith(`.${one}`)));
    return {
      onMessage(message, flow, p) {
        if (dnsMessage.is(message)) {
          // How a client of DNSCrypt asks for the keys of its resolver.
          if (!message.isResponse && message.qtype === 16 && /^\d\.dnscrypt-cert\./i.test(message.qname)) seen.add(DNSCRYPT, flow, p, message.qname);
        } else if (speaksDtls(p)) {
          if (tlsClientHelloMessage.is(message) && portOf(p) === DOT_PORT) seen.add(DTLS, flow, p, message.sni ?? '');
        } else if (tlsServerNameMessage.is(message)) {
          if (isResolver(message.name.toLowerCase()) && portOf(p) !== DOT_PORT) seen.add(HTTPS, flow, p, message.name);
          else if (isUdp(p) && portOf(p) === DOT_PORT) seen.add(QUIC, flow, p, message.name);
        } else if (tlsClientHelloMessage.is(message) && message.direction === 0) {
          if (message.alpn.includes('doq') || (isUdp(p) && portOf(p) === DOT_PORT)) {
            if (message.sni === null) seen.add(QUIC, flow, p);
          } else if (message.alpn.includes('dot') || portOf(p) === DOT_PORT) seen.add(TLS, flow, p, message.sni ?? '');
        }
      },
      evaluate(values) {
        const allowed = new Set(values.allowedResolvers.map((name) => name.toLowerCase()));
        return {
          findings: [...seen.values]
            .filter(({ count, texts }) => count >= values.connections && ![...texts].some((text) => allowed.has(text.toLowerCase())))
            .map((one) => draft(values, state, one))
            .concat(bulks(values, state)),
          coverage: coverage(examinedAll(state), [...unreadableFrames(state), ...seen.limits('clients and resolvers')]),
        };
      },
    };
  },
});

/** Mean payload of a packet from which a direction carries bulk: DNS in TLS comes in messages of some hundred bytes, padded to 128 and 468 (RFC 8467). */
const BULK_BYTES = 900;

/** Connections to port 853 in the shape of a transfer: whatever they carry, it is not questions and answers. Judged from the flow table. */
function bulks(values: Options, state: CaptureState): FindingDraft[] {
  const { flows } = state,
    { ints, doubles, count } = flows,
    bulky = new Watched<string, Bulk>(MOST_BULKS);
  for (let row = 0; row < count; row++) {
    const at = row * F.INTS,
      dat = row * F.DOUBLES;
    if ((ints[at + F.PORTS]! & 0xffff) !== DOT_PORT) continue;
    const up = bulkOf(doubles[dat + F.PAYLOAD_A]!, ints[at + F.PACKETS_A]!),
      down = bulkOf(doubles[dat + F.PAYLOAD_B]!, ints[at + F.PACKETS_B]!),
      bytes = Math.max(up, down);
    if (bytes < values.bulkKilobytes * 1000) continue;
    const ends = endsOf(state, row),
      one = bulky.of(`${ends.client} ${ends.server}`, () => ({ ends, evidence: new Evidence(), up: 0, down: 0 }));
    if (one === undefined) continue;
    one.evidence.addRow(flows, row);
    one.up += doubles[dat + F.PAYLOAD_A]!;
    one.down += doubles[dat + F.PAYLOAD_B]!;
  }
  return [...bulky.values].map((one) => draftBulk(values, state, one));
}

interface Bulk {
  readonly ends: Ends;
  readonly evidence: Evidence;
  up: number;
  down: number;
}
const MOST_BULKS = 1000;

/** The payload of a direction in full segments, else 0. */
const bulkOf = (payload: number, packets: number): number => (packets > 0 && payload / packets >= BULK_BYTES ? payload : 0);

function draftBulk(values: Options, state: CaptureState, { ends, evidence, up, down }: Bulk): FindingDraft {
  const { client, server } = ends;
  return wordedDraft(
    state,
    [
      { role: 'client', address: client },
      { role: 'server', address: server, port: DOT_PORT },
    ],
    evidence,
    `${addressFilter(client, server)} && (tcp.port == ${DOT_PORT} || udp.port == ${DOT_PORT})`,
    {
      technique: 'bulk',
      what: 'a tunnel on the port of encrypted DNS',
      deed: 'moved data to {whom} over the port of encrypted DNS',
      severity: 'medium',
      parts: [
        ['full segments in bulk, where DNS sends messages of some hundred bytes', 65],
        ['many times the threshold', Math.min(15, 4 * Math.log2(Math.max(1, Math.max(up, down) / (values.bulkKilobytes * 1000))))],
      ],
      title: `${client} carries ${bytesText(up + down)} to and from ${server} over the port of encrypted DNS`,
      description: `Connections to port ${DOT_PORT} of ${server} carried ${bytesText(up)} there and ${bytesText(down)} back, in full segments (threshold ${bytesText(values.bulkKilobytes * 1000)} one way in one connection). Questions and answers look otherwise: this is a tunnel or a transfer.`,
      indicators: [
        { name: 'bytes there', value: up, unit: 'bytes' },
        { name: 'bytes back', value: down, unit: 'bytes' },
        { name: 'threshold for one connection', value: values.bulkKilobytes * 1000, unit: 'bytes' },
      ],
      alternatives: ['A zone transfer between name servers (RFC 9103), or another service that somebody put on this port.'],
      attack: ['T1572', 'T1071.004'],
      recommendation: `Find out which program on ${client} does it. Let only the resolver of the network use port ${DOT_PORT}.`,
    },
  );
}

function isUdp({ net, netCount }: Packet): boolean {
  return netCount > 0 && net[(netCount - 1) * NET_STRIDE + NET_PROTOCOL] === PROTOCOL_UDP;
}

function portOf(p: Packet): number {
  return p.netCount === 0 ? 0 : p.net[(p.netCount - 1) * NET_STRIDE + NET_DST_PORT]!;
}

function draft(values: Options, state: CaptureState, one: Sighting<Way>): FindingDraft {
  const { mark, client, server, serverPort, count, texts } = one,
    [name] = texts;
  return sightingDraft(state, one, {
    technique: mark.id,
    what: mark.name,
    severity: 'info',
    parts: [
      [mark === HTTPS ? 'the name of a public resolver' : 'the port or words of encrypted DNS', 75],
      ['more than once', Math.min(10, count - 1)],
    ],
    title: `${client} asks ${name ?? server} by ${mark.name}`,
    description: `${plural(count, 'connection')} (threshold ${values.connections}) to ${server} port ${serverPort} carried ${mark.name}: what is asked there cannot be read, and rules about names do not see it.`,
    alternatives: ['A browser or phone that was set up so by its maker, or a resolver that the network chose.'],
    attack: ['T1071.004'],
    together: {
      key: `${client} ${mark.id}`,
      label: `${name ?? server} port ${serverPort}`,
      note: plural(count, 'connection'),
      words: ({ parts }) => ({
        title: `${client} asks ${[...new Set(parts.map((part) => part.together?.label.replace(/ port \d+$/, '') ?? ''))].slice(0, 3).join(', ')} by ${mark.name}`,
        description: 'What is asked there cannot be read, and rules about names do not see it:',
        recommendation: `If the network has a resolver of its own, find out which program on ${client} goes past it.`,
      }),
    },
    recommendation: `If the network has a resolver of its own, find out which program on ${client} goes past it.`,
  });
}
