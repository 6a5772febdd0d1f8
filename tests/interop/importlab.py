#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Starts the program that each configuration of tests/import was written for, asks it the same requests as radsecgw with
the imported configuration, and compares the answers and what arrives at the servers behind.

    importlab.py [--only SHAPE] [--verbose]

Addresses and names are replaced by those of the lab. `=` is the same, `~` a difference that has a reason in ALLOWED,
`!` another difference, which ends with status 1."""
import argparse
import concurrent.futures
import pathlib
import re
import socket
import subprocess
import sys
import threading
import typing

HERE = pathlib.Path(__file__).resolve()
sys.path.insert(0, str(HERE.parents[1] / "e2e"))

import radius  # noqa: E402
from lab import Lab, Process, binary, wait_for  # noqa: E402
from peer import TlsPeer  # noqa: E402

FILES = HERE.parents[1] / "import"
TLS_SECRET = b"radsec"
NAS_IDENTIFIER, VENDOR, EAP_MESSAGE, STATE, CHAP = 32, 26, 79, 24, 3
VLAN = radius.attr(64, b"\0\0\0\x0d") + radius.attr(65, b"\0\0\0\x06") + radius.attr(81, b"42")
KEYS = {16: b"receive-key-of-32-octets-........", 17: b"send-key-of-32-octets-..........."}
# Made anew for each hop (Message-Authenticator), of the hop itself (Proxy-State), or what radsecgw says in addition when
# it rejects on its own (Error-Cause, RFC 5176 3.5).
OF_THE_HOP = (radius.MESSAGE_AUTHENTICATOR, radius.PROXY_STATE, 101)


class Shape(typing.NamedTuple):
    file: str
    changes: tuple  # (regular expression, text with names of places in braces)
    secret: str
    known: str  # a realm that is served
    other: str  # a realm that goes another way
    more: tuple = ()  # further User-Names
    source: str = "127.0.0.1"  # where the NAS is


def near(vendor, kind, value):
    return radius.attr(VENDOR, vendor.to_bytes(4, "big") + radius.attr(kind, value))


def hide_key(key, secret, authenticator, salt):
    """RFC 2548 2.4.2."""
    text = bytes([len(key)]) + key
    return salt + radius.hide(text, secret, authenticator + salt)


def show_key(value, secret, authenticator):
    text = radius.unhide(value[2:], secret, authenticator + value[:2])
    return text[1:1 + text[0]]


def shown(packet, secret, authenticator):
    """The attributes in a form that is the same on each hop, but for what a hop makes."""
    found = []
    for kind, value in radius.attributes(packet):
        if kind in OF_THE_HOP:
            continue
        if kind == radius.USER_PASSWORD:
            value = radius.unhide(value, secret, authenticator).rstrip(b"\0")
        if kind == VENDOR and value[:4] == (311).to_bytes(4, "big") and value[4] in KEYS and len(value) > 24:
            value = value[:5] + show_key(value[6:], secret, authenticator)
        found.append((kind, value))
    return sorted(found)


class Far:
    """The servers at the far ends: each keeps what it gets and answers by the request."""

    def __init__(self, pki):
        self.pki, self.got, self.lock = pki, {}, threading.Lock()
        self.sockets, self.peers = [], []
        self.odd = []  # packets that cannot be read

    def udp(self, address, port, secret):
        s = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
        s.bind((address, port))
        self.sockets.append(s)
        threading.Thread(target=self._serve, args=(s, secret), daemon=True).start()

    def tls(self, address, port, name):
        def behave(_peer, connection, packet):
            connection.sendall(self.answer(packet, TLS_SECRET))
        self.peers.append(TlsPeer(port, self.pki / f"{name}.pem", self.pki / f"{name}.key", self.pki / "ca.pem",
                                  behave=behave, address=address, alpn=()))

    def _serve(self, s, secret):
        while True:
            try:
                packet, sender = s.recvfrom(4096)
                s.sendto(self.answer(packet, secret), sender)
            except ValueError:
                self.odd.append(packet)
            except OSError:
                return

    def answer(self, packet, secret):
        states = b"".join(radius.attr(k, v) for k, v in radius.attributes(packet) if k == radius.PROXY_STATE)
        label = radius.get(packet, NAS_IDENTIFIER)
        if packet[0] == radius.STATUS_SERVER or label is None:
            return radius.usual_answer(packet, secret)
        with self.lock:
            self.got.setdefault(label.decode(), set()).add((packet[0], tuple(shown(packet, secret, packet[4:20]))))
        if packet[0] == radius.ACCOUNTING_REQUEST:
            return radius.answer(radius.ACCOUNTING_RESPONSE, packet, states, secret)
        if radius.get(packet, EAP_MESSAGE) is not None:
            more = radius.attr(EAP_MESSAGE, b"\1\2\0\6\x19\x20") + radius.attr(STATE, b"state") + radius.attr(27, b"\0\0\0\x1e")
            return radius.answer(radius.ACCESS_CHALLENGE, packet, more + states, secret)
        password = radius.get(packet, radius.USER_PASSWORD)
        if password is not None and radius.unhide(password, secret, packet[4:20]).startswith(b"wrong"):
            return radius.answer(radius.ACCESS_REJECT, packet, radius.attr(radius.REPLY_MESSAGE, b"no") + states, secret)
        attributes = radius.attr(radius.REPLY_MESSAGE, b"hello") + VLAN + radius.attr(11, b"guests") + radius.attr(25, b"class")
        attributes += near(14823, 2, b"\0\0\0\x2a") + near(9, 1, b"shell:x=y") + near(99, 100, b"x")
        for kind, key in KEYS.items():
            attributes += near(311, kind, hide_key(key, secret, packet[4:20], bytes([0x80 + kind, 1])))
        return radius.answer(radius.ACCESS_ACCEPT, packet, attributes + states, secret)

    def close(self):
        for s in self.sockets:
            s.close()
        for p in self.peers:
            p.close()


def requests_for(shape):
    """The requests by name: (source address, what makes one of the name, the secret and a number)."""
    k, o = shape.known, shape.other

    def login(user, password=b"secret", more=b"", signed=True):
        return lambda label, secret, n: radius.access_request(n, secret, user.encode(), password,
                                                              radius.attr(NAS_IDENTIFIER, label) + more, signed)

    def other_login(attributes, damage=False):
        def make(label, secret, n):
            packet = radius.request(radius.ACCESS_REQUEST, n, attributes + radius.attr(NAS_IDENTIFIER, label), secret)
            return packet[:22] + bytes(b ^ 1 for b in packet[22:38]) + packet[38:] if damage else packet
        return make

    def account(user, kind=1, wrong=False):
        def make(label, secret, n):
            attributes = radius.attr(40, bytes([0, 0, 0, kind])) + radius.attr(44, b"session") + radius.attr(4, b"\x7f\0\0\1")
            attributes += radius.attr(NAS_IDENTIFIER, label) + (radius.attr(1, user.encode()) if user else b"")
            return radius.request(radius.ACCOUNTING_REQUEST, n, attributes, b"another" if wrong else secret)
        return make

    name = radius.attr(1, f"bob@{k}".encode())
    eap = radius.attr(EAP_MESSAGE, b"\2\1\0\x08\1bob")
    made = {
        "login": login(f"bob@{k}"), "wrong password": login(f"bob@{k}", b"wrong"), "upper case": login(f"bob@{k.upper()}"),
        "mixed case": login(f"Bob@{k.title()}"), "no realm": login("bob"), "only realm": login(f"@{k}"),
        "two ats": login(f"a@b@{k}"), "last dot": login(f"bob@{k}."), "two dots": login(f"bob@x..{k}"),
        "blank in name": login(f"a b@{k}"), "blank in realm": login("bob@a b.example"), "no dot": login("bob@local"),
        "part of realm": login(f"bob@dept.{k}"), "longer realm": login(f"bob@x{k}"), "other realm": login(f"bob@{o}"),
        "other realm, wrong": login(f"bob@{o}", b"wrong"), "UTF-8": login(f"j\u00fcrgen@{k}"),
        "long password": login(f"bob@{k}", b"x" * 100), "no password": login(f"bob@{k}", b""),
        "long name": login("b" * 200 + f"@{k}"), "unsigned": login(f"bob@{k}", signed=False),
        "proxied": login(f"bob@{k}", more=radius.attr(radius.PROXY_STATE, b"abc")),
        "operator": login(f"bob@{k}", more=radius.attr(126, b"1other.example")),
        "VLAN asked": login(f"bob@{k}", more=VLAN),
        "port, station": login(f"bob@{k}", more=radius.attr(5, b"\0\0\0\1") + radius.attr(61, b"\0\0\0\x13")
                               + radius.attr(31, b"00:11:22:aa:bb:cc") + radius.attr(27, b"\0\0\0\5")
                               + radius.attr(6, b"\0\0\0\2")),
        "vendors": login(f"bob@{k}", more=near(9, 1, b"a=b") + near(311, 25, b"x" * 50) + near(14823, 1, b"a guest")
                         + near(14179, 2, b"\0\0\0\1")),
        "EAP": other_login(name + eap), "no name": other_login(eap), "other EAP": other_login(radius.attr(1, f"x@{o}".encode()) + eap),
        "CHAP": other_login(name + radius.attr(CHAP, b"\1" + b"c" * 16) + radius.attr(60, b"d" * 16)),
        "wrong signature": other_login(name + eap, damage=True),
        "accounting": account(f"bob@{k}"), "other accounting": account(f"bob@{o}"), "stop": account(f"bob@{k}", 2),
        "accounting, no name": account(None), "accounting, wrong secret": account(f"bob@{k}", wrong=True),
        "status": lambda label, secret, n: radius.request(radius.STATUS_SERVER, n, radius.attr(NAS_IDENTIFIER, label), secret),
    }
    made.update({f"user {user}": login(user) for user in shape.more})
    found = {label: (shape.source, make) for label, make in made.items()}
    found["unknown client"] = ("127.0.99.9", login(f"bob@{k}"))
    return found


def ask(port, label, source, make, secret, number, seconds=5):
    """The answer: its code and attributes; None = there is none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind((source, 0))
        s.settimeout(seconds)
        packet = make(label.encode(), secret, number)
        s.sendto(packet, ("127.0.0.1", port))
        try:
            answer = s.recv(4096)
        except (TimeoutError, ConnectionRefusedError):
            return None
    if not radius.answer_ok(answer, packet, secret):
        return "an answer that is not authentic"
    return answer[0], tuple(shown(answer, secret, packet[4:20]))


