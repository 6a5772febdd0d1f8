# SPDX-License-Identifier: GPL-2.0-or-later
"""Whom the gateway believes: servers with certificates of all kinds, good and bad, over both versions of
TLS; servers that choose what was not offered; and what the gateway says in its first message."""
import json
import re
import socket
import ssl
import struct
import subprocess

import pytest

import radius
from lab import NAS_SECRET, ROOT, Lab, wait_for
from peer import Nas, TlsPeer

SECRET = NAS_SECRET.encode()
VERSIONS = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}
WEAK = "ALL:COMPLEMENTOFALL:@SECLEVEL=0"


@pytest.fixture(scope="module")
def odd_pki():
    """The certificates of tests/pki, made anew."""
    with Lab() as lab:
        where = lab.dir / "pki"
        subprocess.run(["/usr/bin/python3", str(ROOT / "tests/pki/make_test_pki.py"), str(where)], check=True,
                       capture_output=True)
        yield where, json.loads((where / "index.json").read_text())["certificates"]


def head(lab, pki, version="", more=""):
    """A configuration without peers."""
    versions = f"min-version = {version}\nmax-version = {version}" if version else ""
    lab.auth = lab.port()
    return f"""\
[log]
level = debug
rate = 0
[tls lab]
certificate = {pki}/client.pem
key = {pki}/client.key
ca = {pki}/ca.pem
{versions}
{more}
[listen local]
udp = 127.0.0.1:{lab.auth}
[client nas]
address = 127.0.0.1
secret = {NAS_SECRET}
[realm *]
pool = p0
"""


def peer_section(name, port, rule, host="127.0.0.1"):
    return f"""\
[peer {name}]
connect = {host}:{port}
tls = lab
connections = 1-1
reconnect = 60s-60s
queue-time = 1s
{f'match = "{rule}"' if rule else ''}
"""


def rules_of(certificate):
    """The rules that a certificate is tried against. Newer versions of the library refuse a NUL in a name by
    themselves."""
    return certificate["match"] + certificate["refuse"] + (["any"] if certificate["name"] != "nul" else [])


def outcomes(gw, names):
    """For each peer, None when it came up, or the reason why it did not at its first address."""
    def all_known():
        log = gw.log()
        found = {m[1]: None for m in re.finditer(r"connection-up: .* peer=(\S+)", log)}
        for m in re.finditer(r'connect-failed: .* peer=(\S+) .* reason="(.*?)"$', log, re.M):
            found.setdefault(m[1], m[2])
        return found if set(found) >= set(names) else None
    return wait_for(f"the outcome of {len(names)} handshakes", all_known, 60)


@pytest.mark.parametrize("version", VERSIONS)
def test_every_certificate_against_every_rule(lab, odd_pki, version):
    """P-CRT-2 to 11, P-TLS-13: exactly those pass that should."""
    pki, certificates = odd_pki
    cases, peers, text = [], [], head(lab, pki, version)
    for c in certificates:
        port = lab.port()
        try:
            peers.append(TlsPeer(port, pki / c["certificate"], pki / c["key"], pki / "ca.pem",
                                 version=VERSIONS[version], ciphers="ALL:@SECLEVEL=0"))
        except ssl.SSLError:
            assert c["malformed"]  # this library does not even send it
            continue
        if c["name"] == "uri-bare":
            # The library refuses this certificate already, since a URI has a scheme; it has a test of its own.
            peers[-1].close()
            continue
        good = c["chain_ok"] and "server" in c["roles"] and not c["malformed"] and c["name"] != "rsa1024"
        for rule in rules_of(c):
            name = f"p{len(cases)}"
            cases.append((name, c, rule, good and (rule in c["match"] or rule == "any"), peers[-1]))
            text += peer_section(name, port, rule)
    gw = lab.gateway(lab.write("trust.ini", text), wait="started")
    found = outcomes(gw, [name for name, *_ in cases])
    wrong = [f"{c['name']} with {rule}: {found[name] or 'admitted'}" for name, c, rule, good, _ in cases
             if (found[name] is None) != good]
    assert not wrong, "\n".join(wrong)
    assert len(cases) > 150
    for peer in peers:
        peer.close()


