#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Golden tests of the configuration.

    run.py RADSECGW [--update] [NAME ...]

RADSECGW is the program, with words before it if it runs inside another (in one argument). Each
NAME.ini is given to `RADSECGW check -c NAME.ini --dump` in a copy of this directory that has the
files it names. NAME.dump is the effective configuration that it must print, NAME.err what it must
complain about; without NAME.dump it must be refused. A dump is read again, with secrets put in, and
must give the same dump. The examples for administrators must be accepted without a complaint.
An old TLS library is warned about, whatever the configuration. The last line says how many have passed and
failed.
"""
import difflib
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
EXAMPLES = HERE.parent.parent / "etc" / "examples"

SECRET = "a secret of more than twenty-four octets"

# Files that configurations name, with their modes.
FILES = {
    "secrets/nas": (0o600, SECRET + "\n"),
    "secrets/freeradius": (0o600, SECRET + "\n"),
    "secrets/wlan-controller": (0o600, SECRET + "\n"),
    "secrets/home": (0o600, SECRET + "\n"),
    "secrets/previous": (0o600, "the one that was shared before\n"),
    "secrets/open": (0o644, SECRET + "\n"),
    "secrets/psk": (0o600, bytes(range(100, 132)).hex() + "\n"),
    "secrets/open-psk": (0o644, bytes(range(150, 182)).hex() + "\n"),
    "secrets/ap7.psk": (0o600, bytes(range(200, 232)).hex() + "\n"),
    "secrets/grouped": (0o640, SECRET + "\n"),
    "secrets/blank": (0o600, SECRET + "\n\n"),
    "connect": (0o644, "radius1.nro.example,radius2.nro.example\n"),
}

ENVIRONMENT = {
    "TEST_USER": "radsecgw",
    "TEST_EMPTY": "",
    "TEST_LISTEN": "127.0.0.1:1812,127.0.0.1:1813",
    "TEST_CLIENTS": "10.1.0.0/16, 10.2.0.0/16",
    "TEST_SECRET": '"a secret" ;with, everything $$ in it',
    "TEST_LONG": 179 * "x",
}


OLD_LIBRARY = r"wolfSSL [0-9.]+ \(\w+\): the TLS library is older than wolfSSL 5\.7;"


def check(program, work, name):
    """Runs the program; gives its exit status, what it printed and what it complained about."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("TEST_")}
    done = subprocess.run([*program, "check", "-c", name, "--dump"], cwd=work, text=True,
                          capture_output=True, env={**environment, **ENVIRONMENT}, check=False)
    said = re.sub(rf"^radsecgw: \d+ errors? in the configuration\n|^{name}: warning: {OLD_LIBRARY}.*\n", "",
                  done.stderr, flags=re.M)
    return done.returncode, done.stdout, said


def differences(want, got, name):
    return "".join(difflib.unified_diff(want.splitlines(True), got.splitlines(True), name, "got"))


def read_again(program, work, dump):
    """The dump of the dump, which must be the same."""
    keys = iter(range(200))
    filled = re.sub(r"^# ((?:previous-)?psk) = \(hidden\)$", lambda m: f"{m[1]} = {32 * f'{next(keys):02x}'}", dump,
                    flags=re.M)
    filled = re.sub(r"^# ([a-z-]+) = \(hidden\)$", rf"\1 = {SECRET}", filled, flags=re.M)
    (work / "again.ini").write_text(filled)
    status, again, said = check(program, work, "again.ini")
    if status != 0:
        return f"the dump is refused:\n{said}"
    return differences(dump, again, "dump")


def run(program, work, name, update):
    """Runs one test; gives what is wrong, or nothing."""
    dump_file, err_file = HERE / f"{name}.dump", HERE / f"{name}.err"
    status, dump, said = check(program, work, f"{name}.ini")
    if update:
        for path, text, wanted in (dump_file, dump, status == 0), (err_file, said, said != ""):
            if wanted:
                path.write_text(text)
            else:
                path.unlink(missing_ok=True)
    accepted = dump_file.exists()
    if status != (0 if accepted else 1):
        return f"exit status {status}\n{said}"
    wrong = differences(err_file.read_text() if err_file.exists() else "", said, err_file.name)
    if accepted:
        wrong += differences(dump_file.read_text(), dump, dump_file.name)
        wrong += read_again(program, work, dump)
    return wrong


def run_example(program, work, name):
    status, dump, said = check(program, work, name)
    if status != 0 or said != "":
        return f"exit status {status}\n{said}"
    return read_again(program, work, dump)


def run_library(program, work):
    """Is the library warned about if it is old, and only then?"""
    version = subprocess.run([*program, "--version"], text=True, capture_output=True, check=True).stdout
    number = re.fullmatch(r"radsecgw \S+, wolfSSL (\d+)\.(\d+)\.\S+ \((?:lean|system)\)\n", version)
    if number is None:
        return f"the version is {version}"
    said = subprocess.run([*program, "check", "-c", "minimal.ini"], cwd=work, text=True, capture_output=True,
                          env={**os.environ, **ENVIRONMENT}, check=True).stderr
    warned = re.search(rf"^minimal\.ini: warning: {OLD_LIBRARY}", said, re.M) is not None
    old = (int(number[1]), int(number[2])) < (5, 7)
    return "" if warned == old else f"{version}: {said or 'no warning'}"


def certify(directory, name, extension):
    """Makes a key and a certificate for it; the program looks into them after reading the file."""
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:P-256", "-nodes", "-days", "3650", "-subj", f"/CN={name}",
                    "-addext", f"basicConstraints=critical,{extension}",
                    "-keyout", f"{name}.key", "-out", f"{name}.pem"],
                   cwd=directory, check=True, stderr=subprocess.DEVNULL)


def make_certificates(directory):
    directory.mkdir()
    certify(directory, "gateway", "CA:FALSE")
    certify(directory, "ca", "CA:TRUE")
    (directory / "more").mkdir()
    shutil.copy(directory / "ca.pem", directory / "more")
    shutil.copy(directory / "gateway.key", directory / "open.key")
    (directory / "gateway.key").chmod(0o600)
    (directory / "open.key").chmod(0o644)


def furnish(work):
    """Copies the configurations and makes the files that they name."""
    shutil.copytree(HERE, work, dirs_exist_ok=True)
    for path in EXAMPLES.glob("*.ini"):
        shutil.copy(path, work / f"example-{path.name}")
    make_certificates(work / "certs")
    for name, (mode, text) in FILES.items():
        path = work / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(mode)


def main(args):
    update = "--update" in args
    args = [arg for arg in args if arg != "--update"]
    if not args:
        sys.exit(__doc__)
    program = [str(pathlib.Path(word).resolve()) if os.path.exists(word) else word
               for word in args[0].split()]
    names = args[1:] or sorted(path.stem for path in HERE.glob("*.ini"))
    failed = 0
    with tempfile.TemporaryDirectory() as directory:
        work = pathlib.Path(directory)
        furnish(work)
        tests = [(name, lambda name=name: run(program, work, name, update)) for name in names]
        if not args[1:]:
            tests += [(path.name, lambda path=path: run_example(program, work, path.name))
                      for path in sorted(work.glob("example-*.ini"))]
            tests += [("the TLS library", lambda: run_library(program, work))]
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
