/** get_host: everything a capture says about one address. */
import * as z from 'zod';
import { EVERYTHING } from '../engineApi.ts';
import { hostFilter } from '../hostFilter.ts';
import type { HostService } from '../hostStory.ts';
import { defineTool, ToolFailure } from '../tool.ts';
import { captureInput, limitInput, withCapture } from '../toolCapture.ts';

const MOST_EVENTS = 12;

const service = z.object({
  service: z.string().nullable(),
  transport: z.string(),
  port: z.number(),
  hosts: z.number(),
  connections: z.number(),
  /** More of them, in which nothing was said: services of get_statistics count these, too. */
  silent: z.number(),
  bytes: z.number(),
});

export const getHost = defineTool({
  name: 'get_host',
  title: 'Get host',
  description: 'The story of one address: names, MAC, system, accounts, services, peers, names asked for, findings, and what happened in order.',
  input: z.strictObject({
    capture: captureInput,
    address: z.string().min(2).max(45).describe('IPv4, IPv6 or MAC address'),
    limit: limitInput(100, 8),
  }),
  output: z.object({
    address: z.string(),
    summary: z.string(),
    role: z.string(),
    names: z.array(z.object({ name: z.string(), source: z.string() })),
    facts: z.array(z.object({ kind: z.string(), text: z.string(), source: z.string(), frame: z.number() })),
    packets: z.number(),
    bytesSent: z.number(),
    bytesReceived: z.number(),
    firstSeen: z.string().nullable(),
    lastSeen: z.string().nullable(),
    offers: z.array(service),
    uses: z.array(service),
    inVain: z.object({ attempts: z.number(), hosts: z.number(), ports: z.number() }).nullable(),
    peers: z.array(z.object({ address: z.string(), role: z.string(), packets: z.number(), bytes: z.number() })),
    peersTotal: z.number(),
    asked: z.array(z.object({ name: z.string(), type: z.string(), questions: z.number(), missing: z.boolean(), frame: z.number() })),
    askedTotal: z.number(),
    visited: z.array(z.object({ name: z.string(), how: z.string(), server: z.string(), frame: z.number() })),
    findings: z.array(z.object({ id: z.string(), severity: z.string(), title: z.string(), role: z.string() })),
    incidents: z.array(z.object({ id: z.string(), severity: z.string(), title: z.string() })),
    timeline: z.array(z.object({ time: z.string().nullable(), frame: z.number().nullable(), text: z.string() })),
  }),
  async run({ capture, address: given, limit }, context) {
    const address = given.toLowerCase();
    if (hostFilter(address) === null)
      throw new ToolFailure('Give an IPv4, IPv6 or MAC address; get_statistics with of = "hosts" lists those there are.');
    return withCapture(capture, context, async (opened) => {
      const story = await opened.call('host', { address, selection: EVERYTHING, limit }, context.signal);
      if (story === null) throw new ToolFailure(`${address} does not appear in this capture; get_statistics with of = "hosts" lists those that do.`);
      const { summary, role, packets, bytesSent, bytesReceived, firstSeen, lastSeen, inVain, totals } = story;
      return {
        address,
        summary,
        role,
        names: story.names.slice(0, 10),
        facts: story.facts.slice(0, limit * 2).map(({ kind, text, source, frame }) => ({ kind, text, source, frame })),
        packets,
        bytesSent,
        bytesReceived,
        firstSeen,
        lastSeen,
        offers: story.offers.map(shortService),
        uses: story.uses.map(shortService),
        inVain,
        peers: story.peers.map((peer) => ({
          address: peer.address,
          role: { host: 'contacted by this host', peer: 'contacted this host', both: 'both contacted each other' }[peer.begunBy],
          packets: peer.packets,
          bytes: peer.bytesSent + peer.bytesReceived,
        })),
        peersTotal: totals.peers,
        asked: story.asked.map(({ name, type, questions, isMissing, frame }) => ({ name, type, questions, missing: isMissing, frame })),
        askedTotal: totals.asked,
        visited: story.visited.map(({ name, how, server, frame }) => ({ name, how, server, frame })),
        findings: [...story.findings],
        incidents: [...story.incidents],
        timeline: story.timeline.slice(0, MOST_EVENTS).map(({ time, frame, text }) => ({ time, frame, text })),
      };
    });
  },
});

function shortService({ service: name, transport, port, hosts, connections, silent, bytes }: HostService): z.infer<typeof service> {
  return { service: name, transport, port, hosts, connections, silent, bytes };
}
