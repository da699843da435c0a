/** ransomware: files of a share that one client makes unreadable; and those who save, pack, back up and rename. */
import { describe, expect, test } from 'vitest';
import { isScrambled } from '../../../src/analysis/detectors/fileForm.ts';
import { originalPath, renamedEnding } from '../../../src/analysis/detectors/newEnding.ts';
import { ransomware } from '../../../src/analysis/detectors/registry.ts';
import { checkFilter } from '../../../src/analysis/filtering.ts';
import type { SmbFileMessage, SmbWriteMessage } from '../../../src/pcap/smbMessages.ts';
import { analyzeCapture, findingsOf, sample } from '../../support/analyzeCapture.ts';
import { confidenceSum, MessageDriver } from '../../support/messageDriver.ts';

const A = '10.0.0.66',
  B = '10.0.0.20',
  share = '\\\\SRV\\team';
/** 256 bytes, each of which is as likely (a linear generator, so that the test says the same each time). */
const random = (seed: number): string => {
  let state = seed + 1;
  return String.fromCharCode(...Array.from({ length: 256 }, () => ((state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0) >>> 16) & 255));
};
const DOCUMENT = `PK\x03\x04${random(1)}`.slice(0, 256),
  TEXT = 'what was agreed upon, and by whom. '.repeat(8);

interface Act {
  readonly write?: string;
  readonly start?: string;
  readonly rename?: readonly [string, string];
  readonly remove?: string;
}
function acts(count: number, act: (i: number) => readonly Act[], gap = 1): MessageDriver {
  const driver = new MessageDriver(ransomware),
    flow = driver.flow(A, B, 445, 'nbss');
  for (let i = 0; i < count; i++) {
    for (const { write, start = TEXT, rename, remove } of act(i)) {
      if (write !== undefined) driver.say<SmbWriteMessage>(flow, { kind: 'smb-write', share, path: write, isProgram: false, start });
      if (rename !== undefined) driver.say<SmbFileMessage>(flow, { kind: 'smb-file', share, path: rename[0], to: rename[1] });
      if (remove !== undefined) driver.say<SmbFileMessage>(flow, { kind: 'smb-file', share, path: remove, to: null });
    }
    driver.wait(gap);
  }
  return driver;
}

