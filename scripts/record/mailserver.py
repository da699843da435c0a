"""A small SMTP server (aiosmtpd) that offers AUTH in clear text and STARTTLS: mailserver.py CERTIFICATE KEY"""

import ssl
import sys
import time

from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Sink
from aiosmtpd.smtp import AuthResult

from services import PASSWORD


def check(server, session, envelope, mechanism, data):
    good = getattr(data, 'login', b'') == b'alice' and getattr(data, 'password', b'') == PASSWORD.encode()
    return AuthResult(success=good, handled=good)


context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
context.load_cert_chain(sys.argv[1], sys.argv[2])
controller = Controller(Sink(), hostname='0.0.0.0', port=25, server_hostname='mail.example.com', ident='Example Lab ESMTP', tls_context=context,
                        authenticator=check, auth_required=False, auth_require_tls=False)
controller.start()
time.sleep(600)
