/**
 * ICMP tunnel: echo messages that carry data instead of the same filler each time. A ping repeats one pattern and gets back what it sent; a tunnel
 * sends ever new contents in many sizes, and its answers are not echoes.
 */
import * as z from 'zod';
import { NET_STRIDE, NET_VERSION, type Packet } from '../../pcap/packet.ts';
import type { CaptureState } from '../captureState.ts';
import { flowAddress } from '../conversations.ts';
import { coverage, examinedAll, unreadableFrames } from '../coverage.ts';
import { bytesText, countText, plural } from '../describe.ts';
import { defineDetector, type FindingDraft } from '../detector.ts';
import * as F from '../flowTable.ts';
import type { Together } from '../gatherFindings.ts';
import { checksumTrustOf } from './checksumTrust.ts';
import { addressFilter, confidenceOf, Evidence, Watched, type Part } from './watched.ts';

const options = z.object({
  messages: z.int().min(4).default(20).describe('Echo messages between two addresses from which they are judged (messages)'),
  newContentPercent: z
    .number()
    .min(1)
    .max(100)
    .default(40)
    .describe('Share of the echo requests whose content differs from the one before, their time stamp aside (percent)'),
  sizes: z.int().min(2).default(8).describe('Different sizes of payload that no ping has (sizes)'),
  largeBytes: z.int().min(64).default(512).describe('Mean payload that is more than a ping carries by itself (bytes)'),
});
type Options = z.output<typeof options>;

const MOST_PAIRS = 4096;
/** `icmp` of Packet: type * 256 + code of echo and its reply, RFC 792 and RFC 4443. */
const REPLY = 0,
  REQUEST = 8 * 256,
  REQUEST_V6 = 128 * 256,
  REPLY_V6 = 129 * 256;
/** Pings write the time they were sent into the first bytes of their payload. */
const TIME_STAMP = 16,
  COMPARED = 48,
  /** Bytes with which a pattern may repeat: those that `ping -p` takes. */
  LONGEST_PATTERN = 16,
  /** Mean payload from which ever new contents alone are told. */
  NEW_BYTES = 256;
/** Different contents of replies that are told apart, and those from which they are no mix of a few pings. */
const CONTENTS = 256,
  MANY_CONTENTS = 12;
/** Requests whose contents wait for their replies. */
const WAITING = 64;
/** Hosts to which one source sends the like, and sizes of it: programs that measure networks have a list of both. A tunnel has one other end. */
const LEAST_MEASURED = 3,
  MOST_MEASURED_SIZES = 3;

class Pair {
  readonly evidence = new Evidence();
  readonly flow: number;
  requests = 0;
  replies = 0;
  requestBytes = 0;
  replyBytes = 0;
  largest = 0;
  /** Requests that say something else than the one before. */
  newContents = 0;
  compared = 0;
  /** Requests of readable text, or filled with a pattern, that differs from the one before: a ping's filler never changes. */
  newTexts = 0;
  newPatterns = 0;
  /** Replies that are no echo of a request, and those that are. */
  noEchoes = 0;
  echoes = 0;
  /** Replies that begin otherwise than the request of the same number: a reply may be shortened, but not rewritten. */
  rewritten = 0;
  /** Where nobody asked: replies that say something else than the one before, those of readable text, and how many different contents there are, to 256. */
  newReplies = 0;
  newReplyTexts = 0;
  readonly #contents = new Uint32Array(CONTENTS / 32);
  #lastReply = 0;
  /** Payloads that begin like an IP packet, perhaps behind a header of the tunnel. */
  ipLike = 0;
  readonly sizes = new Uint8Array(192);
  readonly #sent = new Int32Array(WAITING);
  readonly #sentStarts = new Int32Array(WAITING);
  /** Identifier and sequence number of each. */
  readonly #sentAs = new Int32Array(WAITING).fill(-1);
  #next = 0;
  #lastContent = 0;
  #lastShort = 0;
  #lastUnasked = 0;

  constructor(flow: number) {
    this.flow = flow;
  }

