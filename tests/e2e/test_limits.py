# SPDX-License-Identifier: GPL-2.0-or-later
"""Limits of connections that peers open, each of them reached."""
import resource
import socket
import ssl
import threading
import time

import pytest

import radius
from inbound import FakeHome, Visitor, inbound_conf
from lab import PATIENCE, Gateway, binary, wait_for
from relay import Relay

SECRET = b"radsec"
STATUS = radius.request(12, 1, b"", SECRET)


@pytest.fixture
def start(lab):
    """Starts a gateway with these options; gives (gateway, function that makes visitors)."""
    homes = []

    def go(**conf):
        pki, home = lab.pki(), FakeHome(lab)
        homes.append(home)
        gw = lab.gateway(inbound_conf(lab, pki, home, **conf), wait="started")
        gw.home = home
        return gw, lambda **more: Visitor(lab.radsec, pki, **more)
    yield go
    for home in homes:
        home.close()


def plain(lab, source=None):
    """A bare TCP connection, or None if it is refused at once."""
    try:
        return socket.create_connection(("127.0.0.1", lab.radsec), 5,
                                        source_address=(source, 0) if source else None)
    except ConnectionError:
        return None


def is_reset(sock, timeout=5.0):
    """Has the other side ended it, without a word?"""
    if sock is None:
        return True
    sock.settimeout(timeout)
    try:
        return sock.recv(1) == b""
    except ConnectionError:
        return True
    except TimeoutError:
        return False


def is_refused(visit):
    """Is a peer turned away, before or after it has said who it is?"""
    try:
        return visit().is_closed()
    except OSError:
        return True


def test_connections_of_one_peer(start):
    gw, visit = start(peer="max-connections = 3")
    kept = [visit() for _ in range(3)]
    for v in kept:
        assert v.ask(STATUS)
    assert visit().is_closed()
    assert gw.counters()["refused_max_connections_peer"] == 1
    assert "max-connections of the peer is reached" in gw.log()
    kept.pop().close()
    gw.wait_log(r" connection-lost: ")
    kept.append(visit())
    assert all(v.ask(STATUS) for v in kept)


@pytest.mark.parametrize("where,option,counter", [
    ("gateway", "max-connections = 2", "refused_max_connections"),
    ("gateway", "max-connections-per-address = 2", "refused_max_connections_per_address"),
    ("listen", "max-connections = 2", "refused_max_connections_listener"),
    ("gateway", "connect-rate = 1/h burst 3", "refused_connect_rate_known"),
    ("gateway", "connect-rate-per-address = 1/h burst 2", "refused_connect_rate_per_address"),
])
def test_connections_in_all_and_per_address(lab, start, where, option, counter):
    # The first visitor makes its address known.
    gw, visit = start(peer="address = 127.0.0.1, 127.0.0.2", **{where: option})
    kept = [visit(), visit()]
    assert all(v.ask(STATUS) for v in kept)
    assert is_refused(visit)
    assert gw.counters()[counter] == 1
    if "per-address" in option:
        assert visit(source="127.0.0.2").ask(STATUS)
    elif "rate" not in option:  # the last one is for an address that has had none
        assert is_reset(plain(lab, source="127.0.0.2"))
    assert all(v.ask(STATUS) for v in kept)


def test_half_open_connections_do_not_count(lab, start):
    """The option max-connections counts only connections that are up."""
    gw, visit = start(gateway="max-connections = 1", listen="max-connections = 1")
    silent = [plain(lab, source=f"127.0.0.{n}") for n in range(2, 12)]
    kept = visit()
    assert kept.ask(STATUS)
    assert not any(is_reset(s, 0.01) for s in silent)
    assert is_reset(plain(lab, "127.0.0.20"))
    assert kept.ask(STATUS) and gw.counters()["refused_max_connections_listener"] == 1


def test_known_addresses_have_a_rate_of_their_own(lab, start):
    """Known addresses are those that are named, and those from which a peer has proven its identity; strangers share
    what they have."""
    gw, visit = start(gateway="connect-rate = 1/h burst 2\nconnect-rate-per-address = 0",
                      peer="address = 127.0.0.7", extra="""
[peer anybody]
accept = yes
match = any
tls = lab
""")
    stranger = visit(source="127.0.0.3")
    assert stranger.ask(STATUS)
    assert not is_reset(plain(lab, "127.0.0.4"), 0.2)
    assert is_reset(plain(lab, "127.0.0.5"))
    assert gw.counters()["refused_connect_rate"] == 1
    assert visit(source="127.0.0.7").ask(STATUS)
    stranger.close()
    assert visit(source="127.0.0.3").ask(STATUS)
    assert is_reset(plain(lab, "127.0.0.7"))
    assert gw.counters()["refused_connect_rate_known"] == 1


