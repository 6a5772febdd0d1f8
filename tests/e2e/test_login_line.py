# SPDX-License-Identifier: GPL-2.0-or-later
"""The lines that tell of logins and accounting, with real parts at both ends, and what becomes of them, and of
requests, when nobody takes them."""
import hashlib
import hmac
import json
import os
import re
import socket
import subprocess

import pytest

from lab import (NAS_SECRET, Lab, accounting, binary, die_with_parent, eapol_test, pap, radclient,
                 wait_for)

STATION = 'Calling-Station-Id = "02-00-00-00-00-01"\nCalled-Station-Id = "0A-00-00-00-00-01:eduroam"\n'
CUI = 'Chargeable-User-Identity = "pseudonym"\n'


@pytest.fixture(scope="module")
def home():
    """FreeRADIUS behind radsecproxy; each test has a gateway of its own."""
    with Lab() as lab:
        lab.keys = lab.pki()
        lab.home = lab.freeradius()
        lab.proxy = lab.radsecproxy(lab.keys, lab.home)
        yield lab


def gateway(lab, name, log="", **more):
    conf = lab.gateway_conf(lab.keys, lab.proxy.port, name=f"{name}.ini", log=log, **more)
    return lab.gateway(conf, name=name)


def dictionary():
    """Field -> type, as the program has it for the manual."""
    rows = subprocess.run([*binary(), "fields"], capture_output=True, text=True, check=True).stdout.splitlines()
    return {name: kind for name, kind, *_ in (row.split("\t") for row in rows)}


def test_pap_accounting_and_reject(home):
    gw = gateway(home, "text", log="accounting = yes")
    ok, out = radclient(home.auth, "auth", pap(more=STATION + CUI))
    assert ok, out
    line = gw.wait_line("login", result="accept").fields
    assert line["user"] == "bob@example.org" and line["realm"] == "example.org", line
    assert line["calling_station"] == "02-00-00-00-00-01" and line["called_station"].endswith(":eduroam"), line
    assert line["client"] == "nas" and line["from"] == "127.0.0.1" and line["peer"] == "national", line
    assert line["cui"] == "pseudonym" and line["reply_message"] == "hello bob" and line["rounds"] == "1", line
    assert int(line["conversation_ms"]) == int(line["ms"]) and re.fullmatch("[0-9a-f]{16}", line["conversation"]), line
    radclient(home.auth, "auth", pap(password="wrong"))
    assert gw.wait_line("login", result="reject").fields["peer"] == "national"
    ok, out = radclient(home.acct, "acct", accounting(session="0042"))
    assert ok, out
    line = gw.wait_line("accounting").fields
    assert line["session"] == "0042" and line["status"] == "start" and line["user"] == "bob@example.org", line
    known = dictionary()
    for line in gw.lines():
        assert not line.fields.keys() - known.keys(), line.fields
        assert all(value.isdigit() for key, value in line.fields.items() if known[key] == "number"), line.fields


def test_eap_is_one_login(home):
    """A login of many rounds has one line, which says how many there were and how long they took together."""
    gw = gateway(home, "eap", log="format = json")
    ok, _, out = eapol_test(home, home.home, home.auth, "PEAP-MSCHAPv2")
    assert ok, out[-3000:]
    wait_for("the line", lambda: '"event":"login"' in gw.log())
    lines = [json.loads(line) for line in gw.log().splitlines() if line.startswith("{")]
    logins = [line for line in lines if line["event"] == "login"]
    rounds = [line for line in lines if line["event"] == "answered"]
    assert len(logins) == 1 and logins[0]["result"] == "accept" and logins[0]["level"] == "info", logins
    assert logins[0]["rounds"] == len(rounds) > 5, (logins, len(rounds))
    assert logins[0]["conversation_ms"] >= logins[0]["ms"]
    known = dictionary()
    for line in lines:
        wrong = {key: value for key, value in line.items() if key not in ("ts", "level", "event", "msg")
                 and (key not in known or isinstance(value, int) != (known[key] == "number"))}
        assert not wrong, wrong


def test_rejected_here(home):
    gw = gateway(home, "here", extra="[realm nowhere.example]\nreject = no such school")
    radclient(home.auth, "auth", pap(user="eve@nowhere.example"))
    line = gw.wait_line("login", result="reject").fields
    assert line["reason"] == "rejected" and line["reply_message"] == "no such school", line
    assert line["error_cause"] == "501" and "peer" not in line, line


