/** All messages of one kind that a capture holds, in order. */
import * as z from 'zod';
import { openCaptureFile } from '../../src/analysis/captureFile.node.ts';
import { defineDetector } from '../../src/analysis/detector.ts';
import { Analysis } from '../../src/analysis/engine.ts';
import type { Message, MessageKind } from '../../src/pcap/dissector.ts';
import { plainMessage } from './plainMessage.ts';

export async function messagesOf<M extends Message>(file: string, kind: MessageKind<M>): Promise<M[]> {
  const found: M[] = [];
  const collector = defineDetector({
    id: 'collector',
    title: '',
    tier: 3,
    deed: 'spoke',
    description: '',
    options: z.object({}),
    messages: [kind.kind],
    create: () => ({
      onMessage: (message) => {
        if (kind.is(message)) found.push(plainMessage(message) as M);
      },
      evaluate: () => ({
        findings: [],
        coverage: { examined: { packets: 0, flows: 0, bytes: 0, from: null, to: null, ipv4: 0, ipv6: 0 }, status: 'clean', why: '' },
      }),
    }),
  });
  const opened = await openCaptureFile({ kind: 'path', path: file });
  if (!opened.ok) throw new Error(opened.message);
  try {
    await new Analysis(opened.capture.source, opened.capture.format, { detectors: [{ detector: collector, options: {} }] }).advance();
    return found;
  } finally {
    await opened.capture.close();
  }
}