class Flood(threading.Thread):
    """Opens connections that never come to anything: they say nothing, half of a record, or a record with half of a
    ClientHello. There are so many a second, from so many addresses, each held until the other side ends it."""

    def __init__(self, port, addresses, per_second):
        super().__init__(daemon=True)
        self.port, self.addresses, self.per_second = port, addresses, per_second
        self.begun, self.held, self.over = 0, [], threading.Event()
        self.hello = client_hello()

    def run(self):
        began = time.monotonic()
        while not self.over.wait(0.01):
            while self.begun < (time.monotonic() - began) * self.per_second:
                self.begin()
            self.held = [(sock, end) for sock, end in self.held if end > time.monotonic() or sock.close()]

    def begin(self):
        sock = socket.socket()
        sock.bind((f"127.1.0.{self.begun % self.addresses + 1}", 0))
        self.begun += 1
        half = len(self.hello) // 2
        try:
            sock.connect(("127.0.0.1", self.port))
            if self.begun % 3 == 1:
                sock.sendall(self.hello[:half])
            if self.begun % 3 == 2:
                sock.sendall(self.hello[:3] + (half - 5).to_bytes(2, "big") + self.hello[5:half])
        except ConnectionError:
            pass
        self.held.append((sock, time.monotonic() + 6))

    def stop(self):
        self.over.set()
        self.join()
        for sock, _ in self.held:
            sock.close()


def client_hello():
    out = ssl.MemoryBIO()
    session = ssl.create_default_context().wrap_bio(ssl.MemoryBIO(), out, server_hostname="localhost")
    with pytest.raises(ssl.SSLWantReadError):
        session.do_handshake()
    return out.read()


def get_in(lab, visit, addresses, times=30):
    """How often a peer 50 ms away gets in at the first attempt."""
    relay, got_in = Relay(lab.radsec, 0.025), 0
    for i in range(times):
        relay.source = addresses[i % len(addresses)]
        visitor = visit(connect=False)
        visitor.port = relay.port
        try:
            visitor.connect()
            got_in += bool(visitor.ask(STATUS))
            visitor.close()
        except (OSError, AssertionError):
            pass
    relay.close()
    return got_in


@pytest.mark.parametrize("addresses,per_second,workers", [(20, 60, 1), (60, 300, 1), (60, 300, 4)])
def test_peer_gets_in_during_a_storm(lab, start, addresses, per_second, workers):
    """A storm holds handshakes, or opens more connections than connect-rate, each address below its own limits. Whoever
    is connected notices nothing, and a peer gets in, from an address that was never seen before, too. Workers have
    their shares of what is for all."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    # The gateway has the default rates here; all other tests go without.
    gw, visit = start(gateway=f"workers = {workers}\nconnect-rate = 100/s burst 200", level="notice")
    there = visit(source="127.0.0.9")
    flood = Flood(lab.radsec, addresses, per_second)
    flood.start()
    try:
        # The first connections of the storm are given up by then.
        wait_for("the storm", lambda: flood.begun > 6 * per_second, 20)
        assert get_in(lab, visit, [f"127.2.0.{n}" for n in range(1, 31)]) >= 28
        assert there.ask(STATUS)
        assert get_in(lab, visit, ["127.2.1.1"]) >= 28
        assert there.ask(STATUS)
    finally:
        flood.stop()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    counters = gw.counters()
    if per_second > 100:
        assert counters["refused_connect_rate"] > per_second
    assert "refused_connect_rate_known" not in counters
    assert "refused_connect_rate_per_address" not in counters


def test_silent_connection_is_replaced(start):
    """A peer whose connections are dead comes back: as many get in as were silent, and nobody who is heard of goes."""
    gw, visit = start(peer="max-connections = 3")
    old = [visit(), visit(), visit()]
    assert all(v.ask(STATUS) for v in old)
    assert visit().is_closed()
    time.sleep(5.1)
    assert old[1].ask(STATUS)
    new = [visit(), visit()]
    assert all(v.ask(STATUS) for v in new)
    assert old[0].is_closed() and old[2].is_closed() and old[1].ask(STATUS)
    assert visit().is_closed()
    counters = gw.counters()
    assert counters["incoming_replaced"] == 2 and counters["refused_max_connections_peer"] == 2
    assert gw.log().count(" connection-replaced: ") == 2


def test_oldest_handshake_gives_way(lab, start):
    gw, visit = start(gateway="max-half-open = 4")
    silent = [plain(lab) for _ in range(4)]
    assert not is_reset(silent[0], 0.2)
    assert visit().ask(STATUS)
    assert is_reset(silent[0]) and not is_reset(silent[1], 0.2)
    assert gw.counters()["half_open_evicted"] == 1


def test_handshakes_give_way_while_they_are_worked_on(lab, start):
    """A connection can be closed in the very moment in which a step of its handshake is being done."""
    gw, visit = start(gateway="max-half-open = 1\nconnect-rate-per-address = 0\nconnect-rate = 0")

    def shake():
        for _ in range(15):
            try:
                visit().close()
            except OSError:
                pass
    threads = [threading.Thread(target=shake) for _ in range(8)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert gw.counters()["half_open_evicted"] > 0
    assert visit().ask(STATUS)


def is_closed_while(send, octets, is_closed):
    """Is the connection closed before the last of these octets has been sent, one by one?"""
    for octet in octets:
        try:
            send(bytes([octet]))
        except OSError:
            return True
        if is_closed():
            return True
    return False


def test_handshake_deadline_is_in_all(lab, start):
    """Dribbling octets does not stretch handshake-timeout: the connection is closed while they still come. The
    gateway's own clock says when."""
    gw, _ = start(listen="handshake-timeout = 1s")
    begun = time.time()
    dribble = plain(lab)
    dribble.sendall(b"\x16\x03\x01\x02\x00")
    assert is_closed_while(dribble.sendall, bytes(200), lambda: is_reset(dribble, 0.1))
    failed = gw.wait_line("handshake-failed", reason="no TLS session within handshake-timeout")
    assert 0.99 < failed.time - begun < 2.5 * PATIENCE
    assert gw.counters()["handshake_timeouts"] == 1


