# SPDX-License-Identifier: GPL-2.0-or-later
"""Realms that lead in circles, and a gateway that has itself as a peer (P-PRX-7, P-CRT-18)."""
import radius
from lab import NAS_SECRET, wait_for
from peer import Nas
from relay import Relay

SECRET = NAS_SECRET.encode()
MEMBERS = ["a", "b", "c"]


def member(lab, pki, name, ports, udp, gateway=""):
    """One gateway of a ring: it sends on what its clients and the gateway before it ask, whatever the realm."""
    next_one = MEMBERS[(MEMBERS.index(name) + 1) % len(MEMBERS)]
    before = MEMBERS[MEMBERS.index(name) - 1]
    return lab.gateway(lab.write(f"{name}.ini", f"""\
[gateway]
{gateway}
[log]
level = debug
rate = 0
[tls lab]
certificate = {pki}/{name}.test.pem
key = {pki}/{name}.test.key
ca = {pki}/ca.pem
[listen peers]
tls = 127.0.0.1:{ports[name]}
profile = lab
[listen clients]
udp = 127.0.0.1:{udp[name]}
[client nas]
address = 127.0.0.1
secret = {NAS_SECRET}
[peer {before}]
accept = yes
name = {before}.test
tls = lab
[peer {next_one}]
connect = 127.0.0.1:{ports[next_one]}
name = {next_one}.test
tls = lab
[realm *]
pool = {next_one}
"""), name=name, wait="started")


def ring(lab, gateway=""):
    pki = lab.pki(servers=[f"{m}.test" for m in MEMBERS], clients=[f"{m}.test" for m in MEMBERS])
    ports, udp = {m: lab.port() for m in MEMBERS}, {m: lab.port() for m in MEMBERS}
    gws = {m: member(lab, pki, m, ports, udp, gateway) for m in MEMBERS}
    return gws, Nas(udp["a"], NAS_SECRET)


def test_a_ring_of_gateways(lab):
    """A request goes round a ring once, and is rejected by the gateway to which it comes again, with the cause; nothing
    goes on behind that."""
    gws, nas = ring(lab)
    request = radius.access_request(1, SECRET, user=b"user@nowhere.example")
    answer = nas.ask(request, 3)
    assert answer is not None and answer[0] == 3
    assert radius.get(answer, 101) == (502).to_bytes(4, "big")
    gws["b"].wait_log(r"warning loop: .* realm=nowhere\.example from_peer=a gateways=4")
    # No answer to accounting can say that, but the request ends, too.
    nas.send(radius.request(4, 2, radius.attr(1, b"user@nowhere.example"), SECRET))
    wait_for("the second", lambda: gws["b"].counters()["request_loop"] == 2)
    for name, gw in gws.items():
        counters = gw.counters()
        assert counters["requests_accepted"] == (2 if name == "c" else 4), name


def test_a_ring_of_others(lab):
    """Where gateways of other kinds in between add one Proxy-State each and the mark is lost, loop-limit ends the
    circle."""
    gws, nas = ring(lab, gateway="loop-marker = no\nrequest-lifetime = 5s")
    proxied = b"".join(radius.attr(radius.PROXY_STATE, b"x") for _ in range(33))
    nas.send(radius.access_request(1, SECRET, user=b"user@nowhere.example", more=proxied))
    wait_for("the limit", lambda: gws["a"].counters()["udp_too_many_proxy_states"] == 1)


def test_a_gateway_that_is_its_own_peer(lab):
    """A gateway may have itself as a peer, at an address that does not tell: the certificate does, on both ends."""
    pki = lab.pki(servers=["a.test"], clients=["a.test"])
    port = lab.port()
    relay = Relay(port, 0)
    gw = lab.gateway(lab.write("self.ini", f"""\
[log]
level = debug
rate = 0
[tls lab]
certificate = {pki}/a.test.pem
key = {pki}/a.test.key
ca = {pki}/ca.pem
[listen peers]
tls = 127.0.0.1:{port}
profile = lab
[listen clients]
udp = 127.0.0.1:{lab.port()}
[client nas]
address = 127.0.0.1
secret = {NAS_SECRET}
[peer us]
connect = 127.0.0.1:{relay.port}
accept = yes
name = a.test
tls = lab
connections = 1-1
[realm *]
pool = us
"""), wait="started")
    gw.wait_log(r"peer=us .*certificate refused: it is our own, so we have reached ourselves")
    assert gw.counters().get("connections_opened", 0) == 0
    relay.close()
