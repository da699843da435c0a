import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import type { EngineEvent, EngineSession } from '../../src/analysis/engineApi.ts';
import { startEngine } from '../../src/editor/engineWorker.ts';
import { whenComplete } from '../../src/editor/sessions.ts';

const WORKER = path.join(import.meta.dirname, '../support/fakeWorker.cjs');
const running: EngineSession[] = [];

function start(file: string, folder = '/captures'): EngineSession {
  const session = startEngine(WORKER, { location: { kind: 'path', path: path.join(folder, file) }, follow: false, detectorOptions: {} });
  running.push(session);
  return session;
}

function failure(session: EngineSession): Promise<string> {
  return new Promise((resolve) => {
    session.onEvent((event: EngineEvent) => {
      if (event.kind === 'failed') resolve(event.message);
    });
  });
}

afterEach(() => {
  for (const session of running.splice(0)) session.dispose();
});

describe('the engine in a thread of its own', () => {
  test('gets its capture, tells how far it is and answers', async () => {
    const session = start('a.pcap');
    await expect(whenComplete(session)).resolves.toBe(2);
    await expect(session.call('packet', { frame: 4 })).resolves.toEqual({ name: 'a.pcap', method: 'packet', params: { frame: 4 } });
  });

  test('that throws at the start is a failure in words', async () => {
    await expect(failure(start('throws.pcap'))).resolves.toBe('The analysis of throws.pcap stopped: boom');
  });

  test('that dies over a question leaves nobody waiting', async () => {
    const session = start('dies.pcap');
    const failed = failure(session);
    await expect(session.call('packet', { frame: 1 })).rejects.toThrow('the engine was closed');
    await expect(failed).resolves.toBe('The analysis of dies.pcap stopped: its thread ended with code 3.');
  });

  test('that is closed answers open questions with that, and reports no failure', async () => {
    const session = start('silent.pcap');
    const heard: string[] = [];
    void failure(session).then((message) => heard.push(message));
    await whenComplete(session);
    const asked = session.call('packet', { frame: 1 });
    session.dispose();
    await expect(asked).rejects.toThrow('the engine was closed');
    expect(heard).toEqual([]);
  });

  test('is given the time to remove its temporary files when it is closed', async () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'netsec-worker-'));
    const temporary = path.join(folder, 'tidy.pcap');
    fs.writeFileSync(temporary, '');
    const session = start('tidy.pcap', folder);
    await whenComplete(session);
    session.dispose();
    await expect.poll(() => fs.existsSync(temporary)).toBe(false);
    fs.rmSync(folder, { recursive: true });
  });
});
