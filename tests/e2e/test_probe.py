# SPDX-License-Identifier: GPL-2.0-or-later
"""`radsecgw probe`: whatever is wrong at the other side, it says what, and what to do, and sends nothing of RADIUS to who
is not the peer. The words of each case are in probe/CASE.txt; PROBE_UPDATE=1 writes them anew."""
import difflib
import json
import os
import pathlib
import re
import shutil
import socket
import ssl
import subprocess
import threading

import pytest

import chains
import radius
from inbound import Visitor
from lab import NAS_SECRET, PASSWORD, PATIENCE, USER, Lab, binary, die_with_parent, tcp_open, wait_for
from peer import TlsPeer
from plain import SECRET, PlainPeer

WORDS = pathlib.Path(__file__).parent / "probe"
IS_LEAN = "(lean)" in subprocess.run([*binary(), "--version"], capture_output=True, text=True, check=True).stdout


@pytest.fixture(scope="module")
def made():
    with Lab() as lab:
        folder = lab.dir / "certs"
        chains.write(folder)
        for name in chains.CERTIFICATES:
            (folder / f"{name}.pem").write_bytes(chains.pem(name))
        (folder / "ca.pem").write_bytes(chains.pem("root"))
        yield folder


def conf(lab, made, port, peer="", tls="", more=""):
    """The configuration of a gateway whose peer is at that port."""
    return lab.write("probe.ini", f"""\
[tls lab]
certificate = {made}/own.pem
key = {made}/own.key
ca = {made}/root.pem
{tls}
[listen local]
udp = 127.0.0.1:{lab.port()}
[client nas]
address = 127.0.0.1
secret = {NAS_SECRET}
[peer national]
connect = 127.0.0.1:{port}
{peer or "tls = lab" + chr(10) + "name = localhost"}
[realm *]
pool = national
{more}
""")


def probe(*words, seconds=10.0, before=()):
    """Runs the probe; where nothing comes back it waits for so long, and what takes half of that is slow."""
    timeout = f"{int(seconds * PATIENCE * 1000)}ms"
    return subprocess.run([*before, *binary(), "probe", "--timeout", timeout, *map(str, words)], capture_output=True,
                          text=True, check=False, timeout=60 * PATIENCE)


def normal(text, *ports):
    """The text without what is different each time, and without what only one build can see."""
    for port in ports:
        text = text.replace(str(port), "PORT")
    text = re.sub(r"^\w+ +CAs asked for.*\n(?: {8}.*\n| {10}.*\n)*", "", text, flags=re.M)
    text = re.sub(r"(trial CA \S+) [0-9a-f]{8}", r"\1 NUMBER", text)
    text = re.sub(r"\(\d+ ms\)", "(N ms)", text)
    text = re.sub(r"\d{4}-\d\d-\d\d", "DATE", text)
    text = re.sub(r"-?\d+ days?", "N days", text)
    text = re.sub(r"\d+\.\d s", "N s", text)
    text = re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:PORT", text)
    text = re.sub(r"refused: (no CA in `ca` signed it, or an intermediate is missing from what the peer sends|"
                  r"it is self-signed and not in `ca`);", "refused: NO WAY TO A CA;", text)
    return re.sub(r"(TLSv1\.\d), [\w-]+, group \w+", r"\1, SUITE, group GROUP", text)


def compare(case, done, *ports):
    """Holds the words against those that are kept."""
    file, got = WORDS / f"{case}.txt", normal(done.stdout, *ports)
    if os.environ.get("PROBE_UPDATE"):
        file.write_text(got)
    want = file.read_text()
    assert got == want, "".join(difflib.unified_diff(want.splitlines(True), got.splitlines(True), "kept", "now"))


def outcomes(done):
    """The worst outcome of each step of a JSON report."""
    rank = ["passed", "note", "warning", "failed"]
    found = {}
    for step in json.loads(done.stdout)["steps"]:
        found[step["step"]] = max(found.get(step["step"], "passed"), step["outcome"], key=rank.index)
    return found


