/** One conversation, told in words. */
import { bytesText, countText, durationText, plural, protocolLabel } from '../../analysis/describe.ts';
import { inline } from '../../analysis/exports/markdown.ts';
import { clock } from '../../analysis/exports/overview.ts';
import type { Conversation, Report } from '../../analysis/report.ts';
import type { Answer, CommandContext } from '../command.ts';
import { findingLine, joined, named, section, shortened, verdictLine } from '../layout.ts';
import { followUpsOf } from './oneCapture.ts';

/** Zeek's states, https://docs.zeek.org/en/master/scripts/base/protocols/conn/main.zeek.html */
const STATES: Readonly<Record<string, string>> = {
  S0: 'it was tried and never answered',
  S1: 'it was set up, and its end was not seen',
  SF: 'it was set up and ended in order',
  REJ: 'it was refused',
  S2: 'the originator closed its side, the responder never did',
  S3: 'the responder closed its side, the originator never did',
  RSTO: 'it was set up, and the originator broke it off',
  RSTR: 'the responder broke it off',
  RSTOS0: 'the originator began it and broke it off, without an answer being seen',
  RSTRH: 'the responder answered and broke it off, without its beginning being seen',
  SH: 'the originator began and ended it, without an answer being seen',
  SHR: 'the responder answered and ended it, without its beginning being seen',
  OTH: 'it was under way before the capture began',
};

export function explainedFlow(id: string, report: Report, { reader }: CommandContext): Omit<Answer, 'capture'> {
  const flow = report.conversations.find((each) => each.id === id);
  if (flow === undefined) {
    const { layer } = { layer: id.split(':')[0] ?? '' },
      total = report.totals[`conversations.${layer}`] ?? 0;
    const none = total === 0 ? 'there are none of this kind' : `there are ${layer}:0 to ${layer}:${total - 1}`;
    return {
      markdown: verdictLine(`There is no conversation ${named(id, 40)} in ${named(report.capture.file)}: ${none}.`),
      followUps: followUpsOf(report),
    };
  }
  const found = report.findings.filter(({ evidence }) => evidence.flows.includes(id)),
    ended = flow.connState === null ? undefined : STATES[flow.connState];
  const told = joined([
    verdictLine(`${end(flow.a, flow.aPort)} talked to ${end(flow.b, flow.bPort)}: ${serviceOf(flow)}.`),
    section('What was exchanged', [
      `${named(flow.a)} sent ${plural(flow.packetsAToB, 'packet')}, ${bytesText(flow.bytesAToB)}.`,
      `${named(flow.b)} sent ${plural(flow.packetsBToA, 'packet')}, ${bytesText(flow.bytesBToA)}.`,
      ...(flow.startTime === null
        ? []
        : [`It began at ${clock(flow.startTime)} UTC${flow.durationSeconds === null ? '' : ` and lasted ${durationText(flow.durationSeconds)}`}.`]),
      ...(ended === undefined
        ? []
        : [`How it ended: ${ended}${reader === 'everyone' ? '' : ` (${flow.connState}, history ${named(flow.history ?? '')})`}.`]),
      ...(flow.via.length === 0 ? [] : [`Inside of ${flow.via.map((each) => named(each, 60)).join(', ')}.`]),
      `[flow ${id}]`,
    ]),
    section('Findings about it', shortened(found.map(findingLine), 8, 'finding')),
    found.length > 0 ? '' : 'No finding is about this conversation.',
  ]);
  return { markdown: told, followUps: followUpsOf(report) };
}

/** In one line, with its name as a link. */
export function flowLine(flow: Conversation, { findings }: Report): string {
  const count = findings.filter(({ evidence }) => evidence.flows.includes(flow.id)).length;
  return `[flow ${flow.id}], ${end(flow.a, flow.aPort)} to ${end(flow.b, flow.bPort)}: ${serviceOf(flow)}, ${countText(flow.packetsAToB + flow.packetsBToA)} packets, ${bytesText(flow.bytesAToB + flow.bytesBToA)}${count === 0 ? '' : `, ${plural(count, 'finding')}`}.`;
}

function serviceOf({ service, layer }: Conversation): string {
  return service === null ? `${inline(protocolLabel(layer))}, of a kind that was not recognised` : inline(protocolLabel(service));
}

function end(address: string, port: number | null): string {
  return `${named(address)}${port === null ? '' : ` port ${port}`}`;
}
