/**
 * Messages of MCP over two streams, one line of JSON each. The SDK's own transport hangs a listener on the stream for each message that has to wait,
 * so a thousand answers at once make Node warn of a leak; here they all wait for the same moment.
 */
import { ReadBuffer, serializeMessage } from '@modelcontextprotocol/sdk/shared/stdio.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import type { JSONRPCMessage } from '@modelcontextprotocol/sdk/types.js';
import type { Readable, Writable } from 'node:stream';

/** A message of a client is a few hundred bytes; one that never ends is not waited for. */
const LONGEST_MESSAGE_BYTES = 1024 * 1024;

export class StdioTransport implements Transport {
  onclose?: (() => void) | undefined;
  onerror?: ((error: Error) => void) | undefined;
  onmessage?: ((message: JSONRPCMessage) => void) | undefined;
  readonly #input: Readable;
  readonly #output: Writable;
  readonly #received = new ReadBuffer({ maxBufferSize: LONGEST_MESSAGE_BYTES });
  #isOpen = false;
  #drained: Promise<void> | null = null;
  #stopWaiting: () => void = () => undefined;

  constructor(input: Readable, output: Writable) {
    this.#input = input;
    this.#output = output;
  }

  start(): Promise<void> {
    this.#isOpen = true;
    this.#input.on('data', this.#take);
    return Promise.resolve();
  }

  /** Resolves once the client has taken in enough to be sent more. */
  async send(message: JSONRPCMessage): Promise<void> {
    if (!this.#output.write(serializeMessage(message))) await this.readerKeepsUp();
  }

  /** Resolves while the client reads what it is sent, also when it is gone. */
  async readerKeepsUp(): Promise<void> {
    if (!this.#isOpen || !this.#output.writableNeedDrain) return;
    this.#drained ??= new Promise((resolve) => {
      this.#stopWaiting = () => {
        this.#output.off('drain', this.#stopWaiting).off('close', this.#stopWaiting);
        this.#drained = null;
        resolve();
      };
      this.#output.once('drain', this.#stopWaiting).once('close', this.#stopWaiting);
    });
    await this.#drained;
  }

  close(): Promise<void> {
    if (!this.#isOpen) return Promise.resolve();
    this.#isOpen = false;
    this.#input.off('data', this.#take).pause();
    this.#received.clear();
    this.#stopWaiting();
    this.onclose?.();
    return Promise.resolve();
  }

  readonly #take = (chunk: Buffer): void => {
    try {
      this.#received.append(chunk);
    } catch (error) {
      this.#tell(error);
      void this.close();
      return;
    }
    while (this.#isOpen) {
      try {
        const message = this.#received.readMessage();
        if (message === null) return;
        this.onmessage?.(message);
      } catch (error) {
        // That line is lost; the next one may be a message.
        this.#tell(error);
      }
    }
  };

  #tell(error: unknown): void {
    this.onerror?.(error instanceof Error ? error : new Error(String(error)));
  }
}
