/**
 * HTTP messages as they lie in a frame: each part is read when a listener asks for it, once. Most listeners look at a name or a status of most messages, and a
 * body's beginning of few. Ask while the message is being told: the bytes are the reader's, and move on with it.
 */
import type { Packet } from '../packet.ts';
import { sha256 } from '../platform.ts';
import { decimalAt, knownText, textAt } from '../text.ts';
import { readHeaders, type Header } from './headerLines.ts';
import type { StartLine } from './headers.ts';
import { placeOfUri, uriIn } from './knownUris.ts';
import type { PendingRequest } from './pending.ts';
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
  type HttpCredentials,
  type HttpRequestMessage,
  type HttpResponseMessage,
  type MessagePlace,
} from './messages.ts';

/** What its reader knows of a message beside its head. */
export interface ToldSide {
  readonly bodyLength: number;
  readonly chunked: boolean;
  /** The request says who logs in: by a header, or perhaps by a posted form. */
  readonly login: boolean;
  /** The request itself, or the one a response answers. */
  readonly request: PendingRequest | null;
  /** Of HTTP/2. */
  readonly stream?: number;
}

/** Where a message lies. The reader's start line is one object for all messages: its offsets are copied. */
class Place implements MessagePlace {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly bodyFrom: number;
  readonly bodyTo: number;
  readonly first: number;
  readonly firstEnd: number;
  readonly second: number;
  readonly secondEnd: number;
  readonly third: number;
  readonly thirdEnd: number;
  readonly headFrom: number;
  readonly headTo: number;
  readonly end: number;
  readonly isChunked: boolean;

  constructor({ bytes, view }: Packet, line: StartLine, headEnd: number, end: number, chunked: boolean) {
    this.bytes = bytes;
    this.view = view;
    if (chunked) [this.bodyFrom, this.bodyTo] = bodyStart(bytes, headEnd, end, true);
    else {
      this.bodyFrom = headEnd;
      this.bodyTo = end;
    }
    this.first = line.first;
    this.firstEnd = line.firstEnd;
    this.second = line.second;
    this.secondEnd = line.secondEnd;
    this.third = line.third;
    this.thirdEnd = line.thirdEnd;
    this.headFrom = line.after;
    this.headTo = headEnd;
    this.end = end;
    this.isChunked = chunked;
  }
}

class SeenMessage {
  readonly frame: number;
  readonly bodyLength: number;
  readonly place: Place;
  readonly stream?: number;
  #headers: readonly Header[] | undefined;

  constructor(p: Packet, line: StartLine, headEnd: number, end: number, side: ToldSide) {
    this.frame = p.frame;
    this.bodyLength = side.bodyLength;
    this.place = new Place(p, line, headEnd, end, side.chunked);
    if (side.stream !== undefined) this.stream = side.stream;
  }

  get headers(): readonly Header[] {
    return (this.#headers ??= readHeaders(this.place.bytes, this.place.view, this.place.headFrom, this.place.headTo));
  }

  get contentType(): string | null {
    return headerValue(this.headers, 'content-type');
  }

  get contentEncoding(): string | null {
    return headerValue(this.headers, 'content-encoding');
  }

  get bodySha256(): string | null {
    const { bytes, bodyFrom, bodyTo, isChunked } = this.place,
      { bodyLength } = this;
    return !isChunked && bodyLength > 0 && bodyTo - bodyFrom >= bodyLength && bodyLength <= MAX_PROGRAM && looksLikeProgram(bytes, bodyFrom, bodyTo)
      ? sha256(bytes.subarray(bodyFrom, bodyFrom + bodyLength))
      : null;
  }
}

export class SeenRequest extends SeenMessage implements HttpRequestMessage {
  readonly kind = 'http-request';
  readonly uriPlace: number;
  #uri: string | undefined;
  #host: string | null | undefined;
  #userAgent: string | null | undefined;
  #credentials: HttpCredentials | null | undefined;
  #form: HttpCredentials | null | undefined;
  #bodyStart: string | undefined;

  constructor(p: Packet, line: StartLine, headEnd: number, end: number, side: ToldSide) {
    super(p, line, headEnd, end, side);
    // A password may stand in it, or beside it: what is met stays in that table.
    this.uriPlace = side.login ? -1 : placeOfUri(p.bytes, p.view, line.second, line.secondEnd);
    if (this.uriPlace >= 0) this.#uri = uriIn(this.uriPlace);
  }

  get method(): string {
    return knownText(this.place.bytes, this.place.first, this.place.firstEnd);
  }

  get uri(): string {
    return (this.#uri ??= textAt(this.place.bytes, this.place.second, this.place.secondEnd, MAX_URI));
  }

  get version(): string {
    return this.place.third === this.place.thirdEnd ? '0.9' : textAt(this.place.bytes, this.place.third + 5, this.place.thirdEnd);
  }

  get host(): string | null {
    return this.#host === undefined ? (this.#host = headerValue(this.headers, 'host')) : this.#host;
  }

  get userAgent(): string | null {
    return this.#userAgent === undefined ? (this.#userAgent = headerValue(this.headers, 'user-agent')) : this.#userAgent;
  }

  get referer(): string | null {
    return headerValue(this.headers, 'referer');
  }

  get credentials(): HttpCredentials | null {
    if (this.#credentials === undefined)
      this.#credentials = readAuthorization(this.place.bytes, this.place.headFrom, this.place.headTo) ?? this.#loginForm;
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
      const isForm = /^(?:application\/(?:x-www-form-urlencoded|json)|multipart\/form-data)/i.test(this.contentType ?? '');
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

  constructor(p: Packet, line: StartLine, headEnd: number, end: number, side: ToldSide) {
    super(p, line, headEnd, end, side);
    const { request } = side;
    this.status = Math.max(0, decimalAt(p.bytes, line.second, line.secondEnd));
    this.requestFrame = request?.frame ?? 0;
    this.method = request?.method ?? null;
    this.uri = request?.uri ?? null;
    this.host = request?.host ?? null;
  }

  get version(): string {
    return textAt(this.place.bytes, this.place.first + 5, this.place.firstEnd);
  }

  get phrase(): string {
    return knownText(this.place.bytes, this.place.third, this.place.thirdEnd, 256);
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
