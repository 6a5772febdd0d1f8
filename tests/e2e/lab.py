# SPDX-License-Identifier: GPL-2.0-or-later
"""A laboratory on loopback: real RADIUS servers, proxies and clients around radsecgw.

Everything lives in one scratch folder and in processes that the lab has started itself; leaving the
`with` block ends them and removes the folder, also after Ctrl-C.
"""
import collections
import ctypes
import datetime
import os
import pathlib
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import typing

ROOT = pathlib.Path(__file__).resolve().parents[2]
DICTIONARY = "/usr/share/freeradius"

USER, PASSWORD = "bob@example.org", "hello"
NAS_SECRET = "nas-secret-of-the-lab-0123"
HOME_SECRET = "home-secret-of-the-lab-0123"

# Valgrind and sanitizers make everything slower by this factor.
PATIENCE = float(os.environ.get("LAB_PATIENCE", "1"))


def binary():
    """The command line of the radsecgw under test, with whatever has to stand before it (valgrind, for example)."""
    words = os.environ.get("RADSECGW", str(ROOT / "build/radsecgw")).split()
    return words


def is_plain(pid):
    """Does this process run without sanitizers and valgrind? These have memory of their own."""
    maps = pathlib.Path(f"/proc/{pid}/maps").read_text(encoding="ascii")
    return not any(word in maps for word in ("asan", "tsan", "valgrind"))


def wait_for(what, condition, seconds=15.0):
    """Polls until the condition gives something true, and returns that."""
    end = time.monotonic() + seconds * PATIENCE
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise TimeoutError(f"waited in vain for: {what}")
        time.sleep(0.02)


def first_ephemeral_port():
    """The first of the ports that the system chooses for sockets that do not ask for one."""
    with open("/proc/sys/net/ipv4/ip_local_port_range", encoding="ascii") as file:
        return max(12001, int(file.read().split()[0]))


def die_with_parent():
    """Runs in a new program before it starts: the program must not outlive the lab, however that ends."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


class Process:
    """A program with its output in a file."""

    def __init__(self, lab, name, argv, **more):
        self.name, self.argv = name, [str(a) for a in argv]
        self.log_path = lab.dir / f"{name}.log"
        with open(self.log_path, "ab") as log:
            self.popen = subprocess.Popen(self.argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                          start_new_session=True, preexec_fn=die_with_parent, **more)
        lab.processes.append(self)

    @property
    def pid(self):
        return self.popen.pid

    def log(self):
        return self.log_path.read_text(errors="replace")

    def wait_log(self, pattern, seconds=15.0, count=1):
        """Waits until the pattern occurs so many times in the log; fails early if the program ends."""
        def look():
            if len(re.findall(pattern, self.log(), re.M)) >= count:
                return True
            if self.popen.poll() is not None:
                raise RuntimeError(f"{self.name} ended with {self.popen.returncode}:\n{self.log()[-3000:]}")
            return False
        wait_for(f"{self.name}: {pattern}", look, seconds)

    def signal(self, number):
        self.popen.send_signal(number)

    def wait(self, seconds=20.0):
        return self.popen.wait(seconds * PATIENCE)

    def stop(self):
        """Ends the program gently, then not so gently. Returns its exit status."""
        if self.popen.poll() is None:
            self.popen.terminate()
            try:
                self.wait()
            except subprocess.TimeoutExpired:
                self.popen.kill()
                self.popen.wait()
        return self.popen.returncode


class Line(typing.NamedTuple):
    """One line of a gateway's log; its time is in seconds of time.time(), by the gateway's own clock."""
    time: float
    event: str
    fields: dict


LINE = re.compile(r"(20\S+Z) \w+ ([\w-]+): (.*)")
FIELD = re.compile(r' (\w+)=("(?:[^"\\]|\\.)*"|\S*)')


def time_of(stamp):
    """The time at the beginning of a gateway's line, in seconds of time.time()."""
    return datetime.datetime.fromisoformat(stamp.replace("Z", "+00:00")).timestamp()


