/** Lightweight Directory Access Protocol, RFC 4511: binds, the heads of searches, results. Goes on as TLS after StartTLS, and sealed after some binds by SASL. */
import { berElement, BER_INTEGER, BER_SEQUENCE, berInteger, eachBer, readBer, type BerElement } from '../ber.ts';
import { defineFields, messageKind, NEED_MORE, NOT_MINE, type Direction, type Dissector, type FieldSink, type Message } from '../dissector.ts';
import { errorAnswered } from '../errorAnswer.ts';
import { dissectInner, finishInner, handOver, stepInner, type HandOver } from '../handOver.ts';
import { ldapFilterText } from '../ldapFilter.ts';
import { LDAP_OPERATIONS, readLdapHead } from '../ldapHead.ts';
import { startsLdap } from '../ldapStart.ts';
import { describeLdapExchange, ldapExchangeFields } from '../ldapExchange.ts';
import { loginAnswered, loginRefused, newAttempt, secretSent, type LoginAttempt } from '../login.ts';
import { readNtlm } from './ntlmssp.ts';
import type { Packet } from '../packet.ts';
import { textAt } from '../text.ts';

const RESULTS: Readonly<Record<number, string>> = {
  0: 'success',
  1: 'operationsError',
  2: 'protocolError',
  3: 'timeLimitExceeded',
  4: 'sizeLimitExceeded',
  5: 'compareFalse',
  6: 'compareTrue',
  7: 'authMethodNotSupported',
  8: 'strongAuthRequired',
  10: 'referral',
  11: 'adminLimitExceeded',
  12: 'unavailableCriticalExtension',
  13: 'confidentialityRequired',
  14: 'saslBindInProgress',
  16: 'noSuchAttribute',
  17: 'undefinedAttributeType',
  18: 'inappropriateMatching',
  19: 'constraintViolation',
  20: 'attributeOrValueExists',
  21: 'invalidAttributeSyntax',
  32: 'noSuchObject',
  33: 'aliasProblem',
  34: 'invalidDNSyntax',
  36: 'aliasDereferencingProblem',
  48: 'inappropriateAuthentication',
  49: 'invalidCredentials',
  50: 'insufficientAccessRights',
  51: 'busy',
  52: 'unavailable',
  53: 'unwillingToPerform',
  54: 'loopDetect',
  64: 'namingViolation',
  65: 'objectClassViolation',
  66: 'notAllowedOnNonLeaf',
  67: 'notAllowedOnRDN',
  68: 'entryAlreadyExists',
  69: 'objectClassModsProhibited',
  71: 'affectsMultipleDSAs',
  80: 'other',
  118: 'canceled',
  119: 'noSuchOperation',
  120: 'tooLate',
  121: 'cannotCancel',
};
const SCOPES: Readonly<Record<number, string>> = { 0: 'baseObject', 1: 'singleLevel', 2: 'wholeSubtree' };

const f = defineFields({
  ...ldapExchangeFields,
  messageId: { name: 'ldap.messageID', label: 'messageID', type: 'uint' },
  operation: { name: 'ldap.protocolOp', label: 'protocolOp', type: 'uint', values: LDAP_OPERATIONS },
  version: { name: 'ldap.version', label: 'version', type: 'uint' },
  name: { name: 'ldap.name', label: 'name', type: 'string' },
  authentication: { name: 'ldap.authentication', label: 'authentication', type: 'uint', values: { 0: 'simple', 3: 'sasl' } },
  simple: { name: 'ldap.simple', label: 'simple', type: 'string' },
  mechanism: { name: 'ldap.mechanism', label: 'mechanism', type: 'string' },
  base: { name: 'ldap.baseObject', label: 'baseObject', type: 'string' },
  scope: { name: 'ldap.scope', label: 'scope', type: 'uint', values: SCOPES },
  objectName: { name: 'ldap.objectName', label: 'objectName', type: 'string' },
  requestName: { name: 'ldap.requestName', label: 'requestName', type: 'string' },
  result: { name: 'ldap.resultCode', label: 'resultCode', type: 'uint', values: RESULTS },
  matched: { name: 'ldap.matchedDN', label: 'matchedDN', type: 'string' },
  error: { name: 'ldap.errorMessage', label: 'errorMessage', type: 'string' },
});

export interface LdapSearchMessage extends Message {
  readonly kind: 'ldap-search';
  readonly base: string;
  /** 0 the object, 1 one level, 2 the whole subtree. */
  readonly scope: number;
  /** `(&(objectClass=user)(servicePrincipalName=*))` */
  readonly filter: string;
  /** What is wanted of each object, the first of it; none stands for all. */
  readonly attributes: readonly string[];
}
/** @public */
export const ldapSearchMessage = messageKind<LdapSearchMessage>('ldap-search');

