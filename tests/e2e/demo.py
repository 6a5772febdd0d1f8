#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Shows logins crossing radsecgw, with real programs at both ends. Cleans up after itself."""
import os
import re
import signal
import sys
import time

import lab as laboratory
from inbound import inbound_conf, radsecproxy_client
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
        self.inner = lab.gateway(inbound_conf(lab, pki, self.home), name="inner", wait="started")
        step(f"another radsecgw, which takes RADIUS/TLS for FreeRADIUS: TCP port {lab.radsec}")
        self.nas_proxy = radsecproxy_client(lab, pki, lab.radsec)
        self.inner.wait_log(" connection-up: ")
        step(f"another radsecproxy, which connects to it: UDP port {self.nas_proxy.port}")
        say()
        say(f"{BOLD}From UDP to TLS: each login takes this way{PLAIN}")
        say(f"""
   radclient or      RADIUS/UDP       radsecgw      RADIUS/TLS      radsecproxy     RADIUS/UDP      FreeRADIUS
   eapol_test  ------ secret A ----> :{lab.auth:<5}    --- "radsec" --> :{self.proxy.port:<5}     --- secret B --> :{self.home.auth}
""")

    def show(self, what, run, gateway=None):
        """Runs one login and says what happened on each hop."""
        gateway = gateway or self.gateway
        marks = {p: len(p.log()) for p in (gateway, self.home)}
        start = time.monotonic()
        ok, result = run()
        took = (time.monotonic() - start) * 1000
        new = {p: p.log()[at:] for p, at in marks.items()}
        answers = re.findall(r" answered: (\S+) .*? ms=(\d+)", new[gateway])
        reached = len(re.findall(r"Received Acc\S+-Request", new[self.home]))
        self.failed += not ok
        colour = GREEN if ok else RED
        say(f"  {BOLD}{what:22}{PLAIN}{colour}{result:34}{PLAIN}{took:6.0f} ms")
        last = answers[-1][0] if answers else "no answer"
        way = "by UDP to radsecgw, by TLS to radsecproxy" if gateway is self.gateway else \
            "by UDP to radsecproxy, by TLS to radsecgw"
        say(f"      {count(len(answers), 'request')} {way}, {reached} by UDP to FreeRADIUS; back came {last}")

    def radclient(self, what, want, port, kind, attributes, gateway=None):
        def run():
            good, out = radclient(port, kind, attributes)
            answer = re.search(r"Received (\S+)", out)
            said = answer.group(1) if answer else "no answer"
            return said == want, said
        self.show(what, run, gateway)

    def eap(self, method, port=None, gateway=None):
        def run():
            good, keys, out = eapol_test(self.lab, self.home, port or self.lab.auth, method)
            return good and keys, f"success, MS-MPPE keys {'confirmed' if keys else 'WRONG'}" if good else "failure"
        self.show(method, run, gateway)

    def logins(self):
        lab = self.lab
        self.radclient("PAP", "Access-Accept", lab.auth, "auth", pap())
        self.radclient("PAP, wrong password", "Access-Reject", lab.auth, "auth", pap(password="wrong"))
        self.radclient("CHAP", "Access-Accept", lab.auth, "auth", chap())
        self.radclient("accounting start", "Accounting-Response", lab.acct, "acct", accounting("Start"))
        self.radclient("accounting stop", "Accounting-Response", lab.acct, "acct", accounting("Stop"))
        for method in EAP_METHODS:
            self.eap(method)
        say(f"""
{BOLD}From TLS to UDP: and these take that way{PLAIN}

   radclient or      RADIUS/UDP      radsecproxy    RADIUS/TLS      radsecgw        RADIUS/UDP      FreeRADIUS
   eapol_test  ------ secret A ----> :{self.nas_proxy.port:<5}    --- "radsec" --> :{lab.radsec:<5}     --- secret B --> :{self.home.auth}
""")
        port = self.nas_proxy.port
        self.radclient("PAP", "Access-Accept", port, "auth", pap(), self.inner)
        self.radclient("accounting start", "Accounting-Response", port, "acct", accounting("Start"), self.inner)
        for method in EAP_METHODS:
            self.eap(method, port, self.inner)
        records = self.home.records().count("Acct-Status-Type")
        say(f"\n  FreeRADIUS has {records} accounting records.")
        self.failed += records != 3

    def tidy(self):
        say(f"\n{BOLD}Stopping{PLAIN}")
        counters = []
        for gateway in (self.gateway, self.inner):
            status = gateway.stop()
            self.failed += status != 0
            counters.append(dict(re.findall(r"status-counter: .* counter=(\w+) value=(\d+)", gateway.log())))
        say(f"  {'counter':32}{'UDP to TLS':>12}{'TLS to UDP':>12}")
        for name in dict.fromkeys([*counters[0], *counters[1]]):
            step(f"{name:32}" + "".join(f"{c.get(name, '-'):>12}" for c in counters))
        step("both finished what was in flight and ended")


def main():
    # A signal ends the demonstration like anything else: the lab stops what it has started.
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