  /** `numbers`: identifier and sequence number. */
  request(p: Packet, from: number, to: number, numbers: number): void {
    this.requests++;
    this.requestBytes += to - from;
    this.#note(p, from, to);
    const content = hash(p.bytes, from + TIME_STAMP, Math.min(to, from + TIME_STAMP + COMPARED));
    if (this.requests > 1) {
      this.compared++;
      if (content !== this.#lastContent) this.newContents++;
    }
    // A payload that ends within the time stamp's place has none if it can be read.
    const isShort = to - from <= TIME_STAMP,
      short = isShort ? hash(p.bytes, from, to) : 0,
      start = isShort ? from : from + TIME_STAMP;
    if (this.requests > 1 && (isShort ? short !== this.#lastShort : content !== this.#lastContent)) {
      if (isText(p.bytes, start, to)) this.newTexts++;
      else if (!isShort && isPattern(p.bytes, start, Math.min(to, start + COMPARED))) this.newPatterns++;
    }
    this.#lastShort = short;
    this.#lastContent = content;
    const slot = this.#next++ % WAITING;
    this.#sentAs[slot] = numbers;
    this.#sentStarts[slot] = startHash(p.bytes, from, to);
    this.#sent[slot] = wholeHash(p.bytes, from, to);
  }

  reply(p: Packet, from: number, to: number, numbers: number): void {
    this.replies++;
    this.replyBytes += to - from;
    this.#note(p, from, to);
    if (this.requests === 0) {
      this.#unasked(p, from, to);
      return;
    }
    const content = wholeHash(p.bytes, from, to);
    if (this.#sent.includes(content)) {
      this.echoes++;
      return;
    }
    const asked = this.#sentAs.lastIndexOf(numbers);
    // What comes unasked and is always the same carries nothing: answers to pings that somebody sent to all in this host's name.
    if (asked < 0) {
      const isSame = content === this.#lastUnasked;
      this.#lastUnasked = content;
      if (isSame) return;
    }
    this.noEchoes++;
    if (to > from && asked >= 0 && this.#sentStarts[asked] !== startHash(p.bytes, from, to)) this.rewritten++;
  }

  /** A reply where no request was seen, as on one of two ways; whoever was pinged gives back the same filler each time. */
  #unasked(p: Packet, from: number, to: number): void {
    const start = to - from <= TIME_STAMP ? from : from + TIME_STAMP,
      content = hash(p.bytes, start, Math.min(to, start + COMPARED)),
      slot = (content ^ (content >>> 13)) & (CONTENTS - 1);
    if (this.replies > 1 && content !== this.#lastReply) {
      this.newReplies++;
      if (isText(p.bytes, start, to)) this.newReplyTexts++;
    }
    this.#lastReply = content;
    this.#contents[slot >> 5]! |= 1 << (slot & 31);
  }

  get differentReplies(): number {
    return bitsOf(this.#contents);
  }

  #note(p: Packet, from: number, to: number): void {
    const length = to - from,
      { bytes } = p;
    if (length > this.largest) this.largest = length;
    this.sizes[Math.min(1535, length) >> 3]! |= 1 << (length & 7);
    for (let at = from; at <= from + 32 && at + 20 <= to; at += 4) {
      // Version and a header without options, and a total length that ends where the payload does.
      if (bytes[at] === 0x45 && Math.abs(bytes[at + 2]! * 256 + bytes[at + 3]! - (to - at)) <= 8) {
        this.ipLike++;
        break;
      }
    }
  }

  get differentSizes(): number {
    return bitsOf(this.sizes);
  }
}

export const icmpTunnel = defineDetector({
  id: 'icmp-tunnel',
  title: 'ICMP tunnel',
  tier: 1,
  deed: 'carried data in ping to {whom}',
  description:
    'Echo requests and replies carry ever new contents in many sizes, as programs that pack a connection or commands into ping do. Measuring programs that send random bytes can look like it.',
  options,
  create(_, state) {
    const pairs = new Watched<number, Pair>(MOST_PAIRS);
    const trust = checksumTrustOf(state);
    let cut = 0;
    return {
      onOtherPacket(p, flow) {
        const { icmp } = p;
        if (icmp < 0 || flow < 0) return;
        const isV6 = p.net[(p.netCount - 1) * NET_STRIDE + NET_VERSION] === 6,
          isRequest = icmp === (isV6 ? REQUEST_V6 : REQUEST);
        if (!isRequest && icmp !== (isV6 ? REPLY_V6 : REPLY)) return;
        // Damage looks like data.
        if (trust.isDamaged(p)) return;
        // What has no ports is one flow per pair of addresses, both directions in one.
        const pair = pairs.get(flow) ?? (pairs.isFull ? undefined : pairs.of(flow, () => new Pair(flow)));
        if (pair === undefined) return;
        if (p.isCut || p.capturedLength < p.originalLength) {
          cut++;
          return;
        }
        // The data behind the header was handed on last; without data it is the message itself that was.
        const from = p.pendingOffset,
          to = p.pendingEnd,
          isEmpty = to - from === 8 && p.bytes[from] === icmp >> 8;
        const at = isEmpty ? from + 4 : from - 4,
          numbers = at >= 0 && at + 4 <= p.view.byteLength ? p.view.getInt32(at) : 0,
          end = isEmpty ? from : to;
        if (isRequest) pair.request(p, from, end, numbers);
        else pair.reply(p, from, end, numbers);
        pair.evidence.add(p, flow);
      },
      evaluate(values) {
        const told: (readonly [pair: Pair, parts: readonly Part[]])[] = [],
          /** Hosts that each source measures. */
          measured = new Map<number, number>();
        for (const pair of pairs.values) {
          const parts = judge(values, pair);
          if (parts === null) continue;
          told.push([pair, parts]);
          const source = state.flows.ints[pair.flow * F.INTS + F.A]!;
          if (isMeasure(pair)) measured.set(source, (measured.get(source) ?? 0) + 1);
        }
        const findings = told.map(([pair, parts]) =>
          draft(values, state, pair, parts, isMeasure(pair) && (measured.get(state.flows.ints[pair.flow * F.INTS + F.A]!) ?? 0) >= LEAST_MEASURED),
        );
        const limits = cut > 0 ? [`${plural(cut, 'echo message was', 'echo messages were')} cut in capturing and could not be compared.`] : [];
        return {
          findings,
          coverage: coverage(examinedAll(state), [...unreadableFrames(state), ...limits, ...pairs.limits('pairs of addresses with echo messages')]),
        };
      },
    };
  },
});

/** The reasons to call it a tunnel, null if there are not enough. */
function judge(values: Options, pair: Pair): Part[] | null {
  const messages = pair.requests + pair.replies;
  if (messages < values.messages) return null;
  const isNew = pair.compared > 0 && (100 * pair.newContents) / pair.compared >= values.newContentPercent,
    sizes = pair.differentSizes,
    isVarying = sizes >= values.sizes;
  const isNoEcho = pair.noEchoes >= values.messages / 4 && pair.noEchoes > pair.echoes,
    unasked = pair.replies - pair.requests;
  const share = values.newContentPercent / 100,
    isText = pair.newTexts >= Math.max(4, share * pair.compared),
    isPattern = pair.newPatterns >= Math.max(4, share * pair.compared),
    // RFC 792: the data received in the echo message must be returned in the echo reply message.
    isRewritten = pair.rewritten >= values.messages / 4;
  // An asymmetric tunnel may poll with empty requests, or send replies that nobody asked for: the contents of the replies differ then.
  const isUnasked = unasked >= values.messages / 2 && pair.requests > 0 && pair.noEchoes > pair.echoes,
    isIp = pair.ipLike * 4 >= messages;
  // Replies without any request: those of pings whose requests went another way hold the same filler each time, or that of a few programs.
  const isNewUnasked =
    pair.requests === 0 && pair.newReplies >= share * (pair.replies - 1) && pair.differentReplies >= MANY_CONTENTS && pair.replies >= values.messages;
  const mean = (pair.requestBytes + pair.replyBytes) / messages;
  const parts: Part[] = [
    ['ever new contents', isNew ? 30 : 0],
    ['readable text that changes', isText ? 30 : 0],
    ['a filler that changes', isPattern ? 30 : 0],
    ['many sizes', isVarying ? 20 : 0],
    ['answers that are no echoes', isNoEcho ? 30 : 0],
    ['answers in other words', isRewritten ? 30 : 0],
    ['more answers than questions', isUnasked ? 10 : 0],
    ['answers without a question, ever new', isNewUnasked ? 50 : 0],
    ['payloads that look like IP packets', isIp ? 35 : 0],
    ['large payloads', mean >= values.largeBytes ? 10 : 0],
    ['many times the threshold', Math.min(10, 3 * Math.log2(messages / values.messages))],
  ];
  if (isNewUnasked) return mean >= NEW_BYTES || isVarying || isIp || pair.newReplyTexts >= share * (pair.replies - 1) ? parts : null;
  // One oddity alone is some ping: sizes for the path MTU, a random filler, one lost reply.
  const oddities = [isNew, isVarying, isNoEcho, isIp].filter(Boolean).length,
    carried = pair.requestBytes + pair.replyBytes;
  // Data of a file in the place of the filler, or commands and what they say, show themselves: nothing else does that.
  if (isText || isPattern || isRewritten || (isNew && pair.requestBytes >= NEW_BYTES * pair.requests)) return parts;
  return (oddities >= 2 || (isNoEcho && isUnasked)) && carried >= values.messages * 8 ? parts : null;
}

/** Random filler of a size or two that every host gives back as it got it, whoever it is: one end of a tunnel would know what to do with it. */
function isMeasure(pair: Pair): boolean {
  return (
    pair.echoes > 0 &&
    pair.noEchoes === 0 &&
    pair.ipLike === 0 &&
    pair.newTexts + pair.newPatterns === 0 &&
    pair.differentSizes <= MOST_MEASURED_SIZES
  );
}

/** `isMeasured`: its client does the like with others. */
function draft(values: Options, state: CaptureState, pair: Pair, parts: readonly Part[], isMeasured: boolean): FindingDraft {
  const { flow, requests, replies, requestBytes, replyBytes, evidence } = pair,
    { confidence, indicators } = confidenceOf(parts);
  const client = flowAddress(state, flow, F.A),
    server = flowAddress(state, flow, F.B),
    isUnasked = requests === 0,
    compared = isUnasked ? replies - 1 : pair.compared,
    share = compared <= 0 ? 0 : Math.round((100 * (isUnasked ? pair.newReplies : pair.newContents)) / compared);
  const isV6 = client.includes(':'),
    sizes = pair.differentSizes;
  return {
    technique: 'echo',
    severity: isMeasured ? 'low' : confidence >= 60 ? 'high' : 'medium',
    confidence,
    title: `${client} and ${server} carry data in ping: ${bytesText(requestBytes + replyBytes)} in ${plural(requests + replies, 'message')}`,
    description: `${countText(requests)} echo requests and ${countText(replies)} replies in ${sizes} sizes up to ${countText(pair.largest)} bytes; ${share} % of the ${isUnasked ? 'replies' : 'requests'} had other contents than the one before (threshold ${values.newContentPercent} %)${isUnasked ? '' : `, and ${countText(pair.noEchoes)} replies were no echo of a request`}. A ping repeats one pattern and gets it back.${isMeasured ? ` All came back as they were sent, and ${client} does the same with other hosts: a program that measures the network fills its pings so.` : ''}`,
    subjects: [
      { role: 'client', address: client },
      { role: 'server', address: server },
    ],
    ...evidence.proof,
    indicators: [
      { name: `${isUnasked ? 'replies' : 'requests'} with new contents`, value: share, threshold: values.newContentPercent, unit: '%' },
      { name: 'sizes of payload', value: sizes, threshold: values.sizes, unit: 'sizes' },
      { name: 'replies that are no echo', value: pair.noEchoes },
      { name: 'payloads that look like IP packets', value: pair.ipLike },
      { name: 'bytes in requests', value: requestBytes, unit: 'bytes' },
      { name: 'bytes in replies', value: replyBytes, unit: 'bytes' },
      { name: 'messages', value: requests + replies, threshold: values.messages, unit: 'messages' },
      ...indicators,
    ],
    alternatives: [
      'A measuring program that fills its pings with random bytes of random size.',
      'A monitoring system that puts its own data into ping.',
    ],
    filter: `${addressFilter(client, server)} && ${isV6 ? '(icmpv6.type == 128 || icmpv6.type == 129)' : '(icmp.type == 8 || icmp.type == 0)'}`,
    attack: ['T1095', 'T1572', 'T1048.003'],
    ...(isMeasured
      ? {
          together: {
            key: client,
            label: server,
            note: plural(requests + replies, 'message'),
            words: (all: Parameters<Together['words']>[0]) => ({
              title: `${client} fills its pings to ${all.hosts('server', 'host')} with new contents each time`,
              description: `All came back as they were sent (threshold ${values.messages} messages with each): a program that measures the network does so.`,
              recommendation: `Find the program on ${client} that sends these pings.`,
            }),
          },
        }
      : {}),
    recommendation: `Look at the payloads of these messages and at the program on ${client} that sends them. Where ping is not needed to the outside, block it or limit its size at the firewall.`,
  };
}

function bitsOf(words: Uint8Array | Uint32Array): number {
  let count = 0;
  for (const word of words) for (let bits = word; bits !== 0; bits &= bits - 1) count++;
  return count;
}

/** Whether all of it can be read, and there is something. */
function isText(bytes: Uint8Array, from: number, to: number): boolean {
  for (let at = from; at < to; at++) {
    const byte = bytes[at]!;
    if ((byte < 32 && byte !== 9 && byte !== 10 && byte !== 13) || byte > 126) return false;
  }
  return to > from;
}

/** Whether a few bytes repeat to the end. */
function isPattern(bytes: Uint8Array, from: number, to: number): boolean {
  for (let period = 1; period <= LONGEST_PATTERN && from + 2 * period <= to; period++) {
    let at = from + period;
    while (at < to && bytes[at] === bytes[at - period]) at++;
    if (at === to) return true;
  }
  return false;
}

function startHash(bytes: Uint8Array, from: number, to: number): number {
  return hash(bytes, from, Math.min(to, from + TIME_STAMP));
}

/** FNV-1a; 0 for nothing. */
function hash(bytes: Uint8Array, from: number, to: number): number {
  let h = 0;
  for (let at = from; at < to; at++) h = Math.imul(h ^ bytes[at]!, 0x01000193) + 1;
  return h | 0;
}

/** Of length, beginning and end: enough to tell whether a reply is the echo of a request. */
function wholeHash(bytes: Uint8Array, from: number, to: number): number {
  return (hash(bytes, from, Math.min(to, from + 64)) ^ Math.imul(hash(bytes, Math.max(from, to - 16), to), 31) ^ (to - from)) | 0;
}
