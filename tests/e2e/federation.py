# SPDX-License-Identifier: GPL-2.0-or-later
"""A federation in one network: institutions, national proxies, and hosts that go and come back.

    eapol_test -> r1orgC -> r1nren, r2nren -> r1orgA, r2orgA

Each host is a radsecgw; one that is at home of users has a FreeRADIUS beside it. A host has an address of its own for
each neighbour that connects to it. So packets to and from a host that is gone vanish, as do those on a way that is
cut, and nobody is told. This needs a network namespace with nothing in it but a loopback interface."""
import dataclasses
import re
import subprocess
import time

from lab import HOME_SECRET, NAS_SECRET, PASSWORD, Gateway, binary, eapol_test, time_of

# Each FreeRADIUS is at two ports from HOME_PORT on. While its host is away, nobody else may get one of them by chance.
PORT, NAS_PORT, SILENT_PORT, HOME_PORT = 2083, 1812, 1899, 18120

# These tables say who asks whom, realm by realm, the best first. r1orgA and r2orgA are at home of the same users.
NATIONAL = {"orga.example": ["r1orgA", "r2orgA"], "orgb.example": ["r1orgB"], "orgd.example": ["r1orgD"],
            "orge.example": ["r1orgE"]}
ASKS = {"r1orgC": {"*": ["r1nren", "r2nren"]}, "r1nren": NATIONAL, "r2nren": NATIONAL}

# This table says whose users are at home where. The RADIUS server of orgD takes requests and never answers; orgE's host
# is gone.
SERVES = {"r1orgA": "orga.example", "r2orgA": "orga.example", "r1orgB": "orgb.example", "r1orgD": "orgd.example"}
DEAD_REALMS = ("orgd.example", "orge.example")
HOSTS = [*ASKS, *SERVES, "r1orgE"]

# What happens after so many seconds is no excuse any more: a login is over by then, even if a host goes.
LOGIN_SECONDS = 5


def asked_by(name):
    return sorted({h for hosts in ASKS.get(name, {}).values() for h in hosts})


def askers_of(name):
    return [h for h in ASKS if name in asked_by(h)]


def link(asker, asked):
    """The address at which one host is for another."""
    return f"127.1.{HOSTS.index(asker)}.{HOSTS.index(asked)}"


def user_of(realm):
    return f"bob@{realm}"


class Host:
    """One machine: what runs on it lives and dies with it."""

    def __init__(self, federation, name):
        self.federation, self.name, self.starts = federation, name, 0
        self.gateway = self.home = None
        if name in SERVES and SERVES[name] not in DEAD_REALMS:
            first = HOME_PORT + 2 * HOSTS.index(name)
            self.home = federation.lab.freeradius(
                f"freeradius-{name}", eap_pki=federation.eap_pki, ports=(first, first + 1),
                users=f'{user_of(SERVES[name])} Cleartext-Password := "{PASSWORD}"')
        self.conf = federation.lab.write(f"{name}.ini", self._conf())

    def _conf(self):
        pki, name = self.federation.pki, self.name
        return f"""\
[gateway]
drain-time = 500ms
[log]
level = debug
rate = 0
[tls federation]
certificate = {pki}/{name.lower()}.test.pem
key = {pki}/{name.lower()}.test.key
ca = {pki}/ca.pem
{self._inbound() if askers_of(name) else self._nas()}
{self._outbound()}
{self._server() if name in SERVES else ""}
"""

    def _nas(self):
        return f"""
[listen local]
udp = 127.0.0.1:{NAS_PORT}
[client nas]
address = 127.0.0.1
secret = {NAS_SECRET}
"""

    def _inbound(self):
        askers = askers_of(self.name)
        return f"""
[listen radsec]
tls = {", ".join(f"{link(a, self.name)}:{PORT}" for a in askers)}
profile = federation
""" + "".join(f"""
[peer {a}]
accept = yes
name = {a.lower()}.test
tls = federation
""" for a in askers)

    def _outbound(self):
        text = "".join(f"""
[peer {h}]
connect = {link(self.name, h)}:{PORT}
name = {h.lower()}.test
tls = federation
{self.federation.peer}
""" for h in asked_by(self.name))
        for realm, hosts in ASKS.get(self.name, {}).items():
            text += f"""
[pool for-{realm.replace('*', 'all')}]
members = {", ".join(hosts)}
{self.federation.pool if len(hosts) > 1 else "retry-after = 0"}
[realm {realm}]
pool = for-{realm.replace('*', 'all')}
"""
        return text

    def _server(self):
        return f"""
[server local]
auth = 127.0.0.1:{self.home.auth if self.home else SILENT_PORT}
secret = {HOME_SECRET}
status-server = yes
[realm {SERVES[self.name]}]
pool = local
"""

    def start(self):
        """Starts the host again, its RADIUS server first."""
        self.federation.set_gone(self.name, False)
        if self.home is not None and self.home.popen.poll() is not None:
            self.home.start()
        self.gateway = Gateway(self.federation.lab, self.name, [*self.federation.gateway, "run", "-c", self.conf])
        self.starts += 1
        self.gateway.wait_log(" started: ", count=self.starts)
        self.federation.note(f"{self.name} is up")

    @property
    def is_up(self):
        return self.gateway is not None and self.gateway.popen.poll() is None

    def stop(self, gentle=False):
        """Ends the host: it is gone from one moment to the next, or its services end in good order, the gateway
        first."""
        if not gentle:
            self.federation.set_gone(self.name, True)
        self.federation.note(f"{self.name} {'stops' if gentle else 'is gone'}", self)
        for service in (self.gateway, self.home):
            if service is not None and gentle:
                service.stop()
            elif service is not None:
                service.popen.kill()
                service.popen.wait()


