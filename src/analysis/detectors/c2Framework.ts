/** Remote-control programs that are known by their marks: certificates, first words and default pages of frameworks, remote-access trojans and shells. */
import * as z from 'zod';
import { dnsMessage } from '../../pcap/dns/message.ts';
import type { Message } from '../../pcap/dissector.ts';
import { ftpCommandMessage } from '../../pcap/dissectors/ftp.ts';
import { smtpMailMessage } from '../../pcap/dissectors/smtp.ts';
import { httpRequestMessage, httpResponseMessage } from '../../pcap/http/messages.ts';
import { plainDatagramMessage } from '../../pcap/plainDatagram.ts';
import { plainStreamMessage } from '../../pcap/plainStream.ts';
import { tlsCertificateMessage } from '../../pcap/tls/messages.ts';
import type { CaptureState } from '../captureState.ts';
import { flowAddress } from '../conversations.ts';
import { coverage, examinedAll, unreadableFrames } from '../coverage.ts';
import { plural } from '../describe.ts';
import { defineDetector, type FindingDraft } from '../detector.ts';
import { MAX_TALK } from '../tcpStream.ts';
import * as F from '../flowTable.ts';
import {
  certificateMark,
  DNS_MARKS,
  dnsMark,
  requestMark,
  responseMark,
  SHELL_TALK,
  streamMark,
  subjectMark,
  uploadMark,
  type C2Mark,
} from './c2Marks.ts';
import { remembered } from './remembered.ts';
import { DatagramShells } from './datagramShells.ts';
import { ShellTalks } from './shellTalk.ts';
import { Sightings, sightingDraft, type Sighting } from './sightings.ts';
import { isLocalAddress } from './watched.ts';

const options = z.object({
  times: z.int().min(1).default(1).describe('Times that a mark must be seen between a client and a server (times)'),
  leastConfidence: z.int().min(0).max(99).default(60).describe('Confidence below which a mark is not told (points)'),
});
type Options = z.output<typeof options>;

/** Marks up to here are short. */
const WEAK_POINTS = 80;

export const c2Framework = defineDetector({
  id: 'c2-framework',
  title: 'Known remote-control programs',
  tier: 2,
  deed: 'spoke {what} with {whom}',
  description:
    'Traffic bears the mark of a program that controls hosts from afar: Cobalt Strike, Metasploit, Empire, AsyncRAT, njRAT and others, or a shell in clear. Penetration tests use the same programs; those whose defaults were changed are not seen.',
  options,
  messages: [
    tlsCertificateMessage.kind,
    plainStreamMessage.kind,
    plainDatagramMessage.kind,
    httpRequestMessage.kind,
    httpResponseMessage.kind,
    dnsMessage.kind,
    smtpMailMessage.kind,
    ftpCommandMessage.kind,
  ],
  create(_, state) {
    const seen = new Sightings<C2Mark>(state),
      shells = new ShellTalks(),
      datagramShells = new DatagramShells(),
      ofName = remembered(certificateMark),
      ofDns = remembered(dnsMark),
      ofRequest = (message: Message): readonly [C2Mark, string] | null => {
        if (!httpRequestMessage.is(message)) return null;
        const mark = requestMark(message);
        return mark === null ? null : [mark, `${message.method} ${message.uri}`];
      };
    const markOf = (message: Message, flow: number): readonly [C2Mark, string] | null => {
      if (httpRequestMessage.is(message)) return ofRequest(message);
      if (dnsMessage.is(message)) {
        const mark = message.isResponse ? null : ofDns(message.qname.toLowerCase());
        return mark === null ? null : [mark, message.qname];
      }
      if (flow < 0) return null;
      if (httpResponseMessage.is(message)) {
        const mark = responseMark(message);
        return mark === null ? null : [mark, `${message.uri ?? ''}, ${message.bodyLength} bytes`];
      }
      if (tlsCertificateMessage.is(message)) {
        for (const { subject, issuer } of message.chain.slice(0, 2)) {
          const mark = ofName(subject) ?? ofName(issuer);
          if (mark !== null) return [mark, subject];
        }
        return null;
      }
      if (plainStreamMessage.is(message)) {
        const command = shells.said(flow, message.direction, message.start, state.flows.ints[flow * F.INTS + F.PORTS]! & 0xffff);
        if (command !== null) return [SHELL_TALK, command];
        const mark = streamMark(message.start);
        // Within a network net.tcp goes to addresses, too.
        if (mark?.id.startsWith('redline') === true && isLocalAddress(flowAddress(state, flow, F.B))) return null;
        return mark === null ? null : [mark, firstLine(message.start)];
      }
      if (smtpMailMessage.is(message)) {
        const mark = message.subject === null ? null : subjectMark(message.subject);
        return mark === null ? null : [mark, message.subject ?? ''];
      }
      if (ftpCommandMessage.is(message) && message.command === 'STOR') {
        const mark = uploadMark(message.argument);
        return mark === null ? null : [mark, message.argument];
      }
      return null;
    };
    return {
      onMessage(message, flow, p) {
        if (plainDatagramMessage.is(message)) {
          const said = datagramShells.said(message.start, p);
          if (said !== null) seen.add(said.mark, -1, p, said.text, said.isAnswer);
          return;
        }
        const found = markOf(message, flow);
        if (found !== null) seen.add(found[0], flow, p, found[1]);
      },
      evaluate: (values) => ({
        findings: [...seen.values]
          .filter(({ count, mark }) => count >= values.times && mark.points >= values.leastConfidence)
          .map((one) => draft(values, state, one)),
        coverage: coverage(examinedAll(state), [...unreadableFrames(state), ...seen.limits('clients and servers')]),
      }),
    };
  },
});