class Server:
    """openssl s_server, which takes everything and says nothing."""

    def __init__(self, made, port, *options, cert="leaf"):
        self.popen = subprocess.Popen(
            ["openssl", "s_server", "-accept", str(port), "-cert", made / f"{cert}.pem", "-key", made / f"{cert}.key",
             "-quiet", *map(str, options)], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            preexec_fn=die_with_parent)
        wait_for("s_server", lambda: tcp_open(port))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.popen.kill()
        self.popen.wait()


class Socket:
    """Listens by TCP, sends the same to everybody, and closes the connection when something has come."""

    def __init__(self, port, says=b""):
        self.says, self.server = says, socket.create_server(("127.0.0.1", port))
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            try:
                conn, _ = self.server.accept()
            except OSError:
                return
            conn.recv(65536)
            conn.sendall(self.says)
            conn.close()

    def close(self):
        self.server.close()


# ---- who is good

def test_a_good_peer(lab, made):
    port = lab.port()
    peer = TlsPeer(port, made / "leaf.pem", made / "leaf.key", ca=made / "root.pem")
    done = probe("national", "-c", conf(lab, made, port))
    assert done.returncode == 0, done.stdout + done.stderr
    compare("good", done, port)
    assert peer.greetings == 1
    # The only peer needs no name, and a host that is no peer is looked at with the first identity.
    assert probe("-c", conf(lab, made, port)).returncode == 0
    report = outcomes(probe(f"localhost:{port}", "--json", "-c", conf(lab, made, port), "--tls", "lab"))
    assert report["name"] == report["status-server"] == "passed"
    peer.close()


def test_json(lab, made):
    port = lab.port()
    peer = TlsPeer(port, made / "leaf2.pem", made / "leaf2.key")
    (made / "chain-of-two.pem").write_bytes(chains.pem("leaf2 two one"))
    peer.context.load_cert_chain(str(made / "chain-of-two.pem"), str(made / "leaf2.key"))
    done = probe("national", "--json", "-c", conf(lab, made, port))
    report = json.loads(done.stdout)
    assert report["exit"] == done.returncode and report["status"] == ("WARNING" if IS_LEAN else "OK") and \
        report["target"] == "[peer national]"
    assert [c["subject"].split(",")[0] for c in report["certificates"]] == ["CN=leaf2", "CN=two", "CN=one"]
    assert all(c["days_left"] > 200 and len(c["sha256"]) == 64 for c in report["certificates"])
    assert set(report["steps"][0]) == {"step", "outcome", "presented", "expected", "advice", "seconds", "details"}
    if IS_LEAN:
        assert outcomes(done)["asked"] == "warning" and "asks for no certificate" in done.stdout
    peer.close()


@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_cas_that_are_asked_for(lab, made, version):
    """Whether ours is among the CAs that the other side asks for is read from its CertificateRequest, with TLS 1.3 where
    the library tells the secret of the handshake."""
    for ca, good in (("root", True), ("other", False)):
        port = lab.port()
        with Server(made, port, "-CAfile", made / f"{ca}.pem", "-verify", "1"):
            done = probe("national", "--json", "-c", conf(lab, made, port, tls=f"max-version = {version}"), seconds=1)
        step = next(s for s in json.loads(done.stdout)["steps"] if s["step"] == "asked")
        if version == "1.3" and not IS_LEAN:
            assert step["outcome"] == "note" and "library made from source" in step["presented"]
            continue
        assert step["outcome"] == ("passed" if good else "warning")
        assert step["details"] == [f"CN={ca}, O=radsecgw tests"]


