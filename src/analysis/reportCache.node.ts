/**
 * Reports of captures that were read before, on the user's disk. A file is taken for the one that was read when its place, size, times and inode are the same;
 * anywhere else only when its SHA-256 is. Whatever is damaged, not ours, or open to others is ignored. Nothing here throws: without a cache all is slower, no more.
 */
import { createHash, randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import fs from 'node:fs/promises';
import path from 'node:path';
import { cacheFolder, isOwn, isOwnFolder } from './cacheFolder.node.ts';
import type { Report } from './report.ts';
import { onDisk } from '../pcap/diskName.node.ts';

const MOST_BYTES_OF_ONE = 16 * 1024 * 1024,
  MOST_BYTES = 128 * 1024 * 1024,
  MOST_FILES = 1000;
/** Some file systems note times no finer than this; what was written so recently may have changed since without a sign. */
const SETTLED_AFTER_MS = 2000;

/** What tells a file from every other, without reading it. */
export interface FilePlace {
  readonly id: string;
  readonly bytes: number;
  /** False while it may still change within one tick of its clock. */
  readonly isSettled: boolean;
}

export interface ReportCache {
  /** The report of the file at this place. `key` says by what it was judged. */
  atPlace(place: FilePlace, key: string): Promise<Report | null>;
  /** Whether it could pay to compute the SHA-256 of a file of this size. */
  mayHave(bytes: number): Promise<boolean>;
  ofContent(place: FilePlace, sha256: string, key: string): Promise<Report | null>;
  /** `report` holds the SHA-256 of the content; without it nothing is kept. */
  keep(place: FilePlace, key: string, report: Report): Promise<void>;
}

export async function placeOf(file: string): Promise<FilePlace | null> {
  try {
    const real = await fs.realpath(onDisk(file)),
      { dev, ino, size, mtimeNs, ctimeNs, mtimeMs, ctimeMs } = await fs.stat(onDisk(real), { bigint: true });
    const youngestMs = Math.max(Number(mtimeMs), Number(ctimeMs));
    return {
      id: digest(JSON.stringify([real, ...[dev, ino, size, mtimeNs, ctimeNs].map(String)])),
      bytes: Number(size),
      isSettled: Date.now() - youngestMs > SETTLED_AFTER_MS,
    };
  } catch {
    return null;
  }
}

/** Of this user; null where nothing is kept. */
export function reportCacheFolder(): string | null {
  const folder = cacheFolder();
  return folder === null ? null : path.join(folder, 'reports');
}

export function usersReportCache(): ReportCache | null {
  const folder = reportCacheFolder();
  return folder === null ? null : reportCache(folder);
}

export interface ReportCacheUse {
  readonly reports: number;
  readonly bytes: number;
  readonly mostBytes: number;
}

/** What is kept in such a folder; nothing where there is none. */
export async function reportCacheUse(folder: string): Promise<ReportCacheUse> {
  const files = await keptFiles(folder);
  return {
    reports: files.filter(({ file }) => path.basename(file).startsWith('report-')).length,
    bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
    mostBytes: MOST_BYTES,
  };
}

/** Removes all of it; tells what that was. Files that are not of the cache stay. */
export async function clearReportCache(folder: string): Promise<ReportCacheUse> {
  const use = await reportCacheUse(folder);
  for (const { file } of await keptFiles(folder)) await fs.rm(file, { force: true });
  return use;
}

export function reportCache(folder: string): ReportCache {
  let usable: boolean | null = null;
  const isUsable = (): boolean => (usable ??= isOwnFolder(folder));
  const placeFile = (place: FilePlace, key: string): string => path.join(folder, `place-${digest(`${place.id} ${key}`)}`),
    reportFile = (bytes: number, sha256: string, key: string): string => path.join(folder, `report-${bytes}-${digest(`${sha256} ${key}`)}`);

  async function ofContent(place: FilePlace, sha256: string, key: string): Promise<Report | null> {
    if (!isUsable()) return null;
    const file = reportFile(place.bytes, sha256, key),
      text = await readOwn(file, MOST_BYTES_OF_ONE);
    if (text === null) return null;
    const end = text.indexOf('\n'),
      body = text.slice(end + 1);
    if (text.slice(0, end) !== header(sha256, key, body)) {
      // Cut off, or written by something else.
      await fs.rm(file, { force: true }).catch(() => undefined);
      return null;
    }
    const now = new Date();
    // What is used stays longest.
    await fs.utimes(file, now, now).catch(() => undefined);
    if (place.isSettled) await writeOwn(placeFile(place, key), sha256).catch(() => undefined);
    return JSON.parse(body) as Report;
  }

  return {
    ofContent,
    async atPlace(place, key) {
      if (!place.isSettled || !isUsable()) return null;
      const sha256 = await readOwn(placeFile(place, key), 64);
      return sha256 === null || !/^[0-9a-f]{64}$/.test(sha256) ? null : ofContent(place, sha256, key);
    },
    async mayHave(bytes) {
      if (!isUsable()) return false;
      const names = await fs.readdir(folder).catch(() => []);
      return names.some((name) => name.startsWith(`report-${bytes}-`));
    },
    async keep(place, key, report) {
      const { sha256 } = report.capture;
      if (sha256 === null || !isUsable()) return;
      try {
        const body = JSON.stringify(report),
          text = `${header(sha256, key, body)}\n${body}`;
        if (Buffer.byteLength(text) > MOST_BYTES_OF_ONE) return;
        await writeOwn(reportFile(place.bytes, sha256, key), text);
        if (place.isSettled) await writeOwn(placeFile(place, key), sha256);
        await forgetOldest(folder);
      } catch {
        // A full disk: then it is read again next time.
      }
    },
  };
}

async function readOwn(file: string, mostBytes: number): Promise<string | null> {
  try {
    const handle = await fs.open(file, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0));
    try {
      const stat = await handle.stat();
      return stat.isFile() && isOwn(stat) && stat.size <= mostBytes ? await handle.readFile('utf8') : null;
    } finally {
      await handle.close();
    }
  } catch {
    return null;
  }
}

