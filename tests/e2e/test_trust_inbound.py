# SPDX-License-Identifier: GPL-2.0-or-later
"""Whom the gateway lets in: clients with certificates of all kinds, good and bad, over both versions of TLS;
which peer a certificate belongs to; server names; and what is no TLS at all."""
import re
import socket
import ssl

import pytest

import radius
from inbound import FakeHome, Visitor, inbound_conf
from lab import HOME_SECRET, wait_for
from test_trust import VERSIONS, odd_pki, rules_of  # noqa: F401

SECRET = b"radsec"
LOOSE = "ALL:@SECLEVEL=0"
STATUS = radius.request(12, 1, b"", SECRET)


def conf_head(pki, lab, version):
    return f"""\
[gateway]
connect-rate = 0
connect-rate-per-address = 0
max-connections-per-address = 1000
[log]
level = debug
rate = 0
[server home]
auth = 127.0.0.1:{lab.port()}
secret = {HOME_SECRET}
[realm *]
pool = home
"""


def place_for(pki, lab, name, rule, version, cert="server", more=""):
    """A listener of its own, an identity of its own, and a peer with this rule."""
    port = lab.port()
    return port, f"""
[tls {name}]
certificate = {pki}/{cert}.pem
key = {pki}/{cert}.key
ca = {pki}/ca.pem
min-version = {version}
max-version = {version}
[listen {name}]
tls = 127.0.0.1:{port}
profile = {name}
[peer {name}]
accept = yes
tls = {name}
match = "{rule}"{', any' if rule.startswith("policy:") else ''}
{more}
"""


def admitted(port, pki, cert, version):
    """Does a client with this certificate get an answer?"""
    try:
        visitor = Visitor(port, pki, cert=cert, version=VERSIONS[version], ciphers=LOOSE, verify=False)
        visitor.send(STATUS)
        got = visitor.receive(10)
        visitor.tls.close()
    except (OSError, ssl.SSLError):
        return False
    assert got is not None, "neither answered nor closed"
    return got != b""


@pytest.mark.parametrize("version", VERSIONS)
def test_every_certificate_against_every_rule(lab, odd_pki, version):  # noqa: F811
    """P-CRT-2 to 11, P-TLS-13: exactly those pass that should."""
    pki, certificates = odd_pki
    cases, text = [], conf_head(pki, lab, version)
    for c in certificates:
        try:
            ssl_context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            ssl_context.set_ciphers(LOOSE)
            ssl_context.load_cert_chain(str(pki / c["certificate"]), str(pki / c["key"]))
        except ssl.SSLError:
            assert c["malformed"]  # this library does not even send it
            continue
        if c["name"] == "uri-bare":
            continue  # see the tests of the other direction
        good = c["chain_ok"] and "client" in c["roles"] and not c["malformed"] and c["name"] != "rsa1024"
        for rule in rules_of(c):
            name = f"p{len(cases)}"
            port, section = place_for(pki, lab, name, rule, version)
            text += section
            cases.append((name, c, rule, port, good and (rule in c["match"] or rule == "any")))
    lab.gateway(lab.write("trust.ini", text), wait="started")
    wrong = [f"{c['name']} with {rule}: {'refused' if good else 'admitted'}" for _, c, rule, port, good in cases
             if admitted(port, pki, c["name"], version) != good]
    assert not wrong, "\n".join(wrong)
    assert len(cases) > 150


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("certificate,said", [
    ("wrong-name", r"it belongs to no peer: \[peer p\]: no dNSName matches client\.test; presented DNS:wrong\.test.*; "
                   r"subject .*; issuer .*CN=radsecgw.*; valid \S+ to \S+"),
    ("expired", r"it has expired; presented .*; valid \S+ to \S+"),
    ("future", r"it is not valid yet \(is our clock right\?\)"),
    ("foreign", r"(signature|signed)"),
    ("self-signed", r"(self-signed|no CA in `ca`)"),
    ("server", r"the extended key usage does not allow this role|its extended key usage"),
    ("leaf-ca", r"CA"),
    (None, r"the peer sent no certificate"),
])
def test_refusal_is_explained(lab, odd_pki, certificate, said, version):  # noqa: F811
    pki, _ = odd_pki
    port, section = place_for(pki, lab, "p", "dns:client.test", version)
    gw = lab.gateway(lab.write("trust.ini", conf_head(pki, lab, version) + section), wait="started")
    assert admitted(port, pki, "client", version)
    assert not admitted(port, pki, certificate, version)
    line = wait_for("the line", lambda: re.search(r" handshake-failed: .*", gw.log()))[0]
    assert "addr=127.0.0.1:" in line and re.search(said, line), line
    counters = gw.counters()
    assert counters["incoming_failed"] == 1 and counters["incoming_opened"] == 1


def test_certificate_belongs_to_one_peer(lab, odd_pki):  # noqa: F811
    """A certificate belongs to the peer that its name says, then its address; a peer that takes any certificate comes
    last."""
    pki, _ = odd_pki
    port, section = place_for(pki, lab, "named", "dns:client.test", "1.3")
    text = conf_head(pki, lab, "1.3") + section + """
[peer fallback]
accept = yes
tls = named
match = any
[peer elsewhere]
accept = yes
tls = named
name = radius.test
address = 127.0.0.9
"""
    gw = lab.gateway(lab.write("trust.ini", text), wait="started")
    for cert, source, peer in (("client", None, "named"), ("both", "127.0.0.9", "elsewhere"),
                               ("both", None, "fallback")):
        before = len(gw.log())
        visitor = Visitor(port, pki, cert=cert, verify=False, source=source)
        wait_for("connection-up", lambda: " connection-up: " in gw.log()[before:])
        assert f"peer={peer} " in gw.log()[before:]
        visitor.close()