/** Where a directory says that Java is to load the class of an object from (RFC 2713 section 3.1, `javaCodebase`). */
export interface LdapCodeBaseMessage extends Message {
  readonly kind: 'ldap-code-base';
  readonly address: string;
}
export const ldapCodeBaseMessage = messageKind<LdapCodeBaseMessage>('ldap-code-base');

const PORTS: readonly number[] = [389, 3268],
  KEEP_BYTES = 8192,
  MOST_ATTRIBUTES = 64,
  BIND = 0,
  BIND_RESPONSE = 1,
  SEARCH = 3,
  ENTRY = 4,
  EXTENDED = 23,
  SIMPLE = 0x80,
  SASL = 0xa3,
  IN_PROGRESS = 14,
  OPERATIONS_ERROR = 1,
  START_TLS = '1.3.6.1.4.1.1466.20037';
/** Operations whose content begins with a result code. */
const ANSWERS = new Set([1, 5, 7, 9, 11, 13, 15, 24]);
/** Secrets that can be read: the mechanisms PLAIN (RFC 4616) and LOGIN. */
const READABLE = new Set(['PLAIN', 'LOGIN']);

interface LdapState {
  readonly attempt: LoginAttempt;
  /** StartTLS was asked for. */
  wantsTls: boolean;
  /** A bind by SASL was accepted: what follows may be sealed (RFC 4422 section 3.7). */
  mayBeSealed: boolean;
  readonly sealed: [boolean, boolean];
  rest: HandOver | null;
  readonly inner: [boolean, boolean];
}

const message = berElement(),
  id = berElement(),
  operation = berElement(),
  part = berElement(),
  authentication = berElement();

export const ldap: Dissector = {
  id: 'ldap',
  name: 'Lightweight Directory Access Protocol',
  fields: f,
  on: PORTS.map((value) => ({ table: 'tcp.port', value })),
  application: true,
  stream: {
    recognise(bytes, offset, end, _direction, sourcePort, destinationPort) {
      if (!PORTS.includes(sourcePort) && !PORTS.includes(destinationPort)) return startsLdap(bytes, offset, end);
      if (end > offset && bytes[offset] !== BER_SEQUENCE) return 'no';
      if (end - offset < 12 && (end - offset < 2 || bytes[offset + 1]! >= 0x80 || end - offset < 2 + bytes[offset + 1]!)) return 'more';
      return readLdapHead(bytes, offset, end, message, id, operation) ? 'yes' : 'no';
    },
    open: (): LdapState => ({
      attempt: newAttempt(),
      wantsTls: false,
      mayBeSealed: false,
      sealed: [false, false],
      rest: null,
      inner: [false, false],
    }),
    keepBytes: KEEP_BYTES,
    step: stepLdap,
    resume: (_direction, state: LdapState) => state.rest === null,
    dissect: dissectLdap,
    finish: (direction, state: LdapState) => state.inner[direction] && state.rest !== null && finishInner(direction, state.rest),
  },
};

function stepLdap(p: Packet, bytes: Uint8Array, offset: number, end: number, direction: Direction, state: LdapState): number {
  state.inner[direction] = state.rest !== null;
  if (state.rest !== null) return stepInner(p, bytes, offset, end, direction, state.rest, 'ldap');
  if (end - offset < 6) return NEED_MORE;
  p.pduComplete = true;
  state.sealed[direction] = bytes[offset] !== BER_SEQUENCE;
  if (state.sealed[direction]) {
    const length = bytes[offset]! * 2 ** 24 + (bytes[offset + 1]! << 16) + (bytes[offset + 2]! << 8) + bytes[offset + 3]!;
    return state.mayBeSealed && length > 0 && length < 2 ** 24 ? 4 + length : NOT_MINE;
  }
  return readBer(bytes, offset, end, message) && message.to > offset ? message.to - offset : NOT_MINE;
}

