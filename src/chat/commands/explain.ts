/** /explain: a finding, a packet, a conversation or an address, in words. */
import { isIP } from 'node:net';
import type { OpenCapture } from '../../analysis/captureStore.ts';
import { EVERYTHING } from '../../analysis/engineApi.ts';
import type { Finding, Report } from '../../analysis/report.ts';
import type { Answer, ChatCommand, CommandContext } from '../command.ts';
import { AT_NOTHING, type Looking } from '../looking.ts';
import { explainedFinding } from './explainFinding.ts';
import { explainedFlow } from './explainFlow.ts';
import { explainedFrame } from './explainFrame.ts';
import { explainedHost } from './explainHost.ts';
import { explainedIncident } from './explainIncident.ts';
import { aboutOf, inCapture, wholeReport } from './oneCapture.ts';

const THING = '(?:finding|incident|frame|packet|flow|conversation|stream|host|address)';

/** As people ask, and as the editor does: `What did 10.0.0.5 do?`, `What is frame 12 doing in this capture, and is it a problem?` */
const DOING = /^what (?:is|was|does|did|has) (\S+|\S+ \S+) (?:do|doing|done)(?: (?:here|in this capture))?(?:,? and is it a problem)?[?.!]?$/i,
  NAMED = /^(?:explain the finding|tell the story of the incident) ([a-z0-9-]{1,100}-[0-9a-f]{8})\b/i,
  HAPPENED = /^what happened in the conversation (\S+)(?: between \S+ and \S+)?[?.!]?$/i;

/** What somebody wants to have explained. `words`: whichever finding these fit; empty for the gravest. */
export type Subject =
  | { readonly kind: 'finding' | 'flow' | 'host' | 'words'; readonly id: string }
  | { readonly kind: 'frame'; readonly frame: number }
  | { readonly kind: 'place'; readonly place: number };

export const explain: ChatCommand = {
  id: 'explain',
  description: 'Explain a finding, frame 12, flow tcp:3 or 10.0.0.5. Without one, what you have chosen in the editor',
  argumentIn(text) {
    const asked = (DOING.exec(text) ?? HAPPENED.exec(text) ?? NAMED.exec(text))?.[1];
    if (asked !== undefined) return subjectOf(asked, AT_NOTHING).kind === 'words' ? null : asked;
    const match = /^(?:please )?(explain|describe|show me|what (?:is|happens in|happened in)) (.+?)[.!?]?$/i.exec(text);
    if (match === null) return null;
    const argument = match[2]!,
      { what } = aboutOf(argument, AT_NOTHING),
      // "What is this?" asks about the capture.
      isThis = new RegExp(`^this${/^(?:explain|describe)$/i.test(match[1]!) ? '(?: THING)?' : ' THING'}$`.replaceAll('THING', THING), 'i').test(what);
    const isPlain = isThis || new RegExp(`^(?:the )?${THING} \\S+$`, 'i').test(what) || subjectOf(what, AT_NOTHING).kind !== 'words';
    return isPlain ? argument : null;
  },
  question(argument, looking) {
    const { what, capture } = aboutOf(argument, looking),
      subject = subjectOf(what, looking),
      where = `of the capture ${JSON.stringify(capture)}`;
    switch (subject.kind) {
      case 'frame':
        return `Explain frame ${subject.frame} ${where} with get_packet: what it is, who sent it to whom, what it belongs to, and whether it is a problem. Look for findings about its addresses with list_findings.`;
      case 'finding':
        if (subject.id.startsWith('incident-'))
          return `Tell the story of the incident ${subject.id} ${where} with list_findings and explain_finding for each finding it is made of: who did what in which order, the frames that show it, and what to do.`;
        return `Explain the finding ${subject.id} ${where} with explain_finding: what happened, how sure that is and why, the frames that show it, what else it could be, and what to do.`;
      case 'flow':
        return `Explain the conversation ${subject.id} ${where} with list_conversations and list_packets: who began it, what was exchanged, how it ended, and whether it is a problem.`;
      case 'host':
        return `Explain what ${subject.id} did ${where} with get_host: who it is, whom it talked to and how, the findings about it, and whether it is a problem.`;
      case 'place':
        return `Explain finding number ${subject.place} of the list_findings ${where} (gravest first) with explain_finding: what happened, how sure that is and why, the frames that show it, what else it could be, and what to do.`;
      case 'words':
        return subject.id === ''
          ? `Explain the gravest finding ${where} with list_findings and explain_finding: what happened, how sure that is and why, the frames that show it, what else it could be, and what to do.`
          : `Explain ${JSON.stringify(subject.id)} ${where}, with list_findings and explain_finding if it is a finding.`;
    }
  },
  builtIn(argument, context) {
    const { what, capture } = aboutOf(argument, context.looking);
    return inCapture(capture, context, async (opened) => {
      const report = await wholeReport(opened, context);
      return explained(subjectOf(what, context.looking), report, opened, context);
    });
  },
};

