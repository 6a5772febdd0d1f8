# SPDX-License-Identifier: GPL-2.0-or-later
"""Pre-shared keys in place of certificates (RFC 9813), in both directions, against other makes."""
import json
import socket
import subprocess

import pytest

import radius
from inbound import Visitor
from lab import NAS_SECRET, binary, pap, radclient, tcp_open, wait_for
from peer import Nas, TlsPeer
from psk import BEFORE, KEY, NAME, OTHER, STATUS, Pipe, RawPsk, RawServer, certificates, client_conf, gnutls_client
from psk import gnutls_server, openssl_client, openssl_server, server_conf
from rawtls import ALERT
from reloading import Server
from test_logins import USERS
from test_trust import VERSIONS


CLIENTS = {"openssl": openssl_client, "gnutls": gnutls_client}


@pytest.mark.parametrize("make", CLIENTS)
def test_client_with_a_key(lab, make):
    """P-PSK-1, 7, 8, 16: an identity of 128 octets, and one with characters that are not ASCII; the secret inside is
    `radsec`."""
    names = {"ap": NAME, "long": "l" * 116 + "@example.org", "umlaut": "käse@example.org"}
    peers = {who: f"psk-identity = {name}\npsk = {KEY}" for who, name in names.items()}
    gw = lab.gateway(server_conf(lab, peers=peers), wait="started")
    for who, name in names.items():
        client = CLIENTS[make](lab.radsec, name)
        assert client.ask(), client.said()
        assert gw.wait_line("connection-up", peer=who).fields["proven_by"] == f"psk {name}"
        client.close()
    counters = gw.counters()
    assert counters["incoming_opened"] == 3 and "incoming_failed" not in counters
    assert KEY not in gw.log()


# ---- whom a gateway refuses

CERTIFIED = {"ap": f"psk-identity = {NAME}\npsk = {KEY}", "visitor": "name = gateway.test"}


def refused(gw, offers, **more):
    """What a stranger sees, and the reason that the gateway gives."""
    before = len(gw.lines("handshake-failed"))
    client = RawPsk(gw.lab.radsec, offers, **more)
    try:
        kind, data = client.receive()
    except ConnectionError:
        kind, data = None, b""  # some builds send no alert
    assert client.is_closed()
    wait_for("the line", lambda: len(gw.lines("handshake-failed")) > before)
    return kind, data, gw.lines("handshake-failed")[-1].fields["reason"]


@pytest.mark.parametrize("certified", [False, True])
def test_wrong_key_and_unknown_identity(lab, certified):
    """P-PSK-11: refused, counted and told; a stranger cannot tell the two apart."""
    pki = lab.pki() if certified else None
    conf = server_conf(lab, tls=certificates(pki), peers=CERTIFIED) if certified else server_conf(lab)
    gw = lab.gateway(conf, wait="started")
    gw.lab, key, other = lab, bytes.fromhex(KEY), bytes.fromhex(OTHER)
    wrong = refused(gw, [(NAME.encode(), other, 0)])
    unknown = refused(gw, [(b"nobody@example.org", key, 0)])
    assert wrong[:2] == unknown[:2] and wrong[0] in (ALERT, None)
    assert wrong[2] == f"its pre-shared key is not our `psk`; its identity is {NAME}"
    assert unknown[2] == "no [peer] with this `psk-identity` may connect from there; its identity is nobody@example.org"
    assert refused(gw, [(NAME.encode(), key, 0)], bad_binder=True)[:2] == wrong[:2]
    assert refused(gw, [(b"a", key, 0), (NAME.encode(), other, 0)])[2] == wrong[2]
    counters = gw.counters()
    assert (counters["psk_wrong_key"], counters["psk_unknown_identity"]) == (3, 1)
    assert counters["incoming_failed"] == 4 and "incoming_opened" not in counters
    assert RawPsk(lab.radsec, [(b"a", key, 0), (NAME.encode(), key, 0)]).finish_and_ask()


