# SPDX-License-Identifier: GPL-2.0-or-later
"""Requests followed as they come, with real parts at both ends."""
import json
import subprocess
import time

import pytest

from lab import PASSWORD, Lab, accounting, binary, die_with_parent, eapol_test, pap, radclient, wait_for

DEVICE = "02-00-00-00-00-01"
STATION = f'Calling-Station-Id = "{DEVICE}"\nNAS-Identifier = "ap-7"\n'


class Trace:
    """A trace that runs; its output is read when it has ended, or looked at meanwhile."""

    def __init__(self, lab, *words, json_wanted=False):
        self.path = lab.dir / f"trace-{time.monotonic_ns()}.out"
        with self.path.open("w") as out:
            self.process = subprocess.Popen(
                [*binary(), "trace", *words, *(["--json"] if json_wanted else []), "--socket", lab.sock], stdout=out,
                stderr=subprocess.STDOUT, preexec_fn=die_with_parent)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        assert self.process.wait(10) == 0, self.text()

    def text(self):
        return self.path.read_text()

    def wait(self, *wanted):
        wait_for(f"{wanted} in the trace", lambda: all(what in self.text() for what in wanted))
        return self.text()

    def events(self):
        return [json.loads(line) for line in self.text().splitlines()]


@pytest.fixture(scope="module", params=[1, 3], ids=["one", "three"])
def home(request):
    with Lab() as lab:
        keys = lab.pki()
        lab.home = lab.freeradius()
        proxy = lab.radsecproxy(keys, lab.home)
        lab.sock = lab.dir / "trace.sock"
        lab.gw = lab.gateway(lab.gateway_conf(
            keys, proxy.port, gateway=f"workers = {request.param}", extra=f"[control]\nsocket = {lab.sock}\n"))
        yield lab


def begun(home, *words, **more):
    """A trace of which the log says that it has begun."""
    before = home.gw.log().count(" trace: ")
    trace = Trace(home, *words, **more)
    wait_for("the beginning", lambda: home.gw.log().count(" trace: ") > before)
    return trace


def test_login_is_followed(home):
    with begun(home, "--mac", "0200.0000.0001") as trace:
        ok, out = radclient(home.auth, "auth", pap(more=STATION))
        assert ok, out
        text = trace.wait("went back to whoever asked", "was an Access-Accept")
        for said in ("Access-Request came from the client nas (127.0.0.1", "User-Name = bob@example.org",
                     f"Calling-Station-Id = {DEVICE}", "NAS-Identifier = ap-7", "User-Password = 16 octets",
                     "national was chosen", "Access-Request was sent to national on connection",
                     "Access-Accept came from national", "Reply-Message = hello bob",
                     "Access-Accept went back to whoever asked"):
            assert said in text, (said, text)
        assert PASSWORD not in text.replace("hello bob", "") and PASSWORD.encode().hex() not in text, text
        order = [text.index(said) for said in ("came from the client", "was sent to", "came from national", "went back")]
        assert order == sorted(order), text


def test_others_are_not(home):
    with begun(home, "--mac", DEVICE, json_wanted=True) as trace:
        radclient(home.auth, "auth", pap(more='Calling-Station-Id = "02-00-00-00-00-02"\n'))
        radclient(home.acct, "acct", accounting())
        radclient(home.auth, "auth", pap(password="wrong", more=STATION))
        trace.wait('"kind":"ended"')
        events = trace.events()
    assert len({event["id"] for event in events}) == 1, events
    assert events[0]["kind"] == "came" and events[0]["client"] == "nas" and events[0]["code"] == "Access-Request"
    assert events[-1]["kind"] == "ended" and events[-1]["result"] == "reject", events[-1]
    assert {"came", "step", "sent", "answered", "replied", "ended"} == {event["kind"] for event in events}
    assert {"name": "Calling-Station-Id", "value": DEVICE} in events[0]["attributes"]


def test_rounds_of_eap(home):
    with begun(home, "--realm", "example.org", json_wanted=True) as trace:
        ok, _, out = eapol_test(home, home.home, home.auth, "PEAP-MSCHAPv2")
        assert ok, out[-3000:]
        trace.wait('"result":"accept"')
        events = trace.events()
    came = [event for event in events if event["kind"] == "came"]
    assert len(came) > 5 and len(came) == len([event for event in events if event["kind"] == "ended"])
    values = {}
    for event in events:
        for attribute in event.get("attributes", []):
            values.setdefault(attribute["name"], set()).add(attribute["value"])
    assert any(value.startswith("response 0 of type 1") or "of type 25" in value for value in values["EAP-Message"]), values
    for name in ("EAP-Message", "State", "Message-Authenticator", "MS-MPPE-Send-Key", "MS-MPPE-Recv-Key"):
        assert all(value.endswith(("octets", "octet")) for value in values[name]), (name, values[name])


def test_ends_and_only_one(home):
    with begun(home, "--for", "2s") as trace:
        second = subprocess.run([*binary(), "trace", "--for", "1s", "--socket", home.sock], capture_output=True,
                                text=True, timeout=20)
        assert second.returncode == 1 and "somebody else follows requests" in second.stderr, second
        assert trace.process.wait(10) == 0, trace.text()
    # Who goes away without a word holds up nobody for long.
    trace = begun(home)
    trace.process.kill()
    assert trace.process.wait() != 0
    wait_for("room for another trace", lambda: subprocess.run(
        [*binary(), "trace", "--for", "1s", "--socket", home.sock], capture_output=True).returncode == 0)
    for words, said in ((["--for", "2h"], "from 1s to 1h"), (["--for", "soon"], "usage"), (["--last", "3"], "no option")):
        done = subprocess.run([*binary(), "trace", *words, "--socket", home.sock], capture_output=True, text=True)
        assert done.returncode == 1 and said in done.stderr, done


def test_as_little_as_the_log_shows(home):
    """What the log must not show of users and devices, the trace does not, either."""
    conf = home.dir / "radsecgw.ini"
    before = conf.read_text()
    conf.write_text(before.replace("[log]\n", "[log]\nidentity = realm\nstation = vendor\n"))
    try:
        assert subprocess.run([*binary(), "reload", "--socket", home.sock]).returncode == 0
        with begun(home, "--realm", "example.org") as trace:
            radclient(home.auth, "auth", pap(more=STATION))
            text = trace.wait("was an Access-Accept")
            assert "Calling-Station-Id = 02-00-00\n" in text and "User-Name = example.org\n" in text, text
            assert "bob" not in text and DEVICE not in text, text
        refused = subprocess.run([*binary(), "trace", "--user", "bob@example.org", "--socket", home.sock],
                                 capture_output=True, text=True)
        assert refused.returncode == 1 and "identity is realm" in refused.stderr, refused
    finally:
        conf.write_text(before)
        subprocess.run([*binary(), "reload", "--socket", home.sock])
