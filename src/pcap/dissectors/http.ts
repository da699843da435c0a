/** Hypertext Transfer Protocol version 1, RFC 9110 and RFC 9112. A message is dissected in the frame that completes its body. */
import { defineFields, type Dissector, type Field, type FieldSink } from '../dissector.ts';
import { dissectInner, type HandOver } from '../handOver.ts';
import { entityBody } from '../http/entityBody.ts';
import { cutHttp, endFile, finishHttp, openHttp, passedHttp, stepHttp, type HttpSide, type HttpState } from '../http/framing.ts';
import { nextHeader, readStartLine, recogniseHttp, type HeaderLine, type StartLine, MAX_HEAD } from '../http/headers.ts';
import { isHeard, MAX_FORM, MAX_URI, splitBasic } from '../http/messages.ts';
import { hostOf, tellHttp } from '../http/tell.ts';
import { Http2Connection } from '../http2/connection.ts';
import { describeMedia, isMediaWanted, MEDIA_IDS, mediaInfo } from '../media/describeMedia.ts';
import type { Packet } from '../packet.ts';
import { secondsBetween } from '../timeSpan.ts';
import { decimalAt, lineTextEnd, textAt } from '../text.ts';

const f = defineFields({
  request: { name: 'http.request', label: 'Request', type: 'boolean' },
  requestMethod: { name: 'http.request.method', label: 'Request Method', type: 'string' },
  requestUri: { name: 'http.request.uri', label: 'Request URI', type: 'string' },
  requestVersion: { name: 'http.request.version', label: 'Request Version', type: 'string' },
  requestFullUri: { name: 'http.request.full_uri', label: 'Full request URI', type: 'string' },
  responseForUri: { name: 'http.response_for.uri', label: 'Request URI', type: 'string' },
  requestLine: { name: 'http.request.line', label: 'Request line', type: 'string' },
  responseIn: { name: 'http.response_in', label: 'Response in frame', type: 'uint', related: 'later' },
  requestIn: { name: 'http.request_in', label: 'Request in frame', type: 'uint' },
  response: { name: 'http.response', label: 'Response', type: 'boolean' },
  responseVersion: { name: 'http.response.version', label: 'Response Version', type: 'string' },
  responseCode: { name: 'http.response.code', label: 'Status Code', type: 'uint' },
  responsePhrase: { name: 'http.response.phrase', label: 'Response Phrase', type: 'string' },
  responseLine: { name: 'http.response.line', label: 'Response line', type: 'string' },
  time: { name: 'http.time', label: 'Time since request', type: 'duration' },
  authBasic: { name: 'http.authbasic', label: 'Credentials', type: 'string' },
  contentLength: { name: 'http.content_length', label: 'Content length', type: 'uint64' },
  fileData: { name: 'http.file_data', label: 'File Data', type: 'bytes' },
  host: { name: 'http.host', label: 'Host', type: 'string' },
  userAgent: { name: 'http.user_agent', label: 'User-Agent', type: 'string' },
  referer: { name: 'http.referer', label: 'Referer', type: 'string' },
  cookie: { name: 'http.cookie', label: 'Cookie', type: 'string' },
  setCookie: { name: 'http.set_cookie', label: 'Set-Cookie', type: 'string' },
  authorization: { name: 'http.authorization', label: 'Authorization', type: 'string' },
  proxyAuthorization: { name: 'http.proxy_authorization', label: 'Proxy-Authorization', type: 'string' },
  wwwAuthenticate: { name: 'http.www_authenticate', label: 'WWW-Authenticate', type: 'string' },
  proxyAuthenticate: { name: 'http.proxy_authenticate', label: 'Proxy-Authenticate', type: 'string' },
  contentType: { name: 'http.content_type', label: 'Content-Type', type: 'string' },
  contentLengthHeader: { name: 'http.content_length_header', label: 'Content-Length', type: 'string' },
  contentEncoding: { name: 'http.content_encoding', label: 'Content-Encoding', type: 'string' },
  transferEncoding: { name: 'http.transfer_encoding', label: 'Transfer-Encoding', type: 'string' },
  connection: { name: 'http.connection', label: 'Connection', type: 'string' },
  upgrade: { name: 'http.upgrade', label: 'Upgrade', type: 'string' },
  server: { name: 'http.server', label: 'Server', type: 'string' },
  location: { name: 'http.location', label: 'Location', type: 'string' },
  accept: { name: 'http.accept', label: 'Accept', type: 'string' },
  acceptLanguage: { name: 'http.accept_language', label: 'Accept-Language', type: 'string' },
  acceptEncoding: { name: 'http.accept_encoding', label: 'Accept-Encoding', type: 'string' },
  cacheControl: { name: 'http.cache_control', label: 'Cache-Control', type: 'string' },
  date: { name: 'http.date', label: 'Date', type: 'string' },
  lastModified: { name: 'http.last_modified', label: 'Last-Modified', type: 'string' },
  forwardedFor: { name: 'http.x_forwarded_for', label: 'X-Forwarded-For', type: 'string' },
});

