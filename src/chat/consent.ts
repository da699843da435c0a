/** Asked once, before the first request: what is sent, to whom, and what never is. Raise the version when the text promises something else. */

/** The part of `vscode.Memento` that is needed. */
interface Memory {
  get(key: string): unknown;
  update(key: string, value: unknown): PromiseLike<void>;
}

const KEY = 'chat.consent';
const VERSION = 1;

export function consentTitle(host: string): string {
  return `Send this question and results of the analysis to Claude at ${host}?`;
}

export const CONSENT_TEXT = [
  'Sent: your questions, the earlier turns of the chat, and results of the analysis: file names, addresses, MAC addresses, host and user names seen in the traffic, ports, times, counts and findings. They are sent as they are, not replaced by pseudonyms.',
  'Never sent: the capture itself, payload bytes, passwords and other secrets found in it.',
  'Without Claude, /analyze, /list and /help answer on this machine alone.',
].join('\n\n');

export interface Consent {
  /** True when it was given before, or is given now. A refusal is not remembered: the next question asks again. */
  toSendTo(host: string): Promise<boolean>;
}

export function consent(memory: Memory, ask: (title: string, detail: string) => Promise<boolean>): Consent {
  return {
    async toSendTo(host) {
      const given = memory.get(KEY) as { readonly version?: unknown; readonly hosts?: readonly unknown[] } | undefined;
      const hosts: readonly unknown[] = given?.version === VERSION ? (given.hosts ?? []) : [];
      if (hosts.includes(host)) return true;
      if (!(await ask(consentTitle(host), CONSENT_TEXT))) return false;
      await memory.update(KEY, { version: VERSION, hosts: [...hosts, host] });
      return true;
    },
  };
}
