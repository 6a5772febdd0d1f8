#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Shows logins crossing radsecgw, with real programs at both ends. Cleans up after itself."""
import os
import re
import signal
import sys
import time

import lab as laboratory
from lab import EAP_METHODS, Lab, accounting, chap, eapol_test, pap, radclient

BOLD, GREEN, RED, PLAIN = ("\033[1m", "\033[32m", "\033[31m", "\033[0m") if sys.stdout.isatty() else ("",) * 4


def say(text=""):
    print(text, flush=True)


def step(text):
    say(f"  {text}")


def count(n, what):
    return f"{n} {what}{'' if n == 1 else 's'}"


class Demo:
    def __init__(self, lab):
        self.lab, self.failed = lab, 0

    def set_up(self):
        lab = self.lab
        say(f"{BOLD}Setting up in {lab.dir}{PLAIN}")
        pki = lab.pki()
        step("a test PKI: a CA, a certificate for the server localhost, one for the gateway")
        self.home = lab.freeradius()
        step(f"FreeRADIUS, the home server of bob@example.org: UDP port {self.home.auth}, accounting {self.home.acct}")
        self.proxy = lab.radsecproxy(pki, self.home)
        step(f"radsecproxy, a RADIUS/TLS server in front of it: TCP port {self.proxy.port}")
        self.conf = lab.gateway_conf(pki, self.proxy.port)
        self.gateway = lab.gateway(self.conf)
        tls = re.search(r'tls-up: .*tls="(.*?)"', self.gateway.log()).group(1)
        step(f"radsecgw: UDP ports {lab.auth} and {lab.acct} on this side; on the other {tls}")
        say()
        say(f"{BOLD}Each login takes this way{PLAIN}")
        say(f"""
   radclient or      RADIUS/UDP       radsecgw      RADIUS/TLS      radsecproxy     RADIUS/UDP      FreeRADIUS
   eapol_test  ------ secret A ----> :{lab.auth:<5}    --- "radsec" --> :{self.proxy.port:<5}     --- secret B --> :{self.home.auth}
""")

    def show(self, what, run):
        """Runs one login and says what happened on each hop."""
        marks = {p: len(p.log()) for p in (self.gateway, self.proxy, self.home)}
        start = time.monotonic()
        ok, result = run()
        took = (time.monotonic() - start) * 1000
        new = {p: p.log()[at:] for p, at in marks.items()}
        answers = re.findall(r" answered: (\S+) .*? conn=(\d+) ms=(\d+)", new[self.gateway])
        reached = len(re.findall(r"Received Acc\S+-Request", new[self.home]))
        self.failed += not ok
        colour = GREEN if ok else RED
        say(f"  {BOLD}{what:22}{PLAIN}{colour}{result:34}{PLAIN}{took:6.0f} ms")
        last, conn = (answers[-1][0], answers[-1][1]) if answers else ("no answer", "-")
        say(f"      {count(len(answers), 'request')} by UDP to radsecgw, by TLS (connection {conn}) to radsecproxy, "
            f"{reached} by UDP to FreeRADIUS; back came {last}")

    def radclient(self, what, want, port, kind, attributes):
        def run():
            good, out = radclient(port, kind, attributes)
            answer = re.search(r"Received (\S+)", out)
            said = answer.group(1) if answer else "no answer"
            return said == want, said
        self.show(what, run)

    def eap(self, method):
        def run():
            good, keys, out = eapol_test(self.lab, self.home, self.lab.auth, method)
            return good and keys, f"success, MS-MPPE keys {'confirmed' if keys else 'WRONG'}" if good else "failure"
        self.show(method, run)

    def logins(self):
        lab = self.lab
        say(f"{BOLD}Logins{PLAIN}")
        self.radclient("PAP", "Access-Accept", lab.auth, "auth", pap())
        self.radclient("PAP, wrong password", "Access-Reject", lab.auth, "auth", pap(password="wrong"))
        self.radclient("CHAP", "Access-Accept", lab.auth, "auth", chap())
        self.radclient("accounting start", "Accounting-Response", lab.acct, "acct", accounting("Start"))
        self.radclient("accounting stop", "Accounting-Response", lab.acct, "acct", accounting("Stop"))
        for method in EAP_METHODS:
            self.eap(method)
        records = self.home.records().count("Acct-Status-Type")
        say(f"\n  FreeRADIUS has {records} accounting records.")
        self.failed += records != 2

    def tidy(self):
        status = self.gateway.stop()
        say(f"\n{BOLD}Stopping{PLAIN}")
        for name, value in re.findall(r"status-counter: .* counter=(\w+) value=(\d+)", self.gateway.log()):
            step(f"{name:32}{value:>6}")
        step(f"radsecgw finished what was in flight and ended with status {status}")
        self.failed += status != 0


def main():
    # An end by signal is an end like any other: the lab stops what it has started.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(143))
    try:
        with Lab() as lab:
            demo = Demo(lab)
            demo.set_up()
            demo.logins()
            demo.tidy()
            if demo.failed:
                lab.show_logs()
    except KeyboardInterrupt:
        say("\nInterrupted; everything has been stopped and removed.")
        return 130
    say(f"\n{RED}Something did not work; see above.{PLAIN}" if demo.failed else f"\n{GREEN}All as it should be.{PLAIN}")
    return 1 if demo.failed else 0


if __name__ == "__main__":
    os.chdir(laboratory.ROOT)
    sys.exit(main())
