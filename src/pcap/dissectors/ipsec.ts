/** IPsec: encrypted payload (ESP, RFC 4303), its passage through NAT in UDP (RFC 3948), and the key exchange (IKE, RFC 2408 and RFC 7296). */
import { defineFields, type Dissector } from '../dissector.ts';

const espFields = defineFields({
  spi: { name: 'esp.spi', label: 'ESP SPI', type: 'uint', base: 'hex' },
  sequence: { name: 'esp.sequence', label: 'ESP Sequence', type: 'uint' },
});

const ESP_HEADER = 8;

export const esp: Dissector = {
  id: 'esp',
  name: 'Encapsulating Security Payload',
  fields: espFields,
  on: [{ table: 'ip.proto', value: 50 }],
  encrypted: true,
  dissect(p, offset, end, sink) {
    if (!p.has(ESP_HEADER, offset, end) || sink === null) return;
    sink.layer(esp, offset, end - offset);
    sink.add(espFields.spi, offset, 4);
    sink.add(espFields.sequence, offset + 4, 4);
    sink.info('ESP', `ESP (SPI=0x${p.view.getUint32(offset).toString(16).padStart(8, '0')})`);
  },
};

const encapsulationFields = defineFields({
  keepAlive: { name: 'udpencap.nat_keepalive', label: 'NAT-keepalive packet', type: 'none' },
  marker: { name: 'udpencap.non_esp_marker', label: 'Non-ESP-Marker', type: 'none' },
});

const KEEP_ALIVE = 0xff;

export const udpEncapsulation: Dissector = {
  id: 'udpencap',
  name: 'UDP Encapsulation of IPsec Packets',
  fields: encapsulationFields,
  on: [{ table: 'udp.port', value: 4500 }],
  recognise: (p, offset, end) =>
    (end - offset === 1 && p.view.getUint8(offset) === KEEP_ALIVE) ||
    (end - offset >= 12 && (p.view.getUint32(offset) !== 0 || looksLikeIke(p.view, offset + 4, end))),
  dissect(p, offset, end, sink) {
    if (end - offset < 4) {
      if (sink === null) return;
      sink.layer(udpEncapsulation, offset, end - offset);
      sink.add(encapsulationFields.keepAlive, offset, end - offset);
      sink.info('UDPENCAP', 'NAT-keepalive');
      return;
    }
    const isIke = p.view.getUint32(offset) === 0;
    if (sink !== null) {
      sink.layer(udpEncapsulation, offset, isIke ? 4 : 0);
      if (isIke) sink.add(encapsulationFields.marker, offset, 4);
    }
    // An SPI of 0 is never used by ESP: it marks IKE.
    if (isIke) p.nextById('isakmp', offset + 4, end);
    else p.nextById('esp', offset, end);
  },
};

const EXCHANGES: Readonly<Record<number, string>> = {
  1: 'Base',
  2: 'Identity Protection (Main Mode)',
  4: 'Aggressive',
  5: 'Informational',
  32: 'Quick Mode',
  34: 'IKE_SA_INIT',
  35: 'IKE_AUTH',
  36: 'CREATE_CHILD_SA',
  37: 'INFORMATIONAL',
};

const f = defineFields({
  initiatorSpi: { name: 'isakmp.ispi', label: 'Initiator SPI', type: 'bytes' },
  responderSpi: { name: 'isakmp.rspi', label: 'Responder SPI', type: 'bytes' },
  nextPayload: { name: 'isakmp.nextpayload', label: 'Next payload', type: 'uint' },
  version: { name: 'isakmp.version', label: 'Version', type: 'uint', base: 'hex', values: { 0x10: '1.0', 0x20: '2.0' } },
  exchange: { name: 'isakmp.exchangetype', label: 'Exchange type', type: 'uint', values: EXCHANGES },
  flags: { name: 'isakmp.flags', label: 'Flags', type: 'uint', base: 'hex' },
  messageId: { name: 'isakmp.messageid', label: 'Message ID', type: 'uint', base: 'hex' },
  length: { name: 'isakmp.length', label: 'Length', type: 'uint' },
});

const IKE_HEADER = 28,
  VERSION_AT = 17;

function looksLikeIke(view: DataView, offset: number, end: number): boolean {
  if (end - offset <= VERSION_AT) return false;
  const version = view.getUint8(offset + VERSION_AT);
  return version >> 4 === 1 || version >> 4 === 2;
}

export const isakmp: Dissector = {
  id: 'isakmp',
  name: 'Internet Security Association and Key Management Protocol',
  fields: f,
  on: [{ table: 'udp.port', value: 500 }],
  application: true,
  recognise: (p, offset, end) => looksLikeIke(p.view, offset, end),
  dissect(p, offset, end, sink) {
    if (!p.has(IKE_HEADER, offset, end) || sink === null) return;
    const exchange = p.view.getUint8(offset + 18);
    sink.layer(isakmp, offset, end - offset);
    sink.add(f.initiatorSpi, offset, 8);
    sink.add(f.responderSpi, offset + 8, 8);
    sink.add(f.nextPayload, offset + 16, 1);
    sink.add(f.version, offset + VERSION_AT, 1);
    sink.add(f.exchange, offset + 18, 1);
    sink.add(f.flags, offset + 19, 1);
    sink.add(f.messageId, offset + 20, 4);
    sink.add(f.length, offset + 24, 4);
    sink.info('ISAKMP', EXCHANGES[exchange] ?? `exchange ${exchange}`);
  },
};
