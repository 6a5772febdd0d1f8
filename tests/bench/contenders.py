# SPDX-License-Identifier: GPL-2.0-or-later
"""The gateways that table.py compares, and what stands on both sides of them:

    outbound    load -> RADIUS/UDP -> the contender -> RADIUS/TLS -> respond_tls
    inbound     load -> RADIUS/TLS -> the contender -> RADIUS/UDP -> respond

Configurations are as small as they can be, and defaults are left alone, but for what would make it a comparison of
limits: radsecgw may open as many connections as it wants at once, and its UDP port has a receive buffer that holds
the largest window. The floor has both built in; radsecproxy has an option for neither."""
import os
import subprocess
import time

import parts
from lab import NAS_SECRET, Gateway, Process, tcp_open

OUTBOUND, INBOUND = "outbound", "inbound"
LEAN, SYSTEM, RADSECPROXY, FLOOR = "lean", "system", "radsecproxy", "floor"
WHAT = {
    LEAN: "radsecgw with the lean wolfSSL",
    SYSTEM: "radsecgw with Debian's wolfSSL",
    RADSECPROXY: "Debian's radsecproxy",
    FLOOR: "a bare forwarder: no duplicates, no timers, one packet per system call",
}
# So that limits for strangers are not what is measured.
OPEN = "max-connections = 20000\nmax-connections-per-address = 20000\nmax-half-open = 5000\n" \
       "max-half-open-per-address = 1024\n" \
       "connect-rate = 0\nconnect-rate-per-address = 0\n"
CONNECTIONS = 16


class Shape:
    """How large a configuration is: so many realms, spread over so many peers; 0 = one of each. With `workers`
    it serves clients at many addresses. `more`: further sections for radsecgw."""

    def __init__(self, realms=0, peers=0, workers=0, more=""):
        self.realms, self.peers, self.workers, self.more = realms, peers, workers, more

    @property
    def user(self):
        return f"bob@r{self.realms // 2}.example" if self.realms else "bob@example.org"


SMALL = Shape()


class Server(parts.Tool):
    """A RADIUS/TLS server that says yes at once."""

    def __init__(self, lab, pki):
        self.port = lab.port()
        super().__init__(lab, "server", "respond_tls", "--listen", f"127.0.0.1:{self.port}", "--pki", pki)
        self.wait_log("^ready")


class Field:
    """The far ends, and whatever else contenders are started with."""

    def __init__(self, lab, args, pki):
        self.lab, self.pki = lab, pki
        self.binaries = {LEAN: os.path.abspath(args.lean), SYSTEM: os.path.abspath(args.system),
                         RADSECPROXY: parts.RADSECPROXY, FLOOR: str(lab.tools / "floor")}
        self.home, self.server = parts.Home(lab), Server(lab, pki)

    def responder(self, direction):
        return self.server if direction == OUTBOUND else self.home

    def start(self, name, direction, shape=SMALL, gateway="", pki=None):
        """A new process that serves; .port is where requests go, .start_ms how long it took: until the first
        answer (outbound) or until it listens (inbound)."""
        pki = pki or self.pki
        began = time.time()
        if direction == OUTBOUND:
            process = OUTBOUND_STARTS[name](self, self.binaries[name], pki, shape)
            process.start_ms = (self.first_answer(process, shape) - began) * 1000
        else:
            process = INBOUND_STARTS[name](self, self.binaries[name], pki, gateway)
            while not tcp_open(process.port):
                if time.time() > began + 20 or not parts.is_alive(process):
                    raise RuntimeError(f"{name} does not listen:\n{process.log()[-3000:]}")
                time.sleep(0.001)
            process.start_ms = (time.time() - began) * 1000
        return process

    def first_answer(self, process, shape):
        words = ["--count", 1, "--window", 1, "--retry", 2, "--timeout", 60000, "--user", shape.user]
        result = parts.load(self.lab, process.port, *words, seconds=60)
        if result["answered"] != 1:
            raise RuntimeError(f"{process.name} does not answer:\n{process.log()[-3000:]}")
        return result["first_answer"]


def words_for(field, process, direction):
    """What load has to be told to reach it."""
    words = ["--target", f"127.0.0.1:{process.port}"]
    if direction == OUTBOUND:
        return [*words, "--secret", NAS_SECRET]
    return [*words, "--pki", field.pki]


# ---- outbound

def peers_of(shape):
    return [f"p{i}" for i in range(shape.peers or 1)]


def realms_of(shape):
    """Which realm goes to which peer."""
    if not shape.realms:
        return [("*", "p0")]
    return [(f"r{i}.example", f"p{i % (shape.peers or 1)}") for i in range(shape.realms)]


