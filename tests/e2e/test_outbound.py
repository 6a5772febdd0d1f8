# SPDX-License-Identifier: GPL-2.0-or-later
"""The outbound gateway between a raw NAS and a raw RADIUS/TLS peer: what single packets do."""
import json
import re
import signal
import socket
import ssl
import struct
import subprocess
import time

import pytest

import radius
from lab import NAS_SECRET, PATIENCE, Gateway, binary, wait_for
from peer import Nas, TlsPeer

SECRET = NAS_SECRET.encode()


@pytest.fixture
def world(lab):
    """A gateway, a peer that answers, and a NAS."""
    class World:
        def start(self, behave=None, peer_options=None, log_file=None, **conf):
            self.pki = lab.pki()
            self.port = lab.port()
            self.peer = TlsPeer(self.port, self.pki / "localhost.pem", self.pki / "localhost.key",
                                self.pki / "ca.pem", behave, **(peer_options or {}))
            self.gw = lab.gateway(lab.gateway_conf(self.pki, self.port, **conf), log_file=log_file)
            self.nas = Nas(lab.auth, NAS_SECRET)
            return self
    made = World()
    made.lab = lab
    yield made
    if hasattr(made, "peer"):
        made.peer.close()


def test_exactly_one_send_per_request(world):
    """P-RTX-3, P-DUP-2: retransmissions before the answer are absorbed, later ones get the same
    octets again."""
    held = []
    w = world.start(lambda peer, tls, p: held.append((tls, p)))
    request = radius.access_request(7, SECRET)
    for _ in range(4):
        w.nas.send(request)
        time.sleep(0.05)
    wait_for("the request at the peer", lambda: held)
    assert w.nas.receive(0.3) is None
    tls, packet = held[0]
    tls.sendall(radius.usual_answer(packet))
    first = w.nas.receive()
    assert radius.answer_ok(first, request, SECRET)
    for _ in range(3):
        w.nas.send(request)
        assert w.nas.receive() == first
    assert len(held) == 1
    counters = w.gw.counters()
    assert counters["duplicate_absorbed"] == 3 and counters["duplicate_replayed"] == 3
    assert counters["tls_sent"] == 1


def test_password_and_authenticators_are_made_anew(world):
    """P-PWD-1, P-AUT-1, P-BR-1: password and authenticators are made anew: nothing of the first hop's secret is left on
    the second."""
    w = world.start()
    more = radius.attr(radius.PROXY_STATE, b"nas-1") + radius.attr(radius.PROXY_STATE, b"nas-2")
    request = radius.access_request(9, SECRET, password=b"p" * 40, more=more)
    answer = w.nas.ask(request)
    sent = w.peer.packets[0]
    assert sent[4:20] != request[4:20]
    assert radius.unhide(radius.get(sent, 2), b"radsec", sent[4:20]) == b"p" * 40 + bytes(8)
    assert radius.message_authenticator_ok(sent, sent[4:20], b"radsec") is True
    assert sent[20] == radius.MESSAGE_AUTHENTICATOR and answer[20] == radius.MESSAGE_AUTHENTICATOR
    assert [v for k, v in radius.attributes(answer) if k == radius.PROXY_STATE] == [b"nas-1", b"nas-2"]
    assert sent[1] != 0


@pytest.mark.parametrize("size", [20, 600, 4078])
def test_sizes(world, size):
    """The smallest answer arrives, a middle one, and the largest that still leaves room for what is added."""
    def behave(peer, tls, p):
        attrs = b""
        while len(attrs) < size - 20:
            attrs += radius.attr(25, bytes(min(253, max(1, size - 20 - len(attrs) - 2))))
        tls.sendall(radius.answer(radius.ACCESS_ACCEPT, p, attrs[:size - 20] if size > 20 else b"", b"radsec",
                                  with_ma=False))
    w = world.start(behave)
    answer = w.nas.ask(radius.access_request(1, SECRET))
    assert answer is not None and len(answer) == size + 18


