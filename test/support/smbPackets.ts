/** SMB2, NTLM and RPC messages as text of bytes, laid out as [MS-SMB2], [MS-NLMP] and C706 say. */
import { bytesOf } from './streamDriver.ts';

export const u16 = (n: number): string => String.fromCharCode(n & 255, (n >> 8) & 255);
export const u32 = (n: number): string => u16(n & 0xffff) + u16(n >>> 16);
export const utf16 = (text: string): string => [...text].map((character) => u16(character.charCodeAt(0))).join('');
const pad4 = (text: string): string => text.padEnd(Math.ceil(text.length / 4) * 4, '\0');

const framed = (message: string): string =>
  `\0${String.fromCharCode((message.length >> 16) & 255, (message.length >> 8) & 255, message.length & 255)}${message}`;
const header = (command: number, id: number, status: number, flags: number): string =>
  `\xfeSMB${u16(64)}${u16(1)}${u32(status)}${u16(command)}${u16(1)}${u32(flags)}${u32(0)}${u32(id)}${u32(0)}${u32(0xfeff)}${u32(7)}${'\0'.repeat(24)}`;
/** A request over TCP, in tree 7. */
export const smb2 = (command: number, id: number, body: string): string => framed(header(command, id, 0, 0) + body);
export const smb2Answer = (command: number, id: number, status: number, body: string): string => framed(header(command, id, status, 1) + body);

/** AUTHENTICATE with a response of so many bytes, each an R. */
export function authenticate(domain: string, user: string, workstation: string, responseBytes: number): string {
  let payload = '';
  const part = (value: string): string => {
    const described = u16(value.length) + u16(value.length) + u32(64 + payload.length);
    payload += value;
    return described;
  };
  const lm = part('R'.repeat(24)),
    nt = part('R'.repeat(responseBytes));
  const names = part(utf16(domain)) + part(utf16(user)) + part(utf16(workstation)),
    key = part('');
  return `NTLMSSP\0${u32(3)}${lm}${nt}${names}${key}${u32(0x80201)}${payload}`;
}

const NDR_SYNTAX = '\x04\x5d\x88\x8a\xeb\x1c\xc9\x11\x9f\xe8\x08\x00\x2b\x10\x48\x60';
const uuid = (text: string): string => {
  const [a, b, c, d, e] = text.split('-') as [string, string, string, string, string];
  const plain = (hex: string): string => String.fromCharCode(...bytesOf(hex.replace(/../g, (byte) => String.fromCharCode(parseInt(byte, 16)))));
  return u32(parseInt(a, 16)) + u16(parseInt(b, 16)) + u16(parseInt(c, 16)) + plain(d) + plain(e);
};
export const SVCCTL = '367abb81-9844-35f1-ad32-98f038001003',
  NETLOGON = '12345678-1234-abcd-ef00-01234567cffb';
const rpc = (type: number, body: string): string =>
  `\x05\0${String.fromCharCode(type)}\x03\x10\0\0\0${u16(16 + body.length)}${u16(0)}${u32(1)}${body}`;
export const rpcBind = (name: string): string =>
  rpc(11, `${u16(4280)}${u16(4280)}${u32(0)}\x01\0\0\0${u16(0)}\x01\0${uuid(name)}${u32(1)}${NDR_SYNTAX}${u32(2)}`);
export const rpcRequest = (opnum: number, stub: string): string => rpc(0, u32(stub.length) + u16(0) + u16(opnum) + stub);
/** A conformant varying string with its NUL. */
export const ndr = (text: string): string => u32(text.length + 1) + u32(0) + u32(text.length + 1) + utf16(`${text}\0`);

/** RCreateServiceW ([MS-SCMR] section 3.1.4.12): handle, name, no display name, access and types, path. */
export const createService = (name: string, path: string): string =>
  rpcRequest(12, `${'h'.repeat(20)}${pad4(ndr(name))}${u32(0)}${u32(0xf01ff)}${u32(16)}${u32(3)}${u32(0)}${pad4(ndr(path))}${'\0'.repeat(28)}`);
/** NetrServerAuthenticate3 ([MS-NRPC] section 3.5.4.4.2). */
export const zeroLogon = (credential: string): string =>
  rpcRequest(
    26,
    `${u32(0x20000)}${pad4(ndr('\\\\DC01'))}${pad4(ndr('DC01$'))}${pad4(u16(6))}${ndr('DC01')}${credential}${pad4('')}${u32(0x212fffff)}`,
  );
