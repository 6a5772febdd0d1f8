# SPDX-License-Identifier: GPL-2.0-or-later
"""RADIUS over plain TCP (RFC 6613), for loopback and for what IPsec protects: P-TCP-1 to P-TCP-3."""
import re
import socket
import subprocess

import pytest

import radius
from inbound import FakeHome, Visitor
from lab import Home, Lab, accounting, binary, eapol_test, pap, radclient
from peer import Nas
from plain import SECRET, PlainPeer, PlainVisitor, inbound_conf, outbound_conf

KEY = SECRET.encode()
EAP_MESSAGE = 79
IDENTITY = b"\x02\x01\x00\x14\x01bob@example.org"


def login(ident=1, **more):
    return radius.access_request(ident, KEY, **more)


def nas(lab):
    return Nas(lab.auth, "nas-secret-of-the-lab-0123")


def ask_nas(n, ident=1, user=b"bob@example.org"):
    return n.ask(radius.access_request(ident, n.secret, user=user))


# ---- the gateway at both ends


@pytest.fixture(scope="module")
def chain():
    """NAS -> UDP -> radsecgw -> plain TCP -> radsecgw -> UDP -> FreeRADIUS"""
    with Lab() as lab:
        lab.home = lab.freeradius()
        lab.inner = lab.gateway(inbound_conf(lab, lab.home), name="inner", wait="started")
        lab.gw = lab.gateway(outbound_conf(lab, lab.plain), name="outer")
        yield lab


def test_login_between_gateways(chain):
    ok, out = radclient(chain.auth, "auth", pap())
    assert ok and "Access-Accept" in out and 'Reply-Message = "hello bob"' in out, out
    ok, out = radclient(chain.auth, "auth", pap(password="wrong"))
    assert not ok and "Received Access-Reject" in out, out


def test_accounting_between_gateways(chain):
    ok, out = radclient(chain.acct, "acct", accounting("Start", session="plain-1"))
    assert ok and "Accounting-Response" in out, out
    assert 'Acct-Session-Id = "plain-1"' in chain.home.records()


def test_eap_between_gateways(chain):
    """Keys that are hidden with the secret arrive as they were sent (P-TCP-5)."""
    success, keys, out = eapol_test(chain, chain.home, chain.auth, "PEAP-MSCHAPv2")
    assert success and keys, out[-3000:]


def test_each_section_is_warned_about(chain):
    for log, section in ((chain.inner, r"\[listen plain\]"), (chain.inner, r"\[peer neighbour\]"),
                         (chain.gw, r"\[peer next\]")):
        assert len(re.findall(rf"warning: insecure-tcp: the connections of {section} are not encrypted", log.log())) == 1


# ---- against another make


class TcpHome(Home):
    """FreeRADIUS that also speaks plain TCP."""

    def _tls_server(self, tls):
        return f"""
clients plain {{
    client gateway {{
        ipaddr = 127.0.0.1
        proto = tcp
        secret = {SECRET}
        require_message_authenticator = yes
    }}
}}
"""

    def _listen_tls(self, tls):
        self.tls = self.lab.port()
        return f"""
    listen {{
        type = auth+acct
        proto = tcp
        ipaddr = 127.0.0.1
        port = {self.tls}
        clients = plain
    }}
"""


def test_freeradius_takes_it(lab):
    home = TcpHome(lab, "freeradius", "", None, "home-secret-of-the-lab-0123")
    home.start()
    lab.gateway(outbound_conf(lab, home.tls))
    ok, out = radclient(lab.auth, "auth", pap())
    assert ok and 'Reply-Message = "hello bob"' in out, out
    ok, out = radclient(lab.acct, "acct", accounting("Start", session="plain-2"))
    assert ok, out


# ---- a raw peer that we connect to


def test_what_goes_out(lab):
    """Packets stand on the stream as they are, signed with the secret, and with a Message-Authenticator."""
    peer = PlainPeer(lab.port(), behave=lambda p, s, packet: s.sendall(radius.usual_answer(packet, KEY)))
    lab.gateway(outbound_conf(lab, peer.port))
    assert ask_nas(nas(lab))[0] == radius.ACCESS_ACCEPT
    got = peer.packets[0]
    assert got[0] == radius.ACCESS_REQUEST
    assert radius.message_authenticator_ok(got, got[4:20], KEY) is True
    assert radius.unhide(radius.get(got, radius.USER_PASSWORD), KEY, got[4:20]).rstrip(b"\0") == b"hello"
    assert peer.greetings == 1


