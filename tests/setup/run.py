#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Tests of `radsecgw setup` without a terminal: each profile in its shapes, answers that are wrong, and files that are
there already or cannot be written.

    run.py RADSECGW [--update] [NAME ...]

NAME.ini is what a shape must be; `radsecgw check` must accept it. The last line says how many have passed and failed.
"""
import difflib
import os
import pathlib
import shutil
import stat
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
EDUROAM = ["--profile", "eduroam-institution", "--peer", "tld1.nro.example, tld2.nro.example"]
SHAPES = {
    "institution": [*EDUROAM, "--realm", "example.org"],
    "institution-out": ["--profile", "eduroam-institution", "--peer", "tld1.nro.example", "--operator-name", "1example.org"],
    "institution-large": [*EDUROAM, "--realm", "example.org", "--realm", "example.net", "--server", "[fd00::5]:1645",
                          "--client", "10.20.0.0/16", "--client", "10.30.0.1", "--udp", "10.1.1.1:1812",
                          "--radsec", "192.0.2.1:2083"],
    "national": ["--profile", "national-proxy", "--peer", "example.org=radius.example.org", "--peer",
                 "example.net=radius.example.net:2084", "--peer", "etlr1.eduroam.example"],
    "national-alone": ["--profile", "national-proxy", "--peer", "example.org=radius.example.org"],
    "openroaming": ["--profile", "openroaming", "--peer", "hub.example", "--operator-name", "4PROVIDER:XX", "--client",
                    "fd00:1::/48"],
    "sidecar": ["--profile", "sidecar", "--peer", "192.0.2.7"],
    "sidecar-both": ["--profile", "sidecar", "--peer", "home", "--realm", "example.org", "--client", "10.0.0.0/8",
                     "--server", "freeradius:1812"],
    "router": ["--profile", "router", "--peer", "localhost:2083,localhost:2084", "--client", "::1"],
}
WRONG = [  # answers, and what is said of them
    ([], "--profile is needed"),
    (["--profile", "home"], "--profile: 'home' is no profile; they are eduroam-institution, national-proxy"),
    ([*EDUROAM, "--realm", "exam ple.org"], "--realm: 'exam ple.org' is no realm"),
    ([*EDUROAM, "--realm", "bob@example.org"], "--realm: 'bob@example.org' has an @"),
    ([*EDUROAM, "--realm", "*"], "--realm: '*' is no realm"),
    ([*EDUROAM, "--realm", ".example.org"], "--realm: '.example.org' is no realm"),
    (["--profile", "router"], "--peer is needed"),
    (["--profile", "router", "--peer", ","], "--peer is needed"),
    (["--profile", "router", "--peer", "a:99999"], "--peer: 'a:99999' is no HOST:PORT; a port is a number from 1 to 65535"),
    (["--profile", "router", "--peer", "a:0"], "a port is a number from 1 to 65535"),
    (["--profile", "router", "--peer", "a b"], "--peer: 'a b' is neither a host name nor an address"),
    (["--profile", "router", "--peer", "1.2.3"], "--peer: '1.2.3' is neither"),
    (["--profile", "router", "--peer", "a\nb"], "--peer: 'a\nb' is neither"),
    (["--profile", "router", "--peer", "a,A:2083"], "--peer: A:2083 is there twice"),
    (["--profile", "router", "--peer", "example.org=a"], "only peers of a national proxy have realms"),
    (["--profile", "national-proxy", "--peer", "=a"], "has no realm such as example.org before its ="),
    (["--profile", "national-proxy", "--peer", "a", "--realm", "b.example"], "--realm: 'b.example' is not for this profile"),
    (["--profile", "openroaming", "--peer", "a"], "--operator-name is needed"),
    (["--profile", "openroaming", "--peer", "a", "--operator-name", "PROVIDER"], "is no Operator-Name such as 4PROVIDER:XX"),
    ([*EDUROAM, "--operator-name", "4A"], "is no Operator-Name such as 1example.org"),
    ([*EDUROAM, "--server", "127.0.0.1"], "--server: '127.0.0.1' needs --realm"),
    (["--profile", "router", "--peer", "a", "--client", "10.0.0.1/8"], "the bits behind the length must be zero"),
    (["--profile", "router", "--peer", "a", "--client", "10.0.0.0.0"], "--client: '10.0.0.0.0' is neither"),
    (["--profile", "router", "--peer", "a", "--udp", "127.0.0.1"], "--udp: '127.0.0.1' is no ADDRESS:PORT"),
    (["--profile", "router", "--peer", "a", "--udp", "127.0.0.1:65535"], "has no port behind it for accounting"),
    (["--profile", "router", "--peer", "a", "--secret-file", "nowhere"], "--secret-file: nowhere cannot be used: No such file"),
    (["--profile", "router", "--peer", "a", "--secret-file", "a;b"], "a character that a path in a configuration cannot have"),
    (["--profile", "router", "--peer", "a", "--key", "k"], "--key: 'k' is for --cert only"),
]


class Place:
    def __init__(self, program, work):
        self.program, self.work = program, work
        self.n = 0

    def run(self, args, folder=None, pki=("--test-pki", "--name", "gw.example.org"), before=(), config="radsecgw.ini"):
        """Runs setup for a folder, a new one unless it is given."""
        if folder is None:
            self.n += 1
            folder = f"conf{self.n}"
        done = subprocess.run([*before, *self.program, "setup", *args, *pki, "--no-probe", "-c", f"{folder}/{config}"],
                              cwd=self.work, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        done.folder = self.work / folder
        return done


def shape(place, name, args, update):
    done = place.run(args)
    if done.returncode != 0:
        return f"{done.returncode}: {done.stderr}{done.stdout}"
    golden, text = HERE / f"{name}.ini", (done.folder / "radsecgw.ini").read_text()
    if update:
        golden.write_text(text)
    wrong = "".join(difflib.unified_diff(golden.read_text().splitlines(True), text.splitlines(True), golden.name, "got"))
    if "the configuration is good" not in done.stdout or "What is left to do" not in done.stdout:
        wrong += f"what it says is not all:\n{done.stdout}"
    # The age of Debian's library is no fault of what setup writes.
    if any("warning: " in line and "the TLS library is older" not in line for line in done.stderr.splitlines()):
        wrong += done.stderr
    if "@" in done.stdout or "%" in text:
        wrong += "a template shows through\n"
    return wrong


def answers(place):
    """Wrong answers are told, and nothing is written."""
    wrong = ""
    for args, said in WRONG:
        done = place.run(args)
        if done.returncode != 2 or said not in done.stderr:
            wrong += f"{args}: {done.returncode}, wanted '{said}', got '{done.stderr}'\n"
        if done.folder.exists():
            wrong += f"{args}: something is written\n"
    for pki, said in ((), "--cert is needed, or --csr or --test-pki"), (("--csr", "--test-pki"), "three ways"), \
            (("--cert", "nowhere.pem"), "--cert: nowhere.pem cannot be used"), \
            (("--test-pki", "--ca", "x"), "--ca: 'x' is not for --test-pki"), \
            (("--test-pki", "--name", "a b"), "--name: 'a b' is neither"), (("--test-pki", "--name", "ca"), "'ca' is neither"):
        done = place.run(SHAPES["router"], pki=pki)
        if done.returncode != 2 or said not in done.stderr or done.folder.exists():
            wrong += f"{pki}: {done.returncode}, wanted '{said}', got '{done.stderr}'\n"
    done = subprocess.run([*place.program, "requests", "--client", "a", "--client", "b"], capture_output=True, text=True, check=False)
    if done.returncode != 1 or "several times with setup only" not in done.stderr:
        wrong += f"a list for another command: {done.returncode}{done.stderr}"
    done = place.run(["--profile", "router", "--realm", "x y", "--peer", "a:0", "--client", "?"])
    if done.stderr.count("radsecgw: --") < 3:
        wrong += f"not all that is wrong is said at once:\n{done.stderr}"
    return wrong


def modes(place):
    """Secrets and keys are for their owner alone, and in no text."""
    done = place.run(SHAPES["institution"])
    wrong = ""
    for path in done.folder.rglob("*"):
        mode = stat.S_IMODE(path.stat().st_mode)
        secret = path.suffix == ".key" or path.parent.name == "secrets"
        if mode & 0o007 and path.is_file() and path.suffix != ".pem":
            wrong += f"everybody may use {path.name}: {mode:o}\n"
        if secret and mode != 0o600:
            wrong += f"{path.name}: {mode:o}\n"
    words = (done.folder / "secrets/radius").read_text()
    if len(words) != 49 or words.strip() in done.stdout + done.stderr or ".setup-" in str(list(done.folder.rglob("*"))):
        wrong += "the secret is not as it should be\n"
    return wrong


def tree(folder):
    return {p.relative_to(folder): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def again(place):
    """A second run changes nothing; what a person has changed stays, and the difference is shown."""
    folder = place.run(SHAPES["institution"]).folder
    before = tree(folder)
    done = place.run(SHAPES["institution"], folder.name)
    wrong = "" if done.returncode == 0 and tree(folder) == before else f"the same again: {done.returncode}{done.stdout}\n"
    ini = folder / "radsecgw.ini"
    ini.write_text(ini.read_text().replace("level = ", "# mine\nlevel = ").replace("watch = yes\n", ""))
    mine = ini.read_text()
    for _ in range(2):
        done = place.run(SHAPES["institution"], folder.name)
        if done.returncode != 1 or ini.read_text() != mine or "\n-# mine\n" not in done.stdout or \
                "\n@@ -" not in done.stdout or "mv " not in done.stdout:
            wrong += f"what is mine: {done.returncode}\n{done.stdout}{done.stderr}"
    if (folder / "radsecgw.ini.new").read_bytes() != before[pathlib.Path("radsecgw.ini")]:
        wrong += "what is new is not beside it\n"
    done = place.run(SHAPES["institution-large"], folder.name)
    if done.returncode != 2 or "it is there already, from before" not in done.stderr or ini.read_text() != mine:
        wrong += f"a .new that is there: {done.returncode}{done.stderr}\n"
    (folder / "radsecgw.ini.new").unlink()
    done = place.run([*SHAPES["institution"], "--peer", "tld3.nro.example"], folder.name)
    if not (folder / "certs/tld3.nro.example.key").exists() or "\n+[peer tld3.nro.example]\n" not in done.stdout:
        wrong += f"another peer: {done.stdout}{done.stderr}"
    patch = place.work / "diff"
    patch.write_text(done.stdout[done.stdout.index("--- radsecgw.ini\n"):done.stdout.index("  wrote  ", 200)])
    subprocess.run(["patch", "-s", str(ini), str(patch)], check=False, capture_output=True)
    if shutil.which("patch") and ini.read_text() != (folder / "radsecgw.ini.new").read_text():
        wrong += "the difference does not make the new one of the old one\n"
    return wrong


def certificates(place):
    """A key and a request for a certificate; certificates that are there, in the folder and elsewhere."""
    done = place.run(SHAPES["router"], pki=("--csr", "--name", "192.0.2.9"))
    key = done.folder / "certs/192.0.2.9.key"
    wrong = "" if done.returncode == 1 and "Send " in done.stdout and "check -c" in done.stdout else \
        f"--csr: {done.returncode}{done.stdout}{done.stderr}"
    csr = subprocess.run(["openssl", "req", "-in", key.with_suffix(".csr"), "-noout", "-text", "-verify"], check=False,
                         capture_output=True, text=True)
    if "IP Address:192.0.2.9" not in csr.stdout or csr.returncode != 0 or stat.S_IMODE(key.stat().st_mode) != 0o600:
        wrong += f"the request: {csr.stdout}{csr.stderr}"
    before = tree(done.folder)
    again = place.run(SHAPES["router"], done.folder.name, pki=("--csr", "--name", "192.0.2.9"))
    if again.returncode != 1 or tree(done.folder) != before:
        wrong += f"the same again: {again.stdout}{again.stderr}"
    key.with_suffix(".csr").unlink()
    again = place.run(SHAPES["router"], done.folder.name, pki=("--csr", "--name", "192.0.2.9"))
    if key.read_bytes() != before[key.relative_to(done.folder)] or not key.with_suffix(".csr").exists():
        wrong += "a new request does not take the key that is there\n"
    there = place.run(SHAPES["router"]).folder / "certs/gw.example.org.pem"
    done = place.run(SHAPES["router"], pki=("--cert", str(there)))
    if done.returncode != 0 or f"certificate = {there}\n" not in (done.folder / "radsecgw.ini").read_text():
        wrong += f"--cert: {done.returncode}{done.stderr}"
    done = place.run(SHAPES["router"], there.parents[1].name, pki=("--cert", str(there)))
    if done.returncode != 0 or "which is the same" not in done.stdout:
        wrong += f"--cert in the folder: {done.stdout}"
    done = place.run(SHAPES["router"], pki=("--cert", str(there), "--key", str(there.with_name("localhost.key"))))
    if done.returncode != 1:
        wrong += f"the key of another: {done.returncode}{done.stderr}"
    return wrong


def places(place):
    """Neither links of others, nor folders that are not safe, nor folders that are not there."""
    args, wrong = SHAPES["router"], ""
    target = place.work / "precious"
    target.write_text("precious\n")
    folder = place.work / "linked"
    folder.mkdir()
    (folder / "radsecgw.ini").symlink_to(target)
    done = place.run(args, "linked")
    if done.returncode != 2 or "symbolic link" not in done.stderr or target.read_text() != "precious\n":
        wrong += f"a link: {done.returncode}{done.stderr}"
    (folder / "radsecgw.ini").unlink()
    (folder / "radsecgw.ini").symlink_to(place.work / "nothing")
    done = place.run(args, "linked")
    if done.returncode != 2 or (place.work / "nothing").exists():
        wrong += f"a link to nothing: {done.returncode}{done.stderr}"
    (place.work / "open").mkdir()
    (place.work / "open").chmod(0o777)
    done = place.run(args, "open")
    if done.returncode != 2 or "everybody may write to the folder" not in done.stderr or list((place.work / "open").iterdir()):
        wrong += f"an open folder: {done.returncode}{done.stderr}"
    done = place.run(args, "not/there")
    if done.returncode != 2 or "not/there: No such file or directory" not in done.stderr:
        wrong += f"no folder: {done.returncode}{done.stderr}"
    done = place.run(args, "precious")
    if done.returncode != 2 or "precious: Not a directory" not in done.stderr:
        wrong += f"a file: {done.returncode}{done.stderr}"
    # A path that would not stand in the configuration as it is, though what was given looks well.
    odd = place.work / "odd;${HOME}"
    odd.mkdir()
    there = place.run(args).folder / "certs"
    for kind in "pem", "key":
        (odd / f"gw.{kind}").write_bytes((there / f"gw.example.org.{kind}").read_bytes())
    (odd / "ca.pem").write_bytes((there / "ca.pem").read_bytes())
    (place.work / "plain").symlink_to(odd)
    done = place.run(args, "oddly", pki=("--cert", str(place.work / "plain/gw.pem")))
    if done.returncode != 2 or "a character that a path in a configuration cannot have" not in done.stderr or done.folder.exists():
        wrong += f"an odd path: {done.returncode}{done.stderr}"
    done = place.run(args, "linked", config="")
    return wrong + ("" if done.returncode == 2 and "names a folder" in done.stderr else f"only a folder: {done.stderr}")


def strangers(place):
    """Files of somebody else are neither believed nor written to; who may not write is told so."""
    if os.geteuid() != 0:
        return ""
    args, wrong = SHAPES["router"], ""
    folder = place.work / "theirs"
    folder.mkdir()
    os.chown(folder, 12345, -1)
    done = place.run(args, "theirs")
    if done.returncode != 2 or "the folder belongs to somebody else" not in done.stderr:
        wrong += f"the folder of a stranger: {done.returncode}{done.stderr}"
    os.chown(folder, 0, -1)
    (folder / "radsecgw.ini").write_text("theirs\n")
    os.chown(folder / "radsecgw.ini", 12345, -1)
    done = place.run(args, "theirs")
    if done.returncode != 2 or "it belongs to somebody else" not in done.stderr or (folder / "radsecgw.ini.new").exists():
        wrong += f"the file of a stranger: {done.returncode}{done.stderr}"
    place.work.chmod(0o755)
    (place.work / "closed").mkdir(mode=0o755)
    done = place.run(args, "closed", before=["setpriv", "--reuid", "12345", "--clear-groups"])
    if done.returncode != 2 or "closed/secrets: Permission denied" not in done.stderr:
        wrong += f"no permission: {done.returncode}{done.stderr}"
    return wrong


def full(place):
    """Without room on the disk nothing is there by half."""
    (place.work / "small").mkdir()
    script = "mount -t tmpfs -o size=40k none small && dd if=/dev/zero of=small/fill bs=4k count=7 2>/dev/null && " \
             "mkdir small/conf && shift && \"$@\"; s=$?; ls -A small/conf >left; exit $s"
    before = ["unshare", "-m", "sh", "-c", script, "sh", "x"]
    if subprocess.run(["unshare", "-m", "true"], check=False, capture_output=True).returncode != 0:
        before[1:2] = ["-rm"]
    there = place.run(SHAPES["router"]).folder / "certs/gw.example.org.pem"
    done = place.run(SHAPES["institution-large"], "small/conf", before=before, pki=("--cert", str(there)))
    left = (place.work / "left").read_text()
    if done.returncode != 2 or "No space left on device" not in done.stderr or "radsecgw.ini" in left or ".setup" in left:
        return f"{done.returncode}{done.stderr}{done.stdout}{left}"
    return ""


def service(place):
    """The service is started only if that is asked, and only with its own configuration."""
    done = place.run([*SHAPES["router"], "--enable"])
    if done.returncode != 1 or "--enable: " not in done.stderr:
        return f"{done.returncode}{done.stderr}"
    return ""


TESTS = [answers, modes, again, certificates, places, strangers, full, service]


def main(args):
    update = "--update" in args
    args = [arg for arg in args if arg != "--update"]
    if not args:
        sys.exit(__doc__)
    program = [str(pathlib.Path(word).resolve()) if os.path.exists(word) else word for word in args[0].split()]
    failed = 0
    with tempfile.TemporaryDirectory() as directory:
        place = Place(program, pathlib.Path(directory))
        tests = [(name, lambda n=name, a=a: shape(place, n, a, update)) for name, a in SHAPES.items()]
        tests += [(t.__name__, lambda t=t: t(place)) for t in TESTS]
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
