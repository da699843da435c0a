/** Link layers: frames of our own making, values as tshark 4.0.17 prints them. */
import { describe, expect, it } from 'vitest';
import { MAC_DST_LOW, MAC_KIND, MAC_SRC_LOW, MAC_WLAN } from '../../../src/pcap/packet.ts';
import { describeUnknown } from '../../../src/pcap/tables.ts';
import { dissectFrame, newPacket } from '../../support/dissectFrame.ts';
import { testCases, type DissectorCase } from '../../support/dissectorCases.ts';
import { hex } from '../../support/streamDriver.ts';
import { linkLayersFrames } from './frames/linkLayers.ts';

describe('link layers', () => testCases(linkLayersFrames));

function frameOf(what: string): DissectorCase {
  const found = linkLayersFrames.find((one) => one.what === what);
  if (found === undefined) throw new Error(what);
  return found;
}

describe('802.11 conversations', () => {
  // IEEE 802.11 table 9-30; tshark -z conv,wlan on the same frames says the same.
  it.each([
    ['802.11 data', 2, 1],
    ['802.11 data to the access point', 2, 3],
    ['802.11 data from the access point', 3, 1],
    ['802.11 data between access points', 4, 3],
  ])('%s: from station %i to station %i', (what, source, destination) => {
    const { packet } = dissectFrame(hex(frameOf(what).frame), { linkType: 105 });
    expect([packet.macCount, packet.mac[MAC_KIND], packet.mac[MAC_SRC_LOW], packet.mac[MAC_DST_LOW]]).toEqual([1, MAC_WLAN, source, destination]);
  });

  it('have no row for an acknowledgement, which names no sender', () => {
    expect(dissectFrame(hex(frameOf('802.11 acknowledgement').frame), { linkType: 105 }).packet.macCount).toBe(0);
  });
});

describe('what no dissector takes', () => {
  it('is counted under its number and named by its kind', () => {
    const packet = newPacket();
    dissectFrame(hex('020000000002020000000001 88b5 0102'), { packet });
    dissectFrame(hex('020000000002020000000001 0009 aaaa0300000c 2005 01'), { packet });
    expect([...packet.unknown].map(([key, frames]) => [describeUnknown(Math.floor(key / 65536), key % 65536), frames])).toEqual([
      ['EtherType 0x88b5', 1],
      ['Cisco protocol 0x2005', 1],
    ]);
  });

  it('is data between 1501 and 1535, where a number is neither length nor type', () => {
    expect(dissectFrame(hex('020000000002020000000001 05dd 0102030405')).layers).toBe('eth');
  });
});

it('names the network and the reason on the line of an 802.11 management frame', () => {
  expect(dissectFrame(hex(frameOf('802.11 beacon').frame), { linkType: 105 }).info).toBe('802.11 Beacon frame, SSID="home"');
  expect(dissectFrame(hex(frameOf('802.11 deauthentication').frame), { linkType: 105 }).info).toContain(
    'reason 7 (Class 3 frame received from nonassociated STA)',
  );
});