def test_answers_in_pieces_and_together(lab):
    waiting = []

    def behave(peer, stream, packet):
        waiting.append(radius.usual_answer(packet, KEY))
        if len(waiting) == 3:
            octets = b"".join(waiting)
            for piece in (octets[:3], octets[3:25], octets[25:]):
                stream.sendall(piece)
    peer = PlainPeer(lab.port(), behave=behave)
    lab.gateway(outbound_conf(lab, peer.port, connections=1))
    many = [nas(lab) for _ in range(3)]
    requests = [radius.access_request(i, n.secret) for i, n in enumerate(many)]
    for n, request in zip(many, requests):
        n.send(request)
    for n, request in zip(many, requests):
        assert radius.answer_ok(n.receive(), request, n.secret)


def test_end_of_stream_is_an_orderly_end(lab):
    """A peer that closes the stream ends it in order: its open requests go elsewhere, and nobody calls that a fault of
    the connection."""
    def behave(peer, stream, packet):
        if len(peer.packets) == 1:
            stream.shutdown(socket.SHUT_RDWR)
        else:
            stream.sendall(radius.usual_answer(packet, KEY))
    peer = PlainPeer(lab.port(), behave=behave)
    gw = lab.gateway(outbound_conf(lab, peer.port))
    assert ask_nas(nas(lab))[0] == radius.ACCESS_ACCEPT
    gw.wait_log(r' connection-lost: .*reason="the peer closed the connection"')


def test_wrong_secret_closes(lab):
    """P-TCP-35g: an answer that does not verify closes the connection."""
    peer = PlainPeer(lab.port(), behave=lambda p, s, packet: s.sendall(radius.usual_answer(packet, b"radsec")))
    gw = lab.gateway(outbound_conf(lab, peer.port))
    nas(lab).send(radius.access_request(1, b"nas-secret-of-the-lab-0123"))
    gw.wait_log(r"connection-closed.*Response Authenticator does not verify")
    assert gw.counters()["response_bad_authenticator"] >= 1


def test_answer_with_eap_needs_a_message_authenticator(lab):
    """P-MA-6: an answer with EAP needs a Message-Authenticator, which over TLS nobody needs to ask for."""
    eap = radius.attr(EAP_MESSAGE, b"\x03\x01\x00\x04")

    def behave(peer, stream, packet):
        signed = len(peer.packets) > 1
        for request in peer.packets if signed else [packet]:
            stream.sendall(radius.answer(radius.ACCESS_ACCEPT, request, eap, KEY, with_ma=signed))
    peer = PlainPeer(lab.port(), behave=behave)
    gw = lab.gateway(outbound_conf(lab, peer.port))
    n = nas(lab)
    n.send(radius.access_request(1, n.secret))
    gw.wait_log(" missing-message-authenticator: ")
    assert n.ask(radius.access_request(2, n.secret))[0] == radius.ACCESS_ACCEPT
    assert gw.counters()["response_missing_message_authenticator"] == 1
    assert peer.ended == 0


# ---- a raw peer that connects to us


@pytest.fixture
def home(lab):
    with socket.socket():
        made = FakeHome(lab)
    yield made
    made.close()


@pytest.fixture
def inner(lab, home):
    return lab.gateway(inbound_conf(lab, home), name="inner", wait="started")


def serve(home, visitor, packet):
    """The home server answers what the visitor asks."""
    visitor.send(packet)
    assert home.receive() is not None
    home.answer()
    got = visitor.receive()
    assert got and radius.answer_ok(got, packet, KEY)
    return got


def test_what_comes_in(lab, home, inner):
    visitor = PlainVisitor(lab.plain)
    assert serve(home, visitor, login())[0] == radius.ACCESS_ACCEPT
    assert re.search(r" connection-up: .*peer=neighbour .*opened_by=peer", inner.log())
    status = radius.request(radius.STATUS_SERVER, 2, b"", KEY)
    assert visitor.ask(status)[0] == radius.ACCESS_ACCEPT