function explained(
  subject: Subject,
  report: Report,
  opened: OpenCapture,
  context: CommandContext,
): Omit<Answer, 'capture'> | Promise<Omit<Answer, 'capture'>> {
  switch (subject.kind) {
    case 'frame':
      return explainedFrame(subject.frame, report, opened, context);
    case 'flow':
      return explainedFlow(subject.id, report, context);
    case 'host':
      return explainedHost(subject.id, EVERYTHING, report, opened, context.signal);
    case 'finding': {
      const incident = report.incidents.find(({ id }) => id === subject.id);
      if (incident !== undefined) return explainedIncident(incident, report);
      return explainedFinding(
        subject.id,
        report.findings.find(({ id, detector }) => id === subject.id || detector === subject.id),
        report,
        opened,
        context,
      );
    }
    case 'place':
      return explainedFinding(`number ${subject.place}`, report.findings[subject.place - 1], report, opened, context);
    case 'words':
      return explainedFinding(subject.id, findingOf(subject.id, report), report, opened, context);
  }
}

/** `looking` stands behind "this", and behind nothing at all. */
function subjectOf(what: string, looking: Looking): Subject {
  const text = what
      .replace(/^(?:the|my) /i, '')
      .replace(/[.!?]$/, '')
      .trim(),
    bare = text.replace(/^(?:finding|incident|frame|packet|flow|conversation|stream|host|address|device)\s+/i, '').replace(/^[`[#]+|[`\]]+$/g, '');
  if (text === '' || /^(?:this|it|that|selection)(?: (?:finding|incident|frame|packet|flow|conversation|stream|host|address))?$/i.test(text)) {
    if (looking.finding !== null) return { kind: 'finding', id: looking.finding };
    if (looking.frame !== null) return { kind: 'frame', frame: looking.frame };
    if (looking.flow !== null) return { kind: 'flow', id: looking.flow };
    return looking.host === null ? { kind: 'words', id: '' } : { kind: 'host', id: looking.host };
  }
  if (/^\d{1,10}$/.test(bare) && /^(?:stream|flow|conversation)\b/i.test(text)) return { kind: 'flow', id: `tcp:${bare}` };
  if (/^\d{1,10}$/.test(bare) && /^(?:#|\d|frame|packet)/i.test(text)) return { kind: 'frame', frame: Number(bare) };
  if (/^(?:tcp|udp|sctp|ip|ipv6|eth|wlan):\d{1,9}$/i.test(bare)) return { kind: 'flow', id: bare.toLowerCase() };
  if (isIP(bare) !== 0 || /^[0-9a-f]{2}(?::[0-9a-f]{2}){5}$/i.test(bare)) return { kind: 'host', id: bare.toLowerCase() };
  if (/^[a-z][a-z0-9-]*-[0-9a-f]{8}$/.test(bare)) return { kind: 'finding', id: bare };
  const place = placeIn(text);
  return place === null ? { kind: 'words', id: bare } : { kind: 'place', place };
}

const PLACES = ['first', 'second', 'third', 'fourth', 'fifth', 'sixth', 'seventh', 'eighth', 'ninth', 'tenth'];

/** "worst finding", "second finding", "finding 2": its place in the list, from 1. */
function placeIn(text: string): number | null {
  const [, number, ordinal] =
    /^finding (?:no\. ?|number |#)?(\d{1,3})$/i.exec(text) ??
    /^()(\w+|most (?:serious|severe|important|critical|dangerous)) (?:finding|problem|threat|alert|issue|one)$/i.exec(text) ??
    [];
  if (number !== undefined && number !== '') return Math.max(1, Number(number));
  if (ordinal === undefined) return null;
  if (/^(?:worst|gravest|biggest|top|main|highest|most .*)$/i.test(ordinal)) return 1;
  const place = PLACES.indexOf(ordinal.toLowerCase()) + 1;
  return place === 0 ? null : place;
}

/** The gravest that has all of the words. */
function findingOf(text: string, { findings }: Report): Finding | undefined {
  const wanted = text
    .toLowerCase()
    .split(/[^\p{L}\p{N}.:]+/u)
    .filter((word) => word !== '');
  return findings.find(({ detector, title }) => {
    const said = `${detector.replaceAll('-', ' ')} ${detector} ${title}`.toLowerCase();
    return wanted.every((word) => said.includes(word));
  });
}
