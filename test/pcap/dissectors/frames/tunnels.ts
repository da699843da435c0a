/** Protocols on IP and tunnels: frames of our own making or of the RFCs named, and what tshark 4.0.17 says of them (`-T fields`). */
import type { DissectorCase } from '../../../support/dissectorCases.ts';

export const tunnelsFrames: readonly DissectorCase[] = [
  {
    what: 'ESP',
    frame:
      '02000000000202000000000108004500004400010000403266850a0000010a000002000001000000000178787878787878787878787878787878787878787878787878787878' +
      '787878787878787878787878',
    layers: 'eth:ip:esp',
    fields: { 'esp.spi': ['256'], 'esp.sequence': ['1'] },
  },
  {
    what: 'NAT keep-alive',
    frame: '02000000000202000000000108004500001d00010000401166cd0a0000010a0000021194119400090000ff',
    layers: 'eth:ip:udp:udpencap',
    fields: {},
  },
  {
    what: 'IKE behind NAT',
    frame:
      '02000000000202000000000108004500003c00010000401166ae0a0000010a000002119411940028000000000000010101010101010100000000000000002120220800000000' +
      '0000001c',
    layers: 'eth:ip:udp:udpencap:isakmp',
    fields: {
      'isakmp.ispi': ['0101010101010101'],
      'isakmp.rspi': ['0000000000000000'],
      'isakmp.nextpayload': ['33'],
      'isakmp.version': ['32'],
      'isakmp.exchangetype': ['34'],
      'isakmp.flags': ['8'],
      'isakmp.messageid': ['0'],
      'isakmp.length': ['28'],
    },
  },
  {
    what: 'ESP behind NAT',
    frame:
      '02000000000202000000000108004500004800010000401166a20a0000010a000002119411940034000000000100787878787878787878787878787878787878787878787878' +
      '78787878787878787878787878787878',
    layers: 'eth:ip:udp:udpencap:esp',
    fields: { 'esp.spi': ['256'], 'esp.sequence': ['2021161080'] },
  },
  {
    what: 'IKE',
    frame:
      '02000000000202000000000108004500003800010000401166b20a0000010a00000201f401f4002400000101010101010101000000000000000021202208000000000000001c',
    layers: 'eth:ip:udp:isakmp',
    fields: {
      'isakmp.ispi': ['0101010101010101'],
      'isakmp.rspi': ['0000000000000000'],
      'isakmp.nextpayload': ['33'],
      'isakmp.version': ['32'],
      'isakmp.exchangetype': ['34'],
      'isakmp.flags': ['8'],
      'isakmp.messageid': ['0'],
      'isakmp.length': ['28'],
    },
  },
  {
    what: 'L2TP control',
    frame: '02000000000202000000000108004500002800010000401166c20a0000010a00000206a506a500140000c802000c0001000000000000',
    layers: 'eth:ip:udp:l2tp',
    fields: {
      'l2tp.type': ['1'],
      'l2tp.version': ['2'],
      'l2tp.length': ['12'],
      'l2tp.tunnel': ['1'],
      'l2tp.session': ['0'],
      'l2tp.Ns': ['0'],
      'l2tp.Nr': ['0'],
    },
  },
  {
    what: 'L2TP data',
    frame:
      '02000000000202000000000108004500004700010000401166a30a0000010a00000206a506a500330000000200010001ff0300214500002100010000401166c90a0000010a00' +
      '0002045708ae000d000068656c6c6f',
    layers: 'eth:ip:udp:l2tp:ppp:ip:udp',
    fields: {
      'l2tp.type': ['0'],
      'l2tp.version': ['2'],
      'l2tp.tunnel': ['1'],
      'l2tp.session': ['1'],
      'ppp.address': ['255'],
      'ppp.control': ['3'],
      'ppp.protocol': ['33'],
    },
  },
  {
    what: 'L2TP version 3',
    frame: '02000000000202000000000108004500002000010000407366680a0000010a000002000000016162636465666768',
    layers: 'eth:ip:l2tp',
    fields: { 'l2tp.sid': ['1'] },
  },
  {
    what: 'OSPF hello',
    frame:
      '020000000002020000000001080045000044000100004059665e0a0000010a0000020201002c0a00000100000000abcd00000000000000000000ffffff00000a120100000028' +
      '00000000000000000a000002',
    layers: 'eth:ip:ospf',
    fields: {
      'ospf.version': ['2'],
      'ospf.msg': ['1'],
      'ospf.packet_length': ['44'],
      'ospf.srcrouter': ['10.0.0.1'],
      'ospf.area_id': ['0.0.0.0'],
      'ospf.auth.type': ['0'],
      'ospf.hello.network_mask': ['255.255.255.0'],
      'ospf.hello.hello_interval': ['10'],
      'ospf.hello.router_priority': ['1'],
      'ospf.hello.router_dead_interval': ['40'],
      'ospf.hello.designated_router': ['0.0.0.0'],
      'ospf.hello.backup_designated_router': ['0.0.0.0'],
    },
  },
  {
    what: 'VRRP',
    frame: '020000000002020000000001080045000020000100004070666b0a0000010a00000231016401000100000a000001',
    layers: 'eth:ip:vrrp',
    fields: {
      'vrrp.version': ['3'],
      'vrrp.type': ['1'],
      'vrrp.virt_rtr_id': ['1'],
      'vrrp.prio': ['100'],
      'vrrp.addr_count': ['1'],
      'vrrp.ip_addr': ['10.0.0.1'],
    },
  },
  {
    what: 'PIM hello',
    frame: '020000000002020000000001080045000028000100004067666c0a0000010a0000022000abcd00010002006900140004000000000000',
    layers: 'eth:ip:pim',
    fields: { 'pim.version': ['2'], 'pim.type': ['0'] },
  },
  {
    what: 'PIM register',
    frame:
      '02000000000202000000000108004500003d00010000406766570a0000010a0000022100deff000000004500002100010000401166c90a0000010a000002045708ae000d0000' +
      '68656c6c6f',
    layers: 'eth:ip:pim:ip:udp',
    fields: { 'pim.version': ['2'], 'pim.type': ['1'] },
  },
  {
    what: 'EIGRP',
    frame: '020000000002020000000001080045000034000100004058666f0a0000010a0000020205ee68000000000000000000000000000000640001000c010001000000000f',
    layers: 'eth:ip:eigrp',
    fields: {
      'eigrp.version': ['2'],
      'eigrp.opcode': ['5'],
      'eigrp.checksum': ['61032'],
      'eigrp.flags': ['0'],
      'eigrp.seq': ['0'],
      'eigrp.ack': ['0'],
      'eigrp.as': ['100'],
    },
  },
  {
    what: 'IGMPv2 query',
    frame: '02000000000202000000000108004500001c00010000400266dd0a0000010a0000021164ee9b00000000',
    layers: 'eth:ip:igmp',
    fields: { 'igmp.version': ['2'], 'igmp.type': ['17'], 'igmp.max_resp': ['100'], 'igmp.checksum': ['61083'], 'igmp.maddr': ['0.0.0.0'] },
  },
  {
    what: 'IGMPv2 report',
    frame: '02000000000202000000000108004500001c00010000400266dd0a0000010a0000021600fa01ef010203',
    layers: 'eth:ip:igmp',
    fields: { 'igmp.version': ['2'], 'igmp.type': ['22'], 'igmp.max_resp': ['0'], 'igmp.checksum': ['64001'], 'igmp.maddr': ['239.1.2.3'] },
  },
  {
    what: 'IGMPv3 report',
    frame: '02000000000202000000000108004500002400010000400266d50a0000010a0000022200f9fd0000000104000000effffffa',
    layers: 'eth:ip:igmp',
    fields: {
      'igmp.version': ['3'],
      'igmp.type': ['34'],
      'igmp.checksum': ['63997'],
      'igmp.maddr': ['239.255.255.250'],
      'igmp.num_grp_recs': ['1'],
      'igmp.record_type': ['4'],
      'igmp.num_src': ['0'],
    },
  },
  {
    what: 'IGMPv3 query',
    frame: '02000000000202000000000108004500002000010000400266d90a0000010a0000021114ec270000000002140000',
    layers: 'eth:ip:igmp',
    fields: {
      'igmp.version': ['3'],
      'igmp.type': ['17'],
      'igmp.max_resp': ['20'],
      'igmp.checksum': ['60455'],
      'igmp.maddr': ['0.0.0.0'],
      'igmp.num_src': ['0'],
    },
  },
  {
    what: 'SCTP data',
    frame:
      '020000000002020000000001080045000038000100004084663f0a0000010a0000020b590b5900003039000000000003001500000001000000020000002e68656c6c6f000000',
    layers: 'eth:ip:sctp',
    fields: {
      'sctp.srcport': ['2905'],
      'sctp.dstport': ['2905'],
      'sctp.verification_tag': ['12345'],
      'sctp.checksum': ['0'],
      'sctp.chunk_type': ['0'],
      'sctp.chunk_flags': ['3'],
      'sctp.chunk_length': ['21'],
      'sctp.data_tsn_raw': ['1'],
      'sctp.data_sid': ['0'],
      'sctp.data_ssn': ['2'],
      'sctp.data_payload_proto_id': ['46'],
    },
  },
  {
    what: 'SCTP init',
    frame: '02000000000202000000000108004500003400010000408466430a0000010a0000020b590b5900000000000000000100001400000000000000000000000000000000',
    layers: 'eth:ip:sctp',
    fields: {
      'sctp.srcport': ['2905'],
      'sctp.dstport': ['2905'],
      'sctp.verification_tag': ['0'],
      'sctp.checksum': ['0'],
      'sctp.chunk_type': ['1'],
      'sctp.chunk_flags': ['0'],
      'sctp.chunk_length': ['20'],
    },
  },
  {
    what: 'EtherIP',
    frame:
      '02000000000202000000000108004500004500010000406166550a0000010a000002300002000000000202000000000108004500002100010000401166c90a0000010a000002' +
      '045708ae000d000068656c6c6f',
    layers: 'eth:ip:etherip:eth:ip:udp',
    fields: {
      'ip.version': ['4', '4'],
      'ip.hdr_len': ['20', '20'],
      'ip.dsfield': ['0', '0'],
      'ip.dsfield.dscp': ['0', '0'],
      'ip.dsfield.ecn': ['0', '0'],
      'ip.len': ['69', '33'],
      'ip.id': ['1', '1'],
      'ip.flags': ['0', '0'],
      'ip.flags.rb': ['0', '0'],
      'ip.flags.df': ['0', '0'],
      'ip.flags.mf': ['0', '0'],
      'ip.frag_offset': ['0', '0'],
      'ip.ttl': ['64', '64'],
      'ip.proto': ['97', '17'],
    },
  },
  {
    what: 'IP in IP',
    frame: '02000000000202000000000108004500003500010000400466c20a0000010a0000024500002100010000401166c90a0000010a000002045708ae000d000068656c6c6f',
    layers: 'eth:ip:ip:udp',
    fields: {
      'ip.version': ['4', '4'],
      'ip.hdr_len': ['20', '20'],
      'ip.dsfield': ['0', '0'],
      'ip.dsfield.dscp': ['0', '0'],
      'ip.dsfield.ecn': ['0', '0'],
      'ip.len': ['53', '33'],
      'ip.id': ['1', '1'],
      'ip.flags': ['0', '0'],
      'ip.flags.rb': ['0', '0'],
      'ip.flags.df': ['0', '0'],
      'ip.flags.mf': ['0', '0'],
      'ip.frag_offset': ['0', '0'],
      'ip.ttl': ['64', '64'],
      'ip.proto': ['4', '17'],
    },
  },
  {
    what: '6in4',
    frame:
      '020000000002020000000001080045000045000100004029668d0a0000010a0000026000000000091140fe800000000000000000000000000001fe8000000000000000000000' +
      '00000002000100020009000078',
    layers: 'eth:ip:ipv6:udp',
    fields: {
      'ipv6.version': ['6'],
      'ipv6.tclass': ['0'],
      'ipv6.flow': ['0'],
      'ipv6.plen': ['9'],
      'ipv6.nxt': ['17'],
      'ipv6.hlim': ['64'],
      'ipv6.src': ['fe80::1'],
      'ipv6.dst': ['fe80::2'],
    },
  },
  {
    what: 'GRE',
    frame:
      '02000000000202000000000108004500003900010000402f66930a0000010a000002000008004500002100010000401166c90a0000010a000002045708ae000d000068656c6c' +
      '6f',
    layers: 'eth:ip:gre:ip:udp',
    fields: { 'gre.flags_and_version': ['0'], 'gre.flags.version': ['0'], 'gre.proto': ['2048'] },
  },
  {
    what: 'GRE with key',
    frame:
      '02000000000202000000000108004500003d00010000402f668f0a0000010a000002200008000000002a4500002100010000401166c90a0000010a000002045708ae000d0000' +
      '68656c6c6f',
    layers: 'eth:ip:gre:ip:udp',
    fields: { 'gre.flags_and_version': ['8192'], 'gre.flags.version': ['0'], 'gre.proto': ['2048'], 'gre.key': ['42'] },
  },
  {
    what: 'enhanced GRE with PPP',
    frame:
      '02000000000202000000000108004500004500010000402f66870a0000010a0000023001880b0025000700000001ff0300214500002100010000401166c90a0000010a000002' +
      '045708ae000d000068656c6c6f',
    layers: 'eth:ip:gre:ppp:ip:udp',
    fields: {
      'gre.flags_and_version': ['12289'],
      'gre.flags.version': ['1'],
      'gre.proto': ['34827'],
      'gre.key.payload_length': ['37'],
      'gre.key.call_id': ['7'],
      'gre.sequence_number': ['1'],
      'ppp.address': ['255'],
      'ppp.control': ['3'],
      'ppp.protocol': ['33'],
    },
  },
  {
    what: 'GRE with checksum, key and sequence',
    frame:
      '02000000000202000000000108004500004500010000402f66870a0000010a000002b00008000000000000000000000000004500002100010000401166c90a0000010a000002' +
      '045708ae000d000068656c6c6f',
    layers: 'eth:ip:gre:ip:udp',
    fields: {
      'gre.flags_and_version': ['45056'],
      'gre.flags.version': ['0'],
      'gre.proto': ['2048'],
      'gre.checksum': ['0'],
      'gre.key': ['0'],
      'gre.sequence_number': ['0'],
    },
  },
  {
    what: 'GRE with ERSPAN II',
    frame:
      '02000000000202000000000108004500005300010000402f66790a0000010a000002100088be0000000110010000000000000200000000020200000000010800450000210001' +
      '0000401166c90a0000010a000002045708ae000d000068656c6c6f',
    layers: 'eth:ip:gre:eth:ip:udp',
    fields: { 'gre.flags_and_version': ['4096'], 'gre.flags.version': ['0'], 'gre.proto': ['35006'], 'gre.sequence_number': ['1'] },
  },
  {
    what: 'GRE with Ethernet',
    frame:
      '02000000000202000000000108004500004700010000402f66850a0000010a0000020000655802000000000202000000000108004500002100010000401166c90a0000010a00' +
      '0002045708ae000d000068656c6c6f',
    layers: 'eth:ip:gre:eth:ip:udp',
    fields: { 'gre.flags_and_version': ['0'], 'gre.flags.version': ['0'], 'gre.proto': ['25944'] },
  },
  {
    what: 'GRE with MPLS',
    frame:
      '02000000000202000000000108004500003d00010000402f668f0a0000010a00000200008847000011ff4500002100010000401166c90a0000010a000002045708ae000d0000' +
      '68656c6c6f',
    layers: 'eth:ip:gre:mpls:ip:udp',
    fields: {
      'gre.flags_and_version': ['0'],
      'gre.flags.version': ['0'],
      'gre.proto': ['34887'],
      'mpls.label': ['1'],
      'mpls.exp': ['0'],
      'mpls.bottom': ['1'],
      'mpls.ttl': ['255'],
    },
  },
  {
    what: 'VXLAN',
    frame:
      '02000000000202000000000108004500005300010000401166970a0000010a00000212b512b5003f00000800000000007b000200000000020200000000010800450000210001' +
      '0000401166c90a0000010a000002045708ae000d000068656c6c6f',
    layers: 'eth:ip:udp:vxlan:eth:ip:udp',
    fields: { 'vxlan.flags': ['2048'], 'vxlan.gbp': ['0'], 'vxlan.vni': ['123'] },
  },
  {
    what: 'Geneve with Ethernet',
    frame:
      '02000000000202000000000108004500005300010000401166970a0000010a00000217c117c1003f00000000655800007b000200000000020200000000010800450000210001' +
      '0000401166c90a0000010a000002045708ae000d000068656c6c6f',
    layers: 'eth:ip:udp:geneve:eth:ip:udp',
    fields: { 'geneve.version': ['0'], 'geneve.flags': ['0'], 'geneve.proto_type': ['25944'], 'geneve.vni': ['123'] },
  },
  {
    what: 'Geneve with options and IPv4',
    frame:
      '02000000000202000000000108004500004900010000401166a10a0000010a00000217c117c1003500000100080000007b00010203044500002100010000401166c90a000001' +
      '0a000002045708ae000d000068656c6c6f',
    layers: 'eth:ip:udp:geneve:ip:udp',
    fields: { 'geneve.version': ['0'], 'geneve.flags': ['0'], 'geneve.proto_type': ['2048'], 'geneve.vni': ['123'], 'geneve.options': ['01020304'] },
  },
  {
    what: 'GTP',
    frame:
      '02000000000202000000000108004500004500010000401166a50a0000010a000002086808680031000030ff0021000000014500002100010000401166c90a0000010a000002' +
      '045708ae000d000068656c6c6f',
    layers: 'eth:ip:udp:gtp:ip:udp',
    fields: { 'gtp.flags': ['48'], 'gtp.flags.version': ['1'], 'gtp.message': ['255'], 'gtp.length': ['33'], 'gtp.teid': ['1'] },
  },
  {
    what: 'GTP with an extension header',
    frame:
      '02000000000202000000000108004500004d000100004011669d0a0000010a000002086808680039000036ff00290000000100010085011001004500002100010000401166c9' +
      '0a0000010a000002045708ae000d000068656c6c6f',
    layers: 'eth:ip:udp:gtp:ip:udp',
    fields: {
      'gtp.flags': ['54'],
      'gtp.flags.version': ['1'],
      'gtp.message': ['255'],
      'gtp.length': ['41'],
      'gtp.teid': ['1'],
      'gtp.seq_number': ['1'],
    },
  },
  {
    what: 'GTP control',
    frame: '02000000000202000000000108004500002800010000401166c20a0000010a000002084b084b00140000320100040000000000010000',
    layers: 'eth:ip:udp:gtp',
    fields: {
      'gtp.flags': ['50'],
      'gtp.flags.version': ['1'],
      'gtp.message': ['1'],
      'gtp.length': ['4'],
      'gtp.teid': ['0'],
      'gtp.seq_number': ['1'],
    },
  },
  {
    what: 'Teredo with authentication',
    frame:
      '02000000000202000000000108004500005900010000401166910a0000010a0000020dd80dd800450000000100000000000000000000006000000000083a40fe800000000000' +
      '000000000000000001fe8000000000000000000000000000028500abcd00000000',
    layers: 'eth:ip:udp:teredo:ipv6:icmpv6',
    fields: { 'teredo.auth.nonce': ['0000000000000000'] },
  },
  {
    what: 'Teredo with origin',
    frame:
      '02000000000202000000000108004500005400010000401166960a0000010a0000020dd80dd80040000000000101010101016000000000083a40fe8000000000000000000000' +
      '00000001fe8000000000000000000000000000028500abcd00000000',
    layers: 'eth:ip:udp:teredo:ipv6:icmpv6',
    fields: { 'teredo.orig.port': ['65278'], 'teredo.orig.addr': ['254.254.254.254'] },
  },
  {
    what: 'IPv4 in IPv6',
    frame:
      '02000000000202000000000186dd6000000000210440fe800000000000000000000000000001fe8000000000000000000000000000024500002100010000401166c90a000001' +
      '0a000002045708ae000d000068656c6c6f',
    layers: 'eth:ipv6:ip:udp',
    fields: {
      'ip.hdr_len': ['20'],
      'ip.dsfield': ['0'],
      'ip.dsfield.dscp': ['0'],
      'ip.dsfield.ecn': ['0'],
      'ip.len': ['33'],
      'ip.id': ['1'],
      'ip.flags': ['0'],
      'ip.flags.rb': ['0'],
      'ip.flags.df': ['0'],
      'ip.flags.mf': ['0'],
      'ip.frag_offset': ['0'],
      'ip.ttl': ['64'],
      'ip.proto': ['17'],
      'ip.checksum': ['26313'],
    },
  },
  {
    what: 'IPv6 in IPv6',
    frame:
      '02000000000202000000000186dd6000000000312940fe800000000000000000000000000001fe8000000000000000000000000000026000000000091140fe80000000000000' +
      '0000000000000001fe800000000000000000000000000002000100020009000078',
    layers: 'eth:ipv6:ipv6:udp',
    fields: {
      'ipv6.version': ['6', '6'],
      'ipv6.tclass': ['0', '0'],
      'ipv6.flow': ['0', '0'],
      'ipv6.plen': ['49', '9'],
      'ipv6.nxt': ['41', '17'],
      'ipv6.hlim': ['64', '64'],
      'ipv6.src': ['fe80::1', 'fe80::1'],
      'ipv6.dst': ['fe80::2', 'fe80::2'],
    },
  },
  {
    what: 'CAPWAP discovery',
    frame:
      '02000000000202000000000108004500004a00010000401166a00a0000010a000002c350147e00360000001042000000000000000001070021000014000102002d000861702d6c6f626279001c000931737420666c6f6f72',
    layers: 'eth:ip:udp:capwap',
    fields: {
      'capwap.preamble.version': ['0'],
      'capwap.preamble.type': ['0'],
      'capwap.header.length': ['2'],
      'capwap.header.rid': ['1'],
      'capwap.header.wbid': ['1'],
      'capwap.header.flags': ['0'],
      'capwap.header.flags.t': ['0'],
      'capwap.header.flags.f': ['0'],
      'capwap.header.flags.l': ['0'],
      'capwap.header.flags.w': ['0'],
      'capwap.header.flags.m': ['0'],
      'capwap.header.flags.k': ['0'],
      'capwap.header.fragment.id': ['0'],
      'capwap.header.fragment.offset': ['0'],
      'capwap.control.header.message_type': ['1'],
      'capwap.control.header.sequence_number': ['7'],
      'capwap.control.header.message_element_length': ['33'],
      'capwap.control.header.flags': ['0'],
      'capwap.message_element.type': ['20', '45', '28'],
      'capwap.message_element.length': ['1', '8', '9'],
      'capwap.message_element.value': ['02', '61702d6c6f626279', '31737420666c6f6f72'],
      'capwap.control.message_element.discovery_type': ['2'],
      'capwap.control.message_element.location_data': ['1st floor'],
      'capwap.control.message_element.wtp_name': ['ap-lobby'],
    },
  },
  {
    what: 'CAPWAP with DTLS',
    frame:
      '02000000000202000000000108004500003900010000401166b10a0000010a000002c350147e002500000100000016fefd0000000000000001000c0e0000000003000000000000',
    layers: 'eth:ip:udp:capwap:dtls',
    fields: {
      'capwap.preamble.version': ['0'],
      'capwap.preamble.type': ['1'],
      'capwap.preamble.reserved': ['0'],
    },
  },
  {
    what: 'CAPWAP with a frame of a station',
    frame:
      '02000000000202000000000108004500006d000100004011667d0a0000010a000002c350147f00590000002043200000000004d01e003600000001082c0002aabbccdd0102aabbccdd0202aabbccdd031001aaaa03000000080045000021000100004011f774c0a80105c0a801019c400457000d000068656c6c6f',
    layers: 'eth:ip:udp:capwap.data:wlan:llc:ip:udp',
    fields: {
      'capwap.preamble.version': ['0'],
      'capwap.preamble.type': ['0'],
      'capwap.header.length': ['4'],
      'capwap.header.rid': ['1'],
      'capwap.header.wbid': ['1'],
      'capwap.header.flags': ['288'],
      'capwap.header.flags.t': ['1'],
      'capwap.header.flags.f': ['0'],
      'capwap.header.flags.l': ['0'],
      'capwap.header.flags.w': ['1'],
      'capwap.header.flags.m': ['0'],
      'capwap.header.flags.k': ['0'],
      'capwap.header.fragment.id': ['0'],
      'capwap.header.fragment.offset': ['0'],
      'capwap.header.wireless.length': ['4'],
      'capwap.header.wireless.data': ['d01e0036'],
      'capwap.header.wireless.data.ieee80211.fi.rssi': ['-48'],
      'capwap.header.wireless.data.ieee80211.fi.snr': ['30'],
      'capwap.header.wireless.data.ieee80211.fi.data_rate': ['54'],
      'wlan.fc.type_subtype': ['32'],
      'wlan.fc.tods': ['1'],
      'wlan.sa': ['02:aa:bb:cc:dd:02'],
      'wlan.da': ['02:aa:bb:cc:dd:03'],
    },
  },
  {
    what: 'CAPWAP with a probe request',
    frame:
      '02000000000202000000000108004500005100010000401166990a0000010a000002c350147f003d000000204310000000000602aabbccdd010000400000ffffffffffff02aabbccdd02ffffffffffff200000056c6f626279010402040b16',
    layers: 'eth:ip:udp:capwap.data:wlan',
    fields: {
      'capwap.preamble.version': ['0'],
      'capwap.preamble.type': ['0'],
      'capwap.header.length': ['4'],
      'capwap.header.rid': ['1'],
      'capwap.header.wbid': ['1'],
      'capwap.header.flags': ['272'],
      'capwap.header.flags.t': ['1'],
      'capwap.header.flags.f': ['0'],
      'capwap.header.flags.l': ['0'],
      'capwap.header.flags.w': ['0'],
      'capwap.header.flags.m': ['1'],
      'capwap.header.flags.k': ['0'],
      'capwap.header.fragment.id': ['0'],
      'capwap.header.fragment.offset': ['0'],
      'capwap.header.mac.length': ['6'],
      'capwap.header.mac.eui48': ['02:aa:bb:cc:dd:01'],
      'wlan.fc.type_subtype': ['4'],
      'wlan.fc.tods': ['0'],
      'wlan.sa': ['02:aa:bb:cc:dd:02'],
      'wlan.da': ['ff:ff:ff:ff:ff:ff'],
    },
  },
  {
    what: 'CAPWAP with Ethernet, to an access point',
    frame:
      '02000000000202000000000108004500005b000100004011668f0a0000010a000002147fc3500047000000204220000000000400030000000000020000000002020000000001080045000021000100004011f774c0a80105c0a801019c400457000d000068656c6c6f',
    layers: 'eth:ip:udp:capwap.data:eth:ip:udp',
    fields: {
      'capwap.preamble.version': ['0'],
      'capwap.preamble.type': ['0'],
      'capwap.header.length': ['4'],
      'capwap.header.rid': ['1'],
      'capwap.header.wbid': ['1'],
      'capwap.header.flags': ['32'],
      'capwap.header.flags.t': ['0'],
      'capwap.header.flags.f': ['0'],
      'capwap.header.flags.l': ['0'],
      'capwap.header.flags.w': ['1'],
      'capwap.header.flags.m': ['0'],
      'capwap.header.flags.k': ['0'],
      'capwap.header.fragment.id': ['0'],
      'capwap.header.fragment.offset': ['0'],
      'capwap.header.wireless.length': ['4'],
      'capwap.header.wireless.data': ['00030000'],
      'capwap.header.wireless.data.ieee80211.dw.wlan_id_bitmap': ['3'],
    },
  },
  {
    what: 'CAPWAP keep-alive',
    frame:
      '02000000000202000000000108004500003a00010000401166b00a0000010a000002c350147f002600000010420800000000001600230010000102030405060708090a0b0c0d0e0f',
    layers: 'eth:ip:udp:capwap.data',
    fields: {
      'capwap.preamble.version': ['0'],
      'capwap.preamble.type': ['0'],
      'capwap.header.length': ['2'],
      'capwap.header.rid': ['1'],
      'capwap.header.wbid': ['1'],
      'capwap.header.flags': ['8'],
      'capwap.header.flags.t': ['0'],
      'capwap.header.flags.f': ['0'],
      'capwap.header.flags.l': ['0'],
      'capwap.header.flags.w': ['0'],
      'capwap.header.flags.m': ['0'],
      'capwap.header.flags.k': ['1'],
      'capwap.header.fragment.id': ['0'],
      'capwap.header.fragment.offset': ['0'],
      'capwap.keep_alive.length': ['22'],
      'capwap.message_element.type': ['35'],
      'capwap.message_element.length': ['16'],
      'capwap.message_element.value': ['000102030405060708090a0b0c0d0e0f'],
      'capwap.control.message_element.session_id': ['000102030405060708090a0b0c0d0e0f'],
    },
  },
  {
    what: 'IPv6 extension headers',
    frame:
      '02000000000202000000000186dd6000000000390040fe800000000000000000000000000001fe8000000000000000000000000000022b000104000000003c02000000000000' +
      '000000000000000000000000000000002c000104000000001100000000000001000100020009000078',
    layers: 'eth:ipv6:ipv6.hopopts:ipv6.routing:ipv6.dstopts:ipv6.fraghdr:udp',
    fields: {
      'ipv6.version': ['6'],
      'ipv6.tclass': ['0'],
      'ipv6.flow': ['0'],
      'ipv6.plen': ['57'],
      'ipv6.nxt': ['0'],
      'ipv6.hlim': ['64'],
      'ipv6.src': ['fe80::1'],
      'ipv6.dst': ['fe80::2'],
    },
  },
];
