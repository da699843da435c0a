/** Where tools get their captures from. Each shell supplies one: folders in Node, the workspace in VS Code, a fake in tests. */
import type { CaptureFile } from './captureFiles.ts';
import type { EngineMethods } from './engineApi.ts';

/** A capture that has been read as far as it goes, to be asked as a session is. */
export interface OpenCapture {
  call<M extends keyof EngineMethods>(method: M, params: EngineMethods[M][0], signal?: AbortSignal): Promise<EngineMethods[M][1]>;
  /** Gives the capture back; the store may keep it for who asks next. */
  release(): void;
}

export type Listed = { readonly ok: true; readonly files: readonly CaptureFile[] } | { readonly ok: false; readonly message: string };
export type Opened = { readonly ok: true; readonly capture: OpenCapture } | { readonly ok: false; readonly message: string };

/** Failures are sentences for a person. */
export interface CaptureStore {
  /** All captures, newest first. */
  list(): Promise<Listed>;
  /** The captures that `latest`, `all` or a name stands for, newest first; never outside of the store. */
  resolve(which: string): Promise<Listed>;
  open(file: CaptureFile, signal?: AbortSignal): Promise<Opened>;
}

/** Names offered when one is not found. */
const MOST_OFFERED = 8,
  MOST_PLACES = 8;

/** Folders as a place in a sentence: `/captures`, or `the folders /captures, /work`; empty for none. */
export function placesText(folders: readonly string[]): string {
  const [only] = folders;
  if (only === undefined || folders.length === 1) return only ?? '';
  const more = folders.length - MOST_PLACES;
  return `the folders ${folders.slice(0, MOST_PLACES).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

/** What `latest`, `all` or a name means among `files`, which are sorted newest first. A name may lack its ending or its case, as people write it. */
export function resolveAmong(files: readonly CaptureFile[], which: string, where: string): Listed {
  if (files.length === 0) return { ok: false, message: `There are no captures in ${where}.` };
  const word = which.trim();
  if (word === '' || word.toLowerCase() === 'latest') return { ok: true, files: files.slice(0, 1) };
  if (word.toLowerCase() === 'all') return { ok: true, files };
  const lower = word.toLowerCase();
  const found = files.filter(({ name }) => name === word);
  const similar = found.length > 0 ? found : files.filter(({ name }) => name.toLowerCase() === lower || name.toLowerCase().startsWith(`${lower}.`));
  if (similar.length === 1 || found.length > 0) return { ok: true, files: similar.slice(0, 1) };
  const names = (similar.length > 1 ? similar : files)
    .slice(0, MOST_OFFERED)
    .map(({ name }) => name)
    .join(', ');
  if (similar.length > 1) return { ok: false, message: `Several captures are called ${word}: ${names}. Use one of these names.` };
  return {
    ok: false,
    message: `There is no capture called ${word.slice(0, 100)} in ${where}. There are: ${names}${files.length > MOST_OFFERED ? ` and ${files.length - MOST_OFFERED} more` : ''}.`,
  };
}
