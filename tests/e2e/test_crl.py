# SPDX-License-Identifier: GPL-2.0-or-later
"""Certificates that their CAs have revoked: who is let in with which CRLs, in both roles and over both versions of TLS, and
what becomes of connections that are up when a new CRL comes (P-CRT-2, 15, RFC 5280 6.3)."""
import json
import re
import socket
import subprocess
import time
import urllib.request

import pytest

import chains
import crls
import radius
from crls import HOUR, SECOND, crl, put
from inbound import Visitor
from lab import PATIENCE, binary, is_plain, wait_for
from peer import TlsPeer
from reloading import Reloading
from test_trust import VERSIONS

STATUS = radius.request(12, 1, b"", b"radsec")
LEAF, CHAIN, ACCEPT = "crl-check = leaf", "crl-check = chain", "crl-missing = accept"
REVOKED, NO_CRL = r"is revoked since .* \(keyCompromise\) by the CRL of CN=", "nobody can tell whether"


def cases():
    """What, whose certificate, its CA in `ca`, the CRLs by the names of their files, options, and what is said when it is
    refused; None = it is let in."""
    plain = crl("root", "second.test")
    bad = crl("root", "visitor.test")
    one = crl("one")
    one_bad = crl("root", "one")
    ended = {"since": -3 * HOUR, "until": -HOUR}
    early = {"since": HOUR, "until": 2 * HOUR}
    yield "not-listed", "visitor.test", "root", {"a": plain}, [LEAF], None
    yield "off", "visitor.test", "root", {"a": bad}, ["crl-check = off"], None
    yield "listed", "visitor.test", "root", {"a": bad}, [LEAF], REVOKED
    yield "listed-accept", "visitor.test", "root", {"a": bad}, [LEAF, ACCEPT], REVOKED
    yield "listed-der", "visitor.test", "root", {"a": crl("root", "visitor.test", form="der")}, [LEAF], REVOKED
    yield "listed-with-ca", "visitor.test", "root", {"a": chains.pem("root") + bad}, [LEAF], REVOKED
    yield "listed-beside-ca", "visitor.test", "root", {"a": chains.pem("root"), "b": bad}, [LEAF], REVOKED
    yield "listed-in-second", "visitor.test", "root", {"a": crl("other") + bad}, [LEAF], REVOKED
    # The whole chain, with a CA that only the peer sends.
    yield "chain", "by-one", "root", {"a": plain + one}, [CHAIN], None
    yield "chain-leaf", "by-one", "root", {"a": plain, "b": crl("one", "by-one")}, [LEAF], REVOKED
    yield "one-leaf", "by-one", "root", {"a": one_bad, "b": one}, [LEAF], None
    yield "one-chain", "by-one", "root", {"a": one_bad, "b": one}, [CHAIN], REVOKED
    yield "one-accept", "by-one", "root", {"a": one_bad}, [CHAIN, ACCEPT], REVOKED
    yield "one-trusted", "by-one", "root one", {"a": one_bad, "b": one}, [CHAIN], REVOKED
    yield "one-missing", "by-one", "root", {"a": plain}, [CHAIN], NO_CRL
    yield "root-missing", "by-one", "root", {"b": one}, [CHAIN], NO_CRL
    yield "root-missing-leaf", "by-one", "root", {"b": one}, [LEAF], None
    # Missing, ended, not begun.
    yield "missing", "visitor.test", "root", {"a": crl("other")}, [LEAF], NO_CRL
    yield "missing-accept", "visitor.test", "root", {"a": crl("other")}, [LEAF, ACCEPT], None
    yield "ended", "visitor.test", "root", {"a": crl("root", **ended)}, [LEAF], "has ended on .*fetch the newer"
    yield "ended-accept", "visitor.test", "root", {"a": crl("root", **ended)}, [LEAF, ACCEPT], None
    yield "ended-listed", "visitor.test", "root", {"a": crl("root", "visitor.test", **ended)}, [LEAF, ACCEPT], REVOKED
    yield "early", "visitor.test", "root", {"a": crl("root", **early)}, [LEAF], "has not begun yet"
    yield "early-accept", "visitor.test", "root", {"a": crl("root", **early)}, [LEAF, ACCEPT], None
    # CRLs that do not count, whatever they list.
    for name, odd in (("spoiled", crls.spoiled(bad)), ("thief", crl("root", "visitor.test", key="thief")),
                      ("delta", crl("root", "visitor.test", more=crls.DELTA)),
                      ("indirect", crl("root", "visitor.test", more=crls.INDIRECT)),
                      ("reasons", crl("root", "visitor.test", more=crls.SOME_REASONS)),
                      ("critical", crl("root", "visitor.test", more=crls.CRITICAL))):
        yield name, "visitor.test", "root", {"a": odd}, [LEAF], NO_CRL
        yield f"{name}-accept", "visitor.test", "root", {"a": odd}, [LEAF, ACCEPT], None
        yield f"{name}-newest", "visitor.test", "root", {"a": crl("root", "visitor.test", number=1), "b": odd}, [LEAF], REVOKED
    yield "mute", "by-mute", "mute", {"a": crl("mute")}, [LEAF], NO_CRL
    yield "mute-accept", "by-mute", "mute", {"a": crl("mute", "by-mute")}, [LEAF, ACCEPT], None
    # The newest counts, in whatever order the files are.
    for name, (old, new) in (("up", ("a", "b")), ("down", ("b", "a"))):
        yield f"newest-{name}", "visitor.test", "root", {old: bad, new: crl("root", number=2)}, [LEAF], None
        yield f"newest-bad-{name}", "visitor.test", "root", {old: plain, new: crl("root", "visitor.test", number=2)}, [LEAF], \
            REVOKED
    # A forged one with a great number does not take the place of the good one.
    yield "forged", "visitor.test", "root", {"a": bad, "b": crl("root", number=99, key="thief")}, [LEAF], REVOKED
    # Two CAs of one name: the key decides.
    for who, other in (("a", "b"), ("b", "a")):
        lists_other = crl("twin-a", f"by-twin-{other}", aki=False), crl("twin-b", f"by-twin-{who}", aki=False, number=9)
        both = dict(zip("ab", lists_other if who == "a" else (crl("twin-a", f"by-twin-{who}", aki=False, number=9),
                                                             crl("twin-b", f"by-twin-{other}", aki=False))))
        yield f"twin-{who}", f"by-twin-{who}", "twin-a twin-b", both, [LEAF], None
        yield f"twin-bad-{who}", f"by-twin-{who}", "twin-b twin-a", \
            {"a": crl("twin-a", f"by-twin-{who}", aki=False), "b": crl("twin-b", f"by-twin-{who}", aki=False)}, [LEAF], REVOKED
    # Ten CAs.
    ten = {f"{i}": crl(f"ca{i}", *(["by-ca7"] if i == 7 else [])) for i in range(10)}
    for i in (0, 7, 9):
        yield f"ten-{i}", f"by-ca{i}", " ".join(f"ca{k}" for k in range(10)), ten, [LEAF], REVOKED if i == 7 else None


