# SPDX-License-Identifier: GPL-2.0-or-later
"""`keylog`: the secrets of sessions in a file, which is for its owner alone, and with which tools decode what was
captured."""
import os
import re
import shutil
import socket
import struct
import subprocess
import threading

import pytest

from lab import binary, wait_for
from peer import TlsPeer

IS_LEAN = "(lean)" in subprocess.run([*binary(), "--version"], capture_output=True, text=True, check=True).stdout
lean_only = pytest.mark.skipif(not IS_LEAN, reason="the TLS library of this build does not tell secrets")
LINE = {"1.3": r"^(CLIENT|SERVER)_(HANDSHAKE_TRAFFIC_SECRET|TRAFFIC_SECRET_0) [0-9a-f]{64} [0-9a-f]{64,96}$",
        "1.2": r"^CLIENT_RANDOM [0-9a-f]{64} [0-9a-f]{96}$"}


class Recorder:
    """Passes a connection on, and keeps what crosses as (from the client?, octets)."""

    def __init__(self, to):
        self.to, self.octets = to, []
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port = self.server.getsockname()[1]
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        client, _ = self.server.accept()
        far = socket.create_connection(("127.0.0.1", self.to))
        threading.Thread(target=self.carry, args=(far, client, False), daemon=True).start()
        self.carry(client, far, True)

    def carry(self, source, sink, from_client):
        try:
            while data := source.recv(65536):
                self.octets.append((from_client, data))
                sink.sendall(data)
        except OSError:
            pass
        sink.close()

    def pcap(self, path):
        """Writes the octets as a capture of TCP at port 2083."""
        ends, sent = {True: (40000, b"\x7f\0\0\1"), False: (2083, b"\x7f\0\0\2")}, {True: 1, False: 1}
        with open(path, "wb") as out:
            out.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 101))
            for n, (mine, data) in enumerate(self.octets):
                for at in range(0, len(data), 1400):
                    part = data[at:at + 1400]
                    tcp = struct.pack("!HHIIBBHHH", ends[mine][0], ends[not mine][0], sent[mine], sent[not mine], 0x50,
                                      0x18, 65535, 0, 0)
                    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 40 + len(part), n, 0, 64, 6, 0, ends[mine][1],
                                     ends[not mine][1])
                    out.write(struct.pack("<IIII", n, 0, 40 + len(part), 40 + len(part)) + ip + tcp + part)
                    sent[mine] += len(part)


def gateway_conf(lab, pki, port, keylog, name="radsecgw.ini", version="1.3"):
    file = lab.gateway_conf(pki, port, name=name, peer="connections = 1")
    text = file.read_text().replace("connections = 1-4\n", "").replace("localhost:", "127.0.0.1:")
    file.write_text(text.replace("[tls lab]", f"[tls lab]\nmax-version = {version}\n" +
                                 (f"keylog = {keylog}\n" if keylog else "")))
    return file


@lean_only
@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_a_session_is_decoded(lab, version):
    """What tshark makes of a Status-Server and its answer, with the file and without."""
    pki, secrets, capture = lab.pki(), lab.dir / "secrets.log", lab.dir / "capture.pcap"
    peer = TlsPeer(lab.port(), pki / "localhost.pem", pki / "localhost.key", ca=pki / "ca.pem")
    recorder = Recorder(peer.port)
    gw = lab.gateway(gateway_conf(lab, pki, recorder.port, secrets, version=version))
    warnings = gw.lines("certificate-warning", key="keylog")
    assert len(warnings) == 1 and str(secrets) in gw.log()
    wait_for("the Status-Server", lambda: peer.greetings)
    gw.stop()
    lines = secrets.read_text().splitlines()
    assert lines and all(re.match(LINE[version], line) for line in lines), lines
    assert secrets.stat().st_mode & 0o777 == 0o600
    if shutil.which("tshark") is None:
        pytest.skip("tshark is not there")
    recorder.pcap(capture)
    peer.close()

    # Which port has RADIUS in TLS is not known to all versions of it.
    script = lab.write("radsec.lua", 'DissectorTable.get("tls.port"):add(2083, Dissector.get("radius"))\n')

    def codes(*more):
        done = subprocess.run(["tshark", "-r", capture, "-X", f"lua_script:{script}", *more, "-Y", "radius", "-T", "fields",
                               "-e", "radius.code"], capture_output=True, text=True, check=True,
                              env={**os.environ, "HOME": str(lab.dir)})
        return done.stdout.split()
    assert codes("-o", f"tls.keylog_file:{secrets}")[:2] == ["12", "2"]
    assert codes() == []


@lean_only
def test_reloads(lab):
    """The option is set, and taken out, by reloads; the file may go away meanwhile."""
    pki, secrets = lab.pki(), lab.dir / "secrets.log"
    peer = TlsPeer(lab.port(), pki / "localhost.pem", pki / "localhost.key", ca=pki / "ca.pem")
    file = gateway_conf(lab, pki, peer.port, None)
    gw = lab.gateway(file)
    plain = file.read_text()

    def command(*words):
        return subprocess.run([*binary(), *words, "-c", file], capture_output=True, text=True, check=True).stdout

    def connect_anew():
        before = len(gw.lines("connection-up"))
        command("reconnect", "national")
        wait_for("a new connection", lambda: len(gw.lines("connection-up")) > before)

    assert not secrets.exists()
    file.write_text(plain.replace("[tls lab]", f"[tls lab]\nkeylog = {secrets}"))
    command("reload")
    assert gw.lines("certificate-warning", key="keylog") and "`keylog`" in command("status")
    connect_anew()
    assert len(secrets.read_text().splitlines()) >= 4
    secrets.rename(lab.dir / "old.log")
    connect_anew()
    assert len(secrets.read_text().splitlines()) >= 4
    # A file that cannot be written stops nobody; the line of the connection says so.
    secrets.chmod(0o644)
    size = secrets.stat().st_size
    connect_anew()
    assert secrets.stat().st_size == size and "secrets not in keylog" in gw.log()
    secrets.unlink()
    file.write_text(plain)
    command("reload")
    connect_anew()
    assert not secrets.exists() and "`keylog`" not in command("status")
    peer.close()


@lean_only
def test_files_that_others_could_read(lab):
    pki, target = lab.pki(), lab.write("target", "")
    link = lab.dir / "link"
    link.symlink_to(target)
    for path, why in ((lab.write("open", "", mode=0o640), "set its mode to 0600"), (link, "no ordinary file"),
                      (lab.dir, "no ordinary file"), (lab.dir / "target/below", "Not a directory")):
        done = subprocess.run([*binary(), "check", "-c", gateway_conf(lab, pki, 2083, path)], capture_output=True, text=True,
                              check=False)
        assert done.returncode == 1 and "[tls lab] keylog: " in done.stderr and why in done.stderr, done.stderr


@pytest.mark.skipif(IS_LEAN, reason="the TLS library of this build tells secrets")
def test_a_build_that_cannot(lab):
    done = subprocess.run([*binary(), "check", "-c", gateway_conf(lab, lab.pki(), 2083, lab.dir / "secrets.log")],
                          capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "does not tell the secrets of sessions" in done.stderr, done.stderr
