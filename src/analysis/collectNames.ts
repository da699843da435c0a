/** Names that the capture itself gives to addresses, taken from what was said: TLS server names, DNS answers, DHCP leases. */
import type { Message } from '../pcap/dissector.ts';
import { tlsServerNameMessage } from '../pcap/tls/messages.ts';
import type { CaptureState } from './captureState.ts';
import { flowAddress } from './conversations.ts';
import * as F from './flowTable.ts';

/** Kinds of messages that name somebody. */
export const NAMING_KINDS: readonly string[] = [tlsServerNameMessage.kind];

export function collectNames(message: Message, flow: number, state: CaptureState): void {
  if (tlsServerNameMessage.is(message) && flow >= 0) state.names.add(flowAddress(state, flow, F.B), message.name);
}
