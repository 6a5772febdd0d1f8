# SPDX-License-Identifier: GPL-2.0-or-later
"""The peers of the matrix, in one shape whatever they are.

As servers they are started with server(number) and then have a port. As clients they are started with
client(name, ports of gateways) and then have pap(), account() and, if they can, eap()."""
import os
import pathlib
import queue
import re
import struct
import subprocess
import threading

import radius
from inbound import freeradius_client, radsecproxy_client
from lab import EAP_METHODS, PASSWORD, ROOT, Process, accounting, die_with_parent, eapol_test, pap, radclient, wait_for

TRIXIE = ROOT / "build/interop/trixie"
RADSEC = b"radsec"


class Nas:
    """What a NAS wants of whoever has these UDP ports."""

    def __init__(self, lab, home, auth, acct):
        self.lab, self.home, self.auth, self.acct = lab, home, auth, acct

    def pap(self, password="hello", retries=3, timeout=5):
        """The answer's name."""
        _, out = radclient(self.auth, "auth", pap(password=password), retries=retries, timeout=timeout)
        answer = re.search(r"Received (\S+)", out)
        return answer[1] if answer else "no answer"

    def account(self, session):
        ok, out = radclient(self.acct, "acct", accounting("Start", session=session))
        assert ok, f"no Accounting-Response: {out[-200:]}"

    def closed(self):
        """A proxy opens its connections by itself."""

    def eap(self):
        for method in EAP_METHODS:
            good, keys, out = eapol_test(self.lab, self.home, self.auth, method)
            assert good, f"{method} fails"
            assert keys, f"the MPPE keys of {method} differ"


class Peer:
    """A program of Debian 12, or of Debian 13 in a root of its own."""
    program = ""                # what must be there
    version = ("-v",)           # how it says which one it is
    roles = ("client", "server")
    asks_when_in_doubt = False  # with Status-Server, rather than after silence
    cannot = {}                 # (role, check): why it cannot be tried

    def __init__(self, lab, newer):
        self.lab, self.newer = lab, newer

    @classmethod
    def find_version(cls, newer):
        """OSError says why there is none."""
        before = []
        if newer:
            if not (TRIXIE / "ready").exists():
                raise OSError("there is no root with Debian 13: see build/interop/trixie.log")
            before = ["chroot", TRIXIE]
        done = subprocess.run([*before, "sh", "-c", f"command -v {cls.program} && exec {cls.program} {' '.join(cls.version)}"],
                              capture_output=True, text=True)
        number = re.search(r"\d+\.\d+\.\d+", done.stdout + done.stderr)
        if number is None:
            raise OSError(f"{cls.program} is not installed")
        return number[0]

    @classmethod
    def lacks(cls, role, check, version):
        """Why it cannot be tried, or None."""
        return cls.cannot.get((role, check))

    def prepare(self, pki, home):
        """The PKI, and the RADIUS server behind it all."""
        self.pki, self.home = pki, home


class Radsecproxy(Peer):
    name, program = "radsecproxy", "/usr/sbin/radsecproxy"

    def server(self, number):
        return self.lab.radsecproxy(self.pki, self.home, name=f"far{number}")

    def client(self, name, *ports):
        proxy = radsecproxy_client(self.lab, self.pki, *ports, name=name)
        return Nas(self.lab, self.home, proxy.port, proxy.port)


class Freeradius(Peer):
    name, program = "FreeRADIUS", "/usr/sbin/freeradius"
    asks_when_in_doubt = True

    @classmethod
    def lacks(cls, role, check, version):
        if (role, check) == ("client", "watchdog") and tuple(map(int, version.split("."))) < (3, 2, 3):
            return "it sends Status-Server over TLS from 3.2.3 on"
        return None

    def server(self, number):
        made = self.lab.freeradius(f"far{number}", tls=(self.pki, "localhost"), eap_pki=self.home.eap_pki)
        made.port = made.tls
        return made

    def client(self, name, *ports):
        made = freeradius_client(self.lab, self.pki, *ports, name=name, response_window=3)
        return Nas(self.lab, self.home, made.auth, made.acct)


class Pipe(Process):
    """A TLS program: what goes in and comes out of it is what is inside TLS."""

    def __init__(self, lab, name, argv, on_packet):
        self.name, self.argv, self.on_packet = name, [str(a) for a in argv], on_packet
        self.log_path = lab.dir / f"{name}.log"
        with open(self.log_path, "ab") as log:
            self.popen = subprocess.Popen(self.argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, bufsize=0,
                                          start_new_session=True, preexec_fn=die_with_parent)
        lab.processes.append(self)
        threading.Thread(target=self._read, daemon=True).start()

    def send(self, packet):
        self.popen.stdin.write(packet)

    def _read(self):
        stream = b""
        while data := os.read(self.popen.stdout.fileno(), 65536):
            stream += data
            while len(stream) >= 20 and len(stream) >= (size := struct.unpack("!H", stream[2:4])[0]) >= 20:
                packet, stream = stream[:size], stream[size:]
                self.on_packet(self, packet)


