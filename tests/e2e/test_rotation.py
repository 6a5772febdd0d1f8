# SPDX-License-Identifier: GPL-2.0-or-later
"""Secrets that change, with real parts at both ends: neighbours that have the new one, and such that have not got it
yet."""
import json
import subprocess

import pytest

import radius
from inbound import freeradius_client, inbound_conf
from lab import EAP_METHODS, NAS_SECRET, accounting, binary, chap, eapol_test, pap, radclient
from peer import Nas, TlsPeer
from test_logins import TUNNEL_PASSWORDS, USERS

BEFORE = "the-secret-that-was-before-0123"
NEW = "the-secret-that-is-new-0123456"


def told(gateway, table, name):
    """What the status says of the previous secret of a neighbour."""
    said = subprocess.run([*binary(), "status", "--json", table, "-c", gateway.argv[-1]], capture_output=True,
                          text=True, timeout=60, check=True)
    return [row["previous_secret"] for row in json.loads(said.stdout)[table] if row["name"] == name][0]


def log_in(lab, port, acct, secret, which):
    """Logins of all kinds, and a record of accounting."""
    for what in (pap(), chap()):
        ok, out = radclient(port, "auth", what, secret=secret)
        assert ok and "Access-Accept" in out, out
    ok, out = radclient(acct, "acct", accounting(session=which), secret=secret)
    assert ok and "Accounting-Response" in out, out
    assert f'Acct-Session-Id = "{which}"' in lab.home.records()
    ok, out = radclient(port, "status", "Message-Authenticator = 0x00\n", secret=secret)
    assert ok and "Access-Accept" in out, out
    length = 15
    _, out = radclient(port, "auth", pap(user=f"tunnel{length}@example.org", password="x"), secret=secret)
    assert f'Tunnel-Password:{length % 31 + 1} = "{TUNNEL_PASSWORDS[length]}"' in out, out
    for method in EAP_METHODS:
        success, keys, out = eapol_test(lab, lab.home, port, method, secret=secret)
        assert success and keys, out[-3000:]


@pytest.fixture
def homes(lab):
    """A gateway before FreeRADIUS, whose client has got a new secret."""
    lab.home = lab.freeradius(users=USERS)
    lab.auth = lab.port()

    def start(client):
        lab.gw = lab.gateway(lab.write("rotation.ini", f"""\
[log]
rate = 0
[listen local]
udp = 127.0.0.1:{lab.auth}
[client nas]
address = 127.0.0.1
secret = {NEW}
{client}
[server home]
auth = 127.0.0.1:{lab.home.auth}
acct = 127.0.0.1:{lab.home.acct}
secret = {lab.home.secret}
[realm *]
pool = home
"""), wait="started")
        return lab
    return start


def test_client_with_either_secret(homes):
    """radclient and eapol_test with the secret and the one before: passwords and keys arrive as they were meant."""
    lab = homes(f"previous-secret = {BEFORE}")
    log_in(lab, lab.auth, lab.auth, NEW, "new")
    assert told(lab.gw, "clients", "nas") == "not used since the start"
    assert "client_previous_secret" not in lab.gw.counters()
    log_in(lab, lab.auth, lab.auth, BEFORE, "before")
    assert told(lab.gw, "clients", "nas").startswith("used ")
    assert lab.gw.counters()["client_previous_secret"] > 10
    assert len(lab.gw.lines("previous-secret-used", client="nas")) == 1
    ok, _ = radclient(lab.auth, "auth", pap(), secret="nobody-has-this-one-0123456789", timeout=1)
    assert not ok
    assert lab.gw.counters()["udp_bad_message_authenticator"] == 1


def test_client_without_previous_secret(homes):
    """The secret before is refused when the configuration does not name it."""
    lab = homes("")
    ok, _ = radclient(lab.auth, "auth", pap(), secret=BEFORE, timeout=1)
    assert not ok
    counters = lab.gw.counters()
    assert counters["udp_bad_message_authenticator"] == 1 and "requests_accepted" not in counters
    assert told(lab.gw, "clients", "nas") == "none"


def test_peer_that_still_has_the_previous_secret(lab):
    """FreeRADIUS as a RADIUS/TLS client with the usual secret, while ours is a new one already."""
    pki = lab.pki()
    lab.home = lab.freeradius(users=USERS)
    lab.gw = lab.gateway(inbound_conf(lab, pki, lab.home, peer=f"secret = {NEW}\nprevious-secret = radsec"),
                         wait="started")
    nas = freeradius_client(lab, pki, lab.radsec)
    log_in(lab, nas.auth, nas.acct, NAS_SECRET, "inbound")
    assert told(lab.gw, "peers", "visitor").startswith("used ")
    counters = lab.gw.counters()
    assert counters["peer_previous_secret"] > 10
    assert counters["requests_accepted"] == counters["request_answered"]
    assert "tls_bad_message_authenticator" not in counters


def test_answers_with_the_previous_secret(lab):
    """A peer that takes what is made with the new secret, and answers with the one before."""
    def behave(peer, tls, p):
        tls.sendall(radius.usual_answer(p, BEFORE.encode()))
    pki, port = lab.pki(), lab.port()
    peer = TlsPeer(port, pki / "localhost.pem", pki / "localhost.key", pki / "ca.pem", behave,
                   greets=BEFORE.encode())
    lab.gw = lab.gateway(lab.gateway_conf(pki, port, peer=f"secret = {NEW}\nprevious-secret = {BEFORE}"))
    nas = Nas(lab.auth, NAS_SECRET)
    request = radius.access_request(1, NAS_SECRET.encode())
    assert radius.answer_ok(nas.ask(request), request, NAS_SECRET.encode())
    sent = peer.packets[-1]
    assert radius.message_authenticator_ok(sent, sent[4:20], NEW.encode()) is True
    assert radius.unhide(radius.get(sent, 2), NEW.encode(), sent[4:20]).rstrip(b"\0") == b"hello"
    assert lab.gw.counters()["peer_previous_secret"] > 0
    peer.close()
