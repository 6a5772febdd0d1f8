#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The laboratory of the paper on dead realms (J. Tomasek, CESNET, 2006), with radsecgw on every host:

    eapol_test -> r1orgC -> r1nren, r2nren -> r1orgA, r2orgA (each with a FreeRADIUS)

Logins with PEAP-MSCHAPv2, one after the other, while hosts are down, come and go, or other realms are dead. A host
that goes takes its programs with it, and packets to it vanish. A State lives in one FreeRADIUS, so the conversations
that it holds end with it; whatever else is lost is the gateways' fault, and this program ends with status 1.
Needs the right to make a network namespace, in which packets are dropped."""
import argparse
import collections
import dataclasses
import heapq
import os
import random
import select
import socket
import sys
import threading
import time

import parts
from federation import DEAD_REALMS, NAS_PORT, Federation, user_of
from lab import NAS_SECRET, Lab

FAST = {"pool": "retry-after = 1s", "peer": "watchdog = 6s"}
ALWAYS = ["r1orgD", "r1orgA", "r2orgA", "r1nren", "r2nren", "r1orgC"]
HOMES, PROXIES = ("r1orgA", "r2orgA"), ("r1nren", "r2nren")


@dataclasses.dataclass
class Scenario:
    what: str
    paper: tuple = ()        # its row of table 1
    down: tuple = ()         # gone from the start
    swaps: tuple = ()        # pairs of hosts of which one is there
    visitors: float = 0      # requests a second of users ...
    dead: tuple = DEAD_REALMS  # ... of these realms
    pace: float = 0          # seconds from the start of one login to the start of the next
    cut: int = 0             # r1nren loses its way to orgA before this login
    most: int = 1000000      # logins


SCENARIOS = {
    "1": Scenario("all hosts are up", (109, "200/0.55", 0, 0)),
    "2": Scenario("r1orgA and r1nren are down", (138, "199/0.59", 0, 1), down=("r1orgA", "r1nren")),
    "3": Scenario("visitors of dead realms", (110, "200/0.55", 0, 0), visitors=10, pace=0.2),
    "4": Scenario("2 and 3 together", (131, "199/0.56", 0, 1), down=("r1orgA", "r1nren"), visitors=10,
                  pace=0.2),
    "5": Scenario("r1orgA, r2orgA swapped", (204, "195/0.53", 0, 5), swaps=(HOMES,), pace=1),
    "6": Scenario("5, r1nren, r2nren swapped", (289, "191/0.63", 1, 8), swaps=(HOMES, PROXIES), pace=1),
    "7": Scenario("40 visitors/s, r1nren down", down=("r1nren",), visitors=40, pace=0.5),
    "8": Scenario("r1nren cut off from orgA", cut=10, most=60),
    "9": Scenario("40 visitors/s of orgD alone", visitors=40, dead=DEAD_REALMS[:1], pace=0.5, most=120),
}
SAID_MAX = 40  # lines


class Distance(threading.Thread):
    """Brings datagrams to a port and the answers back, each so many seconds later."""

    def __init__(self, to, delay):
        super().__init__(daemon=True)
        self.to, self.delay, self.waiting, self.n = ("127.0.0.1", to), delay, [], 0
        self.near = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.near.bind(("127.0.0.1", 0))
        self.port = self.near.getsockname()[1]
        self.far, self.nas = {}, {}  # the socket for each NAS, and the other way round
        self.start()

    def _later(self, sender, data, to):
        self.n += 1
        heapq.heappush(self.waiting, (time.monotonic() + self.delay, self.n, sender, data, to))

    def _far_for(self, nas):
        if nas not in self.far:
            self.far[nas] = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.nas[self.far[nas]] = nas
        return self.far[nas]

    def run(self):
        while True:
            pause = self.waiting[0][0] - time.monotonic() if self.waiting else 1
            for s in select.select([self.near, *self.nas], [], [], max(0, pause))[0]:
                data, sender = s.recvfrom(4096)
                if s is self.near:
                    self._later(self._far_for(sender), data, self.to)
                else:
                    self._later(self.near, data, self.nas[s])
            while self.waiting and self.waiting[0][0] <= time.monotonic():
                _, _, s, data, to = heapq.heappop(self.waiting)
                s.sendto(data, to)


class Run:
    """One scenario, from nothing."""

    def __init__(self, lab, args, scenario):
        self.args, self.scenario = args, scenario
        self.periods = dict(zip((HOMES, PROXIES), (args.homes, args.proxies)))
        hosts = ALWAYS if not scenario.cut else ["r1orgB", *ALWAYS]
        spare = [second for _, second in scenario.swaps]
        self.fed = Federation(lab, hosts, down=[*scenario.down, *spare], gateway=args.gateway,
                              **(FAST if args.fast else {}))
        if args.delay:
            self.fed.nas_port = Distance(NAS_PORT, args.delay / 1000).port
        self.visitors = [self._visit(lab, realm) for realm in scenario.dead if scenario.visitors]
        self.began = time.monotonic()
        self.error = None
        worker = threading.Thread(target=self._logins, daemon=True)
        worker.start()
        self._swap(worker)
        worker.join()
        if self.error:
            raise self.error
        self.took = time.monotonic() - self.began
        self.visits = [v.end() for v in self.visitors]
        self.counters = {h.name: h.gateway.counters() for h in self.fed.hosts.values() if h.is_up}

    def _visit(self, lab, realm):
        """Their NAS repeats after 3 s, and its users give up after 12 s."""
        rate = self.scenario.visitors / len(self.scenario.dead)
        return parts.Tool(lab, f"visitors-{realm}", "load", "--target", f"127.0.0.1:{NAS_PORT}", "--secret",
                          NAS_SECRET, "--user", user_of(realm), "--rate", rate, "--time", 100000,
                          "--timeout", 12000, "--retry", 3000, "--sources", 8)

    def _logins(self):
        try:
            for i in range(min(self.args.logins, self.scenario.most)):
                time.sleep(max(0, self.began + i * self.scenario.pace - time.monotonic()))
                if self.scenario.cut and i == self.scenario.cut:
                    for home in HOMES:
                        self.fed.cut("r1nren", home)
                self.fed.login()
                if self.scenario.cut:
                    self.fed.login("orgb.example")
        except Exception as e:  # the main thread tells it
            self.error = e

    def _swap(self, worker):
        """The one that is there goes, then the other one comes; somewhere in the second of a login."""
        chance = random.Random(self.args.seed)
        due = [(self.periods[pair], pair) for pair in self.scenario.swaps]
        while due and worker.is_alive():
            at, (here, away) = min(due)
            worker.join(max(0, self.began + at + chance.random() - time.monotonic()))
            if not worker.is_alive():
                return
            due.remove((at, (here, away)))
            self.fed.hosts[here].stop(self.args.gentle)
            self.fed.hosts[away].start()
            due.append((at + self.periods[tuple(sorted((here, away)))], (away, here)))

    def logins(self, realm="orga.example"):
        return [login for login in self.fed.logins if login.realm == realm]

    def failed(self):
        return [login for login in self.fed.logins if login.result != "OK"]


def explain(run, login):
    """Who is to blame for a login that failed; returns whether it was an EAP server's own death."""
    held = run.fed.killed_home(login)
    print(f"    {login.realm} at {login.began:.2f} s, {login.result} after {login.took:.2f} s: " +
          (f"unavoidable, {held.victim.name} held the conversation" if held else "not the death of its EAP server"))
    for e in run.fed.events:
        if e.victim is not None and login.began <= e.at <= login.began + login.took:
            print(f"      {e.at:.2f} {e.text}")
    if held is None:
        said = run.fed.said(login.began - 1, login.began + login.took)
        print("".join(f"      {line}\n" for line in said[:SAID_MAX]) + f"      {max(0, len(said) - SAID_MAX)} lines more")
    return held is not None


