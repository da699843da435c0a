/** Records other than those of the handshake, as TLS and DTLS have them in clear: alerts (RFC 8446 section 6) and heartbeats (RFC 6520). */
import type { Direction, FieldSink } from '../dissector.ts';
import type { Packet } from '../packet.ts';
import { ALERTS, type CommonFields } from './fields.ts';
import type { TlsAlertMessage, TlsHeartbeatMessage } from './messages.ts';

/** An alert in clear: two bytes. */
export function readAlert(p: Packet, offset: number, direction: Direction, f: CommonFields, sink: FieldSink | null): string {
  const level = p.bytes[offset]!,
    description = p.bytes[offset + 1]!;
  if (p.hears('tls-alert')) p.emit({ kind: 'tls-alert', frame: p.frame, direction, level, description } satisfies TlsAlertMessage);
  if (sink !== null) {
    sink.add(f.alert, offset, 2);
    sink.open();
    sink.add(f.alertLevel, offset, 1);
    sink.add(f.alertDescription, offset + 1, 1);
    sink.close();
  }
  return `Alert (Level: ${level === 2 ? 'Fatal' : 'Warning'}, Description: ${ALERTS[description] ?? description})`;
}

/** A heartbeat, RFC 6520; it is in clear only before the keys are in use. */
export function readHeartbeat(
  p: Packet,
  offset: number,
  end: number,
  inClear: boolean,
  direction: Direction,
  f: CommonFields,
  sink: FieldSink | null,
): string {
  const clear = inClear && end - offset >= 3;
  const type = clear ? p.bytes[offset]! : 0,
    payloadLength = clear ? p.bytes[offset + 1]! * 256 + p.bytes[offset + 2]! : 0;
  if (p.hears('tls-heartbeat'))
    p.emit({
      kind: 'tls-heartbeat',
      frame: p.frame,
      direction,
      encrypted: !clear,
      recordLength: end - offset,
      type,
      payloadLength,
    } satisfies TlsHeartbeatMessage);
  if (sink !== null) {
    sink.add(f.heartbeat, offset, end - offset);
    if (clear) {
      sink.open();
      sink.add(f.heartbeatType, offset, 1);
      sink.add(f.heartbeatLength, offset + 1, 2);
      sink.close();
      if (payloadLength + 3 > end - offset)
        sink.note('warning', `Heartbeat promises ${payloadLength} bytes of payload in a record of ${end - offset}`, offset, end - offset);
    }
  }
  return !clear ? 'Encrypted Heartbeat' : type === 1 ? 'Heartbeat Request' : 'Heartbeat Response';
}