class Place:
    """One shape with all around it."""

    def __init__(self, lab, shape):
        self.lab, self.shape, self.secret = lab, shape, shape.secret.encode()
        self.pki = lab.pki(servers=("localhost",), clients=("gateway.test",))
        self.far = Far(self.pki)
        self.ports = {name: lab.port() for name in ("udp", "acct", "tls", "a", "b", "c")}
        text = (FILES / shape.file).read_text()
        for theirs, ours in COMMON + shape.changes:
            text, count = re.subn(theirs, lambda m, ours=ours: self.word(m.expand(ours)), text, flags=re.M)
            if not count and (theirs, ours) in shape.changes:
                raise ValueError(f"{shape.file} has no {theirs}")
        self.text = text
        self.conf = lab.write(f"theirs{pathlib.Path(shape.file).suffix}", text)

    def word(self, text):
        for name, port in self.ports.items():
            text = text.replace("{" + name + "}", str(port))
        return text.replace("{pki}", str(self.pki)).replace("{dir}", str(self.lab.dir))

    def original(self):
        if self.conf.suffix == ".fr":
            return self.freeradius()
        conf = self.lab.write("started.conf", of_uci(self.text)) if self.conf.suffix == ".uci" else self.conf
        return Process(self.lab, "original", ["/usr/sbin/radsecproxy", "-f", "-c", conf])

    def freeradius(self):
        d = self.lab.dir / "raddb"
        self.lab.write("raddb/dictionary", "$INCLUDE /usr/share/freeradius/dictionary\n")
        self.lab.write("raddb/radiusd.conf", FREERADIUS.format(d=d, theirs=self.conf, **self.ports))
        return Process(self.lab, "original", ["/usr/sbin/freeradius", "-d", d, "-f", "-l", "stdout", "-x"])

    def imported(self):
        done = subprocess.run([*binary(), "import", str(self.conf)], capture_output=True, text=True, check=False)
        if done.returncode == 2:
            raise ValueError(done.stderr)
        self.said = done.stderr
        text = re.sub(r"^target = .*$", "target = stderr", done.stdout, flags=re.M)
        text = re.sub(r"^udp = \[::\]:1812, \[::\]:1813$", self.word("udp = 127.0.0.1:{udp}, 127.0.0.1:{acct}"), text,
                      flags=re.M)
        ini = self.lab.write("radsecgw.ini", text)
        return self.lab.gateway(ini, wait="started")

    def port_of(self, label):
        return self.ports["acct" if self.conf.suffix == ".fr" and ("accounting" in label or label == "stop") else "udp"]

    def answers(self, program):
        """What comes back, and what arrives behind."""
        requests = requests_for(self.shape)

        def ready():
            if program.popen.poll() is not None:
                raise RuntimeError(program.log())
            warm = [ask(self.ports["udp"], "warm", *requests[label], self.secret, n, 1)
                    for n, label in enumerate(("login", "other realm"))]
            return all(w is not None for w in warm)
        try:
            wait_for("logins", ready, 20)
        except TimeoutError as e:
            raise TimeoutError(f"{e}; packets that cannot be read: {[p.hex() for p in self.far.odd[:2]]}") from e
        with self.far.lock:
            self.far.got.clear()
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            jobs = {label: pool.submit(ask, self.port_of(label), label, source, make, self.secret, n)
                    for n, (label, (source, make)) in enumerate(requests.items())}
            back = {label: job.result() for label, job in jobs.items()}
        with self.far.lock:
            return {label: (back[label], self.far.got.get(label, set())) for label in requests}


