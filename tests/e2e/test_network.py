# SPDX-License-Identifier: GPL-2.0-or-later
"""What needs a network of its own: name servers that come and go, packets that are dropped. Each test
runs in a network namespace that holds nothing but a loopback interface."""
import os
import re
import socket
import struct
import subprocess
import sys
import threading

import pytest

import plain
import radius
from lab import NAS_SECRET, ROOT, Lab, wait_for
from peer import Nas, TlsPeer

SECRET = NAS_SECRET.encode()
INSIDE = "RADSECGW_TEST_INSIDE"


def namespaces():
    return subprocess.run(["unshare", "--net", "--mount", "true"], capture_output=True).returncode == 0


pytestmark = pytest.mark.skipif(not namespaces(), reason="needs the right to make a network namespace")


RESOLV = "nameserver 127.0.0.1\nsearch other.example\noptions timeout:1\n"


def in_namespace(function=None, resolv=RESOLV, hosts=None):
    """Runs the test again in a fresh process inside a new network namespace, with this /etc/resolv.conf, and this
    /etc/hosts if one is given."""
    def wrap(function):
        def outside(lab):
            if os.environ.get(INSIDE):
                return function(lab)
            mounts = [f"mount --bind {lab.write('resolv.conf', resolv, 0o644)} /etc/resolv.conf"]
            if hosts is not None:
                mounts.append(f"mount --bind {lab.write('hosts', hosts, 0o644)} /etc/hosts")
            name = f"{function.__code__.co_filename}::{function.__name__}"
            script = " && ".join(["ip link set lo up", *mounts,
                                  f"exec /usr/bin/python3 -m pytest -q -p no:cacheprovider '{name}'"])
            done = subprocess.run(["unshare", "--net", "--mount", "sh", "-c", script], cwd=ROOT, capture_output=True,
                                  text=True, env={**os.environ, INSIDE: "1"}, timeout=300)
            assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
        outside.__name__, outside.__doc__ = function.__name__, function.__doc__
        return outside
    return wrap(function) if function else wrap


class NameServer:
    """Answers A and AAAA queries on 127.0.0.1:53 from a table; SERVFAIL while it is broken."""

    def __init__(self, names):
        self.names, self.broken, self.asked = names, False, []
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 53))
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            query, who = self.socket.recvfrom(4096)
            labels, at = [], 12
            while query[at]:
                labels.append(query[at + 1:at + 1 + query[at]].decode())
                at += 1 + query[at]
            name, kind = ".".join(labels).lower(), struct.unpack("!H", query[at + 1:at + 3])[0]
            self.asked.append(name)
            found = [] if self.broken else [a for a in self.names.get(name, []) if (":" in a) == (kind == 28)]
            code = 2 if self.broken else 0 if name in self.names else 3
            records = b"".join(
                b"\xc0\x0c" + struct.pack("!HHIH", kind, 1, 300, 16 if kind == 28 else 4) +
                socket.inet_pton(socket.AF_INET6 if kind == 28 else socket.AF_INET, a) for a in found)
            self.socket.sendto(query[:2] + struct.pack("!HHHHH", 0x8180 | code, 1, len(found), 0, 0) +
                               query[12:at + 5] + records, who)


def name_conf(lab, pki, port, name):
    conf = lab.gateway_conf(pki, port)
    conf.write_text(conf.read_text().replace(f"connect = localhost:{port}", f"connect = {name}:{port}"))
    return conf


