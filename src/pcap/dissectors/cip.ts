/**
 * Common Industrial Protocol (CIP Networks Library volume 1, chapters 2 to 4 and appendix A and C): the service that is asked for and the path to what it
 * concerns, also where several are packed together or are to be passed on. Services on tags of Logix controllers: Rockwell's 1756-PM020.
 */
import { defineFields, type Direction, type Dissector, type FieldSink } from '../dissector.ts';
import { enterLayer } from '../handOver.ts';
import type { IcsCommandMessage, IcsEffect } from '../icsCommand.ts';
import type { Packet } from '../packet.ts';
import { textAt } from '../text.ts';
import { dissectPccc } from './cippccc.ts';

/** Volume 1, appendix A. */
const SERVICES: Readonly<Record<number, string>> = {
  0x01: 'Get Attributes All',
  0x02: 'Set Attributes All',
  0x03: 'Get Attribute List',
  0x04: 'Set Attribute List',
  0x05: 'Reset',
  0x06: 'Start',
  0x07: 'Stop',
  0x08: 'Create',
  0x09: 'Delete',
  0x0a: 'Multiple Service Packet',
  0x0d: 'Apply Attributes',
  0x0e: 'Get Attribute Single',
  0x10: 'Set Attribute Single',
  0x11: 'Find Next Object Instance',
  0x15: 'Restore',
  0x16: 'Save',
  0x17: 'Nop',
  0x18: 'Get Member',
  0x19: 'Set Member',
  0x1a: 'Insert Member',
  0x1b: 'Remove Member',
  0x1c: 'Group Sync',
};
const CLASSES: Readonly<Record<number, string>> = {
  0x01: 'Identity',
  0x02: 'Message Router',
  0x04: 'Assembly',
  0x06: 'Connection Manager',
  0x37: 'File',
  0x43: 'Time Sync',
  0x67: 'PCCC',
  0x68: 'Program',
  0x6b: 'Symbol',
  0x6c: 'Template',
  0x8b: 'Wall Clock Time',
  0xf5: 'TCP/IP Interface',
  0xf6: 'Ethernet Link',
};
const CONNECTION_MANAGER = 0x06,
  FILE = 0x37,
  PCCC = 0x67,
  SYMBOL = 0x6b,
  /** Programs, routines and tasks of Logix controllers. */
  PROGRAM_PARTS: readonly number[] = [0x68, 0x69, 0x70],
  /** Setting the clock is housekeeping. */
  CLOCKS: readonly number[] = [0x43, 0x8b];

/** What these do to a tag or an attribute, whatever its class. */
const COMMON: Readonly<Record<number, IcsEffect>> = {
  0x01: 'read',
  0x02: 'write',
  0x03: 'read',
  0x04: 'write',
  0x06: 'operate',
  0x07: 'operate',
  0x0d: 'write',
  0x0e: 'read',
  0x10: 'write',
  0x15: 'write',
  0x18: 'read',
  0x19: 'write',
  0x1a: 'write',
  0x1b: 'write',
};
const TAG_SERVICES: Readonly<Record<number, readonly [name: string, effect: IcsEffect]>> = {
  0x4c: ['Read Tag', 'read'],
  0x4d: ['Write Tag', 'write'],
  0x4e: ['Read Modify Write Tag', 'write'],
  0x52: ['Read Tag Fragmented', 'read'],
  0x53: ['Write Tag Fragmented', 'write'],
};
const MANAGER_SERVICES: Readonly<Record<number, string>> = {
  0x4e: 'Forward Close',
  0x52: 'Unconnected Send',
  0x54: 'Forward Open',
  0x5b: 'Large Forward Open',
};
const FILE_SERVICES: Readonly<Record<number, readonly [name: string, effect: IcsEffect]>> = {
  0x4b: ['Initiate Upload', 'read'],
  0x4c: ['Initiate Download', 'load'],
  0x51: ['Clear File', 'load'],
};
const RESET = 0x05,
  CREATE = 0x08,
  DELETE = 0x09,
  MULTIPLE = 0x0a,
  EXECUTE_PCCC = 0x4b,
  UNCONNECTED_SEND = 0x52,
  FORWARD_OPEN = 0x54,
  LARGE_FORWARD_OPEN = 0x5b,
  IDENTITY = 0x01;

