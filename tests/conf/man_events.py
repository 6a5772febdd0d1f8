# SPDX-License-Identifier: GPL-2.0-or-later
"""The log events that the sources can print, and those that the manual page explains.

An event is what RGW_LOG or rgw_log_record, or a function with a parameter `event`, is given for it; what a variable of this
name is set to; and what constants of a struct have in a member of this name. Whatever else stands in such
a place cannot be followed, and is a fault.
"""
import re

DECLARED = "const char *event"
FOLLOWED = re.compile(r"event|\w+->event")
TOKEN = re.compile(r'"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\'|[](){},[]')


def list_at(text, start):
    """What the bracket at `start` holds, divided at its commas."""
    items, begun, depth = [], start + 1, 0
    for token in TOKEN.finditer(text, start):
        depth += (token[0] in "([{") - (token[0] in ")]}")
        if depth == 0 or (depth == 1 and token[0] == ","):
            items.append(" ".join(text[begun:token.start()].split()))
            begun = token.end()
        if depth == 0:
            break
    return items


def lists(text, before):
    """(name, items) wherever `before`, which ends with a bracket, matches."""
    return [(m[1], list_at(text, m.end() - 1)) for m in re.finditer(before, text)]


def members(text):
    """(struct, position) of each member that is an event."""
    for name, body in re.findall(r"\bstruct (\w+) \{(.*?)\n\}", text, re.S):
        fields = [" ".join(field.split()) for field in body.split(";")]
        if DECLARED in fields:
            yield name, fields.index(DECLARED)


def takers(text):
    """Function -> position of its parameter that is an event."""
    return {name: items.index(DECLARED) for name, items in lists(text, r"\b(\w+)\(") if DECLARED in items}


def places(text, shared):
    """The expressions in one source that are events."""
    functions = {"RGW_LOG": 2, "rgw_log_record": 2, **shared, **takers(text)}
    for name, items in lists(text, r"\b(\w+)\("):
        if name in functions and DECLARED not in items:
            yield items[functions[name]]
    for struct, position in members(text):
        for _, items in lists(text, rf"\bstruct ({struct}) \w+(?:\[\w*\])? = \{{"):
            rows = [list_at(item, item.index("{")) for item in items if "{" in item] or [items]
            yield from (row[position] for row in rows)
    yield from re.findall(rf"{re.escape(DECLARED)} = (.*?);", text, re.S)


def events_of(sources):
    """(the events in these files, complaints)."""
    texts = {path: re.sub(r"/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.S) for path in sources}
    shared, events, complaints = {}, set(), []
    for path, text in texts.items():
        if path.suffix == ".h":
            shared.update(takers(text))
    for path, text in texts.items():
        for place in places(text, shared):
            names = re.findall(r'"([^"]*)"', place)
            events.update(names)
            if not names and not FOLLOWED.fullmatch(place):
                complaints.append(f"{path.name}: which event is `{place}`?")
    return events, complaints


def explained_in(page):
    """The events that the section LOG explains, as often as it does."""
    section = re.search(r"^\.Sh LOG\n(.*?)^\.Sh ", page, re.M | re.S)[1]
    return [name for item in re.findall(r"^\.It Li (.*)$", section, re.M) for name in item.split(" , ")]
