# SPDX-License-Identifier: GPL-2.0-or-later
"""Both ends of TLS 1.3 (RFC 8446) that send whatever record a test wants, whole or broken. One suite, one
group: TLS_AES_128_GCM_SHA256 with X25519."""
import hashlib
import hmac
import os
import socket
import struct

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

CCS, ALERT, HANDSHAKE, DATA = 20, 21, 22, 23
SUITE, GROUP, ECDSA_SHA256 = 0x1301, 0x001D, 0x0403
RAW = serialization.Encoding.Raw, serialization.PublicFormat.Raw


def vector(data, octets):
    return len(data).to_bytes(octets, "big") + data


def extension(kind, data):
    return struct.pack("!H", kind) + vector(data, 2)


def message(kind, body):
    return bytes([kind]) + vector(body, 3)


def record(kind, data, version=0x0303):
    return struct.pack("!BHH", kind, version, len(data)) + data


def expand_label(secret, label, context, length):
    info = struct.pack("!H", length) + vector(b"tls13 " + label, 1) + vector(context, 1)
    return hmac.new(secret, info + b"\x01", hashlib.sha256).digest()[:length]


def extract(salt, secret):
    return hmac.new(salt, secret, hashlib.sha256).digest()


class Keys:
    """The keys of one direction of protected records."""

    def __init__(self, secret):
        self.secret, self.number = secret, 0
        self.aead, self.iv = AESGCM(expand_label(secret, b"key", b"", 16)), expand_label(secret, b"iv", b"", 12)

    def next(self):
        """The keys that follow after a KeyUpdate."""
        return Keys(expand_label(self.secret, b"traffic upd", b"", 32))

    def nonce(self):
        n = int.from_bytes(self.iv, "big") ^ self.number
        self.number += 1
        return n.to_bytes(12, "big")

    def seal(self, inner, kind=DATA):
        """A record with this TLSInnerPlaintext: contents, kind and padding, or less than that."""
        head = struct.pack("!BHH", kind, 0x0303, len(inner) + 16)
        return head + self.aead.encrypt(self.nonce(), inner, head)

    def open(self, head, body):
        inner = self.aead.decrypt(self.nonce(), body, head).rstrip(b"\x00")
        return inner[-1], inner[:-1]


class Raw:
    """What both ends have: a stream of records and the schedule of keys."""

    def __init__(self, sock):
        self.socket, self.transcript, self.theirs, self.mine = sock, b"", None, None
        sock.settimeout(10)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.private, self.messages = X25519PrivateKey.generate(), b""

    def send(self, data):
        self.socket.sendall(data)

    def send_sealed(self, kind, data):
        self.send(self.mine.seal(data + bytes([kind])))

    def exactly(self, n):
        data = b""
        while len(data) < n:
            more = self.socket.recv(n - len(data))
            if not more:
                raise ConnectionError("closed")
            data += more
        return data

    def receive(self):
        """Returns the next record that is not a ChangeCipherSpec: (kind, contents)."""
        while True:
            head = self.exactly(5)
            body = self.exactly(struct.unpack("!H", head[3:])[0])
            if head[0] == DATA and self.theirs is not None:
                return self.theirs.open(head, body)
            if head[0] != CCS:
                return head[0], body

    def receive_message(self):
        """Returns the next handshake message: (kind, body). It goes into the transcript."""
        while len(self.messages) < 4 or len(self.messages) < 4 + int.from_bytes(self.messages[1:4], "big"):
            kind, data = self.receive()
            if kind != HANDSHAKE:
                raise ConnectionError(f"record of kind {kind}: {data.hex()}")
            self.messages += data
        size = 4 + int.from_bytes(self.messages[1:4], "big")
        whole, self.messages = self.messages[:size], self.messages[size:]
        self.transcript += whole
        return whole[0], whole[4:]

    def digest(self):
        return hashlib.sha256(self.transcript).digest()

    def derive(self, share):
        """Makes the secrets of the handshake, (client's, server's), once ServerHello is there."""
        none, empty = bytes(32), hashlib.sha256(b"").digest()
        early = extract(none, none)
        shared = self.private.exchange(X25519PublicKey.from_public_bytes(share))
        handshake = extract(expand_label(early, b"derived", empty, 32), shared)
        self.master = extract(expand_label(handshake, b"derived", empty, 32), none)
        return [expand_label(handshake, label, self.digest(), 32) for label in (b"c hs traffic", b"s hs traffic")]

    def is_closed(self, timeout=5.0):
        """Does the other side end the connection? Whatever it says before does not matter."""
        self.socket.settimeout(timeout)
        try:
            while self.socket.recv(65536):
                pass
            return True
        except ConnectionError:
            return True
        except TimeoutError:
            return False

    def close(self):
        self.socket.close()


