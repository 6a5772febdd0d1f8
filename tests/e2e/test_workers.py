# SPDX-License-Identifier: GPL-2.0-or-later
"""More than one worker: each has its neighbours, and nobody outside can tell."""
import collections
import os
import pathlib
import re
import resource
import signal
import subprocess
import threading
import time

import pytest

import radius
from inbound import FakeHome, Visitor, inbound_conf
from lab import NAS_SECRET, PATIENCE, binary, eapol_test, wait_for
from peer import Nas
from test_failover import Far, pool_conf
from test_limits import STATUS, is_reset, plain

SECRET = NAS_SECRET.encode()
WORKERS = 4


def worker_of(address, workers=WORKERS):
    """The number of the worker that an IPv4 address meets, the first being 1."""
    number = int.from_bytes(map(int, address.split(".")), "big") * 0x9e3779b1 & 0xffffffff
    return ((number >> 16) * workers >> 16) + 1


def addresses(of_each, workers=WORKERS):
    """So many addresses for each worker: {worker: [address]}."""
    found = {number: [] for number in range(1, workers + 1)}
    for i in range(2, 250):
        there = found[worker_of(f"127.0.0.{i}", workers)]
        if len(there) < of_each:
            there.append(f"127.0.0.{i}")
    assert all(len(there) == of_each for there in found.values())
    return found


def threads(gw):
    """The main thread and the workers as {name: {field of its status: value}}; a sanitizer may have others."""
    found = (dict(line.split(":\t", 1) for line in (path / "status").read_text().splitlines())
             for path in pathlib.Path(f"/proc/{gw.pid}/task").iterdir())
    named = {"main" if t["Pid"] == str(gw.pid) else t["Name"]: t for t in found}
    return {name: t for name, t in named.items() if name == "main" or name.startswith("worker-")}


class Nases:
    """One NAS at each of these addresses."""

    def __init__(self, port, sources):
        self.all = {source: Nas(port, NAS_SECRET, source=source) for source in sources}

    def send(self, packets):
        """Sends the packet of each source."""
        for source, packet in packets.items():
            self.all[source].send(packet)

    def answered(self, packets, timeout=5):
        end = time.monotonic() + timeout
        for source, packet in packets.items():
            data = self.all[source].receive(max(0.01, end - time.monotonic()))
            assert data and radius.answer_ok(data, packet, SECRET), source

    def close(self):
        for nas in self.all.values():
            nas.close()


@pytest.fixture
def far(lab):
    """A gateway with workers, before one or more far ends, for clients anywhere on loopback."""
    made = []

    def go(n=1, workers=WORKERS, gateway="", of_each=3, **more):
        ends = Far(lab, n=n, gateway=f"workers = {workers}\n{gateway}", client="address = 127.0.0.0/8", **more)
        ends.sources = [a for there in addresses(of_each).values() for a in there]
        ends.nases = Nases(lab.auth, ends.sources)
        made.append(ends)
        return ends
    yield go
    for ends in made:
        ends.nases.close()
        ends.close()


@pytest.fixture
def inbound(lab):
    """A gateway in the other direction; gives (gateway, function that makes visitors)."""
    homes = []

    def go(gateway="", workers=WORKERS, **conf):
        pki, home = lab.pki(), FakeHome(lab)
        homes.append(home)
        gw = lab.gateway(inbound_conf(lab, pki, home, gateway=f"workers = {workers}\n{gateway}", **conf),
                         wait="started")
        gw.home = home
        return gw, lambda **more: Visitor(lab.radsec, pki, **more)
    yield go
    for home in homes:
        home.close()


def requests(sources, ident=1, more=b""):
    return {source: radius.access_request(ident, SECRET, more=more) for source in sources}


class Held:
    """A behaviour of far ends that keep their requests until they are let go."""

    def __init__(self):
        self.all = []

    def __call__(self, i, tls, packet):
        self.all.append((i, tls, packet))

    def let_go(self):
        going, self.all = self.all, []
        for _, tls, packet in going:
            tls.sendall(radius.usual_answer(packet))


# ---- who gets what

def test_one_worker_has_no_threads(far):
    ends = far(workers=1)
    packets = requests(ends.sources)
    ends.nases.send(packets)
    ends.nases.answered(packets)
    assert list(threads(ends.gw)) == ["main"]
    assert "worker=" not in ends.gw.log()


