#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Compares builds of the gateway: how large each is, what it needs when it runs, and what that costs in speed.

usage: tests/bench/sizes.py [--goals] NAME=PROGRAM...

text and file are octets; resident memory is in KiB after the start and with one peer up; what follows is the gateway's
own CPU time, in milliseconds per handshake as a client, both sides having certificates of that kind, and in
microseconds per login (PAP, one request and one answer on each side). --goals fails if small or static misses its goal.
"""
import argparse
import os
import pathlib
import re
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
import lab as laboratory  # noqa: E402
from lab import NAS_SECRET, Lab  # noqa: E402

KEYS = {"P-256": ("ec", "ec_paramgen_curve:P-256"), "P-384": ("ec", "ec_paramgen_curve:P-384"),
        "RSA-2048": ("rsa", "rsa_keygen_bits:2048"), "RSA-4096": ("rsa", "rsa_keygen_bits:4096")}
HANDSHAKES, LOGINS = 20, 2000
GOALS = {"static": {"text": 1_700_000}, "small": {"text": 700_000, "start": 800, "one peer": 1200}}


def cpu(pid):
    """CPU time of a process so far, in seconds; finer than the ticks of stat."""
    total = 0
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        total += int((task / "schedstat").read_text().split()[0])
    return total / 1e9


def resident(pid):
    return int(re.search(r"VmRSS:\s+(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text())[1])


def certificates(where, pki, kind):
    """A certificate of this kind for each side, by the CA of the test PKI."""
    where.mkdir()
    algorithm, option = KEYS[kind]
    for name in ("localhost", "gateway.test"):
        subprocess.run(["openssl", "req", "-x509", "-newkey", algorithm, "-pkeyopt", option, "-noenc", "-days", "30",
                        "-CA", pki / "ca.pem", "-CAkey", pki / "ca.key", "-subj", f"/CN={name}",
                        "-addext", f"subjectAltName=DNS:{name}", "-addext", "basicConstraints=critical,CA:FALSE",
                        "-addext", "extendedKeyUsage=serverAuth,clientAuth",
                        "-keyout", where / f"{name}.key", "-out", where / f"{name}.pem"], check=True, capture_output=True)
    (where / "ca.pem").write_text((pki / "ca.pem").read_text())


def handshakes(program, gateway, socket):
    """Milliseconds of CPU per handshake."""
    before = cpu(gateway.pid)
    for _ in range(HANDSHAKES):
        subprocess.run([program, "reconnect", "national", "--socket", socket], check=True, capture_output=True)
    return (cpu(gateway.pid) - before) / HANDSHAKES * 1e3


def logins(lab, gateway):
    """Microseconds of CPU per login."""
    requests = lab.write("request", "User-Name=bob@example.org,User-Password=hello,Message-Authenticator=0x00\n")
    before = cpu(gateway.pid)
    subprocess.run(["radclient", "-q", "-c", str(LOGINS), "-p", "20", "-t", "20", "-f", requests,
                    f"127.0.0.1:{lab.auth}", "auth", NAS_SECRET], check=False, capture_output=True)
    return (cpu(gateway.pid) - before) / LOGINS * 1e6


def measure(program):
    row = {"text": int(subprocess.run(["size", program], capture_output=True, text=True, check=True)
                       .stdout.splitlines()[1].split()[0]), "file": program.stat().st_size}
    os.environ["RADSECGW"] = str(program)
    for kind in KEYS:
        with Lab() as lab:
            pki = lab.pki()
            certificates(lab.dir / "kind", pki, kind)
            kind_of = lab.dir / "kind"
            home = lab.freeradius()
            proxy = lab.radsecproxy(kind_of, home)
            if kind == "P-256":
                # Nobody is there yet: what the program itself takes.
                closed = lab.gateway_conf(pki, lab.port(), name="alone.ini")
                closed.write_text(closed.read_text().replace("level = debug", "level = info"))
                alone = lab.gateway(closed, name="alone", wait="started")
                row["start"] = resident(alone.pid)
                alone.stop()
            conf = lab.gateway_conf(kind_of, proxy.port)
            conf.write_text(conf.read_text().replace("level = debug", "level = info"))
            gateway = lab.gateway(conf)
            if kind == "P-256":
                row["one peer"] = resident(gateway.pid)
            row[kind] = handshakes(program, gateway, lab.dir / "radsecgw.sock")
            if kind == "P-256":
                row["login"] = logins(lab, gateway)
    return row


def main():
    args = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    args.add_argument("--goals", action="store_true")
    args.add_argument("builds", nargs="+")
    args = args.parse_args()
    missed = []
    print(f"{'build':10}{'text':>11}{'file':>11}{'start':>8}{'one peer':>10}" +
          "".join(f"{kind:>10}" for kind in KEYS) + f"{'login':>8}")
    for build in args.builds:
        name, program = build.split("=", 1)
        row = measure(pathlib.Path(program).resolve())
        print(f"{name:10}{row['text']:11,}{row['file']:11,}{row['start']:8}{row['one peer']:10}" +
              "".join(f"{row[kind]:10.2f}" for kind in KEYS) + f"{row['login']:8.1f}", flush=True)
        missed += [f"{name}: {what} is {row[what]:,}, the goal is {most:,}"
                   for what, most in GOALS.get(name, {}).items() if row[what] > most]
    for line in missed:
        print(line)
    return 1 if missed and args.goals else 0


if __name__ == "__main__":
    os.chdir(laboratory.ROOT)
    sys.exit(main())
