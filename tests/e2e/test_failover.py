# SPDX-License-Identifier: GPL-2.0-or-later
"""Two ways to the same realms, and one of them goes wrong: what was on the way arrives all the same."""
import collections
import re
import time

import pytest

import radius
from lab import NAS_SECRET, PATIENCE, wait_for
from peer import Nas, TlsPeer

SECRET = NAS_SECRET.encode()
RADSEC = b"radsec"


def pool_conf(lab, pki, ports, pool="", peer="", gateway="", client=""):
    """A gateway with one peer for each port, all of them in one pool."""
    lab.auth, lab.acct = lab.port(), lab.port()
    peers = "".join(f"""
[peer p{i}]
connect = localhost:{port}
tls = lab
{peer}
""" for i, port in enumerate(ports))
    return lab.write("pool.ini", f"""\
[gateway]
{gateway}
[log]
level = debug
rate = 0
[tls lab]
certificate = {pki}/gateway.test.pem
key = {pki}/gateway.test.key
ca = {pki}/ca.pem
[listen local]
udp = 127.0.0.1:{lab.auth}, 127.0.0.1:{lab.acct}
[client nas]
address = 127.0.0.1
secret = {NAS_SECRET}
{client}
{peers}
[pool both]
members = {", ".join(f"p{i}" for i in range(len(ports)))}
{pool}
[realm *]
pool = both
""")


class Far:
    """Two far ends and the gateway before them. `silent` are those that answer no request, `deaf` those that
    do not answer Status-Server either."""

    def __init__(self, lab, n=2, behave=None, **conf):
        self.lab, self.pki, self.ports = lab, lab.pki(), [lab.port() for _ in range(n)]
        self.silent, self.deaf, self.behave = set(), set(), behave
        self.peers = [self.peer(i) for i in range(n)]
        self.gw = lab.gateway(pool_conf(lab, self.pki, self.ports, **conf), wait="started")
        self.nas = Nas(lab.auth, NAS_SECRET)

    def peer(self, i):
        def answer(peer, tls, p):
            if p[0] == radius.STATUS_SERVER:
                if i not in self.deaf:
                    tls.sendall(radius.usual_answer(p))
            elif self.behave is not None:
                self.behave(i, tls, p)
            elif i not in self.silent:
                tls.sendall(radius.usual_answer(p))
        return TlsPeer(self.ports[i], self.pki / "localhost.pem", self.pki / "localhost.key",
                       self.pki / "ca.pem", answer, greets=None)

    def restart(self, i):
        self.peers[i] = self.peer(i)

    def requests(self, i):
        return [p for p in self.peers[i].packets if p[0] != radius.STATUS_SERVER]

    def collect(self, packets, timeout):
        """Waits for the answers to all packets."""
        waiting = {(p[1], p[4:20]): p for p in packets}
        end = time.monotonic() + timeout
        while waiting and (left := end - time.monotonic()) > 0:
            data = self.nas.receive(left)
            for key, packet in list(waiting.items()):
                if data is not None and data[1] == key[0] and radius.answer_ok(data, packet, SECRET):
                    del waiting[key]
        assert not waiting, f"{len(waiting)} of {len(packets)} are not answered"

    def waited(self):
        """How many milliseconds each answer took so far, in order, by the gateway's own clock."""
        return [int(line.fields["ms"]) for line in self.gw.lines("answered")]

    def after_the_loss(self):
        """Seconds between the loss of the first connection and the last answer, by the gateway's own clock."""
        return self.gw.lines("answered")[-1].time - self.gw.lines("connection-lost")[0].time

    def close(self):
        for peer in self.peers:
            peer.close()
        self.nas.close()


@pytest.fixture
def far(lab):
    made = []

    def go(**more):
        made.append(Far(lab, **more))
        return made[-1]
    yield go
    for one in made:
        one.close()


def requests(n, first=0, more=b""):
    return [radius.access_request((first + i) % 256, SECRET, more=more) for i in range(n)]


def test_first_member_gets_it_all(far):
    both = far()
    packets = requests(50)
    both.nas.send_many(packets)
    both.collect(packets, 5)
    assert len(both.requests(0)) == 50 and not both.requests(1)


