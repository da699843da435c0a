/**
 * Makes a large capture out of small ones: copy after copy with other addresses and a later clock, so that flows differ and conversations stay intact.
 * Headers' checksums are corrected (RFC 1624). `node bench/makeLarge.mjs OUT.pcap MEGABYTES [CAPTURE ...]`; without captures, our own samples.
 */
import fs from 'node:fs';
import path from 'node:path';

const ROOT = path.join(import.meta.dirname, '..');
const RECORD_HEADER = 16;

/** Ordinary traffic only: scans and tricks would make a mix that nobody meets. */
const ORDINARY = [
  'web-browsing',
  'dns',
  'ssh-session',
  'ftp',
  'smtp',
  'lossy-download',
  'slow-reader',
  'ipv6',
  'dhcp-ntp',
  'busy-services',
  'ping-traceroute',
  'tcp-endings',
];

export function ownSamples() {
  return ORDINARY.map((name) => path.join(ROOT, 'captures', `${name}.pcap`)).filter((file) => fs.existsSync(file));
}

/** Writes at least `bytes` bytes to `out`; returns `{ packets, bytes, copies }`. */
export function makeLarge(out, bytes, files = ownSamples()) {
  const frames = files.flatMap(readFrames).sort((a, b) => a.micros - b.micros);
  if (frames.length === 0) throw new Error('there is no little-endian Ethernet pcap to make a large one of');
  const span = Math.ceil(frames.at(-1).micros / 1e6) + 1;
  const copyBytes = frames.reduce((sum, { data }) => sum + RECORD_HEADER + data.length, 0);
  const copy = Buffer.alloc(copyBytes),
    file = fs.openSync(out, 'w');
  let written = fs.writeSync(file, header()),
    copies = 0;
  for (; written < bytes; copies++) {
    fillCopy(copy, frames, copies, copies * span);
    written += fs.writeSync(file, copy);
  }
  fs.closeSync(file);
  return { packets: copies * frames.length, bytes: written, copies };
}

function header() {
  const bytes = Buffer.alloc(24);
  bytes.writeUInt32LE(0xa1b2c3d4, 0);
  bytes.writeUInt16LE(2, 4);
  bytes.writeUInt16LE(4, 6);
  bytes.writeUInt32LE(262144, 16);
  bytes.writeUInt32LE(1, 20);
  return bytes;
}

/** Frames with their time in microseconds since the first of their file. Other formats than little-endian Ethernet pcap give none. */
function readFrames(file) {
  const bytes = fs.readFileSync(file),
    frames = [];
  if (bytes.length < 24 || bytes.readUInt32LE(0) !== 0xa1b2c3d4 || bytes.readUInt32LE(20) !== 1) return frames;
  let first = null;
  for (let at = 24; at + RECORD_HEADER <= bytes.length;) {
    const length = bytes.readUInt32LE(at + 8),
      start = at + RECORD_HEADER;
    if (start + length > bytes.length) break;
    const micros = bytes.readUInt32LE(at) * 1e6 + bytes.readUInt32LE(at + 4);
    first ??= micros;
    frames.push({ micros: Math.max(0, micros - first), original: bytes.readUInt32LE(at + 12), data: bytes.subarray(start, start + length) });
    at = start + length;
  }
  return frames;
}

const START_SECONDS = 1_704_067_200;

function fillCopy(copy, frames, number, shiftSeconds) {
  let at = 0;
  for (const { micros, original, data } of frames) {
    copy.writeUInt32LE(START_SECONDS + shiftSeconds + Math.floor(micros / 1e6), at);
    copy.writeUInt32LE(micros % 1e6, at + 4);
    copy.writeUInt32LE(data.length, at + 8);
    copy.writeUInt32LE(original, at + 12);
    copy.set(data, at + RECORD_HEADER);
    if (number > 0) readdress(copy.subarray(at + RECORD_HEADER, at + RECORD_HEADER + data.length), number);
    at += RECORD_HEADER + data.length;
  }
}

/** Gives the frame's network addresses those of copy `number`: the same address becomes the same other address in all frames of a copy. */
function readdress(frame, number) {
  let at = 14,
    type = frame.length >= 14 ? frame.readUInt16BE(12) : 0;
  while ((type === 0x8100 || type === 0x88a8) && frame.length >= at + 4) {
    type = frame.readUInt16BE(at + 2);
    at += 4;
  }
  if (type === 0x0800 && frame.length >= at + 20) readdressIpv4(frame, at, number);
  else if (type === 0x86dd && frame.length >= at + 40) readdressIpv6(frame, at, number);
  else if (type === 0x0806 && frame.length >= at + 28) for (const field of [14, 24]) moveIpv4(frame, at + field, number);
}

/** One's complement sum of what changed, to correct a checksum by. */
function difference(before, after) {
  let sum = 0;
  for (let i = 0; i < before.length; i += 2) sum += (~before.readUInt16BE(i) & 0xffff) + after.readUInt16BE(i);
  return sum;
}

/** RFC 1624, equation 3. */
function correct(frame, at, change) {
  let sum = (~frame.readUInt16BE(at) & 0xffff) + change;
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  frame.writeUInt16BE(~sum & 0xffff, at);
}

/** Groups, broadcast, loopback and "no address" stay what they are. Two octets change: the network of a copy is its own. */
function moveIpv4(frame, at, number) {
  const first = frame[at];
  if (first === 0 || first === 127 || first >= 224) return;
  frame[at + 1] ^= (number >>> 8) & 0xff;
  frame[at + 2] ^= number & 0xff;
}

function readdressIpv4(frame, at, number) {
  const before = Buffer.from(frame.subarray(at + 12, at + 20)),
    headerBytes = (frame[at] & 15) * 4;
  moveIpv4(frame, at + 12, number);
  moveIpv4(frame, at + 16, number);
  const change = difference(before, frame.subarray(at + 12, at + 20));
  correct(frame, at + 10, change);
  // Only the first fragment carries the header whose checksum covers the addresses.
  if ((frame.readUInt16BE(at + 6) & 0x1fff) === 0) correctTransport(frame, at + headerBytes, frame[at + 9], change);
}

function readdressIpv6(frame, at, number) {
  const before = Buffer.from(frame.subarray(at + 8, at + 40));
  for (const field of [8, 24])
    if (frame[at + field] !== 0xff && frame[at + field] !== 0)
      frame.writeUInt16BE(frame.readUInt16BE(at + field + 8) ^ (number & 0xffff), at + field + 8);
  correctTransport(frame, at + 40, frame[at + 6], difference(before, frame.subarray(at + 8, at + 40)));
}

/** TCP, UDP and ICMPv6 count the addresses in; a UDP checksum of 0 is none. */
function correctTransport(frame, at, protocol, change) {
  const field = { 6: 16, 17: 6, 58: 2 }[protocol];
  if (field === undefined || frame.length < at + field + 2) return;
  if (protocol === 17 && frame.readUInt16BE(at + field) === 0) return;
  correct(frame, at + field, change);
}

if (process.argv[1] === import.meta.filename) {
  const [out, megabytes, ...files] = process.argv.slice(2);
  if (out === undefined || !(Number(megabytes) > 0)) {
    console.error('node bench/makeLarge.mjs OUT.pcap MEGABYTES [CAPTURE ...]');
    process.exit(2);
  }
  const { packets, bytes, copies } = makeLarge(out, Number(megabytes) * 1e6, files.length > 0 ? files : undefined);
  console.log(`${out}: ${packets.toLocaleString('en-US')} packets, ${(bytes / 1e6).toFixed(0)} MB, ${copies} copies`);
}
