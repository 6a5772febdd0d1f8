#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Tries each certificate of tests/pki, good or odd, with peers of OpenSSL, GnuTLS and JSSE, in both roles and over both
versions of TLS, and prints a table of who is admitted.

    certlab.py [--only MAKE]

Each certificate is tried with the first rule that it should meet and with all that it should not meet. `+` is admitted,
`.` refused, `-` not sent by that program; what should be otherwise is `!` and ends with status 1."""
import argparse
import contextlib
import itertools
import json
import pathlib
import re
import select
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))

from lab import ROOT, Lab, Process, wait_for  # noqa: E402
from test_trust import head, outcomes, peer_section  # noqa: E402
from test_trust_inbound import STATUS, conf_head, place_for  # noqa: E402

VERSIONS = ("1.2", "1.3")
ROLES = ("server", "client")


class Case:
    def __init__(self, certificate, rule, role):
        c = certificate
        self.cert, self.rule, self.role = c, rule, role
        good = c["chain_ok"] and role in c["roles"] and not c["malformed"] and c["name"] != "rsa1024"
        self.expected = good and (rule in c["match"] or rule == "any")
        # Newer versions of the library refuse a certificate that has a URI without a scheme, whatever the rule.
        self.either = self.expected and c["name"] == "uri-bare"
        self.admitted = None  # None = not tried
        self.why = ""


def cases_of(certificates, role):
    return [Case(c, rule, role) for c in certificates
            for rule in (c["match"][:1] or [*([] if c["name"] == "nul" else ["any"])]) + c["refuse"]]


def pkcs12(pki, name):
    store = pki / f"{name}.p12"
    if not store.exists():
        subprocess.run(["openssl", "pkcs12", "-export", "-in", pki / f"{name}.pem", "-inkey", pki / f"{name}.key",
                        "-out", store, "-passout", "pass:lab", "-name", "own"], check=True, capture_output=True)
    return store


class Openssl:
    name = "OpenSSL"
    LOOSE = "ALL:@SECLEVEL=0"

    def serve(self, lab, pki, version, places):
        flag = "-tls" + version.replace(".", "_")
        for port, name in places.items():
            Process(lab, f"s{port}", ["openssl", "s_server", "-quiet", "-accept", f"127.0.0.1:{port}", flag,
                                      "-cipher", self.LOOSE, "-verify", "5", "-CAfile", pki / "ca.pem",
                                      "-cert", pki / f"{name}.pem", "-cert_chain", pki / f"{name}.pem",
                                      "-key", pki / f"{name}.key"])

    def ask(self, pki, version, places):
        flag = "-tls" + version.replace(".", "_")
        return {port: said(["openssl", "s_client", "-quiet", "-connect", f"127.0.0.1:{port}", flag, "-cipher", self.LOOSE,
                            "-cert", pki / f"{name}.pem", "-cert_chain", pki / f"{name}.pem",
                            "-key", pki / f"{name}.key"]) for port, name in places.items()}


class Gnutls:
    name = "GnuTLS"

    @staticmethod
    def priority(version):
        return f"NORMAL:%VERIFY_ALLOW_BROKEN:-VERS-ALL:+VERS-TLS{version}:-CIPHER-ALL:+AES-128-GCM:+AES-256-GCM"

    def serve(self, lab, pki, version, places):
        for port, name in places.items():
            Process(lab, f"s{port}", ["gnutls-serv", "--echo", "--quiet", "--port", str(port), "--priority",
                                      self.priority(version), "--x509certfile", pki / f"{name}.pem",
                                      "--x509keyfile", pki / f"{name}.key"])

    def ask(self, pki, version, places):
        return {port: said(["gnutls-cli", "--logfile", "/dev/null", "--insecure", "--port", str(port), "--priority",
                            self.priority(version), "--x509certfile", pki / f"{name}.pem",
                            "--x509keyfile", pki / f"{name}.key", "127.0.0.1"]) for port, name in places.items()}


class Jsse:
    name = "JSSE"

    @staticmethod
    def argv(role, pki, version, places, *more):
        pairs = [str(x) for port, name in places.items() for x in (port, pkcs12(pki, name))]
        return ["java", "-Xshare:auto", pathlib.Path(__file__).parent / "Lab.java", role, f"TLSv{version}", *more, *pairs]

    def serve(self, lab, pki, version, places):
        Process(lab, "jsse", self.argv("server", pki, version, places))

    def ask(self, pki, version, places):
        done = subprocess.run([str(a) for a in self.argv("client", pki, version, places, STATUS.hex())],
                              capture_output=True, text=True, check=True)
        return {int(line.split()[0]): line.split()[1] == "admitted" for line in done.stdout.splitlines()}


def said(argv):
    """Does an answer come to the question? None = the program cannot load the certificate that it should show."""
    with subprocess.Popen([str(a) for a in argv], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE) as asks:
        try:
            asks.stdin.write(STATUS)
            asks.stdin.flush()
            ready, _, _ = select.select([asks.stdout], [], [], 10)
            if ready and asks.stdout.read(1) == b"\x02":
                return True
        except BrokenPipeError:
            pass
        finally:
            asks.kill()
        return None if b"Error loading cert" in asks.stderr.read() else False


def listening():
    done = subprocess.run(["ss", "-Hltn"], capture_output=True, text=True, check=True)
    return {int(line.split()[3].rsplit(":", 1)[1]) for line in done.stdout.splitlines()}


def run_servers(lab, pki, make, version, cases):
    """The other end is the server: one for each certificate. What it cannot load, it does not serve."""
    names = {c.cert["name"]: lab.port() for c in cases}
    make.serve(lab, pki, version, {port: name for name, port in names.items()})
    with contextlib.suppress(TimeoutError):
        wait_for("the servers", lambda: set(names.values()) <= listening(), 40 if make.name == "JSSE" else 8)
    up = listening()
    tried = [c for c in cases if names[c.cert["name"]] in up]
    text = head(lab, pki, version) + "".join(peer_section(f"p{i}", names[c.cert["name"]], c.rule)
                                             for i, c in enumerate(tried))
    gw = lab.gateway(lab.write("lab.ini", text), wait="started")
    found = outcomes(gw, [f"p{i}" for i in range(len(tried))])
    for i, c in enumerate(tried):
        c.why = found[f"p{i}"] or ""
        c.admitted = found[f"p{i}"] is None


def run_clients(lab, pki, make, version, cases):
    """The other end is the client: a listener of ours for each case. What it cannot load, it does not send, and what is
    to be refused counts as not tried then."""
    text, places, by_port = conf_head(pki, lab, version), {}, {}
    for i, c in enumerate(cases):
        port, section = place_for(pki, lab, f"p{i}", c.rule, version)
        text += section
        places[port], by_port[port] = c.cert["name"], c
    gw = lab.gateway(lab.write("lab.ini", text), wait="started")
    for port, admitted in make.ask(pki, version, places).items():
        by_port[port].admitted = admitted
    log = gw.log()
    for port, c in by_port.items():
        m = re.search(rf"handshake-failed: .*127\.0\.0\.1:{port}.*?reason=\"(.*?)\"", log)
        c.why = m[1] if m else ""


def mark(cases):
    if any(c.admitted is not None and c.admitted != c.expected and not c.either for c in cases):
        return "!"
    if all(c.admitted is None for c in cases):
        return "-"
    return "+" if any(c.admitted for c in cases) else "."


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--only", default="", help="the make of the peers")
    only = arguments.parse_args().only
    columns = []
    with Lab() as files:
        pki = files.dir / "pki"
        subprocess.run(["/usr/bin/python3", str(ROOT / "tests/pki/make_test_pki.py"), str(pki)], check=True,
                       capture_output=True)
        certificates = json.loads((pki / "index.json").read_text())["certificates"]
        for make, role, version in itertools.product((Openssl(), Gnutls(), Jsse()), ROLES, VERSIONS):
            if only not in make.name:
                continue
            cases = cases_of(certificates, role)
            with Lab() as lab:
                (run_servers if role == "server" else run_clients)(lab, pki, make, version, cases)
            columns.append((f"{make.name} {role} {version}", cases))
            print(f"{columns[-1][0]}: {sum(c.admitted is True for c in cases)} admitted, "
                  f"{sum(c.admitted is False for c in cases)} refused, "
                  f"{sum(c.admitted is None for c in cases)} not sent", flush=True)
    return print_table(certificates, columns)


def print_table(certificates, columns):
    print()
    for i, (title, _) in enumerate(columns):
        print("   " * i + f"{title}")
    total, wrong = 0, []
    for c in certificates:
        marks = []
        for title, cases in columns:
            mine = [case for case in cases if case.cert["name"] == c["name"]]
            total += sum(case.admitted is not None for case in mine)
            wrong += [f"{title}: {c['name']} with {case.rule} is {'admitted' if case.admitted else 'refused'}; {case.why}"
                      for case in mine if case.admitted is not None and case.admitted != case.expected and not case.either]
            marks.append(mark(mine))
        print("  ".join(f"{m}" for m in marks) + f"   {c['name']}: {c['what']}")
    print(f"\n{total} handshakes, {len(wrong)} wrong")
    print("\n".join(wrong))
    return 1 if wrong or total == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