FREERADIUS = """\
prefix = /usr
name = freeradius
raddbdir = {d}
logdir = {d}
run_dir = {d}
libdir = /usr/lib/freeradius
pidfile = {d}/pid
max_request_time = 30
correct_escapes = true
security {{
    reject_delay = 0
    status_server = yes
    allow_vulnerable_openssl = yes
}}
thread pool {{
    start_servers = 4
    max_servers = 8
}}
modules {{
    realm suffix {{
        format = suffix
        delimiter = "@"
    }}
    always ok {{
        rcode = ok
    }}
}}
$INCLUDE {theirs}
server default {{
    listen {{
        type = auth
        ipaddr = 127.0.0.1
        port = {udp}
    }}
    listen {{
        type = acct
        ipaddr = 127.0.0.1
        port = {acct}
    }}
    authorize {{
        suffix
    }}
    preacct {{
        suffix
    }}
    accounting {{
        ok
    }}
}}
server inner-tunnel {{
    authorize {{
        ok
    }}
}}
"""


def of_uci(text):
    """The radsecproxy.conf that OpenWrt's init script writes."""
    out, block = [], False
    for line in text.splitlines():
        words = re.findall(r"'[^']*'|\S+", line)
        words = [w.strip("'") for w in words]
        if not words or words[0].startswith("#"):
            continue
        if words[0] == "config":
            out += ["}"] if block else []
            block, kind = words[1] != "options", words[1]
        elif words[1] == "name" and block:
            out.append(f"{kind} {words[2]} {{")
        else:
            value = {"1": "on", "0": "off"}.get(words[2], words[2]) if words[1].lower() != "loglevel" else words[2]
            out.append(f"{words[1]} {value}")
    return "\n".join([*out, "}" if block else "", ""])


