# SPDX-License-Identifier: GPL-2.0-or-later
"""The help-desk's day: logins fail for eight reasons. For each, one command finds it, and another one says why in
words that the manual has."""
import json
import re
import socket
import subprocess
import threading

import pytest

from lab import NAS_SECRET, ROOT, Lab, binary, pap, radclient, wait_for
from peer import TlsPeer

BIG = "a-realm-with-a-long-name.example.org"
STATION = "02-00-00-00-00-{:02X}"


class Mirror:
    """A server that sends each request on to where it came from, as two gateways do that hold each other for the
    home of a realm."""

    def __init__(self, port, to):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", port))
        self.to = ("127.0.0.1", to)
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        try:
            while True:
                packet, back = self.socket.recvfrom(4096)
                onward = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                onward.settimeout(5)
                onward.sendto(packet, self.to)
                self.socket.sendto(onward.recv(4096), back)
                onward.close()
        except OSError:
            pass


@pytest.fixture(scope="module")
def desk():
    with Lab() as lab:
        pki = lab.dir / "odd"
        subprocess.run(["/usr/bin/python3", ROOT / "tests/pki/make_test_pki.py", pki], check=True, capture_output=True)
        expired = next(c for c in json.loads((pki / "index.json").read_text())["certificates"]
                       if c["name"] == "expired")
        keys = lab.pki()
        lab.home = lab.freeradius()
        proxy = lab.radsecproxy(keys, lab.home)
        mirror, silent, bad = lab.port(), lab.port(), lab.port()
        quiet = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        quiet.bind(("127.0.0.1", silent))
        peer = TlsPeer(bad, pki / expired["certificate"], pki / expired["key"], pki / "ca.pem")
        lab.auth, lab.sock = lab.port(), lab.dir / "desk.sock"
        conf = lab.write("desk.ini", f"""\
[gateway]
request-lifetime = 5s
[control]
socket = {lab.sock}
[tls lab]
certificate = {keys}/gateway.test.pem
key = {keys}/gateway.test.key
ca = {keys}/ca.pem
[tls odd]
certificate = {keys}/gateway.test.pem
key = {keys}/gateway.test.key
ca = {pki}/ca.pem
[listen local]
udp = 127.0.0.1:{lab.auth}
[client ap]
address = 127.0.0.1
secret = {NAS_SECRET}
[rewrite bloat]
set = Connect-Info = {"${realm}" * 10}
[peer national]
connect = localhost:{proxy.port}
tls = lab
[peer elsewhere]
connect = localhost:{lab.port()}
tls = lab
queue-time = 1s
[peer old]
connect = 127.0.0.1:{bad}
name = localhost
tls = odd
queue-time = 1s
[server mirror]
auth = 127.0.0.1:{mirror}
secret = {NAS_SECRET}
[server mute]
auth = 127.0.0.1:{silent}
secret = {NAS_SECRET}
status-server = no
[server big]
auth = 127.0.0.1:{silent}
secret = {NAS_SECRET}
rewrite-out = bloat
[pool away]
members = elsewhere
[pool stale]
members = old
[realm example.org]
pool = national
[realm gone.example]
pool = away
[realm old.example]
pool = stale
[realm circle.example]
pool = mirror
[realm mute.example]
pool = mute
[realm {BIG}]
pool = big
""")
        lab.mirror = Mirror(mirror, lab.auth)
        lab.gw = lab.gateway(conf, name="desk")
        yield lab
        quiet.close()
        lab.mirror.socket.close()
        peer.close()


def command(lab, *words):
    return subprocess.run([*binary(), *words, "--socket", lab.sock], capture_output=True, text=True, timeout=30)


def find(lab, n, **more):
    """The last request of the device, or of whatever else is named."""
    what = more or {"mac": STATION.format(n)}
    words = [word for key, value in what.items() for word in (f"--{key}", value)]
    done = command(lab, "requests", "--json", *words)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["requests"]


# number of the device, realm, secret, result, reason, what the story says
CASES = [
    (1, "unknown.example", NAS_SECRET, "reject", "no_route", "no realm section matches"),
    (2, "mute.example", NAS_SECRET, "timeout", "timed_out", "mute was chosen"),
    (3, "example.org", NAS_SECRET, "reject", "answered", "national answered with Access-Reject"),
    (4, "old.example", NAS_SECRET, "reject", "queue_timed_out", "certificate refused: it has expired"),
    (5, "example.org", "wrong-secret-of-the-ap", "dropped", "udp_bad_message_authenticator",
     "Message-Authenticator does not verify"),
    (6, "circle.example", NAS_SECRET, "reject", "loop", "they came back to us"),
    (7, "gone.example", NAS_SECRET, "reject", "queue_timed_out", "connecting failed last: "),
    (8, BIG, NAS_SECRET, "dropped", "too_big", "a rewrite would make the packet too big"),
]


