/** What only later frames tell, and so a pass of its own for who asks: where a question is answered (`dns.response_in`), how a connection ended (`tcp.completeness`). */
import type { ByteSource } from '../pcap/byteSource.ts';
import type { CaptureFormat } from '../pcap/captureFormat.ts';
import type { Dissector } from '../pcap/dissector.ts';
import type { Packet } from '../pcap/packet.ts';
import { Analysis } from './analyze.ts';
import type { CaptureState } from './captureState.ts';
import { DEAF_BUT_RELATED } from './deafSink.ts';
import type { FieldCollector } from './displayFilter/collector.ts';
import type { SelectOptions } from './filtering.ts';

/** Lets the pass over `p` tell of what is to come, where the collector takes it; `state` is that of a pass that follows flows. */
export async function foresee(
  p: Packet,
  state: CaptureState | null,
  collector: FieldCollector,
  source: ByteSource,
  format: CaptureFormat,
  options: SelectOptions,
): Promise<void> {
  if (!collector.wantsLater) return;
  const sink = { ...DEAF_BUT_RELATED, takes: (dissector: Dissector) => collector.takes(dissector) },
    before = new Analysis(source, format, { sink, isForFields: true }),
    { packet, flows } = before.state;
  packet.followsPieces = p.followsPieces;
  await before.advance({ signal: options.signal });
  p.exchanges.known = packet.exchanges.answers;
  if (state !== null) state.foreseen = flows;
}
