/** `netsec capture`: records packets into a new file, with the program that this machine has for it. */
import fs from 'node:fs/promises';
import path from 'node:path';
import { bytesText, countText, plural } from '../../analysis/engine.ts';
import { safeText } from '../../analysis/exports/safeText.ts';
import { columns } from '../../analysis/exports/textLayout.ts';
import type { CaptureInterface, CaptureRequest } from '../../live/backend.ts';
import { localSource, pipeSource, sshSource, type CaptureSource } from '../../live/captureSource.node.ts';
import type { Ring } from '../../live/captureFileWriter.node.ts';
import { pktmonSource } from '../../live/pktmonSource.node.ts';
import { checkCaptureFilter, findPktmon, interfaceNamed, listInterfaces } from '../../live/programs.node.ts';
import { bytesOf, secondsOf } from '../../live/quantities.ts';
import { record, type RecordingStatus } from '../../live/record.node.ts';
import { BACKEND_IDS, noInterface, noSuchInterface, usablePrograms, type BackendId } from '../../live/usablePrograms.node.ts';
import { choiceOption, countOption, EXIT, textOption, UsageError, type Arguments, type Command } from '../command.ts';
import type { Terminal } from '../terminal.ts';

const KEEP_FREE_BYTES = 500e6;
/** For a recording over SSH without a filter: it must not record itself. */
const NOT_OUR_OWN = 'not tcp port 22';

export const capture: Command = {
  name: 'capture',
  summary: 'record packets into a new file, from an interface, over SSH or from a pipe',
  usage: '[-i INTERFACE] [-f FILTER] [options]   |   capture - [options]',
  options: {
    interface: { type: 'string', short: 'i', value: 'NAME', description: 'where to record; its name or its number in --list' },
    filter: { type: 'string', short: 'f', value: 'FILTER', description: 'a capture filter (libpcap), "tcp port 443"' },
    list: { type: 'boolean', description: 'the interfaces, and record nothing' },
    duration: { type: 'string', value: 'TIME', description: 'stop after so long: 90, 5m, 1h' },
    packets: { type: 'string', value: 'N', description: 'stop after so many packets' },
    size: { type: 'string', value: 'SIZE', description: 'stop before the file is larger: 500k, 20M, 1G' },
    ring: { type: 'string', value: 'N:SIZE|TIME', description: 'keep the last N files of so many bytes (10:20M) or so long (10:5m)' },
    output: {
      type: 'string',
      short: 'o',
      value: 'FILE|DIR',
      description: 'the file, or the folder for capture_YYYYMMDD_HHMMSS.pcap (captures/, else here)',
    },
    pcapng: { type: 'boolean', description: 'write pcapng instead of pcap' },
    backend: { type: 'string', value: 'NAME', description: 'dumpcap, tcpdump or tshark (the first that is there)' },
    ssh: {
      type: 'string',
      value: 'HOST',
      description: "record on another machine, with its tcpdump; without a filter SSH's own packets are left out",
    },
    'keep-free': { type: 'string', value: 'SIZE', description: 'stop when the disk has less room than this (500M)' },
    json: { type: 'boolean', description: 'a line of JSON each second: packets, bytes, rate, drops' },
    'until-stdin-closes': { type: 'boolean', description: 'stop when standard input is closed, as when the program that started this ends' },
  },
  examples: [
    'netsec capture --list',
    'netsec capture -i eth0 -f "not port 22" --duration 5m',
    'netsec capture -i eth0 --ring 10:20M --output /var/captures',
    'netsec capture --ssh router -i br-lan',
    'tcpdump -U -w - | netsec capture -',
  ],
  async run(args, terminal) {
    const wish = understand(args),
      piped = args.positionals[0] === '-';
    if (args.positionals.length > (piped ? 1 : 0))
      throw new UsageError('capture takes no names but "-"; the file is named with --output, the filter with -f.');
    if (args.values['list'] === true) return listAll(terminal, args);
    const chosen: Chosen = piped
      ? { ok: true, source: () => pipeSource(process.stdin) }
      : textOption(args, 'ssh') === undefined
        ? await chooseLocal(args, wish.format)
        : chooseSsh(args);
    if (!chosen.ok) {
      terminal.say(chosen.message);
      return EXIT.UNREADABLE;
    }
    const stopping = new AbortController();
    if (args.values['until-stdin-closes'] === true && !piped) {
      process.stdin.on('end', () => stopping.abort());
      process.stdin.on('error', () => stopping.abort());
      process.stdin.resume();
    }
    const source = chosen.source(),
      json = args.values['json'] === true;
    terminal.say(`Recording: ${source.title}. ${piped ? '' : 'Ctrl+C stops.'}`);
    const last = await record(source, {
      ...wish,
      target: await targetOf(textOption(args, 'output')),
      signal: AbortSignal.any([terminal.signal, stopping.signal]),
      onStatus: (status) => {
        // Whoever reads this may have gone; the packets matter more.
        if (json) terminal.out(`${JSON.stringify(status)}\n`).catch(() => undefined);
        else if (terminal.progress !== null && status.state === 'recording') terminal.draw(`\r\u001b[K${oneLine(status)}`);
      },
    });
    if (terminal.progress !== null && !json) terminal.draw('\r\u001b[K');
    process.stdin.destroy();
    if (last.message !== null) terminal.say(last.message);
    if (last.file === null) return EXIT.UNREADABLE;
    terminal.say(`${oneLine(last)}: ${last.files.length > 1 ? `${last.files.length} files, the last is ` : ''}${last.file}`);
    return last.reason === 'failed' || last.reason === 'disk' ? EXIT.DAMAGED : EXIT.DONE;
  },
};

