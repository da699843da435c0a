/** Remote control of Windows hosts is told by what is called and written; looking at services, files in ordinary shares and queries are left alone. */
import { describe, expect, test } from 'vitest';
import type { RpcMessage } from '../../../src/pcap/dissectors/dcerpc.ts';
import type { NtlmMessage } from '../../../src/pcap/dissectors/ntlmssp.ts';
import type { SmbTransactionMessage, SmbTreeMessage, SmbWriteMessage } from '../../../src/pcap/smbMessages.ts';
import type { Message } from '../../../src/pcap/dissector.ts';
import { exploitAttempt, lateralMovement, ntlmHashExposure } from '../../../src/analysis/detectors/registry.ts';
import { checkFilter } from '../../../src/analysis/filtering.ts';
import { analyzeCapture, findingsOf, hasShared, shared } from '../../support/analyzeCapture.ts';
import { confidenceSum, MessageDriver } from '../../support/messageDriver.ts';
import { rpcRequest } from '../../support/rpcRequest.ts';

const A = '10.0.0.66',
  B = '10.0.0.20';
function calls(...said: readonly Omit<RpcMessage, 'frame'>[]): MessageDriver {
  const driver = new MessageDriver(lateralMovement),
    flow = driver.flow(A, B, 445, 'nbss');
  for (const one of said) driver.say<RpcMessage>(flow, one);
  return driver;
}

