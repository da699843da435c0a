/** What was sent to a model since this window was opened, word by word, for *Netsec: Show What Was Sent*. Kept in memory only. */
import type { OnSent } from './modelClient.ts';

const MOST_REQUESTS = 100;
const MOST_CHARACTERS = 10_000_000;

interface Entry {
  readonly at: Date;
  readonly to: string;
  readonly text: string;
  readonly bytes: number;
}

export interface Ledger {
  /** Notes requests to this receiver, under this mode of privacy. */
  to(receiver: string, privacy: string): OnSent;
  text(): string;
}

export function ledger(now: () => Date = () => new Date()): Ledger {
  const entries: Entry[] = [];
  let forgotten = 0;
  return {
    to: (receiver, privacy) => (sent) => {
      const text = JSON.stringify({ system: sent.system, messages: sent.messages.map(({ role, parts }) => ({ role, parts })) }, null, 2);
      entries.push({
        at: now(),
        to: `${receiver}, privacy: ${privacy}, ${sent.tools} tools described`,
        text,
        bytes: new TextEncoder().encode(JSON.stringify([sent.system, sent.messages.map(({ parts }) => parts)])).length,
      });
      while (entries.length > MOST_REQUESTS || (entries.length > 1 && entries.reduce((sum, entry) => sum + entry.text.length, 0) > MOST_CHARACTERS)) {
        entries.shift();
        forgotten++;
      }
    },
    text() {
      if (entries.length === 0) return 'Nothing was sent to a language model since this window was opened.\n';
      const total = entries.reduce((sum, { bytes }) => sum + bytes, 0);
      const head = `${entries.length} requests, ${total.toLocaleString('en-US')} bytes${forgotten > 0 ? `; ${forgotten} older ones are no longer kept` : ''}. Keys are not part of this list.\n`;
      return [
        head,
        ...entries.map(
          ({ at, to, bytes, text }, i) => `--- ${i + 1}. ${at.toISOString()} to ${to}; ${bytes.toLocaleString('en-US')} bytes\n${text}\n`,
        ),
      ].join('\n');
    },
  };
}
