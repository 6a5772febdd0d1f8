# SPDX-License-Identifier: GPL-2.0-or-later
"""What the tests of reloads need: a gateway whose configuration is a table of sections, and far ends that hold what they
are told to hold, so that something is under way while the configuration changes."""
import copy
import json
import subprocess
import threading

import radius
from inbound import Visitor
from lab import HOME_SECRET, NAS_SECRET, binary, wait_for
from peer import Nas, TlsPeer

def waits(packet):
    return packet[0] == radius.ACCESS_REQUEST and radius.get(packet, radius.USER_NAME).startswith(b"wait@")


class Server(threading.Thread):
    """A RADIUS/UDP server that answers at once, but for users who wait."""

    def __init__(self, lab, secret=HOME_SECRET):
        super().__init__(daemon=True)
        self.secret, self.port, self.held, self.got = secret, lab.port(), [], []
        self.nas = Nas(self.port, secret, source_port=self.port)
        self.socket = self.nas.socket
        self.start()

    def run(self):
        while True:
            try:
                packet, sender = self.socket.recvfrom(4096)
            except TimeoutError:
                continue
            except OSError:
                return
            self.got.append(packet)
            if waits(packet):
                self.held.append((packet, sender))
            else:
                self.socket.sendto(radius.usual_answer(packet, self.secret.encode()), sender)

    def release(self):
        while self.held:
            packet, sender = self.held.pop(0)
            self.socket.sendto(radius.usual_answer(packet, self.secret.encode()), sender)

    def close(self):
        self.socket.close()


class Peer(TlsPeer):
    """A peer that answers at once, but for users who wait."""

    def __init__(self, lab, pki, cert="far.test"):
        self.held = []
        super().__init__(lab.port(), pki / f"{cert}.pem", pki / f"{cert}.key", pki / "ca.pem", self.hold)

    @staticmethod
    def hold(peer, tls, packet):
        if waits(packet):
            peer.held.append((tls, packet))
        else:
            tls.sendall(radius.usual_answer(packet))

    def release(self):
        while self.held:
            tls, packet = self.held.pop(0)
            tls.sendall(radius.usual_answer(packet))


