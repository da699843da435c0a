import { describe, expect, test } from 'vitest';
import type { EngineEvent, EngineSession } from '../../src/analysis/engineApi.ts';
import { lazySession } from '../../src/editor/lazySession.ts';
import { createSessions, whenComplete } from '../../src/editor/sessions.ts';

/** A session that says what it is told to say. */
class FakeSession implements EngineSession {
  readonly listeners = new Set<(event: EngineEvent) => void>();
  disposed = false;
  call(): never {
    throw new Error('nothing to ask here');
  }
  onEvent(listener: (event: EngineEvent) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
  say(event: EngineEvent): void {
    for (const listener of [...this.listeners]) listener(event);
  }
  dispose(): void {
    this.disposed = true;
  }
}

const READ: EngineEvent = { kind: 'updated', packets: 7, complete: true };
const HALF_READ: EngineEvent = { kind: 'progress', progress: { phase: 'reading', bytesDone: 1, bytesTotal: 2, packets: 3 } };
const FAILED: EngineEvent = { kind: 'failed', message: 'a.pcap is empty.' };

function opened(): { readonly fakes: FakeSession[]; readonly sessions: ReturnType<typeof createSessions> } {
  const fakes: FakeSession[] = [];
  const sessions = createSessions(() => {
    const fake = new FakeSession();
    fakes.push(fake);
    return fake;
  });
  return { fakes, sessions };
}

describe('sessions', () => {
  test('two who ask for one capture share its engine; it ends with the last of them', () => {
    const { fakes, sessions } = opened();
    const first = sessions.acquire('file:///a.pcap');
    const second = sessions.acquire('file:///a.pcap');
    expect(fakes).toHaveLength(1);
    first.release();
    first.release();
    expect(fakes[0]?.disposed).toBe(false);
    second.release();
    expect(fakes[0]?.disposed).toBe(true);
    expect(sessions.openKeys()).toEqual([]);
  });

  test('a capture opened again after it was closed gets a new engine', () => {
    const { fakes, sessions } = opened();
    sessions.acquire('file:///a.pcap').release();
    sessions.acquire('file:///a.pcap');
    expect(fakes.map((fake) => fake.disposed)).toEqual([true, false]);
  });

  test('who joins late hears what was last said, and no progress of a reading that is over', () => {
    const { fakes, sessions } = opened();
    const { session } = sessions.acquire('file:///a.pcap');
    fakes[0]?.say(HALF_READ);
    const early: EngineEvent[] = [];
    session.onEvent((event) => early.push(event));
    expect(early).toEqual([HALF_READ]);
    fakes[0]?.say(READ);
    const late: EngineEvent[] = [];
    session.onEvent((event) => late.push(event));
    expect(late).toEqual([READ]);
  });

  test('who joins hears no failure of a file that could be read since', () => {
    const { fakes, sessions } = opened();
    const { session } = sessions.acquire('file:///a.pcap');
    fakes[0]?.say(FAILED);
    fakes[0]?.say(READ);
    const late: EngineEvent[] = [];
    session.onEvent((event) => late.push(event));
    expect(late).toEqual([READ]);
  });

  test('closing everything ends every engine', () => {
    const { fakes, sessions } = opened();
    sessions.acquire('file:///a.pcap');
    sessions.acquire('file:///b.pcap');
    sessions.dispose();
    expect(fakes.every((fake) => fake.disposed)).toBe(true);
  });
});

describe('waiting until a capture has been read', () => {
  test('gives the number of packets, also when it was read before', async () => {
    const { fakes, sessions } = opened();
    const { session } = sessions.acquire('file:///a.pcap');
    const waiting = whenComplete(session);
    fakes[0]?.say({ kind: 'updated', packets: 3, complete: false });
    fakes[0]?.say(READ);
    await expect(waiting).resolves.toBe(7);
    await expect(whenComplete(session)).resolves.toBe(7);
  });

  test('fails with the sentence of the engine', async () => {
    const { fakes, sessions } = opened();
    const { session } = sessions.acquire('file:///a.pcap');
    const waiting = whenComplete(session);
    fakes[0]?.say(FAILED);
    await expect(waiting).rejects.toThrow('a.pcap is empty.');
  });

  test('can be cancelled', async () => {
    const { sessions } = opened();
    const controller = new AbortController();
    const waiting = whenComplete(sessions.acquire('file:///a.pcap').session, controller.signal);
    controller.abort();
    await expect(waiting).rejects.toThrow('cancelled');
  });
});

describe('a session that is still being started', () => {
  test('passes on what its engine says once it is there', async () => {
    const fake = new FakeSession();
    const session = lazySession(Promise.resolve(fake));
    const heard: EngineEvent[] = [];
    session.onEvent((event) => heard.push(event));
    await Promise.resolve();
    fake.say(READ);
    expect(heard).toEqual([READ]);
  });

  test('tells that it could not start, to listeners and to callers', async () => {
    const session = lazySession(Promise.reject(new Error('x.pcap cannot be read.')));
    const heard: EngineEvent[] = [];
    session.onEvent((event) => heard.push(event));
    await expect(session.call('packet', { frame: 1 })).rejects.toThrow('x.pcap cannot be read.');
    expect(heard).toEqual([{ kind: 'failed', message: 'x.pcap cannot be read.' }]);
  });

  test('that was closed meanwhile ends its engine as soon as it starts', async () => {
    const fake = new FakeSession();
    const session = lazySession(Promise.resolve(fake));
    session.dispose();
    await expect(session.call('packet', { frame: 1 })).rejects.toThrow('closed');
    expect(fake.disposed).toBe(true);
  });
});
