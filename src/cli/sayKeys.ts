/** What is said of TLS key logs before a capture is read. */
import { countText } from '../analysis/engine.ts';
import type { KeyFolder } from '../analysis/keyFolder.node.ts';
import type { Terminal } from './terminal.ts';

/** False where a key log was named and holds nothing to use. Its secrets are counted, never shown. */
export function sayKeys({ keys, problems }: KeyFolder, named: string | undefined, terminal: Terminal): boolean {
  for (const problem of problems.slice(0, 20)) terminal.say(problem);
  if (keys.size > 0) terminal.say(`TLS keys: ${countText(keys.size)} ${keys.size === 1 ? 'secret' : 'secrets'} to open connections with.`);
  return named === undefined || keys.size > 0;
}
