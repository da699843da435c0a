/** EngineMethods and HostMethods over the made-up capture, in the page. What the page asked of its host is kept in `asked`. */
import type { Conversation, Endpoint } from '../../../src/analysis/report.ts';
import { hostStory } from '../../../src/analysis/hostStory.ts';
import {
  EVERYTHING,
  type FilterCheck,
  type Page,
  type Selection,
  type FileRow,
  type Service,
  type TableQuery,
} from '../../../src/analysis/engineApi.ts';
import { GraphSteps } from '../../../src/analysis/graphs.ts';
import type { PageMethods } from '../../../media/engine.ts';
import type { Handlers } from '../../../src/analysis/rpc.ts';
import { download } from './download.ts';
import { packetDetail, packetRow } from './packetDetail.ts';
import { count, makeReport, timestamp, type Counted } from './reports.ts';
import { DURATION, NAMES, SNAP, type Traffic } from './traffic.ts';

const FIELDS = [
  'ip.addr',
  'ip.src',
  'ip.dst',
  'tcp.port',
  'udp.port',
  'frame.number',
  'frame.len',
  'frame.cap_len',
  'ip.ttl',
  'tcp',
  'udp',
  'http',
  'http.host',
  'tls',
  'dns',
  'ip',
  'eth',
  'ntp',
  'smb2',
];

/** A page, and a program that calls itself a picture, of which the end is missing. */
const FILES: readonly FileRow[] = [
  {
    ...{
      id: '12',
      frame: 14,
      firstFrame: 12,
      time: '2025-10-14T09:11:02.114000000Z',
      carrier: 'http',
      name: 'index.html',
      path: 'shop.example.com/index.html',
    },
    ...{
      contentType: 'text/html',
      kind: 'web page',
      isProgram: false,
      sender: '10.0.0.9',
      senderPort: 80,
      receiver: '10.0.0.5',
      receiverPort: 50_112,
    },
    ...{ bytes: 1976, missing: 0, isComplete: true, partFrom: null, listed: 'bad.csv:12', note: '' },
    ...{ md5: '9e107d9d372bb6826bd81d3542a419d6', sha256: 'dcac166b2eaa64cec1f43bed1272c2c6acedd51b09911cef05445b423f27f157' },
  },
  {
    ...{ id: '40', frame: 77, firstFrame: 40, time: '2025-10-14T09:11:09.500000000Z', carrier: 'smb2', name: '<img src=x onerror=alert(1)>.png' },
    ...{ path: '\\\\files\\public\\<img src=x onerror=alert(1)>.png', contentType: null, kind: 'Windows program (PE)', isProgram: true },
    ...{ sender: '10.0.0.5', senderPort: 50_200, receiver: '10.0.0.7', receiverPort: 445 },
    ...{ bytes: 40_000, missing: 2000, isComplete: false, partFrom: null, md5: null, sha256: null, listed: null, note: '' },
  },
];

/** A web server that is slow at times and refuses some, and a resolver. */
const SERVICES: readonly Service[] = [
  {
    ...{ id: 'tcp 10.0.0.9 80', layer: 'tcp', address: '10.0.0.9', port: 80, names: ['<b>shop</b>.example.com'], service: 'http' },
    ...{
      clients: 3,
      packets: 120,
      bytes: 98_000,
      connections: 13,
      refused: 2,
      unreachable: 0,
      unanswered: 1,
      reset: 0,
      failedTls: 1,
      retransmissions: 4,
      zeroWindows: 0,
    },
    connect: { count: 9, median: 0.0141, p95: 0.0412, max: 0.0412, maxFrame: 31 },
    answer: { count: 20, median: 0.0853, p95: 1.25, max: 2.75, maxFrame: 412 },
    ...{
      requests: 21,
      unansweredRequests: 3,
      unfinishedAnswers: 2,
      mayBeAnswered: 1,
      errors: 3,
      outcomes: [
        { kind: 'answer', what: '200', times: 17, frame: 9 },
        { kind: 'error', what: '503', times: 3, frame: 412 },
        { kind: 'trouble', what: 'TLS alert of the client: Unknown CA (48)', times: 1, frame: 31 },
      ],
    },
    slowest: [{ frame: 412, seconds: 2.75, what: 'GET shop.example.com/<img src=x onerror=alert(1)>' }],
  },
  {
    ...{ id: 'udp 10.0.0.53 53', layer: 'udp', address: '10.0.0.53', port: 53, names: [], service: 'dns' },
    ...{
      clients: 2,
      packets: 40,
      bytes: 4200,
      connections: null,
      refused: 0,
      unreachable: 0,
      unanswered: 0,
      reset: 0,
      failedTls: 0,
      retransmissions: 0,
      zeroWindows: 0,
    },
    connect: null,
    answer: { count: 20, median: 0.0004, p95: 0.0121, max: 0.0305, maxFrame: 77 },
    ...{
      requests: 20,
      unansweredRequests: 0,
      unfinishedAnswers: 0,
      mayBeAnswered: 0,
      errors: 0,
      outcomes: [{ kind: 'answer', what: 'No error', times: 20, frame: 12 }],
    },
    slowest: [{ frame: 77, seconds: 0.0305, what: 'A news.example.com' }],
  },
];