def test_in_pieces_and_together(lab, home, inner):
    visitor = PlainVisitor(lab.plain)
    packets = [login(i) for i in range(1, 4)]
    octets = b"".join(packets)
    for piece in (octets[:2], octets[2:70], octets[70:]):
        visitor.send(piece)
    for _ in packets:
        assert home.receive() is not None
        home.answer()
    answers = [visitor.receive() for _ in packets]
    assert {a[1] for a in answers} == {1, 2, 3}


def test_only_known_addresses_come_in(lab, home, inner):
    """P-TCP-35a: the address is all that tells who it is."""
    with pytest.raises(ConnectionError):
        stranger = PlainVisitor(lab.plain, source="127.0.0.9")
        stranger.send(login())
        if stranger.is_closed():
            raise ConnectionError
    inner.wait_log(r" connection-refused: .*from=127\.0\.0\.9")
    assert inner.counters()["refused_address"] == 1


def test_each_address_has_its_secret(lab, home):
    """P-TCP-6, P-TCP-23: two peers at two addresses; the secret of one is nothing to the other."""
    second = "[peer second]\naccept = yes\naddress = 127.0.0.2\ninsecure-tcp = yes\nsecret = another-secret-of-the-lab"
    gw = lab.gateway(inbound_conf(lab, home, extra=second), name="inner", wait="started")
    packet = radius.request(radius.STATUS_SERVER, 1, b"", b"another-secret-of-the-lab")
    assert PlainVisitor(lab.plain, source="127.0.0.2").ask(packet, secret=b"another-secret-of-the-lab")
    first = PlainVisitor(lab.plain)
    first.send(packet)
    assert first.is_closed()
    gw.wait_log(r" connection-closed: .*peer=neighbour .*Message-Authenticator does not verify")


def test_plain_and_tls_do_not_mix(lab, home):
    """Whoever comes from the address of a plain peer is that peer on the plain listener only; and a certificate is
    worth nothing there."""
    pki = lab.pki()
    lab.radsec = lab.port()
    both = f"""
[tls lab]
certificate = {pki}/localhost.pem
key = {pki}/localhost.key
ca = {pki}/ca.pem

[listen radsec]
tls = 127.0.0.1:{lab.radsec}
profile = lab

[peer visitor]
accept = yes
address = 127.0.0.1
name = gateway.test
tls = lab
"""
    gw = lab.gateway(inbound_conf(lab, home, extra=both), name="inner", wait="started")
    over_tls = Visitor(lab.radsec, pki)
    assert over_tls.ask(radius.request(radius.STATUS_SERVER, 1, b"", b"radsec"))
    gw.wait_log(r" connection-up: .*peer=visitor ")
    # On the TLS listener the secret of the plain peer is nobody's.
    over_tls.send(radius.request(radius.ACCOUNTING_REQUEST, 2, b"", KEY))
    assert over_tls.is_closed()
    on_tls = PlainVisitor(lab.radsec)
    on_tls.send(login())
    assert on_tls.is_closed()
    gw.wait_log("what came first is not TLS")
    plain = socket.create_connection(("127.0.0.1", lab.plain), 10)
    plain.sendall(b"\x16\x03\x01\x01\x00\x01" + bytes(255))
    assert plain.recv(100) == b""
    assert PlainVisitor(lab.plain).ask(radius.request(radius.STATUS_SERVER, 3, b"", KEY))


def test_a_plain_peer_does_not_come_in_over_tls(lab, home):
    """A listener for TLS lets in the addresses of its own peers only."""
    pki = lab.pki()
    lab.radsec = lab.port()
    both = f"""
[tls lab]
certificate = {pki}/localhost.pem
key = {pki}/localhost.key
ca = {pki}/ca.pem

[listen radsec]
tls = 127.0.0.1:{lab.radsec}
profile = lab

[peer visitor]
accept = yes
address = 127.0.0.2
name = gateway.test
tls = lab
"""
    gw = lab.gateway(inbound_conf(lab, home, extra=both), name="inner", wait="started")
    with pytest.raises(OSError):
        Visitor(lab.radsec, pki)
    gw.wait_log(r" connection-refused: .*listen=radsec .*from=127\.0\.0\.1")
    visitor = Visitor(lab.radsec, pki, source="127.0.0.2")
    assert visitor.ask(radius.request(radius.STATUS_SERVER, 1, b"", b"radsec"))
    with pytest.raises(OSError):
        stranger = PlainVisitor(lab.plain, source="127.0.0.2")
        stranger.send(login())
        if stranger.is_closed():
            raise ConnectionError
    gw.wait_log(r" connection-refused: .*listen=plain .*from=127\.0\.0\.2")


