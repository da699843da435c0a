/** Which service a flow belongs to, and which of its sides serves. */
import { flowAddress } from '../conversations.ts';
import type { CaptureState } from '../captureState.ts';
import { beginsWithServer, endsOf } from '../detectors/watched.ts';
import * as F from '../flowTable.ts';
import type { ServiceBook } from './serviceBook.ts';
import { DHCP_SERVER_PORTS } from './serviceDhcp.ts';
import type { CollectedService } from './serviceRows.ts';

export class ServiceFlows {
  readonly #state: CaptureState;
  readonly #book: ServiceBook;
  /** By flow: the number of its service, 0 not looked up yet, -1 none. */
  #serviceOf = new Int32Array(1024);
  /** By address and port of its server, and layer. */
  readonly #byServer = new Map<number, CollectedService>();

  constructor(state: CaptureState, book: ServiceBook) {
    this.#state = state;
    this.#book = book;
  }

  /** Null where there are too many. */
  of(flow: number): CollectedService | null {
    if (flow >= this.#serviceOf.length) {
      const larger = new Int32Array(lengthFor(flow));
      larger.set(this.#serviceOf);
      this.#serviceOf = larger;
    }
    const known = this.#serviceOf[flow]!;
    if (known !== 0) return known < 0 ? null : this.#book.numbered(known);
    const key = this.#serverKey(flow),
      service = this.#byServer.get(key) ?? this.#new(flow, key);
    this.#serviceOf[flow] = service?.number ?? -1;
    if (service !== null) this.#book.addClient(service, endsOf(this.#state, flow).client);
    return service;
  }

  #new(flow: number, key: number): CollectedService | null {
    if (this.#book.isFull && !this.#book.hasPort(this.#serverPort(flow))) return null;
    const { server, serverPort } = endsOf(this.#state, flow),
      service = this.#book.service(isTcp(this.#state, flow) ? 'tcp' : 'udp', server, serverPort);
    if (service !== null) this.#byServer.set(key, service);
    return service;
  }

  #serverPort(flow: number): number {
    const ports = this.#state.flows.ints[flow * F.INTS + F.PORTS]!;
    return beginsWithServer(this.#state, flow) ? ports >>> 16 : ports & 0xffff;
  }

  #serverKey(flow: number): number {
    const { ints } = this.#state.flows,
      at = flow * F.INTS,
      address = ints[at + (beginsWithServer(this.#state, flow) ? F.A : F.B)]! >>> 0,
      kind = (isTcp(this.#state, flow) ? 2 : 0) + ((ints[at + F.META]! & F.META_IPV6) === 0 ? 0 : 1);
    return (address * 65536 + this.#serverPort(flow)) * 4 + kind;
  }

  /**
   * Datagrams whose protocol does not ask and answer belong to no service, unless an error quotes them. Those of DHCP have a port of their own at both ends;
   * `silentDhcp`: by address, where they were sent to and nobody answered.
   */
  knownUdp(flow: number, silentDhcp: ReadonlyMap<string, CollectedService>): CollectedService | null {
    const ports = this.#state.flows.ints[flow * F.INTS + F.PORTS]!;
    if (DHCP_SERVER_PORTS.includes(ports >>> 16) && this.#book.hasPort(ports >>> 16)) {
      const known = this.#book.known('udp', flowAddress(this.#state, flow, F.A), ports >>> 16);
      if (known !== null) return known;
    }
    if (!this.#book.hasPort(this.#serverPort(flow)) && silentDhcp.size === 0) return null;
    const { server, serverPort } = endsOf(this.#state, flow);
    return (DHCP_SERVER_PORTS.includes(serverPort) ? silentDhcp.get(server) : undefined) ?? this.#book.known('udp', server, serverPort);
  }

  /** Direction of what the server of a flow sends; it is the originator where a capture begins amid a connection. */
  serverSide(flow: number, { port }: Pick<CollectedService, 'port'>): 0 | 1 {
    const ports = this.#state.flows.ints[flow * F.INTS + F.PORTS]!;
    return (ports & 0xffff) === port || ports >>> 16 !== port ? 1 : 0;
  }

  sideOf(flow: number, direction: 0 | 1): 'client' | 'server' {
    return direction === this.serverSide(flow, { port: endsOf(this.#state, flow).serverPort }) ? 'server' : 'client';
  }
}

export const isTcp = ({ flows: { ints } }: CaptureState, flow: number): boolean =>
  (ints[flow * F.INTS + F.META]! & F.META_PROTOCOL) === F.PROTOCOL_TCP;

/** Of columns by flow that are to hold this one. */
export const lengthFor = (flow: number): number => 2 ** Math.ceil(Math.log2(flow + 2));