class Gateway(Process):
    """radsecgw, with its log read as events."""

    def log(self):
        """The lines so far. One that was said a moment ago is still on its way through the thread of the log, so the
        file is read when it has not grown for a moment."""
        size = -1
        for _ in range(5):
            if self.popen.poll() is not None or size == self.log_path.stat().st_size:
                break
            size = self.log_path.stat().st_size
            time.sleep(0.005 * PATIENCE)
        return super().log()

    def lines(self, event=None, **fields):
        """All lines of the log so far, or those of one event, that have these fields."""
        found = [Line(time_of(stamp), name, {k: v.strip('"') for k, v in FIELD.findall(rest)})
                 for stamp, name, rest in LINE.findall(self.log()) if event in (None, name)]
        return [line for line in found if fields.items() <= line.fields.items()]

    def wait_line(self, event, seconds=15.0, **fields):
        """The first line of this event with these fields; waits until it is there."""
        return wait_for(f"{self.name}: {event} {fields}", lambda: self.lines(event, **fields), seconds)[0]

    def has_memory_errors(self):
        """Has valgrind or a sanitizer said anything? Their exit status may be lost, their words are not."""
        return re.search(r"^==\d+==|Sanitizer|runtime error:", self.log(), re.M) is not None

    def counters_by_worker(self):
        """Asks with SIGUSR1 for the counters that are not zero, by worker. A gateway without further workers gives no
        number, which counts as 1."""
        workers = int(re.search(r" started: .*\bworkers=(\d+)", self.log())[1])
        before = len(self.log())
        self.signal(signal.SIGUSR1)
        wait_for("status", lambda: self.log()[before:].count(" status-end: ") == workers)
        found = {number: {} for number in range(1, workers + 1)}
        for number, k, v in re.findall(r"(?:worker=(\d+) )?counter=(\w+) value=(\d+)", self.log()[before:]):
            found[int(number or 1)][k] = int(v)
        return found

    def counters(self):
        """Asks for the counters of all workers together."""
        total = collections.Counter()
        for counters in self.counters_by_worker().values():
            total.update(counters)
        return dict(total)


