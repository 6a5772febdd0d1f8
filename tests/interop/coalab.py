#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Changes and ends sessions with real parts, over several ways from home to the NAS, and prints a table of what works.

    coalab.py [--only WAY]

At home are radclient and FreeRADIUS, which send CoA and Disconnect; at the site are hostapd with stations on a cable
and FreeRADIUS as a switch; tests/e2e/das.py sets them up. `ok` and `FAIL` are results, and a `FAIL` ends with
status 1."""
import argparse
import contextlib
import os
import re
import shutil
import socket
import subprocess
import sys

import matrix  # first: it knows where the tests from end to end are

from das import ROUTER, SITE, TOOLS, World
from lab import ROOT, Lab, binary, wait_for

LOGS = ROOT / "build/coa-lab"
WAYS = {"two gateways": {}, "NAT": {"nat": True}, "three gateways": {"national": True},
        "three and NAT": {"nat": True, "national": True}}
SWITCH_MAC = "02-00-00-00-00-33"


def way_in(world):
    """Nobody at home can connect to the site: all that follows goes down the connection that the site has opened."""
    for gateway, below in zip(world.gateways(), world.gateways()[1:]):
        assert gateway.lines("connection-up", peer="below"), f"{below.name} has not connected to {gateway.name}"
    if not world.nat:
        return
    with contextlib.suppress(OSError):
        socket.create_connection((SITE, 3799), 2).close()
        raise AssertionError("the site's addresses are known at home")
    lines = world.gateways()[-2].lines("connection-up", peer="below")
    addresses = {line.fields["addr"].rsplit(":", 1)[0] for line in lines}
    assert addresses == {ROUTER}, addresses


def ended(world, before):
    """The stations that were logged in then and are no more."""
    return before.keys() - world.ap.stations().keys()


def by_station(world):
    """The station that is named goes, all others stay."""
    station, _ = world.log_in()
    before = world.ap.stations()
    said = world.send("disconnect", station.calling)
    assert "Received Disconnect-ACK" in said, said
    assert ended(world, before) == {station.mac}


def by_session(world):
    """The same by the number of the session and the name of the user, and home hears that the session has ended."""
    _, station = world.log_in()
    before = world.ap.stations()
    said = world.send("disconnect", f'Acct-Session-Id = "{station.session}"\nUser-Name = "{station.user}"')
    assert "Received Disconnect-ACK" in said, said
    assert ended(world, before) == {station.mac}
    wait_for("the end of the session", lambda: stopped(world) >= {station.session})
    assert not stopped(world) & set(world.ap.stations().values())


def stopped(world):
    """The sessions whose end the server at home has recorded."""
    records = [part for part in world.server.records().split("\n\n") if "Acct-Status-Type = Stop" in part]
    return {re.search(r'Acct-Session-Id = "(.*)"', part)[1] for part in records}


def by_operator(world):
    """The command of the home gateway ends the session of a user."""
    station, _ = world.log_in()
    before = world.ap.stations()
    done = subprocess.run([*binary(), "disconnect", "--user", station.user, "--socket", world.lab.dir / "home.sock"],
                          capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0 and f"1 sessions of '{station.user}' are ended" in done.stdout, done
    assert ended(world, before) == {station.mac}


def unknown_session(world):
    """hostapd does not know the session, and its NAK comes back."""
    world.log_in()
    before = world.ap.stations()
    said = world.send("disconnect", 'NAS-Identifier = "ap"\nCalling-Station-Id = "02-00-00-00-00-99"')
    assert "Received Disconnect-NAK" in said and "Error-Cause = Session-Context-Not-Found" in said, said
    assert "DAS: Session not found for request" in world.ap.log()
    assert not ended(world, before)


def without_time(world):
    """hostapd wants to know when a request was made; one that does not say it ends nobody's session."""
    station, _ = world.log_in()
    before = world.ap.stations()
    said = world.send("disconnect", station.calling, stamp=False, timeout=1)
    assert "Received" not in said, said
    wait_for("hostapd to drop it", lambda: "DAS: Missing Event-Timestamp" in world.ap.log())
    assert not ended(world, before)


def filter_id(world):
    """A CoA-Request with Filter-Id changes a session at the switch."""
    world.log_in_at_the_switch("bob", SWITCH_MAC)
    before = len(world.switch.received())
    said = world.send("coa", f'Calling-Station-Id = "{SWITCH_MAC}"\nFilter-Id = "guests"')
    assert "Received CoA-ACK" in said, said
    (code, attributes), = world.switch.received()[before:]
    assert code == "CoA-Request" and 'Filter-Id = "guests"' in attributes, attributes
    assert "Proxy-State" not in attributes, attributes


