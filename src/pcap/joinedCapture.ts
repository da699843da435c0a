/**
 * Several files of one recording, a ring or what was rotated, read as one capture: frame numbers and flows go on from file to file, as after `mergecap -a`.
 * Each file keeps its own format and link types; interfaces that the files describe alike are one.
 */
import type { ByteSource } from './byteSource.ts';
import type { CaptureFormat, CapturePart, Damage, InterfaceInfo, RecordParser } from './captureFormat.ts';
import type { Packet } from './packet.ts';

export interface JoinedFile {
  readonly name: string;
  readonly source: ByteSource;
  readonly format: CaptureFormat;
}

/** The bytes of all files, one after the other. `files` may grow at its end; only the last file grows itself. */
export function joinedSource(files: readonly JoinedFile[]): ByteSource {
  const total = (): number => files.reduce((sum, { source }) => sum + source.size, 0);
  return {
    get size() {
      return total();
    },
    async read(into, offset, length, position) {
      let done = 0,
        start = 0;
      for (const { source } of files) {
        const end = start + source.size;
        if (position + done < end && done < length) {
          const wanted = Math.min(length - done, end - position - done),
            count = await source.read(into, offset + done, wanted, position + done - start);
          done += count;
          // A file that became shorter ends what can be read here.
          if (count < wanted) return done;
        }
        start = end;
      }
      return done;
    },
    async refresh() {
      await files.at(-1)?.source.refresh();
      return total();
    },
    async close() {
      await Promise.all(files.map(({ source }) => source.close()));
    },
  };
}

export function joinedFormat(files: readonly JoinedFile[]): CaptureFormat {
  const ids = [...new Set(files.map(({ format }) => format.id))];
  return { id: ids.join('+'), name: ids.join(', '), sniff: () => false, createParser: (onSecrets) => new JoinedParser(files, onSecrets) };
}

/** An interface of one or more files; its packets are those of all of them. */
class JoinedInterface implements InterfaceInfo {
  readonly name: string | null;
  readonly linkType: number;
  readonly snapLength: number;
  readonly described: InterfaceInfo[] = [];

  constructor({ name, linkType, snapLength }: InterfaceInfo) {
    this.name = name;
    this.linkType = linkType;
    this.snapLength = snapLength;
  }
  get packets(): number {
    return this.described.reduce((sum, { packets }) => sum + packets, 0);
  }
  /** Each file counts from the start of the recording. */
  get dropped(): number | null {
    return this.described.findLast(({ dropped }) => dropped !== null)?.dropped ?? null;
  }
}

class Part implements CapturePart {
  readonly name: string;
  readonly parser: RecordParser;
  /** By the file's own numbers. */
  readonly interfaceIds: number[] = [];
  readonly start: number;
  /** How many interfaces it has described in each way. */
  readonly alike = new Map<string, number>();
  problem: string | null = null;
  firstFrame: number | null = null;
  packets = 0;
  firstSeconds = NaN;
  firstNanoseconds = 0;
  lastSeconds = NaN;
  lastNanoseconds = 0;

  constructor({ name, format }: JoinedFile, start: number, onSecrets: (text: string) => void) {
    this.name = name;
    this.parser = format.createParser(onSecrets);
    this.start = start;
  }

  see(p: Packet): void {
    this.firstFrame ??= p.frame;
    this.packets++;
    if (!p.hasTime) return;
    const { timeSeconds: seconds, timeNanoseconds: nanoseconds } = p;
    if (!(seconds >= this.firstSeconds)) [this.firstSeconds, this.firstNanoseconds] = [seconds, nanoseconds];
    else if (seconds === this.firstSeconds && nanoseconds < this.firstNanoseconds) this.firstNanoseconds = nanoseconds;
    if (!(seconds <= this.lastSeconds)) [this.lastSeconds, this.lastNanoseconds] = [seconds, nanoseconds];
    else if (seconds === this.lastSeconds && nanoseconds > this.lastNanoseconds) this.lastNanoseconds = nanoseconds;
  }
}

