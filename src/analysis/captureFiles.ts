/** Which files are captures, and which of them is the latest: the same answer in the tree, the palette and the terminal. */

export interface CaptureFile {
  /** Path or URI text: what opens it. */
  readonly location: string;
  readonly name: string;
  readonly bytes: number;
  /** Milliseconds since 1970. */
  readonly modifiedMs: number;
}

const CAPTURE_NAME = /\.(?:pcap|pcapng|cap)(?:\.(?:gz|zst))?$|\.snoop$/i;
/** The name recording programs give: local time, to the second. */
const RECORDED_AT = /capture_(\d{4})(\d{2})(\d{2})_(\d{2})(\d{2})(\d{2})/;

/** True for names that say they are captures. Whether they are is decided by content when they are opened. */
export function isCaptureName(name: string): boolean {
  return CAPTURE_NAME.test(name);
}

/** When a capture was taken, in milliseconds since 1970: by its name `capture_YYYYMMDD_HHMMSS`, else by its modification time. */
export function recordedMs(file: CaptureFile): number {
  const match = RECORDED_AT.exec(file.name);
  if (match === null) return file.modifiedMs;
  const [year, month, day, hour, minute, second] = match.slice(1).map(Number) as [number, number, number, number, number, number];
  const date = new Date(year, month - 1, day, hour, minute, second);
  // Date rolls 31 February over into March; such a name holds no time.
  const real = date.getMonth() === month - 1 && date.getDate() === day && hour < 24 && minute < 60 && second < 60;
  return real ? date.getTime() : file.modifiedMs;
}

/** The files ordered newest first; of equally old ones the later name comes first, as in a numbered series. */
export function newestFirst(files: readonly CaptureFile[]): CaptureFile[] {
  return [...files].sort((a, b) => recordedMs(b) - recordedMs(a) || compareText(b.name, a.name) || compareText(b.location, a.location));
}

/** The newest file, or undefined where there is none. */
export function latestCapture(files: readonly CaptureFile[]): CaptureFile | undefined {
  return newestFirst(files)[0];
}

/** By code unit, so that the order does not depend on anybody's language. */
function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
