# SPDX-License-Identifier: GPL-2.0-or-later
"""Raw TLS peers that keep or break the rules of RFC 6613 2.6.4, on a gateway in front of a server that does
what the test wants."""
import os
import re
import socket
import struct

import pytest

import radius
from inbound import FakeHome, Visitor, inbound_conf
from lab import PATIENCE, Lab, wait_for

SECRET = b"radsec"


class Place:
    """A gateway, its home server, and two visitors with a request of the second one open."""

    def __init__(self, lab, **conf):
        self.lab, self.pki = lab, lab.pki()
        self.home = FakeHome(lab)
        self.gw = lab.gateway(inbound_conf(lab, self.pki, self.home, **conf), wait="started")

    def visit(self, **more):
        return Visitor(self.lab.radsec, self.pki, **more)


@pytest.fixture
def place(lab):
    made = Place(lab)
    yield made
    made.home.close()


def request(ident=1, **more):
    return radius.access_request(ident, SECRET, **more)


def flip(packet, at):
    return packet[:at] + bytes([packet[at] ^ 1]) + packet[at + 1:]


def with_length(packet, length):
    return packet[:2] + struct.pack("!H", length) + packet[4:]


ACCT = radius.attr(radius.USER_NAME, b"bob@example.org") + radius.attr(40, b"\0\0\0\1") + radius.attr(44, b"1")
BREAKS = {
    "length below 20": (with_length(request(7), 19), "Length field below 20", "length=19"),
    "length above 4096": (with_length(request(7), 4097), "Length field above 4096", "length=4097"),
    "attribute of length 0": (bytes([1, 7, 0, 22]) + bytes(16) + b"\x01\x00", "length of 0 or 1", "length=22"),
    "attribute of length 1": (bytes([1, 7, 0, 22]) + bytes(16) + b"\x01\x01", "length of 0 or 1", "length=22"),
    "attribute past the end": (bytes([1, 7, 0, 24]) + bytes(16) + b"\x01\x05ab", "do not fill the packet", "length=24"),
    "octet left over": (bytes([1, 7, 0, 21]) + bytes(16) + b"\x01", "do not fill the packet", "length=21"),
    "bad Request Authenticator": (flip(radius.request(4, 7, ACCT, SECRET), 5), "Request Authenticator", "id=7"),
    "bad Message-Authenticator": (flip(request(7), 30), "Message-Authenticator", "id=7"),
    "bad Message-Authenticator of Status-Server": (flip(radius.request(12, 7, b"", SECRET), 30),
                                                   "Message-Authenticator", "code=Status-Server"),
}


@pytest.mark.parametrize("name", BREAKS)
def test_rule_closes_only_the_connection_that_broke_it(place, name):
    """P-TCP-35b, P-TCP-35c, P-TCP-35d, P-TCP-35e, P-TCP-35f and P-TCP-35h, P-SS-9: a broken rule closes only the
    connection that broke it. The line names peer, rule and packet; the neighbour's request goes on."""
    packet, rule, says = BREAKS[name]
    bad, good = place.visit(), place.visit()
    asked = request(1)
    good.send(asked)
    assert place.home.receive()
    bad.send(packet)
    assert bad.is_closed()
    line = wait_for("the line", lambda: re.search(r" connection-closed: .*reason=.*", place.gw.log()))[0]
    assert "peer=visitor" in line and rule in line and says in line and "addr=127.0.0.1" in line, line
    place.home.answer()
    assert radius.answer_ok(good.receive(), asked, SECRET)
    assert "connection-closed" not in place.gw.log().replace(line, "")
    good.close()


def test_unknown_client_is_refused_before_tls(lab):
    """P-TCP-35a, P-TLS-26: a client whose address is in no peer's prefixes is refused."""
    place = Place(lab, peer="address = 127.0.0.77, 2001:db8::/32")
    with pytest.raises(OSError):
        place.visit()
    line = wait_for("the line", lambda: re.search(r" connection-refused: .*", place.gw.log()))[0]
    assert "from=127.0.0.1" in line and "listen=radsec" in line
    place.visit(source="127.0.0.77").close()
    assert place.gw.counters()["refused_address"] == 1


def answers(ident):
    made = radius.request(1, ident, b"", SECRET)
    return {
        "Access-Accept": radius.answer(2, made, b"", SECRET),
        "Accounting-Response": radius.answer(5, made, b"", SECRET),
        "CoA-ACK": radius.answer(44, made, b"", SECRET),
        "Protocol-Error": radius.answer(52, made, b"", SECRET),
    }


