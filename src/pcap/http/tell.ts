/** Tells what a message of HTTP says, once it is there: the message itself, who logs in with it, and what its answer will want to know of it. */
import { readNtlmToken } from '../dissectors/ntlmssp.ts';
import type { Packet } from '../packet.ts';
import { findByte, knownText, startsWithWord } from '../text.ts';
import { nextHeader, type HeaderLine, type StartLine } from './headers.ts';
import { authorizationToken, bodyStart, readAuthorization, readForm, readKey, type HttpCredentialsMessage } from './messages.ts';
import type { PendingRequest } from './pending.ts';
import { SeenRequest, SeenResponse, type ToldSide } from './seenMessages.ts';

/** Before the query of an address. */
const QUERY = 63;

/** The head of the message is behind `line` up to `headEnd`, its body up to `end`, of which up to `limit` is searched for a login. */
export function tellHttp(p: Packet, line: StartLine, headEnd: number, limit: number, end: number, side: ToldSide, isLookedAt: boolean): void {
  if (!line.isResponse && side.request !== null && (isLookedAt || p.hears('http-response') || p.files !== null))
    noteRequest(p, line, headEnd, side.request);
  if (p.hears(line.isResponse ? 'http-response' : 'http-request'))
    p.emit(line.isResponse ? new SeenResponse(p, line, headEnd, end, side) : new SeenRequest(p, line, headEnd, end, side));
  if (side.login && !line.isResponse && p.hears('http-credentials')) sayCredentials(p, line, headEnd, limit, side);
  // The second of the three messages of NTLM comes with a refusal.
  if (line.isResponse && side.request?.asksChallenge === true) readNtlmToken(p, authorizationToken(p.bytes, line.after, headEnd), 'http');
}

function sayCredentials(p: Packet, line: StartLine, headEnd: number, end: number, side: ToldSide): void {
  const [from, to] = bodyStart(p.bytes, headEnd, end, side.chunked),
    query = findByte(p.bytes, QUERY, line.second, line.secondEnd),
    credentials =
      readAuthorization(p.bytes, line.after, headEnd) ??
      readForm(p.bytes, from, to) ??
      readForm(p.bytes, Math.min(query + 1, line.secondEnd), line.secondEnd) ??
      readKey(p.bytes, line.after, headEnd);
  if (credentials === null) return;
  // Only the last of the three messages of NTLM can be refused; the others are met with 401 by design.
  const isNtlm = /^(?:ntlm|negotiate)$/i.test(credentials.scheme),
    ntlm = isNtlm ? readNtlmToken(p, authorizationToken(p.bytes, line.after, headEnd), 'http') : null;
  if (side.request !== null && ntlm !== null) {
    side.request.login = { scheme: 'NTLM', user: ntlm.user, passwordPresent: true };
    side.request.loginFrame = p.frame;
  } else if (side.request !== null && isNtlm) side.request.asksChallenge = true;
  else if (side.request !== null) {
    side.request.login = credentials;
    side.request.loginFrame = p.frame;
  }
  p.emit({ kind: 'http-credentials', frame: p.frame, host: hostOf(p.bytes, line, headEnd), ...credentials } satisfies HttpCredentialsMessage);
}

/** Keeps of a request what its response will want to say. */
export function noteRequest(p: Packet, line: StartLine, headEnd: number, request: PendingRequest): void {
  request.frame = p.frame;
  request.timeSeconds = p.timeSeconds;
  request.timeNanoseconds = p.timeNanoseconds;
  request.uri = knownText(p.bytes, line.second, line.secondEnd, 1024);
  request.host = hostOf(p.bytes, line, headEnd);
}

const scratch: HeaderLine = { name: 0, nameEnd: 0, value: 0, valueEnd: 0, after: 0 };

export function hostOf(bytes: Uint8Array, line: StartLine, headEnd: number): string | null {
  for (let at = line.after; nextHeader(bytes, at, headEnd, scratch); at = scratch.after) {
    if (scratch.nameEnd - scratch.name === 4 && startsWithWord(bytes, scratch.name, scratch.nameEnd, 'HOST'))
      return knownText(bytes, scratch.value, scratch.valueEnd, 256);
  }
  return null;
}
