/** Addresses that send something: of IP, or of network cards where there is no IP. */
import type { OpenCapture } from '../../analysis/captureStore.ts';
import type { Selection } from '../../analysis/engineApi.ts';
import type { Endpoint } from '../../analysis/report.ts';

/** Groups that nobody sends from, and addresses inside of tunnels, are among the rows that are asked for. */
const LOOKED_AT = 1000;

export interface Senders {
  /** Most by the column first. */
  readonly rows: readonly Endpoint[];
  readonly isIp: boolean;
  /** There may be more. */
  readonly isCut: boolean;
}

export async function sendersBy(
  column: 'bytes' | 'bytesSent' | 'bytesReceived' | 'packets',
  selection: Selection,
  opened: OpenCapture,
  signal: AbortSignal,
): Promise<Senders> {
  const sort = { column, descending: true };
  for (const layers of [
    ['ip', 'ipv6'],
    ['eth', 'wlan'],
  ] as const) {
    const pages = await Promise.all(
      layers.map((layer) => opened.call('endpoints', { layer, selection, search: '', sort, offset: 0, limit: LOOKED_AT }, signal)),
    );
    if (pages.every(({ total }) => total === 0)) continue;
    return {
      rows: pages
        .flatMap(({ rows }) => rows)
        // Of who receives most, whoever never sends is one, too.
        .filter(({ depth, packetsSent }) => depth === 0 && (packetsSent > 0 || column === 'bytesReceived'))
        .sort((a, b) => b[column] - a[column]),
      isIp: layers[0] === 'ip',
      isCut: pages.some(({ total }) => total > LOOKED_AT),
    };
  }
  return { rows: [], isIp: false, isCut: false };
}
