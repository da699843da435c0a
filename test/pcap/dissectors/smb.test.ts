/** SMB, NTLM and RPC: messages laid out as [MS-CIFS], [MS-SMB2], [MS-NLMP] and C706 say; what the shared captures hold is what tshark 4.0.17 reads in them. */
import { describe, expect, it } from 'vitest';
import { dcerpc, rpcMessage } from '../../../src/pcap/dissectors/dcerpc.ts';
import { nbss } from '../../../src/pcap/dissectors/nbss.ts';
import { ntlmChallengeMessage, ntlmMessage } from '../../../src/pcap/dissectors/ntlmssp.ts';
import { loginMessage } from '../../../src/pcap/login.ts';
import { fileStartMessage } from '../../../src/pcap/fileStart.ts';
import { smbNegotiatedMessage, smbTransactionMessage, smbFileMessage, smbTreeMessage, smbWriteMessage } from '../../../src/pcap/smbMessages.ts';
import { hasShared, shared } from '../../support/analyzeCapture.ts';
import { messagesOf } from '../../support/messagesOf.ts';
import { conversation, feed, feedEveryWay } from '../../support/streamDriver.ts';
import { authenticate, createService, rpcBind, smb2, smb2Answer, SVCCTL, u16, u32, utf16, zeroLogon, NETLOGON } from '../../support/smbPackets.ts';

const SETUP = 1,
  TREE = 3,
  CREATE = 5,
  WRITE = 9;
const session = (token: string): string =>
  smb2(SETUP, 1, u16(25) + '\0\x01' + u32(0) + u32(0) + u16(88) + u16(token.length) + '\0'.repeat(8) + token);
const tree = (id: number, path: string): string => smb2(TREE, id, u16(9) + u16(0) + u16(72) + u16(2 * path.length) + utf16(path));
const create = (id: number, path: string): string =>
  smb2(CREATE, id, u16(57) + '\0'.repeat(34) + u32(5) + '\0'.repeat(4) + u16(120) + u16(2 * path.length) + '\0'.repeat(8) + utf16(path));
const created = (id: number, file: number): string =>
  smb2Answer(CREATE, id, 0, u16(89) + '\0'.repeat(62) + u32(file) + '\0'.repeat(4) + u32(9) + '\0'.repeat(12));
const write = (id: number, file: number, data: string): string =>
  smb2(WRITE, id, u16(49) + u16(112) + u32(data.length) + '\0'.repeat(8) + u32(file) + '\0'.repeat(4) + u32(9) + '\0'.repeat(20) + data);

describe('smb', () => {
  const unhex = (text: string): Uint8Array => Buffer.from(text, 'hex');
  /** Medusa 2.2 at Samba 4.17, as it was sent: a log-on with a tree connect behind it, by alice. */
  const guess = unhex(
    '00000096ff534d427300000000080140000000000000000000000000ffff1337000001000d75007000ffff02003c7d000000001800000000000000500000003300beed2e9d1fe22ad6320e94a0834a4dcb1122334455667788616c696365006c6f63616c686f737400556e69780053616d62610004ff000000080001001b00005c5c31302e32302e302e32305c41444d494e24003f3f3f3f3f00',
  );
  it('tells a log-on that worked from the share behind it that does not exist', () => {
    const talk = conversation(
      ['>', guess],
      // STATUS_LOGON_FAILURE: nothing of the chain worked.
      ['<', unhex('00000023ff534d42736d0000c0880340000000000000000000000000ffff133700000100000000')],
      ['>', guess],
      // STATUS_BAD_NETWORK_NAME, after a log-on with three words: tshark has a Session Setup AndX Response, and an error of Tree Connect AndX.
      [
        '<',
        unhex(
          '0000006fff534d4273cc0000c0880340000000000000000000000000ffff1337a13201000375006c000000280057696e646f777320362e310053616d626120342e31372e31322d44656269616e004f464649434500000000000000000000000000000000000000000000000000000000000000',
        ),
      ],
    );
    const { messages } = feedEveryWay(nbss, talk);
    expect(messages.filter((m) => loginMessage.is(m)).map((m) => [m.frame, m.result])).toEqual([
      [1, 'sent'],
      [2, 'rejected'],
      [3, 'sent'],
      [4, 'accepted'],
    ]);
    // The log-on says that it is one of a guest: bit 0 of its third word ([MS-CIFS] section 2.2.4.53.2).
    const asGuest = Buffer.from(talk[3]!.bytes),
      words = asGuest.indexOf(unhex('0375006c000000'));
    expect(words).toBe(36);
    asGuest[words + 5] = 1;
    expect(feedEveryWay(nbss, [...talk.slice(0, 3), { ...talk[3]!, bytes: asGuest }]).messages.filter((m) => loginMessage.is(m))).toHaveLength(3);
  });
});

