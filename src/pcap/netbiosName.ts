/** NetBIOS names in "first level encoding" (RFC 1001 section 14.1): each half byte a letter from A to P. */
const ENCODED = 32,
  LETTER_A = 65;

/** The name whose 32 letters begin at `at`: `WORKGROUP<1e>`, the number being what kind of name it is; other numbers in it are unprintable bytes. */
export function netbiosName(bytes: Uint8Array, at: number, end: number): string {
  if (end - at < ENCODED) return '';
  const name = new Uint8Array(16);
  for (let i = 0; i < 16; i++) {
    const high = bytes[at + i * 2]! - LETTER_A,
      low = bytes[at + i * 2 + 1]! - LETTER_A;
    if (high < 0 || high > 15 || low < 0 || low > 15) return '<malformed name>';
    name[i] = high * 16 + low;
  }
  let length = 15;
  while (length > 0 && name[length - 1] === 0x20) length--;
  let text = '';
  for (let i = 0; i < length; i++)
    text += name[i]! < 32 || name[i]! > 126 ? `<${name[i]!.toString(16).padStart(2, '0')}>` : String.fromCharCode(name[i]!);
  return `${text}<${name[15]!.toString(16).padStart(2, '0')}>`;
}

/** What the number at the end of a name stands for, in Wireshark's words. */
const SERVICES: Readonly<Record<string, string>> = {
  '00': 'Workstation/Redirector',
  '01': 'Browser',
  '02': 'Workstation/Redirector',
  '03': 'Messenger service/Main name',
  '05': 'Forwarded name',
  '06': 'RAS Server service',
  '1b': 'Domain Master Browser',
  '1c': 'Domain Controllers',
  '1d': 'Local Master Browser',
  '1e': 'Browser Election Service',
  '1f': 'Net DDE Service',
  '20': 'Server service',
  '21': 'RAS client service',
  '22': 'Exchange Interchange (MSMail Connector)',
  '23': 'Exchange Store',
  '24': 'Exchange Directory',
  '2b': 'Lotus Notes Server service',
  '30': 'Modem sharing server service',
  '31': 'Modem sharing client service',
  '43': 'SMS Clients Remote Control',
  '44': 'SMS Administrators Remote Control Tool',
  '45': 'SMS Clients Remote Chat',
  '46': 'SMS Clients Remote Transfer',
  '4c': 'DEC Pathworks TCP/IP Service on Windows NT',
  '52': 'DEC Pathworks TCP/IP Service on Windows NT',
  '6a': 'Microsoft Exchange IMC',
  '87': 'Microsoft Exchange MTA',
  be: 'Network Monitor Agent',
  bf: 'Network Monitor Analyzer',
};

/** `FILES<20>` with what it serves for, `FILES<20> (Server service)`. Names without a number are left as they are. */
export function withService(name: string): string {
  const number = /<([0-9a-f]{2})>$/.exec(name)?.[1];
  return number === undefined ? name : `${name} (${SERVICES[number] ?? 'Unknown'})`;
}