class Lab:
    before = ()  # the words before programs of others: chroot, for example

    def __init__(self, keep=False):
        self.keep = keep or bool(os.environ.get("LAB_KEEP"))
        self.processes = []
        self.ports = []  # sockets that hold the ports that were given out

    def __enter__(self):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="radsecgw-lab-"))
        return self

    def __exit__(self, kind, value, trace):
        for p in reversed(self.processes):
            p.stop()
        while self.ports:
            self.ports.pop().close()
        complaints = [p.log() for p in self.processes if isinstance(p, Gateway) and p.has_memory_errors()]
        if kind is not None and issubclass(kind, Exception):
            self.show_logs()
        if self.keep:
            print(f"kept: {self.dir}", file=sys.stderr)
        else:
            shutil.rmtree(self.dir, ignore_errors=True)
        assert not complaints, "valgrind or a sanitizer has found something:\n" + "\n".join(complaints)[-6000:]

    def show_logs(self):
        for p in self.processes:
            tail = p.log()[-2500:] if p.log_path.exists() else ""
            print(f"----- end of the log of {p.name} -----\n{tail}", file=sys.stderr)

    # ---- places

    def port(self):
        """A port on loopback, for UDP and TCP, that nobody else gets as long as the lab stands.

        The system gives no port of this range to a socket that does not ask for one, and each lab holds a name of
        the system's for each of its ports, which goes with the process.
        """
        for number in random.sample(range(10000, first_ephemeral_port()), 2000):
            held = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            try:
                held.bind(f"\0radsecgw-lab-port-{number}")
                with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as tcp, \
                        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
                    tcp.bind(("127.0.0.1", number))
                    udp.bind(("127.0.0.1", number))
            except OSError:
                held.close()
                continue
            self.ports.append(held)
            return number
        raise OSError("no port is free")

    def write(self, name, text, mode=0o600):
        path = self.dir / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(mode)
        return path

    def pki(self, name="pki", servers=("localhost",), clients=("gateway.test",)):
        """A test PKI made by the project's own script."""
        where = self.dir / name
        argv = [ROOT / "certs/make-pki.sh", where]
        for s in servers:
            argv += ["--server", s]
        for c in clients:
            argv += ["--client", c]
        subprocess.run(argv, check=True, capture_output=True)
        return where

    # ---- programs

    def freeradius(self, name="freeradius", users="", tls=None, secret=HOME_SECRET, eap_pki=None, ports=None):
        """FreeRADIUS as a home server; with tls=(pki, certificate name) it speaks RADIUS/TLS itself. Several
        of one organisation share the PKI that their users trust."""
        home = Home(self, name, users, tls, secret, eap_pki, ports)
        home.start()
        return home

    def radsecproxy(self, pki, home, name="radsecproxy", server="localhost"):
        """Debian's radsecproxy as a RADIUS/TLS server in front of a home server."""
        port = self.port()
        conf = self.write(f"{name}.conf", f"""\
ListenTLS 127.0.0.1:{port}
LogLevel 3
tls default {{
    CACertificateFile {pki}/ca.pem
    CertificateFile {pki}/{server}.pem
    CertificateKeyFile {pki}/{server}.key
}}
client gateway {{
    host 127.0.0.1
    type tls
    tls default
    certificateNameCheck off
}}
server home-auth {{
    host 127.0.0.1
    port {home.auth}
    type udp
    secret {home.secret}
}}
server home-acct {{
    host 127.0.0.1
    port {home.acct}
    type udp
    secret {home.secret}
}}
realm * {{
    server home-auth
    accountingServer home-acct
}}
""")
        proxy = Process(self, name, [*self.before, "/usr/sbin/radsecproxy", "-f", "-c", conf])
        proxy.port = port
        wait_for(f"{name} listens", lambda: tcp_open(port))
        return proxy

    def gateway_conf(self, pki, port, name="radsecgw.ini", peer="", client="", extra="", log="", rate=0,
                     listen=None, more_listen="", cert="gateway.test", secret=NAS_SECRET, gateway=""):
        """The configuration of an outbound gateway towards localhost:port."""
        self.auth, self.acct = self.port(), self.port()
        listen = listen or f"udp = 127.0.0.1:{self.auth}, 127.0.0.1:{self.acct}"
        return self.write(name, f"""\
[gateway]
{gateway}

[log]
level = debug
rate = {rate}
{log}

[tls lab]
certificate = {pki}/{cert}.pem
key = {pki}/{cert}.key
ca = {pki}/ca.pem

[listen local]
{listen}
{more_listen}

[client nas]
address = 127.0.0.1
secret = {secret}
{client}

[peer national]
connect = localhost:{port}
tls = lab
connections = 1-4
{peer}

[realm *]
pool = national
{extra}
""")

    def gateway(self, conf, name="radsecgw", wait="connection-up", log_file=None):
        """Starts radsecgw and waits for an event in its log (text or JSON)."""
        text = conf.read_text()
        if "[control]" not in text:
            # The usual place is for one gateway, and may be that of this machine.
            conf.write_text(f"{text}\n[control]\nsocket = {self.dir}/{name}.sock\n")
        g = Gateway(self, name, [*binary(), "run", "-c", conf])
        if log_file is not None:
            g.log_path = log_file
            wait_for("the log file", log_file.exists)
        g.wait_log(rf' {wait}: |"event":"{wait}"')
        return g


