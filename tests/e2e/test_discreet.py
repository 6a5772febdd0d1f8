# SPDX-License-Identifier: GPL-2.0-or-later
"""Who must not be seen is seen nowhere: not in the log, in statistics, in what is remembered of requests, in what is
followed, in the status or in the metrics."""
import json
import re
import subprocess
import urllib.request

import pytest

from lab import NAS_SECRET, Lab, accounting, binary, die_with_parent, eapol_test, pap, radclient, wait_for

DEVICE = "02-A1-B2-C3-D4-E5"
STATION = f'Calling-Station-Id = "{DEVICE}"\n'
TELLING = f'{STATION}NAS-Port-Id = "wlan0-{DEVICE.lower()}"\nConnect-Info = "for Bob"\n' \
          'Chargeable-User-Identity = "BOB-77"\n'


@pytest.fixture(scope="module")
def home():
    with Lab() as lab:
        lab.keys = lab.pki()
        lab.home = lab.freeradius()
        lab.proxy = lab.radsecproxy(lab.keys, lab.home)
        yield lab


def ask(sock, *words):
    done = subprocess.run([*binary(), *words, "--socket", sock], capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, (words, done)
    return done.stdout


def shown(lab, sock, metrics):
    """All that can be asked for, by what it was asked of."""
    out = {words: ask(sock, *words) for words in (
        ("requests",), ("requests", "--json"), ("status",), ("status", "--json"), ("status", "nas"),
        ("status", "counters"))}
    for row in json.loads(out["requests", "--json"])["requests"]:
        out["explain", row["id"]] = ask(sock, "explain", row["id"])
    for path in "/status.json", "/metrics":
        with urllib.request.urlopen(f"http://127.0.0.1:{metrics}{path}", timeout=10) as answer:
            out[path,] = answer.read().decode()
    return out


def seen(text):
    """Is there the user or the device, however it is written?"""
    return re.search("bob", text, re.I) or DEVICE.replace("-", "") in re.sub("[-:.]", "", text).upper()


def test_the_check_sees():
    assert seen("x BOB x") and seen("02a1.b2c3.d4e5") and seen("a 02:a1:b2:c3:d4:e5:essid") and not seen("02-A1-B2-C3")


@pytest.mark.parametrize("log", ["identity = realm\nstation = none\nfticks-mac = static",
                                 "identity = hash\nstation = hash\nhash-key = pepper\nfticks-key = salt"],
                         ids=["nothing", "hashes"])
def test_nobody_is_seen(home, log):
    name = f"discreet-{len(log)}"
    sock, metrics = home.dir / f"{name}.sock", home.port()
    gw = home.gateway(home.gateway_conf(
        home.keys, home.proxy.port, name=f"{name}.ini", log=f"{log}\nfticks = log\naccounting = yes",
        extra=f"[control]\nsocket = {sock}\n[metrics]\nlisten = 127.0.0.1:{metrics}\n"
              "[realm nowhere.example]\nreject = no bob here\n"), name=name)
    path = home.dir / f"{name}.trace"
    with path.open("w") as out:
        trace = subprocess.Popen([*binary(), "trace", "--socket", sock], stdout=out, stderr=subprocess.STDOUT,
                                 preexec_fn=die_with_parent)
    wait_for("the trace", lambda: " trace: " in gw.log())
    assert radclient(home.auth, "auth", pap(more=TELLING))[0]
    radclient(home.auth, "auth", pap(password="wrong", more=TELLING))
    radclient(home.auth, "auth", pap(user="DOMAIN\\\\bob@nowhere.example", more=TELLING))
    radclient(home.acct, "acct", accounting(session=f"{DEVICE}-0001") + TELLING +
              f'Acct-Multi-Session-Id = "{DEVICE}-bob"\n')
    assert eapol_test(home, home.home, home.auth, "PEAP-MSCHAPv2", station=DEVICE.replace("-", ":"))[0]
    # One that is dropped at the door: its authenticator is made with another secret.
    radclient(home.auth, "auth", pap(more=TELLING), secret=NAS_SECRET + "x", retries=1, timeout=1)
    wait_for("the lines", lambda: len(gw.lines("login")) == 4 and gw.lines("accounting"))
    wait_for("the trace of the last", lambda: path.read_text().count("went back to whoever asked") >= 5)
    out = shown(home, sock, metrics)
    trace.terminate()
    trace.wait(10)
    out["trace",], out["log",] = path.read_text(), gw.log()
    assert len(out) > 12 and out["log",].count(" f-ticks: ") == 3, out.keys()
    told = {what: [line for line in text.splitlines() if seen(line)] for what, text in out.items() if seen(text)}
    assert not told, told
