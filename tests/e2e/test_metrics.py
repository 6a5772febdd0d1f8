# SPDX-License-Identifier: GPL-2.0-or-later
"""Metrics and health over HTTP: what is told is true, and whoever asks can do no harm."""
import collections
import contextlib
import ctypes
import http.client
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import threading
import time

import pytest

import radius
from lab import NAS_SECRET, Lab, binary, wait_for
from peer import Nas, TlsPeer

SECRET = NAS_SECRET.encode()
SAMPLE = re.compile(r"(\w+)(?:\{(.*)\})? ([0-9.]+)$")
OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"


class World:
    """A gateway between a NAS and two peers, one realm for each of two pools, and its metrics."""

    def __init__(self, lab, workers=1, metrics="", gateway="", peers=("one", "two"), address="127.0.0.1"):
        self.lab, self.workers = lab, workers
        self.pki = lab.pki()
        self.auth, self.port = lab.port(), lab.port()
        self.peers = {name: self.peer(lab.port()) for name in peers}
        sections = "".join(f"""\
[peer {name}]
connect = localhost:{peer.port}
tls = lab
connections = {workers}-16
reconnect = 500ms-500ms
[pool pool-{name}]
members = {name}
[realm {name}.example.org]
pool = pool-{name}
""" for name, peer in self.peers.items())
        self.conf = lab.write("metrics.ini", f"""\
[gateway]
workers = {workers}
{gateway}
[log]
level = debug
rate = 0
[control]
socket = {lab.dir}/control.sock
[metrics]
listen = {address}:{self.port}
{metrics}
[tls lab]
certificate = {self.pki}/gateway.test.pem
key = {self.pki}/gateway.test.key
ca = {self.pki}/ca.pem
[listen local]
udp = 127.0.0.1:{self.auth}
[client nas]
address = 127.0.0.1
secret = {NAS_SECRET}
{sections}""")
        self.gw = lab.gateway(self.conf, wait="started")
        for name in peers:
            wait_for("all connections", lambda name=name: self.value("radsecgw_peer_connections", peer=name, kind="up")
                     == workers)

    def peer(self, port, behave=None):
        return TlsPeer(port, self.pki / "localhost.pem", self.pki / "localhost.key", self.pki / "ca.pem", behave)

    def get(self, path, source="127.0.0.1", timeout=20, **headers):
        """Status, type and body; None if there is no answer."""
        conn = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout, source_address=(source, 0))
        with contextlib.closing(conn):
            conn.request("GET", path, headers=headers)
            answer = conn.getresponse()
            return answer.status, answer.headers["Content-Type"], answer.read().decode()

    def health(self, path, **more):
        status, _, text = self.get(path, **more)
        return status, text

    def metrics(self, **more):
        """{name: {labels: value}}; the labels are a sorted tuple."""
        status, _, text = self.get("/metrics", **more)
        assert status == 200, text
        found = collections.defaultdict(dict)
        for line in text.splitlines():
            if line.startswith("#"):
                continue
            name, labels, value = SAMPLE.fullmatch(line).groups()
            key = tuple(sorted(re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', labels or "")))
            assert key not in found[name], line
            found[name][key] = float(value)
        return found

    def value(self, name, **labels):
        return self.metrics()[name][tuple(sorted(labels.items()))]

    def ask(self, user, n=1, timeout=5.0):
        """Logins one after the other, each from a port of its own. The codes of the answers."""
        codes = []
        for _ in range(n):
            nas = Nas(self.auth, NAS_SECRET)
            answer = nas.ask(radius.access_request(1, SECRET, user=user.encode()), timeout)
            codes.append(answer[0] if answer else None)
            nas.close()
        return codes

    def say(self, *words):
        return subprocess.run([*binary(), *words, "-c", self.conf], capture_output=True, text=True, timeout=60)

    def done(self, *words):
        said = self.say(*words)
        assert said.returncode == 0, said
        return said.stdout


@pytest.fixture(params=[1, 3], scope="module")
def world(request):
    with Lab() as lab:
        yield World(lab, request.param)


def total(family):
    return sum(family.values())


# ---- what is told


def test_both_formats(world):
    """promtool finds nothing to complain about, and both formats tell the same families."""
    status, kind, text = world.get("/metrics")
    assert (status, kind) == (200, "text/plain; version=0.0.4; charset=utf-8")
    done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    status, kind, more = world.get("/metrics", Accept="application/openmetrics-text;version=1.0.0,*/*;q=0.1")
    assert (status, kind) == (200, OPENMETRICS)
    assert more.endswith("\n# EOF\n") and "# EOF" not in text
    names = [{line.split("{")[0].split()[0] for line in t.splitlines() if line[0] != "#"} for t in (text, more)]
    assert names[0] == names[1]
    assert "# TYPE radsecgw_requests_accepted_total counter\n" in text
    assert "# TYPE radsecgw_requests_accepted counter\n" in more


def test_all_that_is_served_is_listed(world):
    """What the manual explains is what there is; those without a sample are of neighbours or CRLs that are not there."""
    listed = {line.split("\t")[0] for line in subprocess.run([*binary(), "metrics"], capture_output=True, text=True,
                                                             check=True).stdout.splitlines()}
    served = set(re.findall(r"^# TYPE (\w+) ", world.get("/metrics")[2], re.M))
    assert served <= listed
    assert {re.sub("radsecgw_(server|crl)_.*", r"\1", name) for name in listed - served} == {"server", "crl"}


def test_sums_are_totals(world):
    """Each request has one end or is in flight; each counter is in one family, whose sum is that of its counters."""
    assert world.ask("bob@one.example.org", 5) == [radius.ACCESS_ACCEPT] * 5
    assert world.ask("bob@two.example.org", 3) == [radius.ACCESS_ACCEPT] * 3
    assert world.ask("bob@nowhere.example.org", 2) == [radius.ACCESS_REJECT] * 2
    assert world.ask("bob@bad realm", 2) == [radius.ACCESS_REJECT] * 2
    m = world.metrics()
    assert total(m["radsecgw_requests_ended_total"]) + m["radsecgw_requests_in_flight"][()] == \
        m["radsecgw_requests_accepted_total"][()] >= 12
    counters = {c["name"]: c["value"] for c in json.loads(world.done("status", "--json", "counters"))["counters"]}
    assert m["radsecgw_requests_ended_total"][("result", "answered"),] == counters["request_answered"] >= 8
    other = re.compile("process_|radsecgw_(http|target|configuration)_")
    served = [v for name, family in m.items() if name.endswith("_total") and not other.match(name)
              for v in family.values()]
    assert sorted(served) == sorted(counters.values())
    answers = {dict(k)["target"]: v for k, v in m["radsecgw_target_answers_total"].items()
               if dict(k)["answer"] == "accept"}
    assert answers["one"] >= 5 and answers["two"] >= 3
    assert sum(answers.values()) == counters["request_answered"]
    for target, n in answers.items():
        assert m["radsecgw_target_duration_seconds_count"][("target", target),] == n
        buckets = [v for k, v in m["radsecgw_target_duration_seconds_bucket"].items() if dict(k)["target"] == target]
        assert buckets == sorted(buckets) and buckets[-1] == n


def test_strangers_make_no_series(world):
    """However many users, realms and stations come: what is counted by name has names of the configuration."""
    before = {(name, key) for name, family in world.metrics().items() for key in family}
    for i in range(60):
        more = radius.attr(31, f"02-00-00-00-00-{i:02x}".encode()) + radius.attr(32, f"nas{i}".encode())
        nas = Nas(world.auth, NAS_SECRET)
        assert nas.ask(radius.access_request(1, SECRET, user=f"u{i}@r{i}.example.org".encode(), more=more))
        nas.close()
    assert {(name, key) for name, family in world.metrics().items() for key in family} == before


def test_neighbours_and_limits(world):
    m = world.metrics()
    assert m["radsecgw_workers"][()] == world.workers
    assert m["radsecgw_peer_up"] == {(("peer", "one"),): 1, (("peer", "two"),): 1}
    assert m["radsecgw_peer_state"][("peer", "one"), ("state", "up")] == 1
    assert total(m["radsecgw_peer_state"]) == 2
    assert m["radsecgw_route_usable"] == {(("route", "pool-one"),): 1, (("route", "pool-two"),): 1}
    assert m["radsecgw_limit_max"][("kind", "gateway"), ("limit", "max-requests"), ("of", "gateway")] == 65536
    assert m["radsecgw_limit_max"][("kind", "peer"), ("limit", "identifiers"), ("of", "one")] == 255 * world.workers
    assert 0 < m["radsecgw_certificate_not_after_timestamp_seconds"][("tls", "lab"),] - time.time() < 400 * 86400
    out = subprocess.run(["openssl", "x509", "-in", world.pki / "gateway.test.pem", "-noout", "-enddate", "-dateopt",
                          "iso_8601"], capture_output=True, text=True, check=True).stdout
    stamp = time.strftime("%Y-%m-%d %H:%M:%SZ",
                          time.gmtime(m["radsecgw_certificate_not_after_timestamp_seconds"][("tls", "lab"),]))
    assert out.strip() == f"notAfter={stamp}"


@pytest.mark.skipif(len(binary()) > 1, reason="the figures are those of the program around it")
def test_process_figures(world):
    m = world.metrics()
    proc = pathlib.Path(f"/proc/{world.gw.pid}")
    assert m["process_threads"][()] == len(list((proc / "task").iterdir()))
    assert abs(m["process_open_fds"][()] - len(list((proc / "fd").iterdir()))) <= 2
    rss = int(re.search(r"VmRSS:\s+(\d+)", (proc / "status").read_text())[1]) * 1024
    assert abs(m["process_resident_memory_bytes"][()] - rss) < 2 << 20
    assert 0 < time.time() - m["process_start_time_seconds"][()] < 3600
    assert m["process_cpu_seconds_total"][()] > 0


def test_other_paths_and_methods(world):
    assert world.health("/other") == (404, "there are /metrics, /livez, /readyz and /status.json\n")
    conn = http.client.HTTPConnection("127.0.0.1", world.port, timeout=10)
    with contextlib.closing(conn):
        for method, path, status in ("POST", "/metrics", 405), ("DELETE", "/livez", 405), ("HEAD", "/metrics", 200):
            conn.request(method, path)
            answer = conn.getresponse()
            assert answer.status == status
            assert bool(answer.read()) == (method != "HEAD")


def test_metrics_after_a_reload(lab):
    """A neighbour that comes has metrics, one that goes has none any more, and those that stay count on."""
    w = World(lab, workers=3)
    assert w.ask("bob@one.example.org", 3) == [radius.ACCESS_ACCEPT] * 3
    text = w.conf.read_text()
    begin, end = text.index("[peer two]"), text.index("[realm two.example.org]")
    section = text[begin:end] + "[realm two.example.org]\npool = pool-two\n"
    w.conf.write_text(text.replace(section, section.replace("two", "three")))
    w.done("reload")
    m = w.metrics()
    assert {dict(k)["peer"] for k in m["radsecgw_peer_up"]} == {"one", "three"}
    assert {dict(k)["route"] for k in m["radsecgw_route_usable"]} == {"pool-one", "pool-three"}
    assert m["radsecgw_target_answers_total"][("answer", "accept"), ("target", "one")] == 3
    assert m["radsecgw_configuration_reloads_total"][()] == 1
    w.conf.write_text(text.replace(f"listen = 127.0.0.1:{w.port}", f"listen = 127.0.0.1:{lab.port()}"))
    said = w.say("reload")
    assert said.returncode != 0 and "listen: a change from " in said.stderr, said
    assert w.value("radsecgw_configuration_reloads_failed_total") == 1


def is_let_in(w, source):
    try:
        return w.health("/livez", source=source)[0] == 200
    except (OSError, http.client.HTTPException):
        return False


def test_metrics_work_by_what_was_reloaded(lab):
    """Who may ask, what is needed to be ready, and whether there is a page: all of that holds when the reload is done,
    and a connection of somebody who may not ask any more is closed. `undo` takes it back."""
    w = World(lab, workers=3)
    text = w.conf.read_text()
    w.peers["one"].close()
    # A worker that tries to connect again calls the peer usable for a moment, until that has failed.
    wait_for("the first pool's end in all workers", lambda: w.gw.log().count("peer=one was=idle is=down") == 3)
    inside = http.client.HTTPConnection("127.0.0.1", w.port, timeout=20, source_address=("127.0.0.2", 0))
    inside.request("GET", "/livez")
    assert inside.getresponse().read()
    for _ in range(3):
        w.conf.write_text(text.replace(
            "[metrics]\n", "[metrics]\nallow = 127.0.0.1\nready-requires = all\npage = no\n"))
        w.done("reload")
        assert w.health("/readyz")[0] == 503 and w.say("ping").returncode == 1
        assert w.health("/")[0] == w.health("/status.json")[0] == 404
        assert is_let_in(w, "127.0.0.1") and not is_let_in(w, "127.0.0.2")
        if inside:
            with contextlib.closing(inside), pytest.raises((OSError, http.client.HTTPException)):
                inside.auto_open = 0
                inside.request("GET", "/livez")
                inside.getresponse()
            inside = None
        w.done("undo")
        assert w.health("/readyz")[0] == 200 and w.done("ping")
        assert w.health("/")[0] == w.health("/status.json")[0] == 200
        assert is_let_in(w, "127.0.0.2")
    assert w.gw.stop() == 0


# ---- health


def test_ready_with_any_pool(lab):
    """Ready as long as one pool can be used; the last one's death and return are seen."""
    w = World(lab, workers=2)
    assert w.health("/readyz") == (200, "ready: all pools can be used, of which there are 2\n")
    w.peers["one"].close()
    wait_for("the first pool's end", lambda: w.health("/readyz") ==
             (200, "ready: 1 of 2 pools can be used, but not pool-one\n"))
    w.peers["two"].close()
    wait_for("the last pool's end", lambda: w.health("/readyz") ==
             (503, "not ready: no pool can be used: pool-one, pool-two\n"))
    assert w.health("/livez")[0] == 200
    assert w.value("radsecgw_peer_up", peer="one") == 0
    back = w.peer(w.peers["two"].port)
    wait_for("its return", lambda: w.health("/readyz") ==
             (200, "ready: 1 of 2 pools can be used, but not pool-one\n"))
    back.close()


def test_ready_with_all_pools(lab):
    w = World(lab, metrics="ready-requires = all")
    assert w.health("/readyz")[0] == 200
    w.peers["one"].close()
    wait_for("the first pool's end", lambda: w.health("/readyz") ==
             (503, "not ready: 1 of 2 pools can be used, but not pool-one\n"))


def test_ready_without_any_pool_but_not_while_drained(lab):
    w = World(lab, workers=3, metrics="ready-requires = none")
    w.peers["one"].close()
    w.peers["two"].close()
    wait_for("the end of all", lambda: w.value("radsecgw_route_usable", route="pool-one") == 0)
    assert w.health("/readyz")[0] == 200
    w.done("drain")
    assert w.health("/readyz") == (503, "not ready: the gateway is drained or stopping, and takes no new requests\n")
    assert w.health("/livez")[0] == 200
    assert w.value("radsecgw_draining") == 1
    w.done("resume")
    assert w.health("/readyz")[0] == 200


def test_not_ready_while_stopping(lab):
    """Metrics and health are served until the last request has ended."""
    w = World(lab, workers=2)
    held = []
    w.peers["one"].behave = lambda peer, tls, packet: held.append((tls, packet))
    nas = Nas(w.auth, NAS_SECRET)
    nas.send(radius.access_request(1, SECRET, user=b"bob@one.example.org"))
    wait_for("the request", lambda: held)
    w.gw.signal(signal.SIGTERM)
    wait_for("the word of it", lambda: w.health("/readyz")[0] == 503)
    assert w.value("radsecgw_requests_in_flight") == 1
    held[0][0].sendall(radius.usual_answer(held[0][1]))
    assert w.gw.wait() == 0


class Stopped:
    """Stops one thread of a program, as a debugger does."""
    SEIZE, INTERRUPT, DETACH = 0x4206, 0x4207, 17

    def __init__(self, tid):
        self.libc = ctypes.CDLL(None, use_errno=True)
        self.libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
        self.tid = tid

    def __enter__(self):
        for what in self.SEIZE, self.INTERRUPT:
            if self.libc.ptrace(what, self.tid, None, None) != 0:
                pytest.skip(f"threads cannot be stopped here: {os.strerror(ctypes.get_errno())}")
        os.waitpid(self.tid, 0x40000000)  # __WALL
        return self

    def __exit__(self, *_):
        self.libc.ptrace(self.DETACH, self.tid, None, None)


def thread_of(pid, name):
    return next(int(task.name) for task in pathlib.Path(f"/proc/{pid}/task").iterdir()
                if (task / "comm").read_text().strip() == name)


@pytest.mark.skipif(len(binary()) > 1, reason="the threads are those of the program around it")
@pytest.mark.parametrize("thread, number", [("worker-2", 2), ("radsecgw", 1)])
def test_not_alive_with_a_stuck_worker(lab, thread, number):
    """A thread that does not turn its loop is named, even the first; when it goes on, all is well again."""
    w = World(lab, workers=3)
    assert w.health("/livez") == (200, "live: the loops of all workers turn\n")
    with Stopped(thread_of(w.gw.pid, thread)):
        assert w.health("/livez") == (503, f"no answer from worker {number} of 3 within 1000 ms\n")
        assert w.health("/readyz") == (503, f"no answer from worker {number} of 3 within 1000 ms\n")
        assert w.get("/metrics")[0] == 503
        # Whoever comes now does not have to wait for what is known.
        began = time.monotonic()
        for _ in range(20):
            assert w.health("/livez")[0] == 503
        assert time.monotonic() - began < 10
    wait_for("life", lambda: w.health("/livez")[0] == 200)
    assert w.health("/readyz")[0] == 200
    assert w.metrics()


# ---- whoever asks


def test_allow(lab):
    """Only the named networks may connect; loopback is not among them by itself."""
    w = World(lab, metrics="allow = 127.0.0.1, 127.9.0.0/16", peers=("one",), address="0.0.0.0")
    assert w.health("/livez", source="127.9.1.2")[0] == 200
    for source in "127.0.0.2", "127.8.255.255":
        with pytest.raises((AssertionError, OSError, http.client.HTTPException)):
            assert w.health("/livez", source=source)[0] == 200
    assert w.value("radsecgw_http_refused_total", reason="not_allowed") == 2
    line = w.gw.lines("http-refused")[-1]
    assert line.fields["reason"] == "the address is not allowed" and line.fields["addr"].startswith("127.8.255.255:")


def test_address_in_use(lab):
    """A gateway whose metrics cannot be served does not start, and says why."""
    with socket.create_server(("127.0.0.1", port := lab.port())):
        conf = lab.write("used.ini", f"""\
[metrics]
listen = 127.0.0.1:{port}
[control]
socket = off
[listen local]
udp = 127.0.0.1:{lab.port()}
[client nas]
address = 127.0.0.1
secret = {NAS_SECRET}
[server home]
auth = 127.0.0.1:{lab.port()}
secret = {NAS_SECRET}
[realm *]
pool = home
""")
        done = subprocess.run([*binary(), "-c", conf], capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert f'metrics-failed: metrics cannot be served addr=127.0.0.1:{port} reason="cannot listen on ' in done.stderr


def junk(port, kind, source):
    """A client that does harm; None if it was not let in."""
    s = socket.socket()
    s.settimeout(10)
    try:
        # Small, so that an answer that is not read stays with the gateway.
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        s.bind((source, 0))
        s.connect(("127.0.0.1", port))
        s.sendall({"silent": b"", "half": b"GET /metrics HTTP/1.1\r\nHost: x\r\nX: ",
                   "slow": b"G",
                   "noise": os.urandom(3000), "large": b"GET / HTTP/1.1\r\nX: " + b"y" * 60000,
                   "deaf": b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n" * 200,
                   "body": b"POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 999999999\r\n\r\n"}[kind])
    except OSError:
        pass
    return s


def come_again(port, kinds, bad, over):
    """Whoever was turned away comes again, and those that are slow send one more octet."""
    i = 0
    while not over.is_set():
        i = (i + 1) % len(bad)
        with contextlib.suppress(OSError):
            if kinds[i % 7] in ("slow", "half"):
                bad[i].send(b"x")
        with contextlib.suppress(BlockingIOError):
            bad[i].setblocking(False)
            with contextlib.suppress(ConnectionError):
                if kinds[i % 7] == "deaf" or bad[i].recv(1, socket.MSG_PEEK):
                    continue
            bad[i].close()
            bad[i] = junk(port, kinds[i % 7], f"127.0.1.{i % 3 + 1}")
        over.wait(0.005)


def test_two_hundred_bad_clients(lab):
    """Clients that send nothing, halves or noise, or never read, from all over, and come again and again, keep no login
    from being answered and no other address from asking, which does not even have to try twice; memory and descriptors
    are bounded and come back."""
    w = World(lab, workers=2, peers=("one",))
    m = w.metrics()
    before = m["process_open_fds"][()], m["process_resident_memory_bytes"][()]
    kinds = ["silent", "half", "noise", "large", "deaf", "body", "slow"]
    bad = [junk(w.port, kinds[i % 7], f"127.0.1.{i % 3 + 1}") for i in range(200)]
    over = threading.Event()
    again = threading.Thread(target=come_again, args=(w.port, kinds, bad, over))
    again.start()
    try:
        assert w.ask("bob@one.example.org", 20) == [radius.ACCESS_ACCEPT] * 20
        for _ in range(20):
            assert w.health("/livez", source="127.0.2.1")[0] == 200
            m = w.metrics(source="127.0.2.1")
            assert m["process_open_fds"][()] <= before[0] + 40
    finally:
        over.set()
        again.join()
    if len(binary()) == 1 and "asan" not in binary()[0]:
        assert m["process_resident_memory_bytes"][()] < before[1] + (16 << 20)
    refused = m["radsecgw_http_refused_total"]
    assert refused[("reason", "too_many"),] + refused[("reason", "gave_way"),] > 100
    for s in bad:
        s.close()
    wait_for("their end", lambda: w.value("process_open_fds") <= before[0] + 1)
    assert w.ask("bob@one.example.org") == [radius.ACCESS_ACCEPT]
    w.gw.stop()
    assert w.gw.popen.returncode == 0


def test_many_scrapes_at_once(lab):
    """Scrapes that come together are one round; all get a whole answer, while logins go on, and the end is clean."""
    w = World(lab, workers=3, peers=("one",))
    failed, n = [], collections.Counter()
    over = threading.Event()

    def scrape(i):
        while not over.is_set():
            try:
                form = {"Accept": "application/openmetrics-text"} if i % 2 else {}
                status, _, text = w.get("/metrics", source=f"127.0.0.{i + 1}", **form)
                if status != 200 or ("# EOF" in text) != bool(i % 2):
                    failed.append((status, text[-100:]))
                n[i] += 1
            except OSError as e:
                if not over.is_set():
                    failed.append(str(e))

    threads = [threading.Thread(target=scrape, args=(i,)) for i in range(8)]
    for t in threads:
        t.start()
    assert w.ask("bob@one.example.org", 50) == [radius.ACCESS_ACCEPT] * 50
    wait_for("scrapes by all", lambda: len(n) == 8 and min(n.values()) > 3)
    over.set()
    w.gw.signal(signal.SIGTERM)
    for t in threads:
        t.join()
    assert not failed
    assert w.gw.wait() == 0
