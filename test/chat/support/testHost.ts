/** The other side of a request to @netsec, without VS Code: captures in memory, and what was shown. */
import type { ChatHost } from '../../../src/chat/answerRequest.ts';
import { claudeClient } from '../../../src/chat/claudeClient.ts';
import { keyNote, type ApiKey } from '../../../src/chat/keyStore.ts';
import { AT_NOTHING, type Looking } from '../../../src/chat/looking.ts';
import type { AnsweringModel } from '../../../src/chat/modelClient.ts';
import type { ExplainFor } from '../../../src/chat/prompt.ts';
import type { Privacy } from '../../../src/chat/privacy.ts';
import type { Pseudonyms } from '../../../src/chat/pseudonyms.ts';
import { FakeCaptureStore } from '../../support/fakeCaptureStore.ts';
import { PacketBuilder, SYN } from '../../support/packetBuilder.ts';

const scan = new PacketBuilder();
for (let port = 1; port <= 60; port++)
  scan.tcp({ from: '10.0.0.66', to: '10.0.0.30', sourcePort: 50_000, destinationPort: port, flags: SYN }).wait(0.1);
const quiet = new PacketBuilder().udp({ from: '10.0.0.1', to: '10.0.0.2', sourcePort: 5000, destinationPort: 6000, payload: new Uint8Array(10) });

export class TestHost implements ChatHost {
  readonly captures: FakeCaptureStore;
  readonly controller = new AbortController();
  readonly signal = this.controller.signal;
  reader: ExplainFor = 'everyone';
  privacy: Privacy = 'full';
  table: Pseudonyms | null = null;
  readonly pieces: string[] = [];
  readonly steps: string[] = [];
  looking: Looking = AT_NOTHING;
  apiKey: ApiKey | null = null;
  agrees = true;
  corrects = true;
  readonly #url: string;

  constructor(url = 'http://127.0.0.1:9', captures = new FakeCaptureStore({ 'quiet.pcap': quiet.bytes(), 'Scan.pcap': scan.bytes() })) {
    this.captures = captures;
    this.#url = url;
  }

  get text(): string {
    return this.pieces.join('');
  }

  /** What was written, by name; null refuses. */
  saved: Map<string, string> | null = new Map();
  readonly saveFile = (name: string, content: string): Promise<{ name: string; location: string } | null> => {
    if (this.saved === null) return Promise.resolve(null);
    this.saved.set(name, content);
    return Promise.resolve({ name: `reports/${name}`, location: `file:///reports/${name}` });
  };

  readonly show = (markdown: string): void => void this.pieces.push(markdown);
  readonly progress = (text: string): void => void this.steps.push(text);
  readonly names = (): Pseudonyms | null => this.table;
  readonly model = (): Promise<AnsweringModel | null> => {
    const key = this.apiKey;
    if (key === null) return Promise.resolve(null);
    return Promise.resolve({
      name: 'Claude',
      note: keyNote(key),
      client: claudeClient({ apiKey: key.value, baseUrl: this.#url, model: '', maxRetries: 0 }),
      consent: () => Promise.resolve(this.agrees),
      onSent: () => undefined,
    });
  };

  /** Looks at a capture, and at nothing in it. */
  lookAt(capture: string | null, more: Partial<Looking> = {}): this {
    this.looking = { ...AT_NOTHING, capture, ...more };
    return this;
  }
}