def test_each_address_meets_its_worker(far):
    """An address meets the same worker from whatever port. The counters of each worker tell, and so does each line of
    the log."""
    ends = far(of_each=6)
    expected = collections.Counter()
    for ident in range(5):
        packets = requests(ends.sources, ident)
        ends.nases.send(packets)
        ends.nases.answered(packets)
        expected.update(worker_of(source) for source in ends.sources)
        for source in ends.sources[:8]:
            other_port = Nas(ends.lab.auth, NAS_SECRET, source=source)
            assert other_port.ask(packets[source])
            other_port.close()
            expected[worker_of(source)] += 1
    counters = ends.gw.counters_by_worker()
    assert {k: c["requests_accepted"] for k, c in counters.items()} == expected
    assert len(ends.requests(0)) == expected.total()
    assert all(re.search(r" worker=[1-4]\b", line) for line in ends.gw.log().splitlines())


@pytest.mark.skipif(len(binary()) > 1, reason="what it runs in has signal masks of its own")
def test_threads_take_no_signals(far):
    ends = far()
    running = threads(ends.gw)
    assert sorted(running) == ["main", "worker-2", "worker-3", "worker-4"]
    for name, status in running.items():
        blocked = int(status["SigBlk"], 16)
        wanted = [s for s in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1)
                  if not blocked >> (s - 1) & 1]
        assert len(wanted) == (4 if name == "main" else 0)


def test_retransmissions_are_absorbed_by_every_worker(far):
    """P-DUP-2, 3: exactly one packet on TLS for each, and the same answer again afterwards."""
    held = Held()
    ends = far(behave=held)
    packets = requests(ends.sources)
    for _ in range(5):
        ends.nases.send(packets)
    wait_for("all of them to be absorbed", lambda: ends.gw.counters().get("duplicate_absorbed") == 4 * len(packets))
    wait_for("the requests", lambda: len(held.all) >= len(packets))
    held.let_go()
    ends.nases.answered(packets)
    ends.nases.send(packets)
    ends.nases.answered(packets)
    counters = ends.gw.counters_by_worker()
    assert all(c["duplicate_absorbed"] == 12 and c["duplicate_replayed"] == 3 for c in counters.values())
    assert len(ends.requests(0)) == len(packets)


def test_hash_chooses_the_same_in_every_worker(far):
    """P-FO-4: a user may be seen by one access point after another."""
    ends = far(n=2, pool="policy = hash")
    for ident in range(32):
        packets = requests(ends.sources, ident, radius.attr(31, b"station-%d" % ident))
        ends.nases.send(packets)
        ends.nases.answered(packets)
    where = collections.defaultdict(set)
    for i in (0, 1):
        for p in ends.requests(i):
            where[radius.get(p, 31)].add(i)
    assert len(where) == 32 and all(len(members) == 1 for members in where.values()), where
    assert ends.requests(0) and ends.requests(1)


def test_eap_through_every_worker(lab):
    """A whole login from an address of each, to a pool of two: conversations stay with one server."""
    pki = lab.pki()
    homes = [lab.freeradius(name, tls=(pki, "localhost")) for name in ("home1", "home2")]
    gw = lab.gateway(pool_conf(lab, pki, [h.tls for h in homes], pool="policy = round-robin",
                               gateway=f"workers = {WORKERS}", client="address = 127.0.0.0/8"), wait="started")
    home = homes[0]
    home.eap_pki = lab.write("both/ca.pem", "".join((h.eap_pki / "ca.pem").read_text() for h in homes)).parent
    for number, there in addresses(1).items():
        success, keys, out = eapol_test(lab, home, lab.auth, "PEAP-MSCHAPv2", source=there[0])
        assert success and keys, (number, out[-3000:])
    counters = gw.counters_by_worker()
    assert all(c["requests_accepted"] == c["request_answered"] > 5 for c in counters.values()), counters


# ---- limits

def crowd(visit, sources):
    """Lets a visitor from each of these addresses come, all at once; returns those that were let in."""
    let_in, lock = [], threading.Lock()

    def come(source):
        try:
            visitor = visit(source=source)
            visitor.send(STATUS)
            if visitor.receive():
                with lock:
                    let_in.append(visitor)
        except OSError:
            pass
    coming = [threading.Thread(target=come, args=(source,)) for source in sources]
    for thread in coming:
        thread.start()
    for thread in coming:
        thread.join()
    return let_in


