/** Keys that were pressed in a call, RFC 4733: the digits of a PIN or of a menu, said in RTP. */
import { defineFields, type Dissector } from '../dissector.ts';

const f = defineFields({
  event: {
    name: 'rtpevent.event_id',
    label: 'Event ID',
    type: 'uint',
    values: {
      0: 'DTMF Zero 0',
      1: 'DTMF One 1',
      2: 'DTMF Two 2',
      3: 'DTMF Three 3',
      4: 'DTMF Four 4',
      5: 'DTMF Five 5',
      6: 'DTMF Six 6',
      7: 'DTMF Seven 7',
      8: 'DTMF Eight 8',
      9: 'DTMF Nine 9',
      10: 'DTMF Star *',
      11: 'DTMF Pound #',
      12: 'DTMF A',
      13: 'DTMF B',
      14: 'DTMF C',
      15: 'DTMF D',
      16: 'Flash',
    },
  },
  isEnd: { name: 'rtpevent.end_of_event', label: 'End of Event', type: 'boolean' },
  reserved: { name: 'rtpevent.reserved', label: 'Reserved', type: 'boolean' },
  volume: { name: 'rtpevent.volume', label: 'Volume', type: 'uint' },
  duration: { name: 'rtpevent.duration', label: 'Event Duration', type: 'uint' },
});

const LENGTH = 4;

export const rtpEvent: Dissector = {
  id: 'rtpevent',
  name: 'RFC 2833 RTP Event',
  fields: f,
  says: [],
  on: [],
  dissect(p, offset, end, sink) {
    if (sink === null || !p.has(LENGTH, offset, end)) return;
    const event = p.view.getUint8(offset),
      second = p.view.getUint8(offset + 1),
      isEnd = second > 127;
    sink.layer(rtpEvent, offset, LENGTH);
    sink.add(f.event, offset, 1);
    sink.add(f.isEnd, offset + 1, 1, isEnd);
    sink.add(f.reserved, offset + 1, 1, (second & 0x40) !== 0);
    sink.add(f.volume, offset + 1, 1, second & 0x3f);
    sink.add(f.duration, offset + 2, 2);
    sink.info('RTP EVENT', `Payload type=RTP Event, ${f.event.values?.[event] ?? 'Unknown'}${isEnd ? ' (end)' : ''}`);
  },
};
