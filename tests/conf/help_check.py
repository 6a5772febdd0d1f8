#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Holds `radsecgw help` against the manual page that it is made of, and the commands that the page recommends against
what the program has.

    help_check.py RADSECGW

RADSECGW is the program, with words before it if it runs inside another (in one argument). The last line says how many
topics are right."""
import pathlib
import re
import subprocess
import sys

import man_events

PAGE = (pathlib.Path(__file__).resolve().parents[2] / "etc/man/radsecgw.8").read_text(encoding="utf-8")
LOG = PAGE[PAGE.index("\n.Sh LOG\n"):PAGE.index("\n.Sh FIELDS OF THE LOG\n")]
# Events of which nothing more can be shown than the line says.
COMPLETE = {"stopping", "trace", "control-command", "reload-stuck", "http-timeout", "http-departed"}
MACRO = re.compile(r"(?<![\w-])(?:Ic|Li|Cm|Ar|Fl|Xr|Sx|Ql|Pq|Op|Oo|Oc|Ns|Nm|Dq|Pa|Va|Ev)(?![\w-])|^\.[A-Z][a-z]\b|\\",
                   re.MULTILINE)


class Checks:
    def __init__(self, program):
        self.program = program
        self.right = self.wrong = 0

    def run(self, *words):
        return subprocess.run([*self.program, *words], capture_output=True, text=True, check=False)

    def check(self, good, complaint):
        self.right += bool(good)
        self.wrong += not good
        if not good:
            print(complaint)

    def topic(self, topic, first):
        """The topic is known, and what is printed of it begins a line with `first` and is plain text."""
        done = self.run("help", topic)
        text = done.stdout
        self.check(done.returncode == 0 and not done.stderr and
                   re.search("^" + re.escape(first), text, re.MULTILINE) and
                   not MACRO.search(text) and max(len(line) for line in text.splitlines() if not line.startswith("radsecgw ")) <= 120,
                   f"radsecgw help {topic}: {text}{done.stderr}")


def items():
    """The events of each item of the section about the log, and the command that shows more, or None."""
    for item in re.split(r"^\.It Li ", LOG, flags=re.MULTILINE)[1:]:
        head, body = item.split("\n", 1)
        more = re.search(r"^\.Dl (.*)$", body, re.MULTILINE)
        yield head.split(" , "), more and more[1]


def check_recommended(checks, command, commands):
    """A command of ours that the page recommends exists, and so do its tables, options and topics."""
    words = command.split()
    if words[0] != "radsecgw":
        return
    options = set(re.findall(r"--[a-z-]+", checks.run("--help").stdout))
    checks.check(words[1] in commands or words[1] == "--version", f"there is no command: {command}")
    for word in words[2:]:
        if word.startswith("--"):
            checks.check(word in options, f"there is no option {word}: {command}")
        elif words[1] == "help":
            checks.check(checks.run("help", word).returncode == 0, f"there is no topic {word}: {command}")
        elif words[1] == "status":
            tables = PAGE[PAGE.index("The tables are\n"):PAGE.index("Numbers of several workers")]
            checks.check(re.search(rf"^\.Cm {word}\b", tables, re.MULTILINE), f"there is no table {word}: {command}")
        elif words[-2] == "--result":
            checks.check(checks.run("help", word).returncode == 0 or word in ("timeout", "error"),
                         f"there is no result {word}: {command}")


def main():
    checks = Checks(sys.argv[1].split())
    commands = set(re.findall(r"^  ([a-z-]+) ", checks.run("--help").stdout, re.MULTILINE))
    overview = checks.run("help").stdout
    for events, more in items():
        for event in events:
            checks.topic(event, f"{event}: an event of the log (")
            checks.check(re.search(rf"(?<=\s){event}(?=\s)", overview), f"radsecgw help does not list {event}")
        checks.check((more is None) == (events[0] in COMPLETE), f"{events[0]}: the command that shows more is {more}")
        if more is not None:
            check_recommended(checks, more, commands)
            checks.check(f"      {more}\n" in checks.run("help", events[0]).stdout, f"help does not print {more}")
    checks.check({e for events, _ in items() for e in events} == set(man_events.explained_in(PAGE)), "events are missing")
    for command in commands:
        checks.topic(command, f"radsecgw {command}")
    described = {}
    for row in checks.run("options").stdout.splitlines():
        section, key, *_ = row.split("\t")
        described.setdefault(section, checks.run("help", f"[{section}]").stdout)
        if not key.endswith("-file"):
            checks.topic(key, f"  [{section}")
            checks.check(re.search(rf"^  \[{section}( NAME)?[^]]*\] {key}$", described[section], re.MULTILINE),
                         f"radsecgw help [{section}] does not have {key}")
    for topic in "NO-ROUTE", "no_route:", "No_Route":
        checks.topic(topic, "no-route: an event of the log (" if "-" in topic else "no_route: an event of the log (")
    for row in checks.run("reasons").stdout.splitlines():
        name = row.split("\t")[0]
        checks.check(f"--result {name}` looks for\n" in checks.run("help", name).stdout, f"help {name}")
    for name, *_ in (row.split("\t") for row in checks.run("fields").stdout.splitlines()):
        checks.topic(name, f"{name}: a field of log lines")
    for words, said in ((("no-rute",), "there is no topic 'no-rute'; did you mean 'no-route'?"),
                        (("zzzzzz",), "there is no topic 'zzzzzz'; radsecgw help lists all"),
                        (("queue", "peer"), "help takes one topic"), (("",), "there is no topic ''")):
        done = checks.run("help", *words)
        checks.check(done.returncode == 1 and not done.stdout and said in done.stderr, f"help {words}: {done.stderr}")
    print(f"{checks.right} passed, {checks.wrong} failed")
    return checks.wrong > 0


if __name__ == "__main__":
    sys.exit(main())
