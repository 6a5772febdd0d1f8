# SPDX-License-Identifier: GPL-2.0-or-later
"""What the gateway tells the service manager that has started it, by a socket as sd_notify(3) describes it."""
import os
import signal
import socket
import subprocess
import threading
import time

import pytest

import radius
from lab import NAS_SECRET, Gateway, binary, wait_for
from peer import Nas
from test_metrics import Stopped, thread_of


class Manager:
    """A gateway, and somebody who hears what it says."""

    def __init__(self, lab, address=None, workers=2, **environment):
        self.address = address or str(lab.dir / "notify")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.address.replace("@", "\0", 1))
        self.words = []  # (time, word)
        threading.Thread(target=self._listen, daemon=True).start()
        self.auth = lab.port()
        self.server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.server.bind(("127.0.0.1", lab.port()))
        self.server.settimeout(10)
        self.conf = lab.write("notify.ini", f"""\
[gateway]
workers = {workers}
[control]
socket = {lab.dir}/control.sock
[listen local]
udp = 127.0.0.1:{self.auth}
[client nas]
address = 127.0.0.1
secret = {NAS_SECRET}
[server home]
auth = 127.0.0.1:{self.server.getsockname()[1]}
secret = {NAS_SECRET}
[realm *]
pool = home
""")
        self.gw = Gateway(lab, "radsecgw", [*binary(), "run", "-c", self.conf],
                          env={**os.environ, "NOTIFY_SOCKET": self.address, **environment})

    def _listen(self):
        while True:
            try:
                data = self.socket.recv(8192).decode()
            except OSError:
                return
            self.words += [(time.monotonic(), line) for line in data.split("\n")]

    def said(self, word, since=0.0):
        return [w for t, w in self.words if w.startswith(word) and t >= since]

    def hear(self, word, since=0.0):
        return wait_for(f"{word} in {self.words}", lambda: self.said(word, since))[0]


def test_start_and_stop(lab):
    """READY=1 comes when requests are taken, a sentence follows, STOPPING=1 comes before the last request has ended."""
    m = Manager(lab)
    m.hear("READY=1")
    assert m.gw.lines("started") or m.gw.wait_line("started")
    assert m.hear("STATUS=") == "STATUS=ready: all pools can be used, of which there are 1; requests in flight: 0"
    nas = Nas(m.auth, NAS_SECRET)
    request = radius.access_request(1, NAS_SECRET.encode())
    nas.send(request)
    packet, sender = m.server.recvfrom(8192)
    assert not m.said("STOPPING")
    m.gw.signal(signal.SIGTERM)
    m.hear("STOPPING=1")
    assert m.gw.popen.poll() is None
    m.server.sendto(radius.answer(radius.ACCESS_ACCEPT, packet, b"".join(
        radius.attr(k, v) for k, v in radius.attributes(packet) if k == radius.PROXY_STATE),
        NAS_SECRET.encode()), sender)
    assert radius.answer_ok(nas.receive(), request, NAS_SECRET.encode())
    assert m.gw.wait() == 0
    assert len(m.said("READY=1")) == 1 and len(m.said("STOPPING=1")) == 1
    assert not m.said("WATCHDOG")


def test_reload(lab):
    """RELOADING=1 has the time of the monotonic clock, and READY=1 follows, whether there is another configuration or
    not."""
    m = Manager(lab)
    m.hear("READY=1")
    for text in m.conf.read_text().replace("[log]", ""), "nonsense":
        m.conf.write_text(text)
        began = time.monotonic()
        m.gw.signal(signal.SIGHUP)
        m.hear("RELOADING=1", began)
        usec = int(m.hear("MONOTONIC_USEC=", began).split("=")[1])
        assert began <= usec / 1e6 <= time.monotonic()
        m.hear("READY=1", began)
        words = [w for t, w in m.words if t >= began and w in ("READY=1", "RELOADING=1")]
        assert words == ["RELOADING=1", "READY=1"]
    assert m.gw.lines("reload-failed")


def test_what_is_required_after_a_reload(lab):
    """The sentence about health is by the configuration that is in effect."""
    m = Manager(lab, workers=1, WATCHDOG_USEC="90000")
    m.hear("STATUS=ready: all pools can be used")
    m.conf.write_text(m.conf.read_text() + """\
[server spare]
auth = 127.0.0.1:9
secret = spare-secret-of-the-lab
[realm spare.example]
pool = spare
""")
    m.gw.signal(signal.SIGHUP)
    m.hear("STATUS=ready: all pools can be used, of which there are 2")
    subprocess.run([*binary(), "drain", "spare", "-c", m.conf], check=True, timeout=60, capture_output=True)
    m.hear("STATUS=ready: 1 of 2 pools can be used, but not spare")
    m.conf.write_text(m.conf.read_text() + "[metrics]\nready-requires = all\n")
    m.gw.signal(signal.SIGHUP)
    m.hear("STATUS=not ready: 1 of 2 pools can be used, but not spare")


@pytest.mark.skipif(len(binary()) > 1, reason="the threads are those of the program around it")
@pytest.mark.parametrize("thread", ["worker-2", "radsecgw"])
def test_watchdog(lab, thread):
    """Signs of life come in time as long as all loops turn. With one that does not, not even the last others say so."""
    m = Manager(lab, workers=3, WATCHDOG_USEC="600000")
    wait_for("signs of life", lambda: len(m.said("WATCHDOG=1")) > 4)
    with Stopped(thread_of(m.gw.pid, thread)):
        time.sleep(0.5)  # what was on its way has come
        since = time.monotonic()
        time.sleep(1.5)  # more than twice the time in which a sign was due
        assert not m.said("WATCHDOG=1", since)
    since = time.monotonic()
    m.hear("WATCHDOG=1", since)


def test_watchdog_of_another_process(lab):
    m = Manager(lab, address=f"@radsecgw-{os.getpid()}-{time.monotonic_ns()}", WATCHDOG_USEC="60000", WATCHDOG_PID="1")
    m.hear("READY=1")
    m.hear("STATUS=")
    m.gw.signal(signal.SIGTERM)
    assert m.gw.wait() == 0
    assert not m.said("WATCHDOG")


@pytest.mark.parametrize("address, reason", [
    ("/nonexistent/socket", "No such file or directory"),
    ("relative", "Invalid argument"),
    ("/" + "x" * 200, "Invalid argument"),
])
def test_nobody_there(lab, address, reason):
    """A socket that is of no use is said once, and the gateway works."""
    m = Manager(lab, workers=1, WATCHDOG_USEC="60000")
    m.gw.stop()
    gw = Gateway(lab, "second", [*binary(), "run", "-c", m.conf],
                 env={**os.environ, "NOTIFY_SOCKET": address, "WATCHDOG_USEC": "60000"})
    gw.wait_line("started")
    assert gw.wait_line("notify-failed").fields["reason"] == reason
    time.sleep(0.3)
    assert len(gw.lines("notify-failed")) == 1
    assert gw.stop() == 0