/** Header lines that have a field of their own, by lower-case name. */
const HEADER_FIELDS: ReadonlyMap<string, Field> = new Map(
  [
    f.host,
    f.userAgent,
    f.referer,
    f.cookie,
    f.setCookie,
    f.authorization,
    f.proxyAuthorization,
    f.wwwAuthenticate,
    f.proxyAuthenticate,
    f.contentType,
    f.contentLengthHeader,
    f.contentEncoding,
    f.transferEncoding,
    f.connection,
    f.upgrade,
    f.server,
    f.location,
    f.accept,
    f.acceptLanguage,
    f.acceptEncoding,
    f.cacheControl,
    f.date,
    f.lastModified,
    f.forwardedFor,
  ].map((field) => [field.label.toLowerCase(), field]),
);

/** A head as long as is waited for, and what is looked at of a body: bounds what one stream holds. */
const KEEP_BYTES = MAX_HEAD + MAX_FORM;

export const http: Dissector = {
  id: 'http',
  name: 'Hypertext Transfer Protocol',
  fields: f,
  says: ['ntlmssp', ...MEDIA_IDS],
  on: [80, 591, 2080, 3128, 3132, 5985, 8000, 8008, 8080, 8088, 8888].map((value) => ({ table: 'tcp.port', value })),
  application: true,
  stream: {
    handsOn: (_p, state: HttpState) => state.rest !== null,
    recognise: recogniseHttp,
    open: openHttp,
    keepBytes: KEEP_BYTES,
    step: stepHttp,
    dissect: dissectHttp,
    cut: cutHttp,
    finish: finishHttp,
    passed: passedHttp,
  },
};

function dissectHttp(p: Packet, offset: number, end: number, direction: 0 | 1, state: HttpState, sink: FieldSink | null): void {
  const side = state.sides[direction];
  if (side.inner) {
    if (state.rest !== null) noteUpgrade(state, state.rest);
    if (state.rest !== null) dissectInner(p, offset, end, direction, state.rest, sink);
    return;
  }
  endFile(p, side);
  const hearsLogin = side.login && p.hears('http-credentials');
  if (sink === null && !hearsLogin && !isHeard(p)) return;
  const limit = Math.min(end, offset + KEEP_BYTES),
    headEnd = Math.min(limit, offset + side.headLength);
  const line = readStartLine(p.bytes, offset, headEnd);
  if (line === null) return;
  tellHttp(p, line, headEnd, limit, end, side, sink !== null);
  if (sink !== null) describe(p, offset, line, headEnd, end, side, sink);
}

/** The first stream of HTTP/2 has the answer to what was asked with the upgrade (RFC 7540 section 3.2). */
function noteUpgrade(state: HttpState, { bound, state: inner }: HandOver): void {
  if (state.upgraded === null || bound === null) return;
  if (inner instanceof Http2Connection) inner.exchanges.answerLater(state.upgraded);
  state.upgraded = null;
}