@pytest.mark.parametrize("certificate,host,said", [
    ("wrong-name", "localhost", r"certificate refused: .*localhost.*; presented DNS:wrong\.test.*; issuer .*CN=radsecgw"),
    ("expired", "localhost", r"certificate refused: it has expired; .* valid \S+ to \S+"),
    ("future", "localhost", r"certificate refused: it is not valid yet \(is our clock right\?\)"),
    ("foreign", "localhost", r"certificate refused: .*(signature|signed)"),
    ("self-signed", "localhost", r"certificate refused: .*(self-signed|no CA in `ca`)"),
    ("unchained", "localhost", r"certificate refused: .*intermediate is missing"),
    ("server-as-client", "localhost", r"certificate refused: .*extended key usage"),
    ("leaf-ca", "localhost", r"certificate refused: .*CA"),
    ("rsa1024", "localhost", r"RSA key is shorter than 2048 bits|[Kk]ey size"),
])
def test_the_log_says_which_check_failed(lab, odd_pki, certificate, host, said):
    pki, certificates = odd_pki
    c = next(c for c in certificates if c["name"] == certificate)
    port = lab.port()
    peer = TlsPeer(port, pki / c["certificate"], pki / c["key"], pki / "ca.pem", ciphers="ALL:@SECLEVEL=0")
    gw = lab.gateway(lab.write("trust.ini", head(lab, pki) + peer_section("p0", port, "", host)), wait="started")
    reason = outcomes(gw, ["p0"])["p0"]
    assert reason is not None and re.search(said, reason.replace('\\"', '"')), reason
    # A peer that was not believed got no request (P-TLS-14).
    nas = Nas(lab.auth, NAS_SECRET)
    nas.send(radius.access_request(1, SECRET))
    assert nas.receive(0.3) is None and not peer.packets
    peer.close()


def test_refused_by_the_peer(lab, odd_pki):
    """A server that does not like our own certificate sends an alert, and the log explains it."""
    pki, _ = odd_pki
    port = lab.port()
    peer = TlsPeer(port, pki / "server.pem", pki / "server.key", pki / "self-signed.pem",
                   version=ssl.TLSVersion.TLSv1_2)
    gw = lab.gateway(lab.write("trust.ini", head(lab, pki) + peer_section("p0", port, "", "localhost")),
                     wait="started")
    reason = outcomes(gw, ["p0"])["p0"]
    assert "TLS alert" in reason and ("unknown_ca" in reason or "decrypt_error" in reason), reason
    peer.close()


@pytest.mark.parametrize("what,options", [
    ("TLS 1.1", {"version": ssl.TLSVersion.TLSv1_1, "ciphers": WEAK}),
    ("TLS 1.0", {"version": ssl.TLSVersion.TLSv1, "ciphers": WEAK}),
    ("NULL", {"version": ssl.TLSVersion.TLSv1_2, "ciphers": "eNULL:@SECLEVEL=0"}),
    ("CBC", {"version": ssl.TLSVersion.TLSv1_2, "ciphers": "AES128-SHA:AES256-SHA:ECDHE-ECDSA-AES128-SHA:"
                                                         "ECDHE-ECDSA-AES128-SHA256:@SECLEVEL=0"}),
    ("static RSA", {"version": ssl.TLSVersion.TLSv1_2, "ciphers": "kRSA:@SECLEVEL=0"}),
    ("CCM", {"version": ssl.TLSVersion.TLSv1_2, "ciphers": "AESCCM:@SECLEVEL=0"}),
    ("anonymous", {"version": ssl.TLSVersion.TLSv1_2, "ciphers": "aNULL:@SECLEVEL=0"}),
])
def test_weak_versions_and_suites(lab, odd_pki, what, options):
    """P-TLS-8, 9: a server that offers nothing better gets no connection."""
    pki, _ = odd_pki
    port = lab.port()
    peer = TlsPeer(port, pki / "rsa2048.pem", pki / "rsa2048.key", pki / "ca.pem", **options)
    gw = lab.gateway(lab.write("trust.ini", head(lab, pki) + peer_section("p0", port, "", "localhost")),
                     wait="started")
    assert outcomes(gw, ["p0"])["p0"] is not None
    assert peer.handshakes == 0
    peer.close()


