/** BACnet's application layer (ANSI/ASHRAE 135, clauses 20 and 21): which service is asked for, and the objects and properties that it concerns. */
import { defineFields, type Dissector, type FieldSink } from '../dissector.ts';
import { enterLayer } from '../handOver.ts';
import type { IcsCommandMessage, IcsEffect } from '../icsCommand.ts';
import type { Packet } from '../packet.ts';

const TYPES: Readonly<Record<number, string>> = {
  0: 'Confirmed-REQ',
  1: 'Unconfirmed-REQ',
  2: 'Simple-ACK',
  3: 'Complex-ACK',
  4: 'Segment-ACK',
  5: 'Error',
  6: 'Reject',
  7: 'Abort',
};
const CONFIRMED: Readonly<Record<number, string>> = {
  0: 'acknowledgeAlarm',
  1: 'confirmedCOVNotification',
  2: 'confirmedEventNotification',
  3: 'getAlarmSummary',
  4: 'getEnrollmentSummary',
  5: 'subscribeCOV',
  6: 'atomicReadFile',
  7: 'atomicWriteFile',
  8: 'addListElement',
  9: 'removeListElement',
  10: 'createObject',
  11: 'deleteObject',
  12: 'readProperty',
  13: 'readPropertyConditional',
  14: 'readPropertyMultiple',
  15: 'writeProperty',
  16: 'writePropertyMultiple',
  17: 'deviceCommunicationControl',
  18: 'confirmedPrivateTransfer',
  19: 'confirmedTextMessage',
  20: 'reinitializeDevice',
  21: 'vtOpen',
  22: 'vtClose',
  23: 'vtData',
  24: 'authenticate',
  25: 'requestKey',
  26: 'readRange',
  27: 'lifeSafetyOperation',
  28: 'subscribeCOVProperty',
  29: 'getEventInformation',
};
const UNCONFIRMED: Readonly<Record<number, string>> = {
  0: 'i-Am',
  1: 'i-Have',
  2: 'unconfirmedCOVNotification',
  3: 'unconfirmedEventNotification',
  4: 'unconfirmedPrivateTransfer',
  5: 'unconfirmedTextMessage',
  6: 'timeSynchronization',
  7: 'who-Has',
  8: 'who-Is',
  9: 'utcTimeSynchronization',
  10: 'writeGroup',
};
/** Of confirmed services; setting the clock is unconfirmed, and housekeeping. */
const EFFECTS: Readonly<Record<number, IcsEffect>> = {
  5: 'read',
  6: 'read',
  7: 'load',
  8: 'write',
  9: 'write',
  10: 'write',
  11: 'write',
  12: 'read',
  14: 'read',
  15: 'write',
  16: 'write',
  17: 'operate',
  20: 'operate',
  26: 'read',
  27: 'operate',
  28: 'read',
};
const WRITE_GROUP = 10;

const OBJECTS: Readonly<Record<number, string>> = Object.fromEntries(
  [
    'analog-input',
    'analog-output',
    'analog-value',
    'binary-input',
    'binary-output',
    'binary-value',
    'calendar',
    'command',
    'device',
    'event-enrollment',
    'file',
    'group',
    'loop',
    'multi-state-input',
    'multi-state-output',
    'notification-class',
    'program',
    'schedule',
    'averaging',
    'multi-state-value',
    'trend-log',
    'life-safety-point',
    'life-safety-zone',
    'accumulator',
    'pulse-converter',
  ].entries(),
);
const PROPERTIES: Readonly<Record<number, string>> = {
  28: 'description',
  36: 'event-state',
  75: 'object-identifier',
  76: 'object-list',
  77: 'object-name',
  79: 'object-type',
  81: 'out-of-service',
  85: 'present-value',
  87: 'priority-array',
  103: 'reliability',
  104: 'relinquish-default',
  111: 'status-flags',
  117: 'units',
};

const f = defineFields({
  type: { name: 'bacapp.type', label: 'APDU Type', type: 'uint', values: TYPES },
  invoke: { name: 'bacapp.invoke_id', label: 'Invoke ID', type: 'uint' },
  confirmed: { name: 'bacapp.confirmed_service', label: 'Service Choice', type: 'uint', values: CONFIRMED },
  unconfirmed: { name: 'bacapp.unconfirmed_service', label: 'Unconfirmed Service Choice', type: 'uint', values: UNCONFIRMED },
  objectType: { name: 'bacapp.objectType', label: 'Object Type', type: 'uint', values: OBJECTS },
  instance: { name: 'bacapp.instance_number', label: 'Instance Number', type: 'uint' },
  property: { name: 'bacapp.property_identifier', label: 'Property Identifier', type: 'uint', values: PROPERTIES },
});

export const bacapp: Dissector = { id: 'bacapp', name: 'Building Automation and Control Network APDU', fields: f, on: [], application: true };

const REQUEST = 0,
  UNCONFIRMED_REQUEST = 1,
  SIMPLE_ACK = 2,
  COMPLEX_ACK = 3,
  ERROR = 5,
  IS_SEGMENTED = 0x08;

