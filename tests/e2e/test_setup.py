# SPDX-License-Identifier: GPL-2.0-or-later
"""`radsecgw setup` and nothing else makes a gateway that lets real users in: an institution with logins in both
directions, a container beside a RADIUS server, a router with an access point. Somebody at a terminal is asked at most
eight questions."""
import contextlib
import os
import pty
import re
import select
import socket
import subprocess

import pytest

from lab import NAS_SECRET, PASSWORD, Lab, Process, binary, eapol_test, pap, radclient, tcp_open, wait_for
from test_import import EVE, NATIONAL, OPERATOR_NAME


@pytest.fixture
def lab():
    with Lab() as lab:
        lab.secret = lab.write("secret", NAS_SECRET + "\n")
        yield lab


def pair(lab):
    """Two ports of which the second is that for accounting."""
    while True:
        port = lab.port()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s, contextlib.suppress(OSError):
            s.bind(("127.0.0.1", port + 1))
            if not tcp_open(port + 1):
                return port


def set_up(lab, *args):
    argv = [*binary(), "setup", "-c", str(lab.dir / "conf/radsecgw.ini"), *map(str, args)]
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return done


def test_institution_in_both_directions(lab):
    """The national proxy and the home servers are other programs."""
    auth, udp = pair(lab), pair(lab)
    home = lab.freeradius("home", secret=NAS_SECRET, ports=(auth, auth + 1))
    abroad = lab.freeradius("abroad", users=f'{EVE} Cleartext-Password := "{PASSWORD}"\n    Tunnel-Type = VLAN,\n'
                            '    Tunnel-Private-Group-Id = "42",\n    Reply-Message = "hello eve"')
    tls, national, nas = lab.port(), lab.port(), lab.port()
    set_up(lab, "--profile", "eduroam-institution", "--realm", "example.org", "--peer", f"localhost:{national}", "--server",
          f"127.0.0.1:{auth}", "--secret-file", lab.secret, "--test-pki", "--name", "127.0.0.1", "--udp", f"127.0.0.1:{udp}",
          "--radsec", f"127.0.0.1:{tls}")
    words = {"udp": udp, "tls": tls, "pki": lab.dir / "conf/certs", "secret": NAS_SECRET, "national": national,
             "home": home, "abroad": abroad, "nas": nas}
    conf = lab.write("national.conf", NATIONAL.format(**words))
    Process(lab, "national", ["/usr/sbin/radsecproxy", "-f", "-c", conf])
    wait_for("the national proxy", lambda: tcp_open(national))
    lab.gateway(lab.dir / "conf/radsecgw.ini")
    answer = wait_for("a guest", lambda: (lambda a: a[0] and a)(radclient(udp, "auth", pap(user=EVE), timeout=1)), 30)[1]
    assert "hello eve" in answer and "Tunnel" not in answer
    assert 'Operator-Name = "1example.org"' in abroad.log()
    wait_for("an own user elsewhere", lambda: radclient(nas, "auth", pap(), timeout=1)[0], 30)
    for server, port, user in (abroad, udp, EVE), (home, nas, "bob@example.org"):
        ok, confirmed, out = eapol_test(lab, server, port, "PEAP-MSCHAPv2", user=user)
        assert ok and confirmed, out


def test_router(lab):
    """An access point's logins reach a server elsewhere; `setup` has looked at it beforehand."""
    udp = pair(lab)
    home = lab.freeradius()
    proxy = lab.radsecproxy(lab.pki(servers=("localhost",), clients=("router",)), home)
    done = set_up(lab, "--profile", "router", "--peer", f"localhost:{proxy.port}", "--cert", lab.dir / "pki/router.pem",
                 "--secret-file", lab.secret, "--udp", f"127.0.0.1:{udp}")
    assert "\nradsecgw probe localhost\n" in done.stdout and "FAIL" not in done.stdout, done.stdout
    lab.gateway(lab.dir / "conf/radsecgw.ini")
    ok, confirmed, out = eapol_test(lab, home, udp, "PEAP-MSCHAPv2")
    assert ok and confirmed, out


class Somebody:
    """Types answers at a terminal, each when it is asked."""

    def __init__(self, argv):
        self.parent, child = pty.openpty()
        self.popen = subprocess.Popen([*map(str, argv)], stdin=child, stdout=child, stderr=subprocess.PIPE, text=True)
        os.close(child)
        self.seen = ""

    def _read(self):
        if select.select([self.parent], [], [], 0.1)[0]:
            try:
                self.seen += os.read(self.parent, 4096).decode().replace("\r", "")
            except OSError:
                return self.popen.poll() is not None
        return False

    def answer(self, question, text):
        def asked():
            self._read()
            return re.search(rf"{re.escape(question)}[^>]*> $", self.seen)
        wait_for(f"the question {question}", asked)
        self.seen = ""
        os.write(self.parent, text.encode() + b"\n")

    def end(self):
        """All that it says to its end, and its exit status."""
        wait_for("the end", self._read, 60)
        os.close(self.parent)
        with self.popen:
            self.said = self.popen.stderr.read()
            return self.popen.wait()


def test_sidecar_by_questions(lab):
    """Wrong answers are asked again. There are eight questions, and no more."""
    auth = pair(lab)
    home = lab.freeradius("home", secret=NAS_SECRET, ports=(auth, auth + 1))
    port = lab.port()
    udp, tls = pair(lab), lab.port()
    who = Somebody([*binary(), "setup", "-c", lab.dir / "conf/radsecgw.ini", "--udp", f"127.0.0.1:{udp}", "--radsec",
                    f"127.0.0.1:{tls}", "--no-probe"])
    who.answer("What is this gateway for?", "container")
    who.answer("", "sidecar")
    who.answer("Which realms", "example.org")
    who.answer("Which RADIUS/TLS peers", "")
    who.answer("This has to be answered.", ", ,")
    who.answer("This has to be answered.", "exam ple:1")
    who.answer("", f"localhost:{port}")
    who.answer("Where is the RADIUS server", f"127.0.0.1:{auth}")
    who.answer("Who sends requests", "")
    who.answer("Which file has the secret", str(lab.secret))
    who.answer("Which file has the certificate", "test")
    who.answer("By which name", "gw.test")
    assert who.end() == 0, who.seen + who.said
    assert "'container' is no profile" in who.said and "'exam ple:1' is neither" in who.said
    certs = lab.dir / "conf/certs"
    peer = lab.freeradius("proxy", users=f'{EVE} Cleartext-Password := "{PASSWORD}"', tls=(certs, "localhost"))
    ini = lab.dir / "conf/radsecgw.ini"
    ini.write_text(ini.read_text().replace(f"localhost:{port}", f"localhost:{peer.tls}"))
    lab.gateway(ini)
    for server, user in (home, "bob@example.org"), (peer, EVE):
        ok, confirmed, out = eapol_test(lab, server, udp, "PEAP-MSCHAPv2", user=user)
        assert ok and confirmed, out


def test_nobody_answers_any_more(lab):
    who = Somebody([*binary(), "setup", "-c", lab.dir / "conf/radsecgw.ini"])
    who.answer("What is this gateway for?", "\x04")
    wait_for("the next question", lambda: who._read() or "profile" in who.seen)
    os.write(who.parent, b"\x04")
    assert who.end() == 2 and "nothing was written" in who.said
    assert not (lab.dir / "conf").exists()
