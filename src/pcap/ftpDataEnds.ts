/** Where data connections of FTP were announced to go: what comes from or goes to such an end, as Wireshark learns it from the control connection. A bounded cache. */
import { NET_DST, NET_DST_PORT, NET_SRC, NET_SRC_PORT, NET_STRIDE, type Packet } from './packet.ts';

/** What announced a data connection. */
export interface FtpSetup {
  readonly frame: number;
  /** In Wireshark's words. */
  readonly method: 'PORT' | 'EPRT' | 'PASV' | 'EPASV';
  /** The first command behind it, and its frame; empty and 0 before. */
  command: string;
  commandFrame: number;
}

interface Known {
  readonly setup: FtpSetup;
  /** As in `Packet.net`: the announced one, and those of the two that talk, where a translation of addresses stands between them. */
  readonly addresses: readonly number[];
}

const MOST_PORTS = 8192,
  MOST_OF_A_PORT = 16;

export class FtpDataEnds {
  readonly #ports = new Map<number, Known[]>();

  get isEmpty(): boolean {
    return this.#ports.size === 0;
  }

  /** The frame announces this port; `address` as in `Packet.net`, null where it is one of the two that talk. */
  learn({ net, netCount, frame }: Packet, address: number | null, port: number, method: FtpSetup['method']): FtpSetup | null {
    const at = (netCount - 1) * NET_STRIDE;
    if (at < 0) return null;
    const known = this.#ports.get(port) ?? [],
      before = known.find(({ setup }) => setup.frame === frame);
    // Frames that somebody looks at are walked again.
    if (before !== undefined) return before.setup;
    if (known.length === 0 && this.#ports.size >= MOST_PORTS) this.#ports.delete(this.#ports.keys().next().value ?? 0);
    if (known.length >= MOST_OF_A_PORT) known.shift();
    const setup: FtpSetup = { frame, method, command: '', commandFrame: 0 };
    known.push({ setup, addresses: [...(address === null ? [] : [address | 0]), net[at + NET_SRC]!, net[at + NET_DST]!] });
    this.#ports.set(port, known);
    return setup;
  }

  /** What announced the innermost conversation of the frame: of several the last before it. */
  of({ net, netCount, frame }: Packet): FtpSetup | null {
    const at = (netCount - 1) * NET_STRIDE;
    if (at < 0 || this.#ports.size === 0) return null;
    return this.#find(net[at + NET_DST_PORT]!, net[at + NET_DST]!, frame) ?? this.#find(net[at + NET_SRC_PORT]!, net[at + NET_SRC]!, frame);
  }

  #find(port: number, address: number, frame: number): FtpSetup | null {
    return this.#ports.get(port)?.findLast(({ setup, addresses }) => setup.frame < frame && addresses.includes(address))?.setup ?? null;
  }
}
