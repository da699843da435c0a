/** `netsec packet`: everything about one frame: the tree of its fields, and its bytes. */
import type { FieldNode, PacketDetail } from '../../analysis/engineApi.ts';
import { countText } from '../../analysis/engine.ts';
import { safeText } from '../../analysis/exports/safeText.ts';
import { paint, type TextStyle } from '../../analysis/exports/textLayout.ts';
import { withoutSecrets } from '../../analysis/hideSecrets.ts';
import { EXIT, KEY_LOG, textOption, UsageError, wholeNumber, type Command } from '../command.ts';
import { withSession } from '../openSession.ts';
import { oneCapture } from './packets.ts';

export const packet: Command = {
  name: 'packet',
  summary: 'one packet: its fields and its bytes',
  usage: '<file | latest> <number> [options]',
  options: {
    json: { type: 'boolean', description: 'as JSON; bytes as hexadecimal text' },
    'no-hex': { type: 'boolean', description: 'the fields only' },
    'show-secrets': { type: 'boolean', description: 'passwords and tokens as they are; they are hidden otherwise, in the bytes too' },
    keylog: KEY_LOG,
    folder: { type: 'string', value: 'DIR', description: 'where "latest" looks (captures/, else here)' },
  },
  examples: ['netsec packet office.pcap 412', 'netsec packet latest 1 --json'],
  async run(args, terminal) {
    const [file, number, ...more] = args.positionals;
    if (file === undefined || number === undefined) throw new UsageError('Which packet? Say netsec packet <file> <number>.');
    if (more.length > 0) throw new UsageError(`One packet at a time: what is ${JSON.stringify(more[0])}?`);
    const frame = wholeNumber('The packet number', number, 1);
    const path = await oneCapture({ ...args, positionals: [file] }, terminal);
    if (path === null) return EXIT.UNREADABLE;
    return withSession(path, textOption(args, 'keylog'), terminal, async (session) => {
      const detail = await session.handlers.packet({ frame }, terminal.signal);
      if (detail === null) {
        const { total } = await session.handlers.packets(
          { selection: { filter: '', timeRange: null }, sort: null, offset: 0, limit: 0 },
          terminal.signal,
        );
        terminal.say(`There is no packet ${countText(frame)}: the capture holds ${countText(total)}.`);
        return EXIT.USAGE;
      }
      const { detail: shown, hidden } = args.values['show-secrets'] === true ? { detail, hidden: false } : withoutSecrets(detail);
      await terminal.out(args.values['json'] === true ? asJson(shown) : asText(terminal.style, shown, args.values['no-hex'] !== true));
      if (hidden) terminal.say('Passwords and tokens are hidden; --show-secrets shows them.');
      return EXIT.DONE;
    });
  },
};

function asJson({ row, tree, sources }: PacketDetail): string {
  return `${JSON.stringify({ row, tree, sources: sources.map(({ name, bytes }) => ({ name, hex: hexOf(bytes) })) })}\n`;
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}

function asText(style: TextStyle, { row, tree, sources }: PacketDetail, withBytes: boolean): string {
  const title = `Packet ${countText(row.frame)}  ${row.time ?? ''}  ${safeText(row.source)} ${style.unicode ? '→' : '->'} ${safeText(row.destination)}  ${safeText(row.protocol)}  ${countText(row.length)} bytes`;
  const lines = [paint(style, title, 'bold'), safeText(row.info, 600), ...tree.flatMap((node) => nodeLines(style, node, 0))];
  if (withBytes)
    for (const { name, bytes } of sources)
      lines.push('', paint(style, `${safeText(name)} (${countText(bytes.length)} bytes)`, 'bold'), ...hexLines(style, bytes));
  return `${lines.join('\n')}\n`;
}

function nodeLines(style: TextStyle, node: FieldNode, depth: number): string[] {
  const label = safeText(node.label),
    text = safeText(node.text, 2000),
    line = text === '' ? label : text.startsWith(label) ? text : `${label}: ${text}`;
  const shown =
    node.severity === undefined
      ? depth === 0
        ? paint(style, line, 'bold')
        : line
      : paint(style, line, node.severity === 'error' ? 'red' : 'yellow');
  return ['  '.repeat(depth) + shown, ...node.children.flatMap((child) => nodeLines(style, child, depth + 1))];
}

/** Offset, sixteen bytes, and the printable ASCII of them. */
function hexLines(style: TextStyle, bytes: Uint8Array): string[] {
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += 16) {
    const part = [...bytes.subarray(at, at + 16)];
    const hex = part.map((byte, i) => `${i === 8 ? ' ' : ''}${byte.toString(16).padStart(2, '0')}`).join(' ');
    const ascii = part.map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.')).join('');
    lines.push(`${paint(style, at.toString(16).padStart(4, '0'), 'dim')}  ${hex.padEnd(48)}  ${ascii}`);
  }
  return lines;
}
