/** The fields of TLS, of DTLS and of the certificates in them, with the words of the IANA registries "TLS Parameters" and "TLS Extensions". */
import { defineFields } from '../dissector.ts';
import { TLS_CIPHER_SUITES } from '../iana/tlsCipherSuites.ts';

export const CONTENT_TYPES: Readonly<Record<number, string>> = {
  20: 'Change Cipher Spec',
  21: 'Alert',
  22: 'Handshake',
  23: 'Application Data',
  24: 'Heartbeat',
};
export const HANDSHAKE_TYPES: Readonly<Record<number, string>> = {
  0: 'Hello Request',
  1: 'Client Hello',
  2: 'Server Hello',
  3: 'Hello Verify Request',
  4: 'New Session Ticket',
  5: 'End of Early Data',
  6: 'Hello Retry Request',
  8: 'Encrypted Extensions',
  11: 'Certificate',
  12: 'Server Key Exchange',
  13: 'Certificate Request',
  14: 'Server Hello Done',
  15: 'Certificate Verify',
  16: 'Client Key Exchange',
  20: 'Finished',
  21: 'Client Certificate URL',
  22: 'Certificate Status',
  23: 'Supplemental Data',
  24: 'Key Update',
  25: 'Compressed Certificate',
  67: 'Next Protocol',
};
export const TLS_1_3 = 0x0304;
/** Those of DTLS count down; Cisco's VPN still speaks the draft of OpenSSL before 0.9.8f. */
export const DTLS_1_0_DRAFT = 0x0100,
  DTLS_1_0 = 0xfeff,
  DTLS_1_2 = 0xfefd,
  DTLS_1_3 = 0xfefc;
