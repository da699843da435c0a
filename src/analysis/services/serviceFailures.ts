/**
 * Which error answers say that a service does not work, in plain words: it cannot do what it is for (a full disk, too many connections), or it has not what it is asked
 * for. A refused log-in is neither, nor is what programs ask to find out (a file that is not there). Nothing of what a server writes itself is told: it is untrusted
 * text, and holds names and values.
 *
 * Sources: RFC 4511 appendix A.2, [MS-ERREF] section 2.3.1, MySQL's and MariaDB's error references, PostgreSQL's appendix "Error Codes", SQL Server's "Database Engine
 * error severities", RFC 5321 section 4.2.3 and RFC 3463, RFC 959 section 4.2, RFC 4120 section 7.5.9, RFC 5530, RFC 3206.
 */
import type { Message } from '../../pcap/dissector.ts';
import { ftpReplyMessage } from '../../pcap/dissectors/ftp.ts';
import { imapReplyMessage } from '../../pcap/dissectors/imap.ts';
import { kerberosMessage } from '../../pcap/dissectors/kerberos.ts';
import { popReplyMessage } from '../../pcap/dissectors/pop.ts';
import { smtpReplyMessage } from '../../pcap/dissectors/smtp.ts';
import { errorAnswerMessage } from '../../pcap/errorAnswer.ts';

export interface Failure {
  readonly what: string;
  /** The server has not what it is asked for, or does not take it: its client may be wrong. */
  readonly isOfClient: boolean;
}

type Words = Readonly<Record<number | string, string>>;

export const FAILURE_MESSAGES: readonly string[] = [
  errorAnswerMessage,
  smtpReplyMessage,
  ftpReplyMessage,
  imapReplyMessage,
  popReplyMessage,
  kerberosMessage,
].map(({ kind }) => kind);

const SMB: Words = {
  0xc000005e: 'STATUS_NO_LOGON_SERVERS: no domain controller could be asked',
  0xc0000032: 'STATUS_DISK_CORRUPT_ERROR: the disk is damaged',
  0xc0000044: 'STATUS_QUOTA_EXCEEDED: the quota is used up',
  0xc000007f: 'STATUS_DISK_FULL: the disk is full',
  0xc000009a: 'STATUS_INSUFFICIENT_RESOURCES: the server has too few resources',
  0xc000009c: 'STATUS_DEVICE_DATA_ERROR: the disk cannot be read',
  0xc00000a2: 'STATUS_MEDIA_WRITE_PROTECTED: the disk is write-protected',
  0xc00000b5: 'STATUS_IO_TIMEOUT: the server waited too long for its disk or another server',
  0xc00000c9: 'STATUS_NETWORK_NAME_DELETED: the share was taken away',
  0xc00000d0: 'STATUS_REQUEST_NOT_ACCEPTED: the server takes no more connections',
  0xc00000e5: 'STATUS_INTERNAL_ERROR: an error within the server',
  0xc00000e9: 'STATUS_UNEXPECTED_IO_ERROR: the disk failed',
  0xc0000102: 'STATUS_FILE_CORRUPT_ERROR: a file is damaged',
  0xc0000133: 'STATUS_TIME_DIFFERENCE_AT_DC: the clocks of client and domain controller differ too much',
  0xc000018d: 'STATUS_TRUSTED_RELATIONSHIP_FAILURE: the domain does not trust this computer',
  0xc0000185: 'STATUS_IO_DEVICE_ERROR: the disk failed',
  0xc0000192: 'STATUS_NETLOGON_NOT_STARTED: the Net Logon service does not run',
  0xc0000205: 'STATUS_INSUFF_SERVER_RESOURCES: the server has too few resources',
  0xc000026e: 'STATUS_VOLUME_DISMOUNTED: the disk was taken away',
};
const SMB_CLIENT: Words = { 0xc00000cc: 'STATUS_BAD_NETWORK_NAME: no such share' };

const LDAP: Words = {
  1: 'operationsError (1): the operations are out of order, or failed',
  3: 'timeLimitExceeded (3): it took too long',
  11: 'adminLimitExceeded (11): a limit of the server was reached',
  51: 'busy (51): the server has too much to do',
  52: 'unavailable (52): the server is shutting down, or a part of it is not there',
  54: 'loopDetect (54): the server was led in a circle',
  80: 'other (80): an error within the server',
};
const LDAP_CLIENT: Words = {
  2: 'protocolError (2): the server does not understand the request',
  8: 'strongAuthRequired (8): the server wants signed or encrypted connections',
  13: 'confidentialityRequired (13): the server wants encrypted connections',
};