def test_a_gateway_and_a_login(lab):
    """The far ends are real: radsecproxy before FreeRADIUS, and a gateway beside. The password is nowhere to be seen."""
    pki = lab.pki()
    home = lab.freeradius()
    proxy = lab.radsecproxy(pki, home)
    gw_conf = lab.gateway_conf(pki, proxy.port)
    lab.gateway(gw_conf)  # the probe works beside it
    secret = lab.write("password", PASSWORD + "\n")
    login = ["--user", USER, "--password-file", secret]
    done = probe(f"127.0.0.1:{proxy.port}", "-c", gw_conf, *login)
    assert done.returncode == 0, done.stdout
    compare("login", done, proxy.port)
    wrong = lab.write("wrong", "not-the-password\n")
    done = probe(f"127.0.0.1:{proxy.port}", "-c", gw_conf, "--user", USER, "--password-file", wrong)
    assert done.returncode == 2 and re.search(r"^failed  login +Access-Reject answers", done.stdout, re.M), done.stdout
    assert "not-the-password" not in done.stdout + done.stderr


def test_silence(lab, made):
    """After a silence the peer is asked again; one that ends the connection meanwhile is told of."""
    port = lab.port()
    peer = TlsPeer(port, made / "leaf.pem", made / "leaf.key", ca=made / "root.pem",
                   behave=lambda peer, tls, p: tls.sendall(radius.usual_answer(p, b"radsec")))
    done = probe("national", "--idle", "300ms", "-c", conf(lab, made, port))
    assert done.returncode == 0 and len(peer.packets) == 1, done.stdout
    compare("silence", done, port)
    peer.close()


# ---- who is not who it should be

REFUSED = {  # case: certificate, options of the peer
    "wrong-name": ("leaf", "tls = lab\nname = radius.example.org"),
    "wrong-policy": ("leaf", "tls = lab\nname = localhost\nmatch = policy:1.3.6.1.4.1.40808.1.3.1"),
    "expired": ("leaf-old", ""),
    "early": ("leaf-early", ""),
    "foreign-ca": ("leaf-by-other", ""),
    "self-signed": ("self", ""),
    "missing-intermediate": ("leaf1", ""),
    "wrong-purpose": ("leaf-email", ""),
    "forged": ("forged", ""),
    "ourselves": ("own", ""),
}


@pytest.mark.parametrize("case", REFUSED)
def test_who_is_refused(lab, made, case):
    """The chain and all checks are shown, and nothing is sent: no Status-Server, no password."""
    cert, options = REFUSED[case]
    port = lab.port()
    peer = TlsPeer(port, made / f"{cert}.pem", made / f"{cert}.key", ca=made / "root.pem", greets=None)
    secret = lab.write("password", PASSWORD)
    done = probe("national", "-c", conf(lab, made, port, options), "--user", USER, "--password-file", secret)
    assert done.returncode == 2, done.stdout
    compare(case, done, port)
    assert "passed  chain" in done.stdout and "a gateway would refuse it" in done.stdout
    peer.close()
    wait_for("the end of the connection", lambda: peer.ended)
    assert peer.packets == []


def test_a_gateway_says_the_same(lab, made):
    """For each certificate the probe judges as the gateway does."""
    for cert in ("leaf", "leaf-old", "leaf-email", "leaf-by-other"):
        port = lab.port()
        peer = TlsPeer(port, made / f"{cert}.pem", made / f"{cert}.key", ca=made / "root.pem")
        file = conf(lab, made, port)
        report = outcomes(probe("national", "--json", "-c", file))
        gw = lab.gateway(file, name=f"gw-{cert}", wait="connection-up|connection-lost|handshake-failed|connect-failed")
        assert bool(gw.lines("connection-up")) == (report["judgement"] == "passed"), (cert, report, gw.log())
        gw.stop()
        peer.close()


# ---- who does not like us

def test_a_peer_that_wants_another_ca(lab, made):
    """With TLS 1.3 the refusal comes after the handshake, with TLS 1.2 within it."""
    for version, step in (("1.3", "accepted"), ("1.2", "tls")):
        port = lab.port()
        with Server(made, port, "-CAfile", made / "other.pem", "-Verify", "1", "-verify_return_error"):
            done = probe("national", "-c", conf(lab, made, port, tls=f"max-version = {version}"))
            assert done.returncode == 2
            compare(f"other-ca-{version}", done, port)