function oneLine({ packets, bytes, packetsPerSecond, dropped, elapsedSeconds, state }: RecordingStatus): string {
  const rate = state === 'recording' ? `, ${countText(packetsPerSecond)} a second` : '',
    drops = dropped === null ? '' : `, ${countText(dropped)} dropped`;
  return `${plural(packets, 'packet')}, ${bytesText(bytes)}${rate}${drops}, ${Math.round(elapsedSeconds)} s`;
}

type Chosen = { readonly ok: true; readonly source: () => CaptureSource } | { readonly ok: false; readonly message: string };

async function chooseLocal(args: Arguments, format: CaptureRequest['format']): Promise<Chosen> {
  const found = await usablePrograms(askedBackend(args)),
    pktmon = found.ok || askedBackend(args) !== undefined ? null : await findPktmon();
  if (pktmon !== null) return choosePktmon(args, pktmon);
  if (!found.ok) return found;
  const program = found.programs.find(({ backend }) => backend.formats.includes(format));
  if (program === undefined)
    return { ok: false, message: `${found.programs[0]!.backend.program} writes no ${format}; install dumpcap (Wireshark), or leave out --pcapng.` };
  const filter = textOption(args, 'filter') ?? '',
    wrong = await checkCaptureFilter(filter, found.all);
  if (wrong !== null) throw new UsageError(`The capture filter is not understood: ${wrong}.`);
  const interfaces = await listInterfaces(program),
    asked = textOption(args, 'interface');
  // A program without rights lists nothing.
  if (interfaces.length === 0) return { ok: false, message: noInterface(program) };
  const wanted = interfaceNamed(interfaces, asked);
  if (wanted === undefined) return { ok: false, message: noSuchInterface(asked ?? '', interfaces) };
  return { ok: true, source: () => localSource(program, { interface: wanted.name, filter, format }) };
}

/** It knows no filters of libpcap and gives its packets at the end, so what would have to see each of them before is refused. */
function choosePktmon({ values }: Arguments, pktmon: string): Chosen {
  const asked = ['interface', 'filter', 'packets', 'size'].filter((name) => values[name] !== undefined);
  if (asked.length > 0)
    return {
      ok: false,
      message: `pktmon, which is all there is here, does not know --${asked.join(', --')}. Leave it out, or install Wireshark with Npcap (https://www.wireshark.org).`,
    };
  return { ok: true, source: () => pktmonSource(pktmon) };
}

