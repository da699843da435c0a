import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { openCaptureFile } from '../../src/analysis/captureFile.node.ts';
import { CaptureScan } from '../../src/pcap/captureReader.ts';
import { createTables, decode, runLayers } from '../../src/pcap/decode.ts';
import { MAC_STRIDE, NET_STRIDE, Packet } from '../../src/pcap/packet.ts';
import { LINKTYPE } from '../../src/pcap/tables.ts';

/** Everything the first pass reads of a frame. */
function said(p: Packet): unknown {
  return {
    path: p.tables.paths.protocolsOf(p.path).map(({ id }) => id),
    macs: [...p.mac.subarray(0, p.macCount * MAC_STRIDE)],
    nets: [...p.net.subarray(0, p.netCount * NET_STRIDE)],
    wireEnd: p.wireEnd,
    tcp: p.tcpFlags === 0 ? 0 : [p.tcpSequence, p.tcpAcknowledgment, p.tcpFlags, p.tcpWindow],
    malformed: p.isMalformed,
    cut: p.isCut,
    application: p.application,
    icmp: p.icmp,
    via: p.via,
  };
}

const folders = ['captures', '../shared/captures'].filter((folder) => fs.existsSync(folder));
const files = folders.flatMap((folder) =>
  fs
    .readdirSync(folder)
    .filter((name) => /\.(pcap|pcapng|cap)$/.test(name))
    .map((name) => path.join(folder, name)),
);

let compared = 0;

describe('the short cut for plain TCP', () => {
  it.each(files)('says what the dissectors say of %s', async (file) => {
    const opened = await openCaptureFile({ kind: 'path', path: file });
    if (!opened.ok) throw new Error(opened.message);
    const { source, format, close } = opened.capture;
    const p = new Packet(createTables()),
      scan = new CaptureScan(source, format);
    await scan.advance(p, () => {
      decode(p, null);
      const short = said(p);
      // Fragments and learned conversations have changed what a second walk would find; plain TCP touches neither.
      if (p.netCount !== 1 || p.macCount !== 1 || p.source !== 0) return;
      p.reset(null);
      p.next(LINKTYPE, p.linkType, p.start, p.end);
      runLayers(p, null);
      if (p.tables.paths.topOf(p.path)?.id !== 'tcp') return;
      expect({ frame: p.frame, ...(short as object) }).toEqual({ frame: p.frame, ...(said(p) as object) });
      compared++;
    });
    await close();
  });

  it('was compared on real segments', () => expect(compared).toBeGreaterThan(1000));
});
