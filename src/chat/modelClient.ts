/** What a conversation needs from a language model, whoever serves it. */

export interface ModelTool {
  readonly name: string;
  readonly description: string;
  readonly inputSchema: Readonly<Record<string, unknown>>;
}

export type ModelPart =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'toolCall'; readonly id: string; readonly name: string; readonly input: unknown }
  | { readonly kind: 'toolResult'; readonly id: string; readonly text: string; readonly isError: boolean };

export interface ModelMessage {
  readonly role: 'user' | 'assistant';
  readonly parts: readonly ModelPart[];
  /** The model's turn as its server gave it, to be given back unchanged; only the client that made it knows what it is. */
  readonly turn?: unknown;
}

export interface ModelRequest {
  readonly system: string;
  readonly tools: readonly ModelTool[];
  /** `none`: the model has to answer with what it has. */
  readonly toolUse: 'auto' | 'required' | 'none';
  readonly messages: readonly ModelMessage[];
  readonly maxOutputTokens: number;
}

export interface ModelUsage {
  /** All tokens of the input, those read from a cache included. */
  readonly inputTokens: number;
  readonly cachedTokens: number;
  readonly outputTokens: number;
}

export interface ModelReply {
  readonly message: ModelMessage;
  readonly stop: 'end' | 'tools' | 'length' | 'refusal' | 'context';
  readonly usage: ModelUsage;
}

export interface ModelClient {
  /** One turn of the model. `onText` gets the text as it comes. Rejects with `ModelFailure`, or with the reason of the signal. */
  respond(request: ModelRequest, onText: (text: string) => void, signal: AbortSignal, onContact?: () => void): Promise<ModelReply>;
  /** Whether `onContact` is told as soon as the server says anything. */
  readonly tellsContact?: boolean;
}

export type ModelFailureKind = 'key' | 'rate' | 'overloaded' | 'offline' | 'context' | 'request';

/** Why no answer came; its message is a sentence for a person that says what to do. */
export class ModelFailure extends Error {
  override readonly name = 'ModelFailure';
  readonly kind: ModelFailureKind;

  constructor(kind: ModelFailureKind, message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}

/** A model that may answer, and what people are told about it. */
export interface AnsweringModel {
  /** `Claude`, `GPT-5 mini`. */
  readonly name: string;
  /** For under the answer, one sentence or nothing. */
  readonly note: string;
  readonly client: ModelClient;
  /** Asks, where it was not asked before, whether questions may be sent. */
  consent(): Promise<boolean>;
  readonly onSent: OnSent;
}

/** Told of each request just before it is sent: exactly the texts that leave. */
export type OnSent = (sent: { readonly system: string; readonly messages: readonly ModelMessage[]; readonly tools: number }) => void;
