/** The protocols that set up a PPP link, which share one layout (RFC 1661 section 5): LCP, IPCP (RFC 1332, 1877), IPV6CP (RFC 5072), CCP (RFC 1962). */
import { defineFields, type Dissector, type Field, type FieldSink } from '../dissector.ts';
import type { Packet } from '../packet.ts';

const CODES: Readonly<Record<number, string>> = {
  1: 'Configuration Request',
  2: 'Configuration Ack',
  3: 'Configuration Nak',
  4: 'Configuration Reject',
  5: 'Termination Request',
  6: 'Termination Ack',
  7: 'Code Reject',
  8: 'Protocol Reject',
  9: 'Echo Request',
  10: 'Echo Reply',
  11: 'Discard Request',
  14: 'Reset Request',
  15: 'Reset Ack',
};

/** Of all four and of PAP and CHAP. */
export const pppControlFields = defineFields({
  code: { name: 'ppp.code', label: 'Code', type: 'uint', values: CODES },
  identifier: { name: 'ppp.identifier', label: 'Identifier', type: 'uint' },
  length: { name: 'ppp.length', label: 'Length', type: 'uint' },
});

interface Option {
  readonly field: Field;
  readonly length: number;
}

const HEADER = 4,
  LAST_WITH_OPTIONS = 4;

function controlProtocol(id: string, name: string, value: number, options: Readonly<Record<number, Option>>, optionType: Field): Dissector {
  const fields: Record<string, Field> = { ...pppControlFields, optionType };
  for (const { field } of Object.values(options)) fields[field.name] = field;
  const self: Dissector = {
    id,
    name,
    fields,
    on: [{ table: 'ppp.protocol', value }],
    dissect(p, offset, end, sink) {
      if (!p.has(HEADER, offset, end) || sink === null) return;
      const code = p.view.getUint8(offset),
        to = Math.min(end, offset + Math.max(HEADER, p.view.getUint16(offset + 2)));
      sink.layer(self, offset, to - offset);
      sink.add(pppControlFields.code, offset, 1);
      sink.add(pppControlFields.identifier, offset + 1, 1);
      sink.add(pppControlFields.length, offset + 2, 2);
      if (code <= LAST_WITH_OPTIONS) describeOptions(p, offset + HEADER, to, options, optionType, sink);
      sink.info(`PPP ${id.toUpperCase()}`, CODES[code] ?? `code ${code}`);
    },
  };
  return self;
}

function describeOptions(
  p: Packet,
  offset: number,
  end: number,
  options: Readonly<Record<number, Option>>,
  optionType: Field,
  sink: FieldSink,
): void {
  for (let at = offset; at + 2 <= end;) {
    const type = p.view.getUint8(at),
      length = p.view.getUint8(at + 1);
    if (length < 2 || at + length > end) return;
    sink.add(optionType, at, length, type);
    const option = options[type];
    if (option !== undefined && length - 2 >= option.length) {
      sink.open();
      sink.add(option.field, at + 2, option.length);
      sink.close();
    }
    at += length;
  }
}

export const lcp: Dissector = controlProtocol(
  'lcp',
  'PPP Link Control Protocol',
  0xc021,
  {
    1: { field: { name: 'lcp.opt.mru', label: 'MRU', type: 'uint' }, length: 2 },
    2: { field: { name: 'lcp.opt.asyncmap', label: 'Async Control Character Map', type: 'uint', base: 'hex' }, length: 4 },
    3: {
      field: {
        name: 'lcp.opt.auth_protocol',
        label: 'Authentication Protocol',
        type: 'uint',
        base: 'hex',
        values: {
          0xc023: 'Password Authentication Protocol',
          0xc223: 'Challenge Handshake Authentication Protocol',
          0xc227: 'Extensible Authentication Protocol',
        },
      },
      length: 2,
    },
    5: { field: { name: 'lcp.opt.magic_number', label: 'Magic Number', type: 'uint', base: 'hex' }, length: 4 },
  },
  {
    name: 'lcp.opt.type',
    label: 'Option',
    type: 'uint',
    values: {
      1: 'Maximum Receive Unit',
      2: 'Async Control Character Map',
      3: 'Authentication Protocol',
      4: 'Quality Protocol',
      5: 'Magic Number',
      7: 'Protocol Field Compression',
      8: 'Address and Control Field Compression',
      13: 'Callback',
      17: 'Multilink MRRU',
      19: 'Multilink Endpoint Discriminator',
    },
  },
);

export const ipcp: Dissector = controlProtocol(
  'ipcp',
  'PPP IP Control Protocol',
  0x8021,
  {
    3: { field: { name: 'ipcp.opt.ip_address', label: 'IP Address', type: 'ipv4' }, length: 4 },
    129: { field: { name: 'ipcp.opt.pri_dns_address', label: 'Primary DNS Address', type: 'ipv4' }, length: 4 },
    130: { field: { name: 'ipcp.opt.pri_nbns_address', label: 'Primary NBNS Address', type: 'ipv4' }, length: 4 },
    131: { field: { name: 'ipcp.opt.sec_dns_address', label: 'Secondary DNS Address', type: 'ipv4' }, length: 4 },
    132: { field: { name: 'ipcp.opt.sec_nbns_address', label: 'Secondary NBNS Address', type: 'ipv4' }, length: 4 },
  },
  {
    name: 'ipcp.opt.type',
    label: 'Option',
    type: 'uint',
    values: {
      2: 'IP Compression Protocol',
      3: 'IP Address',
      129: 'Primary DNS Server IP Address',
      130: 'Primary NBNS Server IP Address',
      131: 'Secondary DNS Server IP Address',
      132: 'Secondary NBNS Server IP Address',
    },
  },
);

export const ipv6cp: Dissector = controlProtocol(
  'ipv6cp',
  'PPP IPv6 Control Protocol',
  0x8057,
  {
    1: { field: { name: 'ipv6cp.opt.interface_identifier', label: 'Interface Identifier', type: 'bytes' }, length: 8 },
  },
  { name: 'ipv6cp.opt.type', label: 'Option', type: 'uint', values: { 1: 'Interface Identifier', 2: 'IPv6 Compression Protocol' } },
);

export const ccp: Dissector = controlProtocol(
  'ccp',
  'PPP Compression Control Protocol',
  0x80fd,
  {},
  {
    name: 'ccp.opt.type',
    label: 'Option',
    type: 'uint',
    values: {
      1: 'Predictor type 1',
      17: 'Stac Electronics LZS',
      18: 'Microsoft Point-to-Point Encryption/Compression',
      21: 'BSD Compress',
      26: 'Deflate',
    },
  },
);
