/** What only later frames tell, and so a pass of its own for who asks: where a question is answered (`dns.response_in`), how a connection ended (`tcp.completeness`). */
import type { ByteSource } from '../pcap/byteSource.ts';
import type { CaptureFormat } from '../pcap/captureFormat.ts';
import type { Dissector } from '../pcap/dissector.ts';
import { Analysis } from './analyze.ts';
import type { CaptureState } from './captureState.ts';
import { DEAF_BUT_RELATED } from './deafSink.ts';
import type { FieldCollector } from './displayFilter/collector.ts';
import type { SelectOptions } from './filtering.ts';

/** Lets the pass of that state tell of what is to come, where the collector takes it. */
export async function foresee(
  state: CaptureState,
  collector: FieldCollector,
  source: ByteSource,
  format: CaptureFormat,
  options: SelectOptions,
): Promise<void> {
  if (!collector.wantsLater) return;
  const sink = { ...DEAF_BUT_RELATED, takes: (dissector: Dissector) => collector.takes(dissector) },
    before = new Analysis(source, format, { sink, isForFields: true }),
    { packet } = before.state;
  packet.followsPieces = state.packet.followsPieces;
  await before.advance({ signal: options.signal });
  state.packet.exchanges.known = packet.exchanges.answers;
  state.foreseen = before.state.flows;
}