def row(key, run):
    logins, counts = run.logins(), collections.Counter(login.result for login in run.logins())
    good = [login.took for login in logins if login.result == "OK"]
    ours = [f"{run.took:.0f}", f"{len(good)}/{sum(good) / max(1, len(good)):.3f}", counts["reject"],
            counts["time-out"], f"{max(login.took for login in logins):.2f}"]
    return [f"{key} {run.scenario.what}", *ours, *(run.scenario.paper or ["-"] * 4)]


def show(key, run):
    """What happened in this one, and whether it was all unavoidable."""
    print(f"\n{key} {run.scenario.what}: " + ", ".join(
        f"{e.text} at {e.at:.1f} s" for e in run.fed.events if not e.text.endswith(" is up")))
    for v, realm in zip(run.visits, run.scenario.dead):
        print(f"    visitors of {realm}: {v['sent']} requests, {v['answered']} answered")
    for realm in sorted({login.realm for login in run.fed.logins}):
        logins = run.logins(realm)
        slow = [login for login in logins if login.took > 1]
        print(f"    {realm}: {len(logins)} logins, {sum(login.result == 'OK' for login in logins)} OK; longer than a "
              "second: " + (", ".join(f"{login.took:.2f} s (at {login.began:.1f} s)" for login in slow) or "none"))
    sys.stdout.flush()
    return all([explain(run, login) for login in run.failed()])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tools", default="build/tests/bench")
    parser.add_argument("--gateway", default="build/radsecgw")
    parser.add_argument("--logins", type=int, default=200)
    parser.add_argument("--scenarios", default=",".join(SCENARIOS), help="numbers of them, with commas: " + ", ".join(
        f"{key} {s.what}" for key, s in SCENARIOS.items()))
    parser.add_argument("--fast", action="store_true", help="with the values for fast failover of radsecgw.ini(5)")
    parser.add_argument("--gentle", action="store_true", help="hosts that are swapped stop their services in good "
                        "order and refuse connections")
    parser.add_argument("--delay", type=float, default=0, help="milliseconds from the NAS to r1orgC, and back; "
                        "25 make a login as long as in the paper")
    parser.add_argument("--homes", type=float, default=45, help="seconds after which r1orgA and r2orgA are swapped")
    parser.add_argument("--proxies", type=float, default=80, help="the same of r1nren and r2nren")
    parser.add_argument("--seed", type=int, default=1, help="chance decides when within a second hosts are swapped")
    parser.add_argument("--json")
    args = parser.parse_args()
    parts.inside_namespace()
    args.gateway = [os.path.abspath(args.gateway)]
    parts.allow_files()
    rows, good, results = [], True, {}
    for key in args.scenarios.split(","):
        with Lab() as lab:
            lab.tools = parts.ROOT / args.tools
            run = Run(lab, args, SCENARIOS[key])
            good = show(key, run) and good
        rows.append(row(key, run))
        results[key] = {"took": run.took, "logins": [dataclasses.asdict(login) for login in run.fed.logins],
                        "events": [[e.at, e.text] for e in run.fed.events], "visitors": run.visits,
                        "counters": run.counters}
    print(f"\n{args.logins} logins each (60 in 8, 120 in 9). OK: how many, and how long they took on average."
          f"{' A way of ' + format(args.delay, 'g') + ' ms to r1orgC.' if args.delay else ''}\n")
    head = ["scenario", "total s", "OK n/avg s", "reject", "time-out", "longest s", "paper: s", "OK n/avg s", "reject",
            "time-out"]
    parts.table(head, rows)
    parts.save(args.json, {"about": parts.about(*args.gateway), "results": results})
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
