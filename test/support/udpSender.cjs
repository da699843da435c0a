/** Sends `count` datagrams to 10.77.0.2:9999 at `rate` a second; says how many the system took. Only inside a namespace of a test. */
const dgram = require('node:dgram');
const [count, rate] = process.argv.slice(2).map(Number);
const socket = dgram.createSocket({ type: 'udp4', lookup: (host, _options, done) => done(null, host, 4) });
const payload = Buffer.alloc(64, 'netsec');
const startedMs = performance.now();
let asked = 0,
  sent = 0,
  settled = 0;
// Not connected: that nobody listens there is then no failure of the next send.
socket.bind(0, function step() {
  const due = Math.min(count, Math.ceil(((performance.now() - startedMs) / 1000) * rate), asked + 500);
  while (asked < due) {
    asked++;
    socket.send(payload, 9999, '10.77.0.2', (error) => {
      if (!error) sent++;
      if (++settled === count) {
        process.stdout.write(String(sent));
        socket.close();
      }
    });
  }
  if (asked < count) setTimeout(step, 2);
});