function describe(p: Packet, offset: number, line: StartLine, headEnd: number, end: number, side: HttpSide, sink: FieldSink): void {
  const { bytes } = p,
    text = (from: number, to: number): string => textAt(bytes, from, to, MAX_URI);
  sink.layer(http, offset, end - offset);
  const { request } = side;
  if (line.isResponse) {
    const code = Math.max(0, decimalAt(bytes, line.second, line.secondEnd)),
      phrase = text(line.third, line.thirdEnd);
    sink.add(f.response, line.start, line.after - line.start, true);
    sink.add(f.responseVersion, line.first, line.firstEnd - line.first, text(line.first, line.firstEnd));
    sink.add(f.responseCode, line.second, line.secondEnd - line.second, code);
    if (phrase !== '') sink.add(f.responsePhrase, line.third, line.thirdEnd - line.third, phrase);
  } else {
    sink.add(f.request, line.start, line.after - line.start, true);
    sink.add(f.requestMethod, line.first, line.firstEnd - line.first, text(line.first, line.firstEnd));
    sink.add(f.requestUri, line.second, line.secondEnd - line.second, text(line.second, line.secondEnd));
    if (line.third < line.thirdEnd) sink.add(f.requestVersion, line.third, line.thirdEnd - line.third, text(line.third, line.thirdEnd));
  }
  const { encoding, type } = describeHeaders(bytes, line, headEnd, sink);
  const host = line.isResponse ? (request?.host ?? null) : hostOf(bytes, line, headEnd);
  if (!line.isResponse) {
    const uri = text(line.second, line.secondEnd);
    if (sink.wantsRelated) p.exchanges.sayAnswer(`http ${uri}`, p.frame, f.responseIn, offset, sink);
    if (host !== null) sink.add(f.requestFullUri, line.second, line.secondEnd - line.second, fullUri(request?.method, host, uri));
  } else if (request !== null && request.frame > 0) {
    sink.add(f.requestIn, offset, 0, request.frame);
    if (sink.wantsRelated) p.exchanges.note(`http ${request.uri}`, request.frame, p.frame);
    if (p.hasTime) sink.add(f.time, offset, 0, secondsBetween(request.timeSeconds, request.timeNanoseconds, p.timeSeconds, p.timeNanoseconds));
    sink.add(f.responseForUri, offset, 0, fullUri(request.method, host, request.uri));
  }
  if (sink.wantsText) {
    const start = text(line.start, lineTextEnd(bytes, line.start, line.after)),
      [column, words] = side.bodyLength > 0 && type !== '' ? mediaInfo(type) : ['', ''];
    sink.info(`HTTP${column}`, start + words);
  }
  if (side.bodyLength > 0) describeBody(p, headEnd, end, side.chunked, encoding, type, sink);
}

/** What a request asks for, with its host; a proxy is asked for all of it, and for a way through by host and port alone. */
const fullUri = (method: string | undefined, host: string | null, uri: string): string =>
  host === null || method === 'CONNECT' || /^[a-z]+:\/\//i.test(uri) ? uri : `http://${host}${uri}`;

/** Answers that an attacker packs into one frame may each unpack to a megabyte. */
const MOST_SOURCES = 32;

/** As in Wireshark, unpacked: in bytes of their own, which the frame does not have. */
function describeBody(p: Packet, from: number, to: number, chunked: boolean, encoding: string, type: string, sink: FieldSink): void {
  const wantsData = sink.wantsCostly?.(f.fileData) === true,
    wantsMedia = isMediaWanted(type, sink);
  if ((!wantsData && !wantsMedia) || p.sources.length >= MOST_SOURCES) return;
  const body = entityBody(p.bytes, from, to, chunked, encoding),
    { bytes, source } = p;
  if (body === null) return;
  if (body.made !== null) {
    p.sources.push({ name: body.made, bytes: body.bytes });
    p.source = p.sources.length;
    p.bytes = body.bytes;
  }
  if (wantsData) sink.add(f.fileData, body.from, Math.max(0, body.to - body.from));
  if (wantsMedia) describeMedia(body.bytes, body.from, body.to, type, sink);
  p.bytes = bytes;
  p.source = source;
}

/** Returns how the body is packed, and what it is. */
function describeHeaders(bytes: Uint8Array, line: StartLine, headEnd: number, sink: FieldSink): { encoding: string; type: string } {
  let encoding = '',
    type = '';
  const header: HeaderLine = { name: 0, nameEnd: 0, value: 0, valueEnd: 0, after: 0 };
  for (let at = line.after; nextHeader(bytes, at, headEnd, header); at = header.after) {
    const field = HEADER_FIELDS.get(textAt(bytes, header.name, header.nameEnd, 128).toLowerCase());
    const value = textAt(bytes, header.value, header.valueEnd, MAX_URI);
    sink.add(
      line.isResponse ? f.responseLine : f.requestLine,
      header.name,
      header.after - header.name,
      textAt(bytes, header.name, header.after, MAX_URI),
    );
    if (field === undefined) continue;
    sink.open();
    sink.add(field, header.value, header.valueEnd - header.value, value);
    if (field === f.authorization && /^basic /i.test(value))
      sink.add(f.authBasic, header.value, header.valueEnd - header.value, splitBasic(value.slice(6).trim()).join(':'));
    if (field === f.contentEncoding) encoding = value;
    if (field === f.contentType) type = value;
    if (field === f.contentLengthHeader) {
      const length = decimalAt(bytes, header.value, header.valueEnd);
      if (length >= 0) sink.add(f.contentLength, header.value, header.valueEnd - header.value, BigInt(length));
    }
    sink.close();
  }
  return { encoding, type };
}
