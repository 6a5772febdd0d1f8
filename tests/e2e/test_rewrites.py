# SPDX-License-Identifier: GPL-2.0-or-later
"""Rewrites with real parts at both ends: radclient and eapol_test before, FreeRADIUS behind, the gateway
that rewrites in between, in both directions. And what they do to single packets, octet by octet."""
import re

import pytest

import radius
from inbound import FakeHome, Visitor, inbound_conf
from lab import HOME_SECRET, NAS_SECRET, Lab, accounting, eapol_test, pap, radclient, wait_for
from peer import Nas, TlsPeer

SECRET = NAS_SECRET.encode()
OPERATOR_NAME, CUI, SESSION_TIMEOUT = 126, 89, 27

# This is what a stranger's home server says about our VLANs, and what it may say.
USERS = """\
vlan@example.org Cleartext-Password := "hello"
    Tunnel-Type = VLAN,
    Tunnel-Medium-Type = IEEE-802,
    Tunnel-Private-Group-Id = "666",
    Aruba-User-Vlan = 666,
    Aruba-User-Role = "guest",
    Airespace-Interface-Name = "backbone",
    Session-Timeout = 3600,
    Reply-Message = "hello stranger"

new@sub.example.org Cleartext-Password := "hello"
    Reply-Message = "hello new one"

noname Cleartext-Password := "hello"
    Reply-Message = "hello without a realm"
"""

# The rewrites are the ready ones of etc/examples, and a few more.
REWRITES = """
[rewrite no-vlans]
remove = Tunnel-Type, Tunnel-Medium-Type, Tunnel-Private-Group-ID
    Aruba-User-Vlan, 14179:*
packets = access-accept

[rewrite ask-who]
default = Chargeable-User-Identity = 0x00
packets = access-request

[rewrite new-name]
replace = User-Name /^old@(.*)$$/new@sub.\\1/

[rewrite where]
set = Connect-Info = "${client}, ${source}, ${realm}"
add = Cisco-AVPair = via=${peer}
packets = access-request, accounting-request
"""


def received(home, kind, user):
    """The last packet of this kind from this user, as FreeRADIUS has read it."""
    def look():
        # FreeRADIUS may log a packet after it has answered; the next line tells that the packet is complete.
        packets = re.findall(rf"Received {kind} .*\n((?:\(\d+\)   .*\n)+)\(\d+\) ", home.log())
        return [p for p in packets if f'User-Name = "{user}"' in p]
    return wait_for(f"{kind} from {user}", look)[-1]


def expect_all(lab, seen_from):
    """Checks that the rewrites have done their work, which is the same in either direction."""
    ok, out = radclient(lab.auth, "auth", pap(user="vlan@example.org"))
    assert ok and "Received Access-Accept" in out, out
    accept = out[out.index("Received Access-Accept"):]
    for name in ("Tunnel-Type", "Tunnel-Medium-Type", "Tunnel-Private-Group-Id", "Aruba-User-Vlan", "Airespace"):
        wait_for(name, lambda: name in lab.sent_by_home())
        assert name not in accept, out
    for line in ('Aruba-User-Role = "guest"', "Session-Timeout = 3600", 'Reply-Message = "hello stranger"'):
        assert line in accept, out
    request = received(lab.home, "Access-Request", "vlan@example.org")
    assert "Chargeable-User-Identity = 0x00\n" in request, request
    assert f'Connect-Info = "{seen_from}, 127.0.0.1, example.org"' in request, request
    assert 'User-Password = "hello"' in request, request


def expect_other_name(lab):
    """Checks that the password is right behind a name that was changed, and that accounting goes the same way."""
    ok, out = radclient(lab.auth, "auth", pap(user="old@example.org"))
    assert ok and 'Reply-Message = "hello new one"' in out, out
    ok, out = radclient(lab.acct, "acct", accounting(session="rw-1", user="old@example.org"))
    assert ok and "Accounting-Response" in out, out
    assert re.search(r'User-Name = "new@sub\.example\.org"(?:\n\t.*)*\n\tAcct-Session-Id = "rw-1"', lab.home.records())
    assert "Chargeable-User-Identity" not in lab.home.records()


class Chain(Lab):
    def sent_by_home(self):
        return "\n".join(re.findall(r"Sent Access-Accept .*\n((?:\(\d+\)   .*\n)+)", self.home.log()))