@in_namespace
def test_start_without_dns(lab):
    """The gateway starts without DNS, says what is missing, and what waits goes out as soon as the name resolves. While
    nothing is known about the name, the search list is left alone: the peer is not found in somebody else's zone."""
    pki, port = lab.pki(servers=("radius.test",)), lab.port()
    peer = TlsPeer(port, pki / "radius.test.pem", pki / "radius.test.key", pki / "ca.pem")
    dns = NameServer({"radius.test": ["127.0.0.1"], "radius.test.other.example": ["127.0.0.66"]})
    dns.broken = True
    gw = lab.gateway(name_conf(lab, pki, port, "radius.test"), wait="resolve-failed")
    assert "host=radius.test" in gw.log()
    dns.broken = False
    nas = Nas(lab.auth, NAS_SECRET)
    request = radius.access_request(1, SECRET)
    nas.send(request)
    assert radius.answer_ok(nas.receive(8), request, SECRET)
    assert set(dns.asked) == {"radius.test"}
    peer.close()


@in_namespace
def test_all_addresses_of_a_name(lab):
    """The first addresses refuse or are of the wrong family; the last one answers."""
    pki, port = lab.pki(servers=("radius.test",)), lab.port()
    peer = TlsPeer(port, pki / "radius.test.pem", pki / "radius.test.key", pki / "ca.pem")
    NameServer({"radius.test": ["127.0.0.5", "127.0.0.6", "::1", "127.0.0.1"]})
    gw = lab.gateway(name_conf(lab, pki, port, "radius.test"))
    assert "addr=127.0.0.1:" in gw.log().split(" connection-up: ")[1]
    peer.close()


@in_namespace
def test_unknown_name(lab):
    pki, port = lab.pki(), lab.port()
    NameServer({})
    gw = lab.gateway(name_conf(lab, pki, port, "no.such.test"), wait="resolve-failed")
    assert re.search(r'host=no\.such\.test reason="[^"]*not found; asked for no\.such\.test, no\.such\.test\.other\.example"',
                     gw.log())


CLUSTER = "nameserver 127.0.0.1\nsearch ns.svc.cluster.test svc.cluster.test\noptions ndots:2 timeout:1\n"


@in_namespace(resolv=CLUSTER)
def test_search_list(lab):
    """A short name is looked for in the domains of resolv.conf first, one with enough dots as it is first, and one with
    a dot at its end as it is only. Certificates are compared with the name that was configured."""
    pki = lab.pki(servers=("radius", "radius.other", "radius.home.test"))
    dns = NameServer({"radius.svc.cluster.test": ["127.0.0.1"], "radius.other.svc.cluster.test": ["127.0.0.1"],
                      "radius.home.test": ["127.0.0.1"]})
    for name, asked in (
            ("radius", {"radius.ns.svc.cluster.test", "radius.svc.cluster.test"}),
            ("radius.other", {"radius.other.ns.svc.cluster.test", "radius.other.svc.cluster.test"}),
            ("radius.home.test", {"radius.home.test"}),
            ("radius.home.test.", {"radius.home.test"})):
        port, dns.asked = lab.port(), []
        stem = pki / name.rstrip(".")
        peer = TlsPeer(port, f"{stem}.pem", f"{stem}.key", pki / "ca.pem")
        gw = lab.gateway(name_conf(lab, pki, port, name), name="gw-" + name.replace(".", "-"))
        assert set(dns.asked) == asked
        gw.stop()
        peer.close()
    dns.asked = []
    gw = lab.gateway(name_conf(lab, pki, lab.port(), "radius."), name="gw-absolute", wait="resolve-failed")
    assert set(dns.asked) == {"radius"}
    assert 'asked for radius"' in gw.log()


def login(lab, name):
    pki, port = lab.pki(servers=(name,)), lab.port()
    peer = TlsPeer(port, pki / f"{name}.pem", pki / f"{name}.key", pki / "ca.pem")
    lab.gateway(name_conf(lab, pki, port, name))
    nas = Nas(lab.auth, NAS_SECRET)
    request = radius.access_request(1, SECRET)
    nas.send(request)
    assert radius.answer_ok(nas.receive(3), request, SECRET)
    peer.close()


@in_namespace(hosts="")
def test_localhost_without_files(lab):
    """localhost is this machine where no file and no name server says so (RFC 6761 6.3)."""
    login(lab, "localhost")