COMMON = ((r"certs/ca\.pem", "{pki}/ca.pem"), (r"certs/gateway\.(pem|key)", r"{pki}/gateway.test.\1"),
          (r"^LogDestination .*", ""))
SHAPES = {
    "institution": Shape("institution.conf", (
        (r"^ListenUDP .*", "ListenUDP 127.0.0.1:{udp}"), (r"\*:2083", "127.0.0.1:{tls}"), (r"^SourceTLS .*\n", ""),
        (r"^(LogMAC|LogKey|FTicks\w*) .*\n", ""), (r"^ *fticksVIS.*\n", ""), (r"^ *policyOID .*\n", ""),
        (r"host 10\.1\.1\.1\n", "host 127.0.0.7\n"), (r"10\.1\.2\.0/24", "127.0.8.0/24"),
        (r"(server tld1 \{\n.*\n *host) radius1\.nro\.example", r"\1 localhost:{a}"),
        (r"(server tld2 \{\n *host) radius2\.nro\.example\n *port 2084", r"\1 localhost\n    port {b}"),
        (r"host radius[12]\.nro\.example", "host localhost"), (r"radius\[0-9\]\\\.nro\\\.example", "localhost"),
        (r"127\.0\.0\.1:1812", "127.0.0.1:{c}"), (r"port 1813", "port {acct}")),
        "local-secret-of-24-octets", "example.edu", "guest.example",
        ("admin@example.edu", "host/pc@myabc.com", "1@wlan.mnc001.3gppnetwork.org")),
    "rewrites": Shape("rewrites.conf", (
        (r"^ListenUDP .*", "ListenUDP 127.0.0.1:{udp}"), (r"host 10\.0\.0\.9", "host 127.0.0.1:{a}"),
        (r"^ *addAttribute (26|80):.*\n", ""), (r"host 10\.0\.0\.1\n", "host 127.0.0.1\n"), (r"host 10\.0\.0\.2\n", "host 127.0.0.2\n")),
        "a-secret-of-24-octets-ok", "example.com", "guest.example", ("bob@local", "bob@old.example")),
    "old": Shape("old.conf", (
        (r"localhost:1812$", "127.0.0.1:{udp}"), (r"localhost:1813$", "127.0.0.1:{acct}"),
        (r"^client localhost", "client 127.0.0.1"), (r"defaultserver", "defaultServer"), (r"^ *CertificateKeyPassword.*\n", ""),
        (r"CACertificatePath *certs", "CACertificateFile {pki}/ca.pem"),
        (r"localhost:18120", "127.0.0.1:{a}"), (r"CN:/\^etlr1\\\.eduroam\\\.org\$/", r"CN:/^localhost$/"),
        (r"etlr1\.eduroam\.org", "localhost:{b}")),
        "mysecret", "eduroam.cc", "guest.example", ("anonymous", "x@example.com", "x@other.com", "x@late.example")),
    "openroaming": Shape("openroaming.conf", (
        (r"\*:1812", "127.0.0.1:{udp}"), (r"\*:1813", "127.0.0.1:{acct}"), (r"10\.0\.0\.0/8", "127.0.0.0/16"),
        (r"CACertificatePath certs", "CACertificateFile {pki}/ca.pem"), (r" *host \[::\]/0\n", ""),
        (r"/etc/radsecproxy/naptr-openroaming\.sh", "/bin/false"),
        (r"flr\.eduroam\.example", "localhost:{b}"), (r"port 1812", "port {a}")),
        "mysecretmysecretmysecret", "provider.example", "university.edu", ("x@a.openroaming.example", "x@nowhere.example")),
    "openwrt": Shape("openwrt.uci", (
        (r"localhost:1812", "127.0.0.1:{udp}"), (r"127\.0\.0\.1:1813", "127.0.0.1:{acct}"),
        (r"option name 'localhost'", "option name '127.0.0.1'"),
        (r"option name 'radius\.provider\.example'", r"\g<0>\n\toption host 'localhost'\n\toption port '{b}'")),
        "hostapd-and-radsecproxy", "provider.example", "guest.example"),
    "fr-proxy": Shape("proxy.fr", (
        (r"^home_server_pool national", r"home_server local {\n\tvirtual_server = inner-tunnel\n}\n\g<0>"),
        # Between double quotes FreeRADIUS 3.2 takes both backslashes of an expression as they stand.
        (r"\\\\", r"\\"), (r"192\.0\.2\.1", "127.77.0.1"), (r"192\.0\.2\.2", "127.77.0.2"), (r"10\.0\.0\.5", "127.0.0.1")),
        "testing123-testing123-x", "partner.example", "guest.example", ("bob@example.edu",)),
    "fr-clients": Shape("clients.fr", (
        (r"10\.9\.0\.1", "127.77.0.1"), (r"10\.9\.0\.2", "127.77.0.2"), (r"ipv6addr = 2001:db8::3", "ipaddr = 127.77.0.3"),
        (r"10\.0\.0\.0/8", "127.0.0.0/16")),
        'quoted "secret" # no comment', "home.example", "guest.example"),
}
# Those that need something this lab has not.
NOT_RUN = {"psk.conf": "pre-shared keys are of radsecproxy 1.10; the one of Debian 12 is 1.9",
           "mistakes.conf": "neither program starts with it",
           "national.conf": "its clients are 300 others over TLS; test_import.py has one national proxy",
           "radsec.fr": "its way in is TLS only"}