describe('smb2', () => {
  it('does not take a guest for somebody whose password is right', () => {
    // Session flags as Samba sends them with `map to guest = Bad User`: 1, SMB2_SESSION_FLAG_IS_GUEST.
    const fed = feedEveryWay(
      nbss,
      conversation(['>', session(authenticate('CORP', 'nobody', 'PC1', 80))], ['<', smb2Answer(SETUP, 1, 0, `${u16(9)}\x01${'\0'.repeat(6)}`)]),
    );
    expect(fed.messages.filter((m) => loginMessage.is(m)).map((m) => m.result)).toEqual(['sent']);
  });
  const talk = conversation(
    ['>', session(authenticate('CORP', 'anna', 'PC1', 80))],
    ['<', smb2Answer(SETUP, 1, 0xc000006d, u16(9) + '\0'.repeat(7))],
    ['>', session(authenticate('CORP', 'anna', 'PC1', 24))],
    ['<', smb2Answer(SETUP, 1, 0, u16(9) + '\0'.repeat(7))],
    ['>', tree(2, '\\\\SRV\\ADMIN$')],
    ['<', smb2Answer(TREE, 2, 0, u16(16) + '\x01\0' + '\0'.repeat(12))],
    ['>', create(3, 'PSEXESVC.exe')],
    ['<', created(3, 77)],
    ['>', write(4, 77, `MZ${'\x90'.repeat(5000)}`)],
    ['>', write(5, 77, 'more')],
  );
  it('tells log-ons, shares and programs that are written', () => {
    const fed = feedEveryWay(nbss, talk);
    expect(fed.messages.filter((m) => loginMessage.is(m)).map((m) => [m.frame, m.user, m.result, m.secretInClear])).toEqual([
      [1, 'CORP\\anna', 'sent', false],
      [2, 'CORP\\anna', 'rejected', false],
      [3, 'CORP\\anna', 'sent', false],
      [4, 'CORP\\anna', 'accepted', false],
    ]);
    expect(fed.messages.filter((m) => ntlmMessage.is(m)).map((m) => [m.user, m.workstation, m.version])).toEqual([
      ['anna', 'PC1', 2],
      ['anna', 'PC1', 1],
    ]);
    expect(fed.messages.filter((m) => smbTreeMessage.is(m))).toEqual([{ kind: 'smb-tree', frame: 6, path: '\\\\SRV\\ADMIN$', status: 0 }]);
    expect(fed.messages.filter((m) => smbWriteMessage.is(m))).toEqual([
      { kind: 'smb-write', frame: 9, share: '\\\\SRV\\ADMIN$', path: 'PSEXESVC.exe', isProgram: true, start: `MZ${'\x90'.repeat(254)}` },
    ]);
    // The responses of NTLM, which the builder fills with 'R', stay where they are.
    expect(JSON.stringify(fed)).not.toContain('RRRR');
    expect(JSON.stringify(feed(nbss, talk, { look: true }))).not.toContain('RRRR');
  });

  // [MS-SMB2] section 3.2.4.1.4: what is opened in a compounded request has the id of all ones behind it; [MS-FSCC] sections 2.4.11 and 2.4.42.
  it('tells files that are renamed and deleted, also in one compounded request as Windows sends it', () => {
    const set = (id: number, kind: number, buffer: string, file: string): string =>
        smb2(17, id, `${u16(33)}\x01${String.fromCharCode(kind)}${u32(buffer.length)}${u16(96)}${u16(0)}${u32(0)}${file}${buffer}`),
      handle = (id: number): string => u32(id) + '\0'.repeat(4) + u32(9) + '\0'.repeat(4),
      renamed = `\x01${'\0'.repeat(15)}${u32(26)}${utf16('plan.txt.lokd')}`,
      opened = create(5, 'plan.txt').slice(4).padEnd(160, '\0'),
      behind = set(6, 10, renamed, '\xff'.repeat(16)).slice(4),
      both = opened.slice(0, 20) + u32(160) + opened.slice(24) + behind;
    const fed = feedEveryWay(
      nbss,
      conversation(
        ['>', tree(2, '\\\\SRV\\team')],
        ['<', smb2Answer(TREE, 2, 0, u16(16) + '\x01\0' + '\0'.repeat(12))],
        ['>', create(3, 'old.txt')],
        ['<', created(3, 77)],
        ['>', set(4, 13, '\x01', handle(77))],
        ['<', smb2Answer(17, 4, 0, u16(2))],
        ['>', `\0\0\0${String.fromCharCode(both.length)}`.slice(0, 2) + String.fromCharCode(both.length >> 8, both.length & 255) + both],
        ['<', created(5, 78)],
        ['<', smb2Answer(17, 6, 0, u16(2))],
        ['>', set(7, 13, '\x01', handle(78))],
        ['<', smb2Answer(17, 7, 0xc0000022, u16(2))],
      ),
    );
    expect(fed.messages.filter((m) => smbFileMessage.is(m))).toEqual([
      { kind: 'smb-file', frame: 6, share: '\\\\SRV\\team', path: 'old.txt', to: null },
      { kind: 'smb-file', frame: 9, share: '\\\\SRV\\team', path: 'plan.txt', to: 'plan.txt.lokd' },
    ]);
  });

  it('tells programs that are read, and no other files', () => {
    const read = (id: number, file: number, offset: number): string =>
        smb2(8, id, u16(49) + u16(0) + u32(4096) + u32(offset) + u32(0) + u32(file) + '\0'.repeat(4) + u32(9) + '\0'.repeat(20)),
      data = (id: number, content: string): string => smb2Answer(8, id, 0, u16(17) + '\x50\0' + u32(content.length) + '\0'.repeat(8) + content);
    const fed = feedEveryWay(
      nbss,
      conversation(
        ['>', tree(2, '\\\\SRV\\soft')],
        ['<', smb2Answer(TREE, 2, 0, u16(16) + '\x01\0' + '\0'.repeat(12))],
        ['>', create(3, 'tools\\setup.exe')],
        ['<', created(3, 77)],
        ['>', create(4, 'notes.txt')],
        ['<', created(4, 78)],
        ['>', read(5, 78, 0)],
        ['<', data(5, 'MINUTES of a meeting')],
        ['>', read(6, 77, 0)],
        ['<', data(6, `MZ${'\x90'.repeat(3000)}`)],
        ['>', read(7, 77, 3002)],
        ['<', data(7, `MZ${'\x90'.repeat(3000)}`)],
      ),
    );
    expect(
      fed.messages.filter((m) => fileStartMessage.is(m)).map(({ frame, carrier, name, start }) => [frame, carrier, name, start.slice(0, 3)]),
    ).toEqual([[10, 'smb2', 'setup.exe', 'MZ\x90']]);
  });

  it('tells the challenge of NTLM', () => {
    const challenge = `NTLMSSP\0${u32(2)}${u16(0)}${u16(0)}${u32(56)}${u32(0x80201)}\x01\x23\x45\x67\x89\xab\xcd\xef${'\0'.repeat(16)}`;
    const fed = feedEveryWay(
      nbss,
      conversation(
        ['>', session(`NTLMSSP\0${u32(1)}${'\0'.repeat(24)}`)],
        ['<', smb2Answer(SETUP, 1, 0xc0000016, u16(9) + u16(0) + u16(72) + u16(challenge.length) + challenge)],
      ),
    );
    expect(fed.messages.filter((m) => ntlmChallengeMessage.is(m))).toEqual([
      { kind: 'ntlm-challenge', frame: 2, carrier: 'smb2', challenge: '0123456789abcdef' },
    ]);
  });

  it('says the fields of Wireshark', () => {
    expect(feed(nbss, talk, { look: true }).fields).toEqual(
      expect.arrayContaining([
        'smb2.tree=\\\\SRV\\ADMIN$',
        'smb2.filename=PSEXESVC.exe',
        'ntlmssp.messagetype=3',
        'ntlmssp.auth.username=anna',
        'ntlmssp.auth.domain=CORP',
        'ntlmssp.auth.hostname=PC1',
        `smb2.nt_status=3221225581`,
        'smb2.write_length=5002',
      ]),
    );
  });

  it('reads RPC in pipes', () => {
    const fed = feedEveryWay(
      nbss,
      conversation(
        ['>', tree(2, '\\\\SRV\\IPC$')],
        ['<', smb2Answer(TREE, 2, 0, u16(16) + '\x02\0' + '\0'.repeat(12))],
        ['>', create(3, 'svcctl')],
        ['<', created(3, 5)],
        ['>', write(4, 5, rpcBind(SVCCTL))],
        ['>', write(5, 5, createService('PSEXESVC', '%SystemRoot%\\PSEXESVC.exe'))],
      ),
    );
    expect(fed.messages.filter((m) => rpcMessage.is(m)).map((m) => [m.frame, m.type, m.interface, m.operation, m.strings])).toEqual([
      [5, 'bind', 'svcctl', null, []],
      [6, 'request', 'svcctl', 'CreateServiceW', ['PSEXESVC', '%SystemRoot%\\PSEXESVC.exe']],
    ]);
  });

  it('survives damage', () => {
    const bytes = talk.map((one) => one.bytes);
    for (let i = 0; i < 400; i++) {
      const damaged = talk.map((one, n) => ({ ...one, bytes: bytes[n]!.slice() }));
      for (const { bytes: b } of damaged) b[4 + ((i * 7919) % (b.length - 4))] = (i * 31) & 255;
      expect(() => feed(nbss, damaged, { look: i % 2 === 0 })).not.toThrow();
    }
  });
});