def section(lab, pki, name, version, trust, files, options):
    """A [tls] section; its CRLs are in a directory of their own."""
    (lab.dir / name).mkdir()
    for file, octets in files.items():
        (lab.dir / name / file).write_bytes(octets)
    (pki / f"ca-{name}.pem").write_bytes(chains.pem(trust))
    lines = "\n".join(options)
    return f"""
[tls {name}]
certificate = {pki}/gateway.test.pem
key = {pki}/gateway.test.key
ca = {pki}/ca-{name}.pem
min-version = {version}
max-version = {version}
watch = no
crl = {lab.dir}/{name}
{lines}
"""


def admitted(port, pki, cert, version):
    """Does a client with this certificate get an answer?"""
    try:
        visitor = Visitor(port, pki, cert=cert, version=VERSIONS[version], verify=False)
        visitor.send(STATUS)
        got = visitor.receive(10)
        visitor.tls.close()
    except OSError:
        return False
    assert got is not None, "neither answered nor closed"
    return got != b""


@pytest.mark.parametrize("version", VERSIONS)
def test_every_crl(lab, version):
    """Exactly those are let in that should, by each CRL and in both roles, and the log says why; counters count."""
    table = list(cases())
    pki = crls.write(lab.dir / "pki", *{case[1] for case in table})
    text = ["[gateway]\nconnect-rate = 0\nconnect-rate-per-address = 0\nmax-connections-per-address = 1000\n"
            "max-half-open-per-address = 1000\n"
            "[log]\nlevel = debug\nrate = 0\n[control]\nsocket = " + f"{lab.dir}/control.sock\n"]
    # Who is connected to, by certificate.
    far = {cert: TlsPeer(lab.port(), pki / f"{cert}.pem", pki / f"{cert}.key", version=VERSIONS[version])
           for cert in {case[1] for case in table}}
    ports = {}
    for name, cert, trust, files, options, _ in table:
        ports[name] = lab.port()
        text.append(section(lab, pki, name, version, trust, files, options) + f"""
[listen {name}]
tls = 127.0.0.1:{ports[name]}
profile = {name}
[peer {name}]
accept = yes
tls = {name}
match = any
[peer to-{name}]
connect = 127.0.0.1:{far[cert].port}
tls = {name}
match = any
[realm {name}.example]
pool = to-{name}
""")
    text.append("[server home]\nauth = 127.0.0.1:9\nsecret = abcdefgh-abcdefgh\n[realm *]\npool = home\n")
    gw = lab.gateway(lab.write("radsecgw.ini", "".join(text)))
    wrong = [name for name, cert, _, _, _, says in table
             if admitted(ports[name], pki, cert, version) != (says is None)]
    for name, _, _, _, _, says in table:
        got = wait_for(f"the end of {name}", lambda n=name: gw.lines("connection-up", peer=f"to-{n}") or
                       gw.lines("connect-failed", peer=f"to-{n}"))[0]
        if (got.event == "connection-up") != (says is None):
            wrong.append(f"to-{name}")
        elif says and not re.search(says, got.fields["reason"]):
            wrong.append(f"to-{name}: {got.fields['reason']}")
    assert not wrong, wrong
    log = gw.log()
    for text in ("the CRL is a delta CRL", "the CRL is indirect", "for some reasons only", "critical extension of the CRL",
                 "its keyUsage lacks cRLSign", "its signature is not by the key of the one in `ca`",
                 "a CA that we trust is revoked by the CRL of its issuer", "crl-missing = refuse; the first is"):
        assert text in log, text
    assert "holds no certificate but a revocation list" not in log
    for says, counter in ((REVOKED, "certificates_revoked"), (NO_CRL, "certificates_without_crl")):
        n = sum(case[5] in (says, "has ended on .*fetch the newer", "has not begun yet") if counter[-1] == "l" else case[5] == says
                for case in table)
        assert gw.counters()[counter] >= 2 * n, counter
    assert gw.counters()["certificates_unchecked"] >= 2 * len([c for c in table if ACCEPT in c[4] and c[5] is None])
    assert gw.lines("crl-missing")
    for peer in far.values():
        peer.close()


