/** The beginning of a file that a protocol other than HTTP carries whole: TFTP, an attachment of a mail. */
import { messageKind, type Message } from './dissector.ts';

export interface FileStartMessage extends Message {
  readonly kind: 'file-start';
  /** Wireshark's protocol name, `tftp`. */
  readonly carrier: string;
  readonly name: string | null;
  /** The first bytes, one character each, at most 512. */
  readonly start: string;
}
export const fileStartMessage = messageKind<FileStartMessage>('file-start');
