/**
 * Commands to industrial controllers over Modbus, S7comm, DNP3, IEC 60870-5-104, EtherNet/IP and BACnet: outputs and registers are set, a program is loaded, a
 * device is stopped or restarted. Control systems set values all day; a second master, or one that only writes, is worth a look, and so is whoever stops a controller.
 */
import * as z from 'zod';
import { modbusMessage, type ModbusMessage } from '../../pcap/dissectors/modbus.ts';
import { icsCommandMessage, type IcsCommandMessage, type IcsEffect } from '../../pcap/icsCommand.ts';
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
const MODBUS_WRITES = new Map([
  [5, 'Write Single Coil'],
  [6, 'Write Single Register'],
  [15, 'Write Multiple Coils'],
  [16, 'Write Multiple Registers'],
  [21, 'Write File Record'],
  [22, 'Mask Write Register'],
  [23, 'Read/Write Multiple Registers'],
]);
type Command = Pick<IcsCommandMessage, 'protocol' | 'name' | 'effect'>;

/** Modbus function code * 65,536 + sub-function. Of Schneider's own, UMAS, nothing is published; these are what others found (Kaspersky ICS CERT, 2022). */
const MODBUS_OPERATIONS: ReadonlyMap<number, readonly [name: string, effect: IcsEffect]> = new Map([
  [0x80001, ['Restart Communications', 'operate']],
  [0x80004, ['Force Listen Only Mode', 'operate']],
  [0x5a0021, ['Unity (Schneider): write memory', 'write']],
  [0x5a0023, ['Unity (Schneider): write variables', 'write']],
  [0x5a0025, ['Unity (Schneider): write coils and registers', 'write']],
  [0x5a0030, ['Unity (Schneider): begin download', 'load']],
  [0x5a0031, ['Unity (Schneider): download block', 'load']],
  [0x5a0032, ['Unity (Schneider): end download', 'load']],
  [0x5a0040, ['Unity (Schneider): start', 'operate']],
  [0x5a0041, ['Unity (Schneider): stop', 'operate']],
] as const);
const DIAGNOSE = 8;

/** In these, controllers and room devices also write to each other without ever reading: who only writes is no second master. */
const AMONG_PEERS: readonly string[] = ['BACnet', 'EtherNet/IP'];
const MOST_PAIRS = 5000;

interface Kind {
  readonly id: string;
  readonly protocol: string;
  readonly effect: Exclude<IcsEffect, 'read'>;
}
/** How what was done is told: in a title, in the sentence of an incident, as a reason with its points, and as techniques of ATT&CK. */
const TOLD: Readonly<
  Record<
    Kind['effect'],
    { readonly does: string; readonly deed: string; readonly part: readonly [string, number]; readonly attack: readonly string[] }
  >
> = {
  write: {
    does: 'writes to',
    deed: 'wrote to the controller {whom}',
    part: ['requests that change a controller', 50],
    attack: ['T0855', 'T0831'],
  },
  operate: {
    does: 'stops, starts or restarts',
    deed: 'stopped, started or restarted the controller {whom}',
    part: ['requests that stop, start or restart a controller', 65],
    attack: ['T0858', 'T0816'],
  },
  load: {
    does: 'loads or deletes a program of',
    deed: 'loaded or deleted a program of the controller {whom}',
    part: ['requests that load or delete a program', 60],
    attack: ['T0843'],
  },
};

export const icsWrite = defineDetector({
  id: 'ics-write',
  title: 'Commands to industrial controllers',
  tier: 3,
  deed: TOLD.write.deed,
  description:
    'A client sets outputs or registers of an industrial controller, loads a program into it, or stops or restarts it. The control system does so by design; anybody else does not.',
  options,
  messages: [modbusMessage.kind, icsCommandMessage.kind],
  create(_, state) {
    const kinds = new Map<string, Kind>(),
      seen = new Sightings<Kind>(state),
      /** Who reads from each controller: the system that controls it also reads. */
      readers = new Map<string, Set<string>>(),
      read = { id: 'read' },
      reads = new Sightings<{ readonly id: string }>(state),
      kindOf = (protocol: string, effect: Kind['effect']): Kind => {
        const id = effect === 'write' ? protocol.toLowerCase() : `${protocol.toLowerCase()}-${effect}`;
        let kind = kinds.get(id);
        if (kind === undefined) kinds.set(id, (kind = { id, protocol, effect }));
        return kind;
      };
    return {
      onMessage(message, flow, p) {
        const command = icsCommandMessage.is(message)
          ? message
          : modbusMessage.is(message) && message.direction === 0
            ? modbusCommand(message)
            : null;
        if (command === null) return;
        if (command.effect !== 'read') {
          seen.add(kindOf(command.protocol, command.effect), flow, p, command.name);
          return;
        }
        const one = reads.add(read, flow, p);
        if (one === null) return;
        const known = readers.get(one.server);
        if (known !== undefined) known.add(one.client);
        else if (readers.size < MOST_PAIRS) readers.set(one.server, new Set([one.client]));
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

const MODBUS_READ: Command = { protocol: 'Modbus', name: '', effect: 'read' };

/** Null for a diagnostic that changes nothing: who asks for it need not be the control system. */
function modbusCommand({ functionCode, subFunction }: Pick<ModbusMessage, 'functionCode' | 'subFunction'>): Command | null {
  const written = MODBUS_WRITES.get(functionCode);
  if (written !== undefined) return { protocol: 'Modbus', name: written, effect: 'write' };
  const operation = MODBUS_OPERATIONS.get(functionCode * 65_536 + subFunction);
  if (operation !== undefined) return { protocol: 'Modbus', name: operation[0], effect: operation[1] };
  return functionCode === DIAGNOSE ? null : MODBUS_READ;
}

function draft(values: Options, state: CaptureState, one: Sighting<Kind>, readers: ReadonlySet<string>): FindingDraft {
  const { client, server, serverPort, count, texts, mark } = one,
    { does, deed, part, attack } = TOLD[mark.effect],
    isOutside = !isLocalAddress(client),
    isSecond = readers.size > 0 && !readers.has(client) && !AMONG_PEERS.includes(mark.protocol);
  return sightingDraft(state, one, {
    technique: mark.id,
    deed,
    severity: isSecond || mark.effect !== 'write' ? 'medium' : 'low',
    parts: [part, ['others read from it, and this one only writes', isSecond ? 20 : 0], ['from an address outside', isOutside ? 10 : 0]],
    title: `${client} ${does} the controller ${server}: ${plural(count, 'request')}`,
    description: `${plural(count, `${mark.protocol} request`)} (threshold ${values.writes}) to ${server} port ${serverPort}: ${[...texts].join(', ')}.`,
    alternatives: ['The control system, an engineer at work, or a test.'],
    attack,
    together: {
      key: `${client} ${mark.effect}`,
      label: `${server} port ${serverPort}`,
      note: `${plural(count, `${mark.protocol} request`)}: ${[...texts].join(', ')}`,
      words: (all) => ({
        title: `${client} ${does} ${all.hosts('server', 'controller')}`,
        description: `One controller after the other was addressed (threshold ${values.writes} at each):`,
        recommendation: `Find out whether ${client} is meant to control these, and allow it by name if so.`,
      }),
    },
    recommendation: `Find out whether ${client} is meant to control ${server}, and allow it by name if so.`,
  });
}
