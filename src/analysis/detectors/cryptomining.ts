/** Mining of crypto currency: a host speaks Stratum, the language of mining pools, or a pool's name stands in a TLS hello. Those who mine on purpose do the same. */
import * as z from 'zod';
import { stratumMessage } from '../../pcap/dissectors/stratum.ts';
import { tlsClientHelloMessage } from '../../pcap/tls/messages.ts';
import { coverage, examinedAll, unreadableFrames } from '../coverage.ts';
import { plural } from '../describe.ts';
import { defineDetector, type FindingDraft } from '../detector.ts';
import { safeText } from '../exports/safeText.ts';
import { addressFilter, confidenceOf, endsOf, Evidence, isLocalAddress, Watched, type Ends } from './watched.ts';

const options = z.object({
  messages: z.int().min(1).default(2).describe('Messages of Stratum between a miner and a pool before it is told (messages)'),
  poolNames: z.boolean().default(true).describe('Also tell of TLS to hosts that are named like known pools (yes or no)'),
});
type Options = z.output<typeof options>;

const MOST_PAIRS = 5000,
  MOST_WORDS = 20;
/** Domains of well-known pools. Their web pages are at the domain itself and at `www.`; miners go to hosts of regions and coins, like `xmr-eu1.`. */
const POOLS =
  'minexmr.com supportxmr.com moneroocean.stream nanopool.org hashvault.pro 2miners.com ethermine.org f2pool.com nicehash.com xmrpool.eu herominers.com c3pool.com c3pool.org unmineable.com antpool.com viabtc.com slushpool.com braiins.com poolin.com flypool.org miningpoolhub.com zpool.ca prohashing.com dwarfpool.com monerohash.com xmrfast.com crypto-pool.fr minergate.com coinhive.com webminepool.com hashcity.org skypool.org zergpool.com woolypooly.com ravenminer.com flexpool.io hiveon.net kryptex.network'
    .split(' ')
    .map((pool) => `.${pool}`);
const NOT_MINING = /^(?:www|api|blog|docs|help|support|status|static|cdn|img|assets|forum|account|login|app|m)\d*\./;

interface Mining {
  readonly ends: Ends;
  readonly evidence: Evidence;
  readonly methods: Set<string>;
  readonly workers: Set<string>;
  messages: number;
  shares: number;
  pool: string;
}

export const cryptomining = defineDetector({
  id: 'cryptomining',
  title: 'Crypto mining',
  tier: 2,
  deed: 'mined crypto currency at {whom}',
  description:
    'A host talks Stratum to a mining pool, or goes over TLS to a host of a known pool. Where nobody mines on purpose, somebody else uses the machine.',
  options,
  messages: [stratumMessage.kind, tlsClientHelloMessage.kind],
  collecting: ['poolNames'],
  create(collecting, state) {
    const pairs = new Watched<string, Mining>(MOST_PAIRS);
    return {
      onMessage(message, flow, p) {
        if (flow < 0) return;
        const isStratum = stratumMessage.is(message);
        let pool = '';
        if (!isStratum) {
          if (!collecting.poolNames || !tlsClientHelloMessage.is(message) || message.sni === null) return;
          pool = poolOf(message.sni.toLowerCase());
          if (pool === '') return;
        }
        const ends = endsOf(state, flow),
          one = pairs.of(`${ends.client} ${ends.server} ${ends.serverPort} ${pool}`, () => ({
            ends,
            evidence: new Evidence(),
            methods: new Set(),
            workers: new Set(),
            messages: 0,
            shares: 0,
            pool,
          }));
        if (one === undefined) return;
        one.messages++;
        one.evidence.add(p, flow);
        if (!isStratum) return;
        if (one.methods.size < MOST_WORDS) one.methods.add(message.method);
        if (message.worker !== null && one.workers.size < MOST_WORDS) one.workers.add(message.worker);
        if (/submit(?:Work)?$/.test(message.method)) one.shares++;
      },
      evaluate: (values) => ({
        findings: [...pairs.values].filter(({ pool, messages }) => pool !== '' || messages >= values.messages).map((one) => draft(values, one)),
        coverage: coverage(examinedAll(state), [...unreadableFrames(state), ...pairs.limits('miners and pools')]),
      }),
    };
  },
});

/** The pool's host, or nothing for other names and for a pool's pages. */
function poolOf(name: string): string {
  if (name.length > 253 || NOT_MINING.test(name)) return '';
  return POOLS.some((pool) => name.endsWith(pool)) ? name : '';
}

function draft(values: Options, { ends, evidence, methods, workers, messages, shares, pool }: Mining): FindingDraft {
  const { client, server, serverPort } = ends,
    isNamed = pool !== '',
    shown = safeText(pool, 80),
    list = (words: ReadonlySet<string>): string =>
      [...words]
        .slice(0, 5)
        .map((word) => safeText(word, 60))
        .join(', ');
  const { confidence, indicators } = confidenceOf([
    [isNamed ? 'the name of a known pool' : 'methods that only mining has', isNamed ? 45 : 80],
    ['a port that pools use for TLS', isNamed && serverPort !== 443 ? 20 : 0],
    ['finished work was handed in', shares > 0 ? 10 : 0],
    ['a worker logged in', workers.size > 0 ? 5 : 0],
  ]);
  return {
    technique: isNamed ? 'pool-name' : 'stratum',
    severity: 'medium',
    confidence,
    title: isNamed ? `${client} connects to the mining pool ${shown}` : `${client} mines crypto currency at ${server}`,
    description: isNamed
      ? `${plural(messages, 'TLS connection')} of ${client} named ${shown}, a host of a known mining pool; what they carry is encrypted.`
      : `${plural(messages, 'message')} of Stratum (threshold ${values.messages}) passed between ${client} and ${server} port ${serverPort}: ${list(methods)}.${
          workers.size > 0 ? ` Logged in as ${list(workers)}.` : ''
        }${shares > 0 ? ` ${plural(shares, 'result')} handed in.` : ''}`,
    subjects: [
      { role: 'client', address: client },
      { role: 'server', address: server, port: serverPort, ...(isNamed ? { name: shown } : {}) },
    ],
    ...evidence.proof,
    indicators: [
      { name: isNamed ? 'TLS connections' : 'messages of Stratum', value: messages, ...(isNamed ? {} : { threshold: values.messages }) },
      ...(isNamed ? [] : [{ name: 'results handed in', value: shares }]),
      ...(workers.size > 0 ? [{ name: 'workers', value: list(workers) }] : []),
      { name: 'pool outside the own network', value: isLocalAddress(server) ? 'no' : 'yes' },
      ...indicators,
    ],
    alternatives: [
      'Somebody who mines on purpose.',
      ...(isNamed ? ["A visit to the pool's own pages under an unusual name."] : ['A proxy or a test of a pool.']),
    ],
    filter: `${addressFilter(client, server)} && tcp.port == ${serverPort}`,
    attack: ['T1496'],
    together: {
      key: client,
      label: `${isNamed ? shown : server} port ${serverPort}`,
      note: plural(messages, isNamed ? 'TLS connection' : 'message'),
      words: (all) => ({
        title: `${client} mines crypto currency at ${all.hosts('server', 'pool')}`,
        description: 'Programs that mine try one pool after the other. Seen were',
        recommendation: `Look at ${client} for a program that takes all its processor or graphics time, and how it came there; block these pools.`,
      }),
    },
    recommendation: `Look at ${client} for a program that takes all its processor or graphics time, and how it came there; block ${isNamed ? shown : `${server} port ${serverPort}`}.`,
  };
}