class Home(Process):
    """A FreeRADIUS with a configuration of its own: PAP, CHAP, MS-CHAP, PEAP, TTLS, EAP-TLS."""

    def __init__(self, lab, name, users, tls, secret, eap_pki=None, ports=None):
        self.lab, self.secret, self.starts = lab, secret, 0
        self.auth, self.acct = ports or (lab.port(), lab.port())
        self.tls = lab.port() if tls else None
        self.folder = lab.dir / name
        self.folder.mkdir()
        self.eap_pki = eap_pki or lab.pki(f"{name}/eap-pki", servers=("radius.example.org",), clients=("bob",))
        self.accounting = self.folder / "accounting"
        self._name = name
        self._write(users, tls)

    def start(self):
        super().__init__(self.lab, self._name, [*self.lab.before, "/usr/sbin/freeradius", "-d", self.folder, "-f", "-l",
                                                "stdout", "-xx" if os.environ.get("LAB_DEBUG") else "-x"])
        self.starts += 1
        self.wait_log("Ready to process requests", count=self.starts)

    def restart(self):
        self.start()

    def records(self):
        """The accounting records that the server has written."""
        return self.accounting.read_text() if self.accounting.exists() else ""

    def _tls_server(self, tls):
        if tls is None:
            return ""
        pki, cert = tls
        return f"""
clients radsec {{
    client gateway {{
        ipaddr = 127.0.0.1
        proto = tls
        secret = radsec
        limit {{
            max_connections = 64
            lifetime = 0
            idle_timeout = 3600
        }}
    }}
}}
"""

    def _listen_tls(self, tls):
        if tls is None:
            return ""
        pki, cert = tls
        # Without a PKI: the identity and the pre-shared key of who may come.
        proof = f"""psk_identity = "{cert[0]}"
            psk_hexphrase = "{cert[1]}\"""" if pki is None else f"""private_key_file = {pki}/{cert}.key
            certificate_file = {pki}/{cert}.pem
            ca_file = {pki}/ca.pem
            require_client_cert = yes"""
        return f"""
    listen {{
        type = auth+acct
        proto = tcp
        ipaddr = 127.0.0.1
        port = {self.tls}
        clients = radsec
        limit {{
            max_connections = 64
            lifetime = 0
            idle_timeout = 3600
        }}
        tls {{
            {proof}
            tls_min_version = "1.2"
            tls_max_version = "1.3"
            cipher_list = "DEFAULT"
            ecdh_curve = ""
        }}
    }}
"""

    def _write(self, users, tls):
        d, pki = self.folder, self.eap_pki
        write = self.lab.write
        write(f"{self._name}/dictionary", f"$INCLUDE {DICTIONARY}/dictionary\n")
        write(f"{self._name}/users", f"""\
bob@example.org Cleartext-Password := "{PASSWORD}"
    Reply-Message = "hello bob"

{users}
""")
        write(f"{self._name}/radiusd.conf", f"""\
prefix = /usr
name = freeradius
raddbdir = {d}
logdir = {d}
run_dir = {d}
libdir = /usr/lib/freeradius
pidfile = {d}/pid
max_request_time = 30
cleanup_delay = 5
max_requests = 16384
security {{
    max_attributes = 200
    reject_delay = 0
    status_server = yes
    allow_vulnerable_openssl = yes
}}
thread pool {{
    start_servers = 2
    max_servers = 4
}}
client local {{
    ipaddr = 127.0.0.1
    secret = {self.secret}
    require_message_authenticator = no
}}
{self._tls_server(tls)}
modules {{
    pap {{ }}
    chap {{ }}
    mschap {{ }}
    always ok {{ rcode = ok }}
    files {{
        usersfile = {d}/users
    }}
    detail {{
        filename = {self.accounting}
    }}
    eap {{
        default_eap_type = peap
        timer_expire = 60
        tls-config lab {{
            private_key_file = {pki}/radius.example.org.key
            certificate_file = {pki}/radius.example.org.pem
            ca_file = {pki}/ca.pem
            cipher_list = "DEFAULT"
            tls_min_version = "1.2"
            tls_max_version = "1.2"
            ecdh_curve = ""
            fragment_size = 1024
        }}
        tls {{
            tls = lab
        }}
        ttls {{
            tls = lab
            default_eap_type = mschapv2
            copy_request_to_tunnel = no
            use_tunneled_reply = no
            virtual_server = inner
        }}
        peap {{
            tls = lab
            default_eap_type = mschapv2
            copy_request_to_tunnel = no
            use_tunneled_reply = no
            virtual_server = inner
        }}
        mschapv2 {{ }}
    }}
}}
server default {{
    listen {{
        type = auth
        ipaddr = 127.0.0.1
        port = {self.auth}
    }}
    listen {{
        type = acct
        ipaddr = 127.0.0.1
        port = {self.acct}
    }}
    {self._listen_tls(tls)}
    authorize {{
        chap
        mschap
        eap {{
            ok = return
        }}
        files
        pap
    }}
    authenticate {{
        Auth-Type PAP {{
            pap
        }}
        Auth-Type CHAP {{
            chap
        }}
        Auth-Type MS-CHAP {{
            mschap
        }}
        eap
    }}
    accounting {{
        detail
        ok
    }}
}}
server inner {{
    authorize {{
        mschap
        eap {{
            ok = return
        }}
        files
        pap
    }}
    authenticate {{
        Auth-Type PAP {{
            pap
        }}
        Auth-Type MS-CHAP {{
            mschap
        }}
        eap
    }}
}}
""")


