/** tshark as the second source of expected values. Never needed to run the product; CI installs it. */
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'vitest';

/** First line of `tshark --version`, or null where there is none. */
export function tsharkVersion(): string | null {
  const run = spawnSync('tshark', ['--version'], { encoding: 'utf8' });
  return run.status === 0 ? (run.stdout.split('\n')[0] ?? null) : null;
}

/** Calls with a home of its own, so that nobody's preferences change what tshark says. */
function tshark(home: string, args: readonly string[]): string {
  return execFileSync('tshark', ['-n', ...args], {
    encoding: 'utf8',
    env: { ...process.env, HOME: home, XDG_CONFIG_HOME: home, TZ: 'UTC' },
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 256 << 20,
  });
}

function withHome<T>(use: (home: string) => T): T {
  const home = mkdtempSync(path.join(tmpdir(), 'netsec-tshark-'));
  try {
    return use(home);
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

/** `tshark -Y filter -T fields -e frame.number`. */
export function framesMatching(capture: string, filter: string): number[] {
  return withHome((home) =>
    tshark(home, ['-r', capture, '-Y', filter, '-T', 'fields', '-e', 'frame.number'])
      .split('\n')
      .filter((line) => line !== '')
      .map(Number),
  );
}

/** Frames of many filters in one run: a Lua listener per filter, which is tshark's own filter engine as `-Y` has it. Null for filters tshark refuses. */
export function framesMatchingEach(capture: string, filters: readonly string[]): (number[] | null)[] {
  return withHome((home) => {
    const script = path.join(home, 'listeners.lua');
    writeFileSync(
      script,
      `local filters = {${filters.map((filter) => `[==[${filter}]==]`).join(',\n')}}
for i, filter in ipairs(filters) do
  local ok, listener = pcall(Listener.new, "frame", filter)
  if ok then listener.packet = function(pinfo) print("@" .. i .. " " .. pinfo.number) end
  else print("!" .. i) end
end
print("listening")
`,
    );
    const lines = tshark(home, ['-q', '-X', `lua_script:${script}`, '-r', capture]).split('\n');
    if (!lines.includes('listening')) throw new Error('this tshark runs no Lua scripts');
    const found = filters.map((): number[] | null => []);
    for (const line of lines) {
      const [, mark, index, frame] = /^([@!])(\d+)(?: (\d+))?$/.exec(line) ?? [];
      if (mark === '!') found[Number(index) - 1] = null;
      else if (mark === '@') found[Number(index) - 1]?.push(Number(frame));
    }
    return found;
  });
}

/** `tshark -z io,stat`: frames and bytes that pass each filter, a row for each step. */
export function tsharkIoStat(capture: string, intervalSeconds: number, filters: readonly string[]): { frames: number; bytes: number }[][] {
  const text = withHome((home) => tshark(home, ['-q', '-r', capture, '-z', `io,stat,${[intervalSeconds, ...filters].join(',')}`]));
  return text
    .split('\n')
    .filter((line) => line.includes('<>'))
    .map((line) => {
      const numbers = line.split('|').slice(2, -1).map(Number);
      return filters.map((_, i) => ({ frames: numbers[i * 2] ?? NaN, bytes: numbers[i * 2 + 1] ?? NaN }));
    });
}

/** `tshark --export-objects`: SHA-256 of the files with something in them that it takes out of a capture, sorted; one for each time it passed. */
export function exportedObjects(capture: string, protocols: readonly string[]): string[] {
  return withHome((home) =>
    protocols
      .flatMap((protocol) => {
        const folder = path.join(home, protocol);
        mkdirSync(folder);
        tshark(home, ['-q', '-r', capture, '--export-objects', `${protocol},${folder}`]);
        return readdirSync(folder).map((name) => readFileSync(path.join(folder, name)));
      })
      .filter(({ length }) => length > 0)
      .map((bytes) => createHash('sha256').update(bytes).digest('hex'))
      .sort(),
  );
}

/** Every name of a field that this tshark knows. */
export function tsharkFieldNames(): ReadonlySet<string> {
  const lines = execFileSync('tshark', ['-G', 'fields'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 256 << 20 }).split('\n');
  return new Set(lines.filter((line) => line.startsWith('F\t')).map((line) => line.split('\t')[2]!));
}

/** `tshark -T fields -E occurrence=a`: per frame and field all values, joined by commas. In two passes (`-2`) frames also say what later ones know. */
export function tsharkFields(capture: string, names: readonly string[], passes: 1 | 2 = 1, options: readonly string[] = []): string[][] {
  return withHome((home) =>
    tshark(home, [
      ...(passes === 2 ? ['-2'] : []),
      ...options,
      '-r',
      capture,
      '-T',
      'fields',
      '-E',
      'occurrence=a',
      ...names.flatMap((name) => ['-e', name]),
    ]),
  )
    .split('\n')
    .slice(0, -1)
    .map((line) => line.split('\t'));
}

/** Expects tshark, where it is installed, to find these frames of a capture with a filter. */
export function expectFramesOfTshark(capture: Uint8Array, filter: string, frames: readonly number[]): void {
  if (tsharkVersion() === null) return;
  withHome((home) => {
    const file = path.join(home, 'built.pcap');
    writeFileSync(file, capture);
    expect(framesMatching(file, filter), filter).toEqual(frames);
  });
}