const MYSQL: Words = {
  1021: 'error 1021: the disk is full',
  1030: 'error 1030: the storage engine failed',
  1037: 'error 1037: out of memory',
  1038: 'error 1038: out of memory for sorting',
  1040: 'error 1040: too many connections',
  1041: 'error 1041: out of memory',
  1053: 'error 1053: the server is shutting down',
  1114: 'error 1114: the table is full',
  1129: 'error 1129: the server blocks this host after many connection errors',
  1135: 'error 1135: the server cannot start another thread',
  1180: 'error 1180: a transaction could not be committed',
  1194: 'error 1194: a table is marked as crashed',
  1195: 'error 1195: a table is marked as crashed, and could not be repaired',
  1203: 'error 1203: the user has too many connections',
  1205: 'error 1205: waited too long for a lock',
  1206: 'error 1206: too many locks',
  1213: 'error 1213: deadlock',
  1226: 'error 1226: the user has used up what is allowed',
  1317: 'error 1317: the statement was interrupted',
  1792: 'error 1792: the transaction is read-only',
  1836: 'error 1836: the server is read-only',
  1969: 'error 1969: the statement took too long',
  3024: 'error 3024: the statement took too long',
};
const MYSQL_CLIENT: Words = {
  1049: 'error 1049: no such database',
  1054: 'error 1054: no such column',
  1064: 'error 1064: a mistake in the statement',
  1130: 'error 1130: the server lets nobody in from this host',
  1142: 'error 1142: the user may not do this',
  1146: 'error 1146: no such table',
  1290: 'error 1290: a setting of the server forbids the statement',
};

/** Whole codes before classes, which are the first two characters. */
const PGSQL: Words = {
  25006: '25006: the database is read-only',
  53100: '53100: the disk is full',
  53200: '53200: out of memory',
  53300: '53300: too many connections',
  '40P01': '40P01: deadlock',
  57014: '57014: the statement was cancelled, or took too long',
  '57P01': '57P01: the server is shutting down',
  '57P02': '57P02: the server crashed',
  '57P03': '57P03: the server is starting or stopping',
  53: 'class 53: the server has too few resources',
  54: 'class 54: a limit of the server was exceeded',
  57: 'class 57: somebody or something intervened',
  58: 'class 58: an error of the system below the database',
  F0: 'class F0: a mistake in the configuration',
  XX: 'class XX: an error within the server',
};
const PGSQL_CLIENT: Words = {
  '42P01': '42P01: no such table',
  42703: '42703: no such column',
  42883: '42883: no such function',
  42501: '42501: the user may not do this',
  42601: '42601: a mistake in the statement',
  '3D': 'class 3D: no such database',
  '3F': 'class 3F: no such schema',
  42: 'class 42: the statement names what is not there, or has a mistake',
};

const TDS: Words = {
  701: 'error 701: out of memory',
  1105: 'error 1105: a file group is full',
  1205: 'error 1205: deadlock',
  1222: 'error 1222: waited too long for a lock',
  3906: 'error 3906: the database is read-only',
  6005: 'error 6005: the server is shutting down',
  9002: 'error 9002: the transaction log is full',
  17809: 'error 17809: too many connections',
  18401: 'error 18401: the server is starting',
};
const TDS_CLIENT: Words = {
  207: 'error 207: no such column',
  208: 'error 208: no such table',
  229: 'error 229: the user may not do this',
  911: 'error 911: no such database',
  2812: 'error 2812: no such procedure',
  4060: 'error 4060: the database cannot be opened',
};
/** From here on it is the server that fails, whatever was asked. */
const TDS_SERVER_SEVERITY = 17;
/** Of high severity, but refused log-ins: 17806 is one of Windows. */
const TDS_LOGINS: ReadonlySet<number> = new Set([17_806, 17_828, 17_832, 18_210]);

const SMTP: Words = {
  421: '421: the service is not available',
  431: '431: the server has too few resources',
  441: '441: the next server does not answer',
  442: '442: the connection to the next server broke off',
  446: '446: the mail goes in a circle',
  447: '447: the mail was too long on its way',
  450: '450: the mailbox is not available now',
  451: '451: an error while the mail was dealt with',
  452: '452: the server has too little room',
  454: '454: encryption or log-in does not work now',
};
const SMTP_CLIENT: Words = {
  521: '521: the server takes no mail',
  550: '550: the mailbox is not available',
  551: '551: the user is elsewhere',
  552: '552: the mailbox is full, or the mail too large',
  553: '553: the address is not allowed',
  554: '554: the mail was refused',
  556: '556: the domain takes no mail',
};
/** Why a mail is not taken for now, by RFC 3463: of subject 7 a policy, as greylisting is. */
const POLICY = /^[45]\.7\.\d|grey ?list/i;
/** Who says nothing for a while is sent away; nothing is wrong with that. */
const IDLE = /time[ -]?out|timed out|\bidle|^4\.4\.2/i,
  /** So is who has guessed too often. */
  GUESSED = /log-?in|password|authenticat/i;

const FTP: Words = {
  421: '421: the service is not available',
  425: '425: the data connection could not be opened',
  426: '426: the transfer was broken off',
  451: '451: an error within the server',
  452: '452: the server has too little room',
  552: '552: the quota is used up',
};

