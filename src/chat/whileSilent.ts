/**
 * Nobody waits for a network that says nothing: where a request has no sign of life after a moment, what the machine itself knows is shown, and the
 * model's answer under it when it comes.
 */
import type { ChatHost } from './answerRequest.ts';
import type { AnsweringModel } from './modelClient.ts';

/** A server that is there has said so by then, long before it has an answer. */
const PATIENCE_MS = 1000;

export interface Silence<Told> {
  readonly host: ChatHost;
  readonly model: AnsweringModel;
  /** What was shown meanwhile, once it is whole; null where nothing had to be. */
  told(): Promise<Told | null>;
}

/** `tell` shows it. */
export function whileSilent<Told>(model: AnsweringModel, host: ChatHost, tell: () => Promise<Told>): Silence<Told> {
  const held: string[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined,
    telling: Promise<Told> | null = null,
    isTold = false,
    isHeaded = false,
    isThere = false;
  const contact = (): void => {
    isThere = true;
    clearTimeout(timer);
  };
  const show = (markdown: string): void => {
    if (telling !== null && !isTold) return void held.push(markdown);
    if (telling !== null && !isHeaded && markdown.trim() !== '') {
      isHeaded = true;
      host.show(`\n\n---\n\n**${model.name} answers now:**\n\n`);
    }
    host.show(markdown);
  };
  const speak = async (): Promise<Told> => {
    try {
      return await tell();
    } finally {
      isTold = true;
      for (const markdown of held.splice(0)) if (!host.signal.aborted) show(markdown);
    }
  };
  return {
    host: Object.assign(Object.create(host) as ChatHost, {
      show,
      progress(text: string): void {
        // Chat folds away the text before it, which is the answer of the machine itself.
        if (telling === null) host.progress(text);
      },
    }),
    model: {
      ...model,
      client: {
        ...model.client,
        respond: (request, onText, signal) => model.client.respond(request, onText, signal, contact),
      },
      onSent(sent) {
        model.onSent(sent);
        if (model.client.tellsContact !== true || isThere) return;
        timer ??= setTimeout(() => {
          if (!isThere && !host.signal.aborted) telling = speak();
        }, PATIENCE_MS);
      },
    },
    async told() {
      clearTimeout(timer);
      return telling;
    },
  };
}
