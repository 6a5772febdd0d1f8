# SPDX-License-Identifier: GPL-2.0-or-later
"""Records that TLS does not have, from strangers, servers and peers: each ends its own connection, with a line
that says so, and nothing else."""
import socket
import ssl
import subprocess
import threading

import pytest

import radius
from inbound import FakeHome, Visitor, inbound_conf
from lab import wait_for
from rawtls import ALERT, CCS, DATA, HANDSHAKE, RawClient, RawServer, message, record

SECRET = b"radsec"
STATUS = radius.request(12, 1, b"", SECRET)
TOO_SHORT = r'reason="the peer breaks TLS: an encrypted record that is too short to be one \(kind 23, version 3\.3, 16 '


@pytest.fixture
def gw(lab):
    """A gateway that peers connect to."""
    lab.made_pki, lab.made_home = lab.pki(), FakeHome(lab)
    home = lab.made_home
    conf = inbound_conf(lab, lab.made_pki, home, gateway="max-half-open-per-address = 64\n",
                        peer="status-server-rate = 0\n")
    yield lab.gateway(conf, wait="started")
    home.close()


def strike_together(raws, data_of):
    """Lets all of them send at once."""
    barrier = threading.Barrier(len(raws))

    def strike(raw):
        data = data_of(raw)
        barrier.wait()
        try:
            raw.send(data)
        except OSError:
            pass
    threads = [threading.Thread(target=strike, args=(raw,)) for raw in raws]
    for t in threads:
        t.start()
    for t in threads:
        t.join()


def test_strangers_with_an_empty_record(lab, gw):
    """CVE-2024-0901: with the keys of the handshake, a record whose plaintext has 0 octets and whose tag is good.
    The library walks backwards through its memory for the kind of it, and off its end."""
    raws = [RawClient(lab.radsec) for _ in range(40)]
    strike_together(raws, lambda raw: raw.mine.seal(b""))
    assert all(raw.is_closed() for raw in raws)
    gw.wait_log(TOO_SHORT, count=40)
    assert gw.popen.poll() is None
    assert gw.counters()["incoming_failed"] == 40
    assert Visitor(lab.radsec, lab.made_pki).ask(STATUS)


def test_a_server_with_an_empty_record(lab):
    """The same record may come from a server that we connect to: it has shown no certificate either."""
    port, raws = lab.port(), []
    listener = socket.create_server(("127.0.0.1", port), backlog=64)

    def accept():
        while True:
            try:
                raws.append(RawServer(listener.accept()[0]))
            except OSError:
                return
    threading.Thread(target=accept, daemon=True).start()
    # The configuration has forty peers, all of them this server.
    more = "".join(f"[peer n{i}]\nconnect = localhost:{port}\ntls = lab\nconnections = 1-1\nreconnect = 60s-60s\n"
                   for i in range(40))
    gw = lab.gateway(lab.gateway_conf(lab.pki(), port, extra=more, peer="reconnect = 60s-60s"), wait="started")
    wait_for("the connections", lambda: len(raws) == 41)
    strike_together(raws, lambda raw: raw.mine.seal(b""))
    gw.wait_log(TOO_SHORT, count=41)
    assert gw.popen.poll() is None and gw.counters()["connections_failed"] >= 41
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()


@pytest.mark.parametrize("data,said", [
    (record(24, b"\x01\x00\x00"), "a record of a kind that TLS does not have"),
    (record(DATA, b"x" * 16), "an encrypted record that is too short to be one"),
    (record(DATA, b""), "an encrypted record that is too short to be one"),
    (record(HANDSHAKE, b""), "an empty handshake record"),
    (record(ALERT, b"\x01"), "an alert of a length that none has"),
    (record(ALERT, b"\x01\x5a" * 2), "an alert of a length that none has"),
    (record(CCS, b""), "a ChangeCipherSpec that is not one octet"),
    (record(CCS, b"\x01\x01"), "a ChangeCipherSpec that is not one octet"),
    (record(CCS, b"\x01") * 5, "(more ChangeCipherSpecs than any handshake has|TLS failed)"),
    (b"\x17\x03\x03\x41\x01", "a record that is longer than TLS allows"),
    (b"\x17\x02\x03\x00\x20", "a record of a version that TLS does not have"),
], ids=["kind", "encrypted-16", "encrypted-0", "handshake-0", "alert-1", "alert-4", "ccs-0", "ccs-2", "ccs-often",
        "long", "version"])
@pytest.mark.parametrize("split", [False, True], ids=["whole", "split"])
def test_records_that_there_are_not(lab, gw, data, said, split):
    """A stranger in the middle of the handshake sends records that there are not, whole and octet by octet."""
    raw = RawClient(lab.radsec)
    for piece in [data[i:i + 1] for i in range(len(data))] if split else [data]:
        try:
            raw.send(piece)
        except OSError:
            break
    assert raw.is_closed()
    gw.wait_log(said)
    assert gw.popen.poll() is None and Visitor(lab.radsec, lab.made_pki).ask(STATUS)


def test_every_inner_record(lab, gw):
    """The guard cannot see what is inside of a good tag: whatever is there, the library lives."""
    for kind in (0, CCS, ALERT, HANDSHAKE, DATA, 24, 255):
        for length in (0, 1, 2, 3, 4, 5, 36, 300):
            for fill in (b"\x00", b"\x01", b"\x0b", b"\xff"):
                raw = RawClient(lab.radsec)
                raw.send_sealed(kind, fill * length)
                raw.close()
    assert gw.popen.poll() is None and Visitor(lab.radsec, lab.made_pki).ask(STATUS)