FAR_SECRETS = {"institution": "local-secret-of-24-octets", "rewrites": "the-secret-of-the-home-server", "old": "homesecret",
               "openroaming": "idpsecretidpsecretidpsecret", "fr-proxy": "nro secret of 24 octets",
               "fr-clients": "server-secret-of-24-octets"}

# (shape, requests): what each of the programs does, which the imported text says, too, in a remark or a comment.
NO_NAME = "a request without User-Name: radsecgw sends it where names without a realm go"
ONE_RULE = "[realm] stands for the text behind the last @; an expression over the name before it is a remark"
STRIPPED = "radsecgw strips the realm of all names that go to the servers of a pool; FreeRADIUS of those of this realm"
DYNAMIC = "radsecproxy asks its lookup command first; radsecgw has no such server, and a remark says so"
ALLOWED = {
    ("institution", "no name|accounting, no name"): NO_NAME, ("old", "no name|accounting, no name"): NO_NAME,
    ("openroaming", "no name|accounting, no name"): NO_NAME, ("openwrt", "no name|accounting, no name"): NO_NAME,
    ("fr-proxy", "no name|accounting, no name"): NO_NAME, ("fr-clients", "no name|accounting, no name"): NO_NAME,
    ("institution", "user admin@example.edu"): ONE_RULE, ("old", "user anonymous"): ONE_RULE,
    ("old", "user x@other.com"): "an empty realm: radsecproxy does not answer, radsecgw rejects with a text",
    ("openroaming", "no realm|blank in realm|user x@.*"): DYNAMIC,
    ("rewrites", "port, station"): "modifyAttribute: radsecproxy changes the first place that fits, radsecgw the last",
    ("rewrites", "EAP|other EAP|no name"): "keep-only: radsecgw always leaves State, which EAP needs",
    ("rewrites", "user bob@old.example"): "radsecproxy puts the User-Name of the request into the answer again",
    ("fr-proxy|fr-clients", "no password"): "FreeRADIUS sends no User-Password where it is empty, radsecgw sends it",
    ("fr-proxy", "user bob@example.edu"): "the server itself answered this realm",
    ("fr-clients", "last dot|two dots|blank in realm|no dot|part of realm|longer realm|other .*"): STRIPPED,
}