def read_hello(server):
    """Accepts one connection and reads the first record of it."""
    plain, _ = server.accept()
    record = b""
    while len(record) < 5 or len(record) < 5 + struct.unpack("!H", record[3:5])[0]:
        record += plain.recv(4096)
    return plain, record


def parse_hello(record):
    """The parts of a ClientHello: (suites, compression methods, extensions by number)."""
    body = record[9:]
    at = 34
    at += 1 + body[at]
    size = struct.unpack("!H", body[at:at + 2])[0]
    suites = struct.unpack(f"!{size // 2}H", body[at + 2:at + 2 + size])
    at += 2 + size
    compression = body[at + 1:at + 1 + body[at]]
    at += 1 + body[at] + 2
    extensions = {}
    while at < len(body):
        kind, size = struct.unpack("!HH", body[at:at + 4])
        extensions[kind] = body[at + 4:at + 4 + size]
        at += 4 + size
    return suites, compression, extensions


GOOD_SUITES = {0x1301, 0x1302, 0x1303, 0xc02b, 0xc02c, 0xc02f, 0xc030, 0xcca8, 0xcca9}


def hello_of(lab, odd_pki, more="", host="localhost"):
    pki, _ = odd_pki
    port = lab.port()
    server = socket.create_server(("127.0.0.1", port))
    gw = lab.gateway(lab.write("hello.ini", head(lab, pki, more=more) + peer_section("p0", port, "any", host)),
                     wait="started")
    plain, record = read_hello(server)
    plain.close()
    server.close()
    gw.stop()
    return parse_hello(record)


def test_first_message(lab, odd_pki):
    """P-TLS-8 to 12, P-ALP-1, P-CRT-19: what is offered, and nothing else."""
    suites, compression, ext = hello_of(lab, odd_pki)
    assert set(suites) - {0x00ff} == GOOD_SUITES
    assert compression == b"\0"
    assert ext[43] == b"\x04\x03\x04\x03\x03"                               # TLS 1.3, 1.2
    groups = set(struct.unpack(f"!{len(ext[10]) // 2 - 1}H", ext[10][2:]))
    assert groups == {29, 23, 24}                                           # X25519, P-256, P-384
    assert ext[16] == b"\x00\x0b\x0aradius/1.0"
    assert ext[0][5:] == b"localhost"
    assert 41 not in ext and 42 not in ext                                  # no resumption, no early data
    assert not ext.get(35)                                                  # no ticket
    signatures = struct.unpack(f"!{len(ext[13]) // 2 - 1}H", ext[13][2:])
    assert 0x0101 not in signatures                                         # no MD5


def test_no_sni_for_addresses(lab, odd_pki):
    """RFC 6066 section 3: no server name is sent for an address."""
    assert 0 not in hello_of(lab, odd_pki, host="127.0.0.1")[2]


def test_ciphers_and_groups_bite(lab, odd_pki):
    suites, _, ext = hello_of(lab, odd_pki, "ciphers = TLS_CHACHA20_POLY1305_SHA256, ECDHE-RSA-AES256-GCM-SHA384\n"
                              "groups = P-384")
    assert [s for s in suites if s != 0xff] == [0x1303, 0xc030]
    assert ext[10] == b"\x00\x02\x00\x18"


@pytest.mark.parametrize("version,offered", [("1.2", None), ("1.3", b"\x02\x03\x04")])
def test_versions_bite(lab, odd_pki, version, offered):
    suites, _, ext = hello_of(lab, odd_pki, f"min-version = {version}\nmax-version = {version}")
    assert ext.get(43) == offered
    assert all((s >> 8 == 0x13) == (version == "1.3") for s in suites if s != 0xff)