def test_odd_identities(lab):
    """P-PSK-7, 8: what cannot be an identity is nobody's, and lines show no control characters."""
    gw = lab.gateway(server_conf(lab), wait="started")
    key, name = bytes.fromhex(KEY), NAME.encode()
    for odd in name + b"\0", name + b"\0x", name[:-1], name + b" ", name.upper(), b"\xff" + name, b"a\nb", 129 * b"x", \
            300 * b"x", 5000 * b"x", b"\xc2\x9b31m":
        client = RawPsk(lab.radsec, [(odd, key, 0)])
        assert client.is_closed()
        # The library compares as far as the first NUL.
        client = RawPsk(lab.radsec, [(odd, key, 0), (b"other", key, 0)])
        assert client.is_closed()
    assert not [c for c in gw.log() if c < " " and c != "\n"]
    assert "incoming_opened" not in gw.counters()
    assert RawPsk(lab.radsec, [(b"\x00ticket", bytes(32), 77), (name, key, 0)]).finish_and_ask()


@pytest.mark.parametrize("modes", [b"\x00", b"\x02", b""])
def test_key_without_secrecy(lab, modes):
    """P-PSK-6: psk_ke, without a Diffie-Hellman exchange, is refused."""
    gw = lab.gateway(server_conf(lab), wait="started")
    assert RawPsk(lab.radsec, [(NAME.encode(), bytes.fromhex(KEY), 0)], modes).is_closed()
    assert "(psk_ke)" in gw.wait_line("handshake-failed").fields["reason"]
    assert gw.counters()["psk_without_secrecy"] == 1
    assert RawPsk(lab.radsec, [(NAME.encode(), bytes.fromhex(KEY), 0)], b"\x00\x01").finish_and_ask()


def test_neither_certificate_nor_key(lab):
    """P-TLS-13: one listener has peers of both kinds, and nobody else."""
    pki = lab.pki()
    gw = lab.gateway(server_conf(lab, tls=certificates(pki), peers=CERTIFIED), wait="started")
    for version in ("TLSv1.2", "TLSv1.3"):
        visitor = Visitor(lab.radsec, pki, version=VERSIONS[version[4:]])
        visitor.ask(STATUS)
        visitor.close()
    assert RawPsk(lab.radsec, [(NAME.encode(), bytes.fromhex(KEY), 0)]).finish_and_ask()
    assert {line.fields["proven_by"] for line in gw.lines("connection-up")} == {"certificate", f"psk {NAME}"}
    nobody = RawPsk(lab.radsec)
    assert 13 in nobody.finish() and not nobody.ask()
    assert "the peer sent no certificate" in gw.wait_line("handshake-failed").fields["reason"]
    assert gw.counters()["incoming_opened"] == 3


def test_replay_after_a_retry(lab):
    """A ClientHello with a good key that somebody has recorded leads to no connection, even if the server asked to
    choose another group: the one that counts is the second, which has no key."""
    pki = lab.pki()
    gw = lab.gateway(server_conf(lab, tls=certificates(pki), peers=CERTIFIED), wait="started")
    offers = [(NAME.encode(), bytes.fromhex(KEY), 0)]
    honest = RawPsk(lab.radsec, offers, group=0x0019)
    honest.retried()
    honest.say_hello(offers)
    assert 13 not in honest.finish() and honest.ask()
    thief = RawPsk(lab.radsec, offers, group=0x0019)
    thief.retried()
    thief.say_hello([])
    try:
        thief.finish()
    except (OSError, ValueError):
        pass
    assert not thief.ask()
    gw.wait_line("handshake-failed")
    assert gw.counters()["incoming_opened"] == 1


def test_old_tls(lab):
    """P-PSK-5: keys are for TLS 1.3."""
    gw = lab.gateway(server_conf(lab, tls=certificates(lab.pki()), peers=CERTIFIED), wait="started")
    client = openssl_client(lab.radsec, NAME, KEY, "-tls1_2", "-cipher", "PSK:@SECLEVEL=0")
    assert client.ask() is None
    gw.wait_line("handshake-failed")
    client = openssl_client(lab.radsec, NAME, KEY, "-groups", "P-521:X25519", "-ciphersuites",
                            "TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256")
    assert client.ask(), client.said()
    client = openssl_client(lab.radsec, NAME, KEY, "-ciphersuites", "TLS_AES_256_GCM_SHA384")
    assert client.ask() is None
    assert gw.counters()["psk_without_suite"] == 1


