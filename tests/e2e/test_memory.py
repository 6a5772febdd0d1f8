# SPDX-License-Identifier: GPL-2.0-or-later
"""What a client or a peer can make the gateway remember: with the defaults no more than 32 MiB in all, and it is
given back. And what it is answered without being remembered: only so often."""
import pathlib
import socket
import time

import pytest

import radius
from inbound import FakeHome, Visitor
from lab import HOME_SECRET, NAS_SECRET, wait_for
from peer import Nas

NAS, RADSEC = NAS_SECRET.encode(), b"radsec"
MOST, BACK = 32 * 1024, 2 * 1024  # KiB

# What an answer has to repeat: 3.5 KB.
STATES = radius.attr(radius.PROXY_STATE, bytes(253)) * 13 + radius.attr(radius.PROXY_STATE, bytes(180))


class Place:
    """A gateway with the defaults for a NAS and a peer, in front of a server that is silent."""

    def __init__(self, lab, gateway="", client="status-server-rate = 0", peer=""):
        self.lab, self.pki, self.home = lab, lab.pki(), FakeHome(lab)
        self.auth, self.radsec = lab.port(), lab.port()
        self.gw = lab.gateway(lab.write("memory.ini", f"""\
[gateway]
connect-rate-per-address = 0
{gateway}

[log]
level = notice

[tls lab]
certificate = {self.pki}/localhost.pem
key = {self.pki}/localhost.key
ca = {self.pki}/ca.pem

[listen nas]
udp = 127.0.0.1:{self.auth}

[listen radsec]
tls = 127.0.0.1:{self.radsec}
profile = lab

[client nas]
address = 127.0.0.1
secret = {NAS_SECRET}
{client}

[peer visitor]
accept = yes
name = gateway.test
tls = lab
{peer}

[server home]
auth = 127.0.0.1:{self.home.auth}
secret = {HOME_SECRET}

[realm refused.example]
reject = nobody is here

[realm *]
pool = home
"""), wait="started")

    def memory(self, key="VmRSS"):
        """KiB that are resident, or with VmHWM the most that were so far."""
        text = pathlib.Path(f"/proc/{self.gw.pid}/status").read_text(encoding="ascii")
        return int(text.split(f"{key}:")[1].split()[0])

    def is_plain(self):
        """Sanitizers and valgrind have memory of their own."""
        maps = pathlib.Path(f"/proc/{self.gw.pid}/maps").read_text(encoding="ascii")
        return not any(word in maps for word in ("asan", "tsan", "valgrind"))

    def flood(self, n, user, states=STATES):
        """So many logins of the NAS, from as many ports as that takes."""
        for begin in range(0, n, 256):
            nas = Nas(self.auth, NAS_SECRET)
            nas.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            nas.send_many([radius.access_request(i, NAS, user=user, more=states)
                           for i in range(min(256, n - begin))], pause=20)
            nas.close()

    def comes_back(self, before, seconds):
        """Memory is what it was, but for a little."""
        wait_for("memory to come back", lambda: self.memory() <= before + BACK, seconds)

    def visit(self):
        return Visitor(self.radsec, self.pki)


@pytest.fixture
def place(lab):
    made = []

    def start(**conf):
        made.append(Place(lab, **conf))
        return made[-1]
    yield start
    for p in made:
        p.home.close()


def test_answers_that_are_kept(place):
    """15,000 requests are refused, and each answer is of 3.5 KB. They are kept for a while, but not all of them."""
    p = place()
    if not p.is_plain():
        pytest.skip("memory of a sanitizer")
    p.flood(20, b"x@refused.example")
    before = p.memory()
    p.flood(15000, b"x@refused.example")
    during, counters = p.memory("VmHWM"), p.gw.counters()
    assert counters["request_rejected"] == 15020
    assert counters["answers_crowded_out"] > 12000
    assert during <= before + 10 * 1024 and during <= MOST
    p.comes_back(before, 20)