class Reloading:
    """A gateway in both directions: clients ask peers by way of it, and peers its servers."""

    def __init__(self, lab, workers=1):
        self.lab, self.pki = lab, lab.pki(servers=("localhost", "far.test"), clients=("gateway.test", "visitor.test", "second.test"))
        self.national, self.second = Peer(lab, self.pki), Peer(lab, self.pki)
        self.home, self.spare = Server(lab), Server(lab)
        self.udp, self.tls, self.more_udp, self.more_tls = (lab.port() for _ in range(4))
        self.path = lab.dir / "radsecgw.ini"
        self.ini = {
            "gateway": {"workers": workers, "connect-rate": 0, "connect-rate-per-address": 0},
            "log": {"level": "info", "rate": 0},
            "control": {"socket": lab.dir / "control.sock"},
            "tls lab": self.certificate("gateway.test"),
            "tls door": self.certificate("localhost"),
            "listen local": {"udp": f"127.0.0.1:{self.udp}"},
            "listen radsec": {"tls": f"127.0.0.1:{self.tls}", "profile": "door"},
            "client nas": {"address": "127.0.0.1", "secret": NAS_SECRET},
            "peer national": {**self.peer(self.national), "watchdog": "30s"},
            "peer visitor": {"accept": "yes", "name": "visitor.test", "tls": "door"},
            "server home": self.server(self.home),
            "server spare": self.server(self.spare),
            "pool homes": {"members": "home, spare"},
            "pool spares": {"members": "spare"},
            "realm home.example": {"pool": "homes"},
            "realm spare.example": {"pool": "spares"},
            "realm *": {"pool": "national"},
        }
        self.write()
        self.gw = lab.gateway(self.path)
        self.visitors = []

    def certificate(self, name):
        return {"certificate": self.pki / f"{name}.pem", "key": self.pki / f"{name}.key", "ca": self.pki / "ca.pem"}

    @staticmethod
    def server(server):
        return {"auth": f"127.0.0.1:{server.port}", "secret": server.secret}

    @staticmethod
    def peer(peer):
        return {"connect": f"127.0.0.1:{peer.port}", "tls": "lab", "name": "far.test"}

    # ---- the configuration

    def text(self, ini=None):
        return "\n".join(f"[{name}]\n" + "".join(f"{k} = {v}\n" for k, v in options.items())
                         for name, options in (ini or self.ini).items())

    def write(self, ini=None):
        """The file changes at once, whoever is reading it."""
        self.lab.write("new.ini", self.text(ini)).rename(self.path)

    def changed(self, changes):
        """The configuration with these changes: section -> options, of which None takes away; a section that is None
        goes."""
        ini = copy.deepcopy(self.ini)
        for name, options in changes.items():
            if options is None:
                del ini[name]
                continue
            section = ini.setdefault(name, {})
            for key, value in options.items():
                section[key] = value
                if value is None:
                    del section[key]
        return ini

    # ---- commands

    def say(self, *words):
        return subprocess.run([*binary(), *words, "-c", self.path], capture_output=True, text=True, timeout=60)

    def done(self, *words):
        said = self.say(*words)
        assert said.returncode == 0 and said.stderr == "", said
        return said.stdout.splitlines()

    def refused(self, *words):
        said = self.say(*words)
        assert said.returncode == 1 and said.stdout == "", said
        return said.stderr.splitlines()

    def reload(self, ini, *words):
        """Takes up another configuration; gives the changes that the gateway tells."""
        self.write(ini)
        *changes, last = self.done("reload", *words)
        assert "in effect" in last, last
        self.ini = ini
        return changes

    def status(self, *tables):
        return json.loads("\n".join(self.done("status", "--json", *tables)))

    # ---- traffic

    def nas(self, port=None, secret=NAS_SECRET):
        return Nas(port or self.udp, secret)

    def visitor(self, port=None, cert="visitor.test"):
        visitor = Visitor(port or self.tls, self.pki, cert=cert)
        self.visitors.append(visitor)
        return visitor

    def logins(self, port=None, secret=NAS_SECRET):
        """One login in each direction."""
        nas = self.nas(port, secret)
        assert nas.ask(radius.access_request(1, secret.encode(), b"bob@elsewhere.example"))
        nas.close()
        visitor = self.visitor()
        visitor.ask(radius.access_request(1, b"radsec", b"bob@home.example"))
        visitor.close()

    def close(self):
        for end in (self.national, self.second, self.home, self.spare, *self.visitors):
            end.close()


class Waiting:
    """Logins in both directions that wait at the far end for their answers."""

    def __init__(self, world, port=None, secret=NAS_SECRET, cert="visitor.test"):
        self.world = world
        self.nas, self.visitor = world.nas(port, secret), world.visitor(cert=cert)
        self.outbound = radius.access_request(7, secret.encode(), b"wait@elsewhere.example")
        self.inbound = radius.access_request(8, b"radsec", b"wait@home.example")
        self.nas.send(self.outbound)
        self.visitor.send(self.inbound)
        wait_for("the request at the peer", lambda: world.national.held or world.second.held)
        wait_for("the request at the server", lambda: world.home.held or world.spare.held)

    def end(self):
        """The answers come, each with the secret of its request."""
        for far in self.world.national, self.world.second, self.world.home, self.world.spare:
            far.release()
        answer = self.nas.receive()
        assert answer and radius.answer_ok(answer, self.outbound, self.nas.secret)
        answer = self.visitor.receive()
        assert answer and radius.answer_ok(answer, self.inbound, b"radsec")
        self.nas.close()
        self.visitor.close()
