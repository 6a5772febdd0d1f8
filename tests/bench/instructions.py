#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""How many instructions a request costs each of several builds, counted by callgrind: unlike time, that repeats.

    tests/bench/instructions.py [--tools DIR] BINARY [BINARY ...]

One request at a time goes through the gateway, so that nothing depends on what the machine does beside it. Two runs of different
length are made; their difference holds only requests. The last column compares with the first binary named."""
import argparse
import pathlib
import re
import subprocess
import sys
import types

import contenders
import parts
from contenders import INBOUND, LEAN, OUTBOUND
from lab import Lab

FEW, MANY = 1000, 3000
KINDS = ("pap", "eap", "acct")


def path_of(lab):
    return lab.dir / "callgrind.log"


def wrapper(lab, number, binary):
    """A program that runs the binary under callgrind; the count stands in its file when it ends."""
    path = pathlib.Path(lab.write(f"count-{number}.sh", f"""#!/bin/sh
exec valgrind --tool=callgrind --callgrind-out-file=/dev/null --log-file={path_of(lab)} {binary} "$@"
"""))
    path.chmod(0o755)
    return str(path)


def count(field, program, direction, kind, requests):
    field.binaries[LEAN] = program
    process = field.start(LEAN, direction)
    tool = parts.Tool(field.lab, "load", "load", *contenders.words_for(field, process, direction), "--kind", kind,
                      "--window", 1, "--count", requests, "--timeout", 20000, "--sources", 1)
    tool.wait(300)
    answered = tool.result()["answered"]
    process.stop()
    if answered != requests:
        raise RuntimeError(f"{answered} of {requests} answered:\n{process.log()[-2000:]}")
    return int(re.findall(r"Collected : (\d+)", path_of(field.lab).read_text())[-1])


def main():
    args = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    args.add_argument("--tools", default="build/tests/bench")
    args.add_argument("binaries", nargs="+")
    args = args.parse_args()
    if subprocess.run(["valgrind", "--version"], capture_output=True).returncode:
        sys.exit("valgrind is not installed")
    with Lab() as lab:
        lab.tools = pathlib.Path(args.tools).resolve()
        names = types.SimpleNamespace(lean=args.binaries[0], system=args.binaries[0])
        field = contenders.Field(lab, names, lab.pki())
        rows = []
        for direction in (OUTBOUND, INBOUND):
            for kind in KINDS:
                first = None
                for number, binary in enumerate(args.binaries):
                    program = wrapper(lab, number, pathlib.Path(binary).resolve())
                    few, many = (count(field, program, direction, kind, n) for n in (FEW, MANY))
                    each = (many - few) / (MANY - FEW)
                    first = first or each
                    rows.append([direction, kind, binary, f"{each:.0f}", f"{each / first:.3f}"])
        parts.table(["direction", "kind", "binary", "instructions per request", "to the first"], rows)


if __name__ == "__main__":
    main()
