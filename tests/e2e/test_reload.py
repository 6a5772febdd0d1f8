# SPDX-License-Identifier: GPL-2.0-or-later
"""Everything in the configuration changes while the gateway runs, and nothing is lost by it: logins before, across and
after each change, in both directions."""
import os
import signal
import socket
import ssl
import subprocess
import threading

import pytest

import radius
from inbound import Visitor
from lab import Lab, PATIENCE, binary, eapol_test, wait_for
from reloading import Reloading, Waiting

OTHER_SECRET = "another-secret-of-the-lab-45"


@pytest.fixture(params=[1, 3], scope="module")
def module_world(request):
    with Lab() as lab:
        made = Reloading(lab, request.param)
        made.first = made.ini
        yield made
        made.close()


@pytest.fixture
def world(module_world):
    """The gateway with the configuration with which it started."""
    yield module_world
    if module_world.ini != module_world.first:
        module_world.reload(module_world.first)


@pytest.fixture
def make(lab):
    made = []

    def go(workers=1):
        made.append(Reloading(lab, workers))
        return made[-1]
    yield go
    for one in made:
        one.close()


def changes_of(world):
    """Name -> (changes, the lines that tell of them)."""
    return {
        "realm-comes": ({"realm second.example": {"pool": "national"}}, ["+ realm second.example"]),
        "realm-goes": ({"realm home.example": None, "realm *": {"pool": "homes"}, "client nas": {"pool": "national"}},
                       ["~ client nas: pool (chosen by realm) -> national", "~ realm *: pool national -> homes",
                        "- realm home.example"]),
        "realm-moves": ({"realm home.example": {"pool": "spares"}}, ["~ realm home.example: pool homes -> spares"]),
        "pool-order": ({"pool homes": {"members": "spare, home"}},
                       ["~ pool homes: members home, spare -> spare, home"]),
        "pool-policy": ({"pool homes": {"policy": "round-robin"}},
                        ["~ pool homes: policy failover -> round-robin"]),
        "pool-shrinks": ({"pool homes": {"members": "spare"}}, ["~ pool homes: members - home"]),
        "watchdog": ({"peer national": {"watchdog": "10s"}}, ["~ peer national: watchdog 30s -> 10s"]),
        "connections": ({"peer national": {"connections": "2-4"}}, None),
        "queue": ({"peer national": {"queue": "10"}}, None),
        "server-limit": ({"server home": {"max-requests": "100"}}, None),
        "gateway-limit": ({"gateway": {"max-requests": "1000"}}, ["~ gateway: max-requests 65536 -> 1000"]),
        "level": ({"log": {"level": "debug"}}, ["~ log: level info -> debug"]),
        "rewrite": ({"rewrite no-vlans": {"remove": "Tunnel-Type"}, "peer national": {"rewrite-in": "no-vlans"}},
                    ["~ peer national: rewrite-in (none) -> no-vlans", "+ rewrite no-vlans"]),
        "peer-comes": ({"peer second": world.peer(world.second),
                        "pool nationals": {"members": "second, national"}, "realm *": {"pool": "nationals"}},
                       ["+ peer second", "+ pool nationals", "~ realm *: pool national -> nationals"]),
        "peer-moves": ({"peer national": {"connect": f"localhost:{world.second.port}"}}, None),
        "peer-renamed": ({"peer national": None, "peer nation": world.ini["peer national"],
                          "realm *": {"pool": "nation"}},
                         ["+ peer nation", "- peer national", "~ realm *: pool national -> nation"]),
        "server-goes": ({"server home": None, "pool homes": {"members": "spare"}},
                        ["- server home", "~ pool homes: members - home"]),
        "server-moves": ({"server home": world.server(world.spare)}, None),
        "certificate": ({"tls lab": world.certificate("second.test")}, None),
        "listener-comes": ({"listen more": {"udp": f"127.0.0.1:{world.more_udp}"},
                            "listen moresec": {"tls": f"127.0.0.1:{world.more_tls}", "profile": "door"}},
                           ["+ listen more", "+ listen moresec"]),
        "listener-renamed": ({"listen local": None, "listen other": {"udp": f"127.0.0.1:{world.udp}"}},
                             ["+ listen other", "- listen local"]),
        "tls-listener-renamed": ({"listen radsec": None,
                                  "listen other": {"tls": f"127.0.0.1:{world.tls}", "profile": "door"}},
                                 ["+ listen other", "- listen radsec"]),
        "client-renamed": ({"client nas": None, "client other": world.ini["client nas"]},
                           ["+ client other", "- client nas"]),
        "nothing": ({}, []),
    }


NAMES = list(changes_of(type("Names", (), {
    "ini": {"peer national": {}, "client nas": {}}, "server": lambda *_: {}, "peer": lambda *_: {}, "certificate": lambda *_: {},
    "second": type("Port", (), {"port": 0}), "spare": None, "udp": 0, "tls": 0, "more_udp": 0, "more_tls": 0})()))

# Changes of who the peer is, or how it is reached and known.
IDENTITY = {"peer-moves", "peer-renamed", "certificate"}


@pytest.mark.parametrize("name", NAMES)
def test_logins_before_across_and_after(world, name):
    changes, told = changes_of(world)[name]
    world.logins()
    waiting = Waiting(world)
    ended = world.national.ended
    lines = world.reload(world.changed(changes))
    if told is not None:
        assert lines == told
    elif name != "certificate":
        assert lines
    world.logins()
    waiting.end()
    world.logins()
    waiting = Waiting(world)
    world.reload(world.first)
    world.logins()
    waiting.end()
    if name not in IDENTITY:
        assert world.national.ended == ended, "the connection of a peer that has not changed was closed"