def test_half_closed_gets_its_answer(lab, home, inner):
    """The end of the stream says that nothing more comes; what was asked is answered all the same."""
    visitor = PlainVisitor(lab.plain)
    packet = login()
    visitor.send(packet)
    assert home.receive() is not None
    visitor.tls.shutdown(socket.SHUT_WR)
    # The gateway has read the end once it has answered what comes on another connection afterwards.
    assert PlainVisitor(lab.plain).ask(radius.request(radius.STATUS_SERVER, 9, b"", KEY))
    home.answer()
    got = visitor.receive()
    assert got and radius.answer_ok(got, packet, KEY)
    assert visitor.is_closed()


@pytest.mark.parametrize("attrs", [radius.attr(1, b"bob@example.org"),
                                   radius.attr(1, b"bob@example.org") + radius.attr(EAP_MESSAGE, IDENTITY)],
                         ids=["without a password", "with EAP"])
def test_request_needs_a_message_authenticator(lab, home, inner, attrs):
    """P-MA-6 and P-MA-7: a request without Message-Authenticator is dropped, and the connection stays (P-TCP-39)."""
    visitor = PlainVisitor(lab.plain)
    visitor.send(radius.request(radius.ACCESS_REQUEST, 1, attrs, KEY, with_ma=False))
    visitor.send(login(2, with_ma=False))
    got = home.receive()
    assert got and radius.get(got, radius.USER_PASSWORD)
    home.answer()
    assert visitor.receive()[1] == 2
    assert inner.counters()["tls_missing_message_authenticator"] == 1


@pytest.mark.parametrize("packet", [radius.request(radius.ACCOUNTING_REQUEST, 1, b"", b"radsec"),
                                    radius.access_request(1, b"radsec"), b"\x01\x01\x00\x13" + bytes(16),
                                    b"\x01\x01\x10\x01" + bytes(16)],
                         ids=["authenticator", "Message-Authenticator", "too short", "too long"])
def test_what_closes_it(lab, home, inner, packet):
    """P-TCP-35b, c, f, h: the same faults close a plain connection as close one with TLS; and the secret that is used
    inside TLS is worth nothing."""
    visitor = PlainVisitor(lab.plain)
    visitor.send(packet)
    assert visitor.is_closed()


def test_peer_that_does_not_read(lab, home, inner):
    """The answers for a peer that does not read stay within bounds, and come when it reads again."""
    visitor = PlainVisitor(lab.plain)
    visitor.tls.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    status = [radius.request(radius.STATUS_SERVER, i, b"", KEY) for i in range(100)]
    visitor.send(b"".join(status))
    assert sorted(visitor.receive()[1] for _ in status) == list(range(100))


# ---- where it may be


@pytest.mark.parametrize("line, key", [("address = 10.0.0.0/8", "address"), ("connect = 192.0.2.1:1812", "connect"),
                                       ("connect = radius.example.org:1812", "connect")])
def test_gateway_does_not_start_with_it_elsewhere(lab, line, key):
    """P-TCP-1, P-TCP-2: plain TCP at any other address is refused with its place in the file, unless IPsec is there."""
    text = f"""\
[listen plain]
tls = 127.0.0.1:{lab.port()}
insecure-tcp = yes

[peer p]
{'accept = yes' if key == 'address' else ''}
{line}
insecure-tcp = yes
secret = {SECRET}
%s

[server home]
auth = 127.0.0.1:{lab.port()}
secret = {SECRET}

[realm *]
pool = home

[client nas]
address = 127.0.0.1
secret = {SECRET}

[listen nas]
udp = 127.0.0.1:{lab.port()}
"""
    conf = lab.write("plain.ini", text % "")
    for command in ("check", "run"):
        done = subprocess.run([*binary(), command, "-c", str(conf)], capture_output=True, text=True, timeout=60)
        assert done.returncode != 0
        assert re.search(rf"plain\.ini:7: error: {key}: .* is not loopback", done.stderr), done.stderr
    conf = lab.write("plain.ini", text % "insecure-tcp-over = ipsec")
    done = subprocess.run([*binary(), "check", "-c", str(conf)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and "all that protects them is IPsec" in done.stderr, done.stderr
