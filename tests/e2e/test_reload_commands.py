# SPDX-License-Identifier: GPL-2.0-or-later
"""What an operator has who asks for a reload: what is refused and how it is said, checks, confirmations, the way back."""
import json
import os
import pathlib
import random
import re
import shutil
import signal
import socket
import subprocess
import time

import pytest

from lab import ROOT, Lab, binary, wait_for
from reloading import Reloading, Waiting

GOLDEN = sorted((ROOT / "tests/conf").glob("bad-*.ini"))
AS_BEFORE = "the configuration is not taken up, and the gateway goes on as before: "


@pytest.fixture(scope="module")
def module_world():
    with Lab() as lab:
        made = Reloading(lab)
        made.first = made.ini
        yield made
        made.close()


@pytest.fixture
def world(module_world):
    """The gateway with the configuration with which it started."""
    yield module_world
    module_world.say("confirm")
    if module_world.ini != module_world.first:
        module_world.reload(module_world.first)


@pytest.fixture
def make(lab):
    made = []

    def go(workers=1):
        made.append(Reloading(lab, workers))
        return made[-1]
    yield go
    for one in made:
        one.close()


def realm(world, name="second.example"):
    return world.changed({f"realm {name}": {"pool": "national"}})


def record(world):
    return world.status("gateway")["configuration"]


def refuse(world, ini, *expected):
    """The whole is refused with these lines, and the old configuration serves on."""
    waiting = Waiting(world)
    before = record(world)
    world.write(ini)
    *lines, last = world.refused("reload")
    assert last.startswith(AS_BEFORE), last
    for want in expected:
        assert any(re.search(want, line) for line in lines), (want, lines)
    world.logins()
    waiting.end()
    after = record(world)
    assert after["failed"] == before["failed"] + 1 and after["since"] == before["since"]
    world.write()
    return lines


# ---- what is refused


@pytest.mark.parametrize("golden", GOLDEN, ids=lambda path: path.stem)
def test_broken_file(world, golden):
    """Each finding is told as `check` tells it."""
    shutil.copy(golden, world.path)
    shutil.copytree(ROOT / "tests/conf/include.d", world.path.parent / "include.d", dirs_exist_ok=True)
    shutil.copytree(ROOT / "tests/conf/loop.d", world.path.parent / "loop.d", dirs_exist_ok=True)
    checked = [line for line in world.say("check").stderr.splitlines() if re.search(r": (error|warning): ", line)]
    said = world.say("reload", "--socket", str(world.ini["control"]["socket"]))
    assert said.returncode == 1 and said.stdout == ""
    lines = said.stderr.splitlines()
    assert lines[:-1] == checked and lines[-1].startswith(AS_BEFORE)
    world.logins()
    world.write()


def test_syntax_error_says_where(world):
    ini = world.changed({"gateway": {"nonsense": "1"}})
    lines = refuse(world, ini, r"radsecgw\.ini:\d+: error: \[gateway\] has no key `nonsense`")
    assert len(lines) == 1


@pytest.mark.parametrize("option, value, was", [("workers", 2, "1"), ("user", "nobody", "(none)"),
                                                ("group", "nogroup", "(none)")])
def test_needs_a_restart(world, option, value, was):
    refuse(world, world.changed({"gateway": {option: value}}),
           rf"error: {option}: a change from .* to {value} needs a restart")


def test_control_socket_needs_a_restart(world):
    ini = world.changed({"control": {"socket": world.lab.dir / "other.sock"}})
    world.write(ini)
    said = world.say("reload", "--socket", str(world.ini["control"]["socket"]))
    assert said.returncode == 1 and "needs a restart" in said.stderr, said
    world.write()


def test_key_that_is_not_there(world):
    ini = world.changed({"tls lab": {"key": world.lab.dir / "nothing.key"}})
    refuse(world, ini, r"nothing\.key")


def test_key_that_does_not_fit(world):
    """The certificate of one, the key of another."""
    ini = world.changed({"tls lab": {"key": world.pki / "second.test.key"}})
    refuse(world, ini, r"error: .*\[tls lab\].*key")


def test_port_in_use(world):
    port = world.lab.port()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", port))
        refuse(world, world.changed({"listen more": {"udp": f"127.0.0.1:{port}"}}), "[Aa]ddress already in use")
    world.reload(world.changed({"listen more": {"udp": f"127.0.0.1:{port}"}}))