class World(Reloading):
    """A gateway in both directions that asks CRLs. The peer that it connects to has a second one beside it, and so has
    the one that connects to it."""

    def __init__(self, lab, workers=1, missing="refuse", until=24 * 30 * HOUR, watch="no"):
        self.crl, self.missing, self.watch = lab.dir / "root.crl", missing, watch
        lab.pki = lambda **names: crls.write(lab.dir / "pki")
        put(self.crl, crl("root", until=until))
        super().__init__(lab, workers)
        self.second.context.load_cert_chain(str(self.pki / "near.test.pem"), str(self.pki / "near.test.key"))
        self.reload(self.changed({
            "peer near": self.peer(self.second),
            "peer second": {"accept": "yes", "name": "second.test", "tls": "door"},
            "pool outside": {"members": "national, near"},
            "realm *": {"pool": "outside"}}))
        self.gw.wait_line("connection-up", peer="near")

    def certificate(self, name):
        return {**super().certificate(name), "crl": self.crl, "crl-check": "leaf", "crl-missing": self.missing,
                "watch": self.watch}

    def is_let_in(self, cert):
        return admitted(self.tls, self.pki, cert, "1.3")


def session_of(world, version):
    """A session to come back with, and the context that it belongs to."""
    visitor = Visitor(world.tls, world.pki, cert="visitor.test", version=version)
    visitor.ask(STATUS)
    got = visitor.context, visitor.tls.session
    visitor.close()
    return got