def test_a_peer_that_ends_the_connection_afterwards(lab, made):
    port = lab.port()
    peer = TlsPeer(port, made / "leaf.pem", made / "leaf.key", ca=made / "root.pem", greets=None,
                   behave=lambda peer, tls, p: tls.shutdown(socket.SHUT_RDWR))
    done = probe("national", "-c", conf(lab, made, port))
    assert done.returncode == 2
    compare("ends-afterwards", done, port)
    peer.close()


def test_a_mute_peer(lab, made):
    """A peer that never answers Status-Server may be good (P-WD-11)."""
    port = lab.port()
    with Server(made, port, "-CAfile", made / "root.pem", "-Verify", "1"):
        done = probe("national", "-c", conf(lab, made, port), seconds=1)
        assert done.returncode == 1
        compare("mute", done, port)
        done = probe("national", "-c", conf(lab, made, port, "tls = lab\nname = localhost\nstatus-server = on"), seconds=1)
        assert done.returncode == 2 and "failed  Status-Server" in done.stdout


def test_another_secret(lab, made):
    port = lab.port()
    peer = TlsPeer(port, made / "leaf.pem", made / "leaf.key", ca=made / "root.pem", greets=b"another")
    done = probe("national", "-c", conf(lab, made, port))
    assert done.returncode == 2
    compare("other-secret", done, port)
    peer.close()


# ---- who is not there, or is something else

def test_no_tls(lab, made):
    for case, says in (("closes-without-a-word", b""), ("http", b"HTTP/1.1 400 Bad Request\r\n\r\n")):
        port = lab.port()
        server = Socket(port, says)
        done = probe("national", "-c", conf(lab, made, port))
        assert done.returncode == 2
        compare(case, done, port)
        server.close()


def test_nothing_comes(lab, made):
    """The port is open, and nothing comes in answer to the ClientHello."""
    with socket.create_server(("127.0.0.1", port := lab.port())):
        done = probe("national", "-c", conf(lab, made, port), seconds=0.5)
    assert done.returncode == 2
    compare("no-answer", done, port)


def test_old_tls(lab, made):
    port = lab.port()
    with Server(made, port, "-tls1_1", "-cipher", "ALL:@SECLEVEL=0"):
        done = probe("national", "-c", conf(lab, made, port))
    assert done.returncode == 2
    compare("old-tls", done, port)


def test_a_closed_port_and_an_unknown_name(lab, made):
    port = lab.port()
    done = probe("national", "-c", conf(lab, made, port))
    assert done.returncode == 2
    compare("closed-port", done, port)
    done = probe("nowhere.invalid", "-c", conf(lab, made, port))
    assert done.returncode == 2 and re.search(r"^failed  addresses +nowhere.invalid: ", done.stdout, re.M)


@pytest.mark.skipif(os.geteuid() != 0 or shutil.which("unshare") is None, reason="needs a network of its own")
def test_no_way(lab, made):
    done = probe("198.51.100.1", "-c", conf(lab, made, lab.port()), before=["unshare", "-n"])
    assert done.returncode == 2, done.stdout + done.stderr
    compare("no-route", done)


def test_nothing_comes_back(lab, made):
    """A listener whose queue is full drops what comes, as a firewall does."""
    server = socket.socket()
    server.bind(("127.0.0.1", port := lab.port()))
    server.listen(0)
    waiting = [socket.socket() for _ in range(4)]
    for s in waiting:
        s.setblocking(False)
        s.connect_ex(("127.0.0.1", port))
    done = probe("national", "-c", conf(lab, made, port), seconds=0.7)
    assert done.returncode == 2
    compare("timeout", done, port)
    for s in (server, *waiting):
        s.close()


def test_plain_tcp(lab, made):
    port = lab.port()
    peer = PlainPeer(port)
    done = probe("national", "-c", conf(lab, made, port, f"insecure-tcp = yes\nsecret = {SECRET}"))
    assert done.returncode == 0, done.stdout + done.stderr
    compare("plain-tcp", done, port)
    # A TLS handshake with a peer that speaks plain TCP.
    assert probe("national", "-c", conf(lab, made, port), seconds=0.5).returncode == 2
    peer.close()


