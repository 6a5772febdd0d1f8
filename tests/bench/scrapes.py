#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What requests notice of metrics: a gateway with 1,000 peers is scraped once a second, or not at all, by turns in one
run, while logins come at a steady rate; in the last turns, 200 clients hold on to the server of metrics besides, which
send nothing, halves or noise, or never read. Exit status 1 if a scrape takes too long, if one is refused, if a login is
lost, or if the times of logins with and without scrapes are no longer alike."""
import argparse
import http.client
import json
import os
import pathlib
import statistics
import subprocess
import sys
import threading
import time

import parts

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))

from lab import NAS_SECRET, Lab, Process, wait_for  # noqa: E402
from test_metrics import come_again, junk  # noqa: E402

KINDS = ["silent", "half", "noise", "large", "deaf", "body", "slow"]
ME = "127.0.9.9"


class World:
    def __init__(self, lab, args, tools):
        self.lab, self.args, self.tools = lab, args, tools
        pki = lab.pki()
        self.auth, self.http, home, nobody = (lab.port() for _ in range(4))
        peers = "".join(f"[peer p{i}]\nconnect = 127.0.0.1:{nobody}\nname = localhost\ntls = lab\nconnections = 0-4\n"
                        f"[realm r{i}.example]\npool = p{i}\n" for i in range(args.peers))
        conf = lab.write("scrapes.ini", f"""\
[gateway]
workers = {args.workers}
[log]
level = warning
[control]
socket = {lab.dir}/control.sock
[metrics]
listen = 127.0.0.1:{self.http}
[tls lab]
certificate = {pki}/gateway.test.pem
key = {pki}/gateway.test.key
ca = {pki}/ca.pem
[listen local]
udp = 127.0.0.1:{self.auth}
[client nas]
address = 127.0.0.1
secret = {NAS_SECRET}
[server home]
auth = 127.0.0.1:{home}
secret = {NAS_SECRET}
[realm *]
pool = home
{peers}""")
        Process(lab, "home", [tools / "respond", "--listen", f"127.0.0.1:{home}", "--secret", NAS_SECRET])
        self.gw = Process(lab, "gateway", [os.environ["RADSECGW"], "run", "-c", conf])
        wait_for("the gateway", lambda: self.gw.popen.poll() is not None or self.tries())
        self.took, self.octets, self.refused = [], 0, 0

    def tries(self):
        try:
            return self.scrape()
        except (OSError, http.client.HTTPException):
            return None

    def scrape(self):
        """Milliseconds and octets of one scrape."""
        began = time.monotonic()
        c = http.client.HTTPConnection("127.0.0.1", self.http, timeout=20, source_address=(ME, 0))
        c.request("GET", "/metrics")
        answer = c.getresponse()
        text = answer.read()
        c.close()
        assert answer.status == 200, text
        return (time.monotonic() - began) * 1000, len(text)

    def scrape_each_second(self, over):
        while not over.is_set():
            try:
                took, self.octets = self.scrape()
                self.took.append(took)
            except (AssertionError, OSError, http.client.HTTPException):
                self.refused += 1
            over.wait(1)

    def load(self, scraped):
        over = threading.Event()
        scraper = threading.Thread(target=self.scrape_each_second, args=(over,))
        if scraped:
            scraper.start()
        done = subprocess.run([self.tools / "load", "--target", f"127.0.0.1:{self.auth}", "--secret", NAS_SECRET,
                               "--rate", str(self.args.rate), "--prime", "1", "--time", str(self.args.seconds)],
                              capture_output=True, text=True, check=True)
        over.set()
        if scraped:
            scraper.join()
        return json.loads(done.stdout)

    def kib(self):
        return int(next(line for line in pathlib.Path(f"/proc/{self.gw.pid}/status").read_text().splitlines()
                        if line.startswith("VmRSS")).split()[1])


def turns(world, name):
    """Alternates; returns the ratio of the p99 with scrapes to that without, of the medians of all turns."""
    p99 = {False: [], True: []}
    lost = 0
    for i in range(2 * world.args.turns):
        result = world.load(i % 2 == 1)
        p99[i % 2 == 1].append(result["p99_us"])
        lost += result["sent"] - result["answered"]
    ratio = statistics.median(p99[True]) / statistics.median(p99[False])
    took = sorted(world.took)
    print(f"{name}: p99 of logins {p99[False]} us without scrapes, {p99[True]} us with one a second, ratio {ratio:.2f}; "
          f"lost {lost}\n  scrapes: {len(took)}, refused {world.refused}, {world.octets} octets, median "
          f"{statistics.median(took):.1f} ms, longest {took[-1]:.1f} ms; resident {world.kib()} KiB")
    return ratio, lost


def main():
    args = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    args.add_argument("--gateway", required=True)
    args.add_argument("--peers", type=int, default=1000)
    args.add_argument("--workers", type=int, default=1)
    args.add_argument("--rate", type=int, default=2000, help="logins a second")
    args.add_argument("--seconds", type=int, default=5, help="of each turn")
    args.add_argument("--turns", type=int, default=5, help="with scrapes, and as many without")
    args.add_argument("--bad", type=int, default=200, help="bad clients in the second half")
    args.add_argument("--longest", type=float, default=50, help="milliseconds that half of all scrapes may take")
    args.add_argument("--ratio", type=float, default=2, help="how much longer the p99 may become")
    args = args.parse_args()
    os.environ["RADSECGW"] = os.path.abspath(args.gateway)
    tools = pathlib.Path(os.environ["RADSECGW"]).parent / "tests/bench"
    parts.allow_files()
    with Lab() as lab:
        world = World(lab, args, tools)
        ratio, lost = turns(world, "nobody else")
        median = statistics.median(world.took)
        before = world.kib()
        world.took = []
        bad = [junk(world.http, KINDS[i % 7], f"127.0.1.{i % 3 + 1}") for i in range(args.bad)]
        over = threading.Event()
        again = threading.Thread(target=come_again, args=(world.http, KINDS, bad, over))
        again.start()
        beside, more = turns(world, f"beside {args.bad} bad clients")
        over.set()
        again.join()
        grown = world.kib() - before
        # Each of 16 places may hold an answer that is not taken.
        allowed = 16 * world.octets // 1024 + (16 << 10)
    failed = [what for what, is_so in (
        ("scrapes take too long", median > args.longest), ("a login was lost", lost + more > 0),
        ("a scrape was refused", world.refused > 0), ("memory has grown", grown > allowed),
        ("logins notice scrapes", max(ratio, beside) > args.ratio)) if is_so]
    print("; ".join(failed) or "all is well")
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