/** Reads the PDU at `[offset, end)`; a request is told. */
export function dissectBacapp(p: Packet, offset: number, end: number, sink: FieldSink | null): void {
  const { bytes } = p,
    type = bytes[offset]! >> 4;
  enterLayer(p, 'bacapp');
  const isRequest = type === REQUEST,
    isUnconfirmed = type === UNCONFIRMED_REQUEST,
    invoke = isUnconfirmed ? -1 : offset + (isRequest ? 2 : 1),
    // A segment has its number and a window before the service.
    isSegmented = (isRequest || type === COMPLEX_ACK) && (bytes[offset]! & IS_SEGMENTED) !== 0,
    service = isUnconfirmed ? offset + 1 : invoke + (isSegmented ? 3 : 1),
    hasService = (isUnconfirmed || isRequest || type === SIMPLE_ACK || type === COMPLEX_ACK || type === ERROR) && service < end,
    code = hasService ? bytes[service]! : -1,
    // Only the first segment says what it is about.
    isFirst = !isSegmented || (invoke + 1 < end && bytes[invoke + 1] === 0);
  if (isFirst && (isRequest || isUnconfirmed) && p.hears('ics-command')) tell(p, code, service + 1, end, isUnconfirmed);
  if (sink === null) return;
  sink.layer(bacapp, offset, end - offset);
  sink.add(f.type, offset, 1, type);
  if (invoke >= 0 && invoke < end) sink.add(f.invoke, invoke, 1);
  const name = (isUnconfirmed ? UNCONFIRMED : CONFIRMED)[code] ?? (code < 0 ? '' : `Service ${code}`);
  if (hasService) sink.add(isUnconfirmed ? f.unconfirmed : f.confirmed, service, 1);
  if (hasService && isFirst && type !== SIMPLE_ACK && type !== ERROR) walk(p, code, type, service + 1, end, sink);
  sink.info('BACnet-APDU', `${TYPES[type] ?? `Type ${type}`} ${name}`);
}

function tell(p: Packet, code: number, data: number, end: number, isUnconfirmed: boolean): void {
  const effect = isUnconfirmed ? (code === WRITE_GROUP ? 'write' : undefined) : EFFECTS[code];
  if (effect === undefined) return;
  const name = (isUnconfirmed ? UNCONFIRMED : CONFIRMED)[code]!;
  p.emit({
    kind: 'ics-command',
    frame: p.frame,
    protocol: 'BACnet',
    name: effect === 'read' || isUnconfirmed ? name : `${name}${walk(p, code, REQUEST, data, end, null)}`,
    effect,
  } satisfies IcsCommandMessage);
}

/** Services whose parameters name an object as a value without a context. */
const PLAIN_OBJECTS: readonly number[] = [6, 7, 11],
  OF_MANY: readonly number[] = [14, 16],
  OBJECT_ID = 12,
  MOST_TAGS = 500;

/**
 * Walks the tagged values (clause 20.2.1) and shows the objects and properties among them; returns the first of each, ` analog-output 3 present-value`. An object is
 * the first value of a request for one property, and of each part of a request for many; there, properties lie in a list.
 */
function walk(p: Packet, service: number, type: number, offset: number, end: number, sink: FieldSink | null): string {
  const { bytes, view } = p,
    isMany = OF_MANY.includes(service);
  let depth = 0,
    object = '',
    property = '';
  for (let at = offset, i = 0; at < end && i < MOST_TAGS; i++) {
    const tag = bytes[at]!,
      isContext = (tag & 0x08) !== 0,
      number = tag >> 4;
    let length = tag & 7;
    at += number === 15 ? 2 : 1;
    if (isContext && length === 6) {
      depth++;
      continue;
    }
    if (isContext && length === 7) {
      depth--;
      continue;
    }
    if (length === 5) {
      if (at >= end) break;
      length = bytes[at++]!;
      if (length === 254 && at + 2 <= end) {
        length = view.getUint16(at);
        at += 2;
      } else if (length >= 254) break;
    } else if (!isContext && number === 1) length = 0;
    if (at + length > end) break;
    // Of an answer for many, the property is called by another number; a list of objects comes as what a property holds.
    const propertyTag = isMany ? (type === COMPLEX_ACK ? 2 : 0) : 1,
      isObject = length === 4 && (isContext ? isObjectTag(service, number, depth) : number === OBJECT_ID && PLAIN_OBJECTS.includes(service)),
      isProperty = isContext && number === propertyTag && depth === (isMany ? 1 : 0) && length >= 1 && length <= 4 && hasProperty(service);
    if (isObject) {
      const value = view.getUint32(at);
      sink?.add(f.objectType, at, 4, value >>> 22);
      sink?.add(f.instance, at, 4, value & 0x3fffff);
      if (object === '') object = ` ${OBJECTS[value >>> 22] ?? `object ${value >>> 22}`} ${value & 0x3fffff}`;
    } else if (isProperty) {
      let value = 0;
      for (let byte = at; byte < at + length; byte++) value = value * 256 + bytes[byte]!;
      sink?.add(f.property, at, length, value);
      if (property === '') property = ` ${PROPERTIES[value] ?? `property ${value}`}`;
    }
    at += length;
  }
  return object + property;
}

const SUBSCRIBE_COV = 5,
  CREATE_OBJECT = 10,
  SUBSCRIBE_COV_PROPERTY = 28;

function isObjectTag(service: number, number: number, depth: number): boolean {
  if (service === SUBSCRIBE_COV || service === SUBSCRIBE_COV_PROPERTY) return number === 1 && depth === 0;
  if (service === CREATE_OBJECT) return number === 1 && depth === 1;
  return number === 0 && depth === 0 && hasProperty(service);
}

/** Services that name an object and then its property. */
function hasProperty(service: number): boolean {
  return service === 8 || service === 9 || service === 12 || service === 14 || service === 15 || service === 16 || service === 26;
}