describe('lateral-movement', () => {
  test('PsExec: a program, a service, its start', () => {
    const driver = new MessageDriver(lateralMovement),
      flow = driver.flow(A, B, 445, 'nbss');
    driver
      .say<SmbTreeMessage>(flow, { kind: 'smb-tree', path: '\\\\SRV\\ADMIN$', status: 0 })
      .say<SmbWriteMessage>(flow, { kind: 'smb-write', share: '\\\\SRV\\ADMIN$', path: 'PSEXESVC.exe', isProgram: true, start: 'MZ' })
      .say<RpcMessage>(flow, rpcRequest('svcctl', 'CreateServiceW', { strings: ['PSEXESVC', '%SystemRoot%\\PSEXESVC.exe -p geheim'] }))
      .say<RpcMessage>(flow, rpcRequest('svcctl', 'StartServiceW'));
    const [finding] = driver.findings;
    expect(finding).toMatchObject({
      technique: 'service-start',
      severity: 'high',
      subjects: [
        { role: 'attacker', address: A },
        { role: 'victim', address: B, port: 445 },
      ],
      framesTotal: 3,
    });
    expect(confidenceSum(finding!)).toBe(finding!.confidence);
    expect(finding!.description).toContain('PSEXESVC');
    expect(finding!.description).toContain('ADMIN$');
    // What follows the program on its command line may be a password.
    expect(JSON.stringify(finding)).not.toContain('geheim');
    expect(checkFilter(finding!.filter)).toMatchObject({ ok: true });
  });
  test.each([
    // [MS-DRSR] section 4.1.10; [MS-EFSR] section 3.1.4.2, which PetitPotam calls.
    ['replication', 'medium', rpcRequest('drsuapi', 'DRSGetNCChanges', { sealed: true })],
    ['coercion', 'medium', rpcRequest('efsrpc', 'EfsRpcOpenFileRaw')],
    ['task', 'medium', rpcRequest('ITaskSchedulerService', 'SchRpcRegisterTask')],
    ['task', 'medium', rpcRequest('atsvc', 'NetrJobAdd')],
    ['registry-save', 'medium', rpcRequest('winreg', 'BaseRegSaveKey')],
    ['registry', 'low', rpcRequest('winreg', 'BaseRegSetValue')],
    ['wmi', 'low', rpcRequest('IWbemServices', 'ExecMethod', { sealed: true })],
  ])('%s', (technique, severity, said) => expect(calls(said).findings).toMatchObject([{ technique, severity }]));

  // tshark on captures/psexec-attempt.pcap: 117 CreateServiceW, 120 Fault (nca_op_rng_error); [MS-ERREF]: 5 is access denied.
  test.each([
    ['a fault', rpcRequest('svcctl', 'CreateServiceW', { type: 'fault', returned: 0x1c010002 })],
    ['an error', rpcRequest('svcctl', 'CreateServiceW', { type: 'response', returned: 5 })],
  ])('a service that the server answers with %s was tried', (_, answer) => {
    const [finding] = calls(rpcRequest('svcctl', 'CreateServiceW'), answer).findings;
    expect(finding).toMatchObject({ technique: 'service', title: `${A} tried to install a service on ${B}, which refused`, framesTotal: 2 });
    expect(finding!.recommendation).toContain('refused');
    expect(confidenceSum(finding!)).toBe(finding!.confidence);
  });
  test('one that was accepted after a refusal was installed; what the path of a coerced log-on comes to is no refusal', () => {
    const create = rpcRequest('svcctl', 'CreateServiceW'),
      [finding] = calls(
        create,
        rpcRequest('svcctl', 'CreateServiceW', { type: 'fault', returned: 1 }),
        create,
        rpcRequest('svcctl', 'CreateServiceW', { type: 'response', returned: 0 }),
      ).findings;
    expect(finding!.title).toBe(`${A} installed a service on ${B}`);
    // ERROR_BAD_NETPATH
    const coerced = calls(
      rpcRequest('efsrpc', 'EfsRpcOpenFileRaw'),
      rpcRequest('efsrpc', 'EfsRpcOpenFileRaw', { type: 'response', returned: 0x35 }),
    ).findings;
    expect(coerced[0]!.title).toContain('forced a log-on');
  });

  test('is silent on services that are looked at or started, on queries, and on answers', () => {
    const quiet = [
      rpcRequest('svcctl', 'OpenSCManagerW'),
      rpcRequest('svcctl', 'OpenServiceW'),
      rpcRequest('svcctl', 'StartServiceW'),
      rpcRequest('IWbemServices', 'ExecQuery'),
      rpcRequest('atsvc', 'NetrJobAdd', { type: 'response' }),
    ];
    expect(calls(...quiet).findings).toEqual([]);
  });
  test('is silent on documents in administrative shares and programs in others', () => {
    const driver = new MessageDriver(lateralMovement),
      flow = driver.flow(A, B, 445, 'nbss');
    driver
      .say<SmbTreeMessage>(flow, { kind: 'smb-tree', path: '\\\\SRV\\C$', status: 0 })
      .say<SmbWriteMessage>(flow, { kind: 'smb-write', share: '\\\\SRV\\C$', path: 'notes.txt', isProgram: false, start: 'text' })
      .say<SmbWriteMessage>(flow, { kind: 'smb-write', share: '\\\\SRV\\software', path: 'setup.exe', isProgram: true, start: 'MZ' });
    expect(driver.findings).toEqual([]);
  });
  test('Remote Desktop that goes on from host to host is information; one session is nothing', () => {
    const C = '10.0.0.30',
      driver = new MessageDriver(lateralMovement);
    driver.flow(A, B, 3389, 'rdp', { seconds: 600 });
    driver.wait(60);
    expect(driver.findings).toEqual([]);
    driver.flow(B, C, 3389, 'rdp', { seconds: 60 });
    expect(driver.findings).toMatchObject([
      { technique: 'rdp-chain', severity: 'info', subjects: [{ address: A }, { address: B }, { address: C }], flows: [0, 1] },
    ]);
    expect(checkFilter(driver.findings[0]!.filter)).toMatchObject({ ok: true });
    // After the first session has ended it is somebody else's.
    const later = new MessageDriver(lateralMovement);
    later.flow(A, B, 3389, 'rdp', { seconds: 60 });
    later.wait(600).flow(B, C, 3389, 'rdp');
    expect(later.findings).toEqual([]);
  });
  test.runIf(hasShared)('recorded: Empire installs a service, starts it and removes it', async () => {
    const report = await analyzeCapture(shared('lateral__empire_psexec_dcerpc_tcp_svcctl_WORKSTATION5_2020-09-20121608.cap'));
    // Frames of tshark -Y 'svcctl && dcerpc.pkt_type==0' that create, start and delete.
    expect(findingsOf(report, 'lateral-movement')).toMatchObject([
      { severity: 'high', subjects: [{ address: '172.18.39.5' }, { address: '172.18.39.6' }], evidence: { frames: [190, 197, 200] } },
    ]);
  });
  test.runIf(hasShared)('recorded: silent on file access', async () => {
    const report = await analyzeCapture(shared('benign__smb2.pcap'));
    for (const id of ['lateral-movement', 'exploit-attempt', 'brute-force']) expect(findingsOf(report, id)).toEqual([]);
  });
});

describe('ntlm-hash-exposure', () => {
  const said = (client: string, server: string, more: Partial<NtlmMessage> = {}): unknown[] => {
    const driver = new MessageDriver(ntlmHashExposure);
    driver.say<NtlmMessage>(driver.flow(client, server, 445, 'nbss'), {
      kind: 'ntlm',
      carrier: 'smb2',
      domain: 'CORP',
      user: 'anna',
      workstation: 'PC1',
      version: 2,
      sessionSecurity: false,
      ...more,
    });
    for (const { filter } of driver.findings) expect(checkFilter(filter)).toMatchObject({ ok: true });
    return driver.findings.map(({ technique, severity }) => [technique, severity]);
  };
  test('is told by version and by where it goes', () => {
    expect(said(A, B)).toEqual([['ntlmv2', 'info']]);
    expect(said(A, '203.0.113.9')).toEqual([['ntlmv2-outside', 'medium']]);
    expect(said(A, B, { version: 1 })).toEqual([['ntlmv1', 'medium']]);
    expect(said(A, '203.0.113.9', { version: 1 })).toEqual([['ntlmv1-outside', 'high']]);
  });
  test('is silent on anonymous users', () => expect(said(A, B, { version: 0, user: '' })).toEqual([]));
  test.runIf(hasShared)('recorded: NTLMv2 inside is information', async () =>
    expect(findingsOf(await analyzeCapture(shared('benign__smb2.pcap')), 'ntlm-hash-exposure')).toMatchObject([
      { severity: 'info', evidence: { frames: [8] } },
    ]),
  );
});

