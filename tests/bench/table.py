#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What a request costs: radsecgw with either wolfSSL, Debian's radsecproxy, and a bare forwarder as the floor,
all on this machine, in turn, round after round; each run with a new process.

Absolute numbers hold for one machine at one time. What can be compared are ratios from one run of this program:
of medians over the rounds, with the least and the most that a single round gave."""
import argparse
import os
import resource
import sys
import time

import contenders
import extras
import parts
from contenders import FLOOR, INBOUND, LEAN, OUTBOUND, RADSECPROXY, SYSTEM, WHAT
from lab import Lab

KINDS = {"pap": "PAP, 120 octets", "eap": "EAP, 1100 octets, answered with keys", "acct": "accounting, 120 octets"}
WINDOWS = (1, 32, 200, 1000, 4000)
RATE = 20000
TIMEOUT_MS = 2000   # a request without an answer for so long is lost, and its place in the window is free again
TOLERABLE = 0.001   # share of requests without an answer
PARTS = ("window", "rate", "start", "memory", "handshakes", "large", "workers")


def pace_words(pace):
    return ["--rate", pace[:-2]] if pace.endswith("/s") else ["--window", pace]


def others_share(busy_before, own_before, own_after, seconds):
    """The share of all processors that programs other than ours took."""
    busy = parts.busy_seconds() - busy_before
    return max(0.0, (busy - (own_after - own_before)) / seconds / os.cpu_count())


def own_seconds(*processes):
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return children.ru_utime + children.ru_stime + time.process_time() + \
        sum(parts.cpu_seconds(p.pid) or 0 for p in processes)


def measure(field, args, name, direction, kind, pace, shape=contenders.SMALL, more=()):
    """One run: a new process, load until it has settled, load that is measured."""
    process = field.start(name, direction, shape)
    idle = parts.memory(process.pid)
    responder = field.responder(direction)
    busy, own, began = parts.busy_seconds(), own_seconds(process, responder), time.monotonic()
    tool = parts.Tool(field.lab, "load", "load", *contenders.words_for(field, process, direction), "--kind", kind,
                      *pace_words(pace), "--prime", args.prime, "--time", args.seconds, "--timeout", TIMEOUT_MS,
                      "--user", shape.user, "--pid", f"{process.pid},{responder.pid}", *more)
    tool.wait(60)
    took = time.monotonic() - began
    run = {"start_ms": process.start_ms, "idle": idle, **evaluate(tool, process),
           "others": others_share(busy, own, own_seconds(process, responder), took)}
    process.popen.kill()
    process.popen.wait()
    return run


def evaluate(tool, process):
    """What load says; one that has died, or that load could not reach any more, has answered nothing."""
    if tool.popen.returncode or not parts.is_alive(process):
        parts.say(f"{process.name} has died ({process.popen.poll()}), or load failed: {tool.log()[-500:]}")
        return {"died": process.popen.poll(), "cpu_us": None, "cpu_share": 0, "load_share": 0, "responder_share": 0,
                "per_second": 0, "unanswered": 1, "p50_ms": None, "p99_ms": None, "p999_ms": None, "most_memory": 0}
    result = tool.result()
    cpu, responder_cpu = (us / 1e6 / result["seconds"] for us in result["cpu_us"])
    answers = result["measured"]
    return {"load": result, "loaded": parts.memory(process.pid), "most_memory": parts.most_memory(process.pid),
            "cpu_us": result["cpu_us"][0] / answers if answers else None, "cpu_share": cpu,
            "load_share": result["own_cpu_us"] / 1e6 / result["seconds"], "responder_share": responder_cpu,
            "per_second": result["per_second"], "unanswered": result["lost"] / max(1, result["sent"]),
            "p50_ms": result["p50_us"] / 1000, "p99_ms": result["p99_us"] / 1000, "p999_ms": result["p999_us"] / 1000}


# ---- the plan

def cells(args):
    """What is measured with each contender, in this order."""
    for direction in args.directions:
        for kind in args.kinds:
            paces = [str(w) for w in args.windows] if "window" in args.parts else []
            if "rate" in args.parts:
                paces.append(f"{args.rate}/s")
            for pace in paces:
                yield direction, kind, pace


def measure_all(field, args):
    """results[cell][contender] = runs, A B C D A B C D; who goes first changes from round to round."""
    results = {cell: {name: [] for name in args.against} for cell in cells(args)}
    for number in range(args.rounds):
        for cell, by_name in results.items():
            for name in parts.turned(args.against, number):
                by_name[name].append(measure(field, args, name, *cell))
            parts.say(f"round {number + 1}: {' '.join(cell)}: " + ", ".join(
                f"{name} {runs[-1]['cpu_us'] or 0:.1f} us" for name, runs in by_name.items()))
    return results


# ---- the tables

def show_cells(results, args):
    base = args.against[0]
    for direction in args.directions:
        for kind in args.kinds:
            rows = []
            for (d, k, pace), by_name in results.items():
                if (d, k) != (direction, kind):
                    continue
                for name, runs in by_name.items():
                    rows.append([pace if name == base else "", name, *row_of(runs, by_name[base], name == base)])
            if rows:
                print(f"\n{direction}, {KINDS[kind]}\n")
                parts.table(["in flight", "contender", "CPU us", f"to {base}", "requests/s", f"to {base}",
                             "unanswered", "p50 ms", "p99 ms", "p99.9 ms"], rows)


def row_of(runs, base, is_base):
    unanswered = parts.mid(runs, "unanswered")
    row = []
    for key, digits in (("cpu_us", 2), ("per_second", 0)):
        row.append(parts.with_spread(runs, key, digits))
        row.append("" if is_base else parts.ratio(runs, base, key))
    return [*row, f"{unanswered * 100:.2f} %" if unanswered else "0",
            *(parts.number(parts.mid(runs, key), 2) for key in ("p50_ms", "p99_ms", "p999_ms"))]


def best_window(results, direction, kind, name):
    """The window with the highest throughput that leaves next to nothing unanswered, and its runs."""
    found = [(parts.mid(by_name[name], "per_second"), pace, by_name[name])
             for (d, k, pace), by_name in results.items() if (d, k) == (direction, kind) and "/" not in pace and
             parts.mid(by_name[name], "unanswered") <= TOLERABLE]
    return max(found, key=lambda f: f[0])[1:] if found else (None, None)


def show_throughput(results, args):
    base = args.against[0]
    rows = []
    for direction in args.directions:
        for kind in args.kinds:
            _, base_runs = best_window(results, direction, kind, base)
            for name in args.against:
                pace, runs = best_window(results, direction, kind, name)
                rows.append([f"{direction}, {kind}" if name == base else "", name,
                             *(["-"] * 3 if runs is None else
                               [parts.with_spread(runs, "per_second", 0),
                                "" if name == base or base_runs is None else
                                parts.ratio(runs, base_runs, "per_second"), pace])])
    print(f"\nThe most requests per second with at most {TOLERABLE * 100:g} % unanswered, and the window for it\n")
    parts.table(["", "contender", "requests/s", f"to {base}", "in flight"], rows)


def show_tools(results):
    """Whether the tools, or other programs, had a part in what was measured."""
    runs = [run for by_name in results.values() for runs in by_name.values() for run in runs]
    if not runs:
        return
    print("\nShares of one processor, median and most: " + "; ".join(
        f"{what} {parts.mid(runs, key) * 100:.0f} %, {max(r[key] for r in runs) * 100:.0f} %"
        for what, key in (("load", "load_share"), ("the responder", "responder_share"),
                          ("the contender", "cpu_share"))) +
          f".\nOther programs took {parts.mid(runs, 'others') * 100:.0f} % of all processors "
          f"({max(r['others'] for r in runs) * 100:.0f} % at most).")


def options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tools", default="build/tests/bench")
    parser.add_argument("--lean", default="build/radsecgw")
    parser.add_argument("--system", default="build/system/radsecgw")
    parser.add_argument("--quick", action="store_true", help="fewer cells, shorter runs")
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--seconds", type=float, help="length of what is measured in one run")
    parser.add_argument("--prime", type=float, help="seconds of load before that")
    parser.add_argument("--windows", help="requests in flight, with commas")
    parser.add_argument("--rate", type=int, default=RATE, help="requests per second where they do not wait")
    parser.add_argument("--kinds", default=",".join(KINDS))
    parser.add_argument("--directions", default=f"{OUTBOUND},{INBOUND}")
    parser.add_argument("--against", default=",".join(WHAT), help="the first is what others are compared with")
    parser.add_argument("--parts", default=",".join(PARTS))
    parser.add_argument("--json", help="file for all that was measured")
    args = parser.parse_args()
    quick = {"rounds": 2, "seconds": 0.4, "prime": 0.2, "windows": "1,200,4000"}
    whole = {"rounds": 3, "seconds": 0.7, "prime": 0.25, "windows": ",".join(map(str, WINDOWS))}
    for key, value in (quick if args.quick else whole).items():
        if getattr(args, key) is None:
            setattr(args, key, value)
    args.windows = [int(w) for w in args.windows.split(",")]
    for key in ("kinds", "directions", "against", "parts"):
        setattr(args, key, getattr(args, key).split(","))
    return args


def main():
    args = options()
    parts.allow_files()
    exist = {LEAN: args.lean, SYSTEM: args.system, RADSECPROXY: parts.RADSECPROXY, FLOOR: f"{args.tools}/floor"}
    for name in [n for n in args.against if not os.path.exists(exist[n])]:
        print(f"left out: {name}, for there is no {exist[name]}", file=sys.stderr)
        args.against.remove(name)
    about = parts.about(*(exist[n] for n in args.against if n != FLOOR))
    with Lab() as lab:
        lab.tools = parts.ROOT / args.tools
        field = contenders.Field(lab, args, lab.pki(clients=("gateway.test", "storm.test")))
        began = time.monotonic()
        results = measure_all(field, args)
        data = {"about": about, "options": vars(args),
                "cells": [{"direction": d, "kind": k, "pace": p, "runs": by_name}
                          for (d, k, p), by_name in results.items()]}
        parts.save(args.json, data)
        for name in args.against:
            print(f"{name:12} {WHAT[name]}")
        print(f"\n{args.rounds} rounds in turn. A value is the median (least-most); 'to {args.against[0]}' is the "
              "ratio of medians\n(the least and the most of a single round). UDP ports of radsecgw and of the floor have "
              "receive buffers of 16 MiB;\nthose of radsecproxy have the system's default.")
        show_cells(results, args)
        if "window" in args.parts:
            show_throughput(results, args)
        show_tools(results)
        for part in extras.PARTS:
            if part in args.parts:
                data[part] = extras.PARTS[part](field, args, results, measure)
                parts.save(args.json, data)
        print(f"\n{about['cpu']}, {about['cores']} processors, Linux {about['kernel']}; "
              f"{time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