@pytest.mark.parametrize("name", answers(0))
def test_answer_to_nothing_does_not_close(place, name):
    """P-TCP-38, 39: an answer to nothing is dropped, and the connection lives."""
    visitor = place.visit()
    visitor.send(answers(9)[name])
    assert visitor.ask(radius.request(12, 1, b"", SECRET))[0] == 2
    assert place.gw.counters()["peer_unexpected_code"] == 1
    visitor.close()


@pytest.mark.parametrize("code", [40, 43])
def test_dynamic_request_gets_a_nak(place, code):
    """RFC 5176: a dynamic request gets a NAK with Error-Cause 406; the connection lives."""
    visitor = place.visit()
    got = visitor.ask(radius.request(code, 5, radius.attr(1, b"x") + radius.attr(33, b"state"), SECRET))
    assert got[0] == code + 2 and radius.get(got, 101) == (406).to_bytes(4, "big")
    assert radius.get(got, 33) == b"state"
    assert visitor.ask(radius.request(12, 1, b"", SECRET))[0] == 2
    visitor.close()


@pytest.mark.parametrize("code", [6, 13, 50, 99, 255])
def test_unknown_code_gets_protocol_error(lab, code):
    """P-ERR-1, 2, 10: an unknown code gets Protocol-Error with Error-Cause 406 and Original-Packet-Code, signed; the
    connection lives."""
    place = Place(lab, peer="protocol-error = yes")
    visitor = place.visit()
    got = visitor.ask(radius.request(code, 5, radius.attr(1, b"x") + radius.attr(33, b"state"), SECRET))
    assert got[0] == radius.PROTOCOL_ERROR and got[20] == radius.MESSAGE_AUTHENTICATOR
    assert radius.get(got, 241) == bytes([4, 0, 0, 0, code])
    assert radius.get(got, 101) == (406).to_bytes(4, "big")
    assert radius.get(got, 33) == b"state"
    assert visitor.ask(radius.request(12, 1, b"", SECRET))[0] == 2
    visitor.close()


def test_code_that_is_not_allowed_gets_protocol_error(lab):
    place = Place(lab, peer="allow = auth\nprotocol-error = yes")
    visitor = place.visit()
    got = visitor.ask(radius.request(4, 5, ACCT, SECRET))
    assert got[0] == radius.PROTOCOL_ERROR and radius.get(got, 101) == (406).to_bytes(4, "big")
    visitor.close()


def test_unroutable_request_gets_protocol_error(lab):
    """P-ERR-10: an unroutable request gets 502 if the peer understands it. A repetition, which breaks a rule inside
    TLS, gets nothing (P-TCP-27)."""
    place = Place(lab, realm="example.org", peer="protocol-error = yes")
    visitor, asked = place.visit(), request(3, user=b"bob@elsewhere.example")
    first = visitor.ask(asked)
    assert first[0] == radius.PROTOCOL_ERROR and radius.get(first, 101) == (502).to_bytes(4, "big")
    visitor.send(asked)
    assert visitor.ask(radius.request(12, 1, b"", SECRET))[0] == 2
    assert place.gw.counters()["duplicate_absorbed"] == 1
    visitor.close()


def test_unroutable_request_of_others_is_rejected(lab):
    place = Place(lab, realm="example.org")
    visitor = place.visit()
    got = visitor.ask(request(3, user=b"bob@elsewhere.example"))
    assert got[0] == radius.ACCESS_REJECT and radius.get(got, 101) == (502).to_bytes(4, "big")
    visitor.close()


def test_missing_message_authenticator_does_not_close(place):
    """P-BR-12: a missing Message-Authenticator does not close the connection, not even with EAP. The server gets one
    all the same (P-BR-1)."""
    visitor = place.visit()
    asked = radius.request(1, 1, radius.attr(1, b"bob@example.org") + radius.attr(79, b"\2\1\0\5\1"), SECRET,
                           with_ma=False)
    visitor.send(asked)
    got = place.home.receive()
    assert radius.message_authenticator_ok(got, got[4:20], place.home.secret.encode())
    place.home.answer()
    answer = visitor.receive()
    assert radius.answer_ok(answer, asked, SECRET) and answer[20] == radius.MESSAGE_AUTHENTICATOR
    visitor.close()


def test_status_server_needs_a_message_authenticator(place):
    """P-SS-9: a Status-Server without Message-Authenticator has no answer; it is never passed on (P-SS-20)."""
    visitor = place.visit()
    visitor.send(radius.request(12, 1, b"", SECRET, with_ma=False))
    assert visitor.ask(radius.request(12, 2, b"", SECRET))[1] == 2
    assert place.home.receive(0.2) is None
    assert place.gw.counters()["tls_missing_message_authenticator"] == 1
    visitor.close()


