/**
 * Text in the traffic that is addressed to a language model which may read the capture: "ignore" orders, fake tags, verdicts. The finding says what kind of
 * text stands where, never the text: a finding is read by models too.
 */
import * as z from 'zod';
import { dhcpMessage } from '../../pcap/dhcp/message.ts';
import type { Message } from '../../pcap/dissector.ts';
import { dnsMessage } from '../../pcap/dns/message.ts';
import { ftpCommandMessage, ftpReplyMessage } from '../../pcap/dissectors/ftp.ts';
import { nbnsAnswerMessage } from '../../pcap/dissectors/nbns.ts';
import { smtpCommandMessage, smtpMailMessage, smtpReplyMessage } from '../../pcap/dissectors/smtp.ts';
import { sshBannerMessage } from '../../pcap/dissectors/ssh.ts';
import { httpRequestMessage, httpResponseMessage, type HttpRequestMessage, type HttpResponseMessage } from '../../pcap/http/messages.ts';
import { HeaderJudge } from '../../pcap/http/headerLines.ts';
import { UriJudge } from '../../pcap/http/knownUris.ts';
import { plainStreamMessage } from '../../pcap/plainStream.ts';
import { plainDatagramMessage } from '../../pcap/plainDatagram.ts';
import { tlsCertificateMessage, tlsServerNameMessage } from '../../pcap/tls/messages.ts';
import type { CaptureState } from '../captureState.ts';
import { coverage, examinedAll, unreadableFrames } from '../coverage.ts';
import { plural } from '../describe.ts';
import { defineDetector, type FindingDraft } from '../detector.ts';
import { bodyWords, headWords } from './httpWords.ts';
import { injectionIn, judgeInjection, mayHoldInjection, type Injection } from './promptInjectionMarks.ts';
import { addressFilter, confidenceOf, datagramEnds, endsOf, Evidence, Watched } from './watched.ts';

const options = z.object({
  points: z.int().min(30).default(75).describe('Points of the marks from which a text in a name, a header or a command is told (points)'),
  bodyPoints: z
    .int()
    .min(30)
    .default(110)
    .describe('Points from which the beginning of a page, a mail or a file is told: prose about models has some (points)'),
});
type Options = z.output<typeof options>;

const MOST_SUBJECTS = 2000,
  MOST_SHOWN = 8;
const TYPE_TXT = 16;

/** One text of a message that holds marks: where it stood, in our words, and whether people write prose there. */
interface Told {
  readonly where: string;
  readonly isProse: boolean;
  /** An answer repeats here what it was asked: said by the other end. */
  readonly isEcho?: boolean;
  readonly injection: Injection;
}

interface Speaker {
  readonly from: string;
  readonly to: string;
  readonly evidence: Evidence;
  readonly places: Set<string>;
  readonly says: Set<string>;
  isProse: boolean;
  count: number;
  points: number;
}