def test_sealed_records_of_every_kind(lab, gw):
    """A record with a good tag may have another kind outside than the one that TLS 1.3 has there; each length from
    nothing to more than enough is tried."""
    for kind in (CCS, ALERT, HANDSHAKE, DATA):
        for length in range(1, 45):
            for fill in (b"\x00", bytes([HANDSHAKE]), bytes([ALERT])):
                raw = RawClient(lab.radsec)
                raw.send(raw.mine.seal(fill * (length - 16), kind) if length >= 16 else record(kind, fill * length))
                raw.close()
    assert gw.popen.poll() is None and Visitor(lab.radsec, lab.made_pki).ask(STATUS)


FLOOD = "the peer breaks TLS: records without end that bring no data"


@pytest.mark.parametrize("kind,data,said", [
    (HANDSHAKE, message(24, b"\x01"), FLOOD),  # KeyUpdate that wants an answer
    (HANDSHAKE, message(24, b"\x00"), FLOOD),
    (DATA, b"", f"{FLOOD}|TLS failed"),  # some versions of the library have a bound of their own
], ids=["asked", "told", "empty"])
def test_records_without_end_that_bring_nothing(lab, gw, kind, data, said):
    """A peer that is known may update its keys and send empty records, but not only that."""
    pki = lab.made_pki
    raw = RawClient(lab.radsec).finish(pki / "gateway.test.pem", pki / "gateway.test.key")
    raw.send_sealed(DATA, STATUS)
    while (got := raw.receive())[0] != DATA:
        pass
    assert radius.answer_ok(got[1], STATUS, SECRET)

    def flood():
        for _ in range(700):
            raw.send_sealed(kind, data)
            if kind == HANDSHAKE:
                raw.mine = raw.mine.next()
    with pytest.raises(OSError):
        flood()
        while raw.socket.recv(65536):
            pass
        raise ConnectionResetError
    gw.wait_log(f'connection-lost: .*reason="({said})')
    assert Visitor(lab.radsec, pki).ask(STATUS)


def test_keys_are_updated_while_packets_flow(lab, gw):
    """Updating keys while packets flow is no flood, however often it happens."""
    pki = lab.made_pki
    raw = RawClient(lab.radsec).finish(pki / "gateway.test.pem", pki / "gateway.test.key")
    for i in range(700):
        raw.send_sealed(HANDSHAKE, message(24, b"\x00"))
        raw.mine = raw.mine.next()
        packet = radius.request(12, i % 256, b"", SECRET)
        raw.send_sealed(DATA, packet)
        kind, got = raw.receive()
        assert kind == DATA and radius.answer_ok(got, packet, SECRET)
    assert "connection-lost" not in gw.log()


def test_goodbye_behind_a_request(lab, gw):
    """RFC 8446 6.1: close_notify ends one direction only. A peer that says goodbye behind a request still gets its
    answer."""
    pki = lab.made_pki
    raw = RawClient(lab.radsec).finish(pki / "gateway.test.pem", pki / "gateway.test.key")
    status, login = radius.request(12, 1, b"", SECRET), radius.access_request(2, SECRET, user=b"slow@example.org")
    raw.send_sealed(DATA, status + login)
    raw.send_sealed(ALERT, b"\x01\x00")
    kind, got = raw.receive()
    assert kind == DATA and radius.answer_ok(got, status, SECRET)
    lab.made_home.receive()
    lab.made_home.answer()
    kind, got = raw.receive()
    assert kind == DATA and radius.answer_ok(got, login, SECRET)
    assert raw.receive() == (ALERT, b"\x01\x00")
    assert raw.is_closed()
    assert gw.counters()["request_answered"] == 1


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_goodbye_with_openssl(lab, gw, version):
    """A real library says goodbye in the same way, in both versions of TLS."""
    visitor = Visitor(lab.radsec, lab.made_pki, connect=False)
    visitor.context.minimum_version = visitor.context.maximum_version = version
    plain = socket.create_connection(("127.0.0.1", lab.radsec), 5)
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = visitor.context.wrap_bio(incoming, outgoing, server_hostname="localhost")

    def until(step):
        while True:
            try:
                return step()
            except ssl.SSLWantReadError:
                plain.sendall(outgoing.read())
                data = plain.recv(65536)
                assert data, "closed without an answer"
                incoming.write(data)

    until(tls.do_handshake)
    login = radius.access_request(2, SECRET, user=b"slow@example.org")
    tls.write(login)
    with pytest.raises(ssl.SSLWantReadError):
        tls.unwrap()
    plain.sendall(outgoing.read())
    lab.made_home.receive()
    lab.made_home.answer()
    assert radius.answer_ok(until(lambda: tls.read(4096)), login, SECRET)
    gw.wait_log(" connection-closed: .* reason=drained")


def test_a_server_that_asks_for_a_second_handshake(lab):
    """A HelloRequest of TLS 1.2 changes nothing: there is no renegotiation, and nobody is judged twice."""
    pki, port, log = lab.pki(), lab.port(), lab.dir / "s_server.log"
    with log.open("wb") as out:
        server = subprocess.Popen(["openssl", "s_server", "-accept", str(port), "-tls1_2", "-Verify", "1",
                                   "-cert", pki / "localhost.pem", "-key", pki / "localhost.key",
                                   "-CAfile", pki / "ca.pem", "-alpn", "radius/1.0"],
                                  stdin=subprocess.PIPE, stdout=out, stderr=subprocess.STDOUT)
    try:
        gw = lab.gateway(lab.gateway_conf(pki, port, peer="reconnect = 60s-60s"), wait="started")
        gw.wait_log(" connection-up: ")
        server.stdin.write(b"R\n")
        server.stdin.flush()
        # Either side may end the connection over it, and both of them live.
        gw.wait_log(" connection-(?:lost|closed): ")
        assert gw.popen.poll() is None and gw.counters()["connections_lost"] >= 1
    finally:
        server.kill()
        server.wait()
