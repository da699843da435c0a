/** Starting programs that start programs, and stopping all of them again. */
import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** npm sets these for its scripts; an npm started by a script must not take them for its own. */
const OF_THE_CALLING_NPM = /^(npm_package_|npm_lifecycle_|npm_config_local_prefix$|npm_config_workspace|npm_command$|INIT_CWD$)/;

/** Runs npm in a folder; resolves when it ends well, else rejects with the last lines it printed. */
export async function runNpm(args: readonly string[], folder: string): Promise<void> {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !OF_THE_CALLING_NPM.test(name)));
  // Under `npm run` npm names its own program, which also works where `npm` is a batch file.
  const cli = process.env['npm_execpath'];
  const command = cli?.endsWith('.js') === true ? { file: process.execPath, args: [cli, ...args] } : { file: 'npm', args: [...args] };
  const child = spawn(command.file, command.args, { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  const keep = (chunk: Buffer): void => {
    output = (output + chunk.toString()).slice(-4000);
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  if (code !== 0) throw new Error(`npm ${args.join(' ')} failed in ${folder}:\n${output.trim()}`);
}

interface ProcessEntry {
  readonly pid: number;
  readonly parent: number;
}

/** All processes with their parents; empty where neither /proc nor ps can tell. */
function processes(): ProcessEntry[] {
  if (fs.existsSync('/proc/self/stat')) {
    return fs
      .readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .flatMap((name) => {
        try {
          const stat = fs.readFileSync(`/proc/${name}/stat`, 'utf8');
          // The program's name stands in brackets and may itself hold spaces and brackets.
          const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
          return [{ pid: Number(name), parent }];
        } catch {
          return [];
        }
      });
  }
  try {
    return execFileSync('ps', ['-axo', 'pid=,ppid='], { encoding: 'utf8' })
      .split('\n')
      .map((line) => line.trim().split(/\s+/).map(Number))
      .flatMap(([pid, parent]) => (pid !== undefined && parent !== undefined ? [{ pid, parent }] : []));
  } catch {
    return [];
  }
}

/** The process and everything it started, in no particular order. */
export function processTree(pid: number): number[] {
  const all = processes();
  const found = new Set([pid]);
  for (let size = 0; size !== found.size;) {
    size = found.size;
    for (const entry of all) if (found.has(entry.parent)) found.add(entry.pid);
  }
  return [...found];
}

function send(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(pid, signal);
    return true;
  } catch {
    return false;
  }
}

/** Ends a process and its descendants: asked first, after two seconds made to. */
export async function stopTree(pid: number): Promise<void> {
  if (process.platform === 'win32') {
    stopTreeNow(pid);
    return;
  }
  const pids = processTree(pid);
  for (const each of pids) send(each, 'SIGTERM');
  for (let waited = 0; waited < 2000 && pids.some((each) => send(each, 0)); waited += 50) await sleep(50);
  for (const each of pids) send(each, 'SIGKILL');
}

/** The same without waiting, for exit handlers. */
export function stopTreeNow(pid: number): void {
  if (process.platform === 'win32') {
    try {
      execFileSync('taskkill', ['/pid', String(pid), '/t', '/f'], { stdio: 'ignore' });
    } catch {
      // It had ended already.
    }
    return;
  }
  for (const each of processTree(pid)) send(each, 'SIGKILL');
}
