# SPDX-License-Identifier: GPL-2.0-or-later
"""CoA and Disconnect with real parts: radclient as the home server that sends them, two gateways with RADIUS/TLS between
them, and FreeRADIUS as the NAS that takes them over UDP.

    radclient -> UDP -> inner gateway (home) -> down the TLS connection -> outer gateway (visited) -> UDP -> NAS
    radclient -> UDP -> outer gateway -> up the same connection -> inner gateway -> UDP -> NAS
"""
import json
import re
import socket
import subprocess
import time

import pytest

import radius
from inbound import Visitor, inbound_conf
from lab import DICTIONARY, NAS_SECRET, Lab, Process, accounting, binary, pap, radclient, wait_for
from test_logins import USERS

HOME, STRANGER = "127.0.0.2", "127.0.0.3"  # where radclient sends from
MAC = "02-00-00-00-00-01"
BOTH = "allow = auth, acct, coa, disconnect\n"


class AccessPoint(Process):
    """A FreeRADIUS that takes CoA and Disconnect as a NAS does: a session with a user `unknown...` it has not."""

    def __init__(self, lab, name="nas"):
        self.port = lab.port()
        folder = lab.dir / name
        folder.mkdir()
        lab.write(f"{name}/dictionary", f"$INCLUDE {DICTIONARY}/dictionary\n")
        lab.write(f"{name}/radiusd.conf", f"""\
prefix = /usr
name = freeradius
raddbdir = {folder}
logdir = {folder}
run_dir = {folder}
libdir = /usr/lib/freeradius
pidfile = {folder}/pid
client gateways {{
    ipaddr = 127.0.0.1
    secret = {NAS_SECRET}
}}
modules {{
    always ok {{ rcode = ok }}
    always reject {{ rcode = reject }}
}}
server nas {{
    listen {{
        type = coa
        ipaddr = 127.0.0.1
        port = {self.port}
    }}
    recv-coa {{
        if (&User-Name =~ /^unknown/) {{
            update control {{
                &Tmp-Integer-0 := 1
            }}
            reject
        }}
        ok
    }}
    send-coa {{
        if (&User-Name =~ /^unknown/) {{
            update reply {{
                &Error-Cause := Session-Context-Not-Found
            }}
        }}
        ok
    }}
}}
""")
        super().__init__(lab, name, [*lab.before, "/usr/sbin/freeradius", "-d", folder, "-f", "-l", "stdout", "-x"])
        self.wait_log("Ready to process requests")

    def received(self):
        """What has come: (code, attributes) of each request."""
        return re.findall(r"Received ((?:CoA|Disconnect)-Request) Id .*\n((?:\(\d+\)   .*\n)*)", self.log())


@pytest.fixture(scope="module")
def path():
    with Lab() as lab:
        pki = lab.pki()
        lab.home = lab.freeradius(users=USERS)
        lab.nas, lab.far = AccessPoint(lab), AccessPoint(lab, "far")
        lab.coa = lab.port()
        admin = f"[client admin]\naddress = {HOME}\nsecret = {NAS_SECRET}\n{BOTH}coa-realms = *\n" \
                f"[client stranger]\naddress = {STRANGER}\nsecret = {NAS_SECRET}\n"
        lab.inner = lab.gateway(inbound_conf(lab, pki, lab.home, peer=BOTH + "coa-realms = *", extra=f"""\
[listen coa]
udp = 127.0.0.1:{lab.coa}
accept = coa
{admin}
[client far]
address = 192.0.2.1
secret = {NAS_SECRET}
coa = 127.0.0.1:{lab.far.port}
nas-identifier = far-ap
"""), name="inner", wait="started")
        lab.outer_coa = lab.port()
        lab.outer = lab.gateway(lab.gateway_conf(pki, lab.radsec, peer=BOTH,
                                                 client=f"coa = 127.0.0.1:{lab.nas.port}\n", extra=f"""\
[listen coa]
udp = 127.0.0.1:{lab.outer_coa}
accept = coa
{admin}"""), name="outer")
        lab.inner.wait_log(" connection-up: ")
        yield lab


def login(lab, mac=MAC, user="bob@example.org"):
    ok, out = radclient(lab.auth, "auth", pap(user=user, more=f'Calling-Station-Id = "{mac}"\nNAS-Identifier = "ap-1"\n'))
    assert ok, out


