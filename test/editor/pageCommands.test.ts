/** Commands for a page that VS Code may drop at any time: each is followed once, whatever is lost on the way. */
import { describe, expect, test } from 'vitest';
import type { PageCommand } from '../../src/analysis/engineApi.ts';
import { pageCommands, type PageCommands } from '../../src/editor/pageCommands.ts';

const filter = (text: string): PageCommand => ({ kind: 'setFilter', filter: text });

/** A page that hears what is posted while it is `there`, and follows each number once, as media/engine.ts does. */
class Screen {
  readonly followed: string[] = [];
  there = true;
  readonly commands: PageCommands;
  #last = 0;

  constructor() {
    this.commands = pageCommands((event) => {
      if (!this.there || event.kind !== 'command') return;
      if (event.number > this.#last && event.command.kind === 'setFilter') {
        this.#last = event.number;
        this.followed.push(event.command.filter);
      }
      this.commands.followed(event.number);
    });
  }

  /** VS Code loads the page anew. */
  load(): void {
    this.#last = 0;
    this.there = true;
    this.commands.listening();
  }
}

describe('commands for the page', () => {
  test('wait for a page that is still opening, in their order', () => {
    const screen = new Screen();
    screen.commands.send(filter('a'));
    screen.commands.send(filter('b'));
    expect(screen.followed).toEqual([]);
    screen.load();
    screen.commands.send(filter('c'));
    expect(screen.followed).toEqual(['a', 'b', 'c']);
  });

  test('wait while the page is hidden', () => {
    const screen = new Screen();
    screen.load();
    screen.commands.hidden();
    screen.commands.send(filter('a'));
    expect(screen.followed).toEqual([]);
    screen.load();
    expect(screen.followed).toEqual(['a']);
  });

  test('sent to a page that is gone before the host hears of it come to the next one', () => {
    const screen = new Screen();
    screen.load();
    screen.there = false;
    screen.commands.send(filter('lost'));
    screen.commands.hidden();
    screen.load();
    expect(screen.followed).toEqual(['lost']);
  });

  test('are sent again when the same page is shown again, and followed once', () => {
    const screen = new Screen();
    screen.load();
    screen.commands.send(filter('heard'));
    screen.there = false;
    screen.commands.send(filter('lost'));
    screen.there = true;
    screen.commands.shown();
    screen.commands.shown();
    expect(screen.followed).toEqual(['heard', 'lost']);
  });

  test('that were followed are not sent to a page that is loaded anew', () => {
    const screen = new Screen();
    screen.load();
    screen.commands.send(filter('a'));
    screen.load();
    expect(screen.followed).toEqual(['a']);
  });
});
