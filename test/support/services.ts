/** Connections of a client with a server, segment by segment, and how the services of a capture are asked for. */
import { EVERYTHING, type ServicesPage } from '../../src/analysis/engineApi.ts';
import { ACK, FIN, SYN, type PacketBuilder } from './packetBuilder.ts';
import { withSession } from './withSession.ts';

export const CLIENT = '10.0.0.2',
  SERVER = '10.0.0.9';

export const servicesOf = (capture: string | Uint8Array, filter = '', sort: string | null = null): Promise<ServicesPage> =>
  withSession(capture, async ({ handlers }) =>
    handlers.services(
      {
        selection: { ...EVERYTHING, filter },
        search: '',
        sort: sort === null ? null : { column: sort, descending: true },
        offset: 0,
        limit: 1000,
      },
      new AbortController().signal,
    ),
  );

/** Segments of one connection: who speaks, flags, payload or how many bytes of it, then how long until the next. */
export type Step = readonly [from: 'client' | 'server', flags: number, bytes: number | Uint8Array, wait: number];

export function connection(builder: PacketBuilder, port: number, steps: readonly Step[], clientPort = 40_000): PacketBuilder {
  const sent = { client: 1000, server: 5000 };
  for (const [from, flags, bytes, wait] of steps) {
    const other = from === 'client' ? 'server' : 'client',
      [source, destination] = from === 'client' ? [clientPort, port] : [port, clientPort];
    builder
      .tcp({
        from: from === 'client' ? CLIENT : SERVER,
        to: from === 'client' ? SERVER : CLIENT,
        sourcePort: source,
        destinationPort: destination,
        flags,
        sequence: sent[from],
        acknowledgment: (flags & ACK) === 0 ? 0 : sent[other],
        payload: typeof bytes === 'number' ? new Uint8Array(bytes).fill(0x61) : bytes,
      })
      .wait(wait);
    sent[from] += (typeof bytes === 'number' ? bytes : bytes.length) + ((flags & (SYN | FIN)) === 0 ? 0 : 1);
  }
  return builder;
}
export const HANDSHAKE: readonly Step[] = [
  ['client', SYN, 0, 0.02],
  ['server', SYN | ACK, 0, 0.005],
  ['client', ACK, 0, 0.1],
];
