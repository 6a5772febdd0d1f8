# SPDX-License-Identifier: GPL-2.0-or-later
"""What the tests of pre-shared keys need: gateways with keys, and programs of other makes that speak TLS with one."""
import contextlib
import fcntl
import hashlib
import hmac
import os
import re
import select
import socket
import struct
import subprocess
import tempfile
import time

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey

import radius
from inbound import NO_RATES, FakeHome
from lab import NAS_SECRET, die_with_parent, tcp_open, wait_for
from rawtls import DATA, ECDSA_SHA256, GROUP, HANDSHAKE, RAW, SUITE, Keys, Raw, expand_label, extension, extract
from rawtls import message, record, vector

KEY = "0f1e2d3c4b5a69788796a5b4c3d2e1f000112233445566778899aabbccddeeff"
BEFORE = "a0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3b4b5b6b7b8b9babbbcbdbebf"
OTHER = "c0c1c2c3c4c5c6c7c8c9cacbcccdcecfd0d1d2d3d4d5d6d7d8d9dadbdcdddedf"
NAME = "ap7@example.org"
STATUS = radius.request(12, 1, b"", b"radsec")
NOTHING = hashlib.sha256(b"").digest()
RETRY = hashlib.sha256(b"HelloRetryRequest").digest()


def server_conf(lab, name="home.ini", peers=None, tls="", more="", listen="", gateway=NO_RATES, home=None):
    """A gateway that takes requests from peers with keys. `peers`: what each section says, by its name."""
    if not hasattr(lab, "radsec"):
        lab.radsec, lab.control = lab.port(), None
    home = home or getattr(lab, "fake", None) or FakeHome(lab)
    lab.fake = home
    peers = {"ap": f"psk-identity = {NAME}\npsk = {KEY}"} if peers is None else peers
    sections = "".join(f"[peer {who}]\naccept = yes\ntls = lab\n{says}\n" for who, says in peers.items())
    return lab.write(name, f"""\
[gateway]
{gateway}
[log]
level = debug
rate = 0
[control]
socket = {lab.dir}/{name}.sock
[tls lab]
{tls}
[listen radsec]
tls = 127.0.0.1:{lab.radsec}
profile = lab
{listen}
{sections}
[server home]
auth = 127.0.0.1:{home.auth}
secret = {home.secret}
[realm *]
pool = home
{more}
""")


def certificates(pki, name="localhost"):
    return f"certificate = {pki}/{name}.pem\nkey = {pki}/{name}.key\nca = {pki}/ca.pem\n"


class Pipe:
    """A program that speaks TLS, with what is inside of TLS at its standard input and output."""

    def __init__(self, *argv):
        self.errors = tempfile.TemporaryFile()
        self.program = subprocess.Popen([str(a) for a in argv], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=self.errors, preexec_fn=die_with_parent, start_new_session=True)
        self.out, self.seen = self.program.stdout.fileno(), b""
        fcntl.fcntl(self.out, fcntl.F_SETFL, os.O_NONBLOCK)

    def send(self, data):
        self.program.stdin.write(data)
        self.program.stdin.flush()

    def find(self, pattern, seconds=10.0):
        """What comes that matches the pattern; None when it does not come, or the program has ended before."""
        end = time.monotonic() + seconds
        while True:
            found = re.search(pattern, self.seen, re.S)
            if found is not None:
                self.seen = self.seen[found.end():]
                return found[0]
            if not select.select([self.out], [], [], max(0.0, end - time.monotonic()))[0]:
                return None
            data = os.read(self.out, 65536)
            if not data:
                return None
            self.seen += data

    def ask(self, packet=STATUS):
        """Sends a request; the answer, if it is a good one."""
        with contextlib.suppress(BrokenPipeError):
            self.send(packet)
        # An Access-Accept with the identifier of the request, of less than 256 octets.
        got = self.find(b"\x02" + re.escape(packet[1:2]) + b"\x00[\x14-\xff].{16}")
        if got is None:
            return None
        rest = self.find(b".{%d}" % (got[3] - 20)) if got[3] > 20 else b""
        return got + rest if rest is not None and radius.answer_ok(got + rest, packet, b"radsec") else None

    def said(self):
        self.errors.seek(0)
        return self.errors.read().decode(errors="replace") + self.seen.decode(errors="replace")

    def close(self):
        self.program.kill()
        self.program.wait()
        self.program.stdin.close()
        self.program.stdout.close()
        self.errors.close()


