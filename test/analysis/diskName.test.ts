/** Captures whose names are no UTF-8, as Linux allows: listed, opened and found as what they are shown as. */
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { openCaptureFile } from '../../src/analysis/captureFile.node.ts';
import { listCaptureFiles } from '../../src/analysis/captureFiles.node.ts';
import { hashFile } from '../../src/analysis/hashFile.node.ts';
import { onDisk } from '../../src/pcap/diskName.node.ts';
import { nodePlatform } from '../../src/pcap/platform.node.ts';
import { installPlatform } from '../../src/pcap/platform.ts';
import { sample } from '../support/analyzeCapture.ts';

installPlatform(nodePlatform);
const folders: string[] = [];
afterEach(() => folders.splice(0).forEach((folder) => fs.rmSync(folder, { recursive: true, force: true })));

/** A folder with a capture whose name, of one byte a character, is this. */
function folderWith(...names: readonly string[]): string {
  const folder = fs.mkdtempSync(path.join(tmpdir(), 'netsec-names-'));
  folders.push(folder);
  for (const name of names) fs.copyFileSync(sample('dns.pcap'), Buffer.concat([Buffer.from(`${folder}/`), Buffer.from(name, 'latin1')]));
  return folder;
}

test.runIf(process.platform === 'linux')('a name in Latin-1 is listed, opened and hashed', async () => {
  const folder = folderWith('caf\xe9.pcap'),
    listing = await listCaptureFiles(folder),
    shown = path.join(folder, 'caf\ufffd.pcap');
  expect(listing).toMatchObject({ ok: true, files: [{ location: shown, name: 'caf\ufffd.pcap', bytes: fs.statSync(sample('dns.pcap')).size }] });
  const opened = await openCaptureFile({ kind: 'path', path: shown });
  expect(opened.ok).toBe(true);
  if (opened.ok) await opened.capture.close();
  const { signal } = new AbortController();
  expect(await hashFile(shown, signal)).toBe(await hashFile(sample('dns.pcap'), signal));
});

test.runIf(process.platform === 'linux')('folders, too; and of names that are shown alike one is meant, always the same', async () => {
  const folder = folderWith('a\xe9.pcap', 'a\xff.pcap');
  expect(onDisk(path.join(folder, 'a\ufffd.pcap'))).toEqual(Buffer.concat([Buffer.from(`${folder}/`), Buffer.from('a\xe9.pcap', 'latin1')]));
  expect(await listCaptureFiles(folder)).toMatchObject({ ok: true, files: [{ name: 'a\ufffd.pcap' }] });
  fs.mkdirSync(Buffer.concat([Buffer.from(`${folder}/`), Buffer.from('d\xfe', 'latin1')]));
  expect(await listCaptureFiles(path.join(folder, 'd\ufffd'))).toEqual({ ok: true, files: [] });
});

test('other names are left as they are, and one that is not there is not found', async () => {
  const folder = folderWith('ok.pcap');
  expect(onDisk(path.join(folder, 'ok.pcap'))).toBe(path.join(folder, 'ok.pcap'));
  expect(onDisk(path.join(folder, 'no\ufffd.pcap'))).toBe(path.join(folder, 'no\ufffd.pcap'));
  expect(await openCaptureFile({ kind: 'path', path: path.join(folder, 'no\ufffd.pcap') })).toMatchObject({ ok: false });
});
