/** SARIF 2.1.0 (OASIS standard, 27 March 2020): the findings for code-scanning dashboards and pipelines. The capture is the artifact, with its SHA-256. */
import { detectors } from '../detectorOptions.ts';
import type { Finding, Incident, Severity } from '../report.ts';
import type { ReportExport } from './reportExport.ts';
import { safeText } from './safeText.ts';

/** Section 3.27.10. */
const LEVELS: Readonly<Record<Severity, 'error' | 'warning' | 'note'>> = {
  critical: 'error',
  high: 'error',
  medium: 'warning',
  low: 'note',
  info: 'note',
};
/** 0-100, as `rank` has it (3.27.25) and GitHub's `security-severity` a tenth of it. */
const RANKS: Readonly<Record<Severity, number>> = { critical: 95, high: 80, medium: 55, low: 25, info: 5 };

export const sarif: ReportExport = {
  id: 'sarif',
  label: 'SARIF',
  description: 'findings, for dashboards and pipelines',
  extension: 'sarif',
  write(report, { compact }) {
    const { capture, producer, findings } = report,
      uri = encodeURIComponent(safeText(capture.file));
    const incidentOf = new Map(report.incidents.flatMap((incident) => incident.findings.map((id) => [id, incident] as const)));
    const used = [...new Set(findings.map(({ detector }) => detector))];
    const log = {
      $schema: 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json',
      version: '2.1.0',
      runs: [
        {
          tool: { driver: { name: 'Netsec', semanticVersion: semantic(producer.version), version: producer.version, rules: used.map(ruleOf) } },
          columnKind: 'utf16CodeUnits',
          invocations: [
            {
              executionSuccessful: capture.truncated === null,
              toolExecutionNotifications: report.coverage
                .filter(({ status }) => status === 'partial' || status === 'skipped')
                .map(({ detector, status, why }) => ({ level: 'note', message: { text: plain(`${detector} (${status}): ${why}`) } })),
            },
          ],
          artifacts: [
            {
              location: { uri },
              length: capture.fileBytes,
              ...(capture.sha256 === null ? {} : { hashes: { 'sha-256': capture.sha256 } }),
            },
          ],
          results: findings.map((finding) => resultOf(finding, used.indexOf(finding.detector), uri, incidentOf.get(finding.id))),
          properties: {
            statusText: plain(report.statusText),
            headline: plain(report.headline),
            risk: report.risk.score,
            incidents: report.incidents.map(({ id, title, severity, findings: members }) => ({
              id,
              title: plain(title),
              severity,
              findings: members,
            })),
            options: producer.options,
          },
        },
      ],
    };
    return `${JSON.stringify(log, null, compact === true ? undefined : 2)}\n`;
  },
};

/** SARIF allows Markdown in `markdown` only; links in plain messages are made of brackets (3.11.6), which are escaped. */
function plain(text: string): string {
  const safe = safeText(text)
    .replace(/[\\[\]]/g, '\\$&')
    .trim();
  return safe === '' ? '-' : safe;
}

const semantic = (version: string): string => (/^\d+\.\d+\.\d+/.test(version) ? version : '0.0.0');

function ruleOf(id: string): object {
  const detector = detectors.find((one) => one.id === id);
  return {
    id,
    name: plain(detector?.title ?? id),
    shortDescription: { text: plain(detector?.title ?? id) },
    fullDescription: { text: plain(detector?.description ?? id) },
  };
}

function resultOf(finding: Finding, ruleIndex: number, uri: string, incident: Incident | undefined): object {
  const { severity, expected, evidence } = finding;
  return {
    ruleId: finding.detector,
    ruleIndex,
    kind: severity === 'info' ? 'informational' : 'fail',
    // 3.27.9: anything but a failure has no level.
    level: severity === 'info' ? 'none' : LEVELS[severity],
    rank: RANKS[severity],
    message: { text: plain(`${finding.title}. ${finding.description} ${finding.recommendation}`) },
    locations: [
      {
        physicalLocation: { artifactLocation: { uri, index: 0 } },
        logicalLocations: finding.subjects.slice(0, 100).map(({ role, address, port }) => ({
          name: plain(address),
          fullyQualifiedName: plain(`${role} ${address}${port === undefined ? '' : ` port ${port}`}`),
        })),
      },
    ],
    partialFingerprints: { 'netsecFindingId/v1': finding.id },
    ...(expected === null ? {} : { suppressions: [{ kind: 'external', status: 'accepted', justification: plain(expected.reason) }] }),
    properties: {
      'security-severity': String(RANKS[severity] / 10),
      severity,
      confidence: finding.confidence,
      ...(incident === undefined ? {} : { incident: incident.id }),
      tags: [...finding.attack, ...finding.tactics],
      frames: evidence.frames,
      framesTotal: evidence.framesTotal,
      filter: safeText(evidence.filter),
      firstSeen: finding.firstSeen,
      lastSeen: finding.lastSeen,
    },
  };
}