def stand_ins(place, name):
    far, p = place.far, place.ports
    secret = FAR_SECRETS.get(name, "").encode()
    if name.startswith("fr-"):
        for address in ("127.77.0.1", "127.77.0.2", "127.77.0.3"):
            for port in (1812, 1813):
                far.udp(address, port, secret)
    elif name == "institution":
        far.tls("127.0.0.1", p["a"], "localhost")
        far.tls("127.0.0.1", p["b"], "localhost")
        far.udp("127.0.0.1", p["c"], secret)
        far.udp("127.0.0.1", p["acct"], secret)
    else:
        far.udp("127.0.0.1", p["a"], secret)
        far.tls("127.0.0.1", p["b"], "localhost")


def both(name):
    """What the original and radsecgw did: two tables of request -> (answer, arrivals)."""
    shape = SHAPES[name]
    with Lab() as lab:
        place = Place(lab, shape)
        stand_ins(place, name)
        try:
            theirs = place.original()
            before = place.answers(theirs)
            theirs.stop()
            after = place.answers(place.imported())
        finally:
            place.far.close()
        return before, after


def reason(name, label):
    return next((why for (shape, request), why in ALLOWED.items()
                 if re.fullmatch(shape, name) and re.fullmatch(request, label)), None)


def words_of(done):
    back, got = done
    return f"answer {back}, behind {sorted(got)}"


def compare(name, verbose=False):
    """Lines of the table, and how many differences have no reason."""
    before, after = both(name)
    lines, wrong, counts = [], 0, {"=": 0, "~": 0, "!": 0}
    for label, theirs in before.items():
        ours = after[label]
        why = None if theirs == ours else reason(name, label)
        mark = "=" if theirs == ours else "~" if why else "!"
        counts[mark] += 1
        if mark != "=":
            lines.append(f"  {mark} {label}: {why or ''}")
        if mark == "!" or (verbose and mark == "~"):
            lines += [f"      original: {words_of(theirs)}", f"      radsecgw: {words_of(ours)}"]
        wrong += mark == "!"
    answered = sum(back is not None for back, _ in before.values())
    head = f"{name}: {counts['=']} the same, {counts['~']} with a reason, {counts['!']} without; {answered} were answered"
    return [head, *lines], wrong


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--only", default="", help="the name of a shape")
    arguments.add_argument("--verbose", action="store_true", help="also what differs with a reason")
    options = arguments.parse_args()
    total = tried = 0
    for name in SHAPES:
        if options.only in name:
            lines, wrong = compare(name, options.verbose)
            print("\n".join(lines), flush=True)
            total, tried = total + wrong, tried + 1
    for file, why in NOT_RUN.items():
        print(f"{file}: not run, for {why}")
    return 1 if total or not tried else 0


if __name__ == "__main__":
    sys.exit(main())
