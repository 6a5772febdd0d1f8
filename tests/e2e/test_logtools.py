# SPDX-License-Identifier: GPL-2.0-or-later
"""What etc/monitoring has for programs that read the log, or ask the gateway: each is tried with the program itself, on
lines of a real gateway."""
import contextlib
import grp
import json
import os
import pwd
import re
import shutil
import signal
import socket
import ssl
import subprocess

import pytest

import radius
from inbound import NO_RATES
from lab import HOME_SECRET, NAS_SECRET, ROOT, Process, binary, wait_for

MONITORING = ROOT / "etc/monitoring"
FILTER = MONITORING / "fail2ban/filter.conf"

FAILED = "what came first is not TLS"


def tool(name):
    return pytest.mark.skipif(shutil.which(name) is None, reason=f"{name} is not installed")


def configuration(lab, target, form="text", address="127.0.0.1", limits=""):
    """A gateway that takes connections of one peer, and a UDP client that nobody is."""
    lab.pki_dir, lab.radsec, lab.udp = lab.pki(), lab.port(), lab.port()
    host = f"[{address}]" if ":" in address else address
    return lab.write("tools.ini", f"""\
[gateway]
{NO_RATES}{limits}
[log]
target = {target}
format = {form}
rate = 0
[control]
socket = {lab.dir}/control.sock
[tls lab]
certificate = {lab.pki_dir}/localhost.pem
key = {lab.pki_dir}/localhost.key
ca = {lab.pki_dir}/ca.pem
[listen radsec]
tls = {host}:{lab.radsec}
profile = lab
[listen local]
udp = 127.0.0.1:{lab.udp}
[client nas]
address = 127.0.0.9
secret = {NAS_SECRET}
[peer visitor]
accept = yes
name = gateway.test
address = 127.0.0.1, ::1
tls = lab
[server home]
auth = 127.0.0.1:{lab.port()}
secret = {HOME_SECRET}
[realm *]
pool = home
""")


def start(lab, conf, *before):
    gw = Process(lab, "tools", [*before, *binary(), "run", "-c", conf])
    say = [*binary(), "status", "gateway", "-c", conf]
    wait_for("the gateway", lambda: subprocess.run(say, capture_output=True, timeout=60, check=False).returncode == 0)
    return gw


def knock(lab, octets, address="127.0.0.1", source=None):
    """A stranger who says this, and waits until it is over."""
    with contextlib.suppress(OSError), socket.create_connection((address, lab.radsec), timeout=20,
                                                                source_address=source) as s:
        s.sendall(octets)
        while s.recv(4096):
            pass


