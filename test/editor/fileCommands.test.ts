/** What the menu of a capture does with its file: nothing is deleted that nobody agreed to, and for good only what no trash takes. */
import { beforeEach, describe, expect, test, vi } from 'vitest';
import type * as vscode from 'vscode';

const said = vi.hoisted(() => ({
  answers: [] as (string | undefined)[],
  asked: [] as string[],
  deleted: [] as [string, unknown][],
  copied: '',
  hasTrash: true,
  there: new Set<string>(),
}));
vi.mock('vscode', () => ({
  window: {
    showWarningMessage: (question: string) => {
      said.asked.push(question);
      return Promise.resolve(said.answers.shift());
    },
  },
  workspace: {
    fs: {
      delete: (uri: { path: string }, options?: { useTrash: boolean }) => {
        if (options?.useTrash === true && !said.hasTrash) return Promise.reject(new Error('no trash here.'));
        said.deleted.push([uri.path, options]);
        return Promise.resolve();
      },
      stat: (uri: { path: string }) => (said.there.has(uri.path) ? Promise.resolve({}) : Promise.reject(new Error('gone'))),
    },
  },
  env: {
    clipboard: {
      writeText: (text: string) => {
        said.copied = text;
        return Promise.resolve();
      },
    },
  },
}));
const { fileCommands } = await import('../../src/editor/fileCommands.ts');

const uri = (path: string): vscode.Uri => ({ path, fsPath: path, scheme: 'file' }) as unknown as vscode.Uri;
const commands = fileCommands({ sessions: {} as never });
const both = [uri('/c/a.pcap'), uri('/c/b.pcap')];

describe('a capture is deleted', () => {
  beforeEach(() => Object.assign(said, { answers: [], asked: [], deleted: [], hasTrash: true, there: new Set(['/c/a.pcap', '/c/b.pcap']) }));

  test('not when the question is left', async () => {
    await commands['deleteCapture']!(both);
    expect([said.asked, said.deleted]).toEqual([['Move these 2 captures to the trash?'], []]);
  });

  test('to the trash', async () => {
    said.answers = ['Move to Trash'];
    await commands['deleteCapture']!([both[0]!]);
    expect([said.asked, said.deleted]).toEqual([['Move a.pcap to the trash?'], [['/c/a.pcap', { useTrash: true }]]]);
  });

  test('for good only after a second question, and only what is still there', async () => {
    Object.assign(said, { answers: ['Move to Trash'], hasTrash: false });
    await commands['deleteCapture']!(both);
    expect([said.asked.length, said.deleted]).toEqual([2, []]);
    Object.assign(said, { answers: ['Move to Trash', 'Delete Permanently'], there: new Set(['/c/b.pcap']) });
    await commands['deleteCapture']!(both);
    expect(said.deleted).toEqual([['/c/b.pcap', undefined]]);
  });
});

test('paths are copied a line each', async () => {
  await commands['copyPath']!(both);
  expect(said.copied).toBe('/c/a.pcap\n/c/b.pcap');
});
