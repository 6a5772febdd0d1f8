#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Rules of this code base that no compiler checks. Prints what breaks them; exit status 1 if anything does.

  - includes go one way: base <- radius <- core <- conf <- engine <- net <- import <- setup <- app; so do symbols
  - the layers below net reach neither clock nor socket nor library of the outside
  - no mutable variables at file scope outside main.c
  - connections that are not refused for what they show are made for `radsecgw probe` and nobody else
  - the rooms of the engine know each other only as src/engine/engine.h says
  - no function above 45 lines (tests 80) or a complexity of 15, no file above 600 lines (tests 820)
  - each function in a public header has a comment, unless its name says it all (new, free, init, ...)
  - functions that invite mistakes are not used
  - the paths that documents name exist
"""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
LAYERS = ["base", "radius", "core", "conf", "engine", "net", "import", "setup", "app"]
# Headers without a .c file of the same name.
HEADER_LAYER = {"session": "net", "time": "base", "wire": "base", "list": "base", "fair": "base", "hide": "radius",
                "radius": "radius", "side": "radius", "conf": "conf", "confread": "conf",
                "confchange": "conf"}
BANNED = ["strcpy", "strcat", "sprintf", "vsprintf", "strtok", "atoi", "atol", "gets", "alloca", "rand", "srand"]
OUTSIDE = r"^(ev_|ares_|wolfSSL_|wc_|socket$|send|recv|bind$|connect$|open$|fopen$|read$|write$|time$|clock_|gettimeofday$" \
          r"|getrandom$|sleep|usleep|nanosleep|printf$|puts$|exit$)"
# The configuration is what stands in files; the rest below net reads nothing.
CONF_READS = ["open", "read", "fopen"]
MAX_COMPLEXITY = 15
MAX_FUNCTION, MAX_TEST_FUNCTION = 45, 80
MAX_FILE, MAX_TEST_FILE = 600, 820
# Complexity that reads well all the same: tables written as a switch.
EXCUSED = {"rgw_code_name": "a table"}

problems = []


def complain(where, what):
    problems.append(f"{where}: {what}")


def sources(*patterns):
    return sorted(p for pattern in patterns for p in ROOT.glob(pattern))


def layer_of_header(name):
    if name in HEADER_LAYER:
        return HEADER_LAYER[name]
    for layer in LAYERS:
        if any((ROOT / "src" / layer).rglob(f"{name}.c")):
            return layer
    return None


def layer_of(path, top):
    """The layer of a source or object below top: the first folder of its path, whatever rooms the layer has."""
    return path.relative_to(top).parts[0]


def check_includes():
    for path in sources("src/**/*.[ch]"):
        mine = LAYERS.index(layer_of(path, ROOT / "src"))
        for header in re.findall(r'^#include "radsecgw/(\w+)\.h"', path.read_text(), re.M):
            layer = layer_of_header(header)
            if layer is None:
                complain(path, f"radsecgw/{header}.h belongs to no layer")
            elif LAYERS.index(layer) > mine:
                complain(path, f"includes radsecgw/{header}.h of the layer {layer} above it")
    for path in sources("include/radsecgw/*.h"):
        mine = layer_of_header(path.stem)
        for header in re.findall(r'^#include "radsecgw/(\w+)\.h"', path.read_text(), re.M):
            layer = layer_of_header(header)
            if mine and layer and LAYERS.index(layer) > LAYERS.index(mine):
                complain(path, f"includes radsecgw/{header}.h of the layer {layer} above it")


def symbol_table(obj):
    """Name, type and section of each symbol in an object file."""
    table = subprocess.run(["nm", "-f", "sysv", str(obj)], capture_output=True, text=True, check=True).stdout
    for row in table.splitlines():
        cells = [cell.strip() for cell in row.split("|")]
        if len(cells) >= 7:
            yield cells[0], cells[2], cells[6]


def check_symbols(build):
    defined = {}
    used = []
    for path in sources("src/**/*.c"):
        obj = build / path.relative_to(ROOT).with_suffix(".o")
        layer = LAYERS.index(layer_of(path, ROOT / "src"))
        for name, kind, section in symbol_table(obj):
            if kind == "U":
                used.append((obj, layer, name))
            elif kind in "TDBRC":
                defined[name] = layer
            if kind in "bBdDC" and not section.startswith(".data.rel.ro") and path.name != "main.c":
                complain(obj.relative_to(build), f"mutable variable at file scope: {name}")
            if kind == "U" and layer < LAYERS.index("net") and re.match(OUTSIDE, name) and \
                    not (path.parent.name == "conf" and name in CONF_READS):
                complain(obj.relative_to(build), f"reaches the outside: {name}")
    for obj, layer, name in used:
        if defined.get(name, 0) > layer:
            complain(obj.relative_to(build), f"uses {name} of the layer {LAYERS[defined[name]]} above it")


def check_rooms(build):
    """The rooms of the engine: links know nothing of requests and doors but the five calls of events.h, and requests
    know targets and lanes instead of what these are part of."""
    engine = ROOT / "src/engine"
    for path in sorted((engine / "links").glob("*.[ch]")):
        for room in re.findall(r'^#include "[^"]*\b(requests|doors)/', path.read_text(), re.M):
            complain(path.relative_to(ROOT), f"includes a header of {room}/")
    for path in sorted((engine / "requests").glob("*.[ch]")):
        text = path.read_text()
        for header in re.findall(r'^#include "\.\./(doors/\w+\.h|links/links\.h)"', text, re.M):
            complain(path.relative_to(ROOT), f"includes {header}")
        for name in sorted(set(re.findall(r"\brgw_(?:peer|conn|server|port|source|host|listener)(?:_\w+)?\b", text))):
            complain(path.relative_to(ROOT), f"knows {name}")
    upwards = set(re.findall(r"\b(rgw_on_\w+)\(", (engine / "links/events.h").read_text()))
    above = {symbol for room in ("requests", "doors") for obj in (build / "src/engine" / room).glob("*.o")
             for symbol in symbols(obj, "--defined-only")}
    for obj in sorted((build / "src/engine/links").glob("*.o")):
        for symbol in sorted(symbols(obj, "--undefined-only") & above - upwards):
            complain(obj.relative_to(build), f"calls {symbol}, which is not among the calls of events.h")


def check_inspections(build):
    """Sessions that go on with whoever is at the far end: only those who look at them may make one."""
    for name, users in (("rgw_tls_inspect", {"inspect"}), ("rgw_inspect_new", {"probe_in", "probe_out"})):
        for obj in sorted((build / "src").rglob("*.o")):
            if obj.stem not in users and name in symbols(obj, "--undefined-only"):
                complain(obj.relative_to(build), f"uses {name}, which is for radsecgw probe")


def symbols(obj, which):
    return set(subprocess.run(["nm", "-j", "-g", which, str(obj)], capture_output=True, text=True, check=True).stdout.split())


def check_functions():
    files = sources("src/**/*.c", "tests/*/*.c")
    out = subprocess.run(["pmccabe", *map(str, files)], capture_output=True, text=True).stdout
    for line in out.splitlines():
        modified, _, _, _, length, rest = line.split(None, 5)
        where, name = rest.rsplit(": ", 1)
        place = pathlib.Path(where.split("(")[0]).relative_to(ROOT)
        if int(modified) > MAX_COMPLEXITY and name not in EXCUSED:
            complain(place, f"{name} has a complexity of {modified}")
        if int(length) > (MAX_TEST_FUNCTION if place.parts[0] == "tests" else MAX_FUNCTION):
            complain(place, f"{name} has {length} lines")
    for path in files:
        lines = path.read_text().count("\n")
        limit = MAX_TEST_FILE if "tests" in path.parts else MAX_FILE
        if lines > limit:
            complain(path.relative_to(ROOT), f"has {lines} lines")


def check_headers():
    for path in sources("include/radsecgw/*.h"):
        lines = path.read_text().splitlines()
        for i, line in enumerate(lines):
            match = re.match(r"^(?!static|typedef|#|extern|struct \w+;)[a-z].*?\b(rgw_\w+)\(", line)
            if not match or re.search(r"_(init|fini|new|free|equal|begin|name|help)$", match.group(1)):
                continue
            # A comment stands for the prototypes that follow it without a blank line.
            j = i
            while j > 0 and lines[j - 1].strip() and not lines[j - 1].rstrip().endswith("*/"):
                j -= 1
            if j == 0 or not lines[j - 1].rstrip().endswith("*/"):
                complain(f"{path.relative_to(ROOT)}:{i + 1}", f"{match.group(1)} has no comment")


def check_words():
    banned = re.compile(rf"\b({'|'.join(BANNED)})\(")
    for path in sources("src/**/*.[ch]", "include/radsecgw/*.h", "tests/*/*.[ch]"):
        text = path.read_text()
        if not text.startswith("/* SPDX-License-Identifier: "):
            complain(path.relative_to(ROOT), "has no licence line")
        for i, line in enumerate(text.splitlines(), 1):
            where = f"{path.relative_to(ROOT)}:{i}"
            if banned.search(line):
                complain(where, f"uses {banned.search(line).group(1)}")
            if len(line.expandtabs(8)) > 120:
                complain(where, "is longer than 120 columns")
            if re.search(r"\b(TODO|FIXME|XXX|HACK)\b", line):
                complain(where, "is unfinished")


def check_documents():
    """What documents for engineers name has to be there."""
    for path in sources("etc/doc/*.md", "tests/README.md", "README.md"):
        for i, line in enumerate(path.read_text().splitlines(), 1):
            for name in re.findall(r"`((?:src|include|tests|etc|certs|docker)/[\w./*-]*)`", line):
                if not list(ROOT.glob(name)):
                    complain(f"{path.relative_to(ROOT)}:{i}", f"{name} is not there")


def main():
    build = ROOT / (sys.argv[1] if len(sys.argv) > 1 else "build")
    check_includes()
    check_symbols(build)
    check_rooms(build)
    check_inspections(build)
    check_functions()
    check_headers()
    check_words()
    check_documents()
    print("\n".join(problems) if problems else "the rules of the code base hold")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
