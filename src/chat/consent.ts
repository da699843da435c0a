/** Asked once, before the first request: what is sent, to whom, and what never is. Raise the version when the text promises something else. */
import type { Privacy } from './privacy.ts';

/** The part of `vscode.Memento` that is needed. */
interface Memory {
  get(key: string): unknown;
  update(key: string, value: unknown): PromiseLike<void>;
}

const KEY = 'chat.consent';
const VERSION = 2;

export function consentTitle(host: string): string {
  return `Send this question and results of the analysis to Claude at ${host}?`;
}

const SENT: Readonly<Record<Privacy, string>> = {
  full: 'Addresses, MAC addresses, host, user and file names are sent as they are, not replaced by pseudonyms.',
  pseudonyms:
    'Internal addresses, MAC addresses, e-mail addresses, host, user and file names and what follows the ? of a URL are replaced by tokens such as HOST_3; public addresses are sent as they are. A name that nothing marks as one can be missed.',
  metadata: 'All addresses and names are replaced by tokens such as HOST_3, and nothing that packets say is quoted.',
};

export function consentText(privacy: Privacy): string {
  return [
    `Sent: your questions, the earlier turns of the chat, and results of the analysis: addresses and names, ports, times, counts and findings. ${SENT[privacy]} The setting netsec.privacy changes this.`,
    'Never sent: the capture itself, its payload bytes, passwords and other secrets that are recognised as such.',
    'Without Claude, /analyze, /list and /help answer on this machine alone.',
  ].join('\n\n');
}

export interface Consent {
  /** True when it was given before, or is given now. A refusal is not remembered: the next question asks again. */
  toSendTo(host: string, privacy: Privacy): Promise<boolean>;
}

export function consent(memory: Memory, ask: (title: string, detail: string) => Promise<boolean>): Consent {
  return {
    async toSendTo(host, privacy) {
      const receiver = `${privacy} ${host}`;
      const given = memory.get(KEY) as { readonly version?: unknown; readonly hosts?: readonly unknown[] } | undefined;
      const hosts: readonly unknown[] = given?.version === VERSION ? (given.hosts ?? []) : [];
      if (hosts.includes(receiver)) return true;
      if (!(await ask(consentTitle(host), consentText(privacy)))) return false;
      await memory.update(KEY, { version: VERSION, hosts: [...hosts, receiver] });
      return true;
    },
  };
}
