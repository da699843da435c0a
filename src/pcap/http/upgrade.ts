/** What follows on a stream after CONNECT or an upgrade (RFC 9110 sections 9.3.6 and 7.8). */
import type { Direction } from '../dissector.ts';
import { handOver, type HandOver } from '../handOver.ts';
import type { Packet } from '../packet.ts';
import { textAt } from '../text.ts';
import { agreedDeflate } from '../websocket/inflater.ts';
import { WebsocketState } from '../websocket/message.ts';
import { nextHeader, type HeaderLine } from './headers.ts';

/** By the header lines `[from, headEnd)` of the answer that agrees, which the server sent in this direction. Only they say that it is WebSocket, and how that is packed. */
export function afterUpgrade(p: Packet, bytes: Uint8Array, from: number, headEnd: number, direction: Direction): HandOver {
  const header: HeaderLine = { name: 0, nameEnd: 0, value: 0, valueEnd: 0, after: 0 };
  let isWebsocket = false,
    extensions = '';
  for (let at = from; nextHeader(bytes, at, headEnd, header); at = header.after) {
    const name = textAt(bytes, header.name, header.nameEnd, 64).toLowerCase();
    if (name === 'upgrade') isWebsocket = textAt(bytes, header.value, header.valueEnd, 64).toLowerCase() === 'websocket';
    else if (name === 'sec-websocket-extensions') extensions += `,${textAt(bytes, header.value, header.valueEnd)}`;
  }
  const bound = isWebsocket ? p.tables.byId('websocket') : undefined;
  return bound === undefined ? handOver(null) : { only: 'websocket', bound, state: new WebsocketState(agreedDeflate(extensions), direction) };
}
