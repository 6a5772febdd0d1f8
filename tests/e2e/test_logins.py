# SPDX-License-Identifier: GPL-2.0-or-later
"""Logins with real parts at both ends: radclient and eapol_test -> UDP -> radsecgw -> TLS ->
radsecproxy -> UDP -> FreeRADIUS, and straight to FreeRADIUS over TLS."""
import re

import pytest

import radius
from lab import EAP_METHODS, Lab, accounting, chap, eapol_test, pap, radclient
from peer import TlsPeer


@pytest.fixture(scope="module")
def chain():
    """radsecgw -> TLS -> radsecproxy -> FreeRADIUS."""
    with Lab() as lab:
        pki = lab.pki()
        lab.home = lab.freeradius()
        proxy = lab.radsecproxy(pki, lab.home)
        conf = lab.gateway_conf(pki, proxy.port)
        lab.gw = lab.gateway(conf)
        yield lab


def test_pap(chain):
    ok, out = radclient(chain.auth, "auth", pap())
    assert ok and "Access-Accept" in out and 'Reply-Message = "hello bob"' in out, out


def test_pap_without_message_authenticator(chain):
    """The lab's client has require-message-authenticator = auto; other tests send one first, so it
    has learned `yes` or not decided: a client of its own settles it."""
    with Lab() as lab:
        pki = lab.pki()
        home = lab.freeradius()
        proxy = lab.radsecproxy(pki, home)
        lab.gateway(lab.gateway_conf(pki, proxy.port, client="require-message-authenticator = no"))
        ok, out = radclient(lab.auth, "auth", pap().replace("Message-Authenticator = 0x00\n", ""))
        assert ok and "Access-Accept" in out, out
        # The answer is signed all the same (P-BR-2).
        assert re.search(r"Received Access-Accept.*\n\tMessage-Authenticator = ", out), out


def test_wrong_password_is_rejected(chain):
    ok, out = radclient(chain.auth, "auth", pap(password="wrong"))
    assert not ok and "Received Access-Reject" in out, out


@pytest.mark.parametrize("length", [1, 15, 16, 17, 32, 33, 127, 128])
def test_long_passwords(chain, length):
    """P-PWD-1 to 3: every block is re-keyed. FreeRADIUS says what it understood."""
    password = ("x" * (length - 1) + "y")[-length:]
    radclient(chain.auth, "auth", pap(user=f"nobody{length}@example.org", password=password))
    assert f'User-Password = "{password}"' in chain.home.log()


def test_chap(chain):
    """P-CHP-3: the challenge of CHAP was the Request Authenticator, which changes on the way."""
    ok, out = radclient(chain.auth, "auth", chap())
    assert ok and "Access-Accept" in out, out
    ok, out = radclient(chain.auth, "auth", chap(password="wrong"))
    assert not ok and "Received Access-Reject" in out, out


def test_accounting(chain):
    for status in ("Start", "Interim-Update", "Stop"):
        ok, out = radclient(chain.acct, "acct", accounting(status, session="abc-77"))
        assert ok and "Accounting-Response" in out, out
    assert chain.home.records().count('Acct-Session-Id = "abc-77"') == 3


def test_status_server(chain):
    """P-SS-4: Status-Server is answered here, on the port that takes both kinds of requests."""
    ok, out = radclient(chain.auth, "status", "Message-Authenticator = 0x00\n")
    assert ok and "Access-Accept" in out, out


@pytest.mark.parametrize("method", EAP_METHODS)
def test_eap(chain, method):
    """The MS-MPPE keys arrive as they were sent: eapol_test compares them with its own."""
    success, keys, out = eapol_test(chain, chain.home, chain.auth, method)
    assert success and keys, out[-3000:]


def test_eap_wrong_password(chain):
    success, _, out = eapol_test(chain, chain.home, chain.auth, "PEAP-MSCHAPv2", password="wrong")
    assert not success and "FAILURE" in out, out[-3000:]


def test_one_connection_carried_it_all(chain):
    counters = chain.gw.counters()
    assert counters["connections_opened"] == 1
    assert "request_timed_out" not in counters
    assert counters["requests_accepted"] == counters["request_answered"]


# ---- hidden attributes, with FreeRADIUS speaking TLS itself

TUNNEL_PASSWORDS = {n: "".join(chr(33 + (n + i) % 90) for i in range(n)).replace('"', "'").replace("\\", "/")
                    .replace("%", "p") for n in (1, 2, 15, 16, 17, 31, 32, 100, 127, 128, 200, 239)}
