# SPDX-License-Identifier: GPL-2.0-or-later
"""The status page: what is sent, and what a browser makes of it while a peer dies and comes back."""
import base64
import contextlib
import hashlib
import http.client
import json
import re

import pytest

import browser
import radius
from lab import ROOT, binary, wait_for
from peer import Nas
from test_metrics import SECRET, World

PICTURES = ROOT / "build/page"


def fetch(world, path, method="GET"):
    """Status, headers and body."""
    conn = http.client.HTTPConnection("127.0.0.1", world.port, timeout=20)
    with contextlib.closing(conn):
        conn.request(method, path)
        answer = conn.getresponse()
        return answer.status, answer.headers, answer.read().decode()


def status(world):
    code, headers, text = fetch(world, "/status.json")
    assert (code, headers["Content-Type"]) == (200, "application/json"), text
    return json.loads(text)


def peer(world, name):
    return next(p for p in status(world)["peers"] if p["name"] == name)


def directives(headers):
    return {words[0]: words[1:] for words in (d.split() for d in headers["Content-Security-Policy"].split(";"))}


# ---- what is sent


def test_page_is_one_strict_file(lab):
    """Nothing from elsewhere, one script and one style that the policy names by their hashes, under 40 KB."""
    w = World(lab)
    code, headers, text = fetch(w, "/")
    assert (code, headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert text == (ROOT / "etc/web/status.html").read_text()
    assert len(text) < 40000
    assert headers["X-Content-Type-Options"] == "nosniff" and headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "no-referrer"
    policy = directives(headers)
    assert policy["default-src"] == policy["base-uri"] == policy["form-action"] == policy["frame-ancestors"] == ["'none'"]
    assert policy["connect-src"] == ["'self'"]
    for kind, tag in ("script-src", "script"), ("style-src", "style"):
        inside = re.findall(f"<{tag}>(.*?)</{tag}>", text, re.S)
        assert len(inside) == 1 and text.count(f"<{tag}") == 1
        hashed = base64.b64encode(hashlib.sha256(inside[0].encode()).digest()).decode()
        assert policy[kind] == [f"'sha256-{hashed}'"]
    for word in "innerHTML", "outerHTML", "insertAdjacent", "document.write", "eval(", " style=", " src=", "<link", "@import", "url(":
        assert word not in text, word
    assert not re.findall(r" on[a-z]+=", text)
    assert set(re.findall(r"https?://[^\"]*", text)) <= {"http://www.w3.org/2000/svg"}
    assert fetch(w, "/", "HEAD")[2] == "" and fetch(w, "/", "POST")[0] == 405
    assert fetch(w, "/status")[0] == 404


def test_json_says_what_metrics_say(lab):
    """Both are made of the same rows; secrets, users and stations are in neither."""
    w = World(lab, workers=2)
    assert w.ask("carol@one.example.org", 3) == [radius.ACCESS_ACCEPT] * 3
    nas = Nas(w.auth, "not the secret of the client")
    nas.send(radius.access_request(1, b"not the secret of the client", user=b"mallory@one.example.org"))
    wait_for("the warning", lambda: status(w)["warnings"])
    nas.close()
    s, m = status(w), w.metrics()
    assert s["ready"] is True and s["health"].startswith("ready: all pools can be used")
    assert {p["name"]: p["up"] for p in s["peers"]} == {"one": 2, "two": 2}
    assert all(p["ailing_ms"] == 0 and p["ailment"] == "" for p in s["peers"])
    assert [c["opened_by"] for c in s["connections"]] == ["us"] * 4
    assert s["certificates"][0]["not_after"] == m["radsecgw_certificate_not_after_timestamp_seconds"][("tls", "lab"),]
    assert s["configuration"]["reloads"] == 0 and s["gateway"]["draining"] == 0 and s["workers"] == 2
    now = s["history"]["samples"][-1]
    assert (now["ago_ms"], now["accepted"], now["accepts"], sum(now["durations"])) == (0, 3, 3, 3)
    first = s["history"]["samples"][0]
    assert first["ago_ms"] < 60000 and first["accepted"] <= 3
    warning = s["warnings"][0]
    assert (warning["level"], warning["neighbour"]) == ("warning", "nas") and "Authenticator" in warning["text"]
    text = json.dumps(s)
    for secret in "carol", "mallory", SECRET.decode(), "not the secret":
        assert secret not in text, secret


def test_why_and_since_when_a_peer_is_down(lab):
    """The loss, then the refused attempts; all of it over when the peer is back."""
    w = World(lab, workers=2)
    w.peers["one"].close()
    ill = wait_for("the end", lambda: (p := peer(w, "one"))["state"] == "down" and "refused" in p["ailment"] and p)
    assert 0 < ill["ailing_ms"] < 30000
    later = wait_for("time", lambda: (p := peer(w, "one"))["ailing_ms"] > ill["ailing_ms"] and p)
    assert later["state"] == "down"
    assert any(x["neighbour"] == "one" and x["event"] == "connect-failed" and "refused" in x["reason"]
               for x in status(w)["warnings"])
    back = w.peer(w.peers["one"].port)
    wait_for("its return", lambda: (p := peer(w, "one"))["state"] == "up" and p["ailing_ms"] == 0 and p["ailment"] == "")
    back.close()


def test_page_can_be_left_out(lab):
    w = World(lab, metrics="page = no", peers=("one",))
    for path in "/", "/status.json":
        assert fetch(w, path)[::2] == (404, "there are /metrics, /livez and /readyz\n")
    assert fetch(w, "/metrics")[0] == 200


# ---- what a browser makes of it


TEXT = "document.body.innerText"
NEWS = "document.getElementById('news')?.innerText || ''"


def pictures(page, name):
    for width, height, dark, kind in (1200, 900, False, "light"), (1200, 900, True, "dark"), (390, 844, False, "phone"), \
            (390, 844, True, "phone-dark"):
        page.look(width, height, dark)
        assert page.value("document.documentElement.scrollWidth <= innerWidth"), f"{kind}: wider than the window"
        page.shoot(PICTURES / f"{name}-{kind}.png")
    page.look(1200, 900, False)


@pytest.mark.skipif(browser.PROGRAM is None, reason="there is no Chromium; `make page-test` installs it")
@pytest.mark.skipif(len(binary()) > 1, reason="the page is the same whatever the program runs in")
def test_page_while_a_peer_dies_and_comes_back(lab):
    """The page says it in a sentence, shows what else there is, keeps what was opened, and asks nobody else."""
    w = World(lab, workers=2)
    url = f"http://127.0.0.1:{w.port}/"
    w.ask("bob@one.example.org", 20)
    with browser.Browser(lab.dir) as page:
        page.look(1200, 900, False)
        page.open(url)
        wait_for("the first look", lambda: "All is well." in page.value(NEWS))
        page.value("document.querySelector('#peers summary').click()")
        assert "we opened it" in page.value(TEXT) and "[tls lab]" in page.value(TEXT)
        w.peers["one"].close()
        seen = wait_for("the sentence", lambda: re.search(
            r"one has been down since \d\d:\d\d: [^.]*refused", page.value(NEWS)) and page.value(NEWS), 30)
        assert "Requests are served, but" in seen and "Nobody can be asked in place of pool-one" in seen
        w.ask("bob@two.example.org", 20)
        wait_for("lines", lambda: page.value("document.querySelectorAll('#rates path[d^=M]').length") == 3, 30)
        pictures(page, "peer-down")
        back = w.peer(w.peers["one"].port)
        wait_for("all to be well again", lambda: "All is well." in page.value(NEWS), 30)
        assert page.value("document.querySelector('#peers details').open") or page.value(
            "[...document.querySelectorAll('#peers details')].some(d => d.open)")
        pictures(page, "all-well")
        back.close()
        w.gw.stop()
        wait_for("the end of the gateway", lambda: "The gateway has not answered since" in page.value(NEWS), 30)
        pictures(page, "gateway-gone")
        assert set(page.requested()) - {"about:blank"} <= {url, url + "status.json"}
        assert page.complaints() == []
