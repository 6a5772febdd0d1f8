# SPDX-License-Identifier: GPL-2.0-or-later
"""An institution moves from radsecproxy: its configuration is imported and checked, the one program stops, the other
starts, and logins go in both directions as before. The same thirty requests get the same answers from both.

    NAS -> institution (under test) <-> national proxy (radsecproxy) -> home servers of others
           |                            ^
           its own home server          a NAS elsewhere
"""
import concurrent.futures
import os
import pathlib
import re
import socket
import subprocess
import sys

import pytest

import radius
from lab import NAS_SECRET, PASSWORD, Lab, Process, binary, eapol_test, pap, radclient, tcp_open, wait_for

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "interop"))

import importlab  # noqa: E402

EVE = "eve@abroad.example"
OPERATOR_NAME, REPLY_MESSAGE, TUNNEL_TYPE, TUNNEL_GROUP, FILTER_ID = 126, 18, 64, 81, 11
MATTER = (REPLY_MESSAGE, TUNNEL_TYPE, TUNNEL_GROUP, FILTER_ID)

INSTITUTION = """\
# an institution with wireless controllers and a federation
ListenUDP 127.0.0.1:{udp}
ListenTLS 127.0.0.1:{tls}
LogLevel 3
tls default {{
    CACertificateFile {pki}/ca.pem
    CertificateFile {pki}/127.0.0.1.pem
    CertificateKeyFile {pki}/127.0.0.1.key
}}
rewrite no-vlans {{
    removeAttribute 64
    removeAttribute 65
    removeAttribute 81
}}
rewrite operator {{
    supplementAttribute 126:'1example.org
    modifyAttribute 1:/^(.*)@old\\.example$/\\1@example.org/
}}
client nas {{
    host 127.0.0.1
    type udp
    secret {secret}
    rewriteIn operator
}}
client national {{
    host localhost
    type tls
}}
server national {{
    host localhost
    port {national}
    type tls
    StatusServer on
    rewriteIn no-vlans
}}
server home {{
    host 127.0.0.1
    port {home.auth}
    type udp
    secret {home.secret}
}}
server home-acct {{
    host 127.0.0.1
    port {home.acct}
    type udp
    secret {home.secret}
}}
realm /^[^@]+$/ {{
    ReplyMessage "Please write your name with @ and the domain of your institution."
}}
realm /myabc\\.com$/ {{
    ReplyMessage "Misconfigured client"
    accountingResponse on
}}
realm /@.*3gppnetwork\\.org$/ {{
    replymessage "SIM cards are not for here"
}}
realm example.org {{
    server home
    accountingServer home-acct
}}
realm /@.+\\.example\\.org$/ {{
    replymessage "Unknown department"
}}
realm * {{
    server national
    accountingResponse on
}}
"""

NATIONAL = """\
ListenUDP 127.0.0.1:{nas}
ListenTLS 127.0.0.1:{national}
LogLevel 3
tls default {{
    CACertificateFile {pki}/ca.pem
    CertificateFile {pki}/localhost.pem
    CertificateKeyFile {pki}/localhost.key
}}
client elsewhere {{
    host 127.0.0.1
    type udp
    secret {secret}
}}
client institution {{
    host 127.0.0.1
    type tls
}}
server institution {{
    host 127.0.0.1
    port {tls}
    type tls
}}
server abroad {{
    host 127.0.0.1
    port {abroad.auth}
    type udp
    secret {abroad.secret}
}}
realm example.org {{
    server institution
}}
realm * {{
    server abroad
}}
"""


def login(user, password=PASSWORD, more=b"", with_ma=True):
    return lambda n: radius.access_request(n, NAS_SECRET.encode(), user, password.encode(), more, with_ma)


def account(user, kind=1):
    attrs = radius.attr(40, bytes([0, 0, 0, kind])) + radius.attr(44, b"session-1") + radius.attr(4, b"\x7f\0\0\1")
    attrs += radius.attr(radius.USER_NAME, user) if user else b""
    return lambda n: radius.request(radius.ACCOUNTING_REQUEST, n, attrs, NAS_SECRET.encode())


REQUESTS = {
    "our user": login(b"bob@example.org"), "wrong password": login(b"bob@example.org", "wrong"),
    "upper case": login(b"bob@EXAMPLE.org"), "old name": login(b"bob@old.example"),
    "unsigned": login(b"bob@example.org", with_ma=False), "unknown user": login(b"nobody@example.org"),
    "long password": login(b"bob@example.org", "x" * 100), "empty password": login(b"bob@example.org", ""),
    "proxied": login(b"bob@example.org", more=radius.attr(radius.PROXY_STATE, b"abc")),
    "own operator": login(b"bob@example.org", more=radius.attr(OPERATOR_NAME, b"1other.example")),
    "no realm": login(b"bob"), "two ats": login(b"a@b@example.org"), "blank": login(b"a b@example.org"),
    "space in realm": login(b"bob@exam ple.org"), "two dots": login(b"bob@example..org"),
    "last dot": login(b"bob@example.org."), "only realm": login(b"@example.org"),
    "department": login(b"bob@physics.example.org"), "default realm": login(b"host/pc@myabc.com"),
    "SIM": login(b"0123@wlan.mnc001.mcc262.3gppnetwork.org"), "guest": login(EVE.encode()),
    "guest, wrong password": login(EVE.encode(), "wrong"), "unknown realm": login(b"x@nowhere.example"),
    "long realm": login(b"x@" + b"a." * 60 + b"example"), "no dot": login(b"x@localdomain"),
    "our accounting": account(b"bob@example.org"), "guest's accounting": account(EVE.encode()),
    "default realm's accounting": account(b"host/pc@myabc.com"), "department's accounting": account(b"x@a.example.org"),
    "status": lambda n: radius.request(radius.STATUS_SERVER, n, b"", NAS_SECRET.encode()),
}