/** Whole or not at all. */
async function writeOwn(file: string, text: string): Promise<void> {
  const beside = path.join(path.dirname(file), `.${process.pid}-${randomBytes(6).toString('hex')}`);
  try {
    await fs.writeFile(beside, text, { flag: 'wx', mode: 0o600 });
    await fs.rename(beside, file);
  } catch (error) {
    await fs.rm(beside, { force: true });
    throw error;
  }
}

interface KeptFile {
  readonly file: string;
  readonly bytes: number;
  readonly usedMs: number;
}

/** By the names that they are given here; also what a crash left half written. */
async function keptFiles(folder: string): Promise<readonly KeptFile[]> {
  const names = await fs.readdir(folder).catch(() => []);
  const files = await Promise.all(
    names
      .filter((name) => /^(?:report-|place-|\.\d+-)[0-9a-f-]+$/.test(name))
      .map(async (name) => {
        const file = path.join(folder, name),
          stat = await fs.lstat(file).catch(() => null);
        return stat?.isFile() === true ? { file, bytes: stat.size, usedMs: stat.mtimeMs } : null;
      }),
  );
  return files.filter((file) => file !== null);
}

async function forgetOldest(folder: string): Promise<void> {
  let bytes = 0,
    count = 0;
  for (const each of (await keptFiles(folder)).toSorted((a, b) => b.usedMs - a.usedMs)) {
    bytes += each.bytes;
    if (bytes > MOST_BYTES || ++count > MOST_FILES) await fs.rm(each.file, { force: true }).catch(() => undefined);
  }
}

function header(sha256: string, key: string, body: string): string {
  return `netsec report 1 ${sha256} ${key} ${digest(body)}`;
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
