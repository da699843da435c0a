/** What is slow or does not work? Services that fail, answer late or answer with errors, names that were not found, and how TCP fared. */
import { countText, durationText, plural, protocolLabel } from '../../analysis/describe.ts';
import { failedConnections, waysOfFailing, type Service, type ServiceOutcome, type ServicesPage } from '../../analysis/engineApi.ts';
import { inline } from '../../analysis/exports/markdown.ts';
import { hideSecrets } from '../../analysis/hideSecrets.ts';
import type { LookedUp } from '../../analysis/inventory.ts';
import type { Quality } from '../../analysis/report.ts';
import { SLOW_SECONDS as SLOW } from '../../analysis/services/troubles.ts';
import { joined, named, section, shortened, verdictLine } from '../layout.ts';
import type { PlainQuestion } from './question.ts';

const ROWS = 6,
  /** Services are sorted by one thing at a time: those that are worst by each are among as many. */
  LOOKED_AT = 50;

export const troubles: PlainQuestion = {
  order: 20,
  example: 'what is slow, and what failed?',
  meaning: 'which services failed, answered late or answered with errors',
  isAsked: (words) =>
    /\b(?:slow\w*|latenc(?:y|ies)|delay\w*|lag(?:s|gy|ging)?|response times?|round.?trip\w*|rtt|fail(?:s|ed|ing|ures?)?|broken?|errors?|handshakes?|time(?:d|s)?[ -]?outs?|refus\w*|reject\w*|resets?|retrans\w*|packet ?loss|lost packets?|lose packets?|loss|unreachable|unanswered|nxdomain|servfail|5\d\d|40[0-9]|outage|stuck|hang(?:s|ing)?|zero windows?)\b/.test(
      words,
    ) ||
    /(?:\b(?:not|never|cannot|no)|n't) (?:\w+ )?(?:work|respond|repl(?:y|ies)|answer|connect|load|reach|resolv)\w*/.test(words) ||
    /\bwhat(?:'s| is| was| went) wrong\b|\b(?:any|a|the) (?:network |tcp |dns |http |connection )?(?:problems?|trouble|issues?)\b/.test(words),
  async answer({ narrowed }, opened, { signal }) {
    const by = (column: string) =>
      opened.call('services', { selection: narrowed, search: '', sort: { column, descending: true }, offset: 0, limit: LOOKED_AT }, signal);
    // One after the other: the first makes the pass that the others read from.
    const slowest = await by('answerMax'),
      [mostFailed, mostErrors, leastAnswered, { lookups }, { quality }] = await Promise.all([
        by('failed'),
        by('errors'),
        by('unansweredRequests'),
        opened.call('inventory', { selection: narrowed }, signal),
        opened.call('report', { selection: narrowed, limit: 1 }, signal),
      ]);
    const failing = mostFailed.rows.filter((row) => failedConnections(row) > 0),
      silent = leastAnswered.rows.filter(({ unansweredRequests }) => unansweredRequests > 0),
      erring = mostErrors.rows.filter(({ errors }) => errors > 0),
      slow = slowest.rows.filter(({ answer }) => answer !== null && answer.max >= SLOW),
      missing = lookups.filter(({ outcome }) => outcome !== 'answered' && outcome !== 'none'),
      tcp = tcpLines(quality);
    return {
      markdown: joined([
        verdictLine(verdictOf(failing.length, silent.length, erring.length, slow.length, missing.length, slowest)),
        section('Did not come about, or was broken off', shortened(failing.map(failureLine), ROWS, 'service')),
        section('Was asked without a whole answer', shortened(silent.map(silenceLine), ROWS, 'service')),
        section('Answered with errors', shortened(erring.map(errorLine), ROWS, 'service')),
        section(
          slow.length > 0 ? `Took ${SLOW} second or more to answer` : 'Slowest answers',
          shortened((slow.length > 0 ? slow : slowest.rows.filter(({ answer }) => answer !== null).slice(0, 3)).map(slowLine), ROWS, 'service'),
        ),
        section('Names that DNS did not give', shortened(missing.map(nameLine), ROWS, 'name')),
        section('How TCP fared', tcp),
        section('To be kept in mind', [...slowest.limits]),
      ]),
      isEmpty: slowest.totalUnfiltered === 0 && lookups.length === 0,
    };
  },
};

function verdictOf(failing: number, silent: number, erring: number, slow: number, missing: number, { rows: all, limits }: ServicesPage): string {
  const said = [
    ...(failing === 0 ? [] : [`${plural(failing, 'service')} failed at times`]),
    ...(silent === 0 ? [] : [`${plural(silent, 'service')} left requests without a whole answer`]),
    ...(erring === 0 ? [] : [`${plural(erring, 'service')} answered with errors`]),
    ...(slow === 0 ? [] : [`${plural(slow, 'service')} kept somebody waiting for ${SLOW} second or more`]),
    ...(missing === 0 ? [] : [`${plural(missing, 'name')} could not be had from DNS`]),
  ];
  if (said.length > 0) return `${said.join('; ')}.`;
  if (all.length === 0) return 'No service was asked for anything, so that there is nothing to be slow.';
  return `No service failed, left a request without an answer, answered with errors or took ${SLOW} second to answer${limits.length === 0 ? '' : ', of those that were followed'}.`;
}

function serviceText({ address, port, layer, service, names: [name] }: Service): string {
  return `${named(address)} port ${port}${name === undefined ? '' : ` (${inline(name)})`}, ${service === null ? layer.toUpperCase() : inline(protocolLabel(service))}`;
}

function failureLine(row: Service): string {
  const said = waysOfFailing(row).map(({ times, how }) => `${countText(times)} ${how}`),
    why = row.outcomes.filter(({ kind }) => kind === 'trouble').map(outcomeText);
  return `${serviceText(row)}: ${row.connections === null ? 'of its datagrams' : `of ${plural(row.connections, 'connection')}`} ${said.join(', ')}${why.length === 0 ? '' : ` (${why.join(', ')})`}`;
}

function silenceLine(row: Service): string {
  const { requests, unansweredRequests, unfinishedAnswers } = row,
    begun = unfinishedAnswers === 0 ? '' : `, of which ${countText(unfinishedAnswers)} had begun to be answered`;
  return `${serviceText(row)}: ${countText(unansweredRequests)} of ${plural(requests ?? unansweredRequests, 'request')}${begun}`;
}

function errorLine(row: Service): string {
  const outcomes = row.outcomes
    .filter(({ kind }) => kind !== 'trouble')
    .slice(0, 5)
    .map(outcomeText);
  const asked = row.requests ?? Math.max(row.errors, row.answer?.count ?? 0);
  return `${serviceText(row)}: ${countText(row.errors)} of ${plural(asked, row.requests === null ? 'answer' : 'request')}${outcomes.length === 0 ? '' : ` (${outcomes.join(', ')})`}`;
}

/** An error or a failure leads to the first of them. */
function outcomeText({ kind, what, times, frame }: ServiceOutcome): string {
  return `${inline(what)} ${plural(times, 'time')}${kind === 'answer' ? '' : ` [frame ${frame}]`}`;
}

function slowLine(row: Service): string {
  const { answer, connect, slowest } = row,
    [worst] = slowest,
    asked = worst === undefined || worst.what === '' ? '' : ` to ${named(hideSecrets(worst.what), 100)}`;
  return `${serviceText(row)}: ${durationText(answer!.max)}${asked} [frame ${answer!.maxFrame}], ${durationText(answer!.median)} in the middle of ${plural(answer!.count, 'answer')}${connect === null ? '' : `; connecting took ${durationText(connect.median)}`}`;
}

function nameLine({ name, outcome, questions, frame }: LookedUp): string {
  return `${named(name)}: ${outcome}, asked ${plural(questions, 'time')} [frame ${frame}]`;
}

function tcpLines({ tcpRetransmissions, tcpGaps, tcpOutOfOrder, tcpZeroWindows, tcpResets }: Quality): string[] {
  return [
    ...(tcpRetransmissions === 0 ? [] : [`${plural(tcpRetransmissions, 'retransmission')}: packets were lost or late between the two sides.`]),
    ...(tcpOutOfOrder === 0 ? [] : [`${plural(tcpOutOfOrder, 'segment')} out of order.`]),
    ...(tcpZeroWindows === 0 ? [] : [`${plural(tcpZeroWindows, 'zero window')}: a program did not read what had come for it.`]),
    ...(tcpResets === 0 ? [] : [`${plural(tcpResets, 'reset')}.`]),
    ...(tcpGaps === 0 ? [] : [`${plural(tcpGaps, 'gap')}: segments that this capture lacks.`]),
  ];
}
