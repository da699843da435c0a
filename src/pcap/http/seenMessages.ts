/**
 * HTTP messages as they lie in a frame: each part is read when a listener asks for it, once. Most listeners look at a name or a status of most messages, and a
 * body's beginning of few. Ask while the message is being told: the bytes are the reader's, and move on with it.
 */
import type { Packet } from '../packet.ts';
import { sha256 } from '../platform.ts';
import { decimalAt, textAt } from '../text.ts';
import type { HttpSide } from './framing.ts';
import type { StartLine } from './headers.ts';
import {
  bodyStart,
  headerValue,
  latin1,
  looksLikeProgram,
  maskedForm,
  MAX_PROGRAM,
  MAX_URI,
  readAuthorization,
  readForm,
  readHeaders,
  type HttpCredentials,
  type HttpRequestMessage,
  type HttpResponseMessage,
} from './messages.ts';

/** Where a message lies. */
interface Place {
  readonly bytes: Uint8Array;
  readonly line: StartLine;
  readonly headEnd: number;
  readonly bodyFrom: number;
  readonly bodyTo: number;
  readonly chunked: boolean;
}

class SeenMessage {
  readonly frame: number;
  readonly bodyLength: number;
  protected readonly place: Place;
  #headers: [string, string][] | undefined;

  constructor(p: Packet, line: StartLine, headEnd: number, end: number, side: HttpSide) {
    this.frame = p.frame;
    this.bodyLength = side.bodyLength;
    const [bodyFrom, bodyTo] = bodyStart(p.bytes, headEnd, end, side.chunked);
    // The reader's line is one object for all messages: its offsets are copied.
    this.place = { bytes: p.bytes, line: { ...line }, headEnd, bodyFrom, bodyTo, chunked: side.chunked };
  }

  get headers(): readonly (readonly [string, string])[] {
    return (this.#headers ??= readHeaders(this.place.bytes, this.place.line.after, this.place.headEnd));
  }

  get contentType(): string | null {
    return headerValue(this.headers, 'content-type');
  }

  get contentEncoding(): string | null {
    return headerValue(this.headers, 'content-encoding');
  }

  get bodySha256(): string | null {
    const { bytes, bodyFrom, bodyTo, chunked } = this.place,
      length = this.bodyLength;
    return !chunked && length > 0 && bodyTo - bodyFrom >= length && length <= MAX_PROGRAM && looksLikeProgram(bytes, bodyFrom, bodyTo)
      ? sha256(bytes.subarray(bodyFrom, bodyFrom + length))
      : null;
  }
}

export class SeenRequest extends SeenMessage implements HttpRequestMessage {
  readonly kind = 'http-request';
  #uri: string | undefined;
  #credentials: HttpCredentials | null | undefined;
  #form: HttpCredentials | null | undefined;
  #bodyStart: string | undefined;

  get method(): string {
    return textAt(this.place.bytes, this.place.line.first, this.place.line.firstEnd);
  }

  get uri(): string {
    return (this.#uri ??= textAt(this.place.bytes, this.place.line.second, this.place.line.secondEnd, MAX_URI));
  }

  get version(): string {
    const { bytes, line } = this.place;
    return line.third === line.thirdEnd ? '0.9' : textAt(bytes, line.third + 5, line.thirdEnd);
  }

  get host(): string | null {
    return headerValue(this.headers, 'host');
  }

  get userAgent(): string | null {
    return headerValue(this.headers, 'user-agent');
  }

  get referer(): string | null {
    return headerValue(this.headers, 'referer');
  }

  get credentials(): HttpCredentials | null {
    if (this.#credentials === undefined)
      this.#credentials = readAuthorization(this.place.bytes, this.place.line.after, this.place.headEnd) ?? this.#loginForm;
    return this.#credentials;
  }

  get bodyStart(): string {
    return (this.#bodyStart ??=
      this.#loginForm === null
        ? latin1(this.place.bytes, this.place.bodyFrom, this.place.bodyTo)
        : maskedForm(this.place.bytes, this.place.bodyFrom, this.place.bodyTo));
  }

  /** Who logs in by a form in the body. */
  get #loginForm(): HttpCredentials | null {
    if (this.#form === undefined) {
      const isForm = this.contentType?.toLowerCase().startsWith('application/x-www-form-urlencoded') === true;
      this.#form = isForm ? readForm(this.place.bytes, this.place.bodyFrom, this.place.bodyTo) : null;
    }
    return this.#form;
  }
}

export class SeenResponse extends SeenMessage implements HttpResponseMessage {
  readonly kind = 'http-response';
  readonly status: number;
  readonly requestFrame: number;
  readonly method: string | null;
  readonly uri: string | null;
  readonly host: string | null;
  #bodyStart: string | undefined;

  constructor(p: Packet, line: StartLine, headEnd: number, end: number, side: HttpSide) {
    super(p, line, headEnd, end, side);
    const { request } = side;
    this.status = Math.max(0, decimalAt(p.bytes, line.second, line.secondEnd));
    this.requestFrame = request?.frame ?? 0;
    this.method = request?.method ?? null;
    this.uri = request?.uri ?? null;
    this.host = request?.host ?? null;
  }

  get version(): string {
    return textAt(this.place.bytes, this.place.line.first + 5, this.place.line.firstEnd);
  }

  get phrase(): string {
    return textAt(this.place.bytes, this.place.line.third, this.place.line.thirdEnd, 256);
  }

  get server(): string | null {
    return headerValue(this.headers, 'server');
  }

  get location(): string | null {
    return headerValue(this.headers, 'location');
  }

  get authenticate(): string | null {
    return headerValue(this.headers, 'www-authenticate')?.split(' ')[0] ?? null;
  }

  get bodyStart(): string {
    return (this.#bodyStart ??= latin1(this.place.bytes, this.place.bodyFrom, this.place.bodyTo));
  }
}
