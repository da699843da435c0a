/**
 * Findings under a filter or a time range. They are judged over the whole capture: of a part of it a half of each connection would look like a flood,
 * and the guesses behind a login like a login. A selection only says which of them are shown.
 */
import type { CaptureState } from './captureState.ts';
import { conversationTable, type ConversationTable } from './conversations.ts';
import { plural } from './describe.ts';
import { checksRun, riskOf, type Judgement } from './findings.ts';
import type { FrameSelection } from './frameSelection.ts';
import { CONVERSATION_LAYERS, type ConversationLayer, type Finding, type Timestamp } from './report.ts';

/**
 * What of a judgement of the whole capture concerns the chosen frames: one of its frames is among them, or one of its conversations has packets there, or
 * its evidence is too long to be named in full and those it names talk there meanwhile. `counted` holds the counts of the chosen frames.
 */
export function narrowFindings(whole: Judgement, chosen: FrameSelection, counted: CaptureState): Judgement {
  if (whole.findings.length === 0) return whole;
  const selected = new SelectedPackets(counted),
    findings = whole.findings.filter((finding) => concerns(finding, chosen, selected)),
    kept = new Set(findings.map(({ id }) => id)),
    isKept = (id: string): boolean => kept.has(id);
  return {
    ...whole,
    findings,
    // What is left of an incident is one only while there are two to tell of.
    incidents: whole.incidents
      .map((incident) => ({
        ...incident,
        findings: incident.findings.filter(isKept),
        timeline: incident.timeline.filter((step) => isKept(step.finding)),
      }))
      .filter((incident) => incident.findings.length > 1),
    indicatorsOfCompromise: whole.indicatorsOfCompromise
      .map((indicator) => ({ ...indicator, findings: indicator.findings.filter(isKept) }))
      .filter((indicator) => indicator.findings.length > 0),
    risk: riskOf(findings),
    ...statusOf(whole, findings),
  };
}

function statusOf(whole: Judgement, findings: readonly Finding[]): Pick<Judgement, 'status' | 'statusText'> {
  const isSerious = ({ severity, expected }: Finding): boolean => severity !== 'info' && expected === null,
    worst = findings.find(isSerious),
    checks = `${checksRun(whole.coverage)} over the whole capture`,
    all = plural(whole.findings.length, 'finding');
  if (worst !== undefined)
    return {
      status: 'findings',
      statusText: `${findings.length} of ${all} ${findings.length === 1 ? 'concerns' : 'concern'} what is selected, the worst of them ${worst.severity}; ${checks}`,
    };
  // Where there is an all-clear for everything, it holds for each part.
  if (!whole.findings.some(isSerious)) return { status: whole.status, statusText: whole.statusText };
  return { status: 'incomplete', statusText: `Nothing found that concerns what is selected, ${all} elsewhere in the capture; ${checks}` };
}

function concerns(finding: Finding, chosen: FrameSelection, selected: SelectedPackets): boolean {
  const { frames, framesTotal, flows } = finding.evidence;
  if (chosen.count === 0) return false;
  if (frames.length === 0 && flows.length === 0) return true;
  return (
    frames.some((frame) => chosen.has(frame)) ||
    flows.some((id) => selected.hasConversation(id)) ||
    (framesTotal > frames.length && selected.hasTalk(finding))
  );
}

/** Who has packets in a selection. Tables are made when somebody asks for them. */
class SelectedPackets {
  readonly #state: CaptureState;
  readonly #tables = new Map<ConversationLayer, ConversationTable>();

  constructor(state: CaptureState) {
    this.#state = state;
  }

  /** `id` as reports name conversations: layer and number. */
  hasConversation(id: string): boolean {
    const [layer, number] = id.split(':'),
      row = Number(number);
    if (!CONVERSATION_LAYERS.includes(layer as ConversationLayer)) return false;
    const table = this.#table(layer as ConversationLayer);
    return row < table.count && hasPackets(table, row);
  }

  /** Whether the two that a finding names talk with each other, or any of fewer or more with anybody, while it lasts. */
  hasTalk({ subjects, firstSeen, lastSeen }: Finding): boolean {
    const named = new Set(subjects.map(({ address }) => address)),
      wanted = named.size === 2 ? 2 : 1,
      from = secondsOf(firstSeen),
      to = secondsOf(lastSeen);
    return (['ip', 'ipv6', 'eth', 'wlan'] as const).some((layer) => {
      const table = this.#table(layer);
      for (let row = 0; row < table.count; row++) {
        if (!hasPackets(table, row) || table.times[row * 4]! > to || table.times[row * 4 + 2]! < from) continue;
        if (Number(named.has(table.a(row))) + Number(named.has(table.b(row))) >= wanted) return true;
      }
      return false;
    });
  }

  #table(layer: ConversationLayer): ConversationTable {
    let table = this.#tables.get(layer);
    if (table === undefined) this.#tables.set(layer, (table = conversationTable(this.#state, layer)));
    return table;
  }
}

const hasPackets = (table: ConversationTable, row: number): boolean => table.packetsAToB[row]! + table.packetsBToA[row]! > 0;

/** Whole ones; NaN without a time, which then excludes nothing. */
const secondsOf = (time: Timestamp): number => (time === null ? NaN : Math.floor(Date.parse(`${time.slice(0, 19)}Z`) / 1000));
