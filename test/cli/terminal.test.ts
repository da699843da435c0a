/** What the command line thinks a terminal can show, and how far reading is. */
import { Writable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { createProgressBar, progressLine } from '../../src/cli/progressBar.ts';
import { createTerminal, OutputClosed, type Terminal } from '../../src/cli/terminal.ts';

/** Keeps what is written; `columns` makes it a terminal. */
class FakeStream extends Writable {
  text = '';
  readonly isTTY: boolean;
  readonly columns: number;
  /** Set when the other side has gone. */
  broken = false;

  constructor(columns = 0) {
    super();
    this.isTTY = columns > 0;
    this.columns = columns;
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error) => void): void {
    if (this.broken) return done(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
    this.text += chunk.toString();
    done();
  }
}

function terminal(options: { stdout?: FakeStream; stderr?: FakeStream; env?: Record<string, string> } = {}): Terminal {
  return createTerminal({
    stdout: options.stdout ?? new FakeStream(),
    stderr: options.stderr ?? new FakeStream(),
    env: options.env ?? {},
    signal: new AbortController().signal,
  });
}

describe('what can be shown', () => {
  test('colours on a terminal only, and never against NO_COLOR', () => {
    const stdout = new FakeStream(100);
    expect(terminal({ stdout }).style).toMatchObject({ color: true, width: 100 });
    expect(terminal({ stdout, env: { NO_COLOR: '1', FORCE_COLOR: '1' } }).style.color).toBe(false);
    expect(terminal({ stdout, env: { NO_COLOR: '' } }).style.color).toBe(true);
    expect(terminal({ stdout, env: { TERM: 'dumb' } }).style.color).toBe(false);
    expect(terminal().style).toMatchObject({ color: false, width: 80 });
    expect(terminal({ env: { FORCE_COLOR: '1' } }).style.color).toBe(true);
    expect(terminal({ env: { FORCE_COLOR: '0' } }).style.color).toBe(false);
  });
  test.each([
    [{}, true],
    [{ LANG: 'de_DE.UTF-8' }, true],
    [{ LANG: 'en_US' }, true],
    [{ LANG: 'C.UTF-8' }, true],
    [{ LANG: 'en_US.ISO-8859-1' }, false],
    [{ LANG: 'C' }, false],
    [{ LC_ALL: 'POSIX', LANG: 'de_DE.UTF-8' }, false],
    [{ LANG: 'de_DE.UTF-8', TERM: 'linux' }, false],
  ])('%j shows more than ASCII: %s', (env, unicode) => {
    expect(terminal({ stdout: new FakeStream(80), env }).style.unicode).toBe(unicode);
  });
});

test('a reader that has gone ends the output with one kind of error', async () => {
  const stdout = new FakeStream(),
    { out } = terminal({ stdout });
  await out('first');
  stdout.broken = true;
  await expect(out('second')).rejects.toBeInstanceOf(OutputClosed);
  await expect(out('third')).rejects.toBeInstanceOf(OutputClosed);
  expect(stdout.text).toBe('first');
});

test('what is said is safe, line by line', () => {
  const stderr = new FakeStream();
  terminal({ stderr }).say('evil\u001b[2J name\n  ^');
  expect(stderr.text).toBe('evil\\x1b[2J name\n  ^\n');
});

describe('progress', () => {
  test('is drawn at most ten times a second, and leaves an empty line', () => {
    const stderr = new FakeStream(80);
    let now = 0;
    const progress = createProgressBar(terminal({ stderr }), 'big.pcap', () => now);
    for (let i = 1; i <= 2000; i++) {
      now = i;
      progress.update('Reading', i * 1e6, 2000e6);
    }
    progress.end();
    const drawn = stderr.text.split('\r').filter((line) => line.includes('Reading'));
    expect(drawn.length).toBeGreaterThan(10);
    expect(drawn.length).toBeLessThanOrEqual(19);
    expect(stderr.text.endsWith('\r\u001b[K')).toBe(true);
  });
  test('is silent for what is done at once, and where nobody watches', () => {
    const watched = new FakeStream(80),
      piped = new FakeStream();
    for (const stderr of [watched, piped]) {
      let now = 0;
      const progress = createProgressBar(terminal({ stderr }), 'small.pcap', () => (now += 50));
      progress.update('Reading', 1, 2);
      progress.end();
      expect(stderr.text).toBe('');
    }
  });
  test('says how much is done and how long it will take', () => {
    const style = { width: 80, unicode: true, color: false };
    expect(progressLine(style, 'Reading a.pcap', 500e6, 1000e6, 4000)).toBe('Reading a.pcap [██████████          ] 50 % of 1.0 GB, 4.0 s left');
    expect(progressLine(style, 'Reading a.pcap', 0, 1000e6, 10)).toBe('Reading a.pcap [                    ] 0 % of 1.0 GB');
    expect(progressLine({ ...style, unicode: false }, 'Reading a.pcap', 10, 10, 10)).toBe('Reading a.pcap [####################] 100 % of 10 B');
  });
});
