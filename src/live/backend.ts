/**
 * A program that records packets and writes them to its standard output, where the recorder picks them up: naming, rings, stop conditions and counting
 * are the same for all of them. One file under `backends/` defines it, one line in `backends/registry.ts` admits it.
 */
export interface CaptureInterface {
  /** What the program is told, `eth0` or `\Device\NPF_{...}`. */
  readonly name: string;
  /** What people call it, `Wi-Fi`; empty where nobody named it. */
  readonly description: string;
  readonly addresses: readonly string[];
  readonly loopback: boolean;
}

export interface CaptureRequest {
  readonly interface: string;
  /** Empty for everything. */
  readonly filter: string;
  readonly format: 'pcap' | 'pcapng';
}

/** What a program says of itself on standard error; null where it did not say. */
export interface BackendCounts {
  readonly received: number | null;
  readonly dropped: number | null;
}

export interface Backend {
  readonly id: string;
  /** Name of the program, without `.exe`. */
  readonly program: string;
  readonly formats: readonly CaptureRequest['format'][];
  readonly listArguments: readonly string[];
  parseInterfaces(output: string): CaptureInterface[];
  captureArguments(request: CaptureRequest): string[];
  /** Arguments that only compile a filter, without opening an interface; null when the program cannot. */
  readonly checkFilterArguments: ((filter: string) => string[]) | null;
  /** The counts in one line of standard error, null for other lines. */
  parseCounts(line: string): BackendCounts | null;
  /** Makes the program say its counts while it records. */
  readonly countsSignal: 'SIGUSR1' | null;
}
