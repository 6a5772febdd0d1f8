# SPDX-License-Identifier: GPL-2.0-or-later
"""Peers that connect to us, with real parts at both ends: two gateways back to back, radsecproxy and
FreeRADIUS as RADIUS/TLS clients, FreeRADIUS as the server that speaks only UDP."""
import re

import pytest

from inbound import freeradius_client, inbound_conf, radsecproxy_client
from lab import EAP_METHODS, Lab, accounting, chap, eapol_test, pap, radclient
from test_logins import TUNNEL_PASSWORDS, USERS


def make(lab, way):
    """NAS -> UDP -> `way` -> TLS -> radsecgw -> UDP -> FreeRADIUS; lab.auth and lab.acct for the NAS."""
    pki = lab.pki()
    lab.home = lab.freeradius(users=USERS)
    lab.inner = lab.gateway(inbound_conf(lab, pki, lab.home), name="inner", wait="started")
    if way == "radsecgw":
        lab.gw = lab.gateway(lab.gateway_conf(pki, lab.radsec), name="outer")
    elif way == "radsecproxy":
        lab.gw = radsecproxy_client(lab, pki, lab.radsec)
        lab.auth = lab.acct = lab.gw.port
    else:
        lab.gw = freeradius_client(lab, pki, lab.radsec)
        lab.auth, lab.acct = lab.gw.auth, lab.gw.acct
    if way != "freeradius":
        lab.inner.wait_log(" connection-up: ")
    lab.way = way


@pytest.fixture(scope="module", params=["radsecgw", "radsecproxy", "freeradius"])
def chain(request):
    with Lab() as lab:
        make(lab, request.param)
        yield lab


def test_pap(chain):
    ok, out = radclient(chain.auth, "auth", pap())
    assert ok and "Access-Accept" in out and 'Reply-Message = "hello bob"' in out, out


def test_wrong_password_is_rejected(chain):
    ok, out = radclient(chain.auth, "auth", pap(password="wrong"))
    assert not ok and "Received Access-Reject" in out, out


def test_chap(chain):
    ok, out = radclient(chain.auth, "auth", chap())
    assert ok and "Access-Accept" in out, out


@pytest.mark.parametrize("length", [1, 16, 17, 128])
def test_long_passwords(chain, length):
    password = ("x" * (length - 1) + "y")[-length:]
    radclient(chain.auth, "auth", pap(user=f"nobody{length}@example.org", password=password))
    assert f'User-Password = "{password}"' in chain.home.log()


def test_accounting(chain):
    for status in ("Start", "Stop"):
        ok, out = radclient(chain.acct, "acct", accounting(status, session=f"{chain.way}-1"))
        assert ok and "Accounting-Response" in out, out
    assert chain.home.records().count(f'Acct-Session-Id = "{chain.way}-1"') == 2


def test_status_server_of_the_near_end(chain):
    ok, out = radclient(chain.auth, "status", "Message-Authenticator = 0x00\n")
    assert ok and "Access-Accept" in out, out


@pytest.mark.parametrize("method", EAP_METHODS)
def test_eap(chain, method):
    """P-TCP-44a: EAP goes from UDP to TLS and from TLS to UDP as if there were one transport only. The MS-MPPE keys
    arrive as they were sent: eapol_test compares them with its own."""
    success, keys, out = eapol_test(chain, chain.home, chain.auth, method)
    assert success and keys, out[-3000:]


def test_eap_wrong_password(chain):
    success, _, out = eapol_test(chain, chain.home, chain.auth, "PEAP-MSCHAPv2", password="wrong")
    assert not success and "FAILURE" in out, out[-3000:]


def test_tunnel_passwords(chain):
    lengths = TUNNEL_PASSWORDS if chain.way == "radsecgw" else [1, 15]
    for length in lengths:
        _, out = radclient(chain.auth, "auth", pap(user=f"tunnel{length}@example.org", password="x"))
        assert f'Tunnel-Password:{length % 31 + 1} = "{TUNNEL_PASSWORDS[length]}"' in out, out


def test_nothing_was_lost(chain):
    counters = chain.inner.counters()
    assert counters["requests_accepted"] == counters["request_answered"]
    assert "server_suspected" not in counters
    assert re.search(r" connection-up: .* peer=visitor .* opened_by=peer", chain.inner.log())
