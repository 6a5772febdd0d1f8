#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Tries radsecgw with RADIUS/TLS peers of several makes, in both roles, and prints a table of what works.

    matrix.py [-j ROWS] [--only REGEX]

Each row is a process in a network and a mount namespace of its own. A check that a peer cannot be part of, and a
program that cannot be had, is `-` with the reason; that is no failure. The exit status tells whether anything failed."""
import argparse
import concurrent.futures
import contextlib
import ctypes
import os
import pathlib
import re
import signal
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))

from inbound import inbound_conf  # noqa: E402
from lab import ROOT, Lab, wait_for  # noqa: E402
from peers import PEERS, TRIXIE, Nas, TlsOnly  # noqa: E402
from test_failover import pool_conf  # noqa: E402

CHECKS = ("TLS 1.2", "TLS 1.3", "PAP", "EAP", "accounting", "watchdog", "idle", "failover")
LOGS = ROOT / "build/interop"
# The watchdog comes before the connection is closed for being idle.
TOWARDS = "connections = 0-1\nidle-timeout = 12s\nwatchdog = 6s\nstatus-server = on"


class Row:
    """One peer in one role. Checks are methods named after them, and raise when something is wrong."""

    def __init__(self, lab, kind, newer):
        self.lab, self.peer = lab, kind(lab, newer)
        self.pki = lab.pki()
        self.home = lab.freeradius("home")
        self.peer.prepare(self.pki, self.home)

    def with_version(self, conf, version):
        """The gateway speaks this version only."""
        text = conf.read_text()
        conf.write_text(text.replace("\n[listen ", f"\nmin-version = {version}\nmax-version = {version}\n[listen ", 1))
        return conf

    def login(self, **more):
        got = self.nas.pap(**more)
        assert got == "Access-Accept", f"PAP: {got}"

    def tls_1_3(self):
        self.start()
        self.greet()
        assert "TLSv1.3," in self.gateways[0].log()

    def pap(self):
        self.login()
        got = self.nas.pap(password="wrong")
        assert got == "Access-Reject", f"the wrong password: {got}"

    def eap(self):
        self.nas.eap()

    def accounting(self):
        session = "interop-1"
        self.nas.account(session)
        if self.is_recorded:
            text = "".join(h.records() for h in self.homes())
            assert f'Acct-Session-Id = "{session}"' in text, "no accounting record"

    def homes(self):
        return [p for p in self.lab.processes if hasattr(p, "records")]


class Server(Row):
    """The peer is the server: the gateway connects to two of them."""

    def __init__(self, lab, kind, newer):
        super().__init__(lab, kind, newer)
        self.is_recorded = not issubclass(kind, TlsOnly)
        self.far = [self.peer.server(i) for i in range(2)]

    def gateway(self, version):
        conf = pool_conf(self.lab, self.pki, [f.port for f in self.far], peer=TOWARDS)
        made = self.lab.gateway(self.with_version(conf, version), name=f"radsecgw-{version}", wait="started")
        self.nas = Nas(self.lab, self.home, self.lab.auth, self.lab.acct)
        return made

    def greet(self):
        """A session; who can says Access-Accept in it."""
        if ("server", "PAP") in self.peer.cannot:  # it echoes
            self.nas.pap(retries=1, timeout=1)
        else:
            self.login()
        wait_for("tls-up", lambda: " tls-up: " in self.gateways[0].log(), 5)

    def tls_1_2(self):
        self.gateways = [self.gateway("1.2")]
        self.greet()
        assert "TLSv1.2," in self.gateways[0].log()
        self.gateways[0].stop()

    def start(self):
        self.gateways = [self.gateway("1.3")]

    def watchdog(self):
        before = self.gateways[0].counters().get("watchdogs_answered", 0)
        self.login()
        wait_for("an answer to the watchdog",
                 lambda: self.gateways[0].counters().get("watchdogs_answered", 0) > before, 15)
        assert "connections_suspected" not in self.gateways[0].counters()

    def idle(self):
        gw = self.gateways[0]
        self.login()
        closed, up = (gw.log().count(f" connection-{what}: ") for what in ("closed", "up"))
        gw.wait_log(r" connection-closed: .*idle-timeout", 25, closed + 1)
        self.login()
        gw.wait_log(r" connection-up: ", 5, up + 1)

    def failover(self):
        gw = self.gateways[0]
        self.login()
        assert "peer=p1" not in "".join(re.findall(r" connection-up: .*", gw.log()))
        self.far[0].popen.kill()
        self.far[0].popen.wait()
        self.login()
        gw.wait_log(r" connection-up: .*peer=p1")


class Client(Row):
    """The peer is the client: it connects to the gateway, or to two of them."""
    is_recorded = True

    def gateway(self, name, version):
        """Its port is in lab.radsec then."""
        conf = inbound_conf(self.lab, self.pki, self.home, name=f"{name}.ini", peer="idle-timeout = 45s")
        return self.lab.gateway(self.with_version(conf, version), name=name, wait="started")

    def greet(self):
        self.login()
        self.gateways[0].wait_log(r" connection-up: ")

    def tls_1_2(self):
        self.gateways = [self.gateway("radsecgw-1.2", "1.2")]
        before = len(self.lab.processes)
        self.nas = self.peer.client("near-1.2", self.lab.radsec)
        self.greet()
        assert "TLSv1.2," in self.gateways[0].log()
        for p in [*self.lab.processes[before:], *self.gateways]:
            p.stop()

    def start(self):
        self.gateways, ports = [], []
        for name in ("radsecgw-a", "radsecgw-b"):
            self.gateways.append(self.gateway(name, "1.3"))
            ports.append(self.lab.radsec)
        self.nas = self.peer.client("near", *ports)

    def count(self, name):
        return sum(gw.counters().get(name, 0) for gw in self.gateways if gw.popen.poll() is None)

    def watchdog(self):
        """A proxy asks by itself: after silence, or when its requests are not answered."""
        before = self.count("status_server_answered")

        def asked():
            if self.peer.asks_when_in_doubt:
                self.nas.pap(retries=1, timeout=4)
            return self.count("status_server_answered") > before
        if hasattr(self.nas, "watch"):
            self.nas.watch()
        if self.peer.asks_when_in_doubt:
            self.home.signal(signal.SIGSTOP)
        try:
            wait_for("a Status-Server of the peer", asked, 40)
        finally:
            self.home.signal(signal.SIGCONT)
        wait_for("a login after it", lambda: self.nas.pap() == "Access-Accept", 60)

    def idle(self):
        self.login()
        def closed():
            return sum(len(re.findall(r" connection-closed: .*idle-timeout", gw.log())) for gw in self.gateways)
        before = closed()
        wait_for("idle-timeout", lambda: closed() > before, 60)
        self.nas.closed()
        self.login()

    def failover(self):
        """The one that carries the logins dies."""
        def accepted(gw):
            return gw.counters().get("requests_accepted", 0)
        before = [accepted(gw) for gw in self.gateways]
        self.login()
        after = [accepted(gw) for gw in self.gateways]
        used = 0 if after[0] > before[0] else 1
        self.gateways[used].popen.kill()
        self.gateways[used].popen.wait()
        wait_for("a login through the other", lambda: self.nas.pap() == "Access-Accept", 60)
        assert accepted(self.gateways[1 - used]) > after[1 - used]
        del self.gateways[used]


ROLES = {"server": Server, "client": Client}


def own_namespaces():
    """A network with a loopback interface only, and mounts that nobody else sees."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(0x40000000 | 0x00020000) != 0:  # CLONE_NEWNET, CLONE_NEWNS
        raise OSError(ctypes.get_errno(), "no namespaces")
    subprocess.run(["mount", "--make-rprivate", "/"], check=True)
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)