@dataclasses.dataclass
class Login:
    """What became of one login; times are seconds since the beginning of the federation."""
    realm: str
    station: str
    began: float
    took: float
    result: str      # OK, reject or time-out
    challenges: int  # that the NAS got


@dataclasses.dataclass
class Event:
    at: float
    text: str
    victim: Host  # whose end this is, or None


class Federation:
    """The hosts that a test wants; those of `down` are gone from the beginning."""

    def __init__(self, lab, hosts, down=(), gateway=None, pool="", peer="", timeout=20):
        self.lab, self.gateway, self.pool, self.peer, self.timeout = lab, gateway or binary(), pool, peer, timeout
        self.gone, self.cuts, self.events, self.logins = set(HOSTS), set(), [], []
        names = [f"{h.lower()}.test" for h in HOSTS]
        self.pki = lab.pki("pki", servers=names, clients=names)
        self.eap_pki = lab.pki("eap-pki", servers=("radius.example.org",), clients=("bob",))
        self.began, self.wall, self.nas_port = time.monotonic(), time.time(), NAS_PORT
        subprocess.run(["nft", "-f", "-"], input=f"""
table inet federation
delete table inet federation
table inet federation {{
    set vanish {{ type ipv4_addr; }}
    chain in {{
        type filter hook input priority 0;
        ip saddr @vanish drop
        ip daddr @vanish drop
        udp dport {SILENT_PORT} drop
    }}
}}
""", text=True, check=True)
        self.hosts = {name: Host(self, name) for name in hosts}
        for host in self.hosts.values():
            if host.name in down:
                host.stop()
            else:
                host.start()

    def now(self):
        return time.monotonic() - self.began

    def note(self, text, victim=None):
        self.events.append(Event(self.now(), text, victim))

    # ---- the network

    def _apply(self):
        lost = [link(a, b) for a in ASKS for b in asked_by(a)
                if a in self.gone or b in self.gone or (a, b) in self.cuts]
        add = f"add element inet federation vanish {{ {', '.join(lost)} }}\n" if lost else ""
        subprocess.run(["nft", "-f", "-"], input="flush set inet federation vanish\n" + add, text=True, check=True)

    def set_gone(self, name, gone):
        (self.gone.add if gone else self.gone.discard)(name)
        self._apply()

    def cut(self, asker, asked):
        """Nothing passes between these two any more."""
        self.cuts.add((asker, asked))
        self._apply()
        self.note(f"{asker} is cut off from {asked}")

    # ---- logins

    def login(self, realm="orga.example"):
        n = len(self.logins)
        station = f"02:00:00:00:{n // 256:02x}:{n % 256:02x}"
        home = next(h.home for h in self.hosts.values() if SERVES.get(h.name) == realm)
        began = self.now()
        good, keys, out = eapol_test(self.lab, home, self.nas_port, "PEAP-MSCHAPv2", user=user_of(realm),
                                     timeout=self.timeout, station=station)
        result = "OK" if good and keys else "time-out" if "EAPOL test timed out" in out else "reject"
        login = Login(realm, station, began, self.now() - began, result,
                      out.count("RADIUS message: code=11"))
        self.logins.append(login)
        return login

    def _said_by(self, host, since, until):
        """(time, line) of its gateway's log between these times."""
        lines = []
        for line in host.gateway.log().splitlines() if host.gateway else ():
            stamp = re.match(r"(\S+Z) ", line)
            if stamp is None:
                continue
            at = time_of(stamp[1]) - self.wall
            if since <= at <= until:
                lines.append((at, line[stamp.end():]))
        return lines

    def killed_home(self, login):
        """The end of the EAP server that held this login, which means that it had challenged the NAS; None if no such
        server ended while the login could not have been over yet."""
        until = login.began + min(login.took, LOGIN_SECONDS)
        for e in self.events:
            if e.victim is None or e.victim.home is None or not login.began <= e.at <= until:
                continue
            if login.challenges and any(" Access-Challenge " in line for _, line in
                                        self._said_by(e.victim, login.began, e.at)):
                return e
        return None

    def said(self, since, until):
        """The lines that the gateways logged between these times, without those for debugging."""
        lines = [(at, f"{at:.2f} {host.name}: {line}") for host in self.hosts.values()
                 for at, line in self._said_by(host, since, until)
                 if not re.match(r"debug |notice (status-|listening)", line)]
        return [text for _, text in sorted(lines)]
