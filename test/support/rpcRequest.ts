/** A call over DCE/RPC as the dissector says it: by name of the interface and of the operation. */
import type { RpcMessage } from '../../src/pcap/dissectors/dcerpc.ts';

export const rpcRequest = (name: string, operation: string, more: Partial<RpcMessage> = {}): Omit<RpcMessage, 'frame'> => ({
  kind: 'rpc',
  type: 'request',
  interface: name,
  opnum: 1,
  operation,
  strings: [],
  sealed: false,
  zeroCredential: false,
  returned: -1,
  ...more,
});
