/** MQTT, OASIS standard 3.1.1 and 5.0: control packets by their headers, the names in CONNECT and PUBLISH. */
import { NEED_MORE, NOT_MINE, defineFields, messageKind, type Direction, type Dissector, type FieldSink, type Message } from '../dissector.ts';
import { loginAnswered, newAttempt, secretSent, type LoginAttempt } from '../login.ts';
import type { Packet } from '../packet.ts';
import { textAt } from '../text.ts';
import { Reader } from '../tls/reader.ts';

const TYPES: Readonly<Record<number, string>> = {
  1: 'Connect Command',
  2: 'Connect Ack',
  3: 'Publish Message',
  4: 'Publish Ack',
  5: 'Publish Received',
  6: 'Publish Release',
  7: 'Publish Complete',
  8: 'Subscribe Request',
  9: 'Subscribe Ack',
  10: 'Unsubscribe Request',
  11: 'Unsubscribe Ack',
  12: 'Ping Request',
  13: 'Ping Response',
  14: 'Disconnect Req',
  15: 'Authentication Exchange',
};

const f = defineFields({
  type: { name: 'mqtt.msgtype', label: 'Message Type', type: 'uint', values: TYPES },
  length: { name: 'mqtt.len', label: 'Msg Len', type: 'uint' },
  protocol: { name: 'mqtt.protoname', label: 'Protocol Name', type: 'string' },
  version: { name: 'mqtt.ver', label: 'Version', type: 'uint' },
  clientId: { name: 'mqtt.clientid', label: 'Client ID', type: 'string' },
  user: { name: 'mqtt.username', label: 'User Name', type: 'string' },
  password: { name: 'mqtt.passwd', label: 'Password', type: 'string' },
  returnCode: { name: 'mqtt.conack.val', label: 'Return Code', type: 'uint' },
  topic: { name: 'mqtt.topic', label: 'Topic', type: 'string' },
});

export interface MqttConnectMessage extends Message {
  readonly kind: 'mqtt-connect';
  readonly version: number;
  readonly clientId: string;
  readonly user: string | null;
}
export const mqttConnectMessage = messageKind<MqttConnectMessage>('mqtt-connect');

const CONNECT = 1,
  CONNACK = 2,
  PUBLISH = 3,
  SUBSCRIBE = 8,
  UNSUBSCRIBE = 10,
  KEEP_BYTES = 1024;

interface MqttState {
  version: number;
  readonly attempt: LoginAttempt;
}

export const mqtt: Dissector = {
  id: 'mqtt',
  name: 'MQ Telemetry Transport Protocol',
  fields: f,
  on: [{ table: 'tcp.port', value: 1883 }],
  application: true,
  stream: {
    /** CONNECT names the protocol: `MQTT`, before version 3.1.1 `MQIsdp`. */
    recognise(bytes, offset, end) {
      if (end === offset) return 'more';
      if (bytes[offset] !== CONNECT << 4) return 'no';
      if (end - offset < 14) return 'more';
      const header = headerLength(bytes, offset, end);
      if (header < 2) return 'no';
      const name = textAt(bytes, offset + header + 2, offset + header + 8);
      return bytes[offset + header] === 0 && (name.startsWith('MQTT') || name === 'MQIsdp') ? 'yes' : 'no';
    },
    open: (): MqttState => ({ version: 0, attempt: newAttempt() }),
    keepBytes: KEEP_BYTES,
    step(p, bytes, offset, end) {
      const header = headerLength(bytes, offset, end);
      if (header === 0) return NEED_MORE;
      if (header < 0 || bytes[offset]! < 0x10) return NOT_MINE;
      p.pduComplete = true;
      return header + remaining(bytes, offset, header);
    },
    dissect: dissectMqtt,
  },
};

/** Bytes of the fixed header: 0 if more are needed to say, -1 if its length has more than four. */
function headerLength(bytes: Uint8Array, offset: number, end: number): number {
  for (let i = 1; i <= 4; i++) {
    if (offset + i >= end) return 0;
    if (bytes[offset + i]! < 0x80) return i + 1;
  }
  return -1;
}

function remaining(bytes: Uint8Array, offset: number, header: number): number {
  let value = 0;
  for (let i = header - 1; i >= 1; i--) value = value * 128 + (bytes[offset + i]! & 0x7f);
  return value;
}

function dissectMqtt(p: Packet, offset: number, end: number, _direction: Direction, state: MqttState, sink: FieldSink | null): void {
  const type = p.bytes[offset]! >> 4,
    header = headerLength(p.bytes, offset, end),
    limit = Math.min(end, offset + KEEP_BYTES);
  if (header <= 0) return;
  if (sink !== null) {
    sink.layer(mqtt, offset, end - offset);
    sink.add(f.type, offset, 1, type);
    sink.add(f.length, offset + 1, header - 1, remaining(p.bytes, offset, header));
    sink.info('MQTT', TYPES[type] ?? `type ${type}`);
  }
  const r = new Reader(p.bytes, offset + header, limit);
  if (type === CONNECT) readConnect(p, r, state, sink);
  else if (type === CONNACK && r.left >= 2) {
    const code = p.bytes[r.at + 1]!;
    sink?.add(f.returnCode, r.at + 1, 1);
    loginAnswered(p, 'mqtt', state.attempt, code === 0);
  } else if (type === PUBLISH && sink !== null) {
    const topic = r.take(r.u16());
    sink.add(f.topic, topic.at, topic.left, textAt(p.bytes, topic.at, topic.end));
  } else if ((type === SUBSCRIBE || type === UNSUBSCRIBE) && sink !== null) {
    r.skip(2);
    if (state.version === 5) r.skip(r.u8());
    while (r.left >= 2 && !r.short) {
      const topic = r.take(r.u16());
      sink.add(f.topic, topic.at, topic.left, textAt(p.bytes, topic.at, topic.end));
      if (type === SUBSCRIBE) r.skip(1);
    }
  }
}

function readConnect(p: Packet, r: Reader, state: MqttState, sink: FieldSink | null): void {
  const string = (): Reader => r.take(r.u16()),
    text = (part: Reader): string => textAt(p.bytes, part.at, part.end, 256);
  const name = string();
  sink?.add(f.protocol, name.at, name.left, text(name));
  const version = r.u8(),
    flags = r.u8();
  state.version = version;
  sink?.add(f.version, r.at - 2, 1, version);
  r.skip(2);
  // Version 5 has properties here, and before the will; their length is a number of seven bits a byte, short in practice.
  if (version === 5) r.skip(r.u8());
  const client = string();
  sink?.add(f.clientId, client.at, client.left, text(client));
  if ((flags & 4) !== 0) {
    if (version === 5) r.skip(r.u8());
    string();
    string();
  }
  let user: string | null = null;
  if ((flags & 0x80) !== 0) {
    const part = string();
    user = text(part);
    sink?.add(f.user, part.at, part.left, user);
  }
  if (p.hears('mqtt-connect')) p.emit({ kind: 'mqtt-connect', frame: p.frame, version, clientId: text(client), user } satisfies MqttConnectMessage);
  if ((flags & 0x40) === 0) return;
  const password = string();
  sink?.add(f.password, password.at, password.left, text(password));
  state.attempt.user = user;
  secretSent(p, 'mqtt', state.attempt, 'CONNECT', true);
}
