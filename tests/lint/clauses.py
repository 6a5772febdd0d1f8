#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The clauses of etc/doc/clauses.md, beside the code and the tests that name them.

Without an argument it judges: every clause that code, tests or documents name must exist, and the number of obligations that
nothing names may only fall (SILENT below); exit status 1 if not. With `--report FILE` it writes a table: clause, level, code, tests.

A name stands alone (P-SLT-4), with further numbers (P-SLT-4/5, "P-CHP-1, 2"), or as a range ("P-TCP-1 to 3").
"""
import argparse
import collections
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
CLAUSES = ROOT / "etc/doc/clauses.md"
CLAUSE = re.compile(r"^\s*(?:-|\d+\.) \*\*(P-[A-Z0-9]+-\d+[a-z]?)\*\*(?:\s*`\[([^\]]+)\]`)?\s*(.*)")
NAMED = re.compile(r"\b(P-[A-Z0-9]+)-(\d+[a-z]?)((?:(?:/|, |,| and | to )\d+[a-z]?\b(?![-.%]| [a-z]*s\b))*)")
# Only what a program can keep is owed a name; what no part of this program does yet stands under its family.
OWED = ("MUST", "MUST NOT")
NOT_BUILT = {
    "P-R11": "RADIUS/1.1", "P-ALP": "ALPN of RADIUS/1.1", "P-DD": "dynamic discovery", "P-DTL": "RADIUS/DTLS",
    "P-BIG": "packets above 4096 octets (RFC 7930)", "P-CHP-4": "RADIUS/1.1",
}
# How many obligations nobody names today. It may only become smaller.
SILENT = 0


def read_clauses():
    clauses = {}
    for number, line in enumerate(CLAUSES.read_text().splitlines(), 1):
        match = CLAUSE.match(line)
        if match:
            if match.group(1) in clauses:
                sys.exit(f"{CLAUSES.relative_to(ROOT)}:{number}: {match.group(1)} is there twice")
            name, level, rule = match.groups()
            # A part of a clause (P-TCP-35a) has the level of the whole where it says none.
            level = level or clauses.get(name.rstrip("abcdefgh"), ("INFO",))[0]
            clauses[name] = (level, re.sub(r"[*`]", "", rule))
    return clauses


def names_in(text):
    for match in NAMED.finditer(text):
        family, last = match.group(1), match.group(2)
        yield f"{family}-{last}"
        for joint, number in re.findall(r"(/|, |,| and | to )(\d+[a-z]?)", match.group(3)):
            if joint == " to ":
                yield from (f"{family}-{n}" for n in range(int(last) + 1, int(number)))
            yield f"{family}-{number}"
            last = number


def find_names():
    """Clause -> {"code": {file}, "test": {file}}, and where each name stands."""
    places = collections.defaultdict(lambda: collections.defaultdict(set))
    spots = []
    for pattern, kind in (("src/**/*.[ch]", "code"), ("include/radsecgw/*.h", "code"), ("tests/**/*.[ch]", "test"),
                          ("tests/**/*.py", "test"), ("etc/man/*", "document"), ("etc/doc/*.md", "document"), ("README.md", "document")):
        for path in sorted(ROOT.glob(pattern)):
            if path == CLAUSES or path.parent == ROOT / "tests/lint" or not path.is_file():
                continue
            for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
                for name in names_in(line):
                    places[name][kind].add(str(path.relative_to(ROOT)))
                    spots.append((path.relative_to(ROOT), number, name))
    return places, spots


def not_built(name):
    """Why nobody owes this clause a name, or None; a clause may stand in NOT_BUILT alone or with its family."""
    return NOT_BUILT.get(name) or NOT_BUILT.get(name.rsplit("-", 1)[0])


def silent(clauses, places):
    """The obligations that neither code nor test names."""
    def named(name):
        return bool(places[name]["code"] or places[name]["test"])

    parts = collections.defaultdict(list)
    for name in clauses:
        if name[-1].isalpha():
            parts[name[:-1]].append(name)
    return [name for name, (level, _) in clauses.items()
            if level in OWED and not not_built(name) and not named(name) and not any(named(part) for part in parts[name])]


def short(files):
    return "<br>".join(sorted(re.sub(r"^(src|tests|include/radsecgw)/", "", f) for f in files))


def report(clauses, places, path):
    owed = [name for name, (level, _) in clauses.items() if level in OWED and not not_built(name)]
    tested = [name for name in owed if places[name]["test"]]
    mute = silent(clauses, places)
    lines = ["# Which clause is kept where", "",
             f"{len(clauses)} clauses; {len(owed)} of them are obligations of what is built: {len(tested)} are named by a test, "
             f"{len(owed) - len(tested) - len(mute)} by code alone, {len(mute)} by neither.", "",
             "| clause | level | rule | code | tests |", "|---|---|---|---|---|"]
    for name, (level, rule) in clauses.items():
        about = rule[:90].replace("|", "\\|") + ("..." if len(rule) > 90 else "")
        code = short(places[name]["code"]) or (f"not built: {not_built(name)}" if not_built(name) else "")
        lines.append(f"| {name} | {level} | {about} | {code} | {short(places[name]['test'])} |")
    lines += ["", "## Obligations that neither code nor test names", ""]
    lines += [f"- {name}: {clauses[name][1]}" for name in mute] or ["None."]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n")
    print(f"{path}: {lines[2]}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--report", metavar="FILE", type=pathlib.Path)
    parser.add_argument("--silent", action="store_true", help="list the obligations that nothing names")
    options = parser.parse_args()
    clauses = read_clauses()
    places, spots = find_names()
    if options.report:
        report(clauses, places, options.report)
        return 0
    problems = [f"{path}:{number}: there is no clause {name}" for path, number, name in spots if name not in clauses]
    mute = silent(clauses, places)
    if options.silent:
        print("\n".join(f"{name}: {clauses[name][1][:200]}" for name in mute))
    if len(mute) > SILENT:
        problems.append(f"{len(mute)} obligations are named by no code and no test, {SILENT} are allowed: {' '.join(mute)}")
    elif len(mute) < SILENT:
        problems.append(f"tests/lint/clauses.py: SILENT can be {len(mute)} now")
    print("\n".join(problems) if problems else f"every clause that is named exists; {len(mute)} obligations are named by nobody")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