def test_log_that_cannot_be_opened(world):
    refuse(world, world.changed({"log": {"target": "/nonexistent/log"}}), r"\[log\] target: cannot open")


def test_nothing_is_kept_of_what_is_refused(world):
    """Neither a socket, nor memory, nor a thread, nor a file."""
    ini = world.changed({"listen more": {"udp": f"127.0.0.1:{world.more_udp}"}, "tls lab": {"key": "/nonexistent"}})
    world.write(ini)
    world.refused("reload")
    before = files_of(world)
    for _ in range(20):
        world.refused("reload")
    assert files_of(world) == before
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind(("127.0.0.1", world.more_udp))
    world.write()


def files_of(world):
    return len(list(pathlib.Path(f"/proc/{world.gw.pid}/fd").iterdir()))


# ---- checks


def test_check_changes_nothing(world):
    ini = world.changed({"realm second.example": {"pool": "national"}, "peer national": {"watchdog": "6s"},
                         "listen more": {"udp": f"127.0.0.1:{world.more_udp}"}})
    before = record(world)
    world.write(ini)
    files = files_of(world)
    assert world.done("reload", "--check") == [
        "+ listen more", "~ peer national: watchdog 30s -> 6s", "+ realm second.example",
        "the configuration can be taken up: 3 changes; nothing is changed yet"]
    after = record(world)
    assert {k: v for k, v in after.items() if k != "uptime"} == {k: v for k, v in before.items() if k != "uptime"}
    assert files_of(world) == files
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind(("127.0.0.1", world.more_udp))
    assert not [line for line in world.gw.lines("reloaded") if line.fields["why"] == "check"]
    assert len(world.reload(ini)) == 3


def test_check_finds_what_is_wrong(world):
    ini = world.changed({"tls lab": {"key": world.pki / "second.test.key"}})
    world.write(ini)
    *lines, last = world.refused("reload", "--check")
    assert last == "the configuration cannot be taken up: 1 error" and "[tls lab]" in lines[0]
    world.write()


def test_json(world):
    world.write(realm(world))
    said = json.loads(world.done("reload", "--json")[0])
    world.ini = realm(world)
    assert said["done"] is True and said["changes"] == ["+ realm second.example"] and said["changed"] == 1
    world.write(world.changed({"gateway": {"nonsense": 1}}))
    failed = world.say("reload", "--json")
    assert failed.returncode == 1
    said = json.loads(failed.stdout)
    assert said["done"] is False and said["errors"] == 1
    assert said["findings"][0]["line"] > 0 and said["findings"][0]["file"] == str(world.path)


@pytest.mark.parametrize("words, said", [
    (("reload", "now"), "usage: radsecgw reload"),
    (("reload", "--check", "--confirm", "5m"), "usage: radsecgw reload"),
    (("reload", "--confirm", "5"), "the time '5' has no unit"),
    (("reload", "--confirm", "8d"), "not within 1s to 7d"),
    (("confirm", "me"), "usage: radsecgw confirm"),
    (("undo", "all"), "usage: radsecgw undo"),
    (("confirm",), "there is nothing to be confirmed"),
])
def test_wrong_usage(world, words, said):
    assert said in world.say(*words).stderr
    assert world.say(*words).returncode == 1


# ---- confirmations, and the way back


def test_confirmed(world):
    world.write(realm(world))
    last = world.done("reload", "--confirm", "60s")[-1]
    assert "unless `radsecgw confirm` comes within 60 s" in last, last
    world.ini = realm(world)
    status = record(world)
    assert status["awaits_confirmation"] == "yes" and 0 < status["confirm_within"] <= 60
    assert "comes back in" in "\n".join(world.done("status"))
    refused = "\n".join(world.refused("reload"))
    assert "awaits its confirmation" in refused and "radsecgw undo" in refused
    assert world.done("reload", "--check")
    assert world.done("confirm") == ["the configuration is confirmed, and stays in effect"]
    assert record(world)["awaits_confirmation"] == "no"
    assert world.refused("confirm") == ["there is nothing to be confirmed"]
    assert world.reload(world.first) == ["- realm second.example"]


