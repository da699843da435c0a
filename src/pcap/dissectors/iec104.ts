/** IEC 60870-5-104, telecontrol over TCP: the APCI, and of an ASDU its type, cause and addresses (IEC 60870-5-104:2006, IEC 60870-5-101:2003 section 7). */
import { NEED_MORE, NOT_MINE, defineFields, type Direction, type Dissector, type FieldSink, onlyOnPort } from '../dissector.ts';
import { enterLayer } from '../handOver.ts';
import type { IcsCommandMessage, IcsEffect } from '../icsCommand.ts';
import type { Packet } from '../packet.ts';

/** Types of the control direction; others are told by their number. */
const TYPES: Readonly<Record<number, string>> = {
  45: 'C_SC_NA_1',
  46: 'C_DC_NA_1',
  47: 'C_RC_NA_1',
  48: 'C_SE_NA_1',
  49: 'C_SE_NB_1',
  50: 'C_SE_NC_1',
  51: 'C_BO_NA_1',
  58: 'C_SC_TA_1',
  59: 'C_DC_TA_1',
  60: 'C_RC_TA_1',
  61: 'C_SE_TA_1',
  62: 'C_SE_TB_1',
  63: 'C_SE_TC_1',
  64: 'C_BO_TA_1',
  100: 'C_IC_NA_1',
  101: 'C_CI_NA_1',
  102: 'C_RD_NA_1',
  103: 'C_CS_NA_1',
  105: 'C_RP_NA_1',
  110: 'P_ME_NA_1',
  111: 'P_ME_NB_1',
  112: 'P_ME_NC_1',
  113: 'P_AC_NA_1',
};
/** What a command does, for those who do not know the types by heart. */
function wordsOf(type: number): string {
  const plain = type >= 58 && type <= 64 ? type - 13 : type,
    words =
      type === 105
        ? 'Reset process'
        : type >= 110
          ? 'Parameter'
          : (['Single command', 'Double command', 'Regulating step', 'Set point', 'Set point', 'Set point', 'Bit string'][plain - 45] ??
            'Interrogation');
  return `${words} (${TYPES[type] ?? type})`;
}

const ACTIVATION = 6;

function effectOf(type: number): IcsEffect | null {
  if (type === 105) return 'operate';
  if ((type >= 45 && type <= 51) || (type >= 58 && type <= 64) || (type >= 110 && type <= 113)) return 'write';
  return type >= 100 && type <= 102 ? 'read' : null;
}

const f = defineFields({
  length: { name: 'iec60870_104.apdulen', label: 'ApduLen', type: 'uint' },
  type: { name: 'iec60870_104.type', label: 'Type', type: 'uint', base: 'hex' },
});
const asduFields = defineFields({
  type: { name: 'iec60870_asdu.typeid', label: 'TypeId', type: 'uint', values: TYPES },
  cause: { name: 'iec60870_asdu.causetx', label: 'CauseTx', type: 'uint' },
  address: { name: 'iec60870_asdu.addr', label: 'Addr', type: 'uint' },
});

const PORT = 2404,
  START = 0x68,
  APCI = 6,
  LEAST = 4,
  MOST = 253,
  ASDU = 6;

export const iec104Asdu: Dissector = { id: 'iec60870_asdu', name: 'IEC 60870-5-101/104 ASDU', fields: asduFields, on: [], application: true };

export const iec104: Dissector = {
  id: 'iec60870_104',
  name: 'IEC 60870-5-104',
  fields: f,
  on: [{ table: 'tcp.port', value: PORT }],
  application: true,
  stream: {
    recognise: onlyOnPort(PORT, APCI, isHeader),
    open: () => null,
    keepBytes: APCI + ASDU,
    step(p, bytes, offset, end) {
      if (end - offset < 2) return NEED_MORE;
      if (!isHeader(bytes, offset)) return NOT_MINE;
      p.pduComplete = true;
      return 2 + bytes[offset + 1]!;
    },
    dissect: dissectIec104,
  },
};

function isHeader(bytes: Uint8Array, offset: number): boolean {
  return bytes[offset] === START && bytes[offset + 1]! >= LEAST && bytes[offset + 1]! <= MOST;
}

function dissectIec104(p: Packet, offset: number, end: number, direction: Direction, _state: null, sink: FieldSink | null): void {
  if (end - offset < APCI) return;
  const { bytes, view } = p,
    format = bytes[offset + 2]! & 3,
    at = offset + APCI,
    // Only frames of format I, with an even control field, carry anything.
    hasAsdu = (format & 1) === 0 && at + ASDU <= end;
  if (sink !== null) {
    sink.layer(iec104, offset, APCI);
    sink.add(f.length, offset + 1, 1);
    sink.add(f.type, offset + 2, 1, (format & 1) === 0 ? 0 : format);
    sink.info('IEC 60870-5-104', (format & 1) === 0 ? 'I' : format === 1 ? 'S' : 'U');
  }
  if (!hasAsdu) return;
  enterLayer(p, 'iec60870_asdu');
  const type = bytes[at]!,
    cause = bytes[at + 2]! & 0x3f,
    effect = effectOf(type);
  if (effect !== null && direction === 0 && cause === ACTIVATION && p.hears('ics-command'))
    p.emit({ kind: 'ics-command', frame: p.frame, protocol: 'IEC 60870-5-104', name: wordsOf(type), effect } satisfies IcsCommandMessage);
  if (sink === null) return;
  sink.layer(iec104Asdu, at, end - at);
  sink.add(asduFields.type, at, 1);
  sink.add(asduFields.cause, at + 2, 1, cause);
  sink.add(asduFields.address, at + 4, 2, view.getUint16(at + 4, true));
  sink.info('IEC 60870-5 ASDU', `${TYPES[type] ?? `Type ${type}`}, cause ${cause}`);
}
