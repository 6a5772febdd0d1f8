# SPDX-License-Identifier: GPL-2.0-or-later
"""The scenarios of tests/bench/deadrealms.py in short: hosts that are down and realms that are dead cost logins of
others neither an answer nor their patience (P-FO-7). The long ones, in which hosts come and go, are in `make lab`."""
import threading
import time

import pytest

import radius
from federation import DEAD_REALMS, NAS_PORT, Federation, user_of
from lab import NAS_SECRET, PATIENCE
from peer import Nas
from test_network import in_namespace, namespaces

pytestmark = pytest.mark.skipif(not namespaces(), reason="needs the right to make a network namespace")

ALWAYS = ["r1orgD", "r1orgA", "r2orgA", "r1nren", "r2nren", "r1orgC"]


class Visitors(threading.Thread):
    """Users of the dead realms try to log in, so many in a second; nobody answers them."""

    def __init__(self, rate):
        super().__init__(daemon=True)
        self.rate, self.sent, self.over = rate, 0, threading.Event()
        self.start()

    def run(self):
        nas = [Nas(NAS_PORT, NAS_SECRET) for _ in range(8)]
        while not self.over.wait(1 / self.rate):
            realm = DEAD_REALMS[self.sent % 2]
            nas[self.sent % 8].send(radius.access_request(self.sent // 8 % 256, NAS_SECRET.encode(),
                                                          user=user_of(realm).encode()))
            self.sent += 1

    def end(self):
        self.over.set()
        self.join()


def logins(lab, n, down=(), visitors=0, pause=0.0):
    federation = Federation(lab, ALWAYS, down=down)
    crowd = Visitors(visitors) if visitors else None
    for _ in range(n):
        time.sleep(pause)
        federation.login()
    if crowd is not None:
        crowd.end()
    check(federation)
    return federation


def check(federation, longest=10):
    """Checks that nobody was rejected, or waited in vain or for long."""
    assert [login.result for login in federation.logins] == ["OK"] * len(federation.logins)
    assert max(login.took for login in federation.logins) < longest * PATIENCE


@in_namespace
def test_all_hosts_are_up(lab):
    check(logins(lab, 20), 1)


@in_namespace
def test_hosts_are_down(lab):
    logins(lab, 20, down=("r1orgA", "r1nren"))


@in_namespace
def test_visitors_of_dead_realms(lab):
    check(logins(lab, 15, visitors=5, pause=0.2), 1)


@in_namespace
def test_hosts_are_down_and_visitors_of_dead_realms(lab):
    logins(lab, 15, down=("r1orgA", "r1nren"), visitors=5, pause=0.2)


@in_namespace
def test_crowd_from_dead_realms_with_one_proxy_down(lab):
    logins(lab, 20, down=("r1nren",), visitors=40, pause=0.2)


@in_namespace
def test_proxy_that_is_cut_off_from_one_realm(lab):
    """Only the first login after the cut finds out; the realm that r1nren still reaches stays with it."""
    federation = Federation(lab, ["r1orgB", *ALWAYS])
    for i in range(15):
        if i == 3:
            for home in ("r1orgA", "r2orgA"):
                federation.cut("r1nren", home)
        federation.login()
        federation.login("orgb.example")
    check(federation)
    near = [login for login in federation.logins if login.realm == "orgb.example"]
    assert max(login.took for login in near) < 1 * PATIENCE
    assert sum(login.took > 1 * PATIENCE for login in federation.logins) <= 2
