/** Link layers: frames of our own making or of the RFCs named, and what tshark 4.0.17 says of them (`-T fields`). */
import type { DissectorCase } from '../../../support/dissectorCases.ts';

export const linkLayersFrames: readonly DissectorCase[] = [
  {
    what: 'SNAP with IPv4',
    frame: '0200000000020200000000010029aaaa0300000008004500002100010000401166c90a0000010a000002045708ae000d000068656c6c6f',
    layers: 'eth:llc:ip:udp',
    fields: { 'llc.dsap': ['170'], 'llc.ssap': ['170'], 'llc.control': ['3'], 'llc.oui': ['0'], 'llc.type': ['2048'] },
  },
  {
    what: 'SNAP with CDP',
    frame: '0200000000020200000000010014aaaa0300000c200002b400000001000874657374',
    layers: 'eth:llc:cdp',
    fields: { 'cdp.version': ['2'], 'cdp.ttl': ['180'], 'cdp.checksum': ['0'], 'cdp.tlv.type': ['1'], 'cdp.deviceid': ['test'], 'llc.dsap': ['170'], 'llc.ssap': ['170'], 'llc.control': ['3'], 'llc.oui': ['12'], 'llc.cisco_pid': ['8192'] },
  },
  {
    what: 'per-VLAN spanning tree of Cisco',
    frame: '020000000002020000000001002baaaa0300000c010b0000000000800000000000000000000000000000000000000000000000000000000000',
    layers: 'eth:llc:stp',
    fields: { 'llc.dsap': ['170'], 'llc.ssap': ['170'], 'llc.control': ['3'], 'llc.oui': ['12'], 'llc.cisco_pid': ['267'], 'stp.protocol': ['0'], 'stp.version': ['0'], 'stp.type': ['0'], 'stp.flags': ['0'], 'stp.flags.tc': ['0'], 'stp.root.prio': ['32768'], 'stp.root.ext': ['0'], 'stp.root.hw': ['00:00:00:00:00:00'], 'stp.root.cost': ['0'] },
  },
  {
    what: 'bridged Ethernet',
    frame: '0200000000020200000000010037aaaa030080c2000702000000000202000000000108004500002100010000401166c90a0000010a000002045708ae000d000068656c6c6f',
    layers: 'eth:llc:eth',
    fields: { 'llc.dsap': ['170'], 'llc.ssap': ['170'], 'llc.control': ['3'], 'llc.oui': ['32962'], 'llc.pid': ['7'] },
  },
  {
    what: 'raw 802.3 IPX',
    frame: '020000000002020000000001001effff001e0004000000000000000000000000000000000000000000000000',
    layers: 'eth:ipx',
    fields: { 'ipx.checksum': ['65535'], 'ipx.len': ['30'], 'ipx.hops': ['0'], 'ipx.packet_type': ['4'], 'ipx.dst.net': ['0'], 'ipx.dst.node': ['00:00:00:00:00:00'], 'ipx.dst.socket': ['0'], 'ipx.src.net': ['0'], 'ipx.src.node': ['00:00:00:00:00:00'], 'ipx.src.socket': ['0'] },
  },
  {
    what: 'IPX over LLC',
    frame: '0200000000020200000000010021e0e003ffff001e0004000000000000000000000000000000000000000000000000',
    layers: 'eth:llc:ipx',
    fields: { 'ipx.checksum': ['65535'], 'ipx.len': ['30'], 'ipx.hops': ['0'], 'ipx.packet_type': ['4'], 'ipx.dst.net': ['0'], 'ipx.dst.node': ['00:00:00:00:00:00'], 'ipx.dst.socket': ['0'], 'ipx.src.net': ['0'], 'ipx.src.node': ['00:00:00:00:00:00'], 'ipx.src.socket': ['0'], 'llc.dsap': ['224'], 'llc.ssap': ['224'], 'llc.control': ['3'] },
  },
  {
    what: 'IPX in Ethernet II',
    frame: '0200000000020200000000018137ffff001e0004000000000000000000000000000000000000000000000000',
    layers: 'eth:ipx',
    fields: { 'ipx.checksum': ['65535'], 'ipx.len': ['30'], 'ipx.hops': ['0'], 'ipx.packet_type': ['4'], 'ipx.dst.net': ['0'], 'ipx.dst.node': ['00:00:00:00:00:00'], 'ipx.dst.socket': ['0'], 'ipx.src.net': ['0'], 'ipx.src.node': ['00:00:00:00:00:00'], 'ipx.src.socket': ['0'] },
  },
  {
    what: 'spanning tree configuration',
    frame: '0200000000020200000000010027424203000000000000000000000000000000000000000000000000000000000000000000000000',
    layers: 'eth:llc:stp',
    fields: { 'llc.dsap': ['66'], 'llc.ssap': ['66'], 'llc.control': ['3'], 'stp.protocol': ['0'], 'stp.version': ['0'], 'stp.type': ['0'], 'stp.flags': ['0'], 'stp.flags.tc': ['0'], 'stp.root.prio': ['0'], 'stp.root.ext': ['0'], 'stp.root.hw': ['00:00:00:00:00:00'], 'stp.root.cost': ['0'], 'stp.bridge.prio': ['0'], 'stp.bridge.ext': ['0'] },
  },
  {
    what: 'topology change',
    frame: '020000000002020000000001000742420300008080',
    layers: 'eth:llc:stp',
    fields: { 'stp.protocol': ['0'], 'stp.version': ['128'], 'stp.type': ['128'] },
  },
  {
    what: 'rapid spanning tree',
    frame: '0200000000020200000000010027424203000002020000000000000000000000000000000000000000000000000000000000000000',
    layers: 'eth:llc:stp',
    fields: { 'stp.protocol': ['0'], 'stp.version': ['2'], 'stp.type': ['2'], 'stp.flags': ['0'], 'stp.flags.tc': ['0'], 'stp.root.prio': ['0'], 'stp.root.ext': ['0'], 'stp.root.hw': ['00:00:00:00:00:00'], 'stp.root.cost': ['0'], 'stp.bridge.prio': ['0'], 'stp.bridge.ext': ['0'], 'stp.bridge.hw': ['00:00:00:00:00:00'], 'stp.port': ['0'], 'stp.msg_age': ['0'] },
  },
  {
    what: 'NetBIOS datagram over LLC',
    frame: 
      '0200000000020200000000010058f0f0032c00ffef08000000000000000000000000000000000000000000000000000000000000000000000000ff534d420000000000000000' +
      '0000000000000000000000000000000000000000000000000000000000000000',
    layers: 'eth:llc:netbios',
    fields: { 'llc.dsap': ['240'], 'llc.ssap': ['240'], 'llc.control': ['3'], 'netbios.hdr_len': ['44'], 'netbios.delimiter': ['61439'], 'netbios.command': ['8'] },
  },
  {
    what: 'XID, which carries no protocol',
    frame: '02000000000202000000000100060001af810100',
    layers: 'eth:llc',
    fields: { 'llc.dsap': ['0'], 'llc.ssap': ['1'], 'llc.control': ['175'] },
  },
  {
    what: 'LACP',
    frame: 
      '02000000000202000000000188090101011400000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000' +
      '000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000',
    layers: 'eth:slow:lacp',
    fields: { 'lacp.version': ['1'], 'lacp.actor.sys_priority': ['0'], 'lacp.actor.sysid': ['00:00:00:00:00:00'], 'lacp.actor.key': ['0'], 'lacp.actor.port': ['0'], 'lacp.actor.state': ['0'], 'lacp.partner.sys_priority': ['0'], 'lacp.partner.sysid': ['00:00:00:00:00:00'], 'lacp.partner.key': ['0'], 'lacp.partner.port': ['0'], 'lacp.partner.state': ['0'], 'slow.subtype': ['1'] },
  },
  {
    what: 'marker',
    frame: 
      '02000000000202000000000188090201011400000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000' +
      '000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000',
    layers: 'eth:slow',
    fields: { 'slow.subtype': ['2'] },
  },
  {
    what: 'EAPOL start',
    frame: '020000000002020000000001888e01010000',
    layers: 'eth:eapol',
    fields: { 'eapol.version': ['1'], 'eapol.type': ['1'], 'eapol.len': ['0'] },
  },
  {
    what: 'EAPOL key',
    frame: 
      '020000000002020000000001888e0203005f02000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000' +
      '00000000000000000000000000000000000000000000000000000000000000000000000000000000000000',
    layers: 'eth:eapol',
    fields: { 'eapol.version': ['2'], 'eapol.type': ['3'], 'eapol.len': ['95'], 'eapol.keydes.type': ['2'], 'eapol.keydes.replay_counter': ['0'] },
  },
  {
    what: 'Ethernet loopback',
    frame: '02000000000202000000000190000000010005000000',
    layers: 'eth:loop',
    fields: { 'loop.skipcount': ['0'], 'loop.function': ['1'], 'loop.receipt_number': ['5'] },
  },
  {
    what: 'PPPoE discovery',
    frame: '020000000002020000000001886311090000000c010100000103000401020304',
    layers: 'eth:pppoed',
    fields: { 'pppoe.version': ['1'], 'pppoe.type': ['1'], 'pppoe.code': ['9'], 'pppoe.session_id': ['0'], 'pppoe.payload_length': ['12'] },
  },
  {
    what: 'PPPoE with IPv4',
    frame: '020000000002020000000001886411000001002300214500002100010000401166c90a0000010a000002045708ae000d000068656c6c6f',
    layers: 'eth:pppoes:ppp:ip:udp',
    fields: { 'ppp.protocol': ['33'], 'pppoe.version': ['1'], 'pppoe.type': ['1'], 'pppoe.code': ['0'], 'pppoe.session_id': ['1'], 'pppoe.payload_length': ['35'] },
  },
  {
    what: 'PPPoE with LCP',
    frame: '0200000000020200000000018864110000010006c02109010004',
    layers: 'eth:pppoes:ppp:lcp',
    fields: { 'ppp.code': ['9'], 'ppp.identifier': ['1'], 'ppp.length': ['4'], 'ppp.protocol': ['49185'] },
  },
  {
    what: 'PAP',
    frame: '0200000000020200000000018864110000010015c02301010013047573657209736563726574707739',
    layers: 'eth:pppoes:ppp:pap',
    fields: { 'pap.code': ['1'], 'pap.identifier': ['1'], 'pap.length': ['19'], 'pap.peer_id': ['user'], 'pap.password': ['secretpw9'], 'ppp.protocol': ['49187'] },
  },
  {
    what: 'CHAP',
    frame: '020000000002020000000001886411000001000fc2230101000d046162636470656572',
    layers: 'eth:pppoes:ppp:chap',
    fields: { 'chap.code': ['1'], 'chap.identifier': ['1'], 'chap.length': ['13'], 'chap.value_size': ['4'], 'chap.value': ['61626364'], 'chap.name': ['peer'], 'ppp.protocol': ['49699'] },
  },
  {
    what: 'IPCP',
    frame: '020000000002020000000001886411000001000c80210101000a030600000000',
    layers: 'eth:pppoes:ppp:ipcp',
    fields: { 'ppp.code': ['1'], 'ppp.identifier': ['1'], 'ppp.length': ['10'], 'ipcp.opt.type': ['3'], 'ipcp.opt.ip_address': ['0.0.0.0'], 'ppp.protocol': ['32801'] },
  },
  {
    what: 'two MPLS labels',
    frame: '0200000000020200000000018847000010ff000021ff4500002100010000401166c90a0000010a000002045708ae000d000068656c6c6f',
    layers: 'eth:mpls:ip:udp',
    fields: { 'mpls.label': ['1', '2'], 'mpls.exp': ['0', '0'], 'mpls.bottom': ['0', '1'], 'mpls.ttl': ['255', '255'] },
  },
  {
    what: 'MPLS with IPv6',
    frame: '0200000000020200000000018847000011ff6000000000091140fe800000000000000000000000000001fe800000000000000000000000000002000100020009000078',
    layers: 'eth:mpls:ipv6:udp',
    fields: { 'mpls.label': ['1'], 'mpls.exp': ['0'], 'mpls.bottom': ['1'], 'mpls.ttl': ['255'] },
  },
  {
    what: 'LLDP',
    frame: '02000000000202000000000188cc0207040200000000010403056130060200780a04686f73740000',
    layers: 'eth:lldp',
    fields: { 'lldp.tlv.type': ['1', '2', '3', '5', '0'], 'lldp.tlv.len': ['7', '3', '2', '4', '0'], 'lldp.chassis.subtype': ['4'], 'lldp.chassis.id.mac': ['02:00:00:00:00:01'], 'lldp.port.subtype': ['5'], 'lldp.port.id': ['a0'], 'lldp.time_to_live': ['120'], 'lldp.tlv.system.name': ['host'] },
  },
  {
    what: 'VLAN with LLC',
    frame: '020000000002020000000001810000010003424203',
    layers: 'eth:vlan:llc',
    fields: { 'llc.dsap': ['66'], 'llc.ssap': ['66'], 'llc.control': ['3'], 'vlan.priority': ['0'], 'vlan.dei': ['0'], 'vlan.id': ['1'], 'vlan.len': ['3'] },
  },
  {
    what: 'VLAN',
    frame: '0200000000020200000000018100000108004500002100010000401166c90a0000010a000002045708ae000d000068656c6c6f',
    layers: 'eth:vlan:ip:udp',
    fields: { 'vlan.priority': ['0'], 'vlan.dei': ['0'], 'vlan.id': ['1'], 'vlan.etype': ['2048'] },
  },
  {
    what: '802.1ad and 802.1Q',
    frame: '02000000000202000000000188a800018100000208004500002100010000401166c90a0000010a000002045708ae000d000068656c6c6f',
    layers: 'eth:ieee8021ad:vlan:ip:udp',
    fields: { 'ieee8021ad.priority': ['0'], 'ieee8021ad.dei': ['0'], 'ieee8021ad.id': ['1'], 'vlan.priority': ['0'], 'vlan.dei': ['0'], 'vlan.id': ['2'], 'vlan.etype': ['2048'] },
  },
  {
    what: 'PPP with address and control',
    linkType: 9,
    frame: 'ff0300214500002100010000401166c90a0000010a000002045708ae000d000068656c6c6f',
    layers: 'ppp:ip:udp',
    fields: { 'ppp.address': ['255'], 'ppp.control': ['3'], 'ppp.protocol': ['33'] },
  },
  {
    what: 'PPP with protocol compression',
    linkType: 9,
    frame: '214500002100010000401166c90a0000010a000002045708ae000d000068656c6c6f',
    layers: 'ppp:ip:udp',
    fields: { 'ppp.protocol': ['33'] },
  },
  {
    what: 'PPP, CCP',
    linkType: 9,
    frame: 'ff0380fd01010004',
    layers: 'ppp:ccp',
    fields: { 'ppp.code': ['1'], 'ppp.identifier': ['1'], 'ppp.length': ['4'], 'ppp.address': ['255'], 'ppp.control': ['3'], 'ppp.protocol': ['33021'] },
  },
  {
    what: 'Cisco HDLC under the link type of PPP',
    linkType: 50,
    frame: '0f0008004500002100010000401166c90a0000010a000002045708ae000d000068656c6c6f',
    layers: 'ppp:chdlc:ip:udp',
    fields: { 'chdlc.address': ['15'], 'chdlc.control': ['0'], 'chdlc.protocol': ['2048'] },
  },
  {
    what: 'PPPoE as link type',
    linkType: 51,
    frame: '11000001002300214500002100010000401166c90a0000010a000002045708ae000d000068656c6c6f',
    layers: 'pppoes:ppp:ip:udp',
    fields: { 'ppp.protocol': ['33'], 'pppoe.version': ['1'], 'pppoe.type': ['1'], 'pppoe.code': ['0'], 'pppoe.session_id': ['1'], 'pppoe.payload_length': ['35'] },
  },
  {
    what: 'PPP with direction',
    linkType: 204,
    frame: '00ff0300214500002100010000401166c90a0000010a000002045708ae000d000068656c6c6f',
    layers: 'ppp:ip:udp',
    fields: { 'ppp.address': ['255'], 'ppp.control': ['3'], 'ppp.direction': ['1'], 'ppp.protocol': ['33'] },
  },
  {
    what: 'Cisco HDLC',
    linkType: 104,
    frame: '0f0008004500002100010000401166c90a0000010a000002045708ae000d000068656c6c6f',
    layers: 'chdlc:ip:udp',
    fields: { 'chdlc.address': ['15'], 'chdlc.control': ['0'], 'chdlc.protocol': ['2048'] },
  },
  {
    what: 'SLARP',
    linkType: 104,
    frame: '8f008035000000020000000100000001ffff0000',
    layers: 'chdlc:slarp',
    fields: { 'chdlc.address': ['143'], 'chdlc.control': ['0'], 'chdlc.protocol': ['32821'], 'slarp.ptype': ['2'], 'slarp.mysequence': ['1'], 'slarp.yoursequence': ['1'] },
  },
  {
    what: 'Cisco HDLC with CDP',
    linkType: 104,
    frame: '8f00200002b400000001000874657374',
    layers: 'chdlc:cdp',
    fields: { 'cdp.version': ['2'], 'cdp.ttl': ['180'], 'cdp.checksum': ['0'], 'cdp.tlv.type': ['1'], 'cdp.deviceid': ['test'], 'chdlc.address': ['143'], 'chdlc.control': ['0'], 'chdlc.protocol': ['8192'] },
  },
  {
    what: 'loopback, little-endian',
    linkType: 0,
    frame: '020000004500002100010000401166c90a0000010a000002045708ae000d000068656c6c6f',
    layers: 'null:ip:udp',
    fields: { 'null.family': ['2'] },
  },
  {
    what: 'loopback, big-endian',
    linkType: 0,
    frame: '000000024500002100010000401166c90a0000010a000002045708ae000d000068656c6c6f',
    layers: 'null:ip:udp',
    fields: { 'null.family': ['2'] },
  },
  {
    what: 'loopback with the IPv6 of Darwin',
    linkType: 0,
    frame: '1e0000006000000000091140fe800000000000000000000000000001fe800000000000000000000000000002000100020009000078',
    layers: 'null:ipv6:udp',
    fields: { 'null.family': ['30'] },
  },
  {
    what: 'OpenBSD loopback',
    linkType: 108,
    frame: '000000024500002100010000401166c90a0000010a000002045708ae000d000068656c6c6f',
    layers: 'null:ip:udp',
    fields: { 'null.family': ['2'] },
  },
  {
    what: 'raw IPv6',
    linkType: 101,
    frame: '6000000000091140fe800000000000000000000000000001fe800000000000000000000000000002000100020009000078',
    layers: 'raw:ipv6:udp',
    fields: { 'ipv6.version': ['6'], 'ipv6.tclass': ['0'], 'ipv6.flow': ['0'], 'ipv6.plen': ['9'], 'ipv6.nxt': ['17'], 'ipv6.hlim': ['64'], 'ipv6.src': ['fe80::1'], 'ipv6.dst': ['fe80::2'] },
  },
  {
    what: 'cooked v1',
    linkType: 113,
    frame: '000000010006020000000001000008004500002100010000401166c90a0000010a000002045708ae000d000068656c6c6f',
    layers: 'sll:ip:udp',
    fields: { 'sll.pkttype': ['0'], 'sll.hatype': ['1'], 'sll.halen': ['6'], 'sll.src.eth': ['02:00:00:00:00:01'], 'sll.etype': ['2048'] },
  },
  {
    what: 'cooked v1 with LLC',
    linkType: 113,
    frame: '000000010006020000000001000000044242030000000000000000000000000000000000000000000000000000000000000000000000',
    layers: 'sll:llc:stp',
    fields: { 'llc.dsap': ['66'], 'llc.ssap': ['66'], 'llc.control': ['3'], 'sll.pkttype': ['0'], 'sll.hatype': ['1'], 'sll.halen': ['6'], 'sll.src.eth': ['02:00:00:00:00:01'], 'sll.ltype': ['4'] },
  },
  {
    what: 'cooked v2',
    linkType: 276,
    frame: '08000000000000020001000602000000000100004500002100010000401166c90a0000010a000002045708ae000d000068656c6c6f',
    layers: 'sll:ip:udp',
    fields: { 'sll.pkttype': ['0'], 'sll.hatype': ['1'], 'sll.halen': ['6'], 'sll.src.eth': ['02:00:00:00:00:01'], 'sll.etype': ['2048'], 'sll.ifindex': ['2'] },
  },
  {
    what: 'cooked v2 with VLAN',
    linkType: 276,
    frame: '8100000000000002000100060200000000010000000108004500002100010000401166c90a0000010a000002045708ae000d000068656c6c6f',
    layers: 'sll:vlan:ip:udp',
    fields: { 'sll.pkttype': ['0'], 'sll.hatype': ['1'], 'sll.halen': ['6'], 'sll.src.eth': ['02:00:00:00:00:01'], 'sll.etype': ['33024'], 'sll.ifindex': ['2'], 'vlan.priority': ['0'], 'vlan.dei': ['0'], 'vlan.id': ['1'], 'vlan.etype': ['2048'] },
  },
  {
    what: 'NFLOG',
    linkType: 239,
    frame: '02000000080001000000000008000a0070726500250009004500002100010000401166c90a0000010a000002045708ae000d000068656c6c6f000000',
    layers: 'nflog:ip:udp',
    fields: { 'nflog.family': ['2'], 'nflog.version': ['0'], 'nflog.res_id': ['0'], 'nflog.tlv_type': ['1', '10', '9'], 'nflog.prefix': ['pre'] },
  },
  {
    what: 'NFLOG with IPv6',
    linkType: 239,
    frame: '0a000000350009006000000000091140fe800000000000000000000000000001fe800000000000000000000000000002000100020009000078000000',
    layers: 'nflog:ipv6:udp',
    fields: { 'nflog.family': ['10'], 'nflog.version': ['0'], 'nflog.res_id': ['0'], 'nflog.tlv_type': ['9'] },
  },
  {
    what: '802.11 data',
    linkType: 105,
    frame: '080000000200000000010200000000020200000000030000aaaa0300000008004500002100010000401166c90a0000010a000002045708ae000d000068656c6c6f',
    layers: 'wlan:llc:ip:udp',
    fields: { 'llc.dsap': ['170'], 'llc.ssap': ['170'], 'llc.control': ['3'], 'llc.oui': ['0'], 'llc.type': ['2048'], 'wlan.fc': ['2048'], 'wlan.fc.type': ['2'], 'wlan.fc.type_subtype': ['32'], 'wlan.fc.tods': ['0'], 'wlan.fc.fromds': ['0'], 'wlan.fc.frag': ['0'], 'wlan.fc.retry': ['0'], 'wlan.fc.protected': ['0'], 'wlan.duration': ['0'] },
  },
  {
    what: '802.11 data to the access point',
    linkType: 105,
    frame: '080100000200000000010200000000020200000000030000aaaa0300000008004500002100010000401166c90a0000010a000002045708ae000d000068656c6c6f',
    layers: 'wlan:llc:ip:udp',
    fields: { 'wlan.fc': ['2049'], 'wlan.fc.type': ['2'], 'wlan.fc.type_subtype': ['32'], 'wlan.fc.tods': ['1'], 'wlan.fc.fromds': ['0'], 'wlan.fc.frag': ['0'], 'wlan.fc.retry': ['0'], 'wlan.fc.protected': ['0'], 'wlan.duration': ['0'], 'wlan.ra': ['02:00:00:00:00:01'], 'wlan.ta': ['02:00:00:00:00:02'], 'wlan.da': ['02:00:00:00:00:03'], 'wlan.sa': ['02:00:00:00:00:02'], 'wlan.bssid': ['02:00:00:00:00:01'] },
  },
  {
    what: '802.11 data from the access point',
    linkType: 105,
    frame: '080200000200000000010200000000020200000000030000aaaa0300000008004500002100010000401166c90a0000010a000002045708ae000d000068656c6c6f',
    layers: 'wlan:llc:ip:udp',
    fields: { 'wlan.fc': ['2050'], 'wlan.fc.type': ['2'], 'wlan.fc.type_subtype': ['32'], 'wlan.fc.tods': ['0'], 'wlan.fc.fromds': ['1'], 'wlan.fc.frag': ['0'], 'wlan.fc.retry': ['0'], 'wlan.fc.protected': ['0'], 'wlan.duration': ['0'], 'wlan.ra': ['02:00:00:00:00:01'], 'wlan.ta': ['02:00:00:00:00:02'], 'wlan.da': ['02:00:00:00:00:01'], 'wlan.sa': ['02:00:00:00:00:03'], 'wlan.bssid': ['02:00:00:00:00:02'] },
  },
  {
    what: '802.11 data between access points',
    linkType: 105,
    frame: 
      '080300000200000000010200000000020200000000030000020000000004aaaa0300000008004500002100010000401166c90a0000010a000002045708ae000d000068656c6c' +
      '6f',
    layers: 'wlan:llc:ip:udp',
    fields: { 'wlan.fc': ['2051'], 'wlan.fc.type': ['2'], 'wlan.fc.type_subtype': ['32'], 'wlan.fc.tods': ['1'], 'wlan.fc.fromds': ['1'], 'wlan.fc.frag': ['0'], 'wlan.fc.retry': ['0'], 'wlan.fc.protected': ['0'], 'wlan.duration': ['0'], 'wlan.ra': ['02:00:00:00:00:01'], 'wlan.ta': ['02:00:00:00:00:02'], 'wlan.da': ['02:00:00:00:00:03'], 'wlan.sa': ['02:00:00:00:00:04'], 'wlan.frag': ['0'] },
  },
  {
    what: '802.11 QoS data',
    linkType: 105,
    frame: '8800000002000000000102000000000202000000000300000000aaaa0300000008004500002100010000401166c90a0000010a000002045708ae000d000068656c6c6f',
    layers: 'wlan:llc:ip:udp',
    fields: { 'wlan.fc': ['34816'], 'wlan.fc.type': ['2'], 'wlan.fc.type_subtype': ['40'], 'wlan.fc.tods': ['0'], 'wlan.fc.fromds': ['0'], 'wlan.fc.frag': ['0'], 'wlan.fc.retry': ['0'], 'wlan.fc.protected': ['0'], 'wlan.duration': ['0'], 'wlan.ra': ['02:00:00:00:00:01'], 'wlan.ta': ['02:00:00:00:00:02'], 'wlan.da': ['02:00:00:00:00:01'], 'wlan.sa': ['02:00:00:00:00:02'], 'wlan.bssid': ['02:00:00:00:00:03'] },
  },
  {
    what: '802.11 QoS data with HT control',
    linkType: 105,
    frame: 
      '888100000200000000010200000000020200000000030000000000000000aaaa0300000008004500002100010000401166c90a0000010a000002045708ae000d000068656c6c' +
      '6f',
    layers: 'wlan:llc:ip:udp',
    fields: { 'wlan.fc': ['34945'], 'wlan.fc.type': ['2'], 'wlan.fc.type_subtype': ['40'], 'wlan.fc.tods': ['1'], 'wlan.fc.fromds': ['0'], 'wlan.fc.frag': ['0'], 'wlan.fc.retry': ['0'], 'wlan.fc.protected': ['0'], 'wlan.duration': ['0'], 'wlan.ra': ['02:00:00:00:00:01'], 'wlan.ta': ['02:00:00:00:00:02'], 'wlan.da': ['02:00:00:00:00:03'], 'wlan.sa': ['02:00:00:00:00:02'], 'wlan.bssid': ['02:00:00:00:00:01'] },
  },
  {
    what: '802.11 protected data',
    linkType: 105,
    frame: '884100000200000000010200000000020200000000030000000001010101010101010101010101010101010101010101010101010101010101010101010101010101',
    layers: 'wlan',
    fields: { 'wlan.fc': ['34881'], 'wlan.fc.type': ['2'], 'wlan.fc.type_subtype': ['40'], 'wlan.fc.tods': ['1'], 'wlan.fc.fromds': ['0'], 'wlan.fc.frag': ['0'], 'wlan.fc.retry': ['0'], 'wlan.fc.protected': ['1'], 'wlan.duration': ['0'], 'wlan.ra': ['02:00:00:00:00:01'], 'wlan.ta': ['02:00:00:00:00:02'], 'wlan.da': ['02:00:00:00:00:03'], 'wlan.sa': ['02:00:00:00:00:02'], 'wlan.bssid': ['02:00:00:00:00:01'] },
  },
  {
    what: '802.11 aggregate',
    linkType: 105,
    frame: 
      '88010000020000000001020000000002020000000003000080000200000000010200000000020029aaaa0300000008004500002100010000401166c90a0000010a0000020457' +
      '08ae000d000068656c6c6f',
    layers: 'wlan:llc:ip:udp',
    fields: { 'llc.dsap': ['170'], 'llc.ssap': ['170'], 'llc.control': ['3'], 'llc.oui': ['0'], 'llc.type': ['2048'] },
  },
  {
    what: '802.11 beacon',
    linkType: 105,
    frame: '8000000002000000000102000000000202000000000300000000000000000000000000000004686f6d65010182',
    layers: 'wlan',
    fields: { 'wlan.fc': ['32768'], 'wlan.fc.type': ['0'], 'wlan.fc.type_subtype': ['8'], 'wlan.fc.tods': ['0'], 'wlan.fc.fromds': ['0'], 'wlan.fc.frag': ['0'], 'wlan.fc.retry': ['0'], 'wlan.fc.protected': ['0'], 'wlan.duration': ['0'], 'wlan.ra': ['02:00:00:00:00:01'], 'wlan.ta': ['02:00:00:00:00:02'], 'wlan.da': ['02:00:00:00:00:01'], 'wlan.sa': ['02:00:00:00:00:02'], 'wlan.bssid': ['02:00:00:00:00:03'] },
  },
  {
    what: '802.11 deauthentication',
    linkType: 105,
    frame: 'c000000002000000000102000000000202000000000300000700',
    layers: 'wlan',
    fields: { 'wlan.fc': ['49152'], 'wlan.fc.type': ['0'], 'wlan.fc.type_subtype': ['12'], 'wlan.fc.tods': ['0'], 'wlan.fc.fromds': ['0'], 'wlan.fc.frag': ['0'], 'wlan.fc.retry': ['0'], 'wlan.fc.protected': ['0'], 'wlan.duration': ['0'], 'wlan.ra': ['02:00:00:00:00:01'], 'wlan.ta': ['02:00:00:00:00:02'], 'wlan.da': ['02:00:00:00:00:01'], 'wlan.sa': ['02:00:00:00:00:02'], 'wlan.bssid': ['02:00:00:00:00:03'] },
  },
  {
    what: '802.11 acknowledgement',
    linkType: 105,
    frame: 'd4000000020000000001',
    layers: 'wlan',
    fields: { 'wlan.fc': ['54272'], 'wlan.fc.type': ['1'], 'wlan.fc.type_subtype': ['29'], 'wlan.fc.tods': ['0'], 'wlan.fc.fromds': ['0'], 'wlan.fc.frag': ['0'], 'wlan.fc.retry': ['0'], 'wlan.fc.protected': ['0'], 'wlan.duration': ['0'], 'wlan.ra': ['02:00:00:00:00:01'] },
  },
  {
    what: '802.11 request to send',
    linkType: 105,
    frame: 'b4000000020000000001020000000002',
    layers: 'wlan',
    fields: { 'wlan.fc': ['46080'], 'wlan.fc.type': ['1'], 'wlan.fc.type_subtype': ['27'], 'wlan.fc.tods': ['0'], 'wlan.fc.fromds': ['0'], 'wlan.fc.frag': ['0'], 'wlan.fc.retry': ['0'], 'wlan.fc.protected': ['0'], 'wlan.duration': ['0'], 'wlan.ra': ['02:00:00:00:00:01'], 'wlan.ta': ['02:00:00:00:00:02'] },
  },
  {
    what: '802.11 with EAPOL',
    linkType: 105,
    frame: '080000000200000000010200000000020200000000030000aaaa03000000888e01010000',
    layers: 'wlan:llc:eapol',
    fields: { 'eapol.version': ['1'], 'eapol.type': ['1'], 'eapol.len': ['0'], 'wlan.fc': ['2048'], 'wlan.fc.type': ['2'], 'wlan.fc.type_subtype': ['32'], 'wlan.fc.tods': ['0'], 'wlan.fc.fromds': ['0'], 'wlan.fc.frag': ['0'], 'wlan.fc.retry': ['0'], 'wlan.fc.protected': ['0'], 'wlan.duration': ['0'], 'wlan.ra': ['02:00:00:00:00:01'], 'wlan.ta': ['02:00:00:00:00:02'] },
  },
  {
    what: 'PPI',
    linkType: 192,
    frame: 
      '0000200069000000020014000000000000000000010000000000000000000000080000000200000000010200000000020200000000030000aaaa030000000800450000210001' +
      '0000401166c90a0000010a000002045708ae000d000068656c6c6f01020304',
    layers: 'ppi:wlan:llc:ip:udp',
    fields: { 'ppi.version': ['0'], 'ppi.length': ['32'], 'ppi.dlt': ['105'] },
  },
  {
    what: 'Prism',
    linkType: 119,
    frame: 
      '4400000090000000776c616e30000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000' +
      '00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000' +
      '00000000080000000200000000010200000000020200000000030000aaaa0300000008004500002100010000401166c90a0000010a000002045708ae000d000068656c6c6f',
    layers: 'prism:wlan:llc:ip:udp',
    fields: { 'prism.msglen': ['144'], 'prism.devname': ['wlan0'] },
  },
  {
    what: 'AVS',
    linkType: 163,
    frame: 
      '80211001000000400000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000080000000200' +
      '000000010200000000020200000000030000aaaa0300000008004500002100010000401166c90a0000010a000002045708ae000d000068656c6c6f',
    layers: 'wlancap:wlan:llc:ip:udp',
    fields: { 'wlancap.length': ['64'] },
  },
];
