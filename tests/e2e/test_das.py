# SPDX-License-Identifier: GPL-2.0-or-later
"""hostapd ends the session of a station that home wants to go. `make coa-lab` tries more ways and requests."""
import os
import shutil

import pytest

from das import TOOLS, World
from test_network import in_namespace

pytestmark = [pytest.mark.skipif(os.geteuid() != 0, reason="needs the right to make a network namespace"),
              *[pytest.mark.skipif(shutil.which(t) is None, reason=f"{t} is not installed") for t in TOOLS]]


@in_namespace
def test_one_station_goes(lab):
    """P-RCA-6: two stations have logged in by PEAP through two gateways and a NAT. A Disconnect from home, which could
    not connect to the site, ends the session of one, and the answer comes back; a CoA of FreeRADIUS finds a switch."""
    world = World(lab, nat=True)
    station, other = world.log_in()
    said = world.send("disconnect", station.calling)
    assert "Received Disconnect-ACK" in said, said
    assert world.ap.stations() == {other.mac: other.session}
    said = world.send("disconnect", 'NAS-Identifier = "ap"\nCalling-Station-Id = "02-00-00-00-00-99"')
    assert "Received Disconnect-NAK" in said and "Session-Context-Not-Found" in said, said
    world.log_in_at_the_switch("steered", "02-00-00-00-00-55")
    world.server.wait_log("Received CoA-ACK")
    (code, attributes), = world.switch.received()
    assert code == "CoA-Request" and 'Filter-Id = "steered"' in attributes, attributes
