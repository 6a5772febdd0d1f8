#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""CoA at scale: many sessions at many NASes, and a home server that ends them.

    tests/bench/coa.py [--gateway FILE] [--nases N] [--sessions N] [--rate PER-SECOND] [--flood PER-SECOND]

Every session is taught by an Accounting-Start from the address of its NAS and ended by a Disconnect-Request that says its
Acct-Session-Id alone. All must reach their NAS, once, and no other. Then a flood of CoA-Requests for NASes that nobody knows, while
a NAS says all the time that it has started anew: nothing may arrive, and accounting must be answered beside it. Last, the
instructions of a Disconnect-Request beside those of an Access-Request, counted by callgrind where that is installed."""
import argparse
import collections
import os
import pathlib
import re
import select
import shutil
import socket
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests/e2e")]
import radius  # noqa: E402
from lab import Lab  # noqa: E402

SECRET = b"a secret of the bench"
HOME = "127.0.0.2"
FEW, MANY = 300, 1300  # requests of two runs under callgrind: the difference holds nothing else


def nas_address(n):
    return f"127.77.{n // 250}.{n % 250 + 1}"


def bound(address, port=0):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
    s.bind((address, port))
    s.setblocking(False)
    return s


class World:
    def __init__(self, lab, nases):
        self.lab, self.acct, self.coa, self.server_port = lab, lab.port(), lab.port(), lab.port()
        self.nases = [bound(nas_address(n), 3799) for n in range(nases)]
        self.home, self.server = bound(HOME), bound("127.0.0.1", self.server_port)
        self.poll = select.epoll()
        self.by_fd = {}
        for s in (*self.nases, self.home, self.server):
            self.by_fd[s.fileno()] = s
            self.poll.register(s.fileno(), select.EPOLLIN)
        self.arrived = collections.defaultdict(list)  # session -> addresses of the NASes that heard of it
        self.answers = collections.Counter()
        self.gateway = lab.gateway(pathlib.Path(lab.write("coa.ini", f"""\
