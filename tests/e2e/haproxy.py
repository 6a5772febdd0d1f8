# SPDX-License-Identifier: GPL-2.0-or-later
"""Debian's HAProxy in front of gateways: it passes TCP on, and says for whom in a PROXY header."""
import shutil

import pytest

from lab import Process, tcp_open, wait_for

PROGRAM = shutil.which("haproxy", path="/usr/sbin:/usr/bin:/usr/local/sbin")
needs_haproxy = pytest.mark.skipif(PROGRAM is None, reason="haproxy is not installed")


class HAProxy(Process):
    """Listens on `port`, and asks these ports in turn. `how`: the options of each, apart from the checks."""

    def __init__(self, lab, ports, how="send-proxy-v2", name="haproxy"):
        self.port = lab.port()
        servers = "\n".join(f"    server gateway{n} 127.0.0.1:{port} source 127.0.0.5 {how} check inter 200ms fall 2 "
                            "rise 1 on-marked-down shutdown-sessions" for n, port in enumerate(ports, 1))
        conf = lab.write(f"{name}.cfg", f"""\
global
    maxconn 400

defaults
    mode tcp
    timeout connect 1s
    timeout client 1h
    timeout server 1h
    retries 2
    option redispatch

frontend radsec
    bind 127.0.0.1:{self.port}
    default_backend gateways

backend gateways
    balance leastconn
{servers}
""")
        super().__init__(lab, name, [PROGRAM, "-db", "-f", conf])
        wait_for("haproxy listens", lambda: tcp_open(self.port))
