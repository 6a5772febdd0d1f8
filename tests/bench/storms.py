#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What an established peer's logins notice of storms on the RADIUS/TLS port that they go through:

    load -> RADIUS/UDP -> radsecgw -> TLS -> the one under attack -> RADIUS/UDP -> respond

Under attack are radsecgw with its default limits, radsecgw with its limits opened so that the storm reaches
TLS, and Debian's radsecproxy. "beside" is the control: another gateway with open limits is attacked, so that what
the logins notice is only that the processors have more to do. The storm comes from 64 addresses, with less claim to the processor (nice 10)."""
import argparse
import os
import sys
import threading
import time

import parts
from lab import Lab

STORMS = {
    "silent": ["--again", "silent", 2000],
    "loris": ["--again", "loris", 500],
    "hello": ["hello", 500],
    "handshake": ["handshake", 500],
    "probe": ["probe", 1000],
    "reconnect": ["--ramp", 20000, "idle", 1000],
    "deaf": ["deaf", 4],
}
OPEN = "connect-rate = 0\nconnect-rate-per-address = 0\nmax-connections = 100000\n" \
       "max-connections-per-address = 100000\nmax-half-open = 100000\n"
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
    time.sleep(0.5)
    during = phase(lab, args, inner, outer, args.seconds)
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
    show(results, args)


if __name__ == "__main__":
    main()
