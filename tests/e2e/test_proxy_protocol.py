# SPDX-License-Identifier: GPL-2.0-or-later
"""PROXY headers in front of connections that peers open: who is believed, and whose address counts."""
import re
import time

import pytest

import radius
from balancer import LOCAL, SIGNATURE, UNKNOWN, Balanced, block, connect, line
from inbound import FakeHome, Visitor, inbound_conf
from lab import wait_for
from plain import SECRET, PlainVisitor
from plain import inbound_conf as plain_conf

STATUS = radius.request(12, 1, b"", b"radsec")
BALANCER = "127.0.0.5"
LISTEN = f"proxy-protocol = {BALANCER}, 127.0.1.0/24"


@pytest.fixture
def start(lab):
    homes = []

    def go(listen=LISTEN, rate=0, **conf):
        lab.keys, home = lab.pki(), FakeHome(lab)
        homes.append(home)
        ini = inbound_conf(lab, lab.keys, home, listen=listen, **conf)
        ini.write_text(ini.read_text().replace("rate = 0\n\n[tls", f"rate = {rate}\n\n[tls"))
        gw = lab.gateway(ini, wait="started")
        return gw, lambda header, source=BALANCER, **more: Balanced(lab.radsec, lab.keys, header, source=source, **more)
    yield go
    for home in homes:
        home.close()


def is_gone(sock, timeout=5.0):
    """Has the other side ended it, without a word?"""
    sock.settimeout(timeout)
    try:
        return sock.recv(1) == b""
    except ConnectionError:
        return True


def login(visitor):
    assert visitor.ask(STATUS)
    return visitor


WAYS = ["alone", "together", "octets"]


def test_every_header_in_every_way(start):
    """Versions and families, apart from the ClientHello, with it, and octet by octet."""
    gw, come = start()
    headers = [(line("203.0.113.5"), "203.0.113.5:4711"), (block("203.0.113.6"), "203.0.113.6:4711"),
               (line("2001:db8::5", family=6), "[2001:db8::5]:4711"), (block("2001:db8::6"), "[2001:db8::6]:4711"),
               (block("203.0.113.7", more=b"\3\0\4\xde\xad\xbe\xef" + b"\4\1\xf0" + bytes(496)), "203.0.113.7:4711")]
    for header, address in headers:
        for way in WAYS:
            before = len(gw.lines("connection-up"))
            visitor = login(come(header, way=way))
            up = gw.lines("connection-up")[before].fields
            assert up["addr"] == address and up["via"].startswith(f"{BALANCER}:"), up
            visitor.close()
    assert gw.counters()["proxy_headers"] == len(headers) * len(WAYS)
    wait_for("their ends", lambda: len(gw.lines("connection-lost")) == len(headers) * len(WAYS))
    assert all(ended.fields["via"].startswith(f"{BALANCER}:") for ended in gw.lines("connection-lost"))


def test_forged_header(start, lab):
    """Whoever is no balancer is taken as it is, and a header of its own is no TLS."""
    gw, come = start()
    login(Visitor(lab.radsec, lab.keys)).close()
    for header in (line("203.0.113.5"), block("203.0.113.5"), LOCAL):
        for source in (None, "127.0.2.1"):
            with pytest.raises(OSError):
                come(header, source=source)
    assert "what came first is not TLS" in gw.log()
    assert "203.0.113.5" not in gw.log()
    assert "proxy_headers" not in gw.counters() and "proxy_refused" not in gw.counters()
    login(come(line("203.0.113.5"), source="127.0.1.200"))


BAD = [
    (b"\x16\x03\x01\x02\x00\x01", "no PROXY header"),
    (b"GET / HTTP/1.1\r\n\r\n", "no PROXY header"),
    (line("203.0.113.5")[:-2] + b"\n", "ends in another way"),
    (b"PROXY UNKNOWN " + b"x" * 100, "longer than 107 octets"),
    (line("2001:db8::5"), "an address"),
    (block("203.0.113.5", family=0x12), "its family"),
    (block("203.0.113.5", family=0x31), "its family"),
    (block("203.0.113.5", more=bytes(509)), "longer than 536 octets"),
    (SIGNATURE + b"\x21\x11\0\0", "too short"),
]


def test_bad_headers(start, lab):
    gw, come = start()
    for n, (header, why) in enumerate(BAD, 1):
        sock = connect(lab.radsec, BALANCER)
        sock.sendall(header)
        assert is_gone(sock), header
        refused = gw.lines("proxy-header-refused")
        assert len(refused) == n and why in refused[-1].fields["reason"], refused[-1:]
        assert refused[-1].fields["listen"] == "radsec" and refused[-1].fields["from"].startswith(BALANCER)
    half = connect(lab.radsec, BALANCER)
    half.sendall(block("203.0.113.5")[:20])
    half.close()
    wait_for("the half header", lambda: len(gw.lines("proxy-header-refused")) == len(BAD) + 1)
    assert gw.counters()["proxy_refused"] == len(BAD) + 1
    login(come(line("203.0.113.5")))


def test_lines_about_bad_headers_are_limited(start, lab):
    """[log] rate holds for each listener."""
    gw, _ = start(rate="1/s")
    for _ in range(40):
        sock = connect(lab.radsec, BALANCER)
        sock.sendall(b"no header")
        assert is_gone(sock)
    assert gw.counters()["proxy_refused"] == 40
    assert len(gw.lines("proxy-header-refused")) < 40