export const aiPromptInjection = defineDetector({
  id: 'ai-prompt-injection',
  title: 'Text addressed to AI analysts',
  tier: 1,
  deed: 'sent {whom} text meant for AI analysts',
  description:
    'A name, a header, a command or a payload holds orders to a language model that may read the capture: to forget its instructions, or to report nothing. Pages about such attacks hold the same words, among many others. Of a page, a mail or a file its beginning is looked at; values of cookies and credentials never are.',
  options,
  messages: [
    httpRequestMessage.kind,
    httpResponseMessage.kind,
    dnsMessage.kind,
    dhcpMessage.kind,
    nbnsAnswerMessage.kind,
    tlsServerNameMessage.kind,
    tlsCertificateMessage.kind,
    ftpCommandMessage.kind,
    ftpReplyMessage.kind,
    smtpCommandMessage.kind,
    smtpReplyMessage.kind,
    smtpMailMessage.kind,
    sshBannerMessage.kind,
    plainStreamMessage.kind,
    plainDatagramMessage.kind,
  ],
  collecting: ['points', 'bodyPoints'],
  create(collecting, state) {
    const speakers = new Watched<string, Speaker>(MOST_SUBJECTS);
    return {
      onMessage(message, flow, p) {
        for (const { where, isProse, isEcho = false, injection } of injectionsOf(message)) {
          if (injection.points < (isProse ? collecting.bodyPoints : collecting.points)) continue;
          let from: string, to: string;
          if (flow >= 0) {
            const { client, server } = endsOf(state, flow),
              back = isFromServer(message) !== isEcho;
            from = back ? server : client;
            to = back ? client : server;
          } else {
            const ends = datagramEnds(p);
            if (ends === null) return;
            from = isEcho ? ends.destination : ends.source;
            to = isEcho ? ends.source : ends.destination;
          }
          const speaker = speakers.of(`${from} ${to}`, () => ({
            from,
            to,
            evidence: new Evidence(),
            places: new Set(),
            says: new Set(),
            isProse: true,
            count: 0,
            points: 0,
          }));
          if (speaker === undefined) return;
          speaker.count++;
          speaker.points = Math.max(speaker.points, injection.points);
          speaker.isProse &&= isProse;
          if (speaker.places.size < MOST_SHOWN) speaker.places.add(where);
          for (const says of injection.says) speaker.says.add(says);
          if (flow >= 0) speaker.evidence.add(p, flow);
          else speaker.evidence.addDatagram(p);
        }
      },
      evaluate(values) {
        const findings: FindingDraft[] = [];
        for (const speaker of speakers.values) findings.push(draft(values, speaker, state));
        return {
          findings,
          coverage: coverage(examinedAll(state), [...unreadableFrames(state), ...speakers.limits('pairs of hosts with such text')]),
        };
      },
    };
  },
});

function isFromServer(message: Message): boolean {
  if (tlsCertificateMessage.is(message) || sshBannerMessage.is(message)) return message.fromServer;
  if (plainStreamMessage.is(message)) return message.direction === 1;
  return httpResponseMessage.is(message) || ftpReplyMessage.is(message) || smtpReplyMessage.is(message);
}

const uriJudge = new UriJudge(),
  headerJudge = new HeaderJudge();

/** What was found in the message being looked at; nearly always nothing, and then nothing is made. */
let told: Told[] = [];

function say(where: string, text: string, isProse = false, isEcho = false): void {
  const injection = injectionIn(text);
  if (injection !== null) told.push({ where, isProse, isEcho, injection });
}

/** Of a request, whose lines others ask for, too: each is looked at when it is met first. */
function sayHeaders({ headers }: HttpRequestMessage): void {
  if (headerJudge.knowsAll(headers)) return;
  for (const header of headers) {
    if (headerJudge.knows(header)) continue;
    const injection = injectionIn(header[1]);
    if (injection === null) headerJudge.clear(header);
    else told.push({ where: headerPlace(header[0]), isProse: false, injection });
  }
}

function sayBody(http: HttpRequestMessage | HttpResponseMessage, place: string): void {
  const injection = mayHoldInjection(bodyWords(http)) ? judgeInjection(http.bodyStart) : null;
  if (injection !== null) told.push({ where: place, isProse: true, injection });
}