def test_requests_that_wait(place):
    """The same with requests that nobody answers. One client cannot take what others need: a peer still gets in. All
    of it goes when the requests have lived their time."""
    p = place()
    if not p.is_plain():
        pytest.skip("memory of a sanitizer")
    p.flood(20, b"x@refused.example")
    before, visitor = p.memory(), p.visit()
    p.flood(15000, b"x@silent.example")
    asked = radius.access_request(1, RADSEC, user=b"friend@example.org")
    visitor.send(asked)

    def is_served():
        packet = p.home.receive(0.1)
        while packet and b"friend@" not in packet:
            packet = p.home.receive(0.1)
        if packet:
            p.home.answer()
        return packet
    wait_for("the friend's request", is_served)
    assert radius.answer_ok(visitor.receive(), asked, RADSEC)
    during, counters = p.memory("VmHWM"), p.gw.counters()
    assert counters["requests_over_share"] > 10000
    assert " requests-over-share: " in p.gw.log() and "client=nas" in p.gw.log()
    assert during <= MOST
    p.comes_back(before, 60)


def test_requests_of_a_peer(place):
    """Nothing but a trace is kept of what came over TLS: 15,000 refusals to it are nowhere to be seen."""
    p = place()
    if not p.is_plain():
        pytest.skip("memory of a sanitizer")
    visitor = p.visit()

    def ask(n):
        for begin in range(0, n, 250):
            packets = [radius.access_request(i, RADSEC, user=b"x@refused.example", more=STATES) for i in range(250)]
            for at in range(0, 250, 25):
                visitor.send(b"".join(packets[at:at + 25]))
                assert all(visitor.receive() for _ in range(25))
    ask(500)
    before = p.memory()
    ask(15000)
    assert p.gw.counters()["request_rejected"] == 15500
    assert p.memory() <= before + 1024


def test_peers_that_do_not_read(place):
    """Sixteen connections of a peer ask and never read: what waits for all of them is bounded, and somebody who
    reads is still served."""
    p = place(gateway="max-write-octets = 1m", peer="user-timeout = 10m\nstatus-server-rate = 0")
    good, deaf = p.visit(), [p.visit() for _ in range(15)]
    before = p.memory()
    for v in deaf:
        v.tls.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        v.tls.setblocking(False)
    stuck = set()
    while len(stuck) < len(deaf):
        # New ones each time, or they would be known and not be answered again.
        packets = b"".join(radius.access_request(i, RADSEC, user=b"x@refused.example", more=STATES) for i in range(32))
        for v in deaf:
            try:
                v.tls.send(packets)
                stuck.discard(v)
            except OSError:
                stuck.add(v)
        assert good.ask(radius.request(12, 1, b"", RADSEC))
    wait_for("the stalls", lambda: p.gw.counters().get("connections_stalled", 0) >= 15)
    if p.is_plain():
        # 1 MiB, a packet for each, and what TLS needs to read.
        assert p.memory() - before <= 3 * 1024
    asked = radius.access_request(1, RADSEC, user=b"x@refused.example", more=STATES)
    assert radius.answer_ok(good.ask(asked), asked, RADSEC)
    for v in deaf:
        v.tls.close()
    wait_for("the ends", lambda: p.gw.counters().get("incoming_ended") == 15)
    assert good.ask(radius.request(12, 2, b"", RADSEC))
    if p.is_plain():
        p.comes_back(before, 20)


@pytest.mark.parametrize("over", ["udp", "tls"])
def test_status_server_rate(place, over):
    """2,000 Status-Servers at once, with the default: some hundreds are answered, and the others are counted."""
    p = place(client="")
    began = time.monotonic()
    if over == "udp":
        nas = Nas(p.auth, NAS_SECRET)
        nas.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        for i in range(2000):
            nas.send(radius.request(radius.STATUS_SERVER, i % 256, b"", NAS))
            if i % 50 == 49:
                time.sleep(0.002)

        def receive():
            return nas.receive(0.5)
    else:
        visitor = p.visit()
        visitor.send(b"".join(radius.request(radius.STATUS_SERVER, i % 256, b"", RADSEC) for i in range(2000)))

        def receive():
            return visitor.receive(0.5)
    answers = 0
    while receive():
        answers += 1
    seconds = time.monotonic() - began
    counters = p.gw.counters()
    assert 200 <= answers <= 200 + 100 * seconds
    assert counters["status_server_answered"] == answers
    assert answers + counters["probes_too_fast"] <= 2000
    assert over == "udp" or answers + counters["probes_too_fast"] == 2000
    assert " probes-too-fast: " in p.gw.log()
