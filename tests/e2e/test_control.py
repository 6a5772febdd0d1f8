# SPDX-License-Identifier: GPL-2.0-or-later
"""The control socket: its commands as people give them, curl over the socket, and whoever wants to misuse it."""
import contextlib
import itertools
import json
import os
import re
import signal
import socket
import subprocess
import threading
import time

import pytest

import radius
from lab import NAS_SECRET, Lab, binary, pap, radclient, wait_for
from peer import Nas, TlsPeer


class Control:
    """A gateway between radclient and FreeRADIUS, and its commands."""

    secret = "nas-secret-of-the-lab-0123"

    def __init__(self, lab, workers, gateway=""):
        self.lab = lab
        self.home = lab.freeradius()
        self.auth = lab.port()
        self.path = lab.dir / "control.sock"
        self.conf = lab.write("control.ini", f"""\
[gateway]
workers = {workers}
{gateway}
[log]
rate = 0
[control]
socket = {self.path}
[listen local]
udp = 127.0.0.1:{self.auth}
[client nas]
address = 127.0.0.1
secret = nas-secret-of-the-lab-0123
[server home]
auth = 127.0.0.1:{self.home.auth}
acct = 127.0.0.1:{self.home.acct}
secret = {self.home.secret}
[server spare]
auth = 127.0.0.1:{self.home.auth}
secret = {self.home.secret}
[pool homes]
members = home, spare
[realm *]
pool = homes
""")
        self.gw = lab.gateway(self.conf, wait="started")
        self.workers = workers

    def say(self, *words, where=None):
        return subprocess.run([*binary(), *words, *(where or ("-c", self.conf))], capture_output=True, text=True,
                              timeout=60)

    def done(self, *words):
        said = self.say(*words)
        assert said.returncode == 0, said
        assert said.stderr == ""
        return said.stdout

    def refused(self, *words):
        said = self.say(*words)
        assert said.returncode == 1 and said.stdout == "", said
        return said.stderr

    def status(self, *tables):
        return json.loads(self.done("status", "--json", *tables))

    def login(self):
        return radclient(self.auth, "auth", pap())


@pytest.fixture(params=[1, 3], scope="module")
def control(request):
    with Lab() as lab:
        yield Control(lab, request.param)


def test_ping(control):
    assert control.done("ping") == "the gateway works\n"
    assert json.loads(control.done("ping", "--json")) == {"done": True, "message": "the gateway works"}


def test_status_of_several_workers_is_added_up(control):
    before = {c["name"]: c["value"] for c in control.status("counters")["counters"]}
    for _ in range(6):
        assert control.login()[0]
    status = control.status()
    after = {c["name"]: c["value"] for c in status["counters"]}
    assert after["udp_received"] - before["udp_received"] == 6
    assert status["workers"] == control.workers and status["stopping"] is False
    assert [(s["name"], s["port"], s["state"]) for s in status["servers"]] == [
        ("home", "auth", "alive"), ("home", "acct", "alive"), ("spare", "auth", "alive")]
    assert [c["name"] for c in status["clients"]] == ["nas"]
    assert [(p["name"], p["member"], p["standing"]) for p in status["pools"]] == [
        ("homes", "home", "up"), ("homes", "spare", "up")]
    assert {limit["max"] for limit in status["limits"] if limit["name"] == "max-requests"
            and limit["of"] == "gateway"} == {65536}


def test_status_as_tables(control):
    text = control.done("status", "servers", "limits")
    assert re.search(r"^SERVER  PORT  STATE  REQUESTS  SOURCES  DRAINED  AILING MS  PREVIOUS SECRET$", text, re.M), text
    assert re.search(r"^home    auth  alive +\d+ +\d+  no +\d+  none$", text, re.M), text
    assert re.search(r"^max-requests +\d+ +65536 +\d+  gateway  gateway$", text, re.M), text
    assert control.done("status", "peers") == "There are no peers.\n"
    assert f"workers: {control.workers}\n" in control.done("status")


def test_log_level_for_a_time(control):
    assert control.done("log-level", "debug", "for", "1s") == \
        "the log has the level debug, and in 1 s that of the configuration again: info\n"
    before = len(control.gw.log())
    assert control.login()[0]
    assert " debug " in control.gw.log()[before:]
    wait_for("the old level", lambda: 'result="the log has the level info"' in control.gw.log()[before:])
    before = len(control.gw.log())
    assert control.login()[0]
    assert " debug " not in control.gw.log()[before:]
    assert control.done("log-level", "error") == "the log has the level error\n"
    assert control.done("log-level", "info") == "the log has the level info\n"