@pytest.mark.parametrize("policy", ["round-robin", "least-outstanding", "hash"])
def test_load_is_shared(far, policy):
    both = far(pool=f"policy = {policy}")
    packets = [radius.access_request(i, SECRET, more=radius.attr(31, b"station-%d" % (i % 40))) for i in range(120)]
    both.nas.send_many(packets)
    both.collect(packets, 5)
    shares = [len(both.requests(i)) for i in (0, 1)]
    assert sum(shares) == 120 and min(shares) > 10, shares
    if policy == "round-robin":
        assert shares == [60, 60]
    if policy == "hash":  # one station, one member
        where = collections.defaultdict(set)
        for i in (0, 1):
            for p in both.requests(i):
                where[radius.get(p, 31)].add(i)
        assert all(len(members) == 1 for members in where.values())


def test_reset_moves_what_is_open(far):
    """P-TCP-29, P-FO-1: requests that are open on a connection move at once when it is reset, not when the NAS asks
    again."""
    both = far()
    both.silent = {0}
    packets = requests(100)
    both.nas.send_many(packets)
    wait_for("the requests", lambda: len(both.requests(0)) == 100)
    both.peers[0].close()
    both.peers[0].drop_connections(reset=True)
    both.collect(packets, 15)
    assert len(both.requests(1)) == 100
    # After 3 s without an answer (retry-after) the other member would be asked anyway.
    assert both.after_the_loss() < 2 * PATIENCE
    counters = both.gw.counters()
    assert counters["requests_moved"] == 100 and "duplicate_absorbed" not in counters
    assert "requests_doubled" not in counters


def test_single_peer_restarts(far):
    """If there is no second member, the requests wait, and are answered without the NAS sending again."""
    one = far(n=1)
    one.silent = {0}
    packets = requests(50)
    one.nas.send_many(packets)
    wait_for("the requests", lambda: len(one.requests(0)) == 50)
    one.peers[0].close()
    one.peers[0].drop_connections(reset=True)
    one.gw.wait_log(r" connect-failed: ")
    one.silent = set()
    one.restart(0)
    one.collect(packets, 8)
    assert "duplicate_absorbed" not in one.gw.counters()


def test_young_connection_dies(far):
    """The request is answered on a new connection within 3 s, whatever the age of the old one."""
    one = far(n=1)
    one.silent = {0}
    packet = requests(1)[0]
    one.nas.send(packet)
    wait_for("the request", lambda: one.requests(0))
    one.silent = set()
    one.peers[0].drop_connections(reset=True)
    one.collect([packet], 15)
    assert len(one.requests(0)) == 2 and one.after_the_loss() < 3 * PATIENCE


def test_member_that_accepts_and_never_answers(far):
    """After retry-after the other member is asked, too; and then first, as long as the silent one says nothing."""
    both = far()
    both.silent, both.deaf = {0}, {0}
    packets = requests(100)
    both.nas.send_many(packets)
    both.collect(packets, 20)
    waited = both.waited()
    assert len(waited) == 100 and 3000 <= min(waited) and max(waited) < 6000 * PATIENCE
    both.gw.wait_log(r" member-silent: .*peer=p0")
    later = requests(20, first=100)
    both.nas.send_many(later)
    both.collect(later, 15)
    # None of these requests had to wait for a second attempt.
    assert len(both.waited()) == 120 and max(both.waited()[100:]) < 1000 * PATIENCE
    assert both.gw.counters()["requests_doubled"] == 100


def test_answer_of_the_slow_member_is_dropped_quietly(far):
    """The first answer wins; the answer of the slow member is a late one and closes nothing."""
    def behave(i, tls, p):
        if i == 1:
            tls.sendall(radius.usual_answer(p))
        else:
            kept.append((tls, p))
    kept = []
    both = far(behave=behave, pool="retry-after = 500ms")
    packet = requests(1)[0]
    both.nas.send(packet)
    both.collect([packet], 3)
    kept[0][0].sendall(radius.usual_answer(kept[0][1]))
    wait_for("the late answer", lambda: both.gw.counters().get("response_late") == 1)
    assert both.nas.receive(0.3) is None
    assert "connections_lost" not in both.gw.counters()


def test_request_with_state_is_not_doubled(far):
    """P-PRX-13: a request with State belongs to one home server, so no other member is asked."""
    both = far(pool="retry-after = 500ms")
    both.silent = {0}
    both.nas.send(requests(1, more=radius.attr(24, b"state"))[0])
    wait_for("the request", lambda: both.requests(0))
    time.sleep(1.2)
    assert not both.requests(1) and "requests_doubled" not in both.gw.counters()