def send(port, kind, text, source=HOME, timestamp=0, secret=NAS_SECRET, timeout=5):
    stamp = "" if timestamp is None else f"Event-Timestamp = {int(time.time()) + timestamp}\n"
    return radclient(port, kind, f"Packet-Src-IP-Address = {source}\n{text}\n{stamp}Message-Authenticator = 0x00\n",
                     secret=secret, timeout=timeout)


@pytest.mark.parametrize("kind, name", [("disconnect", "Disconnect"), ("coa", "CoA")])
def test_down_the_connection_of_the_session(path, kind, name):
    """P-RCA-6, P-COA-1: the station alone tells where the session is, at both gateways; Filter-Id arrives, the Proxy-States
    of the sender come back, and the NAS sees none (P-CPX-22)."""
    login(path)
    before = len(path.nas.received())
    filter_id = 'Filter-Id = "guests"\n' if kind == "coa" else ""
    ok, out = send(path.coa, kind, f'Calling-Station-Id = "{MAC}"\n{filter_id}Proxy-State = 0x686f6d65')
    assert ok and f"Received {name}-ACK" in out and "Proxy-State = 0x686f6d65" in out, out
    (code, attributes), = path.nas.received()[before:]
    assert code == f"{name}-Request" and f'Calling-Station-Id = "{MAC}"' in attributes
    assert "Proxy-State" not in attributes and ("guests" in attributes) == (kind == "coa")


def test_nak_of_the_nas_comes_back(path):
    login(path, user="bob@example.org")
    login(path, mac="02-00-00-00-00-09")
    ok, out = send(path.coa, "disconnect", 'User-Name = "unknown@example.org"\nNAS-Identifier = "ap-1"')
    assert not ok and "Received Disconnect-NAK" in out and "Session-Context-Not-Found" in out, out


def test_up_the_connection(path):
    """The same connection the other way: the only peer that takes CoA is asked, and its client has the name of the NAS."""
    before = len(path.far.received())
    ok, out = send(path.outer_coa, "coa", 'User-Name = "eve@example.org"\nNAS-Identifier = "far-ap"')
    assert ok and "Received CoA-ACK" in out, out
    assert len(path.far.received()) == before + 1


def test_ends_with_accounting_stop(path):
    """After Accounting-Stop nobody knows the session: the inner gateway says so (P-CPX-9)."""
    mac = "02-00-00-00-00-77"
    login(path, mac=mac)
    record = f'Calling-Station-Id = "{mac}"\nNAS-Identifier = "ap-1"\n'
    assert radclient(path.acct, "acct", accounting("Start", "s-77") + record)[0]
    ok, out = send(path.coa, "disconnect", 'Acct-Session-Id = "s-77"')
    assert ok and "Disconnect-ACK" in out, out
    assert radclient(path.acct, "acct", accounting("Stop", "s-77") + record)[0]
    before = len(path.nas.received())
    ok, out = send(path.coa, "disconnect", f'Acct-Session-Id = "s-77"\nCalling-Station-Id = "{mac}"\nNAS-Identifier = "no-ap"')
    assert not ok and "Disconnect-NAK" in out, out
    assert len(path.nas.received()) == before


def counted(gw, name, before):
    return gw.counters().get(name, 0) - before.get(name, 0)


def test_attacks(path):
    """P-COA-40, P-COA-31: nothing of these reaches a NAS, and each has its counter; logins are not moved by them."""
    login(path)
    inner = path.inner.counters()
    nas, far = len(path.nas.received()), len(path.far.received())
    victim = f'Calling-Station-Id = "{MAC}"'
    # Somebody who may not, somebody without the secret, and one who repeats an old request.
    for more in ({"source": STRANGER}, {"secret": "a wrong secret of some length"}, {"timestamp": -600},
                 {"timestamp": 600}):
        ok, out = send(path.coa, "disconnect", victim, timeout=1, **more)
        assert not ok and "Received" not in out, out
    # A NAS that nobody knows. The only peer that takes CoA is asked, and says so in turn.
    ok, out = send(path.coa, "coa", 'NAS-Identifier = "nobody"')
    assert not ok and "Proxy-Request-Not-Routable" in out, out
    assert counted(path.inner, "udp_not_allowed", inner) == 1
    assert counted(path.inner, "udp_bad_authenticator", inner) == 1
    assert counted(path.inner, "udp_stale", inner) == 2
    assert (nas, far) == (len(path.nas.received()), len(path.far.received()))
    login(path)


