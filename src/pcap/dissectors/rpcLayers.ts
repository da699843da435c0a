/** Interfaces of DCE/RPC by the names that Wireshark has for them, `svcctl`: what of a call is known without its arguments. Who reads RPC says them; names in `rpcInterfaces.ts`. */
import { defineFields, type Dissector, type Field } from '../dissector.ts';

interface RpcLayer extends Dissector {
  readonly fields: Readonly<Record<'opnum', Field>>;
}

function layerOf(id: string, name: string, prefix = id): RpcLayer {
  return { id, name, fields: defineFields({ opnum: { name: `${prefix}.opnum`, label: 'Operation', type: 'uint' } }), on: [], isOffPath: true };
}

export const svcctl = layerOf('svcctl', 'Microsoft Service Control');
export const atsvc = layerOf('atsvc', 'Microsoft AT-Scheduler Service');
export const winreg = layerOf('winreg', 'Remote Registry Service');
export const samr = layerOf('samr', 'SAMR (pidl)');
export const lsarpc = layerOf('lsarpc', 'Local Security Authority');
export const rpcNetlogon = layerOf('rpc_netlogon', 'Microsoft Network Logon', 'netlogon');
export const srvsvc = layerOf('srvsvc', 'Server Service');
export const wkssvc = layerOf('wkssvc', 'Workstation Service');
export const drsuapi = layerOf('drsuapi', 'DRSUAPI');
export const spoolss = layerOf('spoolss', 'Microsoft Spool Subsystem');
export const efs = layerOf('efs', 'EFS (pidl)');
export const epm = layerOf('epm', 'DCE/RPC Endpoint Mapper');
