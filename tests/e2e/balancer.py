# SPDX-License-Identifier: GPL-2.0-or-later
"""What stands between a peer and the gateway when a balancer does: PROXY headers, and peers that come behind one."""
import socket
import ssl
import struct

from inbound import Visitor

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
LOCAL = SIGNATURE + b"\x20\0\0\0"
UNKNOWN = b"PROXY UNKNOWN\r\n"


def line(source, port=4711, family=4):
    """A header of version 1."""
    return f"PROXY TCP{family} {source} {'192.0.2.1' if family == 4 else '2001:db8::1'} {port} 2083\r\n".encode()


def block(source, port=4711, more=b"", family=None):
    """A header of version 2, with whatever stands behind the addresses."""
    v6 = ":" in source
    kind = socket.AF_INET6 if v6 else socket.AF_INET
    rest = (socket.inet_pton(kind, source) + socket.inet_pton(kind, "2001:db8::1" if v6 else "192.0.2.1") +
            struct.pack("!HH", port, 2083) + more)
    return SIGNATURE + struct.pack("!BBH", 0x21, family or (0x21 if v6 else 0x11), len(rest)) + rest


def connect(port, source=None):
    """A connection as a balancer opens it, from an address of ours."""
    plain = socket.create_connection(("127.0.0.1", port), 10, source_address=(source, 0) if source else None)
    plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return plain


class Balanced(Visitor):
    """A peer behind a balancer. `way`: the header goes out alone, together with the ClientHello, or octet by octet."""

    def __init__(self, port, pki, header, way="alone", **more):
        self.header, self.way = header, way
        super().__init__(port, pki, **more)

    def _say(self, plain, data):
        for piece in [data] if self.way != "octets" else (data[i:i + 1] for i in range(len(data))):
            plain.sendall(piece)

    def connect(self):
        plain = connect(self.port, self.source)
        if self.way == "alone":
            plain.sendall(self.header)
            self.tls = self.context.wrap_socket(plain, server_hostname=self.sni)
            return
        self.tls = InMemory(self.context, plain, self.sni, self.header, self._say)


class InMemory:
    """A TLS session on memory, whose octets go through a socket; as much of a socket as a visitor needs."""

    def __init__(self, context, plain, sni, header, say):
        self.plain, self.say, self.ahead = plain, say, header
        self.come, self.go = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.session = context.wrap_bio(self.come, self.go, server_hostname=sni)
        self._until(self.session.do_handshake)

    def _flush(self):
        out = self.ahead + self.go.read()
        self.ahead = b""
        if out:
            self.say(self.plain, out)

    def _until(self, step, *args):
        while True:
            try:
                result = step(*args)
                self._flush()
                return result
            except ssl.SSLWantReadError:
                self._flush()
                data = self.plain.recv(16384)
                if not data:
                    return b""
                self.come.write(data)

    def settimeout(self, seconds):
        self.plain.settimeout(seconds)

    def sendall(self, data):
        self._until(self.session.write, data)

    def recv(self, size):
        return self._until(self.session.read, size)

    def unwrap(self):
        pass

    def close(self):
        self.plain.close()
