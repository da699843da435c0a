/**
 * What tried to steer an answer, and was stopped: orders to a model in what it was given, calls of tools that it does not have, links in what it wrote. The
 * other parts of a conversation do the stopping; here it is told to the reader.
 */
import { injectionIn } from '../analysis/detectors/promptInjectionMarks.ts';

export interface Guard {
  /** Text that the model is given; `where` in words. */
  look(where: string, value: unknown): void;
  /** A call that was not carried out. */
  refused(tool: string, why: 'unknown' | 'outside'): void;
  /** What the model wrote, as it came. */
  wrote(text: string): void;
  /** For under the answer, safe Markdown; empty where nothing happened. */
  notice(): string;
}

const DETECTOR = 'ai-prompt-injection';
/** As this detector of such text in traffic. */
const POINTS = 70;
const MOST_PLACES = 6;
const MOST_TEXTS = 20_000;
const MOST_KEPT = 200_000;
/** What safeMarkdown.ts breaks: links, images, HTML, addresses, commands. */
const LINKS =
  /!?\[[^\]\n]{0,400}\](?:\(|\[(?!frame|flow|finding)|:\s*(?:<|[a-z]+:\/\/|\/\/))|<(?:[a-z]+:|[a-z/!][^<>\n]{0,400}>)|\b[a-z][a-z0-9+.-]{1,20}:\/\/|\bwww\.|\b(?:mailto|command|vscode|vscode-insiders|file|data|javascript):(?=\S)/gi;

export function guard(): Guard {
  const places = new Set<string>(),
    unknown = new Set<string>(),
    outside = new Set<string>();
  let texts = 0,
    written = '';

  function look(where: string, value: unknown, depth = 0): void {
    if (depth > 40 || texts > MOST_TEXTS || places.size >= MOST_PLACES) return;
    if (typeof value === 'string') {
      texts++;
      // Long texts in parts, which overlap, so that nothing is cut in two.
      for (let at = 0; at < value.length && at < 40_000; at += 768)
        if ((injectionIn(value.slice(at, at + 1024))?.points ?? 0) >= POINTS) {
          places.add(where);
          return;
        }
    } else if (Array.isArray(value)) for (const item of value) look(where, item, depth + 1);
    else if (typeof value === 'object' && value !== null) {
      const { detector, id } = value as { readonly detector?: unknown; readonly id?: unknown };
      if (`${String(detector)} ${String(id)}`.includes(DETECTOR)) places.add('the traffic (see the finding)');
      for (const [key, item] of Object.entries(value)) {
        look(where, item, depth + 1);
        if (depth > 0 && key.length > 16) look(where, key, depth + 1);
      }
    }
  }

  return {
    look,
    refused(tool, why) {
      const name =
        tool
          .replace(/[^A-Za-z0-9_-]/g, ' ')
          .trim()
          .slice(0, 40) || 'a tool';
      const list = why === 'unknown' ? unknown : outside;
      if (list.size < MOST_PLACES) list.add(`\`${name}\``);
    },
    wrote(text) {
      if (written.length < MOST_KEPT) written += text;
    },
    notice() {
      const links = written.match(LINKS)?.length ?? 0;
      const stopped = [
        ...(unknown.size > 0 ? [`calls of ${[...unknown].join(', ')}, which it may not use`] : []),
        ...(outside.size > 0 ? [`a file outside of your captures, asked for with ${[...outside].join(', ')}`] : []),
        ...(links > 0 ? [`${links} ${links === 1 ? 'link or image' : 'links or images'} in its answer`] : []),
      ];
      if (places.size === 0 && stopped.length === 0) return '';
      const steered =
        places.size === 0
          ? 'The model tried what it may not do.'
          : `Text in ${[...places].join(', ')} gives orders to an AI; it was handed on as data. Read this answer with care.`;
      return `**Warning.** ${steered}${stopped.length > 0 ? ` Stopped: ${stopped.join('; ')}.` : ''}`;
    },
  };
}
