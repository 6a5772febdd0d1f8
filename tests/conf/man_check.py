#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Holds the manual pages against the tables of options and metrics and the log events in the sources.

    man_check.py RADSECGW [--update]

RADSECGW is the program, with words before it if it runs inside another (in one argument). Every
option must stand in its section with its type, default and range, every event in the section about
the log, and every metric, reason and field of log lines in a table between two marks, which --update writes anew; the pages must name no others. All manual pages must be well-formed. The last line says
how many options, events and pages are right.
"""
import difflib
import pathlib
import re
import shutil
import subprocess
import sys

import man_events
import man_fields

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGES = ROOT / "etc" / "man"


def options_of(table):
    """(section, key) -> (type, the lines that must follow the heading)."""
    options = {}
    for line in table:
        section, key, kind, default, allowed, _help = line.split("\t")
        lines = ["Required." if default == "required" else f"Default: {default.strip('()')}."]
        if allowed != "-":
            lines.append(f"Allowed: {allowed}.")
        options[section, key] = (kind, lines)
    return options


def entries_of(page):
    """The same from the page."""
    entries = {}
    section = kind = lines = None
    for line in page:
        line = line.rstrip("\n")
        heading = re.match(r"\.S[hs] (?:\[(\w+)[^]]*\])?", line)
        item = re.match(r"\.It Ic ([a-z-]+) = Ar (.*)$", line)
        if heading:
            section = heading[1]
        elif item:
            kind, lines = item[2], []
            if (section, item[1]) in entries:
                sys.exit(f"[{section}] {item[1]} stands twice in the page")
            entries[section, item[1]] = (kind, lines)
        elif lines is not None and re.match(r"(Required\.|Default: |Allowed: )", line):
            lines.append(line)
        elif line != ".br":
            lines = None
    return entries


def check_options(program):
    """Says what differs; gives the number of options that are right and wrong."""
    table = subprocess.run([*program, "options"], capture_output=True, text=True, check=True).stdout
    options = options_of(table.splitlines())
    with open(PAGES / "radsecgw.ini.5", encoding="utf-8") as page:
        entries = entries_of(page)
    names = sorted(options.keys() | entries.keys(), key=str)
    right = 0
    for section, key in names:
        option, entry = options.get((section, key)), entries.get((section, key))
        right += option == entry
        if option != entry:
            print(f"[{section}] {key}: the table has {option}, the page has {entry}")
    return right, len(names) - right


def check_events():
    """The same for the log events."""
    events, complaints = man_events.events_of(sorted(ROOT.glob("src/**/*.[ch]")))
    explained = man_events.explained_in((PAGES / "radsecgw.8").read_text(encoding="utf-8"))
    complaints += [f"the page does not explain the event {name}" for name in sorted(events - set(explained))]
    complaints += [f"no source has the event {name} of the page" for name in sorted(set(explained) - events)]
    complaints += [f"the page explains {name} twice" for name in sorted(set(explained)) if explained.count(name) > 1]
    for complaint in complaints:
        print(complaint)
    return len(events & set(explained)), len(complaints)


def marks(what):
    """What stands before and behind a table that is written here."""
    return f'.\\" The table of {what}, as man_check.py --update writes it.\n', f'.\\" The end of the table of {what}.\n'


def sentence(text):
    return text[0].upper() + text[1:].rstrip(".") + "."


def metrics_table(program):
    """The metrics as the page must list them."""
    listed = subprocess.run([*program, "metrics"], capture_output=True, text=True, check=True).stdout
    lines = [".Bl -tag -width Ds\n"]
    for line in sorted(listed.splitlines()):
        name, kind, labels, text = line.split("\t")
        lines += [f".It Li {name} Pq {kind}{'' if labels == '-' else '; ' + labels}\n", sentence(text) + "\n"]
    return [*lines, ".El\n"]


# What the counters count that can be the reason for the end of a request, or of a packet that never became one.
ENDS = re.compile(r"(?:requests ended|(?:datagrams|requests|Status-Servers) dropped|requests not accepted|"
                  r"requests answered with Protocol-Error|connections closed(?=: \S+[ -]Authenticator)): (.*)")


def reasons_table(program):
    """The same for the reasons."""
    listed = subprocess.run([*program, "reasons"], capture_output=True, text=True, check=True).stdout
    lines = [".Bl -tag -width Ds\n"]
    for line in sorted(listed.splitlines()):
        name, text = line.split("\t")
        if (ends := ENDS.match(text)) is not None:
            lines += [f".It Li {name}\n", sentence(ends[1]) + "\n"]
    return [*lines, ".El\n"]


def log_fields(program):
    """The dictionary of the fields, as the program has it: rows of name, type, unit, example, meaning."""
    listed = subprocess.run([*program, "fields"], capture_output=True, text=True, check=True).stdout
    return [line.split("\t") for line in listed.splitlines()]


def fields_table(program):
    """The same for the fields of log lines."""
    events = man_fields.events_of_fields(sorted(ROOT.glob("src/**/*.[ch]")))
    lines = [".Bl -tag -width Ds\n"]
    for name, kind, unit, example, meaning in log_fields(program):
        lines += [f".It Li {name} Pq {kind}{'' if unit == '-' else ', ' + unit}\n", sentence(meaning) + "\n",
                  "Example:\n", f".Ql {example} .\n"]
        if name in events:
            lines += ["Events:\n", f".Li {' , '.join(sorted(events[name]))} .\n"]
    return [*lines, ".El\n"]


def check_fields(program):
    """Each field that the sources give to lines is in the dictionary with its type, and the reverse."""
    rows = {name: kind for name, kind, *_ in log_fields(program)}
    sources = man_fields.fields_of(sorted(ROOT.glob("src/**/*.[ch]")))
    complaints = [f"the dictionary does not have the field {name}" for name in sorted(sources.keys() - rows.keys())]
    complaints += [f"no source has the field {name} of the dictionary" for name in sorted(rows.keys() - sources.keys())]
    complaints += [f"the field {name} is {sorted(sources[name])} in the sources, {rows[name]} in the dictionary"
                   for name in sorted(rows.keys() & sources.keys()) if rows[name] not in sources[name]]
    if list(rows) != sorted(rows):
        complaints.append("the dictionary is not sorted")
    for complaint in complaints:
        print(complaint)
    return len(rows), len(complaints)


def check_table(want, what, update):
    """The same for a table in the page: a line of it is right or wrong."""
    page = PAGES / "radsecgw.8"
    text = page.read_text(encoding="utf-8")
    begin, end = marks(what)
    before, rest = text.split(begin)
    table, after = rest.split(end)
    if update:
        page.write_text(before + begin + "".join(want) + end + after, encoding="utf-8")
        table = "".join(want)
    have = table.splitlines(True)
    for line in difflib.unified_diff(have, want, page.name, "the sources", n=0):
        print(line, end="")
    wrong = sum(line not in have for line in want) + sum(line not in want for line in have)
    return len(want) - wrong, wrong if have != want else 0


def check_pages():
    """The same for the form of the pages, where there is a program that judges it."""
    if shutil.which("mandoc") is None:
        return 0, 0
    pages = sorted(PAGES.glob("*.[1-9]"))
    wrong = 0
    for page in pages:
        done = subprocess.run(["mandoc", "-Tlint", "-Wwarning", str(page)], text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        wrong += done.returncode != 0
        print(done.stdout, end="")
    return len(pages) - wrong, wrong


def main(args):
    update = "--update" in args
    args = [arg for arg in args if arg != "--update"]
    if len(args) != 1:
        sys.exit(__doc__)
    program = args[0].split()
    results = [check_options(program), check_events(), check_table(metrics_table(program), "metrics", update),
               check_table(reasons_table(program), "reasons", update), check_fields(program),
               check_table(fields_table(program), "fields", update), check_pages()]
    passed, failed = (sum(counts) for counts in zip(*results))
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
