/**
 * DNS that nobody on the way can read: over TLS (RFC 7858), HTTPS (RFC 8484), QUIC (RFC 9250), or DNSCrypt, to a resolver that is known by its name or port.
 * A fact, not an alarm: browsers do it by themselves; rules of the network do not see these questions, and neither do the other checks.
 */
import * as z from 'zod';
import { dnsMessage } from '../../pcap/dns/message.ts';
import { tlsClientHelloMessage, tlsServerNameMessage } from '../../pcap/tls/messages.ts';
import { NET_DST_PORT, NET_PROTOCOL, NET_STRIDE, type Packet } from '../../pcap/packet.ts';
import type { CaptureState } from '../captureState.ts';
import { coverage, examinedAll, unreadableFrames } from '../coverage.ts';
import { plural } from '../describe.ts';
import { defineDetector } from '../detector.ts';
import { remembered } from './remembered.ts';
import { Sightings, sightingDraft, type Sighting } from './sightings.ts';

const options = z.object({
  connections: z.int().min(1).default(1).describe('Connections of a client to such a resolver (connections)'),
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
        } else if (tlsServerNameMessage.is(message)) {
          if (isResolver(message.name.toLowerCase()) && portOf(p) !== DOT_PORT) seen.add(HTTPS, flow, p, message.name);
          else if (flow < 0 && portOf(p) === DOT_PORT) seen.add(QUIC, flow, p, message.name);
        } else if (tlsClientHelloMessage.is(message) && message.direction === 0) {
          const isUdp = p.net[(p.netCount - 1) * NET_STRIDE + NET_PROTOCOL] === PROTOCOL_UDP;
          if (message.alpn.includes('doq') || (isUdp && portOf(p) === DOT_PORT)) {
            if (message.sni === null) seen.add(QUIC, flow, p);
          } else if (message.alpn.includes('dot') || portOf(p) === DOT_PORT) seen.add(TLS, flow, p, message.sni ?? '');
        }
      },
      evaluate(values) {
        const allowed = new Set(values.allowedResolvers.map((name) => name.toLowerCase()));
        return {
          findings: [...seen.values]
            .filter(({ count, texts }) => count >= values.connections && ![...texts].some((text) => allowed.has(text.toLowerCase())))
            .map((one) => draft(values, state, one)),
          coverage: coverage(examinedAll(state), [...unreadableFrames(state), ...seen.limits('clients and resolvers')]),
        };
      },
    };
  },
});

function portOf(p: Packet): number {
  return p.netCount === 0 ? 0 : p.net[(p.netCount - 1) * NET_STRIDE + NET_DST_PORT]!;
}

function draft(values: Options, state: CaptureState, one: Sighting<Way>) {
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