@pytest.mark.parametrize("suite", [0x0005, 0x000a, 0x0002, 0x003b, 0x002f, 0xc007, 0xc0b4, 0x1305, 0x009c])
def test_suite_that_was_not_offered(lab, odd_pki, suite):
    """A server that answers with RC4, 3DES, NULL, an integrity-only suite, or static RSA is left
    (CVE-2024-5814)."""
    pki, _ = odd_pki
    port = lab.port()
    server = socket.create_server(("127.0.0.1", port))
    gw = lab.gateway(lab.write("suite.ini", head(lab, pki) + peer_section("p0", port, "any")), wait="started")
    plain, record = read_hello(server)
    extensions = b"\x00\x2b\x00\x02\x03\x04" if suite >> 8 in (0x13, 0xc0) and suite in (0xc0b4, 0x1305) else b""
    session = record[43:44] + record[44:44 + record[43]] if extensions else b"\0"
    body = b"\x03\x03" + bytes(range(32)) + session + struct.pack("!H", suite) + b"\0" + \
        (struct.pack("!H", len(extensions)) + extensions if extensions else b"")
    message = b"\x02" + len(body).to_bytes(3, "big") + body
    plain.sendall(b"\x16\x03\x03" + struct.pack("!H", len(message)) + message)
    assert outcomes(gw, ["p0"])["p0"] is not None
    plain.close()
    server.close()


@pytest.mark.parametrize("version", VERSIONS)
def test_no_session_is_resumed(lab, odd_pki, version):
    """P-RSM-2 to 6: each connection is a full handshake, with all its checks, also with a peer that hands out tickets."""
    pki, _ = odd_pki
    port = lab.port()
    reused = []
    peer = TlsPeer(port, pki / "server.pem", pki / "server.key", pki / "ca.pem", version=VERSIONS[version],
                   behave=lambda p, tls, packet: (reused.append(tls.session_reused),
                                                  tls.sendall(radius.usual_answer(packet))))
    text = head(lab, pki) + peer_section("p0", port, "", "localhost").replace("60s-60s", "500ms-1s")
    gw = lab.gateway(lab.write("resume.ini", text))
    nas = Nas(lab.auth, NAS_SECRET)
    assert nas.ask(radius.access_request(1, SECRET)) is not None
    peer.drop_connections()
    gw.wait_log(" connection-up: ", count=2)
    assert nas.ask(radius.access_request(2, SECRET)) is not None
    assert reused == [False, False]
    peer.close()


@pytest.mark.parametrize("what,change,said", [
    ("no key in it", lambda pki, lab: ("key", lab.write("x.key", "nothing")), "holds no private key"),
    ("another key", lambda pki, lab: ("key", pki / "both.key"), "is not the key of the first certificate"),
    ("no certificate in it", lambda pki, lab: ("certificate", lab.write("x.pem", "nothing")), "holds no certificate"),
    ("no CA in it", lambda pki, lab: ("ca", lab.write("x.pem", "nothing")), "holds no CA certificate"),
    ("an empty directory", lambda pki, lab: ("ca", lab.dir / "empty"), "holds no CA certificate"),
    ("unknown suite", lambda pki, lab: ("ciphers", "RC4-MD5"), "RC4-MD5 is not a suite"),
    ("suites of one version", lambda pki, lab: ("ciphers", "TLS_AES_128_GCM_SHA256"), "no suite for TLS 1.2"),
    ("unknown group", lambda pki, lab: ("groups", "P-521"), "P-521 is none of"),
])
def test_check_finds_bad_tls_files(lab, odd_pki, what, change, said):
    """`radsecgw check` says which option of which section is wrong, exit status 1."""
    from lab import binary
    pki, _ = odd_pki
    (lab.dir / "empty").mkdir()
    option, value = change(pki, lab)
    text = head(lab, pki) + peer_section("p0", 2083, "", "localhost")
    text = re.sub(rf"^{option} = .*$", f"{option} = {value}", text, flags=re.M) \
        if re.search(rf"^{option} = ", text, re.M) else text.replace("[listen local]", f"{option} = {value}\n[listen local]")
    conf = lab.write("bad.ini", text)
    done = subprocess.run([*binary(), "check", "-c", str(conf)], capture_output=True, text=True)
    assert done.returncode == 1 and said in done.stderr, done.stderr
    assert re.search(rf"^{conf}:\d+: error: \[tls lab\] {option}: ", done.stderr, re.M), done.stderr