@pytest.mark.parametrize("where,counter", [
    ("gateway", "refused_max_connections"),
    ("listen", "refused_max_connections_listener"),
    ("peer", "refused_max_connections_peer"),
])
def test_max_connections_is_exact_over_all_workers(inbound, where, counter):
    gw, visit = inbound(**{where: "max-connections = 10"})
    sources = [a for there in addresses(6).values() for a in there]
    let_in = crowd(visit, sources)
    assert len(let_in) == 10
    counters = gw.counters_by_worker()
    assert sum(c.get(counter, 0) for c in counters.values()) == len(sources) - 10
    assert min(c["accepted"] for c in counters.values()) == 6
    # A visitor that leaves makes room, in whichever worker.
    for visitor in let_in[:4]:
        visitor.close()
    wait_for("four to be gone", lambda: gw.counters().get("incoming_ended") == 4)
    again = crowd(visit, sources)
    assert len(again) == 4
    assert all(visitor.ask(STATUS) for visitor in let_in[4:] + again)


def test_limits_of_an_address_are_exact(inbound):
    gw, visit = inbound(gateway="max-connections-per-address = 3")
    sources = [a for there in addresses(1).values() for a in there]
    let_in = crowd(visit, sources * 5)
    assert collections.Counter(v.source for v in let_in) == {source: 3 for source in sources}
    assert gw.counters()["refused_max_connections_per_address"] == 8


def test_divided_limit(lab, inbound):
    """Each worker has its share of max-half-open, and makes room in that."""
    gw, _ = inbound(gateway="max-half-open = 8")
    (number, (source,)), *_ = addresses(1).items()
    silent = [plain(lab, source) for _ in range(3)]
    assert is_reset(silent[0]) and not is_reset(silent[1], 0.2) and not is_reset(silent[2], 0.2)
    assert {k: c.get("half_open_evicted", 0) for k, c in gw.counters_by_worker().items()} == \
        {k: int(k == number) for k in range(1, WORKERS + 1)}


# ---- failures

def test_failover_in_every_worker(far):
    """P-TCP-29: what is open at a peer that dies goes to the other one at once, whoever sent it."""
    held = Held()
    ends = far(n=2, behave=held)
    packets = requests(ends.sources)
    ends.nases.send(packets)
    wait_for("the requests", lambda: len(held.all) == len(packets))
    assert {i for i, _, _ in held.all} == {0}
    held.all = []
    ends.peers[0].close()
    ends.peers[0].drop_connections(reset=True)
    wait_for("the requests at the other", lambda: len(held.all) == len(packets))
    assert ends.gw.counters()["requests_moved"] == len(packets)
    held.let_go()
    ends.nases.answered(packets)
    later = requests(ends.sources, 2)
    ends.nases.send(later)
    wait_for("later ones", lambda: len(held.all) == len(later))
    assert {i for i, _, _ in held.all} == {1}
    held.let_go()
    ends.nases.answered(later)
    counters = ends.gw.counters_by_worker()
    assert all(c["connections_lost"] >= 1 and c["request_answered"] == 6 for c in counters.values())


# ---- signals

def test_stop_waits_for_all_workers(far):
    """No worker ends before the others: it refuses new requests as long as one of them has something open."""
    held = Held()
    ends = far(behave=held)
    last = {source: radius.access_request(1, SECRET) for source in ends.sources[-1:]}
    ends.nases.send(last)
    wait_for("the request", lambda: len(held.all) == 1)
    ends.gw.signal(signal.SIGTERM)
    ends.gw.wait_log(" stopping: no new requests", count=WORKERS)
    new = requests(ends.sources, 2)
    ends.nases.send(new)
    # Workers that have nothing open take no requests any more, and do not end either.
    time.sleep(0.3)
    assert ends.gw.popen.poll() is None and len(held.all) == 1
    held.let_go()
    ends.nases.answered(last)
    assert ends.gw.wait() == 0
    log = ends.gw.log()
    assert len(re.findall(r" status-end: ", log)) == WORKERS
    assert log.count(" stopped: ") == 1 and log.rstrip().splitlines()[-1].count(" stopped: ") == 1


def test_stop_resets_new_connections_of_all(lab, inbound):
    gw, visit = inbound()
    sources = [there[0] for there in addresses(1).values()]
    visitors = [visit(source=source) for source in sources]
    asked = radius.access_request(1, b"radsec")
    visitors[0].send(asked)
    assert gw.home.receive()
    gw.signal(signal.SIGTERM)
    assert all(visitor.is_closed() for visitor in visitors[1:])
    assert all(is_reset(plain(lab, source)) for source in sources)
    gw.home.answer()
    assert radius.answer_ok(visitors[0].receive(), asked, b"radsec")
    assert gw.wait() == 0