def test_drain_and_resume_of_a_server(control):
    """New logins go to the other one, status says why, and afterwards all is as before."""
    assert control.done("resume", "home") == "home takes requests again\n"
    assert control.login()[0]
    assert control.done("drain", "home") == \
        "home is drained: it gets no new requests, and what was open is answered\n"
    status = control.status("servers", "pools")
    assert [(s["name"], s["port"], s["drained"]) for s in status["servers"]] == [
        ("home", "auth", "yes"), ("home", "acct", "yes"), ("spare", "auth", "no")]
    assert [(p["member"], p["standing"]) for p in status["pools"]] == [("home", "drained"), ("spare", "up")]
    for _ in range(6):
        assert control.login()[0]
    assert control.done("drain", "spare")
    ok, out = control.login()
    assert not ok and "Access-Reject" in out, out
    assert {c["name"]: c["value"] for c in control.status("counters")["counters"]}["request_drained"] == 1
    for name in "home", "spare":
        assert control.done("resume", name) == f"{name} takes requests again\n"
    assert control.login()[0]


def test_drain_and_resume_of_all(control):
    assert control.done("drain").startswith("the gateway is drained: ")
    assert control.refused("ping") == "the gateway is drained and takes no new requests\n"
    assert ", drained\n" in control.done("status")
    assert not control.login()[0]
    assert control.done("resume") == "the gateway takes requests again\n"
    assert control.done("ping")
    assert control.login()[0]


def test_drain_waits_for_what_is_open(lab):
    """A server that is stuck has a request open until its lifetime ends; other commands go on meanwhile."""
    control = Control(lab, 3, gateway="request-lifetime = 5s")
    control.home.signal(signal.SIGSTOP)
    with subprocess.Popen(["radclient", "-r", "1", "-t", "1", f"127.0.0.1:{control.auth}", "auth", control.secret],
                          stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, text=True) as one:
        one.communicate(pap())
    began = time.monotonic()
    with subprocess.Popen([*binary(), "drain", "home", "-c", control.conf], stdout=subprocess.PIPE, text=True) as waits:
        assert control.done("ping")
        assert waits.communicate(timeout=30)[0].startswith("home is drained")
        assert waits.returncode == 0
    assert 2 < time.monotonic() - began < 9
    control.home.signal(signal.SIGCONT)


