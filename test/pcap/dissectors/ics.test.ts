/** S7comm, DNP3, IEC 60870-5-104 and EtherNet/IP: built by their layouts or sent by programs, and read as tshark 4.0.17 read the same bytes. */
import { describe, expect, it } from 'vitest';
import { dnp3 } from '../../../src/pcap/dissectors/dnp3.ts';
import { enip } from '../../../src/pcap/dissectors/enip.ts';
import { iec104 } from '../../../src/pcap/dissectors/iec104.ts';
import { tpkt } from '../../../src/pcap/dissectors/tpkt.ts';
import { icsCommandMessage } from '../../../src/pcap/icsCommand.ts';
import type { Dissector } from '../../../src/pcap/dissector.ts';
import { DNP3, ENIP, IEC104, S7 } from '../../support/icsConversations.ts';
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
  it('also where the first message seen is an empty one, which only acknowledges', () =>
    expect(told(tpkt, [['>', '0300000702f000'], ...S7.slice(4)], 102).commands.length).toBe(3));
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

describe('EtherNet/IP', () => {
  const { commands, fields } = told(enip, ENIP, 44_818),
    values = (name: string) => fields.filter((each) => each.startsWith(`${name}=`)).map((each) => each.slice(name.length + 1));
  it('reads what is asked for, also where it is packed or to be passed on', () =>
    expect(commands).toEqual([
      [5, 'Get Attributes All', 'read'],
      [7, 'Read Tag', 'read'],
      [9, 'Write Tag PumpSpeed', 'write'],
      [11, 'Read Tag', 'read'],
      [11, 'Read Tag', 'read'],
      [13, 'Write Tag Valve1', 'write'],
      [13, 'Write Tag Valve2', 'write'],
      [15, 'Set Attribute Single (Identity, attribute 7)', 'write'],
      [17, 'Reset (Identity)', 'operate'],
      [19, 'Stop (class 0x64)', 'operate'],
      [21, 'Change CPU mode', 'operate'],
      [23, 'Protected typed logical write with three address fields', 'write'],
      [24, 'Write Tag PumpSpeed', 'write'],
    ]));
  // tshark -T fields -e enip.command -e cip.sc -e cip.symbol -e cip.genstat -e cip.pccc.fnc.code_0f; it repeats a request's path in the answer, as we do not.
  it('shows the fields that tshark shows', () => {
    expect(values('enip.command')).toEqual(['101', '101', '111', '111', ...new Array<string>(19).fill('112'), '111']);
    const twice = (codes: readonly number[]) => codes.flatMap((code) => [code, code]).map(String);
    expect(values('cip.sc')).toEqual([
      ...twice([0x54, 0x01, 0x4c, 0x4d]),
      ...[0x0a, 0x4c, 0x4c, 0x0a, 0x4c, 0x4c, 0x0a, 0x4d, 0x4d, 0x0a, 0x4d, 0x4d].map(String),
      ...twice([0x10, 0x05, 0x07, 0x4b]),
      ...[0x4b, 0x52, 0x4d].map(String),
    ]);
    expect(values('cip.symbol')).toEqual(['PumpSpeed', 'PumpSpeed', 'Valve1', 'Valve2', 'Valve1', 'Valve2', 'PumpSpeed']);
    expect(values('cip.genstat')).toEqual(new Array<string>(14).fill('0'));
    expect(values('cip.pccc.fnc.code_0f')).toEqual([0x80, 0xaa].map(String));
  });
  it('is not led round in circles by offsets that overlap', () => {
    // Two messages said to begin at the same place, and one that begins before them.
    for (const offsets of ['06000600', '02000400'])
      expect(
        told(enip, [['>', `6f001e000110000000000000000000000000000000000000000000000a00020000000000b2000e000a02200224010200${offsets}4c00`]], 44_818)
          .commands,
      ).toEqual([]);
  });
});
