#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Circles between the files of the program: files that call each other, and headers that include each other.

A circle of calls is a set of .c files in which each reaches each by the functions it calls (taken from the objects of a build); a
circle of includes likewise, by #include. KNOWN holds the ones there are. The script fails if a new one appears, if one grows, and if
one became smaller without being written down, so that what was untied stays untied.

    tests/lint/circles.py [BUILD] [--list]
"""
import collections
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
KNOWN = [
    "src/engine/links/target.c src/engine/requests/attempt.c src/engine/requests/entry.c src/engine/requests/events.c "
    "src/engine/requests/memory.c src/engine/requests/pool.c src/engine/requests/queue.c src/engine/requests/rank.c "
    "src/engine/requests/request.c src/engine/requests/retry.c src/engine/requests/suspects.c",
    "src/engine/doors/tlsin.c src/engine/links/accept.c src/engine/links/blame.c src/engine/links/conn.c "
    "src/engine/links/connchange.c src/engine/links/growth.c src/engine/links/guard.c src/engine/links/mute.c "
    "src/engine/links/peer.c src/engine/links/reverse.c",
    "src/engine/links/health.c src/engine/links/server.c",
]


def circles(edges):
    """The strongly connected components of more than one node (Tarjan, without recursion)."""
    index, low, on, stack, found = {}, {}, set(), [], []
    for root in sorted(edges):
        if root in index:
            continue
        work = [(root, iter(sorted(edges[root])))]
        index[root] = low[root] = len(index)
        stack.append(root)
        on.add(root)
        while work:
            node, rest = work[-1]
            child = next(rest, None)
            if child is None:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == index[node]:
                    part = []
                    while True:
                        part.append(stack.pop())
                        on.discard(part[-1])
                        if part[-1] == node:
                            break
                    if len(part) > 1:
                        found.append(frozenset(part))
            elif child not in index:
                index[child] = low[child] = len(index)
                stack.append(child)
                on.add(child)
                work.append((child, iter(sorted(edges[child]))))
            elif child in on:
                low[node] = min(low[node], index[child])
    return found


def calls(build):
    defined, used = {}, collections.defaultdict(set)
    for obj in sorted((build / "src").glob("**/*.o")):
        name = str(obj.relative_to(build).with_suffix(".c"))
        if not (ROOT / name).exists():
            continue
        for row in subprocess.run(["nm", str(obj)], capture_output=True, text=True, check=True).stdout.splitlines():
            kind, symbol = row.split()[-2:]
            if kind in "TRDB":
                defined[symbol] = name
            elif kind == "U":
                used[name].add(symbol)
    edges = {name: {defined[s] for s in used[name] if s in defined} - {name} for name in set(defined.values()) | set(used)}
    if not edges:
        sys.exit(f"{build}: no objects; build first")
    return edges


def includes():
    files = sorted(ROOT.glob("include/radsecgw/*.h")) + sorted(ROOT.glob("src/**/*.h"))
    edges = {}
    for path in files:
        named = re.findall(r'^#include "([^"]+)"', path.read_text(), re.M)
        found = {p for name in named for p in (ROOT / "include" / name, path.parent / name, ROOT / "src" / name) if p.exists()}
        edges[str(path.relative_to(ROOT))] = {str(p.resolve().relative_to(ROOT)) for p in found}
    return {name: {to for to in edges[name] if to in edges} for name in edges}


def show(circle):
    return f"{len(circle)}: " + " ".join(sorted(circle))


def main():
    arguments = [a for a in sys.argv[1:] if not a.startswith("-")]
    build = ROOT / (arguments[0] if arguments else "build")
    found = circles(calls(build)) + circles(includes())
    if "--list" in sys.argv:
        for circle in sorted(found, key=len, reverse=True):
            print(show(circle))
        print(f"{len(found)} circles, {sum(map(len, found))} files in them")
        return 0
    known = [frozenset(text.split()) for text in KNOWN]
    problems = [f"a new or a larger circle: {show(c)}" for c in found if not any(c <= k for k in known)]
    problems += [f"this circle is smaller or gone, write that down in KNOWN: {show(k)}" for k in known if k not in found]
    print("\n".join(problems) if problems else f"{len(found)} circles of files, all known")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