def test_ticket_of_another_server(lab):
    """P-PSK-14: a client with a certificate offers a ticket that somebody else gave to it."""
    pki, port = lab.pki(), lab.port()
    gw = lab.gateway(server_conf(lab, tls=certificates(pki), peers=CERTIFIED), wait="started")
    other = TlsPeer(port, pki / "localhost.pem", pki / "localhost.key", pki / "ca.pem")
    visitor = Visitor(port, pki)
    visitor.ask(STATUS)
    session = visitor.tls.session
    assert session.has_ticket
    visitor.close()
    plain = socket.create_connection(("127.0.0.1", lab.radsec), 10)
    visitor.tls = visitor.context.wrap_socket(plain, server_hostname="localhost", session=session)
    visitor.ask(STATUS)
    assert gw.lines("connection-up")[0].fields["proven_by"] == "certificate"
    other.close()


def test_addresses(lab):
    """P-PSK-9, 10: several identities from one address, one from several, and none from elsewhere."""
    peers = {"two": f"address = 127.0.0.2/31\npsk-identity = {NAME}\npsk = {KEY}",
             "also": f"address = 127.0.0.2\npsk-identity = also\npsk = {OTHER}"}
    gw = lab.gateway(server_conf(lab, peers=peers, more=f"""\
[listen anywhere]
tls = 127.0.0.1:{lab.port()}
profile = all
[tls all]
[peer all]
accept = yes
tls = all
psk-identity = all
psk = {BEFORE}
"""), wait="started")
    name, key, other = NAME.encode(), bytes.fromhex(KEY), bytes.fromhex(OTHER)
    assert RawPsk(lab.radsec, [(name, key, 0)], source="127.0.0.2").finish_and_ask()
    assert RawPsk(lab.radsec, [(name, key, 0)], source="127.0.0.3").finish_and_ask()
    assert RawPsk(lab.radsec, [(b"also", other, 0)], source="127.0.0.2").finish_and_ask()
    assert RawPsk(lab.radsec, [(b"also", other, 0)], source="127.0.0.3").is_closed()
    gw.wait_line("handshake-failed")
    assert gw.counters()["psk_unknown_identity"] == 1
    with pytest.raises(OSError):
        RawPsk(lab.radsec, [(name, key, 0)], source="127.0.0.4").finish()
    assert gw.counters()["refused_address"] == 1


# ---- gateways that connect

@pytest.mark.parametrize("suite", [None, "TLS_CHACHA20_POLY1305_SHA256"])
def test_openssl_as_server(lab, suite):
    """P-PSK-12: we offer a key; the server has it, or is not the one."""
    port = lab.port()
    server = openssl_server(port, *(["-ciphersuites", suite] if suite else []))
    gw = lab.gateway(client_conf(lab, port))
    assert gw.lines("connection-up", peer="far")[0].fields["proven_by"] == f"psk {NAME}"
    watchdog = server.find(b"\x0c.\x00[\x14-\xff].{16,}")
    server.send(radius.usual_answer(watchdog))
    wait_for("the answer", lambda: gw.counters().get("watchdogs_answered"))
    server.close()


def test_gnutls_as_server(lab):
    port = lab.port()
    server = gnutls_server(lab, port)
    gw = lab.gateway(client_conf(lab, port))
    assert gw.lines("connection-up", peer="far")[0].fields["proven_by"] == f"psk {NAME}"
    server.close()


def test_gnutls_without_secrecy(lab):
    """P-PSK-6: a server that has the key, and would rather use it alone. Newer versions of the library do not offer that,
    and what an older one brings about is refused."""
    port = lab.port()
    server = gnutls_server(lab, port, ways="+PSK:+DHE-PSK:+ECDHE-PSK")
    gw = lab.gateway(client_conf(lab, port), wait="started")
    if "wolfSSL 5.5." in gw.log():
        gw.wait_line("connect-failed", state="handshake")
        assert "connections_opened" not in gw.counters()
    else:
        gw.wait_line("connection-up")
    server.close()


def test_servers_that_do_not_have_the_key(lab):
    """P-PSK-12: nothing takes the place of the key, neither a certificate that we would trust nor the key of another,
    nor one without a Diffie-Hellman exchange."""
    pki, port = lab.pki(), lab.port()
    for more, key, said in (["-nocert"], OTHER, "TLS alert"), \
            (["-cert", pki / "localhost.pem", "-key", pki / "localhost.key"], None, "a certificate"), \
            (["-cert", pki / "localhost.pem", "-key", pki / "localhost.key", "-tls1_2"], None, "TLS"):
        server = Pipe("openssl", "s_server", "-accept", f"127.0.0.1:{port}", "-quiet", *more,
                      *(["-psk", key, "-psk_identity", NAME] if key else []))
        wait_for("s_server", lambda: tcp_open(port))
        gw = lab.gateway(client_conf(lab, port, tls=certificates(pki, "gateway.test")), wait="started",
                         name=f"gw-{len(more)}")
        line = gw.wait_line("connect-failed", peer="far")
        assert said in line.fields["reason"] and "not TLS" not in line.fields["reason"], line
        assert gw.counters().get("connections_opened", 0) == 0
        gw.stop()
        server.close()


