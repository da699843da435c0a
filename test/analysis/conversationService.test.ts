/** A conversation is called after what it carries, not after what carries it. Expected: the protocols behind `tcp` in tshark's frame.protocols of the same captures. */
import { describe, expect, test } from 'vitest';
import { analyzeCapture, sample } from '../support/analyzeCapture.ts';

const CARRIERS = ['nbss', 'tpkt'];

describe('the service of a conversation is', () => {
  test.each([
    ['SMB in sessions of NetBIOS', 'smb1-session.pcap', 'smb'],
    ['SMB 2 that version 1 asked for', 'psexec-attempt.pcap', 'smb2'],
    ['SMB 2 from its beginning', 'smb-session.pcap', 'smb2'],
    // In frame.protocols as rdp of the requests, which tshark finds in the cookie.
    ['Remote Desktop in TPKT', 'rdp-without-nla.pcap', 'rdp'],
  ])('%s', async (_, name, service) => {
    const { conversations, breakdown, timeline, capture } = await analyzeCapture(sample(name));
    const services = new Set(conversations.filter(({ layer }) => layer === 'tcp').flatMap((row) => row.service ?? []));
    expect([...services]).toContain(service);
    for (const carrier of CARRIERS) expect(services).not.toContain(carrier);
    expect(breakdown.map(({ name: row }) => row)).toContain(service);
    // What was counted before it was known moves along: each frame is in one series.
    expect(timeline.series.map(({ name: row }) => row).filter((row) => CARRIERS.includes(row))).toEqual([]);
    expect(timeline.series.reduce((sum, { packets }) => sum + packets.reduce((all, n) => all + n, 0), 0)).toBe(capture.packets);
  });
});
