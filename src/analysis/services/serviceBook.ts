/** The services of a capture as they are met, each with what was measured and what came of it; bounded whatever the capture holds. */
import { addOutcome, newService, type CollectedService, type KeptTimes } from './serviceRows.ts';

/** Server ports that are told apart, times that are kept of all of them, and clients. */
const MOST_SERVICES = 5000,
  MOST_TIMES = 1_000_000,
  MOST_CLIENTS = 200_000;
/** Slowest answers of one service. */
const MOST_SLOWEST = 10;
/** Characters of what was asked. */
export const LONGEST_WHAT = 200;

export class ServiceBook {
  readonly #services = new Map<string, CollectedService>();
  readonly #list: CollectedService[] = [];
  readonly #ports = new Set<number>();
  #last: CollectedService | null = null;
  #times = 0;
  #clients = 0;
  #missed = { services: false, times: false, clients: false };

  /** Whether there is no room for another service; then it says so from now on. */
  get isFull(): boolean {
    if (this.#list.length < MOST_SERVICES) return false;
    this.#missed.services = true;
    return true;
  }

  /** Null where there are too many. */
  service(layer: 'tcp' | 'udp', address: string, port: number): CollectedService | null {
    const last = this.#last;
    // One is asked many times in a row, by DNS most of all.
    if (last !== null && last.port === port && last.layer === layer && last.address === address) return last;
    const key = `${layer} ${address} ${port}`;
    let service = this.#services.get(key);
    if (service !== undefined) return (this.#last = service);
    if (this.isFull) return null;
    service = newService(this.#list.length + 1, layer, address, port);
    this.#services.set(key, service);
    this.#list.push(service);
    this.#ports.add(port);
    return (this.#last = service);
  }

  /** Whether any service has this port: asked first where a text would have to be made of each of a million addresses. */
  hasPort(port: number): boolean {
    return this.#ports.has(port);
  }

  /** Null where nothing was heard of it. */
  known(layer: 'tcp' | 'udp', address: string, port: number): CollectedService | null {
    return this.#services.get(`${layer} ${address} ${port}`) ?? null;
  }

  numbered(number: number): CollectedService {
    return this.#list[number - 1]!;
  }

  addClient({ clients }: CollectedService, client: string): void {
    if (clients.has(client)) return;
    if (this.#clients >= MOST_CLIENTS) this.#missed.clients = true;
    else {
      this.#clients++;
      clients.add(client);
    }
  }

  connected({ connecting }: CollectedService, seconds: number, frame: number): void {
    this.#keep(connecting, seconds, frame);
  }

  answered({ answering, slowest }: CollectedService, seconds: number, frame: number, what: string): void {
    if (!isMeasured(seconds)) return;
    this.#keep(answering, seconds, frame);
    if (slowest.length >= MOST_SLOWEST && seconds <= slowest[MOST_SLOWEST - 1]!.seconds) return;
    let at = slowest.length;
    while (at > 0 && (slowest[at - 1]!.seconds < seconds || (slowest[at - 1]!.seconds === seconds && slowest[at - 1]!.frame > frame))) at--;
    slowest.splice(at, 0, { frame, seconds, what });
    if (slowest.length > MOST_SLOWEST) slowest.pop();
  }

  /** `frame`: where it came about. */
  count({ outcomes }: CollectedService, what: string, frame: number): void {
    addOutcome(outcomes, what, frame, 'answer');
  }

  /** An answer that says there was an error. */
  failed(service: CollectedService, what: string, frame: number, isOfClient = false): void {
    service.errors++;
    addOutcome(service.outcomes, what, frame, 'error', 1, isOfClient);
  }

  #keep(times: KeptTimes, seconds: number, frame: number): void {
    if (!isMeasured(seconds)) return;
    if (this.#times >= MOST_TIMES) {
      this.#missed.times = true;
      return;
    }
    this.#times++;
    times.seconds.push(seconds);
    if (seconds > times.longest) {
      times.longest = seconds;
      times.frame = frame;
    }
  }

  /** Sentences about what was left out. */
  limits(): readonly string[] {
    const { services, times, clients } = this.#missed;
    return [
      ...(services ? [`Services beyond the first ${MOST_SERVICES} were not followed.`] : []),
      ...(times ? [`Times beyond the first ${MOST_TIMES} were not kept.`] : []),
      ...(clients ? [`Clients beyond the first ${MOST_CLIENTS} were not told apart.`] : []),
    ];
  }
}

/** A clock that was set back measures nothing. */
const isMeasured = (seconds: number): boolean => seconds >= 0;