def test_answers_in_pieces_and_in_heaps(world):
    """P-STR-2, P-STR-7: answers come one octet at a time, fifty in one record, and one over many records."""
    held = []

    def behave(peer, tls, p):
        held.append((tls, p))
    w = world.start(behave)
    requests = [radius.access_request(i, SECRET) for i in range(50)]
    for r in requests:
        w.nas.send(r)
    wait_for("fifty requests", lambda: len(held) == 50)
    tls = held[0][0]
    answers = [radius.usual_answer(p) for _, p in held]
    for octet in answers[0]:
        tls.sendall(bytes([octet]))
    tls.sendall(b"".join(answers[1:]))
    got = {}
    while len(got) < 50 and (data := w.nas.receive(3)) is not None:
        got[data[1]] = data
    assert len(got) == 50
    assert all(radius.answer_ok(got[r[1]], r, SECRET) for r in requests)


def test_bad_datagrams_are_dropped_and_the_next_is_answered(world):
    """A datagram that is malformed, truncated, oversized or wrongly signed is counted and has a line, and the next one
    is answered."""
    w = world.start(client="require-message-authenticator = no")
    good = radius.access_request(1, SECRET)
    accounting = radius.request(radius.ACCOUNTING_REQUEST, 2, radius.attr(40, struct.pack("!I", 1)), SECRET)
    eap = radius.request(1, 3, radius.attr(79, b"\2\1\0\5\1"), SECRET, with_ma=False)
    bad = {
        "udp_short": [b"", good[:10], good[:-1]],
        "udp_bad_length": [good[:2] + b"\0\x13" + good[4:], good[:2] + b"\x10\x01" + good[4:] + bytes(4097)],
        "udp_bad_attribute": [good[:21] + b"\1" + good[22:], good[:2] + struct.pack("!H", len(good) - 1) + good[4:-1]],
        "udp_bad_code": [b"\x02" + good[1:], b"\xff" + good[1:], b"\x2b" + good[1:]],
        "udp_bad_authenticator": [accounting[:4] + bytes(16) + accounting[20:]],
        "udp_bad_message_authenticator": [good[:-1] + bytes([good[-1] ^ 1])],
        "udp_missing_message_authenticator": [eap],
    }
    for packets in bad.values():
        for p in packets:
            w.nas.send(p)
            answer = w.nas.ask(radius.access_request(100, SECRET))
            assert answer is not None
    assert w.nas.receive(0.2) is None
    counters = w.gw.counters()
    for name, packets in bad.items():
        assert counters.get(name) == len(packets), (name, counters)
        assert f"counter={name}" in w.gw.log()
    assert counters["request_answered"] == sum(map(len, bad.values()))


def test_unknown_client(world):
    w = world.start()
    stranger = Nas(w.lab.auth, NAS_SECRET, source="127.0.0.77")
    stranger.send(radius.access_request(1, SECRET))
    assert stranger.receive(0.3) is None
    assert w.nas.ask(radius.access_request(1, SECRET)) is not None
    assert w.gw.counters()["udp_unknown_client"] == 1
    assert re.search(r"unknown-client: .*from=127\.0\.0\.77", w.gw.log())


def test_log_lines_are_limited(world):
    """A flood of bad datagrams makes ten lines a second, and a later one says how many were left out."""
    w = world.start(rate="10/s")
    gw = w.gw
    bad = bytearray(radius.access_request(1, SECRET))
    bad[-1] ^= 1
    w.nas.send_many([bytes(bad)] * 500)
    assert gw.counters()["udp_bad_message_authenticator"] == 500
    lines = len(re.findall("bad-message-authenticator: ", gw.log()))
    assert 10 <= lines <= 60, lines
    time.sleep(0.3)
    w.nas.send(bytes(bad))
    wait_for("a line that tells", lambda: re.search(r"bad-message-authenticator: .* suppressed=\d\d+", gw.log()))


