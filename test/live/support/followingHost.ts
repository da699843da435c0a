/** A process that follows a capture as the editor does, asks for the report after each update, and tells what it read: argument 2 is the file, 3 the worker. */
import fs from 'node:fs';
import { EVERYTHING } from '../../../src/analysis/engineApi.ts';
import { startEngine } from '../../../src/editor/engineWorker.ts';

const [, , file = '', worker = ''] = process.argv;
const session = startEngine(worker, { location: { kind: 'path', path: file }, follow: true, detectorOptions: {} });

session.onEvent((event) => {
  if (event.kind !== 'updated' || !event.complete) return;
  void session.call('report', { selection: EVERYTHING, limit: 500 }).then(({ capture }) => {
    process.send?.({ packets: capture.packets, readBytes: Number(/^rchar: (\d+)$/m.exec(fs.readFileSync('/proc/self/io', 'utf8'))?.[1]) });
  });
});