def enter(lab):
    """Programs of others run in the root with Debian 13, which sees the lab at the same place."""
    inside = pathlib.Path(f"{TRIXIE}{lab.dir}")
    inside.mkdir(parents=True)
    subprocess.run(["mount", "--bind", lab.dir, inside], check=True)
    lab.before = ("chroot", TRIXIE)
    return inside


def try_row(kind, newer, version, role):
    """[(check, ok | FAIL | -, reason)], and how long it took."""
    began, results = time.monotonic(), {}
    logs = LOGS / f"{kind.name}{'-13' if newer else ''}-{role}.log"

    def run(check, function):
        lacking = kind.lacks(role, check, version)
        if lacking:
            results[check] = ("-", lacking)
            return
        try:
            function()
            results[check] = ("ok", "")
        except Exception as e:  # whatever it is, the row says so
            results[check] = ("FAIL", " ".join(str(e).split())[:160] or type(e).__name__)

    with open(logs, "w") as log, contextlib.redirect_stderr(log), contextlib.ExitStack() as stack:
        lab = stack.enter_context(Lab())
        if newer:
            inside = enter(lab)
            stack.callback(inside.rmdir)
            stack.callback(subprocess.run, ["umount", "-l", inside])
        try:
            row = ROLES[role](lab, kind, newer)
            for check in CHECKS:
                run(check, getattr(row, re.sub(r"\W", "_", check.lower())))
        except Exception as e:
            results.update({c: ("FAIL", f"it does not start: {e}"[:200]) for c in CHECKS if c not in results})
        for p in lab.processes:
            log.write(f"----- {p.name}: {' '.join(p.argv)}\n{p.log()}\n")
    return results, time.monotonic() - began


