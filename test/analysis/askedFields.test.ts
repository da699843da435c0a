/** A pass that looks for few fields walks most protocols as if nobody looked. What it finds is what a pass finds to which every protocol says all. */
import { build } from 'esbuild';
import fs from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import type { CatalogEntry } from '../../src/analysis/displayFilter/catalog.ts';
import { openCaptureFile, type OpenedCapture } from '../../src/analysis/captureFile.node.ts';
import { filterCatalog } from '../../src/analysis/filtering.ts';
import { readFields } from '../../src/analysis/readFields.ts';
import { bufferSource } from '../../src/pcap/byteSource.ts';
import * as registry from '../../src/pcap/dissectors/registry.ts';
import { pcap } from '../../src/pcap/formats/pcap.ts';
import { sample } from '../support/analyzeCapture.ts';
import { bytesOf, dialogue } from '../support/dialogue.ts';
import { PacketBuilder } from '../support/packetBuilder.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
const MOST_BYTES = 300_000;
const catalog = [...filterCatalog().entries],
  /** Asked for, it has every protocol say all. */
  everybody = filterCatalog().find('_ws.malformed')!;
const CAPTURES = fs
  .readdirSync(path.dirname(sample('dns.pcap')))
  .filter((name) => /\.(?:pcap|pcapng)(?:\.gz)?$/.test(name) && fs.statSync(sample(name)).size < MOST_BYTES);

type Readable = Pick<OpenedCapture, 'source' | 'format'>;

/** RFC 8446 section 4.1.2, with one suite and no extension. */
const CLIENT_HELLO = `\x16\x03\x01\0\x2d\x01\0\0\x29\x03\x03${'r'.repeat(32)}\0\0\x02\x13\x01\x01\0`;
/** A call that is offered (RFC 3261, RFC 8866), its voice and a key that is pressed (RFC 3550, RFC 4733), and its end. */
const MEDIA = { from: '10.0.0.1', to: '10.0.0.2' },
  DESCRIPTION = 'v=0\r\nc=IN IP4 10.0.0.1\r\nm=audio 4000 RTP/AVP 0\r\n',
  INVITE = `INVITE sip:2@10.0.0.2 SIP/2.0\r\nContent-Type: application/sdp\r\nContent-Length: ${DESCRIPTION.length}\r\n\r\n${DESCRIPTION}`;
/** Of what no capture of ours has in clear: RFC 3501 section 6.2.1, RFC 2595 section 4. */
const MADE: Readonly<Record<string, PacketBuilder>> = {
  imap: dialogue(
    [
      ['server', '* OK ready\r\n'],
      ['client', 'a1 STARTTLS\r\n'],
      ['server', 'a1 OK begin\r\n'],
      ['client', CLIENT_HELLO],
    ],
    { port: 143 },
  ),
  pop: dialogue(
    [
      ['server', '+OK ready\r\n'],
      ['client', 'STLS\r\n'],
      ['server', '+OK begin\r\n'],
      ['client', CLIENT_HELLO],
    ],
    { port: 110 },
  ),
  call: new PacketBuilder()
    .udp({ ...MEDIA, sourcePort: 5060, destinationPort: 5060, payload: bytesOf(INVITE) })
    .udp({ ...MEDIA, sourcePort: 4000, destinationPort: 7000, payload: bytesOf('\x80\0\0\x01\0\0\0\x10rrrraudio') })
    .udp({ ...MEDIA, sourcePort: 4000, destinationPort: 7000, payload: bytesOf('\x80\x65\0\x02\0\0\0\x20rrrr\x05\x0a\0\xa0') })
    .udp({ ...MEDIA, sourcePort: 4001, destinationPort: 7001, payload: bytesOf('\x81\xcb\0\x01rrrr') }),
};

async function openSample(name: string): Promise<Readable> {
  const opened = await openCaptureFile({ kind: 'path', path: sample(name) }, {});
  if (!opened.ok) throw new Error(opened.message);
  return opened.capture;
}