def radsecgw_out(field, binary, pki, shape):
    lab, port = field.lab, field.lab.port()
    realms = "".join(f"[realm {realm}]\npool = {peer}\n" for realm, peer in realms_of(shape))
    peers = "".join(f"""\
[peer {peer}]
connect = localhost:{field.server.port}
tls = lab
connections = {0 if shape.peers else 1}-{CONNECTIONS}
connect-rate = 0
""" for peer in peers_of(shape))
    workers = f"[gateway]\nworkers = {shape.workers}" if shape.workers else ""
    conf = lab.write(f"gateway-{len(lab.processes)}.ini", f"""\
{workers}
[tls lab]
certificate = {pki}/gateway.test.pem
key = {pki}/gateway.test.key
ca = {pki}/ca.pem
[listen local]
udp = 127.0.0.1:{port}
receive-buffer = 16m
[client nas]
address = {"127.0.0.0/8" if shape.workers else "127.0.0.1"}
secret = {NAS_SECRET}
{peers}
{realms}
{shape.more}
""")
    process = Gateway(lab, f"gateway-{len(lab.processes)}", [binary, "run", "-c", conf])
    process.port = port
    return process


def radsecproxy_out(field, binary, pki, shape):
    lab, port = field.lab, field.lab.port()
    name = f"radsecproxy-{len(lab.processes)}"
    realms = "".join(f"realm {realm} {{\nserver {peer}\naccountingServer {peer}\n}}\n"
                     for realm, peer in realms_of(shape))
    servers = "".join(f"""
server {peer} {{
    host 127.0.0.1
    port {field.server.port}
    type tls
    tls default
    secret radsec
    certificateNameCheck off
}}
""" for peer in peers_of(shape))
    conf = lab.write(f"{name}.conf", f"""\
ListenUDP 127.0.0.1:{port}
tls default {{
    CACertificateFile {pki}/ca.pem
    CertificateFile {pki}/gateway.test.pem
    CertificateKeyFile {pki}/gateway.test.key
}}
client nas {{
    host 127.0.0.1
    type udp
    secret {NAS_SECRET}
}}
{servers}
{realms}
""")
    process = Process(lab, name, [binary, "-f", "-c", conf])
    process.port = port
    return process


def floor_out(field, binary, pki, shape):
    lab, port = field.lab, field.lab.port()
    process = Process(lab, f"floor-{len(lab.processes)}",
                      [binary, "--listen", f"127.0.0.1:{port}", "--to", f"127.0.0.1:{field.server.port}",
                       "--pki", pki, "--name", "gateway.test", "--udp-secret", NAS_SECRET, "--lanes", CONNECTIONS])
    process.port = port
    return process


OUTBOUND_STARTS = {LEAN: radsecgw_out, SYSTEM: radsecgw_out, RADSECPROXY: radsecproxy_out, FLOOR: floor_out}


# ---- inbound

def radsecgw_in(field, binary, pki, gateway):
    conf, port = parts.inner_conf(field.lab, pki, field.home, f"inner-{len(field.lab.processes)}.ini", gateway)
    process = Gateway(field.lab, f"inner-{len(field.lab.processes)}", [binary, "run", "-c", conf])
    process.port = port
    return process


def radsecproxy_in(field, binary, pki, gateway):
    return parts.start_radsecproxy(field.lab, pki, field.home, log="", wait=False)


def floor_in(field, binary, pki, gateway):
    lab, port = field.lab, field.lab.port()
    process = Process(lab, f"floor-{len(lab.processes)}",
                      [binary, "--inbound", "--listen", f"127.0.0.1:{port}", "--to", f"127.0.0.1:{field.home.auth}",
                       "--pki", pki, "--udp-secret", field.home.secret, "--lanes", CONNECTIONS])
    process.port = port
    return process


INBOUND_STARTS = {LEAN: radsecgw_in, SYSTEM: radsecgw_in, RADSECPROXY: radsecproxy_in, FLOOR: floor_in}


# ---- certificates

def rsa_pki(lab, names):
    """As certs/make-pki.sh makes them, but with RSA keys of 2048 bits throughout."""
    where = lab.dir / "pki-rsa"
    where.mkdir()
    conf = lab.write("pki-rsa/openssl.cnf", "[req]\ndistinguished_name = name\n[name]\n")

    def make(name, *more):
        argv = ["openssl", "req", "-config", conf, "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30",
                "-keyout", where / f"{name}.key", "-out", where / f"{name}.pem", "-subj", f"/CN={name}", *more]
        subprocess.run(argv, check=True, capture_output=True)

    make("ca", "-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign,cRLSign")
    for name in names:
        make(name, "-CA", where / "ca.pem", "-CAkey", where / "ca.key", "-addext", f"subjectAltName=DNS:{name}",
             "-addext", "basicConstraints=critical,CA:FALSE", "-addext", "extendedKeyUsage=serverAuth,clientAuth")
        chain = where / f"{name}.pem"
        chain.write_text(chain.read_text() + (where / "ca.pem").read_text())
    return where
