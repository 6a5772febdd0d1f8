#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Holds the counters against the tests: one at which no test looks may count anything. The last line says how many
are looked at and how many are not."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]


def looked_at():
    """The stories and unit tests name the constant, the end-to-end tests the name of the counter."""
    names = set()
    for path in ROOT.glob("tests/*/test_*.c"):
        names.update(re.findall(r"\bRGW_CTR_(\w+)", path.read_text(encoding="utf-8")))
    for path in ROOT.glob("tests/e2e/test_*.py"):
        names.update(re.findall(r"[\"'](\w+)[\"']", path.read_text(encoding="utf-8")))
    return names


def main():
    header = (ROOT / "include/radsecgw/counters.h").read_text(encoding="utf-8")
    counters = re.findall(r"^\tX\((\w+), ", header, re.M)
    missing = [name for name in counters if name not in looked_at()]
    for name in missing:
        print(f"no test looks at the counter {name}")
    print(f"{len(counters) - len(missing)} passed, {len(missing)} failed")
    return 1 if missing or not counters else 0


if __name__ == "__main__":
    sys.exit(main())
