/** The negotiation of Remote Desktop by the examples of [MS-RDPBCGR] sections 4.1.1 and 4.1.2. */
import { describe, expect, it } from 'vitest';
import { rdpChannelsMessage, rdpRequestMessage, rdpResponseMessage, tpkt } from '../../../src/pcap/dissectors/tpkt.ts';
import { conversation, feed, feedEveryWay, hex, type Fed } from '../../support/streamDriver.ts';
import { u16 } from '../../support/smbPackets.ts';

// Section 4.1.1: cookie "mstshash=eltons", requests nothing but standard security; section 4.1.2 answers it.
const REQUEST = hex('0300002c27e00000000000436f6f6b69653a206d737473686173683d656c746f6e730d0a0100080000000000'),
  RESPONSE = hex('030000130ed000001234000209080000000000'),
  PORTS = { ports: [40_000, 3389] as const };
const withProtocols = (protocols: number): string => `\x03\0\0\x13\x0e\xe0\0\0\0\0\0\x01\0\x08\0${String.fromCharCode(protocols)}\0\0\0`;
const answer = (type: number, value: number): string =>
  `\x03\0\0\x13\x0e\xd0\0\0\x12\x34\0${String.fromCharCode(type)}\0\x08\0${String.fromCharCode(value)}\0\0\0`;
const said = (fed: Fed): unknown[] =>
  fed.messages.filter((m) => rdpRequestMessage.is(m) || rdpResponseMessage.is(m)).map(({ frame: _frame, kind: _kind, ...rest }) => rest);

describe('channels', () => {
  // Section 4.1.3: MCS Connect Initial with the channels rdpdr, cliprdr and rdpsnd, from the key of Microsoft's user data on.
  const key = (names: readonly string[]): string => {
    const network = `\x03\xc0${u16(8 + 12 * names.length)}${u16(names.length)}\0\0${names.map((name) => `${name.padEnd(8, '\0')}\0\0\x80\x80`).join('')}`,
      core = `\x01\xc0${u16(216)}${'\0'.repeat(212)}`,
      blocks = core + network;
    const initial = `\x7f\x65\x82\x01\x94${'\x04'.repeat(60)}Duca\x81${String.fromCharCode(blocks.length & 255)}${blocks}`;
    const length = initial.length + 7;
    return `\x03\0${String.fromCharCode(length >> 8, length & 255)}\x02\xf0\x80${initial}`;
  };
  it('are told as they are asked for', () => {
    const turns = conversation(['>', REQUEST], ['<', answer(2, 0)], ['>', key(['rdpdr', 'cliprdr', 'rdpsnd'])]);
    expect(feedEveryWay(tpkt, turns, PORTS).messages.filter(rdpChannelsMessage.is)).toMatchObject([{ names: ['rdpdr', 'cliprdr', 'rdpsnd'] }]);
  });
  it('and no more than are there', () => {
    const cut = key(['rdpdr', 'MS_T120']).slice(0, -6);
    const turns = conversation(['>', REQUEST], ['>', cut.replace(/^..../s, `\x03\0${String.fromCharCode(cut.length >> 8, cut.length & 255)}`)]);
    expect(feedEveryWay(tpkt, turns, PORTS).messages.filter(rdpChannelsMessage.is)).toMatchObject([{ names: ['rdpdr'] }]);
  });
});

describe('tpkt', () => {
  it('reads what is asked for and what is chosen', () => {
    const turns = conversation(['>', REQUEST], ['<', RESPONSE]);
    expect(said(feedEveryWay(tpkt, turns, PORTS))).toEqual([
      { user: 'eltons', requested: 0 },
      { selected: 0, requested: 0, failure: 0 },
    ]);
    expect(feed(tpkt, turns, { ...PORTS, look: true }).fields).toEqual([
      'tpkt',
      'tpkt.version=3',
      'tpkt.length=44',
      'cotp',
      'cotp.li=39',
      'cotp.type=14',
      'cotp.destref=0',
      'cotp.srcref=0',
      'rdp',
      'rdp.rt_cookie=Cookie: mstshash=eltons',
      'rdp.neg_type=1',
      'rdp.negReq.requestedProtocols=0',
      'tpkt',
      'tpkt.version=3',
      'tpkt.length=19',
      'cotp',
      'cotp.li=14',
      'cotp.type=13',
      'cotp.destref=0',
      'cotp.srcref=4660',
      'rdp',
      'rdp.neg_type=2',
      'rdp.negReq.selectedProtocol=0',
    ]);
  });

  it('tells failures, old servers, and TLS behind it, on any port', () => {
    expect(said(feedEveryWay(tpkt, conversation(['>', withProtocols(0)], ['<', answer(3, 5)])))[1]).toEqual({
      selected: null,
      requested: 0,
      failure: 5,
    });
    expect(said(feedEveryWay(tpkt, conversation(['>', withProtocols(3)], ['<', '\x03\0\0\x0b\x06\xd0\0\0\x12\x34\0'])))[1]).toEqual({
      selected: 0,
      requested: 3,
      failure: 0,
    });
    const tls = feed(tpkt, conversation(['>', withProtocols(3)], ['<', answer(2, 2)], ['>', '\x16\x03\x01\x00\x04\x01\x00\x00\x00']), { look: true });
    expect(tls.fields.at(-1)).toMatch(/^tls/);
  });

  it('is not taken in by what else is carried', () => {
    const turns = conversation(['>', '\x03\0\0\x16\x11\xe0\0\0\0\x01\0\xc1\x02\x01\0\xc2\x02\x01\x02\xc0\x01\x0a']);
    expect(feedEveryWay(tpkt, turns, { ports: [40_000, 4102] }).recognised).toBe(false);
    const { recognised, messages } = feedEveryWay(tpkt, turns, { ports: [40_000, 102] });
    expect([recognised, messages]).toEqual([true, []]);
  });
});
