/** Asked once, before the first request: what is sent, to whom, and what never is. Raise the version when the text promises something else. */
import type { Privacy } from './privacy.ts';

/** The part of `vscode.Memento` that is needed. */
export interface Memory {
  get(key: string): unknown;
  update(key: string, value: unknown): PromiseLike<void>;
}

const KEY = 'chat.consent';
const VERSION = 3;

/** `receiver`: `Claude at api.anthropic.com`. */
export function consentTitle(receiver: string): string {
  return `Send this question and results of the analysis to ${receiver}?`;
}

const SENT: Readonly<Record<Privacy, string>> = {
  full: 'fields of packets, and messages such as DNS questions, URLs and header lines. Addresses, MAC addresses, host, user and file names are sent as they are, not replaced by pseudonyms.',
  pseudonyms:
    'fields of packets, and messages such as DNS questions, URLs and header lines. Internal addresses, MAC addresses, e-mail addresses, host, user and file names and what follows the ? of a URL are replaced by tokens such as HOST_3; public addresses are sent as they are. A name that nothing marks as one can be missed.',
  metadata:
    'but no fields of packets and no messages. All addresses and names are replaced by tokens such as HOST_3. A finding can still quote what it found, such as the name of a program.',
};

export function consentText(privacy: Privacy): string {
  return [
    `Sent: your questions, the earlier turns of the chat, and results of the analysis: addresses and names, ports, times, counts and findings; ${SENT[privacy]} The setting netsec.privacy changes this.`,
    'Never sent: the capture itself, the payload of whole streams, passwords and other secrets that are recognised as such.',
    'Without a language model all slash commands answer on this machine alone.',
  ].join('\n\n');
}

/** For agents other than @netsec that use Claude through our model. What they hand over is not ours to change, whatever the privacy mode is. */
function passingOnTitle(host: string): string {
  return `Let Chat and other agents than @netsec send to Claude at ${host} with your key?`;
}

export const PASSING_ON_TEXT = [
  'Sent as it is, whatever netsec.privacy says: everything that Chat or an agent hands to the model "Claude (Netsec)": your questions, the earlier turns, instructions, files, and results of tools, with all addresses, names and secrets in them. Nothing is replaced by tokens, nothing is left out.',
  'Netsec does not choose what that is, and "Netsec: Show What Was Sent" does not list it.',
  '@netsec asks for its own consent, and does not need this one.',
].join('\n\n');

export interface Consent {
  /** True when it was given before, or is given now. A refusal is not remembered: the next question asks again. */
  toSendTo(receiver: string, privacy: Privacy): Promise<boolean>;
  /** The same for what other agents than @netsec hand over, which is sent as it is. Neither consent gives the other. */
  toPassOnTo(host: string): Promise<boolean>;
}

export function consent(memory: Memory, ask: (title: string, detail: string) => Promise<boolean>): Consent {
  async function given(receiver: string, title: string, detail: string): Promise<boolean> {
    const kept = memory.get(KEY) as { readonly version?: unknown; readonly hosts?: readonly unknown[] } | undefined;
    const hosts: readonly unknown[] = kept?.version === VERSION ? (kept.hosts ?? []) : [];
    if (hosts.includes(receiver)) return true;
    if (!(await ask(title, detail))) return false;
    await memory.update(KEY, { version: VERSION, hosts: [...hosts, receiver] });
    return true;
  }
  return {
    toSendTo: (receiver, privacy) => given(`${privacy} ${receiver}`, consentTitle(receiver), consentText(privacy)),
    toPassOnTo: (host) => given(`other agents ${host}`, passingOnTitle(host), PASSING_ON_TEXT),
  };
}
