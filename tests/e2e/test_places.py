# SPDX-License-Identifier: GPL-2.0-or-later
"""Where clients ask."""
import radius
from inbound import FakeHome, Visitor
from lab import wait_for
from peer import Nas


def test_clients_behind_one_address(lab):
    """P-TCP-6, P-TLS-30: clients behind one address are told apart by where they ask, each with its own secret."""
    home, first, second = FakeHome(lab), lab.port(), lab.port()
    gw = lab.gateway(lab.write("places.ini", f"""\
[log]
rate = 0
[listen first]
udp = 127.0.0.1:{first}
[listen second]
udp = 127.0.0.1:{second}
[client wireless]
address = 127.0.0.1
secret = the secret of the wireless
listen = first
[client wired]
address = 127.0.0.1
secret = the secret of the wired ones
listen = second
[server home]
auth = 127.0.0.1:{home.auth}
secret = {home.secret}
[realm *]
pool = home
"""), wait="started")
    places = {first: "the secret of the wireless", second: "the secret of the wired ones"}
    for port, secret in places.items():
        nas = Nas(port, secret)
        request = radius.access_request(1, secret.encode())
        nas.send(request)
        assert home.receive()
        home.answer()
        assert radius.answer_ok(nas.receive(5), request, secret.encode())
        # A request with the secret of the other client is nobody's.
        other = next(s for s in places.values() if s != secret)
        nas.send(radius.access_request(2, other.encode()))
        nas.close()
    wait_for("both drops", lambda: gw.counters().get("udp_bad_message_authenticator") == 2)
    home.close()


def test_udp_and_tls_at_one_place(lab):
    """P-TCP-21, P-TCP-22a, P-TCP-22b, P-TCP-23 and P-TCP-24: one host asks over UDP and TLS at one address and one port;
    each transport has its secret, and each answer comes over the transport of its request."""
    pki, home, port, secret = lab.pki(), FakeHome(lab), lab.port(), "the secret of the one over UDP"
    gw = lab.gateway(lab.write("both.ini", f"""\
[log]
level = debug
rate = 0
[tls lab]
certificate = {pki}/localhost.pem
key = {pki}/localhost.key
ca = {pki}/ca.pem
[listen datagrams]
udp = 127.0.0.1:{port}
[listen streams]
tls = 127.0.0.1:{port}
profile = lab
[client host]
address = 127.0.0.1
secret = {secret}
[peer host-over-tls]
accept = yes
name = gateway.test
tls = lab
[server home]
auth = 127.0.0.1:{home.auth}
secret = {home.secret}
[realm *]
pool = home
"""), wait="started")
    visitor = Visitor(port, pki)
    # The same port at this end, and the same identifier, for both transports.
    nas = Nas(port, secret, source_port=visitor.tls.getsockname()[1])
    over_udp, over_tls = radius.access_request(1, secret.encode()), radius.access_request(1, b"radsec")
    nas.send(over_udp)
    visitor.send(over_tls)
    for _ in range(2):
        assert home.receive()
        home.answer()
    assert radius.answer_ok(nas.receive(5), over_udp, secret.encode())
    assert radius.answer_ok(visitor.receive(), over_tls, b"radsec")
    assert nas.receive(0.2) is None and visitor.receive(0.2) is None
    assert gw.counters()["request_answered"] == 2
    # A request with the secret of the other transport is nobody's.
    nas.send(radius.access_request(2, b"radsec"))
    wait_for("the drop", lambda: gw.counters().get("udp_bad_message_authenticator") == 1)
    visitor.send(radius.access_request(2, secret.encode()))
    assert visitor.is_closed()
    nas.close()
    home.close()
