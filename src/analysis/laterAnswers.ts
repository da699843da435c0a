/** Where questions are answered: of a question that lies in the future, and so a pass of its own for who asks (`dns.response_in`). */
import type { ByteSource } from '../pcap/byteSource.ts';
import type { CaptureFormat } from '../pcap/captureFormat.ts';
import type { Packet } from '../pcap/packet.ts';
import { Analysis } from './analyze.ts';
import { DEAF_BUT_RELATED } from './deafSink.ts';
import type { FieldCollector } from './displayFilter/collector.ts';
import type { SelectOptions } from './filtering.ts';

/** Lets the pass over `p` tell of answers to come, where the collector takes them. */
export async function foresee(
  p: Packet,
  collector: FieldCollector,
  source: ByteSource,
  format: CaptureFormat,
  options: SelectOptions,
): Promise<void> {
  if (!collector.wantsLater) return;
  const before = new Analysis(source, format, { sink: { ...DEAF_BUT_RELATED, takes: (dissector) => collector.takes(dissector) }, isForFields: true });
  await before.advance({ signal: options.signal });
  p.exchanges.known = before.state.packet.exchanges.answers;
}