@pytest.mark.parametrize("how", ["time", "signal"])
def test_stop_does_not_wait_for_ever(far, how):
    held = Held()
    ends = far(behave=held, gateway=f"drain-time = {1 if how == 'time' else 60}s")
    packets = requests(ends.sources)
    ends.nases.send(packets)
    wait_for("the requests", lambda: len(held.all) == len(packets))
    ends.gw.signal(signal.SIGTERM)
    ends.gw.wait_log(" stopping: no new requests", count=WORKERS)
    if how == "signal":
        ends.gw.signal(signal.SIGTERM)
    assert ends.gw.wait() == 0
    # By the gateway's own clock: drain-time lies between, or nothing to speak of.
    first, (stopped,) = ends.gw.lines("stopping")[0], ends.gw.lines("stopped")
    if how == "time":
        assert 0.99 < stopped.time - first.time < 2.5 * PATIENCE
    else:
        assert stopped.time - ends.gw.lines("stopping")[-1].time < 2.5 * PATIENCE
    gave_up = "drain-timeout: .*" if how == "time" else "stopping: second signal.*"
    assert sum(map(int, re.findall(rf" {gave_up} open=(\d+)$", ends.gw.log(), re.M))) == len(packets)


def test_hangup_and_status(lab, far):
    """The log file is opened anew while all write to it; each tells its own state."""
    ends = far()
    path = lab.dir / "gateway.log"
    ends.gw.stop()
    conf = lab.dir / "pool.ini"
    conf.write_text(conf.read_text().replace("[log]\n", f"[log]\ntarget = {path}\n"))
    gw = lab.gateway(conf, name="rotating", log_file=path, wait="started")
    for turn in range(5):
        packets = requests(ends.sources, turn)
        ends.nases.send(packets)
        path.rename(f"{path}.{turn}")
        gw.signal(signal.SIGHUP)
        ends.nases.answered(packets)
        wait_for("the new file", lambda: path.exists() and " log-reopened: " in path.read_text())
    gw.signal(signal.SIGUSR1)
    wait_for("the status of all", lambda: path.read_text().count(" status-end: ") == WORKERS)
    text = "".join(pathlib.Path(f"{path}.{turn}").read_text() for turn in range(5)) + path.read_text()
    assert all(re.search(r"^20\d\d-[^ ]*Z \w+ [\w-]+: [^=]* worker=[1-4]( [\w_]+=.*)?$", line)
               for line in text.splitlines())
    assert len(re.findall(" answered: ", text)) == 5 * len(ends.sources)


# ---- starting

@pytest.mark.parametrize("first,second", [(WORKERS, WORKERS), (WORKERS, 1), (1, WORKERS)])
@pytest.mark.parametrize("kind", ["udp", "tls"])
def test_second_gateway_finds_the_address_in_use(lab, inbound, far, kind, first, second):
    if kind == "udp":
        far(workers=first)
    else:
        inbound(workers=first)
    conf = lab.dir / ("pool.ini" if kind == "udp" else "home.ini")
    conf.write_text(conf.read_text().replace(f"workers = {first}", f"workers = {second}"))
    done = subprocess.run([*binary(), "run", "-c", conf], capture_output=True, text=True, timeout=60)
    assert done.returncode == 2, done.stderr
    assert re.search(r' listen-failed: .* reason="Address already in use"', done.stderr), done.stderr


def test_restart_takes_over_at_once(far):
    """The addresses are free again as soon as the process has gone."""
    ends = far()
    for ident in range(3):
        packets = requests(ends.sources, ident)
        ends.nases.send(packets)
        ends.nases.answered(packets)
        assert ends.gw.stop() == 0
        ends.gw = ends.lab.gateway(ends.lab.dir / "pool.ini", name=f"again-{ident}", wait="started")


def test_thread_that_cannot_start(lab, far):
    """If a thread cannot start, the gateway does not run with one worker less, silently: it ends with exit status 2."""
    ends = far()
    ends.gw.stop()
    conf = lab.dir / "pool.ini"
    conf.write_text(conf.read_text().replace("[gateway]\n", "[gateway]\nuser = nobody\n"))
    # The sanitizer that looks for leaks at the end would need a thread, too.
    done = subprocess.run([*binary(), "run", "-c", conf], capture_output=True, text=True, timeout=60,
                          env={**os.environ, "ASAN_OPTIONS": "detect_leaks=0"},
                          preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NPROC, (1, 1)))
    assert done.returncode == 2, done.stderr
    assert re.search(r" start-failed: cannot start (a|the) thread ", done.stderr), done.stderr
    assert " started: " not in done.stderr