/** [MS-CIFS]: header (2.2.3.1), words, bytes; tree 7. */
const smb1 = (command: number, id: number, isAnswer: boolean, words: string, data: string): string => {
  const message = `\xffSMB${String.fromCharCode(command)}${u32(0)}${isAnswer ? '\x80' : '\0'}${u16(0x8000)}${'\0'.repeat(12)}${u16(7)}${u16(1)}${u16(1)}${u16(id)}${String.fromCharCode(words.length / 2)}${words}${u16(data.length)}${data}`;
  return `\0\0${String.fromCharCode(message.length >> 8, message.length & 255)}${message}`;
};
describe('smb', () => {
  /** SMB_COM_NT_CREATE_ANDX (2.2.4.64) and SMB_COM_READ_ANDX (2.2.4.42). */
  const open = (id: number, name: string): string => smb1(0xa2, id, false, '\xff\0' + u16(0) + '\0'.repeat(44), `\0${utf16(name)}\0\0`),
    opened = (id: number, file: number): string => smb1(0xa2, id, true, '\xff\0' + u16(0) + '\0' + u16(file) + '\0'.repeat(61), ''),
    read = (id: number, file: number, from: number): string =>
      smb1(0x2e, id, false, '\xff\0' + u16(0) + u16(file) + u32(from) + u16(4096) + '\0'.repeat(10), ''),
    data = (id: number, content: string): string =>
      smb1(0x2e, id, true, '\xff\0' + u16(0) + u16(0) + u16(0) + u16(0) + u16(content.length) + u16(60) + '\0'.repeat(10), `\0${content}`);
  it('tells programs that are read, from their beginning', () => {
    const program = `MZ${'\x90'.repeat(3000)}`,
      fed = feedEveryWay(
        nbss,
        conversation(
          ['>', open(3, '\\tools\\setup.exe')],
          ['<', opened(3, 77)],
          ['>', open(4, '\\notes.txt')],
          ['<', opened(4, 78)],
          ['>', read(5, 78, 0)],
          ['<', data(5, 'MINUTES of a meeting')],
          ['>', read(6, 77, 3002)],
          ['<', data(6, program)],
          ['>', read(7, 77, 0)],
          ['<', data(7, program)],
          ['>', read(8, 77, 0)],
          ['<', data(8, program)],
        ),
      );
    expect(
      fed.messages.filter((m) => fileStartMessage.is(m)).map(({ frame, carrier, name, start }) => [frame, carrier, name, start.slice(0, 3)]),
    ).toEqual([[10, 'smb', 'setup.exe', 'MZ\x90']]);
  });
});

