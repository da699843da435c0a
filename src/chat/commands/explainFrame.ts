/** One packet, told in words: what it is, what it belongs to, and which findings it is evidence of. Secrets in it stay hidden. */
import type { OpenCapture } from '../../analysis/captureStore.ts';
import { bytesText, plural, protocolLabel } from '../../analysis/describe.ts';
import type { FieldNode, PacketDetail } from '../../analysis/engineApi.ts';
import { clock } from '../../analysis/exports/overview.ts';
import { HIDDEN, hideSecrets, isSecretField, secretsOf } from '../../analysis/hideSecrets.ts';
import type { Report } from '../../analysis/report.ts';
import type { Answer, CommandContext, FollowUp } from '../command.ts';
import { findingLine, joined, named, section, shortened, verdictLine } from '../layout.ts';
import type { ExplainFor } from '../prompt.ts';
import { flowLine } from './explainFlow.ts';
import { followUpsOf } from './oneCapture.ts';

const MOST_FIELDS: Readonly<Record<ExplainFor, number>> = { everyone: 0, engineer: 6, analyst: 12 };
const LONGEST_TEXT = 200;

export async function explainedFrame(
  frame: number,
  report: Report,
  opened: OpenCapture,
  { reader, signal }: CommandContext,
): Promise<Omit<Answer, 'capture'>> {
  const { capture } = report,
    detail = await opened.call('packet', { frame }, signal);
  if (detail === null)
    return {
      markdown: verdictLine(
        `There is no frame ${frame}: ${named(capture.file)} holds ${capture.packets === 0 ? 'no packets' : `frames 1 to ${capture.packets}`}.`,
      ),
      followUps: followUpsOf(report),
    };
  const { row } = detail,
    secrets = secretsOf(detail),
    flow = report.conversations.find(({ id }) => id === row.flow),
    found = report.findings.filter(({ evidence }) => evidence.frames.includes(frame));
  const info = row.protocol === 'TELNET' ? 'Telnet data' : hideSecrets(row.info, secrets);
  const told = joined([
    verdictLine(
      `Frame ${frame} is a packet of ${bytesText(row.length)} from ${named(row.source)} to ${named(row.destination)}: ${named(row.protocol, 40)}.`,
    ),
    section('What it says', [
      named(info, LONGEST_TEXT),
      `${row.time === null ? 'It carries no time' : `At ${clock(row.time)} UTC`}${row.relativeSeconds === null || row.relativeSeconds === 0 ? '' : `, ${row.relativeSeconds.toFixed(3)} s after the first`}.`,
      `Inside one another: ${layersOf(detail).join(', ')}.`,
    ]),
    section('What it belongs to', flow === undefined ? [] : [flowLine(flow, report)]),
    section('Findings it is evidence of', shortened(found.map(findingLine), 5, 'finding')),
    section('What is odd about it', shortened(oddities(detail.tree, secrets), 8, 'oddity')),
    section('Fields', fieldLines(detail, secrets, MOST_FIELDS[reader])),
    found.length > 0 ? '' : `No finding names this frame as evidence; ${plural(report.findings.length, 'finding')} in the whole capture.`,
  ]);
  const of = ` of ${capture.file}`,
    next: FollowUp[] = row.flow === null ? [] : [{ command: 'explain', prompt: `${row.flow}${of}`, label: 'Explain the conversation it belongs to' }];
  return { markdown: told, followUps: [...next, ...followUpsOf(report)] };
}

function layersOf({ tree }: PacketDetail): string[] {
  return tree.filter(({ name }) => name !== '' && name !== 'frame').map(({ name }) => named(protocolLabel(name), 40));
}

function oddities(nodes: readonly FieldNode[], secrets: ReadonlySet<string>): string[] {
  return nodes.flatMap((node) => [
    ...(node.severity === undefined ? [] : [`${node.severity}: ${named(hideSecrets(`${node.label} ${node.text}`.trim(), secrets), LONGEST_TEXT)}`]),
    ...oddities(node.children, secrets),
  ]);
}

/** Of the innermost protocol, which tells most. */
function fieldLines({ tree }: PacketDetail, secrets: ReadonlySet<string>, most: number): string[] {
  const inner = tree.findLast(({ name, children }) => name !== '' && name !== 'frame' && children.length > 0);
  if (inner === undefined || most === 0) return [];
  const lines = inner.children
    .filter(({ name, text }) => name !== '' && text !== '')
    .map(({ name, text }) => `${named(name, 100)}: ${named(isSecretField(name) ? HIDDEN : hideSecrets(text, secrets), LONGEST_TEXT)}`);
  return shortened(lines, most, 'field');
}