function firstLine(text: string): string {
  return text.trimStart().split(/[\r\n]/, 1)[0] ?? '';
}

/** There is more of one of its conversations than is read of what nobody knows. */
function isCutOff({ flows }: CaptureState, { evidence }: Sighting<C2Mark>): boolean {
  return evidence.resolve(flows).proof.flows.some((row) => {
    const at = row * F.INTS;
    return flows.ints[at + F.SERVICE] === 0 && flows.ints[at + F.PACKETS_A]! + flows.ints[at + F.PACKETS_B]! > MAX_TALK;
  });
}

function draft(values: Options, state: CaptureState, one: Sighting<C2Mark>): FindingDraft {
  const { mark, client, server, serverPort, count } = one,
    // Who answers is a resolver, which knows nothing of it.
    isAsked = DNS_MARKS.has(mark);
  return sightingDraft(state, one, {
    technique: mark.id,
    what: mark.name,
    // A few bytes seen once may be chance.
    severity: mark.severity === 'high' && mark.points <= WEAK_POINTS && count === 1 ? 'medium' : mark.severity,
    parts: [
      [`marks of ${mark.name}`, mark.points],
      ['more than once', Math.min(5, count - 1)],
      ['with an address outside', isLocalAddress(client) && !isLocalAddress(server) ? 4 : 0],
    ],
    title: isAsked
      ? `${client} asks ${server} for names of ${mark.name}`
      : `Marks of ${mark.name} between ${client} and ${server} port ${serverPort}`,
    description: `${plural(count, 'message')} (threshold ${values.times}) between ${client} and ${server} port ${serverPort} ${count === 1 ? 'bears' : 'bear'} marks of ${mark.name}, as they are unless somebody changes them.${isCutOff(state, one) ? ` Of a conversation in no known protocol the first ${MAX_TALK} segments of text are read.` : ''}`,
    indicators: [{ name: 'program', value: mark.name }],
    alternatives: ['A penetration test that was ordered, or a laboratory.', 'An honest program that happens to speak alike.'],
    attack: mark.attack,
    recommendation: isAsked
      ? `Isolate ${client} and find the program that asks; look who else asks for such names.`
      : `Isolate ${client} and find the program behind this connection; look who else talks to ${server}.`,
  });
}
