/** What is kept of a finding that the monitor saw: enough to list it, to open it, and to ask the allow-list about it again. */
import * as z from 'zod';
import { SEVERITIES, type Finding, type Subject } from '../analysis/report.ts';

const ROLES = ['attacker', 'victim', 'client', 'server', 'spoofed', 'gateway'] as const satisfies readonly Subject['role'][];

const MOST_SUBJECTS = 20,
  MOST_PARTS = 50,
  /** Of all parts together. A part whose subjects have no room left is kept without: no rule about somebody hides it then. */
  MOST_PART_SUBJECTS = 300;

/** Those who act first. */
const subjects = z
  .array(z.object({ role: z.enum(ROLES), address: z.string().max(100), name: z.string().max(255).exactOptional() }))
  .max(MOST_SUBJECTS);

export const seenFinding = z.object({
  id: z.string().max(200),
  detector: z.string().max(100),
  severity: z.enum(SEVERITIES),
  title: z.string().max(400),
  /** The first that proves it; null where none does. */
  frame: z.number().nullable(),
  subjects,
  /** Those that are told together in it. */
  parts: z
    .array(z.object({ id: z.string().max(200), label: z.string().max(200), severity: z.enum(SEVERITIES), subjects }))
    .max(MOST_PARTS)
    .exactOptional(),
  /** When the monitor saw it, milliseconds since 1970. */
  seenMs: z.number(),
});
export type SeenFinding = z.output<typeof seenFinding>;

export function seen({ id, detector, severity, title, subjects, evidence, parts }: Finding, seenMs: number): SeenFinding {
  let room = MOST_PART_SUBJECTS;
  return {
    id,
    detector,
    severity,
    title: title.slice(0, 400),
    frame: evidence.frames[0] ?? null,
    subjects: acting(subjects).slice(0, MOST_SUBJECTS),
    ...(parts === undefined
      ? {}
      : {
          parts: parts.slice(0, MOST_PARTS).map((part) => {
            const all = part.subjects.length > Math.min(room, MOST_SUBJECTS) ? [] : acting(part.subjects);
            room -= all.length;
            return { id: part.id, label: part.label.slice(0, 200), severity: part.severity, subjects: all };
          }),
        }),
    seenMs,
  };
}

function acting(subjects: readonly Subject[]): SeenFinding['subjects'] {
  return [...subjects]
    .sort((a, b) => ROLES.indexOf(a.role) - ROLES.indexOf(b.role))
    .map(({ role, address, name }) => ({ role, address: address.slice(0, 100), ...(name === undefined ? {} : { name: name.slice(0, 255) }) }));
}
