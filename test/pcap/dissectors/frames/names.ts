/** Name services: frames of our own making or of the RFCs named, and what tshark 4.0.17 says of them (`-T fields`). */
import type { DissectorCase } from '../../../support/dissectorCases.ts';

export const namesFrames: readonly DissectorCase[] = [
  {
    what: 'DNS question',
    frame:
      '02000000000202000000000108004500003d00010000401166ad0a0000010a0000029c4000350029000012340100000100000000000003777777076578616d706c6503636f6d' +
      '0000010001',
    layers: 'eth:ip:udp:dns',
    fields: {
      'dns.id': ['4660'],
      'dns.flags': ['256'],
      'dns.flags.response': ['0'],
      'dns.flags.opcode': ['0'],
      'dns.flags.truncated': ['0'],
      'dns.flags.recdesired': ['1'],
      'dns.flags.z': ['0'],
      'dns.flags.checkdisable': ['0'],
      'dns.count.queries': ['1'],
      'dns.count.answers': ['0'],
      'dns.count.auth_rr': ['0'],
      'dns.count.add_rr': ['0'],
      'dns.qry.name': ['www.example.com'],
      'dns.qry.name.len': ['15'],
    },
  },
  {
    what: 'DNS answer with CNAME, A and AAAA',
    frame:
      '02000000000202000000000108004500008300010000401166670a0000010a00000200359c40006f000012348180000100030000000003777777076578616d706c6503636f6d' +
      '0000010001c00c000500010000012c000603776562c01003776562c010000100010000012c0004c000020103776562c010001c00010000012c001020010db800000000000000' +
      '0000000001',
    layers: 'eth:ip:udp:dns',
    fields: {
      'dns.id': ['4660'],
      'dns.flags': ['33152'],
      'dns.flags.response': ['1'],
      'dns.flags.opcode': ['0'],
      'dns.flags.authoritative': ['0'],
      'dns.flags.truncated': ['0'],
      'dns.flags.recdesired': ['1'],
      'dns.flags.recavail': ['1'],
      'dns.flags.z': ['0'],
      'dns.flags.authenticated': ['0'],
      'dns.flags.checkdisable': ['0'],
      'dns.flags.rcode': ['0'],
      'dns.count.queries': ['1'],
      'dns.count.answers': ['3'],
    },
  },
  {
    what: 'DNS MX, NS, SOA, PTR',
    frame:
      '02000000000202000000000108004500009e000100004011664c0a0000010a00000200359c40008a0000123481800001000300010000076578616d706c6503636f6d00000f00' +
      '01c00c000f00010000012c0009000a046d61696cc00cc00c000200010000012c0005026e73c00cc00c000c00010000012c000603707472c00cc00c000600010000012c002102' +
      '6e73c00c0561646d696ec00c78c275f500001c2000000e10001275000000012c',
    layers: 'eth:ip:udp:dns',
    fields: {
      'dns.id': ['4660'],
      'dns.flags': ['33152'],
      'dns.flags.response': ['1'],
      'dns.flags.opcode': ['0'],
      'dns.flags.authoritative': ['0'],
      'dns.flags.truncated': ['0'],
      'dns.flags.recdesired': ['1'],
      'dns.flags.recavail': ['1'],
      'dns.flags.z': ['0'],
      'dns.flags.authenticated': ['0'],
      'dns.flags.checkdisable': ['0'],
      'dns.flags.rcode': ['0'],
      'dns.count.queries': ['1'],
      'dns.count.answers': ['3'],
    },
  },
  {
    what: 'DNS TXT, CAA, HTTPS, DS, NULL',
    frame:
      '0200000000020200000000010800450000d900010000401166110a0000010a00000200359c4000c50000123481800001000500000000076578616d706c6503636f6d0000ff00' +
      '01c00c001000010000012c000c0568656c6c6f05776f726c64c00c010100010000012c0016000569737375656c657473656e63727970742e6f7267c00c004100010000012c00' +
      '1b000100000100060268320268330003000201bb00040004c0000201c00c002b00010000012c002430390d021111111111111111111111111111111111111111111111111111' +
      '111111111111c00c000a00010000012c0003010203',
    layers: 'eth:ip:udp:dns',
    fields: {
      'dns.id': ['4660'],
      'dns.flags': ['33152'],
      'dns.flags.response': ['1'],
      'dns.flags.opcode': ['0'],
      'dns.flags.authoritative': ['0'],
      'dns.flags.truncated': ['0'],
      'dns.flags.recdesired': ['1'],
      'dns.flags.recavail': ['1'],
      'dns.flags.z': ['0'],
      'dns.flags.authenticated': ['0'],
      'dns.flags.checkdisable': ['0'],
      'dns.flags.rcode': ['0'],
      'dns.count.queries': ['1'],
      'dns.count.answers': ['5'],
    },
  },
  {
    what: 'DNS DNSKEY, RRSIG and EDNS',
    frame:
      '02000000000202000000000108004500010b00010000401165df0a0000010a00000200359c4000f70000123481800001000200000001076578616d706c6503636f6d00003000' +
      '01c00c003000010000012c00440101030d2222222222222222222222222222222222222222222222222222222222222222222222222222222222222222222222222222222222' +
      '2222222222222222222222c00c002e00010000012c005f00300d0200000e106b49d2006ab13b803039076578616d706c6503636f6d0033333333333333333333333333333333' +
      '33333333333333333333333333333333333333333333333333333333333333333333333333333333333333333333333300002904d000008000000c000a000844444444444444' +
      '44',
    layers: 'eth:ip:udp:dns',
    fields: {
      'dns.id': ['4660'],
      'dns.flags': ['33152'],
      'dns.flags.response': ['1'],
      'dns.flags.opcode': ['0'],
      'dns.flags.authoritative': ['0'],
      'dns.flags.truncated': ['0'],
      'dns.flags.recdesired': ['1'],
      'dns.flags.recavail': ['1'],
      'dns.flags.z': ['0'],
      'dns.flags.authenticated': ['0'],
      'dns.flags.checkdisable': ['0'],
      'dns.flags.rcode': ['0'],
      'dns.count.queries': ['1'],
      'dns.count.answers': ['2'],
    },
  },
  {
    what: 'DNS error answer',
    frame:
      '02000000000202000000000108004500003c00010000401166ae0a0000010a00000200359c4000280000123481830001000000000000026e78076578616d706c6503636f6d00' +
      '00010001',
    layers: 'eth:ip:udp:dns',
    fields: {
      'dns.id': ['4660'],
      'dns.flags': ['33155'],
      'dns.flags.response': ['1'],
      'dns.flags.opcode': ['0'],
      'dns.flags.authoritative': ['0'],
      'dns.flags.truncated': ['0'],
      'dns.flags.recdesired': ['1'],
      'dns.flags.recavail': ['1'],
      'dns.flags.z': ['0'],
      'dns.flags.authenticated': ['0'],
      'dns.flags.checkdisable': ['0'],
      'dns.flags.rcode': ['3'],
      'dns.count.queries': ['1'],
      'dns.count.answers': ['0'],
    },
  },
  {
    what: 'mDNS answer',
    frame:
      '02000000000202000000000108004500004b0001000040118fa50a000001e00000fb14e914e900370000000084000000000100000000055f68747470045f746370056c6f6361' +
      '6c00000c80010000007800070474657374c00c',
    layers: 'eth:ip:udp:mdns',
    fields: {
      'dns.id': ['0'],
      'dns.flags': ['33792'],
      'dns.flags.response': ['1'],
      'dns.flags.opcode': ['0'],
      'dns.flags.authoritative': ['1'],
      'dns.flags.truncated': ['0'],
      'dns.flags.recdesired': ['0'],
      'dns.flags.recavail': ['0'],
      'dns.flags.z': ['0'],
      'dns.flags.authenticated': ['0'],
      'dns.flags.checkdisable': ['0'],
      'dns.flags.rcode': ['0'],
      'dns.count.queries': ['0'],
      'dns.count.answers': ['1'],
    },
  },
  {
    what: 'mDNS question',
    frame:
      '02000000000202000000000108004500003d0001000040118fb30a000001e00000fb14e914e900290000000000000001000000000000045f697070045f746370056c6f63616c' +
      '00000c8001',
    layers: 'eth:ip:udp:mdns',
    fields: {
      'dns.id': ['0'],
      'dns.flags': ['0'],
      'dns.flags.response': ['0'],
      'dns.flags.opcode': ['0'],
      'dns.flags.truncated': ['0'],
      'dns.flags.recdesired': ['0'],
      'dns.flags.z': ['0'],
      'dns.flags.checkdisable': ['0'],
      'dns.count.queries': ['1'],
      'dns.count.answers': ['0'],
      'dns.count.auth_rr': ['0'],
      'dns.count.add_rr': ['0'],
      'dns.qry.name': ['_ipp._tcp.local'],
      'dns.qry.name.len': ['15'],
    },
  },
  {
    what: 'LLMNR question',
    frame:
      '0200000000020200000000010800450000380001000040118fb70a000001e00000fcc35014eb002400004620000000010000000000000a66696c657365727665720000010001',
    layers: 'eth:ip:udp:llmnr',
    fields: {
      'dns.id': ['17952'],
      'dns.flags': ['0'],
      'dns.flags.response': ['0'],
      'dns.flags.opcode': ['0'],
      'dns.flags.conflict': ['0'],
      'dns.flags.truncated': ['0'],
      'dns.flags.tentative': ['0'],
      'dns.count.queries': ['1'],
      'dns.count.answers': ['0'],
      'dns.count.auth_rr': ['0'],
      'dns.count.add_rr': ['0'],
      'dns.qry.name': ['fileserver'],
      'dns.qry.name.len': ['10'],
      'dns.count.labels': ['1'],
    },
  },
  {
    what: 'NBNS query',
    frame:
      '02000000000202000000000108004500004e000100004011659f0a0000010a0000ff00890089003a000080010110000100000000000020464845504643454c45484643455046' +
      '464641434143414341434143414341424f0000200001',
    layers: 'eth:ip:udp:nbns',
    fields: {
      'nbns.id': ['32769'],
      'nbns.flags': ['272'],
      'nbns.flags.response': ['0'],
      'nbns.flags.opcode': ['0'],
      'nbns.flags.broadcast': ['1'],
      'nbns.count.queries': ['1'],
      'nbns.count.answers': ['0'],
      'nbns.count.auth_rr': ['0'],
      'nbns.count.add_rr': ['0'],
      'nbns.name': ['WORKGROUP<1e>'],
      'nbns.type': ['32'],
      'nbns.class': ['1'],
    },
  },
  {
    what: 'NBNS answer',
    frame:
      '02000000000202000000000108004500005a00010000401166900a0000010a0000020089008900460000800185000000000100000000204547454a454d454646444546464346' +
      '47454646434341434143414341434143410000200001000493e0000600000a000002',
    layers: 'eth:ip:udp:nbns',
    fields: {
      'nbns.id': ['32769'],
      'nbns.flags': ['34048'],
      'nbns.flags.response': ['1'],
      'nbns.flags.opcode': ['0'],
      'nbns.flags.broadcast': ['0'],
      'nbns.flags.rcode': ['0'],
      'nbns.count.queries': ['0'],
      'nbns.count.answers': ['1'],
      'nbns.count.auth_rr': ['0'],
      'nbns.count.add_rr': ['0'],
      'nbns.type': ['32'],
      'nbns.class': ['1'],
      'nbns.ttl': ['300000'],
      'nbns.data_length': ['6'],
    },
  },
  {
    what: 'NetBIOS datagram with a browser announcement',
    frame:
      '0200000000020200000000010800450000ee00010000401164ff0a0000010a0000ff008a008a00da0000110200070a000001008a00c4000020464845504643454c4644464545' +
      '424645454a4550454f444243414341434141410020464845504643454c45484643455046464641434143414341434143414341424e00ff534d42250000000000000000000000' +
      '000000000000000000000000000000001100002a000000000000000000e80300000000000000002a00560003000100010002003b005c4d41494c534c4f545c42524f57534500' +
      '0103c0d40100574f524b53544154494f4e31000000000a00031000000f0155aa6120636f6d6d656e7400',
    layers: 'eth:ip:udp:nbdgm:smb:browser',
    fields: {
      'browser.command': ['1'],
      'browser.update_count': ['3'],
      'browser.period': ['120000'],
      'browser.server': ['WORKSTATION1'],
      'browser.os_major': ['10'],
      'browser.os_minor': ['0'],
      'browser.server_type': ['4099'],
      'browser.comment': ['a comment'],
      'nbdgm.type': ['17'],
      'nbdgm.flags': ['2'],
      'nbdgm.dgram_id': ['7'],
      'nbdgm.src.ip': ['10.0.0.1'],
      'nbdgm.src.port': ['138'],
      'nbdgm.dgram_len': ['196'],
    },
  },
];
