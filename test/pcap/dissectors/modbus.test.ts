/** Modbus/TCP by the examples of the Modbus Application Protocol specification 1.1b3, sections 6.3 and 7. */
import { describe, expect, it } from 'vitest';
import { mbtcp, modbusMessage } from '../../../src/pcap/dissectors/modbus.ts';
import { conversation, feed, feedEveryWay, hex } from '../../support/streamDriver.ts';

const ports = [40000, 502] as const;

describe('modbus', () => {
  it('reads function codes and exceptions', () => {
    const segments = conversation(['>', hex('0001 0000 0006 11 03 006b 0003 0002 0000 0006 11 05 00ac ff00')], ['<', hex('0001 0000 0003 11 83 02')]);
    const fed = feedEveryWay(mbtcp, segments, { ports });
    expect(fed.messages.filter((m) => modbusMessage.is(m)).map((m) => [m.frame, m.unit, m.functionCode, m.exceptionCode])).toEqual([
      [1, 17, 3, null],
      [1, 17, 5, null],
      [2, 17, 3, 2],
    ]);
    expect(feed(mbtcp, segments, { ports, look: true }).fields).toEqual(
      expect.arrayContaining(['mbtcp.trans_id=1', 'mbtcp.unit_id=17', 'modbus.func_code=3', 'modbus.exception_code=2']),
    );
  });

  it('is known on its port only, by its protocol number and a possible length', () => {
    expect(feedEveryWay(mbtcp, conversation(['>', hex('0001 0000 0006 11 03 006b 0003')])).recognised).toBe(false);
    expect(feedEveryWay(mbtcp, conversation(['>', hex('0001 0001 0006 11 03 006b 0003')]), { ports }).recognised).toBe(false);
    expect(feedEveryWay(mbtcp, conversation(['>', hex('0001 0000 0001 11 03')]), { ports }).recognised).toBe(false);
  });
});