describe('ransomware', () => {
  // tshark: smb2.cmd == 17 && smb2.flags.response == 1 && smb2.nt_status == 0 (renamed); the notes are written in frame 104 and after.
  test('recorded with smbclient', async () => {
    const [finding, ...others] = findingsOf(await analyzeCapture(sample('share-encrypted.pcap')), 'ransomware');
    expect(others).toEqual([]);
    expect(finding).toMatchObject({
      severity: 'critical',
      subjects: [
        { role: 'attacker', address: '192.168.10.24' },
        { role: 'victim', address: '10.20.0.20', port: 445 },
      ],
      evidence: { framesTotal: 30 },
    });
    expect(finding!.evidence.frames.slice(0, 6)).toEqual([39, 59, 79, 99, 104, 125]);
    expect(finding!.title).toContain('.locked7');
    expect(checkFilter(finding!.evidence.filter)).toMatchObject({ ok: true });
  });
  test.each([
    [
      'renamed first, then written',
      'critical',
      (i: number) => [{ rename: [`a\\${i}.pdf`, `a\\${i}.pdf.lokd`] as const }, { write: `a\\${i}.pdf.lokd`, start: random(i) }],
    ],
    [
      'written, then another ending instead of its own',
      'critical',
      (i: number) => [{ write: `${i}.xlsx`, start: random(i) }, { rename: [`${i}.xlsx`, `${i}.x7gq2`] as const }],
    ],
    [
      'a copy with a new ending, then the original goes',
      'critical',
      (i: number) => [{ write: `${i}.jpg.id-7[me@example.com].zzz`, start: random(i) }, { remove: `${i}.jpg` }],
    ],
    ['in place', 'high', (i: number) => [{ write: `${i}.docx`, start: random(i) }]],
    [
      'one ending, and what is written can be read',
      'low',
      (i: number) => [{ write: `${i}.dat`, start: TEXT }, { rename: [`${i}.dat`, `${i}.dat.seen`] as const }],
    ],
  ])('%s', (_, severity, act) => {
    const [finding, ...others] = acts(30, act).findings;
    expect(others).toEqual([]);
    expect(finding).toMatchObject({ severity });
    expect(confidenceSum(finding!)).toBe(finding!.confidence);
  });
  test('one note about getting files back in many folders', () =>
    expect(acts(6, (i) => [{ write: `folder${i}\\RESTORE_FILES.txt` }]).findings).toMatchObject([{ technique: 'notes', severity: 'medium' }]));

  test('is silent on what Office, packing and marking do, recorded with smbclient', async () =>
    expect(findingsOf(await analyzeCapture(sample('share-work.pcap')), 'ransomware')).toEqual([]));
  test.each([
    ['a backup that packs', (i: number) => [{ write: `b\\${i}.zip`, start: DOCUMENT }]],
    ['a backup that encrypts into files of its own', (i: number) => [{ write: `data\\${(i * 7919).toString(16)}`, start: random(i) }]],
    ['rsync', (i: number) => [{ write: `.${i}.docx.Xq3b1Z`, start: DOCUMENT }, { rename: [`.${i}.docx.Xq3b1Z`, `${i}.docx`] as const }]],
    [
      'an archive that is unpacked',
      (i: number) => [{ write: `p${i}\\README.md` }, { write: `p${i}\\a.c` }, { write: `p${i}\\x.jpg`, start: `\xff\xd8\xff${random(i)}` }],
    ],
    ['a build', (i: number) => [{ write: `${i}.o`, start: `d\x86${'\0'.repeat(200)}${random(i)}` }, { write: `${i}.d` }, { remove: `${i}.d` }]],
    ['a rotation of logs', (i: number) => [{ rename: [`l${i}.log`, `l${i}.log.1`] as const }]],
    ['copies before an update', (i: number) => [{ rename: [`s${i}.conf`, `s${i}.conf.bak`] as const }, { write: `s${i}.conf` }]],
    ['files written from their middle on', (i: number) => [{ write: `${i}.docx`, start: '' }]],
    ['a user who encrypts a few', (i: number) => (i < 8 ? [{ write: `${i}.pdf.gpg`, start: random(i) }, { remove: `${i}.pdf` }] : [])],
    ['films whose first box is their data', (i: number) => [{ write: `${i}.mov`, start: `\0\0\x10\0mdat${random(i)}`.slice(0, 256) }]],
  ])('is silent on %s', (_, act) => expect(acts(60, act).findings).toEqual([]));
  test('is silent on files that are changed over a day', () =>
    expect(acts(60, (i) => [{ write: `${i}.docx`, start: random(i) }], 600).findings).toEqual([]));
});

test('endings that no program is known by', () => {
  expect(renamedEnding('a\\b.docx', 'a\\b.docx.Locked')).toBe('.locked');
  expect(renamedEnding('b.docx', 'b.crypt')).toBe('.crypt');
  for (const [from, to] of [
    ['a\\b.docx', 'c\\b.docx.locked'],
    ['b.docx', 'c.locked'],
    ['~wr1.tmp', 'b.docx'],
    ['b.jpeg', 'b.jpg'],
    ['b.log', 'b.log.1'],
    ['b', 'b.old'],
  ] as const)
    expect(renamedEnding(from, to)).toBeNull();
  expect(originalPath('a\\b.docx.lokd')).toEqual({ path: 'a\\b.docx', ending: '.lokd' });
  for (const path of ['b.docx', 'b.tar.gz', 'b', 'b.min.js']) expect(originalPath(path)).toBeNull();
});

test('content without a form', () => {
  expect(isScrambled(random(3))).toBe(true);
  for (const start of [TEXT, DOCUMENT, random(3).slice(0, 100), `%PDF-1.7${random(3)}`, '\0'.repeat(256), '']) expect(isScrambled(start)).toBe(false);
});