describe('names in version 1', () => {
  /** SMB_COM_DELETE (2.2.4.7) and SMB_COM_RENAME (2.2.4.8): a name behind a 4, the second one aligned. */
  const rename = (id: number, from: string, to: string): string => smb1(0x07, id, false, u16(0x16), `\x04${utf16(from)}\0\0\x04\0${utf16(to)}\0\0`),
    remove = (id: number, name: string): string => smb1(0x06, id, false, u16(0x16), `\x04${utf16(name)}\0\0`),
    refused = (answer: string): string => `${answer.slice(0, 9)}\x22\0\0\xc0${answer.slice(13)}`;
  it('that change are told when the server has agreed', () => {
    const fed = feedEveryWay(
      nbss,
      conversation(
        ['>', rename(3, '\\docs\\plan.doc', '\\docs\\plan.doc.locked')],
        ['<', smb1(0x07, 3, true, '', '')],
        ['>', remove(4, '\\docs\\old.doc')],
        ['<', smb1(0x06, 4, true, '', '')],
        ['>', rename(5, '\\a', '\\b')],
        ['<', refused(smb1(0x07, 5, true, '', ''))],
        ['>', remove(6, '\\tmp\\*')],
        ['<', smb1(0x06, 6, true, '', '')],
      ),
    );
    expect(fed.messages.filter((m) => smbFileMessage.is(m)).map(({ frame, path, to }) => [frame, path, to])).toEqual([
      [2, 'docs\\plan.doc', 'docs\\plan.doc.locked'],
      [4, 'docs\\old.doc', null],
    ]);
  });
});