/** Of each field that has values its values, frame by frame. */
async function valuesOf({ source, format }: Readable, fields: readonly CatalogEntry[]): Promise<Map<string, string[]>> {
  const found = new Map<string, string[]>();
  await readFields(source, format, { filter: '', fields, showSecrets: true, pace: () => Promise.resolve() }, ({ frame, values }) => {
    values.forEach((texts, i) => {
      if (texts.length === 0) return;
      const { name } = fields[i]!,
        lines = found.get(name) ?? [];
      found.set(name, lines);
      lines.push(`${frame}: ${texts.join(',')}`);
    });
  });
  return found;
}

test('the fields of one protocol are the same, whether or not others are asked for', { timeout: 240_000 }, async () => {
  expect(CAPTURES.length).toBeGreaterThan(20);
  const compared = new Set<string>();
  for (const name of [...CAPTURES, ...Object.keys(MADE)]) {
    const made = MADE[name],
      capture = made === undefined ? await openSample(name) : { source: bufferSource(made.bytes()), format: pcap };
    // Fields alone: which protocols a frame has is told by its path.
    const all = await valuesOf(capture, [...catalog.filter(({ kind, name }) => kind !== 'protocol' && name !== 'frame.protocols'), everybody]);
    all.delete(everybody.name);
    const said = catalog.filter((entry) => all.has(entry.name));
    for (const id of new Set(said.map(({ protocol }) => protocol.id))) {
      const entries = said.filter(({ protocol }) => protocol.id === id);
      const alone = await valuesOf(capture, entries);
      for (const entry of entries) expect([name, entry.name, alone.get(entry.name)]).toEqual([name, entry.name, all.get(entry.name)]);
      compared.add(id);
    }
    if (name === 'imap' || name === 'pop') expect([name, all.get('tls.handshake.type')]).toEqual([name, ['7: 1']]);
  }
  const claiming = Object.values(registry).filter(({ says }) => says !== undefined);
  expect(claiming.length).toBeGreaterThan(10);
  expect(claiming.filter(({ id }) => !compared.has(id)).map(({ id }) => id)).toEqual([]);
});

test('who claims to say nothing of others reaches no other dissector, and tells when its stream is handed on', async () => {
  const { metafile } = await build({
    entryPoints: ['src/pcap/dissectors/registry.ts'],
    absWorkingDir: ROOT,
    bundle: true,
    write: false,
    outdir: 'unwritten',
    metafile: true,
    platform: 'node',
    format: 'esm',
    logLevel: 'error',
  });
  const reached = (file: string, seen = new Set<string>()): Set<string> => {
    for (const { path: next } of metafile.inputs[file]?.imports ?? [])
      if (!seen.has(next)) {
        seen.add(next);
        reached(next, seen);
      }
    return seen;
  };
  let examined = 0;
  for (const file of Object.keys(metafile.inputs).filter((one) => /^src\/pcap\/dissectors\/(?!registry)/.test(one))) {
    const module = (await import(path.join(ROOT, file))) as Record<string, unknown>,
      own = Object.values(registry).filter((one) => Object.values(module).includes(one)),
      all = reached(file);
    for (const { id, says, stream } of own) {
      if (says === undefined) continue;
      examined++;
      const others = Object.values(registry).filter(
        (other) => !own.includes(other) && [...all].some((one) => one.startsWith('src/pcap/dissectors/') && declares(one, other.id)),
      );
      expect([id, others.map((other) => other.id).filter((other) => !says.includes(other))]).toEqual([id, []]);
      if ([file, ...all].some(passesOn) && stream !== undefined) expect([id, typeof stream.handsOn]).toEqual([id, 'function']);
    }
  }
  expect(examined).toBeGreaterThan(10);
});

/** Walks on in another protocol's stream. */
function passesOn(file: string): boolean {
  return /\bimport [^;]*\bstepInner\b[^;]*handOver\.ts/.test(fs.readFileSync(path.join(ROOT, file), 'utf8'));
}

function declares(file: string, id: string): boolean {
  return fs.readFileSync(path.join(ROOT, file), 'utf8').includes(`\n  id: '${id}',`);
}