@pytest.mark.parametrize("log, shown, hidden", [
    ("identity = realm\nstation = vendor", "calling_station=02-00-00 ", ["bob", "pseudonym", "00-00-01 "]),
    ("identity = hash\nstation = hash\nhash-key = pepper", "realm=example.org", ["bob", "pseudonym", "02-00-00-00-00-01"]),
    ("station = none", "user=bob@example.org", ["02-00-00-00-00-01"]),
])
def test_privacy(home, log, shown, hidden):
    """No line at all shows more than is allowed, at the level that shows most."""
    gw = gateway(home, f"private-{len(log)}", log=log)
    for _ in range(2):
        radclient(home.auth, "auth", pap(more=STATION + CUI))
    wait_for("two lines", lambda: len(gw.lines("login")) == 2)
    assert shown in gw.log()
    assert not [word for word in hidden if word in gw.log()], gw.log()
    users = {line.fields.get("user") for line in gw.lines("login")}
    assert len(users) == 1


def run_with(lab, name, stderr=None, log=""):
    """A gateway without the lab's log file, once its control socket is there; returns (process, path of the socket)."""
    path = lab.dir / f"{name}.sock"
    conf = lab.gateway_conf(lab.keys, lab.proxy.port, name=f"{name}.ini", log=log,
                            extra=f"[control]\nsocket = {path}\n")
    process = subprocess.Popen([*binary(), "run", "-c", conf], stderr=stderr, preexec_fn=die_with_parent)
    wait_for("the gateway listens", lambda: command(path, "ping").returncode == 0)
    return process, path


def command(path, *words):
    return subprocess.run([*binary(), *words, "--socket", path], capture_output=True, text=True, timeout=30)


def log_in(lab, n):
    """Sends n logins, 20 at a time; all must be accepted."""
    requests = "\n".join(pap(more=f'Calling-Station-Id = "{"x" * 200}"\nNAS-Port = {i}\n') for i in range(n))
    done = subprocess.run(["/usr/bin/radclient", "-x", "-p", "20", "-r", "5", "-t", "3", f"127.0.0.1:{lab.auth}",
                           "auth", NAS_SECRET], input=requests, capture_output=True, text=True, timeout=120)
    assert done.stdout.count("Received Access-Accept") == n, done.stdout[-2000:] + done.stderr[-2000:]


def lost(path):
    rows = json.loads(command(path, "status", "counters", "--json").stdout)["counters"]
    return next(row["value"] for row in rows if row["name"] == "log_lines_lost")


def test_full_pipe(home):
    """Nobody reads the log: each login is answered all the same. Lines that find no room are counted, and the first
    line that is read after that tells how many they were."""
    ours, theirs = os.pipe()
    process, path = run_with(home, "pipe", stderr=theirs)
    os.close(theirs)
    try:
        while lost(path) == 0:
            log_in(home, 200)
        assert process.poll() is None
        reader = subprocess.Popen(["/usr/bin/cat"], stdin=ours, stdout=subprocess.PIPE, text=True)
        log_in(home, 1)
        wait_for("room", lambda: command(path, "log-level", "info").returncode == 0)
        log_in(home, 1)
        n_lost = lost(path)
    finally:
        process.terminate()
        os.close(ours)
    log = reader.communicate(timeout=30)[0]
    assert process.wait(30) == 0
    told = [int(n) for n in re.findall(r"lines_lost=(\d+)", log)]
    assert sum(told) == n_lost > 0
    assert all(re.match(r"20\S+Z \w+ [\w-]+: ", line) for line in log.splitlines()), "broken lines"


def log_in_until_lost(lab, path):
    """Each login is answered while nobody takes the lines, until some have found no room."""
    before = lost(path)
    while lost(path) == before:
        log_in(lab, 200)


def test_no_disk(home):
    """Nothing can be written at all: each login is answered, lines are counted, and the gateway ends when it is told
    to."""
    process, path = run_with(home, "disk", log="target = /dev/full")
    log_in_until_lost(home, path)
    process.terminate()
    assert process.wait(30) == 0


def start_inside(lab, name, script, log):
    """A gateway in mounts of its own, which the script makes; returns (process, path of the control socket)."""
    path = lab.dir / f"{name}.sock"
    conf = lab.gateway_conf(lab.keys, lab.proxy.port, name=f"{name}.ini", log=log,
                            extra=f"[control]\nsocket = {path}\n")
    process = subprocess.Popen(["unshare", "--mount", "sh", "-c",
                                f"{script} && exec {' '.join(map(str, binary()))} run -c {conf}"],
                               stderr=subprocess.PIPE, text=True, preexec_fn=die_with_parent)
    wait_for("the gateway", lambda: process.poll() is not None or command(path, "ping").returncode == 0)
    if process.poll() is not None:
        pytest.skip("no mount namespace here: " + process.stderr.read()[-300:])
    return process, path