def test_not_confirmed(world):
    """The configuration before comes back by itself, whatever its file says by now."""
    world.write(world.changed({"listen local": {"udp": f"127.0.0.1:{world.more_udp}"}}))
    waiting = Waiting(world)
    world.done("reload", "--confirm", "1s")
    n = len(world.gw.lines("reloaded", why="no confirmation came"))
    world.lab.write(world.path.name, "[nonsense]\n")
    wait_for("the way back", lambda: len(world.gw.lines("reloaded", why="no confirmation came")) > n)
    waiting.end()
    world.write()
    world.logins()
    assert record(world)["awaits_confirmation"] == "no"
    assert world.done("reload") and not world.ini["listen local"]["udp"].endswith(str(world.more_udp))


def test_undo(world):
    changed = world.changed({"realm second.example": {"pool": "national"}, "peer national": {"watchdog": "6s"}})
    world.reload(changed)
    waiting = Waiting(world)
    *lines, last = world.done("undo")
    assert lines == ["~ peer national: watchdog 6s -> 30s", "- realm second.example"]
    assert last.startswith("the configuration before is in effect again: 2 changes")
    waiting.end()
    world.logins()
    assert "there is no configuration to go back to" in world.refused("undo")[0]
    assert len(world.done("reload")) == 3
    world.ini = changed


def test_what_changes_nothing_leaves_the_way_back(world):
    """Log rotation reloads, too."""
    world.write(realm(world))
    world.done("reload")
    *lines, last = world.done("reload")
    assert "nothing has changed in the files" in last
    assert world.done("undo")[-2].startswith("- realm ")


def test_undo_ends_the_wait_for_a_confirmation(world):
    world.write(realm(world))
    world.done("reload", "--confirm", "2s")
    world.done("undo")
    n = len(world.gw.lines("reloaded"))
    assert record(world)["awaits_confirmation"] == "no"
    world.write()
    time.sleep(2.5)
    assert len(world.gw.lines("reloaded")) == n