def shake(lab, address="127.0.0.1", who=None):
    """A TLS handshake, as `who` or as nobody."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if who:
        context.load_cert_chain(lab.pki_dir / f"{who}.pem", lab.pki_dir / f"{who}.key")
    with contextlib.suppress(OSError), socket.create_connection((address, lab.radsec), timeout=20) as s:
        with context.wrap_socket(s) as tls:
            if who == "gateway.test":
                return
            tls.recv(1)


def visit(lab, address="127.0.0.1"):
    """Three strangers who fail, and three neighbours who are none of fail2ban's business."""
    knock(lab, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", address)
    shake(lab, address)
    shake(lab, address, "localhost")
    shake(lab, address, "gateway.test")
    socket.create_connection((address, lab.radsec), timeout=20).close()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.sendto(radius.access_request(1, NAS_SECRET.encode()), ("127.0.0.1", lab.udp))


def banned(log):
    """The addresses of all lines in which fail2ban sees an offence."""
    done = subprocess.run(["fail2ban-regex", "--print-all-matched", "-o", "ip", str(log), str(FILTER)],
                          capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done
    return done.stdout.split()


def lines_of(path, event):
    return [line for line in path.read_text().splitlines() if event in line] if path.exists() else []


@tool("fail2ban-regex")
@pytest.mark.parametrize("form, address", [("text", "127.0.0.1"), ("json", "127.0.0.1"), ("text", "::1"),
                                           ("json", "::1")])
def test_fail2ban_bans_strangers(lab, form, address):
    """Each stranger who fails is an offence; a peer, somebody who only looks, and a datagram are none."""
    log = lab.dir / "gateway.log"
    start(lab, configuration(lab, log, form, address))
    visit(lab, address)
    wait_for("all lines", lambda: len(lines_of(log, "handshake-failed")) >= 3 and lines_of(log, "unknown-client")
             and lines_of(log, "connection-up"))
    assert banned(log) == [address] * 3


@tool("fail2ban-regex")
@pytest.mark.parametrize("form", ["text", "json"])
def test_fail2ban_bans_addresses_that_may_not_come(lab, form):
    """An address of no peer is refused before any handshake. That there is no room is not the fault of who comes."""
    log = lab.dir / "gateway.log"
    start(lab, configuration(lab, log, form))
    knock(lab, b"", source=("127.0.0.77", 0))
    wait_for("the line", lambda: lines_of(log, "refused_address"))
    subprocess.run([*binary(), "drain", "-c", lab.dir / "tools.ini"], check=True, timeout=60, capture_output=True)
    knock(lab, b"")
    wait_for("the line", lambda: lines_of(log, "refused_draining"))
    assert banned(log) == ["127.0.0.77"]


@tool("fail2ban-regex")
@pytest.mark.parametrize("line", [
    'info login: user="x warning handshake-failed: a peer could not connect peer="" addr=192.0.2.1:1 " realm=x',
    'warning handshake-failed: a peer could not connect peer=visitor addr=192.0.2.1:1 conn=1',
    'info handshake-failed: a peer could not connect peer="" addr=192.0.2.1:1 conn=1',
    'warning connection-refused: max-connections is reached listen=radsec from=192.0.2.1:9 '
    'counter=refused_max_connections',
])
def test_fail2ban_is_not_led_astray(lab, line):
    """Words of strangers inside of a line are no offence of others."""
    log = lab.write("one.log", f"2026-12-01T04:21:47.567Z {line}\n")
    assert not banned(log)
    log = lab.write("other.log", '2026-12-01T04:21:47.567Z warning handshake-failed: a peer could not connect peer="" '
                                 "addr=192.0.2.1:1 conn=1\n")
    assert banned(log) == ["192.0.2.1"]


def user_and_group():
    return pwd.getpwuid(os.getuid()).pw_name, grp.getgrgid(os.getgid()).gr_name


@tool("logrotate")
def test_logrotate(lab):
    """The file that is shipped, with the lab's folder and a systemctl that knows the lab's gateway: what is logged then
    is in a new file, and nothing is lost."""
    folder = lab.dir / "log"
    folder.mkdir(mode=0o750)
    log = folder / "radsecgw.log"
    gw = start(lab, configuration(lab, log))
    text = (MONITORING / "logrotate.conf").read_text()
    assert "/var/log/radsecgw/*.log {" in text and "su radsecgw radsecgw" in text
    conf = lab.write("logrotate.conf", text.replace("/var/log/radsecgw/", f"{folder}/").replace(
        "su radsecgw radsecgw", "su {} {}".format(*user_and_group())))
    conf.chmod(0o644)
    systemctl = lab.write("bin/systemctl", f"#!/bin/sh\necho \"$@\" >{lab.dir}/said\nkill -HUP {gw.pid}\n")
    systemctl.chmod(0o755)
    knock(lab, b"first\r\n")
    wait_for("the line", lambda: lines_of(log, FAILED))
    environment = {**os.environ, "PATH": f"{systemctl.parent}:{os.environ['PATH']}"}
    done = subprocess.run(["logrotate", "-f", "-s", lab.dir / "state", conf], capture_output=True, text=True,
                          env=environment, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, ""), done
    assert (lab.dir / "said").read_text() == "kill --kill-whom=main -s HUP radsecgw.service\n"
    wait_for("a new file", lambda: lines_of(log, "log-reopened"))
    knock(lab, b"second\r\n")
    wait_for("a line there", lambda: lines_of(log, FAILED))
    old, = (path for path in folder.iterdir() if path != log)
    assert len(lines_of(old, FAILED)) == len(lines_of(log, FAILED)) == 1
    assert log.stat().st_mode & 0o777 == 0o640
    gw.signal(signal.SIGTERM)
    assert gw.wait() == 0


@tool("rsyslogd")
def test_rsyslog_takes_the_snippet():
    done = subprocess.run(["rsyslogd", "-N1", "-f", MONITORING / "rsyslog.conf"], capture_output=True, text=True,
                          timeout=60, check=False)
    assert done.returncode == 0 and "error" not in done.stderr.lower(), done
    # What is there as a comment, too.
    text = re.sub(r"^(\t)#(?=action|\s{7})", r"\1", (MONITORING / "rsyslog.conf").read_text(), flags=re.M)
    assert text.count("omfwd") == 1 and "\t#action" not in text
    done = subprocess.run(["rsyslogd", "-N1", "-f", "/dev/stdin"], input=text, capture_output=True, text=True,
                          timeout=60, check=False)
    assert done.returncode == 0 and "error" not in done.stderr.lower(), done


@tool("rsyslogd")
@tool("fail2ban-regex")
def test_rsyslog_and_fail2ban_together(lab):
    """The lines of a gateway that writes to syslog come into the file of the snippet, where fail2ban finds them. The
    gateway is in a mount namespace with a /dev/log of ours."""
    log, path = lab.dir / "of-rsyslog.log", lab.dir / "devlog"
    text = (MONITORING / "rsyslog.conf").read_text()
    assert text.count("/var/log/radsecgw.log") == 1
    conf = lab.write("rsyslog.conf", f"""\
global(workDirectory="{lab.dir}")
module(load="imuxsock" SysSock.Use="off")
input(type="imuxsock" Socket="{path}")
""" + text.replace("/var/log/radsecgw.log", str(log)))
    Process(lab, "rsyslogd", ["rsyslogd", "-n", "-f", conf, "-i", lab.dir / "rsyslog.pid"])
    wait_for("rsyslogd", path.exists)
    script = (f"mount -t tmpfs none /dev && mknod -m 666 /dev/null c 1 3 && mknod -m 666 /dev/urandom c 1 9 && "
              f"ln -s {path} /dev/log && exec \"$@\"")
    if subprocess.run(["unshare", "--mount", "true"], capture_output=True, check=False).returncode != 0:
        pytest.skip("no mount namespace here")
    start(lab, configuration(lab, "syslog"), "unshare", "--mount", "sh", "-c", script, "sh")
    visit(lab)
    wait_for("all lines", lambda: len(lines_of(log, "handshake-failed")) >= 3 and lines_of(log, "unknown-client"))
    assert all(" radsecgw" in line for line in log.read_text().splitlines())
    assert banned(log) == ["127.0.0.1"] * 3


def test_vector_is_well_formed():
    """Vector is not part of Debian, so only the shape is looked at: each input is there, and something takes what comes
    out."""
    yaml = pytest.importorskip("yaml")
    conf = yaml.safe_load((MONITORING / "vector.yaml").read_text())
    names = {*conf["sources"], *conf["transforms"]}
    used = {name for part in ("transforms", "sinks") for one in conf[part].values() for name in one["inputs"]}
    assert used == names and conf["sources"]["radsecgw_journal"]["include_units"] == ["radsecgw.service"]


# ---- commands of monitoring


def commands():
    """The command lines of both files, with the lab's words for their macros."""
    text = (MONITORING / "icinga2.conf").read_text()
    for block in re.findall(r"object CheckCommand .*?\n}", text, re.S):
        words = json.loads(re.search(r"command = (\[.*?\])", block)[1])
        for key, rest in re.findall(r'^    "([^"]+)" = ("\$\w+\$"|\{)', block, re.M):
            value = "$" + re.search(r"\$(\w+)\$", block[block.index(f'"{key}" = ') + len(key):])[1]
            words += [value] if rest == "{" else [key, value]
        yield words
    for line in re.findall(r"command_line\t(.*)", (MONITORING / "nagios.cfg").read_text()):
        yield [word.replace("$ARG1$", "$radsecgw_config").replace("$ARG2$", "$radsecgw_peer") for word in line.split()]


def test_commands_of_monitoring(lab):
    """Each command that is defined there works as it is written."""
    conf = configuration(lab, "stderr")
    start(lab, conf)
    values = {"$radsecgw_config": str(conf), "$radsecgw_socket": f"{lab.dir}/control.sock",
              "$radsecgw_peer": "127.0.0.1:9", "$radsecgw_timeout": "10s"}
    all_commands = list(commands())
    assert len(all_commands) == 4
    for words in all_commands:
        assert words[0] == "/usr/sbin/radsecgw"
        said = subprocess.run([*binary(), *(values.get(word, word) for word in words[1:])], capture_output=True,
                              text=True, timeout=60, check=False)
        if words[1] == "status":
            assert said.returncode == 0 and said.stdout.startswith("OK: "), said
        else:
            assert said.returncode == 2 and "127.0.0.1" in said.stdout, said


@tool("icinga2")
def test_icinga_takes_the_definitions(lab):
    conf = lab.write("icinga2.conf", f"""\
object CheckCommand "hostalive" {{
  command = [ "/bin/true" ]
}}
include "{MONITORING}/icinga2.conf"
object Host "gateway" {{
  check_command = "hostalive"
  vars.radsecgw = true
  vars.radsecgw_peers = [ "national" ]
}}
""")
    user, group = user_and_group()
    done = subprocess.run(["icinga2", "daemon", "-C", "-c", conf, f"-DRunAsUser={user}", f"-DRunAsGroup={group}",
                           f"-DDataDir={lab.dir}", f"-DLogDir={lab.dir}", f"-DInitRunDir={lab.dir}"],
                          capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
