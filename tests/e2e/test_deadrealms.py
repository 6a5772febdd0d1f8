# SPDX-License-Identifier: GPL-2.0-or-later
"""One institution is dead, or out of reach for one of two national proxies: nobody else notices (P-FO-7)."""
import time

import pytest

import radius
from lab import NAS_SECRET, PATIENCE, wait_for
from peer import Nas
from test_failover import SECRET, far, requests  # noqa: F401


def login(ident, realm):
    return radius.access_request(ident, SECRET, user=b"bob@" + realm)


def realm_of(packet):
    return radius.get(packet, radius.USER_NAME).split(b"@")[1]


@pytest.fixture
def cut(far):  # noqa: F811
    """Two members; the first has no way to far.example, and both have none to dead.example."""
    def behave(i, tls, p):
        if realm_of(p) == b"dead.example" or (realm_of(p) == b"far.example" and i == 0):
            return
        tls.sendall(radius.usual_answer(p))
    return far(behave=behave, pool="retry-after = 500ms", gateway="request-lifetime = 5s")


def ask(both, ident, realm, timeout=5.0):
    """Asks for this realm; the user gets in."""
    got = both.nas.ask(login(ident, realm), timeout)
    assert got is not None and got[0] == radius.ACCESS_ACCEPT


def waited(both, realm):
    """How many milliseconds each answer of this realm took, by the gateway's own clock."""
    return [int(line.fields["ms"]) for line in both.gw.lines("answered", user=f"bob@{realm}")]


def test_member_that_is_cut_off_from_one_realm(cut):
    """The first login of a realm that one member cannot reach finds out; the others go straight to the member that
    serves the realm, and every other realm stays with the first member, but perhaps for one login, until Status-Server
    has shown that it lives."""
    for i in range(20):
        ask(cut, i, b"near.example")
        ask(cut, 100 + i, b"far.example")
    assert all(realm_of(p) == b"near.example" for p in cut.requests(0)[3:])
    assert sum(realm_of(p) == b"near.example" for p in cut.requests(1)) <= 1
    far_away = waited(cut, "far.example")
    assert len(far_away) == 20 and far_away[0] >= 500 and max(far_away[2:]) < 500 * PATIENCE
    assert cut.gw.counters()["realms_marked"] == 1
    assert "realm-dead: " in cut.gw.log() and "realm=far.example" in cut.gw.log()


def test_dead_realm_takes_nobody_down(cut):
    """Forty requests a second of a dead realm beside live logins: each of these gets in by way of the first member, and
    none waits until another one would be asked. The first dead ones end meanwhile, so what comes of that shows, too."""
    dead = Nas(cut.lab.auth, NAS_SECRET)
    ask(cut, 0, b"near.example")
    for i in range(320):
        dead.send(login(i % 256, b"dead.example"))
        ask(cut, i % 256, b"near.example", 15)
        time.sleep(0.02)
    dead.close()
    near = waited(cut, "near.example")
    assert len(near) == 321 and max(near) < 500 * PATIENCE
    assert [realm_of(p) for p in cut.requests(0)].count(b"near.example") == 321
    assert all(realm_of(p) == b"dead.example" for p in cut.requests(1))
    counters = cut.gw.counters()
    assert counters["request_timed_out"] > 0
    assert "connections_suspected" not in counters and "member-silent" not in cut.gw.log()


def test_answer_clears_the_mark(far):  # noqa: F811
    broken = {0}

    def behave(i, tls, p):
        if realm_of(p) != b"far.example" or i not in broken:
            tls.sendall(radius.usual_answer(p))
    both = far(behave=behave, pool="retry-after = 500ms")
    ask(both, 0, b"near.example")
    both.nas.send(login(1, b"far.example"))
    ask(both, 2, b"near.example")
    both.gw.wait_log(r" realm-dead: .*peer=p0")
    broken.clear()
    broken.add(1)
    both.nas.send(login(3, b"far.example"))  # p1 does not answer now, so p0 is asked, too
    ask(both, 4, b"near.example")
    both.gw.wait_log(r" realm-alive: .*peer=p0", 5)
    wait_for("the mark", lambda: both.gw.counters().get("realms_cleared") == 1)


def test_protocol_error_502_marks_the_realm(far):  # noqa: F811
    def behave(i, tls, p):
        if i == 0 and realm_of(p) == b"far.example":
            tls.sendall(radius.answer(radius.PROTOCOL_ERROR, p, radius.attr(101, (502).to_bytes(4, "big")), b"radsec"))
        else:
            tls.sendall(radius.usual_answer(p))
    both = far(behave=behave)
    for i in range(5):
        ask(both, i, b"far.example")
    assert len(both.requests(0)) == 1 and len(both.requests(1)) == 5


def test_switched_off(far):  # noqa: F811
    def behave(i, tls, p):
        if i == 1 or realm_of(p) != b"far.example":
            tls.sendall(radius.usual_answer(p))
    both = far(behave=behave, pool="retry-after = 500ms\ndead-realm = 0")
    for i in range(3):
        both.nas.send(login(10 + i, b"far.example"))
        time.sleep(0.1)
        ask(both, i, b"near.example")
        time.sleep(0.6)
    assert sum(realm_of(p) == b"far.example" for p in both.requests(0)) == 3
    assert "realms_marked" not in both.gw.counters()
