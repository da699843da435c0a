/** What is asked of an industrial controller, whatever protocol says it. */
import { messageKind, type Message } from './dissector.ts';

/** `write` sets values or outputs; `operate` stops, starts or restarts the controller; `load` puts a program or a file into it, or deletes one. */
export type IcsEffect = 'read' | 'write' | 'operate' | 'load';

export interface IcsCommandMessage extends Message {
  readonly kind: 'ics-command';
  /** As people call the protocol: `S7comm`. */
  readonly protocol: string;
  /** The function's name in the protocol. */
  readonly name: string;
  readonly effect: IcsEffect;
}
export const icsCommandMessage = messageKind<IcsCommandMessage>('ics-command');
