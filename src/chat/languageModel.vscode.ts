/**
 * Claude as a language model of VS Code. Chat hands requests to participants only where there is a model that can call tools, so it is listed before a
 * key is set; using it without one says how to set it. Whatever agents hand over is passed on as it is, after a consent that says so.
 */
import * as vscode from 'vscode';
import type { Claude } from './claudeSettings.vscode.ts';
import { ModelFailure, type ModelMessage, type ModelPart } from './modelClient.ts';

/** As in package.json. */
export const VENDOR = 'netsec';
const MAX_OUTPUT_TOKENS = 8000;

const MODEL = {
  id: 'netsec-claude',
  name: 'Claude (Netsec)',
  family: 'claude',
  version: '1',
  tooltip: 'Claude with your Anthropic API key. @netsec works without one, too.',
  maxInputTokens: 180_000,
  maxOutputTokens: MAX_OUTPUT_TOKENS,
  capabilities: { toolCalling: true },
  // Newer than the API we compile against; models of others were hidden without it.
  isUserSelectable: true,
};

export function languageModel(claude: Claude): vscode.Disposable {
  return vscode.lm.registerLanguageModelChatProvider(VENDOR, {
    onDidChangeLanguageModelChatInformation: claude.onDidChangeKey,
    provideLanguageModelChatInformation: () => [MODEL],
    async provideLanguageModelChatResponse(_model, messages, options, progress, token) {
      const key = await claude.key();
      if (key === null)
        throw vscode.LanguageModelError.NoPermissions('Set an Anthropic API key first, with the command "Netsec: Set Anthropic API Key".');
      if (!(await claude.consentToPassOn()))
        throw vscode.LanguageModelError.NoPermissions('Nothing was sent: you did not agree that other agents send to Claude.');
      const controller = new AbortController();
      const listening = token.onCancellationRequested(() => controller.abort());
      if (token.isCancellationRequested) controller.abort();
      try {
        const reply = await claude.client(key).respond(
          {
            system: '',
            tools: (options.tools ?? []).map(({ name, description, inputSchema }) => ({
              name,
              description,
              inputSchema: { type: 'object', ...inputSchema },
            })),
            toolUse: options.toolMode === vscode.LanguageModelChatToolMode.Required ? 'required' : 'auto',
            messages: messages.map(modelMessage).filter(({ parts }) => parts.length > 0),
            maxOutputTokens: MAX_OUTPUT_TOKENS,
          },
          (text) => progress.report(new vscode.LanguageModelTextPart(text)),
          controller.signal,
        );
        for (const part of reply.message.parts) {
          if (part.kind === 'toolCall') progress.report(new vscode.LanguageModelToolCallPart(part.id, part.name, part.input as object));
        }
        if (reply.stop === 'refusal') throw vscode.LanguageModelError.Blocked('Claude declined to answer this.');
      } catch (error) {
        if (controller.signal.aborted) throw new vscode.CancellationError();
        if (error instanceof ModelFailure && error.kind === 'key') throw vscode.LanguageModelError.NoPermissions(error.message);
        throw error;
      } finally {
        listening.dispose();
      }
    },
    // About: what matters is that a text that does not fit is seen as such.
    provideTokenCount: (_model, text) =>
      Promise.resolve(Math.ceil(new TextEncoder().encode(typeof text === 'string' ? text : JSON.stringify(text.content)).length / 3)),
  });
}

function modelMessage({ role, content }: vscode.LanguageModelChatRequestMessage): ModelMessage {
  return { role: role === vscode.LanguageModelChatMessageRole.Assistant ? 'assistant' : 'user', parts: content.flatMap(modelPart) };
}

function modelPart(part: unknown): ModelPart[] {
  if (part instanceof vscode.LanguageModelTextPart) return part.value === '' ? [] : [{ kind: 'text', text: part.value }];
  if (part instanceof vscode.LanguageModelToolCallPart) return [{ kind: 'toolCall', id: part.callId, name: part.name, input: part.input }];
  if (part instanceof vscode.LanguageModelToolResultPart) {
    const text = part.content.map((each) => (each instanceof vscode.LanguageModelTextPart ? each.value : '')).join('\n');
    return [{ kind: 'toolResult', id: part.callId, text, isError: false }];
  }
  return [];
}