[gateway]
max-requests = 200000
max-request-octets = 256m
[listen acct]
udp = 127.0.0.1:{self.acct}
[listen coa]
udp = 127.0.0.1:{self.coa}
accept = coa
[client wlan]
address = 127.77.0.0/16
secret = {SECRET.decode()}
coa = yes
[client home]
address = {HOME}
secret = {SECRET.decode()}
allow = coa, disconnect
coa-realms = *
[server local]
auth = 127.0.0.1:{self.server_port}
secret = {SECRET.decode()}
[realm *]
pool = local
acct = ack
""")), wait="started")

    def step(self, seconds):
        """Serves whatever has come."""
        for fd, _ in self.poll.poll(seconds):
            s = self.by_fd[fd]
            while True:
                try:
                    packet, peer = s.recvfrom(4096)
                except BlockingIOError:
                    break
                code = packet[0]
                if code == 1:
                    s.sendto(radius.answer(2, packet, b"", SECRET), peer)
                elif code in (40, 43):
                    self.arrived[radius.get(packet, 44)].append(s.getsockname()[0])
                    s.sendto(radius.answer(code + 1, packet, b"", SECRET), peer)
                else:
                    self.answers[code] += 1

    def until(self, code, count, seconds=20):
        end = time.monotonic() + seconds
        while self.answers[code] < count and time.monotonic() < end:
            self.step(0.05)
        return self.answers[code]

    def paced(self, n, rate, send):
        start = time.monotonic()
        for i in range(n):
            while time.monotonic() < start + i / rate:
                self.step(max(0, start + i / rate - time.monotonic()))
            send(i)
            if i % 16 == 15:
                self.step(0)
        return time.monotonic() - start

    def ticks(self):
        fields = pathlib.Path(f"/proc/{self.gateway.popen.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def close(self):
        self.gateway.stop()
        for s in self.by_fd.values():
            s.close()


def session(i):
    return f"session-{i:08d}".encode()


def start(w, i, status=1, nas=None):
    n = i % len(w.nases) if nas is None else nas
    attrs = (radius.attr(40, status.to_bytes(4, "big")) + radius.attr(4, socket.inet_aton(nas_address(n))))
    if status == 1:
        attrs += (radius.attr(44, session(i)) + radius.attr(31, b"02-00-%08d" % i) + radius.attr(1, b"user%d@example.org" % i))
    w.nases[n].sendto(radius.request(4, i % 256, attrs, SECRET), ("127.0.0.1", w.acct))


def teach(w, sessions):
    for i in range(sessions):
        start(w, i)
        if i % 64 == 63:
            w.until(5, i - 63)
    if w.until(5, sessions) < sessions:
        sys.exit(f"only {w.answers[5]} of {sessions} Accounting-Starts were answered")


def disconnects(w, sessions, rate):
    ports = [bound(HOME) for _ in range(sessions // 250 + 1)]
    for s in ports:
        w.by_fd[s.fileno()] = s
        w.poll.register(s.fileno(), select.EPOLLIN)
    packets = [radius.request(40, i % 250, radius.attr(44, session(i)), SECRET) for i in range(sessions)]
    before = w.ticks()
    took = w.paced(sessions, rate, lambda i: ports[i // 250].sendto(packets[i], ("127.0.0.1", w.coa)))
    acked = w.until(41, sessions)
    wrong = sum(w.arrived[session(i)] != [nas_address(i % len(w.nases))] for i in range(sessions))
    print(f"{sessions} Disconnects in {took:.1f} s: {acked} acknowledged, {wrong} not at their NAS once and nowhere else, "
          f"{(w.ticks() - before) * 1e6 / sessions:.0f} us of CPU each")
    return acked == sessions and wrong == 0


def flood(w, rate, seconds=5):
    before, heard = len(w.arrived), w.answers[45]
    ticks, acct = w.ticks(), w.answers[5]
    packets = [radius.request(43, i % 256, radius.attr(32, b"nobody-%d" % i) + radius.attr(1, b"u@example.org"), SECRET)
               for i in range(2000)]
    sent = [0]

    def send(i):
        w.home.sendto(packets[i % len(packets)], ("127.0.0.1", w.coa))
        start(w, i, 7, nas=1)
        if i % 100 == 0:
            start(w, 10**7 + i, nas=2)
            sent[0] += 1
    took = w.paced(rate * seconds, rate, send)
    w.until(5, acct + sent[0])
    print(f"flood: {rate * seconds} CoA-Requests and as many Accounting-Ons in {took:.1f} s: {w.answers[45] - heard} NAKs, "
          f"{len(w.arrived) - before} at a NAS, {(w.ticks() - ticks) / took * 100:.0f} % of one CPU")
    return len(w.arrived) == before


def instructions(lab, gateway, kind, requests):
    log = lab.dir / f"callgrind-{kind}-{requests}.log"
    os.environ["RADSECGW"] = f"valgrind --tool=callgrind --callgrind-out-file=/dev/null --log-file={log} {gateway}"
    w = World(lab, 10)
    teach(w, 100)
    user = radius.attr(31, b"02-00-00000001") + radius.attr(4, socket.inet_aton(nas_address(1)))
    for i in range(requests):
        if kind == "login":
            w.nases[1].sendto(radius.access_request(i % 256, SECRET, more=user), ("127.0.0.1", w.acct))
        else:
            w.home.sendto(radius.request(40, i % 256, radius.attr(44, session(i % 100)) +
                                         radius.attr(200, i.to_bytes(4, "big")), SECRET), ("127.0.0.1", w.coa))
        code = 2 if kind == "login" else 41
        if w.until(code, i + 1) != i + 1:
            sys.exit(f"{kind}: request {i} was not answered: {w.gateway.log()[-1500:]}")
    w.close()
    return int(re.findall(r"Collected : (\d+)", log.read_text())[-1])


def main():
    args = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    args.add_argument("--gateway", default="build/radsecgw", type=lambda p: str(pathlib.Path(p).resolve()))
    args.add_argument("--nases", type=int, default=500)
    args.add_argument("--sessions", type=int, default=10000)
    args.add_argument("--rate", type=int, default=2000)
    args.add_argument("--flood", type=int, default=10000)
    args = args.parse_args()
    os.environ["RADSECGW"] = args.gateway
    with Lab() as lab:
        w = World(lab, args.nases)
        teach(w, args.sessions)
        ok = disconnects(w, args.sessions, args.rate)
        ok &= flood(w, args.flood)
        w.close()
    if shutil.which("valgrind"):
        costs = {}
        for kind in ("login", "disconnect"):
            runs = []
            for n in (FEW, MANY):
                with Lab() as lab:
                    runs.append(instructions(lab, args.gateway, kind, n))
            costs[kind] = (runs[1] - runs[0]) / (MANY - FEW)
        print(f"instructions: {costs['login']:.0f} for a login, {costs['disconnect']:.0f} for a Disconnect, "
              f"{costs['disconnect'] / costs['login']:.2f} times as many")
    sys.exit(not ok)


if __name__ == "__main__":
    main()