def test_balancer_looks_after_us(start, lab):
    """A connection of its own ends without a warning, whatever the rules for addresses say."""
    gw, come = start(listen=f"{LISTEN}\nhandshake-timeout = 1s", match="name = gateway.test\naddress = 203.0.113.0/24")
    for header in (LOCAL, UNKNOWN, b""):
        sock = connect(lab.radsec, BALANCER)
        sock.sendall(header)
        sock.close()
    wait_for("their ends", lambda: gw.counters().get("incoming_silent") == 3)
    silent = connect(lab.radsec, BALANCER)
    silent.sendall(LOCAL)
    assert is_gone(silent)
    itself = connect(lab.radsec, BALANCER)
    itself.sendall(line(*itself.getsockname()))
    itself.close()
    wait_for("its end", lambda: gw.counters()["incoming_silent"] == 5)
    assert gw.counters()["proxy_own"] == 4 and gw.counters()["handshake_timeouts"] == 1
    assert not re.search(r"Z (warning|error) (?!runs-as-root|tls-library-old)", gw.log()), gw.log()


def test_login_of_the_balancer_itself(start):
    """A connection that names nobody counts as one from the balancer's address once there is something on it."""
    gw, come = start(match=f"name = gateway.test\naddress = {BALANCER}")
    for header in (LOCAL, UNKNOWN):
        for way in WAYS:
            login(come(header, way=way)).close()
    ups = gw.lines("connection-up")
    assert len(ups) == 6 and all(up.fields["addr"].startswith(BALANCER) and "via" not in up.fields for up in ups)


def test_addresses_of_peers_are_those_behind(start, lab):
    gw, come = start(match="name = gateway.test\naddress = 203.0.113.0/24")
    login(come(line("203.0.113.5")))
    with pytest.raises(OSError):
        come(line("192.0.2.5"))
    with pytest.raises(OSError):
        come(LOCAL)
    for refused, address in zip(gw.lines("connection-refused"), ("192.0.2.5:4711", BALANCER), strict=True):
        assert refused.fields["from"].startswith(address)
    assert gw.lines("connection-refused")[0].fields["via"].startswith(BALANCER)
    assert gw.counters()["refused_address"] == 2


def test_stranger_does_not_shut_others_out(start, lab):
    """One address behind the balancer uses up what it may have, and no more."""
    gw, come = start(gateway="connect-rate = 1000/s burst 1000\nconnect-rate-per-address = 1/m burst 5\n"
                     "max-half-open-per-address = 2\nmax-half-open = 8")
    kept = []
    for i in range(30):
        sock = connect(lab.radsec, BALANCER)
        sock.sendall(block("192.0.2.66", 1000 + i) + b"\x16")
        kept.append(sock)
    wait_for("the refusals", lambda: sum(n for name, n in gw.counters().items() if name.startswith("refused_")) >= 25)
    for i in range(12):
        login(come(block(f"203.0.113.{i}"))).close()
    refused = gw.lines("connection-refused")
    assert refused and all(r.fields["from"].startswith("192.0.2.66:") for r in refused)


def test_half_headers_hold_no_place(start, lab):
    """However many wait for their headers, whoever sends one at once comes in; and they end by themselves."""
    gw, come = start(listen=f"{LISTEN}\nhandshake-timeout = 2s", gateway="max-half-open = 16")
    halves = []
    for _ in range(60):
        sock = connect(lab.radsec, BALANCER)
        sock.sendall(b"PROXY TCP4 203.0.113.9")
        halves.append(sock)
    for i in range(5):
        login(come(line(f"203.0.113.{i}")))
    assert gw.counters()["proxy_evicted"] >= 44
    since = time.monotonic()
    assert all(is_gone(sock, 15) for sock in halves)
    assert time.monotonic() - since < 10
    assert gw.counters()["handshake_timeouts"] >= 10


def test_reload_changes_who_is_believed(start, lab):
    gw, come = start(listen="")
    conf = lab.dir / "home.ini"
    with pytest.raises(OSError):
        come(line("203.0.113.5"))
    kept = login(Visitor(lab.radsec, lab.keys, source=BALANCER))
    conf.write_text(conf.read_text().replace("profile = lab\n", f"profile = lab\n{LISTEN}\n"))
    gw.signal(1)
    gw.wait_line("reloaded")
    login(come(line("203.0.113.5")))
    assert kept.ask(STATUS)
    with pytest.raises(OSError):
        Visitor(lab.radsec, lab.keys, source=BALANCER)


def test_plain_tcp(lab):
    """Over plain TCP the address alone tells the peer: that behind the balancer."""
    home = FakeHome(lab)
    conf = plain_conf(lab, home, listen=LISTEN)
    conf.write_text(conf.read_text().replace("address = 127.0.0.1\n", "address = 127.0.0.77\n"))
    gw = lab.gateway(conf, wait="started")
    packet = radius.request(12, 1, b"", SECRET.encode())

    def visit(header):
        visitor = PlainVisitor(lab.plain, source=BALANCER)
        visitor.send(header + packet)
        return visitor.receive()
    assert radius.answer_ok(visit(line("127.0.0.77")), packet, SECRET.encode())
    assert visit(line("127.0.0.1")) == b""
    assert visit(LOCAL) == b""
    assert gw.counters()["refused_address"] == 2
    home.close()