def refused(world):
    """The switch refuses, and its reason comes back."""
    world.log_in_at_the_switch("bob", SWITCH_MAC)
    world.log_in_at_the_switch("unknown", "02-00-00-00-00-44")
    said = world.send("coa", 'User-Name = "unknown@example.org"\nNAS-Identifier = "switch"\nFilter-Id = "guests"')
    assert "Received CoA-NAK" in said and "Error-Cause = Session-Context-Not-Found" in said, said


def by_server(world):
    """FreeRADIUS at home sends a CoA by itself when a user logs in, and gets the answer."""
    before, answered = len(world.switch.received()), world.server.log().count("Received CoA-ACK")
    world.log_in_at_the_switch("steered", "02-00-00-00-00-55")
    wait_for("the answer", lambda: world.server.log().count("Received CoA-ACK") == answered + 1)
    (code, attributes), = world.switch.received()[before:]
    assert code == "CoA-Request" and 'Filter-Id = "steered"' in attributes, attributes


def ended_by_server(world):
    """The same with a Disconnect for a station at hostapd."""
    station, _ = world.log_in()
    before, answered = world.ap.stations(), world.server.log().count("Received Disconnect-ACK")
    world.log_in_at_the_switch("ender", "02-00-00-00-00-66", station.calling.replace("Calling", "Called"))
    wait_for("the answer", lambda: world.server.log().count("Received Disconnect-ACK") == answered + 1)
    assert ended(world, before) == {station.mac}


CHECKS = {"the site has connected": way_in, "hostapd: Disconnect by Calling-Station-Id": by_station,
          "hostapd: Disconnect by Acct-Session-Id": by_session, "hostapd: `radsecgw disconnect --user`": by_operator,
          "hostapd: NAK with Error-Cause": unknown_session, "hostapd: no Event-Timestamp, no effect": without_time,
          "FreeRADIUS: CoA with Filter-Id": filter_id, "FreeRADIUS: NAK with Error-Cause": refused,
          "FreeRADIUS: CoA that a server sends by itself": by_server,
          "hostapd: Disconnect that a server sends by itself": ended_by_server}


def try_way(name, shape):
    """What each check has said; None is a success."""
    found = {}
    with Lab() as lab:
        try:
            world = World(lab, **shape)
            for title, check in CHECKS.items():
                try:
                    check(world)
                    found[title] = None
                except Exception as e:  # whatever it is, the table says so
                    found[title] = " ".join(str(e).split())[:600] or type(e).__name__
        except Exception as e:
            found.update({title: f"it does not start: {e}"[:600] for title in CHECKS if title not in found})
        with open(LOGS / f"{name.replace(' ', '-')}.log", "w", encoding="utf-8") as log:
            for p in lab.processes:
                log.write(f"----- {p.name}: {' '.join(p.argv)}\n{p.log()}\n")
    subprocess.run(["ip", "link", "delete", "uplink"], check=False, capture_output=True)
    return found


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--only", default="", help="ways whose names have this")
    only = arguments.parse_args().only
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    if missing or os.geteuid() != 0:
        print(f"skipped: {', '.join(missing)} not found" if missing else "skipped: namespaces need root")
        return 0
    matrix.own_namespaces()
    LOGS.mkdir(parents=True, exist_ok=True)
    results = {}
    for name, shape in WAYS.items():
        if only in name:
            results[name] = try_way(name, shape)
            print(f"{name}: {sum(why is None for why in results[name].values())} of {len(CHECKS)} ok", flush=True)
    print("\n" + " " * 50 + "  ".join(f"{name:>14}" for name in results))
    for title in CHECKS:
        print(f"{title:50}" + "  ".join(f"{'FAIL' if found[title] else 'ok':>14}" for found in results.values()))
    wrong = [f"{name}: {title}: {why}" for name, found in results.items() for title, why in found.items() if why]
    print(f"\n{len(results) * len(CHECKS) - len(wrong)} ok, {len(wrong)} failed; what the programs said is in "
          f"{LOGS.relative_to(ROOT)}/*.log", *wrong, sep="\n")
    return 1 if wrong or not results else 0


if __name__ == "__main__":
    os.chdir(ROOT)
    sys.exit(main())