@pytest.mark.parametrize("listen", ["0.0.0.0:{0}, [::]:{0}", "[::]:{0}"])
def test_answer_leaves_from_the_address_that_was_asked(lab, listen):
    """P-PKT-11: the answer leaves from the address that was asked, on a host with several addresses and a wildcard
    socket, in both families."""
    pki, port, udp = lab.pki(), lab.port(), lab.port()
    peer = TlsPeer(port, pki / "localhost.pem", pki / "localhost.key", pki / "ca.pem")
    conf = lab.gateway_conf(pki, port, listen="udp = " + listen.format(udp))
    conf.write_text(conf.read_text().replace("address = 127.0.0.1", "address = 127.0.0.0/8, ::1"))
    lab.gateway(conf)
    for address in ("127.0.0.1", "127.0.0.2", "127.3.2.1"):
        nas = Nas(udp, NAS_SECRET, address=address, source="127.0.0.9")
        assert nas.ask(radius.access_request(1, SECRET)) is not None
        assert nas.sender == (address, udp)
        nas.close()
    nas = Nas(udp, NAS_SECRET, address="::1", family=socket.AF_INET6)
    assert nas.ask(radius.access_request(1, SECRET)) is not None
    assert nas.sender[:2] == ("::1", udp)
    peer.close()


def test_accounting_only_listener(lab):
    """The option `accept` bites: an Access-Request on the accounting port is dropped, and Status-Server gets a bare
    Accounting-Response there."""
    pki, port = lab.pki(), lab.port()
    peer = TlsPeer(port, pki / "localhost.pem", pki / "localhost.key", pki / "ca.pem")
    udp = lab.port()
    gw = lab.gateway(lab.gateway_conf(pki, port, listen=f"udp = 127.0.0.1:{udp}\naccept = acct"))
    nas = Nas(udp, NAS_SECRET)
    nas.send(radius.access_request(1, SECRET))
    assert nas.receive(0.3) is None
    status = radius.request(radius.STATUS_SERVER, 2, b"", SECRET)
    answer = nas.ask(status)
    assert answer is not None and answer[0] == radius.ACCOUNTING_RESPONSE and len(answer) == 20
    request = radius.request(radius.ACCOUNTING_REQUEST, 3, radius.attr(40, struct.pack("!I", 1)), SECRET)
    assert nas.ask(request) is not None
    assert gw.counters()["udp_bad_code"] == 1
    peer.close()


def test_three_hundred_in_flight(world):
    """P-ID-4: three hundred requests need more than the identifiers of one connection."""
    held = []
    w = world.start(lambda peer, tls, p: held.append((tls, p)))
    naspool = [Nas(w.lab.auth, NAS_SECRET) for _ in range(3)]
    requests = [(nas, radius.access_request(i, SECRET)) for nas in naspool for i in range(100)]
    for nas in naspool:
        nas.send_many([r for sender, r in requests if sender is nas])
    wait_for("300 requests at the peer", lambda: len(held) == 300)
    assert len(w.peer.connections) == 2
    for tls, p in held:
        tls.sendall(radius.usual_answer(p))
    got = {(nas, data[1]): data for nas in naspool for data in (nas.receive(30) for _ in range(100)) if data}
    assert all(radius.answer_ok(got[nas, r[1]], r, SECRET) for nas, r in requests)
    assert w.gw.counters()["request_answered"] == 300


@pytest.mark.parametrize("reset", [False, True])
def test_connection_lost_with_requests_in_flight(world, reset):
    """P-TCP-29: requests in flight are sent again on a new connection, without the NAS doing anything."""
    held = []

    def behave(peer, tls, p):
        if len(held) < 20:
            held.append(p)
        else:
            tls.sendall(radius.usual_answer(p))
    w = world.start(behave)
    requests = [radius.access_request(i, SECRET) for i in range(20)]
    for r in requests:
        w.nas.send(r)
    wait_for("requests at the peer", lambda: len(held) == 20)
    w.peer.drop_connections(reset)
    got = {}
    while len(got) < 20:
        data = w.nas.receive(5)
        assert data is not None
        got[data[1]] = data
    assert all(radius.answer_ok(got[r[1]], r, SECRET) for r in requests)
    counters = w.gw.counters()
    assert counters["requests_retried"] == 20 and 2 <= counters["connections_opened"] <= 4


def test_bad_response_closes_only_that_connection(world):
    """P-TCP-35g: a bad response closes its connection, the line says why, and what else was open is answered on the
    next connection."""
    def behave(peer, tls, p):
        if len(peer.packets) == 1:
            return
        answer = radius.usual_answer(peer.packets[0] if len(peer.packets) == 2 else p)
        tls.sendall(answer[:4] + bytes(16) + answer[20:] if len(peer.packets) == 2 else answer)
    w = world.start(behave)
    w.nas.send(radius.access_request(1, SECRET))
    wait_for("the first request", lambda: w.peer.packets)
    assert w.nas.ask(radius.access_request(2, SECRET)) is not None
    assert w.nas.receive(0.5) is None
    assert re.search(r"connection-closed: .*Response Authenticator", w.gw.log())
    assert 2 <= w.gw.counters()["connections_opened"] <= 3