@pytest.fixture(scope="module")
def outbound():
    """radclient -> UDP -> radsecgw -> TLS -> FreeRADIUS."""
    with Chain() as lab:
        pki = lab.pki()
        lab.home = lab.freeradius(users=USERS, tls=(pki, "localhost"))
        lab.gw = lab.gateway(lab.gateway_conf(
            pki, lab.home.tls, gateway="rewrite-in = new-name",
            client="operator-name = 1institution.example\nrewrite-in = ask-who, where\nrewrite-out = no-vlans",
            extra=REWRITES))
        yield lab


def test_outbound(outbound):
    expect_all(outbound, "nas")
    request = received(outbound.home, "Access-Request", "vlan@example.org")
    assert 'Operator-Name = "1institution.example"' in request, request


def test_outbound_name(outbound):
    expect_other_name(outbound)
    assert 'Operator-Name = "1institution.example"' in outbound.home.records()


def test_outbound_keeps_what_is_there(outbound):
    """P-CPX-4: `default` and operator-name leave alone what others have said."""
    more = 'Operator-Name = "1other.example"\nChargeable-User-Identity = 0x616263\n'
    radclient(outbound.auth, "auth", pap(user="nobody@example.org", more=more))
    request = received(outbound.home, "Access-Request", "nobody@example.org")
    assert request.count("Operator-Name") == 1 and 'Operator-Name = "1other.example"' in request
    assert "Chargeable-User-Identity = 0x616263" in request


@pytest.mark.parametrize("method", ["PEAP-MSCHAPv2", "EAP-TLS"])
def test_outbound_eap(outbound, method):
    """Every packet of the conversation is rewritten, and the MS-MPPE keys still fit."""
    success, keys, out = eapol_test(outbound, outbound.home, outbound.auth, method)
    assert success and keys, out[-3000:]
    assert outbound.gw.counters()["rewrite_changed"] > 10


@pytest.fixture(scope="module")
def inbound():
    """radclient -> UDP -> radsecgw -> TLS -> the radsecgw that rewrites -> UDP -> FreeRADIUS."""
    with Chain() as lab:
        pki = lab.pki()
        lab.home = lab.freeradius(users=USERS)
        lab.gw = lab.gateway(inbound_conf(
            lab, pki, lab.home, peer="rewrite-in = new-name, ask-who\nrewrite-out = no-vlans",
            server="rewrite-out = where",
            extra=REWRITES + "[realm nowhere.example]\npool = dead\n[server dead]\nauth = 127.0.0.1:1\n"
                             f"secret = {HOME_SECRET}\n"), name="inner", wait="started")
        lab.gateway(lab.gateway_conf(pki, lab.radsec), name="outer")
        yield lab


def test_inbound(inbound):
    expect_all(inbound, "visitor")
    request = received(inbound.home, "Access-Request", "vlan@example.org")
    assert 'Cisco-AVPair = "via=home"' in request, request
    assert "Operator-Name" not in request


def test_inbound_name(inbound):
    expect_other_name(inbound)


def test_inbound_eap(inbound):
    success, keys, out = eapol_test(inbound, inbound.home, inbound.auth, "PEAP-MSCHAPv2")
    assert success and keys, out[-3000:]


def test_route_by_the_new_name(lab):
    """The realm that a rewrite has made decides; the name without it is for the server alone."""
    pki = lab.pki()
    home = lab.freeradius(users=USERS)
    lab.gateway(inbound_conf(lab, pki, home, realm="real.example", peer="rewrite-in = real",
                             server="rewrite-out = bare", extra="""
[rewrite real]
replace = User-Name /@alias\\.example$$/@real.example/
[rewrite bare]
replace = User-Name /@real\\.example$$//
"""), name="inner", wait="started")
    lab.gateway(lab.gateway_conf(pki, lab.radsec), name="outer")
    ok, out = radclient(lab.auth, "auth", pap(user="noname@ALIAS.example"))
    assert ok and 'Reply-Message = "hello without a realm"' in out, out
    ok, out = radclient(lab.auth, "auth", pap(user="noname@other.example"), timeout=1)
    assert not ok


