"""TLS over datagrams: DTLS, as VPNs, small devices and calls in browsers have it."""

from lab import LAB, Capture, Lab, sh
from office import Office
from registry import Sample, scene
import services


@scene(Sample(
    'dtls.pcap', 'A sensor, a VPN client and a caller speak DTLS: TLS over UDP, whose handshakes come in pieces, with cookies, and sometimes end in an alert.',
    'Six openssl s_server with one openssl s_client each: DTLS 1.2 with a cookie (HelloVerifyRequest) and a certificate in fragments, again with smaller datagrams on the port of CoAP with its ALPN, '
    'DTLS 1.0, no cipher suite in common (alert), a certificate that the client does not trust (alert), DTLS-SRTP with a certificate that is its own authority, as calls in browsers have it.',
    ['`weak-tls`: DTLS 1.0 (port 4434)', 'no `bad-certificate`: who signs the certificate of DTLS-SRTP does not matter (port 4437)', '`capture-quality`: clean'],
    ['dtls.handshake.extensions_server_name | the names asked for', 'dtls.handshake.cookie_length > 0 | cookies, asked for and brought back',
     'dtls.handshake.fragment_length < dtls.handshake.length | pieces of handshake messages', 'dtls.reassembled.length | certificates put together',
     'dtls.alert_message.desc | why handshakes ended']))
def dtls(lab: Lab) -> None:
    office = Office(lab, ('alice',), ('files',), delay_ms=1)
    chain, key, authority = services.certificate(LAB / 'tls-dtls', ['vpn.example.com', 'sensors.example.com'])
    folder = LAB / 'tls-dtls'
    configuration = folder / 'legacy.cnf'
    configuration.write_text('openssl_conf = one\n[one]\nssl_conf = two\n[two]\nsystem_default = three\n[three]\nMinProtocol = DTLSv1\nCipherString = ALL:@SECLEVEL=0\n')
    own, own_key = f'{folder}/own.pem', f'{folder}/own.key'
    sh('openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', own_key, '-out', own, '-days', '30', '-subj', '/CN=WebRTC')
    trusted = ('-CAfile', authority, '-verify_return_error')
    servers = [
        (4433, chain, key, ('-dtls1_2', '-listen', '-mtu', '800'), ('-dtls1_2', '-mtu', '800', '-servername', 'vpn.example.com', *trusted)),
        (5684, chain, key, ('-dtls1_2', '-listen', '-mtu', '256', '-alpn', 'coap'), ('-dtls1_2', '-mtu', '256', '-servername', 'sensors.example.com', '-alpn', 'coap', *trusted)),
        (4434, chain, key, ('-dtls1',), ('-dtls1', '-servername', 'vpn.example.com', *trusted)),
        (4435, chain, key, ('-dtls1_2', '-cipher', 'ECDHE-RSA-AES256-GCM-SHA384'), ('-dtls1_2', '-servername', 'vpn.example.com', '-cipher', 'ECDHE-RSA-AES128-SHA')),
        (4436, chain, key, ('-dtls1_2',), ('-dtls1_2', '-servername', 'vpn.example.com', '-verify_return_error')),
        (4437, own, own_key, ('-dtls1_2', '-use_srtp', 'SRTP_AES128_CM_SHA1_80'), ('-dtls1_2', '-use_srtp', 'SRTP_AES128_CM_SHA1_80')),
    ]
    for port, certificate, private, options, _ in servers:
        # A server whose input ends says good-bye at once.
        serve = ' '.join(('openssl s_server -quiet -accept', str(port), '-cert', certificate, '-key', private, *options))
        office.files.spawn('sh', '-c', f'(sleep 60; echo) | OPENSSL_CONF={configuration} {serve}', show=f'openssl s_server -accept {port} {" ".join(options)}')
        office.files.wait_for_port(port)
    with Capture(office.switch, 'dtls.pcap', 'tcpdump', '-i', 'br0'):
        for port, _, _, _, options in servers:
            client = f'openssl s_client -connect 10.20.0.20:{port} {" ".join(word for word in options if word not in trusted)}'
            said = f'(sleep 0.4; echo "reading {port}"; sleep 0.4)'
            office.alice.run('sh', '-c', f'{said} | OPENSSL_CONF={configuration} openssl s_client -connect 10.20.0.20:{port} {" ".join(options)}', show=client)


@scene(Sample(
    'dtls-keys.pcapng', 'A sensor speaks DTLS with three servers, recorded with the keys: what it reports can be read.',
    'DTLS 1.2 with AES-128-GCM, ChaCha20 and AES-256-CBC (SHA-384): a line of the sensor, the ends of the handshakes, alerts. The key log that openssl wrote is in the file (Decryption Secrets); of the last '
    'connection it was left out.',
    ['no finding of medium or higher', 'all but one of the DTLS conversations are opened'],
    ['data.data contains "reading" | what the sensor reports', 'dtls.handshake.type == 20 | the ends of the handshakes', 'dtls.alert_message.desc | good-byes, encrypted too']))
def dtls_keys(lab: Lab) -> None:
    office = Office(lab, ('alice',), ('files',), delay_ms=1)
    chain, key, authority = services.certificate(LAB / 'tls-dtls', ['sensors.example.com'])
    plain, keys = lab.folder / 'dtls.pcapng', lab.folder / 'keys.log'
    suites = {4433: 'ECDHE-RSA-AES128-GCM-SHA256', 4434: 'ECDHE-RSA-CHACHA20-POLY1305', 4435: 'ECDHE-RSA-AES256-SHA384', 4436: 'ECDHE-RSA-AES128-GCM-SHA256'}
    for port, suite in suites.items():
        serve = f'openssl s_server -quiet -accept {port} -cert {chain} -key {key} -dtls1_2 -cipher {suite}'
        # A server whose input ends says good-bye at once.
        office.files.spawn('sh', '-c', f'sleep 60 | {serve}', show=f'openssl s_server -accept {port} -dtls1_2 -cipher {suite}')
        office.files.wait_for_port(port)
    with Capture(office.switch, 'dtls.pcapng', 'dumpcap', '-i', 'br0', '-f', 'udp', settle=2.5):
        for port in suites:
            log = f'-keylogfile {keys}' if port != 4436 else ''
            connect = f'openssl s_client -connect 10.20.0.20:{port} -dtls1_2 -servername sensors.example.com'
            office.alice.run('sh', '-c', f'(sleep 0.4; echo "reading {port}"; sleep 1.2) | {connect} -CAfile {authority} {log}',
                             show=f'{connect} {"-keylogfile keys.log" if log else ""}  # and a line "reading {port}"')
    office.switch.run('editcap', '--inject-secrets', f'tls,{keys}', str(plain), str(lab.folder / 'dtls-keys.pcapng'),
                      show='editcap --inject-secrets tls,keys.log dtls.pcapng dtls-keys.pcapng')