class JoinedParser implements RecordParser {
  readonly interfaces: JoinedInterface[] = [];
  readonly parts: Part[] = [];
  damage: Damage | null = null;
  readonly #files: readonly JoinedFile[];
  readonly #onSecrets: (text: string) => void;
  /** Interfaces by what describes them. */
  readonly #alike = new Map<string, number[]>();

  constructor(files: readonly JoinedFile[], onSecrets: (text: string) => void) {
    this.#files = files;
    this.#onSecrets = onSecrets;
    this.#begin(0);
  }

  /** Of the files before the last; reading went on behind it. */
  get passedOver(): Damage | null {
    const part = this.parts.find(({ problem }) => problem !== null);
    return part === undefined ? null : { offset: part.start, message: `${part.name}: ${part.problem ?? ''}`, wentOn: true };
  }

  get hasComments(): boolean {
    return this.parts.some(({ parser }) => parser.hasComments === true);
  }

  parse(p: Packet, from: number, to: number, filePosition: number, onPacket: () => void): number {
    let at = from;
    for (;;) {
      const part = this.parts.at(-1)!,
        index = this.parts.length - 1,
        isLast = index === this.#files.length - 1,
        // Where the file ends in this block; it may lie beyond it.
        end = isLast ? Infinity : from + part.start + this.#files[index]!.source.size - filePosition;
      const limit = Math.min(to, end);
      if (at < limit) {
        // Not every format sets them.
        p.optionsTo = 0;
        const reached = part.parser.parse(p, at, limit, filePosition + at - from, () => {
          p.interfaceId = this.#joinedId(part, p.interfaceId);
          part.see(p);
          onPacket();
        });
        this.#describe(part);
        if (isLast) {
          this.damage = part.parser.damage;
          return reached;
        }
        at = reached;
        if (part.parser.damage !== null) part.problem = part.parser.damage.message;
        else if (at > end) part.problem = 'the file ends in the middle of a block';
        else if (at < limit && limit === end) part.problem = 'the file ends in the middle of a record';
        if (part.problem !== null) at = end;
      }
      // The rest of the file lies beyond this block, or has to be seen again with what follows.
      if (at < end || at > to || isLast) return at;
      this.#begin(index + 1);
    }
  }

  readAgain(p: Packet, from: number, to: number, filePosition: number): boolean {
    const part = this.parts.findLast(({ start }) => start <= filePosition);
    p.optionsTo = 0;
    if (part === undefined || !part.parser.readAgain(p, from, to, filePosition)) return false;
    p.interfaceId = this.#joinedId(part, p.interfaceId);
    return true;
  }

  #begin(index: number): void {
    const before = this.parts.at(-1),
      start = before === undefined ? 0 : before.start + this.#files[index - 1]!.source.size;
    this.parts.push(new Part(this.#files[index]!, start, this.#onSecrets));
  }

  #joinedId(part: Part, id: number): number {
    if (id >= part.interfaceIds.length) this.#describe(part);
    return part.interfaceIds[id] ?? 0;
  }

  /** Takes in what the file has described since: the n-th of several alike is the n-th of those in every file. */
  #describe(part: Part): void {
    const { interfaces } = part.parser;
    for (let i = part.interfaceIds.length; i < interfaces.length; i++) {
      const info = interfaces[i]!,
        key = JSON.stringify([info.name, info.linkType, info.snapLength]),
        nth = part.alike.get(key) ?? 0,
        ids = this.#alike.get(key) ?? [];
      part.alike.set(key, nth + 1);
      this.#alike.set(key, ids);
      ids[nth] ??= this.interfaces.push(new JoinedInterface(info)) - 1;
      this.interfaces[ids[nth]]!.described.push(info);
      part.interfaceIds.push(ids[nth]);
    }
  }
}
