#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What logins notice when one of two RADIUS/TLS servers behind a proxy goes away:

    load -> RADIUS/UDP -> the proxy -> TLS -> two servers, the first of which is killed, stopped, restarted
                                              or cut off while requests run

The NAS is patient as NASes are: it sends each request again after 3 s, four times in all, and gives up after 12 s.
Needs the right to make a network namespace, in which packets are dropped for the cut."""
import argparse
import os
import signal
import subprocess
import sys
import time

import parts
from lab import NAS_SECRET, Gateway, Lab, Process, tcp_open, wait_for

FAULTS = ("killed", "restarted", "stopped", "cut")
SUBJECTS = {
    "radsecgw": "",
    "radsecgw, fast": "retry-after = 1s",
    "radsecproxy": None,
}
PATIENCE_MS, REPEAT_MS = 12000, 3000
FAULT_AT = 2.0


class Server(parts.Tool):
    """A RADIUS/TLS server that says yes at once."""

    def __init__(self, lab, pki, port):
        self.port, self.pki = port, pki
        super().__init__(lab, "server", "respond_tls", "--listen", f"127.0.0.1:{port}", "--pki", pki)
        self.wait_log("^ready")


def gateway(lab, args, pki, ports, pool):
    auth = lab.port()
    peers = "".join(f"[peer p{i}]\nconnect = localhost:{port}\ntls = lab\n"
                    f"{'watchdog = 6s' if pool else ''}\n" for i, port in enumerate(ports))
    members = ", ".join(f"p{i}" for i in range(len(ports)))
    conf = lab.write(f"gateway-{len(lab.processes)}.ini", f"""\
[tls lab]
certificate = {pki}/gateway.test.pem
key = {pki}/gateway.test.key
ca = {pki}/ca.pem
[listen local]
udp = 127.0.0.1:{auth}
[client nas]
address = 127.0.0.1
secret = {NAS_SECRET}
{peers}
[pool all]
members = {members}
{pool if len(ports) > 1 else ''}
[realm *]
pool = all
""")
    made = Gateway(lab, f"gateway-{len(lab.processes)}", [args.gateway, "run", "-c", conf])
    made.auth = auth
    made.wait_log(" started: ")
    return made


def radsecproxy(lab, pki, ports):
    auth = lab.port()
    name = f"radsecproxy-{len(lab.processes)}"
    servers = "".join(f"""
server s{i} {{
    host 127.0.0.1
    port {port}
    type tls
    tls default
    secret radsec
    statusServer on
    certificateNameCheck off
}}
""" for i, port in enumerate(ports))
    lines = "".join(f"    server s{i}\n" for i in range(len(ports)))
    conf = lab.write(f"{name}.conf", f"""\
ListenUDP 127.0.0.1:{auth}
LogLevel 3
tls default {{
    CACertificateFile {pki}/ca.pem
    CertificateFile {pki}/gateway.test.pem
    CertificateKeyFile {pki}/gateway.test.key
}}
client nas {{
    host 127.0.0.1
    type udp
    secret {NAS_SECRET}
}}
{servers}
realm * {{
{lines}}}
""")
    proxy = Process(lab, name, [parts.RADSECPROXY, "-f", "-c", conf])
    proxy.auth = auth
    return proxy


def nft(command):
    subprocess.run(["nft", *command.split()], check=True, capture_output=True)


def strike(lab, fault, victim):
    """Does it; returns what has come in the victim's place."""
    if fault == "stopped":
        os.kill(victim.pid, signal.SIGSTOP)
    elif fault == "cut":
        nft("add table inet cut")
        nft("add chain inet cut in { type filter hook input priority 0 ; }")
        for side in ("sport", "dport"):
            nft(f"add rule inet cut in tcp {side} {victim.port} drop")
    else:
        victim.popen.kill()
        victim.popen.wait()
        if fault == "restarted":
            time.sleep(0.2)
            return Server(lab, victim.pki, victim.port)
    return victim


def mend(fault, victim):
    if fault == "stopped":
        os.kill(victim.pid, signal.SIGCONT)
    elif fault == "cut":
        nft("delete table inet cut")


def measure(lab, args, pki, subject, fault, n):
    ports = [lab.port() for _ in range(n)]
    servers = [Server(lab, pki, port) for port in ports]
    pool = SUBJECTS[subject]
    proxy = radsecproxy(lab, pki, ports) if pool is None else gateway(lab, args, pki, ports, pool)
    wait_for("the first answer", lambda: parts.load(lab, proxy.auth, "--count", 1, "--window", 1)["answered"] == 1)
    sources = 1 + args.rate * PATIENCE_MS // 1000 // 250
    tool = parts.Tool(lab, "load", "load", "--target", f"127.0.0.1:{proxy.auth}", "--secret", NAS_SECRET,
                      "--rate", args.rate, "--time", args.seconds, "--timeout", PATIENCE_MS, "--retry", REPEAT_MS,
                      "--sources", sources)
    time.sleep(FAULT_AT)
    servers[0] = strike(lab, fault, servers[0])
    tool.wait(args.seconds + PATIENCE_MS / 1000 + 30)
    mend(fault, servers[0])
    for p in [proxy, *servers]:
        p.stop()
    return tool.result()


def show(results, args):
    print(f"\n{args.rate} requests a second for {args.seconds:g} s; the fault comes after {FAULT_AT:g} s. "
          f"Medians of {args.runs} runs (least to most).\n"
          "'fast' has retry-after = 1s in the pool and watchdog = 6s at the peers.\n")
    rows = []
    for (n, fault), by_subject in results.items():
        for subject, runs in by_subject.items():
            cells = []
            for what, digits in (("lost", 0), ("resent", 0), ("gap_ms", 0), ("max_us", 0)):
                values = [run[what] / (1000 if what == "max_us" else 1) for run in runs]
                cells.append(f"{parts.median(values):.{digits}f} ({min(values):.0f}-{max(values):.0f})")
            rows.append([f"{n} server{'s' if n > 1 else ''}, {fault}", subject, *cells])
    parts.table(["what happened", "with", "unanswered", "sent again by the NAS", "longest gap, ms",
                 "slowest answer, ms"], rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tools", default="build/tests/bench")
    parser.add_argument("--gateway", default="build/radsecgw")
    parser.add_argument("--rate", type=int, default=500, help="requests per second")
    parser.add_argument("--seconds", type=float, default=15)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--faults", default=",".join(FAULTS))
    parser.add_argument("--with", dest="subjects", default=";".join(SUBJECTS))
    parser.add_argument("--json")
    args = parser.parse_args()
    parts.inside_namespace()
    args.gateway = os.path.abspath(args.gateway)
    parts.allow_files()
    subjects = [s for s in args.subjects.split(";") if SUBJECTS[s] is not None or os.path.exists(parts.RADSECPROXY)]
    cases = [(2, fault) for fault in args.faults.split(",")] + [(1, "restarted")]
    results = {case: {s: [] for s in subjects} for case in cases}
    with Lab() as lab:
        lab.tools = parts.ROOT / args.tools
        pki = lab.pki()
        for run in range(args.runs):
            for (n, fault), by_subject in results.items():
                for subject, runs in by_subject.items():
                    print(f"run {run + 1}: {n} servers, {fault}, {subject}", file=sys.stderr, flush=True)
                    runs.append(measure(lab, args, pki, subject, fault, n))
    parts.save(args.json, {"about": parts.about(), "rate": args.rate, "seconds": args.seconds,
                           "results": {f"{n} {fault}": v for (n, fault), v in results.items()}})
    show(results, args)


if __name__ == "__main__":
    main()
