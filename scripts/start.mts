/**
 * `npm start`: builds, prints the report of the newest sample, then opens VS Code with the extension on the samples:
 * the desktop one if `code` is on the PATH, else VS Code's server from npm on loopback. `--report-only` stops after the report.
 */
import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { installVscodeServer, profileFolders, startVscodeServer } from './vscodeServer.mts';

const root = path.join(import.meta.dirname, '..');
const captures = path.join(root, 'captures');
const cache = path.join(root, '.cache');

run('The build', ['esbuild.mjs']);
const sample = newestSample();
console.log(`\n$ netsec analyze ${sample.join(' ')}\n`);
// Its exit code also tells what was found, so anything but a crash is a report.
spawnSync(process.execPath, ['dist/cli.mjs', 'analyze', ...sample], { cwd: root, stdio: 'inherit' });
if (!process.argv.includes('--report-only')) await openVscode();

/** In a fresh clone every file was modified just now, so only a time in the name tells which sample is the newest. */
function newestSample(): readonly string[] {
  const named = fs
    .readdirSync(captures)
    .filter((name) => /^capture_\d{8}_\d{6}\.pcap$/.test(name))
    .sort();
  const newest = named.at(-1);
  return newest === undefined ? ['latest', '--folder', 'captures'] : [`captures/${newest}`];
}

function run(what: string, args: readonly string[]): void {
  const { status } = spawnSync(process.execPath, [...args], { cwd: root, stdio: 'inherit' });
  if (status !== 0) {
    console.error(`${what} failed; see above.`);
    process.exit(1);
  }
}

async function openVscode(): Promise<void> {
  const code = desktopCode();
  if (code === undefined) {
    await serve();
    return;
  }
  console.log(`\nOpening VS Code (${code}) on captures/ ...`);
  // `code` is a batch file on Windows, which only a shell starts; the arguments are ours.
  const windows = process.platform === 'win32';
  const child = spawn(
    windows ? `"${code}"` : code,
    ['--new-window', `--extensionDevelopmentPath=${windows ? `"${root}"` : root}`, windows ? `"${captures}"` : captures],
    {
      stdio: 'inherit',
      shell: windows,
    },
  );
  child.on('error', (error) => {
    console.error(`VS Code could not be started: ${error.message}`);
    process.exitCode = 1;
  });
}

/** The desktop VS Code's command, if there is one. */
function desktopCode(): string | undefined {
  const names = process.platform === 'win32' ? ['code.cmd', 'code.exe'] : ['code'];
  const folders = (process.env['PATH'] ?? '').split(path.delimiter).filter((folder) => folder !== '');
  return folders.flatMap((folder) => names.map((name) => path.join(folder, name))).find((file) => fs.existsSync(file));
}

async function serve(): Promise<void> {
  const installation = await installVscodeServer(cache, console.log);
  const profile = path.join(cache, 'start');
  installExtension(profile);
  const token = randomBytes(24).toString('hex');
  const server = await startVscodeServer(installation, {
    profile,
    token,
    settings: { 'telemetry.telemetryLevel': 'off', 'update.mode': 'none', 'extensions.autoUpdate': false, 'workbench.startupEditor': 'none' },
  });
  let stopping = false;
  const stop = (): void => {
    if (stopping) return;
    stopping = true;
    console.log('\nStopping VS Code ...');
    void server.stop();
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop);
  console.log(`\nVS Code with Netsec, on captures/:\n\n  ${server.url}/?folder=${encodeURIComponent(captures)}&tkn=${token}\n`);
  console.log('Open this address in a browser on this machine. It holds a key that is good until you stop this with Ctrl+C.');
  await server.ended;
  if (!stopping) {
    console.error(`The VS Code server ended by itself; its last words are in ${server.logFile}.`);
    process.exitCode = 1;
  }
}

/** Puts what would be in the package where the server looks for extensions; it reads that folder when it starts. */
function installExtension(profile: string): void {
  const { extensions } = profileFolders(profile);
  const { publisher, name, version } = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8')) as Record<
    'publisher' | 'name' | 'version',
    string
  >;
  fs.rmSync(extensions, { recursive: true, force: true });
  const target = path.join(extensions, `${publisher}.${name}-${version}`);
  for (const part of ['package.json', 'README.md', 'LICENSE', 'dist', 'media']) {
    if (fs.existsSync(path.join(root, part))) fs.cpSync(path.join(root, part), path.join(target, part), { recursive: true });
  }
}