@pytest.mark.parametrize("how", ["confirm", "undo"])
def test_settled_at_the_last_moment(make, how):
    """The time for a confirmation ends while something else is being read: what the operator has said by then counts,
    and so does what comes next."""
    world = make()
    control = str(world.ini["control"]["socket"])
    words = [*binary(), "--socket", control]
    world.write(realm(world))
    world.done("reload", "--confirm", "3s")
    world.path.unlink()
    os.mkfifo(world.path)
    pipe = os.open(world.path, os.O_RDWR)
    with subprocess.Popen([*words, "reload", "--check"], stdout=subprocess.DEVNULL) as check, \
         socket.socket(socket.AF_UNIX) as said:
        wait_for("the loader", lambda: "loader" in threads_of(world))
        said.connect(control)
        if how == "undo":
            said.sendall(b"POST /v1/undo HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
        wait_for("the end of the time", lambda: left(words) == 0)
        left(words)
        if how == "confirm":
            said.sendall(b"POST /v1/confirm HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
            assert said.recv(4096).startswith(b"HTTP/1.1 200 ")
        os.write(pipe, world.text(realm(world)).encode())
        world.lab.write("new.ini", world.text(realm(world, "third.example"))).rename(world.path)
        os.close(pipe)
        assert check.wait(30) == 0
        if how == "undo":
            assert said.recv(4096).startswith(b"HTTP/1.1 200 ")
    assert "+ realm third.example" in world.done("reload", "--confirm", "60s")
    assert record(world)["awaits_confirmation"] == "yes"
    assert not world.gw.lines("reloaded", why="no confirmation came") and not world.gw.lines("reload-failed")


def left(words):
    said = subprocess.run([*words, "status", "--json", "gateway"], capture_output=True, text=True, timeout=60)
    return json.loads(said.stdout)["configuration"].get("confirm_within", 0)


def test_way_back_is_tried_again(make):
    """It fails when the key cannot be read for the moment; the gateway works on, and a confirmation is still possible."""
    world = make()
    world.write(world.changed({"tls lab": world.certificate("second.test")}))
    key = world.pki / "gateway.test.key"
    text = key.read_text()
    key.unlink()
    world.done("reload", "--confirm", "1s")
    world.gw.wait_line("reload-failed", why="no confirmation came")
    world.logins()
    key.write_text(text)
    world.gw.wait_line("reloaded", why="no confirmation came", seconds=30)
    world.logins()


# ---- signals, the log, and clients that go away


def test_hangup(make):
    world = make(3)
    target = world.lab.dir / "the.log"
    ini = world.changed({"log": {"target": target}})
    world.reload(ini)
    assert target.exists()
    target.rename(world.lab.dir / "old.log")
    world.write(realm(world))
    world.gw.signal(signal.SIGHUP)
    wait_for("the reload", lambda: target.exists() and " reloaded: " in target.read_text())
    assert 'change="+ realm second.example"' in target.read_text()
    assert " log-reopened: " in target.read_text()
    target.unlink()
    world.write(world.changed({"gateway": {"nonsense": 1}}))
    world.gw.signal(signal.SIGHUP)
    wait_for("the failure", lambda: target.exists() and " reload-failed: " in target.read_text())
    wait_for("the reason", lambda: re.search(r"has no key `nonsense`.* line=\d+", target.read_text()))
    assert " log-reopened: " in target.read_text()
    world.write(ini)
    world.logins()
    world.reload({**ini, "log": {**ini["log"], "target": "stderr"}})
    assert " reloaded: " in world.gw.log()


def test_many_hangups(make):
    """Signals that come while a reload is under way bring one more, for the files may have changed meanwhile."""
    world = make()
    for i in range(50):
        world.write(realm(world, f"r{i}.example"))
        world.gw.signal(signal.SIGHUP)
    wait_for("the last one", lambda: 'change="+ realm r49.example"' in world.gw.log())
    assert record(world)["failed"] == 0
    world.logins()


def test_level_for_a_time_survives(make):
    """A reload in between does not end it, and at its end the level is that of the new configuration."""
    world = make(3)
    world.done("log-level", "debug", "for", "2s")
    world.reload(world.changed({"log": {"level": "notice"}}))
    before = len(world.gw.log())
    world.logins()
    assert " debug " in world.gw.log()[before:]
    world.gw.wait_line("control-command", command="log-level", result="the log has the level notice")
    before = len(world.gw.log())
    world.logins()
    assert " debug " not in world.gw.log()[before:] and " info " not in world.gw.log()[before:]


def test_level_without_a_time(make):
    """It stays until the configuration has another level than before."""
    world = make()
    world.done("log-level", "debug")
    world.reload(realm(world))
    before = len(world.gw.log())
    world.logins()
    assert " debug " in world.gw.log()[before:]
    world.reload(world.changed({"log": {"level": "notice"}}))
    before = len(world.gw.log())
    world.logins()
    assert " debug " not in world.gw.log()[before:]


def test_many_at_once(make):
    """They wait for each other; each is told what came of its own."""
    world = make(3)
    world.write(realm(world))
    asked = [subprocess.Popen([*binary(), "reload", "-c", world.path], stdout=subprocess.PIPE, text=True)
             for _ in range(8)]
    said = [one.communicate(timeout=60)[0] for one in asked]
    assert all(one.returncode == 0 for one in asked)
    assert sorted("+ realm second.example" in text for text in said) == [False] * 7 + [True]
    assert record(world)["reloads"] == 8


def test_clients_that_go_away(make):
    """They ask, and go away while the files are still being read: the reload goes on without them."""
    world = make()
    text = world.text(realm(world))
    world.path.unlink()
    os.mkfifo(world.path)
    pipe = os.open(world.path, os.O_RDWR)
    for _ in range(3):
        with socket.socket(socket.AF_UNIX) as s:
            s.connect(str(world.ini["control"]["socket"]))
            s.sendall(b"POST /v1/reload HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
            wait_for("the loader", lambda: "loader" in threads_of(world))
            time.sleep(0.1)
    wait_for("their absence", lambda: len(world.gw.lines("http-departed")) == 3)
    world.lab.write("new.ini", text).rename(world.path)
    os.write(pipe, text.encode())
    os.close(pipe)
    wait_for("the reload", lambda: 'change="+ realm second.example"' in world.gw.log())
    wait_for("the others", lambda: record(world)["reloads"] == 3)
    world.logins()
    assert world.gw.stop() == 0


def test_signal_finds_a_place(make):
    """As many commands wait as may: SIGHUP waits its turn all the same."""
    world = make()
    text = world.text(realm(world))
    world.path.unlink()
    os.mkfifo(world.path)
    pipe = os.open(world.path, os.O_RDWR)

    def ask():
        one = socket.socket(socket.AF_UNIX)
        one.connect(str(world.ini["control"]["socket"]))
        one.sendall(b"POST /v1/reload HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
        return one
    gone = [ask() for _ in range(15)]
    subprocess.run([*binary(), "--socket", str(world.ini["control"]["socket"]), "ping"], check=True, timeout=60)
    for one in gone:
        one.close()
    wait_for("their absence", lambda: len(world.gw.lines("http-departed")) == 15)
    stay = [ask() for _ in range(3)]
    assert b"others wait already" in stay[2].recv(4096)
    world.gw.signal(signal.SIGHUP)
    world.gw.wait_line("log-reopened")
    world.lab.write("new.ini", text).rename(world.path)
    os.write(pipe, text.encode())
    os.close(pipe)
    world.gw.wait_line("reloaded", why="SIGHUP")
    for one in stay:
        one.close()


def threads_of(world):
    return [task.read_text().strip() for task in pathlib.Path(f"/proc/{world.gw.pid}/task").glob("*/comm")]


def test_reload_of_a_file_that_never_comes(make):
    """A pipe into which nobody writes holds up the reload, but neither the traffic nor the end of the gateway."""
    world = make()
    world.path.unlink()
    subprocess.run(["mkfifo", world.path], check=True)
    with subprocess.Popen(["sh", "-c", f"exec sleep 60 > {world.path}"]) as holder:
        time.sleep(0.2)
        world.gw.signal(signal.SIGHUP)
        world.logins()
        world.gw.signal(signal.SIGTERM)
        assert world.gw.wait(30) == 0
        holder.kill()
    assert " reload-stuck: " in world.gw.log()


# ---- rights


def test_without_rights(make):
    """A gateway that has become another user says at once what it will not be able to read, and so does the reload."""
    world = make()
    world.gw.stop()
    world.lab.dir.chmod(0o755)
    for path in [world.pki, *world.pki.iterdir()]:
        path.chmod(0o755)
    world.ini = world.changed({"gateway": {"user": "nobody"}})
    world.write()
    world.path.chmod(0o644)
    hidden = world.pki / "gateway.test.key"
    hidden.chmod(0o600)
    assert f"'nobody' is not allowed to read {hidden}" in world.say("check").stderr
    world.gw = world.lab.gateway(world.path, name="second")
    assert [line.fields["file"] for line in world.gw.lines("reload-unreadable")] == [str(hidden)]
    lines = world.refused("reload")
    assert any("runs as 'nobody', who is not allowed to read this file" in line and str(hidden) in line
               for line in lines), lines
    world.logins()
    hidden.chmod(0o644)
    assert "in effect" in world.done("reload")[-1]
    world.logins()


@pytest.mark.parametrize("low", [True, False])
def test_ports_below_1024(make, low):
    """The right to open them stays if there was one at the start."""
    world = make()
    world.gw.stop()
    world.lab.dir.chmod(0o755)
    for path in [world.pki, *world.pki.iterdir()]:
        path.chmod(0o755)
    ports = [port for port in random.sample(range(600, 1023), 400) if is_free(port)][:2]
    first = {"listen low": {"udp": f"127.0.0.1:{ports[0]}"}} if low else {}
    world.ini = world.changed({"gateway": {"user": "nobody"}, **first})
    world.write()
    world.path.chmod(0o644)
    world.gw = world.lab.gateway(world.path, name="second")
    status = pathlib.Path(f"/proc/{world.gw.pid}/status").read_text()
    assert re.search(r"^CapPrm:\s*(\w+)$", status, re.M)[1] == ("0" * 13 + "400" if low else "0" * 16)
    ini = world.changed({"listen lower": {"udp": f"127.0.0.1:{ports[1]}"}})
    world.write(ini)
    world.path.chmod(0o644)
    if low:
        world.done("reload")
        world.logins(port=ports[1])
        return
    lines = world.refused("reload")
    assert any(f"port {ports[1]} is below 1024" in line for line in lines), lines
    world.logins()


def is_free(port):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        try:
            s.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
