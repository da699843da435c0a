/** Claude as the settings of this window describe it, and the dialogs around it: setting a key, and consent. */
import * as vscode from 'vscode';
import { ANTHROPIC_URL, claudeClient, claudeModels } from './claudeClient.ts';
import { consent } from './consent.ts';
import { keyProblem, keyStore, KEY_VARIABLE, type ApiKey } from './keyStore.ts';
import type { ModelClient } from './modelClient.ts';
import { PRIVACY, type Privacy } from './privacy.ts';

export interface Claude {
  key(): Promise<ApiKey | null>;
  client(key: ApiKey): ModelClient;
  /** Whether questions may be sent to this receiver. */
  consent(receiver: string): Promise<boolean>;
  /** For what other agents than @netsec hand over. */
  consentToPassOn(): Promise<boolean>;
  /** Where requests go, `Claude at api.anthropic.com`. */
  receiver(): string;
  privacy(): Privacy;
  /** Asks for a key and keeps it. */
  askForKey(): Promise<void>;
  /** Offers the models that the key may use, and keeps the choice in the user's settings. */
  askForModel(): Promise<void>;
  readonly onDidChangeKey: vscode.Event<void>;
  dispose(): void;
}

export function claude(context: Pick<vscode.ExtensionContext, 'secrets' | 'globalState'>): Claude {
  const { secrets } = context;
  const keys = keyStore(
    { get: (name) => secrets.get(name), store: (name, value) => secrets.store(name, value), delete: (name) => secrets.delete(name) },
    process.env,
  );
  const memory = {
    get: (name: string): unknown => context.globalState.get(name),
    update: (name: string, value: unknown) => context.globalState.update(name, value),
  };
  const changed = new vscode.EventEmitter<void>();
  const consents = consent(
    memory,
    async (title, detail) => (await vscode.window.showInformationMessage(title, { modal: true, detail }, 'Send')) === 'Send',
  );

  return {
    key: () => keys.key(),
    client: ({ value }) => claudeClient({ apiKey: value, baseUrl: baseUrl(), model: vscode.workspace.getConfiguration('netsec').get('model', '') }),
    consent: (receiver) => consents.toSendTo(receiver, privacy()),
    consentToPassOn: () => consents.toPassOnTo(host()),
    receiver: () => `Claude at ${host()}`,
    privacy,
    async askForKey() {
      const value = await vscode.window.showInputBox({
        title: 'Anthropic API Key',
        prompt: `Kept in the secret storage of VS Code. Leave empty to remove it${process.env[KEY_VARIABLE] === undefined ? '' : `; ${KEY_VARIABLE} of the environment is then used`}.`,
        placeHolder: 'sk-ant-...',
        password: true,
        ignoreFocusOut: true,
        validateInput: keyProblem,
      });
      if (value === undefined) return;
      await keys.set(value);
      changed.fire();
      const said = value.trim() === '' ? 'The Anthropic API key was removed.' : 'The Anthropic API key was saved. Ask @netsec in Chat.';
      void vscode.window.showInformationMessage(said);
    },
    async askForModel() {
      const key = await keys.key();
      if (key === null) {
        const answer = await vscode.window.showInformationMessage(
          'Which models there are depends on the Anthropic API key; set one first.',
          'Set Key',
        );
        if (answer !== undefined) await vscode.commands.executeCommand('netsec.setAnthropicApiKey');
        return;
      }
      try {
        await chooseModel(key);
      } catch (error) {
        void vscode.window.showErrorMessage(`Netsec: ${error instanceof Error ? error.message.replaceAll(/[*`]/g, '') : String(error)}`);
      }
    },
    onDidChangeKey: changed.event,
    dispose: () => changed.dispose(),
  };
}

async function chooseModel({ value }: ApiKey): Promise<void> {
  const settings = vscode.workspace.getConfiguration('netsec'),
    now = settings.get('model', '');
  const mark = (id: string): string => (id === now ? ' (chosen)' : '');
  const items = claudeModels({ apiKey: value, baseUrl: baseUrl(), model: '' }).then((models) => [
    { label: 'Newest Sonnet', description: `changes as new ones come${mark('')}`, id: '' },
    ...models.map(({ id, name, createdAt }) => ({ label: name, description: `${id}, ${createdAt.slice(0, 10)}${mark(id)}`, id })),
  ]);
  const picked = await vscode.window.showQuickPick(items, { title: 'Model that @netsec asks', matchOnDescription: true });
  if (picked !== undefined) await settings.update('model', picked.id === '' ? undefined : picked.id, vscode.ConfigurationTarget.Global);
}

function host(): string {
  return new URL(baseUrl()).host;
}

/** The setting belongs to the user: a workspace cannot have more sent. */
function privacy(): Privacy {
  const value = vscode.workspace.getConfiguration('netsec').inspect<unknown>('privacy')?.globalValue;
  return PRIVACY.find((each) => each === value) ?? 'pseudonyms';
}

/** Encrypted, or on this machine. The setting belongs to the user: a workspace cannot turn requests elsewhere. */
function baseUrl(): string {
  const setting = vscode.workspace.getConfiguration('netsec').inspect<string>('anthropicBaseUrl');
  const text = setting?.globalValue ?? ANTHROPIC_URL;
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url?.protocol === 'https:' || (url?.protocol === 'http:' && /^(?:127\.0\.0\.1|localhost|\[::1\])$/.test(url.hostname))) return text;
  throw new Error('The setting netsec.anthropicBaseUrl has to be an address that begins with https://.');
}