@pytest.fixture(scope="module")
def failed(desk):
    """All of them have failed, each at a device of its own."""
    def state(name):
        rows = json.loads(command(desk, "status", "peers", "--json").stdout)["peers"]
        return next(row["state"] for row in rows if row["name"] == name)
    wait_for("the certificate is refused", lambda: state("old") == "down")
    wait_for("nobody is elsewhere", lambda: state("elsewhere") == "down")
    threads = [threading.Thread(target=radclient, args=(
        desk.auth, "auth", pap(user=f"bob@{realm}", password="wrong",
                               more=f'Calling-Station-Id = "{STATION.format(n)}"\n'), secret),
        kwargs={"timeout": 8}) for n, realm, secret, *_ in CASES]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return desk


@pytest.mark.parametrize("n, realm, secret, result, reason, says", CASES)
def test_found_and_explained(failed, n, realm, secret, result, reason, says):
    rows = find(failed, n)
    assert [row for row in rows if row["result"] == result], command(failed, "explain", rows[0]["id"]).stdout
    row = next(row for row in rows if row["result"] == result)
    assert row["reason"] == reason and row["user"] == f"bob@{realm}" and row["client"] == "ap", rows
    story = command(failed, "explain", row["id"])
    assert story.returncode == 0 and says in story.stdout, story.stdout + story.stderr
    if reason != "answered":
        assert f"({reason})" in story.stdout, story.stdout
        page = (ROOT / "etc/man/radsecgw.8").read_text()
        assert re.search(rf"^\.It Li {reason}\b", page, re.M), f"the manual does not have {reason}"


def test_table(failed):
    """The table has one line for each, newest first, under its head."""
    done = command(failed, "requests", "--result", "reject", "--since", "10m")
    lines = done.stdout.splitlines()
    assert lines[0].split() == ["TIME", "RESULT", "REASON", "USER", "DEVICE", "FROM", "MEMBER", "MS", "ID"], done
    assert len(lines) - 1 >= 5 and all(line.split()[1] == "reject" for line in lines[1:])
    times = [line.split()[0] for line in lines[1:]]
    assert times == sorted(times, reverse=True)
    assert len(command(failed, "requests", "--last", "2").stdout.splitlines()) == 4  # and how many more there are


def test_searches(failed):
    """Each option leaves out what is not meant."""
    assert {row["realm"] for row in find(failed, 0, realm="MUTE.example")} == {"mute.example"}
    assert {row["user"] for row in find(failed, 0, user="bob@gone.example")} == {"bob@gone.example"}
    assert {row["id"] for row in find(failed, 0, slower="4s")} == {row["id"] for row in find(failed, 2)}
    assert [row["id"] for row in find(failed, 0, mac="0200.0000.0002")] == [row["id"] for row in find(failed, 2)]
    assert find(failed, 0, client="nobody") == []
    assert {row["reason"] for row in find(failed, 0, result="loop")} == {"loop"}
    assert command(failed, "requests", "--since", "soon").returncode == 1
    assert command(failed, "explain", "1-999999").returncode == 1
    assert command(failed, "explain", "what").returncode == 1


def test_conversation_of_the_log(failed):
    """What the login line calls a conversation can be explained."""
    row = find(failed, 3)[0]
    assert f"Request {row['id']} " in command(failed, "explain", row["conversation"]).stdout


@pytest.mark.parametrize("words, says", [
    (["bob@unknown.example"], "No [realm] section matches, so it would be turned away (reason no_route)."),
    (["bob@example.org", "--client", "ap"], "The peer national would be asked as number 1: nothing is known against it."),
    (["bob@gone.example"], "The peer elsewhere would be asked as number 1: it is down; connecting failed last: "),
    (["bob@mute.example", "--code", "acct"], "The server mute would be asked not at all: it does not take this kind of request."),
])
def test_would(failed, words, says):
    before = len(find(failed, 0, since="1h", last="1000"))
    done = command(failed, "would", *words)
    assert done.returncode == 0 and says in done.stdout, done.stdout + done.stderr
    assert len(find(failed, 0, since="1h", last="1000")) == before
    assert command(failed, "would", *words, "--client", "nobody").returncode == 1
