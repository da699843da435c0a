/** What is kept of a finding that the monitor saw: enough to list it, to open it, and to ask the allow-list about it again. */
import * as z from 'zod';
import { SEVERITIES, type Finding, type Subject } from '../analysis/report.ts';

const ROLES = ['attacker', 'victim', 'client', 'server', 'spoofed', 'gateway'] as const satisfies readonly Subject['role'][];

export const seenFinding = z.object({
  id: z.string().max(200),
  detector: z.string().max(100),
  severity: z.enum(SEVERITIES),
  title: z.string().max(400),
  /** The first that proves it; null where none does. */
  frame: z.number().nullable(),
  /** Those who act first. */
  subjects: z.array(z.object({ role: z.enum(ROLES), address: z.string().max(100), name: z.string().max(255).exactOptional() })).max(20),
  /** When the monitor saw it, milliseconds since 1970. */
  seenMs: z.number(),
});
export type SeenFinding = z.output<typeof seenFinding>;

const MOST_SUBJECTS = 20;

export function seen({ id, detector, severity, title, subjects, evidence }: Finding, seenMs: number): SeenFinding {
  const acting = [...subjects].sort((a, b) => ROLES.indexOf(a.role) - ROLES.indexOf(b.role));
  return {
    id,
    detector,
    severity,
    title: title.slice(0, 400),
    frame: evidence.frames[0] ?? null,
    subjects: acting.slice(0, MOST_SUBJECTS).map(({ role, address, name }) => ({
      role,
      address: address.slice(0, 100),
      ...(name === undefined ? {} : { name: name.slice(0, 255) }),
    })),
    seenMs,
  };
}
