/** Walks the layers of a frame. Total: any bytes give layers and anomalies, never an exception. */
import type { Ipv6Table } from './addresses.ts';
import { dataDissector } from './data.ts';
import type { Dissector, FieldSink } from './dissector.ts';
import { ethernet } from './dissectors/ethernet.ts';
import { ipv4 } from './dissectors/ipv4.ts';
import { ipv6 } from './dissectors/ipv6.ts';
import * as registry from './dissectors/registry.ts';
import { tcp } from './dissectors/tcp.ts';
import { Packet } from './packet.ts';
import { decodePlainTcp, ETHERNET_LINK_TYPE } from './plainTcp.ts';
import { DissectorTables, LINKTYPE } from './tables.ts';

/** Real traffic stays far below; a frame made of tunnels in tunnels stops here. */
const MAX_LAYERS = 64;

/** In the order of their names, in which those are asked who tell by content: a bundle has a module's exports in that order, a test runner in that of its lines. */
export const dissectors: readonly Dissector[] = Object.entries(registry)
  .sort(([a], [b]) => (a < b ? -1 : 1))
  .map(([, dissector]) => dissector);

let tables: DissectorTables | undefined;

/** The tables of all registered dissectors, with paths of their own: what one capture's tunnels fill is not missing in the next. */
export function createTables(): DissectorTables {
  return new DissectorTables(dissectors, dataDissector, (tables ??= new DissectorTables(dissectors, dataDissector)));
}

/** A packet for callers that look at single frames, over tables that they all share; with the addresses of another pass, they are the same numbers. */
export function createPacket(ipv6?: Ipv6Table): Packet {
  return new Packet((tables ??= createTables()), ipv6);
}

/**
 * Dissects the frame whose record `p` holds. Without a sink this is the first pass's work: headers as numbers, the path, and
 * application messages. With one, the same dissectors also say every field.
 */
export function decode(p: Packet, sink: FieldSink | null): void {
  p.reset(sink);
  if (p.linkType === ETHERNET_LINK_TYPE && (sink === null || !takesPlainTcp(sink)) && decodePlainTcp(p)) return;
  p.next(LINKTYPE, p.linkType, p.start, p.end);
  runLayers(p, sink);
}

function takesPlainTcp(sink: FieldSink): boolean {
  return sink.takes(tcp) || sink.takes(ipv4) || sink.takes(ipv6) || sink.takes(ethernet);
}

/** Goes on from a hand-over until a layer hands on nothing. */
export function runLayers(p: Packet, sink: FieldSink | null): void {
  try {
    for (let layers = 0; p.pending !== null && layers < MAX_LAYERS; layers++) {
      const { dissector, index } = p.pending;
      p.pending = null;
      p.path = p.tables.paths.child(p.path, index);
      if (dissector.application === true && !p.quoted) p.application = index;
      dissector.dissect?.(p, p.pendingOffset, p.pendingEnd, sink?.takes(dissector) === true ? sink : null);
    }
  } catch (error) {
    // A dissector broke its promise. The frame keeps what was read before; the rest of the capture must not suffer.
    p.pending = null;
    p.malformed(`a dissector failed (${error instanceof Error ? error.message : String(error)}); please report it`, p.pendingOffset, p.pendingEnd);
  }
}
