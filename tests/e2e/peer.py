# SPDX-License-Identifier: GPL-2.0-or-later
"""A RADIUS/TLS peer that does what a test wants: a raw TLS server in threads."""
import socket
import ssl
import struct
import threading
import time

import radius


class OneAtATime(ssl.SSLSocket):
    """A session that more than one thread may write to, which OpenSSL does not allow."""

    def sendall(self, data, flags=0):
        with self.__dict__.setdefault("turn", threading.Lock()):
            super().sendall(data, flags)


def place(family, port, address=None):
    """The address that a socket is bound or connected to, the number of an interface included; loopback without one
    given."""
    address = address or ("127.0.0.1" if family == socket.AF_INET else "::1")
    return socket.getaddrinfo(address, port, family, socket.SOCK_DGRAM, flags=socket.AI_NUMERICHOST)[0][4]


class TlsPeer:
    """Accepts RADIUS/TLS on loopback. `behave(peer, connection, packet)` is called for each packet; it
    sends what it likes with connection.sendall. Without one, each request is answered. The Status-Server with
    which a connection begins is answered apart with the secret `greets`, and only counted; None leaves it to
    `behave`."""

    def __init__(self, port, cert, key, ca=None, behave=None, version=None, ciphers=None, alpn=("radius/1.0",),
                 family=socket.AF_INET, require_client=True, greets=b"radsec", address=None):
        self.greets, self.greetings = greets, 0
        self.port, self.behave = port, behave or (lambda peer, tls, p: tls.sendall(radius.usual_answer(p)))
        self.packets, self.connections, self.errors, self.resets = [], [], [], []
        self.handshakes = self.ended = 0
        self.lock = threading.Lock()
        self.context = self._context(cert, key, ca, version, ciphers, alpn, require_client)
        self.server = socket.socket(family)
        self.server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.server.bind(place(family, port, address))
        self.server.listen(128)
        threading.Thread(target=self._accept, daemon=True).start()

    @staticmethod
    def _context(cert, key, ca, version, ciphers, alpn, require_client):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.sslsocket_class = OneAtATime
        if ciphers:
            context.set_ciphers(ciphers)
        if version:
            context.minimum_version = context.maximum_version = version
        context.load_cert_chain(str(cert), str(key))
        if ca and require_client:
            context.load_verify_locations(str(ca))
            context.verify_mode = ssl.CERT_REQUIRED
        if alpn:
            context.set_alpn_protocols(list(alpn))
        return context

    def _accept(self):
        while True:
            try:
                plain, _ = self.server.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(plain,), daemon=True).start()

    def _serve(self, plain):
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        tls = plain
        try:
            tls = self.context.wrap_socket(plain, server_side=True)
            self.handshakes += 1
            with self.lock:
                self.connections.append(tls)
            stream, greets = b"", self.greets
            tls.settimeout(0.05)
            while True:
                try:
                    data = tls.recv(65536)
                except TimeoutError:
                    if tls in self.resets:
                        tls.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                        break
                    continue
                if not data:
                    break
                stream += data
                while len(stream) >= 4 and len(stream) >= (size := struct.unpack("!H", stream[2:4])[0]):
                    packet, stream = stream[:size], stream[size:]
                    if greets and packet[0] == radius.STATUS_SERVER:
                        self.greetings += 1
                        tls.sendall(radius.usual_answer(packet, greets))
                        greets = None
                        continue
                    greets = None
                    with self.lock:
                        self.packets.append(packet)
                    self.behave(self, tls, packet)
        except (OSError, ValueError) as e:
            with self.lock:
                self.errors.append(str(e))
        finally:
            tls.close()
            self.ended += 1

    def drop_connections(self, reset=False):
        """Ends all connections, with a TCP reset if so wished."""
        with self.lock:
            going, self.connections = self.connections, []
            if reset:
                self.resets += going
                return
        for tls in going:
            try:
                tls.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def close(self):
        try:
            self.server.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.server.close()
        self.drop_connections()


class Nas:
    """A NAS with one UDP socket."""

    def __init__(self, port, secret, address="127.0.0.1", source=None, family=socket.AF_INET, source_port=0):
        self.secret, self.to = secret.encode(), place(family, port, address)
        self.socket = socket.socket(family, socket.SOCK_DGRAM)
        self.socket.bind(place(family, source_port, source))
        self.socket.settimeout(5)

    def send(self, packet):
        self.socket.sendto(packet, self.to)

    def send_many(self, packets, pause=30):
        """Sends without ever filling the socket's buffer: after some datagrams, and at the end, a
        Status-Server shows that all before it have been taken."""
        for i, packet in enumerate(packets):
            self.send(packet)
            if i % pause == pause - 1 or i == len(packets) - 1:
                probe = Nas(self.to[1], self.secret.decode(), self.to[0])
                status = radius.request(radius.STATUS_SERVER, 0, b"", self.secret)
                if probe.ask(status, 30) is None:
                    raise TimeoutError("Status-Server is not answered")
                probe.close()

    def receive(self, timeout=5.0):
        """Returns the next datagram, or None; the sender's address is kept in self.sender."""
        self.socket.settimeout(timeout)
        try:
            data, self.sender = self.socket.recvfrom(8192)
        except TimeoutError:
            return None
        return data

    def ask(self, packet, timeout=5.0):
        """Sends a request and waits for the right answer; returns None if there is none in time."""
        self.send(packet)
        end = time.monotonic() + timeout
        while (left := end - time.monotonic()) > 0:
            data = self.receive(left)
            if data is not None and data[1] == packet[1] and radius.answer_ok(data, packet, self.secret):
                return data
        return None

    def close(self):
        self.socket.close()