def test_full_disk(home):
    """The disk is full after some lines, until somebody makes room: logins are answered all the while, and the first
    line that finds room tells how many were left out."""
    disk = home.dir / "small"
    disk.mkdir()
    process, path = start_inside(home, "full", f"mount -t tmpfs -o size=64k none {disk}", f"target = {disk}/log")
    inside = f"/proc/{process.pid}/root{disk}/log"
    try:
        log_in_until_lost(home, path)
        assert os.stat(inside).st_size == 65536

        def told():
            """A rotation by hand, again and again: what waits is more than the disk."""
            with open(inside, "r+", encoding="utf-8") as log:
                text = log.read()
                log.truncate(0)
            return sum(map(int, re.findall(r"lines_lost=(\d+)", text)))

        # Lines that come while it is still full are lost, too: some line tells of each.
        wait_for("what was lost", lambda: log_in(home, 1) or told() > 0, 60)
    finally:
        process.terminate()
    assert process.wait(30) == 0


SYSLOG = ("mount -t tmpfs none /dev && mknod -m 666 /dev/null c 1 3 && mknod -m 666 /dev/urandom c 1 9 && "
          "ln -s {} /dev/log")


def test_stopped_syslog(home):
    """The syslog of this machine reads nothing, then is gone, then is back: logins are answered all the while, and
    what was left out is told of when it is back."""
    path = home.dir / "stopped.log"

    def listen():
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        sock.bind(str(path))
        sock.settimeout(20)
        return sock

    sock = listen()
    process, control = start_inside(home, "stopped", SYSLOG.format(path),
                                    "target = syslog\nfticks = syslog\nfticks-mac = static")
    try:
        log_in_until_lost(home, control)
        sock.close()
        path.unlink()
        log_in_until_lost(home, control)
        sock = listen()
        messages = []

        def is_told():
            log_in(home, 1)
            sock.settimeout(0.05)
            try:
                while True:
                    messages.append(sock.recv(5000).decode())
            except TimeoutError:
                return any("lines_lost=" in message for message in messages)

        wait_for("what was lost", is_told, 60)
        assert all(re.match(r"<\d+>radsecgw(\[\d+\])?: ", message) for message in messages), messages[:3]
    finally:
        process.terminate()
        sock.close()
    assert process.wait(30) == 0


# The published form (draft-johansson-fticks-00): a prefix, then KEY=value parts, each with a # behind it.
TICK = re.compile(r"F-TICKS/(?P<federation>[\w-]+)/(?P<version>[\w.]+)#(?P<parts>(?:[A-Z]+=[^#]*#)+)$")


def read_tick(text):
    """Reads a line as a collector does; returns its parts."""
    found = TICK.search(text)
    assert found, text
    return dict(part.split("=", 1) for part in found["parts"].rstrip("#").split("#"))


def read_tick_by_keys(text):
    """The same, read in another way: a field ends at each #, the first is the prefix, and each key may stand once."""
    start = text.index("F-TICKS/")
    names, *fields, end = text[start:].split("#")
    assert names.split("/")[0] == "F-TICKS" and len(names.split("/")) == 3 and end.strip() == "", text
    parts = {}
    for field in fields:
        key, _, value = field.partition("=")
        assert key not in parts and key in ("REALM", "VISCOUNTRY", "VISINST", "CSI", "RESULT"), text
        parts[key] = value
    return parts


