/** The model chosen in Chat, whoever serves it, as a ModelClient. It is told the same, under the same rules, as Claude with the user's own key. */
import * as vscode from 'vscode';
import { chatModelFailure, isBlocked } from './chatModelErrors.ts';
import type { ModelClient, ModelMessage, ModelPart, ModelReply, ModelRequest } from './modelClient.ts';

/** The API counts no tokens of a whole exchange; the loop's other limits hold. */
const NO_USAGE = { inputTokens: 0, cachedTokens: 0, outputTokens: 0 };

/** There is no way to forbid tools while the conversation holds calls of them. */
const ANSWER_NOW = 'No more tools can be called for this question. Answer with what you have, and say what is missing.';

export function chatModel(model: vscode.LanguageModelChat): ModelClient {
  return {
    async respond(request, onText, signal) {
      signal.throwIfAborted();
      const source = new vscode.CancellationTokenSource();
      const cancel = (): void => source.cancel();
      signal.addEventListener('abort', cancel);
      try {
        return await exchange(model, request, onText, signal, source.token);
      } catch (error) {
        signal.throwIfAborted();
        if (isBlocked(error)) return { message: { role: 'assistant', parts: [] }, stop: 'refusal', usage: NO_USAGE };
        throw chatModelFailure(error, model.name);
      } finally {
        signal.removeEventListener('abort', cancel);
        source.dispose();
      }
    },
  };
}

async function exchange(
  model: vscode.LanguageModelChat,
  { system, messages, tools, toolUse }: ModelRequest,
  onText: (text: string) => void,
  signal: AbortSignal,
  token: vscode.CancellationToken,
): Promise<ModelReply> {
  const { User } = vscode.LanguageModelChatMessage;
  const response = await model.sendRequest(
    [...(system === '' ? [] : [User(system)]), ...messages.map(chatMessage), ...(toolUse === 'none' ? [User(ANSWER_NOW)] : [])],
    {
      justification: 'To answer your question to @netsec.',
      tools: tools.map(({ name, description, inputSchema }) => ({ name, description, inputSchema })),
      ...(toolUse === 'required' ? { toolMode: vscode.LanguageModelChatToolMode.Required } : {}),
    },
    token,
  );
  const parts: ModelPart[] = [];
  for await (const part of response.stream) {
    signal.throwIfAborted();
    if (part instanceof vscode.LanguageModelTextPart) {
      const last = parts.at(-1);
      if (last?.kind === 'text') parts[parts.length - 1] = { kind: 'text', text: last.text + part.value };
      else parts.push({ kind: 'text', text: part.value });
      onText(part.value);
    } else if (part instanceof vscode.LanguageModelToolCallPart)
      parts.push({ kind: 'toolCall', id: part.callId, name: part.name, input: part.input });
  }
  signal.throwIfAborted();
  return { message: { role: 'assistant', parts }, stop: parts.some(({ kind }) => kind === 'toolCall') ? 'tools' : 'end', usage: NO_USAGE };
}

function chatMessage({ role, parts }: ModelMessage): vscode.LanguageModelChatMessage {
  if (role === 'assistant')
    return vscode.LanguageModelChatMessage.Assistant(
      parts.flatMap((part): (vscode.LanguageModelTextPart | vscode.LanguageModelToolCallPart)[] => {
        if (part.kind === 'text') return [new vscode.LanguageModelTextPart(part.text)];
        return part.kind === 'toolCall' ? [new vscode.LanguageModelToolCallPart(part.id, part.name, part.input as object)] : [];
      }),
    );
  return vscode.LanguageModelChatMessage.User(
    parts.flatMap((part): (vscode.LanguageModelTextPart | vscode.LanguageModelToolResultPart)[] => {
      if (part.kind === 'text') return [new vscode.LanguageModelTextPart(part.text)];
      // That it failed has no place of its own.
      const text = part.kind === 'toolResult' && part.isError ? `The call failed. ${part.text}` : part.kind === 'toolResult' ? part.text : '';
      return part.kind === 'toolResult' ? [new vscode.LanguageModelToolResultPart(part.id, [new vscode.LanguageModelTextPart(text)])] : [];
    }),
  );
}
