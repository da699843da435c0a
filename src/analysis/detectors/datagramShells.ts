/** Shells over UDP (ncat -u, socat UDP, bash with /dev/udp): who spoke first counts as the client, and each datagram as what one side says in a talk. */
import type { Packet } from '../../pcap/packet.ts';
import { SHELL_TALK, streamMark, type C2Mark } from './c2Marks.ts';
import { ShellTalks } from './shellTalk.ts';
import { datagramEnds } from './watched.ts';

const MOST_TALKS = 2000,
  SYSLOG = 514,
  /** RFC 5424: a log may tell of a shell. */
  LOG_LINE = /^<\d{1,3}>/;

export interface DatagramShell {
  readonly mark: C2Mark;
  readonly text: string;
  /** It goes to whoever spoke first. */
  readonly isAnswer: boolean;
}

export class DatagramShells {
  readonly #talks = new ShellTalks();
  /** Who spoke first between two ports, as the key of that direction. */
  readonly #first = new Set<string>();

  /** What makes the datagram that is being read a shell's; null for others. */
  said(text: string, p: Packet): DatagramShell | null {
    const ends = datagramEnds(p);
    if (ends === null || ends.sourcePort === SYSLOG || ends.destinationPort === SYSLOG || LOG_LINE.test(text)) return null;
    const there = `${ends.source} ${ends.sourcePort} ${ends.destination} ${ends.destinationPort}`,
      back = `${ends.destination} ${ends.destinationPort} ${ends.source} ${ends.sourcePort}`,
      isAnswer = this.#first.has(back);
    if (!isAnswer && !this.#first.has(there)) {
      if (this.#first.size >= MOST_TALKS) return null;
      this.#first.add(there);
    }
    const command = this.#talks.said(isAnswer ? back : there, isAnswer ? 1 : 0, text, 0);
    if (command !== null) return { mark: SHELL_TALK, text: command, isAnswer };
    const mark = streamMark(text);
    return mark?.id === SHELL_TALK.id ? { mark, text: text.trimStart().split(/[\r\n]/, 1)[0] ?? '', isAnswer } : null;
  }
}