def test_server_without_secrecy(lab):
    """P-PSK-6, 12: whatever the server selects, there must be a Diffie-Hellman exchange, and our key."""
    port = lab.port()
    gw = lab.gateway(client_conf(lab, port), wait="started")
    with socket.create_server(("127.0.0.1", port)) as listener:
        for share, selected in (False, 0), (True, None), (True, 1):
            far = RawServer(listener.accept()[0])
            sent = far.answer(bytes.fromhex(KEY), share, selected)
            assert far.is_closed(), (share, selected, sent)
        far = RawServer(listener.accept()[0])
        far.answer(bytes.fromhex(KEY), True, 0)
        gw.wait_line("connection-up")
    assert gw.counters()["connections_opened"] == 1


# ---- two gateways, with logins

def pair(lab, peers=None, **client):
    """A gateway that connects to another with a key."""
    lab.home = Server(lab)
    lab.home.auth = lab.home.port
    lab.inner = lab.gateway(server_conf(lab, home=lab.home, peers=peers), wait="started", name="inner")
    lab.outer = lab.gateway(client_conf(lab, lab.radsec, **client), wait="started", name="outer")
    lab.inner.wait_line("connection-up")
    lab.nas = Nas(lab.auth, NAS_SECRET)


def log_in(lab, number):
    request = radius.access_request(number, NAS_SECRET.encode())
    answer = lab.nas.ask(request)
    return answer is not None and radius.answer_ok(answer, request, NAS_SECRET.encode())