@in_namespace(hosts="192.0.2.1 radius.localhost\n")
def test_below_localhost(lab):
    """A name below localhost is this machine, too, whatever others say."""
    NameServer({"radius.localhost": ["192.0.2.2"]})
    login(lab, "radius.localhost")


@in_namespace
def test_addresses_on_an_interface(lab):
    """Link-local addresses, which need their interface: of the listener, of the client, which is bound to it, and of
    the peer, whose interface comes later than the gateway."""
    near, far, late = "fe80::a%near", "fe80::b%near", "fe80::c%late"

    def link(name, peer, address):
        for words in ([f"link add {name} type veth peer name {peer}"] +
                      [f"link set {i} up addrgenmode none" for i in (name, peer)] +
                      [f"addr add {address} dev {name} nodad"]):
            subprocess.run(["ip", *words.split()], check=True)

    link("near", "other", "fe80::a/64")
    subprocess.run("ip addr add fe80::b/64 dev near nodad".split(), check=True)
    pki, port = lab.pki(), lab.port()
    conf = lab.gateway_conf(pki, port, peer="name = localhost", listen=f"udp = [{near}]:1812, [fe80::b%near]:1813")
    text = conf.read_text().replace("address = 127.0.0.1", f"address = {far}")
    conf.write_text(text.replace(f"connect = localhost:{port}", f"connect = [{late}]:{port}"))
    gw = lab.gateway(conf, wait="resolve-failed")
    assert "there is no such interface" in gw.log()
    link("late", "later", "fe80::c/64")
    peer = TlsPeer(port, pki / "localhost.pem", pki / "localhost.key", pki / "ca.pem",
                   address=late, family=socket.AF_INET6)
    nas = Nas(1812, NAS_SECRET, near, family=socket.AF_INET6, source=far)
    request = radius.access_request(1, SECRET)
    nas.send(request)
    assert radius.answer_ok(nas.receive(10), request, SECRET)
    peer.close()


@in_namespace
def test_client_by_name(lab):
    """A client that is known by a name is served wherever the name leads, in each worker. When it has moved, its first
    request brings a look-up, and the one from its old address is still served. An address that another client is given
    as such stays with that one."""
    pki, port = lab.pki(), lab.port()
    dns = NameServer({"nas.test": ["127.0.0.5", "127.0.0.9"], "other.test": ["127.0.0.9"]})
    peer = TlsPeer(port, pki / "localhost.pem", pki / "localhost.key", pki / "ca.pem")
    conf = lab.gateway_conf(pki, port, gateway="workers = 2",
                            extra=f"[client fixed]\naddress = 127.0.0.9\nsecret = {NAS_SECRET}-of-the-fixed-one")
    conf.write_text(conf.read_text().replace("address = 127.0.0.1", "address = nas.test"))
    gw = lab.gateway(conf)
    gw.wait_log(r" resolved: .*client=nas host=nas\.test addr=127\.0\.0\.5", count=2)
    gw.wait_log(r" address-taken: .*client=nas host=nas\.test addr=127\.0\.0\.9 other=fixed")

    def served(source, patience, secret=NAS_SECRET):
        nas = Nas(lab.auth, secret, source=source)
        request = radius.access_request(1, secret.encode())

        def ask():
            nas.send(request)
            answer = nas.receive(0.3)
            return answer and radius.answer_ok(answer, request, secret.encode())
        try:
            return wait_for("an answer", ask, patience)
        except TimeoutError:
            return False
        finally:
            nas.close()

    assert all(served("127.0.0.5", 10) for _ in range(8))
    assert not served("127.0.0.6", 2)
    dns.names["nas.test"] = ["127.0.0.6"]
    assert all(served("127.0.0.6", 10) for _ in range(8))
    assert served("127.0.0.5", 10)
    assert served("127.0.0.9", 10, f"{NAS_SECRET}-of-the-fixed-one")
    peer.close()


