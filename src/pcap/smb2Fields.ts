/** The fields of SMB versions 2 and 3, [MS-SMB2] section 2.2, and what their numbers are called. */
import { referralFields } from './dfsReferral.ts';
import { defineFields } from './dissector.ts';
import { NT_STATUS } from './smbMessages.ts';

export const COMMANDS: Readonly<Record<number, string>> = {
  0: 'Negotiate Protocol',
  1: 'Session Setup',
  2: 'Session Logoff',
  3: 'Tree Connect',
  4: 'Tree Disconnect',
  5: 'Create',
  6: 'Close',
  7: 'Flush',
  8: 'Read',
  9: 'Write',
  10: 'Lock',
  11: 'Ioctl',
  12: 'Cancel',
  13: 'KeepAlive',
  14: 'Find',
  15: 'Notify',
  16: 'GetInfo',
  17: 'SetInfo',
  18: 'Break',
};
const FUNCTIONS: Readonly<Record<number, string>> = {
  0x00060194: 'FSCTL_DFS_GET_REFERRALS',
  0x0011400c: 'FSCTL_PIPE_PEEK',
  0x00110018: 'FSCTL_PIPE_WAIT',
  0x0011c017: 'FSCTL_PIPE_TRANSCEIVE',
  0x001401fc: 'FSCTL_QUERY_NETWORK_INTERFACE_INFO',
  0x00140204: 'FSCTL_VALIDATE_NEGOTIATE_INFO',
};

export const smb2Fields = defineFields({
  responseIn: { name: 'smb2.response_in', label: 'Response in', type: 'uint', related: 'later' },
  responseTo: { name: 'smb2.response_to', label: 'Response to', type: 'uint', related: 'earlier' },
  time: { name: 'smb2.time', label: 'Time from request', type: 'duration', related: 'earlier' },
  command: { name: 'smb2.cmd', label: 'Command', type: 'uint', values: COMMANDS },
  status: { name: 'smb2.nt_status', label: 'NT Status', type: 'uint', base: 'hex', values: NT_STATUS },
  response: { name: 'smb2.flags.response', label: 'Response', type: 'boolean' },
  signed: { name: 'smb2.flags.signature', label: 'Signing', type: 'boolean' },
  messageId: { name: 'smb2.msg_id', label: 'Message ID', type: 'uint64' },
  treeId: { name: 'smb2.tid', label: 'Tree Id', type: 'uint', base: 'hex' },
  dialect: { name: 'smb2.dialect', label: 'Dialect', type: 'uint', base: 'hex' },
  signingEnabled: { name: 'smb2.sec_mode.sign_enabled', label: 'Signing enabled', type: 'boolean' },
  signingRequired: { name: 'smb2.sec_mode.sign_required', label: 'Signing required', type: 'boolean' },
  tree: { name: 'smb2.tree', label: 'Tree', type: 'string' },
  filename: { name: 'smb2.filename', label: 'Filename', type: 'string' },
  pattern: { name: 'smb2.find.pattern', label: 'Search Pattern', type: 'string' },
  disposition: { name: 'smb2.create.disposition', label: 'Disposition', type: 'uint' },
  readLength: { name: 'smb2.read_length', label: 'Read Length', type: 'uint' },
  writeLength: { name: 'smb2.write_length', label: 'Write Length', type: 'uint' },
  fileOffset: { name: 'smb2.file_offset', label: 'File Offset', type: 'uint64' },
  function: { name: 'smb2.ioctl.function', label: 'Function', type: 'uint', base: 'hex', values: FUNCTIONS },
  ...referralFields,
});
