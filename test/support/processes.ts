import fs from 'node:fs';

/** Process ids of programs with this in their command line, such as a filter. */
export function processesWith(text: string): string[] {
  return processes('cmdline', (commandLine) => commandLine.replaceAll('\0', ' ').includes(text));
}

/** Process ids of what this process has started. */
export function childrenOf(pid: number): string[] {
  return processes('status', (status) => new RegExp(`^PPid:\\s+${pid}$`, 'm').test(status));
}

function processes(file: 'cmdline' | 'status', wanted: (text: string) => boolean): string[] {
  return fs.readdirSync('/proc').filter((name) => {
    try {
      return /^\d+$/.test(name) && wanted(fs.readFileSync(`/proc/${name}/${file}`, 'utf8'));
    } catch {
      // Ended since it was listed.
      return false;
    }
  });
}