@in_namespace
def test_user_timeout(lab):
    """Packets to the peer vanish: the connection is given up after user-timeout, not after minutes."""
    pki, port = lab.pki(), lab.port()
    peer = TlsPeer(port, pki / "localhost.pem", pki / "localhost.key", pki / "ca.pem")
    gw = lab.gateway(lab.gateway_conf(pki, port, peer="user-timeout = 1s"))
    rules = f"add table t; add chain t c {{ type filter hook input priority 0; }}; add rule t c tcp dport {port} drop"
    subprocess.run(["nft", rules], check=True)
    nas = Nas(lab.auth, NAS_SECRET)
    request = radius.access_request(1, SECRET)
    nas.send(request)
    gw.wait_log(" connection-lost: .*timed out", seconds=8)
    subprocess.run(["nft", "delete table t"], check=True)
    assert radius.answer_ok(nas.receive(10), request, SECRET)
    peer.close()


@in_namespace
def test_keepalive(lab):
    """tcp-keepalive reaches the socket."""
    pki, port = lab.pki(), lab.port()
    peer = TlsPeer(port, pki / "localhost.pem", pki / "localhost.key", pki / "ca.pem")
    for value, seen in (("yes", True), ("no", False)):
        gw = lab.gateway(lab.gateway_conf(pki, port, peer=f"tcp-keepalive = {value}"), name=f"gw-{value}")
        wait_for("the timer", lambda: ("timer:(keepalive" in subprocess.run(
            ["ss", "-tno", "state", "established", f"dport = :{port}"], capture_output=True, text=True).stdout) == seen)
        gw.stop()
    peer.close()


def burst(lab, addresses):
    """Sixty logins come at once from one port, over a wildcard socket: what is alike leaves together, and all of it
    arrives. Returns the lengths of the answers."""
    pki, port, lengths, held = lab.pki(), lab.port(), set(), []

    def behave(peer, tls, p):
        held.append(p)
        # Two lengths in turn, so that what is alike does not lie side by side.
        text = radius.attr(radius.REPLY_MESSAGE, b"x" * (10, 200)[len(held) % 2]) * 4
        tls.sendall(radius.answer(radius.ACCESS_ACCEPT, p, text, b"radsec"))

    peer = TlsPeer(port, pki / "localhost.pem", pki / "localhost.key", pki / "ca.pem", behave)
    auth = lab.port()
    gw = lab.gateway(lab.gateway_conf(pki, port, listen=f"udp = [::]:{auth}", client="address = ::1"))
    for address in addresses:
        nas = Nas(auth, NAS_SECRET, address, family=socket.AF_INET6 if ":" in address else socket.AF_INET)
        asked = {i: radius.access_request(i, SECRET) for i in range(60)}
        for request in asked.values():
            nas.send(request)
        for _ in range(60):
            answer = nas.receive()
            assert radius.answer_ok(answer, asked.pop(answer[1]), SECRET)
            assert nas.sender[0] == address
            lengths.add(len(answer))
    assert "udp-send-failed" not in gw.log()
    peer.close()
    return lengths


@in_namespace
def test_burst(lab):
    assert len(burst(lab, ["127.0.0.1", "::1"])) == 2


@in_namespace
def test_burst_where_datagrams_do_not_fit(lab):
    """A kernel that cannot cut a message apart gets one datagram after the other."""
    subprocess.run(["ip", "link", "set", "lo", "mtu", "700"], check=True)
    assert max(burst(lab, ["127.0.0.1"])) > 700


@in_namespace
def test_a_connection_does_not_meet_itself(lab):
    """Nobody listens at a port that the system gives to those who connect: the connection is its own far end, and over
    plain TCP it would seem to live."""
    with open("/proc/sys/net/ipv4/ip_local_port_range", "w") as f:
        f.write("41000 41000")
    gw = lab.gateway(plain.outbound_conf(lab, 41000), wait="connect-failed")
    assert "the connection has met itself" in gw.log()
    assert not gw.lines("connection-up")