def openssl_client(port, name=NAME, key=KEY, *more):
    return Pipe("openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-quiet", "-psk_identity", name, "-psk", key,
                *(more or ("-tls1_3",)))


def gnutls_client(port, name=NAME, key=KEY, priority="NORMAL:-VERS-ALL:+VERS-TLS1.3:+PSK:+ECDHE-PSK:+DHE-PSK"):
    return Pipe("gnutls-cli", "--pskusername", name, "--pskkey", key, "--priority", priority, "--insecure",
                "--port", port, "127.0.0.1")


class RawPsk(Raw):
    """A client of TLS 1.3 that says about keys what a test wants. `offers`: (identity, key, age) each."""

    def __init__(self, port, offers=(), modes=b"\x01", group=GROUP, source="127.0.0.1", bad_binder=False):
        super().__init__(socket.create_connection(("127.0.0.1", port), 10, source_address=(source, 0)))
        self.session, self.random, self.keys = os.urandom(32), os.urandom(32), []
        self.say_hello(offers, modes, group, bad_binder)

    def say_hello(self, offers, modes=b"\x01", group=GROUP, bad_binder=False):
        """Sends a ClientHello, the first one or that after a HelloRetryRequest."""
        number = struct.pack
        share = self.private.public_key().public_bytes(*RAW) if group == GROUP else os.urandom(65)
        extensions = extension(10, vector(number("!HH", GROUP, 0x0019), 2)) + \
            extension(13, vector(number("!HHHHH", ECDSA_SHA256, 0x0503, 0x0804, 0x0805, 0x0807), 2)) + \
            extension(43, vector(number("!H", 0x0304), 1)) + extension(51, vector(
                number("!H", group) + vector(share, 2), 2)) + (extension(45, vector(modes, 1)) if modes else b"")
        binders = b""
        if offers:
            identities = b"".join(vector(name, 2) + number("!I", age) for name, _, age in offers)
            binders = vector(b"".join(vector(bytes(32), 1) for _ in offers), 2)
            extensions += extension(41, vector(identities, 2) + binders)
        body = number("!H", 0x0303) + self.random + vector(self.session, 1) + vector(number("!H", SUITE), 2) + \
            vector(b"\x00", 1) + vector(extensions, 2)
        hello = message(1, body)
        if offers:
            before = hello[:-len(binders)]
            digest = hashlib.sha256(self.transcript + before).digest()
            made = [hmac.new(expand_label(expand_label(extract(bytes(32), key), b"ext binder", NOTHING, 32),
                                          b"finished", b"", 32), digest, hashlib.sha256).digest()
                    for _, key, _ in offers]
            made = [bytes(32) for _ in made] if bad_binder else made
            hello = before + vector(b"".join(vector(binder, 1) for binder in made), 2)
        self.keys = [key for _, key, _ in offers]
        self.send(record(HANDSHAKE, hello, 0x0303 if self.transcript else 0x0301))
        self.transcript += hello

    def retried(self):
        """Reads the HelloRetryRequest."""
        before = self.transcript
        _, body = self.receive_message()
        assert body[2:34] == RETRY
        self.transcript = message(254, hashlib.sha256(before).digest()) + self.transcript[len(before):]

    def finish(self):
        """Goes on to the end of the handshake with what the server has selected, and without a certificate; returns
        which messages came. The keys may be used then."""
        _, body = self.receive_message()
        place = body.find(struct.pack("!HHHH", 51, 36, GROUP, 32))
        shared = self.private.exchange(X25519PublicKey.from_public_bytes(body[place + 8:][:32])) if place > 0 \
            else bytes(32)
        selected = body.find(struct.pack("!HH", 41, 2))
        early = extract(bytes(32), self.keys[body[selected + 5]] if selected > 0 else bytes(32))
        handshake = extract(expand_label(early, b"derived", NOTHING, 32), shared)
        master = extract(expand_label(handshake, b"derived", NOTHING, 32), bytes(32))
        client, server = (expand_label(handshake, label, self.digest(), 32) for label in
                          (b"c hs traffic", b"s hs traffic"))
        self.theirs, self.mine, came = Keys(server), Keys(client), []
        while came[-1:] != [20]:
            came.append(self.receive_message()[0])
        after = self.digest()
        if 13 in came:
            self.sealed(message(11, b"\x00" + bytes(3)))
        self.sealed(message(20, hmac.new(expand_label(client, b"finished", b"", 32), self.digest(),
                                         hashlib.sha256).digest()))
        client, server = (expand_label(master, label, after, 32) for label in (b"c ap traffic", b"s ap traffic"))
        self.theirs, self.mine = Keys(server), Keys(client)
        return came

    def sealed(self, whole):
        self.transcript += whole
        self.send_sealed(HANDSHAKE, whole)

    def ask(self):
        """Is a request answered?"""
        if self.mine is None:
            return False
        try:
            self.send_sealed(DATA, STATUS)
            kind, data = self.receive()
        except (OSError, TimeoutError):
            return False
        return kind == DATA and radius.answer_ok(data, STATUS, b"radsec")

    def finish_and_ask(self):
        """Is the key taken, and nothing else asked for?"""
        return 13 not in self.finish() and self.ask()


