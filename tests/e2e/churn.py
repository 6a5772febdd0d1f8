# SPDX-License-Identifier: GPL-2.0-or-later
"""A gateway under load in both directions whose configuration changes all the time: three peers, two servers, a NAS and a
visitor, with the load tools of tests/bench."""
import http.client
import itertools
import json
import pathlib
import re
import socket
import time

from lab import HOME_SECRET, NAS_SECRET, Process, binary

OTHER_SECRET = "another-secret-of-the-lab-45"
REPEAT_MS, PATIENCE_MS = 3000, 12000


def tools():
    """Where the load tools are: beside the program under test."""
    return pathlib.Path(binary()[-1]).resolve().parent / "tests/bench"


class Tool(Process):
    """One of the load tools: it prints JSON when it ends."""

    def __init__(self, lab, name, program, *words):
        super().__init__(lab, f"{name}-{len(lab.processes)}", [tools() / program, *words])

    def result(self):
        return json.loads([line for line in self.log().splitlines() if line.startswith("{")][-1])


class UnixConnection(http.client.HTTPConnection):
    """HTTP over the control socket."""

    def __init__(self, path):
        super().__init__("localhost", timeout=60)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self.path))


class Churn:
    """The gateway, what is around it, and its configuration as a set of switches, of which each step turns one."""

    def __init__(self, lab, workers):
        self.lab, self.on, self.turns = lab, set(), 0
        self.pki = lab.pki(servers=("localhost", "far.test"), clients=("gateway.test", "second.test", "visitor.test"))
        self.udp, self.tls, self.more, self.more_tls = (lab.port() for _ in range(4))
        self.peers, self.servers = [lab.port() for _ in range(4)], [lab.port() for _ in range(3)]
        for port in self.peers:
            Tool(lab, "peer", "respond_tls", "--listen", f"127.0.0.1:{port}", "--pki", self.pki, "--name",
                 "far.test").wait_log("^ready")
        for port in self.servers:
            Tool(lab, "server", "respond", "--listen", f"127.0.0.1:{port}", "--secret", HOME_SECRET).wait_log("^ready")
        self.workers, self.path, self.socket = workers, lab.dir / "churn.ini", lab.dir / "control.sock"
        self.write()
        self.gw = lab.gateway(self.path)
        self.gw.wait_log(r" connection-up: .*peer=p\d ", count=3)
        self.switches = itertools.cycle(SWITCHES)

    # ---- the configuration

    def text(self):
        on = self.on.__contains__
        peers = [self.peer(i) for i in range(3 + on("peer"))]
        servers = [self.server(i) for i in range(2 + on("server"))]
        names = [f"p{i}" for i in range(len(peers))]
        homes = [f"s{i}" for i in range(len(servers))]
        if on("renumbered"):
            peers.reverse()
            servers.reverse()
        if on("order"):
            names.reverse()
            homes.reverse()
        if on("members"):
            names.remove("p1")
        return f"""\
[gateway]
workers = {self.workers}
max-requests = {50000 if on("limits") else 60000}
[log]
level = {"info" if on("level") else "notice"}
rate = 0
[control]
socket = {self.socket}
[tls lab]
certificate = {self.pki}/gateway.test.pem
key = {self.pki}/gateway.test.key
ca = {self.pki}/ca.pem
[tls second]
certificate = {self.pki}/{"second" if on("certificate") else "gateway"}.test.pem
key = {self.pki}/{"second" if on("certificate") else "gateway"}.test.key
ca = {self.pki}/ca.pem
[tls door]
certificate = {self.pki}/localhost.pem
key = {self.pki}/localhost.key
ca = {self.pki}/ca.pem
[listen {"renamed" if on("renamed") else "local"}]
udp = 127.0.0.1:{self.udp}
[listen radsec]
tls = 127.0.0.1:{self.tls}
profile = door
{f"[listen more]{chr(10)}udp = 127.0.0.1:{self.more}" if on("listener") else ""}
{f"[listen moresec]{chr(10)}tls = 127.0.0.1:{self.more_tls}{chr(10)}profile = door" if on("door") else ""}
[client nas]
address = 127.0.0.1
secret = {NAS_SECRET}
[client other]
address = 127.0.0.2
secret = {OTHER_SECRET + "6" if on("secret") else OTHER_SECRET}
{"".join(peers)}
[peer visitor]
accept = yes
name = visitor.test
tls = door
{"".join(servers)}
[pool nationals]
members = {", ".join(names)}
policy = {"least-outstanding" if on("policy") else "round-robin"}
[pool homes]
members = {", ".join(homes)}
policy = round-robin
{f"[rewrite less]{chr(10)}remove = Tunnel-Type" if on("rewrite") else ""}
[realm home.example]
pool = {"s0" if on("realm") else "homes"}
{f"[realm another.example]{chr(10)}pool = p0" if on("realms") else ""}
[realm *]
pool = nationals
"""

    def peer(self, i):
        on = self.on.__contains__
        return f"""\
[peer p{i}]
connect = 127.0.0.1:{self.peers[i]}
tls = {"second" if i == 2 else "lab"}
name = far.test
watchdog = {"20s" if on("watchdog") else "30s"}
queue = {500 if on("queue") else 1000}
{"rewrite-in = less" if on("rewrite") else ""}
"""

    def server(self, i):
        return f"""\
[server s{i}]
auth = 127.0.0.1:{self.servers[i]}
secret = {HOME_SECRET}
max-requests = {2000 if "queue" in self.on else 4000}
"""

    def write(self):
        new = self.lab.write("new.ini", self.text())
        new.rename(self.path)

    # ---- what is done

    def ask(self, method, path):
        connection = UnixConnection(self.socket)
        connection.request(method, path)
        answer = json.loads(connection.getresponse().read())
        connection.close()
        return answer

    def step(self):
        """Turns one switch and has the gateway take that up; gives how many milliseconds the command took."""
        self.on ^= {next(self.switches)}
        self.turns += 1
        return self.take_up()

    def take_up(self):
        self.write()
        began = time.monotonic()
        said = self.ask("POST", "/v1/reload")
        assert said["done"], said
        return (time.monotonic() - began) * 1000, said["changes"]

    def base(self):
        """The configuration with which it began."""
        self.on = set()
        return self.take_up()

    def load(self, rate, seconds):
        """Begins to ask in both directions; the tools end by themselves."""
        patience = ("--rate", rate, "--time", seconds, "--timeout", PATIENCE_MS, "--retry", REPEAT_MS)
        return (Tool(self.lab, "nas", "load", "--target", f"127.0.0.1:{self.udp}", "--secret", NAS_SECRET, "--sources", 8,
                     "--user", "bob@elsewhere.example", *patience),
                Tool(self.lab, "visitor", "load", "--target", f"127.0.0.1:{self.tls}", "--pki", self.pki, "--name",
                     "visitor.test", "--user", "bob@home.example", "--sources", 8, *patience))

    # ---- what is seen

    def files(self):
        return len(list(pathlib.Path(f"/proc/{self.gw.pid}/fd").iterdir()))

    def memory(self):
        """KiB that are resident."""
        return int(re.search(r"VmRSS:\s+(\d+)", pathlib.Path(f"/proc/{self.gw.pid}/status").read_text())[1])

    def closed(self):
        """The lines of connections that ended, of peers that no switch concerns."""
        ends = self.gw.lines("connection-closed") + self.gw.lines("connection-lost")
        return [line for line in ends if line.fields["peer"] in ("p0", "p1", "visitor")]


SWITCHES = ("listener", "secret", "peer", "server", "renumbered", "order", "policy", "members", "realm", "rewrite",
            "limits", "watchdog", "level", "certificate", "door", "realms", "queue", "renamed")


def run(churn, reloads, seconds, rate):
    """Reloads so often in that time under load; gives what came of it."""
    began = len(churn.closed())
    load = churn.load(rate, seconds)
    took, memory = [], []
    start = time.monotonic()
    for i in range(reloads):
        took.append(churn.step()[0])
        if i == min(10, reloads // 2):
            memory.append(churn.memory())
        time.sleep(max(0.0, start + (i + 1) * seconds / reloads - time.monotonic()))
    memory.append(churn.memory())
    closed = churn.closed()[began:]
    for tool in load:
        tool.wait(seconds + PATIENCE_MS / 1000 + 60)
    return {"load": [tool.result() for tool in load], "ms": sorted(took), "kib": memory, "closed": closed}