def tcp_open(port):
    with socket.socket() as s:
        return s.connect_ex(("127.0.0.1", port)) == 0


def radclient(port, kind, attributes, secret=NAS_SECRET, address="127.0.0.1", retries=1, timeout=5, more=()):
    """Runs radclient; returns (answered as it should be, its output)."""
    done = subprocess.run(["/usr/bin/radclient", "-x", "-r", str(retries), "-t", str(timeout), *more,
                           f"{address}:{port}", kind, secret],
                          input=attributes, capture_output=True, text=True, timeout=120)
    return done.returncode == 0, done.stdout + done.stderr


def pap(user=USER, password=PASSWORD, more=""):
    return f'User-Name = "{user}"\nUser-Password = "{password}"\nMessage-Authenticator = 0x00\n{more}'


def chap(user=USER, password=PASSWORD):
    return f'User-Name = "{user}"\nCHAP-Password = "{password}"\nMessage-Authenticator = 0x00\n'


def accounting(status="Start", session="0001", user=USER):
    return f'User-Name = "{user}"\nAcct-Status-Type = {status}\nAcct-Session-Id = "{session}"\n'


EAP_METHODS = {
    "PEAP-MSCHAPv2": 'eap=PEAP phase1="peaplabel=0" phase2="auth=MSCHAPV2"',
    "EAP-TLS": 'eap=TLS',
    "TTLS-PAP": 'eap=TTLS phase2="auth=PAP"',
}


def eapol_conf(home, method, user=USER, password=PASSWORD):
    lines = [f'ssid="lab"', 'key_mgmt=WPA-EAP', f'identity="{user}"', f'password="{password}"',
             f'ca_cert="{home.eap_pki}/ca.pem"', *EAP_METHODS[method].replace(' phase', '\nphase').split("\n")]
    if method == "EAP-TLS":
        lines += [f'client_cert="{home.eap_pki}/bob.pem"', f'private_key="{home.eap_pki}/bob.key"']
    return "network={\n" + "\n".join(f"    {line}" for line in lines) + "\n}\n"


def eapol_test(lab, home, port, method, secret=NAS_SECRET, user=USER, password=PASSWORD, timeout=15,
               station="02:00:00:00:00:01", source="127.0.0.1"):
    """A whole EAP login; returns (success, keys confirmed, its output)."""
    conf = lab.write(f"eapol-{method}-{port}-{source}.conf", eapol_conf(home, method, user, password))
    done = subprocess.run(["/usr/bin/eapol_test", "-c", conf, "-a", "127.0.0.1", "-p", str(port), "-s", secret,
                           "-A", source, "-t", str(timeout), "-M", station],
                          capture_output=True, text=True, timeout=timeout + 60)
    keys = re.search(r"MPPE keys OK: (\d+)\s+mismatch: (\d+)", done.stdout)
    confirmed = keys is not None and keys.group(1) == "1" and keys.group(2) == "0"
    return done.returncode == 0 and done.stdout.rstrip().endswith("SUCCESS"), confirmed, done.stdout
