#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What an established peer's logins notice of storms on the RADIUS/TLS port that they go through:

    load -> RADIUS/UDP -> radsecgw -> TLS -> the one under attack -> RADIUS/UDP -> respond

Under attack are radsecgw with its default limits, radsecgw with its limits opened so that the storm reaches
TLS, and Debian's radsecproxy. "beside" is the control: another gateway with open limits is attacked, so that what
the logins notice is only that the processors have more to do. The storm comes from 64 addresses or as many as it
says, with less claim to the processor (nice 10).

In the storms "hold" and "connect" another peer, 50 ms away, connects thirty times from one address, and thirty times
from an address that nobody has seen before; it has to get in at the first attempt. At last, what a connection takes
whose handshake does not go on."""
import argparse
import os
import re
import sys
import threading
import time

import parts
import radius
from inbound import Visitor
from lab import Lab
from relay import Relay

STORMS = {
    "silent": ["--again", "silent", 2000],
    "loris": ["--again", "loris", 500],
    "hello": ["hello", 500],
    "handshake": ["handshake", 500],
    "probe": ["probe", 1000],
    "reconnect": ["--ramp", 20000, "idle", 1000],
    "deaf": ["deaf", 4],
    "hold": ["--addresses", 20, "hold", 60],
    "connect": ["--addresses", 60, "hold", 300],
}
WITH_NEWCOMERS = ("hold", "connect")
TIMES = 30          # a newcomer connects
FAR_S = 0.025       # one way
SETTLE_S = 7        # such a storm is at its height when the first connections are given up
PLACES = {"silent": ["silent", 1000], "half of a ClientHello or nothing": ["hold", 500],
          "a whole ClientHello": ["stuck", 1000]}
OPEN = "connect-rate = 0\nconnect-rate-per-address = 0\nmax-connections = 100000\n" \
       "max-connections-per-address = 100000\nmax-half-open = 100000\nmax-half-open-per-address = 1024\n"
TIMEOUT_MS = 5000  # a login that takes longer is lost


class Watch(threading.Thread):
    """Looks at a process from time to time: the most memory and threads that it had."""

    def __init__(self, pid):
        super().__init__(daemon=True)
        self.pid, self.most, self.over = pid, {}, threading.Event()

    def run(self):
        while not self.over.wait(0.2):
            try:
                now = parts.memory(self.pid)
            except (OSError, KeyError):
                return  # it has died
            self.most = {k: max(v, self.most.get(k, 0)) for k, v in now.items()}

    def end(self):
        self.over.set()
        self.join()
        return self.most


class Newcomer(threading.Thread):
    """A peer that is far away and connects again and again, from one address or a new one each time."""

    def __init__(self, port, pki, always_new):
        super().__init__(daemon=True)
        self.port, self.pki, self.always_new = port, pki, always_new
        self.got_in, self.took = 0, []

    def run(self):
        relay = Relay(self.port, FAR_S)
        probe = radius.request(12, 1, b"", b"radsec")
        for i in range(TIMES):
            relay.source = f"127.2.{int(self.always_new)}.{i + 1 if self.always_new else 1}"
            began = time.monotonic()
            try:
                visitor = Visitor(relay.port, self.pki)
                visitor.ask(probe)
                self.got_in += 1
                self.took.append(time.monotonic() - began)
                visitor.close()
            except (OSError, AssertionError):
                pass  # it did not get in
            time.sleep(max(0, began + 0.4 - time.monotonic()))
        relay.close()


def newcomers(target, pki, seconds):
    """Both kinds, while the logins go on; gives a function that waits for what came of it."""
    both = {name: Newcomer(target.port, pki, name == "new") for name in ("same", "new")}
    for thread in both.values():
        thread.start()

    def result():
        for thread in both.values():
            thread.join(seconds + 60)
        return {name: {"got_in": t.got_in, "ms": parts.median(t.took) * 1e3 if t.took else None}
                for name, t in both.items()}
    return result


def place(lab, args, pki, words):
    """KiB that one connection takes whose handshake does not go on."""
    home = parts.Home(lab)
    inner = parts.start_inner(lab, args.gateway, pki, home, OPEN, "handshake-timeout = 1m")
    warm_up = parts.Tool(lab, "storm", "storm", "--target", f"127.0.0.1:{inner.port}", "--pki", pki, "--time", 1, *words)
    warm_up.wait()
    time.sleep(3)
    before = parts.memory(inner.pid)["rss"]
    storm = parts.Tool(lab, "storm", "storm", "--target", f"127.0.0.1:{inner.port}", "--pki", pki, *words)
    time.sleep(4)
    inner.counters()  # and the status that comes with them
    n = int(re.findall(r" half_open=(\d+)", inner.log())[-1])
    during = parts.memory(inner.pid)["rss"]
    storm.stop()
    inner.stop()
    home.stop()
    return {"places": n, "kib": (during - before) / n}


def phase(lab, args, inner, outer, seconds):
    """One period of logins; returns what they and the attacked process experienced."""
    watch = Watch(inner.pid)
    watch.start()
    cpu, began = parts.cpu_seconds(inner.pid), time.monotonic()
    logins = parts.load(lab, outer.auth, "--rate", args.rate, "--time", seconds, "--timeout", TIMEOUT_MS,
                        "--sources", 1 + args.rate * TIMEOUT_MS // 1000 // 200, seconds=seconds)
    took = time.monotonic() - began
    alive = parts.is_alive(inner)
    return {"logins": logins, "exit": None if alive else inner.popen.returncode, "most": watch.end(),
            "cpu": (parts.cpu_seconds(inner.pid) - cpu) / took if alive else None}


def measure(lab, args, pki, subject, name):
    """A new chain, logins without and with the storm, and after it."""
    home = parts.Home(lab)
    if subject == "radsecproxy":
        inner = parts.start_radsecproxy(lab, pki, home)
    else:
        inner = parts.start_inner(lab, args.gateway, pki, home, OPEN if subject == "limits open" else "")
    target = parts.start_inner(lab, args.gateway, pki, home, OPEN) if subject == "beside" else inner
    outer = parts.start_outer(lab, args.gateway, pki, inner.port)
    parts.load(lab, outer.auth, "--rate", args.rate, "--time", 1)
    before = phase(lab, args, inner, outer, args.seconds / 2)
    counted = inner.counters() if subject != "radsecproxy" else {}
    words = STORMS[name]
    storm = parts.Tool(lab, "storm", "storm", "--target", f"127.0.0.1:{target.port}", "--pki", pki, *words, low=True)
    time.sleep(SETTLE_S if name in WITH_NEWCOMERS else 0.5)
    seconds = args.seconds
    comers = None
    if name in WITH_NEWCOMERS:
        seconds = max(seconds, TIMES * 0.5)
        comers = newcomers(inner, pki, seconds)
    during = phase(lab, args, inner, outer, seconds)
    during["newcomers"] = comers() if comers else None
    cpu_storm = parts.cpu_seconds(storm.pid)
    storm = storm.end()
    time.sleep(1)
    after = phase(lab, args, inner, outer, 2)
    now = inner.counters() if subject != "radsecproxy" and parts.is_alive(inner) else {}
    for p in dict.fromkeys((outer, inner, target, home)):
        p.stop()
    return {"before": before, "during": during, "after": after, "storm": storm, "storm_cpu_seconds": cpu_storm,
            "home": home.result(),
            "counters": {k: v - counted.get(k, 0) for k, v in now.items() if v != counted.get(k, 0)}}


def mid(runs, when, *keys):
    """Median of a value over the runs; None if the process had died in one."""
    values = []
    for run in runs:
        value = run[when]
        for k in keys:
            value = value.get(k) if value else None
        values.append(value)
    return parts.median(values) if None not in values else None


def number(value, factor=1.0, digits=1, unit=""):
    return "died" if value is None else f"{value * factor:.{digits}f}{unit}"


def time_of(runs, when, what):
    """Milliseconds; a dash if nothing was answered at all."""
    return number(mid(runs, when, "logins", what), 1e-3, 2) if mid(runs, when, "logins", "answered") else "-"


def show_newcomers(results):
    """How often a peer got in, of all runs."""
    rows = []
    for name in WITH_NEWCOMERS:
        for subject, runs in results.get(name, {}).items():
            all_of_them = [run["during"]["newcomers"] for run in runs]
            row = [" ".join(str(w) for w in STORMS[name]), subject]
            for kind in ("same", "new"):
                row.append(" ".join(f"{n[kind]['got_in']}/{TIMES}" for n in all_of_them))
                row.append(number(parts.median([n[kind]["ms"] or 0 for n in all_of_them]), 1, 0))
            rows.append(row)
    if rows:
        print(f"\nConnects of a peer {FAR_S * 2e3:.0f} ms away that came to a login at the first attempt, and "
              "milliseconds until then\n")
        parts.table(["storm", "against", "from one address", "ms", "always a new one", "ms"], rows)


def show_places(places):
    print("\nKiB of memory for a connection whose handshake does not go on\n")
    parts.table(["it has sent", "connections", "KiB each"],
                [[name, p["places"], f"{p['kib']:.1f}"] for name, p in places.items()])


def show(results, args):
    """results[storm][subject] = runs"""
    print(f"\n{args.rate} logins/s of an established peer; milliseconds, medians of {args.runs} runs. The processor's "
          "share and\nmemory (MiB; threads) are those of the one under attack.\n")
    head = ["storm", "against", "p50 before", "during", "p99 before", "during", "max before", "during", "lost",
            "lost after", "CPU before", "during", "RSS before", "during", "after", "threads"]
    rows = []
    for name, by_subject in results.items():
        for subject, runs in by_subject.items():
            row = [" ".join(str(w) for w in STORMS[name] if w != "--again"), subject]
            for what in ("p50_us", "p99_us", "max_us"):
                row += [time_of(runs, when, what) for when in ("before", "during")]
            row += [number(mid(runs, when, "logins", "lost"), 1, 0) for when in ("during", "after")]
            row += [number(mid(runs, when, "cpu"), 100, 0, " %") for when in ("before", "during")]
            row += [number(mid(runs, when, "most", "rss"), 1 / 1024) for when in ("before", "during", "after")]
            row.append(number(mid(runs, "during", "most", "threads"), 1, 0))
            rows.append(row)
    parts.table(head, rows)
    print("\nWhat became of the storms (the last run), and what the gateway has counted:")
    for name, by_subject in results.items():
        for subject, runs in by_subject.items():
            storm, counters = runs[-1]["storm"], runs[-1]["counters"]
            print(f"\n{name} against {subject}\n   the storm: " +
                  " ".join(f"{k}={v}" for k, v in storm.items() if v and k not in ("kind", "amount")))
            if counters:
                print("   counters:  " + " ".join(f"{k}={v}" for k, v in counters.items()))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tools", default="build/tests/bench")
    parser.add_argument("--gateway", default="build/radsecgw")
    parser.add_argument("--rate", type=int, default=500, help="logins per second")
    parser.add_argument("--seconds", type=float, default=8, help="length of a storm")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--storms", default=",".join(STORMS), help="which ones, with commas")
    parser.add_argument("--against", default="default limits,limits open,beside,radsecproxy")
    parser.add_argument("--no-places", action="store_true", help="leave out what a half-open connection takes")
    parser.add_argument("--json")
    args = parser.parse_args()
    for name in args.storms.split(","):
        if name not in STORMS:
            parser.error(f"no storm {name}; there are {', '.join(STORMS)}")
    args.gateway = os.path.abspath(args.gateway)
    parts.allow_files()
    results = {name: {subject: [] for subject in args.against.split(",")
                      if subject != "radsecproxy" or os.path.exists(parts.RADSECPROXY)}
               for name in args.storms.split(",")}
    with Lab() as lab:
        lab.tools = parts.ROOT / args.tools
        pki = lab.pki(clients=("gateway.test", "storm.test"))
        for run in range(args.runs):
            for name, by_subject in results.items():
                for subject, runs in by_subject.items():
                    print(f"run {run + 1}: {name} against {subject}", file=sys.stderr, flush=True)
                    runs.append(measure(lab, args, pki, subject, name))
            parts.save(args.json, {"about": parts.about(args.gateway), "rate": args.rate, "seconds": args.seconds,
                                   "results": results})
        places = {} if args.no_places else {name: place(lab, args, pki, words) for name, words in PLACES.items()}
    show(results, args)
    show_newcomers(results)
    if places:
        show_places(places)


if __name__ == "__main__":
    main()
