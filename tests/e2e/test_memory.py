# SPDX-License-Identifier: GPL-2.0-or-later
"""What a client or a peer can make the gateway remember: with the defaults no more than 32 MiB in all, and it is
given back. And what it is answered without being remembered: only so often."""
import pathlib
import socket
import time

import pytest

import radius
from flood import NAS, RADSEC, STATES, Challengers, Place
from lab import NAS_SECRET, wait_for
from peer import Nas

# KiB. An idle gateway takes 4 MiB, or 6.5 MiB with the shared library; all that others can add is 28 MiB, and what the
# allocator does not give back at once comes on top.
MOST, BACK = 30 * 1024, 2 * 1024


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
    assert during <= before + 10 * 1024
    p.comes_back(before + BACK, 20)


def test_requests_that_wait(place):
    """Requests that nobody answers are kept, but one client cannot take what others need: a peer still gets in. All of
    it goes when the requests have lived their time."""
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
    # Both say the same of a client: the one where its request comes, the other where it would be sent.
    assert counters.get("requests_over_share", 0) + counters.get("request_over_share", 0) > 10000
    assert " requests-over-share: " in p.gw.log() and "client=nas" in p.gw.log()
    assert during <= before + MOST
    p.comes_back(before + BACK, 60)


def test_requests_of_a_peer(place):
    """Nothing but a trace is kept of what came over TLS: 3,000 refusals of 3.5 KB are nowhere to be seen. What is
    remembered of requests, and lines that wait, have bounds of their own, of 3 MiB together."""
    p = place()
    if not p.is_plain():
        pytest.skip("memory of a sanitizer")
    visitors = [p.visit() for _ in range(12)]

    def ask(visitor, first, n):
        visitor.send(b"".join(radius.access_request(i, RADSEC, user=b"x@refused.example", more=STATES)
                              for i in range(first, first + n)))
        assert all(visitor.receive() for _ in range(n))
    for v in visitors:
        ask(v, 0, 25)
    before = p.memory()
    for v in visitors:
        for first in range(0, 250, 25):
            ask(v, first, 25)
    assert p.gw.counters()["request_rejected"] == 12 * 275
    assert p.memory() <= before + 3072


def test_peers_that_do_not_read(place):
    """Sixteen connections of a peer ask and never read: what waits for all of them is bounded, and somebody who
    reads is still served."""
    # Trails of requests have a bound of their own.
    p = place(gateway="max-write-octets = 1m\nring = 0", peer="user-timeout = 10m\nstatus-server-rate = 0")
    good = p.visit()
    before, anonymous = p.memory(), p.memory("RssAnon")
    for deaf in p.deafen([p.visit() for _ in range(15)]):
        assert good.ask(radius.request(12, 1, b"", RADSEC))
    wait_for("the stalls", lambda: p.gw.counters().get("connections_stalled", 0) >= 15, 60)
    if p.is_plain():
        # 1 MiB, a packet for each, and what TLS needs to read; pages of the program itself are nobody's doing.
        assert p.memory("RssAnon") - anonymous <= 3 * 1024
    asked = radius.access_request(1, RADSEC, user=b"x@refused.example", more=STATES)
    assert radius.answer_ok(good.ask(asked), asked, RADSEC)
    for v in deaf:
        v.tls.close()
    wait_for("the ends", lambda: p.gw.counters().get("incoming_ended") == 15)
    assert good.ask(radius.request(12, 2, b"", RADSEC))
    if p.is_plain():
        p.comes_back(before + BACK, 20)


def test_a_peer_that_does_not_read_takes_nothing_from_others(place):
    """With the defaults, all connections that one peer may have, and as many answers on them as it can ask for. Another
    peer asks for much at once, and gets all of its answers."""
    p = place(peer="user-timeout = 10m", clients=("gateway.test", "friend.test"),
              extra="[peer friend]\naccept = yes\nname = friend.test\ntls = lab\n")
    good, deaf = p.visit("friend.test"), [p.visit() for _ in range(16)]
    # The answers for these connections come later, when nothing is read any more.
    for v in deaf:
        v.send(b"".join(radius.access_request(i, RADSEC, user=b"x@example.org", more=STATES) for i in range(80, 150)))
        assert all(p.home.receive() for _ in range(70))
    for i, v in enumerate(deaf):
        for _ in p.deafen([v]):
            pass
        for packet in p.home.packets[70 * i:70 * i + 70]:
            p.home.answer(packet=packet)
    wait_for("the answers", lambda: "from_peer=visitor" in p.gw.log())
    asked = [radius.access_request(i, RADSEC, user=b"x@refused.example", more=STATES) for i in range(100)]
    good.send(b"".join(asked))
    assert all(good.receive(2) for _ in asked)
    assert "from_peer=friend" not in p.gw.log()


def test_everything_at_once(lab, place):
    """A client and a peer do all that they can do together, with the defaults: kept answers, conversations, realms,
    connections that are not read, and requests that wait."""
    far = Challengers(lab)
    p = place(extra=far.conf())
    if not p.is_plain():
        pytest.skip("memory of a sanitizer")
    far.start()
    before = p.memory()
    p.flood(40000, b"x@r%d.challenge.example", b"")
    for _ in p.deafen([p.visit() for _ in range(16)]):
        pass
    p.flood(4000, b"x@refused.example")
    p.flood(4000, b"x@silent.example")
    counters = p.gw.counters()
    assert counters["conversations_forgotten"] > 1000
    assert p.memory("VmHWM") <= before + MOST
    far.close()


def test_closed_connections_that_still_send(place):
    """A connection that the gateway closes stays for a moment, so that the peer gets what was sent. 300 of a peer that
    does not close its side: no more than 256 stay at one time, and none for long."""
    p = place(gateway="connect-rate = 0\nmax-connections-per-address = 1000", peer="max-connections = 1000")

    def descriptors():
        return len(list(pathlib.Path(f"/proc/{p.gw.pid}/fd").iterdir()))
    before = descriptors() + 1  # the timer that watches for the ends of their certificates
    visitors = [p.visit() for _ in range(300)]
    wait_for("all of them", lambda: p.gw.counters().get("incoming_opened") == 300)
    for v in visitors:
        v.send(b"\x01\x00\x00\x01")  # its Length is too short
    wait_for("the ends", lambda: p.gw.counters().get("incoming_ended") == 300)
    assert descriptors() <= before + 256
    # Each connection was told: the end of the session is there, not just the end of the connection.
    assert all(v.is_closed() for v in visitors[:40])
    wait_for("all of them to go", lambda: descriptors() <= before, 5)


@pytest.mark.parametrize("over", ["udp", "tls"])
def test_status_server_rate(place, over):
    """Of 2,000 Status-Servers at once, with the default rate, some hundreds are answered, and the others are
    counted."""
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
