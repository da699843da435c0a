/** `netsec packets --fields` against `tshark -T fields`: every field that both know, in every frame; what differs has a reason here. */
import fs from 'node:fs';
import { describe, expect, test } from 'vitest';
import { openCaptureFile } from '../../src/analysis/captureFile.node.ts';
import { filterCatalog } from '../../src/analysis/filtering.ts';
import { readFields, wantedFields, type FieldsRow } from '../../src/analysis/readFields.ts';
import { nodePlatform } from '../../src/pcap/platform.node.ts';
import { installPlatform } from '../../src/pcap/platform.ts';
import { sample, shared } from '../support/analyzeCapture.ts';
import { PacketBuilder } from '../support/packetBuilder.ts';
import { tsharkFieldNames, tsharkFields, tsharkVersion } from '../support/tshark.ts';

installPlatform(nodePlatform);

interface Asked {
  readonly filter?: string;
  readonly showSecrets?: boolean;
}

async function read(capture: string | Uint8Array, names: readonly string[], { filter = '', showSecrets = false }: Asked = {}): Promise<FieldsRow[]> {
  const opened = await openCaptureFile(
      typeof capture === 'string' ? { kind: 'path', path: capture } : { kind: 'bytes', name: 'built.pcap', bytes: capture },
    ),
    wanted = wantedFields(names),
    rows: FieldsRow[] = [];
  if (!opened.ok) throw new Error(opened.message);
  if (!wanted.ok) throw new Error(wanted.message);
  const { source, format, close } = opened.capture,
    options = { filter, fields: wanted.entries, showSecrets, pace: () => Promise.resolve() };
  await readFields(source, format, options, (row) => rows.push(row));
  await close();
  return rows;
}

const MORE_IS_READ = 'what is within is read here, and not by tshark 4.0 without keys or preferences',
  LESS_IS_READ = 'this layer is not told here',
  AFTER_EPRT = 'after EPRT tshark 4.0 names the handshake and no method',
  OTHER_FORM = 'the value is written in another form, by which it is found in the filter',
  MORE_ZEROS = 'tshark pads by the width of the mask or type, we by the bytes of the field';

/** Fields that differ from tshark 4.0 in the captures below, and why that is accepted. */
const ACCEPTED: Readonly<Record<string, string>> = {
  'ipv6.flow': MORE_ZEROS,
  'llc.control': MORE_ZEROS,
  'wlan.fc.type_subtype': MORE_ZEROS,
  'llc.oui': 'tshark writes this number in decimal',
  'frame.protocols': 'tshark goes on within payloads (data-text-lines)',
  'udp.stream': 'a header that is quoted in an ICMP error belongs to no stream here',
  'data.data': LESS_IS_READ,
  'data.len': LESS_IS_READ,
  'tls.record.content_type': MORE_IS_READ,
  'tls.handshake.extension.data': 'tshark gives those extensions that it does not know',
  'dtls.handshake.extension.data': 'tshark gives those extensions that it does not know',
  'tls.app_data': LESS_IS_READ,
  'smtp.response': 'without the end of the line',
  'smtp.command_line': 'without the end of the line',
  'smtp.req': LESS_IS_READ,
  'smtp.message': 'how long the message is',
  'smtp.req.command': 'tshark cuts STARTTLS after four letters',
  'smtp.req.parameter': 'tshark cuts STARTTLS after four letters',
  'smtp.auth.username': 'decoded',
  'smtp.auth.password': 'decoded',
  'smtp.auth.username_password': 'decoded',
  'dhcp.option.type': 'tshark 4.0 calls the last option 0; RFC 2132 section 3.2 has 255',
  'ieee8021ah.etype': LESS_IS_READ,
  'http.file_data': 'bytes, as in Wireshark since 4.2; 4.0 has text',
  'ip.checksum.status': 'tshark validates none unless asked to',
  'tcp.checksum.status': 'tshark validates none unless asked to',
  'udp.checksum.status': 'tshark validates none unless asked to',
  'ntp.reftime': 'tshark says NULL where no time is set',
  'ntp.org': 'tshark says NULL where no time is set',
  'ntp.rec': 'tshark says NULL where no time is set',
  'x509af.issuer': OTHER_FORM,
  'x509af.subject': OTHER_FORM,
  'x509af.notBefore': OTHER_FORM,
  'x509af.notAfter': OTHER_FORM,
  'x509af.subjectPublicKeyInfo_element': OTHER_FORM,
  'x509af.algorithmIdentifier_element': OTHER_FORM,
  'x509af.serialNumber': OTHER_FORM,
  'tls.handshake': 'tshark shows the pieces of a message over several packets of QUIC, too',
  'http3.frame_type': 'tshark 4.0 leaves out DATA over several packets, and says again what is sent again; see test/pcap/http3',
  'http3.frame_length': 'as http3.frame_type',
  'http3.frame_payload': 'as http3.frame_type',
  'kerberos.etype': 'tshark repeats that of the ticket',
  'dns.resp.name': 'the name of an SRV record, too',
  'smb.file': LESS_IS_READ,
  'snmp.msgAuthoritativeEngineID': 'tshark says <MISSING> of an empty one',
  'tcp.analysis.duplicate_ack': 'once for each of them',
  ...Object.fromEntries(
    ['', '.id', '.enable_push', '.initial_window_size', '.max_concurrent_streams'].map((name) => [
      `http2.settings${name}`,
      'tshark shows those of the header HTTP2-Settings, too',
    ]),
  ),
  'ftp-data.setup-frame': AFTER_EPRT,
  'ftp-data.setup-method': AFTER_EPRT,
  'ftp-data.command': AFTER_EPRT,
  'ftp-data.command-frame': AFTER_EPRT,
  'icmpv6.opt.linkaddr': 'of addresses that are longer than those of Ethernet tshark has all bytes',
  'radiotap.dbm_antsignal': 'tshark repeats it for the antenna',
  'rtp.version': 'tshark says 0 of STUN',
  'wlan.addr': 'each address of the header, also where it has two roles',
};

