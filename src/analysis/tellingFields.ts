/** What tells most in the messages of a protocol: the columns that people read them in, and what tools answer with. */

export interface TellingField {
  /** Of the column. */
  readonly title: string;
  /** Wireshark's names. What the first one that is there says, or with `all` what they say together. */
  readonly names: readonly [string, ...string[]];
  readonly all?: boolean;
  /** Not what stands within something that the message carries, where it stands outside of it, too. */
  readonly outermost?: boolean;
  /** Its first group is what is shown of a text that it matches. */
  readonly part?: RegExp;
  /** What people call its values, where these are bare. */
  readonly words?: Readonly<Record<string, string>>;
}

const one = (title: string, ...names: [string, ...string[]]): TellingField => ({ title, names });

const TELLING: Readonly<Record<string, readonly TellingField[]>> = {
  dns: [
    { title: 'Kind', names: ['dns.flags.response'], words: { Set: 'Response', 'Not set': 'Query' } },
    one('Name', 'dns.qry.name'),
    one('Type', 'dns.qry.type'),
    one('Result', 'dns.flags.rcode'),
    {
      title: 'Answer',
      names: ['dns.cname', 'dns.mx.mail_exchange', 'dns.ns', 'dns.ptr.domain_name', 'dns.srv.target', 'dns.txt', 'dns.a', 'dns.aaaa'],
      all: true,
    },
  ],
  http: [
    one('Method', 'http.request.method'),
    one('Status', 'http.response.code'),
    // Of a response: what was asked for.
    { title: 'Host', names: ['http.host', 'http.response_for.uri'], part: /^https?:\/\/([^/]+)/ },
    { title: 'Address', names: ['http.request.uri', 'http.response_for.uri'], part: /^https?:\/\/[^/]+(\/.*)/ },
    one('Content', 'http.content_type'),
    one('Bytes', 'http.content_length'),
    one('Program', 'http.user_agent', 'http.server'),
  ],
  // Several streams begin in one packet.
  http3: [
    { title: 'Method', names: ['http3.headers.method'], all: true },
    { title: 'Status', names: ['http3.headers.status'], all: true },
    one('Host', 'http3.headers.authority'),
    { title: 'Address', names: ['http3.headers.path'], all: true },
    one('Content', 'http3.headers.content_type'),
    one('Bytes', 'http3.headers.content_length'),
    one('Program', 'http3.headers.user_agent', 'http3.headers.server'),
  ],
  http2: [
    { title: 'Method', names: ['http2.headers.method'], all: true },
    { title: 'Status', names: ['http2.headers.status'], all: true },
    one('Host', 'http2.headers.authority'),
    { title: 'Address', names: ['http2.headers.path'], all: true },
    one('Content', 'http2.headers.content_type'),
    one('Bytes', 'http2.headers.content_length'),
    one('Program', 'http2.headers.user_agent', 'http2.headers.server'),
  ],
  tls: [
    one('Server name', 'tls.handshake.extensions_server_name'),
    // What is offered or agreed on; the older field stands at TLS 1.2 for ever (RFC 8446 section 4.1.2).
    one('Version', 'tls.handshake.extensions.supported_version', 'tls.handshake.version'),
    one('Cipher suite', 'tls.handshake.ciphersuite'),
    one('JA4', 'tls.handshake.ja4'),
    one('Alert', 'tls.alert_message.desc'),
  ],
  dtls: [
    one('Server name', 'dtls.handshake.extensions_server_name'),
    one('Application', 'dtls.handshake.extensions_alpn_str'),
    one('Version', 'dtls.handshake.extensions.supported_version', 'dtls.handshake.version'),
    one('Cipher suite', 'dtls.handshake.ciphersuite'),
    one('JA4', 'dtls.handshake.ja4'),
    one('Alert', 'dtls.alert_message.desc'),
  ],
  // The hellos within are all that can be read of it without keys.
  quic: [
    one('Server name', 'tls.handshake.extensions_server_name'),
    one('Application', 'tls.handshake.extensions_alpn_str'),
    one('Version', 'quic.version'),
    one('Cipher suite', 'tls.handshake.ciphersuite'),
    one('JA4', 'tls.handshake.ja4'),
    one('Error', 'quic.cc.error_code'),
  ],
  dhcp: [
    one('Message', 'dhcp.option.dhcp'),
    one('Address', 'dhcp.ip.your'),
    one('Host name', 'dhcp.option.hostname'),
    one('Client', 'dhcp.hw.mac_addr'),
  ],
  ftp: [
    one('Command', 'ftp.request.command'),
    one('Argument', 'ftp.request.arg'),
    one('Reply', 'ftp.response.code'),
    one('Text', 'ftp.response.arg'),
  ],
  smtp: [
    one('Command', 'smtp.req.command'),
    one('Parameter', 'smtp.req.parameter'),
    one('Reply', 'smtp.response.code'),
    one('Text', 'smtp.rsp.parameter'),
  ],
  smb2: [one('Command', 'smb2.cmd'), one('Tree', 'smb2.tree'), one('File', 'smb2.filename'), one('Result', 'smb2.nt_status')],
  kerberos: [
    { title: 'Message', names: ['kerberos.msg_type'], outermost: true },
    one('Client', 'kerberos.CNameString'),
    { title: 'Service', names: ['kerberos.SNameString'], outermost: true },
    { title: 'Realm', names: ['kerberos.realm', 'kerberos.crealm'], outermost: true },
    // What a client asks for, or what it was given.
    one('Encryption', 'kerberos.ENCTYPE', 'kerberos.etype'),
    one('Error', 'kerberos.error_code'),
  ],
  sip: [
    one('Method', 'sip.Method'),
    one('Status', 'sip.Status-Code'),
    one('From', 'sip.From'),
    one('To', 'sip.To'),
    one('Program', 'sip.User-Agent', 'sip.Server'),
  ],
};

/** Where a protocol's name selects more than its messages. */
const MESSAGES: Readonly<Record<string, string>> = {
  http2: 'http2.headers.method || http2.headers.status',
  http3: 'http3.headers.method || http3.headers.status',
  tls: 'tls.handshake || tls.alert_message',
  dtls: 'dtls.handshake || dtls.alert_message',
  quic: '(quic && tls.handshake) || quic.cc.error_code',
};

/** The columns of a protocol; none where the info line says it as well. */
export function tellingFields(protocol: string): readonly TellingField[] {
  return Object.hasOwn(TELLING, protocol) ? TELLING[protocol]! : [];
}

/** Display filter that selects the messages of a protocol. */
export function messagesFilter(protocol: string): string {
  return Object.hasOwn(MESSAGES, protocol) ? MESSAGES[protocol]! : protocol;
}
