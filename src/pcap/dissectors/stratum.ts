/**
 * Stratum: how miners get their work from a pool, JSON-RPC in lines. Bitcoin's `mining.*` (BIP 310 and the wiki of its time), Monero's `login`,
 * Ethereum's `eth_*`. Wireshark has no dissector for it, so the name is our own.
 */
import { defineFields, messageKind, NOT_MINE, type Direction, type Dissector, type FieldSink, type Message } from '../dissector.ts';
import { stepLine } from '../lines.ts';
import type { Packet } from '../packet.ts';
import { textAt } from '../text.ts';

const f = defineFields({
  method: { name: 'stratum.method', label: 'Method', type: 'string' },
  worker: { name: 'stratum.worker', label: 'Worker', type: 'string' },
  line: { name: 'stratum.line', label: 'Line', type: 'string' },
});

/** A call of a method that only mining has. */
export interface StratumMessage extends Message {
  readonly kind: 'stratum';
  readonly method: string;
  readonly fromServer: boolean;
  /** Wallet or account, and the rig's name, of a login. */
  readonly worker: string | null;
}
export const stratumMessage = messageKind<StratumMessage>('stratum');

const KEEP_BYTES = 2048,
  BRACE = 0x7b;
const METHOD = /"method"\s*:\s*"([A-Za-z_.]{1,64})"/;
/** Methods of miners, and of pools. `login` alone is a word of many: Monero's has an agent or a pass beside it. */
const FROM_MINER =
    /^(?:mining\.(?:subscribe|authorize|submit|extranonce\.subscribe|configure|suggest_difficulty|hello|noop)|eth_(?:submitLogin|getWork|submitWork|submitHashrate)|submit|keepalived|getjob)$/,
  FROM_POOL =
    /^(?:mining\.(?:notify|set_difficulty|set_extranonce|set_target|set_version_mask|set)|client\.(?:reconnect|show_message|get_version)|job)$/;
const LOGIN = /^(?:mining\.authorize|eth_submitLogin|login)$/;

export const stratum: Dissector = {
  id: 'stratum',
  name: 'Stratum Mining Protocol',
  fields: f,
  on: [{ table: 'tcp.heuristic' }],
  application: true,
  stream: {
    /** A line of JSON whose method is a miner's or a pool's. */
    recognise(bytes, offset, end) {
      if (end === offset) return 'more';
      if (bytes[offset] !== BRACE) return 'no';
      const text = textAt(bytes, offset, end),
        line = text.indexOf('\n');
      if (isMining(line < 0 ? text : text.slice(0, line))) return 'yes';
      return line < 0 && end - offset < 1024 ? 'more' : 'no';
    },
    open: () => null,
    keepBytes: KEEP_BYTES,
    step: (p, bytes, offset, end) => (bytes[offset]! < 9 ? NOT_MINE : stepLine(p, bytes, offset, end)),
    dissect: dissectStratum,
  },
};

/** Whether a line of JSON-RPC, perhaps not whole yet, is about mining. */
function isMining(line: string): boolean {
  const method = METHOD.exec(line)?.[1];
  if (method === undefined) return false;
  if (method.startsWith('mining.') || method.startsWith('eth_submit') || method === 'eth_getWork') return true;
  // Monero's dialect: the wallet is the login, the algorithms it can do or its program are named; a job has a blob.
  if (method === 'login') return /"login"\s*:/.test(line) && /"(?:agent|algo|rigid|pass)"\s*:/.test(line);
  return method === 'job' && /"blob"\s*:/.test(line) && /"job_id"\s*:/.test(line);
}

function dissectStratum(p: Packet, offset: number, end: number, _direction: Direction, _state: null, sink: FieldSink | null): void {
  const { bytes } = p,
    text = textAt(bytes, offset, Math.min(end, offset + KEEP_BYTES)),
    method = METHOD.exec(text)?.[1] ?? '',
    isLogin = LOGIN.test(method),
    // `params` of an array begins with the worker; Monero's has it as `login`.
    worker = isLogin ? (/"params"\s*:\s*\[\s*"([^"]{1,256})"/.exec(text)?.[1] ?? /"login"\s*:\s*"([^"]{1,256})"/.exec(text)?.[1] ?? null) : null;
  if (sink !== null) {
    sink.layer(stratum, offset, end - offset);
    // A login's second word is a password, mostly `x`.
    sink.add(f.line, offset, end - offset, isLogin ? `${method} ********` : text);
    if (method !== '') sink.add(f.method, offset, end - offset, method);
    if (worker !== null) sink.add(f.worker, offset, end - offset, worker);
    sink.info('STRATUM', method === '' ? 'Answer' : method);
  }
  if (!p.hears('stratum') || !(FROM_MINER.test(method) || FROM_POOL.test(method) || isLogin)) return;
  p.emit({ kind: 'stratum', frame: p.frame, method, fromServer: FROM_POOL.test(method), worker } satisfies StratumMessage);
}