def fill(size, ident):
    """A request of just this size."""
    attrs, left = b"", size - 20 - 18 - 17 - 18
    while left > 0:
        n = min(left, 255)
        n = n - 2 if 0 < left - n < 2 else n
        attrs, left = attrs + radius.attr(200, bytes(n - 2)), left - n
    made = request(ident, more=attrs)
    assert len(made) == size, (len(made), size)
    return made


def serve(place, visitor, packets, chunks):
    """Sends the chunks; answers what comes to the server; checks that every packet gets its answer."""
    for chunk in chunks:
        visitor.send(chunk)
    waiting = {p[1]: p for p in packets}
    while waiting:
        assert place.home.receive(), f"{len(waiting)} requests did not come"
        place.home.answer()
        got = visitor.receive()
        assert got and radius.answer_ok(got, waiting.pop(got[1]), SECRET)


def test_octet_by_octet(place):
    """P-STR-2: a packet comes octet by octet, each in a record of its own."""
    visitor, packet = place.visit(), request(1)
    serve(place, visitor, [packet], [packet[i:i + 1] for i in range(len(packet))])
    visitor.close()


def test_fifty_in_one_record(place):
    visitor, packets = place.visit(), [request(i) for i in range(50)]
    assert sum(map(len, packets)) < 16384
    serve(place, visitor, packets, [b"".join(packets)])
    visitor.close()


@pytest.mark.parametrize("size", [4096 - 38, 4000, 4096])
def test_long_packets(place, size):
    """P-PKT-2: a packet that needs no more room on the way is passed on at its full length; the Proxy-State of the
    gateway is added where there is room for it, and is no reason to drop what has none."""
    visitor, packet = place.visit(), fill(size, 1)
    serve(place, visitor, [packet], [packet])
    assert len(place.home.packets[-1][0]) == (size + 15 if size + 15 <= 4096 else size)
    visitor.close()


def test_shortest_packet(place):
    """The shortest packet has 20 octets: a request without attributes. It has no password, so the server may think what
    it likes, but it gets the question, with the Proxy-State of the gateway; and the answer of 20 octets comes back."""
    visitor = place.visit()
    bare = radius.request(4, 1, b"", SECRET)
    assert len(bare) == 20
    home = FakeHome(place.lab, like=place.home, on="acct")
    visitor.send(bare)
    assert len(home.receive()) == 20 + 15
    home.answer()
    got = visitor.receive()
    assert len(got) == 20 and radius.answer_ok(got, bare, SECRET)
    home.close()
    visitor.close()


def test_one_packet_is_one_record(place):
    """P-STR-4, both ways of reading it: a record carries one answer."""
    visitor = place.visit()
    for i in range(20):
        visitor.send(request(i))
    for _ in range(20):
        assert place.home.receive()
    for packet in place.home.packets:
        place.home.answer(packet=packet)
    visitor.tls.settimeout(5)
    for _ in range(20):
        data = visitor.tls.recv(16384)  # OpenSSL hands out one record at a time
        assert len(data) == struct.unpack("!H", data[2:4])[0]
    visitor.close()


def test_duplicate_is_asked_once_and_answered_once(place):
    """P-DUP-7, P-TCP-32: a duplicate is absorbed before the answer and after it, which the connection carries for
    sure."""
    visitor, asked = place.visit(), request(1)
    visitor.send(asked)
    visitor.send(asked)
    assert place.home.receive()
    place.home.answer()
    assert visitor.receive()
    visitor.send(asked)
    assert place.home.receive(0.2) is None
    # The next answer is that to the next request.
    assert visitor.ask(radius.request(12, 77, b"", b"radsec"))[1] == 77
    counters = place.gw.counters()
    assert counters["duplicate_absorbed"] == 2 and "duplicate_replayed" not in counters
    visitor.close()


def test_silent_server_gets_the_same_octets_again(place):
    """P-RTX-1, P-RTX-4: the request is repeated after 2 s, give or take a tenth, until it is answered, and no longer.
    The gateway's own clock says how long the answer took, which this server gives to the repetition only."""
    visitor, asked = place.visit(), request(1)
    visitor.send(asked)
    first = place.home.receive()
    assert place.home.receive(15) == first
    place.home.answer()
    assert radius.answer_ok(visitor.receive(), asked, SECRET)
    took = int(place.gw.wait_line("answered").fields["ms"])
    assert 1800 <= took < 3500 * PATIENCE
    assert place.gw.counters()["server_retransmitted"] == 1
    assert place.home.receive(5) is None
    visitor.close()