export const VERSIONS: Readonly<Record<number, string>> = {
  0x0002: 'SSL 2.0',
  0x0300: 'SSL 3.0',
  0x0301: 'TLS 1.0',
  0x0302: 'TLS 1.1',
  0x0303: 'TLS 1.2',
  [TLS_1_3]: 'TLS 1.3',
};
const DTLS_VERSIONS: Readonly<Record<number, string>> = {
  [DTLS_1_0_DRAFT]: 'DTLS 1.0 (OpenSSL pre 0.9.8f)',
  [DTLS_1_0]: 'DTLS 1.0',
  [DTLS_1_2]: 'DTLS 1.2',
  [DTLS_1_3]: 'DTLS 1.3',
};
/** As Wireshark's protocol column has them. */
const COLUMN: Readonly<Record<number, string>> = {
  [DTLS_1_0_DRAFT]: 'DTLS 1.0 (OpenSSL pre 0.9.8f)',
  [DTLS_1_0]: 'DTLSv1.0',
  [DTLS_1_2]: 'DTLSv1.2',
  [DTLS_1_3]: 'DTLSv1.3',
  0x0002: 'SSLv2',
  0x0300: 'SSLv3',
  0x0301: 'TLSv1',
  0x0302: 'TLSv1.1',
  0x0303: 'TLSv1.2',
  [TLS_1_3]: 'TLSv1.3',
};
export const ALERTS: Readonly<Record<number, string>> = {
  0: 'Close Notify',
  10: 'Unexpected Message',
  20: 'Bad Record MAC',
  21: 'Decryption Failed',
  22: 'Record Overflow',
  30: 'Decompression Failure',
  40: 'Handshake Failure',
  41: 'No Certificate',
  42: 'Bad Certificate',
  43: 'Unsupported Certificate',
  44: 'Certificate Revoked',
  45: 'Certificate Expired',
  46: 'Certificate Unknown',
  47: 'Illegal Parameter',
  48: 'Unknown CA',
  49: 'Access Denied',
  50: 'Decode Error',
  51: 'Decrypt Error',
  60: 'Export Restriction',
  70: 'Protocol Version',
  71: 'Insufficient Security',
  80: 'Internal Error',
  86: 'Inappropriate Fallback',
  90: 'User Canceled',
  100: 'No Renegotiation',
  109: 'Missing Extension',
  110: 'Unsupported Extension',
  112: 'Unrecognized Name',
  113: 'Bad Certificate Status Response',
  115: 'Unknown PSK Identity',
  116: 'Certificate Required',
  120: 'No application Protocol',
  121: 'ECH Required',
};
const EXTENSIONS: Readonly<Record<number, string>> = {
  0: 'server_name',
  1: 'max_fragment_length',
  5: 'status_request',
  10: 'supported_groups',
  11: 'ec_point_formats',
  13: 'signature_algorithms',
  14: 'use_srtp',
  15: 'heartbeat',
  16: 'application_layer_protocol_negotiation',
  17: 'status_request_v2',
  18: 'signed_certificate_timestamp',
  21: 'padding',
  22: 'encrypt_then_mac',
  23: 'extended_master_secret',
  27: 'compress_certificate',
  28: 'record_size_limit',
  34: 'delegated_credentials',
  35: 'session_ticket',
  41: 'pre_shared_key',
  42: 'early_data',
  43: 'supported_versions',
  44: 'cookie',
  45: 'psk_key_exchange_modes',
  47: 'certificate_authorities',
  48: 'oid_filters',
  49: 'post_handshake_auth',
  50: 'signature_algorithms_cert',
  51: 'key_share',
  54: 'connection_id',
  57: 'quic_transport_parameters',
  13172: 'next_protocol_negotiation',
  17513: 'application_settings',
  30032: 'channel_id',
  65037: 'encrypted_client_hello',
  65281: 'renegotiation_info',
  65486: 'encrypted_server_name',
};
const GROUPS: Readonly<Record<number, string>> = {
  19: 'secp192r1',
  21: 'secp224r1',
  22: 'secp256k1',
  23: 'secp256r1',
  24: 'secp384r1',
  25: 'secp521r1',
  26: 'brainpoolP256r1',
  27: 'brainpoolP384r1',
  28: 'brainpoolP512r1',
  29: 'x25519',
  30: 'x448',
  256: 'ffdhe2048',
  257: 'ffdhe3072',
  258: 'ffdhe4096',
  259: 'ffdhe6144',
  260: 'ffdhe8192',
  4587: 'SecP256r1MLKEM768',
  4588: 'X25519MLKEM768',
  4589: 'SecP384r1MLKEM1024',
  25497: 'X25519Kyber768Draft00',
};
const SIGNATURES: Readonly<Record<number, string>> = {
  0x0201: 'rsa_pkcs1_sha1',
  0x0202: 'SHA1 DSA',
  0x0203: 'ecdsa_sha1',
  0x0401: 'rsa_pkcs1_sha256',
  0x0403: 'ecdsa_secp256r1_sha256',
  0x0501: 'rsa_pkcs1_sha384',
  0x0503: 'ecdsa_secp384r1_sha384',
  0x0601: 'rsa_pkcs1_sha512',
  0x0603: 'ecdsa_secp521r1_sha512',
  0x0804: 'rsa_pss_rsae_sha256',
  0x0805: 'rsa_pss_rsae_sha384',
  0x0806: 'rsa_pss_rsae_sha512',
  0x0807: 'ed25519',
  0x0808: 'ed448',
  0x0809: 'rsa_pss_pss_sha256',
  0x080a: 'rsa_pss_pss_sha384',
  0x080b: 'rsa_pss_pss_sha512',
};
/** RFC 5764 section 4.1.2, RFC 7714 section 14.2. */
const SRTP_PROFILES: Readonly<Record<number, string>> = {
  0x0001: 'SRTP_AES128_CM_HMAC_SHA1_80',
  0x0002: 'SRTP_AES128_CM_HMAC_SHA1_32',
  0x0005: 'SRTP_NULL_HMAC_SHA1_80',
  0x0006: 'SRTP_NULL_HMAC_SHA1_32',
  0x0007: 'SRTP_AEAD_AES_128_GCM',
  0x0008: 'SRTP_AEAD_AES_256_GCM',
};
const SUITES: Readonly<Record<number, string>> = Object.fromEntries(
  Object.entries(TLS_CIPHER_SUITES).map(([number, name]) => [number, `TLS_${name}`]),
);

