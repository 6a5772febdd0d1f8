#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What a login costs more because the gateway tells of it: by the login line, by the ring of requests, and by metrics
that are fetched each second, each against a gateway that tells nothing.

    tests/bench/telling.py [--tools DIR] [--part instructions|cpu] GATEWAY

Instructions are counted by callgrind, in user space only, one login at a time. Processor time is that of the whole
process, user and system: gateways of all settings stand side by side and get the same load in turn, a few seconds
each, and the column beside it is the median of the ratios of runs that followed each other."""
import argparse
import os
import pathlib
import re
import statistics
import sys
import threading
import time
import types
import urllib.request

import contenders
import parts
from contenders import LEAN, OUTBOUND
from instructions import FEW, MANY, path_of, wrapper
from lab import Lab

SETTINGS = {
    "nothing": "[gateway]\nring = 0\n[log]\nlogins = no\n",
    "ring": "[log]\nlogins = no\n",
    "line": "[gateway]\nring = 0\n",
    "line, JSON": "[gateway]\nring = 0\n[log]\nformat = json\n",
    "F-Ticks": "[gateway]\nring = 0\n[log]\nlogins = no\nfticks = log\nfticks-key = salt\n",
    "line, ring, metrics": "",
}
METRICS = "line, ring, metrics"


def shape_for(lab, name):
    port = lab.port() if name == METRICS else 0
    more = SETTINGS[name] + (f"[metrics]\nlisten = 127.0.0.1:{port}\n" if port else "")
    return contenders.Shape(more=more), port


def count(field, program, name, kind, logins):
    field.binaries[LEAN] = program
    process = field.start(LEAN, OUTBOUND, shape_for(field.lab, name)[0])
    tool = parts.Tool(field.lab, "load", "load", *contenders.words_for(field, process, OUTBOUND), "--kind", kind,
                      "--window", 1, "--count", logins, "--timeout", 20000, "--sources", 1)
    tool.wait(300)
    answered = tool.result()["answered"]
    process.stop()
    if answered != logins:
        raise RuntimeError(f"{answered} of {logins} answered:\n{process.log()[-2000:]}")
    return int(re.findall(r"Collected : (\d+)", path_of(field.lab).read_text())[-1])


def count_all(field, binary, names):
    rows = []
    for kind in ("pap", "eap"):
        first = None
        for number, name in enumerate(names):
            program = wrapper(field.lab, number, binary)
            few, many = (count(field, program, name, kind, n) for n in (FEW, MANY))
            each = (many - few) / (MANY - FEW)
            first = first or each
            rows.append([name, kind, f"{each:.0f}", f"{each / first - 1:+.1%}"])
    parts.table(["told", "kind", "instructions", "more"], rows)


def fetch_for_ever(ports, ended):
    while not ended.wait(1):
        for port in ports:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
                answer.read()


def measure_all(field, args, names):
    """runs[kind, name] = microseconds of processor time per login, one of each round."""
    gateways, ports = {}, []
    for name in names:
        shape, port = shape_for(field.lab, name)
        gateways[name] = field.start(LEAN, OUTBOUND, shape)
        ports += [port] if port else []
    ended = threading.Event()
    thread = threading.Thread(target=fetch_for_ever, args=(ports, ended), daemon=True)
    thread.start()
    runs = {(kind, name): [] for kind in ("pap", "eap") for name in names}
    for number in range(args.rounds):
        for kind in ("pap", "eap"):
            for name in parts.turned(names, number):
                process = gateways[name]
                tool = parts.Tool(field.lab, "load", "load", *contenders.words_for(field, process, OUTBOUND),
                                  "--kind", kind, "--rate", args.rate, "--time", args.seconds, "--timeout", 3000,
                                  "--pid", process.pid)
                tool.wait(60)
                result = tool.result()
                if result["lost"]:
                    parts.say(f"{name}: {result['lost']} of {result['sent']} lost")
                runs[kind, name].append(result["cpu_us"][0] / result["measured"])
                time.sleep(0.2)
    ended.set()
    thread.join()
    return runs


def show_cpu(runs, names):
    rows = []
    for kind in ("pap", "eap"):
        base = runs[kind, names[0]]
        for name in names:
            ratios = [one / other for one, other in zip(runs[kind, name], base)]
            rows.append([name, kind, f"{statistics.median(runs[kind, name]):.2f}",
                         f"{statistics.median(ratios) - 1:+.1%}", f"{min(ratios) - 1:+.1%} to {max(ratios) - 1:+.1%}"])
    parts.table(["told", "kind", "us of CPU", "more", "least to most"], rows)


def main():
    args = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    args.add_argument("--tools", default="build/tests/bench")
    args.add_argument("--part", choices=("instructions", "cpu"), action="append")
    args.add_argument("--only", action="append", choices=list(SETTINGS), help="settings beside `nothing`")
    args.add_argument("--rate", type=int, default=10000, help="logins per second")
    args.add_argument("--seconds", type=int, default=2)
    args.add_argument("--rounds", type=int, default=5)
    args.add_argument("gateway")
    args = args.parse_args()
    parts.allow_files()
    names = ["nothing", *(args.only or [name for name in SETTINGS if name != "nothing"])]
    with Lab() as lab:
        lab.tools = pathlib.Path(args.tools).resolve()
        binary = os.path.abspath(args.gateway)
        field = contenders.Field(lab, types.SimpleNamespace(lean=binary, system=binary), lab.pki())
        if "instructions" in (args.part or ("instructions",)):
            count_all(field, binary, names)
        if "cpu" in (args.part or ("cpu",)):
            field.binaries[LEAN] = binary
            show_cpu(measure_all(field, args, names), names)


if __name__ == "__main__":
    sys.exit(main())