const SAMPLES = [
  'ftp',
  'dns',
  'smb-session',
  'kerberos-tickets',
  'dhcp-ntp',
  'snmp-walk',
  'web-http3',
  'dtls',
  'ipv6',
  'vlan-qinq',
  'vxlan',
  'weak-tls',
  'busy-services',
  'smtp',
  'web-http2',
  'nbns-names',
  'geneve',
];
const CAPTURES = [
  ...SAMPLES.map((name) => sample(`${name}.pcap`)),
  sample('web-http3-keys.pcapng'),
  ...['benign__mqtt.pcap', 'benign__wikipedia.pcap', 'format__80211http.pcap', 'format__Teredo.pcap', 'tls__selfsigned.pcap']
    .map(shared)
    .filter((file) => fs.existsSync(file)),
];

describe.runIf(tsharkVersion()?.includes(' 4.0.') === true)('against tshark 4.0', () => {
  test.each(CAPTURES.map((file) => [file.replace(/^.*\//, ''), file] as const))('all fields of %s', { timeout: 120_000 }, async (_, file) => {
    const known = tsharkFieldNames(),
      // What relates a frame to others is compared in relatedFields.test.ts.
      names = [...filterCatalog().entries]
        .filter(({ name, kind, fields }) => kind !== 'protocol' && known.has(name) && fields.every(({ related }) => related === undefined))
        .map(({ name }) => name),
      theirs = tsharkFields(file, names),
      ours = (await read(file, names, { showSecrets: true })).map(({ values }) => values);
    expect(names.length).toBeGreaterThan(1200);
    expect(ours).toHaveLength(theirs.length);
    const differ = new Map<string, string>();
    let values = 0;
    ours.forEach((row, frame) => {
      row.forEach((said, i) => {
        const name = names[i]!,
          their = theirs[frame]?.[i] ?? '',
          our = said.join(',').replaceAll('\r', '\\r').replaceAll('\n', '\\n').replaceAll('\t', '\\t');
        if (our === their) values += said.length;
        else if (ACCEPTED[name] === undefined) differ.set(name, `frame ${frame + 1}: ${our} instead of ${their}`);
      });
    });
    expect(Object.fromEntries(differ)).toEqual({});
    expect(values).toBeGreaterThan(20 * ours.length);
  });
});

describe('what a frame says', () => {
  test('stands in the order of the fields, all values of each, and of protocols their names', async () => {
    const builder = new PacketBuilder().udp({
      from: '10.0.0.5',
      to: '10.0.0.9',
      sourcePort: 5000,
      destinationPort: 6000,
      payload: Uint8Array.of(1, 0xff),
    });
    expect(await read(builder.bytes(), ['udp.port', 'ip.addr', 'udp.length', 'udp.checksum', 'udp', 'tcp.port', 'udp.dstport'])).toEqual([
      { frame: 1, values: [['5000', '6000'], ['10.0.0.5', '10.0.0.9'], ['10'], ['0x0000'], ['User Datagram Protocol'], [], ['6000']] },
    ]);
  });

  // captures/ftp.md: tshark -r ftp.pcap -Y 'ftp.request.command == PASS' -T fields -e frame.number
  test('its passwords are hidden in every field that holds one, and shown to who wants them', async () => {
    const names = ['frame.number', 'ftp.request.command', 'ftp.request.arg', 'tcp.payload'],
      asked = { filter: 'ftp.request.command == "PASS" || ftp.request.command == "USER"' },
      hidden = await read(sample('ftp.pcap'), names, asked),
      shown = await read(sample('ftp.pcap'), names, { ...asked, showSecrets: true });
    expect(hidden.map(({ values }) => values.flat()).filter(([, command]) => command === 'PASS')).toEqual(
      shown.filter(({ values }) => values[1]![0] === 'PASS').map(({ frame }) => [String(frame), 'PASS', '(hidden)', '(hidden)']),
    );
    for (const [i, { values }] of shown.entries()) {
      const [, command, argument, payload] = values.map(([first]) => first);
      expect(Buffer.from(payload!, 'hex').toString()).toBe(`${command} ${argument}\r\n`);
      if (command === 'USER') expect(hidden[i]!.values).toEqual(values);
    }
    expect(shown.some(({ values }) => values[1]![0] === 'PASS' && values[2]![0] !== '')).toBe(true);
  });

  test('passes the display filter, which may ask for the same fields in its own way', async () => {
    const all = await read(sample('ftp.pcap'), ['tcp.srcport']),
      some = await read(sample('ftp.pcap'), ['tcp.srcport'], { filter: 'tcp.srcport == 21 && tcp[0:2] == 00:15 && ip.src#1 == 10.20.0.20' });
    expect(some.length).toBeGreaterThan(0);
    expect(some).toEqual(all.filter(({ values }) => values[0]![0] === '21'));
  });

  test('a name that does not exist is told with those near to it', () => {
    expect(wantedFields(['ip.src', 'tcp.dstprot'])).toEqual({
      ok: false,
      message: '"tcp.dstprot" is neither a field nor a protocol name; near to it is tcp.dstport.',
    });
    expect(wantedFields(['\u001b[31m'])).toMatchObject({ ok: false, message: String.raw`"\u001b[31m" is neither a field nor a protocol name.` });
  });
});
