#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs the test suites of a build and ends with one line: how many passed and how many failed.

usage: tests/run.py [--build DIR] [--wrap COMMAND] [SUITE...]

Suites: unit scenario conf import setup man counters rules packaging corpus e2e (all of them without a name). --wrap stands before each
program under test (valgrind, for example). What fails shows its output.
"""
import argparse
import os
import pathlib
import re
import subprocess
import sys
import time
import xml.etree.ElementTree

ROOT = pathlib.Path(__file__).resolve().parents[1]


class Totals:
    def __init__(self):
        self.passed = self.failed = self.skipped = 0

    def add(self, passed, failed, skipped=0):
        self.passed += passed
        self.failed += failed
        self.skipped += skipped


def run(argv, **more):
    return subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, errors="replace", **more)


def report(name, passed, failed, seconds, output=""):
    print(f"  {'ok  ' if failed == 0 else 'FAIL'} {name:34} {passed:4d} passed"
          f"{f', {failed} failed' if failed else ''}  {seconds:6.1f} s", flush=True)
    if failed:
        print(output[-8000:], flush=True)


def programs(folder, wrap, totals):
    """Test programs of cmocka."""
    for binary in sorted(p for p in folder.glob("test_*") if p.is_file() and p.suffix == ""):
        start = time.monotonic()
        done = run([*wrap, str(binary)], timeout=3600)
        out = done.stdout + done.stderr
        passed = sum(map(int, re.findall(r"^\[  PASSED  \] (\d+) test", out, re.M)))
        failed = sum(map(int, re.findall(r"^\[  FAILED  \] (\d+) test", out, re.M)))
        if failed == 0 and (done.returncode != 0 or passed == 0):
            failed = 1
        report(binary.name, passed, failed, time.monotonic() - start, out)
        totals.add(passed, failed)


def script(name, argv, totals, env=None):
    """A script that prints 'N passed, M failed' at its end."""
    start = time.monotonic()
    done = run(argv, env={**os.environ, **(env or {})}, timeout=3600)
    out = done.stdout + done.stderr
    found = re.findall(r"(\d+) passed, (\d+) failed", out)
    passed, failed = map(int, found[-1]) if found else (0, 1)
    if done.returncode != 0 and failed == 0:
        failed = 1
    report(name, passed, failed, time.monotonic() - start, out)
    totals.add(passed, failed)


def rules(build, totals):
    """What can be said about the sources without running them; each script says what breaks its rule."""
    for name, argv in (("rules of the code base", ["tests/lint/code.py", str(build)]),
                       ("circles of files", ["tests/lint/circles.py", str(build)]),
                       ("clauses that are named", ["tests/lint/clauses.py"])):
        start = time.monotonic()
        done = run(["/usr/bin/python3", *argv], timeout=600)
        failed = int(done.returncode != 0)
        report(name, 1 - failed, failed, time.monotonic() - start, done.stdout + done.stderr)
        totals.add(1 - failed, failed)


def corpus(build, wrap, totals):
    """Every input of the fuzzers' seed corpora, once."""
    for binary in sorted(p for p in (build / "tests/fuzz").glob("fuzz_*") if p.is_file() and p.suffix == ""):
        files = sorted((ROOT / "tests/fuzz/corpus" / binary.name[5:]).glob("*"))
        start = time.monotonic()
        done = run([*wrap, str(binary), *map(str, files)], timeout=3600)
        failed = 0 if done.returncode == 0 and files else 1
        report(f"corpus of {binary.name}", len(files) - failed, failed, time.monotonic() - start,
               done.stdout + done.stderr)
        totals.add(len(files) - failed, failed)


def e2e(build, wrap, totals, select):
    start = time.monotonic()
    results = build / "e2e.xml"
    results.unlink(missing_ok=True)
    env = {**os.environ, "RADSECGW": " ".join([*wrap, str(build / "radsecgw")])}
    if wrap or "asan" in build.name or "tsan" in build.name:
        env.setdefault("LAB_PATIENCE", "6")
    argv = ["/usr/bin/python3", "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junitxml={results}", "tests/e2e"]
    if select:
        argv += ["-k", select]
    done = run(argv, env=env, timeout=5400)
    passed = failed = skipped = 0
    if results.exists():
        for suite in xml.etree.ElementTree.parse(results).getroot().iter("testsuite"):
            failed += int(suite.get("failures", 0)) + int(suite.get("errors", 0))
            skipped += int(suite.get("skipped", 0))
            passed += int(suite.get("tests", 0))
        passed -= failed + skipped
    if done.returncode not in (0, 1) or passed + failed == 0:
        failed += 1
    report("end to end", passed, failed, time.monotonic() - start, done.stdout + done.stderr)
    totals.add(passed, failed, skipped)


def main():
    args = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    args.add_argument("--build", default="build")
    args.add_argument("--wrap", default="")
    args.add_argument("--select", default="", help="end-to-end tests whose names match (pytest -k)")
    args.add_argument("suites", nargs="*")
    args = args.parse_args()
    build, wrap, totals = (ROOT / args.build).resolve(), args.wrap.split(), Totals()
    radsecgw = " ".join([*wrap, str(build / "radsecgw")])
    for suite in args.suites or ["unit", "scenario", "conf", "import", "setup", "man", "counters", "rules", "packaging", "corpus", "e2e"]:
        print(f"{suite} ({args.build}{', ' + args.wrap if wrap else ''})", flush=True)
        if suite in ("unit", "scenario"):
            programs(build / "tests" / suite, wrap, totals)
        elif suite == "conf":
            script("configuration files", ["/usr/bin/python3", "tests/conf/run.py", radsecgw], totals)
        elif suite == "import":
            script("imported files", ["/usr/bin/python3", "tests/import/run.py", radsecgw], totals)
        elif suite == "setup":
            script("configurations of setup", ["/usr/bin/python3", "tests/setup/run.py", radsecgw], totals)
        elif suite == "man":
            script("manual pages", ["/usr/bin/python3", "tests/conf/man_check.py", radsecgw], totals)
            script("help", ["/usr/bin/python3", "tests/conf/help_check.py", radsecgw], totals)
        elif suite == "counters":
            script("counters at which a test looks", ["/usr/bin/python3", "tests/lint/counters.py"], totals)
        elif suite == "rules":
            rules(build, totals)
        elif suite == "packaging":
            for path in sorted((ROOT / "tests/packaging").glob("*.sh")):
                script(f"packaging: {path.stem}", [str(path), str(build / "radsecgw")], totals)
            script("packaging: manifests", ["/usr/bin/python3", "tests/containers/manifests.py", radsecgw], totals)
        elif suite == "corpus":
            corpus(build, wrap, totals)
        elif suite == "e2e":
            e2e(build, wrap, totals, args.select)
        else:
            sys.exit(f"unknown suite {suite}")
    if totals.skipped:
        print(f"({totals.skipped} skipped)")
    print(f"{totals.passed} passed, {totals.failed} failed")
    return 1 if totals.failed or not totals.passed else 0


if __name__ == "__main__":
    sys.exit(main())