def test_conversation_goes_round_a_mute_member(far):
    """A member answers neither the request with State nor a Status-Server, so the request goes by way of the other
    member."""
    both = far(pool="retry-after = 500ms")
    assert both.nas.ask(requests(1)[0])
    both.silent, both.deaf = {0}, {0}
    packet = requests(1, first=1, more=radius.attr(24, b"state"))[0]
    both.nas.send(packet)
    both.collect([packet], 3)
    assert radius.get(both.requests(1)[0], 24) == b"state"
    counters = both.gw.counters()
    assert counters["requests_moved"] == 1 and "requests_doubled" not in counters
    # The first member, if it is only late, harms nothing.
    assert "connections_lost" not in counters


def test_conversation_stays_where_it_began(far):
    """P-TCP-46, P-EAP-1: the same member and the same connection for each State, which arrives as the server made it,
    while load comes and goes."""
    where = {}

    def behave(i, tls, p):
        if radius.get(p, 79) is None:
            tls.sendall(radius.usual_answer(p))
            return
        state = radius.get(p, 24) or b"conversation %s" % radius.get(p, 31)
        where.setdefault(state, []).append(id(tls))
        tls.sendall(radius.answer(radius.ACCESS_CHALLENGE, p,
                                  radius.attr(79, b"\1\2\0\6\4\0") + radius.attr(24, state), RADSEC))
    both = far(behave=behave, pool="policy = round-robin", peer="connections = 4-4")
    wait_for("eight connections", lambda: both.gw.counters().get("connections_opened") == 8)
    for step in range(6):
        for station in range(10):
            more = radius.attr(79, b"\2\2\0\6\4\0") + radius.attr(31, b"%d" % station)
            if step:
                more += radius.attr(24, b"conversation %d" % station)
            assert both.nas.ask(radius.access_request(station, SECRET, more=more))[0] == radius.ACCESS_CHALLENGE
            assert both.nas.ask(radius.access_request(100 + station, SECRET))
    assert len(where) == 10 and all(len(w) == 6 and len(set(w)) == 1 for w in where.values())
    assert len({w[0] for w in where.values()}) > 2


def test_retransmission_storm(far):
    """P-DUP-3: the NAS sends each request five times, and the far end counts each once."""
    both = far()
    packets = requests(100)
    for _ in range(5):
        both.nas.send_many(packets)
    both.collect(packets, 5)
    assert len(both.requests(0)) == 100 and not both.requests(1)
    counters = both.gw.counters()
    assert counters.get("duplicate_absorbed", 0) + counters.get("duplicate_replayed", 0) == 400


@pytest.mark.parametrize("cause", [502, 505, 506])
def test_protocol_error_leads_to_the_next_member(far, cause):
    """P-ERR-9: a Protocol-Error leads to the next member; and P-ERR-4, for attributes that have no place in it are
    passed over."""
    unknown = radius.attr(200, b"unknown") + radius.attr(241, b"\x63unknown")

    def behave(i, tls, p):
        code, attrs = (radius.ACCESS_ACCEPT, b"") if i else (
            radius.PROTOCOL_ERROR, unknown + radius.attr(101, cause.to_bytes(4, "big")) + unknown)
        tls.sendall(radius.answer(code, p, attrs, RADSEC))
    both = far(behave=behave)
    packet = requests(1)[0]
    assert both.nas.ask(packet)[0] == radius.ACCESS_ACCEPT
    assert both.gw.counters()["requests_moved"] == 1


def test_protocol_error_everywhere_is_told(far):
    def behave(i, tls, p):
        tls.sendall(radius.answer(radius.PROTOCOL_ERROR, p, radius.attr(101, (502).to_bytes(4, "big")), RADSEC))
    both = far(behave=behave, client="protocol-error = yes")
    got = both.nas.ask(requests(1)[0])
    assert got[0] == radius.PROTOCOL_ERROR and radius.get(got, 101) == (502).to_bytes(4, "big")
    assert len(both.requests(0)) == len(both.requests(1)) == 1


EAP = radius.attr(79, b"\2\x07\0\x09\1user")


@pytest.mark.parametrize("eap", [False, True])
def test_outage_is_told(far, eap):
    """P-EAP-3: if no member can be reached, a login is rejected, with EAP-Failure inside where the request had EAP."""
    none = far(pool='reply-message = "try again later"', peer="queue-time = 1s\nconnections = 0-16")
    for peer in none.peers:
        peer.close()
    packet = radius.access_request(1, SECRET, more=(EAP if eap else b"") + radius.attr(33, b"proxy state"))
    got = none.nas.ask(packet, 5)
    assert got[0] == radius.ACCESS_REJECT and got[20] == radius.MESSAGE_AUTHENTICATOR
    assert radius.get(got, 101) == (502).to_bytes(4, "big") and radius.get(got, 33) == b"proxy state"
    assert radius.get(got, 79) == (b"\4\7\0\4" if eap else None)
    assert radius.get(got, 18) == (None if eap else b"try again later")
    assert none.nas.ask(packet, 5) == got
    assert none.gw.counters()["outage_rejects"] == 1


