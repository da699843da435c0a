/** list_findings: what the checks found, in short, worst first. */
import * as z from 'zod';
import { EVERYTHING } from '../engineApi.ts';
import { SEVERITIES, type Coverage, type Finding } from '../report.ts';
import { hostFilter } from '../hostFilter.ts';
import { defineTool, ToolFailure } from '../tool.ts';
import { captureInput, limitInput, reportWithFindings, withCapture } from '../toolCapture.ts';
import { cursorInput, pageOf, pageOutput } from '../toolPages.ts';

const FRAMES_SHOWN = 3,
  INCIDENTS_SHOWN = 5;

export const listFindings = defineTool({
  name: 'list_findings',
  title: 'List findings',
  description:
    'Security findings of a capture, worst first, in short; explain_finding gives one whole. Unless "status" is "clean" do not call the capture clean.',
  input: z.strictObject({
    capture: captureInput,
    severity: z.enum(SEVERITIES).default('info').describe('This grave or graver'),
    about: z.string().max(200).default('').describe('A detector or an address'),
    cursor: cursorInput,
    limit: limitInput(200, 20),
  }),
  output: z.object({
    status: z.string(),
    statusText: z.string(),
    risk: z.object({ score: z.number(), level: z.string() }),
    findings: z.array(
      z.object({
        id: z.string(),
        severity: z.string(),
        confidence: z.number(),
        title: z.string(),
        subjects: z.array(z.string()).describe('Role and address'),
        frames: z.array(z.number()).describe('The first of its evidence'),
        framesTotal: z.number(),
        firstSeen: z.string().nullable(),
      }),
    ),
    incidents: z
      .array(z.object({ id: z.string(), severity: z.string(), title: z.string(), findings: z.number() }))
      .describe('Which findings tell one story, in a sentence; the gravest first'),
    check: z
      .exactOptional(z.object({ status: z.string(), why: z.string() }))
      .describe('With a detector as "about": whether it could examine everything'),
    ...pageOutput,
  }),
  async run(input, context) {
    const { capture, severity, about, limit } = input;
    return withCapture(capture, context, async (opened, file) => {
      const pages = pageOf('list_findings', input, file),
        { offset } = pages;
      const report = await reportWithFindings(opened, EVERYTHING, context.signal);
      const who = about.trim().toLowerCase(),
        check = report.coverage.find(({ detector }) => detector === who);
      if (who !== '' && check === undefined && hostFilter(who) === null) throw new ToolFailure(nothingCalled(who, report.coverage));
      const least = SEVERITIES.indexOf(severity);
      const wanted = report.findings.filter((finding) => SEVERITIES.indexOf(finding.severity) >= least && isAbout(finding, who));
      const shown = wanted.slice(offset, offset + limit);
      return {
        status: report.status,
        statusText: report.statusText,
        risk: { score: report.risk.score, level: report.risk.level },
        findings: shown.map(short),
        incidents: report.incidents
          .filter(({ findings }) => wanted.some(({ id }) => findings.includes(id)))
          .slice(0, INCIDENTS_SHOWN)
          .map(({ id, severity: worst, title, findings }) => ({ id, severity: worst, title, findings: findings.length })),
        ...(check === undefined ? {} : { check: { status: check.status, why: check.why } }),
        total: wanted.length,
        next: pages.next(shown.length, wanted.length),
      };
    });
  },
});

function nothingCalled(about: string, checks: readonly Coverage[]): string {
  const similar = checks.map(({ detector }) => detector).filter((id) => id.includes(about.slice(0, 5)) || about.includes(id.split('-')[0]!));
  return `"${about.slice(0, 60)}" is neither an address nor a detector. ${similar.length === 0 ? '' : `Did you mean ${similar.slice(0, 5).join(', ')}? `}Call again without "about" for all findings.`;
}

function isAbout({ detector, subjects }: Finding, about: string): boolean {
  return about === '' || detector === about || subjects.some(({ address }) => address.toLowerCase() === about);
}

function short(finding: Finding): {
  id: string;
  severity: string;
  confidence: number;
  title: string;
  subjects: string[];
  frames: number[];
  framesTotal: number;
  firstSeen: string | null;
} {
  const { id, severity, confidence, title, subjects, evidence, firstSeen } = finding;
  return {
    id,
    severity,
    confidence,
    title,
    subjects: subjects.slice(0, 5).map(({ role, address, port }) => `${role} ${address}${port === undefined ? '' : ` port ${port}`}`),
    frames: evidence.frames.slice(0, FRAMES_SHOWN),
    framesTotal: evidence.framesTotal,
    firstSeen,
  };
}