def test_flood_for_unknown_nases(path):
    """P-CPX-7: CoA for NASes that nobody knows, as fast as it goes: each that is answered gets a NAK, nothing reaches a NAS, and
    logins go on beside it."""
    inner, nas, far = path.inner.counters(), len(path.nas.received()), len(path.far.received())
    codes = set()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind((HOME, 0))
        s.settimeout(0.01)
        for i in range(1000):
            name = radius.attr(32, b"nobody-%d" % i) + radius.attr(55, int(time.time()).to_bytes(4, "big"))
            s.sendto(radius.request(43, i % 256, name, NAS_SECRET.encode()), ("127.0.0.1", path.coa))
            if i % 500 == 250:
                login(path)
            try:
                codes.add(s.recv(4096)[0])
            except TimeoutError:
                pass
    assert codes == {45}
    assert counted(path.inner, "requests_accepted", inner) >= 900
    assert (nas, far) == (len(path.nas.received()), len(path.far.received()))


def test_repetition_is_answered_once(path):
    """P-COA-3, P-COA-33: the octets of a request again, seconds later: the same answer, and the NAS hears nothing."""
    login(path)
    packet = radius.request(40, 9, radius.attr(31, MAC.encode()) + radius.attr(55, int(time.time()).to_bytes(4, "big")),
                            NAS_SECRET.encode())
    before = len(path.nas.received())
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind((HOME, 0))
        s.settimeout(5)
        answers = set()
        for _ in range(3):
            s.sendto(packet, ("127.0.0.1", path.coa))
            answers.add(s.recv(4096))
            time.sleep(0.2)
    assert len(answers) == 1 and answers.pop()[0] == 41
    assert len(path.nas.received()) == before + 1


def say(lab, name, *words):
    return subprocess.run([*binary(), *words, "--socket", lab.dir / f"{name}.sock"], capture_output=True, text=True, timeout=60,
                          check=False)


def test_status_shows_where_nases_are(path):
    login(path)
    rows = json.loads(say(path, "inner", "status", "--json", "nas").stdout)["nas"]
    (row,) = [r for r in rows if r["name"] == "ap-1" or r.get("nas") == "ap-1"] or [rows]
    assert "NAS-Identifier" in str(row) and "visitor" in str(row), rows
    assert "visitor" in say(path, "inner", "status", "nas").stdout


@pytest.mark.parametrize("name", ["inner", "outer"])
def test_operator_ends_a_session(path, name):
    """By the command line, at the home side down the connection, and at the visited side over UDP."""
    login(path, mac="02-00-00-00-00-55")
    before = len(path.nas.received())
    said = say(path, name, "disconnect", "--mac", "02-00-00-00-00-55")
    assert said.returncode == 0 and "1 sessions of '02-00-00-00-00-55' are ended" in said.stdout, said
    assert len(path.nas.received()) == before + 1
    said = say(path, name, "disconnect", "--user", "nobody")
    assert said.returncode == 1 and "no session of 'nobody' is known" in said.stderr, said
    said = say(path, name, "disconnect")
    assert said.returncode == 1 and "--mac ADDRESS" in said.stderr, said


def test_wrong_sender(lab):
    """P-COA-41: a peer to which logins of the realm do not go gets a NAK 502, and the NAS hears nothing."""
    pki = lab.pki()
    home, nas = lab.freeradius(users=USERS), AccessPoint(lab)
    gw = lab.gateway(inbound_conf(lab, pki, home, peer=BOTH, extra=f"""\
[listen local]
udp = 127.0.0.1:{lab.port()}
[client nas]
address = 127.0.0.1
secret = {NAS_SECRET}
coa = 127.0.0.1:{nas.port}
"""), wait="started")
    with_name = radius.attr(4, bytes([127, 0, 0, 1])) + radius.attr(1, b"bob@example.org")
    visitor = Visitor(lab.radsec, pki)
    answer = visitor.ask(radius.request(40, 1, with_name, b"radsec"))
    assert answer[0] == 42 and radius.get(answer, 101) == (502).to_bytes(4, "big")
    assert nas.received() == []
    assert wait_for("the counter", lambda: gw.counters().get("request_change_wrong_sender")) == 1
    visitor.close()