def test_octets_to_a_peer(lab):
    """The request that leaves has one NUL octet, one Operator-Name, the mark of the gateway, and all else as it came
    and in order; the same octets leave when the NAS asks again."""
    pki, port = lab.pki(), lab.port()
    peer = TlsPeer(port, pki / "localhost.pem", pki / "localhost.key", pki / "ca.pem")
    gw = lab.gateway(lab.gateway_conf(pki, port, client="rewrite-in = ask-who\noperator-name = 1a.example",
                                      peer="rewrite-in = two", extra=REWRITES +
                                      "[rewrite two]\nadd = Reply-Message = one, Reply-Message = two\n"))
    nas = Nas(lab.auth, NAS_SECRET)
    more = (radius.attr(radius.PROXY_STATE, b"1") + radius.attr(26, b"\0\0\0\x09\1\5abc\2\3x") +
            radius.attr(200, b"") + radius.attr(radius.PROXY_STATE, b"2"))
    request = radius.access_request(9, SECRET, more=more)
    answer = nas.ask(request)
    assert radius.answer_ok(answer, request, SECRET)
    sent = peer.packets[0]
    asked = radius.attributes(request)
    assert [k for k, _ in radius.attributes(sent)] == [k for k, _ in asked] + [CUI, OPERATOR_NAME, radius.PROXY_STATE]
    assert radius.attributes(sent)[3:-1] == asked[3:] + [(CUI, b"\0"), (OPERATOR_NAME, b"1a.example")]
    assert radius.unhide(radius.get(sent, 2), b"radsec", sent[4:20])[:5] == b"hello"
    assert radius.message_authenticator_ok(sent, sent[4:20], b"radsec") is True
    back = radius.attributes(answer)
    assert back[1:] == [(18, b"one"), (18, b"two"), (radius.PROXY_STATE, b"1"), (radius.PROXY_STATE, b"2")]
    assert nas.ask(request) == answer and len(peer.packets) == 1
    assert gw.counters()["rewrite_changed"] == 3
    peer.close()


def test_too_big(lab):
    """A request that a rewrite makes too big is refused, counted and told with Protocol-Error; or the rewrite is
    skipped and counted, and the request goes on."""
    pki = lab.pki()
    home = FakeHome(lab)
    gw = lab.gateway(inbound_conf(lab, pki, home, peer="rewrite-in = longer, maybe\nprotocol-error = yes", extra="""
[rewrite longer]
replace = User-Name /$$/xxxxx/
[rewrite maybe]
replace = Called-Station-Id /$$/xxxxx/
overflow = skip
"""), wait="started")
    visitor = Visitor(lab.radsec, pki)
    got = visitor.ask(radius.access_request(1, b"radsec", user=b"u" * 249))
    assert got[0] == radius.PROTOCOL_ERROR and radius.get(got, 101) == bytes([0, 0, 1, 249])
    gw.wait_log(r" rewrite-too-big: refused: .* rewrite=longer from_peer=visitor code=Access-Request octets=254")
    visitor.send(radius.access_request(2, b"radsec", user=b"u" * 248, more=radius.attr(30, b"c" * 253)))
    packet = home.receive()
    assert radius.get(packet, 1) == b"u" * 248 + b"xxxxx" and radius.get(packet, 30) == b"c" * 253
    home.answer()
    assert visitor.receive()[0] == radius.ACCESS_ACCEPT
    gw.wait_log(r" rewrite-too-big: a packet passes without a rewrite.* rewrite=maybe ")
    counters = gw.counters()
    assert counters["rewrite_refused"] == counters["rewrite_skipped"] == 1
    assert counters["request_too_big"] == counters["request_answered"] == 1
    visitor.close()
    home.close()


def test_keep_only(lab):
    """A list of what may pass removes everything else, but for what belongs to the protocol."""
    pki, port = lab.pki(), lab.port()

    def behave(peer, tls, p):
        attrs = (radius.attr(25, b"class") + radius.attr(24, b"state") + radius.attr(79, b"\3\1\0\4") +
                 radius.attr(SESSION_TIMEOUT, bytes(4)) + radius.attr(18, b"hello") + radius.attr(241, b"\5x") +
                 radius.attr(26, b"\0\0\x39\xe7\2\6\0\0\0\7\1\6role") + radius.attr(26, b"\0\0\0\x09garbage"))
        tls.sendall(radius.answer(radius.ACCESS_ACCEPT, p, attrs, b"radsec"))
    peer = TlsPeer(port, pki / "localhost.pem", pki / "localhost.key", pki / "ca.pem", behave)
    lab.gateway(lab.gateway_conf(pki, port, peer="rewrite-in = little", extra="""
[rewrite little]
keep-only = Session-Timeout, Aruba-User-Role
"""))
    nas = Nas(lab.auth, NAS_SECRET)
    answer = nas.ask(radius.access_request(1, SECRET))
    assert radius.attributes(answer)[1:] == [
        (24, b"state"), (79, b"\3\1\0\4"), (SESSION_TIMEOUT, bytes(4)), (26, b"\0\0\x39\xe7\1\6role")]
    peer.close()
