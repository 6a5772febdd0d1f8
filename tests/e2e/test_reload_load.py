# SPDX-License-Identifier: GPL-2.0-or-later
"""Reloads under load, in short; tests/bench/reloads.py has the long form with all figures."""
import pytest

from churn import SWITCHES, Churn, run
from lab import wait_for


@pytest.mark.parametrize("workers", [1, 3])
def test_nothing_is_lost_under_load(lab, workers):
    """Each reload changes something, and neither a NAS nor a peer notices."""
    churn = Churn(lab, workers)
    run(churn, reloads=0, seconds=2, rate=500)
    files = churn.files()
    result = run(churn, reloads=20, seconds=10, rate=500)
    for load in result["load"]:
        assert load["sent"] > 4000
        assert load["answered"] == load["sent"] and load["rejected"] == 0, load
        assert load["lost"] == load["resent"] == load["wrong"] == load["twice"] == 0, load
    # The load itself closes its connections at its end.
    assert [line for line in result["closed"] if "without a goodbye" not in line.fields["reason"]] == []
    churn.base()
    wait_for("what the reloads needed to be closed", lambda: churn.files() <= files, 30)


def test_every_switch_is_a_change(lab):
    """What the test above turns, the gateway notices; but where a section stands in the file is no change."""
    churn = Churn(lab, 1)
    for name in SWITCHES:
        churn.on = {name}
        assert bool(churn.take_up()[1]) != (name == "renumbered"), name
        assert bool(churn.base()[1]) != (name == "renumbered"), name
