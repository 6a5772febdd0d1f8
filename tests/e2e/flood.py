# SPDX-License-Identifier: GPL-2.0-or-later
"""A gateway with the defaults, and what a client or a peer can do to make it remember much."""
import os
import pathlib
import select
import socket
import threading

import radius
from inbound import FakeHome, Visitor
from lab import HOME_SECRET, NAS_SECRET, is_plain, wait_for
from peer import Nas

NAS, RADSEC = NAS_SECRET.encode(), b"radsec"
# These octets have to be repeated in an answer: 3.5 KB.
STATES = radius.attr(radius.PROXY_STATE, bytes(253)) * 13 + radius.attr(radius.PROXY_STATE, bytes(180))


class Challengers(threading.Thread):
    """Two servers that answer each login with a challenge; each challenge has another State."""

    def __init__(self, lab):
        super().__init__(daemon=True)
        self.homes, self.over = [FakeHome(lab), FakeHome(lab)], False

    def conf(self):
        servers = "".join(f"""
[server challenger{i}]
auth = 127.0.0.1:{home.auth}
secret = {HOME_SECRET}
max-requests = 65536
""" for i, home in enumerate(self.homes))
        return servers + """
[pool challengers]
members = challenger0, challenger1

[realm .challenge.example]
pool = challengers
"""

    def run(self):
        while not self.over:
            for s in select.select([home.socket for home in self.homes], [], [], 0.2)[0]:
                data, sender = s.recvfrom(8192)
                state = radius.attr(24, os.urandom(16))
                s.sendto(radius.answer(radius.ACCESS_CHALLENGE, data, state, HOME_SECRET.encode()), sender)

    def close(self):
        self.over = True
        self.join()
        for home in self.homes:
            home.close()


class Place:
    """A gateway with the defaults for a NAS and a peer, in front of a server that is silent."""

    def __init__(self, lab, gateway="", client="status-server-rate = 0", peer="", extra="", clients=("gateway.test",)):
        self.lab, self.pki, self.home = lab, lab.pki(clients=clients), FakeHome(lab)
        self.auth, self.radsec = lab.port(), lab.port()
        self.gw = lab.gateway(lab.write("memory.ini", f"""\
[gateway]
connect-rate-per-address = 0
{gateway}

[log]
level = notice
rate = 0

[tls lab]
certificate = {self.pki}/localhost.pem
key = {self.pki}/localhost.key
ca = {self.pki}/ca.pem

[listen nas]
udp = 127.0.0.1:{self.auth}

[listen radsec]
tls = 127.0.0.1:{self.radsec}
profile = lab

[client nas]
address = 127.0.0.1
secret = {NAS_SECRET}
{client}

[peer visitor]
accept = yes
name = gateway.test
tls = lab
{peer}

[server home]
auth = 127.0.0.1:{self.home.auth}
secret = {HOME_SECRET}

[realm refused.example]
reject = nobody is here

[realm *]
pool = home
{extra}
"""), wait="started")

    def memory(self, key="VmRSS"):
        """KiB of the process that are resident, or with VmHWM the most that were so far."""
        text = pathlib.Path(f"/proc/{self.gw.pid}/status").read_text(encoding="ascii")
        return int(text.split(f"{key}:")[1].split()[0])

    def is_plain(self):
        return is_plain(self.gw.pid)

    def flood(self, n, user, states=STATES):
        """Sends so many logins of the NAS, from as many ports as that takes. %d in the name is the number of the
        login."""
        for begin in range(0, n, 256):
            nas = Nas(self.auth, NAS_SECRET)
            nas.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            nas.send_many([radius.access_request(i, NAS, user=user.replace(b"%d", b"%d" % (begin + i)), more=states)
                           for i in range(min(256, n - begin))], pause=20)
            nas.close()

    def deafen(self, deaf):
        """Lets these connections of the peer ask and never read, until nothing moves any more."""
        stuck = set()
        for v in deaf:
            v.tls.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            v.tls.setblocking(False)
        while len(stuck) < len(deaf):
            # The requests are new each time, for the gateway would know old ones and not answer them again.
            packets = b"".join(radius.access_request(i, RADSEC, user=b"x@refused.example", more=STATES)
                               for i in range(32))
            for v in deaf:
                try:
                    v.tls.send(packets)
                    stuck.discard(v)
                except OSError:
                    stuck.add(v)
            yield deaf

    def comes_back(self, most, seconds):
        """Is the memory no more than so many KiB again, within some time?"""
        wait_for("memory to come back", lambda: self.memory() <= most, seconds)

    def visit(self, cert="gateway.test"):
        return Visitor(self.radsec, self.pki, cert=cert)