class PipeClient:
    """Asks over one connection, and opens another one when that has ended."""

    def __init__(self, lab, name, argv):
        self.lab, self.name, self.argv, self.answers, self.pipe, self.starts, self.id = \
            lab, name, argv, queue.Queue(), None, 0, 0

    def ask(self, make):
        if self.pipe is None or self.pipe.popen.poll() is not None:
            self.starts += 1
            self.pipe = Pipe(self.lab, f"{self.name}-{self.starts}", self.argv, lambda _, p: self.answers.put(p))
        self.id += 1
        asked = make(self.id)
        self.pipe.send(asked)
        try:
            got = self.answers.get(timeout=15)
        except queue.Empty:
            raise AssertionError(f"no answer; {self.pipe.log()[-200:]}") from None
        assert radius.answer_ok(got, asked, RADSEC), f"a wrong answer: {got.hex()}"
        return got[0]

    def closed(self):
        """The other end has closed; the program has seen it and ends."""
        self.pipe.wait()

    def pap(self, password="hello", **_):
        code = self.ask(lambda n: radius.access_request(n, RADSEC, password=password.encode()))
        return {2: "Access-Accept", 3: "Access-Reject"}.get(code, f"code {code}")

    def account(self, session):
        attrs = radius.attr(1, b"bob@example.org") + radius.attr(40, b"\0\0\0\1") + radius.attr(44, session.encode())
        assert self.ask(lambda n: radius.request(4, n, attrs, RADSEC)) == 5

    def watch(self):
        assert self.ask(lambda n: radius.request(12, n, b"", RADSEC)) == 2


NO_RADIUS = "it speaks TLS only, the RADIUS in it is the test's"


class TlsOnly(Peer):
    """Whatever makes a session of its standard input and output."""
    cannot = {("client", "EAP"): NO_RADIUS, ("server", "EAP"): NO_RADIUS,
              ("client", "failover"): "it makes one connection"}

    def files(self, cert):
        return self.pki / f"{cert}.pem", self.pki / f"{cert}.key", self.pki / "ca.pem"

    def server(self, number):
        port = self.lab.port()
        made = Pipe(self.lab, f"far{number}", [*self.lab.before, *self.server_argv(port)],
                    lambda pipe, p: pipe.send(answer(p)))
        made.port = port
        wait_for(f"{self.name} listens", lambda: listens(port))
        return made

    def client(self, name, *ports):
        return PipeClient(self.lab, name, [*self.lab.before, *self.client_argv(ports[0])])


def answer(packet):
    hidden = radius.get(packet, radius.USER_PASSWORD)
    if hidden is None or radius.unhide(hidden, RADSEC, packet[4:20]).rstrip(b"\0") == PASSWORD.encode():
        return radius.usual_answer(packet)
    return radius.answer(radius.ACCESS_REJECT, packet, b"", RADSEC)


def listens(port):
    """Without connecting, since some of these take one connection at a time."""
    done = subprocess.run(["ss", "-Hltn", f"sport = :{port}"], capture_output=True, text=True, check=True)
    return done.stdout != ""


class Openssl(TlsOnly):
    name, program, version = "OpenSSL", "openssl", ("version",)

    def client_argv(self, port):
        cert, key, ca = self.files("gateway.test")
        return ["openssl", "s_client", "-quiet", "-connect", f"127.0.0.1:{port}", "-servername", "localhost",
                "-verify_return_error", "-verify_hostname", "localhost", "-CAfile", ca, "-cert", cert, "-key", key]

    def server_argv(self, port):
        cert, key, ca = self.files("localhost")
        return ["openssl", "s_server", "-quiet", "-accept", f"127.0.0.1:{port}", "-Verify", "2",
                "-verify_return_error", "-CAfile", ca, "-cert", cert, "-key", key]


class Gnutls(TlsOnly):
    name, program, version = "GnuTLS", "gnutls-cli", ("--version",)
    cannot = {**TlsOnly.cannot, **dict.fromkeys([("server", c) for c in ("PAP", "EAP", "accounting", "watchdog", "idle",
                                                                         "failover")],
                                                "gnutls-serv hands what it gets to nobody")}

    def client_argv(self, port):
        cert, key, ca = self.files("gateway.test")
        return ["gnutls-cli", "--logfile", self.lab.dir / "gnutls.log", "--port", port, "--x509cafile", ca,
                "--x509certfile", cert, "--x509keyfile", key,
                "--sni-hostname", "localhost", "--verify-hostname", "localhost", "127.0.0.1"]

    def server_argv(self, port):
        cert, key, ca = self.files("localhost")
        return ["gnutls-serv", "--echo", "--quiet", "--port", port, "--require-client-cert", "--verify-client-cert",
                "--x509cafile", ca, "--x509certfile", cert, "--x509keyfile", key]


class Jsse(TlsOnly):
    name, program, version = "JSSE", "java", ("-version",)

    def argv(self, role, port, cert):
        pem, key, ca = self.files(cert)
        store = self.pki / f"{cert}.p12"
        if not store.exists():
            subprocess.run(["openssl", "pkcs12", "-export", "-in", pem, "-inkey", key, "-out", store,
                            "-passout", "pass:lab"], check=True, capture_output=True)
        return ["java", "-Xshare:auto", pathlib.Path(__file__).parent / "Peer.java", role, port, store, ca]

    def client_argv(self, port):
        return self.argv("client", port, "gateway.test")

    def server_argv(self, port):
        return self.argv("server", port, "localhost")


# In the order of the table; each with whether it is also tried from Debian 13.
PEERS = [(Radsecproxy, True), (Freeradius, True), (Openssl, True), (Gnutls, True), (Jsse, False)]