def test_right_certificate_from_the_wrong_address(lab, odd_pki):  # noqa: F811
    pki, _ = odd_pki
    port, section = place_for(pki, lab, "far", "dns:client.test", "1.3", more="address = 127.0.0.9\n")
    text = conf_head(pki, lab, "1.3") + section + "[peer near]\naccept = yes\ntls = far\nname = other.test\n"
    gw = lab.gateway(lab.write("trust.ini", text), wait="started")
    assert not admitted(port, pki, "client", "1.3")
    gw.wait_log(r"it is that of \[peer far\], which may not connect from there; see its option `address`")


def test_server_name_chooses_the_identity(lab):
    """P-SNI: two identities behind one port; without a name, or with a strange one, the first."""
    pki = lab.pki(servers=("one.test", "two.test"), clients=("gateway.test",))
    home = FakeHome(lab)
    conf = inbound_conf(lab, pki, home, cert="one.test", profile="lab, second", extra=f"""
[tls second]
certificate = {pki}/two.test.pem
key = {pki}/two.test.key
ca = {pki}/ca.pem
[peer of-second]
accept = yes
name = gateway.test
tls = second
""")
    gw = lab.gateway(conf, wait="started")
    for sni, cert, peer in (("one.test", "one.test", "visitor"), ("two.test", "two.test", "of-second"),
                            ("TWO.test", "two.test", "of-second"), (None, "one.test", "visitor"),
                            ("three.test", "one.test", "visitor")):
        before = len(gw.log())
        visitor = Visitor(lab.radsec, pki, sni=sni)
        names = [v for k, v in visitor.tls.getpeercert()["subjectAltName"]]
        assert cert in names, (sni, names)
        wait_for("connection-up", lambda: " connection-up: " in gw.log()[before:])
        assert f"peer={peer} " in gw.log()[before:]
        visitor.close()
    home.close()


@pytest.mark.parametrize("octets,said", [
    (b"GET / HTTP/1.0\r\n\r\n", "what came first is not TLS"),
    (radius.request(12, 1, b"", SECRET), "what came first is not TLS"),
    (b"\x16\x03\x01\xff\xff" + bytes(100), "its record is too long"),
    (b"\x16\x03\x01\x00\x40" + bytes(64), "TLS"),
])
def test_what_is_no_tls(lab, octets, said):
    """P-TLS-4: whoever does not begin with TLS, RADIUS in the clear included, is turned away."""
    pki, home = lab.pki(), FakeHome(lab)
    gw = lab.gateway(inbound_conf(lab, pki, home), wait="started")
    with socket.create_connection(("127.0.0.1", lab.radsec), 5) as plain:
        plain.sendall(octets)
        plain.settimeout(5)
        try:
            while plain.recv(4096):
                pass
        except ConnectionResetError:
            pass
    line = wait_for("the line", lambda: re.search(r" handshake-failed: .*", gw.log()))[0]
    assert said in line
    home.close()


def test_client_hello_in_single_octets(lab):
    """Nothing is read before the whole ClientHello is there, however it comes."""
    pki, home = lab.pki(), FakeHome(lab)
    lab.gateway(inbound_conf(lab, pki, home), wait="started")
    visitor = Visitor(lab.radsec, pki, connect=False)
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = visitor.context.wrap_bio(incoming, outgoing, server_hostname="localhost")
    with socket.create_connection(("127.0.0.1", lab.radsec), 5) as plain:
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        plain.settimeout(5)
        while True:
            try:
                tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                for octet in outgoing.read():
                    plain.sendall(bytes([octet]))
                incoming.write(plain.recv(65536))
        tls.write(STATUS)
        for octet in outgoing.read():
            plain.sendall(bytes([octet]))
        while True:
            try:
                got = tls.read(4096)
                break
            except ssl.SSLWantReadError:
                incoming.write(plain.recv(65536))
    assert radius.answer_ok(got, STATUS, SECRET)
    home.close()


@pytest.mark.parametrize("alpn,good", [(("radius/1.0",), True), ((), True), (("radius/1.1", "radius/1.0"), True),
                                       (("radius/1.1",), False), (("h2",), False)])
def test_alpn(lab, alpn, good):
    """P-ALP-1: radius/1.0 or none."""
    pki, home = lab.pki(), FakeHome(lab)
    lab.gateway(inbound_conf(lab, pki, home), wait="started")
    if good:
        visitor = Visitor(lab.radsec, pki, alpn=alpn)
        assert visitor.tls.selected_alpn_protocol() == ("radius/1.0" if alpn else None)
        assert visitor.ask(STATUS)[0] == 2
        visitor.close()
    else:
        with pytest.raises(ssl.SSLError, match="no application protocol|NO_APPLICATION_PROTOCOL"):
            Visitor(lab.radsec, pki, alpn=alpn)
    home.close()