/** What TLS and DTLS have in common: in Wireshark each has its own names for it. */
function commonFields(protocol: 'tls' | 'dtls', versions: Readonly<Record<number, string>>) {
  return defineFields({
    record: { name: `${protocol}.record`, label: 'Record Layer', type: 'none' },
    contentType: { name: `${protocol}.record.content_type`, label: 'Content Type', type: 'uint', values: CONTENT_TYPES },
    recordVersion: { name: `${protocol}.record.version`, label: 'Version', type: 'uint', base: 'hex', values: versions },
    recordLength: { name: `${protocol}.record.length`, label: 'Length', type: 'uint' },
    applicationData: { name: `${protocol}.app_data`, label: 'Encrypted Application Data', type: 'bytes' },
    changeCipherSpec: { name: `${protocol}.change_cipher_spec`, label: 'Change Cipher Spec Message', type: 'none' },
    alert: { name: `${protocol}.alert_message`, label: 'Alert Message', type: 'none' },
    alertLevel: { name: `${protocol}.alert_message.level`, label: 'Level', type: 'uint', values: { 1: 'Warning', 2: 'Fatal' } },
    alertDescription: { name: `${protocol}.alert_message.desc`, label: 'Description', type: 'uint', values: ALERTS },
    heartbeat: { name: `${protocol}.heartbeat_message`, label: 'Heartbeat Message', type: 'none' },
    heartbeatType: { name: `${protocol}.heartbeat_message.type`, label: 'Type', type: 'uint', values: { 1: 'Request', 2: 'Response' } },
    heartbeatLength: { name: `${protocol}.heartbeat_message.payload_length`, label: 'Payload Length', type: 'uint' },
    handshake: { name: `${protocol}.handshake`, label: 'Handshake Protocol', type: 'none' },
    handshakeType: { name: `${protocol}.handshake.type`, label: 'Handshake Type', type: 'uint', values: HANDSHAKE_TYPES },
    handshakeLength: { name: `${protocol}.handshake.length`, label: 'Length', type: 'uint' },
    version: { name: `${protocol}.handshake.version`, label: 'Version', type: 'uint', base: 'hex', values: versions },
    random: { name: `${protocol}.handshake.random`, label: 'Random', type: 'bytes' },
    sessionIdLength: { name: `${protocol}.handshake.session_id_length`, label: 'Session ID Length', type: 'uint' },
    sessionId: { name: `${protocol}.handshake.session_id`, label: 'Session ID', type: 'bytes' },
    suites: { name: `${protocol}.handshake.ciphersuites`, label: 'Cipher Suites', type: 'none' },
    suite: { name: `${protocol}.handshake.ciphersuite`, label: 'Cipher Suite', type: 'uint', base: 'hex', values: SUITES },
    compression: { name: `${protocol}.handshake.comp_method`, label: 'Compression Method', type: 'uint' },
    extensionType: { name: `${protocol}.handshake.extension.type`, label: 'Extension', type: 'uint', values: EXTENSIONS },
    extensionLength: { name: `${protocol}.handshake.extension.len`, label: 'Length', type: 'uint' },
    serverName: { name: `${protocol}.handshake.extensions_server_name`, label: 'Server Name', type: 'string' },
    alpn: { name: `${protocol}.handshake.extensions_alpn_str`, label: 'ALPN Next Protocol', type: 'string' },
    supportedVersion: {
      name: `${protocol}.handshake.extensions.supported_version`,
      label: 'Supported Version',
      type: 'uint',
      base: 'hex',
      values: versions,
    },
    group: { name: `${protocol}.handshake.extensions_supported_group`, label: 'Supported Group', type: 'uint', base: 'hex', values: GROUPS },
    pointFormat: { name: `${protocol}.handshake.extensions_ec_point_format`, label: 'EC point format', type: 'uint' },
    signatureAlgorithm: { name: `${protocol}.handshake.sig_hash_alg`, label: 'Signature Algorithm', type: 'uint', base: 'hex', values: SIGNATURES },
    extensionData: { name: `${protocol}.handshake.extension.data`, label: 'Data', type: 'bytes' },
    ja3: { name: `${protocol}.handshake.ja3`, label: 'JA3', type: 'string' },
    ja3Full: { name: `${protocol}.handshake.ja3_full`, label: 'JA3 Fullstring', type: 'string' },
    ja3s: { name: `${protocol}.handshake.ja3s`, label: 'JA3S', type: 'string' },
    ja3sFull: { name: `${protocol}.handshake.ja3s_full`, label: 'JA3S Fullstring', type: 'string' },
    ja4: { name: `${protocol}.handshake.ja4`, label: 'JA4', type: 'string' },
    certificateLength: { name: `${protocol}.handshake.certificate_length`, label: 'Certificate Length', type: 'uint' },
    certificate: { name: `${protocol}.handshake.certificate`, label: 'Certificate', type: 'bytes' },
  });
}
export type CommonFields = ReturnType<typeof commonFields>;

