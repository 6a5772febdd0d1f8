# SPDX-License-Identifier: GPL-2.0-or-later
"""What ends at the gateway because its realm says so, seen by real NASes (P-NAI-10, P-EAP-3)."""
import pytest

from lab import Lab, accounting, eapol_test, pap, radclient

REALMS = """
acct = ack
[realm -]
reject = Your name needs a realm.
[realm operators]
regex = (.*\\.)?3gppnetwork\\.org
reject = No SIM cards here.
[realm own.example]
pool = national
acct = national
"""


@pytest.fixture(scope="module")
def chain():
    with Lab() as lab:
        pki = lab.pki()
        lab.home = lab.freeradius()
        proxy = lab.radsecproxy(pki, lab.home)
        lab.gw = lab.gateway(lab.gateway_conf(pki, proxy.port, extra=REALMS))
        yield lab


def login(chain, user):
    return radclient(chain.auth, "auth", pap(user=user))


@pytest.mark.parametrize("user, text", [
    ("bob", "Your name needs a realm."),
    ("bob@", "Your name needs a realm."),
    ("1234@wlan.mnc001.mcc262.3gppnetwork.org", "No SIM cards here."),
])
def test_reject_with_a_text(chain, user, text):
    good, out = login(chain, user)
    assert not good and "Received Access-Reject" in out
    assert f'Reply-Message = "{text}"' in out


@pytest.mark.parametrize("user", ["bob@example..org", "bob@example.org.", "bob@exam ple.org", "bob@.example.org"])
def test_malformed_realm(chain, user):
    before = chain.gw.counters().get("request_malformed_realm", 0)
    good, out = login(chain, user)
    assert not good and "Received Access-Reject" in out
    assert chain.gw.counters()["request_malformed_realm"] == before + 1


def test_eap_failure(chain):
    """The supplicant hears EAP-Failure at once, not a time-out."""
    success, _, out = eapol_test(chain, chain.home, chain.auth, "PEAP-MSCHAPv2", user="bob")
    assert not success and "CTRL-EVENT-EAP-FAILURE" in out


def test_accounting_is_acknowledged_here(chain):
    sent = chain.gw.counters().get("tls_sent", 0)
    good, _ = radclient(chain.acct, "acct", accounting("Start", user="bob@elsewhere.example"))
    counters = chain.gw.counters()
    assert good and counters["request_acct_acked"] == 1
    assert counters.get("tls_sent", 0) == sent


def test_accounting_that_travels(chain):
    good, _ = radclient(chain.acct, "acct", accounting("Start", user="bob@own.example"))
    assert good and "bob@own.example" in chain.home.accounting.read_text()
