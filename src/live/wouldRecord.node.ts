/** What a wish of a tool comes to on this machine, before anybody is asked. */
import type { RecordingWish } from '../analysis/toolRecorder.ts';
import { checkCaptureFilter, interfaceNamed, listInterfaces } from './programs.node.ts';
import { noInterface, noSuchInterface, usablePrograms } from './usablePrograms.node.ts';

/** The same with the interface by its name. Throws a sentence when it could not be recorded. */
export async function wouldRecord(wish: RecordingWish): Promise<RecordingWish> {
  const found = await usablePrograms();
  if (!found.ok) throw new Error(found.message);
  const [program] = found.programs,
    wrong = await checkCaptureFilter(wish.filter, found.all);
  if (wrong !== null) throw new Error(`The capture filter is not understood: ${wrong}.`);
  const interfaces = await listInterfaces(program!);
  if (interfaces.length === 0) throw new Error(noInterface(program!));
  const wanted = interfaceNamed(interfaces, wish.interface === '' ? undefined : wish.interface);
  if (wanted === undefined) throw new Error(noSuchInterface(wish.interface, interfaces));
  return { ...wish, interface: wanted.name };
}