class RawClient(Raw):
    """A client that has received ServerHello: it can send protected records without having shown a certificate."""

    def __init__(self, port, address="127.0.0.1"):
        super().__init__(socket.create_connection((address, port), 10))
        share = self.private.public_key().public_bytes(*RAW)
        number = struct.pack
        hello = number("!H", 0x0303) + os.urandom(32) + vector(os.urandom(32), 1) + \
            vector(number("!H", SUITE), 2) + vector(b"\x00", 1) + vector(
                extension(0, vector(b"\x00" + vector(b"localhost", 2), 2)) +
                extension(10, vector(number("!H", GROUP), 2)) +
                extension(13, vector(number("!HHHHH", ECDSA_SHA256, 0x0503, 0x0804, 0x0805, 0x0807), 2)) +
                extension(16, vector(vector(b"radius/1.0", 1), 2)) +
                extension(43, vector(number("!H", 0x0304), 1)) +
                extension(51, vector(number("!H", GROUP) + vector(share, 2), 2)), 2)
        self.transcript = message(1, hello)
        self.send(record(HANDSHAKE, self.transcript, 0x0301))
        _, body = self.receive_message()
        self.client, self.server = self.derive(body[-32:] if body[-36:-32] == number("!HH", GROUP, 32) else
                                               body[body.index(number("!HH", GROUP, 32)) + 4:][:32])
        self.theirs, self.mine = Keys(self.server), Keys(self.client)

    def finish(self, certificate, key):
        """Goes on to the end of the handshake, with this certificate and P-256 key in PEM."""
        while self.receive_message()[0] != 20:
            pass
        after = self.digest()
        leaf = x509.load_pem_x509_certificate(certificate.read_bytes())
        private = serialization.load_pem_private_key(key.read_bytes(), None)
        chain = vector(vector(leaf.public_bytes(serialization.Encoding.DER), 3) + b"\x00\x00", 3)
        self._say(message(11, b"\x00" + chain))
        signed = b" " * 64 + b"TLS 1.3, client CertificateVerify\x00" + self.digest()
        self._say(message(15, struct.pack("!H", ECDSA_SHA256) +
                          vector(private.sign(signed, ec.ECDSA(hashes.SHA256())), 2)))
        done = hmac.new(expand_label(self.client, b"finished", b"", 32), self.digest(), hashlib.sha256).digest()
        self._say(message(20, done))
        client, server = (expand_label(self.master, label, after, 32) for label in (b"c ap traffic", b"s ap traffic"))
        self.theirs, self.mine = Keys(server), Keys(client)
        return self

    def _say(self, whole):
        self.transcript += whole
        self.send_sealed(HANDSHAKE, whole)


class RawServer(Raw):
    """A server that has sent ServerHello to whom it has accepted."""

    def __init__(self, sock):
        super().__init__(sock)
        number = struct.pack
        _, hello = self.receive_message()
        session = vector(hello[35:35 + hello[34]], 1)
        share = hello[hello.index(number("!HH", GROUP, 32)) + 4:][:32]
        body = number("!H", 0x0303) + os.urandom(32) + session + number("!H", SUITE) + b"\x00" + vector(
            extension(43, number("!H", 0x0304)) +
            extension(51, number("!H", GROUP) + vector(self.private.public_key().public_bytes(*RAW), 2)), 2)
        self.transcript += message(2, body)
        self.send(record(HANDSHAKE, message(2, body)))
        client, server = self.derive(share)
        self.theirs, self.mine = Keys(client), Keys(server)