export const certificateFields = defineFields({
  serialNumber: { name: 'x509af.serialNumber', label: 'serialNumber', type: 'string' },
  issuer: { name: 'x509af.issuer', label: 'issuer', type: 'string' },
  subject: { name: 'x509af.subject', label: 'subject', type: 'string' },
  notBefore: { name: 'x509af.notBefore', label: 'notBefore', type: 'time' },
  notAfter: { name: 'x509af.notAfter', label: 'notAfter', type: 'time' },
  dnsName: { name: 'x509ce.dNSName', label: 'dNSName', type: 'string' },
  keyAlgorithm: { name: 'x509af.subjectPublicKeyInfo_element', label: 'subjectPublicKeyInfo', type: 'string' },
  certificateSignature: { name: 'x509af.algorithmIdentifier_element', label: 'algorithmIdentifier', type: 'string' },
});

export const tlsFields = {
  ...commonFields('tls', VERSIONS),
  ...certificateFields,
  ...defineFields({
    opaqueType: { name: 'tls.record.opaque_type', label: 'Opaque Type', type: 'uint', values: CONTENT_TYPES },
    ssl2Type: {
      name: 'tls.handshake.type',
      label: 'Handshake Message Type',
      type: 'uint',
      values: { 1: 'Client Hello', 2: 'Client Master Key', 4: 'Server Hello' },
    },
    ssl2Spec: {
      name: 'tls.handshake.cipherspec',
      label: 'Cipher Spec',
      type: 'uint',
      base: 'hex',
      values: {
        0x010080: 'SSL2_RC4_128_WITH_MD5',
        0x020080: 'SSL2_RC4_128_EXPORT40_WITH_MD5',
        0x030080: 'SSL2_RC2_128_CBC_WITH_MD5',
        0x040080: 'SSL2_RC2_128_CBC_EXPORT40_WITH_MD5',
        0x060040: 'SSL2_DES_64_CBC_WITH_MD5',
        0x0700c0: 'SSL2_DES_192_EDE3_CBC_WITH_MD5',
      },
    },
  }),
};

export const dtlsFields = {
  ...commonFields('dtls', DTLS_VERSIONS),
  ...certificateFields,
  ...defineFields({
    specialType: { name: 'dtls.record.special_type', label: 'Special Type', type: 'uint', values: { 25: 'Connection ID' } },
    epoch: { name: 'dtls.record.epoch', label: 'Epoch', type: 'uint' },
    sequenceNumber: { name: 'dtls.record.sequence_number', label: 'Sequence Number', type: 'uint64' },
    recordConnectionId: { name: 'dtls.record.connection_id', label: 'Connection ID', type: 'bytes' },
    encrypted: { name: 'dtls.enc_content', label: 'Encrypted Record Content', type: 'bytes' },
    messageSequence: { name: 'dtls.handshake.message_seq', label: 'Message Sequence', type: 'uint' },
    fragmentOffset: { name: 'dtls.handshake.fragment_offset', label: 'Fragment Offset', type: 'uint' },
    fragmentLength: { name: 'dtls.handshake.fragment_length', label: 'Fragment Length', type: 'uint' },
    cookieLength: { name: 'dtls.handshake.cookie_length', label: 'Cookie Length', type: 'uint' },
    cookie: { name: 'dtls.handshake.cookie', label: 'Cookie', type: 'bytes' },
    fragments: { name: 'dtls.fragments', label: 'Message fragments', type: 'none' },
    fragment: { name: 'dtls.fragment', label: 'Message fragment', type: 'uint' },
    fragmentCount: { name: 'dtls.fragment.count', label: 'Message fragment count', type: 'uint' },
    reassembledLength: { name: 'dtls.reassembled.length', label: 'Reassembled DTLS length', type: 'uint' },
    connectionIdLength: { name: 'dtls.connection_id_length', label: 'Connection ID length', type: 'uint' },
    connectionId: { name: 'dtls.connection_id', label: 'Connection ID', type: 'bytes' },
    srtpProfile: { name: 'dtls.use_srtp.protection_profile', label: 'SRTP Protection Profile', type: 'uint', base: 'hex', values: SRTP_PROFILES },
  }),
};

/** `TLSv1.2`, as in the protocol column; `unknown` where no version is known. */
export function versionColumn(version: number, unknown = 'TLS'): string {
  return COLUMN[version] ?? unknown;
}

/** Whether it is TLS 1.3 or DTLS 1.3, whose handshakes have another shape. */
export function isVersion13(version: number): boolean {
  return version === TLS_1_3 || version === DTLS_1_3;
}

/** `TLS_AES_128_GCM_SHA256`; hexadecimal for what has no name. */
export function suiteName(suite: number): string {
  return SUITES[suite] ?? tlsFields.ssl2Spec.values?.[suite] ?? `0x${suite.toString(16).padStart(4, '0')}`;
}