def ask(port, make, number, seconds=4):
    """The answer to one request: its code and what matters of its attributes; None = there is none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind(("127.0.0.1", 0))
        s.settimeout(seconds)
        packet = make(number)
        s.sendto(packet, ("127.0.0.1", port))
        try:
            answer = s.recv(4096)
        except TimeoutError:
            return None
    assert radius.answer_ok(answer, packet, NAS_SECRET.encode())
    return answer[0], sorted((k, v) for k, v in radius.attributes(answer) if k in MATTER)


def ask_all(port):
    with concurrent.futures.ThreadPoolExecutor(len(REQUESTS)) as pool:
        asked = {name: pool.submit(ask, port, make, number) for number, (name, make) in enumerate(REQUESTS.items())}
        return {name: answer.result() for name, answer in asked.items()}


class Place:
    """The institution and all around it; what stands in the middle is started by run()."""

    def __init__(self, lab):
        self.lab = lab
        names = ("localhost", "127.0.0.1")
        self.pki = lab.pki(servers=names, clients=names)
        self.udp, self.tls, self.national, self.nas = (lab.port() for _ in range(4))
        self.home = lab.freeradius("home", users='carol@example.org Cleartext-Password := "secret"')
        self.abroad = lab.freeradius("abroad", users=f'{EVE} Cleartext-Password := "{PASSWORD}"\n    Tunnel-Type = VLAN,\n'
                                     '    Tunnel-Private-Group-Id = "42",\n    Filter-Id = "guests",\n'
                                     '    Reply-Message = "hello eve"')
        words = {"udp": self.udp, "tls": self.tls, "pki": self.pki, "secret": NAS_SECRET, "national": self.national,
                 "home": self.home, "abroad": self.abroad, "nas": self.nas}
        self.conf = lab.write("institution.conf", INSTITUTION.format(**words))
        self.far = lab.write("national.conf", NATIONAL.format(**words))

    def proxy(self, name, conf, port):
        started = Process(self.lab, name, ["/usr/sbin/radsecproxy", "-f", "-c", conf])
        wait_for(f"{name} listens", lambda: tcp_open(port))
        return started

    def works(self):
        """Do logins cross in both directions?"""
        return [radclient(port, "auth", pap(user=user), timeout=1)[0]
                for port, user in ((self.udp, EVE), (self.nas, "bob@example.org"))] == [True, True]

    def look(self):
        """What the institution does now: its answers, and logins with EAP keys in both directions."""
        wait_for("logins in both directions", self.works, 30)
        found = ask_all(self.udp)
        for home, port, user in (self.abroad, self.udp, EVE), (self.home, self.nas, "bob@example.org"):
            ok, confirmed, out = eapol_test(self.lab, home, port, "PEAP-MSCHAPv2", user=user)
            assert ok and confirmed, out
        return found


def run_import(lab, conf, *more):
    return subprocess.run([*binary(), "import", conf, *more], capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def moved():
    """The answers of both programs, and the place."""
    with Lab() as lab:
        place = Place(lab)
        first, far = place.proxy("before", place.conf, place.tls), place.proxy("national", place.far, place.national)
        place.before = place.look()
        (lab.dir / "secrets").mkdir()
        place.imported = run_import(lab, place.conf, "--secrets", lab.dir / "secrets")
        ini = lab.write("radsecgw.ini", place.imported.stdout)
        place.check = subprocess.run([*binary(), "check", "-c", ini], capture_output=True, text=True, check=False)
        first.stop()
        far.stop()
        place.proxy("national2", place.far, place.national)
        # The lines are to come here, and all of them.
        lab.write("radsecgw.ini", re.sub("target = .*", "target = stderr\nrate = 0", ini.read_text()))
        place.gw = lab.gateway(ini)
        place.after = place.look()
        yield place


def test_all_is_carried_over_and_checked(moved):
    assert moved.imported.returncode == 0, moved.imported.stderr
    assert moved.check.returncode == 0, moved.check.stderr


def test_secrets_are_in_files(moved):
    assert NAS_SECRET not in moved.imported.stdout
    assert moved.home.secret not in moved.imported.stdout
    assert all(p.stat().st_mode & 0o777 == 0o600 for p in (moved.lab.dir / "secrets").iterdir())


def test_known_requests_are_answered(moved):
    """The comparison would be worth nothing if nobody answered."""
    assert moved.before["our user"] == (radius.ACCESS_ACCEPT, [(REPLY_MESSAGE, b"hello bob")])
    assert moved.before["guest"] == (radius.ACCESS_ACCEPT, [(FILTER_ID, b"guests"), (REPLY_MESSAGE, b"hello eve")])
    assert moved.before["SIM"] == (radius.ACCESS_REJECT, [(REPLY_MESSAGE, b"SIM cards are not for here")])
    assert moved.before["status"] == (radius.ACCESS_ACCEPT, [])
    assert moved.before["default realm's accounting"] == (radius.ACCOUNTING_RESPONSE, [])


@pytest.mark.parametrize("name", REQUESTS)
def test_same_answer(moved, name):
    assert moved.after[name] == moved.before[name]


def test_operator_name_reaches_others(moved):
    assert moved.abroad.log().count('Operator-Name = "1example.org"') >= 2


@pytest.mark.parametrize("shape", ["rewrites"])
def test_shape(shape):
    """One of the shapes of `make import-lab`: the same answers, and the same requests at the servers behind."""
    lines, wrong = importlab.compare(shape)
    assert wrong == 0, "\n".join(lines)
