/** Finds out by content what a file is, and says what it seems to be when it is no capture. */
import type { ByteSource } from './byteSource.ts';
import type { CaptureFormat } from './captureFormat.ts';
import * as registry from './formats/registry.ts';

export const formats: readonly CaptureFormat[] = Object.values(registry);

export type Compression = 'gzip' | 'zstd';

export type Sniffed =
  | { readonly kind: 'capture'; readonly format: CaptureFormat }
  | { readonly kind: 'compressed'; readonly compression: Compression }
  /** `looksLike` completes "it looks like ...". */
  | { readonly kind: 'other'; readonly looksLike: string }
  | { readonly kind: 'empty' };

export const SNIFF_BYTES = 512;

/** What the first bytes of a file say. */
export async function sniff(source: ByteSource): Promise<Sniffed> {
  const head = new Uint8Array(SNIFF_BYTES);
  const count = await source.read(head, 0, SNIFF_BYTES, 0);
  return sniffBytes(head.subarray(0, count));
}

export function sniffBytes(head: Uint8Array): Sniffed {
  if (head.length === 0) return { kind: 'empty' };
  const format = formats.find((candidate) => candidate.sniff(head));
  if (format !== undefined) return { kind: 'capture', format };
  if (startsWith(head, [0x1f, 0x8b])) return { kind: 'compressed', compression: 'gzip' };
  if (startsWith(head, [0x28, 0xb5, 0x2f, 0xfd])) return { kind: 'compressed', compression: 'zstd' };
  return { kind: 'other', looksLike: describeContent(head) };
}

/** Signatures of what people open by mistake; capture formats of other tools are told apart, with what converts them. */
const SIGNATURES: readonly (readonly [readonly number[], string])[] = [
  [[0x47, 0x4d, 0x42, 0x55], 'a Microsoft Network Monitor capture; Wireshark or editcap can save it as pcapng'],
  [[0x52, 0x54, 0x53, 0x53], 'a Microsoft Network Monitor 1.x capture; Wireshark or editcap can save it as pcapng'],
  [[0x45, 0x4c, 0x46, 0x46, 0x69, 0x6c, 0x65], 'a Windows event log'],
  [[0x58, 0x43, 0x50, 0], 'a NetXray or Windows Sniffer capture; Wireshark or editcap can save it as pcapng'],
  [[0x54, 0x52, 0x53, 0x4e, 0x49, 0x46, 0x46], 'a DOS Sniffer capture; Wireshark or editcap can save it as pcapng'],
  [[0x7f, 0x45, 0x4c, 0x46], 'an ELF program'],
  [[0x4d, 0x5a], 'a Windows program'],
  [[0x25, 0x50, 0x44, 0x46], 'a PDF document'],
  [[0x89, 0x50, 0x4e, 0x47], 'a PNG picture'],
  [[0xff, 0xd8, 0xff], 'a JPEG picture'],
  [[0x50, 0x4b, 3, 4], 'a ZIP archive; extract the capture first'],
  [[0x37, 0x7a, 0xbc, 0xaf], 'a 7-Zip archive; extract the capture first'],
  [[0x52, 0x61, 0x72, 0x21], 'a RAR archive; extract the capture first'],
  [[0xfd, 0x37, 0x7a, 0x58, 0x5a], 'an xz file; decompress it first'],
  [[0x42, 0x5a, 0x68], 'a bzip2 file; decompress it first'],
  [[0x04, 0x22, 0x4d, 0x18], 'an LZ4 file; decompress it first'],
];

function describeContent(head: Uint8Array): string {
  for (const [signature, text] of SIGNATURES) if (startsWith(head, signature)) return text;
  if (head.every((byte) => byte === 0)) return 'a file of zeros';
  const text = new TextDecoder().decode(head);
  if (!text.includes('\ufffd') && ![...head].some((byte) => byte < 9)) {
    if (/^\s*[{[]/.test(text)) return 'JSON text';
    if (/^\s*</.test(text)) return 'HTML or XML text';
    return 'plain text';
  }
  return 'binary data of an unknown kind';
}

function startsWith(bytes: Uint8Array, signature: readonly number[]): boolean {
  return signature.every((byte, i) => bytes[i] === byte);
}
