/** The few globals that every JavaScript host of the engine has (Node, workers, browsers) and that ES2023's lib does not name. */
declare class TextDecoder {
  constructor(label?: string, options?: { fatal?: boolean; ignoreBOM?: boolean });
  decode(input?: Uint8Array, options?: { stream?: boolean }): string;
}
declare class TextEncoder {
  encode(input?: string): Uint8Array<ArrayBuffer>;
}
interface AbortSignal {
  readonly aborted: boolean;
  throwIfAborted(): void;
}
declare const performance: { now(): number };
declare class AbortController {
  readonly signal: AbortSignal;
  abort(): void;
}