def test_bad_response_discarded(world):
    """P-TCP-36: with the option of the successor standard, a bad response leaves the connection, and the right answer
    still counts."""
    def behave(peer, tls, p):
        answer = radius.usual_answer(p)
        tls.sendall(answer[:4] + bytes(16) + answer[20:] + answer)
    w = world.start(behave, peer="bad-response = discard")
    assert w.nas.ask(radius.access_request(1, SECRET)) is not None
    counters = w.gw.counters()
    assert counters["response_bad_authenticator"] == 1 and counters["connections_opened"] == 1


def test_sigterm_finishes_what_is_in_flight(world):
    held = []
    w = world.start(lambda peer, tls, p: held.append((tls, p)))
    request = radius.access_request(1, SECRET)
    w.nas.send(request)
    wait_for("the request at the peer", lambda: held)
    w.gw.signal(signal.SIGTERM)
    w.gw.wait_log(" stopping: ")
    # From now on no new work is begun, and the open one is finished.
    w.nas.send(radius.access_request(2, SECRET))
    assert w.nas.receive(0.3) is None
    tls, packet = held[0]
    tls.sendall(radius.usual_answer(packet))
    assert radius.answer_ok(w.nas.receive(), request, SECRET)
    assert w.gw.wait() == 0
    assert len(held) == 1


def test_drain_time_bites(world):
    w = world.start(lambda peer, tls, p: None, gateway="drain-time = 1s")
    w.nas.send(radius.access_request(1, SECRET))
    wait_for("the request at the peer", lambda: w.peer.packets)
    w.gw.signal(signal.SIGTERM)
    assert w.gw.wait() == 0
    (stopping,), (over,) = w.gw.lines("stopping"), w.gw.lines("drain-timeout")
    assert 0.99 < over.time - stopping.time < 2.5 * PATIENCE


def test_second_signal_stops_at_once(world):
    w = world.start(lambda peer, tls, p: None)
    w.nas.send(radius.access_request(1, SECRET))
    wait_for("the request at the peer", lambda: w.peer.packets)
    w.gw.signal(signal.SIGINT)
    w.gw.wait_log(" stopping: ")
    w.gw.signal(signal.SIGINT)
    assert w.gw.wait(5) == 0


def test_goodbye_is_said(world):
    """P-TLS-16: the gateway sends close_notify, so the peer sees an orderly end."""
    w = world.start()
    assert w.nas.ask(radius.access_request(1, SECRET)) is not None
    assert w.gw.stop() == 0
    wait_for("the peer to notice", lambda: w.peer.ended == 1)
    assert not w.peer.errors


def test_json_log(world):
    """Each line of the log is one JSON object, whatever a User-Name holds, and no secret is among them."""
    w = world.start(log="format = json")
    assert w.nas.ask(radius.access_request(1, SECRET, user=b'q"\\\x01\xff@example.org')) is not None
    w.gw.stop()
    lines = [json.loads(line) for line in w.gw.log().splitlines()]
    assert all({"ts", "level", "event", "msg"} <= set(line) for line in lines)
    answered = next(line for line in lines if line["event"] == "answered")
    assert answered["user"] == 'q"\\\x01\xff@example.org' and answered["peer"] == "national"
    assert NAS_SECRET not in w.gw.log()


@pytest.mark.parametrize("identity,shown", [("full", "bob@example.org"), ("realm", "example.org"), ("hash", None)])
def test_identity_in_the_log(world, identity, shown):
    key = "hash-key = a key for the hashes in the log\n" if identity == "hash" else ""
    w = world.start(log=f"identity = {identity}\n{key}")
    assert w.nas.ask(radius.access_request(1, SECRET)) is not None
    w.gw.wait_log(" answered: ")
    line = next(line for line in w.gw.log().splitlines() if " answered: " in line)
    assert ("bob" in line) == (identity == "full")
    assert shown is None or shown in line
    if identity == "hash":
        assert re.search(r"user=[0-9a-f]{16}", line)