def test_rest_of_a_packet_does_not_come(start):
    """Dribbling octets does not stretch packet-timeout: the connection is closed while they still come."""
    gw, visit = start(gateway="packet-timeout = 1s")
    visitor = visit()
    assert visitor.ask(STATUS)
    packet = radius.access_request(1, SECRET, more=radius.attr(200, bytes(150)))
    begun = time.time()
    assert is_closed_while(visitor.send, packet[:-1], lambda: visitor.is_closed(0.1))
    closed = gw.wait_line("connection-closed", reason="the rest of a packet did not come within packet-timeout")
    assert 0.99 < closed.time - begun < 2.5 * PATIENCE
    assert gw.counters()["packet_timeouts"] == 1


def test_idle_connection_is_closed(start):
    """P-TLS-27: an idle connection is closed, one that is used is not; Status-Server does not count as use."""
    gw, visit = start(peer="idle-timeout = 1s", realm="example.org")
    idle, watched, used = visit(), visit(), visit()
    asked = [radius.access_request(i, SECRET, user=b"x@nowhere.example") for i in range(10)]
    watched.ask(STATUS)
    for packet in asked:
        assert used.ask(packet)
        time.sleep(0.2)
        if not watched.is_closed(0.01):
            watched.send(STATUS)
    assert idle.is_closed(0.1) and watched.is_closed(0.1) and used.ask(radius.access_request(99, SECRET, user=b"x@nowhere.example"))
    assert used.is_closed()
    assert gw.counters()["idle_timeouts"] == 3


def test_old_connection_is_drained(start):
    """What is open on an old connection is answered before it is closed."""
    gw, visit = start(peer="lifetime = 1s")
    visitor, asked = visit(), radius.access_request(1, SECRET)
    visitor.send(asked)
    assert gw.home.receive()
    gw.wait_log(r" connection-old: ")
    gw.home.answer()
    assert radius.answer_ok(visitor.receive(), asked, SECRET)
    assert visitor.is_closed()
    assert gw.counters()["lifetimes"] == 1


def test_bare_probe_costs_and_says_nothing(lab, start):
    gw, _ = start(level="info")
    before = gw.log()
    for _ in range(20):
        plain(lab).close()
    wait_for("the probes", lambda: gw.counters().get("incoming_silent") == 20)
    said = [line for line in gw.log()[len(before):].splitlines() if " status-" not in line]
    assert not said, said


def resident(process):
    """KiB of memory that the process has."""
    with open(f"/proc/{process.pid}/status", encoding="ascii") as status:
        return int(next(line for line in status if line.startswith("VmRSS")).split()[1])


