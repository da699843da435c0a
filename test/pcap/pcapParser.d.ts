/** What the tests use of pcap-parser 0.2.1, which brings no types. */
declare module 'pcap-parser' {
  import type { Readable } from 'node:stream';
  interface Header {
    readonly timestampSeconds: number;
    readonly timestampMicroseconds: number;
    readonly capturedLength: number;
    readonly originalLength: number;
  }
  interface Parser {
    on(event: 'packet', listener: (packet: { readonly header: Header; readonly data: Buffer }) => void): void;
    on(event: 'error', listener: (error: Error) => void): void;
    on(event: 'end', listener: () => void): void;
  }
  const pcapParser: { parse(input: string | Readable): Parser };
  export default pcapParser;
}
