/** get_host: everything a capture says about one address. */
import * as z from 'zod';
import { EVERYTHING } from '../engineApi.ts';
import { defineTool, ToolFailure } from '../tool.ts';
import { captureInput, limitInput, reportWithFindings, selectionOf, withCapture } from '../toolCapture.ts';

const ADDRESS = /^[0-9a-fA-F.:]{2,45}$/;
const MAC = /^(?:[0-9a-f]{2}:){5}[0-9a-f]{2}$/i;

export const getHost = defineTool({
  name: 'get_host',
  title: 'Get host',
  description: 'What one address did: its names, traffic, peers, services with packets, first and last packet, and the findings about it.',
  input: z.strictObject({
    capture: captureInput,
    address: z.string().min(2).max(45).describe('IPv4, IPv6 or MAC address'),
    limit: limitInput(100, 8).describe('Most peers'),
  }),
  output: z.object({
    address: z.string(),
    names: z.array(z.string()),
    packets: z.number(),
    bytesSent: z.number(),
    bytesReceived: z.number(),
    firstSeen: z.string().nullable(),
    lastSeen: z.string().nullable(),
    services: z.array(z.object({ name: z.string(), packets: z.number() })),
    peers: z.array(z.object({ address: z.string(), role: z.string(), packets: z.number(), bytes: z.number() })),
    peersTotal: z.number(),
    findings: z.array(z.object({ id: z.string(), severity: z.string(), title: z.string(), role: z.string() })),
  }),
  async run({ capture, address, limit }, context) {
    if (!ADDRESS.test(address)) throw new ToolFailure('Give an IPv4, IPv6 or MAC address; get_statistics with of = "hosts" lists those there are.');
    const layer = MAC.test(address) ? 'eth' : address.includes(':') ? 'ipv6' : 'ip';
    const filter = `${layer === 'eth' ? 'eth' : layer}.addr == ${address}`;
    return withCapture(capture, context, async (opened) => {
      const selection = await selectionOf(opened, filter, context.signal),
        { signal } = context;
      const report = await opened.call('report', { selection, limit: 20 }, signal);
      if (report.capture.packets === 0)
        throw new ToolFailure(`${address} does not appear in this capture; get_statistics with of = "hosts" lists those that do.`);
      const ends = await opened.call('endpoints', { layer, selection, search: address.toLowerCase(), sort: null, offset: 0, limit: 500 }, signal);
      const mine = ends.rows.filter((row) => row.address.toLowerCase() === address.toLowerCase());
      const talks = await opened.call(
        'conversations',
        { layer, selection, search: address.toLowerCase(), sort: null, offset: 0, limit: 10_000 },
        signal,
      );
      const peers = talks.rows.filter(({ a, b }) => [a, b].some((end) => end.toLowerCase() === address.toLowerCase()));
      const whole = await reportWithFindings(opened, EVERYTHING, signal);
      return {
        address,
        names: [...new Set(mine.flatMap(({ names }) => names))].slice(0, 10),
        packets: report.capture.packets,
        bytesSent: mine.reduce((sum, row) => sum + row.bytesSent, 0),
        bytesReceived: mine.reduce((sum, row) => sum + row.bytesReceived, 0),
        firstSeen: report.capture.startTime,
        lastSeen: report.capture.endTime,
        services: report.breakdown.slice(0, 8).map(({ name, packets }) => ({ name, packets })),
        peers: peers.slice(0, limit).map(({ a, b, packetsAToB, packetsBToA, bytesAToB, bytesBToA }) => ({
          address: a.toLowerCase() === address.toLowerCase() ? b : a,
          role: a.toLowerCase() === address.toLowerCase() ? 'contacted by this host' : 'contacted this host',
          packets: packetsAToB + packetsBToA,
          bytes: bytesAToB + bytesBToA,
        })),
        peersTotal: peers.length,
        findings: whole.findings.flatMap(({ id, severity, title, subjects }) => {
          const subject = subjects.find((each) => each.address.toLowerCase() === address.toLowerCase());
          return subject === undefined ? [] : [{ id, severity, title, role: subject.role }];
        }),
      };
    });
  },
});