def test_secret_of_a_client(world):
    """A request is answered with the secret that it came with, and new ones need the new secret."""
    waiting = Waiting(world)
    assert world.reload(world.changed({"client nas": {"secret": OTHER_SECRET}})) == ["~ client nas: secret changed"]
    world.logins(secret=OTHER_SECRET)
    nas = world.nas()
    assert nas.ask(radius.access_request(1, nas.secret), timeout=1) is None
    nas.close()
    waiting.end()


def test_listeners_come_and_go(world):
    """A new listener works at once. What came on one that goes is answered, and then its address is free."""
    soon = {"request-lifetime": "8s"}
    more = world.changed({"gateway": soon, "listen more": {"udp": f"127.0.0.1:{world.more_udp}"},
                          "listen moresec": {"tls": f"127.0.0.1:{world.more_tls}", "profile": "door"}})
    world.reload(more)
    world.logins(port=world.more_udp)
    visitor = world.visitor(world.more_tls)
    visitor.ask(radius.access_request(1, b"radsec", b"bob@home.example"))
    waiting = Waiting(world, port=world.more_udp)
    inbound = radius.access_request(3, b"radsec", b"wait@home.example")
    visitor.send(inbound)
    wait_for("both requests at the server", lambda: len(world.home.held) == 2)
    world.reload(world.first)
    with pytest.raises(ConnectionRefusedError):
        Visitor(world.more_tls, world.pki, cert="visitor.test")
    waiting.end()
    answer = visitor.receive()
    assert answer and radius.answer_ok(answer, inbound, b"radsec")
    assert visitor.is_closed()
    wait_for("the port to be free", lambda: is_free(world.more_udp), 30)


def is_free(port):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        try:
            s.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def test_peer_that_may_not_connect_any_more(world):
    """Its connection ends, with the reason in the log, and it is not let in again; whoever has the new name is."""
    visitor = world.visitor()
    visitor.ask(radius.access_request(1, b"radsec", b"bob@home.example"))
    world.reload(world.changed({"peer visitor": {"name": "second.test"}}))
    assert visitor.is_closed(30)
    assert world.visitor().is_closed(30)
    world.visitor(cert="second.test").ask(radius.access_request(1, b"radsec", b"bob@home.example"))


def test_new_certificate_is_shown(world):
    """The certificate of the door changes: by another path, and by other octets in the same file."""
    door = world.first["tls door"]
    copy = {"certificate": world.lab.dir / "door.pem", "key": world.lab.dir / "door.key"}
    world.lab.write("door.pem", door["certificate"].read_text())
    world.lab.write("door.key", door["key"].read_text())
    world.reload(world.changed({"tls door": copy}))
    before = certificate_of(world.tls)
    other = world.lab.pki("other-pki")
    world.lab.write("door.pem", (other / "localhost.pem").read_text())
    world.lab.write("door.key", (other / "localhost.key").read_text())
    world.reload(world.ini)
    assert certificate_of(world.tls) != before


def certificate_of(port):
    return ssl.get_server_certificate(("127.0.0.1", port))


def test_connections_of_others_stay(world):
    """A peer comes, another one moves: whoever is not concerned keeps its connection, in both directions."""
    visitor = world.visitor()
    visitor.ask(radius.access_request(1, b"radsec", b"bob@home.example"))
    handshakes = world.national.handshakes
    for i in range(10):
        world.reload(world.changed({"peer second": {**world.peer(world.second), "watchdog": f"{6 + i}s"}}))
        visitor.ask(radius.access_request(2 + i, b"radsec", b"bob@home.example"))
        world.logins()
    world.reload(world.first)
    visitor.ask(radius.access_request(100, b"radsec", b"bob@home.example"))
    assert world.national.handshakes == handshakes


def test_login_of_several_rounds(lab, make):
    """A login begins before a reload that puts its server last in the pool, and ends after it, at the same server."""
    world = make()
    home = lab.freeradius()
    spare = lab.freeradius("spare", eap_pki=home.eap_pki)
    servers = world.changed({"server home": {"auth": f"127.0.0.1:{home.auth}", "secret": home.secret},
                             "server spare": {"auth": f"127.0.0.1:{spare.auth}", "secret": spare.secret},
                             "realm *": {"pool": "homes"}})
    world.reload(servers)
    home.signal(signal.SIGSTOP)
    turned = world.changed({"pool homes": {"members": "spare, home"}})
    result = {}

    def login():
        result["eap"] = eapol_test(lab, home, world.udp, "PEAP-MSCHAPv2", timeout=30)
    thread = threading.Thread(target=login)
    thread.start()
    wait_for("the first round", lambda: world.status("gateway")["gateway"]["pending"] == 1)
    world.reload(turned)
    home.signal(signal.SIGCONT)
    thread.join(60 * PATIENCE)
    ok, keys, output = result["eap"]
    assert ok and keys, output
    assert "Received Access-Request" not in spare.log()


@pytest.mark.parametrize("when", ["before", "after"])
def test_stop_right_beside_a_reload(make, when):
    """The gateway is told to stop as a reload begins: it ends well, and so does the command."""
    world = make(3)
    world.write(world.changed({"realm second.example": {"pool": "national"}}))
    commands = [subprocess.Popen([*binary(), "reload", "-c", world.path], stdout=subprocess.DEVNULL,
                                 stderr=subprocess.DEVNULL) for _ in range(4)]
    if when == "after":
        world.gw.wait_line("reloaded")
    os.kill(world.gw.pid, signal.SIGTERM)
    assert world.gw.wait() == 0
    for command in commands:
        command.wait(30)
