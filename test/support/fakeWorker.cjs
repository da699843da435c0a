// Stands in for dist/worker.mjs while the host is tested by itself: answers `report` and `packets`, obeys a few file names.
const { parentPort, workerData } = require('node:worker_threads');
const name = workerData.location.kind === 'path' ? require('node:path').basename(workerData.location.path) : workerData.location.name;
if (name === 'throws.pcap') throw new Error('boom');
const emit = (event) => parentPort.postMessage({ rpc: 'event', event });
parentPort.on('message', (message) => {
  if (message.rpc === 'event' && message.event.kind === 'close' && name !== 'stubborn.pcap') {
    if (name === 'tidy.pcap') require('node:fs').rmSync(workerData.location.path);
    parentPort.close();
  }
  if (message.rpc !== 'call') return;
  if (name === 'dies.pcap') process.exit(3);
  if (name === 'silent.pcap') return;
  parentPort.postMessage({ rpc: 'result', id: message.id, value: { name, method: message.method, params: message.params } });
});
emit({ kind: 'progress', progress: { phase: 'reading', bytesDone: 1, bytesTotal: 2, packets: 1 } });
emit({ kind: 'updated', packets: 2, complete: true });
