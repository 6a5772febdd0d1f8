#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What an idle TLS connection costs in memory: radsecgw with each wolfSSL, and Debian's radsecproxy. And what a client
can make radsecgw remember, with the defaults, and when that is given back."""
import argparse
import os
import sys
import time

import parts
from flood import STATES, Place
from lab import Lab

MANY = "max-connections = 20000\nmax-connections-per-address = 20000\nmax-half-open = 5000\n" \
       "max-half-open-per-address = 1024\n" \
       "connect-rate = 0\nconnect-rate-per-address = 0\n"
WARM_UP = 10


def settled(process):
    """Memory once nothing changes any more: ending sessions takes a moment."""
    before = None
    for _ in range(40):
        now = parts.memory(process.pid)
        if now == before:
            return now
        before = now
        time.sleep(0.5)
    return before


def storm(lab, pki, port, n):
    tool = parts.Tool(lab, "storm", "storm", "--target", f"127.0.0.1:{port}", "--pki", pki, "--ramp", "200",
                      "idle", n)
    tool.wait_log("^ready", 120)
    return tool


def measure(lab, pki, start, n):
    process = start()
    fresh = settled(process)
    storm(lab, pki, process.port, WARM_UP).end()
    warm = settled(process)
    tool = storm(lab, pki, process.port, n)
    full = settled(process)
    result = tool.end()
    if result["closed"] or result["open"] != n:
        raise RuntimeError(f"connections were lost: {result}")
    time.sleep(4)  # memory is given back a little later
    after = settled(process)
    process.stop()
    return {"fresh": fresh, "warm": warm, "full": full, "after": after,
            "rss_each": (full["rss"] - warm["rss"]) / n, "dirty_each": (full["dirty"] - warm["dirty"]) / n}


def subjects(args, lab, pki, home):
    def gateway(binary):
        return lambda: parts.start_inner(lab, os.path.abspath(binary), pki, home, MANY)
    all_of_them = {"radsecgw, lean wolfSSL": gateway(args.lean), "radsecgw, system wolfSSL": gateway(args.system),
                   "radsecproxy": lambda: parts.start_radsecproxy(lab, pki, home)}
    exist = {"radsecgw, lean wolfSSL": args.lean, "radsecgw, system wolfSSL": args.system,
             "radsecproxy": parts.RADSECPROXY}
    for name, path in exist.items():
        if not os.path.exists(path):
            print(f"left out: {name}, for there is no {path}", file=sys.stderr)
            del all_of_them[name]
    return all_of_them


# What is sent by one client: who asks and with how much, and for how long what came of it is remembered, in seconds.
FLOODS = {"15,000 logins refused, 3.5 KB each": (b"x@refused.example", STATES, 10),
          "15,000 logins that wait, 3.5 KB each": (b"x@silent.example", STATES, 40),
          "15,000 logins that wait, 80 octets each": (b"x@silent.example", b"", 40)}


def flood(binary, user, states, seconds):
    os.environ["RADSECGW"] = os.path.abspath(binary)
    with Lab() as lab:
        place = Place(lab)
        place.flood(20, user)
        before = settled(place.gw)["rss"]
        place.flood(15000, user, states)
        most = parts.most_memory(place.gw.pid)
        time.sleep(seconds + 3)
        after = settled(place.gw)["rss"]
        counters = place.gw.counters()
        place.home.close()
    names = ("answers_crowded_out", "answers_forgotten", "requests_over_share", "requests_no_room")
    return {"before": before, "most": most, "after": after, **{name: counters.get(name, 0) for name in names}}


def show_floods(floods):
    rows = [[name, *(str(f[k]) for k in ("before", "most", "after")),
             ", ".join(f"{k} {v}" for k, v in f.items() if v and k not in ("before", "most", "after"))]
            for name, f in floods.items()]
    print("\nKiB of memory before, during and after what one client does\n")
    parts.table(["", "before", "most", "after", "counters"], rows)


def show(results, n):
    def mid(runs, *keys):
        def value(run):
            for k in keys:
                run = run[k]
            return run
        return parts.median([value(r) for r in runs])
    rows = []
    for name, runs in results.items():
        each = [r["rss_each"] for r in runs]
        rows.append([name, f"{mid(runs, 'fresh', 'rss'):.0f}", f"{mid(runs, 'fresh', 'dirty'):.0f}",
                     f"{mid(runs, 'warm', 'rss'):.0f}", f"{mid(runs, 'full', 'rss'):.0f}",
                     f"{mid(runs, 'rss_each'):.1f}", f"{mid(runs, 'dirty_each'):.1f}",
                     f"{min(each):.1f}-{max(each):.1f}", f"{mid(runs, 'after', 'rss'):.0f}",
                     f"{mid(runs, 'full', 'threads'):.0f}"])
    print(f"\nKiB of memory with {n} idle TLS connections; medians of {len(runs)} runs\n")
    parts.table(["", "RSS at start", "private", f"after {WARM_UP}", f"with {n}", "RSS each", "private each", "spread",
                 "when they are gone", "threads"], rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tools", default="build/tests/bench")
    parser.add_argument("--lean", default="build/radsecgw")
    parser.add_argument("--system", default="build/system/radsecgw")
    parser.add_argument("--connections", type=int, default=1000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--json")
    args = parser.parse_args()
    parts.allow_files()
    with Lab() as lab:
        lab.tools = parts.ROOT / args.tools
        pki = lab.pki(clients=("gateway.test", "storm.test"))
        home = parts.Home(lab)
        chosen = subjects(args, lab, pki, home)
        results = {name: [] for name in chosen}
        for run in range(args.runs):
            for name, start in chosen.items():
                results[name].append(measure(lab, pki, start, args.connections))
                print(f"run {run + 1}: {name}: {results[name][-1]['rss_each']:.2f} KiB", file=sys.stderr)
        show(results, args.connections)
    floods = {name: flood(args.lean, *what) for name, what in FLOODS.items()}
    show_floods(floods)
    parts.save(args.json, {"about": parts.about(*(b for b in (args.lean, args.system) if os.path.exists(b))),
                           "connections": args.connections, "results": results, "floods": floods})


if __name__ == "__main__":
    main()