const f = defineFields({
  response: { name: 'cip.rr', label: 'Request/Response', type: 'uint', base: 'hex', values: { 0: 'Request', 1: 'Response' } },
  service: { name: 'cip.sc', label: 'Service', type: 'uint', base: 'hex', values: SERVICES },
  pathSize: { name: 'cip.request_path_size', label: 'Request Path Size', type: 'uint' },
  classId: { name: 'cip.class', label: 'Class', type: 'uint', base: 'hex', values: CLASSES },
  instance: { name: 'cip.instance', label: 'Instance', type: 'uint', base: 'hex' },
  attribute: { name: 'cip.attribute', label: 'Attribute', type: 'uint', base: 'hex' },
  symbol: { name: 'cip.symbol', label: 'ANSI Symbol', type: 'string' },
  status: { name: 'cip.genstat', label: 'General Status', type: 'uint', base: 'hex' },
});

/** Messages in messages, and messages in one packet: more are not read. */
const MOST_DEEP = 4,
  MOST_PACKED = 256,
  MAX_SYMBOL = 80;

export const cip: Dissector = { id: 'cip', name: 'Common Industrial Protocol', fields: f, on: [], application: true };

/** What a path leads to: the first of each kind in it, -1 without. */
interface Path {
  classId: number;
  instance: number;
  attribute: number;
  symbol: number;
  symbolEnd: number;
}
/** Of the message that is being read; nothing of it is asked for once another is. */
const path: Path = { classId: -1, instance: -1, attribute: -1, symbol: -1, symbolEnd: -1 };

/** Reads the message at `[offset, end)`; a request from who opened the connection is told. */
export function dissectCip(p: Packet, offset: number, end: number, direction: Direction, sink: FieldSink | null, depth = 0): void {
  const { bytes } = p;
  if (end - offset < 2) return;
  if (depth === 0) enterLayer(p, 'cip');
  // Answers and what nobody listens for are only shown.
  if (sink === null && (direction !== 0 || (bytes[offset]! & 0x80) !== 0 || !p.hears('ics-command'))) return;
  const service = bytes[offset]! & 0x7f,
    isResponse = (bytes[offset]! & 0x80) !== 0;
  if (sink !== null) {
    sink.layer(cip, offset, end - offset);
    sink.add(f.response, offset, 1, isResponse ? 1 : 0);
    sink.add(f.service, offset, 1, service);
  }
  if (isResponse) {
    dissectResponse(p, offset, end, direction, sink, depth);
    return;
  }
  const pathEnd = Math.min(end, offset + 2 + 2 * bytes[offset + 1]!);
  if (sink !== null) sink.add(f.pathSize, offset + 1, 1);
  readPath(p, offset + 2, pathEnd, sink);
  const name = serviceName(service);
  if (depth === 0) sink?.info('CIP', `${name}${targetText(p)}`);
  if (service === MULTIPLE) {
    dissectPacked(p, pathEnd, end, direction, sink, depth);
    return;
  }
  if (service === UNCONNECTED_SEND && path.classId === CONNECTION_MANAGER) {
    if (end - pathEnd >= 4 && depth < MOST_DEEP)
      dissectCip(p, pathEnd + 4, Math.min(end, pathEnd + 4 + p.view.getUint16(pathEnd + 2, true)), direction, sink, depth + 1);
    return;
  }
  if (service === EXECUTE_PCCC && path.classId === PCCC) {
    dissectPccc(p, pathEnd, end, direction, sink);
    return;
  }
  if (direction !== 0 || !p.hears('ics-command')) return;
  const effect = effectOf(p, service, pathEnd, end);
  if (effect === null) return;
  p.emit({
    kind: 'ics-command',
    frame: p.frame,
    protocol: 'EtherNet/IP',
    name: effect === 'read' ? name : `${name}${targetText(p)}`,
    effect,
  } satisfies IcsCommandMessage);
}

function dissectResponse(p: Packet, offset: number, end: number, direction: Direction, sink: FieldSink | null, depth: number): void {
  if (sink === null || end - offset < 4) return;
  const { bytes } = p,
    service = bytes[offset]! & 0x7f,
    status = bytes[offset + 2]!;
  sink.add(f.status, offset + 2, 1, status);
  if (depth === 0)
    sink.info(
      'CIP',
      `${status === 0 ? 'Success' : `Status 0x${status.toString(16).padStart(2, '0')}`}: ${SERVICES[service] ?? `Service 0x${service.toString(16)}`}`,
    );
  if (service === MULTIPLE) dissectPacked(p, offset + 4 + 2 * bytes[offset + 3]!, end, direction, sink, depth);
}

/** Several messages: their number, where each begins, counted from here, and themselves. */
function dissectPacked(p: Packet, offset: number, end: number, direction: Direction, sink: FieldSink | null, depth: number): void {
  if (end - offset < 2 || depth >= MOST_DEEP) return;
  const { view } = p,
    count = Math.min(MOST_PACKED, view.getUint16(offset, true));
  for (let i = 0; i < count && offset + 4 + 2 * i <= end; i++) {
    const from = offset + view.getUint16(offset + 2 + 2 * i, true),
      next = i + 1 < count && offset + 6 + 2 * i <= end ? offset + view.getUint16(offset + 4 + 2 * i, true) : end;
    // Each lies behind the one before: what overlaps would be read again and again.
    if (from < offset + 2 + 2 * count || next <= from) return;
    dissectCip(p, from, Math.min(end, next), direction, sink, depth + 1);
  }
}

