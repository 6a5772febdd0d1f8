# SPDX-License-Identifier: GPL-2.0-or-later
"""One packet that a peer dislikes, among the logins of others: it ends at most three connections, and nobody else
loses a login. The peers are real RADIUS servers, and raw ones that do just what a test wants."""
import os
import re
import threading
import time

import pytest

import radius
from lab import NAS_SECRET, PASSWORD, PATIENCE, USER, wait_for
from peer import Nas, TlsPeer
from test_failover import pool_conf

SECRET = NAS_SECRET.encode()
RADSEC = b"radsec"
EAP = radius.attr(79, b"\x02\x07\x00\x0a\x01anony")

# So many logins of others are sent, so many a second. POISON_LOGINS=560 is the measure that the figures are made with.
LOGINS = int(os.environ.get("POISON_LOGINS", "150"))
PER_SECOND = 50


class Traffic:
    """The logins of others, one after the other and never sent twice; it notes when each was answered."""

    def __init__(self, port):
        self.nas, self.lock = Nas(port, NAS_SECRET), threading.Lock()
        self.waiting, self.seconds, self.sent = {}, [], 0
        self.over = False
        self.thread = threading.Thread(target=self._receive, daemon=True)
        self.thread.start()

    def _receive(self):
        while not self.over:
            data = self.nas.receive(0.2)
            if data is None:
                continue
            with self.lock:
                packet, at = self.waiting.pop(data[1], (None, 0))
            if packet is not None and radius.answer_ok(data, packet, SECRET) and data[0] == radius.ACCESS_ACCEPT:
                self.seconds.append(time.monotonic() - at)

    def run(self, n):
        for _ in range(n):
            packet = radius.access_request(self.sent % 256, SECRET, USER.encode(), PASSWORD.encode())
            with self.lock:
                self.waiting[packet[1]] = (packet, time.monotonic())
            self.nas.send(packet)
            self.sent += 1
            time.sleep(1 / PER_SECOND)

    def end(self):
        """Checks that all logins have their answer, and that a NAS would have sent none of them again."""
        wait_for("answers", lambda: not self.waiting, 10)
        self.over = True
        self.thread.join()
        assert len(self.seconds) == self.sent
        self.seconds.sort()
        p99 = self.seconds[int(len(self.seconds) * 0.99)] * 1000
        print(f"{self.sent} logins of others: p99 {p99:.0f} ms, slowest {self.seconds[-1] * 1000:.0f} ms")
        assert p99 < 1000 * PATIENCE
        self.nas.close()


def lost(gw):
    return len(re.findall(r" connection-(?:lost|closed): .*opened_by=us.* state=up", gw.log()))


def play(lab, gw, bad, answer=radius.ACCESS_REJECT):
    """Sends the bad packet among the logins of others."""
    traffic = Traffic(lab.auth)
    traffic.run(LOGINS // 3)
    nas = Nas(lab.auth, NAS_SECRET)
    nas.send(bad)
    traffic.run(LOGINS - LOGINS // 3)
    data = nas.receive(10)
    traffic.end()
    assert data is not None and radius.answer_ok(data, bad, SECRET) and data[0] == answer
    nas.close()
    print("\n".join(re.findall(r"^.* (?:connection-(?!state)|request-stopped).*", gw.log(), re.M)))
    return lost(gw)


# ---- a real server

# These packets make FreeRADIUS close a connection.
DISLIKED = {
    "EAP-Message beside User-Password": lambda: radius.access_request(7, SECRET, more=EAP),
    "an attribute of type 0": lambda: radius.access_request(7, SECRET, more=radius.attr(0, b"zero")),
    "more than 200 attributes": lambda: radius.access_request(7, SECRET, more=radius.attr(18, b"x") * 210),
}


@pytest.mark.parametrize("members", [1, 2])
@pytest.mark.parametrize("what", DISLIKED)
def test_real_server_that_closes(lab, what, members):
    pki = lab.pki()
    homes = [lab.freeradius(f"home{i}", tls=(pki, "localhost")) for i in range(members)]
    gw = lab.gateway(pool_conf(lab, pki, [home.tls for home in homes], peer="connections = 1-16"), wait="started")
    gw.wait_log(" connection-up: ", count=members)
    assert 1 <= play(lab, gw, DISLIKED[what]()) <= 3
    line = re.search(r" request-stopped: .*", gw.log())[0]
    assert "client=nas" in line and "user=bob@example.org" in line and "peer=p" in line
    assert gw.counters()["request_ends_connections"] == 1


# ---- raw peers

def bad_answer(kind, p):
    """An answer that is wrong in one way."""
    good = radius.usual_answer(p)
    if kind == "Response Authenticator":
        return good[:4] + bytes(16) + good[20:]
    if kind == "Message-Authenticator":
        wrong = radius.attr(radius.MESSAGE_AUTHENTICATOR, bytes(16))
        return radius.answer(radius.ACCESS_ACCEPT, p, wrong, RADSEC, with_ma=False)
    head = bytes([radius.ACCESS_ACCEPT, p[1], 0, 22])
    return head + radius.md5(head, p[4:20], b"\x12\x00", RADSEC) + b"\x12\x00"


class Raw:
    """Peers that like each login but those of `poison`; with these they do what they are told."""

    def __init__(self, lab, members, behave):
        self.pki, ports = lab.pki(), [lab.port() for _ in range(members)]
        self.came = 0

        def answer(peer, tls, p):
            if p[0] == radius.ACCESS_REQUEST and radius.get(p, radius.USER_NAME) == b"poison":
                self.came += 1
                behave(peer, tls, p)
            else:
                tls.sendall(radius.usual_answer(p))
        self.peers = [TlsPeer(port, self.pki / "localhost.pem", self.pki / "localhost.key", self.pki / "ca.pem",
                              answer) for port in ports]
        self.gw = lab.gateway(pool_conf(lab, self.pki, ports, peer="connections = 1-16"), wait="started")
        self.gw.wait_log(" connection-up: ", count=members)

    def close(self):
        for peer in self.peers:
            peer.close()


def hang_up(peer, tls, p):
    """Makes the peer read no further; ValueError ends its thread, which closes the connection."""
    raise ValueError("disliked")


@pytest.mark.parametrize("members", [1, 2])
def test_raw_peer_that_closes(lab, members):
    raw = Raw(lab, members, hang_up)
    assert play(lab, raw.gw, radius.access_request(7, SECRET, b"poison")) == 3
    assert raw.came == 3
    raw.close()


@pytest.mark.parametrize("members", [1, 2])
@pytest.mark.parametrize("kind", ["Response Authenticator", "Message-Authenticator", "attribute of length 0"])
def test_raw_peer_with_a_bad_answer(lab, kind, members):
    raw = Raw(lab, members, lambda peer, tls, p: tls.sendall(bad_answer(kind, p)))
    assert play(lab, raw.gw, radius.access_request(7, SECRET, b"poison")) == 1
    assert raw.came == 1
    assert raw.gw.counters()["request_bad_answer"] == 1
    raw.close()
