/**
 * Text of a model made safe to render as Markdown: no link, image, HTML or address that a click or a renderer would follow. The model has read hostile
 * packets; a picture whose address holds what it read would send that away. Structure is broken by characters rather than parsed, so it does not
 * matter how a renderer reads the rest.
 */
import { safeText } from '../analysis/exports/safeText.ts';

/** All of `text`; for a stream, see `safeMarkdownStream`. */
export function safeMarkdown(text: string): string {
  return text
    .split(/([\n\t])/)
    .map((piece) => (piece === '\n' || piece === '\t' ? piece : safePiece(piece)))
    .join('');
}

function safePiece(piece: string): string {
  // How an emoji is drawn; anything else invisible is shown as what it is.
  return (
    safeText(piece.replaceAll('\r', '').replaceAll('\ufe0f', ''), Number.MAX_SAFE_INTEGER)
      // HTML and <https://...>; a comparison keeps its sign.
      .replace(/<(?=[a-z/!?])/gi, '< ')
      // What renderers turn into links by themselves, in the form analysts write.
      .replace(/:(?=\/\/)/g, '[:]')
      .replace(/\bwww\./gi, 'www[.]')
      .replace(/(?<=[\w.+-])@(?=[\w-])/g, '[@]')
      .replace(/\b(mailto|command|vscode|vscode-insiders|file|data|javascript|xmpp):(?=\S)/gi, '$1[:]')
      // Links, images, and the definitions of their addresses elsewhere. Last, because the brackets made above count, too.
      .replace(/\](?=[([:])/g, '] ')
  );
}

export interface SafeStream {
  write(text: string): void;
  /** Shows what was held back. */
  end(): void;
}

/** The same for text that comes in pieces: a word is shown when it is complete, because what is cut in the middle looks harmless in both halves. */
export function safeMarkdownStream(show: (markdown: string) => void): SafeStream {
  let held = '';
  const flush = (upTo: number): void => {
    if (upTo === 0) return;
    show(safeMarkdown(held.slice(0, upTo)));
    held = held.slice(upTo);
  };
  return {
    write(text) {
      held += text;
      // Each pattern above lies inside of one word.
      flush(Math.max(held.lastIndexOf(' '), held.lastIndexOf('\n')) + 1);
    },
    end: () => flush(held.length),
  };
}
