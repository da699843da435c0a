/** The fields of Kerberos messages, RFC 4120, and what their numbers are called. */
import { defineFields } from '../dissector.ts';

/** By message type. */
export const TYPES: Readonly<Record<number, string>> = {
  10: 'AS-REQ',
  11: 'AS-REP',
  12: 'TGS-REQ',
  13: 'TGS-REP',
  14: 'AP-REQ',
  15: 'AP-REP',
  30: 'KRB-ERROR',
};
const MSG_TYPES: Readonly<Record<number, string>> = Object.fromEntries(
  Object.entries(TYPES).map(([type, name]) => [type, `krb-${name.toLowerCase().replace('krb-', '')}`]),
);
const ENCTYPES: Readonly<Record<number, string>> = {
  1: 'eTYPE-DES-CBC-CRC',
  3: 'eTYPE-DES-CBC-MD5',
  16: 'eTYPE-DES3-CBC-SHA1',
  17: 'eTYPE-AES128-CTS-HMAC-SHA1-96',
  18: 'eTYPE-AES256-CTS-HMAC-SHA1-96',
  19: 'eTYPE-AES128-CTS-HMAC-SHA256-128',
  20: 'eTYPE-AES256-CTS-HMAC-SHA384-192',
  23: 'eTYPE-ARCFOUR-HMAC-MD5',
  24: 'eTYPE-ARCFOUR-HMAC-MD5-56',
};
/** RFC 4120 section 7.5.9, those that are met. */
export const ERRORS: Readonly<Record<number, string>> = {
  3: 'eRR-BAD-PVNO',
  6: 'eRR-C-PRINCIPAL-UNKNOWN',
  7: 'eRR-S-PRINCIPAL-UNKNOWN',
  12: 'eRR-POLICY',
  14: 'eRR-ETYPE-NOSUPP',
  18: 'eRR-CLIENT-REVOKED',
  23: 'eRR-KEY-EXP',
  24: 'eRR-PREAUTH-FAILED',
  25: 'eRR-PREAUTH-REQUIRED',
  32: 'eRR-TKT-EXPIRED',
  37: 'eRR-SKEW',
  52: 'eRR-RESPONSE-TOO-BIG',
  60: 'eRR-GENERIC',
  68: 'eRR-WRONG-REALM',
};

export const kerberosFields = defineFields({
  type: { name: 'kerberos.msg_type', label: 'msg-type', type: 'uint', values: MSG_TYPES },
  cname: { name: 'kerberos.CNameString', label: 'CNameString', type: 'string' },
  sname: { name: 'kerberos.SNameString', label: 'SNameString', type: 'string' },
  realm: { name: 'kerberos.realm', label: 'realm', type: 'string' },
  crealm: { name: 'kerberos.crealm', label: 'crealm', type: 'string' },
  encType: { name: 'kerberos.ENCTYPE', label: 'ENCTYPE', type: 'int', values: ENCTYPES },
  etype: { name: 'kerberos.etype', label: 'etype', type: 'int', values: ENCTYPES },
  padata: { name: 'kerberos.padata_type', label: 'padata-type', type: 'int' },
  error: { name: 'kerberos.error_code', label: 'error-code', type: 'uint', values: ERRORS },
  errorText: { name: 'kerberos.e_text', label: 'e-text', type: 'string' },
});
