/**
 * Writes to industrial controllers over Modbus: outputs and registers are set, or a device is restarted. Control systems do so all day; a second master, or one
 * that only writes, is worth a look.
 */
import * as z from 'zod';
import { modbusMessage } from '../../pcap/dissectors/modbus.ts';
import type { CaptureState } from '../captureState.ts';
import { coverage, examinedAll, unreadableFrames } from '../coverage.ts';
import { plural } from '../describe.ts';
import { defineDetector, type FindingDraft } from '../detector.ts';
import { Sightings, sightingDraft, type Sighting } from './sightings.ts';
import { isLocalAddress } from './watched.ts';

const options = z.object({
  writes: z.int().min(1).default(1).describe('Writes of a client to a controller (requests)'),
  allowedClients: z.array(z.string()).default([]).describe('Control systems that are meant to write, by address (addresses)'),
});
type Options = z.output<typeof options>;

/** Modbus Application Protocol 1.1b3 section 6. */
const WRITES = new Map([
  [5, 'Write Single Coil'],
  [6, 'Write Single Register'],
  [15, 'Write Multiple Coils'],
  [16, 'Write Multiple Registers'],
  [21, 'Write File Record'],
  [22, 'Mask Write Register'],
  [23, 'Read/Write Multiple Registers'],
  [90, 'Unity (Schneider)'],
]);
const MOST_PAIRS = 5000;

export const icsWrite = defineDetector({
  id: 'ics-write',
  title: 'Writes to industrial controllers',
  tier: 3,
  deed: 'wrote to the controller {whom}',
  description:
    'A client sets outputs or registers of an industrial controller, or restarts it. The control system does so by design; anybody else does not.',
  options,
  messages: [modbusMessage.kind],
  create(_, state) {
    const seen = new Sightings<{ readonly id: string }>(state),
      /** Who reads from each controller: the system that controls it also reads. */
      readers = new Map<string, Set<string>>(),
      write = { id: 'modbus' },
      read = { id: 'read' },
      reads = new Sightings<{ readonly id: string }>(state);
    return {
      onMessage(message, flow, p) {
        if (!modbusMessage.is(message) || flow < 0 || message.direction !== 0) return;
        const name = WRITES.get(message.functionCode);
        if (name !== undefined) seen.add(write, flow, p, name);
        else {
          const one = reads.add(read, flow, p);
          if (one === null) return;
          const known = readers.get(one.server);
          if (known !== undefined) known.add(one.client);
          else if (readers.size < MOST_PAIRS) readers.set(one.server, new Set([one.client]));
        }
      },
      evaluate(values) {
        const allowed = new Set(values.allowedClients);
        return {
          findings: [...seen.values]
            .filter(({ count, client }) => count >= values.writes && !allowed.has(client))
            .map((one) => draft(values, state, one, readers.get(one.server) ?? new Set())),
          coverage: coverage(examinedAll(state), [...unreadableFrames(state), ...seen.limits('clients and controllers')]),
        };
      },
    };
  },
});

function draft(values: Options, state: CaptureState, one: Sighting<{ readonly id: string }>, readers: ReadonlySet<string>): FindingDraft {
  const { client, server, serverPort, count, texts } = one,
    isOutside = !isLocalAddress(client),
    isSecond = readers.size > 0 && !readers.has(client);
  return sightingDraft(state, one, {
    technique: 'modbus',
    severity: isSecond ? 'medium' : 'low',
    parts: [
      ['requests that change a controller', 50],
      ['others read from it, and this one only writes', isSecond ? 20 : 0],
      ['from an address outside', isOutside ? 10 : 0],
    ],
    title: `${client} writes to the controller ${server}: ${plural(count, 'request')}`,
    description: `${plural(count, 'Modbus request')} (threshold ${values.writes}) to ${server} port ${serverPort} set something: ${[...texts].join(', ')}.`,
    alternatives: ['The control system, an engineer at work, or a test.'],
    attack: ['T0855', 'T0831'],
    recommendation: `Find out whether ${client} is meant to control ${server}, and allow it by name if so.`,
  });
}
