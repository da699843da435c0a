/** Our Markdown in a terminal: as it reads, without the signs that only a renderer needs. Whole lines, as they come. */
import { safeText } from '../analysis/exports/safeText.ts';
import { paint, type TextStyle } from '../analysis/exports/textLayout.ts';

export interface TerminalMarkdown {
  write(markdown: string): void;
  end(): void;
}

export function terminalMarkdown(style: TextStyle, show: (text: string) => void): TerminalMarkdown {
  let held = '';
  return {
    write(markdown) {
      held += markdown;
      const upTo = held.lastIndexOf('\n') + 1;
      if (upTo === 0) return;
      show(
        held
          .slice(0, upTo)
          .split('\n')
          .map((line) => lineText(line, style))
          .join('\n'),
      );
      held = held.slice(upTo);
    },
    end() {
      if (held !== '') show(`${lineText(held, style)}\n`);
      held = '';
    },
  };
}

const ENTITIES: Readonly<Record<string, string>> = { '&lt;': '<', '&gt;': '>', '&amp;': '&', '&nbsp;': ' ', '&quot;': '"', '&#39;': "'" };

/** Text out of packets stands in it: what a terminal would obey is made visible, after everything else. */
function lineText(line: string, style: TextStyle): string {
  const heading = /^#{1,6} (.*)$/.exec(line);
  const parts = (heading?.[1] ?? line).split(/(\*\*(?:[^*\n]|\*(?!\*))+\*\*)/);
  return parts
    .map((part, i) => {
      const isBold = heading !== null || (i % 2 === 1 && part.length > 4);
      const text = safeText(withoutSigns(i % 2 === 1 ? part.slice(2, -2) : part), Number.MAX_SAFE_INTEGER);
      return isBold && text !== '' ? paint(style, text, 'bold') : text;
    })
    .join('');
}

/** What stands in code is as it is. */
function withoutSigns(markdown: string): string {
  return markdown
    .split(/((?<!`)(?:`[^`\n]+`|``[^\n]+?``)(?!`))/)
    .map((part, i) => (i % 2 === 1 ? part.replace(/^``? ?| ?`?`$/g, '') : plain(part)))
    .join('');
}

function plain(markdown: string): string {
  return markdown
    .replace(/^\*(?=\S)(.*\S)\*$/, '$1')
    .replace(/\\([\\`*_{}[\]()#+\-.!|<>~&])/g, '$1')
    .replace(/&(?:lt|gt|amp|nbsp|quot|#39);/g, (entity) => ENTITIES[entity] ?? entity);
}