@pytest.mark.parametrize("mac", ["original", "vendor-hash", "fully-hash"])
def test_nothing_of_strangers_is_a_part_of_fticks(home, mac):
    """Whatever is in a name or an address, a line has its parts once, and the result is ours."""
    gw = gateway(home, f"inject-{mac}", log=f"fticks = log\nfticks-mac = {mac}\nfticks-country = NL")
    bad = "x#RESULT=OK#REALM=evil.example#VISINST=them#"
    for user, more in ((f"eve@{bad}", STATION),
                       ("eve@example.org", f'Calling-Station-Id = "02-00-00#RESULT=OK#CSI={bad}"\n'),
                       ("eve@example.org", f'{STATION}Operator-Name = "1{bad}"\nNAS-Identifier = "{bad}"\n'),
                       ("eve@F-TICKS/eduroam/1.0#REALM=b#RESULT=OK#", 'Calling-Station-Id = "#"\n')):
        before = gw.log().count(" f-ticks: ")
        radclient(home.auth, "auth", pap(user=user, password="wrong", more=more))
        wait_for("a tick", lambda before=before: gw.log().count(" f-ticks: ") == before + 1)
    ticks = [line.split(" f-ticks: ")[1] for line in gw.log().splitlines() if " f-ticks: " in line]
    assert len(ticks) == 4
    for tick in ticks:
        parts = read_tick(tick)
        assert parts == read_tick_by_keys(tick) and tick.count("#") == 5, tick
        assert parts.keys() == {"REALM", "VISCOUNTRY", "CSI", "RESULT"}, tick
        assert parts["RESULT"] == "FAIL" and parts["VISCOUNTRY"] == "NL", tick


def test_fticks_of_one_realm(home):
    """Only the realm that says so is told of, and a reload says otherwise."""
    gw = gateway(home, "chosen", log="fticks = log\nfticks-mac = static\nfticks-for = chosen",
                 extra="[realm example.org]\npool = national\nfticks = yes")
    radclient(home.auth, "auth", pap(user="eve@other.example"))
    radclient(home.auth, "auth", pap())
    wait_for("the logins", lambda: len(gw.lines("login")) == 2)
    ticks = [read_tick_by_keys(line) for line in gw.log().splitlines() if " f-ticks: " in line]
    assert [tick["REALM"] for tick in ticks] == ["example.org"], ticks
    conf = home.dir / "chosen.ini"
    conf.write_text(conf.read_text().replace("fticks-for = chosen", "fticks-for = all").replace(
        "fticks = yes", "fticks = no"))
    assert command(home.dir / "chosen.sock", "reload").returncode == 0
    radclient(home.auth, "auth", pap(user="eve@other.example"))
    radclient(home.auth, "auth", pap())
    wait_for("the logins", lambda: len(gw.lines("login")) == 4)
    ticks = [read_tick(line) for line in gw.log().splitlines() if " f-ticks: " in line]
    assert [tick["REALM"] for tick in ticks] == ["example.org", "other.example"], ticks


@pytest.mark.parametrize("mac, csi", [
    ("static", "undisclosed"),
    ("original", "02-00-00-00-00-01"),
    ("vendor-hash", "02-00-00-" + hashlib.sha256(b"020000000001").hexdigest()[:54]),
    ("vendor-keyed-hash", "02-00-00-" + hmac.new(b"salt", b"020000000001", "sha256").hexdigest()[:54]),
    ("fully-hash", hashlib.sha256(b"020000000001").hexdigest()),
    ("fully-keyed-hash", hmac.new(b"salt", b"020000000001", "sha256").hexdigest()),
])
def test_fticks(home, mac, csi):
    gw = gateway(home, f"ticks-{mac}", log=f"fticks = log\nfticks-country = NL\nfticks-mac = {mac}\nfticks-key = salt\n"
                                           "fticks-institution = campus")
    radclient(home.auth, "auth", pap(more=STATION))
    radclient(home.auth, "auth", pap(user="a#B=c@example.org", password="wrong", more=STATION))
    wait_for("two ticks", lambda: gw.log().count(" f-ticks: ") == 2)
    ticks = [read_tick(line) for line in gw.log().splitlines() if " f-ticks: " in line]
    assert ticks[0] == {"REALM": "example.org", "VISCOUNTRY": "NL", "VISINST": "campus", "CSI": csi, "RESULT": "OK"}
    assert ticks[1]["REALM"] == "example.org" and ticks[1]["RESULT"] == "FAIL"


def test_fticks_to_syslog(home):
    """With its own facility and tag, whatever the target of the log is. In a mount namespace with a /dev/log of ours."""
    path = home.dir / "devlog"
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    sock.bind(str(path))
    sock.settimeout(20)
    process, _ = start_inside(home, "syslog", SYSLOG.format(path),
                              "fticks = syslog\nfticks-mac = static\nfticks-facility = local3\nfticks-tag = roam")
    try:
        radclient(home.auth, "auth", pap())
        message = sock.recv(2000).decode()
    finally:
        process.terminate()
        process.wait(30)
        sock.close()
    assert message == f"<{19 * 8 + 6}>roam: F-TICKS/eduroam/1.0#REALM=example.org#CSI=undisclosed#RESULT=OK#"
