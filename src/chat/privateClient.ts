/** A model that is told of people's networks by tokens only. Whatever is sent goes through here, and whatever comes back is restored. */
import type { Pseudonyms } from './pseudonyms.ts';
import type { ModelClient, ModelMessage, ModelPart, OnSent } from './modelClient.ts';

/** With `names` null everything is sent as it is. */
export function privateClient(client: ModelClient, names: Pseudonyms | null, onSent: OnSent = () => undefined): ModelClient {
  /** Turns of the model as its server made them: they hold tokens already, and are given back unchanged. */
  const own = new WeakMap<ModelMessage, ModelMessage>();
  return {
    ...(client.tellsContact === undefined ? {} : { tellsContact: client.tellsContact }),
    async respond(request, onText, signal, onContact) {
      const messages = names === null ? request.messages : request.messages.map((message) => own.get(message) ?? hidden(message, names));
      onSent({ system: request.system, messages, tools: request.tools.length });
      if (names === null) return client.respond(request, onText, signal, onContact);
      const shown = names.restoring(onText);
      const reply = await client.respond({ ...request, messages }, shown.write, signal, onContact);
      shown.end();
      const message: ModelMessage = { role: reply.message.role, parts: reply.message.parts.map((part) => restored(part, names)) };
      own.set(message, reply.message);
      return { ...reply, message };
    },
  };
}

function hidden({ role, parts }: ModelMessage, names: Pseudonyms): ModelMessage {
  return {
    role,
    parts: parts.map((part): ModelPart => {
      // In JSON a line break is a backslash and a letter: a space after it, else the letter would be taken for a part of the name behind it.
      if (part.kind === 'toolResult') return { ...part, text: names.hide(part.text.replace(/\\(?:u[0-9a-f]{4}|.)/g, '$& ')) };
      if (part.kind === 'toolCall') return { ...part, input: JSON.parse(names.hide(JSON.stringify(part.input ?? {}))) as unknown };
      return { ...part, text: names.hide(part.text) };
    }),
  };
}

function restored(part: ModelPart, names: Pseudonyms): ModelPart {
  if (part.kind === 'toolCall') return { ...part, input: names.restoreValue(part.input) };
  return part.kind === 'text' ? { ...part, text: names.restore(part.text) } : part;
}

export const TOKENS_EXPLAINED =
  'Addresses, names and files of the user are replaced by tokens such as HOST_3, NAME_7, USER_1, FILE_2. Use them as they are, in your answer and in arguments of tools (ip.addr == HOST_3, capture FILE_2): they are put back for the user. Never guess what stands behind one.';