@pytest.mark.parametrize("outage,code", [("outage-acct = ack", radius.ACCOUNTING_RESPONSE), ("", None)])
def test_outage_of_accounting(far, outage, code):
    """P-PRX-9: accounting is never acknowledged in an outage unless the configuration says so."""
    none = far(pool=outage, peer="queue-time = 1s\nconnections = 0-16")
    for peer in none.peers:
        peer.close()
    got = none.nas.ask(radius.request(4, 1, radius.attr(1, b"u") + radius.attr(40, b"\0\0\0\1"), SECRET), 2.5)
    assert (got and got[0]) == code


def test_member_that_comes_back_gets_its_place_again(far):
    """A member that comes back gets its place in the order again, once it has answered three Status-Servers
    (P-WD-7)."""
    both = far()
    assert both.nas.ask(requests(1)[0])
    both.silent = {0}
    packet = requests(1, first=1)[0]
    both.nas.send(packet)
    wait_for("the request", lambda: len(both.requests(0)) == 2)
    both.peers[0].close()
    both.peers[0].drop_connections(reset=True)
    both.collect([packet], 3)
    both.silent = set()
    both.restart(0)
    both.gw.wait_log(r" connection-up: .*peer=p0", count=2)
    wait_for("its place", lambda: both.nas.ask(requests(1, first=2)[0]) and both.requests(0), 10)


def test_hanging_member_is_closed_by_the_watchdog(far):
    """P-WD-5, 14: a silent member is asked with Status-Server, then suspected, and after a third interval its
    connection is closed."""
    one = far(n=1, peer="watchdog = 6s\nstatus-server = on")
    assert one.nas.ask(requests(1)[0])
    one.silent, one.deaf = {0}, {0}
    one.nas.send(requests(1, first=1)[0])
    suspect = one.gw.wait_line("connection-suspect", 25)
    one.silent, one.deaf = set(), set()
    one.gw.wait_log(r' connection-closed: .*reason="the watchdog had no answer', 12)
    one.gw.wait_log(r" connection-up: ", 10, count=2)
    # Each interval of the watchdog is 6 s, give or take 2 s: two of them to the suspicion, the third one to the end.
    (answered,), (closed,) = one.gw.lines("answered")[:1], one.gw.lines("connection-closed")
    assert 7.9 < suspect.time - answered.time < 17 * PATIENCE
    assert 3.9 < closed.time - suspect.time < 9 * PATIENCE
    assert one.nas.ask(requests(1, first=2)[0])


def test_peer_that_ignores_status_server(far):
    """P-WD-11: a peer that ignores Status-Server and answers requests is not taken for dead."""
    one = far(n=1, peer="watchdog = 6s\nconnections = 0-16")
    one.deaf = {0}
    end = time.monotonic() + 20
    n = 0
    while " status-server-ignored: " not in one.gw.log() and time.monotonic() < end:
        assert one.nas.ask(requests(1, first=n % 200)[0])
        n += 1
        time.sleep(8.5 if n == 1 else 0.5 if n == 2 else 8.5)
    one.gw.wait_log(r" status-server-ignored: ", 10)
    assert one.nas.ask(requests(1, first=n % 200)[0])
    assert "connections_lost" not in one.gw.counters()
    assert one.gw.counters()["connections_opened"] == 1


def test_response_window_ends_an_attempt(far):
    both = far(pool="retry-after = 0", peer="response-window = 1s")
    both.silent = {0}
    packet = requests(1)[0]
    both.nas.send(packet)
    # Nothing else moves the request before its lifetime of 30 s ends.
    both.collect([packet], 20)
    (waited,) = both.waited()
    assert 1000 <= waited < 2000 * PATIENCE


def test_names_of_the_members(far):
    """The status tells the state of each member."""
    both = far(peer="connections = 0-16")
    assert both.nas.ask(requests(1)[0])
    both.gw.counters()
    assert re.search(r"status-peer: .*peer=p0 up=1 okay=1", both.gw.log())
    assert re.search(r"status-peer: .*peer=p1 up=0 okay=0", both.gw.log())