USERS = "".join(f"""
tunnel{n}@example.org Cleartext-Password := "x"
    Tunnel-Password:{n % 31 + 1} = "{text}"
""" for n, text in TUNNEL_PASSWORDS.items()) + """
many@example.org Cleartext-Password := "x"
    Tunnel-Type:1 = GRE,
    Tunnel-Password:1 = "the first one",
    Tunnel-Password:2 += "the second one, which is longer than a block",
    Tunnel-Password:3 += "third",
    MS-MPPE-Send-Key = 0x000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f,
    MS-MPPE-Recv-Key = 0x202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f,
    Aruba-MPSK-Passphrase = 0x6120766572792073656372657420706173737068726173652066726f6d206172756261,
    ERX-LI-Action = on,
    Class = 0x636c617373206f6620746865207573657220
"""


@pytest.fixture(scope="module", params=["1.2", "1.3"])
def direct(request):
    """radsecgw -> TLS -> FreeRADIUS, over each version of TLS."""
    with Lab() as lab:
        pki = lab.pki()
        home = lab.freeradius(users=USERS, tls=(pki, "localhost"))
        conf = lab.gateway_conf(pki, home.tls)
        text = conf.read_text().replace("[listen local]",
                                        f"min-version = {request.param}\nmax-version = {request.param}\n\n[listen local]")
        conf.write_text(text)
        lab.home, lab.gw = home, lab.gateway(conf)
        assert f"TLSv{request.param}," in lab.gw.log()
        yield lab


@pytest.mark.parametrize("length", TUNNEL_PASSWORDS)
def test_tunnel_password(direct, length):
    ok, out = radclient(direct.auth, "auth", pap(user=f"tunnel{length}@example.org", password="x"))
    assert ok and f'Tunnel-Password:{length % 31 + 1} = "{TUNNEL_PASSWORDS[length]}"' in out, out


def test_many_hidden_attributes(direct):
    ok, out = radclient(direct.auth, "auth", pap(user="many@example.org", password="x"))
    received = out[out.index("Received"):]
    for line in USERS[USERS.index("many@example.org"):].splitlines()[1:]:
        name, _, value = line.strip().rstrip(",").replace("+=", "=").partition(" = ")
        if not name:
            continue
        assert f"\t{name} = {value}" in received, f"{name} in:\n{received}"
    assert ok


def test_eap_over_freeradius_tls(direct):
    for method in EAP_METHODS:
        success, keys, out = eapol_test(direct, direct.home, direct.auth, method)
        assert success and keys, out[-3000:]


def test_freeradius_takes_accounting_over_tls(direct):
    ok, out = radclient(direct.acct, "acct", accounting("Start", session="tls-1"))
    assert ok and "Accounting-Response" in out, out


def test_hidden_by_the_other_methods(lab):
    """P-SLT-9, P-ASC-1, P-ENC-6: MS-CHAP-MPPE-Keys, Ascend-Send-Secret, and a WiMAX key in two pieces, made by
    the formulas at the far end and decoded by radclient at the near one."""
    keys, msk = bytes(range(1, 25)), bytes(range(64, 192))

    def behave(peer, tls, p):
        auth, secret = p[4:20], b"radsec"
        ascend = bytes(a ^ b for a, b in zip(b"ascend secret".ljust(16, b"\0"), radius.md5(auth, secret)))
        salt = b"\x80\x01"
        plain = bytes([len(msk)]) + msk + bytes(-(len(msk) + 1) % 16)
        hidden = salt + radius.hide(plain, secret, auth + salt)
        attrs = (vendor(311, bytes([12, 34]) + radius.hide(keys, secret, auth)) +
                 vendor(529, bytes([214, 18]) + ascend) +
                 vendor(24757, bytes([5, 3 + 100, 0x80]) + hidden[:100]) +
                 vendor(24757, bytes([5, 3 + len(hidden) - 100, 0]) + hidden[100:]))
        tls.sendall(radius.answer(radius.ACCESS_ACCEPT, p, attrs, secret))

    def vendor(number, data):
        return radius.attr(26, number.to_bytes(4, "big") + data)

    pki, port = lab.pki(), lab.port()
    peer = TlsPeer(port, pki / "localhost.pem", pki / "localhost.key", pki / "ca.pem", behave)
    lab.gateway(lab.gateway_conf(pki, port))
    ok, out = radclient(lab.auth, "auth", pap())
    assert ok, out
    assert f"MS-CHAP-MPPE-Keys = 0x{keys.hex()}" in out, out
    assert 'Ascend-Send-Secret = "ascend secret' in out, out
    assert f"WiMAX-MSK = 0x{msk.hex()}" in out, out
    peer.close()
