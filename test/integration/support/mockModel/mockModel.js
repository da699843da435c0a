// Test-only extension: a language model as another vendor would contribute it. It asks for the analysis, then says who scanned, by the name it was told.
const vscode = require('vscode');

const MODEL = {
  id: 'mock-1',
  name: 'Mock One',
  family: 'mock',
  version: '1',
  maxInputTokens: 100_000,
  maxOutputTokens: 4000,
  capabilities: { toolCalling: true },
  isUserSelectable: true,
};

const textOf = (part) =>
  part instanceof vscode.LanguageModelTextPart
    ? part.value
    : part instanceof vscode.LanguageModelToolResultPart
      ? part.content.map(textOf).join('')
      : '';

exports.activate = (context) => {
  // For the test to look at: everything that was sent here.
  globalThis.mockModelRequests = [];
  context.subscriptions.push(
    vscode.lm.registerLanguageModelChatProvider('netsec-tests', {
      provideLanguageModelChatInformation: () => [MODEL],
      provideLanguageModelChatResponse: async (_model, messages, options, progress) => {
        const sent = messages.map(({ content }) => content.map(textOf).join('\n')).join('\n');
        globalThis.mockModelRequests.push({ sent, tools: (options.tools ?? []).map(({ name }) => name) });
        if (!messages.some(({ content }) => content.some((part) => part instanceof vscode.LanguageModelToolResultPart))) {
          progress.report(new vscode.LanguageModelToolCallPart('call-1', 'list_findings', { capture: 'latest' }));
          return;
        }
        const attacker = /attacker (HOST_\d+)/.exec(sent)?.[1] ?? 'nobody';
        for (const word of `The mock says that ${attacker} scanned, see [frame 5].`.split(/(?<= )/))
          progress.report(new vscode.LanguageModelTextPart(word));
      },
      provideTokenCount: async (_model, text) => Math.ceil(JSON.stringify(text).length / 3),
    }),
  );
};