def print_table(rows):
    """Rows are (name, role, results, seconds)."""
    wide = max(len(name) for name, *_ in rows)
    print(f"\n{'peer':{wide}}  {'is the':7}" + "".join(f"{c:>11}" for c in CHECKS) + "   time")
    for name, role, results, seconds in rows:
        reasons = {}
        for check, (_, why) in results.items():
            if why:
                reasons.setdefault(why, []).append(check)
        said = "; ".join(f"{', '.join(checks) if len(checks) < len(CHECKS) else 'all'}: {why}"
                         for why, checks in reasons.items())
        print(f"{name:{wide}}  {role:7}" + "".join(f"{results[c][0]:>11}" for c in CHECKS) +
              f"{seconds:5.0f} s" + (f"   {said}" if said else ""))
    failed = sum(r[0] == "FAIL" for _, _, results, _ in rows for r in results.values())
    worked = sum(r[0] == "ok" for _, _, results, _ in rows for r in results.values())
    print(f"\n{worked} ok, {failed} failed; what the programs said is in {LOGS.relative_to(ROOT)}/*.log")
    return failed == 0 and worked > 0


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("-j", type=int, default=4, help="rows at a time, which wait most of the time")
    arguments.add_argument("--only", default="", help="rows whose name and role match this")
    args = arguments.parse_args()
    LOGS.mkdir(parents=True, exist_ok=True)
    rows, running = [], {}
    with concurrent.futures.ProcessPoolExecutor(args.j, initializer=own_namespaces) as pool:
        for kind, also_newer in PEERS:
            for newer in (False, True)[:1 + also_newer]:
                try:
                    version, lacks = kind.find_version(newer), ""
                    label = f"{kind.name} {version}"
                except OSError as e:
                    label, lacks = f"{kind.name} of {'Debian 13' if newer else 'this system'}", str(e)
                for role in ROLES:
                    if not re.search(args.only, f"{label} {role}"):
                        continue
                    rows.append((label, role, {c: ("-", lacks) for c in CHECKS}, 0.0))
                    if not lacks:
                        running[pool.submit(try_row, kind, newer, version, role)] = len(rows) - 1
        for done in concurrent.futures.as_completed(running):
            n = running[done]
            rows[n] = (*rows[n][:2], *done.result())
            print(f"{rows[n][0]}, {rows[n][1]}: " + ", ".join(f"{c} {r[0]}" for c, r in rows[n][2].items()), flush=True)
    return 0 if print_table(rows) else 1


if __name__ == "__main__":
    os.chdir(ROOT)
    sys.exit(main())
