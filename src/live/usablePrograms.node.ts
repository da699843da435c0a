/** The programs that this user may record with, or the sentence that says what to do when there is none. */
import type { CaptureInterface } from './backend.ts';
import { findPrograms, machineFacts, type FoundProgram } from './programs.node.ts';
import { installRemedy, permissionRemedy } from './remedy.ts';

export const BACKEND_IDS = ['dumpcap', 'tcpdump', 'tshark'] as const;
export type BackendId = (typeof BACKEND_IDS)[number];

export type UsablePrograms =
  /** `programs` best first, never empty; `all` also holds those that may not be started. */
  | { readonly ok: true; readonly programs: readonly FoundProgram[]; readonly all: readonly FoundProgram[] }
  | { readonly ok: false; readonly message: string };

export async function usablePrograms(asked?: BackendId): Promise<UsablePrograms> {
  const all = await findPrograms(),
    wanted = all.filter(({ backend }) => asked === undefined || backend.id === asked),
    programs = wanted.filter(({ executable }) => executable),
    facts = machineFacts();
  if (programs.length > 0) return { ok: true, programs, all };
  const [refused] = wanted;
  if (refused !== undefined)
    return {
      ok: false,
      message: `${refused.path} may not be started by this user. ${permissionRemedy(refused.backend.program, refused.path, facts)}`,
    };
  return {
    ok: false,
    message: `${asked ?? 'A program that records packets (dumpcap, tcpdump or tshark)'} is not on this machine. ${installRemedy(facts)}`,
  };
}

/** A program without rights lists nothing. */
export function noInterface({ backend, path }: FoundProgram): string {
  return `${backend.program} names no interface. ${permissionRemedy(backend.program, path, machineFacts())}`;
}

export function noSuchInterface(asked: string, interfaces: readonly CaptureInterface[]): string {
  return `There is no interface ${JSON.stringify(asked)}; there are ${interfaces.map(({ name }) => name).join(', ')}.`;
}