function dissectLdap(p: Packet, offset: number, end: number, direction: Direction, state: LdapState, sink: FieldSink | null): void {
  if (state.inner[direction]) {
    if (state.rest !== null) dissectInner(p, offset, end, direction, state.rest, sink);
    return;
  }
  const limit = Math.min(end, offset + KEEP_BYTES);
  sink?.layer(ldap, offset, end - offset);
  if (state.sealed[direction]) {
    sink?.info('LDAP', 'SASL GSS-API Integrity or privacy');
    return;
  }
  if (!readLdapHead(p.bytes, offset, limit, message, id, operation)) return;
  const code = operation.tag & 31,
    from = operation.from,
    to = Math.min(limit, operation.to);
  if (sink !== null) {
    sink.add(f.messageId, id.from, id.to - id.from, berInteger(p.bytes, id, limit));
    sink.add(f.operation, id.to, 1, code);
    describeLdapExchange(p, berInteger(p.bytes, id, limit), code, offset, sink);
    sink.info('LDAP', `${LDAP_OPERATIONS[code] ?? `operation ${code}`}(${berInteger(p.bytes, id, limit)})`);
  }
  if (code === BIND) readBind(p, from, to, state, sink);
  else if (code === SEARCH) readSearch(p, from, to, sink);
  else if (code === ENTRY) {
    readEntry(p, from, to, sink);
  } else if (code === EXTENDED) readExtended(p, from, to, state, sink);
  else if (ANSWERS.has(code)) readResult(p, code, from, to, state, sink);
}

/** BindRequest: version, name, and either a password or a mechanism. */
function readBind(p: Packet, from: number, to: number, state: LdapState, sink: FieldSink | null): void {
  const { bytes } = p,
    { attempt } = state;
  if (!readBer(bytes, from, to, part) || part.tag !== BER_INTEGER || part.to > to) return;
  sink?.add(f.version, part.from, part.to - part.from, berInteger(bytes, part, to));
  if (!readBer(bytes, part.to, to, part)) return;
  const name = textAt(bytes, part.from, Math.min(to, part.to), 256);
  sink?.add(f.name, part.from, Math.min(to, part.to) - part.from, name);
  if (part.to >= to && p.wireEnd > to) {
    // Cut within the name: with what it logs in is not known, that it does is.
    attempt.user = name === '' ? null : name;
    secretSent(p, 'ldap', attempt, 'cut', false);
    return;
  }
  if (part.to > to || !readBer(bytes, part.to, to, authentication)) return;
  sink?.add(f.authentication, authentication.from, 0, authentication.tag & 31);
  if (authentication.tag === SIMPLE) {
    // Without a password it is anonymous, whatever the name (RFC 4513 section 5.1.2).
    const isAnonymous = authentication.to === authentication.from;
    if (!isAnonymous) sink?.add(f.simple, authentication.from, Math.min(to, authentication.to) - authentication.from, '********');
    attempt.user = name === '' ? null : name;
    if (isAnonymous) {
      attempt.frame = 0;
      attempt.mechanism = 'anonymous';
    } else
      secretSent(p, 'ldap', attempt, 'simple', true, authentication.to > to ? undefined : textAt(p.bytes, authentication.from, authentication.to));
  } else if (authentication.tag === SASL) {
    const stop = Math.min(to, authentication.to);
    if (!readBer(bytes, authentication.from, stop, part)) return;
    const mechanism = addText(p, f.mechanism, part, stop, sink);
    const hasCredentials = part.to < stop && readBer(bytes, part.to, stop, part),
      isPlain = READABLE.has(mechanism);
    // Authorisation identity NUL user NUL password (RFC 4616).
    attempt.user =
      isPlain && hasCredentials
        ? (textAt(bytes, part.from, Math.min(stop, part.to), 512).split('\0')[1]?.slice(0, 256) ?? null)
        : name === ''
          ? null
          : name;
    if (hasCredentials && mechanism === 'GSS-SPNEGO')
      attempt.user = readNtlm(p, part.from, Math.min(stop, part.to), 'ldap', sink)?.user ?? attempt.user;
    if (mechanism !== 'EXTERNAL') secretSent(p, 'ldap', attempt, mechanism, isPlain && hasCredentials);
  } else {
    // Microsoft's NTLM binds ([MS-ADTS] section 5.1.1.1.3): the last of three holds the response.
    const login = readNtlm(p, authentication.from, Math.min(to, authentication.to), 'ldap', sink);
    if (login === null) {
      attempt.frame = 0;
      attempt.mechanism = 'NTLM';
    } else {
      attempt.user = login.user;
      secretSent(p, 'ldap', attempt, 'NTLM', false);
    }
  }
}