const KERBEROS: Words = {
  8: 'KDC_ERR_PRINCIPAL_NOT_UNIQUE (8): several accounts have this name',
  9: 'KDC_ERR_NULL_KEY (9): the account has no key',
  14: 'KDC_ERR_ETYPE_NOSUPP (14): no encryption that both sides know',
  16: 'KDC_ERR_PADATA_TYPE_NOSUPP (16): the server cannot log in this way, as with smart cards',
  29: 'KDC_ERR_SVC_UNAVAILABLE (29): the service is not available',
  37: 'KRB_AP_ERR_SKEW (37): the clocks of client and server differ too much',
  60: 'KRB_ERR_GENERIC (60): an error within the server',
};
const KERBEROS_CLIENT: Words = { 7: 'KDC_ERR_S_PRINCIPAL_UNKNOWN (7): no such service in the domain' };

const MAIL_BOX: Words = {
  UNAVAILABLE: 'UNAVAILABLE: a part of the server is not there',
  SERVERBUG: 'SERVERBUG: an error within the server',
  CORRUPTION: 'CORRUPTION: the mailbox is damaged',
  CONTACTADMIN: 'CONTACTADMIN: the administrator has to help',
  OVERQUOTA: 'OVERQUOTA: the mailbox is full',
  INUSE: 'INUSE: the mailbox is in use',
  'IN-USE': 'IN-USE: the mailbox is in use',
  'SYS/TEMP': 'SYS/TEMP: an error within the server',
  'SYS/PERM': 'SYS/PERM: an error within the server that lasts',
};

interface Table {
  readonly of: (code: number | string) => Failure | undefined;
}

/** One value for each code, made once. */
function table(server: Words, client: Words = {}): Table {
  const all = new Map<string, Failure>();
  for (const [code, what] of Object.entries(client)) all.set(code, { what, isOfClient: true });
  for (const [code, what] of Object.entries(server)) all.set(code, { what, isOfClient: false });
  return { of: (code) => all.get(String(code)) };
}

const smb = table(SMB, SMB_CLIENT),
  ldap = table(LDAP, LDAP_CLIENT),
  mysql = table(MYSQL, MYSQL_CLIENT),
  pgsql = table(PGSQL, PGSQL_CLIENT),
  tds = table(TDS, TDS_CLIENT),
  smtp = table(SMTP, SMTP_CLIENT),
  ftp = table(FTP),
  kerberos = table(KERBEROS, KERBEROS_CLIENT),
  mailBox = table(MAIL_BOX);

/** The answer to what begins a mail: mails are what is asked of a server for them. */
export const isMailBegun = (message: Message): boolean => smtpReplyMessage.is(message) && message.command === 'MAIL';

/** What an answer says of the service; null where it works, or where a log-in was refused. */
export function failureIn(message: Message): Failure | null {
  if (errorAnswerMessage.is(message)) {
    const { protocol, code, severity } = message;
    switch (protocol) {
      case 'smb':
        return smb.of(code) ?? null;
      case 'ldap':
        return ldap.of(code) ?? null;
      case 'mysql':
        return mysql.of(code) ?? null;
      case 'pgsql':
        return pgsql.of(code) ?? pgsql.of(String(code).slice(0, 2)) ?? null;
      case 'tds':
        return tds.of(code) ?? ofSeverity(Number(code), severity);
    }
  }
  if (smtpReplyMessage.is(message)) return smtpFailure(message.code, message.text, message.command);
  if (ftpReplyMessage.is(message))
    return message.code === 421 && (IDLE.test(message.text) || GUESSED.test(message.text)) ? null : (ftp.of(message.code) ?? null);
  if (kerberosMessage.is(message)) return message.error === 0 ? null : (kerberos.of(message.error) ?? null);
  if (imapReplyMessage.is(message)) return message.status === 'NO' || message.status === 'BYE' ? mailBoxFailure(message.text) : null;
  return popReplyMessage.is(message) && !message.ok ? mailBoxFailure(message.text) : null;
}

function ofSeverity(code: number, severity: number): Failure | null {
  return severity < TDS_SERVER_SEVERITY || TDS_LOGINS.has(code)
    ? null
    : { what: `error ${code}, severity ${severity}: an error within the server`, isOfClient: false };
}

function smtpFailure(code: number, text: string, command: string | null): Failure | null {
  if (code < 400 || (code === 421 && IDLE.test(text)) || command === 'VRFY' || command === 'EXPN') return null;
  // 454 to AUTH means that the server could not judge it, RFC 4954 section 4.7.12.
  if (command === 'AUTH' && code !== 454 && code !== 421 && code !== 451) return null;
  if ((code === 421 || code === 450 || code === 451) && POLICY.test(text)) return null;
  return smtp.of(code) ?? null;
}

/** A code in brackets comes first. */
function mailBoxFailure(text: string): Failure | null {
  const code = /^\[([A-Z/-]{4,20})\]/.exec(text)?.[1];
  return code === undefined ? null : (mailBox.of(code) ?? null);
}
