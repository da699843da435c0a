/** Frames that were cut in capturing within what a conversation carried: what nobody saw, nobody may call clean. */
import { NET_FLAGS, NET_HAS_PORTS, NET_PAYLOAD, NET_PAYLOAD_END, NET_PAYLOAD_LENGTH, NET_STRIDE, type Packet } from '../pcap/packet.ts';
import type { CaptureState } from './captureState.ts';
import * as F from './flowTable.ts';

/** Of what an encrypted conversation carries, the beginning of each direction, in bytes: its handshake, with certificates, is read. */
const HANDSHAKE_BYTES = 16_384;

/** Counts a cut frame of `flow`, unless nothing but ciphertext is missing. Must not allocate. */
export function noteCut(state: CaptureState, p: Packet, flow: number, isEncrypted: boolean): void {
  const { net } = p,
    at = (p.netCount - 1) * NET_STRIDE;
  if (at < 0 || p.quoted || (net[at + NET_FLAGS]! & NET_HAS_PORTS) === 0) return;
  const cut = net[at + NET_PAYLOAD_LENGTH]! - (net[at + NET_PAYLOAD_END]! - net[at + NET_PAYLOAD]!);
  if (cut <= 0) return;
  const carried = state.flows.doubles[flow * F.DOUBLES + (state.flows.direction === 0 ? F.PAYLOAD_A : F.PAYLOAD_B)]!;
  if (isEncrypted && carried > HANDSHAKE_BYTES && !state.openedFlows.has(flow)) return;
  state.cutContents++;
  state.cutContentBytes += cut;
}