def test_log_file_is_reopened(world):
    path = world.lab.dir / "gw.log"
    w = world.start(log=f"target = {path}", log_file=path)
    path.rename(path.with_suffix(".1"))
    w.gw.signal(signal.SIGHUP)
    wait_for("the new log", lambda: path.exists() and " log-reopened: " in path.read_text())


def test_user_and_group(world):
    """Rights are given up after the sockets are bound; no new ones can be had."""
    w = world.start(gateway="user = nobody\ngroup = nogroup")
    status = dict(line.split(":\t", 1) for line in open(f"/proc/{w.gw.pid}/status") if ":\t" in line)
    assert status["Uid"].split() == ["65534"] * 4 and status["Gid"].split() == ["65534"] * 4
    assert status["NoNewPrivs"].strip() == "1" and status["Groups"].strip() == ""
    assert int(status["CapEff"], 16) == 0
    assert w.nas.ask(radius.access_request(1, SECRET)) is not None


def test_receive_buffer(world):
    """The option receive-buffer reaches the socket (the kernel doubles it)."""
    w = world.start(more_listen="receive-buffer = 512k")
    out = subprocess.run(["ss", "-u", "-a", "-n", "-m", f"sport = :{w.lab.auth}"], capture_output=True, text=True).stdout
    assert f"rb{2 * 512 * 1024}" in out, out


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_alpn_and_sni(world, version):
    """P-ALP-1, P-CRT-19: radius/1.0 is offered, and the host name is sent."""
    names = []
    w = world.start(peer_options={"version": version})
    w.gw.stop()
    w.peer.context.sni_callback = lambda tls, name, context: names.append(name)
    w.lab.gateway(w.lab.dir / "radsecgw.ini", name="again")
    assert names == ["localhost"]
    wait_for("the end of the handshake there, too", lambda: len(w.peer.connections) == 2)
    assert w.peer.connections[-1].selected_alpn_protocol() == "radius/1.0"


def test_peer_without_alpn(world):
    """P-ALP-2: a peer that does not answer ALPN is asked with plain RADIUS/TLS."""
    w = world.start(peer_options={"alpn": ()})
    assert w.nas.ask(radius.access_request(1, SECRET)) is not None


def test_start_without_the_peer(lab):
    """The peer comes up later; what waits goes out then."""
    pki, port = lab.pki(), lab.port()
    gw = lab.gateway(lab.gateway_conf(pki, port), wait="started")
    gw.wait_log(" connect-failed: .*Connection refused")
    nas = Nas(lab.auth, NAS_SECRET)
    request = radius.access_request(1, SECRET)
    nas.send(request)
    peer = TlsPeer(port, pki / "localhost.pem", pki / "localhost.key", pki / "ca.pem")
    assert radius.answer_ok(nas.receive(10), request, SECRET)
    peer.close()


def test_peer_that_speaks_no_tls(lab):
    """The log says what is wrong with a peer that speaks no TLS."""
    pki, port = lab.pki(), lab.port()
    server = socket.create_server(("127.0.0.1", port))
    gw = lab.gateway(lab.gateway_conf(pki, port), wait="started")
    plain, _ = server.accept()
    plain.recv(1000)
    plain.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    gw.wait_log(r" connect-failed: .*not TLS")
    server.close()


def test_handshake_timeout_bites(lab):
    pki, port = lab.pki(), lab.port()
    server = socket.create_server(("127.0.0.1", port))
    gw = lab.gateway(lab.gateway_conf(pki, port, peer="handshake-timeout = 1s"), wait="started")
    gw.wait_log(r" connect-failed: .*handshake-timeout", seconds=6)
    server.close()


def test_address_in_use(lab):
    """An address in use ends the start with exit status 2, and the line says which address."""
    pki, port = lab.pki(), lab.port()
    conf = lab.gateway_conf(pki, port)
    taken = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    taken.bind(("127.0.0.1", lab.auth))
    gw = Gateway(lab, "radsecgw", [*binary(), "run", "-c", conf])
    assert gw.wait() == 2
    assert re.search(rf"listen-failed: .*addr=127\.0\.0\.1:{lab.auth}.*Address already in use", gw.log())