describe('exploit-attempt over SMB and RPC', () => {
  const transaction = (command: number, more: Partial<SmbTransactionMessage> = {}): Omit<SmbTransactionMessage, 'frame'> => ({
    kind: 'smb-transaction',
    command,
    subcommand: -1,
    response: false,
    status: 0,
    multiplexId: 65,
    totalData: 0,
    ...more,
  });
  const attack = (...said: readonly (Omit<SmbTransactionMessage, 'frame'> | Omit<RpcMessage, 'frame'>)[]): unknown[] => {
    const driver = new MessageDriver(exploitAttempt),
      flow = driver.flow(A, B, 445, 'nbss');
    for (const one of said) driver.say<Message>(flow, one);
    return driver.findings.map(({ technique, severity }) => [technique, severity]);
  };
  test('EternalBlue and its backdoor', () => {
    expect(attack(transaction(0xa0, { totalData: 66_512 }), transaction(0x33), transaction(0x33))).toEqual([['ms17-010', 'high']]);
    const knock = transaction(0x32, { subcommand: 14 });
    expect(attack(knock, transaction(0x32, { response: true, status: 0xc0000002, multiplexId: 81 }))).toEqual([['ms17-010', 'critical']]);
    // A host without the backdoor answers with the same id.
    expect(attack(knock, transaction(0x32, { response: true, status: 0xc0000002 }))).toEqual([['ms17-010', 'medium']]);
  });
  test('a probe whose answer says that the update is missing', () => {
    const peek = transaction(0x25, { subcommand: 0x23 });
    expect(attack(peek, transaction(0x25, { response: true, status: 0xc0000205 }))).toEqual([['ms17-010', 'medium']]);
    expect(attack(peek, transaction(0x25, { response: true, status: 0xc0000008 }))).toEqual([]);
  });
  test('is silent on ordinary transactions', () =>
    expect(
      attack(
        transaction(0xa0, { totalData: 4000 }),
        transaction(0xa1),
        transaction(0x32, { subcommand: 1, multiplexId: 66 }),
        transaction(0x33, { multiplexId: 66 }),
      ),
    ).toEqual([]));
  test('Zerologon, tried and done', () => {
    const zero = rpcRequest('netlogon', 'NetrServerAuthenticate3', { zeroCredential: true }),
      answer = (returned: number): Omit<RpcMessage, 'frame'> => rpcRequest('netlogon', 'NetrServerAuthenticate3', { type: 'response', returned });
    expect(attack(zero, answer(0xc0000022))).toEqual([['zerologon', 'high']]);
    expect(attack(zero, answer(0xc0000022), zero, answer(0))).toEqual([['zerologon', 'critical']]);
    expect(attack(rpcRequest('netlogon', 'NetrServerAuthenticate3'), answer(0))).toEqual([]);
  });
  test('PrintNightmare: a driver from elsewhere', () => {
    const driver = (path: string): Omit<RpcMessage, 'frame'> =>
      rpcRequest('spoolss', 'RpcAddPrinterDriverEx', { strings: ['\\\\SRV', '1234', path] });
    const done = rpcRequest('spoolss', 'RpcAddPrinterDriverEx', { type: 'response', returned: 0 });
    expect(attack(driver('\\\\203.0.113.9\\smb\\addCube.dll'), done)).toEqual([['printnightmare', 'critical']]);
    expect(attack(driver('\\??\\UNC\\203.0.113.9\\smb\\addCube.dll'))).toEqual([['printnightmare', 'medium']]);
    expect(attack(driver('C:\\Windows\\System32\\spool\\drivers\\x64\\3\\UNIDRV.DLL'), done)).toEqual([]);
    expect(attack(driver('\\\\SRV\\print$\\x64\\3\\UNIDRV.DLL'), done)).toEqual([]);
  });
  test.runIf(hasShared)('recorded: the success is critical', async () =>
    expect(findingsOf(await analyzeCapture(shared('exploit__eternalblue-success-unpatched-win7.pcap')), 'exploit-attempt')).toMatchObject([
      { severity: 'critical', subjects: [{ address: '192.168.198.204' }, { address: '192.168.198.203' }] },
    ]),
  );
});

test('domain controllers that replicate from each other are left alone', () => {
  const driver = calls(rpcRequest('drsuapi', 'DRSGetNCChanges', { sealed: true }));
  expect(driver.findings).toHaveLength(1);
  driver.flow('10.0.0.7', A, 389, 'ldap');
  expect(driver.findings).toEqual([]);
});
