/** Fields of single protocols select the frames that tshark 4.0 selects by them. */
import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { openCaptureFile } from '../../src/analysis/captureFile.node.ts';
import { selectFrames } from '../../src/analysis/filtering.ts';
import { sample, shared } from '../support/analyzeCapture.ts';
import { framesMatchingEach, tsharkVersion } from '../support/tshark.ts';

/** Each selects something. */
const CASES: readonly (readonly [file: string, ...expressions: string[]])[] = [
  [
    sample('smb-session.pcap'),
    'smb2.filename == "firmware.bin"',
    'smb2.filename == "\\\\notes.txt"',
    'smb2.filename matches "txt$"',
    'smb2.find.pattern == "*"',
  ],
  [
    sample('share-work.pcap'),
    'smb2.filename contains "~wr"',
    'smb2.filename == "accounts-00.bak"',
    'smb2.filename == "contracts\\\\contracts-00.bak"',
  ],
  [sample('share-encrypted.pcap'), 'smb2.filename contains ".locked7"', 'smb2.filename == "\\\\accounts\\\\accounts-01.docx"'],
  [
    sample('smb1-session.pcap'),
    'smb.path',
    'smb.path contains "IPC$" and smb.tid != 65535',
    'smb.path contains "TEAM"',
    'smb.trans2.cmd',
    'smb.trans2.cmd == 0x10',
  ],
  [
    sample('dtls.pcap'),
    'dtls',
    'dtls.record.content_type == "Handshake"',
    'dtls.record.version == 0xfeff',
    'dtls.record.version == "DTLS 1.2"',
    'dtls.record.epoch == 1 and dtls.record.sequence_number == 0',
    'dtls.record.sequence_number > 8',
    'dtls.record.length == 1',
    'dtls.handshake.type == 3',
    'dtls.handshake.type == "Certificate"',
    'dtls.handshake.message_seq == 2',
    'dtls.handshake.fragment_offset > 0',
    'dtls.handshake.fragment_length < dtls.handshake.length',
    'dtls.handshake.cookie_length == 20',
    'dtls.handshake.cookie and dtls.handshake.type == 1',
    'dtls.handshake.version == 0xfefd',
    'dtls.handshake.extensions_server_name == "sensors.example.com"',
    'dtls.fragment and dtls.handshake.type == 12',
    'dtls.handshake.extensions_alpn_str == "coap"',
    'dtls.handshake.ciphersuite == 0xc030',
    'dtls.handshake.sig_hash_alg == 0x0804 and dtls.handshake.type == 12',
    'dtls.handshake.ja3_full',
    'dtls.handshake.ja3s_full',
    'dtls.use_srtp.protection_profile == 1',
    'dtls.fragment.count == 5',
    'dtls.reassembled.length > 500',
    'dtls.alert_message.desc == 48',
    'dtls.alert_message.level == "Fatal"',
    'dtls.app_data',
    'dtls.change_cipher_spec',
    'x509ce.dNSName == "vpn.example.com"',
  ],
  [sample('web-proxy.pcap'), 'http.request.full_uri == "www.example.com:443"', 'http.response_for.uri == "www.example.com:443"'],
  [sample('snmp-walk.pcap'), 'snmp.error_status == 0', 'snmp.value.counter > 0'],
  [
    shared('dos__amp.UDP.snmp.src161.pcapng'),
    'snmp.max_repetitions == 70 and !icmp',
    'snmp.non_repeaters == 0 and !icmp',
    'snmp.error_index > 0',
    'snmp.value.g32 == 10000000',
    'snmp.value.counter == 33452',
  ],
  [
    shared('c2__09ffabf7-774a-43a3-8c97-68f2046fd385.pcap'),
    'http.request and ssdp',
    'http.request and !ssdp',
    'http.request.full_uri == "http://239.255.255.250:1900*"',
  ],
  [shared('format__raw_ip.pcap'), 'dhcp.secs == 26'],
];

if (tsharkVersion() === null) {
  it('needs tshark to compare with', () => {
    expect(process.env['CI'], 'CI must install tshark').toBeUndefined();
  });
} else {
  describe.each(CASES.filter(([file]) => existsSync(file)))('%s', (file, ...expressions) => {
    it('selects as tshark does', async () => {
      const theirs = framesMatchingEach(file, expressions),
        opened = await openCaptureFile({ kind: 'path', path: file });
      if (!opened.ok) throw new Error(opened.message);
      for (const [i, expression] of expressions.entries()) {
        const ours = [...(await selectFrames(opened.capture.source, opened.capture.format, expression, undefined, {})).frames()];
        expect({ expression, frames: ours }).toEqual({ expression, frames: theirs[i] });
        expect(ours.length, expression).toBeGreaterThan(0);
      }
      await opened.capture.close();
    });
  });
}