def reload(lab, name, conf):
    done = subprocess.run([*binary(), "reload", "-c", conf], capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done


def status(conf, table):
    said = subprocess.run([*binary(), "status", "--json", "-c", conf], capture_output=True, text=True, check=True)
    return json.loads(said.stdout)[table]


def test_rotation_and_removal(lab):
    """A key is replaced in both gateways while logins go on; a key that is gone ends its connections at once."""
    pair(lab)
    assert log_in(lab, 1)
    rows = status(lab.dir / "home.ini", "connections")
    assert [row["proven_by"] for row in rows] == [f"psk {NAME}"]
    assert KEY not in json.dumps(rows)
    # The server has a new key, and takes the one before as well: the connection stays.
    both = {"ap": f"psk-identity = {NAME}\npsk = {OTHER}\nprevious-psk = {KEY}"}
    conf = server_conf(lab, home=lab.home, peers=both)
    reload(lab, "home.ini", conf)
    assert log_in(lab, 2) and not lab.inner.lines("connection-lost")
    assert status(conf, "peers")[0]["previous_psk"] == "not used since the start"
    # Whoever connects with the previous one is counted.
    client = openssl_client(lab.radsec)
    assert client.ask(), client.said()
    client.close()
    assert lab.inner.wait_line("connection-up", conn="2").fields["proven_by"] == f"previous-psk {NAME}"
    assert len(lab.inner.lines("previous-psk-used", peer="ap")) == 1
    assert lab.inner.counters()["previous_psk_used"] == 1
    assert status(conf, "peers")[0]["previous_psk"].startswith("used ")
    # The client gets the new key: its connection is made anew.
    reload(lab, "radsecgw.ini", client_conf(lab, lab.radsec, key=OTHER))
    lab.inner.wait_line("connection-up", proven_by=f"psk {NAME}", conn="3")
    assert log_in(lab, 3)
    # The previous key goes; nobody has it any more.
    reload(lab, "home.ini", server_conf(lab, home=lab.home, peers={"ap": f"psk-identity = {NAME}\npsk = {OTHER}"}))
    assert log_in(lab, 4)
    refused_client = openssl_client(lab.radsec)
    assert refused_client.ask() is None
    # The key is taken away.
    before = len(lab.inner.lines("connection-lost"))
    reload(lab, "home.ini", server_conf(lab, home=lab.home, peers={"ap": f"psk-identity = {NAME}\npsk = {BEFORE}"}))
    lost = wait_for("the end", lambda: lab.inner.lines("connection-lost")[before:])[0]
    assert "pre-shared key" in lost.fields["reason"]
    done = lab.inner.lines("reloaded")[-1]
    assert lost.time - done.time < 1
    assert lab.inner.counters()["connections_judged_out"] == 1
    lab.outer.wait_line("connect-failed")
    # It comes back.
    reload(lab, "home.ini", server_conf(lab, home=lab.home, peers={"ap": f"psk-identity = {NAME}\npsk = {OTHER}"}))
    wait_for("a login", lambda: log_in(lab, 5))


def test_reload_between_keys_and_certificates(lab):
    """Who came by a certificate does not stay on the strength of it when a key is wanted, and the other way round."""
    pki = lab.pki()
    by_name = {"ap": "name = gateway.test"}
    by_key = {"ap": f"psk-identity = {NAME}\npsk = {KEY}"}
    gw = lab.gateway(server_conf(lab, tls=certificates(pki), peers=by_name), wait="started")
    visitor = Visitor(lab.radsec, pki)
    visitor.ask(STATUS)
    reload(lab, "home.ini", server_conf(lab, tls=certificates(pki), peers=by_key))
    assert visitor.is_closed()
    client = RawPsk(lab.radsec, [(NAME.encode(), bytes.fromhex(KEY), 0)])
    assert client.finish_and_ask()
    reload(lab, "home.ini", server_conf(lab, tls="", peers=by_key))
    assert client.ask()
    elsewhere = {"ap": f"address = 10.0.0.0/8\npsk-identity = {NAME}\npsk = {KEY}"}
    reload(lab, "home.ini", server_conf(lab, tls="", peers=elsewhere))
    assert client.is_closed()
    reload(lab, "home.ini", server_conf(lab, tls="", peers=by_key))
    client = RawPsk(lab.radsec, [(NAME.encode(), bytes.fromhex(KEY), 0)])
    assert client.finish_and_ask()
    reload(lab, "home.ini", server_conf(lab, tls=certificates(pki), peers=by_name))
    assert client.is_closed()
    assert gw.counters()["connections_judged_out"] >= 2


def test_freeradius_as_server(lab):
    home = lab.freeradius(users=USERS, tls=(None, (NAME, KEY)))
    gw = lab.gateway(client_conf(lab, home.tls))
    assert gw.lines("connection-up", peer="far")[0].fields["proven_by"] == f"psk {NAME}"
    ok, out = radclient(lab.auth, "auth", pap())
    assert ok and "Access-Accept" in out, out


# ---- what a probe says

def probe(*words):
    return subprocess.run([*binary(), "probe", *map(str, words)], capture_output=True, text=True, timeout=60, check=False)


def test_probe_with_a_key(lab):
    """A probe offers the key of the peer, and says whether the other side has it, too; so does one that listens."""
    lab.gateway(server_conf(lab), wait="started")
    good = probe("-c", client_conf(lab, lab.radsec), "--json")
    found = {step["step"]: step for step in json.loads(good.stdout)["steps"]}
    assert good.returncode in (0, 1), good.stdout
    assert found["pre-shared-key"]["outcome"] == "passed" and NAME in found["pre-shared-key"]["presented"]
    assert found["status-server"]["outcome"] == "passed" and "chain" not in found
    bad = probe("-c", client_conf(lab, lab.radsec, key=OTHER))
    assert bad.returncode == 2 and f"the key of the identity {NAME} was not proven" in bad.stdout
    assert "compare identity and key on both sides" in bad.stdout and KEY not in bad.stdout + good.stdout


@pytest.mark.parametrize("key,status,said", [
    (KEY, 0, "it is [peer ap]"), (OTHER, 2, f"the key of the identity {NAME} was not proven")], ids=["right", "wrong"])
def test_probe_that_listens_for_a_key(lab, key, status, said):
    conf, port = server_conf(lab), lab.port()
    waits = subprocess.Popen([*binary(), "probe", "--listen", f"127.0.0.1:{port}", "--tls", "lab", "-c", conf],
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    wait_for("the probe", lambda: str(port) in subprocess.run(["ss", "-Hltn"], capture_output=True, text=True,
                                                              check=True).stdout)
    client = openssl_client(port, NAME, key)
    client.send(STATUS)
    out, _ = waits.communicate(timeout=60)
    client.close()
    assert waits.returncode == status and said in out, out
