/** Simple Service Discovery Protocol (UPnP Device Architecture 2.0, section 1): HTTP heads in datagrams. Fields have the names of HTTP's, as in Wireshark. */
import { defineFields, type Dissector, type Field } from '../dissector.ts';
import { nextHeader, readStartLine, type HeaderLine } from '../http/headers.ts';
import { sayPlainDatagram } from '../plainDatagram.ts';
import { matchPrefix, textAt } from '../text.ts';

const f = defineFields({
  request: { name: 'http.request', label: 'Request', type: 'boolean' },
  fullUri: { name: 'http.request.full_uri', label: 'Full request URI', type: 'string' },
  response: { name: 'http.response', label: 'Response', type: 'boolean' },
  method: { name: 'http.request.method', label: 'Request Method', type: 'string' },
  uri: { name: 'http.request.uri', label: 'Request URI', type: 'string' },
  version: { name: 'http.request.version', label: 'Request Version', type: 'string' },
  code: { name: 'http.response.code', label: 'Status Code', type: 'uint' },
  host: { name: 'http.host', label: 'Host', type: 'string' },
  server: { name: 'http.server', label: 'Server', type: 'string' },
  userAgent: { name: 'http.user_agent', label: 'User-Agent', type: 'string' },
  location: { name: 'http.location', label: 'Location', type: 'string' },
  cacheControl: { name: 'http.cache_control', label: 'Cache-Control', type: 'string' },
  requestLine: { name: 'http.request.line', label: 'Request line', type: 'string' },
  responseLine: { name: 'http.response.line', label: 'Response line', type: 'string' },
});

const HEADERS: ReadonlyMap<string, Field> = new Map([
  ['host', f.host],
  ['server', f.server],
  ['user-agent', f.userAgent],
  ['location', f.location],
  ['cache-control', f.cacheControl],
]);
const STARTS = ['M-SEARCH ', 'NOTIFY ', 'HTTP/1.', 'SUBSCRIBE ', 'UNSUBSCRIBE '] as const;

export const ssdp: Dissector = {
  id: 'ssdp',
  name: 'Simple Service Discovery Protocol',
  fields: f,
  on: [{ table: 'udp.port', value: 1900 }],
  application: true,
  recognise(p, offset, end) {
    for (let i = 0; i < STARTS.length; i++) if (matchPrefix(p.bytes, offset, end, STARTS[i]!) !== 'no') return true;
    return false;
  },
  dissect(p, offset, end, sink) {
    sayPlainDatagram(p, offset, end);
    if (sink === null) return;
    const { bytes } = p,
      start = readStartLine(bytes, offset, end);
    sink.layer(ssdp, offset, end - offset);
    if (start === null) {
      sink.info('SSDP', textAt(bytes, offset, end, 80));
      return;
    }
    sink.info('SSDP', textAt(bytes, start.start, start.thirdEnd));
    sink.add(start.isResponse ? f.response : f.request, start.start, start.after - start.start, true);
    if (start.isResponse) sink.add(f.code, start.second, start.secondEnd - start.second, Number(textAt(bytes, start.second, start.secondEnd)) || 0);
    else {
      sink.add(f.method, start.first, start.firstEnd - start.first);
      sink.add(f.uri, start.second, start.secondEnd - start.second);
      sink.add(f.version, start.third, start.thirdEnd - start.third);
    }
    const line: HeaderLine = { name: 0, nameEnd: 0, value: 0, valueEnd: 0, after: 0 };
    for (let at = start.after; nextHeader(bytes, at, end, line); at = line.after) {
      const field = HEADERS.get(textAt(bytes, line.name, line.nameEnd).toLowerCase());
      if (field !== undefined) sink.add(field, line.value, line.valueEnd - line.value);
      if (field === f.host && !start.isResponse)
        sink.add(f.fullUri, at, 0, `http://${textAt(bytes, line.value, line.valueEnd, 256)}${textAt(bytes, start.second, start.secondEnd, 1024)}`);
      sink.add(start.isResponse ? f.responseLine : f.requestLine, at, line.after - at);
    }
  },
};
