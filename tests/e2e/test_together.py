# SPDX-License-Identifier: GPL-2.0-or-later
"""Packets that leave in one turn of the loop: they wait for each other to be signed and encrypted, and that must
not cost any of them when the connection or the program ends in the same turn."""
import contextlib
import pathlib
import signal

import pytest

import radius
from inbound import FakeHome, Visitor, inbound_conf
from lab import NAS_SECRET, wait_for
from peer import Nas, TlsPeer

SECRET = b"radsec"
BAD_LENGTH = b"\x01\x00\x00\x01"
# More than are signed side by side.
MANY = 20


@pytest.fixture
def start(lab):
    """Starts a gateway with these options; gives (gateway, its home server, a visitor)."""
    homes = []

    def go(**conf):
        pki, home = lab.pki(), FakeHome(lab)
        homes.append(home)
        gw = lab.gateway(inbound_conf(lab, pki, home, **conf), wait="started")
        return gw, home, Visitor(lab.radsec, pki)
    yield go
    for home in homes:
        home.close()


@contextlib.contextmanager
def asleep(gw):
    """What comes meanwhile is there all at once when the program goes on."""
    def stopped():
        tasks = pathlib.Path(f"/proc/{gw.pid}/task").glob("*/stat")
        return all(task.read_text().rsplit(")", 1)[1].split()[0] == "T" for task in tasks)
    gw.signal(signal.SIGSTOP)
    try:
        wait_for("the program to stop", stopped)
        yield
    finally:
        gw.signal(signal.SIGCONT)


def ask(visitor, home, n):
    """Sends n requests, which wait for their answers; returns them."""
    asked = [radius.access_request(i, SECRET) for i in range(n)]
    visitor.send(b"".join(asked))
    for _ in asked:
        assert home.receive()
    return asked


def receive(visitor, asked):
    """Each request gets its answer."""
    waiting = {packet[1]: packet for packet in asked}
    while waiting:
        got = visitor.receive()
        assert got, f"{len(waiting)} answers did not come"
        assert radius.answer_ok(got, waiting.pop(got[1]), SECRET)


def test_answers_of_one_turn(start):
    gw, home, visitor = start()
    asked = ask(visitor, home, MANY)
    with asleep(gw):
        for packet in home.packets:
            home.answer(packet=packet)
    receive(visitor, asked)
    visitor.close()


def test_stopped_while_answers_come(start):
    gw, home, visitor = start()
    asked = ask(visitor, home, MANY)
    with asleep(gw):
        for packet in home.packets:
            home.answer(packet=packet)
        gw.popen.terminate()
    receive(visitor, asked)
    assert visitor.is_closed()
    assert gw.wait() == 0


def test_stopped_while_answers_come_over_udp(lab):
    pki, port, held = lab.pki(), lab.port(), []
    peer = TlsPeer(port, pki / "localhost.pem", pki / "localhost.key", pki / "ca.pem",
                   lambda peer, tls, p: held.append((tls, p)))
    gw = lab.gateway(lab.gateway_conf(pki, port))
    nas = Nas(lab.auth, NAS_SECRET)
    asked = {i: radius.access_request(i, NAS_SECRET.encode()) for i in range(MANY)}
    for packet in asked.values():
        nas.send(packet)
    wait_for("the requests at the peer", lambda: len(held) == MANY)
    with asleep(gw):
        held[0][0].sendall(b"".join(radius.usual_answer(p) for _, p in held))
        gw.popen.terminate()
    while asked:
        got = nas.receive()
        assert got and radius.answer_ok(got, asked.pop(got[1]), NAS_SECRET.encode())
    assert gw.wait() == 0
    peer.close()


def test_closed_right_behind_answers(start):
    """The peer breaks a rule: what it has asked just before is answered all the same."""
    _, home, visitor = start()
    asked = ask(visitor, home, MANY)
    for packet in home.packets:
        home.answer(packet=packet)
    receive(visitor, asked)
    visitor.send(b"".join(asked) + BAD_LENGTH)
    receive(visitor, asked)
    assert visitor.is_closed()
    assert home.receive(0.1) is None


def test_goodbye_right_behind_requests(start):
    """The peer says goodbye, and hears what it has asked just before all the same."""
    gw, home, visitor = start()
    asked = ask(visitor, home, MANY)
    for packet in home.packets:
        home.answer(packet=packet)
    receive(visitor, asked)
    with asleep(gw):
        visitor.send(b"".join(asked))
        visitor.tls.settimeout(0)
        with pytest.raises(OSError):
            visitor.tls.unwrap()
    receive(visitor, asked)
    assert visitor.is_closed()


def test_write_buffer_counts_what_waits(start):
    """Three long answers fill 8 KiB, although none of them has been encrypted yet."""
    gw, home, visitor = start(gateway="write-buffer = 8k")
    asked = ask(visitor, home, 8)
    with asleep(gw):
        for packet in home.packets:
            home.answer(radius.ACCESS_ACCEPT, radius.attr(radius.REPLY_MESSAGE, bytes(253)) * 15, packet)
    receive(visitor, asked[:3])
    assert gw.counters()["tls_answers_dropped"] == 5
    for packet in asked[3:]:
        visitor.ask(packet)
    visitor.close()
