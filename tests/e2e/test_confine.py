# SPDX-License-Identifier: GPL-2.0-or-later
"""The process restricts itself: rights, system calls, folders, images of its memory; and all that it has to do works
behind these walls."""
import os
import pathlib
import platform
import re
import shutil
import signal
import subprocess

import pytest

import radius
from lab import NAS_SECRET, Process, binary, wait_for
from peer import Nas, TlsPeer

SECRET = NAS_SECRET.encode()

pytestmark = pytest.mark.skipif(any(word in " ".join(binary()) for word in ("asan", "tsan", "valgrind")),
                                reason="there is no sandbox in builds with sanitizers")


def statuses(pid):
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        yield dict(line.split(":\t", 1) for line in (task / "status").read_text().splitlines() if ":\t" in line)


def world(lab, gateway="", **more):
    pki = lab.pki()
    peer = TlsPeer(lab.port(), pki / "localhost.pem", pki / "localhost.key", pki / "ca.pem")
    return pki, lab.gateway_conf(pki, peer.port, gateway=gateway, **more)


def login(lab, ident=1):
    return Nas(lab.auth, NAS_SECRET).ask(radius.access_request(ident, SECRET)) is not None


def reload(conf):
    return subprocess.run([*binary(), "reload", "-c", conf], capture_output=True, text=True, timeout=60)


def limit_of_cores(pid):
    return re.search(r"Max core file size\s+(\S+)", pathlib.Path(f"/proc/{pid}/limits").read_text())[1]


@pytest.mark.parametrize("user", ["", "user = nobody"])
def test_every_thread_has_given_up_its_rights(lab, user):
    """Even root keeps no right that another user has not, and no thread is outside of the walls."""
    pki, conf = world(lab, f"workers = 3\n{user}", log="target = stderr")
    lab.dir.chmod(0o755)
    for path in [pki, *pki.iterdir()]:
        path.chmod(0o755)
    gw = lab.gateway(conf)
    assert login(lab)
    threads = list(statuses(gw.popen.pid))
    assert len(threads) >= 3
    for status in threads:
        assert int(status["CapEff"], 16) == int(status["CapPrm"], 16) == int(status["CapBnd"], 16) == 0, status
        assert status["NoNewPrivs"].strip() == "1" and status["Seccomp"].strip() == "2", status
    assert limit_of_cores(gw.popen.pid) == "0"
    gw.wait_log(r"confined: .* system_calls=\d\d+ landlock=\d+")
    assert ("runs-as-root" in gw.log()) == (user == "")


def test_images_of_the_memory_are_an_option(lab):
    _, conf = world(lab, "core-dumps = yes")
    assert limit_of_cores(lab.gateway(conf).popen.pid) != "0"


def test_folders_are_those_that_the_configuration_named(lab, tmp_path):
    """A file in a new folder is out of reach until the gateway is started anew, and the reload says so; a new file in a
    folder that it knows is not."""
    pki, conf = world(lab)
    gw = lab.gateway(conf)
    landlock = int(re.search(r"landlock=(\d+)", gw.log())[1])
    if landlock == 0:
        pytest.skip("this kernel has no Landlock")
    text = conf.read_text()
    shutil.copy(pki / "ca.pem", pki / "again.pem")
    shutil.copy(pki / "ca.pem", tmp_path / "ca.pem")
    conf.write_text(text.replace(f"{pki}/ca.pem", f"{pki}/again.pem"))
    assert reload(conf).returncode == 0
    conf.write_text(text.replace(f"{pki}/ca.pem", f"{tmp_path}/ca.pem"))
    said = reload(conf)
    assert said.returncode == 1 and "it reads only the folders that the configuration named then" in said.stderr
    assert login(lab)
    gw.stop()
    gw = lab.gateway(conf, name="second")
    assert login(lab, 2)
    gw.stop()
    text = text.replace("[gateway]\n", "[gateway]\nsandbox = no\n", 1)
    conf.write_text(text)
    gw = lab.gateway(conf, name="third")
    conf.write_text(text.replace(f"{pki}/ca.pem", f"{tmp_path}/ca.pem"))
    assert reload(conf).returncode == 0
    assert all(status["Seccomp"].strip() == "0" for status in statuses(gw.popen.pid))