/** Segments of a padded path, volume 1, appendix C. */
function readPath(p: Packet, offset: number, end: number, sink: FieldSink | null): void {
  const { bytes, view } = p;
  path.classId = path.instance = path.attribute = path.symbol = path.symbolEnd = -1;
  for (let at = offset; at + 2 <= end;) {
    const segment = bytes[at]!;
    if (segment === 0x91) {
      const from = at + 2,
        to = Math.min(end, from + bytes[at + 1]!);
      if (path.symbol < 0) [path.symbol, path.symbolEnd] = [from, to];
      sink?.add(f.symbol, from, to - from);
      at = from + bytes[at + 1]! + (bytes[at + 1]! & 1);
      continue;
    }
    // Logical segments alone have a meaning here; a format of 3 is none.
    const format = segment & 3,
      width = 1 << format,
      value = at + (format === 0 ? 1 : 2);
    if (segment >> 5 !== 1 || format === 3 || value + width > end) break;
    const number = format === 0 ? bytes[value]! : format === 1 ? view.getUint16(value, true) : view.getUint32(value, true),
      kind = (segment >> 2) & 7;
    if (kind === 0) {
      if (path.classId < 0) path.classId = number;
      sink?.add(f.classId, value, width, number);
    } else if (kind === 1) {
      if (path.instance < 0) path.instance = number;
      sink?.add(f.instance, value, width, number);
    } else if (kind === 4) {
      if (path.attribute < 0) path.attribute = number;
      sink?.add(f.attribute, value, width, number);
    }
    at = value + width;
  }
}

const isTag = (): boolean => path.symbol >= 0 || path.classId === SYMBOL;

function serviceName(service: number): string {
  const special =
    path.classId === CONNECTION_MANAGER
      ? MANAGER_SERVICES[service]
      : path.classId === FILE
        ? FILE_SERVICES[service]?.[0]
        : isTag()
          ? TAG_SERVICES[service]?.[0]
          : undefined;
  return special ?? SERVICES[service] ?? `Service 0x${service.toString(16)}`;
}

/** ` PumpSpeed`, ` (Identity)`, ` (class 0x64, attribute 3)`. */
function targetText({ bytes }: Packet): string {
  const { classId, attribute, symbol, symbolEnd } = path;
  if (symbol >= 0) return ` ${textAt(bytes, symbol, symbolEnd, MAX_SYMBOL)}`;
  if (classId < 0) return '';
  return ` (${CLASSES[classId] ?? `class 0x${classId.toString(16)}`}${attribute < 0 ? '' : `, attribute ${attribute}`})`;
}

/** What the request does; null for what neither reads nor changes anything that matters. */
function effectOf(p: Packet, service: number, data: number, end: number): IcsEffect | null {
  const { classId } = path;
  if (isTag() && TAG_SERVICES[service] !== undefined) return TAG_SERVICES[service][1];
  if (classId === CONNECTION_MANAGER) return drivesOutputs(p, service, data, end) ? 'write' : null;
  if (classId === FILE && FILE_SERVICES[service] !== undefined) return FILE_SERVICES[service][1];
  if (service === RESET) return classId === IDENTITY ? 'operate' : 'write';
  if (service === CREATE || service === DELETE) return PROGRAM_PARTS.includes(classId) ? 'load' : null;
  const effect = COMMON[service] ?? null;
  return effect === 'write' && CLOCKS.includes(classId) ? null : effect;
}

/** A connection of transport class 0 or 1 whose originator sends more than its sequence number and whether it runs (volume 1, section 3-5.4.1). */
function drivesOutputs({ bytes, view }: Packet, service: number, data: number, end: number): boolean {
  const isLarge = service === LARGE_FORWARD_OPEN,
    width = isLarge ? 4 : 2,
    parameters = data + 26,
    transport = parameters + 2 * width + 4;
  if ((service !== FORWARD_OPEN && !isLarge) || transport >= end) return false;
  const value = isLarge ? view.getUint32(parameters, true) : view.getUint16(parameters, true),
    size = value & (isLarge ? 0xffff : 0x1ff),
    type = (value >>> (isLarge ? 29 : 13)) & 3;
  return (bytes[transport]! & 0x0f) <= 1 && type !== 0 && size > HEAD_OF_OUTPUTS;
}

const HEAD_OF_OUTPUTS = 6;