def queues(visitor):
    """Octets that this visitor has sent and that are still on the way, and those that the gateway has not read."""
    here = f":{visitor.tls.getsockname()[1]:04X}"
    with open("/proc/net/tcp", encoding="ascii") as table:
        rows = [line.split() for line in table]
    ours = next(row[4] for row in rows if row[1].endswith(here))
    theirs = next(row[4] for row in rows if row[2].endswith(here))
    return int(ours.split(":")[0], 16), int(theirs.split(":")[1], 16)


def is_read(visitor, other):
    """Does the gateway read from this visitor? When it answers the other one for the second time, it has looked at all
    connections since it answered for the first time."""
    wait_for("all octets to arrive", lambda: queues(visitor)[0] == 0)
    before = queues(visitor)[1]
    for _ in range(2):
        assert other.ask(STATUS)
    return before == 0 or queues(visitor)[1] < before


def test_peer_that_does_not_read(start):
    """The buffer of a peer that does not read fills, then it is not read from either; nobody else notices, and memory
    stays bounded."""
    gw, visit = start(gateway="write-buffer = 64k", peer="user-timeout = 10m", realm="example.org")
    deaf, good = visit(), visit()
    deaf.tls.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    # Each answer has all of this in it; the kernel, too, keeps some megabytes.
    states = radius.attr(radius.PROXY_STATE, bytes(253)) * 15
    sent, before = 0, resident(gw)
    while is_read(deaf, good):
        assert sent < 256 << 20
        # The requests are new each time, or the gateway would know them and not answer again.
        packets = [radius.access_request(i, SECRET, user=b"x@nowhere.example", more=states) for i in range(8)]
        deaf.send(b"".join(packets))
        sent += sum(map(len, packets))
    assert resident(gw) - before < 30000
    gw.wait_log(r" connection-stalled: .* state=up reason=")


def test_out_of_descriptors(lab):
    """New connections wait in the kernel; the old ones work, and there is no busy loop."""
    pki, home = lab.pki(), FakeHome(lab)
    conf = inbound_conf(lab, pki, home)
    # The gateway takes what the system lets it have, so that is what has to be little.
    gw = Gateway(lab, "radsecgw", ["/usr/bin/prlimit", "--nofile=64:64", *binary(), "run", "-c", conf])
    gw.wait_log(" started: ")
    old = Visitor(lab.radsec, pki)
    crowd = [plain(lab, f"127.0.0.{10 + n % 4}") for n in range(80)]
    gw.wait_log(r" accept-failed: .*Too many open files")
    assert old.ask(STATUS)

    def ticks():
        with open(f"/proc/{gw.pid}/stat", encoding="ascii") as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        return int(fields[11]) + int(fields[12])
    before = ticks()
    time.sleep(1)
    assert ticks() - before <= 10
    for sock in crowd:
        sock.close()
    assert Visitor(lab.radsec, pki).ask(STATUS)
    home.close()


def test_stop_finishes_what_is_open(lab, start):
    """After SIGTERM no new connections are taken, an idle one ends, and one with a request ends after its answer."""
    gw, visit = start()
    idle, busy, asked = visit(), visit(), radius.access_request(1, SECRET)
    busy.send(asked)
    assert gw.home.receive()
    gw.popen.terminate()
    assert idle.is_closed()
    assert is_reset(plain(lab))
    gw.home.answer()
    assert radius.answer_ok(busy.receive(), asked, SECRET)
    assert busy.is_closed()
    assert gw.wait() == 0


def test_answers_sent_before_a_close_arrive(start):
    """A peer breaks a rule right behind good requests: their answers are not lost by the close."""
    gw, visit = start(realm="example.org")
    visitor = visit()
    good = [radius.access_request(i, SECRET, user=b"x@nowhere.example") for i in range(30)]
    visitor.send(b"".join(good) + b"\x01\x00\x00\x01" + bytes(1000))
    for packet in good:
        got = visitor.receive()
        assert got and radius.answer_ok(got, packet, SECRET)
    assert visitor.is_closed()


def test_goodbye_of_a_peer_with_an_open_session(start):
    """A peer says goodbye with close_notify or a bare FIN: both end the connection quietly."""
    gw, visit = start()
    polite, rude = visit(), visit()
    polite.close()
    rude.tls.shutdown(socket.SHUT_RDWR)
    wait_for("both ends", lambda: gw.counters().get("incoming_ended") == 2)
    with pytest.raises((OSError, ssl.SSLError)):
        rude.send(STATUS)
        rude.send(STATUS)