def test_commands_without_a_client_are_bounded(lab):
    """Whoever asks and goes away, again and again, has sixteen commands under way and no more; questions are answered."""
    control = Control(lab, 1, gateway="request-lifetime = 30s")
    control.home.signal(signal.SIGSTOP)
    with subprocess.Popen(["radclient", "-r", "1", "-t", "1", f"127.0.0.1:{control.auth}", "auth", control.secret],
                          stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, text=True) as one:
        one.communicate(pap())
    answers = []
    for _ in range(30):
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(1)
            s.connect(str(control.path))
            s.sendall(b"POST /v1/drain?name=home HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
            with contextlib.suppress(TimeoutError):
                answers.append(s.recv(4096))
                break
    assert answers[0].startswith(b"HTTP/1.1 503 ") and b"again later" in answers[0]
    assert control.done("ping")
    control.home.signal(signal.SIGCONT)


@pytest.mark.parametrize("words, said", [
    (("drain", "nobody"), "there is no [peer] or [server] called 'nobody'"),
    (("resume", "nobody"), "there is no [peer] or [server] called 'nobody'"),
    (("drain", "home", "spare"), "usage: radsecgw drain [NAME]"),
    (("log-level",), "usage: radsecgw log-level error"),
    (("log-level", "loud"), "the level must be one of error, warning"),
    (("log-level", "info", "for", "10"), "the time '10' has no unit"),
    (("log-level", "info", "for", "0s"), "not within 1s to 7d"),
    (("log-level", "info", "until", "10s"), "usage: radsecgw log-level"),
    (("status", "nonsense"), "the status has the tables peers, servers"),
    (("status", "a" * 300), "usage: radsecgw status"),
    (("ping", "pong"), "usage: radsecgw ping"),
])
def test_wrong_usage(control, words, said):
    assert said in control.refused(*words)


def test_no_gateway(control):
    nowhere = control.say("ping", where=("--socket", "/nonexistent/control.sock"))
    assert nowhere.returncode == 2 and "there is no socket" in nowhere.stderr, nowhere
    off = control.lab.write("off.ini", control.conf.read_text().replace(f"socket = {control.path}", "socket = off"))
    said = control.say("ping", where=("-c", off))
    assert said.returncode == 2 and "[control] socket is off" in said.stderr, said
    broken = control.lab.write("broken.ini", "[gateway]\nnonsense = 1\n")
    said = control.say("ping", where=("-c", broken, "--socket", control.path))
    assert said.returncode == 0, said
    assert "cannot be used to find the control socket" in control.say("ping", where=("-c", broken)).stderr


def test_no_permission(control):
    """The socket is for its owner and group."""
    assert oct(os.stat(control.path).st_mode & 0o777) == "0o660"
    os.chmod(control.lab.dir, 0o755)
    said = subprocess.run([*binary(), "ping", "--socket", control.path], capture_output=True, text=True, timeout=60,
                          user=65534, group=65534, extra_groups=[])
    assert said.returncode == 2 and "you have no permission to use the socket" in said.stderr, said


def curl(control, *words):
    done = subprocess.run(["curl", "-sS", "-i", "--unix-socket", control.path, *words], capture_output=True,
                          text=True, timeout=60, check=True)
    head, body = done.stdout.replace("\r", "").split("\n\n", 1)
    return int(head.split()[1]), body


def test_curl(control):
    code, body = curl(control, "http://localhost/v1/ping")
    assert code == 200 and json.loads(body)["done"] is True
    code, body = curl(control, "http://localhost/v1/status?tables=clients")
    assert code == 200 and json.loads(body)["clients"][0]["name"] == "nas"
    assert curl(control, "-I", "http://localhost/v1/status")[0] == 200
    assert curl(control, "http://localhost/v1/log-level?level=info")[0] == 405
    assert curl(control, "-XPOST", "http://localhost/v1/log-level?level=loud")[0] == 400
    assert curl(control, "http://localhost/v1/nonsense")[0] == 404
    assert curl(control, "http://localhost/")[0] == 404


def test_hostile_clients_do_not_hold_up_logins(control):
    """Half a request, garbage, a body without end, many that never read: logins go on, and so do commands."""
    held = []
    for octets in (b"GET /v1/sta", b"\x00\xff" * 500, b"POST /v1/log-level?level=info HTTP/1.1\r\nHost: x\r\n"
                   b"Content-Length: 100000000\r\n\r\n" + b"x" * 100000, b"G" * 100000):
        s = socket.socket(socket.AF_UNIX)
        s.settimeout(5)
        s.connect(str(control.path))
        held.append(s)
        try:
            s.sendall(octets)
        except OSError:
            pass
    for _ in range(8):
        s = socket.socket(socket.AF_UNIX)
        s.connect(str(control.path))
        s.sendall(b"GET /v1/status HTTP/1.1\r\nHost: x\r\n\r\n" * 20)
        held.append(s)
    began = time.monotonic()
    for _ in range(20):
        assert control.login()[0]
    assert time.monotonic() - began < 20
    # One neighbour may have 16 connections.
    assert control.say("ping").returncode == 0
    for _ in range(20):
        s = socket.socket(socket.AF_UNIX)
        s.connect(str(control.path))
        held.append(s)
    assert control.login()[0]
    for s in held:
        s.close()
    wait_for("a place again", lambda: control.say("ping").returncode == 0)
    assert not control.gw.has_memory_errors()


@pytest.mark.parametrize("workers", [1, 3])
def test_reconnect_loses_nothing(lab, workers):
    """Under load each connection is replaced, and each request is answered once."""
    pki = lab.pki()
    peer = TlsPeer(lab.port(), pki / "localhost.pem", pki / "localhost.key", pki / "ca.pem")
    conf = lab.gateway_conf(pki, peer.port, gateway=f"workers = {workers}")
    lab.gateway(conf)
    nases = [Nas(lab.auth, NAS_SECRET) for _ in range(8)]
    stop, lost = threading.Event(), []

    def load(nas):
        for ident in itertools.cycle(range(256)):
            if stop.is_set():
                break
            if nas.ask(radius.access_request(ident, NAS_SECRET.encode())) is None:
                lost.append(nas)

    threads = [threading.Thread(target=load, args=(nas,)) for nas in nases]
    for thread in threads:
        thread.start()
    try:
        for _ in range(3):
            said = subprocess.run([*binary(), "reconnect", "national", "-c", conf], capture_output=True, text=True,
                                  timeout=90)
            assert said.returncode == 0, said
            assert said.stdout == "national has new connections, and the old ones are closed\n"
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert not lost
    assert peer.handshakes >= 4
    for words in ("nobody",), ():
        said = subprocess.run([*binary(), "reconnect", *words, "-c", conf], capture_output=True, text=True, timeout=60)
        assert said.returncode == 1 and said.stdout == "", said


def test_stopping(lab):
    """ping says so, a second gateway does not take the socket, and in the end it is gone."""
    control = Control(lab, 3)
    text = control.conf.read_text().replace(f":{control.auth}", f":{lab.port()}")
    again = subprocess.run([*binary(), "run", "-c", lab.write("again.ini", text)], capture_output=True, text=True,
                           timeout=60)
    assert again.returncode == 2 and " control-failed: the control socket cannot be made " in again.stderr, again
    assert control.done("ping")
    assert control.gw.stop() == 0
    assert not control.path.exists()
    said = control.say("ping")
    assert said.returncode == 2 and "is the gateway running" in said.stderr, said


def test_killed_gateway_leaves_a_socket_that_the_next_takes(lab):
    control = Control(lab, 1)
    control.gw.popen.kill()
    control.gw.popen.wait()
    assert control.path.exists()
    said = control.say("ping")
    assert said.returncode == 2 and "the gateway is not running" in said.stderr, said
    control.gw = lab.gateway(control.conf, name="again", wait="started")
    assert control.done("ping")