class RawServer(Raw):
    """A server of TLS 1.3 that selects what a test wants."""

    def answer(self, key, share, selected):
        """Answers the ClientHello and goes on to its Finished; returns what it sent in the clear."""
        number = struct.pack
        _, hello = self.receive_message()
        theirs = hello[hello.index(number("!HH", GROUP, 32)) + 4:][:32]
        mine = self.private.public_key().public_bytes(*RAW)
        body = number("!H", 0x0303) + os.urandom(32) + vector(hello[35:35 + hello[34]], 1) + \
            number("!H", SUITE) + b"\x00" + vector(
                extension(43, number("!H", 0x0304)) +
                (extension(51, number("!H", GROUP) + vector(mine, 2)) if share else b"") +
                (extension(41, number("!H", selected)) if selected is not None else b""), 2)
        self.transcript += message(2, body)
        self.send(record(HANDSHAKE, message(2, body)))
        shared = self.private.exchange(X25519PublicKey.from_public_bytes(theirs)) if share else bytes(32)
        early = extract(bytes(32), key if selected is not None else bytes(32))
        handshake = extract(expand_label(early, b"derived", NOTHING, 32), shared)
        client, server = (expand_label(handshake, label, self.digest(), 32) for label in
                          (b"c hs traffic", b"s hs traffic"))
        self.theirs, self.mine = Keys(client), Keys(server)
        for kind, text in (8, vector(b"", 2)), (20, None):
            whole = message(kind, text if text is not None else hmac.new(
                expand_label(server, b"finished", b"", 32), self.digest(), hashlib.sha256).digest())
            self.transcript += whole
            with contextlib.suppress(ConnectionError):
                self.send_sealed(HANDSHAKE, whole)
        return body


# ---- gateways that connect

def client_conf(lab, port, name="radsecgw.ini", identity=NAME, key=KEY, tls="", peer="", more=""):
    """A gateway that connects to localhost:port with a key. lab.auth is for its NAS."""
    if not hasattr(lab, "auth"):
        lab.auth = lab.port()
    return lab.write(name, f"""\
[log]
level = debug
rate = 0
[control]
socket = {lab.dir}/{name}.sock
[tls lab]
{tls}
[listen local]
udp = 127.0.0.1:{lab.auth}
[client nas]
address = 127.0.0.1
secret = {NAS_SECRET}
[peer far]
connect = localhost:{port}
tls = lab
psk-identity = {identity}
psk = {key}
reconnect = 500ms-1s
{peer}
[realm *]
pool = far
{more}
""")


def openssl_server(port, *more, key=KEY):
    pipe = Pipe("openssl", "s_server", "-accept", f"127.0.0.1:{port}", "-tls1_3", "-nocert", "-quiet", "-psk_identity",
                NAME, "-psk", key, *more)
    wait_for("s_server", lambda: tcp_open(port))
    return pipe


def gnutls_server(lab, port, key=KEY, ways="+DHE-PSK:+ECDHE-PSK"):
    passwords = lab.write("gnutls.psk", f"{NAME}:{key}\n")
    pipe = Pipe("gnutls-serv", "--pskpasswd", passwords, "--port", port, "--echo", "--priority",
                f"NORMAL:-VERS-ALL:+VERS-TLS1.3:{ways}")
    wait_for("gnutls-serv", lambda: tcp_open(port))
    return pipe
