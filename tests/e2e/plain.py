# SPDX-License-Identifier: GPL-2.0-or-later
"""Both ends of RADIUS over plain TCP (RFC 6613), and gateways that speak it."""
import socket

from inbound import NO_RATES, Visitor
from lab import NAS_SECRET
from peer import TlsPeer

SECRET = "plain-secret-of-the-lab-0123"


class NoTls:
    """Stands in the place of an SSLContext: the session is the socket itself."""

    @staticmethod
    def wrap_socket(plain, **_):
        return plain


class PlainPeer(TlsPeer):
    """Accepts RADIUS over plain TCP on loopback."""

    def __init__(self, port, behave=None, greets=SECRET.encode(), **more):
        super().__init__(port, None, None, behave=behave, greets=greets, **more)

    @staticmethod
    def _context(*_):
        return NoTls()


class PlainVisitor(Visitor):
    """A client that speaks plain TCP."""

    def __init__(self, port, source=None, address="127.0.0.1"):
        self.port, self.address, self.source, self.stream = port, address, source, b""
        self.connect()

    def connect(self):
        source = (self.source, 0) if self.source else None
        self.tls = socket.create_connection((self.address, self.port), 10, source_address=source)

    def ask(self, packet, timeout=5.0, secret=SECRET.encode()):
        return super().ask(packet, timeout, secret)

    def close(self):
        self.tls.close()


LOG = "[log]\nlevel = debug\nrate = 0\n"


def outbound_conf(lab, *ports, name="outer.ini", peer="", extra="", connections="1-4"):
    """A gateway that takes requests over UDP at lab.auth and lab.acct, and sends them on over plain TCP."""
    lab.auth, lab.acct = lab.port(), lab.port()
    return lab.write(name, f"""\
{LOG}
[listen local]
udp = 127.0.0.1:{lab.auth}, 127.0.0.1:{lab.acct}

[client nas]
address = 127.0.0.1
secret = {NAS_SECRET}

[peer next]
connect = {', '.join(f'127.0.0.1:{port}' for port in ports)}
insecure-tcp = yes
secret = {SECRET}
connections = {connections}
{peer}

[realm *]
pool = next
{extra}
""")


def inbound_conf(lab, home, name="inner.ini", listen="", peer="", extra=""):
    """A gateway that takes requests over plain TCP at lab.plain, and asks the home server."""
    lab.plain = lab.port()
    return lab.write(name, f"""\
[gateway]
{NO_RATES}
{LOG}
[listen plain]
tls = 127.0.0.1:{lab.plain}
insecure-tcp = yes
{listen}

[peer neighbour]
accept = yes
address = 127.0.0.1
insecure-tcp = yes
secret = {SECRET}
{peer}

[server home]
auth = 127.0.0.1:{home.auth}
acct = 127.0.0.1:{home.acct}
secret = {home.secret}

[realm *]
pool = home
{extra}
""")