def came_back(world, session):
    """Does that session, or a new one in its place, get an answer?"""
    context, old = session
    try:
        with socket.create_connection(("127.0.0.1", world.tls), 10) as plain:
            tls = context.wrap_socket(plain, server_hostname="localhost", session=old)
            tls.sendall(STATUS)
            return tls.recv(4096) != b""
    except OSError:
        return False


def test_live_connections_are_closed_when_a_reload_brings_their_revocation(lab, workers=1):
    """Under a second from the file to the end of both connections; logins are answered elsewhere; nobody comes back."""
    world = World(lab, workers)
    sessions = [session_of(world, version) for version in VERSIONS.values()]
    visitor, stays = world.visitor(cert="visitor.test"), world.visitor(cert="second.test")
    visitor.ask(radius.access_request(1, b"radsec", b"bob@home.example"))
    nas = world.nas()
    nas.ask(radius.access_request(1, world.ini["client nas"]["secret"].encode(), b"bob@elsewhere.example"))
    assert world.national.packets and not world.second.packets
    waiting = radius.access_request(7, world.ini["client nas"]["secret"].encode(), b"wait@elsewhere.example")
    nas.send(waiting)
    wait_for("the request at the peer", lambda: world.national.held)

    began = time.time()
    put(world.crl, crl("root", "visitor.test", "far.test", number=2))
    world.done("reload")
    closed = [wait_for(f"the end of {peer}", lambda p=peer: [line for line in world.gw.lines("connection-lost", peer=p)
                                                             if line.time > began])[0] for peer in ("visitor", "national")]
    took = max(line.time for line in closed) - began
    print(f"from the new file to both closed: {took:.3f} s with {workers} workers")
    assert took < 1 * PATIENCE
    assert all(re.search(REVOKED, line.fields["reason"]) for line in closed), closed
    assert visitor.is_closed()

    # What waited there is asked elsewhere, and so is what comes next.
    wait_for("the waiting request at the other peer", lambda: world.second.held)
    world.second.release()
    assert nas.receive(), "the login that waited was lost"
    for i in range(5):
        assert nas.ask(radius.access_request(10 + i, world.ini["client nas"]["secret"].encode(), b"bob@elsewhere.example"))
    stays.ask(radius.access_request(2, b"radsec", b"bob@home.example"))

    # Neither comes back: not anew, and not by the session of before.
    assert not world.is_let_in("visitor.test") and world.is_let_in("second.test")
    assert not any(came_back(world, session) for session in sessions)
    assert re.search(REVOKED, world.gw.wait_line("connect-failed", peer="national").fields["reason"])
    assert world.gw.counters()["certificates_revoked"] >= 4 and world.gw.counters()["connections_judged_out"] >= 2

    # A CRL that takes it back (it was on hold) lets them in again.
    put(world.crl, crl("root", number=3))
    world.done("reload")
    assert world.is_let_in("visitor.test")
    world.close()


def test_live_connections_with_three_workers(lab):
    test_live_connections_are_closed_when_a_reload_brings_their_revocation(lab, 3)


def test_a_new_crl_is_taken_up_by_its_file_alone(lab):
    """The watch waits until the file is settled; whoever wants it sooner asks for a reload."""
    world = World(lab, watch="yes")
    visitor = world.visitor(cert="visitor.test")
    visitor.ask(radius.access_request(1, b"radsec", b"bob@home.example"))
    began = time.time()
    put(world.crl, crl("root", "visitor.test", number=2))
    down = world.gw.wait_line("connection-lost", 10, peer="visitor")
    print(f"from the new file to the end of the connection, with the watch: {down.time - began:.3f} s")
    assert down.time - began < 3 * PATIENCE and re.search(REVOKED, down.fields["reason"])
    assert not world.is_let_in("visitor.test")
    world.close()


