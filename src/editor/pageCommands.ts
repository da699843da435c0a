/**
 * The commands for one page, kept until the page says that it has followed them. VS Code drops a page as soon as another editor
 * covers it and tells the host only later: what is posted between goes nowhere, and nobody says so.
 */
import type { HostEvent, PageCommand } from '../analysis/engineApi.ts';

export interface PageCommands {
  send(command: PageCommand): void;
  /** A page listens, perhaps a new one. */
  listening(): void;
  /** The page can be seen again; it may be the one that was there before. */
  shown(): void;
  /** The page is hidden: what follows waits for the next one. */
  hidden(): void;
  followed(number: number): void;
}

/** Posts each command with a number that rises; a page that has followed a number ignores it when it comes again. */
export function pageCommands(post: (event: HostEvent) => void): PageCommands {
  const waiting = new Map<number, PageCommand>();
  let last = 0;
  let listens = false;
  const postWaiting = (): void => {
    for (const [number, command] of waiting) post({ kind: 'command', number, command });
  };
  return {
    send(command) {
      waiting.set(++last, command);
      if (listens) post({ kind: 'command', number: last, command });
    },
    listening() {
      listens = true;
      postWaiting();
    },
    shown() {
      if (listens) postWaiting();
    },
    hidden() {
      listens = false;
    },
    followed(number) {
      waiting.delete(number);
    },
  };
}