def test_encrypted_key(lab, odd_pki):
    """key-password opens the key; a wrong one is told; the password is shown nowhere."""
    from lab import binary
    pki, _ = odd_pki
    for cipher in ("-aes256", "-aes128"):
        subprocess.run(["openssl", "pkcs8", "-topk8", "-v2", cipher[1:],
                        "-in", str(pki / "client.key"), "-out", str(lab.dir / "enc.key"), "-passout", "pass:open sesame"],
                       check=True, capture_output=True)
        text = head(lab, pki).replace(f"{pki}/client.key", f"{lab.dir}/enc.key") + peer_section("p0", 2083, "any")
        for password, status in (("open sesame", 0), ("wrong one", 1), (None, 1)):
            line = f"key-password = {password}\n" if password else ""
            conf = lab.write("enc.ini", text.replace("[listen local]", line + "[listen local]"))
            done = subprocess.run([*binary(), "check", "-c", str(conf)], capture_output=True, text=True)
            assert done.returncode == status, (password, done.stderr)
            assert "sesame" not in done.stderr and "wrong one" not in done.stderr
            if password != "open sesame":
                assert "-cbc); key-password " in done.stderr


def test_ca_directory(lab, odd_pki):
    """The option `ca` may name a directory; all its files count."""
    pki, _ = odd_pki
    (lab.dir / "cas").mkdir()
    for name in ("ca.pem", "intermediate.pem"):
        (lab.dir / "cas" / name).write_bytes((pki / name).read_bytes())
    port = lab.port()
    peer = TlsPeer(port, pki / "server.pem", pki / "server.key", pki / "ca.pem")
    text = head(lab, pki).replace(f"ca = {pki}/ca.pem", f"ca = {lab.dir}/cas")
    lab.gateway(lab.write("dir.ini", text + peer_section("p0", port, "", "localhost")))
    peer.close()


def test_name_and_sni_options(lab, odd_pki):
    """The option `name` says whom the certificate must name, whatever the address; `sni` says what is sent, and an
    empty one sends none."""
    pki, _ = odd_pki
    names, text, peers = {}, head(lab, pki), []
    for i, (more, _) in enumerate(SNI_CASES):
        port = lab.port()
        peer = TlsPeer(port, pki / "wrong-name.pem", pki / "wrong-name.key", pki / "ca.pem")
        peer.context.sni_callback = lambda tls, name, context, i=i: names.__setitem__(i, name)
        peers.append(peer)
        text += peer_section(f"p{i}", port, "", "localhost") + more + "\n"
    gw = lab.gateway(lab.write("names.ini", text), wait="started")
    found = outcomes(gw, [f"p{i}" for i in range(len(SNI_CASES))])
    assert all(found[f"p{i}"] is None for i in range(len(SNI_CASES))), found
    assert [names.get(i) for i in range(len(SNI_CASES))] == [sent for _, sent in SNI_CASES]
    for peer in peers:
        peer.close()


SNI_CASES = [("name = wrong.test", "localhost"), ("name = wrong.test\nsni = wrong.test", "wrong.test"),
             ('name = wrong.test\nsni = ""', None), ("match = dns:wrong.test", "localhost")]


def test_ipv6_peer(lab, odd_pki):
    """P-CRT-3: an address literal is looked for as iPAddress, of either family."""
    pki, _ = odd_pki
    port = lab.port()
    peer = TlsPeer(port, pki / "server.pem", pki / "server.key", pki / "ca.pem", family=socket.AF_INET6)
    lab.gateway(lab.write("v6.ini", head(lab, pki) + peer_section("p0", port, "", "[::1]")))
    nas = Nas(lab.auth, NAS_SECRET)
    assert nas.ask(radius.access_request(1, SECRET)) is not None
    peer.close()