function injectionsOf(message: Message): readonly Told[] {
  if (told.length > 0) told = [];
  if (httpRequestMessage.is(message)) {
    if (!uriJudge.knows(message)) {
      say('the address of an HTTP request', message.uri);
      if (told.length === 0) uriJudge.clear(message);
    }
    sayHeaders(message);
    sayBody(message, 'the body of an HTTP request');
  } else if (httpResponseMessage.is(message)) {
    say('the status line of an HTTP answer', message.phrase);
    // The bytes are looked at before they become texts.
    if (mayHoldInjection(headWords(message))) for (const [name, value] of message.headers) say(headerPlace(name), value);
    sayBody(message, 'the body of an HTTP answer');
  } else if (dnsMessage.is(message)) {
    say('a DNS name', message.qname, false, message.isResponse);
    for (const { name, type, data } of message.answers) {
      if (name !== message.qname) say('a DNS name', name);
      say(type === TYPE_TXT ? 'a DNS text' : 'the data of a DNS answer', data);
    }
  } else if (dhcpMessage.is(message)) {
    say('a host name over DHCP', message.hostName);
    say('a host name over DHCP', message.fullName);
    say('a domain name over DHCP', message.domainName);
    say('a vendor class over DHCP', message.vendorClass);
  } else if (nbnsAnswerMessage.is(message)) say('a NetBIOS name', message.name);
  else if (tlsServerNameMessage.is(message)) say('a TLS server name', message.name);
  else if (tlsCertificateMessage.is(message)) {
    for (const { subject, issuer, names } of message.chain.slice(0, 4)) {
      say('the subject of a certificate', subject);
      say('the issuer of a certificate', issuer);
      for (const name of names.slice(0, 16)) say('a name in a certificate', name);
    }
  } else if (ftpCommandMessage.is(message)) say('an FTP command', message.argument);
  else if (ftpReplyMessage.is(message)) say('an FTP reply', message.text);
  else if (smtpCommandMessage.is(message)) say('an SMTP command', message.parameter);
  else if (smtpReplyMessage.is(message)) say('an SMTP reply', message.text);
  else if (smtpMailMessage.is(message)) {
    say('the subject of a mail', message.subject ?? '', true);
    say('the sender of a mail', message.from ?? '');
  } else if (sshBannerMessage.is(message)) say('an SSH banner', message.text);
  else if (plainStreamMessage.is(message)) say('the beginning of a TCP stream', message.start, true);
  else if (plainDatagramMessage.is(message)) say('a datagram', message.start);
  return told;
}

function headerPlace(name: string): string {
  return /^(?:user-agent|referer|server|host|x-[a-z-]{1,20}|cookie|accept-language|location|etag|via|from)$/i.test(name)
    ? `the HTTP header ${name.toLowerCase()}`
    : 'an HTTP header';
}

function draft(values: Options, { from, to, evidence, places, says, isProse, count, points }: Speaker, state: CaptureState): FindingDraft {
  const where = [...places].join(', ');
  const { confidence, indicators } = confidenceOf([
    ['marks of such text', Math.min(85, points)],
    ['in a place where nobody writes prose', isProse ? -25 : 8],
    ['several kinds of marks', says.size > 1 ? 5 : 0],
  ]);
  return {
    technique: isProse ? 'body' : 'field',
    severity: isProse ? 'low' : 'medium',
    confidence,
    title: `${from} sends text to ${to} that is addressed to an AI analyst`,
    description: `${plural(count, 'text')} in ${where} with ${[...says].join(', ')} (${points} points, threshold ${isProse ? values.bodyPoints : values.points}). The text is not repeated here, for a model may read this; look at the frames. Netsec’s judgement does not depend on it.`,
    subjects: [
      { role: 'attacker', address: from },
      { role: 'victim', address: to },
    ],
    ...evidence.resolve(state.flows).proof,
    indicators: [
      { name: 'marks', value: points, threshold: isProse ? values.bodyPoints : values.points, unit: 'points' },
      { name: 'texts', value: count },
      { name: 'where', value: where },
      { name: 'what it does', value: [...says].join(', ') },
      ...indicators,
    ],
    alternatives: [
      'A test of such tools, or a page about attacks on language models.',
      ...(isProse ? ['A program that talks to a language model in clear: instructions of its own.'] : []),
    ],
    filter: addressFilter(from, to),
    attack: ['T1562'],
    together: {
      key: `${from} ${isProse ? 'body' : 'field'}`,
      label: to,
      note: `${plural(count, 'text')} in ${where}`,
      words: (all) => ({
        title: `${from} sends text to ${all.hosts('victim', 'host')} that is addressed to an AI analyst`,
        description:
          'The texts are not repeated here, for a model may read this; look at the frames. Netsec’s judgement does not depend on them. They went to',
        recommendation: `Let no model act on the content of this traffic, and judge what ${from} does besides by its behaviour: somebody who hides from analysts has a reason.`,
      }),
    },
    recommendation: `Let no model act on the content of this traffic, and judge what ${from} does besides by its behaviour: somebody who hides from analysts has a reason.`,
  };
}
