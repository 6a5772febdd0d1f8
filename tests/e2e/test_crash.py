# SPDX-License-Identifier: GPL-2.0-or-later
"""A fault in any thread is reported: by the gateway itself, or by the sanitizer that it was built with."""
import ctypes
import os
import pathlib
import re
import signal

import pytest

from inbound import FakeHome, inbound_conf
from lab import Process, binary, wait_for
from rawtls import RawClient

FAULTS = (signal.SIGSEGV, signal.SIGBUS, signal.SIGFPE, signal.SIGILL, signal.SIGABRT)


@pytest.fixture
def gw(lab):
    """A gateway with two workers, and a stranger in the middle of a handshake, for which there is a thread then."""
    home = FakeHome(lab)
    conf = inbound_conf(lab, lab.pki(), home, gateway="workers = 2")
    process = Process(lab, "radsecgw", [*binary(), "run", "-c", conf])
    process.wait_log(r" started: .* tls=\"wolfSSL \d+\.\d+\.\d+ \((lean|system)\)\" ")
    stranger = RawClient(lab.radsec)
    yield process
    stranger.close()
    home.close()


def threads(process):
    """The threads of the process: name -> number and the status that the kernel shows."""
    found = {}
    for task in pathlib.Path(f"/proc/{process.pid}/task").iterdir():
        status = dict(re.findall(r"^(\w+):\s*(.*)$", (task / "status").read_text(), re.M))
        found[status["Name"]] = int(task.name), status
    return found


def test_no_thread_blocks_faults(gw):
    found = threads(gw)
    assert {"worker-2"} < set(found) and any(name.startswith("handshake-") for name in found), found
    for name, (_, status) in found.items():
        blocked = int(status["SigBlk"], 16)
        assert not [s for s in FAULTS if blocked >> (s - 1) & 1], name
        assert bool(blocked >> (signal.SIGTERM - 1) & 1) == bool(re.match("worker-|handshake-|log$", name)), name


@pytest.mark.parametrize("name", ["handshake-", "worker-2", ""])
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_fault_is_reported(gw, name, fault):
    """The report of a fault says which version, which signal, which thread, and where."""
    thread, (number, _) = next((k, v) for k, v in threads(gw).items() if (k.startswith(name) if name else v[0] == gw.pid))
    assert ctypes.CDLL(None).tgkill(gw.pid, number, int(fault)) == 0
    status = wait_for("the end", lambda: gw.popen.poll())
    log = gw.log()
    version = re.search(r"^radsecgw (\S+), wolfSSL [\d.]+ \((lean|system)\)", log, re.M)
    assert version and f"version={version[1]} " in log
    if re.search(r"Sanitizer:", log):
        assert re.search(r"ERROR: \w+Sanitizer: \w+ on unknown address", log) and re.search(r"^ +#0 0x", log, re.M)
        return
    assert status == -fault
    # The thread of the log may still write a line of its own between those of the report.
    log = re.sub(r"^20\S+Z .*\n", "", log, flags=re.M)
    assert re.search(rf"^radsecgw \S+, wolfSSL \S+ \(\w+\): signal {int(fault)} \({fault.name}\) sent by the process "
                     rf"{os.getpid()}, in the thread {thread}\n(.*\[0x[0-9a-f]+\]\n){{3,}}", log, re.M), log[-2000:]