function chooseSsh(args: Arguments): Chosen {
  const host = textOption(args, 'ssh')!,
    name = textOption(args, 'interface') ?? 'any',
    filter = textOption(args, 'filter') ?? NOT_OUR_OWN;
  if (!/^[\w.:@%[\]-]+$/.test(host) || host.startsWith('-'))
    throw new UsageError(`--ssh wants a host, user@host or a name of your SSH configuration, not ${JSON.stringify(host)}.`);
  if (args.values['pcapng'] === true) throw new UsageError('tcpdump on the other machine writes no pcapng; leave out --pcapng.');
  return { ok: true, source: () => sshSource(host, { interface: name, filter, format: 'pcap' }) };
}

function askedBackend(args: Arguments): BackendId | undefined {
  return choiceOption(args, 'backend', BACKEND_IDS);
}

async function listAll(terminal: Terminal, args: Arguments): Promise<typeof EXIT.DONE | typeof EXIT.UNREADABLE> {
  const found = await usablePrograms(askedBackend(args));
  if (!found.ok) {
    terminal.say(found.message);
    return EXIT.UNREADABLE;
  }
  const interfaces = await listInterfaces(found.programs[0]!);
  if (args.values['json'] === true) await terminal.out(`${JSON.stringify(interfaces)}\n`);
  else if (interfaces.length > 0)
    await terminal.out(`${columns(terminal.style, [{ align: 'right' }, {}, {}, { min: 20 }], interfaces.map(interfaceRow)).join('\n')}\n`);
  return EXIT.DONE;
}

function interfaceRow({ name, description, addresses }: CaptureInterface, i: number): string[] {
  return [String(i + 1), safeText(name, 80), safeText(description, 60), addresses.map((address) => safeText(address)).join(' ')];
}

async function targetOf(output: string | undefined): Promise<{ readonly folder: string } | { readonly file: string }> {
  const isFolder = async (name: string): Promise<boolean> => (await fs.stat(name).catch(() => null))?.isDirectory() === true;
  if (output === undefined) return { folder: path.resolve((await isFolder('captures')) ? 'captures' : '.') };
  return (await isFolder(output)) || /[/\\]$/.test(output) ? { folder: path.resolve(output) } : { file: path.resolve(output) };
}

interface Wish {
  readonly format: CaptureRequest['format'];
  readonly ring: Ring | null;
  readonly stopAfter: { readonly seconds: number | null; readonly packets: number | null; readonly bytes: number | null };
  readonly keepFreeBytes: number;
}

function understand(args: Arguments): Wish {
  const duration = textOption(args, 'duration'),
    size = textOption(args, 'size'),
    ring = textOption(args, 'ring'),
    keep = textOption(args, 'keep-free');
  return {
    format: args.values['pcapng'] === true ? 'pcapng' : 'pcap',
    ring: ring === undefined ? null : ringOf(ring),
    stopAfter: {
      seconds: duration === undefined ? null : wanted('--duration', 'a time such as 90, 5m or 1h', duration, secondsOf(duration)),
      packets: countOption(args, 'packets', 1) ?? null,
      bytes: size === undefined ? null : wanted('--size', 'a size such as 500k, 20M or 1G', size, bytesOf(size)),
    },
    keepFreeBytes: keep === undefined ? KEEP_FREE_BYTES : keep === '0' ? 0 : wanted('--keep-free', 'a size such as 500M', keep, bytesOf(keep)),
  };
}

/** `10:20M` or `10:5m`: a small m is minutes, a large one megabytes. */
function ringOf(text: string): Ring {
  const [count = '', each = ''] = text.split(':'),
    files = /^\d{1,5}$/.test(count) ? Number(count) : 0,
    seconds = /[smh]$/.test(each) ? secondsOf(each) : null,
    bytes = seconds === null && /(?:[kMG]B?|\d)$/.test(each) ? bytesOf(each) : null;
  if (files < 1 || (seconds === null && bytes === null))
    throw new UsageError(`--ring wants files and size or time, 10:20M or 10:5m, not ${JSON.stringify(text)}.`);
  return { files, bytes, seconds };
}

function wanted(option: string, what: string, text: string, value: number | null): number {
  if (value === null) throw new UsageError(`${option} wants ${what}, not ${JSON.stringify(text)}.`);
  return value;
}