def test_nothing_that_it_does_is_forbidden(lab):
    """Logins, names, commands, reloads, a log that is rotated, metrics: no system call of these fails for want of a
    right."""
    if not shutil.which("strace"):
        pytest.skip("there is no strace")
    log = lab.dir / "radsecgw.log"
    port = lab.port()
    pki, conf = world(lab, "workers = 2", log=f"target = {log}", extra=f"[metrics]\nlisten = 127.0.0.1:{port}\n")
    conf.write_text(conf.read_text() + f"\n[control]\nsocket = {lab.dir}/c.sock\n")
    trace = lab.dir / "trace"
    gw = Process(lab, "traced", ["strace", "-f", "-q", "-o", trace, *binary(), "run", "-c", conf])
    wait_for("the start", lambda: log.exists() and " connection-up: " in log.read_text(), 60)
    assert login(lab)
    for words in (["status"], ["ping"], ["reload"], ["reconnect", "national"], ["log-level", "info"]):
        subprocess.run([*binary(), *words, "-c", conf], capture_output=True, timeout=60, check=True)
    log.rename(lab.dir / "radsecgw.log.1")
    (pki / "ca.pem").write_bytes((pki / "ca.pem").read_bytes() + b"\n")
    inner = int(subprocess.run(["pgrep", "-P", str(gw.popen.pid)], capture_output=True, text=True, check=True).stdout.split()[0])
    subprocess.run(["kill", "-HUP", str(inner)], check=True)
    wait_for("the new log", lambda: log.exists() and " reloaded" in log.read_text(), 60)
    subprocess.run(["/usr/bin/python3", "-c", "import sys, urllib.request; urllib.request.urlopen(sys.argv[1]).read()",
                    f"http://127.0.0.1:{port}/metrics"], check=True, timeout=60)
    assert login(lab, 3)
    subprocess.run(["kill", "-TERM", str(inner)], check=True)
    gw.popen.wait(60)
    text = trace.read_text()
    after = text[text.index("SECCOMP_SET_MODE_FILTER"):]
    refused = {line for line in after.splitlines() if " EPERM " in line or " EACCES " in line or
               ("ENOSYS" in line and "clone3" not in line)}
    assert not refused, "\n".join(sorted(refused)[:20])
    assert "exited with 0" in after


# What the service manager's filter does to a process: no call changes its rights.
WITHOUT_CAPSET = """
import ctypes, os, struct, sys
libc = ctypes.CDLL(None, use_errno=True)
os.setgroups([])
os.setresgid(65534, 65534, 65534)
os.setresuid(65534, 65534, 65534)
steps = b"".join(struct.pack("HBBI", *s) for s in (
    (0x20, 0, 0, 0), (0x15, 0, 1, int(sys.argv[1])), (0x06, 0, 0, 0x00050001), (0x06, 0, 0, 0x7fff0000)))
room = ctypes.create_string_buffer(steps, len(steps))
program = struct.pack("HxxxxxxP", len(steps) // 8, ctypes.addressof(room))
assert libc.prctl(38, 1, 0, 0, 0) == 0 and libc.prctl(22, 2, program, 0, 0) == 0
os.execvp(sys.argv[2], sys.argv[2:])
"""


def test_a_service_manager_has_taken_the_rights_already(lab):
    """Where changing rights is forbidden, and none are left, there is nothing to give up."""
    if platform.machine() != "x86_64":
        pytest.skip("the test knows the number of capset on this machine only")
    pki, conf = world(lab)
    lab.dir.chmod(0o777)
    for path in [conf, pki, *pki.iterdir()]:
        path.chmod(0o755)
    conf.write_text(conf.read_text() + f"\n[control]\nsocket = {lab.dir}/c.sock\n")
    gw = Process(lab, "managed", ["/usr/bin/python3", "-c", WITHOUT_CAPSET, "126", *binary(), "run", "-c", conf])
    gw.wait_log(" connection-up: ")
    assert login(lab)
    assert all(int(status["CapPrm"], 16) == 0 for status in statuses(gw.popen.pid))


def test_without_a_control_socket_no_folder_is_written(lab, tmp_path):
    """The word `off` is no path: the folder in which the gateway was started stays closed to it."""
    _, conf = world(lab)
    text = conf.read_text() + "\n[control]\nsocket = off\n"
    conf.write_text(text)
    before = os.getcwd()
    os.chdir(tmp_path)
    try:
        gw = lab.gateway(conf)
    finally:
        os.chdir(before)
    if "landlock=0" in gw.log():
        pytest.skip("this kernel has no Landlock")
    conf.write_text(re.sub(r"^\[log\]\n", f"[log]\ntarget = {tmp_path}/new.log\n", text, flags=re.M))
    gw.signal(signal.SIGHUP)
    gw.wait_log(r"reload-failed: .*cannot open")
    assert not (tmp_path / "new.log").exists()
