/** What *Start Capture* asks: where, which packets, until when. Undefined means that the person turned away; an editor that opens meanwhile does not close them. */
import * as vscode from 'vscode';
import type { CaptureInterface } from './backend.ts';
import { checkCaptureFilter, findPktmon, listInterfaces, usualInterface } from './programs.node.ts';
import { bytesOf, secondsOf } from './quantities.ts';
import type { RecordingRequest, StopAfter } from './recorder.node.ts';
import { noInterface, usablePrograms } from './usablePrograms.node.ts';

/** Throws, with the remedy for this machine, when nothing can be recorded here. */
export async function askWhatToRecord(lastInterface: string | undefined): Promise<Omit<RecordingRequest, 'folder'> | undefined> {
  const found = await usablePrograms();
  if (!found.ok && (await findPktmon()) !== null) return askForPktmon();
  if (!found.ok) throw new Error(found.message);
  const [program] = found.programs;
  const interfaces = await listInterfaces(program!);
  if (interfaces.length === 0) throw new Error(noInterface(program!));
  const name = await askForInterface(interfaces, lastInterface);
  if (name === undefined) return undefined;
  const filter = await vscode.window.showInputBox({
    title: 'Start Capture: Filter',
    ignoreFocusOut: true,
    prompt: 'Record only these packets, for example: tcp port 443. Empty: all.',
    placeHolder: 'all packets',
    validateInput: async (text) => {
      const wrong = await checkCaptureFilter(text, found.all);
      return wrong === null ? undefined : `Not a capture filter: ${wrong}`;
    },
  });
  if (filter === undefined) return undefined;
  const stopAfter = await askForLimit();
  return stopAfter === undefined ? undefined : { interface: name, filter, stopAfter: stopAfter === null ? [] : [stopAfter] };
}

/** Windows' own recorder takes all adapters, no filter, and counts nothing before it is stopped. */
async function askForPktmon(): Promise<Omit<RecordingRequest, 'folder'> | undefined> {
  const stopAfter = await askForLimit(
    CHOICES.filter(({ kindOfLimit }) => kindOfLimit === null || kindOfLimit === 'duration'),
    'All adapters, with pktmon; the packets are shown once it has stopped. Wireshark with Npcap can do more.',
  );
  return stopAfter === undefined ? undefined : { interface: '', filter: '', stopAfter: stopAfter === null ? [] : [stopAfter] };
}

/** The last one first, then the usual one, then as the program has them. */
async function askForInterface(interfaces: readonly CaptureInterface[], last: string | undefined): Promise<string | undefined> {
  const usual = usualInterface(interfaces)?.name;
  const rank = ({ name }: CaptureInterface): number => (name === last ? 0 : name === usual ? 1 : 2);
  const items = [...interfaces]
    .sort((a, b) => rank(a) - rank(b))
    .map((each) => ({
      label: each.description === '' ? each.name : each.description,
      description: [each.description === '' ? '' : each.name, each.name === last ? 'last used' : ''].filter((text) => text !== '').join(', '),
      detail: each.addresses.length === 0 ? 'no address' : each.addresses.join(', '),
      name: each.name,
    }));
  const options = {
    ignoreFocusOut: true,
    title: 'Start Capture: Interface',
    placeHolder: 'Where to record',
    matchOnDescription: true,
    matchOnDetail: true,
  };
  return (await vscode.window.showQuickPick(items, options))?.name;
}

interface LimitChoice extends vscode.QuickPickItem {
  readonly kindOfLimit: StopAfter['kind'] | null;
}

const CHOICES: readonly LimitChoice[] = [
  { label: 'When I stop it', description: 'in the status bar, or with Netsec: Stop Capture', kindOfLimit: null },
  { label: 'After a time...', kindOfLimit: 'duration' },
  { label: 'At a size...', kindOfLimit: 'size' },
  { label: 'After a number of packets...', kindOfLimit: 'packets' },
];

const LIMITS: Readonly<Record<StopAfter['kind'], { readonly prompt: string; readonly isRight: (text: string) => boolean }>> = {
  duration: { prompt: 'A time: 90 (seconds), 5m or 1h', isRight: (text) => secondsOf(text) !== null },
  size: { prompt: 'A size: 500k, 20M or 1G', isRight: (text) => bytesOf(text) !== null },
  packets: { prompt: 'A whole number from 1', isRight: (text) => /^[1-9]\d{0,11}$/.test(text.trim()) },
};

/** Null: until it is stopped by hand. */
async function askForLimit(choices = CHOICES, placeHolder = 'When to stop'): Promise<StopAfter | null | undefined> {
  const choice = await vscode.window.showQuickPick(choices, { ignoreFocusOut: true, title: 'Start Capture: Stop', placeHolder });
  if (choice === undefined) return undefined;
  const { kindOfLimit } = choice;
  if (kindOfLimit === null) return null;
  const { prompt, isRight } = LIMITS[kindOfLimit];
  const limit = await vscode.window.showInputBox({
    title: `Start Capture: ${choice.label.replace('...', '')}`,
    prompt,
    ignoreFocusOut: true,
    validateInput: (text) => (isRight(text) ? undefined : prompt),
  });
  return limit === undefined ? undefined : { kind: kindOfLimit, limit: limit.trim() };
}