/** Clauses joined by `and`; enough of a grammar for the page to be tested against. */
function parse(text: string): FilterCheck {
  for (const match of text.matchAll(/[a-z][\w.]*/gi)) {
    const word = match[0];
    const value = /(==|<)\s*$/.test(text.slice(0, match.index)) || /["\d.]$/.test(text.slice(0, match.index));
    if (!value && !['and', 'or', 'not'].includes(word) && !FIELDS.includes(word))
      return { ok: false, message: `No field is called ${word}.`, column: match.index, length: word.length };
  }
  if (/(==|and|or|not|<)\s*$/.test(text)) return { ok: false, message: 'Something is missing at the end.', column: text.length, length: 1 };
  return { ok: true, fields: [] };
}

export function fakeEngine(traffic: Traffic, limit: () => number, asked: unknown[]): Handlers<PageMethods> {
  const cache = new Map<string, Counted>();
  const matches = (clause: string, i: number): boolean => {
    const flow = traffic.flows[traffic.flowOf[i]!]!;
    const [left = '', right = ''] = clause.split(/\s*(?:==|<)\s*/);
    const ends = traffic.forward[i] === 1 ? [flow.a, flow.b] : [flow.b, flow.a];
    switch (left.trim()) {
      case 'ip.addr':
        return flow.a === right || flow.b === right;
      case 'ip.src':
        return ends[0] === right;
      case 'ip.dst':
        return ends[1] === right;
      case 'tcp.port':
        return flow.layer === 'tcp' && (flow.aPort === Number(right) || flow.bPort === Number(right));
      case 'udp.port':
        return flow.layer === 'udp' && (flow.aPort === Number(right) || flow.bPort === Number(right));
      case 'frame.number':
        return i + 1 === Number(right);
      case 'frame.cap_len':
        return traffic.lengthOf[i]! > SNAP;
      case 'tcp':
      case 'udp':
        return flow.layer === left.trim();
      case 'ip':
      case 'eth':
      case 'ip.ttl':
        return true;
      default:
        return flow.service === left.trim();
    }
  };
  const select = (selection: Selection): Counted => {
    const key = JSON.stringify([selection, limit()]);
    let counted = cache.get(key);
    if (counted === undefined) {
      const check = parse(selection.filter);
      if (!check.ok) throw new Error(check.message);
      const any = selection.filter.split(/\s+or\s+/).map((side) =>
        side
          .split(/\s+and\s+/)
          .map((clause) => clause.replace(/[()]/g, '').trim())
          .filter((clause) => clause !== ''),
      );
      const found: number[] = [];
      for (let i = 0; i < Math.min(limit(), selection.frames ?? Infinity); i++) {
        const at = traffic.timeOf[i]!;
        if (selection.timeRange !== null && (at < selection.timeRange.from || at >= selection.timeRange.to)) continue;
        if (any.some((all) => all.every((clause) => (clause.startsWith('not ') ? !matches(clause.slice(4), i) : matches(clause, i))))) found.push(i);
      }
      counted = count(traffic, Uint32Array.from(found));
      cache.set(key, counted);
    }
    return counted;
  };
  const page = <Row extends object>(
    rows: readonly Row[],
    query: TableQuery,
    textOf: (row: Row) => string,
    valueOf: (row: Row, column: string) => unknown,
  ): Page<Row> => {
    const hits = query.search === '' ? [...rows] : rows.filter((row) => textOf(row).toLowerCase().includes(query.search.toLowerCase()));
    const { sort } = query;
    if (sort !== null) {
      const sign = sort.descending ? -1 : 1;
      hits.sort((x, y) => {
        const a = valueOf(x, sort.column) as string;
        const b = valueOf(y, sort.column) as string;
        return (a < b ? -1 : a > b ? 1 : 0) * sign;
      });
    }
    return { offset: query.offset, rows: hits.slice(query.offset, query.offset + query.limit), total: hits.length, totalUnfiltered: rows.length };
  };
  const value = (row: object, column: string): unknown => (row as Record<string, unknown>)[column];
  const tell =
    (name: string) =>
    (params: unknown): null => {
      asked.push([name, params]);
      return null;
    };
  return {
    rereadLists: () => ({ files: 0, entries: 0, problems: [] }),
    setAllowRules: () => null,
    setDetectorOptions: (params) => {
      tell('setDetectorOptions')(params);
      return { needsReading: [] };
    },
    report: ({ selection, limit: rows }) => makeReport(traffic, select(selection), rows),
    conversations: (query) =>
      page<Conversation>(
        select(query.selection).conversations.filter((row) => row.layer === query.layer),
        query,
        (row) => `${row.a} ${row.b} ${row.service ?? ''} ${String(row.bPort)}`,
        (row, column) =>
          column === 'bytes' ? row.bytesAToB + row.bytesBToA : column === 'packets' ? row.packetsAToB + row.packetsBToA : value(row, column),
      ),
    conversationsById: ({ selection, ids }) => select(selection).conversations.filter(({ id }) => ids.includes(id)),
    endpoints: (query) =>
      page<Endpoint>(
        select(query.selection).endpoints.filter((row) => row.layer === query.layer),
        query,
        (row) => `${row.address} ${row.names.join(' ')}`,
        value,
      ),
    services: (query) => ({
      ...page<Service>(
        SERVICES,
        query,
        (row) => `${row.address} ${String(row.port)} ${row.names.join(' ')}`,
        (row, column) => (column === 'answerMax' ? (row.answer?.max ?? NaN) : value(row, column)),
      ),
      limits: ['192 ports of 10.0.0.9 that let nobody in are not listed.'],
    }),
    inventory: () => ({ lookups: [], called: [], software: [], devices: [], limits: [] }),
    files: (query) => ({ ...page<FileRow>(FILES, query, (row) => `${row.name} ${row.kind}`, value), limits: [] }),
    carriedFiles: ({ flows }) => (flows.length === 0 ? [] : FILES.slice(1)),
    fileContents: () => [],
    graph: ({ selection, series: { filter, measure, field }, ...scale }) => {
      asked.push(['graph', { filter, measure, field, ...scale }]);
      if (measure !== 'packets' && measure !== 'bytes' && field !== 'frame.len')
        throw new Error(`"${field}" is neither a field nor a protocol name.`);
      const { from, to } = selection.timeRange ?? { from: 0, to: DURATION },
        steps = new GraphSteps({ from, to, timeless: 0 }, false),
        // Every seventh packet has trouble, whatever it is called here.
        isTrouble = filter.startsWith('tcp.analysis'),
        { frames } = select(isTrouble || filter === '' ? selection : { ...selection, filter });
      for (const i of frames) if (!isTrouble || i % 7 === 0) steps.add(i + 1, traffic.timeOf[i]!, traffic.lengthOf[i]!);
      return steps.line(measure, scale);
    },
    tcpGraph: ({ flow }) => {
      const conversation = select(EVERYTHING).conversations.find(({ id }) => id === flow);
      return conversation === undefined ? null : download(conversation);
    },
    host: ({ address, selection, limit: rows }) => {
      const filter = `ip.addr == ${address}`,
        chosen = select({ ...selection, filter: selection.filter === '' ? filter : `${selection.filter} and ${filter}` }),
        own = makeReport(traffic, chosen, 0);
      if (own.capture.packets === 0) return null;
      return hostStory({
        address,
        filter,
        own,
        endpoint: chosen.endpoints.filter((row) => row.layer === 'ip' && row.address === address),
        between: chosen.conversations.filter(({ layer }) => layer === 'ip'),
        transports: chosen.conversations.filter(({ layer }) => layer === 'tcp' || layer === 'udp'),
        facts: {
          facts: [
            { kind: 'mac', text: '3c:07:54:21:aa:21', source: 'ARP, DHCP', times: 4, frame: 3 },
            { kind: 'system', text: 'Windows 10 or 11', source: 'HTTP user agent', times: 2, frame: 40 },
            { kind: 'software', text: '<img src=x onerror=alert(1)> Mozilla/5.0', source: 'HTTP user agent', times: 2, frame: 40 },
          ],
          asked: [
            { name: 'news.example.com', type: 'A', protocol: 'DNS', questions: 3, answers: ['203.0.113.5'], isMissing: false, frame: 9 },
            { name: 'gone.example.com', type: 'A', protocol: 'DNS', questions: 1, answers: [], isMissing: true, frame: 11 },
          ],
          askedMore: 0,
          visited: [{ name: 'news.example.com', how: 'TLS', server: '203.0.113.5', times: 2, frame: 12 }],
        },
        names: { of: (one) => (NAMES[one] === undefined ? [] : [NAMES[one]]), sourcesOf: () => ['DNS'] },
        judged: makeReport(traffic, select(selection), Infinity),
        limit: rows,
      });
    },
    packets: ({ selection, sort, offset, limit: rows, fields = [] }) => {
      const { frames } = select(selection);
      const down = sort?.descending === true;
      const list = Array.from({ length: Math.max(0, Math.min(rows, frames.length - offset)) }, (_, k) =>
        packetRow(traffic, frames[down ? frames.length - 1 - offset - k : offset + k]!),
      ).map((row) => (fields.length === 0 ? row : { ...row, values: fields.map((name) => [`<b>${name}</b> of ${String(row.frame)}`]) }));
      return { offset, rows: list, total: frames.length, totalUnfiltered: Math.min(limit(), selection.frames ?? Infinity) };
    },
    messages: ({ protocol, selection, offset, limit: rows }) => {
      const { frames } = select({ ...selection, filter: selection.filter === '' ? protocol : `${selection.filter} and ${protocol}` }),
        columns = protocol === 'dns' ? ['Kind', 'Name', 'Answer'] : [];
      const list = [...frames.slice(offset, offset + rows)].map((i) => ({
        ...packetRow(traffic, i),
        values:
          columns.length === 0 ? [] : [['Query'], ['<img src=x onerror=alert(1)>.example.com'], ['192.0.2.1', '192.0.2.2', '192.0.2.3', '192.0.2.4']],
      }));
      return {
        offset,
        rows: list,
        total: frames.length,
        totalUnfiltered: Math.min(limit(), selection.frames ?? Infinity),
        columns,
        filter: protocol,
      };
    },
    indexOfFrame: ({ selection, frame }) => select(selection).frames.indexOf(frame - 1),
    findPacket: ({ selection, search }) => {
      if (search.by === 'filter' && !parse(search.text).ok) throw new Error(`"${search.text}" is neither a field nor a protocol name.`);
      // Every hundredth packet has it.
      const frames = [...select(selection).frames].map((i) => i + 1),
        matches = search.text === 'nowhere' ? [] : frames.filter((frame) => frame % 100 === 0),
        behind = search.backwards ? matches.findLastIndex((frame) => frame < search.from) : matches.findIndex((frame) => frame > search.from),
        at = behind >= 0 ? behind : search.backwards ? matches.length - 1 : 0,
        frame = matches[at];
      asked.push(['findPacket', search]);
      return frame === undefined ? null : { frame, index: frames.indexOf(frame), place: at + 1, count: matches.length };
    },
    packet: ({ frame }) => (frame >= 1 && frame <= limit() ? packetDetail(traffic, frame - 1) : null),
    checkFilter: ({ text }) => parse(text),
    completeFilter: ({ text, cursor }) => {
      const word = /[\w.]*$/.exec(text.slice(0, cursor))?.[0] ?? '';
      return {
        from: cursor - word.length,
        items: FIELDS.filter((name) => name.startsWith(word)).map((name) => ({
          name,
          label: `Field ${name}`,
          type: name.includes('.') ? 'field' : 'protocol',
        })),
      };
    },
    followStream: ({ flow, offset }) => {
      const conversation = select({ filter: '', timeRange: null }).conversations.find((row) => row.id === flow);
      if (conversation === undefined) return null;
      const text = new TextEncoder();
      const chunks = [
        {
          frame: 12,
          direction: 'a-to-b' as const,
          time: timestamp(1),
          bytes: text.encode('GET /world HTTP/1.1\r\nHost: news.example.com\r\nAccept: text/html\r\n\r\n'),
          missingBefore: 0,
        },
        {
          frame: 14,
          direction: 'b-to-a' as const,
          time: timestamp(1.1),
          bytes: text.encode('HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html><script>alert(1)</script>Hello, world</html>\n'),
          missingBefore: 0,
        },
        {
          frame: 19,
          direction: 'b-to-a' as const,
          time: timestamp(1.3),
          bytes: Uint8Array.from({ length: 80 }, (_, i) => (i * 37) & 255),
          missingBefore: 1448,
        },
      ];
      return { conversation, isOpened: false, chunks: chunks.slice(offset), nextOffset: null, bytesAToB: 66, bytesBToA: 177 };
    },
    saveFile: (params) => {
      asked.push(['saveFile', params]);
      return true;
    },
    copyText: tell('copyText'),
    askNetsec: tell('askNetsec'),
    exportFormats: () => [],
    saveEvidence: () => ({ bytes: new Uint8Array(0), packets: 0, extension: 'pcap' }),
    exportReport: tell('exportReport'),
    savePackets: tell('savePackets'),
    saveTransferred: tell('saveTransferred'),
    saveState: tell('saveState'),
    markExpected: (params) => {
      tell('markExpected')(params);
      return true;
    },
    unmarkExpected: tell('unmarkExpected'),
  };
}