def test_a_crl_that_ends_while_connections_are_up(lab):
    """Who is connected stays, and nobody else gets in, until a newer CRL is there."""
    world = World(lab, until=8 * SECOND)
    visitor = world.visitor(cert="visitor.test")
    visitor.ask(radius.access_request(1, b"radsec", b"bob@home.example"))
    wait_for("the end of the CRL", lambda: not world.is_let_in("second.test"), 20)
    assert "has ended on" in world.gw.log()
    visitor.ask(radius.access_request(2, b"radsec", b"bob@home.example"))
    # Not even a reload that has the certificates judged again closes them.
    world.reload(world.changed({"tls door": {"crl-check": "chain"}}))
    visitor.ask(radius.access_request(3, b"radsec", b"bob@home.example"))
    assert world.gw.lines("crl-warning")
    world.reload(world.changed({"tls door": {"crl-missing": "accept"}}))
    assert world.is_let_in("second.test")
    world.reload(world.changed({"tls door": {"crl-missing": "refuse"}}))
    assert not world.is_let_in("second.test")
    put(world.crl, crl("root", "second.test", number=2))
    world.done("reload")
    assert world.is_let_in("visitor.test") and not world.is_let_in("second.test")
    visitor.ask(radius.access_request(4, b"radsec", b"bob@home.example"))
    world.close()


def test_files_that_cannot_be_used_leave_what_was(lab):
    """A reload with a CRL file that is gone or is none is refused, and the CRLs of before count."""
    world = World(lab)
    put(world.crl, crl("root", "visitor.test", number=2))
    world.done("reload")
    world.crl.rename(world.crl.with_suffix(".away"))
    assert any("root.crl" in line and "No such file" in line for line in world.refused("reload"))
    put(world.crl, b"not found\n")
    assert any("holds no CRL, neither" in line for line in world.refused("reload"))
    put(world.crl, crl("root", number=3, form="der")[:-9])
    assert any("holds no CRL that can be used: the octets are not one whole CRL" in line for line in world.refused("reload"))
    assert not world.is_let_in("visitor.test") and world.is_let_in("second.test")
    world.close()


def test_a_hundred_thousand_entries(lab):
    """They are read in under a second, cost less than 10 MiB in all workers together, and each of them counts; metrics say
    when the CRL ends."""
    folder = crls.write(lab.dir / "pki", "by-big")
    made = crls.big(folder, 100_000)
    port, scrape = lab.port(), lab.port()
    conf = lambda check: lab.write("radsecgw.ini", f"""
[gateway]
workers = 3
[log]
rate = 0
[control]
socket = {lab.dir}/control.sock
[metrics]
listen = 127.0.0.1:{scrape}
[tls big]
certificate = {folder}/gateway.test.pem
key = {folder}/gateway.test.key
ca = {folder}/big.pem
crl = {made}
crl-check = {check}
[listen door]
tls = 127.0.0.1:{port}
profile = big
[peer big]
accept = yes
tls = big
name = peer.test
[server home]
auth = 127.0.0.1:9
secret = abcdefgh-abcdefgh
[realm *]
pool = home
""")

    def run(check):
        """Memory, in MiB, and processor time until it runs, in seconds."""
        gw = lab.gateway(conf(check), name=f"gateway-{check}", wait="started")
        stat = open(f"/proc/{gw.pid}/stat", encoding="ascii").read().split()
        let_in = admitted(port, folder, "by-big", "1.3")
        # What was needed to read the files is given back soon.
        time.sleep(2)
        memory = int(re.search(r"VmRSS:\s+(\d+)", open(f"/proc/{gw.pid}/status", encoding="ascii").read())[1]) / 1024
        text = urllib.request.urlopen(f"http://127.0.0.1:{scrape}/metrics").read().decode()
        plain = is_plain(gw.pid)
        gw.stop()
        return let_in, memory, (int(stat[13]) + int(stat[14])) / 100, text, plain
    without, with_it = run("off"), run("chain")
    print(f"100000 entries: {with_it[1] - without[1]:.1f} MiB, {with_it[2] - without[2]:.2f} s of processor time")
    assert without[0] and not with_it[0]
    if with_it[4]:
        assert with_it[1] - without[1] < 10 and with_it[2] - without[2] < 1 * PATIENCE
    assert "radsecgw_crl_next_update" not in without[3]
    ends = float(re.search(r'radsecgw_crl_next_update_timestamp_seconds\{tls="big",issuer="CN=big, O=radsecgw tests"\} (\S+)',
                           with_it[3])[1])
    assert 29 * 86400 < ends - time.time() < 31 * 86400
    assert "radsecgw_certificates_revoked_total 1" in with_it[3]