# ---- who connects to us

class Listening:
    """The probe that waits for a connection."""

    def __init__(self, lab, file, *words):
        self.popen = subprocess.Popen([*binary(), "probe", "--listen", *map(str, words), "-c", str(file), "--timeout", "20s"],
                                      stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                      preexec_fn=die_with_parent)
        assert "waiting at" in self.popen.stderr.readline()

    def end(self):
        self.stdout, self.stderr = self.popen.communicate(timeout=60)
        self.returncode = self.popen.returncode
        return self


def inbound(lab, made, port, peer="name = localhost"):
    more = f"[listen tls]\ntls = 127.0.0.1:{port}\nprofile = lab\n[peer visitor]\ntls = lab\naccept = yes\n{peer}\n" \
           "[peer other]\ntls = lab\naccept = yes\nname = other.example.org\n"
    return conf(lab, made, lab.port(), more=more)


@pytest.mark.parametrize("case,cert", [("listen-good", "leaf"), ("listen-unknown", "leaf"),
                                       ("listen-expired", "leaf-old"), ("listen-foreign-ca", "stranger")])
def test_who_connects_to_us(lab, made, case, cert):
    port = lab.port()
    peer = "name = localhost" if case != "listen-unknown" else "name = nobody.example.org"
    waits = Listening(lab, inbound(lab, made, port, peer))
    visitor = Visitor(port, made, cert)
    if case == "listen-good":
        visitor.send(radius.request(radius.STATUS_SERVER, 1, b"", b"radsec"))
    done = waits.end()
    visitor.tls.close()
    assert done.returncode == (0 if case == "listen-good" else 2), done.stdout
    compare(case, done, port)


def test_who_connects_and_does_not_like_us(lab, made):
    """The client does not know our CA."""
    port = lab.port()
    waits = Listening(lab, inbound(lab, made, port))
    visitor = Visitor(port, made, "leaf", connect=False)
    visitor.context = ssl.create_default_context(cafile=str(made / "other.pem"))
    with pytest.raises(OSError):
        visitor.connect()
    done = waits.end()
    assert done.returncode == 2 and "does not know the CA of our certificate" in done.stdout, done.stdout


def test_a_port_in_use_and_nobody(lab, made):
    port = lab.port()
    file = inbound(lab, made, port)
    with socket.create_server(("127.0.0.1", port)):
        done = probe("--listen", "-c", file)
    assert done.returncode == 3 and "is in use" in done.stdout
    done = probe("--listen", f"127.0.0.1:{port}", "-c", file, seconds=0.2)
    assert done.returncode == 2 and "nobody has connected" in done.stdout


# ---- the command itself

def test_what_cannot_be_told(lab, made):
    """Nothing can be said: status 3, and one line that says why."""
    guests = inbound(lab, made, lab.port()).rename(lab.dir / "guests.ini")
    file = conf(lab, made, lab.port())
    for words, why in (
            (["visitor", "-c", guests], "only connects to us"),
            (["a", "b", "-c", file], "usage"),
            (["national", "-c", file, "--user", "bob"], "usage"),
            (["national", "-c", file, "--idle", "soon"], "--idle: 'soon'"),
            (["national", "-c", file, "--tls", "none"], "no [tls none]"),
            (["national", "-c", file, "--user", "bob", "--password-file", lab.dir / "none"], "cannot read"),
            (["host:99999", "-c", file], "neither a [peer]"),
            (["national", "-c", lab.dir / "none.ini"], "cannot be used"),
            (["--listen", "-c", file], "no [listen] with `tls`")):
        done = probe(*words)
        assert done.returncode == 3 and done.stdout.startswith("UNKNOWN: ") and why in done.stdout, (words, done.stdout)
    assert probe("national", "--nonsense").returncode == 3
