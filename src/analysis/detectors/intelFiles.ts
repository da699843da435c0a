/** Files with a listed hash, by entry and the two that passed them on, whatever the protocol was. */
import type { CaptureState } from '../captureState.ts';
import { countText } from '../describe.ts';
import { safeText } from '../exports/safeText.ts';
import type { SeenFile } from '../fileTransfers.ts';
import type { IntelEntry } from '../intelEntries.ts';
import type { IntelIndex } from '../intelIndex.ts';
import type { ListedFile, Match } from './intelFinding.ts';
import { endsOf, Evidence, Watched } from './watched.ts';

/** Where an FTP server sends from, and a TFTP server is asked. */
const FTP_DATA_PORT = 20,
  TFTP_PORT = 69;

interface Passed extends ListedFile {
  readonly entry: IntelEntry;
  readonly senderPort: number;
  readonly receiverPort: number;
  readonly names: Set<string>;
  readonly evidence: Evidence;
}

export class ListedFiles {
  readonly #index: IntelIndex;
  readonly #passed: Watched<string, Passed>;
  /** Files whose hash cannot be told. */
  #unknown = 0;

  constructor(index: IntelIndex, most: number) {
    this.#index = index;
    this.#passed = new Watched(most);
  }

  add({ row, digests, evidence }: SeenFile): void {
    if (digests === null) {
      this.#unknown++;
      return;
    }
    const entry = this.#index.ofFile(digests);
    if (entry === undefined) return;
    const { sender, senderPort, receiver, receiverPort, name, carrier } = row;
    const passed = this.#passed.of(`${entry.type} ${entry.value} ${sender} ${receiver} ${carrier}`, () => ({
      entry,
      ...{ sender, senderPort, receiver, receiverPort, name, carrier },
      names: new Set(),
      evidence: new Evidence(),
    }));
    if (passed === undefined) return;
    if (passed.names.size < 3) passed.names.add(safeText(row.path === '' ? name : row.path, 200));
    passed.evidence.include(evidence);
  }

  matches(state: CaptureState): Match[] {
    return [...this.#passed.values].map(({ entry, names, evidence, ...file }) => {
      const [client, server, port] = roles(file, state, evidence.resolve(state.flows).flows[0]);
      return { entry, listed: null, client, server, port, how: 'passed', file, seen: names, evidence, isAnswered: true, packets: null };
    });
  }

  limits(underWay: number): string[] {
    const unknown = this.#unknown + underWay;
    return [
      ...this.#passed.limits('files'),
      ...(unknown === 0
        ? []
        : [`The hashes of ${countText(unknown)} files are not known: parts of them are missing, or they are packed in a way that is not read.`]),
    ];
  }
}

/** Client, server and the server's port; 0 where transfers have a port of their own each (FTP, TFTP). */
function roles(file: Omit<Passed, 'entry' | 'names' | 'evidence'>, state: CaptureState, flow: number | undefined): [string, string, number] {
  const { sender, receiver, carrier } = file;
  if (flow === undefined) return [receiver, sender, file.senderPort];
  const { client, server, serverPort } = endsOf(state, flow);
  if (carrier !== 'ftp-data' && carrier !== 'tftp') return [client, server, serverPort];
  // The server calls back: from its port of data (RFC 959 section 3.2), or with its answer to a request (RFC 1350 section 4).
  const callerPort = client === sender ? file.senderPort : file.receiverPort,
    isTurned = carrier === 'tftp' ? serverPort !== TFTP_PORT : callerPort === FTP_DATA_PORT;
  return isTurned ? [server, client, 0] : [client, server, 0];
}
