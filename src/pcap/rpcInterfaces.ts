/** RPC interfaces of Windows that analysts ask for, and their calls of interest; numbers from the IDL of each [MS-*] document named. */

export const RPC_INTERFACES: Readonly<Record<string, string>> = {
  '367abb81-9844-35f1-ad32-98f038001003': 'svcctl',
  '1ff70682-0a51-30e8-076d-740be8cee98b': 'atsvc',
  '86d35949-83c9-4044-b424-db363231fd0c': 'ITaskSchedulerService',
  '338cd001-2244-31f1-aaaa-900038001003': 'winreg',
  '12345778-1234-abcd-ef00-0123456789ac': 'samr',
  '12345778-1234-abcd-ef00-0123456789ab': 'lsarpc',
  '12345678-1234-abcd-ef00-01234567cffb': 'netlogon',
  '4b324fc8-1670-01d3-1278-5a47bf6ee188': 'srvsvc',
  '6bffd098-a112-3610-9833-46c3f87e345a': 'wkssvc',
  'e3514235-4b06-11d1-ab04-00c04fc2dcd2': 'drsuapi',
  '12345678-1234-abcd-ef00-0123456789ab': 'spoolss',
  '76f03f96-cdfd-44fc-a22c-64950a001209': 'iremotewinspool',
  'c681d488-d850-11d0-8c52-00c04fd90f7e': 'efsrpc',
  'df1941c5-fe89-4e79-bf10-463657acf44d': 'efsrpc',
  '4fc742e0-4a10-11cf-8273-00aa004ae673': 'netdfs',
  'e1af8308-5d1f-11c9-91a4-08002b14a0fa': 'epmapper',
  '000001a0-0000-0000-c000-000000000046': 'ISystemActivator',
  '4d9f4ab8-7d1c-11cf-861e-0020af6e7c57': 'IRemoteActivation',
  '99fcfec4-5260-101b-bbcb-00aa0021347a': 'IOXIDResolver',
  '00000131-0000-0000-c000-000000000046': 'IRemUnknown',
  '00000143-0000-0000-c000-000000000046': 'IRemUnknown2',
  'f309ad18-d86a-11d0-a075-00c04fb68820': 'IWbemLevel1Login',
  '9556dc99-828c-11cf-a37e-00aa003240c7': 'IWbemServices',
};

export const OPERATIONS: Readonly<Record<string, Readonly<Record<number, string>>>> = {
  // [MS-SCMR] section 3.1.4
  svcctl: {
    2: 'DeleteService',
    11: 'ChangeServiceConfigW',
    12: 'CreateServiceW',
    15: 'OpenSCManagerW',
    16: 'OpenServiceW',
    19: 'StartServiceW',
    23: 'ChangeServiceConfigA',
    24: 'CreateServiceA',
    28: 'OpenServiceA',
    31: 'StartServiceA',
    44: 'CreateServiceWOW64A',
    45: 'CreateServiceWOW64W',
    60: 'CreateWowService',
    64: 'OpenSCManager2',
  },
  // [MS-TSCH] sections 3.2.5.2 and 3.2.5.4
  atsvc: { 0: 'NetrJobAdd', 1: 'NetrJobDel' },
  ITaskSchedulerService: { 1: 'SchRpcRegisterTask', 12: 'SchRpcRun', 13: 'SchRpcDelete' },
  // [MS-RRP] section 3.1.5
  winreg: { 6: 'BaseRegCreateKey', 20: 'BaseRegSaveKey', 22: 'BaseRegSetValue', 31: 'BaseRegSaveKeyEx' },
  // [MS-NRPC] section 3.5.4
  netlogon: {
    4: 'NetrServerReqChallenge',
    5: 'NetrServerAuthenticate',
    15: 'NetrServerAuthenticate2',
    26: 'NetrServerAuthenticate3',
    30: 'NetrServerPasswordSet2',
  },
  // [MS-LSAT] section 3.1.4
  lsarpc: { 15: 'LsarLookupSids', 57: 'LsarLookupSids2', 76: 'LsarLookupSids3' },
  // [MS-SAMR] section 3.1.5
  samr: {
    11: 'SamrEnumerateGroupsInDomain',
    13: 'SamrEnumerateUsersInDomain',
    15: 'SamrEnumerateAliasesInDomain',
    40: 'SamrQueryDisplayInformation',
    48: 'SamrQueryDisplayInformation2',
    51: 'SamrQueryDisplayInformation3',
  },
  // [MS-SRVS] section 3.1.4, [MS-WKST] section 3.2.4
  srvsvc: { 12: 'NetrSessionEnum', 15: 'NetrShareEnum', 36: 'NetrShareEnumSticky' },
  wkssvc: { 2: 'NetrWkstaUserEnum' },
  // [MS-RPRN] section 3.1.4, [MS-PAR] section 3.1.4
  spoolss: { 9: 'RpcAddPrinterDriver', 89: 'RpcAddPrinterDriverEx' },
  iremotewinspool: { 39: 'RpcAsyncAddPrinterDriver' },
  // [MS-DRSR] section 4.1
  drsuapi: { 3: 'DRSGetNCChanges' },
  // [MS-EFSR] section 3.1.4.2, [MS-DFSNM] section 3.1.4.1
  efsrpc: {
    0: 'EfsRpcOpenFileRaw',
    4: 'EfsRpcEncryptFileSrv',
    5: 'EfsRpcDecryptFileSrv',
    6: 'EfsRpcQueryUsersOnFile',
    7: 'EfsRpcQueryRecoveryAgents',
  },
  netdfs: { 13: 'NetrDfsRemoveStdRoot' },
  // [MS-DCOM] section 3.1.2.5, [MS-WMI] section 3.1.4
  ISystemActivator: { 4: 'RemoteCreateInstance' },
  IWbemLevel1Login: { 6: 'NTLMLogin' },
  IWbemServices: { 20: 'ExecQuery', 24: 'ExecMethod', 25: 'ExecMethodAsync' },
};