def test_closed_connection_stops_the_repetition(place):
    """P-RTX-5, P-TCP-31, P-TLS-28: once the connection is closed nothing more is sent, and a late answer is dropped."""
    visitor = place.visit()
    visitor.send(request(1))
    assert place.home.receive()
    # The visitor leaves without a goodbye, behind which it might still listen.
    visitor.tls.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    visitor.tls.close()
    assert place.home.receive(5) is None
    place.home.answer()
    wait_for("the late answer", lambda: place.gw.counters().get("response_late") == 1)
    counters = place.gw.counters()
    assert counters["request_gone"] == 1 and "server_retransmitted" not in counters


def test_server_that_is_not_there(lab):
    """A server that is not there is noticed at once by ICMP port unreachable; the request is answered when the server
    comes back, without the peer doing anything."""
    place = Place(lab)
    place.home.close()
    visitor, asked = place.visit(), request(1)
    visitor.send(asked)
    place.gw.wait_log(r" server-down: .*server=home port=auth was=alive is=dead", 5)
    assert "ICMP port unreachable" in place.gw.log()
    home = FakeHome(lab, like=place.home)
    assert home.receive(8)
    home.answer()
    assert radius.answer_ok(visitor.receive(), asked, SECRET)
    place.gw.wait_log(r" server-alive: ")
    home.close()
    visitor.close()


def test_status_server_probes(lab):
    """P-SS-1, 2, 8, 11, 12: a server that is suspected is asked, each time with another identifier and authenticator, and
    nothing in it is about a user; the first answer makes it alive."""
    place = Place(lab, server="status-server = yes\nwatchdog = 6s\nretransmit = irt 500ms mrt 1s mrc 2 mrd 2s")
    visitor = place.visit()
    visitor.send(request(1))
    probes = []
    while len(probes) < 2:
        got = place.home.receive(9)
        assert got
        if got[0] == radius.STATUS_SERVER:
            assert radius.message_authenticator_ok(got, got[4:20], place.home.secret.encode())
            assert {kind for kind, *_ in radius.attributes(got)} <= {radius.MESSAGE_AUTHENTICATOR, 4, 32, 95}
            probes.append(got)
    assert probes[0][1] != probes[1][1] and probes[0][4:20] != probes[1][4:20]
    suspected = place.gw.wait_line("server-down", **{"is": "suspected"})
    place.home.answer()
    alive = place.gw.wait_line("server-alive", was="suspected")
    # Two Status-Servers are one interval of the watchdog apart, which is 6 s, give or take 2 s (P-WD-2).
    assert 3.9 < alive.time - suspected.time < 9 * PATIENCE
    visitor.close()


def test_more_than_one_socket_of_requests(place):
    """A source port has 255 identifiers, so 600 requests at once need three."""
    visitors = [place.visit() for _ in range(3)]
    for v in visitors:
        for i in range(200):
            v.send(request(i))
    for _ in range(600):
        assert place.home.receive()
    assert len({sender for _, sender in place.home.packets}) == 3
    for packet in place.home.packets:
        place.home.answer(packet=packet)
    for v in visitors:
        for _ in range(200):
            assert v.receive()
        v.close()


def test_forged_answer_of_the_server_is_dropped(place):
    """A datagram from the server's address proves nothing: the right answer still counts."""
    visitor, asked = place.visit(), request(1)
    visitor.send(asked)
    data = place.home.receive()
    forged = radius.answer(2, data, b"", b"wrong secret")
    place.home.socket.sendto(forged, place.home.packets[-1][1])
    place.home.socket.sendto(os.urandom(7), place.home.packets[-1][1])
    place.home.answer(code=3)
    assert visitor.receive()[0] == 3
    counters = place.gw.counters()
    assert counters["response_bad_authenticator"] == 1 and counters["server_malformed"] == 1
    visitor.close()


def test_request_of_a_peer_never_goes_back_to_it(lab):
    """The realm leads back to the peer that asks."""
    port = lab.port()
    place = Place(lab, peer=f"connect = 127.0.0.1:{port}\nconnections = 0-1\nprotocol-error = yes",
                  extra="[realm back.example]\npool = visitor\n")
    visitor = place.visit()
    got = visitor.ask(request(1, user=b"bob@back.example"))
    assert got[0] == radius.PROTOCOL_ERROR and radius.get(got, 101) == (502).to_bytes(4, "big")
    assert place.gw.counters()["request_loop"] == 1
    visitor.close()