describe('dcerpc', () => {
  const PORTS = { ports: [40_000, 49_155] as const };
  it('tells a credential of zeros from a real one', () => {
    const zero = (credential: string): unknown[] =>
      feedEveryWay(dcerpc, conversation(['>', rpcBind(NETLOGON)], ['>', zeroLogon(credential)]), PORTS)
        .messages.filter((m) => rpcMessage.is(m))
        .map((m) => [m.operation, m.zeroCredential]);
    expect(zero('\0'.repeat(8))).toEqual([
      [null, false],
      ['NetrServerAuthenticate3', true],
    ]);
    expect(zero('\0\0\0\0\0\0\0\x01')[1]).toEqual(['NetrServerAuthenticate3', false]);
  });
  it('is not taken in by other bytes', () => {
    expect(feedEveryWay(dcerpc, conversation(['>', '\x05\x01\0']), PORTS).recognised).toBe(false);
    expect(feedEveryWay(dcerpc, conversation(['>', 'GET / HTTP/1.1\r\n']), PORTS).recognised).toBe(false);
  });
});

describe.runIf(hasShared)('recorded', () => {
  const EMPIRE = 'lateral__empire_psexec_dcerpc_tcp_svcctl_WORKSTATION5_2020-09-20121608.cap';
  // tshark -Y 'dcerpc.opnum && dcerpc.pkt_type==0' -T fields -e frame.number -e dcerpc.opnum
  it('a service that is made over RPC', async () => {
    const requests = (await messagesOf(shared(EMPIRE), rpcMessage)).filter(({ type }) => type === 'request');
    expect(requests.map((m) => [m.frame, m.opnum])).toEqual([
      [166, 3],
      [187, 64],
      [190, 24],
      [193, 0],
      [195, 28],
      [197, 31],
      [200, 2],
      [202, 0],
      [204, 0],
    ]);
    expect(requests[2]).toMatchObject({ interface: 'svcctl', operation: 'CreateServiceA', sealed: true, strings: [] });
  });
  // The same with -e ntlmssp.auth.domain -e ntlmssp.auth.username -e ntlmssp.auth.hostname, and smb2.tree.
  it('file access with a log-on', async () => {
    const file = shared('benign__smb2.pcap');
    expect((await messagesOf(file, ntlmMessage)).map((m) => [m.frame, m.domain, m.user, m.workstation])).toEqual([
      [8, 'CONTOSO', 'SERVER01', 'Administrator'],
    ]);
    expect(new Set((await messagesOf(file, smbTreeMessage)).map(({ path }) => path))).toEqual(
      new Set(['\\\\10.0.0.12\\smb2', '\\\\10.0.0.12\\IPC$']),
    );
    expect((await messagesOf(file, rpcMessage)).map((m) => [m.frame, m.type, m.interface, m.opnum])).toContainEqual([22, 'request', 'srvsvc', 16]);
    expect((await messagesOf(file, smbNegotiatedMessage)).map(({ signingRequired }) => signingRequired)).not.toContain(true);
  });
  // tshark -Y 'smb.cmd==0x32' -T fields -e frame.number -e smb.flags.response -e smb.mid -e smb.nt_status
  it('the knocking of DoublePulsar, and its answer', async () => {
    const said = await messagesOf(shared('exploit__eternalblue-success-unpatched-win7.pcap'), smbTransactionMessage);
    expect(said.filter(({ frame }) => frame >= 565).map((m) => [m.frame, m.response, m.multiplexId, m.status, m.subcommand])).toEqual([
      [565, false, 66, 0, 14],
      [566, true, 82, 0xc0000002, -1],
    ]);
  });
});

// Frame 19 of captures/smb-session.pcap in tshark 4.0.17, with another path.
it('a client that asks for the servers of a path says which', () => {
  const path = '\\10.0.0.9\\team',
    question = `${u16(3)}${utf16(path)}\0\0`,
    request = (code: number, offset: number, length: number): string =>
      smb2(11, 4, `${u16(57)}${u16(0)}${u32(code)}${'\xff'.repeat(16)}${u32(offset)}${u32(length)}${'\0'.repeat(24)}${question}`);
  const said = (message: string): string[] =>
    feed(nbss, conversation(['>', message]), { ports: [40_000, 445], look: true }).fields.filter((field) => field.startsWith('smb.'));
  expect(said(request(0x60194, 120, question.length))).toEqual(['smb.max_referral_level=3', `smb.file=${path}`]);
  // What lies beyond the message, and another function.
  expect(said(request(0x60194, 0xfffffff0, question.length))).toEqual([]);
  expect(said(request(0x140204, 120, question.length))).toEqual([]);
});
