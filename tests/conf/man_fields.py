# SPDX-License-Identifier: GPL-2.0-or-later
"""The fields that the sources give to log lines, with the type of each.

A field is made by a function rgw_f_..., or named where lines are put together from parts. Cells of tables become
fields if they are logged.
"""
import re

import man_events

TYPES = {"str": "text", "octets": "text", "station": "text", "uint": "number", "addr": "address"}
MADE = re.compile(r'(rgw_c_\w+\()?\s*rgw_f_(str|octets|station|uint|addr)\((?:\w+, |l->conf, )?"([\w-]+)"')
CELLS = re.compile(r'rgw_c_logged\(rgw_c_(?:(add|best)\(|same\(rgw_f_(str|uint)\()"(\w+)"')
PARTS = re.compile(r'\badd_(?:value|attr)\(l?&?l, "(\w+)"')
NOTES = re.compile(r'\bput_note\(&l, log, "(\w+)"')
NAMES = re.compile(r'(?:\.field = |field\.key = |\bfield = )"(\w+)"')


def fields_of(sources):
    """Field -> types that it has."""
    fields = {}
    for path in sources:
        text = re.sub(r"/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.S)
        found = [(key, TYPES[kind]) for cell, kind, key in MADE.findall(text) if not cell]
        found += [(key, "number" if kind == "add" or same == "uint" else "text") for kind, same, key in CELLS.findall(text)]
        found += [(key, "text") for key in PARTS.findall(text) + NAMES.findall(text)]
        found += [(key, "number") for key in NOTES.findall(text)]
        for key, kind in found:
            fields.setdefault(key, set()).add(kind)
    return fields


# Functions that make a field of one name or the other.
EITHER = {"rgw_f_origin": ("client", "from_peer"), "rgw_f_target": ("peer", "server"),
          "rgw_f_via": ("via",), "rgw_f_identity": ("user", "realm"), "rgw_f_user": ("user", "realm")}
DEFINED = re.compile(r"^(\w+)\([^{};]*\)\n\{\n(.*?)^\}", re.M | re.S)


def given(items):
    """The fields in the arguments of a line."""
    text = ", ".join(items)
    keys = {key for cell, _, key in MADE.findall(text) if not cell}
    return keys.union(*(names for function, names in EITHER.items() if f"{function}(" in text))


def fields_by_function(texts):
    """Function that takes an event -> the fields of the lines that it writes about it."""
    shared = {}
    for text in texts:
        where = man_events.takers(text)
        for name, body in DEFINED.findall(text):
            if name in where and name != "rgw_log_record":
                shared.setdefault(name, [where[name], set()])[1].update(*(
                    given(items[5:]) for _, items in man_events.lists(body, r"\b(RGW_LOG)\(")
                    if man_events.FOLLOWED.fullmatch(items[2])))
    return shared


def events_of_fields(sources):
    """Field -> events whose lines have it, as far as it can be read where the line is written."""
    texts = [re.sub(r"/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.S) for path in sources]
    shared, found = fields_by_function(texts), {}
    for text in texts:
        for name, items in man_events.lists(text, r"\b(\w+)\("):
            place, fields = (2, given(items[5:])) if name == "RGW_LOG" else shared.get(name, (None, ()))
            if not fields or len(items) <= place:
                continue
            for event in re.findall(r'"([a-z0-9-]+)"', items[place]):
                for key in fields:
                    found.setdefault(key, set()).add(event)
    return found
