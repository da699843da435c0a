/** Where the Anthropic API key comes from: the secret storage of VS Code, else the environment. It is never written to settings, logs or answers. */

/** The part of `vscode.SecretStorage` that is needed. */
export interface Secrets {
  get(name: string): PromiseLike<string | undefined>;
  store(name: string, value: string): PromiseLike<void>;
  delete(name: string): PromiseLike<void>;
}

export interface ApiKey {
  readonly value: string;
  readonly from: 'secretStorage' | 'environment';
}

export interface KeyStore {
  /** Null where there is none. A stored key stands before that of the environment. */
  key(): Promise<ApiKey | null>;
  /** Keeps a key; an empty one removes what was kept. */
  set(value: string): Promise<void>;
}

const NAME = 'anthropicApiKey';
export const KEY_VARIABLE = 'ANTHROPIC_API_KEY';

export function keyStore(secrets: Secrets, environment: Readonly<Record<string, string | undefined>>): KeyStore {
  return {
    async key() {
      const stored = await secrets.get(NAME);
      if (stored !== undefined && stored !== '') return { value: stored, from: 'secretStorage' };
      const given = environment[KEY_VARIABLE]?.trim() ?? '';
      return given === '' ? null : { value: given, from: 'environment' };
    },
    async set(value) {
      const key = value.trim();
      if (key === '') await secrets.delete(NAME);
      else await secrets.store(NAME, key);
    },
  };
}

/** Why a text cannot be a key, or undefined when it can. A header cannot carry anything else, and a pasted sentence is no key. */
export function keyProblem(value: string): string | undefined {
  const key = value.trim();
  if (key === '' || /^[\x21-\x7e]{20,400}$/.test(key)) return undefined;
  return 'An API key is one word of at least 20 characters, such as sk-ant-...';
}

/** Said under an answer, where somebody might wonder which key it was. */
export function keyNote({ from }: ApiKey): string {
  return from === 'environment' ? `Key from the environment variable ${KEY_VARIABLE}.` : '';
}