function readSearch(p: Packet, from: number, to: number, sink: FieldSink | null): void {
  const { bytes } = p;
  if ((sink === null && !p.hears('ldap-search')) || !readBer(bytes, from, to, part)) return;
  const base = addText(p, f.base, part, to, sink);
  if (part.to > to || !readBer(bytes, part.to, to, part)) return;
  const scope = bytes[part.from] ?? 0;
  sink?.add(f.scope, part.from, 1, scope);
  // Aliases, limits of size and time, types only.
  for (let i = 0; i < 4; i++) if (part.to > to || !readBer(bytes, part.to, to, part)) return;
  if (part.to > to || !readBer(bytes, part.to, to, part)) return;
  const filter = ldapFilterText(bytes, part.tag, part.from, Math.min(to, part.to));
  if (p.hears('ldap-search')) {
    const attributes: string[] = [];
    if (part.to <= to && readBer(bytes, part.to, to, part))
      eachBer(bytes, part.from, Math.min(to, part.to), (_tag, begin, stop) => {
        if (attributes.length < MOST_ATTRIBUTES) attributes.push(textAt(bytes, begin, stop, 64));
      });
    p.emit({ kind: 'ldap-search', frame: p.frame, base, scope, filter, attributes } satisfies LdapSearchMessage);
  }
  sink?.info('LDAP', `searchRequest "${base}" ${SCOPES[scope] ?? scope} ${filter}`);
}

/** The name, and of the attributes where Java is to load from. */
function readEntry(p: Packet, from: number, to: number, sink: FieldSink | null): void {
  const { bytes } = p;
  if ((sink === null && !p.hears('ldap-code-base')) || !readBer(bytes, from, to, part)) return;
  const behind = part.to;
  if (sink !== null) addText(p, f.objectName, part, to, sink);
  if (!p.hears('ldap-code-base') || behind >= to || !readBer(bytes, behind, to, part)) return;
  eachBer(bytes, part.from, Math.min(to, part.to), (_tag, begin, stop) => {
    // Nearly all attributes are turned away by their first letter.
    if (((bytes[begin + 2] ?? 0) | 0x20) !== 0x6a || !readBer(bytes, begin, stop, authentication)) return;
    if (textAt(bytes, authentication.from, authentication.to, 16).toLowerCase() !== 'javacodebase') return;
    if (
      !readBer(bytes, authentication.to, stop, authentication) ||
      !readBer(bytes, authentication.from, Math.min(stop, authentication.to), authentication)
    )
      return;
    const address = textAt(bytes, authentication.from, Math.min(stop, authentication.to), 256);
    p.emit({ kind: 'ldap-code-base', frame: p.frame, address } satisfies LdapCodeBaseMessage);
  });
}

function readExtended(p: Packet, from: number, to: number, state: LdapState, sink: FieldSink | null): void {
  if (!readBer(p.bytes, from, to, part)) return;
  state.wantsTls = addText(p, f.requestName, part, to, sink) === START_TLS;
}

/** LDAPResult: code, matched name, message. */
function readResult(p: Packet, code: number, from: number, to: number, state: LdapState, sink: FieldSink | null): void {
  const { bytes } = p;
  if (!readBer(bytes, from, to, part) || part.to > to) return;
  const result = berInteger(bytes, part, to);
  if (Number.isNaN(result)) return;
  const behind = part.to;
  sink?.add(f.result, part.from, part.to - part.from, result);
  if (sink !== null && readBer(bytes, part.to, to, part) && part.to <= to) {
    addText(p, f.matched, part, to, sink);
    if (readBer(bytes, part.to, to, part)) addText(p, f.error, part, to, sink);
  }
  if (result !== 0 && !(result === OPERATIONS_ERROR && wantsBind(bytes, behind, to))) errorAnswered(p, 'ldap', result);
  // The challenge of NTLM, in SPNEGO or where the matched name would be.
  if (code === BIND_RESPONSE && (result === IN_PROGRESS || state.attempt.frame === 0)) readNtlm(p, behind, to, 'ldap', sink);
  if (code === BIND_RESPONSE && result !== IN_PROGRESS) {
    if (result === 0 && state.attempt.frame > 0 && state.attempt.mechanism !== 'simple') state.mayBeSealed = true;
    // Others say that the server does not take such logins, not that the password is wrong.
    if (result === 49) loginRefused(p, 'ldap', state.attempt);
    else if (result === 0) loginAnswered(p, 'ldap', state.attempt, true);
    else state.attempt.frame = 0;
  } else if (code === 24 && state.wantsTls) {
    state.wantsTls = false;
    if (result === 0) state.rest = handOver('tls');
  }
}

/** Active Directory's `operationsError` to who has not logged in ([MS-ADTS] section 3.1.1.3.4): nothing is wrong with the server. */
function wantsBind(bytes: Uint8Array, from: number, to: number): boolean {
  return (
    readBer(bytes, from, to, part) && part.to < to && readBer(bytes, part.to, to, part) && /^0*4DC:/i.test(textAt(bytes, part.from, part.to, 16))
  );
}

function addText(p: Packet, field: typeof f.name, element: BerElement, to: number, sink: FieldSink | null): string {
  const end = Math.min(to, element.to),
    value = textAt(p.bytes, element.from, end);
  if (end >= element.from) sink?.add(field, element.from, end - element.from, value);
  return value;
}
