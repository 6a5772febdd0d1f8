# SPDX-License-Identifier: GPL-2.0-or-later
"""Gateways behind Debian's HAProxy: logins through it, its checks, and one of three gateways that dies under load."""
import re
import time

import pytest

from churn import Tool
from haproxy import HAProxy, needs_haproxy
from inbound import inbound_conf
from lab import HOME_SECRET, NAS_SECRET, accounting, pap, radclient, wait_for

pytestmark = needs_haproxy

LISTEN = "proxy-protocol = 127.0.0.5"


def outer(lab, keys, port, connections="1-4"):
    """The gateway of whoever logs in: it reaches the others through the balancer."""
    conf = lab.gateway_conf(keys, port)
    conf.write_text(conf.read_text().replace("connections = 1-4", f"connections = {connections}"))
    return lab.gateway(conf, name="outer")


@pytest.mark.parametrize("how", ["send-proxy", "send-proxy-v2"])
def test_login_through_it(lab, how):
    """Its checks pass, leave no warnings, and are told from connections of others."""
    home, keys = lab.freeradius(), lab.pki()
    inner = lab.gateway(inbound_conf(lab, keys, home, listen=LISTEN, match="name = gateway.test\naddress = 127.0.0.1"),
                        name="inner", wait="started")
    balancer = HAProxy(lab, [lab.radsec], how)
    outer(lab, keys, balancer.port)
    ok, out = radclient(lab.auth, "auth", pap())
    assert ok and "Access-Accept" in out, out
    ok, out = radclient(lab.acct, "acct", accounting("Start", session="balanced-1"))
    assert ok and "Accounting-Response" in out, out
    up = inner.lines("connection-up")[0].fields
    assert up["addr"].startswith("127.0.0.1:") and up["via"].startswith("127.0.0.5:")
    wait_for("its checks", lambda: inner.counters().get("proxy_own", 0) > 5)
    assert not re.search(r"Z (warning|error) (?!runs-as-root|tls-library-old)", inner.log()), inner.log()
    assert "is DOWN" not in balancer.log()


def test_one_of_three_dies(lab):
    """What is open on the gateway that is killed is asked again on another one: nothing is lost, and no NAS has to send
    anything more than once again."""
    keys, homes, inner = lab.pki(), [], []
    for n in range(3):
        home = lab.port()
        Tool(lab, f"home{n}", "respond", "--listen", f"127.0.0.1:{home}", "--secret", HOME_SECRET,
             "--delay", 30).wait_log("^ready")
        homes.append(home)
    ports = []
    for n, port in enumerate(homes):
        home = type("Home", (), {"auth": port, "acct": port, "secret": HOME_SECRET})
        conf = inbound_conf(lab, keys, home, name=f"inner{n}.ini", listen=LISTEN)
        conf.write_text(conf.read_text().replace(f"acct = 127.0.0.1:{port}\n", ""))
        ports.append(lab.radsec)
        inner.append(lab.gateway(conf, name=f"inner{n}", wait="started"))
    balancer = HAProxy(lab, ports)
    gw = outer(lab, keys, balancer.port, connections="6-8")
    wait_for("connections to all", lambda: all(len(i.lines("connection-up")) >= 2 for i in inner))
    load = Tool(lab, "nas", "load", "--target", f"127.0.0.1:{lab.auth}", "--secret", NAS_SECRET, "--sources", 8,
                "--user", "bob@example.org", "--rate", 200, "--time", 8, "--retry", 2000, "--timeout", 3900)
    time.sleep(3)
    inner[1].popen.kill()
    wait_for("its end to be noticed", lambda: len(gw.lines("connection-lost")) >= 2)
    load.wait(30)
    result = load.result()
    assert result["sent"] > 1000 and result["answered"] == result["sent"], result
    assert result["lost"] == result["wrong"] == result["rejected"] == 0, result
    assert gw.counters()["requests_retried"] > 0
