# SPDX-License-Identifier: GPL-2.0-or-later
"""What the commands of a monitoring system hear: `ping` and `status --nagios`, beside /readyz, as neighbours come and
go."""
import os
import subprocess

from lab import binary, wait_for
from test_metrics import World


def verdict(world, *more):
    """Exit status, word and the rest of the line; there is one line, and nothing else."""
    said = subprocess.run([*binary(), "status", "--nagios", *(more or ("-c", world.conf))], capture_output=True,
                          text=True, timeout=60)
    assert said.stdout.count("\n") == 1, said
    word, rest = said.stdout.split(": ", 1)
    return said.returncode, word, rest.strip()


def flipped(world, ready):
    """Do /readyz and ping say so?"""
    return (world.health("/readyz")[0] == 200) is ready and (world.say("ping").returncode == 0) is ready


def test_ready_or_not(lab):
    """With the last pool's death and return all three flip, within 2 s of when a peer is seen to be gone and back."""
    w = World(lab, workers=2)
    status, word, rest = verdict(w)
    assert (status, word) == (0, "OK") and rest.startswith("ready: all pools can be used, of which there are 2|"), rest
    assert "usable_pools=2;;;0;2 pending=0;;;0 connections=4;;;0 " in rest and "certificate_days=" in rest
    w.peers["one"].close()
    wait_for("the first pool's end", lambda: verdict(w)[:2] == (1, "WARNING"))
    assert flipped(w, True)
    w.peers["two"].close()
    wait_for("the last pool's end", lambda: flipped(w, False), 2)
    said = w.say("ping")
    assert said.returncode == 1 and said.stderr == "not ready: no pool can be used: pool-one, pool-two\n"
    status, word, rest = verdict(w)
    assert (status, word) == (2, "CRITICAL") and rest.startswith("not ready: no pool "), rest
    assert "usable_pools=0;;;0;2" in rest
    # A connection is tried each 500 ms.
    back = w.peer(w.peers["two"].port)
    wait_for("its return", lambda: flipped(w, True), 2)
    assert verdict(w)[:2] == (1, "WARNING")
    back.close()


def test_what_is_required_counts_without_a_server_of_metrics(lab):
    """ready-requires holds for ping, too, and drained is not ready whatever it says."""
    w = World(lab, metrics="ready-requires = none", peers=("one",))
    w.peers["one"].close()
    wait_for("its end", lambda: verdict(w)[:2] == (1, "WARNING"))
    assert w.done("ping")
    w.done("drain")
    assert verdict(w)[:2] == (2, "CRITICAL")


def test_nobody_answers(lab):
    """No gateway is as bad as one that does not work; whoever may not ask, or asks wrongly, knows nothing."""
    w = World(lab, peers=("one",))
    socket = f"{lab.dir}/control.sock"
    assert verdict(w, "--socket", socket)[0] == 0
    assert verdict(w, "--json", "--socket", socket)[:2] == (3, "UNKNOWN")
    assert verdict(w, "peers", "--socket", socket)[:2] == (3, "UNKNOWN")
    assert subprocess.run([*binary(), "status", "--nagios", "--nonsense"], capture_output=True).returncode == 3
    if os.geteuid() == 0:
        os.chmod(lab.dir, 0o755)
        said = subprocess.run([*binary(), "status", "--nagios", "--socket", socket], capture_output=True, text=True,
                              timeout=60, user=65534, group=65534, extra_groups=[])
        assert said.returncode == 3 and said.stdout.startswith("UNKNOWN: "), said
    w.gw.stop()
    assert verdict(w, "--socket", socket)[:2] == (2, "CRITICAL")
