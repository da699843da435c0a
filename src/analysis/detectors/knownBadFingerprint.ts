/**
 * TLS clients whose fingerprint was seen with malware. The list is that of abuse.ch's SSL blacklist (https://sslbl.abuse.ch/blacklist/ja3_fingerprints.csv,
 * CC0, last entry of 2021, without adware) and the malware of FoxIO's JA4 list (github.com/FoxIO-LLC/ja4, ja4plus-mapping.csv). Malware that uses the TLS of
 * Windows or Go has the fingerprint of every honest program that does: alone, it says little. Lists of one's own are for `intel-match`.
 */
import * as z from 'zod';
import { tlsCertificateMessage, tlsClientHelloMessage } from '../../pcap/tls/messages.ts';
import type { CaptureState } from '../captureState.ts';
import { coverage, examinedAll, unreadableFrames } from '../coverage.ts';
import { plural } from '../describe.ts';
import { defineDetector, type FindingDraft } from '../detector.ts';
import { Sightings, sightingDraft, type Sighting } from './sightings.ts';
import { isLocalAddress } from './watched.ts';

const options = z.object({
  connections: z.int().min(1).default(1).describe('Connections of a client to a server with such a fingerprint (connections)'),
  shared: z.boolean().default(true).describe('Also tell, as a fact, of fingerprints that honest programs share with malware (yes or no)'),
});
type Options = z.output<typeof options>;

/** Name: fingerprints. */
const LIST =
  'Dridex:b386946a5a44d1ddcc843bc75336dfce cb98a24ee4b9134448ffb5714fd870ac d6f04b5a910115f4b50ecec09d40a1df;TrickBot:1aa7bf8b97e540ca5edd75f7b8384bfa 8f52d1ce303fb4a6515836aec3cc16b1 c50f6a8b9173676b47ba6085bd0c6cee 534ce2dbc413c68e908363b5df0ae5e0 fb00055a1196aeea8d1bc609885ba953 8916410db85077a5460817142dcbc8de e62a5f4d538cbf169c2af71bec2399b4 f735bbc6b69723b9df7b0e7ef27872af 49ed2ef3f1321e5f044f1e71b0e6fdd5;Tofsee:35c0a31c481927f022a3b530255ac080 70722097d1fe1d78d8c2164640ab6df4 590a232d04d56409fab72e752a8a2634 96eba628dcb2b47607192ba74a3b55ba 03e186a7f83285e93341de478334006e 7dcce5b76c8b17472d024758970a406b fd80fa9c6120cdeea8520510f3c644ac 911479ac8a0813ed1241b3686ccdade9 c5deb9465d47232dd48772f9c4d14679 807fca46d9d0cf63adf4e5e80e414bbe;JBifrost:51a7ad14509fd614c7bb3a50c4982b8c;Qakbot:3cda52da4ade09f1f781ad2e82dcfa20;TorrentLocker:1712287800ac91b34cadd5884ce85568;Gozi:c201b92f8b483fa388be174d6689f534 57f3642b4e37e28f5cbe3020c9331b4c;Troldesh:1be3ecebe5aa9d3654e6e703d81f6928;Ransomware:2d8794cb7b52b777bee2695e79c15760;CoinMiner:40adfd923eb82b89d8836ba37a19bca1;Adwind:d2935c58fe676744fecc8614ee5356c7 decfb48a53789ebe081b88aabb58ee34;Gootkit:c5235d3a8b9934b7fbbd204d50bc058d;IcedID:t13d201100_2b729b4bf6f3_9e7b989ebec8';
/** The same for those of Windows itself and of Go: also TrickBot, Dridex, Qakbot and Cobalt Strike have them, as thousands of programs do. */
const SHARED_LIST =
  'Dridex:51c64c77e60f3980eea90869b68c58a8;Qakbot:7dd50e112cd23734a310b90f6f44a7cd;Tofsee:4d7a28d6f2263ed61de88ca66eb011e3;Sliver:t13d190900_9dc949149365_97f8aa674fd9 t13i190900_9dc949149365_97f8aa674fd9;Cobalt Strike:t12i190700_d83cc789557e_16bbda4055b2 t12i210700_76e208dd3e22_16bbda4055b2';

