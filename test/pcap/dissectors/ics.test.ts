/** S7comm, DNP3 and IEC 60870-5-104: built by their layouts, and read as tshark 4.0.17 read the same bytes. */
import { describe, expect, it } from 'vitest';
import { dnp3 } from '../../../src/pcap/dissectors/dnp3.ts';
import { iec104 } from '../../../src/pcap/dissectors/iec104.ts';
import { tpkt } from '../../../src/pcap/dissectors/tpkt.ts';
import { icsCommandMessage } from '../../../src/pcap/icsCommand.ts';
import type { Dissector } from '../../../src/pcap/dissector.ts';
import { DNP3, IEC104, S7 } from '../../support/icsConversations.ts';
import { conversation, feed, feedEveryWay, hex } from '../../support/streamDriver.ts';

type Line = readonly ['>' | '<', string];
const told = (dissector: Dissector, lines: readonly Line[], port: number) => {
  const segments = conversation(...lines.map(([from, text]) => [from, hex(text)] as const)),
    ports = [40_000, port] as const;
  return {
    commands: feedEveryWay(dissector, segments, { ports })
      .messages.filter((message) => icsCommandMessage.is(message))
      .map(({ frame, name, effect }) => [frame, name, effect]),
    fields: feed(dissector, segments, { ports, look: true }).fields,
  };
};

describe('S7comm', () => {
  it('reads what a job asks for', () => {
    const { commands, fields } = told(tpkt, S7, 102);
    expect(commands).toEqual([
      [5, 'Read Var', 'read'],
      [7, 'Write Var', 'write'],
      [8, 'PLC Stop', 'operate'],
    ]);
    expect(fields.filter((each) => /^(?:cotp\.type|s7comm\.(?:header\.rosctr|param\.func))/.test(each))).toEqual([
      'cotp.type=14',
      'cotp.type=13',
      ...['1 240', '3 240', '1 4', '3 4', '1 5', '1 41'].flatMap((both) => {
        const [kind, code] = both.split(' ');
        return ['cotp.type=15', `s7comm.header.rosctr=${kind}`, `s7comm.param.func=${code}`];
      }),
    ]);
  });
  it('is read of a conversation that was joined midway', () => expect(told(tpkt, S7.slice(4), 102).commands.length).toBe(3));
});

describe('DNP3', () => {
  it('reads the function that a master asks for, and leaves out the setting of clocks', () => {
    const { commands, fields } = told(dnp3, DNP3, 20_000);
    expect(commands).toEqual([
      [1, 'Read', 'read'],
      [4, 'Direct Operate', 'write'],
      [6, 'Cold Restart', 'operate'],
    ]);
    expect(fields.filter((each) => /^dnp3\.(?:al\.func|src)/.test(each))).toEqual(
      ['2 1', '1 129', '2 2', '2 5', '1 129', '2 13'].flatMap((both) => {
        const [source, code] = both.split(' ');
        return [`dnp3.src=${source}`, `dnp3.al.func=${code}`];
      }),
    );
  });
});

describe('IEC 60870-5-104', () => {
  it('reads types and causes, and what is activated', () => {
    const { commands, fields } = told(iec104, IEC104, 2404);
    expect(commands).toEqual([
      [3, 'Interrogation (C_IC_NA_1)', 'read'],
      [5, 'Single command (C_SC_NA_1)', 'write'],
      [6, 'Reset process (C_RP_NA_1)', 'operate'],
    ]);
    expect(fields.filter((each) => each.startsWith('iec60870_104.type'))).toEqual([3, 3, 0, 0, 0, 0, 1].map((type) => `iec60870_104.type=${type}`));
    expect(fields.filter((each) => /^iec60870_asdu\.(?:typeid|causetx)/.test(each))).toEqual(
      ['100 6', '100 7', '45 6', '105 6'].flatMap((both) => {
        const [type, cause] = both.split(' ');
        return [`iec60870_asdu.typeid=${type}`, `iec60870_asdu.causetx=${cause}`];
      }),
    );
  });
});
