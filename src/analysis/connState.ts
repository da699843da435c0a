/** Zeek's conn_state of a connection. https://docs.zeek.org/en/current/scripts/base/protocols/conn/main.zeek.html */
import * as F from './flowTable.ts';

/** State of a TCP flow from its flags. */
export function tcpConnState(flags: number): string {
  const has = (bits: number): boolean => (flags & bits) !== 0;
  const originatorEnded = has(F.FIN_A),
    responderEnded = has(F.FIN_B);
  if (has(F.SYN_A)) {
    if (has(F.SYN_ACK_B)) {
      if (has(F.RST_A)) return 'RSTO';
      if (has(F.RST_B)) return 'RSTR';
      if (originatorEnded && responderEnded) return 'SF';
      if (originatorEnded) return 'S2';
      if (responderEnded) return 'S3';
      return 'S1';
    }
    if (has(F.RST_B)) return 'REJ';
    if (has(F.RST_A)) return 'RSTOS0';
    if (originatorEnded) return 'SH';
    if (!has(F.DATA_B | F.ACK_B | F.FIN_B | F.SYN_B)) return 'S0';
    return 'OTH';
  }
  if (has(F.SYN_ACK_B)) {
    if (has(F.RST_B)) return 'RSTRH';
    if (responderEnded) return 'SHR';
  }
  return 'OTH';
}

/** UDP has no handshake: S0 unanswered, SF answered, SHR only the responder heard. */
export function udpConnState(packetsFromOriginator: number, packetsFromResponder: number): string {
  if (packetsFromResponder === 0) return 'S0';
  return packetsFromOriginator === 0 ? 'SHR' : 'SF';
}