def test_missing_crl_is_told_once_for_an_address(lab):
    """Each connection has another port: the warnings know the address, whoever comes again and again."""
    folder = crls.write(lab.dir / "pki")
    port, scrape = lab.port(), lab.port()
    gw = lab.gateway(lab.write("radsecgw.ini", f"""
[log]
rate = 0
[metrics]
listen = 127.0.0.1:{scrape}
{section(lab, folder, "door", "1.3", "root", {"other.crl": crl("other", until=HOUR)}, [LEAF, ACCEPT])}
[listen door]
tls = 127.0.0.1:{port}
profile = door
[peer visitor]
accept = yes
tls = door
name = visitor.test
[server home]
auth = 127.0.0.1:9
secret = abcdefgh-abcdefgh
[realm *]
pool = home
"""), wait="started")
    assert all(admitted(port, folder, "visitor.test", "1.3") for _ in range(5))
    said = json.load(urllib.request.urlopen(f"http://127.0.0.1:{scrape}/status.json"))["warnings"]
    assert [(w["neighbour"], w["times"]) for w in said if w["event"] == "crl-missing" and w["neighbour"]] == [("127.0.0.1", 5)]
    assert len({line.fields["addr"] for line in gw.lines("crl-missing") if "addr" in line.fields}) == 5


def test_a_probe_asks_the_crl(lab):
    """A probe of a peer says that no CRL lists its certificate, and which one does."""
    world = World(lab)
    for listed, status, said in ((), "passed", "no CRL lists a certificate of the chain"), \
            (("near.test",), "failed", "revoked"):
        put(world.crl, crl("root", *listed, until=HOUR, number=len(listed) + 2))
        done = subprocess.run([*binary(), "probe", "near", "-c", world.path, "--json"], capture_output=True, text=True,
                              timeout=60, check=False)
        found = {step["step"]: step for step in json.loads(done.stdout)["steps"]}
        assert found["revocation"]["outcome"] == status and said in found["revocation"]["presented"], done.stdout
        assert found["judgement"]["outcome"] == status


def test_check_tells(lab):
    """What `radsecgw check` says of CRLs, without a gateway that runs."""
    folder = crls.write(lab.dir / "pki")
    (folder / "ca.pem").write_bytes(chains.pem("root one"))
    put(lab.dir / "a.crl", crl("root", "one", until=2 * HOUR))
    conf = lab.write("radsecgw.ini", f"""
[listen nas]
udp = 127.0.0.1:{lab.port()}
[client nas]
address = 127.0.0.1
secret = abcdefgh-abcdefgh-abcdefgh
[tls lab]
certificate = {folder}/gateway.test.pem
key = {folder}/gateway.test.key
ca = {folder}/ca.pem
crl = {lab.dir}/a.crl
crl-check = chain
[peer far]
connect = 127.0.0.1:{lab.port()}
tls = lab
[realm *]
pool = far
""")
    said = subprocess.run([*binary(), "check", "-c", conf], capture_output=True, text=True, timeout=60, check=True)
    assert "[tls lab] crl: 1 CRL\n" in said.stdout
    for text in ("a CA that we trust is revoked", "1 of the 2 CAs in `ca` has no CRL, and crl-missing = refuse"):
        assert text in said.stderr, said.stderr
    # Two hours of three are more than a fourth; a quarter of an hour is not.
    assert " ends on " not in said.stderr
    put(lab.dir / "a.crl", crl("root", until=HOUR / 4, number=2))
    said = subprocess.run([*binary(), "check", "-c", conf], capture_output=True, text=True, timeout=60, check=True)
    assert re.search(r"the CRL of CN=root, O=radsecgw tests .* ends on .* is refused", said.stderr), said.stderr
