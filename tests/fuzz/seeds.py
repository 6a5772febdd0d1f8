#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes the seeds of the fuzzers of the engine, of the ClientHello, of PROXY headers and of CRLs into tests/fuzz/corpus.

What an input means is said in fuzz_engine.c, fuzz_hello.c and fuzz_crl.c; the numbers of operations are read from there.
Files beside those that are written stay: they are inputs that have found something.
"""
import pathlib
import re
import struct

HERE = pathlib.Path(__file__).resolve().parent

# ---- the engine

TABLE = re.search(r"\(\*const ops\[\]\).*?\{(.*?)\};", (HERE / "fuzz_engine.c").read_text(), re.S)[1]
OPS = {name: number for number, name in enumerate(re.findall(r"op_(\w+)", TABLE))}

# Values of the octets that say how.
ACCESS, ACCOUNTING, STATUS, EAP = 0, 1, 3, 4
STATE, PROXY_STATES, ATTRIBUTES = 8, 16, 24
POOL, SERVER, NATIONAL, POISON, FORGED, HALF = 0, 2, 3, 6, 8, 11
SECOND_NAS = 64
ANSWER, TWICE, ERROR, CHALLENGE = 0, 2, 5, 7
NATIONAL_FAR, SECOND_FAR, SERVER_FAR = 0, 1, 2


def do(name, *how):
    return bytes([OPS[name], *how])


def login(what=ACCESS, user=POOL, place=0, *more):
    return do("nas_asks", what, user, place, *more)


def world(seed, how=0, end=0):
    return struct.pack(">HBB", seed, how, end)


def engine():
    visit = do("visitor_comes", 8)
    wait = do("more_time", 20)
    many = b"".join(login(place=i) for i in range(32))
    yield "login", world(1) + login() + do("time", 200)
    yield "server", world(2) + login(user=SERVER) + login(ACCOUNTING, SERVER, 3) + wait
    yield "accounting", world(3) + login(ACCOUNTING) + wait + do("nas_again", 0) + wait
    yield "again", world(5) + login() + do("nas_again", 0) + do("time", 250) + do("nas_again", 0)
    yield "superseded", world(6) + login() + login(user=1) + login(user=2) + wait
    yield "together", world(7) + do("nas_together", 7) + bytes([0, 0, 0, 4, 1, 1, 1, 2, 2, 0, 3, 3] * 2) + wait
    yield "visitor", world(8) + visit + do("visitor_asks", 0, ACCESS, SERVER, 1) + do("time", 250)
    yield "visitor-in-two", world(9) + visit + do("visitor_asks", 0, ACCESS, 16 | SERVER, 9) + wait
    yield "visitors-together", world(10) + visit + do("visitor_together", 0, 5) + bytes(
        [0, 2, 0, 1, 2, 1, 3, 2, 2] * 2) + wait
    yield "visitor-again", world(11) + visit + do("visitor_asks", 0, 0, 2, 1) + do("visitor_again", 0, 50) + wait
    yield "stranger", world(12) + do("visitor_comes", 4) + do("visitor_comes", 1) + do("visitor_goes_on", 1, 0) + wait
    yield "other-peer", world(13, 16) + do("visitor_comes", 0) + do("visitor_goes_on", 0, 0) + wait
    yield "poison", world(14) + login(user=POISON) + many + wait * 4
    yield "forged", world(15) + login(user=FORGED) + login(user=NATIONAL, place=1) + wait
    yield "half", world(16) + login(user=HALF) + login(place=1) + wait * 6
    yield "conversation", world(17, 4) + do("far", NATIONAL_FAR, CHALLENGE, 1, 0) + do("far", SECOND_FAR, CHALLENGE, 1, 0) + \
        login(EAP) + wait + login(EAP | STATE, POOL, 1, 0) + wait
    yield "errors", world(18, 4) + do("far", NATIONAL_FAR, ERROR, 1, 0) + do("far", SECOND_FAR, ERROR, 1, 0) + login() + wait
    yield "silent", world(19) + do("far", NATIONAL_FAR, 1, 1, 0) + do("far", SECOND_FAR, 1, 1, 128) + many + wait * 8
    yield "refused", world(20, 4) + do("fault", 0, 0, 255) + do("fault", 12, 0, 0) + many + wait * 8
    yield "full", world(21, 1) + do("far", NATIONAL_FAR, 1, 1, 0) + many + wait * 5
    yield "blocked", world(22) + do("conn", 2, 0) + many + do("conn", 4, 0) + wait
    yield "proxy-states", world(1, 255) + login(PROXY_STATES, POOL, 0, 37) + login(PROXY_STATES, 67, 1, 5) + wait
    yield "overflow", world(26, 228) + login(PROXY_STATES, SERVER, 0, 38) + login(PROXY_STATES, POOL, 1, 37) + wait
    yield "attributes", world(24) + login(ATTRIBUTES, POOL, 0, 9, 26, 9, 0, 0, 1, 55, 3, 1, 0) + login(
        ATTRIBUTES, POOL, 1, 2, 79, 1) + wait
    yield "damaged", world(25) + login() + do("nas_damaged", 0, 3, 1) + do("nas_damaged", 0, 40, 9) + wait
    yield "raw", world(27) + do("nas_raw", 6, 1, 4, 1, 4, 97, 98, 0) + do("nas_raw", 4, 4, 2, 6, 1, 9) + wait
    yield "status", world(28) + login(STATUS) + visit + do("visitor_asks", 0, STATUS, 0, 4) + do("status") + wait
    yield "odd-codes", world(29) + visit + do("visitor_asks_oddly", 0, 43) + do("visitor_asks_oddly", 0, 99) + wait
    yield "stray", world(30) + login() + wait + do("answer", 0, ANSWER) + do("answer_with", 0, 3, 18, 4, 97, 98, 99, 100)
    yield "far-raw", world(31) + do("far_raw", 0, 4, 2, 1, 0, 3) + do("far_raw", 1, 20, *([0] * 20)) + wait
    yield "comes-back", world(32) + visit + login(user=NATIONAL) + do("comes_back", 0, 0, 7) + wait
    yield "stops", world(33) + visit + login() + do("drain", 255) + login(place=1) + wait
    yield "ends-at-once", world(34, 0, 3) + visit + many
    yield "second-nas", world(35, 8) + login(user=SECOND_NAS) + login(PROXY_STATES, SECOND_NAS, 1, 3) + wait


# ---- the ClientHello

def block(fmt, octets):
    return struct.pack(fmt, len(octets)) + octets


def server_name(name):
    return struct.pack(">H", 0) + block(">H", block(">H", b"\0" + block(">H", name)))


def body(extensions, suites=b"\x13\x01\xc0\x2f"):
    return b"\x03\x03" + bytes(range(32)) + block(">B", b"") + block(">H", suites) + b"\x01\x00" + \
        block(">H", extensions)


def hello():
    versions = bytes.fromhex("002b0005040304 0303".replace(" ", ""))
    named = body(versions + server_name(b"radsec.example.org"))
    whole = block(">H", b"\x01" + struct.pack(">I", len(named))[1:] + named)
    yield "name", b"\x01" + named
    yield "no-name", b"\x01" + body(versions)
    yield "long-name", b"\x01" + body(server_name(b"a" * 255))
    yield "longest-name", b"\x01" + body(server_name(b"a" * 254) + versions)
    yield "empty-name", b"\x01" + body(server_name(b""))
    yield "nul-in-name", b"\x01" + body(server_name(b"radsec\0.example.org"))
    yield "cut-name", b"\x01" + body(server_name(b"radsec.example.org"))[:-5]
    yield "records", b"\x02\x16\x03\x01" + whole + bytes.fromhex("140303000101 15030300020228".replace(" ", "")) + \
        b"\x17\x03\x03\x00\x11" + bytes(17) + b"\x17\x03\x03\x00\x10"
    yield "fragments", b"\x02" + b"".join(b"\x16\x03\x01" + block(">H", whole[2 + i:12 + i]) for i in range(0, 100, 10))
    keys = bytes.fromhex("002d0003020001") + struct.pack(">H", 41) + block(">H", block(
        ">H", block(">H", b"ap7@example.org") + bytes(4) + block(">H", b"\xff" * 16) + b"\0\0\1\0") + block(
            ">H", 2 * block(">B", bytes(32))))
    yield "keys", b"\x01" + body(versions + keys)
    yield "keys-not-last", b"\x01" + body(keys + versions)
    selected = b"\x03\x03" + bytes(32) + b"\0\x13\x01\0" + block(">H", bytes.fromhex(
        "002900020000 00330004001d0000 002b00020304".replace(" ", "")))
    selected = b"\x02" + struct.pack(">I", len(selected))[1:] + selected
    yield "selected", b"\x02\x16\x03\x03" + block(">H", selected) + b"\x17\x03\x03\0\x01\0"
    yield "http", b"\x02GET / HTTP/1.1\r\n\r\n"
    yield "radius", b"\x02" + bytes.fromhex("0101002c") + bytes(40)
    yield "too-long", b"\x02\x16\x03\x01\x40\x01" + bytes(20)


# ---- what a balancer puts in front of a connection: fuzz_proxyhead.c

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
ENDS = bytes([192, 0, 2, 7, 198, 51, 100, 1]) + struct.pack(">HH", 4711, 2083)
ENDS6 = bytes.fromhex("20010db8") + bytes(11) + b"\7" + bytes.fromhex("20010db8") + bytes(11) + b"\1" + ENDS[8:]


def version_2(command, family, rest):
    return SIGNATURE + struct.pack(">BBH", command, family, len(rest)) + rest


def proxyhead():
    yield "text", b"PROXY TCP4 192.0.2.7 198.51.100.1 4711 2083\r\n\x16\x03\x01"
    yield "text-6", b"PROXY TCP6 2001:db8::7 2001:db8::1 4711 2083\r\n"
    yield "text-unknown", b"PROXY UNKNOWN\r\n"
    yield "text-too-long", b"PROXY UNKNOWN " + b"x" * 100
    yield "text-bad-port", b"PROXY TCP4 192.0.2.7 198.51.100.1 65536 02083\r\n"
    yield "binary", version_2(0x21, 0x11, ENDS) + b"\x16\x03\x01"
    yield "binary-6", version_2(0x21, 0x21, ENDS6)
    yield "binary-local", version_2(0x20, 0, b"")
    yield "binary-unspec", version_2(0x21, 0, b"\4\0\3abc")
    yield "binary-more", version_2(0x21, 0x11, ENDS + b"\3\0\4\xde\xad\xbe\xef")
    yield "binary-short", version_2(0x21, 0x21, ENDS)
    yield "binary-unix", version_2(0x21, 0x31, bytes(216))
    yield "binary-too-long", version_2(0x21, 0x11, ENDS + bytes(509))


# ---- CRLs (RFC 5280 5)


def der(tag, *parts):
    inside = b"".join(parts)
    n = len(inside)
    return bytes([tag]) + (bytes([n]) if n < 128 else struct.pack(">BH", 0x82, n) if n > 255 else bytes([0x81, n])) + inside


def extension(last, value, critical=False):
    return der(0x30, bytes([6, 3, 0x55, 0x1D, last]), b"\1\1\xff" if critical else b"", der(4, value))


def revoked(serial, *extensions, date=b"251224180000Z"):
    return der(0x30, der(2, serial), der(0x17, date), der(0x30, *extensions) if extensions else b"")


def crl(entries=(), extensions=(), version=b"\2\1\1", name=b"ca", dates=(b"260101000000Z", b"260201000000Z")):
    # ecdsa-with-SHA256
    algorithm = bytes.fromhex("300a06082a8648ce3d040302")
    tbs = der(0x30, version, algorithm, der(0x30, der(0x31, der(0x30, b"\6\3\x55\4\3", der(12, name)))),
              *(der(0x17, date) for date in dates), der(0x30, *entries) if entries else b"",
              der(0xA0, der(0x30, *extensions)) if extensions else b"")
    # A second one is found where the length of the first one has two octets.
    signature = der(3, bytes([0]), bytes(200))
    return der(0x30, tbs, algorithm, signature)


def crls():
    number = [extension(20, der(2, bytes([n]))) for n in range(3)]
    key = extension(35, der(0x30, der(0x80, b"key of ca")))
    reason = [extension(21, bytes([10, 1, n])) for n in range(11)]
    several = [revoked(bytes([5]), reason[1]), revoked(b"\x7f" + bytes(15)), revoked(b"\0\xff"), revoked(b"\xff"),
               revoked(bytes([5]), reason[4])]

    def scope(*parts):
        return [extension(28, der(0x30, *parts), True)]

    yield "several", crl(several, [key, number[1]])
    yield "none", crl([], [key, number[1]])
    yield "version-1", crl(several[1:3], version=b"")
    yield "users", crl(several[:1], scope(b"\x81\1\xff"))
    yield "cas", crl(several[:1], scope(b"\x82\1\xff"))
    yield "point", crl([], scope(der(0xA0, der(0xA0, der(0x86, b"http://ca.test/1.crl")))))
    yield "points", crl(several, scope(der(0xA0, der(0xA0, der(0x82, b"ca.test"), der(0x86, b"ldap:///"))), b"\x81\1\xff"))
    yield "relative-point", crl([], scope(der(0xA0, der(0xA1, der(0x30, b"\6\3\x55\4\3", der(12, b"1"))))))
    yield "some-reasons", crl([], scope(b"\x83\2\6\x40"))
    yield "indirect", crl([], scope(b"\x84\1\xff"))
    yield "attributes", crl([], scope(b"\x85\1\xff"))
    yield "delta", crl([], [number[2], extension(27, der(2, b"\1"), True)])
    yield "other-issuer", crl([revoked(b"\5", extension(29, der(0x30, der(0x82, b"ca.test")), True))])
    yield "removes", crl([revoked(b"\5", reason[8])])
    yield "unknown-critical", crl([], [extension(99, b"\x30\0", True)])
    yield "no-end", crl(dates=(b"260101000000Z",))
    yield "long-serial", crl([revoked(b"\1" + bytes(20))])
    yield "longest-serial", crl([revoked(b"\0\xff" + bytes(19))])
    yield "two-in-order", crl(several[:2], [number[1]]) + crl(several[2:4], [number[2]])
    yield "two-of-the-future", crl([], [number[1]]) + crl([], [number[2]], dates=(b"260102000000Z", b"260301000000Z"))
    yield "two-issuers", crl([], [number[1]]) + crl([], [number[1]], name=b"cb")
    yield "two-alike", 2 * crl(several[:1])


def write(name, seeds):
    folder = HERE / "corpus" / name
    folder.mkdir(parents=True, exist_ok=True)
    for seed, octets in seeds:
        assert len(octets) <= 1024, (seed, len(octets))
        (folder / seed).write_bytes(octets)


write("engine", engine())
write("hello", hello())
write("proxyhead", proxyhead())
write("crl", crls())