interface Fingerprint {
  readonly id: string;
  readonly name: string;
  readonly hash: string;
  readonly isShared: boolean;
}

function known(): ReadonlyMap<string, Fingerprint> {
  const all = new Map<string, Fingerprint>();
  for (const [list, isShared] of [
    [LIST, false],
    [SHARED_LIST, true],
  ] as const)
    for (const line of list.split(';')) {
      const [name = '', hashes = ''] = line.split(':');
      for (const hash of hashes.split(' ')) all.set(hash, { id: hash, name, hash, isShared });
    }
  return all;
}

const MOST_WAITING = 10_000;

export const knownBadFingerprint = defineDetector({
  id: 'known-bad-fingerprint',
  title: 'Fingerprints of malware',
  tier: 2,
  deed: 'spoke TLS as {what} does, to {whom}',
  description:
    'A TLS client looks exactly like one that malware used. Honest programs that use the same library look the same; what else is odd about the connection decides how grave it is.',
  options,
  messages: [tlsClientHelloMessage.kind, tlsCertificateMessage.kind],
  create(_, state) {
    const seen = new Sightings<Fingerprint>(state),
      list = known(),
      /** Connections with such a client, until their server shows its certificate. */
      waiting = new Map<number, Sighting<Fingerprint>>(),
      selfMade = new Set<Sighting<Fingerprint>>(),
      nameless = new Set<Sighting<Fingerprint>>();
    return {
      onMessage(message, flow, p) {
        if (flow < 0) return;
        if (tlsClientHelloMessage.is(message)) {
          const print = list.get(message.ja3 ?? '') ?? list.get(message.ja4 ?? '');
          if (print === undefined) return;
          const one = seen.add(print, flow, p, message.sni ?? '');
          if (one === null) return;
          if (message.sni === null) nameless.add(one);
          if (waiting.size < MOST_WAITING) waiting.set(flow, one);
        } else if (tlsCertificateMessage.is(message) && waiting.size > 0 && message.fromServer) {
          const one = waiting.get(flow);
          if (one !== undefined && message.chain[0]?.selfSigned === true) selfMade.add(one);
          waiting.delete(flow);
        }
      },
      evaluate(values) {
        const findings: FindingDraft[] = [];
        for (const one of seen.values)
          if (one.count >= values.connections && (values.shared || !one.mark.isShared))
            findings.push(draft(values, state, one, selfMade.has(one), nameless.has(one)));
        return { findings, coverage: coverage(examinedAll(state), [...unreadableFrames(state), ...seen.limits('clients and servers')]) };
      },
    };
  },
});

function draft(values: Options, state: CaptureState, one: Sighting<Fingerprint>, isSelfMade: boolean, isNameless: boolean): FindingDraft {
  const { mark, client, server, serverPort, count } = one,
    isOutside = isLocalAddress(client) && !isLocalAddress(server),
    isOdd = isNameless && serverPort !== 443,
    severity = mark.isShared ? (isSelfMade && isNameless ? 'low' : 'info') : isOutside && (isSelfMade || isOdd) ? 'medium' : 'low';
  const kind = mark.hash.length === 32 ? 'JA3' : 'JA4';
  return sightingDraft(state, one, {
    technique: mark.hash,
    what: mark.name,
    severity,
    parts: [
      [`a fingerprint of ${mark.name}`, mark.isShared ? 15 : 40],
      ['the server made its certificate itself', isSelfMade ? 25 : 0],
      ['no name is asked for', isNameless ? 10 : 0],
      ['on a port that is not that of the web', serverPort !== 443 ? 10 : 0],
    ],
    title: `${client} speaks TLS to ${server} port ${serverPort} as ${mark.name} does`,
    description: `${plural(count, 'connection')} (threshold ${values.connections}) had the ${kind} fingerprint ${mark.hash}, which was seen with ${mark.name}${
      mark.isShared ? ' and belongs to a library that many honest programs use' : ''
    }.`,
    indicators: [{ name: kind, value: mark.hash }],
    alternatives: ['An honest program with the same TLS library and settings.'],
    attack: ['T1071.001', 'T1573'],
    recommendation: `Find the program on ${client} that connects to ${server}; the fingerprint alone proves nothing.`,
  });
}
