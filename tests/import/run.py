#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Golden tests of `radsecgw import`.

    run.py RADSECGW [--update] [NAME ...]

Each NAME.conf (radsecproxy), NAME.uci (its UCI form) or NAME.fr (FreeRADIUS) is imported in a folder that has the
certificates it names. NAME.conf.ini and so on is what must be printed, NAME.conf.said whether it was read and what must
be said. What is printed must pass `radsecgw check`; a file that cannot be read has no .ini. Options that this program
may have or not are left out of the comparison, and are looked at by themselves. The last line says how many have passed
and failed.
"""
import difflib
import os
import pathlib
import re
import shutil
import stat
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "conf"))
import run as conf  # noqa: E402

LANGUAGES = {".conf": "radsecproxy", ".uci": "uci", ".fr": "freeradius"}
MAYBE = r"(?:station|hash-key|fticks[-a-z]*)"
LEFT_OUT = re.compile(rf"(?:^# REMARK [^\n]*does not have[^\n]*\n)?^(?:# )?{MAYBE} = [^\n]*\n|"
                      rf"^# REMARK [^\n]*does not have {MAYBE} yet\.\n|"
                      rf"^[^\n]*does not have {MAYBE} yet\.\n|^# LogKey: [^\n]*\n", re.M)


def options_of(program):
    done = subprocess.run([*program, "options"], capture_output=True, text=True, check=True)
    return {tuple(line.split("\t")[:2]) for line in done.stdout.splitlines()}


def take(program, work, name, *more):
    return subprocess.run([*program, "import", *more, name], cwd=work, capture_output=True, text=True, check=False)


def check(program, work, text, name="out.ini"):
    (work / name).write_text(text)
    done = subprocess.run([*program, "check", "-c", name], cwd=work, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else f"check refuses it:\n{done.stderr}"


def differences(want, got, name):
    return "".join(difflib.unified_diff(want.splitlines(True), got.splitlines(True), name, "got"))


def golden(program, work, path, update):
    ini, said = path.with_suffix(path.suffix + ".ini"), path.with_suffix(path.suffix + ".said")
    done = take(program, work, path.name)
    out = LEFT_OUT.sub("", done.stdout)
    err = LEFT_OUT.sub("", done.stderr)
    told = ("read\n" if done.returncode < 2 else "refused\n") + err
    if update:
        said.write_text(told)
        if done.returncode < 2:
            ini.write_text(out)
    wrong = differences(said.read_text(), told, said.name)
    if done.returncode == 2:
        return wrong + ("something is printed all the same" if done.stdout else "")
    if done.returncode != (1 if "remark: " in done.stderr else 0):
        wrong += f"the exit status is {done.returncode}\n"
    named = take(program, work, path.name, "--from", LANGUAGES[path.suffix])
    if named.stdout != done.stdout:
        wrong += "it is another language when it is named\n"
    return wrong + differences(ini.read_text(), out, ini.name) + check(program, work, done.stdout)


def secrets(program, work, _options):
    """Secrets go into files that only their owner reads, once; a file with other content is left alone."""
    folder = work / "kept"
    folder.mkdir()
    first = take(program, work, "institution.conf", "--secrets", "kept")
    wrong = check(program, work, first.stdout)
    files = {p.name: p for p in folder.iterdir()}
    if "client-wlc.secret" not in files or files["client-wlc.secret"].read_text() != "with ; blank, and $ign!\n":
        return f"{wrong}the secret of wlc is not in its file: {files}"
    if any(stat.S_IMODE(p.stat().st_mode) != 0o600 for p in files.values()):
        wrong += "others may read a file\n"
    if "local-secret" in first.stdout or "secret = " in first.stdout:
        wrong += "a secret is in the text\n"
    if take(program, work, "institution.conf", "--secrets", "kept").returncode == 2:
        wrong += "the same secrets are refused the second time\n"
    files["client-wlc.secret"].write_text("another\n")
    again = take(program, work, "institution.conf", "--secrets", "kept")
    if again.returncode != 2 or again.stdout or "client-wlc.secret" not in again.stderr:
        wrong += "a file with other content is taken\n"
    if files["client-wlc.secret"].read_text() != "another\n":
        wrong += "a file with other content is written over\n"
    return wrong


def report(program, work, _options):
    """The report has each line of theirs, and never a secret."""
    said = take(program, work, "institution.conf", "--report").stderr
    lines = (work / "institution.conf").read_text().splitlines()
    missing = [f"{n}: {line}" for n, line in enumerate(lines, 1)
               if line.strip(" }") and not line.strip().startswith("#") and f"institution.conf:{n}: " not in said]
    wrong = f"not in the report: {missing}\n" if missing else ""
    if "-> [server home] auth = 127.0.0.1:1812" not in said:
        wrong += "the report does not tell where the home server went\n"
    return wrong + ("the report tells a secret\n" if "local-secret" in said or "pepper" in said else "")


def includes(program, work, _options):
    """Files are included in sorted order, in blocks, too; not more than eight deep."""
    (work / "parts.d").mkdir()
    (work / "parts.d/b.conf").write_text("realm * {\n server s\n}\n")
    (work / "parts.d/a.conf").write_text("server s {\n include host.part\n type udp\n secret abcdefghijklmnop\n}\n")
    (work / "parts.d/host.part").write_text("host 10.0.0.1\n")
    (work / "whole.conf").write_text("client c {\n host 10.0.0.2\n type udp\n secret abcdefghijklmnop\n}\n"
                                     "include parts.d/*.conf\n")
    (work / "circle.conf").write_text("include circle.conf\n")
    done = take(program, work, "whole.conf")
    wrong = check(program, work, done.stdout)
    if done.returncode != 0 or "auth = 10.0.0.1:1812" not in done.stdout:
        wrong += f"{done.returncode}: {done.stderr}"
    done = take(program, work, "circle.conf")
    if done.returncode != 2 or "circle.conf:1: error: files include each other more than 8 deep" not in done.stderr:
        wrong += f"a circle: {done.returncode}: {done.stderr}"
    done = take(program, work, "nowhere.conf")
    if done.returncode != 2 or "nowhere.conf: error: the file cannot be read" not in done.stderr:
        wrong += f"no file: {done.returncode}: {done.stderr}"
    return wrong


def words(program, work, _options):
    """Comments stay beside what they spoke of."""
    lines = take(program, work, "institution.conf").stdout.splitlines()
    pairs = [("# the RADIUS server has port 1812, so we have another", "udp = 127.0.0.1:11812"),
             ("# the first of the two", "connect = radius1.nro.example"),
             ("# old, but still used", "rewrite-in = operator"),
             ("# VLANs are our own business", "remove = "), ("# eduPKI", "match = policy:1.3.6.1.4.1.25178.3.1.2")]
    wrong = "".join(f"{theirs} is not above {ours}\n" for theirs, ours in pairs
                    if not any(a == theirs and b.startswith(ours) for a, b in zip(lines, lines[1:])))
    whole = "# end of file" in lines and lines[0].startswith("# radsecproxy of")
    return wrong + ("" if whole else "head or tail is lost\n")


def maybe(program, work, options):
    """Options that the program may have or not: it has them as options then, and says so otherwise."""
    done = take(program, work, "institution.conf")
    wrong = ""
    for section, key, value in ("log", "station", "vendor"), ("log", "fticks", "syslog"):
        there = f"\n{key} = {value}\n" in done.stdout
        if there != ((section, key) in options) or (not there and f"\n# {key} = {value}\n" not in done.stdout):
            wrong += f"[{section}] {key} is not as the program has it\n"
    done = take(program, work, "psk.conf")
    wrong += check(program, work, done.stdout)
    there = "\npsk = 3031323334353637383961626364656621\n" in done.stdout
    if there != (("peer", "psk") in options) or (not there and "# [peer branch]" not in done.stdout):
        wrong += "psk is not as the program has it\n"
    old = (work / "old.conf").read_text()
    (work / "crl.conf").write_text(old.replace("CertificateFile ", "CRLCheck on\nCertificateFile ", 1))
    done = take(program, work, "crl.conf")
    wrong += check(program, work, done.stdout.replace("key-password = follow the white rabbit\n", ""))
    if (("tls", "crl") in options) != ("\ncrl-check = chain\n" in done.stdout):
        wrong += "crl is not as the program has it\n"
    return wrong


def long_secrets(program, work, _options):
    """A secret that fits into no line needs a file; without one, its neighbour is left out with a remark."""
    text = (work / "institution.conf").read_text().replace("local-secret-of-24-octets", "x" * 300)
    (work / "long.conf").write_text(text)
    (work / "long").mkdir()
    done = take(program, work, "long.conf", "--secrets", "long")
    wrong = check(program, work, done.stdout)
    if "\n[server home]\n" not in done.stdout or (work / "long/server-home.secret").read_text() != "x" * 300 + "\n":
        wrong += "the secret is not in its file\n"
    done = take(program, work, "long.conf")
    if done.returncode != 1 or "\n# [server home]\n" not in done.stdout:
        wrong += f"without a file: {done.returncode}\n{done.stdout}"
    return wrong + check(program, work, done.stdout)


TESTS = [secrets, long_secrets, report, includes, words, maybe]


def main(args):
    update = "--update" in args
    args = [arg for arg in args if arg != "--update"]
    if not args:
        sys.exit(__doc__)
    program = [str(pathlib.Path(word).resolve()) if os.path.exists(word) else word for word in args[0].split()]
    shapes = [p for p in sorted(HERE.iterdir()) if p.suffix in LANGUAGES and p.name != "psk.conf"]
    failed = 0
    with tempfile.TemporaryDirectory() as directory:
        work = pathlib.Path(directory)
        conf.make_certificates(work / "certs")
        for path in HERE.iterdir():
            if path.suffix in LANGUAGES:
                shutil.copy(path, work)
        options = options_of(program)
        tests = [(p.name, lambda p=p: golden(program, work, p, update)) for p in shapes]
        tests += [(t.__name__, lambda t=t: t(program, work, options)) for t in TESTS]
        tests = [(name, test) for name, test in tests if not args[1:] or name in args[1:]]
        for name, test in tests:
            wrong = test()
            failed += wrong != ""
            print(f"{'not ok' if wrong else 'ok'} - {name}")
            if wrong:
                print(wrong)
    print(f"{len(tests) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
