# SPDX-License-Identifier: GPL-2.0-or-later
"""Packets that leave in one turn of the loop: they wait for each other to be signed and encrypted, and that must
not cost any of them when the buffer is full, or when the connection or the program ends in the same turn."""
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
# So many requests are more than are signed side by side.
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
    """Stops the program for a while: what comes meanwhile is there all at once when it goes on."""
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
    """Checks that each request gets its answer."""
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


@pytest.fixture
def far(lab):
    """Makes peers whose requests wait for their answers; gives (port, what has come)."""
    pki, peers = lab.pki(), []

    def make(secret=b"radsec"):
        port, held = lab.port(), []
        peers.append(TlsPeer(port, pki / "localhost.pem", pki / "localhost.key", pki / "ca.pem",
                             lambda peer, tls, p: held.append((tls, p)), greets=secret))
        return port, held
    make.pki = pki
    yield make
    for peer in peers:
        peer.close()


def outbound(lab, far, **conf):
    """Starts a gateway with these options; returns it, what has come to its peer, and a NAS."""
    port, held = far()
    return lab.gateway(lab.gateway_conf(far.pki, port, **conf)), held, Nas(lab.auth, NAS_SECRET)


def receive_datagrams(nas, asked):
    waiting = {packet[1]: packet for packet in asked}
    while waiting:
        got = nas.receive()
        assert got, f"{len(waiting)} answers did not come"
        assert radius.answer_ok(got, waiting.pop(got[1]), nas.secret)


def test_stopped_while_answers_come_over_udp(lab, far):
    gw, held, nas = outbound(lab, far)
    asked = [radius.access_request(i, nas.secret) for i in range(MANY)]
    for packet in asked:
        nas.send(packet)
    wait_for("the requests at the peer", lambda: len(held) == MANY)
    with asleep(gw):
        for tls, packet in held:
            tls.sendall(radius.usual_answer(packet))
        gw.popen.terminate()
    receive_datagrams(nas, asked)
    assert gw.wait() == 0


def test_requests_that_had_to_wait_for_room(lab, far):
    """Three long requests fill 8 KiB; when they have left, the next ones leave in the same turn."""
    gw, held, nas = outbound(lab, far, gateway="write-buffer = 8k")
    long = radius.attr(200, bytes(253)) * 14
    asked = [radius.access_request(i, nas.secret, more=long) for i in range(MANY)]
    with asleep(gw):
        for packet in asked:
            nas.send(packet)
    wait_for("the requests at the peer", lambda: len(held) == MANY, 3)
    for tls, packet in held:
        tls.sendall(radius.usual_answer(packet))
    receive_datagrams(nas, asked)


def test_each_hop_has_its_secret(lab, far):
    """P-PKT-12: two clients, told apart by their addresses, and two peers with secrets of their own, and all their packets
    in the same turns."""
    port, others = far(b"secret of the other peer")
    gw, held, nas = outbound(lab, far, extra=f"""
[client other]
address = 127.0.0.2
secret = secret of the other client
[peer other]
connect = localhost:{port}
tls = lab
connections = 1-4
secret = secret of the other peer
[realm other.example]
pool = other
""")
    gw.wait_log(" connection-up: .*peer=other")
    other_nas = Nas(lab.auth, "secret of the other client", source="127.0.0.2")
    asked = {n: [radius.access_request(i, n.secret, user=b"bob@other.example" if i % 3 else b"bob@example.org")
                 for i in range(MANY // 2)] for n in (nas, other_nas)}
    with asleep(gw):
        for pair in zip(*asked.values()):
            nas.send(pair[0])
            other_nas.send(pair[1])
    wait_for("the requests at the peers", lambda: len(held) + len(others) == MANY)
    with asleep(gw):
        for place, secret in (held, b"radsec"), (others, b"secret of the other peer"):
            for tls, packet in place:
                assert radius.message_authenticator_ok(packet, packet[4:20], secret)
                tls.sendall(radius.usual_answer(packet, secret))
    for n in asked:
        receive_datagrams(n, asked[n])


def test_closed_right_behind_answers(start):
    """The peer breaks a rule: what it has asked just before is answered all the same."""
    _, home, visitor = start()
    # What is answered here and now.
    asked = [radius.request(radius.STATUS_SERVER, i, b"", SECRET) for i in range(MANY)]
    visitor.send(b"".join(asked) + BAD_LENGTH)
    receive(visitor, asked)
    assert visitor.is_closed()
    assert home.receive(0.1) is None


def test_goodbye_right_behind_requests(start):
    """The peer says goodbye, and hears what it has asked just before all the same."""
    gw, _, visitor = start()
    # What is answered here and now.
    asked = [radius.request(radius.STATUS_SERVER, i, b"", SECRET) for i in range(MANY)]
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
